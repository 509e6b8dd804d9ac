//! Campaigns of real runs, minute by minute: the states of their meters sum up to the fleet, whatever is limited, lost, halted or renewed.

use amitwin_data::rows::{Outcome, TransactionRow};
use amitwin_testkit::folders::folder;
use amitwin_testkit::program::run;
use amitwin_viz::campaigns::State;
use amitwin_viz::read;
use std::collections::BTreeSet;

const METERS: u32 = 60;

/// Four kinds of campaigns over three days in which certificates run out; a fifth of the meters loses its supply for a while.
const TOWN: &str = r#"
name = "town"
duration = "3d"
medium = "ideal"
ideal = { loss = "3 %" }
placement = { generator = "suburb", meters = 60, gateways = 2 }
dlms = { payload = "sized", certificates = { valid = "1d", age = ["0d", "1d"] }, vendor = [{ name = "suite 1", flag = "AMI", suite = 1 }] }
head_end = { sessions_per_second = 0.1 }
[[campaign]]
name = "reset"
kind = "reset"
delivery = "unicast"
at = "1h"
window = ["0s", "1min"]
give_up_after = "10min"
waves = ["10 %", "100 %"]
pause = "10min"
[[campaign]]
name = "image"
kind = "firmware"
delivery = "unicast"
pace = "0s"
image = "4 kB"
at = "2h"
give_up_after = "1h"
stop_at_failed = "20 %"
goes_wrong = [{ bricks = "15 %", rolls_back = "10 %" }]
[[campaign]]
name = "relay"
kind = "relay"
action = "disconnect"
at = "5h"
window = "10min"
[[campaign]]
name = "renewal"
kind = "certificates"
at = "30min"
window = "1h"
renew_before = "3h"
again_after = "1h"
[[event]]
name = "storm"
act = "power-off"
at = "100min"
for = "12h"
target = { kind = "meter", share = "20 %" }
"#;

#[test]
fn states_sum_up_to_the_fleet_at_every_minute_of_a_run() {
    let folder = folder(TOWN);
    let (mut several_turns, mut ended) = (0, BTreeSet::new());
    for seed in ["1", "2", "3", "4"] {
        run(folder.path(), &["run", "small.toml", "-o", seed, "--seed", seed]).expect(0);
        let reader = read::open(&folder.path().join(seed)).expect("a run");
        let view = read::view(&reader).expect("its rows");
        let variant = &view.variants[0];
        let rows: Vec<TransactionRow> = reader.rows(&variant.name, view.summary.seed).expect("transactions");
        assert_eq!(variant.campaigns.names().collect::<Vec<_>>(), ["image", "relay", "renewal", "reset"]);
        for name in variant.campaigns.names() {
            let progress = variant.campaigns.get(name).expect("it is there");
            let rows: Vec<_> = rows.iter().filter(|row| &*row.campaign == name).collect();
            let nodes: BTreeSet<u32> = rows.iter().map(|row| row.node).collect();
            // All certificates run out within a day, but those of meters without a supply or bricked have their turns as well.
            assert_eq!(nodes.len() as u32, METERS, "{name}, seed {seed}");
            several_turns += rows.len() - nodes.len();
            for minute in 0..=3 * 24 * 60 {
                let at_s = 60.0 * f64::from(minute);
                let counts = progress.at(at_s);
                assert_eq!(counts.iter().sum::<u32>(), METERS, "{name}, seed {seed}, minute {minute}: {counts:?}");
                if name != "renewal" {
                    let is_done = |row: &&&TransactionRow| {
                        row.outcome == Outcome::Ok && row.answered_s.is_some_and(|answered_s| answered_s <= at_s)
                    };
                    let done = rows.iter().filter(is_done).count() as u32;
                    assert_eq!(counts[State::Done as usize], done, "{name}, seed {seed}, minute {minute}");
                }
            }
            assert_eq!(progress.ended().iter().sum::<u32>(), METERS, "{name}, seed {seed}");
            let stopped: u32 = progress.stopped(0).iter().map(|(_, count, _)| count).sum();
            assert_eq!(progress.ended()[State::Done as usize] + stopped, METERS, "{name}, seed {seed}");
            ended.extend(State::ALL.into_iter().filter(|state| progress.ended()[*state as usize] > 0));
        }
    }
    // Nothing of this is true because nothing happened.
    assert!(several_turns > 4 * METERS as usize, "{several_turns} further turns");
    assert!(ended.contains(&State::Done) && ended.contains(&State::Failed) && ended.len() >= 3, "{ended:?}");
}
