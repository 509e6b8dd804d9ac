//! The charts of a maintenance plan: years, money, ages, depots.

mod choices;
mod cohorts;
mod fleets;
mod places;
mod years;

use super::charts::{Entry, Figure, entry};
use crate::svg::plot::Plot;
use crate::svg::ticks;
use crate::view::RunView;
use fleets::Fleets;

/// Hours and seconds of a mean year.
const YEAR_H: f64 = 8_766.0;
const YEAR_S: f64 = YEAR_H * 3_600.0;

/// All charts that the plan has rows for. Policies stand side by side in each; where several of them look after the same fleet, and others after
/// another one, each fleet has charts of its own.
pub fn figures(run: &RunView) -> Vec<Figure> {
    let fleets = Fleets::of(run);
    let mut all = years::figures(run, &fleets);
    all.extend(choices::figures(run, &fleets));
    all.extend(cohorts::figures(run, &fleets));
    all.extend(places::figures(run, &fleets));
    all
}

/// Labels of an axis whose ends are those of the lines; they have none where no round number is.
fn axis(low: f64, high: f64, name: fn(f64) -> String) -> Vec<(f64, String)> {
    let round = ticks::nice(low, high, 6);
    let mut places: Vec<f64> = round.iter().copied().chain([low, high]).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    places.into_iter().map(|v| (v, if round.contains(&v) { name(v) } else { String::new() })).collect()
}

/// An axis of years.
fn in_years(first: f64, last: f64) -> Vec<(f64, String)> {
    axis(first, last, |year| format!("{year:.0}"))
}

/// A chart of joined lines that start at 0 and have nothing beside them; it has yet to say what they are.
fn lines_only() -> Plot {
    Plot {
        title: String::new(),
        x_label: String::new(),
        y_label: String::new(),
        x_ticks: Vec::new(),
        logarithmic: false,
        bounds: None,
        lines: Vec::new(),
        joined: true,
        loose: Vec::new(),
        names: Vec::new(),
        limits: Vec::new(),
        marks: Vec::new(),
    }
}
