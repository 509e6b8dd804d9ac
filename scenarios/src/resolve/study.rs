//! `[study]` against the variants there are and the figures that can be judged.

use super::gates::figure;
use crate::language::diagnostic::{Diagnostic, suggest};
use crate::language::tree::{Node, Value};
use crate::study::{FIRST_SEEDS, Until, Vary};

/// When enough seeds have run, for a document that has passed the check; what makes no sense is reported.
pub fn resolve(root: &Node, variants: &[&str], out: &mut Vec<Diagnostic>) -> Option<Until> {
    let study = root.get("study")?;
    if let Some(node) = study.get("baseline")
        && let Some(name) = node.str().filter(|name| !variants.contains(name))
    {
        let title = format!("the baseline of the study is the variant `{name}`, which does not exist");
        let help = suggest(name, variants, "variants");
        out.push(Diagnostic::error(title).at(&node.place, "no such variant").help(help));
    }
    for node in study.get("vary").map(Node::items).unwrap_or_default() {
        if let Some(Err(why)) = node.str().map(str::parse::<Vary>) {
            out.push(Diagnostic::error("what the study varies cannot be read").at(&node.place, "here").help(why));
        }
    }
    let until = study.get("until")?;
    let name = until.get("metric")?;
    let metric = figure(until, name, name.str()?, out)?;
    let section: crate::sections::study::UntilSection = serde_json::from_value(until.to_json()).ok()?;
    let first = study.get("seeds").and_then(whole).unwrap_or(FIRST_SEEDS);
    if section.seeds_max < first {
        let place = until.get("seeds_max").map_or(&until.place, |node| &node.place);
        let title = format!("the study ends before it begins: it starts with {first} seeds");
        let help = "raise seeds_max, or lower study.seeds".to_owned();
        out.push(Diagnostic::error(title).at(place, "fewer than that").help(help));
    }
    Some(Until { metric, half_width: section.half_width, seeds_max: section.seeds_max })
}

fn whole(node: &Node) -> Option<u32> {
    match &node.value {
        Value::Integer(n) => u32::try_from(*n).ok(),
        _ => None,
    }
}
