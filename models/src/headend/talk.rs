//! The head-end as a DLMS client: what it says under which counter, and whether what it hears is genuine and new.

use super::certificates::Certificates;
use crate::apdu::client::{self, Under};
use crate::apdu::{Apdu, Ask, Cosem, ImageStep, Rows, Said, Word};
use crate::backhaul::{Destination, Down, DownKind, Report};
use crate::check::same_count;
use crate::node::SiteId;
use crate::spec::{CertificatesSpec, Payload, ResetTier};
use amitwin_sim_core::SimTime;
use dlms_cosem_rs::security::ReplayWindow;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How far messages of a meter may overtake each other.
const REORDER: u32 = 63;

/// A master key more in the generation of a meter's keys.
const MASTER: u32 = 1 << 16;

/// What the head-end keeps of each site.
#[derive(Clone, Copy, Debug)]
struct Peer {
    /// Next counter under the meter's key.
    next: u32,
    /// Counters of the meter that have arrived.
    window: ReplayWindow,
    keys: Keys,
}

/// What the head-end knows of a meter's keys: those that it uses, and those that the meter may have instead, by generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// Those that requests go under.
    pub now: u32,
    /// The former ones, or new ones of which the meter has not said that it has them.
    pub other: u32,
    /// The meter has been heard under those that are used.
    pub proven: bool,
}

impl Keys {
    /// As delivered.
    const DELIVERED: Keys = Keys { now: 0, other: 0, proven: true };

    /// New ones are on their way to the meter, a master key among them or not; returns their generation.
    pub fn renew(&mut self, master: bool) -> u32 {
        let newest = self.now.max(self.other);
        (self.other, self.proven) = (newest + 1 + if master { MASTER } else { 0 }, false);
        self.other
    }

    /// Requests go under the others from now on.
    pub fn swap(&mut self) {
        *self = Keys { now: self.other, other: self.now, proven: false };
    }

    /// Requests go under these from now on.
    pub fn go_under(&mut self, generation: u32) {
        if self.now != generation && self.other == generation {
            self.swap();
        }
    }

    /// The meter has been heard under these. It never goes back to former ones; what it sent under them may come late.
    fn heard_under(&mut self, generation: u32) {
        if generation > self.now {
            self.go_under(generation);
        }
        // With newer ones on their way it may have them since.
        self.proven |= generation == self.now && self.other <= self.now;
    }

    /// The meter does not understand those that are used. If it is known to have them, that was about something sent before.
    fn not_understood(&mut self) {
        if !self.proven {
            self.swap();
        }
    }

    /// Whether the meter has had others.
    pub fn have_changed(&self) -> bool {
        self.other != self.now
    }
}

/// A peer as plain data: next counter, and those of the last 64 counters of the meter that have arrived.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Known {
    next: u32,
    highest: Option<u32>,
    /// Bit n: the highest less n.
    arrived: u64,
    keys: Keys,
}

impl Known {
    fn of(peer: &Peer) -> Known {
        let highest = peer.window.highest();
        let is_there =
            |n: &u32| highest.is_some_and(|highest| *n <= highest && peer.window.check(highest - n).is_err());
        let arrived = (0..=REORDER).filter(is_there).fold(0, |bits, n| bits | 1 << n);
        Known { next: peer.next, highest, arrived, keys: peer.keys }
    }

    fn peer(self) -> Peer {
        let mut window = ReplayWindow::new(REORDER);
        for n in (0..=REORDER).rev().filter(|n| self.arrived >> n & 1 == 1) {
            // A counter below zero never was.
            let counter = self.highest.and_then(|highest| highest.checked_sub(n));
            let _ = counter.map(|counter| window.accept(counter));
        }
        Peer { next: self.next, window, keys: self.keys }
    }
}

/// Conversations in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    peers: Vec<Known>,
    next_for_all: u32,
    broadcast: [u16; 2],
    /// Messages that had been here before, that were wrong, values compared, and of them wrong.
    counts: [u64; 4],
    certificates: Option<Certificates>,
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
    /// The same, of a meter whose keys are being changed: it is spoken to under the others from now on.
    OtherKeys,
    /// The answer does not fit into the meter's window.
    TooLong,
    /// Not genuine, or not what was asked for.
    Wrong,
}

/// The conversations of a head-end.
#[derive(Debug)]
pub struct Talk {
    cosem: Arc<Cosem>,
    peers: Vec<Peer>,
    next_for_all: u32,
    /// Generations of the broadcast key: the one that floods go under, and the newest.
    broadcast: [u16; 2],
    /// Certificates of meters, if they have some.
    pub certificates: Option<Certificates>,
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
        let peer = Peer { next: 1, window: ReplayWindow::new(REORDER), keys: Keys::DELIVERED };
        Talk {
            cosem,
            peers: vec![peer; sites],
            next_for_all: 1,
            broadcast: [0; 2],
            certificates: None,
            duplicates: 0,
            wrong: 0,
            values: 0,
            values_wrong: 0,
        }
    }

    /// The same with certificates of all sites, which are as old as that says.
    pub fn with_certificates(mut self, spec: Option<&CertificatesSpec>, (sites, seed): (usize, u64)) -> Talk {
        self.certificates = spec.map(|spec| Certificates::new(spec, sites, seed));
        self
    }

    /// Whether a meter's certificate has run out, so that no session is opened.
    pub fn has_expired(&self, meter: SiteId, now: SimTime) -> bool {
        self.certificates.as_ref().is_some_and(|certificates| certificates.has_expired(meter, now))
    }

    /// What both sides share.
    pub fn cosem(&self) -> &Arc<Cosem> {
        &self.cosem
    }

    /// What changes in a run.
    pub fn save(&self) -> State {
        let counts = [self.duplicates, self.wrong, self.values, self.values_wrong];
        let certificates = self.certificates.clone();
        State {
            peers: self.peers.iter().map(Known::of).collect(),
            next_for_all: self.next_for_all,
            broadcast: self.broadcast,
            counts,
            certificates,
        }
    }

    /// Goes on from what was saved.
    ///
    /// # Errors
    /// It is not of these meters.
    pub fn restore(&mut self, state: State) -> Result<(), String> {
        same_count("head-end: peers", state.peers.len(), self.peers.len())?;
        match (&self.certificates, &state.certificates) {
            (Some(here), Some(saved)) => here.check(saved)?,
            (None, None) => {}
            _ => return Err("head-end: meters have certificates in one and none in the other".to_owned()),
        }
        self.certificates = state.certificates;
        self.peers = state.peers.into_iter().map(Known::peer).collect();
        (self.next_for_all, self.broadcast) = (state.next_for_all, state.broadcast);
        [self.duplicates, self.wrong, self.values, self.values_wrong] = state.counts;
        Ok(())
    }

    /// A command or request for one meter, under the next counter.
    pub fn ask(&mut self, kind: DownKind, meter: SiteId, ask: Ask) -> Down {
        let of_one = self.cosem.asked_bytes(meter, ask);
        let (answer_bytes, bytes) = of_one.map_or_else(|| self.cosem.lengths(meter).of(ask), |bytes| (0, bytes));
        let is_told = of_one.is_some() && self.cosem.payload == Payload::Sized;
        let word = is_told.then(|| Arc::new(Word::Ask(ask)));
        let rows = if let Ask::Rows(rows) = ask { rows } else { Rows::default() };
        let under = self.under(meter);
        let apdu = Apdu { answer_bytes, rows, word, metrology: ask.is_of_metrology(), ..Self::apdu(under) };
        let down = Down { to: Destination::Unicast(meter), kind, bytes, apdu };
        self.encoded(down, |cosem| client::request(cosem.meter(meter), ask, under))
    }

    /// What is known of a meter's keys.
    pub fn keys(&mut self, meter: SiteId) -> &mut Keys {
        &mut self.peers[meter.at()].keys
    }

    /// A confirmation that the heartbeat of a reset job has arrived.
    pub fn confirm(&mut self, meter: SiteId, job: u16) -> Down {
        let bytes = self.cosem.lengths(meter).confirmation;
        let under = self.under(meter);
        let apdu = Self::apdu(under);
        let down = Down { to: Destination::Unicast(meter), kind: DownKind::Confirm { job }, bytes, apdu };
        self.encoded(down, |cosem| client::confirmation(cosem.meter(meter), job.into(), under))
    }

    /// A step with an image of the run, for one meter, which is to answer or not.
    pub fn image(&mut self, read: u32, meter: SiteId, (image, step): (u16, ImageStep), confirmed: bool) -> Down {
        let (bytes, under) = (self.cosem.image_bytes(image, step), self.under(meter));
        let word = Word::AskImage { image, step, confirmed };
        let apdu = Apdu { word: Some(Arc::new(word)), ..Self::apdu(under) };
        let down = Down { to: Destination::Unicast(meter), kind: DownKind::Request { read }, bytes, apdu };
        let image = usize::from(image);
        self.encoded(down, |cosem| client::image(cosem.meter(meter), confirmed, &cosem.images[image], step, under))
    }

    /// The same for all meters, which are of one security suite, in one of the floods that may be under way at a time.
    pub fn image_to_all(&mut self, slot: u16, image: u16, step: ImageStep) -> Down {
        let (bytes, under) = (self.cosem.image_bytes(image, step), self.under_for_all());
        let word = Word::AskImage { image, step, confirmed: false };
        let apdu = Apdu { word: Some(Arc::new(word)), ..Self::apdu(under) };
        let down = Down { to: Destination::All, kind: DownKind::Spread { slot }, bytes, apdu };
        let image = usize::from(image);
        self.encoded(down, |cosem| client::image_to_all(cosem.meter(SiteId(0)), &cosem.images[image], step, under))
    }

    /// Something of one object for all meters, which are of one security suite, in one of the floods that may be under way at a time.
    pub fn ask_all(&mut self, slot: u16, ask: Ask) -> Down {
        let bytes = self.cosem.asked_bytes(SiteId(0), ask).unwrap_or_default();
        let word = (self.cosem.payload == Payload::Sized).then(|| Arc::new(Word::Ask(ask)));
        let under = self.under_for_all();
        let down = Down {
            to: Destination::All,
            kind: DownKind::Spread { slot },
            bytes,
            apdu: Apdu { word, ..Self::apdu(under) },
        };
        self.encoded(down, |cosem| client::broadcast(cosem.meter(SiteId(0)), ask, under))
    }

    /// A reset of all meters, which are of one security suite.
    pub fn reset_all(&mut self, job: u16, tier: ResetTier) -> Down {
        let bytes = self.cosem.lengths(SiteId(0)).of(Ask::Reset(tier)).1;
        let under = self.under_for_all();
        let apdu = Self::apdu(under);
        let down = Down { to: Destination::All, kind: DownKind::Command { job }, bytes, apdu };
        self.encoded(down, |cosem| client::broadcast(cosem.meter(SiteId(0)), Ask::Reset(tier), under))
    }

    /// A new broadcast key is on its way to meters; returns its generation.
    pub fn new_broadcast(&mut self) -> u16 {
        self.broadcast[1] = self.broadcast[1].saturating_add(1);
        self.broadcast[1]
    }

    /// Floods go under this broadcast key from now on.
    pub fn flood_under(&mut self, generation: u16) {
        self.broadcast[0] = generation;
    }

    /// The next counter towards all, and the broadcast key in use.
    fn under_for_all(&mut self) -> Under {
        self.next_for_all += 1;
        Under { generation: self.broadcast[0].into(), counter: self.next_for_all - 1 }
    }

    /// The next counter towards a meter, and the keys that it is thought to have.
    fn under(&mut self, meter: SiteId) -> Under {
        let peer = &mut self.peers[meter.at()];
        peer.next += 1;
        Under { generation: peer.keys.now, counter: peer.next - 1 }
    }

    fn apdu(under: Under) -> Apdu {
        Apdu { counter: under.counter, generation: under.generation, ..Apdu::default() }
    }

    fn encoded(&self, mut down: Down, encode: impl FnOnce(&Cosem) -> Vec<u8>) -> Down {
        if self.cosem.payload == Payload::Real {
            let datagram = encode(&self.cosem);
            assert_eq!(datagram.len(), usize::from(down.bytes), "{:?}: bytes sized and bytes encoded", down.kind);
            down.apdu.bytes = Some(Arc::from(datagram));
        }
        down
    }

    /// Looks at a message of a meter. One that does not understand its keys may have the others.
    pub fn hear(&mut self, report: &Report) -> Heard {
        let heard = self.look_at(report);
        let keys = &mut self.peers[report.meter.at()].keys;
        if heard == Heard::Undeciphered && keys.have_changed() {
            keys.not_understood();
            return Heard::OtherKeys;
        }
        heard
    }

    fn look_at(&mut self, report: &Report) -> Heard {
        let (apdu, meter) = (&report.apdu, report.meter);
        if !apdu.refused && self.peers[meter.at()].window.accept(apdu.counter).is_err() {
            self.duplicates += 1;
            return Heard::Again;
        }
        let Some(bytes) = &apdu.bytes else {
            if apdu.too_long {
                return Heard::TooLong;
            }
            let said = apdu.word.as_ref().and_then(|word| word.said());
            return match (apdu.refused, self.cosem.is_mismatched(meter)) {
                (true, false) if apdu.metrology => Heard::Undeciphered,
                (true, true) => Heard::Undeciphered,
                (true, false) if said == Some(Said::Undeciphered) => Heard::Undeciphered,
                (true, false) => Heard::Refused,
                (false, true) => self.wrong(),
                (false, false) => {
                    self.peers[meter.at()].keys.heard_under(apdu.generation);
                    Heard::New(said)
                }
            };
        };
        let keys = self.peers[meter.at()].keys;
        let open = |generation| Some((generation, client::open(self.cosem.meter(meter), generation, bytes)?));
        // What was sent under the former keys may arrive when new ones are in use, and the other way round.
        let (generation, said) =
            match open(keys.now).or_else(|| if keys.have_changed() { open(keys.other) } else { None }) {
                Some((generation, said)) => (Some(generation), Some(said)),
                None => (None, None),
            };
        if !apdu.refused
            && let Some(generation) = generation
        {
            self.peers[meter.at()].keys.heard_under(generation);
        }
        match said {
            Some(Said::Refused) => Heard::Refused,
            Some(Said::Undeciphered | Said::NotServed) => Heard::Undeciphered,
            Some(Said::TooLong) => Heard::TooLong,
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
            self.values_wrong += reading.wrong(meter);
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
            let again = Known::of(&Peer { next: 9, window, keys: Keys { now: 2, other: 1, proven: true } }).peer();
            assert_eq!((again.next, again.window, again.keys.now), (9, window, 2), "{counters:?}");
        }
    }
}
