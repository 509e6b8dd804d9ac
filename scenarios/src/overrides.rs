//! `--set key=value`: one setting of the file, changed from the command line.

use crate::language::check::words;
use crate::language::path::{Change, split};
use crate::language::shape::{named_items, property};
use crate::language::source::{Place, Sources};
use crate::language::tree::{Node, Value, parse_value};
use amitwin_models::spec::Keys;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
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
    if is_path(&set.key, &set.value)
        && let (Value::String(file), Some(dir)) = (&mut node.value, working_dir)
        && !file.is_empty()
    {
        let path: PathBuf = dir.join(&*file);
        *file = path.to_string_lossy().into_owned();
    }
    Change { path: set.key.clone(), place, node }
}

/// Settings that name a file, which starts at the directory where the command is given.
fn is_path(key: &str, value: &str) -> bool {
    let list = split(key).is_ok_and(|s| {
        let words: Vec<&str> = s.iter().map(|s| s.text.as_str()).collect();
        matches!(words[..], ["event", _, "target", "file"])
    });
    if list {
        return true;
    }
    let paths = [["placement", "file"], ["dlms", "keys"], ["serve", "state"]];
    let is = |path: [&str; 2]| split(key).is_ok_and(|s| s.iter().map(|s| s.text.as_str()).eq(path));
    paths.into_iter().any(is) && !(is(["dlms", "keys"]) && value.trim_matches(['"', '\'']) == Keys::TEST)
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
    let Ok(segments) = split(path) else { return false };
    let mut schema = schema;
    for segment in &segments {
        let Some(next) = named_items(schema).or_else(|| property(schema, &segment.text)) else { return false };
        schema = next;
    }
    words(schema).is_some() || schema.get("type").and_then(Json::as_str) == Some("string")
}
