//! A scenario or a plan at many settings: what is planned, and the cases run, each kept as soon as it has ended.

use super::cases::{Cases, Means, Results, Source, WHOLE, WatchRuns};
use super::subject::Subject;
use super::vary::{Vary, cases};
use crate::drive::{DriveError, verdicts};
use amitwin_data::summary::Status;
use amitwin_data::sweep::{Plan, PlannedCase, SweepSummary};
use std::str::FromStr;

/// The scenario or plan and what is varied of it.
pub struct Sweep {
    /// The scenario or plan.
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
    pub fn plan(&self, mut seen: impl FnMut(&Subject)) -> Result<Cases<'_>, SweepError> {
        let source = &self.source;
        let whole = source.load(&[], source.seed);
        // What a Latin hypercube is drawn with must not depend on a case.
        let seed = source.seed.or(whole.as_ref().ok().map(Subject::seed)).unwrap_or(1);
        // What the command line varies takes the place of what the file does.
        let (vary, latin) = match (&whole, self.vary.is_empty()) {
            (Err(why), true) => return Err(SweepError::Scenario(why.clone())),
            (Ok(subject), true) => (&subject.study().vary, self.latin.or(subject.study().latin)),
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
                Ok(subject) => {
                    hasher.update(subject.hash().as_bytes());
                    seen(&subject);
                    let new = subject.warnings().iter().filter(|text| !warnings.contains(*text)).cloned();
                    warnings.extend(new.collect::<Vec<_>>());
                    base.get_or_insert(subject);
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
        let variants = base.select(&source.variants).map_err(SweepError::Vary)?;
        let (study, seed) = (base.study(), base.seed());
        let seeds: Vec<u64> = (0..u64::from(study.seeds_max())).map(|n| seed.saturating_add(n)).collect();
        let (version, name) = (env!("CARGO_PKG_VERSION").to_owned(), base.name().to_owned());
        // More seeds go on with what fewer came to.
        let until = format!("{seed} {:?}", study.until);
        for part in planned.iter().map(PlannedCase::name).chain([version.clone(), variants.join("\n"), until]) {
            hasher.update(part.as_bytes()).update(b"\0");
        }
        let plan_hash = hasher.finalize().to_hex().to_string();
        let plan = Plan { name, version, plan_hash, seeds, variants, cases: planned };
        Ok(Cases { source, plan, base, warnings })
    }
}

/// Part of a sweep, for one of several machines: the K-th of N.
///
/// ```
/// use amitwin_scenarios::study::Share;
/// assert_eq!("3/8".parse(), Ok(Share { number: 3, of: 8 }));
/// assert!("9/8".parse::<Share>().is_err() && "0/8".parse::<Share>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which one, from 1 on.
    pub number: u32,
    /// How many there are.
    pub of: u32,
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Share, String> {
        let parts = text.split_once('/').and_then(|(k, n)| Some((k.trim().parse().ok()?, n.trim().parse().ok()?)));
        match parts {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Share { number, of }),
            Some((number, of @ 1..)) => {
                Err(format!("there is no share {number} of {of}: they are 1/{of} to {of}/{of}"))
            }
            _ => Err(format!("`{text}` is not K/N, such as 3/8 for the third of eight shares")),
        }
    }
}

impl Share {
    /// Whether the thing of this number, from 0 on, is in it.
    fn has(self, number: usize) -> bool {
        number as u64 % u64::from(self.of) == u64::from(self.number) - 1
    }
}

/// What is done of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All that has not ended.
    All,
    /// What is in this share; nothing is summed up.
    Share(Share),
    /// Nothing: what shares have left is summed up.
    Collect,
}

impl Cases<'_> {
    /// Runs that it begins with: valid cases times their first seeds.
    pub fn jobs(&self) -> usize {
        self.valid().count() * self.base.study().seeds as usize
    }

    /// Whether a run is in the share. Where the seeds of a case depend on what it came to, a share has whole cases.
    fn is_in(&self, share: Share, case: usize, seed: usize) -> bool {
        match self.base.study().until {
            Some(_) => share.has(case),
            None => share.has(case * self.plan.seeds.len() + seed),
        }
    }

    fn valid(&self) -> impl Iterator<Item = usize> + '_ {
        self.plan.cases.iter().enumerate().filter(|(_, case)| case.invalid.is_none()).map(|(at, _)| at)
    }

    /// Runs what the directory has no result of, keeps each case as it ends, and sums all up. With `[study.until]` cases get further
    /// seeds in rounds, each until it has enough.
    ///
    /// `watch` hears of job n (a case with a seed) as a share of its simulated time, 1 s being the whole.
    ///
    /// # Errors
    /// The first failure that is not a case's own; what has ended until then is kept.
    pub fn run_all(&self, with: &Means, extent: Extent, watch: &dyn WatchRuns) -> Result<SweepSummary, DriveError> {
        let (plan, study) = (&self.plan, self.base.study());
        let mut kept = with.dir.results()?;
        let mut results = Results::new();
        let mut open: Vec<(usize, u32)> = self.valid().map(|case| (case, study.seeds)).collect();
        let mut left = 0;
        while !open.is_empty() {
            let of_case = |(case, seeds): &(usize, u32)| {
                let case = *case;
                (0..*seeds as usize).map(move |seed| (case, seed))
            };
            let in_extent = |(case, seed): &(usize, usize)| match extent {
                Extent::Share(share) => self.is_in(share, *case, *seed),
                Extent::All | Extent::Collect => true,
            };
            let job = |(case, seed): (usize, usize)| (case as u32, plan.seeds[seed]);
            let round = open.iter().flat_map(of_case).filter(in_extent).map(job);
            let round: Vec<(u32, u64)> = round.filter(|job| !results.contains_key(job)).collect();
            watch.expected(results.len() + round.len());
            let (there, mut todo): (Vec<_>, Vec<_>) = round.into_iter().partition(|job| kept.contains_key(job));
            for job in there {
                watch.progress(results.len(), WHOLE, 0);
                results.extend(kept.remove(&job).map(|result| (job, result)));
            }
            left = todo.len();
            if extent == Extent::Collect {
                todo.clear();
            }
            let ran = self.run_each(&todo, results.len(), with, watch);
            let ran = ran.or_else(|error| self.failed(error, with, extent))?;
            left -= ran.len();
            results.extend(ran);
            if left > 0 {
                break;
            }
            open = open.into_iter().filter_map(|(case, seeds)| self.further(case, seeds, &results)).collect();
        }
        let summary = self.over_all(&results, left, extent);
        if !matches!(extent, Extent::Share(_)) {
            with.dir.finish(&summary, &summary)?;
        }
        Ok(summary)
    }

    /// Keeps a summary of what ended before something went wrong.
    fn failed(&self, error: DriveError, with: &Means, extent: Extent) -> Result<Results, DriveError> {
        if let (false, Ok(results)) = (matches!(extent, Extent::Share(_)), with.dir.results()) {
            let mut summary = self.over_all(&results, 0, extent);
            summary.warnings.push(error.to_string());
            (summary.status, summary.exit_code) = (Status::Failed, Some(error.exit_code()));
            // What went wrong first is told, not what followed from it.
            drop(with.dir.finish(&summary, &summary));
        }
        Err(error)
    }

    /// The seeds of a case in the next round, if it has not enough of them.
    fn further(&self, case: usize, seeds: u32, results: &Results) -> Option<(usize, u32)> {
        let until = self.base.study().until.as_ref()?;
        let more = until.more(seeds);
        let of = self.of_case(case as u32, results);
        if of.is_empty() {
            // It is in another share, or makes no scenario.
            return None;
        }
        let variants = self.variants(&of);
        let enough = more == 0 || until.enough(&variants, &verdicts(self.base.gates(), &variants));
        (!enough).then_some((case, seeds + more))
    }

    fn over_all(&self, results: &Results, left: usize, extent: Extent) -> SweepSummary {
        let plan = &self.plan;
        let (mut warnings, mut cases) = (self.warnings.clone(), Vec::new());
        for (at, planned) in plan.cases.iter().enumerate() {
            let (case, told) = self.sum_up(at as u32, results);
            warnings.extend(told);
            warnings.extend(case.invalid.as_ref().map(|_| format!("{}: invalid, see below", planned.name())));
            cases.push(case);
        }
        let invalid = cases.iter().filter(|case| case.invalid.is_some()).count();
        let all = left + results.len();
        if left > 0 {
            warnings.push(match extent {
                Extent::Collect => format!(
                    "{left} of {all} runs are missing: let the shares that did not end run again and collect once more, or --resume \
                     runs them here"
                ),
                Extent::All | Extent::Share(_) => format!("stopped with {left} of {all} runs to do; --resume goes on"),
            });
        }
        let state = match (left, invalid) {
            (1.., _) if extent == Extent::Collect => (Status::Interrupted, 3),
            (0, 0) => (Status::Complete, 0),
            // Who collects is told of invalid cases; that of a share would be started again for them.
            (0, _) if matches!(extent, Extent::Share(_)) => (Status::Complete, 0),
            (0, _) => (Status::Complete, 3),
            _ => (Status::Interrupted, 130),
        };
        self.summary(cases, warnings, state)
    }
}
