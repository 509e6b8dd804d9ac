//! From which level on a radio finds a channel busy.

use super::{Air, UNITS_PER_MW};
use crate::check::{ensure, same_count};
use crate::math::ratio;
use crate::node::{Node, PerNode};

/// The same level for all, or one for each own radio.
pub(super) struct Cca {
    all: u64,
    own: PerNode<i8>,
    /// Of those that have just been switched on another one, dBm; 0: none.
    first: PerNode<i8>,
    /// Levels of 0, -1, -2 ... dBm.
    of_dbm: [u64; 129],
}

impl Cca {
    pub(super) fn new(dbm: f64) -> Self {
        let of = |dbm: f64| (ratio(dbm) * UNITS_PER_MW) as u64;
        Cca {
            all: of(dbm),
            own: PerNode(Vec::new()),
            first: PerNode(Vec::new()),
            of_dbm: std::array::from_fn(|below| of(-(below as f64))),
        }
    }

    /// Level from which on `node` finds a channel busy.
    #[inline]
    pub(super) fn of(&self, node: Node) -> u64 {
        let Some(&own) = self.own.0.get(node.at()) else { return self.all };
        let dbm = if self.first[node] == 0 { own } else { self.first[node] };
        self.of_dbm[usize::from(dbm.unsigned_abs())]
    }

    pub(super) fn bytes(&self) -> usize {
        self.own.bytes() + self.first.bytes()
    }
}

impl Air {
    /// Gives each own radio a level of its own from which on it finds a channel busy, dBm, none above 0.
    pub fn set_cca(&mut self, own_dbm: PerNode<i8>) {
        self.levels.cca.first = PerNode::of(0, own_dbm.len());
        self.levels.cca.own = own_dbm;
    }

    /// A radio that has a level of its own has another one until further notice, dBm; `None`: no longer.
    pub fn set_first_cca(&mut self, node: Node, dbm: Option<i8>) {
        if let Some(first) = self.levels.cca.first.0.get_mut(node.at()) {
            *first = dbm.unwrap_or(0);
        }
    }

    pub(super) fn first_cca(&self) -> &PerNode<i8> {
        &self.levels.cca.first
    }

    pub(super) fn restore_first_cca(&mut self, first: PerNode<i8>) -> Result<(), String> {
        let cca = &mut self.levels.cca;
        same_count("air: levels of busy channels", first.len(), cca.first.len())?;
        ensure(first.0.iter().all(|dbm| *dbm <= 0), || "air: a channel is busy above 0 dBm alone".to_owned())?;
        cca.first = first;
        Ok(())
    }
}
