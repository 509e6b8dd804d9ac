//! General block transfer: an APDU in either direction, whatever it carries, cut into numbered blocks.
//!
//! Both parties number their blocks from 1, confirmations without data included, and tell which block of the other one they
//! have taken last, with none missing before it. A lost block is repeated with all that followed it.

use crate::session::blocks::UPLOAD_MAX;
use crate::vocabulary::refusal::Refusal;
use dlms_cosem_rs::codec::Encode;
use dlms_cosem_rs::xdlms::{BlockControl, GeneralBlockTransfer};

/// Tag of general-block-transfer.
pub const TAG: u8 = 0xE0;

/// Blocks that a meter takes, or sends, before one is confirmed.
pub const WINDOW: u8 = 8;

/// Head of a block: tag, control, both numbers, length.
const HEAD: usize = 1 + 1 + 2 + 2 + 3;

/// What a block asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// More blocks come without being asked for.
    Wait,
    /// The blocks so far are to be confirmed.
    Confirm,
    /// The request is whole.
    Whole,
    /// The client takes so many blocks of the answer, from the first that it has not confirmed.
    Send(u8),
    /// The client has the whole answer.
    Done,
}

/// An answer on its way out.
#[derive(Clone, Copy, Debug)]
struct Answer {
    /// Blocks sent before its first one: confirmations of its request.
    before: u16,
    /// Number of its last block.
    last: u16,
    /// Bytes that each block but the last carries.
    bytes: usize,
}

/// A request on its way in, and then its answer on its way out.
#[derive(Debug, Default)]
pub struct Transfer {
    /// Of the request, from its first byte; later of the answer.
    bytes: Vec<u8>,
    /// The client's block taken last.
    received: u16,
    /// The meter's block that the client has taken last.
    confirmed: u16,
    /// The meter's block sent last.
    sent: u16,
    answer: Option<Answer>,
}

impl Transfer {
    /// Memory that it takes.
    pub fn held_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// Takes a block of the client. After an error everything is as it was.
    ///
    /// # Errors
    /// A number that does not belong here, or a request that is longer than a meter takes.
    pub fn take(slot: &mut Option<Box<Transfer>>, block: &GeneralBlockTransfer<'_>) -> Result<Step, Refusal> {
        match slot {
            Some(transfer) if transfer.answer.is_some() && block.block_data.is_empty() => transfer.resume(block),
            // A client that has given up begins anew.
            _ if block.block_number == 1 && block.block_number_ack == 0 => slot.insert(Box::default()).add(block),
            Some(transfer) if transfer.answer.is_none() => transfer.go_on(block),
            _ => Err(Refusal::NOT_ALLOWED),
        }
    }

    /// The next block of a request, or one again, or one after a gap.
    fn go_on(&mut self, block: &GeneralBlockTransfer<'_>) -> Result<Step, Refusal> {
        let (number, control) = (block.block_number, block.control);
        let window = u16::from(WINDOW);
        // What can be repeated is no older than a window, and what can come after a gap no younger.
        let near = self.received.saturating_sub(window - 1)..=self.received.saturating_add(window);
        if number == 0 || !near.contains(&number) || !(self.confirmed..=self.sent).contains(&block.block_number_ack) {
            return Err(Refusal::NOT_ALLOWED);
        }
        if Some(number) == self.received.checked_add(1) {
            return self.add(block);
        }
        match (control.window(), control.streaming()) {
            // Nothing would bring the lost block back.
            (0, _) => Err(Refusal::NOT_ALLOWED),
            (_, true) => Ok(Step::Wait),
            (_, false) => Ok(Step::Confirm),
        }
    }

    fn add(&mut self, block: &GeneralBlockTransfer<'_>) -> Result<Step, Refusal> {
        if self.bytes.len() + block.block_data.len() > UPLOAD_MAX {
            return Err(Refusal::TOO_LONG);
        }
        self.bytes.extend_from_slice(block.block_data);
        self.received = block.block_number;
        self.confirmed = block.block_number_ack;
        let control = block.control;
        Ok(match (control.last_block(), control.streaming(), control.window()) {
            (true, ..) => Step::Whole,
            (_, true, _) | (.., 0) => Step::Wait,
            _ => Step::Confirm,
        })
    }

    /// A confirmation of what was sent of the answer.
    fn resume(&mut self, block: &GeneralBlockTransfer<'_>) -> Result<Step, Refusal> {
        let (number, window) = (block.block_number, block.control.window());
        let near = self.received..=self.received.saturating_add(WINDOW.into());
        let known = (self.confirmed..=self.sent).contains(&block.block_number_ack);
        if window == 0 || !near.contains(&number) || !known {
            return Err(Refusal::NOT_ALLOWED);
        }
        self.received = number;
        self.confirmed = block.block_number_ack;
        let last = self.answer.map_or(0, |answer| answer.last);
        Ok(if self.confirmed == last { Step::Done } else { Step::Send(window) })
    }

    /// The request put together; [`Transfer::put_back`] undoes it.
    pub fn request(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// The last block was not taken: the request is as it was before.
    pub fn put_back(&mut self, mut request: Vec<u8>, last: &GeneralBlockTransfer<'_>) {
        request.truncate(request.len().saturating_sub(last.block_data.len()));
        self.bytes = request;
        self.received = self.received.saturating_sub(1);
    }

    /// The answer follows, in blocks that are no longer than `room` bytes.
    ///
    /// # Errors
    /// Its blocks cannot be numbered.
    pub fn answer(&mut self, answer: &[u8], room: usize) -> Result<(), Refusal> {
        let bytes = room.saturating_sub(HEAD).max(1);
        let before = self.confirmed;
        let blocks = u16::try_from(answer.len().div_ceil(bytes)).ok();
        let last = blocks.and_then(|blocks| before.checked_add(blocks)).ok_or(Refusal::TOO_LONG)?;
        self.answer = Some(Answer { before, last, bytes });
        self.bytes.clear();
        self.bytes.extend_from_slice(answer);
        Ok(())
    }

    /// Appends a confirmation of the blocks taken.
    ///
    /// # Errors
    /// There is no number for it.
    pub fn confirm(&mut self, out: &mut Vec<u8>) -> Result<(), Refusal> {
        // Of a confirmation that was lost, the number is used again.
        let number = self.confirmed.checked_add(1).ok_or(Refusal::NOT_ALLOWED)?;
        self.sent = self.sent.max(number);
        put(BlockControl::new(false, false, WINDOW), number, self.received, &[], out)
    }

    /// Appends the next block of the answer to `out`, and up to `window` in all to `more`, if that is lent.
    ///
    /// # Errors
    /// There is no answer.
    pub fn send(&mut self, window: u8, out: &mut Vec<u8>, more: Option<&mut Vec<Vec<u8>>>) -> Result<(), Refusal> {
        let answer = self.answer.ok_or(Refusal::NOT_ALLOWED)?;
        let most = if more.is_some() { window.clamp(1, WINDOW) } else { 1 };
        let first = self.confirmed.saturating_add(1);
        let end = self.confirmed.saturating_add(most.into()).min(answer.last);
        self.block(answer, first, end, out)?;
        if let Some(more) = more {
            for number in first.saturating_add(1)..=end {
                let mut block = Vec::with_capacity(HEAD + answer.bytes);
                self.block(answer, number, end, &mut block)?;
                more.push(block);
            }
        }
        self.sent = self.sent.max(end);
        Ok(())
    }

    /// Appends a block of the answer, in a window that ends with `end`.
    fn block(&self, answer: Answer, number: u16, end: u16, out: &mut Vec<u8>) -> Result<(), Refusal> {
        let from = usize::from(number.saturating_sub(answer.before).saturating_sub(1)) * answer.bytes;
        let to = (from + answer.bytes).min(self.bytes.len());
        let data = self.bytes.get(from..to).ok_or(Refusal::NOT_ALLOWED)?;
        let control = BlockControl::new(number == answer.last, number != end, WINDOW);
        put(control, number, self.received, data, out)
    }
}

fn put(control: BlockControl, number: u16, ack: u16, data: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
    out.push(TAG);
    let block = GeneralBlockTransfer { control, block_number: number, block_number_ack: ack, block_data: data };
    block.encode(out).map_err(|_| Refusal::Close)
}
