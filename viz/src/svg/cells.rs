//! Squares side by side whose areas go with what they stand for, the darker the larger a figure of it.

use super::{Anchor, Svg, WIDTH};

/// Between two squares, and under each for its name.
const GAP: f64 = 8.0;
const NAME: f64 = 22.0;
/// The side of the largest square, at most, and the room that all of them may take together.
const SIDE_MAX: f64 = 150.0;
const AREA_MAX: f64 = WIDTH * 320.0;
/// Smaller squares have no text in them.
const TEXT_MIN: f64 = 40.0;
/// A letter of a name, on average and a little more.
const LETTER: f64 = 8.4;
/// Steps of the ramp; text is read on all of them.
const STEPS: usize = 4;

/// Squares.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    /// Read out in place of the picture.
    pub title: String,
    /// From left to right and from top to bottom.
    pub cells: Vec<Cell>,
    /// The palest and the darkest value.
    pub scale: (f64, f64),
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// What its area goes with.
    pub area: f64,
    /// The figure.
    pub value: f64,
    /// The figure as text.
    pub text: String,
    /// What stands under it, if there is room.
    pub name: String,
    /// What it says when it is pointed at.
    pub tip: String,
}

impl Cells {
    /// The drawing.
    pub fn draw(&self) -> Svg {
        let (all, largest) = self.cells.iter().fold((0.0, 0.0_f64), |(sum, most), c| (sum + c.area, most.max(c.area)));
        // Rows are as high as the largest square.
        let crowd = (all.max(largest * self.cells.len() as f64 / 2.0)).max(1.0);
        let unit = (AREA_MAX / crowd).min(SIDE_MAX * SIDE_MAX / largest.max(1.0));
        let side = |cell: &Cell| (cell.area * unit).sqrt();
        let row = (largest * unit).sqrt() + NAME + GAP;
        let (mut x, mut y, mut places) = (0.0, 0.0, Vec::new());
        for cell in &self.cells {
            if x > 0.0 && x + side(cell) > WIDTH {
                (x, y) = (0.0, y + row);
            }
            places.push((x, y));
            x += side(cell) + GAP;
        }
        let mut svg = Svg::new(WIDTH, y + row, &self.title);
        let (low, high) = self.scale;
        for (cell, (x, y)) in self.cells.iter().zip(places) {
            let side = side(cell);
            let top = y + row - NAME - GAP - side;
            let share = if high > low { ((cell.value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
            let step = ((share * STEPS as f64) as usize).min(STEPS - 1);
            svg.rect(&format!("d{step}"), x, top, side, side, &cell.tip);
            if side >= TEXT_MIN {
                svg.text("label", x + side / 2.0, top + side / 2.0 + 5.0, Anchor::Middle, &cell.text);
            }
            if cell.name.chars().count() as f64 * LETTER <= side + GAP {
                svg.text("tick", x + side / 2.0, y + row - GAP - 5.0, Anchor::Middle, &cell.name);
            }
        }
        svg
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(area: f64, value: f64) -> Cell {
        Cell { area, value, text: format!("{value}"), name: "north".into(), tip: "a depot".into() }
    }

    #[test]
    fn areas_go_with_the_meters_and_names_stand_where_there_is_room() {
        let cells = Cells {
            title: "t".into(),
            cells: vec![cell(400.0, 9.0), cell(100.0, 1.0), cell(1.0, 5.0)],
            scale: (1.0, 9.0),
        };
        let drawn = cells.draw().element();
        // The largest has 150 units; a quarter and a 400th of its area are half and a 20th of its side.
        for found in ["width=\"150\"", "width=\"75\"", "width=\"7.5\"", "\"d3\"", "\"d0\"", "\"d2\""] {
            assert!(drawn.contains(found), "{found}: {drawn}");
        }
        // Five letters take 42 units: there is none of them under the smallest, and no number in it.
        assert_eq!((drawn.matches(">north<").count(), drawn.matches("label").count() - 1), (2, 2), "{drawn}");
    }

    #[test]
    fn a_thousand_stay_within_the_width() {
        let cells = Cells { title: "t".into(), cells: vec![cell(10_000.0, 2.0); 1_000], scale: (2.0, 2.0) };
        let svg = cells.draw();
        assert!(svg.width == WIDTH && svg.height < 2_000.0, "{}", svg.height);
        assert!(!svg.element().contains(">north<"));
    }
}
