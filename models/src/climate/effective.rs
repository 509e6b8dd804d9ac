//! The constant temperature at which things age as fast as they do in changing ones, where 10 K double their speed.

use super::table::City;

/// ln(2) / 10 K.
const SPEED: f64 = std::f64::consts::LN_2 / 10.0;

/// Effective temperature of a series of temperatures, C: `10 lg2 (mean of 2^(T / 10))`; NaN of none.
pub fn effective_c(temperatures_c: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = temperatures_c.into_iter().fold((0.0, 0u64), |(sum, n), t| (sum + libm::exp(SPEED * t), n + 1));
    libm::log(sum / count as f64) / SPEED
}

impl City {
    /// Effective temperature of its air over a year, C, in closed form: `m + (10 / ln 2) (ln I0(b A) + ln I0(b D) + (b sd)^2 / 2)`, b = ln 2 / 10.
    pub fn effective_c(&self) -> f64 {
        let of_cosine = |amplitude_k: f64| libm::log(bessel_i0(SPEED * amplitude_k));
        let spread = SPEED * self.rest.0;
        let sum = of_cosine(self.year.0) + of_cosine(self.half_year_k) + of_cosine(self.day.0) + 0.5 * spread * spread;
        self.mean_c + sum / SPEED
    }
}

/// The modified Bessel function of order zero, for arguments up to a few.
fn bessel_i0(x: f64) -> f64 {
    let quarter = 0.25 * x * x;
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..20 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::sky::Sky;
    use super::*;
    use crate::spec::Climate;

    #[test]
    fn the_closed_form_is_that_of_the_hourly_files() {
        // Hourly files and the closed form without Ahmedabad's half-year term, which adds 0.17 K: 28.93, 27.82, 22.63, 11.46 C.
        for (climate, files, closed) in [
            (Climate::Ahmedabad, 29.08, 28.93 + 0.17),
            (Climate::Singapore, 27.83, 27.82),
            (Climate::Seville, 22.91, 22.63),
            (Climate::London, 11.52, 11.46),
        ] {
            let effective = City::of(climate).effective_c();
            assert!((effective - closed).abs() < 0.06 && (effective - files).abs() < 0.3, "{climate:?}: {effective}");
        }
    }

    #[test]
    fn thirty_years_of_hours_age_as_the_closed_form_says() {
        for climate in [Climate::Phoenix, Climate::Chicago] {
            let sky = Sky::new(climate, 11);
            let hours = (0..30 * 8_766).map(|n| sky.at(1_767_225_600.0 + 3_600.0 * f64::from(n)).air_c);
            let (drawn, closed) = (effective_c(hours), City::of(climate).effective_c());
            assert!((drawn - closed).abs() < 0.4, "{climate:?}: {drawn}, not {closed}");
        }
        assert!((effective_c([40.0, 40.0]) - 40.0).abs() < 1e-9);
        // 2^3 and 2^5 have the mean 20: 10 lg2 20 = 43.22.
        assert!((effective_c([30.0, 50.0]) - 43.22).abs() < 0.01);
    }
}
