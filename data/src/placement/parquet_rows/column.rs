//! One column of a row group, value by value.

use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::column::page::PageReader;
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescPtr;

/// Values that are unpacked at once.
const BATCH: usize = 1_024;
/// Texts that are: one may repeat all of the one before (`DELTA_BYTE_ARRAY`), so that two are twice as long as what is packed.
const TEXTS: usize = 1;

/// What a row has in a column.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Nothing.
    Null,
    /// A text, as it is in the file.
    Text(ByteArray),
    /// A whole number.
    Whole(i128),
    /// Another number.
    Real(f64),
}

/// What columns of a type have, or what such a type is instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Whole,
    Unsigned,
    Real,
}

/// A column whose type is one of those that are read.
pub(super) struct Column {
    values: Values,
    kind: Kind,
}

enum Values {
    Text(Typed<ByteArrayType>),
    Int32(Typed<Int32Type>),
    Int64(Typed<Int64Type>),
    Float(Typed<FloatType>),
    Double(Typed<DoubleType>),
}

/// What a column is that is not read: for messages.
pub(super) fn other_type(descr: &ColumnDescPtr) -> Option<&'static str> {
    if descr.max_rep_level() > 0 || descr.path().parts().len() > 1 {
        return Some("nested");
    }
    match (descr.physical_type(), kind(descr)) {
        (_, Some(_)) => None,
        (Type::BOOLEAN, _) => Some("a truth value"),
        (Type::BYTE_ARRAY, _) => Some("bytes without a text type"),
        _ => Some("of another type"),
    }
}

fn kind(descr: &ColumnDescPtr) -> Option<Kind> {
    use ConvertedType::{ENUM, INT_8, INT_16, INT_32, INT_64, JSON, NONE, UINT_8, UINT_16, UINT_32, UINT_64, UTF8};
    let plain = matches!(descr.logical_type_ref(), None | Some(LogicalType::Integer { .. }));
    match (descr.physical_type(), descr.converted_type()) {
        (Type::BYTE_ARRAY, UTF8 | ENUM | JSON) => Some(Kind::Text),
        (Type::INT32 | Type::INT64, NONE | INT_8 | INT_16 | INT_32 | INT_64) if plain => Some(Kind::Whole),
        (Type::INT32 | Type::INT64, UINT_8 | UINT_16 | UINT_32 | UINT_64) => Some(Kind::Unsigned),
        (Type::FLOAT | Type::DOUBLE, NONE) => Some(Kind::Real),
        _ => None,
    }
}

impl Column {
    /// A column of a type that is read; `None` for another ([`other_type`] says which).
    pub fn new(descr: &ColumnDescPtr, pages: Box<dyn PageReader>) -> Option<Column> {
        let kind = kind(descr)?;
        let values = match descr.physical_type() {
            Type::BYTE_ARRAY => Values::Text(Typed::new(descr, pages, TEXTS)),
            Type::INT32 => Values::Int32(Typed::new(descr, pages, BATCH)),
            Type::INT64 => Values::Int64(Typed::new(descr, pages, BATCH)),
            Type::FLOAT => Values::Float(Typed::new(descr, pages, BATCH)),
            Type::DOUBLE => Values::Double(Typed::new(descr, pages, BATCH)),
            Type::BOOLEAN | Type::INT96 | Type::FIXED_LEN_BYTE_ARRAY => return None,
        };
        Some(Column { values, kind })
    }

    /// The value of the next row.
    pub fn next(&mut self) -> Result<Value> {
        let unsigned = self.kind == Kind::Unsigned;
        let value = match &mut self.values {
            Values::Text(typed) => typed.next()?.map(Value::Text),
            Values::Int32(typed) => typed.next()?.map(|value| {
                Value::Whole(if unsigned { i128::from(value.cast_unsigned()) } else { i128::from(value) })
            }),
            Values::Int64(typed) => typed.next()?.map(|value| {
                Value::Whole(if unsigned { i128::from(value.cast_unsigned()) } else { i128::from(value) })
            }),
            Values::Float(typed) => typed.next()?.map(|value| Value::Real(f64::from(value))),
            Values::Double(typed) => typed.next()?.map(Value::Real),
        };
        Ok(value.unwrap_or(Value::Null))
    }
}

/// Values of one physical type, some unpacked beforehand.
struct Typed<T: DataType> {
    reader: ColumnReaderImpl<T>,
    optional: bool,
    batch: usize,
    /// Whether each row has a value: 1 or 0; in an optional column alone.
    levels: Vec<i16>,
    values: Vec<T::T>,
    rows: usize,
    row: usize,
    value: usize,
}

impl<T: DataType> Typed<T> {
    fn new(descr: &ColumnDescPtr, pages: Box<dyn PageReader>, batch: usize) -> Typed<T> {
        let reader = ColumnReaderImpl::new(descr.clone(), pages);
        let optional = descr.max_def_level() > 0;
        Typed { reader, optional, batch, levels: Vec::new(), values: Vec::new(), rows: 0, row: 0, value: 0 }
    }

    fn next(&mut self) -> Result<Option<T::T>> {
        if self.row == self.rows {
            self.levels.clear();
            self.values.clear();
            let levels = self.optional.then_some(&mut self.levels);
            (self.rows, ..) = self.reader.read_records(self.batch, levels, None, &mut self.values)?;
            (self.row, self.value) = (0, 0);
        }
        let ends = || ParquetError::General("a column ends before its rows do".to_owned());
        let there = !self.optional || self.levels.get(self.row).is_some_and(|level| *level > 0);
        if self.row >= self.rows {
            return Err(ends());
        }
        self.row += 1;
        if !there {
            return Ok(None);
        }
        let value = self.values.get_mut(self.value).map(std::mem::take).ok_or_else(ends)?;
        self.value += 1;
        Ok(Some(value))
    }
}
