//! Checks the keys of a table against the JSON Schema: unknown ones, missing ones, and those of another kind of table.

use super::check::{check, join, word, wrong_type};
use super::diagnostic::{Diagnostic, suggest};
use super::shape::{Kinds, is_table, properties, property};
use super::source::Place;
use super::tree::{Entry, Node, Table, Value};
use serde_json::Value as Json;

/// Diagnostics beyond this have no help.
const HELPED_MAX: usize = 1_000;

/// Every key of a table, and every key that it must have.
pub(super) fn table(node: &Node, entries: &Table, schema: &Json, path: &str, out: &mut Vec<Diagnostic>) {
    if !is_table(schema) {
        // A table with keys of the user's own.
        if let Some(inner) = schema.get("additionalProperties").filter(|inner| inner.is_object()) {
            entries.iter().for_each(|(key, entry)| check(&entry.node, inner, &join(path, key), out));
        }
        return;
    }
    for (key, entry) in entries {
        match property(schema, key) {
            Some(schema) => check(&entry.node, schema, &join(path, key), out),
            None => {
                let help = helped(out, || suggest_key(key, schema));
                out.push(unknown(key, entry, help, path));
            }
        }
    }
    for key in required(schema).filter(|key| !entries.contains_key(*key)) {
        out.push(missing(node, key, property(schema, key).unwrap_or(&Json::Null), path));
    }
}

/// A table whose kind decides on its keys. Without a known kind, what is wrong in every kind is told beside that.
pub(super) fn of_kind(node: &Node, kinds: &Kinds<'_>, schema: &Json, path: &str, out: &mut Vec<Diagnostic>) {
    let Value::Table(entries) = &node.value else { return out.push(wrong_type(node, "a table", path)) };
    let branch = kinds.branch(node);
    for (key, entry) in entries {
        match branch.map_or_else(|| property(schema, key), |branch| property(branch, key)) {
            _ if key == kinds.tag => word(&entry.node, &kinds.words(), &join(path, key), out),
            Some(schema) => check(&entry.node, schema, &join(path, key), out),
            None => {
                let others = kinds.with(key).iter().map(|kind| format!("\"{kind}\"")).collect::<Vec<_>>().join(" or ");
                let help = match others.as_str() {
                    "" => helped(out, || suggest_key(key, branch.unwrap_or(schema))),
                    others => format!("`{key}` goes with {} = {others}", kinds.tag),
                };
                out.push(unknown(key, entry, help, path));
            }
        }
    }
    if !entries.contains_key(kinds.tag) {
        let quoted: Vec<_> = kinds.words().iter().map(|word| format!("\"{word}\"")).collect();
        let doc = kinds.doc.trim_end_matches('.');
        let help = format!("`{}`: {doc}; known are {}", kinds.tag, quoted.join(", "));
        let title = format!("`{path}` has no `{}`", kinds.tag);
        out.push(Diagnostic::error(title).at(&node.place, format!("needs `{}`", kinds.tag)).help(help));
    }
    let branches: Vec<&Json> = branch.map_or_else(|| kinds.branches.iter().map(|b| b.1).collect(), |b| vec![b]);
    let in_all = |key: &str| branches.iter().all(|branch| required(branch).any(|other| other == key));
    for key in required(branches[0]).filter(|key| *key != kinds.tag && !entries.contains_key(*key) && in_all(key)) {
        out.push(missing(node, key, property(branches[0], key).unwrap_or(&Json::Null), path));
    }
}

/// What helps with one more diagnostic. A file may have an unknown key on each of a hundred thousand lines, and few are shown.
fn helped(out: &[Diagnostic], help: impl FnOnce() -> String) -> String {
    if out.len() < HELPED_MAX { help() } else { String::new() }
}

fn required(schema: &Json) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
}

fn unknown(key: &str, entry: &Entry, help: String, path: &str) -> Diagnostic {
    let place = if path.is_empty() { "at the top".to_owned() } else { format!("in `{path}`") };
    Diagnostic::error(format!("unknown key `{key}` {place}")).at(&entry.key, "unknown").help(help)
}

/// What an unknown key of the table may have been meant as: a key of it, or of one of its sections.
pub fn suggest_key(key: &str, schema: &Json) -> String {
    let properties = properties(schema);
    let known: Vec<&str> = properties.iter().map(|(known, _)| *known).collect();
    let inner = properties.iter().find(|(_, inner)| property(inner, key).is_some());
    match inner {
        Some((section, _)) => format!("`{key}` belongs to `{section}`: {section}.{key}"),
        None => suggest(key, &known, "known keys"),
    }
}

fn missing(node: &Node, key: &str, schema: &Json, path: &str) -> Diagnostic {
    let doc = schema.get("description").and_then(Json::as_str).unwrap_or_default();
    let doc = doc.split(['.', ';']).next().unwrap_or_default().replace('\n', " ");
    let help = format!("`{key}`: {doc}");
    if path.is_empty() {
        let what = if schema.get("type").and_then(Json::as_str) == Some("object") { "table" } else { "key" };
        return Diagnostic::error(format!("the scenario has no {what} `{key}`")).help(help).at_start(node);
    }
    Diagnostic::error(format!("`{path}` has no `{key}`")).at(&node.place, format!("needs `{key}`")).help(help)
}

impl Diagnostic {
    /// Names the file without marking any text in it.
    fn at_start(self, node: &Node) -> Diagnostic {
        let place = Place::new(node.place.source, 0..0);
        self.at(&place, "")
    }
}

#[cfg(test)]
mod tests {
    use super::super::{check::check, tree::parse};
    use serde_json::json;

    /// What is wrong with a table that is a train with `cars` or a plane with `wings`, both with a name and `at`.
    fn wrong(text: &str) -> Vec<(String, String)> {
        let kind = |word: &str, own: &str| {
            let text = json!({"type": "string"});
            let number = json!({"type": "integer", "minimum": 1});
            json!({
                "type": "object",
                "properties": {"name": text, "at": text, "kind": {"const": word, "description": "What moves."}, own: number},
                "required": ["name", "kind", "at", own],
            })
        };
        let schema = json!({
            "type": "object",
            "properties": {"trip": {"oneOf": [kind("train", "cars"), kind("plane", "wings")]}},
        });
        let (root, errors) = parse(text, 0);
        assert!(errors.is_empty(), "{text}");
        let mut out = Vec::new();
        check(&root, &schema, "", &mut out);
        out.into_iter().map(|d| (d.title, d.help.unwrap_or_default())).collect()
    }

    fn one(text: &str, title: &str, help: &str) {
        assert_eq!(wrong(text), [(title.to_owned(), help.to_owned())], "{text}");
    }

    #[test]
    fn a_table_is_checked_as_one_of_its_kind() {
        assert_eq!(wrong("trip = { kind = \"train\", name = \"a\", at = \"b\", cars = 3 }"), []);
        assert_eq!(wrong("trip = { kind = \"plane\", name = \"a\", at = \"b\", wings = 2 }"), []);
        let text = "trip = { kind = \"train\", name = \"a\", at = \"b\", wings = 2, cars = 1 }";
        one(text, "unknown key `wings` in `trip`", "`wings` goes with kind = \"plane\"");
        let text = "trip = { kind = \"plane\", name = \"a\", at = \"b\", wing = 2, wings = 2 }";
        one(text, "unknown key `wing` in `trip`", "did you mean `wings`? known keys: at, kind, name, wings");
        one("trip = { kind = \"train\", name = \"a\", cars = 1 }", "`trip` has no `at`", "`at`: ");
        let text = "trip = { kind = \"train\", name = \"a\", at = \"b\", cars = 0 }";
        one(text, "`trip.cars` is out of range", "the smallest allowed is 1");
        one("trip = 3", "`trip` must be a table", "");
    }

    #[test]
    fn without_a_known_kind_the_kinds_are_told_beside_what_is_wrong_in_all() {
        let known = "known are \"train\", \"plane\"";
        let text = "trip = { name = \"a\", at = \"b\", cars = 3 }";
        one(text, "`trip` has no `kind`", &format!("`kind`: What moves; {known}"));
        let text = "trip = { kind = \"ship\", name = \"a\", at = \"b\", wings = 3 }";
        one(text, "`trip.kind` cannot be \"ship\"", known);
        let text = "trip = { kind = \"trian\", at = 3, car = 1 }";
        let titles: Vec<String> = wrong(text).into_iter().map(|(title, _)| title).collect();
        assert_eq!(
            titles,
            [
                "`trip.at` must be text in quotes",
                "unknown key `car` in `trip`",
                "`trip.kind` cannot be \"trian\"",
                "`trip` has no `name`",
            ]
        );
    }
}
