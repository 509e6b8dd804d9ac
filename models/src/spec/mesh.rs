//! `[mesh]`: routing and joining.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Routing and joining.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MeshSpec {
    /// Timer profile; when missing, chosen by the meters per border router: small under 100, medium to 1,000, large
    /// above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<SizeProfile>,
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

impl Default for MeshSpec {
    fn default() -> Self {
        MeshSpec { profile: None, hops_max: 24, frame_bytes_max: 1_576, lease: Lease::Asked }
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
pub enum SizeProfile {
    /// Under 100 nodes.
    Small,
    /// 100 to 1,000 nodes.
    Medium,
    /// Above 1,000 nodes.
    Large,
    /// Far above; never chosen by itself.
    XLarge,
}

impl SizeProfile {
    /// The profile for so many nodes to a border router.
    pub fn of(nodes: usize) -> SizeProfile {
        match nodes {
            0..100 => SizeProfile::Small,
            100..=1000 => SizeProfile::Medium,
            _ => SizeProfile::Large,
        }
    }
}
