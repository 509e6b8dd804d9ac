//! Channels as a file writes them: `"0-9,20"`, numbers and ranges of the channel plan.

use super::quantity::{Form, form};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer};
use serde::ser::Serializer;
use std::borrow::Cow;
use std::fmt;

/// Channels of a plan, by their numbers from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channels {
    /// First and last of each run, ascending; between two runs is a gap.
    runs: Vec<(u16, u16)>,
}

/// Why a text is no list of channels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoChannelList {
    /// A part is neither a number nor a range.
    #[error("\"{0}\" is neither a channel nor a range")]
    Part(String),
    /// The first of a range is larger than its last.
    #[error("{0}-{1} runs backwards")]
    Backwards(u16, u16),
}

impl Channels {
    /// An example that a message shows.
    pub const EXAMPLE: &str = "0-9,20";

    /// Numbers and ranges with commas between them; none for an empty text.
    ///
    /// # Errors
    /// The first part that is wrong.
    pub fn parse(text: &str) -> Result<Self, NoChannelList> {
        let parts = text.split(',').map(str::trim);
        let mut found = Vec::new();
        for part in parts.filter(|part| !part.is_empty() || !text.trim().is_empty()) {
            let number = |digits: &str| {
                let digits = digits.trim();
                let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
                digits.parse::<u16>().ok().filter(|_| is_number).ok_or_else(|| NoChannelList::Part(part.to_owned()))
            };
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return Err(NoChannelList::Backwards(first, last));
            }
            found.push((first, last));
        }
        Ok(Channels::of(found))
    }

    /// Those of some runs, each with its first and last, in any order.
    pub fn of(mut found: Vec<(u16, u16)>) -> Self {
        found.sort_unstable();
        let mut runs: Vec<(u16, u16)> = Vec::with_capacity(found.len());
        for (first, last) in found {
            match runs.last_mut().filter(|run| first <= run.1.saturating_add(1)) {
                Some(run) => run.1 = run.1.max(last),
                None => runs.push((first, last)),
            }
        }
        Channels { runs }
    }

    /// First and last of each run, ascending, with gaps between them.
    pub fn runs(&self) -> &[(u16, u16)] {
        &self.runs
    }

    /// None at all.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whether a channel is one of them.
    pub fn contains(&self, channel: u16) -> bool {
        self.runs.iter().any(|&(first, last)| (first..=last).contains(&channel))
    }

    /// The highest.
    pub fn last(&self) -> Option<u16> {
        self.runs.last().map(|run| run.1)
    }
}

impl fmt::Display for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, &(first, last)) in self.runs.iter().enumerate() {
            f.write_str(if n == 0 { "" } else { "," })?;
            if first == last { write!(f, "{first}") } else { write!(f, "{first}-{last}") }?;
        }
        Ok(())
    }
}

form!(
    /// Channels of the plan.
    ChannelList,
    Channels,
    json_schema!({"type": "string", "x-channels": true, "pattern": r"^\s*(\d+\s*(-\s*\d+\s*)?(,\s*\d+\s*(-\s*\d+\s*)?)*)?$"})
);

impl Form for ChannelList {
    type Value = Channels;
    fn write<S: Serializer>(value: &Channels, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(value)
    }
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Channels, D::Error> {
        let text = String::deserialize(d)?;
        Channels::parse(&text).map_err(|why| de::Error::custom(format!("no channels: \"{text}\": {why}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_numbers_and_ranges() {
        let channels = Channels::parse("20, 0-9,8-11 ,12").expect("channels");
        assert_eq!(channels.runs(), [(0, 12), (20, 20)]);
        assert_eq!(channels.to_string(), "0-12,20");
        assert!(channels.contains(12) && !channels.contains(13) && channels.last() == Some(20));
        assert_eq!(Channels::parse(" "), Ok(Channels::default()));
    }

    #[test]
    fn what_is_no_channel_is_told() {
        let refused = |text: &str| Channels::parse(text).expect_err("refused").to_string();
        assert_eq!(refused("1,,2"), "\"\" is neither a channel nor a range");
        assert_eq!(refused("1-2-3"), "\"1-2-3\" is neither a channel nor a range");
        assert_eq!(refused("+4"), "\"+4\" is neither a channel nor a range");
        assert_eq!(refused("70000"), "\"70000\" is neither a channel nor a range");
        assert_eq!(refused("9-3"), "9-3 runs backwards");
    }
}
