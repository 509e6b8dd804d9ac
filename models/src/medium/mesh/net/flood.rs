//! Flooding of commands (MPL, RFC 7731): everyone who hears one repeats it under a trickle timer.
//!
//! Each job that floods a command has a place of its own. Steps with firmware images, of which one follows the other while the last is still on its
//! way, have further places behind those and use them in turn; a message that comes late is known by its counter.

use super::stack::{FLOOD_ROUNDS_MAX, Flooding};
use super::{Content, Event, Net, Packet, Stack, pan, trickle};
use crate::check::Bounds;
use crate::context::{Ctx, Facts};
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::medium::message::{Body, Message};
use crate::node::{Node, PerNode};
use crate::spec::{BorderStack, RouterStack};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// A command that is flooded, and where each node stands with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Flood {
    message: Message,
    members: PerNode<Member>,
}

/// A node's part in a flood.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Member {
    has_heard: bool,
    /// Repetitions by others in this interval.
    heard: u8,
    /// Intervals done.
    round: u8,
    epoch: u8,
    /// It has spoken in this interval, or kept silent.
    fired: bool,
    /// What it says next comes before its first interval.
    is_first: bool,
    /// Intervals in a row in which it has kept silent, where the stack cares.
    silent: u8,
    /// The interval.
    interval_ms: u32,
    /// From where it spoke to the end of the interval.
    left_ms: u32,
}

impl Flood {
    /// Whether what was saved fits here.
    pub(super) fn fits(&self, bounds: &Bounds, nodes: usize) -> bool {
        self.message.fits(bounds)
            && self.members.len() == nodes
            && self.members.0.iter().all(|member| member.round <= FLOOD_ROUNDS_MAX)
    }
}

/// Place of a message that is flooded; `None` if it is not, or has none here.
fn place(net: &Net, body: Body) -> Option<u16> {
    match body {
        Body::Flood { job } => Some(job),
        Body::Spread { slot } => Some(net.jobs + slot),
        _ => None,
    }
}

/// N `mpl.c`: bytes of datagrams that a node holds to repeat them. The oldest are let go, and those that come late to be the oldest are not taken.
const HELD_BYTES: u32 = 8_192;
/// Headers of such a datagram: IPv6, options, UDP.
const HEADERS: u16 = 40 + 8 + 8;

/// Whether younger messages that a node has heard leave no room for one.
fn is_pushed_out(net: &Net, facts: &Facts, node: Node, job: u16) -> bool {
    let is_limited = match facts.is_gateway(node) {
        true => net.procedures.border == BorderStack::Nanostack,
        false => net.procedures.stack == RouterStack::Nanostack,
    };
    let Some(flood) = net.floods.get(usize::from(job)).and_then(Option::as_ref).filter(|_| is_limited) else {
        return false;
    };
    let bytes = |flood: &Flood| u32::from(flood.message.bytes + HEADERS);
    let is_younger = |other: &&Flood| other.members[node].has_heard && other.message.planned > flood.message.planned;
    bytes(flood) + net.floods.iter().flatten().filter(is_younger).map(bytes).sum::<u32>() > HELD_BYTES
}

/// Starts a flood at a border router: nobody of its PAN has heard it yet.
pub(super) fn begin(net: &mut Net, ctx: &mut Ctx, gateway: Node, message: Message) {
    let Some(job) = place(net, message.body).filter(|&job| usize::from(job) < net.floods.len()) else { return };
    // Timers of the last message in the place of a step with an image are not those of this one.
    let later = u8::from(matches!(message.body, Body::Spread { .. }));
    let nodes = &net.nodes;
    let flood = &mut net.floods[usize::from(job)];
    match flood {
        None => *flood = Some(Flood { message, members: PerNode::of(Member::default(), nodes.len()) }),
        Some(flood) => {
            flood.message = message;
            let of_pan = flood.members.0.iter_mut().zip(nodes.iter()).filter(|(_, joining)| joining.pan.of == gateway);
            of_pan.for_each(|(member, _)| {
                *member = Member { epoch: member.epoch.wrapping_add(later), ..Member::default() };
            });
        }
    }
    take_up(net, ctx, gateway, job);
    speak_at_once(net, ctx, gateway, job);
}

fn member(net: &mut Net, job: u16, node: Node) -> Option<&mut Member> {
    net.floods.get_mut(usize::from(job))?.as_mut().map(|flood| &mut flood.members[node])
}

fn take_up(net: &mut Net, ctx: &mut Ctx, node: Node, job: u16) {
    if let Some(member) = member(net, job, node) {
        *member = Member { has_heard: true, epoch: member.epoch.wrapping_add(1), ..Member::default() };
        arm(net, ctx, node, job);
    }
}

fn flooding(net: &Net, ctx: &Ctx, node: Node) -> Flooding {
    if ctx.facts.is_gateway(node) { net.procedures.relaying.border_flood } else { net.procedures.relaying.flood }
}

/// Begins an interval, of which the first is uniform between the smallest and the largest, and each other twice as long as the last.
fn arm(net: &mut Net, ctx: &mut Ctx, node: Node, job: u16) {
    let Flooding { imin, imax, .. } = flooding(net, ctx, node);
    let first_s = net.between(ctx.facts, node, (imin.secs_f64(), imax.secs_f64()));
    let silent = member(net, job, node).map_or(0, |member| member.silent);
    let place = trickle::place(silent, net.draw(ctx.facts, node));
    let Some(member) = member(net, job, node) else { return };
    let interval = match member.round {
        0 => SimTime::from_secs_f64(first_s),
        _ => (SimTime::from_millis(u64::from(member.interval_ms)) * 2).min(imax),
    };
    let until_fired = SimTime::from_secs_f64(interval.secs_f64() * place);
    let ms = |time: SimTime| (time.nanos() / 1_000_000) as u32;
    (member.heard, member.fired, member.interval_ms) = (0, false, ms(interval));
    member.left_ms = ms(interval.saturating_sub(until_fired));
    let epoch = member.epoch;
    ctx.schedule(ctx.now() + until_fired, node, Event::Flood { node, job, epoch });
}

/// A border router does not wait for its turn in its first interval. wsbrd goes on from there; nanostack's has the whole of its intervals
/// still before it.
fn speak_at_once(net: &mut Net, ctx: &mut Ctx, gateway: Node, job: u16) {
    let border = net.procedures.border;
    let Some(member) = member(net, job, gateway) else { return };
    member.epoch = member.epoch.wrapping_add(1);
    member.is_first = border == BorderStack::Nanostack;
    let epoch = member.epoch;
    ctx.schedule(ctx.now(), gateway, Event::Flood { node: gateway, job, epoch });
}

/// [`Event::Flood`]: repeat unless enough others did; or the interval is over, and the next one begins.
pub(super) fn due<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    (node, job): (Node, u16),
    epoch: u8,
) {
    let Flooding { k, rounds, .. } = flooding(stack.net, ctx, node);
    let counts_silence = trickle::counts_silence(stack.net, ctx.facts, node);
    let running = link.air.radios[node].is_on();
    let is_due = member(stack.net, job, node).is_some_and(|member| member.epoch == epoch);
    if !is_due || !running || is_pushed_out(stack.net, ctx.facts, node, job) {
        return;
    }
    let Some(member) = member(stack.net, job, node) else { return };
    if member.fired {
        return arm(stack.net, ctx, node, job);
    }
    let speak = member.heard < k;
    member.silent = if speak || !counts_silence { 0 } else { member.silent.saturating_add(1) };
    member.fired = true;
    let is_first = std::mem::take(&mut member.is_first);
    member.round += u8::from(!is_first);
    let left = if is_first { SimTime::ZERO } else { SimTime::from_millis(u64::from(member.left_ms)) };
    let again = member.round < rounds;
    if speak && let Some(flood) = &stack.net.floods[usize::from(job)] {
        let message = Message { planned: ctx.now(), ..flood.message.clone() };
        let packet = Packet::new(Content::Message(message), node, Node::EVERYONE, Node::EVERYONE);
        stack.submit(link, ctx, node, packet);
    }
    if again {
        ctx.schedule(ctx.now() + left, node, Event::Flood { node, job, epoch });
    }
}

/// Whether hearing a flooded command would change something at a meter: it is new there, or it counts before the meter's own turn.
pub(super) fn counts(net: &Net, node: Node, packet: &Packet) -> bool {
    let Content::Message(message) = &packet.content else { return true };
    let Some(flood) = place(net, message.body).and_then(|job| net.floods.get(usize::from(job))?.as_ref()) else {
        return false;
    };
    let member = &flood.members[node];
    let is_late = flood.message.apdu.counter != message.apdu.counter;
    let is_enough = member.fired || member.heard >= net.procedures.relaying.flood.k;
    !(is_late || member.has_heard && is_enough)
}

/// A flooded command was heard.
pub(super) fn heard<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    packet: &Packet,
) {
    let Content::Message(message) = &packet.content else { return };
    let Some(job) = place(stack.net, message.body) else { return };
    let late = |flood: &Flood| flood.message.apdu.counter != message.apdu.counter;
    if stack.net.floods.get(usize::from(job)).and_then(Option::as_ref).is_none_or(late) {
        return;
    }
    let Some(member) = member(stack.net, job, node) else { return };
    if member.has_heard {
        member.heard = member.heard.saturating_add(1);
        return;
    }
    if is_pushed_out(stack.net, ctx.facts, node, job) {
        return;
    }
    take_up(stack.net, ctx, node, job);
    pan::hears_border_router(stack.net, ctx, node);
    if !ctx.facts.is_gateway(node) {
        stack.deliver(link, ctx, node, packet);
    }
}
