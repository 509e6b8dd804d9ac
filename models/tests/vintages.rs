//! Meters and a head-end that do not understand each other, and meters that did what the head-end has not heard of.

use amitwin_data::rows::{Outcome, TransactionKind, TransactionRow};
use amitwin_dlms::{OnSuiteMismatch, Vendor};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_models::terrain::{GenerateSpec, Generator, generate};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, run, sites, world};
use dlms_cosem_rs::security::SecuritySuite;

fn campaign(delivery: Delivery, tier: ResetTier) -> CampaignSpec {
    CampaignSpec::reset("reset", reset(delivery, tier))
}

fn reset(delivery: Delivery, tier: ResetTier) -> ResetSpec {
    let window = Some(Window::Range(SimTime::from_secs(10), SimTime::from_secs(60)));
    ResetSpec { at: SimTime::from_secs(1_000), tier, window, delivery, ..ResetSpec::default() }
}

/// A border router in the middle of six meters, 100 m apart. Site 0 is the border router and of the first kind; of the
/// second kind, which says that it cannot decipher, are 1 and 4; of the third, which says nothing, 2 and 5.
fn mixed(payload: Payload, delivery: Delivery) -> Ran {
    let around = [(100.0, 0.0), (60.0, 80.0), (-60.0, 80.0), (-100.0, 0.0), (-60.0, -80.0), (60.0, -80.0)];
    let places = [(Gateway, 0.0, 0.0)].into_iter().chain(around.map(|(x, y)| (Meter, x, y)));
    let mut spec = world(sites(places), PhyMode::M1b, 4_000);
    spec.mac.hopping = true;
    let old = Vendor { suite: SecuritySuite::Suite1, suite_on_file: Some(SecuritySuite::Suite0), ..Vendor::default() };
    let silent = Vendor { on_suite_mismatch: OnSuiteMismatch::Silent, ..old.clone() };
    spec.dlms =
        DlmsSpec { payload, vendors: vec![VendorSpec::default(), old.into(), silent.into()], ..DlmsSpec::default() };
    spec.traffic.push_period = Some(SimTime::from_secs(600));
    spec.polls = vec![PollSpec {
        at: SimTime::from_secs(1_800),
        every: SimTime::from_secs(900),
        window: Some(SimTime::from_secs(60)),
        parallel: 4,
        attempts: 3,
        timeout: SimTime::from_secs(30),
        ..PollSpec::once("reads".to_owned(), PollContent::Registers)
    }];
    spec.campaigns = vec![campaign(delivery, ResetTier::Warm)];
    run(&spec)
}

/// Kind of a meter in [`mixed`].
fn kind(row: &TransactionRow) -> usize {
    row.node as usize % 3
}

#[test]
fn a_meter_of_another_suite_refuses_or_looks_timed_out() {
    let ran = mixed(Payload::Real, Delivery::Unicast);
    assert_eq!(ran.of(TransactionKind::Read).count(), 3 * 6);
    for read in ran.of(TransactionKind::Read) {
        let expected = [(Outcome::Ok, 1), (Outcome::Refused, 1), (Outcome::Failed, 3)][kind(read)];
        assert_eq!((read.outcome, read.attempts), expected, "{read:?}");
        assert_eq!(read.answered_s.is_some(), kind(read) < 2, "an exception is an answer: {read:?}");
    }
    assert_eq!(ran.of(TransactionKind::Reset).count(), 6);
    for reset in ran.of(TransactionKind::Reset) {
        let expected =
            [(Outcome::Ok, Some(true), 1), (Outcome::Refused, Some(false), 1), (Outcome::Pending, Some(false), 3)]
                [kind(reset)];
        assert_eq!((reset.outcome, reset.acknowledged, reset.attempts), expected, "{reset:?}");
        assert_eq!(reset.reset_s.is_some(), kind(reset) == 0, "only who understands resets: {reset:?}");
    }
    // What such meters push arrives, and is not believed.
    let pushed = ran.of(TransactionKind::Push).filter(|push| push.outcome == Outcome::Ok && kind(push) > 0).count();
    assert!(pushed > 8, "{pushed}");
    assert_eq!(ran.head_end().talk.wrong, pushed as u64);
    assert_eq!(ran.head_end().talk.values_wrong, 0);
}

#[test]
fn what_is_for_all_is_heard_by_those_whose_suite_it_is() {
    let ran = mixed(Payload::Real, Delivery::Broadcast);
    for reset in ran.of(TransactionKind::Reset) {
        let expected = if kind(reset) == 0 { (Outcome::Ok, true) } else { (Outcome::Pending, false) };
        assert_eq!((reset.outcome, reset.reset_s.is_some()), expected, "{reset:?}");
        assert_eq!(reset.acknowledged, None, "a broadcast is not answered");
    }
}

#[test]
fn payloads_that_are_only_sized_are_misunderstood_alike() {
    for delivery in [Delivery::Unicast, Delivery::Broadcast] {
        let (real, sized) = (mixed(Payload::Real, delivery), mixed(Payload::Sized, delivery));
        assert_eq!(real.rows.transactions, sized.rows.transactions);
        assert_eq!(real.rows.airtime, sized.rows.airtime);
        assert_eq!(real.head_end().talk.wrong, sized.head_end().talk.wrong);
    }
}

#[test]
fn a_reset_that_the_head_end_has_not_heard_of_has_its_time() {
    let mut spec = world(sites([(Gateway, 0.0, 0.0), (Meter, 100.0, 0.0)]), PhyMode::M1b, 1_061);
    spec.campaigns = vec![campaign(Delivery::Broadcast, ResetTier::Cold)];
    // The supply is off for 10 s and the boot takes 5 at least: the meter is not back at the end.
    let ran = run(&spec);
    let [row] = &ran.of(TransactionKind::Reset).collect::<Vec<_>>()[..] else { panic!("one row") };
    assert_eq!((row.outcome, row.answered_s), (Outcome::Pending, None));
    assert_eq!(row.reset_s, Some(row.planned_s));
}

#[test]
fn answers_to_commands_get_lost_and_their_meters_reset_all_the_same() {
    let place = GenerateSpec { meters: 200, spacing_m: Some(40.0), ..GenerateSpec::default() };
    let mut spec = world(generate(Generator::Suburb, &place, 5).expect("a suburb"), PhyMode::M1b, 5_000);
    spec.radio.path_loss = LossModel::StreetLevel;
    (spec.radio.shadowing_sigma_db, spec.radio.meter_loss_db) = (7.0, 8.0);
    spec.radio.hearing_floor_dbm = -110.0;
    spec.mac.hopping = true;
    let window = Some(Window::Range(SimTime::ZERO, SimTime::from_secs(1)));
    let at_once = ResetSpec { window, ..reset(Delivery::Unicast, ResetTier::Warm) };
    spec.campaigns = vec![CampaignSpec::reset("reset", at_once)];
    let ran = run(&spec);
    let count = |acknowledged, did: bool| {
        let same = |row: &&TransactionRow| row.acknowledged == Some(acknowledged) && row.reset_s.is_some() == did;
        ran.of(TransactionKind::Reset).filter(same).count()
    };
    assert!(count(false, true) > 5, "two hundred commands at once: some answers are lost");
    // Of two hundred at once twenty or so find room at the border router, and as many each time that the others are repeated.
    assert!(count(true, true) > 5, "and some are not: {}", count(true, true));
    assert_eq!(count(true, false), 0, "who has answered has reset");
}

#[test]
fn answers_wait_a_random_time_within_the_range() {
    let delays = |low: u64, high: u64| {
        let mut spec = world(sites([(Gateway, 0.0, 0.0), (Meter, 100.0, 0.0)]), PhyMode::M1b, 7_200);
        spec.dlms.answer_delay = (SimTime::from_millis(low), SimTime::from_millis(high));
        spec.polls = vec![PollSpec {
            at: SimTime::from_secs(60),
            every: SimTime::from_secs(60),
            window: Some(SimTime::ZERO),
            parallel: 1,
            attempts: 1,
            timeout: SimTime::from_secs(30),
            ..PollSpec::once("reads".to_owned(), PollContent::Registers)
        }];
        let ran = run(&spec);
        let delay = |read: &TransactionRow| read.answered_s.expect("answered") - read.sent_s.expect("sent");
        ran.of(TransactionKind::Read).map(delay).collect::<Vec<f64>>()
    };
    let bounds = |delays: &[f64]| {
        let (low, high) = (delays.iter().copied().fold(f64::MAX, f64::min), delays.iter().copied().fold(0.0, f64::max));
        (low, high, delays.iter().sum::<f64>() / delays.len() as f64)
    };
    let (at_once, waiting) = (delays(0, 0), delays(2_000, 4_000));
    assert_eq!((at_once.len(), waiting.len()), (119, 119));
    let ((first, last, mean), (low, high, later)) = (bounds(&at_once), bounds(&waiting));
    // The air takes a few milliseconds more or less.
    assert!(low >= first + 1.95 && high <= last + 4.05, "{first} {last} {low} {high}");
    assert!((later - mean - 3.0).abs() < 0.2, "uniform: the mean is in the middle, {mean} {later}");
}
