//! What a plan's file means, and what is said about one that makes no sense.

mod plan_text;

use amitwin_data::metrics::Metric;
use amitwin_data::rows::Part;
use amitwin_data::summary::{Status, Verdict};
use amitwin_maintenance::spec::Law;
use amitwin_scenarios::Override;
use amitwin_scenarios::plan::{Plan, Watch, is_plan, json_schema, load, load_text, run};
use plan_text::{SMALL, loaded, said, says, with};
use std::fs;
use std::path::{Path, PathBuf};

struct Alone;

impl Watch for Alone {
    fn year(&self, _job: usize, _year: u32, _years: u32) {}
    fn cancelled(&self) -> bool {
        false
    }
}

fn ran(plan: &Plan, threads: usize) -> amitwin_data::summary::Summary {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let variants: Vec<_> = plan.variants.iter().collect();
    let outcome = run(plan, &variants, None, (&pool, threads), &Alone);
    assert!(outcome.error.is_none());
    outcome.summary
}

#[test]
fn years_become_seconds_since_the_oldest_meter() {
    let plan = loaded(SMALL);
    let spec = &plan.variants[0].spec;
    // 2015 to 2025 are eleven years with three leap days.
    assert_eq!(spec.start_s, (11 * 365 + 3) * 86_400);
    assert_eq!(spec.vintages[0].installed_s, (0, (365 + 366) * 86_400 - 1));
    assert_eq!((spec.years, spec.meters(), spec.depots[0].area_km2), (20, 2_000, 10.0));
    // 2026-01-01 is 20,454 days after 1970-01-01.
    assert_eq!(plan.start_unix_s, 20_454 * 86_400);
    assert!(is_plan(SMALL) && !is_plan("name = \"a\"\nduration = \"1h\""));
}

#[test]
fn mistakes_are_told_with_their_place_and_a_remedy() {
    says(
        &SMALL.replace("count = 2", "count = 0"),
        &["the policy has no crews at the depot `north`", "add crews, such as [[crew]]"],
    );
    says(&SMALL.replace("[[crew]]\nname = \"own\"\ncount = 2\n", ""), &["the policy has no crews"]);
    says(
        &SMALL.replace("installed = 2015\nuntil = 2016", "installed = 2046"),
        &["installed from 2046 on, after the plan has ended", "end of 2045"],
    );
    says(&SMALL.replace("until = 2016", "until = 2014"), &["the installation of `old` ends before it begins"]);
    says(&with("[prices]\nvisit = -5\n"), &["`prices.visit` is out of range", "allowed is 0"]);
    says(
        &with("[[rule]]\nname = \"late\"\nwhen = { every = \"35y\" }\ndo = [\"inspect\"]\nwithin = \"30d\"\n"),
        &["the rule `late` never holds", "no meter is there for so long"],
    );
    says(
        &with("[[rule]]\nname = \"drift\"\nwhen = { code = \"E001\" }\ndo = [\"calibrate\"]\nwithin = \"30d\"\n"),
        &["nobody reports `E001`", "condition-based"],
    );
    says(
        &with(
            "[[rule]]\nname = \"both\"\nwhen = { every = \"5y\", age = \"9y\" }\ndo = [\"inspect\"]\nwithin = \"30d\"\n",
        ),
        &["in several ways"],
    );
    says(
        &with("[[rule]]\nname = \"none\"\nwhen = {}\ndo = [\"inspect\"]\nwithin = \"30d\"\n"),
        &["does not say when it holds"],
    );
    says(&with("[policy]\nkind = \"fixed-interval\"\nevery = \"39y\"\n"), &["the rule `fixed-interval` never holds"]);
    says(
        &SMALL.replace("count = 2", "count = 2\nskills = []"),
        &["no crew at the depot `north` can exchange a meter", "`skills`"],
    );
    says(
        &SMALL.replace("count = 2", "count = 2\ndepots = [\"nroth\"]"),
        &["depot `nroth`, which does not exist", "north"],
    );
    says(&SMALL.replace("meters = 2000\n", ""), &["the depot `north` has no meters"]);
    says(
        &SMALL.replace("climate = \"seville\"", "climate = \"sevilla\""),
        &["cannot be \"sevilla\"", "did you mean \"seville\"?"],
    );
    says(&SMALL.replace("[[crew]]", "[polcy]\nkind = \"edge-driven\"\n[[crew]]"), &["polcy", "did you mean `policy`"]);
    says(
        &SMALL.replace("until = 2016", "part.battery = { life = \"9y\" }"),
        &["`old` has no battery", "with = [\"battery\"]"],
    );
    says(&SMALL.replace("until = 2016", "part.accuracy = { life = \"9y\" }"), &["`life` is for parts that wear"]);
    says(&SMALL.replace("until = 2016", "part.board = { lasts = \"9d\" }"), &["`lasts` is for coverage alone"]);
    says(&SMALL.replace("until = 2016", "part.board = { wrong = 0.1 }"), &["`wrong` is for certificate alone"]);
    says(
        &SMALL.replace("until = 2016", "accuracy_class = \"0.3\""),
        &["`vintage.old.accuracy_class` cannot be \"0.3\""],
    );
    says(
        &with("[[firmware]]\nname = \"late\"\nfrom = 2046\n"),
        &["the firmware `late` comes in 2046, after the plan has ended", "end of 2045"],
    );
    says(
        &with("[[firmware]]\nname = \"v2\"\nfrom = 2030\nuntil = 2029\n"),
        &["get the firmware `v2` before the first ones"],
    );
    says(
        &with("[[firmware]]\nname = \"v2\"\nfrom = 2030\nvintages = [\"odl\"]\n"),
        &["for the vintage `odl`, which does not exist", "did you mean `old`?"],
    );
    says(
        &with("[[rule]]\nname = \"cert\"\nwhen = { code = \"certificate\" }\ndo = [\"exchange\"]\nwithin = \"30d\"\n"),
        &["no part of any vintage leads to `certificate`"],
    );
    says(&with("[watch]\nquantities = []\n"), &["`watch.quantities` has too few values", "at least 1"]);
    says(&SMALL.replace("until = 2016", "weight = 0"), &["no vintage has a weight"]);
    says(
        &with("[[spare]]\nname = \"meter\"\nfull = 10\nreorder = 10\nlead = \"30d\"\n"),
        &["ordered when more are left than there can be"],
    );
    says(&with("[work]\nshift_begins = \"20h\"\n"), &["a shift ends after midnight"]);
    says(
        &with("[prices]\nvisit = 1\n[[gate]]\nmetric = \"cost\"\nmax = -5\n"),
        &["the limit on `cost` is out of range", "less than any", "0 or more"],
    );
    says(&with("[study]\nvary = [\"years\"]\n"), &["years", "KEY=VALUES"]);
    says(&with("[[gate]]\nmetric = \"rejoin_time\"\nmax = \"1h\"\n"), &["`gate[0].metric` cannot be \"rejoin_time\""]);
}

#[test]
fn what_vintages_come_with_and_what_comes_to_them() {
    let text = SMALL.replace(
        "until = 2016",
        "until = 2016\naccuracy_class = \"0.2\"\npart.certificate.wrong = \"10 %\"\npart.accuracy.new_error = \"0.1 %\"",
    ) + "[duty]\nretry_factor = 2\n[[firmware]]\nname = \"v3\"\nfrom = 2031\nbricked = \"0.1 %\"\n\
         [[firmware]]\nname = \"v2\"\nfrom = 2028\nuntil = 2029\nvintages = [\"old\"]\ncures = \"30 %\"\n";
    let spec = &loaded(&text).variants[0].spec;
    let part = |part: Part| spec.vintages[0].parts.iter().find(|p| p.part == part).expect("a part");
    // A class of 0.2 is two fifths of 0.5: 0.01 % a year becomes 0.004 %, and the limit 0.2 %; what the file says itself stays.
    let Law::Drift { new_sd, drift_sd_y, limit } = part(Part::Accuracy).law else { panic!("a drift") };
    let near = |found: f64, expected: f64| (found / expected - 1.0).abs() < 1e-9;
    assert!(near(new_sd, 0.001) && near(drift_sd_y, 0.00004) && near(limit, 0.002), "{new_sd} {drift_sd_y} {limit}");
    assert_eq!((part(Part::Certificate).wrong, spec.duty.retry_factor), (0.1, 2.0));
    // The earliest first; the plan's axis begins with 2015, 2028 is 13 years (4,748 days) later, and 2029 is over after 15 (5,479 days).
    let names: Vec<&str> = spec.firmware.iter().map(|firmware| firmware.name.as_str()).collect();
    assert_eq!((names, spec.firmware[0].comes_s), (vec!["v2", "v3"], (4_748 * 86_400, 5_479 * 86_400 - 1)));
    assert_eq!((spec.firmware[0].cures, spec.firmware[0].bricked, spec.firmware[1].bricked), (Some(0.3), 1e-4, 1e-3));
}

#[test]
fn each_kind_of_file_names_the_command_of_the_other() {
    let scenario = "name = \"a\"\nduration = \"1h\"\nplacement = { generator = \"grid\", meters = 9, gateways = 1 }\n";
    assert!(said(scenario).contains("amitwin run plan.toml"));
    let plan = amitwin_scenarios::load_text(SMALL, "plan.toml", Path::new("."), &[], None);
    assert!(plan.expect_err("a plan").render(false).contains("amitwin plan plan.toml"));
}

#[test]
fn overrides_and_variants_change_a_plan() {
    let text = with(
        "[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\nset = { \"depot.north.climate\" = \"london\", \"policy.kind\" = \"fixed-interval\", \"policy.every\" = \"4y\" }\n",
    );
    let set: Vec<Override> =
        ["depot.north.meters=50", "vintage.old.part.board.life=100y"].map(|s| s.parse().expect("an override")).to_vec();
    let plan =
        load_text(&text, "plan.toml", Path::new("."), &set, Some(9)).unwrap_or_else(|e| panic!("{}", e.render(false)));
    let [a, b] = &plan.variants[..] else { panic!("two variants") };
    assert_eq!((a.spec.seed, a.spec.meters(), b.spec.meters()), (9, 50, 50));
    assert_eq!((a.spec.depots[0].climate_name.as_str(), b.spec.depots[0].climate_name.as_str()), ("seville", "london"));
    assert_eq!((a.spec.policy.rules.len(), b.spec.policy.rules.len()), (0, 1));
}

#[test]
fn a_plan_runs_to_figures_gates_and_a_finding_that_threads_do_not_change() {
    let text = with(
        "[prices]\nvisit = 50\nkwh = 0.2\n[[variant]]\nname = \"wait\"\n[[variant]]\nname = \"visit\"\nset = { \"policy.kind\" = \"fixed-interval\" }\n[[gate]]\nmetric = \"available\"\nmin = \"90 %\"\n[[gate]]\nmetric = \"truck_rolls\"\nmax = 10\nvariants = [\"visit\"]\n",
    );
    let plan = loaded(&text);
    let summary = ran(&plan, 1);
    assert_eq!((summary.status, summary.exit_code), (Status::Complete, Some(4)));
    let verdicts: Vec<Verdict> = summary.gates.iter().map(|gate| gate.verdict).collect();
    assert_eq!(verdicts, [Verdict::Pass, Verdict::Pass, Verdict::Breach, Verdict::Breach]);
    let of = |at: usize, metric| summary.variants[at].metrics.value(metric).expect("a figure");
    assert!((of(0, Metric::MeterYears) - 40_000.0).abs() < 1.0);
    // Four visits each beside those to failures.
    assert!(of(1, Metric::TruckRolls) - of(0, Metric::TruckRolls) > 7_000.0);
    let parts = [Metric::CostVisits, Metric::CostSpares, Metric::CostEnergy, Metric::CostOffice];
    assert!((parts.iter().map(|m| of(1, *m)).sum::<f64>() - of(1, Metric::Cost)).abs() < 1e-6);
    assert!(
        summary.finding.as_deref().is_some_and(|text| text.starts_with("'wait' costs least")),
        "{:?}",
        summary.finding
    );
    assert_eq!(ran(&plan, 4).fingerprint, summary.fingerprint);
    assert!(ran(&loaded(&with("")), 1).finding.is_none());
}

#[test]
fn several_seeds_give_intervals_and_paired_differences() {
    let text = with(
        "[study]\nseeds = 4\n[[variant]]\nname = \"wait\"\n[[variant]]\nname = \"visit\"\nset = { \"policy.kind\" = \"fixed-interval\" }\n",
    );
    let summary = ran(&loaded(&text), 2);
    assert_eq!(summary.seeds, [1, 2, 3, 4]);
    let over = &summary.variants[0].over_seeds["failures"];
    assert!(over.low < over.value && over.value < over.high, "{over:?}");
    let rolls = summary.differences[0].figures["truck_rolls"];
    assert!(rolls.low.is_some_and(|low| low > 6_000.0), "{rolls:?}");
    // The first seed is a run of its own.
    let alone = ran(&loaded(&text.replace("seeds = 4", "seeds = 1")), 1);
    assert_eq!(alone.variants[0].fingerprint, summary.variants[0].seeds[0].fingerprint);
}

#[test]
fn a_list_of_meters_gives_vintages_dates_and_depots() {
    let dir = tempfile::tempdir().expect("a folder");
    let csv = "id,lat,lon,vintage,installed,depot\nM1,51.5,-0.1,old,2015-07-02,south\nM2,51.6,-0.1,new,2024,north\nM3,51.7,-0.1,old,,north\n";
    fs::write(dir.path().join("meters.csv"), csv).expect("a list");
    let text = SMALL.replace("[[depot]]\nname = \"north\"\nmeters = 2000", "[[vintage]]\nname = \"new\"\ninstalled = 2023\n[[depot]]\nname = \"south\"\nclimate = \"london\"\n[[depot]]\nname = \"north\"");
    let text = format!("{text}\n[fleet]\nfile = \"meters.csv\"\n");
    let plan = load_text(&text, "plan.toml", dir.path(), &[], None).unwrap_or_else(|e| panic!("{}", e.render(false)));
    let spec = &plan.variants[0].spec;
    let amitwin_maintenance::spec::Meters::Listed(south) = &spec.depots[0].meters else { panic!("a list") };
    // 2015-07-02 is day 182 from 0.
    assert_eq!((south.len(), south[0].vintage, south[0].installed_s), (1, 0, 182 * 86_400));
    let amitwin_maintenance::spec::Meters::Listed(north) = &spec.depots[1].meters else { panic!("a list") };
    assert_eq!(
        north.iter().map(|m| (m.vintage, m.installed_s)).collect::<Vec<_>>(),
        [(1, (9 * 365 + 2) * 86_400), (0, 0)]
    );
    // Meters are numbered depot by depot, and keep their names.
    let names: Vec<(u32, &str)> = plan.variants[0].nodes.iter().map(|n| (n.node, n.name.as_str())).collect();
    assert_eq!(names, [(0, "M1"), (1, "M2"), (2, "M3")]);

    let wrong = csv.replace("M2,51.6,-0.1,new,2024,north", "M2,51.6,-0.1,nwe,2024-13,nort");
    fs::write(dir.path().join("meters.csv"), wrong).expect("a list");
    let said = load_text(&text, "plan.toml", dir.path(), &[], None).expect_err("wrong").render(false);
    for part in [
        "M2: there is no vintage `nwe`",
        "did you mean `new`",
        "no depot `nort`",
        "`2024-13` is no date of installation",
    ] {
        assert!(said.contains(part), "`{part}` is not in:\n{said}");
    }
}

#[test]
fn the_resolved_plan_is_the_same_plan() {
    let plan = loaded(&with(
        "[policy]\nkind = \"edge-driven\"\n[[rule]]\nname = \"old\"\nwhen = { age = \"20y\" }\ndo = [\"exchange\"]\nwithin = \"1y\"\n[[variant]]\nname = \"a\"\nset = { \"watch.k\" = 4 }\n",
    ));
    let (text, inputs) = plan.in_directory().expect("a text");
    let again = loaded(&text);
    assert!(inputs.is_empty());
    assert_eq!((again.hash.clone(), again.in_directory().expect("a text").0), (plan.hash.clone(), text));
    assert_eq!(ran(&loaded(&plan.in_directory().expect("a text").0), 1).fingerprint, ran(&plan, 1).fingerprint);
}

fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("library")
}

#[test]
fn the_librarys_plan_loads_without_a_warning() {
    let plan =
        load(&library().join("maintenance-20-years.toml"), &[], None).unwrap_or_else(|e| panic!("{}", e.render(false)));
    assert_eq!((plan.name.as_str(), plan.variants.len(), plan.warnings.len()), ("maintenance-20-years", 10, 0));
    assert!(!plan.description.is_empty() && !plan.gates.is_empty());
}

#[test]
fn the_schema_of_plans_beside_the_library_is_current() {
    let stored = fs::read_to_string(library().join("plan.schema.json")).unwrap_or_default();
    let current = format!("{}\n", serde_json::to_string_pretty(&json_schema()).expect("JSON"));
    assert!(stored == current, "write it again: amitwin schema plan > scenarios/library/plan.schema.json");
}

#[test]
fn a_depot_may_have_months_of_its_own() {
    let own = |months: &str| SMALL.replace("climate = \"seville\"", &format!("climate = \"seville\"\n{months}"));
    let months = "months_c = [10, 11, 14, 16, 20, 24, 28, 28, 25, 20, 14, 11]\ndaily_k = 7\nclearness = 0.8";
    let depot = &loaded(&own(months)).variants[0].spec.depots[0];
    // Their mean is 221/12 = 18.4 C; scatter and latitude are those of Seville.
    assert_eq!(depot.climate_name, "own, 18.4 C, like seville");
    assert!((depot.climate.m_c - 221.0 / 12.0).abs() < 1e-9);
    assert_eq!((depot.climate.d_k, depot.climate.lat_deg), (7.0, 37.39));
    // Hot hours are by 0.04 clearer than the days of Seville.
    assert!((depot.climate.kt_mean - 0.84).abs() < 1e-9, "{}", depot.climate.kt_mean);
    assert!((depot.climate.day_c(197.7) - 28.0).abs() < 1.5, "{}", depot.climate.day_c(197.7));
    says(&own("months_c = [10, 11]"), &["months_c"]);
    says(&own("months_c = [10, 11, 14, 16, 20, 24, 128, 28, 25, 20, 14, 11]"), &["are not twelve temperatures of air"]);
}

/// An EPW file of a year at 20 C, 5 K warmer from noon to midnight, in which the sun gives 600 W/m2 from 10 to 14 o'clock.
fn epw(dir: &Path) {
    let mut text = "LOCATION,Town,-,XXX,Source,000000,37.4,-5.9,1.0,30.0\n".to_owned() + &"HEADER\n".repeat(7);
    for hour in (0..365).flat_map(|_| 0..24) {
        let (air_c, sun) = (if hour < 12 { 20 } else { 25 }, if (10..14).contains(&hour) { 600 } else { 0 });
        text += &format!("2001,1,1,{},60,flags,{air_c},10,50,101325,0,0,300,{sun},0,0\n", hour + 1);
    }
    fs::write(dir.join("town.epw"), text).expect("written");
}

#[test]
fn a_depot_may_have_the_hours_of_a_file() {
    let dir = tempfile::tempdir().expect("a directory");
    epw(dir.path());
    let of_file = |more: &str| SMALL.replace("climate = \"seville\"", &format!("weather_file = \"town.epw\"\n{more}"));
    let load = |text: &str| load_text(text, "plan.toml", dir.path(), &[], None);
    let plan = load(&of_file("enclosure = \"shade\"")).unwrap_or_else(|e| panic!("{}", e.render(false)));
    let spec = &plan.variants[0].spec;
    assert_eq!(
        (spec.depots[0].climate_name.as_str(), spec.depots[0].climate.lat_deg),
        ("town.epw, 22.5 C", f64::from(37.4f32))
    );
    // 8 K of its own losses over 20 and 25 C for 11 hours each and 22.5 C for the two in which it changes:
    // 10 log2((11 x 2^2.8 + 11 x 2^3.3 + 2 x 2^3.05) / 24) = 30.70 C.
    let effective_c = |plan: &Plan| {
        let spec = &plan.variants[0].spec;
        amitwin_maintenance::life::Lives::new(spec, &spec.depots[0]).effective_c()
    };
    assert!((effective_c(&plan) - 30.70).abs() < 0.01, "{}", effective_c(&plan));
    // On a dark wall 15 K more for two hours of 20 C, one of 22.5 and one of 25: 2^1.5 - 1 = 1.828 times 2 x 2^2.8 + 2^3.05 + 2^3.3 = 32.06 come
    // to the 201.51 above, and 10 log2(260.13 / 201.51) = 3.68 K.
    let dark = load(&of_file("enclosure = \"dark-wall\"")).unwrap_or_else(|e| panic!("{}", e.render(false)));
    assert!((effective_c(&dark) - 30.70 - 3.68).abs() < 0.01, "{}", effective_c(&dark));
    // The file goes with the run, and another year is another plan.
    assert_eq!(plan.inputs()[0].name, "town.epw");
    let before = plan.hash.clone();
    let text = fs::read_to_string(dir.path().join("town.epw")).expect("read").replace(",25,10", ",26,10");
    fs::write(dir.path().join("town.epw"), text).expect("written");
    assert_ne!(load(&of_file("enclosure = \"shade\"")).expect("a plan").hash, before);
}

#[test]
fn a_weather_file_of_no_use_is_told_with_its_place() {
    let dir = tempfile::tempdir().expect("a directory");
    epw(dir.path());
    let said = |weather: &str| {
        let text = SMALL.replace("climate = \"seville\"", weather);
        load_text(&text, "plan.toml", dir.path(), &[], None).expect_err("refused").render(false)
    };
    fs::write(
        dir.path().join("day.csv"),
        "time,air_c,sun_w_m2\n2026-07-01T00:00:00Z,20,0\n2026-07-01T01:00:00Z,21,0\n",
    )
    .expect("written");
    for (weather, expected) in [
        ("climate = \"seville\"\nweather_file = \"town.epw\"", "has a climate and a weather file"),
        ("", "the depot `north` has no climate"),
        (
            "weather_file = \"town.epw\"\ndaily_k = 7",
            "`daily_k` changes a climate, and the depot `north` has a weather file",
        ),
        ("weather_file = \"no.epw\"", "no.epw cannot be read"),
        (
            "weather_file = \"day.csv\"",
            "day.csv has the hours of one time, and a plan takes a typical year: an EPW file",
        ),
    ] {
        let said = said(weather);
        assert!(said.contains(expected) && said.contains("plan.toml:"), "`{expected}` is not in:\n{said}");
    }
}

#[test]
fn who_waits_for_spares_is_not_said_to_wait_for_crews() {
    // Batteries of all 2,000 meters last four years, and two come each half year at most: hardly a visit begins, and crews have nothing to do.
    let text =
        with("[policy]\nrestart = false\n[[spare]]\nname = \"battery\"\nfull = 2\nreorder = 1\nlead = \"180d\"\n")
            .replace(
                "until = 2016",
                "until = 2016\nwith = [\"battery\"]\npart.battery = { life = \"14y\", shape = 8 }",
            );
    let summary = ran(&loaded(&text), 2);
    let warned = summary.warnings.join("\n");
    assert!(warned.contains("spares of `north` run out") && warned.contains("`lead`"), "{warned}");
    assert!(!warned.contains("do not keep up"), "{warned}");
    let value = |metric| summary.variants[0].metrics.value(metric).expect("a value");
    assert!(value(Metric::OutOfStockAYearS) > 180.0 * 86_400.0 && value(Metric::CrewBusyShare) < 0.5);
    // With spares enough and a sixtieth of the crews' time it is crews.
    let few = text.replace("full = 2\nreorder = 1", "full = 4000\nreorder = 3000")
        + "[work]\nshift = \"1h\"\ndays_a_week = 1\n";
    let warned = ran(&loaded(&few.replace("count = 2", "count = 1")), 2).warnings.join("\n");
    assert!(warned.contains("the crews of `north` do not keep up") && !warned.contains("spares"), "{warned}");
}

#[test]
fn what_nobody_has_seen_has_said_nothing_and_rows_name_the_vintage() {
    let plan = loaded(SMALL);
    let mut run = amitwin_maintenance::Run::new(&plan.variants[0].spec);
    let mut rows = amitwin_data::rows::Rows::default();
    while run.run_year() {
        run.rows().for_each(|of| rows.append(of));
    }
    // Under run to failure nobody calibrates: drifts are there, and no E001 is.
    let drifts: Vec<_> = rows.failures.iter().filter(|row| row.part == Part::Accuracy).collect();
    assert!(drifts.len() > 10 && drifts.iter().all(|row| row.seen_after_s.is_none() && row.code.is_empty()));
    assert!(rows.failures.iter().all(|row| row.code.is_empty() || row.seen_after_s.is_some()));
    assert!(rows.failures.iter().any(|row| &*row.code == "E105"));
    let old = |name: &amitwin_data::rows::Added<std::sync::Arc<str>>| name.0.as_deref() == Some("old");
    assert!(
        rows.failures.iter().all(|row| old(&row.vintage_name)) && rows.visits.iter().all(|row| old(&row.vintage_name))
    );
    assert!(run.survival().survival.iter().all(|row| old(&row.vintage_name)));
    // Each silent module is restarted from afar once it is known.
    let checks: f64 = rows.fleet_years.iter().filter_map(|row| row.remote_checks.0).sum();
    let known = rows.failures.iter().filter(|row| &*row.code == "E105").count() as f64;
    assert!(checks > 0.0 && (checks - known).abs() <= known / 10.0, "{checks} checks of {known}");
}
