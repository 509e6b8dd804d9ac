//! `[weather]`: a climate, or a file with hours, which must cover the run.

use super::placement::Placements;
use super::{Context, show};
use amitwin_data::input;
use amitwin_models::spec::{Hours, WeatherSpec, When, unix_s, utc};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Largest file of hours.
const BYTES_MAX: u64 = 64 << 20;
/// Rows of a typical year.
const YEAR_HOURS: usize = 8_760;
/// Lines before them.
const EPW_HEADER: usize = 8;
/// Air on earth, C, and sun on the ground, W/m2.
const AIR_C: std::ops::RangeInclusive<f32> = -90.0..=60.0;
const SUN_W_M2: std::ops::RangeInclusive<f32> = 0.0..=1_500.0;
/// Rain of an hour, mm.
const RAIN_MM: std::ops::RangeInclusive<f32> = 0.0..=400.0;

/// The weather of a variant with its hours; `None` if it has none, or after an error.
pub(super) fn weather(cx: &mut Context<'_>, placements: &mut Placements) -> Option<WeatherSpec> {
    let mut weather = cx.file.weather.clone()?;
    let start_s = cx.file.dlms.start_unix_s;
    if start_s < 0 {
        let title = "weather is known from 1970 on, and the run begins before";
        cx.error(&["dlms", "start"], title, "before 1970", "begin later with dlms.start, or leave [weather] out");
        return None;
    }
    match (&weather.climate, &weather.file) {
        (Some(_), None) => Some(weather),
        (None, Some(file)) => match placements.hours(file) {
            Ok(hours) => {
                covers(cx, &hours, file);
                tell_surplus(cx, &hours, file);
                weather.hours = Some(hours);
                Some(weather)
            }
            Err(error) => {
                let help = "name an EPW file, or a CSV file with the columns time, air_c and sun_w_m2; paths start at the scenario";
                cx.error(&["weather", "file"], format!("{file}: {error}"), "this file", help);
                None
            }
        },
        (climate, _) => {
            let both = climate.is_some();
            let title = if both { "weather of a climate and of a file" } else { "weather of no climate and no file" };
            let label = if both { "one of the two" } else { "says nothing of the weather" };
            cx.error(&["weather"], title, label, "name weather.climate or weather.file, and not both");
            None
        }
    }
}

/// Whether hours from a moment on hold for the whole run.
fn covers(cx: &mut Context<'_>, hours: &Hours, file: &str) {
    let When::From(first_s) = hours.when else { return };
    let (start_s, duration) = (cx.file.dlms.start_unix_s, cx.file.duration);
    let last_s = first_s + 3_600 * (hours.air_c.len() as i64 - 1);
    let end_s = start_s + duration.secs_f64().ceil() as i64;
    if start_s >= first_s && end_s <= last_s {
        return;
    }
    let year = if hours.air_c.len() >= YEAR_HOURS { "a year and more of weather" } else { "weather" };
    let title = format!(
        "{file} has {year} from {} to {}, and the run of {} lasts from {} to {}",
        utc(first_s),
        utc(last_s),
        show(duration),
        utc(start_s),
        utc(end_s)
    );
    let latest_s = last_s - duration.secs_f64().ceil() as i64;
    let help = match latest_s >= first_s {
        true => format!(
            "begin the run between {} and {} with dlms.start, or take a file with its hours",
            utc(first_s),
            utc(latest_s)
        ),
        false => format!(
            "take a file with at least {} hours, or shorten the run with duration",
            duration.secs_f64().div_euclid(3_600.0) + 2.0
        ),
    };
    cx.error(&["weather", "file"], title, "not the whole run", help);
}

/// A file with far more hours than a run lasts is no mistake, but perhaps another one was meant.
fn tell_surplus(cx: &mut Context<'_>, hours: &Hours, file: &str) {
    let has = hours.air_c.len();
    let takes = (cx.file.duration.secs_f64() / 3_600.0).ceil() as usize + 1;
    if has >= 2 * takes {
        let start = utc(cx.file.dlms.start_unix_s);
        cx.note(format!("{file} has {has} hours of weather, of which the run takes {takes} from {start} on"));
    }
}

/// Reads a file of hours; its BLAKE3 beside it.
pub(crate) fn read(path: &Path) -> Result<(Arc<Hours>, String), String> {
    let mut bytes = Vec::new();
    let file = input::open(path).map_err(|e| format!("cannot be read: {e}"))?;
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|e| format!("cannot be read: {e}"))?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(format!("is larger than {} MiB, the limit for hours of weather", BYTES_MAX >> 20));
    }
    // Names of places in EPW files may be in any code page; numbers are not.
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_start_matches('\u{feff}');
    let hours = if text.starts_with("LOCATION") { epw(text)? } else { csv(text)? };
    Ok((Arc::new(hours), blake3::hash(&bytes).to_hex().to_string()))
}

/// A typical year as EnergyPlus has it: 8 lines of header, then 8,760 of 35 fields: the 7th is the air, the 14th the sun.
fn epw(text: &str) -> Result<Hours, String> {
    let location: Vec<&str> = text.lines().next().unwrap_or_default().split(',').map(str::trim).collect();
    // Some write the zone with a decimal comma.
    let zone = match location[..] {
        [_, _, _, _, _, _, _, _, zone, _] => zone.to_owned(),
        [_, _, _, _, _, _, _, _, hours, tenths, _] => format!("{hours}.{tenths}"),
        _ => return Err(format!("line 1 has {} fields, and LOCATION has 10", location.len())),
    };
    let zone_h = number(&zone, -12.0..=14.0, "time zone", 1)?;
    let lat_deg = number(location[6], -90.0..=90.0, "latitude", 1)?;
    let lon_deg = number(location[7], -180.0..=180.0, "longitude", 1)?;
    let place_deg = Some((f64::from(lat_deg), f64::from(lon_deg)));
    let (mut air_c, mut sun_w_m2) = (Vec::with_capacity(YEAR_HOURS), Vec::with_capacity(YEAR_HOURS));
    let mut rain_mm = Vec::with_capacity(YEAR_HOURS);
    for (line, row) in (1..).zip(text.lines()).skip(EPW_HEADER).filter(|(_, row)| !row.trim().is_empty()) {
        let fields: Vec<&str> = row.split(',').map(str::trim).collect();
        let (Some(air), Some(sun)) = (fields.get(6), fields.get(13)) else {
            return Err(format!("line {line} has {} of 35 fields: the file is cut; fetch it again", fields.len()));
        };
        air_c.push(number(air, AIR_C, "air temperature", line)?);
        sun_w_m2.push(number(sun, SUN_W_M2, "sun on level ground", line)?);
        // Many files leave rain out, or write 999 where it is missing.
        let rain = fields.get(33).and_then(|rain| rain.parse().ok()).filter(|mm| RAIN_MM.contains(mm));
        rain_mm.push(rain.unwrap_or(0.0));
    }
    if rain_mm.iter().all(|mm| *mm == 0.0) {
        rain_mm.clear();
    }
    if air_c.len() != YEAR_HOURS {
        return Err(format!(
            "has {} of the {YEAR_HOURS} hours of a year: it is cut, or no typical year; fetch it again",
            air_c.len()
        ));
    }
    Ok(Hours { when: When::Yearly(f64::from(zone_h)), air_c, sun_w_m2, rain_mm, place_deg })
}

/// Hours one after the other, each with its moment.
fn csv(text: &str) -> Result<Hours, String> {
    let names: Vec<&str> = text.lines().next().unwrap_or_default().split(',').map(str::trim).collect();
    let find = |name: &str| names.iter().position(|n| n.eq_ignore_ascii_case(name));
    let column = |name: &str| {
        find(name)
            .ok_or_else(|| format!("has no column '{name}'; a CSV of hours begins with the line time,air_c,sun_w_m2"))
    };
    let (time, air, sun) = (column("time")?, column("air_c")?, column("sun_w_m2")?);
    let rain = find("rain_mm");
    let (mut first_s, mut air_c, mut sun_w_m2, mut rain_mm) = (0, Vec::new(), Vec::new(), Vec::new());
    for (line, row) in (1..).zip(text.lines()).skip(1).filter(|(_, row)| !row.trim().is_empty()) {
        let fields: Vec<&str> = row.split(',').map(str::trim).collect();
        let field = |at: usize, name: &str| fields.get(at).copied().ok_or_else(|| format!("line {line} has no {name}"));
        let moment = field(time, "time")?;
        let at_s = unix_s(moment).map_err(|why| format!("line {line}: no time: \"{moment}\": {why}"))?;
        if air_c.is_empty() {
            first_s = at_s;
        }
        if at_s != first_s + 3_600 * air_c.len() as i64 {
            return Err(format!(
                "line {line}: {moment} is not an hour after the line before; leave no hour out, and take each once"
            ));
        }
        air_c.push(number(field(air, "air_c")?, AIR_C, "air_c", line)?);
        sun_w_m2.push(number(field(sun, "sun_w_m2")?, SUN_W_M2, "sun_w_m2", line)?);
        if let Some(rain) = rain {
            rain_mm.push(number(field(rain, "rain_mm")?, RAIN_MM, "rain_mm", line)?);
        }
    }
    if air_c.len() < 2 {
        return Err("has fewer than two hours".to_owned());
    }
    Ok(Hours { when: When::From(first_s), air_c, sun_w_m2, rain_mm, place_deg: None })
}

fn number(text: &str, range: std::ops::RangeInclusive<f32>, what: &str, line: usize) -> Result<f32, String> {
    let value: f32 = text.parse().map_err(|_| format!("line {line}: {what}: '{text}' is no number"))?;
    if range.contains(&value) {
        return Ok(value);
    }
    let (low, high) = (range.start(), range.end());
    Err(format!(
        "line {line}: {what}: {text} cannot be, it lies between {low} and {high}; correct it, or fill what is missing"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn year(rows: usize, zone: &str, air: &str) -> String {
        let mut text = format!("LOCATION,Town,-,XXX,Source,000000,23.0,72.6,{zone},55.0\n");
        text += &"HEADER\n".repeat(7);
        for n in 0..rows {
            let air = if n == 100 { air } else { "25.5" };
            text += &format!("2001,1,1,{},60,flags,{air},10,50,101325,0,0,300,{},0,0\n", n % 24 + 1, n % 24);
        }
        text
    }

    #[test]
    fn a_typical_year_is_read_and_a_cut_one_is_refused() {
        let hours = epw(&year(8_760, "5.5", "26.5")).expect("a year");
        assert_eq!(
            (hours.when, hours.air_c.len(), hours.air_c[100], hours.sun_w_m2[47]),
            (When::Yearly(5.5), 8_760, 26.5, 23.0)
        );
        assert_eq!(hours.place_deg, Some((23.0, f64::from(72.6f32))));
        // One such file has its zone with a comma.
        assert_eq!(epw(&year(8_760, "5,5", "26.5")).expect("a year").when, When::Yearly(5.5));
        let refused = |text: &str| epw(text).expect_err("refused");
        assert_eq!(
            refused(&year(4_000, "5.5", "26.5")),
            "has 4000 of the 8760 hours of a year: it is cut, or no typical year; fetch it again"
        );
        let whole = year(8_760, "5.5", "26.5");
        assert_eq!(
            refused(&whole[..whole.len() - 30]),
            "line 8768 has 7 of 35 fields: the file is cut; fetch it again"
        );
        let cold = "line 109: air temperature: -300 cannot be, it lies between -90 and 60; correct it, or fill what is missing";
        assert_eq!(refused(&year(8_760, "5.5", "-300")), cold);
        assert!(refused(&year(8_760, "x", "20")).starts_with("line 1: time zone: 'x' is no number"));
    }

    #[test]
    fn hours_of_a_csv_follow_each_other() {
        let rows = "Time,air_c,sun_w_m2\n2026-07-01T00:00:00Z,20,0\n2026-07-01T01:00:00Z,21.5,10\n";
        let hours = csv(rows).expect("hours");
        assert_eq!(
            (hours.when, hours.air_c, hours.sun_w_m2),
            (When::From(1_782_864_000), vec![20.0, 21.5], vec![0.0, 10.0])
        );
        let rain = "time,air_c,sun_w_m2,rain_mm\n2026-07-01T00:00:00Z,20,0,1.5\n2026-07-01T01:00:00Z,21.5,10,0\n";
        assert_eq!(csv(rain).expect("hours").rain_mm, [1.5, 0.0]);
        let gap = format!("{rows}2026-07-01T03:00:00Z,22,10\n");
        assert!(
            csv(&gap)
                .expect_err("a gap")
                .starts_with("line 4: 2026-07-01T03:00:00Z is not an hour after the line before")
        );
        assert!(csv("time,air\n").expect_err("no column").starts_with("has no column 'air_c'"));
        assert!(csv("time,air_c,sun_w_m2\nnoon,1,2\n").expect_err("no time").starts_with("line 2: no time: \"noon\""));
        assert_eq!(csv("time,air_c,sun_w_m2\n").expect_err("none"), "has fewer than two hours");
    }
}
