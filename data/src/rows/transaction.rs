//! A transaction of which nothing is known yet.

use super::{Added, Outcome, TransactionKind, TransactionRow};
use std::sync::Arc;

impl TransactionRow {
    /// One that was due and of which nothing has come: for those who fill in what they know.
    pub fn new(kind: TransactionKind, node: u32, planned_s: f64) -> TransactionRow {
        TransactionRow {
            transaction: 0,
            kind,
            campaign: Arc::default(),
            node,
            gateway: 0,
            planned_s,
            sent_s: None,
            reset_s: None,
            acknowledged: None,
            answered_s: None,
            outcome: Outcome::Pending,
            attempts: 0,
            hops: None,
            hops_made: None,
            bytes: 0,
            held_by: Added::default(),
            image_state: Added::default(),
            rounds: Added::default(),
            blocks_alone: Added::default(),
            blocks_again: Added::default(),
            complete_s: Added::default(),
            verified_s: Added::default(),
            clock_off_s: Added::default(),
            wave: Added::default(),
        }
    }
}
