//! Campaigns that wait for links: who is asked when, and who is left out.

use amitwin_data::rows::{HeldBy, ImageState, Outcome, TransactionRow};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, run, sites, world};

const HOUR: u64 = 3_600;

/// A border router with a meter on either side, 60 m away: 31.7 + 40 lg 60 = 102.8 dB, -75.8 dBm at 27 dBm, 41 dB over a noise of -117 dBm. From
/// the start until so many hours have passed the second one loses 30 dB more, which leaves 11 dB.
fn two(campaign: JobSpec, lasts_h: u64) -> WorldSpec {
    let placement = sites([(Gateway, 0.0, 0.0), (Meter, 60.0, 0.0), (Meter, -60.0, 0.0)]);
    let mut spec = world(placement, PhyMode::M1b, 10 * HOUR);
    spec.radio.hearing_floor_dbm = -118.0;
    spec.record.load_every = SimTime::from_secs(HOUR);
    spec.traffic =
        TrafficSpec { push_period: Some(SimTime::from_secs(300)), payload_bytes: Some(60), ..TrafficSpec::default() };
    spec.campaigns =
        vec![CampaignSpec { name: "night".to_owned(), priority: PRIORITY_USUAL, role: None, job: campaign }];
    spec.events = vec![EventSpec {
        name: "box".to_owned(),
        at: SimTime::from_secs(1),
        until: Some(SimTime::from_secs(lasts_h * HOUR)),
        lasts: None,
        target: Target::default(),
        act: Act::ExtraLoss(ExtraLoss { loss_db: 30.0, links: Vec::new() }),
        nodes: vec![2],
        edges: Vec::new(),
    }];
    spec
}

fn waits(text: &str, wait_h: Option<u64>) -> WavesSpec {
    let only_when = Some(Condition::parse(text).expect("a condition"));
    WavesSpec { only_when, wait: wait_h.map(|hours| SimTime::from_secs(hours * HOUR)), ..WavesSpec::default() }
}

fn ping(text: &str, wait_h: Option<u64>) -> JobSpec {
    JobSpec::Ping(PingSpec {
        at: SimTime::from_secs(2 * HOUR + 600),
        window: SimTime::from_secs(60),
        timeout: SimTime::from_secs(60),
        attempts: 1,
        waves: waits(text, wait_h),
        ..PingSpec::default()
    })
}

fn row(ran: &Ran, meter: u32) -> &TransactionRow {
    ran.rows.transactions.iter().find(|row| &*row.campaign == "night" && row.node == meter).expect("a row")
}

#[test]
fn a_meter_waits_until_its_link_is_what_a_ping_asks_for() {
    let ran = run(&two(ping("snr >= 15 dB", None), 4));
    let (good, other) = (row(&ran, 1), row(&ran, 2));
    assert_eq!((good.outcome, good.held_by.0, good.sent_s), (Outcome::Ok, None, Some(7_800.0)));
    // The 30 dB go away at 4 h, together with the hour that ends then; the one that ends at 5 h shows it at the latest, and half an hour later, in the
    // middle of the next, its turn comes.
    assert_eq!((other.outcome, other.held_by.0), (Outcome::Ok, Some(HeldBy::Snr)));
    let sent_h = other.sent_s.expect("asked") / 3_600.0;
    assert!((4.4..4.6).contains(&sent_h) || (5.4..5.6).contains(&sent_h), "{sent_h} h");
    // A limit that both meet holds nobody back.
    let ran = run(&two(ping("snr >= 5 dB and rssi >= -110 dBm", None), 4));
    assert!([1, 2].iter().all(|&meter| row(&ran, meter).held_by.0.is_none()));
}

#[test]
fn a_meter_whose_link_stays_weak_is_left_out_with_the_reason() {
    for (text, by) in [("snr >= 15 dB", HeldBy::Snr), ("rssi >= -90 dBm", HeldBy::Rssi)] {
        for wait_h in [None, Some(2)] {
            let ran = run(&two(ping(text, wait_h), 11));
            assert_eq!(row(&ran, 1).outcome, Outcome::Ok);
            let left_out = row(&ran, 2);
            assert_eq!((left_out.outcome, left_out.held_by.0), (Outcome::LeftOut, Some(by)));
            assert_eq!((left_out.sent_s, left_out.attempts), (None, 0));
        }
    }
}

#[test]
fn before_the_first_hour_nothing_is_known_of_any_link() {
    let early = match ping("snr >= 15 dB", None) {
        JobSpec::Ping(ping) => JobSpec::Ping(PingSpec { at: SimTime::from_secs(60), ..ping }),
        other => other,
    };
    let ran = run(&two(early, 2));
    let first = row(&ran, 1);
    assert_eq!((first.outcome, first.held_by.0), (Outcome::Ok, Some(HeldBy::Unknown)));
    assert!((3_600.0..7_200.0).contains(&first.sent_s.expect("asked")), "after the first hour: {first:?}");
}

#[test]
fn a_reset_waits_as_a_ping_does_and_its_deadline_counts_from_the_command() {
    let reset = |wait_h: u64| {
        JobSpec::Reset(ResetSpec {
            at: SimTime::from_secs(2 * HOUR + 600),
            window: Some(Window::Range(SimTime::ZERO, SimTime::from_secs(60))),
            delivery: Delivery::Unicast,
            give_up_after: Some(SimTime::from_secs(HOUR)),
            waves: waits("snr >= 15 dB", Some(wait_h)),
            ..ResetSpec::default()
        })
    };
    let ran = run(&two(reset(8), 4));
    let other = row(&ran, 2);
    assert_eq!((other.outcome, other.held_by.0), (Outcome::Ok, Some(HeldBy::Snr)), "{other:?}");
    assert!(other.sent_s.expect("commanded") > 4.0 * 3_600.0 && other.reset_s >= other.sent_s);
    let ran = run(&two(reset(1), 8));
    let other = row(&ran, 2);
    assert_eq!((other.outcome, other.reset_s, other.sent_s), (Outcome::LeftOut, None, None));
    assert_eq!(row(&ran, 1).outcome, Outcome::Ok);
}

#[test]
fn firmware_waits_for_a_link_before_it_asks_anything_of_its_meter() {
    let firmware = |wait_h: u64| {
        JobSpec::Firmware(Box::new(FirmwareSpec {
            preset: FirmwarePreset::Dlms,
            activation: ActivationSpec { install: SimTime::from_secs(60), ..ActivationSpec::default() },
            waves: waits("snr >= 15 dB", Some(wait_h)),
            ..FirmwareSpec::new(SimTime::from_secs(2 * HOUR + 600), 2_160)
        }))
    };
    // The second meter waits until the hour in which its 30 dB go away is told of; both run the image then, as an activation waits for the whole wave.
    let ran = run(&two(firmware(8), 4));
    let (good, other) = (row(&ran, 1), row(&ran, 2));
    assert_eq!((good.outcome, good.held_by.0), (Outcome::Ok, None), "{good:?}");
    assert_eq!((other.outcome, other.held_by.0), (Outcome::Ok, Some(HeldBy::Snr)), "{other:?}");
    assert!(good.complete_s.0.expect("complete") < 3.0 * 3_600.0 && other.sent_s.expect("offered") > 4.4 * 3_600.0);
    assert!(good.answered_s.expect("runs it") > other.verified_s.0.expect("verified"));
    // An hour after its turn, or when the next hour is told of, it is left out, and the first one activates without it.
    let ran = run(&two(firmware(1), 9));
    let (good, other) = (row(&ran, 1), row(&ran, 2));
    assert_eq!((other.outcome, other.held_by.0, other.sent_s), (Outcome::LeftOut, Some(HeldBy::Snr), None));
    assert_eq!(other.image_state.0, Some(ImageState::Waiting));
    assert!(
        good.outcome == Outcome::Ok && (3.1..4.2).contains(&(good.answered_s.expect("runs it") / 3_600.0)),
        "{good:?}"
    );
}
