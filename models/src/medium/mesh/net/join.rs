//! Joining: from a parent to a meter that the head-end hears again, and what keeps it there.
//!
//! An address by DHCPv6 through the parent, its registration with the parent, and the route at the border router.

use super::children::{self, REGISTERED_S};
use super::choice;
use super::discover::{self, OF_MEMBERS};
use super::lease;
use super::parents;
use super::probes;
use super::trickle;
use super::{ALL_TOPICS, Content, Event, Net, Packet, Stack, State, Step, Topic, auth, lollipop, pan, rekey};
use crate::books::Happened;
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::medium::mesh::net::MeshMut;
use crate::node::Node;
use crate::spec::{BorderStack, Lease, RouterStack};
use amitwin_sim_core::SimTime;

/// N `rpl_downward.c`: registrations that fail in a row before the parent is forgotten, and the wait between them, s.
const REGISTRATIONS_FAILED_MAX: u8 = 2;
const REGISTERS_AGAIN_S: f64 = 20.0;

/// The node's radio goes off: nothing is left but what its flash keeps.
pub(super) fn stop(net: &mut Net, node: Node, now: SimTime) {
    let kept = net.lease == Lease::Kept;
    let keeps_sequence = net.procedures.stack == RouterStack::Wsrd;
    let joining = &mut net.nodes[node];
    (joining.state, joining.step, joining.returning) = (State::Off, Step::Settled, true);
    if !keeps_sequence {
        // The next one is the first.
        joining.numbers.path_sequence = lollipop::INITIAL - 1;
    }
    joining.addressed &= kept;
    joining.pan.keys.used = false;
    joining.epoch = joining.epoch.wrapping_add(1);
    // Nobody hears it from now on.
    joining.deadline = now;
    for topic in ALL_TOPICS {
        trickle::stop(net, node, topic);
    }
    parents::detach(net, node, true);
}

/// A border router starts: it has its PAN at once, and the routes that it knew.
pub(super) fn start_router(net: &mut Net, ctx: &mut Ctx, gateway: Node) {
    let joining = &mut net.nodes[gateway];
    (joining.state, joining.step, joining.returning) = (State::Operational, Step::Settled, false);
    (joining.rank, joining.hops) = (net.procedures.parents.rank_step, 0);
    rekey::restarted(net, ctx, gateway);
    match net.procedures.border {
        BorderStack::Nanostack => {
            for topic in OF_MEMBERS {
                trickle::start_soon(net, ctx, gateway, topic);
            }
            net.nodes[gateway].numbers.version = lollipop::INITIAL;
            begin_versions(net, ctx, gateway);
        }
        // W `ws_bootstrap_6lbr.c`: its configuration waits until it keeps time with its neighbours.
        BorderStack::Wsbrd => {
            trickle::start(net, ctx, gateway, Topic::Advert);
            trickle::start(net, ctx, gateway, Topic::Dio);
            let imin = SimTime::from_secs_f64(net.procedures.border_discovery(net.nodes_of(gateway)).imin_s());
            ctx.schedule(ctx.now() + imin, gateway, Event::Pan { node: gateway });
        }
    }
}

/// A border router that begins new versions of its DODAG by itself waits for the next: one that has just started for so long, one that has run
/// for long at a random place of a longer time.
fn begin_versions(net: &mut Net, ctx: &mut Ctx, gateway: Node) {
    let Some(versions) = net.procedures.pan.versions else { return };
    let wait_s = match net.nodes[gateway].numbers.version {
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

/// A parent is chosen: get an address through it, or register the one that there is.
pub(super) fn route_by(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let (step, delay_s) = match net.nodes[node].addressed {
        true => (Step::Register, net.procedures.register.delay_s),
        false => (Step::Address, net.procedures.address.delay_s),
    };
    begin(net, ctx, node, step, delay_s);
}

/// Begins a step after a random delay.
fn begin(net: &mut Net, ctx: &mut Ctx, node: Node, step: Step, delay_s: (f64, f64)) {
    let joining = &mut net.nodes[node];
    (joining.step, joining.tries) = (step, 0);
    let delay = net.between(ctx.facts, node, delay_s);
    arm(net, ctx, node, delay);
}

/// Registers with the parent again after a random delay, unless something is under way.
pub(super) fn renew(net: &mut Net, ctx: &mut Ctx, node: Node, delay_s: (f64, f64)) {
    if net.nodes[node].step == Step::Settled {
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
    let wait_s = repeats.wait_s(joining.tries) * net.between(ctx.facts, node, repeats.spread);
    arm(net, ctx, node, wait_s);
}

/// A node has got an address that it waited for.
pub(super) fn is_addressed(net: &mut Net, ctx: &mut Ctx, node: Node) {
    if net.nodes[node].step == Step::Address {
        begin(net, ctx, node, Step::Register, net.procedures.register.delay_s);
    }
}

/// Registers with the parent, or does so again.
fn register<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let parent = stack.net.nodes[node].parent;
    stack.submit(link, ctx, node, Packet::new(Content::Ns { leaves: false }, node, parent, parent));
}

/// The parent has acknowledged a solicitation: Wi-SUN sends an advertisement only to refuse a registration.
pub(super) fn registration_done(net: &mut Net, ctx: &mut Ctx, node: Node, from: Node) {
    let joining = &mut net.nodes[node];
    if joining.parent == from {
        joining.registration.failures = 0;
    }
    match joining.step {
        Step::Register if joining.parent == from => announce(net, ctx, node, net.procedures.announce.delay_s),
        Step::Renew if joining.parent == from => settled(net, ctx, node),
        _ => {}
    }
}

/// A registration was not acknowledged. wsrd goes by its timers; nanostack tries again after a while, once.
pub(super) fn registration_failed<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    from: Node,
) {
    let joining = &mut stack.net.nodes[node];
    let is_asked = matches!(joining.step, Step::Register | Step::Renew) && joining.parent == from;
    if stack.net.procedures.stack == RouterStack::Wsrd || !is_asked {
        return;
    }
    joining.registration.failures += 1;
    if joining.registration.failures >= REGISTRATIONS_FAILED_MAX {
        parents::give_up_parent(stack, link, ctx, node, 0);
    } else {
        arm(stack.net, ctx, node, REGISTERS_AGAIN_S);
    }
}

/// Tells the border router the route, after a delay.
pub(super) fn announce(net: &mut Net, ctx: &mut Ctx, node: Node, delay_s: (f64, f64)) {
    let joining = &mut net.nodes[node];
    joining.numbers.path_sequence = lollipop::next(joining.numbers.path_sequence);
    begin(net, ctx, node, Step::Announce, delay_s);
}

fn send_dao<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let joining = &stack.net.nodes[node];
    let (parent, sequence) = (joining.parent, joining.numbers.path_sequence);
    let content = Content::Dao { sequence, back: stack.user.returning(node) };
    let mut packet = Packet::new(content, node, stack.net.pan_of(node), parent);
    packet.via = parent;
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
    if joining.step != Step::Announce || joining.numbers.path_sequence != sequence {
        return;
    }
    (joining.step, joining.tries, joining.returning) = (Step::Settled, 0, false);
    joining.registration.failures = 0;
    joining.pan.keys.used = false;
    choice::is_member(stack.net, node);
    if stack.net.nodes[node].state != State::Operational {
        set_state(stack, ctx, node, State::Operational);
        let parent = stack.net.nodes[node].parent;
        ctx.note(node, Happened::Operational { parent: ctx.facts.sites[parent] });
        for topic in OF_MEMBERS {
            trickle::start(stack.net, ctx, node, topic);
        }
        stack.user.attached(&mut MeshMut { link, net: stack.net }, ctx, node);
        children::begin_to_ask(stack, link, ctx, node);
    }
    children::leaves_before(stack, link, ctx, node);
    let net = &mut *stack.net;
    let route_s = net.between(ctx.facts, node, net.procedures.route.renewed) * net.procedures.route.lifetime_s;
    net.nodes.aside(node).deadline = ctx.now() + SimTime::from_secs_f64(route_s);
    pan::is_alive(net, ctx, node);
    rest(net, ctx, node);
}

/// Puts a node that was part of the mesh from the start on its renewal timers, at random places of their periods.
pub(super) fn settle(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let joining = &mut net.nodes[node];
    (joining.state, joining.step, joining.addressed) = (State::Operational, Step::Settled, true);
    net.nodes.aside(node).pan.size = net.nodes_of(net.pan_of(node));
    for topic in OF_MEMBERS {
        trickle::start(net, ctx, node, topic);
    }
    rekey::start(net, ctx, node);
    if !ctx.facts.is_gateway(node) {
        let renewed = net.between(ctx.facts, node, net.procedures.route.renewed);
        let (part, lifetime_s) = (renewed * net.draw(ctx.facts, node), net.procedures.route.lifetime_s);
        net.nodes.aside(node).deadline = ctx.now() + SimTime::from_secs_f64(part * lifetime_s);
        net.routes.is_good_until(node, (lifetime_s * (1.0 - renewed + part)) as u32);
        let renewed_in_s = net.procedures.registration_s * net.draw(ctx.facts, node);
        let left_s = REGISTERED_S as f64 - net.procedures.registration_s;
        net.nodes.aside(node).registration.until_s = (renewed_in_s + left_s) as u32;
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

/// Nothing is under way any longer: the parent is there.
fn settled(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let joining = &mut net.nodes[node];
    (joining.step, joining.tries, joining.registration.failures) = (Step::Settled, 0, 0);
    rest(net, ctx, node);
}

/// Waits for the next renewal, of the registration or of the route.
pub(super) fn rest(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let next = net.renewed_at(node).min(net.nodes[node].deadline);
    let next = match net.procedures.stack {
        RouterStack::Nanostack => next.min(SimTime::from_secs(u64::from(net.nodes[node].watch.selects_s))),
        RouterStack::Wsrd => next,
    };
    arm(net, ctx, node, next.saturating_sub(ctx.now()).secs_f64());
}

impl Net {
    /// When a node renews its registration.
    fn renewed_at(&self, node: Node) -> SimTime {
        let until_s = f64::from(self.nodes[node].registration.until_s);
        SimTime::from_secs_f64((until_s - REGISTERED_S as f64 + self.procedures.registration_s).max(0.0))
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
        (_, Step::Leave) => discover::restart(stack, link, ctx, node),
        (_, Step::Discover) => discover::ask(stack, link, ctx, node),
        (_, Step::Choose) => discover::choose_parent(stack, link, ctx, node),
        (_, Step::Address) if procedures.address.is_over(tries) => parents::parent_failed(stack, link, ctx, node),
        (_, Step::Address) => {
            await_answer(stack.net, ctx, node);
            lease::solicit(stack, link, ctx, node);
        }
        // W `ndp.c`: a neighbour that has acknowledged none is forgotten, not denied.
        (_, Step::Register | Step::Renew) if procedures.register.is_over(tries) => {
            parents::give_up_parent(stack, link, ctx, node, 0);
        }
        (_, Step::Register | Step::Renew) => {
            await_answer(stack.net, ctx, node);
            register(stack, link, ctx, node);
        }
        (_, Step::Announce) if procedures.announce.is_over(tries) => parents::parent_failed(stack, link, ctx, node),
        (_, Step::Announce) => send_dao(stack, link, ctx, node),
        (_, Step::Settled) if ctx.now() >= joining.deadline => announce(stack.net, ctx, node, (0.0, 0.0)),
        (_, Step::Settled) if procedures.stack == RouterStack::Nanostack && ctx.now() < stack.net.renewed_at(node) => {
            parents::select(stack, link, ctx, node);
            if stack.net.nodes[node].step == Step::Settled {
                rest(stack.net, ctx, node);
            }
        }
        (_, Step::Settled) => {
            if procedures.stack == RouterStack::Wsrd {
                parents::reselect(stack, link, ctx, node);
            }
            if stack.net.nodes[node].step == Step::Settled {
                begin(stack.net, ctx, node, Step::Renew, (0.0, 0.0));
            }
        }
    }
}
