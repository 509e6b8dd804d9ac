//! PHOLD on the engine or on a plain heap: events/s, bytes an entity, state hash.

use amitwin_benches::phold::{self, Workload};
use amitwin_sim_core::{Local, SimTime};
use clap::{Parser, ValueEnum};

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Kind {
    /// The engine of this project.
    Twin,
    /// A loop over one standard binary heap.
    Heap,
}

#[derive(Parser)]
struct Args {
    #[arg(long, default_value_t = 1_000_000)]
    entities: u32,
    /// Events that each entity holds.
    #[arg(long, default_value_t = 1)]
    per_entity: u32,
    /// Share of events that go to another entity.
    #[arg(long, default_value_t = 0.1)]
    remote: f64,
    /// Smallest delay of an event, s.
    #[arg(long, default_value_t = 1.0)]
    lookahead: f64,
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Simulated seconds.
    #[arg(long, default_value_t = 10.0)]
    end: f64,
    #[arg(long, value_enum, default_value_t = Kind::Twin)]
    engine: Kind,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    let work = Workload {
        entities: args.entities,
        per_entity: args.per_entity,
        remote: args.remote,
        lookahead: SimTime::from_secs_f64(args.lookahead),
        end: SimTime::from_secs_f64(args.end),
    };
    let pool = amitwin_benches::pool(args.threads)?;
    let outcome = match args.engine {
        Kind::Twin => pool.install(|| phold::on_engine(work, Local)),
        Kind::Heap => phold::on_heap(work),
    };
    let wall_s = outcome.wall_s;
    let report = serde_json::json!({
        "bench": "phold", "engine": if args.engine == Kind::Twin { "twin" } else { "heap" },
        "entities": args.entities, "per_entity": args.per_entity, "remote": args.remote, "lookahead_s": args.lookahead, "threads": args.threads,
        "sim_s": args.end, "events": outcome.events, "wall_s": wall_s, "events_per_s": outcome.events as f64 / wall_s,
        "bytes_per_entity": outcome.bytes as f64 / f64::from(args.entities),
        "state_hash": format!("{:016x}", outcome.state_hash),
    });
    println!("{report}");
    Ok(())
}
