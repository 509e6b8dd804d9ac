//! The sentence under the results table of a plan: which variant costs least, and what the others buy.

use amitwin_data::metrics::Metric;
use amitwin_data::stats;
use amitwin_data::summary::VariantSummary;

/// Time away, s a year, that is called the same.
const MATTERS_S: f64 = 360.0;

/// A variant, and what it must share with others to be held against them: its fleet.
pub type Of<'a> = (String, &'a VariantSummary);

/// What the variants show, a sentence for each fleet; `None` without prices, or where each variant has a fleet of its own.
pub fn finding(variants: &[Of]) -> Option<String> {
    let mut fleets: Vec<&str> = Vec::new();
    for (fleet, _) in variants {
        if !fleets.contains(&fleet.as_str()) {
            fleets.push(fleet);
        }
    }
    let of = |fleet: &str| variants.iter().filter(|(f, _)| f == fleet).map(|(_, v)| *v).collect::<Vec<_>>();
    let told: Vec<String> = fleets.iter().filter_map(|fleet| of_fleet(&of(fleet))).collect();
    (!told.is_empty()).then(|| told.join(" "))
}

/// A variant with its cost and the time that a meter is away, s a year.
struct Priced<'a> {
    of: &'a VariantSummary,
    cost: f64,
    away_s: f64,
}

impl Priced<'_> {
    fn name(&self) -> &str {
        &self.of.name
    }

    /// Whether the seeds that both ran with do not tell them apart by a figure: the 95 % interval of its differences holds 0. A single
    /// seed tells nothing of that.
    fn is_level_with(&self, other: &Priced, metric: Metric) -> bool {
        let pairs = self.of.seeds.iter().zip(&other.of.seeds).filter(|(a, b)| a.seed == b.seed);
        let apart: Vec<f64> =
            pairs.filter_map(|(a, b)| Some(a.metrics.value(metric)? - b.metrics.value(metric)?)).collect();
        stats::mean(&apart).and_then(|of| of.low.zip(of.high)).is_some_and(|(low, high)| low <= 0.0 && 0.0 <= high)
    }
}

fn of_fleet(variants: &[&VariantSummary]) -> Option<String> {
    let priced = |of: &&'_ VariantSummary| of.metrics.value(Metric::Cost).zip(of.metrics.value(Metric::AwayAYearS));
    let mut all: Vec<Priced> =
        (variants.iter()).filter_map(|of| priced(of).map(|(cost, away_s)| Priced { of, cost, away_s })).collect();
    all.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    let [cheapest, .., _] = all.as_slice() else { return None };
    let least = all.iter().min_by(|a, b| a.away_s.total_cmp(&b.away_s))?;
    // Of those that are as good the cheapest.
    let is_best = |of: &&Priced| of.away_s - least.away_s < MATTERS_S || of.is_level_with(least, Metric::AwayAYearS);
    let best = all.iter().find(is_best)?;
    let hours = |away_s: f64| format!("{:.1} h a year", away_s / 3_600.0);
    let level: Vec<String> = (all.iter().skip(1))
        .filter(|other| other.is_level_with(cheapest, Metric::Cost))
        .map(|other| format!("'{}'", other.name()))
        .collect();
    let level = if level.is_empty() {
        String::new()
    } else {
        format!(" (by these seeds {} no more, within the 95 % interval)", costs(&level))
    };
    let opening = format!("'{}' costs least{level}, with a meter away for {}", cheapest.name(), hours(cheapest.away_s));
    Some(if std::ptr::eq(best, cheapest) {
        format!("{opening}; no other brings that down.")
    } else {
        format!(
            "{opening}; '{}' brings that down to {}, for {:.0} % more money.",
            best.name(),
            hours(best.away_s),
            100.0 * (best.cost / cheapest.cost - 1.0)
        )
    })
}

/// Names, and that they cost something: 'a' costs; 'a' and 'b' cost.
fn costs(names: &[String]) -> String {
    match names {
        [others @ .., last] if !others.is_empty() => format!("{} and {last} cost", others.join(", ")),
        _ => format!("{} costs", names.concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amitwin_data::summary::SeedResult;

    fn variant(name: &str, cost: f64, away_h: f64) -> VariantSummary {
        let metrics = [(Metric::Cost, Some(cost)), (Metric::AwayAYearS, Some(away_h * 3_600.0))].into_iter().collect();
        VariantSummary { name: name.into(), metrics, ..VariantSummary::default() }
    }

    #[test]
    fn the_cheapest_stands_beside_the_best_of_its_fleet() {
        let (wait, visit, near) =
            (variant("wait", 200.0, 9.0), variant("visit", 300.0, 2.0), variant("near", 300.0, 8.95));
        let told = |variants: &[(&str, &VariantSummary)]| {
            finding(&variants.iter().map(|(fleet, v)| ((*fleet).to_owned(), *v)).collect::<Vec<_>>())
        };
        let one = "'wait' costs least, with a meter away for 9.0 h a year; 'visit' brings that down to 2.0 h a year, for 50 % more money.";
        assert_eq!(told(&[("hot", &visit), ("hot", &wait)]).as_deref(), Some(one));
        assert_eq!(told(&[("hot", &visit), ("cool", &near), ("hot", &wait)]).as_deref(), Some(one));
        assert!(
            told(&[("hot", &near), ("hot", &wait)]).is_some_and(|text| text.ends_with("no other brings that down."))
        );
        assert_eq!(told(&[("hot", &visit), ("cool", &wait)]), None);
    }

    #[test]
    fn of_two_that_are_as_good_the_cheaper_is_named_and_seeds_tell_who_costs_as_much() {
        let told = |variants: &[&VariantSummary]| {
            finding(&variants.iter().map(|v| (String::new(), *v)).collect::<Vec<_>>()).expect("prices")
        };
        // Five minutes a year do not matter, 20 % more money does.
        let (wait, edge, near) =
            (variant("wait", 100.0, 9.0), variant("edge", 150.0, 2.04), variant("condition", 170.0, 2.0));
        let best = "'wait' costs least, with a meter away for 9.0 h a year; 'edge' brings that down to 2.0 h a year, for 50 % more money.";
        assert_eq!(told(&[&near, &edge, &wait]), best);
        // With three seeds: b costs 1, 0 and 2 more than a, c 5, 6 and 5.5. Standard errors are 0.58 and 0.29, and the intervals 4.3 of them.
        let of = |name: &str, costs: [f64; 3]| {
            let mut summary = variant(name, costs.iter().sum::<f64>() / 3.0, 9.0);
            summary.seeds = (1..)
                .zip(costs)
                .map(|(seed, cost)| SeedResult {
                    seed,
                    fingerprint: String::new(),
                    unreachable: 0,
                    metrics: variant("", cost, 9.0).metrics,
                })
                .collect();
            summary
        };
        let (a, b, c) = (of("a", [100.0, 110.0, 90.0]), of("b", [101.0, 110.0, 92.0]), of("c", [105.0, 116.0, 95.5]));
        let level = "'a' costs least (by these seeds 'b' costs no more, within the 95 % interval), with a meter away for 9.0 h a year; \
                     no other brings that down.";
        assert_eq!(told(&[&c, &b, &a]), level);
        assert_eq!(costs(&["'a'".to_owned(), "'b'".to_owned(), "'c'".to_owned()]), "'a', 'b' and 'c' cost");
    }
}
