//! `report.html`: one file that asks nothing of a network, for screen, phone and paper.
//!
//! Everything that comes from a scenario or a table is escaped; a content policy forbids the page to load anything.

mod boards;
mod campaigns;
pub(crate) mod charts;
mod course;
mod head_end;
mod health;
mod load;
mod outages;
pub(crate) mod picture;
mod plan;
mod replays;
mod sections;

use crate::svg::{escape, style};
use crate::view::RunView;
use std::borrow::Cow;
use std::fmt::Write;

const SHEET: &str = include_str!("style.css");

/// Each chart of a report as an SVG file: its name and its text.
pub fn pictures(run: &RunView) -> Vec<(Cow<'static, str>, String)> {
    charts::figures(run).iter().map(|figure| (figure.name.clone(), picture::draw(figure))).collect()
}

/// The report of a run as the text of an HTML file.
pub fn render(run: &RunView) -> String {
    let mut out = page(&run.summary.name);
    for section in [
        sections::head(run),
        sections::results(run),
        charts::all(run),
        outages::section(run),
        campaigns::section(run),
        replays::section(run),
        load::section(run),
        health::section(run),
        sections::gates(run),
        sections::warnings(run),
        sections::unreachable(run),
        sections::tables(run),
        sections::manifest(run),
    ] {
        out.push_str(&section);
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

/// The beginning of a page, up to its first section.
pub(crate) fn page(name: &str) -> String {
    let mut out = String::with_capacity(1 << 18);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{} – amitwin</title>\n<style>\n{}{}</style>\n</head>\n<body>\n<main>\n",
        escape(name),
        style::SHEET,
        SHEET
    );
    out
}

/// What to know before trusting a study, as a section; nothing without.
pub(crate) fn warnings(all: &[String]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut out = format!("<section>\n<h2>Warnings ({})</h2>\n<ul class=\"warnings\">\n", all.len());
    for warning in all {
        let _ = writeln!(out, "<li>{}</li>", escape(warning));
    }
    out.push_str("</ul>\n</section>\n");
    out
}
