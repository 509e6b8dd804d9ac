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

/// The variables of a sheet with their values on a light page: `--ink`, `#1c2126`.
pub fn light(sheet: &str) -> impl Iterator<Item = (&str, &str)> {
    let root = sheet.split_once(":root {").and_then(|(_, rest)| rest.split_once('}')).map_or("", |(root, _)| root);
    root.split(';').filter_map(|line| line.trim().split_once(": ")).filter(|(name, _)| name.starts_with("--"))
}

/// The rules of [`SHEET`] without its variables.
pub fn rules() -> &'static str {
    SHEET.rsplit_once("\n  }\n}\n").map_or(SHEET, |(_, rules)| rules)
}
