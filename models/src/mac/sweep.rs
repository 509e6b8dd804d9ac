//! Advertisement sweeps: the same frame once on every channel, for whoever listens there by chance.
//!
//! A sweep keeps its cadence: a channel found busy is left out, not waited for. It is sent in pieces of at most half a
//! second, and a node's queue goes first between two pieces. Who will be tuned to which of the piece's frames is worked
//! out once when the piece starts, because hop sequences are known.

use super::{Job, hopping, next_job};
use crate::event::Event;
use crate::mesh;
use crate::radio::air::{COMMON, EVERYONE, Fate};
use crate::region::{Ctx, Region};
use amitwin_data::rows::FrameKind;
use amitwin_sim_core::SimTime;

/// Longest piece.
const PIECE: SimTime = SimTime::from_millis(500);
/// Pause between two pieces.
const PAUSE: SimTime = hopping::UNICAST_DWELL;
/// Tag of a sweep's frame: bit 30 and the kind.
pub const TAG: u32 = 1 << 30;

/// What is advertised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    /// PAN advertisement.
    Advert = 0,
    /// PAN configuration.
    Config = 1,
    /// PAN configuration solicit.
    Solicit = 2,
}

const ALL: [Sweep; 3] = [Sweep::Advert, Sweep::Config, Sweep::Solicit];

/// Kind of a sweep's frame in the `frames` table.
pub fn frame_kind(tag: u32) -> FrameKind {
    match tag & 3 {
        0 => FrameKind::PanAdvert,
        1 => FrameKind::PanConfig,
        _ => FrameKind::PanConfigSolicit,
    }
}

/// A piece under way: who is tuned to which channel when its frame comes, by channel.
#[derive(Debug, Default)]
pub struct Piece {
    node: u16,
    sweep: u8,
    end: u16,
    at: usize,
    hits: Vec<(u16, u16)>,
}

/// Frames of a sweep: one for each channel, or a single one where all share the common channel.
fn steps(region: &Region) -> u16 {
    region.channels.max(1)
}

/// Asks for a sweep; one of the same kind that is not done yet takes its place.
pub fn ask(region: &mut Region, ctx: &mut Ctx, node: u16, sweep: Sweep) {
    region.counters.sweeps += 1;
    let mac = region.mac(node);
    mac.sweeps |= 1 << sweep as u8;
    if mac.job == Job::WaitSlot {
        mac.job = Job::Idle;
    }
    next_job(region, ctx, node);
}

/// Schedules the next piece.
pub fn wait(region: &mut Region, ctx: &mut Ctx, node: u16, epoch: u16) {
    let pause = if region.mac(node).sweep_channel == 0 { SimTime::ZERO } else { PAUSE };
    region.mac(node).job = Job::WaitSweep;
    ctx.schedule(ctx.now() + pause + region.air.phy.cca, node.into(), Event::Attempt { node, epoch });
}

/// Starts a piece.
pub fn piece(region: &mut Region, ctx: &mut Ctx, node: u16, epoch: u16) {
    let now = ctx.now();
    let phy = region.air.phy;
    let mac = region.mac(node);
    let Some(&sweep) = ALL.iter().find(|s| mac.sweeps & (1 << **s as u8) != 0) else {
        mac.job = Job::Idle;
        return;
    };
    mac.job = Job::Sweeping;
    let first = mac.sweep_channel;
    let cadence = phy.airtime(region.times.sweep_bytes[sweep as usize]) + phy.cca;
    let frames = (PIECE.nanos() / cadence.nanos()).max(1) as u16;
    let end = first.saturating_add(frames).min(steps(region));
    let mut piece = region.spare_pieces.pop().unwrap_or_default();
    (piece.node, piece.sweep, piece.end, piece.at) = (node, sweep as u8, end, 0);
    piece.hits.clear();
    let last = now + cadence * u64::from(end - first);
    // On the common channel everybody is tuned in, and the air finds them.
    let tuned = if region.hopping() { region.air.neighbours.of(node).0 } else { &[] };
    for &other in tuned {
        let radio = &region.air.radios[other as usize];
        if other >= region.own || !radio.is_on() {
            continue;
        }
        let slots = hopping::slot(radio.phase_ms, now)..=hopping::slot(radio.phase_ms, last);
        for slot in slots {
            let channel = hopping::channel(region.globals[other as usize], slot, region.channels);
            if (first..end).contains(&channel) {
                let at = now + cadence * u64::from(channel - first);
                if hopping::slot(radio.phase_ms, at) == slot && !hopping::is_broadcast_slot(at) {
                    piece.hits.push((channel, other));
                }
            }
        }
    }
    piece.hits.sort_unstable();
    region.pieces.push(piece);
    step(region, ctx, node, epoch, first);
}

/// [`Event::Sweep`]: the frame on one channel.
pub fn step(region: &mut Region, ctx: &mut Ctx, node: u16, epoch: u16, channel: u16) {
    let now = ctx.now();
    if region.mac(node).epoch != epoch {
        drop_piece(region, node);
        return;
    }
    let Some(index) = region.pieces.iter().position(|p| p.node == node) else { return };
    let (sweep, end) = (ALL[region.pieces[index].sweep as usize], region.pieces[index].end);
    if channel >= end {
        drop_piece(region, node);
        let channels = steps(region);
        let mac = region.mac(node);
        mac.job = Job::Idle;
        mac.sweep_channel = if end == channels { 0 } else { end };
        if end == channels {
            mac.sweeps &= !(1 << sweep as u8);
        }
        next_job(region, ctx, node);
        return;
    }
    let cadence = region.air.phy.airtime(region.times.sweep_bytes[sweep as usize]) + region.air.phy.cca;
    let on = if region.hopping() { channel } else { COMMON };
    if region.air.is_busy(node, on, now) {
        ctx.schedule(now + cadence, node.into(), Event::Sweep { node, epoch, channel: channel + 1 });
        return;
    }
    let piece = &mut region.pieces[index];
    let from = piece.at + piece.hits[piece.at..].partition_point(|h| h.0 < channel);
    let to = from + piece.hits[from..].partition_point(|h| h.0 == channel);
    piece.at = to;
    let mut hearers = std::mem::take(&mut region.hearers);
    hearers.clear();
    hearers.extend(piece.hits[from..to].iter().map(|h| h.1));
    let bytes = region.times.sweep_bytes[sweep as usize];
    let tag = TAG | (u32::from(epoch) << 2) | u32::from(piece.sweep);
    let frame = region.air.begin(now, node, EVERYONE, on, bytes, tag, &hearers);
    region.hearers = hearers;
    region.capture_sweep(now, node, on, sweep, bytes);
    region.counters.frames += 1;
    region.counters.sweep_frames += 1;
    region.note_sent(ctx, node, on, bytes);
    ctx.schedule(region.air.transmission(frame).end, node.into(), Event::Ended { frame });
}

/// Last bit of a sweep's frame.
pub fn frame_ended(region: &mut Region, ctx: &mut Ctx, frame: u32) {
    let mut heard = std::mem::take(&mut region.heard);
    heard.clear();
    let t = region.air.finish(frame, |node, fate, dbm| heard.push((node, fate, dbm)));
    region.settle(&t, &heard, None);
    let sweep = ALL[(t.tag & 3) as usize];
    for &(to, fate, _) in &heard {
        if fate == Fate::Received {
            mesh::join::heard_sweep(region, ctx, to, t.from, sweep);
        }
    }
    region.heard = heard;
    let epoch = ((t.tag & !TAG) >> 2) as u16;
    let next = ctx.now() + region.air.phy.cca;
    let channel = if t.channel == COMMON { 1 } else { t.channel + 1 };
    ctx.schedule(next, t.from.into(), Event::Sweep { node: t.from, epoch, channel });
}

fn drop_piece(region: &mut Region, node: u16) {
    if let Some(index) = region.pieces.iter().position(|p| p.node == node) {
        let piece = region.pieces.swap_remove(index);
        region.spare_pieces.push(piece);
    }
}
