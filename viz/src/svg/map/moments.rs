//! The same places at several moments, as small maps side by side.

use super::{Kind, Place, whole};
use crate::svg::{Anchor, Svg, WIDTH};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Maps in a row.
const COLUMNS: usize = 3;
/// Between two maps.
const GAP: f64 = 14.0;
/// Over a map, for what is said of it.
const HEAD: f64 = 42.0;
/// Tallest map, as a multiple of its width.
const TALLEST: f64 = 1.1;
/// Places that fall into the same square of this size are one mark, of the last state among them.
const GRAIN: f64 = 2.0;

/// One of the maps.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// When it is.
    pub name: String,
    /// What is to be said of it.
    pub note: String,
    /// The state of each place, in their order, as a number of its class.
    pub states: Vec<Option<usize>>,
}

/// Draws `places` once for each moment; places without a state are faint, those of the last class are drawn last.
pub fn draw(title: &str, places: &[Place], moments: &[Moment], classes: &[&str]) -> Svg {
    let width = (WIDTH - GAP * (COLUMNS - 1) as f64) / COLUMNS as f64;
    let fold = |f: fn(f64, f64) -> f64, v: fn(&Place) -> f64| places.iter().map(v).reduce(f).unwrap_or(0.0);
    let (west, north) = (fold(f64::min, |p| p.x_m), fold(f64::max, |p| p.y_m));
    let (across, up) = (fold(f64::max, |p| p.x_m) - west, north - fold(f64::min, |p| p.y_m));
    let (pad, least) = (4.0, super::EXTENT_MIN_M);
    let inner = width - 2.0 * pad;
    let scale = (inner / across.max(least)).min(width * TALLEST / up.max(least));
    let height = (up * scale).max(24.0) + 2.0 * pad;
    let rows = moments.len().div_ceil(COLUMNS);
    let mut svg = Svg::new(WIDTH, rows as f64 * (HEAD + height + GAP), title);
    let left = (width - across * scale) / 2.0;
    for (n, moment) in moments.iter().enumerate() {
        let (x0, y0) = ((n % COLUMNS) as f64 * (width + GAP), (n / COLUMNS) as f64 * (HEAD + height + GAP) + HEAD);
        svg.text("", x0 + pad, y0 - 24.0, Anchor::Start, &moment.name);
        svg.text("tick", x0 + pad, y0 - 7.0, Anchor::Start, &moment.note);
        let at = |p: &Place| {
            let (x, y) = (left + (p.x_m - west) * scale, pad + (north - p.y_m) * scale);
            ((x / GRAIN).round() as i64, (y / GRAIN).round() as i64)
        };
        let meters = places.iter().zip(&moment.states).filter(|(place, _)| matches!(place.kind, Kind::Meter(_)));
        let mut marks: BTreeMap<(i64, i64), Option<usize>> = BTreeMap::new();
        for (place, state) in meters {
            let mark = marks.entry(at(place)).or_default();
            *mark = (*mark).max(*state);
        }
        let routers: BTreeSet<(i64, i64)> = places.iter().filter(|p| p.kind == Kind::Router).map(at).collect();
        let size = (90.0 / (marks.len().max(1) as f64).sqrt()).clamp(GRAIN, 6.0);
        for class in [None].into_iter().chain((0..classes.len()).map(Some)) {
            let mut data = String::new();
            for (x, y) in marks.iter().filter(|(_, state)| **state == class).map(|(at, _)| *at) {
                let _ = write!(data, "M{} {}h0", whole(x0 + x as f64 * GRAIN), whole(y0 + y as f64 * GRAIN));
            }
            let class = class.map_or("faint".to_owned(), |class| classes[class].to_owned());
            svg.marks(&format!("dot {class}"), size, &data);
        }
        let mut data = String::new();
        for (x, y) in routers {
            let (x, y) = (x0 + x as f64 * GRAIN, y0 + y as f64 * GRAIN - 5.0);
            let _ = write!(data, "M{} {}l5 5l-5 5l-5-5z", whole(x), whole(y));
        }
        svg.path("router", &data);
    }
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_moment_has_a_map_on_which_every_meter_stands_once() {
        let at = |x_m, kind| Place { x_m, y_m: 0.0, kind, parent: None };
        let meter = Kind::Meter(Some(1));
        let places = [at(0.0, Kind::Router), at(0.0, meter), at(100.0, meter), at(200.0, meter)];
        let moment = |states: [Option<usize>; 3]| Moment {
            name: "1 h".into(),
            note: "2 out".into(),
            states: [None].into_iter().chain(states).collect(),
        };
        let moments = [moment([None; 3]), moment([Some(0), Some(1), None]), moment([Some(1); 3]), moment([None; 3])];
        let svg = draw("outage", &places, &moments, &["s0", "s1"]);
        let text = svg.element();
        // Three faint, then one; of the two classes one and one, then three of the second; four border routers.
        let marks = |class: &str| {
            let mark = format!("class=\"dot {class}\"");
            let paths = text.split(&mark).skip(1);
            paths.map(|path| path.split("/>").next().unwrap_or_default().matches("h0").count()).collect::<Vec<_>>()
        };
        assert_eq!((marks("faint"), marks("s0"), marks("s1")), (vec![3, 1, 3], vec![1], vec![1, 3]));
        assert_eq!(text.matches("class=\"router\"").count(), 4);
        // Two rows, of which the first is full.
        let first = draw("outage", &places, &moments[..3], &["s0", "s1"]);
        assert_eq!(svg.height, 2.0 * first.height);
    }

    #[test]
    fn a_city_stays_small() {
        let at = |n: u32| Place {
            x_m: f64::from(n % 400) * 20.0,
            y_m: f64::from(n / 400) * 20.0,
            kind: Kind::Meter(Some(1)),
            parent: None,
        };
        let places: Vec<Place> = (0..100_000).map(at).collect();
        let moment = Moment { name: "".into(), note: "".into(), states: vec![Some(0); places.len()] };
        let svg = draw("city", &places, &vec![moment; 6], &["s0"]).element();
        assert!(svg.len() < 600_000, "{}", svg.len());
    }
}
