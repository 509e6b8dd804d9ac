//! Registers never fall, quarters sum to them, and customers look like customers.

use super::*;
use crate::crypto::keys::KeyMaster;
use crate::meter::fleet::{CivilTime, Fleet, Vendor};
use crate::meter::local_time::LocalTime;
use proptest::prelude::*;

fn fleet(seed: u64, utc_offset_min: i16) -> Fleet {
    Fleet {
        seed,
        time: CivilTime { start_unix_s: Y2000, local: LocalTime::fixed(utc_offset_min) },
        vendors: vec![Vendor::default()],
        keys: KeyMaster::Test,
        challenge_key: [0; 32],
    }
}

fn first(fleet: &Fleet, who: Customer) -> Meter<'_> {
    let mut meters = (0..).map(|number| Meter { fleet, number });
    meters.find(|&m| customer(m) == who).unwrap()
}

const JANUARY_2026: i64 = 1_767_225_600;

fn whole_day(meter: Meter<'_>, direction: Direction, day: i64) -> u64 {
    let start = JANUARY_2026 + day * DAY_S;
    energy_wh(meter, direction, start + DAY_S) - energy_wh(meter, direction, start)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn registers_never_fall(
        seed: u64, number: u32, offset in -720_i16..=840, from in 900_000_000_i64..20_000_000_000, step in 0_i64..200_000,
    ) {
        let fleet = fleet(seed, offset);
        let meter = Meter { fleet: &fleet, number };
        for direction in [Direction::Import, Direction::Export] {
            let mut last = energy_wh(meter, direction, from);
            for at in [1, 2, 60, 899, 900, 901, 86_399, 86_400, 86_401, 86_400 + step] {
                let now = energy_wh(meter, direction, from + at);
                prop_assert!(now >= last, "{direction:?} {from} + {at}: {last} then {now}");
                last = now;
            }
        }
    }

    #[test]
    fn quarters_sum_to_the_register(
        seed: u64, number: u32, offset in -720_i16..=840, quarter in 1_000_000_i64..3_000_000, count in 1_i64..300,
    ) {
        let fleet = fleet(seed, offset);
        let meter = Meter { fleet: &fleet, number };
        for direction in [Direction::Import, Direction::Export] {
            let sum: u64 = (1..=count).map(|n| interval_wh(meter, direction, (quarter + n) * QUARTER_S)).sum();
            let register = |quarter| energy_wh(meter, direction, quarter * QUARTER_S);
            prop_assert_eq!(sum, register(quarter + count) - register(quarter));
        }
    }

    #[test]
    fn any_time_has_an_answer(seed: u64, number: u32, offset: i16, unix_s: i64) {
        let fleet = fleet(seed, offset);
        let meter = Meter { fleet: &fleet, number };
        for direction in [Direction::Import, Direction::Export] {
            prop_assert!(energy_wh(meter, direction, unix_s) <= energy_wh(meter, direction, i64::MAX));
            prop_assert!(energy_wh(meter, direction, unix_s) >= energy_wh(meter, direction, i64::MIN));
            interval_wh(meter, direction, unix_s);
        }
        prop_assert!((2_100..=2_500).contains(&voltage_dv(meter, unix_s)));
        current_ma(meter, unix_s);
    }
}

/// Every second over the ends of quarters, two-hour blocks and days, where the pieces of the register meet.
#[test]
fn pieces_meet_second_by_second() {
    let fleet = fleet(11, 60);
    for who in [Customer::Household, Customer::Solar, Customer::Commercial] {
        let meter = first(&fleet, who);
        for direction in [Direction::Import, Direction::Export] {
            let mut last = energy_wh(meter, direction, JANUARY_2026 - 1);
            for second in 0..2 * DAY_S {
                let now = energy_wh(meter, direction, JANUARY_2026 + second);
                assert!(now >= last && now - last < 40, "{who:?} {direction:?} {second}: {last} then {now}");
                last = now;
            }
        }
    }
}

#[test]
fn households_use_5_to_30_kwh_on_every_day_and_more_in_winter() {
    let fleet = fleet(3, 0);
    let (mut winter, mut summer) = (0, 0);
    for meter in (0..300).map(|number| Meter { fleet: &fleet, number }) {
        if customer(meter) != Customer::Household {
            continue;
        }
        for day in 0..366 {
            let wh = whole_day(meter, Direction::Import, day);
            assert!((5_000..=30_000).contains(&wh), "meter {} day {day}: {wh} Wh", meter.number);
            match day {
                0..30 => winter += wh,
                181..211 => summer += wh,
                _ => {}
            }
        }
        assert_eq!(energy_wh(meter, Direction::Export, JANUARY_2026), 0);
    }
    assert!((winter as f64 / summer as f64 - 1.18 / 0.82).abs() < 0.2, "{winter} {summer}");
}

#[test]
fn solar_cells_export_by_day_only_and_more_in_summer() {
    let fleet = fleet(4, 120);
    let mut seen = 0;
    for meter in (0..400).map(|number| Meter { fleet: &fleet, number }) {
        if customer(meter) != Customer::Solar {
            continue;
        }
        seen += 1;
        for day in (0..365).step_by(13) {
            let local = |hour: i64| JANUARY_2026 + day * DAY_S + hour * 3_600 - 7_200;
            let exported = |from, to| {
                energy_wh(meter, Direction::Export, local(to)) - energy_wh(meter, Direction::Export, local(from))
            };
            assert_eq!(exported(-5, 6), 0, "meter {} in the night before day {day}", meter.number);
            assert!(exported(10, 15) > 100, "meter {} on day {day}", meter.number);
        }
        let (winter, summer) = (0..30, 157..187);
        let sum = |days: std::ops::Range<i64>| days.map(|day| whole_day(meter, Direction::Export, day)).sum::<u64>();
        assert!(sum(summer) > 2 * sum(winter), "meter {}", meter.number);
    }
    assert!((30..70).contains(&seen), "{seen} of 400 have solar cells");
}

#[test]
fn workplaces_rest_at_the_weekend() {
    let fleet = fleet(5, 0);
    let meter = first(&fleet, Customer::Commercial);
    // 2026-01-01 was a Thursday.
    let mean =
        |weekday: i64| (0..52).map(|week| whole_day(meter, Direction::Import, week * 7 + weekday)).sum::<u64>() / 52;
    let (thursday, sunday) = (mean(0), mean(3));
    assert!((sunday as f64 / thursday as f64 - 0.55 / 1.12).abs() < 0.06, "{thursday} {sunday}");
}

#[test]
fn meters_and_seeds_differ_and_share_the_weather() {
    let (one, two) = (fleet(6, 0), fleet(7, 0));
    let mut days = std::collections::BTreeSet::new();
    for fleet in [&one, &two] {
        for number in 0..500 {
            days.insert(interval_wh_of_a_week(Meter { fleet, number }));
        }
    }
    assert!(days.len() > 995, "{} different weeks of 1000", days.len());
    // Day by day, the sum of many homes swings with the weather; were they independent it would hardly move.
    let homes: Vec<_> = (0..400).map(|number| Meter { fleet: &one, number }).collect();
    let total = |day| {
        homes
            .iter()
            .filter(|&&m| customer(m) == Customer::Household)
            .map(|&m| whole_day(m, Direction::Import, day))
            .sum::<u64>()
    };
    // The same weekday, so that the week plays no part.
    let sums: Vec<f64> = (0..8).map(|week| total(week * 7) as f64).collect();
    let largest = sums.windows(2).map(|w| (w[1] / w[0] - 1.0).abs()).fold(0.0, f64::max);
    assert!(largest > 0.03, "{sums:?}");
}

fn interval_wh_of_a_week(meter: Meter<'_>) -> Vec<u64> {
    (1..=672).map(|n| interval_wh(meter, Direction::Import, JANUARY_2026 + n * QUARTER_S)).collect()
}

#[test]
fn power_is_the_slope_of_the_register_and_current_follows() {
    let fleet = fleet(8, 0);
    for meter in (0..50).map(|number| Meter { fleet: &fleet, number }) {
        for quarter in 0..96 {
            let start = JANUARY_2026 + quarter * QUARTER_S;
            let wh = interval_wh(meter, Direction::Import, start + QUARTER_S) as i64;
            assert!((i64::from(power_w(meter, start + 400)) - 4 * wh).abs() <= 4);
            let phases = if customer(meter) == Customer::Commercial { 3.0 } else { 1.0 };
            let watts = f64::from(current_ma(meter, start)) * f64::from(voltage_dv(meter, start)) * 0.95e-4 * phases;
            let net = f64::from(power_w(meter, start)) - f64::from(export_power_w(meter, start));
            assert!((watts - net.abs()).abs() < 1.0, "{watts} W against {net} W");
        }
    }
}

#[test]
fn the_season_is_a_sine_of_a_year() {
    for day in -1_000..10_000 {
        let exact = 65_536.0 * libm::sin(day as f64 * std::f64::consts::TAU / 365.25);
        assert!((season(day) as f64 - exact).abs() <= 1.0, "{day}: {} against {exact}", season(day));
    }
}
