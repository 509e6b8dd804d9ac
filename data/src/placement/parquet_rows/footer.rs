//! The footer of a file, looked at before the reader believes it.

use super::thrift::{self, Seen};
use parquet::errors::{ParquetError, Result};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

/// Longest footer, bytes: a hundred columns in a thousand row groups take less.
const BYTES_MAX: u64 = 16 << 20;
/// Bytes behind it: its length and `PAR1`.
const TAIL_BYTES: u64 = 8;
/// Columns within columns.
const DEPTH_MAX: usize = 32;

/// Where a footer lists the columns, and how many a column has in it.
const COLUMN: &[i16] = &[2];
const CHILDREN: &[i16] = &[2, 5];

/// Whether the footer has all that it says it has. What is no Parquet file at all is left to the reader, which says so.
pub(super) fn look(file: &mut File) -> Result<()> {
    let wrong = |what: &str| Err(ParquetError::General(what.to_owned()));
    let end = file.seek(SeekFrom::End(0))?;
    let Some(tail) = end.checked_sub(TAIL_BYTES) else { return Ok(()) };
    file.seek(SeekFrom::Start(tail))?;
    let mut length = [0; 4];
    file.read_exact(&mut length)?;
    let length = u64::from(u32::from_le_bytes(length));
    let Some(start) = tail.checked_sub(length) else { return Ok(()) };
    if length > BYTES_MAX {
        return wrong("its footer takes more than 16 MB");
    }
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    let (mut children, mut column) = (Vec::new(), 0);
    let walked = thrift::walk(&bytes, |path, seen| match seen {
        Seen::Number(number) if path == CHILDREN => column = number,
        Seen::End if path == COLUMN => children.push(std::mem::take(&mut column)),
        _ => {}
    });
    if walked.is_err() {
        return wrong("its footer cannot be read");
    }
    if !is_tree(&children) {
        return wrong("its columns are not as its footer counts them, or more than 32 deep");
    }
    Ok(())
}

/// Whether columns that say how many follow in them make one tree.
fn is_tree(children: &[i64]) -> bool {
    let mut open: Vec<i64> = Vec::new();
    for (n, &count) in children.iter().enumerate() {
        if n > 0 {
            while open.pop_if(|left| *left == 0).is_some() {}
            let Some(left) = open.last_mut() else { return false };
            *left -= 1;
        }
        if !(0..children.len() as i64).contains(&count) || open.len() == DEPTH_MAX {
            return false;
        }
        open.push(count);
    }
    open.iter().all(|left| *left == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_make_one_tree() {
        // A root with two, of which the second has one.
        assert!(is_tree(&[2, 0, 1, 0]));
        for wrong in [&[2, 0][..], &[1, 0, 0], &[i64::from(i32::MAX), 0], &[-1], &[1; 40]] {
            assert!(!is_tree(wrong), "{wrong:?}");
        }
        let chain = |deep| [vec![1; deep], vec![0]].concat();
        assert!(is_tree(&chain(DEPTH_MAX - 1)) && !is_tree(&chain(DEPTH_MAX)));
    }
}
