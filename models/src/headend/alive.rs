//! Who is alive, as far as keep-alives tell.
//!
//! When the last moment of a period has passed at which a keep-alive may be sent, and a while for its way, the head-end looks who has missed it.

use super::standing::Standings;
use super::{Ctx, Event};
use crate::backhaul::Report;
use crate::check::ensure;
use crate::event;
use crate::node::SiteId;
use crate::spec::KeepAliveSpec;
use amitwin_data::rows::{EventKind, EventRow, Rows};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// How long a keep-alive may be on its way.
pub const ON_ITS_WAY: SimTime = SimTime::from_secs(30);

/// What the head-end knows of a meter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// Keep-alives of so many periods may have come: the number of the last one that did, plus one.
    heard: u32,
    /// It counts as silent.
    silent: bool,
}

/// What the head-end knows of meters that send keep-alives.
#[derive(Clone, Debug)]
pub struct Alive {
    spec: KeepAliveSpec,
    /// The meters, ascending.
    meters: Vec<SiteId>,
    known: Vec<Known>,
}

/// What of it changes in a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State(Vec<Known>);

impl Alive {
    /// Nothing heard yet of these meters.
    pub fn new(spec: &KeepAliveSpec, meters: &[SiteId]) -> Alive {
        Alive { spec: spec.clone(), meters: meters.to_vec(), known: vec![Known::default(); meters.len()] }
    }

    /// Schedules the look after the first period.
    pub fn start(&self, ctx: &mut Ctx) {
        self.look_after(ctx, 0);
    }

    fn look_after(&self, ctx: &mut Ctx, period: u32) {
        let begins = SimTime::from_nanos(self.spec.every.nanos().saturating_mul(u64::from(period)));
        let at = begins + self.spec.spread + ON_ITS_WAY;
        ctx.schedule(at, 0, event::Event::HeadEnd(Event::Alive { period }));
    }

    /// A period is over: who has missed as many as make a meter silent?
    pub fn look(&mut self, ctx: &mut Ctx, rows: &mut Rows, period: u32) {
        for (known, &meter) in self.known.iter_mut().zip(&self.meters) {
            let missed = (period + 1).saturating_sub(known.heard);
            if !known.silent && missed >= u32::from(self.spec.missed) {
                known.silent = true;
                rows.events.push(row(ctx.now(), meter, EventKind::Silent));
            }
        }
        self.look_after(ctx, period + 1);
    }

    /// A keep-alive has come.
    pub fn hear(&mut self, now: SimTime, rows: &mut Rows, report: &Report, period: u32) {
        let Ok(at) = self.meters.binary_search(&report.meter) else { return };
        let known = &mut self.known[at];
        known.heard = known.heard.max(period.saturating_add(1));
        if std::mem::take(&mut known.silent) {
            rows.events.push(row(now, report.meter, EventKind::HeardAgain));
        }
    }

    /// Tells who counts as silent.
    pub fn tell(&self, standings: &mut Standings) {
        for (known, &meter) in self.known.iter().zip(&self.meters) {
            standings.silent(meter, known.silent);
        }
    }

    /// What changes in a run.
    pub fn save(&self) -> State {
        State(self.known.clone())
    }

    /// Goes on from what was saved.
    ///
    /// # Errors
    /// It is of other meters.
    pub fn restore(&mut self, state: State) -> Result<(), String> {
        ensure(state.0.len() == self.known.len(), || "head-end: keep-alives of other meters".to_owned())?;
        self.known = state.0;
        Ok(())
    }
}

fn row(now: SimTime, meter: SiteId, kind: EventKind) -> EventRow {
    EventRow { time_s: now.secs_f64(), node: meter.0, kind, value: 0 }
}
