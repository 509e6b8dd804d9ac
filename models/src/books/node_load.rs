//! What each own radio of a mesh had to do since an hour of the table `load` began, and what that took from its battery.

use super::{Books, Loss};
use crate::context::Facts;
use crate::node::{Node, PerNode};
use crate::spec::BatterySpec;
use amitwin_data::rows::{Added, LoadRow};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// What a radio did and lost, 72 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeLoad {
    /// Spent transmitting.
    tx: SimTime,
    /// Frames sent, acknowledgements included.
    frames_sent: u32,
    /// Datagrams of others that it passed on.
    relayed: u32,
    /// Most frames in its queue.
    queue_frames_max: u32,
    /// Other parents that it chose.
    parent_changes: u32,
    /// Messages lost here, by [`Loss`].
    lost: [u32; 8],
    /// Datagrams of the mesh itself that were lost here.
    lost_control: u32,
    /// Tries to send frames to its parent.
    up_sent: u32,
    /// Of these without an acknowledgement.
    up_unanswered: u32,
}

/// How long a radio with a battery has run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    /// It has a battery.
    counts: bool,
    /// Since when it runs, if it does.
    since: Option<SimTime>,
    /// How long it ran since the hour began, up to then.
    ran: SimTime,
}

/// Where a radio stands in the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Standing {
    /// Hops to its border router, if it has a route.
    pub hops: Option<u8>,
    /// Radios whose parent it is.
    pub children: u32,
    /// Radios whose way leads through it.
    pub descendants: u32,
    /// The link to its parent, if it has one.
    pub link: Option<ParentLink>,
    /// Its board, C, if there is weather.
    pub board_c: Option<f32>,
}

/// The link of a radio to its parent, in its weaker direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParentLink {
    /// Level, dBm.
    pub rssi_dbm: f32,
    /// Level over the noise, dB.
    pub snr_db: f32,
}

impl Books {
    /// Counts for the table `load` from now on.
    pub fn count_loads(&mut self, own: u16) {
        self.node_loads = PerNode::of(NodeLoad::default(), usize::from(own));
    }

    /// Counts the charge of these radios from now on: of each own radio, whether it has a battery, and whether it runs.
    pub fn count_charge(&mut self, battery: &BatterySpec, radios: impl Iterator<Item = (bool, bool)>) {
        let ran =
            |(counts, runs): (bool, bool)| Ran { counts, since: runs.then_some(SimTime::ZERO), ran: SimTime::ZERO };
        self.battery = Some(battery.clone());
        self.ran = radios.map(ran).collect();
    }

    /// A radio runs from now on, or does not.
    pub fn powers(&mut self, node: Node, now: SimTime, on: bool) {
        let Some(ran) = self.ran.0.get_mut(node.at()) else { return };
        ran.ran += ran.since.take().map_or(SimTime::ZERO, |since| now.saturating_sub(since));
        ran.since = on.then_some(now);
    }

    /// How long a radio with a battery ran without sending in the time that ends now, and what it took, mAh; begins anew.
    fn charge(&mut self, node: Node, now: SimTime, tx: SimTime) -> Option<(f64, f64)> {
        let runs = self.ran.0.get(node.at()).filter(|ran| ran.counts)?.since.is_some();
        self.powers(node, now, runs);
        let ran = std::mem::take(&mut self.ran[node].ran);
        let rx_s = ran.saturating_sub(tx).secs_f64();
        Some((rx_s, self.battery.as_ref()?.charge_mah(tx.secs_f64(), rx_s)))
    }

    /// Whether anything is counted for the table `load`.
    pub fn counts_loads(&self) -> bool {
        !self.node_loads.is_empty()
    }

    /// A radio sends so many frames of that length.
    #[inline]
    pub fn sends(&mut self, node: Node, frames: u32, airtime: SimTime) {
        self.transmits(node, frames, airtime);
        let tx = airtime * u64::from(frames);
        if let Some(load) = self.node_loads.0.get_mut(node.at()) {
            load.tx += tx;
            load.frames_sent += frames;
        }
        if let Some(load) = self.load(node) {
            load.tx += tx;
            load.frames_sent += frames;
        }
    }

    /// So many frames wait in a radio's queue.
    #[inline]
    pub fn queues(&mut self, node: Node, frames: u32) {
        if let Some(load) = self.node_loads.0.get_mut(node.at()) {
            load.queue_frames_max = load.queue_frames_max.max(frames);
        }
        if let Some(load) = self.load(node) {
            load.queue_frames_max = load.queue_frames_max.max(frames);
        }
    }

    /// A radio passes on a datagram of another.
    #[inline]
    pub fn relays(&mut self, node: Node) {
        if let Some(load) = self.node_loads.0.get_mut(node.at()) {
            load.relayed += 1;
        }
    }

    /// A radio is done with a frame for its parent: tries, and whether the last one was acknowledged.
    #[inline]
    pub fn sent_up(&mut self, node: Node, tries: u8, ok: bool) {
        if let Some(load) = self.node_loads.0.get_mut(node.at()) {
            load.up_sent += u32::from(tries);
            load.up_unanswered += u32::from(tries) - u32::from(ok && tries > 0);
        }
    }

    /// Tries of a radio to send frames to its parent in the hour so far, and those of them without an acknowledgement.
    pub fn tries(&self, node: Node) -> (u32, u32) {
        self.node_loads.0.get(node.at()).map_or((0, 0), |load| (load.up_sent, load.up_unanswered))
    }

    /// A radio has chosen another parent.
    pub(super) fn changes_parent(&mut self, node: Node) {
        if let Some(load) = self.node_loads.0.get_mut(node.at()) {
            load.parent_changes += 1;
        }
    }

    /// Counts a message of meters or head-end that was lost at its holder.
    #[inline]
    pub fn lost(&mut self, holder: Node, why: Loss) {
        self.count_lost(why);
        if let Some(load) = self.node_loads.0.get_mut(holder.at()) {
            load.lost[why as usize] += 1;
        }
    }

    /// Counts a datagram of the mesh itself that was lost at its holder.
    #[inline]
    pub fn lost_control(&mut self, holder: Node, why: Loss) {
        self.count_lost(why);
        if let Some(load) = self.node_loads.0.get_mut(holder.at()) {
            load.lost_control += 1;
        }
    }

    /// Writes what the radios did in the hour that began at `start` and ends now.
    pub fn close_loads(&mut self, facts: &Facts, (start, now): (SimTime, SimTime), standing: &PerNode<Standing>) {
        for node in facts.nodes().take(self.node_loads.len()) {
            let load = std::mem::take(&mut self.node_loads[node]);
            let charge = self.charge(node, now, load.tx);
            if load == NodeLoad::default() && charge.is_none_or(|(_, mah)| mah == 0.0) {
                continue;
            }
            let (lost, at) = (|why: Loss| load.lost[why as usize], standing[node]);
            self.rows.load.push(LoadRow {
                time_s: start.secs_f64(),
                node: facts.sites[node].0,
                tx_s: load.tx.secs_f64() as f32,
                frames_sent: load.frames_sent,
                relayed: load.relayed,
                queue_frames_max: load.queue_frames_max,
                lost_queue_full: lost(Loss::QueueFull),
                lost_retries: lost(Loss::Retries),
                lost_reset: lost(Loss::Reset),
                lost_no_route: lost(Loss::NoRoute),
                lost_too_far: lost(Loss::TooFar),
                lost_reassembly: lost(Loss::Reassembly),
                lost_backhaul: lost(Loss::Backhaul),
                lost_too_old: lost(Loss::TooOld),
                lost_control: load.lost_control,
                parent_changes: load.parent_changes,
                hops: at.hops,
                children: at.children,
                descendants: at.descendants,
                up_sent: load.up_sent,
                up_unanswered: load.up_unanswered,
                rssi_dbm: at.link.map(|link| link.rssi_dbm),
                snr_db: at.link.map(|link| link.snr_db),
                board_c: Added(at.board_c),
                rx_s: Added(charge.map(|(rx_s, _)| rx_s as f32)),
                charge_mah: Added(charge.map(|(_, mah)| mah as f32)),
            });
        }
    }
}
