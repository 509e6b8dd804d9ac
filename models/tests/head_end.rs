//! The head-end's limits over whole worlds: waves of retries, instances that fail, and the way of rows to the meter data management.

use amitwin_data::rows::{Added, HeadendRow, ImageState, Outcome, TransactionKind};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, firmware_over_ideal, run, sites, world};

const fn s(seconds: u64) -> SimTime {
    SimTime::from_secs(seconds)
}

/// Border routers 10 km apart, with so many meters around each, over an ideal medium that takes 2 s each way.
fn town(routers: u32, meters_each: u32, seconds: u64, limits: HeadEndSpec) -> WorldSpec {
    let east = |n: u32| 10_000.0 * n as f32;
    let around = (0..routers * meters_each).map(|n| (Meter, east(n % routers), 10.0 + n as f32));
    let places = (0..routers).map(|n| (Gateway, east(n), 0.0)).chain(around);
    let mut spec = world(sites(places), PhyMode::M3, seconds);
    spec.medium = MediumKind::Ideal;
    spec.ideal = IdealSpec { latency: s(2), loss: 0.0 };
    spec.head_end = Some(limits);
    spec
}

fn reads(content: PollContent, every: SimTime, window: SimTime) -> PollSpec {
    PollSpec {
        every,
        at: SimTime::ZERO,
        window: Some(window),
        parallel: 1_000,
        attempts: 3,
        timeout: s(20),
        ..PollSpec::once("reads".to_owned(), content)
    }
}

fn sum(ran: &Ran, of: fn(&HeadendRow) -> Added<u32>) -> u32 {
    ran.rows.headend.iter().map(|row| of(row).0.expect("written")).sum()
}

#[test]
fn retries_without_jitter_come_in_waves_and_with_it_they_do_not() {
    let sessions = |jitter: f64| {
        let retry = RetrySpec { after: s(30), jitter, ..RetrySpec::default() };
        let mut spec = town(1, 240, 600, HeadEndSpec { retry: Some(retry), ..HeadEndSpec::default() });
        let ping =
            PaceSpec { at: s(60), window: Some(s(10)), timeout: s(30), attempts: Some(3), ..PaceSpec::default() };
        let job = JobSpec::Ping(ping);
        spec.campaigns = vec![CampaignSpec { name: "clocks".to_owned(), priority: PRIORITY_USUAL, role: None, job }];
        // Nobody is heard.
        spec.events = vec![event("cut", 0, None, Act::BackhaulDown(BackhaulDown {}), vec![0])];
        run(&spec).rows.headend.iter().map(|row| row.sessions).collect::<Vec<_>>()
    };
    // Asked at 60-70 s; given up 30 s later; after 30 s again, at 120-130 s; after 60 s again, at 210-220 s.
    let waves = sessions(0.0);
    assert_eq!(waves, [0, 240, 240, 240, 0, 0, 0, 0, 0, 0]);
    let flat = sessions(1.0);
    assert_eq!(flat.iter().sum::<u32>(), 720);
    // The second tries come at 90-160 s, four in ten before 120 s, and the third ones at 120-310 s, so that no minute has all of them.
    assert!(flat[1] > 300 && flat[2] < 220 && flat[3] < 160 && flat[4] > 20, "{flat:?}");
}

#[test]
fn sessions_of_an_instance_that_fails_are_lost_and_come_again() {
    for balance in [Balance::RoundRobin, Balance::LeastLoaded] {
        let limits = HeadEndSpec { instances: 3, balance, ..HeadEndSpec::default() };
        let mut spec = town(1, 300, 1_200, limits);
        spec.polls = vec![reads(PollContent::Registers, s(600), s(300))];
        let act = Act::HeadEndFails(HeadEndFails { instance: 2 });
        spec.events = vec![event("down", 100, Some(200), act, vec![])];
        let ran = run(&spec);
        let rows: Vec<_> = ran.of(TransactionKind::Read).collect();
        assert_eq!(rows.len(), 600);
        assert!(rows.iter().all(|row| row.outcome == Outcome::Ok), "{balance:?}");
        // One a second, 4.1 s each, of which every third is at an instance: one or two are lost, and asked again.
        let lost = sum(&ran, |row| row.sessions_lost);
        assert!((1..=2).contains(&lost), "{balance:?}: {lost}");
        assert_eq!(rows.iter().filter(|row| row.attempts == 2).count() as u32, lost);
        assert_eq!(sum(&ran, |row| row.retries), lost);
        // Their answers came to nobody, or their messages were at the desk.
        assert_eq!(sum(&ran, |row| row.messages_lost), lost);
        assert_eq!(ran.rows.headend.iter().map(|row| row.sessions).sum::<u32>(), 600 + lost);
        let up: Vec<_> = ran.rows.headend.iter().map(|row| row.instances.0.expect("written")).collect();
        // It fails in the second minute, and is back as the sixth begins, at 300 s.
        assert_eq!(up[..7], [3, 2, 2, 2, 2, 3, 3], "{balance:?}");
    }
}

#[test]
fn what_fails_at_a_full_minute_is_of_the_minute_that_begins() {
    let permits = PermitsSpec { open: 1, ..PermitsSpec::default() };
    let mut spec = town(1, 40, 600, HeadEndSpec { permits: Some(permits), ..HeadEndSpec::default() });
    spec.polls = vec![reads(PollContent::Registers, s(600), s(300))];
    // A read takes 4.1 s and they come 7.5 s apart, the ninth at 60 s: at 180 s a session has just begun or is about to.
    spec.events = vec![event("down", 180, Some(120), Act::HeadEndFails(HeadEndFails { instance: 0 }), vec![])];
    let ran = run(&spec);
    let minutes = &ran.rows.headend[..6];
    let up: Vec<_> = minutes.iter().map(|row| row.instances.0.expect("written")).collect();
    assert_eq!(up, [1, 1, 1, 0, 0, 1]);
    let lost: Vec<u32> = minutes.iter().map(|row| row.sessions_lost.0.expect("written")).collect();
    assert!(lost.iter().enumerate().all(|(minute, &lost)| lost == 0 || minute == 3), "{lost:?}");
    // Each minute once.
    let starts: Vec<f64> = ran.rows.headend.iter().map(|row| row.time_s).collect();
    assert_eq!(starts, (0..10).map(|minute| 60.0 * f64::from(minute)).collect::<Vec<_>>());
}

#[test]
fn a_shard_that_is_down_makes_its_own_meters_wait() {
    for balance in [Balance::ByRouter, Balance::ByMeter] {
        let limits = HeadEndSpec { instances: 3, balance, ..HeadEndSpec::default() };
        let mut spec = town(3, 30, 600, limits);
        spec.polls = vec![reads(PollContent::Registers, s(600), s(300))];
        let act = Act::HeadEndFails(HeadEndFails { instance: 1 });
        spec.events = vec![event("down", 0, Some(400), act, vec![])];
        let ran = run(&spec);
        let is_there = |node: u32, router: u32| match balance {
            Balance::ByRouter => router == 0,
            // A third of 93 sites.
            _ => node < 31,
        };
        let mut waited = 0;
        for row in ran.of(TransactionKind::Read) {
            assert_eq!((row.outcome, row.attempts), (Outcome::Ok, 1), "{balance:?}: {row:?}");
            let sent_s = if is_there(row.node, row.gateway) { 400.0 } else { row.planned_s };
            assert_eq!(row.sent_s, Some(sent_s), "{balance:?}: {row:?}");
            waited += u32::from(sent_s == 400.0);
        }
        // Three of the first 31 sites are border routers.
        assert_eq!(waited, if balance == Balance::ByRouter { 30 } else { 28 });
        assert_eq!(ran.of(TransactionKind::Read).count(), 90);
    }
}

#[test]
fn rows_reach_the_meter_data_management_once_each_whatever_is_handed_over_again() {
    let broker = BrokerSpec { unacknowledged: 0.3, redelivery: (s(60), s(120)), prefetch: 2, ..BrokerSpec::default() };
    let mut spec = town(1, 50, 7_100, HeadEndSpec { broker: Some(broker), ..HeadEndSpec::default() });
    spec.polls = vec![reads(PollContent::Profile, s(1_800), s(300))];
    let ran = run(&spec);
    let (head_end, mdms) = (ran.head_end(), ran.head_end().broker().expect("there is one"));
    // Two quarters of an hour of 50 meters in each of three rounds; the first one finds nothing.
    assert_eq!((head_end.ledger.kept, head_end.ledger.duplicates), (300, 0));
    assert_eq!((mdms.ledger.kept, mdms.unacknowledged()), (300, 0));
    let redelivered = sum(&ran, |row| row.broker_redelivered);
    // 150 answers, of which 0.3 / 0.7 come again, within three times the spread of chance.
    assert!((f64::from(redelivered) - 64.3).abs() < 3.0 * 9.6, "{redelivered}");
    // Each brings its two rows again, and nothing else does.
    assert_eq!(mdms.ledger.duplicates, 2 * u64::from(redelivered));
    assert_eq!(sum(&ran, |row| row.mdms_rows), 300);
    assert_eq!(u64::from(sum(&ran, |row| row.mdms_rows_duplicate)), mdms.ledger.duplicates);
}

#[test]
fn what_a_role_may_not_is_never_sent_and_stands_in_the_audit() {
    let role = RoleSpec { name: "reader".to_owned(), may: vec![Right::Read] };
    let reader = Some("reader".to_owned());
    for delivery in [Delivery::Unicast, Delivery::Broadcast] {
        let mut spec = town(1, 5, 1_800, HeadEndSpec { role: vec![role.clone()], ..HeadEndSpec::default() });
        spec.polls = vec![PollSpec { role: reader.clone(), ..reads(PollContent::Registers, s(1_800), s(300)) }];
        let window = Some(Window::Range(SimTime::ZERO, s(100)));
        let reset = CampaignSpec::reset("night", ResetSpec { at: s(400), window, delivery, ..ResetSpec::default() });
        let ping =
            PaceSpec { at: s(600), window: Some(s(50)), timeout: s(30), attempts: Some(3), ..PaceSpec::default() };
        let clocks = CampaignSpec { name: "clocks".to_owned(), job: JobSpec::Ping(ping), ..reset.clone() };
        let mut campaigns = vec![CampaignSpec { role: reader.clone(), ..reset }, clocks];
        campaigns[1].role = reader.clone();
        spec.campaigns = campaigns;
        let ran = run(&spec);
        let of = |kind| ran.of(kind).map(|row| (row.outcome, row.attempts, row.reset_s)).collect::<Vec<_>>();
        assert_eq!(of(TransactionKind::Read), [(Outcome::Ok, 1, None); 5]);
        assert_eq!(of(TransactionKind::Reset), [(Outcome::Forbidden, 0, None); 5], "{delivery:?}");
        assert_eq!(of(TransactionKind::Ping), [(Outcome::Forbidden, 0, None); 5]);
        let audit = |kind| ran.rows.audit.iter().filter(|row| row.kind == kind).map(|row| row.node).collect::<Vec<_>>();
        assert_eq!(audit(TransactionKind::Ping), [1, 2, 3, 4, 5].map(Some));
        // A flood is one command.
        assert_eq!(audit(TransactionKind::Reset).len(), if delivery == Delivery::Broadcast { 1 } else { 5 });
        assert!(ran.rows.audit.iter().all(|row| &*row.role == "reader"));
        // Sessions of the reads alone.
        assert_eq!(ran.rows.headend.iter().map(|row| row.sessions).sum::<u32>(), 5);
    }
}

#[test]
fn campaigns_have_their_own_roles_whatever_their_order_in_the_file() {
    let role = RoleSpec { name: "asker".to_owned(), may: vec![Right::Ping] };
    let mut spec = town(1, 5, 1_800, HeadEndSpec { role: vec![role], ..HeadEndSpec::default() });
    let ping = PaceSpec { at: s(600), window: Some(s(50)), timeout: s(30), ..PaceSpec::default() };
    let image = CampaignSpec::firmware("v2", FirmwareSpec::new(s(400), 1_000));
    let clocks = CampaignSpec { name: "clocks".to_owned(), job: JobSpec::Ping(ping), ..image.clone() };
    // The image stands first and may not be brought by who asks for clocks; the ping may.
    let asker = Some("asker".to_owned());
    spec.campaigns = vec![CampaignSpec { role: asker.clone(), ..image }, CampaignSpec { role: asker, ..clocks }];
    let ran = run(&spec);
    let of = |kind| ran.of(kind).map(|row| row.outcome).collect::<Vec<_>>();
    assert_eq!(of(TransactionKind::Ping), [Outcome::Ok; 5]);
    assert_eq!(of(TransactionKind::Firmware), [Outcome::Forbidden; 5]);
}

#[test]
fn a_meter_is_given_up_in_time_while_the_question_waits_for_a_session() {
    let image = FirmwareSpec {
        delivery: Some(FirmwareDelivery::Unicast),
        target: Target::of(vec![1]),
        give_up_after: s(600),
        ..FirmwareSpec::new(s(60), 500)
    };
    let mut spec = firmware_over_ideal(2, 0.0, 3_000, image);
    let patient = PermitsSpec { open: 1, wait: s(86_400), ..PermitsSpec::default() };
    spec.head_end = Some(HeadEndSpec { permits: Some(patient), ..HeadEndSpec::default() });
    let row = |ran: &Ran| ran.of(TransactionKind::Firmware).next().cloned().expect("a row");
    assert_eq!(row(&run(&spec)).outcome, Outcome::Ok);
    // The only session is that of a ping to a meter without supply, from before the meter is back until after the run.
    let ping = PaceSpec { timeout: s(3_600), target: Target::of(vec![2]), ..PaceSpec::new(s(110), s(1)) };
    let clocks = CampaignSpec { name: "clocks".to_owned(), job: JobSpec::Ping(ping), ..spec.campaigns[0].clone() };
    spec.campaigns.push(clocks);
    spec.events = vec![event("dark", 50, None, Act::PowerOff(PowerOff {}), vec![2])];
    let ran = run(&spec);
    let row = row(&ran);
    // It runs the image, as nobody has heard.
    assert_eq!((row.outcome, row.image_state.0, row.answered_s), (Outcome::Failed, Some(ImageState::Running), None));
    let told_s = row.verified_s.0.expect("verified");
    assert!((60.0..110.0).contains(&told_s), "the ping comes after it: {row:?}");
}
