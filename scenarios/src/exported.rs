//! What happened in a run, as the log of a head-end would have it: lines that `[[replay]]` plays again.

mod commands;

pub use commands::{Jobs, is_command};

use amitwin_data::rows::{EventKind, EventRow, TransactionRow};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Names of the columns.
const HEADER: &str = "time_utc,received_utc,device,kind,code,source,detail\n";
/// Power lost, and restored, of a device (IEC 61968-9).
const POWER_DOWN: &str = "3.26.0.47";
const POWER_UP: &str = "3.26.0.216";
/// A remote connect switch disconnected, and connected.
const DISCONNECTED: &str = "3.31.0.68";
const CONNECTED: &str = "3.31.0.42";

/// Values of [`EventKind::Reset`] (`amitwin_dlms::vocabulary::ResetTier`).
const SOFT: i32 = 0;
const COLD: i32 = 2;
/// Undervoltage, and overvoltage.
const UNDERVOLTAGE: &str = "3.26.38.150";
const OVERVOLTAGE: &str = "3.26.38.93";

/// What happened in a run.
pub struct Happened<'a> {
    /// Rows of events.
    pub events: Vec<EventRow>,
    /// Rows of transactions that are commands ([`is_command`]).
    pub commands: Vec<TransactionRow>,
    /// The jobs that they belong to, if there are any.
    pub jobs: Option<Jobs>,
    /// When crews stood before meters, which they restart: node, s.
    pub visits: &'a [(u32, f64)],
    /// Ids of nodes.
    pub names: &'a BTreeMap<u32, String>,
    /// When the run begins, seconds since 1970.
    pub start_unix_s: i64,
}

/// A line of a log: when, s after the start, of which node, what, with which code and which detail.
type Line = (f64, u32, &'static str, &'static str, String);

/// Outages and restarts of devices, and commands to single ones, by time and device, as CSV; `with_codes` says whether codes stand beside words.
pub fn log(happened: Happened<'_>, with_codes: bool) -> String {
    let Happened { events, commands, jobs, visits, names, start_unix_s } = happened;
    // A restart that follows from a command is part of it.
    let ns = |s: f64| libm::round(s * 1e9) as i64;
    let mut told: BTreeSet<(u32, i64)> = BTreeSet::new();
    let mut lines: Vec<Line> = Vec::new();
    for row in &commands {
        let Some((told_s, kind, detail)) = jobs.as_ref().and_then(|jobs| jobs.line(row)) else { continue };
        told.extend(row.reset_s.map(|reset_s| (row.node, ns(reset_s))));
        let code = match kind {
            "disconnect" => DISCONNECTED,
            "reconnect" => CONNECTED,
            _ => "",
        };
        lines.push((told_s, row.node, kind, code, detail));
    }
    let visited: BTreeSet<(u32, i64)> = visits.iter().map(|&(node, s)| (node, ns(s))).collect();
    let is_told = |node, s| told.contains(&(node, ns(s)));
    lines.extend(of_devices(events, is_told, |node, s| visited.contains(&(node, ns(s)))));
    // What a node does at one moment stays in order.
    lines.sort_by(|a, b| (a.0, a.1).partial_cmp(&(b.0, b.1)).unwrap_or(std::cmp::Ordering::Equal));
    let mut text = HEADER.to_owned();
    for (time_s, node, kind, code, detail) in &lines {
        let ns = i128::from(start_unix_s) * 1_000_000_000 + i128::from(ns(*time_s));
        let (Ok(at), Some(name)) = (Timestamp::from_nanosecond(ns), names.get(node)) else { continue };
        let code = if with_codes { code } else { "" };
        let _ = writeln!(text, "{at},,{},{kind},{code},amitwin,{}", quoted(name), quoted(detail));
    }
    text
}

/// Outages and restarts of devices, but for restarts that are told already; some are done by crews.
fn of_devices(
    mut events: Vec<EventRow>,
    is_told: impl Fn(u32, f64) -> bool,
    is_visited: impl Fn(u32, f64) -> bool,
) -> Vec<Line> {
    // What a node does at one moment stays in order.
    events.sort_by(|a, b| (a.time_s, a.node).partial_cmp(&(b.time_s, b.node)).unwrap_or(std::cmp::Ordering::Equal));
    let mut lines: Vec<Line> = Vec::new();
    let line = |lines: &mut Vec<Line>, row: &EventRow, kind: &'static str, code: &'static str| {
        lines.push((row.time_s, row.node, kind, code, String::new()));
    };
    let restart = |lines: &mut Vec<Line>, row: &EventRow, how: &str| {
        lines.push((row.time_s, row.node, "restart", "", how.to_owned()));
    };
    let mut hung: BTreeSet<u32> = BTreeSet::new();
    let mut sagged: BTreeMap<u32, f64> = BTreeMap::new();
    let mut without: BTreeSet<u32> = BTreeSet::new();
    let mut restarts: BTreeMap<u32, f64> = BTreeMap::new();
    let mut activated: BTreeSet<u32> = BTreeSet::new();
    for row in &events {
        match row.kind {
            EventKind::Hang => {
                hung.insert(row.node);
            }
            EventKind::Reset => {
                restarts.insert(row.node, row.time_s);
                let hung = hung.remove(&row.node);
                let how = match row.value {
                    _ if is_visited(row.node, row.time_s) => "visit",
                    SOFT => "soft",
                    COLD => "cold",
                    _ if hung => "watchdog",
                    _ => "warm",
                };
                if !is_told(row.node, row.time_s) {
                    restart(&mut lines, row, how);
                }
            }
            EventKind::BrownOut => {
                sagged.insert(row.node, row.time_s);
                restart(&mut lines, row, "brown-out");
            }
            EventKind::OnCapacitor => {
                without.insert(row.node);
                line(&mut lines, row, "power-down", POWER_DOWN);
            }
            EventKind::Activated => {
                activated.insert(row.node);
            }
            // A restart and a brown-out switch off as well, with a new image too, and an empty capacitor is no second outage.
            EventKind::PowerDown if activated.remove(&row.node) => {}
            EventKind::PowerDown if restarts.get(&row.node) == Some(&row.time_s) => {}
            EventKind::PowerDown if sagged.get(&row.node) == Some(&row.time_s) => {}
            EventKind::PowerDown if without.insert(row.node) => line(&mut lines, row, "power-down", POWER_DOWN),
            EventKind::PowerUp if without.remove(&row.node) => line(&mut lines, row, "power-up", POWER_UP),
            EventKind::Voltage => {
                let (kind, code) = match row.value {
                    1_000 => ("voltage-normal", ""),
                    ..1_000 => ("undervoltage", UNDERVOLTAGE),
                    _ => ("overvoltage", OVERVOLTAGE),
                };
                let detail = if row.value == 1_000 { String::new() } else { format!("{}", f64::from(row.value) / 1e3) };
                lines.push((row.time_s, row.node, kind, code, detail));
            }
            _ => {}
        }
    }
    lines
}

/// Names of the logs that a resolved scenario replays.
pub fn replays(resolved: &str) -> Vec<String> {
    let file: toml::Table = resolved.parse().unwrap_or_default();
    let logs = file.get("replay").and_then(toml::Value::as_array).map(Vec::as_slice).unwrap_or_default();
    logs.iter().filter_map(|log| log.get("name")?.as_str().map(str::to_owned)).collect()
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
    use amitwin_data::rows::TransactionKind;

    /// A reset of one after the other, 4 s into the run.
    fn jobs() -> Jobs {
        let file = r#"
            name = "town"
            duration = "1h"
            [placement]
            generator = "suburb"
            meters = 10
            gateways = 1
            [dlms]
            start = "1970-01-01T00:00:01Z"
            [[campaign]]
            name = "night"
            kind = "reset"
            delivery = "unicast"
            at = "4s"
            window = ["0s", "0s"]
        "#;
        let scenario = crate::load_text(file, "town.toml", ".".as_ref(), &[], None).expect("a scenario");
        Jobs::of(&scenario.variants[0].spec, &[], None)
    }

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
                        1970-01-01T00:00:11Z,,\"M,1\",restart,,amitwin,soft\n\
                        1970-01-01T00:00:21.25Z,,M2,power-down,3.26.0.47,amitwin,\n\
                        1970-01-01T00:01:11Z,,\"M,1\",power-down,3.26.0.47,amitwin,\n\
                        1970-01-01T00:01:31Z,,M2,power-up,3.26.0.216,amitwin,\n";
        let happened = |events, commands| Happened {
            events,
            commands,
            jobs: Some(jobs()),
            visits: &[(2, 8.5)],
            names: &names,
            start_unix_s: 1,
        };
        assert_eq!(log(happened(events, Vec::new()), true), expected);
        // A command at 4 s, because of which the meter restarts at 10.5 s, and a restart of which nobody has told it.
        let told = TransactionRow {
            campaign: "night".into(),
            sent_s: Some(4.0),
            reset_s: Some(10.5),
            acknowledged: Some(false),
            ..TransactionRow::new(TransactionKind::Reset, 2, 4.0)
        };
        let events = vec![row(10.5, 2, EventKind::Reset), row(11.0, 2, EventKind::Reset)];
        let expected = "time_utc,received_utc,device,kind,code,source,detail\n\
                        1970-01-01T00:00:05Z,,M2,reset,,amitwin,warm start=1970-01-01T00:00:05Z campaign=night\n\
                        1970-01-01T00:00:12Z,,M2,restart,,amitwin,soft\n";
        assert_eq!(log(happened(events, vec![told]), true), expected);
        // One is restarted by its watchdog, then by a crew, then by somebody else to the bottom; the supply of another sags, which is no outage.
        let reset = |time_s: f64, tier: i32| EventRow { value: tier, ..row(time_s, 2, EventKind::Reset) };
        let events = vec![
            row(5.0, 2, EventKind::Hang),
            reset(8.0, 1),
            row(8.0, 2, EventKind::PowerDown),
            reset(8.5, COLD),
            reset(9.0, COLD),
            row(9.5, 3, EventKind::BrownOut),
            row(9.5, 3, EventKind::PowerDown),
            row(12.0, 3, EventKind::Boot),
        ];
        let expected = "time_utc,received_utc,device,kind,code,source,detail\n\
                        1970-01-01T00:00:09Z,,M2,restart,,amitwin,watchdog\n\
                        1970-01-01T00:00:09.5Z,,M2,restart,,amitwin,visit\n\
                        1970-01-01T00:00:10Z,,M2,restart,,amitwin,cold\n\
                        1970-01-01T00:00:10.5Z,,M3,restart,,amitwin,brown-out\n";
        assert_eq!(log(happened(events, Vec::new()), true), expected);
    }
}
