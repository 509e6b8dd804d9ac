//! Files with one id of the placement a line.

use amitwin_data::input;
use std::io::Read;
use std::path::Path;

/// Largest list, enough for ten million ids.
const BYTES_MAX: u64 = 256 << 20;

/// The ids of a file.
pub(crate) struct IdList {
    /// Line and id, in the order of the file.
    pub ids: Vec<(usize, String)>,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
}

/// Reads a list; blank lines and lines that begin with `#` say nothing.
pub(crate) fn read(path: &Path) -> Result<IdList, String> {
    let mut bytes = Vec::new();
    input::open(path).and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut bytes)).map_err(|e| e.to_string())?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(format!("it is larger than {} MiB, the limit for a list of ids", BYTES_MAX >> 20));
    }
    let hash = blake3::hash(&bytes).to_hex().to_string();
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        format!("line {line} is not valid UTF-8")
    })?;
    let lines = (1..).zip(text.trim_start_matches('\u{feff}').lines());
    let ids = lines.map(|(line, id)| (line, id.trim())).filter(|(_, id)| !id.is_empty() && !id.starts_with('#'));
    Ok(IdList { ids: ids.map(|(line, id)| (line, id.to_owned())).collect(), hash })
}
