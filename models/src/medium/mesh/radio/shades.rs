//! What obstacles take from links, packed: three bytes a link and direction; and what ageing takes at their ends, a byte a radio.

use super::overlay::factor;
use crate::node::{Node, PerNode};
use serde::{Deserialize, Serialize};

/// Step between two codes, dB.
const STEP_DB: f32 = 0.5;

/// Losses of the links that lose something, by sender and receiver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Shades {
    /// Where the links of each sender begin; one more at the end.
    first: Vec<u32>,
    to: Vec<Node>,
    /// Half decibels.
    codes: Vec<u8>,
    /// Factor of each code.
    factors: Vec<f32>,
}

impl Shades {
    /// Of so many radios; each link is named once and loses in both directions.
    pub fn new(radios: usize, losses: &[(Node, Node, f32)]) -> Self {
        let both = losses.iter().flat_map(|&(a, b, loss_db)| [(a, b, loss_db), (b, a, loss_db)]);
        let mut both: Vec<(Node, Node, f32)> = both.collect();
        both.sort_unstable_by_key(|link| (link.0, link.1));
        let mut count = PerNode::of(0u32, radios);
        for link in &both {
            count[link.0] += 1;
        }
        let mut first = vec![0];
        for count in &count.0 {
            first.push(first[first.len() - 1] + count);
        }
        Shades {
            first,
            to: both.iter().map(|link| link.1).collect(),
            codes: both.iter().map(|link| code(link.2)).collect(),
            factors: factors(),
        }
    }

    /// Whether they are of so many radios, and whole.
    pub fn fits(&self, radios: usize) -> bool {
        let links = self.to.len();
        let senders = self.first.windows(2).all(|ends| {
            let (begin, end) = (ends[0] as usize, ends[1] as usize);
            self.to.get(begin..end).is_some_and(|to| to.is_sorted())
        });
        self.first.len() == radios + 1
            && self.first.first() == Some(&0)
            && self.first.last().is_some_and(|&last| last as usize == links)
            && senders
            && self.codes.len() == links
            && self.factors.len() == 256
    }

    /// What a link loses, dB.
    pub fn loss_db(&self, from: Node, to: Node) -> f32 {
        STEP_DB * f32::from(self.of(from).code(to))
    }

    /// The links of a sender.
    #[inline]
    pub fn of(&self, from: Node) -> Row<'_> {
        let links = self.first[from.at()] as usize..self.first[from.at() + 1] as usize;
        Row { to: &self.to[links.clone()], codes: &self.codes[links], factors: &self.factors }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        size_of::<u32>() * self.first.capacity() + 3 * self.to.capacity() + size_of::<f32>() * self.factors.len()
    }
}

/// What is left of a sender's links, for those who ask for receivers in ascending order.
pub(super) struct Row<'a> {
    to: &'a [Node],
    codes: &'a [u8],
    factors: &'a [f32],
}

impl Row<'_> {
    /// Factor on the level of the link to a receiver, none less than the one before.
    #[inline]
    pub fn factor(&mut self, to: Node) -> f32 {
        if self.to.first().is_none_or(|&next| next > to) {
            return 1.0;
        }
        self.factors[usize::from(self.code(to))]
    }

    #[inline]
    fn code(&mut self, to: Node) -> u8 {
        while let (Some((&next, to_rest)), Some((&code, codes_rest))) =
            (self.to.split_first(), self.codes.split_first())
        {
            if next > to {
                break;
            }
            (self.to, self.codes) = (to_rest, codes_rest);
            if next == to {
                return code;
            }
        }
        0
    }
}

/// Losses of radios by age.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Ends {
    /// Half decibels.
    codes: Vec<u8>,
    /// Factor of each code.
    factors: Vec<f32>,
}

impl Ends {
    /// Of each radio, dB.
    pub fn new(losses_db: &[f32]) -> Self {
        Ends { codes: losses_db.iter().map(|&loss_db| code(loss_db)).collect(), factors: factors() }
    }

    /// Whether they are of so many radios.
    pub fn fits(&self, radios: usize) -> bool {
        self.codes.len() == radios && self.factors.len() == 256
    }

    /// What a radio loses, dB.
    pub fn loss_db(&self, node: Node) -> f32 {
        STEP_DB * f32::from(self.codes[node.at()])
    }

    /// Factor on the levels of its links.
    #[inline]
    pub fn factor(&self, node: Node) -> f32 {
        self.factors[usize::from(self.codes[node.at()])]
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.codes.capacity() + size_of::<f32>() * self.factors.len()
    }
}

/// Half decibels, to the nearest.
fn code(loss_db: f32) -> u8 {
    (loss_db / STEP_DB + 0.5).clamp(0.0, 255.0) as u8
}

/// Factor of each code.
fn factors() -> Vec<f32> {
    (0..=255u8).map(|code| factor(STEP_DB * f32::from(code))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_loses_in_both_directions_to_half_a_decibel_and_others_lose_nothing() {
        let shades = Shades::new(4, &[(Node(0), Node(2), 12.3), (Node(1), Node(2), 3.0), (Node(2), Node(3), 400.0)]);
        assert!(shades.fits(4) && !shades.fits(3));
        assert_eq!((shades.loss_db(Node(0), Node(2)), shades.loss_db(Node(2), Node(0))), (12.5, 12.5));
        assert_eq!((shades.loss_db(Node(2), Node(1)), shades.of(Node(2)).factor(Node(1))), (3.0, factor(3.0)));
        assert_eq!((shades.loss_db(Node(0), Node(1)), shades.of(Node(0)).factor(Node(1))), (0.0, 1.0));
        assert_eq!(shades.loss_db(Node(3), Node(2)), 127.5, "the most that a byte says");
    }
}
