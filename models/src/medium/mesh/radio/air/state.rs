//! What of the air changes in a run: radios, frames under way, and who is on which channel.

use super::super::overlay::Overlay;
use super::{Air, NONE, Radio, Train, Transmission};
use crate::check::{Bounds, distinct, ensure, same_count};
use crate::medium::mesh::mpdu::Mpdu;
use crate::node::{Channel, Node, PerNode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The air in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    radios: PerNode<Radio>,
    transmissions: Vec<Transmission>,
    free: Vec<u32>,
    channels: Vec<Vec<u32>>,
    trains: Vec<Train>,
    lone: u32,
    first_cca: PerNode<i8>,
    overlay: Option<Arc<Overlay>>,
}

impl State {
    /// Senders of trains.
    pub fn train_senders(&self) -> impl Iterator<Item = Node> {
        self.trains.iter().map(|train| train.from)
    }

    /// Frames on the air: sender, addressee, and what it is.
    pub fn live(&self) -> impl Iterator<Item = (Node, Node, Mpdu)> {
        self.transmissions.iter().filter(|t| t.live).map(|t| (t.from, t.to, t.mpdu))
    }
}

impl Air {
    /// What changes in a run.
    pub fn save(&self) -> State {
        State {
            radios: self.radios.clone(),
            transmissions: self.transmissions.clone(),
            free: self.free.clone(),
            channels: self.channels.clone(),
            trains: self.trains.clone(),
            lone: self.lone.frame,
            first_cca: self.first_cca().clone(),
            overlay: self.overlay.clone(),
        }
    }

    /// Whether a frame is on the air.
    pub fn is_live(&self, frame: u32) -> bool {
        self.transmissions.get(frame as usize).is_some_and(|t| t.live)
    }

    /// Goes on from what was saved.
    ///
    /// # Errors
    /// It is not of this air.
    pub fn restore(&mut self, mut state: State, bounds: &Bounds) -> Result<(), String> {
        same_count("air: radios", state.radios.len(), self.radios.len())?;
        same_count("air: channels", state.channels.len(), self.channels.len())?;
        let frames = state.transmissions.len();
        for (n, radio) in state.radios.0.iter_mut().enumerate() {
            let locked = radio.lock == NONE || (radio.lock as usize) < frames;
            ensure(locked, || format!("air: radio {n} is locked on frame {} of {frames}", radio.lock))?;
            // Transmit powers are settings.
            (radio.power_mw, radio.power_dbm) = (self.radios.0[n].power_mw, self.radios.0[n].power_dbm);
        }
        distinct("air: free frames", state.free.iter().copied(), frames)?;
        let live = state.transmissions.iter().filter(|t| t.live).count();
        same_count("air: frames that are over", frames - live, state.free.len())?;
        let freed = |id: &u32| !state.transmissions[*id as usize].live;
        ensure(state.free.iter().all(freed), || "air: a frame that is on the air is free".to_owned())?;
        for (n, frame) in state.transmissions.iter().enumerate() {
            let nodes = bounds.is_radio(frame.from)
                && (frame.to == Node::EVERYONE || bounds.is_own(frame.to))
                && frame.hearers.iter().all(|&node| bounds.is_own(node));
            ensure(nodes, || format!("air: frame {n} is of or for a radio that is not here"))?;
            let channel = frame.channel == Channel::COMMON || frame.channel.at() < state.channels.len();
            ensure(channel || !frame.live, || format!("air: frame {n} is on channel {}", frame.channel.0))?;
        }
        distinct("air: frames on channels", state.channels.iter().flatten().copied(), frames)?;
        for (n, channel) in state.channels.iter().enumerate() {
            let here =
                |&id: &u32| state.transmissions[id as usize].live && state.transmissions[id as usize].channel.at() == n;
            ensure(channel.iter().all(here), || format!("air: channel {n} has a frame that is not on it"))?;
        }
        let hopped = state.transmissions.iter().filter(|t| t.live && t.channel != Channel::COMMON).count();
        same_count("air: hopped frames", state.channels.iter().map(Vec::len).sum(), hopped)?;
        self.check_trains(&state.trains, bounds)?;
        let fits = Air::fits_lone(state.lone, &state.transmissions);
        ensure(fits, || format!("air: frame {} is not alone on the common channel", state.lone))?;
        let overlays = state.transmissions.iter().map(|t| &t.overlay).chain([&state.overlay]);
        let whole = overlays.flatten().all(|overlay| overlay.fits(self.radios.len()));
        ensure(whole, || "air: what is overlaid is not of these radios".to_owned())?;
        self.restore_first_cca(state.first_cca)?;
        (self.radios, self.transmissions) = (state.radios, state.transmissions);
        (self.free, self.channels, self.overlay) = (state.free, state.channels, state.overlay);
        (self.trains, self.lone.frame) = (state.trains, state.lone);
        Ok(())
    }
}
