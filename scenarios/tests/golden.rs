//! The results of small scenarios as a table in the repository, so that a changed model shows as a diff.
//!
//! `UPDATE_GOLDEN=1 cargo test -p amitwin-scenarios --test golden` writes the table anew.

use amitwin_data::summary::VariantSummary;
use amitwin_scenarios::drive::{Unwatched, run_variant};
use amitwin_scenarios::load_text;
use amitwin_sim_core::Local;
use rayon::prelude::*;
use std::path::Path;

/// Name, and what the file says after the name.
const SCENARIOS: &[(&str, &str)] = &[
    (
        "line",
        r#"duration = "1h"
placement = { generator = "line", meters = 10, gateways = 1, spacing = "60 m" }
traffic = { push = "5min" }
[[variant]]
name = "50 kb/s"
[[variant]]
name = "300 kb/s"
set = { "radio.phy" = "5" }
[[variant]]
name = "one channel"
set = { "mac.hopping" = false }
"#,
    ),
    (
        "village",
        r#"duration = "1h"
placement = { file = "../data/sets/village.csv" }
[[campaign]]
name = "reset"
kind = "reset"
at = "10min"
window = ["10s", "60s"]
"#,
    ),
    (
        "suburb",
        r#"duration = "1h"
placement = { generator = "suburb", meters = 300, gateways = 1 }
traffic = { push = "15min" }
[[campaign]]
name = "reset"
kind = "reset"
at = "10min"
window = ["10s", "60s"]
[[variant]]
name = "broadcast"
[[variant]]
name = "unicast"
set = { "campaign.reset.delivery" = "unicast" }
[[variant]]
name = "clusters of 50"
set = { "campaign.reset.clusters" = { size = 50, gap = ["10s", "60s"] } }
[[variant]]
name = "computed"
set = { "campaign.reset.window" = "auto" }
"#,
    ),
    (
        "tiers",
        r#"duration = "30min"
placement = { generator = "old-town", meters = 60, gateways = 1 }
[[campaign]]
name = "reset"
kind = "reset"
at = "6min"
window = ["10s", "60s"]
[[variant]]
name = "soft"
set = { "campaign.reset.tier" = "soft" }
[[variant]]
name = "warm"
[[variant]]
name = "cold"
set = { "campaign.reset.tier" = "cold" }
[[variant]]
name = "warm, heartbeat"
set = { "campaign.reset.back" = "heartbeat" }
[[variant]]
name = "warm, one channel"
set = { "mac.hopping" = false }
"#,
    ),
    (
        "three routers",
        r#"duration = "30min"
placement = { generator = "suburb", meters = 180, gateways = 3 }
traffic = { push = "5min" }
[[campaign]]
name = "reset"
kind = "reset"
at = "6min"
window = ["10s", "60s"]
[[variant]]
name = "window"
[[variant]]
name = "exact"
set = { "coupling.meshes" = "exact" }
"#,
    ),
    (
        "reads and pings",
        r#"duration = "40min"
placement = { generator = "suburb", meters = 60, gateways = 1 }
[[read]]
name = "registers"
what = "registers"
every = "15min"
[[campaign]]
name = "clocks"
kind = "ping"
at = "10min"
window = "5min"
[[variant]]
name = "mesh"
[[variant]]
name = "ideal"
set = { medium = "ideal" }
"#,
    ),
    (
        "events",
        r#"duration = "40min"
placement = { generator = "suburb", meters = 60, gateways = 2 }
traffic = { push = "5min" }
[[event]]
name = "router"
act = "router-fails"
at = "12min"
for = "10min"
target = { ids = ["G0001"] }
[[event]]
name = "rain"
act = "extra-loss"
loss = "10 dB"
at = "8min"
until = "20min"
target = { share = 0.3 }
[[variant]]
name = "mesh"
[[variant]]
name = "exact"
set = { "coupling.meshes" = "exact" }
[[variant]]
name = "ideal"
set = { medium = "ideal" }
"#,
    ),
];

const FILE: &str = "golden/small.md";
const COMMAND: &str = "UPDATE_GOLDEN=1 cargo test -p amitwin-scenarios --test golden";

fn row(scenario: &str, of: &VariantSummary) -> String {
    let metric = |name: &str| of.metrics.get(name).copied().flatten();
    let text = |name: &str, digits: usize| metric(name).map_or("-".to_owned(), |value| format!("{value:.digits$}"));
    let percent = |name: &str| metric(name).map_or("-".to_owned(), |value| format!("{:.2} %", 100.0 * value));
    format!(
        "| {scenario} | {} | {} | {} | {} | {} | {} | {} | {} | {} | `{}` |",
        of.name,
        of.meters,
        text("back", 0),
        text("rejoin_p50_s", 1),
        text("rejoin_p95_s", 1),
        percent("push_delivered_share"),
        percent("border_router_busy_share"),
        text("frames", 0),
        text("dropped", 0),
        &of.fingerprint[..16],
    )
}

fn table() -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let jobs: Vec<_> = SCENARIOS
        .iter()
        .flat_map(|(name, text)| {
            let text = format!("name = \"{name}\"\n{text}");
            let scenario = load_text(&text, "golden.toml", here, &[], None).unwrap_or_else(|error| panic!("{error}"));
            scenario.variants.into_iter().map(|variant| (*name, variant)).collect::<Vec<_>>()
        })
        .collect();
    let rows: Vec<String> = jobs
        .par_iter()
        .map(|(name, variant)| {
            row(name, &run_variant(variant, 0, Local, |_| Ok(()), &Unwatched).expect("it runs").summary)
        })
        .collect();
    format!(
        "# Small scenarios\n\nWritten by `{COMMAND}`; the scenarios stand in `scenarios/tests/golden.rs`. A change here is \
         a change of results: say in CHANGELOG.md why.\n\n\
         | scenario | variant | meters | back | rejoin p50, s | rejoin p95, s | reports delivered | border router busy | \
         frames | dropped | fingerprint |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n{}\n",
        rows.join("\n")
    )
}

/// Lines that only one of the two has, the older first.
fn difference(old: &str, new: &str) -> String {
    let only = |of: &str, other: &str, sign: char| -> Vec<String> {
        of.lines().filter(|line| !other.lines().any(|l| l == *line)).map(|line| format!("{sign}{line}")).collect()
    };
    [only(old, new, '-'), only(new, old, '+')].concat().join("\n")
}

#[test]
fn small_scenarios_give_what_they_gave() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let new = table();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, new).unwrap_or_else(|error| panic!("{FILE} cannot be written: {error}"));
        return;
    }
    let old = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        old == new,
        "the results of small scenarios are not those of scenarios/{FILE}:\n{}\nIf the model was meant to change, run\n  \
         {COMMAND}\nlook at the diff, and say in CHANGELOG.md what changed.",
        difference(&old, &new)
    );
}

#[test]
fn a_changed_row_is_shown_as_a_diff() {
    assert_eq!(difference("head\n| a | 1 |\n", "head\n| a | 2 |\n"), "-| a | 1 |\n+| a | 2 |");
    assert_eq!(difference("same\n", "same\n"), "");
}
