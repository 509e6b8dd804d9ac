//! Forwarding: upwards by parent, downwards by source route.

use super::candidates::seconds;
use super::parents::{poison, send_dio};
use super::{Content, Packet, Stack, State, Step};
use crate::books::Loss;
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::node::Node;
use crate::spec::RouterStack;
use amitwin_sim_core::SimTime;

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
    (next.tries, next.airings, next.delivered, next.not_before) = (0, 0, false, SimTime::ZERO);
    if next.hops > HOPS_MAX {
        stack.count_lost(ctx, node, &next, Loss::TooFar);
        return;
    }
    if packet.route_len > 0 {
        // Downwards: the next stop stands last.
        next.route_len -= 1;
        next.hop_to = next.route[next.route_len as usize];
        if leads_astray(stack, ctx, node, &next) {
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
            stack.count_lost(ctx, node, &next, Loss::NoRoute);
            if !restarted {
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
