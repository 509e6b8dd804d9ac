//! The rooms of `models`: which there are, in which order they may import, what state each owns, and I12.

use crate::items::{Function, Items, Token, items, tokens};
use crate::rules::{Finding, imports};
use crate::source::Source;
use std::collections::{BTreeMap, BTreeSet};

pub const BORROWING: &str = "I12 a room's functions borrow that room";
pub const FIELDS: &str = "a type of the world has at most 20 fields";
pub const NO_ROOM: &str = "each file of models belongs to a room";

/// Where the rooms lie.
pub const MODELS: &str = "models/src/";

/// A room: a folder of `models/src`, or a file that rooms share.
pub struct Room {
    pub name: &'static str,
    /// Types that are its state; they are declared in it.
    pub state: &'static [&'static str],
}

const fn room(name: &'static str, state: &'static [&'static str]) -> Room {
    Room { name, state }
}

/// From low to high: a room imports from those above its row in this table, so that there is no circle.
pub const ROOMS: [Room; 29] = [
    room("math", &[]),
    room("node", &[]),
    room("check", &[]),
    room("slab", &[]),
    room("terrain", &[]),
    room("spec", &[]),
    room("climate", &[]),
    room("apdu", &[]),
    room("backhaul", &[]),
    room("plan", &[]),
    room("medium/message", &[]),
    room("books", &["Books"]),
    room("timeline", &["Timeline"]),
    room("weather", &["Weather"]),
    room("medium", &[]),
    room("medium/ideal", &["Ideal"]),
    room("medium/mesh/event", &[]),
    room("medium/mesh/hopping", &[]),
    room("medium/mesh/mpdu", &[]),
    room("medium/mesh/packet", &[]),
    room("medium/mesh/radio", &["Air"]),
    room("medium/mesh/wire", &[]),
    room("medium/mesh/mac", &["LinkLayer"]),
    room("medium/mesh/net", &["Net"]),
    room("medium/mesh", &[]),
    room("fleet", &["Fleet"]),
    room("meter", &["Meters"]),
    room("gateway", &["Gateways"]),
    room("headend", &["HeadEnd"]),
];

/// Files that are no rooms: what joins them, and the list of purposes.
pub const GLUE: [&str; 10] = [
    "event",
    "context",
    "cell",
    "cell/part",
    "cell/state",
    "state",
    "build",
    "build/coupling",
    "build/tree",
    "purpose",
];

/// Types that hold several rooms so that a function can borrow them together, each with its file.
pub const ADAPTERS: [(&str, &str); 9] = [
    ("Stack", "models/src/medium/mesh/net/mod.rs"),
    ("MeshMut", "models/src/medium/mesh/net/mod.rs"),
    ("Mesh", "models/src/medium/mesh/mod.rs"),
    ("Ctx", "models/src/context.rs"),
    ("Users", "models/src/cell.rs"),
    ("AnyMedium", "models/src/cell.rs"),
    ("Cell", "models/src/cell.rs"),
    ("Part", "models/src/cell/part.rs"),
    ("Built", "models/src/build.rs"),
];

/// The link layer owns the air that its frames go through.
const OWNS: (&str, &str) = ("medium/mesh/mac", "medium/mesh/radio");

/// What hands events, and states that were saved, to the rooms of a cell; the last one to an engine of cells.
const CELL: [&str; 4] =
    ["models/src/cell.rs", "models/src/cell/part.rs", "models/src/cell/state.rs", "models/src/state.rs"];

/// Rooms that a function may change at once.
const CHANGES_MAX: usize = 1;
const FIELDS_MAX: usize = 20;

/// A file's module: `medium/mesh/mac/queue` of `models/src/medium/mesh/mac/queue.rs`.
pub fn module(path: &str) -> Option<&str> {
    let path = path.strip_prefix(MODELS)?.strip_suffix(".rs")?;
    (path != "lib").then(|| path.strip_suffix("/mod").unwrap_or(path))
}

/// The room that a module or an item's path lies in: the one with the longest name.
pub fn room_of(module: &str) -> Option<usize> {
    let within =
        |room: &Room| module.strip_prefix(room.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    (0..ROOMS.len()).filter(|&n| within(&ROOMS[n])).max_by_key(|&n| ROOMS[n].name.len())
}

/// The rules on all sources together: those of `models`, and of others whether they take whole cells.
pub fn check(sources: &[Source]) -> Vec<Finding> {
    let (world, others): (Vec<&Source>, Vec<&Source>) = sources.iter().partition(|s| s.path.starts_with(MODELS));
    let world: Vec<(&Source, Items)> = world.into_iter().map(|source| (source, items(source))).collect();
    let owners = owners(&world);
    let mut found = Vec::new();
    for (source, _) in &world {
        let Some(module) = module(&source.path) else { continue };
        if room_of(module).is_none() && !GLUE.contains(&module) {
            let what =
                "it is in no room of the table in tests/tidy/rooms.rs; add the room where it stands in the order";
            found.push(finding(source, 1, NO_ROOM, what.to_owned()));
        }
    }
    let holds = holds(&world, &owners);
    for (n, (source, items)) in world.iter().enumerate() {
        types(source, items, &holds[n], &owners, &mut found);
        functions(source, items, &owners, &mut found);
    }
    for source in sources.iter().filter(|source| source.path.starts_with("models/")) {
        for item in items(source).types.iter().filter(|item| item.fields > FIELDS_MAX) {
            let what = format!("`{}` has {}; split it by what is used together", item.name, item.fields);
            found.push(finding(source, item.line, FIELDS, what));
        }
    }
    for source in others.into_iter().filter(|source| source.code.contains("amitwin_models")) {
        let whole = |function: &&Function| function.changes.contains(&"Cell");
        found.extend(items(source).functions.iter().filter(whole).map(|function| takes_all(source, function)));
    }
    found
}

/// What the table says of rooms that are there, but is not so.
pub fn stale(sources: &[Source]) -> Vec<String> {
    let mut all = Vec::new();
    for room in &ROOMS {
        let inside: Vec<&Source> = sources
            .iter()
            .filter(|source| {
                module(&source.path).is_some_and(|m| room_of(m).is_some_and(|n| ROOMS[n].name == room.name))
            })
            .collect();
        let declared = |name: &str| inside.iter().any(|source| items(source).types.iter().any(|t| t.name == name));
        all.extend(
            room.state
                .iter()
                .filter(|name| !inside.is_empty() && !declared(name))
                .map(|name| format!("{} has no `{name}`", room.name)),
        );
    }
    for (name, path) in ADAPTERS {
        let there =
            sources.iter().any(|source| source.path == path && items(source).types.iter().any(|t| t.name == name));
        if !there {
            all.push(format!("{path} has no `{name}`"));
        }
    }
    all
}

/// Room of each type that is state: those of the table, and what they keep for each node.
fn owners<'a>(world: &[(&'a Source, Items<'a>)]) -> BTreeMap<&'a str, usize> {
    let declared = |name: &str, room: usize| {
        world.iter().any(|(source, items)| {
            module(&source.path).and_then(room_of) == Some(room) && items.types.iter().any(|t| t.name == name)
        })
    };
    let mut all: BTreeMap<&str, usize> = BTreeMap::new();
    for (n, room) in ROOMS.iter().enumerate() {
        all.extend(room.state.iter().filter(|name| declared(name, n)).map(|name| (*name, n)));
    }
    let mut of_nodes = Vec::new();
    for (_, items) in world {
        for state in &items.types {
            let Some(&room) = all.get(state.name) else { continue };
            let tables = state.body.windows(3).filter(|three| three[0].text == "PerNode" && three[1].text == "<");
            of_nodes.extend(tables.map(|three| (three[2].text, room)).filter(|(name, room)| declared(name, *room)));
        }
    }
    all.extend(of_nodes);
    all
}

/// For each file and type the rooms whose state it holds, by itself or through other types.
fn holds(world: &[(&Source, Items)], owners: &BTreeMap<&str, usize>) -> Vec<Vec<BTreeSet<usize>>> {
    let mut all: Vec<Vec<BTreeSet<usize>>> = world
        .iter()
        .map(|(source, items)| {
            let foreign = foreign(source);
            let state = |token: &Token| owners.get(token.text).filter(|_| !foreign.contains(token.text)).copied();
            items.types.iter().map(|t| t.body.iter().filter_map(state).collect()).collect()
        })
        .collect();
    loop {
        let before = all.clone();
        for (n, (source, items)) in world.iter().enumerate() {
            for (k, holder) in items.types.iter().enumerate() {
                for token in &holder.body {
                    // State counts for its own room, whatever it is made of.
                    if owners.contains_key(token.text) || token.text == holder.name {
                        continue;
                    }
                    for (m, j) in named(world, source, token.text) {
                        let more = before[m][j].clone();
                        all[n][k].extend(more);
                    }
                }
            }
        }
        if all == before {
            return all;
        }
    }
}

/// Names that a file takes from another crate.
fn foreign(source: &Source) -> BTreeSet<String> {
    let paths = imports(source, false).into_iter().filter(|(_, path)| path.starts_with("amitwin_"));
    paths.filter_map(|(_, path)| Some(path.rsplit_once("::")?.1.to_owned())).collect()
}

/// Types that a name may mean in a file: one of its own, or else any.
fn named(world: &[(&Source, Items)], from: &Source, name: &str) -> Vec<(usize, usize)> {
    let mut all = Vec::new();
    for (n, (source, items)) in world.iter().enumerate() {
        for (k, _) in items.types.iter().enumerate().filter(|(_, t)| t.name == name) {
            if source.path == from.path {
                return vec![(n, k)];
            }
            all.push((n, k));
        }
    }
    all
}

fn types(
    source: &Source,
    items: &Items,
    holds: &[BTreeSet<usize>],
    owners: &BTreeMap<&str, usize>,
    found: &mut Vec<Finding>,
) {
    for (item, holds) in items.types.iter().zip(holds) {
        let is_named = ADAPTERS.contains(&(item.name, source.path.as_str()));
        let mut holds = holds.clone();
        if module(&source.path).is_some_and(|module| room_of(module) == room_of(OWNS.0)) {
            holds.retain(|room| Some(*room) != room_of(OWNS.1));
        }
        if holds.len() > 1 && !is_named {
            let what = format!("`{}` holds the state of {}; only the named adapters may", item.name, names(&holds));
            found.push(finding(source, item.line, BORROWING, what));
        }
        let is_alias = item.body.first().is_some_and(|token| token.text == "=");
        if is_alias && let Some(token) = item.body.iter().find(|token| owners.contains_key(token.text)) {
            let what = format!("`{}` is another name for `{}`; state has one name", item.name, token.text);
            found.push(finding(source, item.line, BORROWING, what));
        }
    }
    for pair in tokens(source).windows(3) {
        if pair[1].text == "as" && pair[2].text != "_" && owners.contains_key(pair[0].text) {
            let what = format!("`{}` is imported as `{}`; state has one name", pair[0].text, pair[2].text);
            found.push(finding(source, pair[1].line, BORROWING, what));
        }
    }
}

fn functions(source: &Source, items: &Items, owners: &BTreeMap<&str, usize>, found: &mut Vec<Finding>) {
    if CELL.contains(&source.path.as_str()) {
        return;
    }
    let foreign = foreign(source);
    for function in &items.functions {
        if function.changes.iter().any(|word| matches!(*word, "Cell" | "Part")) {
            found.push(takes_all(source, function));
        }
        // The books travel in the context of every function.
        let room = |word: &&str| owners.get(*word).copied();
        let own = |word: &&&str| !foreign.contains(**word);
        let rooms: BTreeSet<usize> = function.changes.iter().filter(own).filter_map(room).collect();
        if rooms.len() > CHANGES_MAX {
            let what =
                format!("`{}` changes {}; take a trait or an adapter for one of them", function.name, names(&rooms));
            found.push(finding(source, function.line, BORROWING, what));
        }
    }
}

fn takes_all(source: &Source, function: &Function) -> Finding {
    let what = format!("`{}` takes a whole partition; let it take the room that it changes", function.name);
    finding(source, function.line, BORROWING, what)
}

fn names(rooms: &BTreeSet<usize>) -> String {
    let all: Vec<&str> = rooms.iter().map(|&room| ROOMS[room].name).collect();
    match all.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => all.concat(),
    }
}

pub fn finding(source: &Source, line: usize, rule: &'static str, what: String) -> Finding {
    Finding { path: source.path.clone(), line, rule, what }
}
