//! What a sweep adds to the sum of its runs, in turns.

use amitwin_benches::sweep::Workload;
use clap::Parser;
use std::path::PathBuf;

#[derive(Parser)]
struct Args {
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    cases: u32,
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    meters: u32,
    /// Simulated minutes.
    #[arg(long, default_value_t = 60)]
    minutes: u32,
    /// Turns.
    #[arg(long, default_value_t = 3)]
    turns: u32,
    /// A directory that is not there yet, for the sweeps.
    #[arg(long)]
    dir: PathBuf,
}

fn main() -> Result<(), String> {
    let Args { cases, meters, minutes, turns, dir } = Args::parse();
    let work = Workload { cases, meters, minutes };
    for turn in 0..turns {
        let alone = work.alone()?;
        let swept = work.swept(&dir.join(format!("turn-{turn}")))?;
        let report = serde_json::json!({
            "bench": "sweep", "cases": cases, "meters": meters, "minutes": minutes, "turn": turn,
            "alone_wall_s": alone.wall_s, "alone_cpu_s": alone.cpu_s, "swept_wall_s": swept.wall_s, "swept_cpu_s": swept.cpu_s,
            "overhead_wall": swept.wall_s / alone.wall_s - 1.0, "overhead_cpu": swept.cpu_s / alone.cpu_s - 1.0,
        });
        println!("{report}");
    }
    Ok(())
}
