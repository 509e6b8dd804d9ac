//! What a client says to all meters at once: one APDU under the key that they share, carried out and not answered.

use super::cipher::{self, Form, Lock};
use super::security::policy;
use super::server::{self, Refusal, Scratch};
use super::service::{self, Desk};
use super::session::Session;
use super::{Effects, Meter, Moment, Rest};
use dlms_cosem_rs::xdlms::Protection;

/// Place in [`Rest::received`] of what comes under the broadcast key.
const SLOT: usize = 0;

/// Carries out a request that is authenticated and encrypted under the broadcast key; it is deciphered in place. Returns
/// whether it was genuine, new and one that wants no answer; otherwise nothing was done.
pub fn hear(
    meter: Meter<'_>,
    rest: &mut Rest,
    client_title: [u8; 8],
    now: Moment,
    request: &mut [u8],
    scratch: &mut Scratch,
    effects: &mut Effects,
) -> bool {
    if rest.policy() & policy::SIGNED != 0 {
        return false;
    }
    let mut session = Session::of_all(meter, rest, client_title);
    let Some(plain) = open(meter, rest, &session, request, scratch) else { return false };
    effects.rest_changed = true;
    let mut answer = std::mem::take(&mut scratch.plain);
    answer.clear();
    let mut desk = Desk { meter, rest, session: &mut session, now, effects, room: usize::from(u16::MAX) };
    let outcome = service::serve(&mut desk, &request[plain], &mut answer);
    let silent = answer.is_empty();
    scratch.plain = answer;
    silent && outcome.is_ok()
}

/// Where the plain APDU lies, once its protection is checked, taken off and its counter taken.
fn open(
    meter: Meter<'_>,
    rest: &mut Rest,
    session: &Session,
    request: &mut [u8],
    scratch: &mut Scratch,
) -> Option<std::ops::Range<usize>> {
    let envelope = cipher::envelope(request)?;
    let control = envelope.control;
    let shared = control.broadcast_key() && control.authenticated() && control.encrypted() && !control.compressed();
    let ours = envelope.form == Form::General(Protection::Global) && envelope.title == Some(session.client_title);
    if !shared || !ours || control.suite() != meter.vendor().suite.id() {
        return None;
    }
    let fresh: Result<(), Refusal> = server::check_counter(meter, rest.received[SLOT], envelope.counter);
    fresh.ok()?;
    let lock = Lock { aead: &session.unicast, authentication: session.authentication_key() };
    let payload = &mut request[envelope.at..];
    let bytes =
        cipher::open(lock, control, &session.client_title, envelope.counter, payload, &mut scratch.authenticated)?;
    // Whoever holds the shared key could ask for an answer and learn something; services that want one are not served.
    let plain = &request[envelope.at..envelope.at + bytes];
    let silent =
        matches!(plain, [0xC1, 1 | 4, invoke, ..] | [0xC3, 1 | 3, invoke, ..] if invoke & service::CONFIRMED == 0);
    if !silent {
        return None;
    }
    rest.received[SLOT] = envelope.counter + 1;
    Some(envelope.at..envelope.at + bytes)
}
