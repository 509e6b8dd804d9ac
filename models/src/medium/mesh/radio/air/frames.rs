//! A frame begins and ends: who locks on it, what it adds to the energy around its sender, and takes away again.

use super::reception::{bits_between, number, overlaid, units};
use super::{Air, Fate, NONE, Transmission};
use crate::math::level_db;
use crate::medium::mesh::mpdu::{Frame, Mpdu};
use crate::medium::mesh::radio::interference::Interference;
use crate::medium::mesh::radio::neighbours::code_db;
use crate::medium::mesh::radio::overlay::Overlay;
use crate::node::{Channel, Node};
use amitwin_sim_core::SimTime;

impl Air {
    /// Puts a frame on the air at `now`. On a hopped channel only `hearers` are tuned to it.
    pub fn begin(&mut self, now: SimTime, frame: Frame, hearers: &[Node]) -> u32 {
        let Frame { from, to, channel, bytes, mpdu } = frame;
        self.spread_lone();
        let end = now + self.phy.airtime(bytes);
        let id = self.free.pop().unwrap_or_else(|| {
            self.transmissions.push(Transmission {
                from: Node(0),
                to: Node(0),
                channel: Channel(0),
                bytes: 0,
                mpdu: Mpdu::Foreign,
                start: now,
                end,
                hearers: Vec::new(),
                checked: now,
                ln_success: 0.0,
                live: false,
                overlay: None,
            });
            (self.transmissions.len() - 1) as u32
        });
        let t = &mut self.transmissions[id as usize];
        (t.from, t.to, t.channel, t.bytes, t.mpdu) = (from, to, channel, bytes, mpdu);
        (t.start, t.end, t.checked, t.ln_success, t.live) = (now, end, now, 0.0, true);
        t.hearers.clear();
        t.hearers.extend_from_slice(hearers);
        t.overlay.clone_from(&self.overlay);
        self.deafen(from, end);
        if self.is_lone(to, channel) {
            self.lone.frame = id;
        } else if channel == Channel::COMMON {
            let (overlay, interference) = (self.overlay.take(), self.interference.take());
            match (&overlay, &interference) {
                (None, None) => self.begin_common::<false>(id, now, from, (None, None)),
                (overlay, interference) => {
                    self.begin_common::<true>(id, now, from, (overlay.as_deref(), interference.as_deref()));
                }
            }
            (self.overlay, self.interference) = (overlay, interference);
        } else {
            self.begin_hopped(id, now, channel);
            self.channels[channel.at()].push(id);
        }
        id
    }

    /// Compiled twice, so that nothing is asked where nothing is overlaid and nobody interferes.
    fn begin_common<const DISTURBED: bool>(
        &mut self,
        id: u32,
        now: SimTime,
        from: Node,
        (overlay, interference): (Option<&Overlay>, Option<&Interference>),
    ) {
        let on_air = self.on_air(Channel::COMMON, now);
        let Air { neighbours, radios, transmissions, levels, linear, phy, model, own, .. } = self;
        let power = radios[from].power_mw;
        let mut sender = overlay.map(|overlay| overlay.sender(from));
        let noisy = overlay.filter(|overlay| !overlay.is_plain());
        for (node, code) in neighbours.of(from) {
            let plain = power * linear[usize::from(code)];
            let (level, noise) = if DISTURBED {
                let level = sender.as_mut().map_or(units(plain), |sender| overlaid(plain, sender.factor(node)));
                let noise = noisy.map_or(0, |overlay| overlay.noise(node));
                let interferers = interference.map_or(0, |others| others.level(node, on_air, now, now));
                (level, levels.noise + (noise + interferers) as f64)
            } else {
                (units(plain), levels.noise)
            };
            let radio = &mut radios[node];
            let others = radio.energy;
            radio.energy += level;
            if radio.lock != NONE {
                let locked = &mut transmissions[radio.lock as usize];
                if phy.is_oqpsk() {
                    if locked.to == node {
                        let sinr = radio.lock_level as f64 / (others.saturating_sub(radio.lock_level) as f64 + noise);
                        let bits = bits_between(phy, locked.checked, now);
                        locked.ln_success += bits * model.ln_success_per_bit(level_db(sinr));
                        locked.checked = now;
                    }
                } else if now < locked.start + phy.preamble && level as f64 > radio.lock_level as f64 * levels.capture {
                    (radio.lock, radio.lock_level, radio.peak) = (id, level, others);
                } else {
                    radio.peak = radio.peak.max(radio.energy.saturating_sub(radio.lock_level));
                }
            } else if node.0 < *own
                && radio.deaf_until <= now
                && number(level) > (number(others) + noise) * levels.detect
            {
                (radio.lock, radio.lock_level, radio.peak) = (id, level, others);
            }
        }
    }

    fn begin_hopped(&mut self, id: u32, now: SimTime, channel: Channel) {
        self.meet_trains(id, now, channel);
        for n in 0..self.channels[channel.at()].len() {
            let other = self.channels[channel.at()][n];
            for h in 0..self.transmissions[other as usize].hearers.len() {
                let node = self.transmissions[other as usize].hearers[h];
                if self.radios[node].lock == other
                    && let Some(level) = self.heard(id, node)
                {
                    let sum = level + self.energy_on(node, channel, other, now);
                    let radio = &mut self.radios[node];
                    radio.peak = radio.peak.max(sum);
                    let in_preamble = now < self.transmissions[other as usize].start + self.phy.preamble;
                    // Taken over; whether the newcomer is for this radio is settled below.
                    if in_preamble && level as f64 > radio.lock_level as f64 * self.levels.capture {
                        radio.lock = NONE;
                    }
                }
            }
        }
        for h in 0..self.transmissions[id as usize].hearers.len() {
            let node = self.transmissions[id as usize].hearers[h];
            let radio = &self.radios[node];
            if radio.deaf_until > now || radio.lock != NONE {
                continue;
            }
            // Whoever is tuned to a sweep's frame is there by chance.
            let is_for_all = self.transmissions[id as usize].to == Node::EVERYONE;
            let level = if is_for_all { self.heard(id, node) } else { self.heard_often(id, node) };
            let Some(level) = level else { continue };
            let others = self.energy_on(node, channel, id, now);
            let noise = self.noise_at(node, &self.transmissions[id as usize].overlay)
                + self.interference(node, channel, now, now) as f64;
            if level as f64 > (others as f64 + noise) * self.levels.detect {
                let radio = &mut self.radios[node];
                (radio.lock, radio.lock_level, radio.peak) = (id, level, others);
            }
        }
        self.be_disturbed(id, now, channel);
    }

    /// Takes a frame off the air; `each` is told what became of it at its addressee, or at everyone who was locked on
    /// it. Returns the frame.
    pub fn finish(&mut self, id: u32, each: impl FnMut(Node, Fate, f32)) -> Transmission {
        self.finish_for(id, |_, _| true, each)
    }

    /// The same, but what becomes of a frame for all is worked out only for those who have a use for it, by node and mean level in dBm;
    /// on a hopped channel, where only sweeps are for all and nobody asks for it, the level is not a number.
    pub fn finish_for(
        &mut self,
        id: u32,
        mut heeds: impl FnMut(Node, f32) -> bool,
        mut each: impl FnMut(Node, Fate, f32),
    ) -> Transmission {
        let mut frame = {
            let t = &mut self.transmissions[id as usize];
            t.live = false;
            Transmission { hearers: std::mem::take(&mut t.hearers), overlay: t.overlay.take(), ..t.clone() }
        };
        if frame.channel == Channel::COMMON {
            let is_lone = self.lone.frame == id;
            if frame.to == Node::EVERYONE {
                let mut heeding = std::mem::take(&mut self.kept.heeding);
                match is_lone {
                    true => self.find_heeding_lone(&frame, heeds, &mut heeding),
                    false => self.find_heeding(id, &frame, heeds, &mut heeding),
                }
                for node in heeding.drain(..) {
                    let (fate, dbm) = self.fate(id, &frame, node);
                    each(node, fate, dbm);
                    self.radios[node].lock = NONE;
                }
                self.kept.heeding = heeding;
            } else {
                let (fate, dbm) = self.fate(id, &frame, frame.to);
                each(frame.to, fate, dbm);
            }
            if !is_lone {
                self.take_away(id, &frame);
            }
        } else {
            let list = &mut self.channels[frame.channel.at()];
            if let Some(at) = list.iter().position(|&other| other == id) {
                list.swap_remove(at);
            }
            for &node in &frame.hearers {
                let is_locked = frame.to == Node::EVERYONE && self.radios[node].lock == id;
                if !is_locked || heeds(node, f32::NAN) {
                    let (fate, dbm) = self.fate(id, &frame, node);
                    each(node, fate, dbm);
                }
                let radio = &mut self.radios[node];
                if radio.lock == id {
                    radio.lock = NONE;
                }
            }
        }
        let mut kept = std::mem::take(&mut frame.hearers);
        kept.clear();
        self.transmissions[id as usize].hearers = kept;
        self.free.push(id);
        frame
    }

    /// Who is locked on a frame for all and has a use for it.
    fn find_heeding(
        &mut self,
        id: u32,
        frame: &Transmission,
        mut heeds: impl FnMut(Node, f32) -> bool,
        heeding: &mut Vec<Node>,
    ) {
        let sent_dbm = self.tx_power_dbm(frame.from);
        let Air { neighbours, radios, overlay, .. } = self;
        let overlay = overlay.as_deref();
        for (node, code) in neighbours.of(frame.from) {
            if radios[node].lock != id {
                continue;
            }
            let extra_db = overlay.map_or(0.0, |overlay| overlay.loss_db(frame.from, node));
            if heeds(node, sent_dbm - code_db(code) - extra_db) {
                heeding.push(node);
            }
        }
    }

    /// Takes the energy of a frame on the common channel away from everyone who hears it, and frees whoever was locked on it.
    fn take_away(&mut self, id: u32, frame: &Transmission) {
        let mut sender = frame.overlay.as_ref().map(|overlay| overlay.sender(frame.from));
        let Air { neighbours, radios, linear, .. } = self;
        let power = radios[frame.from].power_mw;
        for (node, code) in neighbours.of(frame.from) {
            let plain = power * linear[usize::from(code)];
            let level = sender.as_mut().map_or(units(plain), |sender| overlaid(plain, sender.factor(node)));
            let radio = &mut radios[node];
            radio.energy = radio.energy.saturating_sub(level);
            if radio.lock == id {
                radio.lock = NONE;
            }
        }
    }
}
