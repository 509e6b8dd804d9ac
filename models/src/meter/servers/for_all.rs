//! What is said to all meters at once: taken in if it is genuine and new, carried out, and not answered.

use super::{Kept, Servers};
use crate::apdu::{Apdu, HEAD_END_TITLE, Word, client};
use crate::node::{Node, SiteId};
use crate::spec::ResetTier;
use amitwin_dlms::{Call, Effects, broadcast};
use amitwin_sim_core::SimTime;

impl Servers {
    /// The meter takes in the bytes of what is for all; what that does, unless it is refused.
    fn take_in(&mut self, local: Node, site: SiteId, now: SimTime, said: &Apdu) -> Option<Effects> {
        let cosem = self.cosem.clone();
        self.wind(local, now);
        let Kept::Real(rests) = &mut self.kept else { return None };
        let apdu = said.bytes.as_deref().and_then(client::unwrapped)?;
        self.request.clear();
        self.request.extend_from_slice(apdu);
        let rest = &mut rests[local.at()];
        let (mut effects, shown_s) = (Effects::default(), rest.clock_offset_s);
        let mut call = Call {
            meter: cosem.meter(site),
            rest,
            now: cosem.moment(now),
            scratch: &mut self.scratch,
            effects: &mut effects,
        };
        let is_taken = broadcast::hear(&mut call, HEAD_END_TITLE, &mut self.request);
        if let (Some(clocks), true) = (&mut self.clocks, rest.clock_offset_s != shown_s) {
            clocks.set(local, now, i64::from(rest.clock_offset_s) * 1_000_000);
        }
        is_taken.then_some(effects)
    }

    /// The meter hears a reset for all; returns whether it runs it.
    pub fn hear(&mut self, local: Node, site: SiteId, now: SimTime, said: &Apdu, tier: ResetTier) -> bool {
        match &mut self.kept {
            Kept::Sized(_) => self.is_new_for_all(local, site, said),
            Kept::Real(_) => self.take_in(local, site, now, said).is_some_and(|effects| effects.reset == Some(tier)),
        }
    }

    /// The meter hears something else for all: a step with an image, or a command.
    pub fn hear_for_all(&mut self, local: Node, site: SiteId, now: SimTime, said: &Apdu) {
        match &mut self.kept {
            Kept::Sized(_) => {
                if !self.is_new_for_all(local, site, said) {
                    return;
                }
                match said.word.as_deref() {
                    Some(Word::AskImage { image, step, .. }) => {
                        self.step(local, site, now, *image, *step);
                    }
                    Some(Word::Ask(ask)) => {
                        self.carry_out(local, site, now, *ask);
                    }
                    _ => {}
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
        if said.generation != u32::from(kept.broadcast) {
            return false;
        }
        let fresh = said.counter >= kept.expected_by_all;
        kept.expected_by_all = kept.expected_by_all.max(said.counter + 1);
        fresh
    }
}
