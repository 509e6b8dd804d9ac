//! Whose turn is when, the same for jobs of all kinds: order, clusters, so many at a time.

use amitwin_data::rows::{Outcome, TransactionRow};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, run, sites, world};

fn s(n: u64) -> SimTime {
    SimTime::from_secs(n)
}

fn campaign(name: &str, job: JobSpec) -> CampaignSpec {
    CampaignSpec { name: name.into(), priority: PRIORITY_USUAL, role: None, job }
}

fn rows<'a>(ran: &'a Ran, name: &str) -> Vec<&'a TransactionRow> {
    ran.rows.transactions.iter().filter(|row| &*row.campaign == name).collect()
}

/// The meters that a job has talked to, in the order of that.
fn talked_to(ran: &Ran, name: &str) -> Vec<u32> {
    let mut sent: Vec<(f64, u32)> =
        rows(ran, name).iter().map(|row| (row.sent_s.expect("talked to"), row.node)).collect();
    sent.sort_by(|a, b| a.0.total_cmp(&b.0));
    sent.into_iter().map(|(_, node)| node).collect()
}

/// All kinds of jobs, one after the other, each with this part of its settings: those that ask, two resets, an image, and a read with its order.
fn all_kinds(waves: &WavesSpec) -> (Vec<CampaignSpec>, PollSpec) {
    let pace = |at| PaceSpec { waves: waves.clone(), ..PaceSpec::new(s(at), s(200)) };
    let setting = |pace| WriteSpec::new(pace, Setting::PushRetries, 2);
    let reset = |at, window, clusters| ResetSpec {
        at: s(at),
        window,
        delivery: Delivery::Unicast,
        give_up_after: Some(s(600)),
        waves: WavesSpec { clusters, ..waves.clone() },
        ..ResetSpec::default()
    };
    let in_window = Some(Window::Range(SimTime::ZERO, s(500)));
    let in_clusters = Some(Clusters { size: 2, gap: (s(120), s(120)) });
    let firmware = FirmwareSpec {
        delivery: Some(FirmwareDelivery::Unicast),
        waves: WavesSpec { parallel: Some(1), ..waves.clone() },
        ..FirmwareSpec::new(s(7_000), 64)
    };
    let campaigns = vec![
        campaign("ping", JobSpec::Ping(pace(600))),
        campaign("write", JobSpec::Write(Box::new(setting(pace(1_000))))),
        campaign("relay", JobSpec::Relay(Box::new(RelaySpec::new(pace(1_400), RelayAction::Disconnect)))),
        campaign("time", JobSpec::Time(Box::new(TimeSpec::new(pace(1_800))))),
        campaign("keys", JobSpec::Keys(Box::new(KeyChangeSpec::new(pace(2_200))))),
        CampaignSpec::reset("reset", reset(3_000, in_window, None)),
        CampaignSpec::reset("clusters", reset(4_500, None, in_clusters)),
        CampaignSpec::firmware("image", firmware),
    ];
    let order = waves.order.clone();
    let read = PollSpec {
        at: s(6_000),
        window: Some(s(200)),
        order,
        ..PollSpec::once("read".to_owned(), PollContent::Registers)
    };
    (campaigns, read)
}

const KINDS: [&str; 9] = ["ping", "write", "relay", "time", "keys", "reset", "clusters", "image", "read"];

/// Five meters in a line behind a border router, 100 m apart, which hear their neighbours alone: meter 1 is five hops away, meter 5 one.
fn line(order: Order) -> WorldSpec {
    let places = (0..=5u32)
        .map(|n| (if n == 0 { Gateway } else { Meter }, if n == 0 { 0.0 } else { 600.0 - 100.0 * n as f32 }, 0.0));
    let mut spec = world(sites(places), PhyMode::M1b, 9_000);
    spec.mac.hopping = true;
    // With others wsbrd may lose the route of meter 4 for nearly two hours: what comes down to it after a reset of meter 5 and before it has registered there again is an error.
    spec.seed = 2;
    let (campaigns, read) = all_kinds(&WavesSpec { order: Some(order), ..WavesSpec::default() });
    (spec.campaigns, spec.polls) = (campaigns, vec![read]);
    spec
}

#[test]
fn jobs_of_all_kinds_have_their_turns_in_the_order_that_is_said() {
    let by_column = |descending| {
        // By number of the site: the border router has no value, meter 3 neither; 2 and 5 have the same.
        let places = vec![u32::MAX, 7, 1, u32::MAX, 0, 1];
        Order::Column(ByColumn { column: "age".to_owned(), descending, places })
    };
    let orders = [
        (Order::Word(OrderWord::NearestFirst), [5, 4, 3, 2, 1]),
        (Order::Word(OrderWord::FarthestFirst), [1, 2, 3, 4, 5]),
        (Order::Word(OrderWord::Id), [1, 2, 3, 4, 5]),
        (by_column(false), [4, 2, 5, 1, 3]),
    ];
    for (order, expected) in orders {
        let ran = run(&line(order.clone()));
        for kind in KINDS {
            // Those of a cluster at once.
            let mut expected = expected;
            if kind == "clusters" {
                expected.chunks_mut(2).for_each(<[u32]>::sort_unstable);
            }
            assert_eq!(talked_to(&ran, kind), expected, "{kind} in {order:?}");
        }
        // Two in a cluster, 120 s apart.
        let mut planned: Vec<f64> = rows(&ran, "clusters").iter().map(|row| row.planned_s).collect();
        planned.sort_by(f64::total_cmp);
        assert_eq!(planned, [4_500.0, 4_500.0, 4_620.0, 4_620.0, 4_740.0]);
    }
}

#[test]
fn an_order_gives_out_the_same_times_of_a_window() {
    let times = |order| {
        let ran = run(&line(order));
        let mut times: Vec<f64> = rows(&ran, "reset").iter().map(|row| row.planned_s).collect();
        times.sort_by(f64::total_cmp);
        times
    };
    let by_id = times(Order::Word(OrderWord::Id));
    assert_eq!(by_id, times(Order::Word(OrderWord::NearestFirst)));
    assert!(by_id.windows(2).all(|two| two[0] < two[1]), "they are drawn: {by_id:?}");
}

/// So many meters around a border router, over the ideal medium.
fn ideal(meters: u32, duration: u64, campaigns: Vec<CampaignSpec>) -> WorldSpec {
    let meter = |n: u32| (Meter, 40.0 + n as f32, 0.0);
    let mut spec = world(sites([(Gateway, 0.0, 0.0)].into_iter().chain((0..meters).map(meter))), PhyMode::M3, duration);
    spec.medium = MediumKind::Ideal;
    spec.campaigns = campaigns;
    spec
}

#[test]
fn questions_are_asked_in_clusters_and_in_each_wave_anew() {
    let clusters = Some(Clusters { size: 2, gap: (s(10), s(10)) });
    let waves = WavesSpec { clusters, shares: Some(vec![0.5, 1.0]), pause: s(60), ..WavesSpec::default() };
    for job in [JobSpec::Ping as fn(PaceSpec) -> JobSpec, |pace| JobSpec::Time(Box::new(TimeSpec::new(pace)))] {
        let pace = PaceSpec { window: None, waves: waves.clone(), ..PaceSpec::new(s(100), s(1)) };
        let ran = run(&ideal(6, 1_000, vec![campaign("some", job(pace))]));
        let mut planned: Vec<f64> = rows(&ran, "some").iter().map(|row| row.planned_s).collect();
        planned.sort_by(f64::total_cmp);
        // Three meters in each wave: two at once, the third ten seconds later; the second wave a minute after its answer.
        let (first, second) = planned.split_at(3);
        assert_eq!(first, [100.0, 100.0, 110.0]);
        let again = second[0];
        assert!((170.0..175.0).contains(&again), "{again}");
        assert_eq!(second, [again, again, again + 10.0]);
    }
}

#[test]
fn no_more_meters_are_away_than_may_be_and_silent_ones_keep_their_place_until_they_are_given_up() {
    let reset = ResetSpec {
        at: s(100),
        window: Some(Window::Range(SimTime::ZERO, SimTime::ZERO)),
        delivery: Delivery::Unicast,
        give_up_after: Some(s(300)),
        waves: WavesSpec { parallel: Some(2), ..WavesSpec::default() },
        ..ResetSpec::default()
    };
    let mut spec = ideal(6, 3_000, vec![CampaignSpec::reset("some", reset)]);
    let away = |ran: &Ran| {
        let rows = rows(ran, "some");
        let until = |row: &TransactionRow| row.answered_s.unwrap_or(row.sent_s.expect("sent") + 300.0);
        let at_a_time = |at: f64| rows.iter().filter(|row| row.sent_s <= Some(at) && at < until(row)).count();
        rows.iter().map(|row| at_a_time(row.sent_s.expect("sent"))).max()
    };
    let ran = run(&spec);
    assert!(rows(&ran, "some").iter().all(|row| row.outcome == Outcome::Ok && row.planned_s == 100.0));
    assert_eq!(away(&ran), Some(2));
    // Meters 1 and 2 have no supply: nobody else is commanded before they are given up, 300 s after their commands.
    spec.events = vec![event("dark", 50, None, Act::PowerOff(PowerOff {}), vec![1, 2])];
    let ran = run(&spec);
    let mut sent: Vec<(u32, f64, Outcome)> =
        rows(&ran, "some").iter().map(|row| (row.node, row.sent_s.expect("sent"), row.outcome)).collect();
    sent.sort_by_key(|row| row.0);
    let outcomes: Vec<Outcome> = sent.iter().map(|row| row.2).collect();
    assert_eq!(outcomes, [vec![Outcome::Failed; 2], vec![Outcome::Ok; 4]].concat());
    assert!((sent[2].1 - 400.0).abs() < 1e-6 && (sent[3].1 - 400.0).abs() < 1e-6, "{sent:?}");
    assert_eq!(away(&ran), Some(2));
    // Too many failures halt it: who waits is never commanded.
    let JobSpec::Reset(reset) = &mut spec.campaigns[0].job else { panic!() };
    reset.waves.stop_at_failed = Some(0.1);
    let ran = run(&spec);
    let count = |outcome| rows(&ran, "some").iter().filter(|row| row.outcome == outcome).count();
    assert_eq!((count(Outcome::Failed), count(Outcome::Halted)), (2, 4));
}
