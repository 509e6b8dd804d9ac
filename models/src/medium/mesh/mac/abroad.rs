//! Who is heard in other partitions, and under which number there.

use super::LinkLayer;
use crate::context::Ctx;
use crate::medium::mesh::event::Event;
use crate::node::{Node, PerNode};

/// An own radio that another partition hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeardAbroad {
    /// The radio.
    pub node: Node,
    /// The partition that hears it.
    pub partition: u32,
    /// Its number there.
    pub there: Node,
}

/// All of them by radio.
#[derive(Default)]
pub(super) struct Abroad {
    /// For each own radio the place of its first entry, and behind the last radio that of the end; empty if nobody is heard.
    first: PerNode<u32>,
    heard: Vec<HeardAbroad>,
}

impl Abroad {
    fn new(mut heard: Vec<HeardAbroad>, own: usize) -> Self {
        if heard.is_empty() {
            return Abroad::default();
        }
        heard.sort_unstable();
        let first = (0..=own).map(|n| heard.partition_point(|h| h.node.at() < n) as u32).collect();
        Abroad { first, heard }
    }

    fn of(&self, node: Node) -> &[HeardAbroad] {
        match self.first.0.get(node.at()..node.at() + 2) {
            Some(&[from, to]) => &self.heard[from as usize..to as usize],
            _ => &[],
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.first.bytes() + self.heard.capacity() * size_of::<HeardAbroad>()
    }
}

impl LinkLayer {
    /// Names the partitions that hear own radios.
    pub fn set_abroad(&mut self, heard: Vec<HeardAbroad>) {
        self.abroad = Abroad::new(heard, self.macs.len());
    }

    /// Tells the partitions that hear a node what happens there; the event has the number of the node in it that it has there.
    pub(super) fn tell_abroad(&self, ctx: &mut Ctx, node: Node, event: impl Fn(Node) -> Event) {
        for heard in self.abroad.of(node) {
            ctx.send(heard.partition, ctx.now() + ctx.engine.lookahead(), node, event(heard.there));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_radio_has_its_own_entries() {
        let heard = |node, partition, there| HeardAbroad { node: Node(node), partition, there: Node(there) };
        let all = [heard(2, 7, 40), heard(0, 9, 41), heard(2, 5, 42)];
        let abroad = Abroad::new(all.to_vec(), 4);
        assert_eq!(abroad.of(Node(0)), [heard(0, 9, 41)]);
        assert_eq!(abroad.of(Node(1)), []);
        assert_eq!(abroad.of(Node(2)), [heard(2, 5, 42), heard(2, 7, 40)]);
        assert_eq!(abroad.of(Node(3)), []);
        assert_eq!(Abroad::new(Vec::new(), 4).of(Node(3)), []);
    }
}
