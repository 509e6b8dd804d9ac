//! What stands around radios on a map: outlines of trees and buildings under them, interferers over them.

use super::{Projection, whole};
use crate::surroundings::Surroundings;
use crate::svg::{Svg, WIDTH};
use std::fmt::Write;

/// Draws outlines, cut at the edges of the map; says how many trees and buildings show.
pub(super) fn outlines(svg: &mut Svg, at: &Projection, around: &Surroundings) -> [usize; 2] {
    [("trees", &around.trees), ("building", &around.buildings)].map(|(class, all)| {
        let mut data = String::new();
        let mut shown = 0;
        for outline in all {
            let corners: Vec<(f64, f64)> = outline.iter().map(|&(x_m, y_m)| at.at(x_m, y_m)).collect();
            let inside = cut(corners, (WIDTH, at.height));
            for (n, (x, y)) in inside.iter().enumerate() {
                let _ = write!(data, "{}{} {}", if n == 0 { 'M' } else { 'L' }, whole(*x), whole(*y));
            }
            if !inside.is_empty() {
                data.push('Z');
                shown += 1;
            }
        }
        svg.path(class, &data);
        shown
    })
}

/// Draws interferers, and says how many stand on the map.
pub(super) fn interferers(svg: &mut Svg, at: &Projection, around: &Surroundings) -> usize {
    let mut data = String::new();
    let places = around.interferers.iter().map(|&(x_m, y_m)| at.at(x_m, y_m));
    let on_it = |(x, y): &(f64, f64)| (0.0..=WIDTH).contains(x) && (0.0..=at.height).contains(y);
    let shown: Vec<(f64, f64)> = places.filter(on_it).collect();
    for (x, y) in &shown {
        // A mast with two waves.
        let _ = write!(data, "M{} {}v-16m-5 11a8 8 0 0 1 0-11m10 11a8 8 0 0 0 0-11", whole(*x), whole(*y));
    }
    svg.path("interferer", &data);
    shown.len()
}

/// An outline less what lies beyond a rectangle from 0, 0 to a corner (Sutherland and Hodgman).
fn cut(outline: Vec<(f64, f64)>, (width, height): (f64, f64)) -> Vec<(f64, f64)> {
    // How far inside of each edge a corner lies.
    let edges: [&dyn Fn((f64, f64)) -> f64; 4] = [&|(x, _)| x, &|(x, _)| width - x, &|(_, y)| y, &|(_, y)| height - y];
    let mut left = outline;
    for inside in edges {
        let mut next = Vec::new();
        for (n, &to) in left.iter().enumerate() {
            let from = left[(n + left.len() - 1) % left.len()];
            let (a, b) = (inside(from), inside(to));
            if (a < 0.0) != (b < 0.0) {
                let share = a / (a - b);
                next.push((from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share));
            }
            if b >= 0.0 {
                next.push(to);
            }
        }
        left = next;
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines_end_at_the_edge() {
        let square = |from: f64, to: f64| vec![(from, from), (to, from), (to, to), (from, to)];
        assert_eq!(cut(square(2.0, 4.0), (10.0, 10.0)), square(2.0, 4.0));
        // Half of a square from -2 to 2 lies beyond either edge.
        let area = |corners: &[(f64, f64)]| {
            let pairs = corners.iter().zip(corners.iter().cycle().skip(1));
            pairs.map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>().abs() / 2.0
        };
        assert_eq!(area(&cut(square(-2.0, 2.0), (10.0, 10.0))), 4.0);
        assert_eq!(area(&cut(square(-5.0, 50.0), (10.0, 20.0))), 200.0);
        assert!(cut(square(11.0, 12.0), (10.0, 10.0)).is_empty());
    }
}
