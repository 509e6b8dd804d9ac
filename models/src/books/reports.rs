//! The `transactions` row of what a meter says by itself: written where its fate is settled.

use super::{Books, Loss, Node, TransactionId};
use crate::backhaul::{Alarm, Notice};
use crate::context::Facts;
use crate::medium::message::{Body, Carried, Message};
use amitwin_data::rows::{Outcome, TransactionRow};
use amitwin_sim_core::SimTime;
use std::sync::Arc;

/// What a meter says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// A regular report.
    Push {
        /// Its number at the meter.
        number: u32,
    },
    /// Something about itself.
    Notice {
        /// What.
        notice: Notice,
        /// Number of the sample or of the period.
        number: u32,
    },
    /// Something about its supply.
    Alarm {
        /// What.
        alarm: Alarm,
        /// Which of its outages it is about.
        outage: u16,
    },
}

/// A report of a meter's own accord whose fate is settled.
#[derive(Clone, Copy, Debug)]
pub struct OwnReport {
    /// The meter.
    pub origin: Node,
    /// What it says.
    pub says: Says,
    /// When its cause was there: it was due, or the supply failed or came back.
    pub planned: SimTime,
    /// When it was handed to the radio; a regular report is when it is due.
    pub sent: Option<SimTime>,
    /// Transmissions by its meter; 0 if the radio never got it.
    pub attempts: u8,
    /// Hops to the border router as it was sent; 0 without a route.
    pub distance: u8,
    /// Hops that it made.
    pub hops_made: u8,
    /// Payload above UDP, bytes.
    pub bytes: u16,
}

impl OwnReport {
    /// What the books say of a meter's own reports, of which one message may carry several; of none for other messages.
    pub fn of(carried: Carried) -> impl Iterator<Item = OwnReport> {
        let Carried { origin, hops, message } = carried;
        let Message { planned, attempts, distance, bytes, .. } = *message;
        let (says, sent, count, period) = match message.body {
            Body::Push { number } => (Says::Push { number }, planned, 1, SimTime::ZERO),
            Body::Bundle { number, count, period } => (Says::Push { number }, planned, count, period),
            Body::Alarm { alarm, outage, sent } => (Says::Alarm { alarm, outage }, sent, 1, SimTime::ZERO),
            Body::Notice { notice, number } => (Says::Notice { notice, number }, planned, 1, SimTime::ZERO),
            _ => (Says::Push { number: 0 }, planned, 0, SimTime::ZERO),
        };
        let last = OwnReport {
            origin,
            says,
            planned,
            sent: Some(sent),
            attempts,
            distance,
            hops_made: hops,
            bytes: bytes / count.max(1),
        };
        (0..u32::from(count)).rev().map(move |n| last.before(n, period))
    }

    /// The regular report so many before this one.
    pub fn before(self, n: u32, period: SimTime) -> OwnReport {
        let says = match self.says {
            Says::Push { number } => Says::Push { number: number - n },
            says => says,
        };
        let before = SimTime::from_nanos(period.nanos() * u64::from(n));
        OwnReport { says, planned: self.planned.saturating_sub(before), ..self }
    }
}

impl Books {
    /// A message was lost, or one of the copies of a flood: of a meter's own report there is a row.
    pub fn message_lost(&mut self, facts: &Facts, carried: Carried, why: Loss) {
        let is_flood = matches!(carried.message.body, Body::Flood { .. } | Body::Spread { .. });
        self.counters.flood_copies_lost += u64::from(is_flood);
        for report in OwnReport::of(carried) {
            self.report_lost(facts, &report, why);
        }
    }

    /// A meter's own report was lost.
    pub fn report_lost(&mut self, facts: &Facts, of: &OwnReport, why: Loss) {
        if matches!(of.says, Says::Alarm { alarm: Alarm::LastGasp, .. }) {
            self.counters.gasps_lost[why as usize] += 1;
        }
        self.report(facts, of, Outcome::Failed, None);
    }

    /// Writes what became of a report, and when the head-end has it.
    pub fn report(&mut self, facts: &Facts, of: &OwnReport, outcome: Outcome, answered: Option<SimTime>) {
        let meter = facts.sites[of.origin];
        let id = match of.says {
            Says::Push { number } => TransactionId::Push { meter, number },
            Says::Notice { notice, number } => TransactionId::Notice { notice, meter, number },
            Says::Alarm { alarm, outage } => TransactionId::Alarm { alarm, meter, outage, attempt: of.attempts },
        };
        self.rows.transactions.push(TransactionRow {
            transaction: id.number(),
            campaign: Arc::from(""),
            gateway: facts.sites[self.gateway_of(facts, of.origin)].0,
            sent_s: of.sent.filter(|_| of.attempts > 0).map(SimTime::secs_f64),
            answered_s: answered.map(SimTime::secs_f64),
            outcome,
            attempts: u16::from(of.attempts),
            hops: (of.distance > 0).then_some(of.distance),
            hops_made: Some(of.hops_made),
            bytes: u32::from(of.bytes),
            ..TransactionRow::new(id.kind(), meter.0, of.planned.secs_f64())
        });
    }
}
