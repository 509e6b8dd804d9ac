//! `[radio]` and `[mac]`: modes against channel plans, thresholds against each other.

use super::Context;
use crate::schema::radio as file;
use amitwin_models::medium::mesh::radio::phy::{channel_plan, modes_of};
use amitwin_models::spec::{Clutter, MacSpec, PathLoss, PhyMode, RadioSpec, Region};

const MODES: [(file::Phy, PhyMode, &str); 9] = [
    (file::Phy::M1a, PhyMode::M1a, "1a"),
    (file::Phy::M1b, PhyMode::M1b, "1b"),
    (file::Phy::M2a, PhyMode::M2a, "2a"),
    (file::Phy::M2b, PhyMode::M2b, "2b"),
    (file::Phy::M3, PhyMode::M3, "3"),
    (file::Phy::M4a, PhyMode::M4a, "4a"),
    (file::Phy::M4b, PhyMode::M4b, "4b"),
    (file::Phy::M5, PhyMode::M5, "5"),
    (file::Phy::Oqpsk250, PhyMode::Oqpsk250, "oqpsk-250"),
];

pub(super) fn radio(cx: &mut Context<'_>) -> RadioSpec {
    let radio = &cx.file.radio;
    let region = match radio.region {
        file::Region::Na => Region::NorthAmerica,
        file::Region::Eu => Region::Europe,
    };
    let (_, phy, word) = MODES.into_iter().find(|(p, ..)| *p == radio.phy).unwrap_or(MODES[1]);
    if channel_plan(region, phy).is_none() {
        let of_region: Vec<_> = modes_of(region)
            .filter_map(|m| MODES.iter().find(|(_, p, _)| *p == m))
            .map(|(.., w)| format!("\"{w}\""))
            .collect();
        let title = format!("no channel plan of this region carries the operating mode {word}");
        let help = format!("modes of the region are {}", of_region.join(", "));
        // The default of the one may clash with the choice of the other: mark what is written.
        let written = cx.root.get("radio").and_then(|r| r.get("phy")).is_some();
        let key = if written { "phy" } else { "region" };
        cx.error(&["radio", key], title, if written { "not in this region" } else { "the default mode is 1b" }, help);
    }
    if radio.hearing_floor.0 > radio.cca_threshold.0 {
        cx.error(
            &["radio", "hearing_floor"],
            "the hearing floor lies above the CCA threshold",
            "nobody could sense what is left out of the model",
            "lower radio.hearing_floor below radio.cca_threshold",
        );
    }
    RadioSpec {
        phy,
        region,
        tx_power_dbm: radio.tx_power.0,
        gateway_tx_power_dbm: radio.gateway_tx_power.unwrap_or(radio.tx_power).0,
        path_loss: match radio.path_loss {
            file::PathLoss::StreetLevel => PathLoss::StreetLevel(match radio.clutter {
                file::Clutter::Suburban => Clutter::Suburban,
                file::Clutter::Urban => Clutter::Urban,
                file::Clutter::DenseUrban => Clutter::DenseUrban,
            }),
            file::PathLoss::LogDistance => {
                PathLoss::LogDistance { reference_db: radio.reference_loss.0, exponent: radio.exponent }
            }
        },
        shadowing_sigma_db: radio.shadowing.0,
        shadowing_distance_m: radio.shadowing_distance.0,
        meter_loss_db: radio.meter_loss.0,
        noise_figure_db: radio.noise_figure.0,
        frame_spread_db: radio.frame_spread.0,
        cca_threshold_dbm: radio.cca_threshold.0,
        hearing_floor_dbm: radio.hearing_floor.0,
        neighbours_max: radio.neighbours_max as usize,
    }
}

pub(super) fn mac(cx: &mut Context<'_>) -> MacSpec {
    let mac = &cx.file.mac;
    if mac.min_be > mac.max_be {
        let title = format!("min_be is {} and max_be is {}", mac.min_be, mac.max_be);
        cx.error(&["mac", "min_be"], title, "larger than max_be", "the backoff exponent grows from min_be to max_be");
    }
    MacSpec {
        min_be: mac.min_be,
        max_be: mac.max_be,
        csma_backoffs_max: mac.csma_backoffs,
        frame_retries_max: mac.frame_retries,
        queue_frames_max: mac.queue,
        gateway_queue_frames_max: mac.gateway_queue,
        hopping: mac.hopping,
    }
}
