//! A request on its way through a meter: what the meter brings, what the caller lends, and the association it came by.

use crate::meter::fleet::Meter;
use crate::meter::rest::Rest;
use crate::meter::security::policy;
use crate::protection::counters;
use crate::session::Session;
use crate::session::blocks::DOWNLOAD_MAX;
use crate::vocabulary::effects::{Denied, Effects};
use crate::vocabulary::moment::Moment;
use crate::vocabulary::refusal::Refusal;
use dlms_cosem_rs::xdlms::Conformance;

/// Shortest plain answer for which there must be room, bytes: the head of a block and a little of it.
const ROOM_MIN: usize = 24;

/// A meter that is asked, and what its caller lends it for the answer.
#[derive(Debug)]
pub struct Call<'a> {
    /// Which meter.
    pub meter: Meter<'a>,
    /// What it keeps.
    pub rest: &'a mut Rest,
    /// When it is asked.
    pub now: Moment,
    /// Buffers that are used again.
    pub scratch: &'a mut Scratch,
    /// Gets what the request does besides its answer.
    pub effects: &'a mut Effects,
}

impl Call<'_> {
    /// The call as it came through this association; `room` bounds the plain answer, bytes.
    pub(crate) fn exchange<'b>(&'b mut self, session: &'b mut Session, room: usize) -> Exchange<'b> {
        Exchange {
            meter: self.meter,
            rest: self.rest,
            session,
            now: self.now,
            scratch: self.scratch,
            effects: self.effects,
            room,
            longest: usize::from(self.meter.vendor().pdu_max),
            signed: false,
        }
    }
}

/// Buffers that a caller lends and uses again.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) plain: Vec<u8>,
    pub(crate) authenticated: Vec<u8>,
    /// Challenges given out with these buffers.
    pub(crate) challenges: u64,
}

/// What a request of an association is answered with.
pub(crate) struct Exchange<'a> {
    pub meter: Meter<'a>,
    pub rest: &'a mut Rest,
    pub session: &'a mut Session,
    pub now: Moment,
    pub scratch: &'a mut Scratch,
    pub effects: &'a mut Effects,
    /// Largest plain answer, bytes.
    pub room: usize,
    /// Largest plain request, bytes.
    pub longest: usize,
    /// The client's signature over the request holds.
    pub signed: bool,
}

impl Exchange<'_> {
    /// The policy that binds the client.
    pub fn policy(&self) -> u8 {
        self.rest.policy_for(self.session.client)
    }

    /// Whether the policy wants a signature that the request has not got.
    pub fn lacks_signature(&self) -> bool {
        self.policy() & policy::SIGNED != 0 && !self.signed
    }

    /// Leaves room for what the answer's protection takes, bytes.
    ///
    /// # Errors
    /// Then there is none for an answer. It is asked before anything is done.
    pub fn leave_room(&mut self, protection: usize) -> Result<(), Refusal> {
        self.room = self.room.saturating_sub(protection);
        if self.room < ROOM_MIN { Err(Refusal::TOO_LONG) } else { Ok(()) }
    }

    /// Largest plain answer, in general blocks if these were agreed on, bytes.
    pub fn longest_answer(&self) -> usize {
        if self.session.conformance.contains(Conformance::GENERAL_BLOCK_TRANSFER) {
            self.room.max(DOWNLOAD_MAX)
        } else {
            self.room
        }
    }

    /// What comes before anything is deciphered or done: there are counters for the answer, and those received are noted.
    ///
    /// # Errors
    /// As of [`counters::reserved`].
    pub fn begin(&mut self) -> Result<(), Refusal> {
        counters::reserved(self.rest, self.session.counters_due(), self.effects)?;
        self.session.counter_before = self.rest.received[self.session.client.slot()];
        Ok(())
    }

    /// Remembers a result that goes out and is not success; returns it.
    pub fn result(&mut self, result: u8) -> u8 {
        if result != 0 {
            self.effects.denied.get_or_insert(Denied::Result(result));
        }
        result
    }
}
