//! The guides, and the first ten minutes of README.md: every command in them is run, and says what they say it says.
//!
//! Blocks of a page share a folder, in which `data` and `scenarios` are those of the repository. A block marked `sh`, `sql`
//! (DuckDB) or `python` is run; every line of a `text` block behind it stands in what it printed. Comments that a reader
//! does not see change that: `<!-- not run: WHY -->` and `<!-- exit code 3 -->` stand in the line before a fence.

mod blocks;
mod reader;

use amitwin_testkit::tools::skip;
use blocks::blocks;
use reader::{Done, Reader};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const PAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guide");

/// Reads a page as its user does: everything in it is tried, in order.
#[track_caller]
fn follow(page: &str, text: &str) {
    let mut reader = Reader::begin();
    let blocks = blocks(text).unwrap_or_else(|why| panic!("{page}: {why}"));
    assert!(!blocks.is_empty(), "{page} has no command that is run");
    for block in blocks {
        match reader.follow(&block) {
            Ok(Done::Followed) => {}
            // What comes after may need what this makes.
            Ok(Done::NoPython) => {
                let line = block.line;
                return skip(&format!(
                    "{page} from line {line} on: AMITWIN_PYTHON names no Python with duckdb, pandas, polars and pyarrow"
                ));
            }
            Err(why) => panic!("{page}:{}: {why}\n{}", block.line, block.text),
        }
    }
}

#[track_caller]
fn follow_guide(name: &str) {
    follow(name, &fs::read_to_string(Path::new(PAGES).join(name)).expect("a guide"));
}

#[test]
fn capacity_guide() {
    follow_guide("capacity.md");
}

#[test]
fn commands_guide() {
    follow_guide("commands.md");
}

#[test]
fn data_guide() {
    follow_guide("data.md");
}

#[test]
fn firmware_guide() {
    follow_guide("firmware.md");
}

#[test]
fn head_end_testers_guide() {
    follow_guide("head-ends.md");
}

#[test]
fn importers_guide() {
    follow_guide("importing.md");
}

#[test]
fn maintenance_guide() {
    follow_guide("maintenance.md");
}

#[test]
fn planners_guide() {
    follow_guide("planning.md");
}

#[test]
fn replayers_guide() {
    follow_guide("replaying.md");
}

#[test]
fn the_first_ten_minutes() {
    let readme = include_str!("../../README.md");
    let section = readme.split("\n## ").find(|section| section.starts_with("The first ten minutes"));
    follow("README.md, the first ten minutes,", section.expect("the section"));
}

#[test]
fn the_index_shows_every_scenario() {
    let library = Path::new(PAGES).join("../../scenarios/library");
    let index = fs::read_to_string(library.join("README.md")).expect("the index");
    for entry in fs::read_dir(&library).expect("the library") {
        let name = entry.expect("an entry").file_name().into_string().expect("UTF-8");
        let Some(scenario) = name.strip_suffix(".toml") else { continue };
        let picture = format!("../../docs/pictures/{scenario}.svg");
        let line = index.lines().find(|line| line.starts_with(&format!("| [{scenario}]({name}) |")));
        assert!(line.is_some_and(|line| line.contains(&picture)), "{scenario} has no line with a picture");
        assert!(library.join(&picture).is_file(), "{picture}: `just pictures` draws it");
    }
}

#[test]
fn every_guide_is_followed() {
    let found: BTreeSet<String> = fs::read_dir(PAGES)
        .expect("the guides")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    let this = include_str!("main.rs");
    for name in found {
        assert!(this.contains(&format!("follow_guide(\"{name}\")")), "docs/guide/{name} has no test");
    }
}
