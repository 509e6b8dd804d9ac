//! Which tests of this run were skipped. All test programs of one `cargo test` have the same parent: its number names the list.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

/// The list of the run that this program belongs to.
pub struct List {
    path: PathBuf,
}

impl List {
    /// That of the process with this number, beside what Cargo builds.
    pub fn of(run: u32) -> List {
        let test = std::env::current_exe().expect("a test has a path");
        let target = test.ancestors().nth(3).expect("it is in target/profile/deps");
        List { path: target.join(format!("skipped/{run}")) }
    }

    /// That of this run.
    pub fn here() -> List {
        #[cfg(unix)]
        let run = std::os::unix::process::parent_id();
        #[cfg(not(unix))]
        let run = 0;
        List::of(run)
    }

    /// Puts a line on it.
    pub fn add(&self, line: &str) {
        fs::create_dir_all(self.path.parent().expect("a folder")).expect("made");
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path).expect("opened");
        file.write_all(format!("{line}\n").as_bytes()).expect("written");
    }

    /// What is on it, sorted; it is empty from then on.
    pub fn take(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        let _ = fs::remove_file(&self.path);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }
}
