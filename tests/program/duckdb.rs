//! DuckDB reads every table of a real run by glob and gets the numbers of the summary.
//!
//! Needs a Python with the package `duckdb`; `AMITWIN_PYTHON` names it.

use amitwin_testkit::folders::folder;
use amitwin_testkit::program::{SMALL, Said, run};
use amitwin_testkit::tools::{duckdb, peer};
use std::process::Command;

#[test]
fn duckdb_gets_the_numbers_of_the_summary() {
    let Some(python) = duckdb() else { return };
    let variants = "[[variant]]\nname = \"all: at once\"\nset = { \"campaign.reset.window\" = [\"0s\", \"0s\"] }\n\
                    [[variant]]\nname = \"2024-01-01\"\n[[variant]]\nname = \"stopped\"\nset = { duration = \"380s\" }\n";
    let here = folder(&format!("{SMALL}\n[traffic]\npush = \"5min\"\n[record]\nframes_every = 7\n{variants}"));
    run(here.path(), &["run", "small.toml", "-o", "out", "--set", "placement.meters=60"]).expect(0);
    let output =
        Command::new(python).arg(peer("read_tables.py")).arg(here.path().join("out")).output().expect("python starts");
    let found = Said::of(&output).expect(0).json();
    assert_eq!(found["differences"], serde_json::json!([]));
    assert_eq!(found["compared"], 3 * 16);
    for variant in ["all: at once", "2024-01-01", "stopped"] {
        assert_eq!(found["rows"]["nodes"][variant], 61);
        assert_eq!(found["numbers"][variant]["commanded"], 60);
        assert!(found["rows"]["frames"][variant].as_u64().expect("rows") > 0);
    }
}
