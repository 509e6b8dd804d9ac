//! What a placement as a whole must not be: the rules that need more than one site.

use super::{EXTENT_MAX_M, Placement, RADIOS_PER_GATEWAY_MAX, Site, SiteKind, SiteName, assign};

/// A rule that a placement breaks. Two meters at one spot break none: that is a meter room.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Problem {
    /// Nobody to talk to.
    #[error(
        "no gateway among {sites} sites, so no meter can reach the head-end; give a site of kind gateway, or have \
         gateways sited at transformers ({transformers} in this placement) or by number of meters"
    )]
    NoGateway {
        /// Sites of the placement.
        sites: usize,
        /// Where a gateway could be sited.
        transformers: usize,
    },
    /// Nobody to talk.
    #[error("no meter among {sites} sites, so there is nothing to simulate; give sites of kind meter")]
    NoMeter {
        /// Sites of the placement.
        sites: usize,
    },
    /// One plane does not hold them.
    #[error(
        "{stray} lies {distance_km:.0} km from {other}, and the sites of a placement may lie {max_km:.0} km apart; \
         probably {stray} is a stray point, its latitude and longitude are swapped, or coordinates are metres (placement.crs says \
         of which system)"
    )]
    TooWide {
        /// The site farthest from the middle of them all.
        stray: SiteName,
        /// The site farthest from that one.
        other: SiteName,
        /// Distance of the two, km.
        distance_km: f64,
        /// Largest distance allowed, km.
        max_km: f64,
    },
    /// Short addresses run out.
    #[error(
        "gateway {gateway} is the nearest one of {radios} radios, and a border router's mesh holds {max}; add gateways"
    )]
    TooManyRadios {
        /// Which gateway.
        gateway: SiteName,
        /// Meters and repeaters nearest to it.
        radios: usize,
        /// Most that are possible.
        max: usize,
    },
}

/// Every rule that the placement breaks; none for a placement that can be simulated.
pub fn check(placement: &Placement) -> Vec<Problem> {
    let sites = placement.sites.len();
    let mut problems = Vec::new();
    if placement.count(SiteKind::Meter) == 0 {
        problems.push(Problem::NoMeter { sites });
    }
    if placement.count(SiteKind::Gateway) == 0 {
        problems.push(Problem::NoGateway { sites, transformers: placement.count(SiteKind::Transformer) });
    }
    problems.extend(too_wide(placement));
    let assignment = assign(placement);
    for (&gateway, radios) in assignment.gateways.iter().zip(assignment.radios()) {
        if radios > RADIOS_PER_GATEWAY_MAX {
            let gateway = placement.sites[gateway as usize].name.clone();
            problems.push(Problem::TooManyRadios { gateway, radios, max: RADIOS_PER_GATEWAY_MAX });
        }
    }
    problems
}

fn too_wide(placement: &Placement) -> Option<Problem> {
    let median = |coordinate: fn(&Site) -> f32| {
        let mut all: Vec<f32> = placement.sites.iter().map(coordinate).collect();
        let half = all.len() / 2;
        *all.select_nth_unstable_by(half, f32::total_cmp).1
    };
    if placement.sites.is_empty() {
        return None;
    }
    // The median, because one stray point does not move it.
    let stray = farthest(placement, median(|s| s.x_m), median(|s| s.y_m))?;
    let other = farthest(placement, stray.x_m, stray.y_m)?;
    let distance_m = flat_squared(stray, other.x_m, other.y_m).sqrt();
    (distance_m > EXTENT_MAX_M).then(|| Problem::TooWide {
        stray: stray.name.clone(),
        other: other.name.clone(),
        distance_km: distance_m / 1e3,
        max_km: EXTENT_MAX_M / 1e3,
    })
}

fn farthest(placement: &Placement, x: f32, y: f32) -> Option<&Site> {
    placement.sites.iter().reduce(|a, b| if flat_squared(b, x, y) > flat_squared(a, x, y) { b } else { a })
}

fn flat_squared(site: &Site, x: f32, y: f32) -> f64 {
    let (dx, dy) = (f64::from(site.x_m) - f64::from(x), f64::from(site.y_m) - f64::from(y));
    dx * dx + dy * dy
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    fn messages(placement: &Placement) -> String {
        check(placement).iter().map(|p| format!("{p}\n")).collect()
    }

    fn sites(given: &[(&str, SiteKind, f64, f64)]) -> Placement {
        Placement::from_geographic(given.iter().map(|&(n, k, lat, lon)| (n, k, lat, lon, None))).unwrap()
    }

    #[test]
    fn meters_at_one_spot_are_a_meter_room() {
        let room = sites(&[
            ("a", SiteKind::Meter, 50.0, 8.0),
            ("b", SiteKind::Meter, 50.0, 8.0),
            ("g", SiteKind::Gateway, 50.0, 8.0),
        ]);
        assert_eq!(check(&room), []);
    }

    #[test]
    fn no_gateway_and_no_meter_are_told_with_the_remedy() {
        let placement = sites(&[("t", SiteKind::Transformer, 50.0, 8.0), ("r", SiteKind::Repeater, 50.0, 8.0)]);
        assert_snapshot!(messages(&placement), @r"
        no meter among 2 sites, so there is nothing to simulate; give sites of kind meter
        no gateway among 2 sites, so no meter can reach the head-end; give a site of kind gateway, or have gateways sited at transformers (1 in this placement) or by number of meters
        ");
    }

    #[test]
    fn the_swapped_site_is_named_and_not_the_town() {
        let placement = sites(&[
            ("a", SiteKind::Meter, 53.650, 11.400),
            ("b", SiteKind::Meter, 53.651, 11.401),
            ("swapped", SiteKind::Meter, 11.402, 53.652),
            ("g", SiteKind::Gateway, 53.652, 11.402),
        ]);
        let problems = check(&placement);
        let [Problem::TooWide { stray, distance_km, .. }] = problems.as_slice() else { panic!("{problems:?}") };
        assert_eq!(*stray, "swapped");
        // 42.2 degrees north-south alone are 4,690 km.
        assert!(*distance_km > 4_690.0, "{distance_km}");
    }

    #[test]
    fn two_hundred_kilometres_are_allowed_and_no_more() {
        let apart = |degrees: f64| {
            messages(&sites(&[("m", SiteKind::Meter, 45.0, 8.0), ("g", SiteKind::Gateway, 45.0 + degrees, 8.0)]))
        };
        assert_eq!(apart(1.79), "");
        assert_snapshot!(apart(1.81), @"m lies 201 km from g, and the sites of a placement may lie 200 km apart; probably m is a stray point, its latitude and longitude are swapped, or coordinates are metres (placement.crs says of which system)");
    }

    #[test]
    fn short_addresses_run_out() {
        let meters = (0..65_001).map(|_| ("m", SiteKind::Meter, 45.0, 8.0, None));
        let all =
            meters.chain([("near", SiteKind::Gateway, 45.0, 8.0, None), ("far", SiteKind::Gateway, 45.1, 8.0, None)]);
        let mut placement = Placement::from_geographic(all).unwrap();
        assert_snapshot!(messages(&placement), @"gateway near is the nearest one of 65001 radios, and a border router's mesh holds 65000; add gateways");
        placement.sites.remove(0);
        assert_eq!(messages(&placement), "");
    }
}
