//! Names of sites in 16 bytes: given by the input, or a prefix and a number.

use std::fmt;

/// Name of a site. Generated names keep a number instead of a string, which matters at a million meters.
///
/// Two names are equal, and ordered, as their text is: `SiteName::numbered('M', 7) == SiteName::from("M000007")`.
#[derive(Clone)]
pub enum SiteName {
    /// From the input.
    Given(Box<str>),
    /// Generated: see [`SiteName::numbered`].
    Numbered {
        /// `M` for meters, `G` for gateways.
        prefix: char,
        /// Counts from 0.
        number: u32,
    },
}

impl SiteName {
    /// The generated name of the `number`-th site under `prefix`: meters (`M`) have six digits, others four.
    pub const fn numbered(prefix: char, number: u32) -> Self {
        SiteName::Numbered { prefix, number }
    }
}

impl fmt::Display for SiteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SiteName::Given(text) => f.pad(text),
            SiteName::Numbered { prefix: 'M', number } => write!(f, "M{number:06}"),
            SiteName::Numbered { prefix, number } => write!(f, "{prefix}{number:04}"),
        }
    }
}

impl fmt::Debug for SiteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

impl PartialEq for SiteName {
    fn eq(&self, other: &Self) -> bool {
        use SiteName::{Given, Numbered};
        match (self, other) {
            (Given(a), Given(b)) => a == b,
            (Numbered { prefix: p, number: n }, Numbered { prefix: q, number: m }) => p == q && n == m,
            (Given(text), numbered) | (numbered, Given(text)) => **text == *numbered.to_string(),
        }
    }
}

impl Eq for SiteName {}

impl PartialEq<str> for SiteName {
    fn eq(&self, other: &str) -> bool {
        match self {
            SiteName::Given(text) => **text == *other,
            numbered => {
                let text = numbered.to_string();
                text == other
            }
        }
    }
}

impl PartialEq<&str> for SiteName {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl PartialOrd for SiteName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SiteName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (SiteName::Given(a), SiteName::Given(b)) => a.cmp(b),
            _ => self.to_string().cmp(&other.to_string()),
        }
    }
}

impl From<&str> for SiteName {
    fn from(text: &str) -> Self {
        SiteName::Given(text.into())
    }
}

impl From<String> for SiteName {
    fn from(text: String) -> Self {
        SiteName::Given(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_takes_sixteen_bytes() {
        assert_eq!(size_of::<SiteName>(), 16);
    }

    #[test]
    fn names_read_and_compare_as_text() {
        assert_eq!(SiteName::numbered('M', 42).to_string(), "M000042");
        assert_eq!(SiteName::numbered('M', 12_345_678).to_string(), "M12345678");
        assert_eq!(SiteName::numbered('G', 3).to_string(), "G0003");
        assert_eq!(SiteName::numbered('M', 42), SiteName::from("M000042"));
        assert_eq!(SiteName::from("church"), "church");
        assert_ne!(SiteName::numbered('M', 1), SiteName::numbered('G', 1));
        assert!(SiteName::numbered('G', 9_999) < SiteName::numbered('M', 0));
        let first = SiteName::from("A");
        assert!(first < SiteName::numbered('G', 0));
    }
}
