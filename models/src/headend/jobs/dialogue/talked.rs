//! A meter that a campaign talks to: which question is under way, and what is known by now.

use super::flood::Told;
use crate::apdu::Ask;
use crate::headend::links::Lack;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// So often a dialogue turns back to a question that it has been through.
pub(super) const TURNS_MAX: u8 = 6;

/// A meter that the campaign talks to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Talked {
    pub position: u32,
    /// When its turn came.
    pub planned: SimTime,
    pub lack: Option<Lack>,
    pub ask: Ask,
    /// When the question under way left, and the first one.
    pub sent_at: SimTime,
    pub sent: Option<SimTime>,
    /// Tries of the question under way, and all of them.
    pub tries: u16,
    pub attempts: u16,
    /// Times that it turned back to an earlier question.
    pub turned: u8,
    pub bytes: u32,
    pub hops: u8,
    /// How long a message was on its way.
    pub one_way: SimTime,
    /// When its new certificate was issued.
    pub issued: SimTime,
    /// What its clock was off by.
    pub off_s: Option<f32>,
    /// Generation of the keys that it is to get; 0: not told yet.
    pub generation: u32,
    /// That of the broadcast key that it is to get; 0: none.
    pub broadcast: u16,
    /// An answer was lost after which two keys are possible.
    pub recovers: bool,
    /// Something of the meter has been changed.
    pub changed: bool,
    /// How it has been told.
    pub told: Told,
}

impl Talked {
    pub fn new(position: u32, planned: SimTime, lack: Option<Lack>) -> Talked {
        Talked {
            position,
            planned,
            lack,
            ask: Ask::Clock,
            sent_at: planned,
            sent: None,
            tries: 0,
            attempts: 0,
            turned: 0,
            bytes: 0,
            hops: 0,
            one_way: SimTime::ZERO,
            issued: planned,
            off_s: None,
            generation: 0,
            broadcast: 0,
            recovers: false,
            changed: false,
            told: Told::Alone,
        }
    }

    /// Turns back to an earlier question, unless it has done so too often.
    pub fn turns(&mut self) -> bool {
        self.turned += 1;
        self.turned <= TURNS_MAX
    }
}
