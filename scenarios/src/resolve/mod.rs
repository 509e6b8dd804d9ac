//! From a checked document to the world it describes: rules across fields, paths, the placement.

mod area;
mod boards;
pub(crate) mod campaign;
mod command;
mod condition;
pub(crate) mod dlms;
mod event;
mod firmware;
pub(crate) mod gates;
mod head_end;
mod id_list;
mod inside;
mod interferer;
pub(crate) mod medium;
mod obstacle;
mod order;
mod outage;
pub(crate) mod placement;
pub(crate) mod radio;
pub(crate) mod read;
mod repeaters;
mod replay;
pub(crate) mod serve;
mod sites;
pub(crate) mod study;
mod target;
mod technicians;
mod walls;
pub(crate) mod weather;

use crate::language::diagnostic::Diagnostic;
use crate::language::path::place_of;
use crate::language::source::Place;
use crate::language::tree::Node;
use crate::sections::ScenarioFile;
use crate::sections::quantity::nanos;
use crate::sections::units::{self, Kind};
use amitwin_data::summary::ReplaySummary;
use amitwin_models::spec::{DeviceSpec, SizeProfile, Surroundings, WorldSpec};
use amitwin_models::terrain::SiteKind;
use amitwin_sim_core::SimTime;
use placement::Placements;
use std::path::Path;

/// A document under resolution: what it says, where it says so, and what was found wrong.
pub(crate) struct Context<'a, F = ScenarioFile> {
    /// The document as plain types.
    pub file: &'a F,
    /// The document with places.
    pub root: &'a Node,
    /// What is wrong.
    pub errors: Vec<Diagnostic>,
    /// What the user should know before trusting the results, with the place it is about.
    pub warnings: Vec<(Place, String)>,
    /// What was found out about the inputs and need not worry anybody.
    pub notes: Vec<String>,
    /// What becomes of the logs that are replayed.
    pub replays: Vec<ReplaySummary>,
}

impl<F> Context<'_, F> {
    /// Where a setting is written, or the nearest table above it.
    pub fn place(&self, keys: &[&str]) -> Place {
        place_of(self.root, keys)
    }

    /// Reports an error about a setting.
    pub fn error(&mut self, keys: &[&str], title: impl Into<String>, label: &str, help: impl Into<String>) {
        let place = self.place(keys);
        self.errors.push(Diagnostic::error(title).at(&place, label).help(help));
    }

    /// Reports a warning about a setting.
    pub fn warn(&mut self, keys: &[&str], text: impl Into<String>) {
        self.warnings.push((self.place(keys), text.into()));
    }

    /// Tells what was found out; once, whoever says it again.
    pub fn note(&mut self, text: String) {
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }
}

/// A time as a file writes it.
pub(crate) fn show(time: SimTime) -> String {
    units::format(Kind::Time, nanos(time))
}

/// A word of the language as a file writes it.
pub(crate) fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The world of one variant, whose files lie below `dir`; `None` after an error.
pub(crate) fn world(cx: &mut Context<'_>, dir: &Path, placements: &mut Placements) -> Option<WorldSpec> {
    radio::radio(cx);
    radio::mac(cx);
    radio::mesh(cx);
    let placement = placements.place(cx);
    campaign::campaigns(cx, placement.as_ref().map_or(0, |p| p.count(SiteKind::Meter)));
    technicians::technicians(cx);
    boards::boards(cx);
    dlms::world(cx);
    outage::last_gasp(cx);
    inside::meters(cx);
    read::polls(cx);
    let head_end = head_end::head_end(cx);
    event::times(cx);
    let mut weather = weather::weather(cx, placements);
    let placement = placement?;
    if let Some(weather) = &mut weather {
        walls::placed(cx, weather, &placement);
    }
    radio::roofs(cx, &placement);
    radio::routes(cx, &placement);
    let surroundings = Surroundings {
        interferers: interferer::interferers(cx, &placement),
        obstacles: obstacle::obstacles(cx, &placement, weather.as_ref()),
        ageing: cx.file.ageing.clone(),
        technicians: cx.file.technicians.clone(),
    };
    let mut events = event::events(cx, &placement, placements);
    let (mut campaigns, mut polls) = campaign::meant(cx, &placement);
    events.extend(replay::replays(cx, (&placement, placements), (&mut campaigns, &mut polls)));
    let file = cx.file;
    let mut spec = WorldSpec {
        seed: file.seed,
        duration: file.duration,
        placement,
        medium: file.medium,
        ideal: file.ideal.clone(),
        radio: file.radio.clone(),
        mac: file.mac.clone(),
        mesh: file.mesh.clone(),
        device: DeviceSpec { last_gasp: file.last_gasp.clone(), ..file.device.clone() },
        backhaul: file.backhaul.clone(),
        weather,
        surroundings,
        traffic: file.traffic.clone(),
        coupling: file.coupling.clone(),
        dlms: dlms::complete(&file.dlms, dir),
        record: file.record.clone(),
        head_end,
        polls,
        campaigns,
        events,
    };
    profile(cx, &spec);
    spec.mesh.border_stack = Some(spec.mesh.border_stack());
    spec.mesh.profile = Some(spec.profile());
    spec.radio.gateway_tx_power_dbm = Some(spec.radio.gateway_power_dbm());
    cx.errors.is_empty().then_some(spec)
}

/// Warns of a profile for smaller meshes.
fn profile(cx: &mut Context<'_>, spec: &WorldSpec) {
    let nodes = spec.nodes_per_gateway();
    let chosen = spec.mesh.profile;
    if chosen.is_some_and(|chosen| chosen != SizeProfile::Auto && chosen < SizeProfile::by_name(nodes)) {
        cx.warn(
            &["mesh", "profile"],
            format!("the profile is made for smaller meshes; this one has {nodes} nodes to a border router"),
        );
    }
}
