//! What can be wrong with an event or the medium, with the message it gets.

use amitwin_scenarios::{Override, Scenario, ScenarioError, load_text};
use amitwin_testkit::gallery::Gallery;
use insta::assert_snapshot;
use std::path::Path;

/// A town of meters M000000 to M000024 behind G0000 and G0001; tests append an event.
const TOWN: &str = r#"name = "town"
duration = "2h"
[placement]
generator = "grid"
meters = 25
gateways = 2
"#;

fn read(text: &str, dir: &Path, sets: &[&str]) -> Result<Scenario, ScenarioError> {
    let sets: Vec<Override> = sets.iter().map(|s| s.parse().unwrap()).collect();
    load_text(text, "town.toml", dir, &sets, None)
}

fn with(more: &str) -> String {
    read(&format!("{TOWN}{more}\n"), Path::new("."), &[]).map(|s| s.name).unwrap_err().render(false)
}

/// An outage with these lines.
fn outage(lines: &str) -> String {
    with(&format!("[[event]]\nname = \"x\"\nact = \"power-off\"\n{lines}"))
}

/// An outage of an hour with this target.
fn target(target: &str) -> String {
    outage(&format!("at = \"10min\"\nfor = \"1h\"\ntarget = {target}"))
}

/// An act at a target.
fn act(act: &str, lines: &str) -> String {
    with(&format!("[[event]]\nname = \"x\"\nact = \"{act}\"\nat = \"10min\"\n{lines}"))
}

#[test]
fn keys_and_acts() {
    let mut gallery = Gallery::default();
    let whole = "at = \"1h\"\ntarget = { kind = \"meter\" }";
    gallery.add("no_act", with(&format!("[[event]]\nname = \"x\"\n{whole}")));
    gallery.add("unknown_act", with(&format!("[[event]]\nname = \"x\"\nact = \"power-of\"\n{whole}")));
    gallery.add("unknown_key", outage(&format!("{whole}\nutnil = \"2h\"")));
    gallery.add("a_key_of_another_act", outage(&format!("{whole}\ndelay = \"2s\"")));
    gallery.add("a_key_of_the_target", outage(&format!("{whole}\nrouter = \"G0000\"")));
    gallery.add("unknown_key_of_the_target", target("{ radius = \"2 m\", kind = \"meter\" }"));
    gallery.add("unknown_kind", target("{ kind = \"router\" }"));
    gallery.add("no_loss", act("extra-loss", "target = { kind = \"meter\" }"));
    gallery.add("no_time", outage("target = { kind = \"meter\" }"));
    let twice = format!("[[event]]\nname = \"x\"\nact = \"power-off\"\n{whole}\n");
    gallery.add("two_of_a_name", with(&twice.repeat(2)));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn capacitors() {
    let mut gallery = Gallery::default();
    let gasp = |lines: &str| outage(&format!("at = \"1h\"\ntarget = {{ kind = \"meter\" }}\n[last_gasp]\n{lines}"));
    gallery.add("empty_before_the_filter", gasp("hold_up = \"20s\""));
    gallery.add("no_tries", gasp("tries = 0"));
    gallery.add("more_than_all", gasp("bellwethers = \"120 %\""));
    gallery.add("an_energy_instead_of_a_time", gasp("hold_up = \"20 J\""));
    gallery.add("unknown_key", gasp("holdup = \"20s\""));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn times() {
    let mut gallery = Gallery::default();
    let whole = "target = { kind = \"meter\" }";
    gallery.add("late", outage(&format!("at = \"2h\"\n{whole}")));
    gallery.add("until_and_for", outage(&format!("at = \"1h\"\nuntil = \"2h\"\nfor = \"1h\"\n{whole}")));
    gallery.add("ends_before_it_begins", outage(&format!("at = \"1h\"\nuntil = \"30min\"\n{whole}")));
    gallery.add("for_no_time", outage(&format!("at = \"1h\"\nfor = \"0s\"\n{whole}")));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn targets() {
    let mut gallery = Gallery::default();
    gallery.add("none", outage("at = \"1h\""));
    gallery.add("empty", target("{}"));
    gallery.add("unknown_ids", target("{ ids = [\"M000003\", \"M00007\", \"M7\"] }"));
    gallery.add("unknown_router", target("{ router = \"G001\" }"));
    gallery.add("a_meter_for_a_router", target("{ router = \"M000003\" }"));
    gallery.add("no_own_columns", target("{ attributes = { street = \"Oak\" } }"));
    gallery.add("an_attribute_is_text", target("{ attributes = { floor = 3 } }"));
    gallery.add("no_kinds_of_meters", target("{ vintage = \"old\" }"));
    let vendors = "[[dlms.vendor]]\nname = \"old\"\n[[dlms.vendor]]\nname = \"new\"\n[[event]]\nname = \"x\"\n\
                   act = \"power-off\"\nat = \"1h\"\ntarget = { vintage = \"odl\" }";
    gallery.add("unknown_vintage", with(vendors));
    gallery.add("nobody", target("{ kind = \"repeater\" }"));
    gallery.add("nobody_fits_all", target("{ ids = [\"M000003\", \"G0000\"], kind = \"repeater\", share = 0.5 }"));
    gallery.add("a_bare_share", target("{ share = 30 }"));
    gallery.add("a_backhaul_of_meters", act("backhaul-down", "target = { kind = \"meter\" }"));
    gallery.add("a_backhaul_of_those_served", act("backhaul-down", "target = { router = \"G0001\" }"));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn areas() {
    let mut gallery = Gallery::default();
    gallery.add("nowhere", target("{ circle = { lat = 50.0, lon = 10.0, radius = \"1 km\" } }"));
    gallery.add("nowhere_either", target("{ polygon = [[49.0, 9.0], [49.0, 11.0], [51.0, 10.0]] }"));
    gallery.add("no_radius", target("{ circle = { lat = 50.0, lon = 10.0 } }"));
    gallery.add("a_bare_radius", target("{ circle = { lat = 50.0, lon = 10.0, radius = 100 } }"));
    gallery.add("a_latitude_beyond_the_pole", target("{ circle = { lat = 95.0, lon = 10.0, radius = \"1 m\" } }"));
    gallery.add("two_corners", target("{ polygon = [[49.0, 9.0], [49.0, 11.0]] }"));
    gallery.add("half_a_corner", target("{ polygon = [[49.0, 9.0], [49.0], [51.0, 10.0]] }"));
    let origin =
        "origin = { lat = \"50 deg\", lon = \"10 deg\" }\n[[event]]\nname = \"x\"\nact = \"power-off\"\nat = \"1h\"\n";
    let there = |target: &str| with(&format!("{origin}target = {target}"));
    gallery.add("a_corner_nowhere", there("{ polygon = [[49.0, 9.0], [11.0, 490.0], [51.0, 10.0]] }"));
    gallery.add("nobody_there", there("{ kind = \"meter\", circle = { lat = 50.1, lon = 10.0, radius = \"1 km\" } }"));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn links() {
    let mut gallery = Gallery::default();
    let loss = |lines: &str| act("extra-loss", &format!("loss = \"10 dB\"\n{lines}"));
    gallery.add("to_itself", loss("links = [[\"M000001\", \"M000001\"]]"));
    gallery.add("unknown", loss("links = [[\"M000001\", \"M00002\"], [\"M000003\", \"G9\"]]"));
    gallery.add("one_end", loss("links = [[\"M000001\"]]"));
    gallery.add("and_a_target", loss("links = [[\"M000001\", \"M000002\"]]\ntarget = { kind = \"meter\" }"));
    gallery.add("of_another_act", act("power-off", "links = [[\"M000001\", \"M000002\"]]"));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn lists_of_ids() {
    let mut gallery = Gallery::default();
    let dir = tempfile::tempdir().unwrap();
    let mut add = |mistake: &str, bytes: Option<&[u8]>| {
        if let Some(bytes) = bytes {
            std::fs::write(dir.path().join("out.txt"), bytes).unwrap();
        }
        let text = format!(
            "{TOWN}[[event]]\nname = \"x\"\nact = \"power-off\"\nat = \"1h\"\ntarget = {{ file = \"out.txt\" }}\n"
        );
        let message = read(&text, dir.path(), &[]).map(|s| s.name).unwrap_err().render(false);
        gallery.add(mistake, message.replace(&dir.path().display().to_string(), "DIR"));
    };
    add("missing", None);
    add("no_ids", Some(b"# none today\n\n"));
    add("not_utf8", Some(b"M000001\nM\xe9\n"));
    add("unknown", Some(b"# street 4\nM000001\nM00002\n\nchurch\n"));
    let many: String = (0..30).map(|n| format!("X{n}\n")).collect();
    add("many_unknown", Some(many.as_bytes()));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn several_at_once() {
    let events = "[[event]]\nname = \"x\"\nact = \"power-off\"\nat = \"3h\"\ntarget = { ids = [\"M1\"], router = \"G2\", vintage = \"v\" }\n\
                  [[event]]\nname = \"y\"\nact = \"backhaul-down\"\nat = \"1h\"\ntarget = { kind = \"meter\" }\n";
    let error = read(&format!("{TOWN}{events}"), Path::new("."), &[]).map(|s| s.name).unwrap_err();
    let titles: Vec<&str> = error.diagnostics().iter().map(|d| d.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "the event `x` begins when the run is over",
            "the placement has no `M1`",
            "there is no border router `G2`",
            "there is no kind of meter `v`",
            "the event `y` needs a border router, and its target has none",
        ]
    );
}

#[test]
fn paths_of_events() {
    let mut gallery = Gallery::default();
    let event = "[[event]]\nname = \"outage\"\nact = \"power-off\"\nat = \"1h\"\ntarget = { kind = \"meter\" }\n";
    let mut add = |mistake: &str, set: &str| {
        let text = format!("{TOWN}{event}[[variant]]\nname = \"v\"\nset = {{ {set} }}\n");
        gallery.add(mistake, read(&text, Path::new("."), &[]).map(|s| s.name).unwrap_err().render(false));
    };
    add("unknown_event", "\"event.outgae.at\" = \"1h\"");
    add("unknown_key", "\"event.outage.utnil\" = \"2h\"");
    add("unknown_key_of_the_target", "\"event.outage.target.knid\" = \"meter\"");
    add("a_key_of_another_act", "\"event.outage.delay\" = \"2s\"");
    add("an_act_without_its_keys", "\"event.outage.act\" = \"backhaul-slow\"");
    let set = read(&format!("{TOWN}{event}"), Path::new("."), &["event.outage.for=30"]);
    gallery.add("override_without_a_unit", set.map(|s| s.name).unwrap_err().render(false));
    assert_snapshot!(gallery.to_string());
}

fn warnings(text: &str) -> String {
    let scenario = read(text, Path::new("."), &[]).unwrap_or_else(|error| panic!("{error}"));
    scenario.warnings.join("\n")
}

#[test]
fn what_the_medium_has_no_use_for_is_told() {
    let ideal =
        |more: &str| warnings(&TOWN.replace("[placement]", &format!("medium = \"ideal\"\n{more}\n[placement]")));
    assert_eq!(ideal("[ideal]\nloss = \"1 %\"\n[radio]\n[backhaul]\nlatency = \"20ms\""), "");
    let loss = "[[event]]\nname = \"x\"\nact = \"extra-loss\"\nloss = \"9 dB\"\nat = \"1h\"\ntarget = { share = 1 }";
    let unused =
        format!("[radio]\nphy = \"3\"\nregion = \"na\"\n[mac]\nhopping = false\n[mesh]\nprofile = \"small\"\n{loss}");
    assert_snapshot!(ideal(&unused), @r#"
    town.toml:5: with medium = "ideal", `radio.phy`, `radio.region` have no effect
    town.toml:8: with medium = "ideal", `mac.hopping` has no effect
    town.toml:10: with medium = "ideal", `mesh.profile` has no effect
    town.toml:13: with medium = "ideal" there is no air, and the event `x` has no effect
    "#);
    assert_snapshot!(warnings(&format!("{TOWN}[ideal]\nlatency = \"1s\"\n")), @r#"town.toml:8: with medium = "mesh", `ideal.latency` has no effect"#);
}

#[test]
fn a_setting_that_one_variant_uses_has_an_effect() {
    let file = format!("{TOWN}[radio]\nphy = \"3\"\n[ideal]\nlatency = \"1s\"\n");
    let mesh = "[[variant]]\nname = \"mesh\"\n";
    let ideal = "[[variant]]\nname = \"ideal\"\nset = { medium = \"ideal\" }\n";
    assert_eq!(warnings(&format!("{file}{mesh}{ideal}")), "");
    // What the variant sets itself is another matter.
    let own = "[[variant]]\nname = \"ideal\"\nset = { medium = \"ideal\", \"radio.phy\" = \"5\" }\n";
    assert_snapshot!(warnings(&format!("{file}{mesh}{own}")), @r#"town.toml:15: with medium = "ideal", `radio.phy` has no effect"#);
    assert_snapshot!(warnings(&format!("{file}{ideal}")), @r#"town.toml:8: with medium = "ideal", `radio.phy` has no effect"#);
}

#[test]
fn instances_of_the_head_end() {
    let mut gallery = Gallery::default();
    let fails = |more: &str| with(&format!("{more}[[event]]\nname = \"x\"\nact = \"head-end-fails\"\nat = \"1h\"\n"));
    gallery.add("without_limits", fails(""));
    let two = "[head_end]\ninstances = 2\n";
    gallery.add(
        "no_such_instance",
        with(&format!("{two}[[event]]\nname = \"x\"\nact = \"head-end-fails\"\nat = \"1h\"\ninstance = 3\n")),
    );
    let target = "target = { kind = \"gateway\" }\n";
    gallery.add(
        "with_a_target",
        with(&format!("{two}[[event]]\nname = \"x\"\nact = \"head-end-fails\"\nat = \"1h\"\n{target}")),
    );
    assert_snapshot!(gallery.to_string());
}
