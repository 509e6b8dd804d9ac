//! What meters send on their own on real sockets, and a head-end of a few lines that takes it.

use amitwin_live::serve::{Counters, Options, ServeError, Server};
use amitwin_testkit::manager::{self, Counter, Manager};
use amitwin_testkit::served;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Read};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

const METERS: u8 = 25;
/// Push setup of the readings, 0.0.25.9.0.255 of class 40.
const READINGS: [u8; 8] = [0, 40, 0, 0, 25, 9, 0, 255];
/// Disconnect control, 0.0.96.3.10.255 of class 70.
const RELAY: [u8; 8] = [0, 70, 0, 0, 96, 3, 10, 255];
/// Image transfer, 0.0.44.0.0.255 of class 18.
const IMAGE: [u8; 8] = [0, 18, 0, 0, 44, 0, 0, 255];

fn open(settings: &[&str], state: Option<&Path>) -> Result<Server, ServeError> {
    let options = Options { state: state.map(Path::to_owned), workers: 2, ..Options::default() };
    served::open(served::SCENARIO, settings, &options)
}

/// Serves while `work` goes on.
fn while_served(settings: &[&str], state: Option<&Path>, work: impl FnOnce(u16)) -> Counters {
    let server = open(settings, state).unwrap_or_else(|e| panic!("{e}"));
    served::while_served(server, |meter| work(meter.port()))
}

/// One DataNotification as the head-end has it.
#[derive(Debug)]
struct Push {
    at: Instant,
    from: IpAddr,
    counter: u32,
    invoke_id: [u8; 4],
    /// Time stamp and body.
    content: Vec<u8>,
}

impl Push {
    /// From a wrapper frame; the title is that of the meter at the address, and the authentication holds.
    fn of(from: SocketAddr, frame: &[u8]) -> Push {
        assert_eq!((&frame[..6], usize::from(frame[7]) + 8), (&[0, 1, 0, 1, 0, 1][..], frame.len()), "{frame:02X?}");
        let IpAddr::V4(address) = from.ip() else { panic!("{from}") };
        let title = [&b"AMI\0\0\0\0"[..], &[address.octets()[3] - 1]].concat();
        let title: [u8; 8] = title.try_into().expect("eight bytes");
        assert_eq!((&frame[8..10], &frame[10..18]), (&[0xDB, 8][..], &title[..]));
        let sealed = &frame[19..];
        assert_eq!((usize::from(frame[18]), sealed[0]), (sealed.len(), 0x30));
        let counter = u32::from_be_bytes(sealed[1..5].try_into().expect("four bytes"));
        let plain = manager::open(&title, sealed);
        assert_eq!(plain[0], 0x0F, "{plain:02X?}");
        let invoke_id = plain[1..5].try_into().expect("four bytes");
        Push { at: Instant::now(), from: from.ip(), counter, invoke_id, content: plain[5..].to_vec() }
    }

    /// The setup that it is of.
    fn is_of(&self, setup: [u8; 6]) -> bool {
        // Time stamp of 12 bytes, a structure, and the logical name in front.
        self.content[15..].starts_with(&[&[9, 6], &setup[..]].concat())
    }
}

/// Takes pushes over UDP for a time.
fn take_datagrams(socket: &UdpSocket, time: Duration) -> Vec<Push> {
    let (until, mut all, mut buffer) = (Instant::now() + time, Vec::new(), [0; 2_048]);
    socket.set_read_timeout(Some(Duration::from_millis(20))).expect("set");
    while Instant::now() < until {
        if let Ok((bytes, from)) = socket.recv_from(&mut buffer) {
            all.push(Push::of(from, &buffer[..bytes]));
        }
    }
    all
}

/// The next connection.
fn take_call(listener: &TcpListener, until: Instant) -> Option<(TcpStream, SocketAddr)> {
    listener.set_nonblocking(true).expect("set");
    while Instant::now() < until {
        match listener.accept() {
            Ok((stream, from)) => {
                stream.set_nonblocking(false).expect("set");
                stream.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
                return Some((stream, from));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(Duration::from_millis(2)),
            Err(error) => panic!("{error}"),
        }
    }
    None
}

/// The push of a connection, which ends with it.
fn read_push((mut stream, from): (TcpStream, SocketAddr)) -> Push {
    let mut frame = Vec::new();
    stream.read_to_end(&mut frame).expect("one push and the end");
    Push::of(from, &frame)
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

/// No meter has used a counter twice, and none reads like its neighbour.
fn check_counters(pushes: &[Push], used: &mut BTreeMap<IpAddr, BTreeSet<u32>>) {
    for push in pushes {
        let fresh = used.entry(push.from).or_default().insert(push.counter);
        assert!(fresh, "{} has used counter {} twice", push.from, push.counter);
    }
    // One meter may push twice within a second, at the end of a period and the beginning of the next.
    let mut whose: BTreeMap<&[u8], IpAddr> = BTreeMap::new();
    for push in pushes {
        let who = *whose.entry(&push.content).or_insert(push.from);
        assert_eq!(who, push.from, "two meters push the same");
    }
}

/// Each meter has pushed its readings once a period, at moments that are not those of others.
fn check_schedule(pushes: &[Push], counters: &Counters, time: Duration, period: Duration) {
    let mut by_meter: BTreeMap<IpAddr, Vec<Instant>> = BTreeMap::new();
    for push in pushes {
        assert!(push.is_of([0, 0, 25, 9, 0, 255]), "{push:02X?}");
        by_meter.entry(push.from).or_default().push(push.at);
    }
    assert_eq!(by_meter.len(), usize::from(METERS), "every meter pushes");
    // A period of which only a part was seen may have had its push before or after.
    let most = (time.as_millis() / period.as_millis()) as usize + 2;
    for (meter, times) in &by_meter {
        assert!((1..=most).contains(&times.len()), "{meter}: {} pushes", times.len());
        let close = times.windows(3).find(|three| three[2] - three[0] < period / 2);
        assert!(close.is_none(), "{meter} pushes three times within half a period");
    }
    let firsts: Vec<Instant> = by_meter.values().map(|times| times[0]).collect();
    let spread = *firsts.iter().max().expect("some") - *firsts.iter().min().expect("some");
    assert!(spread > period / 3, "all within {spread:?}");
    assert!(counters.pushes >= pushes.len() as u64 && counters.pushes <= counters.pushes_due, "{counters:?}");
}

const PERIOD: Duration = Duration::from_secs(2);
const WATCHED: Duration = Duration::from_millis(4_200);

#[test]
fn meters_push_by_the_clock_over_udp_and_a_restart_repeats_no_counter() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("street.state");
    let head_end = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let to = format!("serve.push_to={}", head_end.local_addr().expect("bound"));
    let mut used = BTreeMap::new();
    for _ in 0..2 {
        let mut pushes = Vec::new();
        let counters = while_served(&[&to, "serve.push_every=2s"], Some(&state), |_| {
            pushes = take_datagrams(&head_end, WATCHED);
        });
        check_schedule(&pushes, &counters, WATCHED, PERIOD);
        // What was sent while it ended.
        pushes.extend(take_datagrams(&head_end, Duration::from_millis(100)));
        check_counters(&pushes, &mut used);
        assert_eq!((counters.pushes, counters.pushes_lost), (pushes.len() as u64, 0));
    }
}

#[test]
fn meters_push_by_the_clock_over_tcp() {
    let head_end = TcpListener::bind("127.0.0.1:0").expect("a port");
    let to = format!("serve.push_to={}", head_end.local_addr().expect("bound"));
    let (mut pushes, mut used) = (Vec::new(), BTreeMap::new());
    let settings = [&to, "serve.push_every=2s", "serve.push_transport=tcp"];
    let counters = while_served(&settings, None, |_| {
        let until = Instant::now() + WATCHED;
        while let Some(call) = take_call(&head_end, until) {
            pushes.push(read_push(call));
        }
    });
    check_schedule(&pushes, &counters, WATCHED, PERIOD);
    check_counters(&pushes, &mut used);
    assert_eq!((counters.push_retries, counters.refused.push), (0, 0));
}

/// Writes how the first meter's readings are sent: attempts after a failure, and the pause before them.
fn write_timing(manager: &mut Manager, counter: &mut Counter, retries: u8, pause_s: u8) {
    for (attribute, value) in [(6, &[17, retries][..]), (7, &[18, 0, pause_s])] {
        let plain = [&[0xC1, 1, 0xC1], &READINGS[..], &[attribute, 0], value].concat();
        let answer = manager.ask(&counter.seal(0xC9, &plain));
        assert_eq!(answer[0], 0xCD, "{answer:02X?}");
        assert_eq!(manager.get(counter, READINGS, attribute)[4..], *value, "it is as written");
    }
}

#[test]
fn a_connection_that_is_refused_or_breaks_is_tried_again_under_a_new_counter() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound");
    let to = format!("serve.push_to={free}");
    let mut counter = Counter(0);
    let counters = while_served(&[&to, "serve.push_transport=tcp"], None, |port| {
        let mut manager = Manager::new(port, &mut counter);
        write_timing(&mut manager, &mut counter, 3, 2);
        assert_eq!(manager.act(&mut counter, READINGS, 1, &[15, 0])[3], 0);
        // Nobody listens, and then somebody does who hangs up at once.
        std::thread::sleep(Duration::from_millis(300));
        let head_end = TcpListener::bind(free).expect("still free");
        let (broken, from) = take_call(&head_end, soon()).expect("a second attempt");
        let mut first = vec![0; 19];
        (&broken).read_exact(&mut first).expect("its beginning");
        // What is not read makes it break instead of ending.
        drop(broken);
        let push = read_push(take_call(&head_end, soon()).expect("a third attempt"));
        assert_eq!((push.from, from.ip()), (IpAddr::from([127, 0, 0, 1]), push.from));
        assert!(push.is_of([0, 0, 25, 9, 0, 255]));
        let next = manager.ask(&counter.seal(0xC8, &[&[0xC0, 1, 0xC1], &RELAY[..], &[2, 0]].concat()));
        let next = u32::from_be_bytes(next[3..7].try_into().expect("four bytes"));
        assert_eq!(next, push.counter + 1, "the meter has one row of counters");
        // The next push is another one.
        assert_eq!(manager.act(&mut counter, READINGS, 1, &[15, 0])[3], 0);
        let other = read_push(take_call(&head_end, soon()).expect("a push"));
        assert_ne!(push.invoke_id, other.invoke_id);
        assert_eq!(other.counter, push.counter + 3, "two answers and a push");
    });
    assert_eq!((counters.pushes, counters.push_retries, counters.pushes_lost), (2, 2, 0));
    assert_eq!(counters.refused.push, 2);
}

#[test]
fn a_push_that_nobody_takes_is_given_up() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound");
    let to = format!("serve.push_to={free}");
    let mut counter = Counter(0);
    let counters = while_served(&[&to, "serve.push_transport=tcp"], None, |port| {
        let mut manager = Manager::new(port, &mut counter);
        write_timing(&mut manager, &mut counter, 2, 0);
        let before = manager.ask(&counter.seal(0xC8, &[&[0xC0, 1, 0xC1], &RELAY[..], &[2, 0]].concat()));
        assert_eq!(manager.act(&mut counter, READINGS, 1, &[15, 0])[3], 0);
        std::thread::sleep(Duration::from_millis(1_500));
        let after = manager.ask(&counter.seal(0xC8, &[&[0xC0, 1, 0xC1], &RELAY[..], &[2, 0]].concat()));
        let number = |answer: &[u8]| u32::from_be_bytes(answer[3..7].try_into().expect("four bytes"));
        assert_eq!(number(&after) - number(&before), 5, "an answer, three attempts and this answer");
    });
    assert_eq!((counters.pushes, counters.push_retries, counters.pushes_lost), (0, 2, 1));
}

#[test]
fn a_head_end_that_never_hangs_up_keeps_nobody_waiting() {
    let head_end = TcpListener::bind("127.0.0.1:0").expect("a port");
    let to = format!("serve.push_to={}", head_end.local_addr().expect("bound"));
    let mut counter = Counter(0);
    let settings = [&to, "serve.push_transport=tcp", "serve.frame_time=400ms"];
    let counters = while_served(&settings, None, |port| {
        let mut manager = Manager::new(port, &mut counter);
        let began = Instant::now();
        assert_eq!(manager.act(&mut counter, RELAY, 1, &[15, 0])[3], 0);
        let (stream, from) = take_call(&head_end, soon()).expect("an alarm");
        let mut frame = Vec::new();
        (&stream).read_to_end(&mut frame).expect("one push and the end");
        assert!(Push::of(from, &frame).is_of([0, 2, 25, 9, 0, 255]), "the relay's moving is an alarm");
        // The meter answers meanwhile.
        assert_eq!(manager.get(&mut counter, RELAY, 2)[3..], [0, 3, 0]);
        std::thread::sleep(Duration::from_millis(1_200).saturating_sub(began.elapsed()));
        drop(stream);
    });
    assert_eq!((counters.pushes, counters.push_retries, counters.pushes_lost), (1, 0, 0), "it was taken all the same");
}

#[test]
fn a_new_image_is_an_alarm_and_the_same_again_is_none() {
    let head_end = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let to = format!("serve.push_to={}", head_end.local_addr().expect("bound"));
    let (mut counter, mut pushes) = (Counter(0), Vec::new());
    let counters = while_served(&[&to], None, |port| {
        let mut manager = Manager::new(port, &mut counter);
        for _ in 0..2 {
            let name_and_size = [&[2, 2, 9, 4], &b"fw-2"[..], &[6, 0, 0, 0, 16]].concat();
            let block = [&[2, 2, 6, 0, 0, 0, 0, 9, 16], &[0xA5; 16][..]].concat();
            for (method, parameter) in [(1, &name_and_size[..]), (2, &block), (3, &[15, 0]), (4, &[15, 0])] {
                assert_eq!(manager.act(&mut counter, IMAGE, method, parameter)[3], 0, "method {method}");
            }
        }
        pushes = take_datagrams(&head_end, Duration::from_millis(300));
    });
    assert_eq!((pushes.len(), counters.pushes), (1, 1));
    assert!(pushes[0].is_of([0, 2, 25, 9, 0, 255]), "{:02X?}", pushes[0].content);
}

#[test]
fn pushes_stay_on_this_host_unless_file_and_command_line_say_otherwise() {
    for transport in ["udp", "tcp"] {
        let transport = format!("serve.push_transport={transport}");
        let settings = ["serve.push_to=192.0.2.1:4060", "serve.push_every=1min", "serve.remote=true", &transport];
        let error = open(&settings, None).expect_err("the flag is missing");
        assert!(matches!(error, ServeError::RemoteNotAllowed { .. }), "{error}");
        assert!(
            error.to_string().contains("192.0.2.1:4060") && error.to_string().contains("--allow-remote"),
            "{error}"
        );
    }
}
