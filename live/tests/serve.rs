//! Meters on real sockets, asked by a client of a few lines: who answers, what is refused, what stays unaffected.

use amitwin_dlms::link::hdlc;
use amitwin_live::serve::{Counters, Options, ServeError, Server};
use amitwin_scenarios::{Override, load_text};
use amitwin_testkit::served;
use amitwin_testkit::wire::{self, ASSOCIATE, NAME, PUBLIC};
use dlms_cosem_rs::codec::Encode;
use dlms_cosem_rs::transport::hdlc::{Address, Control, Frame};
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Served meters; stopped when asked to, or dropped.
struct Street {
    port: u16,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<Counters, ServeError>>>,
}

fn open(settings: &[&str], options: &Options) -> Result<Server, ServeError> {
    served::open(served::SCENARIO, settings, options)
}

impl Street {
    fn new(settings: &[&str]) -> Street {
        let server = open(settings, &Options { workers: 2, ..Options::default() }).unwrap_or_else(|e| panic!("{e}"));
        let stop = Arc::new(AtomicBool::new(false));
        let (port, asked) = (server.port(), stop.clone());
        let thread = std::thread::spawn(move || server.run(&|| asked.load(Ordering::Relaxed), None));
        Street { port, stop, thread: Some(thread) }
    }

    fn connect(&self, meter: u8) -> Client {
        Client::new(SocketAddr::from(([127, 0, 0, meter], self.port)))
    }

    fn end(mut self) -> Counters {
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("once");
        thread.join().expect("no panic").unwrap_or_else(|e| panic!("{e}"))
    }
}

impl Drop for Street {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Client(TcpStream);

impl Client {
    fn new(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        stream.set_nodelay(true).expect("set");
        Client(stream)
    }

    fn send(&mut self, destination: u16, apdu: &[u8]) {
        self.0.write_all(&framed(destination, apdu)).expect("sent");
    }

    fn receive(&mut self) -> Vec<u8> {
        wire::next_of_any(&mut self.0).expect("an APDU")
    }

    fn ask(&mut self, destination: u16, apdu: &[u8]) -> Vec<u8> {
        self.send(destination, apdu);
        self.receive()
    }

    /// Associates and reads the logical device name.
    fn name(&mut self, destination: u16, prefix: &[u8]) -> Vec<u8> {
        let answer = self.ask(destination, &[prefix, ASSOCIATE].concat());
        assert_eq!(answer[prefix.len()], 0x61, "{answer:02X?}");
        self.ask(destination, &[prefix, NAME].concat())
    }

    /// The meter's side closes, and sends nothing before.
    fn is_closed(&mut self) {
        let mut byte = [0];
        match self.0.read(&mut byte) {
            Ok(0) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            other => panic!("not closed: {other:?}, {byte:02X?}"),
        }
    }
}

fn framed(destination: u16, apdu: &[u8]) -> Vec<u8> {
    wire::framed_to(PUBLIC, destination, apdu)
}

/// An answer to the reading of a name: GET response, normal, success.
#[track_caller]
fn is_name(answer: &[u8]) {
    assert!(answer.starts_with(&[0xC4, 0x01, 0xC1, 0x00]), "{answer:02X?}");
}

#[test]
fn each_meter_answers_at_its_own_address_over_tcp_and_udp() {
    let street = Street::new(&[]);
    let mut names = Vec::new();
    for meter in 1..=25 {
        let name = street.connect(meter).name(1, &[]);
        is_name(&name);
        let udp = UdpSocket::bind("127.0.0.1:0").expect("bound");
        udp.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        let to = SocketAddr::from(([127, 0, 0, meter], street.port));
        let mut buffer = [0; 2_000];
        for apdu in [ASSOCIATE, NAME] {
            udp.send_to(&framed(1, apdu), to).expect("sent");
            let (bytes, from) = udp.recv_from(&mut buffer).expect("an answer");
            assert_eq!(from, to, "it comes from the meter's own address");
            if apdu == NAME {
                assert_eq!(buffer[8..bytes], name);
            }
        }
        names.push(name);
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 25, "each has a name of its own");
    street.connect(26).is_closed();
    let counters = street.end();
    assert_eq!((counters.sessions, counters.datagrams, counters.requests), (25, 50, 100));
    assert_eq!((counters.replies, counters.refused.no_such_meter), (100, 1));
}

#[test]
fn segments_may_be_split_and_merged() {
    let street = Street::new(&[]);
    let mut client = street.connect(3);
    for byte in framed(1, ASSOCIATE) {
        client.0.write_all(&[byte]).expect("sent");
    }
    assert_eq!(client.receive()[0], 0x61);
    let many = framed(1, NAME).repeat(200);
    for part in many.chunks(777) {
        client.0.write_all(part).expect("sent");
    }
    for _ in 0..200 {
        is_name(&client.receive());
    }
    assert_eq!(street.end().requests, 201);
}

#[test]
fn what_is_no_frame_closes_its_own_connection_and_no_other() {
    let street = Street::new(&[]);
    let mut good = street.connect(1);
    is_name(&good.name(1, &[]));
    for bad in [&[0, 2][..], &[0x55], &[0, 1, 0, 0x10, 0, 1, 0xFF, 0xFF], &[0, 1, 0, 0x10, 0, 1, 0, 0]] {
        let mut client = street.connect(1);
        client.0.write_all(bad).expect("sent");
        client.is_closed();
        is_name(&good.ask(1, NAME));
    }
    // A logical device that no meter has: no answer, as the standard has it, and the connection lives.
    good.send(7, NAME);
    is_name(&good.ask(1, NAME));
    let udp = UdpSocket::bind("127.0.0.1:0").expect("bound");
    for bad in [&[0, 1][..], &framed(1, NAME)[..15], &[framed(1, NAME), vec![0]].concat(), &[0; 4_000]] {
        udp.send_to(bad, ("127.0.0.1", street.port)).expect("sent");
    }
    is_name(&good.ask(1, NAME));
    let counters = street.end();
    assert_eq!(counters.refused.no_such_meter, 1);
    assert_eq!(counters.refused.wrapper, 4 + counters.datagrams);
}

fn frame(server: Address, control: Control, information: &[u8]) -> Vec<u8> {
    let source = Address::Single(PUBLIC);
    let mut out = Vec::new();
    let frame = Frame { segmented: false, destination: server, source, control, information };
    frame.encode(&mut out).expect("fits");
    out
}

/// Sends a frame and waits for one.
fn exchange(client: &mut Client, bytes: &[u8]) -> (Control, Vec<u8>) {
    client.0.write_all(bytes).expect("sent");
    let mut held = Vec::new();
    loop {
        let mut buffer = [0; 512];
        let read = client.0.read(&mut buffer).expect("an answer");
        assert!(read > 0, "closed");
        held.extend_from_slice(&buffer[..read]);
        if let hdlc::Found::Frame(frame, _) = hdlc::find(&held) {
            return (frame.control, frame.information.to_vec());
        }
    }
}

#[test]
fn hdlc_is_spoken_on_the_same_port() {
    let street = Street::new(&[]);
    let mut names = Vec::new();
    for meter in [1, 2] {
        let mut client = street.connect(meter);
        let one = Address::Single(1);
        let (control, _) = exchange(&mut client, &[0x7E, 0xA0, 0x07, 0x03, 0x21, 0x93, 0x0F, 0x01, 0x7E]);
        assert_eq!(control, Control::Ua);
        for (n, apdu) in [ASSOCIATE, NAME].into_iter().enumerate() {
            let n = n as u8;
            let unit = [&[0xE6, 0xE6, 0x00], apdu].concat();
            let (control, answer) = exchange(&mut client, &frame(one, Control::I { ns: n, nr: n, pf: true }, &unit));
            assert_eq!(control, Control::I { ns: n, nr: n + 1, pf: true });
            assert!(answer.starts_with(&[0xE6, 0xE7, 0x00, if n == 0 { 0x61 } else { 0xC4 }]), "{answer:02X?}");
            names.push(answer);
        }
        assert_eq!(exchange(&mut client, &frame(one, Control::Disc, &[])).0, Control::Ua);
        assert_eq!(exchange(&mut client, &frame(one, Control::Rr { nr: 0, pf: true }, &[])).0, Control::Dm);
        // Noise and a wrong sum are passed over.
        let mut wrong = frame(one, Control::Snrm, &[]);
        wrong[6] ^= 1;
        let noise = [&wrong[..], &[0x11; 40], &frame(one, Control::Snrm, &[])].concat();
        assert_eq!(exchange(&mut client, &noise).0, Control::Ua);
    }
    assert_ne!(names[1], names[3]);
    assert_eq!(street.end().requests, 4);
}

#[test]
fn meters_behind_one_address_are_told_apart_by_port() {
    let street = Street::new(&["serve.addressing=port"]);
    let mut client = street.connect(1);
    let names: Vec<Vec<u8>> = (1..=25).map(|meter| client.name(meter, &[])).collect();
    names.iter().for_each(|name| is_name(name));
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    // The physical address of HDLC means the same meters.
    let mut serial = street.connect(1);
    let server = Address::Double { upper: 1, lower: 7 };
    exchange(&mut serial, &frame(server, Control::Snrm, &[]));
    let control = |n| Control::I { ns: n, nr: n, pf: true };
    exchange(&mut serial, &frame(server, control(0), &[&[0xE6, 0xE6, 0x00], ASSOCIATE].concat()));
    let (_, answer) = exchange(&mut serial, &frame(server, control(1), &[&[0xE6, 0xE6, 0x00], NAME].concat()));
    assert_eq!(answer[3..], names[6]);
    client.send(26, NAME);
    assert_eq!(client.ask(25, NAME), names[24]);
    assert_eq!(street.end().refused.no_such_meter, 1);
}

#[test]
fn meters_behind_one_address_are_told_apart_by_the_gateway_form() {
    let street = Street::new(&["serve.addressing=gateway"]);
    let mut client = street.connect(1);
    let mut names = Vec::new();
    for prefix in [&[0xE6, 0, 1, 3][..], &[0xE6, 9, 2, 0, 3], &[0xE6, 0, 1, 4]] {
        let answer = client.name(1, prefix);
        assert_eq!(answer[0], 0xE7);
        assert_eq!(answer[1..prefix.len()], prefix[1..]);
        is_name(&answer[prefix.len()..]);
        names.push(answer[prefix.len()..].to_vec());
    }
    assert_eq!(names[0], names[1]);
    assert_ne!(names[0], names[2]);
    // The third meter by its system title.
    let number = open(&["serve.addressing=gateway"], &Options::default()).expect("opened").system_title(3);
    let title = number.expect("a third meter");
    let bytes = (0..8).map(|n| u8::from_str_radix(&title[2 * n..2 * n + 2], 16).expect("hexadecimal"));
    let prefix: Vec<u8> = [0xE6, 0, 8].into_iter().chain(bytes).collect();
    assert_eq!(client.name(1, &prefix)[prefix.len()..], names[0]);
    // Nobody, in four ways.
    for prefix in [&[][..], &[0xE6, 0, 1, 26], &[0xE6, 0, 0], &[0xE6, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]] {
        client.send(1, &[prefix, NAME].concat());
    }
    is_name(&client.name(1, &[0xE6, 0, 1, 3])[4..]);
    assert_eq!(street.end().refused.no_such_meter, 4);
}

#[test]
fn one_ipv6_address_serves_as_well() {
    let street = Street::new(&["serve.addressing=port", "serve.listen=::1"]);
    let to = SocketAddr::new(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]), street.port);
    is_name(&Client::new(to).name(2, &[]));
    let udp = UdpSocket::bind("[::1]:0").expect("bound");
    udp.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
    udp.send_to(&framed(2, ASSOCIATE), to).expect("sent");
    assert_eq!(udp.recv_from(&mut [0; 500]).expect("an answer").1, to);
}

#[test]
fn limits_keep_one_meters_clients_from_the_others() {
    let street = Street::new(&["serve.connections_per_meter=2", "serve.connections=5"]);
    let mut held: Vec<Client> = (0..2).map(|_| street.connect(1)).collect();
    held.iter_mut().for_each(|client| is_name(&client.name(1, &[])));
    street.connect(1).is_closed();
    for meter in 2..5 {
        let mut client = street.connect(meter);
        is_name(&client.name(1, &[]));
        held.push(client);
    }
    street.connect(5).is_closed();
    held.clear();
    // Places become free again.
    let began = Instant::now();
    loop {
        let mut client = street.connect(1);
        client.send(1, ASSOCIATE);
        match client.0.read(&mut [0; 100]) {
            Ok(read) if read > 0 => break,
            _ => assert!(began.elapsed() < Duration::from_secs(10), "no place became free"),
        }
    }
    assert!(street.end().refused.connections >= 2);
}

#[test]
fn the_idle_and_the_slow_are_closed() {
    let street = Street::new(&["serve.idle=600ms", "serve.frame_time=200ms"]);
    let mut idle = street.connect(1);
    is_name(&idle.name(1, &[]));
    let began = Instant::now();
    let mut slow = street.connect(2);
    let (bytes, mut n) = (framed(1, ASSOCIATE), 0);
    // A byte now and then does not count as progress.
    while slow.0.write_all(&bytes[n..=n]).is_ok() && n + 2 < bytes.len() && began.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(30));
        n += 1;
    }
    assert!(n > 2 && n + 2 < bytes.len(), "closed after {n} of {} bytes", bytes.len());
    idle.is_closed();
    let took = began.elapsed();
    assert!((Duration::from_millis(500)..Duration::from_secs(5)).contains(&took), "{took:?}");
    let refused = street.end().refused;
    assert_eq!((refused.slow, refused.idle), (1, 1));
}

#[test]
fn who_asks_and_never_reads_is_closed_and_nothing_piles_up() {
    let street = Street::new(&["serve.frame_time=300ms"]);
    let mut greedy = street.connect(1);
    greedy.0.set_write_timeout(Some(Duration::from_secs(5))).expect("set");
    greedy.send(1, ASSOCIATE);
    let many = framed(1, NAME).repeat(1_000);
    let mut sent = 0;
    while sent < 200 << 20 && greedy.0.write_all(&many).is_ok() {
        sent += many.len();
    }
    assert!(sent < 100 << 20, "{sent} bytes were taken from somebody who reads nothing");
    is_name(&street.connect(2).name(1, &[]));
    assert_eq!(street.end().refused.slow, 1);
}

#[test]
fn a_flood_to_one_meter_leaves_the_others_answering() {
    let street = Street::new(&[]);
    let stop = Arc::new(AtomicBool::new(false));
    let floods: Vec<JoinHandle<()>> = (0..3)
        .map(|kind: u8| {
            let (stop, port) = (stop.clone(), street.port);
            std::thread::spawn(move || {
                let udp = UdpSocket::bind("127.0.0.1:0").expect("bound");
                let many = framed(1, NAME).repeat(100);
                let mut held = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    if kind == 2 {
                        let _ = udp.send_to(&[0xFF; 900], ("127.0.0.1", port));
                    }
                    match (kind, TcpStream::connect(("127.0.0.1", port))) {
                        // Connections that say nothing, or half of something.
                        (0, Ok(mut client)) => {
                            let _ = client.write_all(&many[..5]);
                            held.push(client);
                            if held.len() > 100 {
                                held.clear();
                            }
                        }
                        // Requests that nobody reads the answers of.
                        (1, Ok(mut client)) => {
                            let _ = client.set_write_timeout(Some(Duration::from_millis(20)));
                            for _ in 0..50 {
                                let _ = client.write_all(&many);
                            }
                        }
                        _ => {}
                    }
                }
            })
        })
        .collect();
    let mut client = street.connect(2);
    let began = Instant::now();
    is_name(&client.name(1, &[]));
    (0..200).for_each(|_| is_name(&client.ask(1, NAME)));
    let took = began.elapsed();
    stop.store(true, Ordering::Relaxed);
    floods.into_iter().for_each(|flood| flood.join().expect("no panic"));
    assert!(took < Duration::from_secs(20), "200 answers took {took:?}");
    // Those of the flood may have found no room; of one socket a datagram is looked at before the next.
    let udp = UdpSocket::bind("127.0.0.1:0").expect("bound");
    udp.send_to(&[0xFF; 900], ("127.0.0.1", street.port)).expect("sent");
    udp.send_to(&framed(1, ASSOCIATE), ("127.0.0.1", street.port)).expect("sent");
    udp.recv_from(&mut [0; 500]).expect("an answer");
    assert!(street.end().refused.wrapper > 0);
}

#[test]
fn a_delay_is_kept_and_holds_no_one_else_up() {
    let street = Street::new(&["serve.delay=300ms"]);
    let mut clients: Vec<Client> = (1..=20).map(|meter| street.connect(meter)).collect();
    let began = Instant::now();
    clients.iter_mut().for_each(|client| client.send(1, ASSOCIATE));
    clients.iter_mut().for_each(|client| assert_eq!(client.receive()[0], 0x61));
    let took = began.elapsed();
    assert!((Duration::from_millis(300)..Duration::from_millis(2_000)).contains(&took), "{took:?}");
    let began = Instant::now();
    let udp = UdpSocket::bind("127.0.0.1:0").expect("bound");
    udp.send_to(&framed(1, ASSOCIATE), ("127.0.0.9", street.port)).expect("sent");
    udp.recv_from(&mut [0; 500]).expect("an answer");
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
}

#[test]
fn answers_take_the_way_of_the_mesh_beside() {
    let street = Street::new(&["serve.delay=mesh", "backhaul.latency=200ms"]);
    let mut clients: Vec<Client> = (1..=10).map(|meter| street.connect(meter)).collect();
    let mut took = Vec::new();
    for client in &mut clients {
        let began = Instant::now();
        client.send(1, ASSOCIATE);
        assert_eq!(client.receive()[0], 0x61);
        took.push(began.elapsed());
        is_name(&client.ask(1, NAME));
    }
    // Twice over the backhaul and through the air; no two meters have the same way at the same moment.
    let within = Duration::from_millis(400)..Duration::from_secs(5);
    assert!(took.iter().all(|took| within.contains(took)), "{took:?}");
    let apart = |took: &Duration| took.as_millis() / 5;
    assert!(took.iter().any(|t| apart(t) != apart(&took[0])), "{took:?}");
    let began = Instant::now();
    let udp = UdpSocket::bind("127.0.0.1:0").expect("bound");
    udp.send_to(&framed(1, ASSOCIATE), ("127.0.0.9", street.port)).expect("sent");
    udp.recv_from(&mut [0; 500]).expect("an answer");
    assert!(within.contains(&began.elapsed()), "{:?}", began.elapsed());
    let counters = street.end();
    assert_eq!((counters.replies, counters.lost_on_air), (21, 0));
}

#[test]
fn a_meter_that_the_mesh_does_not_reach_is_not_heard() {
    let street = Street::new(&["serve.delay=mesh", "placement.spacing=2km"]);
    let udp = UdpSocket::bind("127.0.0.1:0").expect("bound");
    udp.set_read_timeout(Some(Duration::from_millis(1_500))).expect("set");
    for meter in 1..=25u8 {
        udp.send_to(&framed(1, ASSOCIATE), (IpAddr::from([127, 0, 0, meter]), street.port)).expect("sent");
    }
    let mut heard = 0;
    while udp.recv_from(&mut [0; 500]).is_ok() {
        heard += 1;
    }
    // The border router stands in the middle; its nearest meter may be in reach.
    assert!(heard < 5, "{heard} of 25 answer");
    assert_eq!(street.end().replies, 25);
}

#[test]
fn other_hosts_are_let_in_only_if_both_say_so() {
    let remote = ["serve.addressing=port", "serve.listen=0.0.0.0", "serve.remote=true"];
    let error = open(&remote, &Options::default()).expect_err("refused");
    assert!(matches!(error, ServeError::RemoteNotAllowed { .. }), "{error}");
    let server = open(&remote, &Options { allow_remote: true, ..Options::default() }).expect("both say so");
    assert!(server.warnings.iter().any(|warning| warning.contains("TEST keys")), "{:?}", server.warnings);
    let set: Vec<Override> = remote[..2].iter().map(|s| s.parse().expect("a setting")).collect();
    let error =
        load_text(served::SCENARIO, "street.toml", Path::new("."), &set, None).expect_err("the scenario does not");
    assert!(error.to_string().contains("other hosts can reach 0.0.0.0"), "{error}");
}

#[test]
fn only_known_head_ends_are_served() {
    let street = Street::new(&["serve.head_ends=[\"127.0.0.9\", \"127.5.0.0/16\"]"]);
    let meter = SocketAddr::from(([127, 0, 0, 1], street.port));
    let from = |address: [u8; 4]| {
        let socket = UdpSocket::bind(SocketAddr::from((address, 0))).expect("bound");
        socket.set_read_timeout(Some(Duration::from_millis(500))).expect("set");
        socket.send_to(&framed(1, ASSOCIATE), meter).expect("sent");
        socket.recv_from(&mut [0; 200]).is_ok()
    };
    assert!(from([127, 0, 0, 9]) && from([127, 5, 200, 1]), "those on the list");
    assert!(!from([127, 0, 0, 8]) && !from([127, 6, 0, 1]), "and no other");
    // A connection from elsewhere is closed before anything is said.
    Client::new(meter).is_closed();
    assert_eq!(street.end().refused.stranger, 3);
}

#[test]
fn a_taken_port_is_told() {
    let first = open(&[], &Options::default()).expect("opened");
    let error = open(&[], &Options { port: Some(first.port()), ..Options::default() }).expect_err("taken");
    assert!(error.to_string().contains("choose another port with --port"), "{error}");
}
