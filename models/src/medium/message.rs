//! What meters and the head-end say to each other, as a medium carries it.

use crate::apdu::Apdu;
use crate::backhaul::{Alarm, Notice};
use crate::check::Bounds;
use crate::node::Node;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// Up: the meter is back after the reset of a job.
    Heartbeat {
        /// The job.
        job: u16,
    },
    /// Up: a regular report.
    Push {
        /// Its number at the meter.
        number: u32,
    },
    /// Up: several regular reports that the meter has kept, in one payload.
    Bundle {
        /// Number of the last.
        number: u32,
        /// How many.
        count: u16,
        /// From one of them to the next.
        period: SimTime,
    },
    /// Up: a health report or a keep-alive.
    Notice {
        /// Which of the two.
        notice: Notice,
        /// Number of the sample or of the period.
        number: u32,
    },
    /// Up: the supply has failed, or is back.
    Alarm {
        /// Which of the two.
        alarm: Alarm,
        /// Which of the meter's outages it is about.
        outage: u16,
        /// When it was handed to the radio.
        sent: SimTime,
    },
    /// Up: the answer to a command.
    CommandAck {
        /// The job that it belongs to.
        job: u16,
    },
    /// Up: what was read.
    Answer {
        /// Number of the read.
        read: u32,
    },
    /// Down: the head-end has heard a heartbeat.
    Confirm,
    /// Down: a command for one meter.
    Command {
        /// The job that it belongs to.
        job: u16,
    },
    /// Down: a read of one meter.
    Request {
        /// Number of the read.
        read: u32,
    },
    /// Down: a command for all.
    Flood {
        /// The job that it belongs to.
        job: u16,
    },
    /// Down: a step with a firmware image, or a command, for all.
    Spread {
        /// Which of the floods that may be under way at a time.
        slot: u16,
    },
}

/// A message between a meter and what lies behind its gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// What it is for.
    pub body: Body,
    /// Receiver: the gateway, a meter, or all.
    pub to: Node,
    /// When its cause was due at its sender.
    pub planned: SimTime,
    /// Attempts by its sender above the medium.
    pub attempts: u8,
    /// Hops from the meter that sends it to its border router, as it is sent; 0 without a route, and of messages to meters.
    pub distance: u8,
    /// Payload above UDP, bytes.
    pub bytes: u16,
    /// The payload, if it is an APDU.
    pub apdu: Apdu,
}

impl Message {
    /// A first attempt without payload.
    pub fn new(body: Body, to: Node, planned: SimTime) -> Self {
        Message { body, to, planned, attempts: 1, distance: 0, bytes: 0, apdu: Apdu::default() }
    }

    /// Whether what it names is there.
    pub fn fits(&self, bounds: &Bounds) -> bool {
        let job = match self.body {
            Body::Heartbeat { job } | Body::CommandAck { job } | Body::Command { job } | Body::Flood { job } => {
                bounds.is_job(job)
            }
            Body::Push { .. }
            | Body::Bundle { .. }
            | Body::Notice { .. }
            | Body::Alarm { .. }
            | Body::Answer { .. }
            | Body::Confirm
            | Body::Request { .. }
            | Body::Spread { .. } => true,
        };
        job && bounds.is_own_or_none(self.to)
    }
}

/// A message on its way, or at its end.
#[derive(Clone, Copy, Debug)]
pub struct Carried<'a> {
    /// Who sent it first.
    pub origin: Node,
    /// Hops done.
    pub hops: u8,
    /// What it says.
    pub message: &'a Message,
}

/// What the registration of a meter's route tells the head-end: the meter is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// The job that reset it.
    pub job: u16,
    /// When it reset.
    pub reset_at: SimTime,
}
