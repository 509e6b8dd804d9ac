//! A scenario file with its overrides, from text to resolved variants.

use crate::gate::Gate;
use crate::language::check::check;
use crate::language::diagnostic::{Diagnostic, ScenarioError, suggest};
use crate::language::path::{Change, apply};
use crate::language::source::{self, Place, Sources};
use crate::language::tree::{Entry, Node, Value, parse};
use crate::overrides::{self, Override};
use crate::resolve::placement::Placements;
use crate::resolve::{self, Context};
use crate::resolved::{self, Input, Resolved};
use crate::sections::ScenarioFile;
use crate::sections::json_schema::json_schema;
use crate::sections::prices::PricesSection;
use crate::served::{KeysError, Serve, load_keys};
use crate::study::{Study, Until};
use amitwin_data::files::slug;
use amitwin_data::summary::{FILE_KEYS, ReplaySummary, TEST_KEYS};
use amitwin_models::spec::{Keys, WorldSpec};
use amitwin_models::terrain::SiteKind;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;

/// Name of the one variant of a file that has no `[[variant]]`.
pub const BASE_VARIANT: &str = "base";

/// Keys that a variant cannot change, because they belong to the comparison as a whole.
const CLOSED_TO_VARIANTS: &[&str] = &["name", "description", "seed", "variant", "gate", "study"];

/// A scenario, ready to run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Name.
    pub name: String,
    /// What it shows; may be empty.
    pub description: String,
    /// Seed of everything random.
    pub seed: u64,
    /// What is compared, in the order of the file; at least one.
    pub variants: Vec<Variant>,
    /// Limits on the results.
    pub gates: Vec<Gate>,
    /// How many seeds its variants run with.
    pub study: Study,
    /// The file with every default and override filled in; loading it gives this scenario again.
    pub resolved_toml: String,
    /// BLAKE3 of what the scenario says, in hexadecimal: of the resolved text and the contents of placement files and
    /// lists of ids, not of where they lie.
    pub scenario_hash: String,
    /// What to know before trusting the results, each with its file and line.
    pub warnings: Vec<String>,
    /// How the inputs were read and where the placement lies.
    pub notes: Vec<String>,
    filled: Resolved,
}

/// One setting of the comparison.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Name, for tables and gates.
    pub name: String,
    /// The world to build.
    pub spec: WorldSpec,
    /// Where its meters answer on real sockets.
    pub serve: Serve,
    /// What things cost, if the scenario says it.
    pub prices: Option<PricesSection>,
    /// What becomes of the logs that it replays.
    pub replays: Vec<ReplaySummary>,
}

/// What outputs say of the keys of these variants' meters: `TEST` if everybody knows those of one.
pub fn keys_word(variants: &[&Variant]) -> &'static str {
    if variants.iter().any(|variant| variant.spec.dlms.keys_from == Keys::Test) { TEST_KEYS } else { FILE_KEYS }
}

impl Scenario {
    /// The variants of these names, in the order of the file; all when no name is given.
    ///
    /// # Errors
    /// A name that no variant has, with the nearest that one has.
    pub fn select(&self, names: &[String]) -> Result<Vec<&Variant>, String> {
        let known: Vec<&str> = self.variants.iter().map(|v| v.name.as_str()).collect();
        match names.iter().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(format!("there is no variant `{name}`; {}", suggest(name, &known, "variants"))),
            None if names.is_empty() => Ok(self.variants.iter().collect()),
            None => Ok(self.variants.iter().filter(|v| names.contains(&v.name)).collect()),
        }
    }

    /// The files that the worlds are made from.
    pub fn inputs(&self) -> Vec<Input> {
        self.filled.inputs()
    }

    /// The resolved text for a run directory, which can be moved with copies of its inputs in it, and these inputs.
    ///
    /// # Errors
    /// Something that the language of the file cannot say.
    pub fn in_directory(&self, dir: &Path) -> Result<(String, Vec<Input>), toml::ser::Error> {
        self.filled.in_directory(dir)
    }

    /// Reads the files of keys that the variants name; until then their worlds have the test keys. Keys belong to one run:
    /// another scenario, seed or variant has others, and so have served meters.
    ///
    /// # Errors
    /// A file that cannot be read, that others can read, or that holds no secret.
    pub fn load_keys(&mut self) -> Result<(), KeysError> {
        for variant in &mut self.variants {
            let run = format!("{} {} {}", self.scenario_hash, self.seed, variant.name);
            variant.spec.dlms.keys = load_keys(&variant.spec.dlms.keys_from)?.of_run(&run);
        }
        Ok(())
    }

    /// The same scenario with another seed, from what was read: the file may have been changed since. Keys are not loaded.
    ///
    /// # Errors
    /// An input that was changed since it was read, or what is wrong with this seed.
    pub fn with_seed(&self, seed: u64) -> Result<Scenario, String> {
        let name = format!("'{}' with seed {seed}", self.name);
        let scenario = load_text(&self.resolved_toml, &name, Path::new("."), &[], Some(seed));
        let scenario = scenario.map_err(|error| error.render(false))?;
        match self.filled.changed_input(&scenario.filled) {
            Some(path) => Err(format!("{path} was changed while the seeds ran. Run again with one file for all seeds")),
            None => Ok(scenario),
        }
    }

    /// What each gate judges that is not among `variants`, one sentence each: such a gate says nothing about the run.
    pub fn unjudged(&self, variants: &[&Variant]) -> Vec<String> {
        let judged = |gate: &Gate| variants.iter().any(|v| gate.judges(&v.name));
        let tell = |gate: &Gate| {
            let of = gate.variants.join("`, `");
            format!("the gate `{} {} {}` judges `{of}`, which does not run", gate.name.name, gate.name.stat, gate.limit)
                .replace("  ", " ")
        };
        self.gates.iter().filter(|gate| !judged(gate)).map(tell).collect()
    }
}

/// Reads a scenario file, applies the overrides and the seed, checks everything and resolves every variant.
///
/// Errors come together, with their places, as far as one does not hide the other.
pub fn load(path: &Path, overrides: &[Override], seed: Option<u64>) -> Result<Scenario, ScenarioError> {
    if amitwin_data::placement::Format::of(path).is_some() {
        let file = path.display();
        let diagnostic = Diagnostic::error(format!("{file} is no scenario; by its name it may hold a placement of meters"))
            .help(format!(
                "`amitwin init NAME` writes a scenario, and `amitwin run NAME.toml --set placement.file={file}` runs it with \
                 these meters; where the file names no border router (kind gateway), add `--set placement.gateways=1`"
            ));
        return Err(ScenarioError::new(vec![diagnostic], Sources::default()));
    }
    let text = source::read(path)?;
    let dir = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    load_text(&text, &path.display().to_string(), dir, overrides, seed)
}

/// As [`load`], for a text; `name` stands for it in messages, and placement files are looked for in `dir`.
pub fn load_text(
    text: &str,
    name: &str,
    dir: &Path,
    overrides: &[Override],
    seed: Option<u64>,
) -> Result<Scenario, ScenarioError> {
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    if text.len() as u64 > source::FILE_BYTES_MAX {
        let title = format!("{name} is larger than {} MiB, the limit for a scenario", source::FILE_BYTES_MAX >> 20);
        return Err(ScenarioError::new(vec![Diagnostic::error(title)], sources));
    }
    let (mut root, mut errors) = parse(text, file);
    if errors.is_empty() && root.table().is_some_and(|t| t.is_empty()) {
        let diagnostic = Diagnostic::error(format!("{name} is empty"))
            .help("write a scenario with `amitwin init NAME`, or copy one from scenarios/library");
        errors.push(diagnostic);
    }
    if !errors.is_empty() {
        return Err(ScenarioError::new(errors, sources));
    }

    if is_plan(&root) {
        let diagnostic = Diagnostic::error(format!("{name} is a maintenance plan, not a scenario of frames"))
            .help(format!("run it with `amitwin plan {name}`"));
        return Err(ScenarioError::new(vec![diagnostic], sources));
    }
    let schema = json_schema();
    let changes = changes(overrides, seed, &schema, &mut sources, &mut errors);
    apply(&mut root, &schema, &changes, &[], &mut errors);
    check(&root, &schema, "", &mut errors);
    duplicates(&root, "campaign", &mut errors);
    duplicates(&root, "variant", &mut errors);
    duplicates(&root, "read", &mut errors);
    duplicates(&root, "event", &mut errors);
    duplicates(&root, "replay", &mut errors);
    let variants = variants(&root, &schema, &mut errors);
    let names: Vec<&str> = variants.iter().map(|(name, _)| name.as_str()).collect();
    let gates = resolve::gates::resolve(&root, &names, &mut errors);
    let until = resolve::study::resolve(&root, &names, &mut errors);
    if !errors.is_empty() {
        return Err(ScenarioError::new(errors, sources));
    }
    finish(root, variants, (gates, until), &changes, dir, sources)
}

/// Whether a document is of the other kind: a plan has years and depots, a scenario has neither.
pub(crate) fn is_plan(root: &Node) -> bool {
    root.get("depot").is_some() && root.get("years").is_some() && root.get("duration").is_none()
}

/// What the command line changes of a file.
pub(crate) fn changes(
    overrides: &[Override],
    seed: Option<u64>,
    schema: &Json,
    sources: &mut Sources,
    errors: &mut Vec<Diagnostic>,
) -> Vec<Change> {
    let working_dir = std::env::current_dir().ok();
    let mut changes: Vec<_> =
        overrides.iter().map(|o| overrides::change(o, schema, working_dir.as_deref(), sources)).collect();
    if let Some(seed) = seed {
        let text = seed.to_string();
        let place = Place::new(sources.add("--seed", text.as_str()), 0..text.len());
        match i64::try_from(seed) {
            Ok(seed) => {
                let node = Node { value: Value::Integer(seed), place: place.clone() };
                changes.push(Change { path: "seed".into(), place, node });
            }
            Err(_) => {
                let diagnostic = Diagnostic::error("the seed is out of range").at(&place, "too large");
                errors.push(diagnostic.help(format!("allowed is 0 to {}", i64::MAX)));
            }
        }
    }
    changes
}

/// The second half: everything is well-formed, now it must make sense.
fn finish(
    root: Node,
    variants: Vec<(String, Node)>,
    (gates, until): (Vec<Gate>, Option<Until>),
    changes: &[Change],
    dir: &Path,
    sources: Sources,
) -> Result<Scenario, ScenarioError> {
    let mut errors = Vec::new();
    let mut warnings: Vec<(Place, String)> = Vec::new();
    let mut notes = Vec::new();
    let mut placements = Placements::new(dir);
    let mut resolved = Vec::new();
    for (name, tree) in &variants {
        let Some(file) = typed(tree, &mut errors) else { continue };
        let mut cx =
            Context { file: &file, root: tree, errors: Vec::new(), warnings: Vec::new(), notes, replays: Vec::new() };
        let spec = resolve::world(&mut cx, dir, &mut placements);
        let meters = spec.as_ref().map_or(0, |spec| spec.placement.count(SiteKind::Meter));
        let serve = resolve::serve::serve(&mut cx, dir, meters);
        let sound = cx.errors.is_empty();
        errors.append(&mut cx.errors);
        warnings.append(&mut cx.warnings);
        notes = cx.notes;
        let replays = cx.replays;
        if let (Some(spec), Some(serve), true) = (spec, serve, sound) {
            resolved.push(Variant { name: name.clone(), spec, serve, prices: file.prices.clone(), replays });
        }
    }
    let base = typed(&root, &mut errors);
    let (Some(base), true) = (base, errors.is_empty()) else { return Err(ScenarioError::new(errors, sources)) };
    warnings.append(&mut resolve::medium::idle(&variants));
    shadowed(&root, changes, &mut warnings);
    warnings.sort();
    warnings.dedup();
    let (resolved_toml, scenario_hash, filled) = match resolved::write(&base, &resolved, &placements) {
        Ok(written) => written,
        Err(message) => {
            let title = format!("the resolved scenario cannot be written: {message}");
            return Err(ScenarioError::new(vec![Diagnostic::error(title)], sources));
        }
    };
    Ok(Scenario {
        name: base.name,
        description: base.description,
        seed: base.seed,
        variants: resolved,
        gates,
        study: Study::new(&base.study, until),
        resolved_toml,
        scenario_hash,
        filled,
        notes,
        warnings: warnings.iter().map(|(place, text)| format!("{}: {text}", sources.line_of(place))).collect(),
    })
}

/// The document of each variant, checked.
pub(crate) fn variants(root: &Node, schema: &Json, errors: &mut Vec<Diagnostic>) -> Vec<(String, Node)> {
    let items = root.get("variant").map(Node::items).unwrap_or_default();
    if items.is_empty() {
        return vec![(BASE_VARIANT.to_owned(), root.clone())];
    }
    // What belongs to the whole scenario has been checked once, and a variant cannot change it.
    let mut bare = root.clone();
    if let Value::Table(table) = &mut bare.value {
        table.remove("variant");
        table.remove("gate");
        table.remove("study");
    }
    let mut out = Vec::new();
    for item in items {
        let Some(name) = item.get("name").and_then(Node::str) else { continue };
        let mut tree = bare.clone();
        if let Some(set) = item.get("set").and_then(Node::table) {
            let change = |(path, entry): (&String, &Entry)| Change {
                path: path.clone(),
                place: entry.key.clone(),
                node: entry.node.clone(),
            };
            let changes: Vec<_> = set.iter().map(change).collect();
            apply(&mut tree, schema, &changes, CLOSED_TO_VARIANTS, errors);
            check(&tree, schema, "", errors);
        }
        out.push((name.to_owned(), tree));
    }
    out
}

pub(crate) fn duplicates(root: &Node, key: &str, errors: &mut Vec<Diagnostic>) {
    let items = root.get(key).map(Node::items).unwrap_or_default();
    let mut seen: BTreeMap<String, &Place> = BTreeMap::new();
    for node in items.iter().filter_map(|item| item.get("name")) {
        let Some(name) = node.str() else { continue };
        let same = match key {
            "variant" => folder(name, &node.place, errors),
            _ => name.to_owned(),
        };
        if let Some(first) = seen.get(&same) {
            let diagnostic = Diagnostic::error(format!("two {key}s are named `{name}`")).at(&node.place, "named again");
            errors.push(diagnostic.related(first, "named here first").help("give one of them another name"));
        } else {
            seen.insert(same, &node.place);
        }
    }
}

/// What must differ between variants: each has a folder of its name, and some file systems do not tell upper from lower
/// case.
fn folder(name: &str, place: &Place, errors: &mut Vec<Diagnostic>) -> String {
    match slug(name) {
        Ok(slug) => slug.to_ascii_lowercase(),
        Err(_) if name.is_empty() => String::new(),
        Err(_) => {
            let diagnostic =
                Diagnostic::error("a variant's name is too long").at(place, "too long for a folder's name");
            errors.push(diagnostic.help("give it a shorter name; letters beyond a-z count several times"));
            name.to_owned()
        }
    }
}

fn typed(tree: &Node, errors: &mut Vec<Diagnostic>) -> Option<ScenarioFile> {
    let mut tree = tree.clone();
    resolve::dlms::take_unreadable(&mut tree, errors);
    match serde_json::from_value(tree.to_json()) {
        Ok(file) => Some(file),
        Err(error) => {
            errors.push(Diagnostic::error(format!("the scenario cannot be read: {error}")));
            None
        }
    }
}

/// Warns of overrides that a variant's own setting replaces.
pub(crate) fn shadowed(root: &Node, changes: &[Change], warnings: &mut Vec<(Place, String)>) {
    for item in root.get("variant").map(Node::items).unwrap_or_default() {
        let name = item.get("name").and_then(Node::str).unwrap_or_default();
        let Some(set) = item.get("set").and_then(Node::table) else { continue };
        for change in changes.iter().filter(|c| set.contains_key(&c.path)) {
            let text = format!("the variant `{name}` sets `{}` itself; the override does not reach it", change.path);
            warnings.push((change.place.clone(), text));
        }
    }
}
