//! What the open Wi-SUN stacks do, as a table.
//!
//! **N** is nanostack of mbed-os v15.1, `sal-stack-nanostack/source`; **W** is Silicon Labs' wisun-br-linux v2.10.2: `app_wsrd`
//! is the router, `app_wsbrd` the border router. Most figures name the file that they were read in.

mod nanostack;
mod profile;
mod wsrd;

use super::auth::Authentication;
use super::choice::{Choosing, LoadFactor};
use super::etx::Counting;
use super::lease::LeaseLife;
use super::probes::Probing;
use super::rekey::Ageing;
use crate::medium::mesh::radio::error::ErrorModel;
use crate::medium::mesh::radio::phy::Phy;
use crate::medium::mesh::wire::eapol::Exchange;
use crate::medium::mesh::wire::icmpv6::Dodag;
use crate::spec::{BorderStack, Lease, PhyMode, RouterStack, SizeProfile, WorldSpec};
use amitwin_sim_core::SimTime;
#[cfg(test)]
pub(super) use nanostack::key_requests;
use nanostack::nanostack;
pub(super) use nanostack::nanostack_places;
pub use profile::WSBRD_STEP;
use profile::{border_flooding, dio, discovery, wsbrd_dio, wsbrd_discovery, wsbrd_flooding};
use wsrd::{wsbrd_places, wsrd};

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
    /// And from then on another draw, where a stack waits twice, s.
    pub more_s: (f64, f64),
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

    /// By what the wait after that message is multiplied, the least and the most: a short end is exact. W `rfc8415_txalg.c`.
    pub fn spread(&self, tries: u8) -> (f64, f64) {
        if self.ends_short && tries == self.tries { (1.0, 1.0) } else { self.spread }
    }

    /// Whether that many messages were all.
    pub fn is_over(&self, tries: u8) -> bool {
        self.tries > 0 && tries >= self.tries
    }
}

/// Datagrams that a node puts together at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffers {
    /// So many; a further one is lost.
    pub datagrams: usize,
    /// One that is not whole after this is forgotten.
    pub timeout: SimTime,
}

/// N and wsbrd (`protocol.c`) keep few, and not for long.
pub const FEW_BUFFERS: Buffers = Buffers { datagrams: 8, timeout: SimTime::from_secs(5) };
/// wsrd's README lists fragments as not supported; here it takes as many as come.
const MANY_BUFFERS: Buffers = Buffers { datagrams: usize::MAX, timeout: SimTime::from_secs(60) };

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

/// How parents are chosen and children taken.
#[derive(Clone, Debug)]
pub struct ParentRules {
    /// A parent that failed is not taken again for so long, min; 0: until it says its rank again.
    pub denied_min: u16,
    /// What was counted of a parent that failed is forgotten.
    pub forgets_failed: bool,
    /// Which signals are good enough.
    pub signal: Signal,
    /// How expected transmissions are counted.
    pub counting: Counting,
    /// When candidates are asked whether they are there.
    pub probing: Probing,
    /// Rank of a border router, and the least step from a parent to its child.
    pub rank_step: u16,
    /// How far a rank may rise above its lowest; 0: within its step.
    pub rank_increase_max: u16,
    /// Parents of a node, one or two.
    pub parents_max: u8,
    /// Children that a meter or repeater takes.
    pub children_max: Option<u16>,
    /// Children that a border router takes.
    pub border_children_max: Option<u16>,
}

/// How long nodes believe in a PAN, how they choose one, and how its keys age.
#[derive(Clone, Copy, Debug)]
pub struct PanRules {
    /// A node that has not become part of the PAN for so long looks for it anew.
    pub timeout_s: f64,
    /// In the last tenth of that it announces its route within this, s.
    pub announces_s: (f64, f64),
    /// How nodes choose their PAN.
    pub choosing: Choosing,
    /// How keys age, if they do.
    pub ageing: Option<Ageing>,
    /// Advertisements and configurations of the border router follow the nodes that have joined.
    pub adapts: bool,
    /// When the border router begins a new version of its DODAG by itself, if it does.
    pub versions: Option<Versions>,
}

impl PanRules {
    /// Of nodes that are assigned their PAN, and whose keys do not age.
    const fn plain(timeout_s: f64, announces_s: (f64, f64)) -> Self {
        let choosing = Choosing { is_free: false, nodes_max: None, load: None };
        PanRules { timeout_s, announces_s, choosing, ageing: None, adapts: false, versions: None }
    }
}

/// How long a route is good.
#[derive(Clone, Copy, Debug)]
pub struct RouteLife {
    /// It is, as the border router says, s.
    pub lifetime_s: f64,
    /// It is announced anew after this part of it.
    pub renewed: (f64, f64),
}

/// When a border router begins a new version of its DODAG by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Versions {
    /// Again and again after this, until their number has gone round for the first time, s.
    pub first_s: f64,
    /// From then on, s.
    pub later_s: f64,
}

impl Versions {
    /// N `ws_config.h`. wsbrd does so by hand alone.
    fn new(border: BorderStack, profile: SizeProfile) -> Option<Versions> {
        let first_h = match profile {
            SizeProfile::Auto | SizeProfile::Small => 1.0,
            SizeProfile::Medium => 2.0,
            SizeProfile::Large => 4.0,
            SizeProfile::XLarge => 8.0,
        };
        (border == BorderStack::Nanostack).then_some(Versions { first_s: first_h * 3_600.0, later_s: 12.0 * 3_600.0 })
    }
}

/// How nodes pass on what is for all, and what comes in pieces.
#[derive(Clone, Copy, Debug)]
pub struct Relaying {
    /// Flooding by routers.
    pub flood: Flooding,
    /// Flooding by border routers.
    pub border_flood: Flooding,
    /// Datagrams in pieces, of routers.
    pub buffers: Buffers,
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
    /// How long an address is good.
    pub lease: LeaseLife,
    /// A registration is renewed after this.
    pub registration_s: f64,
    /// How long a route is good, and when it is announced anew.
    pub route: RouteLife,
    /// How long nodes believe in a PAN, how they choose one, and how its keys age.
    pub pan: PanRules,
    /// How parents are chosen and children taken.
    pub parents: ParentRules,
    /// How nodes get their keys.
    pub authentication: Authentication,
    /// What nodes pass on.
    pub relaying: Relaying,
}

/// N `ws_config.h`; W `wsbrd.c`: rank of a border router and least step to a child, and how far a rank may rise.
const fn rank_limits(border: BorderStack) -> (u16, u16) {
    match border {
        BorderStack::Nanostack => (196, 2_048),
        BorderStack::Wsbrd => (128, 0),
    }
}

/// N `ws_config.h`; W `wsbrd.c`: lifetime of a route, h.
const fn route_lifetime_h(border: BorderStack, profile: SizeProfile) -> u16 {
    match (border, profile) {
        (BorderStack::Wsbrd, _) | (_, SizeProfile::Auto | SizeProfile::Small) => 2,
        (BorderStack::Nanostack, SizeProfile::Medium) => 4,
        (BorderStack::Nanostack, SizeProfile::Large) => 8,
        (BorderStack::Nanostack, SizeProfile::XLarge) => 12,
    }
}

/// W `wsbrd.c`: nodes for which a PAN of a size is full.
const fn wsbrd_nodes_max(profile: SizeProfile) -> u32 {
    match profile {
        SizeProfile::Auto | SizeProfile::Small => 100,
        SizeProfile::Medium => 1_000,
        SizeProfile::Large => 10_000,
        SizeProfile::XLarge => 65_535,
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
        lifetime_h: route_lifetime_h(border, spec.profile()),
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
    /// Advertisements and configurations of a border router whose PAN has so many nodes.
    pub fn border_discovery(&self, nodes: u32) -> Params {
        if self.pan.adapts { wsbrd_discovery(SizeProfile::Auto, nodes as usize) } else { self.border_discovery }
    }

    /// How long a node that restarts alone is without a route, on average and where nothing is lost, s.
    pub fn alone_s(&self, lease: Lease) -> f64 {
        let mean = |(low, high): (f64, f64)| 0.5 * (low + high);
        // A message of a trickle timer comes after three quarters of its interval.
        let message = |params: &Params| 0.75 * params.imin_s();
        let parent_s = match self.stack {
            RouterStack::Nanostack => {
                let imax_s = f64::from(self.discovery.imax_ms) * 1e-3;
                let choice_s = 0.75 * mean((self.discovery.imin_s(), imax_s)) + 1.5 * self.discovery.imin_s();
                choice_s + message(&self.discovery) + message(&self.dio) + mean(self.choice_s)
            }
            RouterStack::Wsrd => self.dis.first_s,
        };
        let address_s = if lease == Lease::Asked { mean(self.address.delay_s) } else { 0.0 };
        let route_s = mean(self.register.delay_s) + mean(self.announce.delay_s);
        message(&self.border_discovery)
            + mean(self.dis.delay_s)
            + mean(self.dis.more_s)
            + parent_s
            + address_s
            + route_s
    }

    /// By how many hops the ways of meters may be longer after a reset that all went through in turn than in the first tree, where
    /// that counts, from what was measured (0.35 behind ten border routers to 0.9 behind one) upwards: who comes back under wsrd takes whoever is there, and keeps
    /// it unless another is better by 1.5 transmissions, which a hop less is not. Fewer than fifty nodes behind a border router have less to go through. Nanostack's windows
    /// are hours long, and longer ones bring its meters nothing.
    pub fn deeper_hops(&self, nodes: usize) -> f64 {
        match self.stack {
            RouterStack::Nanostack => 0.0,
            RouterStack::Wsrd => (nodes.saturating_sub(1) as f64 / 50.0).min(1.0),
        }
    }

    /// Whether a node that has lost its last parent goes on asking for ranks, as one that joins: in all but small networks nanostack's bootstrap asks beside RPL.
    /// N `ws_bootstrap_6lr.c`.
    pub fn asks_on(&self) -> bool {
        self.stack == RouterStack::Nanostack && self.dis.more_s.1 > 0.0
    }

    /// Time of a join where nothing is lost, each the least and the most, s: from a neighbour with a route to keys, from those to a parent, from the
    /// parent to a route of one's own.
    pub fn join_s(&self) -> [(f64, f64); 3] {
        let half = |imin_s: f64| (0.5 * imin_s, imin_s);
        let answered = match self.stack {
            RouterStack::Nanostack => half(self.dio.imin_s()),
            // It asks one after the other, who answer at once.
            RouterStack::Wsrd => (0.0, 0.0),
        };
        let sum = |steps: &[(f64, f64)]| steps.iter().fold((0.0, 0.0), |sum, step| (sum.0 + step.0, sum.1 + step.1));
        [
            half(self.discovery.imin_s()),
            sum(&[self.dis.delay_s, self.dis.more_s, answered, self.choice_s]),
            sum(&[self.address.delay_s, self.register.delay_s, self.announce.delay_s]),
        ]
    }
}

/// Places of nanostack's neighbour table unless configured: the largest that it knows.
const NEIGHBOUR_TABLE: u16 = 255;
/// Sensitivity of a radio: the level at which noise alone destroys a tenth of the frames of 250 bytes.
const SENSITIVITY_LOSS: f64 = 0.1;
const SENSITIVITY_BYTES: u16 = 250;

impl Procedures {
    /// Those of a world.
    pub fn new(spec: &WorldSpec, channels: u16, model: &ErrorModel) -> Self {
        let (stack, border) = (spec.mesh.stack, spec.mesh.border_stack());
        let (profile, routers) = (spec.profile(), spec.router_profile());
        let (border_discovery, dio) = match border {
            BorderStack::Nanostack => (discovery(profile), dio(profile)),
            BorderStack::Wsbrd => (wsbrd_discovery(profile, spec.nodes_per_gateway()), wsbrd_dio(profile)),
        };
        let border_flood = match border {
            BorderStack::Nanostack => border_flooding(profile),
            BorderStack::Wsbrd => wsbrd_flooding(profile),
        };
        let of_router = match stack {
            RouterStack::Nanostack => nanostack(routers, border_discovery, dio, border_flood),
            RouterStack::Wsrd => wsrd(routers, sweep_s(spec.radio.phy, channels), border_discovery, dio, border_flood),
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
            ..of_router.parents.signal
        };
        let parents = ParentRules {
            rank_step,
            rank_increase_max,
            children_max: limited.filter(|_| stack == RouterStack::Nanostack),
            border_children_max: limited.filter(|_| border == BorderStack::Nanostack),
            signal,
            parents_max: spec.mesh.parents_max,
            ..of_router.parents
        };
        let authentication = Authentication {
            exchange: Exchange::of(&spec.mesh),
            places: match border {
                BorderStack::Nanostack => Some(nanostack_places(spec.mesh.authentications_max, profile)),
                BorderStack::Wsbrd => Some(wsbrd_places(spec.mesh.authentications_max)),
            },
            repeats_s: match border {
                BorderStack::Nanostack => (30.0, 60.0),
                BorderStack::Wsbrd => (30.0, 30.0),
            },
            repeats_most_s: match (border, profile) {
                (BorderStack::Nanostack, SizeProfile::Large | SizeProfile::XLarge) => 240.0,
                (BorderStack::Nanostack, _) => 120.0,
                (BorderStack::Wsbrd, _) => 30.0,
            },
            repeats: match border {
                BorderStack::Nanostack => 4,
                BorderStack::Wsbrd => 3,
            },
            ..of_router.authentication
        };
        let nodes_max = spec.mesh.border_router.routes_max;
        let load = match (border, nodes_max) {
            (_, Some(nodes)) => Some(LoadFactor { nodes, step: 1 }),
            // `wsbrd.c`, `ws_mngt.c`.
            (BorderStack::Wsbrd, None) => Some(LoadFactor { nodes: wsbrd_nodes_max(profile), step: WSBRD_STEP }),
            (BorderStack::Nanostack, None) => None,
        };
        let choosing = Choosing { is_free: spec.mesh.chooses_pan(), nodes_max, load };
        let choosing = if choosing.is_free { choosing } else { Choosing::default() };
        let ageing = spec.mesh.keys.as_ref().map(|keys| Ageing::new(keys, border));
        let versions = Versions::new(border, profile);
        let adapts = border == BorderStack::Wsbrd && profile == SizeProfile::Auto;
        let pan = PanRules { choosing, ageing, adapts, versions, ..of_router.pan };
        let lifetime_s = 3_600.0 * f64::from(route_lifetime_h(border, profile));
        let route = RouteLife { lifetime_s, ..of_router.route };
        let lease = LeaseLife::new(stack, border, profile);
        Procedures { border, parents, authentication, pan, route, lease, ..of_router }
    }
}

/// W `wsrd.c`: bytes of a configuration as wsrd assumes them.
const CONFIG_BYTES: u16 = 130;

/// A sweep of configurations over all channels as wsrd works it out: whole ms for each, whole s in all, up.
fn sweep_s(phy: PhyMode, channels: u16) -> f64 {
    let frame_ms = libm::ceil(Phy::new(phy).airtime(CONFIG_BYTES).secs_f64() * 1e3);
    libm::ceil(frame_ms * f64::from(channels.max(1)) * 1e-3)
}

#[cfg(test)]
mod tests;
