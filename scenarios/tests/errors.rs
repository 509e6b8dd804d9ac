//! Every mistake a file can hold, with the message it gets.

use amitwin_scenarios::{Override, ScenarioError, load, load_text};
use amitwin_testkit::gallery::Gallery;
use insta::assert_snapshot;
use std::path::Path;

/// A scenario that loads; tests append to it, or replace a line of it.
const GOOD: &str = r#"name = "town"
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

fn fail(text: &str) -> ScenarioError {
    match load_text(text, "town.toml", Path::new("."), &[], None) {
        Ok(_) => panic!("loads:\n{text}"),
        Err(error) => error,
    }
}

fn message(text: &str) -> String {
    fail(text).render(false)
}

/// The message for the good file with `old` replaced.
fn instead(old: &str, new: &str) -> String {
    assert!(GOOD.contains(old), "{old}");
    message(&GOOD.replacen(old, new, 1))
}

fn with(more: &str) -> String {
    message(&format!("{GOOD}{more}"))
}

fn overridden(sets: &[&str]) -> String {
    let sets: Vec<Override> = sets.iter().map(|s| s.parse().unwrap()).collect();
    load_text(GOOD, "town.toml", Path::new("."), &sets, None).unwrap_err().render(false)
}

#[test]
fn the_good_file_loads() {
    let scenario = load_text(GOOD, "town.toml", Path::new("."), &[], None).unwrap();
    assert_eq!(scenario.warnings, Vec::<String>::new());
}

#[test]
fn unknown_keys() {
    let mut gallery = Gallery::default();
    gallery.add("unknown_key", with("[radio]\ntx_pwoer = \"20 dBm\"\n"));
    gallery.add("unknown_table", with("[raido]\n"));
    gallery.add("unknown_key_nothing_near", with("[mesh]\nwheels = 4\n"));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn several_at_once_in_the_order_of_the_file() {
    let mut gallery = Gallery::default();
    let error =
        fail(&format!("{GOOD}[radio]\nphy = \"1c\"\ntx_power = 27\nshadowing = \"-3 dB\"\n[mac]\nmin_eb = 3\n"));
    assert_eq!(error.diagnostics().len(), 4);
    gallery.add("several", error.render(false));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn units() {
    let mut gallery = Gallery::default();
    gallery.add("bare_number", instead("\"2h\"", "7200"));
    gallery.add("bare_number_in_text", instead("\"2h\"", "\"7200\""));
    gallery.add("unknown_unit", instead("\"2h\"", "\"2 hours\""));
    gallery.add("other_unit", with("[radio]\ntx_power = \"902.2 MHz\"\n"));
    gallery.add("metres_for_minutes", instead("\"10min\"", "\"10m\""));
    gallery.add("no_number", with("[radio]\nshadowing = \"strong\"\n"));
    gallery.add("bare_in_a_list", instead("[\"10s\", \"60s\"]", "[10, \"60s\"]"));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn ranges() {
    let mut gallery = Gallery::default();
    gallery.add("zero_duration", instead("\"2h\"", "\"0s\""));
    gallery.add("negative", with("[radio]\nmeter_loss = \"-8 dB\"\n"));
    gallery.add("absurd_power", with("[radio]\ntx_power = \"27 W\"\n"));
    gallery.add("negative_meters", instead("meters = 25", "meters = -25"));
    gallery.add("backwards", instead("[\"10s\", \"60s\"]", "[\"60s\", \"10s\"]"));
    gallery.add("latency", with("[backhaul]\nlatency = \"1ms\"\n"));
    gallery.add("integer_too_large", instead("meters = 25", "meters = 99999999999999999999"));
    gallery.add("not_finite", with("[radio]\npath_loss = \"log-distance\"\nexponent = nan\n"));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn types() {
    let mut gallery = Gallery::default();
    gallery.add("text_for_number", instead("meters = 25", "meters = \"25\""));
    gallery.add("fraction", instead("meters = 25", "meters = 2.5"));
    gallery.add("value_for_table", message("name = \"a\"\nduration = \"1h\"\nplacement = \"suburb\"\n"));
    gallery.add("time_for_window", instead("[\"10s\", \"60s\"]", "\"60s\""));
    gallery.add("number_for_window", instead("[\"10s\", \"60s\"]", "60"));
    gallery.add("three_values", instead("[\"10s\", \"60s\"]", "[\"10s\", \"20s\", \"60s\"]"));
    gallery.add("number_for_word", with("[radio]\nphy = 3\n"));
    gallery.add("unknown_word", with("[mesh]\nstack = \"contiki\"\n"));
    gallery.add("date", instead("\"10min\"", "2026-01-01"));
    gallery.add("two_letters", with("[[dlms.vendor]]\nname = \"v\"\nflag = \"am\"\n"));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn missing_keys() {
    let mut gallery = Gallery::default();
    gallery.add("missing_name", instead("name = \"town\"\n", ""));
    gallery.add("missing_placement", message("name = \"town\"\nduration = \"1h\"\n"));
    gallery.add("missing_at", instead("at = \"10min\"\n", ""));
    gallery.add("missing_kind", instead("kind = \"reset\"\n", ""));
    gallery.add("unknown_kind", instead("kind = \"reset\"", "kind = \"rset\""));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn syntax() {
    let mut gallery = Gallery::default();
    gallery.add("syntax", instead("name = \"town\"", "name = \"town"));
    gallery.add("duplicate_key", instead("meters = 25", "meters = 25\nmeters = 26"));
    gallery.add("empty", message("# nothing\n"));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn names() {
    let mut gallery = Gallery::default();
    gallery.add(
        "duplicate_variant",
        with("[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\n[[variant]]\nname = \"a\"\n"),
    );
    let campaign = "[[campaign]]\nname = \"reset\"\nkind = \"reset\"\nat = \"1h\"\nwindow = \"auto\"\n";
    gallery.add("duplicate_campaign", with(campaign));
    gallery.add("empty_name", instead("name = \"town\"", "name = \"\""));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn variant_paths() {
    let mut gallery = Gallery::default();
    let variant = |set: &str| with(&format!("[[variant]]\nname = \"v\"\nset = {{ {set} }}\n"));
    gallery.add("set_unknown_key", variant("\"campaign.reset.windwo\" = \"auto\""));
    gallery.add("set_unknown_campaign", variant("\"campaign.rset.window\" = \"auto\""));
    gallery.add("set_unknown_table", variant("\"radoi.phy\" = \"5\""));
    gallery.add("set_below_a_value", variant("\"radio.phy.mode\" = \"5\""));
    gallery.add("set_bad_value", variant("\"radio.tx_power\" = 20"));
    gallery.add("set_seed", variant("\"seed\" = 2"));
    gallery.add("set_bad_path", variant("\"radio..phy\" = \"5\""));
    gallery.add("set_unquoted_path", variant("radio.phi = \"5\""));
    gallery.add("set_whole_campaign", variant("campaign.reset = \"auto\""));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn rules_across_fields() {
    let mut gallery = Gallery::default();
    gallery.add("backoff_exponents", with("[mac]\nmin_be = 6\nmax_be = 5\n"));
    gallery.add("excluded_no_channels", with("[mac]\nchannels_excluded = \"0-9,x\"\n"));
    gallery.add("excluded_number", with("[mac]\nchannels_excluded = 9\n"));
    gallery.add("excluded_beyond_the_plan", with("[mac]\nchannels_excluded = \"0-9,129\"\n"));
    gallery.add("excluded_all", with("[mac]\nchannels_excluded = \"0-99,100-128\"\n"));
    let interferer =
        |more: &str| with(&format!("[[interferer]]\nname = \"other\"\npower = \"27 dBm\"\nduty = \"10 %\"\n{more}"));
    gallery.add("interferer_nowhere", interferer("x = \"10 m\"\n"));
    gallery.add("interferer_twice", interferer("near = \"G0000\"\nlat = 47.0\nlon = 8.0\n"));
    gallery.add("interferer_near_nobody", interferer("near = \"G0001\"\n"));
    gallery.add("interferer_beyond_the_plan", interferer("near = \"G0000\"\nchannels = \"200\"\n"));
    gallery
        .add("interferer_without_power", with("[[interferer]]\nname = \"other\"\nnear = \"G0000\"\nduty = \"1 %\"\n"));
    let preset = "[[interferer]]\nname = \"other\"\nnear = \"G0000\"\npreset = \"residental-868\"\n";
    gallery.add("interferer_of_no_preset", with(preset));
    gallery.add("interferer_burst", interferer("near = \"G0000\"\nburst = \"0s\"\n"));
    let obstacle = |more: &str| with(&format!("[[obstacle]]\nname = \"park\"\n{more}"));
    let square = "polygon_m = [[0, 0], [20, 0], [20, 20]]\n";
    gallery.add("obstacle_nowhere", obstacle("kind = \"trees\"\nshare = \"10 %\"\n"));
    gallery
        .add("obstacle_twice", obstacle(&format!("kind = \"building\"\npolygon = [[0, 0], [0, 1], [1, 1]]\n{square}")));
    gallery.add("obstacle_corners", obstacle("kind = \"building\"\npolygon_m = [[0, 0], [20, 0]]\n"));
    gallery.add("obstacle_beyond_the_pole", obstacle("kind = \"trees\"\npolygon = [[0, 0], [0, 1], [91, 1]]\n"));
    gallery.add("trees_with_a_loss", obstacle(&format!("kind = \"trees\"\nloss = \"15 dB\"\n{square}")));
    gallery.add("building_with_leaves", obstacle(&format!("kind = \"building\"\nevergreen = true\n{square}")));
    let times = "at = \"1h\"\nuntil = \"30min\"\n";
    gallery.add("obstacle_ends_first", obstacle(&format!("kind = \"building\"\n{square}{times}")));
    gallery.add("no_channel_plan", with("[radio]\nregion = \"eu\"\n"));
    gallery.add("late_campaign", instead("\"10min\"", "\"3h\""));
    gallery.add("window_and_clusters", with("clusters = { size = 5, gap = [\"1s\", \"2s\"] }\n"));
    gallery.add("order_by_no_column", with("order = { column = \"age\" }\n"));
    gallery.add("order_of_no_kind", with("order = \"shortest-first\"\n"));
    let ideal = GOOD.replacen("duration", "medium = \"ideal\"\nduration", 1);
    gallery.add("order_by_hops_without_a_mesh", message(&format!("{ideal}order = \"nearest-first\"\n")));
    let image = "kind = \"firmware\"\nimage = \"1 KiB\"\nclusters = { size = 5, gap = [\"1s\", \"2s\"] }";
    gallery.add(
        "image_in_clusters",
        message(&GOOD.replace("window = [\"10s\", \"60s\"]\n", "").replace("kind = \"reset\"", image)),
    );
    gallery.add("parallel_flood", with("parallel = 10\ngive_up_after = \"5min\"\n"));
    gallery.add("parallel_without_an_end", with("parallel = 10\ndelivery = \"unicast\"\n"));
    let waits = |only_when: &str| instead("window = [", &format!("only_when = \"{only_when}\"\nwindow = ["));
    gallery.add("only_when_of_a_flood", waits("snr >= 15 dB"));
    gallery.add("only_when_of_nothing", waits("hops <= 3"));
    gallery.add("only_when_upside_down", waits("snr <= 15 dB"));
    gallery.add("only_when_without_a_unit", waits("rssi >= -90"));
    gallery.add("wait_for_nothing", instead("window = [", "wait = \"1h\"\nwindow = ["));
    let one_by_one = |more: &str| instead("window = [", &format!("delivery = \"unicast\"\n{more}\nwindow = ["));
    let asks = |only_when: &str| one_by_one(&format!("only_when = \"{only_when}\""));
    gallery.add("only_when_of_an_unknown_image", asks("firmware = v2"));
    gallery.add("only_when_of_an_older_image", asks("firmware < v2"));
    gallery.add("only_when_nobody_tells", asks("healthy"));
    gallery.add("only_when_within_no_time", asks("heard within long"));
    gallery.add(
        "waves_of_a_flood",
        instead("window = [", "waves = [\"10 %\", \"100 %\"]\ngive_up_after = \"5min\"\nwindow = ["),
    );
    gallery.add("target_of_a_flood", instead("window = [", "target = { share = \"10 %\" }\nwindow = ["));
    gallery.add("waves_that_shrink", one_by_one("waves = [\"10 %\", \"5 %\"]\ngive_up_after = \"5min\""));
    gallery.add("waves_without_an_end", one_by_one("waves = [\"10 %\", \"100 %\"]"));
    gallery.add(
        "waves_that_wait_for_links",
        one_by_one("waves = [\"10 %\", \"100 %\"]\ngive_up_after = \"5min\"\nonly_when = \"snr >= 15 dB\""),
    );
    let field = |more: &str, shift: &str| {
        let campaign = GOOD.replacen("window = [", &format!("{more}visit = true\nwindow = ["), 1);
        message(&format!("{campaign}[technicians]\n{shift}"))
    };
    gallery.add("visit_without_an_end", field("", ""));
    gallery.add("shift_of_no_day", field("give_up_after = \"5min\"\n", "shift = [\"20h\", \"30h\"]\n"));
    gallery.add("visit_by_nobody", one_by_one("visit = true\ngive_up_after = \"5min\""));
    let boards = |more: &str| with(&format!("[device.boards]\n{more}\n"));
    gallery.add("boards_of_nobody", boards("other = [{ vintage = \"old\", metrology = \"2.3.1\" }]"));
    gallery.add("board_of_no_version", boards("metrology = \"2.4.x\""));
    let image = "[[campaign]]\nname = \"v4\"\nkind = \"firmware\"\nat = \"1h\"\nimage = \"1 kB\"\n";
    gallery.add("image_for_unknown_boards", with(&format!("{image}needs_metrology = \"2.4.0\"\n")));
    gallery.add("no_schedule", instead("window = [\"10s\", \"60s\"]\n", ""));
    gallery.add("no_gateway", instead("gateways = 1\n", ""));
    gallery.add("no_meters", instead("meters = 25\n", ""));
    gallery.add("no_source", instead("generator = \"grid\"\n", ""));
    gallery.add("more_gateways_than_meters", instead("gateways = 1\n", "gateways = 26\n"));
    gallery.add("two_sitings", instead("gateways = 1\n", "gateways = 1\nsiting = \"k-means\"\n"));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn more_meters_than_all_routes_are_refused() {
    // 25 meters behind one border router.
    let said = with("[mesh.border_router]\nroutes_max = 20\n");
    for part in ["1 times 20 routes are 20", "town.toml:13", "place 2 border routers or more"] {
        assert!(said.contains(part), "no `{part}` in {said}");
    }
    let enough = format!("{GOOD}[mesh.border_router]\nroutes_max = 25\n");
    load_text(&enough, "town.toml", Path::new("."), &[], None).expect("as many as there are");
}

#[test]
fn a_choice_of_pans_needs_pans_that_are_heard_and_frames_for_keys() {
    let nobody = with("[mesh]\npan = \"chosen\"\n[coupling]\nmeshes = \"none\"\n");
    for part in ["mesh.pan is \"chosen\" and coupling.meshes is \"none\"", "town.toml:13", "leave coupling.meshes out"]
    {
        assert!(nobody.contains(part), "no `{part}` in {nobody}");
    }
    let short = |with_keys: &str| with(&format!("[mesh]\nframe_bytes_max = 500\n{with_keys}\n"));
    for (text, why) in [("pan = \"chosen\"", "pan is \"chosen\""), ("keys = {}", "mesh.keys lets keys age")] {
        let said = short(text);
        for part in [why, "town.toml:13", "set mesh.frame_bytes_max to 900 or more"] {
            assert!(said.contains(part), "no `{part}` in {said}");
        }
    }
    // 1,219 bytes of certificates in a frame; nanostack cuts them.
    let long = "frame_bytes_max = 1000\ncertificate_chain = \"with-authority\"\nstart = \"cold\"";
    let said = with(&format!("[mesh]\n{long}\n"));
    for part in ["start is \"cold\"", "town.toml:13", "set mesh.frame_bytes_max to 1325 or more"] {
        assert!(said.contains(part), "no `{part}` in {said}");
    }
    let cut = format!("{GOOD}[mesh]\n{long}\nstack = \"nanostack\"\n");
    load_text(&cut, "town.toml", Path::new("."), &[], None).expect("pieces of 600 bytes fit");
}

#[test]
fn gates() {
    let mut gallery = Gallery::default();
    let gate = |text: &str| with(&format!("[[gate]]\n{text}\n"));
    gallery.add("gate_metric", gate("metric = \"rejion_time\"\nmax = \"1h\""));
    gallery.add("gate_stat", gate("metric = \"rejoin_time\"\nstat = \"p90\"\nmax = \"1h\""));
    gallery.add("gate_no_stat", gate("metric = \"rejoin_time\"\nmax = \"1h\""));
    gallery.add("gate_needless_stat", gate("metric = \"dropped\"\nstat = \"p99\"\nmax = 3"));
    gallery.add("gate_variant", gate("metric = \"dropped\"\nmax = 3\nvariants = [\"bas\"]"));
    gallery.add("gate_no_limit", gate("metric = \"dropped\""));
    gallery.add("gate_bare_limit", gate("metric = \"rejoin_time\"\nstat = \"p99\"\nmax = 3600"));
    gallery.add("gate_share", gate("metric = \"push_delivered\"\nmin = \"180 %\""));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn studies() {
    let all = [
        with("[study]\nseeds = 0\naverage = \"middle\"\n"),
        with("[study]\nbaseline = \"bse\"\n"),
        with("[study]\nseeds = 50\n[study.until]\nmetric = \"frames\"\nseeds_max = 20\n"),
        with("[study.until]\nmetric = \"rejoin_time\"\n"),
        with("[study]\nvary = [\"placement.meters=8..2\"]\n"),
        with("[[gate]]\nmetric = \"frames\"\nmax = 1\nconfidence = \"90 %\"\n"),
        with("[[gate]]\nmetric = \"frames\"\nmax = 1\nshare = \"100 %\"\n"),
        with("[[variant]]\nname = \"a\"\nset = { \"study.seeds\" = 3 }\n"),
    ];
    assert_snapshot!(all.join("\n"));
}

#[test]
fn overrides() {
    let mut gallery = Gallery::default();
    gallery.add("override_unknown", overridden(&["radio.tx_pwr=20 dBm"]));
    gallery.add("override_value", overridden(&["campaign.reset.window=[10, 60s]"]));
    gallery.add("override_bare", overridden(&["radio.tx_power=20", "meters=3"]));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn long_lines_are_cut_and_not_printed_whole() {
    let text = GOOD.replace("\"town\"", &format!("\"{}\"", "x".repeat(1_000_000)));
    let message = message(&text);
    assert!(message.len() < 2_000, "{} bytes", message.len());
    assert!(message.contains("`name` is too long"), "{message}");
}

#[test]
fn files_that_are_no_text() {
    let mut gallery = Gallery::default();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("town.toml");
    let message = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let text = load(&path, &[], None).unwrap_err().render(false);
        text.replace(&dir.path().display().to_string(), "DIR")
    };
    gallery.add("not_utf8", message(b"name = \"town\"\ndescription = \"caf\xe9\"\n"));
    gallery.add("empty_file", message(b""));
    let mut huge = b"name = \"".to_vec();
    huge.resize(100_000_000, b'x');
    gallery.add("huge_line", message(&huge));
    let missing = load(&dir.path().join("no.toml"), &[], None).unwrap_err().render(false);
    gallery.add("missing_file", missing.replace(&dir.path().display().to_string(), "DIR"));
    let folder = load(dir.path(), &[], None).unwrap_err().render(false);
    gallery.add("directory", folder.replace(&dir.path().display().to_string(), "DIR"));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn many_errors_are_counted_and_not_all_shown() {
    let keys: String = (0..3000).map(|i| format!("k{i} = {i}\n")).collect();
    let error = fail(&format!("{GOOD}[radio]\n{keys}"));
    assert_eq!(error.diagnostics().len(), 3000);
    let message = error.render(false);
    assert!(message.ends_with("2980 more errors are not shown") && message.len() < 20_000, "{}", message.len());
    let variants: String = (0..30_000).map(|i| format!("[[variant]]\nname = \"{i}\"\n")).collect();
    assert!(with(&variants).contains("at most 1000 are possible"));
}

#[test]
fn a_seed_beyond_the_language_is_refused() {
    let error = load_text(GOOD, "town.toml", Path::new("."), &[], Some(u64::MAX)).unwrap_err().render(false);
    assert!(error.contains("the seed is out of range") && error.contains("--seed:1:1"), "{error}");
}

/// Whatever a slip of the keyboard does to a file, it loads or says why; it never ends the program.
#[test]
fn no_slip_ends_the_program() {
    let text = format!(
        "{GOOD}[[variant]]\nname = \"v\"\nset = {{ \"radio.phy\" = \"5\" }}\n[[gate]]\nmetric = \"dropped\"\nmax = 1\n"
    );
    let attempt = |text: &str| match load_text(text, "town.toml", Path::new("."), &[], None) {
        Ok(_) => 0,
        Err(error) => error.render(true).len(),
    };
    assert_eq!(attempt(&text), 0);
    for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
        let (head, tail) = text.split_at(at);
        attempt(head);
        attempt(tail);
        for slip in ["é", "\"", "[", "]", "=", "-", "9", ".", "\n", "\u{0}"] {
            attempt(&format!("{head}{slip}{tail}"));
            attempt(&format!("{head}{slip}{}", tail.get(1..).unwrap_or("")));
        }
    }
}

#[test]
fn colour_only_when_asked() {
    let error = fail(&GOOD.replace("\"2h\"", "2"));
    assert!(!error.render(false).contains('\u{1b}'));
    assert!(error.render(true).contains('\u{1b}'));
}

#[test]
fn dates() {
    let mut gallery = Gallery::default();
    let start = |value: &str| with(&format!("[dlms]\nstart = {value}\n"));
    gallery.add("empty", start("\"\""));
    gallery.add("no_day_of_the_calendar", start("\"2026-02-30T00:00:00Z\""));
    gallery.add("no_zone", start("\"2026-03-29 00:30\""));
    gallery.add("no_zone_without_quotes", start("2026-03-29T00:30:00"));
    gallery.add("a_date_alone", start("2026-03-29"));
    gallery.add("a_time_of_day", start("00:30:00"));
    gallery.add("an_hour_too_many", start("\"2026-03-29T24:00:00Z\""));
    gallery.add("far_from_greenwich", start("\"2026-03-29T00:00:00+15:00\""));
    gallery.add("a_fraction", start("2026-03-29T00:00:00.25Z"));
    gallery.add("too_early", start("\"1970-01-01T00:00:00+01:00\""));
    gallery.add("too_long", start(&format!("\"2026-03-29T00:30:00Z{}\"", " and so on".repeat(20))));
    gallery.add("a_number", start("1767225600"));
    gallery.add("an_override", overridden(&["dlms.start=2026-03-29T00:30:00"]));
    let offset = |value: &str| with(&format!("[dlms]\nutc_offset = {value}\n"));
    gallery.add("no_such_zone", offset("\"Europe/Berln\""));
    gallery.add("a_town_alone", offset("\"berlin\""));
    gallery.add("nowhere", offset("\"Middle-earth\""));
    gallery.add("a_bare_offset", offset("60"));
    gallery.add("no_offset", offset("\"\""));
    gallery.add("beyond_the_zones", with("[dlms]\nstart = 2099-12-31T23:00:00Z\nutc_offset = \"Europe/Berlin\"\n"));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn served_meters() {
    let mut gallery = Gallery::default();
    gallery.add("no_range", with("[serve]\nlisten = \"localhost\"\n"));
    gallery.add("bits_beyond_the_prefix", with("[serve]\nlisten = \"127.0.0.1/8\"\n"));
    gallery.add("not_loopback", with("[serve]\nlisten = \"10.0.0.0/8\"\n"));
    gallery.add("too_few_addresses", with("[serve]\nlisten = \"127.0.0.0/28\"\n"));
    gallery.add("a_range_for_one", with("[serve]\naddressing = \"port\"\nlisten = \"127.0.0.0/8\"\n"));
    gallery.add("nothing_spoken", with("[serve]\ntransports = []\n"));
    gallery.add("unknown_transport", with("[serve]\ntransports = [\"tcp\"]\n"));
    gallery.add("a_bare_delay", with("[serve]\ndelay = 50\n"));
    gallery.add("push_without_a_port", with("[serve]\npush_to = \"127.0.0.1\"\n"));
    gallery.add("push_elsewhere", with("[serve]\npush_to = \"10.0.0.1:4060\"\n"));
    gallery.add("push_to_port_0", with("[serve]\npush_to = \"127.0.0.1:0\"\n"));
    gallery.add("push_to_another_version", with("[serve]\npush_to = \"[::1]:4060\"\n"));
    gallery.add("push_to_nobody", with("[serve]\npush_every = \"15min\"\n"));
    gallery.add("push_too_often", with("[serve]\npush_to = \"127.0.0.1:4060\"\npush_every = \"10ms\"\n"));
    gallery.add("push_over_nothing", with("[serve]\npush_to = \"127.0.0.1:4060\"\npush_transport = \"hdlc\"\n"));
    gallery.add("more_faults_than_answers", with("[serve.faults]\nflipped_tag = \"60 %\"\nshort_length = \"50 %\"\n"));
    gallery.add("a_head_end_by_name", with("[serve]\nhead_ends = [\"localhost\"]\n"));
    gallery.add("a_head_end_out_of_reach", with("[serve]\nhead_ends = [\"::1\"]\n"));
    gallery.add("seconds_of_offset", with("[dlms]\nutc_offset = \"90s\"\n"));
    gallery.add("a_flag", with("[[dlms.vendor]]\nname = \"a\"\nflag = \"am1\"\n"));
    gallery.add("two_of_a_name", with("[[dlms.vendor]]\nname = \"a\"\n[[dlms.vendor]]\nname = \"a\"\n"));
    gallery.add("a_suite", with("[[dlms.vendor]]\nname = \"a\"\nsuite = 3\n"));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn limits_of_the_head_end() {
    let mut gallery = Gallery::default();
    gallery.add("a_cap_below_the_first_pause", with("[head_end.retry]\nafter = \"5min\"\ncap = \"1min\"\n"));
    gallery.add("no_measured_times", with("[head_end]\nservice_measured_ms = []\n"));
    gallery.add("an_unknown_preset", with("[head_end]\npreset = \"gfx\"\n"));
    gallery.add("again_backwards", with("[head_end.permits]\nagain = [\"70s\", \"50s\"]\n"));
    gallery.add("no_permit", with("[head_end.permits]\nopen = 0\n"));
    gallery.add("an_unknown_balance", with("[head_end]\nbalance = \"least-load\"\n"));
    gallery.add("nothing_acknowledged", with("[head_end.broker]\nunacknowledged = \"100 %\"\n"));
    gallery.add("hardly_acknowledged", with("[head_end.broker]\nunacknowledged = 0.6\nunwritten = 0.5\n"));
    let role =
        |more: &str| message(&format!("{}{more}", GOOD.replace("at = \"10min\"", "at = \"10min\"\nrole = \"nurse\"")));
    gallery.add("no_roles", role(""));
    gallery.add("no_such_role", role("[[head_end.role]]\nname = \"reader\"\nmay = [\"read\"]\n"));
    gallery.add("an_unknown_right", with("[[head_end.role]]\nname = \"reader\"\nmay = [\"billing\"]\n"));
    gallery.add("a_priority_beyond", instead("at = \"10min\"", "at = \"10min\"\npriority = 10"));
    assert_snapshot!(gallery.to_string());
}

#[test]
fn insides_of_meters() {
    let mut gallery = Gallery::default();
    gallery.add("a_bundle_of_readings", with("[traffic]\npush = \"1h\"\naggregate = 4\n"));
    gallery.add("too_large_a_bundle", with("[traffic]\npush = \"1h\"\npayload = \"400 B\"\naggregate = 4\n"));
    gallery.add("a_spread_beyond_the_period", with("[traffic.keep_alive]\nevery = \"10min\"\nspread = \"20min\"\n"));
    gallery.add("a_band_of_one_sample", with("[traffic.health]\nlearn = 1\n"));
    gallery.add("an_unknown_mode", with("[traffic.health]\nmode = \"sometimes\"\n"));
    gallery.add("a_rail_below_its_limit", with("[device.supply]\nrail_v = 3.3\n"));
    gallery
        .add("bursts_of_no_radio", message(&format!("medium = \"ideal\"\n{GOOD}[device.supply]\nweak_share = 0.1\n")));
    gallery.add("charge_that_is_not_counted", with("[record]\nload_every = \"off\"\n[device.battery]\n"));
    gallery.add("a_drift_in_seconds", with("[device.clock]\ndrift = \"1s\"\n"));
    gallery.add("a_window_too_small", with("[[dlms.vendor]]\nname = \"a\"\nwindow = \"10 B\"\n"));
    gallery.add("an_unknown_overflow", with("[[dlms.vendor]]\nname = \"a\"\non_overflow = \"drop\"\n"));
    let event = |lines: &str| {
        with(&format!("[[event]]\nname = \"x\"\nat = \"1h\"\ntarget = {{ kind = \"meter\" }}\n{lines}\n"))
    };
    gallery.add("a_hang_with_an_end", event("act = \"hang\"\nfor = \"10min\""));
    gallery.add("a_voltage_without_a_level", event("act = \"voltage\""));
    gallery.add("three_times_the_voltage", event("act = \"voltage\"\nlevel = \"300 %\""));
    assert_snapshot!(gallery.to_string());
}
