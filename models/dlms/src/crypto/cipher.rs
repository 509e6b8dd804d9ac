//! Protection of one APDU: which form it has, opening it in place, sealing an answer in the same form.

use aes_gcm::aead::AeadInPlace;
use aes_gcm::aes::{Aes128, Aes256};
use aes_gcm::{AesGcm, KeyInit};
use dlms_cosem_rs::codec::{Decode, Reader, Writer};
use dlms_cosem_rs::security::SecuritySuite;
use dlms_cosem_rs::xdlms::{ApduTag, CipheredService, GeneralGloCiphering, Protection, SecurityControl};

type N12 = aes_gcm::aes::cipher::consts::U12;

/// Bytes of a tag.
pub const TAG: usize = 12;
/// Bytes that a general form takes more than that of a service: a title and its length.
pub const TITLE: usize = 9;

/// AES-GCM with its key schedule, which costs more than a short message.
#[derive(Clone)]
// Boxing the larger would put a miss in front of every message.
#[allow(clippy::large_enum_variant)]
pub enum Aead {
    /// Suites 0 and 1.
    Aes128(AesGcm<Aes128, N12, N12>),
    /// Suite 2.
    Aes256(AesGcm<Aes256, N12, N12>),
}

impl std::fmt::Debug for Aead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl Aead {
    /// Schedules a key; of 32 bytes suites 0 and 1 use the first 16.
    pub fn new(suite: SecuritySuite, key: &[u8; 32]) -> Self {
        match suite {
            SecuritySuite::Suite2 => Aead::Aes256(AesGcm::new(key.into())),
            _ => {
                let mut short = [0; 16];
                short.copy_from_slice(&key[..16]);
                Aead::Aes128(AesGcm::new(&short.into()))
            }
        }
    }

    /// Encrypts in place; the tag.
    pub(crate) fn encrypt(&self, iv: &[u8; 12], aad: &[u8], text: &mut [u8]) -> Option<[u8; TAG]> {
        let tag = match self {
            Aead::Aes128(gcm) => gcm.encrypt_in_place_detached(iv.into(), aad, text),
            Aead::Aes256(gcm) => gcm.encrypt_in_place_detached(iv.into(), aad, text),
        };
        tag.ok().map(Into::into)
    }

    /// Decrypts in place; whether the tag holds.
    pub(crate) fn decrypt(&self, iv: &[u8; 12], aad: &[u8], text: &mut [u8], tag: &[u8; TAG]) -> bool {
        match self {
            Aead::Aes128(gcm) => gcm.decrypt_in_place_detached(iv.into(), aad, text, tag.into()).is_ok(),
            Aead::Aes256(gcm) => gcm.decrypt_in_place_detached(iv.into(), aad, text, tag.into()).is_ok(),
        }
    }
}

/// How a ciphered APDU is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A tag of the service's own: glo-get-request and its like.
    Service(Protection),
    /// General-glo-ciphering or general-ded-ciphering, with the sender's title.
    General(Protection),
}

/// What a ciphered APDU says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// How it is wrapped.
    pub form: Form,
    /// Sender's title, where the form has one.
    pub title: Option<[u8; 8]>,
    /// What protection was applied.
    pub control: SecurityControl,
    /// The sender's invocation counter.
    pub counter: u32,
    /// Where the protected bytes begin in the APDU; they reach to its end.
    pub at: usize,
}

/// Reads the envelope of an APDU; `None` if it is not ciphered or not whole.
pub fn envelope(apdu: &[u8]) -> Option<Envelope> {
    let tag = ApduTag::from_u8(*apdu.first()?)?;
    let mut reader = Reader::new(apdu);
    reader.skip(1).ok()?;
    let (form, title, ciphered) = match tag {
        ApduTag::GeneralGloCiphering | ApduTag::GeneralDedCiphering => {
            let general = GeneralGloCiphering::decode(&mut reader).ok()?;
            let kind = if tag == ApduTag::GeneralGloCiphering { Protection::Global } else { Protection::Dedicated };
            (Form::General(kind), Some(general.system_title.try_into().ok()?), general.ciphered)
        }
        _ => {
            let (kind, _) = tag.unprotect()?;
            (Form::Service(kind), None, CipheredService::decode(&mut reader).ok()?)
        }
    };
    if !reader.is_empty() {
        return None;
    }
    let at = apdu.len() - ciphered.payload.len();
    Some(Envelope { form, title, control: ciphered.security_control, counter: ciphered.invocation_counter, at })
}

/// Whether an APDU whose protection is off carries what its tag says; the general forms say nothing.
pub fn is_consistent(envelope: &Envelope, opened: &[u8]) -> bool {
    let Form::Service(kind) = envelope.form else { return true };
    let inner = opened.get(envelope.at).and_then(|&tag| ApduTag::from_u8(tag));
    inner.and_then(|tag| tag.protected_as(kind)).map(ApduTag::as_u8) == opened.first().copied()
}

/// One direction's keys: cipher key and authentication key.
#[derive(Clone, Copy)]
pub struct Lock<'a> {
    /// Cipher.
    pub aead: &'a Aead,
    /// Authentication key, as long as the suite's keys.
    pub authentication: &'a [u8],
}

/// Initialisation vector of a message.
pub(crate) fn iv(title: &[u8; 8], counter: u32) -> [u8; 12] {
    let mut iv = [0; 12];
    iv[..8].copy_from_slice(title);
    iv[8..].copy_from_slice(&counter.to_be_bytes());
    iv
}

/// SC || AK, the start of the additional data.
fn header(control: SecurityControl, key: &[u8]) -> ([u8; 33], usize) {
    let mut aad = [0; 33];
    aad[0] = control.0;
    let used = key.len().min(32);
    aad[1..=used].copy_from_slice(&key[..used]);
    (aad, used + 1)
}

/// Takes the protection off in place. Returns how many bytes of `payload` are the plain APDU, or `None` if the tag is
/// wrong; `scratch` holds what is authenticated but not encrypted.
pub fn open(
    lock: Lock<'_>,
    control: SecurityControl,
    title: &[u8; 8],
    counter: u32,
    payload: &mut [u8],
    scratch: &mut Vec<u8>,
) -> Option<usize> {
    let iv = iv(title, counter);
    let (aad, used) = header(control, lock.authentication);
    if !control.authenticated() {
        // Counter mode is its own inverse; without a tag nothing can be checked.
        if control.encrypted() {
            lock.aead.encrypt(&iv, &[], payload)?;
        }
        return Some(payload.len());
    }
    let plain = payload.len().checked_sub(TAG)?;
    let (text, tag) = payload.split_at_mut(plain);
    let mut expected = [0; TAG];
    expected.copy_from_slice(tag);
    let genuine = if control.encrypted() {
        lock.aead.decrypt(&iv, &aad[..used], text, &expected)
    } else {
        scratch.clear();
        scratch.extend_from_slice(&aad[..used]);
        scratch.extend_from_slice(text);
        lock.aead.decrypt(&iv, scratch, &mut [], &expected)
    };
    genuine.then_some(plain)
}

/// Bytes that protection adds to a plain APDU of `plain` bytes.
pub const fn overhead(form: Form, control: SecurityControl, plain: usize) -> usize {
    let tag = if control.authenticated() { TAG } else { 0 };
    let title = match form {
        Form::General(_) => TITLE,
        Form::Service(_) => 0,
    };
    let content = 5 + plain + tag;
    let length = if content < 0x80 {
        1
    } else if content < 0x100 {
        2
    } else if content < 0x1_0000 {
        3
    } else {
        5
    };
    1 + title + length + 5 + tag
}

/// How an APDU is to be sealed, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Sealing<'a> {
    /// How it is wrapped.
    pub form: Form,
    /// What protection is applied.
    pub control: SecurityControl,
    /// The sender's title.
    pub title: &'a [u8; 8],
    /// The sender's invocation counter, never used before under the same key.
    pub counter: u32,
}

/// Appends a sealed APDU. A service without a tag of its own goes out in the general form.
pub fn seal(
    lock: Lock<'_>,
    sealing: &Sealing<'_>,
    plain: &[u8],
    out: &mut Vec<u8>,
    scratch: &mut Vec<u8>,
) -> Option<()> {
    let Sealing { form, control, title, counter } = *sealing;
    let kind = match form {
        Form::Service(kind) | Form::General(kind) => kind,
    };
    let own = plain.first().and_then(|&b| ApduTag::from_u8(b)).and_then(|t| t.protected_as(kind));
    match (form, own) {
        (Form::Service(_), Some(tag)) => out.push(tag.as_u8()),
        _ => {
            out.push(match kind {
                Protection::Dedicated => ApduTag::GeneralDedCiphering.as_u8(),
                _ => ApduTag::GeneralGloCiphering.as_u8(),
            });
            out.push(8);
            out.extend_from_slice(title);
        }
    }
    let tag_bytes = if control.authenticated() { TAG } else { 0 };
    out.write_length(5 + plain.len() + tag_bytes).ok()?;
    out.push(control.0);
    out.extend_from_slice(&counter.to_be_bytes());
    let at = out.len();
    out.extend_from_slice(plain);
    let iv = iv(title, counter);
    let (aad, used) = header(control, lock.authentication);
    if control.encrypted() && control.authenticated() {
        let tag = lock.aead.encrypt(&iv, &aad[..used], &mut out[at..])?;
        out.extend_from_slice(&tag);
    } else if control.encrypted() {
        lock.aead.encrypt(&iv, &[], &mut out[at..])?;
    } else if control.authenticated() {
        scratch.clear();
        scratch.extend_from_slice(&aad[..used]);
        scratch.extend_from_slice(plain);
        let tag = lock.aead.encrypt(&iv, scratch, &mut [])?;
        out.extend_from_slice(&tag);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: [u8; 13] = [0xC0, 1, 0, 0, 8, 0, 0, 1, 0, 0, 0xFF, 2, 0];
    const METER: [u8; 8] = [0x4D, 0x4D, 0x4D, 0, 0, 0xBC, 0x61, 0x4E];

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02X}")).collect()
    }

    fn keys() -> (Aead, [u8; 16]) {
        let mut unicast = [0; 32];
        (0..16).for_each(|n| unicast[n as usize] = n);
        (Aead::new(SecuritySuite::Suite0, &unicast), std::array::from_fn(|n| 0xD0 + n as u8))
    }

    /// The worked example of the standard's Green Book.
    #[test]
    fn a_get_is_sealed_as_the_published_example_shows() {
        let (aead, authentication) = keys();
        let lock = Lock { aead: &aead, authentication: &authentication };
        let form = Form::Service(Protection::Global);
        for (control, expected) in [
            (0x30, "C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B"),
            (0x10, "C81E1001234567C0010000080000010000FF020006725D910F9221D263877516"),
            (0x20, "C8122001234567411312FF935A47566827C467BC"),
        ] {
            let control = SecurityControl(control);
            let (mut out, mut scratch) = (Vec::new(), Vec::new());
            let sealing = Sealing { form, control, title: &METER, counter: 0x0123_4567 };
            seal(lock, &sealing, &GET, &mut out, &mut scratch).unwrap();
            assert_eq!(hex(&out), expected);
            assert_eq!(out.len(), GET.len() + overhead(form, control, GET.len()));
            let e = envelope(&out).unwrap();
            assert_eq!((e.form, e.counter, e.control), (form, 0x0123_4567, control));
            let n = open(lock, e.control, &METER, e.counter, &mut out[e.at..], &mut scratch).unwrap();
            assert_eq!(&out[e.at..e.at + n], GET);
        }
    }

    #[test]
    fn a_changed_bit_is_noticed_wherever_it_is() {
        let (aead, authentication) = keys();
        let lock = Lock { aead: &aead, authentication: &authentication };
        let mut scratch = Vec::new();
        for control in [0x30, 0x10] {
            let mut sealed = Vec::new();
            let form = Form::General(Protection::Global);
            let sealing = Sealing { form, control: SecurityControl(control), title: &METER, counter: 9 };
            seal(lock, &sealing, &GET, &mut sealed, &mut scratch).unwrap();
            let e = envelope(&sealed).unwrap();
            assert_eq!(e.title, Some(METER));
            for at in e.at..sealed.len() {
                let mut bad = sealed.clone();
                bad[at] ^= 1;
                assert_eq!(open(lock, e.control, &METER, 9, &mut bad[e.at..], &mut scratch), None);
            }
        }
    }

    #[test]
    fn an_envelope_cut_anywhere_is_none() {
        let (aead, authentication) = keys();
        let lock = Lock { aead: &aead, authentication: &authentication };
        let (mut out, mut scratch) = (Vec::new(), Vec::new());
        let form = Form::Service(Protection::Global);
        let sealing = Sealing { form, control: SecurityControl(0x30), title: &METER, counter: 1 };
        seal(lock, &sealing, &GET, &mut out, &mut scratch).unwrap();
        assert!((0..out.len()).all(|n| envelope(&out[..n]).is_none()));
    }
}
