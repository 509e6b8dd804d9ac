//! The meters' side: what the meters of a mesh keep, and what they answer and send.

mod saved;

pub(super) use saved::Saved;

use super::clock::Clocks;
mod confirmation;
mod for_all;

use crate::apdu::{
    Apdu, Ask, Cosem, Fate, HEAD_END_PDU, HEAD_END_TITLE, Image, ImageSaid, ImageStep, PORT, QUARTER_S, Rows, Word,
    client,
};
use crate::node::{Node, SiteId};
use crate::spec::{Payload, ResetTier};
use amitwin_dlms::image::Firmware;
use amitwin_dlms::link::wrapper::HEADER_BYTES;
use amitwin_dlms::objects::{self, View};
use amitwin_dlms::{Call, Client, Effects, OnOverflow, Reaction, Rest, Scratch, Session, answer, push};
use amitwin_sim_core::SimTime;
use dlms_cosem_rs::obis::Obis;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Exception-response: service unknown, PDU too long.
const TOO_LONG: [u8; 3] = [0xD8, 2, 4];

/// Counters of a meter whose payloads are only sized.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Counts {
    /// Next invocation counter of what it sends.
    next: u32,
    /// Lowest counter that it takes from the head-end, and under the broadcast key.
    expected: u32,
    expected_by_all: u32,
    /// Generation of its keys; 0: as delivered.
    generation: u32,
    /// Generation of its broadcast key.
    broadcast: u16,
    /// What its objects keep, once one of them has been changed.
    rest: Option<Box<Rest>>,
}

impl Counts {
    const NEW: Counts = Counts { next: 1, expected: 0, expected_by_all: 0, generation: 0, broadcast: 0, rest: None };
}

/// An exception: deciphering error, in its wrapper.
const UNDECIPHERED_BYTES: u16 = HEADER_BYTES as u16 + 3;

/// The plain answer of a method that has been invoked and returns nothing.
const DONE: [u8; 5] = [0xC7, 1, 0xC1, 0, 0];

/// What meters keep while nobody talks to them, by local index.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Kept {
    Real(Vec<Rest>),
    Sized(Vec<Counts>),
}

/// The meters of a mesh as DLMS servers.
#[derive(Debug)]
pub struct Servers {
    cosem: Arc<Cosem>,
    kept: Kept,
    /// Their clocks, if they drift.
    pub(super) clocks: Option<Clocks>,
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
        let scratch = Scratch::default();
        Servers { cosem, kept, clocks: None, scratch, request: Vec::new(), out: Vec::new(), activated: None }
    }

    /// With clocks that drift.
    pub fn with_clocks(self, clocks: Option<Clocks>) -> Self {
        Servers { clocks, ..self }
    }

    /// What a client, or drift, has made of the clock that a meter's objects show, s.
    pub(super) fn clock_offset_s(&self, local: Node) -> i32 {
        self.rest(local).map_or(0, |rest| rest.clock_offset_s)
    }

    /// Moves the clock that a meter's objects show.
    pub(super) fn set_clock_offset_s(&mut self, local: Node, offset_s: i32) {
        if let Kept::Real(rests) = &mut self.kept {
            rests[local.at()].clock_offset_s = offset_s;
        }
    }

    /// The objects of a meter show what its clock has drifted to.
    fn wind(&mut self, local: Node, now: SimTime) {
        if let Some(offset_s) = self.shown_offset_s(local, now) {
            self.set_clock_offset_s(local, offset_s);
        }
    }

    /// Of rows that are asked for those that have ended by the meter's clock.
    fn ended(&self, local: Node, now: SimTime, asked: Rows) -> Rows {
        let Some(offset_s) = self.shown_offset_s(local, now) else { return asked };
        let newest = (self.cosem.moment(now).unix_s() + i64::from(offset_s)).div_euclid(QUARTER_S);
        let there = (newest + 1 - i64::from(asked.first)).clamp(0, i64::from(asked.count));
        Rows { count: there as u16, ..asked }
    }

    /// What both sides share.
    pub fn cosem(&self) -> &Arc<Cosem> {
        &self.cosem
    }

    /// Bytes that a meter keeps here.
    pub const fn bytes_each(payload: Payload) -> usize {
        match payload {
            Payload::Real => size_of::<Rest>(),
            Payload::Sized => size_of::<Counts>(),
        }
    }

    /// The meter `site` at `local` answers a request, if it says anything, and whether it runs the reset `tier`, if the request is for one. An
    /// answer that does not fit into the meter's window is refused or lost, which the last value says.
    pub fn answer(
        &mut self,
        local: Node,
        site: SiteId,
        now: SimTime,
        asked: &Apdu,
        tier: Option<ResetTier>,
    ) -> (Option<Said>, bool, bool) {
        let (said, obeyed) = self.answer_unlimited(local, site, now, asked, tier);
        let vendor = self.cosem.meter(site).vendor();
        let fits = |said: &Said| said.0.refused || vendor.window_bytes.is_none_or(|window| said.1 <= window);
        if said.as_ref().is_none_or(fits) {
            return (said, obeyed, false);
        }
        let refusal = (vendor.on_overflow == OnOverflow::Refuse).then(|| self.too_long());
        (refusal, obeyed, true)
    }

    /// The exception that a PDU is too long.
    fn too_long(&self) -> Said {
        match self.kept {
            Kept::Real(_) => message(Apdu { refused: true, too_long: true, ..Apdu::default() }, &TOO_LONG),
            Kept::Sized(_) => {
                (Apdu { refused: true, too_long: true, ..Apdu::default() }, (HEADER_BYTES + TOO_LONG.len()) as u16)
            }
        }
    }

    /// The same whatever the window holds.
    pub(super) fn answer_unlimited(
        &mut self,
        local: Node,
        site: SiteId,
        now: SimTime,
        asked: &Apdu,
        tier: Option<ResetTier>,
    ) -> (Option<Said>, bool) {
        let cosem = self.cosem.clone();
        self.wind(local, now);
        let shown_s = self.clock_offset_s(local);
        let (ended, at) = (self.ended(local, now, asked.rows), now);
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
                if asked.generation != kept.generation {
                    let word = Some(Arc::new(Word::Undeciphered));
                    return (Some((Apdu { refused: true, word, ..Apdu::default() }, UNDECIPHERED_BYTES)), false);
                }
                kept.expected = asked.counter + 1;
                let (counter, generation) = (kept.next, kept.generation);
                kept.next += 1;
                if let Some(Word::Ask(ask)) = asked.word.as_deref() {
                    let plain = self.carry_out(local, site, now, *ask);
                    let bytes = cosem.answer_bytes(site, plain.len());
                    return (
                        Some((
                            Apdu { counter, generation, word: Some(Arc::new(Word::Plain(plain))), ..Apdu::default() },
                            bytes,
                        )),
                        false,
                    );
                }
                if let Some(Word::AskImage { image, step, confirmed }) = asked.word.as_deref() {
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
                            Apdu {
                                counter,
                                generation,
                                word: Some(Arc::new(Word::SaidImage(said))),
                                ..Apdu::default()
                            },
                            bytes,
                        )),
                        false,
                    );
                }
                let lengths = cosem.lengths(site);
                let bytes =
                    if ended == asked.rows { asked.answer_bytes } else { lengths.rows[usize::from(ended.count)] };
                (Some((Apdu { counter, generation, rows: ended, ..Apdu::default() }, bytes)), tier.is_some())
            }
            Kept::Real(rests) => {
                let (rest, meter) = (&mut rests[local.at()], cosem.meter(site));
                let mut session =
                    Some(Session::pre_established(meter, rest, Client::Management, HEAD_END_TITLE, HEAD_END_PDU));
                self.request.clear();
                let Some(apdu) = asked.bytes.as_deref().and_then(client::unwrapped) else { return (None, false) };
                self.request.extend_from_slice(apdu);
                let counter = rest.counter;
                let before = asked.word.is_some().then(|| rest.firmware().cloned());
                let mut effects = Effects::default();
                let (now, scratch) = (cosem.moment(now), &mut self.scratch);
                let mut call = Call { meter, rest, now, scratch, effects: &mut effects };
                let reaction = answer(&mut call, &mut session, PORT, &mut self.request, &mut self.out);
                let obeyed = tier.is_some() && effects.reset == tier;
                if let (true, Some(before), Some(Word::AskImage { image, .. })) =
                    (effects.image_activated, before, asked.word.as_deref())
                {
                    self.activated = Some(activated(&cosem, site, *image, rest, before));
                }
                if let (Some(clocks), true) = (&mut self.clocks, rest.clock_offset_s != shown_s) {
                    clocks.set(local, at, i64::from(rest.clock_offset_s) * 1_000_000);
                }
                if reaction != Reaction::Reply {
                    return (None, obeyed);
                }
                let refused = self.out[0] == 0xD8;
                let rows = if refused { Default::default() } else { ended };
                let counter = if refused { 0 } else { counter };
                (Some(message(Apdu { counter, refused, rows, ..Apdu::default() }, &self.out)), obeyed)
            }
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
        self.rest(local).map_or(0, |rest| rest.flash_writes)
    }

    /// A meter whose payloads are sized does what it is asked; its answer, plain.
    fn carry_out(&mut self, local: Node, site: SiteId, now: SimTime, ask: Ask) -> Vec<u8> {
        let shown_s = self.shown_offset_s(local, now);
        let Kept::Sized(counts) = &mut self.kept else { unreachable!("real payloads are answered from their bytes") };
        let kept = &mut counts[local.at()];
        if let Ask::Keys { generation, broadcast, .. } = ask {
            // The keys themselves are nowhere: which ones they are is all that matters.
            kept.generation = generation;
            if broadcast > 0 && broadcast != kept.broadcast {
                (kept.broadcast, kept.expected_by_all) = (broadcast, 0);
            }
            return DONE.to_vec();
        }
        let mut fresh = Rest::default();
        let rest = kept.rest.as_deref_mut().unwrap_or(&mut fresh);
        rest.clock_offset_s = shown_s.unwrap_or(rest.clock_offset_s);
        let before_s = rest.clock_offset_s;
        let plain = self.cosem.carried_out(site, rest, self.cosem.moment(now), ask);
        if let (Some(clocks), true) = (&mut self.clocks, rest.clock_offset_s != before_s) {
            clocks.set(local, now, i64::from(rest.clock_offset_s) * 1_000_000);
        }
        if shown_s.is_some() {
            // The clock itself knows it better.
            rest.clock_offset_s = 0;
        }
        if kept.rest.is_none() && fresh != Rest::default() {
            kept.rest = Some(Box::new(fresh));
        }
        plain
    }

    /// What a meter's objects keep; `None`: as delivered.
    pub fn rest(&self, local: Node) -> Option<&Rest> {
        match &self.kept {
            Kept::Sized(counts) => counts[local.at()].rest.as_deref(),
            Kept::Real(rests) => Some(&rests[local.at()]),
        }
    }

    /// What a meter with real payloads keeps, for meters that are to begin otherwise than they were delivered.
    pub fn rest_mut(&mut self, local: Node) -> Option<&mut Rest> {
        if let Kept::Real(rests) = &mut self.kept { rests.get_mut(local.at()) } else { None }
    }

    /// The image of the run that a meter runs; none as delivered.
    pub fn image(&self, local: Node) -> Option<&Image> {
        let runs = &self.rest(local)?.firmware()?.identifier;
        self.cosem.images.iter().find(|image| image.identifier == *runs)
    }

    /// Whether a meter runs the image that a job brought.
    pub fn runs_image_of(&self, local: Node, job: u16) -> bool {
        self.image(local).is_some_and(|image| image.job == job)
    }

    /// A bricked meter starts with the image that it came with from the factory, which is in a part of its flash that nothing overwrites.
    pub fn take_golden_image(&mut self, local: Node) {
        let rest = match &mut self.kept {
            Kept::Sized(counts) => counts[local.at()].rest.as_deref_mut(),
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
        let rest = counts[local.at()].rest.get_or_insert_default();
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

    /// What a push setup of a meter sends now.
    pub fn notification(&mut self, local: Node, site: SiteId, now: SimTime, setup: Obis, invoke_id: u32) -> Said {
        let cosem = self.cosem.clone();
        self.wind(local, now);
        match &mut self.kept {
            Kept::Sized(counts) => {
                let kept = &mut counts[local.at()];
                let (counter, generation) = (kept.next, kept.generation);
                kept.next += 1;
                (Apdu { counter, generation, ..Apdu::default() }, cosem.lengths(site).notification(site.0, setup))
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

#[cfg(test)]
mod tests;
