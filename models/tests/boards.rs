//! Two boards in a meter: resets that only one takes part in, versions that do not fit, and images that need a newer board.

use amitwin_data::rows::{EventKind, Outcome, TransactionKind, TransactionRow};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, run, sites, world};

fn seconds(n: u64) -> SimTime {
    SimTime::from_secs(n)
}

fn version(text: &str) -> Version {
    Version::parse(text).expect("a version")
}

/// Meters of two kinds in turn around a border router, which is site 0 and takes a turn of the first kind: those with an even number are of that. Of the
/// second kind, with odd numbers, the metrology boards are older than the communication boards need.
fn meters(count: u32, partial_resets: f64, payload: Payload) -> WorldSpec {
    let meter = |n: u32| (Meter, 40.0 + (n % 100) as f32, (n / 100) as f32);
    let places = [(Gateway, 0.0, 0.0)].into_iter().chain((0..count).map(meter));
    let mut spec = world(sites(places), PhyMode::M3, 3_000);
    spec.medium = MediumKind::Ideal;
    let kind = |name: &str| VendorSpec { name: name.to_owned(), ..VendorSpec::default() };
    spec.dlms = DlmsSpec { payload, vendors: vec![kind("new"), kind("old")], ..DlmsSpec::default() };
    let old = OtherBoards { vintage: "old".to_owned(), metrology: Some(version("2.3.1")), communication: None };
    let pair = PairRule { communication: version("3.0.0"), needs_metrology: version("2.4.0") };
    spec.device.boards = Some(BoardsSpec {
        partial_resets,
        metrology: version("2.4.0"),
        communication: version("3.1.0"),
        other: vec![old],
        pairs: vec![pair],
    });
    spec
}

fn reset(tier: ResetTier) -> CampaignSpec {
    let window = Some(Window::Range(SimTime::ZERO, seconds(10)));
    let reset = ResetSpec { tier, at: seconds(100), window, delivery: Delivery::Unicast, ..ResetSpec::default() };
    CampaignSpec::reset("reset", reset)
}

fn registers() -> PollSpec {
    PollSpec {
        at: seconds(30),
        every: seconds(600),
        window: Some(SimTime::ZERO),
        parallel: 100,
        attempts: 1,
        timeout: seconds(30),
        ..PollSpec::once("registers".to_owned(), PollContent::Registers)
    }
}

/// Outcomes of the reads of a meter, in the order of time.
fn reads(ran: &Ran, node: u32) -> Vec<Outcome> {
    let mut rows: Vec<&TransactionRow> = ran.of(TransactionKind::Read).filter(|row| row.node == node).collect();
    rows.sort_by(|a, b| a.planned_s.total_cmp(&b.planned_s));
    rows.into_iter().map(|row| row.outcome).collect()
}

#[test]
fn a_board_that_restarts_alone_is_out_of_step_with_an_older_one_until_both_restart() {
    let of = |payload| {
        let mut spec = meters(4, 1.0, payload);
        spec.polls = vec![registers()];
        let ping = JobSpec::Ping(PaceSpec { at: seconds(700), ..PaceSpec::default() });
        spec.campaigns =
            vec![reset(ResetTier::Warm), CampaignSpec { name: "ask".to_owned(), job: ping, ..reset(ResetTier::Warm) }];
        // The supply of meter 1 fails after the third round: both of its boards restart when it is back.
        spec.events = vec![event("dark", 1_300, Some(60), Act::PowerOff(PowerOff {}), vec![1])];
        run(&spec)
    };
    let ran = of(Payload::Real);
    let (ok, no) = (Outcome::Ok, Outcome::Refused);
    // Rounds at 30, 630, 1,230, 1,830 and 2,430 s; the reset at 100 s.
    for (node, expected) in [(1, [ok, no, no, ok, ok]), (2, [ok; 5]), (3, [ok, no, no, no, no]), (4, [ok; 5])] {
        assert_eq!(reads(&ran, node), expected, "meter {node}");
    }
    // Everybody has been reset, is heard again, and answers to what is no measurement.
    for kind in [TransactionKind::Reset, TransactionKind::Ping] {
        assert!(ran.of(kind).all(|row| row.outcome == ok), "{kind}");
    }
    let partial: Vec<_> = ran.rows.events.iter().filter(|row| row.kind == EventKind::PartialReset).collect();
    assert!(partial.iter().all(|row| row.value == i32::from(row.node % 2 == 1)), "{partial:?}");
    assert_eq!(partial.len(), 4);
    assert_eq!(of(Payload::Sized).rows.transactions, ran.rows.transactions);
}

#[test]
fn as_many_resets_are_partial_as_is_said_and_soft_ones_never_are() {
    let of = |tier| {
        let mut spec = meters(400, 0.25, Payload::Sized);
        spec.campaigns = vec![reset(tier)];
        run(&spec).rows.events.iter().filter(|row| row.kind == EventKind::PartialReset).count() as f64
    };
    // A quarter of 400 with a standard deviation of sqrt(400 x 0.25 x 0.75) = 8.7; three of them are allowed.
    for tier in [ResetTier::Warm, ResetTier::Cold] {
        let partial = of(tier);
        assert!((partial - 100.0).abs() <= 26.0, "{partial}");
    }
    assert_eq!(of(ResetTier::Soft), 0.0);
}

#[test]
fn a_board_has_the_version_of_the_image_that_it_runs() {
    for payload in [Payload::Sized, Payload::Real] {
        let of = |rolls_back| {
            let mut spec = meters(2, 1.0, payload);
            // As delivered all boards go together.
            if let Some(boards) = &mut spec.device.boards {
                boards.communication = version("2.9.0");
            }
            spec.polls = vec![registers()];
            let resets = [100, 1_300].map(|at| match reset(ResetTier::Warm).job {
                JobSpec::Reset(spec) => {
                    CampaignSpec::reset(format!("reset-{at}"), ResetSpec { at: seconds(at), ..spec })
                }
                job => unreachable!("{job:?}"),
            });
            let goes_wrong = vec![GoesWrong { rolls_back, ..GoesWrong::default() }];
            let image = FirmwareSpec {
                preset: FirmwarePreset::Dlms,
                is: ImageTraits { version: Some(version("3.0.0")), ..ImageTraits::default() },
                goes_wrong,
                ..FirmwareSpec::new(seconds(700), 1_000)
            };
            spec.campaigns = resets.into_iter().chain([CampaignSpec::firmware("v3", image)]).collect();
            let ran = run(&spec);
            [1, 2].map(|node| reads(&ran, node))
        };
        let (ok, no) = (Outcome::Ok, Outcome::Refused);
        // Read at 30, 630, 1,230, 1,830 and 2,430 s. The first reset changes nothing, nor does the activation, in which both boards restart; the second finds firmware 3.0.0 beside the
        // metrology board 2.3.1 of meter 1.
        assert_eq!(of(0.0), [vec![ok, ok, ok, no, no], vec![ok; 5]], "{payload:?}");
        assert_eq!(of(1.0), [vec![ok; 5], vec![ok; 5]], "{payload:?}: all run 2.9.0 again");
    }
}

#[test]
fn an_image_that_needs_a_newer_metrology_board_is_refused_before_it_is_written() {
    for payload in [Payload::Sized, Payload::Real] {
        let mut spec = meters(4, 0.0, payload);
        let image = |needs| FirmwareSpec {
            preset: FirmwarePreset::Dlms,
            is: ImageTraits { needs_metrology: Some(version(needs)), ..ImageTraits::default() },
            ..FirmwareSpec::new(seconds(60), 1_000)
        };
        let outcomes = |spec: &WorldSpec| {
            let ran = run(spec);
            let rows: Vec<_> = ran.of(TransactionKind::Firmware).map(|row| (row.node, row.outcome)).collect();
            (rows, ran.mesh().flash_writes())
        };
        spec.campaigns = vec![CampaignSpec::firmware("v4", image("2.4.0"))];
        let (ok, no) = (Outcome::Ok, Outcome::Refused);
        assert_eq!(outcomes(&spec), (vec![(1, no), (2, ok), (3, no), (4, ok)], 2), "{payload:?}");
        spec.campaigns = vec![CampaignSpec::firmware("v4", image("2.3.0"))];
        assert_eq!(outcomes(&spec), (vec![(1, ok), (2, ok), (3, ok), (4, ok)], 4), "{payload:?}");
    }
}
