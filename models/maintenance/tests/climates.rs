//! Effective temperatures beside those of hourly weather files.

use amitwin_maintenance::climate::{Climate, NAMES};
use amitwin_maintenance::heat::{DOUBLING_K, Enclosure, HeatTable, YEAR_S, effective_air_c};

/// Climate, and what hourly files (EPW) come to: in the air, and inside a box on a dark wall.
const HOURLY: [(&str, f64, f64); 4] =
    [("ahmedabad", 29.08, 46.0), ("singapore", 27.83, 43.0), ("seville", 22.91, 41.4), ("london", 11.52, 24.9)];

fn effective(name: &str, enclosure: Enclosure) -> f64 {
    let climate = Climate::named(name).expect("a climate");
    HeatTable::new(&climate, enclosure, DOUBLING_K, 1.0, 240).effective_c(DOUBLING_K)
}

#[test]
fn the_air_ages_as_hourly_files_do() {
    for (name, hourly, _) in HOURLY {
        let found = effective(name, Enclosure::NONE);
        assert!((found - hourly).abs() < 0.3, "{name}: {found}");
        let closed = effective_air_c(&Climate::named(name).expect("a climate"));
        assert!((closed - found).abs() < 0.15, "{name}: {closed} in closed form, {found} by months");
    }
}

#[test]
fn ahmedabad_ages_four_times_as_fast_as_london() {
    // 46.0 against 24.9 C: 2^2.11 = 4.3.
    let ratio = libm::exp2((effective("ahmedabad", Enclosure::DARK) - effective("london", Enclosure::DARK)) / 10.0);
    assert!((ratio / 4.3 - 1.0).abs() < 0.1, "{ratio}");
}

#[test]
fn boxes_in_the_sun() {
    for (name, _, inside) in HOURLY {
        let found = effective(name, Enclosure::DARK);
        // Below 0.3 K in Ahmedabad alone: clouds of the hours are not those of days, and warm hours are sunny ones.
        assert!((found - inside).abs() < 1.1 && found < inside, "{name}: {found}");
    }
}

#[test]
fn times_and_ages_are_inverse() {
    for name in NAMES {
        let climate = Climate::named(name).expect("a climate");
        let table = HeatTable::new(&climate, Enclosure::LIGHT, DOUBLING_K, 90.0, 240);
        for time in [0.0, 1e5, 0.4 * YEAR_S, 7.3 * YEAR_S, 19.99 * YEAR_S] {
            let back = table.when(table.at(time)).expect("within");
            assert!((back - time).abs() < 1.0, "{name}: {time} {back}");
        }
        assert_eq!(table.when(table.at(20.0 * YEAR_S) + 1.0), None);
    }
    let calendar = HeatTable::calendar(12);
    assert!((calendar.at(0.5 * YEAR_S) - 0.5 * YEAR_S).abs() < 1e-6);
}
