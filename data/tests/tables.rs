//! Tables written and read back: values, sorting, metadata, parts, memory bounds, full disks.
#![cfg(feature = "files")]

use amitwin_data::attributes::AttributesBuilder;
use amitwin_data::files::{FileError, RunDir, read_rows};
use amitwin_data::rows::{EachTable, EventRow, FrameRow, NodeRow, Row, Rows, TABLES, TransactionRow};
use amitwin_testkit::folders::listing;
use amitwin_testkit::runs::{begin, ended, events, extremes};
use amitwin_testkit::tools::skip_unless_refused;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

struct SameTables<'a> {
    root: &'a Path,
    expected: &'a Rows,
    tables: usize,
}

impl EachTable for SameTables<'_> {
    type Error = FileError;
    fn table<R: Row>(&mut self) -> Result<(), FileError> {
        let run = RunDir::open(self.root)?;
        assert_eq!(&run.rows::<R>("a/b: 1", u64::MAX)?, R::of(self.expected), "{}", R::TABLE.name);
        self.tables += 1;
        Ok(())
    }
}

#[test]
fn every_table_comes_back_as_it_was() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("run");
    let run = begin(&path, false).expect("new");
    let mut set = run.tables("a/b: 1").expect("named");
    let expected = extremes();
    let mut rows = expected.clone();
    set.write(&mut rows).expect("written");
    assert!(rows.is_empty());
    let entries = set.finish().expect("finished");
    assert_eq!(entries.len(), TABLES.len());
    assert_eq!(entries.iter().filter_map(|entry| entry.rows).sum::<u64>(), expected.len() as u64);
    run.finish(&ended(&["a/b: 1"])).expect("finished");

    let mut same = SameTables { root: &path, expected: &expected, tables: 0 };
    same.each().expect("readable");
    assert_eq!(same.tables, TABLES.len());
    // Equality takes -0.0 for 0.0.
    let back = RunDir::open(&path).expect("complete").rows::<TransactionRow>("a/b: 1", u64::MAX).expect("rows");
    assert!(back[1].answered_s.expect("there").is_sign_negative());
}

#[test]
fn a_table_without_rows_is_a_file_unless_it_is_opt_in() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("run");
    let run = begin(&path, false).expect("new");
    run.tables("v").expect("named").finish().expect("finished");
    run.finish(&ended(&["v"])).expect("finished");
    let parquet: Vec<String> = listing(&path).into_iter().filter(|name| name.ends_with(".parquet")).collect();
    let expected: Vec<String> = ["airtime", "events", "links", "load", "nodes", "transactions"]
        .map(|table| format!("tables/{table}/v/part-000.parquet"))
        .to_vec();
    assert_eq!(parquet, expected);
    let run = RunDir::open(&path).expect("complete");
    assert_eq!(run.rows::<EventRow>("v", u64::MAX).expect("there"), []);
    assert_eq!(run.rows::<FrameRow>("v", u64::MAX).expect("not asked for"), []);
    assert!(
        run.rows::<EventRow>("w", u64::MAX)
            .expect_err("none")
            .to_string()
            .contains("no table `events` of variant \"w\"")
    );
}

#[test]
fn rows_go_out_in_sorted_groups_and_in_parts() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("run");
    let run = begin(&path, false).expect("new");
    let mut set = run.tables("v").expect("named").with_limits(10, 20);
    // 45 rows in an order of no kind, in batches that do not fit the groups.
    let order: Vec<u32> = (0..45).map(|i| i * 17 % 45).collect();
    for batch in order.chunks(7) {
        set.write(&mut events(batch.iter().copied())).expect("written");
    }
    // 40 rows are out already: nothing is held back beyond a group.
    let early = listing(&path).into_iter().filter(|name| name.ends_with("events/v/part-001.parquet")).count();
    assert_eq!(early, 1);
    let entries = set.finish().expect("finished");
    let parts: Vec<_> = entries.iter().filter(|entry| entry.path.contains("/events/")).collect();
    assert_eq!(parts.iter().map(|part| part.rows.unwrap_or(0)).collect::<Vec<_>>(), [20, 20, 5]);
    assert_eq!(parts[2].path, "tables/events/v/part-002.parquet");
    run.finish(&ended(&["v"])).expect("finished");

    let run = RunDir::open(&path).expect("complete");
    let mut groups = Vec::new();
    run.each_group::<EventRow>("v", u64::MAX, |rows| groups.push(rows)).expect("readable");
    assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 10, 10, 5]);
    for (group, given) in groups.iter().zip(order.chunks(10)) {
        let mut given = given.to_vec();
        given.sort_unstable();
        assert_eq!(group.iter().map(|row| row.node).collect::<Vec<_>>(), given);
    }
}

#[test]
fn a_file_says_what_it_is() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("run");
    let run = begin(&path, false).expect("new");
    let mut set = run.tables("a b").expect("named");
    set.write(&mut extremes()).expect("written");
    set.finish().expect("finished");
    let file = path.join("tables/links/a%20b/part-000.parquet");
    let reader = SerializedFileReader::new(File::open(&file).expect("there")).expect("parquet");
    let facts = reader.metadata().file_metadata().key_value_metadata().expect("facts");
    let fact = |key: &str| {
        let found = facts.iter().find(|fact| fact.key == key).and_then(|fact| fact.value.as_deref());
        found.unwrap_or_else(|| panic!("no {key}"))
    };
    assert_eq!(fact("amitwin.table"), "links");
    assert_eq!(fact("amitwin.variant"), "a b");
    assert_eq!(fact("amitwin.seed"), u64::MAX.to_string());
    assert_eq!(fact("amitwin.keys"), "TEST");
    assert_eq!(fact("amitwin.version"), "0.1.0");
    let columns: serde_json::Value = serde_json::from_str(fact("amitwin.columns")).expect("JSON");
    assert_eq!(columns["rssi_dbm"]["unit"], "dBm");
    assert!(columns["parent"]["doc"].as_str().expect("text").contains("parent"));
    let group = reader.metadata().row_group(0);
    let sorting: Vec<i32> = group.sorting_columns().expect("declared").iter().map(|s| s.column_idx).collect();
    // Time and node, behind `variant`, `seed` and `time`.
    assert_eq!(sorting, [3, 4]);
    assert!(group.columns().iter().all(|c| format!("{:?}", c.compression()).starts_with("ZSTD")));
}

#[test]
fn a_dropped_or_killed_writer_leaves_no_torn_file() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("run");
    let run = begin(&path, false).expect("new");
    for (name, killed) in [("dropped", false), ("killed", true)] {
        let mut set = run.tables(name).expect("named").with_limits(10, 1000);
        set.write(&mut events(0..25)).expect("written");
        if killed { std::mem::forget(set) } else { drop(set) }
    }
    let left: Vec<String> = listing(&path).into_iter().filter(|name| name.starts_with("tables")).collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].starts_with("tables/events/killed/.part-000.parquet.") && left[0].ends_with(".tmp"));
    let error = RunDir::open(&path).expect_err("incomplete").to_string();
    assert!(error.contains("incomplete") && error.contains("\"running\""), "{error}");
    assert!(!RunDir::open_any(&path).expect("a run").manifest.complete);
}

#[test]
fn a_file_of_another_shape_is_refused_with_the_column() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("run");
    let run = begin(&path, false).expect("new");
    let mut set = run.tables("v").expect("named");
    set.write(&mut extremes()).expect("written");
    let entries = set.finish().expect("finished");
    let file_of = |table: &str| {
        let entry = entries.iter().find(|entry| entry.path.contains(&format!("/{table}/"))).expect("table");
        path.join(&entry.path)
    };
    let error = read_rows::<EventRow>(&[file_of("airtime")]).expect_err("other table").to_string();
    assert!(error.contains("table `events`, column `node`: the file has no such column"), "{error}");

    let garbage = folder.path().join("garbage.parquet");
    std::fs::write(&garbage, "PAR1 but not really PAR1").expect("written");
    let error = read_rows::<EventRow>(std::slice::from_ref(&garbage)).expect_err("garbage").to_string();
    assert!(error.contains("garbage.parquet") && error.contains("damaged"), "{error}");

    let whole = std::fs::read(file_of("events")).expect("readable");
    std::fs::write(&garbage, &whole[..whole.len() - 30]).expect("written");
    read_rows::<EventRow>(std::slice::from_ref(&garbage)).expect_err("torn");
    let error = read_rows::<EventRow>(&[folder.path().join("none.parquet")]).expect_err("missing").to_string();
    assert!(error.contains("none.parquet: cannot open the file"), "{error}");
}

/// A file system of 256 KiB for as long as this lives.
struct TinyDisk(tempfile::TempDir);

impl TinyDisk {
    /// The reason, if there can be none.
    fn mount() -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=256k", "none"]).arg(folder.path()).env("LC_ALL", "C");
        match mount.output() {
            Ok(done) if done.status.success() => Ok(TinyDisk(folder)),
            Ok(done) => Err(String::from_utf8_lossy(&done.stderr).trim().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_is_named_and_leaves_no_torn_file() {
    let disk = match TinyDisk::mount() {
        Ok(disk) => disk,
        Err(why) => return skip_unless_refused("a_full_disk_is_named_and_leaves_no_torn_file", "small disk", &why),
    };
    let path = disk.0.path().join("run");
    let run = begin(&path, false).expect("room for the small files");
    let mut set = run.tables("v").expect("named").with_limits(1_000, 1_000_000);
    let mut state = 1u64;
    let error = (0..1_000)
        .find_map(|_| {
            let batch = (0..1_000).map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 32) as u32
            });
            set.write(&mut events(batch)).err()
        })
        .expect("a million rows do not fit");
    assert!(matches!(error, FileError::DiskFull { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("part-000.parquet: the disk is full") && text.contains("-o DIR"), "{text}");
    drop(set);
    assert_eq!(listing(&path), [".files.tmp", ".running.tmp", "manifest.json", "summary.json"]);
    assert!(matches!(RunDir::open(&path), Err(FileError::Incomplete { .. })));

    let big = vec![b' '; 1 << 20];
    assert!(matches!(run.put("report.html", &big), Err(FileError::DiskFull { .. })));
    assert_eq!(listing(&path), [".files.tmp", ".running.tmp", "manifest.json", "summary.json"]);
}

#[test]
fn the_own_columns_of_a_placement_come_behind_those_of_nodes() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("run");
    let run = begin(&path, false).expect("new");
    let mut builder = AttributesBuilder::default();
    let (street, feeder) = (builder.column("Street No."), builder.column("feeder"));
    let mut rows = Rows { nodes: extremes().nodes, ..Rows::default() };
    builder.set(street, 0, "Oak 1");
    builder.set(feeder, 1, "F2");
    let set = run.tables("v").expect("named").with_attributes(Arc::new(builder.finish()));
    let mut set = set.with_limits(1, 1);
    for (node, row) in (0..).zip(&mut rows.nodes) {
        row.node = node;
    }
    let expected = rows.nodes.clone();
    set.write(&mut rows).expect("written");
    set.finish().expect("finished");
    run.finish(&ended(&["v"])).expect("finished");

    // Who knows nothing of them reads the table as it was.
    assert_eq!(RunDir::open(&path).expect("complete").rows::<NodeRow>("v", u64::MAX).expect("rows"), expected);
    let mut values = Vec::new();
    for part in 0..expected.len() {
        let part = path.join(format!("tables/nodes/v/part-{part:03}.parquet"));
        let reader = SerializedFileReader::new(File::open(part).expect("there")).expect("Parquet");
        for row in reader.get_row_iter(None).expect("rows") {
            let row = row.expect("a row");
            let of =
                |name: &str| row.get_column_iter().find(|(column, _)| *column == name).expect("column").1.to_string();
            values.push((of("attr_Street_No_"), of("attr_feeder")));
        }
    }
    let text = |text: &str| text.to_owned();
    assert_eq!(values[..2], [(text("\"Oak 1\""), text("null")), (text("null"), text("\"F2\""))]);
    assert!(values[2..].iter().all(|(street, feeder)| street == "null" && feeder == "null"));
    // No other table has them.
    let events = File::open(path.join("tables/events/v/part-000.parquet")).expect("there");
    let schema = SerializedFileReader::new(events).expect("Parquet").metadata().file_metadata().schema_descr_ptr();
    assert!(schema.columns().iter().all(|column| !column.name().starts_with("attr_")));
}
