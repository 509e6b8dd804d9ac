//! The climates that plans age by, beside hourly weather files, hours drawn from their own terms, and the sky of a run.

use amitwin_maintenance::climate::Climate;
use amitwin_maintenance::heat::{DOUBLING_K, Enclosure, HeatTable, YEAR_S, effective_air_c};
use amitwin_models::climate::{City, Sky, effective_c};
use amitwin_models::spec::Climate as Name;
use amitwin_scenarios::plan::climate_of;
use amitwin_sim_core::rng::Stream;
use std::f64::consts::TAU;

/// In the air, in the shade, with shields, in a light box and on a dark wall.
const BOXES: [Enclosure; 5] = [
    Enclosure::NONE,
    Enclosure { idle_k: 8.0, sun_k: 0.0 },
    Enclosure { idle_k: 8.0, sun_k: 8.0 },
    Enclosure::LIGHT,
    Enclosure::DARK,
];

/// What hourly files (EPW) come to in these boxes, C: 10 lg2 of the mean of 2^(T / 10), the air of an hour between its ends a line.
const FILES: [(Name, [f64; 5]); 5] = [
    (Name::Ahmedabad, [29.07, 37.07, 39.44, 41.51, 46.03]),
    (Name::Singapore, [27.83, 35.83, 37.71, 39.39, 43.15]),
    (Name::Seville, [22.89, 30.89, 33.60, 36.01, 41.32]),
    (Name::Sydney, [18.73, 26.73, 28.83, 30.72, 34.98]),
    (Name::London, [11.51, 19.51, 20.93, 22.18, 24.92]),
];

fn climate(name: Name) -> Climate {
    climate_of(&City::of(name))
}

fn effective(climate: &Climate, enclosure: Enclosure) -> f64 {
    HeatTable::new(climate, enclosure, DOUBLING_K, 1.0, 240).effective_c(DOUBLING_K)
}

#[test]
fn every_box_ages_as_in_hourly_files() {
    for (name, files) in FILES {
        for (enclosure, hourly) in BOXES.into_iter().zip(files) {
            let found = effective(&climate(name), enclosure);
            assert!((found - hourly).abs() < 0.3, "{name:?}, {enclosure:?}: {found}, not {hourly}");
        }
        let (closed, air) = (effective_air_c(&climate(name)), effective(&climate(name), Enclosure::NONE));
        assert!((closed - air).abs() < 0.15, "{name:?}: {closed} in closed form, {air} by months");
    }
}

/// Normal with mean 0 and variance 1, to the fourth moment nearly: twelve uniform numbers.
fn normal(stream: &mut Stream) -> f64 {
    (0..12).map(|_| stream.unit()).sum::<f64>() - 6.0
}

#[test]
fn months_of_two_skies_age_as_hours_of_many_do() {
    for name in Name::ALL {
        let climate = climate(name);
        let mut stream = Stream::new(7, name as u64, 1);
        let mut inside_c: [Vec<f64>; 5] = Default::default();
        for hour in 0..8 * 8_760 {
            let (day, of_day) = (f64::from(hour / 24 % 365) + 0.5, f64::from(hour % 24) + 0.5);
            let clear = climate.clear_sky_w_m2(day, of_day) / 1_000.0;
            // Skies are clear or dull more often than between: the arcsine law, with mean 0 and variance 1.
            let sky = if clear > 0.0 { 2.0f64.sqrt() * (TAU * stream.unit()).cos() } else { 0.0 };
            let clear_k = if clear > 0.0 { climate.clear_k } else { 0.0 };
            let rest_k = (climate.sd_k * climate.sd_k - clear_k * clear_k).sqrt() * normal(&mut stream);
            let air_c = climate.hour_c(day, of_day) + clear_k * sky + rest_k;
            let sun = clear * (climate.kt_mean + climate.kt_sd * sky).clamp(0.0, 1.1);
            for (hours, enclosure) in inside_c.iter_mut().zip(BOXES) {
                hours.push(air_c + enclosure.idle_k + enclosure.sun_k * sun);
            }
        }
        for (hours, enclosure) in inside_c.into_iter().zip(BOXES) {
            let (drawn, found) = (effective_c(hours), effective(&climate, enclosure));
            assert!((found - drawn).abs() < 0.3, "{name:?}, {enclosure:?}: {found}, not {drawn}");
        }
    }
}

#[test]
fn the_sky_of_a_run_ages_as_that_of_a_plan() {
    for name in Name::ALL {
        let sky = Sky::new(name, 11);
        let hours = (0..30 * 8_766).map(|n| sky.at(1_767_225_600.0 + 3_600.0 * f64::from(n)).air_c);
        let (drawn, closed) = (effective_c(hours), effective_air_c(&climate(name)));
        // Thirty years of 5.3 K for 3 days have a mean with a standard error of 5.3 sqrt(2 x 3 / 10957) = 0.12 K.
        assert!((drawn - closed).abs() < 0.4, "{name:?}: {drawn}, not {closed}");
    }
}

#[test]
fn ahmedabad_ages_four_times_as_fast_as_london() {
    // 46.0 against 24.9 C: 2^2.11 = 4.3.
    let [hot, cool] = [Name::Ahmedabad, Name::London].map(|name| effective(&climate(name), Enclosure::DARK));
    let ratio = ((hot - cool) / 10.0).exp2();
    assert!((ratio / 4.3 - 1.0).abs() < 0.05, "{ratio}");
}

#[test]
fn times_and_ages_are_inverse() {
    for name in Name::ALL {
        let table = HeatTable::new(&climate(name), Enclosure::LIGHT, DOUBLING_K, 90.0, 240);
        for time in [0.0, 1e5, 0.4 * YEAR_S, 7.3 * YEAR_S, 19.99 * YEAR_S] {
            let back = table.when(table.at(time)).expect("within");
            assert!((back - time).abs() < 1.0, "{name:?}: {time} {back}");
        }
        assert_eq!(table.when(table.at(20.0 * YEAR_S) + 1.0), None);
    }
    let calendar = HeatTable::calendar(12);
    assert!((calendar.at(0.5 * YEAR_S) - 0.5 * YEAR_S).abs() < 1e-6);
}
