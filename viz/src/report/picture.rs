//! A chart of the report as a file of its own: with heading and legend, on white, for a page or a slide.

use super::charts::{Entry, Figure};
use crate::svg::{Anchor, Svg, WIDTH, style};

/// Around everything.
const MARGIN: f64 = 16.0;
/// From one baseline of the legend to the next.
const ROW: f64 = 20.0;
/// From the left of an entry's mark to its text.
const MARK: f64 = 33.0;
/// Between two entries.
const GAP: f64 = 16.0;
/// A letter of the legend, on average and a little more.
const LETTER: f64 = 7.2;

/// The text of the file.
pub fn draw(figure: &Figure) -> String {
    let (places, rows) = legend(&figure.legend);
    let top = MARGIN + 24.0 + rows as f64 * ROW;
    let (width, height) = (WIDTH + 2.0 * MARGIN, top + figure.svg.height + MARGIN);
    let mut out = Svg::new(width, height, &figure.title);
    out.rect("page", 0.5, 0.5, width - 1.0, height - 1.0, "");
    out.text("heading", MARGIN, MARGIN + 14.0, Anchor::Start, &figure.title);
    for (entry, (x, y)) in figure.legend.iter().zip(places) {
        let mut mark = Svg::new(26.0, 10.0, "");
        mark.path(&entry.class, entry.path);
        out.put(x, y - 9.0, &mark);
        out.text("entry", x + MARK, y, Anchor::Start, &entry.text);
    }
    out.put(MARGIN, top, &figure.svg);
    out.file(&sheet())
}

/// Where each entry stands on its baseline, and how many rows that takes.
fn legend(entries: &[Entry]) -> (Vec<(f64, f64)>, usize) {
    let (mut x, mut row) = (MARGIN, 0);
    let places = entries.iter().map(|entry| {
        let wide = MARK + entry.text.chars().count() as f64 * LETTER;
        if x > MARGIN && x + wide > MARGIN + WIDTH {
            (x, row) = (MARGIN, row + 1);
        }
        let place = (x, MARGIN + 37.0 + row as f64 * ROW);
        x += wide + GAP;
        place
    });
    let places: Vec<_> = places.collect();
    let rows = if entries.is_empty() { 0 } else { row + 1 };
    (places, rows)
}

/// The rules of a drawing with the colours of the light page written out: who shows a picture may know no variables.
fn sheet() -> String {
    let mut rules = style::rules().replace("svg { display: block; width: 100%; height: auto; }\n", "");
    for (name, value) in style::light(style::SHEET).chain(style::light(super::SHEET)) {
        rules = rules.replace(&format!("var({name})"), value);
    }
    rules
        + "svg .page { fill: #fff; stroke: #dfe3e8; }\nsvg .heading { font-weight: 600; font-size: 16px; }\n\
           svg .entry { font-size: 13px; }\nsvg .thick { stroke-width: 8; }\n"
}
