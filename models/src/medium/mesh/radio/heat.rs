//! What heat does to radios: transmit power, noise, and carriers that drift apart.
//!
//! Boards follow the weather by the box that they are in: in sun or shade, of a meter, a repeater or a border router. A radio's crystal
//! and amplifier are its own, drawn by its site. All of it is a function of (seed, site, time); what is kept is a copy of what was worked out
//! last.

use super::crystal::{drift_ppm, offset_loss_db, window_hz};
use crate::climate::boxes::{BOXES, box_of, boxes};
use crate::climate::overheating::{HOT_SOCKET_K, Hours, OverRun, is_hot_socket};
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

/// So many crystals are kept at hand: a frame and its acknowledgement have the same two.
const AT_HAND: usize = 64;
/// A radio on a hot socket, beside the number of its kind of box.
const HOT: u8 = 0x80;
const _: () = assert!(BOXES < HOT as usize, "kinds of boxes and a mark fit into a byte");

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
    /// Kind of box, and [`HOT`] on a hot socket.
    of_node: PerNode<u8>,
    /// By kind of box: whether any node is in one.
    is_there: [bool; BOXES],
    /// Boards at the full hours of the run by kind of box, and on hot sockets.
    over_run: [[OverRun; BOXES]; 2],
    /// The slot that was looked at last, and the boards at its two ends by kind of box: NaN until somebody asks.
    slot: u64,
    ends_c: [(f64, f64); BOXES],
    /// Crystals that were worked out last, by the last digits of their nodes.
    at_hand: [(Option<Node>, Crystal); AT_HAND],
}

/// What a radio's carrier is off by, but for its board.
#[derive(Clone, Copy, Debug, Default)]
struct Crystal {
    cut_deg: f64,
    offset_ppm: f64,
    ageing_ppm_year: f64,
    has_bad_amplifier: bool,
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
            if is_hot_socket(weather, run.seed, site.0, kind) { number | HOT } else { number }
        };
        let of_node: PerNode<u8> = sites.0.iter().map(box_at).collect();
        let mut is_there = [false; BOXES];
        of_node.0.iter().for_each(|kind| is_there[usize::from(kind & !HOT)] = true);
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
            of_node,
            is_there,
            over_run: [0.0, HOT_SOCKET_K].map(|more_k| hours.over_run(more_k)),
            slot: u64::MAX,
            ends_c: [(f64::NAN, f64::NAN); BOXES],
            at_hand: [(None, Crystal::default()); AT_HAND],
        })
    }

    /// Kind of a node's box, and what its board has more than another in such a box, K.
    fn box_of(&self, node: Node) -> (usize, f64) {
        let kind = self.of_node[node];
        (usize::from(kind & !HOT), if kind & HOT == 0 { 0.0 } else { HOT_SOCKET_K })
    }

    /// Temperature of a node's board, C.
    pub fn board_c(&mut self, node: Node, at: SimTime) -> f64 {
        let share = self.turn_to(at);
        self.board_in_slot_c(node, share)
    }

    /// Turns to the slot of a moment; returns how far on in it that is.
    #[inline]
    fn turn_to(&mut self, at: SimTime) -> f64 {
        let slots = at.secs_f64() / SLOT_S as f64;
        let slot = slots as u64;
        if self.slot != slot {
            (self.slot, self.ends_c) = (slot, [(f64::NAN, f64::NAN); BOXES]);
        }
        slots - slot as f64
    }

    #[inline]
    fn board_in_slot_c(&mut self, node: Node, share: f64) -> f64 {
        let (kind, more_k) = self.box_of(node);
        if self.ends_c[kind].0.is_nan() {
            self.look_at(kind);
        }
        let (from, to) = self.ends_c[kind];
        from + (to - from) * share + more_k
    }

    #[cold]
    fn look_at(&mut self, kind: usize) {
        let board = |slot: u64| self.boxes[kind].board_c(&self.sky, self.start_unix_s + (slot * SLOT_S) as f64);
        self.ends_c[kind] = (board(self.slot), board(self.slot + 1));
    }

    /// The boards of all kinds of boxes at a moment.
    pub fn boards(&self, at: SimTime) -> Boards {
        let unix_s = self.start_unix_s + at.secs_f64();
        let mut of_box_c = [f64::NAN; BOXES];
        for (kind, board_c) in of_box_c.iter_mut().enumerate().filter(|(kind, _)| self.is_there[*kind]) {
            *board_c = self.boxes[kind].board_c(&self.sky, unix_s);
        }
        Boards { at, of_box_c }
    }

    /// Temperature of a node's board then, C.
    pub fn then_c(&self, boards: &Boards, node: Node) -> f64 {
        let (kind, more_k) = self.box_of(node);
        boards.of_box_c[kind] + more_k
    }

    /// A node's board at the full hours of the run.
    pub fn over_run(&self, node: Node) -> OverRun {
        let kind = self.of_node[node];
        self.over_run[usize::from(kind & HOT != 0)][usize::from(kind & !HOT)]
    }

    /// What a link loses by the heat of its ends; `None`: their carriers are too far apart.
    pub fn link(&mut self, from: (Node, SiteId), to: (Node, SiteId), at: SimTime) -> Option<LinkHeat> {
        let share = self.turn_to(at);
        let ends_c = (self.board_in_slot_c(from.0, share), self.board_in_slot_c(to.0, share));
        let sender = self.crystal_at_hand(from);
        let receiver = self.crystal_at_hand(to);
        self.cost(&sender, &receiver, ends_c, at)
    }

    /// The same then.
    pub fn link_then(&self, boards: &Boards, from: (Node, SiteId), to: (Node, SiteId)) -> Option<LinkHeat> {
        let ends_c = (self.then_c(boards, from.0), self.then_c(boards, to.0));
        self.cost(&self.crystal(from.1), &self.crystal(to.1), ends_c, boards.at)
    }

    #[inline]
    fn cost(
        &self,
        sender: &Crystal,
        receiver: &Crystal,
        (sender_c, receiver_c): (f64, f64),
        at: SimTime,
    ) -> Option<LinkHeat> {
        let years = self.years(at);
        let ppm = sender.off_by_ppm(sender_c, years) - receiver.off_by_ppm(receiver_c, years);
        let of_offset = offset_loss_db((ppm * self.frequency_mhz) as f32, self.window_hz)?;
        let bad_db =
            if sender.has_bad_amplifier { BAD_AMPLIFIER_DB_K * (sender_c - REFERENCE_C).max(0.0) } else { 0.0 };
        let loss_db = self.per_kelvin.0 * (sender_c - REFERENCE_C) + bad_db + f64::from(of_offset);
        Some(LinkHeat { loss_db, noise_db: self.per_kelvin.1 * (receiver_c - REFERENCE_C) })
    }

    /// What a radio's carrier is off by at a board temperature, ppm.
    pub fn offset_ppm(&self, site: SiteId, board_c: f64, at: SimTime) -> f64 {
        self.crystal(site).off_by_ppm(board_c, self.years(at))
    }

    fn years(&self, at: SimTime) -> f64 {
        (self.radios.age.secs_f64() + at.secs_f64()) / YEAR_S
    }

    #[inline]
    fn crystal_at_hand(&mut self, (node, site): (Node, SiteId)) -> Crystal {
        let place = node.at() % AT_HAND;
        if self.at_hand[place].0 != Some(node) {
            self.at_hand[place] = (Some(node), self.crystal(site));
        }
        self.at_hand[place].1
    }

    fn crystal(&self, site: SiteId) -> Crystal {
        let own = key(self.seed, u64::from(site), purpose::CRYSTAL);
        let mut draw = Stream::resume(own, 0);
        let is_bad = draw.unit() < self.radios.bad_crystals;
        let [cut, offset, ageing] = [draw.bits(), draw.bits(), draw.bits()].map(nearly_normal);
        let cut_deg = match (is_bad, cut < 0.0) {
            (true, true) => -BAD_CUT_DEG,
            (true, false) => BAD_CUT_DEG,
            (false, _) => CUT_DEG * cut,
        };
        let has_bad_amplifier = self.radios.bad_amplifiers > 0.0
            && Stream::new(self.seed, u64::from(site), purpose::AMPLIFIER).unit() < self.radios.bad_amplifiers;
        let (offset_ppm, ageing_ppm_year) = (self.radios.crystal_offset * offset, self.radios.ageing * ageing);
        Crystal { cut_deg, offset_ppm, ageing_ppm_year, has_bad_amplifier }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        size_of::<Heat>() + self.of_node.bytes()
    }
}

impl Crystal {
    #[inline]
    fn off_by_ppm(&self, board_c: f64, years: f64) -> f64 {
        self.offset_ppm + self.ageing_ppm_year * years + drift_ppm(self.cut_deg, board_c)
    }
}

#[cfg(test)]
mod tests;
