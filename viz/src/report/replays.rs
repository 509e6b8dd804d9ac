//! What became of the logs that a run replays.

use crate::human;
use crate::svg::escape;
use crate::view::RunView;
use amitwin_data::summary::{ReplaySummary, Unknown};
use std::fmt::Write;

/// What is counted of a log.
type Count = (&'static str, fn(&ReplaySummary) -> u64);

/// What nobody knows of a log: its name, and how to find it.
type Strange = (&'static str, fn(&ReplaySummary) -> &Unknown);

const COUNTS: [Count; 13] = [
    ("lines", |log| log.lines),
    ("outages that happen", |log| log.outages),
    ("restarts that happen", |log| log.restarts),
    ("commands that are sent", |log| log.commands),
    ("times of a wrong voltage", |log| log.voltages),
    ("not to be played", |log| log.ignored),
    ("said again", |log| log.repeated),
    ("outside of the run", |log| log.outside),
    ("restarts that meters do by themselves", |log| log.by_themselves),
    ("of firmware without a campaign", |log| log.imageless),
    ("commands to what is no meter", |log| log.not_meters),
    ("unknown codes", |log| log.unknown_codes.lines),
    ("unknown devices", |log| log.unknown_devices.lines),
];

/// A table of all logs, and what of them nobody knows; nothing without a log.
pub fn section(run: &RunView) -> String {
    let logs: Vec<(&str, &ReplaySummary)> = run
        .summary
        .variants
        .iter()
        .flat_map(|variant| variant.replays.iter().map(|log| (variant.name.as_str(), log)))
        .collect();
    if logs.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<section>\n<h2>Replayed logs</h2>\n<div class=\"scroll\">\n<table class=\"results\">\n<thead><tr><th></th>",
    );
    for (variant, log) in &logs {
        let _ = write!(out, "<th scope=\"col\">{}: {}</th>", escape(variant), escape(&log.name));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for (label, count) in COUNTS.iter().filter(|(_, count)| logs.iter().any(|(_, log)| count(log) > 0)) {
        let _ = write!(out, "<tr><th scope=\"row\">{label}</th>");
        for (_, log) in &logs {
            let _ = write!(out, "<td>{}</td>", human::count(count(log) as f64));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    let unknown: [Strange; 2] =
        [("Unknown codes", |log| &log.unknown_codes), ("Unknown devices", |log| &log.unknown_devices)];
    for (title, of) in unknown {
        // Variants that replay the same log tell the same of it.
        let mut told: Vec<(&str, String)> = Vec::new();
        for (_, log) in logs.iter().filter(|(_, log)| of(log).lines > 0) {
            let line = (log.name.as_str(), of(log).list());
            if !told.contains(&line) {
                told.push(line);
            }
        }
        for (name, list) in told {
            let _ = writeln!(out, "<p>{title} of {}, with the lines of each: {}.</p>", escape(name), escape(&list));
        }
    }
    out.push_str("</section>\n");
    out
}
