//! The error of coupling two meshes one window late, against simulating them as one.
//!
//! A suburb of 120 meters has two border routers; the meshes lie side by side and hear each other. The table that this
//! prints (`cargo test -p amitwin-scenarios --test coupling -- --nocapture`) stands in
//! `models/src/medium/mesh/radio/README.md`.

use amitwin_scenarios::drive::{Unwatched, run_variant};
use amitwin_scenarios::load_text;
use amitwin_sim_core::Local;
use std::collections::BTreeMap;
use std::path::Path;

const MODES: [&str; 3] = ["exact", "window", "none"];
const FIGURES: [&str; 4] = ["collisions", "border_router_collisions", "retries", "push_delivered_share"];

type Means = BTreeMap<&'static str, f64>;

/// Means over seeds of each figure, by mode.
fn measure(hopping: bool, push: &str, seeds: u64) -> BTreeMap<&'static str, Means> {
    let run = |mode: &str, seed: u64| {
        let text = format!(
            r#"name = "two"
duration = "30min"
placement = {{ generator = "suburb", meters = 120, gateways = 2 }}
mac = {{ hopping = {hopping} }}
traffic = {{ push = "{push}", payload = "100 B" }}
coupling = {{ meshes = "{mode}" }}
"#
        );
        let scenario = load_text(&text, "two.toml", Path::new("."), &[], Some(seed)).unwrap_or_else(|e| panic!("{e}"));
        run_variant(&scenario.variants[0], 0, Local, |_| Ok(()), &Unwatched).expect("it runs").summary.metrics
    };
    let mut means: BTreeMap<&str, Means> = BTreeMap::new();
    for mode in MODES {
        for seed in 1..=seeds {
            let metrics = run(mode, seed);
            for figure in FIGURES {
                let value = metrics[figure].expect("a figure of every run");
                *means.entry(mode).or_default().entry(figure).or_default() += value / seeds as f64;
            }
        }
        let told: Vec<String> = means[mode].iter().map(|(figure, mean)| format!("{figure} {mean:.4}")).collect();
        println!("hopping {hopping}, a report each {push}, {mode:6}: {}", told.join(", "));
    }
    means
}

/// Difference of a mode to the exact coupling, as a share of the latter.
fn error(means: &BTreeMap<&str, Means>, mode: &str, figure: &str) -> f64 {
    let (value, exact) = (means[mode][figure], means["exact"][figure]);
    println!("  {figure}, {mode}: {:+.0} %", 100.0 * (value / exact - 1.0));
    (value / exact - 1.0).abs()
}

#[test]
fn on_one_channel_the_window_is_nearer_to_exact_than_nothing() {
    for push in ["1min", "2min"] {
        let means = measure(false, push, 12);
        // Frames that find the channel busy nine times are lost, more of them where all sense each other.
        for (figure, tolerance) in [("collisions", 0.55), ("border_router_collisions", 0.55), ("retries", 0.5)] {
            let (window, none) = (error(&means, "window", figure), error(&means, "none", figure));
            assert!(window < tolerance, "{figure} with a report each {push}: {:.0} % off", 100.0 * window);
            // Most repetitions are due to noise, which no coupling changes.
            let shows = figure == "retries" || none > 1.2 * window;
            assert!(shows, "{figure} with a report each {push}: {none} against {window}");
        }
        let delivered = |mode: &str| means[mode]["push_delivered_share"];
        assert!((delivered("window") - delivered("exact")).abs() < 0.005, "{means:?}");
    }
}

#[test]
fn with_hopping_meshes_hardly_disturb_each_other() {
    let means = measure(true, "30s", 4);
    // With 129 channels two frames for one receiver each rarely meet, so all three agree. What the window leaves out
    // are collisions of frames for all in broadcast slots, which nobody repeats; few of those that are heard from another mesh are of use.
    for mode in ["window", "none"] {
        assert!(error(&means, mode, "retries") < 0.15);
        assert!(error(&means, mode, "border_router_collisions") < 0.3);
        assert!(error(&means, mode, "collisions") < 0.35);
        assert!((means[mode]["push_delivered_share"] - means["exact"]["push_delivered_share"]).abs() < 0.002);
    }
}
