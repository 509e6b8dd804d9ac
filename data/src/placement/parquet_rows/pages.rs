//! The pages of a column, each looked at before it is unpacked and before its values are.

use super::delta;
use super::thrift::{self, Broken, Seen};
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

/// Longest header of a page, bytes; those of real files take some tens, and some hundred with statistics.
const HEADER_BYTES_MAX: u64 = 1 << 20;
/// What is read of a header at first.
const HEADER_BYTES: u64 = 1 << 10;
/// Memory that a value of a dictionary takes.
const VALUE_BYTES: u64 = 32;
/// A page that is none, in the numbers of page headers: an index.
const INDEX_PAGE: i64 = 1;

/// Why reading ends, in the words of the reader's errors: what a page takes is beyond this limit.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a page takes more than {max_mb} MB")]
pub(super) struct PageTooLong {
    /// The limit.
    pub max_mb: u64,
}

/// Pages that are no larger than allowed and say of their values what is so.
pub(super) struct Pages {
    inner: Box<dyn PageReader>,
    file: File,
    /// Where the next header is, and where the column ends.
    at: u64,
    end: u64,
    max_mb: u64,
    /// Whether a row may have no value.
    optional: bool,
}

impl Pages {
    /// The pages of a column whose bytes in `file` are `bytes`; `inner` reads the same.
    pub fn new(inner: Box<dyn PageReader>, file: File, bytes: Range<u64>, optional: bool, max_mb: u64) -> Pages {
        Pages { inner, file, at: bytes.start, end: bytes.end, max_mb, optional }
    }

    fn too_long(&self, bytes: u64) -> Result<()> {
        if bytes > self.max_mb * 1_000_000 {
            return Err(ParquetError::External(Box::new(PageTooLong { max_mb: self.max_mb })));
        }
        Ok(())
    }

    /// Looks at headers up to that of the next page; after the last one there is nothing to see.
    fn look(&mut self) -> Result<()> {
        loop {
            if self.at >= self.end {
                return Ok(());
            }
            let (length, [kind, unpacked, packed]) = self.header()?;
            let left = self.end - self.at;
            let sizes = (u64::try_from(unpacked), u64::try_from(packed));
            let (Ok(unpacked), Ok(packed)) = sizes else { return Err(wrong("the size of a page is negative")) };
            if packed > left - length {
                return Err(wrong("a page is longer than its column"));
            }
            self.too_long(unpacked.max(packed))?;
            self.at += length + packed;
            if kind != INDEX_PAGE {
                return Ok(());
            }
        }
    }

    /// Length of the next header, and its first three fields: kind of page, size unpacked and packed, bytes.
    fn header(&mut self) -> Result<(u64, [i64; 3])> {
        let left = (self.end - self.at).min(HEADER_BYTES_MAX);
        let mut bytes = Vec::new();
        for most in [HEADER_BYTES, HEADER_BYTES_MAX] {
            let (mut fields, mut is_wrong) = ([0, -1, -1], false);
            bytes.clear();
            self.file.seek(SeekFrom::Start(self.at))?;
            (&mut self.file).take(left.min(most)).read_to_end(&mut bytes)?;
            let length = thrift::walk(&bytes, |path, seen| match (path, seen) {
                ([field @ 1..=3], Seen::Number(number)) => fields[*field as usize - 1] = number,
                (path, Seen::Field(kind)) => is_wrong |= !is_as_declared(path, kind),
                _ => {}
            });
            match length {
                Ok(_) if is_wrong => break,
                Ok(length) => return Ok((length as u64, fields)),
                Err(Broken::Short) if most < left => {}
                Err(_) => break,
            }
        }
        Err(wrong("the header of a page cannot be read"))
    }

    /// Whether the values of an unpacked page take what they say.
    fn judge(&self, page: &Page) -> Result<()> {
        let values = u64::from(page.num_values());
        match page {
            Page::DictionaryPage { buf, .. } => {
                if values > buf.len() as u64 {
                    return Err(wrong("a dictionary has more values than bytes"));
                }
                self.too_long(values * VALUE_BYTES)
            }
            Page::DataPage { buf, encoding, def_level_encoding, .. } => {
                let levels = match (self.optional, def_level_encoding) {
                    (false, _) => 0,
                    // A bit for each value.
                    #[allow(deprecated, reason = "files of old writers")]
                    (true, Encoding::BIT_PACKED) => values.div_ceil(8),
                    // Their length, and they.
                    (true, _) => {
                        let length = buf.first_chunk().ok_or_else(|| wrong("a page ends before its levels"))?;
                        4 + u64::from(u32::from_le_bytes(*length))
                    }
                };
                self.lengths(*encoding, buf, levels, values)
            }
            Page::DataPageV2 { buf, encoding, def_levels_byte_len, rep_levels_byte_len, .. } => {
                let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
                self.lengths(*encoding, buf, levels, values)
            }
        }
    }

    /// Whether texts whose lengths are packed by themselves have as many lengths as values, for which room is made at once.
    fn lengths(&self, encoding: Encoding, page: &[u8], levels: u64, values: u64) -> Result<()> {
        let runs = match encoding {
            Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
            // What a text has in common with the one before, and the rest.
            Encoding::DELTA_BYTE_ARRAY => 2,
            _ => return Ok(()),
        };
        let mut rest = usize::try_from(levels).ok().and_then(|levels| page.get(levels..)).unwrap_or_default();
        for _ in 0..runs {
            let run = delta::run(rest).filter(|run| run.numbers <= values);
            let run = run.ok_or_else(|| wrong("the lengths in a page are not those of its values"))?;
            self.too_long(run.numbers * VALUE_BYTES)?;
            rest = &rest[run.bytes..];
        }
        Ok(())
    }
}

fn wrong(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.look()?;
        let page = self.inner.get_next_page()?;
        page.iter().try_for_each(|page| self.judge(page))?;
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.get_next_page().map(drop)
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Result<Page>> {
        self.get_next_page().transpose()
    }
}
/// Whether a field of a page's header is of the kind that the format declares for it. The reader that comes after this believes numbers of
/// fields and not their kinds: a text where a number should stand would have it read on in the midst of the text, and believe what it finds there.
fn is_as_declared(path: &[i16], kind: u8) -> bool {
    // Whole numbers of all sizes look alike.
    let is_number = (thrift::I16..=thrift::I64).contains(&kind);
    let of_statistics = |field: i16| match field {
        1 | 2 | 5 | 6 => kind == thrift::BINARY,
        3 | 4 => is_number,
        7 | 8 => matches!(kind, thrift::TRUE | thrift::FALSE),
        _ => true,
    };
    match *path {
        [1..=4] | [5, 1..=4] | [7, 1..=2] | [8, 1..=6] => is_number,
        [5..=8] | [5, 5] | [8, 8] => kind == thrift::STRUCT,
        [7, 3] | [8, 7] => matches!(kind, thrift::TRUE | thrift::FALSE),
        [5, 5, field] | [8, 8, field] => of_statistics(field),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_header_are_of_the_kinds_that_the_format_declares() {
        let (number, text) = (thrift::I16, thrift::BINARY);
        for (path, kind) in [(&[1][..], number), (&[5], thrift::STRUCT), (&[5, 5, 1], text), (&[8, 7], thrift::FALSE)] {
            assert!(is_as_declared(path, kind), "{path:?}");
            assert!(!is_as_declared(path, thrift::DOUBLE), "{path:?}");
        }
        // Numbers where the reader expects a struct, which it would read on from; of what nobody knows any kind will do.
        assert!(!is_as_declared(&[6], number) && is_as_declared(&[9], text));
    }
}
