//! What a variant will take: its world is built, and events, memory and disk follow from measured factors.
//!
//! The factors below are of calm runs, so the estimate tells the order of magnitude and not the figure. Of eleven of the library's
//! scenarios it expects 0.6 to 1.6 times the events that there are, and of `poll-clusters`, where 10,000 meters are asked all at once, a fifth.

use crate::drive::warnings;
use crate::load::Variant;
use amitwin_data::files::ROWS_PER_GROUP;
use amitwin_models::build::{BuildError, Built, build};
use amitwin_models::spec::{
    CampaignSpec, FirmwareDelivery, HealthMode, JobSpec, MediumKind, PollSpec, RouterStack, SizeProfile, WorldSpec,
};
use amitwin_sim_core::SimTime;

// The factors are from runs of generated suburbs of 100 to 5,000 meters at 50 kb/s, 30 to 90 m apart (1 to 11 hops in the
// mean, 16 to 310 neighbours); the spread over these is in brackets. Those for memory are from 2,000 meters behind one
// border router (15.5 MB at most in half an hour with two reports each), 20,000 behind one (75.7 MB) and 20,000 behind ten
// (68.9 MB).

/// Events of a radio in an hour without traffic, beside advertisements; divided by the root of its neighbours.
const EVENTS_PER_RADIO_HOUR: f64 = 210.0;
/// Events of a radio in an hour that come of keeping its neighbours, however many they are: probes, registrations and their acknowledgements
/// (500 to 2,000 meters at 50 and 150 kb/s: 230 to 370 under wsrd, which probes more, 140 to 260 under nanostack).
const UPKEEP_WSRD: f64 = 300.0;
const UPKEEP_NANOSTACK: f64 = 200.0;
/// Events of a block of an image: at each radio that a flood reaches (38 of 98 blocks at 2,000), and over each hop to a single meter, with its answer.
const EVENTS_PER_BLOCK: f64 = 40.0;
/// Channels of the plan for which the figures of [`advertisements`] hold; others weigh with the root of their number.
const CHANNELS: f64 = 129.0;
/// Events of one report over one hop: backoff, channel sensing, frame, acknowledgement (7.7 to 12).
const EVENTS_PER_REPORT_HOP: f64 = 8.5;
/// Events of one read over one hop, to and fro (16 to 27).
const EVENTS_PER_READ_HOP: f64 = 19.0;
/// Events of one warm reset, and for each hop of the meter's depth: boot, a search over all channels, the exchanges up to
/// the head-end (608 at 1.8 hops, 1,500 at 5.7; twice that where all are reset at once), in meshes of the large profile.
const EVENTS_PER_RESET: f64 = 250.0;
const EVENTS_PER_RESET_HOP: f64 = 240.0;
/// How much more it is in smaller profiles, whose timers are shorter.
const RESET_IN_SMALL_PROFILES: f64 = 1.7;
/// Rows of `events` that one reset leaves behind (9 to 17; 30 where all are reset at once).
const EVENT_ROWS_PER_RESET: f64 = 10.0;
/// The program itself, bytes.
pub const PROCESS_BYTES: f64 = 10e6;
/// Bytes of a radio with its share of the queues, and of each neighbour in its table.
const BYTES_PER_RADIO: f64 = 1_800.0;
const BYTES_PER_NEIGHBOUR: f64 = 3.7;
/// Bytes of a radio in each partition that it belongs to or is heard in.
const BYTES_PER_RADIO_HEARD: f64 = 400.0;
/// Bytes of a row that waits to be written.
const BYTES_PER_ROW_HELD: f64 = 80.0;
/// Bytes on the disk of a variant's files without rows.
const DISK_PER_VARIANT: f64 = 12e3;
/// Bytes on the disk of a row of each table.
const DISK_PER_ROW: Rows =
    Rows { nodes: 34.0, links: 9.0, transactions: 19.0, events: 9.0, airtime: 15.0, load: 30.0, census: 9.0 };

/// A campaign, worked out.
#[derive(Clone, Debug, PartialEq)]
pub struct CampaignEstimate {
    /// Name.
    pub name: String,
    /// Meters that it commands.
    pub commanded: u32,
    /// From the start of its schedule to the last planned reset, s.
    pub window_s: f64,
}

/// What a variant is and what it will take.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Name of the variant.
    pub variant: String,
    /// Meters.
    pub meters: u32,
    /// Border routers.
    pub gateways: u32,
    /// Parts of the world that run alone: meshes, and the head-end.
    pub partitions: u32,
    /// Meters and repeaters without a route to a gateway.
    pub unreachable: u32,
    /// What to know before trusting results, without the variant's name.
    pub warnings: Vec<String>,
    /// Hops to the border router at the start: mean over all radios that have a route.
    pub hops_mean: f64,
    /// The same, largest.
    pub hops_max: u8,
    /// Campaigns.
    pub campaigns: Vec<CampaignEstimate>,
    /// Simulated time, s.
    pub duration_s: f64,
    /// Expected events.
    pub events: f64,
    /// Expected memory without the program itself ([`PROCESS_BYTES`]), bytes.
    pub memory_bytes: f64,
    /// Expected size in the run directory, bytes.
    pub disk_bytes: f64,
}

/// How the expected figures come about, in a sentence for people.
pub const METHOD: &str = "events, memory and disk are estimates: the world is built, then multiplied by factors measured on \
                          calm runs; they hold to a factor of about two, and less well where most frames are repeated or campaigns fail";

/// Builds the world of a variant and estimates what running it will take.
///
/// # Errors
/// See [`BuildError`].
pub fn estimate(variant: &Variant) -> Result<Estimate, BuildError> {
    let spec = &variant.spec;
    let mut built = build(spec)?;
    let (mut radios, mut heard, mut hops, mut routed, mut hops_max) = (0.0, 0.0, 0.0, 0.0, 0);
    let (mut sparse, mut neighbours, mut channels) = (0.0, 0.0, 0);
    for part in &mut built.parts {
        heard += part.mesh().map_or(0.0, |m| m.facts.sites.len() as f64);
        channels = part.mesh().map_or(channels, |m| m.channels());
        part.describe(&spec.placement.sites);
        let rows = std::mem::take(part.rows());
        for node in &rows.nodes {
            radios += 1.0;
            sparse += f64::from(node.neighbours.max(1)).sqrt().recip();
            neighbours += f64::from(node.neighbours);
            // A border router is 0 hops away from itself.
            if let Some(h) = node.hops.filter(|h| *h > 0) {
                hops += f64::from(h);
                routed += 1.0;
                hops_max = hops_max.max(h);
            }
        }
    }
    let hops_mean = if routed > 0.0 { hops / routed } else { 0.0 };
    let campaigns: Vec<CampaignEstimate> = built
        .plan
        .resets
        .iter()
        .map(|c| CampaignEstimate {
            name: c.name.to_string(),
            commanded: c.meters.len() as u32,
            window_s: c.window.secs_f64(),
        })
        .collect();
    let resets: f64 = campaigns.iter().map(|c| f64::from(c.commanded)).sum();
    let hours = spec.duration.secs_f64() / 3600.0;
    let reports = reports(spec, &built);
    let small = match spec.router_profile() {
        SizeProfile::Auto | SizeProfile::Small | SizeProfile::Medium => RESET_IN_SMALL_PROFILES,
        SizeProfile::Large | SizeProfile::XLarge => 1.0,
    };
    let reads = reads(spec, &built);
    let rows = Rows::of(spec, &built, radios, reports + reads, resets);
    Ok(Estimate {
        variant: variant.name.clone(),
        meters: built.meters,
        gateways: built.gateways,
        partitions: built.parts.len() as u32,
        unreachable: built.unreachable.len() as u32,
        warnings: warnings::of_world(&built, spec),
        hops_mean,
        hops_max,
        campaigns,
        duration_s: spec.duration.secs_f64(),
        events: sparse * hours * (EVENTS_PER_RADIO_HOUR + advertisements(spec.router_profile(), channels))
            + radios * hours * upkeep(spec)
            + blocks(spec, &built, radios, hops_mean) * EVENTS_PER_BLOCK
            + reports * hops_mean * EVENTS_PER_REPORT_HOP
            + reads * hops_mean * EVENTS_PER_READ_HOP
            + resets * (EVENTS_PER_RESET + hops_mean * EVENTS_PER_RESET_HOP) * small,
        memory_bytes: radios * BYTES_PER_RADIO
            + neighbours * BYTES_PER_NEIGHBOUR
            + heard * BYTES_PER_RADIO_HEARD
            + rows.held() * BYTES_PER_ROW_HELD,
        disk_bytes: DISK_PER_VARIANT + rows.times(&DISK_PER_ROW).sum::<f64>(),
    })
}

/// Events of a radio's advertisements in an hour, one on each channel; divided by the root of its neighbours, because a radio
/// that has heard others advertise keeps silent. Large: 1,350 to 1,590; medium: 1,850 to 2,480; small, and wsrd: 13,000 to 24,000.
fn advertisements(profile: SizeProfile, channels: u16) -> f64 {
    let events = match profile {
        SizeProfile::Auto | SizeProfile::Small => 17_000.0,
        SizeProfile::Medium => 2_400.0,
        SizeProfile::Large => 1_550.0,
        SizeProfile::XLarge => 1_250.0,
    };
    events * (f64::from(channels) / CHANNELS).sqrt()
}

/// Events of a radio in an hour that come of keeping its neighbours.
fn upkeep(spec: &WorldSpec) -> f64 {
    match (spec.medium, spec.mesh.stack) {
        (MediumKind::Ideal, _) => 0.0,
        (MediumKind::Mesh, RouterStack::Wsrd) => UPKEEP_WSRD,
        (MediumKind::Mesh, RouterStack::Nanostack) => UPKEEP_NANOSTACK,
    }
}

/// Blocks of images, each as often as it is sent: once by each radio that a flood reaches, or over each hop to each meter that it is meant for.
fn blocks(spec: &WorldSpec, built: &Built, radios: f64, hops_mean: f64) -> f64 {
    let of = |campaign: &CampaignSpec| {
        let JobSpec::Firmware(firmware) = &campaign.job else { return 0.0 };
        let meters = firmware.target.nodes.as_ref().map_or(f64::from(built.meters), |nodes| nodes.len() as f64);
        let waves = firmware.waves.shares.as_ref().map_or(1, Vec::len) as f64;
        f64::from(firmware.blocks())
            * match firmware.delivery() {
                _ if meters == 0.0 => 0.0,
                FirmwareDelivery::Multicast => radios * waves,
                FirmwareDelivery::Unicast => meters * hops_mean.max(1.0),
            }
    };
    spec.campaigns.iter().map(of).sum()
}

/// Scheduled reads of a variant, at most.
fn reads(spec: &WorldSpec, built: &Built) -> f64 {
    let rounds = |poll: &PollSpec| {
        let left = spec.duration.secs_f64() - poll.at.secs_f64();
        if left < 0.0 { 0.0 } else { (left / poll.every.secs_f64()).floor() + 1.0 }
    };
    spec.polls.iter().map(rounds).sum::<f64>() * f64::from(built.meters)
}

/// Reports that the meters of a variant send.
fn reports(spec: &WorldSpec, built: &Built) -> f64 {
    let times = |every: SimTime| f64::from(built.meters) * spec.duration.secs_f64() / every.secs_f64();
    let traffic = &spec.traffic;
    // Samples within their band are no messages; bundles are a message for several.
    let health = traffic.health.as_ref().filter(|health| health.mode == HealthMode::Always);
    traffic.push().map_or(0.0, |push| times(push.period))
        + health.map_or(0.0, |health| times(health.every))
        + traffic.keep_alive.as_ref().map_or(0.0, |alive| times(alive.every))
}

/// A number for each table but the sampled frames and the hours of the weather.
struct Rows {
    nodes: f64,
    links: f64,
    transactions: f64,
    events: f64,
    airtime: f64,
    load: f64,
    census: f64,
}

impl Rows {
    fn of(spec: &WorldSpec, built: &Built, radios: f64, reports: f64, resets: f64) -> Rows {
        let seconds = spec.duration.secs_f64();
        let every = spec.record.links_every.secs_f64();
        let snapshots = if every > 0.0 { seconds / every + 2.0 } else { 2.0 };
        let load_every = spec.record.load_every.secs_f64();
        let has_loads = load_every > 0.0 && spec.medium == MediumKind::Mesh;
        let hours = if has_loads { (seconds / load_every).ceil() } else { 0.0 };
        let census_every = spec.record.census_every.secs_f64();
        let censuses = if census_every > 0.0 { (seconds / census_every).floor() + 1.0 } else { 0.0 };
        Rows {
            nodes: radios,
            links: radios * snapshots,
            transactions: reports + resets,
            events: resets * EVENT_ROWS_PER_RESET,
            airtime: f64::from(built.gateways) * (seconds / 60.0).ceil(),
            load: radios * hours,
            census: radios * censuses,
        }
    }

    fn each(&self) -> [f64; 7] {
        [self.nodes, self.links, self.transactions, self.events, self.airtime, self.load, self.census]
    }

    fn times(&self, other: &Rows) -> impl Iterator<Item = f64> {
        self.each().into_iter().zip(other.each()).map(|(a, b)| a * b)
    }

    /// Rows that are in memory at once, because a row group is not full.
    fn held(&self) -> f64 {
        self.each().into_iter().map(|rows| rows.min(ROWS_PER_GROUP as f64)).sum()
    }
}
