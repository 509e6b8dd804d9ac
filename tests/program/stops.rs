//! Ctrl-C keeps what is finished; a kill leaves nothing torn.
#![cfg(unix)]

use amitwin_data::files::{RunDir, read_rows};
use amitwin_data::rows::{AirtimeRow, EventRow, FrameRow, LinkRow, LoadRow, NodeRow, Row, TransactionRow};
use amitwin_data::summary::Status;
use amitwin_testkit::folders::{files, folder};
use amitwin_testkit::program::{SHORT_AND_LONG, amitwin, run, summary, wait_for};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A run whose short variant has ended while the long one goes on; killed when dropped.
struct Underway(Child);

impl Underway {
    fn begin(here: &Path) -> Underway {
        let arguments = ["run", "small.toml", "-o", "out", "--threads", "2"];
        let child = amitwin(here, &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
        let underway = Underway(child);
        // The last table of the short variant, and the long one's first unfinished file.
        wait_for("finished variant", || here.join("out/tables/frames/short/part-000.parquet").is_file());
        wait_for("unfinished table", || !files(&here.join("out/tables/frames/long"), ".tmp").is_empty());
        underway
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.0.id().to_string()]).status().expect("kill");
        assert!(status.success());
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Every file that a `*.parquet` matches can be read to its end.
fn all_tables_are_whole(out: &Path) -> usize {
    fn read<R: Row>(path: &PathBuf) -> usize {
        read_rows::<R>(std::slice::from_ref(path)).unwrap_or_else(|e| panic!("{e}")).len()
    }
    let tables = files(out, ".parquet");
    for path in &tables {
        let text = path.to_string_lossy().into_owned();
        let table = text.split("/tables/").nth(1).and_then(|rest| rest.split('/').next()).expect("a table");
        match table {
            "nodes" => read::<NodeRow>(path),
            "links" => read::<LinkRow>(path),
            "transactions" => read::<TransactionRow>(path),
            "events" => read::<EventRow>(path),
            "airtime" => read::<AirtimeRow>(path),
            "frames" => read::<FrameRow>(path),
            "load" => read::<LoadRow>(path),
            other => panic!("an unknown table {other}"),
        };
    }
    tables.len()
}

#[test]
fn a_kill_leaves_no_torn_file_and_a_directory_that_says_incomplete() {
    let here = folder(SHORT_AND_LONG);
    let out = here.path().join("out");
    let mut underway = Underway::begin(here.path());
    underway.signal("-KILL");
    assert_eq!(underway.0.wait().expect("ended").signal(), Some(9));

    assert!(all_tables_are_whole(&out) >= 6, "the short variant's tables are there");
    let run_dir = RunDir::open_any(&out).expect("a run directory");
    assert_eq!((run_dir.summary.status, run_dir.summary.exit_code), (Status::Running, None));
    assert!(!run_dir.manifest.complete);
    run(here.path(), &["compare", "out"]).expect(3).tells(&["out: this run is incomplete (its status is \"running\")"]);
    run(here.path(), &["verify", "out"]).expect(3).tells(&["out: this run is incomplete (its status is \"running\")"]);
    run(here.path(), &["report", "out"]).expect(3).tells(&["out: this run is incomplete (its status is \"running\")"]);
    let page = std::fs::read_to_string(out.join("report.html")).expect("a report");
    for told in ["The run did not end", "Not judged: the run is incomplete", "before the run stopped"] {
        assert!(page.contains(told), "{told}");
    }

    // The directory can be used again, and nothing of the killed run is left.
    let again = ["run", "small.toml", "-o", "out", "--variant", "short", "--force"];
    run(here.path(), &again).expect(0);
    assert!(files(&out, ".tmp").is_empty() && !out.join("tables/nodes/long").exists());
    run(here.path(), &["verify", "out"]).expect(0);
}

#[test]
fn an_interrupt_keeps_what_is_finished() {
    for signal in ["-INT", "-TERM"] {
        let here = folder(SHORT_AND_LONG);
        let out = here.path().join("out");
        let mut underway = Underway::begin(here.path());
        underway.signal(signal);
        let status = underway.0.wait().expect("ended");
        assert_eq!(status.code(), Some(130), "{signal}");

        let summary = summary(&out);
        assert_eq!((summary.status, summary.exit_code), (Status::Interrupted, Some(130)));
        let finished: Vec<&str> = summary.variants.iter().map(|v| v.name.as_str()).collect();
        assert_eq!(finished, ["short"]);
        assert!(summary.warnings.iter().any(|w| w.ends_with("without results: 'long'")), "{:?}", summary.warnings);
        all_tables_are_whole(&out);
        assert!(files(&out, ".tmp").is_empty());
        assert!(!RunDir::open_any(&out).expect("a run").manifest.complete);
        assert!(out.join("report.html").is_file());
        run(here.path(), &["compare", "out"]).expect(3).tells(&["its status is \"interrupted\""]);
        // Its files are what the manifest says, even so it is no whole run.
        run(here.path(), &["verify", "out"]).expect(3).tells(&["this run is incomplete"]);
        let report = out.join("report.html");
        std::fs::write(&report, "").expect("written");
        run(here.path(), &["verify", "out"]).expect(6).tells(&["cannot be trusted"]);
    }
}

#[test]
fn a_second_interrupt_ends_at_once() {
    // While a world is built nobody looks for the first.
    let text = SHORT_AND_LONG.replace("meters = 25", "meters = 60000").replace("\"grid\"", "\"suburb\"");
    let here = folder(&text);
    let arguments = ["run", "small.toml", "-o", "out", "--variant", "long", "--threads", "1"];
    let child = amitwin(here.path(), &arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    let mut underway = Underway(child);
    wait_for("run directory", || here.path().join("out/scenario.resolved.toml").is_file());
    let began = Instant::now();
    underway.signal("-INT");
    std::thread::sleep(Duration::from_millis(300));
    assert!(underway.0.try_wait().expect("a process").is_none(), "the world was built too fast for this test");
    underway.signal("-INT");
    assert_eq!(underway.0.wait().expect("ended").code(), Some(130));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(summary(&here.path().join("out")).status, Status::Running);
}
