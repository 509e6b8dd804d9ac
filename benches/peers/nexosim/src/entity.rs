//! One PHOLD entity as a NexoSim model, and the hub through which it reaches any other.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nexosim::model::{Context, Model, schedulable};
use nexosim::simulation::{EventId, Scheduler, SchedulingError};
use serde::{Deserialize, Serialize};

/// Mean of the exponential part of the delay [s].
const MEAN_S: f64 = 1.0;

static HUB: OnceLock<Hub> = OnceLock::new();

/// What an entity needs to send to a far one. An output port for each pair would take a quarter of a
/// terabyte at a million entities, so far events go straight into the simulation's queue.
pub struct Hub {
    scheduler: Scheduler,
    ports: Vec<EventId<()>>,
    remote: f64,
    lookahead_s: f64,
    handled: AtomicU64,
}

impl Hub {
    /// Makes the hub known to all entities; called once, before the run.
    pub fn install(scheduler: Scheduler, ports: Vec<EventId<()>>, remote: f64, lookahead_s: f64) -> &'static Self {
        HUB.get_or_init(|| Self { scheduler, ports, remote, lookahead_s, handled: AtomicU64::new(0) })
    }

    /// Schedules an event on entity `target` after `delay`.
    pub fn send(&self, target: u32, delay: Duration) -> Result<(), SchedulingError> {
        self.scheduler.schedule_event(delay, &self.ports[target as usize], ())
    }

    /// Events handled so far, by all entities.
    pub fn handled(&self) -> u64 {
        self.handled.load(Ordering::Relaxed)
    }
}

/// A PHOLD entity: its index and the state of its generator.
#[derive(Serialize, Deserialize)]
pub struct Entity {
    index: u32,
    random: u64,
}

#[Model]
impl Entity {
    /// Entity `index` of a run with `seed`.
    pub fn new(index: u32, seed: u64) -> Self {
        Self { index, random: Self::start_state(index, seed) }
    }

    /// First generator state of entity `index`.
    pub fn start_state(index: u32, seed: u64) -> u64 {
        let mut state = seed ^ (u64::from(index) << 32);
        next(&mut state)
    }

    /// Handles one event: passes it on to itself or to a random other entity.
    pub fn event(&mut self, _: (), context: &Context<Self>) {
        self.pass_on(context);
    }

    #[nexosim(schedulable)]
    fn own_event(&mut self, _: (), context: &Context<Self>) {
        self.pass_on(context);
    }

    fn pass_on(&mut self, context: &Context<Self>) {
        let hub = HUB.get().expect("the hub is installed before the first event");
        hub.handled.fetch_add(1, Ordering::Relaxed);
        let delay = draw_delay(&mut self.random, hub.lookahead_s);
        let scheduled = if unit(&mut self.random) < hub.remote {
            let others = hub.ports.len() as u64 - 1;
            let pick = (unit(&mut self.random) * others as f64) as u32;
            let target = if pick >= self.index { pick + 1 } else { pick };
            hub.send(target, delay)
        } else {
            context.schedule_event(delay, schedulable!(Self::own_event), ())
        };
        scheduled.expect("every delay is at least the lookahead");
    }
}

/// Lookahead plus an exponential time.
pub fn draw_delay(state: &mut u64, lookahead_s: f64) -> Duration {
    Duration::from_secs_f64(lookahead_s - MEAN_S * (1.0 - unit(state)).ln())
}

/// Uniform in [0, 1).
fn unit(state: &mut u64) -> f64 {
    (next(state) >> 11) as f64 / (1u64 << 53) as f64
}

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
