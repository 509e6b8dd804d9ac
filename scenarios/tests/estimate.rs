//! What a run is expected to take, beside what it takes.

use amitwin_scenarios::drive::{Unwatched, run_variant};
use amitwin_scenarios::estimate::estimate;
use amitwin_scenarios::load_text;
use amitwin_sim_core::Local;
use std::path::Path;

#[test]
fn events_are_as_many_as_expected_within_a_factor_of_two() {
    let campaign = "[[campaign]]\nname = \"v2\"\nkind = \"firmware\"\nat = \"30min\"\nimage = \"20 kB\"\n";
    for (stack, campaign) in [("wsrd", ""), ("nanostack", ""), ("wsrd", campaign)] {
        let text = format!(
            r#"name = "town"
duration = "3h"
placement = {{ generator = "suburb", meters = 150, gateways = 1 }}
radio = {{ phy = "3", region = "na" }}
dlms = {{ payload = "sized" }}
mesh = {{ stack = "{stack}", profile = "medium" }}
{campaign}"#
        );
        let scenario = load_text(&text, "town.toml", Path::new("."), &[], None)
            .map_err(|error| error.render(false))
            .unwrap_or_else(|error| panic!("{error}"));
        let expected = estimate(&scenario.variants[0]).expect("it is built").events;
        let run = run_variant(&scenario.variants[0], 0, Local, |_| Ok(()), &Unwatched).expect("it runs");
        let ratio = expected / run.events as f64;
        assert!((0.5..2.0).contains(&ratio), "{stack} {campaign}: {ratio}");
    }
}
