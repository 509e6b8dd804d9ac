//! Joining: from a running radio to a meter that the head-end hears again.
//!
//! A reset keeps PAN id and keys, so a node starts at state 3: it solicits the PAN's configuration by trickled sweeps
//! and waits for one from a neighbour that is part of the mesh. Then: RPL information from that neighbour, address
//! registration with the parent, an address by DHCPv6 through the parent, and the route at the border router.

use super::parents::{self, INFINITE_RANK, RANK_STEP};
use super::trickle;
use super::{ALL_TOPICS, Content, Event, Net, Packet, Stack, State, Step, Sweep, Topic};
use crate::books::Happened;
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::medium::mesh::net::MeshMut;
use crate::node::Node;
use crate::spec::Lease;
use amitwin_sim_core::SimTime;

/// DHCPv6: longest delay of the first solicit, first and longest time-out, s (nanostack; wsrd goes up to an hour).
const SOLICIT_DELAY_S: f64 = 60.0;
const SOLICIT_TIMEOUT_S: u16 = 60;
const SOLICIT_TIMEOUT_MAX_S: u16 = 900;
/// RPL solicitation: first and longest time-out, s.
const DIS_TIMEOUT_S: u16 = 5;
const DIS_TIMEOUT_MAX_S: u16 = 180;
/// First question: smallest and largest delay, s. Questions before starting again.
const DIS_DELAY_S: (f64, f64) = (4.0, 9.0);
const DIS_TRIES: u8 = 12;
/// Route announcement: first time-out, which doubles, and tries before the parent is given up (nanostack's values; three
/// tries 3 s apart, as in another stack, are over before a congested border router has answered the first).
const DAO_TIMEOUT_S: u16 = 40;
const DAO_TRIES: u8 = 4;
/// Neighbour solicitation: time-out and tries.
const NS_TIMEOUT_S: u16 = 5;
const NS_TRIES: u8 = 3;
/// Check of a silent parent: time between two solicitations, s, and their number; together a minute.
const VERIFY_S: f64 = 15.0;
const VERIFY_TRIES: u8 = 4;
/// Time in which a node that was told of one parent waits for a better one, s (nanostack).
const SELECTION_DELAY_S: f64 = 15.0;
/// Longest delay before the first, s.
const REGISTER_DELAY_S: f64 = 10.0;
/// Address registration is renewed this often, s (lifetime 2,200 s).
const REFRESH_S: f64 = 1_800.0;
/// Renewals of the registration for one of the route.
const ROUTE_REFRESH_EVERY: u8 = 8;

/// Timers of a node that is part of the mesh.
const OF_MEMBERS: [Topic; 3] = [Topic::Advert, Topic::Config, Topic::Dio];

/// The node's radio goes off: nothing is left but what its flash keeps.
pub(super) fn stop(net: &mut Net, node: Node) {
    let kept = net.lease == Lease::Kept;
    let joining = &mut net.nodes[node];
    (joining.state, joining.step, joining.returning) = (State::Off, Step::Settled, true);
    joining.addressed &= kept;
    joining.epoch = joining.epoch.wrapping_add(1);
    for topic in ALL_TOPICS {
        trickle::stop(net, node, topic);
    }
    parents::detach(net, node);
}

/// Enters state 3.
pub(super) fn restart<P: PortUser>(stack: &mut Stack<P>, ctx: &mut Ctx, node: Node) {
    parents::detach(stack.net, node);
    set_state(stack, ctx, node, State::AcquireConfig);
    stack.net.nodes[node].step = Step::Settled;
    for topic in OF_MEMBERS {
        trickle::stop(stack.net, node, topic);
    }
    trickle::start_soon(stack.net, ctx, node, Topic::Solicit);
}

/// A border router starts: it has its PAN at once, and the routes that it knew.
pub(super) fn start_router(net: &mut Net, ctx: &mut Ctx, gateway: Node) {
    let joining = &mut net.nodes[gateway];
    (joining.state, joining.step, joining.returning) = (State::Operational, Step::Settled, false);
    (joining.rank, joining.hops) = (RANK_STEP, 0);
    for topic in OF_MEMBERS {
        trickle::start_soon(net, ctx, gateway, topic);
    }
}

/// Enters a joining state.
fn set_state<P: PortUser>(stack: &mut Stack<P>, ctx: &mut Ctx, node: Node, state: State) {
    let before = std::mem::replace(&mut stack.net.nodes[node].state, state);
    if before != state {
        ctx.note(node, Happened::JoinState { state: state as u8 });
    }
    if before == State::Operational && state != State::Operational {
        stack.user.detached(ctx, node);
    }
}

/// A sweep's frame was received.
pub(super) fn heard_sweep<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    from: Node,
    sweep: Sweep,
) {
    if ctx.facts.gateway_of(node) != ctx.facts.gateway_of(from) {
        return;
    }
    let net = &mut *stack.net;
    match (net.nodes[node].state, sweep) {
        (State::Operational, Sweep::Advert) => trickle::consistent(net, node, Topic::Advert),
        (State::Operational, Sweep::Config) => trickle::consistent(net, node, Topic::Config),
        (State::Operational, Sweep::Solicit) => trickle::reset(net, ctx, node, Topic::Config),
        (State::AcquireConfig, Sweep::Solicit) => trickle::consistent(net, node, Topic::Solicit),
        (State::AcquireConfig, Sweep::Config) if net.is_usable(link, node, from) => {
            trickle::stop(net, node, Topic::Solicit);
            parents::remember(net, link, node, from, INFINITE_RANK);
            discover(stack, ctx, node);
        }
        (State::AcquireConfig, Sweep::Advert) if net.is_usable(link, node, from) => {
            parents::remember(net, link, node, from, INFINITE_RANK);
        }
        (State::ConfigureRouting, Sweep::Config | Sweep::Advert)
            if net.nodes[node].step == Step::Discover && net.is_usable(link, node, from) =>
        {
            parents::remember(net, link, node, from, INFINITE_RANK);
        }
        _ => {}
    }
}

/// Starts to look for RPL information. The first question waits a moment: the neighbour that was heard is still in its
/// sweep, and everyone who heard it would ask at once.
pub(super) fn discover<P: PortUser>(stack: &mut Stack<P>, ctx: &mut Ctx, node: Node) {
    set_state(stack, ctx, node, State::ConfigureRouting);
    let joining = &mut stack.net.nodes[node];
    (joining.step, joining.tries, joining.wait_s) = (Step::Discover, 0, DIS_TIMEOUT_S);
    let delay = DIS_DELAY_S.0 + (DIS_DELAY_S.1 - DIS_DELAY_S.0) * stack.net.draw(ctx.facts, node);
    arm(stack.net, ctx, node, delay);
}

/// Asks each known neighbour, or all who hear it if none is known.
fn ask<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let joining = &mut stack.net.nodes[node];
    let candidates = joining.candidates.map(|c| c.node);
    // Those who are known may have lost their way as well: every other time all are asked.
    let all = joining.tries % 2 == 1 || candidates.iter().all(|&c| c == Node::NONE);
    joining.tries += 1;
    let wait_s = joining.wait_s;
    joining.wait_s = (wait_s * 2).min(DIS_TIMEOUT_MAX_S);
    let mut send = |to: Node| stack.submit(link, ctx, node, Packet::new(Content::Dis, node, to, to));
    if all {
        send(Node::EVERYONE);
    } else {
        candidates.into_iter().filter(|c| c.is_some()).for_each(&mut send);
    }
    let spread = 1.0 + 0.5 * stack.net.draw(ctx.facts, node);
    arm(stack.net, ctx, node, f64::from(wait_s) * spread);
}

/// RPL information came while it was waited for: a parent is chosen, register with it.
pub(super) fn parent_known(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let joining = &mut net.nodes[node];
    (joining.step, joining.tries) = (Step::Register, 0);
    // What made this node choose was heard by its neighbours as well.
    let delay = SELECTION_DELAY_S + REGISTER_DELAY_S * net.draw(ctx.facts, node);
    arm(net, ctx, node, delay);
}

fn register<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    stack.net.nodes[node].tries += 1;
    solicit_parent(stack, link, ctx, node);
    let spread = 1.0 + 0.5 * stack.net.draw(ctx.facts, node);
    arm(stack.net, ctx, node, f64::from(NS_TIMEOUT_S) * spread);
}

/// Sends a neighbour solicitation to the parent.
fn solicit_parent<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let joining = &stack.net.nodes[node];
    // Until it is part of the mesh a node has a link-local address only.
    let (parent, renewal) = (joining.parent, joining.addressed);
    stack.submit(link, ctx, node, Packet::new(Content::Ns { renewal }, node, parent, parent));
}

/// The parent has acknowledged a solicitation: Wi-SUN sends an advertisement only to refuse a registration.
pub(super) fn registration_done<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    from: Node,
) {
    let joining = &mut stack.net.nodes[node];
    if joining.step != Step::Register || joining.parent != from {
        return;
    }
    if joining.addressed {
        // A new parent: the route follows.
        announce(stack, link, ctx, node);
        return;
    }
    (joining.step, joining.tries, joining.wait_s) = (Step::Address, 0, SOLICIT_TIMEOUT_S);
    let delay = stack.net.draw(ctx.facts, node) * SOLICIT_DELAY_S;
    arm(stack.net, ctx, node, delay);
}

fn solicit<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let joining = &mut stack.net.nodes[node];
    joining.tries = joining.tries.saturating_add(1);
    let (parent, wait_s) = (joining.parent, joining.wait_s);
    joining.wait_s = (wait_s * 2).min(SOLICIT_TIMEOUT_MAX_S);
    let mut packet = Packet::new(Content::Solicit, node, ctx.facts.gateway_of(node), parent);
    packet.via = parent;
    stack.submit(link, ctx, node, packet);
    let spread = 0.9 + 0.2 * stack.net.draw(ctx.facts, node);
    arm(stack.net, ctx, node, f64::from(wait_s) * spread);
}

/// A DHCPv6 reply came.
pub(super) fn address_given<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let joining = &mut stack.net.nodes[node];
    if joining.step == Step::Address {
        joining.addressed = true;
        announce(stack, link, ctx, node);
    }
}

/// Tells the border router the route.
fn announce<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let joining = &mut stack.net.nodes[node];
    (joining.step, joining.tries) = (Step::Announce, 0);
    joining.path_sequence = joining.path_sequence.wrapping_add(1);
    send_dao(stack, link, ctx, node);
}

fn send_dao<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let joining = &mut stack.net.nodes[node];
    let wait_s = DAO_TIMEOUT_S << joining.tries;
    joining.tries += 1;
    let (parent, sequence) = (joining.parent, joining.path_sequence);
    let content = Content::Dao { sequence, back: stack.user.returning(node) };
    let mut packet = Packet::new(content, node, ctx.facts.gateway_of(node), parent);
    packet.via = parent;
    stack.submit(link, ctx, node, packet);
    let spread = 1.0 + 0.5 * stack.net.draw(ctx.facts, node);
    arm(stack.net, ctx, node, f64::from(wait_s) * spread);
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
    if joining.step != Step::Announce || joining.path_sequence != sequence {
        return;
    }
    (joining.step, joining.tries, joining.failures, joining.returning) = (Step::Settled, 0, 0, false);
    if joining.state != State::Operational {
        set_state(stack, ctx, node, State::Operational);
        let parent = stack.net.nodes[node].parent;
        ctx.note(node, Happened::Operational { parent: ctx.facts.sites[parent] });
        for topic in OF_MEMBERS {
            trickle::start(stack.net, ctx, node, topic);
        }
        stack.user.attached(&mut MeshMut { link, net: stack.net }, ctx, node);
    }
    rest(stack.net, ctx, node);
}

/// Puts a node that was part of the mesh from the start on its renewal timer, at a random place of the period.
pub(super) fn settle(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let joining = &mut net.nodes[node];
    (joining.state, joining.step, joining.addressed) = (State::Operational, Step::Settled, true);
    for topic in OF_MEMBERS {
        trickle::start(net, ctx, node, topic);
    }
    if !ctx.facts.is_gateway(node) {
        let wait = REFRESH_S * net.draw(ctx.facts, node);
        arm(net, ctx, node, wait);
    }
}

/// Asks whether the parent is still there, by neighbour solicitations over a minute.
pub(super) fn verify(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let joining = &mut net.nodes[node];
    (joining.step, joining.tries) = (Step::Verify, 0);
    let delay = VERIFY_S * net.draw(ctx.facts, node);
    arm(net, ctx, node, delay);
}

/// The parent is still there.
pub(super) fn verified(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let joining = &mut net.nodes[node];
    (joining.step, joining.tries, joining.failures) = (Step::Settled, 0, 0);
    rest(net, ctx, node);
}

/// Waits for the next renewal.
fn rest(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let wait = REFRESH_S * (0.9 + 0.2 * net.draw(ctx.facts, node));
    arm(net, ctx, node, wait);
}

/// Sets the join timer.
fn arm(net: &mut Net, ctx: &mut Ctx, node: Node, seconds: f64) {
    let joining = &mut net.nodes[node];
    joining.epoch = joining.epoch.wrapping_add(1);
    let epoch = joining.epoch;
    ctx.schedule(ctx.now() + SimTime::from_secs_f64(seconds), node, Event::Join { node, epoch });
}

/// [`Event::Join`]: what was waited for has not come, or a renewal is due.
pub(super) fn due<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, epoch: u16) {
    let joining = &mut stack.net.nodes[node];
    if joining.epoch != epoch || !matches!(joining.state, State::ConfigureRouting | State::Operational) {
        return;
    }
    match joining.step {
        Step::Discover if joining.tries >= DIS_TRIES => restart(stack, ctx, node),
        Step::Discover => ask(stack, link, ctx, node),
        Step::Register if joining.tries >= NS_TRIES => parents::parent_failed(stack, link, ctx, node),
        Step::Register => register(stack, link, ctx, node),
        Step::Address => solicit(stack, link, ctx, node),
        Step::Announce if joining.tries >= DAO_TRIES => parents::parent_failed(stack, link, ctx, node),
        Step::Announce => send_dao(stack, link, ctx, node),
        Step::Verify if joining.tries >= VERIFY_TRIES => parents::parent_failed(stack, link, ctx, node),
        Step::Verify => {
            joining.tries += 1;
            solicit_parent(stack, link, ctx, node);
            let wait = VERIFY_S * (0.75 + 0.5 * stack.net.draw(ctx.facts, node));
            arm(stack.net, ctx, node, wait);
        }
        Step::Settled => {
            joining.tries = joining.tries.wrapping_add(1);
            if joining.tries.is_multiple_of(ROUTE_REFRESH_EVERY) {
                announce(stack, link, ctx, node);
            } else {
                // The acknowledgement of the link layer is answer enough.
                solicit_parent(stack, link, ctx, node);
                rest(stack.net, ctx, node);
            }
        }
    }
}
