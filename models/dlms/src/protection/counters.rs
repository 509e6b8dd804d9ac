//! Invocation counters: those of the meter, none of which is used twice, and those received, none of which is taken twice.

use crate::meter::client::Client;
use crate::meter::fleet::{Meter, OnCounterError};
use crate::meter::rest::Rest;
use crate::vocabulary::effects::Effects;
use crate::vocabulary::refusal::Refusal;
use dlms_cosem_rs::xdlms::{ServiceError, StateError};

/// The next invocation counter, or `None` if no more are reserved: none is ever used twice.
pub(crate) fn next(rest: &mut Rest, effects: &mut Effects) -> Option<u32> {
    if rest.counter >= rest.counter_reserved {
        effects.counter_exhausted = true;
        return None;
    }
    let counter = rest.counter;
    rest.counter += 1;
    effects.rest_changed = true;
    Some(counter)
}

/// Whether the counters are reserved that an answer can take. It is asked before a request is deciphered or does anything,
/// so that a caller who is told of [`Effects::counter_exhausted`] can ask the same again.
pub(crate) fn reserved(rest: &Rest, due: u32, effects: &mut Effects) -> Result<(), Refusal> {
    if rest.counter_reserved.saturating_sub(rest.counter) >= due {
        return Ok(());
    }
    effects.counter_exhausted = true;
    Err(Refusal::Close)
}

/// Whether a counter is not below the one expected.
pub(crate) fn check(meter: Meter<'_>, expected: u32, counter: u32) -> Result<(), Refusal> {
    if counter != u32::MAX && counter >= expected {
        return Ok(());
    }
    Err(match meter.vendor().on_counter_error {
        OnCounterError::Exception => {
            Refusal::Exception(StateError::ServiceNotAllowed, ServiceError::InvocationCounterError, Some(expected))
        }
        OnCounterError::Close => Refusal::Close,
    })
}

/// Remembers a counter whose message was genuine.
pub(crate) fn take(rest: &mut Rest, client: Client, counter: u32, effects: &mut Effects) {
    let expected = &mut rest.received[client.slot()];
    *expected = (*expected).max(counter + 1);
    effects.rest_changed = true;
}
