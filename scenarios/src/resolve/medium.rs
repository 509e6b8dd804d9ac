//! `medium`: settings that no variant has a use for, because those that have them use another medium.

use super::word;
use crate::language::source::Place;
use crate::language::tree::{Node, Value};
use amitwin_models::spec::MediumKind;
use std::collections::BTreeSet;

/// Sections, and the one medium that they are about.
const SECTIONS: &[(&str, MediumKind)] = &[
    ("radio", MediumKind::Mesh),
    ("mac", MediumKind::Mesh),
    ("mesh", MediumKind::Mesh),
    ("coupling", MediumKind::Mesh),
    ("ideal", MediumKind::Ideal),
];

/// Warnings of what is written for another medium, from the documents of all variants: a setting has an effect if one
/// variant that has it uses its medium.
pub(crate) fn idle(variants: &[(String, Node)]) -> Vec<(Place, String)> {
    let trees = || variants.iter().map(|(_, tree)| (tree, medium_of(tree)));
    let mut warnings = Vec::new();
    for (section, medium) in SECTIONS {
        let used: BTreeSet<&Place> = trees()
            .filter(|(_, other)| other == medium)
            .flat_map(|(tree, _)| keys(tree, section))
            .map(|k| k.1)
            .collect();
        for (tree, other) in trees().filter(|(_, other)| other != medium) {
            let idle: Vec<_> = keys(tree, section).filter(|(_, place)| !used.contains(place)).collect();
            let Some((_, place)) = idle.first() else { continue };
            let names: Vec<String> = idle.iter().map(|(key, _)| format!("`{section}.{key}`")).collect();
            let verb = if names.len() == 1 { "has" } else { "have" };
            let text = format!("with medium = \"{}\", {} {verb} no effect", word(other), names.join(", "));
            warnings.push(((*place).clone(), text));
        }
    }
    let of_mesh = |(_, medium): &(&Node, MediumKind)| medium.is_mesh();
    let used: BTreeSet<&Place> =
        trees().filter(of_mesh).flat_map(|(tree, _)| losses(tree)).map(|(_, place)| place).collect();
    for (name, place) in trees().filter(|tree| !of_mesh(tree)).flat_map(|(tree, _)| losses(tree)) {
        if !used.contains(place) {
            let text = format!("with medium = \"ideal\" there is no air, and the event `{name}` has no effect");
            warnings.push((place.clone(), text));
        }
    }
    warnings
}

fn medium_of(tree: &Node) -> MediumKind {
    let said = tree.get("medium").and_then(Node::str);
    MediumKind::ALL.into_iter().find(|&kind| said == Some(&word(kind))).unwrap_or_default()
}

/// What a section sets, and where.
fn keys<'n>(tree: &'n Node, section: &str) -> impl Iterator<Item = (&'n str, &'n Place)> {
    let table = tree.get(section).and_then(Node::table);
    table.into_iter().flatten().map(|(key, entry)| (key.as_str(), &entry.key))
}

/// Events of extra loss: the name of each, and where it says so.
fn losses(tree: &Node) -> impl Iterator<Item = (&str, &Place)> {
    let events = tree.get("event").map(Node::items).unwrap_or_default();
    events.iter().filter_map(|event| match (&event.get("name")?.value, event.get("act")?) {
        (Value::String(name), act) if act.str() == Some("extra-loss") => Some((name.as_str(), &act.place)),
        _ => None,
    })
}
