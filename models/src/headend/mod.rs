#![doc = include_str!("README.md")]

pub mod ledger;
pub mod polls;
pub mod talk;

use crate::apdu::{Apdu, Ask};
use crate::campaign::Plan;
use crate::event::{Event, Report, ReportKind};
use crate::mac::packet::Kind;
use crate::region::Ctx;
use crate::spec::Delivery;
use amitwin_data::rows::{Outcome, Rows, TransactionKind, TransactionRow};
use amitwin_sim_core::SimTime;
use hdrhistogram::Histogram;
use polls::{Desk, Polls};
use std::sync::Arc;
use talk::{Heard, Talk};

/// Partition id of the head-end: after all meshes.
pub const HEAD_END: u32 = u32::MAX;

/// Attempts of a unicast command, and the time between two.
const COMMAND_ATTEMPTS: u8 = 3;
const COMMAND_TIMEOUT: SimTime = SimTime::from_secs(60);

/// What the head-end knows of one meter in one campaign.
#[derive(Clone, Copy, Debug, Default)]
struct Track {
    sent: Option<SimTime>,
    /// As the meter's return tells it.
    reset: Option<SimTime>,
    answered: Option<SimTime>,
    attempts: u8,
    acknowledged: bool,
    /// The meter could not decipher a command.
    refused: bool,
    hops: u8,
}

/// Where everyone is.
#[derive(Clone, Debug)]
pub struct Network {
    /// Partition of each site by global id.
    pub partition: Arc<Vec<u32>>,
    /// Border router of each site by global id.
    pub gateway: Arc<Vec<u32>>,
    /// Whether a site has a route at the start, by global id.
    pub reachable: Arc<Vec<bool>>,
    /// Partitions of the meshes.
    pub meshes: Vec<u32>,
    /// Of the backhaul, one way.
    pub latency: SimTime,
}

/// The head-end.
pub struct HeadEnd {
    plan: Arc<Plan>,
    tracks: Vec<Vec<Track>>,
    /// Positions of each campaign's meters in the order of their planned times.
    order: Vec<Vec<u32>>,
    network: Network,
    /// What is said, and under which counter.
    pub talk: Talk,
    /// Scheduled reads.
    pub polls: Polls,
    /// Heartbeats of meters that were back already.
    pub duplicates: u64,
    /// Delay of regular reports, ms.
    pub push_delay_ms: Histogram<u64>,
    /// Rows since the driver last took them.
    pub rows: Rows,
}

impl HeadEnd {
    /// A head-end over the given meshes.
    pub fn new(plan: Arc<Plan>, network: Network, talk: Talk, polls: Polls) -> Self {
        let tracks = plan.campaigns.iter().map(|c| vec![Track::default(); c.targets.len()]).collect();
        let order = plan
            .campaigns
            .iter()
            .map(|c| {
                let mut order: Vec<u32> = (0..c.targets.len() as u32).collect();
                order.sort_by_key(|&n| (c.times[n as usize], n));
                order
            })
            .collect();
        let push_delay_ms = Histogram::new_with_bounds(1, 86_400_000, 2).expect("the bounds are in order");
        HeadEnd { plan, tracks, order, network, talk, polls, duplicates: 0, push_delay_ms, rows: Rows::default() }
    }

    pub(crate) fn start(&mut self, ctx: &mut Ctx) {
        for (n, campaign) in self.plan.campaigns.iter().enumerate() {
            ctx.schedule(campaign.send_at, 0, Event::Campaign { campaign: n as u16 });
        }
        self.polls.start(ctx);
    }

    pub(crate) fn handle(&mut self, event: Event, ctx: &mut Ctx) {
        match event {
            Event::Campaign { campaign } => self.begin(ctx, campaign),
            Event::Dispatch { campaign, position } => self.dispatch(ctx, campaign, position),
            Event::Poll { runner } => {
                let (polls, mut desk) = self.desk();
                polls.due(ctx, &mut desk, runner);
            }
            Event::PollTimeout { flight, request } => {
                let (polls, mut desk) = self.desk();
                polls.timeout(ctx, &mut desk, flight, request);
            }
            Event::Report(report) if report.kind == ReportKind::Answer => {
                let (polls, mut desk) = self.desk();
                polls.answered(ctx, &mut desk, &report);
            }
            Event::Report(report) => self.report(ctx, &report),
            _ => unreachable!("{event:?} belongs to a mesh"),
        }
    }

    /// Partition of a site.
    pub fn partition(&self, node: u32) -> u32 {
        self.network.partition[node as usize]
    }

    fn desk(&mut self) -> (&mut Polls, Desk<'_>) {
        (&mut self.polls, Desk { network: &self.network, talk: &mut self.talk, rows: &mut self.rows })
    }

    fn begin(&mut self, ctx: &mut Ctx, campaign: u16) {
        let c = &self.plan.campaigns[campaign as usize];
        match c.delivery {
            Delivery::Broadcast => {
                for track in &mut self.tracks[campaign as usize] {
                    (track.sent, track.attempts) = (Some(ctx.now()), 1);
                }
                let down = self.talk.tell_all(campaign, c.tier);
                for &mesh in &self.network.meshes {
                    ctx.send(mesh, ctx.now() + self.network.latency, 0, Event::Down(Box::new(down.clone())));
                }
            }
            Delivery::Unicast => {
                if let Some(&first) = self.order[campaign as usize].first() {
                    let at = c.times[first as usize].max(ctx.now());
                    ctx.schedule(at, 0, Event::Dispatch { campaign, position: 0 });
                }
            }
        }
    }

    /// Positions below the number of meters walk the schedule; those above are repetitions for one meter.
    fn dispatch(&mut self, ctx: &mut Ctx, campaign: u16, position: u32) {
        let c = &self.plan.campaigns[campaign as usize];
        let count = c.targets.len() as u32;
        let repeat = position >= count;
        let meter = if repeat { position - count } else { self.order[campaign as usize][position as usize] };
        let track = &mut self.tracks[campaign as usize][meter as usize];
        if !repeat && position + 1 < count {
            let next = self.order[campaign as usize][position as usize + 1];
            let at = c.times[next as usize].max(ctx.now());
            ctx.schedule(at, 0, Event::Dispatch { campaign, position: position + 1 });
        }
        if track.acknowledged || track.refused || track.answered.is_some() || track.attempts >= COMMAND_ATTEMPTS {
            return;
        }
        let node = c.targets[meter as usize];
        track.attempts += 1;
        track.sent = track.sent.or(Some(ctx.now()));
        let down = self.talk.ask(Kind::Command, node, u32::from(campaign), Ask::Reset(c.tier));
        let at = ctx.now() + self.network.latency;
        ctx.send(self.network.partition[node as usize], at, 0, Event::Down(Box::new(down)));
        ctx.schedule(ctx.now() + COMMAND_TIMEOUT, 0, Event::Dispatch { campaign, position: count + meter });
    }

    fn report(&mut self, ctx: &mut Ctx, report: &Report) {
        let now = ctx.now();
        if report.kind == ReportKind::Push && report.apdu == Apdu::default() {
            // Bytes without meaning.
            self.push_delay_ms.saturating_record((now - report.planned).nanos() / 1_000_000);
            return;
        }
        match if report.kind == ReportKind::Route { Heard::New(None) } else { self.talk.hear(report) } {
            Heard::New(_) => {}
            // A confirmation that was lost is said again.
            Heard::Again if report.kind == ReportKind::Heartbeat => {}
            Heard::Undeciphered => return self.refused(report),
            Heard::Again | Heard::Refused | Heard::Wrong => return,
        }
        if report.kind == ReportKind::Heartbeat {
            let down = self.talk.confirm(report.node, report.value);
            let mesh = self.network.partition[report.node as usize];
            ctx.send(mesh, now + self.network.latency, 0, Event::Down(Box::new(down)));
        }
        if report.kind == ReportKind::Push {
            self.push_delay_ms.saturating_record((now - report.planned).nanos() / 1_000_000);
            return;
        }
        let campaign = report.value as usize;
        let Ok(at) = self.plan.campaigns[campaign].targets.binary_search(&report.node) else { return };
        let track = &mut self.tracks[campaign][at];
        match report.kind {
            ReportKind::Acknowledged => track.acknowledged = true,
            _ if track.answered.is_some() => self.duplicates += 1,
            _ => {
                (track.answered, track.reset, track.hops) = (Some(now), Some(report.planned), report.hops);
            }
        }
    }

    /// A meter has another security suite than the one on file: to repeat the command helps nobody.
    fn refused(&mut self, report: &Report) {
        if report.kind == ReportKind::Acknowledged {
            let campaign = report.value as usize;
            if let Ok(at) = self.plan.campaigns[campaign].targets.binary_search(&report.node) {
                self.tracks[campaign][at].refused = true;
            }
        }
    }

    /// The end of the run: one row for each meter of each campaign. `resets` are all that really happened, by campaign, meter
    /// and time.
    pub fn finish(&mut self, now: SimTime, resets: &[(u16, u32, SimTime)]) {
        let (polls, mut desk) = self.desk();
        polls.finish(&mut desk);
        for &(campaign, node, at) in resets {
            let targets = &self.plan.campaigns[usize::from(campaign)].targets;
            if let Ok(place) = targets.binary_search(&node) {
                let track = &mut self.tracks[usize::from(campaign)][place];
                track.reset = track.reset.or(Some(at));
            }
        }
        for (n, campaign) in self.plan.campaigns.iter().enumerate() {
            for (at, (&node, track)) in campaign.targets.iter().zip(&self.tracks[n]).enumerate() {
                let deadline = campaign.give_up_after.map(|after| campaign.times[at] + after);
                let late = |t: SimTime| deadline.is_some_and(|d| t > d);
                let outcome = match track.answered {
                    Some(t) if !late(t) => Outcome::Ok,
                    Some(_) => Outcome::Failed,
                    None if !self.network.reachable[node as usize] => Outcome::Unreachable,
                    None if track.refused => Outcome::Refused,
                    None if late(now) => Outcome::Failed,
                    None => Outcome::Pending,
                };
                self.rows.transactions.push(TransactionRow {
                    transaction: (1 << 63) | ((n as u64) << 32) | u64::from(node),
                    kind: TransactionKind::Reset,
                    campaign: campaign.name.clone(),
                    node,
                    gateway: self.network.gateway[node as usize],
                    planned_s: campaign.times[at].secs_f64(),
                    sent_s: track.sent.map(SimTime::secs_f64),
                    reset_s: track.reset.map(SimTime::secs_f64),
                    acknowledged: (campaign.delivery == Delivery::Unicast).then_some(track.acknowledged),
                    answered_s: track.answered.map(SimTime::secs_f64),
                    outcome,
                    attempts: u16::from(track.attempts),
                    hops: track.hops,
                    bytes: u32::from(self.talk.cosem().lengths(node).reset),
                });
            }
        }
    }
}
