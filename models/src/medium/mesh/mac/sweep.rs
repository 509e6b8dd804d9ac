//! Advertisement sweeps: the same frame once on every channel, for whoever listens there by chance.
//!
//! A sweep keeps its cadence: a channel found busy is left out, not waited for. It is sent in pieces of at most half a
//! second, and a node's queue goes first between two pieces. Who will be tuned to which of the piece's frames is worked
//! out once when the piece starts, because hop sequences are known. Frames for which nobody is tuned in who has a use for them go
//! out as a train.

use super::{Above, Job, LinkLayer, next_job};
use crate::context::Ctx;
use crate::medium::mesh::event::Event;
use crate::medium::mesh::hopping;
use crate::medium::mesh::mpdu::{Frame, Mpdu, Sweep};
use crate::medium::mesh::radio::air::{Fate, Train};
use crate::medium::mesh::radio::neighbours::code_db;
use crate::medium::mesh::wire::capture::Sent;
use crate::medium::mesh::wire::frame;
use crate::node::{Channel, Node};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// Longest piece.
const PIECE: SimTime = SimTime::from_millis(500);
/// Pause between two pieces.
const PAUSE: SimTime = hopping::UNICAST_DWELL;

/// A piece under way: who is tuned in when which of its frames comes, by step.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Piece {
    pub(super) node: Node,
    pub(super) sweep: Sweep,
    pub(super) end: u16,
    pub(super) at: usize,
    pub(super) hits: Vec<(u16, Node)>,
}

/// Asks for a sweep; one of the same kind that is not done yet takes its place.
pub fn ask(link: &mut LinkLayer, ctx: &mut Ctx, node: Node, sweep: Sweep) {
    if link.has_no_room(ctx.facts, node) {
        return;
    }
    ctx.books.counters.sweeps += 1;
    let mac = &mut link.macs[node];
    mac.sweeps |= 1 << sweep as u8;
    if mac.job == Job::WaitSlot {
        mac.job = Job::Idle;
    }
    next_job(link, ctx, node);
}

/// Schedules the next piece.
pub(super) fn wait(link: &mut LinkLayer, ctx: &mut Ctx, node: Node, epoch: u16) {
    let pause = if link.macs[node].sweep_step == 0 { SimTime::ZERO } else { PAUSE };
    link.macs[node].job = Job::WaitSweep;
    ctx.schedule(ctx.now() + pause + link.air.phy.cca, node, Event::Attempt { node, epoch });
}

/// Starts a piece.
pub(super) fn piece<U: Above>(link: &mut LinkLayer, above: &mut U, ctx: &mut Ctx, node: Node, epoch: u16) {
    let now = ctx.now();
    let mac = &mut link.macs[node];
    let Some(&sweep) = Sweep::ALL.iter().find(|s| mac.sweeps & (1 << **s as u8) != 0) else {
        mac.job = Job::Idle;
        return;
    };
    mac.job = Job::Sweeping;
    let first = mac.sweep_step;
    let cadence = link.cadence(sweep);
    let frames = (PIECE.nanos() / cadence.nanos()).max(1) as u16;
    let end = first.saturating_add(frames).min(link.steps());
    let mut piece = link.spare_pieces.pop().unwrap_or_default();
    (piece.node, piece.sweep, piece.end, piece.at) = (node, sweep, end, 0);
    piece.hits.clear();
    let last = now + cadence * u64::from(end - first);
    // On the common channel everybody is tuned in, and the air finds them.
    let tuned = link.hopping().then(|| link.air.neighbours.of(node)).into_iter().flatten();
    let (in_trains, sent_dbm) = (link.sends_trains(node, sweep), link.air.tx_power_dbm(node));
    for (other, code) in tuned {
        let radio = &link.air.radios[other];
        if !ctx.facts.is_own(other) || !radio.is_on() {
            continue;
        }
        if in_trains {
            let level_dbm = sent_dbm - code_db(code) - link.air.extra_loss_db(node, other);
            if level_dbm < link.air.hopeless_dbm() || !above.heeds_sweep(ctx.facts, (node, other), sweep, last) {
                continue;
            }
        }
        let slots = hopping::slot(radio.phase_ms, now)..=hopping::slot(radio.phase_ms, last);
        for slot in slots {
            let place = link.air.hops.place(ctx.facts.sites[other], slot);
            if (first..end).contains(&place) {
                let at = now + cadence * u64::from(place - first);
                if hopping::slot(radio.phase_ms, at) == slot && !hopping::is_broadcast_slot(at) {
                    piece.hits.push((place, other));
                }
            }
        }
    }
    piece.hits.sort_unstable();
    link.pieces.push(piece);
    step(link, above, ctx, node, epoch, first);
}

/// [`Event::Sweep`]: the frame on one channel.
pub fn step<U: Above>(link: &mut LinkLayer, above: &mut U, ctx: &mut Ctx, node: Node, epoch: u16, step: u16) {
    let now = ctx.now();
    if link.macs[node].epoch != epoch {
        link.drop_piece(node);
        return;
    }
    let Some(index) = link.pieces.iter().position(|p| p.node == node) else { return };
    let (sweep, end) = (link.pieces[index].sweep, link.pieces[index].end);
    if let Some(train) = link.air.end_train(node) {
        link.settle_train(above, ctx, &train, sweep);
    }
    if step >= end {
        link.drop_piece(node);
        let steps = link.steps();
        let mac = &mut link.macs[node];
        mac.job = Job::Idle;
        mac.sweep_step = if end == steps { 0 } else { end };
        if end == steps {
            mac.sweeps &= !(1 << sweep as u8);
        }
        next_job(link, ctx, node);
        return;
    }
    let on = if link.hopping() { link.air.hops.at(step) } else { Channel::COMMON };
    if link.air.is_busy(node, on, now) {
        let next = Event::Sweep { node, epoch, step: step + 1 };
        ctx.schedule(now + link.cadence(sweep), node, next);
        return;
    }
    let in_trains = link.sends_trains(node, sweep);
    let piece = &mut link.pieces[index];
    let from = piece.at + piece.hits[piece.at..].partition_point(|h| h.0 < step);
    let to = from + piece.hits[from..].partition_point(|h| h.0 == step);
    piece.at = to;
    if from == to && in_trains {
        let next = piece.hits.get(from).map_or(end, |hit| hit.0);
        let bytes = link.times.sweep_bytes[sweep as usize];
        let train = Train::new(node, now, (step, next - step), link.times_of(bytes));
        link.tell_abroad(ctx, node, |from| Event::ForeignTrain { from, bytes, first: step, frames: train.frames });
        ctx.schedule(train.end(), node, Event::Sweep { node, epoch, step: step + train.frames });
        link.air.begin_train(train);
        return;
    }
    let mut hearers = std::mem::take(&mut link.hearers);
    hearers.clear();
    hearers.extend(piece.hits[from..to].iter().map(|h| h.1));
    let bytes = link.times.sweep_bytes[sweep as usize];
    let frame = Frame { from: node, to: Node::EVERYONE, channel: on, bytes, mpdu: Mpdu::Sweep { sweep, epoch } };
    let frame = link.air.begin(now, frame, &hearers);
    link.hearers = hearers;
    link.note_swept(above, ctx, (now, node, on), sweep);
    link.tell_abroad(ctx, node, |from| Event::Foreign { from, channel: on, bytes });
    ctx.schedule(link.air.transmission(frame).end, node, Event::Ended { frame });
}

/// Last bit of a sweep's frame.
pub(super) fn frame_ended<U: Above>(
    link: &mut LinkLayer,
    above: &mut U,
    ctx: &mut Ctx,
    frame: u32,
    sweep: Sweep,
    epoch: u16,
) {
    let mut heard = std::mem::take(&mut link.heard);
    heard.clear();
    let (now, all, from) = (ctx.now(), link.works_out_all, link.air.transmission(frame).from);
    let heeds = |node: Node, _| all || above.heeds_sweep(ctx.facts, (from, node), sweep, now);
    let t = link.air.finish_for(frame, heeds, |node, fate, dbm| heard.push((node, fate, dbm)));
    link.settle(ctx, &t, &heard);
    for &(to, fate, _) in &heard {
        if fate == Fate::Received {
            above.heard_sweep(link, ctx, to, t.from, sweep);
        }
    }
    link.heard = heard;
    let next = ctx.now() + link.air.phy.cca;
    // Without hopping the one frame of a sweep is at place 0.
    let step = link.air.hops.place_of(t.channel).unwrap_or(0) + 1;
    ctx.schedule(next, t.from, Event::Sweep { node: t.from, epoch, step });
}

impl LinkLayer {
    /// Frames of a sweep: one for each channel that is hopped over, or a single one where all share the common channel.
    pub(super) fn steps(&self) -> u16 {
        self.air.hops.len().max(1)
    }

    /// Whether frames of a sweep for which nobody is tuned in need be no events: not where they ask too much of their sender's supply.
    fn sends_trains(&self, node: Node, sweep: Sweep) -> bool {
        let bears_us = self.bears_us.0.get(node.at()).copied().unwrap_or(u32::MAX);
        let airtime = self.air.phy.airtime(self.times.sweep_bytes[sweep as usize]);
        self.hopping() && !self.sends_no_trains && airtime <= SimTime::from_micros(u64::from(bears_us))
    }

    /// A frame of a sweep has begun.
    fn note_swept<U: Above>(
        &mut self,
        above: &U,
        ctx: &mut Ctx,
        (at, node, on): (SimTime, Node, Channel),
        sweep: Sweep,
    ) {
        let bytes = self.times.sweep_bytes[sweep as usize];
        if let Some(mut capture) = self.capture.take() {
            let (pan, nodes) = above.pan(ctx.facts, node);
            let what = match sweep {
                Sweep::Advert => frame::Sweep::Advert(nodes as u16, above.rank(node)),
                Sweep::Config => frame::Sweep::Config,
                Sweep::AdvertSolicit => frame::Sweep::AdvertSolicit,
                Sweep::ConfigSolicit => frame::Sweep::ConfigSolicit,
            };
            capture.sweep(ctx.facts, &Sent { pan, ..self.sent(at, node, on, bytes) }, what);
            self.capture = Some(capture);
        }
        self.count_swept(ctx, node, bytes, 1);
    }

    /// Counts so many frames of a sweep.
    fn count_swept(&mut self, ctx: &mut Ctx, node: Node, bytes: u16, frames: u32) {
        ctx.books.counters.frames += u64::from(frames);
        ctx.books.counters.sweep_frames += u64::from(frames);
        self.charge(ctx, node, frames, bytes);
    }

    /// A train is over, or breaks off: what has been sent of it counts.
    fn settle_train<U: Above>(&mut self, above: &U, ctx: &mut Ctx, train: &Train, sweep: Sweep) {
        let bytes = self.times.sweep_bytes[sweep as usize];
        if self.capture.is_none() && ctx.books.frames_every == 0 {
            // Nobody looks at them one by one.
            let frames = train.count_begun(ctx.now());
            ctx.books.frames_seen += u64::from(frames);
            return self.count_swept(ctx, train.from, bytes, frames);
        }
        for (place, start) in train.begun(ctx.now()) {
            let on = self.air.hops.at(place);
            self.note_swept(above, ctx, (start, train.from, on), sweep);
            self.sample_swept(ctx, (train.from, start, train.lasts), on, bytes, sweep);
        }
    }

    /// From one frame of a sweep to the next.
    fn cadence(&self, sweep: Sweep) -> SimTime {
        self.times_of(self.times.sweep_bytes[sweep as usize]).0
    }

    /// From one frame of a sweep to the next, and how long each is on the air, if it has so many bytes.
    pub(super) fn times_of(&self, bytes: u16) -> (SimTime, SimTime) {
        let airtime = self.air.phy.airtime(bytes);
        (airtime + self.air.phy.cca, airtime)
    }

    /// A node that loses its power breaks off its train.
    pub(super) fn break_train<U: Above>(&mut self, above: &U, ctx: &mut Ctx, node: Node) {
        let Some(train) = self.air.end_train(node) else { return };
        if let Some(piece) = self.pieces.iter().find(|p| p.node == node) {
            let sweep = piece.sweep;
            self.settle_train(above, ctx, &train, sweep);
        }
    }

    fn drop_piece(&mut self, node: Node) {
        if let Some(index) = self.pieces.iter().position(|p| p.node == node) {
            let piece = self.pieces.swap_remove(index);
            self.spare_pieces.push(piece);
        }
    }
}
