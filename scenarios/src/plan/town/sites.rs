//! The sites of a scenario as a CSV file: those that are there, with the columns of the list that are the user's own, and what the plan knows of each.

use super::super::load::{ListFile, Variant};
use crate::site::quoted;
use amitwin_data::placement::{PlacementFile, PlacementRecord, RecordKind};
use amitwin_data::rows::Effect;
use amitwin_dlms::objects::civil::date_of;
use amitwin_maintenance::condition::Condition;
use std::collections::HashMap;
use std::fmt::Write;

/// Columns that every placement has here.
const COLUMNS: &str = "id,lat,lon,kind,height_m,antenna_gain_dbi";
/// Column of all that is wrong with a meter.
pub(super) const FAULTS: &str = "plan_faults";
/// Seconds of a day.
const DAY_S: i64 = 86_400;

/// The text of the file; the plan's axis begins `epoch_s` after 1970.
pub(super) fn text(
    read: &PlacementFile,
    there: &HashMap<&str, &Condition>,
    (variant, list): (&Variant, &ListFile),
    epoch_s: i64,
) -> String {
    let is_mine = |name: &str| COLUMNS.split(',').chain([FAULTS]).any(|known| known.eq_ignore_ascii_case(name));
    let own: Vec<_> = read.attributes.columns().iter().filter(|column| !is_mine(column.name())).collect();
    let is_own = |name: &str| own.iter().any(|column| column.name().eq_ignore_ascii_case(name));
    // What the list does not say of a meter the plan does, under the names that lists have.
    let said: Vec<&str> = [&list.vintage, &list.installed, &list.depot].map(String::as_str).into_iter().collect();
    let added: Vec<&str> = said.iter().copied().filter(|name| !is_own(name)).collect();
    let of_plan = |name: &str, condition: &Condition| {
        let date = || {
            let (year, month, day) = date_of((epoch_s + i64::from(condition.since_s)).div_euclid(DAY_S));
            format!("{year}-{month:02}-{day:02}")
        };
        match said.iter().position(|known| *known == name) {
            Some(0) => variant.spec.vintages[usize::from(condition.vintage)].name.clone(),
            Some(1) => date(),
            _ => variant.spec.depots[condition.depot as usize].name.clone(),
        }
    };
    let mut out = COLUMNS.to_owned();
    let names = own.iter().map(|column| column.name()).chain(added.iter().copied()).chain([FAULTS]);
    names.for_each(|name| out = format!("{out},{}", quoted(name)));
    out.push('\n');
    let is_there =
        |record: &PlacementRecord| record.kind != RecordKind::Meter || there.contains_key(record.name.as_str());
    for (number, record) in read.records.iter().enumerate().filter(|(_, record)| is_there(record)) {
        let or_empty = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        let _ = write!(
            out,
            "{},{:.7},{:.7},{},{},{}",
            quoted(&record.name),
            record.lat_deg,
            record.lon_deg,
            record.kind.as_str(),
            or_empty(record.height_m),
            or_empty(record.antenna_gain_dbi)
        );
        let condition = there.get(record.name.as_str()).filter(|_| record.kind == RecordKind::Meter);
        for column in &own {
            let is_date = column.name().eq_ignore_ascii_case(&list.installed);
            let value = match condition.filter(|condition| is_date && condition.is_exchanged) {
                Some(condition) => of_plan(&list.installed, condition),
                None => column.value(number).unwrap_or_default().to_owned(),
            };
            let _ = write!(out, ",{}", quoted(&value));
        }
        for name in &added {
            let value = condition.map_or_else(String::new, |condition| of_plan(name, condition));
            let _ = write!(out, ",{}", quoted(&value));
        }
        let faults: Vec<&str> = condition.map_or_else(Vec::new, |condition| {
            Effect::ALL.iter().filter(|effect| condition.has(**effect)).map(|effect| effect.as_str()).collect()
        });
        let _ = writeln!(out, ",{}", faults.join(" "));
    }
    out
}
