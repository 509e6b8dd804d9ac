//! The head-end's side: requests as bytes, and what the bytes of answers and notifications say.

use super::ask::{CONFIRMED, UNCONFIRMED, plain, understood};
use super::{Ask, HEAD_END_TITLE, Image, ImageStep, PORT, Said};
use amitwin_dlms::cipher::{self, Aead, Form, Lock, Sealing};
use amitwin_dlms::link::wrapper::{self, HEADER_BYTES};
use amitwin_dlms::{Meter, keys::MeterKeys};
use dlms_cosem_rs::xdlms::{Protection, SecurityControl};

const BROADCAST_KEY: u8 = 0x40;
const AUTHENTICATED_AND_ENCRYPTED: u8 = 0x30;
/// Data-Notification-Confirm, which the protocol crate does not know.
const NOTIFICATION_CONFIRM: u8 = 0x10;

/// Under what a message to one meter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Under {
    /// Generation of the meter's keys, or of the broadcast key.
    pub generation: u32,
    /// Invocation counter.
    pub counter: u32,
}

impl Under {
    /// A counter, and the keys that a meter is delivered with.
    pub fn counter(counter: u32) -> Under {
        Under { generation: 0, counter }
    }
}

/// The request to one meter, in its wrapper.
pub fn request(meter: Meter<'_>, ask: Ask, under: Under) -> Vec<u8> {
    sealed(meter, false, under, &plain(meter, ask, CONFIRMED))
}

/// A step with an image: the request to one meter, which is to answer or not.
pub fn image(meter: Meter<'_>, confirmed: bool, image: &Image, step: ImageStep, under: Under) -> Vec<u8> {
    let invoke = if confirmed { CONFIRMED } else { UNCONFIRMED };
    sealed(meter, false, under, &image.plain(step, invoke))
}

/// The same under the keys that the meters of a suite share.
pub fn image_to_all(meter: Meter<'_>, image: &Image, step: ImageStep, under: Under) -> Vec<u8> {
    sealed(meter, true, under, &image.plain(step, UNCONFIRMED))
}

/// A command for all meters of a suite, under the keys that they share.
pub fn broadcast(meter: Meter<'_>, ask: Ask, under: Under) -> Vec<u8> {
    sealed(meter, true, under, &plain(meter, ask, UNCONFIRMED))
}

/// Tells a meter that its notification has arrived.
pub fn confirmation(meter: Meter<'_>, invoke_id: u32, under: Under) -> Vec<u8> {
    let mut plain = vec![NOTIFICATION_CONFIRM];
    plain.extend(invoke_id.to_be_bytes());
    // No date and time.
    plain.push(0);
    sealed(meter, false, under, &plain)
}

/// Whether a plain APDU confirms a notification.
pub fn is_confirmation(plain: &[u8]) -> bool {
    plain.len() == 6 && plain[0] == NOTIFICATION_CONFIRM
}

fn keys(meter: Meter<'_>, generation: u32) -> MeterKeys {
    meter.fleet.keys.of_generation(meter.system_title(), meter.vendor().on_file(), generation)
}

fn sealed(meter: Meter<'_>, for_all: bool, under: Under, plain: &[u8]) -> Vec<u8> {
    let suite = meter.vendor().on_file();
    let keys = keys(meter, if for_all { 0 } else { under.generation });
    let shared = meter.fleet.keys.of_broadcast(suite, under.generation as u16);
    let (key, authentication, flags) = match for_all {
        true => (&shared, &keys.broadcast_authentication, BROADCAST_KEY),
        false => (&keys.unicast, &keys.authentication, 0),
    };
    let aead = Aead::new(suite, key);
    let lock = Lock { aead: &aead, authentication: &authentication[..suite.key_len()] };
    let control = SecurityControl(AUTHENTICATED_AND_ENCRYPTED | flags | suite.id());
    let form = Form::General(Protection::Global);
    let (mut apdu, mut scratch) = (Vec::with_capacity(plain.len() + 40), Vec::new());
    let sealing = Sealing { form, control, title: &HEAD_END_TITLE, counter: under.counter };
    cipher::seal(lock, &sealing, plain, &mut apdu, &mut scratch).expect("a vector takes a short APDU");
    wrapped(&apdu)
}

/// An APDU in its wrapper, as a datagram carries it.
pub fn wrapped(apdu: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_BYTES + apdu.len());
    let fits = wrapper::put(PORT, PORT, apdu, &mut out);
    assert!(fits, "an APDU of the mesh is at most {} B long", super::HEAD_END_PDU);
    out
}

/// The APDU of a datagram.
pub fn unwrapped(datagram: &[u8]) -> Option<&[u8]> {
    let frame = wrapper::datagram(datagram, u16::MAX).ok()?;
    datagram.get(HEADER_BYTES..frame.bytes)
}

/// Exception of a meter whose boards keep it from a service: not allowed, operation not possible.
pub const NOT_SERVED: [u8; 3] = [0xD8, 1, 1];

/// What a datagram of a meter says that has keys of this generation; `None` if it is not genuine or not understood.
pub fn open(meter: Meter<'_>, generation: u32, datagram: &[u8]) -> Option<Said> {
    let mut apdu = unwrapped(datagram)?.to_vec();
    match apdu[..] {
        [0xD8, _, 6, ..] => return Some(Said::Refused),
        [0xD8, _, 4] => return Some(Said::TooLong),
        [0xD8, _, 5] => return Some(Said::Undeciphered),
        [0xD8, 1, 1] => return Some(Said::NotServed),
        _ => {}
    }
    let envelope = cipher::envelope(&apdu)?;
    let title = meter.system_title();
    if envelope.title.is_some_and(|t| t != title.0) {
        return None;
    }
    let keys = keys(meter, generation);
    let suite = meter.vendor().on_file();
    let strong = envelope.control.authenticated() && envelope.control.encrypted();
    if !strong || envelope.control.suite() != suite.id() {
        return None;
    }
    let aead = Aead::new(suite, &keys.unicast);
    let lock = Lock { aead: &aead, authentication: &keys.authentication[..suite.key_len()] };
    let payload = &mut apdu[envelope.at..];
    let plain = cipher::open(lock, envelope.control, &title.0, envelope.counter, payload, &mut Vec::new())?;
    understood(&payload[..plain])
}
