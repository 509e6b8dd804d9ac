//! A scenario at many settings: what is planned, and the cases run, each kept as soon as it has ended.

use super::cases::{Cases, Means, Results, Source, WHOLE};
use super::vary::{Vary, cases};
use crate::drive::{DriveError, Watch};
use crate::load::Scenario;
use amitwin_data::summary::Status;
use amitwin_data::sweep::{CaseResult, Plan, PlannedCase, SweepSummary};

/// The scenario and what is varied of it.
pub struct Sweep {
    /// The scenario.
    pub source: Source,
    /// What is varied.
    pub vary: Vec<Vary>,
    /// Points of the Latin hypercube that the ranges make, if they do.
    pub latin: Option<u32>,
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

impl Sweep {
    /// Works out the cases and reads each of them once; `seen` gets those that make a scenario.
    ///
    /// # Errors
    /// See [`SweepError`].
    pub fn plan(&self, mut seen: impl FnMut(&Scenario)) -> Result<Cases<'_>, SweepError> {
        let source = &self.source;
        let whole = source.load(&[], source.seed);
        // What a Latin hypercube is drawn with must not depend on a case.
        let seed = source.seed.or(whole.as_ref().ok().map(|scenario| scenario.seed)).unwrap_or(1);
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
            let invalid = match source.load_chosen(&settings) {
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
            base.select(&source.variants).map_err(SweepError::Vary)?.into_iter().map(|v| v.name.clone()).collect();
        let seeds: Vec<u64> = (0..u64::from(base.study.seeds)).map(|n| base.seed.saturating_add(n)).collect();
        let (version, name) = (env!("CARGO_PKG_VERSION").to_owned(), base.name.clone());
        for part in
            planned.iter().map(PlannedCase::name).chain([version.clone(), variants.join("\n"), format!("{seeds:?}")])
        {
            hasher.update(part.as_bytes()).update(b"\0");
        }
        let plan_hash = hasher.finalize().to_hex().to_string();
        let plan = Plan { name, version, plan_hash, seeds, variants, cases: planned };
        Ok(Cases { source, plan, base, warnings })
    }
}

impl Cases<'_> {
    /// Cases times seeds that make a scenario.
    pub fn jobs(&self) -> usize {
        self.plan.cases.iter().filter(|case| case.invalid.is_none()).count() * self.plan.seeds.len()
    }

    /// Runs what the directory has no result of, keeps each case as it ends, and sums all up.
    ///
    /// `watch` hears of job n (a case with a seed) as a share of its simulated time, 1 s being the whole.
    ///
    /// # Errors
    /// The first failure that is not a case's own; what has ended until then is kept.
    pub fn run_all(&self, with: &Means, watch: &dyn Watch) -> Result<SweepSummary, DriveError> {
        let mut results = with.dir.results()?;
        let plan = &self.plan;
        results.retain(|(case, seed), _| (*case as usize) < plan.cases.len() && plan.seeds.contains(seed));
        let all = plan.cases.iter().enumerate().filter(|(_, case)| case.invalid.is_none());
        let todo: Vec<(u32, u64)> = all
            .flat_map(|(at, _)| plan.seeds.iter().map(move |seed| (at as u32, *seed)))
            .filter(|job| !results.contains_key(job))
            .collect();
        for at in 0..results.len() {
            watch.progress(at, WHOLE, 0);
        }
        results.extend(self.run_each(&todo, results.len(), with, watch)?);
        let summary = self.over_all(&results);
        with.dir.finish(&summary, &summary)?;
        Ok(summary)
    }

    fn over_all(&self, results: &Results) -> SweepSummary {
        let plan = &self.plan;
        let invalid = plan.cases.iter().filter(|case| case.invalid.is_some()).count();
        let left = self.jobs() - results.len();
        let (mut warnings, mut cases) = (self.warnings.clone(), Vec::new());
        for (at, planned) in plan.cases.iter().enumerate() {
            let of: Vec<&CaseResult> = plan.seeds.iter().filter_map(|seed| results.get(&(at as u32, *seed))).collect();
            let (case, told) = self.sum_up(at as u32, &of);
            warnings.extend(told);
            warnings.extend(planned.invalid.as_ref().map(|_| format!("{}: invalid, see below", planned.name())));
            cases.push(case);
        }
        if left > 0 {
            warnings.push(format!("stopped with {left} of {} runs to do; --resume goes on", self.jobs()));
        }
        let state = match (left, invalid) {
            (0, 0) => (Status::Complete, 0),
            (0, _) => (Status::Complete, 3),
            _ => (Status::Interrupted, 130),
        };
        self.summary(cases, warnings, state)
    }
}
