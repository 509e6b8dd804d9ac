//! Colours: the Okabe-Ito palette for variants, a ramp for hops, with a light and a dark value each.

/// Colours before they repeat.
pub const COLOURS: usize = 7;

/// Steps of the hop ramp.
pub const HOP_STEPS: usize = 8;

/// Class of a line in the colour of place `i`. Odd places are dashed, so that two lines that coincide are both seen.
pub fn stroke(i: usize) -> String {
    format!("line s{}{}", i % COLOURS, if i % 2 == 1 { " dash" } else { "" })
}

/// Class of an area in the colour of place `i`.
pub fn fill(i: usize) -> String {
    format!("f{}", i % COLOURS)
}

/// The rules that the classes of every drawing need.
pub const SHEET: &str = include_str!("style.css");
