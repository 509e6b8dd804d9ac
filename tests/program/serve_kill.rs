//! Kills of `amitwin serve` while a client reads ciphered, and while meters push: no invocation counter leaves a meter twice.
#![cfg(unix)]

use amitwin_testkit::folders::folder;
use amitwin_testkit::manager::Counter;
use amitwin_testkit::program::amitwin;
use amitwin_testkit::serving::Serving;
use amitwin_testkit::tools::is_ci;
use amitwin_testkit::wire::{READER, ask, framed};
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const STREET: &str = r#"
name = "street"
duration = "1h"

[placement]
generator = "grid"
meters = 4
gateways = 1

[serve]
port = 0
"#;

/// A reader with low-level security and test keys, who counts on over everything that happens to the meters.
struct Reader {
    counter: Counter,
    /// The last counter that a meter has certainly received, because it answered.
    answered: u32,
}

impl Reader {
    fn association(&mut self) -> Vec<u8> {
        self.counter.associate(1, b"12345678")
    }

    /// Asks until the meter is gone; the counters that its answers carried.
    fn ask(&mut self, stream: &mut TcpStream, answered: &AtomicBool) -> Vec<u32> {
        let mut seen = Vec::new();
        let mut request = self.association();
        let mut tag = 0x28;
        loop {
            if stream.write_all(&framed(READER, &request)).is_err() {
                return seen;
            }
            let mut head = [0; 8];
            if stream.read_exact(&mut head).is_err() {
                return seen;
            }
            let mut answer = vec![0; usize::from(u16::from_be_bytes([head[6], head[7]]))];
            if stream.read_exact(&mut answer).is_err() {
                return seen;
            }
            // The ciphered part ends with the answer: tag, length, control, counter.
            let at = (0..answer.len().saturating_sub(7)).find(|at| {
                answer[*at] == tag && answer[at + 2] == 0x30 && at + 2 + usize::from(answer[at + 1]) == answer.len()
            });
            let at = at.unwrap_or_else(|| panic!("not ciphered: {answer:02X?}"));
            self.answered = self.counter.0;
            answered.store(true, Ordering::Relaxed);
            seen.push(u32::from_be_bytes(answer[at + 3..at + 7].try_into().expect("four bytes")));
            request = self.counter.seal(0xC8, &[0xC0, 1, 0xC1, 0, 8, 0, 0, 1, 0, 0, 0xFF, 2, 0]);
            tag = 0xCC;
        }
    }
}

/// A connection that does not wait for ever.
fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    Ok(stream)
}

fn start(here: &Path) -> Child {
    let arguments = ["serve", "small.toml", "--format", "json"];
    amitwin(here, &arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started")
}

fn serve(here: &Path) -> Serving {
    Serving::with(here, "small.toml", &[])
}

/// Kills and restarts: many where changes are checked (`CI=true`).
fn kills() -> u64 {
    if is_ci() { 1_000 } else { 32 }
}

/// Time to a kill: up to 40 ms, evenly spread, so that kills come before the first answer, while counters are being
/// reserved on the disk, and in the middle of a row of answers.
fn life(cycle: u64) -> Duration {
    const LONGEST_US: u64 = 40_000;
    // By the golden section: the first few lives are spread over the range already.
    Duration::from_micros(cycle * 24_721 % LONGEST_US)
}

#[test]
fn no_counter_is_used_twice_over_kills() {
    let here = folder(STREET);
    let mut readers: Vec<Reader> = (0..4).map(|_| Reader { counter: Counter(0), answered: 0 }).collect();
    let mut all: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); readers.len()];
    let mut lives: Vec<u64> = vec![0; readers.len()];
    for cycle in 0..kills() {
        if cycle % 4 == 3 {
            // One more that mostly dies before it is ready: while it reads the state file or writes it anew.
            let mut child = start(here.path());
            std::thread::sleep(life(cycle) / 2);
            child.kill().expect("killed");
            child.wait().expect("ended");
        }
        let mut serving = serve(here.path());
        let port = serving.port();
        let answered = AtomicBool::new(false);
        let seen: Vec<Vec<u32>> = std::thread::scope(|scope| {
            let all_at_once: Vec<_> = readers
                .iter_mut()
                .enumerate()
                .map(|(meter, reader)| {
                    let to = SocketAddr::from(([127, 0, 0, meter as u8 + 1], port));
                    let answered = &answered;
                    scope.spawn(move || match connect(to) {
                        Ok(mut stream) => reader.ask(&mut stream, answered),
                        // The kill came first.
                        Err(_) => Vec::new(),
                    })
                })
                .collect();
            // Half of the lives are counted from the first answer, so that slow disks do not keep meters from answering.
            let until = Instant::now() + Duration::from_secs(10);
            while cycle % 2 == 0 && !answered.load(Ordering::Relaxed) && Instant::now() < until {
                std::thread::sleep(Duration::from_micros(200));
            }
            std::thread::sleep(life(cycle));
            serving.kill();
            all_at_once.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        for (meter, counters) in seen.into_iter().enumerate() {
            lives[meter] += u64::from(!counters.is_empty());
            for counter in counters {
                assert!(all[meter].insert(counter), "meter {} used counter {counter} twice", meter + 1);
            }
        }
    }
    for (meter, (counters, lives)) in all.iter().zip(&lives).enumerate() {
        let (answers, kills) = (counters.len() as u64, kills());
        assert!(
            *lives > kills / 4 && answers > 5 * kills,
            "meter {} answered {answers} times in {lives} of {kills} lives",
            meter + 1
        );
    }
    // Nor is a counter taken twice: what was recorded before the kills is refused after them.
    let serving = serve(here.path());
    for (meter, reader) in readers.iter().enumerate() {
        let recorded = Reader { counter: Counter(reader.answered - 1), answered: 0 }.association();
        let answer = ask(&mut serving.connect(meter as u8 + 1), READER, &recorded).expect("an APDU");
        assert_eq!(answer[0], 0xD8, "meter {} took a counter again: {answer:02X?}", meter + 1);
    }
}

#[test]
fn no_counter_is_pushed_twice_over_kills() {
    let head_end = UdpSocket::bind("127.0.0.1:0").expect("a port");
    head_end.set_read_timeout(Some(Duration::from_millis(10))).expect("set");
    let to = head_end.local_addr().expect("bound");
    let here =
        folder(&format!("{STREET}push_to = \"{to}\"\npush_every = \"1s\"\n").replace("meters = 4", "meters = 40"));
    let mut all: BTreeSet<([u8; 8], u32)> = BTreeSet::new();
    let mut buffer = [0; 2_048];
    for cycle in 0..16u64 {
        let mut serving = serve(here.path());
        let until = Instant::now() + Duration::from_millis(300 + 61 * cycle);
        let mut take = |all: &mut BTreeSet<_>| {
            let Ok((bytes, _)) = head_end.recv_from(&mut buffer) else { return false };
            // Wrapper, general-glo-ciphering, title of eight bytes, length, control, counter.
            let push = &buffer[8..bytes];
            assert_eq!((&push[..2], push[11]), (&[0xDB, 8][..], 0x30), "{push:02X?}");
            let title = push[2..10].try_into().expect("eight bytes");
            let counter = u32::from_be_bytes(push[12..16].try_into().expect("four bytes"));
            assert!(all.insert((title, counter)), "meter {title:02X?} pushed counter {counter} twice");
            true
        };
        while Instant::now() < until {
            take(&mut all);
        }
        serving.kill();
        while take(&mut all) {}
    }
    assert!(all.len() > 200, "{} pushes", all.len());
}
