//! Firmware campaigns and the rest of the head-end: permits that sessions share; and images that meters look at before they take them for theirs.

use amitwin_data::rows::{FrameKind, ImageState, Outcome, TransactionKind, TransactionRow};
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

#[test]
fn no_more_sessions_are_open_than_there_are_permits() {
    // Four meters may be talked to at a time and two have permits: the third begins when the first is done. A meter takes some 79 s (40 blocks 2 s apart), so that the last two are
    // complete that much later.
    let ran = |permits: Option<PermitsSpec>, per_router| {
        let firmware = FirmwareSpec {
            delivery: Some(FirmwareDelivery::Unicast),
            waves: WavesSpec { parallel: Some(4), ..WavesSpec::default() },
            ..FirmwareSpec::new(seconds(60), 40 * 1_024)
        };
        let mut spec = firmware_over_ideal(4, 0.0, 3_600, firmware);
        let permits = permits.map(|permits| PermitsSpec { per_router, wait: seconds(3_000), ..permits });
        spec.head_end = Some(HeadEndSpec { permits, ..HeadEndSpec::default() });
        let ran = run(&spec);
        assert_eq!(count(&ran, Outcome::Ok), 4);
        let most = ran.rows.headend.iter().filter_map(|row| row.sessions_open_max.0).max();
        let mut complete: Vec<f64> = rows(&ran).iter().map(|row| row.complete_s.0.expect("complete")).collect();
        complete.sort_by(f64::total_cmp);
        (most, complete)
    };
    let (most, free) = ran(None, None);
    assert_eq!(most, Some(4));
    let alone_s = free[0] - 60.0;
    assert!((78.0..90.0).contains(&alone_s), "{alone_s}");
    let open = |open| Some(PermitsSpec { open, ..PermitsSpec::default() });
    for (permits, per_router) in [(open(2), None), (open(100), Some(2))] {
        let (most, complete) = ran(permits, per_router);
        assert_eq!(most, Some(2), "{per_router:?}");
        let later: Vec<f64> = complete.iter().zip(&free).map(|(held, free)| held - free).collect();
        assert!(later[..2].iter().all(|s| s.abs() < 1.0), "{later:?}");
        // Verifying follows the last block in the same session.
        assert!(later[2..].iter().all(|s| (s - alone_s).abs() < 5.0), "{later:?}");
    }
}

#[test]
fn who_wants_a_signature_verifies_no_image_without_the_makers() {
    let of = |signature, payload, block: u16| {
        // Meters with odd numbers want one.
        let kind = |signed_images| VendorSpec::from(amitwin_dlms::Vendor { signed_images, ..Default::default() });
        let firmware = FirmwareSpec {
            block_bytes: Some(block),
            pace: Some(seconds(1)),
            is: ImageTraits { signature, ..ImageTraits::default() },
            ..FirmwareSpec::new(seconds(60), 4_000)
        };
        let mut spec = firmware_over_ideal(2, 0.0, 8_000, firmware);
        spec.dlms = DlmsSpec { payload, vendors: vec![kind(false), kind(true)], ..DlmsSpec::default() };
        let ran = run(&spec);
        let states = rows(&ran).iter().map(|row| (row.outcome, row.image_state.0.expect("a state"))).collect();
        let states: Vec<_> = states;
        (states, ran.mesh().flash_writes())
    };
    let (ok, no) = ((Outcome::Ok, ImageState::Running), (Outcome::Failed, ImageState::Unverified));
    for payload in [Payload::Real, Payload::Sized] {
        // In blocks of 1,000 B the last has all of the signature, of 30 B it touches three, and of 100 B it begins in the middle of one.
        for block in [1_000, 100, 30] {
            assert_eq!(of(Some(Signer::Maker), payload, block), (vec![ok, ok], 2), "{payload:?}, {block} B");
        }
        assert_eq!(of(Some(Signer::Other), payload, 1_000), (vec![no, ok], 1), "{payload:?}");
        assert_eq!(of(None, payload, 1_000), (vec![no, ok], 1), "{payload:?}");
    }
}

#[test]
fn what_an_activation_has_made_of_a_meter_is_in_the_table_even_if_the_head_end_never_hears_of_it() {
    // Told to activate within a minute of 60 s, meters write the image for ten minutes; from 300 s on nothing gets through, and an hour later they are given up.
    let wrong = |node: u32, bricks: f64| GoesWrong { target: Target::of(vec![node]), bricks, rolls_back: 1.0 - bricks };
    let image = FirmwareSpec {
        preset: FirmwarePreset::Dlms,
        pace: Some(SimTime::ZERO),
        activation: ActivationSpec { install: seconds(600), ..ActivationSpec::default() },
        give_up_after: seconds(3_600),
        goes_wrong: vec![wrong(2, 0.0), wrong(3, 1.0)],
        ..FirmwareSpec::new(seconds(60), 1_000)
    };
    let halting = WavesSpec { stop_at_failed: Some(0.0), ..WavesSpec::default() };
    let halts = FirmwareSpec { waves: halting, ..image.clone() };
    for (image, others) in [(image, Outcome::Failed), (halts, Outcome::Halted)] {
        let meter = |n: u32| (Meter, 40.0 + n as f32, 0.0);
        let places = [(Gateway, 0.0, 0.0)].into_iter().chain((0..4).map(meter));
        let mut spec = world(sites(places), PhyMode::M3, 9_000);
        spec.medium = MediumKind::Ideal;
        spec.campaigns = vec![CampaignSpec::firmware("v2", image)];
        spec.events = vec![event("cut", 300, None, Act::BackhaulDown(BackhaulDown {}), vec![0])];
        let ran = run(&spec);
        let mut rows = rows(&ran);
        rows.sort_by_key(|row| row.node);
        let states: Vec<_> = rows.iter().filter_map(|row| row.image_state.0).collect();
        assert_eq!(states, [ImageState::Running, ImageState::RolledBack, ImageState::Bricked, ImageState::Running]);
        // The first that is given up halts what the last three are part of; one that is bricked has failed either way.
        let outcomes: Vec<_> = rows.iter().map(|row| row.outcome).collect();
        assert_eq!(outcomes, [Outcome::Failed, others, Outcome::Failed, others]);
    }
}

#[test]
fn a_mesh_gets_again_what_is_lacking_there() {
    // Two meshes, 20 km apart; in the second a meter is without supply for four of twenty blocks.
    let places =
        [(0.0, Gateway), (70.0, Meter), (140.0, Meter), (20_000.0, Gateway), (20_070.0, Meter), (20_140.0, Meter)];
    let mut spec = world(sites(places.map(|(x, kind)| (kind, x, 0.0))), PhyMode::M3, 7_200);
    let firmware = FirmwareSpec {
        multicast_from: Some(1),
        pace: Some(seconds(60)),
        settle: Some(seconds(120)),
        ..FirmwareSpec::new(seconds(600), 20 * 1_024)
    };
    spec.campaigns = vec![CampaignSpec::firmware("v2", firmware)];
    spec.events = vec![event("off", 1_200, Some(240), Act::PowerOff(PowerOff {}), vec![4])];
    spec.record.frames_every = 1;
    let ran = run(&spec);
    let [first, again] = &ran.rows.rounds[..] else { panic!("{:?}", ran.rows.rounds) };
    assert!(first.blocks == 20 && (1..=6).contains(&again.blocks), "{}", again.blocks);
    let floods_since = |gateway: u32, since_s: f64| {
        let floods = ran.rows.frames.iter().filter(|f| f.src == gateway && f.kind == FrameKind::Flood);
        floods.filter(|f| f.time_s > since_s).count()
    };
    assert!(floods_since(0, 0.0) >= 23, "three announcements and twenty blocks");
    assert_eq!(floods_since(0, again.time_s), 0);
    assert!(floods_since(3, again.time_s) >= again.blocks as usize);
    assert_eq!(count(&ran, Outcome::Ok), 4);
}
