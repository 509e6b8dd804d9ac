//! Nodes at rest that say nothing (`mesh.idle_traffic = "none"`): what they would tell each other while nothing happens is not sent.
//!
//! Timers of registrations, routes, addresses and PANs run as ever. Where one is due, whoever would answer is there, and the link to the parent is good at
//! that moment, it counts as answered without a frame; where not, the frames are sent, counted, and fail as they do. Trickle timers stop once they have spoken in their longest interval, until
//! something is inconsistent; candidates that are all right are not asked again.

use super::candidates::seconds;
use super::children::REGISTERED_S;
use super::{Net, Params, Parts, State, Topic, join, lease, pan, parents};
use crate::context::Ctx;
use crate::medium::mesh::mac::LinkLayer;
use crate::medium::mesh::packet::ROUTE_MAX;
use crate::node::Node;

/// Share of exchanges over a link that succeed at once, from which on nobody has to ask: at an ETX of 2 no other path is better by the 1.5 that
/// both stacks want, and of 8 transmissions one in 256 brings nothing.
const SURE: f64 = 0.5;
/// No link needs more, dB.
const MOST_DB: i32 = 60;

/// Whether the timer of a node, which has spoken, stops at the end of its interval.
pub(super) fn is_over(net: &Net, node: Node, topic: Topic, params: &Params) -> bool {
    net.rests.is_some()
        && net.nodes[node].state == State::Operational
        && net.nodes[node].search.poisons == 0
        && net.nodes[node].trickles[topic as usize].is_longest(params)
}

/// Signal over noise from which on a frame and its acknowledgement both arrive so often that nobody has to ask, dB.
pub(super) fn sure_db(parts: &Parts) -> Option<f32> {
    let noise_dbm = parts.rests?;
    let arrives = |dbm: f64| (1.0 - parts.data_loss.at(dbm)) * (1.0 - parts.ack_loss.at(dbm));
    let over_noise = (0..MOST_DB).map(f64::from).find(|db| arrives(noise_dbm + db) >= SURE);
    Some(over_noise.unwrap_or(f64::INFINITY) as f32)
}

/// Renews the registrations with both parents without a frame, where the parent is there and the link to it is good, if one of them is due; which of them
/// are due still.
pub(super) fn keeps_registrations(
    net: &mut Net,
    link: &LinkLayer,
    ctx: &Ctx,
    node: Node,
    is_due: [bool; 2],
) -> [bool; 2] {
    let Some(sure_db) = net.rests.filter(|_| is_due.contains(&true)) else { return is_due };
    let boards = link.air.boards(ctx.now());
    let until_s = (seconds(ctx) + REGISTERED_S) as u32;
    let mut left = is_due;
    for (parent, is_due) in net.parents(node).into_iter().zip(&mut left) {
        let is_sure = || {
            let measured = link.air.measured_dbm(boards.as_ref(), node, parent, ctx.now());
            measured.is_some_and(|(up, down)| (up.0 - up.1).min(down.0 - down.1) >= sure_db)
        };
        if net.has_above(ctx, node, parent) && is_sure() {
            net.nodes.aside(node).registration.lasts(parent, until_s);
            *is_due = false;
        }
    }
    left
}

/// Whether a parent that has said nothing for long is there all the same.
pub(super) fn hears_parent(net: &mut Net, ctx: &Ctx, node: Node) -> bool {
    let hears = net.rests.is_some() && net.has_above(ctx, node, net.nodes[node].parent);
    if hears {
        parents::has_spoken(net, ctx, node);
    }
    hears
}

/// Renews the route of a node without a frame, if the border router knows it and there is a way there.
pub(super) fn keeps_route(net: &mut Net, ctx: &mut Ctx, node: Node) -> bool {
    let is_kept = net.rests.is_some()
        && net.has_way(ctx, node)
        && net.routes.knows(node, net.parents(node), net.pan_of(node), seconds(ctx) as u32);
    if is_kept {
        let until_s = seconds(ctx) + net.procedures.route.lifetime_s as u64;
        net.routes.is_good_until(node, until_s as u32);
        join::route_lasts(net, ctx, node);
        pan::is_alive(net, ctx, node);
    }
    is_kept
}

/// A node that has to find out whether its PAN lives need not ask.
pub(super) fn keeps_pan(net: &Net, ctx: &Ctx, node: Node) -> bool {
    net.rests.is_some() && net.is_settled(node) && net.has_way(ctx, node)
}

/// Renews the address of a node without a frame, if there is a way to who gives it.
pub(super) fn keeps_address(net: &mut Net, ctx: &mut Ctx, node: Node) -> bool {
    let is_kept = keeps_pan(net, ctx, node);
    if is_kept {
        lease::is_renewed(net, ctx, node);
    }
    is_kept
}

impl Net {
    /// Whether a node's parent is part of its PAN and has the node among its children.
    fn has_above(&self, ctx: &Ctx, node: Node, parent: Node) -> bool {
        parent.is_some()
            && self.is_operational(parent)
            && self.pan_of(parent) == self.pan_of(node)
            && self.is_child(parent, node, seconds(ctx))
    }

    /// Whether a datagram would get from a node to its border router by first parents, if each frame arrived.
    fn has_way(&self, ctx: &Ctx, node: Node) -> bool {
        let gateway = self.pan_of(node);
        let mut at = node;
        for _ in 0..ROUTE_MAX {
            let parent = self.nodes[at].parent;
            if !self.has_above(ctx, at, parent) {
                return false;
            }
            if parent == gateway {
                return true;
            }
            at = parent;
        }
        false
    }
}
