//! `amitwin verify RUN`: are the files those that the run wrote?

use super::study;
use crate::cli::{Format, OneRun};
use crate::failure::{INVALID, MISMATCH};
use crate::talk::Talk;
use amitwin_data::files::{FileError, RunDir};
use amitwin_data::summary::Status;
use amitwin_viz::human;
use serde_json::json;

/// Hashes every file and prints what differs.
pub fn run(options: &OneRun, talk: &Talk) -> anyhow::Result<u8> {
    study::refuse(&options.run)?;
    let run = match RunDir::open_any(&options.run) {
        Ok(run) => run,
        // The two small files that describe the run are themselves what is being verified.
        Err(error @ (FileError::Changed { .. } | FileError::Unreadable { .. })) => {
            talk.error(&error.to_string());
            return Ok(MISMATCH);
        }
        Err(error) => return Err(error.into()),
    };
    let found = run.verify()?;
    let fingerprint_differs = run.manifest.complete && run.manifest.fingerprint != run.summary.fingerprint;
    let complete = run.manifest.complete;
    match options.format {
        Format::Table => {
            let mut text = format!(
                "{} as the manifest says ({})\n",
                human::plural(found.files, "file"),
                human::bytes(found.bytes)
            );
            for problem in &found.problems {
                text.push_str(&format!("{}: {}\n", problem.path, problem.what));
            }
            if fingerprint_differs {
                text.push_str("summary.json and manifest.json name different fingerprints\n");
            }
            if complete {
                text.push_str(&format!("fingerprint  {}\n", run.summary.fingerprint));
            }
            talk.print(&text)?;
        }
        Format::Json => {
            let problems: Vec<_> = found.problems.iter().map(|p| json!({ "path": p.path, "what": p.what })).collect();
            talk.print_json(&json!({
                "run": run.path.display().to_string(),
                "complete": complete,
                "files": found.files,
                "bytes": found.bytes,
                "problems": problems,
                "fingerprint": run.summary.fingerprint,
                "fingerprint_matches": !fingerprint_differs,
            }))?;
        }
    }
    // Whoever was killed wrote no list of its files; whoever was interrupted did.
    if !complete && (found.problems.is_empty() || run.summary.status == Status::Running) {
        let status = run.summary.status.word();
        talk.error(&FileError::Incomplete { path: run.path, status }.to_string());
        return Ok(INVALID);
    }
    if !found.problems.is_empty() || fingerprint_differs {
        talk.error(&format!(
            "{}: files are not as the run wrote them, so its results cannot be trusted. \
             Run the scenario again, or restore the files",
            run.path.display()
        ));
        return Ok(MISMATCH);
    }
    Ok(0)
}
