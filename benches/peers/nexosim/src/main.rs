//! PHOLD on NexoSim: the peer of the `phold` bench. Prints one JSON object.

mod entity;

use std::error::Error;
use std::time::{Duration, Instant};

use clap::Parser;
use nexosim::ports::EventSource;
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;

use entity::{Entity, Hub, draw_delay};

/// PHOLD on NexoSim 1.0.
#[derive(Parser)]
struct Options {
    /// Number of entities, each a NexoSim model
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..))]
    entities: u32,
    /// Events that each entity starts with
    #[arg(long, default_value_t = 1)]
    per_entity: u32,
    /// Probability that an event goes to another entity
    #[arg(long, default_value_t = 0.1)]
    remote: f64,
    /// Smallest delay of an event [s]
    #[arg(long, default_value_t = 1.0)]
    lookahead: f64,
    /// Worker threads of the executor
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Simulated time to run [s]
    #[arg(long, default_value_t = 10.0)]
    end: f64,
    /// Seed of the entities' generators
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    if !(0.0..=1.0).contains(&options.remote) {
        return Err(format!("--remote {}: a probability lies between 0 and 1", options.remote).into());
    }

    let resident_before = resident_bytes();
    let set_up = Instant::now();
    let mut bench = SimInit::with_num_threads(options.threads);
    let mut ports = Vec::with_capacity(options.entities as usize);
    for index in 0..options.entities {
        let mailbox = Mailbox::new();
        ports.push(EventSource::new().connect(Entity::event, &mailbox).register(&mut bench));
        bench = bench.add_model(Entity::new(index, options.seed), mailbox, "e");
    }
    let mut simulation = bench.init(MonotonicTime::EPOCH)?;
    let hub = Hub::install(simulation.scheduler(), ports, options.remote, options.lookahead);
    for index in 0..options.entities {
        let mut state = Entity::start_state(index, !options.seed);
        for _ in 0..options.per_entity {
            hub.send(index, draw_delay(&mut state, options.lookahead))?;
        }
    }
    let set_up_s = set_up.elapsed().as_secs_f64();

    let run = Instant::now();
    simulation.step_until(Duration::from_secs_f64(options.end))?;
    let wall_s = run.elapsed().as_secs_f64();

    let events = hub.handled();
    let bytes = resident_bytes().saturating_sub(resident_before);
    println!(
        "{{\"program\":\"nexosim-phold\",\"entities\":{},\"per_entity\":{},\"remote\":{},\"threads\":{},\"sim_s\":{},\
         \"setup_s\":{set_up_s:.3},\"wall_s\":{wall_s:.3},\"events\":{events},\"events_per_s\":{:.1},\"bytes_per_entity\":{:.0}}}",
        options.entities,
        options.per_entity,
        options.remote,
        options.threads,
        options.end,
        events as f64 / wall_s,
        bytes as f64 / f64::from(options.entities),
    );
    Ok(())
}

/// Resident set of this process [B]; 0 where `/proc` is missing.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok())
        .map_or(0, |kibibytes| kibibytes * 1024)
}
