//! `[device.boards]`: the two boards of a meter, their firmware, and resets that only one of them takes part in.

use super::dlms::DlmsSpec;
use super::quantity::{Form, Maybe, Share, form};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Two boards in each meter: one that measures, and one that communicates. Without this section they restart together and always understand each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BoardsSpec {
    /// Share of warm and cold restarts in which the communication board restarts alone. Then it finds the metrology board as it was, and does not come to terms with one
    /// whose firmware does not fit its own: the meter answers and says nothing of what it measures, until both restart. A loss of supply and a technician restart both.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub partial_resets: f64,
    /// Firmware of the metrology boards.
    #[serde(with = "VersionText")]
    pub metrology: Version,
    /// Firmware of the communication boards.
    #[serde(with = "VersionText")]
    pub communication: Version,
    /// Kinds of meters whose boards have other firmware.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub other: Vec<OtherBoards>,
    /// What goes together; all does when missing.
    #[serde(rename = "pair", skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub pairs: Vec<PairRule>,
}

/// Boards of a kind of meter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OtherBoards {
    /// Name of the kind, one of `dlms.vendor`.
    #[schemars(length(min = 1, max = 80))]
    pub vintage: String,
    /// Firmware of its metrology boards; as all have it when missing.
    #[serde(default, with = "Maybe::<VersionText>", skip_serializing_if = "Option::is_none")]
    pub metrology: Option<Version>,
    /// Firmware of its communication boards; as all have it when missing.
    #[serde(default, with = "Maybe::<VersionText>", skip_serializing_if = "Option::is_none")]
    pub communication: Option<Version>,
}

/// From which firmware on the communication board needs which of the metrology board.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PairRule {
    /// This firmware of the communication board, and any later one,
    #[serde(with = "VersionText")]
    pub communication: Version,
    /// needs this one of the metrology board, or a later one.
    #[serde(with = "VersionText")]
    pub needs_metrology: Version,
}

impl Default for BoardsSpec {
    fn default() -> Self {
        let (metrology, communication) = (Version([2, 4, 0]), Version([2, 0, 0]));
        BoardsSpec { partial_resets: 0.0, metrology, communication, other: Vec::new(), pairs: Vec::new() }
    }
}

impl BoardsSpec {
    /// Firmware of metrology and communication boards of each kind of meter.
    pub fn of_kinds(&self, dlms: &DlmsSpec) -> Vec<(Version, Version)> {
        let all = (self.metrology, self.communication);
        let kind = |name: &str| {
            let other = self.other.iter().find(|other| other.vintage == name);
            other.map_or(all, |other| (other.metrology.unwrap_or(all.0), other.communication.unwrap_or(all.1)))
        };
        match &dlms.vendors[..] {
            [] => vec![all],
            kinds => kinds.iter().map(|vendor| kind(&vendor.name)).collect(),
        }
    }
}

impl PairRule {
    /// Whether rules let two boards go together: firmware of metrology and communication board.
    pub fn allow(rules: &[PairRule], (metrology, communication): (Version, Version)) -> bool {
        rules.iter().all(|pair| communication < pair.communication || metrology >= pair.needs_metrology)
    }
}

/// Number of a firmware: 2.4.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub [u16; 3]);

impl Version {
    /// One to three numbers with points between them.
    pub fn parse(text: &str) -> Option<Version> {
        let mut numbers = [0; 3];
        let parts: Vec<&str> = text.split('.').collect();
        if parts.len() > numbers.len() {
            return None;
        }
        for (number, part) in numbers.iter_mut().zip(parts) {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            *number = digits.then(|| part.parse().ok()).flatten()?;
        }
        Some(Version(numbers))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0[0], self.0[1], self.0[2])
    }
}

form!(
    /// Number of a firmware.
    VersionText,
    Version,
    json_schema!({"type": "string", "x-version": true})
);

impl Form for VersionText {
    type Value = Version;
    fn write<S: Serializer>(value: &Version, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(value)
    }
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Version, D::Error> {
        let text = String::deserialize(d)?;
        Version::parse(&text).ok_or_else(|| de::Error::custom(format!("no version such as \"2.4.0\": \"{text}\"")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_order_by_their_numbers() {
        let version = |text| Version::parse(text).expect("a version");
        assert!(version("2.10.0") > version("2.9.9") && version("3") == version("3.0.0"));
        for text in ["", "2.", "2.4.0.1", "v2", "2.-1", "70000"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
        let pair = PairRule { communication: version("3"), needs_metrology: version("2.4.0") };
        let fit = |metrology, communication| PairRule::allow(&[pair], (version(metrology), version(communication)));
        assert_eq!([fit("2.4.0", "3.0.0"), fit("2.3.9", "3.1"), fit("2.3.9", "2.9")], [true, false, true]);
    }
}
