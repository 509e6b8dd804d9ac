//! Turns that come when a certificate runs out, and come again.

use super::{Ctx, Dialogue, Tools, Topic, Wake};
use amitwin_data::rows::Outcome;
use amitwin_sim_core::SimTime;

impl Topic {
    /// Whether a meter has its turn again and again, each time when something of it runs out.
    pub(super) fn comes_again(self) -> bool {
        matches!(self, Topic::Certificates { .. })
    }
}

impl Dialogue {
    /// Whether the turn of a meter has come; if somebody else has renewed its certificate meanwhile, it comes later.
    pub(super) fn is_due(&mut self, ctx: &mut Ctx, tools: &Tools<'_>, position: u32) -> bool {
        let (Topic::Certificates { renew_before, .. }, Some(certificates)) = (self.topic, &tools.talk.certificates)
        else {
            return false;
        };
        let at = certificates.valid_to(self.meters[position as usize]).saturating_sub(renew_before);
        if at > ctx.now() {
            self.wake(ctx, at, Wake::Due { position });
        }
        at <= ctx.now()
    }

    /// Sets the first turn of each meter. Those whose time has come are spread evenly over the window, the most urgent first.
    pub(super) fn watch(&mut self, ctx: &mut Ctx, tools: &Tools<'_>, renew_before: SimTime) {
        let Some(certificates) = &tools.talk.certificates else { return };
        let due = |position: u32| certificates.valid_to(self.meters[position as usize]).saturating_sub(renew_before);
        let now = ctx.now();
        let (mut late, later): (Vec<u32>, Vec<u32>) =
            (0..self.meters.len() as u32).partition(|&position| due(position) <= now);
        late.sort_by_key(|&position| (certificates.valid_to(self.meters[position as usize]), position));
        for (place, &position) in (0..).zip(&late) {
            self.wake(ctx, now + self.within_window(place, late.len()), Wake::Due { position });
        }
        for position in later {
            self.wake(ctx, due(position), Wake::Due { position });
        }
    }

    /// Sets the next turn of a meter whose turn is over.
    pub(super) fn watch_again(&mut self, ctx: &mut Ctx, tools: &Tools<'_>, position: u32, outcome: Outcome) {
        let Topic::Certificates { renew_before, again_after } = self.topic else { return };
        let at = position as usize;
        self.state.rounds[at] = self.state.rounds[at].saturating_add(1);
        let Some(certificates) = &tools.talk.certificates else { return };
        let next = match outcome {
            Outcome::Unreachable | Outcome::Forbidden => return,
            Outcome::Ok => certificates.valid_to(self.meters[at]).saturating_sub(renew_before),
            _ => ctx.now() + again_after,
        };
        // A certificate that is never further from its end than that is renewed once in so long.
        self.wake(ctx, next.max(ctx.now() + again_after), Wake::Due { position });
    }
}
