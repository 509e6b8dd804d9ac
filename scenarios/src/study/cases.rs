//! A scenario or a plan at chosen settings: how a case is read, run with a seed, and summed up over its seeds.

use super::subject::Subject;
use super::{over_seeds, work};
use crate::drive::warnings::{merged, over_seeds as warned};
use crate::drive::{DriveError, Together, Watch, verdicts};
use crate::overrides::Override;
use amitwin_data::files::{FileError, SweepDir};
use amitwin_data::metrics::Metric;
use amitwin_data::rows::Fingerprinter;
use amitwin_data::summary::{SeedResult, Status, VariantSummary, Verdict};
use amitwin_data::sweep::{CaseResult, CaseSummary, Cheapest, Limit, Plan, SweepSummary, Varied, fullest};
use amitwin_sim_core::SimTime;
use rayon::ThreadPool;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc;

/// What each case with each seed came to.
pub(super) type Results = BTreeMap<(u32, u64), CaseResult>;

/// The scenario or plan that cases are made of.
#[derive(Clone, Debug)]
pub struct Source {
    /// Text of its file.
    pub text: String,
    /// Its name in messages.
    pub file: String,
    /// Where its paths start.
    pub dir: PathBuf,
    /// What is changed in every case.
    pub set: Vec<Override>,
    /// First seed, instead of the file's.
    pub seed: Option<u64>,
    /// Seeds of a case, instead of the file's: no part of what a case says, so that more of them go on with what fewer came to.
    pub seeds: Option<u32>,
    /// Variants to run; all of them if empty.
    pub variants: Vec<String>,
}

impl Source {
    /// It at these settings.
    pub(super) fn load(&self, settings: &[Varied], seed: Option<u64>) -> Result<Subject, String> {
        let varied = settings.iter().map(|s| Override { key: s.key.clone(), value: s.value.clone() });
        let set: Vec<Override> = self.set.iter().cloned().chain(varied).collect();
        let mut subject =
            Subject::load_text(&self.text, &self.file, &self.dir, &set, seed).map_err(|error| error.render(false))?;
        if let Some(seeds) = self.seeds {
            subject.set_seeds(seeds)?;
        }
        Ok(subject)
    }

    /// The same, if it has the variants that are to run.
    pub(super) fn load_chosen(&self, settings: &[Varied]) -> Result<Subject, String> {
        let subject = self.load(settings, self.seed)?;
        subject.select(&self.variants)?;
        Ok(subject)
    }
}

/// Who looks on while cases run.
pub trait WatchRuns: Watch {
    /// So many runs are expected in all, as far as can be told now.
    fn expected(&self, runs: usize);
}

/// What cases run with.
pub struct Means<'a> {
    /// Where each that has ended is kept.
    pub dir: &'a SweepDir,
    /// Threads of all of them together.
    pub pool: &'a ThreadPool,
    /// Jobs (a case with a seed) at a time.
    pub at_once: usize,
}

/// Cases, ready to run.
pub struct Cases<'a> {
    pub(super) source: &'a Source,
    /// What is to be run.
    pub plan: Plan,
    /// The scenario or plan without anything varied, or the first case where it is none without.
    pub base: Subject,
    /// What to know of the cases, each text once.
    pub(super) warnings: Vec<String>,
}

impl Cases<'_> {
    /// Runs these cases with these seeds and keeps each as it ends; job n is told to `watch` as number `first` + n. Those that were
    /// stopped are missing.
    pub(super) fn run_each(
        &self,
        jobs: &[(u32, u64)],
        first: usize,
        with: &Means,
        watch: &dyn Watch,
    ) -> Result<Results, DriveError> {
        let together = Together::new(watch);
        let (ended, kept) = std::thread::scope(|scope| {
            let (ended, keep) = mpsc::channel();
            let (dir, failing) = (with.dir, &together);
            let writer = scope.spawn(move || keep_all(dir, &keep).inspect_err(|_| failing.fail()));
            let one = |job: usize| -> Result<Option<CaseResult>, DriveError> {
                if together.cancelled() {
                    return Ok(None);
                }
                let (case, seed) = jobs[job];
                let result = self.run(case, seed, first + job, &together).inspect_err(|_| together.fail())?;
                // The writer goes first only where it has failed, which it tells itself.
                result.iter().for_each(|result| drop(ended.send(result.clone())));
                Ok(result)
            };
            let run = work::each(jobs.len(), with.at_once, with.pool, one);
            drop(ended);
            (run, writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        kept?;
        let mut results = Results::new();
        for (job, result) in ended.into_iter().enumerate() {
            results.extend(result?.map(|result| (jobs[job], result)));
        }
        Ok(results)
    }

    /// A case with a seed; `None` if it was stopped. What makes no scenario or no world with this seed is the case's own.
    fn run(&self, case: u32, seed: u64, job: usize, watch: &dyn Watch) -> Result<Option<CaseResult>, DriveError> {
        let invalid = |error: &str| {
            let (variants, warnings) = (Vec::new(), Vec::new());
            watch.progress(job, WHOLE, 0);
            Some(CaseResult { case, seed, variants, warnings, invalid: Some(format!("with seed {seed}: {error}")) })
        };
        match self.run_all_variants(case, seed, job, watch) {
            Err(DriveError::Case { error, .. }) => Ok(invalid(&error)),
            Err(error @ DriveError::Build { .. }) => Ok(invalid(&error.to_string())),
            other => other,
        }
    }

    fn run_all_variants(
        &self,
        case: u32,
        seed: u64,
        job: usize,
        watch: &dyn Watch,
    ) -> Result<Option<CaseResult>, DriveError> {
        let planned = &self.plan.cases[case as usize];
        let failed = |error: String| DriveError::Case { case: planned.name(), seed, error };
        let mut subject = self.source.load(&planned.settings, Some(seed)).map_err(failed)?;
        let mut part = Part { watch, job, before: SimTime::ZERO, whole: SimTime::ZERO };
        let Some(ran) = subject.run(&self.plan.variants, &mut part, failed)? else { return Ok(None) };
        let (variants, warnings) = ran.into_iter().unzip();
        watch.progress(job, WHOLE, 0);
        Ok(Some(CaseResult { case, seed, variants, warnings, invalid: None }))
    }

    /// What a case came to with its seeds, in their order; nothing if it makes no scenario with one of them.
    pub(super) fn of_case<'r>(&self, case: u32, results: &'r Results) -> Vec<&'r CaseResult> {
        let of: Vec<&CaseResult> = self.plan.seeds.iter().map_while(|seed| results.get(&(case, *seed))).collect();
        if of.iter().any(|result| result.invalid.is_some()) { Vec::new() } else { of }
    }

    /// Why a case makes no scenario, from the plan or with one of its seeds.
    pub(super) fn invalid(&self, case: u32, results: &Results) -> Option<String> {
        let with_seed = || self.plan.seeds.iter().find_map(|seed| results.get(&(case, *seed))?.invalid.clone());
        self.plan.cases[case as usize].invalid.clone().or_else(with_seed)
    }

    /// A case over the seeds that it has run with, and what to know of it.
    pub(super) fn sum_up(&self, case: u32, results: &Results) -> (CaseSummary, Vec<String>) {
        let of = &self.of_case(case, results);
        let (plan, planned) = (&self.plan, &self.plan.cases[case as usize]);
        let variants = self.variants(of);
        let told: Vec<(&str, Vec<String>)> = (plan.variants.iter().enumerate())
            .map(|(v, name)| (name.as_str(), warned(of.iter().map(|r| (r.seed, &r.warnings[v][..])))))
            .collect();
        let told = merged(told.iter().map(|(name, texts)| (*name, texts.as_slice())));
        let warnings = told.into_iter().map(|text| format!("{}: {text}", planned.name())).collect();
        let summary = CaseSummary {
            case,
            settings: planned.settings.clone(),
            invalid: self.invalid(case, results),
            gates: verdicts(self.base.gates(), &variants),
            fullest: fullest(&self.limits(), &variants),
            variants,
        };
        (summary, warnings)
    }

    /// The variants of a case over its seeds.
    pub(super) fn variants(&self, of: &[&CaseResult]) -> Vec<VariantSummary> {
        let Some(first) = of.first() else { return Vec::new() };
        let variant = |at: usize| {
            let seed = |result: &&CaseResult| {
                let VariantSummary { fingerprint, unreachable, metrics, .. } = result.variants[at].clone();
                SeedResult { seed: result.seed, fingerprint, unreachable, metrics }
            };
            over_seeds::variant(&first.variants[at], of.iter().map(seed).collect(), self.base.study().average)
        };
        (0..self.plan.variants.len()).map(variant).collect()
    }

    /// All of it, for cases in their order.
    pub(super) fn summary(
        &self,
        cases: Vec<CaseSummary>,
        warnings: Vec<String>,
        (status, exit_code): (Status, u8),
    ) -> SweepSummary {
        let plan = &self.plan;
        // Where cases have different numbers of seeds, those of the case with the most.
        let most = cases.iter().flat_map(|case| case.variants.iter().map(|v| v.seeds.len())).max().unwrap_or(0);
        let prints = cases.iter().flat_map(|case| case.variants.iter().map(|v| v.fingerprint.as_str()));
        SweepSummary {
            name: plan.name.clone(),
            status,
            exit_code: Some(exit_code),
            version: plan.version.clone(),
            plan_hash: plan.plan_hash.clone(),
            seeds: plan.seeds[..most.min(plan.seeds.len())].to_vec(),
            keys: self.base.keys(&plan.variants).to_owned(),
            fingerprint: Fingerprinter::combine(prints),
            limits: self.limits(),
            cheapest: cheapest(&cases),
            cases,
            warnings,
        }
    }

    fn limits(&self) -> Vec<Limit> {
        let of = |gate: &crate::gate::Gate| {
            let limit = |(key, value): (&str, Option<f64>)| {
                // Of a gate with both limits each has its own text.
                let own = gate
                    .limit
                    .split(", ")
                    .find(|part| part.starts_with(key))
                    .filter(|_| gate.min.is_some() && gate.max.is_some());
                let text = own.unwrap_or(&gate.limit).to_owned();
                Some(Limit { figure: gate.metric.key().to_owned(), value: value?, text })
            };
            [("min", gate.min), ("max", gate.max)].into_iter().filter_map(limit).collect::<Vec<_>>()
        };
        self.base.gates().iter().flat_map(of).collect()
    }
}

/// What costs least of all that is judged and passes every gate that judges it.
fn cheapest(cases: &[CaseSummary]) -> Option<Cheapest> {
    let passes = |case: &CaseSummary, variant: &VariantSummary| {
        let mut judged = case.gates.iter().filter(|gate| gate.binding && gate.variant == variant.name).peekable();
        judged.peek().is_some() && judged.all(|gate| gate.verdict == Verdict::Pass)
    };
    let all = cases.iter().flat_map(|case| case.variants.iter().map(move |variant| (case, variant)));
    let priced = all.filter(|(case, variant)| passes(case, variant)).filter_map(|(case, variant)| {
        let cost = variant.metrics.value(Metric::Cost)?;
        Some(Cheapest { case: case.case, variant: variant.name.clone(), cost })
    });
    priced.min_by(|a, b| a.cost.total_cmp(&b.cost))
}

/// Keeps what has ended while others run, so that nobody waits for the disk.
fn keep_all(dir: &SweepDir, ended: &mpsc::Receiver<CaseResult>) -> Result<(), FileError> {
    while let Ok(first) = ended.recv() {
        let more: Vec<CaseResult> = std::iter::once(first).chain(ended.try_iter()).collect();
        dir.keep(&more)?;
    }
    Ok(())
}

/// The whole of a job's simulated time, for who looks on.
pub const WHOLE: SimTime = SimTime::from_secs(1);

/// Tells of one variant as its share of the job.
pub(crate) struct Part<'a> {
    watch: &'a dyn Watch,
    job: usize,
    pub(super) before: SimTime,
    pub(super) whole: SimTime,
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
