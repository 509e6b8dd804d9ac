//! A thousand random campaigns: whatever is reset, however deep and often, over whatever is lost on the way and fails meanwhile, meters keep what
//! they kept, and every command ends in exactly one state.

use amitwin_data::rows::{Outcome, TransactionKind, VisitFound};
use amitwin_dlms::{ResetTier, Rest};
use amitwin_models::cell::Cell;
use amitwin_models::node::SiteId;
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use amitwin_testkit::worlds::{event, run_prepared, sites, world};
use std::collections::BTreeMap;

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
        clusters,
        delivery,
        back: draws.among(&[BackSign::Route, BackSign::Heartbeat]),
        give_up_after: Some(seconds(60 + draws.below(600))),
        target: if alone && draws.one_in(3) { Target::of(draws.some(meters)) } else { Target::default() },
        waves: if alone { waves(draws) } else { WavesSpec::default() },
        visit: draws.one_in(2),
        ..ResetSpec::default()
    }
}

fn ping(draws: &mut Draws, meters: u32) -> PingSpec {
    PingSpec {
        at: seconds(300 + draws.below(2_000)),
        window: seconds(1 + draws.below(300)),
        timeout: seconds(5 + draws.below(60)),
        attempts: 1 + draws.below(3) as u8,
        target: if draws.one_in(3) { Target::of(draws.some(meters)) } else { Target::default() },
        waves: waves(draws),
    }
}

fn fault(draws: &mut Draws, meters: u32) -> EventSpec {
    let (at, lasts) = (100 + draws.below(2_500), Some(1 + draws.below(900)));
    let nodes = draws.some(meters);
    match draws.below(5) {
        0 => event("dark", at, lasts, Act::PowerOff(PowerOff {}), nodes),
        1 => {
            let tier = draws.among(&[ResetTier::Soft, ResetTier::Warm, ResetTier::Cold]);
            event("restart", at, None, Act::Restart(Restart { tier }), nodes)
        }
        2 => event("router", at, lasts, Act::RouterFails(RouterFails {}), vec![0]),
        3 => event("down", at, lasts, Act::BackhaulDown(BackhaulDown {}), vec![0]),
        _ => event("slow", at, lasts, Act::BackhaulSlow(BackhaulSlow { delay: seconds(20) }), vec![0]),
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
    spec.events = (0..draws.below(4)).map(|_| fault(draws, meters)).collect();
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

#[test]
fn a_thousand_campaigns_leave_meters_as_they_were_and_end_in_one_state_each() {
    let (mut campaigns, mut seen) = (0, BTreeMap::<(TransactionKind, Outcome), u32>::new());
    let (mut found, mut resets, mut compared) = (BTreeMap::<VisitFound, u32>::new(), 0, 0);
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
    for outcome in [Outcome::Ok, Outcome::Failed, Outcome::Halted, Outcome::Pending] {
        assert!(seen.get(&(TransactionKind::Reset, outcome)).is_some_and(|n| *n > 10), "{seen:?}");
    }
    for word in [VisitFound::Done, VisitFound::NotDone, VisitFound::Answered] {
        assert!(found.get(&word).is_some_and(|n| *n > 10), "{found:?}");
    }
    assert!(found.contains_key(&VisitFound::Dark), "{found:?}");
}
