//! The meters' side: what the meters of a mesh keep, and what they answer and send.

use crate::apdu::{Apdu, Cosem, HEAD_END_PDU, HEAD_END_TITLE, PORT, client};
use crate::check::same_count;
use crate::node::{Node, SiteId};
use crate::spec::{Payload, ResetTier};
use amitwin_dlms::cipher::{self, Aead, Lock};
use amitwin_dlms::objects::View;
use amitwin_dlms::{Call, Client, Effects, Meter, Reaction, Rest, Scratch, Session, answer, broadcast, keys_of, push};
use amitwin_sim_core::SimTime;
use dlms_cosem_rs::obis::Obis;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Counters of a meter whose payloads are only sized.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Counts {
    /// Next invocation counter of what it sends.
    next: u32,
    /// Lowest counter that it takes from the head-end, and under the broadcast key.
    expected: u32,
    expected_by_all: u32,
}

/// What meters keep while nobody talks to them, by local index.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Kept {
    Real(Vec<Rest>),
    Sized(Vec<Counts>),
}

impl Kept {
    /// A client has changed keys of a meter.
    pub(super) fn has_changed_keys(&self) -> bool {
        let Kept::Real(rests) = self else { return false };
        rests.iter().any(|rest| rest.security().is_some_and(|security| security.has_keys()))
    }
}

/// The meters of a mesh as DLMS servers.
#[derive(Debug)]
pub struct Servers {
    cosem: Arc<Cosem>,
    kept: Kept,
    scratch: Scratch,
    request: Vec<u8>,
    out: Vec<u8>,
}

/// A message of a meter and how long it is.
pub type Said = (Apdu, u16);

impl Servers {
    /// New meters at `radios` local indices.
    pub fn new(cosem: Arc<Cosem>, radios: usize) -> Self {
        let kept = match cosem.payload {
            Payload::Real => Kept::Real(vec![Rest::default(); radios]),
            Payload::Sized => Kept::Sized(vec![Counts { next: 1, expected: 0, expected_by_all: 0 }; radios]),
        };
        Servers { cosem, kept, scratch: Scratch::default(), request: Vec::new(), out: Vec::new() }
    }

    /// What both sides share.
    pub fn cosem(&self) -> &Arc<Cosem> {
        &self.cosem
    }

    /// What meters keep.
    pub(super) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Goes on from what meters kept.
    pub(super) fn restore(&mut self, kept: Kept) -> Result<(), String> {
        let (saved, here) = match (&kept, &self.kept) {
            (Kept::Real(saved), Kept::Real(here)) => (saved.len(), here.len()),
            (Kept::Sized(saved), Kept::Sized(here)) => (saved.len(), here.len()),
            _ => return Err("meter: payloads are real in one and sized in the other".to_owned()),
        };
        same_count("meter: DLMS servers", saved, here)?;
        self.kept = kept;
        Ok(())
    }

    /// Bytes that a meter keeps here.
    pub const fn bytes_each(payload: Payload) -> usize {
        match payload {
            Payload::Real => size_of::<Rest>(),
            Payload::Sized => size_of::<Counts>(),
        }
    }

    /// The meter `site` at `local` answers a request, if it says anything, and whether it runs the reset `tier`, if the
    /// request is for one.
    pub fn answer(
        &mut self,
        local: Node,
        site: SiteId,
        now: SimTime,
        asked: &Apdu,
        tier: Option<ResetTier>,
    ) -> (Option<Said>, bool) {
        let cosem = self.cosem.clone();
        match &mut self.kept {
            Kept::Sized(counts) => {
                let kept = &mut counts[local.at()];
                if cosem.is_mismatched(site) {
                    let refused = Apdu { refused: true, ..Apdu::default() };
                    return (cosem.lengths(site).undeciphered.map(|bytes| (refused, bytes)), false);
                }
                if asked.counter < kept.expected {
                    let refused = Apdu { refused: true, ..Apdu::default() };
                    return (cosem.lengths(site).refused.map(|bytes| (refused, bytes)), false);
                }
                kept.expected = asked.counter + 1;
                let counter = kept.next;
                kept.next += 1;
                (Some((Apdu { counter, rows: asked.rows, ..Apdu::default() }, asked.answer_bytes)), tier.is_some())
            }
            Kept::Real(rests) => {
                let (rest, meter) = (&mut rests[local.at()], cosem.meter(site));
                let mut session =
                    Some(Session::pre_established(meter, rest, Client::Management, HEAD_END_TITLE, HEAD_END_PDU));
                self.request.clear();
                let Some(apdu) = asked.bytes.as_deref().and_then(client::unwrapped) else { return (None, false) };
                self.request.extend_from_slice(apdu);
                let counter = rest.counter;
                let mut effects = Effects::default();
                let (now, scratch) = (cosem.moment(now), &mut self.scratch);
                let mut call = Call { meter, rest, now, scratch, effects: &mut effects };
                let reaction = answer(&mut call, &mut session, PORT, &mut self.request, &mut self.out);
                let obeyed = tier.is_some() && effects.reset == tier;
                if reaction != Reaction::Reply {
                    return (None, obeyed);
                }
                let refused = self.out[0] == 0xD8;
                let rows = if refused { Default::default() } else { asked.rows };
                let counter = if refused { 0 } else { counter };
                (Some(message(Apdu { counter, refused, rows, ..Apdu::default() }, &self.out)), obeyed)
            }
        }
    }

    /// The meter hears a reset for all; returns whether it runs it.
    pub fn hear(&mut self, local: Node, site: SiteId, now: SimTime, said: &Apdu, tier: ResetTier) -> bool {
        let cosem = self.cosem.clone();
        match &mut self.kept {
            Kept::Sized(counts) => {
                if cosem.meter(site).vendor().suite != cosem.meter(SiteId(0)).vendor().on_file() {
                    return false;
                }
                let kept = &mut counts[local.at()];
                let fresh = said.counter >= kept.expected_by_all;
                kept.expected_by_all = kept.expected_by_all.max(said.counter + 1);
                fresh
            }
            Kept::Real(rests) => {
                let Some(apdu) = said.bytes.as_deref().and_then(client::unwrapped) else { return false };
                self.request.clear();
                self.request.extend_from_slice(apdu);
                let mut effects = Effects::default();
                let mut call = Call {
                    meter: cosem.meter(site),
                    rest: &mut rests[local.at()],
                    now: cosem.moment(now),
                    scratch: &mut self.scratch,
                    effects: &mut effects,
                };
                let done = broadcast::hear(&mut call, HEAD_END_TITLE, &mut self.request);
                done && effects.reset == Some(tier)
            }
        }
    }

    /// What a push setup of a meter sends now.
    pub fn notification(&mut self, local: Node, site: SiteId, now: SimTime, setup: Obis, invoke_id: u32) -> Said {
        let cosem = self.cosem.clone();
        match &mut self.kept {
            Kept::Sized(counts) => {
                let kept = &mut counts[local.at()];
                let counter = kept.next;
                kept.next += 1;
                (Apdu { counter, ..Apdu::default() }, cosem.lengths(site).notification(site.0, setup))
            }
            Kept::Real(rests) => {
                let rest = &mut rests[local.at()];
                let counter = rest.counter;
                let now = cosem.moment(now);
                let view = View { meter: cosem.meter(site), now, client: Client::Management, session: None };
                let apdu = push::sealed_notification(&view, rest, setup, invoke_id, &mut Effects::default())
                    .expect("simulated meters have all counters and every setup");
                let said = message(Apdu { counter, ..Apdu::default() }, &apdu);
                assert_eq!(said.1, cosem.lengths(site).notification(site.0, setup), "bytes sized and bytes encoded");
                said
            }
        }
    }

    /// Whether what came is the head-end's confirmation, and new.
    pub fn confirmed(&mut self, local: Node, site: SiteId, said: &Apdu) -> bool {
        let cosem = self.cosem.clone();
        match &mut self.kept {
            Kept::Sized(counts) => {
                let kept = &mut counts[local.at()];
                let fresh = said.counter >= kept.expected && !cosem.is_mismatched(site);
                if !fresh {
                    return false;
                }
                kept.expected = kept.expected.max(said.counter + 1);
                fresh
            }
            Kept::Real(rests) => {
                let Some(apdu) = said.bytes.as_deref().and_then(client::unwrapped) else { return false };
                self.request.clear();
                self.request.extend_from_slice(apdu);
                take_confirmation(cosem.meter(site), &mut rests[local.at()], &mut self.request)
            }
        }
    }
}

fn message(head: Apdu, apdu: &[u8]) -> Said {
    let datagram = client::wrapped(apdu);
    let bytes = datagram.len() as u16;
    (Apdu { bytes: Some(Arc::from(datagram)), ..head }, bytes)
}

fn take_confirmation(meter: Meter<'_>, rest: &mut Rest, apdu: &mut [u8]) -> bool {
    let Some(envelope) = cipher::envelope(apdu) else { return false };
    let suite = meter.vendor().suite;
    let keys = keys_of(meter, rest);
    let expected = &mut rest.received[Client::Management.slot()];
    let ours = envelope.title == Some(HEAD_END_TITLE) && envelope.control.suite() == suite.id();
    if !ours || envelope.counter < *expected || !envelope.control.authenticated() {
        return false;
    }
    let aead = Aead::new(suite, &keys.unicast);
    let lock = Lock { aead: &aead, authentication: &keys.authentication[..suite.key_len()] };
    let payload = &mut apdu[envelope.at..];
    let opened = cipher::open(lock, envelope.control, &HEAD_END_TITLE, envelope.counter, payload, &mut Vec::new());
    let genuine = opened.is_some_and(|bytes| client::is_confirmation(&payload[..bytes]));
    if genuine {
        *expected = envelope.counter + 1;
    }
    genuine
}

#[cfg(test)]
mod tests;
