//! The local plane: latitude and longitude to metres and back.

use libm::{cos, sin};

/// Semi-major axis of WGS 84, m.
const EQUATOR_RADIUS_M: f64 = 6_378_137.0;
/// First eccentricity of WGS 84, squared.
const ECCENTRICITY_SQUARED: f64 = 0.006_694_379_990_14;
const RADIANS: f64 = std::f64::consts::PI / 180.0;

/// An equirectangular projection around a point, with the ellipsoid's own radii there.
///
/// North-south distances are right to 0.2 % anywhere within 100 km. An east-west distance measured `n` metres north of
/// the origin is too long by tan(latitude) x n / 6,370 km: at 50 degrees, 0.02 % at 1 km and 1.9 % at 100 km, far below
/// what a path-loss model resolves. Not meant for places beyond 85 degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalPlane {
    lat_deg: f64,
    lon_deg: f64,
    metres_per_lat_deg: f64,
    metres_per_lon_deg: f64,
}

impl LocalPlane {
    /// The plane that touches the earth at a point, which becomes (0, 0).
    pub fn at(lat_deg: f64, lon_deg: f64) -> Self {
        let lat = lat_deg * RADIANS;
        let w2 = 1.0 - ECCENTRICITY_SQUARED * sin(lat) * sin(lat);
        let prime_vertical = EQUATOR_RADIUS_M / w2.sqrt();
        let meridian = prime_vertical * (1.0 - ECCENTRICITY_SQUARED) / w2;
        LocalPlane {
            lat_deg,
            lon_deg,
            metres_per_lat_deg: meridian * RADIANS,
            // Kept off zero, so that a pole projects to something finite.
            metres_per_lon_deg: prime_vertical * cos(lat).max(1e-6) * RADIANS,
        }
    }

    /// The plane at the middle of the bounding box of (latitude, longitude) pairs; `None` for no pair. The box may lie
    /// across the 180th meridian.
    pub fn around(points: impl IntoIterator<Item = (f64, f64)>) -> Option<Self> {
        let mut points = points.into_iter();
        let (lat, first_lon) = points.next()?;
        let (mut lats, mut lons) = ((lat, lat), (0.0f64, 0.0f64));
        for (lat, lon) in points {
            let lon = wrap_deg(lon - first_lon);
            lats = (lats.0.min(lat), lats.1.max(lat));
            lons = (lons.0.min(lon), lons.1.max(lon));
        }
        Some(Self::at((lats.0 + lats.1) / 2.0, wrap_deg(first_lon + (lons.0 + lons.1) / 2.0)))
    }

    /// Latitude and longitude of the origin, degrees.
    pub fn origin(&self) -> (f64, f64) {
        (self.lat_deg, self.lon_deg)
    }

    /// Metres east and north of the origin.
    pub fn to_local(&self, lat_deg: f64, lon_deg: f64) -> (f64, f64) {
        (wrap_deg(lon_deg - self.lon_deg) * self.metres_per_lon_deg, (lat_deg - self.lat_deg) * self.metres_per_lat_deg)
    }

    /// Latitude and longitude, degrees, of a point `x_m` east and `y_m` north of the origin.
    pub fn to_geographic(&self, x_m: f64, y_m: f64) -> (f64, f64) {
        (self.lat_deg + y_m / self.metres_per_lat_deg, wrap_deg(self.lon_deg + x_m / self.metres_per_lon_deg))
    }
}

/// An angle brought into -180..180 degrees.
pub(super) fn wrap_deg(deg: f64) -> f64 {
    if deg > 180.0 {
        deg - 360.0
    } else if deg < -180.0 {
        deg + 360.0
    } else {
        deg
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_degree_has_the_length_of_the_geodetic_tables() {
        // Metres in a degree of latitude and of longitude on WGS 84, as tabulated by the US National
        // Geospatial-Intelligence Agency: at 0, 45 and 60 degrees.
        for (lat, north, east) in
            [(0.0, 110_574.0, 111_320.0), (45.0, 111_132.0, 78_847.0), (60.0, 111_412.0, 55_800.0)]
        {
            let plane = LocalPlane::at(lat, 10.0);
            let (x, y) = plane.to_local(lat + 0.01, 10.01);
            assert!((y * 100.0 - north).abs() < 1.0, "{lat}: {y}");
            assert!((x * 100.0 - east).abs() < 1.0, "{lat}: {x}");
        }
    }

    #[test]
    fn the_stated_error_holds_100_km_north() {
        // A degree of longitude at 50.9 N against the plane of 50 N.
        let plane = LocalPlane::at(50.0, 8.0);
        let (x, y) = plane.to_local(50.9, 9.0);
        let (true_x, _) = LocalPlane::at(50.9, 8.0).to_local(50.9, 9.0);
        let error = x / true_x - 1.0;
        assert!((99_900.0..100_300.0).contains(&y), "{y}");
        assert!((0.017..0.020).contains(&error), "{error}");
    }

    #[test]
    fn a_box_across_the_180th_meridian_has_its_middle_there() {
        let plane = LocalPlane::around([(-17.0, 179.9), (-17.2, -179.9)]).unwrap();
        let (lat, lon) = plane.origin();
        assert!((lat + 17.1).abs() < 1e-9 && (lon.abs() - 180.0).abs() < 1e-9, "{lat} {lon}");
        let (west, _) = plane.to_local(-17.1, 179.9);
        let (east, _) = plane.to_local(-17.1, -179.9);
        assert!((west + east).abs() < 1e-3 && (10_600.0..10_700.0).contains(&east), "{west} {east}");
    }

    proptest! {
        #[test]
        fn there_and_back_again(
            (lat, lon) in (-80.0f64..80.0, -180.0f64..180.0),
            (x, y) in (-50_000.0f64..50_000.0, -50_000.0f64..50_000.0),
        ) {
            let plane = LocalPlane::at(lat, lon);
            let (a, b) = plane.to_geographic(x, y);
            prop_assert!(b.abs() <= 180.0);
            let (x2, y2) = plane.to_local(a, b);
            prop_assert!((x - x2).abs() < 1e-5 && (y - y2).abs() < 1e-5, "{} {}", x - x2, y - y2);
        }
    }
}
