//! The placement with meters coloured by the health of their links.

use super::{Place, marked};
use crate::svg::Svg;
use amitwin_data::link_health::Health;

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
    let classes = Health::ALL.map(class);
    let states: Vec<Option<usize>> = health.iter().map(|health| health.map(|health| health as usize)).collect();
    marked::draw(title, places, &states, &classes)
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
