//! Why jobs wait at the end of a plan: for spares, for crews, or for those among them who have the skills.

use amitwin_maintenance::PlanSpec;
use amitwin_maintenance::heat::DAY_S;
use amitwin_maintenance::spec::DepotSpec;
use amitwin_maintenance::tally::Tally;

/// Jobs are too many when so many years' work waits at the end.
const BACKLOG_Y: f64 = 0.5;
/// Fewer than that are no matter.
const JOBS_MIN: u32 = 10;
/// Crews that are busy for less of their shifts are not what is lacking.
const BUSY_SHARE: f64 = 0.85;

/// What is said of the jobs that wait at a depot.
pub(super) fn warnings(spec: &PlanSpec, depot: &DepotSpec, total: &Tally) -> Vec<String> {
    let years = f64::from(spec.years);
    let (lacking, out_s) = (total.backlog.lacking.unwrap_or(0), total.backlog.out_s.unwrap_or(0.0));
    let waiting = total.backlog.jobs.saturating_sub(lacking);
    let is_much = |jobs: u32, a_year: f64| jobs > JOBS_MIN && f64::from(jobs) > BACKLOG_Y * a_year;
    let (visits_y, put_in_y) = (f64::from(total.rolls.all) / years, f64::from(total.spares_used()) / years);
    let crews: u32 = depot.crews.iter().map(|crews| crews.count).sum();
    let busy = total.busy_s / (f64::from(crews) * spec.work.shifts.year_s() * years).max(1.0);
    let mut all = Vec::new();
    if is_much(lacking, put_in_y) {
        all.push(format!(
            "spares of `{}` run out: {lacking} jobs lack one at the end, and a kind was out for {:.0} days a year; crews were busy for {:.0} % of \
             their shifts, so raise `full` and `reorder` of its spares, or shorten their `lead`",
            depot.name,
            out_s / DAY_S / years,
            100.0 * busy
        ));
    }
    if is_much(waiting, visits_y) {
        let of = if busy < BUSY_SHARE {
            format!(
                "; they were busy for only {:.0} % of their shifts, so those with the skills are too few",
                100.0 * busy
            )
        } else {
            String::new()
        };
        all.push(format!(
            "the crews of `{}` do not keep up: {waiting} jobs wait for one at the end, and they do {visits_y:.0} a year{of}",
            depot.name
        ));
    }
    all
}
