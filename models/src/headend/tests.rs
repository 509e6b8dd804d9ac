//! A head-end over a fake network: what it sends when, and what it makes of what it hears, in times checked by hand.

use super::jobs::End;
use super::talk::Talk;
use super::{Ctx, Duties, HeadEnd, Network};
use crate::apdu::{Apdu, Cosem};
use crate::backhaul::{Destination, Down, DownKind, HEAD_END, Report, ReportKind};
use crate::event::Event;
use crate::node::SiteId;
use crate::plan::{Plan, ResetPlan};
use crate::spec::*;
use amitwin_data::rows::{Outcome as Word, TransactionRow};
use amitwin_dlms::Vendor;
use amitwin_sim_core::{Engine, Local, Partition, SimTime};
use dlms_cosem_rs::security::SecuritySuite;
use std::sync::Arc;

/// Each way. What is answered at once is back 0.1 s after it was sent.
const LATENCY: SimTime = SimTime::from_millis(50);

/// Whom the head-end reaches and what it hears from them: for each message down the reports up, each so much later.
type Answer = fn(meter: u32, kind: DownKind, now_s: f64) -> Vec<(SimTime, Report)>;

struct FakeNetwork {
    answer: Answer,
    /// When each message left the head-end, for whom it is (0: for all), and what it is.
    sent: Vec<(f64, u32, DownKind)>,
}

impl FakeNetwork {
    fn take(&mut self, ctx: &mut Ctx, down: &Down) {
        let meter = if let Destination::Unicast(SiteId(meter)) = down.to { meter } else { 0 };
        self.sent.push(((ctx.now() - LATENCY).secs_f64(), meter, down.kind));
        for (after, report) in (self.answer)(meter, down.kind, ctx.now().secs_f64()) {
            ctx.send(HEAD_END, ctx.now() + after + LATENCY, 0, Event::Report(Box::new(report)));
        }
    }
}

enum Part {
    Network(FakeNetwork),
    HeadEnd(Box<HeadEnd>),
}

impl Partition for Part {
    type Event = Event;

    fn id(&self) -> u32 {
        if let Part::HeadEnd(_) = self { HEAD_END } else { 0 }
    }

    fn sources(&self) -> Vec<u32> {
        vec![self.id()]
    }

    fn start(&mut self, ctx: &mut Ctx<'_>) {
        if let Part::HeadEnd(head_end) = self {
            head_end.start(ctx);
        }
    }

    fn handle(&mut self, event: Event, ctx: &mut Ctx<'_>) {
        match (self, event) {
            (Part::Network(network), Event::Down(down)) => network.take(ctx, &down),
            (Part::HeadEnd(head_end), event) => head_end.handle(event, ctx),
            (Part::Network(_), event) => unreachable!("{event:?}"),
        }
    }
}

struct Ran(Engine<Part, Local>);

/// Meter, outcome, when it was sent and answered, attempts.
type Outcome = (u32, Word, Option<f64>, Option<f64>, u16);

impl Ran {
    fn head_end(&self) -> &HeadEnd {
        self.0.partitions().find_map(|part| if let Part::HeadEnd(h) = part { Some(&**h) } else { None }).expect("one")
    }

    fn sent(&self) -> &[(f64, u32, DownKind)] {
        self.0
            .partitions()
            .find_map(|part| if let Part::Network(n) = part { Some(&*n.sent) } else { None })
            .expect("one")
    }

    fn outcomes(&self) -> Vec<Outcome> {
        let of = |row: &TransactionRow| (row.node, row.outcome, row.sent_s, row.answered_s, row.attempts);
        self.head_end().rows.transactions.iter().map(of).collect()
    }
}

/// Runs a head-end over the border router 0 and the meters 1 to 3 for some seconds.
fn run(resets: &[CampaignSpec], times_s: [u64; 3], reads: &[PollSpec], seconds: u64, answer: Answer) -> Ran {
    run_with((DlmsSpec::default(), None), resets, times_s, reads, seconds, answer)
}

fn run_with(
    (dlms, limits): (DlmsSpec, Option<&HeadEndSpec>),
    resets: &[CampaignSpec],
    times_s: [u64; 3],
    reads: &[PollSpec],
    seconds: u64,
    answer: Answer,
) -> Ran {
    let meters = [1, 2, 3].map(SiteId);
    let worked_out = |spec: &CampaignSpec| {
        let reset = spec.job.reset()?;
        Some(ResetPlan {
            name: spec.name.as_str().into(),
            at: reset.at,
            window: SimTime::from_secs(times_s[2]).saturating_sub(reset.at),
            tier: reset.tier,
            back: reset.back,
            meters: meters.to_vec(),
            times: times_s.map(SimTime::from_secs).to_vec(),
        })
    };
    let plan = Arc::new(Plan { resets: resets.iter().filter_map(worked_out).collect() });
    let dlms = DlmsSpec { payload: Payload::Sized, ..dlms };
    let talk = Talk::new(Arc::new(Cosem::new(&dlms, 1)), 4);
    let network = Network {
        partition: Arc::new(vec![0; 4]),
        gateway: Arc::new(vec![SiteId(0); 4]),
        reachable: Arc::new(vec![true; 4]),
        hops: Arc::new(vec![1; 4]),
        meshes: vec![0],
        latency: LATENCY,
        health_every: SimTime::from_secs(300),
    };
    let end = SimTime::from_secs(seconds);
    let duties = Duties {
        campaigns: resets,
        plan: &plan,
        reads,
        meters: &meters,
        delivered: &[],
        keep_alive: None,
        duration: end,
        limits,
        failures: &[],
        begins_of_day: SimTime::ZERO,
        technicians: None,
        seed: 1,
    };
    let head_end = Part::HeadEnd(Box::new(HeadEnd::new(&duties, network, talk)));
    let network = Part::Network(FakeNetwork { answer, sent: Vec::new() });
    let mut engine = Engine::new(vec![network, head_end], LATENCY, Local).expect("two partitions");
    engine.run_until(end).expect("no message gets lost");
    for part in engine.partitions_mut() {
        if let Part::HeadEnd(head_end) = part {
            head_end.finish(End { now: end, resets: &[(0, SiteId(3), SimTime::from_secs(1_000))], fates: &[] });
        }
    }
    Ran(engine)
}

const fn after(seconds: u64) -> SimTime {
    SimTime::from_secs(seconds)
}

fn reset(delivery: Delivery, back: BackSign) -> CampaignSpec {
    let window = Some(Window::Range(SimTime::ZERO, SimTime::from_secs(200)));
    let (at, give_up_after) = (SimTime::from_secs(600), Some(SimTime::from_secs(300)));
    CampaignSpec::reset("reset", ResetSpec { at, window, delivery, back, give_up_after, ..ResetSpec::default() })
}

/// Reads the three meters in turns 10 s apart, one at a time, once a minute.
fn registers(timeout_s: u64, attempts: u8) -> PollSpec {
    PollSpec {
        every: SimTime::from_secs(60),
        window: Some(SimTime::from_secs(30)),
        parallel: 1,
        attempts,
        timeout: SimTime::from_secs(timeout_s),
        ..PollSpec::once("registers".to_owned(), PollContent::Registers)
    }
}

/// What a meter says under a counter of its own, about something that was due at `planned_s`.
fn says(meter: u32, kind: ReportKind, counter: u32, planned_s: u64) -> Report {
    let planned = SimTime::from_secs(planned_s);
    let apdu = Apdu { counter, ..Apdu::default() };
    Report { meter: SiteId(meter), router: SiteId(0), kind, planned, hops: 2, attempts: 1, bytes: 40, apdu }
}

fn back(meter: u32, by: BackSign, counter: u32, reset_s: u64) -> Report {
    says(meter, ReportKind::Back { job: 0, by }, counter, reset_s)
}

#[test]
fn a_command_is_repeated_until_it_is_acknowledged_and_given_up_after_three() {
    const COMMAND: DownKind = DownKind::Command { job: 0 };
    let ran = run(&[reset(Delivery::Unicast, BackSign::Route)], [600, 700, 800], &[], 2_000, |meter, kind, now_s| {
        let ack = says(meter, ReportKind::CommandAck { job: 0 }, 1, now_s as u64);
        match (kind, meter) {
            (COMMAND, 1) => vec![(after(0), ack), (after(20), back(1, BackSign::Route, 0, 605))],
            // Hears the third command only, and does not come back within 300 s.
            (COMMAND, 2) if now_s > 820.0 => vec![(after(1), ack), (after(400), back(2, BackSign::Route, 0, 825))],
            _ => vec![],
        }
    });
    let commands: Vec<_> = ran.sent().iter().map(|&(at, meter, kind)| (at, meter, kind == COMMAND)).collect();
    let expected = [(600.0, 1), (700.0, 2), (760.0, 2), (800.0, 3), (820.0, 2), (860.0, 3), (920.0, 3)];
    assert_eq!(commands, expected.map(|(at, meter)| (at, meter, true)));
    let expected = [
        (1, Word::Ok, Some(600.0), Some(620.1), 1),
        (2, Word::Failed, Some(700.0), Some(1_220.1), 3),
        (3, Word::Failed, Some(800.0), None, 3),
    ];
    assert_eq!(ran.outcomes(), expected);
    let rows = &ran.head_end().rows.transactions;
    assert_eq!(rows.iter().map(|row| row.acknowledged).collect::<Vec<_>>(), [Some(true), Some(true), Some(false)]);
    // As the meters told, and for the one that was not heard as it really was.
    assert_eq!(rows.iter().map(|row| row.reset_s).collect::<Vec<_>>(), [Some(605.0), Some(825.0), Some(1_000.0)]);
}

#[test]
fn a_flood_goes_out_early_and_every_heartbeat_is_confirmed() {
    let spec = reset(Delivery::Broadcast, BackSign::Heartbeat);
    let ran = run(&[spec], [600, 700, 800], &[], 1_000, |_, kind, _| match kind {
        // The flood leaves at 300 s; meter 1 says twice that it is back, meter 2 once.
        DownKind::Command { job: 0 } => vec![
            (after(310), back(1, BackSign::Heartbeat, 1, 600)),
            (after(320), back(1, BackSign::Heartbeat, 1, 600)),
            (after(410), back(2, BackSign::Heartbeat, 1, 700)),
        ],
        _ => vec![],
    });
    let confirm = DownKind::Confirm { job: 0 };
    let expected =
        [(300.0, 0, DownKind::Command { job: 0 }), (610.1, 1, confirm), (620.1, 1, confirm), (710.1, 2, confirm)];
    assert_eq!(ran.sent(), expected);
    let expected = [
        (1, Word::Ok, Some(300.0), Some(610.1), 1),
        (2, Word::Ok, Some(300.0), Some(710.1), 1),
        // Due at 800 s, with 300 s for it: not over at 1,000 s.
        (3, Word::Pending, Some(300.0), None, 1),
    ];
    assert_eq!(ran.outcomes(), expected);
    assert_eq!((ran.head_end().statistics.duplicates, ran.head_end().talk.duplicates), (1, 1));
}

#[test]
fn a_meter_of_another_suite_refuses_and_is_not_asked_again() {
    let vendor = Vendor { suite_on_file: Some(SecuritySuite::Suite2), ..Vendor::default() };
    let dlms = DlmsSpec { vendors: vec![vendor.into()], ..DlmsSpec::default() };
    let spec = reset(Delivery::Unicast, BackSign::Route);
    let ran = run_with((dlms, None), &[spec], [600, 700, 800], &[registers(5, 3)], 801, |meter, kind, _| {
        let kind = match kind {
            DownKind::Command { job } => ReportKind::CommandAck { job },
            DownKind::Request { read } => ReportKind::Answer { read },
            DownKind::Confirm { .. } | DownKind::Spread { .. } => return vec![],
        };
        let mut report = says(meter, kind, 0, 0);
        report.apdu.refused = true;
        vec![(SimTime::ZERO, report)]
    });
    let resets: Vec<_> = ran.outcomes().into_iter().filter(|row| row.2 >= Some(600.0) && row.3.is_none()).collect();
    let expected = [(1, 600.0), (2, 700.0), (3, 800.0)];
    assert_eq!(resets, expected.map(|(meter, sent_s)| (meter, Word::Refused, Some(sent_s), None, 1)));
    assert_eq!(ran.outcomes()[0], (1, Word::Refused, Some(0.0), Some(0.1), 1), "a read");
}

#[test]
fn who_has_no_turn_in_a_round_is_skipped() {
    let nobody: Answer = |_, _, _| vec![];
    let ran = run(&[], [0; 3], &[registers(25, 2)], 90, nobody);
    let sent: Vec<_> = ran.sent().iter().map(|s| (s.0, s.1)).collect();
    // Meter 1 at 0 and 25 s, given up at 50 s; then meter 2, whose turn was at 10 s. At 60 s a round begins, and meter 3
    // had no turn.
    assert_eq!(sent, [(0.0, 1), (25.0, 1), (50.0, 2), (75.0, 2)]);
    let expected = [
        (1, Word::Failed, Some(0.0), None, 2),
        (3, Word::Skipped, None, None, 0),
        (2, Word::Pending, Some(50.0), None, 2),
    ];
    assert_eq!(ran.outcomes(), expected);
    let planned: Vec<_> = ran.head_end().rows.transactions.iter().map(|row| row.planned_s).collect();
    assert_eq!(planned, [0.0, 20.0, 10.0]);
}

#[test]
fn a_read_on_demand_asks_whom_it_means_once_in_clusters() {
    // Meters 1 and 2 at once, at 20 s; the first answers after 1 s, the second after 4 s, and only then meter 3 has its turn.
    let once = PollSpec::once("now".to_owned(), PollContent::Registers);
    let clusters = PollSpec { at: SimTime::from_secs(20), parallel: 2, clusters: true, ..once.clone() };
    let answer: Answer = |meter, kind, _| match kind {
        DownKind::Request { read } => {
            vec![(after(if meter == 2 { 4 } else { 1 }), says(meter, ReportKind::Answer { read }, 1, 0))]
        }
        _ => vec![],
    };
    let of = |spec: &PollSpec| -> Vec<_> {
        let ran = run(&[], [0; 3], std::slice::from_ref(spec), 600, answer);
        ran.outcomes().into_iter().map(|row| (row.0, row.2, row.3)).collect()
    };
    let (first, second) = ((1, Some(20.0), Some(21.1)), (2, Some(20.0), Some(24.1)));
    assert_eq!(of(&clusters), [first, second, (3, Some(24.1), Some(25.2))]);
    // Without clusters it takes the place that meter 1 has left.
    assert_eq!(of(&PollSpec { clusters: false, ..clusters.clone() })[1], (3, Some(21.1), Some(22.2)));
    let some = PollSpec { target: Target::of(vec![2]), ..clusters };
    assert_eq!(of(&some), [second]);
}

#[test]
fn an_answer_ends_a_read_and_one_that_comes_afterwards_is_late() {
    let ran = run(&[], [0; 3], &[registers(5, 1)], 59, |meter, kind, _| match kind {
        // Meter 3 takes longer than the head-end waits.
        DownKind::Request { read } => {
            let after = after(if meter == 3 { 6 } else { 1 });
            vec![(after, says(meter, ReportKind::Answer { read }, 1, 0))]
        }
        _ => vec![],
    });
    let expected = [
        (1, Word::Ok, Some(0.0), Some(1.1), 1),
        (2, Word::Ok, Some(10.0), Some(11.1), 1),
        (3, Word::Failed, Some(20.0), None, 1),
    ];
    assert_eq!(ran.outcomes(), expected);
    let reads: Vec<_> = ran.sent().iter().map(|s| s.2).collect();
    assert_eq!(reads, [0, 1, 2].map(|read| DownKind::Request { read }));
    assert_eq!((ran.head_end().statistics.late, ran.head_end().statistics.read_delay_ms.len()), (1, 2));
}

#[test]
fn jobs_run_side_by_side_and_hear_what_is_theirs() {
    let spec = reset(Delivery::Unicast, BackSign::Route);
    let ran = run(&[spec.clone(), spec], [600, 700, 800], &[registers(5, 1)], 650, |meter, kind, _| match kind {
        DownKind::Command { job } => {
            vec![(SimTime::ZERO, says(meter, ReportKind::CommandAck { job }, 100 + u32::from(job), 0))]
        }
        _ => vec![],
    });
    let commands: Vec<_> = ran.sent().iter().filter(|s| matches!(s.2, DownKind::Command { .. })).collect();
    assert_eq!(commands, [&(600.0, 1, DownKind::Command { job: 0 }), &(600.0, 1, DownKind::Command { job: 1 })]);
    let acknowledged = |row: &&TransactionRow| {
        row.kind == amitwin_data::rows::TransactionKind::Reset && row.acknowledged == Some(true)
    };
    let rows: Vec<_> =
        ran.head_end().rows.transactions.iter().filter(acknowledged).map(|row| row.transaction).collect();
    assert_eq!(rows, [1 << 63 | 1, 1 << 63 | 1 << 32 | 1]);
}

/// A ping of the three meters, all at 100 s.
fn clocks() -> CampaignSpec {
    let (at, window, timeout) = (SimTime::from_secs(100), SimTime::ZERO, SimTime::from_secs(60));
    CampaignSpec {
        name: "clocks".into(),
        priority: PRIORITY_USUAL,
        role: None,
        job: JobSpec::Ping(PaceSpec { at, window: Some(window), timeout, attempts: Some(1), ..PaceSpec::default() }),
    }
}

fn limited(limits: &HeadEndSpec) -> Ran {
    run_with((DlmsSpec::default(), Some(limits)), &[clocks()], [0; 3], &[], 200, |meter, kind, now_s| match kind {
        DownKind::Request { read } => vec![(after(0), says(meter, ReportKind::Answer { read }, 1, now_s as u64))],
        _ => vec![],
    })
}

#[test]
fn answers_wait_for_a_worker_and_are_refused_where_too_many_do() {
    // Answers arrive at 100.1 s; one worker takes 5 s for each.
    let one = HeadEndSpec { workers: 1, service: SimTime::from_secs(5), ..HeadEndSpec::default() };
    let sent = Some(100.0);
    let ok = |meter, answered_s| (meter, Word::Ok, sent, Some(answered_s), 1);
    let ran = limited(&one);
    assert_eq!(ran.outcomes(), [ok(1, 105.1), ok(2, 110.1), ok(3, 115.1)]);
    let minutes: Vec<_> =
        ran.head_end().rows.headend.iter().map(|row| (row.time_s, row.arrived, row.queue_max)).collect();
    assert_eq!(minutes, [(0.0, 0, 0), (60.0, 3, 2), (120.0, 0, 0), (180.0, 0, 0)]);
    let second = &ran.head_end().rows.headend[1];
    // 15 s of work in 60 s of one worker; they wait for 0, 5 and 10 s.
    assert_eq!((second.busy_share, second.wait_s, second.served, second.sessions), (0.25, Some(5.0), 3, 3));

    let none_waits = limited(&HeadEndSpec { queue_max: Some(1), ..one });
    // The third finds one served and one waiting: nobody hears it.
    assert_eq!(none_waits.outcomes(), [ok(1, 105.1), ok(2, 110.1), (3, Word::Failed, sent, None, 1)]);
    assert_eq!(none_waits.head_end().rows.headend[1].refused, 1);
}

#[test]
fn sessions_begin_at_their_pace_and_time_outs_count_from_there() {
    let slow = HeadEndSpec { sessions_per_second: Some(0.1), ..HeadEndSpec::default() };
    let ran = limited(&slow);
    // 10 s apart; 0.1 s on the way and 5 ms of a worker.
    let ok = |meter, sent_s: f64| (meter, Word::Ok, Some(sent_s), Some(sent_s + 0.105), 1);
    assert_eq!(ran.outcomes(), [ok(1, 100.0), ok(2, 110.0), ok(3, 120.0)]);
    // The third one leaves as the next minute begins.
    let minutes = ran.head_end().rows.headend.iter().map(|row| (row.sessions, row.sessions_wait_s));
    assert_eq!(minutes.collect::<Vec<_>>()[1..3], [(2, 10.0), (1, 20.0)]);
}

/// Whom it asks when, of a ping of which nobody is heard.
fn asked(limits: &HeadEndSpec, attempts: u8, seconds: u64) -> Vec<(f64, u32)> {
    let CampaignSpec { name, priority, role, job: JobSpec::Ping(ping) } = clocks() else { unreachable!() };
    let spec = CampaignSpec { name, priority, role, job: JobSpec::Ping(PaceSpec { attempts: Some(attempts), ..ping }) };
    let ran = run_with((DlmsSpec::default(), Some(limits)), &[spec], [0; 3], &[], seconds, |_, _, _| vec![]);
    ran.sent().iter().map(|sent| (sent.0, sent.1)).collect()
}

#[test]
fn who_finds_no_permit_waits_is_refused_and_comes_again() {
    let s = SimTime::from_secs;
    let permits = PermitsSpec { open: 1, wait: s(5), again: (s(10), s(10)), ..PermitsSpec::default() };
    let one = HeadEndSpec { permits: Some(permits), ..HeadEndSpec::default() };
    let ran = run_with((DlmsSpec::default(), Some(&one)), &[clocks()], [0; 3], &[], 200, |meter, kind, _| match kind {
        // Answers take 7.9 s, and the way and a worker 0.105 s.
        DownKind::Request { read } => {
            vec![(SimTime::from_millis(7_900), says(meter, ReportKind::Answer { read }, 1, 0))]
        }
        _ => vec![],
    });
    // The others wait from 100 s on and are refused at 105 s; they come again at 115 s, and the third at 120 s is refused and comes at 130 s.
    let ok = |meter, sent_s: f64, answered_s| (meter, Word::Ok, Some(sent_s), Some(answered_s), 1);
    assert_eq!(ran.outcomes(), [ok(1, 100.0, 108.005), ok(2, 115.0, 123.005), ok(3, 130.0, 138.005)]);
    let minutes = ran.head_end().rows.headend.iter().map(|row| {
        let of = |column: &amitwin_data::rows::Added<u32>| column.0.expect("written");
        let waiting = (of(&row.sessions_waiting_max), of(&row.sessions_waiting));
        (row.sessions, of(&row.sessions_open_max), waiting, of(&row.sessions_refused))
    });
    assert_eq!(
        minutes.collect::<Vec<_>>(),
        [(0, 0, (0, 0), 0), (2, 1, (2, 1), 2), (1, 1, (1, 0), 1), (0, 0, (0, 0), 0)]
    );
}

#[test]
fn pauses_grow_up_to_their_cap_and_a_temporary_failure_begins_anew() {
    let s = SimTime::from_secs;
    let retry = RetrySpec { after: s(30), factor: 2.0, cap: s(45), jitter: 0.0 };
    let limits = HeadEndSpec { retry: Some(retry), ..HeadEndSpec::default() };
    // Tries wait for 60 s each; pauses of 30, 45 and 45 s.
    let first: Vec<f64> = vec![100.0, 190.0, 295.0, 400.0];
    let of = |sent: Vec<(f64, u32)>, meter| sent.into_iter().filter(|s| s.1 == meter).map(|s| s.0).collect::<Vec<_>>();
    assert_eq!(of(asked(&limits, 4, 3_000), 1), first);
    assert_eq!(of(asked(&HeadEndSpec::default(), 2, 3_000), 1), [100.0, 160.0], "without pauses at once");
    let again = HeadEndSpec { again_after: Some(s(900)), ..limits };
    // The last of the first four is given up at 460 s.
    let second = first.iter().map(|at| at - 100.0 + 460.0 + 900.0);
    assert_eq!(of(asked(&again, 4, 1_900), 3), first.iter().copied().chain(second).collect::<Vec<_>>());
    // With jitter each meter pauses for a time of its own, 15 to 45 s.
    let retry = RetrySpec { after: s(30), jitter: 0.5, ..RetrySpec::default() };
    let sent = asked(&HeadEndSpec { retry: Some(retry), ..HeadEndSpec::default() }, 2, 3_000);
    let seconds: Vec<f64> = sent[3..].iter().map(|s| s.0).collect();
    assert_eq!(seconds.len(), 3);
    assert!(seconds.windows(2).all(|two| two[0] < two[1]), "{seconds:?}");
    assert!(seconds.iter().all(|at| (175.0..205.0).contains(at)), "{seconds:?}");
}

#[test]
fn reads_and_commands_that_failed_come_again_too() {
    let s = SimTime::from_secs;
    let retry = Some(RetrySpec { after: s(20), ..RetrySpec::default() });
    let limits = HeadEndSpec { retry, again_after: Some(s(900)), ..HeadEndSpec::default() };
    let nobody: Answer = |_, _, _| vec![];
    let to = |ran: &Ran, meter| ran.sent().iter().filter(|sent| sent.1 == meter).map(|sent| sent.0).collect::<Vec<_>>();
    // Rounds of an hour, two tries of 10 s. While the first meter pauses the next one has its turn, though one may be read at a time.
    let reads = PollSpec { every: s(3_600), ..registers(10, 2) };
    let ran = run_with((DlmsSpec::default(), Some(&limits)), &[], [0; 3], &[reads], 3_700, nobody);
    // Tries at 0 and 30 s; again 900 s after 40 s, at 940 and 970 s and so on; the fifth time would be at 3,760 s, when the next round has begun.
    let expected: Vec<f64> = [0.0, 940.0, 1_880.0, 2_820.0].into_iter().flat_map(|at| [at, at + 30.0]).collect();
    assert_eq!(to(&ran, 1)[..8], expected);
    assert_eq!(to(&ran, 2)[..2], [10.0, 40.0]);
    let spec = reset(Delivery::Unicast, BackSign::Route);
    let ran = run_with((DlmsSpec::default(), Some(&limits)), &[spec], [600, 700, 800], &[], 3_000, nobody);
    // Three tries of 60 s with pauses of 20 and 40 s; given up at 840 s, and 300 s after 600 s nothing is begun anew.
    assert_eq!(to(&ran, 1), [600.0, 680.0, 780.0, 1_740.0]);
}

#[test]
fn urgent_sessions_go_first() {
    let s = SimTime::from_secs;
    let permits = PermitsSpec { open: 1, wait: s(3_600), urgent_wait: s(3_600), ..PermitsSpec::default() };
    let one = HeadEndSpec { permits: Some(permits), ..HeadEndSpec::default() };
    let urgent = CampaignSpec { name: "urgent".into(), priority: 9, ..clocks() };
    let dlms = DlmsSpec::default();
    let ran = run_with((dlms, Some(&one)), &[clocks(), urgent], [0; 3], &[], 2_000, |meter, kind, now_s| match kind {
        DownKind::Request { read } => {
            vec![(SimTime::from_secs(5), says(meter, ReportKind::Answer { read }, now_s as u32, 0))]
        }
        _ => vec![],
    });
    // The first usual one has begun when the urgent ones come.
    let names: Vec<_> = ran.head_end().rows.transactions.iter().map(|row| &*row.campaign).collect();
    assert_eq!(names, ["clocks", "urgent", "urgent", "urgent", "clocks", "clocks"]);
}
