//! The placement with a mark where messages were lost, whose area goes with their number.

use super::{Place, Projection, draw_density, draw_links, draw_scale, draw_special, whole};
use crate::svg::{Svg, WIDTH};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Most places that are marked, those with most losses.
const MARKED_MAX: usize = 2_000;
/// Diameter of the largest mark, and of one that stands for next to nothing.
const SIZES: (f64, f64) = (22.0, 3.0);
/// The largest mark is smaller where there are many: so much by the root of their number, but at least twice the least.
const CROWD: f64 = 120.0;

/// Draws `places`, and at each how many messages were lost there, in their order.
pub fn draw(title: &str, places: &[Place], lost: &[u64]) -> Svg {
    let at = Projection::new(places);
    let mut svg = Svg::new(WIDTH, at.height + super::FOOT, title);
    if places.len() > super::POINTS_MAX {
        draw_density(&mut svg, &at, places);
    } else {
        draw_links(&mut svg, &at, places);
    }
    let mut marked: Vec<(&Place, u64)> = places.iter().zip(lost.iter().copied()).filter(|(_, n)| *n > 0).collect();
    marked.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let most = marked.first().map_or(1, |(_, n)| *n) as f64;
    let largest = (CROWD / (marked.len().max(1) as f64).sqrt()).clamp(2.0 * SIZES.1, SIZES.0);
    let mut by_size: BTreeMap<u32, String> = BTreeMap::new();
    for (place, n) in marked.into_iter().take(MARKED_MAX) {
        let (x, y) = at.px(place);
        let size = SIZES.1 + (largest - SIZES.1) * (n as f64 / most).sqrt();
        let _ = write!(by_size.entry(size.round() as u32).or_default(), "M{} {}h0", whole(x), whole(y));
    }
    // The largest first, so that no mark hides another.
    for (size, data) in by_size.iter().rev() {
        svg.marks("dot loss", f64::from(*size), data);
    }
    draw_special(&mut svg, &at, places);
    draw_scale(&mut svg, &at);
    svg
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    #[test]
    fn a_mark_s_area_goes_with_the_losses_and_none_is_drawn_where_none_were() {
        let at = |x_m| Place { x_m, y_m: 0.0, kind: Kind::Meter(Some(1)), parent: None };
        let svg = draw("losses", &[at(0.0), at(50.0), at(100.0), at(150.0)], &[400, 0, 100, 1]).element();
        // Diameters 22; 3 + 19 / 2 = 12.5, rounded to 13; 3 + 19 / 20, rounded to 4.
        let sizes: Vec<&str> = svg.split("class=\"dot loss\" stroke-width=\"").skip(1).map(|s| &s[..2]).collect();
        assert_eq!(sizes, ["22", "13", "4\""]);
        assert_eq!(svg.matches("h0").count(), 3);
    }
}
