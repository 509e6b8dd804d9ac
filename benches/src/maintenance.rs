//! Fleets over years: a plan that a peer can play by the same rules, and what it came to.

use amitwin_data::rows::{Part, VisitRow};
use amitwin_maintenance::climate::Climate;
use amitwin_maintenance::heat::YEAR_S;
use amitwin_maintenance::life::days;
use amitwin_maintenance::shifts::Shifts;
use amitwin_maintenance::spec::{Code, Crews, DepotSpec, Meters, Only, Rule, StockSpec, Tasks, When};
use amitwin_maintenance::{PlanSpec, Run, hardware};
use std::sync::Arc;

/// Meters whose boards, modules and capacitors fail and which are exchanged, each in two hours, by a crew that never sleeps and is there
/// at once. Nothing else happens.
pub fn exchanges(meters: u32, at_c: f64, crews: u32, seed: u64) -> PlanSpec {
    let mut plan = PlanSpec { seed, ..PlanSpec::plain(meters) };
    plan.vintages[0].parts = [Part::Board, Part::Module, Part::Capacitor].map(hardware::default).to_vec();
    plan.vintages[0].parts.iter_mut().for_each(|part| part.restart_cures = 0.0);
    let depot = &mut plan.depots[0];
    (depot.climate, depot.area_km2) = (Climate::constant(at_c), 0.0);
    depot.crews = vec![Crews::of(crews, Tasks::ALL)];
    (plan.policy.alarm_s, plan.policy.patience_s) = (1, 1);
    // Who is sent knows that a new meter is wanted, and takes the time for it alone.
    plan.policy.rules = vec![Rule {
        name: "exchange what is silent".to_owned(),
        when: When::Seen(Code::Radio),
        tasks: Tasks::EXCHANGE,
        within_s: days(30.0),
        priority: 1,
        only: Only::default(),
    }];
    let work = &mut plan.work;
    work.shifts = Shifts::ALWAYS;
    (work.missed, work.spread, work.visit_s) = (0.0, 0.0, 0);
    work.tasks_s = [7_200; 9];
    plan
}

/// Depots of the plan [`busy`]: meters, the temperature inside of them, and crews.
const DEPOTS: [(u32, f64, u32); 4] = [(7_800, 41.0, 1), (16_500, 41.0, 2), (27_500, 40.0, 3), (9_800, 39.0, 1)];

/// Meters of several ages at four depots, whose crews are at work for more than four fifths of their shifts: what falls silent is exchanged by who
/// drives there, if somebody opens and a meter is in stock. `benches/peers/simpy/depots.py` says the same rules.
pub fn busy(seed: u64) -> PlanSpec {
    let before_s = (14.0 * YEAR_S) as u32;
    let mut plan = PlanSpec { start_s: before_s, ..exchanges(0, 40.0, 0, seed) };
    plan.vintages[0].installed_s = (0, before_s);
    let mut first = 0;
    let depots = DEPOTS.map(|(meters, at_c, crews)| {
        let depot = DepotSpec {
            climate: Climate::constant(at_c),
            first,
            meters: Meters::Drawn(meters, Arc::from([1.0])),
            area_km2: f64::from(meters) / 200.0,
            crews: vec![Crews::of(crews, Tasks::ALL)],
            stock: vec![StockSpec { part: None, full: 400 * crews, reorder: 125 * crews, lead_s: days(60.0) }],
            ..plan.depots[0].clone()
        };
        first += meters;
        depot
    });
    plan.depots = depots.to_vec();
    (plan.policy.alarm_s, plan.policy.patience_s) = (days(1.0), days(3.0));
    let work = &mut plan.work;
    work.shifts = Shifts { begins_s: 8 * 3_600, length_s: 8 * 3_600, days: 5 };
    (work.missed, work.missed_again_s, work.spread, work.speed_kmh) = (0.05, days(7.0), 0.3, 30.0);
    work.tasks_s = [9_000; 9];
    plan
}

/// What the plan [`busy`] came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Waited {
    /// Visits, those to locked doors among them.
    pub visits: usize,
    /// Meters exchanged.
    pub exchanges: usize,
    /// Share of the crews' shifts in which they were on the way or at work.
    pub busy_share: f64,
    /// From the moment at which a job is known until a crew sets out for the first time, s: the mean.
    pub wait_s: f64,
    /// And what nine of ten wait at most.
    pub wait_p90_s: f64,
}

impl Waited {
    /// Plays a plan.
    pub fn of(plan: &PlanSpec) -> Waited {
        let (mut run, mut visits): (Run, Vec<VisitRow>) = (Run::new(plan), Vec::new());
        while run.run_year() {
            for rows in run.rows() {
                visits.append(&mut rows.visits);
                rows.clear();
            }
        }
        let busy_s: f64 = visits.iter().map(|visit| f64::from(visit.travel_s + visit.work_s)).sum();
        let crews: u32 = plan.depots.iter().flat_map(|depot| &depot.crews).map(|crews| crews.count).sum();
        let shifts_s = f64::from(crews) * plan.work.shifts.year_s() * f64::from(plan.years);
        Waited {
            visits: visits.len(),
            exchanges: visits.iter().filter(|visit| visit.exchanged).count(),
            busy_share: busy_s / shifts_s,
            ..waits(visits)
        }
    }
}

/// Waits until the first visit of each job, which is known by its meter and by when it became known.
fn waits(mut visits: Vec<VisitRow>) -> Waited {
    let opened_s = |visit: &VisitRow| visit.time_s - f64::from(visit.waited_s);
    visits.sort_by(|a, b| a.meter.cmp(&b.meter).then(a.time_s.total_cmp(&b.time_s)));
    visits.dedup_by(|later, first| later.meter == first.meter && opened_s(later) == opened_s(first));
    let mut waits: Vec<u32> = visits.iter().map(|visit| visit.waited_s).collect();
    waits.sort_unstable();
    let at = (waits.len() * 9).div_ceil(10).saturating_sub(1);
    let sum: f64 = waits.iter().map(|wait| f64::from(*wait)).sum();
    let p90_s = waits.get(at).copied().unwrap_or(0);
    Waited { wait_s: sum / waits.len().max(1) as f64, wait_p90_s: f64::from(p90_s), ..Waited::default() }
}

/// What a plan came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Visits.
    pub jobs: u64,
    /// Mean wait for a crew, s.
    pub wait_s: f64,
}

/// Plays a plan; rows are made and dropped.
pub fn play(plan: &PlanSpec) -> Outcome {
    let mut run = Run::new(plan);
    while run.run_year() {
        run.rows().for_each(amitwin_data::rows::Rows::clear);
    }
    let (jobs, waits, waited_s) = run.totals().fold((0, 0, 0.0), |(jobs, waits, waited), total| {
        (jobs + u64::from(total.rolls.all), waits + total.waits.0, waited + total.waits.1)
    });
    Outcome { jobs, wait_s: waited_s / f64::from(waits.max(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amitwin_data::rows::{Added, Reason, VisitOutcome};

    #[test]
    fn a_job_waits_until_its_first_visit() {
        let visit = |meter: u32, time_s: f64, waited_s: u32| VisitRow {
            time_s,
            meter,
            depot: 0,
            vintage_name: Default::default(),
            reason: Reason::Failure,
            outcome: VisitOutcome::Repaired,
            exchanged: true,
            waited_s,
            travel_s: 0,
            work_s: 0,
            crew: Added(None),
            tasks: Added(None),
            error_15a_share: Added(None),
            error_30a_share: Added(None),
            error_60a_share: Added(None),
        };
        // Meter 1 has two jobs, known at 10 and at 50; nobody opened when the first was tried. Meter 2 has one, known at 10.
        let waited = waits(vec![visit(1, 30.0, 20), visit(2, 14.0, 4), visit(1, 40.0, 30), visit(1, 56.0, 6)]);
        // 20, 4 and 6: nine of ten of three wait as long as the longest.
        assert_eq!((waited.wait_s, waited.wait_p90_s), (10.0, 20.0));
    }

    #[test]
    fn crews_of_the_busy_plan_are_busy_and_jobs_wait_for_them() {
        let plan = PlanSpec { years: 3, ..busy(1) };
        let waited = Waited::of(&plan);
        assert!((0.7..0.95).contains(&waited.busy_share), "{}", waited.busy_share);
        // A night and a weekend are half a day on average; what is more is queueing.
        assert!(waited.wait_s > f64::from(days(1.0)) && waited.wait_p90_s > waited.wait_s, "{waited:?}");
        assert!(waited.visits > waited.exchanges && waited.exchanges > 8_000, "{waited:?}");
    }
}
