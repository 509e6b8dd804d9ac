//! The constant temperature at which things age as fast as they do in changing ones, where 10 K double their speed.

/// ln(2) / 10 K.
const SPEED: f64 = std::f64::consts::LN_2 / 10.0;

/// Effective temperature of a series of temperatures, C: `10 lg2 (mean of 2^(T / 10))`; NaN of none.
pub fn effective_c(temperatures_c: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = temperatures_c.into_iter().fold((0.0, 0u64), |(sum, n), t| (sum + libm::exp(SPEED * t), n + 1));
    libm::log(sum / count as f64) / SPEED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_hours_count_more() {
        assert!((effective_c([40.0, 40.0]) - 40.0).abs() < 1e-9);
        // 2^3 and 2^5 have the mean 20: 10 lg2 20 = 43.22.
        assert!((effective_c([30.0, 50.0]) - 43.22).abs() < 0.01);
    }
}
