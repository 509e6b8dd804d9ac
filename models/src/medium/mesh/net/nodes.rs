//! What all nodes know, and which of them have no use for RPL information, so that a DIO that hundreds hear costs no more than a look
//! at a few bytes for each.

use super::candidates::CANDIDATES;
use super::joining::Joining;
use crate::node::{Node, PerNode};
use std::ops::{Index, IndexMut};

/// What is known of a node without looking at it: which DIOs of others change nothing there.
#[derive(Clone, Copy, Debug)]
struct Shut {
    /// Nothing is known.
    is_open: bool,
    /// Its candidates, its parent among them, four to a word: it listens to them whatever they say.
    candidates: [u64; CANDIDATES / 4],
    /// From this rank on it has a use for nobody.
    rank: u16,
    /// It has no use for who is weaker, dBm.
    level_dbm: i8,
    /// Nor for who is a step better in rank than `rank`, and weaker than this.
    step_level_dbm: i8,
}

impl Shut {
    const OPEN: Shut = Shut {
        is_open: true,
        candidates: [u64::MAX; CANDIDATES / 4],
        rank: u16::MAX,
        level_dbm: i8::MIN,
        step_level_dbm: i8::MIN,
    };
}

/// One of each of the four numbers in a word, and the highest bits of them.
const ONES: u64 = 0x0001_0001_0001_0001;
const HIGHEST: u64 = ONES << 15;

/// Whether a node is one of the four in a word: a number is 0 where it is, and only if there is one does taking 1 from each set a highest
/// bit that was not set.
#[inline]
fn has(word: u64, node: Node) -> bool {
    let differs = word ^ (u64::from(node.0) * ONES);
    differs.wrapping_sub(ONES) & !differs & HIGHEST != 0
}

/// By node what it knows. Whoever changes that in a way that may matter to what it has a use for gets it by index; the others by
/// [`Nodes::aside`].
#[derive(Clone, Debug)]
pub(super) struct Nodes {
    all: PerNode<Joining>,
    shut: PerNode<Shut>,
}

impl Nodes {
    pub(super) fn new(all: PerNode<Joining>) -> Self {
        let shut = PerNode::of(Shut::OPEN, all.len());
        Nodes { all, shut }
    }

    /// Table by node.
    pub(super) fn all(&self) -> &PerNode<Joining> {
        &self.all
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Joining> {
        self.all.0.iter()
    }

    pub(super) fn bytes(&self) -> usize {
        self.all.bytes() + self.shut.bytes()
    }

    /// For a change of what decides about no DIO: random numbers, timers, solicitations, registrations, expected transmissions.
    #[inline]
    pub(super) fn aside(&mut self, node: Node) -> &mut Joining {
        &mut self.all[node]
    }

    /// What a node has a use for may have changed.
    pub(super) fn touch(&mut self, node: Node) {
        self.shut[node].is_open = true;
    }

    /// Whether it is known that a DIO changes nothing at a node; `step` is that of ranks.
    #[inline]
    pub(super) fn is_shut(&self, node: Node, (from, rank): (Node, u16), level_dbm: f32, step: u16) -> bool {
        let shut = &self.shut[node];
        // Most ranks are too high: what is asked first says so of most nodes.
        let is_for_others = rank >= shut.rank
            || level_dbm < f32::from(shut.level_dbm)
            || (rank >= shut.rank.saturating_sub(step) && (level_dbm as i8) < shut.step_level_dbm);
        is_for_others && !shut.candidates.iter().fold(shut.is_open, |is, &four| is | has(four, from))
    }

    /// A node had no use for a DIO, neither because of its trickle timer nor of its state: what it has no use for until something
    /// changes there. Nobody weaker than `threshold_dbm` becomes a candidate, and where there is a bar, nobody from that rank on, nor within a
    /// step below it who is weaker than that level, dBm.
    pub(super) fn shut(&mut self, node: Node, threshold_dbm: f32, bar: Option<(u16, i8)>) {
        let joining = &self.all[node];
        if joining.parent.is_some() && joining.candidates.iter().all(|c| c.node != joining.parent) {
            return;
        }
        let words = joining.candidates.chunks_exact(4);
        let words = words.map(|four| four.iter().fold(0, |word, c| (word << 16) | u64::from(c.node.0)));
        let mut candidates = Shut::OPEN.candidates;
        candidates.iter_mut().zip(words).for_each(|(place, word)| *place = word);
        let level_dbm = libm::floorf(threshold_dbm).max(f32::from(i8::MIN)) as i8;
        let (rank, step_level_dbm) = bar.unwrap_or((Shut::OPEN.rank, Shut::OPEN.step_level_dbm));
        self.shut[node] = Shut { is_open: false, candidates, rank, level_dbm, step_level_dbm };
    }
}

impl Index<Node> for Nodes {
    type Output = Joining;
    #[inline]
    fn index(&self, node: Node) -> &Joining {
        &self.all[node]
    }
}

impl IndexMut<Node> for Nodes {
    #[inline]
    fn index_mut(&mut self, node: Node) -> &mut Joining {
        self.shut[node].is_open = true;
        &mut self.all[node]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_nodes_are_told_from_others_at_once() {
        let word = [3u64, 0, 0x8000, 0xffff].iter().fold(0, |word, n| (word << 16) | n);
        for n in 0..=u16::MAX {
            assert_eq!(has(word, Node(n)), [3, 0, 0x8000, 0xffff].contains(&n), "{n}");
        }
    }
}
