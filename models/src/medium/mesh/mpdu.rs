//! What a frame of the link layer is: the part that the radio carries and that its sender wants to find again at its end.

use crate::node::{Channel, Node};
use amitwin_data::rows::FrameKind;
use serde::{Deserialize, Serialize};

/// What a sweep advertises or asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sweep {
    /// PAN advertisement.
    #[default]
    Advert = 0,
    /// PAN configuration.
    Config = 1,
    /// PAN advertisement solicit.
    AdvertSolicit = 2,
    /// PAN configuration solicit.
    ConfigSolicit = 3,
}

impl Sweep {
    /// All, the most urgent first.
    pub const ALL: [Sweep; 4] = [Sweep::Advert, Sweep::Config, Sweep::AdvertSolicit, Sweep::ConfigSolicit];

    /// Kind in the `frames` table.
    pub fn frame_kind(self) -> FrameKind {
        match self {
            Sweep::Advert => FrameKind::PanAdvert,
            Sweep::Config => FrameKind::PanConfig,
            Sweep::AdvertSolicit => FrameKind::PanAdvertSolicit,
            Sweep::ConfigSolicit => FrameKind::PanConfigSolicit,
        }
    }
}

/// A frame of the link layer (MPDU), by its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mpdu {
    /// A datagram, or a piece of one.
    Data {
        /// Its place among the packets.
        packet: u32,
    },
    /// The acknowledgement of one.
    Ack {
        /// Of the job of the node that waits for it.
        epoch: u16,
    },
    /// One channel's frame of a sweep.
    Sweep {
        /// What it says.
        sweep: Sweep,
        /// Of the job that sends it.
        epoch: u16,
    },
    /// A frame of a neighbouring partition: nothing but a signal.
    Foreign,
}

/// A frame to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Sender.
    pub from: Node,
    /// Addressee, or [`Node::EVERYONE`].
    pub to: Node,
    /// Channel, or [`Channel::COMMON`].
    pub channel: Channel,
    /// Bytes before the frame check sequence.
    pub bytes: u16,
    /// What it is.
    pub mpdu: Mpdu,
}
