//! The data dictionary: all tables and columns as text, from the declarations.

use super::{TABLES, TableInfo};
use std::fmt::Write;

/// All tables with their columns, types, units and meaning.
pub fn tables() -> String {
    TABLES.iter().map(table).collect::<Vec<_>>().join("\n")
}

/// One table by name; `None` if there is none of that name.
pub fn table_named(name: &str) -> Option<String> {
    TABLES.iter().find(|info| info.name == name).map(table)
}

fn table(info: &TableInfo) -> String {
    let head = ["column", "type", "unit", "empty", "meaning"];
    let lines: Vec<[&str; 5]> = info
        .columns
        .iter()
        .map(|column| {
            let empty = if column.nullable { "yes" } else { "" };
            [column.name, column.physical.name(), column.unit(), empty, column.doc.trim()]
        })
        .collect();
    let widths: Vec<usize> =
        (0..4).map(|i| lines.iter().chain([&head]).map(|line| line[i].len()).max().unwrap_or(0)).collect();
    let opt_in = if info.opt_in { " (opt-in)" } else { "" };
    let mut out = String::new();
    let _ = writeln!(out, "{}{opt_in}: {}", info.name, info.doc.trim());
    let _ = writeln!(out, "  sorted within each row group by: {}", info.sorted_by.join(", "));
    for line in [&head].into_iter().chain(&lines) {
        let cells: Vec<String> = line[..4].iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
        let _ = writeln!(out, "  {}  {}", cells.join("  "), line[4]);
    }
    for column in info.columns.iter().filter(|column| !column.words.is_empty()) {
        let width = column.words.iter().map(|word| word.word.len()).max().unwrap_or(0);
        let _ = writeln!(out, "  words of {}:", column.name);
        for word in column.words {
            let _ = writeln!(out, "    {:width$}  {}", word.word, word.doc.trim());
        }
    }
    out
}
