//! What the parts of a world counted themselves.

use amitwin_models::books::Counters;
use amitwin_models::headend::HeadEnd;
use amitwin_models::plan::Plan;
use amitwin_sim_core::SimTime;

/// What the parts of a world counted themselves.
pub struct Ran<'a> {
    /// Who resets when.
    pub plan: &'a Plan,
    /// Sums of all meshes.
    pub counters: Counters,
    /// Images written to flash.
    pub flash_writes: u64,
    /// Relays with open contacts, and how often contacts have moved.
    pub relays: (u64, u64),
    /// Events of the engine.
    pub events: u64,
    /// The head-end.
    pub head_end: Option<&'a HeadEnd>,
    /// When the run ended.
    pub now: SimTime,
    /// What the clocks of meters show too much, s, and what makes one wrong, if they drift.
    pub clocks: Option<(Vec<f64>, f64)>,
    /// Meters whose application hangs.
    pub hung: u32,
}
