//! What a frame leaves behind: counts, the load of border routers, rows of the `frames` table, and frames of neighbouring
//! partitions.

use super::LinkLayer;
use crate::context::Ctx;
use crate::medium::mesh::event::Event;
use crate::medium::mesh::mpdu::{Frame, Mpdu, Sweep};
use crate::medium::mesh::radio::air::{Fate, Train, Transmission};
use crate::node::{Channel, Node};
use amitwin_data::rows::{FrameKind, FrameOutcome, FrameRow};
use amitwin_sim_core::SimTime;

/// [`Event::Foreign`]: a frame of a neighbouring partition is on the air.
pub fn foreign(link: &mut LinkLayer, ctx: &mut Ctx, node: Node, channel: Channel, bytes: u16) {
    let now = ctx.now();
    if link.air.is_sending(node, now) {
        return;
    }
    if let Some(place) = link.air.hops.place_of(channel) {
        let airtime = link.air.phy.airtime(bytes);
        link.air.begin_train(Train::new(node, now, (place, 1), (airtime, airtime)));
        return;
    }
    let frame = Frame { from: node, to: Node::EVERYONE, channel, bytes, mpdu: Mpdu::Foreign };
    let frame = link.air.begin(now, frame, &[]);
    // Scheduled under the first own radio: a foreign one causes no events here.
    ctx.schedule(link.air.transmission(frame).end, Node(0), Event::Ended { frame });
}

/// [`Event::ForeignTrain`]: frames of a sweep of a neighbouring partition begin.
pub fn foreign_train(link: &mut LinkLayer, ctx: &mut Ctx, node: Node, bytes: u16, places: (u16, u16)) {
    if !link.air.is_sending(node, ctx.now()) {
        let times = link.times_of(bytes);
        link.air.begin_train(Train::new(node, ctx.now(), places, times));
    }
}

impl LinkLayer {
    /// Charges a frame to its sender and tells the partitions that hear it.
    pub(super) fn note_sent(&mut self, ctx: &mut Ctx, node: Node, channel: Channel, bytes: u16) {
        self.charge(ctx, node, 1, bytes);
        if channel != Channel::COMMON || !self.hopping() {
            self.tell_abroad(ctx, node, |from| Event::Foreign { from, channel, bytes });
        }
    }

    /// Charges so many frames to their sender.
    pub(super) fn charge(&mut self, ctx: &mut Ctx, node: Node, frames: u32, bytes: u16) {
        let airtime = self.air.phy.airtime(bytes);
        ctx.books.sends(node, frames, airtime);
        if let Some(sent_us) = self.sent_us.0.get_mut(node.at()) {
            *sent_us = sent_us.wrapping_add(((airtime.nanos() / 1_000) as u32).wrapping_mul(frames));
        }
        if let Some(&bears_us) = self.bears_us.0.get(node.at())
            && airtime > SimTime::from_micros(u64::from(bears_us))
        {
            ctx.schedule(ctx.now() + SimTime::from_micros(u64::from(bears_us)), node, Event::BrownOut { node });
        }
    }

    /// Counts the fates of a frame, charges the border router's radio, and samples the `frames` table.
    pub(super) fn settle(&self, ctx: &mut Ctx, t: &Transmission, heard: &[(Node, Fate, f32)]) {
        let airtime = t.end - t.start;
        for &(node, fate, _) in heard {
            let counters = &mut ctx.books.counters;
            match fate {
                Fate::Received => counters.received += 1,
                Fate::Collided => counters.collided += 1,
                Fate::Noise => counters.noise += 1,
                Fate::Deaf => counters.deaf += 1,
            }
            if let Some(load) = ctx.books.load(node) {
                match fate {
                    Fate::Received => load.frames_received += 1,
                    Fate::Collided => load.collisions += 1,
                    Fate::Deaf => load.missed_busy += 1,
                    Fate::Noise => {}
                }
                if fate != Fate::Deaf {
                    load.rx += airtime;
                }
            }
        }
        if ctx.books.samples_frame() {
            self.sample(ctx, t, heard.first());
        }
    }

    /// Samples a frame of a train for the `frames` table.
    pub(super) fn sample_swept(
        &self,
        ctx: &mut Ctx,
        (from, start, lasts): (Node, SimTime, SimTime),
        channel: Channel,
        bytes: u16,
        sweep: Sweep,
    ) {
        if !ctx.books.samples_frame() {
            return;
        }
        ctx.books.rows.frames.push(FrameRow {
            time_s: start.secs_f64(),
            src: ctx.facts.sites[from].0,
            dst: None,
            kind: sweep.frame_kind(),
            channel: channel.0,
            bytes: bytes + self.air.phy.fcs_bytes,
            attempt: 0,
            airtime_s: lasts.secs_f64() as f32,
            rssi_dbm: f32::NAN,
            outcome: FrameOutcome::Sent,
        });
    }

    fn sample(&self, ctx: &mut Ctx, t: &Transmission, first: Option<&(Node, Fate, f32)>) {
        let (kind, attempt) = match t.mpdu {
            Mpdu::Data { packet } => {
                let packet = self.packets.get(packet);
                (packet.kind().frame_kind(), packet.airings.saturating_sub(1))
            }
            Mpdu::Ack { .. } => (FrameKind::Ack, 0),
            Mpdu::Sweep { sweep, .. } => (sweep.frame_kind(), 0),
            Mpdu::Foreign => unreachable!("a foreign frame is counted where it was sent"),
        };
        ctx.books.rows.frames.push(FrameRow {
            time_s: t.start.secs_f64(),
            src: ctx.facts.sites[t.from].0,
            dst: (t.to != Node::EVERYONE).then(|| ctx.facts.sites[t.to].0),
            kind,
            channel: t.channel.0,
            bytes: t.bytes + self.air.phy.fcs_bytes,
            attempt,
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
