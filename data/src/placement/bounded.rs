//! Lines of a text file, each checked for length and UTF-8 before anybody else sees it.

use super::{Fault, LINE_BYTES_MAX, Place};
use std::io::{self, BufRead, BufReader, Read};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A reader that hands out one line at a time, so that its line number is that of the record being parsed. Blank lines
/// are kept. What is wrong with a line is kept in [`fault`](Self::take_fault), and the read fails.
pub(super) struct BoundedLines<R> {
    inner: BufReader<R>,
    line: Vec<u8>,
    handed: usize,
    number: u64,
    record_start: u64,
    record_bytes: usize,
    fault: Option<(Place, Fault)>,
}

impl<R: Read> BoundedLines<R> {
    pub fn new(inner: R) -> Self {
        let inner = BufReader::with_capacity(LINE_BYTES_MAX, inner);
        BoundedLines { inner, line: Vec::new(), handed: 0, number: 0, record_start: 1, record_bytes: 0, fault: None }
    }

    /// The next line, to look at; it is handed out afterwards as well. Nothing of it may have been handed out.
    pub fn peek_line(&mut self) -> io::Result<&str> {
        if self.handed == self.line.len() {
            self.next_line()?;
        }
        // Checked when it was read.
        Ok(std::str::from_utf8(&self.line[self.handed..]).unwrap_or_default())
    }

    /// Leaves out the line that was looked at.
    pub fn skip_line(&mut self) {
        self.handed = self.line.len();
        self.record_ends();
    }

    /// Number of the line handed out last, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Says that a record is complete.
    pub fn record_ends(&mut self) {
        self.record_start = self.number + 1;
        self.record_bytes = 0;
    }

    /// Why the last read failed, unless the file itself could not be read.
    pub fn take_fault(&mut self) -> Option<(Place, Fault)> {
        self.fault.take()
    }

    fn fail(&mut self, line: u64, fault: Fault) -> io::Error {
        self.fault = Some((Place::Line(line), fault));
        io::ErrorKind::InvalidData.into()
    }

    fn next_line(&mut self) -> io::Result<()> {
        self.line.clear();
        self.handed = 0;
        // One byte more than allowed tells a line that is too long from one that just fits; a long one is not read on.
        let limit = LINE_BYTES_MAX + 2;
        let read = (&mut self.inner).take(limit as u64 + 1).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(());
        }
        self.number += 1;
        let text = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        if text.len() > LINE_BYTES_MAX + usize::from(text.ends_with(b"\r")) {
            return Err(self.fail(self.number, Fault::LineTooLong { max: LINE_BYTES_MAX }));
        }
        if let Err(error) = std::str::from_utf8(&self.line) {
            let fault = not_utf8(&self.line, error.valid_up_to());
            return Err(self.fail(self.number, fault));
        }
        if self.number == 1 && self.line.starts_with(BYTE_ORDER_MARK) {
            self.handed = BYTE_ORDER_MARK.len();
        }
        if self.record_bytes == 0 && self.line.trim_ascii().is_empty() {
            // Between two records.
            self.record_start = self.number + 1;
            return Ok(());
        }
        self.record_bytes += self.line.len();
        if self.record_bytes > LINE_BYTES_MAX && self.record_start < self.number {
            return Err(self.fail(self.record_start, Fault::OpenQuote { max: LINE_BYTES_MAX }));
        }
        Ok(())
    }
}

impl<R: Read> Read for BoundedLines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.handed == self.line.len() {
            self.next_line()?;
        }
        let bytes = (self.line.len() - self.handed).min(out.len());
        out[..bytes].copy_from_slice(&self.line[self.handed..self.handed + bytes]);
        self.handed += bytes;
        Ok(bytes)
    }
}

/// The fault of a line whose bytes are UTF-8 up to `valid`.
pub(super) fn not_utf8(line: &[u8], valid: usize) -> Fault {
    let byte = line[valid];
    let guess = if byte >= 0xA0 { format!(" (in Latin-1 it is '{}')", char::from(byte)) } else { String::new() };
    Fault::NotUtf8 { byte, position: valid + 1, guess }
}
