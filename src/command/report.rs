//! `amitwin report RUN`: the report, drawn again.

use super::study;
use crate::cli::{Format, Report};
use crate::failure::{INVALID, MISMATCH};
use crate::talk::Talk;
use amitwin_data::files::{FileError, REPORT, RunDir};
use serde_json::json;
use std::path::Path;

/// Checks the files, writes report.html and prints where it is; says so if the run is incomplete.
pub fn run(options: &Report, talk: &Talk) -> anyhow::Result<u8> {
    study::refuse(&options.of.run)?;
    let run = RunDir::open_any(&options.of.run)?;
    run.is_at_rest()?;
    if !options.unchecked {
        let mut problems = run.verify()?.problems;
        // It is drawn anew. Whoever was killed wrote no list of its files.
        problems.retain(|problem| problem.path != REPORT && (run.manifest.complete || !run.manifest.files.is_empty()));
        for problem in &problems {
            talk.error(&format!("{}: {}", run.path.join(&problem.path).display(), problem.what));
        }
        if !problems.is_empty() {
            talk.error(&format!(
                "{}: files are not as the run wrote them, so no report was drawn. Run the scenario again, restore the \
                 files, or draw it all the same with --unchecked",
                run.path.display()
            ));
            return Ok(MISMATCH);
        }
    }
    let path = amitwin_viz::write_report(&options.of.run)?;
    let folder = options.pictures.as_deref();
    let pictures = folder.map(|folder| amitwin_viz::write_pictures(&options.of.run, folder)).transpose()?;
    let shown = |path: &Path| path.display().to_string();
    let pictures: Vec<String> = pictures.iter().flatten().map(|path| shown(path)).collect();
    match options.of.format {
        Format::Table => {
            talk.print(&[vec![shown(&path)], pictures].concat().iter().map(|p| format!("{p}\n")).collect::<String>())?
        }
        Format::Json => talk.print_json(&json!({
            "report": shown(&path), "pictures": pictures, "complete": run.manifest.complete,
        }))?,
    }
    if !run.manifest.complete {
        let status = run.summary.status.word();
        talk.error(&FileError::Incomplete { path: run.path, status }.to_string());
        return Ok(INVALID);
    }
    Ok(0)
}
