//! Sizes and times of the link layer, by field.

use crate::radio::phy::Phy;
use amitwin_sim_core::SimTime;

/// Constants of a link layer.
#[derive(Clone, Debug)]
pub struct MacTimes {
    /// Header, security and information elements of a data frame, bytes.
    pub overhead_bytes: u16,
    /// The whole of an acknowledgement before its frame check sequence, bytes.
    pub ack_bytes: u16,
    /// From the last bit of a frame until it counts as not acknowledged.
    pub ack_wait: SimTime,
    /// Pause after a successful exchange.
    pub spacing: SimTime,
    /// A frame that finds no free channel is dropped at once instead of counting as one failed transmission.
    pub access_failure_drops: bool,
    /// Radio time from the end of its acknowledgement until a node listens again.
    pub turnaround: SimTime,
}

/// Frame control 2, sequence number 1, both addresses 16; the PAN id is left out between two long addresses.
const HEADER: u16 = 19;
/// Security control 1, frame counter 4, key index 1, and the 8-byte integrity code.
const SECURITY: u16 = 6 + 8;
/// Header IEs of Wi-SUN: unicast timing 2 + 1 + 4, broadcast timing 2 + 1 + 5, termination 2.
const ELEMENTS: u16 = 7 + 8 + 2;
/// Acknowledgement: frame control 2, sequence number 1, destination 8, security, unicast timing 7, received level 4.
const ACK: u16 = 11 + SECURITY + 7 + 4;

/// Payload IEs of an advertisement: unicast schedule with its excluded channels, broadcast schedule, PAN version,
/// group key hashes, network name.
pub const SWEEP_BYTES: u16 = HEADER + SECURITY + ELEMENTS + 48;
/// A solicit carries the unicast schedule and the network name only and is not secured.
pub const SOLICIT_BYTES: u16 = HEADER + ELEMENTS + 30;

impl MacTimes {
    /// Wi-SUN FAN over SUN FSK.
    pub fn wisun(phy: &Phy) -> Self {
        MacTimes {
            overhead_bytes: HEADER + SECURITY + ELEMENTS,
            ack_bytes: ACK,
            ack_wait: phy.turnaround * 2 + phy.airtime(ACK) + phy.unit_backoff,
            spacing: phy.turnaround,
            access_failure_drops: false,
            turnaround: phy.turnaround,
        }
    }

    /// Plain IEEE 802.15.4 with short addresses, as in ns-3's lr-wpan.
    pub fn plain(phy: &Phy) -> Self {
        MacTimes {
            overhead_bytes: 9,
            ack_bytes: 3,
            // Unit backoff 20, turnaround 12, synchronisation header 10 and 12 more symbols.
            ack_wait: phy.symbol * 54,
            spacing: phy.symbol * 40,
            access_failure_drops: true,
            turnaround: phy.turnaround,
        }
    }
}
