//! GET requests to meters in this process: requests/s of one core, allocations a request, bytes a meter; or over TCP to
//! meters that another process serves: requests/s, latencies, errors, alone and beside clients that ask for too much.

use amitwin_benches::datagrams;
use amitwin_benches::dlms;
use amitwin_benches::hostile::{self, Hostile};
use amitwin_benches::load::{self, Load};
use amitwin_dlms::{Rest, Session};
use clap::{Parser, ValueEnum};
use hdrhistogram::Histogram;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::net::SocketAddr;

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
    /// Ask served meters instead: meter 1 is at this address, the next ones at the addresses that follow, all of suite 0
    /// with test keys.
    #[arg(long, value_name = "ADDRESS:PORT")]
    connect: Option<SocketAddr>,
    /// TCP connections at one time, one after the other to the meters in turn.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..), requires = "connect")]
    sessions: u32,
    /// Requests under way on each connection.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000), requires = "connect")]
    depth: u32,
    /// Threads that ask.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64), requires = "connect")]
    threads: u32,
    /// Meters, each with an open association.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    meters: u32,
    /// Read every meter once over UDP instead, and release none.
    #[arg(long, requires = "connect", conflicts_with = "beside")]
    datagrams: bool,
    /// How long a connection pauses after an answer, ms.
    #[arg(long, default_value_t = 0.0, requires = "connect")]
    pause: f64,
    /// Measure once more beside each kind of hostile client, in each round.
    #[arg(long, value_enum, value_delimiter = ',', requires = "connect")]
    beside: Vec<Hostile>,
    /// Connections of hostile clients, each to a meter of its own, the last ones.
    #[arg(long, default_value_t = 200, requires = "beside")]
    hostile: u32,
    /// Rounds alone and beside hostile clients; medians count.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100), requires = "beside")]
    rounds: u32,
    /// The 99th percentile beside hostile clients may be so many times that alone; above that the bench fails.
    #[arg(long, default_value_t = 3.0, requires = "beside")]
    ratio_max: f64,
    /// Time spent answering, or asking, s.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
}

fn main() -> Result<(), String> {
    let args = Args::parse();
    let ciphered = args.what == What::Ciphered;
    if let Some(first) = args.connect.filter(|_| args.datagrams) {
        let outcome = datagrams::read_once(first, args.meters)?;
        let report = serde_json::json!({
            "bench": "dlms-datagrams", "meters": args.meters, "read": outcome.read, "repeated": outcome.repeated,
            "wall_s": outcome.wall_s, "meters_per_s": outcome.read as f64 / outcome.wall_s,
        });
        println!("{report}");
        return Ok(());
    }
    if let Some(first) = args.connect {
        return over_tcp(&args, first, ciphered);
    }
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

fn over_tcp(args: &Args, first: SocketAddr, ciphered: bool) -> Result<(), String> {
    let Args { meters, sessions, depth, threads, seconds, .. } = *args;
    let load = Load { first, meters, sessions, depth, threads, ciphered, seconds, pause_ms: args.pause };
    if args.beside.is_empty() {
        return measure(&load, None).map(|_| ());
    }
    let told = |error: hdrhistogram::RecordError| error.to_string();
    let mut alone = Histogram::<u64>::new(3).map_err(|error| error.to_string())?;
    let mut beside = vec![(alone.clone(), 0); args.beside.len()];
    for _ in 0..args.rounds {
        alone.record(measure(&load, None)?).map_err(told)?;
        for (kind, (p99_us, bytes)) in args.beside.iter().zip(&mut beside) {
            let (outcome, asked) = hostile::beside(*kind, first, meters, args.hostile, || measure(&load, Some(*kind)))?;
            p99_us.record(outcome?).map_err(told)?;
            *bytes += asked;
        }
    }
    let median = |p99_us: &Histogram<u64>| p99_us.value_at_percentile(50.0);
    let mut failed = Vec::new();
    for (kind, (p99_us, bytes)) in args.beside.iter().zip(&beside) {
        let ratio = median(p99_us) as f64 / median(&alone) as f64;
        let report = serde_json::json!({
            "beside": kind.text(), "hostile": args.hostile, "hostile_bytes": bytes, "rounds": args.rounds,
            "p99_us": median(p99_us), "alone_p99_us": median(&alone), "p99_ratio": ratio,
        });
        println!("{report}");
        if ratio > args.ratio_max {
            failed.push(format!("beside {} clients the 99th percentile is {ratio:.1} times that alone", kind.text()));
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
}

/// Runs the load, prints what came back, and returns the 99th percentile of its latency, µs.
fn measure(load: &Load, beside: Option<Hostile>) -> Result<u64, String> {
    let outcome = load::run(*load)?;
    let latency = |percent| outcome.latency_us.value_at_percentile(percent);
    let report = serde_json::json!({
        "bench": "dlms-load", "what": if load.ciphered { "ciphered" } else { "plain" }, "meters": load.meters,
        "beside": beside.map(Hostile::text), "pause_ms": load.pause_ms,
        "sessions": load.sessions, "depth": load.depth, "threads": load.threads, "open_s": outcome.open_s,
        "wall_s": outcome.wall_s, "answered": outcome.answered, "refused": outcome.refused, "closed": outcome.closed,
        "missing": outcome.missing, "requests_per_s": outcome.answered as f64 / outcome.wall_s,
        "p50_us": latency(50.0), "p90_us": latency(90.0), "p99_us": latency(99.0), "p999_us": latency(99.9),
        "max_us": outcome.latency_us.max(),
    });
    println!("{report}");
    Ok(latency(99.0))
}
