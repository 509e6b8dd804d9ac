//! The largest or smallest value of a setting with which the gates hold: a bisection with seeds that all values share.
//!
//! ```text
//! Between -> scale (values) -> search (which value runs next) -> Cases (runs) -> evidence (gates) -> search ... -> Answer
//! ```

mod answer;
mod evidence;
mod scale;
mod search;

pub use scale::{Between, Tolerance};

use super::FIRST_SEEDS;
use super::cases::{Cases, Means, Results, Source, WHOLE, WatchRuns};
use super::subject::Subject;
use super::vary::{OF_THE_WHOLE, Vary, cases};
use crate::drive::DriveError;
use crate::gate::Gate;
use crate::overrides::is_range;
use amitwin_data::find::{Ended, FindSummary, Question};
use amitwin_data::summary::{GateVerdict, Status, Verdict};
use amitwin_data::sweep::{Plan, PlannedCase, Varied};
use scale::Value;
use search::{Search, Step};

/// Seeds that a value may have at most, where nobody says: at least so many, and otherwise four times what the gates take.
const SEEDS_MAX: u32 = 64;

/// What is searched for.
pub struct Find {
    /// The scenario or plan.
    pub source: Source,
    /// Dotted path of the setting.
    pub path: String,
    /// The largest value that passes is wanted, not the smallest.
    pub largest: bool,
    /// Where it is.
    pub between: Between,
    /// How near the answer is to be.
    pub tolerance: Tolerance,
    /// Other settings; each choice of them has an answer of its own.
    pub per: Vec<Vary>,
    /// Seeds of a value, at most.
    pub seeds_max: Option<u32>,
}

/// A search that cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// What is asked makes no sense.
    #[error("{0}")]
    Question(String),
    /// The scenario is invalid at one end.
    #[error("{0}")]
    Scenario(String),
}

/// A search, ready to run.
pub struct PlannedFind<'a> {
    find: &'a Find,
    /// Its values as cases: for each choice of the other settings all values, from the one where gates hold most easily.
    pub cases: Cases<'a>,
    values: Vec<Value>,
    /// What is asked.
    pub question: Question,
}

impl Find {
    /// Works out the values and reads the scenario at both ends; `seen` gets these.
    ///
    /// # Errors
    /// See [`FindError`].
    pub fn plan(&self, mut seen: impl FnMut(&Subject)) -> Result<PlannedFind<'_>, FindError> {
        let Find { source, path, .. } = self;
        if OF_THE_WHOLE.contains(&path.split('.').next().unwrap_or_default()) {
            return Err(FindError::Question(format!("`{path}` belongs to the whole study and cannot be searched for")));
        }
        let mut values = self.between.values(self.tolerance).map_err(FindError::Question)?;
        if !self.largest {
            values.reverse();
        }
        let ranged = is_range(path, &Subject::schema(&source.text));
        // A range of two values begins at zero.
        let written = |value: &Value| match ranged {
            true => format!("[{}, {}]", self.between.text(0.0), value.text),
            false => value.text.clone(),
        };
        let along = Vary::list(path.clone(), values.iter().map(written).collect());
        let settings = cases(&[&self.per[..], &[along]].concat(), None, 1).map_err(FindError::Question)?;
        let mut hasher = blake3::Hasher::new();
        let (mut base, mut warnings) = (None, Vec::<String>::new());
        for of_one in settings.chunks(values.len()) {
            for end in of_one.first().into_iter().chain(of_one.last()) {
                let at = PlannedCase { settings: end.clone(), invalid: None }.name();
                let subject = source.load_chosen(end).map_err(|why| {
                    FindError::Scenario(format!(
                        "the scenario is invalid with {at}, an end of what is searched; change --between, so that every value in it makes \
                         a scenario:\n{why}"
                    ))
                })?;
                hasher.update(subject.hash().as_bytes());
                seen(&subject);
                let new = subject.warnings().iter().filter(|text| !warnings.contains(*text)).cloned();
                warnings.extend(new.collect::<Vec<_>>());
                base.get_or_insert(subject);
            }
        }
        let Some(base) = base else {
            return Err(FindError::Question("there is nothing to search for".to_owned()));
        };
        let variants = base.select(&source.variants).map_err(FindError::Question)?;
        let gates = judging(base.gates(), &variants);
        if gates.is_empty() {
            let why = if base.gates().is_empty() {
                "the scenario has no gate"
            } else {
                "no gate judges the variants that run"
            };
            return Err(FindError::Question(format!(
                "{why}, so that every value would do; add one, such as\n[[gate]]\nmetric = \"push_delivered\"\nmin = \"99 %\"\n\
                 share = \"95 %\"\nconfidence = \"90 %\""
            )));
        }
        let usual = evidence::seeds_to_pass(&gates).saturating_mul(4).max(SEEDS_MAX);
        let question = Question {
            path: path.clone(),
            largest: self.largest,
            low: self.between.low,
            high: self.between.high,
            unit: self.between.unit.clone(),
            tolerance: self.tolerance.0,
            confidence: evidence::confidence(&gates),
            seeds_max: self.seeds_max.unwrap_or(usual),
        };
        let seeds: Vec<u64> = (0..u64::from(question.seeds_max)).map(|n| base.seed().saturating_add(n)).collect();
        let (version, name) = (env!("CARGO_PKG_VERSION").to_owned(), base.name().to_owned());
        let planned: Vec<PlannedCase> =
            settings.into_iter().map(|settings| PlannedCase { settings, invalid: None }).collect();
        // More seeds go on with what fewer came to.
        let said =
            [version.clone(), variants.join("\n"), format!("{} {} {}", base.seed(), self.largest, self.tolerance.0)];
        for part in planned.iter().map(PlannedCase::name).chain(said) {
            hasher.update(part.as_bytes()).update(b"\0");
        }
        let plan_hash = hasher.finalize().to_hex().to_string();
        let plan = Plan { name, version, plan_hash, seeds, variants, cases: planned };
        Ok(PlannedFind { find: self, cases: Cases { source, plan, base, warnings }, values, question })
    }
}

/// The gates that judge one of these variants.
fn judging(gates: &[Gate], variants: &[String]) -> Vec<Gate> {
    gates.iter().filter(|gate| variants.iter().any(|name| gate.judges(name))).cloned().collect()
}

impl PlannedFind<'_> {
    /// Searches until every answer is known or cannot be, and sums up. What the directory has a result of does not run again.
    ///
    /// # Errors
    /// The first failure; what has ended until then is kept.
    pub fn run(&self, with: &Means, watch: &dyn WatchRuns) -> Result<FindSummary, DriveError> {
        let (plan, all) = (&self.cases.plan, self.values.len());
        let gates = judging(self.cases.base.gates(), &plan.variants);
        let to_pass = evidence::seeds_to_pass(&gates);
        let least = FIRST_SEEDS.min(self.question.seeds_max);
        let mut kept = with.dir.results()?;
        let mut results = Results::new();
        let search = Search::new(all, self.question.seeds_max, self.question.confidence);
        let mut searches = vec![search; plan.cases.len() / all];
        let (mut told, mut stopped) = (0, false);
        while !stopped {
            let steps: Vec<(usize, Step)> = searches.iter().map(Search::next).enumerate().collect();
            let wanted: Vec<(usize, usize, u32)> = steps
                .into_iter()
                .filter_map(|(of, step)| match step {
                    Step::Run { point, seeds } => Some((of, point, seeds)),
                    Step::Ended(_) => None,
                })
                .collect();
            if wanted.is_empty() {
                break;
            }
            let jobs: Vec<(u32, u64)> = wanted
                .iter()
                .flat_map(|(of, point, seeds)| {
                    let case = (of * all + point) as u32;
                    plan.seeds[..*seeds as usize].iter().map(move |seed| (case, *seed))
                })
                .filter(|job| !results.contains_key(job))
                .collect();
            let left: u32 = searches.iter().map(|search| search.runs_left(to_pass)).sum();
            watch.expected(told + jobs.len().max(left as usize));
            let (there, todo): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| kept.contains_key(job));
            for job in there {
                results.extend(kept.remove(&job).map(|result| (job, result)));
                watch.progress(told, WHOLE, 0);
                told += 1;
            }
            let ran = self.cases.run_each(&todo, told, with, watch);
            let ran = ran.or_else(|error| self.failed(error, with, &searches))?;
            stopped = ran.len() < todo.len();
            told += todo.len();
            results.extend(ran);
            if !stopped {
                for (of, point, seeds) in wanted {
                    let of_point = self.cases.of_case((of * all + point) as u32, &results);
                    // Without variants it makes no scenario, and there is no evidence.
                    let evidence = evidence::evidence(&gates, &self.cases.variants(&of_point), least);
                    searches[of].told(point, seeds, evidence);
                }
            }
        }
        let summary = self.summary(&results, &searches, stopped);
        with.dir.finish(&summary.study, &summary)?;
        Ok(summary)
    }

    /// Keeps a summary of what ended before something went wrong.
    fn failed(&self, error: DriveError, with: &Means, searches: &[Search]) -> Result<Results, DriveError> {
        if let Ok(results) = with.dir.results() {
            let mut summary = self.summary(&results, searches, true);
            summary.study.warnings.push(error.to_string());
            (summary.study.status, summary.study.exit_code) = (Status::Failed, Some(error.exit_code()));
            // What went wrong first is told, not what followed from it.
            drop(with.dir.finish(&summary.study, &summary));
        }
        Err(error)
    }

    fn summary(&self, results: &Results, searches: &[Search], stopped: bool) -> FindSummary {
        let (plan, all) = (&self.cases.plan, self.values.len());
        let (mut warnings, mut cases) = (self.cases.warnings.clone(), Vec::new());
        for case in 0..plan.cases.len() as u32 {
            let (mut summary, told) = self.cases.sum_up(case, results);
            // Verdicts on averages of few seeds do not count here either.
            let few = |gate: &&mut GateVerdict| gate.share.is_none() && gate.verdict != Verdict::NoData;
            let seeds = summary.variants.first().map_or(0, |variant| variant.seeds.len() as u32);
            if seeds < FIRST_SEEDS.min(self.question.seeds_max) {
                summary.gates.iter_mut().filter(few).for_each(|gate| gate.verdict = Verdict::Undecided);
            }
            if !summary.variants.is_empty() || summary.invalid.is_some() {
                cases.push(summary);
                warnings.extend(told);
            }
        }
        let answers: Vec<_> = (searches.iter().enumerate())
            .map(|(at, search)| {
                let mut per: Vec<Varied> = plan.cases[at * all].settings.clone();
                // The last setting is the one that is searched.
                per.pop();
                let invalid = (at * all..(at + 1) * all).find_map(|case| {
                    self.cases.invalid(case as u32, results)?;
                    Some(self.values[case - at * all].text.as_str())
                });
                answer::answer(&self.question, &self.values, per, search, (stopped, invalid))
            })
            .collect();
        // What tells least weighs most.
        let weight = |ended: &Ended| [0, 8, 5, 4, 3, 130].iter().position(|code| *code == ended.exit_code());
        let worst = answers.iter().map(|answer| answer.ended).max_by_key(weight).unwrap_or(Ended::Found);
        if stopped {
            warnings.push("stopped before the answers were known; --resume goes on".to_owned());
        }
        let status = if stopped { Status::Interrupted } else { Status::Complete };
        let study = self.cases.summary(cases, warnings, (status, worst.exit_code()));
        FindSummary { question: self.question.clone(), answers, study }
    }

    /// What is asked, in words.
    pub fn asked(&self) -> String {
        let Find { path, largest, between, .. } = self.find;
        let which = if *largest { "largest" } else { "smallest" };
        format!("{which} {path} between {} and {}", between.text(between.low), between.text(between.high))
    }
}
