//! Figures of the weather, of boxes under it, and of radios in the heat.

use super::{Figure, Group, Tolerance};
use amitwin_maintenance::heat::effective_air_c;
use amitwin_models::climate::{City, Enclosure, Sky, effective_c};
use amitwin_models::medium::mesh::radio::crystal::{drift_ppm, offset_loss_db, window_hz};
use amitwin_models::spec::Climate;
use amitwin_scenarios::plan::climate_of;

const START: f64 = 1_767_225_600.0;
const YEARS: usize = 30;
const HOURS: usize = YEARS * 8_766;

/// All of them.
pub fn groups() -> Vec<Group> {
    vec![weather(), boxes(), effective(), crystals()]
}

/// Amplitude of a series of hours at so many turns an hour.
fn amplitude(series: &[f64], turns_an_hour: f64) -> f64 {
    let part = |quarter: f64| {
        let turn = |n: usize| (std::f64::consts::TAU * (turns_an_hour * n as f64 + quarter)).cos();
        2.0 * series.iter().enumerate().map(|(n, t)| t * turn(n)).sum::<f64>() / series.len() as f64
    };
    part(0.0).hypot(part(0.25))
}

fn weather() -> Group {
    let figures = Climate::ALL.into_iter().flat_map(|climate| {
        let (city, sky) = (City::of(climate), Sky::new(climate, 1));
        let air: Vec<f64> = (0..HOURS).map(|n| sky.at(START + 3_600.0 * n as f64).air_c).collect();
        let mean = air.iter().sum::<f64>() / HOURS as f64;
        let (year, day) = (amplitude(&air, 1.0 / 8_765.82), amplitude(&air, 1.0 / 24.0));
        let square = air.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / HOURS as f64;
        let rest = (square - (year.powi(2) + day.powi(2) + city.half_year_k.powi(2)) / 2.0).sqrt();
        let of = |what: &str, expected, unit, tolerance, measured| {
            Figure::new(format!("{climate:?}: {what}"), expected, unit, tolerance, measured)
        };
        [
            of("mean", city.mean_c, "C", Tolerance::Within(0.3), mean),
            of("amplitude over the year", city.year.0, "K", Tolerance::Within(0.3), year),
            of("amplitude over the day", city.day.0, "K", Tolerance::Within(0.3), day),
            of("rest, standard deviation", city.rest.0, "K", Tolerance::Share(0.1), rest),
        ]
    });
    Group {
        title: "Thirty years of weather",
        source: "EPW files of typical years (PyPI accim-samples, CityEnergyAnalyst) and daily files of Phoenix and Chicago, by fits to them",
        how: "hours of 30 years drawn and fitted again",
        why: "",
        figures: figures.collect(),
    }
}

fn boxes() -> Group {
    let figures = [(2_400.0, 0.985, 39.6), (5_400.0, 0.931, 85.8)].into_iter().flat_map(|(lag_s, gain, later_min)| {
        let enclosure = Enclosure { sun_k: 0.0, self_heating_k: 0.0, lag_s, wall: None };
        let sky = Sky::new(Climate::Sydney, 1);
        let hours = 0..400 * 24;
        let part = |of: &dyn Fn(f64) -> f64| {
            let sum = |quarter: f64| {
                let term = |n: i32| {
                    of(START + 3_600.0 * f64::from(n)) * (std::f64::consts::TAU * (f64::from(n) / 24.0 + quarter)).cos()
                };
                hours.clone().map(term).sum::<f64>()
            };
            let (cos, sin) = (sum(0.0), sum(-0.25));
            (cos.hypot(sin), sin.atan2(cos) * 1_440.0 / std::f64::consts::TAU)
        };
        let (air, board) = (part(&|s| sky.at(s).air_c), part(&|s| enclosure.board_c(&sky, s)));
        let name = |what: &str| format!("{:.0} min: {what}", lag_s / 60.0);
        [
            Figure::new(name("gain of a day"), gain, "", Tolerance::Share(0.01), board.0 / air.0),
            Figure::new(
                name("a board is later than the air by"),
                later_min,
                "min",
                Tolerance::Within(2.0),
                board.1 - air.1,
            ),
        ]
    });
    let sky = Sky::new(Climate::Phoenix, 3);
    let enclosure = Enclosure { sun_k: 25.0, self_heating_k: 8.0, lag_s: 2_400.0, wall: None };
    let (mut board, mut worst) = (enclosure.board_c(&sky, START), 0.0f64);
    for minute in 0..60 * 1_440 {
        let now = START + 60.0 * f64::from(minute);
        let settled = enclosure.settled_c(sky.at(now + 30.0));
        board = settled + (board - settled) * (-60.0 / enclosure.lag_s).exp();
        worst = worst.max((board - enclosure.board_c(&sky, now + 60.0)).abs());
    }
    let worst = Figure::new("closed form against minutes, worst of 60 days", 0.0, "K", Tolerance::Within(0.3), worst);
    Group {
        title: "Boards in boxes",
        source: "a body of first order: 1 / sqrt(1 + (w lag)^2) and atan(w lag) / w; its integral minute by minute",
        how: "400 days of air in Sydney; a dark box in the sun of Phoenix",
        why: "",
        figures: figures.chain([worst]).collect(),
    }
}

fn effective() -> Group {
    let cities =
        [(Climate::Ahmedabad, 29.08), (Climate::Singapore, 27.83), (Climate::Seville, 22.91), (Climate::London, 11.52)];
    let figures = cities.into_iter().flat_map(|(climate, expected)| {
        let sky = Sky::new(climate, 1);
        let drawn = effective_c((0..HOURS).map(|n| sky.at(START + 3_600.0 * n as f64).air_c));
        let closed = effective_air_c(&climate_of(&City::of(climate)));
        let of =
            |what: &str, is| Figure::new(format!("{climate:?}, {what}"), expected, "C", Tolerance::Within(0.3), is);
        [of("closed form", closed), of("30 years drawn", drawn)]
    });
    Group {
        title: "Temperatures that age as fast",
        source: "hourly EPW files of the four cities: 10 lg2 of the mean of 2^(T / 10)",
        how: "the closed form of the fitted terms, and hours of 30 years drawn from them",
        why: "",
        figures: figures.collect(),
    }
}

fn crystals() -> Group {
    // -5.08 a u - 0.45e-3 u^2 + 1.086e-4 u^3 by hand, a = 1/30 degree, u = T - 25 K: at -40 C 11.007 - 1.901 - 29.824.
    let drift = [(-40.0, -20.72), (45.0, -2.70), (60.0, -1.82), (85.0, 11.68)].map(|(board_c, ppm)| {
        let what = format!("crystal cut 2 minutes of arc off, {board_c} C");
        Figure::new(what, ppm, "ppm", Tolerance::Share(0.01), drift_ppm(2.0 / 60.0, board_c))
    });
    let offsets = [(10.0f32, 0.33), (20.0, 1.33), (30.0, 2.99)].map(|(ppm, loss_db)| {
        let cost = offset_loss_db(2.0 * ppm * 915.0, window_hz(50_000)).map_or(f64::INFINITY, f64::from);
        Figure::new(format!("both ends {ppm} ppm off, opposite, 50 kb/s"), loss_db, "dB", Tolerance::Share(0.01), cost)
    });
    Group {
        title: "Crystals and carriers",
        source: "Gerber and Ballato's curve of AT crystals; windows of receivers in TI SWRA122D",
        how: "the functions of the radio",
        why: "",
        figures: drift.into_iter().chain(offsets).collect(),
    }
}
