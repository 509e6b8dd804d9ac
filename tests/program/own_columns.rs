//! Columns of a placement that are the user's own: from the file to the results, and where the file lies.

use amitwin_testkit::folders::folder;
use amitwin_testkit::program::run;
use amitwin_testkit::tools::duckdb;
use std::fs;
use std::process::Command;

/// An outage of one street.
const SCENARIO: &str = r#"
name = "streets"
duration = "15min"
[placement]
file = "meters.csv"
gateways = 1
[[event]]
name = "dig"
act = "power-off"
at = "10min"
target = { attributes = { Street = "Oak" } }
"#;

const METERS: &str =
    "Meter ID;Latitude;Longitude;Street\na;53,6501;11,4001;Oak\nb;53,6502;11,4001;Oak\nc;53,6503;11,4001;\n";

#[test]
fn results_are_grouped_by_them() {
    let here = folder(SCENARIO);
    fs::write(here.path().join("meters.csv"), METERS).expect("written");
    let words =
        ["meters.csv: 3 sites around 53.65 N 11.40 E, 0 x 22 m; columns separated by ';'", "your own columns Street"];
    run(here.path(), &["check", "small.toml"]).expect(0).tells(&words);
    run(here.path(), &["run", "small.toml", "-o", "out"]).expect(0).tells(&words);
    let Some(python) = duckdb() else { return };
    let sql = "SELECT attr_Street, count(*), count(e.node) FROM 'out/tables/nodes/**/*.parquet' n LEFT JOIN (SELECT DISTINCT \
               node FROM 'out/tables/events/**/*.parquet' WHERE kind = 'power_down') e USING (node) GROUP BY ALL ORDER BY ALL";
    let code = format!("import duckdb; print(duckdb.sql(\"{sql}\").fetchall())");
    let output = Command::new(python).args(["-c", &code]).current_dir(here.path()).output().expect("python starts");
    // Two meters of Oak are off; the third meter and the border router have no street.
    let found = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(found.trim(), "[('Oak', 2, 2), (None, 2, 0)]", "{}", String::from_utf8_lossy(&output.stderr));
}
