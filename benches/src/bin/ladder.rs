//! 10 k, 100 k and 1 M meters, one report an hour each: wall time of a simulated hour, cost of a frame, memory a meter.
//! Each rung runs in a process of its own, so that its peak memory is its own.

use amitwin_benches::{ladder, memory, pool};
use amitwin_models::spec::Coupling;
use amitwin_sim_core::{Local, SimTime};
use clap::{Parser, ValueEnum};
use std::process::Command;

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Between {
    None,
    Window,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Around {
    Still,
    Fading,
    Weather,
    Foliage,
    All,
}

impl Around {
    const fn word(self) -> &'static str {
        match self {
            Around::Still => "still",
            Around::Fading => "fading",
            Around::Weather => "weather",
            Around::Foliage => "foliage",
            Around::All => "all",
        }
    }
}

#[derive(Parser)]
struct Args {
    /// Meters of each rung.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
    meters: Vec<u32>,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Simulated seconds.
    #[arg(long, default_value_t = 3_600.0)]
    sim: f64,
    /// How neighbouring meshes hear each other.
    #[arg(long, value_enum, default_value_t = Between::Window)]
    coupling: Between,
    /// Strongest neighbours that a radio keeps.
    #[arg(long, default_value_t = ladder::NEIGHBOURS)]
    neighbours: usize,
    /// What changes around the radios.
    #[arg(long, value_enum, default_value_t = Around::Fading)]
    environment: Around,
    /// Run a single rung in this process.
    #[arg(long, hide = true)]
    rung: Option<u32>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    if let Some(meters) = args.rung {
        println!("{}", rung(&args, meters)?);
        return Ok(());
    }
    let mut rungs = Vec::new();
    for meters in &args.meters {
        let coupling = if args.coupling == Between::None { "none" } else { "window" };
        let output = Command::new(std::env::current_exe()?)
            .args(["--rung", &meters.to_string(), "--threads", &args.threads.to_string()])
            .args(["--sim", &args.sim.to_string(), "--coupling", coupling])
            .args(["--neighbours", &args.neighbours.to_string()])
            .args(["--environment", args.environment.word()])
            .stderr(std::process::Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err(format!("the rung of {meters} meters failed: {}", output.status).into());
        }
        rungs.push(serde_json::from_slice::<serde_json::Value>(&output.stdout)?);
    }
    println!(
        "{}",
        serde_json::json!({ "bench": "ladder", "sim_s": args.sim, "threads": args.threads, "neighbours": args.neighbours,
            "rungs": rungs })
    );
    Ok(())
}

fn rung(args: &Args, meters: u32) -> Result<serde_json::Value, Box<dyn std::error::Error>> {
    let coupling = if args.coupling == Between::None { Coupling::None } else { Coupling::Window };
    let sim = SimTime::from_secs_f64(args.sim);
    let environment = match args.environment {
        Around::Still => ladder::Environment::Still,
        Around::Fading => ladder::Environment::Fading,
        Around::Weather => ladder::Environment::Weather,
        Around::Foliage => ladder::Environment::Foliage,
        Around::All => ladder::Environment::All,
    };
    let spec = || ladder::spec(meters, args.neighbours, coupling, environment);
    let rung = pool(args.threads)?.install(|| ladder::run(spec(), sim, Local));
    let wall_s = rung.hour_s * args.sim / 3_600.0;
    Ok(serde_json::json!({
        "meters": meters, "build_s": rung.build_s, "wall_s_per_sim_hour": rung.hour_s,
        "events": rung.events, "events_per_s": rung.events as f64 / wall_s, "frames": rung.frames,
        "ns_per_frame": wall_s * 1e9 / rung.frames as f64,
        "delivered_share": rung.delivered.0 as f64 / rung.delivered.1.max(1) as f64, "unreachable": rung.unreachable,
        "built_bytes_per_meter": rung.built_bytes.map(|b| b as f64 / f64::from(meters)),
        "peak_bytes_per_meter": memory::peak_bytes().map(|b| b as f64 / f64::from(meters)),
    }))
}
