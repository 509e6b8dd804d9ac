//! Imports between the rooms of `models`: only downwards, and past no wall.

use crate::rooms::{GLUE, MODELS, ROOMS, finding, module, room_of};
use crate::rules::{Finding, imports};
use crate::source::{Source, is_word};
use std::collections::{BTreeMap, BTreeSet};

pub const ORDER: &str = "a room of models imports from those below it";
pub const WALLS: &str = "rooms that know nothing of each other";

/// Rooms that must not import others, though these lie below them.
const APART: [(&str, &[&str]); 3] =
    [("meter", &["medium/mesh"]), ("gateway", &["medium/mesh", "meter"]), ("headend", &["medium", "meter"])];

/// What a meter and a gateway have no word for: how the medium does it.
const RADIO_WORDS: [&str; 7] = ["mesh", "parent", "rank", "channel", "trickle", "net", "linklayer"];

/// What joins all rooms for a handler, and must not depend on more of them than this.
const BELOW: [&str; 2] = ["event", "context"];
/// What those two may name of a room: what happens in it, and what is written down.
const HAPPENS: [&str; 3] = ["Event", "event", "Books"];
/// Rooms of plain values, of which they may name everything.
const VALUES: [&str; 2] = ["node", "backhaul"];

/// An import: where it stands, what it names below `models/src`, as in `medium/mesh/mac/LinkLayer`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Import {
    line: usize,
    target: String,
}

/// The rules on the sources of `models`, all together.
pub fn check(sources: &[Source]) -> Vec<Finding> {
    let world = sources.iter().filter_map(|source| Some((module(&source.path)?, source)));
    let world: Vec<(&str, &Source, BTreeSet<Import>)> =
        world.map(|(module, source)| (module, source, named(module, source))).collect();
    let edges = edges(&world);
    let mut found = Vec::new();
    for (module, source, imports) in &world {
        if BELOW.contains(module) {
            found.extend(imports.iter().filter_map(|import| joins(module, source, import)));
        }
        let Some(room) = room_of(module).filter(|_| !GLUE.contains(module)) else { continue };
        radio_words(ROOMS[room].name, source, &mut found);
        for import in imports {
            if matches!(import.target.split('/').next(), Some("cell" | "build")) {
                let what = format!("`{}` holds all rooms, so that no room imports it", import.target);
                found.push(finding(source, import.line, ORDER, what));
            }
            let Some(to) = room_of(&import.target).filter(|to| *to != room) else { continue };
            let (here, there) = (ROOMS[room].name, ROOMS[to].name);
            if to > room {
                let what = match way(&edges, to, room) {
                    Some(way) => format!("a circle: {here} -> {}", way.join(" -> ")),
                    None => format!("{there} lies above {here}; see the table in tests/tidy/rooms.rs"),
                };
                found.push(finding(source, import.line, ORDER, what));
            }
            if APART.iter().any(|(from, walls)| *from == here && walls.iter().any(|wall| starts(there, wall))) {
                found.push(finding(source, import.line, WALLS, format!("{here} must not know {there}")));
            }
        }
    }
    found
}

/// What `event` and `context` name of a room, if it is more than they may.
fn joins(module: &str, source: &Source, import: &Import) -> Option<Finding> {
    let room = &ROOMS[room_of(&import.target)?];
    let item = import.target.rsplit('/').next().unwrap_or_default();
    if VALUES.contains(&room.name) || HAPPENS.contains(&item) {
        return None;
    }
    let what = format!("{module} names `{}`; of a room it may name its events and `Books`", import.target);
    Some(finding(source, import.line, ORDER, what))
}

/// Words of the mesh in a room that lies on the other side of the port.
fn radio_words(room: &str, source: &Source, found: &mut Vec<Finding>) {
    if room != "meter" && room != "gateway" {
        return;
    }
    for (n, line) in source.lines(false) {
        for word in line.split(|c: char| c != '_' && !c.is_ascii_alphanumeric()) {
            let parts = word.split('_').map(str::to_ascii_lowercase);
            let is_radio = |part: String| RADIO_WORDS.contains(&part.strip_suffix('s').unwrap_or(&part));
            if parts.into_iter().any(is_radio) {
                let what = format!("`{word}`: {room} reaches others by the port, and knows no mesh");
                found.push(finding(source, n, WALLS, what));
            }
        }
    }
}

/// Which room imports which.
fn edges(world: &[(&str, &Source, BTreeSet<Import>)]) -> BTreeSet<(usize, usize)> {
    let rooms = world.iter().filter(|(module, ..)| !GLUE.contains(module));
    let rooms = rooms.filter_map(|(module, _, imports)| Some((room_of(module)?, imports)));
    rooms
        .flat_map(|(room, imports)| imports.iter().filter_map(move |import| Some((room, room_of(&import.target)?))))
        .filter(|(from, to)| from != to)
        .collect()
}

/// Names of the rooms on the shortest way along imports, both ends included.
fn way(edges: &BTreeSet<(usize, usize)>, from: usize, to: usize) -> Option<Vec<&'static str>> {
    let mut before: BTreeMap<usize, usize> = BTreeMap::from([(from, from)]);
    let mut open = vec![from];
    while !before.contains_key(&to) && !open.is_empty() {
        let mut next = Vec::new();
        for &room in &open {
            for &(_, found) in edges.iter().filter(|(a, _)| *a == room) {
                if let std::collections::btree_map::Entry::Vacant(entry) = before.entry(found) {
                    entry.insert(room);
                    next.push(found);
                }
            }
        }
        open = next;
    }
    before.get(&to)?;
    let mut way = vec![to];
    while way.last() != Some(&from) {
        way.push(before[way.last().expect("it has an end")]);
    }
    Some(way.iter().rev().map(|&room| ROOMS[room].name).collect())
}

/// All that a file names of other modules: what it imports, and paths in its code.
fn named(module: &str, source: &Source) -> BTreeSet<Import> {
    let mut modules: BTreeMap<String, String> = BTreeMap::new();
    if source.path.ends_with("/mod.rs") {
        // Its own modules can be named without more.
        let own = source.lines(false).filter_map(|(_, line)| line.trim_end().strip_suffix(';')?.rsplit_once("mod "));
        modules.extend(own.map(|(_, child)| (child.to_owned(), format!("{module}/{child}"))));
    }
    let mut all = BTreeSet::new();
    let mut imported = BTreeSet::new();
    for (line, path) in imports(source, false) {
        let (path, name) = path.split_once(" as ").map_or((path.as_str(), None), |(path, name)| (path, Some(name)));
        let path = path.strip_suffix("::self").unwrap_or(path);
        let Some(target) = resolve(module, path, &modules) else { continue };
        let last = target.rsplit('/').next().unwrap_or_default();
        if is_module(last) {
            imported.insert((name.unwrap_or(last).to_owned(), target.clone()));
            // An import of a whole module is judged by what is then named of it.
            let room = room_of(&target).is_some_and(|room| ROOMS[room].name == target);
            if room {
                continue;
            }
        }
        all.insert(Import { line, target });
    }
    modules.extend(imported);
    for (line, text) in source.lines(false).filter(|(_, line)| !line.trim_start().starts_with("use ")) {
        for path in paths(text) {
            all.extend(resolve(module, path, &modules).map(|target| Import { line, target }));
        }
    }
    all
}

/// Names with `::` in a line of code.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| c != ':' && !(c.is_ascii() && is_word(c as u8)))
        .map(|path| path.trim_end_matches(':'))
        .filter(|path| path.contains("::") && path.starts_with(|c: char| c.is_ascii_lowercase()))
}

fn is_module(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
}

/// What a path means below `models/src`, if it leads there.
fn resolve(module: &str, path: &str, modules: &BTreeMap<String, String>) -> Option<String> {
    let mut parts = path.split("::").map(str::trim).peekable();
    let mut base: Vec<&str> = match parts.next()? {
        "crate" => Vec::new(),
        "self" => module.split('/').collect(),
        "super" => {
            let mut base: Vec<&str> = module.split('/').collect();
            base.pop();
            while parts.next_if(|part| *part == "super").is_some() {
                base.pop();
            }
            base
        }
        first => modules.get(first)?.split('/').collect(),
    };
    base.extend(parts);
    Some(base.join("/")).filter(|target| !target.is_empty() && !target.starts_with(MODELS))
}

fn starts(room: &str, wall: &str) -> bool {
    room.strip_prefix(wall).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
