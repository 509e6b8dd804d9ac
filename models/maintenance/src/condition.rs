//! What of a fleet matters to a mesh at a moment: who does not send, and whose signals have become weaker.

use crate::depot::Depot;
use crate::spec::PartSpec;
use amitwin_data::rows::{Effect, Part};

/// A meter at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Its number in the fleet.
    pub meter: u32,
    /// When it was put there, or the one before it exchanged, s since the epoch.
    pub since_s: u32,
    /// It neither sends nor relays: dead, or silent by a failure of its own. Who is only out of reach for a while
    /// ([`Part::Coverage`]) is not among them, because a mesh shows by itself who is reached.
    pub is_off: bool,
    /// There is water in its case.
    pub is_wet: bool,
}

impl Depot<'_> {
    /// The meters that are there at the moment up to which the depot has run.
    pub fn conditions(&self) -> impl Iterator<Item = Condition> + '_ {
        (0..self.meters()).filter_map(|meter| {
            let (failed, since_s) = self.failed(meter);
            let has = |is_so: fn(&PartSpec) -> bool| {
                self.parts(meter).iter().enumerate().any(|(slot, part)| failed & 1 << slot != 0 && is_so(part))
            };
            (since_s <= self.now()).then(|| Condition {
                meter: self.first() + meter,
                since_s,
                is_off: has(is_off),
                is_wet: has(|part| part.effect == Effect::Wet),
            })
        })
    }
}

fn is_off(part: &PartSpec) -> bool {
    matches!(part.effect, Effect::Dead | Effect::Silent) && part.part != Part::Coverage
}
