//! What clocks show: an offset from UTC that changes at the turns of a zone, with and without summer time.

/// 2000-01-01 00:00 UTC, seconds since 1970.
const Y2000: i64 = 946_684_800;

/// Local time at some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Local {
    /// Local time minus UTC, summer time included, minutes.
    pub offset_min: i16,
    /// What of that is summer time, minutes; 0 in standard time.
    pub summer_min: i16,
}

impl Local {
    /// Standard time this far from UTC, minutes.
    pub const fn standard(offset_min: i16) -> Self {
        Local { offset_min, summer_min: 0 }
    }
    /// Local time minus UTC, seconds.
    pub fn offset_s(self) -> i64 {
        i64::from(self.offset_min) * 60
    }
    /// Standard time minus UTC, minutes.
    pub fn standard_min(self) -> i16 {
        self.offset_min.saturating_sub(self.summer_min)
    }
}

/// From this second on clocks show another local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Seconds since 1970, UTC.
    pub unix_s: i64,
    /// From then on.
    pub local: Local,
}

/// Local time of a fleet, 16 bytes a turn for all meters together. After its last turn it stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalTime {
    first: Local,
    turns: Vec<Turn>,
    habits_min: i16,
}

impl LocalTime {
    /// Always this many minutes from UTC.
    pub const fn fixed(offset_min: i16) -> Self {
        LocalTime { first: Local::standard(offset_min), turns: Vec::new(), habits_min: offset_min }
    }

    /// `first`, until the first of the turns, which ascend.
    pub fn new(first: Local, turns: Vec<Turn>) -> Self {
        let mut time = LocalTime { first, turns, habits_min: 0 };
        time.habits_min = time.at(Y2000).standard_min();
        time
    }

    /// Local time at a second since 1970, UTC.
    pub fn at(&self, unix_s: i64) -> Local {
        let turns = self.turns.partition_point(|turn| turn.unix_s <= unix_s);
        turns.checked_sub(1).map_or(self.first, |last| self.turns[last].local)
    }

    /// Each turn with what clocks showed before it.
    pub fn changes(&self) -> impl Iterator<Item = (Local, Turn)> {
        let before = std::iter::once(self.first).chain(self.turns.iter().map(|turn| turn.local));
        before.zip(self.turns.iter().copied())
    }

    /// Standard time at the start of 2000 minus UTC, minutes: by this the days of consumption are counted, whatever clocks do.
    pub fn habits_min(&self) -> i16 {
        self.habits_min
    }

    /// By how many quarters of an hour people rise earlier than in the time of [`LocalTime::habits_min`].
    pub fn quarters_ahead(&self, unix_s: i64) -> i64 {
        i64::from(self.at(unix_s).offset_min - self.habits_min) / 15
    }

    /// Without turns.
    #[inline]
    pub fn is_fixed(&self) -> bool {
        self.turns.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_holds_from_its_second_on_and_the_last_one_for_ever() {
        let summer = Local { offset_min: 120, summer_min: 60 };
        let turns = vec![Turn { unix_s: 100, local: summer }, Turn { unix_s: 200, local: Local::standard(60) }];
        let time = LocalTime::new(Local::standard(60), turns);
        for (unix_s, local) in [(i64::MIN, 60), (99, 60), (100, 120), (199, 120), (200, 60), (i64::MAX, 60)] {
            assert_eq!(time.at(unix_s).offset_min, local, "{unix_s}");
        }
        assert_eq!(time.changes().map(|(before, _)| before.offset_min).collect::<Vec<_>>(), [60, 120]);
        assert_eq!((time.habits_min(), time.quarters_ahead(150), time.quarters_ahead(250)), (60, 4, 0));
        assert_eq!(LocalTime::fixed(-330).at(0), Local::standard(-330));
    }
}
