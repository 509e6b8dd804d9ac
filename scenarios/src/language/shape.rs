//! The shape of a table in the JSON Schema: its keys, and the kinds that it may have.
//!
//! A table of several kinds is a `oneOf` whose branches tell themselves apart by a property with a `const`, the tag.

use super::tree::Node;
use serde_json::Value as Json;

/// Kinds of a table.
pub struct Kinds<'a> {
    /// The key that tells the kind.
    pub tag: &'a str,
    /// What the key is for.
    pub doc: &'a str,
    /// The word and the schema of each kind.
    pub branches: Vec<(&'a str, &'a Json)>,
}

impl<'a> Kinds<'a> {
    /// Those of a schema, if its tables have kinds.
    pub fn of(schema: &'a Json) -> Option<Kinds<'a>> {
        let branches = schema.get("oneOf")?.as_array()?;
        let properties = branches.first()?.get("properties")?.as_object()?;
        let (tag, property) = properties.iter().find(|(_, property)| property.get("const").is_some())?;
        let word = |branch: &'a Json| Some((branch.get("properties")?.get(tag)?.get("const")?.as_str()?, branch));
        Some(Kinds {
            tag,
            doc: property.get("description").and_then(Json::as_str).unwrap_or_default(),
            branches: branches.iter().map(word).collect::<Option<_>>()?,
        })
    }

    /// The words of all kinds.
    pub fn words(&self) -> Vec<&'a str> {
        self.branches.iter().map(|(word, _)| *word).collect()
    }

    /// The schema of a table's kind; `None` if it names none that exists.
    pub fn branch(&self, node: &Node) -> Option<&'a Json> {
        let kind = node.get(self.tag)?.str()?;
        self.branches.iter().find(|(word, _)| *word == kind).map(|(_, branch)| *branch)
    }

    /// Kinds that have a key.
    pub fn with(&self, key: &str) -> Vec<&'a str> {
        let has = |branch: &Json| branch.get("properties").is_some_and(|p| p.get(key).is_some());
        self.branches.iter().filter(|(_, branch)| has(branch)).map(|(word, _)| *word).collect()
    }
}

/// The schema of a table's key, of whatever kind the table is.
pub fn property<'a>(schema: &'a Json, key: &str) -> Option<&'a Json> {
    tables(schema).into_iter().find_map(|table| table.get("properties")?.get(key))
}

/// Keys and their schemas, of all kinds of a table together; nothing if it is no table.
pub fn properties(schema: &Json) -> Vec<(&str, &Json)> {
    let mut all: Vec<(&str, &Json)> = Vec::new();
    for table in tables(schema) {
        for (key, inner) in table.get("properties").and_then(Json::as_object).into_iter().flatten() {
            if all.iter().all(|(known, _)| known != key) {
                all.push((key, inner));
            }
        }
    }
    all
}

/// Whether a schema is that of a table with known keys.
pub fn is_table(schema: &Json) -> bool {
    tables(schema).iter().any(|table| table.get("properties").is_some())
}

/// The schema of the tables in a list of tables that go by their `name`.
pub fn named_items(schema: &Json) -> Option<&Json> {
    schema.get("items").filter(|items| property(items, "name").is_some())
}

fn tables(schema: &Json) -> Vec<&Json> {
    match Kinds::of(schema) {
        Some(kinds) => kinds.branches.iter().map(|(_, branch)| *branch).collect(),
        None => vec![schema],
    }
}
