//! What of a fleet matters to a mesh at a moment: who does not send, whose signals have become weaker, and what else is wrong with meters.

use crate::depot::Depot;
use crate::spec::PartSpec;
use amitwin_data::rows::{Effect, Part};

/// A meter at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Its number in the fleet.
    pub meter: u32,
    /// Depot that looks after it.
    pub depot: u32,
    /// Its vintage, by place.
    pub vintage: u16,
    /// When it was put there, or the one before it exchanged, s since the epoch.
    pub since_s: u32,
    /// It is not the one that was there first.
    pub is_exchanged: bool,
    /// It neither sends nor relays: dead, or silent by a failure of its own.
    pub is_off: bool,
    /// It sends and relays, and nothing that it says is accepted: its certificate is wrong or has run out.
    pub is_refused: bool,
    /// It is only out of reach for a while ([`Part::Coverage`]); a mesh shows by itself who is reached.
    pub is_out_of_reach: bool,
    effects: u16,
}

impl Condition {
    /// Whether some part of it has failed to such an effect; of silence whatever is the reason.
    pub fn has(&self, effect: Effect) -> bool {
        self.effects & 1 << effect as u16 != 0
    }
}

impl Depot<'_> {
    /// The meters that are there at the moment up to which the depot has run.
    pub fn conditions(&self) -> impl Iterator<Item = Condition> + '_ {
        (0..self.meters()).filter_map(|meter| {
            let (failed, since_s) = self.failed(meter);
            let parts = self.parts(meter).iter().enumerate().filter(move |(slot, _)| failed & 1 << slot != 0);
            let has = |is_so: fn(&PartSpec) -> bool| parts.clone().any(|(_, part)| is_so(part));
            (since_s <= self.now()).then(|| Condition {
                meter: self.first() + meter,
                depot: self.number(),
                vintage: self.vintage(meter),
                since_s,
                is_exchanged: self.is_exchanged(meter),
                is_off: has(is_off),
                is_refused: has(|part| part.part == Part::Certificate),
                is_out_of_reach: has(|part| part.part == Part::Coverage),
                effects: parts.clone().fold(0, |set, (_, part)| set | 1 << part.effect as u16),
            })
        })
    }
}

fn is_off(part: &PartSpec) -> bool {
    matches!(part.effect, Effect::Dead | Effect::Silent) && !matches!(part.part, Part::Coverage | Part::Certificate)
}
