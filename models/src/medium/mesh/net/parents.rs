//! Parents: what RPL information says, and the choice among candidates.

use super::candidates::{self, forget, minute, remember, seconds};
use super::joining::Search;
use super::lost::{self, fail, give_up};
use super::{
    Content, Event, INFINITE_RANK, Net, Packet, Stack, State, Step, Topic, discover, join, lollipop, probes, rests,
    second, trickle,
};
use crate::books::Happened;
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::mac::{Done, LinkLayer};
use crate::node::Node;
use crate::spec::RouterStack;
use amitwin_sim_core::SimTime;

/// A new parent must be better by this much rank (1.5 ETX).
pub(super) const SWITCH_THRESHOLD: u32 = 192;
/// N `rpl_policy.c`: all candidates are looked at so often, s.
pub(super) const SELECTS_AGAIN_S: u32 = 600;
/// N `rpl_policy.c`: time from a DIO, and from another ETX, until then at least, s.
pub(super) const SELECTS_AFTER_DIO_S: f64 = 15.0;
const SELECTS_AFTER_ETX_S: f64 = 30.0;

/// Sends RPL information to one neighbour or to all.
pub(super) fn send_dio<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    to: Option<Node>,
) {
    let joining = &stack.net.nodes[node];
    // W `rpl.c`: who has a parent and an address answers a solicitation, part of the mesh or not.
    let answers = to.is_some()
        && stack.net.procedures.stack == RouterStack::Wsrd
        && joining.state == State::ConfigureRouting
        && joining.parent.is_some()
        && joining.addressed;
    if joining.state != State::Operational && !answers {
        return;
    }
    // Nanostack that has lost its last parent says nothing until it has looked at its candidates.
    if joining.step == Step::Lost && joining.parent == Node::NONE {
        return;
    }
    let (rank, lowest) = (joining.rank, joining.lowest);
    let content = Content::Dio { rank, hops: joining.hops, version: joining.rpl.version };
    // N `rpl_upward.c`: what it says to one alone does not count.
    if to.is_none() || stack.net.procedures.stack == RouterStack::Wsrd {
        stack.net.nodes.aside(node).rpl.advertised = rank;
        if rank < lowest {
            stack.net.nodes[node].lowest = rank;
        }
    }
    let to = to.unwrap_or(Node::EVERYONE);
    stack.submit(link, ctx, node, Packet::new(content, node, to, to));
}

/// A solicitation for all: those who have a route say so soon.
pub(super) fn solicited_by_all(net: &mut Net, ctx: &mut Ctx, node: Node, from: Node) {
    if net.nodes[node].state == State::Operational {
        trickle::reset(net, ctx, node, Topic::Dio);
        if net.which_parent(node, from).is_some() {
            join::confirms(net, ctx, node);
        }
    }
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
    let Content::Dio { rank, version, .. } = packet.content else { return };
    if ctx.facts.is_gateway(node) || stack.net.pan_of(node) != stack.net.pan_of(from) {
        return;
    }
    let joining = &stack.net.nodes[node];
    if !matches!(joining.state, State::ConfigureRouting | State::Operational) {
        return;
    }
    let choosing = matches!(joining.step, Step::Discover | Step::Choose);
    let which = stack.net.which_parent(node, from).filter(|_| !choosing);
    if rank == INFINITE_RANK {
        // It has lost its way, which is no fault of the link to it.
        match (which, stack.net.procedures.stack) {
            (Some(which), RouterStack::Nanostack) => give_up(stack, link, ctx, node, which, 0),
            _ if stack.net.candidate(node, from).is_none() => {}
            (which, _) => {
                remember(stack.net, link, ctx, node, from, Some(INFINITE_RANK));
                if which.is_some() {
                    update(stack, link, ctx, node);
                }
            }
        }
        return;
    }
    // N `rpl_control.c`, W `rpl.c`: of those that are nearer by steps of rank, whomever they tell.
    let step = stack.net.procedures.parents.rank_step;
    let own = stack.net.nodes[node].rank;
    if own != INFINITE_RANK && rank / step < own / step {
        trickle::consistent(stack.net, node, Topic::Dio);
    }
    let is_candidate = remember(stack.net, link, ctx, node, from, Some(rank));
    if let Some(candidate) = stack.net.nodes.aside(node).candidates.iter_mut().find(|c| c.node == from) {
        candidate.version = version;
        stack.net.nodes.aside(node).rpl.latest = from;
    }
    if let Some(which) = which
        && stack.net.candidate(node, from).is_some_and(|parent| parent.rank == INFINITE_RANK)
    {
        // N `rpl_control.c`: it is further down than this node now, and may be below it.
        return give_up(stack, link, ctx, node, which, 0);
    }
    if which == Some(0) {
        has_spoken(stack.net, ctx, node);
        return match stack.net.procedures.stack {
            _ if !is_candidate => fail(stack, link, ctx, node),
            RouterStack::Wsrd => follow(stack, link, ctx, node),
            RouterStack::Nanostack => select_in(stack.net, ctx, node, SELECTS_AFTER_DIO_S, true),
        };
    }
    if !is_candidate {
        return;
    }
    probes::ask_unknown(stack, link, ctx, node);
    if stack.net.is_settled(node) {
        select_in(stack.net, ctx, node, SELECTS_AFTER_DIO_S, true);
    }
    match (stack.net.nodes[node].state, stack.net.nodes[node].step) {
        (State::ConfigureRouting, Step::Discover) => discover::heard_dio(stack.net, ctx, node),
        _ if stack.net.looks_at_once(node) => update(stack, link, ctx, node),
        _ => {}
    }
}

/// A node of nanostack looks at its candidates in one to one and a half times so many seconds, those of a DIO's smallest interval at least
/// where that may be an improvement, unless it does so as soon anyway. N `rpl_upward.c`.
pub(super) fn select_in(net: &mut Net, ctx: &mut Ctx, node: Node, delay_s: f64, may_improve: bool) {
    if net.procedures.stack != RouterStack::Nanostack {
        return;
    }
    let imin_s = libm::floor(net.procedures.dio.imin_s());
    let delay_s = if may_improve { delay_s.max(imin_s) } else { delay_s };
    let now_s = seconds(ctx) as u32;
    if net.nodes[node].watch.selects_s <= now_s + delay_s as u32 {
        return;
    }
    let wait_s = net.between(ctx.facts, node, (delay_s, 1.5 * delay_s));
    net.nodes.aside(node).watch.selects_s = now_s + wait_s as u32;
    if net.nodes[node].step == Step::Settled {
        join::rest(net, ctx, node);
    }
}

/// A node of nanostack looks at its candidates because it is time: its rank follows its parent's, those of a bad link are forgotten, a clearly better one
/// becomes the parent, and one that has said nothing for too long is asked for its rank.
pub(super) fn select<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let now_s = seconds(ctx) as u32;
    let watch = &mut stack.net.nodes.aside(node).watch;
    if now_s < watch.selects_s {
        return;
    }
    watch.selects_s = now_s + SELECTS_AGAIN_S;
    let before = stack.net.parents(node);
    follow(stack, link, ctx, node);
    if stack.net.nodes[node].registration.is_stale() && stack.net.nodes[node].step == Step::Settled {
        join::route_by(stack.net, ctx, node, before);
    }
    let (parent, wonders_s) = (stack.net.nodes[node].parent, stack.net.nodes[node].watch.wonders_s);
    if parent == Node::NONE {
        return;
    }
    if now_s >= wonders_s && !rests::hears_parent(stack.net, ctx, node) {
        stack.submit(link, ctx, node, Packet::new(Content::Dis, node, parent, parent));
    }
    candidates::drop_bad(stack.net, ctx, node);
}

/// The path through the first parent has changed: the node's rank follows. wsrd that is part of the mesh chooses its parents anew; nanostack looks for another
/// parent where its rank would be above the limit.
fn follow<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    if stack.net.looks_at_once(node) {
        return update(stack, link, ctx, node);
    }
    let net = &mut *stack.net;
    take_version(net, ctx, node);
    let (step, rank_max) = (net.procedures.parents.rank_step, net.rank_max(node));
    let (joining, before) = (&net.nodes[node], net.nodes[node].rank);
    let Some(parent) = net.candidate(node, joining.parent) else { return };
    if parent.etx.value().is_none() {
        return;
    }
    let rank = parent.rank_below(step);
    let is_too_far = net.nodes[joining.parent].hops >= net.hops_max;
    let of = net.procedures.stack;
    if is_too_far || rank >= u32::from(INFINITE_RANK) {
        return fail(stack, link, ctx, node);
    }
    if of == RouterStack::Nanostack && rank > rank_max {
        return match net.best(node, minute(ctx), rank_max).map(|c| c.node) {
            Some(other) => change(stack, ctx, node, other),
            None => fail(stack, link, ctx, node),
        };
    }
    let hops = net.nodes[net.nodes[node].parent].hops.saturating_add(1);
    let joining = &mut net.nodes[node];
    (joining.hops, joining.rank) = (hops, rank as u16);
    let through_both = net.rank_through_parents(node);
    let joining = &mut net.nodes[node];
    if through_both <= rank_max {
        joining.rank = through_both as u16;
    }
    if of == RouterStack::Wsrd || joining.state != State::Operational {
        return;
    }
    if joining.rank / step != before / step {
        trickle::is_not_consistent(net, node, Topic::Dio);
    }
    if stack.net.nodes[node].step == Step::Settled {
        reselect(stack, link, ctx, node);
    }
}

/// wsrd chooses its parents anew, tells all at once where its rank is a step further down than it has said, and announces parents that are others than
/// before. W `rpl.c`.
pub(super) fn update<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let net = &mut *stack.net;
    let is_another = take_version(net, ctx, node);
    net.sort(node, minute(ctx));
    probes::ask_unknown(stack, link, ctx, node);
    let net = &mut *stack.net;
    let (before, choice) = (net.parents(node), net.chooses_parents(ctx, node));
    if choice.waives {
        net.nodes[node].lowest = INFINITE_RANK;
    }
    let [first, second] = choice.parents;
    if first == Node::NONE {
        return lost::nobody_is_left(stack, link, ctx, node);
    }
    if before != choice.parents {
        let joining = &mut net.nodes[node];
        (joining.parent, joining.rpl.second) = (first, second);
        net.sort(node, minute(ctx));
    }
    let (hops, rank) = (net.nodes[first].hops.saturating_add(1), net.rank_through_parents(node));
    let rank = rank.min(u32::from(INFINITE_RANK) - 1) as u16;
    if (net.nodes[node].hops, net.nodes[node].rank) != (hops, rank) {
        let joining = &mut net.nodes[node];
        (joining.hops, joining.rank) = (hops, rank);
    }
    if before[0] != first {
        ctx.note(node, Happened::ParentChange { parent: ctx.facts.sites[first] });
    }
    let (step, joining) = (net.procedures.parents.rank_step, &net.nodes[node]);
    if joining.state == State::Operational && rank / step > joining.rpl.advertised / step {
        send_dio(stack, link, ctx, node, None);
    }
    if before != choice.parents {
        join::route_by(stack.net, ctx, node, before);
    } else if is_another && stack.net.nodes[node].step == Step::Settled {
        // In a new version of the DODAG it announces its route.
        join::announce(stack.net, ctx, node, (0.0, 0.0));
    }
}

/// A node goes on in the version of its parent if that is newer. It may have any rank there, says so soon, and chooses among all anew. Whether it does.
fn take_version(net: &mut Net, ctx: &mut Ctx, node: Node) -> bool {
    let Some(version) = net.candidate(node, net.nodes[node].parent).map(|parent| parent.version) else { return false };
    if !lollipop::is_newer(version, net.nodes[node].rpl.version) {
        return false;
    }
    let joining = &mut net.nodes[node];
    (joining.rpl.version, joining.lowest) = (version, INFINITE_RANK);
    if joining.state == State::Operational {
        trickle::reset(net, ctx, node, Topic::Dio);
    }
    true
}

/// [`Event::Version`]: a border router begins a new version of its DODAG. N `ws_bbr_api.c`.
pub(super) fn version_due(net: &mut Net, ctx: &mut Ctx, gateway: Node) {
    let joining = &mut net.nodes[gateway];
    if joining.deadline != ctx.now() || joining.state != State::Operational {
        return;
    }
    joining.rpl.version = lollipop::next(joining.rpl.version);
    trickle::reset(net, ctx, gateway, Topic::Dio);
    let Some(versions) = net.procedures.pan.versions else { return };
    let wait_s =
        if lollipop::is_in_circle(net.nodes[gateway].rpl.version) { versions.later_s } else { versions.first_s };
    version_in(net, ctx, gateway, wait_s);
}

/// A border router begins a new version in so many seconds.
pub(super) fn version_in(net: &mut Net, ctx: &mut Ctx, gateway: Node, wait_s: f64) {
    let at = ctx.now() + SimTime::from_secs_f64(wait_s);
    net.nodes.aside(gateway).deadline = at;
    ctx.schedule(at, gateway, Event::Version { gateway });
}

/// The parent has said its rank, or is new: nanostack wonders after 1.5 of its longest interval without a word.
pub(super) fn has_spoken(net: &mut Net, ctx: &Ctx, node: Node) {
    if net.procedures.stack == RouterStack::Nanostack {
        let silence_ms = net.procedures.dio.imax_ms / 2 * 3;
        net.nodes.aside(node).watch.wonders_s = seconds(ctx) as u32 + silence_ms.div_ceil(1_000);
    }
}

/// A mesh that has run for long: a node looks at its candidates at a random place of the period.
pub(super) fn settle(net: &mut Net, ctx: &Ctx, node: Node) {
    if net.procedures.stack == RouterStack::Nanostack {
        let wait_s = f64::from(SELECTS_AGAIN_S) * net.draw(ctx.facts, node);
        net.nodes.aside(node).watch.selects_s = seconds(ctx) as u32 + wait_s as u32;
    }
}

/// Makes a candidate the parent.
pub(super) fn adopt(net: &mut Net, ctx: &mut Ctx, node: Node, parent: Node) {
    let hops = net.nodes[parent].hops.saturating_add(1);
    let step = net.procedures.parents.rank_step;
    let rank = net.candidate(node, parent).map_or(u32::from(INFINITE_RANK), |c| c.rank_below(step));
    let version = net.candidate(node, parent).map_or(0, |c| c.version);
    let joining = &mut net.nodes[node];
    let changed = joining.parent != parent;
    let detached = joining.rank == INFINITE_RANK;
    if detached {
        joining.rpl.version = version;
    }
    (joining.parent, joining.hops) = (parent, hops);
    if joining.rpl.second == parent {
        joining.rpl.second = Node::NONE;
    }
    joining.registration.failures = 0;
    joining.rank = rank.min(u32::from(INFINITE_RANK) - 1) as u16;
    if detached {
        joining.lowest = INFINITE_RANK;
    }
    take_version(net, ctx, node);
    let joining = &mut net.nodes[node];
    joining.watch.selects_s = seconds(ctx) as u32 + SELECTS_AGAIN_S;
    has_spoken(net, ctx, node);
    net.sort(node, minute(ctx));
    second::choose(net, ctx, node);
    if changed {
        ctx.note(node, Happened::ParentChange { parent: ctx.facts.sites[parent] });
        others_differ(net, node);
    }
}

/// N `rpl_upward.c`: what a node whose parents are others hears in this interval is no reason to keep silent.
fn others_differ(net: &mut Net, node: Node) {
    if net.procedures.stack == RouterStack::Nanostack {
        trickle::is_not_consistent(net, node, Topic::Dio);
    }
}

/// Another parent for a node that has a route: it registers where it is not yet, and announces its parents.
pub(super) fn change<P: PortUser>(stack: &mut Stack<P>, ctx: &mut Ctx, node: Node, parent: Node) {
    let before = stack.net.parents(node);
    adopt(stack.net, ctx, node, parent);
    join::route_by(stack.net, ctx, node, before);
}

/// Forgets parent, rank and candidates.
pub(super) fn detach(net: &mut Net, node: Node) {
    forget(net, node);
    let joining = &mut net.nodes[node];
    (joining.parent, joining.rpl.second, joining.rank, joining.hops) = (Node::NONE, Node::NONE, INFINITE_RANK, 0);
    joining.registration.begin_anew();
    joining.search = Search { lost: joining.search.lost, ..Search::default() };
    joining.rpl.slots = None;
}

/// Nanostack switches to a clearly better parent; never to one that is not nearer to the border router than this node is.
fn reselect<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    if !stack.net.is_settled(node) {
        return;
    }
    probes::ask_unknown(stack, link, ctx, node);
    let net = &mut *stack.net;
    let minute = minute(ctx);
    let joining = &net.nodes[node];
    let Some(current) = net.candidate(node, joining.parent) else { return };
    if current.rank == INFINITE_RANK {
        return;
    }
    let cost = current.cost();
    let best = net.best(node, minute, net.rank_max(node));
    let better = best.filter(|best| best.node != joining.parent && best.cost() + SWITCH_THRESHOLD <= cost);
    if let Some(other) = better.map(|best| best.node) {
        return change(stack, ctx, node, other);
    }
    let before = net.parents(node);
    second::choose(net, ctx, node);
    if net.parents(node) != before {
        others_differ(net, node);
        join::route_by(net, ctx, node, before);
    }
}

/// The link layer is done with a unicast frame: it counts for the ETX of its receiver.
pub(super) fn link_result<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    done: Done,
) {
    if ctx.facts.is_gateway(node) {
        return;
    }
    let now_s = seconds(ctx);
    let counting = stack.net.procedures.parents.counting;
    let joining = stack.net.nodes.aside(node);
    // W `join_state.c`: each frame is a sample while it looks for a parent behind a new configuration.
    let is_looking = matches!(joining.step, Step::Discover | Step::Choose) && joining.state == State::ConfigureRouting;
    let at_once = is_looking && !joining.search.lost && stack.net.procedures.stack == RouterStack::Wsrd;
    let counting = if at_once { counting.at_once() } else { counting };
    let Some(candidate) = joining.candidates.iter_mut().find(|c| c.node == done.to) else { return };
    // N `ws_llc_data_service.c`: what no free channel was found for tells nothing of the link.
    let sent = match stack.net.procedures.stack {
        RouterStack::Nanostack => done.sent,
        RouterStack::Wsrd => done.tries,
    };
    let was_full = candidate.etx.is_full(&counting);
    let is_new = sent > 0 && candidate.etx.count(&counting, now_s, sent, done.ok);
    if !was_full && candidate.etx.is_full(&counting) {
        probes::sample_is_full(stack.net, ctx, node);
    }
    probes::counted(stack, link, ctx, node, done, (is_new, at_once));
    if stack.net.procedures.stack == RouterStack::Nanostack {
        if is_new {
            has_changed(stack.net, ctx, node, done.to);
        }
        return;
    }
    let joining = &stack.net.nodes[node];
    if is_new && joining.parent == done.to && !matches!(joining.step, Step::Discover | Step::Choose) {
        follow(stack, link, ctx, node);
    } else if is_new && stack.net.looks_at_once(node) {
        update(stack, link, ctx, node);
    }
}

/// Samples whose time is over become values.
pub(super) fn end_samples<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let net = &mut *stack.net;
    let (of_stack, counting, now_s) = (net.procedures.stack, net.procedures.parents.counting, seconds(ctx));
    let mut is_any_new = false;
    for n in 0..net.nodes[node].candidates.len() {
        let candidate = &mut net.nodes.aside(node).candidates[n];
        let of = candidate.node;
        if candidate.etx.ends(&counting, now_s) {
            is_any_new = true;
            match of_stack {
                RouterStack::Nanostack => has_changed(net, ctx, node, of),
                RouterStack::Wsrd => probes::is_well(net, ctx, node, of),
            }
        }
    }
    if is_any_new && net.looks_at_once(node) {
        update(stack, link, ctx, node);
    }
}

/// The ETX of a candidate has another value: nanostack looks at all when it has changed by a half, to the worse only of its parent. N `rpl_control.c`.
fn has_changed(net: &mut Net, ctx: &mut Ctx, node: Node, of: Node) {
    let Some(candidate) = net.nodes.aside(node).candidates.iter_mut().find(|c| c.node == of) else { return };
    let is_known = candidate.rank != INFINITE_RANK;
    let Some(is_better) = candidate.etx.changed() else { return };
    let matters = if is_better { is_known } else { net.which_parent(node, of).is_some() };
    if matters && net.is_settled(node) {
        select_in(net, ctx, node, SELECTS_AFTER_ETX_S, is_better);
    }
}
