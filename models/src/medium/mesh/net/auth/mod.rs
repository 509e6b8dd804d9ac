//! How a node without keys gets them (state 2): its side of the exchange with the border router, through a neighbour.
//!
//! Each frame is the answer to the one before. What gets lost is repeated by the border router (`authenticator`), or the node asks
//! for keys again.

pub(super) mod authenticator;

use super::join::{arm, set_state};
use super::stack::WSBRD_STEP;
use super::{Candidate, Content, Net, Packet, Stack, State, Topic, choice, discover, rekey, trickle};
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::medium::mesh::packet::Depth;
use crate::medium::mesh::wire::eapol::Exchange;
use crate::node::Node;
use crate::spec::{BorderStack, RouterStack};
pub use authenticator::Places;
use serde::{Deserialize, Serialize};

/// What a stack does for its keys. Pairs are the smallest and largest of a uniform draw, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Authentication {
    /// The frames that it takes.
    pub exchange: Exchange,
    /// From the choice of a PAN to the request for keys.
    pub request_s: (f64, f64),
    /// No frame for so long ends an exchange.
    pub silence_s: f64,
    /// How requests are repeated.
    pub requests: Requests,
    /// The border router's own repetitions: the wait before the first, and how often.
    pub repeats_s: (f64, f64),
    /// Longest such wait; it doubles.
    pub repeats_most_s: f64,
    /// How often it repeats a frame.
    pub repeats: u8,
    /// How many nodes a border router serves at a time, if there is a limit; others wait.
    pub places: Option<Places>,
    /// A neighbour heard better than this is asked at once, dBm.
    pub near_dbm: Option<i8>,
}

/// Requests for keys that are repeated until the border router answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Requests {
    /// Wait after the first request.
    pub first_s: (f64, f64),
    /// Longest wait; what is uniform before it doubles at its upper end.
    pub longest_s: f64,
    /// The lower end doubles as well.
    pub doubles_both: bool,
    /// Wait after the last request.
    pub last_s: (f64, f64),
    /// So many before the node looks for a PAN anew.
    pub most: u8,
}

impl Requests {
    /// The least and the most of the wait after request number `request`, from 1.
    pub fn wait_s(&self, request: u8) -> (f64, f64) {
        if request >= self.most {
            return self.last_s;
        }
        let doubled = f64::from(1u32 << request.saturating_sub(1).min(16));
        let (low_s, high_s) = self.first_s;
        let low_s = if self.doubles_both { low_s * doubled } else { low_s };
        (low_s.min(self.longest_s), (high_s * doubled).min(self.longest_s))
    }

    /// The same of a member that asks for a group key, from 1.
    pub(super) fn key_wait_s(&self, request: u8, is_last: bool) -> (f64, f64) {
        if is_last {
            self.last_s
        } else {
            (self.first_s.0, (self.first_s.1 * f64::from(1 << request)).min(self.longest_s))
        }
    }
}

/// A node's keys, and the exchange by which it gets them.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Keys {
    /// It has them.
    pub has: bool,
    /// The neighbour that it asks.
    relay: Node,
    /// Frames of the exchange that it has sent or heard.
    step: u8,
    /// Which exchange that is.
    depth: Depth,
    /// It is part of the mesh and asks for the next group key.
    pub renews: bool,
    /// How much of an exchange it takes to get group keys: what it shares with the border router it need not get again, whether it has those or not.
    pub shares: Depth,
    /// It has begun with the group keys that it kept, and the border router has acknowledged no route since.
    pub used: bool,
}

impl Default for Keys {
    fn default() -> Self {
        Keys {
            has: true,
            relay: Node::NONE,
            step: 0,
            depth: Depth::Full,
            renews: false,
            shares: Depth::Group,
            used: false,
        }
    }
}

impl Keys {
    /// Of a node that is new.
    pub(super) fn none() -> Self {
        Keys { has: false, shares: Depth::Full, ..Keys::default() }
    }

    /// Of a node that is reset. What was agreed on in an exchange that had not come to its end is lost (N `supplicant.c`, `tls_sec_prot.c`), and wsrd, which
    /// deletes what it has stored when it looks for keys, knows nothing without group keys.
    pub(super) fn stored(self, of: RouterStack) -> Self {
        let knows = self.has || of == RouterStack::Nanostack;
        let shares = if knows && self.shares != Depth::Pairwise { self.shares } else { Depth::Full };
        Keys { shares, used: false, ..self }
    }

    /// Without group keys.
    pub(super) fn expired(self) -> Self {
        Keys { has: false, shares: self.shares, ..Keys::default() }
    }
}

impl Net {
    /// The neighbour by which a node joins a PAN: the nearest to the border router, and of those the strongest.
    fn relay(&self, node: Node) -> Option<Node> {
        let rank_step = self.procedures.parents.rank_step;
        let steps = |rank: u16| match self.procedures.stack {
            // The cost of the way counts in steps of two transmissions.
            RouterStack::Nanostack => rank.saturating_sub(rank_step) / 256,
            RouterStack::Wsrd => rank,
        };
        let heard = self.nodes[node].candidates.iter().filter(|c| c.node.is_some());
        let able = heard.filter(|c| self.nodes[c.node].state == State::Operational);
        able.min_by_key(|c| (steps(self.nodes[c.node].rank), -i16::from(c.rsl_dbm), c.node)).map(|c| c.node)
    }
}

/// A node turns to the PAN whose keys it has kept. N `ws_pae_supp.c`: they are good for one start until a route is acknowledged; at the
/// next only the border router can tell whether they still are.
pub(super) fn use_kept(net: &mut Net, node: Node) {
    let keys = &mut net.nodes[node].pan.keys;
    if net.procedures.stack == RouterStack::Nanostack && keys.has {
        keys.used = !keys.used;
        if !keys.used {
            choice::loses_keys(net, node, false);
        }
    }
}

/// A PAN is chosen: ask for its keys.
pub(super) fn begin<P: PortUser>(stack: &mut Stack<P>, ctx: &mut Ctx, node: Node) -> bool {
    let Some(relay) = stack.net.relay(node) else { return false };
    trickle::stop(stack.net, node, Topic::AdvertSolicit);
    set_state(stack, ctx, node, State::Authenticate);
    let net = &mut *stack.net;
    let depth = rekey::depth_to_join(net, ctx, node);
    let joining = &mut net.nodes[node];
    (joining.tries, joining.pan.keys.relay, joining.pan.keys.step) = (0, relay, 0);
    joining.pan.keys.depth = depth;
    let wait_s = net.between(ctx.facts, node, net.procedures.authentication.request_s);
    arm(net, ctx, node, wait_s);
    true
}

/// The time for a request has come, or nothing was heard for too long.
pub(super) fn due<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let requests = stack.net.procedures.authentication.requests;
    let joining = &mut stack.net.nodes[node];
    let (in_exchange, tries) = (joining.pan.keys.step > 1, joining.tries);
    if in_exchange || tries >= requests.most {
        choice::has_failed(stack.net, node);
        return discover::restart(stack, link, ctx, node);
    }
    joining.tries += 1;
    joining.pan.keys.step = 1;
    let again_s = stack.net.between(ctx.facts, node, requests.wait_s(tries + 1));
    arm(stack.net, ctx, node, again_s);
    say(stack, link, ctx, node, 0);
}

fn say<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, step: u8) {
    let Keys { relay, depth, .. } = stack.net.nodes[node].pan.keys;
    let bytes = stack.net.procedures.authentication.exchange.frames(depth)[usize::from(step)].bytes();
    let mut packet = Packet::new(Content::Eapol { step, bytes, of: node, depth }, node, stack.net.pan_of(node), relay);
    packet.via = relay;
    stack.submit(link, ctx, node, packet);
}

/// A frame of the border router has come: the next is the node's, unless the border router goes on by itself.
pub(super) fn heard<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    (step, depth): (u8, Depth),
) {
    let exchange = stack.net.procedures.authentication.exchange;
    let steps = exchange.frames(depth);
    let next = step + 1;
    let joining = &mut stack.net.nodes[node];
    if joining.pan.keys.depth != depth {
        return;
    }
    if steps[usize::from(step)].is_success() {
        // If the exchange breaks off from here on, the next goes on from here.
        rekey::is_accepted(stack.net, ctx, node);
    }
    let joining = &mut stack.net.nodes[node];
    let (ends, is_behind) =
        (exchange.confirms(depth) == usize::from(next), exchange.confirms(depth) <= usize::from(next));
    let is_asking = (joining.state == State::Authenticate || joining.pan.keys.renews) && joining.pan.keys.step > 0;
    // Its last answer may have been lost, so that the question comes again when it has its keys.
    let is_told_again = is_behind && joining.pan.keys.has && joining.pan.keys.relay.is_some();
    if !is_asking && !is_told_again {
        return;
    }
    if is_asking && step + 2 < joining.pan.keys.step {
        // Overtaken by what came since.
        return;
    }
    if steps[usize::from(next)].is_down {
        joining.pan.keys.step = next;
        return;
    }
    say(stack, link, ctx, node, next);
    if !is_asking || step + 2 == stack.net.nodes[node].pan.keys.step {
        // Its answer to this was lost.
        return;
    }
    stack.net.nodes[node].pan.keys.step = next + 1;
    if ends {
        rekey::installed(stack.net, ctx, node, depth);
        if !std::mem::replace(&mut stack.net.nodes.aside(node).pan.keys.renews, false) {
            authenticated(stack, ctx, node);
        }
    } else if !stack.net.nodes[node].pan.keys.renews {
        let silence_s = stack.net.procedures.authentication.silence_s;
        arm(stack.net, ctx, node, silence_s);
    }
}

/// A member asks its border router, through its parent, for the next group key.
pub(super) fn ask_again<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    depth: Depth,
) {
    let joining = &mut stack.net.nodes[node];
    joining.pan.keys = Keys { relay: joining.parent, step: 1, depth, renews: true, ..Keys::default() };
    say(stack, link, ctx, node, 0);
}

/// The nodes of a PAN were so many before: wsbrd tells what it says of its size, if that has changed. W `ws_mngt.c`.
pub(super) fn resized(net: &mut Net, ctx: &mut Ctx, pan: Node, before: u32) {
    if net.procedures.border == BorderStack::Wsbrd && net.nodes_of(pan) / WSBRD_STEP != before / WSBRD_STEP {
        for topic in [Topic::Advert, Topic::Config] {
            trickle::reset(net, ctx, pan, topic);
        }
    }
}

/// The node has its keys.
fn authenticated<P: PortUser>(stack: &mut Stack<P>, ctx: &mut Ctx, node: Node) {
    let pan = stack.net.pan_of(node);
    let before = stack.net.nodes_of(pan);
    choice::has_joined(stack.net, node);
    resized(stack.net, ctx, pan, before);
    let joining = stack.net.nodes.aside(node);
    (joining.tries, joining.pan.is_chosen) = (0, true);
    set_state(stack, ctx, node, State::AcquireConfig);
    match stack.net.procedures.stack {
        RouterStack::Nanostack => _ = trickle::start_soon(stack.net, ctx, node, Topic::ConfigSolicit),
        RouterStack::Wsrd => {
            trickle::start(stack.net, ctx, node, Topic::ConfigSolicit);
        }
    }
}

/// The neighbour has not acknowledged the request: nanostack sends its next one to another, if it knows any. N `ws_pae_supp.c`.
pub(super) fn relay_failed(net: &mut Net, node: Node, to: Node) {
    let joining = &mut net.nodes[node];
    let is_it = joining.state == State::Authenticate && joining.pan.keys.relay == to && joining.pan.keys.step == 1;
    if !is_it || net.procedures.stack != RouterStack::Nanostack {
        return;
    }
    for candidate in joining.candidates.iter_mut().filter(|c| c.node == to) {
        *candidate = Candidate::default();
    }
    joining.candidates.sort_by_key(|c| c.node == Node::NONE);
    if let Some(next) = net.relay(node) {
        net.nodes[node].pan.keys.relay = next;
    }
}
