//! The head-end has heard a heartbeat: its confirmation, as a meter takes it.

use super::{Kept, Servers};
use crate::apdu::{Apdu, HEAD_END_TITLE, client};
use crate::node::{Node, SiteId};
use amitwin_dlms::cipher::{self, Aead, Lock};
use amitwin_dlms::{Client, Meter, Rest, keys_of};

impl Servers {
    /// Whether what came is the head-end's confirmation, and new.
    pub fn confirmed(&mut self, local: Node, site: SiteId, said: &Apdu) -> bool {
        let cosem = self.cosem.clone();
        match &mut self.kept {
            Kept::Sized(counts) => {
                let kept = &mut counts[local.at()];
                let has_keys = !cosem.is_mismatched(site) && said.generation == kept.generation;
                let fresh = said.counter >= kept.expected && has_keys;
                if !fresh {
                    return false;
                }
                kept.expected = kept.expected.max(said.counter + 1);
                fresh
            }
            Kept::Real(rests) => {
                let Some(apdu) = said.bytes.as_deref().and_then(client::unwrapped) else { return false };
                self.request.clear();
                self.request.extend_from_slice(apdu);
                take_confirmation(cosem.meter(site), &mut rests[local.at()], &mut self.request)
            }
        }
    }
}

fn take_confirmation(meter: Meter<'_>, rest: &mut Rest, apdu: &mut [u8]) -> bool {
    let Some(envelope) = cipher::envelope(apdu) else { return false };
    let suite = meter.vendor().suite;
    let keys = keys_of(meter, rest);
    let expected = &mut rest.received[Client::Management.slot()];
    let ours = envelope.title == Some(HEAD_END_TITLE) && envelope.control.suite() == suite.id();
    if !ours || envelope.counter < *expected || !envelope.control.authenticated() {
        return false;
    }
    let aead = Aead::new(suite, &keys.unicast);
    let lock = Lock { aead: &aead, authentication: &keys.authentication[..suite.key_len()] };
    let payload = &mut apdu[envelope.at..];
    let opened = cipher::open(lock, envelope.control, &HEAD_END_TITLE, envelope.counter, payload, &mut Vec::new());
    let genuine = opened.is_some_and(|bytes| client::is_confirmation(&payload[..bytes]));
    if genuine {
        *expected = envelope.counter + 1;
    }
    genuine
}
