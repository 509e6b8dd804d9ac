//! Thrift's compact protocol, as far as it takes to look at a message before somebody believes it.
//!
//! A list may say that it has two thousand million elements, and whoever makes room for them has lost. Here all of a struct is
//! walked through without keeping anything, so that what it says of itself is known to be there.

/// Structs and lists within each other.
const DEPTH_MAX: usize = 16;

/// What a walk tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// A field begins, of this kind.
    Field(u8),
    /// A whole number.
    Number(i64),
    /// The struct whose fields came before is over.
    End,
}

/// Why a walk ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// The bytes end before the struct does.
    Short,
    /// No struct begins like that.
    Wrong,
}

/// A struct at the start of some bytes.
pub(super) struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Numbers of the fields that lead to where it is; elements of a list add none.
    path: Vec<i16>,
}

/// Kinds of values.
pub(super) const TRUE: u8 = 1;
pub(super) const FALSE: u8 = 2;
const BYTE: u8 = 3;
pub(super) const I16: u8 = 4;
pub(super) const I64: u8 = 6;
pub(super) const DOUBLE: u8 = 7;
pub(super) const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
pub(super) const STRUCT: u8 = 12;

/// Walks through the struct at the start of `bytes`; `see` is told of each field, each number and each end, with the numbers of the
/// fields that lead there. Returns the length of the struct, bytes.
pub(super) fn walk(bytes: &[u8], mut see: impl FnMut(&[i16], Seen)) -> Result<usize, Broken> {
    let mut walk = Walk { bytes, at: 0, path: Vec::with_capacity(DEPTH_MAX) };
    walk.fields(DEPTH_MAX, &mut see)?;
    Ok(walk.at)
}

impl Walk<'_> {
    fn byte(&mut self) -> Result<u8, Broken> {
        let byte = *self.bytes.get(self.at).ok_or(Broken::Short)?;
        self.at += 1;
        Ok(byte)
    }

    fn skip(&mut self, bytes: u64) -> Result<(), Broken> {
        let left = (self.bytes.len() - self.at) as u64;
        if bytes > left {
            return Err(Broken::Short);
        }
        self.at += bytes as usize;
        Ok(())
    }

    fn unsigned(&mut self) -> Result<u64, Broken> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Broken::Wrong)
    }

    fn signed(&mut self) -> Result<i64, Broken> {
        let zigzag = self.unsigned()?;
        Ok((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    fn fields(&mut self, depth: usize, see: &mut impl FnMut(&[i16], Seen)) -> Result<(), Broken> {
        let depth = depth.checked_sub(1).ok_or(Broken::Wrong)?;
        let mut last = 0_i16;
        loop {
            let head = self.byte()?;
            let kind = head & 0x0F;
            if kind == 0 {
                see(&self.path, Seen::End);
                return Ok(());
            }
            last = match head >> 4 {
                0 => i16::try_from(self.signed()?).map_err(|_| Broken::Wrong)?,
                step => last.checked_add(i16::from(step)).ok_or(Broken::Wrong)?,
            };
            self.path.push(last);
            see(&self.path, Seen::Field(kind));
            // The value of a truth value is its kind.
            if !matches!(kind, TRUE | FALSE) {
                self.value(kind, depth, see)?;
            }
            self.path.pop();
        }
    }

    fn value(&mut self, kind: u8, depth: usize, see: &mut impl FnMut(&[i16], Seen)) -> Result<(), Broken> {
        match kind {
            TRUE | FALSE | BYTE => self.skip(1),
            I16..=I64 => {
                let number = self.signed()?;
                see(&self.path, Seen::Number(number));
                Ok(())
            }
            DOUBLE => self.skip(8),
            BINARY => {
                let bytes = self.unsigned()?;
                self.skip(bytes)
            }
            LIST | SET => {
                let depth = depth.checked_sub(1).ok_or(Broken::Wrong)?;
                let head = self.byte()?;
                let elements = match head >> 4 {
                    15 => self.unsigned()?,
                    few => u64::from(few),
                };
                // The format says that a truth value in a list is a byte, and the reader that comes after this takes none: a list of two
                // thousand million of them would be read for minutes. Nothing in a header or footer is such a list.
                if elements > 0 && matches!(head & 0x0F, TRUE | FALSE) {
                    return Err(Broken::Wrong);
                }
                // Each has a byte at least, so that this ends where the bytes do.
                for _ in 0..elements {
                    self.value(head & 0x0F, depth, see)?;
                }
                Ok(())
            }
            STRUCT => self.fields(depth, see),
            // Nothing in a Parquet file is a map.
            _ => Err(Broken::Wrong),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Length of the struct, and its numbers with the fields that lead to them.
    type Told = (usize, Vec<(Vec<i16>, i64)>);

    fn numbers(bytes: &[u8]) -> Result<Told, Broken> {
        let mut numbers = Vec::new();
        let length = walk(bytes, |path, seen| {
            if let Seen::Number(number) = seen {
                numbers.push((path.to_vec(), number));
            }
        })?;
        Ok((length, numbers))
    }

    #[test]
    fn numbers_are_told_with_the_fields_that_lead_to_them() {
        // Field 1: -1. Field 2: a list of two structs whose field 5 is 3 and 64. Field 20, by its full number: true.
        let bytes = [0x15, 1, 0x19, 0x2C, 0x55, 6, 0, 0x55, 0x80, 1, 0, 0x01, 40, 0, 0xEE];
        let expected = vec![(vec![1], -1), (vec![2, 5], 3), (vec![2, 5], 64)];
        assert_eq!(numbers(&bytes), Ok((bytes.len() - 1, expected)));
        for cut in 0..bytes.len() - 1 {
            assert_eq!(numbers(&bytes[..cut]), Err(Broken::Short), "{cut}");
        }
    }

    #[test]
    fn what_is_claimed_and_not_there_is_short() {
        // A list of 2^31 - 1 bytes, a text of 2^63.
        assert_eq!(numbers(&[0x19, 0xF3, 0xFF, 0xFF, 0xFF, 0xFF, 7, 0]), Err(Broken::Short));
        let text = [&[0x18][..], &[0x80; 9], &[1, 0]].concat();
        assert_eq!(numbers(&text), Err(Broken::Short));
        // Truth values in a list, of which two readers find different ends; none is none.
        assert_eq!(numbers(&[0x19, 0x21, 1, 1, 0]), Err(Broken::Wrong));
        assert_eq!(numbers(&[0x19, 0x01, 0]), Ok((3, vec![])));
        // Structs without end, and a number of more than 64 bits.
        assert_eq!(numbers(&[0x1C; 1_000]), Err(Broken::Wrong));
        assert_eq!(numbers(&[&[0x16][..], &[0xFF; 20]].concat()), Err(Broken::Wrong));
    }
}
