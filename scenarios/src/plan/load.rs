//! A plan's file with its overrides, from text to resolved variants.

use super::{of_variants, resolve};
use crate::gate::Gate;
use crate::language::check::check;
use crate::language::diagnostic::{Diagnostic, ScenarioError, suggest};
use crate::language::path::apply;
use crate::language::source::{self, Place, Sources};
use crate::language::tree::{Node, parse};
use crate::load::{changes, duplicates, shadowed, variants};
use crate::overrides::Override;
use crate::resolve::Context;
use crate::resolved::Input;
use crate::sections::plan::fleet::DepotSection;
use crate::sections::plan::radio::RadioSection;
use crate::sections::plan::{PlanFile, json_schema};
use crate::study::Study;
use amitwin_data::files::INPUTS;
use amitwin_data::placement::Options;
use amitwin_data::rows::NodeRow;
use amitwin_maintenance::PlanSpec;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const HEADER: &str = "# The plan with every default and override filled in; loading it gives the same plan again.\n\n";

/// A plan, ready to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Name.
    pub name: String,
    /// What it shows; may be empty.
    pub description: String,
    /// Seed of everything random.
    pub seed: u64,
    /// When it begins, s since 1970, UTC.
    pub start_unix_s: i64,
    /// What is compared, in the order of the file; at least one.
    pub variants: Vec<Variant>,
    /// Limits on the results.
    pub gates: Vec<Gate>,
    /// How many seeds its variants run with.
    pub study: Study,
    /// BLAKE3 of what the plan says, in hexadecimal: of the resolved text and the contents of its lists of meters.
    pub hash: String,
    /// What to know before trusting the results, each with its file and line.
    pub warnings: Vec<String>,
    /// How the inputs were read.
    pub notes: Vec<String>,
    file: PlanFile,
    inputs: Vec<Input>,
}

/// One setting of the comparison.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Name, for tables and gates.
    pub name: String,
    /// The plan.
    pub spec: PlanSpec,
    /// The meters, where they are a list.
    pub nodes: Arc<[NodeRow]>,
    /// Whether the file says what things cost.
    pub has_prices: bool,
    /// The list of the meters, if there is one.
    pub list: Option<ListFile>,
    /// What years do to the radio.
    pub radio: RadioSection,
    /// Absolute paths of the depots' weather files, by their names.
    pub weather_files: Vec<(String, PathBuf)>,
}

/// A list of meters, and how it is read.
#[derive(Clone, Debug)]
pub struct ListFile {
    /// Absolute path.
    pub path: PathBuf,
    /// Its columns and coordinates.
    pub options: Options,
    /// What its columns of vintage, date of installation and depot are called.
    pub vintage: String,
    /// The second of them.
    pub installed: String,
    /// The third.
    pub depot: String,
}

impl Plan {
    /// The variants of these names, in the order of the file; all when no name is given.
    ///
    /// # Errors
    /// A name that no variant has, with the nearest that one has.
    pub fn select(&self, names: &[String]) -> Result<Vec<&Variant>, String> {
        let known: Vec<&str> = self.variants.iter().map(|v| v.name.as_str()).collect();
        match names.iter().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(format!("there is no variant `{name}`; {}", suggest(name, &known, "variants"))),
            None => Ok(self.variants.iter().filter(|v| names.is_empty() || names.contains(&v.name)).collect()),
        }
    }

    /// The files that the plan names.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The resolved text for a run directory, which can be moved with copies of its inputs in it, and these inputs.
    ///
    /// # Errors
    /// Something that the language of the file cannot say.
    pub fn in_directory(&self) -> Result<(String, &[Input]), toml::ser::Error> {
        let there = with_files(&self.file, |path| {
            let input = self.inputs.iter().find(|input| input.path == Path::new(path));
            input.map_or_else(|| path.to_owned(), |input| format!("{INPUTS}/{}", input.name))
        });
        Ok((HEADER.to_owned() + &toml::to_string(&there)?, &self.inputs))
    }

    /// What each gate judges that is not among `variants`, one sentence each: such a gate says nothing about the run.
    pub fn unjudged(&self, variants: &[&Variant]) -> Vec<String> {
        let judged = |gate: &Gate| variants.iter().any(|v| gate.judges(&v.name));
        let tell = |gate: &Gate| {
            let of = gate.variants.join("`, `");
            format!("the gate `{} {}` judges `{of}`, which does not run", gate.name, gate.limit)
        };
        self.gates.iter().filter(|gate| !judged(gate)).map(tell).collect()
    }
}

/// Whether a text is a plan, as far as that can be told before it is checked.
pub fn is_plan(text: &str) -> bool {
    crate::load::is_plan(&parse(text, Sources::default().add("", text)).0)
}

/// Reads a plan's file, applies the overrides and the seed, checks everything and resolves every variant.
///
/// # Errors
/// All that is wrong, with its places, as far as one does not hide the other.
pub fn load(path: &Path, overrides: &[Override], seed: Option<u64>) -> Result<Plan, ScenarioError> {
    if amitwin_data::placement::Format::of(path).is_some() {
        let file = path.display();
        let diagnostic = Diagnostic::error(format!("{file} is no plan; by its name it may hold a list of meters"))
            .help(format!("give a plan, and these meters with `--set fleet.file={file}`"));
        return Err(ScenarioError::new(vec![diagnostic], Sources::default()));
    }
    let text = source::read(path)?;
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    load_text(&text, &path.display().to_string(), dir, overrides, seed)
}

/// As [`load`], for a text; `name` stands for it in messages, and lists of meters are looked for in `dir`.
///
/// # Errors
/// As [`load`].
pub fn load_text(
    text: &str,
    name: &str,
    dir: &Path,
    overrides: &[Override],
    seed: Option<u64>,
) -> Result<Plan, ScenarioError> {
    let mut sources = Sources::default();
    let (mut root, mut errors) = parse(text, sources.add(name, text));
    if errors.is_empty() && root.get("duration").is_some() && root.get("placement").is_some() {
        let diagnostic = Diagnostic::error(format!("{name} is a scenario of frames, not a maintenance plan"))
            .help(format!("run it with `amitwin run {name}`"));
        errors.push(diagnostic);
    }
    if !errors.is_empty() {
        return Err(ScenarioError::new(errors, sources));
    }
    let schema = json_schema();
    let changes = changes(overrides, seed, &schema, &mut sources, &mut errors);
    apply(&mut root, &schema, &changes, &[], &mut errors);
    check(&root, &schema, "", &mut errors);
    for key in ["vintage", "firmware", "depot", "crew", "rule", "spare", "variant"] {
        duplicates(&root, key, &mut errors);
    }
    let variants = variants(&root, &schema, &mut errors);
    let names: Vec<&str> = variants.iter().map(|(name, _)| name.as_str()).collect();
    let gates = crate::resolve::gates::resolve(&root, &names, &mut errors);
    let until = crate::resolve::study::resolve(&root, &names, &mut errors);
    if !errors.is_empty() {
        return Err(ScenarioError::new(errors, sources));
    }
    let mut warnings: Vec<(Place, String)> = Vec::new();
    let (mut notes, mut resolved) = (Vec::new(), Vec::new());
    let mut lists = resolve::Lists::new(dir);
    let (mut wrong, mut judged) = (Vec::new(), Vec::new());
    for (name, tree) in &variants {
        let Some(file) = typed(tree, &mut errors) else { continue };
        let mut cx =
            Context { file: &file, root: tree, errors: Vec::new(), warnings: Vec::new(), notes, replays: Vec::new() };
        let spec = resolve::plan(&mut cx, &mut lists);
        wrong.push((name.as_str(), std::mem::take(&mut cx.errors)));
        warnings.append(&mut cx.warnings);
        notes = cx.notes;
        let columns = &file.fleet.columns;
        let named = |name: &Option<String>, usual: &str| name.clone().unwrap_or_else(|| usual.to_owned());
        let list = file.fleet.file.as_ref().map(|path| ListFile {
            path: lists.absolute(path).into(),
            vintage: named(&columns.vintage, "vintage"),
            installed: named(&columns.installed, "installed"),
            depot: named(&columns.depot, "depot"),
            options: Options { columns: file.fleet.columns.of_sites(), crs: file.fleet.crs.clone() },
        });
        let (has_prices, radio) = (file.prices.is_some(), file.radio.clone());
        let weather = |depot: &DepotSection| {
            let file = depot.weather_file.as_ref()?;
            Some((depot.name.clone(), lists.absolute(file).into()))
        };
        let weather_files = file.depot.iter().filter_map(weather).collect();
        let Some((spec, nodes, rules)) = spec else { continue };
        judged.push((name.as_str(), rules));
        resolved.push(Variant { name: name.clone(), spec, nodes, has_prices, list, radio, weather_files });
    }
    errors.extend(of_variants::errors(wrong));
    let (rules, mut idle) = of_variants::rules(&judged);
    errors.extend(rules);
    warnings.append(&mut idle);
    shadowed(&root, &changes, &mut warnings);
    if errors.is_empty() {
        let plans: Vec<_> = resolved.iter().map(|variant: &Variant| &variant.spec).collect();
        resolve::unused(&root, &plans, &mut warnings);
    }
    let base = typed(&root, &mut errors);
    let in_variants = base.iter().flat_map(|base| &base.variant).any(|variant| variant.set.contains_key("wear.run"));
    if in_variants {
        let diagnostic = Diagnostic::error("a variant names a run of its own with `wear.run`")
            .help("name the run in [wear] of the file, or let variants set `wear.tx_s`, `wear.restarts` and `wear.relay_moves`");
        errors.push(diagnostic);
    }
    let (Some(mut base), true) = (base, errors.is_empty()) else { return Err(ScenarioError::new(errors, sources)) };
    measured(&mut base, &mut lists);
    warnings.sort();
    warnings.dedup();
    let file = with_files(&base, |path| lists.absolute(path));
    let said = with_files(&base, |path| lists.hash(path).unwrap_or(path).to_owned());
    let hash = match toml::to_string(&said) {
        Ok(said) => blake3::hash(said.as_bytes()).to_hex().to_string(),
        Err(error) => {
            let title = format!("the resolved plan cannot be written: {error}");
            return Err(ScenarioError::new(vec![Diagnostic::error(title)], sources));
        }
    };
    Ok(Plan {
        name: base.name.clone(),
        description: base.description.clone(),
        seed: base.seed,
        start_unix_s: resolve::unix_s(base.start),
        variants: resolved,
        gates,
        study: Study::new(&base.study, until),
        hash,
        warnings: warnings.iter().map(|(place, text)| format!("{}: {text}", sources.line_of(place))).collect(),
        notes,
        inputs: lists.inputs(),
        file,
    })
}

fn typed(tree: &Node, errors: &mut Vec<Diagnostic>) -> Option<PlanFile> {
    match serde_json::from_value(tree.to_json()) {
        Ok(file) => Some(file),
        Err(error) => {
            errors.push(Diagnostic::error(format!("the plan cannot be read: {error}")));
            None
        }
    }
}

/// Writes down what a run says of wear, so that the plan does not need the run again.
fn measured(file: &mut PlanFile, lists: &mut resolve::Lists) {
    let Some(wear) = &mut file.wear else { return };
    if let Some(Ok(campaign)) = wear.run.as_ref().map(|run| lists.campaign(run)) {
        (wear.run, wear.tx_s, wear.restarts) = (None, Some(campaign.tx_s), Some(campaign.restarts));
        wear.relay_moves = Some(campaign.relay_moves);
    }
}

/// Whether a setting is a path.
fn is_path(key: &str) -> bool {
    matches!(key, "fleet.file" | "radio.table") || key.starts_with("depot.") && key.ends_with(".weather_file")
}

/// The file with every path of an input replaced.
fn with_files(file: &PlanFile, replace: impl Fn(&str) -> String) -> PlanFile {
    let mut file = file.clone();
    file.fleet.file = file.fleet.file.map(|path| replace(&path));
    file.radio.table = file.radio.table.map(|path| replace(&path));
    for depot in &mut file.depot {
        depot.weather_file = depot.weather_file.take().map(|path| replace(&path));
    }
    for (key, value) in file.variant.iter_mut().flat_map(|variant| &mut variant.set) {
        if let (true, toml::Value::String(path)) = (is_path(key), value) {
            *path = replace(path);
        }
    }
    file
}

/// A list of meters that has been read.
pub(super) fn input(found: &Path, blake3: String, taken: &[Input]) -> Input {
    let path = std::path::absolute(found).unwrap_or_else(|_| found.to_owned());
    let named = found.display().to_string();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_taken = |name: &str| taken.iter().any(|input| input.name.eq_ignore_ascii_case(name));
    let name = (1..).map(|n| if n == 1 { name.clone() } else { format!("{n}-{name}") }).find(|n| !is_taken(n));
    Input { name: name.unwrap_or_default(), path, named, blake3 }
}
