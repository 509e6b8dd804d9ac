//! What the open Wi-SUN stacks do, as a table.
//!
//! **N** is nanostack of mbed-os v15.1, `sal-stack-nanostack/source`; **W** is Silicon Labs' wisun-br-linux v2.10.2: `app_wsrd`
//! is the router, `app_wsbrd` the border router. Each figure names the file that it was read in.

use super::etx::Counting;
use crate::medium::mesh::radio::error::ErrorModel;
use crate::medium::mesh::radio::phy::Phy;
use crate::medium::mesh::wire::frame::{Network, Sender, Sweep};
use crate::medium::mesh::wire::icmpv6::Dodag;
use crate::node::SiteId;
use crate::spec::{BorderStack, RouterStack, SizeProfile, WorldSpec};
use amitwin_sim_core::SimTime;

/// Constants of a trickle timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// Smallest interval.
    pub imin_ms: u32,
    /// Largest interval.
    pub imax_ms: u32,
    /// Suppression: silent after this many consistent messages; 0 never suppresses.
    pub k: u8,
}

impl Params {
    const fn seconds(imin_s: u32, imax_s: u32) -> Self {
        Params { imin_ms: imin_s * 1_000, imax_ms: imax_s * 1_000, k: 1 }
    }

    const fn doublings(exponent: u32, doublings: u32, k: u8) -> Self {
        Params { imin_ms: 1 << exponent, imax_ms: 1 << (exponent + doublings), k }
    }

    /// Smallest interval, s.
    pub fn imin_s(&self) -> f64 {
        f64::from(self.imin_ms) * 1e-3
    }
}

/// Flooding of a command (MPL).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flooding {
    /// Smallest interval.
    pub imin: SimTime,
    /// Largest interval.
    pub imax: SimTime,
    /// A repetition is suppressed after this many others.
    pub k: u8,
    /// Intervals after which a node stops repeating.
    pub rounds: u8,
}

/// Intervals of a flood in any stack.
pub const FLOOD_ROUNDS_MAX: u8 = 3;

/// A message that is repeated until it is answered: waits that double.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repeats {
    /// From what calls for it to the first message: the smallest and largest of a uniform draw, s.
    pub delay_s: (f64, f64),
    /// First wait, s.
    pub first_s: f64,
    /// Longest, s.
    pub longest_s: f64,
    /// Each wait is multiplied by a random factor between these.
    pub spread: (f64, f64),
    /// Messages before it is given up; 0: never.
    pub tries: u8,
    /// The wait after the last of them is as short as the first one.
    pub ends_short: bool,
}

impl Repeats {
    /// The wait after message number `tries`, from 1, before it is spread, s.
    pub fn wait_s(&self, tries: u8) -> f64 {
        if self.ends_short && tries == self.tries {
            return self.first_s;
        }
        (self.first_s * f64::from(1u32 << tries.saturating_sub(1).min(16))).min(self.longest_s)
    }

    /// Whether that many messages were all.
    pub fn is_over(&self, tries: u8) -> bool {
        self.tries > 0 && tries >= self.tries
    }
}

/// Which signals are good enough for a parent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signal {
    /// Weakest signal that the radio is made for, dBm.
    pub sensitivity_dbm: f32,
    /// Where the stack takes the weakest signal that it has heard for that: what it assumes before, dBm.
    pub assumed_dbm: f32,
    /// It does so.
    pub follows_weakest: bool,
    /// A neighbour becomes a candidate from so much above on, dB.
    pub accept_db: f32,
    /// A candidate is one no longer below so much, dB.
    pub keep_db: f32,
    /// What the neighbour hears of this node counts as well.
    pub both_ways: bool,
    /// A setting that takes the place of sensitivity and `accept_db`, dBm.
    pub threshold_dbm: Option<f32>,
}

/// Timers and procedures of the nodes of a PAN. Pairs are the smallest and largest of a uniform draw, in seconds.
#[derive(Clone, Debug)]
pub struct Procedures {
    /// Stack of the routers, for the branches in which their order of steps differs.
    pub stack: RouterStack,
    /// Stack of the border routers.
    pub border: BorderStack,
    /// Advertisements, configurations and their solicits, of routers.
    pub discovery: Params,
    /// Advertisements and configurations of border routers.
    pub border_discovery: Params,
    /// RPL information; the border router's choice, which its routers learn from it.
    pub dio: Params,
    /// Flooding by routers.
    pub flood: Flooding,
    /// Flooding by border routers.
    pub border_flood: Flooding,
    /// A node that hears others look for a PAN chooses sooner.
    pub chooses_with_others: bool,
    /// Configuration solicits before it looks for a PAN anew.
    pub config_solicits_max: u8,
    /// DIS of a node that joins, from its configuration on.
    pub dis: Repeats,
    /// DIS of a node that has lost its last parent, from then on.
    pub lost_dis: Repeats,
    /// From the first DIO (nanostack) or from a DIS at most (wsrd) to the choice of a parent.
    pub choice_s: (f64, f64),
    /// DHCPv6 solicits, from the parent on.
    pub address: Repeats,
    /// Neighbour solicitations that register the address, from the address on.
    pub register: Repeats,
    /// Route announcements, from the registration on.
    pub announce: Repeats,
    /// A registration is renewed after this.
    pub registration_s: f64,
    /// A route is announced anew after this.
    pub route_s: (f64, f64),
    /// A node that has not become part of the PAN for so long looks for it anew.
    pub pan_timeout_s: f64,
    /// A parent that failed is not taken again for so long, min; 0: until it says its rank again.
    pub denied_min: u16,
    /// What was counted of a parent that failed is forgotten.
    pub forgets_failed: bool,
    /// Solicitations that ask a silent parent whether it is there.
    pub verify: Repeats,
    /// Which signals are good enough.
    pub signal: Signal,
    /// How expected transmissions are counted.
    pub counting: Counting,
    /// Candidates of which nothing has been counted for so long are probed, s; [`u16::MAX`]: never.
    pub refresh_s: u16,
    /// Parents are compared at most so often, min.
    pub reconsider_min: u16,
    /// Rank of a border router, and the least step from a parent to its child.
    pub rank_step: u16,
    /// How far a rank may rise above its lowest; 0: within its step.
    pub rank_increase_max: u16,
    /// Children that a meter or repeater takes.
    pub children_max: Option<u16>,
    /// Children that a border router takes.
    pub border_children_max: Option<u16>,
}

/// N `ws_config.h`; W `wsbrd.c`: rank of a border router and least step to a child, and how far a rank may rise.
const fn rank_limits(border: BorderStack) -> (u16, u16) {
    match border {
        BorderStack::Nanostack => (196, 2_048),
        BorderStack::Wsbrd => (128, 0),
    }
}

/// What the DODAGs of a world say of themselves.
pub fn dodag(spec: &WorldSpec) -> Dodag {
    let border = spec.mesh.border_stack();
    let dio = match border {
        BorderStack::Nanostack => dio(spec.profile()),
        BorderStack::Wsbrd => wsbrd_dio(spec.profile()),
    };
    let (rank_step, rank_increase_max) = rank_limits(border);
    Dodag {
        interval_exponent: dio.imin_ms.trailing_zeros() as u8,
        interval_doublings: (dio.imax_ms / dio.imin_ms).trailing_zeros() as u8,
        k: dio.k,
        rank_step,
        rank_increase_max,
    }
}

/// N `ws_common.c`, `ws_config.h`: of its neighbour table a node keeps places for candidate parents and passing neighbours, the rest is
/// for children.
pub fn children_of_table(places: u16) -> u16 {
    let passing = match places {
        0..=32 => 7,
        33..=64 => 12,
        _ => 22,
    };
    places.saturating_sub(3 + passing)
}

impl Procedures {
    /// Time from a neighbour with a route to one's own, the least and the most where nothing is lost, s.
    pub fn join_s(&self) -> (f64, f64) {
        let configured = (0.5 * self.discovery.imin_s(), self.discovery.imin_s());
        let steps = [configured, self.dis.delay_s, self.choice_s, self.address.delay_s, self.announce.delay_s];
        steps.into_iter().fold((0.0, 0.0), |sum, step| (sum.0 + step.0, sum.1 + step.1))
    }
}

/// Places of nanostack's neighbour table unless configured: the largest that it knows.
const NEIGHBOUR_TABLE: u16 = 255;
/// Sensitivity of a radio: the level at which noise alone destroys a tenth of the frames of 250 bytes.
const SENSITIVITY_LOSS: f64 = 0.1;
const SENSITIVITY_BYTES: u16 = 250;

impl Procedures {
    /// Those of a world.
    pub fn new(spec: &WorldSpec, network: &Network, channels: u16, model: &ErrorModel) -> Self {
        let (stack, border) = (spec.mesh.stack, spec.mesh.border_stack());
        let (profile, routers) = (spec.profile(), spec.router_profile());
        let (border_discovery, dio) = match border {
            BorderStack::Nanostack => (discovery(profile), dio(profile)),
            BorderStack::Wsbrd => (wsbrd_discovery(profile, spec.nodes_per_gateway()), wsbrd_dio(profile)),
        };
        let border_flood = match border {
            BorderStack::Nanostack => flooding(profile),
            BorderStack::Wsbrd => wsbrd_flooding(profile),
        };
        let of_router = match stack {
            RouterStack::Nanostack => nanostack(routers, border_discovery, dio, border_flood),
            RouterStack::Wsrd => wsrd(routers, sweep_s(spec, network, channels), border_discovery, dio, border_flood),
        };
        let (rank_step, rank_increase_max) = rank_limits(border);
        let places = spec.mesh.neighbour_table.map_or(NEIGHBOUR_TABLE, u16::from);
        let limited = Some(children_of_table(places));
        let signal = Signal {
            sensitivity_dbm: match stack {
                RouterStack::Nanostack => f32::NEG_INFINITY,
                RouterStack::Wsrd => model.sensitivity_dbm(SENSITIVITY_LOSS, SENSITIVITY_BYTES) as f32,
            },
            threshold_dbm: spec.mesh.parent_threshold_dbm.map(|dbm| dbm as f32),
            ..of_router.signal
        };
        Procedures {
            border,
            rank_step,
            rank_increase_max,
            children_max: limited.filter(|_| stack == RouterStack::Nanostack),
            border_children_max: limited.filter(|_| border == BorderStack::Nanostack),
            signal,
            ..of_router
        }
    }
}

/// N `ws_cfg_settings.c`, W `wsbrd.c`: advertisements and configurations by size profile.
const fn discovery(profile: SizeProfile) -> Params {
    match profile {
        SizeProfile::Auto | SizeProfile::Small => Params::seconds(15, 60),
        SizeProfile::Medium => Params::seconds(60, 960),
        SizeProfile::Large => Params::seconds(120, 1_536),
        SizeProfile::XLarge => Params::seconds(240, 1_920),
    }
}

/// W `ws_mngt.c`: unless configured, wsbrd adapts its intervals in steps of 200 nodes.
fn wsbrd_discovery(profile: SizeProfile, nodes: usize) -> Params {
    if profile != SizeProfile::Auto {
        return discovery(profile);
    }
    let factor = 1 << (nodes.min(1_000) / 200);
    Params::seconds((15 * factor).min(60), (60 * factor).min(1_920))
}

/// N `ws_cfg_settings.c`: RPL information by size profile.
const fn dio(profile: SizeProfile) -> Params {
    match profile {
        SizeProfile::Auto | SizeProfile::Small => Params::doublings(15, 2, 0),
        SizeProfile::Medium => Params::doublings(17, 3, 10),
        SizeProfile::Large => Params::doublings(18, 3, 10),
        SizeProfile::XLarge => Params::doublings(18, 4, 10),
    }
}

/// W `wsbrd.c`: two sets, one for small networks.
const fn wsbrd_dio(profile: SizeProfile) -> Params {
    match profile {
        SizeProfile::Small => Params::doublings(15, 2, 0),
        _ => Params::doublings(19, 1, 0),
    }
}

/// N `ws_cfg_settings.c`: floods by size profile.
const fn flooding(profile: SizeProfile) -> Flooding {
    let (imin_s, imax_s, rounds) = match profile {
        SizeProfile::Auto | SizeProfile::Small => (1, 10, 1),
        SizeProfile::Medium => (1, 32, 1),
        SizeProfile::Large => (5, 40, 2),
        SizeProfile::XLarge => (10, 80, 2),
    };
    Flooding { imin: SimTime::from_secs(imin_s), imax: SimTime::from_secs(imax_s), k: 8, rounds }
}

/// W `wsbr_cfg.c`.
const fn wsbrd_flooding(profile: SizeProfile) -> Flooding {
    match profile {
        SizeProfile::Auto => Flooding { imin: SimTime::from_secs(6), imax: SimTime::from_secs(48), k: 3, rounds: 3 },
        _ => Flooding { rounds: 2, ..flooding(profile) },
    }
}

/// A sweep of configurations over all channels, whole s, up.
fn sweep_s(spec: &WorldSpec, network: &Network, channels: u16) -> f64 {
    let sender = Sender { node: SiteId(1), router: SiteId(0), at: SimTime::ZERO, phase_ms: 0, counter: 0, sequence: 0 };
    let frame = Phy::new(spec.radio.phy).airtime(network.sweep(&sender, Sweep::Config).len() as u16);
    libm::ceil(frame.secs_f64() * f64::from(channels.max(1)))
}

fn nanostack(profile: SizeProfile, border_discovery: Params, dio: Params, border_flood: Flooding) -> Procedures {
    // `ws_bootstrap_6lr.c`: 1 to 2 s, and except in small networks 30 to 60 s more.
    let first_dis_s = if profile == SizeProfile::Small { (1.0, 2.0) } else { (31.0, 62.0) };
    let (lifetime_h, pan_timeout_min) = match profile {
        SizeProfile::Auto | SizeProfile::Small => (2.0, 30.0),
        SizeProfile::Medium => (4.0, 30.0),
        SizeProfile::Large => (8.0, 90.0),
        SizeProfile::XLarge => (12.0, 120.0),
    };
    // `rpl_upward.c`.
    let choice_s = dio.imin_s().max(15.0);
    let exactly = |delay_s, first_s, longest_s, tries| Repeats {
        delay_s,
        first_s,
        longest_s,
        spread: (1.0, 1.0),
        tries,
        ends_short: false,
    };
    Procedures {
        stack: RouterStack::Nanostack,
        border: BorderStack::Nanostack,
        discovery: discovery(profile),
        border_discovery,
        dio,
        flood: flooding(profile),
        border_flood,
        // `ws_bootstrap_6lr.c`.
        chooses_with_others: profile <= SizeProfile::Medium,
        config_solicits_max: 5,
        dis: Repeats { spread: (90.0, 180.0), ..exactly(first_dis_s, 1.0, 1.0, 0) },
        // `rpl_upward.c`: 10, 20 ... 320 s.
        lost_dis: exactly((10.0, 10.0), 20.0, 320.0, 6),
        choice_s: (choice_s, 1.5 * choice_s),
        // DHCPv6 client.
        address: Repeats { spread: (0.9, 1.1), ..exactly((0.0, 5.0), 60.0, 900.0, 0) },
        // `rpl_downward.c`.
        register: exactly((0.0, 1.0), 20.0, 20.0, 2),
        announce: Repeats { spread: (0.5, 1.5), ..exactly((6.0, 6.0), dio.imin_s().max(40.0), 540.0, 3) },
        registration_s: 1_100.0,
        route_s: (lifetime_h * 1_800.0, lifetime_h * 2_700.0),
        pan_timeout_s: pan_timeout_min * 60.0,
        denied_min: 0,
        forgets_failed: true,
        // `ipv6_neighbour.c`: 3 solicitations 5 s apart.
        verify: exactly((0.0, 5.0), 5.0, 5.0, 3),
        // `ws_config.h`, `ws_neighbor_class.c`: 10 dB and 3 more or less above the weakest signal that was ever heard.
        signal: Signal {
            sensitivity_dbm: f32::NEG_INFINITY,
            assumed_dbm: -93.0,
            follows_weakest: true,
            accept_db: 13.0,
            keep_db: 7.0,
            both_ways: true,
            threshold_dbm: None,
        },
        // `etx.c`.
        counting: Counting { first_frames: 3, frames: 4, seconds: 60, is_slow: true, left_out: 2 },
        refresh_s: u16::MAX,
        reconsider_min: 10,
        rank_step: 196,
        rank_increase_max: 2_048,
        children_max: None,
        border_children_max: None,
    }
}

fn wsrd(
    profile: SizeProfile,
    sweep_s: f64,
    border_discovery: Params,
    dio: Params,
    border_flood: Flooding,
) -> Procedures {
    // `rfc8415_txalg`: 10 % to both sides.
    let repeats = |delay_s, first_s, longest_s, tries| Repeats {
        delay_s,
        first_s,
        longest_s,
        spread: (0.9, 1.1),
        tries,
        ends_short: tries > 0,
    };
    let dis = repeats((sweep_s, sweep_s + 5.0), 5.0, 180.0, 0);
    Procedures {
        stack: RouterStack::Wsrd,
        border: BorderStack::Wsbrd,
        // `wsrd.c`: 15 and 60 s unless `disc_imin` and `disc_imax` are configured, here for the profile.
        discovery: discovery(profile),
        border_discovery,
        dio,
        flood: Flooding { imin: SimTime::from_secs(10), imax: SimTime::from_secs(80), k: 3, rounds: FLOOD_ROUNDS_MAX },
        border_flood,
        // `join_state.c`.
        chooses_with_others: false,
        config_solicits_max: u8::MAX,
        // `wsrd.c`, `ws.c`.
        dis,
        lost_dis: dis,
        choice_s: (10.0, 10.0),
        address: repeats((0.0, 60.0), 60.0, 3_600.0, 3),
        // `ndp.c`.
        register: Repeats {
            delay_s: (0.0, 0.0),
            first_s: 60.0,
            longest_s: 60.0,
            spread: (0.5, 1.5),
            tries: 3,
            ends_short: false,
        },
        announce: repeats((3.0, 3.0), 3.0, 6.0, 3),
        registration_s: 1_900.0,
        // `rpl.c`: 90 % of 2 h.
        route_s: (6_480.0, 6_480.0),
        pan_timeout_s: 3_600.0,
        denied_min: 10,
        forgets_failed: false,
        // `ndp.c`.
        verify: Repeats {
            delay_s: (0.0, 60.0),
            first_s: 60.0,
            longest_s: 60.0,
            spread: (0.5, 1.5),
            tries: 3,
            ends_short: false,
        },
        // `rpl_mrhof.c`: once at the radio's sensitivity, always a candidate.
        signal: Signal {
            sensitivity_dbm: f32::NEG_INFINITY,
            assumed_dbm: 0.0,
            follows_weakest: false,
            accept_db: 0.0,
            keep_db: f32::NEG_INFINITY,
            both_ways: false,
            threshold_dbm: None,
        },
        // `ws_etx.c`.
        counting: Counting { first_frames: 1, frames: 4, seconds: 60, is_slow: false, left_out: 0 },
        refresh_s: 1_800,
        reconsider_min: 0,
        rank_step: 128,
        rank_increase_max: 0,
        children_max: None,
        border_children_max: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wsbrd_adapts_its_intervals_to_the_nodes_of_the_pan() {
        // 2^(n/200) times 15 and 60 s, at most 60 and 1,920 s.
        for (nodes, imin_s, imax_s) in [(0, 15, 60), (199, 15, 60), (200, 30, 120), (400, 60, 240), (1_000, 60, 1_920)]
        {
            assert_eq!(wsbrd_discovery(SizeProfile::Auto, nodes), Params::seconds(imin_s, imax_s), "{nodes} nodes");
        }
        assert_eq!(wsbrd_discovery(SizeProfile::Large, 1_000), Params::seconds(120, 1_536));
    }

    #[test]
    fn a_neighbour_table_has_room_for_so_many_children() {
        assert_eq!([32, 64, 128, 255].map(children_of_table), [22, 49, 103, 230]);
    }

    #[test]
    fn waits_double_and_end_as_each_stack_ends_them() {
        let small = discovery(SizeProfile::Small);
        let flood = flooding(SizeProfile::Small);
        let waits = |repeats: Repeats| [1, 2, 3].map(|tries| repeats.wait_s(tries));
        // Announcements at 0, 3 and 9 s, over after 12; solicits at 0, 60 and 180 s.
        let wsrd = wsrd(SizeProfile::Small, 1.0, small, dio(SizeProfile::Small), flood);
        assert_eq!(waits(wsrd.announce), [3.0, 6.0, 3.0]);
        assert_eq!(waits(wsrd.address), [60.0, 120.0, 60.0]);
        assert!(wsrd.announce.is_over(3) && !wsrd.announce.is_over(2));
        // Nanostack waits 40 s or the smallest interval of DIOs, whichever is longer: 32.8 s in the small profile, 131 s in
        // the medium one; the waits double up to 540 s.
        let of = |profile| nanostack(profile, small, dio(profile), flood).announce;
        assert_eq!(waits(of(SizeProfile::Small)), [40.0, 80.0, 160.0]);
        assert_eq!(waits(of(SizeProfile::Medium)), [131.072, 262.144, 524.288]);
        assert_eq!(waits(of(SizeProfile::Large)), [262.144, 524.288, 540.0]);
    }
}
