//! `[radio]` and `[mac]`: modes against channel plans, thresholds against each other.

use super::{Context, word};
use crate::sections::units::{self, Kind};
use amitwin_models::medium::mesh::radio::limits;
use amitwin_models::medium::mesh::radio::phy::{channel_plan, modes_of};
use amitwin_models::spec::{
    BorderStack, CertificateChain, Coupling, MediumKind, MeshSpec, PhyMode, RouterStack, Start,
};
use amitwin_models::terrain::{Placement, SiteKind};

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
    if cx.file.medium == MediumKind::Mesh {
        power(cx);
    }
    let is_written = cx.root.get("radio").and_then(|radio| radio.get("fading")).is_some();
    if cx.file.radio.phy == PhyMode::Oqpsk250 && is_written {
        let text = "radio.fading changes nothing with phy = \"oqpsk-250\", which serves comparisons and does not fade; leave it out";
        cx.warn(&["radio", "fading"], text.to_owned());
    }
    let radio = &cx.file.radio;
    if radio.hearing_floor_dbm > radio.cca_dbm() {
        cx.error(
            &["radio", "hearing_floor"],
            "the hearing floor lies above the CCA threshold",
            "nobody could sense what is left out of the model",
            "lower radio.hearing_floor below radio.cca_threshold",
        );
    }
}

/// Warns of more power than the region allows. Losses of a meter's box are not counted: it may hang somewhere else.
fn power(cx: &mut Context<'_>) {
    let (radio, limit) = (&cx.file.radio, limits::power(&cx.file.radio, &cx.file.mac));
    let gain_dbi = radio.gateway_antenna_gain_db;
    let own = radio.gateway_tx_power_dbm.filter(|own| *own != radio.tx_power_dbm);
    let with_antenna = (gain_dbi != 0.0).then_some(radio.gateway_power_dbm());
    let settings = [("tx_power", Some(radio.tx_power_dbm), 0.0), ("gateway_tx_power", own.or(with_antenna), gain_dbi)];
    let show = |dbm: f64| units::format(Kind::Power, (dbm * 100.0).round() / 100.0);
    let region = word(radio.region);
    for (key, dbm, gain_dbi) in settings {
        let allowed_dbm = limit.dbm_at(gain_dbi);
        let Some(dbm) = dbm.filter(|dbm| *dbm > allowed_dbm) else { continue };
        let is_written = cx.root.get("radio").and_then(|radio| radio.get(key)).is_some();
        let text = format!(
            "radio.{key} is {}{}, and the region {region} allows {} with an antenna of {gain_dbi} dBi ({})",
            show(dbm),
            if is_written { "" } else { " by default" },
            show(allowed_dbm),
            limit.rule
        );
        cx.warn(&["radio", key], text);
    }
}

/// What an EAPOL frame takes at most, with what the link layer adds: nobody cuts it but nanostack, at 600 bytes of certificates.
fn eapol_frame_bytes(mesh: &MeshSpec) -> u16 {
    let is_nanostack = mesh.stack == RouterStack::Nanostack && mesh.border_stack() == BorderStack::Nanostack;
    match mesh.certificate_chain {
        CertificateChain::WithAuthority if !is_nanostack => 1_325,
        _ => 900,
    }
}

/// Nodes that get keys need frames that are long enough, and PANs to choose from are heard.
pub(super) fn mesh(cx: &mut Context<'_>) {
    let mesh = &cx.file.mesh;
    let needs_keys = [
        (mesh.start == Start::Cold, "start is \"cold\""),
        (mesh.chooses_pan(), "pan is \"chosen\""),
        (mesh.keys.is_some(), "mesh.keys lets keys age"),
    ];
    let least = eapol_frame_bytes(mesh);
    if let Some((_, why)) = needs_keys.iter().find(|(needs, _)| *needs && mesh.frame_bytes_max < least) {
        let title = format!("frame_bytes_max is {} and {why}", mesh.frame_bytes_max);
        let help = format!("set mesh.frame_bytes_max to {least} or more, or leave it out");
        cx.error(&["mesh", "frame_bytes_max"], title, "frames with certificates are longer, and are not cut", help);
    }
    if mesh.chooses_pan() && cx.file.coupling.meshes == Coupling::None {
        let title = "mesh.pan is \"chosen\" and coupling.meshes is \"none\"";
        let help = "leave coupling.meshes out, or set mesh.pan = \"assigned\"";
        cx.error(&["mesh", "pan"], title, "nobody hears another PAN", help);
    }
}

/// Warns of a height of roofs that no antenna stands above.
pub(super) fn roofs(cx: &mut Context<'_>, placement: &Placement) {
    let Some(roof_m) = cx.file.radio.roof_height_m else { return };
    let relays = placement.sites.iter().filter(|site| matches!(site.kind, SiteKind::Gateway | SiteKind::Repeater));
    let Some(highest) = relays.max_by(|a, b| a.height_m.total_cmp(&b.height_m)) else { return };
    if f64::from(highest.height_m) <= roof_m {
        let text = format!(
            "radio.roof_height is {}, and no border router or repeater stands above that ({} is the highest, with {}), so that it \
             changes nothing; raise placement.gateway_height, or height_m in the placement file",
            units::format(Kind::Length, roof_m),
            highest.name,
            units::format(Kind::Length, f64::from(highest.height_m)),
        );
        cx.warn(&["radio", "roof_height"], text);
    }
}

/// Refuses more meters than all border routers can keep routes to.
pub(super) fn routes(cx: &mut Context<'_>, placement: &Placement) {
    let Some(most) = cx.file.mesh.border_router.routes_max else { return };
    let count = |kind| placement.count(kind) as u64;
    let (radios, routers) = (count(SiteKind::Meter) + count(SiteKind::Repeater), count(SiteKind::Gateway));
    let room = routers * u64::from(most);
    if radios > room {
        let title = format!(
            "{radios} meters and repeaters are more than the border routers can ever take: {routers} times {most} routes are {room}"
        );
        let needed = radios.div_ceil(u64::from(most));
        let help = format!("place {needed} border routers or more, or raise mesh.border_router.routes_max");
        cx.error(&["mesh", "border_router", "routes_max"], title, "too few routes", help);
    }
}

pub(super) fn mac(cx: &mut Context<'_>) {
    let mac = &cx.file.mac;
    if let (Some(min), Some(max)) = (mac.min_be, mac.max_be)
        && min > max
    {
        let title = format!("min_be is {min} and max_be is {max}");
        cx.error(&["mac", "min_be"], title, "larger than max_be", "the backoff exponent grows from min_be to max_be");
    }
    excluded(cx);
}

/// Channels that are left out are channels of the plan, and some are left.
fn excluded(cx: &mut Context<'_>) {
    let (mac, key) = (&cx.file.mac, ["mac", "channels_excluded"]);
    let Some(last) = mac.channels_excluded.last() else { return };
    let Some(plan) = channel_plan(cx.file.radio.region, cx.file.radio.phy) else { return };
    if last >= plan.count {
        let title = format!("mac.channels_excluded names channel {last}, which the plan does not have");
        let (region, mode) = (word(cx.file.radio.region), word(cx.file.radio.phy));
        let help = format!("mode {mode} has {} channels in the region {region}: 0 to {}", plan.count, plan.count - 1);
        cx.error(&key, title, "beyond the channel plan", help);
    } else if plan.allowed().all(|channel| mac.channels_excluded.contains(channel)) {
        let title = format!("mac.channels_excluded names all {} channels", plan.allowed().count());
        cx.error(&key, title, "none is left to hop over", "leave some of them in, or set mac.hopping = false");
    } else if !mac.hopping {
        let text = "without hopping all nodes share one channel, and mac.channels_excluded has no effect; leave one of the two out";
        cx.warn(&key, text);
    }
}
