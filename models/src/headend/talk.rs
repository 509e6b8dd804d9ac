//! The head-end as a DLMS client: what it says under which counter, and whether what it hears is genuine and new.

use crate::apdu::client;
use crate::apdu::{Apdu, Ask, Cosem, ImageStep, ImageWord, Rows, Said};
use crate::backhaul::{Destination, Down, DownKind, Report};
use crate::check::same_count;
use crate::node::SiteId;
use crate::spec::{Payload, ResetTier};
use dlms_cosem_rs::security::ReplayWindow;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How far messages of a meter may overtake each other.
const REORDER: u32 = 63;

/// What the head-end keeps of each site.
#[derive(Clone, Copy, Debug)]
struct Peer {
    /// Next counter under the meter's key.
    next: u32,
    /// Counters of the meter that have arrived.
    window: ReplayWindow,
}

/// A peer as plain data: next counter, and those of the last 64 counters of the meter that have arrived.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Known {
    next: u32,
    highest: Option<u32>,
    /// Bit n: the highest less n.
    arrived: u64,
}

impl Known {
    fn of(peer: &Peer) -> Known {
        let highest = peer.window.highest();
        let is_there =
            |n: &u32| highest.is_some_and(|highest| *n <= highest && peer.window.check(highest - n).is_err());
        let arrived = (0..=REORDER).filter(is_there).fold(0, |bits, n| bits | 1 << n);
        Known { next: peer.next, highest, arrived }
    }

    fn peer(self) -> Peer {
        let mut window = ReplayWindow::new(REORDER);
        for n in (0..=REORDER).rev().filter(|n| self.arrived >> n & 1 == 1) {
            // A counter below zero never was.
            let counter = self.highest.and_then(|highest| highest.checked_sub(n));
            let _ = counter.map(|counter| window.accept(counter));
        }
        Peer { next: self.next, window }
    }
}

/// Conversations in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    peers: Vec<Known>,
    next_for_all: u32,
    /// Messages that had been here before, that were wrong, values compared, and of them wrong.
    counts: [u64; 4],
}

/// What a message of a meter turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Genuine and new; with what it says, where payloads are encoded.
    New(Option<Said>),
    /// It has been here before.
    Again,
    /// The meter refuses the counter of a request that others have overtaken.
    Refused,
    /// The meter cannot decipher what it is asked, because it has another security suite than the one on file, or the state of its boards keeps it from it.
    Undeciphered,
    /// Not genuine, or not what was asked for.
    Wrong,
}

/// The conversations of a head-end.
#[derive(Debug)]
pub struct Talk {
    cosem: Arc<Cosem>,
    peers: Vec<Peer>,
    next_for_all: u32,
    /// Messages discarded because they had been here before.
    pub duplicates: u64,
    /// Messages that were not genuine or not understood.
    pub wrong: u64,
    /// Values compared with the register that they claim to be.
    pub values: u64,
    /// Of them wrong.
    pub values_wrong: u64,
}

impl Talk {
    /// With the meters among `sites` sites; none if nothing is ever said.
    pub fn new(cosem: Arc<Cosem>, sites: usize) -> Self {
        let peer = Peer { next: 1, window: ReplayWindow::new(REORDER) };
        Talk { cosem, peers: vec![peer; sites], next_for_all: 1, duplicates: 0, wrong: 0, values: 0, values_wrong: 0 }
    }

    /// What both sides share.
    pub fn cosem(&self) -> &Arc<Cosem> {
        &self.cosem
    }

    /// What changes in a run.
    pub fn save(&self) -> State {
        let counts = [self.duplicates, self.wrong, self.values, self.values_wrong];
        State { peers: self.peers.iter().map(Known::of).collect(), next_for_all: self.next_for_all, counts }
    }

    /// Goes on from what was saved.
    ///
    /// # Errors
    /// It is not of these meters.
    pub fn restore(&mut self, state: State) -> Result<(), String> {
        same_count("head-end: peers", state.peers.len(), self.peers.len())?;
        self.peers = state.peers.into_iter().map(Known::peer).collect();
        self.next_for_all = state.next_for_all;
        [self.duplicates, self.wrong, self.values, self.values_wrong] = state.counts;
        Ok(())
    }

    /// A command or request for one meter, under the next counter.
    pub fn ask(&mut self, kind: DownKind, meter: SiteId, ask: Ask) -> Down {
        let (answer_bytes, bytes) = self.cosem.lengths(meter).of(ask);
        let rows = if let Ask::Rows(rows) = ask { rows } else { Rows::default() };
        let counter = self.count(meter);
        let apdu = Apdu { counter, answer_bytes, rows, metrology: ask.is_of_metrology(), ..Apdu::default() };
        let down = Down { to: Destination::Unicast(meter), kind, bytes, apdu };
        self.encoded(down, |cosem| client::request(cosem.meter(meter), ask, counter))
    }

    /// A confirmation that the heartbeat of a reset job has arrived.
    pub fn confirm(&mut self, meter: SiteId, job: u16) -> Down {
        let bytes = self.cosem.lengths(meter).confirmation;
        let counter = self.count(meter);
        let apdu = Apdu { counter, ..Apdu::default() };
        let down = Down { to: Destination::Unicast(meter), kind: DownKind::Confirm { job }, bytes, apdu };
        self.encoded(down, |cosem| client::confirmation(cosem.meter(meter), job.into(), counter))
    }

    /// A step with an image of the run, for one meter, which is to answer or not.
    pub fn image(&mut self, read: u32, meter: SiteId, (image, step): (u16, ImageStep), confirmed: bool) -> Down {
        let (bytes, counter) = (self.cosem.image_bytes(image, step), self.count(meter));
        let word = ImageWord::Ask { image, step, confirmed };
        let apdu = Apdu { counter, image: Some(Arc::new(word)), ..Apdu::default() };
        let down = Down { to: Destination::Unicast(meter), kind: DownKind::Request { read }, bytes, apdu };
        let image = usize::from(image);
        self.encoded(down, |cosem| client::image(cosem.meter(meter), confirmed, &cosem.images[image], step, counter))
    }

    /// The same for all meters, which are of one security suite, in one of the floods that may be under way at a time.
    pub fn image_to_all(&mut self, slot: u16, image: u16, step: ImageStep) -> Down {
        let (bytes, counter) = (self.cosem.image_bytes(image, step), self.next_for_all);
        self.next_for_all += 1;
        let word = ImageWord::Ask { image, step, confirmed: false };
        let apdu = Apdu { counter, image: Some(Arc::new(word)), ..Apdu::default() };
        let down = Down { to: Destination::All, kind: DownKind::Spread { slot }, bytes, apdu };
        let image = usize::from(image);
        self.encoded(down, |cosem| client::image_to_all(cosem.meter(SiteId(0)), &cosem.images[image], step, counter))
    }

    /// A reset of all meters, which are of one security suite.
    pub fn reset_all(&mut self, job: u16, tier: ResetTier) -> Down {
        let bytes = self.cosem.lengths(SiteId(0)).of(Ask::Reset(tier)).1;
        let counter = self.next_for_all;
        self.next_for_all += 1;
        let apdu = Apdu { counter, ..Apdu::default() };
        let down = Down { to: Destination::All, kind: DownKind::Command { job }, bytes, apdu };
        self.encoded(down, |cosem| client::broadcast(cosem.meter(SiteId(0)), tier, counter))
    }

    fn count(&mut self, meter: SiteId) -> u32 {
        let peer = &mut self.peers[meter.at()];
        peer.next += 1;
        peer.next - 1
    }

    fn encoded(&self, mut down: Down, encode: impl FnOnce(&Cosem) -> Vec<u8>) -> Down {
        if self.cosem.payload == Payload::Real {
            let datagram = encode(&self.cosem);
            assert_eq!(datagram.len(), usize::from(down.bytes), "{:?}: bytes sized and bytes encoded", down.kind);
            down.apdu.bytes = Some(Arc::from(datagram));
        }
        down
    }

    /// Looks at a message of a meter.
    pub fn hear(&mut self, report: &Report) -> Heard {
        let (apdu, meter) = (&report.apdu, report.meter);
        if !apdu.refused && self.peers[meter.at()].window.accept(apdu.counter).is_err() {
            self.duplicates += 1;
            return Heard::Again;
        }
        let Some(bytes) = &apdu.bytes else {
            return match (apdu.refused, self.cosem.is_mismatched(meter)) {
                (true, false) if apdu.metrology => Heard::Undeciphered,
                (true, true) => Heard::Undeciphered,
                (true, false) => Heard::Refused,
                (false, true) => self.wrong(),
                (false, false) => {
                    Heard::New(apdu.image.as_ref().and_then(|word| word.said()).cloned().map(Said::Image))
                }
            };
        };
        match client::open(self.cosem.meter(meter), bytes) {
            Some(Said::Refused) => Heard::Refused,
            Some(Said::Undeciphered | Said::NotServed) => Heard::Undeciphered,
            Some(Said::Rows(rows)) if !crate::apdu::are(&rows, apdu.rows) => self.wrong(),
            Some(said) => {
                self.check(meter, &said);
                Heard::New(Some(said))
            }
            None => self.wrong(),
        }
    }

    fn wrong(&mut self) -> Heard {
        self.wrong += 1;
        Heard::Wrong
    }

    /// Compares every value with the register of that meter at that moment.
    fn check(&mut self, meter: SiteId, said: &Said) {
        let meter = self.cosem.meter(meter);
        let readings = match said {
            Said::Registers(reading) => std::slice::from_ref(reading),
            Said::Rows(rows) => rows,
            _ => return,
        };
        for reading in readings {
            self.values += 2;
            self.values_wrong += u64::from(!reading.is_right(meter));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_window_comes_back_as_it_was() {
        for counters in [&[][..], &[0], &[5, 3, 4], &[1, 2, 64, 63, 65], &[100, 37, 36, 99, 200, 163], &[u32::MAX, 7]] {
            let mut window = ReplayWindow::new(REORDER);
            for &counter in counters {
                let _ = window.accept(counter);
            }
            let again = Known::of(&Peer { next: 9, window }).peer();
            assert_eq!((again.next, again.window), (9, window), "{counters:?}");
        }
    }
}
