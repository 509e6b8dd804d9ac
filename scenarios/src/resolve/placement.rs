//! `[placement]`: a file or a generated town, and where its border routers stand.

use super::Context;
use super::id_list::{self, IdList};
use super::repeaters;
use crate::sections::placement::{PlacementSection, Siting};
use amitwin_data::device_log::{self, Entry, mapping};
use amitwin_data::input;
use amitwin_data::placement::{self, Crs, Options, PlacementFile, RecordKind};
use amitwin_models::spec::Hours;
use amitwin_models::terrain::{self, AntennaGain, Extent, GenerateSpec, Placement, Problem, Site, SiteKind};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// A log that has been read: its path, how it calls its columns, its lines.
type ReadLog = (PathBuf, BTreeMap<String, String>, Rc<Vec<Entry>>);

/// Placements of one load, so that variants which share one read and generate it once.
pub(crate) struct Placements {
    dir: PathBuf,
    made: Vec<(PlacementSection, u64, Placement)>,
    lists: Vec<(PathBuf, Rc<IdList>)>,
    hours: Vec<(PathBuf, Arc<Hours>)>,
    logs: Vec<ReadLog>,
    mappings: Vec<(PathBuf, Rc<Vec<mapping::Row>>)>,
    hashes: Vec<(PathBuf, String)>,
}

impl Placements {
    /// For a scenario file in this directory.
    pub fn new(dir: &Path) -> Placements {
        Placements {
            dir: dir.to_owned(),
            made: Vec::new(),
            lists: Vec::new(),
            hours: Vec::new(),
            logs: Vec::new(),
            mappings: Vec::new(),
            hashes: Vec::new(),
        }
    }

    /// The path of a placement file as the system sees it.
    pub fn path(&self, file: &str) -> PathBuf {
        self.dir.join(file)
    }

    /// A list of ids; variants that share one read it once.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn list(&mut self, file: &str) -> Result<Rc<IdList>, String> {
        let path = self.path(file);
        if let Some((_, list)) = self.lists.iter().find(|(p, _)| *p == path) {
            return Ok(list.clone());
        }
        let list = Rc::new(id_list::read(&path)?);
        self.hashes.push((path.clone(), list.hash.clone()));
        self.lists.push((path, list.clone()));
        Ok(list)
    }

    /// Hours of weather; variants that share a file read it once.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn hours(&mut self, file: &str) -> Result<Arc<Hours>, String> {
        let path = self.path(file);
        if let Some((_, hours)) = self.hours.iter().find(|(p, _)| *p == path) {
            return Ok(hours.clone());
        }
        let (hours, hash) = super::weather::read(&path)?;
        self.hashes.push((path.clone(), hash));
        self.hours.push((path, hours.clone()));
        Ok(hours)
    }

    /// Lines of a log; variants that share one read it once.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn log(&mut self, file: &str, columns: &BTreeMap<String, String>) -> Result<Rc<Vec<Entry>>, String> {
        let path = self.path(file);
        if let Some((.., log)) = self.logs.iter().find(|(p, named, _)| *p == path && named == columns) {
            return Ok(log.clone());
        }
        let log = Rc::new(device_log::read(&path, columns)?);
        let hash = hash(&path)?;
        self.hashes.push((path.clone(), hash));
        self.logs.push((path, columns.clone(), log.clone()));
        Ok(log)
    }

    /// Rows of a mapping; variants that share one read it once.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn mapping(&mut self, file: &str) -> Result<Rc<Vec<mapping::Row>>, String> {
        let path = self.path(file);
        if let Some((_, rows)) = self.mappings.iter().find(|(p, _)| *p == path) {
            return Ok(rows.clone());
        }
        let rows = Rc::new(mapping::read(&path)?);
        let hash = hash(&path)?;
        self.hashes.push((path.clone(), hash));
        self.mappings.push((path, rows.clone()));
        Ok(rows)
    }

    /// BLAKE3 of a log, a placement file, hours of weather or a list of ids that has been read.
    pub fn content_hash(&self, file: &str) -> Option<&str> {
        let path = self.path(file);
        self.hashes.iter().find(|(p, _)| *p == path).map(|(_, hash)| hash.as_str())
    }

    /// The placement of one variant; `None` after an error.
    pub fn place(&mut self, cx: &mut Context<'_>) -> Option<Placement> {
        let section = &cx.file.placement;
        if !combination(cx, section) {
            return None;
        }
        let before = cx.errors.len();
        if let Some((.., placement)) = self.made.iter().find(|(s, seed, _)| s == section && *seed == cx.file.seed) {
            return Some(placement.clone());
        }
        let placement = match &section.file {
            Some(file) => self.loaded(cx, section, file)?,
            None => generated(cx, section)?,
        };
        let placement = sited(cx, section, placement)?;
        let placement = match &section.repeaters {
            Some(file) => self.with_repeaters(cx, file, placement)?,
            None => placement,
        };
        let key = if section.file.is_some() { "file" } else { "generator" };
        for problem in terrain::check(&placement) {
            let title = match &section.file {
                Some(file) => {
                    format!("{file}{}: {problem}", place(&self.path(file), &options(section), &problem))
                }
                None => problem.to_string(),
            };
            cx.error(&["placement", key], title, "this placement", "change the placement as the message says");
        }
        if cx.errors.len() > before {
            return None;
        }
        self.made.push((section.clone(), cx.file.seed, placement.clone()));
        Some(placement)
    }

    /// The placement with the repeaters of another file behind its sites, which keep their numbers.
    fn with_repeaters(&mut self, cx: &mut Context<'_>, file: &str, placement: Placement) -> Option<Placement> {
        let path = self.path(file);
        match repeaters::added(&path, placement) {
            Ok((placement, hash)) => {
                self.hashes.push((path, hash));
                Some(placement)
            }
            Err(message) => {
                let help = "correct the file, or name one that `amitwin site` has written; a relative path starts at the scenario file, on the command line at the current folder";
                cx.error(&["placement", "repeaters"], message, "this file of repeaters", help);
                None
            }
        }
    }

    fn loaded(&mut self, cx: &mut Context<'_>, section: &PlacementSection, file: &str) -> Option<Placement> {
        let path = self.path(file);
        let placement = match read(&path, section) {
            Ok((placement, read, hash)) => {
                self.hashes.push((path, hash));
                for warning in read.warnings {
                    cx.warn(&["placement", "file"], format!("{file}: {warning}"));
                }
                let how = if read.notes.is_empty() { String::new() } else { format!("; {}", read.notes.join(", ")) };
                cx.note(format!("{file}: {} around {}{how}", sites(&placement), whereabouts(&placement)));
                placement
            }
            Err(message) => {
                let label = "this placement file";
                let help = "correct the file, or name another with placement.file; a relative path starts at the scenario file, on the command line at the current folder";
                cx.error(&["placement", "file"], message, label, help);
                return None;
            }
        };
        let found = placement.count(SiteKind::Gateway);
        if found == 0 && section.gateways.is_none() && section.siting.is_none() {
            let title = "the placement file names no border router, so no meter can reach the head-end";
            let help = "add a site of kind gateway to the file, or gateways = 1, siting = \"transformers\", or \
                        siting = \"k-means\" with meters_per_gateway = 1000 to the scenario";
            cx.error(&["placement", "file"], title, "no site of kind gateway", help);
            return None;
        }
        match section.gateways {
            Some(asked) if found > 0 && asked as usize != found => {
                let text = format!(
                    "the placement file names {found} of kind gateway (border routers); `gateways = {asked}` is not used"
                );
                cx.warn(&["placement", "gateways"], text);
            }
            _ => {}
        }
        if found > 0 && section.siting.is_some() {
            cx.warn(
                &["placement", "siting"],
                format!("the placement file names {found} of kind gateway (border routers); siting adds to them"),
            );
        }
        Some(placement)
    }
}

/// Whether the keys of the section go together.
fn combination(cx: &mut Context<'_>, section: &PlacementSection) -> bool {
    let before = cx.errors.len();
    let table = ["placement"];
    match (&section.file, section.generator) {
        (Some(_), Some(_)) => {
            let help = "remove `file` to generate a town, or `generator` to use the file";
            cx.error(
                &["placement", "generator"],
                "the placement has both a `file` and a `generator`",
                "one of the two",
                help,
            );
        }
        (None, None) => {
            let help = "add file = \"meters.csv\", or generator = \"suburb\" and meters = 1000";
            cx.error(&table, "the placement says neither `file` nor `generator`", "needs one of the two", help);
        }
        (None, Some(_)) if section.meters.is_none() => {
            let help = "say how many, for example meters = 1000";
            cx.error(&["placement", "generator"], "the generated town has no `meters`", "how many?", help);
        }
        (Some(_), None) => {
            if let Some(Err(reason)) = section.crs.as_deref().map(Crs::parse) {
                let help = "name one of them, or convert the file, for example with ogr2ogr -t_srs EPSG:4326";
                cx.error(&["placement", "crs"], reason, "not known", help);
            }
            let generated = [
                ("meters", section.meters.is_some()),
                ("spacing", section.spacing_m.is_some()),
                ("origin", section.origin.is_some()),
            ];
            for (key, given) in generated {
                if given {
                    let title = format!("`placement.{key}` belongs to a generator, and this placement is a file");
                    cx.error(&["placement", key], title, "without effect", format!("remove `{key}`"));
                }
            }
        }
        _ => {}
    }
    for (key, given) in [("columns", !section.columns.is_default()), ("crs", section.crs.is_some())] {
        if given && section.file.is_none() {
            let title = format!("`placement.{key}` belongs to a file, and this placement is generated");
            cx.error(&["placement", key], title, "without effect", format!("remove `{key}`"));
        }
    }
    let help = "keep `gateways = N`, or a `siting` rule";
    match (section.gateways, section.siting, section.meters_per_gateway) {
        (Some(_), Some(_), _) => {
            cx.error(
                &["placement", "siting"],
                "the placement has both `gateways` and `siting`",
                "one of the two",
                help,
            );
        }
        (Some(_), None, Some(_)) | (None, Some(Siting::Transformers), Some(_)) => {
            let title = "`meters_per_gateway` goes with siting = \"k-means\"";
            cx.error(&["placement", "meters_per_gateway"], title, "without effect", "remove it, or choose that rule");
        }
        (None, Some(Siting::KMeans), None) => {
            let title = "siting by k-means needs `meters_per_gateway`";
            cx.error(&["placement", "siting"], title, "how many each?", "for example meters_per_gateway = 1000");
        }
        (None, None, _) if section.generator.is_some() && section.file.is_none() => {
            let help = "add gateways = 1, or siting = \"k-means\" with meters_per_gateway = 1000";
            cx.error(
                &table,
                "the placement has no border router, so no meter can reach the head-end",
                "needs `gateways`",
                help,
            );
        }
        _ => {}
    }
    if section.generator.is_some() && section.siting == Some(Siting::Transformers) {
        let help = "use siting = \"k-means\", or gateways = 1";
        cx.error(&["placement", "siting"], "a generated town has no transformers", "nowhere to stand", help);
    }
    cx.errors.len() == before
}

fn generated(cx: &mut Context<'_>, section: &PlacementSection) -> Option<Placement> {
    let usual = GenerateSpec::default();
    let spec = GenerateSpec {
        meters: section.meters?,
        gateways: section.gateways.unwrap_or(0),
        spacing_m: section.spacing_m,
        lat_deg: section.origin.map_or(usual.lat_deg, |o| o.lat_deg),
        lon_deg: section.origin.map_or(usual.lon_deg, |o| o.lon_deg),
    };
    match terrain::generate(section.generator?, &spec, cx.file.seed) {
        Ok(mut placement) => {
            raise(section, &mut placement.sites);
            let lies = if section.origin.is_some() { "" } else { " (placement.origin is not set)" };
            cx.note(format!("generated town: {} around {}{lies}", sites(&placement), whereabouts(&placement)));
            Some(placement)
        }
        Err(error) => {
            cx.error(&["placement", "generator"], error.to_string(), "this town", "change meters, gateways or spacing");
            None
        }
    }
}

/// Border routers without a height of their own get that of the section.
fn raise(section: &PlacementSection, sites: &mut [Site]) {
    let Some(height_m) = section.gateway_height_m else { return };
    for site in sites.iter_mut().filter(|site| site.kind == SiteKind::Gateway) {
        site.height_m = height_m as f32;
    }
}

/// The placement with the border routers that the section asks for, where it has none yet.
fn sited(cx: &mut Context<'_>, section: &PlacementSection, placement: Placement) -> Option<Placement> {
    let sited = match (section.siting, section.gateways) {
        (Some(Siting::Transformers), _) => terrain::at_transformers(&placement),
        (Some(Siting::KMeans), _) => {
            terrain::k_means(&placement, section.meters_per_gateway.unwrap_or(0), cx.file.seed)
        }
        (None, Some(count)) if placement.count(SiteKind::Gateway) == 0 => {
            terrain::k_means_count(&placement, count, cx.file.seed)
        }
        (None, _) => return Some(placement),
    };
    match sited {
        Ok(mut sited) => {
            // Those of the file come first, and keep their heights.
            raise(section, &mut sited.sites[placement.sites.len()..]);
            Some(sited)
        }
        Err(error) => {
            let key = if section.siting.is_some() { "siting" } else { "gateways" };
            cx.error(&["placement", key], error.to_string(), "this rule", "change the rule or the placement");
            None
        }
    }
}

/// How the file of the section is to be read.
fn options(section: &PlacementSection) -> Options {
    Options { columns: section.columns.clone(), crs: section.crs.clone() }
}

/// Sites of a file, what is to be told about it, and the BLAKE3 of its bytes.
fn read(path: &Path, section: &PlacementSection) -> Result<(Placement, PlacementFile, String), String> {
    let mut file = placement::read(path, &options(section)).map_err(|e| e.to_string())?;
    let gains: Vec<Option<f64>> = file.records.iter().map(|record| record.antenna_gain_dbi).collect();
    let usual = |kind| if kind == SiteKind::Gateway { section.gateway_height_m } else { None };
    let sites = std::mem::take(&mut file.records).into_iter().map(|record| {
        let kind = kind(record.kind);
        (record.name, kind, record.lat_deg, record.lon_deg, record.height_m.or(usual(kind)))
    });
    let mut placement = Placement::from_geographic(sites).map_err(|e| format!("{}: {e}", path.display()))?;
    for (site, gain) in placement.sites.iter_mut().zip(gains) {
        site.antenna_gain = gain.map(AntennaGain::from_dbi);
    }
    placement.attributes = Arc::new(std::mem::take(&mut file.attributes));
    let hash = hash(path)?;
    Ok((placement, file, hash))
}

/// BLAKE3 of a file, in hexadecimal.
pub(super) fn hash(path: &Path) -> Result<String, String> {
    let mut hasher = blake3::Hasher::new();
    input::open(path).and_then(|file| hasher.update_reader(file)).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn sites(placement: &Placement) -> String {
    match placement.sites.len() {
        1 => "1 site".to_owned(),
        count => format!("{count} sites"),
    }
}

fn whereabouts(placement: &Placement) -> String {
    Extent::of(placement).map_or_else(String::new, |extent| extent.to_string())
}

fn kind(kind: RecordKind) -> SiteKind {
    match kind {
        RecordKind::Meter => SiteKind::Meter,
        RecordKind::Gateway => SiteKind::Gateway,
        RecordKind::Repeater => SiteKind::Repeater,
        RecordKind::Transformer => SiteKind::Transformer,
    }
}

/// Where in its file a problem lies, if it lies in one place.
fn place(path: &Path, options: &Options, problem: &Problem) -> String {
    let Problem::TooWide { stray, .. } = problem else { return String::new() };
    placement::find(path, options, &stray.to_string()).map_or_else(String::new, |place| format!(", {place}"))
}
