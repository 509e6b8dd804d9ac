//! GET, SET and ACTION: plain requests of an open association, and their plain answers.

mod action;
mod get;
mod set;

use super::server::{Refusal, have_counters};
use super::session::Session;
use super::{Denied, Effects, Meter, Moment, Rest};
use dlms_cosem_rs::codec::{Decode, Reader};
use dlms_cosem_rs::xdlms::SelectiveAccess;

/// Invoke id: an answer is wanted.
pub(super) const CONFIRMED: u8 = 0x40;

/// Shortest plain answer for which there must be room, bytes: the head of a block and a little of it.
const ROOM_MIN: usize = 24;

/// What a request is answered with.
pub(super) struct Desk<'a> {
    pub meter: Meter<'a>,
    pub rest: &'a mut Rest,
    pub session: &'a mut Session,
    pub now: Moment,
    pub effects: &'a mut Effects,
    /// Largest plain answer, bytes.
    pub room: usize,
}

impl Desk<'_> {
    /// The policy that binds the client.
    pub fn policy(&self) -> u8 {
        self.rest.policy_for(self.session.client)
    }

    /// Leaves room for what the answer's protection takes, bytes.
    ///
    /// # Errors
    /// Then there is none for an answer. It is asked before anything is done.
    pub fn leave_room(&mut self, protection: usize) -> Answer {
        self.room = self.room.saturating_sub(protection);
        if self.room < ROOM_MIN { Err(Refusal::TOO_LONG) } else { Ok(()) }
    }

    /// What comes before anything is deciphered or done: there are counters for the answer, and those received are noted.
    ///
    /// # Errors
    /// As of [`have_counters`](super::server::have_counters).
    pub fn begin(&mut self) -> Answer {
        have_counters(self.rest, self.session.counters_due(), self.effects)?;
        self.session.counter_before = self.rest.received[self.session.client.slot()];
        Ok(())
    }

    /// Remembers a result that goes out and is not success; returns it.
    fn tell(&mut self, result: u8) -> u8 {
        if result != 0 {
            self.effects.denied.get_or_insert(Denied::Result(result));
        }
        result
    }
}

type Answer = Result<(), Refusal>;

/// Answers a plain request of an association; nothing in `out` means that none is wanted.
///
/// # Errors
/// What to send or do instead.
pub(super) fn serve(desk: &mut Desk<'_>, request: &[u8], out: &mut Vec<u8>) -> Answer {
    let mut reader = Reader::new(request);
    let (Ok(tag), Ok(choice), Ok(invoke)) = (reader.u8(), reader.u8(), reader.u8()) else {
        return Err(Refusal::UNSUPPORTED);
    };
    if !desk.session.proven && tag != 0xC3 {
        return Err(Refusal::NOT_ALLOWED);
    }
    if request.len() > usize::from(desk.meter.vendor().pdu_max) {
        return Err(Refusal::TOO_LONG);
    }
    match (tag, choice) {
        (0xC0, 1..=3) => get::serve(desk, choice, invoke, &mut reader, out),
        (0xC1, 1..=5) => set::serve(desk, choice, invoke, &mut reader, out),
        (0xC3, 1..=6) => action::serve(desk, choice, invoke, &mut reader, out),
        _ => Err(Refusal::UNSUPPORTED),
    }?;
    if out.len() > desk.room { Err(Refusal::TOO_LONG) } else { Ok(()) }
}

/// A request ends where it should.
fn ends(reader: &Reader<'_>) -> Answer {
    if reader.is_empty() { Ok(()) } else { Err(Refusal::UNSUPPORTED) }
}

fn malformed<E>(_: E) -> Refusal {
    Refusal::UNSUPPORTED
}

fn selection<'a>(reader: &mut Reader<'a>) -> Result<Option<SelectiveAccess<'a>>, Refusal> {
    match reader.u8().map_err(malformed)? {
        0 => Ok(None),
        1 => SelectiveAccess::decode(reader).map(Some).map_err(malformed),
        _ => Err(Refusal::UNSUPPORTED),
    }
}
