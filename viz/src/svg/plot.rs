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
/// Labels of the horizontal axis, at most.
const X_LABELS: usize = 8;

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
    /// Lines in rising order of x; their place sets their colour.
    pub lines: Vec<Vec<Point>>,
    /// Points that belong to no line.
    pub loose: Vec<Point>,
    /// Limits, drawn across.
    pub limits: Vec<(f64, String)>,
    /// Places of the horizontal axis that are marked from top to bottom.
    pub marks: Vec<(f64, String)>,
}

struct Frame {
    x: (f64, f64),
    y_max: f64,
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
        bottom - (y / self.y_max).clamp(0.0, 1.0) * (bottom - TOP)
    }
}

impl Plot {
    /// The chart as an SVG element.
    pub fn draw(&self) -> Svg {
        let frame = self.frame();
        let mut svg = Svg::new(WIDTH, HEIGHT, &self.title);
        let bottom = HEIGHT - BOTTOM;
        let y_ticks = ticks::nice(0.0, frame.y_max, 5);
        for (value, name) in y_ticks.iter().zip(ticks::labels(&y_ticks)) {
            let y = frame.y_px(*value);
            svg.line("grid", LEFT, y, WIDTH - RIGHT, y);
            svg.text("tick", LEFT - 8.0, y + 5.0, Anchor::End, &name);
        }
        let every = self.x_ticks.len().div_ceil(X_LABELS).max(1);
        for (value, name) in self.x_ticks.iter().step_by(every) {
            let x = frame.x_px(*value);
            svg.line("axis", x, bottom, x, bottom + 5.0);
            svg.text("tick", x, bottom + 22.0, Anchor::Middle, name);
        }
        svg.line("axis", LEFT, bottom, WIDTH - RIGHT, bottom);
        svg.text("label", (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 10.0, Anchor::Middle, &self.x_label);
        svg.text("label", 0.0, 17.0, Anchor::Start, &self.y_label);
        for (i, line) in self.lines.iter().enumerate() {
            svg.path(&format!("{} band", style::fill(i)), &band(line, &frame));
        }
        for (i, line) in self.lines.iter().enumerate() {
            let (mut path, mut dots) = (String::new(), String::new());
            for (at, point) in line.iter().enumerate() {
                let (x, y) = (coord(frame.x_px(point.x)), coord(frame.y_px(point.y)));
                let _ = write!(path, "{}{x} {y}", if at == 0 { 'M' } else { 'L' });
                let _ = write!(dots, "M{x} {y}h0");
            }
            svg.path(&style::stroke(i), &path);
            svg.marks(&format!("dot s{}", i % style::COLOURS), 6.0, &dots);
        }
        let mut dots = String::new();
        for point in &self.loose {
            let _ = write!(dots, "M{} {}h0", coord(frame.x_px(point.x)), coord(frame.y_px(point.y)));
        }
        if !dots.is_empty() {
            svg.marks(&format!("dot s{}", self.lines.len() % style::COLOURS), 6.0, &dots);
        }
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

    fn frame(&self) -> Frame {
        let xs = || self.x_ticks.iter().map(|(x, _)| *x);
        let x = (xs().fold(f64::INFINITY, f64::min), xs().fold(f64::NEG_INFINITY, f64::max));
        let of_points =
            self.lines.iter().flatten().chain(&self.loose).map(|p| p.band.map_or(p.y, |(_, high)| high.max(p.y)));
        let highest = of_points.chain(self.limits.iter().map(|(y, _)| *y)).fold(0.0, f64::max);
        Frame { x, y_max: if highest > 0.0 { highest * 1.08 } else { 1.0 }, logarithmic: self.logarithmic }
    }
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
        let one = Plot { lines: vec![vec![point(10.0, 1.0)]], ..plot };
        assert!(!one.draw().element().contains("band"));
    }
}
