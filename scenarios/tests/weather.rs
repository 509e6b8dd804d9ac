//! What is wrong with weather, said with its place and a remedy, and what may look odd and is right.

use amitwin_scenarios::{load, load_text};
use amitwin_testkit::gallery::Gallery;
use insta::assert_snapshot;
use std::fmt::Write;
use std::path::Path;

/// A day of a small town.
const DAY: &str = "name = \"town\"\nduration = \"1d\"\n[placement]\ngenerator = \"grid\"\nmeters = 25\ngateways = 1\n";
/// 2026-07-01, midnight in UTC.
const START: &str = "[dlms]\nstart = \"2026-07-01T00:00:00Z\"\n";

/// A year, of which only so many bytes from the end are missing, in which it is 25.5 degrees but for one hour.
fn epw(cut: usize, odd: &str) -> String {
    let mut text = String::from("LOCATION,Town,-,XXX,Source,000000,33.45,-112.07,-7.0,340.0\n");
    text += &"HEADER\n".repeat(7);
    for n in 0..8_760 {
        let air = if n == 100 { odd } else { "25.5" };
        let _ = writeln!(text, "2001,1,1,{},60,flags,{air},10,50,101325,0,0,300,{},0,0", n % 24 + 1, n % 24);
    }
    text.truncate(text.len() - cut);
    text
}

fn csv(hours: u32, air: &str) -> String {
    let mut text = String::from("time,air_c,sun_w_m2\n");
    for n in 0..hours {
        let _ = writeln!(text, "2026-07-{:02}T{:02}:00:00Z,{air},0", 1 + n / 24, n % 24);
    }
    text
}

/// The 8,760 hours of a year of 365 days.
fn csv_of_year(year: u32) -> String {
    let mut text = String::from("time,air_c,sun_w_m2\n");
    for (month, days) in (1..).zip([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
        for hour in 0..24 * days {
            let _ = writeln!(text, "{year}-{month:02}-{:02}T{:02}:00:00Z,20,0", 1 + hour / 24, hour % 24);
        }
    }
    text
}

/// The message for a town whose `[weather]` says this, with a file beside it.
fn with_file(weather: &str, content: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("hours"), content).unwrap();
    let path = dir.path().join("town.toml");
    std::fs::write(&path, format!("{DAY}{START}[weather]\n{weather}\n")).unwrap();
    match load(&path, &[], None) {
        Ok(_) => panic!("loads: {weather}"),
        Err(error) => error.render(false).replace(&dir.path().display().to_string(), "DIR"),
    }
}

fn with(more: &str) -> String {
    match load_text(&format!("{DAY}{more}"), "town.toml", Path::new("."), &[], None) {
        Ok(_) => panic!("loads: {more}"),
        Err(error) => error.render(false),
    }
}

#[test]
fn absurd_weather_is_refused_with_place_and_remedy() {
    let mut gallery = Gallery::default();
    gallery.add("no_such_climate", with("[weather]\nclimate = \"atlantis\"\n"));
    gallery.add("neither", with("[weather]\n"));
    gallery.add("both", with("[weather]\nclimate = \"london\"\nfile = \"hours\"\n"));
    gallery.add("no_file", with("[weather]\nfile = \"hours.epw\"\n"));
    gallery.add("before_1970", with("[dlms]\nstart = \"1969-07-01T00:00:00Z\"\n[weather]\nclimate = \"london\"\n"));
    let file = "file = \"hours\"";
    gallery.add("epw_cut_in_the_middle", with_file(file, &epw(60 * 4_000, "25.5")));
    gallery.add("epw_cut_in_a_line", with_file(file, &epw(30, "25.5")));
    gallery.add("epw_of_300_below", with_file(file, &epw(0, "-300")));
    gallery.add("csv_of_300_below", with_file(file, &csv(48, "-300")));
    gallery.add("csv_ends_first", with_file(file, &csv(30, "20").replace("-07-0", "-06-0").replace("2026", "2025")));
    gallery.add("csv_of_less_than_the_run", with_file(file, &csv(20, "20")));
    gallery.add("csv_of_a_year_for_a_day_of_another", with_file(file, &csv_of_year(2025)));
    let climate = "[weather]\nclimate = \"phoenix\"\n";
    gallery.add("colder_than_is_possible", with(&format!("{climate}meters.self_heating = \"-300 K\"\n")));
    gallery.add("a_box_as_slow_as_a_cellar", with(&format!("{climate}meters.lag = \"30d\"\n")));
    gallery.add("no_direction", with(&format!("{climate}meters.facing = \"up\"\n")));
    gallery.add("no_column", with(&format!("{climate}wall_column = \"wall\"\n")));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn hours_of_an_interferer_are_two_times_of_a_day() {
    let mut gallery = Gallery::default();
    let interferer = |hours: &str| {
        format!("[[interferer]]\nname = \"x\"\nnear = \"G0000\"\npower = \"10 dBm\"\nduty = 0.1\nhours = {hours}\n")
    };
    gallery.add("after_the_day", with(&interferer("[\"20h\", \"26h\"]")));
    gallery.add("of_no_length", with(&interferer("[\"8h\", \"8h\"]")));
    gallery.add("one", with(&interferer("[\"8h\"]")));
    assert_snapshot!(gallery.to_string());
    let night = load_text(&format!("{DAY}{}", interferer("[\"22h\", \"6h\"]")), "town.toml", Path::new("."), &[], None);
    assert_eq!(night.expect("a night").warnings, Vec::<String>::new());
}

#[test]
fn a_year_of_hours_serves_a_day() {
    // More than a run needs is no mistake, and told: hours are looked up by their moment, and those of a typical year come again each year.
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in [("a.epw", epw(0, "25.5")), ("b.csv", csv_of_year(2026))] {
        std::fs::write(dir.path().join(name), content).unwrap();
        let path = dir.path().join("town.toml");
        let walls = if name == "a.epw" { "meters.facing = \"mixed\"\n" } else { "" };
        std::fs::write(&path, format!("{DAY}{START}[weather]\nfile = \"{name}\"\n{walls}")).unwrap();
        let scenario = load(&path, &[], None).unwrap();
        assert_eq!(scenario.warnings, Vec::<String>::new());
        let told = format!("{name} has 8760 hours of weather, of which the run takes ");
        assert!(scenario.notes.iter().any(|note| note.starts_with(&told)), "{:?}", scenario.notes);
    }
}
