//! GET requests to meters in this process: requests/s of one core, allocations a request, bytes a meter.

use amitwin_benches::dlms;
use amitwin_models::device::dlms::{Rest, Session};
use clap::{Parser, ValueEnum};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum What {
    /// Without security.
    Plain,
    /// Authenticated and encrypted, suite 0, in both directions.
    Ciphered,
}

#[derive(Parser)]
struct Args {
    #[arg(long, value_enum, default_value_t = What::Plain)]
    what: What,
    /// Meters, each with an open association.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    meters: u32,
    /// Time spent answering, s.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
}

fn main() -> Result<(), String> {
    let args = Args::parse();
    let ciphered = args.what == What::Ciphered;
    let outcome = dlms::run(args.meters, ciphered, args.seconds, || {
        let stats = ALLOCATOR.stats();
        (stats.allocations + stats.reallocations) as u64
    })?;
    let busy = outcome.busy.as_secs_f64();
    let report = serde_json::json!({
        "bench": "dlms", "what": if ciphered { "ciphered" } else { "plain" }, "meters": args.meters,
        "answered": outcome.answered, "refused": outcome.refused, "wall_s": busy,
        "requests_per_s": outcome.answered as f64 / busy,
        "allocations_per_request": outcome.allocations as f64 / outcome.answered.max(1) as f64,
        "bytes_at_rest": size_of::<Rest>(), "bytes_of_a_session": size_of::<Session>(),
    });
    println!("{report}");
    Ok(())
}
