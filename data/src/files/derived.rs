//! Columns that files have besides those of their table: whose rows they are, when that was on the clock, codes in words, the health of links.
//!
//! They follow from the rows and take no part in the fingerprint.

use super::table_file::Origin;
use crate::link_health::{AllTries, Health};
use crate::rows::describe::{Beside, CODE, HEALTH, LOSS, SEED, TIME, VARIANT};
use crate::rows::words::code_word;
use crate::rows::{ColumnData, EventKind, Row, TableInfo, Values};
use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::schema::types::Type;

/// One such column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derived {
    /// `variant`: its name. No reader has to take it from the path, where some make numbers of names.
    Variant,
    /// `seed`: the seed that the rows come from.
    Seed,
    /// `time`: the wall-clock time, UTC, of the column at this place, which counts seconds since the start.
    Time(usize),
    /// `code`: what `value` says of an event, where it is the number of a word; the places of kind and value.
    Code(usize, usize),
    /// `up_loss`: share of lost tries of a radio.
    Loss,
    /// `health`: the state of its link.
    Health(Link),
}

/// Places of the columns that say how a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    node: usize,
    sent: usize,
    unanswered: usize,
    rssi: usize,
    snr: usize,
}

/// What columns know of the rows so far.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    tries: AllTries,
    /// Share of lost tries for each row of the group that was taken in last.
    losses: Vec<Option<f64>>,
}

impl Memory {
    /// Takes in a group of rows, which follow those before, for the columns of that group.
    pub fn take_in<R: Row>(&mut self, rows: &[R]) {
        let Some(Link { node, sent, unanswered, .. }) = Link::of(&R::TABLE) else { return };
        let [node, sent, unanswered] = [node, sent, unanswered].map(|at| match R::gatherers()[at](rows).values {
            Values::I32(values) => values.iter().map(|&value| value as u32).collect(),
            _ => vec![0; rows.len()],
        });
        let each = node.into_iter().zip(sent).zip(unanswered);
        self.losses = each.map(|((node, sent), unanswered)| self.tries.add(node, sent, unanswered)).collect();
    }
}

impl Link {
    fn of(info: &TableInfo) -> Option<Link> {
        let place = |name: &str| info.columns.iter().position(|column| column.name == name);
        Some(Link {
            node: place("node")?,
            sent: place("up_sent")?,
            unanswered: place("up_unanswered")?,
            rssi: place("rssi_dbm")?,
            snr: place("snr_db")?,
        })
    }
}

impl Derived {
    /// Those of a table, in order; they come before its own columns.
    pub fn of(info: &TableInfo) -> Vec<Derived> {
        let place = |name: &str| info.columns.iter().position(|column| column.name == name);
        let time = place("time_s").or_else(|| place("planned_s")).map(Derived::Time);
        let code = place("kind").zip(place("value")).map(|(kind, value)| Derived::Code(kind, value));
        let link = Link::of(info);
        let (loss, health) = (link.map(|_| Derived::Loss), link.map(Derived::Health));
        [Some(Derived::Variant), Some(Derived::Seed), time, code, loss, health].into_iter().flatten().collect()
    }

    /// Its name and what it holds.
    pub fn meaning(self) -> &'static Beside {
        match self {
            Derived::Variant => &VARIANT,
            Derived::Seed => &SEED,
            Derived::Time(_) => &TIME,
            Derived::Code(..) => &CODE,
            Derived::Loss => &LOSS,
            Derived::Health(_) => &HEALTH,
        }
    }

    /// Its type in the file.
    pub fn column_type(self) -> Result<Type, ParquetError> {
        let text = (PhysicalType::BYTE_ARRAY, LogicalType::String);
        let ((physical, logical), repetition) = match self {
            Derived::Variant => (text, Repetition::REQUIRED),
            Derived::Seed => ((PhysicalType::INT64, LogicalType::integer(64, false)), Repetition::REQUIRED),
            Derived::Time(_) => {
                ((PhysicalType::INT64, LogicalType::timestamp(true, TimeUnit::MICROS)), Repetition::REQUIRED)
            }
            Derived::Code(..) => (text, Repetition::OPTIONAL),
            Derived::Health(_) => (text, Repetition::REQUIRED),
            Derived::Loss => {
                let name = self.meaning().name;
                let column = Type::primitive_type_builder(name, PhysicalType::DOUBLE);
                return column.with_repetition(Repetition::OPTIONAL).build();
            }
        };
        let name = self.meaning().name;
        Type::primitive_type_builder(name, physical)
            .with_logical_type(Some(logical))
            .with_repetition(repetition)
            .build()
    }

    /// Its values for these rows, which the memory has taken in last.
    pub fn column<'a, R: Row>(self, rows: &'a [R], origin: &'a Origin, memory: &Memory) -> ColumnData<'a> {
        let gather = |at: usize| R::gatherers()[at](rows).values;
        let values = match self {
            Derived::Variant => Values::Text(vec![&origin.variant; rows.len()]),
            // The column has the bits of an unsigned number.
            Derived::Seed => Values::I64(vec![origin.seed as i64; rows.len()]),
            Derived::Time(at) => {
                let start_us = origin.start_unix_s * 1_000_000;
                let on_the_clock = |s: &f64| start_us + (s * 1e6).round() as i64;
                match gather(at) {
                    Values::F64(seconds) => Values::I64(seconds.iter().map(on_the_clock).collect()),
                    other => other,
                }
            }
            Derived::Code(kind, value) => {
                let words: Vec<Option<&str>> = match (gather(kind), gather(value)) {
                    (Values::Text(kinds), Values::I32(values)) => {
                        let word = |(kind, value): (&&str, &i32)| code_word(EventKind::of_word(kind)?, *value);
                        kinds.iter().zip(&values).map(word).collect()
                    }
                    _ => vec![None; rows.len()],
                };
                let levels = words.iter().map(|word| i16::from(word.is_some())).collect();
                let values = Values::Text(words.into_iter().flatten().collect());
                return ColumnData { values, levels: Some(levels) };
            }
            Derived::Loss => {
                let levels = memory.losses.iter().map(|loss| i16::from(loss.is_some())).collect();
                let values = Values::F64(memory.losses.iter().copied().flatten().collect());
                return ColumnData { values, levels: Some(levels) };
            }
            Derived::Health(link) => {
                let [rssi, snr] = [link.rssi, link.snr].map(|at| optional(R::gatherers()[at](rows)));
                let each = rssi.into_iter().zip(snr).zip(&memory.losses);
                Values::Text(each.map(|((rssi, snr), loss)| Health::of(rssi, snr, *loss).word()).collect())
            }
        };
        ColumnData { values, levels: None }
    }
}

/// The values of a column of numbers with those that are missing.
fn optional(column: ColumnData<'_>) -> Vec<Option<f32>> {
    let Values::F32(values) = column.values else { return Vec::new() };
    let mut values = values.into_iter();
    match column.levels {
        Some(levels) => levels.iter().map(|&level| if level > 0 { values.next() } else { None }).collect(),
        None => values.map(Some).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::LoadRow;

    fn hour(node: u32, sent: u32, unanswered: u32, link: Option<(f32, f32)>) -> LoadRow {
        LoadRow {
            up_sent: sent,
            up_unanswered: unanswered,
            rssi_dbm: link.map(|link| link.0),
            snr_db: link.map(|link| link.1),
            ..LoadRow::quiet(0.0, node)
        }
    }

    #[test]
    fn links_have_their_loss_and_health_over_groups_of_rows() {
        let origin = Origin {
            scenario: String::new(),
            variant: String::new(),
            version: String::new(),
            seed: 1,
            keys: String::new(),
            start_unix_s: 0,
        };
        let of: Vec<Derived> = Derived::of(&LoadRow::TABLE);
        let [.., loss, health] = of[..] else { panic!("{of:?}") };
        let mut memory = Memory::default();
        let mut columns = |rows: &[LoadRow]| {
            memory.take_in(rows);
            let loss = loss.column(rows, &origin, &memory);
            let health = health.column(rows, &origin, &memory);
            let (Values::F64(losses), Values::Text(words)) = (loss.values, health.values) else {
                panic!("other types")
            };
            (
                losses,
                loss.levels.expect("may be empty"),
                words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(),
            )
        };
        let good = Some((-80.0, 30.0));
        let first =
            [hour(7, 15, 2, good), hour(8, 100, 5, good), hour(9, 0, 0, None), hour(10, 100, 50, Some((-95.0, 20.0)))];
        assert_eq!(
            columns(&first),
            (vec![0.05, 0.5], vec![0, 1, 0, 1], ["good", "good", "none", "poor"].map(str::to_owned).to_vec())
        );
        // In the next group radio 7 has 20 tries together, 3 of them lost; radio 8 keeps its 5 %, which is not more than that.
        let next = [hour(7, 5, 1, good), hour(8, 3, 3, good), hour(9, 20, 0, Some((-85.0, 14.9)))];
        assert_eq!(
            columns(&next),
            (vec![0.15, 0.05, 0.0], vec![1, 1, 1], ["lossy", "good", "low_snr"].map(str::to_owned).to_vec())
        );
    }
}
