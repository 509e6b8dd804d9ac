//! `amitwin run FILE`: variants, results, verdicts, a run directory.

use super::run_dir;
use crate::cli::{Format, Run, Scenario as Options};
use crate::failure::{FAILED, Usage};
use crate::progress::{JobsProgress, Progress};
use crate::talk::Talk;
use crate::{log, memory, shell, stop};
use amitwin_data::files::{FileError, RunDir, SCENARIO};
use amitwin_data::manifest::Manifest;
use amitwin_data::summary::{FILE_KEYS, Status, Summary};
use amitwin_scenarios::drive::{self, CaptureTo, Outcome, capture_key_option};
use amitwin_scenarios::study::{self, Replications, Study};
use amitwin_scenarios::{Scenario, Variant, keys_word, load};
use amitwin_sim_core::{Local, SimTime};
use amitwin_viz::{human, results_json, results_table, write_report};
use anyhow::Context;
use rayon::ThreadPool;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::Instant;

/// Runs, writes, prints.
pub fn run(run: &Run, talk: &Talk) -> anyhow::Result<u8> {
    let began = Instant::now();
    let options = &run.scenario;
    let mut scenario = load(&options.file, &options.overrides(), options.seed)?;
    scenario.load_keys()?;
    let variants = scenario.select(&options.variants).map_err(Usage)?;
    let capture = capture(run, &variants, &scenario.study)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads.map_or(0, usize::from)).build();
    let pool = pool.context("the worker threads could not be started; ask for fewer with --threads")?;

    let duration = variants.iter().map(|v| v.spec.duration).max().unwrap_or(SimTime::ZERO);
    let mut begun = Summary::begun(&scenario.name, scenario.seed, duration.secs_f64());
    begun.keys = keys_word(&variants).to_owned();
    let threads = pool.current_num_threads() as u32;
    let mut manifest = Manifest::begun(&scenario.name, env!("CARGO_PKG_VERSION"), scenario.seed, "", threads);
    manifest.scenario_hash.clone_from(&scenario.scenario_hash);
    manifest.keys.clone_from(&begun.keys);
    manifest.inputs = run_dir::named(&scenario.inputs());
    stop::listen("variants that have ended are kept").context("signals cannot be caught")?;
    let dir = run_dir::create(options.output.as_deref(), options.force, &begun, &manifest)?;

    // From here on the directory exists, and whatever happens its summary says what it came to.
    let job = Job { scenario: &scenario, variants: &variants, dir: &dir, capture: capture.as_ref(), talk };
    let outcome = match catch_unwind(AssertUnwindSafe(|| job.drive(&pool))) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => {
            job.give_up(&begun, &error.to_string());
            return Err(error.into());
        }
        Err(panic) => {
            job.give_up(&begun, "a bug in amitwin stopped the run");
            resume_unwind(panic);
        }
    };
    let Outcome { mut summary, events, error } = outcome;
    summary.warnings.extend(scenario.unjudged(&variants));
    if let Some(error) = &error {
        summary.warnings.push(error.to_string());
    }
    let finished = dir.finish(&summary);
    if let Some(error) = error {
        return Err(error.into());
    }
    finished?;
    job.report();
    for warning in &summary.warnings {
        talk.warn(warning);
    }
    print(&summary, dir.path(), capture.is_some(), options.format, talk)?;
    job.close(&summary, events, began, options);
    Ok(summary.exit_code.unwrap_or(FAILED))
}

/// What the options ask to capture, if it can be.
fn capture(run: &Run, variants: &[&Variant], study: &Study) -> Result<Option<CaptureTo>, Usage> {
    let Some(path) = &run.capture else { return Ok(None) };
    let [variant] = variants else {
        let names: Vec<String> = variants.iter().map(|v| format!("'{}'", v.name)).collect();
        return Err(Usage(format!(
            "--capture takes the frames of one variant; choose it with --variant NAME from {}",
            names.join(", ")
        )));
    };
    if !study.is_one_seed() {
        return Err(Usage("--capture takes the frames of one seed; leave --seeds out, or give --seeds 1".to_owned()));
    }
    let capture = CaptureTo { path: path.clone(), nodes: run.capture_nodes.clone() };
    match capture.refused(&variant.spec) {
        Some(why) => Err(Usage(why)),
        None => Ok(Some(capture)),
    }
}

/// A run under way.
struct Job<'a> {
    scenario: &'a Scenario,
    variants: &'a [&'a Variant],
    dir: &'a RunDir,
    capture: Option<&'a CaptureTo>,
    talk: &'a Talk,
}

impl Job<'_> {
    fn drive(&self, pool: &ThreadPool) -> Result<Outcome, FileError> {
        let Job { scenario, variants, dir, capture, talk } = self;
        log::start(dir.open_log()?, talk.verbose);
        tracing::info!("keys of the meters: {}", human::keys(keys_word(variants)));
        let written = scenario.in_directory(dir.path()).map_err(std::io::Error::other);
        let (text, inputs) = written.map_err(|e| FileError::io(&dir.path().join(SCENARIO), "write the scenario", e))?;
        for input in &inputs {
            dir.copy_input(&input.name, &input.path, &input.blake3)?;
        }
        dir.put(SCENARIO, text.as_bytes())?;
        let path = std::path::absolute(dir.path()).unwrap_or_else(|_| dir.path().to_owned());
        if path.parent().and_then(Path::file_name).is_some_and(|folder| folder == run_dir::RUNS)
            && let Err(error) = dir.point_latest()
        {
            talk.warn(&format!("`latest` does not point to this run: {error}"));
        }
        let name = human::one_line(&scenario.name);
        let study = &scenario.study;
        let seeds = match (study.seeds_max(), study.seeds) {
            (1, _) => format!("seed {}", scenario.seed),
            (most, first) if most > first => format!("{first} to {most} seeds from {} on", scenario.seed),
            (seeds, _) => format!("{seeds} seeds from {} on", scenario.seed),
        };
        talk.note(&format!(
            "{name}: {} over {}, {seeds}, into {}",
            human::plural(variants.len(), "variant"),
            human::whole_duration(variants.iter().map(|v| v.spec.duration.secs_f64()).fold(0.0, f64::max)),
            dir.path().display()
        ));
        scenario.notes.iter().for_each(|note| talk.note(note));
        let shown = !talk.quiet && talk.verbose == 0;
        if !study.is_one_seed() {
            let progress = JobsProgress::new(variants, study, shown);
            let what = Replications {
                first: scenario,
                variants: variants.iter().map(|v| v.name.clone()).collect(),
                run_dir: Some(dir),
                pool,
                at_once: memory::jobs_at_once(pool.current_num_threads(), variants),
            };
            let outcome = study::run(&what, &progress);
            progress.clear();
            return Ok(outcome);
        }
        let progress = Progress::new(variants, shown);
        let outcome = pool.install(|| drive::run(scenario, variants, Some(dir), *capture, |_| Local, &progress));
        progress.clear();
        Ok(outcome)
    }

    /// The summary of a run that came to nothing.
    fn give_up(&self, begun: &Summary, why: &str) {
        let mut summary = Summary { status: Status::Failed, exit_code: Some(FAILED), ..begun.clone() };
        summary.warnings = self.scenario.warnings.clone();
        summary.warnings.push(why.to_owned());
        if let Err(error) = self.dir.finish(&summary) {
            self.talk.error(&error.to_string());
        }
    }

    fn report(&self) {
        if let Err(error) = write_report(self.dir.path()) {
            let again = format!("`amitwin report {}` tries again", shell::path(self.dir.path()));
            self.talk.warn(&format!("the report could not be written: {error}\n{again}"));
        }
    }

    /// Wall time and speed, and what to do next.
    fn close(&self, summary: &Summary, events: u64, began: Instant, options: &Options) {
        let wall = began.elapsed().as_secs_f64();
        let peak =
            memory::peak_bytes().map_or_else(String::new, |b| format!(", at most {} of memory", human::bytes(b)));
        self.talk.note(&format!(
            "{} in {}, {} events, {} events/s{peak}",
            summary.status.word(),
            human::duration(wall),
            human::short_count(events as f64),
            human::short_count(events as f64 / wall.max(1e-3))
        ));
        if let (Some(capture), [variant]) = (self.capture, self.variants) {
            let (file, key) = (shell::path(&capture.path), capture_key_option(&variant.spec));
            self.talk.note(&format!("frames in {file}, to be read with:\n  tshark {key} -r {file}"));
        }
        let (dir, choice) = (shell::path(self.dir.path()), shell::same_choice(options));
        if summary.status == Status::Complete {
            let next = match summary.seeds.len() {
                0 => format!(
                    ", or how much other seeds change:\n  amitwin run {choice} --seeds 20{}",
                    shell::same_seed(options)
                ),
                _ => format!("; {dir}/summary.json has what each seed came to"),
            };
            self.talk.note(&format!("next: look at {dir}/report.html{next}"));
        } else {
            let again = options.output.as_ref().map_or_else(String::new, |_| format!(" --output {dir} --force"));
            let seed = shell::same_seed(options);
            self.talk
                .note(&format!("{dir} keeps what was finished; all of it again:\n  amitwin run {choice}{seed}{again}"));
        }
    }
}

fn print(summary: &Summary, dir: &Path, captured: bool, format: Format, talk: &Talk) -> anyhow::Result<()> {
    let dir = dir.display().to_string();
    match format {
        Format::Table => {
            let table = results_table(summary, talk.width, talk.color_out);
            // Published keys matter to who reads the capture: no other result shows what they protect.
            let keys = match captured || summary.keys == FILE_KEYS {
                true => format!("keys         {}\n", human::keys(&summary.keys)),
                false => String::new(),
            };
            talk.print(&format!("{table}\nrun          {dir}\n{keys}fingerprint  {}\n", summary.fingerprint))
        }
        Format::Json => {
            let mut value = results_json(summary);
            value["run_dir"] = dir.into();
            talk.print_json(&value)
        }
    }
}
