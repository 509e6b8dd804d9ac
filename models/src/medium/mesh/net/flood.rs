//! Flooding of commands (MPL, RFC 7731): everyone who hears one repeats it under a trickle timer.

use super::stack::Flooding;
use super::{Content, Event, Net, Packet, Stack};
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::medium::message::{Body, Message};
use crate::node::Node;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// A flood that a node takes part in.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Flood {
    /// Job of the newest flood heard, plus one; 0: none yet.
    pub(super) seen: u16,
    heard: u8,
    pub(super) round: u8,
    epoch: u8,
}

/// Starts a flood at a border router.
pub(super) fn begin(net: &mut Net, ctx: &mut Ctx, gateway: Node, job: u16, message: Message) {
    net.floods[usize::from(job)] = Some(message);
    take_up(net, ctx, gateway, job);
}

fn take_up(net: &mut Net, ctx: &mut Ctx, node: Node, job: u16) {
    let flood = &mut net.nodes[node].flood;
    *flood = Flood { seen: job + 1, heard: 0, round: 0, epoch: flood.epoch.wrapping_add(1) };
    arm(net, ctx, node);
}

fn flooding(net: &Net, ctx: &Ctx, node: Node) -> Flooding {
    if ctx.facts.is_gateway(node) { net.procedures.border_flood } else { net.procedures.flood }
}

fn arm(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let Flooding { imin, imax, .. } = flooding(net, ctx, node);
    let place = 0.5 + 0.5 * net.draw(ctx.facts, node);
    let flood = &mut net.nodes[node].flood;
    flood.heard = 0;
    let interval = (imin * (1 << flood.round)).min(imax);
    let epoch = flood.epoch;
    let at = ctx.now() + SimTime::from_secs_f64(interval.secs_f64() * place);
    ctx.schedule(at, node, Event::Flood { node, epoch });
}

/// [`Event::Flood`]: repeat unless enough others did.
pub(super) fn due<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, epoch: u8) {
    let Flooding { k, rounds, .. } = flooding(stack.net, ctx, node);
    let running = link.air.radios[node].is_on();
    let flood = &mut stack.net.nodes[node].flood;
    if flood.epoch != epoch || !running {
        return;
    }
    let (speak, job) = (flood.heard < k, flood.seen - 1);
    flood.round += 1;
    let again = flood.round < rounds;
    if speak && let Some(message) = &stack.net.floods[usize::from(job)] {
        let message = Message { planned: ctx.now(), ..message.clone() };
        let packet = Packet::new(Content::Message(message), node, Node::EVERYONE, Node::EVERYONE);
        stack.submit(link, ctx, node, packet);
    }
    if again {
        arm(stack.net, ctx, node);
    }
}

/// A flooded command was heard.
pub(super) fn heard<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    packet: &Packet,
) {
    let Content::Message(Message { body: Body::Flood { job }, .. }) = packet.content else { return };
    let flood = &mut stack.net.nodes[node].flood;
    if flood.seen > job {
        flood.heard = flood.heard.saturating_add(1);
        return;
    }
    take_up(stack.net, ctx, node, job);
    if !ctx.facts.is_gateway(node) {
        stack.deliver(link, ctx, node, packet);
    }
}
