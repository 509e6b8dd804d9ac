//! Parquet files written by hand: each part of one may say what is not so.

/// What pages are.
pub mod page {
    /// Values, and before them whether each is there.
    pub const DATA: u8 = 0;
    /// The values that those of other pages are numbers of.
    pub const DICTIONARY: u8 = 2;
    /// As the first, the levels apart.
    pub const DATA_V2: u8 = 3;
}

/// How values are written.
pub mod encoding {
    /// As they are.
    pub const PLAIN: u8 = 0;
    /// Runs: levels, and numbers of a dictionary.
    pub const RLE: u8 = 3;
    /// Differences.
    pub const DELTA_BINARY_PACKED: u8 = 5;
    /// Lengths by themselves, then texts.
    pub const DELTA_LENGTH_BYTE_ARRAY: u8 = 6;
    /// What a text shares with the one before it, then the rest of it.
    pub const DELTA_BYTE_ARRAY: u8 = 7;
    /// Numbers of a dictionary.
    pub const RLE_DICTIONARY: u8 = 8;
}

/// Types of columns.
pub mod kind {
    /// Whole numbers of 64 bits.
    pub const INT64: u8 = 2;
    /// Numbers of 64 bits.
    pub const DOUBLE: u8 = 5;
    /// Texts, where a column says that they are.
    pub const BYTE_ARRAY: u8 = 6;
}

/// How pages are packed.
pub mod codec {
    /// Not at all.
    pub const NONE: u8 = 0;
    /// Snappy.
    pub const SNAPPY: u8 = 1;
    /// ZSTD.
    pub const ZSTD: u8 = 6;
}

/// A page, and what its header says.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// See [`page`].
    pub kind: u8,
    /// See [`encoding`].
    pub encoding: u8,
    /// Values that it says to have.
    pub values: i32,
    /// Bytes that it says to have when it is unpacked; those of its content without this.
    pub unpacked: Option<i32>,
    /// Bytes that it says to have as it is; those of its content without this.
    pub packed: Option<i32>,
    /// Bytes of the levels, in the second form of data.
    pub levels: i32,
    /// Its content as it is in the file.
    pub content: Vec<u8>,
}

/// A column, and what the footer says of it.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// Name.
    pub name: &'static str,
    /// See [`kind`].
    pub kind: u8,
    /// Whether bytes are texts (`UTF8`).
    pub text: bool,
    /// Whether a row may have no value.
    pub optional: bool,
    /// See [`codec`].
    pub codec: u8,
    /// Bytes that it says to have; those of its pages without this.
    pub bytes: Option<i64>,
    /// Its pages.
    pub pages: Vec<Page>,
}

/// A file of one row group that says to have so many rows.
pub fn file(columns: &[Column], rows: i64) -> Vec<u8> {
    let mut file = b"PAR1".to_vec();
    let mut chunks = Vec::new();
    for column in columns {
        let start = file.len();
        for page in &column.pages {
            file.extend_from_slice(&header(page));
            file.extend_from_slice(&page.content);
        }
        chunks.push(chunk(column, start as i64, (file.len() - start) as i64, rows));
    }
    let group = Struct::new().structs(1, &chunks).number(2, file.len() as i64).number(3, rows).end();
    let root = Struct::new().text(4, "sites").number(5, columns.len() as i64).end();
    let schema: Vec<Vec<u8>> = std::iter::once(root).chain(columns.iter().map(element)).collect();
    let footer = Struct::new().number(1, 2).structs(2, &schema).number(3, rows).structs(4, &[group]).end();
    with_footer(file, &footer)
}

/// A file of no pages with this footer.
pub fn with_footer(mut file: Vec<u8>, footer: &[u8]) -> Vec<u8> {
    file.extend_from_slice(footer);
    file.extend_from_slice(&(footer.len() as u32).to_le_bytes());
    file.extend_from_slice(b"PAR1");
    file
}

fn element(column: &Column) -> Vec<u8> {
    let element = Struct::new().number(1, column.kind.into()).number(3, column.optional.into()).text(4, column.name);
    if column.text { element.number(6, 0).end() } else { element.end() }
}

fn chunk(column: &Column, start: i64, bytes: i64, rows: i64) -> Vec<u8> {
    let bytes = column.bytes.unwrap_or(bytes);
    let path = [&[0x18, column.name.len() as u8], column.name.as_bytes()].concat();
    let dictionary = column.pages.first().is_some_and(|first| first.kind == page::DICTIONARY);
    let metadata = Struct::new()
        .number(1, column.kind.into())
        .list(2, 5, &[vec![0]])
        .list(3, 8, &[path[1..].to_vec()])
        .number(4, column.codec.into())
        .number(5, rows)
        .number(6, bytes)
        .number(7, bytes)
        .number(9, start);
    let metadata = if dictionary { metadata.number(11, start) } else { metadata };
    Struct::new().number(2, 0).inner(3, &metadata.end()).end()
}

fn header(page: &Page) -> Vec<u8> {
    let length = page.content.len() as i32;
    let header = Struct::new()
        .number(1, page.kind.into())
        .number(2, page.unpacked.unwrap_or(length).into())
        .number(3, page.packed.unwrap_or(length).into());
    let said = Struct::new().number(1, page.values.into());
    let runs = encoding::RLE.into();
    match page.kind {
        page::DICTIONARY => header.inner(7, &said.number(2, page.encoding.into()).end()),
        page::DATA_V2 => {
            let said = said.number(2, 0).number(3, page.values.into()).number(4, page.encoding.into());
            header.inner(8, &said.number(5, page.levels.into()).number(6, 0).end())
        }
        _ => header.inner(5, &said.number(2, page.encoding.into()).number(3, runs).number(4, runs).end()),
    }
    .end()
}

/// A struct of Thrift's compact protocol, field by field.
#[derive(Clone, Debug)]
pub struct Struct(Vec<u8>, u8);

impl Default for Struct {
    fn default() -> Self {
        Struct::new()
    }
}

impl Struct {
    /// One without fields.
    pub fn new() -> Struct {
        Struct(Vec::new(), 0)
    }

    fn field(mut self, field: u8, kind: u8) -> Struct {
        // Fields are at most 15 apart.
        self.0.push((field - self.1) << 4 | kind);
        self.1 = field;
        self
    }

    /// A whole number.
    #[must_use]
    pub fn number(self, field: u8, number: i64) -> Struct {
        let mut out = self.field(field, 6);
        varint(&mut out.0, (number << 1 ^ number >> 63).cast_unsigned());
        out
    }

    /// A text.
    #[must_use]
    pub fn text(self, field: u8, text: &str) -> Struct {
        let mut out = self.field(field, 8);
        varint(&mut out.0, text.len() as u64);
        out.0.extend_from_slice(text.as_bytes());
        out
    }

    /// A struct within.
    #[must_use]
    pub fn inner(self, field: u8, inner: &[u8]) -> Struct {
        let mut out = self.field(field, 12);
        out.0.extend_from_slice(inner);
        out
    }

    /// A list of structs.
    #[must_use]
    pub fn structs(self, field: u8, structs: &[Vec<u8>]) -> Struct {
        self.list(field, 12, structs)
    }

    /// A list of anything.
    #[must_use]
    pub fn list(self, field: u8, kind: u8, elements: &[Vec<u8>]) -> Struct {
        self.claimed(field, kind, elements.len() as u64, &elements.concat())
    }

    /// A list that says to have so many elements.
    #[must_use]
    pub fn claimed(self, field: u8, kind: u8, elements: u64, content: &[u8]) -> Struct {
        let mut out = self.field(field, 9);
        out.0.push(0xF0 | kind);
        varint(&mut out.0, elements);
        out.0.extend_from_slice(content);
        out
    }

    /// Its bytes.
    pub fn end(mut self) -> Vec<u8> {
        self.0.push(0);
        self.0
    }
}

/// A number in as few bytes as it takes, seven bits each.
pub fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7F {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Texts as they are: the length of each, and it.
pub fn plain(texts: &[&str]) -> Vec<u8> {
    texts.iter().flat_map(|text| [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()).collect()
}

/// Three columns of two sites, `a` and `b`, all of it so.
pub fn two_sites() -> [Column; 3] {
    let page = |content| Page { values: 2, content, ..Page::default() };
    let degrees = |degrees: [f64; 2]| page(degrees.iter().flat_map(|degree| degree.to_le_bytes()).collect());
    let column = |name, kind, page| Column { name, kind, pages: vec![page], ..Column::default() };
    [
        Column { text: true, ..column("id", kind::BYTE_ARRAY, page(plain(&["a", "b"]))) },
        column("lat", kind::DOUBLE, degrees([50.5, 51.5])),
        column("lon", kind::DOUBLE, degrees([11.5, 12.5])),
    ]
}
