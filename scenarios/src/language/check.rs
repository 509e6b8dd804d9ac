//! Checks a document against the JSON Schema: keys, types, words, units, ranges. Everything wrong is reported at once.
//!
//! Besides the standard keywords it knows `x-quantity` (the kind of a value with a unit), `x-min` and `x-max` (its
//! range), `x-words` (texts allowed beside it), `x-date-time` (a moment), `x-channels` (channels of the plan), `x-condition` (what links
//! are to be like), `x-version` (the version of a firmware), `x-zone` (a zone's name beside it), `x-ordered` (a list whose values must not fall) and `x-expects`; `x-example` is
//! said where a value is of another type. The keys of tables stand in `keys`.

use super::channels::channels;
use super::condition::{condition, version};
use super::date_time::date_time;
use super::diagnostic::Diagnostic;
use super::keys::{of_kind, table};
use super::shape::Kinds;
use super::tree::{Node, Value};
use crate::sections::units::{self, Kind, UnitError};
use crate::zones;
use amitwin_models::spec::UtcOffset;
use serde_json::Value as Json;

/// Checks `node` against `schema`; `path` is the node's dotted path, empty for the whole document.
pub fn check(node: &Node, schema: &Json, path: &str, out: &mut Vec<Diagnostic>) {
    if schema.get("x-quantity").is_some() {
        return quantity(node, schema, path, out);
    }
    if schema.get("x-date-time").is_some() {
        return date_time(node, path, out);
    }
    if schema.get("x-channels").is_some() {
        return channels(node, path, out);
    }
    if schema.get("x-condition").is_some() {
        return condition(node, path, out);
    }
    if schema.get("x-version").is_some() {
        return version(node, path, out);
    }
    if let Some(kinds) = Kinds::of(schema) {
        return of_kind(node, &kinds, schema, path, out);
    }
    if let Some(words) = words(schema) {
        return word(node, &words, path, out);
    }
    if let Some(branches) = schema.get("anyOf").and_then(Json::as_array) {
        match branches.iter().find(|branch| type_fits(node, branch)) {
            Some(branch) if words(branch).is_some_and(|w| node.str().is_some_and(|text| !w.contains(&text))) => {
                out.push(wrong_type(node, &expects(schema), path));
            }
            Some(branch) => check(node, branch, path, out),
            None => {
                out.push(wrong_type(node, &expects(schema), path));
                let last = out.len() - 1;
                branches.iter().for_each(|branch| with_example(branch, &mut out[last..]));
            }
        }
        return;
    }
    if !type_fits(node, schema) {
        out.push(wrong_type(node, &expects(schema), path));
        let last = out.len() - 1;
        with_example(schema, &mut out[last..]);
        return;
    }
    match &node.value {
        Value::Table(entries) => table(node, entries, schema, path, out),
        Value::Array(items) => array(node, items, schema, path, out),
        Value::Integer(n) => number(node, *n as f64, schema, path, out),
        Value::Float(x) => number(node, *x, schema, path, out),
        Value::String(text) => length(node, text, schema, path, out),
        Value::Boolean(_) | Value::Datetime(_) => {}
    }
}

fn types(schema: &Json) -> Vec<&str> {
    match schema.get("type") {
        Some(Json::String(one)) => vec![one.as_str()],
        Some(Json::Array(many)) => many.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

fn type_fits(node: &Node, schema: &Json) -> bool {
    let types = types(schema);
    if types.is_empty() {
        return true;
    }
    let name = match &node.value {
        Value::String(_) => "string",
        Value::Integer(_) => return types.iter().any(|t| *t == "integer" || *t == "number"),
        Value::Float(_) => "number",
        Value::Boolean(_) => "boolean",
        Value::Datetime(_) => return false,
        Value::Array(_) => "array",
        Value::Table(_) => "object",
    };
    types.contains(&name)
}

/// What a list is told to be of which nothing else is said.
const PLAIN_LIST: &str = "a list";

fn expects(schema: &Json) -> String {
    if let Some(text) = schema.get("x-expects").and_then(Json::as_str) {
        return text.to_owned();
    }
    let noun = |t: &&str| match *t {
        "string" => "text in quotes",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => PLAIN_LIST,
        "object" => "a table",
        _ => "a value",
    };
    types(schema).iter().map(noun).collect::<Vec<_>>().join(" or ")
}

/// Says in what is wrong, and has no help of its own, how it is written.
fn with_example(schema: &Json, wrong: &mut [Diagnostic]) {
    let Some(example) = schema.get("x-example").and_then(Json::as_str) else { return };
    for diagnostic in wrong.iter_mut().filter(|diagnostic| diagnostic.help.is_none()) {
        diagnostic.help = Some(format!("write for example {example}"));
    }
}

pub(super) fn wrong_type(node: &Node, expected: &str, path: &str) -> Diagnostic {
    let title = format!("`{path}` must be {expected}");
    let is = match &node.value {
        Value::String(text) if text.chars().count() <= 30 => format!("this is the text \"{text}\""),
        _ => format!("this is {}", node.noun()),
    };
    let diagnostic = Diagnostic::error(title).at(&node.place, is);
    match &node.value {
        Value::String(text) if expected.ends_with("number") && text.parse::<f64>().is_ok() => {
            diagnostic.help(format!("write it without quotes: {text}"))
        }
        _ => diagnostic,
    }
}

/// The texts of an enumeration, in either of the forms that schemars writes.
pub fn words(schema: &Json) -> Option<Vec<&str>> {
    if let Some(list) = schema.get("enum").and_then(Json::as_array) {
        return Some(list.iter().filter_map(Json::as_str).collect());
    }
    let list = schema.get("oneOf").and_then(Json::as_array)?;
    let mut words = Vec::new();
    for branch in list {
        match (branch.get("const"), branch.get("enum")) {
            (Some(Json::String(word)), _) => words.push(word.as_str()),
            (_, Some(Json::Array(many))) => words.extend(many.iter().filter_map(Json::as_str)),
            _ => {}
        }
    }
    (!words.is_empty()).then_some(words)
}

pub(super) fn word(node: &Node, words: &[&str], path: &str, out: &mut Vec<Diagnostic>) {
    let quoted: Vec<_> = words.iter().map(|w| format!("\"{w}\"")).collect();
    let Some(text) = node.str() else {
        let diagnostic = wrong_type(node, &format!("one of {}", quoted.join(", ")), path);
        let meant = if let Value::Integer(n) = node.value { n.to_string() } else { String::new() };
        out.push(if words.contains(&meant.as_str()) {
            diagnostic.help(format!("write it in quotes: \"{meant}\""))
        } else {
            diagnostic
        });
        return;
    };
    if !words.contains(&text) {
        let title = format!("`{path}` cannot be \"{text}\"");
        let help = match super::diagnostic::nearest(text, words.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"? known are {}", quoted.join(", ")),
            None => format!("known are {}", quoted.join(", ")),
        };
        out.push(Diagnostic::error(title).at(&node.place, "unknown word").help(help));
    }
}

fn quantity(node: &Node, schema: &Json, path: &str, out: &mut Vec<Diagnostic>) {
    let Some(kind) = schema.get("x-quantity").and_then(Json::as_str).and_then(Kind::from_key) else { return };
    let also: Vec<_> =
        schema.get("x-words").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
    let mut expected = format!("{} such as \"{}\"", kind.noun(), kind.example());
    for word in &also {
        expected.push_str(&format!(", or \"{word}\""));
    }
    let named = schema.get("x-zone").is_some();
    if named {
        expected.push_str(", or a zone such as \"Europe/Berlin\"");
    }
    let value = match &node.value {
        Value::String(text) if named && UtcOffset::is_name(text) => return zone(node, text, path, out),
        Value::Integer(n) if kind == Kind::Share => *n as f64,
        Value::Float(x) if kind == Kind::Share => *x,
        Value::Integer(n) => return out.push(bare(node, kind, &n.to_string(), path)),
        Value::Float(x) => return out.push(bare(node, kind, &x.to_string(), path)),
        Value::String(text) if also.contains(&text.as_str()) => return,
        Value::String(text) => match units::parse(kind, text) {
            Ok(value) => value,
            Err(error) => return out.push(unreadable(node, kind, text, &error, &expected, path)),
        },
        _ => return out.push(wrong_type(node, &expected, path)),
    };
    let bound = |key: &str| match schema.get(key) {
        Some(Json::String(text)) => units::parse(kind, text).ok().map(|value| (value, text.clone())),
        Some(Json::Number(n)) => n.as_f64().map(|value| (value, n.to_string())),
        _ => None,
    };
    range(node, value, bound("x-min"), bound("x-max"), path, out);
}

fn zone(node: &Node, name: &str, path: &str, out: &mut Vec<Diagnostic>) {
    if zones::look_up(name).is_none() {
        let meant = zones::nearest(name).map_or(String::new(), |near| format!("did you mean \"{near}\"? "));
        let help = format!(
            "{meant}zones are those of the IANA data base, such as \"Europe/Berlin\"; a fixed offset is a time, such as \"60min\""
        );
        out.push(Diagnostic::error(format!("`{path}` names no zone")).at(&node.place, "unknown zone").help(help));
    }
}

fn bare(node: &Node, kind: Kind, number: &str, path: &str) -> Diagnostic {
    Diagnostic::error(format!("`{path}` needs a unit")).at(&node.place, "a bare number").help(format!(
        "known units are {}; for example \"{}\"",
        kind.units(),
        kind.suggest(number)
    ))
}

fn unreadable(node: &Node, kind: Kind, text: &str, error: &UnitError, expected: &str, path: &str) -> Diagnostic {
    let (title, label) = match error {
        UnitError::NoUnit { .. } => (format!("`{path}` needs a unit"), "a bare number".to_owned()),
        UnitError::NoNumber | UnitError::NotFinite => (format!("`{path}` must be {expected}"), error.to_string()),
        _ => (format!("`{path}` has a unit that does not fit"), error.to_string()),
    };
    let help = match error {
        UnitError::NoUnit { number } => {
            format!("known units are {}; for example \"{}\"", kind.units(), kind.suggest(number))
        }
        UnitError::Unknown { nearest: Some(near), .. } => {
            format!("did you mean `{near}`? known units are {}", kind.units())
        }
        UnitError::Other { unit, .. } if unit == "m" && kind == Kind::Time => {
            format!("`m` is metres; minutes are `min`: \"{}in\"", text.trim())
        }
        _ => format!("{} is due; known units are {}", kind.noun(), kind.units()),
    };
    Diagnostic::error(title).at(&node.place, label).help(help)
}

type Bound = Option<(f64, String)>;

fn range(node: &Node, value: f64, min: Bound, max: Bound, path: &str, out: &mut Vec<Diagnostic>) {
    let low = min.as_ref().is_some_and(|(m, _)| value < *m);
    let high = max.as_ref().is_some_and(|(m, _)| value > *m);
    if !low && !high && value.is_finite() {
        return;
    }
    let allowed = match (&min, &max) {
        (Some((_, a)), Some((_, b))) => format!("allowed is {a} to {b}"),
        (Some((_, a)), None) => format!("the smallest allowed is {a}"),
        (None, Some((_, b))) => format!("the largest allowed is {b}"),
        (None, None) => "a finite value is due".to_owned(),
    };
    let label = if low {
        "too small"
    } else if high {
        "too large"
    } else {
        "not finite"
    };
    out.push(Diagnostic::error(format!("`{path}` is out of range")).at(&node.place, label).help(allowed));
}

fn number(node: &Node, value: f64, schema: &Json, path: &str, out: &mut Vec<Diagnostic>) {
    let bound = |key: &str| schema.get(key).and_then(|n| n.as_f64().map(|value| (value, n.to_string())));
    range(node, value, bound("minimum"), bound("maximum"), path, out);
}

fn length(node: &Node, text: &str, schema: &Json, path: &str, out: &mut Vec<Diagnostic>) {
    let bound = |key: &str| schema.get(key).and_then(Json::as_u64);
    let count = text.chars().count() as u64;
    if count == 0 && bound("minLength").is_some_and(|min| min > 0) {
        out.push(Diagnostic::error(format!("`{path}` is empty")).at(&node.place, "give it some text"));
    } else if let Some(min) = bound("minLength").filter(|min| count < *min) {
        let exact = if bound("maxLength") == Some(min) { "exactly" } else { "at least" };
        let help = format!("{exact} {min} characters; this has {count}");
        out.push(Diagnostic::error(format!("`{path}` is too short")).at(&node.place, "lengthen it").help(help));
    } else if let Some(max) = bound("maxLength").filter(|max| count > *max) {
        let exact = if bound("minLength") == Some(max) { "exactly" } else { "at most" };
        let help = format!("{exact} {max} characters; this has {count}");
        out.push(Diagnostic::error(format!("`{path}` is too long")).at(&node.place, "shorten it").help(help));
    }
}

fn array(node: &Node, items: &[Node], schema: &Json, path: &str, out: &mut Vec<Diagnostic>) {
    let bound = |key: &str| schema.get(key).and_then(Json::as_u64);
    let count = items.len() as u64;
    if let Some(max) = bound("maxItems").filter(|max| count > *max && bound("minItems").is_none()) {
        let title = format!("`{path}` has {count} elements");
        out.push(Diagnostic::error(title).at(&node.place, "too many").help(format!("at most {max} are possible")));
        return;
    }
    if bound("minItems").is_some_and(|min| count < min) || bound("maxItems").is_some_and(|max| count > max) {
        let what = expects(schema);
        let error = match bound("minItems").filter(|min| count < *min && what == PLAIN_LIST) {
            Some(min) => Diagnostic::error(format!("`{path}` has too few values"))
                .at(&node.place, format!("{count} of them"))
                .help(format!("at least {min} must be there")),
            None => Diagnostic::error(format!("`{path}` must be {what}")).at(&node.place, format!("{count} values")),
        };
        out.push(error);
        return;
    }
    let found = out.len();
    if let Some(inner) = schema.get("items") {
        for (index, item) in items.iter().enumerate() {
            check(item, inner, &element(path, item, index), out);
            with_example(schema, &mut out[found..]);
        }
    }
    if out.len() == found && schema.get("x-ordered").is_some() {
        let kind = schema["items"]["x-quantity"].as_str().and_then(Kind::from_key);
        let values: Vec<_> = items.iter().filter_map(|i| units::parse(kind?, i.str()?).ok()).collect();
        if values.windows(2).any(|pair| pair[0] > pair[1]) {
            let title = format!("`{path}` runs backwards");
            out.push(
                Diagnostic::error(title).at(&node.place, "the first is larger").help("put the smaller value first"),
            );
        }
    }
}

fn element(path: &str, item: &Node, index: usize) -> String {
    match item.get("name").and_then(Node::str) {
        Some(name) => join(path, name),
        None => format!("{path}[{index}]"),
    }
}

pub(super) fn join(path: &str, key: &str) -> String {
    let key = if key.contains(['.', ' ', '"']) { format!("\"{key}\"") } else { key.to_owned() };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}
