//! Reads a run directory and draws it: results table, comparison of runs, report.
//!
//! - [`results_table`] and [`results_json`]: a run's [`Summary`](amitwin_data::summary::Summary) for people and programs.
//! - [`compare`]: the same over several runs, with paired differences.
//! - [`report_html`] and [`write_report`]: one page with charts, for which [`read`] fills a [`view::RunView`],
//!   [`series`] turns rows into plain series, and [`svg`] draws them.
//! - [`sweep`]: table and report of a scenario at many settings; [`find`]: of a search for one.
//!
//! Nothing here knows a model: whatever is shown was written by the run.

pub mod campaigns;
pub mod compare;
pub mod course;
pub mod figures;
pub mod find;
pub mod health;
pub mod human;
pub mod load;
pub mod outages;
pub mod over_seeds;
pub mod read;
pub mod report;
pub mod series;
pub mod surroundings;
pub mod svg;
pub mod sweep;
pub mod table;
pub mod traffic;
pub mod view;
pub mod visits;

pub use compare::{Comparison, compare};
pub use table::{results_json, results_table};

use amitwin_data::files::{FileError, REPORT};
use amitwin_data::sweep::SweepSummary;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// What can go wrong while reading and drawing runs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VizError {
    /// A file of a run.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file where a directory is wanted.
    #[error(
        "{}: this is a file, not the directory of a run or a study. Give a directory that `amitwin run`, `sweep` or `find` printed",
        path.display()
    )]
    NoDirectory {
        /// What was given.
        path: PathBuf,
    },
    /// Nothing to compare.
    #[error("no run directory was given, so there is nothing to compare. Give at least one, such as `runs/latest`")]
    NoRuns,
}

/// The report of a run, in whatever state the run is, as the text of an HTML file.
pub fn report_html(run_dir: &Path) -> Result<String, VizError> {
    Ok(report::render(&read::view(&read::open(run_dir)?)?))
}

/// Draws each chart of the report into a file `NAME.svg` of the folder, which is made if it is not there; gives back the paths.
pub fn write_pictures(run_dir: &Path, folder: &Path) -> Result<Vec<PathBuf>, VizError> {
    write_all(report::pictures(&read::view(&read::open(run_dir)?)?), folder)
}

/// Draws each chart of a sweep's report into a file `NAME.svg` of the folder, which is made if it is not there.
pub fn write_sweep_pictures(sweep: &SweepSummary, folder: &Path) -> Result<(), VizError> {
    write_all(sweep::pictures(sweep), folder).map(|_| ())
}

fn write_all(drawn: Vec<(Cow<'static, str>, String)>, folder: &Path) -> Result<Vec<PathBuf>, VizError> {
    std::fs::create_dir_all(folder).map_err(|e| FileError::io(folder, "make the folder", e))?;
    let write = |(name, text): (Cow<'static, str>, String)| {
        let path = folder.join(format!("{name}.svg"));
        std::fs::write(&path, text).map_err(|e| FileError::io(&path, "write the picture", e))?;
        Ok(path)
    };
    drawn.into_iter().map(write).collect()
}

/// Draws the report and puts it into the run directory and its manifest; gives back the file's path.
pub fn write_report(run_dir: &Path) -> Result<PathBuf, VizError> {
    let mut run = read::open(run_dir)?;
    let html = report::render(&read::view(&run)?);
    run.put(REPORT, html.as_bytes())?;
    Ok(run.path.join(REPORT))
}
