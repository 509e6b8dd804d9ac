//! Runs the variants of a scenario side by side and turns what they record into files, figures and verdicts.
//!
//! ```text
//! Variant -> models::build -> sim_core::Engine -> rows -> TableSet (files), Fingerprinter, Figures -> VariantSummary
//! ```

mod capture;
mod certificates;
mod commands;
mod devices;
mod figures;
mod finding;
mod firmware;
mod head_end_minutes;
mod heat;
mod joins;
mod money;
mod moves;
mod notices;
mod outages;
mod ran;
mod rates;
mod resets;
mod visits;
pub mod warnings;

use crate::gate::{self, Gate};
use crate::load::{Scenario, Variant, keys_word};
use amitwin_data::files::{FileError, RunDir, TableSet};
use amitwin_data::metrics::Metric;
use amitwin_data::rows::{Fingerprinter, Rows};
use amitwin_data::summary::{GateVerdict, ReplaySummary, Status, Summary, VariantSummary};
use amitwin_models::build::{BuildError, Built, build};
use amitwin_models::cell::{Cell, Part};
use amitwin_models::event::Event;
use amitwin_models::terrain::SiteKind;
use amitwin_sim_core::{Engine, EngineError, Exchange, Partition, SimTime};
use capture::Tape;
use figures::Figures;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

pub use capture::{CaptureTo, capture_key_option};
pub use finding::finding;

/// Simulated time between two looks at the clock, the caller's wishes and the rows.
const STEP: SimTime = SimTime::from_secs(10);

/// Who looks on while variants run; called from several threads.
pub trait Watch: Sync {
    /// Variant number `variant` has reached `time` after `events` events.
    fn progress(&self, variant: usize, time: SimTime, events: u64);
    /// Whether to stop; what is finished is kept.
    fn cancelled(&self) -> bool;
}

/// Nobody looks on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn progress(&self, _variant: usize, _time: SimTime, _events: u64) {}
    fn cancelled(&self) -> bool {
        false
    }
}

/// A run that could not go on.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The world cannot be built.
    #[error("variant '{variant}': {error}")]
    Build {
        /// Variant.
        variant: String,
        /// Why.
        error: BuildError,
    },
    /// The engine found a bug.
    #[error("variant '{variant}': {error}")]
    Engine {
        /// Variant.
        variant: String,
        /// What.
        error: EngineError,
    },
    /// The scenario cannot be had with a further seed.
    #[error("seed {seed}: {error}")]
    Seed {
        /// Seed.
        seed: u64,
        /// Why.
        error: String,
    },
    /// A case of a sweep is no longer what it was when the sweep was planned.
    #[error("case {case}, seed {seed}: {error}")]
    Case {
        /// Its settings.
        case: String,
        /// Seed.
        seed: u64,
        /// Why.
        error: String,
    },
    /// A file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl DriveError {
    /// What the program ends with: 3 where the scenario is at fault, 1 where something went wrong on the way.
    pub fn exit_code(&self) -> u8 {
        match self {
            DriveError::Build { .. }
            | DriveError::Seed { .. }
            | DriveError::Case { .. }
            | DriveError::File(FileError::VariantName { .. }) => 3,
            DriveError::Engine { .. } | DriveError::File(_) => 1,
        }
    }
}

/// Results of a variant.
#[derive(Clone, Debug)]
pub struct VariantRun {
    /// For the summary.
    pub summary: VariantSummary,
    /// For the summary's warnings, without the variant's name.
    pub warnings: Vec<String>,
    /// Ran to the end of the scenario.
    pub complete: bool,
    /// Events handled.
    pub events: u64,
    /// Fingerprint of each partition, by its id. The summary's combines them.
    pub prints: Vec<(u32, String)>,
}

/// Runs those partitions of one variant that `exchange` says are run in this process; their rows go to `sink`, and the summary
/// is of them.
///
/// # Errors
/// See [`DriveError`].
pub fn run_variant<X: Exchange<Event>>(
    variant: &Variant,
    index: usize,
    exchange: X,
    sink: impl FnMut(&mut Rows) -> Result<(), FileError>,
    watch: &dyn Watch,
) -> Result<VariantRun, DriveError> {
    run_captured(variant, index, exchange, sink, None, watch)
}

/// The same, with its frames in a file.
///
/// # Errors
/// See [`DriveError`].
pub fn run_captured<X: Exchange<Event>>(
    variant: &Variant,
    index: usize,
    exchange: X,
    mut sink: impl FnMut(&mut Rows) -> Result<(), FileError>,
    capture: Option<&CaptureTo>,
    watch: &dyn Watch,
) -> Result<VariantRun, DriveError> {
    let name = || variant.name.clone();
    let built = build(&variant.spec).map_err(|error| DriveError::Build { variant: name(), error })?;
    let mut warnings = warnings::of_world(&built, &variant.spec);
    let Built { parts, lookahead, plan, meters, gateways, unreachable, .. } = built;
    let spec = &variant.spec;
    let mut figures = Figures::new(&plan, spec.duration, (spec.mesh.start, spec.record.load_every));
    figures.look_into_meters(spec);
    if spec.campaigns.iter().any(|campaign| campaign.only_when().is_some()) {
        figures.count_held();
    }
    if spec
        .campaigns
        .iter()
        .any(|campaign| campaign.job.reset().is_some_and(|reset| reset.waves.stop_at_failed.is_some()))
    {
        figures.count_halted();
    }
    if spec.device.boards.is_some() {
        figures.count_partial();
    }
    if spec.surroundings.technicians.is_some() {
        figures.count_visits();
    }
    if spec.mesh.chooses_pan() && spec.medium.is_mesh() {
        figures.follow_moves();
    }
    let failed = |error| DriveError::Engine { variant: variant.name.clone(), error };
    let mut engine = Engine::new(parts, lookahead, exchange).map_err(failed)?;
    let mut prints: Vec<_> = engine.partitions().map(|part| (part.id(), Fingerprinter::new())).collect();
    let mut tape = capture.map(|to| Tape::start(to, &variant.spec, &mut engine)).transpose()?;
    let mut now = SimTime::ZERO;
    let mut complete = true;
    let mut take = |engine: &mut Engine<Part, X>, figures: &mut Figures, first: bool| -> Result<(), FileError> {
        for (part, (_, print)) in engine.partitions_mut().zip(&mut prints) {
            if first {
                part.describe(&variant.spec.placement.sites);
            }
            let rows = part.rows();
            if !rows.is_empty() {
                print.update(rows);
                figures.update(rows);
                sink(rows)?;
                if first {
                    // The first batch is far larger than any later one; its memory is given back.
                    *rows = Rows::default();
                } else {
                    rows.clear();
                }
            }
        }
        Ok(())
    };
    take(&mut engine, &mut figures, true)?;
    while now < variant.spec.duration {
        if watch.cancelled() {
            complete = false;
            break;
        }
        now = (now + STEP).min(variant.spec.duration);
        engine.run_until(now).map_err(failed)?;
        take(&mut engine, &mut figures, false)?;
        if let Some(tape) = &mut tape {
            tape.take(&mut engine, now)?;
        }
        watch.progress(index, now, engine.events());
    }
    engine.finish().map_err(failed)?;
    take(&mut engine, &mut figures, false)?;
    if let Some(tape) = &mut tape {
        tape.take(&mut engine, SimTime::MAX)?;
    }
    let prints: Vec<_> = prints.iter().map(|(id, print)| (*id, print.finish())).collect();
    let fingerprint = Fingerprinter::combine(prints.iter().map(|(_, print)| print));
    let mut summary = VariantSummary {
        name: name(),
        fingerprint,
        meters,
        gateways,
        unreachable: unreachable.len() as u32,
        metrics: figures.values(&engine, &plan, now),
        replays: variant.replays.clone(),
        ..VariantSummary::default()
    };
    count_replays(&mut summary);
    if let Some(prices) = &variant.prices {
        money::add(prices, variant.spec.placement.count(SiteKind::Repeater), &mut summary);
    }
    let busiest = engine.partitions().filter_map(Part::mesh).flat_map(Cell::busiest_hours);
    warnings.extend(warnings::of_air(busiest, &variant.spec));
    warnings.extend(warnings::of_results(&summary.metrics, variant.spec.duration));
    Ok(VariantRun { summary, warnings, complete, events: engine.events(), prints })
}

/// What became of the lines of all logs, as figures.
fn count_replays(summary: &mut VariantSummary) {
    let replays = &summary.replays;
    if replays.is_empty() {
        return;
    }
    let sum = |of: fn(&ReplaySummary) -> u64| Some(replays.iter().map(of).sum::<u64>() as f64);
    for (metric, value) in [
        (Metric::ReplayLines, sum(|log| log.lines)),
        (Metric::ReplayHappened, sum(|log| log.outages + log.restarts + log.commands + log.voltages)),
        (Metric::ReplayUnknownCodes, sum(|log| log.unknown_codes.lines)),
        (Metric::ReplayUnknownDevices, sum(|log| log.unknown_devices.lines)),
    ] {
        summary.metrics.set(metric, value);
    }
}

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// The summary, ready for [`RunDir::finish`]; holds the variants that ran to the end.
    pub summary: Summary,
    /// Events handled over all variants.
    pub events: u64,
    /// What stopped the run, the first one in the scenario's order.
    pub error: Option<DriveError>,
}

/// Passes on what the caller wishes, and stops the other variants when one has failed.
pub(crate) struct Together<'a> {
    watch: &'a dyn Watch,
    failed: AtomicBool,
}

impl<'a> Together<'a> {
    /// Nothing has failed yet.
    pub(crate) fn new(watch: &'a dyn Watch) -> Self {
        Together { watch, failed: AtomicBool::new(false) }
    }

    /// One has failed.
    pub(crate) fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }
}

impl Watch for Together<'_> {
    fn progress(&self, variant: usize, time: SimTime, events: u64) {
        self.watch.progress(variant, time, events);
    }
    fn cancelled(&self) -> bool {
        self.failed.load(Ordering::Relaxed) || self.watch.cancelled()
    }
}

/// Runs a variant, its rows into these tables.
pub(crate) fn run_into<X: Exchange<Event>>(
    variant: &Variant,
    index: usize,
    tables: Option<TableSet>,
    capture: Option<&CaptureTo>,
    exchange: X,
    watch: &dyn Watch,
) -> Result<VariantRun, DriveError> {
    let Some(tables) = tables else {
        return run_captured(variant, index, exchange, |_| Ok(()), capture, watch);
    };
    let start_unix_s = variant.spec.dlms.start_unix_s;
    let mut tables = tables.beginning(start_unix_s).with_attributes(variant.spec.placement.attributes.clone());
    let result = run_captured(variant, index, exchange, |rows| tables.write(rows), capture, watch)?;
    tables.finish()?;
    Ok(result)
}

/// Runs the given variants of a scenario side by side, in the current rayon pool, into a run directory.
///
/// A failure or a cancellation stops all variants soon. Those that had not ended stay out of the summary, because their
/// figures would look like results; the tables keep what was recorded of a cancelled one.
///
/// A capture is of one variant: only the first is captured. `exchange` gives each variant, by its number, the exchange of its
/// own that its messages go through.
pub fn run<X: Exchange<Event>>(
    scenario: &Scenario,
    variants: &[&Variant],
    run_dir: Option<&RunDir>,
    capture: Option<&CaptureTo>,
    exchange: impl Fn(usize) -> X + Sync,
    watch: &dyn Watch,
) -> Outcome {
    let together = Together::new(watch);
    let one = |(index, variant): (usize, &&Variant)| {
        let tables = run_dir.map(|dir| dir.tables(&variant.name)).transpose()?;
        run_into(variant, index, tables, capture.filter(|_| index == 0), exchange(index), &together)
    };
    let results: Vec<Result<VariantRun, DriveError>> =
        variants.par_iter().enumerate().map(|job| one(job).inspect_err(|_| together.fail())).collect();
    let duration = variants.iter().map(|v| v.spec.duration).max().unwrap_or(SimTime::ZERO);
    let mut summary = Summary::begun(&scenario.name, scenario.seed, duration.secs_f64());
    summary.keys = keys_word(variants).to_owned();
    summary.warnings = scenario.warnings.clone();
    let (mut events, mut unfinished, mut error) = (0, Vec::new(), None);
    let mut told: Vec<(&str, Vec<String>)> = Vec::new();
    for (result, variant) in results.into_iter().zip(variants) {
        match result {
            Ok(result) => {
                events += result.events;
                if result.complete {
                    told.push((&variant.name, result.warnings));
                    summary.variants.push(result.summary);
                } else {
                    unfinished.push(format!("'{}'", variant.name));
                }
            }
            Err(first) => {
                unfinished.push(format!("'{}'", variant.name));
                error = error.or(Some(first));
            }
        }
    }
    summary.warnings.extend(warnings::merged(told.iter().map(|(name, texts)| (*name, texts.as_slice()))));
    if !unfinished.is_empty() {
        let text = format!("stopped before the end, so without results: {}", unfinished.join(", "));
        summary.warnings.push(text);
    }
    summary.fingerprint = Fingerprinter::combine(summary.variants.iter().map(|v| v.fingerprint.as_str()));
    summary.gates = verdicts(&scenario.gates, &summary.variants);
    summary.finding = finding(&summary.variants);
    (summary.status, summary.exit_code) = match &error {
        Some(error) => (Status::Failed, Some(error.exit_code())),
        None if !unfinished.is_empty() => (Status::Interrupted, Some(130)),
        None => (Status::Complete, Some(gate::exit_code(&summary.gates))),
    };
    Outcome { summary, events, error }
}

/// Every gate on every variant; those that a gate does not judge are told beside it.
pub(crate) fn verdicts(gates: &[Gate], variants: &[VariantSummary]) -> Vec<GateVerdict> {
    gates.iter().flat_map(|gate| variants.iter().map(|v| gate.judge(v))).collect()
}
