//! What head-end and gateways tell each other over the backhaul.

use crate::apdu::{Apdu, Fate};
use crate::node::SiteId;
use crate::spec::BackSign;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// Partition id of the head-end: after all meshes.
pub const HEAD_END: u32 = u32::MAX;

/// What the head-end sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Destination {
    /// One meter, by source route.
    Unicast(SiteId),
    /// All meters, by a flood; only commands and steps with images go to all.
    All,
}

/// Kinds of [`Down`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DownKind {
    /// A command.
    Command {
        /// Number of the job that it belongs to.
        job: u16,
    },
    /// A step with a firmware image, or a command, for all.
    Spread {
        /// Which of the floods that may be under way at a time.
        slot: u16,
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The meter.
    pub meter: SiteId,
    /// The border router by which it comes.
    pub router: SiteId,
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

/// What a meter tells of its supply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Alarm {
    /// It has failed, and the capacitor will not last.
    LastGasp,
    /// It is back.
    PowerUp,
}

/// What a meter tells of itself beside its readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// A value that it watches.
    Health,
    /// It is alive.
    KeepAlive,
}

/// Kinds of [`Report`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The supply of a meter has failed, or is back; `planned` is when.
    Alarm {
        /// Which of the two.
        alarm: Alarm,
    },
    /// Several regular reports in one payload.
    Bundle {
        /// How many.
        count: u16,
        /// From one of them to the next; the last was due at `planned`.
        period: SimTime,
    },
    /// A health report or a keep-alive.
    Notice {
        /// Which of the two.
        notice: Notice,
        /// Number of the sample or of the period.
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
    /// A meter has joined the PAN of another border router.
    Moved,
}

/// How the links of a mesh were in an hour, as its border router tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// Of each meter and repeater.
    pub links: Vec<LinkState>,
}

/// How the link of a meter to its parent was in an hour.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkState {
    /// The meter.
    pub meter: SiteId,
    /// Level, dBm, and level over the noise, dB, in the weaker direction at the hour's end; `None` without a way to the border router.
    pub levels: Option<(f32, f32)>,
    /// Tries to send frames to its parent.
    pub sent: u32,
    /// Of these without an acknowledgement.
    pub unanswered: u32,
}

/// A technician at a meter, who is sent by the head-end and calls it when he is done; neither takes the backhaul.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The meter.
    pub meter: SiteId,
    /// Job that has given it up.
    pub job: u16,
    /// Who is there.
    pub crew: u32,
    /// When he is done.
    pub done: SimTime,
    /// How he found it.
    pub found: Option<Found>,
}

/// How a technician finds a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Found {
    /// It has done what it was asked and has a way to the head-end, which has not heard of it: nobody was needed.
    Done,
    /// It runs and has a way, and has not done what it was asked.
    NotDone,
    /// It runs and has no way to the head-end.
    CutOff,
    /// It has no supply.
    Dark,
    /// An activation has bricked it.
    Bricked,
}

/// The resets and activations that happened in a mesh, told when the run ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resets {
    /// Job, meter, and when, in the order of time.
    pub all: Vec<(u16, SiteId, SimTime)>,
    /// What became of meters that activated an image, with its job.
    pub fates: Vec<(u16, SiteId, Fate)>,
}
