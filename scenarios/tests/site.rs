//! Where repeaters are proposed, and that a run starts with what was promised: in a line with a gap where only one place can be right,
//! and in generated villages.

use amitwin_scenarios::estimate::estimate;
use amitwin_scenarios::site::{Places, Proposal, SiteError, propose, to_csv};
use amitwin_scenarios::{Override, Scenario, load, load_text};
use std::fs;
use std::path::Path;

/// No chance on the air: 135 m is the edge of hearing (the loss is 31.7 + 40 log10(d) dB, radios send with 27 dBm, and what is weaker
/// than -90 dBm is nothing).
const RADIO: &str = r#"
[radio]
path_loss = "log-distance"
exponent = 4.0
shadowing = "0 dB"
meter_loss = "0 dB"
fading = { slow = "0 dB", channel = "0 dB", frame = "0 dB" }
hearing_floor = "-90 dBm"
cca_threshold = "-90 dBm"

[traffic]
push = "15min"
"#;

/// A degree of latitude at 50 degrees north has 111,229 m, of longitude 71,695 m.
fn csv(sites: &[(&str, &str, f64, f64)]) -> String {
    let line = |(id, kind, x_m, y_m): &(&str, &str, f64, f64)| {
        format!("{id},{kind},{:.7},{:.7}\n", 50.0 + y_m / 111_229.0, 10.0 + x_m / 71_695.0)
    };
    std::iter::once("id,kind,lat,lon\n".to_owned()).chain(sites.iter().map(line)).collect()
}

/// A border router, two meters in a line at 100 m from each other, a gap of 200 m, and two more.
const GAP: [(&str, &str, f64, f64); 5] = [
    ("g", "gateway", 0.0, 0.0),
    ("near", "meter", 100.0, 0.0),
    ("edge", "meter", 200.0, 0.0),
    ("beyond", "meter", 400.0, 0.0),
    ("far", "meter", 500.0, 0.0),
];

fn scenario(dir: &Path, placement: &str, set: &[(&str, &str)]) -> Scenario {
    let text = format!("name = \"gap\"\nduration = \"1h\"\n[placement]\n{placement}\n{RADIO}");
    let set: Vec<Override> =
        set.iter().map(|(key, value)| Override { key: (*key).to_owned(), value: (*value).to_owned() }).collect();
    load_text(&text, "gap.toml", dir, &set, None).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

fn line_with_a_gap(dir: &Path) -> Scenario {
    fs::write(dir.join("line.csv"), csv(&GAP)).expect("written");
    scenario(dir, "file = \"line.csv\"", &[])
}

const ANYWHERE: Places = Places::Anywhere { height_m: 6.0 };

fn proposed(scenario: &Scenario, repeaters: u32) -> Proposal {
    propose(&scenario.variants[0], repeaters, &ANYWHERE).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_gap_is_bridged_where_both_sides_hear_each_other_through_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let scenario = line_with_a_gap(dir.path());
    let found = proposed(&scenario, 1);
    assert_eq!((found.before.meters, found.before.without_route), (4, 2));
    let [chosen] = &found.chosen[..] else { panic!("{found:?}") };
    // All four have a route: 1, 2, 4 and 5 hops. All but the first depend on a relay. Behind the first meter are four radios.
    let with = &chosen.outlook;
    assert_eq!((with.without_route, with.single_way, with.hops_mean, with.hops_max), (0, 3, 3.0, 5));
    assert_eq!((with.behind_max, with.busiest.as_str()), (4, "near"));
    // It stands within 135 m of both sides of the gap, 200 m and 400 m from the border router.
    let edge = &scenario.variants[0].spec.placement.sites[2];
    let beyond = &scenario.variants[0].spec.placement.sites[3];
    assert!(chosen.site.distance_m(edge) < 135.0 && chosen.site.distance_m(beyond) < 135.0, "{:?}", chosen.site);
    assert_eq!((chosen.site.name.to_string(), chosen.site.height_m), ("R0000".to_owned(), 6.0));
}

#[test]
fn a_run_starts_with_what_was_promised() {
    let dir = tempfile::tempdir().expect("a folder");
    for (place, repeaters) in [
        ("generator = \"village\"\nmeters = 150\ngateways = 1", 2),
        ("generator = \"old-town\"\nmeters = 200\ngateways = 2", 1),
        ("file = \"line.csv\"", 1),
    ] {
        for seed in ["1", "2", "3"] {
            fs::write(dir.path().join("line.csv"), csv(&GAP)).expect("written");
            let before = scenario(dir.path(), place, &[("seed", seed)]);
            let found = proposed(&before, repeaters);
            fs::write(dir.path().join("more.csv"), to_csv(found.chosen.iter().map(|c| &c.site))).expect("written");
            if found.chosen.is_empty() {
                continue;
            }
            let more = dir.path().join("more.csv");
            let set = [("seed", seed), ("placement.repeaters", more.to_str().expect("UTF-8"))];
            let after = scenario(dir.path(), place, &set);
            let (was, is) =
                (estimate(&before.variants[0]).expect("built"), estimate(&after.variants[0]).expect("built"));
            assert_eq!(was.unreachable, found.before.without_route, "{place}, seed {seed}");
            assert_eq!(
                (is.unreachable, is.hops_max),
                (found.after().without_route, found.after().hops_max),
                "{place}, {seed}"
            );
            assert!(is.unreachable <= was.unreachable);
            // The sites of the placement keep their places and numbers, those of the file stand as they were proposed.
            let (old, new) = (&before.variants[0].spec.placement, &after.variants[0].spec.placement);
            assert_eq!(new.sites[..old.sites.len()], old.sites);
            let chosen: Vec<_> = found.chosen.iter().map(|c| c.site.clone()).collect();
            assert_eq!(new.sites[old.sites.len()..], chosen);
        }
    }
}

#[test]
fn the_first_of_two_places_is_the_one_that_brings_more() {
    let dir = tempfile::tempdir().expect("a folder");
    // To the east a single meter is cut off, to the north five are.
    let mut sites = vec![("g", "gateway", 0.0, 0.0), ("east", "meter", 200.0, 0.0)];
    let names = ["n0", "n1", "n2", "n3", "n4"];
    sites.extend(names.iter().enumerate().map(|(n, name)| (*name, "meter", 10.0 * n as f64, 200.0)));
    fs::write(dir.path().join("line.csv"), csv(&sites)).expect("written");
    let poles = csv(&[("pole, east", "repeater", 100.0, 0.0), ("pole north", "repeater", 15.0, 100.0)]);
    fs::write(dir.path().join("poles.csv"), poles.replace("pole, east", "\"pole, east\"")).expect("written");
    let scenario = scenario(dir.path(), "file = \"line.csv\"", &[]);
    let places = Places::read(&dir.path().join("poles.csv"), 6.0).expect("read");
    let found = propose(&scenario.variants[0], 2, &places).expect("proposed");
    let told: Vec<_> = found.chosen.iter().map(|c| (c.site.name.to_string(), c.outlook.without_route)).collect();
    assert_eq!((found.places, found.before.without_route), (2, 6));
    assert_eq!(told, [("pole north".to_owned(), 1), ("pole, east".to_owned(), 0)]);
    assert!(
        to_csv(found.chosen.iter().map(|c| &c.site)).contains("\n\"pole, east\",50.0000000,10.0013948,repeater,6\n")
    );
    let error = propose(&scenario.variants[0], 3, &places).expect_err("two places");
    assert!(matches!(error, SiteError::TooFew { asked: 3, places: 2 }), "{error}");
}

#[test]
fn where_nothing_can_become_better_nothing_is_proposed() {
    let dir = tempfile::tempdir().expect("a folder");
    // Both hear the border router.
    fs::write(dir.path().join("line.csv"), csv(&[GAP[0], ("a", "meter", 60.0, 0.0), ("b", "meter", 0.0, 60.0)]))
        .expect("written");
    let close = scenario(dir.path(), "file = \"line.csv\"", &[]);
    let found = proposed(&close, 2);
    assert_eq!((found.before.without_route, found.before.single_way, found.chosen.len()), (0, 0, 0));
    // A meter that is two repeaters away.
    fs::write(dir.path().join("line.csv"), csv(&[GAP[0], GAP[1], ("away", "meter", 900.0, 0.0)])).expect("written");
    let found = proposed(&scenario(dir.path(), "file = \"line.csv\"", &[]), 1);
    assert_eq!((found.before.without_route, found.chosen.len()), (1, 0));
    let ideal = scenario(dir.path(), "file = \"line.csv\"", &[("medium", "ideal")]);
    assert!(matches!(propose(&ideal.variants[0], 1, &ANYWHERE), Err(SiteError::NoMesh)));
}

#[test]
fn a_file_of_repeaters_that_holds_something_else_is_refused_with_its_line() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("line.csv"), csv(&GAP)).expect("written");
    let file = dir.path().join("gap.toml");
    let text = format!(
        "name = \"gap\"\nduration = \"1h\"\n[placement]\nfile = \"line.csv\"\nrepeaters = \"more.csv\"\n{RADIO}"
    );
    fs::write(&file, text).expect("written");
    let refused = |sites: &[(&str, &str, f64, f64)]| {
        fs::write(dir.path().join("more.csv"), csv(sites)).expect("written");
        load(&file, &[], None).expect_err("refused").render(false)
    };
    let text = refused(&[("r1", "repeater", 300.0, 0.0), ("m1", "meter", 310.0, 0.0)]);
    assert!(text.contains("more.csv, line 3: 'm1' is a meter; only sites of kind repeater can be added"), "{text}");
    assert!(text.contains("repeaters = \"more.csv\""), "the line of the scenario: {text}");
    let text = refused(&[("edge", "repeater", 300.0, 0.0)]);
    assert!(text.contains("line 2: 'edge' has the name of a site of the placement"), "{text}");
    fs::remove_file(dir.path().join("more.csv")).expect("removed");
    let text = load(&file, &[], None).expect_err("missing").render(false);
    assert!(text.contains("more.csv") && text.contains("amitwin site"), "{text}");
}
