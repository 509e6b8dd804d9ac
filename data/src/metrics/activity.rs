//! What figures are about.

use super::{Metric, Values};

/// What a figure is about; results tables group figures by it, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Activity {
    /// Campaigns that reset meters.
    Resets,
    /// New nodes that join their mesh.
    Joins,
    /// Nodes that move to another PAN.
    Moves,
    /// Reports that meters send by themselves.
    Reports,
    /// Scheduled reads.
    Reads,
    /// Pings of meters.
    Pings,
    /// Supplies that fail, and what meters tell of it.
    Outages,
    /// Values that meters watch and report.
    Health,
    /// Keep-alives, and whom the head-end takes for silent.
    Alive,
    /// What goes wrong inside meters: clocks, applications, supplies, batteries.
    Devices,
    /// Campaigns that bring firmware into meters.
    Firmware,
    /// Campaigns that write, switch relays, set clocks and change keys.
    Commands,
    /// Logs that are replayed.
    Replays,
    /// Certificates of meters that run out.
    Certificates,
    /// Technicians at meters that campaigns have given up.
    Visits,
    /// Campaigns that wait for links.
    Conditions,
    /// Years of a fleet.
    Maintenance,
    /// Things and work that have a price.
    Money,
    /// Every network.
    Always,
}

impl Activity {
    /// Whether there was any of it in a variant.
    pub fn happened(self, values: &Values) -> bool {
        let some = |metric| values.value(metric).is_some_and(|n| n > 0.0);
        match self {
            Activity::Resets => some(Metric::Commanded),
            Activity::Joins => some(Metric::NewNodes),
            Activity::Moves => some(Metric::PanMoves),
            Activity::Reports => some(Metric::PushDeliveredShare),
            Activity::Reads => some(Metric::Reads),
            Activity::Pings => some(Metric::Pings),
            Activity::Outages => some(Metric::SuppliesFailed),
            Activity::Health => some(Metric::HealthReports),
            Activity::Alive => some(Metric::KeepAlives),
            Activity::Devices => DEVICES.iter().any(|&metric| some(metric)),
            Activity::Firmware => some(Metric::FirmwareMeters),
            Activity::Commands => some(Metric::Commands),
            Activity::Replays => values.has(Metric::ReplayLines),
            Activity::Certificates => values.has(Metric::CertificatesExpired),
            Activity::Visits => values.has(Metric::FieldVisits),
            Activity::Conditions => values.has(Metric::LeftOut),
            Activity::Maintenance => some(Metric::MeterYears),
            Activity::Money => some(Metric::Cost),
            Activity::Always => !some(Metric::MeterYears),
        }
    }
}

/// Figures that say that something goes on inside meters.
const DEVICES: [Metric; 7] = [
    Metric::PartialResets,
    Metric::Hangs,
    Metric::ClockDeviationMaxS,
    Metric::BrownOuts,
    Metric::FalseGasps,
    Metric::BatteryMahP95,
    Metric::WindowOverflows,
];
