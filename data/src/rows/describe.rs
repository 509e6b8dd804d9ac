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

/// Share of lost tries.
pub const LOSS: Beside = Beside {
    name: "up_loss",
    physical: "f64",
    doc: "Share of the tries to send to its parent that were not acknowledged, of the last hours that have 20 tries together; empty until there are so many.",
};
/// State of a link.
pub const HEALTH: Beside = Beside {
    name: "health",
    physical: "text",
    doc: "How the link to its parent is by the limits that operators act on, the worst first: none (below -110 dBm, or no parent), poor (below -90 dBm), low_snr \
          (less than 15 dB over the noise), lossy (up_loss above 5 %), good.",
};

/// The columns of a study's `cases.parquet`, in their order; in the place of the second there is one for each setting that is varied.
pub const CASES: [Beside; 6] = [
    Beside { name: "case", physical: "u32", doc: "Number of the case in the plan of the study, from 0 on." },
    Beside {
        name: "KEY",
        physical: "f64 or text",
        doc: "The value of a setting that is varied, a column for each, named by its dotted path such as placement.meters: numbers where no \
              value has a unit, else text as in a scenario.",
    },
    VARIANT,
    Beside { name: "seed", physical: "u64", doc: "The seed." },
    Beside {
        name: "figure",
        physical: "text",
        doc: "The figure, as `amitwin describe metrics` names it; its unit is last in the name.",
    },
    VALUE,
];
/// What a figure came to.
pub const VALUE: Beside =
    Beside { name: "value", physical: "f64", doc: "What it came to with this seed; empty: not reached, or no data." };
/// What the table of a study is.
pub const CASES_DOC: &str = "A row for each case, variant, seed and figure of a study: `cases.parquet` in the directory of a sweep or a search.";

/// The columns that files of a table have in front of its own.
pub fn beside(info: &TableInfo) -> Vec<&'static Beside> {
    let has = |name: &str| info.columns.iter().any(|column| column.name == name);
    let timed = has("time_s") || has("planned_s");
    let linked = has("up_unanswered");
    let there = [
        (&VARIANT, true),
        (&SEED, true),
        (&TIME, timed),
        (&CODE, has("kind") && has("value")),
        (&LOSS, linked),
        (&HEALTH, linked),
    ];
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

/// The table of a study with its columns.
pub fn cases() -> String {
    let mut out = format!("cases: {CASES_DOC}\n");
    let lines = CASES.iter().map(|b| [b.name, b.physical, "", if b == &VALUE { "yes" } else { "" }, b.doc]);
    put_columns(&mut out, &lines.collect::<Vec<_>>());
    out
}

/// Columns with their type, their unit, whether they may be empty, and their meaning.
fn put_columns(out: &mut String, lines: &[[&str; 5]]) {
    let head = ["column", "type", "unit", "empty", "meaning"];
    let widths: Vec<usize> =
        (0..4).map(|i| lines.iter().chain([&head]).map(|line| line[i].len()).max().unwrap_or(0)).collect();
    for line in [&head].into_iter().chain(lines) {
        let cells: Vec<String> = line[..4].iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
        let _ = writeln!(out, "  {}  {}", cells.join("  "), line[4]);
    }
}

fn table(info: &TableInfo) -> String {
    let beside = beside(info)
        .into_iter()
        .map(|b| [b.name, b.physical, "", if b == &CODE || b == &LOSS { "yes" } else { "" }, b.doc]);
    let own = info.columns.iter().map(|column| {
        let empty = if column.nullable { "yes" } else { "" };
        [column.name, column.physical.name(), column.unit(), empty, column.doc.trim()]
    });
    let lines: Vec<[&str; 5]> = beside.chain(own).collect();
    let opt_in = if info.opt_in { " (opt-in)" } else { "" };
    let mut out = String::new();
    let _ = writeln!(out, "{}{opt_in}: {}", info.name, info.doc.trim());
    let _ = writeln!(out, "  sorted within each row group by: {}", info.sorted_by.join(", "));
    put_columns(&mut out, &lines);
    for column in info.columns.iter().filter(|column| !column.words.is_empty()) {
        let width = column.words.iter().map(|word| word.word.len()).max().unwrap_or(0);
        let _ = writeln!(out, "  words of {}:", column.name);
        for word in column.words {
            let _ = writeln!(out, "    {:width$}  {}", word.word, word.doc.trim());
        }
    }
    out
}
