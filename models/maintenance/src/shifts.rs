//! When crews work: shifts of whole hours on the first days of each week, as a clock that stands outside of them.

/// Seconds of a day.
const DAY_S: u64 = 86_400;

/// Shifts of a week.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shifts {
    /// Beginning of a shift, s of the day.
    pub begins_s: u32,
    /// Its length, s; a day at most.
    pub length_s: u32,
    /// Days of the week with a shift, 1 to 7.
    pub days: u32,
}

impl Shifts {
    /// Day and night.
    pub const ALWAYS: Shifts = Shifts { begins_s: 0, length_s: DAY_S as u32, days: 7 };

    /// Seconds of shifts that have passed at a time.
    pub fn worked_s(&self, time_s: u32) -> u64 {
        let (length, days) = (u64::from(self.length_s), u64::from(self.days));
        // Counted from the beginning of a shift; what lies before the first is nothing.
        let since = u64::from(time_s).saturating_sub(u64::from(self.begins_s));
        let (day, second) = (since / DAY_S, since % DAY_S);
        let (week, day) = (day / 7, day % 7);
        let whole = week * days + day.min(days);
        let part = if day < days { second.min(length) } else { 0 };
        whole * length + part
    }

    /// When so many seconds of shifts have passed.
    pub fn when(&self, worked_s: u64) -> u32 {
        let (length, days) = (u64::from(self.length_s), u64::from(self.days));
        let (shift, second) = (worked_s / length, worked_s % length);
        let day = shift / days * 7 + shift % days;
        u32::try_from(day * DAY_S + second + u64::from(self.begins_s)).unwrap_or(u32::MAX)
    }

    /// Whether a shift is on.
    pub fn is_on(&self, time_s: u32) -> bool {
        self.worked_s(time_s.saturating_add(1)) > self.worked_s(time_s)
    }

    /// When a crew that begins at a time has worked for so long.
    pub fn after(&self, time_s: u32, work_s: u32) -> u32 {
        self.when(self.worked_s(time_s) + u64::from(work_s))
    }

    /// Seconds of shifts in a mean year.
    pub fn year_s(&self) -> f64 {
        f64::from(self.length_s) * f64::from(self.days) / 7.0 * crate::climate::YEAR_D
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFICE: Shifts = Shifts { begins_s: 8 * 3_600, length_s: 8 * 3_600, days: 5 };
    const HOUR: u32 = 3_600;
    const DAY: u32 = 86_400;

    #[test]
    fn work_goes_on_on_the_next_working_day() {
        assert_eq!(OFFICE.after(9 * HOUR, 2 * HOUR), 11 * HOUR);
        assert_eq!(OFFICE.after(15 * HOUR, 2 * HOUR), DAY + 9 * HOUR);
        // From Friday, three o'clock, to Monday, nine.
        assert_eq!(OFFICE.after(4 * DAY + 15 * HOUR, 2 * HOUR), 7 * DAY + 9 * HOUR);
        assert_eq!(OFFICE.after(5 * DAY, HOUR), 7 * DAY + 9 * HOUR);
        assert_eq!(OFFICE.after(0, HOUR), 9 * HOUR);
        assert_eq!(Shifts::ALWAYS.after(12_345, 678_901), 691_246);
    }

    #[test]
    fn shifts_are_on_when_their_clock_runs() {
        assert!(!OFFICE.is_on(8 * HOUR - 1) && OFFICE.is_on(8 * HOUR) && OFFICE.is_on(16 * HOUR - 1));
        assert!(!OFFICE.is_on(16 * HOUR) && !OFFICE.is_on(5 * DAY + 9 * HOUR) && OFFICE.is_on(7 * DAY + 9 * HOUR));
        assert!(Shifts::ALWAYS.is_on(0) && Shifts::ALWAYS.is_on(6 * DAY + DAY / 2));
        assert!((OFFICE.year_s() / 3_600.0 - 2_087.1).abs() < 0.1);
    }
}
