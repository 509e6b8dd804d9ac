//! The declaration of the tables of maintenance plans.

use super::cell::{Added, Cell, CellError};
use super::column::{ColumnData, Cursor};
use super::declare::rows;
use super::tables::Rows;
use super::words::{Effect, Part, Reason, VisitOutcome};
use super::{Column, Gather, Row, TableInfo};
use std::cmp::Ordering;
use std::sync::Arc;

rows! {
    /// Everybody who went to a meter; of maintenance plans.
    visits: VisitRow, sorted by [time_s, meter], opt_in: true {
        /// When the crew set out, since the start of the plan.
        time_s: f64,
        /// The meter, by its number in the fleet.
        meter: u32,
        /// Depot that sent the crew.
        depot: u32,
        /// Why; of several reasons the most urgent.
        reason: Reason,
        /// What came of it.
        outcome: VisitOutcome,
        /// The meter was exchanged.
        exchanged: bool,
        /// From the moment that the job was known until the crew set out.
        waited_s: u32,
        /// On the way.
        travel_s: u32,
        /// At the meter.
        work_s: u32,
        /// Crew that went, by its name in the file; empty in runs of earlier versions.
        crew: Added<Arc<str>>,
        /// What it went for and what else it did there, words with blanks between them: inspect, clean, calibrate, neighbours, battery, supercapacitor, restart, exchange,
        /// repair; empty as `crew`.
        tasks: Added<Arc<str>>,
        /// Error that a calibration has read at 15 A, before the meter was adjusted; empty without one.
        error_15a_share: Added<f32>,
        /// The same at 30 A.
        error_30a_share: Added<f32>,
        /// The same at 60 A.
        error_60a_share: Added<f32>,
        /// Name of the meter's vintage; empty in runs of earlier versions.
        vintage_name: Added<Arc<str>>,
    }
    /// Every failure, when it has been repaired, or at the end of the plan; of maintenance plans.
    failures: FailureRow, sorted by [time_s, meter], opt_in: true {
        /// When it began, since the start of the plan.
        time_s: f64,
        /// The meter, by its number in the fleet.
        meter: u32,
        /// Depot that looks after it.
        depot: u32,
        /// Hardware of the meter, by its place in the file.
        vintage: u16,
        /// What failed.
        part: Part,
        /// What that does.
        effect: Effect,
        /// Age of the part.
        age_s: f64,
        /// Parts that were in its place before.
        generation: u8,
        /// From its beginning until the utility knew of it; empty if it never did.
        seen_after_s: Option<f64>,
        /// From its beginning until it was gone; empty if it was still there at the end.
        gone_after_s: Option<f64>,
        /// What the meter or the head-end said of it: E001 calibration, E042 tamper, E105 radio, Err 05 metrology; empty text for none, as of
        /// all that nobody has known of.
        code: Arc<str>,
        /// Name of its vintage; empty in runs of earlier versions.
        vintage_name: Added<Arc<str>>,
    }
    /// What a year came to at a depot; of maintenance plans.
    fleet_years: FleetYearRow, sorted by [year, depot], opt_in: true {
        /// Year of the plan, from 1.
        year: u16,
        /// The depot.
        depot: u32,
        /// Meters that were there at the end of the year.
        meters: u32,
        /// Share of the meters' time in which they measured and were heard.
        available_share: f64,
        /// Share of the meters that were not heard at the end of the year.
        silent_share: f64,
        /// Failures that began.
        failures: u32,
        /// Of them those that put people at risk.
        safety_events: u32,
        /// Reads that did not arrive.
        missed_reads: u64,
        /// Energy that nobody was billed for.
        unbilled_kwh: f64,
        /// Energy that was measured wrongly, either way.
        drifted_kwh: f64,
        /// Visits, those to locked doors among them.
        truck_rolls: u32,
        /// Of them those after a known failure.
        visits_failure: u32,
        /// Of them those at a date, at an age or after heat enough.
        visits_planned: u32,
        /// Meters exchanged.
        exchanges: u32,
        /// Other parts put in.
        parts: u32,
        /// Share of the crews' shifts that they were on the way or at work.
        crew_busy_share: f64,
        /// Jobs that waited at the end of the year.
        backlog: u32,
        /// Mean time from a job's being known to the crew's setting out.
        wait_s: f64,
        /// Mean time from a failure's beginning until it was known, of those that became known.
        detection_s: f64,
        /// Health reports over the backhaul.
        report_bytes: f64,
        /// Health reports of healthy meters.
        false_reports: f64,
        /// Crews' hours or visits, as prices say.
        visits_money: f64,
        /// Meters and parts.
        spares_money: f64,
        /// Energy that was not billed or measured wrongly.
        energy_money: f64,
        /// Remote checks, special reads, corrected bills, and reports by the megabyte.
        office_money: f64,
        /// Jobs that waited at the end of the year because they lacked a spare; empty where nothing can run out.
        backlog_spares: Added<u32>,
        /// Time with a kind of spares out; empty as `backlog_spares`.
        out_of_stock_s: Added<f64>,
        /// Remote checks and restarts from afar; empty in runs of earlier versions.
        remote_checks: Added<f64>,
    }
    /// How well meters that work were heard, at the middle of each month; of maintenance plans with a table of the radio.
    radio_months: RadioMonthRow, sorted by [month, depot], opt_in: true {
        /// Month of the plan, from 1: a twelfth of a year.
        month: u16,
        /// The depot.
        depot: u32,
        /// Meters that were there.
        meters: u32,
        /// Share of them that did not send.
        off_share: f64,
        /// Mean extra loss of the signals of the others, each way.
        loss_db: f64,
        /// Share of their reads that succeeded, by the table.
        read_success_share: f64,
        /// The loss or the share lay outside of the table, and its edge was taken.
        outside: bool,
    }
    /// Which share of a vintage's parts live how long (Kaplan and Meier, over all depots and generations of parts), a row for each month of age
    /// in which one failed and for the last month of each; of maintenance plans.
    survival: SurvivalRow, sorted by [vintage, part, age_s], opt_in: true {
        /// Hardware, by its place in the file.
        vintage: u16,
        /// The part.
        part: Part,
        /// Age at the end of the month.
        age_s: f64,
        /// Parts that might have failed in it; who came into sight or went during it counts half.
        at_risk: u32,
        /// Of them those that did.
        failed: u32,
        /// Share that lives at the end of it.
        alive_share: f64,
        /// Lower end of the 95 % interval of that.
        alive_low_share: f64,
        /// Upper end.
        alive_high_share: f64,
        /// Name of the vintage; empty in runs of earlier versions.
        vintage_name: Added<Arc<str>>,
    }
    /// The depots and what the plan came to at each; of maintenance plans.
    depots: DepotRow, sorted by [depot], opt_in: true {
        /// Number in the other tables.
        depot: u32,
        /// Name.
        name: String,
        /// Its climate.
        climate: String,
        /// Middle of its meters, east of the plan's origin.
        x_m: f64,
        /// Middle of its meters, north of the plan's origin.
        y_m: f64,
        /// Meters at the end.
        meters: u32,
        /// Crews.
        crews: u32,
        /// Constant temperature that would age the meters' inside as fast.
        effective_c: f64,
        /// Failures for each meter and year.
        failures_per_meter_y: f64,
        /// Truck rolls for each meter and year.
        truck_rolls_per_meter_y: f64,
        /// Mean time from a job's being known to the crew's setting out.
        wait_s: f64,
        /// Share of the crews' shifts that they were on the way or at work.
        crew_busy_share: f64,
        /// All costs of the plan there.
        cost_money: f64,
        /// Jobs that waited at the end; empty in runs of earlier versions.
        backlog: Added<u32>,
        /// Of them those that lacked a spare; empty where nothing can run out.
        backlog_spares: Added<u32>,
        /// Time with a kind of spares out, in all years; empty as `backlog_spares`.
        out_of_stock_s: Added<f64>,
    }
}
