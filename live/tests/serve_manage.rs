//! A client with high-level security on real sockets: a relay over a restart, a reset and the time it takes.

use amitwin_live::serve::{Counters, Options};
use amitwin_testkit::manager::{Counter, Manager};
use amitwin_testkit::served;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

const SCENARIO: &str = r#"name = "street"
duration = "1h"
[placement]
generator = "grid"
meters = 4
gateways = 1
[device]
boot = ["700ms", "800ms"]
[serve]
port = 0
"#;
/// Disconnect control, 0.0.96.3.10.255 of class 70.
const RELAY: [u8; 8] = [0, 70, 0, 0, 96, 3, 10, 255];
/// Script table, 0.0.10.0.0.255 of class 9.
const SCRIPTS: [u8; 8] = [0, 9, 0, 0, 10, 0, 0, 255];

/// Serves while `work` goes on.
fn while_served(state: &Path, work: impl FnOnce(u16)) -> Counters {
    let options = Options { state: Some(state.to_owned()), workers: 2, ..Options::default() };
    let server = served::open(SCENARIO, &[], &options).unwrap_or_else(|e| panic!("{e}"));
    served::while_served(server, |meter| work(meter.port()))
}

#[test]
fn a_relay_stays_open_over_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("street.state");
    let mut counter = Counter(0);
    let counters = while_served(&state, |port| {
        let mut manager = Manager::new(port, &mut counter);
        assert_eq!(manager.get(&mut counter, RELAY, 2)[3..], [0, 3, 1], "delivered as connected");
        for _ in 0..2 {
            assert_eq!(manager.act(&mut counter, RELAY, 1, &[0x0F, 0])[3], 0, "disconnecting twice succeeds");
        }
        assert_eq!(manager.get(&mut counter, RELAY, 2)[3..], [0, 3, 0]);
    });
    assert_eq!(counters.relay_moves, 1, "and moves the contacts once");
    while_served(&state, |port| {
        let mut manager = Manager::new(port, &mut counter);
        assert_eq!(manager.get(&mut counter, RELAY, 2)[3..], [0, 3, 0]);
    });
}

#[test]
fn a_reset_takes_its_time_and_spares_the_neighbours() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("street.state");
    let mut counter = Counter(0);
    let counters = while_served(&state, |port| {
        let mut manager = Manager::new(port, &mut counter);
        let mut other = Manager::new(port, &mut counter);
        let neighbour = TcpStream::connect(SocketAddr::from(([127, 0, 0, 2], port))).expect("connected");
        let began = Instant::now();
        // The second script restarts warm.
        assert_eq!(manager.act(&mut counter, SCRIPTS, 1, &[0x12, 0, 2])[3], 0);
        assert_eq!(manager.stream.read(&mut [0]).unwrap_or(0), 0, "its connection is gone");
        let mut again = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).expect("connected");
        assert_eq!(again.read(&mut [0]).unwrap_or(0), 0, "it does not answer yet");
        let mut neighbour = Manager { stream: neighbour };
        neighbour.stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        neighbour.stream.write_all(&[0, 1, 0, 0x10, 0, 1, 0, 1, 0xC0]).expect("sent");
        neighbour.stream.read_exact(&mut [0; 9]).expect("the neighbour answers");
        std::thread::sleep(Duration::from_millis(900).saturating_sub(began.elapsed()));
        // What was agreed before the reset is gone with it.
        let request = counter.seal(0xC8, &[&[0xC0, 1, 0xC1], &RELAY[..], &[2, 0]].concat());
        assert_eq!(other.ask(&request)[0], 0xD8);
        let mut manager = Manager::new(port, &mut counter);
        assert_eq!(manager.get(&mut counter, RELAY, 2)[3..], [0, 3, 1]);
    });
    assert_eq!((counters.resets, counters.relay_moves, counters.refused.away), (1, 0, 1));
}
