//! What a client can write to a clock besides the time.

use dlms_cosem_rs::axdr::DateTime;
use serde::{Deserialize, Serialize};

/// Attributes 3 and 5 to 8 of a clock; a meter has its own once a client has written one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockSettings {
    /// UTC minus standard time, minutes.
    pub time_zone_min: i16,
    /// When summer time begins, in standard time; wildcards for what recurs.
    pub begin: [u8; 12],
    /// When it ends, in summer time.
    pub end: [u8; 12],
    /// Summer time minus standard time, minutes.
    pub deviation_min: i8,
    /// Whether the clock changes to summer time.
    pub enabled: bool,
}

impl ClockSettings {
    /// Begin and end of summer time.
    pub fn dates(&self) -> [DateTime; 2] {
        [self.begin, self.end].map(DateTime::from_bytes)
    }
}
