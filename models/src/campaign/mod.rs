#![doc = include_str!("README.md")]

use crate::apdu;
use crate::mac::frame::MacTimes;
use crate::mac::packet::{Kind, Packet};
use crate::purpose;
use crate::radio::phy::Phy;
use crate::spec::{BackSign, CampaignSpec, Delivery, Lease, ResetSchedule, ResetTier};
use crate::wire::lengths::Lengths;
use amitwin_dlms::push::ALARM;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;

/// A flooded command goes out this long before the first reset, so that the flood is over when resets begin.
pub const NOTICE: SimTime = SimTime::from_secs(300);

/// All campaigns of a run, with the planned time of every meter.
#[derive(Debug, Default)]
pub struct Plan {
    /// Campaigns in the order of the scenario.
    pub campaigns: Vec<Campaign>,
}

/// One campaign, worked out.
#[derive(Debug)]
pub struct Campaign {
    /// Name.
    pub name: std::sync::Arc<str>,
    /// Start of its schedule.
    pub at: SimTime,
    /// When the head-end sends the first command.
    pub send_at: SimTime,
    /// Depth.
    pub tier: ResetTier,
    /// How the command travels.
    pub delivery: Delivery,
    /// What tells the head-end that a meter is back.
    pub back: BackSign,
    /// Global ids of the meters, ascending.
    pub targets: Vec<u32>,
    /// Planned reset of each.
    pub times: Vec<SimTime>,
    /// Length of the schedule: from its start to the last planned reset at the most.
    pub window: SimTime,
    /// How long a meter may take.
    pub give_up_after: Option<SimTime>,
}

impl Plan {
    /// When a campaign wants a meter to reset; `None` if the meter is not part of it.
    pub fn reset_time(&self, campaign: u16, node: u32) -> Option<SimTime> {
        let campaign = self.campaigns.get(campaign as usize)?;
        campaign.targets.binary_search(&node).ok().map(|at| campaign.times[at])
    }
}

impl Campaign {
    /// Works a campaign out for `targets`. `per_router` is the largest number of meters behind one border router.
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        spec: &CampaignSpec,
        index: u16,
        targets: Vec<u32>,
        per_router: usize,
        seed: u64,
        phy: &Phy,
        times: &MacTimes,
        said: &apdu::lengths::Lengths,
        lease: Lease,
    ) -> Self {
        let uniform =
            |(low, high): (SimTime, SimTime), place: f64| low + SimTime::from_secs_f64((high - low).secs_f64() * place);
        let own = |node: u32| Stream::new(seed, (u64::from(index) << 32) | u64::from(node), purpose::CAMPAIGN).unit();
        // The radio stays up in a soft reset: no route is announced.
        let back = if spec.tier == ResetTier::Soft { BackSign::Heartbeat } else { spec.back };
        let (offsets, window): (Vec<SimTime>, SimTime) = match &spec.schedule {
            ResetSchedule::Window(low, high) => {
                (targets.iter().map(|&n| uniform((*low, *high), own(n))).collect(), *high)
            }
            ResetSchedule::Auto { busy_share } => {
                let window =
                    auto_window(per_router, *busy_share, router_airtime(phy, times, said, spec.tier, back, lease));
                (targets.iter().map(|&n| uniform((SimTime::ZERO, window), own(n))).collect(), window)
            }
            ResetSchedule::Clusters { size, gap } => {
                let mut gaps = Stream::new(seed, u64::from(index), purpose::CLUSTER_GAP);
                let (mut at, mut offsets) = (SimTime::ZERO, Vec::with_capacity(targets.len()));
                for (n, _) in targets.iter().enumerate() {
                    if n > 0 && n % (*size).max(1) as usize == 0 {
                        at += uniform(*gap, gaps.unit());
                    }
                    offsets.push(at);
                }
                (offsets, at)
            }
        };
        let notice = if spec.delivery == Delivery::Broadcast { NOTICE } else { SimTime::ZERO };
        Campaign {
            name: spec.name.as_str().into(),
            at: spec.at,
            send_at: spec.at.saturating_sub(notice),
            tier: spec.tier,
            delivery: spec.delivery,
            back,
            times: offsets.into_iter().map(|o| spec.at + o).collect(),
            targets,
            window,
            give_up_after: spec.give_up_after,
        }
    }
}

/// Radio time that one meter coming back costs its border router: the frames of its address, its route and its heartbeat,
/// as far as the reset needs them, that pass that radio, each with turn-around and acknowledgement, for a meter two hops
/// away.
pub fn router_airtime(
    phy: &Phy,
    times: &MacTimes,
    said: &apdu::lengths::Lengths,
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

/// Window in which `meters` reconnects, each of which takes `airtime` of the border router's radio, occupy it for
/// `busy_share` of the time.
pub fn auto_window(meters: usize, busy_share: f64, airtime: SimTime) -> SimTime {
    SimTime::from_secs_f64(meters as f64 * airtime.secs_f64() / busy_share)
}
