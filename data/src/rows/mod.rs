//! One row type per table, with units in the column names.
//!
//! [`tables`] declares them once; the struct, the description for people, the canonical bytes of the fingerprint and
//! the columns of files all follow from that declaration; [`words`] does so for the words of cells. [`Rows`] is the
//! batch that a partition hands to the driver.
//!
//! ```
//! use amitwin_data::rows::{EventKind, EventRow, Fingerprinter, Rows};
//! let mut rows = Rows::default();
//! rows.events.push(EventRow { time_s: 1.5, node: 7, kind: EventKind::Boot, value: 0 });
//! let mut fingerprint = Fingerprinter::new();
//! fingerprint.update(&rows);
//! assert_eq!(fingerprint.finish().len(), 64);
//! ```

mod cell;
mod column;
mod declare;
pub mod describe;
mod fingerprint;
mod load;
mod plan_tables;
pub mod tables;
mod transaction;
pub mod words;

pub use cell::{Added, Cell, CellError, Physical, Word};
pub use column::{ColumnData, Cursor, Values};
pub use fingerprint::Fingerprinter;
pub use plan_tables::{DepotRow, FailureRow, FleetYearRow, RadioMonthRow, SurvivalRow, VisitRow};
pub use tables::{
    AirtimeRow, AuditRow, CensusRow, EachTable, EventRow, FieldVisitRow, FrameRow, HeadendRow, LinkRow, LoadRow,
    NodeRow, RoundRow, Rows, TABLES, TransactionRow, WeatherRow,
};
pub use words::{
    Effect, EventKind, FrameKind, FrameOutcome, NodeKind, Outcome, Part, Reason, TransactionKind, VisitOutcome,
};
pub use words::{HeldBy, ImageState, VisitCause, VisitFound};

/// Tables of maintenance plans, which runs of frames do not write.
pub const PLAN_TABLES: [&str; 5] = ["visits", "failures", "fleet_years", "survival", "depots"];

use std::cmp::Ordering;

/// Description of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name, with the unit last.
    pub name: &'static str,
    /// Physical type.
    pub physical: Physical,
    /// May be empty.
    pub nullable: bool,
    /// All words that it can hold; empty for what is not a word.
    pub words: &'static [Word],
    /// What it means.
    pub doc: &'static str,
}

impl Column {
    /// Unit, read off the name's last part; empty for ids, counts, words and truth values.
    pub fn unit(&self) -> &'static str {
        match self.name.rsplit('_').next() {
            Some("s") => "s",
            Some("m") => "m",
            Some("mm") => "mm",
            Some("deg") => "degree",
            Some("db") => "dB",
            Some("dbm") => "dBm",
            Some("dbi") => "dBi",
            Some("c") => "C",
            Some("m2") => "W/m2",
            Some("share") => "1",
            Some("bytes") => "byte",
            Some("kwh") => "kWh",
            Some("mah") => "mAh",
            Some("y") => "1/a",
            Some("money") => "money",
            _ => "",
        }
    }
}

/// Description of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableInfo {
    /// Name, also of its folder.
    pub name: &'static str,
    /// What a row is.
    pub doc: &'static str,
    /// Columns in order.
    pub columns: &'static [Column],
    /// Columns by which each row group of a file is sorted.
    pub sorted_by: &'static [&'static str],
    /// Written only when asked for.
    pub opt_in: bool,
}

/// Collects one column of some rows.
pub type Gather<'a, R> = fn(&'a [R]) -> ColumnData<'a>;

/// A row of a table.
pub trait Row: Clone + std::fmt::Debug + PartialEq + Send + 'static {
    /// Its table.
    const TABLE: TableInfo;
    /// Appends the canonical bytes of all columns in order.
    fn canonical(&self, out: &mut Vec<u8>);
    /// Order by the columns that the table is sorted by.
    fn order(&self, other: &Self) -> Ordering;
    /// One function a column, in order.
    fn gatherers<'a>() -> Vec<Gather<'a, Self>>;
    /// Rows from all columns in order; an error names the column.
    fn assemble(columns: Vec<ColumnData<'_>>, rows: usize) -> Result<Vec<Self>, (&'static str, CellError)>;
    /// Its table in a batch.
    fn of(rows: &Rows) -> &Vec<Self>;
    /// Its table in a batch.
    fn of_mut(rows: &mut Rows) -> &mut Vec<Self>;
}

impl TransactionRow {
    /// Which outage of its meter a last gasp or a power-up is about: bits 40 to 55 of their numbers.
    pub fn outage(&self) -> u16 {
        (self.transaction >> 40) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_bytes_are_these() {
        let row = LinkRow {
            time_s: 1.5,
            node: 0x0102_0304,
            parent: u32::MAX,
            rank: 0x0506,
            hops: 7,
            path_loss_db: f32::NAN,
            extra_loss_db: -0.0,
            etx: 1.0,
            rssi_dbm: -90.25,
            rssi_down_dbm: -64.0,
            board_c: Added::default(),
        };
        let mut bytes = Vec::new();
        row.canonical(&mut bytes);
        let expected: &[u8] = &[
            0, 0, 0, 0, 0, 0, 0xf8, 0x3f, // 1.5
            4, 3, 2, 1, 0xff, 0xff, 0xff, 0xff, 6, 5, 7, // integers, little-endian
            0, 0, 0xc0, 0x7f, 0, 0, 0, 0x80, 0, 0, 0x80, 0x3f, 0, 0x80, 0xb4, 0xc2, 0, 0, 0x80, 0xc2,
        ];
        assert_eq!(bytes, expected);
        // A value of a column that came later follows; where there is none nothing does.
        let mut bytes = Vec::new();
        LinkRow { board_c: Added(Some(1.0)), ..row }.canonical(&mut bytes);
        assert_eq!(bytes, [expected, &[1, 0, 0, 0x80, 0x3f]].concat());

        let row = EventRow { time_s: 0.0, node: 1, kind: EventKind::Boot, value: -2 };
        let mut bytes = Vec::new();
        row.canonical(&mut bytes);
        assert_eq!(bytes[8..], [1, 0, 0, 0, 4, 0, 0, 0, b'b', b'o', b'o', b't', 0xfe, 0xff, 0xff, 0xff]);

        let mut bytes = Vec::new();
        Cell::canonical(&Some(5u8), &mut bytes);
        Cell::canonical(&None::<u8>, &mut bytes);
        assert_eq!(bytes, [1, 5, 0]);
    }

    #[test]
    fn the_fingerprint_knows_order_but_not_batches() {
        let event = |node| EventRow { time_s: f64::from(node), node, kind: EventKind::Boot, value: 0 };
        let of = |batches: &[&[u32]]| {
            let mut fingerprint = Fingerprinter::new();
            for batch in batches {
                let rows = Rows { events: batch.iter().map(|&node| event(node)).collect(), ..Rows::default() };
                fingerprint.update(&rows);
            }
            fingerprint.finish()
        };
        assert_eq!(of(&[&[1, 2, 3]]), of(&[&[1], &[], &[2, 3]]));
        assert_ne!(of(&[&[1, 2, 3]]), of(&[&[1, 3, 2]]));
        assert_ne!(of(&[&[1, 2, 3]]), of(&[&[1, 2]]));
        assert_ne!(Fingerprinter::combine(["ab", "c"]), Fingerprinter::combine(["a", "bc"]));
        assert_eq!(of(&[&[1, 2, 3]]), "9c47118077b258473c09c4bb8873f19733524e6de669762a632b9accb459078a");
    }

    #[test]
    fn floats_and_missing_units_are_named() {
        let unit = |table: &str, column: &str| {
            let info = TABLES.iter().find(|info| info.name == table).expect("table");
            info.columns.iter().find(|c| c.name == column).expect("column").unit()
        };
        assert_eq!(unit("nodes", "lat_deg"), "degree");
        assert_eq!(unit("links", "rssi_dbm"), "dBm");
        assert_eq!((unit("weather", "air_c"), unit("weather", "sun_w_m2")), ("C", "W/m2"));
        assert_eq!(unit("airtime", "queue_frames_max"), "");
        for info in TABLES {
            for column in info.columns {
                let float = matches!(column.physical, Physical::F32 | Physical::F64);
                assert!(
                    !float
                        || !column.unit().is_empty()
                        || ["etx", "false_reports", "remote_checks"].contains(&column.name),
                    "{} has no unit",
                    column.name
                );
            }
            for key in info.sorted_by {
                assert!(info.columns.iter().any(|column| column.name == *key), "{key}");
            }
        }
    }

    #[test]
    fn the_dictionary_holds_every_column() {
        let text = describe::tables();
        for info in TABLES {
            assert!(text.contains(info.doc.trim()));
            for column in info.columns {
                assert!(!column.doc.trim().is_empty());
                assert!(text.contains(column.doc.trim()));
            }
        }
        assert!(describe::table_named("frames").expect("table").starts_with("frames (opt-in):"));
        assert_eq!(describe::table_named("frame"), None);
    }

    #[test]
    fn batches_append_and_clear() {
        let event = EventRow { time_s: 0.0, node: 1, kind: EventKind::Boot, value: 0 };
        let mut one = Rows { events: vec![event.clone()], ..Rows::default() };
        let mut two = one.clone();
        one.append(&mut two);
        assert_eq!((one.len(), two.is_empty()), (2, true));
        one.clear();
        assert!(one.is_empty());
    }
}
