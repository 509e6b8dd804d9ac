//! The charts of a maintenance plan: years, money, ages, depots.

use super::charts::{Entry, Figure, entry};
use crate::human;
use crate::svg::heat::Heat;
use crate::svg::map::{self, Kind, losses};
use crate::svg::plot::{Plot, Point};
use crate::svg::style;
use crate::svg::ticks;
use crate::view::{RunView, VariantView};
use amitwin_data::rows::{FleetYearRow, RadioMonthRow, SurvivalRow};

/// Hours and seconds of a mean year.
pub(super) const YEAR_H: f64 = 8_766.0;
const YEAR_S: f64 = YEAR_H * 3_600.0;
/// Parts that a chart of ages shows, at most.
const PARTS_MAX: usize = 6;
/// Depots, and years between two columns, that a heat map shows, at most.
const DEPOTS_MAX: usize = 24;
const COLUMNS_MAX: usize = 10;

/// All charts that the plan has rows for.
pub fn figures(run: &RunView) -> Vec<Figure> {
    [
        by_year(run, "away", "Hours without a reading", "hours for each meter and year", &|all| {
            let meters: f64 = all.iter().map(|row| f64::from(row.meters)).sum();
            let away = all.iter().map(|row| (1.0 - row.available_share) * f64::from(row.meters) * YEAR_H).sum::<f64>();
            away / meters.max(1.0)
        }),
        by_year(run, "visits", "Truck rolls", "truck rolls for each 100 meters and year", &|all| {
            let meters: f64 = all.iter().map(|row| f64::from(row.meters)).sum();
            100.0 * all.iter().map(|row| f64::from(row.truck_rolls)).sum::<f64>() / meters.max(1.0)
        }),
        by_year(run, "backlog", "Jobs that wait at the end of a year", "jobs", &|all| {
            all.iter().map(|row| f64::from(row.backlog)).sum()
        }),
        by_year(run, "cost-by-year", "Cost", "money a meter and year", &|all| {
            let meters: f64 = all.iter().map(|row| f64::from(row.meters)).sum();
            all.iter().map(cost).sum::<f64>() / meters.max(1.0)
        }),
        reach(run),
        super::choices::cost_and_availability(run),
        ages(run),
        survival(run),
        burns(run),
        burning_meters(run),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Labels of an axis whose ends are those of the lines; they have none where no round number is.
pub(super) fn axis(low: f64, high: f64, name: fn(f64) -> String) -> Vec<(f64, String)> {
    let round = ticks::nice(low, high, 6);
    let mut places: Vec<f64> = round.iter().copied().chain([low, high]).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    places.into_iter().map(|v| (v, if round.contains(&v) { name(v) } else { String::new() })).collect()
}

/// A chart of joined lines that start at 0 and have nothing beside them; it has yet to say what they are.
pub(super) fn lines_only() -> Plot {
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

fn years(first: f64, last: f64) -> Vec<(f64, String)> {
    axis(first, last, |year| format!("{year:.0}"))
}

fn cost(row: &FleetYearRow) -> f64 {
    row.visits_money + row.spares_money + row.energy_money + row.office_money
}

fn legend(run: &RunView) -> Vec<super::charts::Entry> {
    run.variants.iter().enumerate().map(|(at, variant)| entry(at, variant.name.clone())).collect()
}

/// A figure of each year and variant; nothing where all of it is 0.
fn by_year(
    run: &RunView,
    name: &'static str,
    title: &str,
    unit: &str,
    of: &dyn Fn(&[FleetYearRow]) -> f64,
) -> Option<Figure> {
    let line = |variant: &VariantView| -> Vec<Point> {
        let years = variant.years.chunk_by(|a, b| a.year == b.year);
        years.map(|all| Point { x: f64::from(all[0].year), y: of(all), band: None }).collect()
    };
    let lines: Vec<Vec<Point>> = run.variants.iter().map(line).collect();
    let last = lines.iter().flatten().map(|point| point.x).fold(0.0, f64::max);
    if lines.iter().flatten().all(|point| point.y == 0.0) {
        return None;
    }
    let plot = Plot {
        title: format!("{title} by year"),
        x_label: "year of the plan".to_owned(),
        y_label: unit.to_owned(),
        x_ticks: years(1.0, last),
        lines,
        ..lines_only()
    };
    Some(Figure::new(
        name,
        &format!("{title} by year"),
        legend(run),
        plot.draw(),
        &format!("{title}, {unit}, over all depots."),
    ))
}

/// Reads of meters that work, by month.
fn reach(run: &RunView) -> Option<Figure> {
    let line = |variant: &VariantView| -> Vec<Point> {
        let months = variant.radio.chunk_by(|a, b| a.month == b.month);
        let point = |all: &[RadioMonthRow]| {
            let on = |row: &RadioMonthRow| f64::from(row.meters) * (1.0 - row.off_share);
            let (sum, meters) =
                all.iter().fold((0.0, 0.0), |(s, m), row| (s + on(row) * row.read_success_share, m + on(row)));
            let x = (f64::from(all[0].month) - 0.5) / 12.0;
            (meters > 0.0).then(|| Point { x, y: 100.0 * sum / meters, band: None })
        };
        months.filter_map(point).collect()
    };
    let lines: Vec<Vec<Point>> = run.variants.iter().map(line).collect();
    let last = lines.iter().flatten().map(|point| point.x).fold(0.0, f64::max);
    if last == 0.0 {
        return None;
    }
    let plot = Plot {
        title: "Reads of meters that work".to_owned(),
        x_label: "year of the plan".to_owned(),
        y_label: "reads that arrive, %".to_owned(),
        x_ticks: years(0.0, last),
        lines,
        bounds: Some((0.0, 100.0)),
        ..lines_only()
    };
    let caption = "Share of the reads of meters that work that arrive, by month over all depots, as the table of the radio has it for the \
                   share of meters that are off and the mean extra loss of the others.";
    Some(Figure::new("reach", "Reads of meters that work", legend(run), plot.draw(), caption))
}

/// Failures of each part by its age, of those that were there first.
fn ages(run: &RunView) -> Option<Figure> {
    let variant = run.variants.iter().find(|variant| !variant.ages.is_empty())?;
    let meters = f64::from(run.summary.variants.iter().find(|v| v.name == variant.name)?.meters.max(1));
    let mut parts: Vec<_> = variant.ages.iter().collect();
    parts.sort_by_key(|(part, by_age)| (std::cmp::Reverse(by_age.iter().sum::<u32>()), part.as_str()));
    parts.truncate(PARTS_MAX);
    let last = parts.iter().map(|(_, by_age)| by_age.len()).max()? as f64;
    let line = |by_age: &Vec<u32>| -> Vec<Point> {
        let mut failed = 0.0;
        let start = Point { x: 0.0, y: 0.0, band: None };
        let rest = by_age.iter().enumerate().map(|(age, count)| {
            failed += 1_000.0 * f64::from(*count) / meters;
            Point { x: age as f64 + 1.0, y: failed, band: None }
        });
        std::iter::once(start).chain(rest).collect()
    };
    let plot = Plot {
        title: "Failures by age".to_owned(),
        x_label: "age of the part, years".to_owned(),
        y_label: "first failures, of 1,000 meters".to_owned(),
        x_ticks: years(0.0, last),
        lines: parts.iter().map(|(_, by_age)| line(by_age)).collect(),
        ..lines_only()
    };
    let legend = parts.iter().enumerate().map(|(at, (part, _))| entry(at, part.as_str().replace('_', " "))).collect();
    let caption = format!(
        "First failures of each part by its age, added up, of 1,000 meters in variant “{}”; parts that were exchanged before they \
         failed are not among them.",
        variant.name
    );
    Some(Figure::new("ages", "Failures by age", legend, plot.draw(), &caption))
}

/// Lines that a chart of survival shows, at most: bands of one colour could not be told apart.
const CURVES_MAX: usize = style::COLOURS;

/// Which share of the parts of each vintage live how long: those of which most have failed.
fn survival(run: &RunView) -> Option<Figure> {
    let variant = run.variants.iter().find(|variant| variant.survival.iter().any(|row| row.failed > 0))?;
    let mut curves: Vec<&[SurvivalRow]> =
        variant.survival.chunk_by(|a, b| (a.vintage, a.part) == (b.vintage, b.part)).collect();
    let failed = |curve: &[SurvivalRow]| curve.iter().map(|row| u64::from(row.failed)).sum::<u64>();
    curves.retain(|curve| failed(curve) > 0);
    let all = curves.len();
    curves.sort_by_key(|curve| (std::cmp::Reverse(failed(curve)), curve[0].vintage, curve[0].part.as_str()));
    curves.truncate(CURVES_MAX);
    let line = |curve: &&[SurvivalRow]| -> Vec<Point> {
        let point = |row: &SurvivalRow| Point {
            x: row.age_s / YEAR_S,
            y: 100.0 * row.alive_share,
            band: Some((100.0 * row.alive_low_share, 100.0 * row.alive_high_share)),
        };
        // Younger than the first that failed nobody is known to have failed.
        let begins = Point { x: (curve[0].age_s / YEAR_S - 1.0 / 12.0).max(0.0), y: 100.0, band: Some((100.0, 100.0)) };
        std::iter::once(begins).chain(curve.iter().map(point)).collect()
    };
    let last = curves.iter().flat_map(|curve| curve.iter()).map(|row| row.age_s / YEAR_S).fold(0.0, f64::max);
    let plot = Plot {
        title: "Parts that live by age".to_owned(),
        x_label: "age of the part, years".to_owned(),
        y_label: "parts that live, %".to_owned(),
        x_ticks: years(0.0, last),
        lines: curves.iter().map(line).collect(),
        bounds: Some((0.0, 100.0)),
        ..lines_only()
    };
    let several = variant.survival.iter().any(|row| row.vintage != 0);
    let name = |row: &SurvivalRow| {
        let part = row.part.as_str().replace('_', " ");
        if several { format!("{part}, vintage {}", row.vintage + 1) } else { part }
    };
    let legend = curves.iter().enumerate().map(|(at, curve)| entry(at, name(&curve[0]))).collect();
    let which =
        if all > curves.len() { format!(" The {} of {all} with most failures.", curves.len()) } else { String::new() };
    let caption = format!(
        "Share of parts that live, by age and vintage (by its place in the file), in variant “{}”, as Kaplan and Meier estimate it: a part that \
         was there before the plan counts from the age that it had then, one that was exchanged before it failed until then. Bands: 95 %.{which}",
        variant.name
    );
    Some(Figure::new("survival", "Survival", legend, plot.draw(), &caption))
}

/// Where and when it burns: failures of each depot by year.
fn burns(run: &RunView) -> Option<Figure> {
    let variant = run.variants.iter().find(|variant| !variant.years.is_empty())?;
    let last = variant.years.iter().map(|row| row.year).max()?;
    let width = usize::from(last).div_ceil(COLUMNS_MAX) as u16;
    let columns: Vec<(u16, u16)> =
        (0..last.div_ceil(width)).map(|at| (at * width + 1, (at * width + width).min(last))).collect();
    let cell = |depot: u32, (from, to): (u16, u16)| {
        let rows = variant.years.iter().filter(|row| row.depot == depot && (from..=to).contains(&row.year));
        let (failures, meters) =
            rows.fold((0.0, 0.0), |(f, m), row| (f + f64::from(row.failures), m + f64::from(row.meters)));
        (meters > 0.0).then(|| (100.0 * failures / meters, format!("{:.1}", 100.0 * failures / meters)))
    };
    let depots: Vec<_> = variant.depots.iter().take(DEPOTS_MAX).collect();
    let heat = Heat {
        title: "Failures by depot and year".to_owned(),
        columns: (
            "years of the plan".to_owned(),
            columns.iter().map(|(a, b)| if a == b { format!("{a}") } else { format!("{a}-{b}") }).collect(),
        ),
        rows: ("depot".to_owned(), depots.iter().map(|depot| human::shorten(&depot.name, 16)).collect()),
        cells: depots.iter().map(|depot| columns.iter().map(|column| cell(depot.depot, *column)).collect()).collect(),
        missing: String::new(),
    };
    let hot: Vec<String> =
        depots.iter().map(|d| format!("{}: {}, {:.1} C", d.name, d.climate, d.effective_c)).collect();
    let caption = format!(
        "Failures of 100 meters a year at each depot in variant “{}”. Climate, and the constant temperature that ages the meters' \
         inside as fast: {}.",
        variant.name,
        hot.join("; ")
    );
    Some(Figure::new("burns", "Where it burns", Vec::new(), heat.draw(), &caption))
}

/// The meters of a list, and where failures pile up.
fn burning_meters(run: &RunView) -> Option<Figure> {
    let variant = run.variants.iter().find(|variant| variant.places.iter().any(|place| place.failures > 0))?;
    let spot = |place: &crate::view::Place| map::Place {
        x_m: f64::from(place.x_m),
        y_m: f64::from(place.y_m),
        kind: Kind::Meter(Some(1)),
        parent: None,
    };
    let places: Vec<map::Place> = variant.places.iter().map(spot).collect();
    let counts: Vec<u64> = variant.places.iter().map(|place| u64::from(place.failures)).collect();
    let most = counts.iter().max().copied().unwrap_or(0);
    let at_most = counts.iter().filter(|count| **count == most).count();
    let caption = format!(
        "Failures of each meter over the plan in variant “{}”. The area of a mark goes with their number; the largest stands for {most}, at {}.",
        variant.name,
        human::plural(at_most, "meter")
    );
    let legend = vec![Entry { class: "loss thick".into(), path: "M9 5H17", text: "failures of this meter".into() }];
    let svg = losses::draw("Map of failures", &places, &counts);
    Some(Figure { wide: true, ..Figure::new("burns-map", "Where it burns, meter by meter", legend, svg, &caption) })
}
