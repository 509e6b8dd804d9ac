//! The bench of the link layer: nothing above it but a frame from each node to its target, again and again.

use super::event::Event;
use super::mac::{Above, Done, LinkLayer, enqueue};
use super::mpdu::Sweep;
use super::packet::{Content, Packet};
use crate::books::Loss;
use crate::context::{Ctx, Facts};
use crate::node::{Node, PerNode, SiteId};
use crate::purpose::PUSH_PHASE;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use hdrhistogram::Histogram;

/// Traffic and results of the link-layer bench.
#[derive(Debug)]
pub struct Probes {
    /// Time between two frames of a node.
    period: SimTime,
    /// Bytes above the link layer.
    bytes: u16,
    /// Addressee of each node; [`Node::NONE`]: does not send.
    target: PerNode<Node>,
    /// Frames asked for.
    pub asked: u64,
    /// Frames that arrived.
    pub arrived: u64,
    /// Frames given up.
    pub lost: u64,
    /// Sum of delays from request to arrival.
    pub delay_sum: SimTime,
    /// Delays, us.
    pub delay_us: Histogram<u64>,
}

impl Probes {
    /// A frame of `bytes` above the link layer from each node to its `target` (both by site) every `period`.
    pub fn new(facts: &Facts, period: SimTime, bytes: u16, target: impl Fn(u32) -> Option<u32>) -> Self {
        let own = &facts.sites.0[..usize::from(facts.own)];
        let sorted = own.is_sorted();
        let find = |site: u32| {
            let site = SiteId(site);
            let at = if sorted { own.binary_search(&site).ok() } else { own.iter().position(|&s| s == site) };
            at.map_or(Node::NONE, |at| Node(at as u16))
        };
        Probes {
            period,
            bytes,
            target: own.iter().map(|&site| target(site.0).map_or(Node::NONE, find)).collect(),
            asked: 0,
            arrived: 0,
            lost: 0,
            delay_sum: SimTime::ZERO,
            delay_us: Histogram::new_with_bounds(1, 600_000_000, 3).expect("the bounds are in order"),
        }
    }

    /// First frames, at a random phase.
    pub fn start(&self, ctx: &mut Ctx) {
        for node in ctx.facts.nodes() {
            if self.target[node].is_some() {
                let global = u64::from(ctx.facts.sites[node]);
                let phase = Stream::new(ctx.facts.seed, global, PUSH_PHASE).unit();
                let at = SimTime::from_secs_f64(self.period.secs_f64() * phase);
                ctx.schedule(at, node, Event::Probe { node });
            }
        }
    }
}

/// Carries out an event.
#[inline]
pub(super) fn handle(probes: &mut Probes, link: &mut LinkLayer, ctx: &mut Ctx, event: Event) {
    let Event::Probe { node } = event else { return super::link_event(link, probes, ctx, event) };
    ctx.schedule(ctx.now() + probes.period, node, event);
    let to = probes.target[node];
    probes.asked += 1;
    let content = Content::Probe { bytes: probes.bytes, asked: ctx.now() };
    enqueue(link, probes, ctx, node, Packet::new(content, node, to, to));
}

impl Above for Probes {
    fn heeds_sweep(&self, _: &Facts, _: (Node, Node), _sweep: Sweep, _before: SimTime) -> bool {
        true
    }

    fn heeds(&mut self, _: &Facts, _: (SimTime, Node), _from: Node, _packet: &Packet, _level_dbm: f32) -> bool {
        true
    }

    fn receive(&mut self, _link: &mut LinkLayer, ctx: &mut Ctx, _node: Node, _from: Node, packet: &Packet) {
        let Content::Probe { asked, .. } = packet.content else { return };
        let delay = ctx.now() - asked;
        self.arrived += 1;
        self.delay_sum += delay;
        self.delay_us.saturating_record(delay.nanos() / 1_000);
    }

    fn heard_sweep(&mut self, _: &mut LinkLayer, _: &mut Ctx, _node: Node, _from: Node, _sweep: Sweep) {}

    fn link_result(&mut self, _: &mut LinkLayer, _: &mut Ctx, _node: Node, _done: Done) {}

    fn has_room(&mut self, _link: &mut LinkLayer, _ctx: &mut Ctx, _node: Node) {}

    fn lost(&mut self, ctx: &mut Ctx, holder: Node, _packet: &Packet, why: Loss) {
        ctx.books.lost(holder, why);
        self.lost += 1;
    }

    fn rank(&self, _node: Node) -> u16 {
        u16::MAX
    }

    fn slots(&self, _node: Node) -> Option<u8> {
        None
    }

    fn opens(&self, _node: Node, _from: Node, _packet: &Packet) -> bool {
        true
    }

    fn pan(&self, facts: &Facts, node: Node) -> (Node, u32) {
        (facts.gateway_of(node), 0)
    }
}
