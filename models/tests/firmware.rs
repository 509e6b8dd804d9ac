//! Firmware campaigns: rounds of multicast and what they repeat, single meters, resets in between, activations that go wrong, waves.

use amitwin_data::rows::{EventKind, EventRow, ImageState, Outcome, RoundRow, TransactionKind, TransactionRow};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, firmware_over_ideal, run, sites, world};

fn seconds(n: u64) -> SimTime {
    SimTime::from_secs(n)
}

fn rows(ran: &Ran) -> Vec<&TransactionRow> {
    let mut rows: Vec<_> = ran.of(TransactionKind::Firmware).collect();
    rows.sort_by_key(|row| row.transaction);
    rows
}

fn count(ran: &Ran, outcome: Outcome) -> usize {
    ran.of(TransactionKind::Firmware).filter(|row| row.outcome == outcome).count()
}

fn lacking(ran: &Ran) -> Vec<u32> {
    ran.rows.rounds.iter().map(|round: &RoundRow| round.lacking).collect()
}

/// Forty blocks of 1,024 B.
fn forty() -> FirmwareSpec {
    FirmwareSpec { settle: Some(seconds(10)), pace: Some(seconds(5)), ..FirmwareSpec::new(seconds(60), 40 * 1_024) }
}

fn at_a_time(parallel: u32) -> WavesSpec {
    WavesSpec { parallel: Some(parallel), ..WavesSpec::default() }
}

#[test]
fn rounds_lack_what_independent_losses_leave() {
    // 2 % lost, 500 meters, 392 blocks: before round n a block is lacked by somebody with the probability 1 - (1 - 0.02^(n-1))^500, so that
    // 392, 392 (0.99996 of them), 71.1 and 1.6 blocks are. Each count is a sum of independent blocks: its standard deviation is at most its
    // root, and three of them are allowed beside the tenth that the design asks for.
    let firmware = FirmwareSpec {
        multicast_from: Some(1),
        rounds: Some(10),
        waves: at_a_time(500),
        pace: Some(seconds(1)),
        settle: Some(seconds(10)),
        ..FirmwareSpec::new(seconds(60), 392 * 1_024)
    };
    let ran = run(&firmware_over_ideal(500, 0.02, 6_000, firmware));
    let lacking = lacking(&ran);
    for (n, &lacked) in lacking.iter().enumerate() {
        let expected = 392.0 * (1.0 - libm::pow(1.0 - libm::pow(0.02, n as f64), 500.0));
        let near = 0.1 * expected + 3.0 * expected.sqrt();
        assert!((f64::from(lacked) - expected).abs() <= near, "round {}: {lacked} beside {expected:.1}", n + 1);
    }
    assert!((4..=6).contains(&lacking.len()), "{lacking:?}");
    // What is repeated is what was lacking.
    let again: u32 = lacking[1..].iter().sum();
    let images = ran.head_end().statistics.images;
    assert_eq!((images.blocks, images.again), (u64::from(392 + again), u64::from(again)));
    assert_eq!(count(&ran, Outcome::Ok), 500);
}

#[test]
fn sessions_begin_at_the_pace_of_the_head_end_and_go_on_without() {
    // Three meters at a time: at one new session in ten seconds the second begins 10 s after the first, the third 20 s, and the 40 blocks of
    // each follow as fast as with a thousand a second, 2 s apart but for what the medium adds.
    let complete_s = |a_second: f64| -> Vec<f64> {
        let firmware = FirmwareSpec {
            delivery: Some(FirmwareDelivery::Unicast),
            waves: at_a_time(3),
            ..FirmwareSpec::new(seconds(60), 40 * 1_024)
        };
        let mut spec = firmware_over_ideal(3, 0.0, 3_600, firmware);
        spec.head_end = Some(HeadEndSpec { sessions_per_second: Some(a_second), ..HeadEndSpec::default() });
        let ran = run(&spec);
        assert_eq!(count(&ran, Outcome::Ok), 3);
        let mut complete: Vec<f64> = rows(&ran).iter().map(|row| row.complete_s.0.expect("complete")).collect();
        complete.sort_by(f64::total_cmp);
        complete
    };
    let (slow, fast) = (complete_s(0.1), complete_s(1_000.0));
    for (n, (slow, fast)) in slow.iter().zip(&fast).enumerate() {
        assert!((slow - fast - 10.0 * n as f64).abs() < 1.0, "{n}: {slow} and {fast} s");
    }
}

#[test]
fn an_image_without_loss_takes_as_long_as_its_blocks() {
    // 392 blocks at 45 s: 4.9 h from the first to what follows the last; three announcements before, and 120 s to settle.
    let ran = run(&firmware_over_ideal(3, 0.0, 20_000, FirmwareSpec::new(seconds(100), 392 * 1_024)));
    let first_s = 100.0 + 3.0 * 45.0;
    let rows = rows(&ran);
    for row in &rows {
        let complete_s = row.complete_s.0.expect("complete");
        let took_h = (complete_s - first_s - 120.0) / 3_600.0;
        assert!((took_h - (392.0 * 45.0 - 45.0) / 3_600.0).abs() < 0.001, "{took_h} h");
        assert_eq!((row.outcome, row.rounds.0, row.blocks_alone.0), (Outcome::Ok, Some(1), Some(0)));
        assert_eq!(row.image_state.0, Some(ImageState::Running));
        assert!(row.verified_s.0 >= row.complete_s.0 && row.reset_s > row.verified_s.0 && row.answered_s > row.reset_s);
    }
    assert_eq!(lacking(&ran), [392]);
}

#[test]
fn real_and_sized_payloads_tell_the_same() {
    for (delivery, burst) in
        [(FirmwareDelivery::Multicast, 1), (FirmwareDelivery::Unicast, 1), (FirmwareDelivery::Unicast, 16)]
    {
        let of = |payload| {
            let firmware = FirmwareSpec { delivery: Some(delivery), burst, ..forty() };
            let mut spec = firmware_over_ideal(20, 0.05, 4_000, firmware);
            spec.dlms.payload = payload;
            let ran = run(&spec);
            assert_eq!((ran.head_end().talk.wrong, count(&ran, Outcome::Ok)), (0, 20), "{payload:?} {delivery:?}");
            rows(&ran).into_iter().map(|row| format!("{row:?}")).collect::<Vec<_>>()
        };
        assert_eq!(of(Payload::Real), of(Payload::Sized), "{delivery:?}");
    }
}

#[test]
fn single_meters_get_one_block_after_the_other() {
    // 0.1 s there and back over the backhaul, 0.04 s over the medium, and an answer at once: an exchange is 0.14 s.
    let firmware =
        FirmwareSpec { preset: FirmwarePreset::Dlms, waves: at_a_time(1), ..FirmwareSpec::new(seconds(60), 216 * 100) };
    let mut spec = firmware_over_ideal(2, 0.0, 2_000, firmware);
    spec.dlms.answer_delay = (SimTime::ZERO, SimTime::ZERO);
    let exchange_s = 2.0 * (spec.ideal.latency + spec.backhaul.latency).secs_f64();
    let ran = run(&spec);
    let rows = rows(&ran);
    // One is told of the image, gets 100 blocks, is asked what it has; then it verifies, and the other's turn comes.
    let complete: Vec<f64> = rows.iter().map(|row| row.complete_s.0.expect("complete")).collect();
    assert!((complete[0] - (60.0 + 102.0 * exchange_s)).abs() < 1e-6, "{complete:?}");
    assert!((complete[1] - (60.0 + 205.0 * exchange_s)).abs() < 1e-6, "{complete:?}");
    for row in rows {
        let counts = (row.outcome, row.blocks_alone.0, row.blocks_again.0, row.rounds.0);
        assert_eq!(counts, (Outcome::Ok, Some(100), Some(0), Some(0)));
        // 102 to be complete, one to verify, one to activate, one to say which image runs.
        assert_eq!(row.attempts, 105);
    }
    assert!(ran.rows.rounds.is_empty());
}

#[test]
fn a_burst_is_asked_about_once() {
    for pace_s in [0, 5] {
        let pace = Some(seconds(pace_s));
        let firmware = FirmwareSpec { delivery: Some(FirmwareDelivery::Unicast), burst: 16, pace, ..forty() };
        let mut spec = firmware_over_ideal(2, 0.0, 4_000, firmware);
        spec.dlms.answer_delay = (SimTime::ZERO, SimTime::ZERO);
        let exchange_s = 2.0 * (spec.ideal.latency + spec.backhaul.latency).secs_f64();
        let ran = run(&spec);
        for row in rows(&ran) {
            assert_eq!((row.outcome, row.blocks_alone.0, row.blocks_again.0), (Outcome::Ok, Some(40), Some(0)));
            // Told, asked after 16, 16 and 8 blocks, verified, activated, asked what it runs.
            assert_eq!(row.attempts, 7);
            // Four of these exchanges, and one pace after each of 40 blocks, in which the other meter has its own.
            let complete_s = 60.0 + 4.0 * exchange_s + 40.0 * pace_s as f64;
            assert!((row.complete_s.0.expect("complete") - complete_s).abs() < 1e-6, "{row:?}");
        }
    }
    // Three of ten blocks are lost: what was sent again is counted, and nobody gets what it has.
    let firmware = FirmwareSpec { delivery: Some(FirmwareDelivery::Unicast), burst: 16, ..forty() };
    let ran = run(&firmware_over_ideal(2, 0.3, 80_000, firmware));
    for row in rows(&ran) {
        let (alone, again) = (row.blocks_alone.0.expect("sent"), row.blocks_again.0.expect("counted"));
        assert_eq!((row.outcome, alone - again), (Outcome::Ok, 40));
        // Each block is sent until it arrives: 0.3 / 0.7 times more than once, with a standard deviation of sqrt(0.3) / 0.7; of 40 blocks 17 and 5.
        assert!((17 - 15..=17 + 15).contains(&again), "{again} again");
    }
}

#[test]
fn blocks_that_have_come_outlast_a_reset() {
    // Half of the blocks are out when every meter resets; it misses some while it boots and is asked for those alone.
    let mut spec = firmware_over_ideal(10, 0.0, 4_000, FirmwareSpec { multicast_from: Some(1), ..forty() });
    let reset = ResetSpec { at: seconds(180), delivery: Delivery::Unicast, ..ResetSpec::default() };
    spec.campaigns.push(CampaignSpec::reset("reset", reset));
    let ran = run(&spec);
    assert_eq!(ran.of(TransactionKind::Reset).filter(|row| row.outcome == Outcome::Ok).count(), 10);
    assert_eq!(count(&ran, Outcome::Ok), 10);
    let lacking = lacking(&ran);
    // Off for up to 30 s of boot at a block each 5 s.
    assert!(lacking.len() == 2 && lacking[0] == 40 && (1..=8).contains(&lacking[1]), "{lacking:?}");
}

#[test]
fn a_meter_that_runs_the_image_refuses_it_and_writes_nothing() {
    for payload in [Payload::Real, Payload::Sized] {
        let mut spec = firmware_over_ideal(4, 0.0, 6_000, forty());
        spec.dlms.payload = payload;
        // The same name and the same bytes: the same image.
        let again = FirmwareSpec { at: seconds(2_000), ..forty() };
        spec.campaigns.push(CampaignSpec::firmware("update", again));
        let ran = run(&spec);
        let rows = rows(&ran);
        let (first, second) = rows.split_at(4);
        assert!(first.iter().all(|row| row.outcome == Outcome::Ok), "{payload:?}");
        for row in second {
            let state = (row.outcome, row.image_state.0, row.complete_s.0, row.reset_s);
            assert_eq!(state, (Outcome::Refused, Some(ImageState::HadIt), None, None), "{payload:?}");
        }
        assert!((1..=4).all(|node| ran.mesh().meters.flash_writes(amitwin_models::node::Node(node)) == 1));
    }
}

#[test]
fn activations_go_wrong_with_those_whose_state_is_said() {
    let wrong = |nodes, rolls_back, bricks| GoesWrong { target: Target::of(nodes), rolls_back, bricks };
    for payload in [Payload::Real, Payload::Sized] {
        let goes_wrong = vec![wrong(vec![2], 0.0, 1.0), wrong(vec![2, 3], 1.0, 0.0)];
        let mut spec = firmware_over_ideal(4, 0.0, 8_000, FirmwareSpec { goes_wrong, ..forty() });
        spec.dlms.payload = payload;
        // A bricked meter stays silent when its supply comes back.
        spec.events = vec![event("dark", 3_000, Some(60), Act::PowerOff(PowerOff {}), vec![2])];
        let ran = run(&spec);
        let states: Vec<_> = rows(&ran).iter().map(|row| (row.outcome, row.image_state.0)).collect();
        let of = |outcome, state| (outcome, Some(state));
        let ok = of(Outcome::Ok, ImageState::Running);
        let (bricked, back) = (of(Outcome::Failed, ImageState::Bricked), of(Outcome::Failed, ImageState::RolledBack));
        assert_eq!(states, [ok, bricked, back, ok], "{payload:?}");
        let node = amitwin_models::node::Node;
        assert_eq!([1, 2, 3].map(|n| ran.mesh().meters.flash_writes(node(n))), [1, 1, 2]);
        assert!(!ran.mesh().is_attached(node(2)) && ran.mesh().is_attached(node(3)));
    }
}

#[test]
fn images_are_activated_when_the_time_has_come() {
    let activation = ActivationSpec { at: Some(seconds(3_000)), ..ActivationSpec::default() };
    let firmware = FirmwareSpec { activation, ..forty() };
    let ran = run(&firmware_over_ideal(5, 0.0, 5_000, firmware.clone()));
    let restarts: Vec<f64> = rows(&ran).iter().map(|row| row.reset_s.expect("a restart")).collect();
    assert!(restarts.iter().all(|at| (3_000.0..3_010.0).contains(at)), "{restarts:?}");
    // A run that ends before leaves them scheduled.
    let ran = run(&firmware_over_ideal(5, 0.0, 2_000, firmware));
    let scheduled = |row: &&TransactionRow| {
        (row.outcome, row.image_state.0) == (Outcome::Pending, Some(ImageState::Scheduled)) && row.reset_s.is_none()
    };
    assert_eq!(rows(&ran).into_iter().filter(scheduled).count(), 5);
}

#[test]
fn meters_of_a_wave_are_told_one_after_the_other_over_the_spread() {
    // 1,000 s for 5 meters: one each 200 s, whatever `parallel` would let; each is told and restarts at once.
    let activation = ActivationSpec { at: Some(seconds(3_000)), spread: seconds(1_000), ..ActivationSpec::default() };
    let firmware = FirmwareSpec { activation, ..forty() };
    let ran = run(&firmware_over_ideal(5, 0.0, 6_000, firmware.clone()));
    let restarts: Vec<f64> = rows(&ran).iter().map(|row| row.reset_s.expect("a restart")).collect();
    for (n, at) in (0..).zip(&restarts) {
        let told_s = 3_000.0 + 200.0 * f64::from(n);
        assert!((told_s..told_s + 10.0).contains(at), "{restarts:?}");
    }
    assert_eq!(count(&ran, Outcome::Ok), 5);
    assert!(rows(&ran).iter().all(|row| row.wave.0.is_none()), "all at once");
    // In two waves of 2 and 3 meters each wave takes the spread: 500 s and 333 s apart, and its rows say which they are of.
    let waves = WavesSpec { shares: Some(vec![0.4, 1.0]), pause: seconds(600), ..WavesSpec::default() };
    let ran = run(&firmware_over_ideal(5, 0.0, 12_000, FirmwareSpec { waves, ..firmware }));
    for (wave, gap_s) in [(1, 500.0), (2, 1_000.0 / 3.0)] {
        let of_wave = |row: &&TransactionRow| row.wave.0 == Some(wave);
        let mut restarts: Vec<f64> =
            rows(&ran).into_iter().filter(of_wave).map(|row| row.reset_s.expect("a restart")).collect();
        restarts.sort_by(f64::total_cmp);
        assert_eq!(restarts.len(), usize::from(wave) + 1);
        assert!(restarts.windows(2).all(|two| (two[1] - two[0] - gap_s).abs() < 10.0), "{restarts:?}");
    }
}

#[test]
fn each_wave_waits_for_the_hours_of_the_day_in_which_it_may_activate() {
    // The run begins at 22 o'clock; 1 o'clock is 3 hours later. The second wave is served by night as well, and then it is too late: it waits a day.
    let hours = Some((seconds(3_600), seconds(2 * 3_600)));
    let activation = ActivationSpec { hours, ..ActivationSpec::default() };
    let waves = WavesSpec { shares: Some(vec![0.4, 1.0]), pause: seconds(3_600), ..WavesSpec::default() };
    let mut spec = firmware_over_ideal(5, 0.0, 40 * 3_600, FirmwareSpec { activation, waves, ..forty() });
    spec.dlms.start_unix_s = 22 * 3_600;
    let ran = run(&spec);
    for (wave, begins_s) in [(1, 3.0 * 3_600.0), (2, 27.0 * 3_600.0)] {
        let restarts: Vec<f64> = rows(&ran)
            .into_iter()
            .filter(|row| row.wave.0 == Some(wave))
            .map(|row| row.reset_s.expect("a restart"))
            .collect();
        assert_eq!(restarts.len(), usize::from(wave) + 1);
        assert!(restarts.iter().all(|at| (begins_s..begins_s + 10.0).contains(at)), "wave {wave}: {restarts:?}");
    }
}

#[test]
fn a_pilot_that_fails_halts_the_campaign() {
    let all_wrong = vec![GoesWrong { rolls_back: 1.0, ..GoesWrong::default() }];
    let firmware = FirmwareSpec {
        waves: WavesSpec {
            shares: Some(vec![0.02, 0.2, 1.0]),
            pause: seconds(600),
            stop_at_failed: Some(0.5),
            ..WavesSpec::default()
        },
        goes_wrong: all_wrong,
        ..forty()
    };
    for delivery in [FirmwareDelivery::Multicast, FirmwareDelivery::Unicast] {
        let ran =
            run(&firmware_over_ideal(100, 0.0, 20_000, FirmwareSpec { delivery: Some(delivery), ..firmware.clone() }));
        // Two meters in the pilot; half of them may fail, both do.
        assert_eq!((count(&ran, Outcome::Failed), count(&ran, Outcome::Halted)), (2, 98), "{delivery:?}");
        let untouched = |row: &&TransactionRow| row.image_state.0 == Some(ImageState::Waiting) && row.attempts == 0;
        assert_eq!(rows(&ran).into_iter().filter(untouched).count(), 98);
        // Without the rule all of them roll back, wave after wave.
        let ran = run(&firmware_over_ideal(
            100,
            0.0,
            20_000,
            FirmwareSpec {
                delivery: Some(delivery),
                waves: WavesSpec { stop_at_failed: None, ..firmware.waves.clone() },
                ..firmware.clone()
            },
        ));
        assert_eq!(count(&ran, Outcome::Failed), 100, "{delivery:?}");
    }
}

#[test]
fn a_wave_begins_when_the_last_one_is_done() {
    let firmware = FirmwareSpec {
        waves: WavesSpec {
            shares: Some(vec![0.1, 1.0]),
            pause: seconds(1_000),
            stop_at_failed: None,
            ..WavesSpec::default()
        },
        ..forty()
    };
    let ran = run(&firmware_over_ideal(50, 0.01, 20_000, firmware));
    assert_eq!(count(&ran, Outcome::Ok), 50);
    let mut answered: Vec<(f64, f64)> =
        rows(&ran).iter().map(|row| (row.sent_s.expect("told"), row.answered_s.expect("runs"))).collect();
    answered.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Five of fifty in the first wave.
    let last_s = answered[..5].iter().map(|row| row.1).fold(0.0, f64::max);
    assert!(answered[5].0 >= last_s + 1_000.0 && answered[5].0 < last_s + 1_010.0, "{answered:?}");
    let rounds: Vec<_> = ran.rows.rounds.iter().map(|round| (round.wave, round.round, round.meters)).collect();
    assert!(rounds.contains(&(1, 1, 5)) && rounds.contains(&(2, 1, 45)), "{rounds:?}");
}

#[test]
fn a_meter_that_is_away_is_tried_again_and_then_given_up() {
    // One without supply for the first 1,500 s, one for ever.
    let mut spec = firmware_over_ideal(3, 0.0, 12_000, forty());
    spec.events = vec![
        event("late", 1, Some(1_500), Act::PowerOff(PowerOff {}), vec![1]),
        event("never", 1, None, Act::PowerOff(PowerOff {}), vec![2]),
    ];
    let ran = run(&spec);
    let rows = rows(&ran);
    let outcomes: Vec<_> = rows.iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes, [Outcome::Ok, Outcome::Failed, Outcome::Ok]);
    // It has heard no block and gets all of them alone.
    assert_eq!((rows[0].blocks_alone.0, rows[0].blocks_again.0), (Some(40), Some(40)));
    assert_eq!(rows[1].image_state.0, Some(ImageState::Failed));
    // They keep the third waiting for two phases in which they are asked three times, a minute each, and not until they are back: 40 blocks at 5 s from
    // 60 s on, 10 s to settle, 360 s, and 150 s to install and restart.
    let done_s = 60.0 + 200.0 + 10.0 + 360.0 + 150.0;
    assert!(rows[2].answered_s.is_some_and(|at| (done_s..done_s + 20.0).contains(&at)), "{:?}", rows[2]);
}

#[test]
fn a_campaign_for_nobody_sends_nothing() {
    let nobody = FirmwareSpec { target: Target::of(Vec::new()), ..forty() };
    let ran = run(&firmware_over_ideal(5, 0.0, 2_000, nobody));
    assert_eq!((ran.of(TransactionKind::Firmware).count(), ran.rows.rounds.len()), (0, 0));
    assert_eq!(ran.head_end().statistics.images.blocks, 0);
}

#[test]
fn a_meter_that_is_bricked_has_failed_even_if_the_campaign_was_halted_before_that_was_known() {
    let one = |node| Target { nodes: Some(vec![node]), ..Target::default() };
    let goes_wrong = vec![
        GoesWrong { target: one(1), bricks: 1.0, ..GoesWrong::default() },
        GoesWrong { target: one(2), rolls_back: 1.0, ..GoesWrong::default() },
        GoesWrong { target: one(3), rolls_back: 1.0, ..GoesWrong::default() },
    ];
    let waves = WavesSpec { stop_at_failed: Some(0.3), ..WavesSpec::default() };
    let ran = run(&firmware_over_ideal(5, 0.0, 2_000, FirmwareSpec { goes_wrong, waves, ..forty() }));
    // Two of five are more than three tenths; the bricked one would have been given up an hour after its activation.
    let first = rows(&ran)[0].clone();
    assert_eq!((first.outcome, first.image_state.0), (Outcome::Failed, Some(ImageState::Bricked)));
    assert_eq!(count(&ran, Outcome::Failed), 3);
}

#[test]
fn a_campaign_ends_even_if_answers_to_activations_are_lost() {
    // Four of ten messages are lost each way, so that 0.64 of the questions stay without an answer and 0.26 of the sessions. Asked again after 10 s a meter restarts,
    // after 60 s it is back: of 40 some have activated the image without the head-end having heard it, and say that there is nothing to activate.
    for (rolls_back, timeout) in [(1.0, 10), (1.0, 60), (0.0, 10), (0.0, 60)] {
        let goes_wrong = vec![GoesWrong { rolls_back, ..GoesWrong::default() }];
        let firmware =
            FirmwareSpec { goes_wrong, timeout: seconds(timeout), ..FirmwareSpec::new(seconds(60), 4 * 1_024) };
        let ran = run(&firmware_over_ideal(40, 0.4, 60_000, firmware));
        let of = |state| rows(&ran).into_iter().filter(|row| row.image_state.0 == Some(state)).count();
        assert_eq!(count(&ran, Outcome::Pending), 0, "{rolls_back} {timeout}");
        let expected = if rolls_back > 0.0 { ImageState::RolledBack } else { ImageState::Running };
        // Some are given up, because they answered none of the questions of an hour.
        assert!(of(expected) >= 35, "{rolls_back} {timeout}: {}", of(expected));
    }
}

#[test]
fn nobody_is_taken_for_rolled_back_who_has_not_run_the_image() {
    // Four of ten messages are lost each way, and every meter is without supply for 45 s, 20 times, while it is served, told to activate the image and asked. The first 20
    // run their former image again after they were told, the others run the new one.
    for seed in 1..=6 {
        let goes_wrong =
            vec![GoesWrong { target: Target::of((1..=20).collect()), rolls_back: 1.0, ..GoesWrong::default() }];
        let firmware = FirmwareSpec { goes_wrong, timeout: seconds(10), ..FirmwareSpec::new(seconds(60), 4 * 1_024) };
        let mut spec = firmware_over_ideal(40, 0.4, 30_000, firmware);
        spec.seed = seed;
        let off = |n: u64| {
            let name = format!("off {n}");
            event(&name, 100 + 5 * n, Some(45), Act::PowerOff(PowerOff {}), vec![(n % 40) as u32 + 1])
        };
        spec.events = (0..800).map(off).collect();
        let ran = run(&spec);
        let has = |node, ends| {
            let is = |e: &EventRow| e.kind == EventKind::Activated && e.node == node && e.value == ends;
            ran.rows.events.iter().any(is)
        };
        for row in rows(&ran) {
            match row.image_state.0 {
                Some(ImageState::RolledBack) => assert!(has(row.node, 1), "{seed}: {row:?}"),
                Some(ImageState::Running) => assert!(has(row.node, 0), "{seed}: {row:?}"),
                _ => assert_eq!(row.outcome, Outcome::Failed, "{seed}: {row:?}"),
            }
        }
        let told = |ends| (1..=40).filter(|&node| has(node, ends)).count();
        assert!(told(0) >= 15 && told(1) >= 15, "{seed}: {} run it, {} rolled back", told(0), told(1));
    }
}

#[test]
fn blocks_flood_a_mesh() {
    // A row of meters 100 m apart, which hear their neighbours alone: blocks reach the last one over four hops.
    for payload in [Payload::Real, Payload::Sized] {
        let places = (0..5).map(|n| (if n == 0 { Gateway } else { Meter }, 100.0 * n as f32, 0.0));
        let mut spec = world(sites(places), PhyMode::M1b, 8_000);
        spec.dlms.payload = payload;
        let firmware = FirmwareSpec { pace: Some(seconds(10)), settle: Some(seconds(60)), ..forty() };
        spec.campaigns = vec![CampaignSpec::firmware("update", firmware)];
        let ran = run(&spec);
        let rows = rows(&ran);
        assert!(rows.iter().all(|row| row.outcome == Outcome::Ok), "{payload:?}: {rows:?}");
        assert_eq!(rows.iter().map(|row| row.hops).collect::<Vec<_>>(), [1, 2, 3, 4].map(Some));
        // The border router and three relays at least have sent each of 40 blocks; 1,024 B take 164 ms at 50 kb/s.
        let air_s = ran.mesh().books.counters.image_air_ns as f64 / 1e9;
        assert!(air_s > 4.0 * 40.0 * 0.164, "{air_s}");
    }
}

#[test]
fn one_hop_takes_little_more_than_the_air_does() {
    // Twenty meters 40 to 60 m around a border router on one channel: all hear each other, and nothing is lost to noise. In bursts of 16 to four at
    // a time the border router hardly ever waits.
    let place = |n: u32| {
        let (turn, radius) = (n as f32 * 2.4, 40.0 + n as f32);
        (Meter, radius * libm::cosf(turn), radius * libm::sinf(turn))
    };
    let mut spec = world(sites([(Gateway, 0.0, 0.0)].into_iter().chain((0..20).map(place))), PhyMode::M1b, 3_000);
    (spec.mesh.stack, spec.mesh.hops_max) = (RouterStack::Nanostack, 1);
    spec.dlms.payload = Payload::Sized;
    let firmware = FirmwareSpec {
        delivery: Some(FirmwareDelivery::Unicast),
        pace: Some(SimTime::ZERO),
        burst: 16,
        waves: at_a_time(4),
        ..FirmwareSpec::new(seconds(600), 40 * 1_024)
    };
    spec.campaigns = vec![CampaignSpec::firmware("update", firmware)];
    let ran = run(&spec);
    assert_eq!(count(&ran, Outcome::Ok), 20);
    let last_s = rows(&ran).iter().filter_map(|row| row.complete_s.0).fold(0.0, f64::max);
    // Each of 800 blocks is a frame of its own, which is acknowledged: 1,085 B above UDP, less than 225 B below it and of repetitions, 50 kb/s.
    let blocks = ran.head_end().statistics.images.blocks;
    let air_s = ran.mesh().books.counters.image_air_ns as f64 / 1e9;
    assert!(air_s >= blocks as f64 * 1_085.0 * 8.0 / 50e3 && air_s < blocks as f64 * 1_310.0 * 8.0 / 50e3, "{air_s} s");
    let took = (last_s - 600.0) / air_s;
    assert!((1.0..1.2).contains(&took), "{took} times the time that {blocks} blocks are on the air");
}
