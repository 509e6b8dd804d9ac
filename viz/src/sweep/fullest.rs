//! How much of its limit each gate's figure uses in each case, and whose limit is nearest: what gives way first as a network grows.

use super::axes::Axes;
use super::charts::heat;
use super::{name, variants};
use crate::human;
use crate::report::charts::{Entry, Figure as Framed};
use amitwin_data::sweep::{CaseSummary, Fullest, Limit, SweepSummary};

/// Limits that have a letter of their own.
const LETTERS: &str = "ABCDEFGHIJ";

/// A limit with its letter.
struct Judged<'a> {
    letter: char,
    limit: &'a Limit,
}

impl Judged<'_> {
    /// `border_router_busy, max 25 %`.
    fn text(&self) -> String {
        let gate = self.limit.metric().and_then(|metric| metric.gate());
        let name = gate.map_or_else(|| self.limit.figure.clone(), |gate| gate.to_string());
        human::one_line(&format!("{name}, {}", self.limit.text))
    }

    fn is_of(&self, fullest: &Fullest) -> bool {
        self.limit.figure == fullest.figure && self.limit.text == fullest.limit
    }
}

/// The limits, each once; none where no variant has one that is the nearest.
fn judged(sweep: &SweepSummary) -> Vec<Judged<'_>> {
    if sweep.cases.iter().all(|case| case.fullest.is_empty()) {
        return Vec::new();
    }
    let limits = sweep.limits.iter().filter(|limit| limit.metric().is_some());
    LETTERS.chars().zip(limits).map(|(letter, limit)| Judged { letter, limit }).collect()
}

fn found<'a>(case: &'a CaseSummary, variant: &str) -> Option<&'a Fullest> {
    case.fullest.iter().find(|fullest| fullest.variant == variant)
}

/// `A 120 %`; no letter for one limit too many.
fn text(all: &[Judged], fullest: &Fullest) -> String {
    let letter = all.iter().find(|judged| judged.is_of(fullest)).map_or('?', |judged| judged.letter);
    format!("{letter} {}", used(fullest.used_share))
}

fn used(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// What a line of the table says of it: the letter of the limit of which a variant uses most, and how much. `None` without limits.
pub fn column(sweep: &SweepSummary) -> Option<impl Fn(&CaseSummary, &str) -> String> {
    let all = judged(sweep);
    let cell = move |case: &CaseSummary, variant: &str| {
        found(case, variant).map_or_else(|| human::NONE.to_owned(), |fullest| text(&all, fullest))
    };
    (!judged(sweep).is_empty()).then_some(cell)
}

/// For each limit its letter, in how many cases it is the nearest, and where it is first passed.
pub fn sentence(sweep: &SweepSummary) -> Option<String> {
    let all = judged(sweep);
    let lines: Vec<(String, &Fullest)> = variants(sweep)
        .filter_map(|(case, variant)| Some((name(sweep, case, variant), found(case, &variant.name)?)))
        .collect();
    let told = all.iter().map(|judged| {
        let of: Vec<_> = lines.iter().filter(|(_, fullest)| judged.is_of(fullest)).collect();
        let passed = match of.iter().find(|(_, fullest)| fullest.used_share > 1.0) {
            Some((name, _)) => format!(", first beyond it at {name}"),
            None if of.is_empty() => String::new(),
            None => ", never beyond it".to_owned(),
        };
        format!("{} {}: in {} of {}{passed}", judged.letter, judged.text(), of.len(), lines.len())
    });
    let told: Vec<String> = told.collect();
    (!lines.is_empty() && !told.is_empty())
        .then(|| format!("Nearest to its limit, with how much of it is used: {}.", told.join("; ")))
}

/// A map over two axes, with the letter of the fullest limit in each cell and how much of it is used.
pub fn figure(sweep: &SweepSummary) -> Option<Framed> {
    let (all, axes) = (judged(sweep), Axes::of(sweep));
    let (true, [columns, rows]) = (axes.is_grid, &axes.all[..]) else { return None };
    if all.is_empty() || sweep.cases.iter().any(|case| case.variants.len() > 1) {
        return None;
    }
    let cell = |case: &CaseSummary| case.fullest.first().map(|fullest| (fullest.used_share, text(&all, fullest)));
    let heat = heat(sweep, "Nearest to its limit", columns, rows, cell);
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
        let of = all.iter().map(|j| j.limit.used_share(variant).map_or_else(|| human::NONE.into(), used));
        let fullest = found(case, &variant.name);
        let letter = fullest.and_then(|fullest| all.iter().find(|judged| judged.is_of(fullest)));
        let letter = letter.map_or_else(|| human::NONE.into(), |judged| judged.letter.to_string());
        std::iter::once(name(sweep, case, variant)).chain(of).chain([letter]).collect()
    });
    Some((head.collect(), rows.collect()))
}
