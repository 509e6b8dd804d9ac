//! The Python session that README.md shows runs as it stands there.

use amitwin_testkit::serving::Serving;
use amitwin_testkit::tools::python;
use std::process::Command;

/// The port that the text names, and the one that the shipped street has.
const PORT: &str = "4059";

/// The code between the fences.
fn session() -> String {
    let readme = include_str!("../../README.md");
    let blocks: Vec<&str> = readme.split("```python\n").skip(1).collect();
    assert_eq!(blocks.len(), 1, "README.md shows one Python session");
    blocks[0].split_once("```").expect("it ends").0.to_owned()
}

#[test]
fn the_session_in_the_readme_reads_a_meter() {
    let session = session();
    assert_eq!(session.lines().count(), 5, "a session of five lines:\n{session}");
    assert_eq!(session.matches(PORT).count(), 1, "nothing but its port is replaced:\n{session}");
    let Some(python) = python() else { return };
    let here = tempfile::tempdir().expect("a folder");
    let serving = Serving::begin(here.path(), &["--state", "none"]);
    let session = session.replace(PORT, &serving.address(1).port().to_string());

    // It can wait for ever, unless the system ends it.
    let limited = format!("import signal; signal.alarm(60)\n{session}");
    let output = Command::new(python).args(["-c", &limited]).env("PYTHONDONTWRITEBYTECODE", "1").output();
    let output = output.expect("python starts");

    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{session}\n{out}{err}", output.status);
    // The package logs on standard output as well.
    let read: Vec<u64> = out.lines().filter_map(|line| line.strip_suffix(" Wh")?.parse().ok()).collect();
    // A household's meter after years: more than nothing, and less than a million kWh.
    assert!(matches!(read[..], [1..1_000_000_000]), "{read:?} Wh\n{out}{err}");
    assert_eq!(serving.end().code, Some(0));
}
