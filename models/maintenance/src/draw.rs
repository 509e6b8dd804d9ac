//! Random numbers: each belongs to a seed, a meter and a purpose, so that variants share them.

use amitwin_sim_core::rng::{Stream, key};
use libm::{cos, log, sqrt};
use std::f64::consts::TAU;

/// When a meter of a vintage was installed.
pub const INSTALLED: u32 = 1;
/// Which vintage a meter is of.
pub const VINTAGE: u32 = 2;
/// How much warmer than others it is.
pub const WARMTH: u32 = 3;
/// What happens on a visit.
pub const VISIT: u32 = 4;
/// Which meters are sampled.
pub const SAMPLE: u32 = 5;
/// Health reports of healthy meters.
pub const FALSE_REPORTS: u32 = 6;
/// Whether a restart from afar helps, and how long a meter is out of reach.
pub const RECOVERY: u32 = 7;
/// When a generation of firmware comes to a meter, and whether that leaves it silent.
pub const UPDATE: u32 = 200;
/// Whether a meter comes with a wrong certificate.
pub const WRONG: u32 = 201;
/// How a meter's error goes with its load.
pub const LOAD: u32 = 250;
/// What a test standard adds to a reading.
pub const READING: u32 = 251;
/// Lives of parts; the part and its generation are added.
const LIFE: u32 = 1 << 16;

/// The stream of a part's life.
pub fn life(seed: u64, meter: u32, part: usize, generation: u8) -> Stream {
    Stream::new(seed, u64::from(meter), LIFE + ((part as u32) << 8) + u32::from(generation))
}

/// The stream of what happens to a meter at a moment.
pub fn moment(seed: u64, meter: u32, purpose: u32, time_s: u32) -> Stream {
    Stream::resume(key(seed, u64::from(meter), purpose), u64::from(time_s) << 3)
}

/// Uniform above 0 and up to 1.
pub fn open_unit(stream: &mut Stream) -> f64 {
    1.0 - stream.unit()
}

/// Exponential with mean 1.
pub fn exponential(stream: &mut Stream) -> f64 {
    -log(open_unit(stream))
}

/// Standard normal (Box and Muller 1958).
pub fn normal(stream: &mut Stream) -> f64 {
    sqrt(2.0 * exponential(stream)) * cos(TAU * stream.unit())
}

/// Poisson; above 50 by the normal distribution that it comes close to.
pub fn poisson(stream: &mut Stream, mean: f64) -> f64 {
    if mean > 50.0 {
        return (mean + sqrt(mean) * normal(stream)).round().max(0.0);
    }
    let (mut passed, mut count) = (exponential(stream), 0.0);
    while passed < mean {
        passed += exponential(stream);
        count += 1.0;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_the_distributions() {
        let mut stream = Stream::new(1, 1, 1);
        let n = 200_000;
        let mean_and_square = |draw: &mut dyn FnMut() -> f64| {
            let (sum, square) = (0..n).fold((0.0, 0.0), |(s, q), _| {
                let x = draw();
                (s + x, q + x * x)
            });
            (sum / f64::from(n), square / f64::from(n))
        };
        // Standard errors are 1/sqrt(200,000) = 0.0022 and about 0.003 to 0.01 for squares.
        let (mean, square) = mean_and_square(&mut || normal(&mut stream));
        assert!(mean.abs() < 0.01 && (square - 1.0).abs() < 0.02, "{mean} {square}");
        let (mean, square) = mean_and_square(&mut || exponential(&mut stream));
        assert!((mean - 1.0).abs() < 0.01 && (square - 2.0).abs() < 0.05, "{mean} {square}");
        for expected in [0.3, 7.0, 90.0] {
            let (mean, square) = mean_and_square(&mut || poisson(&mut stream, expected));
            let variance = square - mean * mean;
            assert!((mean / expected - 1.0).abs() < 0.01 && (variance / expected - 1.0).abs() < 0.03, "{expected}");
        }
    }
}
