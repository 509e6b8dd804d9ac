//! `amitwin export` and `[[replay]]`: what happened in a run happens again.

use amitwin_testkit::folders::folder;
use amitwin_testkit::program::{run, summary};
use amitwin_testkit::tools::duckdb;
use std::fs;
use std::process::Command;

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
    run(here.path(), &["run", "small.toml", "-o", "first"]).expect(0);
    run(here.path(), &["export", "events", "first", "--cim", "-o", "log.csv"]).expect(0).tells(&["log.csv: "]);
    let mut log = fs::read_to_string(here.path().join("log.csv")).expect("a log");
    assert!(log.contains(",M000001,power-down,3.26.0.47,amitwin,"), "{log}");
    assert!(log.contains(",restart,,amitwin,"), "{log}");
    run(here.path(), &["export", "events", "first", "-o", "log.csv"]).expect(1).tells(&["log.csv", "File exists"]);
    // What a head-end logs besides is told, and changes nothing.
    for line in ["M000003,,3.2.22.150", "M000003,odd,", "M9,,3.26.0.47"] {
        log += &format!("2026-01-01T00:11:00Z,,{line},x,\n");
    }
    fs::write(here.path().join("log.csv"), log).expect("written");
    let again = format!("{TOWN}[[replay]]\nname = \"log\"\nfile = \"log.csv\"\n");
    fs::write(here.path().join("again.toml"), again).expect("written");
    let told = ["1 not to be played", "(odd: 1)", "(M9: 1)"];
    run(here.path(), &["run", "again.toml", "-o", "second"]).expect(0).tells(&told);
    let print = |run: &str| summary(&here.path().join(run)).fingerprint;
    assert_eq!(print("first"), print("second"));
    // Moved, the run has its log with it.
    fs::remove_file(here.path().join("log.csv")).expect("removed");
    run(here.path(), &["run", "second/scenario.resolved.toml", "-o", "third"]).expect(0);
    assert_eq!(print("third"), print("second"));
}

/// As a data frame writes it, with moments as such and columns of its own names.
#[test]
fn the_same_log_as_parquet_comes_to_the_same() {
    let Some(python) = duckdb() else { return };
    let here = folder(&format!("{TOWN}{EVENTS}"));
    run(here.path(), &["run", "small.toml", "-o", "first"]).expect(0);
    run(here.path(), &["export", "events", "first", "--cim", "-o", "log.csv"]).expect(0);
    let packed = "import duckdb; duckdb.sql(\"copy (select time_utc::timestamptz as moment, device as serial, kind, code::varchar as code from \
                  read_csv('log.csv', all_varchar = true)) to 'log.parquet'\")";
    let done = Command::new(python).args(["-c", packed]).current_dir(here.path()).output().expect("Python runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let columns = "columns = { time_utc = \"moment\", device = \"serial\" }";
    let again = format!("{TOWN}[[replay]]\nname = \"log\"\nfile = \"log.parquet\"\n{columns}\n");
    fs::write(here.path().join("again.toml"), &again).expect("written");
    run(here.path(), &["run", "again.toml", "-o", "second"]).expect(0);
    let print = |run: &str| summary(&here.path().join(run)).fingerprint;
    assert_eq!(print("first"), print("second"));
    let wrong = again.replace("\"serial\"", "\"number\"");
    fs::write(here.path().join("again.toml"), wrong).expect("written");
    let told = ["the log `log.parquet` has no column 'number', which `columns` calls device"];
    run(here.path(), &["check", "again.toml"]).expect(3).tells(&told);
}

#[test]
fn a_log_that_cannot_be_played_says_why() {
    let here = folder(&format!("{TOWN}[[replay]]\nname = \"log\"\nfile = \"log.csv\"\n"));
    let refused = |log: &str, words: &[&str]| {
        fs::write(here.path().join("log.csv"), log).expect("written");
        run(here.path(), &["check", "small.toml"]).expect(3).tells(words);
    };
    refused("device,code\nM000001,3.26.0.47\n", &["has no column 'time_utc'"]);
    refused("time,device,code\nnoon,M000001,3.26.0.47\n", &["line 2 of the log `log.csv` has no time: \"noon\""]);
    fs::remove_file(here.path().join("log.csv")).expect("removed");
    run(here.path(), &["check", "small.toml"]).expect(3).tells(&["the log `log.csv` cannot be read"]);
}
