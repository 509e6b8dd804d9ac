//! A chart of each figure that a gate judges against the value, and of the share of seeds that pass, with the answers marked.

use crate::figures::gate_name;
use crate::report::charts::{Figure as Framed, entry};
use crate::svg::plot::{Plot, Point};
use crate::svg::ticks;
use crate::sweep::{alone, bounds, short, unit};
use amitwin_data::find::FindSummary;
use amitwin_data::metrics::{Metric, gates};
use amitwin_data::summary::GateVerdict;
use amitwin_data::sweep::CaseSummary;

/// Where the largest value is so many times the smallest, the axis is logarithmic.
const LOGARITHMIC: f64 = 20.0;

/// All charts.
pub fn all(find: &FindSummary) -> String {
    let mut out = String::from("<section>\n<h2>Charts</h2>\n<div class=\"charts\">\n");
    let mut drawn: Vec<String> = Vec::new();
    for gate in find.study.cases.iter().flat_map(|case| &case.gates).filter(|gate| gate.binding) {
        let name = gate_name(gate);
        let Some(metric) = gates::find(&gate.metric, &gate.stat).filter(|_| !drawn.contains(&name)) else { continue };
        out.push_str(&figure(find, metric, &name));
        if gate.share.is_some() {
            out.push_str(&shares(find, gate, &name));
        }
        drawn.push(name);
    }
    out.push_str("</div>\n</section>\n");
    out
}

/// The value of a case: the number in the last setting, of a range its upper end.
fn value(case: &CaseSummary) -> Option<f64> {
    let text = &case.settings.last()?.value;
    let text = text.rsplit(',').next().unwrap_or(text).trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || "+-.e".contains(c))).unwrap_or(text.len());
    text[..end].parse().ok()
}

/// What a line has in common: the other settings, and the variant where there are several.
fn group(case: &CaseSummary, variant: &str) -> String {
    let others = case.settings[..case.settings.len() - 1].iter().map(short);
    let variant = (case.variants.len() > 1).then(|| variant.to_owned());
    others.chain(variant).collect::<Vec<_>>().join(", ")
}

/// Lines by their names, from points of cases and variants.
fn lines(
    find: &FindSummary,
    point: impl Fn(&CaseSummary, usize) -> Option<(f64, Option<(f64, f64)>)>,
) -> Vec<(String, Vec<Point>)> {
    let mut groups: Vec<(String, Vec<Point>)> = Vec::new();
    for case in &find.study.cases {
        for (at, variant) in case.variants.iter().enumerate() {
            let judged = case.gates.iter().any(|gate| gate.binding && gate.variant == variant.name);
            let (Some(x), Some((y, band)), true) = (value(case), point(case, at), judged) else { continue };
            let name = group(case, &variant.name);
            let point = Point { x, y, band };
            match groups.iter_mut().find(|(known, _)| *known == name) {
                Some((_, points)) => points.push(point),
                None => groups.push((name, vec![point])),
            }
        }
    }
    groups.iter_mut().for_each(|(_, points)| points.sort_by(|a, b| a.x.total_cmp(&b.x)));
    groups
}

fn figure(find: &FindSummary, metric: Metric, name: &str) -> String {
    let key = metric.key();
    let variants = || find.study.cases.iter().flat_map(|case| &case.variants);
    let highest = variants().filter_map(|v| v.metrics.value(metric)).fold(0.0, f64::max);
    let (scale, unit) = unit(metric.format(), highest);
    let groups = lines(find, |case, at| {
        let variant = &case.variants[at];
        let ends = variant.over_seeds.get(key).and_then(|over| over.low.zip(over.high));
        Some((variant.metrics.value(metric)? / scale, ends.map(|(low, high)| (low / scale, high / scale))))
    });
    let limits = find.study.limits.iter().filter(|limit| limit.figure == key);
    let limits = limits.map(|limit| (limit.value / scale, alone(&limit.text).to_owned())).collect();
    let y_label = if unit.is_empty() { name.to_owned() } else { format!("{name}, {unit}") };
    drawn(find, name, y_label, groups, limits, bounds(metric.format()), "bands are the 95 % interval over the seeds")
}

/// How many seeds pass, with the bounds of that share.
fn shares(find: &FindSummary, of: &GateVerdict, name: &str) -> String {
    let groups = lines(find, |case, at| {
        let variant = &case.variants[at].name;
        let same = |gate: &&GateVerdict| gate_name(gate) == name && gate.limit == of.limit && gate.variant == *variant;
        let share = case.gates.iter().find(same)?.share?;
        let passed = f64::from(share.passed) / f64::from(share.of.max(1));
        Some((passed * 100.0, Some((share.at_least * 100.0, share.at_most * 100.0))))
    });
    let limits = of.share.map(|share| (share.wanted * 100.0, format!("{} % wanted", share.wanted * 100.0)));
    let title = format!("seeds that keep {name}, {}", alone(&of.limit));
    let bands = "bands are the bounds of the share of all seeds, each with the gate’s confidence";
    let whole = Some((0.0, 100.0));
    drawn(find, &title, "seeds that pass, %".to_owned(), groups, limits.into_iter().collect(), whole, bands)
}

fn drawn(
    find: &FindSummary,
    name: &str,
    y_label: String,
    groups: Vec<(String, Vec<Point>)>,
    limits: Vec<(f64, String)>,
    bounds: Option<(f64, f64)>,
    bands: &str,
) -> String {
    let question = &find.question;
    let (path, unit) = (&question.path, &question.unit);
    let logarithmic = question.low > 0.0 && question.high / question.low >= LOGARITHMIC;
    let legend = groups
        .iter()
        .enumerate()
        .filter(|(_, (name, _))| !name.is_empty())
        .map(|(i, (name, _))| entry(i, name.clone()));
    let legend = legend.collect();
    let plot = Plot {
        title: format!("{name} by {path}"),
        x_label: if unit.is_empty() { path.clone() } else { format!("{path}, {unit}") },
        y_label,
        x_ticks: ticks::with_ends(question.low, question.high, logarithmic),
        logarithmic,
        bounds,
        lines: groups.into_iter().map(|(_, points)| points).collect(),
        joined: true,
        loose: Vec::new(),
        names: Vec::new(),
        limits,
        marks: find
            .answers
            .iter()
            .filter_map(|a| Some((a.passes.as_ref()?.value, a.passes.as_ref()?.text.clone())))
            .collect(),
    };
    let caption = format!(
        "{name} against {path}; {bands}, the dotted line is a gate’s limit. The upright line marks the last value that passes. \
         A point that is missing was not reached."
    );
    Framed::new("find", name, legend, plot.draw(), &caption).html()
}
