//! Bars that lie: one row for each thing, from where to where, with a word behind it.

use super::ticks::{self, Unit};
use super::{Anchor, Svg, WIDTH};
use crate::human;

const LEFT: f64 = 196.0;
const RIGHT: f64 = 126.0;
const TOP: f64 = 8.0;
const ROW: f64 = 25.0;
const BAR: f64 = 15.0;
const BOTTOM: f64 = 58.0;
/// Letters of a row's name that there is room for.
const NAME: usize = 24;

/// What the axis is of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Axis {
    /// Minutes, from the first to the second.
    Minutes(f64, f64),
    /// A count, from 0 on.
    Count(f64),
}

/// A bar: from and to, its class, and what its tooltip says.
pub type Bar = (f64, f64, String, String);

/// One row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strip {
    /// Its name, on the left.
    pub name: String,
    /// Bars, later ones over earlier ones.
    pub bars: Vec<Bar>,
    /// Marks across the row.
    pub marks: Vec<f64>,
    /// What stands behind it, on the right.
    pub note: String,
}

/// Rows of bars.
#[derive(Clone, Debug, PartialEq)]
pub struct Strips {
    /// Read out in place of the picture.
    pub title: String,
    /// Label of the axis; of minutes it begins behind the unit, which the chart chooses.
    pub x_label: String,
    /// The axis.
    pub x: Axis,
    /// Rows, from top to bottom.
    pub rows: Vec<Strip>,
}

impl Strips {
    /// The chart.
    pub fn draw(&self) -> Svg {
        let height = TOP + self.rows.len() as f64 * ROW + BOTTOM;
        let (bottom, right) = (height - BOTTOM, WIDTH - RIGHT);
        let mut svg = Svg::new(WIDTH, height, &self.title);
        let ((low, high), marks, x_label) = match self.x {
            Axis::Minutes(low, high) => {
                let unit = Unit::of(high - low);
                ((low, high), ticks::time(low, high, unit, 5), format!("{} {}", unit.name, self.x_label))
            }
            Axis::Count(most) => {
                let at = ticks::nice(0.0, most.max(1.0), 4);
                let marks = at.into_iter().map(|n| (n, human::short_count(n))).collect();
                ((0.0, most.max(1.0)), marks, self.x_label.clone())
            }
        };
        let x_px = |x: f64| LEFT + ((x - low) / (high - low)).clamp(0.0, 1.0) * (right - LEFT);
        for (value, name) in marks {
            svg.line("grid", x_px(value), TOP, x_px(value), bottom);
            svg.text("tick", x_px(value), bottom + 22.0, Anchor::Middle, &name);
        }
        for (n, row) in self.rows.iter().enumerate() {
            let top = TOP + n as f64 * ROW;
            svg.text("tick", LEFT - 8.0, top + 17.0, Anchor::End, &human::shorten(&row.name, NAME));
            for (from, to, class, tip) in &row.bars {
                let (x, width) = (x_px(*from), x_px(*to) - x_px(*from));
                // What takes no time still gets a mark.
                svg.rect(class, x, top + 5.0, width.max(2.0), BAR, tip);
            }
            for mark in &row.marks {
                svg.line("mark", x_px(*mark), top + 3.0, x_px(*mark), top + 7.0 + BAR);
            }
            svg.text("tick", right + 8.0, top + 17.0, Anchor::Start, &row.note);
        }
        svg.line("axis", LEFT, bottom, right, bottom);
        svg.text("label", (LEFT + right) / 2.0, height - 10.0, Anchor::Middle, &x_label);
        svg
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_lies_from_where_to_where() {
        let bar = (5.0, 10.0, "f0".to_owned(), "tip".to_owned());
        let row = Strip { name: "wave 1".into(), bars: vec![bar], marks: vec![7.5], note: "3 meters".into() };
        let strips =
            Strips { title: "t".into(), x_label: "since".into(), x: Axis::Minutes(0.0, 20.0), rows: vec![row] };
        let drawn = strips.draw().element();
        // 318 units for 20 minutes from 196 on: a quarter, and a quarter wide.
        let bar = "<rect class=\"f0\" x=\"275.5\" y=\"13\" width=\"79.5\" height=\"15\"><title>tip</title></rect>";
        assert!(drawn.contains(bar) && drawn.contains("d=\"M315.3 11L315.3 30\""), "{drawn}");
        assert!(drawn.contains(">wave 1<") && drawn.contains(">3 meters<"));
    }
}
