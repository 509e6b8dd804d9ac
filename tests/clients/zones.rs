//! Two stock clients read local time over the wire: the clock with its summer time, and a day of 25 hours.

use amitwin_testkit::serving::Serving;
use amitwin_testkit::tools::{peer, python};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// 2040-10-28 01:00 UTC, the last Sunday of October, when Berlin turns back.
const AUTUMN: i64 = 2_234_998_800;
const HOUR: i64 = 3_600;

/// A state file says up to which second meters were read; they go on from there, whatever the host's clock shows.
fn serve_at(folder: &Path, unix_s: i64) -> Serving {
    let state = folder.join("street.state");
    let more = ["--set", "dlms.utc_offset=Europe/Berlin", "--state", state.to_str().expect("UTF-8")];
    Serving::begin(folder, &more).end();
    let mut bytes = std::fs::read(&state).expect("written");
    // A record of the time has the second at byte 8, and the check of all before it at byte 80.
    let mut record = [0; 80];
    record[..4].copy_from_slice(&(u32::MAX - 1).to_le_bytes());
    record[8..16].copy_from_slice(&unix_s.to_le_bytes());
    bytes.extend_from_slice(&record);
    bytes.extend_from_slice(&blake3::hash(&record).as_bytes()[..8]);
    std::fs::write(&state, bytes).expect("written");
    Serving::begin(folder, &more)
}

fn read(python: &Path, serving: &Serving, meter: u8, package: &str) -> Value {
    let address = serving.address(meter);
    // Midnight before and after the 28th, in summer and in winter time.
    let day = [AUTUMN - 3 * HOUR, AUTUMN + 22 * HOUR].map(|unix_s| unix_s.to_string());
    let mut command = Command::new(python);
    command
        .arg(peer("dlms_zones.py"))
        .arg(package)
        .args(day)
        .args([address.ip().to_string(), address.port().to_string()]);
    command.args(["--client", "1", "--mechanism", "sha256", "--limit", "120"]);
    let output = command.env("PYTHONDONTWRITEBYTECODE", "1").output().expect("python starts");
    assert!(output.status.success(), "{package}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one line of JSON")
}

#[test]
fn stock_clients_read_summer_time_and_a_day_of_25_hours() {
    let Some(python) = python() else { return };
    let here = tempfile::tempdir().expect("a folder");
    // A day and two hours after the turn, in winter time.
    let now = AUTUMN + 26 * HOUR;
    let serving = serve_at(here.path(), now);
    // Meters 1 and 4 are of suite 0.
    let both = [("gurux", 1), ("cosem", 4)].map(|(package, meter)| {
        let said = read(python, &serving, meter, package);
        let clock = |minutes| json!([said["clock"][0], -60, minutes, true]);
        assert_eq!(said["clock"], clock(60), "{package}");
        let off = said["clock"][0].as_i64().expect("seconds") - now;
        assert!((0..300).contains(&off), "{package}: {off} s after the second that was noted");
        // The last Sunday of March at two, of October at three; deviation and status are not specified.
        let dates = json!([0, "ffff03fe07020000008000ff", "ffff0afe07030000008000ff"]);
        assert_eq!(said["dates"], dates, "{package}");
        // 25 hours: 100 quarters after the row of midnight, each 900 s after the other, and two midnights.
        let times = |rows: &Value| -> Vec<i64> {
            rows.as_array().expect("rows").iter().map(|row| row[0].as_i64().expect("seconds")).collect()
        };
        let quarters: Vec<i64> = (0..=100).map(|quarter| AUTUMN - 3 * HOUR + 900 * quarter).collect();
        assert_eq!(times(&said["quarters"]), quarters, "{package}");
        assert_eq!(times(&said["days"]), [AUTUMN - 3 * HOUR, AUTUMN + 22 * HOUR], "{package}");
        // Import at midnight is the same in both profiles.
        for (day, quarter) in [(0, 0), (1, 100)] {
            assert_eq!(said["days"][day][1], said["quarters"][quarter][2], "{package}");
        }
        assert_eq!((&said["after"][3], &said["status"]), (&json!(false), &json!(0)), "{package}: disabled");
        said
    });
    assert_eq!(both[0]["dates"], both[1]["dates"]);
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    // In summer: the meters whose clocks were written to keep winter time over a restart, and others do not.
    let serving = serve_at(here.path(), AUTUMN + (365 - 90) * 24 * HOUR);
    for (package, meter, status) in [("gurux", 1, 0), ("gurux", 7, 0x80), ("cosem", 10, 0x80)] {
        let said = read(python, &serving, meter, package);
        assert_eq!(said["dates"][0], json!(status), "{package}: meter {meter}");
        let off = said["clock"][0].as_i64().expect("seconds") - (AUTUMN + (365 - 90) * 24 * HOUR);
        assert!((0..300).contains(&off), "{package}: meter {meter}: {off} s");
    }
}
