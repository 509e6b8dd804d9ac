//! Lines and steps over an axis of minutes or of logarithmic time.

use super::ticks::{self, Unit};
use super::{Anchor, Svg, WIDTH, coord, style};
use std::fmt::Write;

const HEIGHT: f64 = 316.0;
// The page enlarges text on narrow screens, so the margins hold labels of 19 units.
const LEFT: f64 = 68.0;
/// Where the plot ends on the right.
const RIGHT_END: f64 = WIDTH - 22.0;
const BOTTOM: f64 = 58.0;
/// Room for the name of the vertical axis, which lies above the plot: nobody has to tilt their head.
const HEAD: f64 = 40.0;
const SPAN_ROW: f64 = 9.0;

/// What the horizontal axis measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum XAxis {
    /// Minutes, linear, from the first to the second.
    Minutes(f64, f64),
    /// Seconds, logarithmic, from the first to the second, both above zero.
    LogSeconds(f64, f64),
}

/// One line of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Name, for the tooltip.
    pub name: String,
    /// Points in rising order of x.
    pub points: Vec<(f64, f64)>,
    /// Hold a value until the next point instead of sloping to it.
    pub step: bool,
    /// A stretch of the x axis that belongs to this series, drawn as a bar above the plot.
    pub span: Option<(f64, f64)>,
}

/// What the top of a vertical axis may stand for: quarters of it are round.
const TOPS: [f64; 5] = [0.04, 0.08, 0.2, 0.4, 1.0];

/// A chart of shares over time.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareChart {
    /// Read out in place of the picture.
    pub title: String,
    /// Label of the horizontal axis; in minutes it begins behind the unit, which the chart chooses.
    pub x_label: String,
    /// Label of the vertical axis.
    pub y_label: String,
    /// Horizontal axis.
    pub x: XAxis,
    /// Whether the vertical axis ends at 100 %, or where the lines do.
    pub whole: bool,
    /// Lines; their place in the list sets their colour.
    pub series: Vec<Series>,
}

struct Frame {
    x: XAxis,
    top: f64,
    full: f64,
}

impl Frame {
    fn x_px(&self, v: f64) -> f64 {
        let t = match self.x {
            XAxis::Minutes(lo, hi) => (v - lo) / (hi - lo),
            XAxis::LogSeconds(lo, hi) => libm::log(v.max(lo) / lo) / libm::log(hi / lo),
        };
        LEFT + t.clamp(0.0, 1.0) * (RIGHT_END - LEFT)
    }

    fn y_px(&self, share: f64) -> f64 {
        let bottom = HEIGHT - BOTTOM;
        bottom - (share / self.full).clamp(0.0, 1.0) * (bottom - self.top)
    }

    fn grid(&self, svg: &mut Svg, x_label: &str, y_label: &str) {
        let x_label = match self.x {
            XAxis::Minutes(lo, hi) => format!("{} {x_label}", Unit::of(hi - lo).name),
            XAxis::LogSeconds(..) => x_label.to_owned(),
        };
        let bottom = HEIGHT - BOTTOM;
        for quarter in 0..5 {
            let share = self.full * f64::from(quarter) / 4.0;
            let y = self.y_px(share);
            svg.line("grid", LEFT, y, RIGHT_END, y);
            svg.text("tick", LEFT - 8.0, y + 5.0, Anchor::End, &format!("{:.0} %", share * 100.0));
        }
        let x_ticks: Vec<(f64, String)> = match self.x {
            XAxis::Minutes(lo, hi) => ticks::time(lo, hi, Unit::of(hi - lo), 7),
            XAxis::LogSeconds(lo, hi) => ticks::log_time(lo, hi, 7),
        };
        for (value, name) in x_ticks {
            let x = self.x_px(value);
            svg.line("axis", x, bottom, x, bottom + 5.0);
            svg.text("tick", x, bottom + 22.0, Anchor::Middle, &name);
        }
        if let XAxis::Minutes(lo, hi) = self.x
            && lo < 0.0
            && hi > 0.0
        {
            svg.line("zero", self.x_px(0.0), self.top, self.x_px(0.0), bottom);
        }
        svg.line("axis", LEFT, bottom, RIGHT_END, bottom);
        svg.text("label", (LEFT + RIGHT_END) / 2.0, HEIGHT - 10.0, Anchor::Middle, &x_label);
        svg.text("label", 0.0, 17.0, Anchor::Start, y_label);
    }

    fn path(&self, series: &Series) -> String {
        let mut data = String::new();
        for (i, (x, y)) in series.points.iter().enumerate() {
            let (px, py) = (coord(self.x_px(*x)), coord(self.y_px(*y)));
            let _ = match (i, series.step) {
                (0, _) => write!(data, "M{px} {py}"),
                (_, true) => write!(data, "H{px}V{py}"),
                (_, false) => write!(data, "L{px} {py}"),
            };
        }
        data
    }
}

impl ShareChart {
    /// The chart.
    pub fn draw(&self) -> Svg {
        let spans = self.series.iter().filter(|s| s.span.is_some()).count();
        let most = self.series.iter().flat_map(|s| &s.points).map(|p| p.1).fold(0.0, f64::max);
        let full = TOPS.into_iter().find(|top| most <= *top && !self.whole).unwrap_or(1.0);
        let frame = Frame { x: self.x, top: HEAD + spans as f64 * SPAN_ROW, full };
        let mut svg = Svg::new(WIDTH, HEIGHT, &self.title);
        frame.grid(&mut svg, &self.x_label, &self.y_label);
        let mut row = 0.0;
        for (i, series) in self.series.iter().enumerate() {
            if let Some((from, to)) = series.span {
                let (a, b) = (frame.x_px(from), frame.x_px(to));
                // A reset of all at one moment has no width; it still gets a mark.
                let width = (b - a).max(4.0);
                svg.rect(&style::fill(i), a, HEAD - 7.0 + row * SPAN_ROW, width, 5.0, &series.name);
                row += 1.0;
            }
            svg.path(&style::stroke(i), &frame.path(series));
        }
        svg
    }
}

/// At most one point for each of `columns` equal stretches of x, the last one of each, and both ends.
pub fn thin(points: Vec<(f64, f64)>, columns: usize) -> Vec<(f64, f64)> {
    let (Some(first), Some(last)) = (points.first().copied(), points.last().copied()) else { return points };
    let width = (last.0 - first.0) / columns.max(1) as f64;
    if points.len() <= columns || width <= 0.0 {
        return points;
    }
    let column = |x: f64| ((x - first.0) / width) as i64;
    let mut out = vec![first];
    for pair in points.windows(2) {
        if column(pair[0].0) != column(pair[1].0) && *out.last().unwrap_or(&first) != pair[0] {
            out.push(pair[0]);
        }
    }
    if *out.last().unwrap_or(&first) != last {
        out.push(last);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_ends_and_order() {
        let points: Vec<(f64, f64)> = (0..10_000).map(|i| (i as f64 * 0.1, i as f64)).collect();
        let thinned = thin(points.clone(), 100);
        assert!(thinned.len() <= 102, "{}", thinned.len());
        assert_eq!((thinned[0], thinned[thinned.len() - 1]), (points[0], points[9_999]));
        assert!(thinned.windows(2).all(|w| w[0].0 < w[1].0));
        assert_eq!(thin(points[..50].to_vec(), 100).len(), 50);
        assert!(thin(vec![], 10).is_empty());
    }

    #[test]
    fn points_outside_the_axis_stay_inside_the_frame() {
        let chart = ShareChart {
            title: "t".into(),
            x_label: "x".into(),
            y_label: "y".into(),
            x: XAxis::Minutes(0.0, 10.0),
            whole: true,
            series: vec![Series { name: "a".into(), points: vec![(-5.0, -1.0), (20.0, 2.0)], step: true, span: None }],
        };
        let drawn = chart.draw().element();
        assert!(drawn.contains("d=\"M68 258H618V40\""), "{drawn}");
    }

    #[test]
    fn an_axis_ends_where_small_shares_do() {
        let mut chart = ShareChart {
            title: "t".into(),
            x_label: "x".into(),
            y_label: "y".into(),
            x: XAxis::Minutes(0.0, 10.0),
            whole: false,
            series: vec![Series { name: "a".into(), points: vec![(0.0, 0.0), (10.0, 0.15)], step: false, span: None }],
        };
        // 15 % fit below 20 %: three quarters of the height, from 258 to 40.
        let drawn = chart.draw().element();
        assert!(
            drawn.contains(">20 %<") && !drawn.contains(">25 %<") && drawn.contains("d=\"M68 258L618 94.5\""),
            "{drawn}"
        );
        chart.whole = true;
        assert!(chart.draw().element().contains(">100 %<"));
    }
}
