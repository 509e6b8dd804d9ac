//! Reads over the air: DLMS requests and answers of meters in a line and in a suburb, checked by hand and against the
//! meters' own registers.

use amitwin_data::rows::{Outcome, TransactionKind, TransactionRow};
use amitwin_models::headend::HeadEnd;
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_models::terrain::{GenerateSpec, Generator, generate};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, run, sites, world};

const QUARTER: u64 = 900;

/// A border router and meters 100 m apart in a line: meter n is n hops away.
fn line(meters: u32, seconds: u64) -> WorldSpec {
    let places = (0..=meters).map(|n| (if n == 0 { Gateway } else { Meter }, n as f32 * 100.0, 0.0));
    let mut spec = world(sites(places), PhyMode::M1b, seconds);
    spec.mac.hopping = true;
    spec
}

fn poll(every: u64, content: PollContent) -> PollSpec {
    PollSpec {
        at: SimTime::ZERO,
        every: SimTime::from_secs(every),
        window: Some(SimTime::from_secs(every / 2)),
        parallel: 4,
        attempts: 3,
        timeout: SimTime::from_secs(60),
        ..PollSpec::once("reads".to_owned(), content)
    }
}

fn reads(ran: &Ran) -> impl Iterator<Item = &TransactionRow> {
    ran.of(TransactionKind::Read)
}

#[test]
fn each_quarter_of_an_hour_is_read_once_and_is_what_the_register_was() {
    let mut spec = line(5, 8 * QUARTER + 600);
    spec.polls = vec![poll(QUARTER, PollContent::Profile)];
    let ran = run(&spec);
    // The round at 0 s finds nothing to read; eight follow.
    assert_eq!(reads(&ran).count(), 8 * 5);
    for read in reads(&ran) {
        assert_eq!((read.outcome, read.attempts), (Outcome::Ok, 1), "{read:?}");
        assert_eq!((read.hops, read.hops_made), (Some(read.node as u8), Some(read.node as u8)), "{read:?}");
        let round = (read.planned_s / QUARTER as f64).floor();
        // Five meters over half of the round, in the order of their ids.
        assert_eq!(read.planned_s, round * QUARTER as f64 + f64::from(read.node - 1) * 90.0, "{read:?}");
        assert_eq!(read.sent_s, Some(read.planned_s));
        assert!(read.answered_s.unwrap() > read.planned_s + 0.1, "two backhauls and the air: {read:?}");
        // The request: wrapper 8, general ciphering 16, tag 12, and C0 01 C1, attribute 9, 1, selector 1, a structure of
        // four (2): clock 18, two times of 14, no columns 2. The answer: 8, 16, 12, C4 01 C1 00, an array of one (2) row
        // of four (2): time 14, status 2, two counters of 5.
        assert_eq!(read.bytes, (36 + 3 + 9 + 2 + 2 + 18 + 28 + 2) + (36 + 4 + 2 + 2 + 14 + 2 + 10), "{read:?}");
    }
    let head_end = ran.head_end();
    assert_eq!((head_end.ledger.kept, head_end.ledger.duplicates), (8 * 5, 0));
    assert_eq!((head_end.talk.values, head_end.talk.values_wrong, head_end.talk.wrong), (8 * 5 * 2, 0, 0));
}

#[test]
fn a_day_comes_in_as_many_answers_as_it_takes_and_registers_come_in_one() {
    let mut spec = line(3, 90_000);
    spec.polls = vec![
        PollSpec { at: SimTime::from_secs(86_400), window: Some(SimTime::ZERO), ..poll(86_400, PollContent::Profile) },
        PollSpec { name: "registers".to_owned(), ..poll(3_600, PollContent::Registers) },
    ];
    let ran = run(&spec);
    let (profile, registers): (Vec<_>, Vec<_>) = reads(&ran).partition(|read| &*read.campaign == "reads");
    assert_eq!((profile.len(), registers.len()), (3, 3 * 25));
    // 1,024 B less 40 hold 34 rows of 28 B: three requests for 96. All three meters are asked at once, so that one of them may be lost on a channel that stays busy and asked again.
    assert!(profile.iter().all(|read| read.outcome == Outcome::Ok && read.attempts >= 3), "{profile:?}");
    assert!(profile.iter().map(|read| read.attempts).sum::<u16>() <= 3 * 3 + 1, "{profile:?}");
    assert!(registers.iter().all(|read| read.outcome == Outcome::Ok), "{registers:?}");
    let again = registers.iter().filter(|read| read.attempts > 1).count();
    assert!(again <= 5, "{again} of 75");
    let head_end = ran.head_end();
    assert_eq!(head_end.ledger.kept, 3 * 96);
    assert_eq!((head_end.talk.values, head_end.talk.values_wrong), (3 * 96 * 2 + 3 * 25 * 2, 0));
}

#[test]
fn an_impatient_head_end_asks_again_and_keeps_nothing_twice() {
    let mut spec = line(10, 8 * QUARTER);
    // A round trip over ten hops takes longer than that.
    let timeout = SimTime::from_millis(700);
    spec.polls = vec![PollSpec { timeout, attempts: 6, ..poll(QUARTER, PollContent::Profile) }];
    let ran = run(&spec);
    let head_end = ran.head_end();
    let far: Vec<_> = reads(&ran).filter(|read| read.node == 10 && read.outcome == Outcome::Ok).collect();
    assert!(!far.is_empty() && far.iter().all(|read| read.attempts > 1), "{far:?}");
    assert!(head_end.statistics.late > 0 && head_end.ledger.duplicates > 0);
    assert_eq!((head_end.talk.wrong, head_end.talk.values_wrong), (0, 0));
    let ok = reads(&ran).filter(|read| read.outcome == Outcome::Ok).count() as u64;
    assert!(head_end.ledger.kept >= ok, "late answers are kept too");
    assert!(head_end.ledger.kept <= 7 * 10);
}

#[test]
fn who_has_no_turn_is_skipped_and_read_in_the_next_round() {
    let mut spec = line(10, 1_830);
    let slow = PollSpec { parallel: 1, window: Some(SimTime::ZERO), ..poll(60, PollContent::Registers) };
    // Each read takes at least the two seconds or so of its meter's hops.
    spec.polls = vec![PollSpec { every: SimTime::from_secs(5), ..slow }];
    let ran = run(&spec);
    let of = |outcome| reads(&ran).filter(|read| read.outcome == outcome).count();
    assert!(of(Outcome::Skipped) > 0, "{} ok", of(Outcome::Ok));
    assert!(
        reads(&ran)
            .filter(|read| read.outcome == Outcome::Skipped)
            .all(|read| read.sent_s.is_none() && read.attempts == 0)
    );
    let rounds = 1_830 / 5;
    let begun = reads(&ran).count();
    assert!((10 * (rounds - 1)..=10 * rounds).contains(&begun), "{begun}");
}

/// A suburb with everything that is said over the air: reports, reads, a broadcast and a unicast reset.
fn busy(payload: Payload, vendors: Vec<VendorSpec>) -> WorldSpec {
    let place = GenerateSpec { meters: 60, spacing_m: Some(60.0), ..GenerateSpec::default() };
    let mut spec = world(generate(Generator::Suburb, &place, 5).expect("a suburb"), PhyMode::M1b, 6_000);
    spec.radio.path_loss = LossModel::StreetLevel;
    (spec.radio.shadowing_sigma_db, spec.radio.meter_loss_db, spec.radio.fading) = (7.0, 8.0, FadingSpec::default());
    spec.radio.hearing_floor_dbm = -110.0;
    spec.mac.hopping = true;
    spec.dlms = DlmsSpec { payload, vendors, ..DlmsSpec::default() };
    spec.traffic.push_period = Some(SimTime::from_secs(600));
    spec.polls = vec![
        PollSpec { timeout: SimTime::from_secs(2), ..poll(QUARTER, PollContent::Profile) },
        PollSpec { name: "registers".to_owned(), window: Some(SimTime::ZERO), ..poll(1_200, PollContent::Registers) },
    ];
    let campaign = |name: &str, at, delivery, tier| {
        let at = SimTime::from_secs(at);
        let window = Some(Window::Range(SimTime::from_secs(10), SimTime::from_secs(60)));
        let back = BackSign::Heartbeat;
        CampaignSpec::reset(name, ResetSpec { at, tier, window, delivery, back, ..ResetSpec::default() })
    };
    spec.campaigns = vec![
        campaign("all", 1_000, Delivery::Broadcast, ResetTier::Warm),
        campaign("each", 3_500, Delivery::Unicast, ResetTier::Soft),
    ];
    spec
}

#[test]
fn sized_payloads_make_the_same_traffic_as_real_ones() {
    use amitwin_dlms::{AnswerForm, OnCounterError, Vendor};
    let strange = Vendor {
        flag: *b"XYZ",
        answer_form: AnswerForm::ServiceSpecific,
        on_counter_error: OnCounterError::Close,
        pdu_max: 300,
        ..Vendor::default()
    };
    for vendors in [vec![VendorSpec::default()], vec![VendorSpec::default(), strange.into()]] {
        let real = run(&busy(Payload::Real, vendors.clone()));
        let sized = run(&busy(Payload::Sized, vendors));
        assert_eq!(real.rows.transactions.len(), sized.rows.transactions.len());
        for (a, b) in real.rows.transactions.iter().zip(&sized.rows.transactions) {
            assert_eq!(a, b);
        }
        assert_eq!(real.rows.airtime, sized.rows.airtime);
        assert_eq!(real.mesh().books.counters, sized.mesh().books.counters);
        let (real, sized) = (real.head_end(), sized.head_end());
        assert_eq!(real.talk.duplicates, sized.talk.duplicates);
        let ledger = |h: &HeadEnd| (h.ledger.kept, h.ledger.duplicates, h.statistics.late);
        assert_eq!(ledger(real), ledger(sized));
        assert!(real.talk.values > 1_000, "{}", real.talk.values);
        assert_eq!((real.talk.values_wrong, real.talk.wrong), (0, 0));
        assert_eq!(sized.talk.values, 0, "there is nothing to check");
    }
}

#[test]
fn everything_said_is_understood_in_every_suite() {
    use amitwin_dlms::{KeyMaster, Vendor};
    use dlms_cosem_rs::security::SecuritySuite;
    for suite in [SecuritySuite::Suite0, SecuritySuite::Suite1, SecuritySuite::Suite2] {
        let mut spec = busy(Payload::Real, vec![Vendor { suite, ..Vendor::default() }.into()]);
        spec.dlms.keys = KeyMaster::Secret([7; 32]);
        let ran = run(&spec);
        let head_end = ran.head_end();
        assert_eq!((head_end.talk.values_wrong, head_end.talk.wrong), (0, 0));
        let resets = ran.rows.transactions.iter().filter(|row| row.kind == TransactionKind::Reset);
        let back = resets.clone().filter(|row| row.outcome == Outcome::Ok).count();
        assert!(back * 10 >= resets.count() * 9, "{back} are back");
        assert!(head_end.ledger.kept > 300, "{}", head_end.ledger.kept);
    }
}
