//! HDLC between a station and a client made of frames: handshake, windows, repetition, noise, bounds.

use super::hdlc::{Ends, Event, FRAME_BYTES_MAX, Found, HdlcError, Station, find};
use dlms_cosem_rs::codec::Encode;
use dlms_cosem_rs::transport::hdlc::{Address, Control, Frame, decode_frame};
use proptest::prelude::*;

const SERVER: Address = Address::Single(1);
const ENDS: Ends = Ends { server: SERVER, client: 0x10 };

fn frame(control: Control, segmented: bool, information: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let frame = Frame { segmented, destination: SERVER, source: Address::Single(0x10), control, information };
    frame.encode(&mut out).expect("fits");
    out
}

/// What the station answers to one frame.
fn take(station: &mut Station, bytes: &[u8]) -> (Event, Vec<u8>) {
    let mut out = Vec::new();
    let Found::Frame(frame, used) = find(bytes) else { panic!("no frame in {bytes:02X?}") };
    assert_eq!(used, bytes.len() - 1);
    (station.take(&frame, &mut out), out)
}

/// The frames in what a station sent: control, segment bit, information.
fn sent(mut bytes: &[u8]) -> Vec<(Control, bool, Vec<u8>)> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (frame, used) = decode_frame(bytes).expect("a frame");
        assert_eq!((frame.source, frame.destination), (SERVER, Address::Single(0x10)));
        all.push((frame.control, frame.segmented, frame.information.to_vec()));
        bytes = &bytes[used..];
    }
    all
}

fn open(station: &mut Station, parameters: &[u8]) {
    let (event, out) = take(station, &frame(Control::Snrm, false, parameters));
    assert_eq!(event, Event::Opened(ENDS));
    assert_eq!(sent(&out)[0].0, Control::Ua);
}

fn request(apdu: &[u8]) -> Vec<u8> {
    [&[0xE6, 0xE6, 0x00], apdu].concat()
}

#[test]
fn the_published_opening_frame_is_answered_with_defaults() {
    let snrm = [0x7E, 0xA0, 0x07, 0x03, 0x21, 0x93, 0x0F, 0x01, 0x7E];
    let mut station = Station::new(1_024, 4, 2_030);
    let (event, out) = take(&mut station, &snrm);
    assert_eq!(event, Event::Opened(ENDS));
    let ua = sent(&out);
    let group = [0x81, 0x80, 18, 5, 1, 128, 6, 1, 128, 7, 4, 0, 0, 0, 1, 8, 4, 0, 0, 0, 1];
    assert_eq!(ua, [(Control::Ua, false, group.to_vec())]);
}

#[test]
fn the_smaller_of_both_is_agreed() {
    let mut station = Station::new(1_024, 4, 512);
    let asked = [0x81, 0x80, 0x14, 5, 2, 4, 0, 6, 2, 1, 0, 7, 4, 0, 0, 0, 3, 8, 4, 0, 0, 0, 7];
    let (_, out) = take(&mut station, &frame(Control::Snrm, false, &asked));
    // The client sends up to 1024 in windows of 3, takes up to 256 in windows of 7.
    let group = [0x81, 0x80, 20, 5, 2, 1, 0, 6, 2, 2, 0, 7, 4, 0, 0, 0, 7, 8, 4, 0, 0, 0, 3];
    assert_eq!(sent(&out)[0].2, group);
}

#[test]
fn a_long_answer_goes_in_windows_and_is_repeated_when_lost() {
    let mut station = Station::new(1_024, 4, 2_030);
    let asked = [0x81, 0x80, 12, 7, 4, 0, 0, 0, 1, 8, 4, 0, 0, 0, 3];
    open(&mut station, &asked);
    let (event, out) = take(&mut station, &frame(Control::I { ns: 0, nr: 0, pf: true }, false, &request(&[0xC0, 1])));
    assert_eq!((event, out.len()), (Event::Request(ENDS), 0));
    assert_eq!(station.request(ENDS), [0xC0, 1]);
    let apdu: Vec<u8> = (0..600).map(|n| n as u8).collect();
    let mut out = Vec::new();
    station.reply(ENDS, &apdu, &mut out);
    let first = sent(&out);
    assert_eq!(first.len(), 3, "a window of three");
    assert_eq!(first[2].0, Control::I { ns: 2, nr: 1, pf: true });
    // The second frame was lost: the client has one.
    let (_, out) = take(&mut station, &frame(Control::Rr { nr: 1, pf: true }, false, &[]));
    let again = sent(&out);
    assert_eq!(again[0], (Control::I { ns: 1, nr: 1, pf: false }, true, first[1].2.clone()));
    let (_, out) = take(&mut station, &frame(Control::Rr { nr: 4, pf: true }, false, &[]));
    let last = sent(&out);
    assert_eq!(last.len(), 1);
    assert!(!last[0].1, "the last segment says so");
    let all: Vec<u8> =
        [first[0].2.clone(), again.iter().flat_map(|f| f.2.clone()).collect(), last[0].2.clone()].concat();
    assert_eq!(all, [&[0xE6, 0xE7, 0x00], apdu.as_slice()].concat());
    let (_, out) = take(&mut station, &frame(Control::Rr { nr: 5, pf: true }, false, &[]));
    assert_eq!(sent(&out), [(Control::Rr { nr: 1, pf: true }, false, vec![])]);
}

#[test]
fn a_request_in_segments_is_put_together_and_a_repeated_frame_is_taken_once() {
    let mut station = Station::new(1_024, 4, 2_030);
    open(&mut station, &[]);
    let unit = request(&[7; 200]);
    let one = frame(Control::I { ns: 0, nr: 0, pf: true }, true, &unit[..100]);
    for _ in 0..2 {
        let (event, out) = take(&mut station, &one);
        assert_eq!(event, Event::Idle);
        assert_eq!(sent(&out)[0].0, Control::Rr { nr: 1, pf: true });
    }
    let (event, _) = take(&mut station, &frame(Control::I { ns: 1, nr: 0, pf: true }, false, &unit[100..]));
    assert_eq!(event, Event::Request(ENDS));
    assert_eq!(station.request(ENDS), [7; 200]);
    let mut out = Vec::new();
    station.reply(ENDS, &[1, 2], &mut out);
    // The answer was lost, and the client repeats its last frame: it gets the answer, not a second execution.
    let (event, again) = take(&mut station, &frame(Control::I { ns: 1, nr: 0, pf: true }, false, &unit[100..]));
    assert_eq!((event, again), (Event::Idle, out));
}

/// A general block of which more follow is no question, and yet the client waits for its turn.
#[test]
fn a_request_that_is_not_answered_yet_gets_a_ready() {
    let mut station = Station::new(1_024, 4, 2_030);
    open(&mut station, &[]);
    let block = request(&[0xE0, 0x43, 0, 1, 0, 0, 0]);
    for (ns, pf) in [(0, true), (1, false)] {
        let (event, mut out) = take(&mut station, &frame(Control::I { ns, nr: 0, pf }, false, &block));
        assert_eq!((event, station.request(ENDS).len()), (Event::Request(ENDS), 7));
        station.wait(ENDS, &mut out);
        let ready: &[_] = if pf { &[(Control::Rr { nr: ns + 1, pf: true }, false, vec![])] } else { &[] };
        assert_eq!((&sent(&out)[..], station.held_bytes()), (ready, 0));
    }
}

#[test]
fn what_does_not_belong_is_refused() {
    let mut station = Station::new(100, 1, 128);
    let (event, out) = take(&mut station, &frame(Control::I { ns: 0, nr: 0, pf: true }, false, &request(&[1])));
    assert_eq!((event, sent(&out)[0].0), (Event::Refused(HdlcError::Disconnected), Control::Dm));
    let (_, out) = take(&mut station, &frame(Control::Disc, false, &[]));
    assert_eq!(sent(&out)[0].0, Control::Dm);
    open(&mut station, &[]);
    let (event, out) = take(&mut station, &frame(Control::I { ns: 0, nr: 5, pf: true }, false, &request(&[1])));
    assert_eq!(event, Event::Refused(HdlcError::Sequence));
    assert_eq!(sent(&out)[0], (Control::Frmr, false, vec![0xB0, 0x00, 0x08]));
    // Rejected until it begins anew.
    let (event, _) = take(&mut station, &frame(Control::Rr { nr: 0, pf: true }, false, &[]));
    assert!(matches!(event, Event::Refused(_)));
    open(&mut station, &[]);
    let (event, _) = take(&mut station, &frame(Control::I { ns: 0, nr: 0, pf: true }, false, &[1, 2, 3]));
    assert_eq!(event, Event::Refused(HdlcError::Llc));
    let (event, out) = take(&mut station, &frame(Control::Disc, false, &[]));
    assert_eq!((event, sent(&out)[0].0), (Event::Closed(ENDS), Control::Ua));
}

#[test]
fn endless_segments_and_links_are_bounded() {
    let mut station = Station::new(300, 1, 128);
    open(&mut station, &[]);
    let mut refused = false;
    for n in 0..100u8 {
        let (event, _) = take(&mut station, &frame(Control::I { ns: n % 8, nr: 0, pf: true }, true, &[0xE6; 128]));
        refused |= event == Event::Refused(HdlcError::Oversize);
        assert!(station.held_bytes() <= 1_024, "{}", station.held_bytes());
    }
    assert!(refused);
    let mut other = Vec::new();
    let snrm = Frame {
        segmented: false,
        destination: Address::Single(2),
        source: Address::Single(0x10),
        control: Control::Snrm,
        information: &[],
    };
    assert_eq!(station.take(&snrm, &mut other), Event::Refused(HdlcError::Links));
}

#[test]
fn neighbouring_frames_may_share_a_flag() {
    let one = frame(Control::Snrm, false, &[]);
    let stream = [&one[..], &one[1..]].concat();
    let Found::Frame(_, used) = find(&stream) else { panic!() };
    let Found::Frame(_, second) = find(&stream[used..]) else { panic!("the second frame was lost") };
    assert_eq!(used + second + 1, stream.len());
}

/// Everything that is found in a stream fed in pieces, and the most that was held.
fn feed(stream: &[u8], cuts: &[usize]) -> (usize, usize) {
    let (mut held, mut frames, mut most, mut at, mut n) = (Vec::new(), 0, 0, 0, 0);
    while at < stream.len() {
        let end = stream.len().min(at + cuts[n % cuts.len()]);
        held.extend_from_slice(&stream[at..end]);
        (at, n) = (end, n + 1);
        loop {
            let used = match find(&held) {
                Found::Frame(_, used) => {
                    frames += 1;
                    used
                }
                Found::Noise(used, _) => used,
                Found::Wait => break,
            };
            assert!(used > 0);
            held.drain(..used);
        }
        most = most.max(held.len());
    }
    (frames, most)
}

proptest! {
    #[test]
    fn frames_are_found_however_the_stream_is_cut(
        noise in proptest::collection::vec(proptest::collection::vec(0u8..0x7E, 0..20), 1..6),
        cuts in proptest::collection::vec(1usize..50, 1..20),
    ) {
        let one = frame(Control::I { ns: 0, nr: 0, pf: true }, false, &[0x7E, 0xA0, 0x09, 1, 2, 3]);
        let stream: Vec<u8> = noise.iter().flat_map(|n| n.iter().chain(&one).copied()).collect();
        let (frames, most) = feed(&stream, &cuts);
        prop_assert_eq!(frames, noise.len());
        prop_assert!(most < FRAME_BYTES_MAX);
    }

    #[test]
    fn garbage_is_bounded(
        stream in proptest::collection::vec(prop_oneof![Just(0x7Eu8), Just(0xA7), any::<u8>()], 0..8_000),
        cuts in proptest::collection::vec(1usize..3_000, 1..20),
    ) {
        let (_, most) = feed(&stream, &cuts);
        prop_assert!(most < FRAME_BYTES_MAX);
    }

    #[test]
    fn a_station_takes_any_frame(
        frames in proptest::collection::vec((any::<u8>(), any::<bool>(), proptest::collection::vec(any::<u8>(), 0..200)), 0..60),
    ) {
        let mut station = Station::new(300, 2, 128);
        let mut out = Vec::new();
        for (control, segmented, information) in frames {
            let frame = Frame {
                segmented,
                destination: Address::Single(control >> 6),
                source: Address::Single(0x10),
                control: Control::from_u8(control),
                information: &information,
            };
            out.clear();
            if let Event::Request(ends) = station.take(&frame, &mut out) {
                station.reply(ends, &[0x55; 300], &mut out);
            }
            prop_assert!(station.held_bytes() <= 2 * 4 * 512);
            prop_assert!(out.len() <= 7 * FRAME_BYTES_MAX);
        }
    }
}
