//! Everything that can happen in the world: one variant, one handler.

use crate::apdu::Apdu;
use crate::headend;
use crate::mac::packet::Packet;
use crate::mesh::trickle::Topic;
use crate::spec::BackSign;
use amitwin_sim_core::{Context, SimTime};

/// What a handler gets from the engine.
pub type Ctx<'a> = Context<'a, Event>;

/// An event of a mesh partition or of the head-end. Node numbers are local to the partition that handles it.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A clear channel assessment ends: send or back off again.
    Attempt {
        /// Who wants to send.
        node: u16,
        /// Valid if the node's link layer is still at this count.
        epoch: u16,
    },
    /// The turn to transmit is done: first bit.
    Send {
        /// Sender.
        node: u16,
        /// See [`Event::Attempt`].
        epoch: u16,
    },
    /// Last bit of a frame.
    Ended {
        /// Frame in the air's list.
        frame: u32,
    },
    /// An acknowledgement starts.
    Acknowledge {
        /// Who acknowledges.
        node: u16,
        /// Whose frame.
        to: u16,
        /// Channel of that frame.
        channel: u16,
        /// The sender's count while it waits.
        epoch: u16,
    },
    /// No acknowledgement came.
    Unacknowledged {
        /// Sender of the frame.
        node: u16,
        /// See [`Event::Attempt`].
        epoch: u16,
    },
    /// The link layer may look for its next job.
    Resume {
        /// Who.
        node: u16,
    },
    /// A step of an advertisement sweep over all channels.
    Sweep {
        /// Sender.
        node: u16,
        /// See [`Event::Attempt`].
        epoch: u16,
        /// Channel of this step.
        channel: u16,
    },
    /// A trickle timer: transmission point or end of the interval.
    Trickle {
        /// Who.
        node: u16,
        /// Which of its timers.
        topic: Topic,
        /// Valid if the timer is still at this count.
        epoch: u8,
    },
    /// The timer of the joining procedure, or of registration refresh once joined.
    Join {
        /// Who.
        node: u16,
        /// Valid if the node's mesh state is still at this count.
        epoch: u16,
    },
    /// A flooded command is due for repetition.
    Flood {
        /// Who.
        node: u16,
        /// Valid if the node's flood is still at this count.
        epoch: u8,
    },
    /// A scheduled reset is due.
    Reset {
        /// Meter.
        node: u16,
        /// Campaign that asked for it.
        campaign: u16,
    },
    /// The radio runs again.
    Booted {
        /// Meter.
        node: u16,
        /// Valid if the meter has not been reset since.
        boots: u16,
    },
    /// The repeated heartbeat after a reset is due.
    Heartbeat {
        /// Meter.
        node: u16,
        /// Valid if the meter has not been reset since.
        boots: u16,
    },
    /// The answer to a request is due.
    Answer {
        /// Meter.
        node: u16,
        /// Valid if the meter has not been reset since.
        boots: u16,
        /// What is said.
        packet: Box<Packet>,
    },
    /// A regular report is due.
    Push {
        /// Meter.
        node: u16,
    },
    /// The probe traffic of the link-layer bench.
    Probe {
        /// Sender.
        node: u16,
    },
    /// A minute ends: load rows.
    Minute,
    /// A snapshot of the links is due.
    Snapshot,
    /// From the head-end: an APDU for one meter or for all.
    Down(Box<Down>),
    /// At the head-end: one of its own events.
    HeadEnd(headend::Event),
    /// At the head-end: a meter reported.
    Report(Box<Report>),
    /// From a neighbouring partition: a foreign frame is on the air.
    Foreign {
        /// Global id of the sender.
        from: u32,
        /// Channel.
        channel: u16,
        /// Bytes before the frame check sequence.
        bytes: u16,
    },
}

/// Partition id of the head-end: after all meshes.
pub const HEAD_END: u32 = u32::MAX;

/// Number of a site in the placement, the same in every partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GlobalId(pub u32);

/// What the head-end sends.
#[derive(Clone, Debug, PartialEq)]
pub struct Down {
    /// Whom it is for.
    pub to: Destination,
    /// What it is.
    pub kind: DownKind,
    /// Payload above UDP, bytes.
    pub bytes: u16,
    /// The payload.
    pub apdu: Apdu,
}

/// Whom the head-end talks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// One meter, by source route.
    Unicast(GlobalId),
    /// All meters, by a flood; only a command goes to all.
    All,
}

/// Kinds of [`Down`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownKind {
    /// A command.
    Command {
        /// Number of the job that it belongs to.
        job: u16,
    },
    /// A request for values.
    Request {
        /// Number of the read; the answer has the same.
        read: u32,
    },
    /// A heartbeat has arrived.
    Confirm {
        /// Number of the job that the heartbeat named.
        job: u16,
    },
}

/// What reaches the head-end from a meter.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The meter.
    pub meter: GlobalId,
    /// What it is.
    pub kind: ReportKind,
    /// When it was due at the meter.
    pub planned: SimTime,
    /// Hops on the mesh.
    pub hops: u8,
    /// Transmissions by its source.
    pub attempts: u8,
    /// Payload, bytes.
    pub bytes: u16,
    /// The payload.
    pub apdu: Apdu,
}

/// Kinds of [`Report`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportKind {
    /// A meter is back after a reset; `planned` is when it reset.
    Back {
        /// Number of the job that reset it.
        job: u16,
        /// Its own word, or that of the border router, which knows its route again.
        by: BackSign,
    },
    /// A regular report.
    Push {
        /// Number of the report.
        number: u32,
    },
    /// The answer to a unicast command.
    CommandAck {
        /// Number of the job that the command belongs to.
        job: u16,
    },
    /// The answer to a request.
    Answer {
        /// Number of the read.
        read: u32,
    },
}

const _: () = assert!(size_of::<Event>() == 16, "every event of a queue pays for the largest");
