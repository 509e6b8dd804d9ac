//! Cost against the figure of each gate, and the line of those that nothing beats in both.

use super::{lines_of, name, unit, variants};
use crate::figures::gate_name;
use crate::human;
use crate::report::charts::{Figure as Framed, entry};
use crate::svg::plot::{Plot, Point};
use crate::svg::ticks;
use amitwin_data::metrics::{Metric, gates};
use amitwin_data::sweep::SweepSummary;

/// Names of the front that a caption tells, at most.
const TOLD_MAX: usize = 8;

/// A chart for each gate; nothing without prices.
pub fn all(sweep: &SweepSummary) -> String {
    let mut drawn: Vec<Metric> = Vec::new();
    let mut out = String::new();
    for gate in sweep.cases.iter().flat_map(|case| &case.gates) {
        let Some(metric) = gates::find(&gate.metric, &gate.stat) else { continue };
        if metric != Metric::Cost && !drawn.contains(&metric) {
            drawn.push(metric);
            out.push_str(&chart(sweep, metric, &gate_name(gate), gate.limit.starts_with("min")).unwrap_or_default());
        }
    }
    match out.is_empty() {
        true => out,
        false => format!("<section>\n<h2>Cost</h2>\n<div class=\"charts\">\n{out}</div>\n</section>\n"),
    }
}

/// A choice with what it costs.
struct Choice {
    name: String,
    cost: f64,
    value: f64,
}

fn chart(sweep: &SweepSummary, metric: Metric, label: &str, more_is_better: bool) -> Option<String> {
    let mut choices: Vec<Choice> = variants(sweep)
        .filter_map(|(case, variant)| {
            let (cost, value) = (variant.metrics.value(Metric::Cost)?, variant.metrics.value(metric)?);
            Some(Choice { name: name(sweep, case, variant), cost, value })
        })
        .collect();
    choices.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    let (low, high) = (choices.first()?.cost, choices.last()?.cost);
    let highest = lines_of(sweep).filter_map(|v| v.metrics.value(metric)).fold(0.0, f64::max);
    let (scale, unit) = unit(metric.format(), highest);
    let on_front = front(&choices.iter().map(|c| (c.cost, c.value)).collect::<Vec<_>>(), more_is_better);
    let point = |choice: &Choice| Point { x: choice.cost, y: choice.value / scale, band: None };
    let of =
        |wanted: bool| choices.iter().zip(&on_front).filter(move |(_, on)| **on == wanted).map(|(choice, _)| choice);
    let mut places = ticks::nice(low, high, 5);
    places.extend([low, high]);
    places.sort_by(f64::total_cmp);
    places.dedup();
    let labelled = |v: f64| (v, if v == low || v == high { String::new() } else { human::short_count(v) });
    let plot = Plot {
        title: format!("{label} by cost"),
        x_label: "cost".to_owned(),
        y_label: if unit.is_empty() { label.to_owned() } else { format!("{label}, {unit}") },
        x_ticks: places.into_iter().map(labelled).collect(),
        logarithmic: false,
        lines: vec![of(true).map(point).collect()],
        loose: of(false).map(point).collect(),
        limits: sweep
            .limits
            .iter()
            .filter(|l| l.figure == metric.key())
            .map(|l| (l.value / scale, l.text.clone()))
            .collect(),
        marks: sweep.cheapest.iter().map(|found| (found.cost, "cheapest that passes".to_owned())).collect(),
    };
    let told: Vec<String> =
        of(true).take(TOLD_MAX).map(|choice| format!("{} ({})", choice.name, human::count(choice.cost))).collect();
    let caption = format!(
        "{label} against cost, a point for each case and variant. The line joins those that nothing beats in both: {}.",
        told.join("; ")
    );
    let legend = vec![entry(0, "nothing is cheaper and better".to_owned())];
    Some(Framed::new("cost", label, legend, plot.draw(), &caption).html())
}

/// Which of some choices, cheapest first, are better than all that cost no more; each is a cost and a value.
pub(crate) fn front(choices: &[(f64, f64)], more_is_better: bool) -> Vec<bool> {
    let better = |a: f64, b: f64| if more_is_better { a > b } else { a < b };
    let beats = |a: &(f64, f64), b: &(f64, f64)| a.0 <= b.0 && !better(b.1, a.1) && (a.0 < b.0 || better(a.1, b.1));
    choices.iter().map(|choice| !choices.iter().any(|other| beats(other, choice))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_holds_what_nothing_beats_in_both() {
        let choices = [(1.0, 50.0), (2.0, 40.0), (2.0, 45.0), (3.0, 60.0), (4.0, 60.0)];
        assert_eq!(front(&choices, true), [true, false, false, true, false]);
        // Where less is better, dearer than 2 brings nothing.
        assert_eq!(front(&choices, false), [true, true, false, false, false]);
    }
}
