//! Someone who follows a page: a folder, a shell, a Python, and what was printed last.

use crate::blocks::{Block, Kind};
use amitwin_testkit::program::binary;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// What pages call the port of served meters; a test takes a free one.
const PORT: &str = "4059";

/// Runs what it is given as a query and prints what it finds, as a page shows it.
const DUCKDB: &str = "import duckdb, sys\nfound = duckdb.sql(sys.argv[1])\nif found: found.show(max_rows=100)";

/// What a block has left running ends with it.
const ENDS: &str = "trap 'jobs -pr | xargs -r kill' EXIT";

/// Someone who follows a page.
pub struct Reader {
    folder: TempDir,
    python: Option<PathBuf>,
    port: String,
    /// What the block before printed.
    printed: String,
}

/// What became of a block.
#[derive(Debug, PartialEq, Eq)]
pub enum Done {
    /// It did what the page says.
    Followed,
    /// It needs a Python that is not here.
    NoPython,
}

/// A Python with what the guides use.
fn python() -> Option<PathBuf> {
    let named = PathBuf::from(std::env::var_os("AMITWIN_PYTHON")?);
    let mut command = Command::new(&named);
    command.args(["-c", "import duckdb, pandas, polars, pyarrow"]);
    command.output().is_ok_and(|output| output.status.success()).then_some(named)
}

fn program(folder: &Path, name: &str, runs: &Path) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\nexec '{}' \"$@\"\n", runs.display())).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("set");
}

/// Without what a terminal's width does to it.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Reader {
    /// In a folder of its own.
    pub fn begin() -> Reader {
        let folder = tempfile::tempdir().expect("a folder");
        let here = folder.path().join("here");
        fs::create_dir_all(folder.path().join("bin")).expect("a folder");
        fs::create_dir(&here).expect("a folder");
        for name in ["data", "scenarios"] {
            symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join(name), here.join(name)).expect("a link");
        }
        let python = python();
        program(&folder.path().join("bin"), "amitwin", &binary());
        if let Some(python) = &python {
            program(&folder.path().join("bin"), "python", python);
        }
        let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        Reader { folder, python, port: free.to_string(), printed: String::new() }
    }

    /// Does what a block says.
    pub fn follow(&mut self, block: &Block) -> Result<Done, String> {
        let text = block.text.replace(PORT, &self.port);
        let mut command = match (block.kind, &self.python) {
            (Kind::Shown, _) => return self.compare(&text),
            (Kind::Shell, _) => {
                // Whoever waits for something that does not come would wait for ever.
                let mut command = Command::new("timeout");
                command.args(["600", "bash", "-euo", "pipefail", "-c", &format!("{ENDS}\n{text}")]);
                command
            }
            (_, None) => return Ok(Done::NoPython),
            (Kind::Sql, Some(python)) => {
                let mut command = Command::new(python);
                command.args(["-c", DUCKDB, &text]);
                command
            }
            (Kind::Python, Some(python)) => {
                let mut command = Command::new(python);
                command.args(["-c", &text]);
                command
            }
        };
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .current_dir(self.folder.path().join("here"))
            .env("PATH", format!("{}:{path}", self.folder.path().join("bin").display()))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("COLUMNS", "200");
        let output = command.output().map_err(|e| e.to_string())?;
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if output.status.code() != Some(block.exit_code) {
            return Err(format!("{}, expected {}:\n{said}", output.status, block.exit_code));
        }
        self.printed = said;
        Ok(Done::Followed)
    }

    fn compare(&self, shown: &str) -> Result<Done, String> {
        let there = flat(&self.printed);
        match shown.lines().find(|line| !there.contains(&flat(line))) {
            None => Ok(Done::Followed),
            Some(line) => Err(format!("`{line}` was not printed, but this:\n{}", self.printed)),
        }
    }
}
