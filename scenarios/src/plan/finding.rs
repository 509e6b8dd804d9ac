//! The sentence under the results table of a plan: which variant costs least, and what the others buy.

use amitwin_data::metrics::Metric;
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

fn of_fleet(variants: &[&VariantSummary]) -> Option<String> {
    let mut priced: Vec<(&str, f64, f64)> = variants
        .iter()
        .filter_map(|v| Some((v.name.as_str(), v.metrics.value(Metric::Cost)?, v.metrics.value(Metric::AwayAYearS)?)))
        .collect();
    priced.sort_by(|a, b| a.1.total_cmp(&b.1));
    let [(cheapest, cost, away), .., _] = priced[..] else { return None };
    let (best, dearer, least) = priced.iter().min_by(|a, b| a.2.total_cmp(&b.2))?;
    let hours = |away_s: f64| format!("{:.1} h a year", away_s / 3_600.0);
    let opening = format!("'{cheapest}' costs least, with a meter away for {}", hours(away));
    Some(if away - least < MATTERS_S {
        format!("{opening}; no other brings that down.")
    } else {
        format!(
            "{opening}; '{best}' brings that down to {}, for {:.0} % more money.",
            hours(*least),
            100.0 * (dearer / cost - 1.0)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
