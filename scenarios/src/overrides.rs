//! `--set key=value`: one setting of the file, changed from the command line.

use crate::language::check::words;
use crate::language::path::{Change, split};
use crate::language::shape::{named_items, property};
use crate::language::source::{Place, Sources};
use crate::language::tree::{Node, Value, parse_value};
use crate::sections::files::is_file;
use amitwin_models::spec::Keys;
use serde_json::Value as Json;
use std::path::Path;
use std::str::FromStr;

/// A setting and its new value, as text.
///
/// ```
/// use amitwin_scenarios::Override;
/// let set: Override = "radio.tx_power=20 dBm".parse().unwrap();
/// assert_eq!((set.key.as_str(), set.value.as_str()), ("radio.tx_power", "20 dBm"));
/// assert!("radio.tx_power".parse::<Override>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// Dotted path; an element of a list of tables is addressed by its name.
    pub key: String,
    /// TOML value, or bare text.
    pub value: String,
}

impl FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> Result<Override, String> {
        let mut quote = None;
        for (at, c) in text.char_indices() {
            match (quote, c) {
                (None, '=') if text[..at].trim().is_empty() => break,
                (None, '=') => {
                    let (key, value) = (text[..at].trim(), text[at + 1..].trim());
                    return Ok(Override { key: key.to_owned(), value: value.to_owned() });
                }
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), _) if open == c => quote = None,
                _ => {}
            }
        }
        Err(format!("`{text}` is not KEY=VALUE; write for example radio.tx_power=\"20 dBm\""))
    }
}

/// The change that an override asks for; its text becomes a source of its own, so that errors can show it.
pub(crate) fn change(set: &Override, schema: &Json, working_dir: Option<&Path>, sources: &mut Sources) -> Change {
    let source = sources.add("--set", format!("{}={}", set.key, set.value));
    let place = Place::new(source, 0..set.key.len());
    let offset = set.key.len() + 1;
    let whole = Place::new(source, offset..offset + set.value.len());
    let mut node = value(&set.value, expects_text(&set.key, schema), source);
    shift(&mut node, offset, &whole);
    if let (Ok(segments), Some(dir)) = (split(&set.key), working_dir) {
        let path: Vec<&str> = segments.iter().map(|segment| segment.text.as_str()).collect();
        from_dir(&mut node, &path, dir);
    }
    Change { path: set.key.clone(), place, node }
}

/// Lets the names of files start at the directory where the command is given.
fn from_dir(node: &mut Node, path: &[&str], dir: &Path) {
    match &mut node.value {
        Value::String(file)
            if is_file(path) && !file.is_empty() && !(path == ["dlms", "keys"] && file == Keys::TEST) =>
        {
            *file = dir.join(&*file).to_string_lossy().into_owned();
        }
        Value::Table(table) => {
            table.iter_mut().for_each(|(key, entry)| from_dir(&mut entry.node, &[path, &[key]].concat(), dir));
        }
        _ => {}
    }
}

fn value(text: &str, expects_text: bool, source: usize) -> Node {
    let bare = || Node { value: Value::String(text.to_owned()), place: Place::new(source, 0..text.len()) };
    match parse_value(text, source) {
        Some(node) if matches!(node.value, Value::Datetime(_)) => bare(),
        Some(node) if expects_text && matches!(node.value, Value::Integer(_) | Value::Float(_) | Value::Boolean(_)) => {
            bare()
        }
        Some(node) => node,
        None => match text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
            Some(inner) => list(inner, source),
            None => bare(),
        },
    }
}

/// `[10s, 60s]`, which shells make of `["10s", "60s"]`.
fn list(inner: &str, source: usize) -> Node {
    let mut at = 1;
    let mut items = Vec::new();
    for part in inner.split(',') {
        let text = part.trim();
        let start = at + part.len() - part.trim_start().len();
        let value = Value::String(text.trim_matches(['"', '\'']).to_owned());
        items.push(Node { value, place: Place::new(source, start..start + text.len()) });
        at += part.len() + 1;
    }
    Node { value: Value::Array(items), place: Place::new(source, 0..inner.len() + 2) }
}

fn shift(node: &mut Node, offset: usize, whole: &Place) {
    let moved = |place: &Place| {
        let (start, end) = (place.start + offset, place.end + offset);
        if end <= whole.end { Place::new(place.source, start..end) } else { whole.clone() }
    };
    node.place = moved(&node.place);
    match &mut node.value {
        Value::Array(items) => items.iter_mut().for_each(|item| shift(item, offset, whole)),
        Value::Table(table) => {
            for entry in table.values_mut() {
                entry.key = moved(&entry.key);
                shift(&mut entry.node, offset, whole);
            }
        }
        _ => {}
    }
}

fn expects_text(path: &str, schema: &Json) -> bool {
    setting(path, schema)
        .is_some_and(|setting| words(setting).is_some() || setting.get("type").and_then(Json::as_str) == Some("string"))
}

/// Whether a setting is a range of two values, such as `["10s", "60s"]`.
pub(crate) fn is_range(path: &str, schema: &Json) -> bool {
    let is = |schema: &Json| schema.get("x-ordered").is_some();
    let any_of = |schema: &Json| schema.get("anyOf").and_then(Json::as_array).is_some_and(|all| all.iter().any(is));
    setting(path, schema).is_some_and(|setting| is(setting) || any_of(setting))
}

/// The schema of a setting; `None` if there is none of that path.
fn setting<'a>(path: &str, schema: &'a Json) -> Option<&'a Json> {
    let mut schema = schema;
    for segment in &split(path).ok()? {
        schema = named_items(schema).or_else(|| property(schema, &segment.text))?;
    }
    Some(schema)
}
