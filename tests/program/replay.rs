//! `amitwin export` and `[[replay]]`: what happened in a run happens again.

use amitwin_testkit::folders::folder;
use amitwin_testkit::program::{run, summary};
use std::fs;

const TOWN: &str = r#"
name = "town"
duration = "30min"
[placement]
generator = "suburb"
meters = 60
gateways = 2
[traffic]
push = "5min"
[last_gasp]
"#;
const EVENTS: &str = r#"
[[event]]
name = "feeder"
act = "power-off"
at = "10min"
for = "90s"
target = { kind = "meter", share = "30 %" }
[[event]]
name = "street"
act = "power-off"
at = "20min"
target = { ids = ["M000001", "M000002"] }
[[event]]
name = "glitch"
act = "restart"
at = "15min"
target = { kind = "meter", share = "20 %" }
"#;

#[test]
fn a_log_of_a_run_played_again_comes_to_the_same() {
    let here = folder(&format!("{TOWN}{EVENTS}"));
    let first = run(here.path(), ["run", "scenario.toml", "-o", "first"]);
    assert_eq!(first.code, 0, "{}", first.err);
    let exported = run(here.path(), ["export", "events", "first", "--cim", "-o", "log.csv"]);
    assert_eq!(exported.code, 0, "{}", exported.err);
    let mut log = fs::read_to_string(here.path().join("log.csv")).expect("a log");
    assert!(log.contains(",M000001,power-down,3.26.0.47,amitwin,"), "{log}");
    assert!(log.contains(",restart,,amitwin,"), "{log}");
    let again = run(here.path(), ["export", "events", "first", "-o", "log.csv"]);
    assert_eq!(again.code, 1, "it is there already: {}", again.err);
    // What a head-end logs besides is told, and changes nothing.
    log += "2026-01-01T00:11:00Z,,M000003,,3.2.22.150,x,\n2026-01-01T00:11:00Z,,M000003,odd,,x,\n2026-01-01T00:11:00Z,,M9,,3.26.0.47,x,\n";
    fs::write(here.path().join("log.csv"), log).expect("written");
    fs::write(here.path().join("again.toml"), format!("{TOWN}[[replay]]\nname = \"log\"\nfile = \"log.csv\"\n"))
        .expect("written");
    let second = run(here.path(), ["run", "again.toml", "-o", "second"]);
    assert_eq!(second.code, 0, "{}", second.err);
    for told in ["1 not to be played", "(odd: 1)", "(M9: 1)"] {
        assert!(second.err.contains(told), "{told}: {}", second.err);
    }
    let print = |run: &str| summary(&here.path().join(run)).fingerprint;
    assert_eq!(print("first"), print("second"));
    // Moved, the run has its log with it.
    fs::remove_file(here.path().join("log.csv")).expect("removed");
    let resolved = run(here.path(), ["run", "second/scenario.resolved.toml", "-o", "third"]);
    assert_eq!(resolved.code, 0, "{}", resolved.err);
    assert_eq!(print("third"), print("second"));
}

#[test]
fn a_log_that_cannot_be_played_says_why() {
    let here = folder(&format!("{TOWN}[[replay]]\nname = \"log\"\nfile = \"log.csv\"\n"));
    let refused = |log: &str| {
        fs::write(here.path().join("log.csv"), log).expect("written");
        let ran = run(here.path(), ["check", "scenario.toml"]);
        assert_eq!(ran.code, 3, "{}", ran.err);
        ran.err
    };
    assert!(refused("device,code\nM000001,3.26.0.47\n").contains("has no column 'time_utc'"));
    assert!(
        refused("time,device,code\nnoon,M000001,3.26.0.47\n")
            .contains("line 2 of the log `log.csv` has no time: \"noon\"")
    );
    fs::remove_file(here.path().join("log.csv")).expect("removed");
    let missing = run(here.path(), ["check", "scenario.toml"]);
    assert!(missing.code == 3 && missing.err.contains("the log `log.csv` cannot be read"), "{}", missing.err);
}
