//! A frame and its acknowledgement: sent, ended, answered, repeated or given up.

use super::access::next_job;
use super::{Above, Done, Job, LinkLayer, sweep};
use crate::books::Loss;
use crate::context::Ctx;
use crate::medium::mesh::event::Event;
use crate::medium::mesh::hopping;
use crate::medium::mesh::mpdu::{Frame, Mpdu};
use crate::medium::mesh::packet::Kind;
use crate::medium::mesh::radio::air::{Fate, Transmission};
use crate::medium::mesh::wire::capture::Sent;
use crate::node::{Channel, Node};

/// [`Event::Send`]: first bit of a data frame.
pub fn send<U: Above>(link: &mut LinkLayer, above: &mut U, ctx: &mut Ctx, node: Node, epoch: u16) {
    let now = ctx.now();
    if link.macs[node].epoch != epoch {
        return;
    }
    let (at, broadcast) = link.in_hand(node);
    if link.hopping() && broadcast != hopping::is_broadcast_slot(now) {
        // A broadcast slot began or ended during the turn-around.
        link.macs[node].job = Job::Idle;
        next_job(link, ctx, node);
        return;
    }
    let (hop_to, bytes, again, is_key) = {
        let overhead_bytes = link.times.overhead(link.packets.get(at));
        let packet = link.packets.get_mut(at);
        packet.tries = packet.tries.saturating_add(1);
        packet.airings = packet.airings.saturating_add(1);
        let again = packet.airings > 1;
        (packet.hop_to, packet.bytes + overhead_bytes, again, packet.kind() == Kind::Eapol)
    };
    let hopped = link.hopping() && !broadcast;
    let channel = if hopped { link.channel_of(ctx.facts, hop_to, now) } else { Channel::COMMON };
    let hearers = if hopped { &[hop_to][..] } else { &[] };
    if let Some(mut capture) = link.capture.take() {
        let sent = Sent { pan: above.pan(ctx.facts, node).0, ..link.sent(now, node, channel, bytes) };
        let room = link.frame_room(link.packets.get(at));
        capture.data(ctx.facts, &sent, link.packets.get_mut(at), above.rank(node), room);
        link.capture = Some(capture);
    }
    let frame = Frame { from: node, to: hop_to, channel, bytes, mpdu: Mpdu::Data { packet: at } };
    let frame = link.air.begin(now, frame, hearers);
    ctx.books.counters.frames += 1;
    ctx.books.counters.retries += u64::from(again);
    if is_key {
        ctx.books.counters.key_frames += 1;
        ctx.books.counters.key_airtime_us += link.air.phy.airtime(bytes).nanos() / 1_000;
    }
    link.note_sent(ctx, node, channel, bytes);
    let end = link.air.transmission(frame).end;
    if link.packets.get(at).is_image_block() {
        ctx.books.counters.image_air_ns += (end - now).nanos();
    }
    ctx.schedule(end, node, Event::Ended { frame });
}

/// [`Event::Ended`]: last bit of a frame; settle who received it.
pub fn ended<U: Above>(link: &mut LinkLayer, above: &mut U, ctx: &mut Ctx, frame: u32) {
    match link.air.transmission(frame).mpdu {
        Mpdu::Data { packet } => data_ended(link, above, ctx, frame, packet),
        Mpdu::Ack { epoch } => acknowledged(link, above, ctx, frame, epoch),
        Mpdu::Sweep { sweep, epoch } => sweep::frame_ended(link, above, ctx, frame, sweep, epoch),
        Mpdu::Foreign => {
            link.air.finish_for(frame, |_, _| false, |_, _, _| {});
        }
    }
}

fn data_ended<U: Above>(link: &mut LinkLayer, above: &mut U, ctx: &mut Ctx, frame: u32, at: u32) {
    let now = ctx.now();
    let mut heard = std::mem::take(&mut link.heard);
    heard.clear();
    let from = link.air.transmission(frame).from;
    let packet = link.packets.get(at);
    let all = link.works_out_all;
    let heeds = |node: Node, level_dbm: f32| all || above.heeds(ctx.facts, (now, node), from, packet, level_dbm);
    let t = link.air.finish_for(frame, heeds, |node, fate, dbm| heard.push((node, fate, dbm)));
    let (node, broadcast) = (t.from, t.to == Node::EVERYONE);
    link.settle(ctx, &t, &heard);
    let turned = now + link.times.turnaround;
    link.air.deafen(node, turned);
    // A sender that was reset in mid-frame has dropped the packet already.
    let alive = link.air.radios[node].is_on() && link.macs[node].job == Job::Busy;
    if alive && broadcast {
        let packet = link.take_current(ctx.facts, node, at);
        link.finish_job(node);
        above.has_room(link, ctx, node);
        if link.macs[node].has_more() {
            ctx.schedule(turned, node, Event::Resume { node });
        }
        for &(to, fate, _) in &heard {
            if fate == Fate::Received {
                above.receive(link, ctx, to, node, &packet);
            }
        }
    } else if alive {
        let epoch = link.macs[node].epoch;
        let is_received = heard.first().is_some_and(|h| h.1 == Fate::Received);
        if is_received && above.opens(t.to, node, link.packets.get(at)) {
            receive_unicast(link, above, ctx, &t, at, epoch);
        } else {
            ctx.schedule(now + link.times.ack_wait, node, Event::Unacknowledged { node, epoch });
        }
    }
    link.heard = heard;
}

/// A unicast frame arrived: the receiver drops what it was about to do, acknowledges, and hands the packet up once.
fn receive_unicast<U: Above>(
    link: &mut LinkLayer,
    above: &mut U,
    ctx: &mut Ctx,
    t: &Transmission,
    at: u32,
    epoch: u16,
) {
    let (now, to) = (ctx.now(), t.to);
    let turned = now + link.air.phy.turnaround;
    link.air.deafen(to, turned);
    let mac = &mut link.macs[to];
    mac.acknowledging = true;
    if matches!(mac.job, Job::Backoff | Job::WaitSlot | Job::WaitSweep) {
        mac.epoch = mac.epoch.wrapping_add(1);
        mac.job = Job::Idle;
    }
    ctx.schedule(turned, to, Event::Acknowledge { node: to, to: t.from, channel: t.channel, epoch });
    let packet = link.packets.get_mut(at);
    let first = !std::mem::replace(&mut packet.delivered, true);
    if first {
        let copy = packet.clone();
        above.receive(link, ctx, to, t.from, &copy);
    } else {
        ctx.books.counters.duplicates += 1;
    }
}

/// [`Event::Acknowledge`].
pub fn acknowledge(link: &mut LinkLayer, ctx: &mut Ctx, node: Node, to: Node, channel: Channel, epoch: u16) {
    let now = ctx.now();
    if !link.air.radios[node].is_on() {
        // Reset in the meantime: the sender finds out by itself.
        ctx.schedule(now + link.times.ack_wait, to, Event::Unacknowledged { node: to, epoch });
        return;
    }
    let hearers = if channel == Channel::COMMON { &[][..] } else { &[to][..] };
    let bytes = link.times.ack_bytes;
    if let Some(mut capture) = link.capture.take() {
        let dbm = link.air.link_dbm(node, to).unwrap_or(f32::NAN);
        capture.acknowledgement(ctx.facts, &link.sent(now, node, channel, bytes), to, dbm);
        link.capture = Some(capture);
    }
    let frame = Frame { from: node, to, channel, bytes, mpdu: Mpdu::Ack { epoch } };
    let frame = link.air.begin(now, frame, hearers);
    ctx.books.counters.acks += 1;
    link.note_sent(ctx, node, channel, bytes);
    ctx.schedule(link.air.transmission(frame).end, node, Event::Ended { frame });
}

fn acknowledged<U: Above>(link: &mut LinkLayer, above: &mut U, ctx: &mut Ctx, frame: u32, epoch: u16) {
    let now = ctx.now();
    let mut heard = std::mem::take(&mut link.heard);
    heard.clear();
    let t = link.air.finish(frame, |node, fate, dbm| heard.push((node, fate, dbm)));
    link.settle(ctx, &t, &heard);
    let (receiver, sender) = (t.from, t.to);
    let turned = now + link.times.turnaround;
    link.air.deafen(receiver, turned);
    link.macs[receiver].acknowledging = false;
    if link.macs[receiver].has_more() {
        ctx.schedule(turned, receiver, Event::Resume { node: receiver });
    }
    let intact = heard.first().is_some_and(|h| h.1 == Fate::Received);
    link.heard = heard;
    let mac = &link.macs[sender];
    if mac.job != Job::Busy || mac.epoch != epoch {
        return;
    }
    if !intact {
        let air_time = link.air.phy.airtime(link.times.ack_bytes) + link.air.phy.turnaround;
        let late = (now + link.times.ack_wait).saturating_sub(air_time).max(now);
        ctx.schedule(late, sender, Event::Unacknowledged { node: sender, epoch });
        return;
    }
    let at = mac.queue.head();
    let packet = link.take_current(ctx.facts, sender, at);
    link.macs[sender].spaced_until = now + link.times.spacing;
    link.finish_job(sender);
    let done = Done { to: packet.hop_to, kind: packet.kind(), ok: true, tries: packet.tries, sent: packet.airings };
    above.link_result(link, ctx, sender, done);
    next_job(link, ctx, sender);
}

/// [`Event::Unacknowledged`].
pub fn unacknowledged<U: Above>(link: &mut LinkLayer, above: &mut U, ctx: &mut Ctx, node: Node, epoch: u16) {
    let mac = &link.macs[node];
    if mac.epoch == epoch && mac.job == Job::Busy {
        let frame = link.in_hand(node);
        failed(link, above, ctx, node, frame, false);
    }
}

/// A transmission failed, or no free channel was found: again, or give up. The frame leads its queue; with it comes whether it is a
/// broadcast.
pub(super) fn failed<U: Above>(
    link: &mut LinkLayer,
    above: &mut U,
    ctx: &mut Ctx,
    node: Node,
    (at, broadcast): (u32, bool),
    no_access: bool,
) {
    if no_access && !broadcast {
        let packet = link.packets.get_mut(at);
        packet.tries = packet.tries.saturating_add(1);
    }
    let (tries, rules) = (link.packets.get(at).tries, link.rules.of(ctx.facts, node));
    let give_up = broadcast || tries >= rules.attempts || no_access;
    link.finish_job(node);
    let to = link.packets.get(at).hop_to;
    if !give_up && !link.times.repeats_at_once && to != Node::EVERYONE {
        let not_before = link.repeats_at(ctx.facts, node, (to, tries), above.slots(node), ctx.now());
        link.packets.get_mut(at).turn.not_before = not_before;
        let mac = &mut link.macs[node];
        (mac.blocked_to, mac.blocked_until) = (to, not_before);
    }
    if give_up {
        let packet = link.take_current(ctx.facts, node, at);
        if !packet.delivered {
            link.drop_rest(node, &packet);
            above.lost(ctx, node, &packet, Loss::Retries);
        }
        if packet.hop_to != Node::EVERYONE {
            let sent = if no_access { 0 } else { packet.airings };
            let done = Done { to: packet.hop_to, kind: packet.kind(), ok: false, tries: packet.tries, sent };
            above.link_result(link, ctx, node, done);
        }
    }
    next_job(link, ctx, node);
}
