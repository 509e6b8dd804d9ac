//! Placement files: where they are looked for, what is made of them, what can be wrong with them.

use amitwin_models::terrain::{AntennaGain, SiteKind};
use amitwin_scenarios::{Override, Scenario, ScenarioError, load};
use amitwin_testkit::gallery::Gallery;
use insta::assert_snapshot;
use std::fs;
use std::path::{Path, PathBuf};

const VILLAGE: &str = "id,lat,lon,kind\na,50.0000,8.0000,meter\nb,50.0010,8.0000,meter\nc,50.0020,8.0000,meter\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// A scenario on a placement, with these lines in `[placement]`.
    fn scenario(&self, lines: &str) -> PathBuf {
        let text = format!("name = \"n\"\nduration = \"1h\"\n[placement]\n{lines}\n");
        self.write("town/town.toml", &text)
    }

    fn load(&self, lines: &str, sets: &[&str]) -> Result<Scenario, ScenarioError> {
        let sets: Vec<Override> = sets.iter().map(|s| s.parse().unwrap()).collect();
        load(&self.scenario(lines), &sets, None)
    }

    fn message(&self, lines: &str, sets: &[&str]) -> String {
        let text = self.load(lines, sets).unwrap_err().render(false);
        text.replace(&self.0.path().display().to_string(), "DIR")
    }
}

fn count(scenario: &Scenario, kind: SiteKind) -> usize {
    scenario.variants[0].spec.placement.count(kind)
}

#[test]
fn a_relative_path_starts_at_the_scenario_file() {
    let folder = Folder::new();
    folder.write("town/meters.csv", &format!("{VILLAGE}g,50.001,8.001,gateway\n"));
    let scenario = folder.load("file = \"meters.csv\"", &[]).unwrap();
    assert_eq!((count(&scenario, SiteKind::Meter), count(&scenario, SiteKind::Gateway)), (3, 1));
    assert_eq!(scenario.variants[0].spec.placement.sites[1].name, "b");
    // The resolved text is read elsewhere, and still finds the file.
    let resolved = folder.write("runs/1/scenario.resolved.toml", &scenario.resolved_toml);
    let again = load(&resolved, &[], None).unwrap();
    assert_eq!(again.variants[0].spec.placement, scenario.variants[0].spec.placement);
    assert_eq!(again.scenario_hash, scenario.scenario_hash);
}

#[test]
fn the_hash_follows_the_content_and_not_the_path() {
    let with_gateway = format!("{VILLAGE}g,50.001,8.001,gateway\n");
    let hash = |name: &str, text: &str| {
        let folder = Folder::new();
        folder.write(&format!("town/{name}"), text);
        folder.load(&format!("file = \"{name}\""), &[]).unwrap().scenario_hash
    };
    assert_eq!(hash("meters.csv", &with_gateway), hash("other.csv", &with_gateway));
    assert_ne!(hash("meters.csv", &with_gateway), hash("meters.csv", &with_gateway.replace("50.0020", "50.0021")));
}

#[test]
fn an_override_puts_a_file_in_place_of_a_generated_town() {
    let folder = Folder::new();
    let file = folder.write("elsewhere/meters.csv", VILLAGE);
    let town = "generator = \"suburb\"\nmeters = 500\nspacing = \"20 m\"\ngateways = 2";
    let scenario = folder.load(town, &[&format!("placement.file={}", file.display())]).unwrap();
    assert_eq!((count(&scenario, SiteKind::Meter), count(&scenario, SiteKind::Gateway)), (3, 2));
    // Relative to where the command runs, not to the scenario.
    let message = folder.message(town, &["placement.file=no-such.csv"]);
    let here = std::env::current_dir().unwrap().display().to_string();
    assert!(message.contains(&format!("{here}/no-such.csv")) && message.contains("--set"), "{message}");
}

#[test]
fn variants_may_differ_in_their_file() {
    let folder = Folder::new();
    folder.write("town/a.csv", &format!("{VILLAGE}g,50.001,8.001,gateway\n"));
    folder.write("town/b.csv", &format!("{VILLAGE}d,50.003,8.000,\ng,50.001,8.001,gateway\n"));
    let variants = "file = \"a.csv\"\n[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\nset = { \"placement.file\" = \"b.csv\" }";
    let scenario = folder.load(variants, &[]).unwrap();
    let meters: Vec<_> = scenario.variants.iter().map(|v| v.spec.placement.count(SiteKind::Meter)).collect();
    assert_eq!(meters, [3, 4]);
    let resolved = folder.write("elsewhere/resolved.toml", &scenario.resolved_toml);
    assert_eq!(load(&resolved, &[], None).unwrap().scenario_hash, scenario.scenario_hash);
}

#[test]
fn gateways_are_sited_where_the_file_has_none() {
    let folder = Folder::new();
    folder.write("town/meters.csv", &format!("{VILLAGE}t,50.001,8.002,transformer\n"));
    let gateways =
        |lines: &str| count(&folder.load(&format!("file = \"meters.csv\"\n{lines}"), &[]).unwrap(), SiteKind::Gateway);
    assert_eq!(gateways("gateways = 1"), 1);
    assert_eq!(gateways("gateways = 2"), 2);
    assert_eq!(gateways("siting = \"transformers\""), 1);
    assert_eq!(gateways("siting = \"k-means\"\nmeters_per_gateway = 1"), 3);
}

#[test]
fn gateways_of_the_file_stay_and_the_difference_is_told() {
    let folder = Folder::new();
    folder.write("town/meters.csv", &format!("{VILLAGE}g,50.001,8.001,gateway\n"));
    let scenario = folder.load("file = \"meters.csv\"\ngateways = 3", &[]).unwrap();
    assert_eq!(count(&scenario, SiteKind::Gateway), 1);
    let warnings = scenario.warnings.join("\n").replace(&folder.0.path().display().to_string(), "DIR");
    assert_snapshot!(warnings, @"DIR/town/town.toml:5: the placement file names 1 of kind gateway (border routers); `gateways = 3` is not used");
}

#[test]
fn antennas_have_the_heights_and_gains_of_the_file_and_of_the_section() {
    let folder = Folder::new();
    let rows = "a,50.0,8.0,meter,,-2\ng,50.001,8.0,gateway,,5\nh,50.002,8.0,gateway,25,\n";
    folder.write("town/m.csv", &format!("id,lat,lon,kind,height_m,antenna_gain_dbi\n{rows}"));
    let of = |scenario: &Scenario| {
        let sites = &scenario.variants[0].spec.placement.sites;
        sites.iter().map(|site| (site.height_m, site.antenna_gain.map(AntennaGain::dbi))).collect::<Vec<_>>()
    };
    let plain = folder.load("file = \"m.csv\"", &[]).unwrap();
    assert_eq!(of(&plain), [(1.5, Some(-2.0)), (10.0, Some(5.0)), (25.0, None)]);
    let high = folder.load("file = \"m.csv\"\ngateway_height = \"18 m\"", &[]).unwrap();
    assert_eq!(of(&high), [(1.5, Some(-2.0)), (18.0, Some(5.0)), (25.0, None)]);
    let generated = "generator = \"line\"\nmeters = 2\ngateways = 1\ngateway_height = \"18 m\"";
    assert_eq!(of(&folder.load(generated, &[]).unwrap()), [(1.5, None), (1.5, None), (18.0, None)]);
    folder.write("town/village.csv", VILLAGE);
    let sited = folder.load("file = \"village.csv\"\ngateways = 1\ngateway_height = \"18 m\"", &[]).unwrap();
    assert_eq!(of(&sited)[3], (18.0, None));
}

#[test]
fn roofs_that_nothing_stands_above_are_told() {
    let folder = Folder::new();
    let town = "generator = \"line\"\nmeters = 2\ngateways = 1";
    let told = |roof: &str| folder.load(town, &[&format!("radio.roof_height={roof}")]).unwrap().warnings;
    assert_eq!(told("9 m"), Vec::<String>::new());
    let warnings = told("10 m");
    assert!(
        warnings.len() == 1
            && warnings[0].ends_with(
                "radio.roof_height is 10 m, and no border router or repeater stands above that (G0000 is the highest, with 10 m), so \
                 that it changes nothing; raise placement.gateway_height, or height_m in the placement file"
            ),
        "{warnings:?}"
    );
}

#[test]
fn one_meter_and_two_at_one_spot_are_allowed() {
    let folder = Folder::new();
    for meters in ["a,50,8,meter\n", "a,50,8,meter\nb,50,8,meter\n"] {
        folder.write("town/meters.csv", &format!("id,lat,lon,kind\n{meters}g,50,8,gateway\n"));
        let scenario = folder.load("file = \"meters.csv\"", &[]).unwrap();
        assert_eq!(scenario.warnings, Vec::<String>::new());
    }
}

#[test]
fn the_scenario_says_what_columns_are_called_and_what_coordinates_are() {
    let folder = Folder::new();
    folder.write("town/meters.csv", "Zaehler;Ost;Nord;Strasse\na;561000;5540000;Allee\nb;561009;5540014,0;Allee\n");
    let lines = "file = \"meters.csv\"\ngateways = 1\ncrs = \"EPSG:25832\"\n\
                 columns = { id = \"Zaehler\", lat = \"Nord\", lon = \"Ost\" }";
    let scenario = folder.load(lines, &[]).unwrap();
    let sites = &scenario.variants[0].spec.placement.sites;
    // PROJ 9.5.1: 50.00919264412016 N, 9.851325689472683 E.
    assert!((sites[0].lat_deg - 50.009_192_644).abs() < 2e-9 && (sites[0].lon_deg - 9.851_325_689).abs() < 2e-9);
    assert_eq!(scenario.variants[0].spec.placement.attributes.columns()[0].value(1), Some("Allee"));
    // 9 m east and 14 m north on the grid.
    assert_eq!(
        scenario.notes,
        [
            "meters.csv: 2 sites around 50.01 N 9.85 E, 9 x 14 m; columns separated by ';', id from 'Zaehler', lat from 'Nord', \
          lon from 'Ost', decimal commas, coordinates in EPSG:25832, your own columns Strasse"
        ]
    );
    let resolved = folder.write("runs/1/scenario.resolved.toml", &scenario.resolved_toml);
    let again = load(&resolved, &[], None).unwrap();
    assert_eq!(again.variants[0].spec.placement, scenario.variants[0].spec.placement);
    assert_eq!(again.scenario_hash, scenario.scenario_hash);
    // Each is a setting of its own on the command line too.
    let sets = [
        "placement.columns.lat=Nord",
        "placement.columns.lon=Ost",
        "placement.columns.id=Zaehler",
        "placement.crs=EPSG:25832",
    ];
    let set = folder.load("file = \"meters.csv\"\ngateways = 1", &sets).unwrap();
    assert_eq!(set.variants[0].spec.placement, scenario.variants[0].spec.placement);
}

#[test]
fn where_the_placement_lies_is_told() {
    let folder = Folder::new();
    // 0.002 degrees of latitude are 222 m.
    folder.write("town/meters.csv", VILLAGE);
    let notes = |lines: &str| folder.load(lines, &[]).unwrap().notes;
    assert_eq!(notes("file = \"meters.csv\"\ngateways = 1"), ["meters.csv: 3 sites around 50.00 N 8.00 E, 0 x 222 m"]);
    let line = "generator = \"line\"\nmeters = 3\ngateways = 1";
    let away = format!("{line}\norigin = {{ lat = \"-33.9 deg\", lon = \"151.2 deg\" }}");
    assert!(notes(&away)[0].starts_with("generated town: 4 sites around 33.90 S 151.20 E, "), "{:?}", notes(&away));
    assert!(notes(line)[0].ends_with(" (placement.origin is not set)"), "{:?}", notes(line));
}

#[test]
fn what_can_be_wrong() {
    let folder = Folder::new();
    let mut gallery = Gallery::default();
    gallery.add("missing file", folder.message("file = \"meters.csv\"", &[]));
    folder.write("town/meters.csv", VILLAGE);
    gallery.add("no gateway", folder.message("file = \"meters.csv\"", &[]));
    gallery.add("no transformer", folder.message("file = \"meters.csv\"\nsiting = \"transformers\"", &[]));
    gallery.add("too many gateways", folder.message("file = \"meters.csv\"\ngateways = 4", &[]));
    gallery.add("k-means without a number", folder.message("file = \"meters.csv\"\nsiting = \"k-means\"", &[]));
    gallery
        .add("a file has no spacing", folder.message("file = \"meters.csv\"\ngateways = 1\nspacing = \"30 m\"", &[]));
    gallery.add("both sources", folder.message("file = \"meters.csv\"\ngenerator = \"grid\"", &[]));
    folder.write("town/bad.csv", "id,lat,lon\na,50,8\na,50,8\n");
    folder.write("town/worse.csv", "id,lat,lon\na,50,8\na,50,8\nc,north,8\n");
    gallery.add("bad rows", folder.message("file = \"worse.csv\"\ngateways = 1", &[]));
    gallery.add("no such crs", folder.message("file = \"meters.csv\"\ngateways = 1\ncrs = \"EPSG:1\"", &[]));
    let town = "generator = \"grid\"\nmeters = 4\ngateways = 1\ncrs = \"EPSG:4326\"\ncolumns = { id = \"x\" }";
    gallery.add("a town has no columns", folder.message(town, &[]));
    gallery.add("a bad row", folder.message("file = \"bad.csv\"\ngateways = 1", &[]));
    gallery.add(
        "a bare angle",
        folder
            .message("generator = \"line\"\nmeters = 2\ngateways = 1\norigin = { lat = 51.5, lon = \"200 deg\" }", &[]),
    );
    assert_snapshot!(gallery.to_string());
}

#[test]
fn a_path_without_a_folder_is_found() {
    let error = load(Path::new("no-such-scenario.toml"), &[], None).unwrap_err();
    assert!(error.to_string().contains("no-such-scenario.toml cannot be read"), "{error}");
}
