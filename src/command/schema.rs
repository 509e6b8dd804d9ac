//! `amitwin schema`: what editors complete and check scenario files with.

use crate::cli::{FileKind, Schema};
use crate::talk::Talk;
use amitwin_scenarios::{json_schema, plan};

/// Prints the JSON Schema.
pub fn run(options: &Schema, talk: &Talk) -> anyhow::Result<u8> {
    talk.print_json(&match options.kind {
        FileKind::Scenario => json_schema(),
        FileKind::Plan => plan::json_schema(),
    })?;
    Ok(0)
}
