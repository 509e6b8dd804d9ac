//! Time over a restart, with a host's clock that has stepped back meanwhile.

use super::*;
use crate::serve::state::Record;
use amitwin_dlms::KeyMaster;
use amitwin_scenarios::load_text;
use amitwin_testkit::served::SCENARIO;
use amitwin_testkit::wire::{self, ASSOCIATE, PUBLIC};
use dlms_cosem_rs::axdr::DateTime;
use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::AtomicBool;

/// Reading the clock: 0.0.1.0.0.255, class 8, attribute 2.
const CLOCK: &[u8] = &[0xC0, 0x01, 0xC1, 0x00, 0x08, 0x00, 0x00, 0x01, 0x00, 0x00, 0xFF, 0x02, 0x00];

fn open(state: &Path) -> Server {
    let scenario = load_text(SCENARIO, "street.toml", Path::new("."), &[], None).unwrap_or_else(|e| panic!("{e}"));
    let options = Options { state: Some(state.to_owned()), workers: 2, ..Options::default() };
    Server::open(scenario.variants[0].clone(), &options).unwrap_or_else(|e| panic!("{e}"))
}

/// What the first meter's clock shows, s since 1970, UTC.
fn shown_s(server: Server) -> i64 {
    let (address, stop) = (server.address(1), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let serving = scope.spawn(|| server.run(&|| stop.load(Ordering::Relaxed), None).map(|_| ()));
        let mut stream = TcpStream::connect(address).expect("connected");
        let mut ask = |apdu| {
            stream.write_all(&wire::framed(PUBLIC, apdu)).expect("sent");
            wire::next(&mut stream).expect("an answer")
        };
        ask(ASSOCIATE);
        let answer = ask(CLOCK);
        stop.store(true, Ordering::Relaxed);
        serving.join().expect("no panic").unwrap_or_else(|e| panic!("{e}"));
        DateTime::from_bytes(answer[6..18].try_into().expect("12 bytes")).to_unix_seconds().expect("a whole time")
    })
}

#[test]
fn time_goes_on_where_it_was_though_the_hosts_clock_has_stepped_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("street.state");
    // What is shown is noted, without anything else to keep.
    let first_s = shown_s(open(&path));
    let noted = || open_state(&path, KeyMaster::Test.fingerprint()).expect("read").served_s();
    assert!(noted() >= Some(first_s), "{:?} and {first_s}", noted());
    assert!((host_ms() / 1_000 - first_s).abs() < 60, "the host's time");
    // Meters were read an hour from now: the host's clock has stepped back by that.
    let ahead_s = host_ms() / 1_000 + 3_600;
    let mut file = open_state(&path, KeyMaster::Test.fingerprint()).expect("read");
    file.append(&[Record::of_time(ahead_s)], true).expect("written");
    drop(file);
    let server = open(&path);
    let warned = server.warnings.iter().any(|warning| warning.contains("set the host's clock if it is wrong"));
    assert!(warned, "{:?}", server.warnings);
    let second_s = shown_s(server);
    assert!((ahead_s..ahead_s + 60).contains(&second_s), "{second_s} and {ahead_s}");
    assert!(noted() >= Some(second_s));
}
