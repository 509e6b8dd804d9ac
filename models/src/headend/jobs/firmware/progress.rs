//! What the head-end knows of one meter of a firmware campaign, and what it asks next.

use crate::apdu::{Fate, ImageSaid, ImageStep, TEMPORARY_FAILURE};
use crate::headend::links::Lack;
use crate::node::SiteId;
use amitwin_data::rows::ImageState;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// How far the image has come in a meter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Stage {
    /// It has not been told of the image, or has said that it knows of none.
    #[default]
    Waiting,
    /// It has been told, or a flood of that has been sent.
    Offered,
    /// Some of its blocks are known to have come.
    Receiving,
    /// All have.
    Complete,
    /// It has verified the image.
    Verified,
    /// It was told to activate it.
    Activating,
    /// It refuses the image; it may run it already.
    Refusing,
    /// It runs the image.
    Running,
    /// It ran it before.
    HadIt,
    /// It runs the former one again.
    RolledBack,
    /// Nothing more comes of it.
    Failed,
    /// It has all blocks and does not verify the image: digest or signature are not what they are to be.
    Unverified,
    /// Its link did not become what it is to be.
    LeftOut,
    /// Its certificate had run out when it was to be talked to.
    Expired,
}

impl Stage {
    /// Nothing more is done with the meter.
    pub(super) fn is_final(self) -> bool {
        matches!(self, Stage::Running | Stage::HadIt | Stage::LeftOut | Stage::Expired) || self.has_failed()
    }

    /// It counts as failed.
    pub(super) fn has_failed(self) -> bool {
        matches!(self, Stage::RolledBack | Stage::Failed | Stage::Unverified)
    }

    /// As the table has it.
    fn in_tables(self, waits: bool) -> ImageState {
        match self {
            Stage::Waiting | Stage::LeftOut | Stage::Expired => ImageState::Waiting,
            Stage::Offered => ImageState::Offered,
            Stage::Receiving => ImageState::Receiving,
            Stage::Complete => ImageState::Complete,
            Stage::Verified if waits => ImageState::Scheduled,
            Stage::Verified => ImageState::Verified,
            Stage::Activating => ImageState::Activating,
            Stage::Refusing | Stage::HadIt => ImageState::HadIt,
            Stage::Running => ImageState::Running,
            Stage::RolledBack => ImageState::RolledBack,
            Stage::Failed => ImageState::Failed,
            Stage::Unverified => ImageState::Unverified,
        }
    }
}

/// What a wave does now with its meters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// Nothing: a timer is set.
    Waits,
    /// Each meter is told of the image.
    Offer,
    /// Blocks are multicast.
    Spread,
    /// Meters are asked what they lack.
    Ask,
    /// Single meters get what they lack, and verify.
    Serve,
    /// Meters activate the image.
    Activate,
    /// Nothing more.
    Done,
}

/// Whether the link of a meter lets it be talked to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Entry {
    /// Its turn has not come, or it waits.
    #[default]
    Closed,
    /// Its link was what it is to be when its turn came.
    Open,
    /// Its link has become so; what it lacked before.
    Opened(Lack),
    /// It has waited for as long as it may.
    Refused(Lack),
}

impl Entry {
    /// What its link lacked.
    pub(super) fn lack(self) -> Option<Lack> {
        match self {
            Entry::Opened(lack) | Entry::Refused(lack) => Some(lack),
            Entry::Closed | Entry::Open => None,
        }
    }
}

/// What the head-end knows of a meter.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    pub stage: Stage,
    /// Times that the question under way has been asked.
    pub tries: u8,
    /// It has answered no question of its last session.
    pub silent: bool,
    /// It has been asked in this phase.
    pub asked: bool,
    /// Nobody knows whether it was told to activate the image: no answer came.
    pub unsure: bool,
    /// It could not decipher a question.
    pub undeciphered: bool,
    pub rounds: u16,
    /// Blocks sent to it alone, and of them those that had been sent before.
    pub alone: u32,
    pub again: u32,
    /// Blocks before this one have been sent to it alone.
    pub next: u32,
    /// Blocks that it is known to lack, by bit; empty if nothing is known.
    pub lacks: Vec<u64>,
    pub offered: Option<SimTime>,
    pub complete: Option<SimTime>,
    pub verified: Option<SimTime>,
    /// When it was told to activate the image.
    pub activated: Option<SimTime>,
    /// When it said which image it runs.
    pub answered: Option<SimTime>,
    /// When its restart was, as the meshes tell at the end.
    pub restarted: Option<SimTime>,
    pub requests: u16,
    pub bytes: u32,
    /// Border router by which it answered last, and over how many hops.
    pub way: Option<(SiteId, u8)>,
}

/// What follows from an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follows {
    /// The next question.
    On,
    /// The same question after a while: the meter is busy.
    Later,
}

impl Progress {
    /// What is asked next in a phase; nothing if the meter is done with it.
    pub(super) fn question(&self, phase: Phase) -> Option<ImageStep> {
        match (phase, self.stage) {
            (_, Stage::Refusing) => Some(ImageStep::Identifier),
            (Phase::Offer | Phase::Serve, Stage::Waiting) => Some(ImageStep::Initiate),
            (Phase::Ask, Stage::Offered | Stage::Receiving) if !self.asked => Some(ImageStep::Received),
            // What is known to be lacking goes to it; then, or where nothing is known, it is asked.
            (Phase::Serve, Stage::Offered | Stage::Receiving) => {
                Some(self.first_gap().map_or(ImageStep::Received, ImageStep::Block))
            }
            (Phase::Serve, Stage::Complete) => Some(ImageStep::Verify),
            (Phase::Activate, Stage::Verified) => Some(ImageStep::Activate),
            (Phase::Activate, Stage::Activating) => Some(ImageStep::Identifier),
            _ => None,
        }
    }

    /// As the table has it, with what an activation has made of the meter, whether or not the head-end has heard of that.
    pub(super) fn in_tables(&self, waits: bool, fate: Option<Fate>) -> ImageState {
        match (self.stage, fate) {
            (_, Some(Fate::Bricks)) => ImageState::Bricked,
            (Stage::Activating | Stage::Failed | Stage::Expired, Some(Fate::Runs)) => ImageState::Running,
            (Stage::Activating | Stage::Failed | Stage::Expired, Some(Fate::RollsBack)) => ImageState::RolledBack,
            (Stage::Expired, None) if self.verified.is_some() => ImageState::Verified,
            (Stage::Expired, None) if self.complete.is_some() => ImageState::Complete,
            (Stage::Expired, None) if self.offered.is_some() => ImageState::Offered,
            (stage, _) => stage.in_tables(waits),
        }
    }

    /// Lowest block that it is known to lack.
    fn first_gap(&self) -> Option<u32> {
        let place = self.lacks.iter().position(|word| *word != 0)?;
        Some(place as u32 * 64 + self.lacks[place].trailing_zeros())
    }

    /// Blocks that it is known to lack.
    pub(super) fn gaps(&self) -> impl Iterator<Item = u32> {
        let words = (0u32..).zip(&self.lacks);
        words
            .flat_map(|(place, &word)| (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| place * 64 + bit))
    }

    /// Takes an answer in; `mine` is the identifier of the image, which has `blocks` blocks.
    pub(super) fn take(
        &mut self,
        step: ImageStep,
        said: &ImageSaid,
        now: SimTime,
        mine: &[u8],
        blocks: u32,
    ) -> Follows {
        match (step, said) {
            (ImageStep::Initiate, ImageSaid::Result(0)) => {
                self.stage = Stage::Offered;
                self.offered = Some(now);
                // Nothing has come: it lacks all.
                self.lacks = vec![u64::MAX; blocks.div_ceil(64) as usize];
                if let Some(last) = self.lacks.last_mut().filter(|_| !blocks.is_multiple_of(64)) {
                    *last = (1 << (blocks % 64)) - 1;
                }
            }
            (ImageStep::Block(block), ImageSaid::Result(0)) => {
                self.stage = Stage::Receiving;
                if let Some(word) = self.lacks.get_mut(block as usize / 64) {
                    *word &= !(1 << (block % 64));
                }
            }
            // It knows of no transfer.
            (ImageStep::Block(_), ImageSaid::Result(TEMPORARY_FAILURE))
            | (ImageStep::Received, ImageSaid::Received(_, 0)) => {
                (self.stage, self.asked) = (Stage::Waiting, true);
                self.lacks.clear();
            }
            (ImageStep::Received, ImageSaid::Received(received, all)) if *all == blocks => {
                self.asked = true;
                self.lacks = received.iter().map(|word| !word).collect();
                if let Some(last) = self.lacks.last_mut().filter(|_| !blocks.is_multiple_of(64)) {
                    *last &= (1 << (blocks % 64)) - 1;
                }
                self.stage = Stage::Receiving;
                if self.first_gap().is_none() {
                    (self.stage, self.complete) = (Stage::Complete, self.complete.or(Some(now)));
                    self.lacks = Vec::new();
                }
            }
            (ImageStep::Verify, ImageSaid::Result(0)) => {
                (self.stage, self.verified) = (Stage::Verified, self.verified.or(Some(now)));
            }
            (ImageStep::Activate, ImageSaid::Result(0)) => {
                (self.stage, self.activated) = (Stage::Activating, self.activated.or(Some(now)));
            }
            // It had been told before, has activated the image, and runs the former one again.
            (ImageStep::Activate, ImageSaid::Result(TEMPORARY_FAILURE)) if self.activated.is_some() => {
                self.stage = Stage::RolledBack;
            }
            // It has nothing to activate: it may have done so, and its answer been lost.
            (ImageStep::Activate, ImageSaid::Result(TEMPORARY_FAILURE)) => {
                (self.stage, self.activated, self.unsure) = (Stage::Activating, Some(now), true);
            }
            (ImageStep::Initiate | ImageStep::Verify, ImageSaid::Result(TEMPORARY_FAILURE)) => {
                return Follows::Later;
            }
            (ImageStep::Initiate, ImageSaid::Result(_)) => self.stage = Stage::Refusing,
            (ImageStep::Verify, ImageSaid::Result(_)) => self.stage = Stage::Unverified,
            (ImageStep::Identifier, ImageSaid::Identifier(runs)) => {
                self.answered = Some(now);
                self.stage = match (self.stage, runs == mine) {
                    (Stage::Refusing, true) => Stage::HadIt,
                    (Stage::Refusing, false) => Stage::Failed,
                    (_, true) => Stage::Running,
                    // It was not told: it is told again.
                    (_, false) if std::mem::take(&mut self.unsure) => Stage::Verified,
                    (_, false) => Stage::RolledBack,
                };
            }
            // Another image is on its way into it, or it says what it was not asked.
            _ => self.stage = Stage::Failed,
        }
        Follows::On
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_is_asked_for_what_it_lacks_until_it_lacks_nothing() {
        let mut meter = Progress::default();
        let now = SimTime::from_secs(1);
        let answer = |meter: &mut Progress, phase, step, said: ImageSaid| {
            assert_eq!(meter.question(phase), Some(step));
            meter.take(step, &said, now, b"new", 70)
        };
        let ok = ImageSaid::Result(0);
        let on = |meter: &mut Progress, phase, step, said| assert_eq!(answer(meter, phase, step, said), Follows::On);
        on(&mut meter, Phase::Serve, ImageStep::Initiate, ok.clone());
        assert_eq!(meter.gaps().collect::<Vec<_>>(), (0..70).collect::<Vec<_>>());
        on(&mut meter, Phase::Serve, ImageStep::Block(0), ok.clone());
        // All but the blocks 3 and 69 have come otherwise.
        let received = vec![!(1 << 3), 0b01_1111];
        on(&mut meter, Phase::Ask, ImageStep::Received, ImageSaid::Received(received, 70));
        assert_eq!((meter.gaps().collect::<Vec<_>>(), meter.question(Phase::Ask)), (vec![3, 69], None));
        on(&mut meter, Phase::Serve, ImageStep::Block(3), ok.clone());
        on(&mut meter, Phase::Serve, ImageStep::Block(69), ok.clone());
        on(&mut meter, Phase::Serve, ImageStep::Received, ImageSaid::Received(vec![u64::MAX, 0b11_1111], 70));
        assert_eq!((meter.stage, meter.complete), (Stage::Complete, Some(now)));
        assert_eq!(meter.question(Phase::Serve), Some(ImageStep::Verify));
        let busy = meter.take(ImageStep::Verify, &ImageSaid::Result(TEMPORARY_FAILURE), now, b"new", 70);
        assert_eq!((busy, meter.stage), (Follows::Later, Stage::Complete));
        on(&mut meter, Phase::Serve, ImageStep::Verify, ok.clone());
        assert_eq!(meter.question(Phase::Serve), None);
        on(&mut meter, Phase::Activate, ImageStep::Activate, ok);
        on(&mut meter, Phase::Activate, ImageStep::Identifier, ImageSaid::Identifier(b"new".to_vec()));
        assert_eq!((meter.stage, meter.question(Phase::Activate)), (Stage::Running, None));
    }

    #[test]
    fn what_went_wrong_is_told_apart() {
        let of = |stage, step, said: ImageSaid| {
            let mut meter = Progress { stage, ..Progress::default() };
            meter.take(step, &said, SimTime::ZERO, b"new", 3);
            meter.stage
        };
        let says = |text: &[u8]| ImageSaid::Identifier(text.to_vec());
        assert_eq!(of(Stage::Waiting, ImageStep::Initiate, ImageSaid::Result(250)), Stage::Refusing);
        assert_eq!(of(Stage::Refusing, ImageStep::Identifier, says(b"new")), Stage::HadIt);
        assert_eq!(of(Stage::Refusing, ImageStep::Identifier, says(b"old")), Stage::Failed);
        assert_eq!(of(Stage::Activating, ImageStep::Identifier, says(b"old")), Stage::RolledBack);
        let mut unsure = Progress { stage: Stage::Activating, unsure: true, ..Progress::default() };
        let old = says(b"old");
        for stage in [Stage::Verified, Stage::RolledBack] {
            unsure.stage = Stage::Activating;
            unsure.take(ImageStep::Identifier, &old, SimTime::ZERO, b"new", 3);
            assert_eq!(unsure.stage, stage);
        }
        assert_eq!(of(Stage::Verified, ImageStep::Activate, ImageSaid::Result(TEMPORARY_FAILURE)), Stage::Activating);
        // One that is told again and has nothing to activate had done it.
        let mut again = Progress { stage: Stage::Verified, activated: Some(SimTime::ZERO), ..Progress::default() };
        again.take(ImageStep::Activate, &ImageSaid::Result(TEMPORARY_FAILURE), SimTime::ZERO, b"new", 3);
        assert_eq!(again.stage, Stage::RolledBack);
        // One that may have been told before and refuses has run nothing.
        let mut refuses = Progress { stage: Stage::Verified, activated: Some(SimTime::ZERO), ..Progress::default() };
        refuses.take(ImageStep::Activate, &ImageSaid::Result(250), SimTime::ZERO, b"new", 3);
        assert_eq!(refuses.stage, Stage::Failed);
        assert_eq!(of(Stage::Complete, ImageStep::Verify, ImageSaid::Result(250)), Stage::Unverified);
        assert_eq!(of(Stage::Offered, ImageStep::Received, ImageSaid::Received(vec![], 0)), Stage::Waiting);
        assert_eq!(of(Stage::Receiving, ImageStep::Block(1), ImageSaid::Result(TEMPORARY_FAILURE)), Stage::Waiting);
        // A transfer of another size.
        assert_eq!(of(Stage::Receiving, ImageStep::Received, ImageSaid::Received(vec![0], 4)), Stage::Failed);
    }
}
