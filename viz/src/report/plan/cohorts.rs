//! Vintages as they age: how often their parts fail at each age, and which share lives how long.

use super::fleets::{Fleets, Group};
use super::{Figure, YEAR_S, entry, in_years, lines_only};
use crate::svg::plot::{Plot, Point};
use crate::svg::style;
use crate::view::{RunView, VariantView};
use amitwin_data::rows::{Part, SurvivalRow};
use std::cmp::Reverse;

/// Lines that a chart shows, at most: bands of one colour could not be told apart.
const CURVES_MAX: usize = style::COLOURS;
/// Vintages that have a chart of their own, at most.
const VINTAGES_MAX: usize = 4;
/// Fewer parts than that say little of an age.
const WATCHED_MIN: u32 = 100;

/// All charts of vintages and ages, of the first variant of each fleet.
pub(super) fn figures(run: &RunView, fleets: &Fleets) -> Vec<Figure> {
    let mut all = Vec::new();
    for group in fleets.groups(run) {
        let Some(variant) = group.variants.iter().find(|v| v.survival.iter().any(|row| row.failed > 0)) else {
            continue;
        };
        let cohorts = cohorts(&variant.survival);
        all.extend(by_vintage(&group, variant, &cohorts));
        all.extend(cohorts.iter().take(VINTAGES_MAX).map(|cohort| by_part(&group, variant, cohort, cohorts.len())));
        all.push(survival(&group, variant));
    }
    all
}

type Curve<'a> = &'a [SurvivalRow];

/// The parts of a vintage, those that failed most first.
struct Cohort<'a> {
    vintage: u16,
    parts: Vec<(Part, Curve<'a>)>,
}

fn failed(curve: Curve) -> u64 {
    curve.iter().map(|row| u64::from(row.failed)).sum()
}

/// The vintages in the order of the file. Meters that were out of reach for a while have not failed.
fn cohorts(rows: &[SurvivalRow]) -> Vec<Cohort<'_>> {
    let of = |rows| {
        let curves = <[SurvivalRow]>::chunk_by(rows, |a: &SurvivalRow, b: &SurvivalRow| a.part == b.part);
        let mut parts: Vec<(Part, Curve)> = curves.map(|curve| (curve[0].part, curve)).collect();
        parts.retain(|(part, curve)| *part != Part::Coverage && failed(curve) > 0);
        parts.sort_by_key(|(part, curve)| (Reverse(failed(curve)), part.as_str()));
        Cohort { vintage: rows[0].vintage, parts }
    };
    rows.chunk_by(|a, b| a.vintage == b.vintage).map(of).filter(|cohort| !cohort.parts.is_empty()).collect()
}

/// Share that lives at an age in years.
fn alive(curve: Curve, age_y: f64) -> f64 {
    // Ages are the ends of months.
    let by = curve.partition_point(|row| row.age_s <= (age_y + 0.01) * YEAR_S);
    by.checked_sub(1).map_or(1.0, |at| curve[at].alive_share)
}

/// What is said of a curve in a year of age.
fn in_year(curve: Curve<'_>, year: u32) -> impl Iterator<Item = &SurvivalRow> {
    let (from, to) = (f64::from(year) + 0.01, f64::from(year) + 1.01);
    curve.iter().filter(move |row| (from..to).contains(&(row.age_s / YEAR_S)))
}

/// Points in the middles of years.
fn line(rates: &[Option<f64>]) -> Vec<Point> {
    let points = rates.iter().enumerate().filter_map(|(year, rate)| Some((year as f64 + 0.5, (*rate)?)));
    points.map(|(x, y)| Point { x, y, band: None }).collect()
}

impl Cohort<'_> {
    /// Years of age that are known of any of its parts.
    fn years(&self) -> u32 {
        let last = self.parts.iter().filter_map(|(_, curve)| curve.last()).map(|row| row.age_s / YEAR_S);
        last.fold(0.0, f64::max).floor() as u32
    }

    /// Failures of 100 parts of a kind in each year of their age; nothing where fewer than [`WATCHED_MIN`] were watched. In a year in which
    /// none of them failed that was as it was for the other parts.
    fn rates_of(&self, curve: Curve) -> Vec<Option<f64>> {
        let rate = |year: u32| {
            let others = || self.parts.iter().flat_map(|(_, other)| in_year(other, year)).map(|row| row.at_risk).max();
            let watched = in_year(curve, year).map(|row| row.at_risk).min().or_else(others).unwrap_or(0);
            let (before, after) = (alive(curve, f64::from(year)), alive(curve, f64::from(year) + 1.0));
            (watched >= WATCHED_MIN && after > 0.0).then(|| 100.0 * libm::log(before / after))
        };
        (0..self.years()).map(rate).collect()
    }

    /// The same of 100 meters, all parts together.
    fn rates(&self) -> Vec<Option<f64>> {
        let parts: Vec<Vec<Option<f64>>> = self.parts.iter().map(|(_, curve)| self.rates_of(curve)).collect();
        (0..self.years() as usize).map(|year| parts.iter().map(|part| part[year]).sum()).collect()
    }

    fn name(&self, variant: &VariantView) -> String {
        name(variant, self.vintage)
    }
}

/// A vintage by its name in the file; by its place if that is not there.
fn name(variant: &VariantView, vintage: u16) -> String {
    let known = variant.vintages.get(usize::from(vintage));
    known.cloned().unwrap_or_else(|| format!("vintage {}", vintage + 1))
}

/// Failures by age, a line for each vintage; nothing where there is one.
fn by_vintage(group: &Group, variant: &VariantView, cohorts: &[Cohort]) -> Option<Figure> {
    if cohorts.len() < 2 {
        return None;
    }
    let shown = &cohorts[..cohorts.len().min(CURVES_MAX)];
    let lines: Vec<Vec<Point>> = shown.iter().map(|cohort| line(&cohort.rates())).collect();
    let title = group.title("Failures by age and vintage");
    let legend = shown.iter().enumerate().map(|(at, cohort)| entry(at, cohort.name(variant))).collect();
    let caption = format!(
        "Failures of 100 meters in a year, by their age and vintage, all parts together, in variant “{}”. It is the hazard that follows from the \
         survival of parts (Kaplan and Meier), so that vintages of different sizes and dates can be held against each other; ages at which \
         fewer than {WATCHED_MIN} parts were watched are left out.",
        variant.name
    );
    Some(Figure::new(group.name("cohorts"), &title, legend, plot(&title, lines).draw(), &caption))
}

/// Failures by age of a vintage, a line for each part.
fn by_part(group: &Group, variant: &VariantView, cohort: &Cohort, cohorts: usize) -> Figure {
    let shown = &cohort.parts[..cohort.parts.len().min(CURVES_MAX)];
    let lines: Vec<Vec<Point>> = shown.iter().map(|(_, curve)| line(&cohort.rates_of(curve))).collect();
    let vintage = cohort.name(variant);
    let (kind, title) = match cohorts {
        1 => ("ages".to_owned(), "Failures by age".to_owned()),
        _ => (format!("ages-{}", cohort.vintage + 1), format!("Failures by age, vintage {vintage}")),
    };
    let title = group.title(&title);
    let legend = shown.iter().enumerate().map(|(at, (part, _))| entry(at, part.as_str().replace('_', " "))).collect();
    let which = match cohort.parts.len() {
        all if all > shown.len() => format!(" The {} of {all} parts that failed most.", shown.len()),
        _ => String::new(),
    };
    let caption = format!(
        "Failures of 100 parts of vintage {vintage} in a year, by their age, in variant “{}”: the hazard that follows from their survival. Ages at \
         which fewer than {WATCHED_MIN} were watched are left out.{which}",
        variant.name
    );
    Figure::new(group.name(&kind), &title, legend, plot(&title, lines).draw(), &caption)
}

fn plot(title: &str, lines: Vec<Vec<Point>>) -> Plot {
    let last = lines.iter().flatten().map(|point| point.x + 0.5).fold(1.0, f64::max);
    Plot {
        title: title.to_owned(),
        x_label: "age, years".to_owned(),
        y_label: "failures of 100 in a year".to_owned(),
        x_ticks: in_years(0.0, last),
        lines,
        ..lines_only()
    }
}

/// Which share of the parts of each vintage live how long: those of which most have failed.
fn survival(group: &Group, variant: &VariantView) -> Figure {
    let mut curves: Vec<Curve> = variant.survival.chunk_by(|a, b| (a.vintage, a.part) == (b.vintage, b.part)).collect();
    curves.retain(|curve| failed(curve) > 0);
    let all = curves.len();
    curves.sort_by_key(|curve| (Reverse(failed(curve)), curve[0].vintage, curve[0].part.as_str()));
    curves.truncate(CURVES_MAX);
    let line = |curve: &Curve| -> Vec<Point> {
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
    let title = group.title("Survival");
    let plot = Plot {
        title: group.title("Parts that live by age"),
        x_label: "age of the part, years".to_owned(),
        y_label: "parts that live, %".to_owned(),
        x_ticks: in_years(0.0, last),
        lines: curves.iter().map(line).collect(),
        bounds: Some((0.0, 100.0)),
        ..lines_only()
    };
    let several = variant.survival.iter().any(|row| row.vintage != 0);
    let of = |row: &SurvivalRow| {
        let part = row.part.as_str().replace('_', " ");
        if several { format!("{part}, {}", name(variant, row.vintage)) } else { part }
    };
    let legend = curves.iter().enumerate().map(|(at, curve)| entry(at, of(&curve[0]))).collect();
    let which =
        if all > curves.len() { format!(" The {} of {all} with most failures.", curves.len()) } else { String::new() };
    let caption = format!(
        "Share of parts that live, by age and vintage, in variant “{}”, as Kaplan and Meier estimate it: a part that was there before the \
         plan counts from the age that it had then, one that was exchanged before it failed until then. Bands: 95 %.{which}",
        variant.name
    );
    Figure::new(group.name("survival"), &title, legend, plot.draw(), &caption)
}

#[cfg(test)]
mod tests {
    use super::*;
    use amitwin_data::rows::Added;

    fn row(vintage: u16, part: Part, age_months: u32, (at_risk, failed): (u32, u32), alive_share: f64) -> SurvivalRow {
        let age_s = f64::from(age_months) / 12.0 * YEAR_S;
        SurvivalRow {
            vintage,
            part,
            age_s,
            at_risk,
            failed,
            alive_share,
            alive_low_share: alive_share,
            alive_high_share: alive_share,
            vintage_name: Added::default(),
        }
    }

    #[test]
    fn rates_of_a_vintage_follow_from_what_lives_and_stop_where_few_are_left() {
        let rows = [
            // 1 of 100 in the first year, none in the second; of the few that are watched in the third a tenth.
            row(0, Part::Board, 7, (1_000, 10), 0.99),
            row(0, Part::Board, 30, (50, 5), 0.891),
            row(0, Part::Board, 36, (40, 0), 0.891),
            row(0, Part::Coverage, 5, (1_000, 900), 0.1),
            row(0, Part::Module, 12, (1_000, 20), 0.98),
            row(0, Part::Module, 20, (980, 0), 0.98),
            row(2, Part::Board, 1, (900, 9), 0.99),
        ];
        let cohorts = cohorts(&rows);
        let places: Vec<u16> = cohorts.iter().map(|cohort| cohort.vintage).collect();
        assert_eq!(places, [0, 2]);
        // 20 modules failed and 15 boards; who was out of reach is neither.
        let parts: Vec<Part> = cohorts[0].parts.iter().map(|(part, _)| *part).collect();
        assert_eq!(parts, [Part::Module, Part::Board]);
        let near = |found: Option<f64>, expected: f64| found.is_some_and(|rate| (rate - expected).abs() < 1e-9);
        // In the second year 980 modules were watched, and so as many boards.
        let board = cohorts[0].rates_of(cohorts[0].parts[1].1);
        assert!(near(board[0], -100.0 * libm::log(0.99)) && near(board[1], 0.0) && board[2].is_none(), "{board:?}");
        let all = cohorts[0].rates();
        assert!(near(all[0], -100.0 * libm::log(0.99 * 0.98)) && near(all[1], 0.0) && all[2].is_none(), "{all:?}");
        // Less than a year was watched.
        assert!(cohorts[1].rates().is_empty());
    }

    #[test]
    fn vintages_have_the_names_of_the_file() {
        let variant = VariantView { vintages: vec!["2016-18".to_owned()], ..VariantView::default() };
        assert_eq!((name(&variant, 0), name(&variant, 1)), ("2016-18".to_owned(), "vintage 2".to_owned()));
    }
}
