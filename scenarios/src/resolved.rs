//! `scenario.resolved.toml`: the file with everything filled in, and the hash of what it says.

use crate::language::path::split;
use crate::load::Variant;
use crate::resolve::placement::Placements;
use crate::sections::ScenarioFile;
use crate::sections::files::is_input;
use amitwin_models::spec::Keys;
use std::path::Path;

const HEADER: &str =
    "# The scenario with every default and override filled in; loading it gives the same run again.\n\n";

/// The resolved text and its BLAKE3 in hexadecimal.
///
/// Values that depend on other settings are filled in where all variants agree on them; otherwise they stay out, and
/// each variant finds its own again. Paths of placement files and lists of ids are written absolute in the text, because it is read in
/// another directory than the scenario; the hash is over the files' contents instead.
pub(crate) fn write(
    file: &ScenarioFile,
    variants: &[Variant],
    placements: &Placements,
) -> Result<(String, String), toml::ser::Error> {
    let mut file = file.clone();
    if let Some(profile) = agreed(variants, |v| v.spec.profile()) {
        file.mesh.profile.get_or_insert(profile);
    }
    if let Some(power) = agreed(variants, |v| v.spec.radio.gateway_power_dbm()) {
        file.radio.gateway_tx_power_dbm.get_or_insert(power);
    }
    let mut here = with_files(&file, |path| absolute(&placements.path(path)));
    if let Keys::File(keys) = &mut here.dlms.keys_from {
        *keys = absolute(&placements.path(&keys.to_string_lossy())).into();
    }
    here.serve.state = here.serve.state.map(|state| absolute(&placements.path(&state)));
    let text = HEADER.to_owned() + &toml::to_string(&here)?;
    let said = toml::to_string(&with_files(&file, |path| match placements.content_hash(path) {
        Some(hash) => hash.to_owned(),
        None => path.to_owned(),
    }))?;
    Ok((text, blake3::hash(said.as_bytes()).to_hex().to_string()))
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
    for path in file.placement.file.iter_mut().chain(lists) {
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
