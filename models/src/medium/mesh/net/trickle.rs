//! Trickle timers (RFC 6206): how often a node repeats what its neighbours may already have said.

use super::{Event, Net, Stack, State, Sweep, Topic, parents};
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::mac::{LinkLayer, sweep};
use crate::node::Node;
use crate::spec::SizeProfile;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// A running timer.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Trickle {
    begin_ms: u32,
    interval_ms: u32,
    heard: u8,
    epoch: u8,
    fired: bool,
}

/// Constants of the timers.
#[derive(Clone, Copy, Debug)]
pub struct Params {
    imin_ms: u32,
    imax_ms: u32,
    /// Suppression: silent after this many consistent messages; 0 never suppresses.
    k: u8,
}

/// The timers and lifetimes of a size profile (Wi-SUN FAN).
#[derive(Clone, Copy, Debug)]
pub struct Timers {
    /// Advertisement, configuration and solicit sweeps.
    pub discovery: Params,
    /// RPL information.
    pub dio: Params,
    /// Interval of flooding: smallest and largest.
    pub flood: (SimTime, SimTime),
    /// A repetition of a flood is suppressed after this many others.
    pub flood_k: u8,
}

impl Timers {
    /// The values of a profile.
    pub fn of(profile: SizeProfile) -> Self {
        let (disc, dio, flood) = match profile {
            SizeProfile::Small => ((15, 60), (15, 2, 0), (1, 10)),
            SizeProfile::Medium => ((60, 960), (17, 3, 10), (1, 32)),
            SizeProfile::Large => ((120, 1_536), (18, 3, 10), (5, 40)),
            SizeProfile::XLarge => ((240, 1_920), (18, 4, 10), (10, 80)),
        };
        let (exponent, doublings, k): (u32, u32, u8) = dio;
        Timers {
            discovery: Params { imin_ms: disc.0 * 1_000, imax_ms: disc.1 * 1_000, k: 1 },
            dio: Params { imin_ms: 1 << exponent, imax_ms: 1 << (exponent + doublings), k },
            flood: (SimTime::from_secs(flood.0), SimTime::from_secs(flood.1)),
            flood_k: 8,
        }
    }

    fn params(&self, topic: Topic) -> Params {
        if topic == Topic::Dio { self.dio } else { self.discovery }
    }
}

fn ms(at: SimTime) -> u32 {
    (at.nanos() / 1_000_000) as u32
}

/// Starts a timer with an interval uniform between the smallest and the largest.
pub(super) fn start(net: &mut Net, ctx: &mut Ctx, node: Node, topic: Topic) {
    let params = net.timers.params(topic);
    let span = f64::from(params.imax_ms - params.imin_ms);
    let interval = params.imin_ms + (net.draw(ctx.facts, node) * span) as u32;
    begin(net, ctx, node, topic, interval);
}

/// Stops a timer.
pub(super) fn stop(net: &mut Net, node: Node, topic: Topic) {
    let timer = &mut net.nodes[node].trickles[topic as usize];
    timer.epoch = timer.epoch.wrapping_add(1);
    timer.interval_ms = 0;
}

/// Something inconsistent was heard: back to the smallest interval, if it is not there already.
pub(super) fn reset(net: &mut Net, ctx: &mut Ctx, node: Node, topic: Topic) {
    let imin = net.timers.params(topic).imin_ms;
    if net.nodes[node].trickles[topic as usize].interval_ms > imin {
        begin(net, ctx, node, topic, imin);
    }
}

/// Something consistent was heard.
pub(super) fn consistent(net: &mut Net, node: Node, topic: Topic) {
    let timer = &mut net.nodes[node].trickles[topic as usize];
    timer.heard = timer.heard.saturating_add(1);
}

/// Starts a timer at its smallest interval. A node that looks for its PAN does so: with the random first interval of
/// [`start`], a lone node would be away for a quarter of an hour in the large profile, against about two minutes that
/// were measured on 1,000 nodes in the medium one.
pub(super) fn start_soon(net: &mut Net, ctx: &mut Ctx, node: Node, topic: Topic) {
    let imin = net.timers.params(topic).imin_ms;
    begin(net, ctx, node, topic, imin);
}

fn begin(net: &mut Net, ctx: &mut Ctx, node: Node, topic: Topic, interval_ms: u32) {
    let at = SimTime::from_secs_f64(f64::from(interval_ms) * 1e-3 * (0.5 + 0.5 * net.draw(ctx.facts, node)));
    let timer = &mut net.nodes[node].trickles[topic as usize];
    *timer =
        Trickle { begin_ms: ms(ctx.now()), interval_ms, heard: 0, epoch: timer.epoch.wrapping_add(1), fired: false };
    let epoch = timer.epoch;
    ctx.schedule(ctx.now() + at, node, Event::Trickle { node, topic, epoch });
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
    let params = stack.net.timers.params(topic);
    let now = ctx.now();
    let timer = &mut stack.net.nodes[node].trickles[topic as usize];
    if timer.epoch != epoch || timer.interval_ms == 0 {
        return;
    }
    if timer.fired {
        let next = (timer.interval_ms.saturating_mul(2)).min(params.imax_ms);
        begin(stack.net, ctx, node, topic, next);
        return;
    }
    timer.fired = true;
    let speak = params.k == 0 || timer.heard < params.k;
    let end = SimTime::from_millis(u64::from(timer.begin_ms) + u64::from(timer.interval_ms)).max(now);
    ctx.schedule(end, node, Event::Trickle { node, topic, epoch });
    if !speak {
        return;
    }
    let operational = stack.net.nodes[node].state == State::Operational;
    match topic {
        Topic::Advert if operational => sweep::ask(link, ctx, node, Sweep::Advert),
        Topic::Config if operational => sweep::ask(link, ctx, node, Sweep::Config),
        Topic::Solicit => sweep::ask(link, ctx, node, Sweep::Solicit),
        Topic::Dio if operational => parents::send_dio(stack, link, ctx, node, None),
        _ => {}
    }
}
