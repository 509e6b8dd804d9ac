//! The placement seen from above, with the routing tree.
//!
//! Meters of one hop count share one path and all links share another, so that thousands of meters stay a few ten
//! kilobytes. Above [`POINTS_MAX`] sites single meters would be smaller than a pixel: the map shows their density.

mod around;
pub mod health;
pub mod losses;
pub mod marked;
pub mod moments;

use super::style::HOP_STEPS;
use super::{Anchor, Svg, WIDTH};
use crate::surroundings::Surroundings;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Most sites that are drawn one by one.
pub const POINTS_MAX: usize = 20_000;
/// Most unreachable meters that are marked on a density map.
const LOST_MAX: usize = 2_000;
const PAD: f64 = 14.0;
/// Room under the map for the scale bar.
const FOOT: f64 = 34.0;
/// Longest scale bar.
const SCALE_MAX: f64 = 160.0;
const HEIGHT_MIN: f64 = 120.0;
const HEIGHT_MAX: f64 = 640.0;
const CELL: f64 = 6.0;
/// A smaller placement is not blown up.
const EXTENT_MIN_M: f64 = 20.0;

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A meter with its hops to the border router; `None` if none reaches it.
    Meter(Option<u8>),
    /// A border router.
    Router,
    /// A range extender.
    Extender,
    /// Neither sends nor routes.
    Other,
}

/// A place on the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Metres east.
    pub x_m: f64,
    /// Metres north.
    pub y_m: f64,
    /// What stands there.
    pub kind: Kind,
    /// Index of the next hop in the list of places.
    pub parent: Option<usize>,
}

/// A drawn map.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// The drawing.
    pub svg: Svg,
    /// Class of the colour and hops that it stands for (`1`, `3-4`), nearest first; empty on a density map.
    pub hop_legend: Vec<(String, String)>,
    /// Whether the map shows density instead of single meters.
    pub density: bool,
    /// Unreachable meters that are marked; fewer than there are only on a density map.
    pub lost_marked: usize,
    /// Trees, buildings and interferers that stand on it.
    pub around: [usize; 3],
}

struct Projection {
    west: f64,
    north: f64,
    scale: f64,
    left: f64,
    top: f64,
    height: f64,
}

impl Projection {
    fn new(places: &[Place]) -> Self {
        let fold = |f: fn(f64, f64) -> f64, v: fn(&Place) -> f64| places.iter().map(v).reduce(f).unwrap_or(0.0);
        let (west, east) = (fold(f64::min, |p| p.x_m), fold(f64::max, |p| p.x_m));
        let (south, north) = (fold(f64::min, |p| p.y_m), fold(f64::max, |p| p.y_m));
        let (across, up) = ((east - west).max(EXTENT_MIN_M), north - south);
        let inner = WIDTH - 2.0 * PAD;
        let scale = (inner / across).min((HEIGHT_MAX - 2.0 * PAD) / up.max(EXTENT_MIN_M));
        let height = (up * scale + 2.0 * PAD).max(HEIGHT_MIN);
        // What does not fill the drawing stands in its middle.
        let left = (WIDTH - (east - west) * scale) / 2.0;
        let top = (height - (north - south) * scale) / 2.0;
        Projection { west, north, scale, left, top, height }
    }

    fn px(&self, p: &Place) -> (f64, f64) {
        self.at(p.x_m, p.y_m)
    }

    fn at(&self, x_m: f64, y_m: f64) -> (f64, f64) {
        (self.left + (x_m - self.west) * self.scale, self.top + (self.north - y_m) * self.scale)
    }
}

/// Draws `places` and the link from each to its parent, and what stands around them.
pub fn draw(title: &str, places: &[Place], around: &Surroundings) -> Map {
    let at = Projection::new(places);
    let mut svg = Svg::new(WIDTH, at.height + FOOT, title);
    let density = places.len() > POINTS_MAX;
    let [trees, buildings] = around::outlines(&mut svg, &at, around);
    let hop_legend = if density {
        draw_density(&mut svg, &at, places);
        Vec::new()
    } else {
        draw_links(&mut svg, &at, places);
        draw_meters(&mut svg, &at, places)
    };
    let lost: Vec<&Place> = places.iter().filter(|p| p.kind == Kind::Meter(None)).collect();
    let every = if density { lost.len().div_ceil(LOST_MAX).max(1) } else { 1 };
    let mut marks = String::new();
    let mut lost_marked = 0;
    for place in lost.iter().step_by(every) {
        let (x, y) = at.px(place);
        let _ = write!(marks, "M{} {}l6 6m0-6l-6 6", whole(x - 3.0), whole(y - 3.0));
        lost_marked += 1;
    }
    svg.path("lost", &marks);
    draw_special(&mut svg, &at, places);
    let interferers = around::interferers(&mut svg, &at, around);
    draw_scale(&mut svg, &at);
    Map { svg, hop_legend, density, lost_marked, around: [trees, buildings, interferers] }
}

/// Half a user unit is finer than a mark; whole tenths would cost a fifth more bytes for nothing.
fn whole(v: f64) -> String {
    let halves = (v * 2.0).round() as i64;
    if halves % 2 == 0 { (halves / 2).to_string() } else { format!("{:.1}", halves as f64 / 2.0) }
}

fn draw_links(svg: &mut Svg, at: &Projection, places: &[Place]) {
    let mut data = String::new();
    for place in places {
        if let Some(parent) = place.parent.and_then(|i| places.get(i)) {
            let ((x1, y1), (x2, y2)) = (at.px(place), at.px(parent));
            let _ = write!(data, "M{} {}L{} {}", whole(x1), whole(y1), whole(x2), whole(y2));
        }
    }
    svg.path("link", &data);
}

fn draw_meters(svg: &mut Svg, at: &Projection, places: &[Place]) -> Vec<(String, String)> {
    let mut by_hops: BTreeMap<u8, String> = BTreeMap::new();
    let mut meters = 0_usize;
    for place in places {
        if let Kind::Meter(Some(hops)) = place.kind {
            let (x, y) = at.px(place);
            let _ = write!(by_hops.entry(hops).or_default(), "M{} {}h0", whole(x), whole(y));
            meters += 1;
        }
    }
    // Marks shrink with their number, so that a dense town does not become a blot.
    let size = (200.0 / (meters.max(1) as f64).sqrt()).clamp(2.0, 7.0);
    let most = by_hops.keys().next_back().copied().unwrap_or(1).max(1) as usize;
    let per_step = most.div_ceil(HOP_STEPS);
    let steps = most.div_ceil(per_step);
    let class_of = |hops: u8| {
        let step = (hops.max(1) as usize - 1) / per_step;
        // A shallow tree spreads over the whole ramp.
        if steps > 1 { step * (HOP_STEPS - 1) / (steps - 1) } else { 0 }
    };
    let mut legend: Vec<(String, String)> = Vec::new();
    for step in 0..steps {
        let (from, to) = (step * per_step + 1, ((step + 1) * per_step).min(most));
        let name = if from == to { from.to_string() } else { format!("{from}-{to}") };
        legend.push((format!("h{}", class_of(from as u8)), name));
    }
    // Far meters first: the crowd around the border router stays on top.
    for (hops, data) in by_hops.iter().rev() {
        svg.marks(&format!("dot h{}", class_of(*hops)), size, data);
    }
    legend
}

fn draw_density(svg: &mut Svg, at: &Projection, places: &[Place]) {
    let mut cells: BTreeMap<(i64, i64), u32> = BTreeMap::new();
    for place in places.iter().filter(|p| matches!(p.kind, Kind::Meter(_))) {
        let (x, y) = at.px(place);
        *cells.entry((libm::floor(x / CELL) as i64, libm::floor(y / CELL) as i64)).or_default() += 1;
    }
    let mut counts: Vec<u32> = cells.values().copied().collect();
    counts.sort_unstable();
    // Steps at the fifths of the occupied cells: a few crowded ones do not pale all others.
    let limits: Vec<u32> = (1..5).map(|i| counts[(counts.len() - 1) * i / 5]).collect();
    let mut paths = vec![String::new(); 5];
    for ((cx, cy), n) in &cells {
        let class = limits.iter().filter(|limit| n > limit).count();
        let (x, y) = (*cx as f64 * CELL, *cy as f64 * CELL);
        let _ = write!(paths[class], "M{} {}h{CELL}v{CELL}h-{CELL}z", whole(x), whole(y));
    }
    for (i, data) in paths.iter().enumerate() {
        svg.path(&format!("d{i}"), data);
    }
}

fn draw_special(svg: &mut Svg, at: &Projection, places: &[Place]) {
    let (mut routers, mut extenders) = (String::new(), String::new());
    for place in places {
        let (x, y) = at.px(place);
        match place.kind {
            Kind::Router => {
                let _ = write!(routers, "M{} {}l8 8l-8 8l-8-8z", whole(x), whole(y - 8.0));
            }
            Kind::Extender => {
                let _ = write!(extenders, "M{} {}h6v6h-6z", whole(x - 3.0), whole(y - 3.0));
            }
            Kind::Meter(_) | Kind::Other => {}
        }
    }
    svg.path("extender", &extenders);
    svg.path("router", &routers);
}

/// A bar of a round length, and an arrow to the north.
fn draw_scale(svg: &mut Svg, at: &Projection) {
    let metres = round_length(SCALE_MAX / at.scale);
    let (width, y) = (metres * at.scale, at.height + 14.0);
    svg.path("scale", &format!("M{} {}v6h{}v-6", whole(PAD), whole(y), whole(width)));
    let name = if metres >= 1_000.0 { format!("{} km", metres / 1_000.0) } else { format!("{metres} m") };
    svg.text("tick", PAD + width + 8.0, y + 9.0, Anchor::Start, &name);
    let east = WIDTH - PAD - 5.0;
    svg.path("scale", &format!("M{} {}v-16l-4 6m4-6l4 6", whole(east), whole(y + 10.0)));
    svg.text("tick", east - 10.0, y + 9.0, Anchor::End, "N");
}

/// The longest of 1, 2, 5, 10, 20, 50 ... m that is no longer than that.
fn round_length(longest_m: f64) -> f64 {
    let mut decade_m = 1.0;
    while decade_m * 10.0 <= longest_m {
        decade_m *= 10.0;
    }
    [5.0, 2.0].into_iter().map(|step| step * decade_m).find(|m| *m <= longest_m).unwrap_or(decade_m)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(n: usize) -> Vec<Place> {
        let mut places = vec![Place { x_m: 0.0, y_m: 0.0, kind: Kind::Router, parent: None }];
        let side = (n as f64).sqrt() as usize;
        for i in 0..n {
            let hops = (i % side / 8 + 1) as u8;
            let place = Place {
                x_m: (i % side) as f64 * 30.0,
                y_m: (i / side) as f64 * 30.0,
                kind: Kind::Meter((i % 500 != 7).then_some(hops)),
                parent: (i % 500 != 7).then_some(i.saturating_sub(1)),
            };
            places.push(place);
        }
        places
    }

    #[test]
    fn five_thousand_meters_stay_small() {
        let map = draw("map", &grid(5_000), &Surroundings::default());
        assert!(!map.density);
        assert!(map.svg.element().len() < 250_000, "{}", map.svg.element().len());
        assert_eq!(map.lost_marked, 10);
        assert!(map.hop_legend.len() <= HOP_STEPS);
    }

    #[test]
    fn a_city_becomes_a_density_map() {
        let map = draw("map", &grid(100_000), &Surroundings::default());
        assert!(map.density && map.hop_legend.is_empty());
        assert!(map.svg.element().len() < 400_000, "{}", map.svg.element().len());
        assert_eq!(map.lost_marked, 200);
    }

    #[test]
    fn hops_share_the_ramp() {
        let meter = |x: f64, hops| Place { x_m: x, y_m: 0.0, kind: Kind::Meter(Some(hops)), parent: None };
        let names = |most: u8| {
            let places: Vec<Place> = (1..=most).map(|h| meter(h as f64, h)).collect();
            draw("m", &places, &Surroundings::default()).hop_legend.into_iter().map(|(_, n)| n).collect::<Vec<_>>()
        };
        assert_eq!(names(3), ["1", "2", "3"]);
        assert_eq!(names(8).len(), 8);
        assert_eq!(names(19), ["1-3", "4-6", "7-9", "10-12", "13-15", "16-18", "19"]);
    }

    /// Length of the scale bar and what it says, m.
    fn scale_of(width_m: f64) -> (f64, f64) {
        let at = |x_m| Place { x_m, y_m: 0.0, kind: Kind::Meter(Some(1)), parent: None };
        let svg = draw("m", &[at(0.0), at(width_m)], &Surroundings::default()).svg.element();
        let bar = svg.split("v6h").nth(1).and_then(|s| s.split('v').next()).expect("a bar");
        let (_, text) = svg
            .rsplit_once("</text>")
            .and_then(|(s, _)| s.rsplit_once("</text>"))
            .map_or(("", ""), |(s, _)| s.rsplit_once('>').expect("a text"));
        let (number, unit) = text.split_once(' ').expect("a length");
        let said_m = number.parse::<f64>().expect("a number") * if unit == "km" { 1_000.0 } else { 1.0 };
        // The map is drawn over the whole width less its pads.
        (bar.parse::<f64>().expect("a width") * width_m.max(EXTENT_MIN_M) / (WIDTH - 2.0 * PAD), said_m)
    }

    #[test]
    fn the_scale_bar_says_how_long_it_is_from_1_m_to_500_km() {
        let mut width_m = 1.0;
        while width_m <= 500_000.0 {
            let (drawn_m, said_m) = scale_of(width_m);
            // Half a unit of the drawing is rounded away.
            let rounding_m = 0.5 * width_m.max(EXTENT_MIN_M) / (WIDTH - 2.0 * PAD);
            assert!((drawn_m - said_m).abs() <= rounding_m, "{width_m}: {drawn_m} m says {said_m} m");
            // A 1-2-5 length is at least two fifths of the longest.
            assert!(said_m >= 0.4 * SCALE_MAX * width_m.max(EXTENT_MIN_M) / (WIDTH - 2.0 * PAD), "{width_m}: {said_m}");
            width_m *= 1.07;
        }
        // 1.7 km over 612 units: at most 444 m.
        assert_eq!(scale_of(1_700.0).1, 200.0);
    }

    #[test]
    fn one_place_or_none_is_drawn() {
        let one = Place { x_m: 5.0, y_m: 5.0, kind: Kind::Meter(Some(1)), parent: None };
        let drawn = draw("m", &[one], &Surroundings::default()).svg.element();
        assert!(drawn.contains("M320 60h0"), "{drawn}");
        assert!(draw("m", &[], &Surroundings::default()).svg.element().ends_with("</svg>"));
    }
}
