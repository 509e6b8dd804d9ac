//! `[[campaign]]`: schedules, whether they fit into the run, and which meters are meant.

use super::sites::Sites;
use super::target::{Finder, Of};
use super::{Context, command, condition, firmware, order, show};
use amitwin_models::purpose::{CAMPAIGN_SHARE, READ_SHARE};
use amitwin_models::spec::{
    CampaignSpec, Delivery, FirmwareDelivery, FirmwareSpec, JobSpec, NOTICE, PollSpec, ResetSchedule, ResetSpec, Target,
};
use amitwin_models::terrain::Placement;

pub(super) fn campaigns(cx: &mut Context<'_>, meters: usize) {
    command::certificates(cx);
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
        grows(cx, campaign);
        names_no_file(cx, ("campaign", &campaign.name), "target", campaign.job.target());
        order::check(cx, campaign);
        ends_its_waves(cx, campaign);
        if let Some(reset) = campaign.job.reset() {
            fits(cx, &campaign.name, reset, meters);
        }
        if let Some(firmware) = campaign.job.firmware() {
            firmware::check(cx, &campaign.name, firmware);
        }
        if let Some(pace) = campaign.job.pace() {
            command::check(cx, campaign, pace, meters);
        }
    }
}

/// Whether its waves are shares that grow to all of its meters.
fn grows(cx: &mut Context<'_>, campaign: &CampaignSpec) {
    let Some(shares) = &campaign.job.waves().shares else { return };
    if !shares.is_sorted_by(|a, b| a < b) || shares.first() == Some(&0.0) || shares.last() != Some(&1.0) {
        let name = campaign.name.as_str();
        let title = format!("the waves of the campaign `{name}` are not shares that grow to all of its meters");
        let help = "say which share has been served when each wave has ended, such as [\"1 %\", \"10 %\", \"100 %\"]";
        cx.error(&["campaign", name, "waves"], title, "smallest first, \"100 %\" last", help);
    }
}

/// Meters of a campaign or a read are not named in a file.
pub(super) fn names_no_file(cx: &mut Context<'_>, (noun, name): (&str, &str), key: &str, target: &Target) {
    if target.file.is_some() {
        let title = format!("the {noun} `{name}` names a file of ids");
        let help =
            "lists in files are for events; name meters in `ids`, or by a column of the placement in `attributes`";
        cx.error(&[noun, name, key], title, "only of events", help);
    }
}

/// Whether a campaign can do one meter after the other as it says, and whether its waves come to an end.
fn ends_its_waves(cx: &mut Context<'_>, campaign: &CampaignSpec) {
    let (name, waves) = (campaign.name.as_str(), campaign.job.waves());
    let asks = [
        (waves.shares.is_some(), "waves"),
        (waves.stop_at_failed.is_some(), "stop_at_failed"),
        (waves.parallel.is_some(), "parallel"),
    ];
    if let Some(reset) = campaign.job.reset() {
        let alone = asks.into_iter().chain([(!reset.target.is_empty(), "target")]);
        for (_, key) in alone.filter(|(asked, _)| *asked && reset.delivery == Delivery::Broadcast) {
            let title = format!("the campaign `{name}` floods its command and has `{key}`");
            let help = format!("set delivery = \"unicast\", or leave `{key}` out");
            cx.error(&["campaign", name, key], title, "a flood reaches every meter at once", help);
        }
        let visits = [(reset.visit, "visit")];
        for (_, key) in asks.into_iter().chain(visits).filter(|(asked, _)| *asked && reset.give_up_after.is_none()) {
            let title = format!("the campaign `{name}` has `{key}` and does not say when a meter has failed");
            let help = "add `give_up_after`; manuals wait for the heartbeat for \"300s\"";
            cx.error(&["campaign", name, key], title, "needs `give_up_after`", help);
        }
    }
    let (in_waves, updates) = (waves.shares.is_some(), campaign.job.firmware().is_some());
    let in_rounds = campaign.job.pace().is_some_and(|pace| pace.every.is_some());
    if (in_waves || updates || in_rounds) && campaign.only_when().is_some() && campaign.wait().is_none() {
        let ends = if in_waves {
            format!("the waves of the campaign `{name}` may never end")
        } else if in_rounds {
            format!("a round of the campaign `{name}` may never end")
        } else {
            format!("the campaign `{name}` may never activate its image")
        };
        let title = format!("{ends}: a meter waits for its link or for itself for as long as it takes");
        let help = "add `wait`, such as \"2h\", after which a meter is left out";
        cx.error(&["campaign", name, "only_when"], title, "needs `wait`", help);
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

/// Whether a campaign that waits can: single meters are asked, and something is known of what it waits for.
fn knows_links(cx: &mut Context<'_>, campaign: &CampaignSpec) {
    let name = campaign.name.as_str();
    let Some(condition) = campaign.only_when() else {
        if campaign.wait().is_some() {
            let title = format!("the campaign `{name}` waits, and does not say for what");
            let help = "say what links must be like with `only_when`, or leave `wait` out";
            cx.error(&["campaign", name, "wait"], title, "without `only_when`", help);
        }
        return;
    };
    let place = ["campaign", name, "only_when"];
    let floods = |firmware: &FirmwareSpec| firmware.delivery() == FirmwareDelivery::Multicast;
    if campaign.job.firmware().is_some_and(floods) {
        let title = format!("the campaign `{name}` multicasts its image and asks for {condition}");
        cx.error(&place, title, "a flood reaches every meter", "set delivery = \"unicast\", or leave `only_when` out");
    } else if campaign.job.reset().is_some_and(|reset| reset.delivery == Delivery::Broadcast) {
        let title = format!("the campaign `{name}` floods its command and asks for {condition}");
        cx.error(&place, title, "a flood reaches every meter", "set delivery = \"unicast\", or leave `only_when` out");
    } else {
        condition::check(cx, ("campaign", name), condition);
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
    let left = cx.file.duration.saturating_sub(reset.at).nanos() as f64;
    let last = match reset.schedule() {
        ResetSchedule::Window(_, last) => last.nanos() as f64,
        ResetSchedule::Clusters(clusters) => order::clusters_ns(clusters, meters),
        ResetSchedule::Auto { .. } => 0.0,
    };
    if last > left && left > 0.0 {
        let key = if reset.waves.clusters.is_some() { "clusters" } else { "window" };
        let text = format!(
            "the campaign `{name}` needs {} to reset everyone and has {} before the run ends; the rest stays pending",
            about(last),
            about(left)
        );
        cx.warn(&["campaign", name, key], text);
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

/// The campaigns and reads with the meters that they mean in this placement, and their order.
pub(super) fn meant(cx: &mut Context<'_>, placement: &Placement) -> (Vec<CampaignSpec>, Vec<PollSpec>) {
    let file = cx.file;
    let targets = |campaign: &'_ CampaignSpec| -> Vec<Target> {
        let wrong = campaign.job.firmware().map_or(&[][..], |firmware| &firmware.goes_wrong);
        let all = wrong.iter().map(|wrong| &wrong.target).chain([campaign.job.target()]);
        all.filter(|target| !target.is_empty()).cloned().collect()
    };
    let of_reads = file.read.iter().map(|read| &read.target).filter(|target| !target.is_empty()).cloned();
    let all: Vec<Target> = file.campaign.iter().flat_map(targets).chain(of_reads).collect();
    let (mut campaigns, mut reads) = (file.campaign.clone(), file.read.clone());
    order::places(cx, placement, (&mut campaigns, &mut reads));
    if all.is_empty() {
        return (campaigns, reads);
    }
    let asked = all.iter().flat_map(|target| target.ids.iter().chain(&target.router)).map(String::as_str).collect();
    let sites = Sites::new(placement, &asked);
    let finder = Finder::new(placement, &sites, file.mesh.border_router.routes_max);
    for (index, campaign) in campaigns.iter_mut().enumerate() {
        let name = campaign.name.as_str();
        let purpose = |n: usize| CAMPAIGN_SHARE ^ ((index as u32) << 16) ^ ((n as u32) << 8);
        let target = campaign.job.target_mut();
        if !target.is_empty() {
            let of = Of { noun: "campaign", name, path: &["campaign", name, "target"] };
            target.nodes = Some(finder.meters(cx, &of, purpose(0), target));
        }
        let JobSpec::Firmware(firmware) = &mut campaign.job else { continue };
        for (n, wrong) in firmware.goes_wrong.iter_mut().enumerate().filter(|(_, wrong)| !wrong.target.is_empty()) {
            let place = n.to_string();
            let of = Of { noun: "campaign", name, path: &["campaign", name, "goes_wrong", &place, "target"] };
            wrong.target.nodes = Some(finder.meters(cx, &of, purpose(n + 1), &wrong.target));
        }
    }
    for (index, read) in reads.iter_mut().enumerate().filter(|(_, read)| !read.target.is_empty()) {
        let of = Of { noun: "read", name: &read.name, path: &["read", &read.name, "target"] };
        let nodes = finder.meters(cx, &of, READ_SHARE ^ ((index as u32) << 16), &read.target);
        read.target.nodes = Some(nodes);
    }
    (campaigns, reads)
}
