//! `[[read]]`: schedules, and whether they fit into the run and into each other.

use super::{Context, time};
use crate::schema::quantity::Time;
use crate::schema::read::{ReadSection, What};
use crate::schema::units::{self, Kind};
use amitwin_models::spec::{PollContent, PollSpec};

/// Share of the time between two rounds that a round takes, when the file does not say.
const WINDOW_SHARE: f64 = 0.8;
/// Rounds that a transaction's number has room for.
const ROUNDS_MAX: f64 = 1_048_576.0;

pub(super) fn polls(cx: &mut Context<'_>) -> Vec<PollSpec> {
    let file = cx.file;
    file.read.iter().map(|section| poll(cx, section)).collect()
}

fn poll(cx: &mut Context<'_>, section: &ReadSection) -> PollSpec {
    let name = section.name.as_str();
    let duration = cx.file.duration;
    if section.at >= duration {
        let title = format!("the read `{name}` starts when the run is over");
        let help = format!("the run lasts {}; start earlier or raise `duration`", show(duration));
        cx.error(&["read", name, "at"], title, "not within the run", help);
    }
    let window = section.window.unwrap_or(Time(section.every.0 * WINDOW_SHARE));
    if window > section.every {
        let title = format!("the read `{name}` spreads a round over more time than there is between two");
        let help = format!("`every` is {}; a window is at most that", show(section.every));
        cx.error(&["read", name, "window"], title, "longer than `every`", help);
    }
    if duration.0 / section.every.0 > ROUNDS_MAX {
        let title = format!("the read `{name}` has more than {ROUNDS_MAX} rounds");
        cx.error(&["read", name, "every"], title, "too often", "raise `every` or lower `duration`");
    }
    PollSpec {
        name: section.name.clone(),
        at: time(section.at),
        every: time(section.every),
        window: time(window),
        content: match section.what {
            What::Profile => PollContent::Profile,
            What::Registers => PollContent::Registers,
        },
        parallel: section.parallel,
        attempts: section.attempts,
        timeout: time(section.timeout),
    }
}

fn show(value: Time) -> String {
    units::format(Kind::Time, value.0)
}
