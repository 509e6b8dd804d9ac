//! How strong a radio is at another: looked up in the table of neighbours, where something is overlaid with that.

use super::Air;
use super::reception::{overlaid, units};
use crate::math::level_db;
use crate::medium::mesh::radio::neighbours::{Neighbours, code_db};
use crate::medium::mesh::radio::overlay::Overlay;
use crate::node::{Channel, Node};
use amitwin_sim_core::SimTime;
use std::sync::Arc;

/// Multiplies what is hashed.
const GOLDEN: u32 = 0x9E37_79B1;

/// Pairs of radios looked up last, and their loss codes: pairs that talk do so several times on end, and looking a pair up costs reads of
/// memory of which little is in a cache.
///
/// A pair is hashed by a multiplication that can be undone, so that its place and the digits that do not make it tell which it is: they and
/// the code fit into four bytes.
pub(super) struct AtHand {
    pairs: Box<[u32]>,
    bits: u32,
}

/// No pair: at least nine digits of the hash make the place, so that the others and eight of a code leave the first digit free.
const NO_PAIR: u32 = u32::MAX;

impl AtHand {
    /// For so many radios: two pairs for each, within limits.
    pub(super) fn among(radios: usize) -> Self {
        let bits = (2 * radios).next_power_of_two().trailing_zeros().clamp(9, 13);
        AtHand { pairs: vec![NO_PAIR; 1 << bits].into(), bits }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.pairs)
    }

    #[inline]
    fn code(&mut self, neighbours: &Neighbours, a: Node, b: Node) -> Option<u8> {
        let pair = (u32::from(a.0.min(b.0)) << 16) | u32::from(a.0.max(b.0));
        let hash = pair.wrapping_mul(GOLDEN);
        let digits = (hash << self.bits) >> self.bits;
        let place = &mut self.pairs[(hash >> (32 - self.bits)) as usize];
        if *place >> 8 != digits {
            *place = (digits << 8) | u32::from(neighbours.code(a, b)?);
        }
        Some(*place as u8)
    }
}

/// Levels looked at last, and what they are in dB: losses are whole half decibels, so that there are few.
pub(super) struct InDb(Box<[(u64, f64); 1 << InDb::BITS]>);

impl Default for InDb {
    fn default() -> Self {
        InDb(Box::new([(1, level_db(1.0)); 1 << InDb::BITS]))
    }
}

impl InDb {
    const BITS: u32 = 9;

    #[inline]
    pub(super) fn of(&mut self, level: u64) -> f64 {
        let digits = ((level ^ (level >> 32)) as u32).wrapping_mul(GOLDEN);
        let place = &mut self.0[(digits >> (32 - InDb::BITS)) as usize];
        if place.0 != level {
            *place = (level, level_db(level as f64));
        }
        place.1
    }
}

impl Air {
    #[inline]
    pub(super) fn level(&self, from: Node, code: u8) -> u64 {
        units(self.radios[from].power_mw * self.linear[usize::from(code)])
    }

    pub(super) fn energy_on(&self, node: Node, channel: Channel, but: u32, at: SimTime) -> u64 {
        let others = self.channels[channel.at()].iter().filter(|&&id| id != but);
        others.filter_map(|&id| self.heard(id, node)).sum::<u64>() + self.trains_on(node, channel, at)
    }

    /// Level of a frame at a node, if it is in earshot.
    pub(super) fn heard(&self, id: u32, at: Node) -> Option<u64> {
        let t = &self.transmissions[id as usize];
        self.level_at(t.from, at, &t.overlay)
    }

    /// The same, for radios that talk to each other.
    pub(super) fn heard_often(&mut self, id: u32, at: Node) -> Option<u64> {
        let from = self.transmissions[id as usize].from;
        let code = self.kept.at_hand.code(&self.neighbours, at, from)?;
        Some(self.level_overlaid((from, at), code, &self.transmissions[id as usize].overlay))
    }

    /// Level of a radio at a node, if it is in earshot, where this is overlaid.
    #[inline]
    pub(super) fn level_at(&self, from: Node, at: Node, overlay: &Option<Arc<Overlay>>) -> Option<u64> {
        Some(self.level_overlaid((from, at), self.neighbours.code(at, from)?, overlay))
    }

    #[inline]
    fn level_overlaid(&self, (from, at): (Node, Node), code: u8, overlay: &Option<Arc<Overlay>>) -> u64 {
        match overlay {
            None => self.level(from, code),
            Some(overlay) => {
                overlaid(self.radios[from].power_mw * self.linear[usize::from(code)], overlay.factor(from, at))
            }
        }
    }

    /// Sum of the signals on the common channel at a node, in 1e-16 mW.
    pub fn energy(&self, node: Node) -> u64 {
        self.senses(node).0
    }

    /// What a radio sends with, dBm, to a thousandth.
    pub fn tx_power_dbm(&self, node: Node) -> f32 {
        let overlaid_db = self.overlay.as_ref().map_or(0.0, |overlay| overlay.node(node).tx_power_db);
        self.radios[node].power_dbm + overlaid_db
    }

    /// Mean level of one radio at another, dBm, if they hear each other at all.
    pub fn link_dbm(&self, from: Node, at: Node) -> Option<f32> {
        let loss_db = code_db(self.neighbours.code(from, at)?);
        Some(self.tx_power_dbm(from) - loss_db - self.extra_loss_db(from, at))
    }

    /// Mean level from which on a short frame gets through now and then, dBm.
    pub fn hopeless_dbm(&self) -> f32 {
        self.levels.hopeless_dbm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_at_hand_is_what_the_table_has() {
        // 40,000 pairs of 400 radios, ten times as many as there are places: each place has several in turn.
        let radio = |n: u32| (n % 400) as u16;
        let pairs = (0..40_000u32).map(|n| (radio(n), radio(n / 400 + n + 1), 60.0 + (n % 97) as f32));
        let pairs: Vec<_> = pairs.filter(|p| p.0 != p.1).collect();
        let table = Neighbours::from_losses(401, &pairs);
        let mut at_hand = AtHand::among(400);
        for &(a, b, _) in pairs.iter().chain(&pairs) {
            let (a, b) = (Node(a), Node(b));
            assert_eq!(at_hand.code(&table, a, b), table.code(a, b));
            assert_eq!(at_hand.code(&table, b, a), table.code(a, b), "either way round, and known");
        }
        assert_eq!(at_hand.code(&table, Node(7), Node(400)), None, "out of earshot");
    }
}
