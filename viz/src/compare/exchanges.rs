//! Reports and reads of the same meters in two settings: how many arrived, and after how long.

use super::Setting;
use crate::VizError;
use amitwin_data::files::RunReader;
use amitwin_data::rows::{Outcome, TransactionKind, TransactionRow};
use amitwin_data::stats::{self, Interval};
use std::collections::BTreeMap;

/// What a meter has a value of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeterFigure {
    /// Share of its reports that arrived.
    ReportsArrived,
    /// Mean time from handing a report to the radio until it arrived, s, of those that did.
    ReportDelay,
    /// Share of the reads of it that were answered.
    ReadsSucceeded,
    /// Mean time from the first request to the answer, s, of those that came.
    ReadDelay,
}

impl MeterFigure {
    /// All of them, in the order of tables.
    pub const ALL: [MeterFigure; 4] =
        [MeterFigure::ReportsArrived, MeterFigure::ReportDelay, MeterFigure::ReadsSucceeded, MeterFigure::ReadDelay];

    /// Its name in JSON, with the unit.
    pub fn key(self) -> &'static str {
        match self {
            MeterFigure::ReportsArrived => "push_delivered_share",
            MeterFigure::ReportDelay => "push_delay_s",
            MeterFigure::ReadsSucceeded => "read_success_share",
            MeterFigure::ReadDelay => "read_delay_s",
        }
    }

    /// Its name in tables.
    pub fn label(self) -> &'static str {
        match self {
            MeterFigure::ReportsArrived => "reports arrived",
            MeterFigure::ReportDelay => "report delay",
            MeterFigure::ReadsSucceeded => "reads succeeded",
            MeterFigure::ReadDelay => "read delay",
        }
    }

    /// Whether it is a share, whose differences are averaged; those of times have a median.
    pub fn is_share(self) -> bool {
        matches!(self, MeterFigure::ReportsArrived | MeterFigure::ReadsSucceeded)
    }

    fn value(self, meter: &Exchanges) -> Option<f64> {
        let of = match self {
            MeterFigure::ReportsArrived | MeterFigure::ReportDelay => &meter.reports,
            MeterFigure::ReadsSucceeded | MeterFigure::ReadDelay => &meter.reads,
        };
        let (part, whole) = if self.is_share() { (f64::from(of.arrived), of.all) } else { (of.delay_s, of.arrived) };
        (whole > 0).then(|| part / f64::from(whole))
    }
}

/// A figure of the same meters in two settings that share a seed.
#[derive(Clone, Debug, PartialEq)]
pub struct MeterValueDifference {
    /// What it is compared with.
    pub baseline: Setting,
    /// What is compared.
    pub setting: Setting,
    /// Seed of both.
    pub seed: u64,
    /// The figure.
    pub figure: MeterFigure,
    /// Meters with a value in both.
    pub pairs: usize,
    /// Of these, meters whose value is lower in the setting than in the baseline.
    pub lower: usize,
    /// Of these, meters whose value is higher in the setting.
    pub higher: usize,
    /// Meters with a value in one of the two alone.
    pub in_one_only: usize,
    /// Setting less baseline with its 95 % interval: the mean of shares, the median of times in seconds.
    pub difference: Option<Interval>,
}

/// What became of exchanges of one kind with a meter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Tally {
    all: u32,
    arrived: u32,
    delay_s: f64,
}

/// What a meter said and was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Exchanges {
    reports: Tally,
    reads: Tally,
}

/// Reports and reads of each node of a variant and seed; rows, which may be millions, are dropped as they are read.
pub fn of(run: &RunReader, variant: &str, seed: u64) -> Result<BTreeMap<u32, Exchanges>, VizError> {
    let mut meters = BTreeMap::new();
    run.each_group(variant, seed, |rows: Vec<TransactionRow>| count(&mut meters, &rows))?;
    Ok(meters)
}

fn count(meters: &mut BTreeMap<u32, Exchanges>, rows: &[TransactionRow]) {
    for row in rows {
        let tally = match row.kind {
            TransactionKind::Push => &mut meters.entry(row.node).or_default().reports,
            TransactionKind::Read => &mut meters.entry(row.node).or_default().reads,
            _ => continue,
        };
        tally.all += 1;
        if let (Some(sent), Some(answered), Outcome::Ok) = (row.sent_s, row.answered_s, row.outcome) {
            tally.arrived += 1;
            tally.delay_s += (answered - sent).max(0.0);
        }
    }
}

/// Each figure that meters have in both settings; `same` has the node of a meter of `a` by that in `b`.
pub fn differences(
    (baseline, setting): (&Setting, &Setting),
    seed: u64,
    a: &BTreeMap<u32, Exchanges>,
    b: &BTreeMap<u32, Exchanges>,
    same: &BTreeMap<u32, u32>,
) -> Vec<MeterValueDifference> {
    let of = |figure: MeterFigure| {
        let value = |meters: &BTreeMap<u32, Exchanges>, node: &u32| figure.value(meters.get(node)?);
        let both = || same.iter().map(|(node_b, node_a)| (value(a, node_a), value(b, node_b)));
        let mut all: Vec<f64> = both().filter_map(|(a, b)| Some(b? - a?)).collect();
        (!all.is_empty()).then(|| MeterValueDifference {
            baseline: baseline.clone(),
            setting: setting.clone(),
            seed,
            figure,
            pairs: all.len(),
            lower: all.iter().filter(|v| **v < 0.0).count(),
            higher: all.iter().filter(|v| **v > 0.0).count(),
            in_one_only: both().filter(|(a, b)| a.is_some() != b.is_some()).count(),
            difference: if figure.is_share() { stats::mean(&all) } else { stats::median(&mut all) },
        })
    };
    MeterFigure::ALL.into_iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn report(node: u32, sent_s: f64, took_s: Option<f64>) -> TransactionRow {
        TransactionRow {
            transaction: 0,
            campaign: Arc::from(""),
            gateway: 0,
            sent_s: Some(sent_s),
            answered_s: took_s.map(|took| sent_s + took),
            outcome: if took_s.is_some() { Outcome::Ok } else { Outcome::Pending },
            attempts: 1,
            bytes: 96,
            ..TransactionRow::new(TransactionKind::Push, node, sent_s)
        }
    }

    #[test]
    fn reports_are_paired_meter_by_meter() {
        let tallied = |rows: &[TransactionRow]| {
            let mut meters = BTreeMap::new();
            count(&mut meters, rows);
            meters
        };
        // Meter 1: both arrive, after 2 and 4 s, mean 3; in the other run 1 of 2, after 1 s. Meter 2: none, then one after 5 s.
        let a = tallied(&[report(1, 0.0, Some(2.0)), report(1, 60.0, Some(4.0)), report(2, 0.0, None)]);
        let b = tallied(&[report(11, 0.0, Some(1.0)), report(11, 60.0, None), report(12, 0.0, Some(5.0))]);
        let same = BTreeMap::from([(11, 1), (12, 2)]);
        let setting = |name: &str| Setting { run: 0, variant: name.into() };
        let got = differences((&setting("a"), &setting("b")), 1, &a, &b, &same);
        let told: Vec<_> = got.iter().map(|d| (d.figure, d.pairs, d.lower, d.higher, d.in_one_only)).collect();
        assert_eq!(told, [(MeterFigure::ReportsArrived, 2, 1, 1, 0), (MeterFigure::ReportDelay, 1, 1, 0, 1)]);
        // Shares: half less and one more, mean a quarter. Delay: 1 s against 3 s.
        let middles: Vec<f64> = got.iter().filter_map(|d| Some(d.difference?.middle)).collect();
        assert_eq!(middles, [0.25, -2.0]);
    }
}
