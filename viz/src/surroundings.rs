//! What a scenario puts between and beside its radios, for the map: outlines of trees and buildings, and interferers.

use amitwin_data::rows::NodeRow;
use toml::{Table, Value};

/// Metres of a degree of latitude.
const DEGREE_M: f64 = 111_195.0;

/// Trees, buildings and interferers, in metres as the nodes are; without what variants change of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Surroundings {
    /// Outlines of trees.
    pub trees: Vec<Vec<(f64, f64)>>,
    /// Outlines of buildings.
    pub buildings: Vec<Vec<(f64, f64)>>,
    /// Places of interferers.
    pub interferers: Vec<(f64, f64)>,
}

impl Surroundings {
    /// Those of a resolved scenario with these nodes. What cannot be read, or stands nowhere, is left out.
    pub fn of(scenario: &str, nodes: &[NodeRow]) -> Surroundings {
        let mut all = Surroundings::default();
        let (Ok(file), Some(origin)) = (scenario.parse::<Table>(), nodes.first()) else { return all };
        let list =
            |key: &str| file.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table);
        for obstacle in list("obstacle") {
            let Some(outline) = outline(obstacle, origin) else { continue };
            let is_building = obstacle.get("kind").and_then(Value::as_str) == Some("building");
            (if is_building { &mut all.buildings } else { &mut all.trees }).push(outline);
        }
        all.interferers = list("interferer").filter_map(|interferer| place(interferer, nodes, origin)).collect();
        all
    }
}

/// A place in degrees, in metres by a node whose place is known in both.
fn metres(lat_deg: f64, lon_deg: f64, origin: &NodeRow) -> (f64, f64) {
    let east = (lon_deg - origin.lon_deg) * DEGREE_M * libm::cos(origin.lat_deg.to_radians());
    (f64::from(origin.x_m) + east, f64::from(origin.y_m) + (lat_deg - origin.lat_deg) * DEGREE_M)
}

fn outline(obstacle: &Table, origin: &NodeRow) -> Option<Vec<(f64, f64)>> {
    let corners = |key: &str| -> Option<Vec<(f64, f64)>> {
        let corner = |pair: &Value| Some((number(pair.get(0)?)?, number(pair.get(1)?)?));
        obstacle.get(key)?.as_array()?.iter().map(corner).collect()
    };
    corners("polygon_m")
        .or_else(|| Some(corners("polygon")?.into_iter().map(|(lat, lon)| metres(lat, lon, origin)).collect()))
}

fn place(interferer: &Table, nodes: &[NodeRow], origin: &NodeRow) -> Option<(f64, f64)> {
    let of = |key: &str| number(interferer.get(key)?);
    let near = interferer.get("near").and_then(Value::as_str);
    let site = near.and_then(|name| nodes.iter().find(|node| node.name == name));
    site.map(|site| (f64::from(site.x_m), f64::from(site.y_m)))
        .or_else(|| Some((of("x")?, of("y")?)))
        .or_else(|| Some(metres(of("lat")?, of("lon")?, origin)))
}

/// A number, or one with a unit of length or of angle behind it.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Float(number) => Some(*number),
        Value::Integer(number) => Some(*number as f64),
        Value::String(text) => {
            let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
            let scale = if unit == "km" { 1_000.0 } else { 1.0 };
            number.parse::<f64>().ok().map(|number| number * scale)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::tests::node;
    use amitwin_data::rows::NodeKind;

    #[test]
    fn places_are_those_of_the_scenario_in_metres_or_degrees() {
        let router = NodeRow {
            name: "G1".into(),
            lat_deg: 60.0,
            lon_deg: 10.0,
            x_m: 100.0,
            y_m: 50.0,
            ..node(0, NodeKind::Gateway, None)
        };
        let text = r#"
            [[obstacle]]
            name = "park"
            kind = "trees"
            polygon_m = [[0.0, 0.0], [30, 0.0], [30.0, 20.0]]
            [[obstacle]]
            name = "hall"
            kind = "building"
            polygon = [[60.001, 10.0], [60.0, 10.002], [60.0, 10.0]]
            [[obstacle]]
            name = "gardens"
            kind = "trees"
            share = 0.5
            depth = "30 m"
            [[interferer]]
            name = "on the roof"
            near = "G1"
            [[interferer]]
            name = "far"
            x = "1.5 km"
            y = "-20 m"
            [[interferer]]
            name = "nowhere"
            near = "G2"
        "#;
        let all = Surroundings::of(text, &[router]);
        assert_eq!(all.trees, [vec![(0.0, 0.0), (30.0, 0.0), (30.0, 20.0)]]);
        // A thousandth of a degree of latitude is 111.2 m; two of longitude at 60 degrees, where a degree is half as long, the same.
        let hall = [(100.0, 161.195), (211.195, 50.0), (100.0, 50.0)];
        assert_eq!(all.buildings.len(), 1);
        let near = |a: &(f64, f64), b: &(f64, f64)| (a.0 - b.0).abs() < 0.01 && (a.1 - b.1).abs() < 0.01;
        assert!(all.buildings[0].iter().zip(&hall).all(|(a, b)| near(a, b)), "{:?}", all.buildings);
        assert_eq!(all.interferers, [(100.0, 50.0), (1_500.0, -20.0)]);
        assert_eq!(Surroundings::of("no [ TOML", &[]), Surroundings::default());
    }
}
