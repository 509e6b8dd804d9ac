//! What a meter does with key pairs: it signs, takes public keys that a client signed, and makes pairs for one message.

use crate::crypto::agreement::{self, AgreementKey};
use crate::crypto::keys::Owner;
use crate::crypto::pairs::SIGNATURE_MAX;
use crate::meter::client::Client;
use crate::meter::fleet::Meter;
use blake3::Hasher;

/// A public key in front of the client's signature over it; `before` is what may stand in front of the signed bytes:
/// published examples have nothing there, clients in the field the number of the scheme or key.
pub(crate) fn signed_public<'a>(
    meter: Meter<'_>,
    client: Client,
    data: &'a [u8],
    before: &[&[u8]],
) -> Option<&'a [u8]> {
    let suite = meter.vendor().suite;
    let (public, signature) = data.split_at_checked(agreement::public_bytes(suite))?;
    let client = meter.fleet.keys.public_key(client.owner(), suite)?;
    before.iter().any(|before| client.verify(&[before, public].concat(), signature)).then_some(public)
}

/// Signs as the meter does; empty in suite 0.
pub(crate) fn meter_signature(meter: Meter<'_>, message: &[u8]) -> Vec<u8> {
    let key = meter.fleet.keys.signing_key(Owner::Meter(meter.system_title()), meter.vendor().suite);
    key.map_or_else(Vec::new, |key| {
        let mut signature = [0; SIGNATURE_MAX];
        let bytes = key.sign(message, &mut signature);
        signature[..bytes].to_vec()
    })
}

/// A key pair that nobody can foresee who does not hold the fleet's challenge key; another for other numbers.
pub(crate) fn ephemeral(meter: Meter<'_>, numbers: &[u64]) -> Option<AgreementKey> {
    let mut hash = Hasher::new_keyed(&meter.fleet.challenge_key);
    hash.update(b"ephemeral");
    hash.update(meter.system_title().as_bytes());
    numbers.iter().for_each(|number| {
        hash.update(&number.to_be_bytes());
    });
    AgreementKey::ephemeral(meter.vendor().suite, hash.finalize().as_bytes())
}
