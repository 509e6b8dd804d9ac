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
name = "sag"
act = "voltage"
level = 0.85
at = "8min"
for = "5min"
target = { ids = ["M000003", "M000004"] }
[[event]]
name = "glitch"
act = "restart"
at = "15min"
target = { kind = "meter", share = "20 %" }
[[event]]
name = "deep"
act = "restart"
tier = "cold"
at = "16min"
target = { ids = ["M000005"] }
"#;

/// Meters restart by themselves as well: half of their applications hang within the half hour, and the supplies of a third sag.
const FAULTS: &str = r#"
[device.hang]
per_year = 10000
watchdog = "60s"
[device.supply]
weak_share = "30 %"
"#;

#[test]
fn a_log_of_meters_that_restart_by_themselves_comes_to_the_same() {
    let here = folder(&format!("{TOWN}{FAULTS}{EVENTS}"));
    run(here.path(), &["run", "small.toml", "-o", "first"]).expect(0);
    run(here.path(), &["export", "events", "first", "-o", "log.csv"]).expect(0);
    let log = fs::read_to_string(here.path().join("log.csv")).expect("a log");
    let count = |how: &str| log.lines().filter(|line| line.ends_with(how)).count();
    let (dogs, sags) = (count("watchdog"), count("brown-out"));
    // Of 60 meters each hangs 0.57 times in half an hour: 34 on average; the last minute's are not restarted yet.
    assert!((20..50).contains(&dogs), "{dogs} restarts by a watchdog");
    assert!(sags > 0 && count("cold") == 1, "{log}");
    let again = format!("{TOWN}{FAULTS}[[replay]]\nname = \"log\"\nfile = \"log.csv\"\n");
    fs::write(here.path().join("again.toml"), again).expect("written");
    let told = format!("{} restarts of meters that hang or brown out", dogs + sags);
    run(here.path(), &["run", "again.toml", "-o", "second"]).expect(0).tells(&[&told]);
    let print = |run: &str| summary(&here.path().join(run)).fingerprint;
    assert_eq!(print("first"), print("second"));
}

#[test]
fn a_log_of_a_run_played_again_comes_to_the_same() {
    let here = folder(&format!("{TOWN}{EVENTS}"));
    run(here.path(), &["run", "small.toml", "-o", "first"]).expect(0);
    run(here.path(), &["export", "events", "first", "--cim", "-o", "log.csv"]).expect(0).tells(&["log.csv: "]);
    let mut log = fs::read_to_string(here.path().join("log.csv")).expect("a log");
    assert!(log.contains(",M000001,power-down,3.26.0.47,amitwin,"), "{log}");
    assert!(log.contains(",restart,,amitwin,warm"), "{log}");
    for line in ["M000003,undervoltage,3.26.38.150,amitwin,0.85", "M000003,voltage-normal,,amitwin,"] {
        assert!(log.contains(line), "{line}: {log}");
    }
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

/// What a head-end told single meters: relays, a setting, a reset, clocks, reads and an image.
const COMMANDS: &str = r#"
[dlms]
payload = "sized"
[[read]]
name = "registers"
what = "registers"
every = "10min"
[[read]]
name = "profile"
what = "profile"
every = "20min"
at = "16min"
window = "1min"
[[campaign]]
name = "off"
kind = "relay"
action = "disconnect"
at = "2min"
window = "1min"
target = { ids = ["M000001", "M000002", "M000003"] }
[[campaign]]
name = "on"
kind = "relay"
action = "reconnect"
at = "12min"
window = "1min"
target = { ids = ["M000001"] }
[[campaign]]
name = "retries"
kind = "write"
what = "push-retries"
value = 5
at = "3min"
window = "1min"
[[campaign]]
name = "some"
kind = "reset"
delivery = "unicast"
at = "5min"
window = ["0s", "60s"]
target = { ids = ["M000020", "M000021", "M000022", "M000023", "M000024", "M000025"] }
[[campaign]]
name = "clocks"
kind = "ping"
at = "14min"
window = "1min"
"#;
const IMAGE: &str = r#"
[[campaign]]
name = "v2"
kind = "firmware"
preset = "dlms"
at = "18min"
image = "1 kB"
target = { ids = ["M000010", "M000011", "M000012", "M000013"] }
"#;

#[test]
fn commands_of_a_log_are_sent_again_and_do_the_same() {
    let here = folder(&format!("{TOWN}{COMMANDS}{IMAGE}"));
    run(here.path(), &["run", "small.toml", "-o", "first"]).expect(0);
    run(here.path(), &["export", "events", "first", "--cim", "-o", "log.csv"]).expect(0);
    let log = fs::read_to_string(here.path().join("log.csv")).expect("a log");
    let count = |words: &str| log.lines().filter(|line| line.contains(words)).count();
    assert_eq!(count(",disconnect,3.31.0.68,amitwin,"), 3);
    assert_eq!(count("M000001,reconnect,3.31.0.42,amitwin,"), 1);
    assert_eq!((count(",write,,amitwin,push-retries=5"), count(",ping,,amitwin,")), (60, 60));
    assert_eq!((count(",reset,,amitwin,warm"), count(",restart,")), (6, 0), "a reset is told once: {log}");
    assert_eq!(count(",firmware,,amitwin,v2"), 4);
    let town = format!("{TOWN}[dlms]\npayload = \"sized\"\n[[replay]]\nname = \"log\"\nfile = \"log.csv\"\n");
    let played = format!("{town}firmware = \"v2\"\n{IMAGE}");
    fs::write(here.path().join("again.toml"), &played).expect("written");
    run(here.path(), &["run", "again.toml", "-o", "second"]).expect(0).tells(&["0 outages, 0 restarts and"]);
    let figures = |run: &str| {
        let summary = summary(&here.path().join(run));
        let metrics = &summary.variants[0].metrics;
        let of = |name: &str| format!("{name} {:?}", metrics.get(name).expect(name));
        [
            "relays_open",
            "relay_moves",
            "pings",
            "ping_answered_share",
            "reads",
            "read_success_share",
            "profile_rows",
            "commanded",
            "firmware_meters",
            "firmware_done",
            "firmware_blocks",
        ]
        .map(of)
    };
    assert_eq!(figures("first"), figures("second"));
    // A log of the run that has played it is the same log, but for images: each begins when its meter says that it takes it, an exchange after it was told.
    run(here.path(), &["export", "events", "second", "--cim", "-o", "again.csv"]).expect(0);
    let again = fs::read_to_string(here.path().join("again.csv")).expect("a log");
    let others =
        |log: &str| log.lines().filter(|line| !line.contains(",firmware,")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(others(&again), others(&log));
    // Without a campaign to go by nobody knows which image is meant.
    fs::write(here.path().join("none.toml"), &town).expect("written");
    run(here.path(), &["check", "none.toml"])
        .expect(0)
        .tells(&["4 of firmware, for which replay.NAME.firmware has to name"]);
    let other = format!("{town}firmware = \"v3\"\n{IMAGE}");
    fs::write(here.path().join("other.toml"), other).expect("written");
    run(here.path(), &["check", "other.toml"]).expect(3).tells(&["has no firmware campaign `v3` to go by"]);
}

/// As a data frame writes it, with moments as such and columns of its own names.
#[test]
fn the_same_log_as_parquet_comes_to_the_same() {
    let Some(python) = duckdb() else { return };
    let here = folder(&format!("{TOWN}{EVENTS}"));
    run(here.path(), &["run", "small.toml", "-o", "first"]).expect(0);
    run(here.path(), &["export", "events", "first", "--cim", "-o", "log.csv"]).expect(0);
    let packed = "import duckdb; duckdb.sql(\"copy (select time_utc::timestamptz as moment, device as serial, kind, code::varchar as code, detail from \
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
