//! An hour of a radio in which nothing happened.

use super::{Added, LoadRow};

impl LoadRow {
    /// One in which nothing was sent or heard: for those who fill in what was.
    pub fn quiet(time_s: f64, node: u32) -> LoadRow {
        LoadRow {
            time_s,
            node,
            tx_s: 0.0,
            frames_sent: 0,
            relayed: 0,
            queue_frames_max: 0,
            lost_queue_full: 0,
            lost_retries: 0,
            lost_reset: 0,
            lost_no_route: 0,
            lost_too_far: 0,
            lost_reassembly: 0,
            lost_backhaul: 0,
            lost_too_old: 0,
            lost_control: 0,
            parent_changes: 0,
            hops: None,
            children: 0,
            descendants: 0,
            up_sent: 0,
            up_unanswered: 0,
            rssi_dbm: None,
            snr_db: None,
            board_c: Added::default(),
            rx_s: Added::default(),
            charge_mah: Added::default(),
        }
    }
}
