//! Published values, and what an interval promises: to hold the truth as often as it says.

use super::*;
use amitwin_sim_core::rng::Stream;

fn half(interval: Interval) -> f64 {
    (interval.high.expect("an end") - interval.low.expect("an end")) / 2.0
}

#[test]
fn quantiles_of_student_are_the_published_ones() {
    for (freedom, quantile) in [(4, 2.776_4), (9, 2.262_2), (29, 2.045_2), (1, 12.706_2), (120, 1.979_9)] {
        let got = student(freedom).expect("a quantile");
        assert!((got - quantile).abs() < 5e-5, "{freedom}: {got}");
    }
}

#[test]
fn pairs_by_seed_tell_more_than_two_means() {
    let (a, b) = ([10.2, 11.1, 9.8, 10.7, 10.9], [9.7, 10.9, 9.1, 10.1, 10.6]);
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    // Differences 0.5, 0.2, 0.7, 0.6, 0.3: mean 0.46, deviation 0.2074; 2.7764 * 0.2074 / sqrt(5) = 0.257.
    let paired = mean(&differences).expect("values");
    assert!((paired.middle - 0.46).abs() < 1e-9 && (half(paired) - 0.257).abs() < 5e-4, "{paired:?}");
    // Two means apart: t(0.975, 8) * sqrt(0.2930 / 5 + 0.5020 / 5) = 2.3060 * 0.3987 = 0.920.
    let squares = |values: &[f64]| deviation(values, mean(values).expect("values").middle).expect("two").powi(2);
    let unpaired = student(8).expect("a quantile") * (squares(&a) / 5.0 + squares(&b) / 5.0).sqrt();
    assert!((unpaired - 0.920).abs() < 5e-4, "{unpaired}");
}

#[test]
fn a_mean_of_few() {
    // Three values 1, 2, 3: mean 2, standard error 1/sqrt(3), quantile 4.3027 at two degrees of freedom.
    let got = mean(&[1.0, 2.0, 3.0]).expect("values");
    assert!((half(got) - 4.302_7 / 3f64.sqrt()).abs() < 1e-4 && got.middle == 2.0);
    assert_eq!(mean(&[7.0]).expect("value"), Interval { middle: 7.0, low: None, high: None });
    assert_eq!(mean(&[]), None);
}

#[test]
fn ranks_of_the_median_are_the_published_ones() {
    // Ranks of the sign test's 95 % interval: none below six values, then the well-known table.
    assert_eq!(quantile_ranks(5, 0.5, 0.95), None);
    for (n, rank) in [(6, 1), (9, 2), (10, 2), (20, 6), (50, 18), (100, 40)] {
        assert_eq!(quantile_ranks(n, 0.5, 0.95), Some((rank, n + 1 - rank)), "n = {n}");
    }
    let (exact, normal) = (quantile_ranks(EXACT_MAX, 0.5, 0.95), normal_ranks(EXACT_MAX));
    assert!(exact.expect("ranks").0.abs_diff(normal.expect("ranks").0) <= 1);
}

#[test]
fn the_99th_percentile_of_a_thousand_lies_between_the_984th_and_the_997th() {
    let (low, high) = quantile_ranks(1_000, 0.99, 0.95).expect("ranks");
    assert_eq!((low, high), (984, 997));
    let below = Binomial::new(0.99, 1_000).expect("a distribution");
    let held = below.cdf(high as u64 - 1) - below.cdf(low as u64 - 1);
    assert!((held - 0.96).abs() < 0.005, "{held}");
    // 0.99^298 = 5.003 %, 0.99^299 = 4.953 %: so many values are needed that one of them lies above with 95 %.
    assert_eq!(trials_needed(0, 0.99, 0.95), Some(299));
}

#[test]
fn a_median_takes_what_is_not_back() {
    let mut values = [f64::INFINITY, 3.0, 1.0, 2.0, f64::INFINITY, 4.0, 5.0];
    let got = median(&mut values).expect("values");
    assert_eq!(got, Interval { middle: 4.0, low: Some(1.0), high: Some(f64::INFINITY) });
    assert_eq!(median(&mut [1.0, 3.0]).expect("values"), Interval { middle: 2.0, low: None, high: None });
    assert_eq!(median(&mut []), None);
}

#[test]
fn shares_are_bounded_as_clopper_and_pearson_did() {
    // 0 of 300 failed: fewer than 1 % do, with 95 % (1 - 0.05^(1/300) = 0.994 %).
    let most = share_at_most(0, 300, 0.95);
    assert!((most - 0.009_94).abs() < 1e-5, "{most}");
    // All of n passed: the bound is (1 - confidence)^(1/n), 0.1^(1/45) = 95.01 % and 0.1^(1/44) = 94.90 %.
    assert!((share_at_least(45, 45, 0.9) - 0.1f64.powf(1.0 / 45.0)).abs() < 1e-9);
    assert_eq!((trials_needed(0, 0.95, 0.9), trials_needed(1, 0.95, 0.9)), (Some(45), Some(77)));
    assert_eq!((share_at_least(0, 20, 0.9), share_at_most(20, 20, 0.9)), (0.0, 1.0));
    // Two-sided 95 % for 4 of 20 is 5.73 % to 43.66 % in the published tables.
    assert!((share_at_least(4, 20, 0.975) - 0.057_3).abs() < 5e-5);
    assert!((share_at_most(4, 20, 0.975) - 0.436_6).abs() < 5e-5);
    assert_eq!(trials_needed(0, 1.0, 0.9), None);
}

/// A draw around 0 with a deviation of 1: twelve uniform ones less their mean.
fn normal(stream: &mut Stream) -> f64 {
    (0..12).map(|_| stream.unit()).sum::<f64>() - 6.0
}

#[test]
fn intervals_hold_the_truth_in_93_to_97_of_100_studies() {
    let holds = |i: Interval, truth: f64| i.low.is_some_and(|l| l <= truth) && i.high.is_some_and(|h| h >= truth);
    let (mut means, mut medians) = (0, 0);
    for study in 0..1_000 {
        let mut stream = Stream::new(1, study, 0);
        let mut values: Vec<f64> = (0..20).map(|_| 10.0 + 3.0 * normal(&mut stream)).collect();
        means += usize::from(holds(mean(&values).expect("values"), 10.0));
        medians += usize::from(holds(median(&mut values).expect("values"), 10.0));
    }
    // The ranks 6 and 15 of 20 enclose the median with 95.9 %.
    assert!((930..=970).contains(&means) && (930..=970).contains(&medians), "{means} and {medians} of 1,000");
}

#[test]
fn differences_paired_by_seed_and_shares_hold_the_truth_as_often() {
    let holds = |low: f64, high: f64, truth: f64| low <= truth && truth <= high;
    let (mut paired, mut shares) = (0, 0);
    for study in 0..1_000 {
        let mut stream = Stream::new(2, study, 0);
        // Two settings that share nine tenths of their luck, 0.5 apart.
        let differences: Vec<f64> = (0..10)
            .map(|_| {
                let luck = 3.0 * normal(&mut stream);
                let (a, b) = (10.0 + luck + normal(&mut stream), 10.5 + luck + normal(&mut stream));
                b - a
            })
            .collect();
        let of = mean(&differences).expect("differences");
        paired += usize::from(holds(of.low.expect("an end"), of.high.expect("an end"), 0.5));
        let passed = (0..300).filter(|_| stream.unit() < 0.9).count();
        shares += usize::from(holds(share_at_least(passed, 300, 0.975), share_at_most(passed, 300, 0.975), 0.9));
    }
    assert!((930..=970).contains(&paired), "{paired} of 1,000");
    // Exact intervals of counts hold it more often than they say: 95.6 % here.
    assert!((930..=970).contains(&shares), "{shares} of 1,000");
}
