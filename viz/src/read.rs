//! The only place that reads a run directory: its files, its rows, a [`RunView`] of them.

use crate::VizError;
use crate::series;
use crate::surroundings::Surroundings;
use crate::view::{Campaign, Place, RunView, VariantView};
use crate::visits::Visits;
use amitwin_data::files::{RunDir, RunReader, SCENARIO, slug};
use amitwin_data::metrics::Metric;
use amitwin_data::rows::{
    EventRow, FailureRow, FieldVisitRow, LoadRow, NodeRow, RoundRow, TransactionKind, TransactionRow,
};
use std::path::Path;
use std::sync::Arc;

/// Shorter runs have no course over the hours, s.
const DELIVERED_FROM_S: f64 = 3.0 * 3_600.0;

/// Opens a run in any state; what is not finished has no rows.
pub fn open(run_dir: &Path) -> Result<RunReader, VizError> {
    Ok(RunDir::open_any(run_dir)?)
}

/// Opens a run that must be complete.
pub fn finished(run_dir: &Path) -> Result<RunReader, VizError> {
    Ok(RunDir::open(run_dir)?)
}

/// The resolved scenario; `None` if the run keeps none that can be read.
pub fn scenario(run: &RunReader) -> Option<String> {
    std::fs::read_to_string(run.path.join(SCENARIO)).ok()
}

/// Everything that a report of the run needs; of several seeds the rows of the first.
pub fn view(run: &RunReader) -> Result<RunView, VizError> {
    let seed = run.summary.seed;
    let with_tables = run.variants();
    let mut variants: Vec<VariantView> = Vec::new();
    for v in &run.summary.variants {
        let mut rows = VariantView { name: v.name.clone(), ..VariantView::default() };
        if v.metrics.has(Metric::MeterYears) {
            if with_tables.contains(&v.name) {
                plan(run, seed, &mut rows)?;
            }
        } else if with_tables.contains(&v.name) {
            rows.nodes = nodes(run, &v.name, seed, variants.first().map(|first| &first.nodes))?;
            rows.campaign = campaign(run, &v.name, seed)?;
            run.each_group(&v.name, seed, |group: Vec<TransactionRow>| {
                rows.campaigns.add(&group);
                rows.traffic.add(&group);
            })?;
            let rounds: Vec<RoundRow> = run.rows(&v.name, seed)?;
            rounds.iter().for_each(|round| rows.campaigns.add_round(&round.campaign, round.time_s));
            rows.head_end = run.rows(&v.name, seed)?;
            rows.airtime = run.rows(&v.name, seed)?;
            rows.visits = Visits::of(&run.rows::<FieldVisitRow>(&v.name, seed)?);
            run.each_group(&v.name, seed, |hours: Vec<LoadRow>| {
                rows.load.add(&hours);
                rows.health.add(&hours);
                rows.course.add(&hours);
            })?;
            rows.weather = run.rows(&v.name, seed)?;
            if v.metrics.has(Metric::SuppliesFailed) {
                run.each_group(&v.name, seed, |events: Vec<EventRow>| rows.outages.add_events(&events))?;
                run.each_group(&v.name, seed, |told: Vec<TransactionRow>| rows.outages.add_transactions(&told))?;
            }
            if run.summary.duration_s >= DELIVERED_FROM_S {
                (rows.delivered, rows.reads) = by_hour(run, &v.name, seed)?;
            }
        }
        variants.push(rows);
    }
    let surroundings = match (scenario(run), variants.iter().find(|variant| !variant.nodes.is_empty())) {
        (Some(text), Some(first)) => Surroundings::of(&text, &first.nodes),
        _ => Surroundings::default(),
    };
    Ok(RunView { summary: run.summary.clone(), manifest: run.manifest.clone(), variants, surroundings })
}

/// Years of a variant of a plan. Failures, which may be millions, are counted as they are read.
fn plan(run: &RunReader, seed: u64, rows: &mut VariantView) -> Result<(), VizError> {
    let name = rows.name.clone();
    rows.years = run.rows(&name, seed)?;
    rows.depots = run.rows(&name, seed)?;
    rows.radio = run.rows(&name, seed)?;
    rows.survival = run.rows(&name, seed)?;
    rows.vintages = scenario(run).map_or_else(Vec::new, |text| vintages(&text));
    rows.radio.sort_by_key(|row| (row.month, row.depot));
    // Meters that are no list have no places.
    let folder = format!("tables/nodes/{}/", slug(&name)?);
    if run.manifest.files.iter().any(|entry| entry.path.starts_with(&folder)) {
        let nodes: Vec<NodeRow> = run.rows(&name, seed)?;
        rows.places = nodes.iter().map(|n| Place { x_m: n.x_m, y_m: n.y_m, failures: 0 }).collect();
    }
    rows.years.sort_by_key(|row| (row.year, row.depot));
    let places = &mut rows.places;
    if places.is_empty() {
        return Ok(());
    }
    run.each_group(&name, seed, |failures: Vec<FailureRow>| {
        for failure in &failures {
            if let Some(place) = places.get_mut(failure.meter as usize) {
                place.failures += 1;
            }
        }
    })?;
    Ok(())
}

/// Names of the vintages of a resolved plan; none if it cannot be read.
fn vintages(plan: &str) -> Vec<String> {
    let Ok(file) = plan.parse::<toml::Table>() else { return Vec::new() };
    let all = file.get("vintage").and_then(toml::Value::as_array).into_iter().flatten();
    all.map(|vintage| vintage.get("name").and_then(toml::Value::as_str).unwrap_or_default().to_owned()).collect()
}

/// Sites of a variant and seed; shared with `like` if they are the same, which they are in most runs.
pub fn nodes(
    run: &RunReader,
    variant: &str,
    seed: u64,
    like: Option<&Arc<Vec<NodeRow>>>,
) -> Result<Arc<Vec<NodeRow>>, VizError> {
    let nodes: Vec<NodeRow> = run.rows(variant, seed)?;
    match like {
        Some(like) if **like == nodes => Ok(Arc::clone(like)),
        _ => Ok(Arc::new(nodes)),
    }
}

/// The first reset campaign of a variant and seed. Reports and reads, which may be millions, are dropped as they are read.
pub fn campaign(run: &RunReader, variant: &str, seed: u64) -> Result<Option<Campaign>, VizError> {
    let mut resets: Vec<TransactionRow> = Vec::new();
    run.each_group(variant, seed, |rows: Vec<TransactionRow>| {
        resets.extend(rows.into_iter().filter(|t| t.kind == TransactionKind::Reset))
    })?;
    Ok(series::first_reset_campaign(&resets).map(|(name, resets)| Campaign { name, resets }))
}

/// For each hour what came to something, and all.
type Hours = Vec<(u32, u32)>;

/// Reports and reads of each hour of a variant and seed, by when they were due.
fn by_hour(run: &RunReader, variant: &str, seed: u64) -> Result<(Hours, Hours), VizError> {
    let (mut reports, mut reads) = (Vec::new(), Vec::new());
    run.each_group(variant, seed, |rows: Vec<TransactionRow>| {
        series::count_hours(&mut reports, &rows, TransactionKind::Push);
        series::count_hours(&mut reads, &rows, TransactionKind::Read);
    })?;
    Ok((reports, reads))
}
