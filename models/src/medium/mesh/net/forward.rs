//! Forwarding: upwards by parent, downwards by source route.

use super::candidates::seconds;
use super::etx::{ETX_LOST, ETX_ONE};
use super::parents::{poison, send_dio};
use super::{Content, Packet, Stack, State, Step};
use crate::books::Loss;
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::medium::mesh::packet::Turn;
use crate::node::Node;
use crate::spec::RouterStack;

/// A node that comes back says to no one that it has no route before it has asked for one this often.
const SILENT_TRIES: u8 = 2;
/// Datagrams with more hops are in a loop.
const HOPS_MAX: u8 = 32;

/// Passes a datagram on.
pub(super) fn forward<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    from: Node,
    packet: &Packet,
) {
    let mut next = packet.clone();
    next.hops += 1;
    (next.tries, next.airings, next.delivered, next.turn) = (0, 0, false, Turn::default());
    if next.hops > HOPS_MAX {
        stack.count_lost(ctx, node, &next, Loss::TooFar);
        return;
    }
    if packet.route_len > 0 {
        // Downwards: the next stop stands last.
        next.route_len -= 1;
        next.hop_to = next.route[next.route_len as usize];
        let is_bad = leads_over_a_bad_link(stack, link, ctx, node, &next);
        if is_bad {
            // It is asked whether it is there, which counts as well.
            stack.submit(link, ctx, node, Packet::new(Content::Nud, node, next.hop_to, next.hop_to));
        }
        if is_bad || leads_astray(stack, ctx, node, &next) {
            report_route(stack, link, ctx, node, packet, next.hop_to);
            stack.count_lost(ctx, node, &next, Loss::NoRoute);
            return;
        }
    } else {
        let joining = &stack.net.nodes[node];
        if matches!(joining.step, Step::Discover | Step::Choose)
            || joining.parent == Node::NONE
            || joining.parent == from
        {
            // A node that has just restarted does not know that it was a router, and mostly is one again soon.
            let restarted =
                joining.returning && (joining.state < State::ConfigureRouting || joining.tries <= SILENT_TRIES);
            // Nor does nanostack say so before it has looked at its candidates.
            let looks = joining.step == Step::Lost;
            stack.count_lost(ctx, node, &next, Loss::NoRoute);
            if !restarted && !looks {
                poison(stack, link, ctx, node, from);
            }
            return;
        }
        // The sender's rank travels with the packet. A sender that is not below has a wrong idea of this node and is
        // told; a packet that meets this twice is in a loop.
        if stack.net.nodes[from].rank <= joining.rank {
            if joining.state == State::Operational {
                send_dio(stack, link, ctx, node, Some(from));
            } else if next.strayed {
                poison(stack, link, ctx, node, from);
            }
            if next.strayed {
                stack.count_lost(ctx, node, &next, Loss::TooFar);
                return;
            }
            next.strayed = true;
        }
        next.hop_to = stack.net.nodes[node].parent;
    }
    ctx.books.relays(node);
    stack.submit(link, ctx, node, next);
}

/// Whether wsrd does not pass a datagram on along its source route: the next on it is no child of this node, or this node has no address of
/// its own. W `rpl_srh.c`. What a relay passes on to a node that joins is for the relay itself.
fn leads_astray<P: PortUser>(stack: &Stack<P>, ctx: &Ctx, node: Node, next: &Packet) -> bool {
    let is_relayed = next.route_len == 0 && matches!(next.content, Content::Reply | Content::Eapol { .. });
    stack.net.procedures.stack == RouterStack::Wsrd
        && !is_relayed
        && !stack.net.is_child(node, next.hop_to, seconds(ctx))
}

/// Share of the datagrams along a source route that nanostack does not pass on over a link of so many expected transmissions, 1/128: none up to 2.5,
/// all from 33 on, which it never counts. N `rpl_policy.c` with the limits of `ws_bootstrap_ffn.c`.
fn refused_share(etx: u16) -> f64 {
    let (none, all) = (f64::from(ETX_ONE) * 2.5, f64::from(ETX_ONE) * 33.0);
    ((f64::from(etx) - none) / (all - none)).clamp(0.0, 1.0)
}

/// Whether nanostack does not pass a datagram on along its source route: the next on it is nobody that it knows, or the link there is a bad one. That to a
/// child that has been sent little is taken for a good one. N `ws_bootstrap.c`.
fn leads_over_a_bad_link<P: PortUser>(
    stack: &mut Stack<P>,
    link: &LinkLayer,
    ctx: &Ctx,
    node: Node,
    next: &Packet,
) -> bool {
    let is_relayed = next.route_len == 0 && matches!(next.content, Content::Reply | Content::Eapol { .. });
    if stack.net.procedures.stack != RouterStack::Nanostack || is_relayed {
        return false;
    }
    let to = next.hop_to;
    let etx = stack.net.etx_down(node, to).or_else(|| stack.net.candidate(node, to)?.etx.value());
    match etx {
        None => !stack.net.is_child(node, to, seconds(ctx)),
        Some(etx) => {
            // A signal that is too weak for a parent counts like the worst link.
            let is_weak = stack.net.acceptable(link, node, to, true).is_none();
            match refused_share(if is_weak { ETX_LOST } else { etx }) {
                0.0 => false,
                share => stack.net.draw(ctx.facts, node) < share,
            }
        }
    }
}

/// Tells the border router that a source route leads no further.
fn report_route<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    packet: &Packet,
    of: Node,
) {
    let parent = stack.net.nodes[node].parent;
    if stack.net.nodes[node].state == State::Operational && parent.is_some() {
        let content = Content::RouteError { of, bytes: link.sent_back(packet) };
        let to = stack.net.pan_of(node);
        stack.submit(link, ctx, node, Packet::new(content, node, to, parent));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanostack_refuses_source_routes_more_and_more_often_from_2_5_transmissions_on() {
        // 2.5 and 33 transmissions are 320 and 4,224; half-way 2,272. More than 8, which are 1,024, it does not count: (8 - 2.5) / 30.5 = 18 %.
        assert_eq!([128, 320, 2_272, 4_224].map(refused_share), [0.0, 0.0, 0.5, 1.0]);
        assert!((refused_share(ETX_LOST) - 0.18).abs() < 0.001);
    }
}
