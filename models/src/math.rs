//! Elementary functions of the hot paths: portable to the last bit, because they use only IEEE additions,
//! multiplications and bit patterns, and cheaper than a library's because the radio needs 1e-9, not half an ulp.

/// 1.5 x 2^52: adding and subtracting it rounds a number below 2^51 to an integer without a library call.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// cos(2 pi t) for |t| below 2^51; absolute error below 1e-9 (below 2^20 turns, where the fraction keeps its bits).
#[inline]
pub fn cos_turns(t: f64) -> f64 {
    let t = t - ((t + ROUND) - ROUND);
    // cos(2 pi t) = sin(y) with y = pi/2 - 2 pi |t|, which lies in [-pi/2, pi/2].
    let y = (0.25 - t.abs()) * std::f64::consts::TAU;
    let s = y * y;
    let p = -1.0 / 1_307_674_368_000.0;
    let p = p * s + 1.0 / 6_227_020_800.0;
    let p = p * s - 1.0 / 39_916_800.0;
    let p = p * s + 1.0 / 362_880.0;
    let p = p * s - 1.0 / 5_040.0;
    let p = p * s + 1.0 / 120.0;
    let p = p * s - 1.0 / 6.0;
    y + y * s * p
}

/// e^x for |x| up to 700, relative error below 1e-13; 0 below -700, e^700 above 700.
#[inline]
pub fn exp(x: f64) -> f64 {
    const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    if x < -700.0 {
        return 0.0;
    }
    let x = x.min(700.0);
    let k = (x * std::f64::consts::LOG2_E + ROUND) - ROUND;
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    // Even and odd powers apart: half the chain of dependent operations.
    let s = r * r;
    let even = ((((s * (1.0 / 3_628_800.0) + 1.0 / 40_320.0) * s + 1.0 / 720.0) * s + 1.0 / 24.0) * s + 0.5) * s + 1.0;
    let odd = ((((s * (1.0 / 39_916_800.0) + 1.0 / 362_880.0) * s + 1.0 / 5_040.0) * s + 1.0 / 120.0) * s + 1.0 / 6.0)
        * s
        + 1.0;
    let p = even + r * odd;
    p * f64::from_bits(((k as i64 + 1023) as u64) << 52)
}

/// Power ratio of a level: 10^(db/10).
#[inline]
pub fn ratio(db: f64) -> f64 {
    exp(db * (std::f64::consts::LN_10 / 10.0))
}

/// Level of a power ratio: 10 log10; minus infinity for 0.
#[inline]
pub fn level_db(ratio: f64) -> f64 {
    10.0 * libm::log10(ratio)
}

/// Quantile of the standard normal distribution at `u` in (0, 1), relative error below 1.2e-9
/// (rational approximation by P. J. Acklam); one logarithm in the outer 5 %, none elsewhere.
pub fn normal_quantile(u: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] =
        [7.784_695_709_041_462e-3, 3.224_671_290_700_398e-1, 2.445_134_137_142_996, 3.754_408_661_907_416, 1.0];
    fn horner(c: &[f64], x: f64) -> f64 {
        c.iter().fold(0.0, |sum, &k| sum * x + k)
    }
    let outer = |p: f64| {
        let q = (-2.0 * libm::log(p)).sqrt();
        horner(&C, q) / horner(&D, q)
    };
    if u < 0.024_25 {
        outer(u.max(f64::MIN_POSITIVE))
    } else if u > 1.0 - 0.024_25 {
        -outer((1.0 - u).max(f64::EPSILON))
    } else {
        let q = u - 0.5;
        let r = q * q;
        q * horner(&A, r) / horner(&B, r)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosine_agrees_with_the_library() {
        let mut worst: f64 = 0.0;
        for i in -200_000..200_000 {
            let t = f64::from(i) * 1.234_567e-3;
            worst = worst.max((cos_turns(t) - libm::cos(t * std::f64::consts::TAU)).abs());
        }
        assert!(worst < 1e-9, "{worst}");
        assert!((cos_turns(1_000_000.25)).abs() < 1e-9 && (cos_turns(-1_000_000.5) + 1.0).abs() < 1e-9);
    }

    #[test]
    fn exponential_agrees_with_the_library() {
        let mut worst: f64 = 0.0;
        for i in -700_000..700_000 {
            let x = f64::from(i) * 1e-3;
            worst = worst.max((exp(x) / libm::exp(x) - 1.0).abs());
        }
        assert!(worst < 1e-13, "{worst}");
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-1e9), 0.0);
    }

    #[test]
    fn levels_and_ratios_are_inverse() {
        for db in [-130.0, -97.5, 0.0, 3.0, 27.0] {
            assert!((level_db(ratio(db)) - db).abs() < 1e-9);
        }
    }

    #[test]
    fn normal_quantile_inverts_the_distribution() {
        for i in 1..2_000 {
            let u = f64::from(i) / 2_000.0;
            let back = 0.5 * libm::erfc(-normal_quantile(u) / std::f64::consts::SQRT_2);
            // A relative error e of the quantile x moves the probability by about x^2 e.
            assert!((back / u - 1.0).abs() < 2e-8, "{u} {back}");
        }
        assert!(normal_quantile(0.0).is_finite() && normal_quantile(1.0).is_finite());
    }
}
