//! From a plan to a run: `amitwin plan --at`.

use amitwin_data::files::RunDir;
use amitwin_data::rows::{Effect, EventKind, EventRow, FailureRow, NodeRow, WeatherRow};
use amitwin_testkit::folders::folder;
use amitwin_testkit::program::run;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const PLAN: &str = r#"
name = "street"
start = 2026
years = 14

[fleet]
file = "list.csv"

[[vintage]]
name = "first"
installed = 2025
with = ["coverage"]

[[depot]]
name = "hot"
climate = "ahmedabad"

[[crew]]
name = "own"
count = 1

[[variant]]
name = "wait"

[[variant]]
name = "visit"
set = { "policy.kind" = "fixed-interval" }
"#;

/// 120 meters of a first date, 10 of 2030, a border router, on a grid of 20 m.
fn list(here: &Path, first: &str) {
    let mut text = "id,lat,lon,installed,kind,street\nGW,50.0008,10.0008,,gateway,\n".to_owned();
    for n in 0..130 {
        let (lat, lon) = (50.0 + f64::from(n / 12) * 1.8e-4, 10.0 + f64::from(n % 12) * 2.8e-4);
        let since = if n < 120 { first } else { "2030-06-15" };
        text += &format!("M{n:03},{lat:.6},{lon:.6},{since},meter,\"Oak, {}\"\n", n / 12);
    }
    fs::write(here.join("list.csv"), text).expect("written");
}

fn rows<R: amitwin_data::rows::Row>(dir: &Path, variant: &str) -> Vec<R> {
    RunDir::open(dir).expect("a run").rows(variant, 1).expect("rows")
}

#[test]
fn who_is_dead_in_the_plan_is_dead_in_the_run() {
    let here = folder(PLAN);
    list(here.path(), "2025-06");
    run(here.path(), &["plan", "small.toml", "--variant", "wait", "-o", "years"]).expect(0);
    let at = ["plan", "small.toml", "--variant", "wait", "--at", "2038-08", "-o", "town"];
    let said = run(here.path(), &at).expect(0);
    run(here.path(), &at).expect(2).tells(&["town holds something"]);
    run(here.path(), &["run", "town/scenario.toml", "--set", "duration=90min", "-o", "out"]).expect(0);

    // 2038-08-01 is 4,595 days after 2026-01-01: 12 years with three leap days, and 212 days.
    let at_s = 4_595.0 * 86_400.0;
    let failures: Vec<FailureRow> = rows(&here.path().join("years"), "wait");
    let is_there = |f: &&FailureRow| f.time_s < at_s && f.gone_after_s.is_none_or(|gone_s| f.time_s + gone_s >= at_s);
    let there: Vec<&FailureRow> = failures.iter().filter(is_there).collect();
    let fleet: Vec<NodeRow> = rows(&here.path().join("years"), "wait");
    let of = |wanted: &[Effect]| -> BTreeSet<&str> {
        let by_itself = |f: &FailureRow| !matches!(f.part.as_str(), "coverage" | "certificate");
        let fits = |f: &&&FailureRow| wanted.contains(&f.effect) && by_itself(f);
        there.iter().filter(fits).map(|f| fleet[f.meter as usize].name.as_str()).collect()
    };
    let (off, wet) = (of(&[Effect::Dead, Effect::Silent]), of(&[Effect::Wet]));
    assert!(!off.is_empty() && !wet.is_empty(), "the test needs some");
    assert!(said.out.contains(&format!("130 meters on 2038-08, {} do not send", off.len())), "{}", said.out);

    let nodes: Vec<NodeRow> = rows(&here.path().join("out"), "base");
    let events: Vec<EventRow> = rows(&here.path().join("out"), "base");
    let down = events.iter().filter(|event| event.kind == EventKind::PowerDown);
    let down: BTreeSet<&str> = down.map(|event| nodes[event.node as usize].name.as_str()).collect();
    assert_eq!(down, off);
    let listed = fs::read_to_string(here.path().join("town/wet.txt")).expect("a list");
    assert_eq!(listed.lines().collect::<BTreeSet<_>>(), wet.difference(&off).copied().collect());
    // Old meters have 13 years, of 0.15 dB each, the others 8; columns of one's own are still there.
    let scenario = fs::read_to_string(here.path().join("town/scenario.toml")).expect("a scenario");
    for part in
        ["climate = \"ahmedabad\"", "start = \"2038-08-01T00:00:00Z\"", "loss = \"1.95 dB\"", "loss = \"1.20 dB\""]
    {
        assert!(scenario.contains(part), "no {part} in {scenario}");
    }
    let sites = fs::read_to_string(here.path().join("town/meters.csv")).expect("sites");
    assert!(
        sites.starts_with("id,lat,lon,kind,height_m,antenna_gain_dbi,installed,street,vintage,depot,plan_faults\n"),
        "{sites}"
    );
    assert!(sites.contains(",2025-06,\"Oak, 0\",first,hot,\n"), "{sites}");
    // Failures that frames have no fault for are counted, and named in the list.
    let left_out = |effect: Effect| {
        let of: BTreeSet<u32> = there.iter().filter(|f| f.effect == effect).map(|f| f.meter).collect();
        of.iter().filter(|meter| !off.contains(fleet[**meter as usize].name.as_str())).count()
    };
    let drifting = left_out(Effect::Drifting);
    assert!(drifting > 0 && said.err.contains(&format!("{drifting} drifting")), "{drifting}: {}", said.err);
    assert_eq!(sites.lines().filter(|line| line.contains("drifting")).count(), of(&[Effect::Drifting]).len());
}

#[test]
fn a_day_without_failures_has_no_events_and_other_days_are_refused() {
    let here = folder(PLAN);
    list(here.path(), "2025-12");
    let at =
        |date: &str, dir: &str| run(here.path(), &["plan", "small.toml", "--variant", "wait", "--at", date, "-o", dir]);
    at("2026", "first").expect(0);
    let scenario = fs::read_to_string(here.path().join("first/scenario.toml")).expect("a scenario");
    assert!(!scenario.contains("[[event]]"), "{scenario}");
    let sites = fs::read_to_string(here.path().join("first/meters.csv")).expect("sites");
    // The header, 120 meters and the border router: those of 2030 are not there yet.
    assert_eq!(sites.lines().count(), 122);
    run(here.path(), &["check", "first/scenario.toml"]).expect(0);
    at("2040", "late").expect(3).tells(&["2040 is not within the plan, which goes from 2026 to the end of 2039"]);
    at("August", "no").expect(3).tells(&["`August` is no date; write 2038, 2038-08 or 2038-08-15"]);
    run(here.path(), &["plan", "small.toml", "--at", "2030", "-o", "two"]).expect(2).tells(&["one of: wait, visit"]);
    run(here.path(), &["plan", "small.toml", "--at", "2030"]).expect(2).tells(&["--output"]);
    let generated = PLAN.replace("[fleet]\nfile = \"list.csv\"\n", "").replace("climate =", "meters = 100\nclimate =");
    let other = folder(&generated);
    run(other.path(), &["plan", "small.toml", "--variant", "wait", "--at", "2030", "-o", "none"])
        .expect(3)
        .tells(&["numbers without places", "fleet.file"]);
}

#[test]
fn the_run_has_the_hours_of_the_plan() {
    let here = folder(&PLAN.replace("climate = \"ahmedabad\"", "weather_file = \"place.epw\""));
    list(here.path(), "2025-06");
    // A year of 31.5 C with sun from 10 to 14 h.
    let mut text = "LOCATION,Town,-,XXX,Source,000000,50.0,10.0,1.0,30.0\n".to_owned() + &"HEADER\n".repeat(7);
    for hour in (0..365).flat_map(|_| 0..24) {
        let sun = if (10..14).contains(&hour) { 600 } else { 0 };
        text += &format!("2001,1,1,{},60,flags,31.5,10,50,101325,0,0,300,{sun},0,0\n", hour + 1);
    }
    fs::write(here.path().join("place.epw"), text).expect("written");
    run(here.path(), &["plan", "small.toml", "--variant", "wait", "--at", "2038-08", "-o", "town"]).expect(0);
    // Its place is the town's own: the plan's may go.
    fs::remove_file(here.path().join("place.epw")).expect("removed");
    run(here.path(), &["run", "town/scenario.toml", "--set", "duration=2h", "-o", "out"]).expect(0);
    let weather: Vec<WeatherRow> = rows(&here.path().join("out"), "base");
    assert!(!weather.is_empty() && weather.iter().all(|row| (row.air_c - 31.5).abs() < 0.01), "{weather:?}");
}

#[test]
fn wrong_certificates_relay_on_and_clocks_run_by_their_crystals() {
    // All certificates are wrong, and nobody goes for a year; crystals of 12 ppm age by 1 ppm a year.
    let parts = "part.certificate = { wrong = 0.9 }\npart.clock = { crystal = { within_ppm = 12, ageing_ppm_year = 1, sync_every = \"1d\", limit = \"1s\" } }\n\
                 without = [\"board\", \"module\", \"capacitor\"]";
    let here = folder(
        &PLAN
            .replace("with = [\"coverage\"]", parts)
            .replace("[[variant]]\nname = \"wait\"", "[policy]\npatience = \"300d\"\n[[variant]]\nname = \"wait\""),
    );
    list(here.path(), "2025-12");
    let at = ["plan", "small.toml", "--variant", "wait", "--at", "2026-06", "-o", "town", "--format", "json"];
    let told = run(here.path(), &at).expect(0).json();
    let (refused, off) = (told["refused"].as_u64().expect("a count"), told["off"].as_u64().expect("a count"));
    // 0.9 of 120, three standard errors of 3.3.
    assert!((98..=118).contains(&refused) && off == 0, "{refused} {off}");
    let town = here.path().join("town");
    let listed = fs::read_to_string(town.join("certificate.txt")).expect("a list");
    assert_eq!(listed.lines().count() as u64, refused);
    let scenario = fs::read_to_string(town.join("scenario.toml")).expect("a scenario");
    assert!(scenario.contains("act = \"hang\"") && !scenario.contains("power-off"), "{scenario}");
    // 12/sqrt(3) = 6.93 ppm, and half a year's 0.5 ppm: 6.95.
    assert!(scenario.contains("[device.clock]\ndrift_spread = \"6.95 ppm\""), "{scenario}");
    run(here.path(), &["check", "town/scenario.toml"]).expect(0);
}
