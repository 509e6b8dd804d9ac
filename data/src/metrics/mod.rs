//! The figures of a variant, each declared once: what it is called, its unit, how it is written, what gates call it.
//!
//! [`list`] declares them. The summary ([`Values`]), the gates ([`gates`]), results tables ([`columns`]) and the
//! dictionary ([`describe`]) follow from that declaration.
//!
//! ```
//! use amitwin_data::metrics::{Format, Metric, Values, gates};
//! let mut values = Values::default();
//! values.set(Metric::RejoinP99S, Some(738.0));
//! assert_eq!(values["rejoin_p99_s"], Some(738.0));
//! assert_eq!(gates::find("rejoin_time", "p99"), Some(Metric::RejoinP99S));
//! assert_eq!((Metric::RejoinP99S.format(), Metric::RejoinP99S.unit()), (Format::Reached, "s"));
//! ```

mod activity;
mod declare;
pub mod describe;
pub mod gates;
pub mod list;
mod values;

pub use activity::Activity;
pub use list::Metric;
pub use values::Values;

use crate::summary::Verdict;
use std::fmt;

/// How a figure is written, and with that its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// 0 to 1, for people in percent.
    Share,
    /// Seconds until something happened; without a value it was not reached.
    Reached,
    /// Seconds.
    Time,
    /// A number of things.
    Count,
}

impl Format {
    /// Unit; empty for counts.
    pub const fn unit(self) -> &'static str {
        match self {
            Format::Share => "1",
            Format::Reached | Format::Time => "s",
            Format::Count => "",
        }
    }

    /// A time of either kind.
    pub const fn is_time(self) -> bool {
        matches!(self, Format::Reached | Format::Time)
    }
}

/// What gates call a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateName {
    /// What is judged, such as `rejoin_time`.
    pub name: &'static str,
    /// Which figure of it, such as `p99`; empty where there is one.
    pub stat: &'static str,
    /// Verdict on a missing value where the figure's activity happened; where it did not, there is no data.
    pub missing: Verdict,
}

impl fmt::Display for GateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let space = if self.stat.is_empty() { "" } else { " " };
        f.pad(&format!("{}{space}{}", self.name, self.stat))
    }
}

/// How results tables show a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableEntry {
    /// Name over a narrow column, on two lines.
    pub header: &'static str,
    /// Name in a list.
    pub label: &'static str,
}

/// What is declared of a metric.
struct Info {
    key: &'static str,
    help: &'static str,
    format: Format,
    activity: Activity,
    gate: Option<GateName>,
    table: Option<TableEntry>,
}

impl Metric {
    /// Key in the summary, with the unit last.
    pub const fn key(self) -> &'static str {
        self.info().key
    }

    /// What it means.
    pub fn help(self) -> &'static str {
        self.info().help.trim()
    }

    /// How it is written.
    pub const fn format(self) -> Format {
        self.info().format
    }

    /// Unit; empty for counts.
    pub const fn unit(self) -> &'static str {
        self.format().unit()
    }

    /// What it is about.
    pub const fn activity(self) -> Activity {
        self.info().activity
    }

    /// What gates call it; `None` if none can judge it.
    pub const fn gate(self) -> Option<&'static GateName> {
        self.info().gate.as_ref()
    }

    /// How results tables show it; `None` if they do not.
    pub const fn table(self) -> Option<&'static TableEntry> {
        self.info().table.as_ref()
    }

    /// The metric of that key.
    pub fn of_key(key: &str) -> Option<Self> {
        Metric::ALL.iter().copied().find(|metric| metric.key() == key)
    }
}

/// The metrics that results tables show, in their order, with what is written there.
pub fn columns() -> Vec<(Metric, &'static TableEntry)> {
    let mut shown: Vec<_> = Metric::ALL.iter().filter_map(|metric| Some((*metric, metric.table()?))).collect();
    shown.sort_by_key(|(metric, _)| metric.activity());
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_described_and_its_unit_fits_its_key() {
        for metric in Metric::ALL {
            let key = metric.key();
            assert!(!metric.help().is_empty() && !metric.help().ends_with('.'), "{key}");
            let unit = match key.rsplit('_').next() {
                Some("s") => "s",
                Some("share") => "1",
                _ => "",
            };
            assert_eq!(metric.unit(), unit, "{key}");
            let name: String = key.split('_').map(|part| part[..1].to_uppercase() + &part[1..]).collect();
            assert_eq!(format!("{metric:?}"), name, "{key}");
            assert_eq!(Metric::of_key(key), Some(*metric), "{key} stands there twice");
        }
        assert_eq!(Metric::of_key("rejoin"), None);
    }

    #[test]
    fn tables_show_what_happened_in_groups() {
        let columns = columns();
        assert!(columns.iter().all(|(_, entry)| entry.header.matches('\n').count() == 1 && !entry.label.is_empty()));
        assert!(columns.is_sorted_by_key(|(metric, _)| metric.activity()));
        let mut values = Values::default();
        let happened = |values: &Values| Activity::Resets.happened(values);
        assert!(!happened(&values) && Activity::Always.happened(&values));
        values.set(Metric::Commanded, Some(0.0));
        assert!(!happened(&values));
        values.set(Metric::Commanded, Some(1.0));
        assert!(happened(&values));
    }
}
