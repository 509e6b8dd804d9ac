//! How much of each gate's limit a variant uses, and whose limit is nearest: what gives way first as a network grows.

use super::Limit;
use crate::metrics::{Format, Metric};
use crate::summary::VariantSummary;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The limit that a variant uses most of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fullest {
    /// Variant.
    pub variant: String,
    /// Key of the limit's figure in the summary.
    pub figure: String,
    /// The limit as the scenario writes it, such as `max 25 %`.
    pub limit: String,
    /// How much of it is used: 1 at the limit, more beyond it.
    pub used_share: f64,
}

impl Limit {
    /// The figure that it is for; `None` if this version does not know it.
    pub fn metric(&self) -> Option<Metric> {
        Metric::ALL.iter().find(|metric| metric.key() == self.figure).copied()
    }

    /// How much of the limit a variant uses: 1 at the limit, more beyond it. Of a share that is to be at least so large, what is missing
    /// counts against what may be missing.
    pub fn used_share(&self, variant: &VariantSummary) -> Option<f64> {
        let metric = self.metric()?;
        let (value, limit) = (variant.metrics.value(metric)?, self.value);
        let used = match (self.text.starts_with("max"), metric.format()) {
            (true, _) => value / limit,
            (false, Format::Share) => (1.0 - value) / (1.0 - limit),
            (false, _) => limit / value,
        };
        used.is_finite().then_some(used)
    }
}

/// Of each variant the limit that it uses most of, of equals the first. With fewer than two limits there is none that could be nearer.
pub fn fullest(limits: &[Limit], variants: &[VariantSummary]) -> Vec<Fullest> {
    if limits.iter().filter(|limit| limit.metric().is_some()).count() < 2 {
        return Vec::new();
    }
    let of = |variant: &VariantSummary| {
        let used = limits.iter().filter_map(|limit| Some((limit, limit.used_share(variant)?)));
        let (limit, used_share) = used.reduce(|a, b| if b.1 > a.1 { b } else { a })?;
        let (figure, text) = (limit.figure.clone(), limit.text.clone());
        Some(Fullest { variant: variant.name.clone(), figure, limit: text, used_share })
    };
    variants.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::slice::from_ref;

    #[test]
    fn the_limit_of_which_most_is_used_is_the_nearest() {
        let limit = |metric: Metric, value, text: &str| Limit { figure: metric.key().into(), value, text: text.into() };
        let limits = [
            limit(Metric::BorderRouterBusyShare, 0.25, "max 25 %"),
            limit(Metric::PushDeliveredShare, 0.98, "min 98 %"),
        ];
        let variant = |busy: f64, arrived: Option<f64>| {
            let mut variant = VariantSummary { name: "a".into(), ..VariantSummary::default() };
            variant.metrics.set(Metric::BorderRouterBusyShare, Some(busy));
            variant.metrics.set(Metric::PushDeliveredShare, arrived);
            variant
        };
        // Of 25 % are used 20 %, and of the 2 % that may be missing 10 %; then 40 and 150 %.
        for (variant, figure, used) in [
            (variant(0.05, Some(0.998)), "border_router_busy_share", 0.2),
            (variant(0.1, Some(0.97)), "push_delivered_share", 1.5),
            (variant(0.1, None), "border_router_busy_share", 0.4),
        ] {
            let [found] = &fullest(&limits, from_ref(&variant))[..] else { panic!("one for each variant") };
            assert_eq!((found.variant.as_str(), found.figure.as_str()), ("a", figure));
            assert!((found.used_share - used).abs() < 1e-9, "{found:?}");
            assert!(fullest(&limits[..1], from_ref(&variant)).is_empty(), "there is no other limit");
        }
    }
}
