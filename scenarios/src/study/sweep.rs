//! A scenario at many settings: what is planned, and the cases run, each kept as soon as it has ended.

use super::over_seeds;
use super::vary::{Vary, cases};
use super::work;
use crate::drive::warnings::{merged, over_seeds as warned};
use crate::drive::{DriveError, Together, Watch, run_into, verdicts};
use crate::load::{Scenario, keys_word, load_text};
use crate::overrides::Override;
use amitwin_data::files::SweepDir;
use amitwin_data::rows::Fingerprinter;
use amitwin_data::summary::{SeedResult, Status, VariantSummary};
use amitwin_data::sweep::{CaseResult, CaseSummary, Limit, Plan, PlannedCase, SweepSummary, Varied};
use amitwin_sim_core::{Local, SimTime};
use rayon::ThreadPool;
use std::collections::BTreeMap;
use std::path::PathBuf;

type Results = BTreeMap<(u32, u64), CaseResult>;

/// The scenario and what is varied of it.
pub struct Sweep {
    /// Text of the scenario file.
    pub text: String,
    /// Its name in messages.
    pub file: String,
    /// Where its paths start.
    pub dir: PathBuf,
    /// What is changed in every case.
    pub set: Vec<Override>,
    /// What is varied.
    pub vary: Vec<Vary>,
    /// Points of the Latin hypercube that the ranges make, if they do.
    pub latin: Option<u32>,
    /// First seed, instead of the scenario's.
    pub seed: Option<u64>,
    /// Variants to run; all of them if empty.
    pub variants: Vec<String>,
}

/// A sweep that cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// Nothing is varied.
    #[error("nothing is varied")]
    Nothing,
    /// What is varied makes no sense.
    #[error("{0}")]
    Vary(String),
    /// The scenario itself, or every case, is invalid.
    #[error("{0}")]
    Scenario(String),
}

/// A sweep, ready to run.
pub struct Planned<'a> {
    sweep: &'a Sweep,
    /// What is to be run.
    pub plan: Plan,
    /// The scenario without anything varied, or the first case where it is none without.
    pub base: Scenario,
    /// What to know of the cases, each text once.
    warnings: Vec<String>,
}

impl Sweep {
    /// Works out the cases and reads each of them once; `seen` gets those that make a scenario.
    ///
    /// # Errors
    /// See [`SweepError`].
    pub fn plan(&self, mut seen: impl FnMut(&Scenario)) -> Result<Planned<'_>, SweepError> {
        let whole = self.load(&[], self.seed);
        // What a Latin hypercube is drawn with must not depend on a case.
        let seed = self.seed.or(whole.as_ref().ok().map(|scenario| scenario.seed)).unwrap_or(1);
        // What the command line varies takes the place of what the file does.
        let (vary, latin) = match (&whole, self.vary.is_empty()) {
            (Err(why), true) => return Err(SweepError::Scenario(why.clone())),
            (Ok(scenario), true) => (&scenario.study.vary, self.latin.or(scenario.study.latin)),
            (_, false) => (&self.vary, self.latin),
        };
        if vary.is_empty() {
            return Err(SweepError::Nothing);
        }
        let settings = cases(vary, latin, seed).map_err(SweepError::Vary)?;
        let mut hasher = blake3::Hasher::new();
        let (mut planned, mut base, mut failed) = (Vec::new(), whole.ok(), None);
        let mut warnings: Vec<String> = Vec::new();
        for settings in settings {
            let loaded = self.load(&settings, self.seed).and_then(|scenario| {
                scenario.select(&self.variants)?;
                Ok(scenario)
            });
            let invalid = match loaded {
                Ok(scenario) => {
                    hasher.update(scenario.scenario_hash.as_bytes());
                    seen(&scenario);
                    let new = scenario.warnings.iter().filter(|text| !warnings.contains(*text)).cloned();
                    warnings.extend(new.collect::<Vec<_>>());
                    base.get_or_insert(scenario);
                    None
                }
                Err(why) => {
                    hasher.update(why.as_bytes());
                    failed.get_or_insert(why.clone());
                    Some(why)
                }
            };
            planned.push(PlannedCase { settings, invalid });
        }
        let valid = planned.iter().any(|case| case.invalid.is_none());
        let (Some(base), true) = (base, valid) else {
            return Err(SweepError::Scenario(failed.unwrap_or_default()));
        };
        let variants: Vec<String> =
            base.select(&self.variants).map_err(SweepError::Vary)?.into_iter().map(|v| v.name.clone()).collect();
        let seeds: Vec<u64> = (0..u64::from(base.study.seeds)).map(|n| base.seed.saturating_add(n)).collect();
        let (version, name) = (env!("CARGO_PKG_VERSION").to_owned(), base.name.clone());
        for part in
            planned.iter().map(PlannedCase::name).chain([version.clone(), variants.join("\n"), format!("{seeds:?}")])
        {
            hasher.update(part.as_bytes()).update(b"\0");
        }
        let plan_hash = hasher.finalize().to_hex().to_string();
        let plan = Plan { name, version, plan_hash, seeds, variants, cases: planned };
        Ok(Planned { sweep: self, plan, base, warnings })
    }

    fn load(&self, settings: &[Varied], seed: Option<u64>) -> Result<Scenario, String> {
        let varied = settings.iter().map(|s| Override { key: s.key.clone(), value: s.value.clone() });
        let set: Vec<Override> = self.set.iter().cloned().chain(varied).collect();
        load_text(&self.text, &self.file, &self.dir, &set, seed).map_err(|error| error.render(false))
    }
}

impl Planned<'_> {
    /// Cases times seeds that make a scenario.
    pub fn jobs(&self) -> usize {
        self.plan.cases.iter().filter(|case| case.invalid.is_none()).count() * self.plan.seeds.len()
    }

    /// Runs what `dir` has no result of, keeps each case as it ends, and sums all up.
    ///
    /// `watch` hears of job n (a case with a seed) as a share of its simulated time, 1 s being the whole.
    ///
    /// # Errors
    /// The first failure that is not a case's own; what has ended until then is kept.
    pub fn run(
        &self,
        dir: &SweepDir,
        pool: &ThreadPool,
        at_once: usize,
        watch: &dyn Watch,
    ) -> Result<SweepSummary, DriveError> {
        let mut results = dir.results()?;
        let plan = &self.plan;
        results.retain(|(case, seed), _| (*case as usize) < plan.cases.len() && plan.seeds.contains(seed));
        let all = plan.cases.iter().enumerate().filter(|(_, case)| case.invalid.is_none());
        let todo: Vec<(u32, u64)> = all
            .flat_map(|(at, _)| plan.seeds.iter().map(move |seed| (at as u32, *seed)))
            .filter(|job| !results.contains_key(job))
            .collect();
        let done_before = results.len();
        for at in 0..done_before {
            watch.progress(at, WHOLE, 0);
        }
        let together = Together::new(watch);
        let one = |job: usize| -> Result<Option<CaseResult>, DriveError> {
            let (case, seed) = todo[job];
            if together.cancelled() {
                return Ok(None);
            }
            let result = self.case(case, seed, done_before + job, &together)?;
            if let Some(result) = &result {
                dir.keep(result)?;
            }
            Ok(result)
        };
        let ended = work::each(todo.len(), at_once, pool, |job| one(job).inspect_err(|_| together.fail()));
        let mut failed = None;
        for (job, result) in ended.into_iter().enumerate() {
            match result {
                Ok(result) => results.extend(result.map(|result| (todo[job], result))),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        let summary = self.summary(&results);
        dir.finish(&summary)?;
        Ok(summary)
    }

    /// A case with a seed; `None` if it was stopped.
    fn case(&self, case: u32, seed: u64, job: usize, watch: &dyn Watch) -> Result<Option<CaseResult>, DriveError> {
        let planned = &self.plan.cases[case as usize];
        let failed = |error: String| DriveError::Case { case: planned.name(), seed, error };
        let mut scenario = self.sweep.load(&planned.settings, Some(seed)).map_err(failed)?;
        scenario.load_keys().map_err(|error| failed(error.to_string()))?;
        let chosen = scenario.select(&self.plan.variants).map_err(failed)?;
        let whole: SimTime = chosen.iter().fold(SimTime::ZERO, |sum, v| sum + v.spec.duration);
        let (mut before, mut variants, mut warnings) = (SimTime::ZERO, Vec::new(), Vec::new());
        for variant in chosen {
            let part = Part { watch, job, before, whole };
            let run = run_into(variant, 0, None, None, Local, &part)?;
            if !run.complete {
                return Ok(None);
            }
            before += variant.spec.duration;
            variants.push(run.summary);
            warnings.push(run.warnings);
        }
        watch.progress(job, WHOLE, 0);
        Ok(Some(CaseResult { case, seed, variants, warnings }))
    }

    fn summary(&self, results: &Results) -> SweepSummary {
        let plan = &self.plan;
        let invalid = plan.cases.iter().filter(|case| case.invalid.is_some()).count();
        let left = self.jobs() - results.len();
        let mut warnings = self.warnings.clone();
        let cases: Vec<CaseSummary> = plan
            .cases
            .iter()
            .enumerate()
            .map(|(at, planned)| {
                let of: Vec<&CaseResult> =
                    plan.seeds.iter().filter_map(|seed| results.get(&(at as u32, *seed))).collect();
                let variants = self.variants(&of);
                let told: Vec<(&str, Vec<String>)> = (plan.variants.iter().enumerate())
                    .map(|(v, name)| (name.as_str(), warned(of.iter().map(|r| (r.seed, &r.warnings[v][..])))))
                    .collect();
                let told = merged(told.iter().map(|(name, texts)| (*name, texts.as_slice())));
                warnings.extend(told.into_iter().map(|text| format!("{}: {text}", planned.name())));
                warnings.extend(planned.invalid.as_ref().map(|_| format!("{}: invalid, see below", planned.name())));
                CaseSummary {
                    case: at as u32,
                    settings: planned.settings.clone(),
                    invalid: planned.invalid.clone(),
                    gates: verdicts(&self.base.gates, &variants),
                    variants,
                }
            })
            .collect();
        if left > 0 {
            warnings.push(format!("stopped with {left} of {} runs to do; --resume goes on", self.jobs()));
        }
        let chosen: Vec<_> = self.base.variants.iter().filter(|v| plan.variants.contains(&v.name)).collect();
        let prints = cases.iter().flat_map(|case| case.variants.iter().map(|v| v.fingerprint.as_str()));
        let (status, code) = match (left, invalid) {
            (0, 0) => (Status::Complete, 0),
            (0, _) => (Status::Complete, 3),
            _ => (Status::Interrupted, 130),
        };
        SweepSummary {
            name: plan.name.clone(),
            status,
            exit_code: Some(code),
            version: plan.version.clone(),
            plan_hash: plan.plan_hash.clone(),
            seeds: plan.seeds.clone(),
            keys: keys_word(&chosen).to_owned(),
            fingerprint: Fingerprinter::combine(prints),
            limits: self.limits(),
            cases,
            warnings,
        }
    }

    fn variants(&self, of: &[&CaseResult]) -> Vec<VariantSummary> {
        let Some(first) = of.first() else { return Vec::new() };
        let variant = |at: usize| {
            let seed = |result: &&CaseResult| {
                let VariantSummary { fingerprint, unreachable, metrics, .. } = result.variants[at].clone();
                SeedResult { seed: result.seed, fingerprint, unreachable, metrics }
            };
            over_seeds::variant(&first.variants[at], of.iter().map(seed).collect(), self.base.study.average)
        };
        (0..self.plan.variants.len()).map(variant).collect()
    }

    fn limits(&self) -> Vec<Limit> {
        let of = |gate: &crate::gate::Gate| {
            let (figure, text) = (gate.metric.key().to_owned(), gate.limit.clone());
            let values = [gate.min, gate.max].into_iter().flatten();
            values.map(move |value| Limit { figure: figure.clone(), value, text: text.clone() }).collect::<Vec<_>>()
        };
        self.base.gates.iter().flat_map(of).collect()
    }
}

/// The whole of a job's simulated time, for who looks on.
pub const WHOLE: SimTime = SimTime::from_secs(1);

/// Tells of one variant as its share of the job.
struct Part<'a> {
    watch: &'a dyn Watch,
    job: usize,
    before: SimTime,
    whole: SimTime,
}

impl Watch for Part<'_> {
    fn progress(&self, _variant: usize, time: SimTime, events: u64) {
        let share = (self.before + time).secs_f64() / self.whole.secs_f64().max(1e-9);
        // The whole is told when the result is there.
        let told =
            SimTime::from_nanos((share * WHOLE.nanos() as f64) as u64).min(SimTime::from_nanos(WHOLE.nanos() - 1));
        self.watch.progress(self.job, told, events);
    }

    fn cancelled(&self) -> bool {
        self.watch.cancelled()
    }
}
