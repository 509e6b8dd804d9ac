//! From rows to the figures of the results table.

use amitwin_data::rows::{Outcome, Rows, TransactionKind};
use amitwin_models::campaign::Plan;
use amitwin_models::part::Part;
use amitwin_models::region::Counters;
use amitwin_sim_core::{Engine, Local, SimTime};
use std::collections::BTreeMap;

/// Sums over the rows of a variant.
pub struct Figures {
    /// Start of the first campaign, s.
    start_s: Option<f64>,
    end_s: f64,
    resets: u32,
    back: u32,
    failed: u32,
    /// Meters that did reset, and that the head-end does not know to be back.
    unknown: u32,
    /// Meters that did reset though no answer to their command arrived.
    unacknowledged: u32,
    /// Time from reset to being heard again of each meter that is back, s.
    rejoin_s: Vec<f64>,
    /// Time from the campaign's start of each meter that is back, s.
    since_start_s: Vec<f64>,
    last_back_s: f64,
    pushes: u64,
    pushes_ok: u64,
    reads: u64,
    reads_ok: u64,
    reads_failed: u64,
    reads_refused: u64,
    reads_skipped: u64,
    /// Busy share of each border router and minute since the first campaign's start.
    busy: BTreeMap<u32, Vec<(f64, f32)>>,
    collisions: u64,
}

impl Figures {
    /// Nothing seen yet.
    pub fn new(plan: &Plan, duration: SimTime) -> Self {
        Figures {
            start_s: plan.campaigns.first().map(|c| c.at.secs_f64()),
            end_s: duration.secs_f64(),
            resets: 0,
            back: 0,
            failed: 0,
            unknown: 0,
            unacknowledged: 0,
            rejoin_s: Vec::new(),
            since_start_s: Vec::new(),
            last_back_s: 0.0,
            pushes: 0,
            pushes_ok: 0,
            reads: 0,
            reads_ok: 0,
            reads_failed: 0,
            reads_refused: 0,
            reads_skipped: 0,
            busy: BTreeMap::new(),
            collisions: 0,
        }
    }

    /// Adds a batch.
    pub fn update(&mut self, rows: &Rows) {
        for row in &rows.transactions {
            match row.kind {
                TransactionKind::Reset => {
                    self.resets += 1;
                    let unknown = row.outcome != Outcome::Ok && row.reset_s.is_some();
                    self.unknown += u32::from(unknown);
                    self.unacknowledged += u32::from(row.acknowledged == Some(false) && row.reset_s.is_some());
                    match (row.outcome, row.answered_s, row.reset_s) {
                        (Outcome::Ok, Some(answered), Some(reset)) => {
                            self.back += 1;
                            self.rejoin_s.push(answered - reset);
                            self.since_start_s.push(answered - self.start_s.unwrap_or(0.0));
                            self.last_back_s = self.last_back_s.max(answered);
                        }
                        (Outcome::Failed | Outcome::Unreachable | Outcome::Refused, ..) => self.failed += 1,
                        _ => {}
                    }
                }
                TransactionKind::Push => {
                    self.pushes += 1;
                    self.pushes_ok += u64::from(row.outcome == Outcome::Ok);
                }
                TransactionKind::Read => {
                    self.reads += 1;
                    self.reads_ok += u64::from(row.outcome == Outcome::Ok);
                    self.reads_failed += u64::from(matches!(row.outcome, Outcome::Failed | Outcome::Unreachable));
                    self.reads_refused += u64::from(row.outcome == Outcome::Refused);
                    self.reads_skipped += u64::from(row.outcome == Outcome::Skipped);
                }
            }
        }
        for row in &rows.airtime {
            self.collisions += u64::from(row.collisions);
            // A minute that ends before the campaign starts says nothing about it.
            if row.time_s + 60.0 > self.start_s.unwrap_or(0.0) {
                self.busy.entry(row.gateway).or_default().push((row.time_s, row.busy_share));
            }
        }
    }

    /// Smallest time by which `share` of all commanded meters are back (nearest rank), s.
    fn rejoin_at(&self, sorted: &[f64], share: f64) -> Option<f64> {
        let rank = (share * f64::from(self.resets)).ceil().max(1.0) as usize;
        sorted.get(rank - 1).copied()
    }

    /// Mean busy share of the busiest border router from the campaign's start until the last meter is back, or to the
    /// end if some are not.
    fn busiest(&self) -> Option<f64> {
        let end = if self.resets > 0 && self.back == self.resets { self.last_back_s } else { self.end_s };
        let mean = |rows: &Vec<(f64, f32)>| {
            let within: Vec<f64> = rows.iter().filter(|r| r.0 < end).map(|r| f64::from(r.1)).collect();
            (!within.is_empty()).then(|| within.iter().sum::<f64>() / within.len() as f64)
        };
        self.busy.values().filter_map(mean).reduce(f64::max)
    }

    /// Writes everything into the summary's metrics.
    pub fn write(
        mut self,
        engine: &Engine<Part, Local>,
        plan: &Plan,
        now: SimTime,
        metrics: &mut BTreeMap<String, Option<f64>>,
    ) {
        self.end_s = now.secs_f64();
        let mut counters = Counters::default();
        engine.partitions().filter_map(Part::mesh).for_each(|m| counters.add(&m.counters));
        let mut put = |name: &str, value: Option<f64>| {
            metrics.insert(name.to_owned(), value);
        };
        if self.resets > 0 {
            let all = f64::from(self.resets);
            put("commanded", Some(all));
            put("back", Some(f64::from(self.back)));
            put("failed", Some(f64::from(self.failed)));
            put("resets_unheard", Some(f64::from(self.unknown)));
            put("resets_unacknowledged", Some(f64::from(self.unacknowledged)));
            put("pending", Some(f64::from(self.resets - self.back - self.failed)));
            for minutes in [5u32, 30, 60] {
                let within = self.since_start_s.iter().filter(|s| **s <= f64::from(minutes) * 60.0).count();
                put(&format!("back_{minutes}min_share"), Some(within as f64 / all));
            }
            let mut sorted = std::mem::take(&mut self.rejoin_s);
            sorted.sort_by(f64::total_cmp);
            for (name, share) in [("rejoin_p50_s", 0.5), ("rejoin_p95_s", 0.95), ("rejoin_p99_s", 0.99)] {
                put(name, self.rejoin_at(&sorted, share));
            }
            put("campaign_start_s", self.start_s);
            put("reset_window_s", plan.campaigns.first().map(|c| c.window.secs_f64()));
        }
        put("border_router_busy_share", self.busiest());
        put("collisions", Some(counters.collided as f64));
        put("border_router_collisions", Some(self.collisions as f64));
        put("retries", Some(counters.retries as f64));
        put("frames", Some((counters.frames + counters.acks) as f64));
        put("sweep_frames", Some(counters.sweep_frames as f64));
        put("dropped", Some(counters.dropped as f64));
        for (name, lost) in
            ["queue_full", "retries", "reset", "no_route", "too_far", "reassembly"].iter().zip(counters.lost)
        {
            put(&format!("dropped_{name}"), Some(lost as f64));
        }
        put("duplicates", Some(counters.duplicates as f64));
        put("access_failures", Some(counters.access_failures as f64));
        put("events", Some(engine.events() as f64));
        put("transactions", Some((self.pushes + self.reads) as f64 + f64::from(self.resets)));
        put("transactions_ok", Some((self.pushes_ok + self.reads_ok) as f64 + f64::from(self.back)));
        put("push_delivered_share", (self.pushes > 0).then(|| self.pushes_ok as f64 / self.pushes as f64));
        if let Some(head_end) = engine.partitions().find_map(Part::head_end) {
            let delays = &head_end.push_delay_ms;
            if !delays.is_empty() {
                for (name, share) in [("push_delay_p50_s", 0.5), ("push_delay_p95_s", 0.95), ("push_delay_p99_s", 0.99)]
                {
                    put(name, Some(delays.value_at_quantile(share) as f64 / 1000.0));
                }
            }
            put("duplicate_reports", Some(head_end.duplicates as f64));
            let count = |n: u64| Some(n as f64);
            if self.reads > 0 {
                put("reads", count(self.reads));
                put("reads_ok", count(self.reads_ok));
                put("reads_failed", count(self.reads_failed));
                put("reads_refused", count(self.reads_refused));
                put("reads_skipped", count(self.reads_skipped));
                put("read_success_share", Some(self.reads_ok as f64 / self.reads as f64));
                let delays = &head_end.polls.delay_ms;
                let quantile = |share| (!delays.is_empty()).then(|| delays.value_at_quantile(share) as f64 / 1000.0);
                put("read_delay_p50_s", quantile(0.5));
                put("read_delay_p95_s", quantile(0.95));
                put("read_delay_p99_s", quantile(0.99));
                put("reads_late", count(head_end.polls.late));
                put("profile_rows", count(head_end.polls.ledger.kept));
                put("profile_rows_duplicate", count(head_end.polls.ledger.duplicates));
            }
            let talk = &head_end.talk;
            put("apdu_duplicates", count(talk.duplicates));
            put("apdu_rejected", count(talk.wrong));
            if talk.values > 0 {
                put("values_checked", count(talk.values));
                put("values_wrong", count(talk.values_wrong));
            }
        }
    }
}
