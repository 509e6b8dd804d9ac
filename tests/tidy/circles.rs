//! Circles of imports: files that can only be understood together.

use crate::rules::imports;
use crate::source::Source;
use std::collections::{BTreeMap, BTreeSet};

/// Modules below `src` (a folder's path with a slash at its end) that stand in a circle of imports or between two. A
/// module imports what its `use` statements name by `crate::`, and what it declares.
pub fn circles(sources: &[Source], src: &str) -> Vec<String> {
    let modules: BTreeMap<&str, &Source> =
        sources.iter().filter_map(|source| Some((module(source.path.strip_prefix(src)?)?, source))).collect();
    let mut edges: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (name, source) in &modules {
        let paths = imports(source, false).into_iter().filter_map(|(_, path)| {
            let path = path.strip_prefix("crate::")?.replace("::", "/");
            Some(path)
        });
        let children = source.lines(false).filter_map(|(_, line)| {
            let child = line.trim_end().strip_suffix(';')?.rsplit_once("mod ")?.1;
            Some(format!("{name}/{child}"))
        });
        let targets: Vec<String> = paths.chain(children).collect();
        for target in &targets {
            // The longest part of the path that is a file; the rest are items in it.
            let found = modules.keys().filter(|module| {
                target.strip_prefix(**module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            if let Some(found) = found.max_by_key(|module| module.len()).filter(|found| *found != name) {
                edges.insert((name, found));
            }
        }
    }
    // What imports nothing that is left, or is imported by nothing that is left, is in no circle.
    loop {
        let (from, to): (BTreeSet<&str>, BTreeSet<&str>) = edges.iter().copied().unzip();
        let before = edges.len();
        edges.retain(|(a, b)| to.contains(a) && from.contains(b));
        if edges.len() == before {
            return from.into_iter().map(str::to_owned).collect();
        }
    }
}

/// `objects/table` of `objects/table.rs`, `objects` of `objects/mod.rs`; none of the crate's page and of tests.
fn module(path: &str) -> Option<&str> {
    let path = path.strip_suffix(".rs")?;
    let tests = path.split('/').any(|part| part == "tests");
    let name = path.strip_suffix("/mod").unwrap_or(path);
    (!tests && name != "lib").then_some(name)
}
