//! Columns that files have besides those of their table: whose rows they are, when that was on the clock, codes in words.
//!
//! They follow from the rows and take no part in the fingerprint.

use super::table_file::Origin;
use crate::rows::describe::{Beside, CODE, SEED, TIME, VARIANT};
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
}

impl Derived {
    /// Those of a table, in order; they come before its own columns.
    pub fn of(info: &TableInfo) -> Vec<Derived> {
        let place = |name: &str| info.columns.iter().position(|column| column.name == name);
        let time = place("time_s").or_else(|| place("planned_s")).map(Derived::Time);
        let code = place("kind").zip(place("value")).map(|(kind, value)| Derived::Code(kind, value));
        [Some(Derived::Variant), Some(Derived::Seed), time, code].into_iter().flatten().collect()
    }

    /// Its name and what it holds.
    pub fn meaning(self) -> &'static Beside {
        match self {
            Derived::Variant => &VARIANT,
            Derived::Seed => &SEED,
            Derived::Time(_) => &TIME,
            Derived::Code(..) => &CODE,
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
        };
        let name = self.meaning().name;
        Type::primitive_type_builder(name, physical)
            .with_logical_type(Some(logical))
            .with_repetition(repetition)
            .build()
    }

    /// Its values for these rows.
    pub fn column<'a, R: Row>(self, rows: &'a [R], origin: &'a Origin) -> ColumnData<'a> {
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
        };
        ColumnData { values, levels: None }
    }
}
