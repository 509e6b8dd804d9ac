//! Requests and answers in general blocks. What they carry is protected first and cut then.

use super::within;
use crate::protection::exchange::Call;
use crate::session::Session;
use crate::session::blocks::{DOWNLOAD_MAX, UPLOAD_MAX};
use crate::session::transfer::{Step, Transfer};
use crate::vocabulary::refusal::Refusal;
use dlms_cosem_rs::codec::{Decode, Reader};
use dlms_cosem_rs::xdlms::{Conformance, GeneralBlockTransfer};

/// What became of a block.
pub enum Taken {
    /// Others follow it without an answer.
    Waits,
    /// The answer is in the output, or none is wanted.
    Answered,
}

/// Takes a block of a request, or a confirmation of blocks of an answer.
pub fn take(
    call: &mut Call<'_>,
    slot: &mut Option<Box<Session>>,
    request: &[u8],
    out: &mut Vec<u8>,
    more: Option<&mut Vec<Vec<u8>>>,
) -> Result<Taken, Refusal> {
    let Some(session) = slot.as_deref_mut() else { return Err(Refusal::NOT_ALLOWED) };
    if !session.conformance.contains(Conformance::GENERAL_BLOCK_TRANSFER) {
        return Err(Refusal::UNSUPPORTED);
    }
    if !session.proven {
        return Err(Refusal::NOT_ALLOWED);
    }
    let mut reader = Reader::new(&request[1..]);
    let block = GeneralBlockTransfer::decode(&mut reader).map_err(|_| Refusal::UNSUPPORTED)?;
    if !reader.is_empty() {
        return Err(Refusal::UNSUPPORTED);
    }
    // The head is not counted, as that of a ciphered APDU is not.
    if block.block_data.len() > usize::from(call.meter.vendor().pdu_max) {
        return Err(Refusal::TOO_LONG);
    }
    let step = Transfer::take(&mut session.transfer, &block)?;
    let Some(transfer) = session.transfer.as_deref_mut() else { return Err(Refusal::NOT_ALLOWED) };
    match step {
        Step::Wait => return Ok(Taken::Waits),
        Step::Confirm => transfer.confirm(out)?,
        Step::Send(window) => transfer.send(window, out, more)?,
        Step::Done => {
            session.transfer = None;
            return Ok(Taken::Waits);
        }
        Step::Whole => whole(call, slot, &block, out, more)?,
    }
    Ok(Taken::Answered)
}

/// Serves a request whose last block has come; the answer goes the same way, if the client takes blocks at all.
fn whole(
    call: &mut Call<'_>,
    slot: &mut Option<Box<Session>>,
    last: &GeneralBlockTransfer<'_>,
    out: &mut Vec<u8>,
    more: Option<&mut Vec<Vec<u8>>>,
) -> Result<(), Refusal> {
    let Some(session) = slot.as_deref_mut() else { return Err(Refusal::NOT_ALLOWED) };
    let Some(mut transfer) = session.transfer.take() else { return Err(Refusal::NOT_ALLOWED) };
    let room = session.room(call.meter);
    let mut request = transfer.request();
    let outcome = within(call, slot, DOWNLOAD_MAX, Some(UPLOAD_MAX), &mut request, out);
    let session = slot.as_deref_mut();
    if call.effects.counter_exhausted {
        // Nothing was done, so that the last block can come again.
        transfer.put_back(request, last);
        if let Some(session) = session {
            session.transfer = Some(transfer);
        }
        return outcome;
    }
    outcome?;
    let window = last.control.window();
    if window == 0 {
        out.clear();
    }
    match session {
        Some(session) if !out.is_empty() => begin(session, transfer, window, room, out, more),
        _ => Ok(()),
    }
}

/// Sends an answer in blocks: `out` holds it, and then its first block.
fn begin(
    session: &mut Session,
    mut transfer: Box<Transfer>,
    window: u8,
    room: usize,
    out: &mut Vec<u8>,
    more: Option<&mut Vec<Vec<u8>>>,
) -> Result<(), Refusal> {
    transfer.answer(out, room)?;
    out.clear();
    transfer.send(window, out, more)?;
    session.transfer = Some(transfer);
    Ok(())
}

/// Sends an answer in blocks whose request came without: the first one, as nothing is known of the client's window yet.
pub fn first(session: &mut Session, room: usize, out: &mut Vec<u8>) -> Result<(), Refusal> {
    begin(session, Box::default(), 1, room, out, None)
}
