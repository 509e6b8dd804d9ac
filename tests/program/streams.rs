//! Results on standard output, everything else on standard error, and what a closed or full one means.

use amitwin_testkit::folders::folder;
use amitwin_testkit::program::{SMALL, Said, amitwin, binary, run, summary};
use std::fs::{self, File};
use std::io::pipe;
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn a_run_prints_its_results_and_nothing_else() {
    let here = folder(SMALL);
    let said = run(here.path(), &["run", "small.toml", "-o", "out"]).expect(0);
    assert!(said.out.contains("back within") || said.out.contains("back"), "{}", said.out);
    let fingerprint = summary(&here.path().join("out")).fingerprint;
    assert!(said.out.ends_with(&format!("run          out\nfingerprint  {fingerprint}\n")), "{}", said.out);
    let said = said.tells(&["complete in", "events/s", "next: look at out/report.html", "--seeds 20"]);
    assert!(!said.out.contains("next:") && !said.out.contains("events/s"), "{}", said.out);
    // Neither is a terminal here.
    assert!(!said.out.contains('\u{1b}') && !said.err.contains('\u{1b}') && !said.err.contains('\r'), "{}", said.err);
}

#[test]
#[cfg(unix)]
fn keys_are_told_where_they_matter() {
    use std::os::unix::fs::PermissionsExt;
    let here = folder(SMALL);
    // Nobody sees what test keys protect, but in a capture.
    let captured = ["run", "small.toml", "-o", "captured", "--capture", "air.pcapng"];
    let told = "keys         TEST, published ones that protect nothing\n";
    assert!(run(here.path(), &captured).expect(0).out.contains(told));
    assert!(!run(here.path(), &["run", "small.toml", "-o", "out"]).expect(0).out.contains("keys"));
    assert!(!run(here.path(), &["check", "small.toml"]).expect(0).out.contains("keys"));

    // That a file of keys is used is told always.
    let file = here.path().join("keys.hex");
    fs::write(&file, (0x40..0x60).map(|byte| format!("{byte:x}")).collect::<String>()).expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("set");
    let with = ["--set", "dlms.keys=keys.hex"];
    for command in [&["run", "small.toml", "-o", "own"][..], &["check", "small.toml"]] {
        let out = run(here.path(), &[command, &with].concat()).expect(0).out;
        assert!(out.contains("keys") && out.contains("derived"), "{out}");
    }
    let told = |directory: &str| {
        let page = fs::read_to_string(here.path().join(directory).join("report.html")).expect("a report");
        page.contains("Keys of the meters")
    };
    assert!(told("own") && !told("out"));
}

/// The command in a line that the program said, as a shell runs it in `folder`.
#[cfg(unix)]
fn paste(folder: &Path, said: &Said, begin: &str) -> Said {
    let (_, hint) = said.err.split_once(begin).unwrap_or_else(|| panic!("no {begin:?} in {}", said.err));
    let command = hint.lines().next().expect("a line").replace("amitwin ", "\"$AMITWIN\" ");
    let mut shell = Command::new("sh");
    shell.current_dir(folder).args(["-c", &command]).env("AMITWIN", binary());
    Said::of(&shell.output().expect("a shell"))
}

#[test]
#[cfg(unix)]
fn what_is_said_to_be_next_can_be_pasted() {
    let here = folder(SMALL);
    let odd = here.path().join("my town's $HOME");
    fs::create_dir(&odd).expect("made");
    fs::write(odd.join("-small one.toml"), SMALL).expect("written");
    let file = "./-small one.toml";
    let checked = run(&odd, &["check", file, "--seed", "7", "--set", "description=a b", "--variant", "base"]).expect(0);
    let ran = paste(&odd, &checked, "next: ").expect(0);
    assert_eq!(summary(&odd.join("runs/latest")).seed, 7);
    assert!(ran.err.contains("--set 'description=a b' --variant base"), "{}", ran.err);
    let study = paste(&odd, &ran, "other seeds change:\n").expect(0);
    assert!(study.out.contains("20 seeds (7 to 26)"), "{}", study.out);
}

#[test]
fn quiet_says_nothing_but_results() {
    let here = folder(SMALL);
    let said = run(here.path(), &["run", "small.toml", "-q"]).expect(0);
    assert_eq!(said.err, "");
    assert!(said.out.contains("fingerprint"));
}

#[test]
fn verbose_shows_the_log() {
    let here = folder(SMALL);
    let said = run(here.path(), &["-v", "run", "small.toml", "-o", "out"]).expect(0);
    let words = "'base': 20 min of 20 min simulated";
    assert!(said.err.contains(words), "{}", said.err);
    assert!(std::fs::read_to_string(here.path().join("out/log.txt")).expect("a log").contains(words));
    assert_eq!(said.err.matches("complete in").count(), 1, "{}", said.err);
}

#[test]
fn json_parses_and_holds_what_the_summary_holds() {
    let here = folder(SMALL);
    let said = run(here.path(), &["run", "small.toml", "-o", "out", "--format", "json"]).expect(0);
    let mut value = said.json();
    assert_eq!(value.as_object_mut().expect("an object").remove("run_dir"), Some("out".into()));
    assert_eq!(value, serde_json::to_value(summary(&here.path().join("out"))).expect("JSON"));
    for arguments in [
        &["check", "small.toml", "--format", "json"][..],
        &["compare", "out", "--format", "json"],
        &["verify", "out", "--format", "json"],
        &["report", "out", "--format", "json"],
        &["describe", "tables", "--format", "json"],
        &["describe", "metrics", "--format", "json"],
        &["describe", "units", "--format", "json"],
        &["schema"],
    ] {
        let value = run(here.path(), arguments).expect(0).json();
        assert!(value.is_object() || value.is_array(), "{arguments:?}: {value}");
    }
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let here = folder(SMALL);
    run(here.path(), &["run", "small.toml", "-o", "first"]).expect(0);
    for arguments in [
        &["run", "small.toml", "-o", "out"][..],
        &["check", "small.toml"],
        &["compare", "first"],
        &["describe", "tables"],
        &["schema"],
        &["completions", "bash"],
        &["verify", "first"],
    ] {
        let (reader, writer) = pipe().expect("a pipe");
        drop(reader);
        let output = amitwin(here.path(), arguments).stdout(writer).stderr(Stdio::piped()).output().expect("started");
        let said = Said::of(&output).expect(0);
        assert!(!said.err.contains("error") && !said.err.contains("panic"), "{arguments:?}: {}", said.err);
    }
    // Nor is one for the messages.
    let (reader, writer) = pipe().expect("a pipe");
    drop(reader);
    let output = amitwin(here.path(), &["check", "small.toml"]).stderr(writer).output().expect("started");
    assert!(Said::of(&output).expect(0).out.contains("small, seed 1"));
}

#[test]
#[cfg(target_os = "linux")]
fn results_that_cannot_be_written_are_an_error() {
    let here = folder(SMALL);
    let full = File::options().write(true).open("/dev/full").expect("/dev/full");
    let output = amitwin(here.path(), &["schema"]).stdout(full).stderr(Stdio::piped()).output().expect("started");
    Said::of(&output).expect(1).tells(&["error: the results could not be written to standard output"]);
}
