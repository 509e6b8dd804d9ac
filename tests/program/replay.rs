//! `amitwin export` and `[[replay]]`: what happened in a run happens again.

use amitwin_testkit::folders::folder;
use amitwin_testkit::program::{run, summary};
use amitwin_testkit::tools::duckdb;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
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

/// What a head-end told its meters: relays, a setting, resets one by one and by a flood, clocks, reads by schedule and on demand, and an image.
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
[[read]]
name = "asked"
what = "registers"
at = "13min"
parallel = 10
clusters = true
attempts = 2
timeout = "20s"
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
parallel = 3
[[campaign]]
name = "one by one"
kind = "reset"
delivery = "unicast"
at = "5min"
window = ["0s", "60s"]
back = "heartbeat"
give_up_after = "4min"
[[campaign]]
name = "some"
kind = "reset"
tier = "soft"
delivery = "unicast"
at = "11min"
clusters = { size = 2, gap = ["5s", "30s"] }
target = { ids = ["M000020", "M000021", "M000022", "M000023", "M000024", "M000025"] }
[[campaign]]
name = "clocks"
kind = "ping"
at = "14min"
window = "1min"
[[campaign]]
name = "all"
kind = "reset"
tier = "cold"
at = "24min"
window = ["10s", "60s"]
[[campaign]]
name = "tariff"
kind = "write"
what = "price"
value = 2875
delivery = "broadcast"
at = "4min"
settle = "30s"
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
[[campaign]]
name = "v3"
kind = "firmware"
preset = "dlms"
at = "19min"
image = "2 kB"
target = { ids = ["M000020", "M000021"] }
"#;

/// The figures of a run, but for what a log comes to and how many events the engine had: a schedule has timers where a log has turns.
fn figures(run: &Path) -> BTreeMap<String, Option<f64>> {
    let metrics = summary(run).variants[0].metrics.clone();
    metrics
        .iter()
        .filter(|(name, _)| *name != "events" && !name.starts_with("replay_"))
        .map(|(name, value)| (name.clone(), *value))
        .collect()
}

#[test]
fn commands_of_a_log_are_sent_again_and_do_the_same() {
    let here = folder(&format!("{TOWN}{COMMANDS}{IMAGE}{EVENTS}"));
    run(here.path(), &["run", "small.toml", "-o", "first"]).expect(0);
    run(here.path(), &["export", "events", "first", "--cim", "-o", "log.csv"]).expect(0);
    let log = fs::read_to_string(here.path().join("log.csv")).expect("a log");
    let count = |words: &str| log.lines().filter(|line| line.contains(words)).count();
    assert_eq!(count(",disconnect,3.31.0.68,amitwin,campaign=off"), 3);
    assert_eq!(count("M000001,reconnect,3.31.0.42,amitwin,campaign=on"), 1);
    assert_eq!(
        (
            count(",write,,amitwin,push-retries=5"),
            count(",write,,amitwin,price=2875 broadcast"),
            count(",ping,,amitwin,")
        ),
        (60, 60, 60)
    );
    // All meters one by one, six of them again, and all by one flood, which leaves five minutes before the first is to restart.
    assert_eq!(
        (count(",reset,,amitwin,warm heartbeat"), count(",reset,,amitwin,soft"), count(",firmware,")),
        (60, 6, 6)
    );
    let line =
        "2026-01-01T00:04:00Z,,M000007,write,,amitwin,price=2875 broadcast window=1min settle=30s campaign=tariff";
    assert!(log.lines().any(|told| told == line), "{log}");
    let flooded: Vec<&str> = log.lines().filter(|line| line.contains(",reset,,amitwin,cold due=")).collect();
    let left_at_19 = |line: &&str| {
        line.starts_with("2026-01-01T00:19:00Z,")
            && line.ends_with("broadcast start=2026-01-01T00:24:00Z window=1min campaign=all")
    };
    assert_eq!((flooded.len(), flooded.iter().filter(|line| left_at_19(line)).count()), (60, 60), "{log}");
    // One restarts to the bottom by itself; whatever a command brings about is told by the command.
    assert_eq!(count(",restart,,amitwin,cold"), 1);
    let town = format!("{TOWN}[dlms]\npayload = \"sized\"\n[[replay]]\nname = \"log\"\nfile = \"log.csv\"\n");
    let played = format!("{town}firmware = \"v2\"\n{IMAGE}");
    fs::write(here.path().join("again.toml"), &played).expect("written");
    run(here.path(), &["run", "again.toml", "-o", "second"]).expect(0);
    let (first, second) = (figures(&here.path().join("first")), figures(&here.path().join("second")));
    assert!(first["rejoin_p50_s"].is_some() && first["firmware_done"] > Some(0.0) && first["retries"] > Some(0.0));
    assert_eq!(first, second);
    // A log of the run that has played it is the same log.
    run(here.path(), &["export", "events", "second", "--cim", "-o", "again.csv"]).expect(0);
    assert_eq!(fs::read_to_string(here.path().join("again.csv")).expect("a log"), log);
    // Without a campaign to go by nobody knows which image is meant.
    fs::write(here.path().join("none.toml"), &town).expect("written");
    run(here.path(), &["check", "none.toml"])
        .expect(0)
        .tells(&["6 of firmware, for which replay.NAME.firmware has to name"]);
    let other = format!("{town}firmware = \"v4\"\n{IMAGE}");
    fs::write(here.path().join("other.toml"), other).expect("written");
    run(here.path(), &["check", "other.toml"]).expect(3).tells(&["has no firmware campaign `v4` to go by"]);
}

/// Sessions wait for a limited head-end: the log has when each was wanted, and it waits for as long again.
#[test]
fn what_waited_for_a_limited_head_end_waits_again() {
    const LIMITED: &str = r#"
[head_end]
sessions_per_second = 0.5
permits = { open = 5 }
retry = { after = "10s", cap = "60s" }
[dlms]
payload = "sized"
"#;
    const ALL: &str = r#"
[[campaign]]
name = "clocks"
kind = "ping"
at = "2min"
window = "10s"
[[campaign]]
name = "night"
kind = "reset"
delivery = "unicast"
at = "5min"
window = ["0s", "30s"]
"#;
    let here = folder(&format!("{TOWN}{LIMITED}{ALL}"));
    run(here.path(), &["run", "small.toml", "-o", "first"]).expect(0);
    run(here.path(), &["export", "events", "first", "-o", "log.csv"]).expect(0);
    let again = format!("{TOWN}{LIMITED}[[replay]]\nname = \"log\"\nfile = \"log.csv\"\n");
    fs::write(here.path().join("again.toml"), again).expect("written");
    run(here.path(), &["run", "again.toml", "-o", "second"]).expect(0).tells(&["and 120 commands happen"]);
    let (first, second) = (figures(&here.path().join("first")), figures(&here.path().join("second")));
    // 60 sessions within 10 s at one every 2 s: the last begins 108 s late, if no other is in its way.
    assert!(first["session_wait_max_s"] >= Some(100.0), "{first:?}");
    assert_eq!(first, second);
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
    let told = [
        "the log `log.parquet` has no column 'number', which is to be its device; its columns are moment, serial, kind, code, detail",
    ];
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
    refused(
        "time,device,code\nnoon,M000001,3.26.0.47\n",
        &["the log `log.csv` has a line without a time: line 2 \"noon\""],
    );
    // Of thirteen the first ten.
    let bad: String = (1..=13).map(|n| format!("{n} o'clock,M000001,3.26.0.47\n")).collect();
    let told =
        ["lines without a time: line 2 \"1 o'clock\", line 3 \"2 o'clock\"", "line 11 \"10 o'clock\", and 3 more"];
    refused(&format!("time,device,code\n{bad}"), &told);
    fs::remove_file(here.path().join("log.csv")).expect("removed");
    run(here.path(), &["check", "small.toml"]).expect(3).tells(&["the log `log.csv` cannot be read"]);
}

/// Who does not answer a reset is given up and gets a visit; a crew restarts the meter, in the run and in its replay.
#[test]
fn visits_of_crews_are_made_again_and_not_twice() {
    const CREWS: &str =
        "[technicians]\nshift = [\"0h\", \"24h\"]\n[dlms]\npayload = \"sized\"\n[backhaul]\nloss = \"20 %\"\n";
    const NIGHT: &str = "[[campaign]]\nname = \"night\"\nkind = \"reset\"\ndelivery = \"unicast\"\nback = \"heartbeat\"\nat = \"2min\"\nwindow = [\"0s\", \"60s\"]\ngive_up_after = \"5min\"\nvisit = true\n";
    // Long enough for every crew to be done.
    let town = TOWN.replace("30min", "9h");
    let here = folder(&format!("{town}{CREWS}{NIGHT}"));
    run(here.path(), &["run", "small.toml", "-o", "first"]).expect(0);
    run(here.path(), &["export", "events", "first", "-o", "log.csv"]).expect(0);
    let log = fs::read_to_string(here.path().join("log.csv")).expect("a log");
    let visits = log.lines().filter(|line| line.ends_with(",restart,,amitwin,visit")).count();
    assert!(visits > 0, "{log}");
    let again = format!("{town}{CREWS}[[replay]]\nname = \"log\"\nfile = \"log.csv\"\n");
    fs::write(here.path().join("again.toml"), again).expect("written");
    let told = format!("{visits} restarts of meters that hang or brown out, or by crews");
    run(here.path(), &["run", "again.toml", "-o", "second"]).expect(0).tells(&[&told]);
    let (first, second) = (figures(&here.path().join("first")), figures(&here.path().join("second")));
    assert_eq!(first["field_visits"], Some(visits as f64));
    assert_eq!(first, second);
}
