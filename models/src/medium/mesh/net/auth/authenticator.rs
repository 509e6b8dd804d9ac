//! The border router's side of the exchange by which nodes get their keys: how many at a time, who waits, what is repeated.

use crate::check::{Bounds, ensure};
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::event::Event;
use crate::medium::mesh::mac::LinkLayer;
use crate::medium::mesh::net::{Content, Stack, routes};
use crate::medium::mesh::packet::Depth;
use crate::medium::mesh::wire::eapol::frames;
use crate::node::Node;
use crate::spec::RouterStack;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Nodes that may wait for an exchange; the one that came first gives way, and asks again later.
const WAITING_MAX: usize = 50;

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
}

/// What the border routers of a partition know of nodes without keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::medium::mesh::net) struct Authenticators {
    /// By border router and node.
    sessions: BTreeMap<(Node, Node), Session>,
    /// By border router: nodes with their relays and exchanges, the newest last.
    waiting: BTreeMap<Node, Vec<(Node, Node, Depth)>>,
}

impl Authenticators {
    /// Exchanges of a border router under way.
    pub fn active(&self, gateway: Node) -> usize {
        self.sessions.range((gateway, Node(0))..=(gateway, Node(u16::MAX))).count()
    }

    /// Whether what was saved names radios that are here, and frames that there are.
    pub fn check(&self, bounds: &Bounds, stack: RouterStack) -> Result<(), String> {
        let sessions = self.sessions.iter().all(|(&(gateway, node), s)| {
            bounds.is_own(gateway)
                && bounds.is_own(node)
                && bounds.is_own(s.relay)
                && usize::from(s.step) < frames(stack, s.depth).len()
        });
        let waits = |pairs: &Vec<(Node, Node, Depth)>| {
            pairs.iter().all(|&(node, via, _)| bounds.is_own(node) && bounds.is_own(via))
        };
        let waiting = self.waiting.iter().all(|(&gateway, pairs)| bounds.is_own(gateway) && waits(pairs));
        ensure(sessions && waiting, || "net: somebody gets keys, or from somebody, who is not here".to_owned())
    }
}

/// A border router was switched off.
pub(in crate::medium::mesh::net) fn forget(authenticators: &mut Authenticators, gateway: Node) {
    authenticators.sessions.retain(|key, _| key.0 != gateway);
    authenticators.waiting.remove(&gateway);
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
    let steps = frames(stack.net.procedures.stack, depth);
    let (most, authenticators) = (stack.net.procedures.authentication.at_a_time, &mut stack.net.authenticators);
    if step == 0 {
        let is_known = authenticators.sessions.contains_key(&key);
        let is_new = depth == Depth::Full && !is_known;
        if is_new && stack.net.is_full(gateway) {
            return;
        }
        let authenticators = &mut stack.net.authenticators;
        if !is_known && most.is_some_and(|most| authenticators.active(gateway) >= usize::from(most)) {
            let waiting = authenticators.waiting.entry(gateway).or_default();
            waiting.retain(|&(other, ..)| other != node);
            if waiting.len() == WAITING_MAX {
                waiting.remove(0);
            }
            waiting.push((node, relay, depth));
            return;
        }
        return send(stack, link, ctx, key, (relay, depth), 1);
    }
    let Some(session) = authenticators.sessions.get(&key).copied() else { return };
    if step != session.step + 1 || depth != session.depth {
        return;
    }
    if usize::from(step) + 1 == steps.len() {
        authenticators.sessions.remove(&key);
        return next(stack, link, ctx, gateway);
    }
    send(stack, link, ctx, key, (session.relay, depth), step + 1);
    if steps[usize::from(step) + 2].is_down {
        send(stack, link, ctx, key, (session.relay, depth), step + 2);
    }
}

/// Room for another: the newest that waits.
fn next<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, gateway: Node) {
    if let Some((node, relay, depth)) = stack.net.authenticators.waiting.get_mut(&gateway).and_then(Vec::pop) {
        send(stack, link, ctx, (gateway, node), (relay, depth), 1);
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
    stack.net.authenticators.sessions.insert((gateway, node), Session { relay, depth, step, repeated: 0, due, rest });
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
    let bytes = frames(stack.net.procedures.stack, depth)[usize::from(step)].bytes();
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
    if session.repeated >= rules.repeats {
        stack.net.authenticators.sessions.remove(&(gateway, node));
        return next(stack, link, ctx, gateway);
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
