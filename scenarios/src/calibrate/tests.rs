//! Surveys made with known figures, and those that say nothing.

use super::*;
use crate::load_text;
use amitwin_sim_core::rng::Stream;

/// A draw of the normal distribution.
pub(super) fn normal(draw: &mut Stream) -> f64 {
    (-2.0 * draw.unit().max(1e-300).ln()).sqrt() * (std::f64::consts::TAU * draw.unit()).cos()
}

fn world() -> WorldSpec {
    let text = "name = \"town\"\nduration = \"1h\"\n[placement]\ngenerator = \"suburb\"\nmeters = 150\ngateways = 2\n\
                [radio]\ntx_power = \"20 dBm\"\nmeter_loss = \"6 dB\"\n";
    load_text(text, "town.toml", Path::new("."), &[], Some(5)).expect("a scenario").variants[0].spec.clone()
}

/// What is heard above -110 dBm at 35 dB at 1 m and an exponent of 3.2, with 4 dB of links; border routers send with 13 dB more,
/// and every level is measured twice, 1 dB around its mean.
fn survey(spec: &WorldSpec, seed: u64) -> Vec<Level> {
    survey_of(spec, seed, 0.0)
}

/// The same of nodes whose powers have a spread.
fn survey_of(spec: &WorldSpec, seed: u64, spread_db: f64) -> Vec<Level> {
    let (mut draw, mut powers) = (Stream::new(seed, 0, 0), Stream::new(seed, 1, 0));
    let sites = &spec.placement.sites;
    let own: Vec<f64> = sites.iter().map(|_| spread_db * normal(&mut powers)).collect();
    let mut levels = Vec::new();
    for a in 0..sites.len() {
        for b in a + 1..sites.len() {
            let boxes = [a, b].iter().filter(|n| sites[**n].kind == SiteKind::Meter).count() as f64;
            let length_m = sites[a].distance_squared(&sites[b]).sqrt();
            let loss = 35.0 + 32.0 * length_m.max(1.0).log10() + 6.0 * boxes + 4.0 * normal(&mut draw);
            if length_m > 90.0 {
                continue;
            }
            for (from, to) in [(a, b), (b, a), (a, b), (b, a)] {
                let power = if sites[from].kind == SiteKind::Gateway { 33.0 } else { 20.0 + own[from] };
                let rssi_dbm = power - loss + normal(&mut draw);
                let name = |n: usize| sites[n].name.to_string();
                levels.push(Level { from: name(from), to: name(to), rssi_dbm, line: levels.len() as u64 + 2 });
            }
        }
    }
    levels
}

#[test]
fn what_a_survey_was_made_with_is_found_within_its_errors() {
    let spec = world();
    let path = Path::new("survey.csv");
    for seed in 0..5 {
        let found = calibrate(path, &survey(&spec, seed), &spec).expect("enough");
        assert!(found.links > 300 && found.unheard == 0, "{found:?}");
        // Three standard errors: one of five times five figures may lie outside of two.
        let within = |estimate: Estimate, truth: f64| (estimate.value - truth).abs() < 3.0 * estimate.standard_error;
        assert!(within(found.exponent, 3.2) && within(found.reference_loss_db, 35.0), "{found:?}");
        // Of 300 links: a standard deviation is known to 4 dB / sqrt(600) = 0.16 dB.
        assert!((found.shadowing_db - 4.0).abs() < 0.5, "{found:?}");
        let routers = found.border_routers.expect("both directions");
        assert!(within(routers.difference_db, 13.0), "{found:?}");
        assert!(within(found.equals.expect("both directions").difference_db, 0.0), "{found:?}");
        assert!((found.gateway_tx_power_dbm - 33.0).abs() < 1.0);
        // Two levels a direction: 1 dB each.
        assert!((found.level_spread_db.expect("repeated") - 1.0).abs() < 0.1, "{found:?}");
        // The defaults' 1.1 of 3.01 dB are 0.37 of it.
        assert!(found.settings().contains(&("fading.channel", "\"0.4 dB\"".to_owned(), String::new())));
    }
}

#[test]
fn the_spread_of_powers_is_told_from_that_of_frames() {
    let spec = world();
    for (spread_db, error) in [(0.0, 0.35), (1.8, 0.3)] {
        let levels = survey_of(&spec, 3, spread_db);
        let found = calibrate(Path::new("survey.csv"), &levels, &spec).expect("enough").tx_power_spread_db;
        // 150 nodes: a standard deviation is known to 1.8 / sqrt(300) = 0.1 dB. Of none, the chance of repeated levels is left.
        assert!((found.expect("repeated") - spread_db).abs() < error, "{found:?}, not {spread_db}");
        // One level each: what is chance and what is power cannot be told apart.
        let once: Vec<Level> = levels.iter().enumerate().filter(|(n, _)| n % 4 < 2).map(|(_, l)| l.clone()).collect();
        let found = calibrate(Path::new("survey.csv"), &once, &spec).expect("enough");
        assert_eq!(found.tx_power_spread_db, None);
    }
}

#[test]
fn errors_of_asymmetry_know_that_pairs_share_their_nodes() {
    // Powers that spread by 1.8 dB make the two directions of all links of a node differ alike: by 2.5 dB a link, of which the mean over a thousand links of
    // 150 nodes is not known to 2.5 / sqrt(1,000) = 0.08 dB. The truth is 0, and within two errors in 38 of 40.
    let spec = world();
    let within = (0..40).filter(|&seed| {
        let found = calibrate(Path::new("survey.csv"), &survey_of(&spec, seed, 1.8), &spec).expect("enough");
        let difference = found.equals.expect("both directions").difference_db;
        difference.value.abs() < 2.0 * difference.standard_error
    });
    let within = within.count();
    assert!(within >= 33, "{within} of 40");
}

#[test]
fn one_direction_alone_tells_no_asymmetry() {
    let spec = world();
    let levels: Vec<Level> = survey(&spec, 1).into_iter().step_by(2).collect();
    let found = calibrate(Path::new("survey.csv"), &levels, &spec).expect("enough");
    assert_eq!((found.border_routers, found.equals), (None, None));
    assert!(found.settings().iter().all(|(key, ..)| *key != "gateway_tx_power"));
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let spec = world();
    let refused =
        |levels: &[Level]| calibrate(Path::new("survey.csv"), levels, &spec).expect_err("refused").to_string();
    let levels = survey(&spec, 1);
    assert!(refused(&levels[..80]).starts_with("survey.csv: has 20 links, and nothing can be said from fewer than 30"));
    let lost = Level { to: "nobody".to_owned(), ..levels[0].clone() };
    assert_eq!(
        refused(&[lost]),
        "survey.csv, line 2: 'nobody' is not in the placement of the scenario; name its sites as there"
    );
    let loud = Level { rssi_dbm: 25.0, ..levels[0].clone() };
    assert_eq!(
        refused(&[loud]),
        "survey.csv, line 2: 25 dBm were heard, and the scenario's radios send with 20 dBm at most; correct radio.tx_power"
    );
    // Over ten metres and more free space takes 50 dB, and no antennas bring more than 30 back.
    let impossible = Level { rssi_dbm: 15.0, ..levels[0].clone() };
    let told = refused(&[impossible]);
    assert!(told.starts_with("survey.csv, line 2: 15 dBm were heard over "), "{told}");
    assert!(told.ends_with("correct the level, or the places of the two"), "{told}");
}
