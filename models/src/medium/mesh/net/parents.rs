//! Parents by expected transmissions (RPL, MRHOF): candidates, advertisements, and when to change.

use super::discover;
use super::join;
use super::tree::Tree;
use super::trickle;
use super::{Content, Done, Joining, Measured, Net, Packet, Stack, State, Step, Topic};
use crate::books::Happened;
use crate::context::{Ctx, Facts};
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::node::Node;
use crate::spec::RouterStack;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// Rank of a node without a route.
pub const INFINITE_RANK: u16 = u16::MAX;
/// Candidate parents that a node keeps.
pub const CANDIDATES: usize = 5;
/// Rank of a border router, and the increase for a link of ETX 1.
pub const RANK_STEP: u16 = 128;
/// A link worse than this is not used, in 1/128 transmissions.
pub const ETX_MAX: u16 = 4 * 128;
/// A new parent must be better by this much rank (1.5 ETX).
const SWITCH_THRESHOLD: u16 = 192;
/// How far a node's rank may rise above its lowest before it has to leave the tree and join anew.
const RANK_INCREASE_MAX: u16 = 3 * RANK_STEP;
/// A sample of the expected transmissions takes so many of them and so long (nanostack).
const MEASURED_MIN: u8 = 4;
const MEASURED_EACH: SimTime = SimTime::from_secs(60);
/// Frames to the parent that fail in a row before it is asked whether it is still there. One failure says little: a
/// neighbour in its sweep is deaf for seconds.
const FAILURES_MAX: u8 = 2;

/// A neighbour that may be the parent.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Candidate {
    /// Who, or [`Node::NONE`].
    pub node: Node,
    /// Its rank.
    pub rank: u16,
    /// Expected transmissions, 1/128.
    pub etx: u16,
    /// Not to be the parent before this minute of the run.
    pub denied_until_min: u16,
}

impl Default for Candidate {
    fn default() -> Self {
        Candidate { node: Node::NONE, rank: INFINITE_RANK, etx: ETX_MAX, denied_until_min: 0 }
    }
}

impl Candidate {
    /// Rank through this parent.
    pub fn cost(&self) -> u32 {
        u32::from(self.rank) + u32::from(self.etx.max(RANK_STEP))
    }
}

impl Net {
    /// Whether the edge to a neighbour is good enough to be used at all.
    pub(super) fn is_usable(&self, link: &LinkLayer, node: Node, neighbour: Node) -> bool {
        let code = link.air.neighbours.code(node, neighbour);
        code.is_some_and(|code| self.etx_of_code[code as usize] <= ETX_MAX)
    }

    /// First estimate of the expected transmissions between two radios, 1/128.
    pub(super) fn etx_between(&self, link: &LinkLayer, a: Node, b: Node) -> u16 {
        link.air.neighbours.code(a, b).map_or(u16::MAX / 2, |code| self.etx_of_code[code as usize])
    }

    /// The five best parents of a node in a settled mesh, its own among them.
    pub(super) fn candidates_in(
        &self,
        tree: &Tree,
        link: &LinkLayer,
        facts: &Facts,
        node: Node,
    ) -> [Candidate; CANDIDATES] {
        let mut best = [Candidate::default(); CANDIDATES];
        let (ids, codes) = link.air.neighbours.of(node);
        let mut all: Vec<Candidate> = ids
            .iter()
            .zip(codes)
            .filter(|&(&n, _)| facts.is_own(n) && facts.pan[n] == facts.pan[node] && tree.rank[n] < tree.rank[node])
            .map(|(&n, &code)| Candidate {
                node: n,
                rank: tree.rank[n],
                etx: self.etx_of_code[code as usize],
                denied_until_min: 0,
            })
            .filter(|c| c.etx <= ETX_MAX)
            .collect();
        let parent = tree.parent[node];
        all.sort_by_key(|c| (c.node != parent, c.cost(), c.node));
        for (slot, candidate) in best.iter_mut().zip(all) {
            *slot = candidate;
        }
        sort(&mut best);
        best
    }
}

fn sort(candidates: &mut [Candidate; CANDIDATES]) {
    candidates.sort_by_key(|c| (c.node == Node::NONE, c.cost(), c.node));
}

/// Sends RPL information to one neighbour or to all.
pub(super) fn send_dio<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    to: Option<Node>,
) {
    let joining = &stack.net.nodes[node];
    if joining.state != State::Operational {
        return;
    }
    let (content, to) = (Content::Dio { rank: joining.rank, hops: joining.hops }, to.unwrap_or(Node::EVERYONE));
    stack.submit(link, ctx, node, Packet::new(content, node, to, to));
}

/// A solicitation for all: those who have a route say so soon.
pub(super) fn solicited_by_all(net: &mut Net, ctx: &mut Ctx, node: Node) {
    if net.nodes[node].state == State::Operational {
        trickle::reset(net, ctx, node, Topic::Dio);
    }
}

/// Tells one neighbour, or all, that there is no route here (a poisoning DIO).
pub(super) fn poison<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, to: Node) {
    stack.submit(link, ctx, node, Packet::new(Content::Dio { rank: INFINITE_RANK, hops: 0 }, node, to, to));
}

/// RPL information arrived.
pub(super) fn heard_dio<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    from: Node,
    packet: &Packet,
) {
    let Content::Dio { rank, hops } = packet.content else { return };
    if ctx.facts.is_gateway(node) || ctx.facts.gateway_of(node) != ctx.facts.gateway_of(from) {
        return;
    }
    let joining = &stack.net.nodes[node];
    if !matches!(joining.state, State::ConfigureRouting | State::Operational) {
        return;
    }
    let known = joining.candidates.iter().any(|c| c.node == from);
    let choosing = matches!(joining.step, Step::Discover | Step::Choose);
    let followed = joining.parent == from && !choosing;
    if rank == INFINITE_RANK {
        if followed {
            parent_failed(stack, link, ctx, node);
        } else if known {
            remember(stack.net, link, ctx, node, from, INFINITE_RANK);
        }
        return;
    }
    if packet.dest == Node::EVERYONE {
        trickle::consistent(stack.net, node, Topic::Dio);
    }
    if followed {
        parent_said(stack, link, ctx, node, rank, hops);
        return;
    }
    // A registered child is no parent; nor is a node that is as far down as this one.
    let child = stack.net.nodes[from].parent == node;
    let joining = &stack.net.nodes[node];
    let below = joining.state == State::Operational && rank >= joining.rank;
    if child || below || hops >= stack.net.hops_max || !(known || stack.net.is_usable(link, node, from)) {
        if known {
            remember(stack.net, link, ctx, node, from, INFINITE_RANK);
        }
        return;
    }
    let net = &mut *stack.net;
    remember(net, link, ctx, node, from, rank);
    let joining = &net.nodes[node];
    match (joining.state, joining.step) {
        (State::ConfigureRouting, Step::Discover) => discover::heard_dio(net, ctx, node),
        (State::Operational, Step::Settled) => reconsider(net, ctx, node),
        _ => {}
    }
}

/// The parent told its rank. One that has sunk to this node's own rank may hang below it by now: the node follows a
/// little, and then looks for another (RPL's limit on rank increase).
fn parent_said<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    rank: u16,
    hops: u8,
) {
    let parent = stack.net.nodes[node].parent;
    remember(stack.net, link, ctx, node, parent, rank);
    let hops_max = stack.net.hops_max;
    let joining = &mut stack.net.nodes[node];
    let Some(parent) = joining.candidates.iter().find(|c| c.node == joining.parent) else { return };
    let cost = parent.cost();
    if rank >= joining.rank && (cost > u32::from(joining.lowest) + u32::from(RANK_INCREASE_MAX) || hops >= hops_max) {
        parent_failed(stack, link, ctx, node);
        return;
    }
    joining.hops = hops + 1;
    if rank >= joining.rank {
        joining.rank = cost.min(u32::from(INFINITE_RANK) - 1) as u16;
        if joining.state == State::Operational {
            trickle::reset(stack.net, ctx, node, Topic::Dio);
        }
    } else if joining.state == State::Operational && joining.step == Step::Settled {
        reconsider(stack.net, ctx, node);
    }
}

/// Adds a neighbour to the candidates, of which nothing but its signal is known.
pub(super) fn meet(net: &mut Net, link: &LinkLayer, ctx: &Ctx, node: Node, neighbour: Node) {
    if net.nodes[node].candidates.iter().all(|c| c.node != neighbour) {
        remember(net, link, ctx, node, neighbour, INFINITE_RANK);
    }
}

/// Adds a neighbour to the candidates or updates its rank.
pub(super) fn remember(net: &mut Net, link: &LinkLayer, ctx: &Ctx, node: Node, neighbour: Node, rank: u16) {
    let first_etx = net.etx_between(link, node, neighbour);
    let joining = &mut net.nodes[node];
    if let Some(known) = joining.candidates.iter_mut().find(|c| c.node == neighbour) {
        let denied = ctx.now().secs_f64() < 60.0 * f64::from(known.denied_until_min);
        known.rank = if denied { INFINITE_RANK } else { rank };
    } else {
        let new = Candidate { node: neighbour, rank, etx: first_etx, denied_until_min: 0 };
        joining.crowded |= joining.candidates[CANDIDATES - 1].node.is_some();
        let last = &mut joining.candidates[CANDIDATES - 1];
        if last.node.is_some() && (last.cost(), last.etx) <= (new.cost(), new.etx) {
            return;
        }
        if last.node == joining.parent && last.node.is_some() {
            joining.candidates[CANDIDATES - 2] = new;
        } else {
            *last = new;
        }
    }
    sort(&mut joining.candidates);
}

/// Makes a candidate the parent.
pub(super) fn adopt(net: &mut Net, ctx: &mut Ctx, node: Node, parent: Node) {
    let hops = net.nodes[parent].hops.saturating_add(1);
    let joining = &mut net.nodes[node];
    let cost = joining.candidates.iter().find(|c| c.node == parent).map_or(u32::from(INFINITE_RANK), Candidate::cost);
    let changed = joining.parent != parent;
    (joining.parent, joining.hops, joining.failures) = (parent, hops, 0);
    if changed {
        joining.measured = Measured { since: ctx.now(), ..Measured::default() };
    }
    let detached = joining.rank == INFINITE_RANK;
    joining.rank = cost.min(u32::from(INFINITE_RANK) - 1) as u16;
    joining.lowest = if detached { joining.rank } else { joining.lowest.min(joining.rank) };
    if changed {
        ctx.note(node, Happened::ParentChange { parent: ctx.facts.sites[parent] });
    }
}

/// Forgets parent, rank and candidates.
pub(super) fn detach(net: &mut Net, node: Node) {
    let joining = &mut net.nodes[node];
    joining.candidates = Default::default();
    (joining.parent, joining.rank, joining.failures, joining.hops) = (Node::NONE, INFINITE_RANK, 0, 0);
    joining.crowded = false;
}

/// Switches to a clearly better parent; never to one that is not nearer to the border router than this node is.
fn reconsider(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let joining = &net.nodes[node];
    let Some(current) = joining.candidates.iter().find(|c| c.node == joining.parent) else { return };
    if current.rank == INFINITE_RANK {
        return;
    }
    let Some(best) = joining.candidates.iter().find(|c| c.node.is_some() && c.rank < joining.rank) else { return };
    if best.node != joining.parent && best.cost() + u32::from(SWITCH_THRESHOLD) < current.cost() {
        let best = best.node;
        adopt(net, ctx, node, best);
        join::route_by(net, ctx, node);
    }
}

/// The parent does not work: the next candidate, or look for others.
pub(super) fn parent_failed<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let denied_min = stack.net.procedures.denied_min;
    let joining = &mut stack.net.nodes[node];
    let parent = joining.parent;
    if let Some(bad) = joining.candidates.iter_mut().find(|c| c.node == parent) {
        (bad.rank, bad.etx) = (INFINITE_RANK, (bad.etx * 2).min(2 * ETX_MAX));
        bad.denied_until_min = if denied_min == 0 { 0 } else { minute(ctx.now()).saturating_add(denied_min) };
    }
    sort(&mut joining.candidates);
    let next = joining.candidates.iter().find(|c| c.node.is_some() && c.rank < joining.rank).map(|c| c.node);
    if let Some(next) = next {
        adopt(stack.net, ctx, node, next);
        join::route_by(stack.net, ctx, node);
        return;
    }
    let operational = joining.state == State::Operational;
    // wsrd starts anew unless there is a neighbour with a route, too far down as it may be.
    let has_others = joining.candidates.iter().any(|c| c.node.is_some() && c.rank != INFINITE_RANK);
    (joining.parent, joining.rank, joining.failures) = (Node::NONE, INFINITE_RANK, 0);
    if operational {
        for topic in [Topic::Advert, Topic::Config, Topic::Dio] {
            trickle::stop(stack.net, node, topic);
        }
        poison(stack, link, ctx, node, Node::EVERYONE);
    }
    match stack.net.procedures.stack {
        RouterStack::Wsrd if !has_others => discover::restart(stack, link, ctx, node),
        _ => discover::find_parent(stack, ctx, node, true),
    }
}

/// A moment in whole minutes, up.
fn minute(at: SimTime) -> u16 {
    libm::ceil(at.secs_f64() / 60.0) as u16
}

/// Counts a frame to the parent into its expected transmissions: a moving average of what intervals show that are long
/// enough, so that a moment of congestion does not pass for a bad link.
fn measure(joining: &mut Joining, now: SimTime, ok: bool, tries: u8) {
    let measured = &mut joining.measured;
    measured.transmitted = measured.transmitted.saturating_add(tries);
    measured.acknowledged = measured.acknowledged.saturating_add(u8::from(ok));
    if measured.transmitted < MEASURED_MIN || now < measured.since + MEASURED_EACH {
        return;
    }
    let (sent, arrived) = (u32::from(measured.transmitted), u32::from(measured.acknowledged));
    *measured = Measured { since: now, ..Measured::default() };
    // Nothing arrived: as though half of one frame had.
    let sample = (sent * 128).checked_div(arrived).unwrap_or(2 * sent * 128);
    let parent = joining.parent;
    if let Some(known) = joining.candidates.iter_mut().find(|c| c.node == parent) {
        known.etx = ((7 * u32::from(known.etx) + sample) / 8).min(u32::from(u16::MAX) / 2) as u16;
        sort(&mut joining.candidates);
    }
}

/// The link layer is done with a unicast frame.
pub(super) fn link_result<P: PortUser>(
    stack: &mut Stack<P>,
    _link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    done: Done,
) {
    if ctx.facts.is_gateway(node) {
        return;
    }
    let (net, now) = (&mut *stack.net, ctx.now());
    let joining = &mut net.nodes[node];
    if done.to != joining.parent {
        return;
    }
    measure(joining, now, done.ok, done.tries);
    if joining.state != State::Operational {
        return;
    }
    match (done.ok, joining.step) {
        (true, Step::Settled) => {
            joining.failures = 0;
            reconsider(net, ctx, node);
        }
        (true, Step::Verify) => join::verified(net, ctx, node),
        (false, Step::Settled) => {
            joining.failures += 1;
            if joining.failures >= FAILURES_MAX {
                join::verify(net, ctx, node);
            }
        }
        _ => {}
    }
}
