//! What of the link layers changes in a run: jobs, queues with what is in them, sweeps under way, and the air.

use super::sweep::Piece;
use super::{Job, LinkLayer, Mac};
use crate::check::{Bounds, ensure, same_count};
use crate::medium::mesh::event::Event;
use crate::medium::mesh::mpdu::{Mpdu, Sweep};
use crate::medium::mesh::packet::Packets;
use crate::medium::mesh::radio::air;
use crate::node::{Channel, Node, PerNode};
use serde::{Deserialize, Serialize};

/// The link layers in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    air: air::State,
    packets: Packets,
    macs: PerNode<Mac>,
    sent_us: PerNode<u32>,
    newest_tag: u16,
    pieces: Vec<Piece>,
}

impl LinkLayer {
    /// What changes in a run; a capture is not part of it.
    pub fn save(&self) -> State {
        State {
            air: self.air.save(),
            packets: self.packets.clone(),
            macs: self.macs.clone(),
            sent_us: self.sent_us.clone(),
            newest_tag: self.newest_tag,
            pieces: self.pieces.clone(),
        }
    }

    /// Its frames are captured.
    pub fn is_captured(&self) -> bool {
        self.capture.is_some()
    }

    /// Whether an event is about a frame that is on the air, and a channel that there is.
    pub fn knows(&self, event: &Event) -> bool {
        match *event {
            Event::Ended { frame } => self.air.is_live(frame),
            Event::Acknowledge { channel, .. } | Event::Foreign { channel, .. } => {
                channel == Channel::COMMON || self.air.hops.contains(channel)
            }
            Event::Sweep { step, .. } => step <= self.steps(),
            Event::ForeignTrain { first, frames, .. } => {
                first.checked_add(frames).is_some_and(|end| end <= self.air.hops.len())
            }
            _ => true,
        }
    }

    /// Goes on from what was saved.
    ///
    /// # Errors
    /// It is not of these link layers.
    pub fn restore(&mut self, state: State, bounds: &Bounds) -> Result<(), String> {
        let State { air, packets, macs, sent_us, newest_tag, pieces } = state;
        same_count("mac: nodes", macs.len(), self.macs.len())?;
        same_count("mac: radios whose sending is counted", sent_us.len(), self.sent_us.len())?;
        packets.check(macs.0.iter().flat_map(|mac| [&mac.queue, &mac.broadcasts]), bounds)?;
        for (n, mac) in macs.0.iter().enumerate() {
            let fits = bounds.is_own_or_none(mac.blocked_to)
                && mac.exponent < 32
                && mac.sweeps < 1 << Sweep::ALL.len()
                && mac.sweep_step < self.steps()
                && (mac.job != Job::Busy || !mac.in_hand_queue().is_empty());
            ensure(fits, || format!("mac: node {n} has a state that there is not"))?;
        }
        for (n, piece) in pieces.iter().enumerate() {
            let fits = bounds.is_own(piece.node)
                && piece.end <= self.steps()
                && piece.at <= piece.hits.len()
                && piece.hits.is_sorted()
                && piece.hits.iter().all(|hit| bounds.is_own(hit.1))
                && pieces[..n].iter().all(|other| other.node != piece.node);
            ensure(fits, || format!("mac: piece {n} of a sweep is of or for a radio that is not here"))?;
        }
        for (from, to, mpdu) in air.live() {
            let known = match mpdu {
                Mpdu::Data { packet } => bounds.is_own(from) && (packet as usize) < packets.slots(),
                Mpdu::Ack { .. } => bounds.is_own(from) && bounds.is_own(to),
                Mpdu::Sweep { .. } => bounds.is_own(from),
                Mpdu::Foreign => to == Node::EVERYONE,
            };
            ensure(known, || format!("mac: a frame of radio {from} is about something that is not here"))?;
        }
        let of_pieces = air
            .train_senders()
            .filter(|&from| bounds.is_own(from))
            .all(|from| pieces.iter().any(|piece| piece.node == from));
        ensure(of_pieces, || "mac: a train is of a radio that sends no sweep".to_owned())?;
        self.air.restore(air, bounds)?;
        (self.packets, self.macs, self.sent_us) = (packets, macs, sent_us);
        (self.newest_tag, self.pieces) = (newest_tag, pieces);
        Ok(())
    }
}
