//! Trains: frames of a sweep that follow each other on one channel after the other, for which nobody listens.
//!
//! They are not events. Whoever senses a channel, begins to send on it or receives there finds out what a train adds: its place at any
//! instant is known. As a single frame does, a frame of a train gives way to what its sender hears on the channel, and disturbs whom it
//! reaches. A frame of a neighbouring partition on one channel is a train of one.

use super::Air;
use crate::check::{Bounds, ensure};
use crate::node::{Channel, Node};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// Frames of a sender, one on each of the channels that are hopped over from some place on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Train {
    /// Sender, which listens to nobody meanwhile.
    pub from: Node,
    /// First bit of the first frame.
    pub start: SimTime,
    /// Place of its channel among those that are hopped over.
    pub first: u16,
    /// How many, [`Train::FRAMES_MAX`] at most.
    pub frames: u16,
    /// From one frame to the next.
    pub every: SimTime,
    /// Time on the air of each.
    pub lasts: SimTime,
    /// Frames whose channels were busy, a bit for each.
    left_out: u128,
}

impl Train {
    /// Longest train.
    pub const FRAMES_MAX: u16 = 128;

    /// Of so many frames, none of which is left out.
    pub fn new(from: Node, start: SimTime, (first, frames): (u16, u16), (every, lasts): (SimTime, SimTime)) -> Self {
        let frames = frames.min(Train::FRAMES_MAX);
        Train { from, start, first, frames, every, lasts, left_out: 0 }
    }

    fn places(&self) -> std::ops::Range<u16> {
        self.first..self.first + self.frames
    }

    fn starts_at(&self, place: u16) -> SimTime {
        self.start + self.every * u64::from(place - self.first)
    }

    /// First bit of the frame on the channel at a place, if it is sent.
    fn start_at(&self, place: u16) -> Option<SimTime> {
        let is_sent = self.places().contains(&place) && self.left_out & (1 << (place - self.first)) == 0;
        is_sent.then(|| self.starts_at(place))
    }

    fn is_on(&self, place: u16, at: SimTime) -> bool {
        self.start_at(place).is_some_and(|start| start <= at && at < start + self.lasts)
    }

    fn leave_out(&mut self, place: u16) {
        self.left_out |= 1 << (place - self.first);
    }

    /// When the next frame behind it may begin.
    pub fn end(&self) -> SimTime {
        self.start + self.every * u64::from(self.frames)
    }

    /// Places and first bits of the frames that have begun before an instant.
    pub fn begun(&self, before: SimTime) -> impl Iterator<Item = (u16, SimTime)> {
        let sent = self.places().filter_map(|place| Some((place, self.start_at(place)?)));
        sent.take_while(move |(_, start)| *start < before)
    }

    /// How many these are.
    pub fn count_begun(&self, before: SimTime) -> u32 {
        let begun =
            before.saturating_sub(self.start).nanos().div_ceil(self.every.nanos()).min(u64::from(self.frames)) as u32;
        let those = u128::MAX.checked_shr(u128::BITS - begun).unwrap_or(0);
        let begun = begun - (self.left_out & those).count_ones();
        debug_assert_eq!(begun as usize, self.begun(before).count());
        begun
    }

    fn fits(&self, channels: u16, bounds: &Bounds) -> bool {
        let end = self.first.checked_add(self.frames);
        bounds.is_radio(self.from) && self.frames <= Train::FRAMES_MAX && end.is_some_and(|end| end <= channels)
    }
}

impl Air {
    /// Level of a radio at a node now, if it is in earshot.
    fn level_of(&self, from: Node, at: Node) -> Option<u64> {
        self.level_at(from, at, &self.overlay)
    }

    /// Sum of the trains that a node hears on a channel at an instant.
    #[inline]
    pub(super) fn trains_on(&self, node: Node, channel: Channel, at: SimTime) -> u64 {
        if self.trains.is_empty() {
            return 0;
        }
        let Some(place) = self.hops.place_of(channel) else { return 0 };
        let heard = self.trains.iter().filter(|train| train.from != node && train.is_on(place, at));
        heard.filter_map(|train| self.level_of(train.from, node)).sum()
    }

    /// Whether a sender will find a channel busy at an instant, as far as is known now: by frames that last until then, and trains.
    fn will_be_busy(&self, node: Node, channel: Channel, at: SimTime, newcomer: Option<u32>) -> bool {
        let lasting = self.channels[channel.at()].iter().copied().chain(newcomer);
        let lasting = lasting.filter(|&id| self.transmissions[id as usize].end > at);
        let energy: u64 = lasting.filter_map(|id| self.heard(id, node)).sum();
        let noise = self.overlay.as_ref().map_or(0, |overlay| overlay.noise(node));
        let others = self.trains_on(node, channel, at) + self.interference(node, channel, at, at);
        energy + noise + others >= self.levels.cca.of(node)
    }

    fn is_foreign(&self, node: Node) -> bool {
        node.0 >= self.own
    }

    /// Starts a train: what it finds busy is left out, unless it is foreign, which is decided at home; what others would find busy by it
    /// gives way, and it disturbs who receives there.
    pub fn begin_train(&mut self, mut train: Train) {
        let (now, own) = (train.start, self.own);
        // Nobody takes foreign ones off the air.
        self.trains.retain(|other| other.from.0 < own || other.end() > now);
        let places = if self.is_foreign(train.from) { 0..0 } else { train.places() };
        for place in places {
            if self.will_be_busy(train.from, self.hops.at(place), train.starts_at(place), None) {
                train.leave_out(place);
            }
        }
        self.deafen(train.from, train.end());
        self.trains.push(train);
        let newest = self.trains.len() - 1;
        for n in 0..newest {
            if !self.is_foreign(self.trains[n].from)
                && self.level_of(self.trains[newest].from, self.trains[n].from).is_some()
            {
                self.give_way(n, newest);
            }
        }
        for place in self.trains[newest].places() {
            let channel = self.hops.at(place);
            if self.channels[channel.at()].is_empty() {
                continue;
            }
            let Some(start) = self.trains[newest].start_at(place) else { continue };
            for n in 0..self.channels[channel.at()].len() {
                let id = self.channels[channel.at()][n];
                if start < self.transmissions[id as usize].end {
                    self.disturb(id, self.trains[newest].from, now);
                }
            }
        }
    }

    /// Frames of a train that would find the newest one on their channels are left out.
    fn give_way(&mut self, n: usize, newest: usize) {
        let (train, other) = (&self.trains[n], &self.trains[newest]);
        let met = train.places().filter(|&place| {
            let start = train.starts_at(place);
            start > other.start && other.is_on(place, start)
        });
        let mut busy: u128 = 0;
        for place in met {
            if self.will_be_busy(train.from, self.hops.at(place), train.starts_at(place), None) {
                busy |= 1 << (place - train.first);
            }
        }
        self.trains[n].left_out |= busy;
    }

    /// A frame begins on a hopped channel: frames of trains that would find it there are left out.
    pub(super) fn meet_trains(&mut self, id: u32, now: SimTime, channel: Channel) {
        if self.trains.is_empty() {
            return;
        }
        let Some(place) = self.hops.place_of(channel) else { return };
        let end = self.transmissions[id as usize].end;
        for n in 0..self.trains.len() {
            if !self.is_foreign(self.trains[n].from)
                && let Some(start) = self.trains[n].start_at(place).filter(|&start| start > now && start < end)
                && self.will_be_busy(self.trains[n].from, channel, start, Some(id))
            {
                self.trains[n].leave_out(place);
            }
        }
    }

    /// Frames of trains that come while a frame is on the air disturb who is locked on it.
    pub(super) fn be_disturbed(&mut self, id: u32, now: SimTime, channel: Channel) {
        if self.trains.is_empty() {
            return;
        }
        let Some(place) = self.hops.place_of(channel) else { return };
        let end = self.transmissions[id as usize].end;
        for n in 0..self.trains.len() {
            if self.trains[n].start_at(place).is_some_and(|start| start > now && start < end) {
                self.disturb(id, self.trains[n].from, now);
            }
        }
    }

    /// A frame of a train reaches those who are locked on a frame.
    fn disturb(&mut self, id: u32, from: Node, now: SimTime) {
        let channel = self.transmissions[id as usize].channel;
        for h in 0..self.transmissions[id as usize].hearers.len() {
            let node = self.transmissions[id as usize].hearers[h];
            if self.radios[node].lock == id
                && let Some(level) = self.level_of(from, node)
            {
                let sum = level + self.energy_on(node, channel, id, now);
                let radio = &mut self.radios[node];
                radio.peak = radio.peak.max(sum);
            }
        }
    }

    /// Takes the train of a sender off the air, if there is one.
    pub fn end_train(&mut self, from: Node) -> Option<Train> {
        let at = self.trains.iter().position(|train| train.from == from)?;
        Some(self.trains.swap_remove(at))
    }

    /// Whether saved trains may be on this air.
    pub(super) fn check_trains(&self, trains: &[Train], bounds: &Bounds) -> Result<(), String> {
        for (n, train) in trains.iter().enumerate() {
            let is_only = self.is_foreign(train.from) || trains[..n].iter().all(|other| other.from != train.from);
            ensure(is_only && train.fits(self.hops.len(), bounds), || {
                format!("air: train {n} is of a radio that is not here, or goes over channels that there are not")
            })?;
        }
        Ok(())
    }
}
