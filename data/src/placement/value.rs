//! A value of an input file, whatever the format: what stands in a row under a name.

use super::{Fault, RecordKind, rules};
use std::borrow::Cow;

/// As much of a wrong value stands in a message.
const CHARS_SHOWN: usize = 40;
/// Beyond this not every whole number is a double.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// Nothing.
    Missing,
    /// Text, which may be a number where columns have no types.
    Text(Cow<'a, str>),
    /// A number with its digits, as it was written.
    Digits(Cow<'a, str>),
    /// A number as the processor has it.
    Float(f64),
    /// True or false.
    Truth(bool),
    /// What no column of a placement can be.
    Other {
        /// What it is.
        is: &'static str,
        /// The value itself.
        shown: String,
    },
}

impl Value<'_> {
    /// Empty, or blanks.
    pub fn is_blank(&self) -> bool {
        match self {
            Value::Missing => true,
            Value::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    fn wrong(&self, expected: &'static str) -> Fault {
        let (is, shown) = match self {
            Value::Missing => ("nothing", String::new()),
            Value::Text(text) => ("a text", format!("\"{text}\"")),
            Value::Digits(digits) => ("a number", digits.to_string()),
            Value::Float(value) => ("a number", value.to_string()),
            Value::Truth(truth) => ("a truth value", truth.to_string()),
            Value::Other { is, shown } => (*is, shown.clone()),
        };
        Fault::WrongType { found: shown.chars().take(CHARS_SHOWN).collect(), is, expected }
    }

    /// As an id: text, or the digits of a number; a whole number is written as one, `1.0` as 1.
    pub fn id(&self) -> Result<String, Fault> {
        if self.is_blank() {
            return Err(Fault::MissingValue);
        }
        match self {
            Value::Text(text) => Ok(text.trim().to_owned()),
            Value::Digits(digits) => Ok(whole_digits(digits)),
            Value::Float(value) if value.is_nan() => Err(Fault::MissingValue),
            Value::Float(value) => whole(*value).ok_or_else(|| Fault::NotWhole { found: value.to_string() }),
            other => Err(other.wrong("a text or a whole number")),
        }
    }

    /// As a number; `None` if there is none. `comma`: a single comma is a decimal mark. The truth value says whether it was.
    pub fn number(&self, comma: bool) -> Result<(Option<f64>, bool), Fault> {
        let parsed = |text: &str| rules::number(text).map(Some);
        match self {
            blank if blank.is_blank() => Ok((None, false)),
            Value::Text(text) => {
                let text = text.trim();
                let decimal = comma && !text.contains('.') && text.matches(',').count() == 1;
                let value = if decimal { parsed(&text.replace(',', ".")) } else { parsed(text) };
                Ok((value?, decimal))
            }
            Value::Digits(digits) => Ok((parsed(digits)?, false)),
            Value::Float(value) => Ok((Some(*value), false)),
            other => Err(other.wrong("a number")),
        }
    }

    /// As what stands at a site; a meter if nothing is said.
    pub fn kind(&self) -> Result<RecordKind, Fault> {
        match self {
            blank if blank.is_blank() => Ok(RecordKind::Meter),
            Value::Text(word) => kind(word.trim()),
            other => Err(other.wrong("a text")),
        }
    }

    /// As text of a column that the user has for himself; `None` if there is none.
    pub fn attribute(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            blank if blank.is_blank() => return None,
            Value::Text(text) => Cow::Borrowed(text.trim()),
            Value::Digits(digits) => Cow::Borrowed(digits),
            Value::Float(value) if value.is_nan() => return None,
            Value::Float(value) => Cow::Owned(whole(*value).unwrap_or_else(|| value.to_string())),
            Value::Truth(truth) => Cow::Borrowed(if *truth { "true" } else { "false" }),
            _ => return None,
        })
    }
}

fn whole(value: f64) -> Option<String> {
    (value.fract() == 0.0 && value.abs() <= WHOLE_MAX).then(|| format!("{value:.0}"))
}

/// `12.0` and `1.2e1` are 12; other digits stay as they are, however many.
fn whole_digits(digits: &str) -> String {
    match digits.split_once('.') {
        Some((before, after)) if !after.is_empty() && after.bytes().all(|b| b == b'0') => before.to_owned(),
        _ if digits.contains(['e', 'E']) => digits.parse().ok().and_then(whole).unwrap_or_else(|| digits.to_owned()),
        _ => digits.to_owned(),
    }
}

/// Whether a spreadsheet has rounded this id: `1.23457E+12`.
pub(super) fn is_scientific(id: &str) -> bool {
    let Some((mantissa, exponent)) = id.split_once("E+").or_else(|| id.split_once("e+")) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (before, after) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    before.len() == 1 && digits(before) && digits(after) && digits(exponent)
}

/// Longest word, bytes, for which a nearest one is looked for: no slip makes one of more.
const SUGGESTED_MAX: usize = 40;

/// The kind that a word names, in any case; the fault suggests the nearest.
fn kind(word: &str) -> Result<RecordKind, Fault> {
    if word.len() > SUGGESTED_MAX {
        return Err(Fault::UnknownKind { found: word.chars().take(CHARS_SHOWN).collect(), nearest: String::new() });
    }
    let lower = word.to_lowercase();
    if matches!(lower.replace(['-', '_', ' '], "").as_str(), "borderrouter" | "lbr" | "br") {
        return Ok(RecordKind::Gateway);
    }
    if lower == "router" {
        let nearest = " (is it a gateway, with a backhaul, or a repeater?)".to_owned();
        return Err(Fault::UnknownKind { found: word.to_owned(), nearest });
    }
    if let Some(kind) = RecordKind::ALL.into_iter().find(|k| k.as_str() == lower) {
        return Ok(kind);
    }
    let near = RecordKind::ALL
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(&lower, k.as_str()), k.as_str()))
        .min_by_key(|&(slips, _)| slips)
        .filter(|&(slips, _)| slips <= 3);
    let nearest = near.map_or(String::new(), |(_, kind)| format!(" (did you mean {kind}?)"));
    Err(Fault::UnknownKind { found: word.chars().take(CHARS_SHOWN).collect(), nearest })
}
