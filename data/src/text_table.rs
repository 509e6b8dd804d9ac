//! Tables as text that people export: `,`, `;` or tabs between the columns, a line of names first.

use crate::input;
use std::io::{Read, read_to_string};
use std::path::Path;

/// Largest file, bytes.
const BYTES_MAX: u64 = 1 << 30;

/// The text of a file, without its byte order mark.
///
/// # Errors
/// What is wrong with the file; `noun` says what it should be.
pub(crate) fn text(path: &Path, noun: &str) -> Result<String, String> {
    let file = input::open(path).map_err(|e| format!("cannot be read: {e}"))?;
    let about = file.metadata().map_err(|e| format!("cannot be read: {e}"))?;
    if about.is_dir() {
        return Err(format!("is a directory; name the CSV file of the {noun}"));
    }
    if about.len() > BYTES_MAX {
        return Err(format!("is larger than {} MiB; split it", BYTES_MAX >> 20));
    }
    let text = read_to_string(file.take(BYTES_MAX)).map_err(|e| format!("cannot be read: {e}; save it as UTF-8"))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// What stands between the columns of a text: the sign that its first line has most of.
pub(crate) fn separator(text: &str) -> char {
    let header = text.lines().next().unwrap_or_default();
    let count = |sign: char| header.matches(sign).count();
    let most = [',', ';', '\t'].into_iter().reduce(|best, next| if count(next) > count(best) { next } else { best });
    most.unwrap_or(',')
}

/// A reader of it.
pub(crate) fn reader(text: &str, separator: char) -> csv::Reader<&[u8]> {
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(separator as u8).trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes())
}

/// Line of the text that a row stands in; empty lines before it are counted, which its position leaves out.
pub(crate) fn line(text: &str, row: &csv::StringRecord) -> u64 {
    let Some(at) = row.position() else { return 0 };
    let rest = text.get(at.byte() as usize..).unwrap_or_default();
    let empty = rest.bytes().take_while(|sign| matches!(sign, b'\n' | b'\r')).filter(|sign| *sign == b'\n').count();
    at.line() + empty as u64
}
