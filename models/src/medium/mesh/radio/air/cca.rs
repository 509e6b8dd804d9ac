//! From which level on a radio finds a channel busy.

use super::{Air, UNITS_PER_MW};
use crate::math::ratio;
use crate::node::{Node, PerNode};

/// The same level for all, or one for each own radio.
pub(super) struct Cca {
    all: u64,
    own: PerNode<i8>,
    /// Levels of 0, -1, -2 ... dBm.
    of_dbm: [u64; 129],
}

impl Cca {
    pub(super) fn new(dbm: f64) -> Self {
        let of = |dbm: f64| (ratio(dbm) * UNITS_PER_MW) as u64;
        Cca { all: of(dbm), own: PerNode(Vec::new()), of_dbm: std::array::from_fn(|below| of(-(below as f64))) }
    }

    /// Level from which on `node` finds a channel busy.
    #[inline]
    pub(super) fn of(&self, node: Node) -> u64 {
        self.own.0.get(node.at()).map_or(self.all, |dbm| self.of_dbm[usize::from(dbm.unsigned_abs())])
    }

    pub(super) fn bytes(&self) -> usize {
        self.own.bytes()
    }
}

impl Air {
    /// Gives each own radio a level of its own from which on it finds a channel busy, dBm, none above 0.
    pub fn set_cca(&mut self, own_dbm: PerNode<i8>) {
        self.levels.cca.own = own_dbm;
    }
}
