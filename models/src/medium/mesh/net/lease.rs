//! A node's address and how long it is good (DHCPv6).
//!
//! wsbrd gives addresses for good. Nanostack's border router gives them for some hours; nodes ask again by a solicit to the border router, which is
//! their renewal, beside whatever else they do. Who has had no answer by the end has no address, and asks for one as if it were new.

use super::joining::Joining;
use super::{Content, Event, Net, Packet, Stack, State, join, lost, rests};
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::medium::mesh::net::candidates::seconds;
use crate::node::Node;
use crate::spec::{BorderStack, RouterStack, SizeProfile};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// Who is not in a PAN looks again after so long whether it can renew an address that it has kept, s.
const LOOKS_AGAIN_S: f64 = 60.0;

/// How long an address is good, and when it is renewed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeaseLife {
    /// Valid lifetime, s, if it ends.
    pub valid_s: Option<u32>,
    /// It is renewed after this, s.
    pub renewed_s: u32,
    /// From then to the first solicit, the least and the most, s.
    pub delay_s: (f64, f64),
}

impl LeaseLife {
    /// It never ends.
    pub const ENDLESS: LeaseLife = LeaseLife { valid_s: None, renewed_s: 0, delay_s: (0.0, 0.0) };

    /// N `ws_config.h`; `libDHCPv6_server.c`: the preferred lifetime is half of the valid one, and no T1 is given. A nanostack client takes half
    /// of the former for T1 (`libDHCPv6.c`), wsrd all of it (`dhcp_client.c`). W `wsbrd.c`: infinite.
    pub fn new(stack: RouterStack, border: BorderStack, profile: SizeProfile) -> Self {
        if border == BorderStack::Wsbrd {
            return LeaseLife::ENDLESS;
        }
        let valid_s = 3_600
            * match profile {
                SizeProfile::Auto | SizeProfile::Small => 2,
                SizeProfile::Medium => 12,
                SizeProfile::Large | SizeProfile::XLarge => 24,
            };
        let (renewed_s, delay_s) = match stack {
            RouterStack::Nanostack => (valid_s / 4, (0.0, 0.0)),
            RouterStack::Wsrd => (valid_s / 2, (0.0, 60.0)),
        };
        LeaseLife { valid_s: Some(valid_s), renewed_s, delay_s }
    }
}

/// An address that a node has.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Held {
    /// Good until then, s of the run; 0: for good.
    until_s: u32,
    /// [`Event::Lease`] is scheduled for then, s of the run, modulo 2^16.
    due_s: u16,
    /// It is.
    is_due: bool,
    /// Solicits since it was to be renewed.
    tries: u8,
}

/// Whether an address that a node has kept is good no longer.
pub(super) fn has_run_out(joining: &Joining, ctx: &Ctx) -> bool {
    joining.held.until_s != 0 && u64::from(joining.held.until_s) <= seconds(ctx)
}

/// Asks for an address through the parent, or for more time.
pub(super) fn solicit<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let parent = stack.net.nodes[node].parent;
    let mut packet = Packet::new(Content::Solicit, node, stack.net.pan_of(node), parent);
    packet.via = parent;
    stack.submit(link, ctx, node, packet);
}

/// A DHCPv6 reply came.
pub(super) fn given(net: &mut Net, ctx: &mut Ctx, node: Node) {
    if net.nodes[node].state < State::ConfigureRouting {
        return;
    }
    net.nodes[node].addressed = true;
    holds(net, ctx, node, 0.0);
    join::is_addressed(net, ctx, node);
}

/// An address is good for as long again.
pub(super) fn is_renewed(net: &mut Net, ctx: &mut Ctx, node: Node) {
    holds(net, ctx, node, 0.0);
}

/// An address was given so many seconds ago.
fn holds(net: &mut Net, ctx: &mut Ctx, node: Node, since_s: f64) {
    let life = net.procedures.lease;
    let Some(valid_s) = life.valid_s else { return };
    let held = &mut net.nodes.aside(node).held;
    (held.until_s, held.tries) = (seconds(ctx) as u32 + valid_s - since_s as u32, 0);
    let delay_s = net.between(ctx.facts, node, life.delay_s);
    wake_in(net, ctx, node, f64::from(life.renewed_s) - since_s + delay_s);
}

fn wake_in(net: &mut Net, ctx: &mut Ctx, node: Node, wait_s: f64) {
    let at = ctx.now() + SimTime::from_secs_f64(wait_s.max(1.0));
    let held = &mut net.nodes.aside(node).held;
    (held.due_s, held.is_due) = ((at.nanos() / 1_000_000_000) as u16, true);
    ctx.schedule(at, node, Event::Lease { node });
}

/// [`Event::Lease`]: an address is to be renewed, or has run out.
pub(super) fn due<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let (now_s, address) = (seconds(ctx) as u32, stack.net.procedures.address);
    let joining = &mut stack.net.nodes[node];
    if joining.held.due_s != now_s as u16 || !joining.held.is_due || !joining.addressed {
        return;
    }
    joining.held.is_due = false;
    if has_run_out(joining, ctx) {
        joining.addressed = false;
        if stack.net.is_settled(node) {
            let parents = stack.net.parents(node);
            join::route_by(stack.net, ctx, node, parents);
        }
        return;
    }
    if joining.state < State::ConfigureRouting {
        // It has kept it, and looks for its PAN.
        return wake_in(stack.net, ctx, node, LOOKS_AGAIN_S);
    }
    if joining.held.tries == 0 && rests::keeps_address(stack.net, ctx, node) {
        return;
    }
    let joining = &mut stack.net.nodes[node];
    if address.is_over(joining.held.tries) {
        joining.held.tries = 0;
        if joining.parent.is_some() {
            lost::parent_failed(stack, link, ctx, node);
        }
        let delay_s = stack.net.between(ctx.facts, node, stack.net.procedures.lease.delay_s);
        return wake_in(stack.net, ctx, node, delay_s);
    }
    joining.held.tries = joining.held.tries.saturating_add(1);
    let left_s = f64::from(joining.held.until_s - now_s);
    let tries = joining.held.tries;
    let wait_s = address.wait_s(tries) * stack.net.between(ctx.facts, node, address.spread(tries));
    if stack.net.nodes[node].parent.is_some() {
        solicit(stack, link, ctx, node);
    }
    wake_in(stack.net, ctx, node, wait_s.min(left_s));
}

/// A mesh that has run for long: addresses are of any age up to their renewal.
pub(super) fn settle(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let since_s = f64::from(net.procedures.lease.renewed_s) * net.draw(ctx.facts, node);
    holds(net, ctx, node, since_s);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanostack_gives_addresses_for_hours_and_wsbrd_for_good() {
        use RouterStack::{Nanostack, Wsrd};
        let hours = |stack, profile| {
            let life = LeaseLife::new(stack, BorderStack::Nanostack, profile);
            (life.valid_s.map(|valid_s| valid_s / 3_600), f64::from(life.renewed_s) / 3_600.0)
        };
        assert_eq!(hours(Nanostack, SizeProfile::Small), (Some(2), 0.5));
        assert_eq!(hours(Nanostack, SizeProfile::Medium), (Some(12), 3.0));
        assert_eq!(hours(Nanostack, SizeProfile::XLarge), (Some(24), 6.0));
        assert_eq!(hours(Wsrd, SizeProfile::Large), (Some(24), 12.0));
        assert_eq!(LeaseLife::new(Wsrd, BorderStack::Wsbrd, SizeProfile::Large), LeaseLife::ENDLESS);
    }
}
