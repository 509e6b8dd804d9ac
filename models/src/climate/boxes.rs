//! The boxes of a run: of meters, repeaters and border routers, in the shade of houses, in the sun, or on a wall that faces somewhere.

use super::enclosure::Enclosure;
use crate::purpose;
use crate::spec::{BoxSpec, Facing, WeatherSpec};
use crate::terrain::{Site, SiteKind};
use amitwin_sim_core::rng::Stream;

/// Directions that a wall may face: the eight points of the compass, clockwise from the north.
pub const WALLS: usize = 8;
/// Places of a box: in the sun as on level ground, in the shade, on each wall.
const PLACES: usize = 2 + WALLS;
const SUNNY: usize = 0;
const SHADED: usize = 1;

/// Kinds of boxes: of meters, repeaters and border routers, each at every place.
pub const BOXES: usize = 3 * PLACES;

/// Place of a box on a wall.
fn on_wall(wall: u8) -> usize {
    2 + usize::from(wall)
}

/// Numbers of the boxes in sun and shade of meters, and in the sun of repeaters and border routers, as most of them are.
pub fn usual(weather: &WeatherSpec) -> [usize; 4] {
    let sunny = |of: usize, spec: &BoxSpec| PLACES * of + spec.facing.wall().map_or(SUNNY, on_wall);
    [sunny(0, &weather.meters), SHADED, sunny(1, &weather.repeaters), sunny(2, &weather.routers)]
}

/// The kinds of boxes, in the order of [`box_of`].
pub fn boxes(weather: &WeatherSpec) -> [Enclosure; BOXES] {
    let kinds = [&weather.meters, &weather.repeaters, &weather.routers];
    std::array::from_fn(|n| {
        let place = n % PLACES;
        let enclosure = Enclosure::new(kinds[n / PLACES], place != SHADED);
        Enclosure { wall: place.checked_sub(2).map(|wall| wall as u8), ..enclosure }
    })
}

/// Number of the kind of box at a site: whether the sun reaches it is drawn by the site, and so is its wall if boxes hang on any.
pub fn box_of(weather: &WeatherSpec, seed: u64, site: u32, kind: SiteKind) -> u8 {
    let (first, spec) = match kind {
        SiteKind::Meter => (0, &weather.meters),
        SiteKind::Repeater => (PLACES, &weather.repeaters),
        SiteKind::Gateway | SiteKind::Transformer => (2 * PLACES, &weather.routers),
    };
    let mut draws = Stream::new(seed, u64::from(site), purpose::SUNNY);
    if draws.unit() >= spec.sunny {
        return (first + SHADED) as u8;
    }
    let of_file = weather.walls.as_ref().and_then(|walls| walls.get(site as usize).copied().flatten());
    let place = match of_file.or(spec.facing.wall()) {
        Some(wall) => on_wall(wall),
        None if spec.facing == Facing::Mixed => on_wall((draws.unit() * WALLS as f64) as u8),
        None => SUNNY,
    };
    (first + place) as u8
}

/// Which kinds of boxes there are at these sites.
pub fn in_use(weather: &WeatherSpec, seed: u64, sites: &[Site]) -> [bool; BOXES] {
    let mut used = [false; BOXES];
    for (site, at) in (0..).zip(sites) {
        used[usize::from(box_of(weather, seed, site, at.kind))] = true;
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{BoxSpec, Climate};
    use std::sync::Arc;

    fn count(weather: &WeatherSpec, kind: SiteKind, number: u8) -> usize {
        (0..10_000).filter(|&n| box_of(weather, 1, n, kind) == number).count()
    }

    #[test]
    fn the_sun_reaches_the_share_of_each_kind_that_it_should() {
        let some = BoxSpec { sunny: 0.3, ..BoxSpec::default() };
        let none = BoxSpec { sunny: 0.0, ..BoxSpec::default() };
        let weather = WeatherSpec { meters: some, routers: none, ..WeatherSpec::of(Climate::London) };
        // Of 10,000 with 0.3: a standard deviation of 46.
        assert!(count(&weather, SiteKind::Meter, 0).abs_diff(3_000) < 200);
        assert_eq!(count(&weather, SiteKind::Repeater, 10), 10_000);
        assert_eq!(count(&weather, SiteKind::Gateway, 21), 10_000);
        let boxes = boxes(&weather);
        assert_eq!([0, 1, 10, 11, 20, 21].map(|n| boxes[n].sun_k), [14.0, 0.0, 14.0, 0.0, 14.0, 0.0]);
    }

    #[test]
    fn walls_are_those_of_the_setting_of_the_file_or_drawn() {
        let facing = |facing| BoxSpec { facing, ..BoxSpec::default() };
        let mut weather = WeatherSpec {
            meters: facing(Facing::Mixed),
            routers: facing(Facing::West),
            ..WeatherSpec::of(Climate::London)
        };
        // An eighth of 10,000 with a standard deviation of 33.
        for wall in 0..8 {
            assert!(count(&weather, SiteKind::Meter, 2 + wall).abs_diff(1_250) < 140);
        }
        assert_eq!(count(&weather, SiteKind::Gateway, 28), 10_000);
        assert_eq!(usual(&weather), [0, 1, 10, 28]);
        weather.walls = Some(Arc::new(vec![Some(4), None]));
        assert_eq!((box_of(&weather, 1, 0, SiteKind::Meter), box_of(&weather, 1, 1, SiteKind::Gateway)), (6, 28));
        assert_eq!(boxes(&weather)[6].wall, Some(4));
    }
}
