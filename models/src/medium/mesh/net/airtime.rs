//! What a meter that comes back costs the radio of its border router.

use crate::apdu;
use crate::medium::mesh::mac::times::MacTimes;
use crate::medium::mesh::packet::{Content, Kind, Packet};
use crate::medium::mesh::radio::phy::Phy;
use crate::medium::mesh::wire::lengths::Lengths;
use crate::medium::message::{Body, Message};
use crate::node::Node;
use crate::spec::{BackSign, Lease, ResetTier};
use amitwin_dlms::push::ALARM;
use amitwin_sim_core::SimTime;

/// Radio time that one meter coming back costs its border router: the frames of its address, its route and its heartbeat,
/// as far as the reset needs them, that pass that radio, each with turn-around and acknowledgement, for a meter so many hops
/// away, two at least.
pub fn reconnect_airtime(
    phy: &Phy,
    times: &MacTimes,
    said: &apdu::lengths::Lengths,
    tier: ResetTier,
    back: BackSign,
    lease: Lease,
    hops: u8,
) -> SimTime {
    let (lengths, hops) = (Lengths::new(), hops.max(2));
    let one = |content: Content| {
        let mut packet = Packet::new(content, Node(2), Node(0), Node(1));
        match packet.kind() {
            // From the relay, or forwarded by the parent: the last hop.
            Kind::Solicit | Kind::Dao | Kind::Heartbeat => packet.hops = hops - 1,
            // By source route: the first hop.
            _ => packet.route_len = hops - 1,
        }
        let bytes = lengths.of(&packet) + times.overhead_bytes;
        phy.airtime(bytes) + phy.turnaround + phy.airtime(times.ack_bytes)
    };
    let mut airtime = SimTime::ZERO;
    if tier != ResetTier::Soft {
        airtime += one(Content::Dao { sequence: 0, second: Node(3), is_equal: false, back: None })
            + one(Content::DaoAck { sequence: 0 });
        if lease == Lease::Asked {
            airtime += one(Content::Solicit) + one(Content::Reply);
        }
    }
    if back == BackSign::Heartbeat {
        let message = |body, bytes| Content::Message(Message { bytes, ..Message::new(body, Node(0), SimTime::ZERO) });
        airtime += one(message(Body::Heartbeat { job: 0 }, said.notification(0, ALARM)));
        airtime += one(message(Body::Confirm, said.confirmation));
    }
    airtime
}
