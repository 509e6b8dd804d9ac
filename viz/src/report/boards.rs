//! The hottest that boards were, as a map.

use super::charts::{Entry, Figure, LINE};
use crate::human;
use crate::series;
use crate::svg::escape;
use crate::svg::map::{self, marked};
use crate::svg::style::HOP_STEPS;
use crate::view::{RunView, VariantView};
use std::fmt::Write;

/// Widths of a step that read well, K.
const WIDTHS_K: [f32; 5] = [1.0, 2.0, 5.0, 10.0, 20.0];

/// The hottest board of a variant, C, if it has weather.
fn hottest_c(variant: &VariantView) -> Option<f32> {
    variant.nodes.iter().filter_map(|node| node.board_max_c.0).reduce(f32::max)
}

/// Steps of equal width that hold all values: where the first begins, and how wide they are.
fn steps(values: &[f32]) -> (f32, f32) {
    let (low, high) = values.iter().fold((f32::MAX, f32::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
    let begins = |width: f32| (low / width).floor() * width;
    let holds = |width: &&f32| high < begins(**width) + **width * HOP_STEPS as f32;
    let width = WIDTHS_K.iter().find(holds).copied().unwrap_or((high - low) / (HOP_STEPS - 1) as f32);
    (begins(width), width)
}

/// The map, of the variant with the hottest boards; `None` without weather, or if there are too many meters to draw one by one.
pub fn figure(run: &RunView) -> Option<Figure> {
    let with = run.variants.iter().filter_map(|variant| Some((variant, hottest_c(variant)?)));
    let (variant, hottest_c) = with.rev().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let places = series::places(&variant.nodes);
    if places.len() > map::POINTS_MAX {
        return None;
    }
    let boards: Vec<f32> = variant.nodes.iter().filter_map(|node| node.board_max_c.0).collect();
    let (from_c, width_k) = steps(&boards);
    let step = |board_c: f32| (((board_c - from_c) / width_k) as usize).min(HOP_STEPS - 1);
    let of: Vec<Option<usize>> = variant.nodes.iter().map(|node| node.board_max_c.0.map(step)).collect();
    let last = step(hottest_c);
    // Few steps spread over the whole ramp.
    let classes: Vec<String> = (0..=last).map(|n| format!("h{}", n * (HOP_STEPS - 1) / last.max(1))).collect();
    let names: Vec<&str> = classes.iter().map(String::as_str).collect();
    let svg = marked::draw("Map of the hottest boards", &places, &of, &names);
    let mut legend: Vec<Entry> = (0..=last)
        .filter(|n| of.contains(&Some(*n)))
        .map(|n| {
            let low_c = from_c + width_k * n as f32;
            let text = format!("{low_c:.0} to {:.0} °C", low_c + width_k);
            Entry { class: format!("line thick {}", classes[n]), path: LINE, text }
        })
        .collect();
    legend.push(Entry { class: "router".into(), path: "M13 0l5 5-5 5-5-5z", text: "border router".into() });
    let hours: Vec<u32> = variant.nodes.iter().filter_map(|node| node.above_60c_h.0).filter(|h| *h > 0).collect();
    let mut caption =
        format!("The hottest that the board of each radio was; {} above 60 °C", human::plural(hours.len(), "radio"));
    if let Some(most) = hours.iter().max() {
        let mean = hours.iter().sum::<u32>() as f64 / hours.len() as f64;
        let _ = write!(caption, ", for {mean:.0} h on average and {most} h at the most");
    }
    if run.variants.len() > 1 {
        let _ = write!(caption, ", in variant “{}”", escape(&variant.name));
    }
    caption.push('.');
    Some(Figure { wide: true, ..Figure::new("boards", "Hottest boards", legend, svg, &caption) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_hold_all_boards() {
        // 41.0 to 66.4: steps of 2 K from 40 on end at 56, of 5 K at 80.
        assert_eq!(steps(&[41.0, 66.4, 50.0]), (40.0, 5.0));
        assert_eq!(steps(&[50.2, 50.2]), (50.0, 1.0));
        // -35 to 120: ten steps of 20 K would be needed, so that they are as wide as it takes.
        let (from_c, width_k) = steps(&[-35.0, 130.0]);
        assert!(from_c <= -35.0 && from_c + width_k * 8.0 >= 130.0, "{from_c} and {width_k}");
    }
}
