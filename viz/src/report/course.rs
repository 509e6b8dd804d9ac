//! What links lost over time, under what the air and the boards were: hours or days of a run in one picture.

use super::charts::{BY_DAY_S, Entry, Figure, LINE, entry};
use crate::course::{self, Points};
use crate::human;
use crate::series;
use crate::svg::lines::thin;
use crate::svg::panels::{Content, Curve, Panel, Panels};
use crate::svg::style;
use crate::view::RunView;
use std::fmt::Write;

/// Runs of fewer hours have no course.
const FROM_S: f64 = 3.0 * 3_600.0;
/// Colour of the air: no variant of few has it.
const AIR: &str = "line s6";
/// Boards that differ by less at every hour are the same, K.
const SAME_K: f64 = 0.05;

/// The picture; `None` of short runs, and without a table `load` or anybody who lost a try.
pub fn figure(run: &RunView) -> Option<Figure> {
    let duration_s = run.summary.duration_s;
    if duration_s < FROM_S {
        return None;
    }
    let (each, hours) = if duration_s > BY_DAY_S { ("day", 24) } else { ("hour", 1) };
    let lost: Vec<Points> = run.variants.iter().map(|variant| variant.course.lost(hours)).collect();
    if lost.iter().flatten().all(|point| point.1 == 0.0) {
        return None;
    }
    let mut legend: Vec<Entry> =
        run.variants.iter().enumerate().map(|(n, variant)| entry(n, variant.name.clone())).collect();
    let mut panels = Vec::new();
    let sky = run.variants.iter().find(|variant| !variant.weather.is_empty());
    let air = sky.map(|variant| course::air_c(&variant.weather));
    // By day marks for each day would hide what they mark.
    let daily = hours == 1;
    let moments = |points: &[(f64, f64)]| -> Vec<f64> {
        let at_h = course::highest_h(points).filter(|_| daily && air.is_some());
        let days = (duration_s / 86_400.0).ceil() as u32;
        let each_day = (0..days).filter_map(|day| at_h.map(|at_h| 60.0 * (24.0 * f64::from(day) + at_h)));
        each_day.filter(|at| *at * 60.0 < duration_s).collect()
    };
    let curve = |class: String, points: &Points| Curve {
        class,
        points: thin(points.clone(), series::COLUMNS),
        peaks: moments(points),
    };
    let boards = boards(run);
    if let Some(air) = &air {
        legend.push(Entry { class: AIR.into(), path: LINE, text: "air".into() });
        let mut curves = vec![curve(AIR.to_owned(), air)];
        curves.extend(boards.iter().map(|(n, points)| curve(style::stroke(*n), points)));
        let name = "air, and the mean of all boards, °C".to_owned();
        panels.push(Panel { name, content: Content::Curves { curves, share: false, from_zero: false } });
    }
    let mut panel = |name: String, of: &[Points], share| {
        if of.iter().flatten().any(|point| point.1 > 0.0) {
            let curves = of.iter().enumerate().map(|(n, points)| curve(style::stroke(n), points)).collect();
            panels.push(Panel { name, content: Content::Curves { curves, share, from_zero: true } });
        }
    };
    panel("tries to a parent that were not acknowledged".to_owned(), &lost, true);
    let changes: Vec<Points> = run.variants.iter().map(|variant| variant.course.parent_changes(hours)).collect();
    panel(format!("other parents chosen by {each}"), &changes, false);
    let missing = |counts: &[(u32, u32)]| -> Points {
        let came = series::delivered_over_time(counts, hours as usize);
        came.into_iter().map(|(at, share)| (at, 1.0 - share)).collect()
    };
    let missing: Vec<Points> = run.variants.iter().map(|variant| missing(&variant.delivered)).collect();
    panel("reports that did not arrive".to_owned(), &missing, true);
    let mut caption = format!("Shares and counts of each {each}, of all radios.");
    let marks = air.as_deref().map(moments).unwrap_or_default();
    if let Some(air_h) = air.as_deref().and_then(course::highest_h).filter(|_| daily) {
        caption.push_str(" Marks: when a curve is highest in a mean day; dotted: when the air is.");
        caption.push_str(&peaks(run, "Boards are hottest", air_h, boards));
        caption.push_str(&peaks(run, "Most tries are lost", air_h, lost.into_iter().enumerate().collect()));
    }
    let title = format!("Links by {each}");
    let panels = Panels {
        title: title.clone(),
        x_label: "since the run’s start".into(),
        x: (0.0, (duration_s / 60.0).max(1.0)),
        marks,
        panels,
    };
    Some(Figure::new("links", &title, legend, panels.draw(), &caption))
}

/// Means of the boards of each variant that has others than those before it.
fn boards(run: &RunView) -> Vec<(usize, Points)> {
    let mut known: Vec<(usize, Points)> = Vec::new();
    for (n, variant) in run.variants.iter().enumerate() {
        let boards = variant.course.boards_c();
        let same = |other: &Points| {
            other.len() == boards.len() && other.iter().zip(&boards).all(|(a, b)| (a.1 - b.1).abs() < SAME_K)
        };
        if !boards.is_empty() && !known.iter().any(|(_, other)| same(other)) {
            known.push((n, boards));
        }
    }
    known
}

/// A sentence on when in a mean day something is highest, by variant, against the air; empty if it has no course over the day.
fn peaks(run: &RunView, what: &str, air_h: f64, of: Vec<(usize, Points)>) -> String {
    let mut told = String::new();
    for (n, points) in of {
        let Some(at_h) = course::highest_h(&points) else { continue };
        let later_h = course::later_h(air_h, at_h);
        let when = if later_h < 0.0 { "before" } else { "after" };
        let _ = write!(
            told,
            "{} {} {when} the air",
            if told.is_empty() { "" } else { "," },
            human::duration(later_h.abs() * 3_600.0)
        );
        if run.variants.len() > 1 {
            let _ = write!(told, " in “{}”", run.variants[n].name);
        }
    }
    if told.is_empty() { told } else { format!(" {what}{told}.") }
}
