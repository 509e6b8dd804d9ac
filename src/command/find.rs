//! `amitwin find FILE --largest KEY --between LOW..HIGH`: where the gates cease to hold.

use super::run_dir;
use super::study::{source, tell_invalid, threads};
use crate::cli::{Find as Options, Format};
use crate::failure::{FAILED, Invalid, Usage};
use crate::progress::JobsProgress;
use crate::talk::Talk;
use crate::{memory, shell, stop};
use amitwin_data::files::SweepDir;
use amitwin_data::find::FindSummary;
use amitwin_data::summary::Status;
use amitwin_scenarios::study::{Find, FindError, Means};
use amitwin_viz::{find, human};
use anyhow::Context;
use std::path::Path;
use std::time::Instant;

/// Plans, searches, prints.
pub fn run(options: &Options, talk: &Talk) -> anyhow::Result<u8> {
    let began = Instant::now();
    let path = options.largest.as_ref().or(options.smallest.as_ref()).cloned().unwrap_or_default();
    let find = Find {
        source: source(&options.file, &options.set, options.seed, &options.variants)?,
        path,
        largest: options.largest.is_some(),
        between: options.between.clone(),
        tolerance: options.tolerance,
        per: options.per.clone(),
        seeds_max: options.seeds,
    };
    let pool = threads(options.threads)?;
    let mut at_once = pool.current_num_threads();
    let planned = find.plan(|subject| {
        let threads = pool.current_num_threads();
        at_once = at_once.min(memory::cases_at_once(threads, subject));
    });
    let planned = planned.map_err(|error| match error {
        FindError::Question(why) => anyhow::Error::from(Usage(why)),
        FindError::Scenario(why) => Invalid(why).into(),
    })?;
    stop::listen("values that have ended are kept").context("signals cannot be caught")?;
    let output = match &options.output {
        Some(path) => path.clone(),
        None => run_dir::fresh(&planned.cases.plan.name)?,
    };
    let dir = SweepDir::open(&output, &planned.cases.plan, options.resume)?;
    talk.note(&format!(
        "{}: {}, at most {}, into {}",
        human::one_line(&planned.cases.plan.name),
        human::one_line(&planned.asked()),
        human::plural(planned.question.seeds_max as usize, "seed") + " each",
        dir.path().display()
    ));
    let progress = JobsProgress::of_cases(1, !talk.quiet && talk.verbose == 0);
    let result = planned.run(&Means { dir: &dir, pool: &pool, at_once }, &progress);
    progress.clear();
    let summary = result?;
    dir.put_report(&find::report(&summary))?;
    tell_invalid(&summary.study.cases, talk);
    for warning in &summary.study.warnings {
        talk.warn(warning);
    }
    print(&summary, dir.path(), options.format, talk)?;
    let path = shell::path(dir.path());
    talk.note(&format!("{} in {}", summary.study.status.word(), human::duration(began.elapsed().as_secs_f64())));
    match summary.study.status {
        Status::Complete => talk.note(&format!("next: open {path}/report.html; {path}/cases.parquet has every figure")),
        _ => talk.note(&format!("{path} keeps what has ended; the same command with --resume goes on")),
    }
    Ok(summary.study.exit_code.unwrap_or(FAILED))
}

fn print(summary: &FindSummary, dir: &Path, format: Format, talk: &Talk) -> anyhow::Result<()> {
    let dir = dir.display().to_string();
    match format {
        Format::Table => {
            let table = find::table(summary, talk.width, talk.color_out);
            talk.print(&format!("{table}\nfind         {dir}\nfingerprint  {}\n", summary.study.fingerprint))
        }
        Format::Json => {
            let mut value = serde_json::to_value(summary).context("the results cannot be written as JSON")?;
            value["find_dir"] = dir.into();
            talk.print_json(&value)
        }
    }
}
