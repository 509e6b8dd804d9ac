//! Who has a use for a frame for all: most of what a settled node hears are DIOs of neighbours that it would not have for a parent,
//! advertisements of a PAN that it knows, and copies of commands that it has.
//!
//! Where this says no, receiving the frame changes nothing, so that the radio need not work out whether it is received. In case of
//! doubt it says yes.

use super::candidates::{CONSIDERED, Candidate, HYSTERESIS_DB, INFINITE_RANK, is_better, minute_at};
use super::joining::{State, Step};
use super::{Net, Sweep, Topic, discover, flood, pan, rekey, trickle};
use crate::context::Facts;
use crate::medium::mesh::packet::{Content, Kind, Packet};
use crate::node::Node;
use crate::spec::RouterStack;
use amitwin_sim_core::SimTime;

/// Whether a node has a use for a packet for all from a neighbour whose mean level here is so many dBm.
#[inline]
pub(super) fn heeds(
    net: &mut Net,
    facts: &Facts,
    (now, node): (SimTime, Node),
    from: Node,
    packet: &Packet,
    level_dbm: f32,
) -> bool {
    if let Content::Dio { rank, .. } = packet.content
        && packet.fragments == 0
        && net.nodes.is_shut(node, (from, rank), level_dbm, net.procedures.parents.rank_step)
    {
        debug_assert!(
            !looks(net, facts, (now, node), from, packet, level_dbm),
            "node {node} has a use for a DIO of {from}"
        );
        return false;
    }
    looks(net, facts, (now, node), from, packet, level_dbm)
}

/// The same, by what the node knows.
fn looks(
    net: &mut Net,
    facts: &Facts,
    (now, node): (SimTime, Node),
    from: Node,
    packet: &Packet,
    level_dbm: f32,
) -> bool {
    // What a border router hears is counted as its load.
    if facts.is_gateway(node) || packet.fragments > 0 {
        return true;
    }
    // A flood's members lie close together, so that who has heard enough is told without a look at what else it knows.
    if packet.kind() == Kind::Flood && !flood::counts(net, node, packet) {
        return false;
    }
    if net.pan_of(from) != net.pan_of(node) || net.is_new(node) {
        return false;
    }
    match packet.content {
        Content::Dio { rank, .. } => heeds_dio(net, now, node, (from, rank), level_dbm),
        _ => true,
    }
}

/// Whether `parents::heard_dio` would do something.
fn heeds_dio(net: &mut Net, now: SimTime, node: Node, (from, rank): (Node, u16), level_dbm: f32) -> bool {
    let joining = &net.nodes[node];
    if !matches!(joining.state, State::ConfigureRouting | State::Operational) {
        return false;
    }
    if joining.candidates.iter().any(|c| c.node == from) {
        return true;
    }
    if joining.parent == from && !matches!(joining.step, Step::Discover | Step::Choose) {
        return true;
    }
    if rank == INFINITE_RANK {
        return false;
    }
    if trickle::counts(net, node, Topic::Dio) {
        return true;
    }
    let threshold_dbm = net.threshold_dbm(node, false);
    let heeds = level_dbm >= threshold_dbm && is_welcome(net, now, node, (from, rank), level_dbm);
    if !heeds {
        let bar = bar(net, node);
        net.nodes.shut(node, threshold_dbm, bar);
    }
    heeds
}

/// Where [`is_welcome`] says no, whatever the time: from which rank on, and within a step below that to whom that is weaker than how many dBm.
fn bar(net: &Net, node: Node) -> Option<(u16, i8)> {
    let (joining, step) = (&net.nodes[node], net.procedures.parents.rank_step);
    if !joining.search.crowded || joining.candidates.iter().any(|c| c.denied_until_min != 0) {
        return None;
    }
    if net.procedures.stack == RouterStack::Nanostack {
        return (net.live(node, 0) >= net.room(node)).then_some((0, i8::MIN));
    }
    let worst = &joining.candidates[CONSIDERED - 1];
    if worst.node == Node::NONE || worst.rank == INFINITE_RANK {
        return None;
    }
    Some(((worst.rank / step + 1).checked_mul(step)?, worst.rsl_dbm.saturating_add(HYSTERESIS_DB)))
}

/// Whether a neighbour that is none of a node's candidates would become one.
fn is_welcome(net: &Net, now: SimTime, node: Node, (from, rank): (Node, u16), level_dbm: f32) -> bool {
    let joining = &net.nodes[node];
    if !joining.search.crowded {
        return true;
    }
    if net.procedures.stack == RouterStack::Nanostack {
        return net.live(node, minute_at(now)) < net.room(node);
    }
    // The minute matters to those that are denied alone; without them all that are kept come first.
    let any_denied = joining.candidates.iter().any(|c| c.denied_until_min != 0);
    let minute = if any_denied { minute_at(now) } else { 0 };
    let is_open = match any_denied {
        true => joining.candidates.iter().filter(|c| c.node.is_some() && !c.is_denied(minute)).count() < CONSIDERED,
        false => joining.candidates[CONSIDERED - 1].node == Node::NONE,
    };
    if is_open {
        return true;
    }
    let worst = &joining.candidates[CONSIDERED - 1];
    let new = Candidate { node: from, rank, rsl_dbm: level_dbm as i8, ..Candidate::default() };
    is_better(&new, worst, joining.parents(), net.procedures.parents.rank_step, minute)
}

/// Whether a node has a use for a sweep's frame of a neighbour, or may have one before an instant: whether `discover::heard_sweep` would
/// do something.
pub(super) fn heeds_sweep(net: &Net, facts: &Facts, (from, node): (Node, Node), sweep: Sweep, before: SimTime) -> bool {
    let joining = &net.nodes[node];
    if facts.is_gateway(node) || joining.state != State::Operational || (net.chooses() && net.is_looking(node)) {
        return true;
    }
    let counts = |topic| trickle::counts(net, node, topic) || trickle::ends_before(net, node, topic, before);
    match sweep {
        Sweep::AdvertSolicit | Sweep::ConfigSolicit => true,
        _ if net.pan_of(from) != net.pan_of(node) => false,
        Sweep::Advert => {
            joining.parent == from
                || counts(Topic::Advert) && discover::advertises_for(net, facts, node, from)
                || net.is_first_advert(node, from)
        }
        Sweep::Config => counts(Topic::Config) || pan::is_newer(net, node, from) || rekey::differs(net, node, from),
    }
}
