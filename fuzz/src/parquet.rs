//! Placements in Parquet: raw files, and files made of columns, pages and headers that may lie.

use crate::{Input, folder};
use amitwin_data::placement::{self, Limits, Options, PlacementError, PlacementRecord};
use amitwin_testkit::parquet::{self, Column, Page, codec, encoding, kind, page, plain, two_sites};
use std::path::Path;
use std::sync::Once;

/// So small that an input reaches them.
const LIMITS: Limits =
    Limits { records: 2_000, packed_records: 2_000, id_bytes: 500, ids_mb: 1, page_mb: 4, attributes_mb: 1 };

/// One input: a file.
pub fn run(data: &[u8]) {
    static HOOK: Once = Once::new();
    HOOK.call_once(forgive_the_reader);
    let mut input = Input(data);
    let bytes = if input.byte() == 0 { input.0.to_vec() } else { made_up(&mut input) };
    crate::placement::judge(&folder().join("sites.parquet"), &bytes, within);
}

fn within(path: &Path) -> Result<Vec<PlacementRecord>, PlacementError> {
    placement::read_within(path, &Options::default(), LIMITS).map(|file| file.records)
}

/// libFuzzer ends at each panic; those of the packages that read Parquet become errors, and are no finding.
fn forgive_the_reader() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let ours = info.location().is_none_or(|place| place.file().contains("data/src/placement"));
        if ours || !placement::is_guarded() {
            told(info);
        }
    }));
}

fn made_up(input: &mut Input<'_>) -> Vec<u8> {
    let rows = i64::from(input.byte());
    let [id, lat, lon] = two_sites();
    let kinds = Column { name: "kind", optional: true, ..id.clone() };
    let heights = Column { name: "height_m", optional: true, ..lat.clone() };
    let mut columns = vec![id, lat, lon];
    let shape = input.byte();
    columns.extend((shape & 1 != 0).then_some(kinds));
    columns.extend((shape & 2 != 0).then_some(heights));
    for column in &mut columns {
        let what = input.byte();
        // Most columns stay as they are, so that the others are read at all.
        if what & 1 == 0 {
            let pages = &mut column.pages[0];
            let bytes = if column.text { plain(&["a"]).len() } else { 8 };
            let row = pages.content[..bytes].to_vec();
            (pages.values, pages.content) = (rows as i32, row.repeat(rows as usize));
            if column.optional {
                // All rows have a value: a run of ones.
                let run = [2, 0, 0, 0, (rows << 1) as u8, 1];
                pages.content.splice(..0, run);
            }
            continue;
        }
        column.kind = if what & 2 != 0 { input.byte() & 7 } else { column.kind };
        column.text ^= what & 4 != 0;
        column.optional ^= what & 8 != 0;
        column.codec = if what & 16 != 0 { [0, 1, 6, 2][usize::from(input.byte() & 3)] } else { codec::NONE };
        column.bytes = (what & 32 != 0).then(|| i64::from(number(input)));
        column.pages.clear();
        for _ in 0..1 + (what >> 6) {
            column.pages.push(page_of(input));
        }
    }
    let mut file = parquet::file(&columns, rows << (shape >> 2 & 31));
    if shape & 128 != 0 {
        // Bytes of the footer as well, whose lengths mostly stay.
        let footer = file.len() - 9;
        for change in input.0.chunks_exact(3).take(8) {
            let back = usize::from(u16::from_be_bytes([change[0], change[1]])) % footer;
            file[footer - back] ^= change[2];
        }
    }
    file
}

fn page_of(input: &mut Input<'_>) -> Page {
    let [what, form] = [input.byte(), input.byte()];
    let values = if what & 4 != 0 { number(input) } else { i32::from(input.byte()) };
    let unpacked = (what & 8 != 0).then(|| number(input));
    let packed = (what & 16 != 0).then(|| number(input));
    let levels = i32::from(what & 32 != 0 && input.byte() > 0) * i32::from(form >> 4);
    Page { kind: what & 3, encoding: form & 15, values, unpacked, packed, levels, content: input.piece(2_000).to_vec() }
}

fn number(input: &mut Input<'_>) -> i32 {
    i32::from_be_bytes([input.byte(), input.byte(), input.byte(), input.byte()])
}

/// Whole files, and the id column in each encoding.
pub fn seeds() -> Vec<Vec<u8>> {
    let [id, lat, lon] = two_sites();
    let mut seeds = vec![[&[0], &parquet::file(&[id, lat, lon], 2)[..]].concat()];
    let piece = |content: &[u8]| [&(content.len() as u16).to_be_bytes(), content].concat();
    let page_of =
        |what: u8, form: u8, values: u8, content: &[u8]| [&[what, form, values][..], &piece(content)].concat();
    let texts = plain(&["a", "b"]);
    let dictionary = page_of(page::DICTIONARY, encoding::PLAIN, 2, &texts);
    let numbers = page_of(page::DATA, encoding::RLE_DICTIONARY, 2, &[1, 3, 2]);
    let ones = [0x80, 1, 4, 2, 2, 0, 0, 0, 0, 0];
    let zeros = [0x80, 1, 4, 2, 0, 0, 0, 0, 0, 0];
    let lengths = [&ones[..], b"ab"].concat();
    let shared = [&zeros[..], &lengths].concat();
    for (what, pages) in [
        (1, page_of(page::DATA, encoding::PLAIN, 2, &texts)),
        (1, page_of(page::DATA_V2, encoding::PLAIN, 2, &texts)),
        (65, [dictionary.clone(), numbers.clone()].concat()),
        (1, page_of(page::DATA, encoding::DELTA_LENGTH_BYTE_ARRAY, 2, &lengths)),
        (1, page_of(page::DATA, encoding::DELTA_BYTE_ARRAY, 2, &shared)),
        (3, [&[kind::INT64], &page_of(page::DATA, encoding::DELTA_BINARY_PACKED, 2, &ones)[..]].concat()),
        (9, page_of(page::DATA, encoding::PLAIN, 2, &[&[2, 0, 0, 0, 4, 1], &texts[..]].concat())),
        (33, [&[0, 0, 1, 0], &page_of(page::DATA, encoding::PLAIN, 2, &texts)[..]].concat()),
        // Snappy: ten bytes as they are.
        (17, [&[1], &page_of(page::DATA, encoding::PLAIN, 2, &[&[10, 36], &texts[..]].concat())[..]].concat()),
    ] {
        for shape in [0, 3, 128] {
            seeds.push([&[1, 2, shape, what], &pages[..], &[0; 12]].concat());
        }
    }
    seeds
}
