//! Campaigns that wait for links: who is asked when, and who is left out.

use amitwin_data::rows::{HeldBy, ImageState, Outcome, TransactionRow};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, run, sites, world};

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
    JobSpec::Ping(PaceSpec {
        at: SimTime::from_secs(2 * HOUR + 600),
        window: Some(SimTime::from_secs(60)),
        timeout: SimTime::from_secs(60),
        attempts: Some(1),
        waves: waits(text, wait_h),
        ..PaceSpec::default()
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
        JobSpec::Ping(ping) => JobSpec::Ping(PaceSpec { at: SimTime::from_secs(60), ..ping }),
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

/// So many meters around a border router, over the ideal medium.
fn ideal(meters: u32, campaigns: Vec<CampaignSpec>) -> WorldSpec {
    let meter = |n: u32| (Meter, 40.0 + n as f32, 0.0);
    let places = [(Gateway, 0.0, 0.0)].into_iter().chain((0..meters).map(meter));
    let mut spec = world(sites(places), PhyMode::M3, 4 * HOUR);
    spec.medium = MediumKind::Ideal;
    spec.campaigns = campaigns;
    spec
}

/// A ping of meters of which something is asked; so long it waits.
fn asks(name: &str, at_s: u64, text: &str, wait: SimTime) -> CampaignSpec {
    let waves = WavesSpec {
        only_when: Some(Condition::parse(text).expect("a condition")),
        wait: Some(wait),
        ..WavesSpec::default()
    };
    let pace = PaceSpec { waves, ..PaceSpec::new(SimTime::from_secs(at_s), SimTime::from_secs(60)) };
    CampaignSpec { name: name.into(), priority: PRIORITY_USUAL, role: None, job: JobSpec::Ping(pace) }
}

type Held = (u32, Outcome, Option<HeldBy>);

fn held(ran: &Ran, name: &str) -> Vec<Held> {
    let rows = ran.rows.transactions.iter().filter(|row| &*row.campaign == name);
    let mut rows: Vec<Held> = rows.map(|row| (row.node, row.outcome, row.held_by.0)).collect();
    rows.sort_by_key(|row| row.0);
    rows
}

#[test]
fn meters_are_chosen_by_the_firmware_that_they_run_now() {
    let (at, version) = (SimTime::from_secs(600), Some(Version([3, 0, 0])));
    let image = FirmwareSpec {
        delivery: Some(FirmwareDelivery::Unicast),
        target: Target::of(vec![1, 2]),
        is: ImageTraits { version, ..ImageTraits::default() },
        ..FirmwareSpec::new(at, 1_000)
    };
    let campaigns = vec![
        CampaignSpec::firmware("v3", image),
        asks("old", 60, "firmware < 3.0.0", SimTime::ZERO),
        asks("early", 60, "firmware >= 3.0.0", SimTime::from_secs(3 * HOUR)),
        asks("late", 2 * HOUR, "firmware >= 3.0.0", SimTime::ZERO),
        asks("still old", 2 * HOUR, "firmware != v3", SimTime::ZERO),
    ];
    let mut spec = ideal(4, campaigns);
    let only_when = Some(Condition::parse("firmware = v3").expect("a condition"));
    let (every, window) = (SimTime::from_secs(2 * HOUR), Some(SimTime::from_secs(60)));
    let read = PollSpec::once("registers".to_owned(), PollContent::Registers);
    spec.polls = vec![PollSpec { every, window, only_when, ..read }];
    let ran = run(&spec);
    let (ok, other) = (|node| (node, Outcome::Ok, None), |node| (node, Outcome::LeftOut, Some(HeldBy::Firmware)));
    // All come with 2.0.0; two of them run the image within half an hour.
    assert_eq!(held(&ran, "old"), [ok(1), ok(2), ok(3), ok(4)]);
    assert_eq!(held(&ran, "late"), [ok(1), ok(2), other(3), other(4)]);
    assert_eq!(held(&ran, "still old"), [other(1), other(2), ok(3), ok(4)]);
    // Who waits is looked at each hour.
    let had = |node| (node, Outcome::Ok, Some(HeldBy::Firmware));
    assert_eq!(held(&ran, "early"), [had(1), had(2), other(3), other(4)]);
    let sent: Vec<f64> =
        ran.rows.transactions.iter().filter(|row| &*row.campaign == "early").filter_map(|row| row.sent_s).collect();
    assert!(sent.iter().all(|sent| (3_600.0..7_200.0).contains(sent)), "{sent:?}");
    // The first round of reads finds nobody, the second those two.
    let round = |n: usize| {
        let mut rows = held(&ran, "registers");
        rows.sort_by_key(|row| (row.1 == Outcome::Ok, row.0));
        rows.into_iter().filter(move |row| (row.1 == Outcome::Ok) == (n == 1)).collect::<Vec<_>>()
    };
    assert_eq!(round(1), [ok(1), ok(2)]);
    assert_eq!(round(0).len(), 6);
}

#[test]
fn meters_in_trouble_and_those_not_heard_are_left_out() {
    let mut spec = ideal(
        3,
        vec![
            asks("before", 600, "healthy", SimTime::ZERO),
            asks("healthy", 2 * HOUR, "healthy", SimTime::ZERO),
            asks("heard", 2 * HOUR, "heard within 1h", SimTime::ZERO),
        ],
    );
    let every = SimTime::from_secs(600);
    spec.traffic.keep_alive = Some(KeepAliveSpec { every, spread: SimTime::from_secs(60), missed: 2 });
    spec.events = vec![event("dark", HOUR / 2, None, Act::PowerOff(PowerOff {}), vec![2])];
    let ran = run(&spec);
    let (ok, by) = (|node| (node, Outcome::Ok, None), |held_by| (2, Outcome::LeftOut, Some(held_by)));
    assert_eq!(held(&ran, "before"), [ok(1), ok(2), ok(3)]);
    // Meter 2 is dark from half an hour on: it has missed two keep-alives by the end of the hour, and was last heard 90 minutes before.
    assert_eq!(held(&ran, "healthy"), [ok(1), by(HeldBy::Silent), ok(3)]);
    assert_eq!(held(&ran, "heard"), [ok(1), by(HeldBy::NotHeard), ok(3)]);
    // One that has told of its outage need not miss anything.
    spec.traffic.keep_alive = None;
    spec.device.last_gasp = Some(LastGaspSpec::default());
    let ran = run(&spec);
    assert_eq!(held(&ran, "healthy"), [ok(1), by(HeldBy::Dark), ok(3)]);
    // Nor need one that has told that its voltage is too low: 20 deviations, where 6 are told.
    spec.device.last_gasp = None;
    spec.traffic.health = Some(HealthSpec { k: 6.0, ..HealthSpec::default() });
    let sags = |until| EventSpec {
        until,
        act: Act::Voltage(Voltage { level: 0.8 }),
        ..event("sag", HOUR / 2, None, Act::Hang(Hang {}), vec![2])
    };
    spec.events = vec![sags(None)];
    assert_eq!(held(&run(&spec), "healthy"), [ok(1), by(HeldBy::Voltage), ok(3)]);
    spec.events = vec![sags(Some(SimTime::from_secs(HOUR)))];
    assert_eq!(held(&run(&spec), "healthy"), [ok(1), ok(2), ok(3)]);
}

#[test]
fn a_golden_image_is_the_firmware_on_file_from_then_on() {
    let image = |at_s, version, goes_wrong| FirmwareSpec {
        preset: FirmwarePreset::Dlms,
        give_up_after: SimTime::from_secs(600),
        visit: true,
        is: ImageTraits { version: Some(Version([version, 0, 0])), ..ImageTraits::default() },
        goes_wrong,
        ..FirmwareSpec::new(SimTime::from_secs(at_s), 1_000)
    };
    let bricks = GoesWrong { target: Target::of(vec![2]), bricks: 1.0, ..GoesWrong::default() };
    let mut spec = ideal(
        2,
        vec![
            CampaignSpec::firmware("v3", image(60, 3, Vec::new())),
            CampaignSpec::firmware("v4", image(HOUR, 4, vec![bricks])),
            asks("before", HOUR - 300, "firmware < 3.0.0", SimTime::ZERO),
            asks("old", 3 * HOUR, "firmware < 3.0.0", SimTime::ZERO),
        ],
    );
    let minute = SimTime::from_secs(60);
    spec.surroundings.technicians = Some(TechniciansSpec {
        crews: 1,
        shift: (SimTime::ZERO, SimTime::from_secs(86_400)),
        travel: (minute, minute),
        work: (minute, minute),
        ..TechniciansSpec::default()
    });
    let ran = run(&spec);
    let (ok, other) = (|node| (node, Outcome::Ok, None), |node| (node, Outcome::LeftOut, Some(HeldBy::Firmware)));
    // Both run 3.0.0 when 4.0.0 bricks the second one, which a crew gives back the 2.0.0 that it came with.
    assert_eq!(held(&ran, "before"), [other(1), other(2)]);
    assert_eq!(held(&ran, "old"), [other(1), ok(2)]);
}
