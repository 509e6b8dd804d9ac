//! A heat map: a figure at each pair of two settings, the darker the larger.

use super::{Anchor, Svg, WIDTH};

const LEFT: f64 = 150.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 34.0;
const ROW: f64 = 34.0;
/// Steps of the ramp; text is read on all of them.
const STEPS: usize = 4;

/// A heat map.
#[derive(Clone, Debug, PartialEq)]
pub struct Heat {
    /// Read out in place of the picture.
    pub title: String,
    /// Setting along the columns, and its values.
    pub columns: (String, Vec<String>),
    /// Setting along the rows, and its values.
    pub rows: (String, Vec<String>),
    /// The figure at (row, column), as a number and as text; `None` where it was not reached or is not there.
    pub cells: Vec<Vec<Option<(f64, String)>>>,
    /// What stands in a cell without a number.
    pub missing: String,
}

impl Heat {
    /// The map as an SVG element.
    pub fn draw(&self) -> Svg {
        let height = TOP + ROW * self.rows.1.len() as f64 + BOTTOM;
        let mut svg = Svg::new(WIDTH, height, &self.title);
        let width = (WIDTH - LEFT) / self.columns.1.len().max(1) as f64;
        let values = || self.cells.iter().flatten().flatten().map(|(v, _)| *v);
        let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        for (at, name) in self.columns.1.iter().enumerate() {
            let x = LEFT + (at as f64 + 0.5) * width;
            svg.text("tick", x, TOP - 9.0, Anchor::Middle, name);
        }
        for (row, (name, cells)) in self.rows.1.iter().zip(&self.cells).enumerate() {
            let y = TOP + row as f64 * ROW;
            svg.text("tick", LEFT - 8.0, y + ROW / 2.0 + 5.0, Anchor::End, name);
            for (column, cell) in cells.iter().enumerate() {
                let x = LEFT + column as f64 * width;
                let (tip, text) = (format!("{name}, {}", self.columns.1[column]), cell.as_ref().map(|(_, text)| text));
                if let Some((value, text)) = cell {
                    let share = if high > low { (value - low) / (high - low) } else { 0.0 };
                    let step = ((share * STEPS as f64) as usize).min(STEPS - 1);
                    svg.rect(&format!("d{step}"), x + 1.0, y + 1.0, width - 2.0, ROW - 2.0, &format!("{tip}: {text}"));
                }
                let text = text.unwrap_or(&self.missing);
                svg.text("label", x + width / 2.0, y + ROW / 2.0 + 5.0, Anchor::Middle, text);
            }
        }
        svg.text("label", 0.0, TOP - 9.0, Anchor::Start, &self.rows.0);
        svg.text("label", LEFT + (WIDTH - LEFT) / 2.0, height - 10.0, Anchor::Middle, &self.columns.0);
        svg
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_darkest_and_what_is_missing_is_said() {
        let cell = |v: f64| Some((v, format!("{v} s")));
        let heat = Heat {
            title: "t".into(),
            columns: ("c".into(), vec!["1".into(), "2".into()]),
            rows: ("r".into(), vec!["a".into(), "b".into()]),
            cells: vec![vec![cell(0.0), cell(5.0)], vec![cell(9.0), None]],
            missing: "not reached".into(),
        };
        let drawn = heat.draw().element();
        // 0 of 9 is in the first quarter, 5 in the third, 9 in the last.
        for class in ["\"d0\"", "\"d2\"", "\"d3\""] {
            assert!(drawn.contains(class), "{class}: {drawn}");
        }
        assert!(drawn.contains(">not reached<") && drawn.contains("b, 1: 9 s"));
    }
}
