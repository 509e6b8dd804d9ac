//! Fleets over years: a plan that a peer can play by the same rules, and what it came to.

use amitwin_data::rows::Part;
use amitwin_maintenance::climate::Climate;
use amitwin_maintenance::shifts::Shifts;
use amitwin_maintenance::spec::{Crews, Tasks};
use amitwin_maintenance::{PlanSpec, Run, hardware};

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
    let work = &mut plan.work;
    work.shifts = Shifts::ALWAYS;
    (work.missed, work.spread, work.visit_s) = (0.0, 0.0, 0);
    work.tasks_s = [7_200; 9];
    plan
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
