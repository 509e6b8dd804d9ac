//! Permits and pace of the head-end's sessions: a published ceiling, Erlang's queue, Little's law, and who holds back whom.

use amitwin_models::apdu::Ask;
use amitwin_models::backhaul::DownKind;
use amitwin_models::headend::Event;
use amitwin_models::headend::sessions::{Asked, Key, Sessions, Sums};
use amitwin_models::node::SiteId;
use amitwin_models::spec::{HeadEndSpec, PermitsSpec};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// What happens in a bench: a timer of the sessions, or the end of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Timer(Event),
    End(Key),
}

/// Sessions without a head-end; each lasts for as long as `lasts` says.
struct Bench<F> {
    sessions: Sessions,
    now: SimTime,
    due: BinaryHeap<Reverse<(SimTime, usize)>>,
    all: Vec<Due>,
    lasts: F,
    /// When each was asked for, and those that began: who, when, after which wait.
    asked: BTreeMap<Key, SimTime>,
    begun: Vec<(u32, SimTime, SimTime)>,
}

impl<F: FnMut() -> SimTime> Bench<F> {
    fn new(spec: &HeadEndSpec, lasts: F) -> Self {
        let sessions = Sessions::new(spec, 7);
        let due = BinaryHeap::new();
        Bench { sessions, now: SimTime::ZERO, due, all: Vec::new(), lasts, asked: BTreeMap::new(), begun: Vec::new() }
    }

    fn schedule(&mut self, at: SimTime, due: Due) {
        self.due.push(Reverse((at, self.all.len())));
        self.all.push(due);
    }

    fn settle(&mut self) {
        while let Some((key, _)) = self.sessions.granted.pop_front() {
            let came = self.asked.remove(&key).expect("it was asked for");
            self.begun.push((key.1.0, self.now, self.now - came));
            let lasts = (self.lasts)();
            self.schedule(self.now + lasts, Due::End(key));
        }
        for (at, event) in std::mem::take(&mut self.sessions.wakes) {
            self.schedule(at, Due::Timer(event));
        }
    }

    fn run_until(&mut self, until: SimTime) {
        while let Some(&Reverse((at, n))) = self.due.peek().filter(|next| next.0.0 <= until) {
            self.due.pop();
            self.now = at;
            match self.all[n] {
                Due::Timer(Event::Paced { instance }) => self.sessions.paced(at, instance),
                Due::Timer(Event::Waited { number }) => self.sessions.waited(at, number),
                Due::Timer(Event::Again { number }) => self.sessions.again(at, number),
                Due::Timer(event) => unreachable!("{event:?}"),
                Due::End(key) => self.sessions.close(at, key),
            }
            self.settle();
        }
        self.now = until;
    }

    fn ask(&mut self, at: SimTime, meter: u32, router: u32, priority: u8) {
        self.run_until(at);
        let key = (DownKind::Request { read: meter }, SiteId(meter));
        self.asked.insert(key, at);
        self.sessions.ask(at, key, Asked { ask: Ask::Clock, priority, router: SiteId(router), came: at, shard: None });
        self.settle();
    }

    /// Little's law, to the nanosecond, when all are over.
    fn little(&self) -> Sums {
        let sums = self.sessions.sums();
        assert_eq!((self.sessions.open(), self.sessions.waiting(), self.asked.len()), (0, 0, 0));
        assert_eq!(sums.queue_ns, sums.waited_ns);
        assert_eq!(sums.open_ns, sums.held_ns);
        sums
    }
}

const fn s(seconds: u64) -> SimTime {
    SimTime::from_secs(seconds)
}

#[test]
fn thirty_a_second_are_two_point_six_million_a_day() {
    // GXF's defaults: 1,000 open, 30 new a second, a wait of 60 s, and who was refused comes again after 50 to 70 s.
    let spec = HeadEndSpec {
        sessions_per_second: Some(30.0),
        permits: Some(PermitsSpec::default()),
        ..HeadEndSpec::default()
    };
    let mut chance = Stream::new(3, 0, 0);
    let mut bench = Bench::new(&spec, || s(10));
    let mut at = 0.0;
    for meter in 0.. {
        // 36 a second are asked for.
        at -= libm::log1p(-chance.unit()) / 36.0;
        if at >= 3_600.0 {
            break;
        }
        bench.ask(SimTime::from_secs_f64(at), meter, 0, 4);
    }
    bench.run_until(s(3_600));
    let counts = bench.sessions.take_counts();
    // The first begins when it comes, and a second later are 30 more; 24 such hours are a day.
    let in_a_day = bench.begun.len() as f64 * 24.0;
    assert!((in_a_day - 2_592_000.0).abs() <= 24.0 * 3.0, "{in_a_day} a day");
    assert!(counts.refused > 10_000 && counts.wait_max > s(300), "{counts:?}");
    // 30 a second that last 10 s each.
    assert!((299..=301).contains(&counts.open_max), "{counts:?}");
    bench.run_until(s(20_000));
    let sums = bench.little();
    assert_eq!(sums.held_ns, bench.begun.len() as u128 * 10_000_000_000);
}

#[test]
fn permits_are_the_servers_of_erlang() {
    // Eight permits, sessions of 1 s on average, load 0.8: a mean wait of 0.2860 s, and 0.4576 of them wait.
    let permits = PermitsSpec { open: 8, wait: s(1_000_000), ..PermitsSpec::default() };
    let spec = HeadEndSpec { permits: Some(permits), ..HeadEndSpec::default() };
    let (mut chance, mut length) = (Stream::new(5, 0, 0), Stream::new(6, 0, 0));
    let mut bench = Bench::new(&spec, || SimTime::from_secs_f64(-libm::log1p(-length.unit())));
    let (mut at, jobs) = (0.0, 1_000_000);
    for meter in 0..jobs {
        at -= libm::log1p(-chance.unit()) / 6.4;
        bench.ask(SimTime::from_secs_f64(at), meter, 0, 4);
    }
    bench.run_until(s(2_000_000));
    let sums = bench.little();
    let mean_s = sums.waited_ns as f64 / f64::from(jobs) / 1e9;
    assert!((mean_s - 0.2860).abs() < 0.02 * 0.2860, "{mean_s}");
    let waited = bench.begun.iter().filter(|begun| begun.2 > SimTime::ZERO).count() as f64 / f64::from(jobs);
    assert!((waited - 0.4576).abs() < 0.01 * 0.4576, "{waited}");
}

#[test]
fn a_full_border_router_holds_back_its_own_meters_alone() {
    let permits =
        PermitsSpec { open: 3, per_router: Some(1), wait: s(1_000), urgent_wait: s(1_000), ..PermitsSpec::default() };
    let spec = HeadEndSpec { permits: Some(permits), ..HeadEndSpec::default() };
    let mut bench = Bench::new(&spec, || s(10));
    // Behind border router 100 the meters 1 to 3, of which the last is urgent; behind 200, 300 and 400 one each.
    for (meter, router, priority) in [(1, 100, 4), (2, 100, 4), (3, 100, 9), (4, 200, 4), (5, 300, 4), (6, 400, 4)] {
        bench.ask(SimTime::ZERO, meter, router, priority);
    }
    bench.run_until(s(100));
    let begun: Vec<_> = bench.begun.iter().map(|begun| (begun.0, begun.1.secs_f64())).collect();
    // One a border router, three in all; the urgent one before those that came before it.
    assert_eq!(begun, [(1, 0.0), (4, 0.0), (5, 0.0), (3, 10.0), (6, 10.0), (2, 20.0)]);
    bench.little();
}
