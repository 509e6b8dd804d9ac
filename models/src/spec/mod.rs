#![doc = include_str!("README.md")]

mod ageing;
mod backhaul;
mod boards;
mod broker;
mod campaign;
mod certificates;
mod channels;
mod civil;
mod clock;
mod command;
mod condition;
mod coupling;
mod device;
mod dlms;
mod event;
mod fading;
mod firmware;
mod hang;
mod head_end;
mod health;
mod hours;
mod interferer;
mod keys;
mod last_gasp;
mod mac;
mod medium;
mod mesh;
mod obstacle;
mod order;
pub mod quantity;
mod radio;
mod read;
mod record;
mod reset;
mod role;
mod supply;
mod tagged;
mod target;
mod technicians;
mod traffic;
pub mod units;
mod utc_offset;
mod vendor;
mod waves;
mod weather;

use crate::terrain::{Placement, Site, SiteKind, SiteName};
use amitwin_sim_core::SimTime;

pub use ageing::AgeingSpec;
pub use amitwin_dlms::ResetTier;
pub use backhaul::BackhaulSpec;
pub use boards::{BoardsSpec, OtherBoards, PairRule, Version, VersionText};
pub use broker::BrokerSpec;
pub use campaign::*;
pub use certificates::{CertificatesSpec, RenewalSpec};
pub use channels::{Channels, NoChannelList};
pub use civil::{EXAMPLE as DATE_TIME_EXAMPLE, NoMoment, Utc, unix_s, utc};
pub use clock::ClockSpec;
pub use command::{
    KeyChangeSpec, PaceSpec, RelayAction, RelaySpec, Setting, SpreadSpec, TimeSpec, WriteSpec, attempts_default,
    timeout_default,
};
pub use condition::{Condition, ConditionText, Firmware, Limit, Quantity as LinkQuantity};
pub use coupling::{Coupling, CouplingSpec};
pub use device::DeviceSpec;
pub use dlms::{DlmsSpec, Keys, Payload};
pub use event::{
    Act, BackhaulDown, BackhaulSlow, EventSpec, ExtraLoss, Hang, HeadEndFails, PowerOff, Restart, RouterFails, Voltage,
};
pub use fading::FadingSpec;
pub use firmware::{ActivationSpec, FirmwareDelivery, FirmwarePreset, FirmwareSpec, GoesWrong, ImageTraits, Signer};
pub use hang::HangSpec;
pub use head_end::{Balance, HeadEndPreset, HeadEndSpec, PRIORITY_USUAL, PermitsSpec, RetrySpec, ServiceTimes};
pub use health::{HealthMode, HealthSpec, KeepAliveSpec};
pub use hours::{Hours, When};
pub use interferer::{InterfererPreset, InterfererSpec};
pub use keys::KeySpec;
pub use last_gasp::LastGaspSpec;
pub use mac::MacSpec;
pub use medium::{IdealSpec, MediumKind};
pub use mesh::{BorderStack, CertificateChain, IdleTraffic, Lease, MeshSpec, PanRule, RouterStack, SizeProfile, Start};
pub use obstacle::{ObstacleKind, ObstacleSpec, Surroundings};
pub use order::{ByColumn, Order, OrderWord};
pub use radio::{Clutter, LossModel, PathLoss, PhyMode, RadioSpec, Region};
pub use read::{PollContent, PollSpec};
pub use record::RecordSpec;
pub use reset::{BackSign, Delivery, NOTICE, ResetSchedule, ResetSpec, Window};
pub use role::{Right, RoleSpec};
pub use supply::{BatterySpec, SupplySpec};
pub use target::{Circle, Fitting, Target, TargetKind};
pub use technicians::TechniciansSpec;
pub use traffic::{PushContent, PushSpec, TrafficSpec};
pub use utc_offset::UtcOffset;
pub use vendor::{Flag, VendorSpec};
pub use waves::{Clusters, WavesSpec};
pub use weather::{BoxSpec, Climate, Colour, Facing, Hardware, HeatSpec, Shade, WeatherSpec};

/// One variant of a scenario, ready to build.
#[derive(Clone, Debug)]
pub struct WorldSpec {
    /// Seed of every keyed stream; variants that share it see the same weather, shadowing and backoff draws.
    pub seed: u64,
    /// Simulated time of the run.
    pub duration: SimTime,
    /// Meters, gateways and repeaters with their positions.
    pub placement: Placement,
    /// How meters reach their border router.
    pub medium: MediumKind,
    /// The ideal medium, if it is that.
    pub ideal: IdealSpec,
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
    /// The sky, if there is one.
    pub weather: Option<WeatherSpec>,
    /// What stands and sends around the network, and what years do to it.
    pub surroundings: Surroundings,
    /// Regular reports.
    pub traffic: TrafficSpec,
    /// Meshes that hear each other.
    pub coupling: CouplingSpec,
    /// The meters as DLMS/COSEM devices.
    pub dlms: DlmsSpec,
    /// What is recorded besides the tables that are always written.
    pub record: RecordSpec,
    /// Limits of the head-end, if it has some.
    pub head_end: Option<HeadEndSpec>,
    /// What the head-end reads by schedule.
    pub polls: Vec<PollSpec>,
    /// What the head-end does, in the order of the file.
    pub campaigns: Vec<CampaignSpec>,
    /// What happens to the world from outside, in the order of the file.
    pub events: Vec<EventSpec>,
}

impl WorldSpec {
    /// A complete world to start from: three meters in a row behind a border router, 60 m apart, for an hour, with the
    /// defaults of every section and nothing that happens.
    ///
    /// ```
    /// use amitwin_models::build::build;
    /// use amitwin_models::spec::{MacSpec, WorldSpec};
    /// let mac = MacSpec { hopping: false, ..MacSpec::default() };
    /// assert_eq!(build(&WorldSpec { mac, ..WorldSpec::plain() }).unwrap().meters, 3);
    /// ```
    pub fn plain() -> WorldSpec {
        let site = |n: u32| Site {
            name: SiteName::numbered('N', n),
            kind: if n == 0 { SiteKind::Gateway } else { SiteKind::Meter },
            lat_deg: 0.0,
            lon_deg: 0.0,
            x_m: n as f32 * 60.0,
            y_m: 0.0,
            height_m: 1.5,
            antenna_gain: None,
        };
        WorldSpec {
            seed: 1,
            duration: SimTime::from_secs(3_600),
            placement: Placement { sites: (0..4).map(site).collect(), ..Placement::default() },
            medium: MediumKind::default(),
            ideal: IdealSpec::default(),
            radio: RadioSpec::default(),
            mac: MacSpec::default(),
            mesh: MeshSpec::default(),
            device: DeviceSpec::default(),
            backhaul: BackhaulSpec::default(),
            weather: None,
            surroundings: Surroundings::default(),
            traffic: TrafficSpec::default(),
            coupling: CouplingSpec::default(),
            dlms: DlmsSpec::default(),
            record: RecordSpec::default(),
            head_end: None,
            polls: Vec::new(),
            campaigns: Vec::new(),
            events: Vec::new(),
        }
    }

    /// How meshes that hear each other are coupled: where nodes choose their PAN they share a partition.
    pub fn coupled(&self) -> Coupling {
        match self.coupling.meshes {
            Coupling::Window if self.mesh.chooses_pan() => Coupling::Exact,
            meshes => meshes,
        }
    }

    /// Meters and repeaters to a border router, on average.
    pub fn nodes_per_gateway(&self) -> usize {
        let count = |kind| self.placement.count(kind);
        (count(SiteKind::Meter) + count(SiteKind::Repeater)).div_ceil(count(SiteKind::Gateway).max(1))
    }

    /// The size profile of the border routers: that of the file, or what their stack takes for meshes of this size.
    pub fn profile(&self) -> SizeProfile {
        match (self.mesh.profile, self.mesh.border_stack()) {
            (None | Some(SizeProfile::Auto), BorderStack::Nanostack) => self.nanostack_profile(),
            (None, BorderStack::Wsbrd) => SizeProfile::by_name(self.nodes_per_gateway()),
            (Some(profile), _) => profile,
        }
    }

    /// The size profile that meters and repeaters advertise by: that of the border routers, for which wsrd is configured as
    /// well, or what their stack takes by itself; wsrd's own intervals are those of the small profile.
    pub fn router_profile(&self) -> SizeProfile {
        match (self.profile(), self.mesh.stack) {
            (SizeProfile::Auto, RouterStack::Wsrd) => SizeProfile::Small,
            (SizeProfile::Auto, RouterStack::Nanostack) => self.nanostack_profile(),
            (profile, _) => profile,
        }
    }

    fn nanostack_profile(&self) -> SizeProfile {
        SizeProfile::of(self.nodes_per_gateway(), self.radio.phy.rate_bps())
    }
}
