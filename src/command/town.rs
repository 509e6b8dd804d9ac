//! `amitwin plan FILE --at DATE`: the fleet of a plan at a date as a scenario for `run`.

use crate::cli::{Format, Scenario};
use crate::failure::{Invalid, Usage};
use crate::shell;
use crate::talk::Talk;
use amitwin_data::files::FileError;
use amitwin_scenarios::plan::{Plan, Variant, town};
use amitwin_viz::human;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What the scenario is called in its directory.
const SCENARIO: &str = "scenario.toml";

/// Runs the plan to the date, writes the directory, tells what is in it.
pub fn write(plan: &Plan, variants: &[&Variant], at: &str, options: &Scenario, talk: &Talk) -> anyhow::Result<u8> {
    let [variant] = variants else {
        let names: Vec<&str> = variants.iter().map(|v| v.name.as_str()).collect();
        let text = format!("--at takes one variant; choose it with --variant, one of: {}", names.join(", "));
        return Err(Usage(text).into());
    };
    let Some(dir) = &options.output else {
        return Err(Usage("--at needs a directory; name it with -o".to_owned()).into());
    };
    check_free(dir, options.force)?;
    let found = town(plan, variant, at).map_err(|error| Invalid(error.to_string()))?;
    fs::create_dir_all(dir).map_err(|e| FileError::io(dir, "create the directory", e))?;
    for (name, text) in &found.files {
        let path = dir.join(name);
        fs::write(&path, text).map_err(|e| FileError::io(&path, "write the scenario", e))?;
    }
    found.notes.iter().for_each(|note| talk.note(note));
    let file = dir.join(SCENARIO);
    match options.format {
        Format::Table => {
            let meters = human::plural(found.meters, "meter");
            talk.print(&format!(
                "{}: {meters} on {at}, {} do not send; of the others {} have water in the case, and {} are refused for their certificates\n",
                file.display(),
                found.off,
                found.wet,
                found.refused
            ))?;
        }
        Format::Json => talk.print_json(&json!({
            "refused": found.refused,
            "left_out": found.left_out.iter().map(|(effect, count)| (effect.as_str(), count)).collect::<BTreeMap<_, _>>(),
            "scenario": file, "variant": variant.name, "at": at, "seed": plan.seed,
            "meters": found.meters, "off": found.off, "wet": found.wet, "notes": found.notes,
        }))?,
    }
    talk.note(&format!("next: amitwin run {}", shell::path(&file)));
    Ok(0)
}

/// Nothing is written over but what this command wrote, and that only when asked.
fn check_free(dir: &Path, force: bool) -> anyhow::Result<()> {
    let is_empty = match fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(FileError::io(dir, "read the directory", error).into()),
    };
    if is_empty || force && dir.join(SCENARIO).is_file() {
        return Ok(());
    }
    let shown = dir.display();
    let text = match force {
        true => {
            format!("{shown} holds something and no {SCENARIO}, so nothing in it is replaced; choose another directory")
        }
        false => {
            format!("{shown} holds something; choose another directory, or give --force to replace a scenario in it")
        }
    };
    Err(Usage(text).into())
}
