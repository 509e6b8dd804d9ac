//! From a checked document to the plan that it describes: rules across fields, the list of meters.

mod climate;
mod firmware;
mod fleet;
mod hull;
mod meters;
mod never;
mod part;
mod policy;
mod radio;
mod wear;
mod work;

pub use climate::climate_of;
pub(super) use meters::{Lists, day as date};
pub(super) use never::unused;

use super::of_variants::Judged;
use crate::resolve::Context;
use crate::sections::plan::PlanFile;
use crate::sections::quantity::nanos;
use amitwin_data::rows::NodeRow;
use amitwin_dlms::objects::civil::days_of;
use amitwin_maintenance::PlanSpec;
use amitwin_maintenance::heat::DAY_S;
use amitwin_maintenance::spec::Duty;
use amitwin_sim_core::SimTime;
use std::sync::Arc;

/// Years that the oldest meter may have been installed before the plan begins.
const OLDEST_Y: u32 = 80;

type Cx<'a> = Context<'a, PlanFile>;

/// The first of January of a year, s since 1970, UTC.
pub(super) fn unix_s(year: u32) -> i64 {
    days_of(i64::from(year), 1, 1) * DAY_S as i64
}

/// Whole seconds of a time.
fn seconds(time: SimTime) -> u32 {
    (nanos(time) / 1e9).min(f64::from(u32::MAX)) as u32
}

/// The plan of one variant, with its meters if they are a list, and what there is to say of its rules; `None` after an error.
pub(super) fn plan(cx: &mut Cx<'_>, lists: &mut Lists) -> Option<(PlanSpec, Arc<[NodeRow]>, Vec<Judged>)> {
    let file = cx.file;
    fleet::dates(cx);
    let list = lists.list(cx);
    if !cx.errors.is_empty() {
        return None;
    }
    let epoch = epoch(file, list.as_deref());
    if file.start - epoch > OLDEST_Y {
        let title = format!("the oldest meter is of {epoch}, more than {OLDEST_Y} years before the plan begins");
        cx.error(&["start"], title, "later than that", "correct the year of installation");
    }
    let mut vintages = fleet::vintages(cx, epoch);
    wear::apply(cx, lists, &mut vintages);
    let (depots, nodes) = fleet::depots(cx, lists, epoch, list.as_deref());
    let policy = policy::policy(cx);
    let work = work::work(cx);
    let radio = radio::radio(cx, lists);
    let firmware = firmware::firmware(cx, epoch);
    let duty = &file.duty;
    let spec = PlanSpec {
        seed: file.seed,
        first_day: 1.0,
        start_s: (unix_s(file.start) - unix_s(epoch)) as u32,
        years: file.years,
        vintages,
        depots,
        policy,
        work,
        duty: Duty {
            reads_a_day: duty.reads_a_day,
            energy_kwh_y: duty.energy_kwh_year,
            kept_s: seconds(duty.kept),
            certificate_s: seconds(duty.certificate),
            wet_factor: duty.wet_factor,
            retry_factor: duty.retry_factor,
        },
        prices: work::prices(file),
        radio,
        firmware,
    };
    let judged = never::never(cx, &spec);
    work::crews_can(cx, &spec);
    cx.errors.is_empty().then_some((spec, nodes, judged))
}

/// The year with which the axis of the plan begins: that of the oldest meter.
fn epoch(file: &PlanFile, list: Option<&meters::List>) -> u32 {
    let listed = list.and_then(|list| list.meters.iter().filter_map(|meter| meter.installed).map(|day| day.0).min());
    file.vintage.iter().map(|v| v.installed).chain(listed).chain([file.start]).min().unwrap_or(file.start)
}
