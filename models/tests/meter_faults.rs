//! What goes wrong inside meters: clocks that drift, applications that hang, supplies that sag, windows that overflow; and what batteries give.

use amitwin_data::rows::{EventKind, Outcome, TransactionKind};
use amitwin_dlms::{OnOverflow, Vendor};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, run, sites, world};

const QUARTER: u64 = 900;

fn seconds(n: u64) -> SimTime {
    SimTime::from_secs(n)
}

/// A border router (site 0) and so many meters, over a medium that takes 0.1 s, and a backhaul of 0.05 s.
fn star(meters: usize, duration: u64) -> WorldSpec {
    let around = (0..meters).map(|n| (Meter, 40.0 + n as f32, 0.0));
    let mut spec = world(sites([(Gateway, 0.0, 0.0)].into_iter().chain(around)), PhyMode::M3, duration);
    spec.medium = MediumKind::Ideal;
    spec.device.boot = (seconds(14), seconds(14));
    spec.dlms.answer_delay = (SimTime::ZERO, SimTime::ZERO);
    spec
}

/// Reads at the beginning of each quarter of an hour and some seconds.
fn poll(after: u64, content: PollContent) -> PollSpec {
    PollSpec {
        at: seconds(after),
        every: seconds(QUARTER),
        window: Some(SimTime::ZERO),
        parallel: 100,
        attempts: 2,
        timeout: seconds(60),
        ..PollSpec::once("reads".to_owned(), content)
    }
}

/// When something happened to a node, s.
fn times(ran: &Ran, node: u32, kind: EventKind) -> Vec<f64> {
    ran.rows.events.iter().filter(|row| row.node == node && row.kind == kind).map(|row| row.time_s).collect()
}

fn clock(drift_ppm: f64) -> Option<ClockSpec> {
    Some(ClockSpec { drift_ppm, drift_spread_ppm: 0.0, ..ClockSpec::default() })
}

#[test]
fn a_slow_clock_ends_its_quarters_later_and_they_are_read_a_round_late() {
    for payload in [Payload::Real, Payload::Sized] {
        let mut spec = star(1, 4 * QUARTER + 100);
        spec.dlms.payload = payload;
        spec.polls = vec![poll(5, PollContent::Profile)];
        let kept = |spec: &WorldSpec| {
            let ran = run(spec);
            let head_end = ran.head_end();
            let outcomes: Vec<_> = ran.of(TransactionKind::Read).map(|row| (row.outcome, row.attempts)).collect();
            assert!(outcomes.iter().all(|of| of.0 == Outcome::Ok), "{outcomes:?}");
            (head_end.ledger.kept, head_end.talk.wrong, outcomes.len())
        };
        // Rounds at 5, 905, ..., 3,605 s: the first finds nothing to read, the others a row each.
        assert_eq!(kept(&spec), (4, 0, 4), "{payload:?}");
        // 5,000 ppm slow: after 900 s the clock is 4.5 s behind, so that at 905.15 s it has just shown the quarter; after 1,800 s
        // 9 s behind, and the row of 1,800 s is not there at 1,805 s, nor any later one in time. Each is read a round later.
        spec.device.clock = clock(-5_000.0);
        assert_eq!(kept(&spec), (3, 0, 4), "{payload:?}");
        // Fast clocks have them in time.
        spec.device.clock = clock(5_000.0);
        assert_eq!(kept(&spec), (4, 0, 4), "{payload:?}");
    }
}

#[test]
fn quarters_of_a_wrong_clock_hold_the_energy_of_other_quarters() {
    let mut spec = star(20, 4 * QUARTER + 200);
    spec.polls = vec![poll(100, PollContent::Profile)];
    let wrong = |spec: &WorldSpec| {
        let ran = run(spec);
        (ran.head_end().talk.values, ran.head_end().talk.values_wrong)
    };
    assert_eq!(wrong(&spec), (20 * 4 * 2, 0));
    // Half a percent fast: 4.5 s in the first quarter, 18 s in the fourth, at some hundred watts a Wh or two.
    spec.device.clock = clock(5_000.0);
    let (values, of_them_wrong) = wrong(&spec);
    assert!(values == 160 && of_them_wrong > 20, "{of_them_wrong} of {values}");
}

#[test]
fn a_clock_is_off_by_its_drift_at_the_end_of_a_run() {
    let mut spec = star(3, 10_000);
    spec.device.clock = clock(40.0);
    let ran = run(&spec);
    let (ahead_s, tolerance_s) = ran.mesh().meters.clocks(spec.duration).expect("clocks drift");
    // 40 millionths of 10,000 s.
    assert_eq!((ahead_s, tolerance_s), (vec![0.4; 3], 1.0));
}

#[test]
fn a_hung_meter_answers_nothing_until_a_soft_reset() {
    let mut spec = star(2, 3 * QUARTER + 800);
    spec.polls = vec![poll(100, PollContent::Registers)];
    spec.traffic.push_period = Some(seconds(300));
    spec.events = vec![event("hang", 500, None, Act::Hang(Hang {}), vec![0, 1])];
    let window = Some(Window::Range(SimTime::ZERO, SimTime::ZERO));
    let soft = ResetSpec {
        at: seconds(2_000),
        window,
        tier: ResetTier::Soft,
        delivery: Delivery::Unicast,
        back: BackSign::Heartbeat,
        ..ResetSpec::default()
    };
    spec.campaigns = vec![CampaignSpec::reset("soft", soft)];
    let ran = run(&spec);
    assert_eq!(times(&ran, 1, EventKind::Hang), [500.0]);
    let outcomes = |node| ran.of(TransactionKind::Read).filter(move |row| row.node == node).map(|row| row.outcome);
    // At 100 s it answers, at 1,000 and 1,900 s both requests time out, at 2,800 s it answers again.
    assert_eq!(outcomes(1).collect::<Vec<_>>(), [Outcome::Ok, Outcome::Failed, Outcome::Failed, Outcome::Ok]);
    assert!(outcomes(2).all(|outcome| outcome == Outcome::Ok));
    // The command is obeyed without an answer, so that it looks lost; the heartbeat tells of the reset.
    let reset = ran.of(TransactionKind::Reset).find(|row| row.node == 1).expect("a reset");
    assert_eq!((reset.outcome, reset.acknowledged), (Outcome::Ok, Some(false)));
    let reset_s = reset.reset_s.expect("obeyed");
    // Reports that were due meanwhile were never sent.
    for push in ran.of(TransactionKind::Push).filter(|row| row.node == 1) {
        let hung = (500.0..reset_s).contains(&push.planned_s);
        assert_eq!((push.outcome == Outcome::Ok, push.sent_s.is_some()), (!hung, !hung), "{push:?}");
    }
}

#[test]
fn a_watchdog_restarts_who_hangs_and_rates_are_those_of_a_year() {
    let mut spec = star(1, 3_600);
    spec.device.hang = Some(HangSpec { per_year: 0.0, watchdog: Some(seconds(120)) });
    spec.events = vec![event("hang", 500, None, Act::Hang(Hang {}), vec![1])];
    let ran = run(&spec);
    // 120 s after it hung, and 14 s to boot.
    assert_eq!((times(&ran, 1, EventKind::Reset), times(&ran, 1, EventKind::Boot)), (vec![620.0], vec![634.0]));
    assert_eq!(ran.mesh().meters.hung(), 0);
    // 200 meters for 10 days at 20 a year: 200 * 10 / 365.25 * 20 = 109.5 hangs, give or take three times 10.5.
    let mut spec = star(200, 864_000);
    spec.device.hang = Some(HangSpec { per_year: 20.0, watchdog: Some(seconds(60)) });
    let hangs = run(&spec).rows.events.iter().filter(|row| row.kind == EventKind::Hang).count();
    assert!((78..=141).contains(&hangs), "{hangs}");
}

/// A border router and a meter 100 m away; its transmitter takes 358 mA of 4 V.
fn pair(duration: u64, supply: SupplySpec) -> WorldSpec {
    let mut spec = world(sites([(Gateway, 0.0, 0.0), (Meter, 100.0, 0.0)]), PhyMode::M1b, duration);
    spec.radio.tx_power_dbm = 27.0;
    spec.device.boot = (seconds(10), seconds(10));
    spec.device.supply = Some(supply);
    spec
}

#[test]
fn a_long_burst_browns_a_weak_supply_out_and_a_short_one_does_not() {
    // 2 ohm take 0.716 V, of which the capacitor lets the supply feel 0.4 V after RC * 0.818. With 61.1 mF that is 100 ms: at 50 kb/s
    // the time of 625 B. Reports of 400 B pass, those of 1,000 B do not.
    let weak = SupplySpec { weak_share: 1.0, weak_capacitance_mf: 61.1, ..SupplySpec::default() };
    let bears = weak.bears(27.0, true).expect("not any").secs_f64();
    assert!((bears - 0.1).abs() < 1e-3, "{bears}");
    let brown_outs = |bytes: u16, weak: &SupplySpec| {
        let mut spec = pair(3_000, weak.clone());
        spec.traffic.push_period = Some(seconds(600));
        spec.traffic.payload_bytes = Some(bytes);
        let ran = run(&spec);
        (times(&ran, 1, EventKind::BrownOut), times(&ran, 1, EventKind::Boot))
    };
    assert_eq!(brown_outs(400, &weak), (vec![], vec![]));
    let (sags, boots) = brown_outs(1_000, &weak);
    // Five reports, each of which is the end of the meter's run: sent once, then 10 s to boot, and the report is gone.
    assert_eq!((sags.len(), boots.len()), (5, 5));
    assert!(sags.iter().zip(&boots).all(|(sag, boot)| (boot - sag - 10.0).abs() < 1e-6), "{sags:?} {boots:?}");
    // Nothing happens to a healthy supply, nor to a weak one at half the power.
    assert_eq!(brown_outs(1_000, &SupplySpec { weak_share: 0.0, ..weak.clone() }).0.len(), 0);
    let mut spec = pair(3_000, weak);
    spec.radio.tx_power_dbm = 24.0;
    (spec.traffic.push_period, spec.traffic.payload_bytes) = (Some(seconds(600)), Some(1_000));
    assert_eq!(times(&run(&spec), 1, EventKind::BrownOut).len(), 0);
}

#[test]
fn a_supply_that_bears_no_frame_at_all_is_a_loop_of_restarts() {
    // 8.2 ms: not even the announcements of a node that looks for its mesh.
    let mut spec = pair(1_000, SupplySpec { weak_share: 1.0, ..SupplySpec::default() });
    spec.traffic.push_period = Some(seconds(60));
    let ran = run(&spec);
    let (sags, boots) = (times(&ran, 1, EventKind::BrownOut), times(&ran, 1, EventKind::Boot));
    // Each boot of 10 s is followed by a frame, and by the next sag; it never gets into its mesh again.
    assert!(sags.len() > 10 && boots.len() + 1 >= sags.len(), "{} {}", sags.len(), boots.len());
    let back = ran.rows.events.iter().filter(|row| row.node == 1 && row.kind == EventKind::Operational).count();
    assert_eq!(back, 0);
    assert!(ran.of(TransactionKind::Push).all(|row| row.outcome != Outcome::Ok));
}

#[test]
fn a_flash_write_is_told_as_an_outage_unless_a_filter_is_longer() {
    let mut spec = star(2, 3_000);
    spec.device.supply = Some(SupplySpec { weak_share: 1.0, ..SupplySpec::default() });
    let told = |filter: u64, supply_of: &SupplySpec, spec: &mut WorldSpec| {
        spec.device.supply = Some(supply_of.clone());
        let filter = seconds(filter);
        spec.device.last_gasp =
            Some(LastGaspSpec { filter, spread: SimTime::ZERO, tries: 1, ..LastGaspSpec::default() });
        let ran = run(spec);
        let rows = |kind| ran.of(kind).map(|row| row.outcome).collect::<Vec<_>>();
        let counted = ran.mesh().books.counters.false_gasps;
        (rows(TransactionKind::LastGasp), rows(TransactionKind::PowerUp), counted)
    };
    // It restarts long after it has verified.
    let image = FirmwareSpec {
        preset: FirmwarePreset::Dlms,
        activation: ActivationSpec { at: Some(seconds(2_500)), ..ActivationSpec::default() },
        ..FirmwareSpec::new(seconds(60), 2_000)
    };
    let job = JobSpec::Firmware(Box::new(image));
    spec.campaigns = vec![CampaignSpec { job, ..CampaignSpec::reset("v2", ResetSpec::default()) }];
    let weak = SupplySpec { weak_share: 1.0, ..SupplySpec::default() };
    // 200 mA over 2 ohm leave 3.6 of 4 V for 4 s, less than the 3.7 V of a healthy supply: told after 1 s, and taken back after 4 s.
    assert_eq!(told(1, &weak, &mut spec), (vec![Outcome::Ok; 2], vec![Outcome::Ok; 2], 2));
    assert_eq!(told(30, &weak, &mut spec), (vec![], vec![], 0));
    // Over 0.2 ohm 3.96 V are left.
    assert_eq!(told(1, &SupplySpec { weak_share: 0.0, ..weak }, &mut spec), (vec![], vec![], 0));
}

#[test]
fn more_than_a_window_holds_is_refused_or_lost() {
    let vendor = |window, on_overflow| {
        let vendor = Vendor { window_bytes: window, on_overflow, ..Vendor::default() };
        VendorSpec { name: "V".to_owned(), vendor }
    };
    for payload in [Payload::Real, Payload::Sized] {
        let read = |vendor: VendorSpec, rows: u64| {
            let mut spec = star(1, rows * QUARTER + 800);
            spec.dlms.payload = payload;
            spec.dlms.vendors = vec![vendor];
            spec.polls = vec![PollSpec { every: seconds(86_400), ..poll(rows * QUARTER + 100, PollContent::Profile) }];
            let ran = run(&spec);
            let reads: Vec<_> = ran.of(TransactionKind::Read).map(|row| (row.outcome, row.attempts)).collect();
            (reads, ran.mesh().books.counters.window_overflows)
        };
        // n rows are 36 + 4 + 2 + 28 n bytes: one is 70; four are 154 and one more for a length above 127, more than 100.
        let small = |on_overflow| vendor(Some(100), on_overflow);
        assert_eq!(read(small(OnOverflow::Refuse), 1), (vec![(Outcome::Ok, 1)], 0), "{payload:?}");
        assert_eq!(read(small(OnOverflow::Refuse), 4), (vec![(Outcome::Refused, 1)], 1), "{payload:?}");
        // Lost, it looks like a time-out: asked twice.
        assert_eq!(read(small(OnOverflow::Lose), 4), (vec![(Outcome::Failed, 2)], 2), "{payload:?}");
        assert_eq!(read(vendor(Some(155), OnOverflow::Refuse), 4), (vec![(Outcome::Ok, 1)], 0), "{payload:?}");
        assert_eq!(read(vendor(None, OnOverflow::Refuse), 4), (vec![(Outcome::Ok, 1)], 0), "{payload:?}");
    }
}

#[test]
fn charge_is_what_the_radio_took_by_its_times() {
    let mut spec = world(sites([(Gateway, 0.0, 0.0), (Meter, 100.0, 0.0)]), PhyMode::M1b, 7_200);
    spec.traffic.push_period = Some(seconds(60));
    spec.device.boot = (seconds(100), seconds(100));
    spec.device.battery = Some(BatterySpec::default());
    spec.events = vec![event("restart", 3_600 + 200, None, Act::Restart(Restart { tier: ResetTier::Warm }), vec![1])];
    let ran = run(&spec);
    let hours: Vec<_> = ran.rows.load.iter().filter(|row| row.node == 1).collect();
    assert_eq!(hours.len(), 2);
    // It runs the whole first hour, and in the second all but the 100 s that it boots.
    for (hour, ran_s) in hours.into_iter().zip([3_600.0, 3_500.0]) {
        let (tx_s, rx_s) = (f64::from(hour.tx_s), f64::from(hour.rx_s.0.expect("it has a battery")));
        assert!((tx_s + rx_s - ran_s).abs() < 1e-3 && tx_s > 0.5, "{tx_s} {rx_s}");
        // 350 mA while it sends, 12 mA while it listens: some 12 mAh an hour.
        let mah = (tx_s * 350.0 + rx_s * 12.0) / 3_600.0;
        assert!((f64::from(hour.charge_mah.0.expect("counted")) - mah).abs() < 1e-4, "{hour:?}");
    }
    assert!(ran.rows.load.iter().filter(|row| row.node == 0).all(|row| row.charge_mah.0.is_none()));
}
