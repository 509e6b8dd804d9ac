//! The border router's side of the exchange by which nodes get their keys: how many at a time, who waits, what is repeated.

use crate::check::{Bounds, ensure};
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::event::Event;
use crate::medium::mesh::mac::LinkLayer;
use crate::medium::mesh::mac::Rules;
use crate::medium::mesh::net::auth::resized;
use crate::medium::mesh::net::candidates::seconds;
use crate::medium::mesh::net::{Content, Net, Stack, routes};
use crate::medium::mesh::packet::Depth;
use crate::medium::mesh::wire::eapol::Exchange;
use crate::node::Node;
use crate::spec::BorderStack;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Nodes that may wait for an exchange; the one that came first gives way, and asks again later.
const WAITING_MAX: usize = 50;

/// W `authenticator.c`: a node without keys counts for so long after the last repetition of what it has not answered, s.
const COUNTED_S: f64 = 1_800.0;

/// How many nodes a border router serves at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Places {
    /// So many at most.
    pub most: u16,
    /// So many whatever its queue.
    pub always: u16,
    /// Above that the probability that another has to wait grows from none to one between these average lengths of its queue, frames.
    pub queue: (u16, u16),
    /// A node that has its keys keeps its place for so long, s.
    pub kept_s: f64,
    /// The same of one that has stopped to answer, s.
    pub silent_s: f64,
    /// Others wait and are forgotten after so long, s; missing: their requests are not answered.
    pub waits_s: Option<f64>,
}

impl Places {
    /// Probability that a node has to wait where so many places are taken and the border router's queue has an average length, 1/256 frames;
    /// `spared` have been taken in since the last had to. N `ws_bootstrap_6lbr.c`, `eapol_congestion_get`.
    fn waits(&self, taken: usize, queue_256: u32, spared: u16) -> f64 {
        match taken {
            _ if taken >= usize::from(self.most) => 1.0,
            _ if taken < usize::from(self.always) => 0.0,
            _ => Rules::early_drop(queue_256, self.queue, 1.0, spared),
        }
    }
}

/// An exchange with a node.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Session {
    relay: Node,
    /// Which exchange it is.
    depth: Depth,
    /// Number of the frame that was sent last.
    step: u8,
    /// Times that it was repeated.
    repeated: u8,
    /// It is repeated then.
    due: SimTime,
    /// From there to the end of its interval.
    rest: SimTime,
    /// The exchange is over, and the node keeps its place until `due`.
    is_over: bool,
}

/// A node that waits for an exchange.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Waiting {
    node: Node,
    relay: Node,
    depth: Depth,
    until: SimTime,
}

/// What the border routers of a partition know of nodes without keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::medium::mesh::net) struct Authenticators {
    /// By border router and node.
    sessions: BTreeMap<(Node, Node), Session>,
    /// By border router: nodes, the newest last.
    waiting: BTreeMap<Node, Vec<Waiting>>,
    /// By border router: nodes taken in since one had to wait for its queue.
    spared: BTreeMap<Node, u16>,
}

impl Authenticators {
    fn of(&self, gateway: Node) -> impl Iterator<Item = &Session> {
        self.sessions.range((gateway, Node(0))..=(gateway, Node(u16::MAX))).map(|(_, session)| session)
    }

    /// Exchanges of a border router under way.
    pub fn active(&self, gateway: Node) -> usize {
        self.of(gateway).filter(|session| !session.is_over).count()
    }

    /// Whether what was saved names radios that are here, and frames that there are.
    pub fn check(&self, bounds: &Bounds, exchange: Exchange) -> Result<(), String> {
        let sessions = self.sessions.iter().all(|(&(gateway, node), s)| {
            bounds.is_own(gateway)
                && bounds.is_own(node)
                && bounds.is_own(s.relay)
                && usize::from(s.step) < exchange.frames(s.depth).len()
        });
        let waits = |nodes: &Vec<Waiting>| {
            nodes.iter().all(|waiting| bounds.is_own(waiting.node) && bounds.is_own(waiting.relay))
        };
        let waiting = self.waiting.iter().all(|(&gateway, nodes)| bounds.is_own(gateway) && waits(nodes));
        let spared = self.spared.keys().all(|&gateway| bounds.is_own(gateway));
        ensure(sessions && waiting && spared, || {
            "net: somebody gets keys, or from somebody, who is not here".to_owned()
        })
    }
}

/// A border router was switched off.
pub(in crate::medium::mesh::net) fn forget(authenticators: &mut Authenticators, gateway: Node) {
    authenticators.sessions.retain(|key, _| key.0 != gateway);
    authenticators.waiting.remove(&gateway);
    authenticators.spared.remove(&gateway);
}

/// Whether a border router has a place for another node.
fn has_place<P: PortUser>(stack: &mut Stack<P>, link: &LinkLayer, ctx: &Ctx, gateway: Node) -> bool {
    let Some(places) = stack.net.procedures.authentication.places else { return true };
    let taken = stack.net.authenticators.of(gateway).count();
    let spared = stack.net.authenticators.spared.get(&gateway).copied().unwrap_or(0);
    let probability = places.waits(taken, link.average_queue(gateway), spared);
    if probability == 0.0 || probability == 1.0 {
        stack.net.authenticators.spared.remove(&gateway);
        return probability == 0.0;
    }
    let has_to_wait = stack.net.draw(ctx.facts, gateway) < probability;
    stack.net.authenticators.spared.insert(gateway, if has_to_wait { 0 } else { spared.saturating_add(1) });
    !has_to_wait
}

/// A frame of a node has come.
pub(in crate::medium::mesh::net) fn heard<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    gateway: Node,
    (node, relay): (Node, Node),
    (step, depth): (u8, Depth),
) {
    let key = (gateway, node);
    let steps = stack.net.procedures.authentication.exchange.frames(depth);
    if step == 0 {
        let is_known = stack.net.authenticators.sessions.contains_key(&key);
        let is_new = depth == Depth::Full && !is_known;
        if is_new && stack.net.is_full(gateway) {
            return;
        }
        counts(stack.net, ctx, gateway, node);
        if !is_known {
            if let Some(waiting) = stack.net.authenticators.waiting.get_mut(&gateway) {
                waiting.retain(|other| other.node != node);
            }
            if !has_place(stack, link, ctx, gateway) {
                return wait(stack, ctx, gateway, (node, relay), depth);
            }
        }
        return send(stack, link, ctx, key, (relay, depth), 1);
    }
    let Some(session) = stack.net.authenticators.sessions.get(&key).copied() else { return };
    if session.is_over || step != session.step + 1 || depth != session.depth {
        return;
    }
    if usize::from(step) + 1 == steps.len() {
        return end(stack, link, ctx, key, true);
    }
    send(stack, link, ctx, key, (session.relay, depth), step + 1);
    if steps[usize::from(step) + 2].is_down {
        send(stack, link, ctx, key, (session.relay, depth), step + 2);
    }
}

/// wsbrd counts a node from its first request on.
fn counts(net: &mut Net, ctx: &mut Ctx, gateway: Node, node: Node) {
    if net.procedures.border != BorderStack::Wsbrd || !net.is_new(node) {
        return;
    }
    let (rules, before) = (&net.procedures.authentication, net.nodes_of(gateway));
    let repeated_s = rules.repeats_s.1 * f64::from(rules.repeats + 1);
    net.gone.asks(gateway, node, seconds(ctx) as u32 + (repeated_s + COUNTED_S) as u32);
    resized(net, ctx, gateway, before);
}

fn wait<P: PortUser>(stack: &mut Stack<P>, ctx: &Ctx, gateway: Node, (node, relay): (Node, Node), depth: Depth) {
    let now = ctx.now();
    let Some(waits_s) = stack.net.procedures.authentication.places.and_then(|places| places.waits_s) else { return };
    let waiting = stack.net.authenticators.waiting.entry(gateway).or_default();
    waiting.retain(|other| other.until > now);
    if waiting.len() == WAITING_MAX {
        waiting.remove(0);
    }
    waiting.push(Waiting { node, relay, depth, until: now + SimTime::from_secs_f64(waits_s) });
}

/// An exchange is over: the node's place is free, where the border router has so many, after a while.
fn end<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    (gateway, node): (Node, Node),
    has_keys: bool,
) {
    let key = (gateway, node);
    let places = stack.net.procedures.authentication.places;
    let kept_s = places.map_or(0.0, |places| if has_keys { places.kept_s } else { places.silent_s });
    let is_kept = kept_s > 0.0;
    if let Some(session) = stack.net.authenticators.sessions.get_mut(&key).filter(|session| is_kept && !session.is_over)
    {
        (session.is_over, session.due) = (true, ctx.now() + SimTime::from_secs_f64(kept_s));
        return ctx.schedule(session.due, gateway, Event::Eapol { gateway, node });
    }
    stack.net.authenticators.sessions.remove(&key);
    // Room for another: the newest that waits.
    let now = ctx.now();
    if let Some(waiting) = stack.net.authenticators.waiting.get_mut(&gateway) {
        waiting.retain(|other| other.until > now);
    }
    if stack.net.authenticators.waiting.get(&gateway).is_none_or(Vec::is_empty) || !has_place(stack, link, ctx, gateway)
    {
        return;
    }
    if let Some(next) = stack.net.authenticators.waiting.get_mut(&gateway).and_then(Vec::pop) {
        send(stack, link, ctx, (gateway, next.node), (next.relay, next.depth), 1);
    }
}

fn send<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    (gateway, node): (Node, Node),
    (relay, depth): (Node, Depth),
    step: u8,
) {
    let repeats_s = stack.net.procedures.authentication.repeats_s;
    let wait_s = stack.net.between(ctx.facts, gateway, repeats_s);
    let due = ctx.now() + SimTime::from_secs_f64(wait_s);
    let rest = SimTime::from_secs_f64(repeats_s.1 - wait_s);
    stack
        .net
        .authenticators
        .sessions
        .insert((gateway, node), Session { relay, depth, step, repeated: 0, due, rest, is_over: false });
    ctx.schedule(due, gateway, Event::Eapol { gateway, node });
    put(stack, link, ctx, (gateway, node), (relay, depth), step);
}

fn put<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    (gateway, node): (Node, Node),
    (relay, depth): (Node, Depth),
    step: u8,
) {
    let bytes = stack.net.procedures.authentication.exchange.frames(depth)[usize::from(step)].bytes();
    routes::send_by_relay(stack, link, ctx, gateway, Content::Eapol { step, bytes, of: node, depth }, (node, relay));
}

/// [`Event::Eapol`]: a frame was not answered.
pub(in crate::medium::mesh::net) fn due<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    gateway: Node,
    node: Node,
) {
    let rules = stack.net.procedures.authentication;
    let Some(session) = stack.net.authenticators.sessions.get_mut(&(gateway, node)) else { return };
    if session.due != ctx.now() {
        return;
    }
    if session.is_over || session.repeated >= rules.repeats {
        return end(stack, link, ctx, (gateway, node), false);
    }
    session.repeated += 1;
    let session = *session;
    let (relay, depth, step, repeated) = (session.relay, session.depth, session.step, session.repeated);
    // Each in the second half of an interval that doubles, behind the rest of the last.
    let doubled = f64::from(1u32 << repeated.min(4)).min(rules.repeats_most_s / rules.repeats_s.1);
    let wait_s = stack.net.between(ctx.facts, gateway, rules.repeats_s) * doubled;
    let due = ctx.now() + session.rest + SimTime::from_secs_f64(wait_s);
    if let Some(session) = stack.net.authenticators.sessions.get_mut(&(gateway, node)) {
        (session.due, session.rest) = (due, SimTime::from_secs_f64(rules.repeats_s.1 * doubled - wait_s));
    }
    ctx.schedule(due, gateway, Event::Eapol { gateway, node });
    put(stack, link, ctx, (gateway, node), (relay, depth), step);
}

#[cfg(test)]
mod tests {
    use crate::medium::mesh::net::stack::nanostack_places;
    use crate::spec::SizeProfile;

    #[test]
    fn five_are_served_whatever_the_queue_and_no_more_than_memory_allows() {
        let places = nanostack_places(None, SizeProfile::Medium);
        let of = |taken, queue: u32, spared| places.waits(taken, 256 * queue, spared);
        // The first five, with a queue of any length; the twelfth never.
        assert_eq!([of(0, 1_000, 0), of(4, 1_000, 0), of(11, 0, 0)], [0.0, 0.0, 1.0]);
        // Between: none up to 64 frames, (128 - 64) / (192 - 64) at 128, all from 192 on.
        assert_eq!([of(5, 64, 0), of(5, 128, 0), of(10, 192, 0), of(5, 193, 0)], [0.0, 0.5, 1.0, 1.0]);
        // At 96, a quarter; after two that were spared 1/4 / (1 - 2/4), after four certainly.
        assert_eq!([of(5, 96, 0), of(5, 96, 2), of(5, 96, 4)], [0.25, 0.5, 1.0]);
        // A heap of less than 100 kB has room for less than five.
        let small = nanostack_places(Some(3), SizeProfile::Medium);
        assert_eq!([small.waits(2, 0, 0), small.waits(3, 0, 0)], [0.0, 1.0]);
    }
}
