//! Variance, autocorrelation, and what a loss says of the next try, against the process that is meant.

use super::*;

const HOUR: u64 = 3_600;

/// Links alike, whose slow part forgets within `tau_h`.
fn spec(slow_db: f64, channel_db: f64, frame_db: f64, tau_h: f64) -> FadingSpec {
    FadingSpec { slow_db, channel_db, frame_db, time: SimTime::from_secs_f64(3_600.0 * tau_h), time_spread: 0.0 }
}

#[test]
fn the_slow_part_is_standard_normal_and_forgets_by_its_time() {
    let fading = Fading::new(&spec(1.0, 0.0, 0.0, 20.0), 3);
    let lags_h = [0, 1, 5, 20, 60];
    let (mut sums, mut mean, mut beyond) = ([0.0; 5], 0.0, 0);
    let links = 40_000u32;
    for n in 0..links {
        // Any time of the first forty days.
        let t = u64::from(n) * 86;
        let at = |lag_h: u64| fading.slow_db(SiteId(n), SiteId(n + 7), SimTime::from_secs(t + lag_h * HOUR));
        let here = at(0);
        mean += here / f64::from(links);
        beyond += u32::from(here.abs() > 1.96);
        for (sum, lag_h) in sums.iter_mut().zip(lags_h) {
            *sum += here * at(lag_h) / f64::from(links);
        }
    }
    // Standard errors over 40,000 links: 0.005 of the mean, 0.007 of the variance, 0.005 of a product, 0.1 % of a share.
    assert!(mean.abs() < 0.02, "{mean}");
    assert!((f64::from(beyond) / f64::from(links) - 0.05).abs() < 0.005, "{beyond}");
    for (sum, lag_h) in sums.into_iter().zip(lags_h) {
        let expected = libm::exp(-(lag_h as f64) / 20.0);
        // On the lines between the finest steps variance is 0.992, and knots do not know of each other (e^-4 = 0.018).
        assert!((sum - expected).abs() < 0.025, "{lag_h} h: {sum}, not {expected}");
    }
}

#[test]
fn one_link_over_years_has_the_same_variance_and_never_jumps() {
    let fading = Fading::new(&spec(1.0, 0.0, 0.0, 1.0), 1);
    let at = |minutes: u64| fading.slow_db(SiteId(1), SiteId(2), SimTime::from_secs(60 * minutes));
    let (mut square, mut step) = (0.0, 0.0f64);
    let count = 2_000_000;
    for minute in 0..count {
        let (here, next) = (at(minute), at(minute + 1));
        square += here * here / count as f64;
        step = step.max((next - here).abs());
    }
    // 33,000 hours of 1 h each: independent enough for 0.01.
    assert!((square - 0.992).abs() < 0.03, "{square}");
    // Within a minute of sqrt(2 / 60) = 0.18 standard deviations, six of them at the most.
    assert!(step < 6.0 * 0.183, "{step}");
}

#[test]
fn both_directions_fade_alike_and_links_times_and_seeds_differ() {
    let mut fading = Fading::new(&FadingSpec::default(), 9);
    let (a, b, at) = (SiteId(70_000), SiteId(3), SimTime::from_secs(12_345));
    let db = fading.shared_db(a, b, Channel(4), at);
    assert_eq!(db, fading.shared_db(b, a, Channel(4), at));
    assert_eq!(db, fading.shared_db(a, b, Channel(4), SimTime::from_secs(12_345)));
    assert_ne!(db, fading.shared_db(a, SiteId(4), Channel(4), at));
    assert_ne!(db, fading.shared_db(a, b, Channel(5), at));
    assert_ne!(db, fading.shared_db(a, b, Channel(4), at + SimTime::from_secs(60)));
    assert_ne!(db, Fading::new(&FadingSpec::default(), 10).shared_db(a, b, Channel(4), at));
    assert_eq!(Fading::new(&FadingSpec::off(), 9).shared_db(a, b, Channel(4), at), 0.0);
}

#[test]
fn what_is_at_hand_is_what_is_worked_out_anew() {
    let mut fading = Fading::new(&FadingSpec::default(), 9);
    // Two hundred links share 32 places; each is asked for again at once, a second and ten minutes later, which is another step for most.
    for (n, later_ms) in (0..200u32).flat_map(|n| [0, 0, 1_000, 600_000].map(|later_ms| (n, later_ms))) {
        let (a, b, at) = (SiteId(n), SiteId(n + 1), SimTime::from_millis(7_000_000 + later_ms));
        let anew = Fading::new(&FadingSpec::default(), 9).shared_db(b, a, Channel(2), at);
        assert_eq!(fading.shared_db(a, b, Channel(2), at), anew, "link {n}, {later_ms} ms later");
    }
}

#[test]
fn links_have_times_around_the_median() {
    // exp(1.2 x 1.28) = 4.65: a tenth of the links is slower than that many medians. Their correlation after one median is
    // exp(-1 / 4.65) = 0.81; that of the median link is 0.37. Over all links it is the mean of exp(-exp(-1.2 z)).
    let fading = Fading::new(&FadingSpec { time_spread: 1.2, ..spec(1.0, 0.0, 0.0, 24.0) }, 5);
    let (mut product, links) = (0.0, 40_000u32);
    for n in 0..links {
        let at = |h: u64| fading.slow_db(SiteId(n), SiteId(n + 1), SimTime::from_secs((1_000 + h) * HOUR));
        product += at(0) * at(24) / f64::from(links);
    }
    let (mut expected, mut weights) = (0.0, 0.0);
    for i in -600..=600 {
        let z = f64::from(i) / 100.0;
        let weight = libm::exp(-0.5 * z * z);
        expected += weight * libm::exp(-libm::exp(-1.2 * z));
        weights += weight;
    }
    expected /= weights;
    assert!((expected - 0.39).abs() < 0.01, "{expected}");
    assert!((product - expected).abs() < 0.025, "{product}, not {expected}");
}
