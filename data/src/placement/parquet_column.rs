//! A column of a Parquet file: what it can be for a placement, and its values a batch at a time.

use super::value::Value;
use half::f16;
use parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray};
use parquet::errors::ParquetError;
use parquet::schema::types::ColumnDescriptor;
use std::borrow::Cow;

/// How values are to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Signed,
    Unsigned,
    /// A whole number and how many of its digits stand behind the point.
    Decimal(i32),
    Float,
    Float16,
    Truth,
    Text,
    /// Bytes that do not say that they are text.
    Bytes,
    Uuid,
}

impl Kind {
    /// That of a column.
    ///
    /// # Errors
    /// What it holds instead.
    pub fn of(column: &ColumnDescriptor) -> Result<Kind, &'static str> {
        if column.path().parts().len() > 1 || column.max_rep_level() > 0 {
            return Err("lists or groups");
        }
        // Older writers have the converted type alone.
        let logical = match column.logical_type_ref() {
            Some(logical) => Some(logical.clone()),
            None => match column.converted_type() {
                ConvertedType::DECIMAL => Some(LogicalType::decimal(column.type_scale(), column.type_precision())),
                ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON => Some(LogicalType::String),
                ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64 => {
                    return Ok(Kind::Unsigned);
                }
                ConvertedType::INT_8 | ConvertedType::INT_16 | ConvertedType::INT_32 | ConvertedType::INT_64 => {
                    return Ok(Kind::Signed);
                }
                ConvertedType::DATE => return Err("dates"),
                ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS => return Err("times of day"),
                ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS => return Err("timestamps"),
                ConvertedType::INTERVAL => return Err("intervals"),
                _ => None,
            },
        };
        match (column.physical_type(), logical) {
            (Physical::BOOLEAN, _) => Ok(Kind::Truth),
            (Physical::FLOAT | Physical::DOUBLE, _) => Ok(Kind::Float),
            (Physical::INT96, _) | (_, Some(LogicalType::Timestamp(_))) => Err("timestamps"),
            (_, Some(LogicalType::Date)) => Err("dates"),
            (_, Some(LogicalType::Time(_))) => Err("times of day"),
            (_, Some(LogicalType::Decimal(decimal))) => Ok(Kind::Decimal(decimal.scale)),
            (Physical::INT32 | Physical::INT64, Some(LogicalType::Integer(whole))) if !whole.is_signed => {
                Ok(Kind::Unsigned)
            }
            // A column of nothing but nulls has the type "unknown".
            (Physical::INT32 | Physical::INT64, None | Some(LogicalType::Integer(_) | LogicalType::Unknown)) => {
                Ok(Kind::Signed)
            }
            (Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Float16)) => Ok(Kind::Float16),
            (Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Uuid)) => Ok(Kind::Uuid),
            (Physical::BYTE_ARRAY, Some(LogicalType::String | LogicalType::Enum | LogicalType::Json)) => Ok(Kind::Text),
            (Physical::BYTE_ARRAY, None) => Ok(Kind::Bytes),
            _ => Err("values of another type"),
        }
    }
}

impl Kind {
    /// Whether a value can be as long as a page.
    pub fn is_long(self) -> bool {
        matches!(self, Kind::Text | Kind::Bytes | Kind::Decimal(_))
    }
}

/// The values of a batch of rows.
pub(super) struct Batch {
    reader: ColumnReader,
    kind: Kind,
    nullable: bool,
    levels: Vec<i16>,
    /// Place of each row's value, if it has one.
    places: Vec<Option<u32>>,
    values: Values,
}

enum Values {
    Truth(Vec<bool>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    Bytes(Vec<ByteArray>),
    Fixed(Vec<FixedLenByteArray>),
}

impl Batch {
    /// No rows yet.
    pub fn new(reader: ColumnReader, kind: Kind, nullable: bool) -> Batch {
        Batch { reader, kind, nullable, levels: Vec::new(), places: Vec::new(), values: Values::Truth(Vec::new()) }
    }

    /// Reads up to `rows` rows more in place of those held; says how many there are.
    pub fn read(&mut self, rows: usize) -> Result<usize, ParquetError> {
        self.levels.clear();
        let levels = self.nullable.then_some(&mut self.levels);
        let (records, values) = match &mut self.reader {
            ColumnReader::BoolColumnReader(r) => take(r, levels, rows, Values::Truth)?,
            ColumnReader::Int32ColumnReader(r) => take(r, levels, rows, Values::I32)?,
            ColumnReader::Int64ColumnReader(r) => take(r, levels, rows, Values::I64)?,
            ColumnReader::FloatColumnReader(r) => take(r, levels, rows, Values::F32)?,
            ColumnReader::DoubleColumnReader(r) => take(r, levels, rows, Values::F64)?,
            ColumnReader::ByteArrayColumnReader(r) => take(r, levels, rows, Values::Bytes)?,
            ColumnReader::FixedLenByteArrayColumnReader(r) => take(r, levels, rows, Values::Fixed)?,
            ColumnReader::Int96ColumnReader(_) => (0, Values::Truth(Vec::new())),
        };
        self.values = values;
        let mut next = 0..u32::MAX;
        self.places.clear();
        if self.nullable {
            self.places.extend(self.levels.iter().map(|level| if *level > 0 { next.next() } else { None }));
        } else {
            self.places.extend((0..records).map(|_| next.next()));
        }
        Ok(records)
    }

    /// The value of a row of the batch.
    pub fn value(&self, row: usize) -> Value<'_> {
        let Some(at) = self.places.get(row).copied().flatten().map(|at| at as usize) else { return Value::Missing };
        match &self.values {
            Values::Truth(values) => values.get(at).map_or(Value::Missing, |value| Value::Truth(*value)),
            Values::F32(values) => values.get(at).map_or(Value::Missing, |value| Value::Float(f64::from(*value))),
            Values::F64(values) => values.get(at).map_or(Value::Missing, |value| Value::Float(*value)),
            Values::I32(values) => values.get(at).map_or(Value::Missing, |value| match self.kind {
                Kind::Unsigned => digits(i128::from(*value as u32)),
                Kind::Decimal(scale) => Value::Digits(decimal(i128::from(*value), scale).into()),
                _ => digits(i128::from(*value)),
            }),
            Values::I64(values) => values.get(at).map_or(Value::Missing, |value| match self.kind {
                Kind::Unsigned => digits(i128::from(*value as u64)),
                Kind::Decimal(scale) => Value::Digits(decimal(i128::from(*value), scale).into()),
                _ => digits(i128::from(*value)),
            }),
            Values::Bytes(values) => values.get(at).map_or(Value::Missing, |value| self.bytes(value.data())),
            Values::Fixed(values) => values.get(at).map_or(Value::Missing, |value| self.bytes(value.data())),
        }
    }

    fn bytes<'a>(&self, bytes: &'a [u8]) -> Value<'a> {
        let other = |is| Value::Other { is, shown: String::from_utf8_lossy(bytes).into_owned() };
        match (self.kind, bytes) {
            (Kind::Decimal(scale), _) => match whole(bytes) {
                Some(value) => Value::Digits(decimal(value, scale).into()),
                None => other("a decimal of more than 38 digits"),
            },
            (Kind::Float16, &[low, high]) => Value::Float(f64::from(f16::from_le_bytes([low, high]))),
            (Kind::Uuid, _) => Value::Text(uuid(bytes).into()),
            _ => std::str::from_utf8(bytes)
                .map_or_else(|_| other("bytes that are no UTF-8"), |text| Value::Text(Cow::Borrowed(text))),
        }
    }
}

fn take<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    levels: Option<&mut Vec<i16>>,
    rows: usize,
    wrap: fn(Vec<T::T>) -> Values,
) -> Result<(usize, Values), ParquetError> {
    let mut values = Vec::new();
    let (records, _, _) = reader.read_records(rows, levels, None, &mut values)?;
    Ok((records, wrap(values)))
}

fn digits<'a>(value: i128) -> Value<'a> {
    Value::Digits(value.to_string().into())
}

/// A big-endian number in two's complement.
fn whole(bytes: &[u8]) -> Option<i128> {
    let negative = bytes.first().is_some_and(|byte| *byte >= 0x80);
    let (padding, zero) = if negative { (0xFF, -1) } else { (0, 0) };
    let (more, last) = bytes.split_at(bytes.len().saturating_sub(16));
    let fits = more.iter().all(|byte| *byte == padding) && (more.is_empty() || (last[0] >= 0x80) == negative);
    fits.then(|| last.iter().fold(zero, |value: i128, byte| (value << 8) | i128::from(*byte)))
}

/// `value` with a point before its last `scale` digits: -12345 and 3 are -12.345.
fn decimal(value: i128, scale: i32) -> String {
    let Some(scale) = usize::try_from(scale).ok().filter(|scale| *scale > 0) else { return value.to_string() };
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (before, after) = digits.split_at(digits.len() - scale);
    format!("{}{before}.{after}", if value < 0 { "-" } else { "" })
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
        text.push_str(&format!("{dash}{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_every_digit() {
        assert_eq!(decimal(49_999_522, 6), "49.999522");
        assert_eq!(decimal(-5, 3), "-0.005");
        assert_eq!(decimal(123, 0), "123");
        assert_eq!(decimal(i128::MIN, 2), "-1701411834604692317316873037158841057.28");
        assert_eq!(whole(&[0xFF, 0x85]), Some(-123));
        assert_eq!(whole(&[0; 20]), Some(0));
        assert_eq!(whole(&[0xFF; 20]), Some(-1));
        // 2 to the power of 127, one more than fits.
        assert_eq!(whole(&[&[0, 0x80][..], &[0; 15]].concat()), None);
        assert_eq!(whole(&[&[1][..], &[0; 16]].concat()), None);
    }
}
