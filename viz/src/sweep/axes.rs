//! What a sweep varies, as its cases show it: settings that change together are one axis, and axes make a grid or do not.

use crate::svg::ticks;
use amitwin_data::sweep::{CaseSummary, SweepSummary};
use std::collections::{BTreeMap, BTreeSet};

/// From this factor between its ends on an axis is logarithmic, unless its values stand more evenly without.
const LOGARITHMIC: f64 = 20.0;
/// Below this factor between the ends a logarithmic axis shows nothing that a linear one does not.
const LOGARITHMIC_FROM: f64 = 2.0;
/// More values than these have round numbers on their axis, and not themselves.
const OWN_TICKS_MAX: usize = 20;

/// A setting, or some that change together.
pub struct Axis {
    /// Dotted paths; the first one has the numbers of the axis.
    pub keys: Vec<String>,
    /// The texts of its points, each once, in their order.
    pub points: Vec<String>,
    /// Its values grow by factors.
    pub logarithmic: bool,
    settings: Vec<usize>,
    /// Which point a text is.
    known: BTreeMap<String, usize>,
    places: Vec<f64>,
    unit: String,
    is_words: bool,
}

/// All axes of a sweep.
pub struct Axes {
    /// In the order of the settings.
    pub all: Vec<Axis>,
    /// Every point of each goes with every point of the others.
    pub is_grid: bool,
}

impl Axes {
    /// Settings of which each value always goes with the same value of another are one axis, unless both are numbers that do not rise
    /// or fall together: those were drawn, as a Latin hypercube is.
    pub fn of(sweep: &SweepSummary) -> Axes {
        let settings = sweep.cases.first().map_or(0, |case| case.settings.len());
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for setting in 0..settings {
            match groups.iter_mut().find(|group| together(sweep, group[0], setting)) {
                Some(group) => group.push(setting),
                None => groups.push(vec![setting]),
            }
        }
        let all: Vec<Axis> = groups.into_iter().map(|group| Axis::new(sweep, group)).collect();
        let points: usize = all.iter().map(|axis| axis.points.len()).product();
        Axes { all, is_grid: points == sweep.cases.len() }
    }

    /// Whether every point of an axis goes with all that there is of the others.
    pub fn is_crossed(&self, sweep: &SweepSummary, at: usize) -> bool {
        let rest = |case: &CaseSummary| -> Vec<String> {
            self.all.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, axis)| axis.text(case)).collect()
        };
        let others: BTreeSet<Vec<String>> = sweep.cases.iter().map(rest).collect();
        self.all[at].points.len() * others.len() == sweep.cases.len()
    }
}

impl Axis {
    fn new(sweep: &SweepSummary, settings: Vec<usize>) -> Axis {
        let first = sweep.cases.first();
        let key = |at: &usize| first.map_or_else(String::new, |case| case.settings[*at].key.clone());
        let mut axis = Axis {
            keys: settings.iter().map(key).collect(),
            points: Vec::new(),
            logarithmic: false,
            settings,
            known: BTreeMap::new(),
            places: Vec::new(),
            unit: String::new(),
            is_words: false,
        };
        let mut texts: Vec<&str> = Vec::new();
        for case in &sweep.cases {
            let point = axis.text(case);
            if !axis.known.contains_key(&point) {
                axis.known.insert(point.clone(), axis.points.len());
                axis.points.push(point);
                texts.push(&case.settings[axis.settings[0]].value);
            }
        }
        let numbers: Option<Vec<(f64, &str)>> = texts.iter().map(|text| number(text)).collect();
        let same_unit = |all: &Vec<(f64, &str)>| all.windows(2).all(|pair| pair[0].1 == pair[1].1) && all.len() > 1;
        match numbers.filter(same_unit) {
            Some(numbers) => {
                axis.unit = numbers[0].1.to_owned();
                axis.places = numbers.iter().map(|(v, _)| *v).collect();
                axis.logarithmic = is_logarithmic(&axis.places);
            }
            None => {
                axis.is_words = true;
                axis.places = (0..texts.len()).map(|at| at as f64).collect();
            }
        }
        axis
    }

    /// Its values in a case: `1000`, or `1000 + 2` of two that change together.
    pub fn text(&self, case: &CaseSummary) -> String {
        self.settings.iter().map(|at| case.settings[*at].value.as_str()).collect::<Vec<_>>().join(" + ")
    }

    /// The same with their names: `meters 1000, gateways 2`.
    pub fn named(&self, case: &CaseSummary) -> String {
        self.settings.iter().map(|at| super::short(&case.settings[*at])).collect::<Vec<_>>().join(", ")
    }

    /// Its paths, and the unit of the first.
    pub fn label(&self) -> String {
        let scale = if self.logarithmic { " (logarithmic)" } else { "" };
        let keys = self.keys.join(" + ");
        if self.unit.is_empty() { format!("{keys}{scale}") } else { format!("{keys}, {}{scale}", self.unit) }
    }

    /// The last parts of its paths.
    pub fn short(&self) -> String {
        self.keys.iter().map(|key| key.rsplit('.').next().unwrap_or(key)).collect::<Vec<_>>().join(" + ")
    }

    /// Where a case stands.
    pub fn place(&self, case: &CaseSummary) -> f64 {
        self.known.get(&self.text(case)).map_or(0.0, |at| self.places[*at])
    }

    /// Its points as labels, in rising order; round numbers where they were `drawn`, or are many.
    pub fn ticks(&self, drawn: bool) -> Vec<(f64, String)> {
        let ends = self.places.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
        if !self.is_words && (drawn || self.points.len() > OWN_TICKS_MAX) {
            let (low, high) = ends;
            let mut ticks = ticks::with_ends(low, high, self.logarithmic);
            // The ends may have digits that say nothing.
            let ends = ticks.iter_mut().filter(|(v, _)| *v == low || *v == high);
            ends.for_each(|(v, text)| *text = three_digits(*v));
            return ticks;
        }
        let without_unit = |text: &String| match (self.is_words, self.keys.len(), number(text)) {
            (false, 1, Some((v, _))) => format!("{v}"),
            _ => text.clone(),
        };
        let mut ticks: Vec<(f64, String)> =
            self.places.iter().copied().zip(self.points.iter().map(without_unit)).collect();
        ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
        ticks
    }
}

/// Whether two settings change together.
fn together(sweep: &SweepSummary, a: usize, b: usize) -> bool {
    let pairs: BTreeSet<(&str, &str)> =
        sweep.cases.iter().map(|case| (case.settings[a].value.as_str(), case.settings[b].value.as_str())).collect();
    let firsts: BTreeSet<&str> = pairs.iter().map(|pair| pair.0).collect();
    let seconds: BTreeSet<&str> = pairs.iter().map(|pair| pair.1).collect();
    if pairs.len() < 2 || firsts.len() != pairs.len() || seconds.len() != pairs.len() {
        return false;
    }
    let numbers = pairs.iter().map(|(a, b)| Some((number(a)?.0, number(b)?.0)));
    let Some(mut numbers) = numbers.collect::<Option<Vec<(f64, f64)>>>() else { return true };
    numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rises = |pair: &[(f64, f64)]| pair[0].1 < pair[1].1;
    numbers.windows(2).all(rises) || !numbers.windows(2).any(rises)
}

/// Whether values stand more evenly by their logarithms than by themselves.
fn is_logarithmic(values: &[f64]) -> bool {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (Some(low), Some(high)) = (sorted.first().copied(), sorted.last().copied()) else { return false };
    if low <= 0.0 || high / low < LOGARITHMIC_FROM {
        return false;
    }
    if sorted.len() < 3 {
        return high / low >= LOGARITHMIC;
    }
    let logs: Vec<f64> = sorted.iter().map(|v| libm::log(*v)).collect();
    unevenness(&logs) < unevenness(&sorted) / if high / low >= LOGARITHMIC { 1.0 } else { 2.0 }
}

/// How far sorted values are from a straight line over their places: the share of their variance that it leaves.
fn unevenness(sorted: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    let (mean_x, mean_y) = ((n - 1.0) / 2.0, sorted.iter().sum::<f64>() / n);
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (at, value) in sorted.iter().enumerate() {
        let (x, y) = (at as f64 - mean_x, value - mean_y);
        (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y);
    }
    1.0 - xy * xy / (xx * yy)
}

/// A number with three digits, or all those before its point.
fn three_digits(v: f64) -> String {
    let scale = libm::pow(10.0, (2.0 - libm::floor(libm::log10(v.abs().max(1e-300)))).clamp(0.0, 12.0));
    format!("{}", (v * scale).round() / scale)
}

/// A number and its unit.
fn number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, text[end..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_have_three_digits_at_least() {
        for (v, text) in [(10.0905, "10.1"), (184.0, "184"), (19_876.0, "19876"), (0.012_345, "0.0123"), (0.0, "0")] {
            assert_eq!(three_digits(v), text);
        }
    }

    #[test]
    fn values_that_grow_by_factors_make_a_logarithmic_axis() {
        // What `LOW..HIGH/Nlog` and `/N` make of whole numbers, rounded.
        for (values, logarithmic) in [
            (&[10.0, 18.0, 32.0, 56.0, 100.0][..], true),
            (&[1000.0, 2000.0, 4000.0], true),
            (&[1.0, 2.0, 5.0, 10.0], true),
            (&[10.0, 33.0, 55.0, 78.0, 100.0], false),
            (&[1000.0, 2000.0, 3000.0], false),
            (&[9.0, 16.0], false),
            (&[1.0, 100.0], true),
            (&[10.0, 257.0, 505.0, 752.0, 1000.0], false),
            (&[0.0, 1.0, 10.0], false),
            (&[100.0, 101.0, 102.1], false),
        ] {
            assert_eq!(is_logarithmic(values), logarithmic, "{values:?}");
        }
    }
}
