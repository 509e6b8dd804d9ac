//! Answers that are spoilt on purpose: what leaves is wrong in the way that was asked for, and told.

use amitwin_dlms::link::hdlc::{self, Found};
use amitwin_live::serve::{Counters, Options};
use amitwin_testkit::manager::{Counter, Manager};
use amitwin_testkit::served;
use amitwin_testkit::wire::ASSOCIATE;
use dlms_cosem_rs::codec::Encode;
use dlms_cosem_rs::transport::hdlc::{Address, Control, Frame};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Serves with all answers spoilt by one fault while `work` goes on; what was counted and said.
fn while_spoilt(fault: &str, work: impl FnOnce(SocketAddr)) -> (Counters, String) {
    let text = format!(
        "name = \"street\"\nduration = \"1h\"\n[placement]\ngenerator = \"grid\"\nmeters = 4\ngateways = 1\n\
         [serve]\nport = 0\nfaults = {{ {fault} = \"100 %\" }}\n"
    );
    let server = served::open(&text, &[], &Options { workers: 1, ..Options::default() });
    served::while_logged(server.unwrap_or_else(|e| panic!("{e}")), work)
}

/// Everything that comes within a moment.
fn received(stream: &mut TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(Duration::from_millis(300))).expect("set");
    let (mut all, mut part) = (Vec::new(), [0; 512]);
    while let Ok(read @ 1..) = stream.read(&mut part) {
        all.extend_from_slice(&part[..read]);
    }
    all
}

/// Opens an HDLC link and associates over it; the bytes of the answer.
fn over_hdlc(meter: SocketAddr) -> Vec<u8> {
    let mut stream = TcpStream::connect(meter).expect("connected");
    stream.write_all(&[0x7E, 0xA0, 0x07, 0x03, 0x21, 0x93, 0x0F, 0x01, 0x7E]).expect("sent");
    let opened = received(&mut stream);
    assert!(matches!(hdlc::find(&opened), Found::Frame(..)), "the link itself is not spoilt: {opened:02X?}");
    let information = &[&[0xE6, 0xE6, 0], ASSOCIATE].concat();
    let (destination, source) = (Address::Single(1), Address::Single(0x10));
    let control = Control::I { ns: 0, nr: 0, pf: true };
    let mut request = Vec::new();
    Frame { segmented: false, destination, source, control, information }.encode(&mut request).expect("fits");
    stream.write_all(&request).expect("sent");
    received(&mut stream)
}

#[test]
fn a_short_length_is_one_byte_short_over_tcp_and_udp() {
    let request = [&[0, 1, 0, 0x10, 0, 1, 0, ASSOCIATE.len() as u8], ASSOCIATE].concat();
    let (counters, said) = while_spoilt("short_length", |meter| {
        let mut stream = TcpStream::connect(meter).expect("connected");
        stream.write_all(&request).expect("sent");
        let udp = UdpSocket::bind("127.0.0.1:0").expect("bound");
        udp.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        udp.send_to(&request, meter).expect("sent");
        let mut datagram = [0; 512];
        let bytes = udp.recv(&mut datagram).expect("an answer");
        for answer in [&received(&mut stream)[..], &datagram[..bytes]] {
            assert_eq!(usize::from(answer[7]) + 1, answer.len() - 8, "{answer:02X?}");
            assert_eq!(answer[8], 0x61, "an AARE");
        }
    });
    assert_eq!((counters.replies, counters.spoilt), (2, 2));
    assert_eq!(said.matches("spoilt: meter 1: a length that is short").count(), 2, "{said}");
}

#[test]
fn a_client_refuses_a_flipped_tag() {
    let mut counter = Counter(0);
    let (counters, _) = while_spoilt("flipped_tag", |meter| {
        let refused = catch_unwind(AssertUnwindSafe(|| Manager::new(meter.port(), &mut counter)));
        assert!(refused.is_err(), "the proof of the meter comes with a wrong tag");
    });
    assert_eq!((counters.replies, counters.spoilt), (2, 1), "an AARE has no tag of its own");
}

#[test]
fn hdlc_frames_lose_their_sum_or_their_flag() {
    let (counters, said) = while_spoilt("wrong_fcs", |meter| {
        let answer = over_hdlc(meter);
        assert!(matches!(hdlc::find(&answer), Found::Noise(_, true)), "{answer:02X?}");
    });
    assert_eq!((counters.spoilt, said.matches("a wrong frame check sequence").count()), (1, 1), "{said}");
    let (counters, said) = while_spoilt("missing_flag", |meter| {
        let answer = over_hdlc(meter);
        assert_eq!(answer[0], 0x7E);
        let whole = [&answer[..], &[0x7E]].concat();
        assert!(matches!(hdlc::find(&answer), Found::Wait) && matches!(hdlc::find(&whole), Found::Frame(..)));
    });
    assert_eq!((counters.spoilt, said.matches("a missing flag").count()), (1, 1), "{said}");
}
