//! What a file says of the head-end: presets, what is written out of them, and what has no effect.

use amitwin_scenarios::{Override, Scenario, load_text};
use amitwin_sim_core::SimTime;
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
