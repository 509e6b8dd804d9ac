//! `weather.wall_column` and `facing`: which way the walls face that boxes hang on, and where on earth that is.

use super::Context;
use crate::language::diagnostic::suggest;
use amitwin_models::spec::{Facing, WeatherSpec};
use amitwin_models::terrain::Placement;
use std::sync::Arc;

/// Columns that are told when one is misspelt.
const TOLD_MAX: usize = 20;

/// What of the weather hangs on the placement: where it lies, and the walls that boxes hang on.
pub(super) fn placed(cx: &mut Context<'_>, weather: &mut WeatherSpec, placement: &Placement) {
    weather.place_deg = placement.plane.map(|plane| plane.origin());
    if let Some(column) = weather.wall_column.clone() {
        weather.walls = walls(cx, &column, placement).map(Arc::new);
    }
    let boxes = [&weather.meters, &weather.repeaters, &weather.routers];
    let on_walls = weather.wall_column.is_some() || boxes.iter().any(|kind| kind.facing != Facing::Any);
    let has_place = weather.hours.as_ref().is_none_or(|hours| hours.place_deg.or(weather.place_deg).is_some());
    if on_walls && !has_place {
        let title = "boxes hang on walls, and neither the file of hours nor the placement says where on earth that is";
        let help = "take an EPW file, a climate, or a placement with latitudes and longitudes; or leave walls out";
        cx.error(&["weather"], title, "the sun's way is not known", help);
    }
}

/// The walls of a column of the placement by site; `None` after an error.
fn walls(cx: &mut Context<'_>, column: &str, placement: &Placement) -> Option<Vec<Option<u8>>> {
    let attributes = &placement.attributes;
    let Some(attribute) = attributes.column(column) else {
        let names: Vec<&str> = attributes.columns().iter().map(|attribute| attribute.name()).take(TOLD_MAX).collect();
        let help = match names[..] {
            [] => "the placement has no columns of your own; add one to its file".to_owned(),
            _ => suggest(column, &names, "columns of your own"),
        };
        cx.error(
            &["weather", "wall_column"],
            format!("the placement has no column `{column}`"),
            "not in the placement",
            help,
        );
        return None;
    };
    if let Some(word) = attribute.words().find(|word| !word.trim().is_empty() && wall(word).is_none()) {
        let title = format!("the column `{column}` of the placement has a wall that faces `{word}`");
        let help = "write a point of the compass (N, SW, south-west) or degrees clockwise from the north (225); leave empty what is not known";
        cx.error(&["weather", "wall_column"], title, "no direction", help);
        return None;
    }
    Some((0..placement.sites.len()).map(|site| attribute.value(site).and_then(wall)).collect())
}

/// The wall that a word or a number of degrees means, to the nearest of the eight points of the compass.
fn wall(text: &str) -> Option<u8> {
    const LONG: [&str; 8] = ["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"];
    const SHORT: [&str; 8] = ["n", "ne", "e", "se", "s", "sw", "w", "nw"];
    let word: String = text.chars().filter(|c| c.is_ascii_alphabetic()).collect::<String>().to_lowercase();
    let named = LONG.iter().zip(SHORT).position(|(long, short)| word == *long || word == short);
    let degrees = || text.trim().parse::<f64>().ok().filter(|degrees| (0.0..=360.0).contains(degrees));
    named.or_else(|| degrees().map(|degrees| (degrees / 45.0).round() as usize % 8)).map(|wall| wall as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walls_are_points_of_the_compass_or_degrees() {
        let of = |texts: [&str; 5]| texts.map(wall);
        assert_eq!(of(["N", "south-west", "South West", "225", "350"]), [0, 5, 5, 5, 0].map(Some));
        assert_eq!(of(["up", "361", "-1", "", "SSW"]), [None; 5]);
    }
}
