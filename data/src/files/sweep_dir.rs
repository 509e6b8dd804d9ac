//! The directory of a study at many settings, a sweep or a search: its plan, a small file for each case and seed that has ended, and in the end what they make.

use super::atomic::{becomes, make_folder, write_together, write_whole};
use super::claim::{Claim, OWNER};
use super::error::FileError;
use super::program::build;
use super::run_dir::{MANIFEST, REPORT, SUMMARY, json};
use super::sweep_table;
use crate::find::FindSummary;
use crate::sweep::{CaseResult, Plan, SweepSummary};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What is to be run; there from the first moment on.
const PLAN: &str = "study.json";
/// What helps where a study cannot begin.
const NO_STUDY_HERE: &str = "or empty this one by hand: a study replaces nothing";
/// What helps where a study was begun by another program.
const SAME_PROGRAM: &str = "or go on with the program that began it";
/// Folder of the small files.
const CASES_FOLDER: &str = "cases";
/// Folder of what shares of it left that ran elsewhere, each in a folder `K-of-N` that is like the directory itself.
const SHARES_FOLDER: &str = "shares";
/// All figures of all cases, a row each.
pub const CASES: &str = "cases.parquet";

/// A plan with the program that runs it.
#[derive(Serialize, Deserialize)]
struct Begun {
    build: String,
    #[serde(flatten)]
    plan: Plan,
}

/// The directory of such a study that is written; nobody else writes to it meanwhile.
#[derive(Debug)]
pub struct SweepDir {
    path: PathBuf,
    _claim: Claim,
}

impl SweepDir {
    /// Takes a new or empty directory; with `resume` also one that holds this very plan.
    ///
    /// # Errors
    /// The directory holds something else, or another process writes to it.
    pub fn open(path: &Path, plan: &Plan, resume: bool) -> Result<SweepDir, FileError> {
        let found = look(path, plan, resume)?;
        make_folder(path)?;
        let dir = SweepDir { path: path.to_owned(), _claim: Claim::new(path)? };
        if found.is_none_or(|found| found.plan.seeds != plan.seeds) {
            write_whole(&path.join(PLAN), &json(&Begun { build: build()?.to_owned(), plan: plan.clone() }))?;
        }
        make_folder(&path.join(CASES_FOLDER))?;
        delete_unfinished(path)?;
        delete_unfinished(&path.join(CASES_FOLDER))?;
        Ok(dir)
    }

    /// Takes the folder of a share in the directory, and goes on with what it holds: a scheduler may start a share again. Others may run
    /// theirs at the same time.
    ///
    /// # Errors
    /// The directory or the share's folder holds something else, or another process writes to that.
    pub fn open_share(path: &Path, plan: &Plan, number: u32, of: u32) -> Result<SweepDir, FileError> {
        look(path, plan, true)?;
        SweepDir::open(&path.join(SHARES_FOLDER).join(format!("{number}-of-{of}")), plan, true)
    }

    /// Whether a study, or a share of one, has begun there.
    pub fn is_begun(path: &Path) -> bool {
        path.join(PLAN).is_file() || path.join(SHARES_FOLDER).is_dir()
    }

    /// Takes over what shares have left.
    ///
    /// # Errors
    /// A share of another study, or a file that is no result.
    pub fn collect(&self, plan: &Plan) -> Result<(), FileError> {
        let folder = self.path.join(SHARES_FOLDER);
        let wrong = |e| FileError::io(&folder, "read the directory", e);
        let shares = match fs::read_dir(&folder) {
            Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>(),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(e) => Err(e),
        };
        let mut there = self.results()?;
        for share in shares.map_err(wrong)?.into_iter().filter(|path| path.is_dir()) {
            look(&share, plan, true)?;
            let new: Vec<CaseResult> = results(&share.join(CASES_FOLDER))?
                .into_iter()
                .filter(|(job, _)| !there.contains_key(job))
                .map(|(_, r)| r)
                .collect();
            self.keep(&new)?;
            there.extend(new.into_iter().map(|result| ((result.case, result.seed), result)));
        }
        Ok(())
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whole results that are there already, by case and seed.
    pub fn results(&self) -> Result<BTreeMap<(u32, u64), CaseResult>, FileError> {
        results(&self.path.join(CASES_FOLDER))
    }

    /// Keeps results of cases with a seed.
    pub fn keep(&self, results: &[CaseResult]) -> Result<(), FileError> {
        let file = |result: &CaseResult| (format!("{:05}-seed-{}.json", result.case, result.seed), json(result));
        write_together(&self.path.join(CASES_FOLDER), &results.iter().map(file).collect::<Vec<_>>())
    }

    /// Writes all figures of these cases as one table, and the summary of the whole.
    pub fn finish(&self, cases: &SweepSummary, summary: &impl Serialize) -> Result<(), FileError> {
        sweep_table::write(&self.path.join(CASES), cases)?;
        write_whole(&self.path.join(SUMMARY), &json(summary)).map(|_| ())
    }

    /// Writes the report.
    pub fn put_report(&self, html: &str) -> Result<(), FileError> {
        write_whole(&self.path.join(REPORT), html.as_bytes()).map(|_| ())
    }
}

/// What a study that has ended in this directory came to, a sweep or a search; `None` if it holds no study.
///
/// # Errors
/// It has not ended, or its files are no such files.
pub fn study(path: &Path) -> Result<Option<SweepSummary>, FileError> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Any {
        Find(Box<FindSummary>),
        Sweep(Box<SweepSummary>),
    }
    if read_plan(path)?.is_none() {
        return Ok(None);
    }
    let file = path.join(SUMMARY);
    let unreadable = |what| FileError::Unreadable { path: file.clone(), what };
    let text = match fs::read(&file) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => {
            return Err(FileError::UnfinishedStudy { path: path.to_owned() });
        }
        Err(e) => return Err(FileError::io(&file, "read the file", e)),
    };
    match serde_json::from_slice(&text) {
        Ok(Any::Find(find)) => Ok(Some(find.study)),
        Ok(Any::Sweep(sweep)) => Ok(Some(*sweep)),
        Err(e) => Err(unreadable(format!("this is not the summary of a study of this version: {e}"))),
    }
}

/// This plan, perhaps of other seeds, if a directory holds it; `None` if it is new or empty. Without `resume` it must be.
fn look(path: &Path, plan: &Plan, resume: bool) -> Result<Option<Begun>, FileError> {
    let holds = |what, remedy| Err(FileError::Exists { path: path.to_owned(), what, remedy });
    let exists = |what| holds(what, NO_STUDY_HERE);
    let is_empty = match fs::read_dir(path) {
        // What a kill left while it began does not count.
        Ok(entries) => {
            entries.flatten().all(|entry| is_unfinished(&entry.path()) || entry.file_name() == SHARES_FOLDER)
        }
        Err(e) if e.kind() == ErrorKind::NotFound => true,
        Err(e) if e.kind() == ErrorKind::NotADirectory => return holds("it is a file", "or move the file away"),
        Err(e) => return Err(FileError::io(path, "read the directory", e)),
    };
    let found = if is_empty { None } else { read_plan(path)? };
    match &found {
        None if !is_empty && path.join(MANIFEST).exists() => exists("it holds a run, not a study"),
        None if !is_empty => exists("it holds files that are not of a study"),
        Some(_) if !resume => exists("it holds a study; --resume goes on with it"),
        Some(found) if found.plan.plan_hash != plan.plan_hash => {
            exists("it holds another study: scenario, inputs, settings, first seed or version differ")
        }
        Some(found) if found.build != build()? => {
            holds("it holds this study, begun by another build of amitwin, whose figures may be others", SAME_PROGRAM)
        }
        _ => Ok(found),
    }
}

/// Whole results in a folder, by case and seed.
fn results(folder: &Path) -> Result<BTreeMap<(u32, u64), CaseResult>, FileError> {
    let mut results = BTreeMap::new();
    let wrong = |e| FileError::io(folder, "read the directory", e);
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if is_unfinished(&path) {
            continue;
        }
        let text = fs::read(&path).map_err(|e| FileError::io(&path, "read the file", e))?;
        let result: CaseResult = serde_json::from_slice(&text).map_err(|e| FileError::Unreadable {
            path: path.clone(),
            what: format!("this is not the result of a case; delete the file and its case runs again ({e})"),
        })?;
        results.insert((result.case, result.seed), result);
    }
    Ok(results)
}

/// A file that a kill left half written, or that says who writes.
fn is_unfinished(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == OWNER) || becomes(&path.to_string_lossy()).is_some()
}

fn delete_unfinished(folder: &Path) -> Result<(), FileError> {
    let wrong = |e| FileError::io(folder, "read the directory", e);
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if becomes(&path.to_string_lossy()).is_some() {
            fs::remove_file(&path).map_err(|e| FileError::io(&path, "delete the unfinished file", e))?;
        }
    }
    Ok(())
}

fn read_plan(path: &Path) -> Result<Option<Begun>, FileError> {
    let file = path.join(PLAN);
    match fs::read(&file) {
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(|e| FileError::Unreadable { path: file, what: format!("this is not the plan of a study: {e}") }),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(FileError::io(&file, "read the file", e)),
    }
}
