//! The run directory: who may write where, what an unfinished run says, what readers find.
#![cfg(feature = "files")]

use amitwin_data::files::{FileError, LATEST, MANIFEST, RunDir, SCENARIO, SUMMARY};
use amitwin_data::rows::EventRow;
use amitwin_data::summary::{Status, Summary};
use amitwin_testkit::folders::listing;
use amitwin_testkit::runs::{begin, ended, events, extremes};
use std::fs;
use std::io::Write;
use std::path::Path;

fn finished(path: &Path, force: bool) {
    let run = begin(path, force).expect("begun");
    let mut set = run.tables("v").expect("named");
    set.write(&mut extremes()).expect("written");
    set.finish().expect("finished");
    run.put(SCENARIO, b"name = \"town\"\n").expect("put");
    run.finish(&ended(&["v"])).expect("finished");
}

#[test]
fn an_existing_directory_is_left_alone() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("run");
    fs::create_dir(&path).expect("made");
    finished(&path, false);
    let before = fs::read(path.join(MANIFEST)).expect("there");

    let error = begin(&path, false).expect_err("occupied").to_string();
    assert!(error.contains("holds a run already") && error.contains("--force"), "{error}");
    assert_eq!(fs::read(path.join(MANIFEST)).expect("there"), before);

    let notes = folder.path().join("notes");
    fs::create_dir(&notes).expect("made");
    fs::write(notes.join("thesis.txt"), "years of work").expect("written");
    for force in [false, true] {
        begin(&notes, force).expect_err("not ours");
    }
    assert!(begin(&notes, true).expect_err("not ours").to_string().contains("`--force` does not touch it"));
    fs::write(notes.join(MANIFEST), "{\"name\": \"a web app\"}").expect("written");
    assert!(matches!(begin(&notes, true), Err(FileError::NotOurs { .. })));
    assert_eq!(listing(&notes), [MANIFEST, "thesis.txt"]);

    let file = folder.path().join("file");
    fs::write(&file, "x").expect("written");
    assert!(begin(&file, true).expect_err("a file").to_string().contains("this is a file already"));
    assert!(begin(&file.join("run"), false).expect_err("below a file").to_string().contains("file"));
}

#[test]
fn force_replaces_a_run_and_nothing_else() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("run");
    finished(&path, false);
    fs::write(path.join("my-notes.md"), "mine").expect("written");
    fs::write(path.join("tables/events/v/.part-000.parquet.Ab3xYz.tmp"), "torn").expect("written");
    let run = begin(&path, true).expect("replaced");
    assert_eq!(listing(&path), [".files.tmp", ".running.tmp", MANIFEST, "my-notes.md", SUMMARY]);
    assert!(matches!(RunDir::open(&path), Err(FileError::Incomplete { status: "running", .. })));
    run.tables("v").expect("a new run knows no variants").finish().expect("finished");
    run.finish(&ended(&["v"])).expect("finished");
    assert!(RunDir::open(&path).expect("complete").verify().expect("readable").problems.is_empty());
}

#[test]
fn only_a_complete_run_opens() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("run");
    let run = begin(&path, false).expect("begun");
    let status = |summary: &Summary| {
        run.finish(summary).expect("finished");
        match RunDir::open(&path) {
            Ok(run) => run.summary.status.word(),
            Err(FileError::Incomplete { status, .. }) => status,
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(status(&Summary { status: Status::Failed, exit_code: Some(1), ..ended(&[]) }), "failed");
    assert_eq!(status(&Summary { status: Status::Interrupted, exit_code: Some(130), ..ended(&[]) }), "interrupted");
    assert_eq!(RunDir::open_any(&path).expect("any").summary.exit_code, Some(130));
    assert_eq!(status(&Summary { exit_code: Some(4), ..ended(&[]) }), "complete");

    let error = |path: &Path| RunDir::open(path).expect_err("no run").to_string();
    assert!(error(&folder.path().join("none")).contains("not a run directory: it does not exist"));
    assert!(error(folder.path()).contains("it has no manifest.json"));
    assert!(error(&path.join(SUMMARY)).contains("it is a file"));
}

#[test]
fn changed_files_are_found() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("run");
    finished(&path, false);
    let mut run = RunDir::open(&path).expect("complete");
    assert_eq!(run.variants(), ["v"]);
    assert_eq!(run.manifest.fingerprint, "f".repeat(64));
    // A file for each table, and two beside them.
    let files = amitwin_data::rows::TABLES.len() + 2;
    let check = run.verify().expect("readable");
    assert_eq!((check.files, check.problems.len()), (files, 0));
    run.put("report.html", b"<p>").expect("put");
    assert_eq!(RunDir::open(&path).expect("complete").verify().expect("readable").files, files + 1);

    // A flipped bit keeps the length: only the hash knows.
    let events = path.join("tables/events/v/part-000.parquet");
    let whole = fs::read(&events).expect("there");
    let mut flipped = whole.clone();
    flipped[40] ^= 1;
    fs::write(&events, &flipped).expect("written");
    let stray = path.join("tables/events/v/part-001.parquet");
    fs::write(&stray, &whole).expect("written");
    let check = RunDir::open(&path).expect("lengths are right").verify().expect("readable");
    let problems: Vec<_> = check.problems.iter().map(|p| (p.path.as_str(), p.what.as_str())).collect();
    assert_eq!(problems[0].0, "tables/events/v/part-000.parquet");
    assert!(problems[0].1.contains("hash differs"));
    assert_eq!(problems[1], ("tables/events/v/part-001.parquet", "the manifest does not list this file"));

    fs::write(&events, &whole[..whole.len() - 1]).expect("written");
    let error = RunDir::open(&path).expect_err("torn").to_string();
    assert!(error.contains("events/v/part-000.parquet: the file has"), "{error}");
    fs::remove_file(&events).expect("removed");
    assert!(RunDir::open(&path).expect_err("gone").to_string().contains("cannot be opened"));
    fs::write(&events, &whole).expect("restored");
    let summary = fs::read_to_string(path.join(SUMMARY)).expect("there");
    fs::write(path.join(SUMMARY), summary.replace("3600.0", "7200.0")).expect("written");
    let error = RunDir::open(&path).expect_err("edited").to_string();
    assert!(error.contains("summary.json: the file changed after"), "{error}");
}

#[test]
fn a_manifest_cannot_point_outside() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("run");
    finished(&path, false);
    let manifest = fs::read_to_string(path.join(MANIFEST)).expect("there");
    fs::write(path.join(MANIFEST), manifest.replace(SCENARIO, "../scenario")).expect("written");
    assert!(RunDir::open(&path).expect_err("outside").to_string().contains("names a file outside"));
}

#[test]
fn latest_points_to_the_last_run() {
    let folder = tempfile::tempdir().expect("folder");
    let runs = folder.path().join("runs");
    for name in ["first", "second"] {
        finished(&runs.join(name), false);
        let run = begin(&runs.join(name), true).expect("again");
        run.finish(&Summary { name: name.to_owned(), ..ended(&[]) }).expect("finished");
        run.point_latest().expect("pointed");
        assert_eq!(RunDir::open(&runs.join(LATEST)).expect("complete").summary.name, name);
    }
    #[cfg(unix)]
    assert_eq!(fs::read_link(runs.join(LATEST)).expect("a link"), Path::new("second"));

    // What a file system without links gets.
    fs::remove_file(runs.join(LATEST)).expect("removed");
    fs::write(runs.join(LATEST), "first\n").expect("written");
    assert_eq!(RunDir::open(&runs.join(LATEST)).expect("complete").summary.name, "first");

    fs::remove_file(runs.join(LATEST)).expect("removed");
    fs::create_dir(runs.join(LATEST)).expect("made");
    let run = begin(&runs.join("fourth"), false).expect("begun");
    assert!(run.point_latest().expect_err("a directory").to_string().contains("directory of its own"));
}

#[test]
fn a_variant_is_written_once() {
    let folder = tempfile::tempdir().expect("folder");
    let run = begin(&folder.path().join("run"), false).expect("begun");
    let _first = run.tables("Computed").expect("named");
    assert!(run.tables("computed").err().expect("same folder").to_string().contains("upper and lower case"));
    assert!(run.tables("").is_err());
}

#[test]
fn two_variants_write_at_the_same_time() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("run");
    let run = begin(&path, false).expect("begun");
    let names = ["a", "b", "c", "d"];
    std::thread::scope(|scope| {
        for name in names {
            let run = &run;
            scope.spawn(move || {
                let mut set = run.tables(name).expect("named").with_limits(50, 100);
                for _ in 0..5 {
                    set.write(&mut events(0..100)).expect("written");
                }
                set.finish().expect("finished");
            });
        }
    });
    let mut log = run.open_log().expect("log");
    writeln!(log, "done").expect("logged");
    run.finish(&ended(&names)).expect("finished");
    let run = RunDir::open(&path).expect("complete");
    assert_eq!(run.variants(), names);
    for name in names {
        assert_eq!(run.rows::<EventRow>(name, u64::MAX).expect("rows").len(), 500);
    }
    let paths: Vec<&String> = run.manifest.files.iter().map(|entry| &entry.path).collect();
    assert!(paths.is_sorted());
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    // The kernel's own directories refuse files from everybody, also from root.
    let path = Path::new("/proc/amitwin-run");
    if !Path::new("/proc/self").exists() {
        eprintln!("skipped: no /proc on this system");
        return;
    }
    let error = begin(path, false).expect_err("refused").to_string();
    assert!(error.contains("/proc/amitwin-run: cannot make the directory: "), "{error}");
    assert!(error.ends_with(". Choose a directory that can be written to"), "{error}");
}

#[test]
fn denied_and_full_are_told_apart() {
    use std::io::{Error, ErrorKind};
    let of = |kind| FileError::io(Path::new("runs/x"), "make the directory", Error::from(kind));
    assert!(matches!(of(ErrorKind::StorageFull), FileError::DiskFull { .. }));
    assert!(matches!(of(ErrorKind::QuotaExceeded), FileError::DiskFull { .. }));
    let denied = of(ErrorKind::PermissionDenied).to_string();
    assert!(denied.starts_with("runs/x: no permission to make the directory") && denied.contains("-o DIR"), "{denied}");
    assert!(matches!(of(ErrorKind::ReadOnlyFilesystem), FileError::Denied { .. }));
    assert!(matches!(of(ErrorKind::Other), FileError::Io { .. }));
    let reading = FileError::io(Path::new("runs/x"), "read the file", Error::from(ErrorKind::Other)).to_string();
    assert!(!reading.contains("Choose"), "another directory does not help: {reading}");
}

#[test]
fn a_directory_is_written_by_one_run_at_a_time() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("run");
    let run = begin(&path, false).expect("begun");
    for force in [false, true] {
        let error = begin(&path, force).expect_err("claimed");
        if force {
            let process = std::process::id();
            assert!(matches!(error, FileError::Claimed { process: found, .. } if found == process), "{error}");
            assert!(error.to_string().contains(&format!("another amitwin (process {process}) writes a run there now")));
        }
    }
    #[cfg(unix)]
    {
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).expect("linked");
        assert!(matches!(begin(&link, true), Err(FileError::Claimed { .. })), "by another name");
    }
    run.finish(&ended(&["v"])).expect("finished");
    drop(run);
    assert_eq!(listing(&path), [MANIFEST, SUMMARY]);
    begin(&path, true).expect("free again");
}

#[test]
fn of_two_runs_that_begin_together_one_gets_the_directory() {
    let folder = tempfile::tempdir().expect("folder");
    for (force, round) in [false, true].into_iter().flat_map(|force| (0..20).map(move |round| (force, round))) {
        let path = folder.path().join(format!("{force}-{round}"));
        if force {
            finished(&path, false);
        }
        let barrier = std::sync::Barrier::new(4);
        let taken: Vec<_> = std::thread::scope(|scope| {
            let one = || {
                barrier.wait();
                begin(&path, force)
            };
            let all: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
            all.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        let (got, refused): (Vec<_>, Vec<_>) = taken.into_iter().partition(Result::is_ok);
        assert_eq!(got.len(), 1, "{refused:?}");
    }
}

#[test]
fn force_leaves_files_that_the_run_did_not_write() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("run");
    for complete in [true, false] {
        if complete {
            finished(&path, false);
        } else {
            // What a kill leaves: some tables finished, one half-written, and the names that were to come.
            let run = begin(&path, true).expect("replaced");
            run.tables("v").expect("new").finish().expect("finished");
            fs::write(path.join("tables/events/v/.part-000.parquet.Ab3xYz.tmp"), "torn").expect("written");
        }
        for name in [
            "tables/events/my-notes.md",
            // As a table, an input and an unfinished file are called.
            "tables/events/w/part-000.parquet",
            "tables/events/v/part-001.parquet",
            "inputs/meters.csv",
            "tables/events/v/.part-001.parquet.Ab3xYz.tmp",
            "tables/events/.notes.tmp",
        ] {
            let foreign = path.join(name);
            fs::create_dir_all(foreign.parent().expect("a folder")).expect("made");
            fs::write(&foreign, "years of work").expect("written");
            let before = fs::read(path.join(MANIFEST)).expect("there");
            let error = begin(&path, true).expect_err("foreign").to_string();
            assert!(error.contains(&format!("`{name}` is no file of the run")), "{error}");
            assert_eq!(fs::read(path.join(MANIFEST)).expect("there"), before, "nothing was written");
            fs::remove_file(foreign).expect("removed");
        }
        // Beside the run's own files it stays where it is.
        fs::write(path.join(".notes.tmp"), "mine").expect("written");
    }
    begin(&path, true).expect("replaced");
    assert_eq!(listing(&path), [".files.tmp", ".notes.tmp", MANIFEST, SUMMARY]);
    let occupied = folder.path().join("mine");
    fs::create_dir(&occupied).expect("made");
    fs::write(occupied.join(".notes.tmp"), "mine").expect("written");
    begin(&occupied, false).expect_err("it holds a file");
}

#[test]
fn a_run_that_was_killed_while_it_replaced_another_is_replaced() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("run");
    finished(&path, false);
    let table = fs::read(path.join("tables/events/v/part-000.parquet")).expect("there");
    let run = begin(&path, true).expect("replaced");
    // As if the kill had come before the old table was deleted.
    fs::create_dir_all(path.join("tables/events/v")).expect("made");
    fs::write(path.join("tables/events/v/part-000.parquet"), table).expect("written");
    drop(run);
    begin(&path, true).expect("replaced").tables("v").expect("new").finish().expect("finished");
}
