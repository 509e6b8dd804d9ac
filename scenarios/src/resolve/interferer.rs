//! `[[interferer]]`: where each stands, and on which channels of the plan it sends.

use super::sites::Sites;
use super::{Context, show, word};
use amitwin_models::medium::mesh::radio::phy::channel_plan;
use amitwin_models::spec::{InterfererSpec, MediumKind};
use amitwin_models::terrain::Placement;

/// The interferers of a variant with their places.
pub(super) fn interferers(cx: &mut Context<'_>, placement: &Placement) -> Vec<InterfererSpec> {
    let file = cx.file;
    let asked = file.interferer.iter().filter_map(|interferer| interferer.near.as_deref()).collect();
    let sites = Sites::new(placement, &asked);
    let mut interferers = file.interferer.clone();
    for interferer in &mut interferers {
        channels(cx, interferer);
        says_how_it_sends(cx, interferer);
        if let Some(place_m) = place_m(cx, interferer, placement, &sites) {
            interferer.place_m = place_m;
        }
    }
    if let (Some(first), MediumKind::Ideal) = (file.interferer.first(), file.medium) {
        let text = "with medium = \"ideal\" there is no air, and interferers have no effect";
        cx.warn(&["interferer", first.name.as_str()], text);
    }
    interferers
}

fn channels(cx: &mut Context<'_>, interferer: &InterfererSpec) {
    let (region, mode) = (cx.file.radio.region, cx.file.radio.phy);
    let Some(plan) = channel_plan(region, mode) else { return };
    if let Some(last) = interferer.channels.last().filter(|last| *last >= plan.count) {
        let name = interferer.name.as_str();
        let title = format!("the interferer `{name}` sends on channel {last}, which the plan does not have");
        let (region, mode, count) = (word(region), word(mode), plan.count);
        let help = format!("mode {mode} has {count} channels in the region {region}: 0 to {}", count - 1);
        cx.error(&["interferer", name, "channels"], title, "beyond the channel plan", help);
    }
}

/// Writes into an interferer what its preset says, and complains of one that says nothing.
fn says_how_it_sends(cx: &mut Context<'_>, interferer: &mut InterfererSpec) {
    let Some(sends) = interferer.sends() else {
        let name = interferer.name.as_str();
        let missing = if interferer.power_dbm.is_none() { "power" } else { "duty" };
        let title = format!("the interferer `{name}` does not say its {missing}");
        let help = "say its `power` and its `duty`, or name a `preset`, such as \"residential-868\"";
        cx.error(&["interferer", name], title, "incomplete", help);
        return;
    };
    interferer.power_dbm = Some(sends.power_dbm);
    interferer.duty = Some(sends.duty);
    interferer.burst = Some(sends.burst);
    interferer.hours = sends.hours;
    interferer.quiet = interferer.preset.and(Some(sends.quiet)).or(interferer.quiet);
    if let Some((from, to)) = sends.hours.filter(|(from, to)| from == to) {
        let name = interferer.name.as_str();
        let title =
            format!("the interferer `{name}` sends from {} to {} of each day, which is no time", show(from), show(to));
        let help = "leave `hours` out for all day, or say two times, such as [\"22h\", \"6h\"] for the night";
        cx.error(&["interferer", name, "hours"], title, "of no length", help);
    }
}

/// Metres east and north of the placement's origin; `None` after an error.
fn place_m(
    cx: &mut Context<'_>,
    interferer: &InterfererSpec,
    placement: &Placement,
    sites: &Sites<'_>,
) -> Option<(f64, f64)> {
    let name = interferer.name.as_str();
    let InterfererSpec { near, lat, lon, x, y, .. } = interferer;
    match (near, (lat, lon), (x, y)) {
        (Some(id), (None, None), (None, None)) => match sites.node(id) {
            Ok(node) => {
                let site = &placement.sites[node as usize];
                Some((f64::from(site.x_m), f64::from(site.y_m)))
            }
            Err((title, help)) => {
                cx.error(&["interferer", name, "near"], title, "not a site of the placement", help);
                None
            }
        },
        (None, (Some(lat), Some(lon)), (None, None)) => {
            let place = placement.plane.map(|plane| plane.to_local(*lat, *lon));
            if place.is_none() {
                let title = format!("the placement has no latitudes, and the interferer `{name}` has one");
                cx.error(
                    &["interferer", name, "lat"],
                    title,
                    "in degrees",
                    "say where it stands with `near`, or `x` and `y`",
                );
            }
            place
        }
        (None, (None, None), (Some(x), Some(y))) => Some((*x, *y)),
        _ => {
            let title = format!("the interferer `{name}` needs one place");
            let help =
                "say where it stands in one way: `near` with the id of a site, or `lat` and `lon`, or `x` and `y`";
            cx.error(&["interferer", name], title, "this one", help);
            None
        }
    }
}
