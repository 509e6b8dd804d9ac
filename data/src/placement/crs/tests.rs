//! Places that PROJ converts to the same metres, and names.

use super::*;

/// A place on the globe, and where PROJ 9.5.1 (pyproj `Transformer.from_crs(4326, code, always_xy=True)`) puts it in each
/// system.
const PLACES: &[(u32, [f64; 2], [f64; 2])] = &[
    (32632, [571_666.448, 5_539_109.815], [10.0, 50.0]),
    (32719, [351_290.371, 6_297_679.510], [-70.6, -33.45]),
    (25832, [466_031.835, 5_247_491.699], [8.55, 47.38]),
    (26918, [584_482.352, 4_505_935.869], [-74.0, 40.7]),
    (3857, [1_113_194.908, 6_446_275.841], [10.0, 50.0]),
    (3035, [4_551_801.973, 3_271_028.983], [13.4, 52.5]),
    (31466, [2_535_140.773, 5_651_765.742], [6.5, 51.0]),
    (31467, [3_500_074.525, 5_540_407.107], [9.0, 50.0]),
    (31468, [4_462_867.274, 5_329_225.393], [11.5, 48.1]),
    (31469, [5_465_037.669, 5_651_759.682], [14.5, 51.0]),
    (2056, [2_683_170.681, 1_248_268.456], [8.54, 47.38]),
    (2154, [652_301.565, 6_861_302.726], [2.35, 48.85]),
    (2180, [636_640.467, 483_432.201], [21.0, 52.2]),
    (3006, [670_817.916, 6_577_304.567], [18.0, 59.3]),
    (3067, [389_130.042, 6_675_364.495], [25.0, 60.2]),
    (27700, [531_979.293, 179_606.909], [-0.1, 51.5]),
    (28992, [121_819.365, 487_013.762], [4.9, 52.37]),
];

/// National datums are shifted by seven parameters here and by grids in PROJ, where it has them: they differ by metres.
const NATIONAL: [u32; 7] = [31466, 31467, 31468, 31469, 2056, 27700, 28992];

#[test]
fn places_are_where_proj_has_them() {
    for &(code, [x, y], [lon, lat]) in PLACES {
        let crs = Crs::parse(&format!("EPSG:{code}")).unwrap();
        assert!(crs.is_projected(), "{code}");
        let (found_lon, found_lat) = crs.to_degrees(x, y).unwrap();
        let north_m = (found_lat - lat).abs() * 111_200.0;
        let east_m = (found_lon - lon).abs() * 111_320.0 * lat.to_radians().cos();
        // A millimetre is what the list above has.
        let allowed_m = if NATIONAL.contains(&code) { 3.0 } else { 0.002 };
        assert!(
            north_m < allowed_m && east_m < allowed_m,
            "EPSG:{code}: {found_lon} {found_lat}, {east_m} {north_m} m off"
        );
    }
}

#[test]
fn names_are_read_in_every_spelling() {
    let one = Crs::parse("EPSG:25832").unwrap().to_degrees(561_000.0, 5_540_000.0).unwrap();
    let spelt = [
        "25832",
        "epsg:25832",
        "urn:ogc:def:crs:EPSG::25832",
        "urn:ogc:def:crs:EPSG:9.9:25832",
        "http://www.opengis.net/def/crs/EPSG/0/25832",
        "+proj=utm +zone=32 +ellps=GRS80 +units=m +no_defs",
    ];
    for name in spelt {
        assert_eq!(Crs::parse(name).unwrap().to_degrees(561_000.0, 5_540_000.0), Some(one), "{name}");
    }
    for name in ["EPSG:4326", "urn:ogc:def:crs:OGC:1.3:CRS84", "OGC:CRS84", "4258", "+proj=longlat +datum=WGS84"] {
        let crs = Crs::parse(name).unwrap();
        assert_eq!((crs.is_projected(), crs.to_degrees(10.0, 50.0)), (false, Some((10.0, 50.0))), "{name}");
    }
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    for name in ["EPSG:99999", "EPSG:32661", "my grid", "", "EPSG:", "+proj=nonsense", "+proj=utm +zone=99"] {
        let error = Crs::parse(name).unwrap_err();
        assert!(error.contains(&format!("'{name}'")), "{name}: {error}");
    }
    let utm = Crs::parse("EPSG:32632").unwrap();
    assert_eq!(utm.to_degrees(f64::NAN, 0.0), None);
    assert_eq!(utm.to_degrees(1e12, 1e12), None);
}
