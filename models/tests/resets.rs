//! Resets of some meters, in waves, with a rule that halts them; technicians who go to those that are not heard again.

use amitwin_data::rows::{EventKind, FieldVisitRow, Outcome, TransactionKind, TransactionRow, VisitFound};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, run, sites, world};

fn seconds(n: u64) -> SimTime {
    SimTime::from_secs(n)
}

/// So many meters around a border router, over the ideal medium.
fn ideal(meters: u32, duration: u64, campaigns: Vec<CampaignSpec>) -> WorldSpec {
    let meter = |n: u32| (Meter, 40.0 + n as f32, 0.0);
    let places = [(Gateway, 0.0, 0.0)].into_iter().chain((0..meters).map(meter));
    let mut spec = world(sites(places), PhyMode::M3, duration);
    spec.medium = MediumKind::Ideal;
    spec.campaigns = campaigns;
    spec
}

/// Meters are reset one by one within ten seconds; after 300 s one counts as failed.
fn one_by_one() -> ResetSpec {
    ResetSpec {
        at: seconds(100),
        window: Some(Window::Range(SimTime::ZERO, seconds(10))),
        delivery: Delivery::Unicast,
        give_up_after: Some(seconds(300)),
        ..ResetSpec::default()
    }
}

fn of_resets(ran: &Ran) -> Vec<&TransactionRow> {
    ran.of(TransactionKind::Reset).collect()
}

fn count(rows: &[&TransactionRow], outcome: Outcome) -> usize {
    rows.iter().filter(|row| row.outcome == outcome).count()
}

#[test]
fn a_target_alone_is_reset_and_asked() {
    let target = Target::of(vec![2, 4, 6]);
    let reset = CampaignSpec::reset("some", ResetSpec { target: target.clone(), ..one_by_one() });
    let ping = JobSpec::Ping(PaceSpec { at: seconds(900), target, ..PaceSpec::default() });
    let ping = CampaignSpec { name: "ask".to_owned(), job: ping, ..reset.clone() };
    let ran = run(&ideal(10, 1_200, vec![reset, ping]));
    let reset: Vec<u32> =
        ran.rows.events.iter().filter(|row| row.kind == EventKind::Reset).map(|row| row.node).collect();
    assert_eq!(reset.len(), 3);
    assert!(reset.iter().all(|node| [2, 4, 6].contains(node)), "{reset:?}");
    for kind in [TransactionKind::Reset, TransactionKind::Ping] {
        let rows: Vec<_> = ran.of(kind).collect();
        let nodes: Vec<u32> = rows.iter().map(|row| row.node).collect();
        assert_eq!((nodes, count(&rows, Outcome::Ok)), (vec![2, 4, 6], 3), "{kind:?}");
    }
    // Three in the window of ten seconds: evenly, at 900, 920 and 940 s of the minute for pings.
    let planned: Vec<f64> = ran.of(TransactionKind::Ping).map(|row| row.planned_s).collect();
    assert_eq!(planned, [900.0, 920.0, 940.0]);
}

#[test]
fn a_wave_of_resets_begins_when_the_last_one_is_over() {
    let waves =
        WavesSpec { shares: Some(vec![0.2, 1.0]), pause: seconds(600), stop_at_failed: None, ..WavesSpec::default() };
    let mut spec = ideal(10, 3_000, vec![CampaignSpec::reset("waves", ResetSpec { waves, ..one_by_one() })]);
    let ran = run(&spec);
    let mut rows = of_resets(&ran);
    rows.sort_by(|a, b| a.planned_s.total_cmp(&b.planned_s));
    assert_eq!(count(&rows, Outcome::Ok), 10);
    // Two of ten in the first wave. The second begins 600 s after both have been heard, and lasts ten seconds.
    let heard_s = rows[..2].iter().filter_map(|row| row.answered_s).fold(0.0, f64::max);
    let begins_s = heard_s + 600.0;
    for row in &rows[2..] {
        assert!((begins_s..=begins_s + 10.0).contains(&row.planned_s), "{row:?} and a wave at {begins_s}");
        assert!(row.reset_s.expect("when") >= row.planned_s && row.attempts == 1, "{row:?}");
    }
    // One of the first two has no supply: it counts as failed 300 s after its turn, and the second wave comes 600 s after that.
    let first = rows[0].node;
    let last_s = rows[0].planned_s;
    spec.events = vec![event("dark", 50, None, Act::PowerOff(PowerOff {}), vec![first])];
    let ran = run(&spec);
    let mut rows = of_resets(&ran);
    rows.sort_by(|a, b| a.planned_s.total_cmp(&b.planned_s));
    assert_eq!((rows[0].node, rows[0].outcome, count(&rows, Outcome::Ok)), (first, Outcome::Failed, 9));
    let begins_s = last_s + 900.0;
    assert!((begins_s..=begins_s + 10.01).contains(&rows[2].planned_s), "{:?} and a wave at {begins_s}", rows[2]);
}

#[test]
fn resets_and_pings_are_halted_when_too_many_fail() {
    let waves = WavesSpec {
        shares: Some(vec![0.2, 1.0]),
        pause: seconds(60),
        stop_at_failed: Some(0.3),
        ..WavesSpec::default()
    };
    let reset = CampaignSpec::reset("halt", ResetSpec { waves: waves.clone(), ..one_by_one() });
    let ping = PaceSpec { at: seconds(1_500), timeout: seconds(10), waves, ..PaceSpec::default() };
    let ping = CampaignSpec { name: "ask".to_owned(), job: JobSpec::Ping(ping), ..reset.clone() };
    let mut spec = ideal(20, 3_000, vec![reset, ping]);
    // Nobody has a supply. The first wave has four of twenty, of which 1.2 may fail: the second failure halts it.
    spec.events = vec![event("dark", 50, None, Act::PowerOff(PowerOff {}), (1..=20).collect())];
    let ran = run(&spec);
    for kind in [TransactionKind::Reset, TransactionKind::Ping] {
        let rows: Vec<_> = ran.of(kind).collect();
        let (failed, halted) = (count(&rows, Outcome::Failed), count(&rows, Outcome::Halted));
        // All four of a wave of resets are commanded within ten seconds; pings are 15 s apart and given up after 10 s, so two are asked.
        let expected = if kind == TransactionKind::Reset { (4, 16) } else { (2, 18) };
        assert_eq!(((failed, halted), rows.len()), (expected, 20), "{kind:?}");
        assert!(rows.iter().all(|row| (row.outcome == Outcome::Halted) == row.sent_s.is_none()));
    }
}

#[test]
fn a_meter_that_a_new_image_has_restarted_meanwhile_obeys_its_wave() {
    // The second wave begins a thousand seconds after the first; in between all meters restart with a new image, which is no reset of this job.
    let waves =
        WavesSpec { shares: Some(vec![0.1, 1.0]), pause: seconds(1_000), stop_at_failed: None, ..WavesSpec::default() };
    let reset = CampaignSpec::reset("waves", ResetSpec { waves, ..one_by_one() });
    let image = FirmwareSpec {
        preset: FirmwarePreset::Dlms,
        pace: Some(SimTime::ZERO),
        ..FirmwareSpec::new(seconds(200), 1_000)
    };
    let ran = run(&ideal(10, 4_000, vec![reset, CampaignSpec::firmware("v2", image)]));
    assert_eq!(ran.of(TransactionKind::Firmware).filter(|row| row.outcome == Outcome::Ok).count(), 10);
    let rows = of_resets(&ran);
    assert_eq!(count(&rows, Outcome::Ok), 10);
    let commanded = ran.rows.events.iter().filter(|row| row.kind == EventKind::Reset).count();
    assert_eq!(commanded, 10, "each meter obeys once");
}

/// One crew that is always there, 600 s on its way and 900 s at work.
fn crew(ask_first: bool) -> TechniciansSpec {
    TechniciansSpec {
        crews: 1,
        shift: (SimTime::ZERO, seconds(86_400)),
        travel: (seconds(600), seconds(600)),
        travel_per_km: SimTime::ZERO,
        work: (seconds(900), seconds(900)),
        weekends: true,
        ask_first,
    }
}

/// Of three meters the first has no supply, of the second every answer is lost, and the third is not reset because its command is.
fn zombie(ask_first: bool) -> Ran {
    let target = Target::of(vec![1, 2]);
    let window = Some(Window::Range(SimTime::ZERO, SimTime::ZERO));
    let reset = ResetSpec { target, window, visit: true, ..one_by_one() };
    let late = ResetSpec { target: Target::of(vec![3]), at: seconds(101), ..reset.clone() };
    let campaigns = vec![CampaignSpec::reset("reset", reset), CampaignSpec::reset("late", late)];
    let mut spec = ideal(3, 6_000, campaigns);
    spec.surroundings.technicians = Some(crew(ask_first));
    spec.ideal.latency = SimTime::from_millis(1);
    spec.events = vec![
        event("dark", 50, None, Act::PowerOff(PowerOff {}), vec![1]),
        // The commands of the first campaign have passed, each 50 ms after it was sent; nothing that meters say does, nor a repetition.
        EventSpec {
            at: SimTime::from_millis(100_051),
            ..event("down", 100, Some(250), Act::BackhaulDown(BackhaulDown {}), vec![0])
        },
    ];
    run(&spec)
}

#[test]
fn crews_go_in_the_order_of_failures_and_find_what_is_the_matter() {
    let ran = zombie(false);
    let rows = of_resets(&ran);
    assert_eq!(count(&rows, Outcome::Failed), 3, "the head-end has heard of none");
    assert_eq!(rows.iter().map(|row| row.reset_s.is_some()).collect::<Vec<_>>(), [false, true, false]);
    let told = |visit: &FieldVisitRow| (visit.node, visit.found, visit.opened_s.round(), visit.arrived_s, visit.done_s);
    let visits: Vec<_> = ran.rows.field_visits.iter().map(told).collect();
    // Given up 300 s after their turns. The crew is there after 600 s and done after another 900 s; then it sets out for the next.
    let at = |s: f64| Some(s + 1e-9);
    assert_eq!(
        visits,
        [
            (1, VisitFound::Dark, 400.0, at(1_000.0), at(1_900.0)),
            (2, VisitFound::Done, 400.0, at(2_500.0), at(3_400.0)),
            (3, VisitFound::NotDone, 401.0, at(4_000.0), at(4_900.0)),
        ]
    );
    // Who runs is restarted by his supply as the crew arrives, and nobody else is.
    let restarted = |node| {
        let mut events = ran.rows.events.iter().filter(move |row| row.node == node && row.kind == EventKind::PowerDown);
        events.any(|row| row.time_s > 1_000.0)
    };
    assert_eq!([1, 2, 3].map(restarted), [false, true, true]);
}

#[test]
fn who_answers_before_a_crew_sets_out_is_not_visited() {
    let ran = zombie(true);
    let told = |visit: &FieldVisitRow| (visit.node, visit.found, visit.begun_s.map(f64::round));
    let mut visits: Vec<_> = ran.rows.field_visits.iter().map(told).collect();
    visits.sort_by_key(|visit| visit.0);
    // The dark one is asked three times, a minute apart, from 400 s on; the others answer.
    let expected =
        [(1, VisitFound::Dark, Some(580.0)), (2, VisitFound::Answered, None), (3, VisitFound::Answered, None)];
    assert_eq!(visits, expected);
}

#[test]
fn a_bricked_meter_starts_with_its_golden_image_after_a_visit() {
    for payload in [Payload::Sized, Payload::Real] {
        let wrong = GoesWrong { target: Target::of(vec![2]), bricks: 1.0, ..GoesWrong::default() };
        let image = FirmwareSpec {
            preset: FirmwarePreset::Dlms,
            give_up_after: seconds(600),
            goes_wrong: vec![wrong],
            visit: true,
            ..FirmwareSpec::new(seconds(60), 1_000)
        };
        // Another image later: it takes that as the others do.
        let again = FirmwareSpec { goes_wrong: Vec::new(), visit: false, at: seconds(9_000), ..image.clone() };
        let campaigns = vec![CampaignSpec::firmware("v2", image), CampaignSpec::firmware("v3", again)];
        let mut spec = ideal(3, 12_000, campaigns);
        spec.dlms.payload = payload;
        spec.surroundings.technicians = Some(crew(false));
        let ran = run(&spec);
        let found: Vec<_> = ran.rows.field_visits.iter().map(|visit| (visit.node, visit.found)).collect();
        assert_eq!(found, [(2, VisitFound::Bricked)], "{payload:?}");
        let outcomes: Vec<_> = ran.of(TransactionKind::Firmware).map(|row| (row.node, row.outcome)).collect();
        let (ok, failed) = (Outcome::Ok, Outcome::Failed);
        assert_eq!(outcomes, [(1, ok), (2, failed), (3, ok), (1, ok), (2, ok), (3, ok)], "{payload:?}");
    }
}

/// A head-end that begins a session every 20 s.
fn slow(spec: &mut WorldSpec) {
    spec.head_end = Some(HeadEndSpec { sessions_per_second: Some(0.05), ..HeadEndSpec::default() });
}

/// Resets carried out of a tier: meter and when, in the order of time.
fn carried_out(ran: &Ran, tier: ResetTier) -> Vec<(u32, f64)> {
    let events = ran.rows.events.iter().filter(|row| row.kind == EventKind::Reset && row.value == tier as i32);
    events.map(|row| (row.node, row.time_s)).collect()
}

#[test]
fn commands_that_wait_for_sessions_are_carried_out_and_have_their_time_from_when_they_leave() {
    let at_once = Some(Window::Range(SimTime::ZERO, SimTime::ZERO));
    let warm = ResetSpec { window: at_once, give_up_after: Some(seconds(60)), visit: true, ..one_by_one() };
    let cold = ResetSpec { at: seconds(150), tier: ResetTier::Cold, visit: false, ..warm.clone() };
    let mut spec = ideal(10, 3_000, vec![CampaignSpec::reset("warm", warm), CampaignSpec::reset("cold", cold)]);
    slow(&mut spec);
    spec.surroundings.technicians = Some(crew(false));
    // The last one has no supply when its first command comes, at 280 s, and is given up at 340 s, 60 s later, not 60 s after its turn.
    spec.events = vec![event("dark", 50, Some(250), Act::PowerOff(PowerOff {}), vec![10])];
    let ran = run(&spec);
    let rows = of_resets(&ran);
    // One every 20 s from 100 s on, the ten warm ones first: those for a cold reset leave when the meters have long been reset since 150 s. That
    // meter's first command is repeated after 60 s, once the cold ones are out, as all ten of them were there before.
    let sent: Vec<f64> = rows.iter().map(|row| row.sent_s.expect("commanded")).collect();
    let expected: Vec<f64> = (0..20).map(|n| f64::from(100 + 20 * n)).collect();
    assert_eq!(sent, expected);
    for (tier, rows) in [(ResetTier::Warm, &rows[..10]), (ResetTier::Cold, &rows[10..])] {
        // The crew that comes to the last one restarts it as well, at 940 s.
        let mut all: Vec<_> = carried_out(&ran, tier).into_iter().filter(|reset| reset.1 < 900.0).collect();
        all.sort_unstable_by_key(|reset| reset.0);
        assert_eq!(all.iter().map(|reset| reset.0).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>(), "{tier:?}");
        for (row, (_, at_s)) in rows.iter().zip(&all).filter(|(row, _)| (row.node, tier) != (10, ResetTier::Warm)) {
            assert_eq!((row.outcome, row.attempts), (Outcome::Ok, 1), "{row:?}");
            // Two seconds after its answer, which a meter gives within some seconds.
            let after_s = at_s - row.sent_s.expect("commanded");
            assert!((2.0..6.0).contains(&after_s), "{after_s} s: {row:?}");
        }
    }
    assert_eq!(rows[9].outcome, Outcome::Failed);
    let opened: Vec<_> = ran.rows.field_visits.iter().map(|visit| (visit.node, visit.opened_s.round())).collect();
    assert_eq!(opened, [(10, 340.0)]);
}

#[test]
fn a_command_that_is_repeated_after_the_reset_of_another_campaign_is_the_one_that_was_carried_out() {
    let at_once = Some(Window::Range(SimTime::ZERO, SimTime::ZERO));
    let warm = ResetSpec { window: at_once, ..one_by_one() };
    let cold = ResetSpec { at: seconds(152), tier: ResetTier::Cold, ..warm.clone() };
    for waves in [WavesSpec::default(), WavesSpec { shares: Some(vec![1.0]), ..WavesSpec::default() }] {
        let (warm, cold) = (ResetSpec { waves: waves.clone(), ..warm.clone() }, ResetSpec { waves, ..cold.clone() });
        let mut spec = ideal(3, 1_000, vec![CampaignSpec::reset("warm", warm), CampaignSpec::reset("cold", cold)]);
        spec.ideal.latency = SimTime::from_millis(1);
        // Commands pass, each 50 ms after it was sent; what meters say until 151 s does not, so that the warm ones are sent again at 160 and 220 s.
        let down = event("down", 100, Some(51), Act::BackhaulDown(BackhaulDown {}), vec![0]);
        spec.events = vec![EventSpec { at: SimTime::from_millis(100_051), ..down }];
        let ran = run(&spec);
        let rows = of_resets(&ran);
        assert!(rows[..3].iter().all(|row| row.attempts > 1 && row.acknowledged == Some(true)), "{rows:?}");
        for tier in [ResetTier::Warm, ResetTier::Cold] {
            let mut nodes: Vec<u32> = carried_out(&ran, tier).iter().map(|reset| reset.0).collect();
            nodes.sort_unstable();
            assert_eq!(nodes, [1, 2, 3], "each once: {tier:?}");
        }
    }
}

#[test]
fn a_halted_campaign_recalls_the_commands_that_wait_for_sessions() {
    let waves = WavesSpec { stop_at_failed: Some(0.1), ..WavesSpec::default() };
    let at_once = Some(Window::Range(SimTime::ZERO, SimTime::ZERO));
    let reset = ResetSpec { window: at_once, give_up_after: Some(seconds(50)), waves, ..one_by_one() };
    let mut spec = ideal(10, 2_000, vec![CampaignSpec::reset("halt", reset)]);
    slow(&mut spec);
    spec.events = vec![event("dark", 50, None, Act::PowerOff(PowerOff {}), (1..=10).collect())];
    let ran = run(&spec);
    // They leave at 100, 120, 140 s and so on, and are given up 50 s later: the second, at 170 s, is more than a tenth of ten. Four have left by then.
    let rows = of_resets(&ran);
    assert_eq!((count(&rows, Outcome::Failed), count(&rows, Outcome::Halted)), (4, 6));
    assert!(rows[4..].iter().all(|row| row.sent_s.is_none()), "{rows:?}");
}
