//! The macros behind the declarations: of a row type with all that follows from it, of the list of tables, and of the words of a column.

/// Row types, each with all that follows from it.
macro_rules! rows {
    ($(
        $(#[doc = $table_doc:literal])+
        $table:ident: $row:ident, sorted by [$($key:ident),+], opt_in: $opt_in:literal {
            $( $(#[doc = $doc:literal])+ $column:ident: $cell:ty, )+
        }
    )+) => {
        $(
            $(#[doc = $table_doc])+
            #[derive(Clone, Debug, PartialEq)]
            pub struct $row {
                $( $(#[doc = $doc])+ pub $column: $cell, )+
            }

            impl Row for $row {
                const TABLE: TableInfo = TableInfo {
                    name: stringify!($table),
                    doc: concat!($($table_doc),+),
                    columns: &[$(
                        Column {
                            name: stringify!($column),
                            physical: <$cell as Cell>::PHYSICAL,
                            nullable: <$cell as Cell>::NULLABLE,
                            words: <$cell as Cell>::WORDS,
                            doc: concat!($($doc),+),
                        },
                    )+],
                    sorted_by: &[$(stringify!($key)),+],
                    opt_in: $opt_in,
                };

                fn canonical(&self, out: &mut Vec<u8>) {
                    $( Cell::canonical(&self.$column, out); )+
                }

                fn order(&self, other: &Self) -> Ordering {
                    Ordering::Equal $( .then_with(|| Cell::order(&self.$key, &other.$key)) )+
                }

                fn gatherers<'a>() -> Vec<Gather<'a, Self>> {
                    vec![$( |rows| ColumnData::gather(rows, |row: &$row| &row.$column) ),+]
                }

                fn assemble(columns: Vec<ColumnData<'_>>, rows: usize) -> Result<Vec<Self>, (&'static str, CellError)> {
                    let mut columns = columns.into_iter().map(Cursor::new);
                    $(
                        let mut $column = columns.next().ok_or((stringify!($column), CellError::Shape))?;
                    )+
                    let mut out = Vec::with_capacity(rows);
                    for _ in 0..rows {
                        out.push($row {
                            $( $column: Cell::pull(&mut $column).map_err(|error| (stringify!($column), error))?, )+
                        });
                    }
                    Ok(out)
                }

                fn of(rows: &Rows) -> &Vec<Self> {
                    &rows.$table
                }

                fn of_mut(rows: &mut Rows) -> &mut Vec<Self> {
                    &mut rows.$table
                }
            }
        )+
    };
}

/// The list of all tables; see [`crate::rows::tables`] for its only use.
macro_rules! tables {
    ($($table:ident: $row:ident),+ $(,)?) => {
        /// What a partition hands to the driver: rows of every table, in the order they happened.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Rows {
            $( #[doc = concat!("Rows of table `", stringify!($table), "`.")] pub $table: Vec<$row>, )+
        }

        impl Rows {
            /// Rows in all tables.
            pub fn len(&self) -> usize {
                0 $( + self.$table.len() )+
            }

            /// No row in any table.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Moves all rows of `other` to the end of these; `other` keeps its memory and becomes empty.
            pub fn append(&mut self, other: &mut Rows) {
                $( self.$table.append(&mut other.$table); )+
            }

            /// Drops all rows and keeps the memory.
            pub fn clear(&mut self) {
                $( self.$table.clear(); )+
            }
        }

        /// All tables, in the order of their fingerprint.
        pub const TABLES: &[TableInfo] = &[$( <$row as Row>::TABLE ),+];

        /// Does something with the row type of each table, in the order of [`TABLES`].
        pub trait EachTable {
            /// What can go wrong.
            type Error;
            /// One table.
            fn table<R: Row>(&mut self) -> Result<(), Self::Error>;
            /// All tables in order; stops at the first error.
            fn each(&mut self) -> Result<(), Self::Error> {
                $( self.table::<$row>()?; )+
                Ok(())
            }
        }
    };
}

/// Enums whose variants stand in table cells as words; see [`crate::rows::words`] for its only use.
macro_rules! words {
    ($(
        $(#[doc = $enum_doc:literal])+
        $name:ident {
            $( $(#[doc = $doc:literal])+ $variant:ident = $word:literal, )+
        }
    )+) => {$(
        $(#[doc = $enum_doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $( $(#[doc = $doc])+ $variant, )+
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [$name] = &[$( $name::$variant ),+];

            /// Its word in the table.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( $name::$variant => $word, )+
                }
            }

            /// The value of that word.
            pub fn of_word(word: &str) -> Option<Self> {
                match word {
                    $( $word => Some($name::$variant), )+
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl Cell for $name {
            const PHYSICAL: Physical = Physical::Word;
            const WORDS: &'static [Word] = &[$( Word { word: $word, doc: concat!($($doc),+) } ),+];
            fn canonical(&self, out: &mut Vec<u8>) {
                canonical_text(self.as_str(), out);
            }
            // By the word, as who reads the file sorts it; `Ord` goes by the declaration.
            fn order(&self, other: &Self) -> Ordering {
                self.as_str().cmp(other.as_str())
            }
            fn push<'a>(&'a self, column: &mut ColumnData<'a>) {
                if let Values::Text(values) = &mut column.values {
                    values.push(self.as_str());
                }
            }
            fn pull(cursor: &mut Cursor<'_>) -> Result<Self, CellError> {
                let word = cursor.text()?;
                Self::of_word(word).ok_or_else(|| CellError::unknown_word(word, Self::WORDS))
            }
        }
    )+};
}

pub(crate) use {rows, tables, words};
