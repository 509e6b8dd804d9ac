//! What nobody has a use for is not worked out, and nobody misses it.

use amitwin_models::books::Counters;
use amitwin_models::spec::*;
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, run_prepared, suburb};

const METERS: u32 = 80;

/// A suburb that joins from nothing, is told to reset by a flood, and is without supply for a minute, in two hours.
fn town(stack: RouterStack, profile: SizeProfile, seed: u64) -> WorldSpec {
    let mut spec = WorldSpec { seed, ..suburb(METERS, 7_200) };
    spec.mesh.stack = stack;
    spec.mesh.profile = Some(profile);
    spec.mesh.start = Start::Cold;
    spec.mac.hopping = true;
    spec.traffic.push_period = Some(SimTime::from_secs(600));
    let reset = ResetSpec { at: SimTime::from_secs(4_500), delivery: Delivery::Broadcast, ..ResetSpec::default() };
    spec.campaigns = vec![CampaignSpec::reset("reset", reset)];
    spec.events = vec![event("dark", 6_000, Some(60), Act::PowerOff(PowerOff {}), (1..=METERS).collect())];
    spec.record.frames_every = 1;
    spec
}

/// Counts but for those of receptions, and the sum of these.
fn counts(ran: &Ran) -> (Counters, u64) {
    let counters = ran.mesh().books.counters;
    let sum = counters.received + counters.collided + counters.noise;
    (Counters { received: 0, collided: 0, noise: 0, ..counters }, sum)
}

#[test]
fn a_run_is_the_same_whether_or_not_the_useless_is_worked_out() {
    let runs = [
        (RouterStack::Wsrd, SizeProfile::Small, 1),
        (RouterStack::Wsrd, SizeProfile::Medium, 2),
        (RouterStack::Nanostack, SizeProfile::Small, 3),
        (RouterStack::Nanostack, SizeProfile::Medium, 4),
    ];
    for (stack, profile, seed) in runs {
        let spec = town(stack, profile, seed);
        let (all, useful) =
            (run_prepared(&spec, |cell| cell.work_out_all()), run_prepared(&spec, |cell| cell.send_no_trains()));
        let name = format!("{stack:?} {profile:?}");
        assert_eq!(all.rows.transactions, useful.rows.transactions, "{name}");
        assert_eq!(all.rows.events, useful.rows.events, "{name}");
        let sent = |ran: &Ran| -> Vec<_> {
            ran.rows.frames.iter().map(|f| (f.time_s.to_bits(), f.src, f.kind, f.channel, f.attempt)).collect()
        };
        assert_eq!(sent(&all), sent(&useful), "{name}");
        let ((all, received), (useful, useful_received)) = (counts(&all), counts(&useful));
        assert_eq!(all, useful, "{name}");
        // And something was left out: in the small one under nanostack DIOs are counted by trickle until it has enough.
        assert!(useful_received + 1_000 < received, "{name}: {useful_received} of {received}");
    }
}
