//! `[mesh]`: routing and joining.

use super::keys::KeySpec;
use super::quantity::{Maybe, Power};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Routing and joining.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MeshSpec {
    /// Wi-SUN stack of meters and repeaters.
    pub stack: RouterStack,
    /// Wi-SUN stack of border routers; when missing, the one that belongs to `stack`: nanostack's own, or wsbrd.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub border_stack: Option<BorderStack>,
    /// Size profile of the timers, for which all nodes are configured; when missing, chosen by the nodes per border router: small
    /// under 100, medium to 1,000, large above, and under nanostack's border router by the data rate as well, as it does. With
    /// `auto` wsbrd adapts to the nodes of its PAN and wsrd advertises each 15 to 60 s, as they do unless configured (`disc_imin`, `disc_imax`).
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
    /// Level at or above which a neighbour may become a parent; when missing, as `stack` has it: nanostack takes those that are 13 dB
    /// above the weakest signal it has heard, in both directions, wsrd all at which a tenth of the long frames is lost.
    #[serde(rename = "parent_threshold", with = "Maybe::<Power>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "-120 dBm", "x-max" = "-30 dBm"))]
    pub parent_threshold_dbm: Option<f64>,
    /// How meters and repeaters begin.
    pub start: Start,
    /// How meters and repeaters come to their PAN.
    pub pan: PanRule,
    /// Nodes that a border router gives keys at a time, when `start` is cold. When missing, 11 under nanostack, twice its heap in units of 50 kB
    /// and one, where 50 more wait, the newest first; and 20 under wsbrd, which does not answer more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 50))]
    pub authentications_max: Option<u16>,
    /// Which certificates meters and border routers show each other when they get keys.
    pub certificate_chain: CertificateChain,
    /// How keys age and are renewed; when missing, they are good for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<KeySpec>,
    /// Limits of the border routers.
    #[serde(skip_serializing_if = "BorderRouterSpec::is_default")]
    pub border_router: BorderRouterSpec,
    /// Places of nanostack's neighbour table, which limits the children of a node: of 32, 64, 128 and 255 there are 22, 49, 103 and 230 for
    /// children; 255 when missing. wsrd and wsbrd have no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 11, max = 255))]
    pub neighbour_table: Option<u8>,
    /// Parents of a node: both stacks have two, the second announced beside the first, which is registered with and takes over. 1: as
    /// if they were built without.
    #[schemars(range(min = 1, max = 2))]
    pub parents_max: u8,
    /// What meters and repeaters say to each other while nothing happens.
    pub idle_traffic: IdleTraffic,
}

impl Default for MeshSpec {
    fn default() -> Self {
        MeshSpec {
            stack: RouterStack::Wsrd,
            border_stack: None,
            profile: None,
            hops_max: 24,
            frame_bytes_max: 1_576,
            lease: Lease::Asked,
            parent_threshold_dbm: None,
            start: Start::Joined,
            pan: PanRule::Assigned,
            authentications_max: None,
            certificate_chain: CertificateChain::Own,
            keys: None,
            border_router: BorderRouterSpec::default(),
            neighbour_table: None,
            parents_max: 2,
            idle_traffic: IdleTraffic::Full,
        }
    }
}

/// Limits of a border router.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BorderRouterSpec {
    /// Meters and repeaters whose routes it can keep: as many join its PAN, those nearest to it first; the others join the nearest PAN
    /// that has room. With `pan = "chosen"` it lets no more in, and advertises how full it is. No limit when missing, as the open stacks
    /// have none; vendors name some thousand.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65_000))]
    pub routes_max: Option<u32>,
}

impl BorderRouterSpec {
    fn is_default(&self) -> bool {
        *self == BorderRouterSpec::default()
    }
}

impl MeshSpec {
    /// Whether nodes choose their PAN, and may leave it for another.
    pub fn chooses_pan(&self) -> bool {
        self.pan == PanRule::Chosen
    }

    /// Meters and repeaters that a border router is given at most, where they are assigned.
    pub fn assigned_max(&self) -> Option<u32> {
        self.border_router.routes_max.filter(|_| !self.chooses_pan())
    }

    /// Stack of the border routers.
    pub fn border_stack(&self) -> BorderStack {
        self.border_stack.unwrap_or(match self.stack {
            RouterStack::Nanostack => BorderStack::Nanostack,
            RouterStack::Wsrd => BorderStack::Wsbrd,
        })
    }
}

/// How meters and repeaters come to their PAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PanRule {
    /// It is that of the nearest border router that has room, for good; no node hears another.
    Assigned,
    /// Each chooses among the PANs that it hears, by the rule of its stack, and chooses anew when its own is lost. Border routers whose
    /// meshes hear each other are simulated as one, as with `coupling.meshes = "exact"`.
    Chosen,
}

/// What the nodes of a mesh say to each other while nothing happens: most of all frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IdleTraffic {
    /// What their stacks do: advertisements, DIOs, solicitations of neighbours, renewals.
    Full,
    /// Nothing. A renewal whose answer is certain, since all relays are there and the link is good at the time, counts as answered; another is sent.
    /// Neighbours are not asked how they are, and trickle timers stop in their longest interval until something is inconsistent, those of border
    /// routers as well. Reads, images, outages, resets and joining go frame by frame, through air that is quieter by the idle traffic.
    None,
}

/// Which certificates are shown in the exchange by which nodes get their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateChain {
    /// Each side its own: the other knows the authority that has signed it.
    Own,
    /// That of the authority as well, 425 bytes more from each side.
    WithAuthority,
}

/// How the meters and repeaters of a run begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// As parts of a mesh that has run for long.
    Joined,
    /// New and without keys: they boot at the start of the run, look for a PAN and are authenticated.
    Cold,
}

/// An open Wi-SUN stack, as a router runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RouterStack {
    /// Nanostack of mbed-os: looks for its PAN anew after each restart, by the timers of the size profile.
    Nanostack,
    /// wsrd of Silicon Labs' wisun-br-linux: reconnects at once to the PAN that it knows.
    Wsrd,
}

/// An open Wi-SUN stack, as a border router runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BorderStack {
    /// Nanostack of mbed-os.
    Nanostack,
    /// wsbrd of Silicon Labs' wisun-br-linux.
    Wsbrd,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SizeProfile {
    /// What each stack does by itself.
    Auto,
    /// Up to about 100 nodes.
    Small,
    /// Hundreds of nodes.
    Medium,
    /// Thousands of nodes.
    Large,
    /// More.
    XLarge,
}

impl SizeProfile {
    /// What nanostack chooses for so many nodes to a border router at a data rate (`ws_cfg_settings.c`).
    pub fn of(nodes: usize, rate_bps: u32) -> SizeProfile {
        let [small, medium, large] = match rate_bps {
            0..150_000 => [100, 500, 1_000],
            150_000..300_000 => [100, 1_000, 2_000],
            300_000..600_000 => [100, 1_500, 3_000],
            600_000.. => [200, 2_000, 5_000],
        };
        match nodes {
            _ if nodes <= small => SizeProfile::Small,
            _ if nodes <= medium => SizeProfile::Medium,
            _ if nodes <= large => SizeProfile::Large,
            _ => SizeProfile::XLarge,
        }
    }

    /// The usual choice for so many nodes to a border router.
    pub fn by_name(nodes: usize) -> SizeProfile {
        match nodes {
            0..100 => SizeProfile::Small,
            100..=1_000 => SizeProfile::Medium,
            _ => SizeProfile::Large,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanostack_chooses_its_profile_by_devices_and_data_rate() {
        use SizeProfile::{Large, Medium, Small, XLarge};
        // Rows of the table in nanostack: so many devices at most are small, medium, large.
        for (rate_bps, most) in [
            (50_000, [100, 500, 1_000]),
            (150_000, [100, 1_000, 2_000]),
            (300_000, [100, 1_500, 3_000]),
            (600_000, [200, 2_000, 5_000]),
        ] {
            let of = |nodes| SizeProfile::of(nodes, rate_bps);
            assert_eq!(most.map(of), [Small, Medium, Large], "{rate_bps} b/s");
            assert_eq!(most.map(|most| of(most + 1)), [Medium, Large, XLarge], "{rate_bps} b/s");
        }
    }
}
