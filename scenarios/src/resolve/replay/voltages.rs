//! Under- and overvoltages of a log become events of the devices that they are about.

use super::{EventSpec, ReplayKind};
use amitwin_models::spec::{Act, Target, Voltage};
use amitwin_sim_core::SimTime;
use std::collections::BTreeMap;

/// What meters have by the limits of EN 50160 where a log does not say how much it is.
const LOW: f64 = 0.9;
const HIGH: f64 = 1.1;

/// Voltages of the devices of a log.
#[derive(Default)]
pub(super) struct Voltages(BTreeMap<u32, Vec<(i128, u64, u32)>>);

/// Lines that no disturbance follows from.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Unplayed {
    pub outside: usize,
    pub repeated: usize,
}

/// When one lasts, and how much of the nominal voltage it is, in thousandths.
type Disturbance = (SimTime, Option<SimTime>, u32);

impl Voltages {
    /// One more line of a device, that many ns into the run; `detail` may say which share of the nominal voltage it is.
    pub fn add(&mut self, site: u32, (ns, line): (i128, u64), kind: ReplayKind, detail: &str) {
        let said = || detail.trim().parse().ok().filter(|level| (0.01..=2.0).contains(level));
        let level: f64 = match kind {
            ReplayKind::Undervoltage => said().unwrap_or(LOW),
            ReplayKind::Overvoltage => said().unwrap_or(HIGH),
            _ => 1.0,
        };
        self.0.entry(site).or_default().push((ns, line, libm::round(1_000.0 * level) as u32));
    }

    /// Devices by what is the matter with their voltage, within a run; and how many lines lie outside of it or say again what is so already.
    fn disturbances(self, duration: SimTime) -> (BTreeMap<Disturbance, Vec<u32>>, Unplayed) {
        let mut unplayed = Unplayed::default();
        let mut all: BTreeMap<Disturbance, Vec<u32>> = BTreeMap::new();
        for (site, mut lines) in self.0 {
            lines.sort_unstable();
            let ends = lines.iter().skip(1).map(|line| line.0).chain([i128::MAX]).collect::<Vec<_>>();
            // The line before is of a disturbance that this one ends.
            let mut ended = false;
            for (&(since, _, level), until) in lines.iter().zip(ends) {
                let (is_normal, ends) = (level == 1_000, std::mem::take(&mut ended));
                let is_late = since >= i128::from(duration.nanos());
                if !is_late && is_normal && ends {
                    continue;
                } else if is_late || until <= 0 || is_normal && since < 0 {
                    unplayed.outside += 1;
                    continue;
                } else if is_normal || until == since {
                    unplayed.repeated += 1;
                    continue;
                }
                ended = true;
                let until = u64::try_from(until).ok().map(SimTime::from_nanos).filter(|&until| until < duration);
                let since = SimTime::from_nanos(since.max(0) as u64);
                all.entry((since, until, level)).or_default().push(site);
            }
        }
        (all, unplayed)
    }

    /// The events, numbered from `first` on, at how many devices one happens, and what is not played.
    pub fn into_events(self, name: &str, first: usize, duration: SimTime) -> (Vec<EventSpec>, usize, Unplayed) {
        let (disturbances, unplayed) = self.disturbances(duration);
        let count = disturbances.values().map(Vec::len).sum();
        let event = |(n, ((at, until, level), nodes)): (usize, (Disturbance, Vec<u32>))| EventSpec {
            name: format!("{name} {n}"),
            at,
            until,
            lasts: None,
            target: Target::default(),
            act: Act::Voltage(Voltage { level: f64::from(level) / 1_000.0 }),
            nodes,
            edges: Vec::new(),
        };
        ((first..).zip(disturbances).map(event).collect(), count, unplayed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voltage_lasts_until_the_next_line_of_its_device() {
        use ReplayKind::{Overvoltage, Undervoltage, VoltageNormal};
        const S: i128 = 1_000_000_000;
        let mut voltages = Voltages::default();
        for (site, s, kind, detail) in [
            // Too low as the run begins, then much too low, then well.
            (7, -5, Undervoltage, "L1 204 V"),
            (7, 10, Undervoltage, "0.8"),
            (7, 30, VoltageNormal, ""),
            // Over before it begins; too high to its end; after it.
            (8, -9, Undervoltage, ""),
            (8, -1, VoltageNormal, ""),
            (8, 40, Overvoltage, ""),
            (9, 100, Overvoltage, ""),
            // It was well before.
            (9, 50, VoltageNormal, ""),
        ] {
            voltages.add(site, (s * S, 1), kind, detail);
        }
        let s = SimTime::from_secs;
        let expected = [
            ((s(0), Some(s(10)), 900), vec![7]),
            ((s(10), Some(s(30)), 800), vec![7]),
            ((s(40), None, 1_100), vec![8]),
        ];
        let (all, unplayed) = voltages.disturbances(s(100));
        assert_eq!(all.into_iter().collect::<Vec<_>>(), expected);
        // Two before the run and one after it.
        assert_eq!(unplayed, Unplayed { outside: 3, repeated: 1 });
    }
}
