//! Access to the channel: a node's next job, backoffs and clear channel assessment.

use super::exchange::failed;
use super::{Above, Job, LinkLayer, sweep};
use crate::context::{Ctx, Facts};
use crate::medium::mesh::event::Event;
use crate::medium::mesh::hopping;
use crate::medium::mesh::packet::NIL;
use crate::node::{Channel, Node};
use amitwin_sim_core::SimTime;

/// Doublings of the pause before a repetition.
const RETRY_DOUBLINGS_MAX: u8 = 6;

/// Starts the next job of a node, if it has one and may.
pub fn next_job(link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let now = ctx.now();
    if !link.air.radios[node].is_on() {
        return;
    }
    let (min_be, hopping) = (link.spec.min_be, link.hopping());
    let mac = &mut link.macs[node];
    if mac.job != Job::Idle || mac.acknowledging {
        return;
    }
    mac.epoch = mac.epoch.wrapping_add(1);
    let epoch = mac.epoch;
    let has_broadcast = !mac.broadcasts.is_empty();
    if has_broadcast && hopping && hopping::is_broadcast_slot(now) {
        mac.job = Job::Backoff;
        (mac.backoffs, mac.exponent) = (0, min_be);
        let wait = link.backoff(ctx.facts, node, min_be) + link.air.phy.cca;
        ctx.schedule(now + wait, node, Event::Attempt { node, epoch });
    } else if !mac.queue.is_empty() {
        mac.job = Job::Backoff;
        (mac.backoffs, mac.exponent) = (0, min_be);
        let ready = mac.spaced_until.max(now);
        let start = link.first_ready(node, ready);
        if start > ready {
            link.macs[node].job = Job::WaitSlot;
        }
        let wait = link.backoff(ctx.facts, node, min_be) + link.air.phy.cca;
        ctx.schedule(start + wait, node, Event::Attempt { node, epoch });
    } else if mac.sweeps != 0 {
        sweep::wait(link, ctx, node, epoch);
    } else if has_broadcast {
        mac.job = Job::WaitSlot;
        let at = hopping::next_broadcast_slot(now) + link.spread_in_slot(ctx.facts, node);
        ctx.schedule(at, node, Event::Attempt { node, epoch });
    }
}

/// [`Event::Resume`].
pub fn resume(link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    next_job(link, ctx, node);
}

/// [`Event::Attempt`]: the channel has been listened to; send or back off again.
pub fn attempt<U: Above>(link: &mut LinkLayer, above: &mut U, ctx: &mut Ctx, node: Node, epoch: u16) {
    let now = ctx.now();
    let mac = &mut link.macs[node];
    if mac.epoch != epoch {
        return;
    }
    if mac.job == Job::WaitSweep {
        sweep::piece(link, above, ctx, node, epoch);
        return;
    }
    mac.job = Job::Backoff;
    let Some((at, broadcast)) = link.current(node, now) else {
        link.macs[node].job = Job::Idle;
        next_job(link, ctx, node);
        return;
    };
    let hop_to = link.packets.get(at).hop_to;
    let hopped = link.hopping() && !broadcast;
    if hopped && hopping::is_broadcast_slot(now) {
        // Everybody listens elsewhere until the slot ends; contention starts afresh behind it.
        let exponent = link.macs[node].exponent;
        let wait = link.backoff(ctx.facts, node, exponent) + link.air.phy.cca;
        ctx.schedule(hopping::broadcast_slot_end(now) + wait, node, Event::Attempt { node, epoch });
        return;
    }
    let channel = if hopped { link.channel_of(ctx.facts, hop_to, now) } else { Channel::COMMON };
    if !link.air.is_busy(node, channel, now) {
        let turned = now + link.air.phy.turnaround;
        link.air.deafen(node, turned);
        link.macs[node].job = Job::Busy;
        ctx.schedule(turned, node, Event::Send { node, epoch });
        return;
    }
    let (most, max_be) = (link.spec.csma_backoffs_max, link.spec.max_be);
    let mac = &mut link.macs[node];
    mac.backoffs += 1;
    mac.exponent = (mac.exponent + 1).min(max_be);
    let (backoffs, exponent) = (mac.backoffs, mac.exponent);
    if backoffs > most {
        ctx.books.counters.access_failures += 1;
        failed(link, above, ctx, node, true);
    } else {
        let wait = link.backoff(ctx.facts, node, exponent) + link.air.phy.cca;
        ctx.schedule(now + wait, node, Event::Attempt { node, epoch });
    }
}

impl LinkLayer {
    /// The packet that the current attempt is about, and whether it is a broadcast.
    pub(super) fn current(&self, node: Node, now: SimTime) -> Option<(u32, bool)> {
        let mac = &self.macs[node];
        if self.hopping() && !mac.broadcasts.is_empty() && hopping::is_broadcast_slot(now) {
            return Some((mac.broadcasts.head(), true));
        }
        (mac.queue.head() != NIL).then(|| (mac.queue.head(), false))
    }

    /// A repetition waits for a random part of a dwell time, so that it mostly goes out on another channel, and of up to
    /// 64 dwell times after further failures. Two hidden nodes that repeat at once, each within the few milliseconds of a
    /// backoff, would collide until both give up.
    pub(super) fn retry_spread(&mut self, facts: &Facts, node: Node, tries: u8) -> SimTime {
        let dwells = f64::from(1u8 << tries.saturating_sub(1).min(RETRY_DOUBLINGS_MAX));
        SimTime::from_secs_f64(self.place(facts, node) * dwells * hopping::UNICAST_DWELL.secs_f64())
    }

    /// A random place in the first two thirds of a broadcast slot: everybody who has something to say waits for the same
    /// slot, and the standard's backoff alone would let them all speak at its start.
    fn spread_in_slot(&mut self, facts: &Facts, node: Node) -> SimTime {
        SimTime::from_secs_f64(self.place(facts, node) * hopping::BROADCAST_DWELL.secs_f64() * 2.0 / 3.0)
    }
}
