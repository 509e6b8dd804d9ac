//! The head-end as a DLMS client: what it says under which counter, and whether what it hears is genuine and new.

use crate::apdu::client::{self, Said};
use crate::apdu::{Apdu, Ask, Cosem, Rows};
use crate::event::{Down, Report};
use crate::mac::packet::Kind;
use crate::spec::{Payload, ResetTier};
use amitwin_dlms::objects::energy_wh;
use dlms_cosem_rs::security::ReplayWindow;
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

/// What a message of a meter turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Genuine and new; with what it says, where payloads are encoded.
    New(Option<Said>),
    /// It has been here before.
    Again,
    /// The meter refuses the counter of a request that others have overtaken.
    Refused,
    /// The meter cannot decipher what it is asked: it has another security suite than the one on file.
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

    /// Something for one meter, under the next counter.
    pub fn ask(&mut self, kind: Kind, node: u32, value: u32, ask: Ask) -> Down {
        let (answer_bytes, bytes) = self.cosem.lengths(node).of(ask);
        let rows = if let Ask::Rows(rows) = ask { rows } else { Rows::default() };
        let counter = self.count(node);
        let head = Apdu { counter, answer_bytes, rows, ..Apdu::default() };
        self.down(kind, node, value, bytes, head, |cosem| client::request(cosem.meter(node), ask, counter))
    }

    /// A confirmation that a notification has arrived.
    pub fn confirm(&mut self, node: u32, invoke_id: u32) -> Down {
        let bytes = self.cosem.lengths(node).confirmation;
        let counter = self.count(node);
        let head = Apdu { counter, ..Apdu::default() };
        let encode = |cosem: &Cosem| client::confirmation(cosem.meter(node), invoke_id, counter);
        self.down(Kind::Confirm, node, invoke_id, bytes, head, encode)
    }

    /// A reset of all meters, which are of one security suite.
    pub fn tell_all(&mut self, campaign: u16, tier: ResetTier) -> Down {
        let bytes = self.cosem.lengths(0).reset;
        let counter = self.next_for_all;
        self.next_for_all += 1;
        let head = Apdu { counter, ..Apdu::default() };
        let encode = |cosem: &Cosem| client::broadcast(cosem.meter(0), tier, counter);
        self.down(Kind::Flood, u32::MAX, u32::from(campaign), bytes, head, encode)
    }

    fn count(&mut self, node: u32) -> u32 {
        let peer = &mut self.peers[node as usize];
        peer.next += 1;
        peer.next - 1
    }

    fn down(
        &self,
        kind: Kind,
        node: u32,
        value: u32,
        bytes: u16,
        mut apdu: Apdu,
        encode: impl FnOnce(&Cosem) -> Vec<u8>,
    ) -> Down {
        if self.cosem.payload == Payload::Real {
            let datagram = encode(&self.cosem);
            assert_eq!(datagram.len(), usize::from(bytes), "{kind:?}: bytes sized and bytes encoded");
            apdu.bytes = Some(Arc::from(datagram));
        }
        Down { kind, node, value, bytes, apdu }
    }

    /// Looks at a message of a meter.
    pub fn hear(&mut self, report: &Report) -> Heard {
        let apdu = &report.apdu;
        if !apdu.refused && self.peers[report.node as usize].window.accept(apdu.counter).is_err() {
            self.duplicates += 1;
            return Heard::Again;
        }
        let Some(bytes) = &apdu.bytes else {
            return match (apdu.refused, self.cosem.is_mismatched(report.node)) {
                (true, true) => Heard::Undeciphered,
                (true, false) => Heard::Refused,
                (false, true) => self.wrong(),
                (false, false) => Heard::New(None),
            };
        };
        match client::open(self.cosem.meter(report.node), bytes) {
            Some(Said::Refused) => Heard::Refused,
            Some(Said::Undeciphered) => Heard::Undeciphered,
            Some(Said::Rows(rows)) if !client::are(&rows, apdu.rows) => self.wrong(),
            Some(said) => {
                self.check(report.node, &said);
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
    fn check(&mut self, node: u32, said: &Said) {
        let meter = self.cosem.meter(node);
        let readings = match said {
            Said::Registers(reading) => std::slice::from_ref(reading),
            Said::Rows(rows) => rows,
            _ => return,
        };
        for reading in readings {
            let right = energy_wh(meter, reading.unix_s) == (reading.import_wh, reading.export_wh);
            self.values += 2;
            self.values_wrong += u64::from(!right);
        }
    }
}
