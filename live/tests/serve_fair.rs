//! Clients that ask for more than their share, and what others notice of them.

use amitwin_live::serve::Options;
use amitwin_testkit::served;
use amitwin_testkit::wire::{self, READER};
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// GET of the whole load profile, which a reader may have.
const PROFILE: &[u8] = &[0xC0, 1, 0xC1, 0, 7, 1, 0, 99, 1, 0, 255, 2, 0];

#[test]
fn small_requests_do_not_wait_for_all_the_costly_ones_of_others() {
    let options = Options { workers: 2, ..Options::default() };
    let server = served::open(served::SCENARIO, &[], &options).unwrap_or_else(|e| panic!("{e}"));
    let counters = served::while_served(server, |first| {
        let connect = |meter: u8| {
            let stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, meter], first.port()))).expect("connected");
            stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
            stream
        };
        let mut costly: Vec<TcpStream> = (2..=21).map(connect).collect();
        for stream in &mut costly {
            let answer = wire::ask(stream, READER, &wire::reader_aarq(b"12345678")).expect("an AARE");
            assert_eq!(answer[0], 0x61);
            stream.set_nonblocking(true).expect("set");
            // As many as the socket takes: all of them, or nearly.
            let _ = stream.write(&wire::framed(READER, PROFILE).repeat(500));
        }
        let mut healthy = connect(1);
        for _ in 0..10 {
            wire::name(&mut healthy);
        }
    });
    // Twenty associations, and twenty answers to the healthy client. If each of these waited for a turn of 32 requests of
    // each of the ten connections at its worker, there would be 20 x 320 = 6,400 others.
    let others = counters.replies - 20 - 20;
    assert!(others < 2_000, "{others} costly answers went before 20 small ones");
}
