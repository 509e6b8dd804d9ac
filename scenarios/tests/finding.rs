//! The main finding of the library's mass reset, from the mechanics: the manual's 10 to 60 s make 5,000 meters behind one
//! border router collapse, a window computed from its air time does not.

use amitwin_scenarios::drive::{Unwatched, VariantRun, run_variant};
use amitwin_scenarios::{Override, Scenario, load};
use rayon::prelude::*;
use std::path::Path;

const MANUAL: &str = "manual: 10-60 s";
const COMPUTED: &str = "computed";

fn scenario(settings: &[&str]) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("library/mass-reset.toml");
    let set: Vec<Override> = settings.iter().map(|s| s.parse().expect("a setting")).collect();
    load(&path, &set, None).unwrap_or_else(|error| panic!("{error}"))
}

fn metric(run: &VariantRun, name: &str) -> Option<f64> {
    run.summary.metrics.get(name).copied().flatten()
}

#[test]
fn the_manuals_window_collapses_and_the_computed_one_does_not() {
    let scenario = scenario(&[]);
    let names = [MANUAL.to_owned(), COMPUTED.to_owned()];
    let variants = scenario.select(&names).expect("the library has both");
    let runs: Vec<VariantRun> = variants
        .par_iter()
        .enumerate()
        .map(|(n, variant)| run_variant(variant, n, |_| Ok(()), &Unwatched).expect("it runs"))
        .collect();
    for run in &runs {
        let name = &run.summary.name;
        assert!(run.complete, "'{name}'");
        assert_eq!((run.summary.meters, metric(run, "commanded")), (5000, Some(5000.0)), "'{name}'");
        let outcomes: f64 = ["back", "pending", "failed"].iter().map(|key| metric(run, key).expect(key)).sum();
        assert_eq!(outcomes, 5000.0, "'{name}': {:?}", run.summary.metrics);
    }
    let [manual, computed] = &runs[..] else { panic!("{} runs", runs.len()) };
    assert_eq!((manual.summary.name.as_str(), computed.summary.name.as_str()), (MANUAL, COMPUTED));
    let (p50, p95, minute) = ("rejoin_p50_s", "rejoin_p95_s", 60.0);
    let over = |key, limit| metric(manual, key).is_none_or(|s| s > limit);
    assert!(over(p50, 20.0 * minute) && over(p95, 40.0 * minute), "{:?}", manual.summary.metrics);
    let under = |key, limit| metric(computed, key).is_some_and(|s| s < limit);
    assert!(under(p50, 5.0 * minute) && under(p95, 20.0 * minute), "{:?}", computed.summary.metrics);
    let window = metric(computed, "reset_window_s").expect("it resets");
    assert!((45.0 * minute..65.0 * minute).contains(&window), "about an hour, not half of one: {window} s");
}

#[test]
fn half_an_hour_holds_for_meters_that_keep_their_lease() {
    let scenario = scenario(&["mesh.lease=kept", "campaign.reset.busy_share=20%"]);
    let variants = scenario.select(&[COMPUTED.to_owned()]).expect("the library has it");
    let run = run_variant(variants[0], 0, |_| Ok(()), &Unwatched).expect("it runs");
    let (minute, metric) = (60.0, |key| metric(&run, key).expect(key));
    assert!((28.0 * minute..32.0 * minute).contains(&metric("reset_window_s")), "{:?}", run.summary.metrics);
    assert_eq!(metric("back"), 5000.0);
    assert!(
        metric("rejoin_p50_s") < 3.0 * minute && metric("rejoin_p95_s") < 15.0 * minute,
        "{:?}",
        run.summary.metrics
    );
    assert!(metric("rejoin_p99_s") < 25.0 * minute, "{:?}", run.summary.metrics);
}
