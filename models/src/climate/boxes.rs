//! The boxes of a run: of meters, repeaters and border routers, in the sun and in the shade of houses.

use super::enclosure::Enclosure;
use crate::purpose;
use crate::spec::WeatherSpec;
use crate::terrain::SiteKind;
use amitwin_sim_core::rng::Stream;

/// Kinds of boxes: of meters, repeaters and border routers, each in the sun, then in the shade.
pub const BOXES: usize = 6;

/// The kinds of boxes, in the order of [`box_of`].
pub fn boxes(weather: &WeatherSpec) -> [Enclosure; BOXES] {
    let kinds = [&weather.meters, &weather.repeaters, &weather.routers];
    std::array::from_fn(|n| Enclosure::new(kinds[n / 2], n % 2 == 0))
}

/// Number of the kind of box at a site: whether the sun reaches it is drawn by the site.
pub fn box_of(weather: &WeatherSpec, seed: u64, site: u32, kind: SiteKind) -> u8 {
    let (first, spec) = match kind {
        SiteKind::Meter => (0, &weather.meters),
        SiteKind::Repeater => (2, &weather.repeaters),
        SiteKind::Gateway | SiteKind::Transformer => (4, &weather.routers),
    };
    let is_in_sun = Stream::new(seed, u64::from(site), purpose::SUNNY).unit() < spec.sunny;
    first + u8::from(!is_in_sun)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{BoxSpec, Climate};

    #[test]
    fn the_sun_reaches_the_share_of_each_kind_that_it_should() {
        let some = BoxSpec { sunny: 0.3, ..BoxSpec::default() };
        let none = BoxSpec { sunny: 0.0, ..BoxSpec::default() };
        let weather = WeatherSpec { meters: some, routers: none, ..WeatherSpec::of(Climate::London) };
        let count = |kind, number| (0..10_000).filter(|&n| box_of(&weather, 1, n, kind) == number).count();
        // Of 10,000 with 0.3: a standard deviation of 46.
        assert!(count(SiteKind::Meter, 0).abs_diff(3_000) < 200);
        assert_eq!((count(SiteKind::Repeater, 2), count(SiteKind::Gateway, 5)), (10_000, 10_000));
        assert_eq!(boxes(&weather).map(|b| b.sun_k), [14.0, 0.0, 14.0, 0.0, 14.0, 0.0]);
    }
}
