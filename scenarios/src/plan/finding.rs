//! The one sentence under the results table of a plan: which variant costs least, and what the others buy.

use amitwin_data::metrics::Metric;
use amitwin_data::summary::VariantSummary;

/// Shares that differ by less are called the same.
const MATTERS: f64 = 0.00005;

/// What the variants show; `None` without prices, or of a single variant.
pub fn finding(variants: &[VariantSummary]) -> Option<String> {
    let mut priced: Vec<(&VariantSummary, f64, f64)> = variants
        .iter()
        .filter_map(|v| Some((v, v.metrics.value(Metric::Cost)?, v.metrics.value(Metric::AvailableShare)?)))
        .collect();
    priced.sort_by(|a, b| a.1.total_cmp(&b.1));
    let [(cheapest, cost, available), .., _] = priced[..] else { return None };
    let best = priced.iter().max_by(|a, b| a.2.total_cmp(&b.2))?;
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let opening =
        format!("'{}' costs least, {cost:.0}, with meters available {} of the time", cheapest.name, percent(available));
    Some(if best.2 - available < MATTERS {
        format!("{opening}; no other variant makes them available for longer.")
    } else {
        let more = 100.0 * (best.1 / cost - 1.0);
        format!(
            "{opening}; '{}' makes them available {} of the time, for {more:.0} % more money.",
            best.0.name,
            percent(best.2)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variant(name: &str, cost: f64, available: f64) -> VariantSummary {
        let metrics = [(Metric::Cost, Some(cost)), (Metric::AvailableShare, Some(available))].into_iter().collect();
        VariantSummary { name: name.into(), metrics, ..VariantSummary::default() }
    }

    #[test]
    fn the_cheapest_stands_beside_the_best() {
        let told = |variants: &[VariantSummary]| finding(variants).unwrap_or_default();
        let (wait, visit) = (variant("wait", 200.0, 0.98), variant("visit", 300.0, 0.985));
        assert_eq!(
            told(&[visit.clone(), wait.clone()]),
            "'wait' costs least, 200, with meters available 98.00 % of the time; 'visit' makes them available 98.50 % of the \
             time, for 50 % more money."
        );
        assert!(
            told(&[wait.clone(), variant("visit", 300.0, 0.98001)])
                .ends_with("no other variant makes them available for longer.")
        );
        assert_eq!(finding(&[wait]), None);
    }
}
