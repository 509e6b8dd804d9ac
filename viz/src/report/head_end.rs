//! The head-end minute by minute: what waits, what is busy, what is lost.

use super::charts::{Entry, Figure, entry};
use crate::svg::panels::{Content, Panel, Panels};
use crate::view::RunView;
use amitwin_data::rows::{Added, HeadendRow};

/// Points of a line.
const COLUMNS: usize = 200;

/// How minutes become a point.
#[derive(Clone, Copy, PartialEq)]
enum By {
    /// The highest of them.
    Most,
    /// Their mean.
    Mean,
}

/// A panel: its name, how minutes become a point, and the value of a minute.
type Quantity = (&'static str, By, fn(&HeadendRow) -> f64);

fn or_none(column: Added<u32>) -> f64 {
    f64::from(column.0.unwrap_or_default())
}

const QUANTITIES: [Quantity; 9] = [
    ("workers busy", By::Mean, |row| f64::from(row.busy_share)),
    ("messages that wait for a worker, most", By::Most, |row| f64::from(row.queue_max)),
    ("sessions begun, a minute", By::Mean, |row| f64::from(row.sessions)),
    ("sessions open (permits in use), most", By::Most, |row| or_none(row.sessions_open_max)),
    ("sessions that wait for a permit or their turn, most", By::Most, |row| or_none(row.sessions_waiting_max)),
    ("sessions refused and tries again, a minute", By::Mean, |row| {
        or_none(row.sessions_refused) + or_none(row.retries)
    }),
    ("messages and sessions lost or refused, a minute", By::Mean, |row| {
        f64::from(row.refused) + or_none(row.messages_lost) + or_none(row.sessions_lost)
    }),
    ("answers that wait at the broker, most", By::Most, |row| or_none(row.broker_queue_max)),
    ("rows kept by the meter data management, a minute", By::Mean, |row| or_none(row.mdms_rows)),
];

/// Points of a line: equal runs of minutes, each at its first one.
fn line(rows: &[HeadendRow], by: By, of: fn(&HeadendRow) -> f64) -> Vec<(f64, f64)> {
    let each = rows.len().div_ceil(COLUMNS).max(1);
    let point = |run: &[HeadendRow]| {
        let values = run.iter().map(of);
        let value = match by {
            By::Most => values.fold(0.0, f64::max),
            By::Mean => values.sum::<f64>() / run.len() as f64,
        };
        (run[0].time_s / 60.0, value)
    };
    let mut points: Vec<(f64, f64)> = rows.chunks(each).map(point).collect();
    // The last minute lasts a minute.
    if let (Some(row), Some((_, value))) = (rows.last(), points.last().copied()) {
        points.push((row.time_s / 60.0 + 1.0, value));
    }
    points
}

/// The chart; `None` where no variant limits the head-end.
pub fn figure(run: &RunView) -> Option<Figure> {
    run.variants.iter().find(|variant| !variant.head_end.is_empty())?;
    let panel = |(name, by, of): Quantity| {
        let lines: Vec<Vec<(f64, f64)>> = run.variants.iter().map(|v| line(&v.head_end, by, of)).collect();
        let some = lines.iter().flatten().any(|(_, value)| *value > 0.0);
        let share = name == QUANTITIES[0].0;
        some.then(|| Panel { name: name.to_owned(), content: Content::Lines { lines, share } })
    };
    let panels: Vec<Panel> = QUANTITIES.into_iter().filter_map(panel).collect();
    if panels.is_empty() {
        return None;
    }
    let named = run.variants.iter().enumerate().filter(|(_, variant)| !variant.head_end.is_empty());
    let legend: Vec<Entry> = named.map(|(n, variant)| entry(n, variant.name.clone())).collect();
    let end = (run.summary.duration_s / 60.0).max(1.0);
    let x_label = "since the run’s start".to_owned();
    let svg = Panels { title: "The head-end by minute".into(), x_label, x: (0.0, end), marks: vec![], panels }.draw();
    let caption = "The table headend over time. What is \u{201c}most\u{201d} is the highest of a minute, of long runs of the minutes that a point stands for; the rest are means of these.";
    Some(Figure::new("head-end", "The head-end by minute", legend, svg, caption))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_of_a_long_run_become_a_point_by_their_highest_or_their_mean() {
        let row = |minute: u32| HeadendRow {
            time_s: 60.0 * f64::from(minute),
            arrived: 0,
            refused: 0,
            served: 0,
            wait_s: None,
            queue_max: minute % 2,
            queue_end: 0,
            busy_share: 0.0,
            sessions: minute % 2,
            sessions_wait_s: 0.0,
            sessions_open_max: Added::default(),
            sessions_open: Added::default(),
            sessions_waiting_max: Added::default(),
            sessions_waiting: Added::default(),
            sessions_refused: Added::default(),
            retries: Added::default(),
            instances: Added::default(),
            sessions_lost: Added::default(),
            messages_lost: Added::default(),
            broker_queue_max: Added::default(),
            broker_queue: Added::default(),
            broker_redelivered: Added::default(),
            mdms_rows: Added::default(),
            mdms_rows_duplicate: Added::default(),
        };
        // Two minutes a point, and the end.
        let rows: Vec<HeadendRow> = (0..400).map(row).collect();
        let most = line(&rows, By::Most, |row| f64::from(row.queue_max));
        assert_eq!((most.len(), most[0], most[1], most[200]), (201, (0.0, 1.0), (2.0, 1.0), (400.0, 1.0)));
        assert!(line(&rows, By::Mean, |row| f64::from(row.sessions)).iter().all(|(_, value)| *value == 0.5));
        assert!(line(&[], By::Mean, |row| f64::from(row.sessions)).is_empty());
    }
}
