//! Passes 3 and 4 of high-level security: the client's proof, and the meter's.

use crate::meter::client::Client;
use crate::objects::{Kind, OBJECTS};
use crate::protection::counters;
use crate::protection::exchange::Exchange;
use crate::session::hls::{self, Mechanism};
use crate::vocabulary::effects::Denied;
use crate::vocabulary::refusal::Refusal;
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::codec::{Decode, Encode};
use dlms_cosem_rs::security::SystemTitle;
use dlms_cosem_rs::xdlms::{ActionResult, MethodDescriptor};

/// Whether a method is the client's answer to the meter's challenge: of the current association, by either of its names.
pub(crate) fn is_proof(client: Client, method: &MethodDescriptor) -> bool {
    let ours = |kind| kind == Kind::Association || kind == Kind::AssociationOf(client);
    method.class_id == 15
        && method.method_id == 1
        && OBJECTS.iter().any(|object| object.name == method.instance_id && ours(object.kind))
}

/// Passes 3 and 4 of high-level security. A wrong answer ends the association.
pub(crate) fn prove(exchange: &mut Exchange<'_>, parameter: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let fail = |exchange: &mut Exchange<'_>, out: &mut Vec<u8>| {
        exchange.effects.denied = Some(Denied::Proof);
        exchange.session.expelled = true;
        exchange.session.proven = false;
        out.extend_from_slice(&[ActionResult::OtherReason.as_u8(), 0]);
    };
    if !exchange.session.mechanism.is_high() || exchange.session.proven {
        return Err(Refusal::NOT_ALLOWED);
    }
    let Some(Ok(Data::OctetString(proof))) = parameter.map(Data::from_bytes) else {
        fail(exchange, out);
        return Ok(());
    };
    let meter = exchange.meter;
    let suite = meter.vendor().suite;
    let (ctos, stoc) = exchange.session.challenges;
    let changed = exchange.rest.changed.clone();
    let facts = hls::Facts {
        keys: &meter.fleet.keys,
        client: exchange.session.client,
        changed: changed.as_deref().map(|changed| &changed.security),
        suite,
        client_title: SystemTitle(exchange.session.client_title),
        server_title: meter.system_title(),
        client_challenge: ctos.bytes(),
        server_challenge: stoc.bytes(),
    };
    let Ok(counter) = hls::verify_client(exchange.session.mechanism, &facts, proof) else {
        fail(exchange, out);
        return Ok(());
    };
    if let Some(counter) = counter {
        // The proof was made before the message that brings it, and has the lower counter.
        counters::check(meter, exchange.session.counter_before, counter)?;
        counters::take(exchange.rest, exchange.session.client, counter, exchange.effects);
    }
    let counter = if exchange.session.mechanism == Mechanism::Gmac {
        counters::next(exchange.rest, exchange.effects).ok_or(Refusal::Close)?
    } else {
        0
    };
    let proof = hls::server_proof(exchange.session.mechanism, &facts, counter).map_err(|_| Refusal::Close)?;
    // Two bytes of head in front of the octet string, three of result and presence.
    if out.len() + 5 + proof.bytes().len() > exchange.room {
        fail(exchange, out);
        return Ok(());
    }
    exchange.session.proven = true;
    // Success, data follow, a value.
    out.extend_from_slice(&[0, 1, 0]);
    Data::OctetString(proof.bytes()).encode(out).map_err(|_| Refusal::Close)
}
