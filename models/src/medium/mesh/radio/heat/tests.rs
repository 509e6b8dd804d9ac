//! Links in the heat, by hand.

use super::*;
use crate::spec::{BoxSpec, Climate, Colour, WeatherSpec};

/// Heat of a border router and so many meters in dark boxes in Phoenix from 2026-07-01 on, UTC.
fn heat(radios: HeatSpec, meters: u32) -> Heat {
    let mut run = WorldSpec::plain();
    let meter = run.placement.sites[1].clone();
    run.placement.sites.truncate(1);
    run.placement.sites.extend((0..meters).map(|_| meter.clone()));
    run.dlms.start_unix_s = 1_782_864_000;
    let meters = BoxSpec { colour: Colour::Dark, ..BoxSpec::default() };
    run.weather = Some(WeatherSpec { meters, radios, ..WeatherSpec::of(Climate::Phoenix) });
    let sites = (0..run.placement.sites.len() as u32).map(SiteId).collect();
    Heat::of(&run, &Hours::of(&run).expect("weather"), &sites, 915.0).expect("weather")
}

fn end(n: u16) -> (Node, SiteId) {
    (Node(n), SiteId(u32::from(n)))
}

#[test]
fn a_link_loses_with_each_kelvin_of_both_ends_what_its_hardware_does() {
    for (hardware, sends, hears) in [(Hardware::Modern, 0.02, 0.015), (Hardware::Older, 0.0875, 0.0875)] {
        let mut heat = heat(HeatSpec { hardware, crystal_offset: 0.0, ageing: 0.0, ..HeatSpec::default() }, 1);
        // Afternoon in Phoenix: 15:00 there is 22:00 in UTC.
        let at = SimTime::from_secs(22 * 3_600);
        let [router_c, meter_c] = [Node(0), Node(1)].map(|node| heat.board_c(node, at));
        // A dark box in the sun is warmer than a light one.
        assert!(meter_c > router_c + 5.0 && router_c > 45.0, "{meter_c} and {router_c} C");
        let up = heat.link(end(1), end(0), at).expect("healthy crystals");
        // The crystals' cuts are within minutes of arc, so that what carriers are apart costs hundredths.
        assert!((up.loss_db - sends * (meter_c - 25.0)).abs() < 0.15, "{up:?}");
        assert!((up.noise_db - hears * (router_c - 25.0)).abs() < 1e-9, "{up:?}");
        let down = heat.link(end(0), end(1), at).expect("healthy crystals");
        assert!((down.noise_db - hears * (meter_c - 25.0)).abs() < 1e-9);
    }
    // The older ones from 20 to 60 degrees at both ends: 40 K x 0.175 dB = 7 dB.
    assert!((40.0 * (0.0875 + 0.0875) - 7.0f64).abs() < 1e-12);
}

#[test]
fn healthy_crystals_break_no_link_and_bad_ones_do_in_the_heat() {
    let lost = |bad_crystals: f64, age_years: u64, hour: u64| {
        let age = SimTime::from_secs(age_years * 31_557_600);
        let mut heat = heat(HeatSpec { bad_crystals, age, ..HeatSpec::default() }, 2_000);
        let at = SimTime::from_secs(3_600 * hour);
        (1..=2_000).filter(|&n| heat.link(end(n), end(0), at).is_none()).count()
    };
    // Ten years: offsets of 4 and 5 ppm at each end, 9 between them; the window of 60 ppm is more than six of these.
    assert_eq!((lost(0.0, 10, 22), lost(0.0, 10, 12)), (0, 0));
    // A third of a degree: 1.69 ppm with each kelvin. Those cut one way are beyond 60 ppm from 58 degrees on, the others, whom the cubic term
    // helps, from some 65 on; dark boxes have about 65 in the afternoon. Before sunrise all are well.
    let (afternoon, night) = (lost(0.3, 0, 22), lost(0.3, 0, 12));
    assert!((200..=600).contains(&afternoon) && night == 0, "{afternoon} and {night} of some 600 bad ones");
}

#[test]
fn a_bad_amplifier_loses_its_own_and_only_as_a_sender() {
    let radios = HeatSpec { bad_amplifiers: 1.0, crystal_offset: 0.0, ageing: 0.0, ..HeatSpec::default() };
    let (mut bad, mut good) = (heat(radios.clone(), 1), heat(HeatSpec { bad_amplifiers: 0.0, ..radios }, 1));
    let at = SimTime::from_secs(22 * 3_600);
    let meter_c = bad.board_c(Node(1), at);
    let [bad, good] = [&mut bad, &mut good].map(|heat| heat.link(end(1), end(0), at).expect("healthy crystals"));
    assert!((bad.loss_db - good.loss_db - 0.15 * (meter_c - 25.0)).abs() < 1e-9);
    assert_eq!(bad.noise_db, good.noise_db);
}

#[test]
fn boards_are_a_function_of_time_whatever_was_asked_before() {
    let (mut one, mut other) = (heat(HeatSpec::default(), 3), heat(HeatSpec::default(), 3));
    let times: Vec<SimTime> = (0..200).map(|n| SimTime::from_secs(n * 977)).collect();
    let forwards: Vec<f64> = times.iter().map(|&at| one.board_c(Node(2), at)).collect();
    let backwards: Vec<f64> = times.iter().rev().map(|&at| other.board_c(Node(2), at)).collect();
    assert!(forwards.iter().eq(backwards.iter().rev()));
    // Within a slot a line, which is within 0.1 K of the closed form.
    let exact = one.boxes[0].board_c(&one.sky, one.start_unix_s + 977.0 * 50.0);
    assert!((forwards[50] - exact).abs() < 0.1, "{} and {exact}", forwards[50]);
}

#[test]
fn many_radios_at_once_are_as_one_after_the_other() {
    // More than there are places for crystals at hand.
    let radios = HeatSpec { bad_crystals: 0.2, bad_amplifiers: 0.2, ..HeatSpec::default() };
    let mut heat = heat(radios, 200);
    // On the edge of a slot, where both are the closed form.
    let at = SimTime::from_secs(22 * 3_600);
    let boards = heat.boards(at);
    for n in (1..=200).chain([1, 65, 129, 1]) {
        assert!((heat.then_c(&boards, Node(n)) - heat.board_c(Node(n), at)).abs() < 1e-9);
        let (then, now) = (heat.link_then(&boards, end(n), end(0)), heat.link(end(n), end(0), at));
        assert_eq!(then.is_some(), now.is_some());
        let [then, now] = [then, now].map(|link| link.map_or(0.0, |link| link.loss_db + link.noise_db));
        assert!((then - now).abs() < 1e-6, "{then} and {now} dB");
    }
}

#[test]
fn losses_lag_the_air_by_the_box() {
    // In the shade nothing but the air moves a board. A first-order box of 40 min is atan(w 40 min) / w = 39.6 min behind a day's wave.
    let mut run = WorldSpec::plain();
    run.dlms.start_unix_s = 1_782_864_000;
    let shaded = BoxSpec { sunny: 0.0, ..BoxSpec::default() };
    let radios = HeatSpec { hardware: Hardware::Older, crystal_offset: 0.0, ageing: 0.0, ..HeatSpec::default() };
    let weather = WeatherSpec { meters: shaded.clone(), routers: shaded, radios, ..WeatherSpec::of(Climate::Phoenix) };
    run.weather = Some(weather.clone());
    let sites = [0, 1].map(SiteId).into_iter().collect();
    let mut heat = Heat::of(&run, &Hours::of(&run).expect("weather"), &sites, 915.0).expect("weather");
    let sky = Sky::of(&weather, run.seed).expect("a climate");
    // Each 10 minutes of 20 days.
    let moments: Vec<u64> = (0..20 * 144).map(|n| 600 * n).collect();
    let air: Vec<f64> = moments.iter().map(|&s| sky.at(run.dlms.start_unix_s as f64 + s as f64).air_c).collect();
    let mut lost = |&s: &u64| {
        let of = heat.link(end(1), end(0), SimTime::from_secs(s)).expect("healthy crystals");
        of.loss_db + of.noise_db
    };
    let loss: Vec<f64> = moments.iter().map(&mut lost).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let together = |lag: usize| {
        let (a, l) = (&air[..air.len() - lag], &loss[lag..]);
        let (of_a, of_l) = (mean(a), mean(l));
        a.iter().zip(l).map(|(a, l)| (a - of_a) * (l - of_l)).sum::<f64>() / a.len() as f64
    };
    let best = (0..=12).max_by(|a, b| together(*a).total_cmp(&together(*b))).expect("lags");
    assert!((30..=50).contains(&(10 * best)), "{} min", 10 * best);
}
