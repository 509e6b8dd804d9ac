//! Certificates of a meter's signing key: a pair is made, a certificate requested for it, and imported.

use crate::crypto::pairs::PrivateKey;
use crate::crypto::x509::{self, Terms};
use crate::meter::certificate::Certificate;
use crate::meter::fleet::Meter;
use crate::meter::rest::Rest;

/// What is kept, as delivered if nothing is.
pub fn of(rest: &Rest) -> Certificate {
    rest.changed.as_ref().and_then(|changed| changed.certificate).unwrap_or_default()
}

fn set(rest: &mut Rest, certificate: Certificate) {
    rest.changed.get_or_insert_default().certificate = Some(certificate);
}

/// Makes the next pair; until it is certified it stays the same. `false` in suite 0, which has none.
pub fn make_pair(meter: Meter<'_>, rest: &mut Rest) -> bool {
    let known = of(rest);
    let can = next_key(meter, known.pair).is_some() && known.pair < u16::MAX;
    if can && !known.has_next {
        set(rest, Certificate { has_next: true, ..known });
    }
    can
}

fn next_key(meter: Meter<'_>, pair: u16) -> Option<PrivateKey> {
    meter.fleet.keys.pair_key(meter.system_title(), meter.vendor().suite, pair.checked_add(1)?)
}

/// A request for a certificate of the next pair, if there is one.
pub fn request(meter: Meter<'_>, rest: &Rest) -> Option<Vec<u8>> {
    let known = of(rest);
    let key = next_key(meter, known.pair).filter(|_| known.has_next)?;
    Some(x509::request(meter.vendor().suite, meter.system_title(), &key))
}

/// Takes a certificate of the next pair, or once more that of the present one; says whether it is one.
pub fn import(meter: Meter<'_>, rest: &mut Rest, bytes: &[u8]) -> bool {
    let (known, suite, title) = (of(rest), meter.vendor().suite, meter.system_title());
    let Some(authority) = meter.fleet.keys.authority_key(suite) else { return false };
    let certified = |pair: u16| -> Option<Terms> {
        let key = meter.fleet.keys.pair_key(title, suite, pair)?;
        x509::certified(suite, title, &key.public().coordinates(), bytes, &authority.public())
    };
    let next = known.pair.checked_add(1).filter(|_| known.has_next);
    if let Some((pair, terms)) = next.and_then(|pair| Some((pair, certified(pair)?))) {
        let (serial, to_unix_s) = (terms.serial, terms.to_unix_s);
        set(rest, Certificate { pair, has_next: false, serial, to_unix_s });
        return true;
    }
    certified(known.pair).is_some_and(|terms| terms.serial == known.serial)
}
