//! A gate over several seeds: on the average and its interval, or on the share of the seeds that pass.

use crate::gate::Gate;
use amitwin_data::stats;
use amitwin_data::summary::{OverSeeds, SeedShare, VariantSummary, Verdict};

impl Gate {
    /// The verdict on a variant, of one seed or of several.
    pub(crate) fn over_seeds(&self, variant: &VariantSummary) -> (Verdict, Option<SeedShare>) {
        let each: Vec<Verdict> = match &variant.seeds[..] {
            [] => vec![self.of_seed(&variant.metrics)],
            seeds => seeds.iter().map(|seed| self.of_seed(&seed.metrics)).collect(),
        };
        if each.contains(&Verdict::NoData) {
            return (Verdict::NoData, None);
        }
        if let Some(share) = self.share {
            let passed = each.iter().filter(|v| **v == Verdict::Pass).count();
            let found = shares(passed, each.len(), share.wanted, share.confidence);
            let verdict = match found {
                SeedShare { at_least, wanted, .. } if at_least >= wanted => Verdict::Pass,
                SeedShare { at_most, wanted, .. } if at_most < wanted => Verdict::Breach,
                _ => Verdict::Undecided,
            };
            return (verdict, Some(found));
        }
        match each[..] {
            [one] => (one, None),
            _ => {
                (variant.over_seeds.get(self.metric.key()).map_or(Verdict::NoData, |over| self.on_average(over)), None)
            }
        }
    }

    /// Seeds of several with which the figure was not reached.
    pub(crate) fn not_reached(&self, variant: &VariantSummary) -> u32 {
        variant.over_seeds.get(self.metric.key()).map_or(0, |over| over.not_reached)
    }

    /// Whether the whole interval keeps the limit, or nothing of it does.
    fn on_average(&self, over: &OverSeeds) -> Verdict {
        // The mean would be beyond any limit; how many seeds may fail is what a share says.
        if over.not_reached > 0 {
            return Verdict::Breach;
        }
        if over.low.is_none() && over.high.is_none() {
            return Verdict::Undecided;
        }
        // A median of few seeds may have one end only.
        let (low, high) = (over.low.unwrap_or(f64::INFINITY), over.high.unwrap_or(f64::INFINITY));
        let kept = |end: f64| end.is_finite() && self.keeps(end);
        match (kept(low), kept(high)) {
            (true, true) => Verdict::Pass,
            _ if self.max.is_some_and(|max| low > max) || self.min.is_some_and(|min| high < min) => Verdict::Breach,
            _ => Verdict::Undecided,
        }
    }
}

fn shares(passed: usize, of: usize, wanted: f64, confidence: f64) -> SeedShare {
    SeedShare {
        passed: passed as u32,
        of: of as u32,
        wanted,
        confidence,
        at_least: stats::share_at_least(passed, of, confidence),
        at_most: stats::share_at_most(passed, of, confidence),
        needed: stats::trials_needed(of - passed, wanted, confidence).map(|n| n as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::super::over_seeds;
    use super::*;
    use crate::gate::SharePassing;
    use amitwin_data::metrics::Metric;
    use amitwin_data::summary::{Average, SeedResult};

    fn gate(max_s: f64, share: Option<SharePassing>) -> Gate {
        let metric = Metric::RejoinP95S;
        let name = metric.gate().expect("gates know it");
        Gate { metric, name, min: None, max: Some(max_s), limit: "max".into(), variants: Vec::new(), share }
    }

    /// Seeds with these p95; below zero: not reached.
    fn variant(p95: &[f64]) -> VariantSummary {
        let seed = |(i, p95): (usize, &f64)| {
            let p95 = Some(*p95).filter(|v| *v >= 0.0);
            let metrics = [(Metric::Commanded, Some(5.0)), (Metric::RejoinP95S, p95)].into_iter().collect();
            SeedResult { seed: i as u64, metrics, ..SeedResult::default() }
        };
        let seeds = p95.iter().enumerate().map(seed).collect();
        over_seeds::variant(&VariantSummary::default(), seeds, Average::Mean)
    }

    #[test]
    fn the_interval_of_the_average_is_on_one_side_of_the_limit_or_undecided() {
        // Mean 10, half-width 4.3027 / sqrt(3) = 2.484.
        let variant = variant(&[9.0, 10.0, 11.0]);
        for (max, verdict) in [(12.5, Verdict::Pass), (7.5, Verdict::Breach), (10.1, Verdict::Undecided)] {
            assert_eq!(gate(max, None).judge(&variant).verdict, verdict, "max {max}");
        }
    }

    #[test]
    fn what_was_not_reached_is_never_a_pass() {
        assert_eq!(gate(1e9, None).judge(&variant(&[-1.0, -1.0, -1.0])).verdict, Verdict::Breach);
        let one_of_six = gate(1e9, None).judge(&variant(&[1.0, 2.0, 3.0, 4.0, 5.0, -1.0]));
        assert_eq!((one_of_six.verdict, one_of_six.not_reached), (Verdict::Breach, 1));
        let mut silent = variant(&[1.0, 2.0]);
        silent.seeds[1].metrics = amitwin_data::metrics::Values::default();
        assert_eq!(gate(1e9, None).judge(&silent).verdict, Verdict::NoData);
    }

    #[test]
    fn a_share_of_the_seeds_passes_fails_or_needs_more_of_them() {
        let share = Some(SharePassing { wanted: 0.95, confidence: 0.9 });
        let judged = |passing: usize, failing: usize| {
            let p95 = [vec![10.0; passing], vec![-1.0; failing]].concat();
            let verdict = gate(25.0, share).judge(&variant(&p95));
            (verdict.verdict, verdict.share.expect("a share"))
        };
        // 0.1^(1/45) = 95.01 %; 0.1^(1/20) = 89.1 %.
        assert_eq!(judged(45, 0).0, Verdict::Pass);
        let (verdict, found) = judged(20, 0);
        assert_eq!((verdict, found.passed, found.of, found.needed), (Verdict::Undecided, 20, 20, Some(45)));
        assert!((found.at_least - 0.891).abs() < 5e-4 && found.at_most == 1.0);
        // 16 of 20: the share is below 1 - 0.0902 = 91 % with 90 % confidence.
        assert_eq!(judged(16, 4).0, Verdict::Breach);
        assert_eq!(judged(1, 0).0, Verdict::Undecided, "one seed is not an answer");
    }
}
