//! Several runs side by side, and what differs between two settings.
//!
//! Runs of one scenario with different seeds are replications of each other. Two settings (a run and a variant) that
//! share several seeds are compared by the mean of their differences, seed by seed, with Student's interval; two that
//! share one seed by the differences of their meters, paired by their ids: rejoin times, reports and reads.

mod compared;
mod exchanges;
mod labels;
mod pairs;
mod text;

use crate::VizError;
use crate::figures::Figure;
use amitwin_data::files::{self, INPUTS};
use amitwin_data::stats::Interval;
use amitwin_data::summary::Summary;
use compared::Compared;
pub use exchanges::{MeterFigure, MeterValueDifference};
use pairs::Group;
use std::path::PathBuf;

/// A finished run as it stands in a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparedRun {
    /// Its directory.
    pub path: PathBuf,
    /// Short name, unique in the comparison: the settings in which it differs from the others, its seeds, or its directory.
    pub label: String,
    /// What it came to.
    pub summary: Summary,
}

/// A setting: a variant of a run or of its replications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Index of its first run in the comparison.
    pub run: usize,
    /// Variant.
    pub variant: String,
}

/// Rejoin times of the same meters in two settings that share a seed.
#[derive(Clone, Debug, PartialEq)]
pub struct MeterDifference {
    /// What it is compared with.
    pub baseline: Setting,
    /// What is compared.
    pub setting: Setting,
    /// Seed of both.
    pub seed: u64,
    /// Meters commanded in both, of which at least one was back.
    pub pairs: usize,
    /// Meters back in the baseline only.
    pub back_in_baseline_only: usize,
    /// Meters back in the setting only.
    pub back_in_setting_only: usize,
    /// Meters back in neither; they say nothing about a difference.
    pub back_in_neither: usize,
    /// Rejoin time of the setting less that of the baseline, s: median and its 95 % interval. Infinite where the
    /// meters in the middle were back in one setting only.
    pub difference_s: Option<Interval>,
}

/// A figure in two settings, over the seeds that both have.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedDifference {
    /// What it is compared with.
    pub baseline: Setting,
    /// What is compared.
    pub setting: Setting,
    /// The figure.
    pub figure: Figure,
    /// Seeds in which both have a value.
    pub seeds: usize,
    /// Seeds in which one of them has none, such as a time that was not reached.
    pub seeds_without_value: usize,
    /// Setting less baseline: mean and its 95 % interval, in the figure's unit.
    pub difference: Option<Interval>,
}

/// Runs side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The runs, in the order given.
    pub runs: Vec<ComparedRun>,
    /// Differences of meters in their rejoin times.
    pub meters: Vec<MeterDifference>,
    /// Differences of meters in their reports and reads.
    pub exchanges: Vec<MeterValueDifference>,
    /// Differences over seeds.
    pub seeds: Vec<SeedDifference>,
    /// What could not be compared, and what to keep in mind.
    pub notes: Vec<String>,
}

impl Comparison {
    /// Says something once.
    fn note(&mut self, text: String) {
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }
}

/// Reads the runs, and the cases of studies (sweeps and searches), and compares the first variant of the first with the others, and equal variants across runs.
pub fn compare(run_dirs: &[PathBuf]) -> Result<Comparison, VizError> {
    if run_dirs.is_empty() {
        return Err(VizError::NoRuns);
    }
    let mut all: Vec<Compared> = Vec::new();
    for dir in run_dirs {
        if dir.is_file() {
            return Err(VizError::NoDirectory { path: dir.clone() });
        }
        match files::study(dir)? {
            Some(study) => all.extend(compared::cases(dir, study)),
            None => all.push(compared::run(dir)?),
        }
    }
    let labels = labels::labels(&all);
    let runs = all.iter().zip(labels);
    let runs = runs.map(|(r, label)| ComparedRun { path: r.path.clone(), label, summary: r.summary.clone() }).collect();
    let mut comparison = Comparison { runs, meters: vec![], exchanges: vec![], seeds: vec![], notes: vec![] };
    let groups = groups(&all);
    for (baseline, setting) in pairs::settings(&groups, &mut comparison.notes) {
        pairs::difference(&all, &groups, baseline, setting, &mut comparison)?;
    }
    if !comparison.meters.is_empty() || !comparison.exchanges.is_empty() {
        comparison.notes.push(
            "Meters of one run share one mesh, so their interval tells how the meters of this run differ, not how \
             another seed would come out: run several seeds and compare those runs together."
                .into(),
        );
    }
    Ok(comparison)
}

/// Runs of the same scenario but for the seed, each seed once.
fn groups(all: &[Compared]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (i, one) in all.iter().enumerate() {
        let key = scenario_without_seed(one);
        let variants: Vec<String> = one.summary.variants.iter().map(|v| v.name.clone()).collect();
        let seeds = one.summary.each_seed();
        let same =
            |g: &&mut Group| g.key == key && g.variants == variants && g.runs.iter().all(|(s, _)| !seeds.contains(s));
        let of_run = seeds.iter().map(|seed| (*seed, i));
        match groups.iter_mut().find(same) {
            Some(group) => group.runs.extend(of_run),
            None => groups.push(Group { key, variants, runs: of_run.collect() }),
        }
    }
    groups
}

/// The resolved scenario less its seed and what it says of several, with the content of its inputs; the name if the file is not there.
fn scenario_without_seed(one: &Compared) -> String {
    if let Some(case) = &one.case {
        return case.key.clone();
    }
    let Some(text) = one.scenario() else { return one.summary.name.clone() };
    let mut in_study = false;
    let kept = text.lines().filter(|line| {
        if line.starts_with('[') {
            in_study = line.starts_with("[study");
        }
        !in_study && !line.trim().is_empty() && !line.trim_start().starts_with("seed =")
    });
    // Copies of different files may have one name.
    let files = one.reader.iter().flat_map(|reader| &reader.manifest.files);
    let inputs = files.filter(|file| file.path.starts_with(INPUTS)).map(|file| file.blake3.as_str());
    kept.chain(inputs).collect::<Vec<_>>().join("\n")
}
