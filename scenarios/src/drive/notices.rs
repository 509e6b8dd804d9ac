//! What meters tell of themselves: health reports and keep-alives, and what the head-end learns from them.

use super::ran::Ran;
use amitwin_data::metrics::Metric;
use amitwin_data::rows::{EventKind, EventRow, Outcome, TransactionKind, TransactionRow};
use std::collections::BTreeMap;

/// Value of an undisturbed voltage in `events`, thousandths of the nominal one.
const NOMINAL: i32 = 1_000;
const DAY_S: f64 = 86_400.0;

/// A disturbance at a meter.
#[derive(Clone, Copy)]
struct Disturbance {
    from_s: f64,
    to_s: f64,
    /// When the head-end had the first report about it.
    told_s: Option<f64>,
}

/// Messages of a kind.
#[derive(Default)]
struct Messages {
    all: u64,
    arrived: u64,
    bytes: u64,
}

impl Messages {
    fn add(&mut self, row: &TransactionRow) {
        self.all += 1;
        if row.outcome == Outcome::Ok {
            self.arrived += 1;
            self.bytes += u64::from(row.bytes);
        }
    }

    fn arrived_share(&self) -> Option<f64> {
        (self.all > 0).then(|| self.arrived as f64 / self.all as f64)
    }
}

/// Sums over the rows.
#[derive(Default)]
pub struct Notices {
    /// Time between two samples, s, if a value is watched.
    every_s: Option<f64>,
    has_keep_alives: bool,
    health: Messages,
    keep_alives: Messages,
    disturbances: BTreeMap<u32, Vec<Disturbance>>,
    /// When each node went down or hung, and ran again, s.
    down: BTreeMap<u32, Vec<(f64, f64)>>,
    /// Whom the head-end took for silent, and when, s.
    silent: Vec<(u32, f64)>,
}

impl Notices {
    /// Of a run whose meters watch a value so often, or send keep-alives.
    pub fn new(every_s: Option<f64>, has_keep_alives: bool) -> Notices {
        Notices { every_s, has_keep_alives, ..Notices::default() }
    }

    /// Adds a batch.
    pub fn update(&mut self, events: &[EventRow], transactions: &[TransactionRow]) {
        if self.every_s.is_none() && !self.has_keep_alives {
            return;
        }
        for row in events {
            self.happened(row);
        }
        for row in transactions {
            match row.kind {
                TransactionKind::Health => {
                    self.health.add(row);
                    self.told(row);
                }
                TransactionKind::KeepAlive => self.keep_alives.add(row),
                _ => {}
            }
        }
    }

    fn happened(&mut self, row: &EventRow) {
        match row.kind {
            EventKind::Voltage => {
                let all = self.disturbances.entry(row.node).or_default();
                if let Some(last) = all.last_mut() {
                    last.to_s = last.to_s.min(row.time_s);
                }
                if row.value != NOMINAL {
                    all.push(Disturbance { from_s: row.time_s, to_s: f64::INFINITY, told_s: None });
                }
            }
            EventKind::PowerDown | EventKind::Hang => {
                let all = self.down.entry(row.node).or_default();
                if all.last().is_none_or(|last| last.1.is_finite()) {
                    all.push((row.time_s, f64::INFINITY));
                }
            }
            // A soft reset, which ends a hang at once; the others end with a boot.
            EventKind::Reset if row.value != 0 => {}
            EventKind::Boot | EventKind::Reset => {
                if let Some(last) = self.down.get_mut(&row.node).and_then(|all| all.last_mut()) {
                    last.1 = last.1.min(row.time_s);
                }
            }
            EventKind::Silent => self.silent.push((row.node, row.time_s)),
            _ => {}
        }
    }

    /// A health report may be the first about a disturbance.
    fn told(&mut self, row: &TransactionRow) {
        let (Outcome::Ok, Some(answered_s)) = (row.outcome, row.answered_s) else { return };
        let all = self.disturbances.get_mut(&row.node).into_iter().flatten();
        for of in all.filter(|of| (of.from_s..of.to_s).contains(&row.planned_s)) {
            of.told_s = Some(of.told_s.map_or(answered_s, |told_s| told_s.min(answered_s)));
        }
    }

    /// Since when a node had been down at a time.
    fn down_since(&self, node: u32, time_s: f64) -> Option<f64> {
        let all = self.down.get(&node)?;
        all.iter().find(|(from, to)| (*from..*to).contains(&time_s)).map(|down| down.0)
    }

    /// What is written for a figure: nothing where it does not apply, an empty value where it was not reached.
    pub fn written(&self, metric: Metric, ran: &Ran<'_>) -> Option<Option<f64>> {
        let disturbances = || self.disturbances.values().flatten();
        let told = || disturbances().filter_map(|of| Some(of.told_s? - of.from_s)).collect();
        let silent = || self.silent.iter().filter_map(|&(node, at)| Some(at - self.down_since(node, at)?)).collect();
        let count = |n: usize| Some(Some(n as f64));
        let (health, alive) = (self.every_s, self.has_keep_alives.then_some(()));
        let of_disturbances = |value: Option<f64>| disturbances().next().map(|_| value);
        match metric {
            Metric::HealthReports => health.and(Some(Some(self.health.all as f64))),
            Metric::HealthArrivedShare => health.and(self.health.arrived_share().map(Some)),
            Metric::HealthKb => health.and(Some(Some(self.health.bytes as f64 / 1e3))),
            Metric::Disturbances => health.and(of_disturbances(Some(disturbances().count() as f64))),
            Metric::DisturbancesToldShare => {
                let told: Vec<f64> = told();
                health.and(of_disturbances(Some(told.len() as f64 / disturbances().count() as f64)))
            }
            Metric::DisturbanceToldP50S => health.and(of_disturbances(rank(told(), 0.5))),
            Metric::DisturbanceToldP95S => health.and(of_disturbances(rank(told(), 0.95))),
            Metric::FalseAlarmsPerMeterDay => {
                let days = ran.counters.health_watched as f64 * health? / DAY_S;
                (days > 0.0).then(|| Some(ran.counters.health_false as f64 / days))
            }
            Metric::KeepAlives => alive.and(Some(Some(self.keep_alives.all as f64))),
            Metric::KeepAlivesArrivedShare => alive.and(self.keep_alives.arrived_share().map(Some)),
            Metric::SilentMeters => alive.and(count(self.silent.len())),
            Metric::SilentFalse => {
                let ran = self.silent.iter().filter(|(node, at)| self.down_since(*node, *at).is_none());
                alive.and(count(ran.count()))
            }
            Metric::SilentToldP50S => alive.map(|()| rank(silent(), 0.5)),
            Metric::SilentToldP95S => alive.map(|()| rank(silent(), 0.95)),
            _ => None,
        }
    }
}

/// Nearest rank.
pub(super) fn rank(mut of: Vec<f64>, share: f64) -> Option<f64> {
    of.sort_by(f64::total_cmp);
    let rank = (share * of.len() as f64).ceil().max(1.0) as usize;
    of.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(time_s: f64, node: u32, kind: EventKind, value: i32) -> EventRow {
        EventRow { time_s, node, kind, value }
    }

    fn report(node: u32, planned_s: f64, answered_s: Option<f64>) -> TransactionRow {
        TransactionRow {
            transaction: 0,
            campaign: "".into(),
            gateway: 0,
            sent_s: Some(planned_s),
            answered_s,
            outcome: if answered_s.is_some() { Outcome::Ok } else { Outcome::Failed },
            attempts: 1,
            bytes: 90,
            ..TransactionRow::new(TransactionKind::Health, node, planned_s)
        }
    }

    #[test]
    fn the_first_report_within_a_disturbance_tells_of_it() {
        let mut notices = Notices::new(Some(60.0), false);
        let voltage = |time_s, node, value| event(time_s, node, EventKind::Voltage, value);
        let events = [voltage(100.0, 1, 900), voltage(100.0, 2, 900), voltage(400.0, 1, 1_000), voltage(500.0, 1, 850)];
        let reports = [
            report(1, 99.0, Some(101.0)),
            report(1, 180.0, None),
            report(1, 240.0, Some(241.0)),
            report(1, 200.0, Some(230.0)),
            // After its end, and before the next.
            report(1, 450.0, Some(451.0)),
        ];
        notices.update(&events, &reports);
        let told: Vec<_> = notices.disturbances.values().flatten().map(|of| (of.from_s, of.told_s)).collect();
        assert_eq!(told, [(100.0, Some(230.0)), (500.0, None), (100.0, None)]);
        assert_eq!((notices.health.all, notices.health.arrived, notices.health.bytes), (5, 4, 360));
    }

    #[test]
    fn a_meter_is_silent_since_it_went_down_or_hung() {
        let mut notices = Notices::new(None, true);
        notices.update(
            &[
                event(50.0, 1, EventKind::Hang, 0),
                event(80.0, 1, EventKind::Reset, 0),
                event(100.0, 1, EventKind::Hang, 0),
                // A warm reset, and the boot after it.
                event(300.0, 1, EventKind::Reset, 1),
                event(300.0, 1, EventKind::PowerDown, 1),
                event(320.0, 1, EventKind::Boot, 1),
            ],
            &[],
        );
        let since = [60.0, 90.0, 310.0, 330.0].map(|at| notices.down_since(1, at));
        assert_eq!(since, [Some(50.0), None, Some(100.0), None]);
    }
}
