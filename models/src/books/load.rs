//! The load of a border router's radio, minute by minute.

use super::Books;
use crate::context::Facts;
use amitwin_data::rows::AirtimeRow;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// A row covers so much time.
pub const MINUTE: SimTime = SimTime::from_secs(60);

/// Load of a border router's radio since the minute began.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Load {
    /// Spent transmitting.
    pub tx: SimTime,
    /// Spent locked on frames for it.
    pub rx: SimTime,
    /// Frames sent, acknowledgements included.
    pub frames_sent: u32,
    /// Frames received intact.
    pub frames_received: u32,
    /// Frames for it that were lost to other transmissions.
    pub collisions: u32,
    /// Frames for it that it missed, because it was sending or receiving another one.
    pub missed_busy: u32,
    /// Most frames in its queue.
    pub queue_frames_max: u32,
    /// Frames that its full queue refused.
    pub dropped: u32,
}

impl Books {
    /// Writes the load of the minute that ends at `now`, or of the part of one at the end of the run.
    pub fn close_minute(&mut self, facts: &Facts, now: SimTime) {
        let into = now % MINUTE;
        let length = if into == SimTime::ZERO { MINUTE } else { into };
        let start = now.saturating_sub(length);
        for gateway in facts.routers() {
            let load = std::mem::take(&mut self.loads[gateway]);
            self.rows.airtime.push(AirtimeRow {
                time_s: start.secs_f64(),
                gateway: facts.sites[gateway].0,
                tx_s: load.tx.secs_f64() as f32,
                rx_s: load.rx.secs_f64() as f32,
                busy_share: ((load.tx + load.rx).secs_f64() / length.secs_f64()) as f32,
                frames_sent: load.frames_sent,
                frames_received: load.frames_received,
                collisions: load.collisions,
                missed_busy: load.missed_busy,
                queue_frames_max: load.queue_frames_max,
                dropped: load.dropped,
            });
        }
    }
}
