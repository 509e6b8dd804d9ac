//! What the gates say of a value over its seeds: a verdict, and how likely it is that they hold.

use super::search::Evidence;
use crate::gate::Gate;
use crate::study::FIRST_SEEDS;
use amitwin_data::stats;
use amitwin_data::summary::{Average, SeedShare, VariantSummary, Verdict};

/// Odds beyond which more certainty changes nothing.
const LOG_ODDS_MAX: f64 = 30.0;

/// Of the gates that judge any of these variants; the one that holds least decides, and without variants there is no data. One on an average is decided with `least` seeds at
/// the earliest: whoever looks often finds a narrow interval of few by chance.
pub fn evidence(gates: &[Gate], variants: &[VariantSummary], least: u32) -> Evidence {
    let judged =
        || gates.iter().flat_map(|gate| variants.iter().filter(|v| gate.judges(&v.name)).map(move |v| (gate, v)));
    let judge = |(gate, variant): (&Gate, &VariantSummary)| match gate.over_seeds(variant) {
        (Verdict::Pass | Verdict::Breach, None) if variant.seeds.len() < least as usize => (Verdict::Undecided, None),
        judged => judged,
    };
    let judgements: Vec<(Verdict, Option<SeedShare>)> = judged().map(judge).collect();
    let mut verdicts: Vec<Verdict> = judgements.iter().map(|(verdict, _)| *verdict).collect();
    if verdicts.is_empty() {
        verdicts.push(Verdict::NoData);
    }
    let needed = judgements.iter().map(|(_, share)| share.map_or(least, |s| s.needed.map_or(u32::MAX, clamped))).max();
    let worst = [Verdict::NoData, Verdict::Breach, Verdict::Undecided].into_iter().find(|v| verdicts.contains(v));
    let log_odds = judged().map(|(gate, variant)| log_odds(gate, variant)).fold(LOG_ODDS_MAX, f64::min);
    Evidence {
        verdict: worst.unwrap_or(Verdict::Pass),
        log_odds: log_odds.max(-LOG_ODDS_MAX),
        needed: needed.unwrap_or(least),
    }
}

fn clamped(seeds: u64) -> u32 {
    u32::try_from(seeds).unwrap_or(u32::MAX)
}

/// The largest confidence that one of the gates asks for; that of intervals where one judges an average.
pub fn confidence(gates: &[Gate]) -> f64 {
    gates.iter().map(|gate| gate.share.map_or(stats::CONFIDENCE, |share| share.confidence)).fold(0.0, f64::max)
}

/// How many seeds it takes at least until all of the gates can pass.
pub fn seeds_to_pass(gates: &[Gate]) -> u32 {
    let of = |gate: &Gate| match gate.share {
        Some(share) => stats::trials_needed(0, share.wanted, share.confidence).map_or(u32::MAX, |n| clamped(n as u64)),
        None => FIRST_SEEDS,
    };
    gates.iter().map(of).max().unwrap_or(FIRST_SEEDS)
}

fn log_odds(gate: &Gate, variant: &VariantSummary) -> f64 {
    let seeds = &variant.seeds;
    let over = variant.over_seeds.get(gate.metric.key());
    if gate.share.is_none() && over.is_some_and(|over| over.average == Average::Mean && over.seeds > 1) {
        let values: Vec<f64> = seeds.iter().filter_map(|seed| seed.metrics.value(gate.metric)).collect();
        let below = gate.max.map(|max| stats::log_odds_of_mean(&values, max));
        let above = gate.min.map(|min| -stats::log_odds_of_mean(&values, min));
        return below.into_iter().chain(above).fold(LOG_ODDS_MAX, f64::min);
    }
    if gate.share.is_none() && gate.not_reached(variant) > 0 {
        return -LOG_ODDS_MAX;
    }
    // A median keeps a limit where more than half of the seeds do.
    let wanted = gate.share.map_or(0.5, |share| share.wanted);
    let passed = seeds.iter().filter(|seed| gate.of_seed(&seed.metrics) == Verdict::Pass).count();
    stats::log_odds_of_share(passed, seeds.len(), wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::SharePassing;
    use crate::study::over_seeds;
    use amitwin_data::metrics::Metric;
    use amitwin_data::summary::SeedResult;

    fn gate(max: f64, share: Option<SharePassing>) -> Gate {
        let metric = Metric::Frames;
        let name = metric.gate().expect("gates know it");
        Gate { metric, name, min: None, max: Some(max), limit: "max".into(), variants: vec!["a".into()], share }
    }

    fn variant(name: &str, frames: &[f64]) -> VariantSummary {
        let seed = |(i, value): (usize, &f64)| {
            let metrics = [(Metric::Frames, Some(*value))].into_iter().collect();
            SeedResult { seed: i as u64, metrics, ..SeedResult::default() }
        };
        let of = VariantSummary { name: name.into(), ..VariantSummary::default() };
        over_seeds::variant(&of, frames.iter().enumerate().map(seed).collect(), Average::Mean)
    }

    #[test]
    fn the_gate_that_holds_least_decides_and_variants_that_none_judges_do_not_count() {
        let variants = [variant("a", &[9.0, 10.0, 11.0]), variant("b", &[99.0, 98.0, 97.0])];
        let held = evidence(&[gate(20.0, None)], &variants, 3);
        assert_eq!(evidence(&[gate(20.0, None)], &variants, 4).verdict, Verdict::Undecided);
        assert!(held.verdict == Verdict::Pass && held.log_odds > 3.0, "{held:?}");
        assert_eq!(evidence(&[gate(20.0, None)], &[], 3).verdict, Verdict::NoData);
        let both = evidence(&[gate(20.0, None), gate(5.0, None)], &variants, 3);
        assert!(both.verdict == Verdict::Breach && both.log_odds < -3.0, "{both:?}");
        let middle = evidence(&[gate(10.0, None)], &variants, 3);
        assert!(middle.verdict == Verdict::Undecided && middle.log_odds.abs() < 1e-6, "{middle:?}");
    }

    #[test]
    fn a_share_has_the_odds_of_its_seeds_and_takes_a_number_of_them() {
        let share = Some(SharePassing { wanted: 0.95, confidence: 0.9 });
        let told = evidence(&[gate(20.0, share)], &[variant("a", &[9.0, 10.0])], 3);
        // Two of two: 1 - 0.95^3 against 0.95^3 - 0.90^3, of 0.05 each.
        assert_eq!(told.verdict, Verdict::Undecided);
        assert!((told.log_odds - libm::log(0.142625 / 0.128375)).abs() < 1e-6, "{told:?}");
        assert_eq!((seeds_to_pass(&[gate(20.0, share), gate(3.0, None)]), confidence(&[gate(1.0, share)])), (45, 0.9));
        assert_eq!((seeds_to_pass(&[gate(3.0, None)]), confidence(&[gate(1.0, None), gate(1.0, share)])), (10, 0.95));
    }
}
