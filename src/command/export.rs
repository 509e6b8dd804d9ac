//! `amitwin export events RUN`: what happened in a run, as the log of a head-end.

use super::study;
use crate::cli::{Export, Exported};
use crate::failure::{Invalid, Usage};
use crate::talk::Talk;
use amitwin_data::files::{FileError, RunReader, SCENARIO};
use amitwin_data::metrics::Metric;
use amitwin_data::rows::{EventRow, FieldVisitRow, NodeRow, TransactionKind, TransactionRow};
use amitwin_scenarios::{exported, load};
use amitwin_viz::{human, read};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;

/// Reads, writes.
pub fn run(options: &Export, talk: &Talk) -> anyhow::Result<u8> {
    let Exported::Events = options.what;
    study::refuse(&options.run)?;
    let run = read::finished(&options.run)?;
    let variants = run.variants();
    let variant = match (&options.variant, variants.as_slice()) {
        (Some(name), all) if all.contains(name) => name,
        (None, [only]) => only,
        (name, all) => {
            let which =
                name.as_ref().map_or("which variant?".to_owned(), |name| format!("there is no variant '{name}'"));
            return Err(Usage(format!("{which} Give --variant one of: {}", all.join(", "))).into());
        }
    };
    let seed = run.summary.seed;
    let nodes: Vec<NodeRow> = run.rows(variant, seed)?;
    let names: BTreeMap<u32, String> = nodes.into_iter().map(|node| (node.node, node.name)).collect();
    let events: Vec<EventRow> = run.rows(variant, seed)?;
    let mut commands: Vec<TransactionRow> = Vec::new();
    let mut renewals = 0;
    run.each_group(variant, seed, |rows: Vec<TransactionRow>| {
        renewals += rows.iter().filter(|row| row.kind == TransactionKind::Certificates && row.sent_s.is_some()).count();
        commands.extend(rows.into_iter().filter(exported::is_command));
    })?;
    let scenario = read::scenario(&run).unwrap_or_default();
    let jobs = if commands.is_empty() { None } else { Some(jobs(&run, variant, &scenario)?) };
    let start_unix_s = start_unix_s(&scenario)?;
    let visits: Vec<FieldVisitRow> = run.rows(variant, seed)?;
    let visits: Vec<(u32, f64)> = visits.iter().filter_map(|visit| Some((visit.node, visit.arrived_s?))).collect();
    let happened = exported::Happened { events, commands, jobs, visits: &visits, names: &names, start_unix_s };
    let log = exported::log(happened, options.cim);
    match &options.output {
        None => talk.print(&log)?,
        Some(path) => {
            let file = if options.force { File::create(path) } else { File::create_new(path) };
            file.and_then(|mut file| file.write_all(log.as_bytes()))
                .map_err(|e| FileError::io(path, "write the log", e))?;
            let lines = log.lines().count() - 1;
            talk.note(&format!("{}: {}", path.display(), human::plural(lines, "line")));
        }
    }
    if renewals > 0 {
        talk.note(&format!(
            "{} of certificates: not in the log, because meters are due by their own certificates; keep `[dlms.certificates]` and the campaign in a file that replays it",
            human::plural(renewals, "renewal")
        ));
    }
    Ok(0)
}

/// What the jobs of a variant do, as the scenario has them that the run keeps.
fn jobs(run: &RunReader, variant: &str, scenario: &str) -> anyhow::Result<exported::Jobs> {
    let loaded = load(&run.path.join(SCENARIO), &[], Some(run.summary.seed))?;
    let wanted = loaded.variants.iter().find(|of| of.name == variant);
    let world = &wanted.ok_or_else(|| Invalid(format!("the scenario of the run has no variant '{variant}'")))?.spec;
    let summary = run.summary.variants.iter().find(|of| of.name == variant);
    let window_s = summary.and_then(|of| of.metrics.value(Metric::ResetWindowS));
    Ok(exported::Jobs::of(world, &exported::replays(scenario), window_s))
}

/// When the run begins.
fn start_unix_s(scenario: &str) -> anyhow::Result<i64> {
    let start = exported::start_unix_s(scenario);
    Ok(start.ok_or_else(|| Invalid("the run keeps no scenario that says when it begins; run it again".to_owned()))?)
}
