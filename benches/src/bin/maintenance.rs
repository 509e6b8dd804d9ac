//! Speed of maintenance plans, one JSON object.
//!
//! ```text
//! maintenance --meters 50000 --threads 1
//! maintenance --busy
//! ```

use amitwin_benches::maintenance::{Waited, busy, exchanges, play};
use clap::Parser;
use serde_json::json;
use std::time::Instant;

/// Speed of maintenance plans.
#[derive(Parser)]
struct Options {
    /// Meters.
    #[arg(long, default_value_t = 50_000)]
    meters: u32,
    /// Temperature inside of them, degrees Celsius.
    #[arg(long, default_value_t = 40.0)]
    temperature: f64,
    /// Crews.
    #[arg(long, default_value_t = 1)]
    crews: u32,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// The plan of depots whose crews are nearly always at work instead, which has its own meters and crews.
    #[arg(long, conflicts_with_all = ["meters", "temperature", "crews"])]
    busy: bool,
}

fn main() -> Result<(), rayon::ThreadPoolBuildError> {
    let options = Options::parse();
    if options.busy {
        let plan = busy(options.seed);
        let began = Instant::now();
        let Waited { visits, exchanges, busy_share, wait_s, wait_p90_s } = Waited::of(&plan);
        println!(
            "{}",
            json!({
                "bench": "depots", "meters": plan.meters(), "years": plan.years, "visits": visits, "exchanges": exchanges,
                "busy_share": busy_share, "wait_s": wait_s, "wait_p90_s": wait_p90_s, "wall_s": began.elapsed().as_secs_f64(),
            })
        );
        return Ok(());
    }
    let plan = exchanges(options.meters, options.temperature, options.crews, options.seed);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build()?;
    let began = Instant::now();
    let outcome = pool.install(|| play(&plan));
    let wall_s = began.elapsed().as_secs_f64();
    println!(
        "{}",
        json!({
            "bench": "maintenance", "meters": options.meters, "years": plan.years, "jobs": outcome.jobs,
            "wait_s": outcome.wait_s, "wall_s": wall_s, "threads": options.threads,
        })
    );
    Ok(())
}
