//! `docs/requirements.md` names settings, figures and tests that there are.

use amitwin_scenarios::sections::json_schema::json_schema;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/requirements.md")).expect("the page")
}

/// What stands between back quotes in a cell.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Cells of each row.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let rows =
        page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---") && !line.starts_with("| row"));
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

#[test]
fn every_row_of_the_list_is_there_once() {
    let page = page();
    let names: Vec<&str> = rows(&page).iter().map(|row| row[0]).collect();
    let expected = [("A", 7), ("F", 15), ("O", 16), ("D", 5)];
    let expected: Vec<String> =
        expected.iter().flat_map(|(kind, most)| (1..=*most).map(move |n| format!("{kind}{n}"))).collect();
    assert_eq!(names, expected);
}

#[test]
fn every_test_that_it_names_is_there() {
    let page = page();
    for row in rows(&page) {
        let cell = row.iter().find(|cell| cell.contains(".rs`: `"));
        let Some(cell) = cell else {
            assert!(
                row.last().is_some_and(|cell| !cell.is_empty() && *cell != "-"),
                "{}: neither a test nor what is missing",
                row[0]
            );
            continue;
        };
        let names: Vec<&str> = quoted(cell).collect();
        let text =
            std::fs::read_to_string(root().join(names[0])).unwrap_or_else(|e| panic!("{}: {}: {e}", row[0], names[0]));
        assert!(text.contains(&format!("fn {}(", names[1])), "{}: {} has no test {}", row[0], names[0], names[1]);
    }
}

#[test]
fn every_setting_that_it_names_is_one() {
    let schema = json_schema().to_string() + &amitwin_scenarios::plan::json_schema().to_string();
    let page = page();
    for row in rows(&page).iter().filter(|row| row.len() > 5) {
        for setting in quoted(row[2]).filter(|text| !text.starts_with("amitwin ") && !text.contains(" = ")) {
            for part in setting.split('.') {
                assert!(schema.contains(&format!("\"{part}\"")), "{}: there is no setting {setting}", row[0]);
            }
        }
    }
}
