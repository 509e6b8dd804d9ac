//! A frame for all that is alone on the air when it begins, as most are in broadcast slots of a mesh at rest.
//!
//! What it adds at the radios around its sender is not written down, and who is locked on it is found out when somebody asks: whoever hears
//! it and has listened since its first bit. The next frame that begins, and whatever else would make that untrue, has it written down first.

use super::reception::{number, units};
use super::{Air, Levels, NONE, Transmission};
use crate::medium::mesh::radio::neighbours::code_db;
use crate::node::{Channel, Node};

/// The frame for all that is alone on the air, if there is one.
pub struct Lone {
    /// It, or [`NONE`]: nobody's state tells of it.
    pub(super) frame: u32,
    /// Whether frames that are alone are written down as others are: slower.
    pub is_spread: bool,
}

impl Default for Lone {
    fn default() -> Self {
        Lone { frame: NONE, is_spread: false }
    }
}

impl Levels {
    /// Whether a frame of that level locks a radio with nothing else on the air.
    fn finds(&self, level: u64) -> bool {
        number(level) > self.noise * self.detect
    }
}

impl Air {
    /// Whether a frame that begins is alone, and nothing makes levels differ from what a table says.
    pub(super) fn is_lone(&self, to: Node, channel: Channel) -> bool {
        let is_plain =
            !self.lone.is_spread && self.overlay.is_none() && self.interference.is_none() && !self.phy.is_oqpsk();
        let is_for_all = channel == Channel::COMMON && to == Node::EVERYONE && !self.hops.is_empty();
        is_for_all && is_plain && self.live() == 1
    }

    /// The lone frame's level at a node; 0 if there is none, or it is out of earshot.
    #[inline]
    fn lone_level(&self, node: Node) -> u64 {
        if self.lone.frame == NONE {
            return 0;
        }
        let from = self.transmissions[self.lone.frame as usize].from;
        self.neighbours.code(node, from).map_or(0, |code| self.level(from, code))
    }

    /// Signals on the common channel at a node, and whether it is locked on a frame.
    #[inline]
    pub(super) fn senses(&self, node: Node) -> (u64, bool) {
        let radio = &self.radios[node];
        let (lone, is_locked) = (self.lone_level(node), radio.lock != NONE);
        if lone == 0 {
            return (radio.energy, is_locked);
        }
        let start = self.transmissions[self.lone.frame as usize].start;
        (radio.energy + lone, is_locked || (radio.deaf_until <= start && self.levels.finds(lone)))
    }

    /// Writes down what the lone frame does at the radios around its sender: from now on it is one like any other.
    pub(super) fn spread_lone(&mut self) {
        let id = std::mem::replace(&mut self.lone.frame, NONE);
        if id == NONE {
            return;
        }
        let Air { neighbours, radios, transmissions, levels, linear, own, .. } = self;
        let Transmission { from, start, .. } = transmissions[id as usize];
        let power = radios[from].power_mw;
        for (node, code) in neighbours.of(from) {
            let level = units(power * linear[usize::from(code)]);
            let radio = &mut radios[node];
            radio.energy += level;
            if node.0 < *own && radio.deaf_until <= start && levels.finds(level) {
                (radio.lock, radio.lock_level, radio.peak) = (id, level, 0);
            }
        }
    }

    /// The lone frame ends: see [`Air::find_heeding`]. It is written down at those who have a use for it.
    pub(super) fn find_heeding_lone(
        &mut self,
        frame: &Transmission,
        mut heeds: impl FnMut(Node, f32) -> bool,
        heeding: &mut Vec<Node>,
    ) {
        let id = std::mem::replace(&mut self.lone.frame, NONE);
        let sent_dbm = self.tx_power_dbm(frame.from);
        let Air { neighbours, radios, levels, linear, own, .. } = self;
        let (power, start) = (radios[frame.from].power_mw, frame.start);
        for (node, code) in neighbours.of(frame.from) {
            // Few have a use for it, so that most radios are not looked at.
            if node.0 >= *own || !heeds(node, sent_dbm - code_db(code)) {
                continue;
            }
            let (level, radio) = (units(power * linear[usize::from(code)]), &mut radios[node]);
            if radio.deaf_until <= start && levels.finds(level) {
                (radio.lock, radio.lock_level, radio.peak) = (id, level, 0);
                heeding.push(node);
            }
        }
    }

    /// Whether a saved lone frame is one.
    pub(super) fn fits_lone(lone: u32, transmissions: &[Transmission]) -> bool {
        let is_alone = |t: &Transmission| t.live && t.channel == Channel::COMMON && t.overlay.is_none();
        lone == NONE || transmissions.get(lone as usize).is_some_and(is_alone)
    }
}
