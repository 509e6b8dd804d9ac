//! What a meter remembers of a client while an association is open.

pub(crate) mod blocks;
pub mod hls;
pub(crate) mod transfer;

use crate::crypto::cipher::Aead;
use crate::meter::client::Client;
use crate::meter::fleet::Meter;
use crate::meter::rest::{Rest, keys_of};
use crate::session::blocks::{Download, Upload};
use crate::session::hls::Mechanism;
use crate::session::transfer::Transfer;
use dlms_cosem_rs::security::SecuritySuite;
use dlms_cosem_rs::xdlms::Conformance;

/// Longest challenge that is kept, bytes (the standard's limit).
pub const CHALLENGE_MAX: usize = 64;

/// Smallest APDU that a client may ask for, bytes: a block with its head, ciphered.
pub(crate) const CLIENT_PDU_MIN: u16 = 64;

/// Services that the meters offer.
pub const OFFERED: Conformance = Conformance::from_bits_truncate(
    Conformance::GET.bits()
        | Conformance::SET.bits()
        | Conformance::ACTION.bits()
        | Conformance::SELECTIVE_ACCESS.bits()
        | Conformance::MULTIPLE_REFERENCES.bits()
        | Conformance::BLOCK_TRANSFER_WITH_GET_OR_READ.bits()
        | Conformance::BLOCK_TRANSFER_WITH_SET_OR_WRITE.bits()
        | Conformance::BLOCK_TRANSFER_WITH_ACTION.bits()
        | Conformance::PRIORITY_MGMT_SUPPORTED.bits()
        | Conformance::DATA_NOTIFICATION.bits()
        | Conformance::GENERAL_PROTECTION.bits()
        | Conformance::GENERAL_BLOCK_TRANSFER.bits()
        | Conformance::ACCESS.bits(),
);

/// A challenge of either side.
#[derive(Clone, Copy)]
pub struct Challenge {
    bytes: [u8; CHALLENGE_MAX],
    used: u8,
}

impl Challenge {
    /// No challenge.
    pub const NONE: Challenge = Challenge { bytes: [0; CHALLENGE_MAX], used: 0 };
    /// Keeps a challenge; `None` if it is too long.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let mut kept = Challenge::NONE;
        kept.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        kept.used = bytes.len() as u8;
        Some(kept)
    }
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.used as usize]
    }
}

/// An association, from the client's request to its release. It exists only while one is open.
pub struct Session {
    /// Who it is with.
    pub(crate) client: Client,
    /// How the client proves who it is.
    pub(crate) mechanism: Mechanism,
    /// The proof is given (or none is due).
    pub(crate) proven: bool,
    /// The proof was wrong: the association ends with the answer.
    pub(crate) expelled: bool,
    /// Counter expected of the client before the message in hand.
    pub(crate) counter_before: u32,
    /// Changes of the meter's keys before it began.
    pub(crate) generation: u32,
    /// Services travel ciphered.
    pub(crate) ciphered: bool,
    /// It was opened by an authenticated message, and takes no others: their ciphertext is what remains of an authenticated
    /// message whose tag was cut off.
    pub(crate) authenticated: bool,
    /// Services agreed.
    pub(crate) conformance: Conformance,
    /// Largest APDU that the client takes, bytes.
    pub(crate) client_pdu: usize,
    /// The client's title, half of each of its initialisation vectors.
    pub(crate) client_title: [u8; 8],
    pub(crate) unicast: Aead,
    pub(crate) dedicated: Option<Aead>,
    /// Highest counter received under the dedicated key, plus one: each key counts on its own.
    pub(crate) dedicated_received: u32,
    pub(crate) authentication: [u8; 32],
    pub(crate) key_bytes: usize,
    /// The client's challenge and the meter's.
    pub(crate) challenges: (Challenge, Challenge),
    /// A long answer on its way out.
    pub(crate) download: Option<Download>,
    /// A long request on its way in.
    pub(crate) upload: Option<Upload>,
    /// A request or an answer in general blocks.
    pub(crate) transfer: Option<Box<Transfer>>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Keys are part of it.
        f.debug_struct("Session").field("client", &self.client).field("proven", &self.proven).finish_non_exhaustive()
    }
}

impl Session {
    /// An association with nothing agreed yet.
    pub(crate) fn new(meter: Meter<'_>, rest: &Rest, client: Client) -> Self {
        let suite = meter.vendor().suite;
        let keys = keys_of(meter, rest);
        Session {
            client,
            mechanism: Mechanism::None,
            proven: false,
            expelled: false,
            counter_before: 0,
            generation: rest.generation(),
            ciphered: false,
            authenticated: false,
            conformance: Conformance::empty(),
            client_pdu: usize::from(u16::MAX),
            client_title: [0; 8],
            unicast: Aead::new(suite, &keys.unicast),
            dedicated: None,
            dedicated_received: 0,
            authentication: keys.authentication,
            key_bytes: if suite == SecuritySuite::Suite2 { 32 } else { 16 },
            challenges: (Challenge::NONE, Challenge::NONE),
            download: None,
            upload: None,
            transfer: None,
        }
    }

    /// An association that both sides hold without having opened it, as in a mesh where a head-end and its meters know
    /// each other by title (IEC TS 62056-8-20): ciphered, all services, the client's title and largest APDU (bytes) known
    /// beforehand.
    pub fn pre_established(
        meter: Meter<'_>,
        rest: &Rest,
        client: Client,
        client_title: [u8; 8],
        client_pdu: u16,
    ) -> Box<Self> {
        Box::new(Session {
            proven: true,
            ciphered: true,
            authenticated: true,
            conformance: OFFERED,
            client_pdu: usize::from(client_pdu),
            client_title,
            ..Session::new(meter, rest, client)
        })
    }

    /// What the public client has with every meter without having opened it: it reads, in APDUs of the smallest size that a
    /// client may ask for.
    pub fn pre_established_public(meter: Meter<'_>, rest: &Rest) -> Box<Self> {
        Box::new(Session {
            proven: true,
            conformance: Conformance::GET | Conformance::BLOCK_TRANSFER_WITH_GET_OR_READ,
            client_pdu: usize::from(CLIENT_PDU_MIN),
            ..Session::new(meter, rest, Client::Public)
        })
    }

    /// The client has given the proof that its mechanism asks for.
    pub fn is_proven(&self) -> bool {
        self.proven
    }

    /// A long answer or a long request is under way.
    pub fn is_in_transfer(&self) -> bool {
        self.download.is_some() || self.upload.is_some() || self.transfer.is_some()
    }

    /// Memory that a long answer or a long request takes, bytes.
    pub fn transfer_bytes(&self) -> usize {
        let download = self.download.as_ref().map_or(0, Download::held_bytes);
        let upload = self.upload.as_ref().map_or(0, Upload::held_bytes);
        download + upload + self.transfer.as_ref().map_or(0, |transfer| transfer.held_bytes())
    }

    /// Ends what is under way: the next block is refused.
    pub fn end_transfers(&mut self) {
        (self.download, self.upload, self.transfer) = (None, None, None);
    }

    /// What the management client has with all meters at once: services that nobody answers, under the broadcast key.
    pub(crate) fn of_all(meter: Meter<'_>, rest: &Rest, client_title: [u8; 8]) -> Self {
        let suite = meter.vendor().suite;
        let keys = keys_of(meter, rest);
        Session {
            proven: true,
            ciphered: true,
            authenticated: true,
            conformance: OFFERED,
            client_title,
            unicast: Aead::new(suite, &keys.broadcast),
            authentication: keys.broadcast_authentication,
            ..Session::new(meter, rest, Client::Management)
        }
    }

    /// Longest APDU to the client, bytes.
    pub(crate) fn room(&self, meter: Meter<'_>) -> usize {
        self.client_pdu.min(usize::from(meter.vendor().pdu_max))
    }

    /// Goes on under the meter's keys as they are now.
    pub(crate) fn rekey(&mut self, meter: Meter<'_>, rest: &Rest) {
        let keys = keys_of(meter, rest);
        self.unicast = Aead::new(meter.vendor().suite, &keys.unicast);
        self.authentication = keys.authentication;
        self.generation = rest.generation();
    }

    /// Most counters that one answer takes: of its envelope, and of a proof by GMAC.
    pub(crate) fn counters_due(&self) -> u32 {
        u32::from(self.ciphered) + u32::from(!self.proven && self.mechanism == Mechanism::Gmac)
    }

    /// Authentication key as long as the suite's keys are.
    pub(crate) fn authentication_key(&self) -> &[u8] {
        &self.authentication[..self.key_bytes]
    }
}
