//! Cost against the figure of each gate, and the line of those that nothing beats in both.

use super::{alone, bounds, lines_of, name, unit, variants};
use crate::figures::{Figure, gate_name, worst_standing};
use crate::human;
use crate::report::charts::{Entry, Figure as Framed, entry};
use crate::svg::escape;
use crate::svg::plot::{Plot, Point};
use crate::svg::ticks;
use amitwin_data::metrics::{Metric, gates};
use amitwin_data::sweep::SweepSummary;
use std::fmt::Write;

/// Choices that have their name in the picture, at most; the table has all.
const NAMED_MAX: usize = 20;

/// A chart for each gate with a table of its points; nothing without prices.
pub fn all(sweep: &SweepSummary) -> String {
    let drawn: String = each(sweep).iter().map(|of| of.figure().html() + &of.table()).collect();
    match drawn.is_empty() {
        true => drawn,
        false => format!("<section>\n<h2>Cost</h2>\n<div class=\"charts\">\n{drawn}</div>\n</section>\n"),
    }
}

/// The charts.
pub fn figures(sweep: &SweepSummary) -> Vec<Framed> {
    each(sweep).iter().map(Pareto::figure).collect()
}

fn each(sweep: &SweepSummary) -> Vec<Pareto<'_>> {
    let mut found: Vec<Pareto> = Vec::new();
    for gate in sweep.cases.iter().flat_map(|case| &case.gates) {
        let Some(metric) = gates::find(&gate.metric, &gate.stat) else { continue };
        if metric != Metric::Cost && !found.iter().any(|of| of.metric == metric) {
            found.extend(Pareto::of(sweep, metric, gate_name(gate), gate.limit.starts_with("min")));
        }
    }
    found
}

/// A choice with what it costs.
struct Choice {
    name: String,
    cost: f64,
    value: f64,
    text: String,
    standing: &'static str,
    on_front: bool,
}

/// All choices, cheapest first, by cost and the figure of a gate.
struct Pareto<'a> {
    sweep: &'a SweepSummary,
    metric: Metric,
    label: String,
    choices: Vec<Choice>,
}

impl Pareto<'_> {
    fn of(sweep: &SweepSummary, metric: Metric, label: String, more_is_better: bool) -> Option<Pareto<'_>> {
        let mut choices: Vec<Choice> = variants(sweep)
            .filter_map(|(case, variant)| {
                let (cost, value) = (variant.metrics.value(Metric::Cost)?, variant.metrics.value(metric)?);
                let text = Figure::of(metric).map_or_else(|| format!("{value}"), |figure| figure.text(variant, false));
                let standing = worst_standing(&case.gates, &variant.name).map_or(human::NONE, |s| s.word());
                Some(Choice { name: name(sweep, case, variant), cost, value, text, standing, on_front: false })
            })
            .collect();
        choices.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        let on_front = front(&choices.iter().map(|c| (c.cost, c.value)).collect::<Vec<_>>(), more_is_better);
        choices.iter_mut().zip(on_front).for_each(|(choice, on)| choice.on_front = on);
        (!choices.is_empty()).then_some(Pareto { sweep, metric, label, choices })
    }

    /// The choices on the line, or beside it.
    fn beside(&self, on_front: bool) -> impl Iterator<Item = &Choice> {
        self.choices.iter().filter(move |choice| choice.on_front == on_front)
    }

    fn figure(&self) -> Framed {
        let (sweep, label) = (self.sweep, &self.label);
        let highest = lines_of(sweep).filter_map(|v| v.metrics.value(self.metric)).fold(0.0, f64::max);
        let (scale, unit) = unit(self.metric.format(), highest);
        let point = |choice: &Choice| Point { x: choice.cost, y: choice.value / scale, band: None };
        let costs = || self.choices.iter().map(|choice| choice.cost);
        let (low, high) = (costs().fold(f64::INFINITY, f64::min), costs().fold(0.0, f64::max));
        let mut places = ticks::nice(low, high, 5);
        places.extend([low, high]);
        places.sort_by(f64::total_cmp);
        places.dedup();
        let labelled = |v: f64| (v, if v == low || v == high { String::new() } else { human::short_count(v) });
        let limits = sweep.limits.iter().filter(|limit| limit.figure == self.metric.key());
        let numbered = || self.choices.iter().enumerate().take(NAMED_MAX).map(|(at, choice)| (at + 1, choice));
        let plot = Plot {
            title: format!("{label} by cost"),
            x_label: "cost".to_owned(),
            y_label: if unit.is_empty() { label.clone() } else { format!("{label}, {unit}") },
            x_ticks: places.into_iter().map(labelled).collect(),
            logarithmic: false,
            bounds: bounds(self.metric.format()),
            lines: vec![self.beside(true).map(point).collect()],
            joined: true,
            loose: self.beside(false).map(point).collect(),
            names: numbered().map(|(n, choice)| (choice.cost, choice.value / scale, n.to_string())).collect(),
            limits: limits.map(|limit| (limit.value / scale, alone(&limit.text).to_owned())).collect(),
            marks: sweep.cheapest.iter().map(|found| (found.cost, "cheapest that passes".to_owned())).collect(),
        };
        let mut legend = vec![entry(0, "nothing is cheaper and better".to_owned())];
        if self.beside(false).next().is_some() {
            let class = "dot thick s1".to_owned();
            legend.push(Entry { class, path: "M13 5h0", text: "another is cheaper and better".to_owned() });
        }
        let named = |(n, choice): (usize, &Choice)| format!("{n}: {}", choice.name);
        legend.extend(numbered().map(|of| Entry { class: String::new(), path: "", text: named(of) }));
        let more = match self.choices.len() {
            all if all > NAMED_MAX => format!("; the {NAMED_MAX} cheapest have a number"),
            _ => String::new(),
        };
        let caption = format!(
            "{label} against cost, a point for each case and variant, numbered from the cheapest{more}. The line joins those that nothing \
             beats in both."
        );
        Framed::new(format!("cost-{}", self.metric.key()), label, legend, plot.draw(), &caption)
    }

    /// Every point with its number, as a table of the page.
    fn table(&self) -> String {
        let mut out = format!(
            "<details>\n<summary>{}: every choice by cost</summary>\n<div class=\"scroll\">\n<table class=\"results\">\n<thead><tr>",
            escape(&self.label)
        );
        for head in ["", "case", "cost", &self.label, "gate", "beaten in both"] {
            let _ = write!(out, "<th scope=\"col\">{}</th>", escape(head));
        }
        out.push_str("</tr></thead>\n<tbody>\n");
        for (at, choice) in self.choices.iter().enumerate() {
            let beaten = if choice.on_front { "no" } else { "yes" };
            let cells = [&human::count(choice.cost), &choice.text, choice.standing, beaten].map(escape);
            let _ = writeln!(
                out,
                "<tr><td>{}</td><th scope=\"row\">{}</th><td>{}</td></tr>",
                at + 1,
                escape(&choice.name),
                cells.join("</td><td>")
            );
        }
        out.push_str("</tbody>\n</table>\n</div>\n</details>\n");
        out
    }
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
