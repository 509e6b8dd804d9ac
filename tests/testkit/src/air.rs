//! The air alone: a few radios with losses between them that are given, and frames that nobody looks into.

use amitwin_models::medium::mesh::hopping::HopSet;
use amitwin_models::medium::mesh::mpdu::{Frame, Mpdu};
use amitwin_models::medium::mesh::radio::air::{Air, Parts};
use amitwin_models::medium::mesh::radio::error::ErrorModel;
pub use amitwin_models::medium::mesh::radio::fading::Fading;
use amitwin_models::medium::mesh::radio::neighbours::Neighbours;
use amitwin_models::medium::mesh::radio::phy::Phy;
use amitwin_models::node::{Channel, Node, SiteId};
use amitwin_models::spec::{Channels, FadingSpec, PhyMode};

/// Radios at 27 dBm with losses (a, b, dB) between them and 10 dB of noise figure, busy from `cca_threshold_dbm` on.
pub fn air(mode: PhyMode, radios: u32, losses: &[(u16, u16, f32)], channels: u16, cca_threshold_dbm: f64) -> Air {
    let parts = Parts {
        neighbours: Neighbours::from_losses(radios as usize, losses),
        model: ErrorModel::new(mode, 10.0, 0.0),
        fading: Fading::new(&FadingSpec::off(), 1),
        heat: None,
        interference: None,
        phy: Phy::new(mode),
        cca_threshold_dbm,
        own: radios as u16,
        hops: HopSet::of_plan(channels, &Channels::default()),
        seed: 1,
    };
    Air::new(parts, (0..radios).map(|n| (SiteId(n), 27.0)))
}

/// Radio 0, and others that it hears at the level at which a share `loss` of frames of so many bytes is lost over long times, where
/// levels spread by `spread_db`.
pub fn fading_air(fading: Fading, spread_db: f64, others: u16, loss: f64, bytes: u16) -> Air {
    let mode = PhyMode::M1b;
    let model = ErrorModel::new(mode, 10.0, spread_db);
    let dbm = model.sensitivity_dbm(loss, bytes) + 100.0;
    let losses: Vec<(u16, u16, f32)> = (1..=others).map(|n| (0, n, 100.0)).collect();
    let radios = u32::from(others) + 1;
    let parts = Parts {
        neighbours: Neighbours::from_losses(radios as usize, &losses),
        model,
        fading,
        heat: None,
        interference: None,
        phy: Phy::new(mode),
        cca_threshold_dbm: -90.0,
        own: radios as u16,
        hops: HopSet::none(),
        seed: 1,
    };
    Air::new(parts, (0..radios).map(|n| (SiteId(n), dbm)))
}

/// A frame from one radio to another, or to all.
pub fn frame(from: Node, to: Node, channel: Channel, bytes: u16) -> Frame {
    Frame { from, to, channel, bytes, mpdu: Mpdu::Foreign }
}
