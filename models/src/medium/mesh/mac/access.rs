//! Access to the channel: a node's next job, backoffs and clear channel assessment.

use super::exchange::failed;
use super::{Above, Job, LinkLayer, Rules, queue, sweep};
use crate::context::{Ctx, Facts};
use crate::medium::mesh::event::Event;
use crate::medium::mesh::hopping;
use crate::medium::mesh::packet::NIL;
use crate::node::{Channel, Node};
use amitwin_sim_core::SimTime;

/// Starts the next job of a node, if it has one and may.
pub fn next_job(link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let now = ctx.now();
    if !link.air.radios[node].is_on() {
        return;
    }
    let (min_be, hopping) = (link.rules.of(ctx.facts, node).min_be, link.hopping());
    let mac = &mut link.macs[node];
    if mac.job != Job::Idle || mac.acknowledging {
        return;
    }
    mac.epoch = mac.epoch.wrapping_add(1);
    let epoch = mac.epoch;
    let has_broadcast = !mac.broadcasts.is_empty();
    if has_broadcast && hopping && hopping::is_broadcast_slot(now) {
        mac.job = Job::Backoff;
        (mac.backoffs, mac.exponent, mac.looked) = (0, min_be, false);
        let wait = link.backoff(ctx.facts, node, min_be) + link.air.phy.cca;
        ctx.schedule(now + wait, node, Event::Attempt { node, epoch });
    } else if !mac.queue.is_empty() {
        mac.job = Job::Backoff;
        (mac.backoffs, mac.exponent, mac.looked) = (0, min_be, false);
        let ready = mac.spaced_until.max(now);
        let start = link.first_ready(ctx.facts, node, ready);
        if link.broadcast_is_before(node, start, now) {
            return wait_for_broadcast_slot(link, ctx, node, epoch);
        }
        if start > ready {
            link.macs[node].job = Job::WaitSlot;
        }
        let wait = link.backoff(ctx.facts, node, min_be) + link.air.phy.cca;
        ctx.schedule(start + wait, node, Event::Attempt { node, epoch });
    } else if mac.sweeps != 0 {
        sweep::wait(link, ctx, node, epoch);
    } else if has_broadcast {
        wait_for_broadcast_slot(link, ctx, node, epoch);
    }
}

fn wait_for_broadcast_slot(link: &mut LinkLayer, ctx: &mut Ctx, node: Node, epoch: u16) {
    let min_be = link.rules.of(ctx.facts, node).min_be;
    let mac = &mut link.macs[node];
    mac.job = Job::WaitSlot;
    (mac.backoffs, mac.exponent, mac.looked) = (0, min_be, false);
    let at = hopping::next_broadcast_slot(ctx.now()) + link.spread_in_slot(ctx.facts, node);
    ctx.schedule(at, node, Event::Attempt { node, epoch });
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
        if !mac.broadcasts.is_empty() && hopping::is_broadcast_slot(now) {
            mac.job = Job::Idle;
            return next_job(link, ctx, node);
        }
        sweep::piece(link, above, ctx, node, epoch);
        return;
    }
    mac.job = Job::Backoff;
    let Some((at, broadcast)) = link.current(node, now) else {
        link.macs[node].job = Job::Idle;
        next_job(link, ctx, node);
        return;
    };
    if link.is_too_old(ctx.facts, node, at, now) {
        return queue::drop_old(link, above, ctx, node, at);
    }
    link.has_turn(ctx.facts, node, (at, broadcast), now);
    let hop_to = link.packets.get(at).hop_to;
    let hopped = link.hopping() && !broadcast;
    let slots = above.slots(node);
    if hopped && let Some(from) = link.waits_until(ctx.facts, (node, slots), at, now) {
        if link.broadcast_is_before(node, from, now) {
            return wait_for_broadcast_slot(link, ctx, node, epoch);
        }
        // Everybody listens elsewhere until then; contention starts afresh.
        link.macs[node].looked = false;
        let exponent = link.macs[node].exponent;
        let polls = match (link.rules.of(ctx.facts, node).polls_slot, slots) {
            (SimTime::ZERO, _) => SimTime::ZERO,
            (most, None) => SimTime::from_secs_f64(link.place(ctx.facts, node) * most.secs_f64()),
            (_, Some(hops)) => {
                let place = link.place(ctx.facts, node);
                link.rules.of(ctx.facts, node).looks_after(hops, place)
            }
        };
        let wait = polls + link.backoff(ctx.facts, node, exponent) + link.air.phy.cca;
        ctx.schedule(from + wait, node, Event::Attempt { node, epoch });
        return;
    }
    let channel = if hopped { link.channel_of(ctx.facts, hop_to, now) } else { Channel::COMMON };
    if link.air.is_busy(node, channel, now) {
        return busy(link, above, ctx, node, (at, broadcast));
    }
    let again = link.rules.of(ctx.facts, node).second_look;
    if again > SimTime::ZERO && !std::mem::replace(&mut link.macs[node].looked, true) {
        ctx.schedule(now + again, node, Event::Attempt { node, epoch });
        return;
    }
    let turned = now + link.air.phy.turnaround;
    link.air.deafen(node, turned);
    let mac = &mut link.macs[node];
    (mac.job, mac.in_hand_is_broadcast) = (Job::Busy, broadcast);
    ctx.schedule(turned, node, Event::Send { node, epoch });
}

/// The channel is not clear: look again later, or give this transmission up.
fn busy<U: Above>(link: &mut LinkLayer, above: &mut U, ctx: &mut Ctx, node: Node, frame: (u32, bool)) {
    let rules = link.rules.of(ctx.facts, node);
    if rules.pauses.is_some() {
        return leave_alone(link, above, ctx, node, frame);
    }
    let (max_be, csma_backoffs_max) = (rules.max_be, rules.csma_backoffs_max);
    let mac = &mut link.macs[node];
    let epoch = mac.epoch;
    mac.backoffs += 1;
    mac.exponent = (mac.exponent + 1).min(max_be);
    mac.looked = false;
    let (backoffs, exponent) = (mac.backoffs, mac.exponent);
    if backoffs > csma_backoffs_max {
        ctx.books.counters.access_failures += 1;
        failed(link, above, ctx, node, frame, true);
        return;
    }
    let wait = link.backoff(ctx.facts, node, exponent) + link.air.phy.cca;
    ctx.schedule(ctx.now() + wait, node, Event::Attempt { node, epoch });
}

/// The same in nanostack: frames for others go first for a while; looks while the radio receives do not count, and the next comes behind that.
fn leave_alone<U: Above>(link: &mut LinkLayer, above: &mut U, ctx: &mut Ctx, node: Node, (at, broadcast): (u32, bool)) {
    let now = ctx.now();
    let (place, backoff) = (link.place(ctx.facts, node), link.backoff(ctx.facts, node, link.macs[node].exponent));
    let wait = backoff + link.air.phy.cca;
    let epoch = link.macs[node].epoch;
    link.macs[node].looked = false;
    if link.air.is_engaged(node, now) {
        // It looks again and again, at no set time after the frame's end.
        let over = link.air.receives_until(node, now).unwrap_or(now);
        let first = SimTime::from_secs_f64(place * wait.secs_f64());
        ctx.schedule(over + first, node, Event::Attempt { node, epoch });
        return;
    }
    let rules = link.rules.of(ctx.facts, node);
    let packet = link.packets.get_mut(at);
    packet.turn.looks = packet.turn.looks.saturating_add(1);
    if packet.turn.looks > rules.csma_backoffs_max {
        ctx.books.counters.access_failures += 1;
        failed(link, above, ctx, node, (at, broadcast), true);
        return;
    }
    let again = now + rules.pause(packet.turn.looks, place).unwrap_or_default();
    // What was sent in a row is sent in a row again.
    packet.tries -= packet.tries % rules.in_a_row(above.slots(node).is_none());
    if broadcast {
        ctx.schedule(again + wait, node, Event::Attempt { node, epoch });
        return;
    }
    packet.turn.not_before = again;
    link.finish_job(node);
    next_job(link, ctx, node);
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

    /// The frame in hand of a node that is busy, and whether it is a broadcast.
    pub(super) fn in_hand(&self, node: Node) -> (u32, bool) {
        let mac = &self.macs[node];
        (mac.in_hand_queue().head(), mac.in_hand_is_broadcast)
    }

    /// A frame has its turn; one for a neighbour begins anew if the radio has had it for too long.
    fn has_turn(&mut self, facts: &Facts, node: Node, (at, broadcast): (u32, bool), now: SimTime) {
        let most = if broadcast { SimTime::MAX } else { self.rules.of(facts, node).gives_back };
        self.packets.get_mut(at).begin_anew(now, most);
    }

    /// Whether a broadcast waits whose slot begins before a unicast frame may go out.
    fn broadcast_is_before(&self, node: Node, unicast: SimTime, now: SimTime) -> bool {
        self.hopping() && !self.macs[node].broadcasts.is_empty() && hopping::next_broadcast_slot(now) <= unicast
    }

    /// When a unicast frame may go out, if not now: behind the broadcast slot, or, under nanostack, in the node's next slot
    /// and only if it ends before a broadcast slot begins.
    fn waits_until(&self, facts: &Facts, (node, hops): (Node, Option<u8>), at: u32, now: SimTime) -> Option<SimTime> {
        if hopping::is_broadcast_slot(now) {
            return Some(hopping::broadcast_slot_end(now));
        }
        let rules = self.rules.of(facts, node);
        if rules.slot == SimTime::ZERO {
            return None;
        }
        let packet = self.packets.get(at);
        let airtime = self.air.phy.airtime(packet.bytes + self.times.overhead(packet));
        let next = hopping::next_broadcast_slot(now);
        if now + self.air.phy.turnaround + airtime > next
            && airtime < hopping::BROADCAST_INTERVAL - hopping::BROADCAST_DWELL
        {
            return Some(next + hopping::BROADCAST_DWELL);
        }
        let slot = hops.map_or(now, |hops| rules.may_send(hops, now));
        (slot > now).then_some(slot)
    }

    /// When the next repetition of a frame may go out that was sent so often, if not at once: under nanostack in a part of its slot, or after a pause, otherwise in
    /// another dwell time and therefore mostly on another channel. Two hidden nodes that repeat at once, each within the few
    /// milliseconds of a backoff, would collide until both give up.
    pub(super) fn repeats_at(
        &mut self,
        facts: &Facts,
        node: Node,
        (to, tries): (Node, u8),
        hops: Option<u8>,
        now: SimTime,
    ) -> SimTime {
        let Some(round) = self.rules.of(facts, node).round(tries, hops.is_none()) else {
            return hops.map_or(SimTime::ZERO, |hops| self.rules.of(facts, node).may_repeat(hops, now));
        };
        let place = self.place(facts, node);
        match self.rules.of(facts, node).pause(round, place) {
            Some(pause) => now + pause,
            None => {
                let from = Rules::next_dwell(self.air.radios[to].phase_ms, now);
                from + SimTime::from_secs_f64(place * hopping::UNICAST_DWELL.secs_f64())
            }
        }
    }

    /// A random place in the first two thirds of a broadcast slot: everybody who has something to say waits for the same
    /// slot, and the standard's backoff alone would let them all speak at its start.
    fn spread_in_slot(&mut self, facts: &Facts, node: Node) -> SimTime {
        SimTime::from_secs_f64(self.place(facts, node) * hopping::BROADCAST_DWELL.secs_f64() * 2.0 / 3.0)
    }
}
