//! A border router above the roofs: who hears whom better, and from how far.

use amitwin_models::spec::*;
use amitwin_models::terrain::{AntennaGain, SiteKind};
use amitwin_testkit::worlds::{run, suburb};

const POWER_DBM: f64 = 14.0;

/// A town as the campus of the field: the border router sends with 13.1 dB more than its nodes, and the power of nodes has such
/// a spread that the two directions of their links differ by 2.5 dB: each has two draws, so 2.5 / sqrt(2) = 1.77 dB.
fn town(radio: impl FnOnce(&mut RadioSpec)) -> WorldSpec {
    let mut spec = suburb(1_500, 60);
    spec.placement.sites.iter_mut().filter(|s| s.kind == SiteKind::Gateway).for_each(|s| s.height_m = 18.0);
    spec.radio.tx_power_dbm = POWER_DBM;
    spec.radio.roof_height_m = Some(8.0);
    radio(&mut spec.radio);
    spec
}

/// Mean and standard deviation of how much better nodes hear their parents than they are heard, at hop 1 and beyond.
fn differences(spec: &WorldSpec) -> [(f64, f64, usize); 2] {
    let links = run(spec).rows.links;
    [true, false].map(|first| {
        let of_hop = links.iter().filter(|row| row.time_s == 0.0 && (row.hops == 1) == first);
        let all: Vec<f64> = of_hop.map(|row| f64::from(row.rssi_down_dbm - row.rssi_dbm)).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let square = all.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / all.len() as f64;
        (mean, square.sqrt(), all.len())
    })
}

#[test]
fn an_elevated_border_router_is_heard_13_db_better_than_it_hears_and_nodes_hear_each_other_alike() {
    let spec = town(|radio| {
        radio.gateway_tx_power_dbm = Some(POWER_DBM + 13.1);
        radio.tx_power_spread_db = 1.77;
    });
    let [router, nodes] = differences(&spec);
    // Some hundred links: the means are known to 0.2 dB. Only one end of a link to the border router has a draw.
    assert!(router.2 > 60 && nodes.2 > 60, "{router:?} {nodes:?}");
    assert!((router.0 - 13.1).abs() < 1.0 && (router.1 - 1.77).abs() < 0.5, "{router:?}");
    // Of many neighbours wsrd prefers those that it hears well, and so those that send with more: a dB or two.
    assert!((0.0..2.0).contains(&nodes.0) && (nodes.1 - 2.5).abs() < 0.5, "{nodes:?}");
}

#[test]
fn without_these_settings_every_link_is_alike_in_both_directions() {
    for (mean, sigma, links) in differences(&town(|_| {})) {
        assert!(links > 60);
        assert_eq!((mean, sigma), (0.0, 0.0));
    }
}

#[test]
fn over_the_roofs_a_border_router_reaches_farther() {
    let firsts =
        |spec: &WorldSpec| run(spec).rows.links.iter().filter(|row| row.time_s == 0.0 && row.hops == 1).count();
    let streets = firsts(&town(|radio| radio.roof_height_m = None));
    let roofs = firsts(&town(|_| {}));
    let antenna = firsts(&town(|radio| radio.gateway_antenna_gain_db = 6.0));
    // 40 dB a decade: 6 dB reach 1.4 times as far, to twice as many.
    assert!(roofs > 2 * streets && antenna > roofs, "{streets} {roofs} {antenna}");
}

#[test]
fn a_gain_of_the_placement_goes_before_that_of_the_kind() {
    let loss = |spec: &WorldSpec| {
        let built = amitwin_models::build::build(spec).expect("a town");
        let air = &built.parts.iter().find_map(|part| part.mesh()).expect("a mesh").mesh().expect("one").link.air;
        air.neighbours.of(amitwin_models::node::Node(0)).map(|(id, code)| (id.0, code)).take(20).collect::<Vec<_>>()
    };
    let plain = loss(&town(|_| {}));
    let mut own = town(|radio| radio.gateway_antenna_gain_db = 6.0);
    let by_kind = loss(&own);
    own.placement
        .sites
        .iter_mut()
        .filter(|s| s.kind == SiteKind::Gateway)
        .for_each(|s| s.antenna_gain = Some(AntennaGain::from_dbi(2.0)));
    let by_site = loss(&own);
    for ((a, b), c) in plain.iter().zip(&by_kind).zip(&by_site).filter(|((a, b), c)| a.0 == b.0 && b.0 == c.0) {
        // Half decibels.
        assert_eq!((a.1 - b.1, a.1 - c.1), (12, 4));
    }
}
