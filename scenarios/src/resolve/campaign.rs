//! `[[campaign]]`: schedules, and whether they fit into the run.

use super::{Context, firmware, show};
use amitwin_models::headend::jobs::reset::NOTICE;
use amitwin_models::spec::{CampaignSpec, Delivery, JobSpec, MediumKind, ResetSchedule, ResetSpec};
use amitwin_sim_core::SimTime;

pub(super) fn campaigns(cx: &mut Context<'_>, meters: usize) {
    let file = cx.file;
    // A second reset finds a network that the first has left behind, and its window is not the one in the figures.
    let resets: Vec<_> = file.campaign.iter().filter(|c| c.job.reset().is_some()).collect();
    if let [first, second, ..] = &resets[..] {
        let text = format!(
            "the scenario has {} reset campaigns; reset_window_s, campaign_start_s and back_*_share count from the start of \
             the first, `{}`",
            resets.len(),
            first.name
        );
        cx.warn(&["campaign", &second.name], text);
    }
    for campaign in &file.campaign {
        starts_in_time(cx, campaign);
        knows_links(cx, campaign);
        if let Some(reset) = campaign.job.reset() {
            fits(cx, &campaign.name, reset, meters);
        }
        if let Some(firmware) = campaign.job.firmware() {
            firmware::check(cx, &campaign.name, firmware);
        }
    }
}

fn starts_in_time(cx: &mut Context<'_>, campaign: &CampaignSpec) {
    let (name, duration) = (campaign.name.as_str(), cx.file.duration);
    if campaign.at() >= duration {
        let title = format!("the campaign `{name}` starts when the run is over");
        let help = format!("the run lasts {}; start earlier or raise `duration`", show(duration));
        cx.error(&["campaign", name, "at"], title, "not within the run", help);
    }
}

/// Whether a campaign that waits for links can: single meters are asked, and something is known of links.
fn knows_links(cx: &mut Context<'_>, campaign: &CampaignSpec) {
    let (name, file) = (campaign.name.as_str(), cx.file);
    let wait = match &campaign.job {
        JobSpec::Reset(reset) => reset.wait,
        JobSpec::Ping(ping) => ping.wait,
        JobSpec::Firmware(_) => None,
    };
    let Some(condition) = campaign.only_when() else {
        if wait.is_some() {
            let title = format!("the campaign `{name}` waits, and does not say for what");
            let help = "say what links must be like with `only_when`, or leave `wait` out";
            cx.error(&["campaign", name, "wait"], title, "without `only_when`", help);
        }
        return;
    };
    let place = ["campaign", name, "only_when"];
    if campaign.job.reset().is_some_and(|reset| reset.delivery == Delivery::Broadcast) {
        let title = format!("the campaign `{name}` floods its command and asks for {condition}");
        cx.error(&place, title, "a flood reaches every meter", "set delivery = \"unicast\", or leave `only_when` out");
    } else if file.medium == MediumKind::Ideal {
        let title = format!("the campaign `{name}` asks for {condition}, and the ideal medium has no links");
        cx.error(&place, title, "of no link", "leave medium = \"ideal\" out, or `only_when`");
    } else if file.record.load_every == SimTime::ZERO {
        let title = format!("the campaign `{name}` asks for {condition}, and nothing is recorded of links");
        cx.error(&place, title, "of no hour", "set record.load_every to \"1h\", or leave `only_when` out");
    }
}

fn fits(cx: &mut Context<'_>, name: &str, reset: &ResetSpec, meters: usize) {
    if reset.delivery == Delivery::Broadcast && reset.at < NOTICE {
        let text = format!(
            "the campaign `{name}` starts less than {} into the run, so its command goes out at 0 s instead of that long \
             before; meters that hear it after their planned time reset when they hear it",
            show(NOTICE)
        );
        cx.warn(&["campaign", name, "at"], text);
    }
    if !has_one_schedule(cx, name, reset) {
        return;
    }
    let left = cx.file.duration.saturating_sub(reset.at).nanos() as f64;
    let last = match reset.schedule() {
        ResetSchedule::Window(_, last) => last.nanos() as f64,
        ResetSchedule::Clusters { size, gap } => {
            let gaps = meters.div_ceil(size as usize).saturating_sub(1) as f64;
            gaps * (gap.0.nanos() + gap.1.nanos()) as f64 / 2.0
        }
        ResetSchedule::Auto { .. } => 0.0,
    };
    if last > left && left > 0.0 {
        let key = if reset.clusters.is_some() { "clusters" } else { "window" };
        let text = format!(
            "the campaign `{name}` needs {} to reset everyone and has {} before the run ends; the rest stays pending",
            about(last),
            about(left)
        );
        cx.warn(&["campaign", name, key], text);
    }
}

fn has_one_schedule(cx: &mut Context<'_>, name: &str, reset: &ResetSpec) -> bool {
    match (reset.window, reset.clusters) {
        (Some(_), Some(_)) => {
            let title = format!("the campaign `{name}` has both a `window` and `clusters`");
            cx.error(&["campaign", name, "clusters"], title, "one of the two", "remove `window` or `clusters`");
            false
        }
        (None, None) => {
            let title = format!("the campaign `{name}` does not say who resets when");
            let help = "add window = [\"10s\", \"60s\"], window = \"auto\", or \
                        clusters = { size = 100, gap = [\"10s\", \"60s\"] }";
            cx.error(&["campaign", name], title, "needs `window` or `clusters`", help);
            false
        }
        _ => true,
    }
}

/// A time in nanoseconds, rounded for reading.
pub(super) fn about(ns: f64) -> String {
    let (scale, word) = match ns {
        ns if ns >= 3600e9 => (3600e9, "h"),
        ns if ns >= 60e9 => (60e9, "min"),
        _ => (1e9, "s"),
    };
    format!("{}{word}", (ns / scale * 10.0).round() / 10.0)
}
