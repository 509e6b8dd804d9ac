//! The rules over Rust sources. Each finding names file, line, rule, and what to do instead.

use crate::source::{Source, is_word};
use std::collections::BTreeSet;
use std::fmt;

/// A broken rule.
#[derive(Debug, PartialEq)]
pub struct Finding {
    pub path: String,
    pub line: usize,
    pub rule: &'static str,
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.rule, self.what)
    }
}

pub const IMPORTS: &str = "import direction";
pub const THREADS: &str = "I3 a result knows no thread";
pub const SHARED: &str = "I2 partitions share no state";
pub const OUTSIDE: &str = "I4 the world reads no clock, file, socket or environment";
pub const LAYERS: &str = "a layer of dlms imports from those below it";
pub const PORTABLE: &str = "I5 results are the same on every machine";
pub const PURE: &str = "I8 parsing touches nothing but the text";
pub const RANDOM: &str = "I9 random numbers come from keyed streams";
pub const DOC: &str = "a file opens with one line on what it is";
pub const SIZE: &str = "a file has at most 500 lines";
pub const LAYOUT: &str = "tests of a file stand in it, or beside it in a folder of its name";
pub const DONE: &str = "nothing is left for later";

pub const ENTITIES: &str = "I13 entities and queries stay in the fleet";

const LINES_MAX: usize = 500;

/// The one folder that works with entities.
const FLEET: &str = "models/src/fleet/";

/// The one file of the language that opens the scenario; what it hands on is text.
const SCENARIO_READER: &str = "scenarios/src/language/source.rs";

/// Crates that each crate may import; `` is the root package.
pub const MAY_IMPORT: [(&str, &[&str]); 12] = [
    ("sim-core", &[]),
    ("data", &["sim-core"]),
    ("dlms", &["sim-core"]),
    (PLANS, &["sim-core", "data"]),
    ("models", &["sim-core", "data", "dlms"]),
    ("scenarios", &["sim-core", "data", "dlms", "models", PLANS]),
    ("live", &["sim-core", "data", "dlms", "models", "scenarios"]),
    ("viz", &["data"]),
    ("", &["sim-core", "data", "dlms", "models", "scenarios", "live", "viz"]),
    ("benches", &["sim-core", "data", "dlms", "models", PLANS, "scenarios", "live", KIT]),
    ("fuzz", &["data", "dlms", "scenarios", "live", KIT]),
    ("testkit", &["sim-core", "data", "dlms", "models", "scenarios", "live"]),
];

/// The only part of sim-core that the meter's protocol uses.
const DLMS_MAY_USE: &str = "amitwin_sim_core::rng";

/// Layers of the meter's protocol from top to bottom, as its page has them.
const DLMS_LAYERS: [&str; 9] =
    ["link", "server", "service", "objects", "protection", "session", "meter", "crypto", "vocabulary"];

/// Where a crate lies.
pub fn folder(krate: &str) -> &str {
    match krate {
        "dlms" => "models/dlms",
        PLANS => "models/maintenance",
        KIT => "tests/testkit",
        other => other,
    }
}

/// Fleets over years.
pub const PLANS: &str = "maintenance";

/// What tests share; every crate of the workspace may use it in its tests, and nowhere else.
pub const KIT: &str = "testkit";

/// Whether a crate may import another.
pub fn may_import(from: &str, to: &str) -> bool {
    from == to || MAY_IMPORT.iter().any(|(krate, allowed)| *krate == from && allowed.contains(&to))
}

/// Rooms of `models` that the head-end and the plan reach by messages alone.
const BELOW_HEAD_END: [&str; 5] =
    ["crate::fleet", "crate::gateway", "crate::medium", "crate::meter", "crate::timeline"];

/// Words that mean state shared between partitions.
const SHARED_WORDS: [&str; 14] = [
    "Mutex",
    "RwLock",
    "RefCell",
    "UnsafeCell",
    "OnceLock",
    "OnceCell",
    "LazyLock",
    "LazyCell",
    "Condvar",
    "mpsc",
    "thread_local!",
    "static mut",
    "std::cell::",
    "std::sync::atomic",
];

/// Words that tell threads apart or count them.
const THREAD_WORDS: [&str; 6] =
    ["current_thread_index", "current_num_threads", "available_parallelism", "ThreadId", "thread::current", "num_cpus"];

/// Words that lead out of the simulated world.
const OUTSIDE_WORDS: [&str; 20] = [
    "Instant",
    "SystemTime",
    "UNIX_EPOCH",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::io",
    "std::os",
    "std::time",
    "File::open",
    "File::create",
    "TcpStream",
    "UdpSocket",
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
    "dbg!",
    "thread::sleep",
];

/// Methods of floats whose last bit depends on the platform's library.
const FLOAT_METHODS: [&str; 26] = [
    "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sin_cos", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    "exp", "exp2", "exp_m1", "ln", "ln_1p", "log", "log2", "log10", "powf", "powi", "cbrt", "hypot",
];

/// Sources of randomness that no seed reaches, or that another version or platform may change.
const RANDOM_WORDS: [&str; 14] = [
    "thread_rng",
    "ThreadRng",
    "rand::rng",
    "rand::random",
    "from_entropy",
    "from_os_rng",
    "try_from_os_rng",
    "OsRng",
    "SysRng",
    "getrandom",
    "StdRng",
    "SmallRng",
    "fastrand",
    "RandomState",
];

/// All rules on one file.
pub fn check(source: &Source) -> Vec<Finding> {
    let mut all = Findings { source, found: Vec::new() };
    all.imports();
    all.random();
    all.form();
    if !source.path.starts_with(FLEET) {
        let instead = "ask the fleet, which sorts by node what a query finds";
        all.words(&["bevy_ecs"], true, ENTITIES, instead);
    }
    if matches!(source.krate(), "sim-core" | "dlms" | PLANS | "models") {
        all.threads();
        all.shared();
        all.outside();
        all.portable();
    }
    if source.path.starts_with("models/src/headend/") || source.path == "models/src/plan.rs" {
        all.words(&BELOW_HEAD_END, true, IMPORTS, "the head-end sends messages and knows no layer of the mesh");
    }
    let parsing =
        ["scenarios/src/sections/", "scenarios/src/language/"].iter().any(|folder| source.path.starts_with(folder));
    if parsing && source.path != SCENARIO_READER {
        all.words(&OUTSIDE_WORDS, false, PURE, "the scenario file is read in language/source.rs, others in resolve");
    }
    all.found
}

struct Findings<'a> {
    source: &'a Source,
    found: Vec<Finding>,
}

impl Findings<'_> {
    fn add(&mut self, line: usize, rule: &'static str, what: String) {
        self.found.push(Finding { path: self.source.path.clone(), line, rule, what });
    }

    fn words(&mut self, words: &[&str], with_tests: bool, rule: &'static str, instead: &str) {
        let source = self.source;
        let imported = imports(source, with_tests);
        let direct = source.lines(with_tests).map(|(n, line)| (n, line.to_owned()));
        let mut hits: Vec<(usize, &str)> = direct
            .chain(imported)
            .flat_map(|(n, line)| words.iter().filter(move |w| has(&line, w)).map(move |w| (n, *w)))
            .collect();
        hits.sort_unstable();
        hits.dedup();
        for (line, word) in hits {
            self.add(line, rule, format!("`{word}` is not allowed here; {instead}"));
        }
    }

    fn imports(&mut self) {
        let source = self.source;
        let from = source.krate();
        for (n, line) in source.lines(true) {
            for (at, _) in line.match_indices("amitwin_") {
                let word: String = line[at + 8..].bytes().take_while(|b| is_word(*b)).map(char::from).collect();
                let to = word.replace('_', "-");
                let known = MAY_IMPORT.iter().any(|(krate, _)| *krate == to);
                let whole = at == 0 || !is_word(line.as_bytes()[at - 1]);
                let for_tests = to == KIT && source.test[n - 1];
                if whole && known && !for_tests && !may_import(from, &to) {
                    let from = if from.is_empty() { "the program" } else { from };
                    self.add(
                        n,
                        IMPORTS,
                        format!("{from} must not import {to}; see ARCHITECTURE.md, \"Who may import whom\""),
                    );
                }
            }
        }
        if from == "dlms" {
            self.keyed_streams_alone();
            self.layers();
        }
    }

    /// The protocol takes keyed streams from the engine's crate, and neither time nor events.
    fn keyed_streams_alone(&mut self) {
        let source = self.source;
        let (start, _) = DLMS_MAY_USE.split_once("::").expect("a path");
        let direct = source.lines(true).map(|(n, line)| (n, line.to_owned()));
        // A group is seen through the paths that it stands for.
        let direct = direct.filter(|(_, line)| !line.contains(&format!("{start}::{{")));
        let all = direct.chain(imports(source, true));
        let more = all.filter(|(_, line)| has(line, start) && !has(line, DLMS_MAY_USE));
        let lines: BTreeSet<usize> = more.map(|(n, _)| n).collect();
        for n in lines {
            self.add(n, IMPORTS, format!("dlms must not import anything of sim-core but `{DLMS_MAY_USE}`"));
        }
    }

    /// A file of a layer names no layer above its own, and takes nothing from the crate's face, which hides the layer.
    fn layers(&mut self) {
        let source = self.source;
        let own = source.path.strip_prefix("models/dlms/src/").and_then(|path| path.split('/').next());
        let Some(own) = own.and_then(|layer| DLMS_LAYERS.iter().position(|known| *known == layer)) else { return };
        let direct = source.lines(false).map(|(n, line)| (n, line.to_owned()));
        let direct = direct.filter(|(_, line)| !line.contains("crate::{"));
        let mut broken = BTreeSet::new();
        for (n, line) in direct.chain(imports(source, false)) {
            for (at, word) in line.match_indices("crate::") {
                let name = identifiers(&line[at + word.len()..]).next().unwrap_or_default();
                if DLMS_LAYERS.iter().position(|known| *known == name).is_none_or(|layer| layer < own) {
                    broken.insert((n, name.to_owned()));
                }
            }
        }
        for (n, name) in broken {
            self.add(
                n,
                LAYERS,
                format!("`crate::{name}` is no layer below `{}`; see models/dlms/README.md", DLMS_LAYERS[own]),
            );
        }
    }

    fn threads(&mut self) {
        let instead = "split work by the world alone, so that any number of threads gives the same result";
        self.words(&THREAD_WORDS, false, THREADS, instead);
    }

    fn shared(&mut self) {
        let instead = "partitions meet only in the exchange: keep state in the partition and send a message";
        self.words(&SHARED_WORDS, false, SHARED, instead);
        for (n, line) in self.source.lines(false) {
            if identifiers(line).any(|word| word.starts_with("Atomic")) {
                self.add(n, SHARED, format!("an atomic is not allowed here; {instead}"));
            }
        }
    }

    fn outside(&mut self) {
        let instead = "take the value as a parameter; files and clocks belong to data, scenarios and the program";
        self.words(&OUTSIDE_WORDS, false, OUTSIDE, instead);
    }

    fn portable(&mut self) {
        for (n, line) in self.source.lines(false) {
            if let Some(word) = identifiers(line).find(|w| w.contains("HashMap") || w.contains("HashSet")) {
                self.add(n, PORTABLE, format!("`{word}` has no order; use a BTreeMap, a sorted Vec or an index"));
            }
            for name in FLOAT_METHODS {
                let method = line.match_indices(&format!(".{name}(")).next().is_some();
                let path = ["f32", "f64"].iter().any(|float| has(line, &format!("{float}::{name}")));
                if method || path {
                    self.add(
                        n,
                        PORTABLE,
                        format!("the standard library's `{name}` differs between platforms; use libm::{name}"),
                    );
                }
            }
        }
        for (n, statement) in statements(self.source) {
            let parallel = statement.contains(".par_") || statement.contains("into_par_iter");
            let float = statement.contains("sum::<f64>") || statement.contains("sum::<f32>");
            if parallel && float {
                self.add(
                    n,
                    PORTABLE,
                    "a floating sum over threads depends on their number; collect, then add in order".to_owned(),
                );
            }
        }
    }

    fn random(&mut self) {
        let instead = "use amitwin_sim_core::rng::Stream with seed, entity and purpose";
        self.words(&RANDOM_WORDS, true, RANDOM, instead);
    }

    fn form(&mut self) {
        let source = self.source;
        let first = source.text.lines().next().unwrap_or_default();
        let documented = first.strip_prefix("//! ").is_some_and(|rest| rest.trim().len() > 3);
        if !documented && !first.starts_with("#![doc = include_str!(") {
            self.add(1, DOC, "start it with `//! What this is.`".to_owned());
        }
        let lines = source.text.lines().count();
        if lines > LINES_MAX {
            self.add(lines, SIZE, format!("it has {lines}; split it by concept"));
        }
        if let Some(name) = source.path.strip_suffix("_tests.rs") {
            self.add(1, LAYOUT, format!("move it to {name}/tests.rs"));
        }
        let marks = ["TO".to_owned() + "DO", "FIX".to_owned() + "ME", "XX".to_owned() + "X"];
        for (n, line) in source.prose.lines().enumerate() {
            for mark in marks.iter().map(String::as_str).chain(["todo!", "unimplemented!", "#[ignore"]) {
                if has(line, mark) {
                    self.add(
                        n + 1,
                        DONE,
                        format!("`{mark}`: do it now, or say in the module's README that it is missing"),
                    );
                }
            }
        }
    }
}

/// Whether `line` has `word`, not as a part of a longer name.
fn has(line: &str, word: &str) -> bool {
    let bytes = line.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_none_or(|b| !is_word(*b));
    let last_is_word = word.as_bytes().last().is_some_and(|b| is_word(*b));
    line.match_indices(word).any(|(at, _)| {
        // A lifetime (`&'static mut`) is not the word either.
        let before = at == 0 || (edge(bytes.get(at - 1)) && bytes[at - 1] != b'\'') || !is_word(word.as_bytes()[0]);
        before && (!last_is_word || edge(bytes.get(at + word.len())))
    })
}

fn identifiers(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| c != '_' && !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

/// Statements of code outside tests, with the number of their first line.
fn statements(source: &Source) -> Vec<(usize, String)> {
    let mut all: Vec<(usize, String)> = vec![(1, String::new())];
    for (n, line) in source.lines(false) {
        for (k, piece) in line.split(';').enumerate() {
            if k > 0 {
                all.push((n, String::new()));
            }
            let last = all.last_mut().expect("never empty");
            if last.1.trim().is_empty() {
                last.0 = n;
            }
            last.1.push_str(piece);
        }
    }
    all
}

/// Full paths of `use` statements, so that `use std::{fs, io}` is seen as `std::fs` and `std::io`.
pub fn imports(source: &Source, with_tests: bool) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (n, line) in source.lines(with_tests) {
        let trimmed = line.trim_start();
        let public = trimmed.strip_prefix("pub").map(|rest| rest.split_once(") ").map_or(rest, |(_, rest)| rest));
        if open.is_none() && public.unwrap_or(trimmed).trim_start().starts_with("use ") {
            let from = trimmed.find("use ").map_or(0, |at| at + 4);
            open = Some((n, trimmed[from..].to_owned()));
        } else if let Some((_, text)) = &mut open {
            text.push_str(trimmed);
        }
        if let Some((first, text)) = open.take_if(|(_, text)| text.contains(';')) {
            let tree = text.split(';').next().unwrap_or_default();
            expand("", tree, &mut |path| all.push((first, path)));
        }
    }
    all
}

fn expand(prefix: &str, tree: &str, each: &mut dyn FnMut(String)) {
    let Some(open) = tree.find('{') else {
        each(format!("{prefix}{}", tree.trim()));
        return;
    };
    let prefix = format!("{prefix}{}", tree[..open].trim());
    let inside = &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())];
    let (mut depth, mut start) = (0, 0);
    for (at, c) in inside.char_indices().chain([(inside.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&prefix, &inside[start..at], each);
                start = at + 1;
            }
            _ => {}
        }
    }
}
