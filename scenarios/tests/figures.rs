//! Figures that the head-end keeps itself, against the rows that the border routers write.

use amitwin_data::rows::TransactionKind;
use amitwin_data::summary::Verdict;
use amitwin_scenarios::drive::{Unwatched, VariantRun, run, run_variant};
use amitwin_scenarios::{Scenario, load_text};
use amitwin_sim_core::Local;
use std::path::Path;

fn scenario(push: &str) -> Scenario {
    let text = format!(
        r#"name = "town"
duration = "1h"
placement = {{ generator = "suburb", meters = 120, gateways = 1 }}
traffic = {{ push = "{push}" }}
[[gate]]
metric = "push_delay"
stat = "p95"
max = "10min"
[[gate]]
metric = "push_delay"
stat = "p50"
max = "1ms"
"#
    );
    load_text(&text, "town.toml", Path::new("."), &[], None).unwrap_or_else(|error| panic!("{error}"))
}

/// The run, and the delay of each report that arrived, ascending, s.
fn ran(scenario: &Scenario) -> (VariantRun, Vec<f64>) {
    let mut delays = Vec::new();
    let sink = |rows: &mut amitwin_data::rows::Rows| {
        let pushes = rows.transactions.iter().filter(|row| row.kind == TransactionKind::Push);
        delays.extend(pushes.filter_map(|row| Some(row.answered_s? - row.planned_s)));
        Ok(())
    };
    let run = run_variant(&scenario.variants[0], 0, Local, sink, &Unwatched).expect("it runs");
    delays.sort_by(f64::total_cmp);
    (run, delays)
}

#[test]
fn delays_of_reports_are_those_of_their_rows() {
    let (run, delays) = ran(&scenario("5min"));
    assert!(delays.len() > 1000, "{} reports", delays.len());
    for (key, share) in [("push_delay_p50_s", 0.5), ("push_delay_p95_s", 0.95), ("push_delay_p99_s", 0.99)] {
        let figure = run.summary.metrics[key].expect(key);
        let exact = delays[(share * delays.len() as f64).ceil() as usize - 1];
        // The histogram keeps two digits of whole milliseconds.
        assert!((figure - exact).abs() <= 0.01 * exact + 0.001, "{key}: {figure} s, by the rows {exact} s");
    }
    assert_eq!(run.summary.metrics["duplicate_reports"], Some(0.0), "nobody was reset");
}

#[test]
fn gates_judge_delays_and_without_reports_there_are_none() {
    for (push, verdicts) in [("5min", [Verdict::Pass, Verdict::Breach]), ("off", [Verdict::NoData, Verdict::NoData])] {
        let scenario = scenario(push);
        let outcome = run(&scenario, &scenario.select(&[]).expect("all"), None, None, |_| Local, &Unwatched);
        let found: Vec<Verdict> = outcome.summary.gates.iter().map(|gate| gate.verdict).collect();
        assert_eq!(found, verdicts, "push = {push}");
    }
}
