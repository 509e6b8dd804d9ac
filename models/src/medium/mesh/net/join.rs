//! Joining: from a parent to a meter that the head-end hears again, and what keeps it there.
//!
//! An address by DHCPv6 through the parent, its registration with the parent, and the route at the border router.

use super::candidates::seconds;
use super::children::{self, REGISTERED_S};
use super::choice;
use super::discover::{self, OF_MEMBERS};
use super::lease;
use super::lost;
use super::parents;
use super::probes;
use super::trickle;
use super::{ALL_TOPICS, Content, Event, Net, Packet, Stack, State, Step, Topic, auth, lollipop, pan, rekey, rests};
use crate::books::Happened;
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::mac::{Done, LinkLayer};
use crate::medium::mesh::net::MeshMut;
use crate::node::Node;
use crate::spec::{BorderStack, Lease, RouterStack};
use amitwin_sim_core::SimTime;

/// N `rpl_downward.c`: registrations that fail in a row before the parent is forgotten, and the wait between them, s.
const REGISTRATIONS_FAILED_MAX: u8 = 2;
const REGISTERS_AGAIN_S: f64 = 20.0;
/// N `rpl_downward.c`: the same where it found no free channel.
const REGISTERS_WHEN_FREE_S: f64 = 4.0;
/// N `rpl_downward.c`: from one registration that was acknowledged to that with the next parent, s.
const REGISTERS_NEXT_S: f64 = 6.0;
/// N `rpl_downward.c`: from another set of parents, of whom none is new, to their announcement, s. W does so at once.
const ANNOUNCES_S: (f64, f64) = (0.5, 1.5);

/// The node's radio goes off: nothing is left but what its flash keeps.
pub(super) fn stop(net: &mut Net, node: Node, now: SimTime) {
    let kept = net.lease == Lease::Kept;
    let keeps_sequence = net.procedures.stack == RouterStack::Wsrd;
    let joining = &mut net.nodes[node];
    (joining.state, joining.step, joining.returning) = (State::Off, Step::Settled, true);
    if !keeps_sequence {
        // The next one is the first.
        joining.rpl.path_sequence = lollipop::INITIAL - 1;
    }
    joining.addressed &= kept;
    joining.pan.keys = joining.pan.keys.stored(net.procedures.stack);
    joining.epoch = joining.epoch.wrapping_add(1);
    // Nobody hears it from now on.
    joining.deadline = now;
    for topic in ALL_TOPICS {
        trickle::stop(net, node, topic);
    }
    parents::detach(net, node);
}

/// A border router starts: it has its PAN at once, and the routes that it knew.
pub(super) fn start_router(net: &mut Net, ctx: &mut Ctx, gateway: Node) {
    let joining = &mut net.nodes[gateway];
    (joining.state, joining.step, joining.returning) = (State::Operational, Step::Settled, false);
    (joining.rank, joining.hops, joining.rpl.slots) = (net.procedures.parents.rank_step, 0, Some(0));
    rekey::restarted(net, ctx, gateway);
    match net.procedures.border {
        BorderStack::Nanostack => {
            for topic in OF_MEMBERS {
                trickle::start_soon(net, ctx, gateway, topic);
            }
            net.nodes[gateway].rpl.version = lollipop::INITIAL;
            begin_versions(net, ctx, gateway);
        }
        // W `ws_bootstrap_6lbr.c`: its configuration waits until it keeps time with its neighbours, if it knows any.
        BorderStack::Wsbrd => {
            trickle::start(net, ctx, gateway, Topic::Advert);
            trickle::start(net, ctx, gateway, Topic::Dio);
            let wait_s = match children::are_stored(net, ctx, gateway) {
                true => net.procedures.border_discovery(net.nodes_of(gateway)).imin_s(),
                false => 0.0,
            };
            ctx.schedule(ctx.now() + SimTime::from_secs_f64(wait_s), gateway, Event::Pan { node: gateway });
        }
    }
}

/// A border router that begins new versions of its DODAG by itself waits for the next: one that has just started for so long, one that has run
/// for long at a random place of a longer time.
fn begin_versions(net: &mut Net, ctx: &mut Ctx, gateway: Node) {
    let Some(versions) = net.procedures.pan.versions else { return };
    let wait_s = match net.nodes[gateway].rpl.version {
        lollipop::INITIAL => versions.first_s,
        _ => versions.later_s * net.draw(ctx.facts, gateway),
    };
    parents::version_in(net, ctx, gateway, wait_s);
}

/// Enters a joining state.
pub(super) fn set_state<P: PortUser>(stack: &mut Stack<P>, ctx: &mut Ctx, node: Node, state: State) {
    let before = std::mem::replace(&mut stack.net.nodes[node].state, state);
    if before != state {
        ctx.note(node, Happened::JoinState { state: state as u8 });
    }
    if before == State::Operational && state != State::Operational {
        stack.user.detached(ctx, node);
    }
}

/// The parents of a node are others than before: get an address through the first, or register with those with whom it is not yet, and announce them.
pub(super) fn route_by(net: &mut Net, ctx: &mut Ctx, node: Node, before: [Node; 2]) {
    let parents = net.parents(node);
    let (of, addressed) = (net.procedures.stack, net.nodes[node].addressed);
    let registration = &mut net.nodes.aside(node).registration;
    let is_new = |parent: &Node| parent.is_some() && !before.contains(parent);
    // Nanostack registers with both if one of them is new.
    let with_all = !addressed || of == RouterStack::Nanostack && parents.iter().any(is_new);
    for (n, parent) in parents.into_iter().enumerate() {
        let is_wanted = with_all || of == RouterStack::Wsrd && !registration.is_held(parent);
        registration.waits(n, parent.is_some() && is_wanted);
    }
    let is_any_pending = [0, 1].into_iter().any(|n| registration.is_pending(n));
    match of {
        _ if !addressed => begin(net, ctx, node, Step::Address, net.procedures.address.delay_s),
        _ if is_any_pending => begin(net, ctx, node, Step::Register, net.procedures.register.delay_s),
        RouterStack::Nanostack => announce(net, ctx, node, ANNOUNCES_S),
        RouterStack::Wsrd => announce(net, ctx, node, (0.0, 0.0)),
    }
}

/// A node has lost its second parent: what it waits for from the first goes on, or what comes after it.
pub(super) fn goes_on_by_first(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let joining = &net.nodes[node];
    let is_any_pending = [0, 1].into_iter().any(|n| joining.registration.is_pending(n));
    if matches!(joining.step, Step::Register | Step::Renew) && !is_any_pending {
        all_registered(net, ctx, node);
    }
}

/// Begins a step after a random delay.
fn begin(net: &mut Net, ctx: &mut Ctx, node: Node, step: Step, delay_s: (f64, f64)) {
    let joining = &mut net.nodes[node];
    (joining.step, joining.tries) = (step, 0);
    let delay = net.between(ctx.facts, node, delay_s);
    arm(net, ctx, node, delay);
}

/// Registers with the first parent (0) or the second (1) again after a random delay, unless something is under way.
pub(super) fn renew(net: &mut Net, ctx: &mut Ctx, node: Node, which: usize, delay_s: (f64, f64)) {
    if net.nodes[node].step == Step::Settled {
        net.nodes.aside(node).registration.waits(which, true);
        begin(net, ctx, node, Step::Renew, delay_s);
    }
}

/// Waits for the answer to a message of the current step, or sends it again.
fn await_answer(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let repeats = match net.nodes[node].step {
        Step::Address => net.procedures.address,
        Step::Register | Step::Renew => net.procedures.register,
        _ => net.procedures.announce,
    };
    let joining = &mut net.nodes[node];
    joining.tries = joining.tries.saturating_add(1);
    let tries = joining.tries;
    let wait_s = repeats.wait_s(tries) * net.between(ctx.facts, node, repeats.spread(tries));
    arm(net, ctx, node, wait_s);
}

/// A node has got an address that it waited for.
pub(super) fn is_addressed(net: &mut Net, ctx: &mut Ctx, node: Node) {
    if net.nodes[node].step == Step::Address {
        begin(net, ctx, node, Step::Register, net.procedures.register.delay_s);
    }
}

/// Registers with the parents that have not acknowledged it yet, or does so again: wsrd with both at a time, nanostack with one after the other.
fn register<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let at_a_time = if stack.net.procedures.stack == RouterStack::Wsrd { 2 } else { 1 };
    let registration = &stack.net.nodes[node].registration;
    let pending = [0, 1].map(|n| registration.is_pending(n));
    let parents = stack.net.parents(node);
    let those = (0..2).filter(|&n| pending[n]).take(at_a_time);
    for parent in those.map(|n| parents[n]) {
        stack.submit(link, ctx, node, Packet::new(Content::Ns { leaves: false }, node, parent, parent));
    }
}

/// A parent has acknowledged a solicitation: Wi-SUN sends an advertisement only to refuse a registration.
pub(super) fn registration_done(net: &mut Net, ctx: &mut Ctx, node: Node, from: Node) {
    let Some(which) = net.which_parent(node, from) else { return };
    let joining = net.nodes.aside(node);
    joining.registration.failures = 0;
    joining.registration.hold(from, true);
    let was_pending = joining.registration.is_pending(which);
    joining.registration.waits(which, false);
    if !was_pending || !matches!(joining.step, Step::Register | Step::Renew) {
        return;
    }
    if !joining.registration.is_pending(1 - which) {
        return all_registered(net, ctx, node);
    }
    if net.procedures.stack == RouterStack::Nanostack {
        net.nodes.aside(node).tries = 0;
        arm(net, ctx, node, REGISTERS_NEXT_S);
    }
}

/// No registration waits for an acknowledgement any longer.
fn all_registered(net: &mut Net, ctx: &mut Ctx, node: Node) {
    match net.nodes[node].step {
        Step::Register => announce(net, ctx, node, net.procedures.announce.delay_s),
        _ => settled(net, ctx, node),
    }
}

/// A registration was not acknowledged. wsrd goes by its timers; nanostack tries again after a while, once, but as often as it takes if it found no
/// free channel.
pub(super) fn registration_failed<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    done: &Done,
) {
    let Some(which) = stack.net.which_parent(node, done.to) else { return };
    let joining = stack.net.nodes.aside(node);
    let is_asked = matches!(joining.step, Step::Register | Step::Renew) && joining.registration.is_pending(which);
    if stack.net.procedures.stack == RouterStack::Wsrd || !is_asked {
        return;
    }
    if done.sent == 0 {
        return arm(stack.net, ctx, node, REGISTERS_WHEN_FREE_S);
    }
    joining.registration.failures += 1;
    if joining.registration.failures >= REGISTRATIONS_FAILED_MAX {
        lost::give_up(stack, link, ctx, node, which, 0);
    } else {
        arm(stack.net, ctx, node, REGISTERS_AGAIN_S);
    }
}

/// Tells the border router the route, after a delay.
pub(super) fn announce(net: &mut Net, ctx: &mut Ctx, node: Node, delay_s: (f64, f64)) {
    let joining = &mut net.nodes[node];
    joining.rpl.path_sequence = lollipop::next(joining.rpl.path_sequence);
    joining.registration.differs(false);
    begin(net, ctx, node, Step::Announce, delay_s);
}

fn send_dao<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let joining = &stack.net.nodes[node];
    let (parent, second, sequence) = (joining.parent, joining.rpl.second, joining.rpl.path_sequence);
    let cost = |of| stack.net.candidate(node, of).map_or(u32::MAX, |c| c.cost());
    let is_equal = second.is_some() && cost(second) <= cost(parent);
    let content = Content::Dao { sequence, second, is_equal, back: stack.user.returning(node) };
    let mut packet = Packet::new(content, node, stack.net.pan_of(node), parent);
    packet.via = parent;
    packet.hop_to = stack.net.way_up(node, Node::NONE, &packet).unwrap_or(parent);
    await_answer(stack.net, ctx, node);
    stack.submit(link, ctx, node, packet);
}

/// The border router knows the route announced with `sequence`: part of the mesh.
pub(super) fn route_known<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    sequence: u8,
) {
    let joining = &mut stack.net.nodes[node];
    if joining.step != Step::Announce || joining.rpl.path_sequence != sequence {
        return;
    }
    (joining.step, joining.tries, joining.returning) = (Step::Settled, 0, false);
    joining.registration.failures = 0;
    joining.pan.keys.used = false;
    takes_slots(stack.net, node);
    choice::is_member(stack.net, node);
    if stack.net.nodes[node].state != State::Operational {
        set_state(stack, ctx, node, State::Operational);
        let parent = stack.net.nodes[node].parent;
        ctx.note(node, Happened::Operational { parent: ctx.facts.sites[parent] });
        let of = stack.net.procedures.stack;
        for topic in OF_MEMBERS {
            match topic {
                // N `rpl_upward.c`: since it has chosen a parent, in its smallest interval.
                Topic::Dio if of == RouterStack::Nanostack => _ = trickle::start_soon(stack.net, ctx, node, topic),
                _ => _ = trickle::start(stack.net, ctx, node, topic),
            }
        }
        stack.net.nodes[node].search.lost = false;
        stack.user.attached(&mut MeshMut { link, net: stack.net }, ctx, node);
        children::begin_to_ask(stack, link, ctx, node);
    }
    // The border router knows the way by both.
    let parents = stack.net.parents(node);
    parents.into_iter().for_each(|parent| stack.net.nodes.aside(node).registration.is_acknowledged(parent));
    children::leaves_all_but(stack, link, ctx, node, parents);
    let net = &mut *stack.net;
    route_lasts(net, ctx, node);
    pan::is_alive(net, ctx, node);
    rest(net, ctx, node);
}

/// The border router has just got a route: when it is announced anew.
pub(super) fn route_lasts(net: &mut Net, ctx: &Ctx, node: Node) {
    let route_s = net.between(ctx.facts, node, net.procedures.route.renewed) * net.procedures.route.lifetime_s;
    net.nodes.aside(node).deadline = ctx.now() + SimTime::from_secs_f64(route_s);
}

/// N `ws_bootstrap_6lr.c`: with each acknowledged route the slots of a node go by the rank that it has, in steps.
fn takes_slots(net: &mut Net, node: Node) {
    let hops = (net.nodes[node].rank / net.procedures.parents.rank_step).saturating_sub(1);
    net.nodes.aside(node).rpl.slots = Some(hops as u8);
}

/// N `ws_bootstrap_6lr.c`: a parent may have begun anew, so that the node registers within two of the smallest intervals of DIOs.
pub(super) fn confirms(net: &mut Net, ctx: &mut Ctx, node: Node) {
    if net.procedures.stack != RouterStack::Nanostack || net.nodes[node].state != State::Operational {
        return;
    }
    let within_s = u64::from(net.procedures.dio.imin_ms.div_ceil(500));
    let until_s = seconds(ctx) + within_s + REGISTERED_S - net.procedures.registration_s as u64;
    let joining = net.nodes.aside(node);
    joining.registration.ends(joining.parent, until_s as u32);
    if joining.step == Step::Settled {
        rest(net, ctx, node);
    }
}

/// Puts a node that was part of the mesh from the start on its renewal timers, at random places of their periods.
pub(super) fn settle(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let joining = &mut net.nodes[node];
    (joining.state, joining.step, joining.addressed) = (State::Operational, Step::Settled, true);
    takes_slots(net, node);
    net.nodes.aside(node).pan.size = net.nodes_of(net.pan_of(node));
    for topic in OF_MEMBERS {
        match net.rests.is_some() {
            true => trickle::rest(net, ctx, node, topic),
            false => _ = trickle::start(net, ctx, node, topic),
        }
    }
    rekey::start(net, ctx, node);
    if !ctx.facts.is_gateway(node) {
        let renewed = net.between(ctx.facts, node, net.procedures.route.renewed);
        let (part, lifetime_s) = (renewed * net.draw(ctx.facts, node), net.procedures.route.lifetime_s);
        net.nodes.aside(node).deadline = ctx.now() + SimTime::from_secs_f64(part * lifetime_s);
        net.routes.is_good_until(node, (lifetime_s * (1.0 - renewed + part)) as u32);
        register_long_ago(net, ctx, node);
        // The route was acknowledged at some time before the last tenth of the PAN's time-out.
        let seen = 1.0 - 0.9 * net.draw(ctx.facts, node);
        pan::watch(net, ctx, node, net.procedures.pan.timeout_s * seen);
        parents::has_spoken(net, ctx, node);
        parents::settle(net, ctx, node);
        probes::settle(net, ctx, node);
        lease::settle(net, ctx, node);
        rest(net, ctx, node);
    } else {
        begin_versions(net, ctx, node);
    }
}

/// A node that was part of the mesh from the start registered at a random place of the period, under nanostack with both parents together.
fn register_long_ago(net: &mut Net, ctx: &Ctx, node: Node) {
    let left_s = REGISTERED_S as f64 - net.procedures.registration_s;
    let mut until_s = 0;
    for (n, parent) in net.parents(node).into_iter().enumerate().filter(|(_, parent)| parent.is_some()) {
        if n == 0 || net.procedures.stack == RouterStack::Wsrd {
            until_s = (net.procedures.registration_s * net.draw(ctx.facts, node) + left_s) as u32;
        }
        net.nodes.aside(node).registration.stands(parent, until_s, n == 0);
    }
}

/// Nothing is under way any longer: the parent is there.
fn settled(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let joining = &mut net.nodes[node];
    (joining.step, joining.tries, joining.registration.failures) = (Step::Settled, 0, 0);
    rest(net, ctx, node);
}

/// Waits for the next renewal, of the registration or of the route.
pub(super) fn rest(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let renewed = [0, 1].map(|n| net.renewed_at(node, n));
    let next = renewed[0].min(renewed[1]).min(net.nodes[node].deadline);
    let next = match net.procedures.stack {
        RouterStack::Nanostack => next.min(SimTime::from_secs(u64::from(net.nodes[node].watch.selects_s))),
        RouterStack::Wsrd => next,
    };
    arm(net, ctx, node, next.saturating_sub(ctx.now()).secs_f64());
}

impl Net {
    /// When a node renews its registration with the first or the second parent; never where it is not registered.
    fn renewed_at(&self, node: Node, which: usize) -> SimTime {
        let until_s = self.nodes[node].registration.held_until_s(self.parents(node)[which]);
        let renewed_s = |until_s| f64::from(until_s) - REGISTERED_S as f64 + self.procedures.registration_s;
        until_s.map_or(SimTime::MAX, |until_s| SimTime::from_secs_f64(renewed_s(until_s).max(0.0)))
    }
}

/// Sets the join timer.
pub(super) fn arm(net: &mut Net, ctx: &mut Ctx, node: Node, seconds: f64) {
    let joining = &mut net.nodes[node];
    joining.epoch = joining.epoch.wrapping_add(1);
    let epoch = joining.epoch;
    ctx.schedule(ctx.now() + SimTime::from_secs_f64(seconds), node, Event::Join { node, epoch });
}

/// [`Event::Join`]: what was waited for has not come, or a renewal is due.
pub(super) fn due<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, epoch: u16) {
    let joining = &mut stack.net.nodes[node];
    if joining.epoch != epoch {
        return;
    }
    let (tries, procedures) = (joining.tries, &stack.net.procedures);
    match (joining.state, joining.step) {
        (State::Off, _) => {}
        (State::AcquireConfig, _) if !procedures.pan.choosing.is_free || joining.pan.is_chosen => {}
        (State::SelectPan | State::AcquireConfig, _) => discover::choose_pan(stack, link, ctx, node),
        (State::Authenticate, _) => auth::due(stack, link, ctx, node),
        (_, Step::Leave) => discover::has_left(stack, link, ctx, node),
        (_, Step::Discover) => discover::ask(stack, link, ctx, node),
        (_, Step::Choose) => discover::choose_parent(stack, link, ctx, node),
        (_, Step::Address) if procedures.address.is_over(tries) => lost::parent_failed(stack, link, ctx, node),
        (_, Step::Address) => {
            await_answer(stack.net, ctx, node);
            lease::solicit(stack, link, ctx, node);
        }
        // W `ndp.c`: a neighbour that has acknowledged none is forgotten, not denied.
        (_, Step::Register | Step::Renew) if procedures.register.is_over(tries) => {
            let which = usize::from(!joining.registration.is_pending(0));
            lost::give_up(stack, link, ctx, node, which, 0);
        }
        (_, Step::Register | Step::Renew) => {
            await_answer(stack.net, ctx, node);
            register(stack, link, ctx, node);
        }
        (_, Step::Announce) if procedures.announce.is_over(tries) => lost::parent_failed(stack, link, ctx, node),
        (_, Step::Announce) => send_dao(stack, link, ctx, node),
        (_, Step::Settled) if ctx.now() >= joining.deadline => match rests::keeps_route(stack.net, ctx, node) {
            true => rest(stack.net, ctx, node),
            false => announce(stack.net, ctx, node, (0.0, 0.0)),
        },
        (_, Step::Lost) => lost::look_again(stack, link, ctx, node),
        (_, Step::Settled) => {
            let of = procedures.stack;
            let is_due = [0, 1].map(|n| ctx.now() >= stack.net.renewed_at(node, n));
            match of {
                RouterStack::Nanostack if !is_due.contains(&true) => parents::select(stack, link, ctx, node),
                RouterStack::Nanostack => {}
                RouterStack::Wsrd => parents::update(stack, link, ctx, node),
            }
            if stack.net.nodes[node].step != Step::Settled {
                return;
            }
            let is_due = rests::keeps_registrations(stack.net, link, ctx, node, is_due);
            if !is_due.contains(&true) {
                return rest(stack.net, ctx, node);
            }
            let parents = stack.net.parents(node);
            for n in [0, 1] {
                // Nanostack renews both together.
                let is_wanted = is_due[n] || of == RouterStack::Nanostack;
                stack.net.nodes.aside(node).registration.waits(n, is_wanted && parents[n].is_some());
            }
            begin(stack.net, ctx, node, Step::Renew, (0.0, 0.0));
        }
    }
}
