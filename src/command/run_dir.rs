//! Where a run goes when nobody says: `runs/NAME-DATE-TIME` under the current directory.

use amitwin_data::files::{FileError, INPUTS, RunDir, slug};
use amitwin_data::manifest::{Manifest, NamedInput};
use amitwin_data::summary::Summary;
use amitwin_scenarios::Input;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Folder of runs; `latest` is kept in folders of this name only.
pub const RUNS: &str = "runs";

/// Runs of one scenario that may begin in one second.
const SAME_SECOND_MAX: u32 = 1000;

/// Takes the directory that was asked for, or a new one.
pub fn create(output: Option<&Path>, force: bool, summary: &Summary, manifest: &Manifest) -> Result<RunDir, FileError> {
    if let Some(path) = output {
        return RunDir::create(path, force, summary, manifest);
    }
    RunDir::create(&fresh(&summary.name)?, false, summary, manifest)
}

/// A new directory for a run or a study of this name.
pub fn fresh(name: &str) -> Result<PathBuf, FileError> {
    let folder = Path::new(RUNS);
    fs::create_dir_all(folder).map_err(|e| FileError::io(folder, "create the directory", e))?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let name = slug(name).unwrap_or_else(|_| "run".to_owned());
    let base = format!("{name}-{}", stamp(seconds));
    let mut path = folder.join(&base);
    for n in 2..SAME_SECOND_MAX {
        // Making the directory is what takes it, so that two runs that begin together get two.
        match fs::create_dir(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => path = folder.join(format!("{base}-{n}")),
            Err(error) => return Err(FileError::io(&path, "create the directory", error)),
            Ok(()) => break,
        }
    }
    Ok(path)
}

/// How the scenario or plan names the files of which a run directory keeps copies.
pub fn named(inputs: &[Input]) -> Vec<NamedInput> {
    let named = |input: &Input| NamedInput { path: format!("{INPUTS}/{}", input.name), named: input.named.clone() };
    inputs.iter().map(named).collect()
}

/// Date and time of day in UTC, such as `20260131-235959`.
fn stamp(seconds: u64) -> String {
    let (mut days, of_day) = (seconds / 86_400, seconds % 86_400);
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}{month:02}{:02}-{:02}{:02}{:02}", days + 1, of_day / 3600, of_day / 60 % 60, of_day % 60)
}

#[cfg(test)]
mod tests {
    use super::stamp;

    #[test]
    fn days_of_leap_years_and_others() {
        for (seconds, text) in [
            (0, "19700101-000000"),
            (951_782_399, "20000228-235959"),
            (951_782_400, "20000229-000000"),
            (1_735_689_599, "20241231-235959"),
            (1_740_787_200, "20250301-000000"),
            (4_107_542_400, "21000301-000000"),
        ] {
            assert_eq!(stamp(seconds), text);
        }
    }
}
