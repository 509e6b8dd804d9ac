//! Variant names as folder names: percent-encoded, so that the name can be told from the folder's.

use super::error::FileError;

/// Longest folder name of common file systems, bytes.
const SLUG_BYTES_MAX: usize = 255;

/// Folder name of a variant: letters, digits, `-`, `_` and inner `.` stay, every other byte becomes `%XX`.
pub fn slug(name: &str) -> Result<String, FileError> {
    let refuse = |what: String| Err(FileError::VariantName { name: name.to_owned(), what });
    if name.is_empty() {
        return refuse("a variant needs a name, because its tables lie in a folder of that name".to_owned());
    }
    let mut out = String::with_capacity(name.len());
    let last = name.len() - 1;
    for (i, &byte) in name.as_bytes().iter().enumerate() {
        let edge_dot = byte == b'.' && (i == 0 || i == last);
        if (byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) && !edge_dot {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    if out.len() > SLUG_BYTES_MAX {
        let length = out.len();
        return refuse(format!("the name is too long for a folder ({length} bytes encoded, at most {SLUG_BYTES_MAX})"));
    }
    Ok(out)
}

/// The variant's name from its folder name; `None` if it is not one that [`slug`] makes.
pub fn unslug(slug: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(slug.len());
    let mut rest = slug.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    let name = String::from_utf8(bytes).ok()?;
    (self::slug(&name).ok()? == slug).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive() {
        for name in ["all at once", "manual: 10-60 s", "a/b\\c=d%20", "..", ".", "größer ≥ 5", "x.", "A_b-c.d"] {
            let slug = slug(name).expect("fine");
            assert!(slug.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.%".contains(&b)), "{slug}");
            assert_eq!(unslug(&slug).as_deref(), Some(name));
        }
        assert_eq!(slug("manual: 10-60 s").expect("fine"), "manual%3A%2010-60%20s");
        assert_eq!(unslug("a b"), None);
        assert_eq!(unslug("%4"), None);
    }

    #[test]
    fn impossible_names_are_refused() {
        assert!(slug("").expect_err("empty").to_string().contains("needs a name"));
        assert!(slug(&"ü".repeat(43)).expect_err("long").to_string().contains("258 bytes encoded, at most 255"));
    }
}
