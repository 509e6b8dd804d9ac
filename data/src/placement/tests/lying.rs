//! Parquet files that say what is not so, and small ones that stand for much.

use super::*;
use amitwin_testkit::parquet::{self, Column, Page, Struct, codec, encoding, kind, page, plain, two_sites, varint};

/// What reading the file says, without its name; an error of a panic is one as well.
fn said(bytes: &[u8]) -> Result<usize, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lying.parquet");
    std::fs::write(&path, bytes).unwrap();
    let name = path.display().to_string();
    read(&path, &Options::default())
        .map(|file| file.records.len())
        .map_err(|error| error.to_string().replacen(&name, "", 1))
}

fn refused(columns: &[Column], rows: i64, words: &str) {
    let said = said(&parquet::file(columns, rows)).expect_err(words);
    assert!(said.contains(words), "{said}");
}

/// The two sites, the id column with other pages.
fn ids(pages: &[Page]) -> [Column; 3] {
    let [id, lat, lon] = two_sites();
    [Column { pages: pages.to_vec(), ..id }, lat, lon]
}

const TOO_LONG: &str = "row 1, column id: unpacked, a page takes more than 128 MB";

#[test]
fn what_is_so_is_read() {
    assert_eq!(said(&parquet::file(&two_sites(), 2)), Ok(2));
    let dictionary = Page { kind: page::DICTIONARY, values: 2, content: plain(&["a", "b"]), ..Page::default() };
    // Numbers of one bit, a group of eight: 0, 1.
    let numbers = Page { encoding: encoding::RLE_DICTIONARY, values: 2, content: vec![1, 3, 2], ..Page::default() };
    assert_eq!(said(&parquet::file(&ids(&[dictionary, numbers]), 2)), Ok(2));
    // Two lengths of 1: a first one, and a difference of 0 in no bits.
    let ones = [0x80, 1, 4, 2, 2, 0, 0, 0, 0, 0];
    let texts = |encoding, content| Page { encoding, values: 2, content, ..Page::default() };
    let lengths = texts(encoding::DELTA_LENGTH_BYTE_ARRAY, [&ones[..], b"ab"].concat());
    assert_eq!(said(&parquet::file(&ids(&[lengths]), 2)), Ok(2));
    let zeros = [0x80, 1, 4, 2, 0, 0, 0, 0, 0, 0];
    let shared = texts(encoding::DELTA_BYTE_ARRAY, [&zeros[..], &ones, b"ab"].concat());
    assert_eq!(said(&parquet::file(&ids(&[shared]), 2)), Ok(2));
}

#[test]
fn a_page_that_says_to_unpack_to_2_gb_is_not_unpacked() {
    for codec in [codec::NONE, codec::SNAPPY, codec::ZSTD] {
        for kind in [page::DATA, page::DICTIONARY, page::DATA_V2] {
            let [id, lat, lon] = ids(&[Page {
                kind,
                values: 2,
                unpacked: Some(i32::MAX),
                content: plain(&["a", "b"]),
                ..Page::default()
            }]);
            refused(&[Column { codec, ..id }, lat, lon], 2, TOO_LONG);
        }
    }
    let packed = |packed| Page { values: 2, packed: Some(packed), content: plain(&["a", "b"]), ..Page::default() };
    refused(&ids(&[packed(i32::MAX)]), 2, "a page is longer than its column");
    refused(&ids(&[packed(-1)]), 2, "the size of a page is negative");
    let [id, lat, lon] = ids(&[packed(i32::MAX)]);
    refused(&[Column { bytes: Some(1 << 40), ..id }, lat, lon], 2, "the file ends before its columns do");
}

#[test]
fn a_dictionary_of_2_000_million_values_is_not_made_room_for() {
    let dictionary = |values, content| Page { kind: page::DICTIONARY, values, content, ..Page::default() };
    let numbers = Page { encoding: encoding::RLE_DICTIONARY, values: 2, content: vec![1, 3, 2], ..Page::default() };
    let lying = dictionary(i32::MAX, plain(&["a", "b"]));
    refused(&ids(&[lying, numbers.clone()]), 2, "a dictionary has more values than bytes");
    // 5 million empty texts of 4 bytes, which take 32 each in memory.
    let full = dictionary(5_000_000, vec![0; 20_000_000]);
    refused(&ids(&[full, numbers]), 2, TOO_LONG);
}

#[test]
fn lengths_that_are_not_there_are_not_made_room_for() {
    // Lengths of 2^40 texts, all the same: a first one, and differences of 0 in one block of one part.
    let mut lengths = Vec::new();
    [1 << 45, 1, 1 << 40, 2, 0].iter().for_each(|number| varint(&mut lengths, *number));
    lengths.push(0);
    let whole = [0x80, 1, 4, 2, 0, 0, 0, 0, 0, 0];
    let texts = |encoding, content| Page { encoding, values: 2, content, ..Page::default() };
    for page in [
        texts(encoding::DELTA_LENGTH_BYTE_ARRAY, lengths.clone()),
        texts(encoding::DELTA_BYTE_ARRAY, lengths.clone()),
        texts(encoding::DELTA_BYTE_ARRAY, [&whole[..], &lengths].concat()),
    ] {
        refused(&ids(&[page]), 2, "the lengths in a page are not those of its values");
    }
}

#[test]
fn texts_that_repeat_the_one_before_are_unpacked_one_by_one() {
    // A thousand texts of which each has all of the one before: 100 kB as a file, 100 MB unpacked.
    let rows = 1_000;
    let mut content = Vec::new();
    // What is shared: 0, then 100,000 each, as a first number, then differences of 100,000 and of 0 in 32 bits.
    let run = |content: &mut Vec<u8>, first: u64, difference: u32| {
        [1_024, 1, rows, first << 1, 0].iter().for_each(|number| varint(content, *number));
        content.push(32);
        content.extend_from_slice(&difference.to_le_bytes());
        content.resize(content.len() + 1_023 * 4, 0);
    };
    run(&mut content, 0, 100_000);
    run(&mut content, 100_000, (-100_000_i32).cast_unsigned());
    content.resize(content.len() + 100_000, b'x');
    let page = Page { encoding: encoding::DELTA_BYTE_ARRAY, values: rows as i32, content, ..Page::default() };
    let [id, lat, lon] = ids(&[page]);
    refused(&[id, lat, lon], rows as i64, "row 1, column id: is longer than 65536 bytes");
}

#[test]
fn a_footer_is_not_believed() {
    let refused = |footer: Vec<u8>, words| {
        let said = said(&parquet::with_footer(b"PAR1".to_vec(), &footer)).expect_err(words);
        assert!(said.contains(words), "{said}");
    };
    let cannot = "no Parquet can be read here: Parquet error: its footer cannot be read";
    // 2^31 - 1 columns, or truth values of a field that nobody knows, and none of them there.
    refused(Struct::new().number(1, 2).claimed(2, 12, i32::MAX as u64, &[]).end(), cannot);
    refused(Struct::new().number(1, 2).claimed(15, 1, i32::MAX as u64, &[]).end(), cannot);
    let column = |children| Struct::new().text(4, "x").number(5, children).end();
    let tree = "its columns are not as its footer counts them";
    refused(Struct::new().number(1, 2).structs(2, &[column(i32::MAX.into())]).end(), tree);
    refused(Struct::new().number(1, 2).structs(2, &vec![column(1); 100_000]).end(), tree);
}

#[test]
fn what_contradicts_itself_is_refused_and_no_bug() {
    // A page of numbers of a dictionary that is not there, which the reader does not expect.
    let numbers = Page { encoding: encoding::RLE_DICTIONARY, values: 2, content: vec![1, 3, 2], ..Page::default() };
    refused(&ids(&[numbers]), 2, "parts of it contradict each other");
    // Fewer rows than the footer has, and more.
    refused(&two_sites(), 3, "row 3, column id: no Parquet can be read here: a column ends before its rows");
    assert_eq!(said(&parquet::file(&two_sites(), 1)), Ok(1));
    refused(&two_sites(), i64::MAX, "has more than 20000000 sites");
}

#[test]
fn columns_of_other_types_are_named() {
    let [id, lat, lon] = two_sites();
    let bytes = Column { text: false, ..id.clone() };
    // Bytes that do not say so are text all the same, as older writers have it.
    assert_eq!(said(&parquet::file(&[bytes, lat.clone(), lon.clone()], 2)), Ok(2));
    let truth = Column { kind: 0, ..lat.clone() };
    refused(&[id.clone(), truth, lon.clone()], 2, "column lat: 'false' is a truth value where a number is due");
    // Ids may be numbers, and degrees texts.
    let words = Page { values: 2, content: plain(&["50.5", " 51 "]), ..Page::default() };
    let lat = Column { kind: kind::BYTE_ARRAY, text: true, pages: vec![words], ..lat };
    let numbers =
        Page { values: 2, content: [7_i64, -8].iter().flat_map(|n| n.to_le_bytes()).collect(), ..Page::default() };
    let id = Column { kind: kind::INT64, text: false, pages: vec![numbers], ..id };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("numbers.parquet");
    std::fs::write(&path, parquet::file(&[id, lat, lon], 2)).unwrap();
    let expected =
        [record("7", RecordKind::Meter, 50.5, 11.5, None, 1), record("-8", RecordKind::Meter, 51.0, 12.5, None, 2)];
    assert_eq!(read(&path, &Options::default()).unwrap().records, expected);
}
