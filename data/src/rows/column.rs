//! Rows turned into columns and back, without knowing any file format.

use super::cell::{Cell, CellError, Physical};
use std::sync::Arc;

/// Values of a column that are not null, in the widths that files store.
#[derive(Clone, Debug, PartialEq)]
pub enum Values<'a> {
    /// Integers up to 32 bits; unsigned ones keep their bits.
    I32(Vec<i32>),
    /// 64-bit integers; unsigned ones keep their bits.
    I64(Vec<i64>),
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
    /// Truth values.
    Bool(Vec<bool>),
    /// Text.
    Text(Vec<&'a str>),
}

/// One column of some rows.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnData<'a> {
    /// What is there.
    pub values: Values<'a>,
    /// For a nullable column, one entry a row: 1 where a value is, 0 where none is.
    pub levels: Option<Vec<i16>>,
}

impl<'a> ColumnData<'a> {
    /// An empty column for cells of this physical type.
    pub fn empty(physical: Physical, nullable: bool, capacity: usize) -> Self {
        let values = match physical {
            Physical::U8 | Physical::U16 | Physical::U32 | Physical::I32 => Values::I32(Vec::with_capacity(capacity)),
            Physical::U64 => Values::I64(Vec::with_capacity(capacity)),
            Physical::F32 => Values::F32(Vec::with_capacity(capacity)),
            Physical::F64 => Values::F64(Vec::with_capacity(capacity)),
            Physical::Bool => Values::Bool(Vec::with_capacity(capacity)),
            Physical::Word | Physical::Text => Values::Text(Vec::with_capacity(capacity)),
        };
        ColumnData { values, levels: nullable.then(|| Vec::with_capacity(capacity)) }
    }

    /// Collects one field of all rows.
    pub fn gather<R, C: Cell + 'a>(rows: &'a [R], field: fn(&R) -> &C) -> Self {
        let mut column = ColumnData::empty(C::PHYSICAL, C::NULLABLE, rows.len());
        for row in rows {
            field(row).push(&mut column);
        }
        column
    }
}

/// Walks over a column while rows are assembled.
#[derive(Debug)]
pub struct Cursor<'a> {
    column: ColumnData<'a>,
    value: usize,
    row: usize,
    last: Option<Arc<str>>,
}

impl<'a> Cursor<'a> {
    /// At the first value.
    pub fn new(column: ColumnData<'a>) -> Self {
        Cursor { column, value: 0, row: 0, last: None }
    }

    /// Whether the next row has a value; moves on to that row.
    pub fn present(&mut self) -> Result<bool, CellError> {
        let Some(levels) = &self.column.levels else { return Ok(true) };
        let level = *levels.get(self.row).ok_or(CellError::Shape)?;
        self.row += 1;
        Ok(level > 0)
    }

    /// The next text.
    pub fn text(&mut self) -> Result<&'a str, CellError> {
        let Values::Text(values) = &self.column.values else { return Err(CellError::Shape) };
        let value = *values.get(self.value).ok_or(CellError::Shape)?;
        self.value += 1;
        Ok(value)
    }

    /// The next text, shared with the row before if it is the same.
    pub fn shared_text(&mut self) -> Result<Arc<str>, CellError> {
        let text = self.text()?;
        match &self.last {
            Some(last) if &**last == text => Ok(Arc::clone(last)),
            _ => {
                let shared: Arc<str> = text.into();
                self.last = Some(Arc::clone(&shared));
                Ok(shared)
            }
        }
    }
}

macro_rules! next_value {
    ($($name:ident $wire:ident),+) => {
        impl Cursor<'_> {$(
            #[doc = concat!("The next `", stringify!($name), "`.")]
            pub fn $name(&mut self) -> Result<$name, CellError> {
                let Values::$wire(values) = &self.column.values else { return Err(CellError::Shape) };
                let value = *values.get(self.value).ok_or(CellError::Shape)?;
                self.value += 1;
                Ok(value)
            }
        )+}
    };
}

next_value!(i32 I32, i64 I64, f32 F32, f64 F64, bool Bool);
