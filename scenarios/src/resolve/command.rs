//! `[[campaign]]` of kinds that ask meters a few questions: what does not go together.

use super::campaign::about;
use super::{Context, order, show};
use amitwin_models::spec::{CampaignSpec, JobSpec, PaceSpec, RenewalSpec, Setting, SpreadSpec};

pub(super) fn check(cx: &mut Context<'_>, campaign: &CampaignSpec, pace: &PaceSpec, meters: usize) {
    let name = campaign.name.as_str();
    if let JobSpec::Write(write) = &campaign.job {
        let (low, high) = write.what.range();
        if !(low..=high).contains(&write.value) {
            let title = format!("the campaign `{name}` writes {}, which the meters have no room for", write.value);
            let help = format!("this setting takes {low} to {high}");
            cx.error(&["campaign", name, "value"], title, "out of range", help);
        }
    }
    if let JobSpec::Certificates(renewal) = &campaign.job {
        return renews(cx, name, renewal);
    }
    floods(cx, campaign, pace);
    let left = cx.file.duration.saturating_sub(pace.at);
    let waves = pace.waves.shares.as_ref().map_or(1, Vec::len) as f64;
    let (pauses_ns, key) =
        ((waves - 1.0) * pace.waves.pause.nanos() as f64, if pace.window.is_some() { "window" } else { "clusters" });
    let turns_ns = match pace.waves.clusters {
        Some(clusters) => order::clusters_ns(clusters, meters),
        None => waves * pace.window.unwrap_or_default().nanos() as f64,
    };
    let floods = if matches!(&campaign.job, JobSpec::Write(write) if write.what == Setting::Price) { 2.0 } else { 1.0 };
    let settles_ns = campaign.job.flood().map_or(0.0, |settle| floods * settle.nanos() as f64);
    let needed_ns = turns_ns + pauses_ns + settles_ns;
    if needed_ns > left.nanos() as f64 && pace.at < cx.file.duration {
        let text = format!(
            "the campaign `{name}` needs {} until the last meter has its turn and has {} before the run ends; the rest stays pending",
            about(needed_ns),
            show(left)
        );
        cx.warn(&["campaign", name, key], text);
    }
}

/// What does not go together with a flood, and what only a flood has a use for.
fn floods(cx: &mut Context<'_>, campaign: &CampaignSpec, pace: &PaceSpec) {
    let name = campaign.name.as_str();
    let settle = match &campaign.job {
        JobSpec::Write(write) => write.spread.settle,
        JobSpec::Relay(relay) => relay.spread.settle,
        JobSpec::Time(time) => time.spread.settle,
        _ => return,
    };
    if campaign.job.flood().is_none() {
        if settle != SpreadSpec::default().settle {
            let text = format!(
                "the campaign `{name}` has `settle`, which nothing has a use for without delivery = \"broadcast\""
            );
            cx.warn(&["campaign", name, "settle"], text);
        }
        return;
    }
    let waves = &pace.waves;
    let said = [
        (!pace.target.is_empty(), "target"),
        (waves.shares.is_some(), "waves"),
        (waves.stop_at_failed.is_some(), "stop_at_failed"),
        (waves.only_when.is_some(), "only_when"),
    ];
    for (_, key) in said.into_iter().filter(|(said, _)| *said) {
        let title = format!("the campaign `{name}` floods its command and has `{key}`");
        let help = format!("set delivery = \"unicast\", or leave `{key}` out");
        cx.error(&["campaign", name, key], title, "a flood reaches every meter at once", help);
    }
}

/// Whether there is something to renew, and in time.
fn renews(cx: &mut Context<'_>, name: &str, renewal: &RenewalSpec) {
    let Some(valid) = cx.file.dlms.certificates.as_ref().map(|certificates| certificates.valid) else {
        let title = format!("the campaign `{name}` renews certificates, and the meters have none");
        let help = "add [dlms.certificates] with valid = \"90d\", or leave the campaign out";
        cx.error(&["campaign", name], title, "nothing to renew", help);
        return;
    };
    if renewal.renew_before >= valid {
        let title = format!("the campaign `{name}` renews certificates as soon as they are given");
        let help = format!("they are valid for {}; let `renew_before` be less", show(valid));
        cx.error(&["campaign", name, "renew_before"], title, "as long as they are valid", help);
    }
    let waves = &renewal.pace.waves;
    let every = renewal.pace.every.is_some();
    let said = [
        (every, "every"),
        (waves.shares.is_some(), "waves"),
        (waves.clusters.is_some(), "clusters"),
        (waves.order.is_some(), "order"),
    ];
    for (_, key) in said.into_iter().filter(|(said, _)| *said) {
        let title = format!("the campaign `{name}` has `{key}`, and its turns come when certificates run out");
        let help =
            format!("leave `{key}` out; `target` means some of the meters, `parallel` limits how many at a time");
        cx.error(&["campaign", name, key], title, "not for certificates", help);
    }
}

/// Whether meters with certificates can have some.
pub(super) fn certificates(cx: &mut Context<'_>) {
    let dlms = &cx.file.dlms;
    if dlms.certificates.is_none() {
        return;
    }
    let help =
        "certificates are of suites 1 and 2; say suite = 1 in `[[dlms.vendor]]`, or leave [dlms.certificates] out";
    if dlms.vendors.is_empty() {
        let title = "the meters have certificates and security suite 0, which knows none";
        cx.error(&["dlms", "certificates"], title, "no `dlms.vendor` says otherwise", help);
    }
    for kind in dlms.vendors.iter().filter(|kind| kind.vendor.suite.id() == 0) {
        let title = format!("the meters of `{}` have certificates and security suite 0, which knows none", kind.name);
        cx.error(&["dlms", "vendor", &kind.name], title, "suite 0", help);
    }
}
