//! `amitwin compare RUN...`: finished runs side by side.

use crate::cli::{Compare, Format};
use crate::talk::Talk;

/// Prints the comparison.
pub fn run(options: &Compare, talk: &Talk) -> anyhow::Result<u8> {
    let comparison = amitwin_viz::compare(&options.runs)?;
    match options.format {
        Format::Table => talk.print(&comparison.table(talk.width, talk.color_out))?,
        Format::Json => talk.print_json(&comparison.to_json())?,
    }
    Ok(0)
}
