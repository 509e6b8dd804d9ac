//! What was done and what was refused, counted.

use serde::Serialize;
use std::ops::AddAssign;

/// Why something was refused, or a connection closed by the meters' side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A wrapper frame or datagram that is none, or too large.
    Wrapper,
    /// An HDLC frame that is none, or does not belong.
    Hdlc,
    /// An address, port or prefix that no meter has.
    NoSuchMeter,
    /// A transport that the scenario does not offer, or a host that is not let in.
    NotOffered,
    /// A host that is not among the known head-ends.
    Stranger,
    /// More connections than the limit, to all meters or to one.
    Connections,
    /// A connection of a host with many, for one of a host with less.
    GaveWay,
    /// A datagram or a long answer, while as much of its host waited as there was room left for others.
    Crowded,
    /// No whole request for too long.
    Idle,
    /// A request that did not become whole, or an answer that was not taken, in time.
    Slow,
    /// To a meter that starts up after a reset.
    Away,
    /// Answered by the meter with an exception.
    Exception,
    /// Answered by the meter with an AARE that opens nothing.
    Association,
    /// The client's proof of high-level security did not hold.
    Proof,
    /// Answered by the meter with a data-access-result or action-result that is not success.
    Denied,
    /// Of another security suite than the meter's.
    Suite,
    /// Not answered by the meter.
    Silent,
    /// Closed by the meter without a word.
    Closed,
    /// The system had no descriptor left, or nowhere to put a datagram.
    System,
    /// A push over TCP that the head-end did not take: one attempt.
    Push,
}

/// Everything that is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// TCP connections taken.
    pub sessions: u64,
    /// Datagrams taken.
    pub datagrams: u64,
    /// Requests that reached a meter.
    pub requests: u64,
    /// Answers given.
    pub replies: u64,
    /// Associations that gave way to newer ones.
    pub associations_replaced: u64,
    /// Bytes received, above TCP and UDP.
    pub bytes_in: u64,
    /// Bytes sent, above TCP and UDP.
    pub bytes_out: u64,
    /// Resets that meters carried out.
    pub resets: u64,
    /// Relays that moved.
    pub relay_moves: u64,
    /// What meters sent on their own.
    pub pushes: u64,
    /// Pushes that the clock set off, sent or not.
    pub pushes_due: u64,
    /// Attempts after one that failed.
    pub push_retries: u64,
    /// Pushes given up.
    pub pushes_lost: u64,
    /// Answers spoilt on purpose.
    pub spoilt: u64,
    /// Answers lost on their simulated way.
    pub lost_on_air: u64,
    /// Steps of the simulated mesh that were late by half a second or more.
    pub behind: u64,
    /// What was refused, by reason.
    pub refused: ByReason,
}

macro_rules! reasons {
    ($($reason:ident => $field:ident, $text:literal;)*) => {
        /// What was refused, by reason.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
        pub struct ByReason {
            $(#[doc = $text] pub $field: u64,)*
        }

        impl ByReason {
            /// Counts one.
            pub fn count(&mut self, reason: Refused) {
                match reason {
                    $(Refused::$reason => self.$field += 1,)*
                }
            }

            /// Reasons that occurred, in words, and how often.
            pub fn occurred(&self) -> Vec<(&'static str, u64)> {
                [$(($text, self.$field)),*].into_iter().filter(|(_, count)| *count > 0).collect()
            }
        }

        impl AddAssign for ByReason {
            fn add_assign(&mut self, other: ByReason) {
                $(self.$field += other.$field;)*
            }
        }

        impl Refused {
            /// The reason in words.
            pub fn text(self) -> &'static str {
                match self {
                    $(Refused::$reason => $text,)*
                }
            }
        }
    };
}

reasons! {
    Wrapper => wrapper, "not a wrapper frame";
    Hdlc => hdlc, "HDLC frame out of place";
    NoSuchMeter => no_such_meter, "no such meter";
    NotOffered => not_offered, "not offered";
    Stranger => stranger, "not a known head-end";
    Connections => connections, "too many connections";
    GaveWay => gave_way, "closed for a connection of another host";
    Crowded => crowded, "too much waits";
    Idle => idle, "idle";
    Slow => slow, "too slow";
    Away => away, "meter starting up";
    Exception => exception, "answered with an exception";
    Association => association, "association refused";
    Proof => proof, "wrong proof of high-level security";
    Denied => denied, "answered with an error result";
    Suite => suite, "another security suite";
    Silent => silent, "not answered by the meter";
    Closed => closed, "closed by the meter";
    System => system, "the system had no room";
    Push => push, "push not taken by the head-end";
}

impl AddAssign for Counters {
    fn add_assign(&mut self, other: Counters) {
        self.sessions += other.sessions;
        self.datagrams += other.datagrams;
        self.requests += other.requests;
        self.replies += other.replies;
        self.associations_replaced += other.associations_replaced;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.resets += other.resets;
        self.relay_moves += other.relay_moves;
        self.pushes += other.pushes;
        self.pushes_due += other.pushes_due;
        self.push_retries += other.push_retries;
        self.pushes_lost += other.pushes_lost;
        self.spoilt += other.spoilt;
        self.lost_on_air += other.lost_on_air;
        self.behind += other.behind;
        self.refused += other.refused;
    }
}
