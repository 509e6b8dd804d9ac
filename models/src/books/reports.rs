//! The `transactions` row of a regular report: written where its fate is settled.

use super::{Books, Node, TransactionId};
use crate::context::Facts;
use crate::medium::message::{Body, Carried, Message};
use amitwin_data::rows::{Added, Outcome, TransactionRow};
use amitwin_sim_core::SimTime;
use std::sync::Arc;

/// A regular report whose fate is settled.
#[derive(Clone, Copy, Debug)]
pub struct PushReport {
    /// The meter.
    pub origin: Node,
    /// Number of the report at its meter.
    pub number: u32,
    /// When it was due.
    pub planned: SimTime,
    /// Transmissions by its meter; 0 if the radio never got it.
    pub attempts: u8,
    /// Hops to the border router as it was sent; 0 without a route.
    pub distance: u8,
    /// Hops that it made.
    pub hops_made: u8,
    /// Payload above UDP, bytes.
    pub bytes: u16,
}

impl PushReport {
    /// What the books say of a regular report; `None` for other messages.
    pub fn of(carried: Carried) -> Option<PushReport> {
        let Carried { origin, hops, message } = carried;
        let Body::Push { number } = message.body else { return None };
        let Message { planned, attempts, distance, bytes, .. } = *message;
        Some(PushReport { origin, number, planned, attempts, distance, hops_made: hops, bytes })
    }
}

impl Books {
    /// A message was lost: of a regular report there is a row.
    pub fn message_lost(&mut self, facts: &Facts, carried: Carried) {
        if let Some(report) = PushReport::of(carried) {
            self.report(facts, &report, Outcome::Failed, None);
        }
    }

    /// Writes what became of a report, and when the head-end has it.
    pub fn report(&mut self, facts: &Facts, of: &PushReport, outcome: Outcome, answered: Option<SimTime>) {
        let node = facts.sites[of.origin];
        let id = TransactionId::Push { meter: node, number: of.number };
        self.rows.transactions.push(TransactionRow {
            transaction: id.number(),
            kind: id.kind(),
            campaign: Arc::from(""),
            node: node.0,
            gateway: facts.sites[self.gateway_of(facts, of.origin)].0,
            planned_s: of.planned.secs_f64(),
            sent_s: (of.attempts > 0).then(|| of.planned.secs_f64()),
            reset_s: None,
            acknowledged: None,
            answered_s: answered.map(SimTime::secs_f64),
            outcome,
            attempts: u16::from(of.attempts),
            hops: (of.distance > 0).then_some(of.distance),
            hops_made: Some(of.hops_made),
            bytes: u32::from(of.bytes),
            held_by: Added::default(),
        });
    }
}
