//! Groups of bars over whole numbers: how many meters are how many hops away.

use super::ticks;
use super::{Anchor, Svg, WIDTH, style};
use crate::human;

const HEIGHT: f64 = 316.0;
const LEFT: f64 = 68.0;
const RIGHT: f64 = 22.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 58.0;

/// Counts by whole number, one set of bars for each name.
#[derive(Clone, Debug, PartialEq)]
pub struct BarChart {
    /// Read out in place of the picture.
    pub title: String,
    /// Label of the horizontal axis.
    pub x_label: String,
    /// Label of the vertical axis.
    pub y_label: String,
    /// The number that the first bar stands for.
    pub first: u32,
    /// Name and counts of each set; the place in the list sets the colour. A single set is grey: it is no variant.
    pub sets: Vec<(String, Vec<u32>)>,
}

impl BarChart {
    /// The chart.
    pub fn draw(&self) -> Svg {
        let mut svg = Svg::new(WIDTH, HEIGHT, &self.title);
        let bottom = HEIGHT - BOTTOM;
        let groups = self.sets.iter().map(|(_, c)| c.len()).max().unwrap_or(0).max(1);
        let tallest = self.sets.iter().flat_map(|(_, c)| c).copied().max().unwrap_or(0).max(1) as f64;
        let y_ticks: Vec<f64> = ticks::nice(0.0, tallest, 5).into_iter().filter(|t| *t == t.round()).collect();
        // Headroom up to the next tick would waste height; a little keeps the tallest bar off the edge.
        let top_value = tallest * 1.05;
        let y = |n: f64| bottom - n / top_value * (bottom - TOP);
        for t in y_ticks {
            svg.line("grid", LEFT, y(t), WIDTH - RIGHT, y(t));
            svg.text("tick", LEFT - 8.0, y(t) + 5.0, Anchor::End, &human::short_count(t));
        }
        let pitch = (WIDTH - LEFT - RIGHT) / groups as f64;
        let bar = (pitch * 0.8 / self.sets.len().max(1) as f64).min(44.0);
        let every = groups.div_ceil(16);
        for g in 0..groups {
            let centre = LEFT + (g as f64 + 0.5) * pitch;
            if g % every == 0 {
                svg.text("tick", centre, bottom + 22.0, Anchor::Middle, &(self.first + g as u32).to_string());
            }
            let start = centre - bar * self.sets.len() as f64 / 2.0;
            for (i, (name, counts)) in self.sets.iter().enumerate() {
                let n = counts.get(g).copied().unwrap_or(0);
                if n > 0 {
                    let height = (bottom - y(n as f64)).max(1.0);
                    let tip = format!("{name}, {}: {}", self.first + g as u32, human::count(n as f64));
                    let class = if self.sets.len() == 1 { "plain".into() } else { style::fill(i) };
                    svg.rect(&class, start + i as f64 * bar, bottom - height, bar, height, &tip);
                }
            }
        }
        svg.line("axis", LEFT, bottom, WIDTH - RIGHT, bottom);
        svg.text("label", (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 10.0, Anchor::Middle, &self.x_label);
        svg.text("label", 0.0, 17.0, Anchor::Start, &self.y_label);
        svg
    }
}
