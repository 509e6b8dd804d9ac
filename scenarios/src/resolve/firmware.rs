//! `[[campaign]]` of kind `firmware`: what does not go together, and which meters are meant.

use super::campaign::about;
use super::sites::Sites;
use super::target::{Finder, Of};
use super::{Context, show};
use amitwin_models::purpose::CAMPAIGN_SHARE;
use amitwin_models::spec::{CampaignSpec, FirmwareDelivery, FirmwareSpec, JobSpec, Target};
use amitwin_models::terrain::Placement;
use amitwin_sim_core::SimTime;

/// What is wrong with a campaign whatever the placement.
pub(super) fn check(cx: &mut Context<'_>, name: &str, firmware: &FirmwareSpec) {
    has_one_block_size(cx, name, firmware);
    let is_multicast = firmware.delivery() == FirmwareDelivery::Multicast;
    if is_multicast && firmware.pace() < SimTime::from_millis(100) {
        let title = format!("the campaign `{name}` multicasts its blocks all at once");
        let help = "leave at least 100ms between two of them with `pace`; 45s is usual over a mesh of 50 kb/s";
        cx.error(&["campaign", name, "pace"], title, "too short for a multicast", help);
    }
    if let Some(waves) = &firmware.waves
        && (!waves.is_sorted_by(|a, b| a < b) || waves.first() == Some(&0.0) || waves.last() != Some(&1.0))
    {
        let title = format!("the waves of the campaign `{name}` are not shares that grow to all of its meters");
        let help = "say which share has been served when each wave has ended, such as [\"1 %\", \"10 %\", \"100 %\"]";
        cx.error(&["campaign", name, "waves"], title, "smallest first, \"100 %\" last", help);
    }
    for (n, wrong) in (0..).zip(&firmware.goes_wrong) {
        let n = n.to_string();
        if wrong.rolls_back + wrong.bricks > 1.0 {
            let title = format!("in the campaign `{name}` more goes wrong than there are activations");
            cx.error(
                &["campaign", name, "goes_wrong", &n],
                title,
                "beyond 100 %",
                "let `rolls_back` and `bricks` be at most 100 % together",
            );
        }
    }
    let first = [("target", &firmware.target)].into_iter();
    let wrong = firmware.goes_wrong.iter().map(|wrong| ("goes_wrong", &wrong.target));
    for (key, target) in first.chain(wrong) {
        if target.file.is_some() {
            let title = format!("the campaign `{name}` names a file of ids");
            let help =
                "lists in files are for events; name meters in `ids`, or by a column of the placement in `attributes`";
            cx.error(&["campaign", name, key], title, "not for campaigns", help);
        }
    }
    let rounds = if is_multicast { f64::from(firmware.blocks()) * firmware.pace().nanos() as f64 } else { 0.0 };
    let left = cx.file.duration.saturating_sub(firmware.at).nanos() as f64;
    if rounds > left && left > 0.0 {
        let text = format!(
            "the campaign `{name}` needs {} to multicast each of its {} blocks once and has {} before the run ends; no meter can be done",
            about(rounds),
            firmware.blocks(),
            about(left)
        );
        cx.warn(&["campaign", name, "pace"], text);
    }
    if let Some(at) = firmware.activate_at.filter(|&at| at >= cx.file.duration) {
        let text = format!("the campaign `{name}` activates its image at {}, when the run is over", show(at));
        cx.warn(&["campaign", name, "activate_at"], text);
    }
}

/// The meters' image transfer objects have one block size.
fn has_one_block_size(cx: &mut Context<'_>, name: &str, firmware: &FirmwareSpec) {
    let file = cx.file;
    let first = file.campaign.iter().find_map(|campaign| Some((&campaign.name, campaign.job.firmware()?)));
    if let Some((first, other)) = first.filter(|(_, other)| other.block() != firmware.block()) {
        let title =
            format!("the campaign `{name}` has blocks of {} B and `{first}` of {} B", firmware.block(), other.block());
        let help = "a meter takes blocks of one size; give both campaigns the same `block`";
        cx.error(&["campaign", name], title, "another block size", help);
    }
}

/// The campaigns with the meters that they mean in this placement.
pub(super) fn campaigns(cx: &mut Context<'_>, placement: &Placement) -> Vec<CampaignSpec> {
    let file = cx.file;
    let targets = |campaign: &'_ CampaignSpec| -> Vec<Target> {
        let Some(firmware) = campaign.job.firmware() else { return Vec::new() };
        let wrong = firmware.goes_wrong.iter().map(|wrong| wrong.target.clone());
        wrong.chain([firmware.target.clone()]).filter(|target| !target.is_empty()).collect()
    };
    let all: Vec<Target> = file.campaign.iter().flat_map(targets).collect();
    let mut campaigns = file.campaign.clone();
    if all.is_empty() {
        return campaigns;
    }
    let asked = all.iter().flat_map(|target| target.ids.iter().chain(&target.router)).map(String::as_str).collect();
    let sites = Sites::new(placement, &asked);
    let finder = Finder::new(placement, &sites, file.mesh.border_router.routes_max);
    for (index, campaign) in campaigns.iter_mut().enumerate() {
        let name = campaign.name.as_str();
        let JobSpec::Firmware(firmware) = &mut campaign.job else { continue };
        let purpose = |n: usize| CAMPAIGN_SHARE ^ ((index as u32) << 16) ^ ((n as u32) << 8);
        if !firmware.target.is_empty() {
            let of = Of { noun: "campaign", name, path: &["campaign", name, "target"] };
            firmware.target.nodes = Some(finder.meters(cx, &of, purpose(0), &firmware.target));
        }
        for (n, wrong) in firmware.goes_wrong.iter_mut().enumerate().filter(|(_, wrong)| !wrong.target.is_empty()) {
            let place = n.to_string();
            let of = Of { noun: "campaign", name, path: &["campaign", name, "goes_wrong", &place, "target"] };
            wrong.target.nodes = Some(finder.meters(cx, &of, purpose(n + 1), &wrong.target));
        }
    }
    campaigns
}
