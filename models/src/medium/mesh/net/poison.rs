//! How a node tells that it has no route: DIOs of infinite rank, at once or when its trickle timer speaks.

use super::{Content, INFINITE_RANK, Net, Packet, Stack, Step, Topic, discover, trickle};
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::node::Node;

/// Tells all that there is no route here (a poisoning DIO).
pub(super) fn poison<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let content = Content::Dio { rank: INFINITE_RANK, hops: 0, version: stack.net.nodes[node].rpl.version };
    stack.net.nodes.aside(node).rpl.advertised = INFINITE_RANK;
    stack.submit(link, ctx, node, Packet::new(content, node, Node::EVERYONE, Node::EVERYONE));
}

/// N `rpl_policy.c`: poisoning DIOs of a node that has lost its last parent, and that of one which leaves its PAN.
pub(super) const POISONS: u8 = 2;
pub(super) const POISONS_LEAVING: u8 = 1;

/// The next so many DIOs of nanostack say that there is no route here.
pub(super) fn poison_soon(net: &mut Net, ctx: &mut Ctx, node: Node, times: u8) {
    let search = &mut net.nodes[node].search;
    search.poisons = search.poisons.max(times);
    if trickle::is_running(net, node, Topic::Dio) {
        trickle::reset(net, ctx, node, Topic::Dio);
    } else {
        _ = trickle::start_soon(net, ctx, node, Topic::Dio);
    }
}

/// A DIO of a node that poisons is due. N `rpl_upward.c`.
pub(super) fn poison_due<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    poison(stack, link, ctx, node);
    let joining = &mut stack.net.nodes[node];
    joining.search.poisons -= 1;
    if joining.search.poisons > 0 {
        return;
    }
    let leaves = joining.step == Step::Leave;
    if joining.parent == Node::NONE {
        trickle::stop(stack.net, node, Topic::Dio);
    }
    if leaves {
        discover::leaves_in(stack.net, ctx, node);
    }
}
