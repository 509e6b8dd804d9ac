//! Money against availability: what a plan's variants cost, and what nothing beats in both.

use super::charts::{Entry, Figure, entry};
use super::plan::{YEAR_H, lines_only};
use crate::human;
use crate::svg::plot::{Plot, Point};
use crate::sweep::pareto::front;
use crate::view::RunView;
use amitwin_data::metrics::Metric;
use amitwin_data::rows::DepotRow;

/// Meters whose insides age as at temperatures that differ by less are of the same fleet, K.
const SAME_K: f64 = 0.5;
/// An axis on which the dearest costs so many times as much as the cheapest is logarithmic.
const WIDE: f64 = 5.0;

/// A variant: its place from the cheapest on, its name, its cost and its hours without a reading.
struct Choice<'a> {
    name: &'a str,
    at: (f64, f64),
    /// Its fleet, by place.
    fleet: usize,
}

/// The chart; nothing without prices, or of a single variant.
pub(super) fn cost_and_availability(run: &RunView) -> Option<Figure> {
    let (mut choices, fleets) = choices(run);
    choices.sort_by(|a, b| a.at.0.total_cmp(&b.at.0));
    let (low, high) = (choices.first()?.at.0, choices.last()?.at.0);
    if choices.len() < 2 {
        return None;
    }
    let point = |choice: &Choice| Point { x: choice.at.0, y: choice.at.1, band: None };
    let fronts: Vec<Vec<&Choice>> = (0..fleets.len())
        .map(|fleet| {
            let own: Vec<&Choice> = choices.iter().filter(|choice| choice.fleet == fleet).collect();
            let on = front(&own.iter().map(|choice| choice.at).collect::<Vec<_>>(), false);
            own.into_iter().zip(on).filter(|(_, on)| *on).map(|(choice, _)| choice).collect()
        })
        .collect();
    let is_on = |choice: &Choice| fronts.iter().flatten().any(|on| std::ptr::eq(*on, choice));
    let logarithmic = low > 0.0 && high > WIDE * low;
    let plot = Plot {
        title: "Hours without a reading by cost".to_owned(),
        x_label: "cost of the whole plan".to_owned(),
        y_label: "hours without a reading for each meter and year".to_owned(),
        x_ticks: if logarithmic { by_factors(low, high) } else { super::plan::axis(low, high, human::short_count) },
        logarithmic,
        lines: fronts.iter().map(|front| front.iter().map(|choice| point(choice)).collect()).collect(),
        loose: choices.iter().filter(|choice| !is_on(choice)).map(point).collect(),
        names: choices.iter().enumerate().map(|(n, choice)| (choice.at.0, choice.at.1, (n + 1).to_string())).collect(),
        ..lines_only()
    };
    let told = |front: &Vec<&Choice>| {
        let one =
            |choice: &&Choice| format!("{} ({}, {:.1} h)", choice.name, human::short_count(choice.at.0), choice.at.1);
        front.iter().map(one).collect::<Vec<_>>().join("; ")
    };
    let which = if fleets.len() > 1 { "Lines join those of a fleet" } else { "The line joins those" };
    let caption = format!(
        "Hours in which a meter is not read, against cost, a point for each variant, numbered from the cheapest. {which} that nothing beats in both: {}.",
        fronts.iter().map(told).collect::<Vec<_>>().join("; ")
    );
    let best = |fleet: &String| match fleets.len() {
        1 => "nothing is cheaper and better".to_owned(),
        _ => format!("nothing is cheaper and better, {fleet}"),
    };
    let mut legend: Vec<Entry> = fleets.iter().enumerate().map(|(at, fleet)| entry(at, best(fleet))).collect();
    legend.extend(choices.iter().enumerate().map(|(n, choice)| Entry {
        class: String::new(),
        path: "",
        text: format!("{}: {}", n + 1, choice.name),
    }));
    Some(Figure::new("pareto", "Money against availability", legend, plot.draw(), &caption))
}

/// The variants with a price, and the names of their fleets: only those of one fleet can be held against each other.
fn choices(run: &RunView) -> (Vec<Choice<'_>>, Vec<String>) {
    let (mut choices, mut fleets): (Vec<Choice>, Vec<(&[DepotRow], String)>) = (Vec::new(), Vec::new());
    for of in &run.summary.variants {
        let both = of.metrics.value(Metric::Cost).zip(of.metrics.value(Metric::AvailableShare));
        let Some((cost, available)) = both else { continue };
        let depots = run.variants.iter().find(|v| v.name == of.name).map_or(&[][..], |v| v.depots.as_slice());
        let fleet = fleets.iter().position(|(known, _)| is_same(known, depots)).unwrap_or_else(|| {
            fleets.push((depots, name(depots, fleets.len() + 1)));
            fleets.len() - 1
        });
        choices.push(Choice { name: &of.name, at: (cost, (1.0 - available) * YEAR_H), fleet });
    }
    (choices, fleets.into_iter().map(|(_, name)| name).collect())
}

fn is_same(a: &[DepotRow], b: &[DepotRow]) -> bool {
    let same = |(a, b): (&DepotRow, &DepotRow)| {
        a.climate == b.climate && a.meters == b.meters && (a.effective_c - b.effective_c).abs() < SAME_K
    };
    a.len() == b.len() && a.iter().zip(b).all(same)
}

/// A fleet by its climates; by its number where it has none.
fn name(depots: &[DepotRow], number: usize) -> String {
    let mut climates: Vec<&str> = depots.iter().map(|depot| depot.climate.as_str()).collect();
    climates.sort_unstable();
    climates.dedup();
    if climates.is_empty() { format!("fleet {number}") } else { climates.join(" and ") }
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

    #[test]
    fn fleets_are_the_same_by_their_climates_meters_and_heat() {
        let depot = |climate: &str, effective_c: f64| DepotRow {
            depot: 0,
            name: "d".to_owned(),
            climate: climate.to_owned(),
            x_m: 0.0,
            y_m: 0.0,
            meters: 9,
            crews: 1,
            effective_c,
            failures_per_meter_y: 0.0,
            truck_rolls_per_meter_y: 0.0,
            wait_s: 0.0,
            crew_busy_share: 0.0,
            cost_money: 0.0,
            backlog: amitwin_data::rows::Added::default(),
            backlog_spares: amitwin_data::rows::Added::default(),
            out_of_stock_s: amitwin_data::rows::Added::default(),
        };
        let hot = [depot("ahmedabad", 41.5)];
        assert!(is_same(&hot, &[depot("ahmedabad", 41.6)]));
        assert!(!is_same(&hot, &[depot("ahmedabad", 46.0)]) && !is_same(&hot, &[depot("london", 41.5)]));
        assert!(!is_same(&hot, &[]));
        assert_eq!((name(&hot, 1), name(&[], 2)), ("ahmedabad".to_owned(), "fleet 2".to_owned()));
    }
}
