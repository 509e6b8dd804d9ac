//! A thousand random campaigns: whatever is reset, however deep and often, over whatever is lost on the way and fails meanwhile, in meters and at the
//! head-end, meters keep what they kept, and every command of any kind ends in exactly one state.

use amitwin_data::rows::{EventKind, Outcome, TransactionKind, VisitFound};
use amitwin_dlms::{ResetTier, Rest};
use amitwin_models::cell::Cell;
use amitwin_models::node::SiteId;
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use amitwin_testkit::worlds::{Ran, event, run, run_prepared, sites, world};
use std::collections::{BTreeMap, BTreeSet};

/// Worlds, with two or three campaigns each.
const WORLDS: u64 = 420;
/// One of so many is a mesh, which takes longer.
const ONE_MESH_IN: u64 = 20;
const HOUR: u64 = 3_600;

/// Draws of a world.
struct Draws(Stream);

impl Draws {
    fn below(&mut self, n: u64) -> u64 {
        ((self.0.unit() * n as f64) as u64).min(n - 1)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn among<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize].clone()
    }

    fn some(&mut self, meters: u32) -> Vec<u32> {
        (1..=meters).filter(|_| self.one_in(2)).collect()
    }
}

fn seconds(n: u64) -> SimTime {
    SimTime::from_secs(n)
}

fn waves(draws: &mut Draws) -> WavesSpec {
    WavesSpec {
        shares: draws.one_in(2).then(|| vec![0.3, 1.0]),
        pause: seconds(draws.below(300)),
        stop_at_failed: draws.one_in(3).then_some(0.4),
        order: draws.one_in(4).then_some(Order::Word(OrderWord::Random)),
        parallel: draws.one_in(4).then_some(2),
        ..WavesSpec::default()
    }
}

fn reset(draws: &mut Draws, meters: u32) -> ResetSpec {
    let delivery = draws.among(&[Delivery::Broadcast, Delivery::Unicast, Delivery::Unicast]);
    let alone = delivery == Delivery::Unicast;
    let window = Some(Window::Range(SimTime::ZERO, seconds(1 + draws.below(200))));
    let clusters = Clusters { size: 2, gap: (seconds(5), seconds(60)) };
    let (window, clusters) = if draws.one_in(4) { (None, Some(clusters)) } else { (window, None) };
    ResetSpec {
        tier: draws.among(&[ResetTier::Soft, ResetTier::Warm, ResetTier::Cold]),
        at: seconds(300 + draws.below(3_200)),
        window,
        delivery,
        back: draws.among(&[BackSign::Route, BackSign::Heartbeat]),
        give_up_after: Some(seconds(60 + draws.below(600))),
        target: if alone && draws.one_in(3) { Target::of(draws.some(meters)) } else { Target::default() },
        waves: WavesSpec { clusters, ..if alone { waves(draws) } else { WavesSpec::default() } },
        visit: draws.one_in(2),
        ..ResetSpec::default()
    }
}

fn ping(draws: &mut Draws, meters: u32) -> PaceSpec {
    PaceSpec {
        at: seconds(300 + draws.below(2_000)),
        every: None,
        window: Some(seconds(1 + draws.below(300))),
        timeout: seconds(5 + draws.below(60)),
        attempts: Some(1 + draws.below(3) as u8),
        target: if draws.one_in(3) { Target::of(draws.some(meters)) } else { Target::default() },
        waves: waves(draws),
    }
}

fn fault(draws: &mut Draws, meters: u32) -> EventSpec {
    let (at, lasts) = (100 + draws.below(2_500), Some(1 + draws.below(900)));
    let nodes = draws.some(meters);
    match draws.below(7) {
        0 => event("dark", at, lasts, Act::PowerOff(PowerOff {}), nodes),
        1 => {
            let tier = draws.among(&[ResetTier::Soft, ResetTier::Warm, ResetTier::Cold]);
            event("restart", at, None, Act::Restart(Restart { tier }), nodes)
        }
        2 => event("router", at, lasts, Act::RouterFails(RouterFails {}), vec![0]),
        3 => event("hang", at, None, Act::Hang(Hang {}), nodes),
        4 => {
            let instance = 1 + draws.below(2) as u16;
            event("instance", at, lasts, Act::HeadEndFails(HeadEndFails { instance }), Vec::new())
        }
        5 => event("down", at, lasts, Act::BackhaulDown(BackhaulDown {}), vec![0]),
        _ => event("slow", at, lasts, Act::BackhaulSlow(BackhaulSlow { delay: seconds(20) }), vec![0]),
    }
}

/// Two instances with few permits, pauses between tries, and a broker whose answers come again.
fn head_end(draws: &mut Draws) -> HeadEndSpec {
    let broker = BrokerSpec {
        redelivery: (seconds(60), seconds(240)),
        unacknowledged: 0.3,
        unwritten: draws.among(&[0.0, 0.1]),
        ..BrokerSpec::default()
    };
    HeadEndSpec {
        instances: 2,
        service: SimTime::from_millis(200),
        permits: Some(PermitsSpec { open: 1 + draws.below(3) as u32, ..PermitsSpec::default() }),
        retry: draws.one_in(2).then(RetrySpec::default),
        again_after: draws.one_in(3).then_some(seconds(300)),
        broker: Some(broker),
        ..HeadEndSpec::default()
    }
}

/// What goes wrong inside meters: applications that hang, boards of which only one restarts, supplies that frames of 92 B and more bring down.
fn device(draws: &mut Draws) -> DeviceSpec {
    let pair = PairRule { communication: Version([2, 0, 0]), needs_metrology: Version([2, 5, 0]) };
    let boards = BoardsSpec { partial_resets: 0.5, pairs: vec![pair], ..BoardsSpec::default() };
    let watchdog = draws.one_in(2).then_some(seconds(600));
    let supply = SupplySpec { weak_share: 0.5, weak_capacitance_mf: 3.0, ..SupplySpec::default() };
    DeviceSpec {
        // Two in an hour.
        hang: draws.one_in(4).then_some(HangSpec { per_year: 17_500.0, watchdog }),
        boards: draws.one_in(3).then_some(boards),
        supply: draws.one_in(2).then_some(supply),
        ..DeviceSpec::default()
    }
}

/// A border router with a few meters, what is done to them and what fails.
fn drawn(number: u64, draws: &mut Draws) -> WorldSpec {
    let meters = 2 + draws.below(6) as u32;
    let place = |n: u32| (Meter, 60.0 + 60.0 * n as f32, 0.0);
    let mut spec = world(sites([(Gateway, 0.0, 0.0)].into_iter().chain((0..meters).map(place))), PhyMode::M3, HOUR);
    spec.seed = number;
    if !number.is_multiple_of(ONE_MESH_IN) {
        spec.medium = MediumKind::Ideal;
        spec.ideal.loss = draws.among(&[0.0, 0.05, 0.3]);
    }
    // Enough for a weak supply to be felt.
    spec.radio.tx_power_dbm = 27.0;
    spec.backhaul.loss = draws.among(&[0.0, 0.05, 0.5]);
    let read = |name: &str, content, at| PollSpec {
        at: seconds(at),
        every: seconds(1_200),
        window: Some(seconds(60)),
        parallel: 4,
        attempts: 3,
        timeout: seconds(10),
        ..PollSpec::once(name.to_owned(), content)
    };
    spec.polls = vec![read("registers", PollContent::Registers, 60), read("profile", PollContent::Profile, 120)];
    for n in 0..2 + draws.below(2) {
        let name = format!("campaign {n}");
        let job =
            if draws.one_in(4) { JobSpec::Ping(ping(draws, meters)) } else { JobSpec::Reset(reset(draws, meters)) };
        spec.campaigns.push(CampaignSpec { name, job, ..CampaignSpec::reset("", ResetSpec::default()) });
    }
    spec.head_end = draws.one_in(2).then(|| head_end(draws));
    spec.device = DeviceSpec { boot: spec.device.boot, ..device(draws) };
    spec.events = (0..draws.below(4)).map(|_| fault(draws, meters)).collect();
    let instances = spec.head_end.is_some();
    spec.events.retain(|event| instances || event.act.instance().is_none());
    spec.surroundings.technicians = Some(TechniciansSpec {
        crews: 1 + draws.below(3) as u32,
        shift: (SimTime::ZERO, seconds(86_400)),
        travel: (seconds(60), seconds(300)),
        work: (seconds(60), seconds(300)),
        ask_first: draws.one_in(2),
        ..TechniciansSpec::default()
    });
    spec
}

/// What of a meter no reset may touch: contacts and how often they moved, control mode, clock, settings, flash.
fn lasting(rest: &Rest) -> impl PartialEq + std::fmt::Debug + use<> {
    let Rest { connected, relay_mode, relay_moves, clock_offset_s, flash_writes, ref changed, .. } = *rest;
    (connected, relay_mode, relay_moves, clock_offset_s, flash_writes, format!("{changed:?}"))
}

fn meters_of(cell: &Cell) -> Vec<(SiteId, &Rest)> {
    let servers = cell.meters.servers().expect("meters are spoken to");
    let rest = |node| Some((cell.facts.sites[node], servers.rest(node)?));
    cell.facts.members().filter_map(rest).collect()
}

/// Rows of load profiles are kept once at the head-end and once at the meter data management, however often they come; no more than there are.
fn rows_are_kept_once(spec: &WorldSpec, ran: &Ran) {
    let head_end = ran.head_end();
    let most = head_end.meters().len() as u64 * (spec.duration.nanos() / 1_000_000_000 / 900 + 1);
    assert!(head_end.ledger.kept <= most, "world {}", spec.seed);
    let Some(broker) = head_end.broker() else { return };
    let written: u64 = ran.rows.headend.iter().map(|row| u64::from(row.mdms_rows.0.unwrap_or(0))).sum();
    let again: u64 = ran.rows.headend.iter().map(|row| u64::from(row.mdms_rows_duplicate.0.unwrap_or(0))).sum();
    assert_eq!((written, again), (broker.ledger.kept, broker.ledger.duplicates), "world {}", spec.seed);
    assert!(broker.ledger.kept <= head_end.ledger.kept, "world {}: nothing is written that has not come", spec.seed);
}

#[test]
fn a_thousand_campaigns_leave_meters_as_they_were_and_end_in_one_state_each() {
    let (mut campaigns, mut seen) = (0, BTreeMap::<(TransactionKind, Outcome), u32>::new());
    let (mut found, mut resets, mut compared) = (BTreeMap::<VisitFound, u32>::new(), 0, 0);
    let mut happened = BTreeMap::<EventKind, u32>::new();
    let mut failures = 0;
    for number in 0..WORLDS {
        let mut draws = Draws(Stream::new(number, 0, 1));
        let spec = drawn(number, &mut draws);
        let mut before = Vec::new();
        let ran = run_prepared(&spec, |cell| {
            let members: Vec<_> = cell.facts.members().collect();
            let servers = cell.meters.servers_mut().expect("meters are spoken to");
            for node in members {
                let rest = servers.rest_mut(node).expect("real payloads");
                // Some customers are disconnected, some clocks are wrong, some relays have worked.
                rest.connected = !draws.one_in(2);
                rest.relay_mode = if rest.connected { draws.among(&[0, 2, 4]) } else { draws.among(&[2, 4]) };
                rest.relay_moves = draws.below(1_000) as u16;
                rest.changed = draws.one_in(3).then(Default::default);
            }
            before = meters_of(cell).into_iter().map(|(site, rest)| (site, lasting(rest))).collect();
        });
        let after: Vec<_> = meters_of(ran.mesh()).into_iter().map(|(site, rest)| (site, lasting(rest))).collect();
        assert!(before == after, "world {number}: {before:?} has become {after:?}");
        let talk = &ran.head_end().talk;
        assert_eq!(talk.values_wrong, 0, "world {number}: registers and profiles are those of the moment");
        (compared, resets) = (compared + talk.values, resets + ran.rows.events.len());

        ran.rows.events.iter().for_each(|row| *happened.entry(row.kind).or_default() += 1);
        failures += spec.events.iter().filter(|event| event.act.instance().is_some()).count();
        rows_are_kept_once(&spec, &ran);
        let meters = before.len();
        for (at, campaign) in spec.campaigns.iter().enumerate() {
            let meant = campaign.job.target().nodes.as_ref().map_or(meters, Vec::len);
            let rows: Vec<_> = ran.rows.transactions.iter().filter(|row| *row.campaign == *campaign.name).collect();
            let mut nodes: Vec<u32> = rows.iter().map(|row| row.node).collect();
            nodes.sort_unstable();
            nodes.dedup();
            assert_eq!((rows.len(), nodes.len()), (meant, meant), "world {number}, campaign {at}: one row a meter");
            for row in rows {
                *seen.entry((row.kind, row.outcome)).or_default() += 1;
                assert!(row.outcome != Outcome::Ok || row.answered_s.is_some(), "world {number}: {row:?}");
                assert!(row.outcome != Outcome::Halted || row.sent_s.is_none(), "world {number}: {row:?}");
            }
            campaigns += 1;
        }
        // Who is given up waits for one visit at a time, and each has an end.
        for visit in &ran.rows.field_visits {
            *found.entry(visit.found).or_default() += 1;
            let is_open = matches!(visit.found, VisitFound::Waiting | VisitFound::UnderWay);
            assert_eq!(visit.done_s.is_none(), is_open, "world {number}: {visit:?}");
        }
    }
    assert!(campaigns >= 1_000, "{campaigns} campaigns");
    // Nothing of this is true because nothing happened.
    assert!(compared > 10_000 && resets > 5_000, "{compared} values and {resets} events");
    for kind in [EventKind::Hang, EventKind::PartialReset, EventKind::BrownOut] {
        assert!(happened.get(&kind).is_some_and(|n| *n > 10), "{happened:?}");
    }
    assert!(failures > 10, "{failures} failures of instances");
    for outcome in [Outcome::Ok, Outcome::Failed, Outcome::Halted, Outcome::Pending] {
        assert!(seen.get(&(TransactionKind::Reset, outcome)).is_some_and(|n| *n > 10), "{seen:?}");
    }
    for word in [VisitFound::Done, VisitFound::NotDone, VisitFound::Answered] {
        assert!(found.get(&word).is_some_and(|n| *n > 10), "{found:?}");
    }
    assert!(found.contains_key(&VisitFound::Dark), "{found:?}");
}

/// A job of any kind that asks questions, or an image.
fn any_kind(draws: &mut Draws, meters: u32) -> JobSpec {
    let pace = PaceSpec { attempts: draws.one_in(2).then_some(2), ..ping(draws, meters) };
    // A flood means everybody at once.
    let in_one = || PaceSpec {
        target: Target::default(),
        waves: WavesSpec { shares: None, stop_at_failed: None, ..pace.waves.clone() },
        ..pace.clone()
    };
    let flood = SpreadSpec { settle: seconds(30 + draws.below(90)), ..SpreadSpec::broadcast() };
    let (told, spread) = if draws.one_in(2) { (in_one(), flood) } else { (pace.clone(), SpreadSpec::default()) };
    match draws.below(7) {
        0 => JobSpec::Ping(pace),
        1 => JobSpec::Write(Box::new(WriteSpec { spread, ..WriteSpec::new(told, Setting::Price, 2_875) })),
        2 => JobSpec::Relay(Box::new(RelaySpec { spread, ..RelaySpec::new(told, RelayAction::Disconnect) })),
        3 => JobSpec::Time(Box::new(TimeSpec { spread, ..TimeSpec::new(told) })),
        4 => JobSpec::Keys(Box::new(KeyChangeSpec { recover_after: seconds(100), ..KeyChangeSpec::new(pace) })),
        5 => JobSpec::Reset(reset(draws, meters)),
        _ => JobSpec::Firmware(Box::new(FirmwareSpec {
            delivery: Some(draws.among(&[FirmwareDelivery::Unicast, FirmwareDelivery::Multicast])),
            pace: Some(seconds(1)),
            timeout: seconds(20),
            give_up_after: seconds(300),
            target: pace.target,
            waves: pace.waves,
            ..FirmwareSpec::new(pace.at, 4_000)
        })),
    }
}

#[test]
fn commands_of_all_kinds_end_in_one_state_each_and_no_row_is_written_twice() {
    let mut seen = BTreeMap::<TransactionKind, BTreeMap<Outcome, u32>>::new();
    let (mut redelivered, mut renewed, mut flooded, mut told_again) = (0, 0, 0, 0);
    for number in 1_000..1_240 {
        let mut draws = Draws(Stream::new(number, 0, 2));
        let mut spec = drawn(number, &mut draws);
        let meters = spec.placement.sites.len() as u32 - 1;
        spec.dlms.payload = draws.among(&[Payload::Real, Payload::Sized]);
        spec.head_end = Some(head_end(&mut draws));
        let instance = Act::HeadEndFails(HeadEndFails { instance: 1 });
        spec.events.push(event("instance", 300 + draws.below(1_500), Some(400), instance, Vec::new()));
        for campaign in &mut spec.campaigns {
            campaign.job = any_kind(&mut draws, meters);
        }
        if draws.one_in(4) {
            let suite = dlms_cosem_rs::security::SecuritySuite::Suite1;
            spec.dlms.vendors = vec![amitwin_dlms::Vendor { suite, ..Default::default() }.into()];
            let valid = seconds(1_800);
            spec.dlms.certificates = Some(CertificatesSpec { valid, age: (SimTime::ZERO, seconds(2_000)) });
            let (pace, again_after) = (PaceSpec::new(seconds(60), seconds(60)), seconds(200));
            let job = JobSpec::Certificates(Box::new(RenewalSpec { pace, renew_before: seconds(300), again_after }));
            let name = "renewal".to_owned();
            spec.campaigns.push(CampaignSpec { name, job, ..CampaignSpec::reset("", ResetSpec::default()) });
        }
        let ran = run(&spec);
        rows_are_kept_once(&spec, &ran);
        redelivered += ran.rows.headend.iter().map(|row| row.broker_redelivered.0.unwrap_or(0)).sum::<u32>();
        flooded += spec.campaigns.iter().filter(|campaign| campaign.job.flood().is_some()).count();
        told_again += ran.head_end().statistics.commands.told_again;
        // Relays are only told to open, by floods and alone, again and again.
        let (open, moved) = ran.mesh().relays();
        assert!(
            open == moved && moved <= u64::from(meters),
            "world {number}: {open} are open, and moved {moved} times"
        );
        let numbers: BTreeSet<u64> = ran.rows.transactions.iter().map(|row| row.transaction).collect();
        assert_eq!(numbers.len(), ran.rows.transactions.len(), "world {number}: each transaction has one row");
        for row in &ran.rows.transactions {
            *seen.entry(row.kind).or_default().entry(row.outcome).or_default() += 1;
        }
        for campaign in &spec.campaigns {
            let rows: Vec<_> = ran.rows.transactions.iter().filter(|row| *row.campaign == *campaign.name).collect();
            let meant = campaign.job.target().nodes.as_ref().map_or(meters as usize, Vec::len);
            let nodes: BTreeSet<u32> = rows.iter().map(|row| row.node).collect();
            if let JobSpec::Certificates(_) = campaign.job {
                // Each meter has its turn again and again, or waits for its first.
                renewed += rows.len();
                continue;
            }
            assert_eq!((rows.len(), nodes.len()), (meant, meant), "world {number}: {campaign:?}");
        }
        // Of each round of reads one for each meter at the most.
        for read in &spec.polls {
            let rounds = ran.rows.transactions.iter().filter(|row| *row.campaign == *read.name);
            let rounds: Vec<(u32, u64)> =
                rounds.map(|row| (row.node, ((row.planned_s - read.at.secs_f64()) / 1_200.0) as u64)).collect();
            assert_eq!(rounds.iter().collect::<BTreeSet<_>>().len(), rounds.len(), "world {number}");
        }
    }
    assert!(redelivered > 100 && renewed > 100, "{redelivered} and {renewed}");
    assert!(flooded > 50 && told_again > 20, "{flooded} floods, {told_again} told alone after one");
    for kind in ["ping", "write", "relay", "time", "keys", "reset", "firmware", "certificates", "read"] {
        let of = TransactionKind::of_word(kind).and_then(|kind| seen.get(&kind));
        for outcome in [Outcome::Ok, Outcome::Failed] {
            assert!(of.and_then(|of| of.get(&outcome)).is_some_and(|n| *n > 5), "{kind} {outcome:?}: {seen:?}");
        }
    }
}
