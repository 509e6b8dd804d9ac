//! Clients that ask or hold more than their share, and what others notice of them.

use amitwin_live::serve::Options;
use amitwin_testkit::served;
use amitwin_testkit::wire::{self, PROFILE, READER};
use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

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

/// A connection from one of the addresses of the loopback network: each is a host of its own.
fn connect_from(host: u8, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from(([127, 9, 9, host], 0)).into()).expect("bound");
    socket.connect(&to.into()).expect("connected");
    socket.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
    socket.into()
}

fn is_closed(stream: &mut TcpStream) -> bool {
    matches!(stream.read(&mut [0; 1]), Ok(0) | Err(_))
}

#[test]
fn one_host_does_not_keep_others_out_by_holding_all_connections() {
    let options = Options { workers: 2, ..Options::default() };
    let settings = ["serve.connections=8", "serve.connections_per_meter=4"];
    let server = served::open(served::SCENARIO, &settings, &options).unwrap_or_else(|e| panic!("{e}"));
    let counters = served::while_served(server, |first| {
        let meter = |n: u8| SocketAddr::from(([127, 0, 0, n], first.port()));
        let mut held: Vec<TcpStream> = (0..8).map(|n| connect_from(1, meter(2 + n / 4))).collect();
        held.iter_mut().for_each(|stream| drop(wire::name(stream)));
        assert!(is_closed(&mut connect_from(1, meter(5))), "it has all there are");
        // Another host: four to any meter, and two of these to one whose connections are all taken.
        let mut others: Vec<TcpStream> = [2, 2, 6, 7].map(|n| connect_from(2, meter(n))).into();
        others.iter_mut().for_each(|stream| drop(wire::name(stream)));
        assert!(is_closed(&mut connect_from(2, meter(8))), "four each");
        let closed = held.iter_mut().map(|stream| {
            stream.set_read_timeout(Some(Duration::from_millis(200))).expect("set");
            matches!(stream.read(&mut [0; 1]), Ok(0))
        });
        let closed: Vec<bool> = closed.collect();
        // Two of the four to the meter that was full; of the rest those that were idle for longest.
        assert_eq!(closed.iter().filter(|closed| **closed).count(), 4, "{closed:?}");
        assert!(closed[..4].iter().filter(|closed| **closed).count() >= 2, "{closed:?}");
        others.iter_mut().for_each(|stream| drop(wire::name(stream)));
    });
    assert_eq!((counters.refused.gave_way, counters.refused.connections), (4, 2));
}
