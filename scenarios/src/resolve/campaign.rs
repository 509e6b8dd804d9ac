//! `[[campaign]]`: schedules, and whether they fit into the run.

use super::{Context, range, time};
use crate::schema::campaign as file;
use crate::schema::quantity::Time;
use crate::schema::units::{self, Kind};
use amitwin_models::headend::jobs::reset::NOTICE;
use amitwin_models::spec::{BackSign, CampaignSpec, Delivery, ResetSchedule, ResetTier};

pub(super) fn campaigns(cx: &mut Context<'_>, meters: usize) -> Vec<CampaignSpec> {
    let file = cx.file;
    // A second reset finds a network that the first has left behind, and its window is not the one in the figures.
    if let [first, second, ..] = &file.campaign[..] {
        let text = format!(
            "the scenario has {} reset campaigns; reset_window_s, campaign_start_s and back_*_share count from the start of \
             the first, `{}`",
            file.campaign.len(),
            first.name
        );
        cx.warn(&["campaign", &second.name], text);
    }
    file.campaign.iter().filter_map(|section| campaign(cx, section, meters)).collect()
}

fn campaign(cx: &mut Context<'_>, section: &file::CampaignSection, meters: usize) -> Option<CampaignSpec> {
    let name = section.name.as_str();
    let duration = cx.file.duration;
    if section.at >= duration {
        let title = format!("the campaign `{name}` starts when the run is over");
        let help = format!("the run lasts {}; start earlier or raise `duration`", show(duration));
        cx.error(&["campaign", name, "at"], title, "not within the run", help);
    }
    if section.delivery == file::Delivery::Broadcast && time(section.at) < NOTICE {
        let text = format!(
            "the campaign `{name}` starts less than {} into the run, so its command goes out at 0 s instead of that long \
             before; meters that hear it after their planned time reset when they hear it",
            show(Time(NOTICE.nanos() as f64))
        );
        cx.warn(&["campaign", name, "at"], text);
    }
    let schedule = schedule(cx, section)?;
    let left = duration.0 - section.at.0;
    let last = match &schedule {
        ResetSchedule::Window(_, last) => last.nanos() as f64,
        ResetSchedule::Clusters { size, gap } => {
            let gaps = meters.div_ceil(*size as usize).saturating_sub(1) as f64;
            gaps * (gap.0.nanos() + gap.1.nanos()) as f64 / 2.0
        }
        ResetSchedule::Auto { .. } => 0.0,
    };
    if last > left && left > 0.0 {
        let key = if section.clusters.is_some() { "clusters" } else { "window" };
        let text = format!(
            "the campaign `{name}` needs {} to reset everyone and has {} before the run ends; the rest stays pending",
            about(last),
            about(left)
        );
        cx.warn(&["campaign", name, key], text);
    }
    Some(CampaignSpec {
        name: section.name.clone(),
        at: time(section.at),
        tier: match section.tier {
            file::Tier::Soft => ResetTier::Soft,
            file::Tier::Warm => ResetTier::Warm,
            file::Tier::Cold => ResetTier::Cold,
        },
        schedule,
        delivery: match section.delivery {
            file::Delivery::Broadcast => Delivery::Broadcast,
            file::Delivery::Unicast => Delivery::Unicast,
        },
        back: match section.back {
            file::Back::Route => BackSign::Route,
            file::Back::Heartbeat => BackSign::Heartbeat,
        },
        give_up_after: section.give_up_after.map(time),
    })
}

fn schedule(cx: &mut Context<'_>, section: &file::CampaignSection) -> Option<ResetSchedule> {
    let name = section.name.as_str();
    match (section.window, section.clusters) {
        (Some(_), Some(_)) => {
            let title = format!("the campaign `{name}` has both a `window` and `clusters`");
            cx.error(&["campaign", name, "clusters"], title, "one of the two", "remove `window` or `clusters`");
            None
        }
        (None, None) => {
            let title = format!("the campaign `{name}` does not say who resets when");
            let help = "add window = [\"10s\", \"60s\"], window = \"auto\", or \
                        clusters = { size = 100, gap = [\"10s\", \"60s\"] }";
            cx.error(&["campaign", name], title, "needs `window` or `clusters`", help);
            None
        }
        (Some(file::Window::Range(window)), None) => {
            let (first, last) = range(window);
            Some(ResetSchedule::Window(first, last))
        }
        (Some(file::Window::Word(file::WindowWord::Auto)), None) => {
            Some(ResetSchedule::Auto { busy_share: section.busy_share.0 })
        }
        (None, Some(clusters)) => Some(ResetSchedule::Clusters { size: clusters.size, gap: range(clusters.gap) }),
    }
}

fn show(value: Time) -> String {
    units::format(Kind::Time, value.0)
}

/// A time in nanoseconds, rounded for reading.
fn about(ns: f64) -> String {
    let (scale, word) = match ns {
        ns if ns >= 3600e9 => (3600e9, "h"),
        ns if ns >= 60e9 => (60e9, "min"),
        _ => (1e9, "s"),
    };
    format!("{}{word}", (ns / scale * 10.0).round() / 10.0)
}
