//! The health of links: how many meters are how well, which are worst, and where they stand.

use super::charts::{Entry, Figure, LINE};
use super::load::table;
use crate::health::{Hours, words};
use crate::human;
use crate::series;
use crate::svg::escape;
use crate::svg::map::{self, health};
use crate::view::{RunView, VariantView};
use amitwin_data::link_health::Health;
use amitwin_data::rows::NodeRow;
use std::fmt::Write;

/// Rows of the table of the worst.
const ROWS_MAX: usize = 10;

/// Meters by state.
fn counts(variant: &VariantView) -> [usize; 5] {
    let mut counts = [0; 5];
    for (_, hours) in variant.health.meters(&variant.nodes) {
        counts[hours.health() as usize] += 1;
    }
    counts
}

/// The variant that is shown: the one with most meters that are not well, of equals the first; `None` without a table `load`.
fn shown(run: &RunView) -> Option<&VariantView> {
    let with = run.variants.iter().filter(|v| v.health.meters(&v.nodes).next().is_some());
    with.rev().max_by_key(|v| counts(v)[1..].iter().sum::<usize>())
}

/// The section; empty without a table `load`.
pub fn section(run: &RunView) -> String {
    let Some(variant) = shown(run) else { return String::new() };
    let mut out = String::from("<section>\n<h2>Health of links</h2>\n");
    out.push_str(
        "<p class=\"note\">Of each meter's link to its parent, hour by hour, in the weaker direction; a meter counts by the worst state of a tenth of \
         its hours. Limits that operators act on: -90 dBm, -110 dBm, 15 dB over the noise before mass commands, 5 % of tries without an \
         acknowledgement (of the last hours that have 20 tries together). The table load has the state of each hour.</p>\n",
    );
    let mut columns = vec!["variant"];
    columns.extend(Health::ALL.map(words));
    let with = run.variants.iter().filter(|v| v.health.meters(&v.nodes).next().is_some());
    let rows: Vec<Vec<String>> =
        with.map(|v| [v.name.clone()].into_iter().chain(counts(v).map(|n| human::count(n as f64))).collect()).collect();
    out.push_str(&table("Meters by health", &columns, &rows));
    out.push_str(&worst(run, variant));
    out.push_str("</section>\n");
    out
}

fn worst(run: &RunView, variant: &VariantView) -> String {
    let mut meters: Vec<(&NodeRow, &Hours)> = variant.health.meters(&variant.nodes).collect();
    meters.retain(|(_, hours)| hours.health() > Health::Good);
    if meters.is_empty() {
        return "<p>All links are well.</p>\n".into();
    }
    // Of equals those with more bad hours first.
    meters.sort_by_key(|(_, hours)| {
        std::cmp::Reverse((hours.health(), hours.hours[4], hours.hours[3], hours.hours[2], hours.hours[1]))
    });
    let rows: Vec<Vec<String>> = meters
        .iter()
        .take(ROWS_MAX)
        .map(|(node, hours)| {
            let level = hours.rssi_min_dbm.map_or_else(|| human::NONE.to_owned(), |dbm| format!("{dbm:.0} dBm"));
            let mut cells = vec![node.name.clone(), words(hours.health()).to_owned(), level];
            cells.push(hours.loss().map_or_else(|| human::NONE.to_owned(), human::share));
            cells.extend(Health::ALL.map(|state| human::count(f64::from(hours.hours[state as usize]))));
            cells
        })
        .collect();
    let columns =
        ["meter", "health", "lowest level", "tries lost", "hours good", "lossy", "below 15 dB", "poor", "none"];
    let whose = if run.variants.len() > 1 { format!(" in variant “{}”", variant.name) } else { String::new() };
    let title = match meters.len() {
        n if n > ROWS_MAX => format!("The worst links{whose}, {ROWS_MAX} of {n}"),
        _ => format!("Links that are not well{whose}"),
    };
    table(&title, &columns, &rows)
}

/// The map; `None` without a table `load`, if all links are well, or if there are too many meters to draw one by one.
pub fn figure(run: &RunView) -> Option<Figure> {
    let variant = shown(run)?;
    let counts = counts(variant);
    let places = series::places(&variant.nodes);
    if counts[1..].iter().all(|n| *n == 0) || places.len() > map::POINTS_MAX {
        return None;
    }
    let known = variant.health.meters(&variant.nodes).map(|(node, hours)| (node.node, hours.health()));
    let known: std::collections::BTreeMap<u32, Health> = known.collect();
    let states: Vec<Option<Health>> = variant.nodes.iter().map(|node| known.get(&node.node).copied()).collect();
    let svg = health::draw("Map of the health of links", &places, &states);
    let with = Health::ALL.into_iter().filter(|state| counts[*state as usize] > 0);
    let mut legend: Vec<Entry> = with
        .map(|state| Entry {
            class: format!("line thick {}", health::class(state)),
            path: LINE,
            text: format!("{}: {}", words(state), human::count(counts[state as usize] as f64)),
        })
        .collect();
    legend.push(Entry { class: "router".into(), path: "M13 0l5 5-5 5-5-5z", text: "border router".into() });
    let mut caption = "Meters by the worst state that their link had for a tenth of its hours".to_owned();
    if run.variants.len() > 1 {
        let _ = write!(caption, ", in variant “{}”", escape(&variant.name));
    }
    caption.push('.');
    Some(Figure { wide: true, ..Figure::new("health", "Health of links", legend, svg, &caption) })
}
