//! Money against availability: what a plan's variants cost, and what nothing beats in both.

use super::fleets::Fleets;
use super::{Entry, Figure, YEAR_H, axis, entry, lines_only};
use crate::human;
use crate::svg::plot::{Plot, Point};
use crate::svg::style;
use crate::sweep::pareto::front;
use crate::view::RunView;
use amitwin_data::metrics::Metric;

/// An axis on which the dearest costs so many times as much as the cheapest is logarithmic.
const WIDE: f64 = 5.0;

/// A variant: its name, its cost and its hours without a reading, and its fleet by place.
struct Choice<'a> {
    name: &'a str,
    at: (f64, f64),
    fleet: usize,
}

/// A chart for each fleet that has charts of its own, or one of all; nothing without prices, or of a single variant.
pub(super) fn figures(run: &RunView, fleets: &Fleets) -> Vec<Figure> {
    let priced = choices(run, fleets);
    let all: Vec<&Choice> = priced.iter().collect();
    if !fleets.are_apart() {
        return chart(&all, fleets, ("pareto".to_owned(), "Money against availability".to_owned()))
            .into_iter()
            .collect();
    }
    let of = |(fleet, name): (usize, &String)| {
        let own: Vec<&Choice> = all.iter().copied().filter(|choice| choice.fleet == fleet).collect();
        chart(&own, fleets, (format!("pareto{}", fleets.ending(fleet)), format!("Money against availability, {name}")))
    };
    fleets.names().iter().enumerate().filter_map(of).collect()
}

fn chart(choices: &[&Choice], fleets: &Fleets, (name, title): (String, String)) -> Option<Figure> {
    let (low, high) = (choices.first()?.at.0, choices.last()?.at.0);
    if choices.len() < 2 {
        return None;
    }
    let point = |choice: &Choice| Point { x: choice.at.0, y: choice.at.1, band: None };
    let (mut lines, mut told, mut legend, mut loose) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let several = choices.iter().any(|choice| choice.fleet != choices[0].fleet);
    for (fleet, of) in fleets.names().iter().enumerate() {
        let own: Vec<&Choice> = choices.iter().copied().filter(|choice| choice.fleet == fleet).collect();
        if own.is_empty() {
            continue;
        }
        let on = front(&own.iter().map(|choice| choice.at).collect::<Vec<_>>(), false);
        let best = || own.iter().zip(&on).filter(|(_, on)| **on).map(|(choice, _)| *choice);
        lines.push(best().map(point).collect());
        told.extend(best().map(|c| format!("{} ({}, {:.1} h)", c.name, human::short_count(c.at.0), c.at.1)));
        loose.extend(own.iter().zip(&on).filter(|(_, on)| !**on).map(|(choice, _)| point(choice)));
        let what = "nothing is cheaper and better".to_owned();
        legend.push(entry(lines.len() - 1, if several { format!("{what}, {of}") } else { what }));
    }
    if !loose.is_empty() {
        let class = format!("dot thick s{}", lines.len() % style::COLOURS);
        legend.push(Entry { class, path: "M13 5h0", text: "another is cheaper and better".to_owned() });
    }
    legend.extend(choices.iter().enumerate().map(|(n, choice)| Entry {
        class: String::new(),
        path: "",
        text: format!("{}: {}", n + 1, choice.name),
    }));
    let logarithmic = low > 0.0 && high > WIDE * low;
    let plot = Plot {
        title: "Hours without a reading by cost".to_owned(),
        x_label: "cost of the whole plan".to_owned(),
        y_label: "hours without a reading for each meter and year".to_owned(),
        x_ticks: if logarithmic { by_factors(low, high) } else { axis(low, high, human::short_count) },
        logarithmic,
        lines,
        loose,
        names: choices.iter().enumerate().map(|(n, choice)| (choice.at.0, choice.at.1, (n + 1).to_string())).collect(),
        ..lines_only()
    };
    let which = if several { "Lines join those of a fleet" } else { "The line joins those" };
    let caption = format!(
        "Hours in which a meter is not read, against cost, a point for each variant, numbered from the cheapest. {which} that nothing beats in both: {}.",
        told.join("; ")
    );
    Some(Figure::new(name, &title, legend, plot.draw(), &caption))
}

/// The variants with a price, cheapest first.
fn choices<'a>(run: &'a RunView, fleets: &Fleets) -> Vec<Choice<'a>> {
    let of = |(at, variant): (usize, &'a amitwin_data::summary::VariantSummary)| {
        let (cost, available) =
            variant.metrics.value(Metric::Cost).zip(variant.metrics.value(Metric::AvailableShare))?;
        Some(Choice { name: &variant.name, at: (cost, (1.0 - available) * YEAR_H), fleet: fleets.place(at) })
    };
    let mut choices: Vec<Choice> = run.summary.variants.iter().enumerate().filter_map(of).collect();
    choices.sort_by(|a, b| a.at.0.total_cmp(&b.at.0));
    choices
}

/// Labels of a logarithmic axis: 1, 2 and 5 of each power of ten, and its ends.
fn by_factors(low: f64, high: f64) -> Vec<(f64, String)> {
    let first = libm::floor(libm::log10(low)) as i32;
    let last = libm::ceil(libm::log10(high)) as i32;
    let round = (first..=last).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * libm::pow(10.0, f64::from(power))));
    let inner = round.filter(|value| (low..=high).contains(value)).map(|value| (value, human::short_count(value)));
    let ends = [(low, String::new()), (high, String::new())];
    let mut all: Vec<(f64, String)> = inner.chain(ends).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.len().cmp(&a.1.len())));
    all.dedup_by(|b, a| a.0 == b.0);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_axis_has_round_factors_between_its_ends() {
        let labels = by_factors(6.6e6, 85.4e6);
        let values: Vec<f64> = labels.iter().map(|label| label.0 / 1e6).collect();
        let expected = [6.6, 10.0, 20.0, 50.0, 85.4];
        assert!(values.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-9), "{values:?}");
        let texts: Vec<&str> = labels.iter().map(|label| label.1.as_str()).collect();
        assert!(
            texts[0].is_empty() && texts[4].is_empty() && texts[1..4].iter().all(|text| !text.is_empty()),
            "{texts:?}"
        );
    }
}
