//! What a file says of the head-end: presets, what is written out of them, and what has no effect; and what figures and finding say of its limits and roles.

use amitwin_data::rows::{Outcome, TransactionKind};
use amitwin_scenarios::drive::{Unwatched, VariantRun, finding, run_variant};
use amitwin_scenarios::{Override, Scenario, load_text};
use amitwin_sim_core::{Local, SimTime};
use std::path::Path;

const TOWN: &str = "name = \"town\"\nduration = \"2h\"\n[placement]\ngenerator = \"grid\"\nmeters = 25\ngateways = 1\n";

fn read(text: &str, sets: &[&str]) -> Scenario {
    let sets: Vec<Override> = sets.iter().map(|s| s.parse().unwrap()).collect();
    load_text(text, "town.toml", Path::new("."), &sets, None).unwrap_or_else(|error| panic!("{error}"))
}

fn town(more: &str, sets: &[&str]) -> Scenario {
    read(&format!("{TOWN}{more}"), sets)
}

#[test]
fn a_preset_of_the_head_end_fills_in_what_is_not_said_and_is_shown() {
    let gxf = "[head_end]\npreset = \"gxf\"\n[head_end.permits]\nwait = \"30s\"\n";
    let scenario = town(gxf, &["head_end.sessions_per_second=20"]);
    let limits = scenario.variants[0].spec.head_end.clone().expect("limits");
    let permits = limits.permits.clone().expect("permits");
    assert_eq!((limits.sessions_per_second, permits.open, permits.wait), (Some(20.0), 1_000, SimTime::from_secs(30)));
    let retry = limits.retry.clone().expect("pauses");
    assert_eq!([1, 2, 3, 9].map(|tries| retry.pause(tries, 0.9).secs_f64()), [30.0, 60.0, 120.0, 900.0]);
    assert_eq!(limits.broker.as_ref().map(|broker| broker.prefetch), Some(1));
    for line in ["sessions_per_second = 20.0", "again = [\"50s\", \"70s\"]", "after = \"30s\"", "prefetch = 1"] {
        assert!(scenario.resolved_toml.contains(line), "{line}: {}", scenario.resolved_toml);
    }
    let again = read(&scenario.resolved_toml, &[]);
    assert_eq!(again.resolved_toml, scenario.resolved_toml);
    assert_eq!(again.variants[0].spec.head_end.as_ref(), Some(&limits));
    // Where one variant has the preset and the other has not, each finds its own again.
    let two =
        "[head_end]\n[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\nset = { \"head_end.preset\" = \"gxf\" }\n";
    let (scenario, of) =
        (town(two, &[]), |s: &Scenario| s.variants.iter().map(|v| v.spec.head_end.clone()).collect::<Vec<_>>());
    let limits = of(&scenario);
    assert_eq!(limits.iter().flatten().map(|l| l.sessions_per_second).collect::<Vec<_>>(), [None, Some(30.0)]);
    assert_eq!(of(&read(&scenario.resolved_toml, &[])), limits);
    // What a role may not do is told before the run.
    let role = "[head_end]\n[[head_end.role]]\nname = \"reader\"\nmay = [\"ping\"]\n[[read]]\nname = \"r\"\nevery = \"1h\"\nrole = \"reader\"\n";
    let warned = town(role, &[]).warnings;
    assert!(warned.iter().any(|text| text.contains("the role `reader` may not read")), "{warned:?}");
    // A priority where nothing waits says so.
    let warned = town("[[read]]\nname = \"r\"\nevery = \"1h\"\npriority = 9\n", &[]).warnings;
    assert!(warned.iter().any(|text| text.contains("the priority of `r` has no effect")), "{warned:?}");
}

/// The first variant, with the kind and outcome of each transaction, and how many rows the audit has of each kind.
fn ran(scenario: &Scenario) -> (VariantRun, Vec<(TransactionKind, Outcome)>, Vec<TransactionKind>) {
    let (mut rows, mut audit) = (Vec::new(), Vec::new());
    let sink = |batch: &mut amitwin_data::rows::Rows| {
        rows.extend(batch.transactions.iter().map(|row| (row.kind, row.outcome)));
        audit.extend(batch.audit.iter().map(|row| row.kind));
        Ok(())
    };
    let run = run_variant(&scenario.variants[0], 0, Local, sink, &Unwatched).expect("it runs");
    (run, rows, audit)
}

#[test]
fn who_is_kept_from_a_job_by_its_role_counts_once_and_in_no_other_figure() {
    let text = r#"
[head_end]
[[head_end.role]]
name = "none"
may = []
[[read]]
name = "read"
what = "registers"
at = "1min"
every = "1d"
window = "5min"
role = "none"
[[campaign]]
name = "flood"
kind = "reset"
at = "10min"
window = ["0s", "1min"]
role = "none"
[[campaign]]
name = "alone"
kind = "reset"
delivery = "unicast"
at = "20min"
window = ["0s", "1min"]
role = "none"
[[campaign]]
name = "image to each"
kind = "firmware"
delivery = "unicast"
image = "2 kB"
block = "1024 B"
at = "30min"
role = "none"
[[campaign]]
name = "image to all"
kind = "firmware"
image = "2 kB"
at = "40min"
role = "none"
[[campaign]]
name = "keys"
kind = "keys"
at = "50min"
window = "5min"
role = "none"
"#;
    let (run, rows, audit) = ran(&town(text, &["medium=ideal"]));
    // 25 meters, each kept from six things.
    assert_eq!((rows.len(), rows.iter().filter(|row| row.1 == Outcome::Forbidden).count()), (150, 150));
    let metrics = &run.summary.metrics;
    assert_eq!(metrics["forbidden"], Some(150.0));
    let others = ["failed", "firmware_failed", "commands_failed", "reads_failed", "commanded", "firmware_meters"];
    for name in others {
        assert!(metrics.get(name).copied().flatten().unwrap_or(0.0) == 0.0, "{name}: {:?}", metrics.get(name));
    }
    // Two floods are a command each; whatever is said to single meters is one for each of them.
    let of = |kind| audit.iter().filter(|of| **of == kind).count();
    use TransactionKind as K;
    assert_eq!([K::Read, K::Reset, K::Firmware, K::Keys].map(of), [25, 26, 26, 25]);
    assert_eq!(finding(&[run.summary]), None, "nothing was reset");
}

#[test]
fn a_slow_head_end_takes_as_long_as_its_commands_and_loses_nobody() {
    let text = r#"
[head_end]
sessions_per_second = 0.05
[[campaign]]
name = "reset"
kind = "reset"
delivery = "unicast"
at = "10min"
window = ["0s", "0s"]
give_up_after = "5min"
"#;
    let (run, rows, _) = ran(&town(text, &["medium=ideal"]));
    assert!(rows.iter().all(|row| *row == (TransactionKind::Reset, Outcome::Ok)), "{rows:?}");
    // One each 20 s: the last of 25 leaves 480 s after the first.
    assert_eq!(run.summary.metrics["reset_window_s"], Some(480.0));
    assert_eq!((run.summary.metrics["failed"], run.summary.metrics["pending"]), (Some(0.0), Some(0.0)));
    let told = finding(&[run.summary]).expect("a reset");
    assert!(told.starts_with("With all 25 meters reset within 8 min ('base'), a meter is away for "), "{told}");
}
