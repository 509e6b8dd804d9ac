//! `only_when`: what the link of a meter, and the meter itself, must be like before a job asks anything of it.

use super::boards::Version;
use super::quantity::{Form, form};
use super::units::{self, Kind};
use amitwin_sim_core::SimTime;
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
#[derive(Clone, Debug, PartialEq)]
pub enum Limit {
    /// Of a link.
    Link {
        /// Of what.
        of: Quantity,
        /// In dB, dBm or as a share: levels are to be this or more, losses this or less.
        limit: f64,
    },
    /// What the communication board runs.
    Firmware {
        /// How it is to compare.
        is: Comparison,
        /// With what.
        with: Firmware,
    },
    /// The head-end has heard the meter within this time.
    Heard(SimTime),
    /// Nothing that the head-end has heard, or missed, says that the meter is in trouble.
    Healthy,
}

/// A firmware, by its number, or by the campaign that has brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Firmware {
    /// Its number.
    Version(Version),
    /// Name of a campaign.
    Image(String),
}

/// How two versions compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The same.
    Is,
    /// Another.
    IsNot,
    /// An older one.
    Before,
    /// This or an older one.
    UpTo,
    /// A newer one.
    After,
    /// This or a newer one.
    From,
}

impl Comparison {
    const ALL: [(&str, Comparison); 6] = [
        ("!=", Comparison::IsNot),
        ("<=", Comparison::UpTo),
        (">=", Comparison::From),
        ("=", Comparison::Is),
        ("<", Comparison::Before),
        (">", Comparison::After),
    ];

    /// Whether two values compare so.
    pub fn holds<T: Ord>(self, value: &T, with: &T) -> bool {
        match self {
            Comparison::Is => value == with,
            Comparison::IsNot => value != with,
            Comparison::Before => value < with,
            Comparison::UpTo => value <= with,
            Comparison::After => value > with,
            Comparison::From => value >= with,
        }
    }
}

/// What a link and a meter must be like: all of these.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition(pub Vec<Limit>);

impl Condition {
    /// What they look like, for messages.
    pub const EXAMPLE: &str = "\"snr >= 15 dB\", \"rssi >= -90 dBm\", \"loss <= 5 %\", \"firmware >= 2.1.0\", \"heard within 1d\", \"healthy\", or several joined by \"and\"";

    /// Reads a text such as `snr >= 15 dB and firmware < 2.1.0`.
    ///
    /// # Errors
    /// What is wrong with it, and what it should look like.
    pub fn parse(text: &str) -> Result<Condition, String> {
        text.split(" and ").map(Limit::parse).collect::<Result<_, _>>().map(Condition)
    }

    /// Whether it says something of links.
    pub fn is_of_links(&self) -> bool {
        self.0.iter().any(|limit| matches!(limit, Limit::Link { .. }))
    }

    /// Whether it says something of meters.
    pub fn is_of_meters(&self) -> bool {
        self.0.iter().any(|limit| !matches!(limit, Limit::Link { .. }))
    }
}

impl Limit {
    fn parse(text: &str) -> Result<Limit, String> {
        let text = text.trim();
        if text == "healthy" {
            return Ok(Limit::Healthy);
        }
        if let Some(within) = text.strip_prefix("heard within ") {
            let seconds =
                units::parse(Kind::Time, within).map_err(|_| format!("`{}` is no time such as 1d", within.trim()))?;
            return Ok(Limit::Heard(SimTime::from_nanos(seconds as u64)));
        }
        match text.strip_prefix("firmware").filter(|rest| rest.starts_with([' ', '=', '<', '>', '!'])) {
            Some(rest) => Limit::firmware(rest.trim()),
            None => Limit::of_link(text),
        }
    }

    fn firmware(text: &str) -> Result<Limit, String> {
        let found = Comparison::ALL.iter().find_map(|&(sign, is)| Some((is, text.strip_prefix(sign)?.trim())));
        let Some((is, name)) = found.filter(|(_, name)| !name.is_empty()) else {
            return Err("`firmware` needs a sign and a version, as in \"firmware >= 2.1.0\"".to_owned());
        };
        let with = match Version::parse(name) {
            Some(version) => Firmware::Version(version),
            None if matches!(is, Comparison::Is | Comparison::IsNot) => Firmware::Image(name.to_owned()),
            None => {
                return Err(format!("`{name}` is no version, and campaigns are not older or newer than each other"));
            }
        };
        Ok(Limit::Firmware { is, with })
    }

    fn of_link(text: &str) -> Result<Limit, String> {
        let wrong = || format!("`{text}` is none");
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
        Ok(Limit::Link { of, limit: if of == Quantity::Loss { value / 100.0 } else { value } })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, limit) in self.0.iter().enumerate() {
            f.write_str(if n > 0 { " and " } else { "" })?;
            match limit {
                Limit::Link { of: Quantity::Snr, limit } => write!(f, "snr >= {limit} dB")?,
                Limit::Link { of: Quantity::Rssi, limit } => write!(f, "rssi >= {limit} dBm")?,
                Limit::Link { of: Quantity::Loss, limit } => write!(f, "loss <= {} %", (1e6 * limit).round() / 1e4)?,
                Limit::Firmware { is, with } => {
                    let sign = Comparison::ALL.iter().find(|known| known.1 == *is).map_or("", |known| known.0);
                    match with {
                        Firmware::Version(version) => write!(f, "firmware {sign} {version}")?,
                        Firmware::Image(name) => write!(f, "firmware {sign} {name}")?,
                    }
                }
                Limit::Heard(within) => write!(f, "heard within {}", units::format(Kind::Time, within.nanos() as f64))?,
                Limit::Healthy => f.write_str("healthy")?,
            }
        }
        Ok(())
    }
}

form!(
    /// A condition on a link and a meter.
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
        let limit = |of, limit| Limit::Link { of, limit };
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
        for text in ["firmware >= 2.1.0", "firmware != v2 and healthy", "heard within 90min and firmware < 3.0.0"] {
            assert_eq!(Condition::parse(text).expect("a condition").to_string(), text);
        }
        let is = |text, value| match &Condition::parse(text).expect("a condition").0[0] {
            Limit::Firmware { is, with: Firmware::Version(with) } => is.holds(&Version(value), with),
            _ => panic!("{text}"),
        };
        assert_eq!([[2, 0, 9], [2, 1, 0], [2, 10, 0]].map(|value| is("firmware >= 2.1", value)), [false, true, true]);
        assert_eq!([[2, 0, 9], [2, 1, 0], [2, 10, 0]].map(|value| is("firmware<2.1.0", value)), [true, false, false]);
        assert!(wrong("firmware > v2").contains("`v2` is no version"));
        assert!(wrong("firmware 2.1.0").contains("needs a sign"));
        assert_eq!(wrong("heard within a day"), "`a day` is no time such as 1d");
    }
}
