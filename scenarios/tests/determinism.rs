//! One result for a scenario and a seed, whatever the number of threads and the order of partitions (invariant I3).

use amitwin_data::rows::Fingerprinter;
use amitwin_models::build::build;
use amitwin_scenarios::drive::{Unwatched, run_variant};
use amitwin_scenarios::{Variant, load_text};
use amitwin_sim_core::{Engine, Local};
use amitwin_testkit::exchange::on_threads;
use std::path::Path;

/// A town with three border routers, close enough that their meshes hear each other, with reports and a mass reset.
/// The long latency makes long windows, with enough events in each to be worth several threads.
const TOWN: &str = r#"name = "three"
duration = "20min"
[placement]
generator = "suburb"
meters = 150
gateways = 3
[traffic]
push = "2min"
[backhaul]
latency = "10s"
[record]
frames_every = 7
links_every = "1min"
[[campaign]]
name = "reset"
kind = "reset"
at = "6min"
window = ["10s", "60s"]
[[variant]]
name = "window"
[[variant]]
name = "exact"
set = { "coupling.meshes" = "exact" }
[[variant]]
name = "none"
set = { "coupling.meshes" = "none" }
[[variant]]
name = "chosen"
set = { "mesh.pan" = "chosen", "mesh.keys.age" = "24d" }
[[variant]]
name = "one channel, one command each"
set = { "mac.hopping" = false, "campaign.reset.delivery" = "unicast" }
"#;

fn variants(seed: u64) -> Vec<Variant> {
    load_text(TOWN, "three.toml", Path::new("."), &[], Some(seed)).unwrap_or_else(|error| panic!("{error}")).variants
}

/// What may surround it: a sky, boxes on walls, radios and antennas that age, trees, another system, a campaign that waits for links, an outage.
const AROUND: &str = r#"
[dlms]
start = "2026-07-01T20:00:00Z"
[weather]
climate = "phoenix"
hot_sockets = "2 %"
meters.colour = "dark"
meters.facing = "mixed"
radios.hardware = "older"
radios.bad_crystals = "5 %"
[ageing]
age = "3650d"
oxide = "0.15 dB"
wet = "10 %"
[[obstacle]]
name = "gardens"
kind = "trees"
share = "30 %"
depth = "20 m"
[[interferer]]
name = "hopper"
near = "G0000"
preset = "hopper-915"
[[campaign]]
name = "clocks"
kind = "ping"
at = "2min"
window = "10min"
only_when = "snr >= 15 dB and loss <= 20 %"
[last_gasp]
filter = "5s"
bellwethers = "50 %"
[[event]]
name = "feeder"
act = "power-off"
at = "4min"
for = "90s"
target = { kind = "meter", share = "30 %" }
"#;

#[test]
fn threads_do_not_show_with_all_that_may_surround_a_network() {
    let town = TOWN.replace("frames_every = 7", "frames_every = 7\nload_every = \"5min\"");
    let text = format!("{town}{AROUND}");
    let variants =
        load_text(&text, "three.toml", Path::new("."), &[], Some(1)).unwrap_or_else(|error| panic!("{error}"));
    for variant in variants.variants.iter().take(2) {
        let one = on_threads(1, || fingerprint(variant));
        for threads in [2, 4, 8] {
            assert_eq!(on_threads(threads, || fingerprint(variant)), one, "'{}' on {threads} threads", variant.name);
        }
        assert_eq!(on_threads(2, || shuffled(variant, 1)), one, "'{}', turned", variant.name);
    }
}

#[test]
fn threads_do_not_show_in_a_wider_town_with_all_of_it() {
    // Twelve meshes, more than there are threads, under rain on wet leaves and heat that destroys radios, while a hall is built and meters wait for their links.
    let town = TOWN.replace("meters = 150\ngateways = 3", "meters = 600\ngateways = 12");
    let town = town.replace("frames_every = 7", "frames_every = 7\nload_every = \"5min\"");
    let around = AROUND.replace("depth = \"20 m\"", "depth = \"20 m\"\nwet_leaves = \"3 dB\"");
    let around = around.replace(
        "radios.hardware = \"older\"",
        "radios.hardware = \"older\"\nradios.hot_limit_c = 45\nradios.hot_hour_failures = \"20 %\"",
    );
    let hall = "[[obstacle]]\nname = \"hall\"\nkind = \"building\"\nat = \"3min\"\npolygon_m = [[-200, -200], [200, -200], [200, 200], [-200, 200]]\n";
    let image = "[[campaign]]\nname = \"image\"\nkind = \"firmware\"\nat = \"2min\"\nimage = \"1 kB\"\npreset = \"dlms\"\n\
                 only_when = \"snr >= 20 dB\"\nwait = \"10min\"\n";
    let text = format!("{town}{around}{hall}{image}");
    let scenario =
        load_text(&text, "wide.toml", Path::new("."), &[], Some(1)).unwrap_or_else(|error| panic!("{error}"));
    let variant = &scenario.variants[0];
    let one = on_threads(1, || fingerprint(variant));
    for threads in [2, 4, 8] {
        assert_eq!(on_threads(threads, || fingerprint(variant)), one, "on {threads} threads");
    }
    assert_eq!(on_threads(4, || shuffled(variant, 5)), one, "turned");
}

fn fingerprint(variant: &Variant) -> String {
    run_variant(variant, 0, Local, |_| Ok(()), &Unwatched).expect("it runs").summary.fingerprint
}

/// Fingerprint of a world whose partitions are handed to the engine in another order.
fn shuffled(variant: &Variant, turn: usize) -> String {
    let mut built = build(&variant.spec).expect("a world");
    built.parts.reverse();
    let count = built.parts.len();
    built.parts.rotate_left(turn % count);
    let mut engine = Engine::new(built.parts, built.lookahead, Local).expect("distinct partitions");
    engine.partitions_mut().for_each(|part| part.describe(&variant.spec.placement.sites));
    engine.run_until(variant.spec.duration).expect("every target exists");
    // The engine runs windows of fewer than 200 events on one thread.
    let per_window = engine.events() / engine.windows();
    assert!(per_window > 200, "{per_window} events a window");
    engine.finish().expect("every target exists");
    let prints: Vec<String> = engine
        .partitions_mut()
        .map(|part| {
            let mut print = Fingerprinter::new();
            print.update(part.rows());
            print.finish()
        })
        .collect();
    Fingerprinter::combine(prints)
}

#[test]
fn threads_do_not_show() {
    for variant in variants(1) {
        let one = on_threads(1, || fingerprint(&variant));
        for threads in [2, 4, 8] {
            assert_eq!(on_threads(threads, || fingerprint(&variant)), one, "'{}' on {threads} threads", variant.name);
        }
    }
}

#[test]
fn the_order_of_partitions_does_not_show() {
    for variant in variants(1) {
        let listed = fingerprint(&variant);
        for turn in 0..3 {
            assert_eq!(on_threads(2, || shuffled(&variant, turn)), listed, "'{}', turned by {turn}", variant.name);
        }
    }
}

#[test]
fn the_seed_and_the_coupling_show() {
    let mut prints: Vec<String> = variants(1).iter().chain(&variants(2)).map(fingerprint).collect();
    let count = prints.len();
    prints.sort();
    prints.dedup();
    assert_eq!(prints.len(), count, "two worlds with one result");
}
