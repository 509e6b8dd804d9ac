//! Settings of plans: lives by makers' ratings, rules for some, lists with columns of their own, and what can never come to anything.

mod plan_text;

use amitwin_data::rows::Part;
use amitwin_maintenance::spec::Law;
use amitwin_scenarios::Override;
use amitwin_scenarios::plan::load_text;
use plan_text::{SMALL, loaded, said, says, with};
use std::fs;
use std::path::Path;

/// A rule with more in it.
fn rule(more: &str) -> String {
    with(&format!("[[rule]]\nname = \"mine\"\nwithin = \"30d\"\n{more}\n"))
}

#[test]
fn what_can_never_come_to_anything_is_told() {
    let lots = |more: &str| with(&format!("[policy]\nkind = \"verification\"\n[lots]\n{more}\n"));
    // Installed until 2016, 31 years later is 2047; the plan ends with 2045.
    says(&lots("first = \"31y\""), &["no lot is verified before the plan ends", "first = \"31y\"", "too late"]);
    says(&lots("sample = 50\naccepted = 50"), &["every lot passes: 50 of a sample of 50 may be bad"]);
    assert_eq!(said(&lots("sample = 50\naccepted = 49")), "nothing");
    says(
        &lots("sample = 50").replace("until = 2016", "without = [\"accuracy\"]"),
        &["meters of `old` are verified and never bad"],
    );
    says(
        &rule("when = { every = \"5y\" }\ndo = [\"battery\"]"),
        &["the rule `mine` does nothing: no meter that it is for has a part for `battery`"],
    );
    let warned = |text: &str| loaded(text).warnings.join("\n");
    let half = warned(&rule("when = { every = \"5y\" }\ndo = [\"inspect\", \"battery\"]"));
    assert!(
        half.contains("does in part nothing") && half.contains("`battery`") && half.contains("plan.toml:"),
        "{half}"
    );
    assert_eq!(warned(&with("[policy]\nkind = \"fixed-interval\"\n")), "");
    let said_so = warned(&with("[policy]\nkind = \"fixed-interval\"\ntasks = [\"inspect\", \"supercapacitor\"]\n"));
    assert!(said_so.contains("`supercapacitor`"), "{said_so}");
    says(
        &with("[policy]\nalarm_after = \"200d\"\npatience = \"200d\"\n").replace("years = 20", "years = 1"),
        &["nobody is ever sent to a silent meter"],
    );
    let report = |more: &str| with(&format!("[policy]\nkind = \"condition-based\"\n[watch]\nquantities = {more}\n"));
    says(
        &report("[\"clock\"]").replace("until = 2016", "without = [\"clock\"]"),
        &["meters report what can never be wrong with them"],
    );
    let mute = warned(&report("[\"clock\", \"rssi\"]").replace("until = 2016", "without = [\"clock\"]"));
    assert!(mute.contains("meters report `clock`, and have no part that it says something of"), "{mute}");
    let idle = warned(&with("[lots]\nsample = 9\n[watch]\nk = 4\n"));
    assert!(idle.contains("[lots] is without effect") && idle.contains("[watch] is without effect"), "{idle}");
    let spare = warned(&with(
        "[[spare]]\nname = \"battery\"\nfull = 9\nreorder = 2\nlead = \"30d\"\n[prices]\npart = [{ name = \"relay\", price = 3 }]\n",
    ));
    assert!(spare.contains("spares `battery`") && spare.contains("prices are named for `relay`"), "{spare}");
    // Weak signals are heard of by reports, or by an audit of neighbours.
    let weak = rule("when = { code = \"signal\" }\ndo = [\"clean\"]");
    says(&weak, &["nobody reports `signal`"]);
    let audits = "[policy]\nkind = \"fixed-interval\"\ntasks = [\"neighbours\"]\n";
    assert_eq!(said(&format!("{weak}{audits}")), "nothing");
    // 2015 to 2050 are 36 years, the last five of them behind 2045: 5/36 = 13.9 %.
    let late = warned(&SMALL.replace("until = 2016", "until = 2050"));
    let expected =
        "the installation of `old` goes on until 2050, and the plan ends with 2045: 14 % of its meters never come";
    assert!(late.contains(expected) && late.contains("plan.toml:9"), "{late}");
    assert_eq!(warned(&SMALL.replace("until = 2016", "until = 2045")), "");
    // The place of a rule's age is that of the option that sets it.
    let overrides = ["rule.mine.when.age=35y".parse::<Override>().expect("an override")];
    let late =
        load_text(&rule("when = { age = \"9y\" }\ndo = [\"inspect\"]"), "plan.toml", Path::new("."), &overrides, None)
            .expect_err("never")
            .render(false);
    assert!(late.contains("no meter is so old before the plan ends") && late.contains("--set"), "{late}");
}

#[test]
fn rules_are_for_vintages_and_depots_that_exist() {
    let text = rule("when = { every = \"5y\" }\ndo = [\"inspect\"]\nvintages = [\"old\"]\ndepots = [\"north\"]");
    let rules = &loaded(&text.replace("meters = 2000", "meters = 2000\ncount = 2")).variants[0].spec.policy.rules;
    assert_eq!((rules[0].only.vintages.as_slice(), rules[0].only.depots.as_slice()), (&[0_u16][..], &[0_u32, 1][..]));
    says(
        &text.replace("[\"old\"]", "[\"odl\"]"),
        &["for the vintage `odl`, which does not exist", "did you mean `old`?"],
    );
    says(&text.replace("[\"north\"]", "[\"nroth\"]"), &["for the depot `nroth`, which does not exist"]);
    // A vintage of which there are no meters.
    let none = "[[vintage]]\nname = \"new\"\ninstalled = 2030\nweight = 0\n";
    says(
        &(text.replace("[\"old\"]", "[\"new\"]") + none),
        &["the rule `mine` never holds: no meter is of its vintages at its depots"],
    );
    // Contractors.
    let crews = "[[crew]]\nname = \"contractor\"\ncount = 1\nhanded_back = \"12 %\"\n";
    let spec = &loaded(&with(crews)).variants[0].spec;
    assert_eq!(spec.depots[0].crews[1].handed_back, 0.12);
    says(
        &with(&(crews.replace("12 %", "90 %") + "[work]\nmissed = \"10 %\"\n")),
        &["hardly a visit of the crews `contractor`"],
    );
    // A contractor's give back a tenth unless it is said, own ones nothing.
    let shares = |crews: &str| -> Vec<f64> {
        loaded(&with(crews)).variants[0].spec.depots[0].crews.iter().map(|crews| crews.handed_back).collect()
    };
    let contractor = "[[crew]]\nname = \"contractor\"\ncount = 1\ncontractor = true\n";
    assert_eq!(shares(contractor), [0.0, 0.1]);
    assert_eq!(shares(&format!("{contractor}[work]\nhanded_back = \"15 %\"\n")), [0.0, 0.15]);
    let idle = loaded(&with("[work]\nhanded_back = \"15 %\"\n")).warnings.join("\n");
    assert!(idle.contains("`work.handed_back` is without effect") && idle.contains("contractor = true"), "{idle}");
}

#[test]
fn makers_ratings_become_laws() {
    let spec = |with: &str, part: &str| {
        let text = SMALL.replace("until = 2016", &format!("until = 2016\nwith = [{with}]\npart = {{ {part} }}"));
        let plan = loaded(&text);
        let place = plan.variants[0].spec.vintages[0].parts.clone();
        move |wanted: Part| place.iter().find(|p| p.part == wanted).expect("a part").law
    };
    let year = 31_557_600.0;
    // 2,000 h at 105 C are 41.3 years at 30 C; 15 by the calendar.
    let law = spec("", "capacitor = { rated = { hours = 2000, at_c = 105 } }")(Part::Capacitor);
    let Law::Capped(life, at_most_s) = law else { panic!("{law:?}") };
    assert!((life.eta / year - 41.3).abs() < 0.05 && life.beta == 12.0 && at_most_s == 15.0 * year, "{law:?}");
    // 0.1 ohm become the 0.3 that a burst of 2 A bears after log2(3) = 1.585 rated lives.
    let law =
        spec("", "capacitor = { rated = { hours = 2000, at_c = 105, esr_ohm = 0.1, burst_a = 2 } }")(Part::Capacitor);
    let Law::Capped(weak, _) = law else { panic!("{law:?}") };
    assert!((weak.eta / life.eta - 1.585).abs() < 0.001, "{law:?}");
    // 1,000 h at 65 C and 2.7 V, kept at 2.1 V, are 2^3.5 x 1.3^6 as long at 30 C: 6.23 years.
    let rated = "supercapacitor = { rated = { hours = 1000, at_c = 65, volts = 2.7, used_at_volts = 2.1 } }";
    let law = spec("\"supercapacitor\"", rated)(Part::Supercapacitor);
    let Law::Life(life) = law else { panic!("{law:?}") };
    assert!((life.eta / year - 6.23).abs() < 0.01, "{law:?}");
    let law = spec("\"battery\"", "battery = { cell = { charge_ah = 8.5, load_mah_year = 620.5 }, shape = 20 }")(
        Part::Battery,
    );
    let Law::Cell(cell) = law else { panic!("{law:?}") };
    assert_eq!((cell.charge_ah, cell.load_ah_y, cell.self_discharge_y, cell.shape), (8.5, 0.620_5, 0.01, 20.0));
    let law = spec("", "clock = { crystal = { sync_every = \"1d\", limit = \"5s\" } }")(Part::Clock);
    let Law::Crystal(crystal) = law else { panic!("{law:?}") };
    assert_eq!((crystal.within_ppm, crystal.sync_every_s, crystal.limit_s), (20.0, 86_400.0, 5.0));
    // 100,000 cycles, 13.7 a day: 20 years.
    let law = spec("\"flash\"", "flash = { used = { times = 100_000, a_day = 13.7 } }")(Part::Flash);
    let Law::Life(life) = law else { panic!("{law:?}") };
    assert!((life.eta / year - 20.0).abs() < 0.05, "{law:?}");

    let says = |part: &str, expected: &[&str]| {
        says(&SMALL.replace("until = 2016", &format!("until = 2016\npart = {{ {part} }}")), expected);
    };
    says("board = { rated = { hours = 9, at_c = 99 } }", &["`vintage.old.part.board.rated.hours` is out of range"]);
    says("board = { rated = { hours = 99, at_c = 99 } }", &["`rated` is for capacitor and supercapacitor alone"]);
    says("clock = { cell = { charge_ah = 1, load_mah_year = 1 } }", &["`cell` is for battery alone"]);
    says("capacitor = { crystal = { sync_every = \"1d\", limit = \"5s\" } }", &["`crystal` is for clock alone"]);
    says("clock = { used = { times = 1, a_day = 1 } }", &["`used` is for flash and relay alone"]);
    says(
        "capacitor = { rated = { hours = 99, at_c = 99 }, life = \"9y\" }",
        &["`rated` says how long a part lives, and `life` says it again"],
    );
    says(
        "capacitor = { rated = { hours = 99, at_c = 99, esr_ohm = 0.4, burst_a = 2 } }",
        &["bursts of 2 A restart a meter from 0.300 ohm on, and a new capacitor has 0.4"],
    );
    says("capacitor = { rated = { hours = 99, at_c = 99, volts = 2 } }", &["`volts` is for supercapacitor alone"]);
}

#[test]
fn a_list_may_have_columns_of_its_own_names_and_dates_of_its_own_form() {
    let dir = tempfile::tempdir().expect("a folder");
    let csv = "Zaehler,Breite,Laenge,Typ,Einbau,Bezirk\nM1,51.5,-0.1,old,02.07.2015,south\nM2,51.6,-0.1,new,2024-03-01 00:00:00,north\n";
    fs::write(dir.path().join("meters.csv"), csv).expect("a list");
    let text = SMALL.replace("[[depot]]\nname = \"north\"\nmeters = 2000", "[[vintage]]\nname = \"new\"\ninstalled = 2023\n[[depot]]\nname = \"south\"\nclimate = \"london\"\n[[depot]]\nname = \"north\"");
    let columns = "id = \"Zaehler\", lat = \"Breite\", lon = \"Laenge\"";
    let of = |more: &str| {
        let text = format!("{text}\n[fleet]\nfile = \"meters.csv\"\ncolumns = {{ {columns}{more} }}\n");
        load_text(&text, "plan.toml", dir.path(), &[], None).map_err(|error| error.render(false))
    };
    let own = ", vintage = \"Typ\", installed = \"Einbau\", depot = \"Bezirk\"";
    let plan = of(own).unwrap_or_else(|said| panic!("{said}"));
    let listed = |depot: usize| match &plan.variants[0].spec.depots[depot].meters {
        amitwin_maintenance::spec::Meters::Listed(list) => (list[0].vintage, list[0].installed_s),
        drawn => panic!("{drawn:?}"),
    };
    // Days since 2015-01-01: 2 July is 182; 1 March 2024 is nine years with two leap days and 60 days of a leap year later.
    assert_eq!((listed(0), listed(1)), ((0, 182 * 86_400), (1, (9 * 365 + 2 + 60) * 86_400)));
    assert!(plan.notes.iter().all(|note| !note.contains("no meters")), "{:?}", plan.notes);
    // What is missing is told once, whatever the number of meters, with what there is.
    let missing = of("").expect_err("no vintage");
    assert_eq!(missing.matches("has no column `vintage` and no column `depot`").count(), 1, "{missing}");
    assert!(missing.contains("fleet.columns.vintage") && missing.contains("`Typ`, `Einbau`, `Bezirk`"), "{missing}");
    let wrong = of(&own.replace("Einbau", "Datum")).expect_err("no such column");
    assert!(wrong.contains("has no column `Datum`, which is to say `installed`"), "{wrong}");
    fs::write(dir.path().join("meters.csv"), csv.replace("02.07.2015", "07/02/2015")).expect("a list");
    let date = of(own).expect_err("a date");
    assert!(
        date.contains("`07/02/2015` is no date of installation; write 2019, 2019-05, 2019-05-31 or 31.05.2019"),
        "{date}"
    );
}

#[test]
fn a_rule_is_judged_where_variants_have_a_use_for_it() {
    let drift = rule("when = { code = \"E001\" }\ndo = [\"calibrate\"]");
    let variants = "[[variant]]\nname = \"wait\"\n[[variant]]\nname = \"visit\"\nset = { \"policy.kind\" = \"fixed-interval\" }\n\
                    [[variant]]\nname = \"ask\"\nset = { \"policy.kind\" = \"condition-based\" }\n";
    // Reports of `ask` say E001; nobody else hears of it, and that is no error.
    let plan = loaded(&format!("{drift}{variants}"));
    let warned = plan.warnings.join("\n");
    assert!(
        warned.contains("the rule `mine` never holds: nobody reports `E001` (variants `wait`, `visit`)"),
        "{warned}"
    );
    assert!(plan.variants.iter().all(|variant| variant.spec.policy.rules.iter().any(|rule| rule.name == "mine")));
    // None of them hears of it: an error, which is that of all.
    let deaf = format!("{drift}{variants}").replace("condition-based", "run-to-failure");
    says(&deaf, &["the rule `mine` never holds: nobody reports `E001`"]);
    assert!(!said(&deaf).contains("(variant"), "{}", said(&deaf));
    // A variant's own rule is judged there alone.
    let own = "[[variant]]\nname = \"wait\"\n[[variant]]\nname = \"rules\"\nset = { rule = [{ name = \"own\", when = { code = \"clock\" }, do = \
               [\"restart\"], within = \"9d\" }] }\n";
    says(&with(own), &["the rule `own` never holds: nobody reports `clock` (variant `rules`)"]);
    // So are other mistakes of one variant.
    let nobody = "[[variant]]\nname = \"some\"\n[[variant]]\nname = \"none\"\nset = { \"crew.own.count\" = 0 }\n";
    says(&with(nobody), &["the policy has no crews at the depot `north` (variant `none`)"]);
}
