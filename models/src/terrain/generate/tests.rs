//! Places as they should be: counts, extents, distances, determinism.

use super::*;

fn place(generator: Generator, meters: u32, gateways: u32) -> Placement {
    generate(generator, &GenerateSpec { meters, gateways, ..GenerateSpec::default() }, 7).unwrap()
}

fn points(placement: &Placement, kind: SiteKind) -> Vec<(f32, f32)> {
    placement.sites.iter().filter(|s| s.kind == kind).map(|s| (s.x_m, s.y_m)).collect()
}

/// Width and height of the meters' bounding box, m.
fn extent(placement: &Placement) -> (f32, f32) {
    let span = |values: Vec<f32>| {
        values.iter().fold(f32::MIN, |a, &b| a.max(b)) - values.iter().fold(f32::MAX, |a, &b| a.min(b))
    };
    let meters = points(placement, SiteKind::Meter);
    (span(meters.iter().map(|p| p.0).collect()), span(meters.iter().map(|p| p.1).collect()))
}

/// For each meter the distance to the nearest meter that is more than `apart_m` away, m, ascending.
fn gaps(placement: &Placement, apart_m: f32) -> Vec<f32> {
    let meters = points(placement, SiteKind::Meter);
    let far = |a: (f32, f32), b: (f32, f32)| ((a.0 - b.0) * (a.0 - b.0) + (a.1 - b.1) * (a.1 - b.1)).sqrt();
    let nearest = |a: (f32, f32)| meters.iter().map(|&b| far(a, b)).filter(|&d| d > apart_m).fold(f32::MAX, f32::min);
    let mut gaps: Vec<f32> = meters.iter().map(|&a| nearest(a)).collect();
    gaps.sort_by(f32::total_cmp);
    gaps
}

fn median(sorted: &[f32]) -> f32 {
    sorted[sorted.len() / 2]
}

#[test]
fn every_generator_gives_what_was_asked_for_in_id_order() {
    for generator in Generator::ALL {
        for (meters, gateways) in [(1, 0), (1, 1), (2, 2), (777, 5), (3_000, 1)] {
            let placement = place(generator, meters, gateways);
            let names: Vec<String> = placement.sites.iter().map(|s| s.name.to_string()).collect();
            let expected: Vec<String> =
                (0..meters).map(|i| format!("M{i:06}")).chain((0..gateways).map(|i| format!("G{i:04}"))).collect();
            assert_eq!(names, expected, "{generator:?}");
            assert!(placement.sites[..meters as usize].iter().all(|s| s.kind == SiteKind::Meter));
            assert!(
                placement.sites[meters as usize..].iter().all(|s| s.kind == SiteKind::Gateway && s.height_m == 10.0)
            );
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_place_and_another_seed_another() {
    for generator in Generator::ALL {
        let spec = GenerateSpec { meters: 500, gateways: 3, ..GenerateSpec::default() };
        let [a, b, c] = [7, 7, 8].map(|seed| generate(generator, &spec, seed).unwrap());
        assert_eq!(a, b, "{generator:?}");
        let knows_chance = !matches!(generator, Generator::Line | Generator::Grid);
        assert_eq!(a != c, knows_chance, "{generator:?}");
    }
}

#[test]
fn a_larger_town_contains_the_smaller_one() {
    for generator in [Generator::Suburb, Generator::OldTown, Generator::HighRise] {
        assert_eq!(place(generator, 2_000, 0).sites[..700], place(generator, 700, 0).sites);
    }
}

#[test]
fn geographic_and_local_coordinates_say_the_same() {
    for generator in Generator::ALL {
        let spec =
            GenerateSpec { meters: 300, gateways: 2, lat_deg: -33.5, lon_deg: 179.999, ..GenerateSpec::default() };
        let plane = LocalPlane::at(-33.5, 179.999);
        for site in generate(generator, &spec, 1).unwrap().sites {
            let (x, y) = plane.to_local(site.lat_deg, site.lon_deg);
            assert!((x - f64::from(site.x_m)).abs() < 1e-3 && (y - f64::from(site.y_m)).abs() < 1e-3, "{site:?}");
            assert!(site.lon_deg.abs() <= 180.0);
        }
    }
}

#[test]
fn a_line_has_equal_steps_and_its_gateway_at_the_start() {
    let spec = GenerateSpec { meters: 10, gateways: 1, spacing_m: Some(40.0), ..GenerateSpec::default() };
    let line = generate(Generator::Line, &spec, 1).unwrap();
    let expected: Vec<(f32, f32)> = (1..=10).map(|i| (40.0 * i as f32, 0.0)).collect();
    assert_eq!(points(&line, SiteKind::Meter), expected);
    assert_eq!(points(&line, SiteKind::Gateway), [(0.0, 0.0)]);
    // Two gateways stand in the middle of five meters each: at the third and the eighth.
    let spec = GenerateSpec { gateways: 2, ..spec };
    assert_eq!(points(&generate(Generator::Line, &spec, 1).unwrap(), SiteKind::Gateway), [(120.0, 0.0), (320.0, 0.0)]);
}

#[test]
fn a_grid_is_square_with_its_gateway_on_the_corner() {
    let grid = place(Generator::Grid, 8, 1);
    let (a, b, c) = (0.0, 30.0, 60.0);
    assert_eq!(points(&grid, SiteKind::Meter), [(b, a), (c, a), (a, b), (b, b), (c, b), (a, c), (b, c), (c, c)]);
    assert_eq!(points(&grid, SiteKind::Gateway), [(0.0, 0.0)]);
    assert_eq!(extent(&place(Generator::Grid, 9_999, 1)), (2_970.0, 2_970.0));
    // Four gateways on a 4 x 4 grid: each in the middle of a quarter.
    let mut quarters = points(&place(Generator::Grid, 16, 4), SiteKind::Gateway);
    quarters.sort_by(|p, q| p.0.total_cmp(&q.0).then(p.1.total_cmp(&q.1)));
    assert_eq!(quarters, [(15.0, 15.0), (15.0, 75.0), (75.0, 15.0), (75.0, 75.0)]);
}

#[test]
fn a_suburb_has_plots_of_its_width_and_the_density_of_its_blocks() {
    let suburb = place(Generator::Suburb, 5_000, 1);
    let gaps = gaps(&suburb, 0.0);
    // Plots are 22 m wide and each house is up to 2.6 m off its plot's middle: the nearer neighbour is a little nearer.
    assert!((18.0..22.0).contains(&median(&gaps)), "{}", median(&gaps));
    assert!(gaps[0] > 12.0, "{}", gaps[0]);
    // A block of 232 x 72 m has 20 plots, 5 % of them empty, and 6 % of the blocks are parks: a disc of 2.6 km.
    let area: f64 = 5_000.0 * 232.0 * 72.0 / (20.0 * 0.95 * 0.94);
    let across = 2.0 * (area / std::f64::consts::PI).sqrt();
    let (width, height) = extent(&suburb);
    for side in [width, height] {
        assert!((f64::from(side) / across - 1.0).abs() < 0.12, "{side} m, expected about {across} m");
    }
}

#[test]
fn an_old_town_is_dense_and_irregular() {
    let town = place(Generator::OldTown, 4_000, 1);
    // Doors are 7 m apart, ± 30 % for both houses.
    let doors = median(&gaps(&town, 1.0));
    assert!((4.9..7.5).contains(&doors), "{doors}");
    // 28 houses of two meters around a block of 58 m: 60 m² a meter; the suburb has 835.
    let (width, height) = extent(&town);
    let m2_a_meter = width * height * std::f32::consts::FRAC_PI_4 / 4_000.0;
    assert!((50.0..120.0).contains(&m2_a_meter), "{m2_a_meter} m² a meter");
}

#[test]
fn towers_have_meter_rooms_at_several_heights() {
    let towers = place(Generator::HighRise, 2_000, 1);
    let meters = towers.sites.iter().filter(|s| s.kind == SiteKind::Meter);
    let mut storeys: Vec<i32> =
        meters.map(|s| ((f64::from(s.height_m) - 1.25) / (4.0 * high_rise::STOREY_M)) as i32).collect();
    storeys.sort_unstable();
    storeys.dedup();
    // 20 floors in rooms of four: at 0, 4, 8, 12 and 16.
    assert_eq!(storeys, [0, 1, 2, 3, 4]);
    let highest = towers.sites.iter().map(|s| s.height_m).fold(0.0, f32::max);
    assert!((49.0..50.5).contains(&highest), "{highest}");
    // Meters of a room hang together, towers stand apart: 70 m, each up to 10.5 m off in x and y.
    let between = gaps(&towers, 5.0);
    assert!(median(&gaps(&towers, 0.01)) < 0.6 && between[0] > 45.0 && between[between.len() - 1] < 100.0);
}

#[test]
fn a_small_village_is_one_village_along_roads() {
    let village = place(Generator::Village, 60, 1);
    let gaps = gaps(&village, 0.0);
    // Houses stand 28 m apart on one side of the road and about as far from the one across.
    assert!((10.0..30.0).contains(&median(&gaps)), "{}", median(&gaps));
    // Nobody is farther from the next than a farm: 4 x 28 m + 30 %, and the road's width.
    assert!(gaps[59] < 160.0, "{}", gaps[59]);
    let (width, height) = extent(&village);
    assert!((250.0..1_300.0).contains(&width.max(height)), "{width} x {height}");
}

#[test]
fn many_villages_lie_apart_and_gateways_stand_in_villages() {
    let villages = place(Generator::Village, 2_000, 20);
    let meters = points(&villages, SiteKind::Meter);
    for gateway in points(&villages, SiteKind::Gateway) {
        assert!(meters.contains(&gateway), "{gateway:?} is in a field");
    }
    // About 22 villages of 90 meters at 1.3 km: a disc of 7 km.
    let (width, height) = extent(&villages);
    assert!((5_000.0..9_500.0).contains(&width) && (5_000.0..9_500.0).contains(&height), "{width} x {height}");
}

#[test]
fn a_million_meters_in_villages_fit_on_the_plane() {
    let country = place(Generator::Village, 1_000_000, 500);
    assert_eq!(country.count(SiteKind::Meter), 1_000_000);
    // 11,100 villages at 1.3 km: a disc of 155 km.
    let (width, height) = extent(&country);
    assert!((145_000.0..165_000.0).contains(&width) && (145_000.0..165_000.0).contains(&height), "{width} x {height}");
}

#[test]
fn gateways_serve_about_equal_shares() {
    for generator in [Generator::Suburb, Generator::OldTown, Generator::HighRise] {
        let radios = crate::terrain::assign(&place(generator, 8_000, 8)).radios();
        assert!(radios.iter().all(|n| (500..1_700).contains(n)), "{generator:?}: {radios:?}");
    }
}

#[test]
fn spacing_scales_the_place() {
    for generator in Generator::ALL {
        let double = GenerateSpec {
            meters: 1_000,
            spacing_m: Some(2.0 * generator.default_spacing_m()),
            ..GenerateSpec::default()
        };
        let (narrow, wide) = (extent(&place(generator, 1_000, 1)), extent(&generate(generator, &double, 7).unwrap()));
        let ratio = wide.0 / narrow.0;
        assert!((1.8..2.2).contains(&ratio), "{generator:?}: {ratio}");
    }
}

#[test]
fn what_cannot_be_generated_is_refused_with_the_reason() {
    let refuse = |generator, change: fn(&mut GenerateSpec)| {
        let mut spec = GenerateSpec::default();
        change(&mut spec);
        generate(generator, &spec, 1).unwrap_err().to_string()
    };
    assert_eq!(
        refuse(Generator::OldTown, |s| s.meters = 0),
        "the generator old-town was asked for 0 meters; ask for at least 1"
    );
    assert_eq!(
        refuse(Generator::Suburb, |s| s.gateways = 101),
        "101 gateways for 100 meters; ask for at most one gateway a meter"
    );
    assert_eq!(
        refuse(Generator::Line, |s| s.meters = 1_000_000),
        "the generator line would spread 1000000 meters over 50000 km, and a placement may be 200 km wide; ask for \
         fewer meters or a smaller spacing"
    );
    assert_eq!(
        refuse(Generator::Grid, |s| s.spacing_m = Some(f64::NAN)),
        "a spacing of NaN m is not possible; give one from 0.5 to 5000 m, or leave it out for the generator's own"
    );
    assert_eq!(
        refuse(Generator::Grid, |s| s.lat_deg = 86.0),
        "an origin at latitude 86, longitude 10 is not possible; latitude goes from -85 to 85 and longitude from -180 \
         to 180 degrees"
    );
    assert!(refuse(Generator::Grid, |s| s.meters = 20_000_000).contains("more than the 20000000 sites"));
}
