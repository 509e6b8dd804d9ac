//! When a request comes.

/// Civil time of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Milliseconds since 1970, UTC.
    pub unix_ms: i64,
}

impl Moment {
    /// Whole seconds since 1970, UTC.
    pub fn unix_s(self) -> i64 {
        self.unix_ms.div_euclid(1_000)
    }
}
