//! What tells runs apart: the settings in which they differ, else their seeds, else their directories.

use super::compared::Compared;
use crate::over_seeds::seeds_text;
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// Settings that a label tells, at most.
const TOLD_MAX: usize = 3;
/// Sections that say how a run is looked at, and not what runs.
const OF_THE_WHOLE: [&str; 5] = ["name", "description", "seed", "study", "gate"];

/// What a setting says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    text: String,
    /// BLAKE3 of the file that it names.
    blake3: Option<String>,
}

impl Said {
    /// Whether it says the same; of files their content counts, wherever they lie.
    fn is_same(&self, other: &Said) -> bool {
        match (&self.blake3, &other.blake3) {
            (Some(a), Some(b)) => a == b,
            _ => self == other,
        }
    }
}

type Settings = BTreeMap<String, Said>;

/// A label for each run or case; all of them different.
pub fn labels(all: &[Compared]) -> Vec<String> {
    let runs: Vec<&Compared> = all.iter().filter(|one| one.case.is_none()).collect();
    let mut of_runs = of_runs(&runs).into_iter();
    let mut labels: Vec<String> = all
        .iter()
        .filter_map(|one| match &one.case {
            Some(case) => Some(case.name.clone()),
            None => of_runs.next(),
        })
        .collect();
    let twice: Vec<bool> = labels.iter().map(|label| labels.iter().filter(|l| *l == label).count() > 1).collect();
    for ((label, one), _) in labels.iter_mut().zip(all).zip(twice).filter(|(_, twice)| *twice) {
        // The same case of two studies.
        *label = format!("{label}, {}", one.path.display());
    }
    labels
}

/// Labels of runs.
fn of_runs(readers: &[&Compared]) -> Vec<String> {
    let settings: Option<Vec<Settings>> = readers.iter().map(|r| Some(of_files(flat(&r.scenario()?), r))).collect();
    let all = || settings.as_deref().unwrap_or_default();
    let differing = settings.as_ref().map(|all| keys_that_differ(all)).unwrap_or_default();
    let by_settings = |(reader, settings): (&&Compared, &Settings)| {
        let mut texts: Vec<String> = differing
            .iter()
            .take(TOLD_MAX)
            .map(|key| match settings.get(key) {
                Some(said) => format!("{key}={}", told(said, all().iter().filter_map(|other| other.get(key)))),
                None => format!("no {key}"),
            })
            .collect();
        if differing.len() > TOLD_MAX {
            texts.push(format!("and {} more", differing.len() - TOLD_MAX));
        }
        if texts.is_empty() { seeds_text(&reader.summary.each_seed()) } else { texts.join(", ") }
    };
    let mut labels: Vec<String> = match &settings {
        Some(all) if readers.len() > 1 => readers.iter().zip(all).map(by_settings).collect(),
        _ => readers.iter().map(|reader| folder(reader, readers)).collect(),
    };
    let twice: Vec<bool> = labels.iter().map(|label| labels.iter().filter(|l| *l == label).count() > 1).collect();
    for ((label, reader), _) in labels.iter_mut().zip(readers).zip(&twice).filter(|(_, twice)| **twice) {
        // Replications of a setting have their seeds, and the same run twice has its directory.
        let seeds = seeds_text(&reader.summary.each_seed());
        *label = if *label == seeds { folder(reader, readers) } else { format!("{label}, {seeds}") };
    }
    let unique = |label: &String| labels.iter().filter(|l| *l == label).count() == 1;
    labels.iter().zip(readers).map(|(l, r)| if unique(l) { l.clone() } else { folder(r, readers) }).collect()
}

/// The last part of a directory's name, or all of it where two would be the same.
fn folder(reader: &Compared, readers: &[&Compared]) -> String {
    let short = |r: &Compared| r.path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let name = short(reader);
    let unique = readers.iter().filter(|r| short(r) == name).count() == 1;
    if !name.is_empty() && unique { name } else { reader.path.display().to_string() }
}

fn keys_that_differ(all: &[Settings]) -> Vec<String> {
    let keys: BTreeSet<&String> = all.iter().flat_map(|settings| settings.keys()).collect();
    let same = |a: Option<&Said>, b: Option<&Said>| match (a, b) {
        (Some(a), Some(b)) => a.is_same(b),
        (None, None) => true,
        _ => false,
    };
    let differs = |key: &&String| all.iter().any(|settings| !same(settings.get(*key), all[0].get(*key)));
    let differing: Vec<String> = keys.into_iter().filter(differs).cloned().collect();
    // A default that was filled in from another setting, as `radio.gateway_tx_power` from `radio.tx_power`, tells nothing more.
    let same_everywhere = |a: &str, b: &str| all.iter().all(|settings| settings.get(a) == settings.get(b));
    let follows = |key: &&String| differing.iter().any(|other| is_of_part(key, other) && same_everywhere(key, other));
    differing.iter().filter(|key| !follows(key)).cloned().collect()
}

/// Whether a setting is that of a part of what another one in its table is for: `gateway_tx_power` of `tx_power`.
fn is_of_part(key: &str, of: &str) -> bool {
    match (key.rsplit_once('.'), of.rsplit_once('.')) {
        (Some((a, key)), Some((b, of))) => a == b && key.strip_suffix(of).is_some_and(|part| part.ends_with('_')),
        _ => false,
    }
}

/// A setting as whoever made the run wrote it; of the path of a file as much of its end as tells it from the others, and of files of one
/// path their content.
fn told<'a>(said: &'a Said, others: impl Iterator<Item = &'a Said> + Clone) -> String {
    let Some(blake3) = &said.blake3 else { return said.text.clone() };
    let parts = |text: &str| text.split(['/', '\\']).map(str::to_owned).collect::<Vec<_>>();
    let end = |text: &str, n: usize| {
        let parts = parts(text);
        parts[parts.len().saturating_sub(n)..].join("/")
    };
    let different = others.filter(|other| !said.is_same(other));
    let most = different.clone().chain([said]).map(|other| parts(&other.text).len()).max().unwrap_or(1);
    let is_alone = |n: &usize| different.clone().all(|other| end(&other.text, *n) != end(&said.text, *n));
    match (1..=most).find(is_alone) {
        Some(n) => end(&said.text, n),
        None => format!("{} (content {})", end(&said.text, 1), &blake3[..blake3.len().min(8)]),
    }
}

/// The settings of a run with the names that its files had in the place of those of their copies.
fn of_files(mut settings: Settings, run: &Compared) -> Settings {
    let Some(manifest) = run.reader.as_ref().map(|reader| &reader.manifest) else { return settings };
    for said in settings.values_mut() {
        let Some(copy) = manifest.files.iter().find(|file| file.path == said.text) else { continue };
        said.blake3 = Some(copy.blake3.clone());
        let named = manifest.inputs.iter().find(|input| input.path == said.text);
        said.text = named.map_or_else(|| said.text.clone(), |input| input.named.clone());
    }
    settings
}

/// A resolved scenario as dotted paths with their values; an element of a list goes by its name, or its number.
fn flat(text: &str) -> Settings {
    let mut out = Settings::new();
    let table: Table = text.parse().unwrap_or_default();
    for (key, value) in table.iter().filter(|(key, _)| !OF_THE_WHOLE.contains(&key.as_str())) {
        walk(key, value, &mut out);
    }
    out
}

fn walk(path: &str, value: &Value, out: &mut Settings) {
    match value {
        Value::Table(table) => table.iter().for_each(|(key, value)| walk(&format!("{path}.{key}"), value, out)),
        Value::Array(items) if items.iter().any(Value::is_table) => {
            for (at, item) in items.iter().enumerate() {
                let name = item.get("name").and_then(Value::as_str);
                walk(&format!("{path}.{}", name.map_or_else(|| at.to_string(), str::to_owned)), item, out);
            }
        }
        Value::String(text) => drop(out.insert(path.to_owned(), Said { text: text.clone(), blake3: None })),
        other => drop(out.insert(path.to_owned(), Said { text: other.to_string(), blake3: None })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_paths_and_what_differs_is_told() {
        let text = |meters: u32, phy: &str| {
            format!(
                "name = \"a\"\nseed = {meters}\n[placement]\nmeters = {meters}\n[radio]\nphy = \"{phy}\"\n\
                 [[campaign]]\nname = \"reset\"\nwindow = [\"0s\", \"{meters}s\"]\n[[gate]]\nmax = {meters}\n"
            )
        };
        let all = [flat(&text(9, "1b")), flat(&text(16, "1b"))];
        assert_eq!(all[0]["campaign.reset.window"].text, "[\"0s\", \"9s\"]");
        assert_eq!(keys_that_differ(&all), ["campaign.reset.window", "placement.meters"]);
        let power = |router: &str, all: &str| {
            flat(&format!("[radio]\ngateway_tx_power = \"{router}\"\ntx_power = \"{all}\"\n"))
        };
        assert_eq!(keys_that_differ(&[power("20 dBm", "20 dBm"), power("27 dBm", "27 dBm")]), ["radio.tx_power"]);
        let both = keys_that_differ(&[power("20 dBm", "20 dBm"), power("27 dBm", "20 dBm")]);
        assert_eq!(both, ["radio.gateway_tx_power"]);
        assert_eq!(keys_that_differ(&[flat(&text(9, "1b")), flat(&text(9, "3"))]), ["radio.phy"]);
    }
    #[test]
    fn of_a_path_as_much_is_told_as_tells_it_from_others() {
        let said = |text: &str, content: &str| Said { text: text.into(), blake3: Some(content.repeat(64)) };
        for (texts, labels) in [
            (&[("pa/m.csv", "a"), ("pb/m.csv", "b")][..], &["pa/m.csv", "pb/m.csv"][..]),
            (&[("/far/off/one/a.csv", "a"), ("b.csv", "b")], &["a.csv", "b.csv"]),
            (&[("/x/sites/m.csv", "a"), ("/y/sites/m.csv", "b")], &["x/sites/m.csv", "y/sites/m.csv"]),
            // The file was changed between the two runs.
            (&[("m.csv", "a"), ("m.csv", "b")], &["m.csv (content aaaaaaaa)", "m.csv (content bbbbbbbb)"]),
        ] {
            let all: Vec<Said> = texts.iter().map(|(text, content)| said(text, content)).collect();
            let got: Vec<String> = all.iter().map(|one| told(one, all.iter())).collect();
            assert_eq!(got, labels);
        }
        assert!(said("pa/m.csv", "a").is_same(&said("copy.csv", "a")), "a copy of the same file");
    }
}
