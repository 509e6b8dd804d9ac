//! Text that may be UTF-16, as Excel's "Unicode text": told by its byte order mark and handed on as UTF-8.

use std::io::{self, Read};

const CHUNK: usize = 16 * 1024;

/// A reader of UTF-8, whatever the file has. Without a mark of UTF-16 the bytes go through as they are.
pub(super) struct AsUtf8<R> {
    inner: R,
    /// `true` for big-endian; `None` for bytes that are no UTF-16.
    big_endian: Option<bool>,
    /// Bytes that were read and not decoded.
    rest: Vec<u8>,
    out: Vec<u8>,
    handed: usize,
}

impl<R: Read> AsUtf8<R> {
    /// Looks at the first two bytes.
    pub fn new(mut inner: R) -> io::Result<Self> {
        let mut mark = Vec::new();
        (&mut inner).take(2).read_to_end(&mut mark)?;
        let big_endian = match mark[..] {
            [0xFE, 0xFF] => Some(true),
            [0xFF, 0xFE] => Some(false),
            _ => None,
        };
        let out = if big_endian.is_some() { Vec::new() } else { mark };
        Ok(AsUtf8 { inner, big_endian, rest: Vec::new(), out, handed: 0 })
    }

    /// Whether the file is UTF-16.
    pub fn is_utf16(&self) -> bool {
        self.big_endian.is_some()
    }

    fn decode(&mut self, big_endian: bool) -> io::Result<()> {
        (self.handed, self.out) = (0, Vec::new());
        let before = self.rest.len();
        (&mut self.inner).take(CHUNK as u64).read_to_end(&mut self.rest)?;
        let last = self.rest.len() < before + CHUNK;
        let unit = |pair: &[u8]| {
            if big_endian { u16::from_be_bytes([pair[0], pair[1]]) } else { u16::from_le_bytes([pair[0], pair[1]]) }
        };
        let mut units: Vec<u16> = self.rest.chunks_exact(2).map(unit).collect();
        // The second half of a character may be in the next chunk.
        if !last && units.last().is_some_and(|unit| (0xD800..0xDC00).contains(unit)) {
            units.pop();
        }
        let broken = || io::Error::new(io::ErrorKind::InvalidData, "it begins as UTF-16 and is none; save it as UTF-8");
        if last && self.rest.len() % 2 == 1 {
            return Err(broken());
        }
        self.rest.drain(..2 * units.len());
        self.out = String::from_utf16(&units).map_err(|_| broken())?.into_bytes();
        Ok(())
    }
}

impl<R: Read> Read for AsUtf8<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.handed == self.out.len() {
            match self.big_endian {
                None => return self.inner.read(out),
                Some(big_endian) => self.decode(big_endian)?,
            }
        }
        let bytes = (self.out.len() - self.handed).min(out.len());
        out[..bytes].copy_from_slice(&self.out[self.handed..self.handed + bytes]);
        self.handed += bytes;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> io::Result<(bool, String)> {
        let mut reader = AsUtf8::new(bytes)?;
        let mut text = String::new();
        reader.read_to_string(&mut text)?;
        Ok((reader.is_utf16(), text))
    }

    #[test]
    fn utf16_of_both_orders_becomes_utf8_and_the_rest_stays() {
        // U+1F600 is two units; odd numbers of "a" before it put it across the edge of a chunk.
        for letters in [0, CHUNK / 2 - 1, CHUNK / 2] {
            let text = format!("{}\u{1F600}ß", "a".repeat(letters));
            let units: Vec<u16> = std::iter::once(0xFEFF).chain(text.encode_utf16()).collect();
            let little: Vec<u8> = units.iter().flat_map(|u| u.to_le_bytes()).collect();
            let big: Vec<u8> = units.iter().flat_map(|u| u.to_be_bytes()).collect();
            assert_eq!(read(&little).unwrap(), (true, text.clone()));
            assert_eq!(read(&big).unwrap(), (true, text));
        }
        for plain in ["", "x", "xy", "\u{FEFF}id"] {
            assert_eq!(read(plain.as_bytes()).unwrap(), (false, plain.to_owned()));
        }
    }

    #[test]
    fn what_begins_as_utf16_and_is_none_is_refused() {
        for broken in [&b"\xFF\xFEi\0d"[..], b"\xFF\xFE\x00\xDC"] {
            assert!(read(broken).unwrap_err().to_string().contains("it begins as UTF-16"));
        }
    }
}
