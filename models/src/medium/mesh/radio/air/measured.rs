//! What a link and a board are at a moment, for those who look at many radios at once: hours of the health of links, snapshots.

use super::{Air, UNITS_PER_MW};
use crate::climate::overheating::OverRun;
use crate::math::level_db;
use crate::medium::mesh::radio::heat::{Boards, LinkHeat};
use crate::node::Node;
use amitwin_sim_core::SimTime;

impl Air {
    /// Level of a link at a moment, with what wanders for hours and what heat does, and the noise that it is heard in, up and down; both in dBm.
    /// `None` where carriers are too far apart. `boards` are those of the moment.
    pub fn measured_dbm(
        &self,
        boards: Option<&Boards>,
        lower: Node,
        upper: Node,
        at: SimTime,
    ) -> Option<((f32, f32), (f32, f32))> {
        let slow_db = self.fading.slow_db(self.sites[lower], self.sites[upper], at) as f32;
        let heard = |from: Node, to: Node| {
            let heat = match (&self.heat, boards) {
                (Some(heat), Some(boards)) => heat.link_then(boards, (from, self.sites[from]), (to, self.sites[to]))?,
                _ => LinkHeat::default(),
            };
            let noise_dbm = level_db(self.noise_at(to, &self.overlay) / UNITS_PER_MW) + heat.noise_db;
            Some((self.link_dbm(from, to)? + slow_db - heat.loss_db as f32, noise_dbm as f32))
        };
        Some((heard(lower, upper)?, heard(upper, lower)?))
    }

    /// The boards of all kinds of boxes at a moment, if there is weather.
    pub fn boards(&self, at: SimTime) -> Option<Boards> {
        self.heat.as_ref().map(|heat| heat.boards(at))
    }

    /// Temperature of a radio's board then, C.
    pub fn board_c(&self, boards: Option<&Boards>, node: Node) -> Option<f32> {
        Some(self.heat.as_ref()?.then_c(boards?, node) as f32)
    }

    /// A radio's board at the full hours of the run, if there is weather.
    pub fn over_run(&self, node: Node) -> Option<OverRun> {
        self.heat.as_ref().map(|heat| heat.over_run(node))
    }
}
