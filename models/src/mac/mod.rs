#![doc = include_str!("README.md")]

mod cut;
pub mod frame;
pub mod hopping;
pub mod packet;
pub mod sweep;

use crate::event::Event;
use crate::mesh;
use crate::radio::air::{COMMON, EVERYONE, Fate};
use crate::region::{Ctx, Region};
use amitwin_data::rows::{FrameKind, FrameOutcome, FrameRow};
use amitwin_sim_core::SimTime;
use bevy_ecs::prelude::Component;
use packet::{Fifo, NIL, Packet};

/// What the link layer of a node is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Job {
    /// Nothing.
    #[default]
    Idle,
    /// Backing off for the first unicast frame.
    Backoff,
    /// Turning to transmit, transmitting or waiting for the acknowledgement.
    Busy,
    /// Waiting for a broadcast slot, or for the time of a repetition.
    WaitSlot,
    /// Waiting to go on with a sweep.
    WaitSweep,
    /// In a piece of a sweep.
    Sweeping,
}

/// Link-layer state of a node.
#[derive(Component, Clone, Debug, Default)]
pub struct Mac {
    /// No next frame before this.
    pub spaced_until: SimTime,
    /// No next frame to [`Mac::blocked_to`] before this: a repetition waits, and so does all that would go the same way.
    pub blocked_until: SimTime,
    /// Receiver of the frame that failed last.
    pub blocked_to: u16,
    /// Unicast frames (all frames without hopping).
    pub queue: Fifo,
    /// Broadcast frames.
    pub broadcasts: Fifo,
    /// Random numbers used for backoffs.
    draws: u32,
    /// Counts jobs, so that an event of an abandoned job is recognised.
    pub epoch: u16,
    /// Current job.
    pub job: Job,
    backoffs: u8,
    exponent: u8,
    acknowledging: bool,
    /// Sweeps asked for, a bit for each [`sweep::Sweep`].
    pub sweeps: u8,
    /// Next channel of the first sweep.
    pub sweep_channel: u16,
}

/// Doublings of the pause before a repetition.
const RETRY_DOUBLINGS_MAX: u8 = 6;
/// Tag of an acknowledgement: bit 31, and the epoch of the node that waits for it.
const ACK_TAG: u32 = 1 << 31;

impl Region {
    /// Uniform backoff of 0 to 2^exponent - 1 units.
    fn backoff(&mut self, node: u16, exponent: u8) -> SimTime {
        let (key, unit) = (self.stream_key(node, crate::purpose::BACKOFF), self.air.phy.unit_backoff);
        let mac = self.mac(node);
        let mut stream = amitwin_sim_core::rng::Stream::resume(key, u64::from(mac.draws));
        let units = stream.below(1 << exponent);
        mac.draws = stream.drawn() as u32;
        unit * u64::from(units)
    }
}

/// Puts a packet into the queue of `node`; a full queue refuses it.
pub fn enqueue(region: &mut Region, ctx: &mut Ctx, node: u16, mut packet: Packet) {
    let limit = if region.is_gateway(node) {
        region.mac_spec.gateway_queue_frames_max
    } else {
        region.mac_spec.queue_frames_max
    };
    let broadcast = packet.hop_to == EVERYONE && region.hopping();
    let (extent, room) = (region.lengths.extent(&packet), region.frame_room(packet.hop_to));
    let frames = if extent.whole() <= room { 1 } else { extent.fragments(room) };
    let mac = region
        .macs
        .get_mut(&mut region.world, region.entities[node as usize])
        .expect("every node has a link layer")
        .into_inner();
    let fifo = if broadcast { &mut mac.broadcasts } else { &mut mac.queue };
    if fifo.len().saturating_add(frames) > limit {
        mesh::lost(region, ctx, &packet, Loss::QueueFull);
        if region.is_gateway(node) {
            region.loads[node as usize].dropped += 1;
        }
        return;
    }
    if frames == 1 {
        packet.bytes = extent.whole();
        let at = region.packets.add(packet);
        region.packets.push(fifo, at);
    } else {
        (packet.tag, packet.fragments) = (region.fragments.tag(), frames as u8);
        region.counters.cut += 1;
        for index in 0..frames {
            let bytes = extent.fragment(room, index).unwrap_or(0);
            let at = region.packets.add(Packet { fragment: index as u8, bytes, ..packet.clone() });
            region.packets.push(fifo, at);
        }
    }
    let (waiting, len) = (matches!(mac.job, Job::WaitSlot | Job::WaitSweep), fifo.len());
    if waiting {
        mac.epoch = mac.epoch.wrapping_add(1);
        mac.job = Job::Idle;
    }
    let idle = mac.job == Job::Idle;
    if region.is_gateway(node) {
        let load = &mut region.loads[node as usize];
        load.queue_frames_max = load.queue_frames_max.max(u32::from(len));
    }
    if idle {
        next_job(region, ctx, node);
    }
}

/// Why a datagram was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// No room in a queue.
    QueueFull,
    /// All transmissions failed.
    Retries,
    /// Its holder was reset or switched off.
    Reset,
    /// No next hop.
    NoRoute,
    /// Too many hops.
    TooFar,
    /// All fragments arrived, but the receiver had no room for them or had given up.
    Reassembly,
}

/// Starts the next job of a node, if it has one and may.
pub fn next_job(region: &mut Region, ctx: &mut Ctx, node: u16) {
    let now = ctx.now();
    if !region.air.radios[node as usize].is_on() {
        return;
    }
    let (min_be, hopping) = (region.mac_spec.min_be, region.hopping());
    let mac = region.mac(node);
    if mac.job != Job::Idle || mac.acknowledging {
        return;
    }
    mac.epoch = mac.epoch.wrapping_add(1);
    let epoch = mac.epoch;
    let has_broadcast = !mac.broadcasts.is_empty();
    if has_broadcast && hopping && hopping::is_broadcast_slot(now) {
        mac.job = Job::Backoff;
        (mac.backoffs, mac.exponent) = (0, min_be);
        let wait = region.backoff(node, min_be) + region.air.phy.cca;
        ctx.schedule(now + wait, node.into(), Event::Attempt { node, epoch });
    } else if !mac.queue.is_empty() {
        mac.job = Job::Backoff;
        (mac.backoffs, mac.exponent) = (0, min_be);
        let mac_ready = mac.spaced_until.max(now);
        let start = first_ready(region, node, mac_ready);
        if start > mac_ready {
            region.mac(node).job = Job::WaitSlot;
        }
        let wait = region.backoff(node, min_be) + region.air.phy.cca;
        ctx.schedule(start + wait, node.into(), Event::Attempt { node, epoch });
    } else if mac.sweeps != 0 {
        sweep::wait(region, ctx, node, epoch);
    } else if has_broadcast {
        mac.job = Job::WaitSlot;
        let at = hopping::next_broadcast_slot(now) + spread_in_slot(region, node);
        ctx.schedule(at, node.into(), Event::Attempt { node, epoch });
    }
}

/// A repetition waits for a random part of a dwell time, so that it mostly goes out on another channel, and of up to
/// 64 dwell times after further failures. Two hidden nodes that repeat at once, each within the few milliseconds of a
/// backoff, would collide until both give up.
fn retry_spread(region: &mut Region, node: u16, tries: u8) -> SimTime {
    let dwells = f64::from(1u8 << tries.saturating_sub(1).min(RETRY_DOUBLINGS_MAX));
    SimTime::from_secs_f64(place(region, node) * dwells * hopping::UNICAST_DWELL.secs_f64())
}

/// Brings a packet that may be sent now to the head of the queue, so that a frame that waits for its repetition does
/// not hold up those for others; returns when the head may be sent.
fn first_ready(region: &mut Region, node: u16, now: SimTime) -> SimTime {
    let mac = region
        .macs
        .get_mut(&mut region.world, region.entities[node as usize])
        .expect("every node has a link layer")
        .into_inner();
    let (to, until, packets) = (mac.blocked_to, mac.blocked_until, &mut region.packets);
    let ready = |packet: &Packet| if packet.hop_to == to { packet.not_before.max(until) } else { packet.not_before };
    let mut earliest = SimTime::MAX;
    for _ in 0..mac.queue.len() {
        let at = ready(packets.get(mac.queue.head()));
        if at <= now {
            return now;
        }
        earliest = earliest.min(at);
        packets.rotate(&mut mac.queue);
    }
    while ready(packets.get(mac.queue.head())) > earliest {
        packets.rotate(&mut mac.queue);
    }
    earliest
}

/// A random place in the first two thirds of a broadcast slot: everybody who has something to say waits for the same
/// slot, and the standard's backoff alone would let them all speak at its start.
fn spread_in_slot(region: &mut Region, node: u16) -> SimTime {
    SimTime::from_secs_f64(place(region, node) * hopping::BROADCAST_DWELL.secs_f64() * 2.0 / 3.0)
}

/// Uniform in [0, 1) from the node's backoff stream.
fn place(region: &mut Region, node: u16) -> f64 {
    let key = region.stream_key(node, crate::purpose::BACKOFF);
    let mac = region.mac(node);
    let mut stream = amitwin_sim_core::rng::Stream::resume(key, u64::from(mac.draws));
    mac.draws += 1;
    stream.unit()
}

/// The packet that the current attempt is about.
fn current(region: &mut Region, node: u16, now: SimTime) -> Option<(u32, bool)> {
    let hopping = region.hopping();
    let mac = region.mac(node);
    if hopping && !mac.broadcasts.is_empty() && hopping::is_broadcast_slot(now) {
        return Some((mac.broadcasts.head(), true));
    }
    (mac.queue.head() != NIL).then(|| (mac.queue.head(), false))
}

/// [`Event::Attempt`]: the channel has been listened to; send or back off again.
pub fn attempt(region: &mut Region, ctx: &mut Ctx, node: u16, epoch: u16) {
    let now = ctx.now();
    let mac = region.mac(node);
    if mac.epoch != epoch {
        return;
    }
    if mac.job == Job::WaitSweep {
        sweep::piece(region, ctx, node, epoch);
        return;
    }
    mac.job = Job::Backoff;
    let Some((at, broadcast)) = current(region, node, now) else {
        region.mac(node).job = Job::Idle;
        next_job(region, ctx, node);
        return;
    };
    let hop_to = region.packets.get(at).hop_to;
    let hopped = region.hopping() && !broadcast;
    if hopped && hopping::is_broadcast_slot(now) {
        // Everybody listens elsewhere until the slot ends; contention starts afresh behind it.
        let exponent = region.mac(node).exponent;
        let wait = region.backoff(node, exponent) + region.air.phy.cca;
        ctx.schedule(hopping::broadcast_slot_end(now) + wait, node.into(), Event::Attempt { node, epoch });
        return;
    }
    let channel = if hopped { region.channel_of(hop_to, now) } else { COMMON };
    if !region.air.is_busy(node, channel, now) {
        region.air.deafen(node, now + region.air.phy.turnaround);
        region.mac(node).job = Job::Busy;
        ctx.schedule(now + region.air.phy.turnaround, node.into(), Event::Send { node, epoch });
        return;
    }
    let (most, max_be) = (region.mac_spec.csma_backoffs_max, region.mac_spec.max_be);
    let mac = region.mac(node);
    mac.backoffs += 1;
    mac.exponent = (mac.exponent + 1).min(max_be);
    let (backoffs, exponent) = (mac.backoffs, mac.exponent);
    if backoffs > most {
        region.counters.access_failures += 1;
        failed(region, ctx, node, true);
    } else {
        let wait = region.backoff(node, exponent) + region.air.phy.cca;
        ctx.schedule(now + wait, node.into(), Event::Attempt { node, epoch });
    }
}

/// [`Event::Send`]: first bit of a data frame.
pub fn send(region: &mut Region, ctx: &mut Ctx, node: u16, epoch: u16) {
    let now = ctx.now();
    if region.mac(node).epoch != epoch {
        return;
    }
    let Some((at, broadcast)) = current(region, node, now) else {
        region.mac(node).job = Job::Idle;
        next_job(region, ctx, node);
        return;
    };
    let (hop_to, bytes, again) = {
        let packet = region.packets.get_mut(at);
        packet.tries = packet.tries.saturating_add(1);
        packet.airings = packet.airings.saturating_add(1);
        let again = packet.airings > 1;
        (packet.hop_to, packet.bytes + region.times.overhead(packet.hop_to), again)
    };
    let hopped = region.hopping() && !broadcast;
    if hopped && hop_to == EVERYONE {
        // A broadcast slot ended during the turn-around; wait for the next.
        region.mac(node).job = Job::Idle;
        next_job(region, ctx, node);
        return;
    }
    let channel = if hopped { region.channel_of(hop_to, now) } else { COMMON };
    let hearers = if hopped { &[hop_to][..] } else { &[] };
    region.capture_data(now, node, channel, at, bytes);
    let frame = region.air.begin(now, node, hop_to, channel, bytes, at, hearers);
    region.counters.frames += 1;
    region.counters.retries += u64::from(again);
    region.note_sent(ctx, node, channel, bytes);
    ctx.schedule(region.air.transmission(frame).end, node.into(), Event::Ended { frame });
}

/// [`Event::Ended`]: last bit of a frame; settle who received it.
pub fn ended(region: &mut Region, ctx: &mut Ctx, frame: u32) {
    let tag = region.air.transmission(frame).tag;
    if tag & ACK_TAG != 0 {
        acknowledged(region, ctx, frame, (tag & 0xFFFF) as u16);
    } else if tag & sweep::TAG != 0 {
        sweep::frame_ended(region, ctx, frame);
    } else {
        data_ended(region, ctx, frame, tag);
    }
}

fn data_ended(region: &mut Region, ctx: &mut Ctx, frame: u32, at: u32) {
    let now = ctx.now();
    let mut heard = std::mem::take(&mut region.heard);
    heard.clear();
    let t = region.air.finish(frame, |node, fate, dbm| heard.push((node, fate, dbm)));
    let (node, broadcast) = (t.from, t.to == EVERYONE);
    region.settle(&t, &heard, Some(at));
    let turned = now + region.times.turnaround;
    region.air.deafen(node, turned);
    // A sender that was reset in mid-frame has dropped the packet already.
    let alive = region.air.radios[node as usize].is_on() && region.mac(node).job == Job::Busy;
    if alive && broadcast {
        let packet = take_current(region, node, at);
        finish_job(region, node);
        ctx.schedule(turned, node.into(), Event::Resume { node });
        for &(to, fate, _) in &heard {
            if fate == Fate::Received {
                mesh::receive(region, ctx, to, node, &packet);
            }
        }
    } else if alive {
        let epoch = region.mac(node).epoch;
        if heard.first().is_some_and(|h| h.1 == Fate::Received) {
            receive_unicast(region, ctx, &t, at, epoch);
        } else {
            ctx.schedule(now + region.times.ack_wait, node.into(), Event::Unacknowledged { node, epoch });
        }
    }
    region.heard = heard;
}

/// A unicast frame arrived: the receiver drops what it was about to do, acknowledges, and hands the packet up once.
fn receive_unicast(region: &mut Region, ctx: &mut Ctx, t: &crate::radio::air::Transmission, at: u32, epoch: u16) {
    let (now, to) = (ctx.now(), t.to);
    let turnaround = region.air.phy.turnaround;
    region.air.deafen(to, now + turnaround);
    let mac = region.mac(to);
    mac.acknowledging = true;
    if matches!(mac.job, Job::Backoff | Job::WaitSlot | Job::WaitSweep) {
        mac.epoch = mac.epoch.wrapping_add(1);
        mac.job = Job::Idle;
    }
    ctx.schedule(now + turnaround, to.into(), Event::Acknowledge { node: to, to: t.from, channel: t.channel, epoch });
    let packet = region.packets.get_mut(at);
    let first = !std::mem::replace(&mut packet.delivered, true);
    if first {
        let copy = packet.clone();
        mesh::receive(region, ctx, to, t.from, &copy);
    } else {
        region.counters.duplicates += 1;
    }
}

/// [`Event::Acknowledge`].
pub fn acknowledge(region: &mut Region, ctx: &mut Ctx, node: u16, to: u16, channel: u16, epoch: u16) {
    let now = ctx.now();
    if !region.air.radios[node as usize].is_on() {
        // Reset in the meantime: the sender finds out by itself.
        ctx.schedule(now + region.times.ack_wait, to.into(), Event::Unacknowledged { node: to, epoch });
        return;
    }
    let hearers = if channel == COMMON { &[][..] } else { &[to][..] };
    let bytes = region.times.ack_bytes;
    region.capture_acknowledgement(now, node, to, channel, bytes);
    let frame = region.air.begin(now, node, to, channel, bytes, ACK_TAG | u32::from(epoch), hearers);
    region.counters.acks += 1;
    region.note_sent(ctx, node, channel, bytes);
    ctx.schedule(region.air.transmission(frame).end, node.into(), Event::Ended { frame });
}

fn acknowledged(region: &mut Region, ctx: &mut Ctx, frame: u32, epoch: u16) {
    let now = ctx.now();
    let mut heard = std::mem::take(&mut region.heard);
    heard.clear();
    let t = region.air.finish(frame, |node, fate, dbm| heard.push((node, fate, dbm)));
    region.settle(&t, &heard, None);
    let (receiver, sender) = (t.from, t.to);
    let turned = now + region.times.turnaround;
    region.air.deafen(receiver, turned);
    region.mac(receiver).acknowledging = false;
    ctx.schedule(turned, receiver.into(), Event::Resume { node: receiver });
    let intact = heard.first().is_some_and(|h| h.1 == Fate::Received);
    region.heard = heard;
    let mac = region.mac(sender);
    if mac.job != Job::Busy || mac.epoch != epoch {
        return;
    }
    if !intact {
        let air_time = region.air.phy.airtime(region.times.ack_bytes) + region.air.phy.turnaround;
        let late = (now + region.times.ack_wait).saturating_sub(air_time).max(now);
        ctx.schedule(late, sender.into(), Event::Unacknowledged { node: sender, epoch });
        return;
    }
    let at = mac.queue.head();
    let packet = take_current(region, sender, at);
    let spacing = region.times.spacing;
    region.mac(sender).spaced_until = now + spacing;
    finish_job(region, sender);
    mesh::link_result(region, ctx, sender, packet.hop_to, packet.kind, true, packet.tries);
    next_job(region, ctx, sender);
}

/// [`Event::Unacknowledged`].
pub fn unacknowledged(region: &mut Region, ctx: &mut Ctx, node: u16, epoch: u16) {
    let mac = region.mac(node);
    if mac.epoch == epoch && mac.job == Job::Busy {
        failed(region, ctx, node, false);
    }
}

/// [`Event::Resume`].
pub fn resume(region: &mut Region, ctx: &mut Ctx, node: u16) {
    next_job(region, ctx, node);
}

/// A transmission failed, or no free channel was found: again, or give up.
fn failed(region: &mut Region, ctx: &mut Ctx, node: u16, no_access: bool) {
    let Some((at, broadcast)) = current(region, node, ctx.now()) else {
        finish_job(region, node);
        return;
    };
    if no_access && !broadcast {
        let packet = region.packets.get_mut(at);
        packet.tries = packet.tries.saturating_add(1);
    }
    let tries = region.packets.get(at).tries;
    let give_up =
        broadcast || tries > region.mac_spec.frame_retries_max || (no_access && region.times.access_failure_drops);
    finish_job(region, node);
    if !give_up && region.hopping() && !broadcast {
        let not_before = ctx.now() + retry_spread(region, node, tries);
        let packet = region.packets.get_mut(at);
        packet.not_before = not_before;
        let to = packet.hop_to;
        let mac = region.mac(node);
        (mac.blocked_to, mac.blocked_until) = (to, not_before);
    }
    if give_up {
        let packet = take_current(region, node, at);
        if !packet.delivered {
            cut::drop_rest(region, node, &packet);
            mesh::lost(region, ctx, &packet, Loss::Retries);
        }
        if !broadcast {
            mesh::link_result(region, ctx, node, packet.hop_to, packet.kind, false, packet.tries);
        }
    }
    next_job(region, ctx, node);
}

fn finish_job(region: &mut Region, node: u16) {
    let mac = region.mac(node);
    mac.job = Job::Idle;
    mac.epoch = mac.epoch.wrapping_add(1);
}

/// Takes a packet off the head of the queue that it leads.
fn take_current(region: &mut Region, node: u16, at: u32) -> Packet {
    let mac = region
        .macs
        .get_mut(&mut region.world, region.entities[node as usize])
        .expect("every node has a link layer")
        .into_inner();
    let fifo = if mac.broadcasts.head() == at { &mut mac.broadcasts } else { &mut mac.queue };
    assert_eq!(fifo.head(), at, "the frame in hand leads its queue");
    region.packets.pop(fifo);
    let packet = region.packets.get(at).clone();
    region.packets.release(at);
    packet
}

/// Drops everything a node holds: it is being reset or switched off.
pub fn clear(region: &mut Region, ctx: &mut Ctx, node: u16) {
    finish_job(region, node);
    region.fragments.forget(node);
    let mac = region.mac(node);
    (mac.acknowledging, mac.sweeps, mac.sweep_channel) = (false, 0, 0);
    loop {
        let mac = region
            .macs
            .get_mut(&mut region.world, region.entities[node as usize])
            .expect("every node has a link layer")
            .into_inner();
        let taken = region.packets.pop(&mut mac.queue).or_else(|| region.packets.pop(&mut mac.broadcasts));
        let Some(at) = taken else { return };
        let packet = region.packets.get(at).clone();
        region.packets.release(at);
        if !packet.delivered {
            cut::drop_rest(region, node, &packet);
            mesh::lost(region, ctx, &packet, Loss::Reset);
        }
    }
}

impl Region {
    /// Counts the fates of a frame, charges the border router's radio, and samples the `frames` table.
    pub(crate) fn settle(
        &mut self,
        t: &crate::radio::air::Transmission,
        heard: &[(u16, Fate, f32)],
        packet: Option<u32>,
    ) {
        let airtime = t.end - t.start;
        for &(node, fate, _) in heard {
            match fate {
                Fate::Received => self.counters.received += 1,
                Fate::Collided => self.counters.collided += 1,
                Fate::Noise => self.counters.noise += 1,
                Fate::Deaf => self.counters.deaf += 1,
            }
            if self.is_gateway(node) {
                let load = &mut self.loads[node as usize];
                match fate {
                    Fate::Received => load.frames_received += 1,
                    Fate::Collided | Fate::Deaf => load.collisions += 1,
                    Fate::Noise => {}
                }
                if fate != Fate::Deaf {
                    load.rx += airtime;
                }
            }
        }
        self.frames_seen += 1;
        if self.record.frames_every == 0 || !self.frames_seen.is_multiple_of(u64::from(self.record.frames_every)) {
            return;
        }
        let kind = match packet {
            Some(at) => self.packets.get(at).kind.frame_kind(),
            None if t.tag & ACK_TAG != 0 => FrameKind::Ack,
            None => sweep::frame_kind(t.tag),
        };
        let first = heard.first();
        self.rows.frames.push(FrameRow {
            time_s: t.start.secs_f64(),
            src: self.globals[t.from as usize],
            dst: (t.to != EVERYONE).then(|| self.globals[t.to as usize]),
            kind,
            channel: t.channel,
            bytes: t.bytes + self.air.phy.fcs_bytes,
            attempt: packet.map_or(0, |at| self.packets.get(at).airings.saturating_sub(1)),
            airtime_s: (t.end - t.start).secs_f64() as f32,
            rssi_dbm: first.map_or(f32::NAN, |h| h.2),
            outcome: match first.map(|h| h.1) {
                None => FrameOutcome::Sent,
                Some(Fate::Received) => FrameOutcome::Delivered,
                Some(Fate::Collided) => FrameOutcome::Collided,
                Some(Fate::Noise) => FrameOutcome::Noise,
                Some(Fate::Deaf) => FrameOutcome::Deaf,
            },
        });
    }
}
