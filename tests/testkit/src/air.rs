//! The air alone: a few radios with losses between them that are given, and frames that nobody looks into.

use amitwin_models::medium::mesh::mpdu::{Frame, Mpdu};
use amitwin_models::medium::mesh::radio::air::{Air, Parts};
use amitwin_models::medium::mesh::radio::error::ErrorModel;
use amitwin_models::medium::mesh::radio::neighbours::Neighbours;
use amitwin_models::medium::mesh::radio::phy::Phy;
use amitwin_models::node::{Channel, Node, SiteId};
use amitwin_models::spec::PhyMode;

/// Radios at 27 dBm with losses (a, b, dB) between them and 10 dB of noise figure, busy from `cca_threshold_dbm` on.
pub fn air(mode: PhyMode, radios: u32, losses: &[(u16, u16, f32)], channels: u16, cca_threshold_dbm: f64) -> Air {
    let parts = Parts {
        neighbours: Neighbours::from_losses(radios as usize, losses),
        model: ErrorModel::new(mode, 10.0, 0.0),
        phy: Phy::new(mode),
        cca_threshold_dbm,
        own: radios as u16,
        channels,
        seed: 1,
    };
    Air::new(parts, (0..radios).map(|n| (SiteId(n), 27.0)))
}

/// A frame from one radio to another, or to all.
pub fn frame(from: Node, to: Node, channel: Channel, bytes: u16) -> Frame {
    Frame { from, to, channel, bytes, mpdu: Mpdu::Foreign }
}
