//! How much of its limit each gate's figure uses in each case, and whose limit is nearest: what gives way first as a network grows.

use super::{name, variants};
use crate::human;
use crate::report::charts::{Entry, Figure as Framed};
use crate::svg::heat::Heat;
use amitwin_data::metrics::{Format, Metric};
use amitwin_data::summary::VariantSummary;
use amitwin_data::sweep::{CaseSummary, Limit, SweepSummary};

/// Limits that have a letter of their own.
const LETTERS: &str = "ABCDEFGHIJ";

/// A limit with the figure that it is for.
struct Judged<'a> {
    letter: char,
    metric: Metric,
    limit: &'a Limit,
}

impl Judged<'_> {
    /// `border_router_busy, max 25 %`.
    fn text(&self) -> String {
        let name = self.metric.gate().map_or_else(|| self.limit.figure.clone(), ToString::to_string);
        human::one_line(&format!("{name}, {}", self.limit.text))
    }

    /// How much of the limit is used: 1 at the limit, more beyond it. Of a share that is to be at least so large, what is missing
    /// counts against what may be missing.
    fn used(&self, variant: &VariantSummary) -> Option<f64> {
        let (value, limit) = (variant.metrics.value(self.metric)?, self.limit.value);
        let used = match (self.limit.text.starts_with("max"), self.metric.format()) {
            (true, _) => value / limit,
            (false, Format::Share) => (1.0 - value) / (1.0 - limit),
            (false, _) => limit / value,
        };
        used.is_finite().then_some(used)
    }
}

/// The limits, each once; none where there are fewer than two, of which none could be nearer.
fn judged(sweep: &SweepSummary) -> Vec<Judged<'_>> {
    let known = |limit: &Limit| Metric::ALL.iter().find(|metric| metric.key() == limit.figure).copied();
    let limits = sweep.limits.iter().filter_map(|limit| Some((known(limit)?, limit)));
    let all: Vec<Judged> =
        LETTERS.chars().zip(limits).map(|(letter, (metric, limit))| Judged { letter, metric, limit }).collect();
    if all.len() < 2 { Vec::new() } else { all }
}

/// The limit that a variant uses most of, and how much of it.
fn fullest<'a, 'b>(all: &'a [Judged<'b>], variant: &VariantSummary) -> Option<(&'a Judged<'b>, f64)> {
    let used = all.iter().filter_map(|judged| Some((judged, judged.used(variant)?)));
    used.reduce(|a, b| if b.1 > a.1 { b } else { a })
}

/// For each limit that is the nearest somewhere: in how many cases, and where it is first passed.
pub fn sentence(sweep: &SweepSummary) -> Option<String> {
    let all = judged(sweep);
    let lines: Vec<(&CaseSummary, &VariantSummary, &Judged, f64)> = variants(sweep)
        .filter_map(|(case, variant)| fullest(&all, variant).map(|(judged, used)| (case, variant, judged, used)))
        .collect();
    let told = all.iter().filter_map(|judged| {
        let of: Vec<_> = lines.iter().filter(|line| line.2.letter == judged.letter).collect();
        let passed = of.iter().find(|line| line.3 > 1.0);
        let passed = passed.map_or_else(
            || ", never beyond it".to_owned(),
            |(case, variant, ..)| format!(", first beyond it at {}", name(sweep, case, variant)),
        );
        (!of.is_empty()).then(|| format!("{} in {} of {}{passed}", judged.text(), of.len(), lines.len()))
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| format!("Nearest to its limit: {}.", told.join("; ")))
}

/// A map over two settings, with the letter of the fullest limit in each cell and how much of it is used.
pub fn figure(sweep: &SweepSummary) -> Option<Framed> {
    let all = judged(sweep);
    let (columns, rows) = (super::charts::values(sweep, 0), super::charts::values(sweep, 1));
    let is_grid = columns.len() * rows.len() == sweep.cases.len() && sweep.cases.iter().all(|c| c.variants.len() <= 1);
    if all.is_empty() || !is_grid || sweep.cases.first()?.settings.len() != 2 {
        return None;
    }
    let cell = |row: &String, column: &String| {
        let case = sweep.cases.iter().find(|c| c.settings[0].value == *column && c.settings[1].value == *row)?;
        let (judged, used) = fullest(&all, case.variants.first()?)?;
        Some((used, format!("{} {:.0} %", judged.letter, 100.0 * used)))
    };
    let keys: Vec<&String> = sweep.cases.first()?.settings.iter().map(|set| &set.key).collect();
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let heat = Heat {
        title: "Nearest to its limit".to_owned(),
        columns: (keys[0].clone(), columns.clone()),
        rows: (last(keys[1]), rows.clone()),
        cells: rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect()).collect(),
        missing: human::NONE.to_owned(),
    };
    let legend = all.iter().map(|judged| Entry {
        class: String::new(),
        path: "",
        text: format!("{} {}", judged.letter, judged.text()),
    });
    let caption = "What is nearest to its limit at each pair of settings, and how much of the limit is used: beyond 100 % the gate is \
                   breached. Of a share that is to be at least so large, what is missing counts against what may be missing.";
    Some(Framed::new("fullest", "Nearest to its limit", legend.collect(), heat.draw(), caption))
}

/// How much of each limit every case uses, as rows: its name, a share for each limit, the letter of the fullest.
pub fn rows(sweep: &SweepSummary) -> Option<(Vec<String>, Vec<Vec<String>>)> {
    let all = judged(sweep);
    if all.is_empty() {
        return None;
    }
    let head = all.iter().map(|judged| format!("{} {}", judged.letter, judged.text()));
    let rows = variants(sweep).map(|(case, variant)| {
        let used = all
            .iter()
            .map(|j| j.used(variant).map_or_else(|| human::NONE.into(), |used| format!("{:.0} %", 100.0 * used)));
        let letter = fullest(&all, variant).map_or_else(|| human::NONE.into(), |(judged, _)| judged.letter.to_string());
        std::iter::once(name(sweep, case, variant)).chain(used).chain([letter]).collect()
    });
    Some((head.collect(), rows.collect()))
}
