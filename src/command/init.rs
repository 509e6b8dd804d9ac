//! `amitwin init NAME`: a scenario to start from, and the schema beside it.

use crate::cli::Init;
use crate::failure::Usage;
use crate::shell;
use crate::talk::Talk;
use amitwin_data::files::FileError;
use amitwin_scenarios::{TemplateKind, json_schema, load_text, plan, template};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// The schema's name in the first line of templates of scenarios, and of plans.
const SCHEMA: &str = "scenario.schema.json";
const PLAN_SCHEMA: &str = "plan.schema.json";

/// Writes NAME.toml, and the schema if it is not there yet; prints what was written.
pub fn run(options: &Init, talk: &Talk) -> anyhow::Result<u8> {
    let kind: TemplateKind = options.template.parse().map_err(Usage)?;
    let given = match options.name.extension() {
        Some(extension) if extension == "toml" => options.name.with_extension(""),
        _ => options.name.clone(),
    };
    let name = given.file_name().and_then(|n| n.to_str()).ok_or_else(|| {
        let given = options.name.display();
        Usage(format!("`{given}` is no name for a scenario; give a word of letters and digits, such as my-town"))
    })?;
    let mut folder = options.output.clone().unwrap_or_default();
    // To join an empty path would add a slash to messages.
    folder.extend(given.parent().filter(|parent| !parent.as_os_str().is_empty()));
    let path = folder.join(format!("{name}.toml"));
    let text = template(name, kind);
    let shown = path.display().to_string();
    let is_plan = kind == TemplateKind::Plan;
    let checked = if is_plan {
        plan::load_text(&text, &shown, &folder, &[], None).map(drop)
    } else {
        load_text(&text, &shown, &folder, &[], None).map(drop)
    };
    checked.map_err(|error| Usage(format!("`{name}` is no name for a scenario\n{}", error.render(talk.color_err))))?;

    if !folder.as_os_str().is_empty() {
        fs::create_dir_all(&folder).map_err(|e| FileError::io(&folder, "create the directory", e))?;
    }
    match write(&path, &text, options.force) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let text = format!(
                "{shown} is there already; nothing was written. Choose another name, or give --force to replace it"
            );
            return Err(Usage(text).into());
        }
        done => done.map_err(|e| FileError::io(&path, "write the scenario", e))?,
    }
    let mut written = format!("{shown}\n");
    let (schema, known) = if is_plan { (PLAN_SCHEMA, plan::json_schema()) } else { (SCHEMA, json_schema()) };
    let schema = folder.join(schema);
    match write(&schema, &format!("{known:#}\n"), false) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        done => {
            done.map_err(|e| FileError::io(&schema, "write the schema", e))?;
            written.push_str(&format!("{}\n", schema.display()));
        }
    }
    talk.print(&written)?;
    talk.note(&format!("next: amitwin check {}", shell::path(&path)));
    Ok(0)
}

fn write(path: &Path, text: &str, replace: bool) -> io::Result<()> {
    let mut file = match replace {
        true => File::create(path)?,
        false => File::create_new(path)?,
    };
    file.write_all(text.as_bytes())
}
