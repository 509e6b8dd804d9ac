//! `amitwin schema`: what editors complete and check scenario files with.

use crate::talk::Talk;
use amitwin_scenarios::json_schema;

/// Prints the JSON Schema.
pub fn run(talk: &Talk) -> anyhow::Result<u8> {
    talk.print_json(&json_schema())?;
    Ok(0)
}
