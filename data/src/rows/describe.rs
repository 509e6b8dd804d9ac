//! The data dictionary: all tables and columns as text, from the declarations.

use super::{TABLES, TableInfo};
use std::fmt::Write;

/// A column that files have in front of those of their table, because it follows from them.
#[derive(Debug, PartialEq, Eq)]
pub struct Beside {
    /// Name.
    pub name: &'static str,
    /// Type.
    pub physical: &'static str,
    /// What it holds.
    pub doc: &'static str,
}

/// The variant, so that nobody has to take it from a path.
pub const VARIANT: Beside =
    Beside { name: "variant", physical: "text", doc: "The variant, by its name in the scenario." };
/// The seed, so that rows of several are not taken for those of one.
pub const SEED: Beside = Beside {
    name: "seed",
    physical: "u64",
    doc: "The seed that the rows come from; `run --seeds` writes those of several into one directory.",
};
/// The time on the clock.
pub const TIME: Beside = Beside {
    name: "time",
    physical: "timestamp",
    doc: "Moment of `time_s` (of transactions: `planned_s`) on the clock, UTC whatever `dlms.utc_offset` says: that long after `dlms.start`.",
};
/// A code in words.
pub const CODE: Beside = Beside {
    name: "code",
    physical: "text",
    doc: "What `value` stands for where it is the number of a state or a tier; empty where it counts or measures.",
};

/// The columns that files of a table have in front of its own.
pub fn beside(info: &TableInfo) -> Vec<&'static Beside> {
    let has = |name: &str| info.columns.iter().any(|column| column.name == name);
    let timed = has("time_s") || has("planned_s");
    let there = [(&VARIANT, true), (&SEED, true), (&TIME, timed), (&CODE, has("kind") && has("value"))];
    there.into_iter().filter_map(|(beside, there)| there.then_some(beside)).collect()
}

/// How the tables of all variants are read as one, and joined.
pub const JOIN: &str = "\
Rows of one run belong together by `variant`, `seed` and `node` (`gateway` is the node of a border router, `parent` one too). In DuckDB:

  SELECT n.variant, n.hops, count(*) AS resets, median(t.answered_s - t.reset_s) AS away_s
  FROM 'RUN/tables/transactions/*/*.parquet' t
  JOIN 'RUN/tables/nodes/*/*.parquet' n USING (variant, seed, node)
  WHERE t.kind = 'reset' AND t.outcome = 'ok'
  GROUP BY ALL ORDER BY ALL;

Polars:  pl.read_parquet(\"RUN/tables/nodes/*/*.parquet\")
pandas:  pd.read_parquet(\"RUN/tables/nodes\")
";

/// All tables with their columns, types, units and meaning.
pub fn tables() -> String {
    TABLES.iter().map(table).chain([JOIN.to_owned()]).collect::<Vec<_>>().join("\n")
}

/// One table by name; `None` if there is none of that name.
pub fn table_named(name: &str) -> Option<String> {
    TABLES.iter().find(|info| info.name == name).map(table)
}

fn table(info: &TableInfo) -> String {
    let head = ["column", "type", "unit", "empty", "meaning"];
    let beside = beside(info).into_iter().map(|b| [b.name, b.physical, "", if b == &CODE { "yes" } else { "" }, b.doc]);
    let own = info.columns.iter().map(|column| {
        let empty = if column.nullable { "yes" } else { "" };
        [column.name, column.physical.name(), column.unit(), empty, column.doc.trim()]
    });
    let lines: Vec<[&str; 5]> = beside.chain(own).collect();
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
