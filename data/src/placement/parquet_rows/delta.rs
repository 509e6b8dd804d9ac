//! How many numbers a run of delta-packed ones (`DELTA_BINARY_PACKED`) has, and where it ends.

/// A run at the start of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Numbers in it.
    pub numbers: u64,
    /// Bytes that it takes.
    pub bytes: usize,
}

/// The run at the start of `bytes`; `None` if it is not whole.
pub(super) fn run(bytes: &[u8]) -> Option<Run> {
    let mut rest = bytes;
    let block = unsigned(&mut rest)?;
    let parts = unsigned(&mut rest)?;
    let numbers = unsigned(&mut rest)?;
    // The first number, which is not packed.
    unsigned(&mut rest)?;
    let part = block.checked_div(parts).filter(|part| *part > 0)?;
    let mut left = numbers.saturating_sub(1);
    while left > 0 {
        // The smallest difference.
        unsigned(&mut rest)?;
        let (widths, packed) = rest.split_at_checked(usize::try_from(parts).ok()?)?;
        rest = packed;
        for width in widths {
            // Parts behind the last number have a width and nothing else.
            if left > 0 {
                let bytes = part.checked_mul(u64::from(*width))? / 8;
                rest = rest.get(usize::try_from(bytes).ok()?..)?;
                left = left.saturating_sub(part);
            }
        }
    }
    Some(Run { numbers, bytes: bytes.len() - rest.len() })
}

fn unsigned(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_after_its_last_part() {
        // Blocks of 128 in 4 parts of 32. One number, the first: 7.
        assert_eq!(run(&[0x80, 1, 4, 1, 14, 0xEE]), Some(Run { numbers: 1, bytes: 5 }));
        // 34 numbers: 33 differences, so that two parts are there: 32 of 2 bits and 32 of 1 bit, 8 and 4 bytes.
        let head = [0x80, 1, 4, 34, 14, 0, 2, 1, 9, 9];
        let bytes = [&head[..], &[0; 12], &[0xEE]].concat();
        assert_eq!(run(&bytes), Some(Run { numbers: 34, bytes: 22 }));
        assert_eq!(run(&bytes[..21]), None);
    }

    #[test]
    fn a_number_that_is_not_there_ends_it() {
        // 2^35 numbers of which nothing follows; parts without a number in them.
        assert_eq!(run(&[0x80, 1, 4, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 14]), None);
        assert_eq!(run(&[1, 4, 9, 14, 0, 0, 0, 0, 0]), None);
        assert_eq!(run(&[0x80, 1, 0, 9, 14]), None);
    }
}
