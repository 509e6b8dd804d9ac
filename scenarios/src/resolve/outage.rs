//! `[last_gasp]`: whether anything can be said before capacitors are empty, and whether a supply fails at all.

use super::{Context, show};
use amitwin_models::spec::Act;

/// Looks at the capacitors of a variant.
pub(super) fn last_gasp(cx: &mut Context<'_>) {
    let Some(spec) = &cx.file.last_gasp else { return };
    if spec.hold_up <= spec.filter {
        let (hold_up, filter) = (show(spec.hold_up), show(spec.filter));
        let title = format!("capacitors are empty after {hold_up}, and an outage is told after {filter}");
        let help = format!("make `hold_up` longer than {filter}, or `filter` shorter than {hold_up}");
        cx.error(&["last_gasp", "hold_up"], title, "nothing could be told", help);
    }
    let fails = |act: &Act| matches!(act, Act::PowerOff(_));
    if cx.file.replay.is_empty() && !cx.file.event.iter().any(|event| fails(&event.act)) {
        cx.warn(&["last_gasp"], "no supply fails: there is no [[event]] with act = \"power-off\", and no [[replay]]");
    }
}
