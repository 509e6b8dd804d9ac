//! What `sweep` and `find` have in common: the scenario as a source of cases, and threads. What takes runs alone refuses their directories.

use crate::failure::Invalid;
use crate::talk::Talk;
use amitwin_data::files::{self, FileError, REPORT};
use amitwin_data::sweep::{CaseSummary, named};
use amitwin_scenarios::Override;
use amitwin_scenarios::study::Source;
use amitwin_viz::human;
use anyhow::Context;
use rayon::ThreadPool;
use std::fs;
use std::path::Path;

/// Refuses the directory of a study where one of a run is wanted.
pub fn refuse(dir: &Path) -> Result<(), Invalid> {
    match files::study(dir) {
        Ok(Some(_)) => {}
        Err(FileError::UnfinishedStudy { .. }) => {
            return Err(Invalid(format!(
                "{}: this is a study that has not ended, not a run; the command that began it goes on with --resume and then writes \
                 its report.html",
                dir.display()
            )));
        }
        _ => return Ok(()),
    }
    let report = dir.join(REPORT);
    Err(Invalid(format!(
        "{}: this is a study, not a run; its report is {}, which the command that made it draws again with --resume. `amitwin compare` \
         takes studies",
        dir.display(),
        report.display()
    )))
}

/// The scenario of a file, and what is changed in every case.
pub fn source(file: &Path, set: &[Override], seed: Option<u64>, variants: &[String]) -> Result<Source, Invalid> {
    let name = file.display().to_string();
    let text = fs::read_to_string(file).map_err(|error| Invalid(format!("{name} cannot be read: {error}")))?;
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(Source {
        text,
        file: name,
        dir: dir.to_owned(),
        set: set.to_vec(),
        seed,
        seeds: None,
        variants: variants.to_vec(),
    })
}

/// Tells of the cases that make no scenario, also who asked for quiet.
pub fn tell_invalid(cases: &[CaseSummary], talk: &Talk) {
    for case in cases {
        if let Some(why) = &case.invalid {
            talk.error(&format!("case {} is invalid:\n{}", human::one_line(&named(&case.settings)), why.trim_end()));
        }
    }
}

/// So many threads, or one for each processor.
pub fn threads(wanted: Option<u16>) -> anyhow::Result<ThreadPool> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(wanted.map_or(0, usize::from)).build();
    pool.context("the worker threads could not be started; ask for fewer with --threads")
}
