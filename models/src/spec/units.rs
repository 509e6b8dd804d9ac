//! Values with units, as text: `"27 dBm"`, `"15min"`, `"1h 30min"`, `"30 m"`, `"200 B"`, `"30 %"`.
//!
//! A value is normalised to one base unit per kind and printed back in a form that parses to the same value.

use std::fmt;

/// What a value measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Base unit: nanoseconds.
    Time,
    /// Power against one milliwatt; base unit: dBm.
    Power,
    /// Loss, gain or spread; base unit: dB.
    Ratio,
    /// Base unit: metres.
    Length,
    /// Base unit: bytes.
    Size,
    /// Base unit: one; a bare number is allowed.
    Share,
    /// Base unit: degrees.
    Angle,
    /// Base unit: hertz.
    Frequency,
    /// A difference of temperatures; base unit: kelvin.
    TemperatureStep,
    /// Of a frequency from what it should be; base unit: parts in a million.
    Deviation,
}

struct Unit {
    word: &'static str,
    kind: Kind,
    scale: f64,
}

const fn unit(word: &'static str, kind: Kind, scale: f64) -> Unit {
    Unit { word, kind, scale }
}

/// Every unit the language knows; the first of a kind is the one that messages suggest.
const UNITS: &[Unit] = &[
    unit("s", Kind::Time, 1e9),
    unit("ms", Kind::Time, 1e6),
    unit("us", Kind::Time, 1e3),
    unit("ns", Kind::Time, 1.0),
    unit("min", Kind::Time, 60e9),
    unit("h", Kind::Time, 3600e9),
    unit("d", Kind::Time, 86400e9),
    unit("y", Kind::Time, 365.25 * 86400e9),
    unit("dBm", Kind::Power, 1.0),
    unit("mW", Kind::Power, 1.0),
    unit("W", Kind::Power, 1e3),
    unit("dB", Kind::Ratio, 1.0),
    unit("m", Kind::Length, 1.0),
    unit("cm", Kind::Length, 0.01),
    unit("km", Kind::Length, 1e3),
    unit("B", Kind::Size, 1.0),
    unit("kB", Kind::Size, 1e3),
    unit("KiB", Kind::Size, 1024.0),
    unit("MB", Kind::Size, 1e6),
    unit("MiB", Kind::Size, 1_048_576.0),
    unit("%", Kind::Share, 0.01),
    unit("deg", Kind::Angle, 1.0),
    unit("Hz", Kind::Frequency, 1.0),
    unit("kHz", Kind::Frequency, 1e3),
    unit("MHz", Kind::Frequency, 1e6),
    unit("GHz", Kind::Frequency, 1e9),
    unit("K", Kind::TemperatureStep, 1.0),
    unit("ppm", Kind::Deviation, 1.0),
];

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 10] = [
        Kind::Time,
        Kind::Power,
        Kind::Ratio,
        Kind::Length,
        Kind::Size,
        Kind::Share,
        Kind::Angle,
        Kind::Frequency,
        Kind::TemperatureStep,
        Kind::Deviation,
    ];

    /// The word that the JSON Schema carries in `x-quantity`.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Time => "time",
            Kind::Power => "power",
            Kind::Ratio => "ratio",
            Kind::Length => "length",
            Kind::Size => "size",
            Kind::Share => "share",
            Kind::Angle => "angle",
            Kind::Frequency => "frequency",
            Kind::TemperatureStep => "temperature-step",
            Kind::Deviation => "deviation",
        }
    }

    /// The kind of an `x-quantity` word.
    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|k| k.key() == key)
    }

    /// The kind in words, with its article.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Time => "a time",
            Kind::Power => "a power",
            Kind::Ratio => "a value in decibels",
            Kind::Length => "a length",
            Kind::Size => "a size",
            Kind::Share => "a share",
            Kind::Angle => "an angle",
            Kind::Frequency => "a frequency",
            Kind::TemperatureStep => "a difference of temperatures",
            Kind::Deviation => "a deviation of a frequency",
        }
    }

    /// A value as one would write it.
    pub fn example(self) -> &'static str {
        match self {
            Kind::Time => "15min",
            Kind::Power => "27 dBm",
            Kind::Ratio => "7 dB",
            Kind::Length => "30 m",
            Kind::Size => "200 B",
            Kind::Share => "30 %",
            Kind::Angle => "51.5 deg",
            Kind::Frequency => "902.2 MHz",
            Kind::TemperatureStep => "8 K",
            Kind::Deviation => "4 ppm",
        }
    }

    /// Its units, separated by commas.
    pub fn units(self) -> String {
        let words: Vec<_> = UNITS.iter().filter(|u| u.kind == self).map(|u| u.word).collect();
        words.join(", ")
    }

    /// A bare number with the kind's most usual unit.
    pub fn suggest(self, number: &str) -> String {
        let word = UNITS.iter().find(|u| u.kind == self).map_or("", |u| u.word);
        let gap = if self == Kind::Time { "" } else { " " };
        format!("{number}{gap}{word}")
    }

    /// A regular expression for editors, a little wider than [`parse`].
    pub fn pattern(self) -> String {
        let words: Vec<_> = UNITS.iter().filter(|u| u.kind == self).map(|u| u.word).collect();
        let bare = if self == Kind::Share { "?" } else { "" };
        let one = format!("[+-]?[0-9._]+([eE][+-]?[0-9]+)?\\s*({}){bare}\\s*", words.join("|"));
        let times = if self == Kind::Time { "+" } else { "" };
        format!("^\\s*({one}){times}$")
    }
}

/// Why a text is no value of its kind.
#[derive(Clone, Debug, PartialEq)]
pub enum UnitError {
    /// No number at its start.
    NoNumber,
    /// A number without a unit.
    NoUnit {
        /// The number, as written.
        number: String,
    },
    /// A unit nobody knows.
    Unknown {
        /// The unit, as written.
        unit: String,
        /// The nearest of the right kind.
        nearest: Option<&'static str>,
    },
    /// A unit of another kind.
    Other {
        /// The unit, as written.
        unit: String,
        /// What it measures.
        is: Kind,
    },
    /// Not a finite number, or a power of zero watts.
    NotFinite,
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnitError::NoNumber => f.write_str("no number"),
            UnitError::NoUnit { .. } => f.write_str("no unit"),
            UnitError::Unknown { unit, .. } => write!(f, "unknown unit `{unit}`"),
            UnitError::Other { unit, is } => write!(f, "`{unit}` is {} unit", is.noun()),
            UnitError::NotFinite => f.write_str("not a finite value"),
        }
    }
}

/// Reads a value of `kind` and returns it in the kind's base unit.
///
/// ```
/// use amitwin_models::spec::units::{parse, Kind};
/// assert_eq!(parse(Kind::Time, "1h 30min"), Ok(5400e9));
/// assert_eq!(parse(Kind::Power, "1 W"), Ok(30.0));
/// assert!(parse(Kind::Power, "27").is_err());
/// ```
pub fn parse(kind: Kind, text: &str) -> Result<f64, UnitError> {
    let mut rest = text.trim();
    let mut sum = None;
    loop {
        let (number, after) = split_number(rest).ok_or(UnitError::NoNumber)?;
        let word_end = after.find(|c: char| c.is_ascii_digit() || c.is_whitespace()).unwrap_or(after.len());
        let (word, tail) = after.split_at(word_end);
        let value = convert(kind, number, word)?;
        sum = Some(sum.map_or(value, |s: f64| s + value));
        rest = tail.trim_start();
        if rest.is_empty() {
            break;
        }
        if kind != Kind::Time {
            return Err(UnitError::Unknown { unit: format!("{word} {rest}"), nearest: nearest(kind, word) });
        }
    }
    let value = sum.ok_or(UnitError::NoNumber)?;
    let value = if matches!(kind, Kind::Time | Kind::Size) { value.round() } else { value };
    if value.is_finite() { Ok(value) } else { Err(UnitError::NotFinite) }
}

/// The number at the start of `text` (with its spaces) and what follows.
fn split_number(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let mut end = 0;
    while end < bytes.len() {
        let c = bytes[end];
        let sign_ok = end == 0 || matches!(bytes[end - 1], b'e' | b'E');
        let exponent = matches!(c, b'e' | b'E')
            && end > 0
            && bytes.get(end + 1).is_some_and(|d| d.is_ascii_digit() || matches!(d, b'+' | b'-'));
        if c.is_ascii_digit() || c == b'.' || c == b'_' || exponent || (matches!(c, b'+' | b'-') && sign_ok) {
            end += 1;
        } else {
            break;
        }
    }
    let number = &text[..end];
    number.bytes().any(|b| b.is_ascii_digit()).then(|| (number, text[end..].trim_start()))
}

fn convert(kind: Kind, number: &str, word: &str) -> Result<f64, UnitError> {
    let value: f64 = number.replace('_', "").parse().map_err(|_| UnitError::NoNumber)?;
    if word.is_empty() {
        if kind == Kind::Share {
            return Ok(value);
        }
        return Err(UnitError::NoUnit { number: number.to_owned() });
    }
    let Some(unit) = UNITS.iter().find(|u| u.word == word) else {
        return Err(UnitError::Unknown { unit: word.to_owned(), nearest: nearest(kind, word) });
    };
    if unit.kind != kind {
        return Err(UnitError::Other { unit: word.to_owned(), is: unit.kind });
    }
    if kind == Kind::Power && word != "dBm" {
        return if value > 0.0 { Ok(10.0 * libm::log10(value * unit.scale)) } else { Err(UnitError::NotFinite) };
    }
    // Dividing by a whole number rounds once: 30 % is 0.3, where 30 * 0.01 is not.
    Ok(if unit.scale < 1.0 { value / (1.0 / unit.scale) } else { value * unit.scale })
}

fn nearest(kind: Kind, word: &str) -> Option<&'static str> {
    let full = [("second", "s"), ("minute", "min"), ("hour", "h"), ("day", "d"), ("metre", "m"), ("meter", "m")];
    let lower = word.to_lowercase();
    let known = |w: &str| UNITS.iter().find(|u| u.kind == kind && u.word == w).map(|u| u.word);
    if let Some(hit) = full.iter().filter(|(name, _)| lower.trim_end_matches('s') == *name).find_map(|(_, w)| known(w))
    {
        return Some(hit);
    }
    UNITS.iter().filter(|u| u.kind == kind).map(|u| u.word).find(|w| w.eq_ignore_ascii_case(word)).or_else(|| {
        let candidates =
            UNITS.iter().filter(|u| u.kind == kind).map(|u| (strsim::damerau_levenshtein(u.word, word), u.word));
        candidates.filter(|(d, w)| *d < w.len()).min().map(|(_, w)| w)
    })
}

/// Prints a base-unit value so that [`parse`] gives it back.
pub fn format(kind: Kind, value: f64) -> String {
    match kind {
        Kind::Time => {
            let exact = [("h", 3600e9), ("min", 60e9), ("s", 1e9), ("ms", 1e6), ("us", 1e3), ("ns", 1.0)];
            let (word, scale) = exact.into_iter().find(|(_, s)| value % s == 0.0 && value != 0.0).unwrap_or(("s", 1e9));
            format!("{}{word}", value / scale)
        }
        Kind::Share => format!("{value}"),
        _ => kind.suggest(&format!("{value}")),
    }
}
