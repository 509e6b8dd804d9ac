//! Image transfer (class 18): the objects' side of [`image`](crate::image).

use crate::meter::event_log::code;
use crate::meter::image::{self, DELIVERED, Firmware, Refused, Transfer, Verdict};
use crate::meter::rest::Rest;
use crate::objects::clock;
use crate::objects::put::{Answer, Put};
use crate::objects::view::View;
use crate::vocabulary::effects::Effects;
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::xdlms::ActionResult;

/// Block size of the meter's manufacturer, bytes.
fn block_bytes(view: &View<'_>) -> u32 {
    image::block_bytes(view.meter.vendor().image_block_bytes)
}

/// Reads attributes 2 to 7.
pub fn get(view: &View<'_>, rest: &Rest, index: i8, put: &mut Put<'_>) -> Answer {
    let block_bytes = block_bytes(view);
    let transfer = rest.transfer.as_deref();
    match index {
        2 => put.u32(block_bytes),
        3 => {
            let blocks = transfer.map_or(0, |transfer| transfer.blocks(block_bytes)) as usize;
            put.bit_string(blocks)?;
            let words = transfer.map_or(&[][..], |transfer| &transfer.received);
            let bytes = words.iter().flat_map(|word| word.reverse_bits().to_be_bytes());
            // The first block is the lowest bit of a word and the highest of a byte.
            bytes.take(blocks.div_ceil(8)).try_for_each(|byte| put.raw(&[byte]))
        }
        4 => put.u32(transfer.map_or(0, |transfer| transfer.first_gap(block_bytes))),
        5 => put.boolean(true),
        6 => put.choice(match transfer.map(|transfer| transfer.verdict(view.now)) {
            Some(_) if transfer.is_some_and(|transfer| transfer.is_busy(view.now)) => 2,
            Some(Verdict::Open) => 1,
            Some(Verdict::Good) => 3,
            Some(Verdict::Bad) => 4,
            None if rest.image() != 0 => 6,
            None => 0,
        }),
        _ => match transfer {
            Some(transfer) if transfer.verdict(view.now) == Verdict::Good => {
                put.array(1)?;
                put.structure(3)?;
                put.u32(transfer.bytes)?;
                put.octets(&transfer.identifier)?;
                put.octets(&transfer.identity().to_be_bytes())
            }
            _ => put.array(0),
        },
    }
}

/// Identifier of the active image.
pub fn identifier(rest: &Rest) -> &[u8] {
    rest.firmware().map_or(DELIVERED, |firmware| &firmware.identifier)
}

/// What a client does with an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A transfer begins anew.
    Initiate {
        /// Of the image.
        identifier: &'a [u8],
        /// Of the image.
        bytes: u32,
    },
    /// One block.
    Block {
        /// Which, from 0.
        number: u32,
        /// What is in it.
        content: &'a [u8],
    },
    /// Is it whole, and the one promised?
    Verify,
    /// It is to run.
    Activate,
}

/// Methods: initiate, one block, verify, activate.
pub fn act(
    view: &View<'_>,
    rest: &mut Rest,
    index: i8,
    parameter: &Data<'_>,
    effects: &mut Effects,
) -> Result<(), ActionResult> {
    let step = match index {
        1 => {
            let (Data::OctetString(identifier), Data::DoubleLongUnsigned(bytes)) = pair(parameter)? else {
                return Err(ActionResult::TypeUnmatched);
            };
            Step::Initiate { identifier, bytes }
        }
        2 => {
            let (Data::DoubleLongUnsigned(number), Data::OctetString(content)) = pair(parameter)? else {
                return Err(ActionResult::TypeUnmatched);
            };
            Step::Block { number, content }
        }
        _ if *parameter != Data::Integer(0) => return Err(ActionResult::TypeUnmatched),
        3 => Step::Verify,
        _ => Step::Activate,
    };
    take(view, rest, step, effects)
}

/// A step, as plain values: what the methods do with theirs.
///
/// # Errors
/// What the meter answers: temporary-failure where a later attempt can succeed, other-reason where only another transfer can.
pub fn take(view: &View<'_>, rest: &mut Rest, step: Step<'_>, effects: &mut Effects) -> Result<(), ActionResult> {
    let block_bytes = block_bytes(view);
    let busy = rest.transfer.as_ref().is_some_and(|transfer| transfer.is_busy(view.now));
    let outcome = match step {
        Step::Initiate { .. } | Step::Block { .. } if busy => Err(Refused::NotYet),
        // It runs already: nothing is transferred and no flash is written.
        Step::Initiate { identifier, .. } if runs(rest, identifier) => Err(Refused::Value),
        Step::Initiate { identifier, bytes } => {
            let signed = view.meter.vendor().signed_images;
            Transfer::begin(identifier, bytes, block_bytes, signed).map(|begun| rest.transfer = Some(Box::new(begun)))
        }
        Step::Block { number, content } => match rest.transfer.as_deref_mut() {
            Some(transfer) => transfer.take(number, content, block_bytes),
            None => Err(Refused::NotYet),
        },
        Step::Verify => verify(view, rest, block_bytes),
        Step::Activate => activate(view, rest, effects),
    };
    outcome.map_err(|why| match why {
        Refused::Value | Refused::Digest => ActionResult::OtherReason,
        Refused::NotYet => ActionResult::TemporaryFailure,
    })
}

/// Whether the image with this identifier is the active one; only an identifier that promises a digest says which image it is.
pub fn runs(rest: &Rest, identifier: &[u8]) -> bool {
    image::promises(identifier) && rest.firmware().is_some_and(|firmware| firmware.identifier == identifier)
}

/// The two fields of a structure.
fn pair<'a>(parameter: &Data<'a>) -> Result<(Data<'a>, Data<'a>), ActionResult> {
    let fields = parameter.as_structure().filter(|fields| fields.len() == 2).ok_or(ActionResult::TypeUnmatched)?;
    let field = |index| fields.get(index).map_err(|_| ActionResult::TypeUnmatched);
    Ok((field(0)?, field(1)?))
}

/// Verifies the transfer under way: every block is there, the digest is the one promised, and the signature the maker's where the meter wants one. A long image takes its time,
/// in which the meter is busy; whoever asks again after that is told.
fn verify(view: &View<'_>, rest: &mut Rest, block_bytes: u32) -> Result<(), Refused> {
    let now = view.now;
    let Some(transfer) = rest.transfer.as_deref_mut() else { return Err(Refused::NotYet) };
    if transfer.first_gap(block_bytes) != transfer.blocks(block_bytes) {
        return Err(Refused::NotYet);
    }
    let takes_ms = transfer.takes_ms();
    if transfer.verified_ms.is_none()
        && let Some(signature) = &mut transfer.signature
    {
        let over = image::signed(&transfer.identifier, transfer.bytes, signature.digest);
        let maker = view.meter.fleet.keys.image_key(false).public();
        signature.is_wrong = !maker.verify(&over, &signature.bytes);
    }
    transfer.verified_ms.get_or_insert(now.unix_ms + takes_ms);
    transfer.verdict = transfer.verdict(now);
    match transfer.verdict {
        Verdict::Open => Err(Refused::NotYet),
        Verdict::Good => Ok(()),
        Verdict::Bad => Err(Refused::Digest),
    }
}

/// Activates the image transferred, verifying it first where the client has not. An image that is active already is not
/// written to flash again; with no transfer left, activating what is active succeeds and does nothing.
fn activate(view: &View<'_>, rest: &mut Rest, effects: &mut Effects) -> Result<(), Refused> {
    if rest.transfer.is_none() && rest.image() != 0 {
        return Ok(());
    }
    verify(view, rest, block_bytes(view))?;
    let Some(transfer) = rest.transfer.take() else {
        return Err(Refused::NotYet);
    };
    let identity = transfer.identity();
    if identity != rest.image() {
        let identifier = transfer.identifier;
        rest.changed.get_or_insert_default().firmware = Some(Firmware { identity, identifier });
        rest.note(clock::unix_s(view, rest), code::FIRMWARE_ACTIVATED);
        rest.flash_writes = rest.flash_writes.saturating_add(1);
        effects.image_activated = true;
        effects.rest_changed = true;
    }
    Ok(())
}
