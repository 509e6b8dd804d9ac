//! How long everything is on the air: measured once from the encoders, then looked up, so that a run encodes nothing
//! unless it is captured.
//!
//! ```
//! use amitwin_models::medium::mesh::packet::{Content, Packet};
//! use amitwin_models::medium::mesh::wire::lengths::Lengths;
//! use amitwin_models::medium::message::{Body, Message};
//! use amitwin_models::node::Node;
//! use amitwin_sim_core::SimTime;
//! let message = Message { bytes: 100, ..Message::new(Body::Push { number: 1 }, Node(0), SimTime::ZERO) };
//! let mut report = Packet::new(Content::Message(message), Node(9), Node(0), Node(4));
//! assert_eq!(Lengths::new().of(&report), 184);
//! report.hops = 1; // A hop limit that is not 64 costs a byte.
//! assert_eq!(Lengths::new().of(&report), 185);
//! ```

use super::datagram::Hop;
use super::eapol;
use super::icmpv6::Dodag;
use super::sixlowpan::Extent;
use crate::medium::mesh::packet::{Content, Kind, Packet};
use crate::node::{Node, SiteId};

/// Datagrams of different layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Register,
    Refuse,
    Refresh,
    Probe,
    AskOne,
    AskAll,
    TellOne,
    TellAll,
    Solicit,
    Relay,
    RelayReply,
    Reply,
    Dao,
    DaoAck,
    RouteError,
    Up,
    Down,
    Flood,
    Eapol,
    EapolUp,
    EapolDown,
}

const FORMS: [Form; 21] = [
    Form::Register,
    Form::Refuse,
    Form::Refresh,
    Form::Probe,
    Form::AskOne,
    Form::AskAll,
    Form::TellOne,
    Form::TellAll,
    Form::Solicit,
    Form::Relay,
    Form::RelayReply,
    Form::Reply,
    Form::Dao,
    Form::DaoAck,
    Form::RouteError,
    Form::Up,
    Form::Down,
    Form::Flood,
    Form::Eapol,
    Form::EapolUp,
    Form::EapolDown,
];
/// Bytes of a source route for each place after the first two.
const PLACE: u16 = 8;
/// Bytes of a second parent in a route announcement: an option with its address.
const TRANSIT: u16 = 22;
/// Every link of IPv6 takes datagrams of so many bytes.
const MTU_LEAST: u16 = 1_280;
/// Headers of IPv6 and ICMPv6 before what comes back.
const ERROR_HEADERS: u16 = 40 + 8;

/// Lengths of datagrams.
#[derive(Clone, Debug)]
pub struct Lengths {
    /// Without payload, by form: on one hop, and by a source route of two.
    table: [(Extent, Extent); FORMS.len()],
}

impl Default for Lengths {
    fn default() -> Self {
        Self::new()
    }
}

impl Lengths {
    /// Measures the encoders.
    pub fn new() -> Self {
        Lengths { table: FORMS.map(|form| (measure(form, &[]), measure(form, &[SiteId(2)]))) }
    }

    /// Lengths of a datagram on its next hop.
    pub fn extent(&self, packet: &Packet) -> Extent {
        if let Content::Probe { bytes, .. } = packet.content {
            return Extent { headers: 0, plain_headers: 0, body: bytes };
        }
        let form = form(packet);
        let stops = match form {
            // The last place is the node's, to which its parent passes the reply on.
            Form::RelayReply | Form::EapolDown => u16::from(packet.route_len) + u16::from(packet.hops),
            Form::DaoAck | Form::Down => u16::from(packet.route_len) + u16::from(packet.hops) + 1,
            _ => 1,
        };
        let (one, two) = &self.table[form as usize];
        let mut extent = if stops > 1 { *two } else { *one };
        let more = PLACE * stops.saturating_sub(2);
        extent.headers += more + u16::from(forwarded(form, packet.hops));
        extent.plain_headers += more;
        extent.body += match form {
            Form::Dao => match packet.content {
                Content::Dao { second, .. } if second.is_some() => TRANSIT,
                _ => 0,
            },
            Form::Up | Form::Down | Form::Flood | Form::RouteError | Form::Eapol | Form::EapolUp | Form::EapolDown => {
                packet.content.payload()
            }
            _ => 0,
        };
        extent
    }

    /// Bytes of a datagram that came by source route as an answer that it leads no further has them: not compressed, and no more than the answer
    /// has room for in the least datagram that every link takes (RFC 4443, 3.1).
    pub fn sent_back(&self, packet: &Packet) -> u16 {
        let extent = self.extent(packet);
        (extent.plain_headers + extent.body).min(MTU_LEAST - ERROR_HEADERS)
    }

    /// Bytes above the link layer on a datagram's next hop, if it is not cut.
    pub fn of(&self, packet: &Packet) -> u16 {
        self.extent(packet).whole()
    }
}

/// Whether the outer header has been forwarded: its hop limit is no longer one of those that are left out.
fn forwarded(form: Form, hops: u8) -> bool {
    match form {
        Form::Up | Form::Dao | Form::RouteError | Form::Down | Form::DaoAck | Form::RelayReply | Form::EapolDown => {
            hops > 0
        }
        Form::Relay | Form::EapolUp => hops > 1,
        _ => false,
    }
}

fn form(packet: &Packet) -> Form {
    let all = packet.hop_to == Node::EVERYONE;
    match packet.kind() {
        Kind::Ns => Form::Register,
        Kind::Na if all => Form::Refresh,
        Kind::Na => Form::Refuse,
        Kind::Nud => Form::Probe,
        Kind::Dis if all => Form::AskAll,
        Kind::Dis => Form::AskOne,
        Kind::Dio if all => Form::TellAll,
        Kind::Dio => Form::TellOne,
        Kind::Solicit if packet.hops == 0 => Form::Solicit,
        Kind::Solicit => Form::Relay,
        Kind::Reply if packet.route_len > 0 => Form::RelayReply,
        Kind::Reply => Form::Reply,
        Kind::Dao => Form::Dao,
        Kind::DaoAck => Form::DaoAck,
        Kind::RouteError => Form::RouteError,
        Kind::Eapol if packet.is_bare_eapol() => Form::Eapol,
        Kind::Eapol if packet.route_len > 0 => Form::EapolDown,
        Kind::Eapol => Form::EapolUp,
        Kind::Heartbeat | Kind::Push | Kind::Alarm | Kind::CommandAck | Kind::Answer | Kind::Probe => Form::Up,
        Kind::Confirm | Kind::Command | Kind::Request => Form::Down,
        Kind::Flood => Form::Flood,
    }
}

/// No number in it changes a length.
const ANY: Dodag =
    Dodag { interval_exponent: 18, interval_doublings: 3, k: 10, rank_step: 128, rank_increase_max: 0, lifetime_h: 2 };

/// Encodes one of a form without payload; which radios and numbers it names does not change its length.
fn measure(form: Form, ahead: &[SiteId]) -> Extent {
    let (kind, to, hops) = match form {
        Form::Register => (Kind::Ns, Some(1), 0),
        Form::Refuse => (Kind::Na, Some(1), 0),
        Form::Refresh => (Kind::Na, None, 0),
        Form::Probe => (Kind::Nud, Some(1), 0),
        Form::AskOne => (Kind::Dis, Some(1), 0),
        Form::AskAll => (Kind::Dis, None, 0),
        Form::TellOne => (Kind::Dio, Some(1), 0),
        Form::TellAll => (Kind::Dio, None, 0),
        Form::Solicit => (Kind::Solicit, Some(1), 0),
        Form::Relay => (Kind::Solicit, Some(1), 1),
        Form::RelayReply | Form::Reply => (Kind::Reply, Some(1), 0),
        Form::Dao => (Kind::Dao, Some(1), 0),
        Form::DaoAck => (Kind::DaoAck, Some(1), 0),
        Form::RouteError => (Kind::RouteError, Some(1), 0),
        Form::Up => (Kind::Push, Some(1), 0),
        Form::Down => (Kind::Command, Some(1), 0),
        Form::Flood => (Kind::Flood, None, 0),
        Form::Eapol | Form::EapolDown => (Kind::Eapol, Some(1), 0),
        Form::EapolUp => (Kind::Eapol, Some(1), 1),
    };
    let relayed = [ahead, &[SiteId(3)]].concat();
    let ahead = if matches!(form, Form::RelayReply | Form::EapolDown) { &relayed } else { ahead };
    let ahead = if form == Form::Reply { &[] } else { ahead };
    let hop = Hop {
        kind,
        origin: SiteId(4),
        router: SiteId(0),
        from: SiteId(5),
        to: to.map(SiteId),
        via: SiteId(1),
        second: None,
        hops,
        visited: &[],
        ahead,
        rank: 128,
        number: 0,
        told_rank: 0,
        class: 0,
        dodag: ANY,
        payload: &[],
    };
    match form {
        // Behind the number of its protocol.
        Form::Eapol => Extent { headers: 0, plain_headers: 0, body: 1 },
        Form::EapolUp | Form::EapolDown => {
            let extent = hop.compressed().extent();
            Extent { body: extent.body + eapol::RELAY_BYTES as u16, ..extent }
        }
        _ => hop.compressed().extent(),
    }
}
