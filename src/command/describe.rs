//! `amitwin describe`: tables, figures and units, from where the program itself has them.

use crate::cli::{Describe, Format};
use crate::failure::Usage;
use crate::talk::Talk;
use amitwin_data::metrics::{self, Metric};
use amitwin_data::rows::describe::{self, Beside, CASES, CASES_DOC, CODE, LOSS, VALUE};
use amitwin_data::rows::{Column, TABLES, TableInfo};
use amitwin_scenarios::sections::units::Kind;
use amitwin_scenarios::suggest;
use serde_json::{Value, json};
use std::fmt::Write;

/// Prints what was asked for.
pub fn run(options: &Describe, talk: &Talk) -> anyhow::Result<u8> {
    let (text, value) = match options.what.as_deref() {
        None => {
            (overview(), Value::Array(TABLES.iter().map(|t| json!({ "table": t.name, "doc": t.doc.trim() })).collect()))
        }
        Some("tables") => (describe::tables(), Value::Array(TABLES.iter().map(table).collect())),
        Some("metrics") => (metrics::describe::metrics(), metrics_json()),
        Some("units") => (units(), units_json()),
        Some("cases") => (describe::cases(), cases_json()),
        Some(name) => match (describe::table_named(name), TABLES.iter().find(|t| t.name == name)) {
            (Some(text), Some(info)) => (text, table(info)),
            _ => {
                let mut known = vec!["tables", "metrics", "units", "cases"];
                known.extend(TABLES.iter().map(|t| t.name));
                return Err(
                    Usage(format!("there is nothing called `{name}`; {}", suggest(name, &known, "known"))).into()
                );
            }
        },
    };
    match options.format {
        Format::Table => talk.print(&text)?,
        Format::Json => talk.print_json(&value)?,
    }
    Ok(0)
}

fn overview() -> String {
    let mut out = String::from("Tables of a run directory, tables/<table>/<name>/part-000.parquet:\n");
    for info in TABLES {
        let opt_in = if info.opt_in { " (opt-in)" } else { "" };
        let _ = writeln!(out, "  {:13} {}{opt_in}", info.name, info.doc.trim());
    }
    out.push_str(
        "\namitwin describe tables    every table with its columns\n\
         amitwin describe TABLE     one table\n\
         amitwin describe cases     cases.parquet of a sweep or a search\n\
         amitwin describe metrics   figures in summary.json, and what gates call them\n\
         amitwin describe units     units in a scenario\n",
    );
    out
}

fn table(info: &TableInfo) -> Value {
    let column = |c: &Column| {
        let words: Vec<Value> = c.words.iter().map(|w| json!({ "word": w.word, "doc": w.doc.trim() })).collect();
        let mut column = json!({
            "name": c.name, "type": c.physical.name(), "unit": c.unit(), "nullable": c.nullable, "doc": c.doc.trim(),
        });
        if !words.is_empty() {
            column["words"] = words.into();
        }
        column
    };
    let columns = describe::beside(info).into_iter().map(beside).chain(info.columns.iter().map(column));
    json!({
        "table": info.name,
        "doc": info.doc.trim(),
        "opt_in": info.opt_in,
        "sorted_by": info.sorted_by,
        "columns": columns.collect::<Vec<_>>(),
    })
}

fn beside(b: &Beside) -> Value {
    let nullable = [CODE, LOSS, VALUE].contains(b);
    json!({ "name": b.name, "type": b.physical, "unit": "", "nullable": nullable, "doc": b.doc })
}

fn cases_json() -> Value {
    let columns: Vec<Value> = CASES.iter().map(beside).collect();
    json!({ "table": "cases", "doc": CASES_DOC, "opt_in": false, "columns": columns })
}

fn metrics_json() -> Value {
    let one = |m: &Metric| json!({ "figure": m.key(), "unit": m.unit(), "gate": m.gate().map(ToString::to_string), "doc": m.help() });
    Value::Array(Metric::ALL.iter().map(one).collect())
}

fn units() -> String {
    let mut out =
        String::from("A value is text with its unit; a share may be a bare number, and times add up (\"1h 30min\").\n");
    for kind in Kind::ALL {
        let _ = writeln!(out, "  {:10} {:22} such as \"{}\"", kind.key(), kind.units(), kind.example());
    }
    out
}

fn units_json() -> Value {
    let one = |k: Kind| json!({ "kind": k.key(), "units": k.units().split(", ").collect::<Vec<_>>(), "example": k.example() });
    Value::Array(Kind::ALL.into_iter().map(one).collect())
}
