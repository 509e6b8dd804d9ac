#![doc = include_str!("README.md")]

mod abroad;
mod access;
mod exchange;
mod given;
mod overlay;
mod queue;
mod rules;
mod settle;
mod state;
pub mod sweep;
pub mod times;

pub use abroad::HeardAbroad;
pub use access::{attempt, next_job, resume};
pub use exchange::{acknowledge, ended, send, unacknowledged};
pub use overlay::foreign_loss;
pub use queue::{clear, enqueue};
pub use rules::{Rules, RulesByRole};
pub use settle::{foreign, foreign_train};
pub use state::State;

use super::hopping;
use super::mpdu::Sweep;
use super::packet::{Fifo, Kind, Packet, Packets};
use super::radio::ageing::Ageing;
use super::radio::air::{Air, Fate};
use super::radio::obstacles::Obstacles;
use super::wire::capture::{Capture, Sent};
use super::wire::lengths::Lengths;
use crate::books::Loss;
use crate::context::{Ctx, Facts};
use crate::node::{Channel, Node, PerNode};
use crate::purpose::BACKOFF;
use crate::spec::RadioSpec;
use abroad::Abroad;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use serde::{Deserialize, Serialize};
use times::MacTimes;

/// What the link layer of a node is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Job {
    /// Nothing.
    #[default]
    Idle,
    /// Backing off for the first unicast frame.
    Backoff,
    /// Turning to transmit, transmitting or waiting for the acknowledgement.
    Busy,
    /// Waiting for a broadcast slot, or for the time of a repetition.
    WaitSlot,
    /// Waiting to go on with a sweep.
    WaitSweep,
    /// In a piece of a sweep.
    Sweeping,
}

/// Link-layer state of a node.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Mac {
    /// No next frame before this.
    spaced_until: SimTime,
    /// No next frame to [`Mac::blocked_to`] before this: a repetition waits, and so does all that would go the same way.
    blocked_until: SimTime,
    /// Receiver of the frame that failed last.
    blocked_to: Node,
    /// Unicast frames (all frames without hopping).
    queue: Fifo,
    /// Broadcast frames.
    broadcasts: Fifo,
    /// Average length of both queues, 1/256 frames.
    average_256: u32,
    /// Frames taken in since one gave way, while the queue is half full.
    spared: u16,
    /// Random numbers used for backoffs.
    draws: u32,
    /// Counts jobs, so that an event of an abandoned job is recognised.
    epoch: u16,
    /// Current job.
    job: Job,
    /// The frame in hand, of a job that is [`Job::Busy`], leads the broadcasts and not the queue.
    in_hand_is_broadcast: bool,
    backoffs: u8,
    exponent: u8,
    acknowledging: bool,
    /// The channel was clear once already.
    looked: bool,
    /// Sweeps asked for, a bit for each [`Sweep`].
    sweeps: u8,
    /// Next step of the first sweep.
    sweep_step: u16,
}

impl Mac {
    /// Something waits to be sent.
    fn has_more(&self) -> bool {
        !self.queue.is_empty() || !self.broadcasts.is_empty() || self.sweeps != 0
    }

    /// The queue that the frame in hand leads, if the node is [`Job::Busy`].
    fn in_hand_queue(&self) -> &Fifo {
        if self.in_hand_is_broadcast { &self.broadcasts } else { &self.queue }
    }
}

/// The link layers of a partition and the air between them.
pub struct LinkLayer {
    /// The air.
    pub air: Air,
    /// Datagrams held by nodes.
    pub packets: Packets,
    macs: PerNode<Mac>,
    /// What each own radio has sent, us, modulo 2^32, if somebody asks.
    sent_us: PerNode<u32>,
    /// Longest burst that the supply of each own radio bears, us, if some are weak.
    bears_us: PerNode<u32>,
    times: MacTimes,
    lengths: Lengths,
    rules: RulesByRole,
    /// Longest frame, check sequence included, bytes.
    frame_bytes_max: u16,
    /// Tag of the newest datagram that was cut.
    newest_tag: u16,
    abroad: Abroad,
    /// What links pass through, if there is something.
    obstacles: Option<Box<Obstacles>>,
    ageing: Option<Box<Ageing>>,
    /// Frames as bytes, if they are captured.
    capture: Option<Box<Capture>>,
    /// Receptions are worked out that nobody has a use for.
    pub works_out_all: bool,
    /// Each frame of a sweep is an event, and none goes out in a train.
    pub sends_no_trains: bool,
    pieces: Vec<sweep::Piece>,
    spare_pieces: Vec<sweep::Piece>,
    heard: Vec<(Node, Fate, f32)>,
    hearers: Vec<Node>,
}

/// What a link layer is made of.
pub struct Parts {
    /// The air.
    pub air: Air,
    /// Sizes and times.
    pub times: MacTimes,
    /// How it uses air and queues.
    pub rules: RulesByRole,
    /// Longest frame, check sequence included, bytes.
    pub frame_bytes_max: u16,
}

/// What the link layer calls above it.
pub trait Above {
    /// Whether a node has a use now for a packet for all that it hears from `from` with a mean level of so many dBm: if not, receiving it
    /// would change nothing.
    fn heeds(&mut self, facts: &Facts, at: (SimTime, Node), from: Node, packet: &Packet, level_dbm: f32) -> bool;
    /// Whether the second node has a use for a sweep's frame of the first, or may have one before an instant.
    fn heeds_sweep(&self, facts: &Facts, of: (Node, Node), sweep: Sweep, before: SimTime) -> bool;
    /// A datagram or a fragment arrived at `node` over the air from `from`.
    fn receive(&mut self, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, from: Node, packet: &Packet);
    /// A sweep's frame arrived.
    fn heard_sweep(&mut self, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, from: Node, sweep: Sweep);
    /// A unicast frame of this kind is done with: acknowledged or given up.
    fn link_result(&mut self, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, frame: Done);
    /// A frame has left the queue of a node, which [`Above::link_result`] does not tell.
    fn has_room(&mut self, link: &mut LinkLayer, ctx: &mut Ctx, node: Node);
    /// A datagram was lost at its holder, if it is a fragment the rest of it as well.
    fn lost(&mut self, ctx: &mut Ctx, holder: Node, packet: &Packet, why: Loss);
    /// RPL rank of a node, which frames carry.
    fn rank(&self, node: Node) -> u16;
    /// Hops by which the slots of a node go; none while it joins.
    fn slots(&self, node: Node) -> Option<u8>;
    /// Whether a node has the keys with which a unicast frame is sealed; who has not drops it and acknowledges nothing.
    fn opens(&self, node: Node, from: Node, packet: &Packet) -> bool;
    /// Border router of the PAN that a node names in its frames, and how many nodes the PAN has.
    fn pan(&self, facts: &Facts, node: Node) -> (Node, u32);
}

/// A unicast frame that is done with.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    /// Its receiver.
    pub to: Node,
    /// What it carried.
    pub kind: Kind,
    /// It was acknowledged.
    pub ok: bool,
    /// Transmissions, and attempts that found no free channel.
    pub tries: u8,
    /// Transmissions of a frame of which it is known what became of the last; 0 of one for which no free channel was found, or that was too old.
    pub sent: u8,
}

impl LinkLayer {
    /// Idle link layers of `own` radios.
    pub fn new(parts: Parts, own: u16) -> Self {
        LinkLayer {
            air: parts.air,
            packets: Packets::default(),
            macs: PerNode::of(Mac::default(), usize::from(own)),
            sent_us: PerNode(Vec::new()),
            bears_us: PerNode(Vec::new()),
            times: parts.times,
            lengths: Lengths::new(),
            rules: parts.rules,
            frame_bytes_max: parts.frame_bytes_max,
            newest_tag: 0,
            abroad: Abroad::default(),
            obstacles: None,
            ageing: None,
            capture: None,
            works_out_all: false,
            sends_no_trains: false,
            pieces: Vec::new(),
            spare_pieces: Vec::new(),
            heard: Vec::new(),
            hearers: Vec::new(),
        }
    }

    /// Channels that it hops over; 0 if it does not.
    pub fn channels(&self) -> u16 {
        self.air.hops.len()
    }

    /// Counts what each own radio sends from now on.
    pub fn count_sent(&mut self) {
        self.sent_us = PerNode::of(0, self.macs.len());
    }

    /// Longest bursts that the supplies of own radios bear, us; `u32::MAX`: any.
    pub fn set_supplies(&mut self, bears_us: PerNode<u32>) {
        self.bears_us = bears_us;
    }

    /// What a radio has sent, us, modulo 2^32; 0 where it is not counted.
    pub fn sent_us(&self, node: Node) -> u32 {
        self.sent_us.0.get(node.at()).copied().unwrap_or(0)
    }

    /// Has nodes whose stack does so listen for signals as weak as the weakest that they receive, dBm, unless the level is given.
    pub fn follow_weakest(&mut self, facts: &Facts, weakest_dbm: &PerNode<i8>, spec: &RadioSpec) {
        let bounds = |node| self.rules.of(facts, node).cca_dbm;
        if spec.cca_threshold_dbm.is_some() || facts.nodes().all(|node| bounds(node).is_none()) {
            return;
        }
        let of = |node: Node| match bounds(node) {
            // `mac_cca_threshold.c`: a step of 1 dB below what was received.
            Some((low, high)) => weakest_dbm[node].saturating_sub(1).clamp(low, high),
            None => spec.cca_dbm() as i8,
        };
        let own_dbm = facts.nodes().map(of).collect();
        self.air.set_cca(own_dbm);
    }

    /// A node that has been switched on finds channels busy as if it heard strong signals alone, where its stack does so, until it has chosen its PAN.
    pub fn listens_anew(&mut self, facts: &Facts, node: Node, begins: bool) {
        // `ws_bootstrap.c`, `ws_bootstrap_6lr.c`.
        let high_dbm = self.rules.of(facts, node).cca_dbm.map(|(_, high)| high);
        self.air.set_first_cca(node, high_dbm.filter(|_| begins));
    }

    /// Captures what is sent from now on.
    pub fn start_capture(&mut self, capture: Capture) {
        self.capture = Some(Box::new(capture));
    }

    /// The capture, if there is one.
    pub fn capture_mut(&mut self) -> Option<&mut Capture> {
        self.capture.as_deref_mut()
    }

    /// A node has restarted, which its frames show.
    pub fn has_restarted(&mut self, facts: &Facts, node: Node) {
        if let Some(capture) = &mut self.capture {
            capture.restarted(facts, node);
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let obstacles = self.obstacles.as_ref().map_or(0, |obstacles| obstacles.bytes());
        let ageing = self.ageing.as_ref().map_or(0, |ageing| ageing.bytes());
        self.air.bytes() + self.packets.bytes() + self.macs.bytes() + self.abroad.bytes() + obstacles + ageing
    }

    #[inline]
    fn hopping(&self) -> bool {
        !self.air.hops.is_empty()
    }

    /// Where a node listens at an instant.
    fn channel_of(&self, facts: &Facts, node: Node, at: SimTime) -> Channel {
        let slot = hopping::slot(self.air.radios[node].phase_ms, at);
        self.air.hops.channel(facts.sites[node], slot)
    }

    /// Bytes that the frame of a packet has room for above the link layer.
    fn frame_room(&self, packet: &Packet) -> u16 {
        self.frame_bytes_max.saturating_sub(self.air.phy.fcs_bytes + self.times.overhead(packet))
    }

    /// Uniform backoff of 0 to 2^exponent - 1 units, and what the stack takes at least.
    fn backoff(&mut self, facts: &Facts, node: Node, exponent: u8) -> SimTime {
        let (key, unit) = (facts.stream_key(node, BACKOFF), self.air.phy.unit_backoff);
        let mac = &mut self.macs[node];
        let mut stream = Stream::resume(key, u64::from(mac.draws));
        let units = stream.below(1 << exponent);
        mac.draws = stream.drawn() as u32;
        self.rules.of(facts, node).lead + unit * u64::from(units)
    }

    /// Uniform in [0, 1) from the node's backoff stream.
    fn place(&mut self, facts: &Facts, node: Node) -> f64 {
        let key = facts.stream_key(node, BACKOFF);
        let mac = &mut self.macs[node];
        let mut stream = Stream::resume(key, u64::from(mac.draws));
        mac.draws += 1;
        stream.unit()
    }

    /// Bytes of a datagram that come back to its sender because its source route leads no further.
    pub fn sent_back(&self, packet: &Packet) -> u16 {
        self.lengths.sent_back(packet)
    }

    fn finish_job(&mut self, node: Node) {
        let mac = &mut self.macs[node];
        mac.job = Job::Idle;
        mac.epoch = mac.epoch.wrapping_add(1);
    }

    /// What a capture says of a frame that goes out now.
    fn sent(&self, at: SimTime, node: Node, channel: Channel, bytes: u16) -> Sent {
        let channel = match channel {
            Channel::COMMON if self.hopping() => None,
            Channel::COMMON => Some(Channel(0)),
            channel => Some(channel),
        };
        Sent { node, at, phase_ms: self.air.radios[node].phase_ms, channel, bytes, pan: Node::NONE }
    }
}
