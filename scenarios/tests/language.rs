//! What a file means: units, defaults, variants, overrides, the resolved text, templates, the library.

use amitwin_data::metrics::gates;
use amitwin_models::spec::{
    BorderStack, Clusters, Delivery, PhyMode, ResetSchedule, ResetSpec, ResetTier, SizeProfile, WorldSpec,
};
use amitwin_models::terrain::SiteKind;
use amitwin_scenarios::sections::units::{Kind, UnitError, format, parse};
use amitwin_scenarios::{Override, Scenario, TemplateKind, json_schema, load, load_text, template};
use amitwin_sim_core::SimTime;
use std::path::{Path, PathBuf};

const TOWN: &str = r#"name = "town"
duration = "2h"
[placement]
generator = "grid"
meters = 25
gateways = 1
[[campaign]]
name = "reset"
kind = "reset"
at = "10min"
window = ["10s", "60s"]
"#;

fn read(text: &str, sets: &[&str]) -> Scenario {
    let sets: Vec<Override> = sets.iter().map(|s| s.parse().unwrap()).collect();
    match load_text(text, "town.toml", Path::new("."), &sets, None) {
        Ok(scenario) => scenario,
        Err(error) => panic!("{error}"),
    }
}

fn town(more: &str, sets: &[&str]) -> Scenario {
    read(&format!("{TOWN}{more}"), sets)
}

fn spec(more: &str, sets: &[&str]) -> WorldSpec {
    town(more, sets).variants.remove(0).spec
}

/// The first campaign of a world.
fn reset(world: &WorldSpec) -> ResetSpec {
    let reset = world.campaigns[0].job.reset().expect("a reset");
    reset.clone()
}

fn seconds(from: u64, to: u64) -> (SimTime, SimTime) {
    (SimTime::from_secs(from), SimTime::from_secs(to))
}

#[test]
fn every_unit() {
    let table = [
        (Kind::Time, "1 ns", 1.0),
        (Kind::Time, "2us", 2e3),
        (Kind::Time, "1.5 ms", 1.5e6),
        (Kind::Time, "0.1s", 1e8),
        (Kind::Time, "15min", 900e9),
        (Kind::Time, "2h", 7200e9),
        (Kind::Time, "1 d", 86_400e9),
        (Kind::Time, "1h 30min", 5_400e9),
        (Kind::Time, "1h30min15s", 5_415e9),
        (Kind::Time, "1_000 s", 1e12),
        (Kind::Time, "1e3 s", 1e12),
        (Kind::Power, "27 dBm", 27.0),
        (Kind::Power, "-90dBm", -90.0),
        (Kind::Power, "100 mW", 20.0),
        (Kind::Power, "1 W", 30.0),
        (Kind::Ratio, "7 dB", 7.0),
        (Kind::Length, "30 m", 30.0),
        (Kind::Length, "25 cm", 0.25),
        (Kind::Length, "1.2 km", 1200.0),
        (Kind::Size, "200 B", 200.0),
        (Kind::Size, "1 kB", 1000.0),
        (Kind::Size, "1 KiB", 1024.0),
        (Kind::Share, "30 %", 0.3),
        (Kind::Share, "0.3", 0.3),
        (Kind::Angle, "-0.12 deg", -0.12),
        (Kind::Frequency, "902.2 MHz", 902.2e6),
        (Kind::Frequency, "1 Hz", 1.0),
        (Kind::Frequency, "5 kHz", 5e3),
        (Kind::Frequency, "2.4 GHz", 2.4e9),
    ];
    for (kind, text, expected) in table {
        let value = parse(kind, text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert!((value - expected).abs() <= expected.abs() * 1e-12, "{text}: {value}");
        assert_eq!(parse(kind, &format(kind, value)), Ok(value), "{text} as {}", format(kind, value));
    }
    // 500 mW are 26.99 dBm, the 27 dBm of the manuals.
    assert!((parse(Kind::Power, "500 mW").unwrap() - 26.9897).abs() < 1e-4);
}

#[test]
fn what_is_no_value() {
    assert!(matches!(parse(Kind::Time, "15"), Err(UnitError::NoUnit { .. })));
    assert!(matches!(parse(Kind::Time, "15m"), Err(UnitError::Other { is: Kind::Length, .. })));
    assert!(matches!(parse(Kind::Time, "15 minutes"), Err(UnitError::Unknown { nearest: Some("min"), .. })));
    assert!(matches!(parse(Kind::Power, "27 dbm"), Err(UnitError::Unknown { nearest: Some("dBm"), .. })));
    assert!(matches!(parse(Kind::Length, "1 km 20 m"), Err(UnitError::Unknown { .. })));
    for text in ["", " ", "s", "min 5", "..s", "--5 s", "5-3 s"] {
        assert!(parse(Kind::Time, text).is_err(), "{text}");
    }
    assert_eq!(parse(Kind::Power, "0 W"), Err(UnitError::NotFinite));
    assert_eq!(parse(Kind::Time, "1e400 s"), Err(UnitError::NotFinite));
}

#[test]
fn defaults_are_those_of_the_reference() {
    let scenario =
        read("name = \"n\"\nduration = \"1h\"\n[placement]\ngenerator = \"line\"\nmeters = 2\ngateways = 1\n", &[]);
    let world = &scenario.variants[0].spec;
    assert_eq!((scenario.seed, scenario.variants[0].name.as_str()), (1, "base"));
    // Their values stand in the snapshot of the resolved text, which shows every one.
    let mut plain = WorldSpec { placement: world.placement.clone(), ..WorldSpec::plain() };
    (plain.mesh.border_stack, plain.mesh.profile) = (Some(BorderStack::Wsbrd), Some(SizeProfile::Small));
    plain.radio.gateway_tx_power_dbm = Some(27.0);
    assert_eq!(format!("{world:?}"), format!("{plain:?}"));
}

#[test]
fn the_profile_follows_the_meters_per_border_router() {
    let profile = |meters: u32, gateways: u32, more: &str| {
        let text = TOWN.replace("meters = 25\ngateways = 1", &format!("meters = {meters}\ngateways = {gateways}"));
        read(&format!("{text}{more}"), &[]).variants[0].spec.profile()
    };
    assert_eq!(profile(99, 1, ""), SizeProfile::Small);
    assert_eq!(profile(100, 1, ""), SizeProfile::Medium);
    assert_eq!(profile(1001, 1, ""), SizeProfile::Large);
    assert_eq!(profile(1001, 2, ""), SizeProfile::Medium);
    // Nanostack has a table, at 50 kb/s: 100 devices, 500, 1,000.
    assert_eq!(profile(99, 1, "[mesh]\nprofile = \"x-large\"\n"), SizeProfile::XLarge);
    let nanostack =
        |meters, gateways, more| profile(meters, gateways, &format!("[mesh]\nstack = \"nanostack\"\n{more}"));
    assert_eq!(nanostack(100, 1, ""), SizeProfile::Small);
    assert_eq!(nanostack(101, 1, ""), SizeProfile::Medium);
    assert_eq!(nanostack(1001, 1, ""), SizeProfile::XLarge);
    assert_eq!(nanostack(1001, 2, ""), SizeProfile::Large);
    assert_eq!(nanostack(99, 1, "profile = \"x-large\"\n"), SizeProfile::XLarge);
    assert_eq!(nanostack(100, 1, "border_stack = \"wsbrd\"\n"), SizeProfile::Medium);
}

#[test]
fn schedules() {
    let schedule = |more: &str, sets: &[&str]| reset(&spec(more, sets)).schedule();
    let (from, to) = seconds(10, 60);
    assert_eq!(schedule("", &[]), ResetSchedule::Window(from, to));
    assert_eq!(schedule("", &["campaign.reset.window=auto"]), ResetSchedule::Auto { busy_share: 0.2, away_share: 0.1 });
    assert_eq!(
        schedule("busy_share = \"30 %\"\n", &["campaign.reset.window=auto"]),
        ResetSchedule::Auto { busy_share: 0.3, away_share: 0.1 }
    );
    // The later choice drops the earlier one.
    let clusters = "campaign.reset.clusters={ size = 5, gap = [\"10s\", \"60s\"] }";
    assert_eq!(schedule("", &[clusters]), ResetSchedule::Clusters(Clusters { size: 5, gap: seconds(10, 60) }));
    let campaign = reset(&spec("tier = \"cold\"\ndelivery = \"unicast\"\ngive_up_after = \"300s\"\n", &[]));
    assert_eq!((campaign.tier, campaign.delivery), (ResetTier::Cold, Delivery::Unicast));
    assert_eq!((campaign.at, campaign.give_up_after), (SimTime::from_secs(600), Some(SimTime::from_secs(300))));
}

#[test]
fn variants_change_what_they_set_and_nothing_else() {
    let scenario = town(
        r#"[[variant]]
name = "as it is"
[[variant]]
name = "faster, computed"
set = { "radio.phy" = "5", "campaign.reset.window" = "auto" }
[[variant]]
name = "as tables"
set = { radio = { phy = "3", tx_power = "20 dBm" }, campaign.reset.at = "1h" }
[[variant]]
name = "in clusters"
set = { "campaign.reset.clusters" = { size = 10, gap = ["1s", "2s"] } }
"#,
        &[],
    );
    let names: Vec<&str> = scenario.variants.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["as it is", "faster, computed", "as tables", "in clusters"]);
    let specs: Vec<&WorldSpec> = scenario.variants.iter().map(|v| &v.spec).collect();
    assert!(specs.iter().all(|s| s.seed == 1 && s.placement == specs[0].placement));
    assert_eq!(
        specs.iter().map(|s| s.radio.phy).collect::<Vec<_>>(),
        [PhyMode::M1b, PhyMode::M5, PhyMode::M3, PhyMode::M1b]
    );
    assert_eq!(reset(specs[1]).schedule(), ResetSchedule::Auto { busy_share: 0.2, away_share: 0.1 });
    assert_eq!((specs[2].radio.tx_power_dbm, specs[2].radio.gateway_power_dbm()), (20.0, 20.0));
    assert_eq!((specs[2].radio.shadowing_sigma_db, reset(specs[2]).at), (7.0, SimTime::from_secs(3600)));
    assert_eq!(reset(specs[3]).schedule(), ResetSchedule::Clusters(Clusters { size: 10, gap: seconds(1, 2) }));
}

#[test]
fn overrides_reach_where_they_should() {
    assert_eq!(spec("", &["placement.meters=36"]).placement.count(SiteKind::Meter), 36);
    assert_eq!(spec("", &["radio.tx_power=20 dBm"]).radio.tx_power_dbm, 20.0);
    assert_eq!(spec("", &["radio.tx_power=\"20 dBm\""]).radio.tx_power_dbm, 20.0);
    assert_eq!(spec("", &["radio.phy=3"]).radio.phy, PhyMode::M3);
    assert!(!spec("", &["mac.hopping=false"]).mac.hopping);
    assert_eq!(spec("", &["traffic.push=15min"]).traffic.push().unwrap().period, SimTime::from_secs(900));
    assert_eq!(spec("", &["traffic.push=15min", "traffic.push=off"]).traffic.push().map(|p| p.period), None);
    let dotted = TOWN.replace("\"reset\"\nkind", "\"first. wave\"\nkind");
    let world = read(&dotted, &["campaign.'first. wave'.at=\"20min\""]).variants.remove(0).spec;
    assert_eq!(world.campaigns[0].at(), SimTime::from_secs(1200));
    assert_eq!(town("", &["name=2026-01-01"]).name, "2026-01-01");
    let (from, to) = seconds(5, 300);
    for set in ["campaign.reset.window=[5s, 5min]", "campaign.\"reset\".window=[\"5s\", \"300s\"]"] {
        assert_eq!(reset(&spec("", &[set])).schedule(), ResetSchedule::Window(from, to), "{set}");
    }
    assert_eq!(load_text(TOWN, "t", Path::new("."), &["seed=4".parse().unwrap()], Some(9)).unwrap().seed, 9);
}

#[test]
fn a_start_is_a_moment_in_whatever_form() {
    // 2026-03-29T00:30:00Z, 87 days and half an hour after 1,767,225,600.
    let expected = 1_767_225_600 + 87 * 86_400 + 1_800;
    for value in [
        "2026-03-29T00:30:00Z",
        "2026-03-29 00:30:00Z",
        "2026-03-29 01:30:00+01:00",
        "2026-03-28T20:30:00-04:00",
        "\"2026-03-29T00:30:00Z\"",
        "\"2026-03-29 01:30+01:00\"",
    ] {
        let scenario = town(&format!("[dlms]\nstart = {value}\n"), &[]);
        assert_eq!(scenario.variants[0].spec.dlms.start_unix_s, expected, "{value}");
        assert!(scenario.resolved_toml.contains("start = \"2026-03-29T00:30:00Z\""), "{value}");
        let set = spec("", &[&format!("dlms.start={value}")]);
        assert_eq!(set.dlms.start_unix_s, expected, "{value}");
    }
    let variant = town("[[variant]]\nname = \"a\"\nset = { \"dlms.start\" = 2026-03-29T00:30:00Z }\n", &[]);
    assert_eq!(variant.variants[0].spec.dlms.start_unix_s, expected);
    assert_eq!(essence(&mended(&variant)), essence(&variant));
}

#[test]
fn an_offset_is_fixed_or_that_of_a_zone() {
    // The turns of 2026: 29 March and 25 October, 01:00 UTC.
    let minutes = |scenario: &Scenario| {
        let time = scenario.variants[0].spec.dlms.utc_offset.local_time();
        [1_774_745_999, 1_774_746_000, 1_792_889_999, 1_792_890_000].map(|unix_s| time.at(unix_s).offset_min)
    };
    assert_eq!(minutes(&town("[dlms]\nutc_offset = \"-330min\"\n", &[])), [-330; 4]);
    let berlin = town("[dlms]\nutc_offset = \"Europe/Berlin\"\n", &[]);
    assert_eq!(minutes(&berlin), [60, 120, 120, 60]);
    assert_eq!(minutes(&town("", &["dlms.utc_offset=Europe/Berlin"])), minutes(&berlin));
    assert!(berlin.resolved_toml.contains("utc_offset = \"Europe/Berlin\""));
    assert_eq!(essence(&mended(&berlin)), essence(&berlin));
}

#[test]
fn an_override_that_a_variant_hides_is_told() {
    let variant = "[[variant]]\nname = \"v\"\nset = { \"radio.phy\" = \"5\" }\n";
    let scenario = town(variant, &["radio.phy=3"]);
    assert_eq!(scenario.variants[0].spec.radio.phy, PhyMode::M5);
    assert_eq!(scenario.warnings, ["--set:1: the variant `v` sets `radio.phy` itself; the override does not reach it"]);
}

#[test]
fn warnings_name_their_line() {
    let scenario = town(
        "[mesh]\nprofile = \"small\"\n",
        &["placement.meters=400", "duration=11min", "campaign.reset.window=[0s, 1h]"],
    );
    insta::assert_snapshot!(scenario.warnings.join("\n"), @r"
    town.toml:13: the profile is made for smaller meshes; this one has 400 nodes to a border router
    --set:1: the campaign `reset` needs 1h to reset everyone and has 1min before the run ends; the rest stays pending
    ");
}

#[test]
fn fading_where_nothing_fades_is_warned_of() {
    let scenario = town("[radio]\nphy = \"oqpsk-250\"\nfading = { slow = \"3 dB\" }\n", &[]);
    let warning = "town.toml:14: radio.fading changes nothing with phy = \"oqpsk-250\", which serves comparisons and does not fade; leave it out";
    assert!(scenario.warnings.iter().any(|text| text == warning), "{:?}", scenario.warnings);
}

#[test]
fn a_second_campaign_and_one_without_time_for_its_flood_are_warned_of() {
    let second = "[[campaign]]\nname = \"again\"\nkind = \"reset\"\nat = \"20min\"\nwindow = \"auto\"\n";
    let scenario = town(second, &["campaign.reset.at=299s"]);
    insta::assert_snapshot!(scenario.warnings.join("\n"), @r"
    town.toml:12: the scenario has 2 reset campaigns; reset_window_s, campaign_start_s and back_*_share count from the start of the first, `reset`
    --set:1: the campaign `reset` starts less than 5min into the run, so its command goes out at 0 s instead of that long before; meters that hear it after their planned time reset when they hear it
    ");
    // The flood has its time, or there is none.
    for sets in [&["campaign.reset.at=5min"][..], &["campaign.reset.at=0s", "campaign.reset.delivery=unicast"]] {
        assert_eq!(town("", sets).warnings, Vec::<String>::new());
    }
}

/// Everything a scenario comes to, as text; placements are equal bit for bit when their debug text is.
fn essence(scenario: &Scenario) -> String {
    format!("{:#?}", (&scenario.name, &scenario.description, scenario.seed, &scenario.variants, &scenario.gates))
}

fn mended(scenario: &Scenario) -> Scenario {
    let text = &scenario.resolved_toml;
    load_text(text, "resolved.toml", Path::new("/nowhere"), &[], None).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

#[test]
fn the_resolved_text_gives_the_same_scenario_again() {
    for kind in TemplateKind::ALL.into_iter().filter(|kind| *kind != TemplateKind::Plan) {
        let sets: Vec<Override> = ["placement.meters=60", "radio.meter_loss=6.5 dB"].map(|s| s.parse().unwrap()).into();
        let first = load_text(&template("a \"town\"", kind), "a.toml", Path::new("."), &sets, Some(77)).unwrap();
        let again = mended(&first);
        assert_eq!(essence(&first), essence(&again), "{}", kind.as_str());
        assert_eq!(first.resolved_toml, again.resolved_toml);
        assert_eq!(first.scenario_hash, again.scenario_hash);
        assert_eq!((first.name.as_str(), first.seed), ("a \"town\"", 77));
    }
}

#[test]
fn what_variants_disagree_on_stays_out_of_the_resolved_text() {
    let variants = "[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\nset = { \"radio.tx_power\" = \"20 dBm\", \"placement.meters\" = 300 }\n";
    let scenario = town(variants, &[]);
    assert!(!scenario.resolved_toml.contains("gateway_tx_power") && !scenario.resolved_toml.contains("profile"));
    assert_eq!(essence(&scenario), essence(&mended(&scenario)));
    assert!(town("", &[]).resolved_toml.contains("profile = \"small\""));
}

#[test]
fn the_resolved_text_shows_every_default() {
    insta::assert_snapshot!(town("", &[]).resolved_toml);
}

#[test]
fn the_hash_is_of_what_is_said() {
    let hash = |text: &str, sets: &[&str]| read(text, sets).scenario_hash;
    let plain = hash(TOWN, &[]);
    assert_eq!(plain.len(), 64);
    assert_eq!(plain, hash(&TOWN.replace("\"2h\"", "\"120min\" # two hours"), &[]));
    assert_ne!(plain, hash(TOWN, &["radio.tx_power=26 dBm"]));
    assert_ne!(plain, hash(TOWN, &["seed=2"]));
}

#[test]
fn templates_load_without_warnings() {
    for kind in TemplateKind::ALL {
        let text = template("my-town", kind);
        assert!(text.starts_with("#:schema "), "{}", kind.as_str());
        let (name, here) = ("my-town.toml", Path::new("."));
        let (name, warnings) = if kind == TemplateKind::Plan {
            let plan =
                amitwin_scenarios::plan::load_text(&text, name, here, &[], None).unwrap_or_else(|e| panic!("{e}"));
            (plan.name, plan.warnings)
        } else {
            let scenario = load_text(&text, name, here, &[], None).unwrap_or_else(|e| panic!("{e}"));
            (scenario.name, scenario.warnings)
        };
        assert_eq!((name.as_str(), warnings.as_slice()), ("my-town", [].as_slice()));
        assert_eq!(kind.as_str().parse(), Ok(kind));
    }
    assert!("masreset".parse::<TemplateKind>().unwrap_err().contains("mass-reset"));
}

fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("library")
}

#[test]
fn the_library_loads_and_resolves_to_itself() {
    let mut count = 0;
    for entry in std::fs::read_dir(library()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        if amitwin_scenarios::plan::is_plan(&std::fs::read_to_string(&path).unwrap()) {
            // `plans.rs` has those.
            continue;
        }
        count += 1;
        let scenario = load(&path, &[], None).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(Some(scenario.name.as_str()), path.file_stem().and_then(|s| s.to_str()));
        // What these two are about is warned of.
        let warned = ["suite-mismatch", "partial-reset"].contains(&scenario.name.as_str());
        assert_eq!(scenario.warnings.is_empty(), !warned, "{}: {:?}", path.display(), scenario.warnings);
        // What is served is asked, not judged.
        let judged = !scenario.gates.is_empty() || scenario.name == "serve";
        assert!(!scenario.description.is_empty() && judged, "{}", path.display());
        assert_eq!(essence(&scenario), essence(&mended(&scenario)), "{}", path.display());
    }
    assert!(count >= 3, "{count} scenarios");
}

#[test]
fn files_of_keys_and_state_are_told_by_name_whatever_folder_the_text_is_read_in() {
    let text = "name = \"s\"\nduration = \"20min\"\n[placement]\ngenerator = \"grid\"\nmeters = 9\ngateways = 1\n[dlms]\n\
                keys = \"secrets/keys\"\n[serve]\nstate = \"meters.state\"\n";
    let loaded = load_text(text, "s.toml", Path::new("here"), &[], None).expect("it loads");
    let again = load_text(&loaded.resolved_toml, "s.toml", Path::new("there"), &[], None).expect("it loads again");
    assert_eq!(again.resolved_toml, loaded.resolved_toml);
    assert_eq!(again.scenario_hash, loaded.scenario_hash);
    let other = load_text(&text.replace("secrets/keys", "other"), "s.toml", Path::new("here"), &[], None);
    assert_ne!(other.expect("it loads").scenario_hash, loaded.scenario_hash);
}

#[test]
fn the_schema_beside_the_library_is_current() {
    let path = library().join("scenario.schema.json");
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    let current = format!("{}\n", serde_json::to_string_pretty(&json_schema()).unwrap());
    assert!(stored == current, "write it again: amitwin schema > scenarios/library/scenario.schema.json");
}

#[test]
fn the_schema_says_something_about_everything() {
    fn visit(schema: &serde_json::Value, path: &str, bad: &mut Vec<String>) {
        if schema.get("$ref").is_some() || schema.get("type").is_some_and(|t| t.to_string().contains("null")) {
            bad.push(format!("{path}: {schema}"));
        }
        if let Some(properties) = schema.get("properties").and_then(|p| p.as_object()) {
            if schema.get("additionalProperties") != Some(&false.into()) {
                bad.push(format!("{path}: open to unknown keys"));
            }
            for (key, inner) in properties {
                let path = format!("{path}.{key}");
                if inner.get("description").is_none() {
                    bad.push(format!("{path}: no description"));
                }
                let kind = inner.get("x-quantity").is_some() && inner.get("x-max").is_none();
                let number = matches!(inner.get("type").and_then(|t| t.as_str()), Some("integer" | "number"));
                if kind || number && inner.get("maximum").is_none() {
                    bad.push(format!("{path}: no range"));
                }
                visit(inner, &path, bad);
            }
        }
        if let Some(items) = schema.get("items") {
            visit(items, &format!("{path}[]"), bad);
        }
    }
    let schema = json_schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["required"], serde_json::json!(["name", "duration", "placement"]));
    assert_eq!(schema["properties"]["radio"]["properties"]["tx_power"]["default"], "27 dBm");
    let mut bad = Vec::new();
    visit(&schema, "", &mut bad);
    assert_eq!(bad, Vec::<String>::new());
}

#[test]
fn gates_carry_their_limit_in_the_unit_of_the_summary() {
    let gates = town(
        r#"[[gate]]
metric = "rejoin_time"
stat = "p99"
max = "60min"
[[gate]]
metric = "back_share"
stat = "5min"
min = "90 %"
max = 1
variants = ["base"]
[[gate]]
metric = "dropped"
max = 12
"#,
        &[],
    )
    .gates;
    let figures: Vec<_> = gates.iter().map(|g| (g.metric.key(), g.min, g.max, g.limit.as_str())).collect();
    assert_eq!(
        figures,
        [
            ("rejoin_p99_s", None, Some(3600.0), "max 60min"),
            ("back_5min_share", Some(0.9), Some(1.0), "min 90 %, max 1"),
            ("dropped", None, Some(12.0), "max 12"),
        ]
    );
    assert!(gates[0].judges("base") && gates[1].judges("base") && !gates[1].judges("other"));
}

#[test]
fn the_page_lists_what_gates_can_judge() {
    let page = include_str!("../README.md");
    let table = page.split("## Gates").nth(1).and_then(|rest| rest.split("##").next()).expect("a section on gates");
    let words = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let mut listed = Vec::new();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').collect();
        for name in words(cells[1]) {
            let stats: Vec<&str> =
                gates::figures(&name).iter().map(|(stat, _)| *stat).filter(|s| !s.is_empty()).collect();
            assert_eq!(words(cells[2]), stats, "{line}");
            listed.push(name);
        }
    }
    let mut known = gates::names();
    known.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, known);
}
