//! `amitwin sweep FILE --vary KEY=VALUES`: a scenario at many settings, into one directory that can be gone on with.

use super::run_dir;
use super::study::{source, tell_invalid, threads};
use crate::cli::{Format, Sweep as Options};
use crate::failure::{FAILED, Invalid, Usage};
use crate::progress::JobsProgress;
use crate::talk::Talk;
use crate::{memory, shell, stop};
use amitwin_data::files::SweepDir;
use amitwin_data::summary::Status;
use amitwin_data::sweep::SweepSummary;
use amitwin_scenarios::study::{Extent, Means, Share, Source, Sweep, SweepError};
use amitwin_viz::{human, sweep};
use anyhow::Context;
use serde_json::json;
use std::path::Path;
use std::time::Instant;

/// Plans, runs what is left to run, prints.
pub fn run(options: &Options, talk: &Talk) -> anyhow::Result<u8> {
    let began = Instant::now();
    let source =
        Source { seeds: options.seeds, ..source(&options.file, &options.set, options.seed, &options.variants)? };
    let sweep = Sweep { source, vary: options.vary.clone(), latin: options.latin };
    let pool = threads(options.threads)?;
    let threads = pool.current_num_threads();
    let mut at_once = threads;
    let planned = sweep.plan(|subject| {
        at_once = at_once.min(memory::cases_at_once(threads, subject));
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
    let plan = &planned.plan;
    let output = &match &options.output {
        Some(path) => path.clone(),
        None => run_dir::fresh(&plan.name)?,
    };
    if options.collect && !SweepDir::is_begun(output) {
        let why = format!(
            "{}: no share of a sweep has been run there, so that there is nothing to collect",
            output.display()
        );
        return Err(Usage(format!("{why}; give the directory that the shares were given with -o")).into());
    }
    let (dir, extent) = match (options.case, options.collect) {
        (Some(share), _) => (SweepDir::open_share(output, plan, share.number, share.of)?, Extent::Share(share)),
        (None, true) => (SweepDir::open(output, plan, true)?, Extent::Collect),
        (None, false) => (SweepDir::open(output, plan, options.resume)?, Extent::All),
    };
    if options.collect {
        dir.collect(plan)?;
    }
    let jobs = planned.jobs();
    let (first, most) = (planned.base.study().seeds as usize, plan.seeds.len());
    let (seeds, least) = match first < most {
        true => (format!("{first} to {most} seeds"), "at least "),
        false => (human::plural(most, "seed"), ""),
    };
    talk.note(&format!(
        "{}: {} with {seeds}, {} each, {least}{jobs} runs, into {}",
        human::one_line(&plan.name),
        human::plural(plan.cases.len(), "case"),
        human::plural(plan.variants.len(), "variant"),
        dir.path().display()
    ));
    let progress = JobsProgress::of_cases(jobs, !talk.quiet && talk.verbose == 0);
    let result = planned.run_all(&Means { dir: &dir, pool: &pool, at_once }, extent, &progress);
    progress.clear();
    let summary = result?;
    if let Some(share) = options.case {
        share_ended(share, &summary, options, talk)?;
        return Ok(summary.exit_code.unwrap_or(FAILED));
    }
    dir.put_report(&sweep::report(&summary))?;
    if let Some(folder) = &options.pictures {
        amitwin_viz::write_sweep_pictures(&summary, folder)?;
    }
    tell_invalid(&summary.cases, talk);
    for warning in summary.warnings.iter().filter(|text| !text.ends_with("invalid, see below")) {
        talk.warn(warning);
    }
    print(&summary, dir.path(), options.format, talk)?;
    let path = shell::path(dir.path());
    talk.note(&format!("{} in {}", summary.status.word(), human::duration(began.elapsed().as_secs_f64())));
    match summary.status {
        Status::Complete => talk.note(&format!("next: open {path}/report.html; {path}/cases.parquet has every figure")),
        _ if options.collect => {
            talk.note(&format!("{path} has what there is; --resume in the place of --collect runs the rest here"));
        }
        _ => talk.note(&format!("{path} keeps what has ended; the same command with --resume goes on")),
    }
    Ok(summary.exit_code.unwrap_or(FAILED))
}

/// Tells how a share has ended. Its figures are for who collects all of them.
fn share_ended(share: Share, summary: &SweepSummary, options: &Options, talk: &Talk) -> anyhow::Result<()> {
    let (Share { number, of }, state) = (share, summary.status.word());
    match options.format {
        Format::Table => talk.print(&format!("share {number} of {of}  {state}\n"))?,
        Format::Json => talk.print_json(&json!({ "share": number, "of": of, "status": summary.status }))?,
    }
    match summary.status {
        Status::Complete => {
            talk.note("next: when all shares have ended, the same command with --collect in the place of --case")
        }
        _ => talk.note("what has ended is kept; the same command goes on"),
    }
    Ok(())
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
