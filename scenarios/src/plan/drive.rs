//! Runs the variants of a plan, with every seed, and turns what they record into files, figures and verdicts.

use super::figures::Figures;
use super::finding::finding;
use super::load::{Plan, Variant};
use crate::drive::warnings::merged;
use crate::drive::{self, Outcome, verdicts};
use crate::gate;
use crate::study::over_seeds;
use crate::study::work;
use amitwin_data::files::{FileError, ROWS_PER_PART, RunDir, TableSet};
use amitwin_data::rows::{Fingerprinter, Rows};
use amitwin_data::summary::{SeedResult, Status, Summary, VariantSummary};
use amitwin_maintenance::heat::YEAR_S;
use amitwin_maintenance::{PlanSpec, Run};
use amitwin_sim_core::SimTime;
use rayon::ThreadPool;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// Rows of a row group: a quarter of what other tables have, because they would take more memory than the meters' calendar.
const ROWS_PER_GROUP: usize = 32 * 1024;

/// Who looks on while a plan runs; called from several threads.
pub trait Watch: Sync {
    /// Job number `job` has come to the end of a year, of `years`.
    fn year(&self, job: usize, year: u32, years: u32);
    /// Whether to stop; what is finished is kept.
    fn cancelled(&self) -> bool;
}

/// What one variant came to with one seed.
struct Done {
    summary: VariantSummary,
    warnings: Vec<String>,
    events: u64,
}

type Results = BTreeMap<u64, Vec<Done>>;

/// A plan under way.
struct Job<'a> {
    plan: &'a Plan,
    variants: &'a [&'a Variant],
    run_dir: Option<&'a RunDir>,
    watch: &'a dyn Watch,
    failed: AtomicBool,
}

/// Runs the given variants with every seed of the plan's study, at most `at_once` at a time, into a run directory.
///
/// What a failure or a cancellation leaves is the seeds that every variant ran with.
pub fn run(
    plan: &Plan,
    variants: &[&Variant],
    run_dir: Option<&RunDir>,
    (pool, at_once): (&ThreadPool, usize),
    watch: &dyn Watch,
) -> Outcome {
    let job = Job { plan, variants, run_dir, watch, failed: AtomicBool::new(false) };
    let study = &plan.study;
    let (mut results, mut wanted) = (Results::new(), study.seeds);
    let error = loop {
        let begun = results.len() as u64;
        let seeds: Vec<u64> = (begun..u64::from(wanted)).map(|n| plan.seed.saturating_add(n)).collect();
        let jobs = seeds.len() * variants.len();
        let one = |at: usize| {
            let (seed, variant) = (seeds[at / variants.len()], variants[at % variants.len()]);
            let done = job.variant(begun as usize * variants.len() + at, variant, seed);
            done.inspect_err(|_| job.failed.store(true, Ordering::Relaxed))
        };
        let (mut of_round, mut failed) = (Results::new(), None);
        for (at, done) in work::each(jobs, at_once, pool, one).into_iter().enumerate() {
            match done {
                Ok(done) => of_round.entry(seeds[at / variants.len()]).or_default().extend(done),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        results.extend(of_round.into_iter().filter(|(_, done)| done.len() == variants.len()));
        let done = results.len() as u32;
        let Some(until) = study.until.as_ref().filter(|_| failed.is_none() && done == wanted) else { break failed };
        let (of, more) = (job.averages(&results), until.more(done));
        if more == 0 || until.enough(&of, &verdicts(&plan.gates, &of)) {
            break None;
        }
        wanted += more;
    };
    let mut summary = job.summary(&results);
    if error.is_none() && results.len() < wanted as usize {
        summary.warnings.push(format!("stopped after {} of {wanted} seeds", results.len()));
        (summary.status, summary.exit_code) = (Status::Interrupted, Some(130));
    }
    let error = error.map(crate::drive::DriveError::File);
    if let Some(error) = &error {
        (summary.status, summary.exit_code) = (Status::Failed, Some(error.exit_code()));
    }
    let events = results.values().flatten().map(|done| done.events).sum();
    Outcome { summary, events, error }
}

/// All years of a variant with one seed, and nothing written; nothing if it was stopped.
///
/// # Errors
/// None that is a plan's own.
pub fn run_one(
    variant: &Variant,
    seed: u64,
    watch: &dyn drive::Watch,
) -> Result<Option<(VariantSummary, Vec<String>)>, FileError> {
    let done = years(variant, seed, None, &|year| {
        watch.progress(0, SimTime::from_secs(year.into()), 0);
        !watch.cancelled()
    })?;
    Ok(done.map(|done| (done.summary, done.warnings)))
}

/// Plays a variant; `go_on` hears of each year that has ended, and says whether another may begin.
fn years(
    variant: &Variant,
    seed: u64,
    mut tables: Option<TableSet>,
    go_on: &dyn Fn(u32) -> bool,
) -> Result<Option<Done>, FileError> {
    let spec = PlanSpec { seed, ..variant.spec.clone() };
    let mut run = Run::new(&spec);
    let mut prints = vec![Fingerprinter::new(); spec.depots.len()];
    let (mut figures, mut events) = (Figures::default(), 0);
    let mut outside = vec![Outside::default(); spec.depots.len()];
    if let Some(tables) = &mut tables {
        tables.write(&mut Rows { nodes: variant.nodes.to_vec(), ..Rows::default() })?;
    }
    while run.run_quarter() {
        for ((rows, print), outside) in run.rows().zip(&mut prints).zip(&mut outside) {
            outside.update(rows);
            print.update(rows);
            figures.update(rows);
            events += (rows.visits.len() + rows.failures.len()) as u64;
            match &mut tables {
                Some(tables) => tables.write(rows)?,
                None => rows.clear(),
            }
        }
        if run.is_year_over() && !go_on(run.years()) && run.years() < spec.years {
            return Ok(None);
        }
    }
    if let Some(tables) = &mut tables {
        // It follows from the other rows, so that it is no part of the fingerprint.
        tables.write(&mut run.survival())?;
    }
    let summary = VariantSummary {
        name: variant.name.clone(),
        fingerprint: Fingerprinter::combine(prints.iter().map(Fingerprinter::finish)),
        meters: spec.meters(),
        metrics: figures.values(variant, &run),
        ..VariantSummary::default()
    };
    let warnings = warnings(&spec, &run, &outside);
    // The ends of large files take memory as well.
    drop(run);
    if let Some(tables) = tables {
        tables.finish()?;
    }
    Ok(Some(Done { summary, warnings, events }))
}

impl Job<'_> {
    /// One variant with one seed; nothing if it was stopped.
    fn variant(&self, job: usize, variant: &Variant, seed: u64) -> Result<Option<Done>, FileError> {
        if self.stopped() {
            return Ok(None);
        }
        let one_seed = self.plan.study.is_one_seed();
        let tables = self
            .run_dir
            .map(|dir| if one_seed { dir.tables(&variant.name) } else { dir.tables_of_seed(&variant.name, seed) });
        let tables: Option<TableSet> = tables.transpose()?.map(|tables| {
            tables.beginning(self.plan.start_unix_s).of_plan().with_limits(ROWS_PER_GROUP, ROWS_PER_PART)
        });
        years(variant, seed, tables, &|run| {
            self.watch.year(job, run, variant.spec.years);
            !self.stopped()
        })
    }

    fn stopped(&self) -> bool {
        self.failed.load(Ordering::Relaxed) || self.watch.cancelled()
    }

    fn averages(&self, results: &Results) -> Vec<VariantSummary> {
        let Some(first) = results.values().next() else { return Vec::new() };
        if self.plan.study.is_one_seed() {
            return first.iter().map(|done| done.summary.clone()).collect();
        }
        let of = |at: usize| {
            let seed = |(seed, done): (&u64, &Vec<Done>)| {
                let VariantSummary { fingerprint, metrics, .. } = done[at].summary.clone();
                SeedResult { seed: *seed, fingerprint, unreachable: 0, metrics }
            };
            over_seeds::variant(&first[at].summary, results.iter().map(seed).collect(), self.plan.study.average)
        };
        (0..self.variants.len()).map(of).collect()
    }

    fn summary(&self, results: &Results) -> Summary {
        let Job { plan, variants, .. } = self;
        let years = variants.iter().map(|v| v.spec.years).max().unwrap_or(0);
        let mut summary = Summary::begun(&plan.name, plan.seed, f64::from(years) * YEAR_S);
        summary.warnings = plan.warnings.clone();
        let told: Vec<(&str, Vec<String>)> = (variants.iter().enumerate())
            .map(|(at, variant)| {
                let mut all: Vec<String> = results.values().flat_map(|done| done[at].warnings.clone()).collect();
                all.sort();
                all.dedup();
                (variant.name.as_str(), all)
            })
            .collect();
        summary.warnings.extend(merged(told.iter().map(|(name, texts)| (*name, texts.as_slice()))));
        summary.variants = self.averages(results);
        summary.fingerprint = Fingerprinter::combine(summary.variants.iter().map(|v| v.fingerprint.as_str()));
        summary.gates = verdicts(&plan.gates, &summary.variants);
        let fleet = |variant: &Variant| {
            let depots = variant
                .spec
                .depots
                .iter()
                .map(|d| format!("{} {} {:?}", d.climate_name, d.meters.count(), d.enclosure));
            depots.collect::<Vec<_>>().join(", ")
        };
        let of: Vec<_> = variants.iter().map(|v| fleet(v)).zip(&summary.variants).collect();
        summary.finding = finding(&of);
        if !plan.study.is_one_seed() {
            summary.seeds = results.keys().copied().collect();
            let baseline = plan.study.baseline.as_deref().filter(|name| variants.iter().any(|v| v.name == *name));
            if let Some(baseline) = baseline.or(variants.first().map(|v| v.name.as_str())) {
                summary.differences = over_seeds::differences(&summary.variants, baseline, plan.study.average);
            }
        }
        (summary.status, summary.exit_code) = (Status::Complete, Some(gate::exit_code(&summary.gates)));
        summary
    }
}

/// Months of a depot whose radio is beyond its table.
#[derive(Clone, Debug, Default)]
struct Outside {
    months: u32,
    loss_db: f64,
    off_share: f64,
}

impl Outside {
    fn update(&mut self, rows: &Rows) {
        for row in rows.radio_months.iter().filter(|row| row.outside) {
            self.months += 1;
            self.loss_db = self.loss_db.max(row.loss_db);
            self.off_share = self.off_share.max(row.off_share);
        }
    }
}

/// What to know before trusting the results.
fn warnings(spec: &PlanSpec, run: &Run, outside: &[Outside]) -> Vec<String> {
    let held = run.held();
    let never = spec.policy.rules.iter().zip(&held).filter(|(_, held)| **held == 0);
    let mut all: Vec<String> = never.map(|(rule, _)| format!("the rule `{}` never held", rule.name)).collect();
    all.extend(
        spec.depots.iter().zip(run.totals()).flat_map(|(depot, total)| super::backlog::warnings(spec, depot, total)),
    );
    for (depot, out) in spec.depots.iter().zip(outside).filter(|(_, out)| out.months > 0) {
        all.push(format!(
            "the radio of `{}` was beyond its table in {} months, with up to {:.1} dB and {:.1} % off: the table's edge was taken; let the \
             sweep go further",
            depot.name,
            out.months,
            out.loss_db,
            100.0 * out.off_share
        ));
    }
    all
}
