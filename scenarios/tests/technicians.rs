//! Waves of resets and technicians in the language: the figures of a run.

use amitwin_data::metrics::Values;
use amitwin_scenarios::drive::{Unwatched, run_variant};
use amitwin_scenarios::load_text;
use amitwin_sim_core::Local;
use std::path::Path;

/// 40 meters over the ideal medium, of whom every fourth has no supply; the run begins at 6 o'clock.
fn figures(campaign: &str) -> Values {
    let text = format!(
        r#"name = "town"
duration = "12h"
medium = "ideal"
placement = {{ generator = "grid", meters = 40, gateways = 1 }}
[dlms]
start = "2026-03-02T06:00:00Z"
[[dlms.vendor]]
name = "dark"
[[dlms.vendor]]
name = "second"
[[dlms.vendor]]
name = "third"
[[dlms.vendor]]
name = "fourth"
[[event]]
name = "dark"
act = "power-off"
at = "0s"
target = {{ vintage = "dark" }}
[technicians]
crews = 1
travel = ["10min", "10min"]
travel_per_km = "0s"
work = ["20min", "20min"]
[[campaign]]
name = "reset"
kind = "reset"
delivery = "unicast"
at = "10min"
window = ["0s", "1min"]
give_up_after = "300s"
{campaign}
"#
    );
    let scenario = load_text(&text, "town.toml", Path::new("."), &[], None)
        .unwrap_or_else(|error| panic!("{}", error.render(false)));
    run_variant(&scenario.variants[0], 0, Local, |_| Ok(()), &Unwatched).expect("it runs").summary.metrics
}

#[test]
fn crews_work_in_their_shift_and_what_is_left_is_told() {
    let metrics = figures("visit = true");
    let of = |key: &str| metrics.get(key).copied().flatten();
    // Site 0 is the border router: the tenth part of the 40 meters that is of its kind are the sites 4, 8, ... 40.
    assert_eq!((of("commanded"), of("back"), of("failed")), (Some(40.0), Some(30.0), Some(10.0)));
    // They are given up from 06:15 to 06:16. The crew sets out at 07:00, is there at 07:10 and takes half an hour for each; until 16:00 that is enough.
    assert_eq!(
        (of("field_visits"), of("field_visits_open"), of("field_visits_spared")),
        (Some(10.0), Some(0.0), Some(0.0))
    );
    assert_eq!(of("field_visits_needless_share"), Some(0.0));
    // The fifth of ten is reached at 07:10 and two hours, and was given up three hours less some seconds before.
    let median_s = of("field_visit_wait_p50_s").expect("visits");
    let since_s = (9.0 * 60.0 + 10.0 - 6.0 * 60.0 - 15.0) * 60.0;
    assert!((since_s - 60.0..=since_s).contains(&median_s), "{median_s} s");
    assert!(!metrics.contains_key("resets_halted"), "nothing can be halted");
}

#[test]
fn a_fourth_that_fails_halts_the_waves() {
    let metrics = figures("waves = [\"50 %\", \"100 %\"]\nstop_at_failed = \"5 %\"");
    let of = |key: &str| metrics.get(key).copied().flatten();
    // Of the twenty of the first wave one may fail. All of them are commanded within the minute, and nobody after that.
    let (failed, back) = (of("failed").expect("resets"), of("back").expect("resets"));
    assert!(failed >= 2.0 && failed + back == 20.0, "{failed} failed, {back} back");
    assert_eq!((of("resets_halted"), of("pending"), of("commanded")), (Some(20.0), Some(0.0), Some(40.0)));
    assert_eq!(of("field_visits"), Some(0.0), "nobody is called");
}
