//! Where on the globe a placement lies, and how far it reaches.

use super::plane::wrap_deg;
use super::{Placement, Site};
use std::fmt;

/// The smallest box around all sites, along meridians and parallels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Latitude of its middle, degrees, WGS 84.
    pub lat_deg: f64,
    /// Longitude of its middle, degrees, WGS 84.
    pub lon_deg: f64,
    /// From west to east, m.
    pub width_m: f64,
    /// From south to north, m.
    pub length_m: f64,
}

impl Extent {
    /// That of a placement; `None` if it has no sites.
    pub fn of(placement: &Placement) -> Option<Extent> {
        let first = placement.sites.first()?;
        let range = |of: &dyn Fn(&Site) -> f64| {
            let all = placement.sites.iter().map(of);
            all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
        };
        let (south, north) = range(&|site| site.lat_deg);
        // From the first site, because the box may lie across the 180th meridian.
        let (west, east) = range(&|site| wrap_deg(site.lon_deg - first.lon_deg));
        let (left, right) = range(&|site| f64::from(site.x_m));
        let (low, high) = range(&|site| f64::from(site.y_m));
        Some(Extent {
            lat_deg: (south + north) / 2.0,
            lon_deg: wrap_deg(first.lon_deg + (west + east) / 2.0),
            width_m: right - left,
            length_m: high - low,
        })
    }
}

/// As `47.38 N 8.54 E, 1.8 x 1.2 km`: middle, then west-east by south-north.
impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |degrees: f64, positive, negative| if degrees < 0.0 { negative } else { positive };
        let (lat, lon) = (side(self.lat_deg, "N", "S"), side(self.lon_deg, "E", "W"));
        write!(f, "{:.2} {lat} {:.2} {lon}, ", self.lat_deg.abs(), self.lon_deg.abs())?;
        if self.width_m.max(self.length_m) < 1_000.0 {
            write!(f, "{:.0} x {:.0} m", self.width_m, self.length_m)
        } else {
            write!(f, "{:.1} x {:.1} km", self.width_m / 1e3, self.length_m / 1e3)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::SiteKind;
    use super::*;

    fn shown(sites: &[(f64, f64)]) -> String {
        let site = |&(lat, lon): &(f64, f64)| ("m", SiteKind::Meter, lat, lon, None);
        let placement = Placement::from_geographic(sites.iter().map(site)).unwrap();
        Extent::of(&placement).map_or_else(String::new, |extent| extent.to_string())
    }

    #[test]
    fn middle_and_extent_are_shown() {
        // A degree of latitude at 45 N is 111.13 km, one of longitude 78.85 km.
        assert_eq!(shown(&[(45.0, 7.0), (45.02, 7.02)]), "45.01 N 7.01 E, 1.6 x 2.2 km");
        assert_eq!(shown(&[(-45.0, -7.0), (-45.001, -7.002)]), "45.00 S 7.00 W, 158 x 111 m");
        assert_eq!(shown(&[(50.0, 10.0)]), "50.00 N 10.00 E, 0 x 0 m");
        // Across the date line: 0.02 degrees at the equator are 2.2 km.
        assert_eq!(shown(&[(0.0, 179.99), (0.0, -179.99), (0.0, 180.0)]), "0.00 N 180.00 E, 2.2 x 0.0 km");
        assert_eq!(shown(&[]), "");
    }
}
