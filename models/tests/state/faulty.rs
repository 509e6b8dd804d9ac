//! Meters in which much goes wrong, and that tell much of themselves, saved in the middle of it.

use super::*;

#[test]
fn meters_with_wrong_clocks_weak_supplies_and_much_to_tell_go_on() {
    let mut spec = suburb(60, 6_000);
    spec.traffic = TrafficSpec {
        push_period: Some(seconds(120)),
        payload_bytes: Some(60),
        aggregate: 4,
        health: Some(HealthSpec { k: 1.5, m: 2, learn: 10, ..HealthSpec::default() }),
        keep_alive: Some(KeepAliveSpec { every: seconds(600), spread: seconds(300), missed: 2 }),
    };
    spec.device.clock = Some(ClockSpec { start_spread: seconds(20), ..ClockSpec::default() });
    spec.device.hang = Some(HangSpec { per_year: 3_000.0, watchdog: Some(seconds(400)) });
    // 40 ms of a burst.
    let supply = SupplySpec { weak_share: 0.2, weak_capacitance_mf: 25.0, ..SupplySpec::default() };
    spec.device.supply = Some(supply);
    spec.device.battery = Some(BatterySpec::default());
    spec.record.load_every = seconds(1_000);
    spec.polls = vec![PollSpec {
        at: seconds(0),
        every: seconds(900),
        window: Some(seconds(100)),
        parallel: 4,
        attempts: 2,
        timeout: seconds(60),
        ..PollSpec::once("profile".to_owned(), PollContent::Profile)
    }];
    let meters: Vec<u32> = (10..40).collect();
    spec.events = vec![
        event("sag", 1_500, Some(1_000), Act::Voltage(Voltage { level: 0.9 }), meters.clone()),
        event("hang", 2_000, None, Act::Hang(Hang {}), meters),
    ];
    check(&spec, &[1_501_001, 2_100_333, 4_000_777].map(SimTime::from_millis));
    let ran = worlds::run(&spec);
    let happened = |kind| ran.rows.events.iter().filter(|event| event.kind == kind).count();
    let kinds = [EventKind::Hang, EventKind::BrownOut, EventKind::Voltage, EventKind::Silent];
    assert!(kinds.into_iter().all(|kind| happened(kind) > 0), "{:?}", kinds.map(happened));
}
