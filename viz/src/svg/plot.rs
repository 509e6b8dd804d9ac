//! Lines with bands over an axis of numbers or of words, with limits across.

use super::ticks;
use super::{Anchor, Svg, WIDTH, coord, style};
use std::fmt::Write;

const HEIGHT: f64 = 316.0;
// The page enlarges text on narrow screens, so the margins hold labels of 19 units.
const LEFT: f64 = 74.0;
const RIGHT: f64 = 22.0;
const BOTTOM: f64 = 58.0;
const TOP: f64 = 40.0;
/// A letter of a label, on average and a little more.
const LETTER: f64 = 8.4;
/// Between two labels of the horizontal axis, at least.
const GAP: f64 = 8.0;
/// Joined points whose marks are nearer to each other than this, on average, have none.
const MARK_GAP: f64 = 9.0;
/// Diameter of a point that belongs to no line.
const LOOSE: f64 = 9.0;
/// An axis of what has bounds shows at least this share of all that there could be, so that noise makes no mountains.
const SHOWN_MIN: f64 = 0.005;

/// One point of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Horizontally: a number of the axis, or the place of a word.
    pub x: f64,
    /// Vertically.
    pub y: f64,
    /// Ends of the band at this point.
    pub band: Option<(f64, f64)>,
}

/// A chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// Read out in place of the picture.
    pub title: String,
    /// What is varied.
    pub x_label: String,
    /// The figure, with its unit.
    pub y_label: String,
    /// Labels of the horizontal axis and where they stand.
    pub x_ticks: Vec<(f64, String)>,
    /// The horizontal axis is logarithmic; all x are above zero.
    pub logarithmic: bool,
    /// Between what the figure can be at all, such as 0 and 100 %: the vertical axis then shows where the points are, and says so where
    /// it does not start at the lower bound. Without bounds it starts at 0.
    pub bounds: Option<(f64, f64)>,
    /// Lines in rising order of x; their place sets their colour.
    pub lines: Vec<Vec<Point>>,
    /// The points of a line are joined, and their bands are an area; otherwise each has a bar of its own.
    pub joined: bool,
    /// Points that belong to no line.
    pub loose: Vec<Point>,
    /// Names beside points.
    pub names: Vec<(f64, f64, String)>,
    /// Limits, drawn across.
    pub limits: Vec<(f64, String)>,
    /// Places of the horizontal axis that are marked from top to bottom.
    pub marks: Vec<(f64, String)>,
}

struct Frame {
    x: (f64, f64),
    y: (f64, f64),
    logarithmic: bool,
}

impl Frame {
    fn x_px(&self, x: f64) -> f64 {
        let (low, high) = self.x;
        let place = match self.logarithmic {
            _ if high <= low => 0.5,
            true => libm::log(x / low) / libm::log(high / low),
            false => (x - low) / (high - low),
        };
        // Points keep away from the frame.
        LEFT + (0.04 + 0.92 * place.clamp(0.0, 1.0)) * (WIDTH - LEFT - RIGHT)
    }

    fn y_px(&self, y: f64) -> f64 {
        let bottom = HEIGHT - BOTTOM;
        let (low, high) = self.y;
        bottom - ((y - low) / (high - low)).clamp(0.0, 1.0) * (bottom - TOP)
    }
}

impl Plot {
    /// The chart as an SVG element.
    pub fn draw(&self) -> Svg {
        let frame = self.frame();
        let mut svg = Svg::new(WIDTH, HEIGHT, &self.title);
        let bottom = HEIGHT - BOTTOM;
        let y_ticks = ticks::nice(frame.y.0, frame.y.1, 5);
        let names = ticks::labels(&y_ticks);
        for (value, name) in y_ticks.iter().zip(&names) {
            let y = frame.y_px(*value);
            svg.line("grid", LEFT, y, WIDTH - RIGHT, y);
            svg.text("tick", LEFT - 8.0, y + 5.0, Anchor::End, name);
        }
        for (x, name) in self.x_labels(&frame) {
            svg.line("axis", x, bottom, x, bottom + 5.0);
            svg.text("tick", x, bottom + 22.0, Anchor::Middle, name);
        }
        svg.line("axis", LEFT, bottom, WIDTH - RIGHT, bottom);
        svg.text("label", (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 10.0, Anchor::Middle, &self.x_label);
        let cut = self.bounds.is_some_and(|(floor, _)| frame.y.0 > floor);
        let start = names.first().filter(|_| cut).map_or_else(String::new, |name| format!(" (axis from {name})"));
        svg.text("label", 0.0, 17.0, Anchor::Start, &format!("{}{start}", self.y_label));
        for (i, line) in self.lines.iter().enumerate() {
            let area = if self.joined { band(line, &frame) } else { String::new() };
            match area.is_empty() {
                true => svg.path(&format!("error s{}", i % style::COLOURS), &bars(line, &frame)),
                false => svg.path(&format!("{} band", style::fill(i)), &area),
            }
        }
        // Wider than those of lines and below them, so that of two at the same place both are seen.
        let mut dots = String::new();
        for point in &self.loose {
            let _ = write!(dots, "M{} {}h0", coord(frame.x_px(point.x)), coord(frame.y_px(point.y)));
        }
        if !dots.is_empty() {
            svg.marks(&format!("dot s{}", self.lines.len() % style::COLOURS), LOOSE, &dots);
        }
        for (i, line) in self.lines.iter().enumerate() {
            let (mut path, mut dots) = (String::new(), String::new());
            for (at, point) in line.iter().enumerate() {
                let (x, y) = (coord(frame.x_px(point.x)), coord(frame.y_px(point.y)));
                let _ = write!(path, "{}{x} {y}", if at == 0 { 'M' } else { 'L' });
                let _ = write!(dots, "M{x} {y}h0");
            }
            if self.joined {
                svg.path(&style::stroke(i), &path);
            }
            if !self.joined || !is_dense(line, &frame) {
                svg.marks(&format!("dot s{}", i % style::COLOURS), 6.0, &dots);
            }
        }
        self.put_names(&mut svg, &frame);
        for (value, text) in &self.limits {
            let y = frame.y_px(*value);
            svg.line("line limit", LEFT, y, WIDTH - RIGHT, y);
            svg.text("tick", WIDTH - RIGHT, y - 5.0, Anchor::End, text);
        }
        for (i, (value, text)) in self.marks.iter().enumerate() {
            let x = frame.x_px(*value);
            svg.line("zero", x, TOP, x, bottom);
            // Names of neighbours stand under each other.
            let (anchor, gap) = if x > WIDTH * 0.75 { (Anchor::End, -5.0) } else { (Anchor::Start, 5.0) };
            svg.text("tick", x + gap, bottom - 8.0 - 18.0 * (i % 6) as f64, anchor, text);
        }
        svg
    }

    /// The labels of the horizontal axis that have room, the last one among them, and where they stand.
    fn x_labels(&self, frame: &Frame) -> Vec<(f64, &str)> {
        let label = |(x, name): &'_ (f64, String)| (frame.x_px(*x), name.chars().count() as f64 * LETTER / 2.0);
        let apart = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() >= a.1 + b.1 + GAP;
        let Some((last, others)) = self.x_ticks.split_last() else { return Vec::new() };
        let mut kept: Vec<&(f64, String)> = Vec::new();
        for tick in others {
            let has_room = kept.last().is_none_or(|before| apart(label(before), label(tick)));
            if has_room && apart(label(tick), label(last)) {
                kept.push(tick);
            }
        }
        kept.into_iter().chain([last]).map(|tick| (frame.x_px(tick.0), tick.1.as_str())).collect()
    }

    /// Each name beside its point, on the first side where it hides no other name or point; rather away from a point nearby than towards it.
    fn put_names(&self, svg: &mut Svg, frame: &Frame) {
        let points = self.lines.iter().flatten().chain(&self.loose).map(|p| (frame.x_px(p.x), frame.y_px(p.y)));
        let points: Vec<(f64, f64)> = points.collect();
        let mut taken: Vec<(f64, f64, f64)> = points.iter().map(|(x, y)| (*x, *y, 4.0)).collect();
        for (x, y, name) in &self.names {
            let (x, y) = (frame.x_px(*x), frame.y_px(*y));
            let half = name.chars().count() as f64 * LETTER / 2.0;
            let sides = [(half + 7.0, 0.0), (-half - 7.0, 0.0), (0.0, -14.0), (0.0, 14.0)];
            let free = |(dx, dy): &&(f64, f64)| {
                let hides =
                    |(tx, ty, w): &(f64, f64, f64)| (tx - x - dx).abs() < half + w && (ty - y - dy).abs() < 11.0;
                !taken.iter().any(hides)
            };
            // Two names are between two points, or none is.
            let is_between = |dx: f64| {
                let beside = |(px, py): &(f64, f64)| (py - y).abs() < 11.0 && (px - x) * dx > 0.0;
                dx != 0.0 && points.iter().any(|point| beside(point) && (point.0 - x).abs() < 4.0 * half + 28.0)
            };
            let away = sides.iter().find(|side| free(side) && !is_between(side.0));
            let (dx, dy) = *away.or_else(|| sides.iter().find(free)).unwrap_or(&sides[0]);
            taken.push((x + dx, y + dy, half));
            svg.text("tick", x + dx, y + dy + 5.0, Anchor::Middle, name);
        }
    }

    fn frame(&self) -> Frame {
        let xs = || self.x_ticks.iter().map(|(x, _)| *x);
        let x = (xs().fold(f64::INFINITY, f64::min), xs().fold(f64::NEG_INFINITY, f64::max));
        let points = || self.lines.iter().flatten().chain(&self.loose);
        let limits = || self.limits.iter().map(|(y, _)| *y);
        let highest =
            points().map(|p| p.band.map_or(p.y, |(_, high)| high.max(p.y))).chain(limits()).fold(0.0, f64::max);
        let y = match self.bounds {
            Some(bounds) => {
                let lows = points().map(|p| p.band.map_or(p.y, |(low, _)| low.min(p.y)));
                within(bounds, lows.chain(limits()).fold(f64::INFINITY, f64::min), highest)
            }
            None => (0.0, if highest > 0.0 { highest * 1.08 } else { 1.0 }),
        };
        Frame { x, y, logarithmic: self.logarithmic }
    }
}

/// From where to where an axis goes on which something between bounds stands between `low` and `high`: from the lower bound if that takes
/// at most half of it.
fn within((floor, ceiling): (f64, f64), low: f64, high: f64) -> (f64, f64) {
    let (low, high) = (low.clamp(floor, ceiling), high.clamp(floor, ceiling));
    let span = (high - low).max(SHOWN_MIN * (ceiling - floor));
    let (from, to) = ((low - 0.1 * span).max(floor), (high + 0.08 * span).min(ceiling));
    if from < floor + (to - floor) / 2.0 {
        return (floor, to);
    }
    // A tick at the start says where it is.
    let ticks = ticks::nice(from, to, 5);
    let step = ticks.windows(2).map(|pair| pair[1] - pair[0]).next().unwrap_or(to - from);
    ((libm::floor(from / step + 1e-9) * step).max(floor), to)
}

/// Whether marks of points would hide their line.
fn is_dense(line: &[Point], frame: &Frame) -> bool {
    let (Some(first), Some(last)) = (line.first(), line.last()) else { return false };
    let gaps = line.len().saturating_sub(1) as f64;
    gaps > 0.0 && (frame.x_px(last.x) - frame.x_px(first.x)) / gaps < MARK_GAP
}

/// An upright bar for each point that has a band.
fn bars(line: &[Point], frame: &Frame) -> String {
    let mut path = String::new();
    for (x, (low, high)) in line.iter().filter_map(|p| Some((p.x, p.band?))) {
        let _ = write!(path, "M{} {}V{}", coord(frame.x_px(x)), coord(frame.y_px(low)), coord(frame.y_px(high)));
    }
    path
}

/// There along the upper ends and back along the lower ones; nothing unless two points have a band.
fn band(line: &[Point], frame: &Frame) -> String {
    let ends: Vec<(f64, f64, f64)> = line
        .iter()
        .filter_map(|p| p.band.map(|(low, high)| (frame.x_px(p.x), frame.y_px(low), frame.y_px(high))))
        .collect();
    if ends.len() < 2 {
        return String::new();
    }
    let upper = ends.iter().map(|(x, _, high)| (*x, *high));
    let lower = ends.iter().rev().map(|(x, low, _)| (*x, *low));
    let mut path = String::new();
    for (at, (x, y)) in upper.chain(lower).enumerate() {
        let _ = write!(path, "{}{} {}", if at == 0 { 'M' } else { 'L' }, coord(x), coord(y));
    }
    path.push('z');
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_stand_by_their_numbers_and_a_band_goes_there_and_back() {
        let point = |x: f64, y: f64| Point { x, y, band: Some((y - 1.0, y + 1.0)) };
        let plot = Plot {
            title: "t".into(),
            x_label: "x".into(),
            y_label: "y".into(),
            x_ticks: [10.0, 100.0, 1000.0].map(|x| (x, format!("{x}"))).to_vec(),
            logarithmic: true,
            lines: vec![vec![point(10.0, 1.0), point(100.0, 5.0), point(1000.0, 9.0)]],
            loose: vec![point(100.0, 9.0)],
            bounds: None,
            joined: true,
            names: vec![(100.0, 9.0, "b".into())],
            limits: vec![(20.0, "max 20".into())],
            marks: vec![(100.0, "the knee".into())],
        };
        // 544 units of width: 4 % of it from the left, half way for the middle of the logarithms, 96 %.
        assert!(plot.draw().element().contains("M95.8 247.9L346 207.5L596.2 167.2"), "{}", plot.draw().element());
        // A point of no line, in the second colour.
        assert!(plot.draw().element().contains("dot s1") && plot.draw().element().contains("M346 167.2h0"));
        assert!(plot.draw().element().contains("M346 40L346 258"), "{}", plot.draw().element());
        let band =
            plot.draw().element().split("f0 band\" d=\"").nth(1).expect("a band").split('"').next().map(str::to_owned);
        assert_eq!(band.expect("a path").matches('L').count(), 5);
        // 7 units and half a letter beside its point.
        assert!(
            plot.draw().element().contains("x=\"357.2\" y=\"172.2\" text-anchor=\"middle\">b<"),
            "{}",
            plot.draw().element()
        );
        // A single point has no area; its band is a bar from 0 to 2 of 21.6, as those of points that are not joined.
        let one = Plot { lines: vec![vec![point(10.0, 1.0)]], ..plot.clone() };
        assert!(!one.draw().element().contains("band\"") && one.draw().element().contains("M95.8 258V237.8"));
        // Of 100 points within 500 units each would hide the line; of 11 none does.
        let of = |n: u32| {
            let line = (1..=n).map(|x| point(10.0 + 990.0 * f64::from(x) / f64::from(n), 1.0)).collect();
            Plot { lines: vec![line], logarithmic: false, loose: Vec::new(), ..plot.clone() }.draw().element()
        };
        assert!(of(11).contains("dot s0") && !of(100).contains("dot s0") && of(100).contains("line s0"));
        let apart = Plot { joined: false, ..plot }.draw().element();
        assert!(!apart.contains("band\"") && !apart.contains("class=\"line s0\""), "{apart}");
        assert_eq!(apart.matches('V').count(), 3);
    }

    #[test]
    fn names_stand_away_from_neighbours_and_points_of_no_line_below_others() {
        let point = |x: f64, y: f64| Point { x, y, band: None };
        let plot = Plot {
            title: "t".into(),
            x_label: "x".into(),
            y_label: "y".into(),
            x_ticks: vec![(0.0, "0".into()), (1000.0, "1,000".into())],
            logarithmic: false,
            bounds: None,
            // 20 of 1,000 are 10 units of 500.
            lines: vec![vec![point(500.0, 5.0)]],
            joined: true,
            loose: vec![point(520.0, 5.0)],
            names: vec![(500.0, 5.0, "1".into()), (520.0, 5.0, "2".into())],
            limits: Vec::new(),
            marks: Vec::new(),
        };
        let drawn = plot.draw().element();
        // The left one has its name 11.2 units to its left, at 346 - 11.2; the right one to its right, at 356 + 11.2.
        assert!(drawn.contains("x=\"334.8\"") && drawn.contains("x=\"367.2\""), "{drawn}");
        // The wider mark comes first.
        let at = |what: &str| drawn.find(what).expect(what);
        assert!(at("stroke-width=\"9\"") < at("stroke-width=\"6\""), "{drawn}");
    }

    #[test]
    fn shares_near_the_whole_fill_the_axis_and_stay_within_it() {
        let bounds = (0.0, 100.0);
        // 10 % of the span below the lowest, then down to a multiple of the step between ticks: 5, 0.5, 0.02, 5.
        for (low, high, axis) in [
            (85.0, 100.0, (80.0, 100.0)),
            (98.9, 99.9, (98.5, 99.98)),
            (100.0, 100.0, (99.94, 100.0)),
            (90.0, 125.0, (85.0, 100.0)),
            (3.0, 8.0, (0.0, 8.4)),
            (-12.0, 8.0, (0.0, 8.64)),
            (40.0, 100.0, (0.0, 100.0)),
        ] {
            let (from, to) = within(bounds, low, high);
            assert!((from - axis.0).abs() < 1e-6 && (to - axis.1).abs() < 1e-6, "{low} to {high}: {from} to {to}");
        }
        let point = |x: f64, y: f64| Point { x, y, band: Some((y - 2.0, y + 2.0)) };
        let plot = Plot {
            title: "t".into(),
            x_label: "x".into(),
            y_label: "reports arrived, %".into(),
            x_ticks: vec![(1.0, "1".into()), (2.0, "2".into())],
            logarithmic: false,
            bounds: Some(bounds),
            lines: vec![vec![point(1.0, 99.0), point(2.0, 97.0)]],
            joined: true,
            loose: Vec::new(),
            names: Vec::new(),
            limits: vec![(99.0, "min 99 %".into())],
            marks: Vec::new(),
        };
        let drawn = plot.draw().element();
        assert!(drawn.contains(">reports arrived, % (axis from 94)<"), "{drawn}");
        assert!(!drawn.contains(">101") && !drawn.contains(">102"), "{drawn}");
    }
}
