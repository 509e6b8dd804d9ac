//! The neighbours that a node may choose as its parent: which it keeps, in what order, and which is the best.
//!
//! In wsrd a lower number of rank steps goes before a stronger signal, whose order changes by more than 4 dB only; nanostack keeps the first five
//! whose rank it hears, until they have none or their link is bad. Of five the one with the cheapest path is taken.

use super::etx::{ETX_MAX, Etx};
use super::probes::Probe;
use super::{Net, State, Step, lollipop};
use crate::context::{Ctx, Facts};
use crate::medium::mesh::mac::LinkLayer;
use crate::node::{Node, PerNode};
use crate::spec::RouterStack;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// Rank of a node without a route.
pub const INFINITE_RANK: u16 = u16::MAX;
/// Neighbours that a node keeps, those among them that were denied.
pub const CANDIDATES: usize = 8;
/// Of them so many may become the parent.
pub(super) const CONSIDERED: usize = 5;
/// W `ws_neigh.h`: a neighbour that has said nothing for so long is forgotten.
const FORGOTTEN: SimTime = SimTime::from_secs(2_200);
/// A candidate is left for a neighbour whose signal is stronger by more than this, dB.
pub(super) const HYSTERESIS_DB: i8 = 4;

/// A neighbour that may be the parent.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Candidate {
    /// Who, or [`Node::NONE`].
    pub node: Node,
    /// Its rank.
    pub rank: u16,
    /// Expected transmissions to it.
    pub etx: Etx,
    /// Not to be the parent before this minute of the run, modulo 2^16; 0: not denied.
    pub denied_until_min: u16,
    /// Version of the DODAG that it is in.
    pub version: u8,
    /// Its signal here, dBm.
    pub rsl_dbm: i8,
    /// When and how often it is asked whether it is there.
    pub(super) probe: Probe,
}

impl Default for Candidate {
    fn default() -> Self {
        Candidate {
            node: Node::NONE,
            rank: INFINITE_RANK,
            etx: Etx::default(),
            denied_until_min: 0,
            version: 0,
            rsl_dbm: i8::MIN,
            probe: Probe::default(),
        }
    }
}

impl Candidate {
    /// Cost of the path through it; [`u32::MAX`] if it is not known.
    pub fn cost(&self) -> u32 {
        match self.etx.value() {
            Some(etx) if self.rank != INFINITE_RANK => u32::from(self.rank) + u32::from(etx),
            _ => u32::MAX,
        }
    }

    /// Rank of a node below it, if a step is so high: that of its path, but at least a step more than its own.
    pub fn rank_below(&self, step: u16) -> u32 {
        self.cost().max(u32::from(self.rank) + u32::from(step))
    }

    /// Whether it may not become the parent at this minute.
    pub fn is_denied(&self, minute: u16) -> bool {
        self.denied_until_min != 0 && (self.denied_until_min.wrapping_sub(minute) as i16) > 0
    }
}

impl Net {
    /// Level at or above which a neighbour becomes a candidate, dBm; one that is a candidate may be weaker.
    pub(super) fn threshold_dbm(&self, node: Node, is_candidate: bool) -> f32 {
        let signal = &self.procedures.parents.signal;
        let sensitivity_dbm = signal.sensitivity_dbm.max(self.faintest_dbm(node));
        match (signal.threshold_dbm, is_candidate) {
            (_, true) if signal.keep_db == f32::NEG_INFINITY => f32::NEG_INFINITY,
            (Some(threshold_dbm), true) => threshold_dbm + signal.keep_db - signal.accept_db,
            (Some(threshold_dbm), false) => threshold_dbm,
            (None, true) => sensitivity_dbm + signal.keep_db,
            (None, false) => sensitivity_dbm + signal.accept_db,
        }
    }

    /// Nanostack takes the weakest signal that it has ever heard for its sensitivity.
    fn faintest_dbm(&self, node: Node) -> f32 {
        let signal = &self.procedures.parents.signal;
        if signal.follows_weakest {
            f32::from(self.weakest_dbm[node]).min(signal.assumed_dbm)
        } else {
            f32::NEG_INFINITY
        }
    }

    /// Level of a neighbour here, dBm, if its signal is good enough for a candidate.
    pub(super) fn acceptable(&self, link: &LinkLayer, node: Node, neighbour: Node, is_candidate: bool) -> Option<f32> {
        let level_dbm = link.air.link_dbm(neighbour, node)?;
        let threshold_dbm = self.threshold_dbm(node, is_candidate);
        let back_dbm =
            if self.procedures.parents.signal.both_ways { link.air.link_dbm(node, neighbour)? } else { level_dbm };
        // N `ws_neighbor_class.c`: in both directions to become one, in one of them to stay one.
        let weaker_dbm = if is_candidate { level_dbm.max(back_dbm) } else { level_dbm.min(back_dbm) };
        (weaker_dbm >= threshold_dbm).then_some(level_dbm)
    }

    /// What a node knows of a candidate.
    pub(super) fn candidate(&self, node: Node, of: Node) -> Option<&Candidate> {
        if of == Node::NONE { None } else { self.nodes[node].candidates.iter().find(|c| c.node == of) }
    }

    /// Those that may become the parent of a node, a route or not, the best first.
    pub(super) fn considered(&self, node: Node, minute: u16) -> impl Iterator<Item = &Candidate> + Clone {
        let candidates = &self.nodes[node].candidates;
        candidates.iter().take(CONSIDERED).filter(move |c| c.node.is_some() && !c.is_denied(minute))
    }

    /// The candidate with the cheapest path whose ETX is known and at most 4, and below which the node's rank would not
    /// exceed a limit; nanostack takes a worse link where there is no other. A node that has a rank never goes below another that is as far
    /// down.
    pub(super) fn best(&self, node: Node, minute: u16, rank_max: u32) -> Option<&Candidate> {
        self.cheapest(node, minute, rank_max, ETX_MAX).or_else(|| {
            let takes_any = self.procedures.stack == RouterStack::Nanostack;
            takes_any.then(|| self.cheapest(node, minute, rank_max, u16::MAX)).flatten()
        })
    }

    /// Whether a neighbour is no child of a node, and not too many hops away itself.
    pub(super) fn may_lead(&self, node: Node, neighbour: Node) -> bool {
        let other = &self.nodes[neighbour];
        !other.parents().contains(&node) && other.hops < self.hops_max
    }

    fn cheapest(&self, node: Node, minute: u16, rank_max: u32, etx_max: u16) -> Option<&Candidate> {
        let joining = &self.nodes[node];
        // Below a neighbour in a newer version any rank is a first one.
        let is_ahead = |c: &Candidate| joining.parent.is_some() && lollipop::is_newer(c.version, joining.rpl.version);
        // N `rpl_mrhof.c` asks for no rank but the limit, so that one as many steps down will do; here none that is farther.
        let is_above = |c: &Candidate| match self.procedures.stack {
            RouterStack::Wsrd => c.rank < joining.rank,
            RouterStack::Nanostack => {
                let step = self.procedures.parents.rank_step;
                c.rank / step <= joining.rank / step
            }
        };
        let usable = self.considered(node, minute).filter(|c| {
            c.rank != INFINITE_RANK
                && (is_above(c) || is_ahead(c))
                && c.etx.value().is_some_and(|etx| etx <= etx_max)
                && (c.rank_below(self.procedures.parents.rank_step) <= rank_max || is_ahead(c))
                && self.may_lead(node, c.node)
        });
        // N `rpl_mrhof.c`: of two paths that cost the same that by whom it heard last.
        usable.min_by_key(|c| (c.cost(), c.node != joining.rpl.latest, c.node))
    }

    /// Highest rank that a node may have without leaving its place in the tree: ranks are compared in whole steps.
    pub(super) fn rank_max(&self, node: Node) -> u32 {
        let (step, lowest) = (u32::from(self.procedures.parents.rank_step), u32::from(self.nodes[node].lowest));
        let most = lowest + u32::from(self.procedures.parents.rank_increase_max);
        (most / step + 1) * step - 1
    }

    /// Puts the candidates of a node in order.
    pub(super) fn sort(&mut self, node: Node, minute: u16) {
        let (step, of) = (self.procedures.parents.rank_step, self.procedures.stack);
        let joining = self.nodes.aside(node);
        let (parents, mut changes) = (joining.parents(), false);
        for candidate in &mut joining.candidates {
            if candidate.denied_until_min != 0 && !candidate.is_denied(minute) {
                candidate.denied_until_min = 0;
                changes = true;
            }
        }
        // Most often they are in order, and a key each is cheaper than two for each comparison.
        match of {
            RouterStack::Wsrd if !joining.candidates.is_sorted_by_key(|c| order(c, parents, step, minute)) => {
                joining.candidates.sort_by_key(|c| order(c, parents, step, minute));
                changes = true;
            }
            // Those that have come sooner stay in front.
            RouterStack::Nanostack
                if !joining.candidates.is_sorted_by_key(|c| (class(c, minute), place(c, parents))) =>
            {
                joining.candidates.sort_by_key(|c| (class(c, minute), place(c, parents)));
                changes = true;
            }
            _ => {}
        }
        if changes {
            self.nodes.touch(node);
        }
    }

    /// Those of nanostack that have a rank and may become the parent: a further one finds room below [`Net::room`].
    pub(super) fn live(&self, node: Node, minute: u16) -> usize {
        self.nodes[node].candidates.iter().filter(|c| class(c, minute) == 0).count()
    }

    /// Of so many nanostack keeps the rank: one less beside two parents. N `ws_bootstrap_6lr.c`.
    pub(super) fn room(&self, node: Node) -> usize {
        if self.nodes[node].rpl.second.is_some() { CONSIDERED - 1 } else { CONSIDERED }
    }

    /// Whether wsrd looks for a parent: it asks the strongest neighbours, whatever it knows of them, and remembers those as well.
    fn asks_strongest(&self, node: Node) -> bool {
        let joining = &self.nodes[node];
        self.procedures.stack == RouterStack::Wsrd
            && (joining.state < State::ConfigureRouting || matches!(joining.step, Step::Discover | Step::Choose))
    }

    /// The strongest neighbours that a node has heard, a rank or not. W `ws.c`.
    pub(super) fn strongest(&self, node: Node, now: SimTime) -> [Node; CONSIDERED] {
        let (mut heard, minute) = (self.nodes[node].candidates, minute_at(now));
        let may_be = |c: &Candidate| c.node.is_some() && !c.is_denied(minute) && !self.is_forgotten(c.node, now);
        let signal = |c: &Candidate| if may_be(c) { i16::from(c.rsl_dbm) } else { i16::MIN };
        heard.sort_by_key(|c| (-signal(c).max(-i16::MAX), c.node));
        let mut strongest = [Node::NONE; CONSIDERED];
        let able = heard.iter().filter(|c| signal(c) > i16::MIN);
        strongest.iter_mut().zip(able).for_each(|(place, c)| *place = c.node);
        strongest
    }
}

impl Net {
    /// W `ws_neigh.c`: a neighbour that has not been heard for so long is forgotten. Whoever is on says something more often than that.
    pub(super) fn is_forgotten(&self, neighbour: Node, now: SimTime) -> bool {
        let of = &self.nodes[neighbour];
        self.procedures.stack == RouterStack::Wsrd && of.state == State::Off && now >= of.deadline + FORGOTTEN
    }
}

/// Of nanostack: those that have a rank, those that have none, those that are denied, free places.
fn class(candidate: &Candidate, minute: u16) -> u8 {
    match candidate.node {
        Node::NONE => 3,
        _ if candidate.is_denied(minute) => 2,
        _ => u8::from(candidate.rank == INFINITE_RANK),
    }
}

/// The first parent before the second, and that before others.
pub(super) fn place(candidate: &Candidate, parents: [Node; 2]) -> u8 {
    match candidate.node {
        node if node == parents[0] => 0,
        node if node == parents[1] => 1,
        _ => 2,
    }
}

/// The order of wsrd: free places last, those that are denied before them; the parents first, then fewer rank steps, then the stronger signal,
/// then the lower number. One after the other in a number, because nodes are put in order whenever they hear something.
pub(super) fn order(candidate: &Candidate, parents: [Node; 2], step: u16, minute: u16) -> u64 {
    let class = match candidate.node {
        Node::NONE => 2,
        _ => u64::from(candidate.is_denied(minute)),
    };
    let weakness_db = i16::from(i8::MAX) - i16::from(candidate.rsl_dbm);
    let parts = [u64::from(candidate.rank / step), weakness_db as u64, u64::from(candidate.node.0)];
    parts.into_iter().fold((class << 2) | u64::from(place(candidate, parents)), |order, part| (order << 16) | part)
}

/// Whether a neighbour takes the place of a candidate.
pub(super) fn is_better(new: &Candidate, worst: &Candidate, parents: [Node; 2], step: u16, minute: u16) -> bool {
    let bar = Candidate { rsl_dbm: worst.rsl_dbm.saturating_add(HYSTERESIS_DB), ..*worst };
    order(new, parents, step, minute) <= order(&bar, parents, step, minute)
}

/// A neighbour says its rank, or is known by its signal alone. Whether it is a candidate now.
pub(super) fn remember(
    net: &mut Net,
    link: &LinkLayer,
    ctx: &Ctx,
    node: Node,
    neighbour: Node,
    rank: Option<u16>,
) -> bool {
    let minute = minute(ctx);
    let at = net.nodes[node].candidates.iter().position(|c| c.node == neighbour);
    let Some(level_dbm) = net.acceptable(link, node, neighbour, at.is_some()) else {
        let Some(at) = at else { return false };
        let known = &mut net.nodes[node].candidates[at];
        known.rank = rank.unwrap_or(known.rank);
        known.etx.is_in_reach(false);
        net.sort(node, minute);
        return true;
    };
    if net.procedures.stack == RouterStack::Nanostack {
        return remember_in_turn(net, node, neighbour, rank, level_dbm as i8, minute);
    }
    let asks_strongest = net.asks_strongest(node);
    match at {
        Some(at) => {
            let known = &mut net.nodes.aside(node).candidates[at];
            let before = (known.rank, known.rsl_dbm);
            known.rank = rank.unwrap_or(known.rank);
            known.rsl_dbm = level_dbm as i8;
            if before != (known.rank, known.rsl_dbm) {
                net.nodes.touch(node);
            }
            net.sort(node, minute);
            true
        }
        None => {
            let (step, joining) = (net.procedures.parents.rank_step, &mut net.nodes[node]);
            let parents = joining.parents();
            let rank = rank.unwrap_or(INFINITE_RANK);
            let mut new = Candidate { node: neighbour, rank, rsl_dbm: level_dbm as i8, ..Candidate::default() };
            if joining.state == State::Operational {
                // wsrd has heard the advertisements of all its neighbours, this has kept those of its candidates.
                new.probe.advertises();
            }
            let live = joining.candidates.iter().filter(|c| c.node.is_some() && !c.is_denied(minute)).count();
            joining.search.many |= live >= CONSIDERED;
            let has_room = live < if asks_strongest { CANDIDATES } else { CONSIDERED };
            joining.search.crowded |= !has_room && !asks_strongest;
            let is_taken = match &mut joining.candidates {
                // The last place is free, or of one that was denied.
                all if has_room => replace(&mut all[CANDIDATES - 1], new, true),
                all if asks_strongest => match all.iter_mut().rfind(|c| c.rank == INFINITE_RANK) {
                    Some(last) => {
                        let is_stronger = new.rank != INFINITE_RANK || new.rsl_dbm > last.rsl_dbm;
                        replace(last, new, is_stronger)
                    }
                    None => false,
                },
                all => {
                    let worst = &mut all[CONSIDERED - 1];
                    let is_better = is_better(&new, worst, parents, step, minute);
                    replace(worst, new, is_better)
                }
            };
            if !is_taken {
                return false;
            }
            net.sort(node, minute);
            true
        }
    }
}

/// The same of nanostack: who comes first is kept, behind those that it has. N `ws_bootstrap_6lr.c`, `rpl_control.c`.
fn remember_in_turn(net: &mut Net, node: Node, neighbour: Node, rank: Option<u16>, rsl_dbm: i8, minute: u16) -> bool {
    let (live, room) = (net.live(node, minute), net.room(node));
    let step = net.procedures.parents.rank_step;
    let joining = &mut net.nodes[node];
    // Who is further down may be below this node.
    let is_below = rank.is_some_and(|rank| rank / step > joining.rank / step);
    let rank = if is_below { Some(INFINITE_RANK) } else { rank };
    let parents = joining.parents();
    if let Some(known) = joining.candidates.iter_mut().find(|c| c.node == neighbour) {
        let has_room = class(known, minute) == 0 || live < room || parents.contains(&neighbour);
        (known.rank, known.rsl_dbm) = (rank.filter(|_| has_room).unwrap_or(known.rank), rsl_dbm);
        known.etx.is_in_reach(true);
        net.sort(node, minute);
        return true;
    }
    let says_rank = rank.is_some();
    joining.search.crowded |= says_rank && live >= room;
    if is_below || says_rank && live >= room {
        return false;
    }
    let rank = rank.unwrap_or(INFINITE_RANK);
    let can_give_way =
        |c: &&mut Candidate| class(c, minute) == 3 || says_rank && class(c, minute) > 0 && !parents.contains(&c.node);
    let Some(place) = joining.candidates.iter_mut().rfind(can_give_way) else { return false };
    *place = Candidate { node: neighbour, rank, rsl_dbm, ..Candidate::default() };
    net.sort(node, minute);
    true
}

/// Nanostack forgets candidates behind a bad link, and those that are further down than itself, until they say their rank again, unless one is its
/// parent or its second. N `rpl_upward.c`.
pub(super) fn drop_bad(net: &mut Net, ctx: &Ctx, node: Node) {
    let step = net.procedures.parents.rank_step;
    let joining = &mut net.nodes[node];
    let parents = joining.parents();
    for candidate in joining.candidates.iter_mut().filter(|c| !parents.contains(&c.node)) {
        let is_good = candidate.etx.value().is_some_and(|etx| etx <= ETX_MAX);
        if !is_good || candidate.rank / step > joining.rank / step {
            candidate.rank = INFINITE_RANK;
        }
    }
    net.sort(node, minute(ctx));
}

fn replace(place: &mut Candidate, by: Candidate, is_better: bool) -> bool {
    if is_better {
        *place = by;
    }
    is_better
}

/// A node has heard an advertisement: it remembers that of its candidates.
pub(super) fn has_advertised(net: &mut Net, node: Node, from: Node) {
    if let Some(candidate) = net.nodes.aside(node).candidates.iter_mut().find(|c| c.node == from) {
        candidate.probe.advertises();
    }
}

impl Net {
    /// Whether an advertisement of a neighbour is the first that a node of wsrd hears of this candidate.
    pub(super) fn is_first_advert(&self, node: Node, from: Node) -> bool {
        self.procedures.stack == RouterStack::Wsrd
            && self.candidate(node, from).is_some_and(|c| !c.probe.has_advertised())
    }

    /// Whether a node advertises when it is its turn. W `ws.c`: it tells of the PAN what its parent does, and nothing as long as it has not heard that.
    pub(super) fn may_advertise(&self, facts: &Facts, node: Node) -> bool {
        facts.is_gateway(node) || !self.is_first_advert(node, self.nodes[node].parent)
    }
}

/// Forgets the candidates of a node, those that have refused it as well. N `ws_bootstrap_6lr.c`, W `join_state.c`.
pub(super) fn forget(net: &mut Net, node: Node) {
    net.nodes[node].candidates = [Candidate::default(); CANDIDATES];
}

/// Keeps a node from choosing a candidate for so many minutes; 0: only until it says its rank again.
pub(super) fn deny(net: &mut Net, ctx: &Ctx, node: Node, neighbour: Node, minutes: u16) {
    let until = if minutes == 0 { 0 } else { minute(ctx).wrapping_add(minutes).wrapping_add(1).max(1) };
    if let Some(bad) = net.nodes[node].candidates.iter_mut().find(|c| c.node == neighbour) {
        (bad.rank, bad.denied_until_min) = (INFINITE_RANK, until);
        bad.probe.ends();
        if net.procedures.parents.forgets_failed {
            bad.etx = Etx::default();
        }
    }
    net.sort(node, minute(ctx));
}

/// The weakest signal that each radio hears now and then, whole dBm.
pub(super) fn weakest(link: &LinkLayer, facts: &Facts, faintest_dbm: f32) -> PerNode<i8> {
    let of = |node: Node| {
        let levels = link.air.neighbours.of(node).filter_map(|(n, _)| link.air.link_dbm(n, node));
        levels.filter(|&dbm| dbm >= faintest_dbm).fold(f32::from(i8::MAX), f32::min) as i8
    };
    facts.nodes().map(of).collect()
}

/// Whole seconds of the run that have passed.
pub(super) fn seconds(ctx: &Ctx) -> u64 {
    ctx.now().nanos() / 1_000_000_000
}

/// Whole minutes of the run that have passed, modulo 2^16 (45.5 d).
pub(super) fn minute(ctx: &Ctx) -> u16 {
    minute_at(ctx.now())
}

/// The same of an instant.
pub(super) fn minute_at(now: SimTime) -> u16 {
    (now.nanos() / 60_000_000_000) as u16
}

impl Net {
    /// A node without a route has heard somebody who may lead it to one.
    pub(super) fn has_heard(&self, node: Node) -> bool {
        self.nodes[node].candidates[0].node.is_some()
    }

    /// Whether a node of wsrd that is part of the mesh looks at its candidates as soon as something has changed; while it registers and announces as well. W `rpl.c`.
    pub(super) fn looks_at_once(&self, node: Node) -> bool {
        let joining = &self.nodes[node];
        self.procedures.stack == RouterStack::Wsrd
            && joining.state == State::Operational
            && matches!(joining.step, Step::Settled | Step::Register | Step::Renew | Step::Announce)
    }

    /// Whether a node takes part in routing and may change its parent.
    pub(super) fn is_settled(&self, node: Node) -> bool {
        self.nodes[node].state == State::Operational && self.nodes[node].parent.is_some()
    }
}
