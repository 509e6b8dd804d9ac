//! `scenario.resolved.toml`: the file with everything filled in, and the hash of what it says.

use crate::language::path::split;
use crate::load::Variant;
use crate::resolve::placement::Placements;
use crate::sections::ScenarioFile;
use crate::sections::files::is_input;
use amitwin_data::files::INPUTS;
use amitwin_models::spec::{HeadEndSpec, Keys};
use std::cell::RefCell;
use std::path::{Path, PathBuf};

const HEADER: &str =
    "# The scenario with every default and override filled in; loading it gives the same run again.\n\n";

/// A scenario with everything filled in.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// With the paths of files absolute.
    file: ScenarioFile,
    inputs: Vec<Named>,
}

/// A file that worlds are made from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    /// Absolute.
    path: String,
    blake3: String,
    /// As the scenario has it.
    named: String,
}

/// A file that worlds are made from, to be copied into a run directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its name among the others.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// How the scenario names it.
    pub named: String,
    /// BLAKE3 of its content when it was read, in hexadecimal.
    pub blake3: String,
}

/// Fills everything in: the text, the BLAKE3 of what it says in hexadecimal, and what other texts of it are made from.
///
/// Values that depend on other settings are filled in where all variants agree on them; otherwise they stay out, and
/// each variant finds its own again. Paths of placement files and lists of ids are written absolute in the text, because it is read in
/// another directory than the scenario; the hash is over the files' contents instead.
pub(crate) fn write(
    file: &ScenarioFile,
    variants: &[Variant],
    placements: &Placements,
) -> Result<(String, String, Resolved), toml::ser::Error> {
    let mut file = file.clone();
    if let Some(stack) = agreed(variants, |v| v.spec.mesh.border_stack()) {
        file.mesh.border_stack.get_or_insert(stack);
    }
    if let Some(profile) = agreed(variants, |v| v.spec.profile()) {
        file.mesh.profile.get_or_insert(profile);
    }
    if let Some(power) = agreed(variants, |v| v.spec.radio.gateway_power_dbm()) {
        file.radio.gateway_tx_power_dbm.get_or_insert(power);
    }
    head_end(&mut file, variants);
    let inputs = RefCell::new(Vec::new());
    let mut here = with_files(&file, |path| {
        let absolute = absolute(&placements.path(path));
        if let Some(hash) = placements.content_hash(path) {
            let (path, blake3, named) = (absolute.clone(), hash.to_owned(), path.to_owned());
            inputs.borrow_mut().push(Named { path, blake3, named });
        }
        absolute
    });
    if let Keys::File(keys) = &mut here.dlms.keys_from {
        *keys = absolute(&placements.path(&keys.to_string_lossy())).into();
    }
    here.serve.state = here.serve.state.map(|state| absolute(&placements.path(&state)));
    let toml = text(&here)?;
    // What is no input is told by its name: its folder says nothing of the run, and is another one for whoever reads the text again.
    if let Keys::File(keys) = &mut file.dlms.keys_from {
        *keys = name_of(&placements.path(&keys.to_string_lossy())).into();
    }
    file.serve.state = file.serve.state.map(|state| name_of(&placements.path(&state)));
    let said = toml::to_string(&with_files(&file, |path| match placements.content_hash(path) {
        Some(hash) => hash.to_owned(),
        None => path.to_owned(),
    }))?;
    let hash = blake3::hash(said.as_bytes()).to_hex().to_string();
    let mut inputs = inputs.into_inner();
    inputs.sort();
    inputs.dedup_by(|a, b| a.path == b.path);
    Ok((toml, hash, Resolved { file: here, inputs }))
}

/// Fills in what the head-end's preset says.
fn head_end(file: &mut ScenarioFile, variants: &[Variant]) {
    fn of<T: PartialEq>(variants: &[Variant], of: impl Fn(&HeadEndSpec) -> Option<T>) -> Option<T> {
        agreed(variants, |variant| variant.spec.head_end.as_ref().and_then(&of)).flatten()
    }
    let Some(limits) = &mut file.head_end else { return };
    limits.sessions_per_second = limits.sessions_per_second.or(of(variants, |limits| limits.sessions_per_second));
    limits.permits = limits.permits.take().or(of(variants, |limits| limits.permits.clone()));
    limits.broker = limits.broker.take().or(of(variants, |limits| limits.broker.clone()));
    limits.retry = limits.retry.take().or(of(variants, |limits| limits.retry.clone()));
}

/// The last part of a path.
fn name_of(path: &Path) -> String {
    Path::new(&absolute(path)).file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

impl Resolved {
    /// An input whose content is not the same in both.
    pub fn changed_input<'a>(&'a self, other: &Resolved) -> Option<&'a str> {
        let same = |a: &Named, b: &Named| a.path == b.path && a.blake3 == b.blake3;
        let changed = |input: &&Named| !other.inputs.iter().any(|found| same(found, input));
        self.inputs.iter().find(changed).map(|input| input.path.as_str())
    }

    /// The files that worlds are made from, with a name of its own for each.
    pub fn inputs(&self) -> Vec<Input> {
        let mut inputs: Vec<Input> = Vec::new();
        for Named { path, blake3, named } in &self.inputs {
            let path = PathBuf::from(path);
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // File systems may take upper and lower case for the same.
            let taken = |name: &str| inputs.iter().any(|input| input.name.eq_ignore_ascii_case(name));
            let name = (1..).map(|n| if n == 1 { name.clone() } else { format!("{n}-{name}") }).find(|n| !taken(n));
            let name = name.unwrap_or_default();
            inputs.push(Input { name, path, named: named.clone(), blake3: blake3.clone() });
        }
        inputs
    }

    /// The text for a run directory, which can be moved with copies of its inputs in the folder `inputs`, and these. Other
    /// files are named as they lie from there.
    pub fn in_directory(&self, dir: &Path) -> Result<(String, Vec<Input>), toml::ser::Error> {
        let inputs = self.inputs();
        let mut there = with_files(&self.file, |path| {
            let input = inputs.iter().find(|input| input.path == Path::new(path));
            input.map_or_else(|| path.to_owned(), |input| format!("{INPUTS}/{}", input.name))
        });
        if let Keys::File(keys) = &mut there.dlms.keys_from {
            *keys = seen_from(dir, keys);
        }
        there.serve.state =
            there.serve.state.map(|state| seen_from(dir, Path::new(&state)).to_string_lossy().into_owned());
        Ok((text(&there)?, inputs))
    }
}

fn text(file: &ScenarioFile) -> Result<String, toml::ser::Error> {
    Ok(HEADER.to_owned() + &toml::to_string(file)?)
}

/// An absolute path as a relative one, seen from a directory.
fn seen_from(dir: &Path, path: &Path) -> PathBuf {
    let real =
        |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned());
    let (dir, folder) = (real(dir), real(path.parent().unwrap_or(path)));
    let (mut up, mut down) = (dir.components().peekable(), folder.components().peekable());
    while let (Some(a), Some(b)) = (up.peek(), down.peek())
        && a == b
    {
        up.next();
        down.next();
    }
    let mut seen: PathBuf = up.map(|_| "..").collect();
    seen.extend(down);
    seen.extend(path.file_name());
    seen
}

fn agreed<T: PartialEq>(variants: &[Variant], of: impl Fn(&Variant) -> T) -> Option<T> {
    let mut values = variants.iter().map(of);
    let first = values.next()?;
    values.all(|v| v == first).then_some(first)
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned()
}

/// The file with every path of a placement file or a list of ids replaced.
fn with_files(file: &ScenarioFile, replace: impl Fn(&str) -> String) -> ScenarioFile {
    let mut file = file.clone();
    let lists = file.event.iter_mut().filter_map(|event| event.target.file.as_mut());
    let logs = file.replay.iter_mut().flat_map(|replay| [&mut replay.file].into_iter().chain(&mut replay.mapping));
    let placement = file.placement.file.iter_mut().chain(&mut file.placement.repeaters);
    for path in placement.chain(lists).chain(logs) {
        *path = replace(path);
    }
    for (key, value) in file.variant.iter_mut().flat_map(|variant| &mut variant.set) {
        let segments = split(key).unwrap_or_default();
        let path: Vec<&str> = segments.iter().map(|segment| segment.text.as_str()).collect();
        replace_below(value, &path, &replace);
    }
    file
}

fn replace_below(value: &mut toml::Value, path: &[&str], replace: &impl Fn(&str) -> String) {
    match value {
        toml::Value::String(file) if is_input(path) => *file = replace(file),
        toml::Value::Table(table) => {
            table.iter_mut().for_each(|(key, value)| replace_below(value, &[path, &[key]].concat(), replace));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_where_they_are_read() {
        let seen = |dir: &str, path: &str| seen_from(Path::new(dir), Path::new(path)).to_string_lossy().into_owned();
        assert_eq!(seen("/no/such/runs/one", "/no/such/keys.hex"), "../../keys.hex");
        assert_eq!(seen("/no/such/one", "/no/such/one/keys.hex"), "keys.hex");
        assert_eq!(seen("/no/such", "/no/other/deep/keys.hex"), "../other/deep/keys.hex");
    }
}
