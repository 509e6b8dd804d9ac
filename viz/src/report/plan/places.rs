//! Where it burns: failures of depots by year, of depots as cells, and of single meters.

use super::fleets::{Fleets, Group};
use super::{Entry, Figure};
use crate::human;
use crate::svg::cells::{Cell, Cells};
use crate::svg::heat::Heat;
use crate::svg::map::{self, Kind, losses};
use crate::view::{RunView, VariantView};

/// Depots, and years between two columns, that a heat map shows, at most.
const DEPOTS_MAX: usize = 24;
const COLUMNS_MAX: usize = 10;

/// All of them, of the first variant of each fleet.
pub(super) fn figures(run: &RunView, fleets: &Fleets) -> Vec<Figure> {
    let groups = fleets.groups(run);
    let first: Vec<(&Group, &VariantView)> = groups
        .iter()
        .filter_map(|group| Some((group, *group.variants.iter().find(|variant| !variant.years.is_empty())?)))
        .collect();
    // One scale for all fleets, so that their colours can be compared.
    let rates =
        || first.iter().flat_map(|(_, variant)| variant.depots.iter().map(|depot| 100.0 * depot.failures_per_meter_y));
    let scale = (rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max));
    let mut all = Vec::new();
    for (group, variant) in &first {
        all.extend(burns(group, variant));
        all.extend(match variant.places.is_empty() {
            true => burning_depots(group, variant, scale),
            false => burning_meters(group, variant),
        });
    }
    all
}

/// Where and when it burns: failures of each depot by year.
fn burns(group: &Group, variant: &VariantView) -> Option<Figure> {
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
    let title = group.title("Failures by depot and year");
    let heat = Heat {
        title: title.clone(),
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
    let more = match variant.depots.len() {
        all if all > depots.len() => format!(" The first {} of {all} depots.", depots.len()),
        _ => String::new(),
    };
    let caption = format!(
        "Failures of 100 meters a year at each depot in variant “{}”; darker is more. Climate, and the constant temperature that ages the meters' \
         inside as fast: {}.{more}",
        variant.name,
        hot.join("; ")
    );
    Some(Figure::new(group.name("burns"), &title, Vec::new(), heat.draw(), &caption))
}

/// The depots of a generated fleet, whose meters have no places; a single one says no more than its years.
fn burning_depots(group: &Group, variant: &VariantView, (low, high): (f64, f64)) -> Option<Figure> {
    if variant.depots.len() < 2 {
        return None;
    }
    let cell = |depot: &amitwin_data::rows::DepotRow| {
        let rate = 100.0 * depot.failures_per_meter_y;
        Cell {
            area: f64::from(depot.meters),
            value: rate,
            text: format!("{rate:.1}"),
            name: depot.name.clone(),
            tip: format!(
                "{}: {rate:.1} failures of 100 meters a year; {} meters, {}, {:.1} C",
                depot.name,
                human::count(depot.meters.into()),
                depot.climate,
                depot.effective_c
            ),
        }
    };
    let title = group.title("Where it burns");
    let cells = Cells { title: title.clone(), cells: variant.depots.iter().map(cell).collect(), scale: (low, high) };
    let caption = format!(
        "Failures of 100 meters a year over the plan in variant “{}”. The fleet is generated and its meters have no places, so that a cell is a whole \
         depot: its area goes with its meters, its colour from {low:.1} (palest) to {high:.1} failures, and cells stand in the order of the \
         file. A list of meters with places is drawn meter by meter.",
        variant.name
    );
    Some(Figure { wide: true, ..Figure::new(group.name("burns-map"), &title, Vec::new(), cells.draw(), &caption) })
}

/// The meters of a list, and where failures pile up.
fn burning_meters(group: &Group, variant: &VariantView) -> Option<Figure> {
    let spot = |place: &crate::view::Place| map::Place {
        x_m: f64::from(place.x_m),
        y_m: f64::from(place.y_m),
        kind: Kind::Meter(Some(1)),
        parent: None,
    };
    let places: Vec<map::Place> = variant.places.iter().map(spot).collect();
    let counts: Vec<u64> = variant.places.iter().map(|place| u64::from(place.failures)).collect();
    let most = counts.iter().max().copied().filter(|most| *most > 0)?;
    let at_most = counts.iter().filter(|count| **count == most).count();
    let caption = format!(
        "Failures of each meter over the plan in variant “{}”. The area of a mark goes with their number; the largest stands for {most}, at {}.",
        variant.name,
        human::plural(at_most, "meter")
    );
    let legend = vec![Entry { class: "loss thick".into(), path: "M9 5H17", text: "failures of this meter".into() }];
    let svg = losses::draw("Map of failures", &places, &counts);
    let title = group.title("Where it burns, meter by meter");
    Some(Figure { wide: true, ..Figure::new(group.name("burns-map"), &title, legend, svg, &caption) })
}
