//! Sizes and times of the link layer: sizes as the encoders give them, times as the standard does.

use crate::medium::mesh::packet::Packet;
use crate::medium::mesh::radio::phy::Phy;
use crate::medium::mesh::wire::frame::{Network, Sender, Sweep, plain_acknowledgement, plain_header};
use crate::node::{Node, SiteId};
use amitwin_sim_core::SimTime;

/// Constants of a link layer.
#[derive(Clone, Debug)]
pub struct MacTimes {
    /// Header, security and information elements of a data frame to one node, bytes.
    pub overhead_bytes: u16,
    /// The same of a data frame to all.
    pub broadcast_overhead_bytes: u16,
    /// The same of a frame with EAPOL in it.
    pub eapol_overhead_bytes: u16,
    /// The whole of an acknowledgement before its frame check sequence, bytes.
    pub ack_bytes: u16,
    /// The whole of a sweep's frame by [`crate::medium::mesh::mac::sweep::Sweep`].
    pub sweep_bytes: [u16; 4],
    /// From the last bit of a frame until it counts as not acknowledged.
    pub ack_wait: SimTime,
    /// Pause after a successful exchange.
    pub spacing: SimTime,
    /// A frame that was not acknowledged is repeated without a pause.
    pub repeats_at_once: bool,
    /// Radio time from the end of its acknowledgement until a node listens again.
    pub turnaround: SimTime,
}

impl MacTimes {
    /// Link-layer bytes of the frame that a packet is sent in, without its check sequence.
    pub fn overhead(&self, packet: &Packet) -> u16 {
        match packet.hop_to {
            Node::EVERYONE => self.broadcast_overhead_bytes,
            _ if packet.is_bare_eapol() => self.eapol_overhead_bytes,
            _ => self.overhead_bytes,
        }
    }

    /// Wi-SUN FAN over SUN FSK.
    pub fn wisun(phy: &Phy, network: &Network) -> Self {
        let sender =
            Sender { node: SiteId(1), router: SiteId(0), at: SimTime::ZERO, phase_ms: 0, counter: 0, sequence: 0 };
        let ack_bytes = network.acknowledgement(&sender, SiteId(0), 0.0).len() as u16;
        MacTimes {
            overhead_bytes: network.data(&sender, Some(SiteId(0)), &[]).len() as u16,
            broadcast_overhead_bytes: network.data(&sender, None, &[]).len() as u16,
            eapol_overhead_bytes: network.eapol(&sender, SiteId(0), &[]).len() as u16,
            ack_bytes,
            sweep_bytes: [Sweep::Advert(0, 0), Sweep::Config, Sweep::AdvertSolicit, Sweep::ConfigSolicit]
                .map(|sweep| network.sweep(&sender, sweep).len() as u16),
            ack_wait: phy.turnaround * 2 + phy.airtime(ack_bytes) + phy.unit_backoff,
            spacing: phy.turnaround,
            repeats_at_once: false,
            turnaround: phy.turnaround,
        }
    }

    /// Plain IEEE 802.15.4 with short addresses, as in ns-3's lr-wpan. Sweeps, which it does not know, are Wi-SUN's.
    pub fn plain(phy: &Phy, network: &Network) -> Self {
        let overhead_bytes = plain_header(0, 0, 0, 0).len() as u16;
        MacTimes {
            overhead_bytes,
            broadcast_overhead_bytes: overhead_bytes,
            ack_bytes: plain_acknowledgement(0).len() as u16,
            // Unit backoff 20, turnaround 12, synchronisation header 10 and 12 more symbols.
            ack_wait: phy.symbol * 54,
            spacing: phy.symbol * 40,
            repeats_at_once: true,
            ..MacTimes::wisun(phy, network)
        }
    }
}
