//! What a network layer is made of.

use super::stack::Procedures;
use crate::medium::mesh::radio::error::MeanLoss;
use crate::spec::{Lease, Start};
use amitwin_sim_core::SimTime;

/// What a network layer is made of.
pub struct Parts {
    /// Timers and procedures of the stacks.
    pub procedures: Procedures,
    /// Faintest signal that a radio still receives now and then, dBm.
    pub faintest_dbm: f32,
    /// Loss of a usual data frame by level.
    pub data_loss: MeanLoss,
    /// Loss of an acknowledgement by level.
    pub ack_loss: MeanLoss,
    /// Hops above which a meter counts as unreachable.
    pub hops_max: u8,
    /// What becomes of an address in a reset.
    pub lease: Lease,
    /// How nodes begin.
    pub start: Start,
    /// Time between two snapshots of the links; zero: only at start and end.
    pub links_every: SimTime,
    /// How long an hour of the table `load` is; zero: there is none.
    pub load_every: SimTime,
    /// Latency of the backhaul over which the head-end is told of links each such hour, if it asks for that.
    pub tells_health: Option<SimTime>,
    /// Noise of a channel where nothing disturbs, dBm, if nodes at rest say nothing.
    pub rests: Option<f64>,
    /// Jobs of the head-end that may flood a command.
    pub jobs: u16,
    /// Further floods that may be under way at a time.
    pub spreads: u16,
}
