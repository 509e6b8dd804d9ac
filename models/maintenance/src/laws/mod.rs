//! How single parts age: formulas whose values makers, standards and utilities have published.

pub mod accuracy;
pub mod battery;
pub mod capacitor;
pub mod clock;
pub mod crews;
pub mod fleet;
pub mod monitoring;
pub mod replacement;
pub mod sampling;
pub mod supercapacitor;
pub mod uses;

/// Hours of a mean year.
pub const YEAR_H: f64 = 8_766.0;
/// Days of a mean year.
pub const YEAR_D: f64 = crate::climate::YEAR_D;

/// Share of a standard normal distribution above `x`.
pub fn normal_above(x: f64) -> f64 {
    0.5 * libm::erfc(x / std::f64::consts::SQRT_2)
}
