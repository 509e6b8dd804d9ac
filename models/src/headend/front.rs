//! What stands between the head-end's jobs and the world: workers that take messages in, and the pace at which sessions begin.

use super::desk::{Arrival, Desk};
use super::{Ctx, Event};
use crate::backhaul::Report;
use crate::event;
use crate::purpose;
use crate::spec::HeadEndSpec;
use amitwin_data::rows::{HeadendRow, Rows};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::key;
use serde::{Deserialize, Serialize};

const MINUTE: SimTime = SimTime::from_secs(60);

/// At which pace sessions begin: one after the other, a fixed time apart.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pace {
    /// Between two of them.
    apart: SimTime,
    /// No next one before this.
    next: SimTime,
    /// Begun since the minute did.
    begun: u32,
    /// How long one of these waits for its turn at most.
    waits: SimTime,
}

impl Pace {
    /// A session is asked for: when it begins.
    pub fn session(&mut self, now: SimTime) -> SimTime {
        let at = self.next.max(now);
        self.next = at + self.apart;
        self.begun += 1;
        self.waits = self.waits.max(at - now);
        at
    }
}

/// The limited head-end.
#[derive(Debug)]
pub struct Front {
    spec: HeadEndSpec,
    /// Of the service times.
    key: u64,
    desk: Desk<Box<Report>>,
    /// Of the sessions.
    pub pace: Pace,
}

/// It in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    desk: Desk<Box<Report>>,
    pace: Pace,
}

impl State {
    /// Messages that wait or are served.
    pub fn reports(&self) -> impl Iterator<Item = &Report> {
        self.desk.iter().map(|report| &**report)
    }
}

/// Schedules the end of the first minute.
pub fn start(ctx: &mut Ctx) {
    ctx.schedule(MINUTE, 0, event::Event::HeadEnd(Event::Minute));
}

impl Front {
    /// With nothing to do.
    pub fn new(spec: &HeadEndSpec, seed: u64) -> Self {
        let apart = spec.sessions_per_second.map_or(SimTime::ZERO, |rate| SimTime::from_secs_f64(1.0 / rate));
        let pace = Pace { apart, next: SimTime::ZERO, begun: 0, waits: SimTime::ZERO };
        Front { desk: Desk::new(spec), spec: spec.clone(), key: key(seed, 0, purpose::SERVICE), pace }
    }

    /// A message of a meter arrives.
    pub fn arrives(&mut self, ctx: &mut Ctx, report: Box<Report>) {
        // What is refused is lost: its sender hears nothing, as when it is lost on the way.
        if let Arrival::Begun(begun) = self.desk.arrives(&self.spec, self.key, ctx.now(), report) {
            ctx.schedule(begun.at, 0, event::Event::HeadEnd(Event::Served { place: begun.place }));
        }
    }

    /// A worker is done with a message, and goes on with the next one.
    pub fn served(&mut self, ctx: &mut Ctx, place: u32) -> Option<Box<Report>> {
        let (report, next) = self.desk.done(&self.spec, self.key, ctx.now(), place);
        if let Some(begun) = next {
            ctx.schedule(begun.at, 0, event::Event::HeadEnd(Event::Served { place: begun.place }));
        }
        report
    }

    /// Writes the minute that is over and schedules the next one's end.
    pub fn minute(&mut self, ctx: &mut Ctx, rows: &mut Rows) {
        let now = ctx.now();
        self.write(now - MINUTE, MINUTE, rows);
        ctx.schedule(now + MINUTE, 0, event::Event::HeadEnd(Event::Minute));
    }

    /// The run ends in the midst of a minute.
    pub fn finish(&mut self, now: SimTime, rows: &mut Rows) {
        let length = now % MINUTE;
        if length > SimTime::ZERO {
            self.write(now - length, length, rows);
        }
    }

    fn write(&mut self, start: SimTime, length: SimTime, rows: &mut Rows) {
        let counts = self.desk.take_counts();
        let (begun, waits) = (std::mem::take(&mut self.pace.begun), std::mem::take(&mut self.pace.waits));
        let worked_s = counts.service_ns as f64 / 1e9;
        rows.headend.push(HeadendRow {
            time_s: start.secs_f64(),
            arrived: counts.arrived as u32,
            refused: counts.refused as u32,
            served: counts.begun as u32,
            wait_s: (counts.begun > 0).then(|| (counts.waited_ns as f64 / counts.begun as f64 / 1e9) as f32),
            queue_max: counts.queue_max,
            queue_end: self.desk.waiting() as u32,
            busy_share: (worked_s / (length.secs_f64() * f64::from(self.spec.workers))) as f32,
            sessions: begun,
            sessions_wait_s: waits.secs_f64() as f32,
        });
    }

    /// Whether a worker is busy at a place.
    pub fn serves(&self, place: u32) -> bool {
        self.desk.serves(place)
    }

    /// What changes in a run.
    pub fn save(&self) -> State {
        State { desk: self.desk.clone(), pace: self.pace.clone() }
    }

    /// Goes on from what was saved.
    ///
    /// # Errors
    /// It is not of these limits.
    pub fn restore(&mut self, state: State) -> Result<(), String> {
        state.desk.check(&self.spec)?;
        (self.desk, self.pace) = (state.desk, state.pace);
        Ok(())
    }
}
