//! What a table cell can be: its physical type, its canonical bytes, its way into and out of a column.

use super::column::{ColumnData, Cursor, Values};
use std::cmp::Ordering;
use std::sync::Arc;

/// Physical type of a column, as `describe` prints it and as the file declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Physical {
    /// Unsigned, 8 bits.
    U8,
    /// Unsigned, 16 bits.
    U16,
    /// Unsigned, 32 bits.
    U32,
    /// Unsigned, 64 bits.
    U64,
    /// Signed, 32 bits.
    I32,
    /// IEEE 754, 32 bits.
    F32,
    /// IEEE 754, 64 bits.
    F64,
    /// True or false.
    Bool,
    /// UTF-8 text, one of the words of an enum.
    Word,
    /// UTF-8 text.
    Text,
}

impl Physical {
    /// Name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Physical::U8 => "uint8",
            Physical::U16 => "uint16",
            Physical::U32 => "uint32",
            Physical::U64 => "uint64",
            Physical::I32 => "int32",
            Physical::F32 => "float32",
            Physical::F64 => "float64",
            Physical::Bool => "bool",
            Physical::Word => "word",
            Physical::Text => "text",
        }
    }
}

/// A word that a cell can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// As it stands in the table.
    pub word: &'static str,
    /// What it means.
    pub doc: &'static str,
}

/// As much of an unknown word stands in an error.
const WORD_CHARS_SHOWN: usize = 64;

/// Why a value of a file cannot become a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CellError {
    /// A null in a column that has none.
    Null,
    /// A number outside the column's range.
    Range(i64),
    /// A word that is none of the column's.
    UnknownWord {
        /// The word, shortened if it is long.
        word: String,
        /// The words that this version of the program knows.
        known: &'static [Word],
    },
    /// The column ends early, or holds another type.
    Shape,
}

impl std::fmt::Display for CellError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CellError::Null => write!(f, "an empty value where none may be"),
            CellError::Range(value) => write!(f, "the value {value} is out of range"),
            CellError::UnknownWord { word, known } => {
                let known: Vec<&str> = known.iter().map(|known| known.word).collect();
                write!(f, "the word {word:?} is not known to this version, which knows {}", known.join(", "))
            }
            CellError::Shape => write!(f, "too few values, or values of another type"),
        }
    }
}

impl CellError {
    /// For a word that is none of `known`.
    pub(crate) fn unknown_word(word: &str, known: &'static [Word]) -> Self {
        CellError::UnknownWord { word: word.chars().take(WORD_CHARS_SHOWN).collect(), known }
    }
}

/// A value that a table column can hold.
pub trait Cell: Sized {
    /// Physical type.
    const PHYSICAL: Physical;
    /// May be empty.
    const NULLABLE: bool = false;
    /// All words that it can be; empty for what is not a word.
    const WORDS: &'static [Word] = &[];
    /// Appends the canonical bytes: little-endian, text with a u32 length before it, one byte before an optional value.
    fn canonical(&self, out: &mut Vec<u8>);
    /// Total order, for sorting rows; empty comes first.
    fn order(&self, other: &Self) -> Ordering;
    /// Appends to a column.
    fn push<'a>(&'a self, column: &mut ColumnData<'a>);
    /// Takes the next value of a column.
    fn pull(cursor: &mut Cursor<'_>) -> Result<Self, CellError>;
}

macro_rules! integer_cell {
    ($($ty:ident $physical:ident $wide:ident $wire:ident),+ $(,)?) => {$(
        impl Cell for $ty {
            const PHYSICAL: Physical = Physical::$physical;
            fn canonical(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn order(&self, other: &Self) -> Ordering {
                self.cmp(other)
            }
            fn push<'a>(&'a self, column: &mut ColumnData<'a>) {
                // Same-width values keep their bits: an unsigned column above the signed range is stored as negative.
                if let Values::$wire(values) = &mut column.values {
                    values.push(*self as $wide);
                }
            }
            fn pull(cursor: &mut Cursor<'_>) -> Result<Self, CellError> {
                let wide = cursor.$wide()?;
                let value = wide as $ty;
                if value as $wide == wide { Ok(value) } else { Err(CellError::Range(i64::from(wide))) }
            }
        }
    )+};
}

integer_cell!(u8 U8 i32 I32, u16 U16 i32 I32, u32 U32 i32 I32, i32 I32 i32 I32, u64 U64 i64 I64);

macro_rules! float_cell {
    ($($ty:ident $physical:ident $wire:ident),+ $(,)?) => {$(
        impl Cell for $ty {
            const PHYSICAL: Physical = Physical::$physical;
            fn canonical(&self, out: &mut Vec<u8>) {
                // The payload of a NaN differs between processors.
                let value = if self.is_nan() { $ty::NAN } else { *self };
                out.extend_from_slice(&value.to_bits().to_le_bytes());
            }
            fn order(&self, other: &Self) -> Ordering {
                self.total_cmp(other)
            }
            fn push<'a>(&'a self, column: &mut ColumnData<'a>) {
                if let Values::$wire(values) = &mut column.values {
                    values.push(*self);
                }
            }
            fn pull(cursor: &mut Cursor<'_>) -> Result<Self, CellError> {
                cursor.$ty()
            }
        }
    )+};
}

float_cell!(f32 F32 F32, f64 F64 F64);

impl Cell for bool {
    const PHYSICAL: Physical = Physical::Bool;
    fn canonical(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn order(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }
    fn push<'a>(&'a self, column: &mut ColumnData<'a>) {
        if let Values::Bool(values) = &mut column.values {
            values.push(*self);
        }
    }
    fn pull(cursor: &mut Cursor<'_>) -> Result<Self, CellError> {
        cursor.bool()
    }
}

pub(crate) fn canonical_text(text: &str, out: &mut Vec<u8>) {
    let length = u32::try_from(text.len()).expect("a text cell is far below 4 GiB");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

macro_rules! text_cell {
    ($($ty:ty, $physical:ident, $take:expr;)+) => {$(
        impl Cell for $ty {
            const PHYSICAL: Physical = Physical::$physical;
            fn canonical(&self, out: &mut Vec<u8>) {
                canonical_text(self, out);
            }
            fn order(&self, other: &Self) -> Ordering {
                self.cmp(other)
            }
            fn push<'a>(&'a self, column: &mut ColumnData<'a>) {
                if let Values::Text(values) = &mut column.values {
                    values.push(self);
                }
            }
            fn pull(cursor: &mut Cursor<'_>) -> Result<Self, CellError> {
                let take: fn(&mut Cursor<'_>) -> Result<Self, CellError> = $take;
                take(cursor)
            }
        }
    )+};
}

text_cell! {
    String, Text, |cursor| Ok(cursor.text()?.to_owned());
    Arc<str>, Text, |cursor| cursor.shared_text();
}

impl<T: Cell> Cell for Option<T> {
    const PHYSICAL: Physical = T::PHYSICAL;
    const NULLABLE: bool = true;
    const WORDS: &'static [Word] = T::WORDS;
    fn canonical(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.is_some()));
        if let Some(value) = self {
            value.canonical(out);
        }
    }
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Some(a), Some(b)) => a.order(b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        }
    }
    fn push<'a>(&'a self, column: &mut ColumnData<'a>) {
        if let Some(levels) = &mut column.levels {
            levels.push(i16::from(self.is_some()));
        }
        if let Some(value) = self {
            value.push(column);
        }
    }
    fn pull(cursor: &mut Cursor<'_>) -> Result<Self, CellError> {
        if cursor.present()? { T::pull(cursor).map(Some) } else { Ok(None) }
    }
}

/// An optional value of a column that its table got later. Where it is empty the fingerprint does not count it, so that runs that have no use
/// for the column keep theirs. It stands behind all other columns of its row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Added<T>(pub Option<T>);

impl<T> Default for Added<T> {
    fn default() -> Self {
        Added(None)
    }
}

impl<T: Cell> Cell for Added<T> {
    const PHYSICAL: Physical = T::PHYSICAL;
    const NULLABLE: bool = true;
    const WORDS: &'static [Word] = T::WORDS;
    fn canonical(&self, out: &mut Vec<u8>) {
        if self.0.is_some() {
            self.0.canonical(out);
        }
    }
    fn order(&self, other: &Self) -> Ordering {
        self.0.order(&other.0)
    }
    fn push<'a>(&'a self, column: &mut ColumnData<'a>) {
        self.0.push(column);
    }
    fn pull(cursor: &mut Cursor<'_>) -> Result<Self, CellError> {
        Option::pull(cursor).map(Added)
    }
}
