//! Everything that can happen in the world: one variant, one handler.

use crate::apdu::Apdu;
use crate::mac::packet::{Kind, Packet};
use crate::mesh::trickle::Topic;
use amitwin_sim_core::SimTime;

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
    /// At the head-end: a campaign starts.
    Campaign {
        /// Which.
        campaign: u16,
    },
    /// At the head-end: a unicast command is due.
    Dispatch {
        /// Campaign.
        campaign: u16,
        /// Position of the meter in the campaign.
        position: u32,
    },
    /// At the head-end: scheduled reads may begin.
    Poll {
        /// Poll and border router.
        runner: u32,
    },
    /// At the head-end: a read has waited long enough.
    PollTimeout {
        /// Read.
        flight: u32,
        /// Valid if the read has not gone on since.
        request: u16,
    },
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
    /// At the head-end, when the run ends: what really happened in a mesh.
    Resets(Box<Resets>),
}

/// What the head-end sends.
#[derive(Clone, Debug, PartialEq)]
pub struct Down {
    /// What it is: a flood, a command, a read or a confirmation.
    pub kind: Kind,
    /// Global id of the meter; nobody's in a flood.
    pub node: u32,
    /// Campaign, or number of the read.
    pub value: u32,
    /// Payload above UDP, bytes.
    pub bytes: u16,
    /// The payload.
    pub apdu: Apdu,
}

/// What reaches the head-end from a meter.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Global id of the meter.
    pub node: u32,
    /// What it is.
    pub kind: ReportKind,
    /// When it was due at the meter.
    pub planned: SimTime,
    /// Campaign (heartbeat, command acknowledgement), number of the report (push) or of the read (answer).
    pub value: u32,
    /// Hops on the mesh.
    pub hops: u8,
    /// Transmissions by its source.
    pub attempts: u8,
    /// Payload, bytes.
    pub bytes: u16,
    /// The payload.
    pub apdu: Apdu,
}

/// The resets that happened in a mesh.
#[derive(Clone, Debug, PartialEq)]
pub struct Resets {
    /// Campaign, global id of the meter, and when, in the order of time.
    pub all: Vec<(u16, u32, SimTime)>,
}

/// Kinds of [`Report`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportKind {
    /// A meter is back after a reset; `planned` is when it reset.
    Heartbeat,
    /// The border router knows the route of a meter that has been reset; `planned` is when it reset.
    Route,
    /// A regular report.
    Push,
    /// A unicast command arrived.
    Acknowledged,
    /// What was read; `value` is the number of the read.
    Answer,
}
