//! Meters asked over UDP, where no client says good-bye: whose association stays, and whose gives way.

use amitwin_live::serve::{Counters, Options};
use amitwin_testkit::served;
use amitwin_testkit::wire::{self, ASSOCIATE, MANAGEMENT, NAME, PROFILE, PUBLIC, READER};
use dlms_cosem_rs::acse::AuthMechanism;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// GET of the import register's value, which the public client may not read.
const ENERGY: &[u8] = &[0xC0, 1, 0xC1, 0, 3, 1, 0, 1, 8, 0, 255, 2, 0];
/// GET of the objects that a client may use: too long for the smallest APDU.
const OBJECTS: &[u8] = &[0xC0, 1, 0xC1, 0, 15, 0, 0, 40, 0, 0, 255, 2, 0];

/// A client with a port of its own.
struct Client(UdpSocket);

impl Client {
    fn new() -> Client {
        Client::at([127, 0, 0, 1])
    }

    fn at(host: [u8; 4]) -> Client {
        let socket = UdpSocket::bind((IpAddr::from(host), 0)).expect("bound");
        socket.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        Client(socket)
    }

    fn ask(&self, meter: SocketAddr, client: u8, apdu: &[u8]) -> Vec<u8> {
        let mut buffer = [0; 2_000];
        self.0.send_to(&wire::framed(client, apdu), meter).expect("sent");
        let (bytes, from) = self.0.recv_from(&mut buffer).unwrap_or_else(|e| panic!("{meter} says nothing: {e}"));
        assert_eq!(from, meter);
        buffer[8..bytes].to_vec()
    }

    /// Whether an association of the reader is open.
    fn reads(&self, meter: SocketAddr) -> bool {
        self.ask(meter, READER, ENERGY).starts_with(&[0xC4, 1, 0xC1, 0])
    }
}

/// Serves so many meters with so many places for associations.
fn served(meters: u32, places: u32, work: impl FnOnce(&dyn Fn(u32) -> SocketAddr)) -> Counters {
    let settings = [format!("placement.meters={meters}"), format!("serve.connections={places}")];
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let server = served::open(served::SCENARIO, &settings, &Options::default()).unwrap_or_else(|e| panic!("{e}"));
    served::while_served(server, |first| {
        let meter = |n: u32| match first.ip() {
            IpAddr::V4(ip) => SocketAddr::new(Ipv4Addr::from(u32::from(ip) + n - 1).into(), first.port()),
            IpAddr::V6(_) => panic!("an IPv4 street"),
        };
        work(&meter);
    })
}

#[test]
fn more_meters_than_places_are_read_by_a_head_end_that_never_releases() {
    let counters = served(300, 100, |meter| {
        let head_end = Client::new();
        for n in 1..=300 {
            assert_eq!(head_end.ask(meter(n), READER, &wire::reader_aarq(b"12345678"))[0], 0x61);
            assert!(head_end.reads(meter(n)), "meter {n}");
        }
        assert!(head_end.reads(meter(201)), "the newest hundred are open");
        assert!(!head_end.reads(meter(200)));
    });
    assert_eq!((counters.associations_replaced, counters.refused.idle), (200, 0));
}

#[test]
fn public_associations_from_many_ports_end_nobodys() {
    let counters = served(2, 10, |meter| {
        let (reader, early) = (Client::new(), Client::new());
        assert_eq!(reader.ask(meter(1), READER, &wire::reader_aarq(b"12345678"))[0], 0x61);
        assert_eq!(early.ask(meter(2), PUBLIC, ASSOCIATE)[0], 0x61);
        for n in 0..3_000u32 {
            // Hosts of their own: more than there are places of either kind.
            let [_, _, high, low] = n.to_be_bytes();
            assert_eq!(Client::at([127, 9, high, low]).ask(meter(1 + n % 2), PUBLIC, ASSOCIATE)[0], 0x61);
        }
        assert!(reader.reads(meter(1)), "it was not ended");
        let late = Client::new();
        assert_eq!(late.ask(meter(2), READER, &wire::reader_aarq(b"12345678"))[0], 0x61);
        assert!(late.reads(meter(2)), "nobody is locked out");
        // Its place is gone, and it may read all the same.
        assert!(early.ask(meter(2), PUBLIC, NAME).starts_with(&[0xC4, 1, 0xC1, 0]));
    });
    // 3,001 public ones in 1,024 places.
    assert_eq!(counters.associations_replaced, 3_001 - 1_024);
}

#[test]
fn a_public_client_without_an_association_reads_what_is_long_in_blocks() {
    served(1, 10, |meter| {
        let client = Client::new();
        let mut answer = client.ask(meter(1), PUBLIC, OBJECTS);
        let mut blocks = 1;
        loop {
            // GET response with block: last block, number, result, length.
            assert!(answer.starts_with(&[0xC4, 2, 0xC1]) && answer.len() <= 64, "{answer:02X?}");
            assert_eq!(answer[4..9], [0, 0, 0, blocks, 0]);
            if answer[3] == 1 {
                break;
            }
            answer = client.ask(meter(1), PUBLIC, &[0xC0, 2, 0xC1, 0, 0, 0, blocks]);
            blocks += 1;
        }
        assert!(blocks > 1);
        // Nothing is kept for it after that.
        let error = client.ask(meter(1), PUBLIC, &[0xC0, 2, 0xC1, 0, 0, 0, blocks]);
        assert_eq!(error[..3], [0xC4, 2, 0xC1]);
        assert_eq!(error[9], 16, "no long GET in progress");
        // It may read no more than with an association.
        assert_eq!(client.ask(meter(1), PUBLIC, ENERGY)[..4], [0xC4, 1, 0xC1, 1]);
    });
}

#[test]
fn a_new_association_of_a_host_takes_the_place_of_the_old_whatever_its_port() {
    served(1, 10, |meter| {
        let (old, new, stranger) = (Client::new(), Client::new(), Client::new());
        assert_eq!(old.ask(meter(1), READER, &wire::reader_aarq(b"12345678"))[0], 0x61);
        assert!(!new.reads(meter(1)), "another port has no part in it");
        assert!(old.reads(meter(1)));
        stranger.ask(meter(1), READER, &wire::reader_aarq(b"wrong..."));
        assert!(old.reads(meter(1)), "a wrong password ends nobody's");
        assert_eq!(new.ask(meter(1), READER, &wire::reader_aarq(b"12345678"))[0], 0x61);
        assert!(new.reads(meter(1)) && !old.reads(meter(1)));
        let elsewhere = Client::at([127, 0, 0, 99]);
        assert_eq!(elsewhere.ask(meter(1), READER, &wire::reader_aarq(b"12345678"))[0], 0x61);
        assert!(elsewhere.reads(meter(1)) && new.reads(meter(1)), "another host is another client");
    });
}

#[test]
fn associations_whose_proof_is_due_end_nobodys_that_was_given() {
    served(1, 2, |meter| {
        let reader = Client::new();
        assert_eq!(reader.ask(meter(1), READER, &wire::reader_aarq(b"12345678"))[0], 0x61);
        for n in 0..50 {
            let pending = Client::at([127, 9, 0, n]);
            assert_eq!(pending.ask(meter(1), MANAGEMENT, &wire::aarq(AuthMechanism::HighSha256, &[7; 16]))[0], 0x61);
            // The same client of the same host, by high-level security whose proof is due.
            assert_eq!(Client::new().ask(meter(1), READER, &wire::aarq(AuthMechanism::HighSha256, &[7; 16]))[0], 0x61);
        }
        assert!(reader.reads(meter(1)));
    });
}

#[test]
fn answers_that_wait_for_their_time_leave_room_for_other_hosts() {
    let settings = ["serve.delay=3s"];
    let server = served::open(served::SCENARIO, &settings, &Options::default()).unwrap_or_else(|e| panic!("{e}"));
    let counters = served::while_served(server, |meter| {
        let greedy = Client::new();
        for n in 0..12_000 {
            greedy.0.send_to(&wire::framed(PUBLIC, NAME), meter).expect("sent");
            if n % 100 == 99 {
                // So that none is lost on its way in.
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        let answer = Client::at([127, 9, 0, 1]).ask(meter, PUBLIC, NAME);
        assert!(answer.starts_with(&[0xC4, 1, 0xC1, 0]), "{answer:02X?}");
    });
    // Half of 10,000 places at a time: at most twice that within the time that it took.
    assert!(counters.refused.crowded > 1_000, "{counters:?}");
}

#[test]
fn long_answers_that_nobody_takes_to_their_end_leave_room_for_other_hosts() {
    // 3,360 rows of 25 bytes or so each: 1,600 of them fill half of 256 MB.
    let second = |client: &Client, meter| client.ask(meter, READER, &[0xC0, 2, 0xC1, 0, 0, 0, 1])[8..10].to_vec();
    let begins = |client: &Client, meter| {
        assert_eq!(client.ask(meter, READER, &wire::reader_aarq(b"12345678"))[0], 0x61);
        assert_eq!(client.ask(meter, READER, PROFILE)[..2], [0xC4, 2], "a first block");
    };
    let counters = served(3_000, 5_000, |meter| {
        let greedy = Client::new();
        (1..=3_000).for_each(|n| begins(&greedy, meter(n)));
        // The first one goes on; of the last one there is nothing more: data-access-result 16, no long GET in progress.
        assert_eq!(second(&greedy, meter(1))[0], 0);
        assert_eq!(second(&greedy, meter(3_000)), [1, 16]);
        let other = Client::at([127, 9, 0, 1]);
        begins(&other, meter(3_000));
        assert_eq!(second(&other, meter(3_000))[0], 0);
    });
    assert!(counters.refused.crowded > 500, "{counters:?}");
}
