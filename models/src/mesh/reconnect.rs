//! What one meter that comes back costs its border router's radio.

use crate::apdu::lengths::Lengths as Said;
use crate::device::dlms::push::ALARM;
use crate::mac::frame::MacTimes;
use crate::mac::packet::{Kind, Packet};
use crate::radio::phy::Phy;
use crate::spec::{BackSign, Lease, ResetTier};
use crate::wire::lengths::Lengths;
use amitwin_sim_core::SimTime;

/// Radio time that one meter coming back costs its border router: the frames of its address, its route and its heartbeat,
/// as far as the reset needs them, that pass that radio, each with turn-around and acknowledgement, for a meter two hops
/// away.
pub fn reconnect_airtime(
    phy: &Phy,
    times: &MacTimes,
    said: &Said,
    tier: ResetTier,
    back: BackSign,
    lease: Lease,
) -> SimTime {
    let lengths = Lengths::new();
    let one = |kind: Kind, payload: u16| {
        let mut packet = Packet::new(kind, 2, 0, 1, SimTime::ZERO);
        packet.payload = payload;
        match kind {
            // From the relay, or forwarded by the parent: the second hop.
            Kind::Solicit | Kind::Dao | Kind::Heartbeat => packet.hops = 1,
            // By source route: the first hop of two.
            _ => packet.route_len = 1,
        }
        let bytes = lengths.of(&packet) + times.overhead_bytes;
        phy.airtime(bytes) + phy.turnaround + phy.airtime(times.ack_bytes)
    };
    let mut airtime = SimTime::ZERO;
    if tier != ResetTier::Soft {
        airtime += one(Kind::Dao, 0) + one(Kind::DaoAck, 0);
        if lease == Lease::Asked {
            airtime += one(Kind::Solicit, 0) + one(Kind::Reply, 0);
        }
    }
    if back == BackSign::Heartbeat {
        airtime += one(Kind::Heartbeat, said.notification(0, ALARM)) + one(Kind::Confirm, said.confirmation);
    }
    airtime
}
