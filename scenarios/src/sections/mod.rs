//! What a scenario file can say: the list of its sections, and those that no world is made of.
//!
//! Sections of a world are the types of `amitwin_models::spec`, whose doc comments feed the JSON Schema, which in turn is
//! what a file is checked against, so a key exists in one place only. Here stand where meters come from, where they are
//! served, and what is compared and judged. Nothing here touches a file or knows what a value means for the run; that is
//! `resolve`.

pub(crate) mod files;
pub mod json_schema;
pub mod placement;
pub mod plan;
pub mod prices;
pub mod replay;
pub mod serve;
pub mod study;

pub use amitwin_models::spec::{quantity, units};

use amitwin_models::spec::{
    AgeingSpec, BackhaulSpec, CampaignSpec, CouplingSpec, DeviceSpec, DlmsSpec, EventSpec, HeadEndSpec, IdealSpec,
    InterfererSpec, LastGaspSpec, MacSpec, MediumKind, MeshSpec, ObstacleSpec, PollSpec, RadioSpec, RecordSpec,
    TechniciansSpec, TrafficSpec, WeatherSpec,
};
use amitwin_sim_core::SimTime;
use placement::PlacementSection;
use prices::PricesSection;
use quantity::Time;
use replay::ReplaySection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serve::ServeSection;
use study::{GateSection, StudySection, VariantSection};

/// A scenario: a network, what happens to it, the variants to compare and the gates to hold.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "amitwin scenario")]
pub struct ScenarioFile {
    /// Name of the scenario; also the name of its run directory.
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// What the scenario shows, in a sentence or two.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Seed of everything random; the same seed gives the same run, bit for bit.
    #[serde(default = "seed_default")]
    #[schemars(range(min = 0, max = 9_223_372_036_854_775_807_u64))]
    pub seed: u64,
    /// Simulated time of the run, such as "4h".
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1s", "x-max" = "366d"))]
    pub duration: SimTime,
    /// Where meters and border routers stand.
    pub placement: PlacementSection,
    /// How meters reach their border router.
    #[serde(default, skip_serializing_if = "MediumKind::is_mesh")]
    pub medium: MediumKind,
    /// The ideal medium, for `medium = "ideal"`.
    #[serde(default, skip_serializing_if = "IdealSpec::is_default")]
    pub ideal: IdealSpec,
    /// Radio and propagation.
    #[serde(default)]
    pub radio: RadioSpec,
    /// Link layer.
    #[serde(default)]
    pub mac: MacSpec,
    /// Routing and joining.
    #[serde(default)]
    pub mesh: MeshSpec,
    /// Meter hardware.
    #[serde(default)]
    pub device: DeviceSpec,
    /// Capacitors, and what meters say of their supply; without it a node is gone with its supply and says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_gasp: Option<LastGaspSpec>,
    /// Border router to head-end.
    #[serde(default)]
    pub backhaul: BackhaulSpec,
    /// The weather, and what it does to radios; without it there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weather: Option<WeatherSpec>,
    /// What years do to antennas and gaskets; without it nothing.
    #[serde(default, skip_serializing_if = "AgeingSpec::is_off")]
    pub ageing: AgeingSpec,
    /// What else sends in the band.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub interferer: Vec<InterfererSpec>,
    /// Trees and buildings that links pass through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub obstacle: Vec<ObstacleSpec>,
    /// Regular reports.
    #[serde(default)]
    pub traffic: TrafficSpec,
    /// Meshes that hear each other.
    #[serde(default)]
    pub coupling: CouplingSpec,
    /// The meters as DLMS/COSEM devices.
    #[serde(default)]
    pub dlms: DlmsSpec,
    /// The meters on real sockets, for `amitwin serve`.
    #[serde(default)]
    pub serve: ServeSection,
    /// What is recorded besides the tables that are always written.
    #[serde(default)]
    pub record: RecordSpec,
    /// Limits of the head-end; without it there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_end: Option<HeadEndSpec>,
    /// Crews that go to meters which campaigns have given up; without it nobody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technicians: Option<TechniciansSpec>,
    /// What the head-end reads, once or by schedule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub read: Vec<PollSpec>,
    /// What the head-end does to the network.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub campaign: Vec<CampaignSpec>,
    /// What happens to the network from outside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub event: Vec<EventSpec>,
    /// Logs of what really happened, which happens again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub replay: Vec<ReplaySection>,
    /// Settings to compare; they share the seed, and with it shadowing and backoff draws. Without any, the file itself
    /// is the one variant, `base`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub variant: Vec<VariantSection>,
    /// What things and work cost: figures of a result turn into money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<PricesSection>,
    /// How many seeds every variant runs with.
    #[serde(default, skip_serializing_if = "StudySection::is_default")]
    pub study: StudySection,
    /// Limits that the results must keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub gate: Vec<GateSection>,
}

fn seed_default() -> u64 {
    1
}
