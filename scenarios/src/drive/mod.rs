//! Runs the variants of a scenario side by side and turns what they record into files, figures and verdicts.
//!
//! ```text
//! Variant -> models::build -> sim_core::Engine -> rows -> TableSet (files), Fingerprinter, Figures -> VariantSummary
//! ```

mod figures;
mod finding;

use crate::gate::{self, Gate};
use crate::load::{Scenario, Variant};
use amitwin_data::files::{FileError, RunDir};
use amitwin_data::rows::{Fingerprinter, Rows};
use amitwin_data::summary::{GateVerdict, Status, Summary, VariantSummary};
use amitwin_models::build::{BuildError, Built, build};
use amitwin_models::part::Part;
use amitwin_sim_core::{Engine, EngineError, Local, SimTime};
use figures::Figures;
use rayon::prelude::*;

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
    /// A file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Results of a variant.
#[derive(Clone, Debug)]
pub struct VariantRun {
    /// For the summary.
    pub summary: VariantSummary,
    /// For the summary's warnings.
    pub warnings: Vec<String>,
    /// Ran to the end of the scenario.
    pub complete: bool,
    /// Events handled.
    pub events: u64,
}

/// Runs one variant; its rows go to `sink`.
///
/// # Errors
/// See [`DriveError`].
pub fn run_variant(
    variant: &Variant,
    index: usize,
    mut sink: impl FnMut(&mut Rows) -> Result<(), FileError>,
    watch: &dyn Watch,
) -> Result<VariantRun, DriveError> {
    let name = || variant.name.clone();
    let built = build(&variant.spec).map_err(|error| DriveError::Build { variant: name(), error })?;
    let Built { parts, lookahead, plan, meters, gateways, unreachable, neighbours_cut, .. } = built;
    let mut figures = Figures::new(&plan, variant.spec.duration);
    let mut prints: Vec<Fingerprinter> = parts.iter().map(|_| Fingerprinter::new()).collect();
    let failed = |error| DriveError::Engine { variant: variant.name.clone(), error };
    let mut engine = Engine::new(parts, lookahead, Local).map_err(failed)?;
    let mut now = SimTime::ZERO;
    let mut complete = true;
    let mut take = |engine: &mut Engine<Part, Local>, figures: &mut Figures| -> Result<(), FileError> {
        for (part, print) in engine.partitions_mut().zip(&mut prints) {
            let rows = part.rows();
            if !rows.is_empty() {
                print.update(rows);
                figures.update(rows);
                sink(rows)?;
                rows.clear();
            }
        }
        Ok(())
    };
    while now < variant.spec.duration {
        if watch.cancelled() {
            complete = false;
            break;
        }
        now = (now + STEP).min(variant.spec.duration);
        engine.run_until(now).map_err(failed)?;
        take(&mut engine, &mut figures)?;
        watch.progress(index, now, engine.events());
    }
    for part in engine.partitions_mut() {
        part.finish(now);
    }
    take(&mut engine, &mut figures)?;
    let fingerprint = Fingerprinter::combine(prints.iter().map(Fingerprinter::finish));
    let mut summary = VariantSummary {
        name: name(),
        fingerprint,
        meters,
        gateways,
        unreachable: unreachable.len() as u32,
        ..VariantSummary::default()
    };
    figures.write(&engine, &plan, now, &mut summary.metrics);
    let mut warnings = Vec::new();
    if !unreachable.is_empty() {
        warnings.push(format!(
            "variant '{}': {} of {} radios have no route to a gateway and stay silent; the table `nodes` names them \
             (reachable = false)",
            variant.name,
            unreachable.len(),
            meters + gateways
        ));
    }
    if neighbours_cut > 0 {
        warnings.push(format!(
            "variant '{}': {neighbours_cut} audible neighbours beyond the strongest {} of a radio are left out as \
             interferers; raise radio.neighbours_max to keep them",
            variant.name, variant.spec.radio.neighbours_max
        ));
    }
    Ok(VariantRun { summary, warnings, complete, events: engine.events() })
}

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// The summary, ready for [`RunDir::finish`].
    pub summary: Summary,
    /// Events handled over all variants.
    pub events: u64,
}

/// Runs the given variants of a scenario side by side, in the current rayon pool, into a run directory.
///
/// # Errors
/// The first [`DriveError`] in the scenario's order.
pub fn run(
    scenario: &Scenario,
    variants: &[&Variant],
    run_dir: Option<&RunDir>,
    watch: &dyn Watch,
) -> Result<Outcome, DriveError> {
    let results: Vec<Result<VariantRun, DriveError>> = variants
        .par_iter()
        .enumerate()
        .map(|(index, variant)| {
            let Some(run_dir) = run_dir else { return run_variant(variant, index, |_| Ok(()), watch) };
            let mut tables = run_dir.tables(&variant.name)?;
            let result = run_variant(variant, index, |rows| tables.write(rows), watch)?;
            tables.finish()?;
            Ok(result)
        })
        .collect();
    let duration = variants.iter().map(|v| v.spec.duration).max().unwrap_or(SimTime::ZERO);
    let mut summary = Summary::begun(&scenario.name, scenario.seed, duration.secs_f64());
    summary.warnings = scenario.warnings.clone();
    let (mut events, mut complete) = (0, true);
    for result in results {
        let result = result?;
        events += result.events;
        complete &= result.complete;
        summary.warnings.extend(result.warnings);
        summary.variants.push(result.summary);
    }
    summary.fingerprint = Fingerprinter::combine(summary.variants.iter().map(|v| v.fingerprint.as_str()));
    summary.gates = verdicts(&scenario.gates, &summary.variants);
    summary.finding = finding(&summary.variants);
    summary.status = if complete { Status::Complete } else { Status::Interrupted };
    summary.exit_code = Some(if complete { gate::exit_code(&summary.gates) } else { 130 });
    Ok(Outcome { summary, events })
}

fn verdicts(gates: &[Gate], variants: &[VariantSummary]) -> Vec<GateVerdict> {
    let judged =
        |gate: &Gate| variants.iter().filter(|v| gate.judges(&v.name)).map(|v| gate.judge(v)).collect::<Vec<_>>();
    gates.iter().flat_map(judged).collect()
}
