//! `[[campaign]]` of kinds that ask meters a few questions: what does not go together.

use super::campaign::about;
use super::{Context, show};
use amitwin_models::spec::{CampaignSpec, JobSpec, PaceSpec};

pub(super) fn check(cx: &mut Context<'_>, campaign: &CampaignSpec, pace: &PaceSpec) {
    let name = campaign.name.as_str();
    if let JobSpec::Write(write) = &campaign.job {
        let (low, high) = write.what.range();
        if !(low..=high).contains(&write.value) {
            let title = format!("the campaign `{name}` writes {}, which the meters have no room for", write.value);
            let help = format!("this setting takes {low} to {high}");
            cx.error(&["campaign", name, "value"], title, "out of range", help);
        }
    }
    let left = cx.file.duration.saturating_sub(pace.at);
    let waves = pace.waves.shares.as_ref().map_or(1, Vec::len) as f64;
    let needed_ns = waves * pace.window.nanos() as f64 + (waves - 1.0) * pace.waves.pause.nanos() as f64;
    if needed_ns > left.nanos() as f64 && pace.at < cx.file.duration {
        let text = format!(
            "the campaign `{name}` needs {} until the last meter has its turn and has {} before the run ends; the rest stays pending",
            about(needed_ns),
            show(left)
        );
        cx.warn(&["campaign", name, "window"], text);
    }
}
