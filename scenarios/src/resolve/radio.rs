//! `[radio]` and `[mac]`: modes against channel plans, thresholds against each other.

use super::{Context, word};
use amitwin_models::medium::mesh::radio::phy::{channel_plan, modes_of};

pub(super) fn radio(cx: &mut Context<'_>) {
    let radio = &cx.file.radio;
    if channel_plan(radio.region, radio.phy).is_none() {
        let of_region: Vec<_> = modes_of(radio.region).map(|mode| format!("\"{}\"", word(mode))).collect();
        let title = format!("no channel plan of this region carries the operating mode {}", word(radio.phy));
        let help = format!("modes of the region are {}", of_region.join(", "));
        // The default of the one may clash with the choice of the other: mark what is written.
        let written = cx.root.get("radio").and_then(|r| r.get("phy")).is_some();
        let key = if written { "phy" } else { "region" };
        cx.error(&["radio", key], title, if written { "not in this region" } else { "the default mode is 1b" }, help);
    }
    if radio.hearing_floor_dbm > radio.cca_threshold_dbm {
        cx.error(
            &["radio", "hearing_floor"],
            "the hearing floor lies above the CCA threshold",
            "nobody could sense what is left out of the model",
            "lower radio.hearing_floor below radio.cca_threshold",
        );
    }
}

pub(super) fn mac(cx: &mut Context<'_>) {
    let mac = &cx.file.mac;
    if mac.min_be > mac.max_be {
        let title = format!("min_be is {} and max_be is {}", mac.min_be, mac.max_be);
        cx.error(&["mac", "min_be"], title, "larger than max_be", "the backoff exponent grows from min_be to max_be");
    }
}
