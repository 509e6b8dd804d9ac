//! Where a node is registered: with its parents, and with one that it has left. What a parent has in its table of children and what the child
//! makes of it stand side by side, because the two differ when one of them restarts.

use super::etx::Etx;
use crate::node::Node;
use serde::{Deserialize, Serialize};

/// Neighbours that may have a node among their children at a time.
const PLACES: usize = 5;
/// Bits of [`Registration::flags`]: by place they know of it; by place the node holds it for registered; by place the border router has
/// acknowledged the way by it; by parent it waits for an acknowledgement; it has not announced its parents.
const KNOWN: u32 = 1;
const HELD: u32 = 1 << PLACES;
const ACKED: u32 = 1 << (2 * PLACES);
const PENDING: u32 = 1 << (3 * PLACES);
const STALE: u32 = 1 << 31;

/// The registrations of a node.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Registration {
    /// With whom.
    at: [Node; PLACES],
    /// Good until then, s of the run.
    until_s: [u32; PLACES],
    flags: u32,
    /// Registrations that failed in a row.
    pub(super) failures: u8,
    /// Expected transmissions down to it from who is in the first place, as that counts them, where the stack does.
    pub(super) down: Etx,
}

impl Default for Registration {
    fn default() -> Self {
        Registration { at: [Node::NONE; PLACES], until_s: [0; PLACES], flags: 0, failures: 0, down: Etx::default() }
    }
}

impl Registration {
    fn has(&self, bit: u32) -> bool {
        self.flags & bit != 0
    }

    fn set(&mut self, bit: u32, is_set: bool) {
        self.flags = if is_set { self.flags | bit } else { self.flags & !bit };
    }

    fn place(&self, with: Node) -> Option<usize> {
        if with == Node::NONE { None } else { self.at.iter().position(|&at| at == with) }
    }

    /// Those with whom it is, or was.
    pub(super) fn all(&self) -> [Node; PLACES] {
        self.at
    }

    /// Whether a parent, or one that was, still has the node among its children.
    pub(super) fn is_known_to(&self, parent: Node, now_s: u64) -> bool {
        self.place(parent).is_some_and(|n| self.has(KNOWN << n) && u64::from(self.until_s[n]) > now_s)
    }

    /// A parent takes it, the first in the first place; one that is no longer wanted makes room.
    pub(super) fn taken(&mut self, by: Node, until_s: u32, (is_first, other): (bool, Node), now_s: u64) {
        let worth = |&n: &usize| {
            let counts = self.has(KNOWN << n) && u64::from(self.until_s[n]) > now_s;
            (self.at[n].is_some() && self.at[n] == other, counts, self.until_s[n])
        };
        let free = if is_first { 0..PLACES } else { 1..PLACES };
        let n = self.place(by).unwrap_or_else(|| free.min_by_key(worth).unwrap_or(PLACES - 1));
        let is_new = self.at[n] != by;
        (self.at[n], self.until_s[n]) = (by, until_s);
        self.set(KNOWN << n, true);
        if is_new {
            self.set((HELD | ACKED) << n, false);
        }
        if is_first && n > 0 {
            self.swap(n);
            self.down = Etx::default();
        } else if is_new && n == 0 {
            self.down = Etx::default();
        }
    }

    /// Puts a place first.
    fn swap(&mut self, n: usize) {
        self.at.swap(0, n);
        self.until_s.swap(0, n);
        for of in [KNOWN, HELD, ACKED] {
            let (first, other) = (self.has(of), self.has(of << n));
            self.set(of, other);
            self.set(of << n, first);
        }
    }

    /// A parent keeps it no longer than that.
    pub(super) fn ends(&mut self, with: Node, until_s: u32) {
        if let Some(n) = self.place(with) {
            self.until_s[n] = self.until_s[n].min(until_s);
        }
    }

    /// A parent keeps it until then.
    pub(super) fn lasts(&mut self, with: Node, until_s: u32) {
        if let Some(n) = self.place(with) {
            self.until_s[n] = until_s;
        }
    }

    /// A parent has lost its table.
    pub(super) fn is_forgotten(&mut self, by: Node) {
        if let Some(n) = self.place(by) {
            self.set(KNOWN << n, false);
        }
    }

    /// The node takes itself for registered with another, or no longer.
    pub(super) fn hold(&mut self, with: Node, holds: bool) {
        if let Some(n) = self.place(with) {
            self.set(HELD << n, holds);
            self.set(ACKED << n, holds && self.has(ACKED << n));
        }
    }

    /// The border router has acknowledged the way by another.
    pub(super) fn is_acknowledged(&mut self, by: Node) {
        if let Some(n) = self.place(by) {
            self.set(ACKED << n, true);
        }
    }

    /// Whether it has acknowledged any of those with whom the node is registered.
    pub(super) fn has_way(&self) -> bool {
        self.flags & (ACKED * ((1 << PLACES) - 1)) != 0
    }

    /// Whether it does.
    pub(super) fn is_held(&self, with: Node) -> bool {
        self.place(with).is_some_and(|n| self.has(HELD << n))
    }

    /// A mesh that has run for long: it is registered with a parent until then.
    pub(super) fn stands(&mut self, with: Node, until_s: u32, is_first: bool) {
        self.taken(with, until_s, (is_first, Node::NONE), 0);
        self.hold(with, true);
        self.is_acknowledged(with);
    }

    /// Until when it is registered with one for whom it holds that, s of the run.
    pub(super) fn held_until_s(&self, with: Node) -> Option<u32> {
        self.place(with).filter(|n| self.has(HELD << n)).map(|n| self.until_s[n])
    }

    /// Who has it in the first place.
    pub(super) fn first(&self) -> Node {
        self.at[0]
    }

    /// Whether the registration with the first or the second parent waits for an acknowledgement.
    pub(super) fn is_pending(&self, n: usize) -> bool {
        self.has(PENDING << n)
    }

    /// It does, or not.
    pub(super) fn waits(&mut self, n: usize, waits: bool) {
        self.set(PENDING << n, waits);
    }

    /// Whether the parents are no longer those that were announced.
    pub(super) fn is_stale(&self) -> bool {
        self.has(STALE)
    }

    /// They are no longer, or have been announced.
    pub(super) fn differs(&mut self, is_stale: bool) {
        self.set(STALE, is_stale);
    }

    /// The node was reset, or looks for its PAN anew: it knows of no registration.
    pub(super) fn begin_anew(&mut self) {
        // What parents know stays.
        self.flags &= HELD - 1;
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Node = Node(1);
    const B: Node = Node(2);

    #[test]
    fn five_may_have_a_node_and_the_parents_stay() {
        let [a, b, c, d, e, f] = [1, 2, 3, 4, 5, 6].map(Node);
        let mut of = Registration::default();
        of.taken(a, 100, (true, Node::NONE), 0);
        for (n, with) in [b, c, d, e].into_iter().enumerate() {
            of.taken(with, 110 + n as u32, (false, a), 0);
        }
        assert!([a, b, c, d, e].iter().all(|&parent| of.is_known_to(parent, 99)));
        assert!(!of.is_known_to(a, 100), "it lapses");
        // A sixth: beside the first parent the place of B lapses sooner than the others.
        of.taken(f, 130, (false, a), 0);
        assert_eq!([a, b, c, d, e, f].map(|parent| of.is_known_to(parent, 0)), [true, false, true, true, true, true]);
        // One that has lost its table goes before one that lapses sooner.
        of.is_forgotten(f);
        of.taken(b, 140, (false, a), 0);
        assert_eq!([a, b, c, d, e, f].map(|parent| of.is_known_to(parent, 0)), [true, true, true, true, true, false]);
    }

    #[test]
    fn a_way_lasts_as_long_as_the_registration_with_one_by_whom_it_was_acknowledged() {
        let mut of = Registration::default();
        for (with, is_first) in [(A, true), (B, false)] {
            of.taken(with, 100, (is_first, Node::NONE), 0);
            of.hold(with, true);
        }
        assert!(!of.has_way(), "registered, but not announced");
        of.is_acknowledged(B);
        // B becomes the first, and A is forgotten.
        of.taken(B, 200, (true, A), 0);
        of.hold(A, false);
        assert!(of.has_way());
        of.hold(B, false);
        assert!(!of.has_way());
        of.hold(B, true);
        assert!(!of.has_way(), "to be registered again is not enough");
        of.stands(A, 300, true);
        assert!(of.has_way());
        of.begin_anew();
        assert!(!of.has_way());
    }

    #[test]
    fn the_first_parent_has_the_first_place_and_counts_anew() {
        let mut of = Registration::default();
        of.stands(A, 100, true);
        of.stands(B, 100, false);
        of.down = Etx::settled(128, 0);
        of.taken(A, 200, (true, B), 0);
        assert_eq!((of.first(), of.down.value()), (A, Some(128)));
        of.taken(B, 200, (true, A), 0);
        assert_eq!((of.first(), of.down.value()), (B, None));
        assert!(of.is_held(A) && of.is_held(B));
        of.begin_anew();
        assert!(!of.is_held(A) && !of.is_held(B) && of.is_known_to(A, 0), "they know of it although it does not");
    }
}
