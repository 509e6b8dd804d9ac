//! `only_when`: what the link of a meter must be like before a campaign asks anything of it.

use super::quantity::{Form, form};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer};
use serde::ser::Serializer;
use std::borrow::Cow;
use std::fmt;

/// What a condition looks at: of a meter's link to its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Level over the noise in the weaker direction, dB.
    Snr,
    /// Level in the weaker direction, dBm.
    Rssi,
    /// Share of tries without an acknowledgement.
    Loss,
}

/// One limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// Of what.
    pub of: Quantity,
    /// In dB, dBm or as a share: levels are to be this or more, losses this or less.
    pub limit: f64,
}

/// What a link must be like: all of these.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition(pub Vec<Limit>);

impl Condition {
    /// What they look like, for messages.
    pub const EXAMPLE: &str = "\"snr >= 15 dB\", \"rssi >= -90 dBm\", \"loss <= 5 %\", or several joined by \"and\"";

    /// Reads a text such as `snr >= 15 dB and loss <= 5 %`.
    ///
    /// # Errors
    /// What is wrong with it, and what it should look like.
    pub fn parse(text: &str) -> Result<Condition, String> {
        text.split(" and ").map(Limit::parse).collect::<Result<_, _>>().map(Condition)
    }
}

impl Limit {
    fn parse(text: &str) -> Result<Limit, String> {
        let wrong = || format!("`{}` is none", text.trim());
        let at = text.find(['<', '>']).ok_or_else(wrong)?;
        let (name, rest) = text.split_at(at);
        let (sign, value) = rest.split_at(rest.find(|c| !matches!(c, '<' | '>' | '=')).unwrap_or(rest.len()));
        let (of, expected_sign, unit, range) = match name.trim() {
            "snr" => (Quantity::Snr, ">=", "dB", -20.0..=100.0),
            "rssi" => (Quantity::Rssi, ">=", "dBm", -150.0..=30.0),
            "loss" => (Quantity::Loss, "<=", "%", 0.0..=100.0),
            _ => return Err(wrong()),
        };
        let name = name.trim();
        if sign != expected_sign {
            return Err(format!("`{name}` is to be {expected_sign} a value: a link that is better is never left out"));
        }
        let Some(number) = value.trim().strip_suffix(unit) else {
            return Err(format!("`{name}` needs its unit, as in \"{name} {sign} {} {unit}\"", value.trim()));
        };
        let value: f64 = number.trim().parse().map_err(|_| wrong())?;
        if !range.contains(&value) {
            let (low, high) = (range.start(), range.end());
            return Err(format!("{value} {unit} cannot be: `{name}` lies between {low} and {high} {unit}"));
        }
        Ok(Limit { of, limit: if of == Quantity::Loss { value / 100.0 } else { value } })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, Limit { of, limit }) in self.0.iter().enumerate() {
            f.write_str(if n > 0 { " and " } else { "" })?;
            match of {
                Quantity::Snr => write!(f, "snr >= {limit} dB")?,
                Quantity::Rssi => write!(f, "rssi >= {limit} dBm")?,
                Quantity::Loss => write!(f, "loss <= {} %", (1e6 * limit).round() / 1e4)?,
            }
        }
        Ok(())
    }
}

form!(
    /// A condition on a link.
    ConditionText,
    Condition,
    json_schema!({"type": "string", "x-condition": true})
);

impl Form for ConditionText {
    type Value = Condition;
    fn write<S: Serializer>(value: &Condition, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(value)
    }
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Condition, D::Error> {
        Condition::parse(&String::deserialize(d)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_as_they_are_written() {
        let both = Condition::parse("snr >= 15 dB and loss <= 5 %").expect("a condition");
        let limit = |of, limit| Limit { of, limit };
        assert_eq!(both.0, [limit(Quantity::Snr, 15.0), limit(Quantity::Loss, 0.05)]);
        assert_eq!(both.to_string(), "snr >= 15 dB and loss <= 5 %");
        assert_eq!(Condition::parse("rssi>=-90dBm").expect("a condition").0, [limit(Quantity::Rssi, -90.0)]);
        let wrong = |text: &str| Condition::parse(text).expect_err("no condition");
        assert_eq!(
            (wrong("level >= 3 dB"), wrong("snr")),
            ("`level >= 3 dB` is none".to_owned(), "`snr` is none".to_owned())
        );
        assert_eq!(wrong("snr <= 15 dB"), "`snr` is to be >= a value: a link that is better is never left out");
        assert_eq!(wrong("rssi >= -90"), "`rssi` needs its unit, as in \"rssi >= -90 dBm\"");
        assert_eq!(wrong("loss <= 300 %"), "300 % cannot be: `loss` lies between 0 and 100 %");
        assert_eq!(wrong("snr >= x dB"), "`snr >= x dB` is none");
    }
}
