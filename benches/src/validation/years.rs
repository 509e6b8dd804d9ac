//! Figures of the radio over years: runs of frames beside a plan's table of other runs.

use super::{Effort, Figure, Group, Tolerance};
use amitwin_data::metrics::Metric;
use amitwin_maintenance::radio::Table;
use amitwin_scenarios::drive::{Unwatched, run_variant};
use amitwin_scenarios::{Override, load_text};
use amitwin_sim_core::Local;
use rayon::prelude::*;
use std::path::Path;

/// The library's sweep.
const SCENARIO: &str = include_str!("../../../scenarios/library/radio-years.toml");
/// Points that are in no table: extra loss, dB, and share off; and the four points of the library's table around each. Towns differ more where more
/// reads are lost, so that there must be more of them: eight leave the distance of table and run a standard error of 0.9 points at the last two.
const LEFT_OUT: [Point; 4] = [
    Point { at: (2.2, 0.08), losses_db: [1.5, 3.0], shares: [0.05, 0.10], seeds: 16 },
    Point { at: (3.7, 0.03), losses_db: [3.0, 4.5], shares: [0.0, 0.05], seeds: 16 },
    Point { at: (5.2, 0.12), losses_db: [4.5, 6.0], shares: [0.10, 0.15], seeds: 64 },
    Point { at: (6.8, 0.17), losses_db: [6.0, 7.5], shares: [0.15, 0.20], seeds: 64 },
];

struct Point {
    at: (f64, f64),
    losses_db: [f64; 2],
    shares: [f64; 2],
    seeds: u64,
}

/// All of them.
pub fn groups(effort: Effort) -> Vec<Group> {
    let figures = LEFT_OUT.iter().map(|point| {
        let (loss_db, off) = point.at;
        let what = format!("read success at {loss_db} dB and {:.0} % off, run and table", 100.0 * off);
        match effort {
            Effort::Quick => Figure { measured: None, ..Figure::new(what, f64::NAN, "%", Tolerance::Within(1.0), 0.0) },
            Effort::Whole => {
                let run = 100.0 * success(loss_db, off, point.seeds);
                Figure::new(what, run, "%", Tolerance::Within(1.0), 100.0 * table(point).at(loss_db, off))
            }
        }
    });
    vec![Group {
        title: "Read success over the years",
        source: "runs of frames at points that no table has: the suburb of radio-years.toml, 16 seeds, and 64 at the last two",
        how: "the table of a plan between its four points around each, from runs with the same seeds",
        why: "The distances have standard errors of 0.2, 0.3, 0.3 and 0.4 points. With eight seeds they were 1.3 and 1.4 points at the last two, which was chance: \
              there they have 0.9 and 1.0. Measured again on 2026-11-30 with what wsrd does in congestion, the last distance is 1.1, above the tolerance by a third of its standard error.",
        figures: figures.collect(),
    }]
}

fn table(point: &Point) -> Table {
    let pairs = point.losses_db.iter().flat_map(|loss_db| point.shares.iter().map(|off| (*loss_db, *off)));
    let points: Vec<_> = pairs.map(|(loss_db, off)| (loss_db, off, success(loss_db, off, point.seeds))).collect();
    Table::new(&points).expect("two by two")
}

/// Mean read success of meters that run.
fn success(loss_db: f64, off: f64, seeds: u64) -> f64 {
    let of = |seed: u64| {
        let set = [("event.weaker.loss", format!("\"{loss_db} dB\"")), ("event.off.target.share", off.to_string())]
            .map(|(key, value)| Override { key: key.to_owned(), value });
        let scenario =
            load_text(SCENARIO, "radio-years.toml", Path::new("."), &set, Some(seed)).expect("the library's");
        let sink = |rows: &mut amitwin_data::rows::Rows| {
            rows.clear();
            Ok(())
        };
        let run = run_variant(&scenario.variants[0], 0, Local, sink, &Unwatched).expect("a run");
        run.summary.metrics.value(Metric::ReadSuccessRunningShare).expect("reads")
    };
    // Seeds side by side, added in their order.
    let all: Vec<f64> = (1..=seeds).into_par_iter().map(of).collect();
    all.iter().sum::<f64>() / seeds as f64
}
