//! The link layer on a grid: frames/s, delivered share, delay, bytes a node.

use amitwin_benches::{memory, mesh};
use amitwin_sim_core::{Local, SimTime};
use clap::Parser;

#[derive(Parser)]
struct Args {
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..=65_000))]
    nodes: u32,
    /// Seconds between two frames of a node.
    #[arg(long, default_value_t = 2.0)]
    period: f64,
    /// Simulated seconds.
    #[arg(long, default_value_t = 100.0)]
    sim: f64,
    /// Hop over 16 channels.
    #[arg(long)]
    hop: bool,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() {
    let args = Args::parse();
    let before = memory::peak_bytes().unwrap_or(0);
    let work = mesh::Workload {
        nodes: args.nodes,
        spacing_m: 30.0,
        period: SimTime::from_secs_f64(args.period),
        sim: SimTime::from_secs_f64(args.sim),
        hop: args.hop,
        seed: args.seed,
    };
    let outcome = mesh::run(work, Local);
    let peak = memory::peak_bytes().unwrap_or(0);
    let report = serde_json::json!({
        "bench": "mesh", "nodes": args.nodes, "period_s": args.period, "sim_s": args.sim, "hop": args.hop,
        "seed": args.seed, "frames": outcome.frames, "wall_s": outcome.wall_s, "build_s": outcome.build_s,
        "frames_per_s": outcome.frames as f64 / outcome.wall_s,
        "transmissions_per_s": outcome.transmissions as f64 / outcome.wall_s,
        "events_per_s": outcome.events as f64 / outcome.wall_s,
        "delivered_share": outcome.delivered as f64 / outcome.frames.max(1) as f64,
        "mean_delay_ms": outcome.mean_delay.secs_f64() * 1e3, "p95_delay_ms": outcome.p95_delay_ms,
        "bytes_per_node": peak.saturating_sub(before) as f64 / f64::from(args.nodes),
    });
    println!("{report}");
}
