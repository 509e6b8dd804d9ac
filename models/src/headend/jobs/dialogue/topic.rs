//! What a campaign wants of a meter: its first question, and what follows from each answer.

use super::Talked;
use crate::apdu::{Ask, Said, TEMPORARY_FAILURE, encoded, octets};
use crate::headend::talk::Talk;
use crate::node::SiteId;
use crate::spec::{JobSpec, RelayAction, Setting};
use amitwin_data::rows::{Outcome, TransactionKind};
use amitwin_sim_core::SimTime;

/// A meter that is busy is asked again after this.
const BUSY: SimTime = SimTime::from_secs(10);

/// A clock shows whole seconds: what it shows is half a second less than what it is, on the average, and up to that off.
const HALF_S: f64 = 0.5;

/// What a campaign wants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Topic {
    /// It answers.
    Ping,
    /// A setting has this value.
    Write(Setting, i32),
    /// The contacts of the relay are closed.
    Relay {
        /// Or open.
        connect: bool,
    },
    /// The clock is off by this at the most.
    Time {
        /// Further off it is set.
        if_off_by: SimTime,
    },
    /// The meter has new keys.
    Keys {
        /// What comes before the next try when an answer was lost.
        recover_after: SimTime,
        /// A new master key is among them.
        master: bool,
        /// A new broadcast key is among them.
        broadcast: bool,
    },
    /// The meter has a certificate that does not run out soon.
    Certificates {
        /// How long before that it gets a new one.
        renew_before: SimTime,
        /// What comes before the next try when one has failed.
        again_after: SimTime,
    },
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// An answer.
    Said(Said),
    /// The meter could not decipher it.
    Undeciphered,
    /// Nothing, however often it was asked.
    Silence,
}

/// What is done next.
#[derive(Clone, Debug, PartialEq)]
pub enum Follows {
    /// The next question.
    Ask(Ask),
    /// The same after a while, in a session of its own.
    Later(SimTime, Ask),
    /// Nothing.
    Over(Outcome),
}

impl Topic {
    /// Of a campaign that asks questions.
    pub fn of(job: &JobSpec) -> Option<Topic> {
        match job {
            JobSpec::Reset(_) | JobSpec::Firmware(_) => None,
            JobSpec::Ping(_) => Some(Topic::Ping),
            JobSpec::Write(write) => Some(Topic::Write(write.what, write.value)),
            JobSpec::Relay(relay) => Some(Topic::Relay { connect: relay.action == RelayAction::Reconnect }),
            JobSpec::Time(time) => Some(Topic::Time { if_off_by: time.if_off_by }),
            JobSpec::Certificates(renewal) => {
                let (renew_before, again_after) = (renewal.renew_before, renewal.again_after);
                Some(Topic::Certificates { renew_before, again_after })
            }
            JobSpec::Keys(keys) => {
                Some(Topic::Keys { recover_after: keys.recover_after, master: keys.master, broadcast: keys.broadcast })
            }
        }
    }

    /// Whether meters get a new broadcast key.
    pub(super) fn changes_broadcast(self) -> bool {
        matches!(self, Topic::Keys { broadcast: true, .. })
    }

    /// Its word in tables.
    pub fn kind(self) -> TransactionKind {
        match self {
            Topic::Ping => TransactionKind::Ping,
            Topic::Write(..) => TransactionKind::Write,
            Topic::Relay { .. } => TransactionKind::Relay,
            Topic::Time { .. } => TransactionKind::Time,
            Topic::Keys { .. } => TransactionKind::Keys,
            Topic::Certificates { .. } => TransactionKind::Certificates,
        }
    }

    /// The first question to a meter.
    pub(super) fn first(self, talk: &mut Talk, meter: SiteId, talked: &mut Talked) -> Ask {
        match self {
            Topic::Write(setting, value) => Ask::Set(setting, value),
            Topic::Relay { connect } => Ask::Relay { connect },
            Topic::Ping | Topic::Time { .. } => Ask::Clock,
            Topic::Certificates { .. } => Ask::MakePair,
            Topic::Keys { master, .. } => {
                let keys = talk.keys(meter);
                // Which keys a meter has must be known before it gets new ones.
                if keys.proven { renewed(talk, meter, talked, master) } else { Ask::Clock }
            }
        }
    }

    /// What follows from an answer, or from none, at a time of the run.
    pub(super) fn follows(
        self,
        talk: &mut Talk,
        meter: SiteId,
        talked: &mut Talked,
        (now, came): (SimTime, &Came),
    ) -> Follows {
        if let Came::Said(Said::Denied(why)) = came {
            return match *why == TEMPORARY_FAILURE && talked.turns() {
                true => Follows::Later(BUSY, talked.ask),
                false => Follows::Over(Outcome::Refused),
            };
        }
        match (self, talked.ask, came) {
            (Topic::Keys { recover_after, master, .. }, ask, came) => {
                about_keys(talk, meter, talked, (recover_after, master, ask, came))
            }
            (_, _, Came::Silence) => Follows::Over(Outcome::Failed),
            // Its keys have been changed meanwhile: the same under those that it has now.
            (_, ask, Came::Undeciphered) if talk.keys(meter).have_changed() && talked.turns() => Follows::Ask(ask),
            (_, _, Came::Undeciphered) => Follows::Over(Outcome::Refused),
            (Topic::Ping, Ask::Clock, Came::Said(_)) => Follows::Over(Outcome::Ok),
            (Topic::Write(setting, _), Ask::Set(..), Came::Said(Said::Done)) => Follows::Ask(Ask::Setting(setting)),
            (Topic::Write(setting, value), Ask::Setting(_), Came::Said(Said::Value(read))) => {
                let is_right = *read == encoded(setting, value);
                match setting {
                    // It has come as it was meant: from now on it is to hold.
                    Setting::Price if is_right => Follows::Ask(Ask::ActivatePrice),
                    _ => Follows::Over(ok_if(is_right)),
                }
            }
            (Topic::Write(..), Ask::ActivatePrice, Came::Said(Said::Done)) => Follows::Ask(Ask::PriceInForce),
            (Topic::Write(setting, value), Ask::PriceInForce, Came::Said(Said::Value(read))) => {
                Follows::Over(ok_if(*read == encoded(setting, value)))
            }
            (Topic::Relay { .. }, Ask::Relay { .. }, Came::Said(Said::Done)) => Follows::Ask(Ask::RelayState),
            (Topic::Relay { connect }, Ask::RelayState, Came::Said(Said::Value(read))) => {
                Follows::Over(ok_if(*read == [3, u8::from(connect)]))
            }
            (Topic::Time { if_off_by }, Ask::Clock, Came::Said(Said::Clock(shown_s))) => {
                let half_way = (now - talked.sent_at).secs_f64() / 2.0;
                let true_s = talk.cosem().moment(talked.sent_at).unix_ms as f64 / 1e3 + half_way;
                let off_s = *shown_s as f64 + HALF_S - true_s;
                talked.one_way = SimTime::from_secs_f64(half_way);
                talked.off_s.get_or_insert(off_s as f32);
                // However long each of the two ways took.
                if off_s.abs() <= if_off_by.secs_f64() + half_way + HALF_S {
                    Follows::Over(Outcome::Ok)
                } else if talked.turns() {
                    Follows::Ask(Ask::SetClock(0))
                } else {
                    Follows::Over(Outcome::Failed)
                }
            }
            (Topic::Time { .. }, Ask::SetClock(_), Came::Said(Said::Done)) => {
                talked.changed = true;
                Follows::Ask(Ask::Clock)
            }
            (Topic::Certificates { .. }, Ask::MakePair, Came::Said(Said::Done)) => {
                Follows::Ask(Ask::RequestCertificate)
            }
            (Topic::Certificates { .. }, Ask::RequestCertificate, Came::Said(Said::Value(value))) => {
                let cosem = talk.cosem().clone();
                let asked = talk.certificates.as_ref().zip(octets(value)).and_then(|(certificates, request)| {
                    Some((certificates.requested(&cosem, meter, request)?, certificates.valid()))
                });
                let Some((pair, valid)) = asked else { return Follows::Over(Outcome::Failed) };
                talked.issued = now;
                let valid_s = (valid.nanos() / 1_000_000_000) as u32;
                Follows::Ask(Ask::Import { pair, valid_s, from_unix_s: cosem.moment(now).unix_s() })
            }
            (Topic::Certificates { .. }, Ask::Import { pair, .. }, Came::Said(Said::Done)) => {
                if let Some(certificates) = &mut talk.certificates {
                    certificates.renew(meter, now, talked.issued, pair);
                }
                Follows::Over(Outcome::Ok)
            }
            // It says something else than it was asked.
            _ => Follows::Over(Outcome::Failed),
        }
    }

    /// A question as it is asked at a time of the run.
    pub(super) fn now(talk: &Talk, talked: &Talked, now: SimTime) -> Ask {
        match talked.ask {
            Ask::SetClock(_) => clock_at(talk, now + talked.one_way),
            ask => ask,
        }
    }
}

/// A clock is to show what it is then, as near as whole seconds come.
pub(super) fn clock_at(talk: &Talk, then: SimTime) -> Ask {
    Ask::SetClock(talk.cosem().moment(then + SimTime::from_millis(500)).unix_s())
}

fn ok_if(is_ok: bool) -> Outcome {
    if is_ok { Outcome::Ok } else { Outcome::Failed }
}

fn renewed(talk: &mut Talk, meter: SiteId, talked: &mut Talked, master: bool) -> Ask {
    let under = talk.keys(meter).now;
    talked.generation = talk.keys(meter).renew(master);
    Ask::Keys { generation: talked.generation, under, broadcast: talked.broadcast }
}

/// New keys, of which meter and head-end have to come to know the same.
fn about_keys(
    talk: &mut Talk,
    meter: SiteId,
    talked: &mut Talked,
    (recover_after, master, ask, came): (SimTime, bool, Ask, &Came),
) -> Follows {
    let generation = talked.generation;
    let keys = talk.keys(meter);
    let again = Ask::Keys { generation, under: keys.now, broadcast: talked.broadcast };
    match (ask, came) {
        (Ask::Keys { .. }, Came::Said(Said::Done)) => {
            keys.go_under(generation);
            talked.changed = true;
            Follows::Ask(Ask::Clock)
        }
        (Ask::Clock, Came::Said(Said::Clock(_))) if generation == 0 => {
            Follows::Ask(renewed(talk, meter, talked, master))
        }
        (Ask::Clock, Came::Said(Said::Clock(_))) if keys.now == generation => Follows::Over(Outcome::Ok),
        // It has the former ones.
        (Ask::Clock, Came::Said(Said::Clock(_))) => Follows::Ask(again),
        (_, Came::Said(_)) => Follows::Over(Outcome::Failed),
        (_, came) if !talked.turns() => {
            Follows::Over(if *came == Came::Silence { Outcome::Failed } else { Outcome::Refused })
        }
        // The conversation has gone over to the other keys.
        (_, Came::Undeciphered) => match generation > 0 && keys.now != generation {
            true => Follows::Ask(again),
            false => Follows::Ask(Ask::Clock),
        },
        (_, Came::Silence) => {
            talked.recovers = true;
            keys.swap();
            Follows::Later(recover_after, Ask::Clock)
        }
    }
}
