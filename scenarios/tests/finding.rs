//! The main finding of the library's mass reset, from the mechanics: after the manual's 10 to 60 s half of 5,000 meters
//! behind one border router are away for more than three quarters of an hour, over a window computed from its air time for less than
//! the 26 minutes that the timers of their stack make of it: 70 minutes, and half an hour for meters that keep their lease.

use amitwin_scenarios::drive::{Unwatched, VariantRun, finding, run_variant};
use amitwin_scenarios::{Scenario, load};
use amitwin_sim_core::Local;
use rayon::prelude::*;
use std::path::Path;

const MANUAL: &str = "manual: 10-60 s";
const COMPUTED: &str = "computed";
const KEPT: &str = "computed, lease kept";

fn scenario() -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("library/mass-reset.toml");
    load(&path, &[], None).unwrap_or_else(|error| panic!("{error}"))
}

fn metric(run: &VariantRun, name: &str) -> Option<f64> {
    run.summary.metrics.get(name).copied().flatten()
}

#[test]
fn meters_are_away_long_after_the_manuals_window_and_not_after_the_computed_ones() {
    let scenario = scenario();
    let names = [MANUAL, COMPUTED, KEPT].map(str::to_owned);
    let variants = scenario.select(&names).expect("the library has all three");
    let runs: Vec<VariantRun> = variants
        .par_iter()
        .enumerate()
        .map(|(n, variant)| run_variant(variant, n, Local, |_| Ok(()), &Unwatched).expect("it runs"))
        .collect();
    for run in &runs {
        let name = &run.summary.name;
        assert!(run.complete, "'{name}'");
        assert_eq!((run.summary.meters, metric(run, "commanded")), (5000, Some(5000.0)), "'{name}'");
        let outcomes: f64 = ["back", "pending", "failed"].iter().map(|key| metric(run, key).expect(key)).sum();
        assert_eq!(outcomes, 5000.0, "'{name}': {:?}", run.summary.metrics);
    }
    let [manual, computed, kept] = &runs[..] else { panic!("{} runs", runs.len()) };
    let (p50, p95, p99, minute) = ("rejoin_p50_s", "rejoin_p95_s", "rejoin_p99_s", 60.0);
    let over = |key, limit| metric(manual, key).is_none_or(|s| s > limit);
    assert!(over(p50, 40.0 * minute) && over(p95, 60.0 * minute), "{:?}", manual.summary.metrics);
    let under = |run, key, limit| metric(run, key).is_some_and(|s| s < limit);
    let holds = under(computed, p50, 26.0 * minute) && under(computed, p95, 65.0 * minute);
    assert!(holds, "{:?}", computed.summary.metrics);
    let window = metric(computed, "reset_window_s").expect("it resets");
    assert!((60.0 * minute..80.0 * minute).contains(&window), "more than an hour, not half of one: {window} s");
    let holds = under(kept, p50, 28.0 * minute) && under(kept, p95, 55.0 * minute) && under(kept, p99, 65.0 * minute);
    assert!(holds, "{:?}", kept.summary.metrics);
    let window = metric(kept, "reset_window_s").expect("it resets");
    assert!((30.0 * minute..36.0 * minute).contains(&window), "half an hour: {window} s");
    let told = finding(&runs.iter().map(|run| run.summary.clone()).collect::<Vec<_>>()).expect("a finding");
    // The longest absences are those of the stack's timers, whatever the window.
    assert!(told.contains("For all 5,000 meters it hardly matters how they are reset: a meter is away for "), "{told}");
}
