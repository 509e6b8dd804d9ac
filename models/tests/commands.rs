//! Campaigns that ask meters a few questions: relays, settings, clocks, keys; each command once, and in one state at the end.

use amitwin_data::rows::{Outcome, TransactionKind, TransactionRow};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, run, sites, world};
use std::collections::BTreeSet;

fn seconds(n: u64) -> SimTime {
    SimTime::from_secs(n)
}

/// So many meters around a border router, over the ideal medium with this loss of messages, answering at once.
fn ideal(meters: u32, loss: f64, duration: u64) -> WorldSpec {
    let meter = |n: u32| (Meter, 40.0 + (n % 100) as f32, (n / 100) as f32);
    let places = [(Gateway, 0.0, 0.0)].into_iter().chain((0..meters).map(meter));
    let mut spec = world(sites(places), PhyMode::M3, duration);
    spec.medium = MediumKind::Ideal;
    spec.ideal.loss = loss;
    spec.dlms.answer_delay = (SimTime::ZERO, SimTime::ZERO);
    spec
}

fn pace(at: u64, window: u64) -> PaceSpec {
    PaceSpec { timeout: seconds(10), ..PaceSpec::new(seconds(at), seconds(window)) }
}

fn campaign(name: &str, job: JobSpec) -> CampaignSpec {
    CampaignSpec { name: name.into(), priority: PRIORITY_USUAL, role: None, job }
}

fn at_a_time(parallel: u32) -> WavesSpec {
    WavesSpec { parallel: Some(parallel), ..WavesSpec::default() }
}

fn relay(name: &str, pace: PaceSpec, action: RelayAction) -> CampaignSpec {
    campaign(name, JobSpec::Relay(Box::new(RelaySpec::new(pace, action))))
}

fn write(name: &str, pace: PaceSpec, what: Setting, value: i32) -> CampaignSpec {
    campaign(name, JobSpec::Write(Box::new(WriteSpec::new(pace, what, value))))
}

fn clocks(name: &str, pace: PaceSpec, if_off_by: u64) -> CampaignSpec {
    campaign(name, JobSpec::Time(Box::new(TimeSpec { if_off_by: seconds(if_off_by), ..TimeSpec::new(pace) })))
}

fn keys(name: &str, pace: PaceSpec) -> CampaignSpec {
    campaign(name, JobSpec::Keys(Box::new(KeyChangeSpec::new(pace))))
}

fn reads(at: u64) -> PollSpec {
    PollSpec {
        at: seconds(at),
        every: seconds(100_000),
        window: Some(seconds(60)),
        parallel: 100,
        attempts: 8,
        timeout: seconds(10),
        ..PollSpec::once(format!("reads-{at}"), PollContent::Registers)
    }
}

fn rows<'a>(ran: &'a Ran, name: &str) -> Vec<&'a TransactionRow> {
    let mut rows: Vec<_> = ran.rows.transactions.iter().filter(|row| &*row.campaign == name).collect();
    rows.sort_by_key(|row| row.node);
    rows
}

fn count(rows: &[&TransactionRow], outcome: Outcome) -> usize {
    rows.iter().filter(|row| row.outcome == outcome).count()
}

fn both() -> [Payload; 2] {
    [Payload::Real, Payload::Sized]
}

#[test]
fn a_command_is_two_exchanges_at_its_turn() {
    for payload in both() {
        let mut spec = ideal(4, 0.0, 1_000);
        spec.dlms.payload = payload;
        spec.campaigns = vec![relay("off", pace(100, 40), RelayAction::Disconnect)];
        // There and back over the backhaul and the medium, and an answer at once.
        let exchange_s = 2.0 * (spec.ideal.latency + spec.backhaul.latency).secs_f64();
        let ran = run(&spec);
        for (n, row) in rows(&ran, "off").into_iter().enumerate() {
            // 40 s for four meters: one every 10 s; told, and asked whether the contacts are open.
            let at_s = 100.0 + 10.0 * n as f64;
            assert_eq!((row.kind, row.outcome, row.attempts), (TransactionKind::Relay, Outcome::Ok, 2));
            assert_eq!((row.planned_s, row.sent_s), (at_s, Some(at_s)));
            assert!((row.answered_s.expect("answered") - at_s - 2.0 * exchange_s).abs() < 1e-6, "{row:?}");
        }
    }
}

#[test]
fn contacts_move_once_however_often_they_are_told() {
    for payload in both() {
        let mut spec = ideal(10, 0.2, 3_000);
        spec.dlms.payload = payload;
        let far = |at| PaceSpec { attempts: Some(20), ..pace(at, 60) };
        spec.campaigns =
            vec![relay("off", far(100), RelayAction::Disconnect), relay("again", far(800), RelayAction::Disconnect)];
        let ran = run(&spec);
        for name in ["off", "again"] {
            assert_eq!(count(&rows(&ran, name), Outcome::Ok), 10, "{name}");
        }
        assert_eq!(ran.mesh().relays(), (10, 10), "open, and moved");
        spec.campaigns.push(relay("on", far(1_500), RelayAction::Reconnect));
        let ran = run(&spec);
        assert_eq!(ran.mesh().relays(), (0, 20));
    }
}

#[test]
fn what_is_written_is_read_back_and_what_the_meter_denies_is_refused() {
    for payload in both() {
        let mut spec = ideal(3, 0.0, 2_000);
        spec.dlms.payload = payload;
        spec.campaigns = vec![
            write("pause", pace(100, 10), Setting::PushPause, 700),
            write("again", pace(200, 10), Setting::PushPause, 700),
            // A mode that wants a hand at the meter.
            write("hand", pace(300, 10), Setting::RelayMode, 3),
            // Nothing moves the contacts any more.
            write("nobody", pace(400, 10), Setting::RelayMode, 0),
            relay("off", pace(500, 10), RelayAction::Disconnect),
        ];
        let ran = run(&spec);
        let outcomes = ["pause", "again", "hand", "nobody", "off"].map(|name| rows(&ran, name)[0].outcome);
        use Outcome::{Ok, Refused};
        assert_eq!(outcomes, [Ok, Ok, Refused, Ok, Refused], "{payload:?}");
        assert_eq!(ran.mesh().relays(), (0, 0));
    }
}

#[test]
fn a_price_is_written_read_back_and_activated() {
    for payload in both() {
        let mut spec = ideal(3, 0.0, 2_000);
        spec.dlms.payload = payload;
        spec.campaigns =
            ["first", "again", "next"].map(|name| write(name, pace(100, 10), Setting::Price, 2_875)).to_vec();
        let exchange_s = 2.0 * (spec.ideal.latency + spec.backhaul.latency).secs_f64();
        for (campaign, (at, price)) in spec.campaigns.iter_mut().zip([(100, 2_875), (300, 2_875), (500, 32_767)]) {
            if let JobSpec::Write(write) = &mut campaign.job {
                (write.pace.at, write.value) = (seconds(at), price);
            }
        }
        let ran = run(&spec);
        for name in ["first", "again", "next"] {
            for row in rows(&ran, name) {
                // SET, GET, ACTION and GET.
                assert_eq!((row.outcome, row.attempts), (Outcome::Ok, 4), "{payload:?}");
                let took_s = row.answered_s.expect("answered") - row.planned_s;
                assert!((took_s - 4.0 * exchange_s).abs() < 1e-6, "{took_s}");
            }
        }
        let node = amitwin_models::node::Node;
        let prices = [1, 2, 3].map(|n| ran.mesh().meters.prices(node(n)));
        assert_eq!(prices, [amitwin_dlms::Prices { active: 32_767, passive: 32_767 }; 3], "{payload:?}");
        // Answers get lost: what is asked again does no harm.
        let mut spec = ideal(20, 0.2, 4_000);
        spec.dlms.payload = payload;
        spec.campaigns = vec![write("price", PaceSpec { attempts: Some(20), ..pace(100, 60) }, Setting::Price, 2_875)];
        assert_eq!(count(&rows(&run(&spec), "price"), Outcome::Ok), 20, "{payload:?}");
    }
}

#[test]
fn real_and_sized_payloads_tell_the_same() {
    let of = |payload| {
        let mut spec = ideal(30, 0.25, 20_000);
        spec.dlms.payload = payload;
        spec.dlms.answer_delay = (SimTime::ZERO, seconds(1));
        spec.dlms.vendors = vec![
            Default::default(),
            VendorSpec::from(amitwin_dlms::Vendor {
                suite: dlms_cosem_rs::security::SecuritySuite::Suite2,
                ..Default::default()
            }),
        ];
        let slow = |at| PaceSpec { waves: at_a_time(4), attempts: Some(2), ..pace(at, 300) };
        spec.campaigns = vec![
            relay("off", slow(100), RelayAction::Disconnect),
            write("mode", slow(1_500), Setting::RelayMode, 2),
            clocks("clocks", slow(3_000), 1),
            keys("keys", slow(4_500)),
            keys("keys again", slow(9_000)),
        ];
        spec.polls = vec![reads(6_000), reads(12_000)];
        let ran = run(&spec);
        assert_eq!(ran.head_end().talk.wrong, 0);
        let counts = ran.head_end().statistics.commands;
        let mut rows: Vec<_> = ran.rows.transactions.iter().map(|row| format!("{row:?}")).collect();
        rows.sort();
        (rows, counts, ran.mesh().relays())
    };
    let (real, sized) = (of(Payload::Real), of(Payload::Sized));
    assert_eq!((real.1, real.2), (sized.1, sized.2));
    for (real, sized) in real.0.iter().zip(&sized.0) {
        assert_eq!(real, sized);
    }
    assert_eq!(real.0.len(), sized.0.len());
}

#[test]
fn a_right_clock_is_left_alone_and_what_it_was_off_by_is_told() {
    for payload in both() {
        let mut spec = ideal(3, 0.0, 1_000);
        spec.dlms.payload = payload;
        spec.campaigns = vec![clocks("clocks", pace(100, 10), 2)];
        let ran = run(&spec);
        for row in rows(&ran, "clocks") {
            assert_eq!((row.outcome, row.attempts), (Outcome::Ok, 1));
            // It shows whole seconds, so half a second is all that it can seem to be off.
            assert!(row.clock_off_s.0.expect("asked for").abs() <= 0.5 + 1e-3, "{row:?}");
        }
        assert_eq!(ran.head_end().statistics.commands.clocks_set, 0);
    }
}

#[test]
fn no_meter_is_locked_out_however_many_answers_are_lost() {
    for payload in both() {
        let mut spec = ideal(60, 0.4, 40_000);
        spec.dlms.payload = payload;
        let one = |at| PaceSpec { attempts: Some(1), ..pace(at, 600) };
        spec.campaigns = (0..6).map(|n| keys(&format!("keys {n}"), one(100 + 5_000 * n))).collect();
        spec.polls = vec![reads(36_000), reads(38_000)];
        let ran = run(&spec);
        let all: Vec<_> = ran.of(TransactionKind::Keys).collect();
        let [ok, failed, refused] =
            [Outcome::Ok, Outcome::Failed, Outcome::Refused].map(|outcome| count(&all, outcome));
        // A question and its answer both arrive with 0.36: most dialogues meet a loss, and some are given up after too many.
        assert!(ok > 100 && failed > 10 && ok + failed + refused == 360, "{ok} {failed} {refused}");
        let counts = ran.head_end().statistics.commands;
        assert_eq!(counts.keys_changed, ok as u64);
        assert!(counts.keys_recovered > 50, "{counts:?}");
        // A read of a meter whose keys are not those that were thought tells that, and asks again.
        let of = |name| rows(&ran, name);
        let (first, second) = (of("reads-36000"), of("reads-38000"));
        assert_eq!((count(&first, Outcome::Refused), count(&second, Outcome::Refused)), (0, 0));
        // 1 - 0.64^8 = 0.972 of 60 answer.
        assert!(count(&first, Outcome::Ok) >= 50);
        assert!(count(&second, Outcome::Ok) >= 54, "{}", count(&second, Outcome::Ok));
    }
}

#[test]
fn only_so_many_are_talked_to_at_a_time() {
    let mut spec = ideal(10, 0.0, 1_000);
    let at_once = PaceSpec { waves: at_a_time(2), ..pace(100, 1) };
    spec.campaigns = vec![relay("off", at_once, RelayAction::Disconnect)];
    let exchange_s = 2.0 * (spec.ideal.latency + spec.backhaul.latency).secs_f64();
    let ran = run(&spec);
    let mut answered: Vec<f64> = rows(&ran, "off").iter().map(|row| row.answered_s.expect("answered")).collect();
    answered.sort_by(f64::total_cmp);
    // Turns come within a second, 0.1 s apart; a command takes two exchanges, and five of them follow each other in each of two places.
    assert!(2.0 * exchange_s > 0.2, "turns are faster than commands");
    let last_s = answered[9] - 100.0;
    assert!((last_s - 10.0 * exchange_s).abs() < 0.11, "{last_s} {exchange_s}");
}

#[test]
fn waves_follow_each_other_and_too_many_failures_halt_them() {
    let mut spec = ideal(200, 0.0, 20_000);
    let waves = PaceSpec {
        waves: WavesSpec {
            shares: Some(vec![0.01, 0.1, 1.0]),
            pause: seconds(600),
            stop_at_failed: Some(0.02),
            ..WavesSpec::default()
        },
        ..pace(100, 100)
    };
    spec.campaigns = vec![relay("off", waves, RelayAction::Disconnect)];
    let ran = run(&spec);
    let all = rows(&ran, "off");
    assert_eq!(count(&all, Outcome::Ok), 200);
    let mut begun: Vec<f64> = all.iter().map(|row| row.sent_s.expect("sent")).collect();
    begun.sort_by(f64::total_cmp);
    // Two meters, then 18, then 180; the second wave begins 600 s after the last of the first is done, half of the window and a command after the start.
    assert!(begun[1] < 200.0 && (750.0..755.0).contains(&begun[2]), "{:?}", &begun[..3]);
    assert!(begun[19] - begun[2] < 100.0 && begun[20] - begun[19] > 600.0);

    // All but the first wave are dark: the first failures of the second wave, one more than 2 % of 20, halt it.
    let first: BTreeSet<u32> = all.iter().filter(|row| row.sent_s < Some(200.0)).map(|row| row.node).collect();
    let others = (1..=200).filter(|node| !first.contains(node)).collect();
    spec.events = vec![event("dark", 300, None, Act::PowerOff(PowerOff {}), others)];
    let ran = run(&spec);
    let all = rows(&ran, "off");
    assert_eq!(count(&all, Outcome::Ok), 2);
    let failed = count(&all, Outcome::Failed);
    // 30 s until a meter has failed, in which the turns of six or seven others come, 5.6 s apart.
    assert!((1..=9).contains(&failed), "{failed}");
    assert_eq!(count(&all, Outcome::Halted), 198 - failed);
}

#[test]
fn every_command_ends_in_exactly_one_state() {
    let far = [(Meter, 50_000.0, 0.0)];
    let near = |n: u32| (Meter, 40.0 + n as f32, 10.0 * n as f32);
    let places = [(Gateway, 0.0, 0.0)].into_iter().chain((1..9).map(near)).chain(far);
    let spec = world(sites(places), PhyMode::M3, 900);
    for limits in [None, Some(HeadEndSpec::default())] {
        for payload in both() {
            let mut spec = spec.clone();
            spec.dlms.payload = payload;
            spec.head_end = limits.clone();
            let busy = PaceSpec { waves: at_a_time(3), ..pace(600, 100) };
            spec.campaigns = vec![
                relay("off", busy.clone(), RelayAction::Disconnect),
                write("pause", busy.clone(), Setting::PushPause, 3),
                clocks("clocks", busy.clone(), 1),
                keys("keys", PaceSpec { window: Some(seconds(400)), ..busy }),
            ];
            // Two meters have no supply for a while, one of them to the end.
            spec.events = vec![
                event("dark", 590, Some(120), Act::PowerOff(PowerOff {}), vec![2]),
                event("gone", 610, None, Act::PowerOff(PowerOff {}), vec![5]),
            ];
            let ran = run(&spec);
            let numbers: BTreeSet<u64> = ran.rows.transactions.iter().map(|row| row.transaction).collect();
            assert_eq!(numbers.len(), ran.rows.transactions.len(), "each row once");
            for name in ["off", "pause", "clocks", "keys"] {
                let all = rows(&ran, name);
                assert_eq!(all.iter().map(|row| row.node).collect::<Vec<_>>(), (1..10).collect::<Vec<_>>(), "{name}");
                assert_eq!(all[8].outcome, Outcome::Unreachable);
                assert_eq!(all[0].outcome, Outcome::Ok, "{name} {:?}", all[0]);
                assert!(matches!(all[4].outcome, Outcome::Failed | Outcome::Pending), "{name} {:?}", all[4]);
            }
        }
    }
}

#[test]
fn a_role_that_may_not_commands_nothing() {
    let mut spec = ideal(3, 0.0, 1_000);
    spec.head_end = Some(HeadEndSpec {
        role: vec![RoleSpec { name: "reader".into(), may: vec![Right::Read, Right::Time] }],
        ..HeadEndSpec::default()
    });
    spec.campaigns = vec![
        relay("off", pace(100, 10), RelayAction::Disconnect),
        clocks("clocks", pace(100, 10), 5),
        keys("keys", pace(100, 10)),
    ];
    spec.campaigns.iter_mut().for_each(|campaign| campaign.role = Some("reader".into()));
    let ran = run(&spec);
    let outcomes = ["off", "clocks", "keys"].map(|name| count(&rows(&ran, name), Outcome::Forbidden));
    assert_eq!((outcomes, ran.rows.audit.len(), ran.mesh().relays()), ([3, 0, 3], 6, (0, 0)));
}

#[test]
fn no_reset_moves_a_relay() {
    for payload in both() {
        for tier in [ResetTier::Soft, ResetTier::Warm, ResetTier::Cold] {
            let mut spec = ideal(6, 0.1, 3_000);
            spec.dlms.payload = payload;
            let window = Some(Window::Range(seconds(10), seconds(60)));
            let reset =
                ResetSpec { at: seconds(600), window, delivery: Delivery::Unicast, tier, ..ResetSpec::default() };
            // Half of them, as a filled-in target says; a reset in the midst of a second round as well.
            let some = |at| PaceSpec { target: Target::of(vec![1, 2, 3]), ..pace(at, 60) };
            spec.campaigns = vec![
                relay("off", some(100), RelayAction::Disconnect),
                CampaignSpec::reset("reset", reset),
                relay("again", some(600), RelayAction::Disconnect),
            ];
            let ran = run(&spec);
            assert!(ran.of(TransactionKind::Reset).filter(|row| row.reset_s.is_some()).count() >= 5);
            assert_eq!(count(&rows(&ran, "off"), Outcome::Ok), 3);
            assert_eq!(ran.mesh().relays(), (3, 3), "{payload:?} {tier:?}");
        }
    }
}

#[test]
fn clocks_that_are_off_are_set_and_drift_on_from_there() {
    let of = |payload| {
        let mut spec = ideal(40, 0.1, 90_000);
        spec.dlms.payload = payload;
        // Off by 20 s, give or take; 100 millionths are 8.6 s a day.
        let start_spread = seconds(20);
        spec.device.clock =
            Some(ClockSpec { drift_ppm: 100.0, drift_spread_ppm: 0.0, start_spread, ..ClockSpec::default() });
        spec.campaigns = vec![clocks("first", pace(100, 600), 10), clocks("a day later", pace(86_400, 600), 5)];
        let ran = run(&spec);
        let (first, second) = (rows(&ran, "first"), rows(&ran, "a day later"));
        let off: Vec<f32> = first.iter().filter_map(|row| row.clock_off_s.0).collect();
        // Two thirds of a normal spread are within 20 s; beyond 10 s are six in ten.
        let far = off.iter().filter(|off| off.abs() > 10.0).count();
        assert!((14..=32).contains(&far), "{far}");
        let set = ran.head_end().statistics.commands.clocks_set;
        assert!(set as usize >= far - 4, "{set} of {far}");
        // What was set is off by a day's drift and a second; what was not by 10 s and that.
        for row in second.iter().filter(|row| row.outcome == Outcome::Ok) {
            let off_s = row.clock_off_s.0.expect("asked for");
            assert!((-3.0..=20.5).contains(&off_s), "{row:?}");
        }
        let (ahead_s, _) = ran.mesh().meters.clocks(seconds(90_000)).expect("they drift");
        assert_eq!(count(&second, Outcome::Ok), 40);
        assert!(ahead_s.iter().all(|ahead| ahead.abs() < 6.5), "{ahead_s:?}");
        first.iter().chain(&second).map(|row| format!("{row:?}")).collect::<Vec<_>>()
    };
    assert_eq!(of(Payload::Real), of(Payload::Sized));
}

#[test]
fn rounds_follow_each_other_by_their_schedule_or_as_soon_as_the_last_one_is_over() {
    let hours = |n: u64| seconds(3_600 * n);
    let planned = |ran: &Ran, name: &str| {
        let mut planned: Vec<f64> = rows(ran, name).iter().map(|row| row.planned_s).collect();
        planned.sort_by(f64::total_cmp);
        planned
    };
    for payload in both() {
        let mut spec = ideal(4, 0.0, 36_000);
        spec.dlms.payload = payload;
        let every = |pace| PaceSpec { every: Some(hours(3)), ..pace };
        let slow = PaceSpec { window: Some(hours(4)), ..pace(100, 60) };
        spec.campaigns = vec![
            keys("keys", every(pace(100, 40))),
            write("slow", every(slow), Setting::PushRetries, 3),
            campaign("ping", JobSpec::Ping(every(pace(200, 40)))),
        ];
        spec.polls = vec![reads(35_000)];
        let ran = run(&spec);
        // 10 h have a beginning and three more, each with a turn every 10 s.
        let turns = |at: u64| (0..16).map(move |n| (at + n / 4 * 10_800 + n % 4 * 10) as f64);
        assert_eq!(planned(&ran, "keys"), turns(100).collect::<Vec<_>>());
        assert_eq!(planned(&ran, "ping"), turns(200).collect::<Vec<_>>());
        // Turns an hour apart, of which the last is three hours after the first: the next round begins when its answer has come.
        let slow = rows(&ran, "slow");
        let last_s =
            slow.iter().filter(|row| row.planned_s <= 10_900.0).filter_map(|row| row.answered_s).fold(0.0, f64::max);
        assert!(last_s > 10_900.0, "{last_s}");
        assert_eq!(planned(&ran, "slow")[3..6], [10_900.0, last_s, last_s + 3_600.0]);
        for name in ["keys", "ping"] {
            let all = rows(&ran, name);
            assert_eq!((count(&all, Outcome::Ok), all.len()), (16, 16), "{name}");
            assert_eq!(all.iter().map(|row| row.transaction).collect::<BTreeSet<_>>().len(), 16);
        }
        assert_eq!(ran.head_end().statistics.commands.keys_changed, 16);
        // Whoever has had four keys is read under the last.
        assert_eq!(count(&rows(&ran, "reads-35000"), Outcome::Ok), 4);
    }
    // A round that is halted is the last.
    let mut spec = ideal(4, 0.0, 36_000);
    let waves = WavesSpec { stop_at_failed: Some(0.1), ..WavesSpec::default() };
    spec.campaigns = vec![keys("keys", PaceSpec { every: Some(hours(3)), waves, ..pace(100, 40) })];
    spec.events = vec![event("dark", 12_000, None, Act::PowerOff(PowerOff {}), vec![1, 2, 3, 4])];
    let ran = run(&spec);
    let all = rows(&ran, "keys");
    assert_eq!((count(&all, Outcome::Ok), all.len()), (8, 12), "two rounds, and the one that is halted");
}

#[test]
fn master_keys_wrap_the_next_ones_and_floods_reach_whoever_has_the_broadcast_key() {
    for (payload, loss) in both().into_iter().flat_map(|payload| [(payload, 0.0), (payload, 0.3)]) {
        let mut spec = ideal(6, loss, 30_000);
        spec.dlms.payload = payload;
        let all = |at| PaceSpec { attempts: Some(20), ..pace(at, 60) };
        let keys = |name: &str, pace: PaceSpec, broadcast| {
            let keys = KeyChangeSpec { master: true, broadcast, ..KeyChangeSpec::new(pace) };
            campaign(name, JobSpec::Keys(Box::new(keys)))
        };
        let flood = |name: &str, at| {
            let window = Some(Window::Range(SimTime::ZERO, seconds(10)));
            CampaignSpec::reset(name, ResetSpec { at: seconds(at), window, ..ResetSpec::default() })
        };
        let some = PaceSpec { target: Target::of(vec![1, 2, 3]), ..all(8_000) };
        spec.campaigns = vec![
            flood("before", 1_000),
            keys("first", all(2_000), true),
            flood("between", 6_000),
            keys("some", some, true),
            flood("after", 14_000),
            keys("masters", all(20_000), false),
        ];
        let ran = run(&spec);
        // Each master key has wrapped the next one.
        for (name, meant) in [("first", 6), ("some", 3), ("masters", 6)] {
            assert_eq!(count(&rows(&ran, name), Outcome::Ok), meant, "{name} {payload:?} {loss}");
        }
        let reset = |name: &str| -> Vec<u32> {
            rows(&ran, name).iter().filter(|row| row.reset_s.is_some()).map(|row| row.node).collect()
        };
        if loss == 0.0 {
            assert_eq!([reset("before"), reset("between")], [[1, 2, 3, 4, 5, 6]; 2]);
            assert_eq!(reset("after"), [1, 2, 3], "the others have the former broadcast key: {payload:?}");
        } else {
            assert!(!reset("between").is_empty());
            assert!(reset("after").iter().all(|node| [1, 2, 3].contains(node)));
        }
    }
}
