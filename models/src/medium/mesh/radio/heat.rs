//! What heat does to radios: transmit power, noise, and carriers that drift apart.
//!
//! Boards follow the weather by the box that they are in: in sun or shade, of a meter, a repeater or a border router. A radio's crystal
//! and amplifier are its own, drawn by its site. All of it is a function of (seed, site, time); what is kept is a copy of what was worked out
//! last.

use super::crystal::{drift_ppm, offset_loss_db, window_hz};
use crate::climate::boxes::{BOXES, box_of, boxes};
use crate::climate::overheating::{HOT_SOCKET_K, Hours, is_hot_socket};
use crate::climate::process::nearly_normal;
use crate::climate::{Enclosure, Sky};
use crate::node::{Node, PerNode, SiteId};
use crate::purpose;
use crate::spec::{Hardware, HeatSpec, WorldSpec};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::{Stream, key};

/// Temperature at which a radio is what its data sheet says, C.
const REFERENCE_C: f64 = 25.0;
/// Boards are worked out for whole slots, and are on a line in between, s.
const SLOT_S: u64 = 600;
/// Standard deviation of the cut of healthy crystals, and the error of bad ones, degrees.
const CUT_DEG: f64 = 1.0 / 60.0;
const BAD_CUT_DEG: f64 = 20.0 / 60.0;
/// What a bad amplifier loses above 25 degrees, dB/K.
const BAD_AMPLIFIER_DB_K: f64 = 0.15;
const YEAR_S: f64 = 365.25 * 86_400.0;

/// The heat of a partition's radios.
#[derive(Clone, Debug)]
pub struct Heat {
    sky: Sky,
    start_unix_s: f64,
    boxes: [Enclosure; BOXES],
    radios: HeatSpec,
    /// Loss of transmit power and of noise figure, dB/K.
    per_kelvin: (f64, f64),
    seed: u64,
    frequency_mhz: f64,
    window_hz: f32,
    /// Kind of box, and whether it hangs on a hot socket.
    of_node: PerNode<(u8, bool)>,
    /// The hottest of the run at full hours by kind of box, C.
    hottest_c: [f32; BOXES],
    /// What was worked out last of each kind of box: the slot, and the board at its two ends.
    last: [(u64, f64, f64); BOXES],
}

/// The boards of all kinds of boxes at a moment, C, for those who look at many radios at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Boards {
    at: SimTime,
    of_box_c: [f64; BOXES],
}

/// What heat costs a link.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LinkHeat {
    /// Less level at the receiver, dB.
    pub loss_db: f64,
    /// More noise there, dB.
    pub noise_db: f64,
}

impl Heat {
    /// The heat of the radios at these sites of a run, if it has weather, whose boards are these by the hour.
    pub fn of(run: &WorldSpec, hours: &Hours, sites: &PerNode<SiteId>, frequency_mhz: f64) -> Option<Heat> {
        let weather = run.weather.as_ref()?;
        let box_at = |site: &SiteId| {
            let kind = run.placement.sites[site.at()].kind;
            let number = box_of(weather, run.seed, site.0, kind);
            (number, is_hot_socket(weather, run.seed, site.0, kind))
        };
        Some(Heat {
            sky: Sky::of(weather, run.seed)?,
            start_unix_s: run.dlms.start_unix_s as f64,
            boxes: boxes(weather),
            radios: weather.radios.clone(),
            per_kelvin: match weather.radios.hardware {
                Hardware::Modern => (0.02, 0.015),
                Hardware::Older => (0.0875, 0.0875),
            },
            seed: run.seed,
            frequency_mhz,
            window_hz: window_hz(run.radio.phy.rate_bps()),
            of_node: sites.0.iter().map(box_at).collect(),
            hottest_c: hours.hottest_c(),
            last: [(u64::MAX, 0.0, 0.0); BOXES],
        })
    }

    /// Temperature of a node's board, C.
    pub fn board_c(&mut self, node: Node, at: SimTime) -> f64 {
        let (kind, is_hot) = self.of_node[node];
        let kind = usize::from(kind);
        let seconds = at.secs_f64();
        let slot = (seconds / SLOT_S as f64) as u64;
        if self.last[kind].0 != slot {
            let board = |slot: u64| self.boxes[kind].board_c(&self.sky, self.start_unix_s + (slot * SLOT_S) as f64);
            self.last[kind] = (slot, board(slot), board(slot + 1));
        }
        let (_, from, to) = self.last[kind];
        let more_k = if is_hot { HOT_SOCKET_K } else { 0.0 };
        from + (to - from) * (seconds / SLOT_S as f64 - slot as f64) + more_k
    }

    /// The boards of all kinds of boxes at a moment.
    pub fn boards(&self, at: SimTime) -> Boards {
        let unix_s = self.start_unix_s + at.secs_f64();
        let mut of_box_c = [f64::NAN; BOXES];
        for &(kind, _) in &self.of_node.0 {
            let board_c = &mut of_box_c[usize::from(kind)];
            if board_c.is_nan() {
                *board_c = self.boxes[usize::from(kind)].board_c(&self.sky, unix_s);
            }
        }
        Boards { at, of_box_c }
    }

    /// Temperature of a node's board then, C.
    pub fn then_c(&self, boards: &Boards, node: Node) -> f64 {
        let (kind, is_hot) = self.of_node[node];
        boards.of_box_c[usize::from(kind)] + if is_hot { HOT_SOCKET_K } else { 0.0 }
    }

    /// The hottest that a node's board is at full hours of the run, C.
    pub fn hottest_c(&self, node: Node) -> f32 {
        let (kind, is_hot) = self.of_node[node];
        self.hottest_c[usize::from(kind)] + if is_hot { HOT_SOCKET_K as f32 } else { 0.0 }
    }

    /// What a link loses by the heat of its ends; `None`: their carriers are too far apart.
    pub fn link(&mut self, from: (Node, SiteId), to: (Node, SiteId), at: SimTime) -> Option<LinkHeat> {
        let ends_c = (self.board_c(from.0, at), self.board_c(to.0, at));
        self.cost(from.1, to.1, ends_c, at)
    }

    /// The same then.
    pub fn link_then(&self, boards: &Boards, from: (Node, SiteId), to: (Node, SiteId)) -> Option<LinkHeat> {
        self.cost(from.1, to.1, (self.then_c(boards, from.0), self.then_c(boards, to.0)), boards.at)
    }

    fn cost(&self, from: SiteId, to: SiteId, (sender_c, receiver_c): (f64, f64), at: SimTime) -> Option<LinkHeat> {
        let ppm = self.offset_ppm(from, sender_c, at) - self.offset_ppm(to, receiver_c, at);
        let of_offset = offset_loss_db((ppm * self.frequency_mhz) as f32, self.window_hz)?;
        let bad_db =
            if self.is_bad_amplifier(from) { BAD_AMPLIFIER_DB_K * (sender_c - REFERENCE_C).max(0.0) } else { 0.0 };
        let loss_db = self.per_kelvin.0 * (sender_c - REFERENCE_C) + bad_db + f64::from(of_offset);
        Some(LinkHeat { loss_db, noise_db: self.per_kelvin.1 * (receiver_c - REFERENCE_C) })
    }

    /// What a radio's carrier is off by at a board temperature, ppm.
    pub fn offset_ppm(&self, site: SiteId, board_c: f64, at: SimTime) -> f64 {
        let own = key(self.seed, u64::from(site), purpose::CRYSTAL);
        let mut draw = Stream::resume(own, 0);
        let is_bad = draw.unit() < self.radios.bad_crystals;
        let [cut, offset, ageing] = [draw.bits(), draw.bits(), draw.bits()].map(nearly_normal);
        let cut_deg = match (is_bad, cut < 0.0) {
            (true, true) => -BAD_CUT_DEG,
            (true, false) => BAD_CUT_DEG,
            (false, _) => CUT_DEG * cut,
        };
        let years = (self.radios.age.secs_f64() + at.secs_f64()) / YEAR_S;
        self.radios.crystal_offset * offset + self.radios.ageing * ageing * years + drift_ppm(cut_deg, board_c)
    }

    fn is_bad_amplifier(&self, site: SiteId) -> bool {
        self.radios.bad_amplifiers > 0.0
            && Stream::new(self.seed, u64::from(site), purpose::AMPLIFIER).unit() < self.radios.bad_amplifiers
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        size_of::<Heat>() + self.of_node.bytes()
    }
}

#[cfg(test)]
mod tests;
