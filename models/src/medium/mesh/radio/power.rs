//! What each radio sends with: the setting of its kind, and what radios of one kind differ by.
//!
//! A path has one loss for both directions; whatever is better in one of them is the radios'. Border routers have
//! exactly the power that a scenario says.

use crate::math::normal_quantile;
use crate::purpose;
use crate::spec::RadioSpec;
use crate::terrain::SiteKind;
use amitwin_sim_core::rng::Stream;

/// Transmit power of the radio at this site of the placement, dBm.
pub fn tx_power_dbm(radio: &RadioSpec, seed: u64, site: u32, kind: SiteKind) -> f64 {
    if kind == SiteKind::Gateway {
        return radio.gateway_power_dbm();
    }
    if radio.tx_power_spread_db == 0.0 {
        return radio.tx_power_dbm;
    }
    let draw = Stream::new(seed, u64::from(site), purpose::TX_POWER).unit();
    radio.tx_power_dbm + radio.tx_power_spread_db * normal_quantile(draw.max(f64::EPSILON))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meters_and_repeaters_differ_by_the_spread_and_border_routers_are_exact() {
        let radio = RadioSpec { tx_power_dbm: 20.0, tx_power_spread_db: 1.8, ..RadioSpec::default() };
        let spec = &radio;
        let of = |kind| (0..10_000).map(move |site| tx_power_dbm(spec, 7, site, kind));
        assert!(of(SiteKind::Gateway).all(|dbm| dbm == 20.0));
        for kind in [SiteKind::Meter, SiteKind::Repeater] {
            let mean = of(kind).sum::<f64>() / 1e4;
            let sigma = (of(kind).map(|dbm| (dbm - mean) * (dbm - mean)).sum::<f64>() / 1e4).sqrt();
            // Errors of 10,000 draws: 0.018 and 0.013 dB.
            assert!((mean - 20.0).abs() < 0.06 && (sigma - 1.8).abs() < 0.05, "{mean} {sigma}");
        }
        let exact = RadioSpec { tx_power_spread_db: 0.0, ..radio.clone() };
        assert_eq!(tx_power_dbm(&exact, 7, 3, SiteKind::Meter), 20.0);
    }
}
