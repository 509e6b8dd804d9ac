//! `[[read]]`: schedules, and whether they fit into the run and into each other.

use super::campaign::names_no_file;
use super::{Context, condition, order, show};
use amitwin_models::spec::PollSpec;

/// Rounds that a transaction's number has room for.
const ROUNDS_MAX: f64 = 1_048_576.0;

pub(super) fn polls(cx: &mut Context<'_>) {
    let file = cx.file;
    file.read.iter().for_each(|section| poll(cx, section));
}

fn poll(cx: &mut Context<'_>, section: &PollSpec) {
    let name = section.name.as_str();
    let duration = cx.file.duration;
    if section.at >= duration {
        let title = format!("the read `{name}` starts when the run is over");
        let help = format!("the run lasts {}; start earlier or raise `duration`", show(duration));
        cx.error(&["read", name, "at"], title, "not within the run", help);
    }
    if let Some(asked) = &section.only_when {
        condition::check(cx, ("read", name), asked);
    }
    order::by_hops(cx, ("read", name), section.order.as_ref());
    names_no_file(cx, ("read", name), "target", &section.target);
    if section.spread() > section.every {
        let title = format!("the read `{name}` spreads a round over more time than there is between two");
        let help = format!("`every` is {}; a window is at most that", show(section.every));
        cx.error(&["read", name, "window"], title, "longer than `every`", help);
    }
    if duration.secs_f64() / section.every.secs_f64() > ROUNDS_MAX {
        let title = format!("the read `{name}` has more than {ROUNDS_MAX} rounds");
        cx.error(&["read", name, "every"], title, "too often", "raise `every` or lower `duration`");
    }
}
