//! Whom `[[event]]` happens to, and the message for each target that cannot be.

use amitwin_models::spec::EventSpec;
use amitwin_scenarios::load_text;
use insta::assert_snapshot;

/// Two border routers 1.1 km apart on a meridian, each with three meters to its east; sites in the order of the file.
const PLACES: &str = "id,lat,lon,kind
G1,47.000,8.000,gateway
G2,47.010,8.000,gateway
A,47.000,8.001,meter
B,47.000,8.002,meter
C,47.000,8.003,meter
D,47.010,8.001,meter
E,47.010,8.002,meter
F,47.010,8.003,meter
";

const TOWN: &str = r#"name = "town"
duration = "2h"
placement = { file = "places.csv" }
"#;

fn loaded(more: &str) -> Result<Vec<EventSpec>, String> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("places.csv"), PLACES).expect("written");
    std::fs::write(folder.path().join("dark.txt"), "# by hand\nE\n\n A \n").expect("written");
    let mut loaded = load_text(&format!("{TOWN}{more}"), "town.toml", folder.path(), &[], None)
        .map_err(|error| error.render(false))?;
    Ok(loaded.variants.remove(0).spec.events)
}

/// Sites of the event with this target, as the letters of their ids.
fn happens_to(target: &str) -> String {
    let text = format!("[[event]]\nname = \"e\"\nact = \"power-off\"\nat = \"1h\"\ntarget = {target}\n");
    let events = loaded(&text).unwrap_or_else(|error| panic!("{error}"));
    let ids = ["G1", "G2", "A", "B", "C", "D", "E", "F"];
    events[0].nodes.iter().map(|&site| ids[site as usize]).collect::<Vec<_>>().join(" ")
}

#[test]
fn all_that_a_target_says_must_fit() {
    let table = [
        (r#"{ ids = ["E", "A"] }"#, "A E"),
        (r#"{ file = "dark.txt" }"#, "A E"),
        (r#"{ kind = "gateway" }"#, "G1 G2"),
        (r#"{ kind = "meter" }"#, "A B C D E F"),
        (r#"{ router = "G2" }"#, "D E F"),
        (r#"{ router = "G2", kind = "gateway" }"#, "G2"),
        // 0.002 degrees of longitude at 47 degrees are 152 m, 0.003 are 228 m.
        (r#"{ circle = { lat = 47.0, lon = 8.0, radius = "200 m" } }"#, "G1 A B"),
        (r#"{ circle = { lat = 47.0, lon = 8.0, radius = "200 m" }, kind = "meter" }"#, "A B"),
        (r#"{ polygon = [[46.99, 8.0015], [47.02, 8.0015], [47.02, 8.01], [46.99, 8.01]] }"#, "B C E F"),
        (r#"{ share = 1.0 }"#, "G1 G2 A B C D E F"),
    ];
    for (target, expected) in table {
        assert_eq!(happens_to(target), expected, "{target}");
    }
}

#[test]
fn a_larger_share_keeps_those_of_a_smaller_one() {
    let of = |share: f64| -> Vec<String> {
        let ids = happens_to(&format!("{{ kind = \"meter\", share = {share} }}"));
        ids.split_whitespace().map(str::to_owned).collect()
    };
    let (half, most) = (of(0.5), of(0.8));
    assert!(half.len() <= most.len() && half.iter().all(|id| most.contains(id)), "{half:?} {most:?}");
}

#[test]
fn links_are_pairs_of_sites() {
    let more =
        "[[event]]\nname = \"e\"\nact = \"extra-loss\"\nloss = \"6 dB\"\nat = \"1h\"\nlinks = [[\"B\", \"G1\"]]\n";
    let events = loaded(more).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((&events[0].nodes[..], &events[0].edges[..]), (&[][..], &[(3, 0)][..]));
}

#[test]
fn mistakes_and_their_messages() {
    let cases = [
        ("nobody named", "act = \"power-off\"\nat = \"1h\""),
        ("an id that there is not", "act = \"power-off\"\nat = \"1h\"\ntarget = { ids = [\"X\"] }"),
        ("nobody fits", "act = \"power-off\"\nat = \"1h\"\ntarget = { kind = \"gateway\", ids = [\"A\"] }"),
        ("no such border router", "act = \"power-off\"\nat = \"1h\"\ntarget = { router = \"G3\" }"),
        ("no border router among them", "act = \"router-fails\"\nat = \"1h\"\ntarget = { kind = \"meter\" }"),
        ("when the run is over", "act = \"power-off\"\nat = \"3h\"\ntarget = { ids = [\"A\"] }"),
        (
            "until and for",
            "act = \"power-off\"\nat = \"1h\"\nuntil = \"2h\"\nfor = \"5min\"\ntarget = { ids = [\"A\"] }",
        ),
        (
            "an end before the beginning",
            "act = \"power-off\"\nat = \"1h\"\nuntil = \"30min\"\ntarget = { ids = [\"A\"] }",
        ),
        ("a file that there is not", "act = \"power-off\"\nat = \"1h\"\ntarget = { file = \"none.txt\" }"),
        ("a link to itself", "act = \"extra-loss\"\nloss = \"6 dB\"\nat = \"1h\"\nlinks = [[\"A\", \"A\"]]"),
        ("another act", "act = \"flood\"\nat = \"1h\"\ntarget = { ids = [\"A\"] }"),
        ("a setting of another act", "act = \"power-off\"\nat = \"1h\"\nloss = \"6 dB\"\ntarget = { ids = [\"A\"] }"),
    ];
    let mut gallery = String::new();
    for (mistake, text) in cases {
        let message = loaded(&format!("[[event]]\nname = \"e\"\n{text}\n")).expect_err(mistake);
        gallery.push_str(&format!("## {mistake}\n{message}\n\n"));
    }
    assert_snapshot!(gallery);
}
