//! Trickle timers (RFC 6206): how often a node repeats what its neighbours may already have said.

use super::stack::Params;
use super::{Event, Net, Stack, State, Sweep, Topic, discover, parents, poison, rests};
use crate::context::{Ctx, Facts};
use crate::medium::PortUser;
use crate::medium::mesh::mac::{LinkLayer, sweep};
use crate::node::Node;
use crate::spec::{BorderStack, RouterStack};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// From here on the part of an interval gets no smaller.
const SILENT_MAX: u8 = 16;

/// In the place of what was heard: nothing counts in this interval.
const NOTHING_COUNTS: u8 = u8::MAX;

/// A running timer.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Trickle {
    begin_ms: u32,
    interval_ms: u32,
    heard: u8,
    epoch: u8,
    fired: bool,
    /// Intervals in a row in which it has kept silent, where the stack cares.
    silent: u8,
}

impl Trickle {
    /// Whether its interval is the longest.
    pub(super) fn is_longest(&self, params: &Params) -> bool {
        self.interval_ms >= params.imax_ms
    }
}

/// Milliseconds of the run, modulo 2^32 (49.7 d).
fn ms(at: SimTime) -> u32 {
    (at.nanos() / 1_000_000) as u32
}

fn params(net: &Net, ctx: &Ctx, node: Node, topic: Topic) -> Params {
    match topic {
        Topic::Dio => net.procedures.dio,
        _ if ctx.facts.is_gateway(node) => net.procedures.border_discovery(net.nodes_of(node)),
        _ => net.procedures.discovery,
    }
}

/// Starts a timer with an interval uniform between the smallest and the largest; the time until it first speaks.
pub(super) fn start(net: &mut Net, ctx: &mut Ctx, node: Node, topic: Topic) -> SimTime {
    let params = params(net, ctx, node, topic);
    net.nodes.aside(node).trickles[topic as usize].silent = 0;
    let span = f64::from(params.imax_ms - params.imin_ms);
    let interval = params.imin_ms + (net.draw(ctx.facts, node) * span) as u32;
    begin(net, ctx, node, topic, interval)
}

/// A timer that has come to rest: it speaks again when something is inconsistent.
pub(super) fn rest(net: &mut Net, ctx: &Ctx, node: Node, topic: Topic) {
    let interval_ms = params(net, ctx, node, topic).imax_ms;
    let timer = &mut net.nodes.aside(node).trickles[topic as usize];
    *timer = Trickle { begin_ms: ms(ctx.now()), interval_ms, fired: true, ..*timer };
}

/// Stops a timer.
pub(super) fn stop(net: &mut Net, node: Node, topic: Topic) {
    let timer = &mut net.nodes.aside(node).trickles[topic as usize];
    timer.epoch = timer.epoch.wrapping_add(1);
    timer.interval_ms = 0;
}

/// Time until the interval of a timer is over.
pub(super) fn left(net: &Net, ctx: &Ctx, node: Node, topic: Topic) -> SimTime {
    let timer = &net.nodes[node].trickles[topic as usize];
    let left_ms = timer.begin_ms.wrapping_add(timer.interval_ms).wrapping_sub(ms(ctx.now())) as i32;
    SimTime::from_millis(left_ms.max(0) as u64)
}

/// Something inconsistent was heard: back to the smallest interval, if it is not there already.
pub(super) fn reset(net: &mut Net, ctx: &mut Ctx, node: Node, topic: Topic) {
    let imin = params(net, ctx, node, topic).imin_ms;
    if net.nodes[node].trickles[topic as usize].interval_ms > imin {
        begin(net, ctx, node, topic, imin);
    }
}

/// Whether a timer runs.
pub(super) fn is_running(net: &Net, node: Node, topic: Topic) -> bool {
    net.nodes[node].trickles[topic as usize].interval_ms > 0
}

/// Something consistent was heard.
pub(super) fn consistent(net: &mut Net, node: Node, topic: Topic) {
    let timer = &mut net.nodes.aside(node).trickles[topic as usize];
    if timer.heard != NOTHING_COUNTS {
        timer.heard = timer.heard.saturating_add(1).min(NOTHING_COUNTS - 1);
    }
}

/// Nothing that is heard in this interval is consistent.
pub(super) fn is_not_consistent(net: &mut Net, node: Node, topic: Topic) {
    net.nodes[node].trickles[topic as usize].heard = NOTHING_COUNTS;
}

/// Whether one more that is consistent would count at a meter: a timer without a limit never looks.
pub(super) fn counts(net: &Net, node: Node, topic: Topic) -> bool {
    let k = match topic {
        Topic::Dio => net.procedures.dio.k,
        _ => net.procedures.discovery.k,
    };
    net.nodes[node].trickles[topic as usize].heard < k
}

/// Whether the interval of a timer ends before an instant that is near, so that it counts anew.
pub(super) fn ends_before(net: &Net, node: Node, topic: Topic, at: SimTime) -> bool {
    let timer = &net.nodes[node].trickles[topic as usize];
    (timer.begin_ms.wrapping_add(timer.interval_ms).wrapping_sub(ms(at)) as i32) <= 0
}

/// Starts a timer at its smallest interval; the time until it first speaks.
pub(super) fn start_soon(net: &mut Net, ctx: &mut Ctx, node: Node, topic: Topic) -> SimTime {
    let imin = params(net, ctx, node, topic).imin_ms;
    net.nodes.aside(node).trickles[topic as usize].silent = 0;
    begin(net, ctx, node, topic, imin)
}

/// Part of an interval after which a timer speaks, for a uniform number: the second half; in W (`trickle.c`) half as late after each interval in which it has
/// kept silent.
pub(super) fn place(silent: u8, unit: f64) -> f64 {
    (0.5 + 0.5 * unit) / f64::from(1u32 << silent.min(SILENT_MAX))
}

/// Whether a node counts the intervals in which it keeps silent.
pub(super) fn counts_silence(net: &Net, facts: &Facts, node: Node) -> bool {
    match facts.is_gateway(node) {
        true => net.procedures.border == BorderStack::Wsbrd,
        false => net.procedures.stack == RouterStack::Wsrd,
    }
}

fn begin(net: &mut Net, ctx: &mut Ctx, node: Node, topic: Topic, interval_ms: u32) -> SimTime {
    let silent = net.nodes[node].trickles[topic as usize].silent;
    let at = SimTime::from_secs_f64(f64::from(interval_ms) * 1e-3 * place(silent, net.draw(ctx.facts, node)));
    let joining = if topic == Topic::Dio { &mut net.nodes[node] } else { net.nodes.aside(node) };
    let timer = &mut joining.trickles[topic as usize];
    let epoch = timer.epoch.wrapping_add(1);
    *timer = Trickle { begin_ms: ms(ctx.now()), interval_ms, heard: 0, epoch, fired: false, silent };
    ctx.schedule(ctx.now() + at, node, Event::Trickle { node, topic, epoch });
    at
}

/// [`Event::Trickle`].
pub(super) fn due<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    topic: Topic,
    epoch: u8,
) {
    let params = params(stack.net, ctx, node, topic);
    let now = ctx.now();
    let timer = &mut stack.net.nodes.aside(node).trickles[topic as usize];
    if timer.epoch != epoch || timer.interval_ms == 0 {
        return;
    }
    if timer.fired {
        let next = (timer.interval_ms.saturating_mul(2)).min(params.imax_ms);
        if rests::is_over(stack.net, node, topic, &params) {
            return;
        }
        begin(stack.net, ctx, node, topic, next);
        return;
    }
    timer.fired = true;
    if topic == Topic::Advert && ctx.facts.is_gateway(node) {
        let now_s = (now.nanos() / 1_000_000_000) as u32;
        // Nanostack's counts its routes for what it says.
        if stack.net.procedures.border == BorderStack::Nanostack {
            stack.net.routes.expire(node, now_s);
        }
        stack.net.gone.forget(node, now_s);
    }
    let counts_silence = counts_silence(stack.net, ctx.facts, node);
    let timer = &mut stack.net.nodes.aside(node).trickles[topic as usize];
    // A border router of nanostack advertises whatever it hears.
    let always = params.k == 0 || topic == Topic::Advert && ctx.facts.is_gateway(node) && !counts_silence;
    let speak = always || timer.heard < params.k || timer.heard == NOTHING_COUNTS;
    timer.silent = if speak || !counts_silence { 0 } else { timer.silent.saturating_add(1) };
    let whole_ms = SimTime::from_millis(now.nanos() / 1_000_000);
    let end = (whole_ms + left(stack.net, ctx, node, topic)).max(now);
    ctx.schedule(end, node, Event::Trickle { node, topic, epoch });
    if !speak {
        return;
    }
    let operational = stack.net.nodes[node].state == State::Operational;
    match topic {
        Topic::Advert if operational && stack.net.may_advertise(ctx.facts, node) => {
            sweep::ask(link, ctx, node, Sweep::Advert);
        }
        Topic::Config if operational => sweep::ask(link, ctx, node, Sweep::Config),
        Topic::AdvertSolicit => sweep::ask(link, ctx, node, Sweep::AdvertSolicit),
        Topic::ConfigSolicit => discover::solicit_config(stack, link, ctx, node),
        Topic::Dio if stack.net.nodes[node].search.poisons > 0 => poison::poison_due(stack, link, ctx, node),
        Topic::Dio if operational => parents::send_dio(stack, link, ctx, node, None),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_that_has_kept_silent_speaks_sooner_in_the_next_interval() {
        // The second half; the second quarter; the second eighth.
        assert_eq!([0, 1, 2].map(|silent| place(silent, 0.0)), [0.5, 0.25, 0.125]);
        assert_eq!([0, 1, 2].map(|silent| place(silent, 1.0)), [1.0, 0.5, 0.25]);
        assert_eq!(place(200, 0.0), place(SILENT_MAX, 0.0));
        assert_eq!(size_of::<Trickle>(), 12, "as without the count");
    }
}
