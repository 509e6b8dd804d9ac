//! A chart of each figure against the first setting, one line for each value of the others; a heat map over two settings.

use super::{lines_of, short, unit};
use crate::figures::{Figure, shown};
use crate::human;
use crate::report::charts::{Figure as Framed, entry};
use crate::svg::heat::Heat;
use crate::svg::plot::{Plot, Point};
use amitwin_data::summary::VariantSummary;
use amitwin_data::sweep::{CaseSummary, SweepSummary};

/// Lines of a chart, at most; more of them are left to the heat map and the table.
const LINES_MAX: usize = 7;
/// Where the largest value is so many times the smallest, the axis is logarithmic.
const LOGARITHMIC: f64 = 20.0;

/// All charts.
pub fn all(sweep: &SweepSummary) -> String {
    let mut out = String::from("<section>\n<h2>Charts</h2>\n<div class=\"charts\">\n");
    for figure in shown(lines_of(sweep)) {
        if let Some(chart) = lines(sweep, &figure) {
            out.push_str(&chart.html());
        }
        if sweep.cases.first().is_some_and(|case| case.settings.len() == 2) {
            heat_maps(sweep, &figure).iter().for_each(|map| out.push_str(map));
        }
    }
    out.push_str("</div>\n</section>\n");
    out
}

/// The chart of each figure against the first setting.
pub fn figures(sweep: &SweepSummary) -> Vec<Framed> {
    shown(lines_of(sweep)).iter().filter_map(|figure| lines(sweep, figure)).collect()
}

/// The horizontal axis: where each value of the first setting stands, and its label.
struct Axis {
    label: String,
    places: Vec<(String, f64)>,
    logarithmic: bool,
}

impl Axis {
    fn of(sweep: &SweepSummary) -> Option<Axis> {
        let key = &sweep.cases.first()?.settings.first()?.key;
        let texts = values(sweep, 0);
        let numbers: Option<Vec<(f64, &str)>> = texts.iter().map(|text| number(text)).collect();
        let same_unit = numbers.filter(|all| all.windows(2).all(|pair| pair[0].1 == pair[1].1) && all.len() > 1);
        let Some(numbers) = same_unit else {
            let places = texts.into_iter().enumerate().map(|(at, text)| (text, at as f64)).collect();
            return Some(Axis { label: key.clone(), places, logarithmic: false });
        };
        let (low, high) =
            numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), (v, _)| (l.min(*v), h.max(*v)));
        let unit = numbers[0].1;
        let label = if unit.is_empty() { key.clone() } else { format!("{key}, {unit}") };
        let places = texts.iter().cloned().zip(numbers.iter().map(|(v, _)| *v)).collect();
        Some(Axis { label, places, logarithmic: low > 0.0 && high / low >= LOGARITHMIC })
    }

    fn place(&self, text: &str) -> f64 {
        self.places.iter().find(|(known, _)| known == text).map_or(0.0, |(_, place)| *place)
    }

    fn ticks(&self) -> Vec<(f64, String)> {
        let mut ticks: Vec<(f64, String)> = self
            .places
            .iter()
            .map(|(text, place)| (*place, number(text).map_or_else(|| text.clone(), |(v, _)| format!("{v}"))))
            .collect();
        ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
        ticks
    }
}

/// A number and its unit.
fn number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, text[end..].trim()))
}

/// The values of a setting, each once, in their order.
pub(super) fn values(sweep: &SweepSummary, setting: usize) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for text in sweep.cases.iter().filter_map(|case| Some(&case.settings.get(setting)?.value)) {
        if !values.contains(text) {
            values.push(text.clone());
        }
    }
    values
}

/// What a line of a chart has in common: the settings but the first, and the variant.
fn group(case: &CaseSummary, variant: &VariantSummary, several: bool) -> String {
    let others = case.settings.iter().skip(1).map(short);
    others.chain(several.then(|| variant.name.clone())).collect::<Vec<_>>().join(", ")
}

fn lines(sweep: &SweepSummary, figure: &Figure) -> Option<Framed> {
    let axis = Axis::of(sweep)?;
    let several = sweep.cases.iter().any(|case| case.variants.len() > 1);
    let key = figure.metric.key();
    let highest = lines_of(sweep).filter_map(|v| v.metrics.value(figure.metric)).fold(0.0, f64::max);
    let (scale, unit) = unit(figure.metric.format(), highest);
    let mut groups: Vec<(String, Vec<Point>)> = Vec::new();
    for case in &sweep.cases {
        for variant in &case.variants {
            let name = group(case, variant, several);
            if !groups.iter().any(|(known, _)| *known == name) {
                groups.push((name.clone(), Vec::new()));
            }
            let Some(value) = variant.metrics.value(figure.metric) else { continue };
            let ends = variant.over_seeds.get(key).and_then(|over| over.low.zip(over.high));
            let point = Point {
                x: axis.place(&case.settings[0].value),
                y: value / scale,
                band: ends.map(|(low, high)| (low / scale, high / scale)),
            };
            groups.iter_mut().filter(|(known, _)| *known == name).for_each(|(_, points)| points.push(point));
        }
    }
    let all = groups.len();
    groups.truncate(LINES_MAX);
    groups.iter_mut().for_each(|(_, points)| points.sort_by(|a, b| a.x.total_cmp(&b.x)));
    let legend: Vec<_> = groups
        .iter()
        .enumerate()
        .filter(|(_, (name, _))| !name.is_empty())
        .map(|(i, (name, _))| entry(i, name.clone()))
        .collect();
    let plot = Plot {
        title: format!("{} by {}", figure.named.label, axis.label),
        x_label: axis.label.clone(),
        y_label: if unit.is_empty() {
            figure.named.label.to_owned()
        } else {
            format!("{}, {unit}", figure.named.label)
        },
        x_ticks: axis.ticks(),
        logarithmic: axis.logarithmic,
        lines: groups.into_iter().map(|(_, points)| points).collect(),
        loose: Vec::new(),
        limits: sweep.limits.iter().filter(|l| l.figure == key).map(|l| (l.value / scale, l.text.clone())).collect(),
        marks: Vec::new(),
    };
    let mut caption = format!("{} against {}", sentence(figure.named.label), axis.label);
    if sweep.seeds.len() > 1 {
        caption.push_str("; bands are the 95 % interval over the seeds");
    }
    if !plot.limits.is_empty() {
        caption.push_str("; the dotted line is a gate’s limit");
    }
    if all > LINES_MAX {
        caption.push_str(&format!("; the first {LINES_MAX} of {all} lines"));
    }
    caption.push_str(". A point that is missing was not reached, or its case is invalid.");
    Some(Framed::new(figure.metric.key(), figure.named.label, legend, plot.draw(), &caption))
}

/// One for each variant, of the first ones.
fn heat_maps(sweep: &SweepSummary, figure: &Figure) -> Vec<String> {
    let (columns, rows) = (values(sweep, 0), values(sweep, 1));
    // A Latin hypercube and zipped settings are no grid.
    if columns.len() < 2 || rows.len() < 2 || columns.len() * rows.len() != sweep.cases.len() || columns.len() > 10 {
        return Vec::new();
    }
    let names: Vec<&String> = sweep
        .cases
        .iter()
        .find(|case| !case.variants.is_empty())
        .map_or(Vec::new(), |case| case.variants.iter().map(|v| &v.name).take(LINES_MAX).collect());
    let map = |name: &String| {
        let cell = |row: &String, column: &String| {
            let case = sweep.cases.iter().find(|c| c.settings[0].value == *column && c.settings[1].value == *row)?;
            let variant = case.variants.iter().find(|v| v.name == *name)?;
            Some((variant.metrics.value(figure.metric)?, figure.text(variant, false)))
        };
        let key = |at: usize| sweep.cases[0].settings[at].key.clone();
        let of = if names.len() > 1 { format!(": {name}") } else { String::new() };
        let title = format!("{}{of}", figure.named.label);
        let heat = Heat {
            title: title.clone(),
            columns: (key(0), columns.clone()),
            rows: (key(1).rsplit('.').next().unwrap_or_default().to_owned(), rows.clone()),
            cells: rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect()).collect(),
            missing: human::NONE.to_owned(),
        };
        let caption =
            format!("{} at each pair of settings; a darker cell is a larger value.", sentence(figure.named.label));
        Framed::new("heat", &title, Vec::new(), heat.draw(), &caption).html()
    };
    names.iter().map(|name| map(name)).collect()
}

fn sentence(label: &str) -> String {
    let mut chars = label.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
