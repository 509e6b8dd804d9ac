//! How a day's energy is spread over its quarters of an hour.

/// All of a day's energy.
pub const ONE: i64 = 1 << 30;

const QUARTERS: i64 = 96;

/// Energy used up before each quarter, of [`ONE`].
type Used = [i64; 97];

/// Spreads hourly weights over quarters.
const fn used(hours: [i64; 24]) -> Used {
    let mut sum = 0;
    let mut hour = 0;
    while hour < 24 {
        sum += hours[hour] * 4;
        hour += 1;
    }
    let mut used = [0; 97];
    let mut so_far = 0;
    let mut quarter = 0;
    while quarter < 96 {
        so_far += hours[quarter / 4];
        quarter += 1;
        used[quarter] = so_far * ONE / sum;
    }
    used
}

/// Out by day: peaks at breakfast and in the evening.
static AWAY: Used =
    used([20, 17, 16, 16, 17, 23, 42, 56, 45, 32, 28, 29, 34, 31, 28, 30, 38, 56, 78, 84, 76, 62, 44, 29]);
/// At home: a peak at noon too, and a flatter day.
static HOME: Used =
    used([22, 19, 18, 17, 18, 22, 32, 46, 54, 54, 52, 56, 64, 58, 48, 44, 46, 54, 66, 70, 64, 54, 42, 30]);
/// Solar cells cover most of the daylight hours.
static SOLAR: Used =
    used([30, 26, 25, 24, 25, 32, 44, 46, 26, 14, 10, 9, 9, 9, 10, 14, 26, 50, 80, 90, 84, 70, 54, 40]);
/// A working day.
static WORK: Used =
    used([20, 19, 19, 19, 20, 24, 36, 56, 76, 84, 86, 86, 80, 82, 84, 82, 78, 70, 58, 48, 38, 30, 25, 22]);

/// The shape of a customer's day.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A mix of two tables, begun some quarters late.
    Mixed {
        /// First table.
        a: &'static Used,
        /// Second table.
        b: &'static Used,
        /// Share of the first, of 256.
        share: i64,
        /// Quarters by which the customer is ahead of the tables, 0..96.
        ahead: i64,
        /// What the mix has used up before `ahead`, of 256 times [`ONE`].
        before: i64,
    },
    /// Output of solar cells: a parabola over the daylight.
    Sun,
}

impl Shape {
    fn mixed(a: &'static Used, b: &'static Used, habit: u16, swing: i64) -> Self {
        let [share, shift] = habit.to_be_bytes().map(i64::from);
        let ahead = (QUARTERS - swing + shift * (2 * swing + 1) / 256) % QUARTERS;
        Shape::Mixed { a, b, share, ahead, before: mix(a, b, share, ahead) }
    }
    /// A home; some rise an hour and a half before or after the average.
    pub fn home(habit: u16) -> Self {
        Shape::mixed(&AWAY, &HOME, habit, 6)
    }
    /// A home with solar cells.
    pub fn solar_home(habit: u16) -> Self {
        Shape::mixed(&SOLAR, &SOLAR, habit, 2)
    }
    /// A workplace, half an hour before or after the average.
    pub fn work(habit: u16) -> Self {
        Shape::mixed(&WORK, &WORK, habit, 2)
    }

    /// The same by clocks that are some quarters ahead. The sun does not heed them.
    pub fn ahead(self, quarters: i64) -> Self {
        match self {
            Shape::Mixed { a, b, share, ahead, .. } => {
                let ahead = (ahead + quarters).rem_euclid(QUARTERS);
                Shape::Mixed { a, b, share, ahead, before: mix(a, b, share, ahead) }
            }
            Shape::Sun => Shape::Sun,
        }
    }

    /// Energy used up before a quarter (0..=96), of [`ONE`]: 0 at 0, [`ONE`] at 96, never falling. `light` is start and
    /// length of the daylight, s, for [`Shape::Sun`] only.
    pub fn used(&self, quarter: i64, light: (i64, i64)) -> i64 {
        match *self {
            Shape::Mixed { a, b, share, ahead, before } => (mix(a, b, share, quarter + ahead) - before) >> 8,
            Shape::Sun => {
                // The integral of a parabola between its zeros: u^2 (3 - 2u).
                let (start, length) = light;
                let u = ((quarter * 900 - start).clamp(0, length) << 15) / length;
                (u * u * (3 * (1 << 15) - 2 * u)) >> 15
            }
        }
    }
}

/// Energy that a mix of tables has used up before quarter `n`, which may be of the next day, of 256 times [`ONE`].
fn mix(a: &Used, b: &Used, share: i64, n: i64) -> i64 {
    let (n, whole) = if n >= QUARTERS { (n - QUARTERS, ONE << 8) } else { (n, 0) };
    whole + a[n as usize] * share + b[n as usize] * (256 - share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_rises_from_nothing_to_all() {
        for habit in [0, 0x00FF, 0x80AA, 0xFF00, 0xFFFF] {
            for shape in [Shape::home(habit), Shape::solar_home(habit), Shape::work(habit), Shape::Sun] {
                let light = (21_960, 46_080);
                assert_eq!((shape.used(0, light), shape.used(96, light)), (0, ONE), "{shape:?}");
                for quarter in 0..96 {
                    let step = shape.used(quarter + 1, light) - shape.used(quarter, light);
                    assert!(step >= i64::from(!matches!(shape, Shape::Sun)), "{shape:?} at {quarter}");
                    assert!(step < ONE / 25, "{shape:?} at {quarter}");
                }
            }
        }
    }
}
