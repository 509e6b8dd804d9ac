//! The placement with meters coloured by the health of their links.

use super::{Place, Projection, draw_links, draw_scale, draw_special, whole};
use crate::health::Health;
use crate::svg::{Svg, WIDTH};
use std::fmt::Write;

/// Class of a state's colour: from the ramp of hops, and that of losses.
pub fn class(health: Health) -> &'static str {
    match health {
        Health::Good => "h2",
        Health::Lossy => "h4",
        Health::LowSnr => "h6",
        Health::Poor => "h7",
        Health::None => "loss",
    }
}

/// Draws `places`, and at each how healthy its link was, where that is known, in their order.
pub fn draw(title: &str, places: &[Place], health: &[Option<Health>]) -> Svg {
    let at = Projection::new(places);
    let mut svg = Svg::new(WIDTH, at.height + super::FOOT, title);
    draw_links(&mut svg, &at, places);
    let known = health.iter().flatten().count();
    let size = (200.0 / (known.max(1) as f64).sqrt()).clamp(2.0, 7.0);
    // The worst last, so that no healthy crowd hides them.
    for state in Health::ALL {
        let mut data = String::new();
        for (place, _) in places.iter().zip(health).filter(|(_, health)| **health == Some(state)) {
            let (x, y) = at.px(place);
            let _ = write!(data, "M{} {}h0", whole(x), whole(y));
        }
        svg.marks(&format!("dot {}", class(state)), size, &data);
    }
    draw_special(&mut svg, &at, places);
    draw_scale(&mut svg, &at);
    svg
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    #[test]
    fn each_meter_has_a_mark_of_its_state_and_the_worst_are_drawn_last() {
        let at = |x_m| Place { x_m, y_m: 0.0, kind: Kind::Meter(Some(1)), parent: None };
        let states = [Some(Health::Poor), None, Some(Health::Good), Some(Health::Good)];
        let svg = draw("health", &[at(0.0), at(50.0), at(100.0), at(150.0)], &states).element();
        let (good, poor) = (svg.find("dot h2").expect("good ones"), svg.find("dot h7").expect("a poor one"));
        assert!(good < poor);
        assert_eq!(svg.matches("60h0").count(), 3, "all at the same height: {svg}");
    }
}
