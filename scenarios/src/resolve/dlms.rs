//! `[dlms]`: texts that the schema cannot judge, and kinds of meters that do not go together.

use super::Context;
use crate::language::diagnostic::Diagnostic;
use crate::language::path::place_of;
use crate::language::tree::{Node, Value};
use crate::sections::units::{self, Kind};
use crate::zones;
use amitwin_models::spec::{
    CampaignSpec, Delivery, DlmsSpec, FirmwareDelivery, Flag, JobSpec, Keys, UtcOffset, VendorSpec,
};
use std::collections::BTreeSet;
use std::path::Path;

const MINUTE_NS: f64 = 60e9;

/// Tells of texts in a document that cannot be read, and takes them out, so that the rest can be.
pub(crate) fn take_unreadable(root: &mut Node, errors: &mut Vec<Diagnostic>) {
    let mut tell = |keys: &[&str], title: String, label: &str, help: &str| {
        errors.push(Diagnostic::error(title).at(&place_of(root, keys), label).help(help));
    };
    let text = |node: Option<&Node>| node.and_then(Node::str).map(str::to_owned);
    let section = root.get("dlms");
    let offset = text(section.and_then(|s| s.get("utc_offset"))).and_then(|text| units::parse(Kind::Time, &text).ok());
    let offset_is_wrong = offset.is_some_and(|ns| ns % MINUTE_NS != 0.0);
    if offset_is_wrong {
        let title = "`dlms.utc_offset` is not in whole minutes".to_owned();
        let help = "for example \"60min\", or \"-330min\" for half past five hours west of Greenwich";
        tell(&["dlms", "utc_offset"], title, "seconds are left over", help);
    }
    let vendors = section.and_then(|s| s.get("vendor")).map(Node::items).unwrap_or_default();
    let flag = |vendor: &Node| text(vendor.get("flag")).filter(|flag| Flag::parse(flag).is_none());
    for vendor in vendors {
        let (Some(name), Some(flag)) = (vendor.get("name").and_then(Node::str), flag(vendor)) else { continue };
        let title = format!("the flag of `{name}` is \"{flag}\"");
        tell(&["dlms", "vendor", name, "flag"], title, "not three capital letters", "for example \"AMI\"");
    }
    let Value::Table(table) = &mut root.value else { return };
    let Some(Value::Table(section)) = table.get_mut("dlms").map(|entry| &mut entry.node.value) else { return };
    if offset_is_wrong {
        section.remove("utc_offset");
    }
    if let Some(Value::Array(vendors)) = section.get_mut("vendor").map(|entry| &mut entry.node.value) {
        for vendor in vendors {
            let wrong = flag(vendor).is_some();
            if let (Value::Table(keys), true) = (&mut vendor.value, wrong) {
                keys.remove("flag");
            }
        }
    }
}

/// What does not go together on a simulated mesh.
pub(super) fn world(cx: &mut Context<'_>) {
    let file = cx.file;
    let vendors = &file.dlms.vendors;
    let suites: BTreeSet<u8> = vendors.iter().map(|kind| kind.vendor.on_file().id()).collect();
    let is_broadcast = |campaign: &&CampaignSpec| match &campaign.job {
        JobSpec::Reset(reset) => reset.delivery == Delivery::Broadcast,
        JobSpec::Firmware(firmware) => firmware.delivery() == FirmwareDelivery::Multicast,
        other => other.flood().is_some(),
    };
    let broadcast = file.campaign.iter().find(is_broadcast);
    if let Some(campaign) = broadcast.filter(|_| suites.len() > 1) {
        let name = campaign.name.as_str();
        let title = format!("the campaign `{name}` is broadcast to meters of several security suites");
        let help = "meters share a broadcast key only within a suite; set delivery = \"unicast\", or one suite for all";
        cx.error(&["campaign", name], title, "one command for all", help);
    }
    let end_s = file.dlms.start_unix_s.saturating_add(file.duration.secs_f64().ceil() as i64);
    if matches!(file.dlms.utc_offset, UtcOffset::Zone { .. }) && end_s > zones::END_S {
        let title = "the run goes on beyond 2099, the last year whose turns of zones are known";
        let help = "let `dlms.start` be earlier, or give `dlms.utc_offset` as a time, such as \"60min\"";
        cx.error(&["dlms", "start"], title, "too late", help);
    }
    for VendorSpec { name, vendor } in vendors {
        if let Some(on_file) = vendor.suite_on_file.filter(|on_file| *on_file != vendor.suite) {
            let text = format!(
                "meters of `{}` have suite {} and the head-end has {} on file: they do not understand each other",
                name,
                vendor.suite.id(),
                on_file.id()
            );
            cx.warn(&["dlms", "vendor", name, "suite_on_file"], text);
        }
    }
}

/// What is wrong whether meters are simulated or served.
pub(super) fn devices(cx: &mut Context<'_>) {
    let mut names = BTreeSet::new();
    for vendor in &cx.file.dlms.vendors {
        if !names.insert(&vendor.name) {
            let title = format!("two kinds of meters are named `{}`", vendor.name);
            cx.error(&["dlms", "vendor"], title, "named again", "give one of them another name");
        }
    }
}

/// The section with the path of its file of keys below `dir`, and the turns of its zone.
pub(super) fn complete(section: &DlmsSpec, dir: &Path) -> DlmsSpec {
    let keys_from = match &section.keys_from {
        Keys::Test => Keys::Test,
        Keys::File(file) => Keys::File(dir.join(file)),
    };
    let utc_offset = match &section.utc_offset {
        UtcOffset::Zone { name, time } => {
            UtcOffset::Zone { name: name.clone(), time: zones::look_up(name).unwrap_or_else(|| time.clone()) }
        }
        fixed => fixed.clone(),
    };
    DlmsSpec { keys_from, utc_offset, ..section.clone() }
}
