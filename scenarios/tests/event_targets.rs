//! Events of the timeline: whom they happen to, when, and how variants and overrides change that.

use amitwin_models::spec::{Act, EventSpec};
use amitwin_scenarios::{Override, Scenario, load, load_text};
use amitwin_sim_core::SimTime;
use std::fs;
use std::path::{Path, PathBuf};

/// Two border routers a kilometre apart. A thousandth of a degree is 111 m of latitude and 71 m of longitude here.
const VILLAGE: &str = "id,lat,lon,kind
G0,50.0000,8.0000,gateway
G1,50.0100,8.0000,gateway
a,50.0000,8.0010,meter
b,50.0010,8.0010,meter
c,50.0090,8.0010,meter
d,50.0100,8.0010,meter
r,50.0005,8.0005,repeater
t,50.0200,8.0000,transformer
";

/// An event of an hour, up to its target.
const OUTAGE: &str = "[[event]]\nname = \"x\"\nact = \"power-off\"\nat = \"10min\"\nfor = \"1h\"\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("town/village.csv", VILLAGE);
        folder
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// A scenario on the village, with these lines at its end.
    fn load(&self, lines: &str, sets: &[&str]) -> Scenario {
        let text = format!(
            "name = \"n\"\nduration = \"3h\"\n[placement]\nfile = \"village.csv\"\n[[dlms.vendor]]\nname = \"old\"\n\
             [[dlms.vendor]]\nname = \"new\"\n{lines}\n"
        );
        let sets: Vec<Override> = sets.iter().map(|s| s.parse().unwrap()).collect();
        load(&self.write("town/town.toml", &text), &sets, None).unwrap_or_else(|error| panic!("{error}"))
    }
}

fn names(scenario: &Scenario, variant: usize) -> String {
    let spec = &scenario.variants[variant].spec;
    let name = |node: &u32| spec.placement.sites[*node as usize].name.to_string();
    spec.events[0].nodes.iter().map(name).collect::<Vec<_>>().join(" ")
}

/// Names of the nodes that an outage with this target happens to.
fn hit(target: &str) -> String {
    names(&Folder::new().load(&format!("{OUTAGE}target = {target}"), &[]), 0)
}

#[test]
fn each_thing_that_a_target_says() {
    assert_eq!(hit("{ ids = [\"d\", \"G1\", \"a\", \"d\"] }"), "G1 a d");
    assert_eq!(hit("{ kind = \"meter\" }"), "a b c d");
    assert_eq!(hit("{ kind = \"repeater\" }"), "r");
    assert_eq!(hit("{ kind = \"gateway\" }"), "G0 G1");
    assert_eq!(hit("{ share = 1 }"), "G0 G1 a b c d r");
    // The village's meters are sites 2 to 5, of two kinds in turn.
    assert_eq!((hit("{ vintage = \"old\" }"), hit("{ vintage = \"new\" }")), ("a c".to_owned(), "b d".to_owned()));
    // G0 has a at 71 m, r at 66 m and b at 132 m.
    assert_eq!(hit("{ circle = { lat = 50.0, lon = 8.0, radius = \"70 m\" } }"), "G0 r");
    assert_eq!(hit("{ circle = { lat = 50.0, lon = 8.0, radius = \"100 m\" } }"), "G0 a r");
    assert_eq!(hit("{ circle = { lat = 50.0, lon = 8.0, radius = \"0.14 km\" } }"), "G0 a b r");
    // A triangle over a, r and G0; b is north of its longest side.
    assert_eq!(hit("{ polygon = [[49.9999, 7.9990], [49.9999, 8.0030], [50.0009, 8.0000]] }"), "G0 a r");
}

#[test]
fn own_columns_of_the_placement_select() {
    let folder = Folder::new();
    let ages = ["", "", "1998", "2004", "1998", "", "", ""];
    let lines = VILLAGE.lines().enumerate().map(|(n, line)| match n {
        0 => format!("{line},street,Year built\n"),
        n => format!("{line},{},{}\n", if n < 5 { "Oak" } else { "Elm" }, ages[n - 1]),
    });
    folder.write("town/village.csv", &lines.collect::<String>());
    let hit = |target: &str| names(&folder.load(&format!("{OUTAGE}target = {target}"), &[]), 0);
    assert_eq!(hit("{ attributes = { street = \"Oak\" } }"), "G0 G1 a b");
    assert_eq!(hit("{ attributes = { street = \"Oak\" }, kind = \"meter\" }"), "a b");
    assert_eq!(hit("{ attributes = { \"Year built\" = [\"1998\", \"2004\"] } }"), "a b c");
    assert_eq!(hit("{ attributes = { street = \"Elm\", \"Year built\" = \"1998\" } }"), "c");
    // The resolved text selects the same.
    let first = folder.load(&format!("{OUTAGE}target = {{ attributes = {{ street = \"Elm\" }} }}"), &[]);
    let again = load(&folder.write("runs/1/resolved.toml", &first.resolved_toml), &[], None).unwrap();
    assert_eq!((names(&again, 0), again.scenario_hash), ("c d r".to_owned(), first.scenario_hash));
}

#[test]
fn a_border_router_means_those_it_serves_and_itself_only_where_border_routers_are_meant() {
    assert_eq!(hit("{ router = \"G0\" }"), "a b r");
    assert_eq!(hit("{ router = \"G1\", kind = \"meter\" }"), "c d");
    assert_eq!(hit("{ router = \"G1\", kind = \"gateway\" }"), "G1");
}

#[test]
fn a_target_is_those_who_fit_all_that_is_said() {
    assert_eq!(hit("{ kind = \"meter\", circle = { lat = 50.0, lon = 8.0, radius = \"200 m\" } }"), "a b");
    assert_eq!(hit("{ router = \"G0\", vintage = \"new\" }"), "b");
    assert_eq!(hit("{ ids = [\"a\", \"c\", \"G0\"], kind = \"meter\", router = \"G1\" }"), "c");
    assert_eq!(hit("{ share = \"100 %\", kind = \"repeater\" }"), "r");
}

#[test]
fn a_backhaul_is_that_of_border_routers_in_the_target() {
    let event = "[[event]]\nname = \"x\"\nact = \"backhaul-slow\"\ndelay = \"2s\"\nat = \"1h\"\n";
    let around = "target = { circle = { lat = 50.0, lon = 8.0, radius = \"200 m\" } }";
    assert_eq!(names(&Folder::new().load(&format!("{event}{around}"), &[]), 0), "G0");
    assert_eq!(names(&Folder::new().load(&format!("{event}target = {{ share = 1 }}"), &[]), 0), "G0 G1");
}

#[test]
fn a_file_has_one_id_a_line() {
    let folder = Folder::new();
    folder.write("town/out.txt", "\u{feff}# street 4\r\nb\r\n\r\n  d  \n#c\n\nb");
    let list = format!("{OUTAGE}target = {{ file = \"out.txt\" }}");
    let first = folder.load(&list, &[]);
    assert_eq!(names(&first, 0), "b d");
    // The resolved text is read elsewhere, and still finds it.
    let again = load(&folder.write("runs/1/resolved.toml", &first.resolved_toml), &[], None).unwrap();
    assert_eq!((names(&again, 0), again.scenario_hash), (names(&first, 0), first.scenario_hash.clone()));
    assert_eq!(again.resolved_toml, first.resolved_toml);
    // The hash follows the content and not the path.
    folder.write("town/lists/other.txt", &fs::read_to_string(folder.0.path().join("town/out.txt")).unwrap());
    let hash = |name: &str| folder.load(&list.replace("out.txt", name), &[]).scenario_hash;
    assert_eq!(hash("lists/other.txt"), first.scenario_hash);
    folder.write("town/out.txt", "b\nc\n");
    assert_ne!(hash("out.txt"), first.scenario_hash);
}

#[test]
fn variants_may_name_another_file() {
    let folder = Folder::new();
    folder.write("town/b.txt", "b\n");
    folder.write("town/d.txt", "d\n");
    let variants = "[[variant]]\nname = \"1\"\n\
                    [[variant]]\nname = \"2\"\nset = { \"event.x.target.file\" = \"d.txt\" }\n\
                    [[variant]]\nname = \"3\"\nset = { \"event.'x'.target\" = { file = \"d.txt\" } }\n\
                    [[variant]]\nname = \"4\"\nset = { event.x.target.file = \"d.txt\" }\n";
    let scenario = folder.load(&format!("{OUTAGE}target = {{ file = \"b.txt\" }}\n{variants}"), &[]);
    assert_eq!([0, 1, 2, 3].map(|variant| names(&scenario, variant)), ["b", "d", "d", "d"]);
    let again = load(&folder.write("elsewhere/resolved.toml", &scenario.resolved_toml), &[], None).unwrap();
    assert_eq!([0, 1, 2, 3].map(|variant| names(&again, variant)), ["b", "d", "d", "d"]);
    assert_eq!(again.scenario_hash, scenario.scenario_hash);
}

#[test]
fn a_file_of_an_override_starts_at_the_working_directory() {
    let folder = Folder::new();
    let here = tempfile::Builder::new().prefix("ids").tempfile_in(".").unwrap();
    fs::write(here.path(), "c\n").unwrap();
    let name = here.path().file_name().unwrap().to_string_lossy();
    let lines = format!("{OUTAGE}target = {{ ids = [\"a\", \"c\"] }}");
    assert_eq!(names(&folder.load(&lines, &[&format!("event.x.target.file={name}")]), 0), "c");
    assert_eq!(names(&folder.load(&lines, &[&format!("event.x.target={{ file = \"{name}\" }}")]), 0), "c");
}

/// A generated town with an outage in four shares of its meters.
fn shares(seed: u64) -> Vec<EventSpec> {
    let mut text =
        "name = \"n\"\nduration = \"1h\"\n[placement]\ngenerator = \"grid\"\nmeters = 1000\ngateways = 2\n".to_owned();
    for share in ["0", "10 %", "30 %", "1.0"] {
        let share = if share.contains('%') { format!("\"{share}\"") } else { share.to_owned() };
        text += &format!(
            "[[variant]]\nname = \"{}\"\nset = {{ \"event.x.target.share\" = {share} }}\n",
            share.trim_matches('"')
        );
    }
    for name in ["x", "y"] {
        let target = "target = { kind = \"meter\", share = \"30 %\" }";
        text += &format!("[[event]]\nname = \"{name}\"\nact = \"power-off\"\nat = \"0s\"\n{target}\n");
    }
    let scenario = load_text(&text, "town.toml", Path::new("."), &[], Some(seed)).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(scenario.warnings, Vec::<String>::new());
    scenario.variants.into_iter().flat_map(|variant| variant.spec.events).collect()
}

#[test]
fn a_larger_share_contains_the_smaller_one_and_variants_share_the_draw() {
    let events = shares(1);
    let [none, tenth, third, all] = [0, 2, 4, 6].map(|at| &events[at].nodes);
    assert_eq!((none.len(), all.len()), (0, 1000));
    // Binomial; four standard deviations are 38 and 58.
    assert!(tenth.len().abs_diff(100) < 38 && third.len().abs_diff(300) < 58, "{} {}", tenth.len(), third.len());
    assert!(tenth.iter().all(|node| third.binary_search(node).is_ok()));
    assert!(events.iter().all(|event| event.nodes.is_sorted()));
    // The other event is the same in each variant, and draws on its own.
    let other = &events[1].nodes;
    assert!([3, 5, 7].iter().all(|at| events[*at].nodes == *other));
    let both = other.iter().filter(|node| third.binary_search(node).is_ok()).count();
    assert!(both.abs_diff(90) < 40, "{both}");
    assert_ne!(shares(2)[2].nodes, *tenth);
}

#[test]
fn a_share_that_takes_nobody_is_told_and_goes_through() {
    let text = format!("{OUTAGE}target = {{ kind = \"repeater\", share = 0.000001 }}");
    let scenario = Folder::new().load(&text, &[]);
    assert_eq!(names(&scenario, 0), "");
    let warning = "the event `x` happens to nobody: its share took none of the 1 nodes that fit";
    assert!(matches!(&scenario.warnings[..], [one] if one.ends_with(warning)), "{:?}", scenario.warnings);
}

#[test]
fn links_are_pairs_of_nodes_each_once() {
    let event = "[[event]]\nname = \"x\"\nact = \"extra-loss\"\nloss = \"10 dB\"\nat = \"1h\"\n\
                 links = [[\"b\", \"a\"], [\"a\", \"G0\"], [\"a\", \"b\"]]";
    let scenario = Folder::new().load(event, &[]);
    let event = &scenario.variants[0].spec.events[0];
    assert_eq!((event.edges.as_slice(), event.nodes.len()), (&[(3, 2), (2, 0)][..], 0));
    assert!(matches!(&event.act, Act::ExtraLoss(loss) if loss.loss_db == 10.0));
    assert_eq!(scenario.warnings, Vec::<String>::new());
}

#[test]
fn a_link_between_two_meshes_is_warned_of_unless_they_are_simulated_as_one() {
    let event =
        "[[event]]\nname = \"x\"\nact = \"extra-loss\"\nloss = \"10 dB\"\nat = \"1h\"\nlinks = [[\"b\", \"c\"]]";
    let warnings = |sets: &[&str]| Folder::new().load(event, sets).warnings;
    assert!(matches!(&warnings(&[])[..], [one] if one.contains("`b` and `c`, which are of different border routers")));
    assert_eq!(warnings(&["coupling.meshes=exact"]), Vec::<String>::new());
}

#[test]
fn a_variant_with_another_placement_has_its_own_nodes() {
    let folder = Folder::new();
    let backwards: Vec<&str> = VILLAGE.lines().skip(1).collect();
    let backwards = backwards.into_iter().rev().collect::<Vec<_>>().join("\n");
    folder.write("town/backwards.csv", &format!("id,lat,lon,kind\n{backwards}\n"));
    let variants =
        "[[variant]]\nname = \"1\"\n[[variant]]\nname = \"2\"\nset = { \"placement.file\" = \"backwards.csv\" }\n";
    let scenario = folder.load(&format!("{OUTAGE}target = {{ ids = [\"a\", \"G0\"] }}\n{variants}"), &[]);
    let nodes = |at: usize| scenario.variants[at].spec.events[0].nodes.as_slice();
    assert_eq!((nodes(0), nodes(1)), (&[0, 2][..], &[5, 7][..]));
}

#[test]
fn times_and_what_replaces_them() {
    let folder = Folder::new();
    let lines = format!("{OUTAGE}target = {{ router = \"G0\" }}");
    let event = |sets: &[&str]| folder.load(&lines, sets).variants[0].spec.events[0].clone();
    let minutes = |n: u64| SimTime::from_secs(n * 60);
    assert_eq!((event(&[]).at, event(&[]).end()), (minutes(10), Some(minutes(70))));
    assert_eq!(event(&["event.x.for=30min"]).end(), Some(minutes(40)));
    // One drops the other, and an end behind that of the run is none.
    assert_eq!(event(&["event.x.until=2h"]).end(), Some(minutes(120)));
    assert_eq!(event(&["event.x.for=5h", "event.x.at=1h"]).end(), Some(minutes(360)));
}

#[test]
fn a_variant_changes_the_act_the_target_and_the_links() {
    let variants = "[[variant]]\nname = \"1\"\nset = { \"event.x.act\" = \"backhaul-down\", \"event.x.target.kind\" = \"gateway\" }\n\
                    [[variant]]\nname = \"2\"\nset = { \"event.x.act\" = \"extra-loss\", \"event.x.loss\" = \"3 dB\", \
                    \"event.x.links\" = [[\"a\", \"r\"]] }\n";
    let scenario = Folder::new().load(&format!("{OUTAGE}target = {{ router = \"G0\" }}\n{variants}"), &[]);
    assert!(matches!(scenario.variants[0].spec.events[0].act, Act::BackhaulDown(_)));
    assert_eq!(names(&scenario, 0), "G0");
    assert_eq!(scenario.variants[1].spec.events[0].edges, [(2, 6)]);
}

#[test]
fn the_resolved_text_has_events_as_they_were_written() {
    let lines = format!(
        "{OUTAGE}target = {{ kind = \"meter\", share = 0.5, polygon = [[49.0, 7.0], [49.0, 9.0], [51.0, 9.0]] }}\n\
         [[event]]\nname = \"y\"\nact = \"extra-loss\"\nloss = \"3 dB\"\nat = \"1h\"\nuntil = \"2h\"\nlinks = [[\"a\", \"b\"]]\n"
    );
    let first = Folder::new().load(&lines, &[]);
    let text = &first.resolved_toml;
    let events = text.split("[[event]]").skip(1).collect::<Vec<_>>().join("[[event]]");
    insta::assert_snapshot!(events.trim(), @r#"
    name = "x"
    at = "10min"
    for = "1h"
    act = "power-off"

    [event.target]
    kind = "meter"
    polygon = [[49.0, 7.0], [49.0, 9.0], [51.0, 9.0]]
    share = 0.5

    [[event]]
    name = "y"
    at = "1h"
    until = "2h"
    act = "extra-loss"
    loss = "3 dB"
    links = [["a", "b"]]
    "#);
}
