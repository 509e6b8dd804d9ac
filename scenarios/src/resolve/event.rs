//! `[[event]]`: when things happen, and to which nodes or edges.

use super::id_list::IdList;
use super::placement::Placements;
use super::sites::Sites;
use super::target::Finder;
use super::{Context, show};
use amitwin_models::spec::{Act, EventSpec};
use amitwin_models::terrain::Placement;
use std::collections::BTreeSet;
use std::rc::Rc;

/// What is wrong with the times of events.
pub(super) fn times(cx: &mut Context<'_>) {
    let (file, duration) = (cx.file, cx.file.duration);
    for event in &file.event {
        let name = event.name.as_str();
        if event.until.is_some() && event.lasts.is_some() {
            let title = format!("the event `{name}` has both `until` and `for`");
            cx.error(&["event", name, "for"], title, "one of the two", "remove `until` or `for`");
        }
        if let (Act::Restart(_), true) = (&event.act, event.end().is_some()) {
            let key = if event.until.is_some() { "until" } else { "for" };
            let title = format!("the event `{name}` is a restart, which is over at once");
            cx.error(&["event", name, key], title, "has no end", format!("remove `{key}`"));
        }
        if let (Act::Hang(_), true) = (&event.act, event.end().is_some()) {
            let key = if event.until.is_some() { "until" } else { "for" };
            let title = format!("the event `{name}` makes applications hang, which lasts until a reset");
            let help = format!("remove `{key}`; resets, events with act = \"restart\" and device.hang.watchdog end it");
            cx.error(&["event", name, key], title, "has no end", help);
        }
        if event.at >= duration {
            let title = format!("the event `{name}` begins when the run is over");
            let help = format!("the run lasts {}; begin earlier or raise `duration`", show(duration));
            cx.error(&["event", name, "at"], title, "not within the run", help);
        }
        if event.until.is_some_and(|until| until <= event.at) {
            let title = format!("the event `{name}` ends before it begins");
            let help = format!("it begins at {}; end it later, or say how long it lasts with `for`", show(event.at));
            cx.error(&["event", name, "until"], title, "not after `at`", help);
        }
    }
}

/// The events with the nodes and edges that they happen to in this placement.
pub(super) fn events(cx: &mut Context<'_>, placement: &Placement, placements: &mut Placements) -> Vec<EventSpec> {
    let file = cx.file;
    let lists: Vec<_> = file.event.iter().map(|event| list(cx, event, placements)).collect();
    let asked = file.event.iter().zip(&lists).flat_map(|(event, list)| asked(event, list.as_deref())).collect();
    let sites = Sites::new(placement, &asked);
    let finder = Finder::new(placement, &sites, file.mesh.assigned_max());
    let mut events = file.event.clone();
    for (index, (event, list)) in events.iter_mut().zip(&lists).enumerate() {
        match links(event) {
            _ if event.act.instance().is_some() => instance(cx, event),
            [] => event.nodes = finder.nodes(cx, index, event, list.as_deref()),
            links => event.edges = finder.edges(cx, event, links),
        }
    }
    events
}

/// What is wrong with an event of an instance of the head-end.
fn instance(cx: &mut Context<'_>, event: &EventSpec) {
    let (name, instance) = (event.name.as_str(), event.act.instance().map_or(1, |instance| instance + 1));
    if !event.target.is_empty() {
        let title = format!("the event `{name}` happens to the head-end and has a `target`");
        cx.error(
            &["event", name, "target"],
            title,
            "of no node",
            "remove `target`; `instance` says which instance fails",
        );
    }
    match cx.file.head_end.as_ref().map(|limits| limits.instances) {
        None => {
            let title =
                format!("the event `{name}` happens to the head-end, which has no instances without [head_end]");
            cx.error(
                &["event", name, "act"],
                title,
                "of no instance",
                "add [head_end], with its workers and `instances`",
            );
        }
        Some(instances) if instance > instances => {
            let title =
                format!("the event `{name}` happens to instance {instance} of the head-end, which has {instances}");
            let help = "instances count from 1; lower it or raise head_end.instances";
            cx.error(&["event", name, "instance"], title, "no such instance", help);
        }
        Some(_) => {}
    }
}

fn links(event: &EventSpec) -> &[[String; 2]] {
    if let Act::ExtraLoss(extra) = &event.act { &extra.links } else { &[] }
}

/// The list of ids that a target names; `None` if it names none, or after an error.
fn list(cx: &mut Context<'_>, event: &EventSpec, placements: &mut Placements) -> Option<Rc<IdList>> {
    let file = event.target.file.as_ref()?;
    let place = ["event", event.name.as_str(), "target", "file"];
    match placements.list(file) {
        Ok(list) if list.ids.is_empty() => {
            let title = format!("the list of ids `{file}` names none");
            cx.error(&place, title, "this file", "write one id of the placement a line");
            None
        }
        Ok(list) => Some(list),
        Err(error) => {
            let help = "one id of the placement a line; paths start at the scenario";
            cx.error(&place, format!("the list of ids `{file}` cannot be read: {error}"), "this file", help);
            None
        }
    }
}

/// Every id that an event names.
fn asked<'e>(event: &'e EventSpec, list: Option<&'e IdList>) -> BTreeSet<&'e str> {
    let target = &event.target;
    let listed = list.into_iter().flat_map(|list| &list.ids).map(|(_, id)| id);
    let named = target.ids.iter().chain(&target.router).chain(links(event).iter().flatten());
    named.chain(listed).map(String::as_str).collect()
}
