//! `[mesh]`, `[device]`, `[backhaul]`, `[traffic]`, `[coupling]`, `[record]`: the network above the link layer.

use super::quantity::{Size, Time, TimeOrOff, TimeRange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Routing and joining.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MeshSection {
    /// Timer profile; when missing, chosen by the meters per border router: small under 100, medium to 1,000, large
    /// above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// Hops above which a meter counts as unreachable; a source route has room for 24.
    #[schemars(range(min = 1, max = 24))]
    pub hops_max: u8,
    /// Longest frame that nodes send, check sequence included, in bytes; longer datagrams are cut into fragments. 400
    /// leaves room for the longest source route.
    #[schemars(range(min = 400, max = 2047))]
    pub frame_bytes_max: u16,
    /// What becomes of a meter's address when its radio restarts.
    pub lease: Lease,
}

impl Default for MeshSection {
    fn default() -> Self {
        MeshSection { profile: None, hops_max: 24, frame_bytes_max: 1_576, lease: Lease::Asked }
    }
}

/// What becomes of a meter's DHCPv6 lease when its radio restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Lease {
    /// The meter asks for an address anew, as the open Wi-SUN stacks do.
    Asked,
    /// The meter keeps its lease with PAN id and keys, and announces the old address.
    Kept,
}

/// Size profile of Wi-SUN FAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Under 100 nodes.
    Small,
    /// 100 to 1,000 nodes.
    Medium,
    /// Above 1,000 nodes.
    Large,
    /// Far above; never chosen by itself.
    XLarge,
}

/// Meter hardware.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeviceSection {
    /// Time from reset to a running radio, uniform between the two.
    pub boot: TimeRange,
}

impl Default for DeviceSection {
    fn default() -> Self {
        DeviceSection { boot: TimeRange(Time::secs(5), Time::secs(15)) }
    }
}

/// Border router to head-end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BackhaulSection {
    /// One-way latency.
    #[schemars(extend("x-min" = "10ms", "x-max" = "1min"))]
    pub latency: Time,
}

impl Default for BackhaulSection {
    fn default() -> Self {
        BackhaulSection { latency: Time(50e6) }
    }
}

/// Regular reports of every meter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrafficSection {
    /// Time between two reports of a meter, or "off"; each meter starts at a random phase.
    #[schemars(extend("x-min" = "10s", "x-max" = "30d"))]
    pub push: TimeOrOff,
    /// Size of a report above UDP, of bytes without meaning. When missing, a report is what the meters' push setup for
    /// readings sends: clock and energy registers as a ciphered DataNotification.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "1 B", "x-max" = "1200 B"))]
    pub payload: Option<Size>,
}

impl Default for TrafficSection {
    fn default() -> Self {
        TrafficSection { push: TimeOrOff(None), payload: None }
    }
}

/// Meshes that hear each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CouplingSection {
    /// How they are coupled; without effect with one border router.
    pub meshes: Meshes,
}

impl Default for CouplingSection {
    fn default() -> Self {
        CouplingSection { meshes: Meshes::Window }
    }
}

/// How meshes that hear each other are coupled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Meshes {
    /// They do not hear each other.
    None,
    /// Foreign transmissions interfere one exchange window late.
    Window,
    /// They are simulated as one; exact and slow.
    Exact,
}

/// What is recorded besides the tables that are always written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RecordSection {
    /// Every n-th frame goes into the `frames` table; 0 switches the table off.
    #[schemars(range(min = 0, max = 4_294_967_295_u32))]
    pub frames_every: u32,
    /// Time between two snapshots of the `links` table; "off" leaves those at start and end.
    #[schemars(extend("x-min" = "1s", "x-max" = "366d"))]
    pub links_every: TimeOrOff,
}

impl Default for RecordSection {
    fn default() -> Self {
        RecordSection { frames_every: 0, links_every: TimeOrOff(None) }
    }
}
