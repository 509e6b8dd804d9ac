//! The meters' side: what the meters of a mesh keep, and what they answer and send.

use crate::apdu::{Apdu, Cosem, Fate, HEAD_END_PDU, HEAD_END_TITLE, ImageSaid, ImageStep, ImageWord, PORT, client};
use crate::check::same_count;
use crate::node::{Node, SiteId};
use crate::spec::{Payload, ResetTier};
use amitwin_dlms::cipher::{self, Aead, Lock};
use amitwin_dlms::image::Firmware;
use amitwin_dlms::objects::{self, View};
use amitwin_dlms::{Call, Client, Effects, Meter, Reaction, Rest, Scratch, Session, answer, broadcast, keys_of, push};
use amitwin_sim_core::SimTime;
use dlms_cosem_rs::obis::Obis;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Counters of a meter whose payloads are only sized.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Counts {
    /// Next invocation counter of what it sends.
    next: u32,
    /// Lowest counter that it takes from the head-end, and under the broadcast key.
    expected: u32,
    expected_by_all: u32,
    /// What it keeps of firmware images, once it has heard of one.
    image: Option<Box<Rest>>,
}

impl Counts {
    const NEW: Counts = Counts { next: 1, expected: 0, expected_by_all: 0, image: None };
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
    /// What the last request has activated, and what becomes of its meter.
    activated: Option<(u16, Fate)>,
}

/// A message of a meter and how long it is.
pub type Said = (Apdu, u16);

impl Servers {
    /// New meters at `radios` local indices.
    pub fn new(cosem: Arc<Cosem>, radios: usize) -> Self {
        let kept = match cosem.payload {
            Payload::Real => Kept::Real(vec![Rest::default(); radios]),
            Payload::Sized => Kept::Sized(vec![Counts::NEW; radios]),
        };
        Servers { cosem, kept, scratch: Scratch::default(), request: Vec::new(), out: Vec::new(), activated: None }
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
                if let Some(ImageWord::Ask { image, step, confirmed }) = asked.image.as_deref() {
                    if !confirmed {
                        // No counter is taken for an answer that is not given.
                        kept.next = counter;
                    }
                    let said = self.step(local, site, now, *image, *step);
                    if !confirmed {
                        return (None, false);
                    }
                    let bytes = cosem.image_answer_bytes(site, &said);
                    return (
                        Some((
                            Apdu { counter, image: Some(Arc::new(ImageWord::Said(said))), ..Apdu::default() },
                            bytes,
                        )),
                        false,
                    );
                }
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
                let before = asked.image.is_some().then(|| rest.firmware().cloned());
                let mut effects = Effects::default();
                let (now, scratch) = (cosem.moment(now), &mut self.scratch);
                let mut call = Call { meter, rest, now, scratch, effects: &mut effects };
                let reaction = answer(&mut call, &mut session, PORT, &mut self.request, &mut self.out);
                let obeyed = tier.is_some() && effects.reset == tier;
                if let (true, Some(before), Some(ImageWord::Ask { image, .. })) =
                    (effects.image_activated, before, asked.image.as_deref())
                {
                    self.activated = Some(activated(&cosem, site, *image, rest, before));
                }
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

    /// The meter takes in the bytes of what is for all; what that does, unless it is refused.
    fn take_in(&mut self, local: Node, site: SiteId, now: SimTime, said: &Apdu) -> Option<Effects> {
        let cosem = self.cosem.clone();
        let Kept::Real(rests) = &mut self.kept else { return None };
        let apdu = said.bytes.as_deref().and_then(client::unwrapped)?;
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
        broadcast::hear(&mut call, HEAD_END_TITLE, &mut self.request).then_some(effects)
    }

    /// The meter hears a reset for all; returns whether it runs it.
    pub fn hear(&mut self, local: Node, site: SiteId, now: SimTime, said: &Apdu, tier: ResetTier) -> bool {
        match &mut self.kept {
            Kept::Sized(_) => self.is_new_for_all(local, site, said),
            Kept::Real(_) => self.take_in(local, site, now, said).is_some_and(|effects| effects.reset == Some(tier)),
        }
    }

    /// The exception of a meter whose boards keep it from a service.
    pub fn not_served(&self) -> Said {
        let (apdu, bytes) = message(Apdu { refused: true, metrology: true, ..Apdu::default() }, &client::NOT_SERVED);
        match self.cosem.payload {
            Payload::Real => (apdu, bytes),
            Payload::Sized => (Apdu { bytes: None, ..apdu }, bytes),
        }
    }

    /// Times that a meter has written a firmware image to flash.
    pub fn flash_writes(&self, local: Node) -> u16 {
        match &self.kept {
            Kept::Sized(counts) => counts[local.at()].image.as_ref().map_or(0, |rest| rest.flash_writes),
            Kept::Real(rests) => rests[local.at()].flash_writes,
        }
    }

    /// What a meter with real payloads keeps, relay and settings among it.
    pub fn rest(&self, local: Node) -> Option<&Rest> {
        if let Kept::Real(rests) = &self.kept { rests.get(local.at()) } else { None }
    }

    /// The same, for meters that are to begin otherwise than they were delivered.
    pub fn rest_mut(&mut self, local: Node) -> Option<&mut Rest> {
        if let Kept::Real(rests) = &mut self.kept { rests.get_mut(local.at()) } else { None }
    }

    /// Whether a meter runs the image that a job brought.
    pub fn runs_image_of(&self, local: Node, job: u16) -> bool {
        let rest = match &self.kept {
            Kept::Sized(counts) => counts[local.at()].image.as_deref(),
            Kept::Real(rests) => Some(&rests[local.at()]),
        };
        let image = self.cosem.images.iter().find(|image| image.job == job);
        image.zip(rest).is_some_and(|(image, rest)| objects::firmware_identifier(rest) == &image.identifier[..])
    }

    /// A bricked meter starts with the image that it came with from the factory, which is in a part of its flash that nothing overwrites.
    pub fn take_golden_image(&mut self, local: Node) {
        let rest = match &mut self.kept {
            Kept::Sized(counts) => counts[local.at()].image.as_deref_mut(),
            Kept::Real(rests) => Some(&mut rests[local.at()]),
        };
        if let Some(changed) = rest.and_then(|rest| rest.changed.as_mut()) {
            changed.firmware = None;
        }
    }

    /// What the last request has activated: the job that brought it, and what becomes of the meter.
    pub fn take_activated(&mut self) -> Option<(u16, Fate)> {
        self.activated.take()
    }

    /// A meter whose payloads are sized does a step with an image, by the rules of its image transfer object.
    fn step(&mut self, local: Node, site: SiteId, now: SimTime, image: u16, step: ImageStep) -> ImageSaid {
        let cosem = self.cosem.clone();
        let Kept::Sized(counts) = &mut self.kept else { unreachable!("real payloads are answered from their bytes") };
        let rest = counts[local.at()].image.get_or_insert_default();
        let of = &cosem.images[usize::from(image)];
        let view = View { meter: cosem.meter(site), now: cosem.moment(now), client: Client::Management, session: None };
        let wanted = match step {
            ImageStep::Initiate => objects::ImageStep::Initiate { identifier: &of.identifier, bytes: of.bytes },
            ImageStep::Block(number) => objects::ImageStep::Block { number, content: of.content(number) },
            ImageStep::Verify => objects::ImageStep::Verify,
            ImageStep::Activate => objects::ImageStep::Activate,
            ImageStep::Received => {
                let transfer = rest.transfer.as_deref();
                let blocks = transfer.map_or(0, |transfer| transfer.blocks(u32::from(of.block_bytes)));
                return ImageSaid::Received(
                    transfer.map_or_else(Vec::new, |transfer| transfer.received.clone()),
                    blocks,
                );
            }
            ImageStep::Identifier => return ImageSaid::Identifier(objects::firmware_identifier(rest).to_vec()),
        };
        let (before, mut effects) = (rest.firmware().cloned(), Effects::default());
        let result = objects::take_image_step(&view, rest, wanted, &mut effects);
        if effects.image_activated {
            self.activated = Some(activated(&cosem, site, image, rest, before));
        }
        ImageSaid::Result(result.map_or_else(|why| why.as_u8(), |()| 0))
    }

    /// The meter hears a step with an image for all.
    pub fn hear_step(&mut self, local: Node, site: SiteId, now: SimTime, said: &Apdu) {
        match &mut self.kept {
            Kept::Sized(_) => {
                if self.is_new_for_all(local, site, said)
                    && let Some(ImageWord::Ask { image, step, .. }) = said.image.as_deref()
                {
                    self.step(local, site, now, *image, *step);
                }
            }
            Kept::Real(_) => {
                self.take_in(local, site, now, said);
            }
        }
    }

    /// Whether a meter whose payloads are sized takes a message for all.
    fn is_new_for_all(&mut self, local: Node, site: SiteId, said: &Apdu) -> bool {
        let (cosem, Kept::Sized(counts)) = (&self.cosem, &mut self.kept) else { return false };
        if cosem.meter(site).vendor().suite != cosem.meter(SiteId(0)).vendor().on_file() {
            return false;
        }
        let kept = &mut counts[local.at()];
        let fresh = said.counter >= kept.expected_by_all;
        kept.expected_by_all = kept.expected_by_all.max(said.counter + 1);
        fresh
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

/// A meter has activated an image; one that rolls back runs the former one again, which has been written to flash once more.
fn activated(cosem: &Cosem, site: SiteId, image: u16, rest: &mut Rest, before: Option<Firmware>) -> (u16, Fate) {
    let image = &cosem.images[usize::from(image)];
    let fate = image.fate(cosem.fleet.seed, site);
    if fate == Fate::RollsBack {
        rest.changed.get_or_insert_default().firmware = before;
        rest.flash_writes = rest.flash_writes.saturating_add(1);
    }
    (image.job, fate)
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
