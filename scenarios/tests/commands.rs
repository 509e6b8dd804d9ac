//! Campaigns that ask meters a few questions, in the language: what goes together, who is meant, and the figures of a run.

use amitwin_models::spec::Order;
use amitwin_scenarios::drive::{Unwatched, run_variant};
use amitwin_scenarios::{Scenario, load_text};
use amitwin_sim_core::Local;
use std::path::Path;

fn load(more: &str) -> Result<Scenario, String> {
    let text = format!(
        r#"name = "town"
duration = "12h"
medium = "ideal"
ideal = {{ loss = "5 %" }}
placement = {{ generator = "grid", meters = 40, gateways = 1 }}
{more}
"#
    );
    load_text(&text, "town.toml", Path::new("."), &[], None).map_err(|error| error.render(false))
}

fn campaign(name: &str, more: &str) -> String {
    format!("[[campaign]]\nname = \"{name}\"\nat = \"10min\"\nwindow = \"1h\"\n{more}\n")
}

fn figures(scenario: Result<Scenario, String>) -> impl Fn(&str) -> Option<f64> {
    let scenario = scenario.unwrap_or_else(|error| panic!("{error}"));
    let run = run_variant(&scenario.variants[0], 0, Local, |_| Ok(()), &Unwatched).expect("it runs");
    move |key| run.summary.metrics.get(key).copied().flatten()
}

fn refused(more: &str) -> String {
    load(more).map(|_| ()).expect_err("it is wrong")
}

#[test]
fn campaigns_have_their_figures() {
    let all = [
        campaign("off", "kind = \"relay\"\naction = \"disconnect\"\ntarget = { share = \"50 %\" }"),
        campaign("spread", "kind = \"write\"\nwhat = \"push-spread\"\nvalue = 600\nparallel = 3"),
        campaign("clocks", "kind = \"time\"\nif_off_by = \"5s\""),
        campaign("keys", "kind = \"keys\"\nwaves = [\"10 %\", \"100 %\"]\npause = \"10min\""),
    ];
    let of = figures(load(&all.concat()));
    // Half of 40, by chance more or less, and 40 three times.
    let off = of("commands").expect("commands") - 120.0;
    assert!((10.0..=30.0).contains(&off), "{off}");
    assert_eq!(["commands_ok", "commands_failed"].map(&of), [120.0 + off, 0.0].map(Some));
    assert_eq!(["relays_open", "relay_moves", "keys_changed"].map(&of), [off, off, 40.0].map(Some));
    assert_eq!(["clocks_set", "commands_halted"].map(&of), [0.0, 0.0].map(Some));
    assert!(of("clock_off_max_s") <= Some(61.0) && of("keys_recovered") <= Some(40.0));
    assert!(of("command_p50_s") <= of("command_p95_s") && of("command_p50_s") > Some(0.2));
    assert_eq!(of("certificates_expired"), None);
}

#[test]
fn a_flood_is_for_all_and_says_whom_it_has_missed() {
    let flood = |more: &str| {
        let price = "kind = \"write\"\nwhat = \"price\"\nvalue = 2875\ndelivery = \"broadcast\"\nsettle = \"1min\"";
        campaign("price", &format!("{price}\n{more}"))
    };
    let of = figures(load(&flood("")));
    assert_eq!(["commands", "commands_ok"].map(&of), [40.0, 40.0].map(Some));
    // Each of two floods misses one in twenty: 3.9 of 40 are expected, ten and more by one chance in a thousand.
    assert!(of("told_again").is_some_and(|n| (0.0..10.0).contains(&n)), "{:?}", of("told_again"));
    for (more, key) in [
        ("target = { share = \"50 %\" }", "target"),
        ("waves = [\"10 %\", \"100 %\"]", "waves"),
        ("stop_at_failed = \"2 %\"", "stop_at_failed"),
        ("only_when = \"heard within 1d\"", "only_when"),
    ] {
        assert!(refused(&flood(more)).contains(&format!("floods its command and has `{key}`")), "{key}");
    }
    let settles = campaign("off", "kind = \"relay\"\naction = \"disconnect\"\nsettle = \"5min\"");
    let warned = &load(&settles).expect("a scenario").warnings;
    assert!(warned.iter().any(|warning| warning.contains("settle")), "{warned:?}");
}

#[test]
fn healthy_is_asked_for_where_meters_tell_how_they_are() {
    let ping = campaign("ping", "kind = \"ping\"\nonly_when = \"healthy\"");
    for told in ["[traffic.keep_alive]\n", "[last_gasp]\n", "[traffic.health]\n"] {
        load(&format!("{ping}{told}")).unwrap_or_else(|error| panic!("{told}: {error}"));
    }
    for not in ["", "[traffic.health]\nmode = \"always\"\n"] {
        assert!(refused(&format!("{ping}{not}")).contains("none tells how it is"));
    }
}

#[test]
fn certificates_have_theirs() {
    let suite =
        "[dlms.certificates]\nvalid = \"8h\"\nage = [\"2h\", \"7h\"]\n[[dlms.vendor]]\nname = \"a\"\nsuite = 1\n";
    let read = "[[read]]\nname = \"hourly\"\nat = \"30min\"\nevery = \"1h\"\nwhat = \"registers\"\n";
    // They run out between 1 and 6 hours after the start, and nobody renews them.
    let none = figures(load(&format!("{suite}{read}")));
    assert_eq!(["certificates_expired", "certificates_renewed"].map(&none), [40.0, 0.0].map(Some));
    // From the middle of 3.5 h to the end of the run, more or less.
    assert!((none("lapsed_meter_h").expect("it counts") - 40.0 * 8.5).abs() < 60.0);
    assert!(none("sessions_expired") > Some(250.0));
    let renewed = figures(load(&format!(
        "{suite}{read}{}",
        campaign("renewal", "kind = \"certificates\"\nrenew_before = \"30min\"\nagain_after = \"5min\"")
    )));
    assert_eq!(["certificates_expired", "sessions_expired"].map(&renewed), [0.0, 0.0].map(Some));
    assert!(renewed("certificates_renewed") >= Some(40.0));
}

#[test]
fn what_does_not_go_together_is_refused_in_words() {
    let error = refused(&campaign("mode", "kind = \"write\"\nwhat = \"relay-mode\"\nvalue = 9"));
    assert!(error.contains("have no room for") && error.contains("takes 0 to 6"), "{error}");
    let error = refused(&campaign("off", "kind = \"relay\"\naction = \"open\""));
    assert!(error.contains("disconnect") && error.contains("reconnect"), "{error}");
    let error = refused(&campaign("off", "kind = \"relay\"\naction = \"disconnect\"\nvalue = 3"));
    assert!(error.contains("unknown key `value`"), "{error}");
    let error = refused(&campaign("off", "kind = \"relay\"\naction = \"disconnect\"\nwaves = [\"10 %\", \"50 %\"]"));
    assert!(error.contains("grow to all of its meters"), "{error}");
    let renewal = campaign("renewal", "kind = \"certificates\"\nrenew_before = \"90d\"");
    let error = refused(&renewal);
    assert!(error.contains("the meters have none") && error.contains("[dlms.certificates]"), "{error}");
    let error = refused(&format!("[dlms.certificates]\nvalid = \"90d\"\n{renewal}"));
    assert!(error.contains("security suite 0") && error.contains("suite = 1"), "{error}");
    assert!(error.contains("as soon as they are given"), "{error}");
    let spread = "kind = \"certificates\"\norder = \"random\"\nclusters = { size = 5, gap = [\"1s\", \"2s\"] }";
    let error = refused(&format!("[dlms.certificates]\nvalid = \"90d\"\n{}", campaign("renewal", spread)));
    assert!(error.contains("has `clusters`, and its turns come when certificates run out"), "{error}");
    assert!(error.contains("has `order`, and its turns come"), "{error}");
    let suites = "[dlms.certificates]\n[[dlms.vendor]]\nname = \"a\"\nsuite = 1\n[[dlms.vendor]]\nname = \"b\"\n";
    let error = refused(suites);
    assert!(error.contains("the meters of `b`"), "{error}");
}

#[test]
fn a_window_beyond_the_run_is_warned_of() {
    let text =
        campaign("off", "kind = \"relay\"\naction = \"disconnect\"\nwaves = [\"10 %\", \"100 %\"]\npause = \"11h\"");
    let scenario = load(&text).expect("it loads");
    let warned = |text: &String| text.contains("needs 13h until the last meter has its turn and has 710min");
    assert!(scenario.warnings.iter().any(warned), "{:?}", scenario.warnings);
}

#[test]
fn turns_by_a_column_are_those_of_its_numbers() {
    let dir = tempfile::tempdir().expect("a folder");
    let table = "id,kind,lat,lon,metrology_age,street\nr,gateway,50,8,,\n\
                 a,meter,50.001,8,10,Mill Lane\nb,meter,50.002,8,9,\nc,meter,50.003,8,,Ash Road\nd,meter,50.004,8,9.0,Mill Lane\n";
    std::fs::write(dir.path().join("town.csv"), table).expect("a placement");
    let order = |text: &str| {
        let text = format!(
            "name = \"town\"\nduration = \"2h\"\n[placement]\nfile = \"town.csv\"\n[[campaign]]\nname = \"ask\"\nkind = \"ping\"\nat = \"1h\"\nwindow = \"10min\"\norder = {text}\n"
        );
        let scenario = load_text(&text, "town.toml", dir.path(), &[], None).expect("it loads");
        let Some(Order::Column(by)) = &scenario.variants[0].spec.campaigns[0].job.waves().order else { panic!() };
        by.places.clone()
    };
    let last = u32::MAX;
    // Numbers, not texts: 9 comes before 10, and 9.0 is 9. Who has none comes last.
    assert_eq!(order("{ column = \"metrology_age\" }"), [last, 2, 0, last, 0]);
    assert_eq!(order("{ column = \"metrology_age\", descending = true }"), [last, 0, 2, last, 2]);
    assert_eq!(order("{ column = \"street\" }"), [last, 1, last, 0, 1]);
}
