//! Dotted paths that change one setting: `campaign.reset.window`, `radio.tx_power`.
//!
//! A table is addressed by its key, an element of a list of tables by its `name`; a name with dots or spaces is quoted:
//! `campaign."first wave".at`.

use super::diagnostic::{Diagnostic, suggest};
use super::keys::suggest_key;
use super::shape::{is_table, named_items, property};
use super::source::Place;
use super::tree::{Entry, Node, Table, Value};
use serde_json::Value as Json;

/// A part of a path and its bytes in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// The key or name.
    pub text: String,
    /// First byte in the path.
    pub start: usize,
    /// One after the last byte.
    pub end: usize,
}

/// Splits a path at its dots, outside quotes.
pub fn split(path: &str) -> Result<Vec<Segment>, &'static str> {
    let mut segments = Vec::new();
    let mut at = 0;
    loop {
        let rest = &path[at..];
        let (text, len) = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let end = rest[1..].find(quote).ok_or("a quote is not closed")?;
                (rest[1..=end].to_owned(), end + 2)
            }
            _ => {
                let len = rest.find('.').unwrap_or(rest.len());
                (rest[..len].trim().to_owned(), len)
            }
        };
        if text.is_empty() {
            return Err("a part between two dots is empty");
        }
        segments.push(Segment { text, start: at, end: at + len });
        at += len;
        match path[at..].chars().next() {
            None => return Ok(segments),
            Some('.') => at += 1,
            Some(_) => return Err("text follows a closing quote"),
        }
    }
}

/// Keys of which a table can hold only one group: setting the first drops the others.
const EXCLUSIVE: &[(&str, &str, &[&str])] = &[
    ("placement", "file", &["generator", "meters", "spacing", "origin"]),
    ("placement", "generator", &["file", "columns", "crs"]),
    ("placement", "gateways", &["siting", "meters_per_gateway"]),
    ("placement", "siting", &["gateways"]),
    ("campaign", "window", &["clusters"]),
    ("campaign", "clusters", &["window"]),
    ("event", "for", &["until"]),
    ("event", "until", &["for"]),
    ("event", "target", &["links"]),
    ("event", "links", &["target"]),
];

/// A change to make: where and what.
#[derive(Clone, Debug)]
pub struct Change {
    /// The path as written.
    pub path: String,
    /// Where the path is written.
    pub place: Place,
    /// The new value.
    pub node: Node,
}

/// Makes all changes in `root`; each change that cannot be made is reported and skipped.
///
/// Where a table can hold one of two settings, the changed one drops the other.
pub fn apply(root: &mut Node, schema: &Json, changes: &[Change], closed: &[&str], out: &mut Vec<Diagnostic>) {
    let mut made: Vec<Vec<Segment>> = Vec::new();
    let changes: Vec<Change> = changes.iter().flat_map(|change| expand(change.clone(), schema)).collect();
    for change in &changes {
        let segments = match split(&change.path) {
            Ok(segments) => segments,
            Err(why) => {
                let title = format!("`{}` is not a path of a setting", change.path);
                let help = "write TABLE.KEY, such as radio.tx_power or campaign.NAME.window";
                out.push(Diagnostic::error(title).at(&change.place, why).help(help));
                continue;
            }
        };
        if closed.contains(&segments[0].text.as_str()) {
            let title = format!("`{}` cannot be changed here", segments[0].text);
            let help = "a variant changes settings of the network, the traffic and the campaigns";
            out.push(Diagnostic::error(title).at(&change.place, "belongs to the whole scenario").help(help));
            continue;
        }
        match set(root, schema, &segments, change) {
            Ok(()) => made.push(segments),
            Err(diagnostic) => out.push(*diagnostic),
        }
    }
    for segments in &made {
        drop_excluded(root, segments, &made);
    }
}

/// A change to a whole section as changes to its keys, so that `{ radio.phy = "5" }`, which TOML reads as a table,
/// keeps the other keys of the section.
fn expand(change: Change, schema: &Json) -> Vec<Change> {
    let Ok(segments) = split(&change.path) else { return vec![change] };
    let section = schema.get("properties").and_then(|p| p.get(&segments[0].text));
    let depth = match section {
        Some(s) if named_items(s).is_some() => 3,
        Some(s) if is_table(s) => 2,
        _ => 1,
    };
    match change.node.value {
        Value::Table(table) if segments.len() < depth => {
            let inner = |(key, entry): (String, Entry)| {
                let key = if key.contains(['.', '"', ' ']) { format!("'{key}'") } else { key };
                Change { path: format!("{}.{key}", change.path), place: entry.key, node: entry.node }
            };
            table.into_iter().map(inner).flat_map(|change| expand(change, schema)).collect()
        }
        _ => vec![change],
    }
}

fn set(root: &mut Node, schema: &Json, segments: &[Segment], change: &Change) -> Result<(), Box<Diagnostic>> {
    let mut node = root;
    let mut schema = schema;
    for (depth, segment) in segments.iter().enumerate() {
        let walked = segments[..depth].iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join(".");
        let text = segment.text.as_str();
        let last = depth + 1 == segments.len();
        if is_table(schema) {
            let Some(inner) = property(schema, text) else {
                let place = if walked.is_empty() { "at the top".to_owned() } else { format!("in `{walked}`") };
                let title = format!("`{}`: there is no `{text}` {place}", change.path);
                let help = suggest_key(text, schema);
                return Err(Box::new(Diagnostic::error(title).at(&change.place, "no such setting").help(help)));
            };
            schema = inner;
            let Value::Table(table) = &mut node.value else { return Err(not_a_table(&walked, change)) };
            if last {
                table.insert(text.to_owned(), Entry { key: change.place.clone(), node: change.node.clone() });
                return Ok(());
            }
            if is_table(schema) {
                table.entry(text.to_owned()).or_insert_with(|| Entry {
                    key: change.place.clone(),
                    node: Node { value: Value::Table(Table::new()), place: change.node.place.clone() },
                });
            }
            let Some(entry) = table.get_mut(text) else {
                let walked = if walked.is_empty() { text.to_owned() } else { format!("{walked}.{text}") };
                return Err(match named_items(schema) {
                    Some(_) => no_such(&walked, &segments[depth + 1].text, &[], change),
                    None => not_a_table(&walked, change),
                });
            };
            node = &mut entry.node;
        } else if let Some(items) = named_items(schema) {
            schema = items;
            let Value::Array(items) = &mut node.value else { return Err(no_such(&walked, text, &[], change)) };
            let names: Vec<String> = items.iter().filter_map(|i| i.get("name")?.str().map(str::to_owned)).collect();
            let found = items.iter_mut().find(|item| item.get("name").and_then(Node::str) == Some(text));
            let Some(found) = found else { return Err(no_such(&walked, text, &names, change)) };
            if last {
                let title = format!("`{}` is a table, not a setting", change.path);
                return Err(Box::new(Diagnostic::error(title).at(&change.place, "name one of its keys")));
            }
            node = found;
        } else {
            return Err(not_a_table(&walked, change));
        }
    }
    Ok(())
}

fn not_a_table(walked: &str, change: &Change) -> Box<Diagnostic> {
    let title = format!("`{}`: `{walked}` is a value and has no keys", change.path);
    Box::new(Diagnostic::error(title).at(&change.place, "no such setting").help(format!("end the path at `{walked}`")))
}

fn no_such(walked: &str, name: &str, names: &[String], change: &Change) -> Box<Diagnostic> {
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let title = format!("`{}`: there is no {walked} named `{name}`", change.path);
    let what = if known.is_empty() { format!("{walked} in the scenario") } else { format!("{walked}s") };
    Box::new(Diagnostic::error(title).at(&change.place, "no such name").help(suggest(name, &known, &what)))
}

fn drop_excluded(root: &mut Node, segments: &[Segment], made: &[Vec<Segment>]) {
    let Some((last, parents)) = segments.split_last() else { return };
    let Some(first) = parents.first() else { return };
    for (table, key, others) in EXCLUSIVE {
        if first.text != *table || last.text != *key {
            continue;
        }
        let Some(parent) = find_mut(root, parents) else { continue };
        let Value::Table(entries) = &mut parent.value else { continue };
        for other in *others {
            let also_set = made.iter().any(|m| {
                m.split_last().is_some_and(|(l, p)| {
                    l.text == *other && p.iter().map(|s| &s.text).eq(parents.iter().map(|s| &s.text))
                })
            });
            if !also_set {
                entries.remove(*other);
            }
        }
    }
}

fn find_mut<'a>(root: &'a mut Node, segments: &[Segment]) -> Option<&'a mut Node> {
    let mut node = root;
    for segment in segments {
        node = match &mut node.value {
            Value::Table(table) => &mut table.get_mut(&segment.text)?.node,
            Value::Array(items) => {
                items.iter_mut().find(|item| item.get("name").and_then(Node::str) == Some(&segment.text))?
            }
            _ => return None,
        };
    }
    Some(node)
}

/// The place of a setting, or of the nearest table above it that is written. An element of a list goes by its name or its
/// number.
pub fn place_of(root: &Node, keys: &[&str]) -> Place {
    let mut node = root;
    let mut place = Place::new(root.place.source, 0..0);
    for key in keys {
        let next = match &node.value {
            Value::Table(table) => table.get(*key).map(|entry| &entry.node),
            Value::Array(items) => node.named(key).or_else(|| items.get(key.parse::<usize>().ok()?)),
            _ => None,
        };
        let Some(next) = next else { break };
        node = next;
        place = node.place.clone();
    }
    place
}
