//! Placements as DuckDB, Polars, pandas and Arrow write them.
//!
//! Needs a Python, which `AMITWIN_PYTHON` names, with those of the packages that are to be tried; .ci/run sets it up with all.
#![cfg(feature = "files")]

use amitwin_data::placement::{Options, read};
use amitwin_testkit::tools::{duckdb, peer, skip};
use std::process::Command;

#[test]
fn what_other_programs_write_is_read() {
    let Some(python) = duckdb() else { return };
    let folder = tempfile::tempdir().expect("folder");
    let output =
        Command::new(python).arg(peer("write_placements.py")).arg(folder.path()).output().expect("python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    for line in said.lines() {
        let (name, ids) = line.split_once(' ').expect("a name and ids");
        if name == "missing" {
            skip(&format!("the Python of AMITWIN_PYTHON has no {ids}"));
            continue;
        }
        let file = read(&folder.path().join(name), &Options::default()).unwrap_or_else(|error| panic!("{error}"));
        let found: Vec<&str> = file.records.iter().map(|record| record.name.as_str()).collect();
        assert_eq!(found.join(","), ids, "{name}");
        for (record, (lat, lon)) in file.records.iter().zip([(49.999522, 10.002837), (49.999254, 10.002944)]) {
            // Single precision has steps of 4e-6 degrees at 50.
            assert!((record.lat_deg - lat).abs() < 4e-6 && (record.lon_deg - lon).abs() < 4e-6, "{name}: {record:?}");
        }
    }
}
