//! The tree of a small network that runs: hops and levels beside those that were measured.

use super::{Figure, Group, Tolerance};
use amitwin_models::spec::*;
use amitwin_models::terrain::{Placement, SiteKind};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{run, sites};
use rayon::prelude::*;

/// Nodes of the campus that were in its tree at some time.
const NODES: u32 = 28;
const SEEDS: u64 = 8;
/// A likely power of the nodes, dBm.
const LIKELY_DBM: f64 = 14.0;

/// What a tree looks like after two hours, means over seeds.
#[derive(Clone, Copy)]
struct Tree {
    joined: f64,
    hops: f64,
    median_dbm: f64,
    p5_dbm: f64,
}

/// Nodes spread evenly over 300 x 459 m around a border router on a roof, by the halves and thirds of their numbers (Halton).
fn stand_in() -> Placement {
    let part = |mut n: u32, base: u32| {
        let (mut sum, mut share) = (0.0, 1.0);
        while n > 0 {
            share /= f64::from(base);
            sum += share * f64::from(n % base);
            n /= base;
        }
        sum
    };
    let place = |n| (SiteKind::Meter, (300.0 * part(n, 2) - 150.0) as f32, (459.0 * part(n, 3) - 229.5) as f32);
    let mut placement = sites([(SiteKind::Gateway, 0.0, 0.0)].into_iter().chain((1..=NODES).map(place)));
    for site in &mut placement.sites {
        site.height_m = if site.kind == SiteKind::Gateway { 10.0 } else { 5.0 };
    }
    placement
}

fn tree(placement: &Placement, stack: RouterStack, tx_power_dbm: f64) -> Tree {
    let of = |seed| {
        let radio = RadioSpec {
            phy: PhyMode::M3,
            region: Region::Europe,
            tx_power_dbm,
            gateway_tx_power_dbm: Some(tx_power_dbm + 13.1),
            tx_power_spread_db: 1.77,
            roof_height_m: Some(8.0),
            ..RadioSpec::default()
        };
        let mut spec = WorldSpec {
            seed,
            placement: placement.clone(),
            duration: SimTime::from_secs(7_200),
            radio,
            ..WorldSpec::plain()
        };
        (spec.mesh.stack, spec.mesh.profile) = (stack, Some(SizeProfile::Small));
        let rows = run(&spec).rows;
        let last_s = rows.links.iter().map(|row| row.time_s).fold(0.0, f64::max);
        rows.links
            .iter()
            .filter(|row| row.time_s == last_s)
            .map(|row| (f64::from(row.hops), f64::from(row.rssi_dbm)))
            .collect::<Vec<_>>()
    };
    let all: Vec<(f64, f64)> = (1..=SEEDS).into_par_iter().flat_map(of).collect();
    let mut levels: Vec<f64> = all.iter().map(|row| row.1).collect();
    levels.sort_by(f64::total_cmp);
    if levels.is_empty() {
        return Tree { joined: 0.0, hops: f64::NAN, median_dbm: f64::NAN, p5_dbm: f64::NAN };
    }
    Tree {
        joined: all.len() as f64 / SEEDS as f64,
        hops: all.iter().map(|row| row.0).sum::<f64>() / all.len() as f64,
        median_dbm: levels[levels.len() / 2],
        p5_dbm: levels[levels.len() / 20],
    }
}

/// All of them: a stand-in, and the campus itself, if its placement is at hand.
pub fn groups(campus: Option<&Placement>) -> Vec<Group> {
    let stand_in = Group {
        title: "Tree of a network of 28 nodes: a stand-in",
        source: SOURCE,
        how: "as many nodes as on the campus, spread evenly over 300 x 459 m, without its buildings and clusters; a border router on a roof, 13.1 dB stronger; 150 kb/s in Europe, profile small, \
              two hours, means over eight seeds; the nodes' power is not known: 14 dBm, which is likely, and less",
        why: "Over such distances most nodes hear the border router itself, and both stacks take it. With less power nodes drop out of the tree. wsrd takes weaker parents than nanostack, and so more \
              nodes into its tree. The depth of a tree follows where nodes stand: on the placement of the campus it is another (below, where that was at hand).",
        figures: figures(&stand_in()),
    };
    let campus = campus.map(|placement| Group {
        title: "Tree of a network of 28 nodes: its own placement",
        source: SOURCE,
        how: "the placement of the campus (`--campus`), which is not part of this repository; else as above",
        why: "wsrd takes parents down to the radio's sensitivity, so that most nodes take the border router itself: its tree is shallower, and its links are weaker than in the field. Nanostack asks for \
              13 dB more and takes whom it has heard first, which gives nearly the depth that was measured. The campus' nodes run a closed stack, whose ranks grow by 4 to 5 expected transmissions a hop, \
              although their links are strong: what else sends in the band, or how it counts, is not known.",
        figures: figures(placement),
    });
    [stand_in].into_iter().chain(campus).collect()
}

const SOURCE: &str = "the campus network of \"Both directions of a link\": 3, 6, 6, 8, 3 and 2 nodes at hops 1 to 6; levels of the parents; 19 to 25 of 28 in the tree";

fn figures(placement: &Placement) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (stack, name) in [(RouterStack::Wsrd, "wsrd"), (RouterStack::Nanostack, "nanostack")] {
        let at = tree(placement, stack, LIKELY_DBM);
        let figure = |what: &str, expected, unit, near, measured| {
            Figure::new(format!("{name}, {what}"), expected, unit, Tolerance::Within(near), measured)
        };
        figures.push(figure("hops, mean", 3.3, "", 1.0, at.hops));
        figures.push(figure("level of the parent, median", -81.0, "dBm", 4.0, at.median_dbm));
        figures.push(figure("level of the parent, 5 % below", -92.0, "dBm", 4.0, at.p5_dbm));
        figures.push(Figure::new(format!("{name}, nodes in the tree"), 22.0, "", Tolerance::Beside, at.joined));
        for power_dbm in [2.0, -6.0] {
            let at = tree(placement, stack, power_dbm);
            if at.joined > 0.0 {
                figures.push(Figure::ours(format!("{name} with {power_dbm} dBm: hops, mean"), "", at.hops));
            }
            figures.push(Figure::ours(format!("{name} with {power_dbm} dBm: nodes in the tree"), "", at.joined));
        }
    }
    figures
}
