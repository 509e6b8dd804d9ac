//! Panels one below the other over one axis of time: lines or curves with a vertical axis each, or areas that are stacked.

use super::ticks::{self, Unit};
use super::{Anchor, Svg, WIDTH, coord, style};
use crate::human;
use std::fmt::Write;

const LEFT: f64 = 68.0;
const RIGHT: f64 = 22.0;
/// From the top of a panel's name to its plot.
const HEAD: f64 = 30.0;
const PLOT: f64 = 92.0;
const BOTTOM: f64 = 58.0;
/// Room for what stacked areas came to in the end.
const END: f64 = 44.0;
/// From the last label of the axis to the end of the plot, beside which that stands.
const CLEAR: f64 = 16.0;

/// Panels over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Panels {
    /// Read out in place of the picture.
    pub title: String,
    /// Label of the horizontal axis, behind the unit, which the chart chooses.
    pub x_label: String,
    /// The axis, in minutes.
    pub x: (f64, f64),
    /// Moments that are marked through all panels, in minutes.
    pub marks: Vec<f64>,
    /// Panels, from top to bottom.
    pub panels: Vec<Panel>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// What it shows, with its unit.
    pub name: String,
    /// What is drawn.
    pub content: Content,
}

/// A curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Its class.
    pub class: String,
    /// Minutes and values.
    pub points: Vec<(f64, f64)>,
    /// Moments at which it is marked at the panel's upper edge, in minutes.
    pub peaks: Vec<f64>,
}

/// What a panel shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A line for each variant, whose place sets its colour; an empty one is not drawn. Their values hold until the next one.
    Lines {
        /// Minutes and values.
        lines: Vec<Vec<(f64, f64)>>,
        /// Values are shares of 1, and the axis says percent.
        share: bool,
    },
    /// Curves through points.
    Curves {
        /// What is drawn.
        curves: Vec<Curve>,
        /// Values are shares of 1, and the axis says percent.
        share: bool,
        /// The axis begins at zero, or else near the lowest value.
        from_zero: bool,
    },
    /// Counts that are stacked.
    Stack {
        /// Class and name of each layer, from bottom to top.
        layers: Vec<(&'static str, &'static str)>,
        /// Minutes, and the count of each layer from then on.
        columns: Vec<(f64, Vec<u32>)>,
        /// What they came to in the end, drawn beside.
        end: Vec<u32>,
    },
}

impl Panels {
    /// The chart.
    pub fn draw(&self) -> Svg {
        let stacked = self.panels.iter().any(|panel| matches!(panel.content, Content::Stack { .. }));
        let right = WIDTH - RIGHT - if stacked { END } else { 0.0 };
        let height = self.panels.len() as f64 * (HEAD + PLOT) + BOTTOM;
        let mut svg = Svg::new(WIDTH, height, &self.title);
        let (low, high) = self.x;
        let x_px = |x: f64| LEFT + ((x - low) / (high - low)).clamp(0.0, 1.0) * (right - LEFT);
        for (n, panel) in self.panels.iter().enumerate() {
            let top = n as f64 * (HEAD + PLOT) + HEAD;
            for x in self.marks.iter().map(|at| x_px(*at)) {
                svg.line("zero", x, top, x, top + PLOT);
            }
            svg.text("label", 0.0, top - 11.0, Anchor::Start, &panel.name);
            match &panel.content {
                Content::Lines { lines, share } => draw_lines(&mut svg, (top, right), lines, *share, &x_px),
                Content::Curves { curves, share, from_zero } => {
                    draw_curves(&mut svg, (top, right), curves, (*share, *from_zero), &x_px);
                }
                Content::Stack { layers, columns, end } => {
                    draw_stack(&mut svg, (top, right), layers, (columns, end), &x_px);
                }
            }
            svg.line("axis", LEFT, top + PLOT, right, top + PLOT);
        }
        let bottom = height - BOTTOM;
        for (minutes, name) in ticks::time(low, high, Unit::of(high - low), 7) {
            let x = x_px(minutes);
            svg.line("axis", x, bottom, x, bottom + 5.0);
            // The word below what stands beside needs its room.
            if !stacked || x < right - CLEAR {
                svg.text("tick", x, bottom + 22.0, Anchor::Middle, &name);
            }
        }
        if stacked {
            svg.text("tick", right + END / 2.0 + 5.0, bottom + 22.0, Anchor::Middle, "end");
        }
        let x_label = format!("{} {}", Unit::of(high - low).name, self.x_label);
        svg.text("label", (LEFT + right) / 2.0, height - 10.0, Anchor::Middle, &x_label);
        svg
    }
}

/// Lines across a panel whose axis goes from one value to another.
fn grid(svg: &mut Svg, (top, right): (f64, f64), (low, full): (f64, f64), marks: &[f64], name: impl Fn(f64) -> String) {
    for &value in marks {
        let y = top + PLOT * (1.0 - (value - low) / (full - low));
        svg.line("grid", LEFT, y, right, y);
        svg.text("tick", LEFT - 8.0, y + 5.0, Anchor::End, &name(value));
    }
}

/// What stands at a mark of an axis.
fn number(value: f64, share: bool) -> String {
    match share {
        true => format!("{} %", (value * 1e4).round() / 100.0),
        false if value.abs() < 10.0 && value != value.round() => format!("{value}"),
        false => human::short_count(value),
    }
}

fn draw_curves(
    svg: &mut Svg,
    (top, right): (f64, f64),
    curves: &[Curve],
    (share, from_zero): (bool, bool),
    x_px: &impl Fn(f64) -> f64,
) {
    let values = || curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.1));
    let lowest = if from_zero { 0.0 } else { values().fold(f64::INFINITY, f64::min) };
    let highest = values().fold(lowest, f64::max);
    let highest = if highest > lowest { highest } else { lowest + 1.0 };
    let marks = ticks::nice(lowest, highest, 3);
    let step = if marks.len() > 1 { marks[1] - marks[0] } else { highest - lowest };
    // The axis begins at a mark, and ends where the curves do.
    let low = libm::floor(lowest / step + 1e-9) * step;
    let marks = ticks::nice(low, highest, 4);
    grid(svg, (top, right), (low, highest), &marks, |value| number(value, share));
    let y_px = |value: f64| top + PLOT * (1.0 - (value - low) / (highest - low));
    for Curve { class, points, peaks } in curves {
        let mark = format!("{} peak", class.replace(" dash", ""));
        for x in peaks.iter().map(|at| coord(x_px(*at))) {
            svg.path(&mark, &format!("M{x} {}V{}", coord(top - 7.0), coord(top + 3.0)));
        }
        let mut path = String::new();
        for (x, y) in points.iter().map(|(x, y)| (x_px(*x), y_px(*y))) {
            let _ = write!(path, "{}{} {}", if path.is_empty() { "M" } else { "L" }, coord(x), coord(y));
        }
        svg.path(class, &path);
    }
}

fn draw_lines(
    svg: &mut Svg,
    (top, right): (f64, f64),
    lines: &[Vec<(f64, f64)>],
    share: bool,
    x_px: &impl Fn(f64) -> f64,
) {
    let highest = lines.iter().flatten().map(|point| point.1).fold(0.0, f64::max);
    let highest = if highest > 0.0 { highest } else { 1.0 };
    let marks = ticks::nice(0.0, highest, 3);
    // The axis ends at a mark, or where the lines do if that is higher.
    let full = marks.last().copied().unwrap_or(highest).max(highest);
    grid(svg, (top, right), (0.0, full), &marks, |value| number(value, share));
    for (place, line) in lines.iter().enumerate() {
        let (mut path, mut before) = (String::new(), f64::NAN);
        for (x, y) in line.iter().map(|(x, y)| (x_px(*x), top + PLOT * (1.0 - y / full))) {
            let _ = match path.is_empty() {
                true => write!(path, "M{} {}", coord(x), coord(y)),
                // A level stretch needs no more points.
                false if coord(y) == coord(before) => continue,
                false => write!(path, "H{}V{}", coord(x), coord(y)),
            };
            before = y;
        }
        if let Some((x, _)) = line.last() {
            let _ = write!(path, "H{}", coord(x_px(*x)));
        }
        svg.path(&style::stroke(place), &path);
    }
}

fn draw_stack(
    svg: &mut Svg,
    (top, right): (f64, f64),
    layers: &[(&'static str, &'static str)],
    (columns, end): (&[(f64, Vec<u32>)], &[u32]),
    x_px: &impl Fn(f64) -> f64,
) {
    let all: u32 = end.iter().sum();
    let full = f64::from(all.max(1));
    let y_px = |count: u32| top + PLOT * (1.0 - f64::from(count) / full);
    grid(svg, (top, right), (0.0, full), &[0.0, full / 2.0, full], human::short_count);
    // The highest layer first, each from its top down to the axis, so that those below cover it.
    for layer in (0..layers.len()).rev() {
        if columns.iter().all(|(_, counts)| counts[layer] == 0) {
            continue;
        }
        let (mut path, mut before) = (format!("M{} {}", coord(LEFT), coord(top + PLOT)), String::new());
        for (minutes, counts) in columns {
            let y = coord(y_px(counts[..=layer].iter().sum()));
            if y != before {
                let _ = write!(path, "H{}V{y}", coord(x_px(*minutes)));
                before = y;
            }
        }
        let _ = write!(path, "H{}V{}Z", coord(right), coord(top + PLOT));
        svg.path(layers[layer].0, &path);
    }
    let mut below = 0;
    for ((class, name), count) in layers.iter().zip(end).filter(|(_, count)| **count > 0) {
        let (from, to) = (y_px(below), y_px(below + count));
        let tip = format!("{name}: {}", human::count(f64::from(*count)));
        svg.rect(class, right + 14.0, to, END - 18.0, (from - to).max(0.5), &tip);
        below += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_stand_on_each_other_and_end_beside() {
        let panels = Panels {
            title: "t".into(),
            x_label: "since".into(),
            x: (0.0, 10.0),
            marks: vec![],
            panels: vec![Panel {
                name: "p".into(),
                content: Content::Stack {
                    layers: vec![("a", "one"), ("b", "two")],
                    columns: vec![(0.0, vec![0, 4]), (5.0, vec![1, 3]), (6.0, vec![1, 3])],
                    end: vec![3, 1],
                },
            }],
        };
        let drawn = panels.draw().element();
        // From 68 to 574 in ten minutes; four meters are the height from 122 to 30, so one is 23.
        assert!(drawn.contains("<path class=\"b\" d=\"M68 122H68V30H574V122Z\"/>"), "{drawn}");
        assert!(drawn.contains("<path class=\"a\" d=\"M68 122H68V122H321V99H574V122Z\"/>"), "{drawn}");
        assert!(drawn.contains("y=\"53\" width=\"26\" height=\"69\"><title>one: 3</title>"), "{drawn}");
    }

    #[test]
    fn a_line_has_the_axis_that_it_needs() {
        let content = Content::Lines { lines: vec![vec![], vec![(0.0, 0.0), (5.0, 30.0), (10.0, 30.0)]], share: false };
        let panels = Panels {
            title: "t".into(),
            x_label: "since".into(),
            x: (0.0, 10.0),
            marks: vec![],
            panels: vec![Panel { name: "sessions".into(), content }],
        };
        let drawn = panels.draw().element();
        assert!(drawn.contains(">30<") && drawn.contains("class=\"line s1 dash\" d=\"M68 122H343V30H618\""), "{drawn}");
    }

    #[test]
    fn curves_have_an_axis_around_them_and_moments_are_marked() {
        let points = vec![(0.0, 25.0), (5.0, 40.0), (10.0, 30.0)];
        let curves = vec![Curve { class: "line s6 dash".to_owned(), points, peaks: vec![2.5] }];
        let content = Content::Curves { curves, share: false, from_zero: false };
        let panels = Panels {
            title: "t".into(),
            x_label: "since".into(),
            x: (0.0, 10.0),
            marks: vec![5.0],
            panels: vec![Panel { name: "temperature".into(), content }],
        };
        let drawn = panels.draw().element();
        // From 25 to 40: all of the 92 units, and a third of them for 30.
        assert!(
            drawn.contains("class=\"line s6 dash\" d=\"M68 122L343 30L618 91.3\"") && drawn.contains(">25<"),
            "{drawn}"
        );
        assert!(drawn.contains("class=\"line s6 peak\" d=\"M205.5 23V33\""), "{drawn}");
        assert!(drawn.contains("class=\"zero\" d=\"M343 30L343 122\""), "{drawn}");
    }
}
