//! What happened in a run, as the log of a head-end would have it: lines that `[[replay]]` plays again.

use amitwin_data::rows::{EventKind, EventRow};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Names of the columns.
const HEADER: &str = "time_utc,received_utc,device,kind,code,source,detail\n";
/// Power lost, and restored, of a device (IEC 61968-9).
const POWER_DOWN: &str = "3.26.0.47";
const POWER_UP: &str = "3.26.0.216";

/// Outages and restarts of devices, by time and device, as CSV; `names` are the ids of nodes, `start_unix_s` is when the run begins, and
/// `with_codes` says whether codes stand beside words.
pub fn log(mut events: Vec<EventRow>, names: &BTreeMap<u32, String>, start_unix_s: i64, with_codes: bool) -> String {
    // What a node does at one moment stays in order.
    events.sort_by(|a, b| (a.time_s, a.node).partial_cmp(&(b.time_s, b.node)).unwrap_or(std::cmp::Ordering::Equal));
    let mut text = HEADER.to_owned();
    let mut line = |row: &EventRow, kind: &str, code: &str| {
        let ns = i128::from(start_unix_s) * 1_000_000_000 + libm::round(row.time_s * 1e9) as i128;
        let (Ok(at), Some(name)) = (Timestamp::from_nanosecond(ns), names.get(&row.node)) else { return };
        let code = if with_codes { code } else { "" };
        let _ = writeln!(text, "{at},,{},{kind},{code},amitwin,", quoted(name));
    };
    let mut without: BTreeSet<u32> = BTreeSet::new();
    let mut restarts: BTreeMap<u32, f64> = BTreeMap::new();
    let mut activated: BTreeSet<u32> = BTreeSet::new();
    for row in &events {
        match row.kind {
            EventKind::Reset => {
                restarts.insert(row.node, row.time_s);
                line(row, "restart", "");
            }
            EventKind::OnCapacitor => {
                without.insert(row.node);
                line(row, "power-down", POWER_DOWN);
            }
            EventKind::Activated => {
                activated.insert(row.node);
            }
            // A restart switches off as well, with a new image too, and an empty capacitor is no second outage.
            EventKind::PowerDown if activated.remove(&row.node) => {}
            EventKind::PowerDown if restarts.get(&row.node) == Some(&row.time_s) => {}
            EventKind::PowerDown if without.insert(row.node) => line(row, "power-down", POWER_DOWN),
            EventKind::PowerUp if without.remove(&row.node) => line(row, "power-up", POWER_UP),
            _ => {}
        }
    }
    text
}

/// When the run of a resolved scenario begins, seconds since 1970; `None` if it does not say so.
pub fn start_unix_s(resolved: &str) -> Option<i64> {
    let file: toml::Table = resolved.parse().ok()?;
    file.get("dlms")?.get("start")?.as_str()?.parse::<Timestamp>().ok().map(|at| at.as_second())
}

/// A field of CSV.
fn quoted(text: &str) -> String {
    let is_plain = !text.contains(['"', ',', '\n', '\r']);
    if is_plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outages_and_restarts_are_lines_and_nothing_else_is() {
        let row = |time_s: f64, node: u32, kind: EventKind| EventRow { time_s, node, kind, value: 0 };
        let events = vec![
            row(0.0, 3, EventKind::PowerUp),
            row(20.25, 2, EventKind::OnCapacitor),
            row(80.0, 2, EventKind::PowerDown),
            row(90.0, 2, EventKind::PowerUp),
            row(95.0, 2, EventKind::Boot),
            // Another partition.
            row(10.0, 1, EventKind::Reset),
            row(10.0, 1, EventKind::PowerDown),
            row(70.0, 1, EventKind::PowerDown),
            row(30.0, 3, EventKind::Activated),
            row(33.0, 3, EventKind::PowerDown),
            row(60.0, 3, EventKind::Boot),
        ];
        let names = BTreeMap::from([(1, "M,1".to_owned()), (2, "M2".to_owned()), (3, "M3".to_owned())]);
        let expected = "time_utc,received_utc,device,kind,code,source,detail\n\
                        1970-01-01T00:00:11Z,,\"M,1\",restart,,amitwin,\n\
                        1970-01-01T00:00:21.25Z,,M2,power-down,3.26.0.47,amitwin,\n\
                        1970-01-01T00:01:11Z,,\"M,1\",power-down,3.26.0.47,amitwin,\n\
                        1970-01-01T00:01:31Z,,M2,power-up,3.26.0.216,amitwin,\n";
        assert_eq!(log(events, &names, 1, true), expected);
    }
}
