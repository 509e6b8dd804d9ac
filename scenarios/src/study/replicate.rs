//! Runs the variants of a scenario with several seeds, in rounds, into one run directory.

use super::{over_seeds, work};
use crate::drive::warnings::{merged, over_seeds as warned};
use crate::drive::{DriveError, Outcome, Together, VariantRun, Watch, finding, run_into, verdicts};
use crate::gate;
use crate::load::{Scenario, keys_word};
use amitwin_data::files::RunDir;
use amitwin_data::rows::Fingerprinter;
use amitwin_data::summary::{SeedResult, Status, Summary, VariantSummary};
use amitwin_sim_core::{Local, SimTime};
use rayon::ThreadPool;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What to run.
pub struct Replications<'a> {
    /// The scenario with its first seed.
    pub first: &'a Scenario,
    /// Names of the variants to run; of those that there are.
    pub variants: Vec<String>,
    /// Where tables go.
    pub run_dir: Option<&'a RunDir>,
    /// Threads of all jobs together.
    pub pool: &'a ThreadPool,
    /// Jobs (a variant with a seed) at a time.
    pub at_once: usize,
}

type Results = BTreeMap<u64, Vec<VariantRun>>;

/// Runs every variant with every seed until the study has enough.
///
/// A job's number for `watch` counts seeds in rounds, and within a seed the variants. What a failure or a cancellation
/// leaves is the seeds that every variant ran with.
pub fn run(what: &Replications, watch: &dyn Watch) -> Outcome {
    let Replications { first, variants, .. } = what;
    let study = &first.study;
    let together = Together::new(watch);
    let mut results = Results::new();
    let (mut events, mut wanted, mut is_short) = (0, study.seeds, false);
    let error = loop {
        let begun = results.len() as u64;
        let seeds: Vec<u64> = (begun..u64::from(wanted)).map(|n| first.seed.saturating_add(n)).collect();
        let (of_round, failed) = round(what, &seeds, begun as usize * variants.len(), &together);
        for (seed, runs) in of_round {
            events += runs.iter().map(|run| run.events).sum::<u64>();
            if runs.len() == variants.len() && runs.iter().all(|run| run.complete) {
                results.insert(seed, runs);
            }
        }
        let done = results.len() as u32;
        let Some(until) = study.until.as_ref().filter(|_| failed.is_none() && done == wanted) else { break failed };
        let (of, more) = (averages(what, &results), until.more(done));
        let is_enough = until.enough(&of, &verdicts(&first.gates, &of));
        if more == 0 || is_enough {
            is_short = !is_enough;
            break None;
        }
        wanted += more;
    };
    let mut summary = summary(what, &results);
    if is_short {
        let text = format!(
            "{} seeds, the most that study.until allows, do not make its figure as sure as it is to be; raise \
             study.until.seeds_max, or ask for less",
            results.len()
        );
        summary.warnings.push(text);
    }
    if error.is_none() && results.len() < wanted as usize {
        let text = format!("stopped after {} of {wanted} seeds", results.len());
        summary.warnings.push(text);
        (summary.status, summary.exit_code) = (Status::Interrupted, Some(130));
    }
    if let Some(error) = &error {
        (summary.status, summary.exit_code) = (Status::Failed, Some(error.exit_code()));
    }
    Outcome { summary, events, error }
}

/// One round: what each seed came to, and the first failure in the order of jobs.
fn round(
    what: &Replications,
    seeds: &[u64],
    number: usize,
    together: &Together,
) -> (Vec<(u64, Vec<VariantRun>)>, Option<DriveError>) {
    let Replications { variants, run_dir, pool, at_once, .. } = what;
    let loaded = Loaded { what, variants: variants.len(), scenarios: Mutex::default() };
    let one = |job: usize| -> Result<Option<VariantRun>, DriveError> {
        let (seed, variant) = (seeds[job / variants.len()], job % variants.len());
        if together.cancelled() {
            return Ok(None);
        }
        let name = &variants[variant];
        let scenario = loaded.get(seed).map_err(|error| DriveError::Seed { seed, error })?;
        let Some(variant) = scenario.variants.iter().find(|v| v.name == *name) else { return Ok(None) };
        let tables = run_dir.map(|dir| dir.tables_of_seed(name, seed)).transpose()?;
        let result = run_into(variant, number + job, tables, None, Local, together);
        loaded.done(seed);
        result.map(Some)
    };
    let results =
        work::each(seeds.len() * variants.len(), *at_once, pool, |job| one(job).inspect_err(|_| together.fail()));
    let (mut of, mut error) = (seeds.iter().map(|seed| (*seed, Vec::new())).collect::<Vec<_>>(), None);
    for (job, result) in results.into_iter().enumerate() {
        match result {
            Ok(run) => of[job / variants.len()].1.extend(run),
            Err(failed) => error = error.or(Some(failed)),
        }
    }
    (of, error)
}

/// Scenarios of the seeds that are under way, each for as long as one of its variants needs it.
struct Loaded<'a> {
    what: &'a Replications<'a>,
    variants: usize,
    scenarios: Mutex<BTreeMap<u64, (Arc<Scenario>, usize)>>,
}

impl Loaded<'_> {
    fn get(&self, seed: u64) -> Result<Arc<Scenario>, String> {
        let mut scenarios = self.scenarios.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((scenario, _)) = scenarios.get(&seed) {
            return Ok(Arc::clone(scenario));
        }
        let mut scenario = match seed {
            _ if seed == self.what.first.seed => self.what.first.clone(),
            _ => self.what.first.with_seed(seed)?,
        };
        scenario.load_keys().map_err(|error| error.to_string())?;
        let scenario = Arc::new(scenario);
        scenarios.insert(seed, (Arc::clone(&scenario), 0));
        Ok(scenario)
    }

    fn done(&self, seed: u64) {
        let mut scenarios = self.scenarios.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, done)) = scenarios.get_mut(&seed) {
            *done += 1;
            if *done == self.variants {
                scenarios.remove(&seed);
            }
        }
    }
}

fn averages(what: &Replications, results: &Results) -> Vec<VariantSummary> {
    let of = |(at, name): (usize, &String)| {
        let seed = |(seed, runs): (&u64, &Vec<VariantRun>)| {
            let VariantSummary { fingerprint, unreachable, metrics, .. } = runs[at].summary.clone();
            SeedResult { seed: *seed, fingerprint, unreachable, metrics }
        };
        let first = results.values().next().map(|runs| runs[at].summary.clone()).unwrap_or_default();
        let of = VariantSummary { name: name.clone(), ..first };
        over_seeds::variant(&of, results.iter().map(seed).collect(), what.first.study.average)
    };
    if results.is_empty() { Vec::new() } else { what.variants.iter().enumerate().map(of).collect() }
}

fn summary(what: &Replications, results: &Results) -> Summary {
    let Replications { first, variants, .. } = what;
    let chosen: Vec<_> = first.variants.iter().filter(|v| variants.contains(&v.name)).collect();
    let duration = chosen.iter().map(|v| v.spec.duration).max().unwrap_or(SimTime::ZERO);
    let mut summary = Summary::begun(&first.name, first.seed, duration.secs_f64());
    summary.keys = keys_word(&chosen).to_owned();
    summary.warnings = first.warnings.clone();
    let told: Vec<(&str, Vec<String>)> = variants
        .iter()
        .enumerate()
        .map(|(at, name)| (name.as_str(), warned(results.iter().map(|(seed, runs)| (*seed, &runs[at].warnings[..])))))
        .collect();
    summary.warnings.extend(merged(told.iter().map(|(name, texts)| (*name, texts.as_slice()))));
    summary.seeds = results.keys().copied().collect();
    summary.variants = averages(what, results);
    summary.fingerprint = Fingerprinter::combine(summary.variants.iter().map(|v| v.fingerprint.as_str()));
    summary.gates = verdicts(&first.gates, &summary.variants);
    let seeds = summary.seeds.len();
    summary.finding = finding(&summary.variants).map(|text| format!("{text} These are averages over {seeds} seeds."));
    let baseline = first.study.baseline.as_ref().filter(|name| variants.contains(name)).or(variants.first());
    if let Some(baseline) = baseline {
        summary.differences = over_seeds::differences(&summary.variants, baseline, first.study.average);
    }
    (summary.status, summary.exit_code) = (Status::Complete, Some(gate::exit_code(&summary.gates)));
    summary
}
