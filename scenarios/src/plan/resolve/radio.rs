//! `[radio]`: the table of read success, of a sweep or of a file.

use super::Cx;
use super::meters::Lists;
use crate::sections::plan::radio::RadioSection;
use amitwin_data::input;
use amitwin_data::metrics::Metric;
use amitwin_data::sweep::{CaseSummary, SweepSummary};
use amitwin_maintenance::radio::{Radio, Table};
use std::path::Path;
use std::sync::Arc;

/// Largest file of a table.
const BYTES_MAX: u64 = 64 << 20;
/// Columns of a table in CSV.
const COLUMNS: [&str; 3] = ["loss_db", "off_share", "read_success"];

/// Loss, dB, share off and read success.
type Point = (f64, f64, f64);

/// What years do to the radio; `None` without a table, or after an error.
pub(super) fn radio(cx: &mut Cx<'_>, lists: &mut Lists) -> Option<Radio> {
    let section = &cx.file.radio;
    let Some(file) = &section.table else {
        without_table(cx, section);
        return None;
    };
    let table = match lists.table(file) {
        Ok(table) => table,
        Err(why) => {
            let help = "name the summary.json of a sweep over an event's loss and another's target.share, or a CSV with loss_db, off_share \
                        and read_success; a relative path starts at the plan";
            cx.error(&["radio", "table"], format!("{file}: {why}"), "this table", help);
            return None;
        }
    };
    let (losses, shares) = table.axes();
    let of = format!(
        "{file}: read success at {} losses up to {} dB and {} shares off up to {:.0} %",
        losses.len(),
        losses[losses.len() - 1],
        shares.len(),
        100.0 * shares[shares.len() - 1]
    );
    cx.note(match table.left_out() {
        Some(out) => format!(
            "{of}; of {} inner points each follows from its neighbours within {:.1} points on average, {:.1} at most (at {} dB, {:.0} % off)",
            out.points,
            100.0 * out.mean,
            100.0 * out.max,
            out.at.0,
            100.0 * out.at.1
        ),
        None => format!("{of}; without inner points nothing says how well it interpolates"),
    });
    let covered =
        cx.file.vintage.iter().find(|v| v.with.iter().any(|p| p.part() == amitwin_data::rows::Part::Coverage));
    if let Some(vintage) = covered {
        let text = format!(
            "the vintage `{}` has coverage, and the table of the radio says who is reached: both count; leave coverage out",
            vintage.name
        );
        cx.warn(&["vintage", &vintage.name, "with"], text);
    }
    Some(Radio {
        table,
        wet_db: section.wet_db,
        ageing_db_y: section.ageing_db_y,
        leaf_on_db: section.leaf_on_db,
        hot_db: section.hot_db,
        storm_d: section.storm_days,
        storm_db: section.storm_db,
    })
}

/// Seasons count with a table alone.
fn without_table(cx: &mut Cx<'_>, section: &RadioSection) {
    for (key, is_set) in [
        ("leaf_on", section.leaf_on_db != 0.0),
        ("hot", section.hot_db != 0.0),
        ("storm_days", section.storm_days != 0.0),
        ("storm", section.storm_db != 0.0),
    ] {
        if is_set {
            let title = format!("`radio.{key}` needs a table of the radio, and there is none");
            let help = "name one with `radio.table`; `amitwin sweep` of library/radio-years.toml makes one";
            cx.error(&["radio", key], title, "without effect", help);
        }
    }
}

/// Reads a table; its BLAKE3 beside it.
pub(super) fn read(path: &Path) -> Result<(Arc<Table>, String), String> {
    let mut bytes = Vec::new();
    let cannot = |e: std::io::Error| format!("cannot be read: {e}");
    let file = input::open(path).map_err(cannot)?;
    std::io::Read::read_to_end(&mut std::io::Read::take(file, BYTES_MAX + 1), &mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(format!("is larger than {} MiB, the limit for a table of the radio", BYTES_MAX >> 20));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| "is no text in UTF-8".to_owned())?;
    let text = text.trim_start_matches('\u{feff}');
    let points = if text.trim_start().starts_with('{') { sweep(text)? } else { csv(text)? };
    let table = Table::new(&points).map_err(|error| error.to_string())?;
    Ok((Arc::new(table), blake3::hash(&bytes).to_hex().to_string()))
}

/// The cases of a sweep.
fn sweep(text: &str) -> Result<Vec<Point>, String> {
    let summary: SweepSummary =
        serde_json::from_str(text).map_err(|e| format!("is no summary.json of a sweep: {e}"))?;
    summary.cases.iter().map(case).collect()
}

fn case(case: &CaseSummary) -> Result<Point, String> {
    let name = amitwin_data::sweep::named(&case.settings);
    let (mut loss, mut off) = (None, None);
    for setting in &case.settings {
        if setting.key.starts_with("event.") && setting.key.ends_with(".loss") {
            loss = setting.value.trim().trim_end_matches("dB").trim().parse::<f64>().ok();
        } else if setting.key.starts_with("event.") && setting.key.ends_with(".target.share") {
            off = share(&setting.value);
        } else {
            return Err(format!(
                "it varies `{}`; a table varies an event's loss and another's target.share alone",
                setting.key
            ));
        }
    }
    let (Some(loss), Some(off)) = (loss, off) else {
        return Err(format!(
            "the case {name} has no loss in dB and share; vary event.NAME.loss and event.NAME.target.share"
        ));
    };
    let [variant] = &case.variants[..] else {
        let n = case.variants.len();
        return Err(format!("the case {name} has {n} variants that have run; a table takes one (--variant, --resume)"));
    };
    match variant.metrics.value(Metric::ReadSuccessRunningShare) {
        Some(success) => Ok((loss, off, success)),
        None => Err(format!("the case {name} read nothing; let the scenario have a [[read]]")),
    }
}

/// A share, bare or in percent.
fn share(text: &str) -> Option<f64> {
    match text.trim().strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok().map(|percent| percent / 100.0),
        None => text.trim().parse().ok(),
    }
}

/// Rows of loss, share and success.
fn csv(text: &str) -> Result<Vec<Point>, String> {
    let names: Vec<&str> = text.lines().next().unwrap_or_default().split(',').map(str::trim).collect();
    let mut places = [0; 3];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        *place = names.iter().position(|name| name.eq_ignore_ascii_case(column)).ok_or_else(|| {
            format!("has no column '{column}'; a table in CSV begins with the line {}", COLUMNS.join(","))
        })?;
    }
    let point = |(line, row): (usize, &str)| {
        let fields: Vec<&str> = row.split(',').map(str::trim).collect();
        let value = |at: usize| {
            let text = fields.get(places[at]).copied().unwrap_or_default();
            text.parse::<f64>().map_err(|_| format!("line {line}: {}: '{text}' is no number", COLUMNS[at]))
        };
        Ok((value(0)?, value(1)?, value(2)?))
    };
    (1..).zip(text.lines()).skip(1).filter(|(_, row)| !row.trim().is_empty()).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_rows() {
        let points = csv("off_share, loss_db,read_success\n0,0,1\n0.1,3,0.9\n\n").expect("points");
        assert_eq!(points, [(0.0, 0.0, 1.0), (3.0, 0.1, 0.9)]);
        assert_eq!(
            csv("loss_db,off_share\n").expect_err("short"),
            "has no column 'read_success'; a table in CSV begins with the line loss_db,off_share,read_success"
        );
        assert_eq!(
            csv("loss_db,off_share,read_success\n0,x,1\n").expect_err("x"),
            "line 2: off_share: 'x' is no number"
        );
        assert_eq!((share("10 %"), share("0.25"), share("x")), (Some(0.1), Some(0.25), None));
        assert!(sweep("{}").expect_err("empty").starts_with("is no summary.json of a sweep"));
    }
}
