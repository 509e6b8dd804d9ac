//! A command by flood: all meters are told at once, each is asked in its turn whether it has come, and told alone if it has not.

use super::topic::{Came, Follows, clock_at};
use super::{Ctx, Dialogue, Lack, Outcome, Talked, Tools, Topic, Wake};
use crate::apdu::{Ask, Said};
use crate::headend::talk::Talk;
use crate::node::SiteId;
use crate::spec::Setting;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// How a campaign tells all meters at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flood {
    /// From one flood to the next, and from the last to the first turn.
    pub settle: SimTime,
    /// The first of its places among floods that are under way.
    pub place: u16,
}

/// How far the floods of a round have come.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Flooded {
    /// When the first one left.
    pub at: Option<SimTime>,
    /// How many have left.
    pub count: u8,
}

/// How a meter has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Told {
    /// Alone, from the beginning.
    Alone,
    /// By a flood, if it has come.
    ByFlood,
    /// By a flood that has not come, then alone.
    Again,
}

impl Dialogue {
    /// The flood of this number leaves; behind the last one meters have their turns.
    pub(super) fn flood(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, number: u8) {
        let (Some(flood), now) = (self.flood, ctx.now()) else { return };
        if number == 0 && tools.forbids(now, self.job, self.topic.kind(), &self.name, None) {
            let wave = self.wave().to_vec();
            self.state.left = wave.len() as u32;
            for position in wave {
                self.over(ctx, tools, Talked::new(position, now, None), Outcome::Forbidden, None);
            }
            return;
        }
        let Some(ask) = self.topic.by_flood(number) else {
            self.state.begun = Some(now);
            return self.begin_turns(ctx, tools);
        };
        let ask = if let Ask::SetClock(_) = ask { clock_at(tools.talk, now) } else { ask };
        let down = tools.talk.ask_all(flood.place + u16::from(number), ask);
        tools.send(ctx, down);
        let flooded = &mut self.state.flooded;
        (flooded.at, flooded.count) = (flooded.at.or(Some(now)), number + 1);
        self.wake(ctx, now + flood.settle, Wake::Flood { number: number + 1 });
    }

    /// A meter whose turn has come, or came then; where floods have told it, they were the first that it was told.
    pub(super) fn talked(&self, position: u32, planned: SimTime, lack: Option<Lack>) -> Talked {
        let talked = Talked { broadcast: self.state.broadcast, ..Talked::new(position, planned, lack) };
        let Some(at) = self.state.flooded.at else { return talked };
        let attempts = self.state.flooded.count.into();
        Talked { planned: at, sent: Some(at), attempts, told: Told::ByFlood, ..talked }
    }
}

impl Topic {
    /// What the flood of this number tells; `None` behind the last one.
    fn by_flood(self, number: u8) -> Option<Ask> {
        match (self, number) {
            (Topic::Write(setting, value), 0) => Some(Ask::Set(setting, value)),
            (Topic::Write(Setting::Price, _), 1) => Some(Ask::ActivatePrice),
            (Topic::Relay { connect }, 0) => Some(Ask::Relay { connect }),
            (Topic::Time { .. }, 0) => Some(Ask::SetClock(0)),
            _ => None,
        }
    }

    /// The first question to a meter, of which one that a flood has told only says how it is.
    pub(super) fn begins(self, talk: &mut Talk, meter: SiteId, talked: &mut Talked) -> Ask {
        match self {
            _ if talked.told != Told::ByFlood => self.first(talk, meter, talked),
            Topic::Write(Setting::Price, _) => Ask::PriceInForce,
            Topic::Write(setting, _) => Ask::Setting(setting),
            Topic::Relay { .. } => Ask::RelayState,
            _ => Ask::Clock,
        }
    }

    /// What follows where a flood has told the meter: one that it has not come to is told alone.
    pub(super) fn after_flood(
        self,
        talk: &mut Talk,
        meter: SiteId,
        talked: &mut Talked,
        (came, follows): (&Came, Follows),
    ) -> Follows {
        if talked.told != Told::ByFlood || !matches!(came, Came::Said(said) if !matches!(said, Said::Denied(_))) {
            return follows;
        }
        match follows {
            // It is otherwise than it was to be.
            Follows::Over(Outcome::Failed) => {
                talked.told = Told::Again;
                Follows::Ask(self.first(talk, meter, talked))
            }
            Follows::Ask(Ask::SetClock(_)) => {
                talked.told = Told::Again;
                follows
            }
            follows => follows,
        }
    }
}
