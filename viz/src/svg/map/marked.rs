//! The placement with each place coloured by the step that it belongs to.

use super::{Place, Projection, draw_links, draw_scale, draw_special, whole};
use crate::svg::{Svg, WIDTH};
use std::fmt::Write;

/// Draws `places`, each that belongs to a step in the colour of that step's class; the last steps lie on top.
pub fn draw(title: &str, places: &[Place], steps: &[Option<usize>], classes: &[&str]) -> Svg {
    let at = Projection::new(places);
    let mut svg = Svg::new(WIDTH, at.height + super::FOOT, title);
    draw_links(&mut svg, &at, places);
    let known = steps.iter().flatten().count();
    let size = (200.0 / (known.max(1) as f64).sqrt()).clamp(2.0, 7.0);
    for (step, class) in classes.iter().enumerate() {
        let mut data = String::new();
        for (place, _) in places.iter().zip(steps).filter(|(_, of)| **of == Some(step)) {
            let (x, y) = at.px(place);
            let _ = write!(data, "M{} {}h0", whole(x), whole(y));
        }
        svg.marks(&format!("dot {class}"), size, &data);
    }
    draw_special(&mut svg, &at, places);
    draw_scale(&mut svg, &at);
    svg
}
