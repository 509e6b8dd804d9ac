//! `depot.climate`, `depot.weather_file`: the weather that a depot's meters age in.

use super::Cx;
use super::meters::Lists;
use crate::sections::plan::fleet::DepotSection;
use amitwin_maintenance::climate::Climate;
use amitwin_maintenance::hours::YearOfHours;
use amitwin_models::climate::{City, HALF_YEAR_D};
use amitwin_models::spec::Climate as ClimateName;
use std::sync::Arc;

/// The weather of a depot.
pub(super) struct Sky {
    pub(super) name: String,
    pub(super) normals: Climate,
    pub(super) hours: Option<Arc<YearOfHours>>,
}

/// The weather of a depot: a climate, with what the depot says of its own, or a file.
pub(super) fn climate(cx: &mut Cx<'_>, lists: &mut Lists, depot: &DepotSection) -> Sky {
    let name = match (depot.climate, &depot.weather_file) {
        (Some(name), None) => name,
        (None, Some(file)) => return recorded(cx, lists, depot, file),
        (climate, _) => {
            let both = climate.is_some();
            let words = if both { "a climate and a weather file" } else { "no climate" };
            let label = if both { "one of the two" } else { "what is its weather?" };
            let help = "name one of the nine climates, or a year by the hour: weather_file = \"place.epw\"";
            cx.error(&["depot", &depot.name], format!("the depot `{}` has {words}", depot.name), label, help);
            return Sky { name: String::new(), normals: Climate::constant(f64::NAN), hours: None };
        }
    };
    let (name, normals) = normals(cx, depot, name);
    Sky { name, normals, hours: None }
}

/// The climate of a depot as a file has recorded it.
fn recorded(cx: &mut Cx<'_>, lists: &mut Lists, depot: &DepotSection, file: &str) -> Sky {
    let own = [
        ("months_c", depot.months_c.is_some()),
        ("daily_k", depot.daily_k.is_some()),
        ("clearness", depot.clearness.is_some()),
    ];
    for (key, _) in own.iter().filter(|(_, given)| *given) {
        let title = format!("`{key}` changes a climate, and the depot `{}` has a weather file", depot.name);
        cx.error(&["depot", &depot.name, key], title, "without effect", format!("leave `{key}` out; the file says it"));
    }
    match lists.year(file) {
        Ok(hours) => {
            let normals = hours.normals();
            let name = std::path::Path::new(file).file_name().unwrap_or_default().to_string_lossy();
            Sky { name: format!("{name}, {:.1} C", normals.m_c), normals, hours: Some(hours) }
        }
        Err(reason) => {
            let help = "name an EPW file; paths start at the plan";
            cx.error(&["depot", &depot.name, "weather_file"], format!("{file} {reason}"), "this file", help);
            Sky { name: String::new(), normals: Climate::constant(f64::NAN), hours: None }
        }
    }
}

/// Normals of a climate by its name, with what the depot says of its own.
fn normals(cx: &mut Cx<'_>, depot: &DepotSection, name: ClimateName) -> (String, Climate) {
    let (word, city) = (crate::resolve::word(name), City::of(name));
    let mut climate = climate_of(&city);
    if depot.months_c.is_none() && depot.daily_k.is_none() && depot.clearness.is_none() {
        return (word, climate);
    }
    if let Some(months) = &depot.months_c {
        match <&[f64; 12]>::try_from(months.as_slice()) {
            Ok(months) if months.iter().all(|mean_c| (-60.0..=50.0).contains(mean_c)) => {
                climate = Climate::of_months(months, climate);
            }
            _ => {
                let title = format!("the months of the depot `{}` are not twelve temperatures of air", depot.name);
                let help = "write a mean for each month, January first, in degrees Celsius between -60 and 50";
                cx.error(&["depot", &depot.name, "months_c"], title, "not a year", help);
            }
        }
    }
    climate.d_k = depot.daily_k.unwrap_or(climate.d_k);
    climate.kt_mean += depot.clearness.map_or(0.0, |own| own - city.clearness.0);
    (format!("own, {:.1} C, like {word}", climate.m_c), climate)
}

/// What a plan knows of the weather of a city.
pub fn climate_of(city: &City) -> Climate {
    let (kt_mean, kt_sd, clear_k) = city.hot_hours;
    Climate {
        lat_deg: city.place_deg.0,
        m_c: city.mean_c,
        a_k: city.year.0,
        d0_d: city.year.1,
        a2_k: city.half_year_k,
        d2_d: HALF_YEAR_D,
        d_k: city.day.0,
        h0_h: city.day.1,
        sd_k: city.rest.0,
        noon_h: city.noon_h(),
        kt_mean,
        kt_sd,
        clear_k,
    }
}
