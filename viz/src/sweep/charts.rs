//! A chart of each figure against what is varied: lines over the first axis of a grid, points over each setting of a Latin hypercube.

use super::axes::{Axes, Axis};
use super::{lines_of, unit};
use crate::figures::{Figure, shown};
use crate::human;
use crate::report::charts::{Figure as Framed, entry};
use crate::svg::heat::Heat;
use crate::svg::plot::{Plot, Point};
use amitwin_data::summary::VariantSummary;
use amitwin_data::sweep::{CaseSummary, SweepSummary};

/// Lines of a chart, at most; more of them are left to the heat map and the table.
const LINES_MAX: usize = 7;
/// Columns of a heat map, at most: more have no room for their numbers.
const COLUMNS_MAX: usize = 10;

/// All charts, as a section of the page.
pub fn all(sweep: &SweepSummary) -> String {
    let drawn: String = figures(sweep).iter().map(Framed::html).collect();
    format!("<section>\n<h2>Charts</h2>\n<div class=\"charts\">\n{drawn}</div>\n</section>\n")
}

/// For each figure its charts, and its heat maps over two axes.
pub fn figures(sweep: &SweepSummary) -> Vec<Framed> {
    let axes = Axes::of(sweep);
    let mut out = Vec::new();
    for figure in shown(lines_of(sweep)) {
        if axes.is_grid {
            out.extend(axes.all.first().map(|axis| lines(sweep, &figure, axis, &axes.all[1..])));
        } else {
            out.extend(points(sweep, &figure, &axes));
        }
        if let (true, [columns, rows]) = (axes.is_grid, &axes.all[..]) {
            out.extend(heat_maps(sweep, &figure, columns, rows));
        }
    }
    out
}

/// Points with what they have in common.
type Groups = Vec<(String, Vec<Point>)>;

/// The points of a figure over an axis, by what the others say and by variant.
fn groups(sweep: &SweepSummary, figure: &Figure, scale: f64, axis: &Axis, others: &[&Axis]) -> Groups {
    let several = sweep.cases.iter().any(|case| case.variants.len() > 1);
    let name = |case: &CaseSummary, variant: &VariantSummary| {
        let others = others.iter().map(|other| other.named(case));
        others.chain(several.then(|| human::one_line(&variant.name))).collect::<Vec<_>>().join(", ")
    };
    let mut groups: Groups = Vec::new();
    for case in &sweep.cases {
        for variant in &case.variants {
            let name = name(case, variant);
            let at = groups.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
                groups.push((name, Vec::new()));
                groups.len() - 1
            });
            let Some(value) = variant.metrics.value(figure.metric) else { continue };
            let ends = variant.over_seeds.get(figure.metric.key()).and_then(|over| over.low.zip(over.high));
            let band = ends.map(|(low, high)| (low / scale, high / scale));
            groups[at].1.push(Point { x: axis.place(case), y: value / scale, band });
        }
    }
    groups.iter_mut().for_each(|(_, points)| points.sort_by(|a, b| a.x.total_cmp(&b.x)));
    groups
}

/// A figure over the first axis of a grid, one line for each point of the others.
fn lines(sweep: &SweepSummary, figure: &Figure, axis: &Axis, others: &[Axis]) -> Framed {
    let (scale, _) = scale(sweep, figure);
    let mut groups = groups(sweep, figure, scale, axis, &others.iter().collect::<Vec<_>>());
    let all = groups.len();
    groups.truncate(LINES_MAX);
    let more = if all > LINES_MAX { format!("; the first {LINES_MAX} of {all} lines") } else { String::new() };
    chart(sweep, figure, axis, groups, true, figure.metric.key().to_owned(), &more)
}

/// A figure over each setting whose values were drawn; what goes with all of them has a colour.
fn points(sweep: &SweepSummary, figure: &Figure, axes: &Axes) -> Vec<Framed> {
    let (scale, _) = scale(sweep, figure);
    let crossed: Vec<bool> = (0..axes.all.len()).map(|at| axes.is_crossed(sweep, at)).collect();
    let of = |wanted: bool| axes.all.iter().zip(&crossed).filter(move |(_, is)| **is == wanted).map(|(axis, _)| axis);
    let others: Vec<&Axis> = of(true).collect();
    let one = |axis: &Axis| {
        let mut grouped = groups(sweep, figure, scale, axis, &others);
        if grouped.len() > LINES_MAX {
            grouped = groups(sweep, figure, scale, axis, &[]);
        }
        let name = format!("{}-by-{}", figure.metric.key(), super::file_name(&axis.keys.join("-")));
        chart(sweep, figure, axis, grouped, false, name, "; a point for each case")
    };
    of(false).map(one).collect()
}

/// By what a figure is divided, and the unit that makes.
fn scale(sweep: &SweepSummary, figure: &Figure) -> (f64, &'static str) {
    let highest = lines_of(sweep).filter_map(|v| v.metrics.value(figure.metric)).fold(0.0, f64::max);
    unit(figure.metric.format(), highest)
}

fn chart(
    sweep: &SweepSummary,
    figure: &Figure,
    axis: &Axis,
    groups: Groups,
    joined: bool,
    name: String,
    more: &str,
) -> Framed {
    let label = figure.named.label;
    let (scale, unit) = scale(sweep, figure);
    let named = groups.iter().enumerate().filter(|(_, (name, _))| !name.is_empty());
    let legend: Vec<_> = named.map(|(i, (name, _))| entry(i, name.clone())).collect();
    let title = if joined { label.to_owned() } else { format!("{label} by {}", axis.short()) };
    let limits = sweep.limits.iter().filter(|limit| limit.figure == figure.metric.key());
    let plot = Plot {
        title: format!("{label} by {}", axis.label()),
        x_label: axis.label(),
        y_label: if unit.is_empty() { label.to_owned() } else { format!("{label}, {unit}") },
        x_ticks: axis.ticks(!joined),
        logarithmic: axis.logarithmic,
        bounds: super::bounds(figure.metric.format()),
        lines: groups.into_iter().map(|(_, points)| points).collect(),
        joined,
        loose: Vec::new(),
        names: Vec::new(),
        limits: limits.map(|limit| (limit.value / scale, super::alone(&limit.text).to_owned())).collect(),
        marks: Vec::new(),
    };
    let mut caption = format!("{} against {}", sentence(label), axis.label());
    if axis.keys.len() > 1 {
        caption.push_str(&format!(", which change together; {} has the scale", axis.keys[0]));
    }
    if sweep.seeds.len() > 1 {
        caption.push_str(if joined { "; bands are" } else { "; bars are" });
        caption.push_str(" the 95 % interval over the seeds");
    }
    if !plot.limits.is_empty() {
        caption.push_str("; the dotted line is a gate’s limit");
    }
    caption.push_str(more);
    caption.push_str(". A point that is missing was not reached, or its case is invalid.");
    Framed::new(name, &title, legend, plot.draw(), &caption)
}

/// One for each variant, of the first ones.
fn heat_maps(sweep: &SweepSummary, figure: &Figure, columns: &Axis, rows: &Axis) -> Vec<Framed> {
    if columns.points.len() < 2 || rows.points.len() < 2 || columns.points.len() > COLUMNS_MAX {
        return Vec::new();
    }
    let names: Vec<&String> = sweep
        .cases
        .iter()
        .find(|case| !case.variants.is_empty())
        .map_or(Vec::new(), |case| case.variants.iter().map(|v| &v.name).take(LINES_MAX).collect());
    let map = |name: &String| {
        let (of, file) = match names.len() {
            1 => (String::new(), String::new()),
            _ => (format!(": {}", human::one_line(name)), format!("-{}", super::file_name(name))),
        };
        let title = format!("{}{of}", figure.named.label);
        let cell = |case: &CaseSummary| {
            let variant = case.variants.iter().find(|v| v.name == *name)?;
            Some((variant.metrics.value(figure.metric)?, figure.text(variant, false)))
        };
        let heat = heat(sweep, &title, columns, rows, cell);
        let caption =
            format!("{} at each pair of settings; a darker cell is a larger value.", sentence(figure.named.label));
        Framed::new(format!("{}-map{file}", figure.metric.key()), &title, Vec::new(), heat.draw(), &caption)
    };
    names.iter().map(|name| map(name)).collect()
}

/// A map of a grid of two axes, with what `cell` makes of a case.
pub(super) fn heat(
    sweep: &SweepSummary,
    title: &str,
    columns: &Axis,
    rows: &Axis,
    cell: impl Fn(&CaseSummary) -> Option<(f64, String)>,
) -> Heat {
    let at = |row: &String, column: &String| {
        cell(sweep.cases.iter().find(|case| columns.text(case) == *column && rows.text(case) == *row)?)
    };
    Heat {
        title: title.to_owned(),
        columns: (columns.keys.join(" + "), columns.points.clone()),
        rows: (rows.short(), rows.points.clone()),
        cells: rows.points.iter().map(|row| columns.points.iter().map(|column| at(row, column)).collect()).collect(),
        missing: human::NONE.to_owned(),
    }
}

fn sentence(label: &str) -> String {
    let mut chars = label.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
