//! Programs that a test may lack: without them it says that it is skipped, which is counted at the end of the run, and where
//! changes are checked (`CI=true`) it fails.

use crate::skipped::List;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

const PACKAGES: [&str; 3] = ["gurux-dlms>=1.0.203,<1.1", "dlms-cosem>=25.1,<26", "pydlms-client>=0.1,<0.2"];

static PYTHON: LazyLock<Result<PathBuf, String>> = LazyLock::new(find);

/// Whether changes are checked: then tests are thorough, and none may be skipped.
pub fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|ci| ci == "true")
}

/// Says why a test was not run; in CI that is a failure.
pub fn skip(why: &str) {
    assert!(!is_ci(), "a test must not be skipped in CI: {why}");
    tell(std::thread::current().name().unwrap_or("a test"), why);
}

/// Says that a test was skipped, past the capture of the test runner, and puts it on the list of this run.
fn tell(test: &str, why: &str) {
    let line = format!("{test} skipped: {why}");
    writeln!(std::io::stderr(), "{line}").expect("standard error");
    List::here().add(&line);
}

/// Says that a test was not run because `what` could not be had. In CI it may be skipped only if it is not permitted.
pub fn skip_unless_refused(test: &str, what: &str, why: &str) {
    let refusals = ["not permitted", "ermission denied", "superuser", "unshare failed"];
    let refused = refusals.iter().any(|words| why.contains(words));
    assert!(refused || !is_ci(), "{test}: no {what}, and not for lack of permission: {why}");
    tell(test, &format!("no {what}: {why}"));
}

/// A script in `tests/peers`.
pub fn peer(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../peers").join(name)
}

/// Whether tshark can be run.
pub fn tshark() -> bool {
    let there = Command::new("tshark").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        skip("tshark is missing; install Debian's package tshark to check captures");
    }
    there
}

/// A Python with the package `duckdb`, which `AMITWIN_PYTHON` names.
pub fn duckdb() -> Option<PathBuf> {
    let named = std::env::var_os("AMITWIN_PYTHON").map(PathBuf::from);
    if named.is_none() {
        skip("AMITWIN_PYTHON names no Python with the package duckdb; .ci/run sets it up");
    }
    named
}

/// A Python with the packages of the three DLMS clients: `AMITWIN_PYTHON`, or a virtual environment set up here.
pub fn python() -> Option<&'static Path> {
    match &*PYTHON {
        Ok(path) => Some(path),
        Err(why) => {
            skip(why);
            None
        }
    }
}

fn has_packages(python: &Path) -> bool {
    let mut command = Command::new(python);
    command.args(["-c", "import gurux_dlms, dlms_cosem, pydlms"]).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn find() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os("AMITWIN_PYTHON").map(PathBuf::from)
        && has_packages(&named)
    {
        return Ok(named);
    }
    let test = std::env::current_exe().map_err(|e| e.to_string())?;
    let target = test.ancestors().nth(3).ok_or("a test lies in target/profile/deps")?;
    let folder = target.join("clients-venv");
    let python = folder.join("bin/python");
    if has_packages(&python) {
        return Ok(python);
    }
    let run = |program: &Path, arguments: &[&str]| match Command::new(program).args(arguments).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(error.to_string()),
    };
    let path = folder.to_str().ok_or("the target directory's name is not UTF-8")?;
    run(Path::new("python3"), &["-m", "venv", "--clear", path])
        .map_err(|e| format!("python3 makes no virtual environment: {e}"))?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(&python, &[&install[..], &PACKAGES].concat())
        .map_err(|e| format!("the DLMS clients cannot be installed: {e}"))?;
    Ok(python)
}
