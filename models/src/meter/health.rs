//! Health reports: a value that each meter samples, and the rule by which it reports it.
//!
//! A value is a function of seed, meter and time, so that a meter keeps nothing but where its rule stands.

use super::{Event, Meters};
use crate::apdu::Word;
use crate::backhaul::Notice;
use crate::check::same_count;
use crate::climate::process::{Process, normal};
use crate::context::Ctx;
use crate::medium::Medium;
use crate::node::{Node, PerNode};
use crate::purpose::{HEALTH, HEALTH_PHASE};
use crate::spec::{HealthMode, HealthSpec};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where a meter's rule stands; values are shares of the nominal voltage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Watch {
    /// What events have made of the voltage; 1: nothing.
    level: f32,
    /// Samples so far.
    samples: u32,
    /// Samples in a row on the other side of the band's edge.
    run: u8,
    /// It has reported that its samples are beyond the band.
    beyond: bool,
    /// Mean of the samples that it has learnt from, and the sum of their squared deviations.
    mean: f32,
    squares: f32,
}

const NEW: Watch = Watch { level: 1.0, samples: 0, run: 0, beyond: false, mean: 1.0, squares: 0.0 };

/// What the meters of a partition watch.
#[derive(Debug)]
pub struct Watches {
    spec: HealthSpec,
    process: Process,
    of: PerNode<Watch>,
}

/// What of it changes in a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept(PerNode<Watch>);

/// What a sample makes a meter do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sampled {
    Nothing,
    /// It reports a value, because every one is reported or values are back in their band.
    Report,
    /// It reports that values have left their band.
    Left,
}

impl Watches {
    /// As a run begins.
    pub fn new(spec: &HealthSpec, nodes: usize) -> Watches {
        Watches { spec: spec.clone(), process: Process::default(), of: PerNode::of(NEW, nodes) }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.of.bytes()
    }

    /// What changes in a run.
    pub fn save(&self) -> Kept {
        Kept(self.of.clone())
    }

    /// Goes on from what was saved.
    ///
    /// # Errors
    /// It is not of these nodes.
    pub fn restore(&mut self, kept: Kept) -> Result<(), String> {
        same_count("meter: watched values", kept.0.len(), self.of.len())?;
        self.of = kept.0;
        Ok(())
    }

    /// Deviation of an undisturbed sample, in standard deviations.
    fn deviation(&self, key: u64, sample: u32, now: SimTime) -> f64 {
        match self.spec.memory {
            Some(memory) => self.process.at(key, now.secs_f64() / memory.secs_f64()),
            None => normal(key, u64::from(sample)),
        }
    }

    /// A meter looks at its value.
    fn sample(&mut self, node: Node, key: u64, now: SimTime) -> Sampled {
        let deviation = self.deviation(key, self.of[node].samples, now);
        let (spec, watch) = (&self.spec, &mut self.of[node]);
        let value = (f64::from(watch.level) + spec.spread * deviation) as f32;
        watch.samples += 1;
        if spec.mode == HealthMode::Always {
            return Sampled::Report;
        }
        let (samples, learn) = (watch.samples, u32::from(spec.learn));
        if samples <= learn {
            let before = value - watch.mean;
            watch.mean = if samples == 1 { value } else { watch.mean + before / samples as f32 };
            watch.squares += if samples == 1 { 0.0 } else { before * (value - watch.mean) };
            return Sampled::Nothing;
        }
        let sigma = if learn < 2 { spec.spread } else { f64::from(watch.squares / (learn - 1) as f32).sqrt() };
        let is_beyond = (f64::from(value) - f64::from(watch.mean)).abs() > spec.k * sigma;
        watch.run = if is_beyond == watch.beyond { 0 } else { watch.run + 1 };
        if watch.run < spec.m {
            return Sampled::Nothing;
        }
        (watch.run, watch.beyond) = (0, is_beyond);
        if is_beyond { Sampled::Left } else { Sampled::Report }
    }
}

impl Meters {
    /// Schedules the first sample, at the meter's place in the period.
    pub(super) fn start_samples(&mut self, ctx: &mut Ctx, node: Node) {
        let Some(watches) = &self.watches else { return };
        if self.meters[node].measures {
            let phase = Stream::resume(ctx.facts.stream_key(node, HEALTH_PHASE), 0).unit();
            let at = SimTime::from_secs_f64(watches.spec.every.secs_f64() * phase);
            ctx.schedule(at, node, Event::Sample { node });
        }
    }

    /// The voltage of a meter is so much of the nominal one now.
    pub fn set_voltage(&mut self, node: Node, level: f32) {
        if let Some(watch) = self.watches.as_mut().and_then(|watches| watches.of.0.get_mut(node.at())) {
            watch.level = level;
        }
    }

    /// [`Event::Sample`].
    pub(super) fn sample<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node) {
        let Some(watches) = &mut self.watches else { return };
        ctx.schedule(ctx.now() + watches.spec.every, node, Event::Sample { node });
        let meter = &self.meters[node];
        if meter.dark || meter.bricked || meter.hung {
            return;
        }
        let sampled = watches.sample(node, ctx.facts.stream_key(node, HEALTH), ctx.now());
        let watch = &watches.of[node];
        let counters = &mut ctx.books.counters;
        let is_watched = watches.spec.mode == HealthMode::Band && watch.samples > u32::from(watches.spec.learn);
        counters.health_watched += u64::from(is_watched);
        counters.health_false += u64::from(sampled == Sampled::Left && watch.level == 1.0);
        if sampled != Sampled::Nothing {
            let number = watch.samples;
            let word = (sampled == Sampled::Left).then(|| Arc::new(Word::OutOfBand));
            self.notify(medium, ctx, node, (Notice::Health, number), word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::climate::process::normal;

    /// Reports that samples have left their band, over so many samples of one meter that nothing disturbs.
    fn false_alarms(k: f64, m: u8, samples: u32) -> u32 {
        let spec = HealthSpec { k, m, memory: None, ..HealthSpec::default() };
        let mut watches = Watches::new(&spec, 1);
        let every = |n: u32| SimTime::from_secs(60 * u64::from(n));
        (0..samples).filter(|&n| watches.sample(Node(0), 7, every(n)) == Sampled::Left).count() as u32
    }

    #[test]
    fn false_alarms_are_as_rare_as_runs_of_independent_samples() {
        // p beyond the band, q within. From "within" m beyond in a row take (1 - p^m) / (q p^m) samples on average, and m
        // within in a row from "beyond" (1 - q^m) / (p q^m): an alarm in the sum of both. Two-sided tails of the normal
        // distribution: 0.31731 beyond 1, 0.13361 beyond 1.5, 0.0455 beyond 2.
        for (k, p, m) in [(1.0, 0.317_310_5, 1), (1.0, 0.317_310_5, 3), (1.5, 0.133_614_4, 2), (2.0, 0.045_500_3, 2)] {
            let (q, m32) = (1.0 - p, i32::from(m));
            let power = |x: f64| (0..m32).fold(1.0, |all, _| all * x);
            let cycle = (1.0 - power(p)) / (q * power(p)) + (1.0 - power(q)) / (p * power(q));
            let samples = 400_000;
            let expected = f64::from(samples) / cycle;
            let found = f64::from(false_alarms(k, m, samples));
            // A renewal process whose cycles vary no more than exponentially: three standard errors of a Poisson count.
            assert!((found - expected).abs() < 3.0 * expected.sqrt(), "k {k}, m {m}: {found} instead of {expected}");
        }
    }

    #[test]
    fn a_disturbance_is_reported_with_its_mth_sample_and_so_is_its_end() {
        let spec = HealthSpec { k: 3.0, m: 3, memory: None, ..HealthSpec::default() };
        let mut watches = Watches::new(&spec, 1);
        let at = |watches: &mut Watches| watches.sample(Node(0), 7, SimTime::ZERO);
        let quiet: Vec<_> = (0..50).map(|_| at(&mut watches)).collect();
        assert!(quiet.iter().all(|&sampled| sampled == Sampled::Nothing));
        // Down by 15 %, which is 15 standard deviations.
        watches.of[Node(0)].level = 0.85;
        assert_eq!(
            [0; 5].map(|_| at(&mut watches)),
            [Sampled::Nothing, Sampled::Nothing, Sampled::Left, Sampled::Nothing, Sampled::Nothing]
        );
        watches.of[Node(0)].level = 1.0;
        assert_eq!([0; 3].map(|_| at(&mut watches)), [Sampled::Nothing, Sampled::Nothing, Sampled::Report]);
    }

    #[test]
    fn a_band_is_learnt_from_the_first_samples() {
        let spec = HealthSpec { learn: 400, memory: None, ..HealthSpec::default() };
        let mut watches = Watches::new(&spec, 1);
        // 2 % above the nominal voltage, as at some ends of a line.
        watches.of[Node(0)].level = 1.02;
        for n in 0..400 {
            assert_eq!(watches.sample(Node(0), 7, SimTime::ZERO), Sampled::Nothing, "{n}");
        }
        let values: Vec<f64> = (0..400).map(|n| 1.02 + 0.01 * normal(7, n)).collect();
        let mean = values.iter().sum::<f64>() / 400.0;
        let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 399.0;
        let watch = watches.of[Node(0)];
        assert!((f64::from(watch.mean) - mean).abs() < 1e-5, "{} instead of {mean}", watch.mean);
        assert!((f64::from(watch.squares) / 399.0 - variance).abs() < 1e-6);
    }
}
