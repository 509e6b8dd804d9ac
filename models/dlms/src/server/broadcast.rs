//! What a client says to all meters at once: one APDU under the key that they share, carried out and not answered.

use crate::crypto::cipher::{self, Form, Lock};
use crate::meter::security::policy;
use crate::protection::counters;
use crate::protection::exchange::Call;
use crate::service;
use crate::service::parts::CONFIRMED;
use crate::session::Session;
use dlms_cosem_rs::xdlms::Protection;

/// Place in [`Rest::received`](crate::Rest::received) of what comes under the broadcast key.
const SLOT: usize = 0;

/// Carries out a request that is authenticated and encrypted under the broadcast key; it is deciphered in place. Returns
/// whether it was genuine, new and one that wants no answer; otherwise nothing was done.
pub fn hear(call: &mut Call<'_>, client_title: [u8; 8], request: &mut [u8]) -> bool {
    if call.rest.policy() & policy::SIGNED != 0 {
        return false;
    }
    let mut session = Session::of_all(call.meter, call.rest, client_title);
    let Some(plain) = open(call, &session, request) else { return false };
    call.effects.rest_changed = true;
    let mut answer = std::mem::take(&mut call.scratch.plain);
    answer.clear();
    let outcome = service::serve(&mut call.exchange(&mut session, usize::from(u16::MAX)), &request[plain], &mut answer);
    let silent = answer.is_empty();
    call.scratch.plain = answer;
    silent && outcome.is_ok()
}

/// Where the plain APDU lies, once its protection is checked, taken off and its counter taken.
fn open(call: &mut Call<'_>, session: &Session, request: &mut [u8]) -> Option<std::ops::Range<usize>> {
    let envelope = cipher::envelope(request)?;
    let control = envelope.control;
    let shared = control.broadcast_key() && control.authenticated() && control.encrypted() && !control.compressed();
    let ours = envelope.form == Form::General(Protection::Global) && envelope.title == Some(session.client_title);
    if !shared || !ours || control.suite() != call.meter.vendor().suite.id() {
        return None;
    }
    counters::check(call.meter, call.rest.received[SLOT], envelope.counter).ok()?;
    let lock = Lock { aead: &session.unicast, authentication: session.authentication_key() };
    let payload = &mut request[envelope.at..];
    let bytes =
        cipher::open(lock, control, &session.client_title, envelope.counter, payload, &mut call.scratch.authenticated)?;
    // Whoever holds the shared key could ask for an answer and learn something; services that want one are not served.
    let plain = &request[envelope.at..envelope.at + bytes];
    let silent = matches!(plain, [0xC1, 1 | 4, invoke, ..] | [0xC3, 1 | 3, invoke, ..] if invoke & CONFIRMED == 0);
    if !silent {
        return None;
    }
    call.rest.received[SLOT] = envelope.counter + 1;
    Some(envelope.at..envelope.at + bytes)
}
