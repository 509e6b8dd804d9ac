//! `[head_end]`: what its preset says, and what of it has no effect.

use super::{Context, show, word};
use amitwin_models::spec::{Delivery, HeadEndSpec, PRIORITY_USUAL, Right};

/// Share of the answers that may come again, each time.
const COMES_AGAIN_MAX: f64 = 0.9;

/// The limits of the head-end, if it has some.
pub(super) fn head_end(cx: &mut Context<'_>) -> Option<HeadEndSpec> {
    let file = cx.file;
    let Some(limits) = &file.head_end else {
        priorities(cx);
        roles(cx, None);
        return None;
    };
    let limits = limits.clone().complete();
    roles(cx, Some(&limits));
    if let Some(retry) = limits.retry.as_ref().filter(|retry| retry.cap < retry.after) {
        let title = format!("the longest pause between tries, {}, is shorter than the first", show(retry.cap));
        let help = format!("the first is {}; raise `cap` or lower `after`", show(retry.after));
        cx.error(&["head_end", "retry", "cap"], title, "below `after`", help);
    }
    if let Some(broker) =
        limits.broker.as_ref().filter(|broker| broker.unacknowledged + broker.unwritten > COMES_AGAIN_MAX)
    {
        let share = (broker.unacknowledged + broker.unwritten) * 100.0;
        let title = format!(
            "the meter data management acknowledges too little: {share:.0} % of the answers come again each time"
        );
        let help = "unacknowledged and unwritten are 90 % together at most; lower one of them";
        cx.error(&["head_end", "broker"], title, "hardly anything gets through", help);
    }
    if let Some(permits) = &limits.permits
        && let Some(per_router) = permits.per_router.filter(|&per_router| per_router > permits.open)
    {
        let text = format!("{per_router} sessions behind a border router are more than the {} of all", permits.open);
        cx.warn(&["head_end", "permits", "per_router"], text);
    }
    for campaign in &file.campaign {
        let floods = campaign.job.reset().is_some_and(|reset| reset.delivery == Delivery::Broadcast);
        if floods && campaign.priority != PRIORITY_USUAL {
            let name = campaign.name.as_str();
            let text = format!(
                "the campaign `{name}` floods its command, which waits for no session: its priority has no effect"
            );
            cx.warn(&["campaign", name, "priority"], text);
        }
    }
    Some(limits)
}

/// Complains of roles that there are not, and tells whose role may not do what it is to do.
fn roles(cx: &mut Context<'_>, limits: Option<&HeadEndSpec>) {
    let file = cx.file;
    let reads = file.read.iter().map(|read| ("read", &read.name, &read.role, Right::Read));
    let campaigns = file.campaign.iter().map(|campaign| ("campaign", &campaign.name, &campaign.role, campaign.right()));
    for (section, name, role, right) in reads.chain(campaigns) {
        let Some(role) = role.as_deref() else { continue };
        let known: Vec<&str> = limits.iter().flat_map(|limits| &limits.role).map(|role| role.name.as_str()).collect();
        if !known.contains(&role) {
            let title = format!("the {section} `{name}` works in a role that there is not: `{role}`");
            let help = match known[..] {
                [] => format!(
                    "add [[head_end.role]] with name = \"{role}\" and what it may do, may = [\"{}\"]",
                    word(right)
                ),
                _ => format!("known are {}", known.join(", ")),
            };
            cx.error(&[section, name.as_str(), "role"], title, "no such role", help);
        } else if limits.is_some_and(|limits| limits.keeps_from(right, Some(role)).is_some()) {
            let text = format!(
                "the role `{role}` may not {}: nothing that `{name}` asks for is sent (table `audit`)",
                word(right)
            );
            cx.warn(&[section, name.as_str(), "role"], text);
        }
    }
}

/// Warns of priorities where nothing waits.
fn priorities(cx: &mut Context<'_>) {
    let file = cx.file;
    let reads = file.read.iter().map(|read| ("read", &read.name, read.priority));
    let all = reads.chain(file.campaign.iter().map(|campaign| ("campaign", &campaign.name, campaign.priority)));
    for (section, name, _) in all.filter(|job| job.2 != PRIORITY_USUAL) {
        let text =
            format!("the priority of `{name}` has no effect without [head_end], where nothing waits for its turn");
        cx.warn(&[section, name, "priority"], text);
    }
}
