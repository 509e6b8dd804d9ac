//! From a checked document to the world it describes: units, defaults, rules across fields.

pub(crate) mod campaign;
pub(crate) mod gates;
pub(crate) mod placement;
pub(crate) mod radio;
pub(crate) mod read;
pub(crate) mod serve;

use crate::language::diagnostic::Diagnostic;
use crate::language::path::place_of;
use crate::language::source::Place;
use crate::language::tree::Node;
use crate::schema::ScenarioFile;
use crate::schema::network::{Meshes, Profile};
use crate::schema::quantity::{Time, TimeRange};
use crate::served::{Dlms, Serve};
use amitwin_models::spec::{
    BackhaulSpec, Coupling, DeviceSpec, Lease, MeshSpec, PushContent, PushSpec, RecordSpec, SizeProfile, WorldSpec,
};
use amitwin_models::terrain::{Placement, SiteKind};
use amitwin_sim_core::SimTime;
use placement::Placements;
use std::path::Path;

/// A document under resolution: what it says, where it says so, and what was found wrong.
pub(crate) struct Context<'a> {
    /// The document as plain types.
    pub file: &'a ScenarioFile,
    /// The document with places.
    pub root: &'a Node,
    /// What is wrong.
    pub errors: Vec<Diagnostic>,
    /// What the user should know before trusting the results, with the place it is about.
    pub warnings: Vec<(Place, String)>,
}

impl Context<'_> {
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
}

/// Simulated time of a file's time.
pub(crate) fn time(value: Time) -> SimTime {
    SimTime::from_nanos(value.0 as u64)
}

/// Both ends of a file's range.
pub(crate) fn range(value: TimeRange) -> (SimTime, SimTime) {
    (time(value.0), time(value.1))
}

/// The world of one variant; `None` after an error.
pub(crate) fn world(cx: &mut Context<'_>, placements: &mut Placements) -> Option<WorldSpec> {
    let radio = radio::radio(cx);
    let mac = radio::mac(cx);
    let placement = placements.place(cx);
    let campaigns = campaign::campaigns(cx, placement.as_ref().map_or(0, |p| p.count(SiteKind::Meter)));
    let dlms = serve::world(cx);
    let polls = read::polls(cx);
    let placement = placement?;
    let profile = profile(cx, &placement);
    if !cx.errors.is_empty() {
        return None;
    }
    let file = cx.file;
    Some(WorldSpec {
        seed: file.seed,
        duration: time(file.duration),
        placement,
        radio,
        mac,
        mesh: MeshSpec {
            profile,
            hops_max: file.mesh.hops_max,
            frame_bytes_max: file.mesh.frame_bytes_max,
            lease: match file.mesh.lease {
                crate::schema::network::Lease::Asked => Lease::Asked,
                crate::schema::network::Lease::Kept => Lease::Kept,
            },
        },
        device: DeviceSpec { boot: range(file.device.boot) },
        backhaul: BackhaulSpec { latency: time(file.backhaul.latency) },
        push: file.traffic.push.0.map(|period| PushSpec { period: time(period), content: content(file) }),
        dlms,
        polls,
        campaigns,
        coupling: match file.coupling.meshes {
            Meshes::None => Coupling::None,
            Meshes::Window => Coupling::Window,
            Meshes::Exact => Coupling::Exact,
        },
        record: RecordSpec {
            frames_every: file.record.frames_every,
            links_every: file.record.links_every.0.map_or(SimTime::ZERO, time),
        },
    })
}

fn content(file: &ScenarioFile) -> PushContent {
    file.traffic.payload.map_or(PushContent::Readings, |size| PushContent::Opaque(size.0 as u16))
}

/// The meters as DLMS/COSEM devices and where they answer; paths start at `dir`. `None` after an error.
pub(crate) fn devices(cx: &mut Context<'_>, dir: &Path, meters: usize) -> Option<(Dlms, Serve)> {
    let dlms = serve::dlms(cx, dir);
    let serve = serve::serve(cx, dir, meters)?;
    cx.errors.is_empty().then_some((dlms, serve))
}

/// The profile of the file, or the one for the meters per border router.
fn profile(cx: &mut Context<'_>, placement: &Placement) -> SizeProfile {
    let gateways = placement.count(SiteKind::Gateway).max(1);
    let nodes = (placement.count(SiteKind::Meter) + placement.count(SiteKind::Repeater)).div_ceil(gateways);
    let chosen = cx.file.mesh.profile.map(|p| match p {
        Profile::Small => SizeProfile::Small,
        Profile::Medium => SizeProfile::Medium,
        Profile::Large => SizeProfile::Large,
        Profile::XLarge => SizeProfile::XLarge,
    });
    if chosen == Some(SizeProfile::Small) && nodes > 100 || chosen == Some(SizeProfile::Medium) && nodes > 1000 {
        cx.warn(
            &["mesh", "profile"],
            format!("the profile is made for smaller meshes; this one has {nodes} nodes to a border router"),
        );
    }
    chosen.unwrap_or(match nodes {
        0..100 => SizeProfile::Small,
        100..=1000 => SizeProfile::Medium,
        _ => SizeProfile::Large,
    })
}

/// A profile of the world as the file writes it.
pub(crate) fn profile_word(profile: SizeProfile) -> Profile {
    match profile {
        SizeProfile::Small => Profile::Small,
        SizeProfile::Medium => Profile::Medium,
        SizeProfile::Large => Profile::Large,
        SizeProfile::XLarge => Profile::XLarge,
    }
}
