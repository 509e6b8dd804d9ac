//! What a run is made of, as plain values in SI units.
//!
//! `scenarios` resolves a file into a [`WorldSpec`]; nothing below this line parses text or knows a default of the
//! scenario language. Every field is final: units converted, cross-field rules checked.

use crate::terrain::Placement;
pub use amitwin_dlms::ResetTier;
use amitwin_dlms::{KeyMaster, Vendor};
use amitwin_sim_core::SimTime;

/// One variant of a scenario, ready to build.
#[derive(Clone, Debug)]
pub struct WorldSpec {
    /// Seed of every keyed stream; variants that share it see the same weather, shadowing and backoff draws.
    pub seed: u64,
    /// Simulated time of the run.
    pub duration: SimTime,
    /// Meters, gateways and repeaters with their positions.
    pub placement: Placement,
    /// Radio and propagation.
    pub radio: RadioSpec,
    /// Link layer.
    pub mac: MacSpec,
    /// Routing and joining.
    pub mesh: MeshSpec,
    /// Meter hardware.
    pub device: DeviceSpec,
    /// Border router to head-end.
    pub backhaul: BackhaulSpec,
    /// Regular traffic; `None` leaves the mesh to itself.
    pub push: Option<PushSpec>,
    /// The meters as DLMS/COSEM devices.
    pub dlms: DlmsSpec,
    /// What the head-end reads by schedule.
    pub polls: Vec<PollSpec>,
    /// What the head-end does, in the order of the file.
    pub campaigns: Vec<CampaignSpec>,
    /// How meshes that hear each other are coupled.
    pub coupling: Coupling,
    /// What is recorded besides the tables that are always written.
    pub record: RecordSpec,
}

/// Operating modes of the IEEE 802.15.4 SUN FSK PHY, and the 2.4 GHz O-QPSK PHY that the ns-3 comparison uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhyMode {
    /// 50 kb/s, h = 0.5.
    M1a,
    /// 50 kb/s, h = 1.
    M1b,
    /// 100 kb/s, h = 0.5.
    M2a,
    /// 100 kb/s, h = 1.
    M2b,
    /// 150 kb/s, h = 0.5.
    M3,
    /// 200 kb/s, h = 0.5.
    M4a,
    /// 200 kb/s, h = 1.
    M4b,
    /// 300 kb/s, h = 0.5.
    M5,
    /// 250 kb/s O-QPSK of 2.4 GHz; not a metering mode.
    Oqpsk250,
}

/// Regulatory region, which sets the channel plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// 902-928 MHz.
    NorthAmerica,
    /// 863-870 MHz.
    Europe,
}

/// Surroundings of the street-level loss of ITU-R P.1411.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clutter {
    /// Detached houses.
    Suburban,
    /// Closed rows of houses.
    Urban,
    /// High-rise.
    DenseUrban,
}

/// Path loss between two radios near the ground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PathLoss {
    /// ITU-R P.1411 street level, location variability of 7 dB by default.
    StreetLevel(Clutter),
    /// `reference_db` at one metre and `exponent` x 10 dB a decade.
    LogDistance {
        /// Loss at 1 m, dB.
        reference_db: f64,
        /// Exponent.
        exponent: f64,
    },
}

/// Radio and propagation.
#[derive(Clone, Debug)]
pub struct RadioSpec {
    /// Operating mode.
    pub phy: PhyMode,
    /// Region.
    pub region: Region,
    /// Transmit power of meters and repeaters, dBm.
    pub tx_power_dbm: f64,
    /// Transmit power of border routers, dBm.
    pub gateway_tx_power_dbm: f64,
    /// Loss model.
    pub path_loss: PathLoss,
    /// Standard deviation of shadowing, dB; 0 switches it off.
    pub shadowing_sigma_db: f64,
    /// Correlation distance of shadowing, m.
    pub shadowing_distance_m: f64,
    /// Loss of a meter's box and antenna, dB, on each end that is a meter.
    pub meter_loss_db: f64,
    /// Effective noise figure, dB.
    pub noise_figure_db: f64,
    /// Spread of a single frame's level, dB.
    pub frame_spread_db: f64,
    /// Energy above which a channel counts as busy, dBm.
    pub cca_threshold_dbm: f64,
    /// Weaker signals are not modelled at all, neither as reception nor as interference, dBm.
    pub hearing_floor_dbm: f64,
    /// Strongest neighbours that a radio keeps; what is cut is counted in the run's summary.
    pub neighbours_max: usize,
}

/// Link layer.
#[derive(Clone, Debug)]
pub struct MacSpec {
    /// Smallest backoff exponent.
    pub min_be: u8,
    /// Largest backoff exponent.
    pub max_be: u8,
    /// Further CCA tries after the first.
    pub csma_backoffs_max: u8,
    /// Retransmissions of a frame that is not acknowledged.
    pub frame_retries_max: u8,
    /// Frames that a node can hold.
    pub queue_frames_max: u16,
    /// Frames that a border router can hold.
    pub gateway_queue_frames_max: u16,
    /// Hop over the channel plan; otherwise all share one channel.
    pub hopping: bool,
}

/// Size profile of Wi-SUN FAN: the timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeProfile {
    /// Under 100 nodes.
    Small,
    /// 100 to 1,000.
    Medium,
    /// Above 1,000.
    Large,
    /// Far above.
    XLarge,
}

/// Routing and joining.
#[derive(Clone, Debug)]
pub struct MeshSpec {
    /// Timer profile.
    pub profile: SizeProfile,
    /// Hops above which a meter counts as unreachable.
    pub hops_max: u8,
    /// Longest frame that nodes send, check sequence included, bytes; longer datagrams are cut into fragments.
    pub frame_bytes_max: u16,
    /// What becomes of a meter's address in a reset.
    pub lease: Lease,
}

/// What becomes of a meter's DHCPv6 lease when its radio restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// It is gone: the meter solicits an address anew.
    Asked,
    /// It is kept with PAN id and keys, and used for as long as it lasts.
    Kept,
}

/// Meter hardware.
#[derive(Clone, Debug)]
pub struct DeviceSpec {
    /// Time from power or reset to a running radio: smallest and largest, uniform.
    pub boot: (SimTime, SimTime),
}

/// Border router to head-end.
#[derive(Clone, Debug)]
pub struct BackhaulSpec {
    /// One-way latency; at least 10 ms, because it is the engine's lookahead.
    pub latency: SimTime,
}

/// Regular reports of every meter.
#[derive(Clone, Debug)]
pub struct PushSpec {
    /// Time between two reports; each meter starts at a random phase.
    pub period: SimTime,
    /// What a report is.
    pub content: PushContent,
}

/// What a regular report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushContent {
    /// The DataNotification of the push setup for readings.
    Readings,
    /// So many bytes above UDP of which nobody knows more.
    Opaque(u16),
}

/// Whether payloads are encoded and ciphered, or only as long as they would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Real bytes, checked by both sides.
    Real,
    /// Lengths alone: the same traffic with less work, and nothing to check.
    Sized,
}

/// The meters as DLMS/COSEM devices.
#[derive(Clone, Debug)]
pub struct DlmsSpec {
    /// Whether APDUs are encoded.
    pub payload: Payload,
    /// Where the meters' keys come from.
    pub keys: KeyMaster,
    /// Civil time at simulated time zero, seconds since 1970, UTC.
    pub start_unix_s: i64,
    /// Local time of the meters' clocks minus UTC, minutes.
    pub utc_offset_min: i16,
    /// Shortest and longest time that a meter waits with an answer.
    pub answer_delay: (SimTime, SimTime),
    /// Kinds of meters; site `n` is of kind `n % vendors.len()`. Never empty.
    pub vendors: Vec<Vendor>,
}

impl Default for DlmsSpec {
    /// Test keys, one kind of meter, 2026-01-01 00:00 UTC.
    fn default() -> Self {
        DlmsSpec {
            payload: Payload::Real,
            keys: KeyMaster::Test,
            start_unix_s: 1_767_225_600,
            utc_offset_min: 0,
            answer_delay: (SimTime::ZERO, SimTime::from_secs(1)),
            vendors: vec![Vendor::default()],
        }
    }
}

/// What a scheduled read asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollContent {
    /// Rows of the load profile that the head-end does not have yet.
    Profile,
    /// Clock and energy registers of the moment.
    Registers,
}

/// Meters that the head-end reads by a schedule.
#[derive(Clone, Debug)]
pub struct PollSpec {
    /// Name, for tables.
    pub name: String,
    /// Start of the first round.
    pub at: SimTime,
    /// Time between the starts of two rounds.
    pub every: SimTime,
    /// Time over which the meters of a border router are spread in a round, in the order of their ids.
    pub window: SimTime,
    /// What is read.
    pub content: PollContent,
    /// Reads under way behind one border router at most.
    pub parallel: u16,
    /// Requests for the same thing at most.
    pub attempts: u8,
    /// From a request to the next if no answer comes.
    pub timeout: SimTime,
}

/// A job of the head-end.
#[derive(Clone, Debug)]
pub struct CampaignSpec {
    /// Name, for tables.
    pub name: String,
    /// When it starts.
    pub at: SimTime,
    /// How deep the reset goes.
    pub tier: ResetTier,
    /// Who resets when.
    pub schedule: ResetSchedule,
    /// How the command travels.
    pub delivery: Delivery,
    /// What tells the head-end that a meter is back.
    pub back: BackSign,
    /// How long the head-end waits for a meter before it counts as failed; `None`: to the end of the run.
    pub give_up_after: Option<SimTime>,
}

/// Spread of a reset over time.
#[derive(Clone, Debug, PartialEq)]
pub enum ResetSchedule {
    /// Each meter waits a uniform random time in this window after the command's start.
    Window(SimTime, SimTime),
    /// Groups of `size` meters in the order of their ids, a uniform random `gap` between two groups.
    Clusters {
        /// Meters in a group.
        size: u32,
        /// Smallest and largest gap.
        gap: (SimTime, SimTime),
    },
    /// A window computed from the border router's air time for one reconnecting meter, so that its radio is at most
    /// `busy_share` occupied by them.
    Auto {
        /// Share of the border router's air time that reconnects may take, 0 to 1.
        busy_share: f64,
    },
}

/// What tells the head-end that a meter is back after a reset that took its radio down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackSign {
    /// Its route: the border router passes the announcement on over the backhaul. Costs no frame.
    Route,
    /// A heartbeat of the meter's application, which the head-end confirms.
    Heartbeat,
}

/// How a command reaches the meters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// One flood over the mesh; nobody acknowledges.
    Broadcast,
    /// One command to each meter, acknowledged.
    Unicast,
}

/// Meshes that hear each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coupling {
    /// Meshes do not hear each other.
    None,
    /// Foreign transmissions interfere one window late.
    Window,
    /// Meshes that hear each other are one partition.
    Exact,
}

/// Recording.
#[derive(Clone, Debug, Default)]
pub struct RecordSpec {
    /// Every n-th frame goes into the `frames` table; 0 switches the table off.
    pub frames_every: u32,
    /// Time between two snapshots of the `links` table; zero: only at start and end.
    pub links_every: SimTime,
}
