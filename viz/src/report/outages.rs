//! Outages: how many are without supply over time, where they are, and what became of their last gasps.

use super::charts::{Entry, Figure, entry};
use super::load::table;
use crate::human;
use crate::outages::Stands;
use crate::series;
use crate::svg::lines::{Series, ShareChart, XAxis};
use crate::svg::map::moments::{self, Moment};
use crate::view::{RunView, VariantView};
use amitwin_data::metrics::Metric;
use amitwin_data::rows::NodeKind;
use std::fmt::Write;

/// Moments of the map.
const MOMENTS: usize = 6;

/// Who is without supply over time, and of how many the head-end knows it; `None` without an outage.
pub fn figure(run: &RunView) -> Option<Figure> {
    let first = run.variants.iter().find(|v| v.outages.any())?;
    let end_s = run.summary.duration_s;
    let meters =
        |v: &VariantView| v.nodes.iter().filter(|n| matches!(n.kind, NodeKind::Meter | NodeKind::Repeater)).count();
    let line = |name: String, points| Series { name, points, step: true, span: None };
    let mut lines = vec![line("without supply".into(), first.outages.without_supply(meters(first), end_s))];
    for variant in &run.variants {
        lines.push(line(format!("known: {}", variant.name), variant.outages.known(meters(variant), end_s)));
    }
    let legend: Vec<Entry> = lines.iter().enumerate().map(|(n, line)| entry(n, line.name.clone())).collect();
    let from_s = (first.outages.first_s()? - 120.0).max(0.0);
    let title = "Outages over time";
    let chart = ShareChart {
        title: title.into(),
        x_label: "since the run’s start".into(),
        y_label: "meters and repeaters".into(),
        x: XAxis::Minutes(from_s / 60.0, (end_s / 60.0).max(from_s / 60.0 + 1.0)),
        whole: false,
        series: lines,
    };
    let caption = format!(
        "Share of the meters and repeaters without supply in variant “{}”, and of how many the head-end knows: from the first last gasp that \
         it hears of a meter until it is told that the supply is back.",
        first.name
    );
    Some(Figure::new("outages", title, legend, chart.draw(), &caption))
}

/// The map at several moments, of the first variant in which supplies failed; `None` without an outage.
pub fn map(run: &RunView) -> Option<Figure> {
    let variant = run.variants.iter().find(|v| v.outages.any())?;
    let places = series::places(&variant.nodes);
    let states = [Stands::Back, Stands::Known, Stands::Unknown];
    let classes = ["s4", "s0", "s1"];
    let of = |at_s: f64| {
        let stand = variant.outages.at(variant.nodes.iter().map(|node| node.node), at_s);
        let count = |state| stand.iter().filter(|stands| **stands == Some(state)).count();
        let (known, out) = (count(Stands::Known), count(Stands::Known) + count(Stands::Unknown));
        let number = |n: usize| human::count(n as f64);
        Moment {
            name: human::duration(at_s),
            note: format!("{} out, {} known", number(out), number(known)),
            states: stand.iter().map(|stands| stands.map(|stands| stands as usize)).collect(),
        }
    };
    let moments: Vec<Moment> = variant.outages.moments(MOMENTS).into_iter().map(of).collect();
    let words =
        ["back, and not yet known to be", "without supply, and the head-end knows it", "without supply, unknown"];
    let mut legend: Vec<Entry> = states
        .iter()
        .rev()
        .map(|&state| Entry {
            class: format!("line thick {}", classes[state as usize]),
            path: "M1 5H25",
            text: words[state as usize].into(),
        })
        .collect();
    legend.push(Entry { class: "router".into(), path: "M13 0l5 5-5 5-5-5z", text: "border router".into() });
    let svg = moments::draw("Map of outages over time", &places, &moments, &classes);
    let mut caption =
        "Meters without supply since the run’s start, at moments that are as far apart in what changes as can be"
            .to_owned();
    if run.variants.len() > 1 {
        let _ = write!(caption, ", in variant “{}”", variant.name);
    }
    caption.push('.');
    Some(Figure { wide: true, ..Figure::new("outage-map", "Where outages are", legend, svg, &caption) })
}

/// What became of last gasps, by cause; empty where none was sent.
pub fn section(run: &RunView) -> String {
    let lost = [
        (Metric::GaspsLostNoRoute, "no way to go"),
        (Metric::GaspsLostRetries, "lost in all tries of a hop"),
        (Metric::GaspsLostDark, "meter or relay out of energy"),
        (Metric::GaspsLostQueue, "queue full, or too old"),
        (Metric::GaspsLostBackhaul, "lost on the backhaul"),
    ];
    let mut rows = Vec::new();
    for variant in &run.summary.variants {
        let value = |metric| variant.metrics.value(metric);
        let Some(sent) = value(Metric::LastGasps).filter(|sent| *sent > 0.0) else { continue };
        let count = |metric| value(metric).map_or_else(|| human::NONE.to_owned(), human::count);
        let share = |metric| value(metric).map_or_else(|| human::NONE.to_owned(), human::share);
        let mut cells = vec![
            variant.name.clone(),
            count(Metric::OutagesToTell),
            share(Metric::OutagesToldShare),
            human::count(sent),
            count(Metric::LastGaspsArrived),
            share(Metric::LastGaspsArrivedShare),
        ];
        cells.extend(lost.map(|(metric, _)| count(metric)));
        rows.push(cells);
    }
    if rows.is_empty() {
        return String::new();
    }
    let mut columns = vec!["variant", "outages to tell", "told", "last gasps sent", "arrived", "share"];
    columns.extend(lost.map(|(_, words)| words));
    let mut out = String::from("<section>\n<h2>Outages</h2>\n");
    out.push_str(&table("What became of last gasps", &columns, &rows));
    out.push_str(
        "<p class=\"note\">A meter repeats its last gasp while its capacitor lasts, so that an outage may be told although most of them are lost. \
         Among those without energy are outages of which nothing could be said, which were never sent.</p>\n</section>\n",
    );
    out
}
