//! Inputs that stand for more than any memory takes, each read by a process that may have little of it.
#![cfg(unix)]

use amitwin_testkit::folders::folder;
use amitwin_testkit::parquet::{self, Column, Page, Struct, codec, encoding, kind, page, plain, two_sites, varint};
use amitwin_testkit::program::{Said, binary};
use std::fmt::Write;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

/// What a process may have, MB: address space, which is more than it uses.
const MEMORY_MB: u64 = 512;
/// The same for the largest scenario file: its text is kept as a tree, up to 170 bytes for each of it, and the text is 4 MiB.
const SCENARIO_MB: u64 = 1_024;

fn scenario(placement: &str) -> String {
    format!("name = \"big\"\nduration = \"15min\"\n\n[placement]\n{placement}\n")
}

/// `amitwin check` of a scenario under that limit. A process that asks for more ends by a signal, without an exit code.
fn check(here: &Path, memory_mb: u64) -> Said {
    let limited = format!("ulimit -v {} && exec \"$0\" check small.toml", memory_mb * 1_000);
    let mut command = Command::new("sh");
    command.current_dir(here).arg("-c").arg(limited).arg(binary()).env("RUST_BACKTRACE", "0");
    // A thread's stack is address space, whoever needs it.
    command.env("RAYON_NUM_THREADS", "2");
    Said::of(&command.output().expect("started"))
}

#[track_caller]
fn refused(name: &str, write: impl FnOnce(&Path), words: &[&str]) {
    let here = folder(&scenario(&format!("file = \"{name}\"")));
    write(&here.path().join(name));
    check(here.path(), MEMORY_MB).expect(3).tells(&[name]).tells(words);
}

#[test]
fn what_is_small_is_read_within_the_limit() {
    let here = folder(&scenario("generator = \"suburb\"\nmeters = 1000\ngateways = 1"));
    check(here.path(), MEMORY_MB).expect(0);
}

#[test]
fn a_csv_line_of_a_gigabyte() {
    let sparse = |path: &Path| File::create(path).and_then(|file| file.set_len(1 << 30)).expect("written");
    refused("meters.csv", sparse, &["line 1: the line is longer than 65536 bytes"]);
}

#[test]
fn geojson_that_is_long_deep_or_one_text() {
    let sparse = |path: &Path| File::create(path).and_then(|file| file.set_len(2 << 30)).expect("written");
    refused("meters.geojson", sparse, &["is longer than 1024 MB; convert it to CSV"]);
    let feature = |id: &str, more: &str| {
        format!(
            "{{\"type\": \"FeatureCollection\", \"features\": [{{\"type\": \"Feature\", \"properties\": {{\"id\": \"{id}\"{more}}}, \
             \"geometry\": {{\"type\": \"Point\", \"coordinates\": [7, 50]}}}}]}}"
        )
    };
    let long = "x".repeat(100_000_000);
    let text = |text: String| move |path: &Path| fs::write(path, text).expect("written");
    refused("meters.geojson", text(feature(&long, "")), &["feature 1: takes more than 1048576 bytes"]);
    // Fifty million numbers, which as values would take 32 bytes each.
    let numbers = feature("a", &format!(", \"x\": [0{}]", ",0".repeat(50_000_000)));
    refused("meters.geojson", text(numbers), &["feature 1: takes more than 1048576 bytes"]);
    let deep = feature("a", &format!(", \"x\": {}{}", "[".repeat(400_000), "]".repeat(400_000)));
    // Passed over like any list, so that what is refused is another thing.
    refused("meters.geojson", text(deep), &["the placement file names no border router"]);
}

#[test]
fn parquet_whose_pages_say_to_be_2_gb() {
    let page =
        |kind| Page { kind, values: 2, unpacked: Some(i32::MAX), content: plain(&["a", "b"]), ..Page::default() };
    for codec in [codec::NONE, codec::SNAPPY, codec::ZSTD] {
        for kind in [page::DATA, page::DATA_V2, page::DICTIONARY] {
            let [id, lat, lon] = two_sites();
            let columns = [Column { codec, pages: vec![page(kind)], ..id }, lat, lon];
            let file = parquet::file(&columns, 2);
            let words = ["row 1, column id: unpacked, a page takes more than 128 MB", "smaller pages"];
            refused("meters.parquet", |path| fs::write(path, file).expect("written"), &words);
        }
    }
}

#[test]
fn parquet_that_counts_what_is_not_there() {
    let [id, lat, lon] = two_sites();
    let with = |pages: Vec<Page>| parquet::file(&[Column { pages, ..id.clone() }, lat.clone(), lon.clone()], 2);
    let dictionary = Page { kind: page::DICTIONARY, values: i32::MAX, content: plain(&["a", "b"]), ..Page::default() };
    let numbers = Page { encoding: encoding::RLE_DICTIONARY, values: 2, content: vec![1, 3, 2], ..Page::default() };
    // 2^40 lengths, all the same.
    let mut lengths = Vec::new();
    [1 << 45, 1, 1 << 40, 2, 0].iter().for_each(|number| varint(&mut lengths, *number));
    let lengths = Page {
        encoding: encoding::DELTA_LENGTH_BYTE_ARRAY,
        values: 2,
        content: [&lengths[..], &[0]].concat(),
        ..Page::default()
    };
    let footer = Struct::new().number(1, 2).claimed(2, 12, i32::MAX as u64, &[]).end();
    for (file, words) in [
        (with(vec![dictionary, numbers]), "a dictionary has more values than bytes"),
        (with(vec![lengths]), "the lengths in a page are not those of its values"),
        (parquet::with_footer(b"PAR1".to_vec(), &footer), "its footer cannot be read"),
        (parquet::file(&two_sites(), 1 << 40), "has more than 20000000 sites"),
    ] {
        refused("meters.parquet", |path| fs::write(path, file).expect("written"), &[words]);
    }
}

#[test]
fn parquet_of_many_rows_in_tiny_pages_and_of_huge_ids() {
    let [id, lat, lon] = two_sites();
    // A million pages of one row without a value.
    let nothing = Page { values: 1, content: vec![2, 0, 0, 0, 2, 0], ..Page::default() };
    let none = Column { optional: true, pages: vec![nothing; 1_000_000], ..id.clone() };
    let file = parquet::file(&[none, lat.clone(), lon.clone()], 1_000_000);
    let words = ["row 1, column id: there is no value"];
    refused("meters.parquet", |path| fs::write(path, file).expect("written"), &words);
    let huge = "x".repeat(50_000_000);
    let page = Page { values: 2, content: plain(&[&huge, "b"]), ..Page::default() };
    let file = parquet::file(&[Column { pages: vec![page], ..id }, lat, lon], 2);
    let words = ["row 1, column id: is longer than 65536 bytes"];
    refused("meters.parquet", |path| fs::write(path, file).expect("written"), &words);
}

/// A page of so many numbers, each by `step` more than the one before, from 0 on: a block of 2^32 differences that take no bits.
fn counted(values: i32, step: u64) -> Page {
    let mut content = Vec::new();
    // Values in a block, blocks within it, values, the first one; the least difference, and how many bits more each takes.
    [1 << 32, 1, values as u64, 0, step << 1, 0].iter().for_each(|number| varint(&mut content, *number));
    Page { encoding: encoding::DELTA_BINARY_PACKED, values, content, ..Page::default() }
}

/// Two pages: a value, and so many times this one.
fn repeated(values: i32, value: &[u8]) -> Vec<Page> {
    let dictionary = Page { kind: page::DICTIONARY, values: 1, content: value.to_vec(), ..Page::default() };
    // Numbers of no bit: a run of all of them, in which there is nothing to say.
    let mut content = vec![0];
    varint(&mut content, (values as u64) << 1);
    vec![dictionary, Page { encoding: encoding::RLE_DICTIONARY, values, content, ..Page::default() }]
}

#[test]
fn parquet_of_a_few_bytes_that_stand_for_many_rows() {
    let file = |id: Column, rows: i32| {
        let degrees = |name| Column {
            name,
            kind: kind::DOUBLE,
            pages: repeated(rows, &50.5_f64.to_le_bytes()),
            ..Column::default()
        };
        parquet::file(&[id, degrees("lat"), degrees("lon")], rows.into())
    };
    let [text, ..] = two_sites();
    let same = |value: &str, rows| Column { pages: repeated(rows, &plain(&[value])), ..text.clone() };
    let numbers = |rows| Column { kind: kind::INT64, text: false, pages: vec![counted(rows, 1)], ..text.clone() };
    let write = |bytes: Vec<u8>| move |path: &Path| fs::write(path, bytes).expect("written");
    let rows = 19_000_000;
    let words = ["has 19000000 rows in", "cannot be packed into that"];
    refused("meters.parquet", write(file(same("a", rows), rows)), &words);
    refused("meters.parquet", write(file(numbers(rows), rows)), &words);
    // As many as are read from any file: each a meter of its own, one meter, long names.
    let rows = 1_000_000;
    refused("meters.parquet", write(file(numbers(rows), rows)), &["the placement file names no border router"]);
    refused(
        "meters.parquet",
        write(file(same("a", rows), rows)),
        &["row 2, column id: the id 'a' is already taken by row 1"],
    );
    let long = same(&"x".repeat(1_000), rows);
    refused("meters.parquet", write(file(long, rows)), &["the ids up to here take more than 100 MB"]);
}

#[test]
fn a_scenario_that_is_too_large_or_wrong_all_over() {
    let here = folder("");
    let path = here.path().join("small.toml");
    File::options().write(true).open(&path).and_then(|file| file.set_len(1 << 30)).expect("written");
    check(here.path(), MEMORY_MB).expect(3).tells(&["small.toml is larger than 4 MiB", "placement file"]);
    // As large as it may be: tables that nobody knows, a value within values, keys within keys.
    let mut tables = String::new();
    for n in 0..200_000 {
        writeln!(tables, "[x{n}]\na = {n}").expect("a text");
    }
    let deep = format!("name = {}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let keys = format!("{}a = 1", "a.".repeat(1_000_000));
    let long = format!("name = \"{}\"", "x".repeat(4_000_000));
    for text in [tables, deep, keys, long] {
        fs::write(&path, text).expect("written");
        check(here.path(), SCENARIO_MB).expect(3).tells(&["small.toml"]);
    }
}
