//! Crews go to meters that campaigns have given up, in the order in which they were, and restart them by their supply.

use super::{End, JobKind, Tools};
use crate::apdu::Ask;
use crate::backhaul::{DownKind, Found, Report, ReportKind, Visit};
use crate::check::{ensure, same_count};
use crate::event::Event;
use crate::headend::front::Left;
use crate::headend::sessions::Key;
use crate::headend::{self, Ctx};
use crate::node::SiteId;
use crate::purpose::{VISIT_TRAVEL, VISIT_WORK};
use crate::spec::{TechniciansSpec, WorldSpec};
use crate::terrain::SiteKind;
use amitwin_data::rows::{FieldVisitRow, VisitCause, VisitFound};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A meter that is asked before a crew sets out has so long to answer, so many times.
const ASK_TIMEOUT: SimTime = SimTime::from_secs(60);
const ASK_TRIES: u16 = 3;

const DAY: SimTime = SimTime::from_secs(86_400);

/// Why a meter gets a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// It was not heard again after its reset.
    NotBack,
    /// It did not take an image.
    NotServed,
    /// It was not heard to run an image that it activated.
    NotRunning,
}

/// A campaign has given a meter up that is to get a visit.
#[derive(Clone, Debug)]
pub struct Call {
    /// The meter.
    pub meter: SiteId,
    /// Number of the campaign's job.
    pub job: u16,
    /// Name of the campaign.
    pub campaign: Arc<str>,
    /// What it was given up for.
    pub cause: Cause,
}

/// The crews, and where they go.
#[derive(Clone, Debug)]
pub struct Field {
    spec: TechniciansSpec,
    /// Of each site, metres.
    places: Vec<(f32, f32)>,
    /// Where crews set out from, metres.
    depot: (f64, f64),
    /// What meters' clocks show as the run begins, since midnight before Monday.
    begins: SimTime,
}

impl Field {
    /// Those of a world, if it has some.
    pub fn of(spec: &WorldSpec) -> Option<Field> {
        let technicians = spec.surroundings.technicians.clone()?;
        let places: Vec<(f32, f32)> = spec.placement.sites.iter().map(|site| (site.x_m, site.y_m)).collect();
        let meters = spec.placement.of_kind(SiteKind::Meter).map(|site| places[site as usize]);
        let (mut depot, mut count) = ((0.0, 0.0), 0.0);
        for (x_m, y_m) in meters {
            depot = (depot.0 + f64::from(x_m), depot.1 + f64::from(y_m));
            count += 1.0;
        }
        let depot = (depot.0 / f64::max(count, 1.0), depot.1 / f64::max(count, 1.0));
        Some(Field { spec: technicians, places, depot, begins: spec.dlms.begins_of_week() })
    }

    /// Number of the day and time of it, at a time of the run.
    fn clock(&self, now: SimTime) -> (u64, SimTime) {
        let local = self.begins + now;
        (local.nanos() / DAY.nanos(), SimTime::from_nanos(local.nanos() % DAY.nanos()))
    }

    /// Now, if a crew may set out now, or when the next shift begins.
    fn shift(&self, now: SimTime) -> Result<(), SimTime> {
        let (today, time) = self.clock(now);
        let (from, to) = self.spec.shift;
        let works = |day: u64| self.spec.weekends || day % 7 < 5;
        if works(today) && (from..to).contains(&time) {
            return Ok(());
        }
        let first = if time < from { today } else { today + 1 };
        // Two days in a row are free at the most.
        let day = (first..first + 3).find(|&day| works(day)).unwrap_or(first);
        Err(DAY * day + from - self.begins)
    }

    fn km(&self, from: Option<SiteId>, to: SiteId) -> f64 {
        let place = |site: SiteId| {
            let (x_m, y_m) = self.places[site.at()];
            (f64::from(x_m), f64::from(y_m))
        };
        let ((ax, ay), (bx, by)) = (from.map_or(self.depot, place), place(to));
        ((ax - bx) * (ax - bx) + (ay - by) * (ay - by)).sqrt() / 1_000.0
    }
}

/// Timers of technicians.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wake {
    /// A shift begins.
    Shift,
    /// A meter that is asked has not answered in time.
    Timeout {
        /// Number of the question.
        read: u32,
        /// Valid if this is still the last try.
        attempt: u16,
    },
}

/// A meter that waits for a crew, or has one.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Open {
    number: u32,
    meter: SiteId,
    job: u16,
    cause: Cause,
    opened: SimTime,
    campaign: Arc<str>,
    /// When the crew set out, and when it arrives.
    left: Option<(SimTime, SimTime)>,
}

/// What a crew does.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Crew {
    /// Where it was last, and on which day.
    at: Option<(SiteId, u64)>,
    /// Which meter it goes to, or sets out for as soon as that has not answered.
    has: Option<Open>,
}

/// Technicians in the middle of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    opened: u32,
    queue: VecDeque<Open>,
    crews: Vec<Crew>,
    /// Questions: crew that waits for the answer, and tries that have left.
    asking: BTreeMap<u32, (u32, u16)>,
    /// The beginning of the next shift is awaited.
    awaits_shift: bool,
}

/// All crews.
#[derive(Debug)]
pub struct Technicians {
    job: u16,
    seed: u64,
    field: Field,
    state: State,
}

impl Technicians {
    /// Job `job`.
    pub fn new(field: &Field, job: u16, seed: u64) -> Self {
        let crews = vec![Crew::default(); field.spec.crews as usize];
        Technicians { job, seed, field: field.clone(), state: State { crews, ..State::default() } }
    }

    fn wake(&self, ctx: &mut Ctx, at: SimTime, wake: Wake) {
        ctx.schedule(at, 0, Event::HeadEnd(headend::Event::Job(super::Wake::Technicians { job: self.job, wake })));
    }

    /// Gives crews that are free the meters that wait, while a shift lasts.
    fn dispatch(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        while !self.state.queue.is_empty() {
            let Some(crew) = self.state.crews.iter().position(|crew| crew.has.is_none()) else { return };
            if let Err(begins) = self.field.shift(ctx.now()) {
                if !std::mem::replace(&mut self.state.awaits_shift, true) {
                    self.wake(ctx, begins, Wake::Shift);
                }
                return;
            }
            self.state.crews[crew].has = self.state.queue.pop_front();
            // Without a valid certificate there is no session to ask it in.
            let has = self.state.crews[crew].has.as_ref();
            let may_ask = has.is_some_and(|open| !tools.talk.has_expired(open.meter, ctx.now()));
            if self.field.spec.ask_first && may_ask {
                let read = tools.numbers.open(self.job);
                self.state.asking.insert(read, (crew as u32, 0));
                self.ask(ctx, tools, read);
            } else {
                self.set_out(ctx, tools, crew);
            }
        }
    }

    /// Asks the meter that a crew is to go to.
    fn ask(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, read: u32) {
        let Some(meter) = self.asked(read) else { return };
        if let Some(left) = tools.ask(ctx, (DownKind::Request { read }, meter), Ask::Clock) {
            self.said(ctx, read, left);
        }
    }

    fn asked(&self, read: u32) -> Option<SiteId> {
        let (crew, _) = self.state.asking.get(&read)?;
        self.state.crews[*crew as usize].has.as_ref().map(|open| open.meter)
    }

    fn said(&mut self, ctx: &mut Ctx, read: u32, left: Left) {
        let Some((_, attempts)) = self.state.asking.get_mut(&read) else { return };
        *attempts += 1;
        let attempt = *attempts;
        self.wake(ctx, left.at + ASK_TIMEOUT, Wake::Timeout { read, attempt });
    }

    fn timeout(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, read: u32, attempt: u16) {
        let Some(&(crew, attempts)) = self.state.asking.get(&read).filter(|(_, attempts)| *attempts == attempt) else {
            return;
        };
        if let Some(meter) = self.asked(read) {
            tools.close(ctx, (DownKind::Request { read }, meter));
        }
        if attempts < ASK_TRIES {
            return self.ask(ctx, tools, read);
        }
        self.state.asking.remove(&read);
        tools.numbers.close(read);
        self.set_out(ctx, tools, crew as usize);
    }

    /// A crew sets out.
    fn set_out(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, crew: usize) {
        let (now, (day, _)) = (ctx.now(), self.field.clock(ctx.now()));
        let last = self.state.crews[crew].at.filter(|(_, at)| *at == day).map(|(site, _)| site);
        let Some(open) = &mut self.state.crews[crew].has else { return };
        let draw = |(low, high): (SimTime, SimTime), purpose| {
            let place = Stream::new(self.seed, u64::from(open.number) << 32 | u64::from(open.meter), purpose).unit();
            low + SimTime::from_secs_f64((high - low).secs_f64() * place)
        };
        let spec = &self.field.spec;
        let way = SimTime::from_secs_f64(spec.travel_per_km.secs_f64() * self.field.km(last, open.meter));
        let arrives = now + (draw(spec.travel, VISIT_TRAVEL) + way).max(tools.network.latency);
        let visit = Visit {
            meter: open.meter,
            job: open.job,
            crew: crew as u32,
            done: arrives + draw(spec.work, VISIT_WORK),
            found: None,
        };
        open.left = Some((now, arrives));
        self.state.crews[crew].at = Some((visit.meter, day));
        ctx.send(tools.network.partition[visit.meter.at()], arrives, 0, Event::Visit(Box::new(visit)));
    }

    /// The meter has answered a question: nobody sets out.
    fn answered(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report) {
        let ReportKind::Answer { read } = report.kind else { unreachable!("{report:?} is for no technician") };
        let Some((crew, _)) = self.state.asking.remove(&read) else { return };
        tools.numbers.close(read);
        tools.close(ctx, (DownKind::Request { read }, report.meter));
        if let Some(open) = self.state.crews[crew as usize].has.take() {
            record(tools, &open, None, Some(ctx.now()), VisitFound::Answered);
        }
        self.dispatch(ctx, tools);
    }
}

fn record(tools: &mut Tools<'_>, open: &Open, crew: Option<u32>, done: Option<SimTime>, found: VisitFound) {
    tools.rows.field_visits.push(FieldVisitRow {
        opened_s: open.opened.secs_f64(),
        node: open.meter.0,
        campaign: open.campaign.clone(),
        cause: match open.cause {
            Cause::NotBack => VisitCause::NotBack,
            Cause::NotServed => VisitCause::NotServed,
            Cause::NotRunning => VisitCause::NotRunning,
        },
        crew: crew.map(|crew| crew + 1),
        begun_s: open.left.map(|(begun, _)| begun.secs_f64()),
        arrived_s: open.left.map(|(_, arrives)| arrives.secs_f64()),
        done_s: done.map(SimTime::secs_f64),
        found,
    });
}

impl JobKind for Technicians {
    const ASKS: bool = true;
    type Wake = Wake;
    type State = State;

    fn save(&self) -> State {
        self.state.clone()
    }

    fn knows(&self, wake: Wake) -> bool {
        match wake {
            Wake::Shift | Wake::Timeout { .. } => true,
        }
    }

    fn restore(&mut self, state: State) -> Result<(), String> {
        same_count("technicians: crews", state.crews.len(), self.state.crews.len())?;
        let sites = self.field.places.len();
        let open = state.crews.iter().flat_map(|crew| &crew.has).chain(&state.queue);
        let places = state.crews.iter().filter_map(|crew| crew.at).map(|(site, _)| site);
        let known = open.map(|open| open.meter).chain(places).all(|site| site.at() < sites)
            && state.asking.values().all(|(crew, _)| (*crew as usize) < state.crews.len());
        ensure(known, || "technicians: they are at a meter that is not here".to_owned())?;
        self.state = state;
        Ok(())
    }

    fn start(&mut self, _ctx: &mut Ctx, _tools: &mut Tools<'_>) {}

    fn due(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, wake: Wake) {
        match wake {
            Wake::Shift => {
                self.state.awaits_shift = false;
                self.dispatch(ctx, tools);
            }
            Wake::Timeout { read, attempt } => self.timeout(ctx, tools, read, attempt),
        }
    }

    fn left(&mut self, ctx: &mut Ctx, _tools: &mut Tools<'_>, (kind, _): Key, left: Left) {
        if let DownKind::Request { read } = kind {
            self.said(ctx, read, left);
        }
    }

    fn heard(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report) {
        self.answered(ctx, tools, report);
    }

    fn refused(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report) {
        self.answered(ctx, tools, report);
    }

    /// A meter that waits for a visit already gets one for both.
    fn called(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, call: Call) {
        let Call { meter, job, campaign, cause } = call;
        let mut open = self.state.crews.iter().flat_map(|crew| &crew.has).chain(&self.state.queue);
        if open.any(|open| open.meter == meter) {
            return;
        }
        let number = self.state.opened;
        self.state.opened += 1;
        let opened = ctx.now();
        self.state.queue.push_back(Open { number, meter, job, cause, opened, campaign, left: None });
        self.dispatch(ctx, tools);
    }

    fn visited(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, visit: &Visit) {
        let Some(crew) = self.state.crews.get_mut(visit.crew as usize) else { return };
        let (Some(open), Some(found)) = (crew.has.take(), visit.found) else { return };
        let found = match found {
            Found::Done => VisitFound::Done,
            Found::NotDone => VisitFound::NotDone,
            Found::CutOff => VisitFound::CutOff,
            Found::Dark => VisitFound::Dark,
            Found::Bricked => VisitFound::Bricked,
        };
        record(tools, &open, Some(visit.crew), Some(ctx.now()), found);
        self.dispatch(ctx, tools);
    }

    /// Who still waits, or is on the way.
    fn finish(&mut self, tools: &mut Tools<'_>, _end: End<'_>) {
        for (number, crew) in (0..).zip(&self.state.crews) {
            if let Some(open) = &crew.has {
                let found = if open.left.is_some() { VisitFound::UnderWay } else { VisitFound::Waiting };
                record(tools, open, open.left.map(|_| number), None, found);
            }
        }
        for open in &self.state.queue {
            record(tools, open, None, None, VisitFound::Waiting);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(shift_h: (u64, u64), begins_h: u64) -> Field {
        let hours = |hours: u64| SimTime::from_secs(hours * 3_600);
        let spec = TechniciansSpec { shift: (hours(shift_h.0), hours(shift_h.1)), ..TechniciansSpec::default() };
        Field { spec, places: vec![(0.0, 0.0), (3_000.0, 4_000.0)], depot: (3_000.0, 0.0), begins: hours(begins_h) }
    }

    #[test]
    fn crews_set_out_in_their_shift_alone() {
        let hours = |hours: u64| SimTime::from_secs(hours * 3_600);
        // The run begins at 22 o'clock; the shift is from 7 to 16 o'clock, 9 to 18 hours later.
        let field = field((7, 16), 22);
        assert_eq!(field.shift(hours(0)), Err(hours(9)));
        assert_eq!(field.shift(hours(8)), Err(hours(9)));
        assert_eq!((field.shift(hours(9)), field.shift(hours(17))), (Ok(()), Ok(())));
        assert_eq!(field.shift(hours(18)), Err(hours(33)));
    }

    #[test]
    fn on_weekends_crews_stay_at_home_if_they_are_free() {
        let hours = |hours: u64| SimTime::from_secs(hours * 3_600);
        // Friday, 12 o'clock.
        let mut field = field((7, 16), 4 * 24 + 12);
        assert_eq!((field.shift(hours(1)), field.shift(hours(4))), (Ok(()), Err(hours(19))));
        field.spec.weekends = false;
        assert_eq!(field.shift(hours(1)), Ok(()));
        // From Friday, 16 o'clock, to Monday, 7 o'clock; that is so on Saturday and on Sunday at noon as well, and before the shift on Monday.
        for now in [4, 24, 48, 60] {
            assert_eq!(field.shift(hours(now)), Err(hours(67)), "{now} h");
        }
        assert_eq!(field.shift(hours(67)), Ok(()));
        // 2026-01-01 was a Thursday.
        let spec = crate::spec::DlmsSpec { start_unix_s: 1_767_225_600 + 3_600, ..Default::default() };
        assert_eq!(spec.begins_of_week(), hours(3 * 24 + 1));
    }

    #[test]
    fn the_way_is_from_the_depot_or_the_last_meter() {
        let field = field((0, 24), 0);
        assert_eq!(field.km(None, SiteId(1)), 4.0);
        assert_eq!(field.km(Some(SiteId(0)), SiteId(1)), 5.0);
        assert_eq!(field.km(Some(SiteId(1)), SiteId(1)), 0.0);
        assert_eq!(field.shift(SimTime::from_secs(86_399)), Ok(()));
    }
}
