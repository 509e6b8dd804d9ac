#![doc = include_str!("README.md")]

mod alive;
mod answer;
mod boards;
mod clock;
mod event;
mod firmware;
mod hang;
mod health;
mod outage;
mod power;
mod report;
mod servers;
mod state;
mod supply;
mod visit;

pub use boards::Boards;
pub use clock::Clocks;
pub use event::Event;
pub use health::Watches;
pub use outage::Reserves;
pub use servers::Servers;
pub use state::State;
pub use supply::is_weak;

use crate::apdu::Fate;
use crate::books::Loss;
use crate::context::Ctx;
use crate::medium::message::{Body, Carried, Message, Return};
use crate::medium::{Medium, PortUser};
use crate::node::{Node, PerNode, SiteId};
use crate::plan::Plan;
use crate::slab::Slab;
use crate::spec::{BackSign, HangSpec, KeepAliveSpec, PushSpec, SupplySpec};
use amitwin_dlms::{Prices, Rest};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Power and reporting state of a meter or repeater.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Meter {
    /// When it last reset.
    reset_at: SimTime,
    /// Reports made.
    pushes: u32,
    /// Resets so far.
    boots: u16,
    /// It owes a sign of being back for this job (+1; 0: none).
    back_due: u16,
    /// Heartbeats sent for it.
    heartbeats: u8,
    /// It measures energy (a repeater does not).
    measures: bool,
    /// It has a way to its gateway.
    attached: bool,
    /// It has no supply.
    dark: bool,
    /// An activation has bricked it.
    bricked: bool,
    /// Its application hangs.
    hung: bool,
    /// Times that it has hung.
    hangs: u16,
    /// Its communication board has restarted alone, and does not come to terms with the metrology board.
    out_of_step: bool,
}

/// The meters of a partition, above the port.
pub struct Meters {
    meters: PerNode<Meter>,
    /// As DLMS servers, if anything is said to or by them.
    servers: Option<Box<Servers>>,
    /// Their capacitors, if they have some.
    reserves: Option<Box<Reserves>>,
    /// Answers that wait for their time.
    answers: Slab<Message>,
    /// Resets carried out: job, meter, when.
    resets: Vec<(u16, SiteId, SimTime)>,
    /// Commands to reset that have been carried out, by node and job: each once, however often the head-end repeats it.
    obeyed: BTreeSet<(Node, u16)>,
    /// What became of those that activated an image: job, meter, fate.
    fates: Vec<(u16, SiteId, Fate)>,
    plan: Arc<Plan>,
    push: Option<PushSpec>,
    keep_alive: Option<KeepAliveSpec>,
    /// What they watch, if they watch anything.
    watches: Option<Watches>,
    hang: Option<HangSpec>,
    supply: Option<SupplySpec>,
    boot: (SimTime, SimTime),
    /// Their two boards, if they are told apart.
    boards: Option<Boards>,
}

/// What meters are made of.
pub struct Parts {
    /// As DLMS servers.
    pub servers: Option<Box<Servers>>,
    /// Capacitors, if there are some.
    pub reserves: Option<Box<Reserves>>,
    /// Who resets when.
    pub plan: Arc<Plan>,
    /// Regular reports.
    pub push: Option<PushSpec>,
    /// Keep-alives.
    pub keep_alive: Option<KeepAliveSpec>,
    /// A value that is watched.
    pub watches: Option<Watches>,
    /// Applications that hang by themselves.
    pub hang: Option<HangSpec>,
    /// Supplies that sag.
    pub supply: Option<SupplySpec>,
    /// Time from reset to a running radio: smallest and largest.
    pub boot: (SimTime, SimTime),
    /// Their two boards, if they are told apart.
    pub boards: Option<Boards>,
}

impl Meters {
    /// New ones; `measures` says of each radio whether it is a meter.
    pub fn new(parts: Parts, measures: impl Iterator<Item = bool>) -> Self {
        Meters {
            meters: measures.map(|measures| Meter { measures, ..Meter::default() }).collect(),
            servers: parts.servers,
            reserves: parts.reserves,
            answers: Slab::default(),
            resets: Vec::new(),
            obeyed: BTreeSet::new(),
            fates: Vec::new(),
            plan: parts.plan,
            push: parts.push,
            keep_alive: parts.keep_alive,
            watches: parts.watches,
            hang: parts.hang,
            supply: parts.supply,
            boot: parts.boot,
            boards: parts.boards,
        }
    }

    /// What became of meters that activated an image since this was last taken: job, meter, fate.
    pub fn take_fates(&mut self) -> Vec<(u16, SiteId, Fate)> {
        std::mem::take(&mut self.fates)
    }

    /// Resets carried out since they were last taken, and restarts with a new image: job, meter, when.
    pub fn take_resets(&mut self) -> Vec<(u16, SiteId, SimTime)> {
        std::mem::take(&mut self.resets)
    }

    /// As DLMS servers, if anything is said to or by them.
    pub fn servers(&self) -> Option<&Servers> {
        self.servers.as_deref()
    }

    /// The same, to be changed.
    pub fn servers_mut(&mut self) -> Option<&mut Servers> {
        self.servers.as_deref_mut()
    }

    /// Times that a meter has written a firmware image to flash.
    pub fn flash_writes(&self, node: Node) -> u16 {
        self.servers.as_ref().map_or(0, |servers| servers.flash_writes(node))
    }

    /// What energy costs at a meter.
    pub fn prices(&self, node: Node) -> Prices {
        self.servers.as_ref().and_then(|servers| servers.rest(node)).map(Rest::prices).unwrap_or_default()
    }

    /// Whether the contacts of a meter's relay are open, and how often they have moved.
    pub fn relay(&self, node: Node) -> (bool, u16) {
        let rest = self.servers.as_ref().and_then(|servers| servers.rest(node));
        rest.map_or((false, 0), |rest| (!rest.connected, rest.relay_moves))
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let clocks = self.servers.as_ref().and_then(|servers| servers.clocks.as_ref());
        self.meters.bytes()
            + self.reserves.as_ref().map_or(0, |reserves| reserves.bytes())
            + clocks.map_or(0, Clocks::bytes)
            + self.watches.as_ref().map_or(0, Watches::bytes)
            + self.obeyed.len() * size_of::<(Node, u16)>()
    }

    /// First events of a node; `attached`: it has a way to its gateway from the start.
    pub fn start(&mut self, ctx: &mut Ctx, node: Node, attached: bool) {
        self.meters[node].attached = attached;
        // Those of a meter without a way are due all the same, and lost.
        self.start_reports(ctx, node);
        self.start_samples(ctx, node);
        self.start_keep_alives(ctx, node, 0);
        self.may_hang(ctx, node, 0);
    }

    /// Carries out an event.
    #[inline]
    pub fn handle<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, event: Event) {
        match event {
            Event::Reset { node, job } => self.reset(medium, ctx, node, job),
            Event::Restart { node, job, fate } => self.restart(medium, ctx, node, job, fate),
            Event::Booted { node, boots } => self.booted(medium, ctx, node, boots),
            Event::Heartbeat { node, boots } => self.heartbeat(medium, ctx, node, boots),
            Event::Answer { node, boots, answer } => self.send_answer(medium, ctx, node, boots, answer),
            Event::Push { node } => self.push(medium, ctx, node),
            Event::Sample { node } => self.sample(medium, ctx, node),
            Event::KeepAlive { node, period } => self.keeps_alive(medium, ctx, node, period),
            Event::Hangs { node, draws } => self.hangs(ctx, node, draws),
            Event::Watchdog { node, hang } => self.watchdog(medium, ctx, node, hang),
            Event::Capacitor { node, outage } => self.look_at_capacitor(medium, ctx, node, outage),
            Event::LastGasp { node, outage } => self.last_gasp(medium, ctx, node, outage),
            Event::PowerUp { node, outage } => self.power_up(medium, ctx, node, outage),
            Event::SagOver { node, outage } => self.sag_over(medium, ctx, node, outage),
        }
    }

    /// The job whose reset the head-end is to learn of by the meter's route.
    fn back_by_route(&self, node: Node) -> Option<u16> {
        let job = self.meters[node].back_due.checked_sub(1)?;
        (self.plan.reset(job).back == BackSign::Route).then_some(job)
    }
}

impl PortUser for Meters {
    fn attached<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node) {
        self.meters[node].attached = true;
        self.back(medium, ctx, node);
        self.owes_power_up(ctx, node);
    }

    fn browns_out<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node) {
        Meters::browns_out(self, medium, ctx, node);
    }

    fn detached(&mut self, _ctx: &mut Ctx, node: Node) {
        self.meters[node].attached = false;
    }

    fn delivered<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, carried: Carried) {
        match carried.message.body {
            Body::Flood { job } => self.command_for_all(ctx, node, job, carried.message),
            Body::Command { job } => self.command(ctx, node, job, carried.message),
            Body::Request { read } => {
                self.request(ctx, node, read, carried.message);
                self.may_sag(medium, ctx, node, carried.message);
            }
            Body::Spread { .. } => {
                self.step_for_all(ctx, node, carried.message);
                self.may_sag(medium, ctx, node, carried.message);
            }
            Body::Confirm => self.confirmed(ctx, node, carried.message),
            Body::Heartbeat { .. }
            | Body::Push { .. }
            | Body::Bundle { .. }
            | Body::Notice { .. }
            | Body::Alarm { .. }
            | Body::CommandAck { .. }
            | Body::Answer { .. } => {}
        }
    }

    fn lost(&mut self, ctx: &mut Ctx, carried: Carried, why: Loss) {
        ctx.books.message_lost(ctx.facts, carried, why);
    }

    fn returning(&self, node: Node) -> Option<Return> {
        let job = self.back_by_route(node)?;
        Some(Return { job, reset_at: self.meters[node].reset_at })
    }

    fn routed(&mut self, _ctx: &mut Ctx, _gateway: Node, _node: Node) {}

    fn returned(&mut self, _ctx: &mut Ctx, _gateway: Node, _node: Node, _hops: u8, _back: Return) {}
}
