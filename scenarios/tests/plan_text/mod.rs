//! A small plan, and what is said about it when it is changed; shared by tests of plans.

use amitwin_scenarios::plan::{Plan, load_text};
use std::path::Path;

/// A plan that loads without a warning.
pub const SMALL: &str = r#"
name = "small"
start = 2026
years = 20

[[vintage]]
name = "old"
installed = 2015
until = 2016

[[depot]]
name = "north"
meters = 2000
climate = "seville"

[[crew]]
name = "own"
count = 2
"#;

/// The same with more behind it.
pub fn with(more: &str) -> String {
    format!("{SMALL}{more}")
}

/// A plan that loads.
pub fn loaded(text: &str) -> Plan {
    load_text(text, "plan.toml", Path::new("."), &[], None).unwrap_or_else(|e| panic!("{}", e.render(false)))
}

/// What is said about a plan.
pub fn said(text: &str) -> String {
    match load_text(text, "plan.toml", Path::new("."), &[], None) {
        Ok(_) => "nothing".to_owned(),
        Err(error) => error.render(false),
    }
}

/// That each text stands in what is said, with its place.
#[track_caller]
pub fn says(text: &str, expected: &[&str]) {
    let said = said(text);
    for part in expected {
        assert!(said.contains(part), "`{part}` is not in:\n{said}");
    }
    assert!(said.contains("plan.toml:"), "no place in:\n{said}");
}
