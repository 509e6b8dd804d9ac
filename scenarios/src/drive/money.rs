//! What a variant comes to in money, from its figures and the scenario's prices.

use crate::sections::prices::PricesSection;
use amitwin_data::metrics::Metric;
use amitwin_data::summary::VariantSummary;

const MONTHS: f64 = 12.0;
/// Of a mean year.
const HOURS: f64 = 8_766.0;

/// Adds the figures of money to those that it follows from.
pub fn add(prices: &PricesSection, repeaters: usize, summary: &mut VariantSummary) {
    let value = |metric| summary.metrics.value(metric).unwrap_or(0.0);
    let (routers, repeaters) = (f64::from(summary.gateways), repeaters as f64);
    let network = f64::from(summary.meters) * prices.meter
        + routers * prices.border_router
        + repeaters * prices.repeater
        + (routers + repeaters) * prices.site_visit;
    // The busiest border router stands for all: with several it is an upper bound.
    let busy_h = value(Metric::BorderRouterBusyShare) * routers * HOURS;
    let running = prices.years * (routers * prices.backhaul_month * MONTHS + busy_h * prices.airtime_hour);
    // Who has no route fails a reset as well.
    let silent = f64::from(summary.unreachable).max(value(Metric::Failed));
    let visits = silent * prices.site_visit;
    for (metric, cost) in [
        (Metric::CostNetwork, network),
        (Metric::CostRunning, running),
        (Metric::CostVisits, visits),
        (Metric::Cost, network + running + visits),
    ] {
        summary.metrics.set(metric, Some(cost));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bought_paid_monthly_and_visited_adds_up() {
        let prices = PricesSection {
            meter: 50.0,
            border_router: 1_000.0,
            repeater: 200.0,
            site_visit: 80.0,
            backhaul_month: 10.0,
            airtime_hour: 0.1,
            years: 2.0,
        };
        let metrics = [(Metric::BorderRouterBusyShare, Some(0.1)), (Metric::Failed, Some(3.0))].into_iter().collect();
        let mut summary =
            VariantSummary { meters: 100, gateways: 2, unreachable: 1, metrics, ..VariantSummary::default() };
        add(&prices, 4, &mut summary);
        let cost = |metric| summary.metrics.value(metric).expect("a cost");
        // 100 * 50 + 2 * 1000 + 4 * 200 + 6 visits of 80.
        assert_eq!(cost(Metric::CostNetwork), 8_280.0);
        // 2 years: 2 * 10 * 12 for the backhaul, and 0.1 * 2 * 8766 h at 0.1.
        assert!((cost(Metric::CostRunning) - 2.0 * (240.0 + 175.32)).abs() < 1e-9);
        assert_eq!(cost(Metric::CostVisits), 240.0);
        assert!((cost(Metric::Cost) - (8_280.0 + 830.64 + 240.0)).abs() < 1e-9);
    }
}
