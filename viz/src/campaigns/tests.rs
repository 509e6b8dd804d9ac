//! Campaigns that are counted by hand.

use super::*;
use amitwin_data::rows::Added;

/// A row of meter `node`, told at 100 s; with image, restart and answer at these times.
fn row(node: u32, outcome: Outcome, times: [Option<f64>; 5]) -> TransactionRow {
    let [sent_s, complete_s, verified_s, reset_s, answered_s] = times;
    TransactionRow {
        transaction: node.into(),
        campaign: "v2".into(),
        sent_s,
        reset_s,
        answered_s,
        outcome,
        attempts: 1,
        complete_s: Added(complete_s),
        verified_s: Added(verified_s),
        ..TransactionRow::new(TransactionKind::Firmware, node, 60.0)
    }
}

const NO: Option<f64> = None;

/// Two that are done, one that was bricked, one that fell silent, one that was halted, one without a route, and a report.
fn rows() -> Vec<TransactionRow> {
    let all = |answered_s| [Some(100.0), Some(200.0), Some(300.0), Some(400.0), answered_s];
    vec![
        row(1, Outcome::Ok, all(Some(460.0))),
        row(2, Outcome::Ok, [Some(2_000.0), Some(2_100.0), Some(2_200.0), Some(2_300.0), Some(2_360.0)]),
        TransactionRow { image_state: Added(Some(ImageState::Bricked)), ..row(3, Outcome::Failed, all(None)) },
        row(4, Outcome::Failed, [Some(120.0), NO, NO, NO, NO]),
        row(5, Outcome::Halted, [NO; 5]),
        row(6, Outcome::Unreachable, [NO; 5]),
        TransactionRow { kind: TransactionKind::Push, ..row(7, Outcome::Ok, [NO; 5]) },
    ]
}

fn progress() -> Progress {
    let mut campaigns = Campaigns::default();
    campaigns.add(&rows());
    assert_eq!(campaigns.names().collect::<Vec<_>>(), ["v2"]);
    campaigns.get("v2").expect("it is there").clone()
}

#[test]
fn states_sum_up_to_the_fleet_at_every_minute() {
    let progress = progress();
    for minute in 0..60 {
        let counts = progress.at(60.0 * f64::from(minute));
        assert_eq!(counts.iter().sum::<u32>(), 6, "minute {minute}: {counts:?}");
    }
    assert_eq!(progress.ended().iter().sum::<u32>(), 6);
    let named = |counts: Counts| {
        let some = State::ALL.into_iter().filter(|state| counts[*state as usize] > 0);
        some.map(|state| (state.words(), counts[state as usize])).collect::<Vec<_>>()
    };
    assert_eq!(named(progress.at(0.0)), [("waiting", 5), ("no route", 1)]);
    // 1 and 3 have the image and 4 has been told.
    assert_eq!(named(progress.at(250.0)), [("all blocks there", 2), ("begun", 1), ("waiting", 2), ("no route", 1)]);
    assert_eq!(
        named(progress.at(460.0)),
        [("done", 1), ("restarting", 1), ("begun", 1), ("waiting", 2), ("no route", 1)]
    );
    assert_eq!(named(progress.ended()), [("done", 2), ("failed", 2), ("halted", 1), ("no route", 1)]);
    assert_eq!(progress.span_s(), (60.0, 2_360.0));
}

#[test]
fn a_funnel_counts_who_came_that_far_or_further() {
    // 4 was only told; 5 and 6 not even that.
    let expected = [
        ("meters", 6),
        ("begun with", 4),
        ("all blocks there", 3),
        ("image verified", 3),
        ("restarted", 3),
        ("done", 2),
    ];
    assert_eq!(progress().funnel(), expected);
    // A ping has neither image nor restart.
    let mut campaigns = Campaigns::default();
    let ping = |node, outcome, answered_s| TransactionRow {
        kind: TransactionKind::Ping,
        ..row(node, outcome, [Some(100.0), NO, NO, NO, answered_s])
    };
    campaigns.add(&[ping(1, Outcome::Ok, Some(101.0)), ping(2, Outcome::Failed, None)]);
    assert_eq!(campaigns.get("v2").expect("it").funnel(), [("meters", 2), ("begun with", 2), ("done", 1)]);
}

#[test]
fn what_stopped_whom_has_its_reason() {
    let stopped = progress().stopped(1);
    let expected = [
        ("bricked by the image", 1, vec![3]),
        ("gave no more answer (begun)", 1, vec![4]),
        ("had no route from the start", 1, vec![6]),
        ("halted, because too many others had failed", 1, vec![5]),
    ];
    assert_eq!(stopped, expected.map(|(why, count, nodes)| (why.to_owned(), count, nodes)));
}

#[test]
fn who_was_left_out_lacked_what_the_row_says() {
    let lacks = [HeldBy::Snr, HeldBy::Firmware, HeldBy::NotHeard, HeldBy::Silent, HeldBy::Dark, HeldBy::Voltage];
    let rows = (0..)
        .zip(lacks)
        .map(|(node, lack)| TransactionRow { held_by: Added(Some(lack)), ..row(node, Outcome::LeftOut, [NO; 5]) });
    let mut campaigns = Campaigns::default();
    campaigns.add(&rows.collect::<Vec<_>>());
    let stopped = campaigns.get("v2").expect("it is there").stopped(1);
    let mut of: Vec<(u32, String)> = stopped.into_iter().map(|(why, _, nodes)| (nodes[0], why)).collect();
    of.sort();
    let expected = [
        "its signal was too weak",
        "its firmware was another one",
        "not heard for too long",
        "it had missed its keep-alives",
        "its supply had failed",
        "its voltage was out of its band",
    ];
    assert_eq!(of, (0..).zip(expected.map(|why| format!("left out: {why}"))).collect::<Vec<_>>());
}

#[test]
fn a_wave_is_delivered_by_when_95_of_100_have_it() {
    let of = |node: u32| {
        let since = |s: f64| Some(s + f64::from(node));
        // Nodes 1 to 20 have all blocks after 201 to 220 s and are done 100 s later, but for 20, which has failed.
        let (outcome, answered_s) = if node < 20 { (Outcome::Ok, since(300.0)) } else { (Outcome::Failed, None) };
        row(node, outcome, [Some(100.0), since(200.0), since(250.0), NO, answered_s])
    };
    let mut campaigns = Campaigns::default();
    campaigns.add(&(1..=20).map(of).collect::<Vec<_>>());
    let deliveries = campaigns.get("v2").expect("it is there").deliveries();
    let [of] = &deliveries[..] else { panic!("one wave: {deliveries:?}") };
    // The 19th of 20, and the 19th of 19 (95 % of 19 are 18.05), since 100 s.
    assert_eq!((of.complete, of.done_s, of.failed), ((20, Some(119.0)), Some(219.0), 1));
    assert_eq!((of.wave.meters, of.wave.done), (20, 19));
}

#[test]
fn waves_are_those_that_rows_say() {
    // Without a word of waves all are one, however long the pauses.
    let all = Wave { number: 1, from_s: 100.0, begun_s: 2_000.0, until_s: 2_360.0, meters: 4, done: 2 };
    assert_eq!(progress().waves(), [all]);
    // 2 is of another wave than 1, 3 and 4, with whom the campaign began from 100 to 120 s; 5 was halted before anything was sent.
    let in_wave = |row: TransactionRow| TransactionRow {
        wave: Added(Some(if matches!(row.node, 2 | 5) { 2 } else { 1 })),
        ..row
    };
    let mut campaigns = Campaigns::default();
    campaigns.add(&rows().into_iter().map(in_wave).collect::<Vec<_>>());
    let waves = campaigns.get("v2").expect("it is there").waves();
    assert_eq!(
        waves,
        [
            Wave { number: 1, from_s: 100.0, begun_s: 120.0, until_s: 460.0, meters: 3, done: 1 },
            Wave { number: 2, from_s: 2_000.0, begun_s: 2_000.0, until_s: 2_360.0, meters: 1, done: 1 },
        ]
    );
}

#[test]
fn a_meter_that_has_several_turns_counts_once_with_the_last() {
    // Certificates of two meters: that of 1 is renewed at 100 s, fails at 3,600 s and is renewed at 7,200 s; of 2 nothing is heard in two turns.
    let turn = |node: u32, planned_s: f64, outcome: Outcome| TransactionRow {
        kind: TransactionKind::Certificates,
        planned_s,
        ..row(node, outcome, [Some(planned_s), NO, NO, NO, (outcome == Outcome::Ok).then_some(planned_s + 10.0)])
    };
    let mut campaigns = Campaigns::default();
    campaigns.add(&[turn(1, 100.0, Outcome::Ok), turn(2, 200.0, Outcome::Failed), turn(2, 3_800.0, Outcome::Failed)]);
    // Rows come in the order of the table, not of time.
    campaigns.add(&[turn(1, 7_200.0, Outcome::Ok), turn(1, 3_600.0, Outcome::Failed)]);
    let progress = campaigns.get("v2").expect("it is there");
    assert_eq!(progress.meters(), 2);
    assert_eq!(progress.stopped(3), [("gave no more answer (begun)".to_owned(), 1, vec![2])]);
    assert_eq!(progress.told(), "1 of 2 done");
    assert_eq!(progress.span_s(), (100.0, 7_210.0));
    for minute in 0..200 {
        assert_eq!(progress.at(60.0 * f64::from(minute)).iter().sum::<u32>(), 2, "minute {minute}");
    }
    let done = |time_s: f64| progress.at(time_s)[State::Done as usize];
    assert_eq!([50.0, 120.0, 3_000.0, 3_700.0, 7_300.0].map(done), [0, 1, 1, 0, 1]);
}

#[test]
fn what_meters_tell_of_themselves_is_no_campaign() {
    let mut campaigns = Campaigns::default();
    for kind in [TransactionKind::Health, TransactionKind::KeepAlive, TransactionKind::LastGasp, TransactionKind::Read]
    {
        campaigns.add(&[TransactionRow { kind, campaign: "".into(), ..row(1, Outcome::Ok, [NO; 5]) }]);
    }
    assert_eq!(campaigns.names().count(), 0);
}
