//! `amitwin report RUN`: the report, drawn again.

use crate::cli::{Format, OneRun};
use crate::talk::Talk;
use serde_json::json;

/// Writes report.html and prints where it is.
pub fn run(options: &OneRun, talk: &Talk) -> anyhow::Result<u8> {
    let path = amitwin_viz::write_report(&options.run)?;
    match options.format {
        Format::Table => talk.print(&format!("{}\n", path.display()))?,
        Format::Json => talk.print_json(&json!({ "report": path.display().to_string() }))?,
    }
    Ok(0)
}
