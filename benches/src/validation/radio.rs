//! Figures of the radio alone: formulas and tables against measurements and standards.

use super::{Figure, Group, Tolerance};
use amitwin_data::rows::LinkRow;
use amitwin_models::medium::mesh::radio::error::ErrorModel;
use amitwin_models::medium::mesh::radio::phy::airtime;
use amitwin_models::medium::mesh::radio::propagation::{City, TowerArea, TowerPath, hata_db};
use amitwin_models::medium::mesh::radio::rooftops::Rooftops;
use amitwin_models::medium::mesh::radio::shadowing::Field;
use amitwin_models::spec::{PhyMode, RadioSpec, WorldSpec};
use amitwin_models::terrain::{GenerateSpec, Generator, Placement, SiteKind, generate};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::run;

/// Bytes of the frames that were measured.
const MEASURED_BYTES: u16 = 250;

/// All of them.
pub fn groups(campus: Option<&Placement>) -> Vec<Group> {
    let plain = [frame_loss(), air_times(), towers(), shadows(), asymmetry(None)];
    plain.into_iter().chain(campus.map(|placement| asymmetry(Some(placement)))).collect()
}

fn frame_loss() -> Group {
    let modes = [
        (PhyMode::M1b, "50 kb/s", -105.7, 0.12),
        (PhyMode::M2b, "100 kb/s", -102.3, 0.14),
        (PhyMode::M3, "150 kb/s", -97.5, 0.46),
        (PhyMode::M4a, "200 kb/s", -96.8, 0.62),
    ];
    let figures = modes.into_iter().flat_map(|(mode, rate, half_dbm, loss)| {
        let radio = RadioSpec::default();
        let model = ErrorModel::new(mode, radio.noise_figure_db, radio.fading.spread_db());
        let half = model.sensitivity_dbm(0.5, MEASURED_BYTES);
        let at = model.mean_loss(-97.5, MEASURED_BYTES);
        [
            Figure::new(format!("{rate}: level of half loss"), half_dbm, "dBm", Tolerance::Within(1.5), half),
            Figure::new(format!("{rate}: loss at -97.5 dBm"), loss, "", Tolerance::Within(0.15), at),
        ]
    });
    Group {
        title: "Frame loss by level",
        source: "*Energies* 2022, 15(7), 2417 and its public data set: 923 MHz, about 250 bytes, some 7,750 frames",
        how: "the error model with the defaults of `[radio]`: noise figure 10 dB, levels that spread by 3.0 dB, nothing fitted per rate; modes 1b, 2b, 3, 4a",
        why: "",
        figures: figures.collect(),
    }
}

fn air_times() -> Group {
    let reference: [(PhyMode, &str, [f64; 3]); 4] = [
        (PhyMode::M1b, "50 kb/s", [5.76, 42.56, 254.72]),
        (PhyMode::M2a, "100 kb/s", [2.88, 21.28, 127.36]),
        (PhyMode::M3, "150 kb/s", [2.13, 14.40, 85.12]),
        (PhyMode::M5, "300 kb/s", [1.39, 7.52, 42.88]),
    ];
    let figures = reference.into_iter().flat_map(|(mode, rate, times_ms)| {
        [20u16, 250, 1_576].into_iter().zip(times_ms).map(move |(bytes, expected)| {
            let ms = 1e3 * airtime(mode, bytes).secs_f64();
            Figure::new(format!("{rate}: {bytes} bytes"), expected, "ms", Tolerance::Within(0.005), ms)
        })
    });
    Group {
        title: "Air time",
        source: "bit counts of the frame format: IEEE 802.15.4 SUN FSK, preambles of Silicon Labs' wisun-br-linux",
        how: "preamble, delimiter, header, bytes and check sequence at the rate of the mode",
        why: "",
        figures: figures.collect(),
    }
}

fn towers() -> Group {
    let path = |area, city, base_height_m, mobile_height_m| TowerPath { area, city, base_height_m, mobile_height_m };
    let reference = [
        ("large city", TowerArea::Urban, City::Large, 137.93),
        ("small city", TowerArea::Urban, City::Small, 137.88),
        ("suburb", TowerArea::Suburban, City::Large, 128.03),
        ("open", TowerArea::Open, City::Large, 109.66),
    ];
    let mut figures: Vec<Figure> = reference
        .into_iter()
        .map(|(name, area, city, expected)| {
            let loss = hata_db(&path(area, city, 30.0, 1.0), 869.0, 2_000.0);
            Figure::new(format!("Okumura-Hata, 869 MHz, 2 km, {name}"), expected, "dB", Tolerance::Within(0.1), loss)
        })
        .collect();
    let roofs = Rooftops { height_m: 8.0, frequency_mhz: 915.0 };
    for km in [1.0, 2.0, 5.0] {
        let fit = hata_db(&path(TowerArea::Suburban, City::Small, 30.0, 1.5), 915.0, 1e3 * km);
        let loss = roofs.loss_db(1e3 * km, [30.0, 1.5]);
        figures.push(Figure {
            measured: loss,
            ..Figure::new(format!("over roofs of 8 m from 30 m, {km} km"), fit, "dB", Tolerance::Within(6.0), 0.0)
        });
    }
    Group {
        title: "Path loss of towers and over the roofs",
        source: "ns-3, tests of its propagation models; over the roofs Okumura-Hata for a suburb (Hata 1980), itself a fit to measurements",
        how: "the functions of the radio",
        why: "",
        figures,
    }
}

fn shadows() -> Group {
    let distance_m = 50.0;
    let field = Field::new(7, distance_m);
    let figures = [25.0, 50.0, 100.0].map(|lag: f64| {
        let (side, step_m) = (60, 83.0);
        let places = (0..side * side).map(|i| (f64::from(i % side) * step_m, f64::from(i / side) * step_m));
        let product = |(x, y)| field.at(x, y) * (field.at(x + lag, y) + field.at(x, y + lag)) / 2.0;
        let correlation = places.map(product).sum::<f64>() / f64::from(side * side);
        let expected = (-lag / distance_m).exp();
        Figure::new(format!("correlation at {lag} m"), expected, "", Tolerance::Within(0.1), correlation)
    });
    Group {
        title: "Shadowing that neighbours share",
        source: "exp(-d / 50 m), the usual form (3GPP, Gudmundson 1991)",
        how: "one field over 3,600 places",
        why: "",
        figures: figures.into(),
    }
}

/// Power of the campus' nodes, dBm: it is not known, and cancels.
const NODES_DBM: f64 = 14.0;

/// Fewer links say nothing about a spread.
const LINKS_MIN: usize = 10;

fn asymmetry(campus: Option<&Placement>) -> Group {
    let place = GenerateSpec { meters: 1_500, ..GenerateSpec::default() };
    let mut placement = match campus {
        Some(placement) => placement.clone(),
        None => generate(Generator::Suburb, &place, 3).expect("a suburb"),
    };
    if campus.is_none() {
        placement.sites.iter_mut().filter(|s| s.kind == SiteKind::Gateway).for_each(|s| s.height_m = 18.0);
    }
    let spec = WorldSpec {
        placement,
        duration: SimTime::from_secs(60),
        radio: RadioSpec {
            tx_power_dbm: NODES_DBM,
            gateway_tx_power_dbm: Some(NODES_DBM + 13.1),
            tx_power_spread_db: 1.77,
            roof_height_m: Some(8.0),
            ..RadioSpec::default()
        },
        ..WorldSpec::plain()
    };
    let rows = run(&spec).rows;
    let better = |is: fn(&LinkRow) -> bool| {
        let links = rows.links.iter().filter(|row| row.time_s == 0.0 && is(row));
        let all: Vec<f64> = links.map(|row| f64::from(row.rssi_down_dbm - row.rssi_dbm)).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let square = all.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / all.len() as f64;
        (all.len() >= LINKS_MIN).then_some([mean, square.sqrt()])
    };
    let (router, nodes) = (better(|row| row.hops == 1), better(|row| row.hops > 1));
    let figure = |what: &str, expected: f64, near: f64, measured: Option<f64>| Figure {
        measured,
        ..Figure::new(what, expected, "dB", Tolerance::Within(near), 0.0)
    };
    let figures = vec![
        figure("border router heard better than it hears, mean", 13.1, 1.0, router.map(|r| r[0])),
        figure("the same, spread over links", 3.1, 0.5, router.map(|r| r[1])),
        figure("parents heard better than they hear, mean", -0.3, 0.5, nodes.map(|n| n[0])),
        figure("parents, spread over links", 2.5, 0.5, nodes.map(|n| n[1])),
    ];
    Group {
        title: if campus.is_some() { "Both directions of a link: on the campus" } else { "Both directions of a link" },
        source: "a campus network of 28 nodes, October 2025 (repository himanshufanibhare/wisun-network-test): 28 reports of links to the \
                 border router, 81 of others",
        how: if campus.is_some() {
            "the same on the placement of the campus (`--campus`), where few links have other nodes for parents"
        } else {
            "`tx_power_spread` 1.77 dB, `gateway_tx_power` 13.1 dB above `tx_power`, a border router above the roofs of a suburb of 1,500 meters; links that nodes have with their parents"
        },
        why: "Nodes that differ make 2.5 dB between two of them and 1.8 dB at the border router, whose own power is what the scenario says. \
              Levels that change between two reports, by 1.5 to 2.4 dB in the field and not at all in the model, would bring both nearer to \
              each other, and not above 2.5 dB. 3.1 dB of 28 reports on few nodes is more than either tells. Among many \
              neighbours wsrd prefers those that it hears well, and so those that send with more; the campus has few to choose from.",
        figures,
    }
}
