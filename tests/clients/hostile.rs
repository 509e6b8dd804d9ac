//! Bytes that no honest client sends: the standard's error or a closed connection, and other meters never notice.

use crate::golden::{ASSOCIATE, NAME, READER, requests, says_no};
use amitwin_testkit::serving::Serving;
use amitwin_testkit::wire::{ask, bytes, framed, next};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn serve(folder: &Path, more: &[&str]) -> Serving {
    Serving::begin(folder, &[&["--state", "none"], more].concat())
}

/// Associates as the reader and reads the name.
fn name(stream: &mut TcpStream) -> Vec<u8> {
    let aare = ask(stream, READER, &bytes(ASSOCIATE)).expect("an AARE");
    assert!(aare[0] == 0x61 && !says_no(&aare), "{aare:02X?}");
    let answer = ask(stream, READER, &bytes(NAME)).expect("a name");
    assert_eq!(answer[..4], [0xC4, 1, 0xC1, 0], "{answer:02X?}");
    answer
}

/// A meter that nobody harmed answers at once.
fn unaffected(serving: &Serving) {
    let began = Instant::now();
    name(&mut serving.connect(100));
    assert!(began.elapsed() < Duration::from_secs(5), "another meter took {:?}", began.elapsed());
}

#[test]
fn an_apdu_cut_anywhere_is_refused_and_the_meter_answers_on() {
    let here = tempfile::tempdir().expect("a folder");
    let serving = serve(here.path(), &[]);
    let mut refused = 0;
    for (kind, whole) in requests() {
        let mut stream = serving.connect(1);
        let honest = name(&mut stream);
        for n in 0..whole.len() {
            let answer = ask(&mut stream, READER, &whole[..n]);
            if let Some(answer) = &answer {
                assert!(says_no(answer), "{kind}, {n} of {} bytes: {answer:02X?}", whole.len());
            } else {
                stream = serving.connect(1);
            }
            refused += 1;
            assert_eq!(name(&mut stream), honest, "{kind}, after {n} bytes");
        }
    }
    assert!(refused > 400, "{refused} cuts");
    unaffected(&serving);
    assert_eq!(serving.end().code, Some(0));
}

#[test]
fn a_frame_cut_anywhere_gets_no_answer_and_keeps_nobody_waiting() {
    let here = tempfile::tempdir().expect("a folder");
    let serving = serve(here.path(), &[]);
    let whole = framed(READER, &bytes(ASSOCIATE));
    for n in 0..whole.len() {
        let mut stream = serving.connect(2);
        stream.write_all(&whole[..n]).expect("sent");
        stream.shutdown(Shutdown::Write).expect("shut");
        assert_eq!(next(&mut stream), None, "{n} of {} bytes", whole.len());
    }
    // The same as datagrams: silence, and then an honest one is answered.
    let udp = UdpSocket::bind("127.0.0.1:0").expect("bound");
    udp.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
    for n in 0..whole.len() {
        udp.send_to(&whole[..n], serving.address(3)).expect("sent");
    }
    let mut more = whole.clone();
    more.push(0);
    udp.send_to(&more, serving.address(3)).expect("sent");
    udp.send_to(&whole, serving.address(3)).expect("sent");
    let mut buffer = [0; 2_000];
    let (length, from) = udp.recv_from(&mut buffer).expect("an answer");
    assert_eq!((from, buffer[8]), (serving.address(3), 0x61), "{:02X?}", &buffer[..length]);
    udp.set_read_timeout(Some(Duration::from_millis(300))).expect("set");
    assert!(udp.recv_from(&mut buffer).is_err(), "one answer to one request");
    unaffected(&serving);
    assert_eq!(serving.end().code, Some(0));
}

#[test]
fn hdlc_cut_or_flipped_anywhere_is_dropped_and_the_next_frame_opens_the_link() {
    let here = tempfile::tempdir().expect("a folder");
    let serving = serve(here.path(), &[]);
    /// More bytes than the longest frame that a wrong length can stand for.
    const REPEATS: usize = 240;
    let snrm = bytes("7EA0070321930F017E");
    let opens = |stream: &mut TcpStream, what: &str| {
        let mut received = Vec::new();
        let mut piece = [0; 500];
        // Whatever came before, a UA (control 73) ends it.
        while !received.windows(5).any(|part: &[u8]| part[0] == 0xA0 && part[2..] == [0x21, 0x03, 0x73]) {
            match stream.read(&mut piece) {
                Ok(0) => panic!("{what}: closed after {received:02X?}"),
                Ok(n) => received.extend_from_slice(&piece[..n]),
                Err(e) => panic!("{what}: {e} after {received:02X?}"),
            }
        }
    };
    for n in 1..snrm.len() {
        let mut stream = serving.connect(4);
        stream.write_all(&snrm[..n]).expect("sent");
        // What is missing may be taken from what comes next: the client repeats itself, as it would.
        stream.write_all(&snrm.repeat(REPEATS)).expect("sent");
        opens(&mut stream, &format!("cut after {n}"));
    }
    for at in 1..snrm.len() - 1 {
        for bit in 0..8 {
            let mut bad = snrm.clone();
            bad[at] ^= 1 << bit;
            let mut stream = serving.connect(4);
            stream.write_all(&[bad, snrm.repeat(REPEATS)].concat()).expect("sent");
            opens(&mut stream, &format!("bit {bit} of byte {at}"));
        }
    }
    unaffected(&serving);
    assert_eq!(serving.end().code, Some(0));
}

#[test]
fn split_and_merged_segments_are_put_together() {
    let here = tempfile::tempdir().expect("a folder");
    let serving = serve(here.path(), &[]);
    let (open, get) = (framed(READER, &bytes(ASSOCIATE)), framed(READER, &bytes(NAME)));
    let mut merged = serving.connect(5);
    merged.write_all(&[&open[..], &get.repeat(50)].concat()).expect("sent");
    assert_eq!(next(&mut merged).map(|a| a[0]), Some(0x61));
    let first = next(&mut merged).expect("a name");
    assert!((1..50).all(|_| next(&mut merged).as_ref() == Some(&first)), "fifty answers, all the same");
    let mut split = serving.connect(5);
    split.set_nodelay(true).expect("set");
    for byte in open.iter().chain(&get) {
        split.write_all(&[*byte]).expect("sent");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(next(&mut split).map(|a| a[0]), Some(0x61));
    assert_eq!(next(&mut split), Some(first));
    assert_eq!(serving.end().code, Some(0));
}

#[test]
fn huge_lengths_and_deep_nesting_are_refused_in_little_memory() {
    let here = tempfile::tempdir().expect("a folder");
    let serving = serve(here.path(), &[]);
    unaffected(&serving);
    let before = serving.peak_bytes();
    let mut stream = serving.connect(6);
    name(&mut stream);
    let set = "C101C100080000010000FF0200";
    let act = "C301C10046000060030AFF0101";
    let huge = "84FFFFFFFF";
    let mut bad: Vec<String> = Vec::new();
    for head in ["60", "62", "A8", "BE", "DB", "DB084D4D4D0000BC614E", "C8", "D8", "21", "DF", "DD", "E0"] {
        bad.push(format!("{head}{huge}"));
    }
    for (start, end) in [(set, ""), (act, "")] {
        // Array, structure, octet string, bit string, visible string, compact array.
        for tag in ["01", "02", "09", "04", "0A", "0C", "13"] {
            bad.push(format!("{start}{tag}{huge}{end}"));
            bad.push(format!("{start}{tag}{huge}0000000000{end}"));
            bad.push(format!("{start}{tag}88FFFFFFFFFFFFFFFF"));
        }
    }
    for with_list in ["C003C1", "C104C1", "C303C1", "C105C1", "C305C1"] {
        bad.push(format!("{with_list}{huge}000100002A0000FF0200"));
    }
    for block in [
        "C102C100080000010000FF02000000000001",
        "C103C10100000001",
        "C304C10046000060030AFF010100000001",
        "C306C10100000001",
    ] {
        bad.push(format!("{block}{huge}00"));
    }
    for depth in [10, 100, 400] {
        for (tag, start) in [("0101", set), ("0201", set), ("0101", act), ("0201", act)] {
            bad.push(format!("{start}{}", tag.repeat(depth)));
            bad.push(format!("{start}{}00", tag.repeat(depth)));
        }
        bad.push(format!("C001C100070100630100FF020101{}00", "0204".repeat(depth)));
        // Constructed parts in an AARQ.
        let inside = "A180".repeat(depth);
        bad.push(format!("60{:02X}{inside}", 0x80));
    }
    for hex in &bad {
        let Some(answer) = ask(&mut stream, READER, &bytes(hex)) else {
            stream = serving.connect(6);
            name(&mut stream);
            continue;
        };
        assert!(says_no(&answer), "{hex}: {answer:02X?}");
        name(&mut stream);
    }
    // The wrapper's own length: the largest, of which nothing follows.
    let mut stream = serving.connect(6);
    stream.write_all(&bytes("000100110001FFFF")).expect("sent");
    assert_eq!(next(&mut stream), None, "closed at once");
    unaffected(&serving);
    let grown = serving.peak_bytes() - before;
    assert!(grown < 8 << 20, "{grown} bytes more");
    assert_eq!(serving.end().code, Some(0));
}

#[test]
fn endless_blocks_end_with_an_error() {
    let here = tempfile::tempdir().expect("a folder");
    let serving = serve(here.path(), &[]);
    let before = serving.peak_bytes();
    let content = "00".repeat(900);
    for (first, more) in [
        ("C102C100080000010000FF020000", "C103C100"),
        ("C304C10046000060030AFF0100", "C306C100"),
        ("C105C101000800 00010000FF020000", "C103C100"),
    ] {
        let mut stream = serving.connect(7);
        name(&mut stream);
        let mut number = 0u32;
        let refused = loop {
            number += 1;
            assert!(number < 1_000, "{first}: a million bytes were taken");
            let head = if number == 1 { first.replace(' ', "") } else { more.to_owned() };
            let block = bytes(&format!("{head}{number:08X}820384{content}"));
            let answer = ask(&mut stream, READER, &block).expect("an answer");
            if says_no(&answer) {
                break answer;
            }
            assert!(matches!(answer[..2], [0xC5, 2] | [0xC7, 4]), "{first}: {answer:02X?}");
        };
        assert!(number > 10, "{first}: refused at block {number}: {refused:02X?}");
        name(&mut stream);
    }
    let mut stream = serving.connect(7);
    name(&mut stream);
    let general = |number: u16| bytes(&format!("E001{number:04X}{:04X}820384{content}", number - 1));
    for number in 1..=u16::MAX {
        let answer = ask(&mut stream, READER, &general(number)).expect("an answer");
        if says_no(&answer) {
            // 64 KiB hold 72 blocks of 900 bytes; PDU too long.
            assert_eq!((number, &answer[..]), (73, &[0xD8, 1, 4][..]));
            break;
        }
        assert_eq!(answer[..2], [0xE0, 8], "{answer:02X?}");
    }
    name(&mut stream);
    // Many at once: what each may hold is bounded.
    let mut streams: Vec<TcpStream> = (8..=57).map(|meter| serving.connect(meter)).collect();
    for stream in &mut streams {
        name(stream);
        for number in 1..=60u32 {
            let head = if number == 1 { "C102C100080000010000FF020000" } else { "C103C100" };
            ask(stream, READER, &bytes(&format!("{head}{number:08X}820384{content}"))).expect("an answer");
        }
    }
    unaffected(&serving);
    let grown = serving.peak_bytes() - before;
    assert!(grown < 32 << 20, "{grown} bytes more");
    assert_eq!(serving.end().code, Some(0));
}

#[test]
fn a_slow_sender_is_let_go_and_holds_up_nobody() {
    let here = tempfile::tempdir().expect("a folder");
    let serving = serve(here.path(), &["--set", "serve.frame_time=1s"]);
    let whole = framed(READER, &bytes(ASSOCIATE));
    let mut streams: Vec<TcpStream> = (1..=50).map(|meter| serving.connect(meter)).collect();
    let began = Instant::now();
    for byte in whole.iter().take(20) {
        for stream in &mut streams {
            let _ = stream.write_all(&[*byte]);
        }
        unaffected(&serving);
        std::thread::sleep(Duration::from_millis(100));
    }
    for (meter, stream) in (1..).zip(&mut streams) {
        assert_eq!(next(stream), None, "meter {meter} waits still after {:?}", began.elapsed());
    }
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    let ended = serving.end();
    assert_eq!((ended.code, ended.counters["refused"]["slow"].as_u64()), (Some(0), Some(50)), "{}", ended.said);
}

#[test]
fn a_flood_leaves_other_meters_and_memory_alone() {
    let here = tempfile::tempdir().expect("a folder");
    let serving = serve(here.path(), &[]);
    unaffected(&serving);
    let before = serving.peak_bytes();
    let get = framed(READER, &bytes(NAME)).repeat(1_000);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Requests without end whose answers nobody takes.
            let mut streams: Vec<TcpStream> = (1..=40).map(|meter| serving.connect(meter)).collect();
            for stream in &mut streams {
                name(stream);
                stream.set_nonblocking(true).expect("set");
            }
            while !over.load(Ordering::Relaxed) {
                for stream in &mut streams {
                    let _ = stream.write(&get);
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        scope.spawn(|| {
            // Connections that begin with nonsense.
            while !over.load(Ordering::Relaxed) {
                let mut stream = serving.connect(41);
                let _ = stream.write_all(&[0xA5; 4_000]);
            }
        });
        scope.spawn(|| {
            let udp = UdpSocket::bind("127.0.0.1:0").expect("bound");
            for n in 0u32.. {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let _ = udp.send_to(&get[..20 + (n % 40) as usize], serving.address(42 + (n % 50) as u8));
                if n % 64 == 0 {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        });
        let end = Instant::now() + Duration::from_secs(4);
        while Instant::now() < end {
            unaffected(&serving);
            std::thread::sleep(Duration::from_millis(50));
        }
        over.store(true, Ordering::Relaxed);
    });
    let grown = serving.peak_bytes() - before;
    assert!(grown < 64 << 20, "{grown} bytes more");
    unaffected(&serving);
    assert_eq!(serving.end().code, Some(0));
}
