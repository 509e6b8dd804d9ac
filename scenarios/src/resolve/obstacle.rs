//! `[[obstacle]]`: outlines in metres, and what does not fit together.

use super::Context;
use amitwin_models::spec::{MediumKind, ObstacleKind, ObstacleSpec, WeatherSpec};
use amitwin_models::terrain::Placement;

/// The obstacles of a variant with their outlines.
pub(super) fn obstacles(
    cx: &mut Context<'_>,
    placement: &Placement,
    weather: Option<&WeatherSpec>,
) -> Vec<ObstacleSpec> {
    let mut obstacles = cx.file.obstacle.clone();
    for obstacle in &mut obstacles {
        times(cx, obstacle);
        if let Some(key) = misfit(obstacle) {
            let (name, is) = (obstacle.name.as_str(), super::word(obstacle.kind));
            let title = format!("the obstacle `{name}` of kind \"{is}\" has `{key}`");
            let help = match obstacle.kind {
                ObstacleKind::Trees => "`loss` and `loss_spread` are for buildings: trees take what their depth says",
                ObstacleKind::Building => {
                    "`share`, `depth`, `evergreen`, `wet_leaves` and days of leaves are for trees: a building has an outline and a `loss`"
                }
            };
            cx.error(&["obstacle", name, key], title, "not of this kind", help);
        }
        if let Some(outline_m) = outline_m(cx, obstacle, placement) {
            if !outline_m.is_empty() && is_far(&outline_m, placement) {
                let text = "its outline lies outside of the box around all sites, so that no link passes through it";
                cx.warn(&["obstacle", obstacle.name.as_str()], text);
            }
            obstacle.outline_m = outline_m;
        }
    }
    let has_rain = |weather: &WeatherSpec| weather.hours.as_ref().is_none_or(|hours| !hours.rain_mm.is_empty());
    let rains = weather.is_some_and(has_rain);
    if let Some(wet) = obstacles.iter().find(|obstacle| obstacle.wet_leaves_db.is_some() && !rains) {
        let text = "its leaves stay dry: only [weather] with a climate, or with a file that has rain (an EPW file, or a CSV with a column rain_mm), makes them wet";
        cx.warn(&["obstacle", wet.name.as_str(), "wet_leaves"], text);
    }
    if let (Some(first), MediumKind::Ideal) = (obstacles.first(), cx.file.medium) {
        let text = "with medium = \"ideal\" there is no air, and obstacles have no effect";
        cx.warn(&["obstacle", first.name.as_str()], text);
    }
    obstacles
}

/// A key that its kind does not have.
fn misfit(obstacle: &ObstacleSpec) -> Option<&'static str> {
    let said = |key: &'static str, is_said: bool| is_said.then_some(key);
    match obstacle.kind {
        ObstacleKind::Trees => {
            said("loss", obstacle.loss_db.is_some()).or(said("loss_spread", obstacle.loss_spread_db.is_some()))
        }
        ObstacleKind::Building => said("share", obstacle.share.is_some())
            .or(said("depth", obstacle.depth_m.is_some()))
            .or(said("evergreen", obstacle.evergreen))
            .or(said("wet_leaves", obstacle.wet_leaves_db.is_some()))
            .or(said("leaves_out_day", obstacle.leaves_out_day.is_some()))
            .or(said("leaves_fall_day", obstacle.leaves_fall_day.is_some())),
    }
}

fn times(cx: &mut Context<'_>, obstacle: &ObstacleSpec) {
    let name = obstacle.name.as_str();
    if let Some(until) = obstacle.until.filter(|until| obstacle.at.unwrap_or_default() >= *until) {
        let title = format!("the obstacle `{name}` is gone after {} and has not come by then", super::show(until));
        cx.error(&["obstacle", name, "until"], title, "not after `at`", "let it end later, or begin earlier");
    }
    let duration = cx.file.duration;
    if let Some(at) = obstacle.at.filter(|at| *at >= duration) {
        let text = format!("it comes after {}, and the run ends after {}", super::show(at), super::show(duration));
        cx.warn(&["obstacle", name, "at"], text);
    }
}

/// Corners in metres, none for trees by share; `None` after an error.
fn outline_m(cx: &mut Context<'_>, obstacle: &ObstacleSpec, placement: &Placement) -> Option<Vec<(f64, f64)>> {
    let name = obstacle.name.as_str();
    match (&obstacle.polygon, &obstacle.polygon_m, (obstacle.share, obstacle.depth_m)) {
        (Some(corners), None, (None, None)) => {
            let Some(plane) = placement.plane else {
                let title = format!("the placement has no latitudes, and the obstacle `{name}` has some");
                let help = "give its outline in metres, as `polygon_m`";
                cx.error(&["obstacle", name, "polygon"], title, "in degrees", help);
                return None;
            };
            if let Some([lat, lon]) = corners.iter().find(|[lat, lon]| lat.abs() > 90.0 || lon.abs() > 180.0) {
                let title = format!("the obstacle `{name}` has a corner at latitude {lat}, longitude {lon}");
                let help = "corners are [latitude, longitude] in degrees; for metres use `polygon_m`";
                cx.error(&["obstacle", name, "polygon"], title, "not on earth", help);
                return None;
            }
            Some(corners.iter().map(|&[lat, lon]| plane.to_local(lat, lon)).collect())
        }
        (None, Some(corners), (None, None)) => Some(corners.iter().map(|&[x, y]| (x, y)).collect()),
        (None, None, (Some(_), Some(_))) if obstacle.kind == ObstacleKind::Trees => Some(Vec::new()),
        // Told as a key that its kind does not have.
        (None, None, (Some(_), Some(_))) => None,
        _ => {
            let title = format!("the obstacle `{name}` needs one place");
            let help = "give its outline in one way, as `polygon` in degrees or `polygon_m` in metres; trees may have \
                        `share` and `depth` instead";
            cx.error(&["obstacle", name], title, "this one", help);
            None
        }
    }
}

/// Whether an outline's box does not meet that of the sites.
fn is_far(outline_m: &[(f64, f64)], placement: &Placement) -> bool {
    let range = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    };
    let of = |x: bool| {
        let own = range(&mut outline_m.iter().map(|corner| if x { corner.0 } else { corner.1 }));
        let sites = range(&mut placement.sites.iter().map(|site| f64::from(if x { site.x_m } else { site.y_m })));
        own.0 <= sites.1 && sites.0 <= own.1
    };
    !(of(true) && of(false))
}
