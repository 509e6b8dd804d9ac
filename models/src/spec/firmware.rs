//! `kind = "firmware"`: a campaign that brings an image into every meter, has it verified, and activates it.

use super::boards::{Version, VersionText};
use super::campaign::is_false;
use super::quantity::{DayHours, LargeSize, Maybe, Share, Size, Time};
use super::target::Target;
use super::waves::WavesSpec;
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Every meter gets an image, in blocks to one meter after the other or to all at once, verifies it and restarts with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirmwareSpec {
    /// When it starts.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub at: SimTime,
    /// Size of the image. What is in it is a pattern that all blocks share.
    #[serde(rename = "image", with = "LargeSize")]
    #[schemars(extend("x-min" = "16 B", "x-max" = "4 MiB"))]
    pub image_bytes: u32,
    /// Whose block size, delivery, pace and repair are meant where the campaign does not say them itself.
    #[serde(default = "preset_default")]
    pub preset: FirmwarePreset,
    /// Block size; the preset's when missing. The meters' image transfer objects have it as well, in place of `dlms.vendor.image_block`, and their PDUs have
    /// room for one.
    #[serde(rename = "block", default, with = "Maybe::<Size>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "16 B", "x-max" = "1024 B"))]
    pub block_bytes: Option<u16>,
    /// How blocks reach the meters; the preset's when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<FirmwareDelivery>,
    /// From one multicast block to the next, or from one block to the next of the same meter where blocks go to single meters, where each is answered after its answer at the
    /// earliest; the preset's when missing.
    #[serde(default, with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1h"))]
    pub pace: Option<SimTime>,
    /// Rounds of multicast at the most, the first among them: before each further one the meters are asked which blocks they lack. Meshes get again what
    /// is lacking there; what is lacking afterwards goes to single meters; the preset's when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub rounds: Option<u16>,
    /// Meters of a mesh that have to lack a block for it to be multicast again there; the preset's when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2_000_000))]
    pub multicast_from: Option<u32>,
    /// From the last block of a round until meters are asked what they lack; the preset's when missing.
    #[serde(default, with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub settle: Option<SimTime>,
    /// Which meters: those that fit all that is said, all of them when nothing is. Multicast blocks reach the others as well, which take none.
    #[serde(default, skip_serializing_if = "Target::is_empty")]
    pub target: Target,
    /// Blocks that are sent to a single meter, `pace` apart, before it is asked which have come; with 1 each block is answered. With a pace meters take turns, so that a relay can pass a
    /// block on before the next one comes.
    #[serde(default = "burst_default")]
    #[schemars(range(min = 1, max = 1_000))]
    pub burst: u16,
    /// How long the head-end waits for an answer before it asks again, three times in all; then it turns to other meters, and comes back after 15 minutes, until it
    /// has done so three times in a row and none of those that are left has answered.
    #[serde(default = "timeout_default", with = "Time")]
    #[schemars(extend("x-min" = "1s", "x-max" = "1h"))]
    pub timeout: SimTime,
    /// What the image is.
    #[serde(flatten)]
    pub is: ImageTraits,
    /// When and how meters that have verified the image activate it.
    #[serde(flatten)]
    pub activation: ActivationSpec,
    /// How long after its activation a meter may take to say which image it runs, before it counts as failed.
    #[serde(default = "give_up_after_default", with = "Time")]
    #[schemars(extend("x-min" = "1min", "x-max" = "366d"))]
    pub give_up_after: SimTime,
    /// Whose turn is when, and when it is halted; `parallel`: with one question under way to each.
    #[serde(flatten)]
    pub waves: WavesSpec,
    /// A meter that has failed, but for one that runs its former image again or cannot decipher what it is asked, gets a visit by one of the crews of
    /// `[technicians]`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub visit: bool,
    /// Meters that an activation goes wrong with, by their state: the first entry that a meter fits counts. Without entries it never does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub goes_wrong: Vec<GoesWrong>,
}

/// What an image is, and what it wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ImageTraits {
    /// Firmware of the metrology board that the image for the communication board needs at least: a meter with an older one (`device.boards`) refuses to verify it, before any
    /// of it is written to flash.
    #[serde(with = "Maybe::<VersionText>", skip_serializing_if = "Option::is_none")]
    pub needs_metrology: Option<Version>,
    /// Firmware of the communication board that a meter has which runs the image: its name (1.0.0.2.0.255), and what `device.boards.pair` goes by from then on. Without it an
    /// image is called as its campaign, and changes no board.
    #[serde(with = "Maybe::<VersionText>", skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// Whose signature the image ends with, for meters that want one (`dlms.vendor.signed_images`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signer>,
}

/// Who has signed an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Signer {
    /// The maker of the meters: 64 B of it are the signature.
    Maker,
    /// Somebody else, whom no meter knows.
    Other,
}

/// When and how meters activate an image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ActivationSpec {
    /// When meters that have verified the image are told to activate it, at the earliest; as soon as the wave has been served when missing.
    #[serde(rename = "activate_at", with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub at: Option<SimTime>,
    /// Between which times of the day that begins, by the clocks of the meters when the run begins; over midnight where the first is the later one; at any time when missing. What has
    /// begun goes on.
    #[serde(rename = "activate_hours", with = "Maybe::<DayHours>", skip_serializing_if = "Option::is_none")]
    pub hours: Option<(SimTime, SimTime)>,
    /// Over how long the meters of a wave are told so, one after the other; as fast as `parallel` lets when missing. A mesh in which all restart at a time has
    /// as much to do as after a mass reset.
    #[serde(rename = "activate_spread", with = "Time", skip_serializing_if = "is_none")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub spread: SimTime,
    /// How long a meter that activates an image is off before it boots.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1h"))]
    pub install: SimTime,
}

impl Default for ActivationSpec {
    fn default() -> Self {
        ActivationSpec { at: None, hours: None, spread: SimTime::ZERO, install: SimTime::from_secs(30) }
    }
}

const DAY: SimTime = SimTime::from_secs(86_400);

impl ActivationSpec {
    /// When a wave activates its image at the earliest that could from `now` on, in a run that begins at a time of the day.
    pub fn begins(&self, now: SimTime, of_day: SimTime) -> SimTime {
        let at = self.at.unwrap_or_default().max(now);
        let Some((from, to)) = self.hours else { return at };
        let time = SimTime::from_nanos((of_day + at).nanos() % DAY.nanos());
        let is_within = if from < to { (from..to).contains(&time) } else { time >= from || time < to };
        if is_within { at } else { at + SimTime::from_nanos((from + DAY - time).nanos() % DAY.nanos()) }
    }
}

fn is_none(time: &SimTime) -> bool {
    *time == SimTime::ZERO
}

/// What goes wrong with activations of some meters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GoesWrong {
    /// Which meters: those that fit all that is said, all of them when nothing is.
    #[serde(skip_serializing_if = "Target::is_empty")]
    pub target: Target,
    /// Share of them that start with the new image, give up, and run the former one again.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub rolls_back: f64,
    /// Share of them that never start again.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub bricks: f64,
}

/// Whose way of updating meters is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FirmwarePreset {
    /// Silicon Labs' multicast update over Wi-SUN: 1,024 B each 45 s, to single meters each 2 s; what several lack is multicast again.
    SiliconLabs,
    /// Pelion's update library: 1,024 B each 60 s, meters are asked 30 to 90 s after the last block.
    Pelion,
    /// DLMS image transfer as a head-end does it meter by meter: 216 B, the next when the last one is answered, then the first gap until there is none.
    Dlms,
}

/// How blocks travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FirmwareDelivery {
    /// One block after the other to one meter, each answered.
    Unicast,
    /// Each block once to all, by a flood, in rounds.
    Multicast,
}

/// What a preset says.
struct Preset {
    block_bytes: u16,
    delivery: FirmwareDelivery,
    multicast_pace: SimTime,
    unicast_pace: SimTime,
    rounds: u16,
    multicast_from: u32,
    settle: SimTime,
}

impl FirmwarePreset {
    /// Published values; rounds and the number of meters that share a gap are not published and are ours.
    const fn values(self) -> Preset {
        let s = SimTime::from_secs;
        match self {
            FirmwarePreset::SiliconLabs => Preset {
                block_bytes: 1_024,
                delivery: FirmwareDelivery::Multicast,
                multicast_pace: s(45),
                unicast_pace: s(2),
                rounds: 5,
                multicast_from: 2,
                settle: s(120),
            },
            FirmwarePreset::Pelion => Preset {
                block_bytes: 1_024,
                delivery: FirmwareDelivery::Multicast,
                multicast_pace: s(60),
                unicast_pace: SimTime::ZERO,
                rounds: 5,
                multicast_from: 2,
                settle: s(90),
            },
            FirmwarePreset::Dlms => Preset {
                block_bytes: 216,
                delivery: FirmwareDelivery::Unicast,
                multicast_pace: s(45),
                unicast_pace: SimTime::ZERO,
                rounds: 1,
                multicast_from: 2,
                settle: s(120),
            },
        }
    }
}

fn preset_default() -> FirmwarePreset {
    FirmwarePreset::SiliconLabs
}
/// Meters that the head-end talks to at a time, when the file does not say.
const PARALLEL: u32 = 20;

fn burst_default() -> u16 {
    1
}
fn timeout_default() -> SimTime {
    SimTime::from_secs(60)
}
fn give_up_after_default() -> SimTime {
    SimTime::from_secs(3_600)
}

impl FirmwareSpec {
    /// An image of so many bytes for all meters, with the defaults of everything.
    pub fn new(at: SimTime, image_bytes: u32) -> Self {
        FirmwareSpec {
            at,
            image_bytes,
            preset: preset_default(),
            block_bytes: None,
            delivery: None,
            pace: None,
            rounds: None,
            multicast_from: None,
            settle: None,
            target: Target::default(),
            burst: burst_default(),
            timeout: timeout_default(),
            is: ImageTraits::default(),
            activation: ActivationSpec::default(),
            give_up_after: give_up_after_default(),
            waves: WavesSpec::default(),
            visit: false,
            goes_wrong: Vec::new(),
        }
    }

    /// The same with everything that the preset says written out.
    pub fn complete(&self) -> FirmwareSpec {
        FirmwareSpec {
            block_bytes: Some(self.block()),
            delivery: Some(self.delivery()),
            pace: Some(self.pace()),
            rounds: Some(self.rounds()),
            multicast_from: Some(self.multicast_from()),
            settle: Some(self.settle()),
            ..self.clone()
        }
    }

    /// Block size, bytes.
    pub fn block(&self) -> u16 {
        self.block_bytes.unwrap_or(self.preset.values().block_bytes)
    }

    /// How blocks travel.
    pub fn delivery(&self) -> FirmwareDelivery {
        self.delivery.unwrap_or(self.preset.values().delivery)
    }

    /// From one block to the next.
    pub fn pace(&self) -> SimTime {
        let preset = self.preset.values();
        self.pace.unwrap_or(match self.delivery() {
            FirmwareDelivery::Multicast => preset.multicast_pace,
            FirmwareDelivery::Unicast => preset.unicast_pace,
        })
    }

    /// From one block to the next of a single meter.
    pub fn pace_alone(&self) -> SimTime {
        match self.delivery() {
            FirmwareDelivery::Multicast => self.preset.values().unicast_pace,
            FirmwareDelivery::Unicast => self.pace(),
        }
    }

    /// Rounds of multicast at the most.
    pub fn rounds(&self) -> u16 {
        self.rounds.unwrap_or(self.preset.values().rounds)
    }

    /// Meters that have to lack a block for it to be multicast again.
    pub fn multicast_from(&self) -> u32 {
        self.multicast_from.unwrap_or(self.preset.values().multicast_from)
    }

    /// From the last block of a round until meters are asked.
    pub fn settle(&self) -> SimTime {
        self.settle.unwrap_or(self.preset.values().settle)
    }

    /// Meters that the head-end talks to at a time.
    pub fn parallel(&self) -> u32 {
        self.waves.parallel.unwrap_or(PARALLEL)
    }

    /// Blocks of the image.
    pub fn blocks(&self) -> u32 {
        self.image_bytes.div_ceil(u32::from(self.block()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_activation_begins_within_its_hours() {
        let hour = |hours: u64| SimTime::from_secs(3_600 * hours);
        let begins = |hours: (u64, u64), at: Option<u64>, now: u64| {
            let hours = Some((hour(hours.0), hour(hours.1)));
            ActivationSpec { at: at.map(hour), hours, ..ActivationSpec::default() }.begins(hour(now), hour(7)).nanos()
                / hour(1).nanos()
        };
        // The run begins at 7 o'clock. Ten hours later it is 17 o'clock, and 1 o'clock eight hours after that.
        assert_eq!(begins((1, 5), None, 10), 18);
        assert_eq!(begins((1, 5), None, 20), 20, "3 o'clock is within");
        assert_eq!(begins((1, 5), None, 22), 42, "5 o'clock is too late for this night");
        assert_eq!(begins((1, 5), Some(30), 10), 42, "not before 13 o'clock of the second day");
        // From 22 to 2 o'clock.
        assert_eq!([10, 15, 18, 19].map(|now| begins((22, 2), None, now)), [15, 15, 18, 39]);
        assert_eq!(ActivationSpec::default().begins(hour(3), hour(7)), hour(3));
    }
}
