//! What became of all lines of a log, so that none is dropped in silence.

use amitwin_data::summary::{ReplaySummary, Unknown};
use std::collections::BTreeMap;

/// What became of the lines of a log.
#[derive(Default)]
pub(super) struct Tally {
    pub outages: usize,
    pub restarts: usize,
    pub commands: usize,
    pub voltages: usize,
    /// Restarts of meters that hang, brown out or get a visit in this file as well, by themselves.
    pub by_themselves: usize,
    /// Of firmware, without a campaign to go by.
    pub imageless: usize,
    /// To devices that are no meters.
    pub not_meters: usize,
    /// Lines that say again what is so already.
    pub repeated: usize,
    pub ignored: usize,
    pub outside: usize,
    /// By code or word.
    pub unknown: BTreeMap<String, u64>,
    /// By the id that the log has.
    pub strangers: BTreeMap<String, u64>,
}

impl Tally {
    /// As a summary has it, of a log of so many lines.
    pub fn summary(&self, name: &str, lines: usize) -> ReplaySummary {
        ReplaySummary {
            name: name.to_owned(),
            lines: lines as u64,
            outages: self.outages as u64,
            restarts: self.restarts as u64,
            commands: self.commands as u64,
            voltages: self.voltages as u64,
            ignored: self.ignored as u64,
            repeated: self.repeated as u64,
            outside: self.outside as u64,
            by_themselves: self.by_themselves as u64,
            imageless: self.imageless as u64,
            not_meters: self.not_meters as u64,
            unknown_codes: Unknown::of(&self.unknown),
            unknown_devices: Unknown::of(&self.strangers),
        }
    }
}

/// The same in one sentence.
pub(super) fn told(log: &ReplaySummary) -> String {
    let mut text = format!(
        "replay `{}`: {} lines, of which {} outages, {} restarts and {} commands happen",
        log.name, log.lines, log.outages, log.restarts, log.commands
    );
    for (count, what) in [
        (log.ignored, "not to be played"),
        (log.repeated, "that say again what is so already"),
        (log.outside, "outside of the run"),
        (log.by_themselves, "restarts of meters that hang or brown out, or by crews, which happen here by themselves"),
        (log.voltages, "times that the voltage of a device is too low or too high"),
        (log.imageless, "of firmware, for which replay.NAME.firmware has to name a campaign"),
        (log.not_meters, "of commands to devices that are no meters"),
    ] {
        if count > 0 {
            text += &format!("; {count} {what}");
        }
    }
    for (of, what) in [
        (&log.unknown_codes, "of codes that mean nothing here, unless replay.NAME.codes or a mapping says what"),
        (&log.unknown_devices, "of devices that the placement does not have"),
    ] {
        if of.lines > 0 {
            text += &format!("; {} {what} ({})", of.lines, of.list());
        }
    }
    text
}
