//! `[[campaign]]`: jobs of the head-end, each kind with settings of its own.

use super::certificates::RenewalSpec;
use super::command::{KeyChangeSpec, PaceSpec, RelaySpec, TimeSpec, WriteSpec, attempts_default};
use super::condition::Condition;
use super::firmware::FirmwareSpec;
use super::head_end::{PRIORITY_USUAL, is_usual, priority_usual};
use super::reset::{Delivery, ResetSpec};
use super::tagged::{Tag, tagged};
use super::target::Target;
use super::waves::WavesSpec;
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A job of the head-end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = tagged::<Kinds>)]
pub struct CampaignSpec {
    /// Name, for tables and for `set` ("campaign.NAME.window").
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// Whose sessions go first where they wait for `[head_end]`: 9 before 0; above 4 a job is urgent.
    #[serde(default = "priority_usual", skip_serializing_if = "is_usual")]
    #[schemars(range(min = 0, max = 9))]
    pub priority: u8,
    /// In whose name it works, one of `[[head_end.role]]`; without one it may do everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80))]
    pub role: Option<String>,
    /// What is done.
    #[serde(flatten)]
    pub job: JobSpec,
}

/// What is done, told by `kind`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum JobSpec {
    /// Meters are reset. Needs a `window` or `clusters`.
    Reset(ResetSpec),
    /// Meters are asked once for their clocks.
    Ping(PaceSpec),
    /// Every meter gets a firmware image, verifies it and restarts with it.
    Firmware(Box<FirmwareSpec>),
    /// A value is written into every meter, and read back.
    Write(Box<WriteSpec>),
    /// The relay of every meter opens or closes its contacts, and is asked whether it has.
    Relay(Box<RelaySpec>),
    /// Every meter is asked for its clock, which is set if it is too far off, and asked for again.
    Time(Box<TimeSpec>),
    /// Every meter gets a new unicast and a new authentication key, wrapped under its master key, and is asked something under the new ones.
    Keys(Box<KeyChangeSpec>),
    /// Every meter gets a new certificate before its own runs out: it makes a pair of keys, requests a certificate and gets it, and so again each time.
    Certificates(Box<RenewalSpec>),
}

/// For settings that are off unless said.
pub(super) fn is_false(value: &bool) -> bool {
    !value
}

struct Kinds;

impl Tag for Kinds {
    const KEY: &str = "kind";
    const DOC: &str = "What is done.";
}

impl JobSpec {
    /// The reset, if it is one.
    pub fn reset(&self) -> Option<&ResetSpec> {
        if let JobSpec::Reset(reset) = self { Some(reset) } else { None }
    }

    /// How it gets around, if it asks one meter after the other a few things.
    pub fn pace(&self) -> Option<&PaceSpec> {
        match self {
            JobSpec::Reset(_) | JobSpec::Firmware(_) => None,
            JobSpec::Ping(pace) => Some(pace),
            JobSpec::Write(write) => Some(&write.pace),
            JobSpec::Relay(relay) => Some(&relay.pace),
            JobSpec::Time(time) => Some(&time.pace),
            JobSpec::Keys(keys) => Some(&keys.pace),
            JobSpec::Certificates(renewal) => Some(&renewal.pace),
        }
    }

    /// How long a flood settles that tells all meters at once, if it is one of the commands that go by one.
    pub fn flood(&self) -> Option<SimTime> {
        let spread = match self {
            JobSpec::Write(write) => write.spread,
            JobSpec::Relay(relay) => relay.spread,
            JobSpec::Time(time) => time.spread,
            _ => return None,
        };
        (spread.delivery == Delivery::Broadcast).then_some(spread.settle)
    }

    /// Which meters it means.
    pub fn target(&self) -> &Target {
        match self {
            JobSpec::Reset(reset) => &reset.target,
            JobSpec::Ping(pace) => &pace.target,
            JobSpec::Firmware(firmware) => &firmware.target,
            JobSpec::Write(write) => &write.pace.target,
            JobSpec::Relay(relay) => &relay.pace.target,
            JobSpec::Time(time) => &time.pace.target,
            JobSpec::Keys(keys) => &keys.pace.target,
            JobSpec::Certificates(renewal) => &renewal.pace.target,
        }
    }

    /// The same, to be changed.
    pub fn target_mut(&mut self) -> &mut Target {
        match self {
            JobSpec::Reset(reset) => &mut reset.target,
            JobSpec::Ping(pace) => &mut pace.target,
            JobSpec::Firmware(firmware) => &mut firmware.target,
            JobSpec::Write(write) => &mut write.pace.target,
            JobSpec::Relay(relay) => &mut relay.pace.target,
            JobSpec::Time(time) => &mut time.pace.target,
            JobSpec::Keys(keys) => &mut keys.pace.target,
            JobSpec::Certificates(renewal) => &mut renewal.pace.target,
        }
    }

    /// How often it asks a question at most, if it asks one meter after the other a few things.
    pub fn attempts(&self) -> u8 {
        let usual = if matches!(self, JobSpec::Ping(_)) { 1 } else { attempts_default() };
        self.pace().and_then(|pace| pace.attempts).unwrap_or(usual)
    }

    /// Whose turn is when.
    pub fn waves(&self) -> &WavesSpec {
        match self {
            JobSpec::Reset(reset) => &reset.waves,
            JobSpec::Ping(pace) => &pace.waves,
            JobSpec::Firmware(firmware) => &firmware.waves,
            JobSpec::Write(write) => &write.pace.waves,
            JobSpec::Relay(relay) => &relay.pace.waves,
            JobSpec::Time(time) => &time.pace.waves,
            JobSpec::Keys(keys) => &keys.pace.waves,
            JobSpec::Certificates(renewal) => &renewal.pace.waves,
        }
    }

    /// Whether meters that it gives up get a visit.
    pub fn visits(&self) -> bool {
        match self {
            JobSpec::Reset(reset) => reset.visit,
            JobSpec::Firmware(firmware) => firmware.visit,
            _ => false,
        }
    }

    /// The same, to be changed.
    pub fn waves_mut(&mut self) -> &mut WavesSpec {
        match self {
            JobSpec::Reset(reset) => &mut reset.waves,
            JobSpec::Ping(pace) => &mut pace.waves,
            JobSpec::Firmware(firmware) => &mut firmware.waves,
            JobSpec::Write(write) => &mut write.pace.waves,
            JobSpec::Relay(relay) => &mut relay.pace.waves,
            JobSpec::Time(time) => &mut time.pace.waves,
            JobSpec::Keys(keys) => &mut keys.pace.waves,
            JobSpec::Certificates(renewal) => &mut renewal.pace.waves,
        }
    }

    /// The firmware campaign, if it is one.
    pub fn firmware(&self) -> Option<&FirmwareSpec> {
        if let JobSpec::Firmware(firmware) = self { Some(firmware) } else { None }
    }
}

impl CampaignSpec {
    /// A reset of every meter.
    pub fn reset(name: impl Into<String>, reset: ResetSpec) -> CampaignSpec {
        CampaignSpec { name: name.into(), priority: PRIORITY_USUAL, role: None, job: JobSpec::Reset(reset) }
    }

    /// A firmware image for meters.
    pub fn firmware(name: impl Into<String>, firmware: FirmwareSpec) -> CampaignSpec {
        let job = JobSpec::Firmware(Box::new(firmware));
        CampaignSpec { name: name.into(), priority: PRIORITY_USUAL, role: None, job }
    }

    /// What the links of its meters must be like, if it asks for that.
    pub fn only_when(&self) -> Option<&Condition> {
        self.job.waves().only_when.as_ref()
    }

    /// How long a meter's turn waits for that, if there is an end to it.
    pub fn wait(&self) -> Option<SimTime> {
        self.job.waves().wait
    }

    /// When it starts.
    pub fn at(&self) -> SimTime {
        match &self.job {
            JobSpec::Reset(reset) => reset.at,
            JobSpec::Firmware(firmware) => firmware.at,
            other => other.pace().map_or(SimTime::ZERO, |pace| pace.at),
        }
    }
}
