//! Run directories: names, `latest`, what is in the way, disks that refuse.

use amitwin_data::summary::Status;
use amitwin_testkit::folders::{files, folder};
use amitwin_testkit::program::{SMALL, Said, amitwin, binary, run, summary};
#[cfg(target_os = "linux")]
use amitwin_testkit::tools::skip_unless_refused;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

#[test]
fn runs_get_a_directory_each_and_latest_points_to_the_last() {
    let here = folder(SMALL);
    let directories: Vec<String> = (0..3)
        .map(|_| {
            let said = run(here.path(), &["run", "small.toml", "--format", "json"]).expect(0);
            said.json()["run_dir"].as_str().expect("a path").to_owned()
        })
        .collect();
    let mut different = directories.clone();
    different.dedup();
    assert_eq!(different.len(), 3, "{directories:?}");
    for directory in &directories {
        assert!(directory.starts_with("runs/small-20"), "{directory}");
        run(here.path(), &["verify", directory]).expect(0);
        for file in ["manifest.json", "scenario.resolved.toml", "summary.json", "report.html", "log.txt"] {
            assert!(here.path().join(directory).join(file).is_file(), "{directory}/{file}");
        }
    }
    let latest = fs::canonicalize(here.path().join("runs/latest")).expect("latest");
    assert_eq!(latest, fs::canonicalize(here.path().join(&directories[2])).expect("the run"));
    run(here.path(), &["verify", "runs/latest"]).expect(0);
}

#[test]
fn latest_is_kept_in_runs_and_nowhere_else() {
    let here = folder(SMALL);
    run(here.path(), &["run", "small.toml", "-o", "out"]).expect(0);
    assert!(!here.path().join("latest").exists());
    run(here.path(), &["run", "small.toml", "-o", "deep/runs/mine"]).expect(0);
    assert!(here.path().join("deep/runs/latest/manifest.json").is_file());
}

#[test]
fn a_run_is_replaced_only_by_force() {
    let here = folder(SMALL);
    run(here.path(), &["run", "small.toml", "-o", "out"]).expect(0);
    let first = fs::read(here.path().join("out/manifest.json")).expect("a manifest");
    for command in ["run", "check"] {
        run(here.path(), &[command, "small.toml", "-o", "out", "--seed", "2"]).expect(2).tells(&[
            "out: this holds a run already",
            "-o DIR",
            "--force",
        ]);
    }
    assert_eq!(fs::read(here.path().join("out/manifest.json")).expect("a manifest"), first);
    run(here.path(), &["run", "small.toml", "-o", "out", "--seed", "2", "--force"]).expect(0);
    assert_eq!(summary(&here.path().join("out")).seed, 2);
    run(here.path(), &["verify", "out"]).expect(0);
}

#[test]
fn what_is_no_run_is_never_replaced() {
    let here = folder(SMALL);
    fs::create_dir(here.path().join("photos")).expect("made");
    fs::write(here.path().join("photos/cat.jpg"), "a cat").expect("written");
    run(here.path(), &["run", "small.toml", "-o", "photos"]).expect(2).tells(&["photos: this holds files already"]);
    let forced = run(here.path(), &["run", "small.toml", "-o", "photos", "--force"]);
    forced.expect(2).tells(&["photos: this holds files but no run", "`--force` does not touch it"]);
    assert_eq!(files(&here.path().join("photos"), "").len(), 1);
    run(here.path(), &["run", "small.toml", "-o", "small.toml"])
        .expect(2)
        .tells(&["small.toml: this is a file already"]);
}

/// What every message about a place that refuses ends with.
const REMEDY: &str = "Choose a directory that can be written to";

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let here = folder(SMALL);
    run(here.path(), &["run", "small.toml", "-o", "small.toml/out"])
        .expect(1)
        .tells(&["error: small.toml/out: cannot", REMEDY]);
    if Path::new("/proc/self").exists() {
        run(here.path(), &["run", "small.toml", "-o", "/proc/amitwin/out"])
            .expect(1)
            .tells(&["error: /proc/amitwin: cannot make the directory", REMEDY]);
    }
    fs::write(here.path().join("runs"), "a file in the way").expect("written");
    run(here.path(), &["run", "small.toml"]).expect(1).tells(&["error: runs: cannot create the directory", REMEDY]);
    run(here.path(), &["init", "town", "-o", "small.toml/x"]).expect(1).tells(&["small.toml/x: cannot create", REMEDY]);
}

/// Many rows of frames, so that a table outgrows a small limit.
fn with_frames() -> String {
    format!("{SMALL}\n[traffic]\npush = \"10s\"\n[record]\nframes_every = 1\n")
}

fn said(output: &Output) -> Said {
    Said::of(output)
}

#[test]
#[cfg(unix)]
fn a_run_that_fails_underway_exits_1_and_its_summary_says_so() {
    let here = folder(&with_frames());
    // A limit on the size of a file, met by a table and by no small file.
    let line = format!("ulimit -f 80; trap '' XFSZ; exec {} run small.toml -o out", binary().display());
    let output = Command::new("sh").args(["-c", &line]).current_dir(here.path()).output().expect("a shell");
    said(&output).expect(1).tells(&["error: out/tables/frames/base/part-000.parquet: cannot"]);
    let out = here.path().join("out");
    let summary = summary(&out);
    assert_eq!((summary.status, summary.exit_code), (Status::Failed, Some(1)));
    assert!(summary.variants.is_empty() && summary.warnings.iter().any(|w| w.contains("'base'")), "{summary:?}");
    assert!(files(&out, ".tmp").is_empty() && files(&out.join("tables/frames"), ".parquet").is_empty());
    run(here.path(), &["compare", "out"]).expect(3).tells(&["out: this run is incomplete (its status is \"failed\")"]);
    run(here.path(), &["report", "out"]).expect(3).tells(&["this run is incomplete (its status is \"failed\")"]);
    run(here.path(), &["run", "small.toml", "-o", "out", "--force"]).expect(0);
    run(here.path(), &["verify", "out"]).expect(0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told_and_leaves_no_torn_file() {
    let here = folder(&with_frames());
    fs::create_dir(here.path().join("disk")).expect("made");
    // A disk of its own that only these processes see; gone with them.
    let mount = "mount -t tmpfs -o size=64k none disk || exit 99; echo mounted";
    let list =
        "find disk -name '*.parquet' -size 0; find disk -name '*.tmp' ! -name .files.tmp; cat disk/out/summary.json";
    let line = format!("{mount}; {} run small.toml -o disk/out; echo \"exit $?\"; {list}", binary().display());
    let mut unshare = Command::new("unshare");
    let output = unshare.args(["-rm", "sh", "-c", &line]).env("LC_ALL", "C").current_dir(here.path()).output();
    let mounted = |o: &Output| o.stdout.starts_with(b"mounted\n");
    if !output.as_ref().is_ok_and(mounted) {
        let why = output.map_or_else(|e| e.to_string(), |o| String::from_utf8_lossy(&o.stderr).trim().to_owned());
        skip_unless_refused("a_full_disk_is_told_and_leaves_no_torn_file", "disk of its own", &why);
        return;
    }
    let said = said(&output.expect("it ran")).tells(&["the disk is full", "Free some space or choose another disk"]);
    assert!(said.out.starts_with("mounted\nexit 1\n{"), "{}", said.out);
    assert!(!said.out.contains("\"complete\""), "{}", said.out);
}

#[test]
fn without_standard_input_and_home_it_runs_too() {
    let here = folder(SMALL);
    let mut command = amitwin(here.path(), &["run", "small.toml", "-q"]);
    let output = command.env_clear().stdin(std::process::Stdio::null()).output().expect("started");
    said(&output).expect(0);
}

#[test]
fn a_run_directory_that_was_moved_runs_again_and_names_no_other_place() {
    let town = folder(&SMALL.replace("generator = \"grid\"\nmeters = 9\n", "file = \"../map/meters.csv\"\n"));
    let (here, map) = (town.path().join("study"), town.path().join("map"));
    fs::create_dir(&here).expect("made");
    fs::create_dir(&map).expect("made");
    fs::rename(town.path().join("small.toml"), here.join("small.toml")).expect("moved");
    fs::write(map.join("meters.csv"), "id,lat,lon\na,50.0001,8\nb,50.0002,8\n").expect("written");
    run(&here, &["run", "small.toml", "-o", "out"]).expect(0);
    run(&here, &["verify", "out"]).expect(0);
    let text = fs::read_to_string(here.join("out/scenario.resolved.toml")).expect("text");
    assert!(text.contains("file = \"inputs/meters.csv\""), "{text}");
    let home = town.path().to_string_lossy().into_owned();
    assert!(!text.contains(&home), "{text}");
    let fingerprint = summary(&here.join("out")).fingerprint;

    let elsewhere = town.path().join("elsewhere");
    fs::rename(here.join("out"), &elsewhere).expect("moved");
    fs::remove_dir_all(&map).expect("removed");
    run(town.path(), &["run", "elsewhere/scenario.resolved.toml", "-o", "again"]).expect(0);
    assert_eq!(summary(&town.path().join("again")).fingerprint, fingerprint);
    // The copies belong to the run and go with it.
    run(town.path(), &["run", "elsewhere/scenario.resolved.toml", "-o", "again", "--force"]).expect(0);
    fs::write(town.path().join("again/inputs/mine.csv"), "mine").expect("written");
    run(town.path(), &["run", "elsewhere/scenario.resolved.toml", "-o", "again", "--force"])
        .expect(2)
        .tells(&["inputs/mine.csv"]);
}
