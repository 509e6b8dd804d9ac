//! `[[campaign]]` of kind `firmware`: what does not go together.

use super::campaign::{about, names_no_file};
use super::{Context, show};
use amitwin_models::spec::{FirmwareDelivery, FirmwareSpec};
use amitwin_sim_core::SimTime;

/// What is wrong with a campaign whatever the placement.
pub(super) fn check(cx: &mut Context<'_>, name: &str, firmware: &FirmwareSpec) {
    has_one_block_size(cx, name, firmware);
    let least = amitwin_dlms::image::SIGNATURE_BYTES as u32;
    if firmware.is.signature.is_some() && firmware.image_bytes <= least {
        let title = format!("the campaign `{name}` has an image that is nothing but its signature");
        let help = format!("its last {least} B are the signature; let `image` be larger, or leave `signature` out");
        cx.error(&["campaign", name, "image"], title, "too small", help);
    }
    let wanted = cx.file.dlms.vendors.iter().any(|kind| kind.vendor.signed_images);
    if firmware.is.signature.is_none() && wanted {
        let text = format!(
            "the image of the campaign `{name}` has no signature, and some meters want one (dlms.vendor.signed_images): they will not verify it"
        );
        cx.warn(&["campaign", name], text);
    }
    let is_multicast = firmware.delivery() == FirmwareDelivery::Multicast;
    if is_multicast && firmware.pace() < SimTime::from_millis(100) {
        let title = format!("the campaign `{name}` multicasts its blocks all at once");
        let help = "leave at least 100ms between two of them with `pace`; 45s is usual over a mesh of 50 kb/s";
        cx.error(&["campaign", name, "pace"], title, "too short for a multicast", help);
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
    for wrong in &firmware.goes_wrong {
        names_no_file(cx, ("campaign", name), "goes_wrong", &wrong.target);
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
    let (activation, duration) = (&firmware.activation, cx.file.duration);
    if activation.hours.is_some_and(|(from, to)| from == to) {
        let title = format!("the campaign `{name}` activates its image between two times of the day that are the same");
        let help = "leave `activate_hours` out for any time, or say two times, such as [\"1h\", \"5h\"]";
        cx.error(&["campaign", name, "activate_hours"], title, "of no length", help);
    }
    if let Some(at) = activation.at.filter(|&at| at >= duration) {
        let text = format!("the campaign `{name}` activates its image at {}, when the run is over", show(at));
        cx.warn(&["campaign", name, "activate_at"], text);
    } else if activation.spread > duration.saturating_sub(activation.at.unwrap_or(firmware.at)) {
        let text = format!(
            "the campaign `{name}` tells its meters to activate the image over {}, and the run ends before the last is told",
            show(activation.spread)
        );
        cx.warn(&["campaign", name, "activate_spread"], text);
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
