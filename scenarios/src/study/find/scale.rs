//! The values that a search may try: from one end of a range to the other, in steps of the tolerance.

use crate::study::vary::number;
use amitwin_models::spec::units::{self, Kind};
use std::str::FromStr;

/// Steps of a range, at most.
const STEPS_MAX: f64 = 10_000.0;

/// A range of numbers with their unit, both ends included.
///
/// ```
/// use amitwin_scenarios::study::Between;
/// let between: Between = "500..20000".parse().unwrap();
/// assert_eq!((between.low, between.high, between.unit.as_str()), (500.0, 20_000.0, ""));
/// assert_eq!("10s..2h".parse::<Between>().unwrap().high, 7200.0);
/// assert!("20000..500".parse::<Between>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Between {
    /// Smaller end.
    pub low: f64,
    /// Larger end.
    pub high: f64,
    /// Unit of both, as a scenario writes it; may be empty.
    pub unit: String,
    /// Both ends are whole, so that all values are.
    pub whole: bool,
}

impl FromStr for Between {
    type Err = String;

    fn from_str(text: &str) -> Result<Between, String> {
        let no_range =
            || format!("`{text}` is not a range of two numbers with their unit, such as 500..20000 or 5min..4h");
        let (low, high) = text.split_once("..").ok_or_else(no_range)?;
        let ((from, from_unit), (to, to_unit)) = number(low).zip(number(high)).ok_or_else(no_range)?;
        let time = |text: &str| units::parse(Kind::Time, text.trim()).map(|ns| ns / 1e9);
        let between = match (time(low), time(high)) {
            _ if from_unit.is_empty() || from_unit == to_unit => Between {
                low: from,
                high: to,
                unit: to_unit.to_owned(),
                whole: to_unit.is_empty() && [low, high].iter().all(|end| end.trim().parse::<i64>().is_ok()),
            },
            (Ok(low), Ok(high)) => Between { low, high, unit: "s".to_owned(), whole: false },
            _ => return Err(format!("the ends of `{text}` have different units; write both in one")),
        };
        if between.low == between.high {
            return Err(format!("`{text}` is one value; a search needs two different ends, such as 500..20000"));
        }
        match between.low < between.high {
            true => Ok(between),
            false => Err(format!(
                "`{text}` is empty: the smaller number comes first, such as {}..{}",
                high.trim(),
                low.trim()
            )),
        }
    }
}

/// How near the answer is to be.
///
/// ```
/// use amitwin_scenarios::study::Tolerance;
/// assert_eq!("5 %".parse(), Ok(Tolerance(0.05)));
/// assert_eq!("0.02".parse(), Ok(Tolerance(0.02)));
/// assert!("0".parse::<Tolerance>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance(pub f64);

impl FromStr for Tolerance {
    type Err = String;

    fn from_str(text: &str) -> Result<Tolerance, String> {
        let share = units::parse(Kind::Share, text).ok().filter(|share| (0.001..=0.5).contains(share));
        share.map(Tolerance).ok_or_else(|| format!("`{text}` is not a share from 0.1 % to 50 %, such as 5 %"))
    }
}

/// A value to try.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// The number, in the unit of the range.
    pub number: f64,
    /// As a scenario writes it.
    pub text: String,
}

impl Between {
    /// Its values in rising order. Two neighbours differ by the tolerance as a share of themselves; where a range does not begin above
    /// zero or is in decibels, as a share of the range.
    ///
    /// # Errors
    /// The tolerance makes too many.
    pub fn values(&self, tolerance: Tolerance) -> Result<Vec<Value>, String> {
        let relative = self.low > 0.0 && !self.unit.starts_with("dB");
        let steps = match relative {
            true => libm::log(self.high / self.low) / libm::log(1.0 + tolerance.0),
            false => 1.0 / tolerance.0,
        };
        if steps > STEPS_MAX {
            return Err(format!(
                "that tolerance makes more than {STEPS_MAX} values; take a larger one, or a narrower range"
            ));
        }
        // Where the tolerance does not divide the range, steps are a little smaller.
        let steps = (steps - 1e-9).ceil().max(1.0);
        let digits = 2.0 - libm::floor(libm::log10(tolerance.0));
        let at = |step: f64| match relative {
            _ if step == 0.0 => self.low,
            _ if step == steps => self.high,
            true => rounded(self.low * libm::pow(self.high / self.low, step / steps), digits),
            false => rounded(self.low + (self.high - self.low) * step / steps, digits),
        };
        let mut values: Vec<Value> = Vec::new();
        for step in 0..=steps as u32 {
            let number = if self.whole { at(step.into()).round() } else { at(step.into()) };
            if values.last().is_none_or(|last| last.number < number) {
                values.push(Value { number, text: self.text(number) });
            }
        }
        Ok(values)
    }

    /// A number with the unit.
    pub fn text(&self, number: f64) -> String {
        match self.unit.as_str() {
            "" => format!("{number}"),
            unit if Kind::Time.units().split(", ").any(|known| known == unit) => format!("{number}{unit}"),
            unit => format!("{number} {unit}"),
        }
    }
}

/// To so many digits: more would be noise in texts.
fn rounded(value: f64, digits: f64) -> f64 {
    if value == 0.0 {
        return value;
    }
    let scale = libm::pow(10.0, digits - 1.0 - libm::floor(libm::log10(value.abs())));
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str, tolerance: f64) -> Vec<String> {
        let between: Between = text.parse().expect("a range");
        between.values(Tolerance(tolerance)).expect("values").into_iter().map(|value| value.text).collect()
    }

    #[test]
    fn neighbours_differ_by_the_tolerance() {
        // ln 40 / ln 1.05 = 75.6: 76 steps, 77 values.
        let meters = values("500..20000", 0.05);
        assert_eq!((meters.len(), meters[0].as_str(), meters[76].as_str()), (77, "500", "20000"));
        assert_eq!(meters[1], "525", "500 * 40^(1/76) = 524.9");
        assert_eq!(values("100s..200s", 0.5), ["100s", "141s", "200s"]);
        assert_eq!(values("1min..1h", 0.5).last().map(String::as_str), Some("3600s"));
        assert_eq!(values("1..4", 0.05), ["1", "2", "3", "4"]);
        assert_eq!(values("0..10", 0.25), ["0", "3", "5", "8", "10"]);
        assert_eq!(values("10 dBm..30 dBm", 0.25), ["10 dBm", "15 dBm", "20 dBm", "25 dBm", "30 dBm"]);
    }

    #[test]
    fn what_is_no_range_is_told() {
        for (text, why) in [
            ("500", "not a range"),
            ("a..b", "not a range"),
            ("9..9", "two different ends"),
            ("2h..10min", "smaller number comes first, such as 10min..2h"),
            ("1 W..30 dBm", "different units"),
        ] {
            let told = text.parse::<Between>().expect_err(text);
            assert!(told.contains(why), "{text}: {told}");
        }
        assert!("1..1000000000".parse::<Between>().expect("a range").values(Tolerance(0.001)).is_err());
    }
}
