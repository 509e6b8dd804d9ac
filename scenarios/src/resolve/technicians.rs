//! `[technicians]` and `visit` of campaigns: one needs the other.

use super::{Context, show};
use amitwin_sim_core::SimTime;

const DAY: SimTime = SimTime::from_secs(86_400);

/// Looks at the crews of a variant, and at who calls them.
pub(super) fn technicians(cx: &mut Context<'_>) {
    let file = cx.file;
    let mut calls = file.campaign.iter().filter(|campaign| campaign.job.visits()).peekable();
    let Some(technicians) = &file.technicians else {
        for campaign in calls {
            let name = campaign.name.as_str();
            let title = format!("the campaign `{name}` sends somebody to meters that it gives up, and there is nobody");
            let help = "add a section [technicians], with crews = 2 for instance, or leave `visit` out";
            cx.error(&["campaign", name, "visit"], title, "needs [technicians]", help);
        }
        return;
    };
    // A log may have resets whose meters get a visit.
    if calls.peek().is_none() && file.replay.is_empty() {
        cx.warn(&["technicians"], "nobody calls the technicians: no campaign has visit = true");
    }
    let (from, to) = technicians.shift;
    if from == to || to > DAY {
        let title = format!("a shift from {} to {} is none of a day", show(from), show(to));
        let help = "say between which times of the day crews set out, such as [\"7h\", \"16h\"], or [\"0h\", \"24h\"] for always";
        cx.error(&["technicians", "shift"], title, "no time of a day", help);
    }
}
