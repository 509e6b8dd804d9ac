//! `[[vintage]]` and `[[depot]]`: hardware with its dates, and where it stands.

use super::climate::climate;
use super::meters::{List, Lists};
use super::{Cx, unix_s};
use crate::sections::plan::fleet::{AccuracyClass, EnclosureName, VintageSection};
use amitwin_data::rows::{NodeRow, Part};
use amitwin_maintenance::hardware;
use amitwin_maintenance::heat::{DAY_S, Enclosure};
use amitwin_maintenance::spec::{DepotSpec, Law, Listed, Meters, PartSpec, Vintage};
use std::sync::Arc;

/// Meters on a square kilometre, where nothing is known of it: a suburb.
const METERS_PER_KM2: f64 = 200.0;

/// Meters of a plan, at most.
const METERS_MAX: u64 = 20_000_000;

/// Dates of the vintages against the plan and themselves.
pub(super) fn dates(cx: &mut Cx<'_>) {
    let (file, end) = (cx.file, cx.file.start + cx.file.years);
    for vintage in &file.vintage {
        let at = ["vintage", &vintage.name, "installed"];
        if vintage.installed >= end {
            let title = format!(
                "the vintage `{}` is installed from {} on, after the plan has ended",
                vintage.name, vintage.installed
            );
            let help = format!(
                "the plan goes from {} to the end of {}: let it last longer, or leave the vintage out",
                file.start,
                end - 1
            );
            cx.error(&at, title, "too late", help);
        }
        if vintage.until.is_some_and(|until| until < vintage.installed) {
            let title = format!("the installation of `{}` ends before it begins", vintage.name);
            cx.error(
                &["vintage", &vintage.name, "until"],
                title,
                "before `installed`",
                "let `until` be that year or later",
            );
        }
        let lasts = vintage.until.unwrap_or(vintage.installed) + 1;
        if lasts > end && vintage.installed < end {
            // A list says of each meter when it comes.
            let late = if file.fleet.file.is_some() {
                String::new()
            } else {
                let share = f64::from(lasts - end) / f64::from(lasts - vintage.installed);
                format!(": {:.0} % of its meters never come", 100.0 * share)
            };
            let text = format!(
                "the installation of `{}` goes on until {}, and the plan ends with {}{late}",
                vintage.name,
                lasts - 1,
                end - 1
            );
            cx.warn(&["vintage", &vintage.name, "until"], text);
        }
        for part in &vintage.without {
            if vintage.with.contains(part) {
                let title = format!("the vintage `{}` is both with and without a part", vintage.name);
                cx.error(&["vintage", &vintage.name, "without"], title, "which of the two?", "name it in one list");
            }
        }
    }
    if file.fleet.file.is_none() && file.vintage.iter().all(|vintage| vintage.weight == 0.0) {
        let title = "no vintage has a weight, so no meter can be of any";
        cx.error(&["vintage"], title, "all are 0", "give one of them a weight, such as weight = 1");
    }
}

/// The vintages, with all that can fail of them.
pub(super) fn vintages(cx: &mut Cx<'_>, epoch: u32) -> Vec<Vintage> {
    let file = cx.file;
    file.vintage
        .iter()
        .map(|section| {
            let from = unix_s(section.installed) - unix_s(epoch);
            let to = unix_s(section.until.unwrap_or(section.installed) + 1) - unix_s(epoch) - 1;
            Vintage { name: section.name.clone(), installed_s: (from as u32, to as u32), parts: parts(cx, section) }
        })
        .collect()
}

fn parts(cx: &mut Cx<'_>, vintage: &VintageSection) -> Vec<PartSpec> {
    let has = |part: Part| {
        let named = |list: &[crate::sections::plan::fleet::PartName]| list.iter().any(|name| name.part() == part);
        named(&vintage.with) || !hardware::OFF.contains(&part) && !named(&vintage.without)
    };
    let mut parts = Vec::new();
    for (name, key, section) in vintage.part.each() {
        let part = name.part();
        let at = ["vintage", &vintage.name, "part", key];
        if has(part) {
            parts.push(super::part::part(cx, &at, of_class(part, vintage.accuracy_class), section));
        } else if !section.is_default() {
            let title = format!("the vintage `{}` has no {key}, and says how long it lives", vintage.name);
            cx.error(&at, title, "not on this meter", format!("add it with = [\"{key}\"], or leave this out"));
        }
    }
    parts
}

/// A part with its default life; of a measurement those of its class.
fn of_class(part: Part, class: Option<AccuracyClass>) -> PartSpec {
    let mut spec = hardware::default(part);
    if let (Law::Drift { new_sd, drift_sd_y, limit }, Some(class)) = (&mut spec.law, class) {
        let share = class.percent() / 100.0 / *limit;
        [new_sd, drift_sd_y, limit].into_iter().for_each(|value| *value *= share);
    }
    spec
}

fn enclosure(name: EnclosureName) -> Enclosure {
    let sun_k = match name {
        EnclosureName::Shade => 0.0,
        EnclosureName::Shielded => 8.0,
        EnclosureName::LightBox => return Enclosure::LIGHT,
        EnclosureName::DarkWall => return Enclosure::DARK,
    };
    Enclosure { idle_k: 8.0, sun_k }
}

/// The depots with their meters, and the sites of a list in the order of the meters' numbers.
pub(super) fn depots(
    cx: &mut Cx<'_>,
    lists: &mut Lists,
    epoch: u32,
    list: Option<&List>,
) -> (Vec<DepotSpec>, Arc<[NodeRow]>) {
    let file = cx.file;
    let weights: Arc<[f64]> = file.vintage.iter().map(|vintage| vintage.weight).collect();
    let (mut depots, mut nodes, mut first) = (Vec::new(), Vec::new(), 0_u64);
    for (place, section) in file.depot.iter().enumerate() {
        let at = ["depot", section.name.as_str()];
        match (section.meters, list) {
            (None, None) => cx.error(
                &at,
                format!("the depot `{}` has no meters", section.name),
                "how many?",
                "for example meters = 10_000",
            ),
            (Some(_), Some(_)) => {
                let title = format!("the depot `{}` has a number of meters, and `fleet.file` lists them", section.name);
                cx.error(&["depot", &section.name, "meters"], title, "one of the two", "leave `meters` out");
            }
            (None, Some(_)) if section.count > 1 => {
                let title = format!(
                    "the depot `{}` stands for several, and `fleet.file` names one for each meter",
                    section.name
                );
                cx.error(&["depot", &section.name, "count"], title, "of no use here", "leave `count` out");
            }
            _ => {}
        }
        let sky = climate(cx, lists, section);
        for n in 1..=section.count {
            let (meters, middle_m, hull_km2) = match list {
                Some(list) => list.of(place, epoch, file, &mut nodes),
                None => (Meters::Drawn(section.meters.unwrap_or(0), weights.clone()), (0.0, 0.0), None),
            };
            let count = u64::from(meters.count());
            let at_density = |density: f64| count as f64 / density;
            let area_km2 = section.meters_per_km2.map(at_density).or(hull_km2);
            depots.push(DepotSpec {
                name: if section.count == 1 { section.name.clone() } else { format!("{} {n}", section.name) },
                climate_name: sky.name.clone(),
                climate: sky.normals,
                hours: sky.hours.clone(),
                enclosure: enclosure(section.enclosure),
                spread_k: section.spread_k,
                first: first as u32,
                meters,
                area_km2: area_km2.unwrap_or_else(|| at_density(METERS_PER_KM2)),
                middle_m,
                crews: super::work::crews(file, &section.name),
                stock: super::work::stock(file),
            });
            first += count;
        }
    }
    if first > METERS_MAX {
        cx.error(
            &["depot"],
            format!("the depots have {first} meters in all"),
            "too many",
            format!("at most {METERS_MAX} are possible"),
        );
    }
    (depots, nodes.into())
}

impl List {
    /// The meters of a depot, where their middle is, and the area of their hull, km2, if it is one; their sites are added to `nodes`.
    fn of(
        &self,
        depot: usize,
        epoch: u32,
        file: &crate::sections::plan::PlanFile,
        nodes: &mut Vec<NodeRow>,
    ) -> (Meters, (f64, f64), Option<f64>) {
        let own = || self.meters.iter().filter(move |meter| meter.depot == depot);
        let listed: Vec<Listed> = own()
            .map(|meter| {
                let vintage = &file.vintage[usize::from(meter.vintage)];
                let day = meter.installed.unwrap_or((vintage.installed, 0));
                let since = unix_s(day.0) - unix_s(epoch) + i64::from(day.1) * DAY_S as i64;
                Listed { vintage: meter.vintage, installed_s: since as u32 }
            })
            .collect();
        let n = listed.len().max(1) as f64;
        let middle = own().fold((0.0, 0.0), |(x, y), meter| {
            let node = &self.nodes[meter.site];
            (x + f64::from(node.x_m) / n, y + f64::from(node.y_m) / n)
        });
        for meter in own() {
            nodes.push(NodeRow { node: nodes.len() as u32, ..self.nodes[meter.site].clone() });
        }
        let places = own().map(|meter| (f64::from(self.nodes[meter.site].x_m), f64::from(self.nodes[meter.site].y_m)));
        let hull_km2 = super::hull::area(places.collect()) / 1e6;
        (Meters::Listed(listed.into()), middle, Some(hull_km2).filter(|area| *area > 0.0))
    }
}
