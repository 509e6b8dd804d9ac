//! A TOML document as values that remember where they were written.

use super::diagnostic::Diagnostic;
use super::source::Place;
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// A value.
#[derive(Clone, Debug)]
pub enum Value {
    /// Text.
    String(String),
    /// Whole number.
    Integer(i64),
    /// Number.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// Date or time of day.
    Datetime(String),
    /// List.
    Array(Vec<Node>),
    /// Keys and values.
    Table(Table),
}

/// Keys and values of a table.
pub type Table = BTreeMap<String, Entry>;

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where the key is written.
    pub key: Place,
    /// The value.
    pub node: Node,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it is written.
    pub place: Place,
}

impl Node {
    /// The table, if it is one.
    pub fn table(&self) -> Option<&Table> {
        if let Value::Table(table) = &self.value { Some(table) } else { None }
    }

    /// The list, if it is one; otherwise an empty one.
    pub fn items(&self) -> &[Node] {
        if let Value::Array(items) = &self.value { items } else { &[] }
    }

    /// The text, if it is one.
    pub fn str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    /// The value of a key, if this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.table()?.get(key).map(|entry| &entry.node)
    }

    /// The element of a list of tables with that `name`.
    pub fn named(&self, name: &str) -> Option<&Node> {
        self.items().iter().find(|item| item.get("name").and_then(Node::str) == Some(name))
    }

    /// The type, in words.
    pub fn noun(&self) -> &'static str {
        match self.value {
            Value::String(_) => "text",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Boolean(_) => "true or false",
            Value::Datetime(_) => "a date or time of day",
            Value::Array(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// Without places, for serde.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::String(text) | Value::Datetime(text) => text.clone().into(),
            Value::Integer(n) => (*n).into(),
            Value::Float(x) => (*x).into(),
            Value::Boolean(b) => (*b).into(),
            Value::Array(items) => items.iter().map(Node::to_json).collect(),
            Value::Table(table) => table.iter().map(|(k, e)| (k.clone(), e.node.to_json())).collect(),
        }
    }
}

/// Parses a document; what could be read is returned beside what is wrong.
pub fn parse(text: &str, source: usize) -> (Node, Vec<Diagnostic>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut diagnostics: Vec<_> = errors
        .iter()
        .map(|error| {
            let span = error.span().unwrap_or(0..0);
            let title = format!("not valid TOML: {}", error.message());
            let diagnostic = Diagnostic::error(title).at(&Place::new(source, span), "here");
            match toml_help(error.message()) {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            }
        })
        .collect();
    let place = Place::new(source, table.span());
    let value = Value::Table(table_of(table.into_inner(), source, &mut diagnostics));
    (Node { value, place }, diagnostics)
}

fn toml_help(message: &str) -> Option<&'static str> {
    message.contains("duplicate key").then_some("remove one of the two, or merge the tables")
}

/// Parses a single value, as on the right of `=`; `None` if it is not TOML.
pub fn parse_value(text: &str, source: usize) -> Option<Node> {
    let value = DeValue::parse(text).ok()?;
    let place = Place::new(source, value.span());
    let mut diagnostics = Vec::new();
    let node = Node { value: value_of(value.into_inner(), &place, &mut diagnostics), place };
    diagnostics.is_empty().then_some(node)
}

fn table_of(table: DeTable<'_>, source: usize, diagnostics: &mut Vec<Diagnostic>) -> Table {
    let mut out = Table::new();
    for (key, value) in table {
        let place = Place::new(source, value.span());
        let entry = Entry {
            key: Place::new(source, key.span()),
            node: Node { value: value_of(value.into_inner(), &place, diagnostics), place },
        };
        out.insert(key.into_inner().into_owned(), entry);
    }
    out
}

fn value_of(value: DeValue<'_>, place: &Place, diagnostics: &mut Vec<Diagnostic>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.into_owned()),
        DeValue::Integer(n) => match i64::from_str_radix(n.as_str(), n.radix()) {
            Ok(n) => Value::Integer(n),
            Err(_) => {
                let title = "whole number out of range";
                let help = "the largest is 9223372036854775807";
                diagnostics.push(Diagnostic::error(title).at(place, "does not fit in 64 bits").help(help));
                Value::Integer(0)
            }
        },
        DeValue::Float(x) => Value::Float(x.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(b) => Value::Boolean(b),
        DeValue::Datetime(d) => Value::Datetime(d.to_string()),
        DeValue::Array(items) => {
            let node = |item: toml::Spanned<DeValue<'_>>, diagnostics: &mut Vec<Diagnostic>| {
                let place = Place::new(place.source, item.span());
                Node { value: value_of(item.into_inner(), &place, diagnostics), place }
            };
            Value::Array(items.into_iter().map(|item| node(item, diagnostics)).collect())
        }
        DeValue::Table(table) => Value::Table(table_of(table, place.source, diagnostics)),
    }
}
