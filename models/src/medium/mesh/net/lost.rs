//! What becomes of a parent that fails. wsrd chooses anew at once; nanostack deletes it, sends by its second parent if it has one, and
//! looks at its candidates 15 to 22.5 s later.

use super::candidates::{deny, minute, seconds};
use super::parents::{SELECTS_AFTER_DIO_S, SELECTS_AGAIN_S, SWITCH_THRESHOLD, adopt, select_in};
use super::poison::{POISONS, poison, poison_soon};
use super::{INFINITE_RANK, Net, Stack, State, Step, Topic, children, discover, join, parents, trickle};
use crate::books::Happened;
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::node::Node;
use crate::spec::RouterStack;

/// The first parent does not work.
pub(super) fn parent_failed<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let minutes = stack.net.procedures.parents.denied_min;
    give_up(stack, link, ctx, node, 0, minutes);
}

/// The same where all candidates are looked at anyway.
pub(super) fn fail<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let (minutes, before) = (stack.net.procedures.parents.denied_min, stack.net.parents(node));
    forget_parent(stack.net, ctx, node, 0, minutes);
    match stack.net.procedures.stack {
        RouterStack::Wsrd => parents::update(stack, link, ctx, node),
        RouterStack::Nanostack => choose_anew(stack, link, ctx, node, before),
    }
}

/// The first parent (0) or the second (1) is not to be used for so many minutes. wsrd chooses anew at once; nanostack sends by the second, if there is
/// one, until it has looked at its candidates.
pub(super) fn give_up<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    which: usize,
    minutes: u16,
) {
    forget_parent(stack.net, ctx, node, which, minutes);
    match (stack.net.procedures.stack, which) {
        (RouterStack::Wsrd, _) => {
            parents::update(stack, link, ctx, node);
            join::goes_on_by_first(stack.net, ctx, node);
        }
        (RouterStack::Nanostack, 0) => goes_on_by_second(stack.net, ctx, node),
        (RouterStack::Nanostack, _) => {
            stack.net.nodes.aside(node).registration.differs(true);
            join::goes_on_by_first(stack.net, ctx, node);
            select_in(stack.net, ctx, node, SELECTS_AFTER_DIO_S, false);
        }
    }
}

/// The first or the second parent is one no longer.
fn forget_parent(net: &mut Net, ctx: &Ctx, node: Node, which: usize, minutes: u16) {
    let gone = net.parents(node)[which];
    deny(net, ctx, node, gone, minutes);
    let joining = &mut net.nodes[node];
    if minutes == 0 {
        // One that is not there is forgotten, and nobody tells it.
        joining.registration.hold(gone, false);
    }
    joining.registration.waits(which, false);
    joining.registration.failures = 0;
    if which == 1 {
        joining.rpl.second = Node::NONE;
    }
}

/// Nanostack has lost its first parent: the second is its way up, which the border router does not know yet. N `rpl_upward.c`.
fn goes_on_by_second(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let other = net.nodes[node].rpl.second;
    let hops = if other.is_some() { net.nodes[other].hops.saturating_add(1) } else { 0 };
    let wait_s = net.between(ctx.facts, node, (SELECTS_AFTER_DIO_S, 1.5 * SELECTS_AFTER_DIO_S));
    let joining = &mut net.nodes[node];
    (joining.parent, joining.rpl.second, joining.hops, joining.step) = (other, Node::NONE, hops, Step::Lost);
    joining.registration.differs(true);
    joining.watch.selects_s = seconds(ctx) as u32 + wait_s as u32;
    if other.is_some() {
        ctx.note(node, Happened::ParentChange { parent: ctx.facts.sites[other] });
    }
    net.sort(node, minute(ctx));
    join::arm(net, ctx, node, wait_s);
}

/// Nanostack that has lost its first parent looks at its candidates.
pub(super) fn look_again<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let net = &mut *stack.net;
    net.nodes.aside(node).watch.selects_s = seconds(ctx) as u32 + SELECTS_AGAIN_S;
    let before = net.parents(node);
    choose_anew(stack, link, ctx, node, before);
}

/// A first parent among the candidates of nanostack, the one that there is unless another is clearly better; without one, others are looked for.
fn choose_anew<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, before: [Node; 2]) {
    let net = &mut *stack.net;
    let (now_min, limit) = (minute(ctx), net.rank_max(node));
    let there_is =
        net.candidate(node, net.nodes[node].parent).filter(|c| c.rank_below(net.procedures.parents.rank_step) <= limit);
    let cost = there_is.map_or(u32::MAX, |c| c.cost());
    let better =
        net.best(node, now_min, limit).filter(|best| there_is.is_none() || best.cost() + SWITCH_THRESHOLD <= cost);
    match better.or(there_is).map(|c| c.node) {
        Some(next) => {
            adopt(stack.net, ctx, node, next);
            join::route_by(stack.net, ctx, node, before);
        }
        None => nobody_is_left(stack, link, ctx, node),
    }
}

/// A node that has no parent left tells its children, and looks for others.
pub(super) fn nobody_is_left<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let joining = &mut stack.net.nodes[node];
    let operational = joining.state == State::Operational;
    (joining.parent, joining.rpl.second, joining.rank) = (Node::NONE, Node::NONE, INFINITE_RANK);
    joining.registration.failures = 0;
    match stack.net.procedures.stack {
        RouterStack::Wsrd => {
            if operational {
                for topic in [Topic::Advert, Topic::Config, Topic::Dio] {
                    trickle::stop(stack.net, node, topic);
                }
                poison(stack, link, ctx, node);
            }
            let knows_another = stack.net.knows_another(ctx, node, operational);
            // W `rpl.c`, `rpl_stop`: those that it still knows hear of it.
            children::leaves_all_but(stack, link, ctx, node, [Node::NONE; 2]);
            discover::leave(stack, link, ctx, node, knows_another);
        }
        RouterStack::Nanostack => {
            for topic in [Topic::Advert, Topic::Config] {
                trickle::stop(stack.net, node, topic);
            }
            poison_soon(stack.net, ctx, node, POISONS);
            discover::find_parent(stack, ctx, node, true);
        }
    }
}
