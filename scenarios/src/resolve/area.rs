//! Circles and polygons on the globe, and who stands in them.

use amitwin_models::spec::Circle;

/// Mean radius of the earth, m.
const EARTH_RADIUS_M: f64 = 6_371_009.0;

/// Whether a place is within a circle, by the great-circle distance.
pub(super) fn in_circle(circle: &Circle, lat_deg: f64, lon_deg: f64) -> bool {
    distance_m((circle.lat, circle.lon), (lat_deg, lon_deg)) <= circle.radius_m
}

/// The haversine formula; places are latitude and longitude in degrees.
fn distance_m(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (lat_a, lat_b) = (a.0.to_radians(), b.0.to_radians());
    let half = |angle: f64| libm::sin(angle / 2.0) * libm::sin(angle / 2.0);
    let h = half(lat_b - lat_a) + libm::cos(lat_a) * libm::cos(lat_b) * half((b.1 - a.1).to_radians());
    2.0 * EARTH_RADIUS_M * libm::asin(h.min(1.0).sqrt())
}

/// Whether a place is within a polygon, by the even-odd rule in latitude and longitude. Of two polygons that share a side,
/// a place on it is in one.
pub(super) fn in_polygon(corners: &[[f64; 2]], lat_deg: f64, lon_deg: f64) -> bool {
    // Longitudes count from the first corner, so that a polygon may lie across the 180th meridian.
    let first = corners.first().map_or(0.0, |[_, lon]| *lon);
    let east = east_of(first, lon_deg);
    let sides = corners.iter().zip(corners.iter().cycle().skip(1));
    let crossed = sides.filter(|([lat_a, lon_a], [lat_b, lon_b])| {
        let (a, b) = (east_of(first, *lon_a), east_of(first, *lon_b));
        (*lat_a > lat_deg) != (*lat_b > lat_deg) && east < a + (lat_deg - lat_a) / (lat_b - lat_a) * (b - a)
    });
    crossed.count() % 2 == 1
}

/// How far a longitude lies east of another one, the short way round.
fn east_of(from: f64, to: f64) -> f64 {
    match to - from {
        far if far > 180.0 => far - 360.0,
        far if far < -180.0 => far + 360.0,
        near => near,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_degree_of_latitude_has_111_km_and_one_of_longitude_at_60_degrees_half_of_that() {
        // 6,371.009 km x pi / 180 = 111.195 km.
        assert!((distance_m((0.0, 0.0), (1.0, 0.0)) - 111_195.0).abs() < 1.0);
        assert!((distance_m((60.0, 0.0), (60.0, 1.0)) - 55_597.0).abs() < 5.0);
        assert!((distance_m((0.0, 179.5), (0.0, -179.5)) - 111_195.0).abs() < 1.0);
        assert!((distance_m((90.0, 0.0), (-90.0, 77.0)) - 20_015_115.0).abs() < 10.0);
        assert_eq!(distance_m((47.0, 8.0), (47.0, 8.0)), 0.0);
    }

    #[test]
    fn a_circle_has_its_edge_within() {
        let circle = |radius_m| Circle { lat: 47.0, lon: 8.0, radius_m };
        let away = distance_m((47.0, 8.0), (47.01, 8.02));
        assert!(in_circle(&circle(away), 47.01, 8.02) && !in_circle(&circle(away - 0.01), 47.01, 8.02));
    }

    fn check(corners: &[[f64; 2]], inside: &[(f64, f64)], outside: &[(f64, f64)]) {
        let backwards: Vec<[f64; 2]> = corners.iter().rev().copied().collect();
        for (places, expected) in [(inside, true), (outside, false)] {
            for &(lat, lon) in places {
                assert_eq!(in_polygon(corners, lat, lon), expected, "{lat} {lon}");
                assert_eq!(in_polygon(&backwards, lat, lon), expected, "{lat} {lon}, corners backwards");
            }
        }
    }

    #[test]
    fn a_place_is_inside_if_a_line_from_it_crosses_an_odd_number_of_sides() {
        // An L: the square from 0 to 2 without its north-eastern quarter.
        let l = [[0.0, 0.0], [0.0, 2.0], [1.0, 2.0], [1.0, 1.0], [2.0, 1.0], [2.0, 0.0]];
        check(
            &l,
            &[(0.5, 0.5), (0.5, 1.5), (1.5, 0.5)],
            &[(1.5, 1.5), (2.5, 0.5), (0.5, -0.5), (-0.5, 0.5), (0.5, 2.5)],
        );
        // A triangle; at latitude 1 it reaches from 0.5 to 1.5.
        check(&[[0.0, 0.0], [0.0, 2.0], [2.0, 1.0]], &[(1.0, 0.6), (1.0, 1.4)], &[(1.0, 0.4), (1.0, 1.6), (2.1, 1.0)]);
        // A bow tie crosses itself at (1, 1): west and east of there is inside, north and south is not.
        check(&[[0.0, 0.0], [2.0, 2.0], [0.0, 2.0], [2.0, 0.0]], &[(1.0, 0.5), (1.0, 1.5)], &[(0.5, 1.0), (1.5, 1.0)]);
    }

    #[test]
    fn the_last_corner_may_be_the_first_again() {
        let square = [[0.0, 0.0], [0.0, 2.0], [2.0, 2.0], [2.0, 0.0], [0.0, 0.0]];
        check(&square, &[(1.0, 1.0)], &[(1.0, 3.0), (3.0, 1.0)]);
    }

    #[test]
    fn neighbours_share_no_place() {
        let square = |west: f64| [[0.0, west], [0.0, west + 1.0], [1.0, west + 1.0], [1.0, west]];
        let hit = |lat: f64, lon: f64| [0.0, 1.0].map(|west| in_polygon(&square(west), lat, lon));
        assert_eq!(hit(0.5, 1.0).iter().filter(|inside| **inside).count(), 1);
    }

    #[test]
    fn a_polygon_may_lie_across_the_180th_meridian() {
        let fiji = [[-20.0, 177.0], [-20.0, -178.0], [-15.0, -178.0], [-15.0, 177.0]];
        check(
            &fiji,
            &[(-17.0, 179.0), (-17.0, 180.0), (-17.0, -179.0)],
            &[(-17.0, 176.0), (-17.0, -177.0), (-17.0, 0.0)],
        );
    }
}
