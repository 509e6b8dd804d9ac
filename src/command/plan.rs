//! `amitwin plan FILE`: years of maintenance, variants, results, verdicts, a run directory.

use super::{run_dir, town};
use crate::cli::{Format, Plan as Options, Scenario};
use crate::failure::{FAILED, Usage};
use crate::progress::YearsProgress;
use crate::talk::Talk;
use crate::{log, memory, shell, stop};
use amitwin_data::files::{FileError, RunDir, SCENARIO};
use amitwin_data::input;
use amitwin_data::manifest::Manifest;
use amitwin_data::summary::{Status, Summary};
use amitwin_scenarios::drive::Outcome;
use amitwin_scenarios::plan::{self, Plan, Variant, load};
use amitwin_viz::{human, results_json, results_table, write_report};
use anyhow::Context;
use rayon::ThreadPool;
use serde_json::json;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::Instant;

/// Runs, writes, prints.
pub fn run(options: &Options, talk: &Talk) -> anyhow::Result<u8> {
    let began = Instant::now();
    let chosen = &options.plan;
    let plan = load(&chosen.file, &chosen.overrides(), chosen.seed)?;
    let variants = plan.select(&chosen.variants).map_err(Usage)?;
    if options.check {
        return check(&plan, &variants, chosen, talk);
    }
    if let Some(at) = &options.at {
        return town::write(&plan, &variants, at, chosen, talk);
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(chosen.threads.map_or(0, usize::from)).build();
    let pool = pool.context("the worker threads could not be started; ask for fewer with --threads")?;
    let begun = Summary::begun(&plan.name, plan.seed, 0.0);
    let threads = pool.current_num_threads() as u32;
    let mut manifest = Manifest::begun(&plan.name, env!("CARGO_PKG_VERSION"), plan.seed, "", threads);
    manifest.scenario_hash.clone_from(&plan.hash);
    manifest.inputs = run_dir::named(plan.inputs());
    stop::listen("seeds that have ended are kept").context("signals cannot be caught")?;
    let dir = run_dir::create(chosen.output.as_deref(), chosen.force, &begun, &manifest)?;

    // From here on the directory exists, and whatever happens its summary says what it came to.
    let job = Job { plan: &plan, variants: &variants, dir: &dir, talk };
    let outcome = match catch_unwind(AssertUnwindSafe(|| job.drive(&pool))) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => {
            job.give_up(&begun, &error.to_string());
            return Err(error.into());
        }
        Err(panic) => {
            job.give_up(&begun, "a bug in amitwin stopped the plan");
            resume_unwind(panic);
        }
    };
    let Outcome { mut summary, events, error } = outcome;
    summary.warnings.extend(plan.unjudged(&variants));
    if let Some(error) = &error {
        summary.warnings.push(error.to_string());
    }
    let finished = dir.finish(&summary);
    if let Some(error) = error {
        return Err(error.into());
    }
    finished?;
    if let Err(error) = write_report(dir.path()) {
        let again = format!("`amitwin report {}` tries again", shell::path(dir.path()));
        talk.warn(&format!("the report could not be written: {error}\n{again}"));
    }
    for warning in &summary.warnings {
        talk.warn(warning);
    }
    print(&summary, dir.path(), chosen.format, talk)?;
    job.close(&summary, events, began, options);
    Ok(summary.exit_code.unwrap_or(FAILED))
}

/// Whether a file is a plan, as far as that can be told before it is checked; one that cannot be read is none.
pub fn is_plan(file: &Path) -> bool {
    input::open(file).and_then(std::io::read_to_string).is_ok_and(|text| plan::is_plan(&text))
}

/// Checks a plan for `amitwin check`.
pub fn checked(options: &Scenario, talk: &Talk) -> anyhow::Result<u8> {
    let plan = load(&options.file, &options.overrides(), options.seed)?;
    let variants = plan.select(&options.variants).map_err(Usage)?;
    if let Some(path) = &options.output {
        RunDir::check_free(path, options.force)?;
    }
    check(&plan, &variants, options, talk)
}

/// Tells what a plan comes to, without running it.
fn check(plan: &Plan, variants: &[&Variant], options: &Scenario, talk: &Talk) -> anyhow::Result<u8> {
    let warnings: Vec<String> = plan.warnings.iter().cloned().chain(plan.unjudged(variants)).collect();
    plan.notes.iter().for_each(|note| talk.note(note));
    warnings.iter().for_each(|warning| talk.warn(warning));
    let of = |variant: &&Variant| {
        let spec = &variant.spec;
        let crews: u32 = spec.depots.iter().flat_map(|depot| &depot.crews).map(|crews| crews.count).sum();
        (variant.name.clone(), spec.meters(), spec.depots.len(), crews, spec.years)
    };
    let rows: Vec<_> = variants.iter().map(of).collect();
    let threads = options.threads.map_or_else(rayon::current_num_threads, usize::from);
    let at_once = threads.min(rows.len() * plan.study.seeds as usize) as u64;
    let memory_bytes = memory::PLAN_PROCESS_BYTES + at_once * memory::of_plan(variants.iter().copied());
    match options.format {
        Format::Table => {
            let mut out = format!("{}, seed {}\n", human::one_line(&plan.name), plan.seed);
            for (name, meters, depots, crews, years) in &rows {
                let (name, meters) = (human::one_line(name), human::plural(*meters as usize, "meter"));
                let (depots, crews) = (human::plural(*depots, "depot"), human::plural(*crews as usize, "crew"));
                out.push_str(&format!("{name}: {meters}, {depots}, {crews}, {years} years\n"));
            }
            let gates = human::plural(plan.gates.len(), "gate");
            let seeds = human::plural(plan.study.seeds as usize, "seed");
            out.push_str(&format!("{}, {seeds} and {gates}\n", human::plural(rows.len(), "variant")));
            let with = human::plural(threads, "thread");
            out.push_str(&format!("about {} of memory with {with}\n", human::bytes(memory_bytes)));
            talk.print(&out)?;
        }
        Format::Json => {
            let one = |(name, meters, depots, crews, years): &(String, u32, usize, u32, u32)| json!({ "name": name, "meters": meters, "depots": depots, "crews": crews, "years": years });
            talk.print_json(&json!({
                "name": plan.name, "seed": plan.seed, "scenario_hash": plan.hash, "gates": plan.gates.len(),
                "seeds": plan.study.seeds, "threads": threads, "memory_bytes_expected": memory_bytes, "variants": rows.iter().map(one).collect::<Vec<_>>(),
                "notes": plan.notes, "warnings": warnings,
            }))?;
        }
    }
    talk.note(&format!("next: amitwin plan {}{}", shell::same_choice(options), shell::same_seed(options)));
    Ok(0)
}

/// A plan under way.
struct Job<'a> {
    plan: &'a Plan,
    variants: &'a [&'a Variant],
    dir: &'a RunDir,
    talk: &'a Talk,
}

impl Job<'_> {
    fn drive(&self, pool: &ThreadPool) -> Result<Outcome, FileError> {
        let Job { plan, variants, dir, talk } = self;
        log::start(dir.open_log()?, talk.verbose);
        let written = plan.in_directory().map_err(std::io::Error::other);
        let (text, inputs) = written.map_err(|e| FileError::io(&dir.path().join(SCENARIO), "write the plan", e))?;
        for input in inputs {
            dir.copy_input(&input.name, &input.path, &input.blake3)?;
        }
        dir.put(SCENARIO, text.as_bytes())?;
        let path = std::path::absolute(dir.path()).unwrap_or_else(|_| dir.path().to_owned());
        if path.parent().and_then(Path::file_name).is_some_and(|folder| folder == run_dir::RUNS)
            && let Err(error) = dir.point_latest()
        {
            talk.warn(&format!("`latest` does not point to this run: {error}"));
        }
        let study = &plan.study;
        let seeds = match (study.seeds_max(), study.seeds) {
            (1, _) => format!("seed {}", plan.seed),
            (most, first) if most > first => format!("{first} to {most} seeds from {} on", plan.seed),
            (seeds, _) => format!("{seeds} seeds from {} on", plan.seed),
        };
        let years = variants.iter().map(|v| v.spec.years).max().unwrap_or(0);
        talk.note(&format!(
            "{}: {} over {years} years, {seeds}, into {}",
            human::one_line(&plan.name),
            human::plural(variants.len(), "variant"),
            dir.path().display()
        ));
        plan.notes.iter().for_each(|note| talk.note(note));
        let at_once = memory::plans_at_once(pool.current_num_threads(), plan);
        let jobs = u64::from(study.seeds_max()) * variants.len() as u64;
        let progress = YearsProgress::new(jobs * u64::from(years), !talk.quiet && talk.verbose == 0);
        let outcome = plan::run(plan, variants, Some(dir), (pool, at_once), &progress);
        progress.clear();
        Ok(outcome)
    }

    /// The summary of a plan that came to nothing.
    fn give_up(&self, begun: &Summary, why: &str) {
        let mut summary = Summary { status: Status::Failed, exit_code: Some(FAILED), ..begun.clone() };
        summary.warnings = self.plan.warnings.clone();
        summary.warnings.push(why.to_owned());
        if let Err(error) = self.dir.finish(&summary) {
            self.talk.error(&error.to_string());
        }
    }

    /// Wall time, and what to do next.
    fn close(&self, summary: &Summary, events: u64, began: Instant, options: &Options) {
        let wall = began.elapsed().as_secs_f64();
        let peak =
            memory::peak_bytes().map_or_else(String::new, |b| format!(", at most {} of memory", human::bytes(b)));
        self.talk.note(&format!(
            "{} in {}, {} failures and visits{peak}",
            summary.status.word(),
            human::duration(wall),
            human::short_count(events as f64)
        ));
        let (dir, choice) = (shell::path(self.dir.path()), shell::same_choice(&options.plan));
        let seed = shell::same_seed(&options.plan);
        if summary.status != Status::Complete {
            let again = options.plan.output.as_ref().map_or_else(String::new, |_| format!(" --output {dir} --force"));
            self.talk.note(&format!(
                "{dir} keeps what was finished; all of it again:\n  amitwin plan {choice}{seed}{again}"
            ));
        } else if summary.seeds.is_empty() {
            self.talk.note(&format!("next: look at {dir}/report.html, or how much other seeds change:\n  amitwin plan {choice} --seeds 20{seed}"));
        } else {
            self.talk.note(&format!("next: look at {dir}/report.html; {dir}/summary.json has what each seed came to"));
        }
    }
}

fn print(summary: &Summary, dir: &Path, format: Format, talk: &Talk) -> anyhow::Result<()> {
    let dir = dir.display().to_string();
    match format {
        Format::Table => {
            let table = results_table(summary, talk.width, talk.color_out);
            talk.print(&format!("{table}\nrun          {dir}\nfingerprint  {}\n", summary.fingerprint))
        }
        Format::Json => {
            let mut value = results_json(summary);
            value["run_dir"] = dir.into();
            talk.print_json(&value)
        }
    }
}
