//! A Python with the packages of both DLMS clients: `AMITWIN_PYTHON`, or a virtual environment set up here.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

const PACKAGES: [&str; 2] = ["gurux-dlms>=1.0.203,<1.1", "dlms-cosem>=25.1,<26"];

static PYTHON: LazyLock<Result<PathBuf, String>> = LazyLock::new(find);

/// The interpreter; `None` where there is no Python, which in CI is a failure.
pub fn python() -> Option<&'static Path> {
    match &*PYTHON {
        Ok(path) => Some(path),
        Err(why) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "a test must not be skipped in CI: {why}");
            eprintln!("skipped: {why}");
            None
        }
    }
}

fn has_packages(python: &Path) -> bool {
    let mut command = Command::new(python);
    command.args(["-c", "import gurux_dlms, dlms_cosem"]).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn find() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os("AMITWIN_PYTHON").map(PathBuf::from)
        && has_packages(&named)
    {
        return Ok(named);
    }
    // Beside the folder of the program under test: the target directory.
    let program = Path::new(env!("CARGO_BIN_EXE_amitwin"));
    let target = program.ancestors().nth(2).expect("the program is in target/profile");
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
