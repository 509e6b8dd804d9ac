//! How long a node believes in its PAN, and what a restart of the border router does to it.
//!
//! An acknowledged route shows that the border router lives, to wsrd any datagram of it. In the last tenth of the PAN time-out a node announces its route
//! to find out, as soon as it has time; when the time-out is over it starts anew. A border router of nanostack gives its broadcast schedule a new number at
//! each start, and a router that hears of it starts anew as well; wsbrd goes on with the one that it has stored.

use super::auth::Keys;
use super::candidates::seconds;
use super::choice::Offers;
use super::discover::{self, OF_MEMBERS};
use super::rekey::Renewal;
use super::{Event, Net, Packet, Stack, State, Step, Sweep, Topic, children, join, poison, rests, trickle};
use crate::context::{Ctx, Facts};
use crate::medium::PortUser;
use crate::medium::mesh::mac::{LinkLayer, sweep};
use crate::medium::mesh::packet::Kind;
use crate::node::Node;
use crate::spec::RouterStack;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// A node that is in the midst of something when it is to announce its route looks again after so long, s.
const LOOKS_AGAIN_S: u64 = 10;

/// A node's PAN.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Pan {
    /// It times out then, s of the run.
    until_s: u32,
    /// [`Event::Pan`] is scheduled.
    is_watched: bool,
    /// Number of the broadcast schedule.
    schedule: u8,
    /// That is one which a node of nanostack has left, and takes from nobody until the time at which the PAN times out.
    is_old: bool,
    /// A usable path leads to its border router.
    pub(super) is_in_reach: bool,
    /// It has chosen its PAN since it began to look for one, or has got its keys.
    pub(super) is_chosen: bool,
    /// It has lost its table of children, and asks them to register again when it is back.
    pub(super) asks_children: bool,
    /// Border router of its PAN, of the last one, or of that which it tries to join.
    pub(super) of: Node,
    /// How old its keys are, and the version of the PAN.
    pub(super) renewal: Renewal,
    /// Nodes of the PAN by the last advertisement of its parent.
    pub(super) size: u32,
    /// PANs that it has heard.
    pub(super) heard: Offers,
    /// Its keys.
    pub(super) keys: Keys,
}

/// A datagram has come to a node. wsrd takes any of the border router for a sign that it lives, also one that it passes on (W `wsrd.c`, `ipv6.c`);
/// nanostack one with a source route (N `rpl_data.c`).
pub(super) fn heard(net: &mut Net, ctx: &mut Ctx, node: Node, packet: &Packet) {
    if packet.origin != net.nodes[node].pan.of {
        return;
    }
    let is_one = match (net.procedures.stack, packet.kind()) {
        (RouterStack::Nanostack, _) => has_source_route(packet),
        // Of a command for all the first copy counts (`flood`).
        (_, Kind::Flood) => false,
        (_, Kind::Dio) => net.candidate(node, packet.origin).is_some(),
        _ => !packet.is_bare_eapol(),
    };
    if is_one && net.procedures.stack == RouterStack::Wsrd {
        hears_border_router(net, ctx, node);
    } else if is_one && net.nodes[node].state >= State::ConfigureRouting {
        is_alive(net, ctx, node);
    }
}

/// Whether a datagram of a border router has a source route: it goes to somebody more than a hop away. A relay passes an answer on to who joins without it.
fn has_source_route(packet: &Packet) -> bool {
    let (ahead, done) = (packet.route_len, packet.hops);
    match packet.kind() {
        Kind::Reply | Kind::Eapol => ahead > 0 && ahead + done > 1,
        Kind::Flood | Kind::Dio => false,
        _ => ahead + done > 0,
    }
}

/// A datagram of the border router has come to a node.
pub(super) fn hears_border_router(net: &mut Net, ctx: &mut Ctx, node: Node) {
    if net.procedures.stack == RouterStack::Wsrd && net.nodes[node].parent.is_some() && !ctx.facts.is_gateway(node) {
        is_alive(net, ctx, node);
    }
}

/// The border router has shown that it lives.
pub(super) fn is_alive(net: &mut Net, ctx: &mut Ctx, node: Node) {
    watch(net, ctx, node, net.procedures.pan.timeout_s);
}

/// The PAN times out in so many seconds unless the border router shows itself.
pub(super) fn watch(net: &mut Net, ctx: &mut Ctx, node: Node, left_s: f64) {
    let last_tenth_s = last_tenth_s(net);
    let pan = &mut net.nodes[node].pan;
    pan.until_s = (seconds(ctx) as f64 + left_s) as u32;
    if !std::mem::replace(&mut pan.is_watched, true) {
        let at = SimTime::from_secs(u64::from(pan.until_s.saturating_sub(last_tenth_s))).max(ctx.now());
        ctx.schedule(at, node, Event::Pan { node });
    }
}

fn last_tenth_s(net: &Net) -> u32 {
    (net.procedures.pan.timeout_s / 10.0) as u32
}

/// A border router that has restarted keeps time with its neighbours, or has none: it advertises its configuration again, unless it does so already. W
/// `ws_bootstrap_6lbr.c`, `ws_mngt.c`.
pub(super) fn keeps_time<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, gateway: Node) {
    if stack.net.nodes[gateway].state == State::Operational && !trickle::is_running(stack.net, gateway, Topic::Config) {
        trickle::start(stack.net, ctx, gateway, Topic::Config);
        sweep::ask(link, ctx, gateway, Sweep::Config);
        children::begin_to_ask_stored(stack, link, ctx, gateway);
    }
}

/// [`Event::Pan`]: a border router that has restarted has waited long enough for a neighbour; for others the last tenth of the time-out begins, or it is over; unless the border router has shown itself since.
pub(super) fn due<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let last_tenth_s = last_tenth_s(stack.net);
    let joining = &mut stack.net.nodes[node];
    if ctx.facts.is_gateway(node) {
        keeps_time(stack, link, ctx, node);
        return;
    }
    if joining.state < State::ConfigureRouting {
        joining.pan.is_watched = false;
        return;
    }
    let until_s = u64::from(joining.pan.until_s);
    let (now_s, last_tenth) = (seconds(ctx), until_s.saturating_sub(u64::from(last_tenth_s)));
    if (last_tenth..until_s).contains(&now_s) && rests::keeps_pan(stack.net, ctx, node) {
        stack.net.nodes.aside(node).pan.is_watched = false;
        return is_alive(stack.net, ctx, node);
    }
    let joining = &mut stack.net.nodes[node];
    if now_s < last_tenth {
        ctx.schedule(SimTime::from_secs(last_tenth), node, Event::Pan { node });
    } else if now_s < until_s {
        let is_settled = joining.step == Step::Settled;
        let next_s = if is_settled { until_s } else { until_s.min(now_s + LOOKS_AGAIN_S) };
        ctx.schedule(SimTime::from_secs(next_s), node, Event::Pan { node });
        if is_settled {
            let delay_s = stack.net.procedures.pan.announces_s;
            join::announce(stack.net, ctx, node, delay_s);
        }
    } else {
        joining.pan.is_watched = false;
        leave(stack, link, ctx, node, true);
    }
}

impl Net {
    /// Nodes of its PAN that a node names in its advertisements: a border router knows, others pass on what their parents say.
    pub(super) fn told_size(&self, facts: &Facts, node: Node) -> u32 {
        if facts.is_gateway(node) { self.nodes_of(node) } else { self.nodes[node].pan.size }
    }
}

/// A node has heard an advertisement, which counts if it is its parent's.
pub(super) fn learn_size(net: &mut Net, ctx: &Ctx, node: Node, from: Node) {
    if net.nodes[node].parent == from {
        net.nodes.aside(node).pan.size = net.told_size(ctx.facts, from);
    }
}

/// Tells the children that there is no route here and looks for the PAN anew.
pub(super) fn leave<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    is_silent: bool,
) {
    if stack.net.procedures.stack == RouterStack::Nanostack {
        return discover::leave_softly(stack, link, ctx, node, is_silent);
    }
    if stack.net.nodes[node].state == State::Operational {
        for topic in OF_MEMBERS {
            trickle::stop(stack.net, node, topic);
        }
        poison::poison(stack, link, ctx, node);
    }
    // W `join_state.c`: its parents hear of it.
    children::leaves_all_but(stack, link, ctx, node, [Node::NONE; 2]);
    discover::leave(stack, link, ctx, node, false);
}

/// A border router begins a schedule with a new number.
pub(super) fn renumber(net: &mut Net, gateway: Node) {
    let pan = &mut net.nodes[gateway].pan;
    pan.schedule = pan.schedule.wrapping_add(1);
}

/// A node that looks for a configuration takes the schedule of the one that it hears.
pub(super) fn follow_schedule(net: &mut Net, node: Node, from: Node) {
    let schedule = net.nodes[from].pan.schedule;
    let pan = &mut net.nodes.aside(node).pan;
    (pan.schedule, pan.is_old) = (schedule, false);
}

/// Whether a node of nanostack that looks for a configuration has left the schedule of the one that it hears: for another PAN time-out then. N
/// `ws_bootstrap_6lr.c`.
pub(super) fn is_blocked(net: &mut Net, ctx: &Ctx, node: Node, from: Node) -> bool {
    let (timeout_s, schedule) = (net.procedures.pan.timeout_s, net.nodes[from].pan.schedule);
    let pan = &mut net.nodes.aside(node).pan;
    let is_blocked = pan.is_old && pan.schedule == schedule && seconds(ctx) < u64::from(pan.until_s);
    if is_blocked {
        pan.until_s = (seconds(ctx) as f64 + timeout_s) as u32;
    }
    is_blocked
}

/// How much further the broadcast schedule is that a neighbour tells of than that which a node knows.
fn ahead(net: &Net, node: Node, from: Node) -> u8 {
    net.nodes[from].pan.schedule.wrapping_sub(net.nodes[node].pan.schedule)
}

/// Whether the broadcast schedule that a neighbour tells of is newer than that which a node knows: for nanostack the next one alone is.
pub(super) fn is_newer(net: &Net, node: Node, from: Node) -> bool {
    let ahead = ahead(net, node, from);
    match net.procedures.stack {
        RouterStack::Nanostack => ahead == 1,
        RouterStack::Wsrd => (ahead as i8) > 0,
    }
}

/// A member has heard a configuration: with a newer schedule the border router has restarted, and nothing that is known holds.
/// Whether that is so, or nanostack does not look at it because it knows another schedule.
pub(super) fn has_restarted<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    from: Node,
) -> bool {
    let is_newer = is_newer(stack.net, node, from);
    if ctx.facts.is_gateway(node) {
        return is_newer;
    }
    let is_nanostack = stack.net.procedures.stack == RouterStack::Nanostack;
    if is_newer {
        if is_nanostack {
            let until_s = (seconds(ctx) as f64 + stack.net.procedures.pan.timeout_s) as u32;
            let pan = &mut stack.net.nodes.aside(node).pan;
            (pan.is_old, pan.until_s) = (true, until_s);
        }
        leave(stack, link, ctx, node, false);
    }
    is_newer || is_nanostack && ahead(stack.net, node, from) != 0
}
