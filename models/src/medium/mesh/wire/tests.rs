//! Encoded frames, field by field; lengths charged against lengths encoded; smoltcp as the independent decoder.

mod properties;

use super::address::{self, HEAD_END};
use super::datagram::{DLMS_PORT, Hop, NETWORK_CONTROL};
use super::eapol::Exchange;
use super::elements::Schedule;
use super::frame::{Network, Sender, Sweep};
use super::icmpv6::Dodag;
use super::lengths::Lengths;
use super::security::{GroupKey, MIC, check_sequence};
use super::sixlowpan::{self, Compressed};
use crate::backhaul::Alarm;
use crate::medium::mesh::packet::{Content, Depth, Kind, Packet, ROUTE_MAX};
use crate::medium::message::{Body, Message};
use crate::node::{Node, SiteId};
use crate::spec::{Channels, MeshSpec, PhyMode, Region};
use amitwin_sim_core::SimTime;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    Icmpv6Packet, Icmpv6Repr, Ieee802154Frame, Ipv6Option, Ipv6OptionRepr, Ipv6RoutingHeader, Ipv6RoutingRepr, RplRepr,
    SixlowpanExtHeaderId, SixlowpanExtHeaderPacket, SixlowpanFragPacket, SixlowpanIphcPacket, SixlowpanIphcRepr,
    SixlowpanNhcPacket, SixlowpanUdpNhcPacket, SixlowpanUdpNhcRepr,
};

/// As wsbrd has it.
const DODAG: Dodag =
    Dodag { interval_exponent: 19, interval_doublings: 1, k: 0, rank_step: 128, rank_increase_max: 0, lifetime_h: 2 };
const KINDS: [Kind; 17] = [
    Kind::Ns,
    Kind::Na,
    Kind::Nud,
    Kind::Solicit,
    Kind::Reply,
    Kind::Dao,
    Kind::DaoAck,
    Kind::RouteError,
    Kind::Dis,
    Kind::Dio,
    Kind::Heartbeat,
    Kind::Confirm,
    Kind::Push,
    Kind::Alarm,
    Kind::Command,
    Kind::CommandAck,
    Kind::Flood,
];

fn network() -> Network {
    Network {
        key: GroupKey::new(1),
        schedule: Schedule::new(true, &Channels::default(), Region::NorthAmerica, PhyMode::M1b),
        dodag: DODAG,
        exchange: Exchange::of(&MeshSpec::default()),
    }
}

fn sender() -> Sender {
    Sender {
        node: SiteId(9),
        router: SiteId(0),
        at: SimTime::from_millis(2_040),
        phase_ms: 0,
        counter: 7,
        sequence: 0x21,
    }
}

fn hop(kind: Kind, payload: &[u8]) -> Hop<'_> {
    Hop {
        kind,
        origin: SiteId(9),
        router: SiteId(0),
        from: SiteId(9),
        to: Some(SiteId(5)),
        via: SiteId(5),
        second: None,
        hops: 0,
        visited: &[],
        ahead: &[],
        rank: 3 * 128,
        number: 0,
        told_rank: 0,
        class: 0,
        dodag: DODAG,
        payload,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Joins fields written apart.
fn fields(parts: &[&str]) -> String {
    parts.concat().replace(' ', "")
}

#[test]
fn a_data_frame_field_by_field() {
    let network = network();
    let mut frame = network.data(&sender(), Some(SiteId(5)), &[0xaa, 0xbb]);
    let header = fields(&[
        "69ee",                // data, secured, acknowledge, no PAN id, elements, version 2015, long addresses
        "21",                  // sequence number
        "05000000 696d6102",   // to 02-61-6D-69-00-00-00-05, least significant byte first
        "09000000 696d6102",   // from ...-09
        "0e 07000000 01",      // level 6, key by index; frame counter 7; key 1
        "0515 01 04 000800",   // Wi-SUN: unicast timing, data; 8 slots of 65,536 done
        "0615 02 0200 000000", // Wi-SUN: broadcast timing, slot 2, at its start
        "003f",                // header ends, payload elements follow
    ]);
    let header_len = header.len() / 2;
    assert_eq!(hex(&frame[..header_len]), header);
    assert!(!hex(&frame[header_len..]).contains("aabb"), "the payload is encrypted");
    assert!(network.key.open(&mut frame, header_len, address::eui64(SiteId(9)), 7), "the integrity code fits");
    let payload = fields(&[
        "08a0",                  // Wi-SUN, 8 bytes
        "0688 ff 14 0a 10 0101", // unicast schedule: 255 ms, 20 ppm, 0.1 ms, direct hash, North America, 200 kHz
        "0598 08 eda0",          // multiplexed: full frame 1, 6LoWPAN
        "aabb",
    ]);
    assert_eq!(hex(&frame[header_len..]), payload);
}

/// The unicast schedule of 129 channels of which some are left out, in the solicit that carries it, and what that is longer by.
fn schedule_without(excluded: &str) -> (String, usize) {
    let excluded = Channels::parse(excluded).expect("channels");
    let schedule = Schedule::new(true, &excluded, Region::NorthAmerica, PhyMode::M1b);
    let solicit = Network { schedule, ..network() }.sweep(&sender(), Sweep::AdvertSolicit);
    // 21 bytes of header and 2 of the payload element come before, 9 of the network's name behind.
    (hex(&solicit[23..solicit.len() - 9]), solicit.len() - 40)
}

#[test]
fn a_schedule_says_which_channels_are_left_out() {
    // As in the frames above: no channels are excluded.
    assert_eq!(schedule_without(""), (fields(&["0688 ff 14 0a 10 0101"]), 0));
    // Two ranges, first and last of each: 1 + 2 x 4 bytes; the excluded channel control is 1.
    let ranges = fields(&["0f88 ff 14 0a 50 0101", "02 0000 0900 1400 1400"]);
    assert_eq!(schedule_without("0-9,20"), (ranges, 9));
    // Four runs are a mask of 129 bits in 17 bytes: 0, 2, 4 and 6 are 0x55, 128 is the lowest bit of the last byte.
    let mask = fields(&["1788 ff 14 0a 90 0101", "55", &"00".repeat(15), "01"]);
    assert_eq!(schedule_without("0,2,4,6,128"), (mask, 17));
}

#[test]
fn an_acknowledgement_field_by_field() {
    let frame = network().acknowledgement(&Sender { node: SiteId(5), ..sender() }, SiteId(9), -84.0);
    let header = fields(&[
        "4aee 21",           // acknowledgement, secured, no PAN id, elements, version 2015, long addresses
        "09000000 696d6102", // to
        "05000000 696d6102", // from
        "0e 07000000 01",    // security
        "0515 01 05 000800", // unicast timing, acknowledgement
        "0215 04 5a",        // received level: -174 + 90 dBm
    ]);
    assert_eq!(hex(&frame[..header.len() / 2]), header);
    assert_eq!(frame.len(), header.len() / 2 + MIC);
}

#[test]
fn sweeps_field_by_field() {
    let network = network();
    let advert = network.sweep(&sender(), Sweep::Advert(300, 384));
    let expected = fields(&[
        "01e3",                   // data, no sequence number, elements, version 2015, long source
        "0000 09000000 696d6102", // PAN id and source
        "0515 01 00 000800 003f", // unicast timing, advertisement
        "18a0",                   // Wi-SUN, 24 bytes
        "0688 ff 14 0a 10 0101",  // unicast schedule
        "0504 2c01 8001 23",      // PAN: 300 nodes, cost 384, RPL, version 1
        "0705 616d6974 77696e",   // network name
    ]);
    assert_eq!(hex(&advert), expected);
    let mut config = network.sweep(&sender(), Sweep::Config);
    let header = 12 + 6 + 7 + 8 + 2;
    assert!(network.key.open(&mut config, header, address::eui64(SiteId(9)), 7), "configurations are secured");
    let hash = hex(&network.key.hash());
    let expected = fields(&[
        "3ca0 0688 ff 14 0a 10 0101",          // unicast schedule
        "0c90 fc030000 0000 ff 14 0a 10 0101", // broadcast schedule: 1,020 ms, 255 ms
        "0206 0100",                           // PAN version 1
        "2007",
        &hash,
        &"00".repeat(24), // one of four keys in use
    ]);
    assert_eq!(hex(&config[header..]), expected);
    let [asked, solicit] = [Sweep::AdvertSolicit, Sweep::ConfigSolicit].map(|sweep| network.sweep(&sender(), sweep));
    assert_eq!((advert.len(), header + config.len() - header + MIC, solicit.len()), (47, 105, 40));
    let expected = fields(&[
        "01e3",                   // as above
        "ffff 09000000 696d6102", // no PAN id
        "0515 01 01 000800 003f", // unicast timing, advertisement solicit
        "11a0",                   // Wi-SUN, 17 bytes
        "0688 ff 14 0a 10 0101",  // unicast schedule
        "0705 616d6974 77696e",   // network name
    ]);
    assert_eq!(hex(&asked), expected);
}

#[test]
fn a_report_field_by_field() {
    let bytes = hop(Kind::Push, &[0x0f]).compressed().bytes;
    let meter = "20010db8 00000000 00616d69 00000009";
    let router = "20010db8 00000000 00616d69 00000000";
    let expected = fields(&[
        "7e00",
        meter,
        router,                  // next header compressed, hop limit 64, addresses in full
        "e1 06 6304 00 00 0003", // hop-by-hop: RPL option, upwards, rank 3
        "ee 7e00",
        meter,
        "20010db8 ffffffff 00000000 00000001", // IPv6 in IPv6, to the head-end
        "f0 0fdb 0fdb",                        // UDP, 4059 to 4059
    ]);
    assert_eq!(hex(&bytes[..expected.len() / 2]), expected);
    assert_eq!(bytes.len(), expected.len() / 2 + 2 + 1, "checksum and payload follow");
}

#[test]
fn the_check_sequence_is_the_known_one() {
    assert_eq!(check_sequence(b"123456789"), 0xcbf4_3926u32.to_le_bytes());
    assert_eq!(check_sequence(&[1]), check_sequence(&[1, 0, 0, 0]), "short frames are padded");
}

#[test]
fn a_changed_frame_and_a_wrong_key_are_noticed() {
    let network = network();
    let frame = network.data(&sender(), Some(SiteId(5)), &[1, 2, 3]);
    let header = 2 + 1 + 16 + 6 + 7 + 8 + 2;
    for at in 0..frame.len() {
        let mut changed = frame.clone();
        changed[at] ^= 1;
        assert!(!network.key.open(&mut changed, header, address::eui64(SiteId(9)), 7), "byte {at}");
    }
    assert!(!GroupKey::new(2).open(&mut frame.clone(), header, address::eui64(SiteId(9)), 7));
    assert!(!network.key.open(&mut frame.clone(), header, address::eui64(SiteId(9)), 8), "another counter");
}

#[test]
fn smoltcp_reads_the_frame_header() {
    let bytes = network().data(&sender(), Some(SiteId(5)), &[1, 2, 3]);
    let frame = Ieee802154Frame::new_checked(&bytes[..]).expect("a frame");
    assert_eq!(frame.sequence_number(), Some(0x21));
    assert_eq!(frame.dst_addr(), Some(address::link(SiteId(5))));
    assert_eq!(frame.src_addr(), Some(address::link(SiteId(9))));
    assert!(frame.security_enabled() && frame.ack_request());
    assert_eq!((frame.security_level(), frame.frame_counter(), frame.key_index()), (6, Some(7), Some(1)));
}

/// The headers of a compressed datagram as smoltcp reads them: addresses of the innermost IPv6 header, and the rest.
fn open<'a>(bytes: &'a [u8], hop: &Hop<'_>) -> (SixlowpanIphcRepr, Vec<SixlowpanExtHeaderId>, &'a [u8]) {
    let to = hop.to.map(address::link);
    let outer = SixlowpanIphcPacket::new_checked(bytes).expect("IPHC");
    let mut repr = SixlowpanIphcRepr::parse(&outer, Some(address::link(hop.from)), to, &[]).expect("IPHC fields");
    let (mut rest, mut seen) = (outer.payload(), Vec::new());
    let mut compressed = repr.next_header == smoltcp::wire::SixlowpanNextHeader::Compressed;
    while compressed && let Ok(SixlowpanNhcPacket::ExtHeader) = SixlowpanNhcPacket::dispatch(rest) {
        if rest[0] == 0xee {
            seen.push(SixlowpanExtHeaderId::Header);
            let inner = SixlowpanIphcPacket::new_checked(&rest[1..]).expect("inner IPHC");
            repr = SixlowpanIphcRepr::parse(&inner, None, None, &[]).expect("inner IPHC fields");
            compressed = repr.next_header == smoltcp::wire::SixlowpanNextHeader::Compressed;
            rest = inner.payload();
            continue;
        }
        let header = SixlowpanExtHeaderPacket::new_checked(rest).expect("extension header");
        seen.push(header.extension_header_id());
        compressed = header.next_header() == smoltcp::wire::SixlowpanNextHeader::Compressed;
        rest = &rest[if compressed { 2 } else { 3 } + usize::from(header.length())..];
    }
    (repr, seen, rest)
}

#[test]
fn smoltcp_reads_what_is_routed() {
    use SixlowpanExtHeaderId::{Header, HopByHopHeader, RoutingHeader};
    let payload = [1, 2, 3, 4, 5];
    let up = Hop { hops: 3, ..hop(Kind::Push, &payload) };
    let down = Hop { hops: 1, visited: &[SiteId(4)], ahead: &[SiteId(6), SiteId(7)], ..hop(Kind::Command, &payload) };
    let near = hop(Kind::Confirm, &payload);
    for (hop, from, to, headers) in [
        (&up, address::global(SiteId(0), SiteId(9)), HEAD_END, [HopByHopHeader, Header]),
        (&down, HEAD_END, address::global(SiteId(0), SiteId(7)), [RoutingHeader, Header]),
        (&near, HEAD_END, address::global(SiteId(0), SiteId(5)), [HopByHopHeader, Header]),
    ] {
        let bytes = hop.compressed().bytes;
        let (ip, seen, rest) = open(&bytes, hop);
        assert_eq!((ip.src_addr, ip.dst_addr, &seen[..]), (from, to, &headers[..]), "{:?}", hop.kind);
        let packet = SixlowpanUdpNhcPacket::new_checked(rest).expect("UDP");
        let udp = SixlowpanUdpNhcRepr::parse(&packet, &from, &to, &ChecksumCapabilities::default());
        let udp = udp.expect("the checksum fits");
        assert_eq!((udp.src_port, udp.dst_port, packet.payload()), (DLMS_PORT, DLMS_PORT, &payload[..]));
    }
    let bytes = down.compressed().bytes;
    let iphc = SixlowpanIphcPacket::new_checked(&bytes[..]).expect("IPHC");
    let header = SixlowpanExtHeaderPacket::new_checked(iphc.payload()).expect("routing header");
    let route = Ipv6RoutingHeader::new_checked(header.payload()).expect("source route");
    let Ok(Ipv6RoutingRepr::Rpl { segments_left, cmpr_i: 8, cmpr_e: 8, pad: 0, addresses }) =
        Ipv6RoutingRepr::parse(&route)
    else {
        panic!("a source route without padding, 8 bytes of each address left out")
    };
    let places: Vec<u8> = addresses[..24].chunks(8).map(|a| a[7]).collect();
    assert_eq!((segments_left, places), (2, vec![4, 6, 7]), "visited first, then what lies ahead");
    let bytes = up.compressed().bytes;
    let iphc = SixlowpanIphcPacket::new_checked(&bytes[..]).expect("IPHC");
    let header = SixlowpanExtHeaderPacket::new_checked(iphc.payload()).expect("hop-by-hop header");
    let option = Ipv6Option::new_checked(&header.payload()[..6]).expect("option");
    let Ok(Ipv6OptionRepr::Rpl(rpl)) = Ipv6OptionRepr::parse(&option) else { panic!("an RPL option") };
    assert_eq!((rpl.down, rpl.sender_rank), (false, 3));
}

#[test]
fn smoltcp_reads_rpl_messages() {
    let dio = Hop { to: None, told_rank: 512, ..hop(Kind::Dio, &[]) };
    let dao = hop(Kind::Dao, &[]);
    for hop in [&dio, &dao] {
        let bytes = hop.compressed().bytes;
        let (ip, _, rest) = open(&bytes, hop);
        let packet = Icmpv6Packet::new_checked(rest).expect("ICMPv6");
        let checked = ChecksumCapabilities::default();
        let message = Icmpv6Repr::parse(&ip.src_addr, &ip.dst_addr, &packet, &checked).expect("the checksum fits");
        match message {
            Icmpv6Repr::Rpl(RplRepr::DodagInformationObject { rank, dodag_id, options, .. }) => {
                assert_eq!((rank, dodag_id, options.len()), (512, address::global(SiteId(0), SiteId(0)), 16 + 32));
            }
            Icmpv6Repr::Rpl(RplRepr::DestinationAdvertisementObject { expect_ack, options, .. }) => {
                assert_eq!((expect_ack, options.len()), (true, 20 + 22));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// What a packet of that kind carries.
fn content(kind: Kind, second: bool, bytes: u16) -> Content {
    let message = |body| Content::Message(Message { bytes, ..Message::new(body, Node(5), SimTime::ZERO) });
    match kind {
        Kind::Probe => Content::Probe { bytes, asked: SimTime::ZERO },
        Kind::Ns => Content::Ns { leaves: second },
        Kind::Na => Content::Na { is_full: true },
        Kind::Nud => Content::Nud,
        Kind::Solicit => Content::Solicit,
        Kind::Reply => Content::Reply,
        Kind::Dao => Content::Dao { sequence: u8::from(second), second: Node::NONE, is_equal: false, back: None },
        Kind::DaoAck => Content::DaoAck { sequence: u8::from(second) },
        Kind::RouteError => Content::RouteError { of: Node(9), bytes },
        Kind::Eapol => Content::Eapol { step: 0, bytes, of: Node(9), depth: Depth::Full },
        Kind::Dis => Content::Dis,
        Kind::Dio => Content::Dio { rank: 0, hops: 0, version: u8::from(second) },
        Kind::Heartbeat => message(Body::Heartbeat { job: 0 }),
        Kind::Push => message(Body::Push { number: 1 }),
        Kind::Alarm => message(Body::Alarm { alarm: Alarm::LastGasp, outage: 1, sent: SimTime::ZERO }),
        Kind::CommandAck => message(Body::CommandAck { job: 0 }),
        Kind::Answer => message(Body::Answer { read: 0 }),
        Kind::Confirm => message(Body::Confirm),
        Kind::Command => message(Body::Command { job: 0 }),
        Kind::Request => message(Body::Request { read: 0 }),
        Kind::Flood => message(Body::Flood { job: u16::from(second) }),
    }
}

/// A packet of the simulation and the hop that it is, as the mesh would have them after `hops` hops.
fn both<'a>(
    kind: Kind,
    hops: u8,
    stops: &'a [SiteId],
    all: bool,
    second: bool,
    payload: &'a [u8],
) -> Option<(Packet, Hop<'a>)> {
    let routed = matches!(kind, Kind::Reply | Kind::DaoAck | Kind::Command | Kind::Confirm);
    let alone = matches!(kind, Kind::Ns | Kind::Na | Kind::Nud | Kind::Dis | Kind::Dio | Kind::Flood);
    let everyone = kind == Kind::Flood || (all && matches!(kind, Kind::Dis | Kind::Dio | Kind::Na));
    let here = usize::from(hops);
    if (alone && hops > 0) || (routed && here >= stops.len()) {
        return None;
    }
    let to = if everyone { Node::EVERYONE } else { Node(5) };
    let mut packet = Packet::new(content(kind, second, payload.len() as u16), Node(9), Node(5), to);
    packet.hops = hops;
    let mut hop = Hop { hops, number: u8::from(second), ..hop(kind, payload) };
    hop.to = (!everyone).then_some(SiteId(5));
    if routed {
        packet.route_len = (stops.len() - 1 - here) as u8;
        (hop.visited, hop.to, hop.ahead) = (&stops[..here], Some(stops[here]), &stops[here + 1..]);
    }
    Some((packet, hop))
}

#[test]
fn smoltcp_reads_what_is_relayed_for_a_node_without_keys() {
    let step = network().exchange.frames(Depth::Full)[0];
    let payload = step.relayed(SiteId(9), 0);
    // From relay 5, over two more hops; and back over 4 to relay 6, which passes it on to 9.
    let up = Hop { hops: 3, from: SiteId(4), to: Some(SiteId(3)), ..hop(Kind::Eapol, &payload) };
    let down = Hop {
        origin: SiteId(0),
        from: SiteId(0),
        to: Some(SiteId(4)),
        ahead: &[SiteId(6), SiteId(9)],
        ..hop(Kind::Eapol, &payload)
    };
    let at = |site| address::global(SiteId(0), SiteId(site));
    for (hop, from, to, ports) in [(&up, at(5), at(0), (10_253, 10_254)), (&down, at(0), at(6), (10_254, 10_253))] {
        let bytes = hop.compressed().bytes;
        let (_, _, rest) = open(&bytes, hop);
        let packet = SixlowpanUdpNhcPacket::new_checked(rest).expect("UDP");
        let udp = SixlowpanUdpNhcRepr::parse(&packet, &from, &to, &ChecksumCapabilities::default());
        let udp = udp.expect("the checksum fits");
        assert_eq!((udp.src_port, udp.dst_port, packet.payload()), (ports.0, ports.1, &payload[..]));
        assert_eq!(payload[..8], address::eui64(SiteId(9)));
    }
}

#[test]
fn an_eapol_frame_is_in_the_clear() {
    let step = network().exchange.frames(Depth::Full)[0].direct(SiteId(9), 0);
    let frame = network().eapol(&sender(), SiteId(5), &step);
    let header = fields(&[
        "61ee 21",             // data, acknowledge, no PAN id, elements, version 2015, long addresses
        "05000000 696d6102",   // to
        "09000000 696d6102",   // from
        "0515 01 06 000800",   // unicast timing, EAPOL
        "0615 02 0200 000000", // broadcast timing
        "003f",
        "08a0",                  // Wi-SUN, 8 bytes
        "0688 ff 14 0a 10 0101", // unicast schedule
        "7598 08 0100",          // multiplexed, 117 bytes: full frame 1, key management
        "01 0303 006d 020800",   // 802.1X; EAPOL key frame of 109 bytes, a request
    ]);
    assert!(hex(&frame).starts_with(&header), "{}", hex(&frame));
}

#[test]
fn every_kind_is_as_long_as_charged_at_every_hop() {
    let lengths = Lengths::new();
    let stops: Vec<SiteId> = (10..10 + ROUTE_MAX as u32).map(SiteId).collect();
    let payload = [0; 77];
    let mut seen = 0;
    for kind in KINDS {
        for hops in 0..=32 {
            for places in 1..=ROUTE_MAX {
                for (all, second) in [(false, false), (true, true)] {
                    let Some((packet, hop)) = both(kind, hops, &stops[..places], all, second, &payload) else {
                        continue;
                    };
                    let (charged, marked) = (lengths.extent(&packet), Hop { class: NETWORK_CONTROL, ..hop.clone() });
                    let (plain, marked) = (hop.compressed().extent(), marked.compressed().headers as u16);
                    assert_eq!((plain, marked), (charged, charged.headers + 1), "{kind:?}, {hops} hops of {places}");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 5_000, "{seen} combinations");
}

fn reassembled(datagram: &Compressed, room: u16) -> (Vec<u8>, Vec<usize>) {
    let (mut whole, mut lengths) = (Vec::new(), Vec::new());
    let size = datagram.bytes.len() - datagram.headers + datagram.plain_headers;
    while let Some(bytes) = sixlowpan::fragment(datagram, 0x1234, room, lengths.len() as u16) {
        lengths.push(bytes.len());
        let fragment = SixlowpanFragPacket::new_checked(&bytes[..]).expect("a fragment");
        assert_eq!((usize::from(fragment.datagram_size()), fragment.datagram_tag()), (size, 0x1234));
        assert_eq!(fragment.is_first_fragment(), lengths.len() == 1);
        let plain = whole.len() + if whole.is_empty() { 0 } else { datagram.plain_headers - datagram.headers };
        assert_eq!(usize::from(fragment.datagram_offset()) * 8, plain);
        whole.extend_from_slice(fragment.payload());
    }
    (whole, lengths)
}
