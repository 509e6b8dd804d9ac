//! What head-end and gateways tell each other over the backhaul. Meters are named by their global ids.

use crate::apdu::Apdu;
use amitwin_sim_core::SimTime;

/// Partition id of the head-end: after all meshes.
pub const HEAD_END: u32 = u32::MAX;

/// What the head-end sends.
#[derive(Clone, Debug, PartialEq)]
pub struct Down {
    /// For whom, and what for.
    pub order: Order,
    /// Payload above UDP, bytes.
    pub bytes: u16,
    /// The payload.
    pub apdu: Apdu,
}

/// What a message of the head-end is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// A command for all meters.
    Flood {
        /// Job that it belongs to.
        job: u16,
    },
    /// A command for one meter.
    Command {
        /// Global id of the meter.
        node: u32,
        /// Job that it belongs to.
        job: u16,
    },
    /// A read of one meter.
    Request {
        /// Global id of the meter.
        node: u32,
        /// Number of the read.
        read: u32,
    },
    /// A heartbeat has been heard.
    Confirm {
        /// Global id of the meter.
        node: u32,
    },
}

/// What reaches the head-end from a meter.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Global id of the meter.
    pub node: u32,
    /// What it says.
    pub said: Said,
    /// When its cause was due at the meter; of a return: when it reset.
    pub planned: SimTime,
    /// Hops to the gateway.
    pub hops: u8,
    /// Transmissions by its source.
    pub attempts: u8,
    /// Payload, bytes.
    pub bytes: u16,
    /// The payload.
    pub apdu: Apdu,
}

/// What a meter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It is back after the reset of a job.
    Heartbeat {
        /// The job.
        job: u16,
    },
    /// Its gateway knows its way again after the reset of a job.
    Route {
        /// The job.
        job: u16,
    },
    /// A regular report.
    Push {
        /// Its number at the meter.
        number: u32,
    },
    /// A command arrived.
    CommandAck {
        /// Job that it belongs to.
        job: u16,
    },
    /// What was read.
    Answer {
        /// Number of the read.
        read: u32,
    },
}

/// The resets that happened in a mesh, told when the run ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Resets {
    /// Job, global id of the meter, and when, in the order of time.
    pub all: Vec<(u16, u32, SimTime)>,
}
