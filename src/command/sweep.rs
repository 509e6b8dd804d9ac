//! `amitwin sweep FILE --vary KEY=VALUES`: a scenario at many settings, into one directory that can be gone on with.

use super::study::{source, threads};
use crate::cli::{Format, Sweep as Options};
use crate::failure::{FAILED, Invalid, Usage};
use crate::progress::JobsProgress;
use crate::talk::Talk;
use crate::{memory, shell, stop};
use amitwin_data::files::SweepDir;
use amitwin_data::summary::Status;
use amitwin_data::sweep::SweepSummary;
use amitwin_scenarios::study::{Means, Sweep, SweepError};
use amitwin_viz::{human, sweep};
use anyhow::Context;
use std::path::Path;
use std::time::Instant;

/// Plans, runs what is left to run, prints.
pub fn run(options: &Options, talk: &Talk) -> anyhow::Result<u8> {
    let began = Instant::now();
    let source = source(&options.file, options.overrides(), options.seed, &options.variants)?;
    let sweep = Sweep { source, vary: options.vary.clone(), latin: options.latin };
    let pool = threads(options.threads)?;
    let threads = pool.current_num_threads();
    let mut at_once = threads;
    let planned = sweep.plan(|scenario| {
        at_once = at_once.min(memory::jobs_at_once(threads, &scenario.variants.iter().collect::<Vec<_>>()));
    });
    let planned = planned.map_err(|error| match error {
        SweepError::Nothing => anyhow::Error::from(Usage(format!(
            "nothing is varied; write for example\n  amitwin sweep {} --vary radio.phy=1b,3,5 -o DIR",
            shell::path(&options.file)
        ))),
        SweepError::Vary(why) => Usage(why).into(),
        SweepError::Scenario(why) => Invalid(why).into(),
    })?;
    stop::listen("cases that have ended are kept").context("signals cannot be caught")?;
    let dir = SweepDir::open(&options.output, &planned.plan, options.resume)?;
    let (plan, jobs) = (&planned.plan, planned.jobs());
    talk.note(&format!(
        "{}: {} with {}, {} each, {jobs} runs, into {}",
        human::one_line(&plan.name),
        human::plural(plan.cases.len(), "case"),
        human::plural(plan.seeds.len(), "seed"),
        human::plural(plan.variants.len(), "variant"),
        dir.path().display()
    ));
    let progress = JobsProgress::of_cases(jobs, !talk.quiet && talk.verbose == 0);
    let result = planned.run_all(&Means { dir: &dir, pool: &pool, at_once }, &progress);
    progress.clear();
    let summary = result?;
    dir.put_report(&sweep::report(&summary))?;
    for case in &summary.cases {
        if let Some(why) = &case.invalid {
            talk.warn(&format!("case {} is invalid:\n{}", case.case, why.trim_end()));
        }
    }
    for warning in summary.warnings.iter().filter(|text| !text.ends_with("invalid, see below")) {
        talk.warn(warning);
    }
    print(&summary, dir.path(), options.format, talk)?;
    let path = shell::path(dir.path());
    talk.note(&format!("{} in {}", summary.status.word(), human::duration(began.elapsed().as_secs_f64())));
    match summary.status {
        Status::Complete => talk.note(&format!("next: open {path}/report.html; {path}/cases.parquet has every figure")),
        _ => talk.note(&format!("{path} keeps what has ended; the same command with --resume goes on")),
    }
    Ok(summary.exit_code.unwrap_or(FAILED))
}

fn print(summary: &SweepSummary, dir: &Path, format: Format, talk: &Talk) -> anyhow::Result<()> {
    let dir = dir.display().to_string();
    match format {
        Format::Table => {
            let table = sweep::table(summary, talk.width, talk.color_out);
            talk.print(&format!("{table}\nsweep        {dir}\nfingerprint  {}\n", summary.fingerprint))
        }
        Format::Json => {
            let mut value = serde_json::to_value(summary).context("the results cannot be written as JSON")?;
            value["sweep_dir"] = dir.into();
            talk.print_json(&value)
        }
    }
}
