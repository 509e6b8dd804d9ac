//! Certificates (X.509, RFC 5280) and requests for them (PKCS #10), as far as meters and their head-end use them: ECDSA, the system title as common name.
//!
//! A P-256 request takes some 210 bytes and a certificate some 420; P-384 takes 60 and 30 more for key and signature.

use crate::crypto::pairs::{PrivateKey, PublicKey, SIGNATURE_MAX};
use dlms_cosem_rs::security::{SecuritySuite, SystemTitle};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const UTC_TIME: u8 = 0x17;

/// id-ecPublicKey, prime256v1, secp384r1, ecdsa-with-SHA256, ecdsa-with-SHA384.
const EC_PUBLIC_KEY: &[u8] = &[6, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1];
const P256: &[u8] = &[6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7];
const P384: &[u8] = &[6, 5, 0x2B, 0x81, 4, 0, 0x22];
const ECDSA_SHA256: &[u8] = &[6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2];
const ECDSA_SHA384: &[u8] = &[6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 3];
const COMMON_NAME: &[u8] = &[6, 3, 0x55, 4, 3];
const KEY_USAGE: &[u8] = &[6, 3, 0x55, 0x1D, 0x0F];
const AUTHORITY_KEY: &[u8] = &[6, 3, 0x55, 0x1D, 0x23];

/// Common name of who issues.
const ISSUER: &str = "amitwin Sub-CA";

/// What a certificate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Its number.
    pub serial: u64,
    /// Valid from this second since 1970 (UTC) to that.
    pub from_unix_s: i64,
    /// The last one.
    pub to_unix_s: i64,
}

/// One element: tag, length, contents.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = vec![tag];
    match length {
        0..=0x7F => out.push(length as u8),
        0x80..=0xFF => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// A number without a sign, shortest form.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len().saturating_sub(1));
    let bytes = &bytes[first..];
    let pad: &[u8] = if bytes.first().is_none_or(|byte| *byte >= 0x80) { &[0] } else { &[] };
    der(INTEGER, &[pad, bytes])
}

fn name(text: &str) -> Vec<u8> {
    let pair = der(SEQUENCE, &[COMMON_NAME, &der(0x0C, &[text.as_bytes()])]);
    der(SEQUENCE, &[&der(0x31, &[&pair])])
}

/// The system title in hexadecimal digits, as the common name has it.
fn titled(title: SystemTitle) -> String {
    title.0.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn algorithm(suite: SecuritySuite) -> Vec<u8> {
    der(SEQUENCE, &[if suite == SecuritySuite::Suite2 { ECDSA_SHA384 } else { ECDSA_SHA256 }])
}

/// SubjectPublicKeyInfo of a key by its coordinates.
fn key_info(suite: SecuritySuite, coordinates: &[u8]) -> Vec<u8> {
    let curve = if suite == SecuritySuite::Suite2 { P384 } else { P256 };
    der(SEQUENCE, &[&der(SEQUENCE, &[EC_PUBLIC_KEY, curve]), &der(BIT_STRING, &[&[0, 4], coordinates])])
}

/// What is signed, its algorithm and its signature.
fn signed(suite: SecuritySuite, key: &PrivateKey, what: &[u8]) -> Vec<u8> {
    let mut signature = [0; SIGNATURE_MAX];
    let bytes = key.sign(what, &mut signature);
    let (r, s) = signature[..bytes].split_at(bytes / 2);
    let pair = der(SEQUENCE, &[&integer(r), &integer(s)]);
    der(SEQUENCE, &[what, &algorithm(suite), &der(BIT_STRING, &[&[0], &pair])])
}

/// Date and time of a second since 1970, in UTC, as certificates have it.
fn utc_time(unix_s: i64) -> Vec<u8> {
    let (days, seconds) = (unix_s.div_euclid(86_400), unix_s.rem_euclid(86_400));
    // Civil date from days, for eras of 400 years that begin in March.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_of_year = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_of_year + 2) / 5 + 1;
    let month = if month_of_year < 10 { month_of_year + 3 } else { month_of_year - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let text = format!("{:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z", year.rem_euclid(100));
    der(UTC_TIME, &[text.as_bytes()])
}

/// The second since 1970 of a date and time as certificates have it, of the years 1950 to 2049.
fn unix_s(text: &[u8]) -> Option<i64> {
    let text = text.strip_suffix(b"Z").filter(|text| text.len() == 12 && text.iter().all(u8::is_ascii_digit))?;
    let two = |at: usize| i64::from(text[at] - b'0') * 10 + i64::from(text[at + 1] - b'0');
    let (year, month, day) = (two(0), two(2), two(4));
    let year = if year < 50 { 2_000 + year } else { 1_900 + year };
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let day_of_year = (153 * m + 2) / 5 + day - 1;
    let days = y.div_euclid(400) * 146_097 + y.rem_euclid(400) * 365 + y.rem_euclid(400) / 4 - y.rem_euclid(400) / 100
        + day_of_year
        - 719_468;
    Some(days * 86_400 + two(6) * 3_600 + two(8) * 60 + two(10))
}

/// A request for a certificate, signed with the key that it is for.
pub fn request(suite: SecuritySuite, title: SystemTitle, key: &PrivateKey) -> Vec<u8> {
    let info = key_info(suite, &key.public().coordinates());
    // Version 0, and no attributes.
    let what = der(SEQUENCE, &[&integer(&[0]), &name(&titled(title)), &info, &[0xA0, 0]]);
    signed(suite, key, &what)
}

/// A certificate for the public key with these coordinates, signed by the authority.
pub fn certificate(
    suite: SecuritySuite,
    title: SystemTitle,
    coordinates: &[u8],
    terms: Terms,
    authority: &PrivateKey,
) -> Vec<u8> {
    let issuer = blake3::hash(&authority.public().coordinates());
    let validity = der(SEQUENCE, &[&utc_time(terms.from_unix_s), &utc_time(terms.to_unix_s)]);
    // Critical: digital signature alone.
    let usage = der(SEQUENCE, &[KEY_USAGE, &[1, 1, 0xFF], &der(OCTET_STRING, &[&[3, 2, 7, 0x80]])]);
    let identifier = der(SEQUENCE, &[&der(0x80, &[&issuer.as_bytes()[..20]])]);
    let authority_key = der(SEQUENCE, &[AUTHORITY_KEY, &der(OCTET_STRING, &[&identifier])]);
    let extensions = der(0xA3, &[&der(SEQUENCE, &[&usage, &authority_key])]);
    let what = der(
        SEQUENCE,
        &[
            // Version 3.
            &der(0xA0, &[&integer(&[2])]),
            &integer(&terms.serial.to_be_bytes()),
            &algorithm(suite),
            &name(ISSUER),
            &validity,
            &name(&titled(title)),
            &key_info(suite, coordinates),
            &extensions,
        ],
    );
    signed(suite, authority, &what)
}

/// An element: its tag, its contents, and the whole of it.
type Element<'a> = (u8, &'a [u8], &'a [u8]);

/// The first element of some bytes, and what follows.
fn element(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (head, length) = match bytes {
        [_, length @ 0..=0x7F, ..] => (2, usize::from(*length)),
        [_, 0x81, length, ..] => (3, usize::from(*length)),
        [_, 0x82, high, low, ..] => (4, usize::from(*high) << 8 | usize::from(*low)),
        _ => return None,
    };
    let (whole, rest) = bytes.split_at_checked(head + length)?;
    Some(((whole[0], &whole[head..], whole), rest))
}

/// Elements within a sequence.
fn within(bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut all = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (one, next) = element(rest)?;
        all.push(one);
        rest = next;
    }
    Some(all)
}

/// What was signed, and the signature as r followed by s.
fn opened(suite: SecuritySuite, bytes: &[u8]) -> Option<(&[u8], Vec<u8>)> {
    let ((SEQUENCE, content, _), []) = element(bytes)? else { return None };
    let [(SEQUENCE, _, what), (SEQUENCE, _, algorithm_is), (BIT_STRING, [0, pair @ ..], _)] = within(content)?[..]
    else {
        return None;
    };
    if algorithm_is != algorithm(suite) {
        return None;
    }
    let ((SEQUENCE, pair, _), []) = element(pair)? else { return None };
    let [(INTEGER, r, _), (INTEGER, s, _)] = within(pair)?[..] else { return None };
    let length = if suite == SecuritySuite::Suite2 { 48 } else { 32 };
    let mut signature = vec![0; 2 * length];
    for (place, number) in [(length, r), (2 * length, s)] {
        let number = number.strip_prefix(&[0]).unwrap_or(number);
        let from = place.checked_sub(number.len()).filter(|from| *from + length >= place)?;
        signature[from..place].copy_from_slice(number);
    }
    Some((what, signature))
}

/// The key that a request is for, if it is of this meter and signed with that key.
pub fn requested(suite: SecuritySuite, title: SystemTitle, bytes: &[u8]) -> Option<Vec<u8>> {
    let (what, signature) = opened(suite, bytes)?;
    let parts = within(element(what)?.0.1)?;
    let [_, (SEQUENCE, _, subject), (SEQUENCE, _, info), _] = parts[..] else { return None };
    let coordinates = coordinates_of(suite, info)?;
    let key = PublicKey::of(suite, &coordinates)?;
    (subject == name(&titled(title)) && key.verify(what, &signature)).then_some(coordinates)
}

/// What a certificate says, if it is for the key of this meter and signed by the authority.
pub fn certified(
    suite: SecuritySuite,
    title: SystemTitle,
    coordinates: &[u8],
    bytes: &[u8],
    authority: &PublicKey,
) -> Option<Terms> {
    let (what, signature) = opened(suite, bytes)?;
    let parts = within(element(what)?.0.1)?;
    let [
        _,
        (INTEGER, serial, _),
        _,
        (SEQUENCE, _, issuer),
        (SEQUENCE, validity, _),
        (SEQUENCE, _, subject),
        (SEQUENCE, _, info),
        _,
    ] = parts[..]
    else {
        return None;
    };
    let is_for = issuer == name(ISSUER) && subject == name(&titled(title)) && info == key_info(suite, coordinates);
    if !is_for || !authority.verify(what, &signature) {
        return None;
    }
    let [(UTC_TIME, from, _), (UTC_TIME, to, _)] = within(validity)?[..] else { return None };
    let serial = serial.strip_prefix(&[0]).unwrap_or(serial);
    let serial = (serial.len() <= 8).then(|| serial.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))?;
    Some(Terms { serial, from_unix_s: unix_s(from)?, to_unix_s: unix_s(to)? })
}

fn coordinates_of(suite: SecuritySuite, info: &[u8]) -> Option<Vec<u8>> {
    let parts = within(element(info)?.0.1)?;
    let [_, (BIT_STRING, [0, 4, coordinates @ ..], _)] = parts[..] else { return None };
    (info == key_info(suite, coordinates)).then(|| coordinates.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::KeyMaster;

    const TITLE: SystemTitle = SystemTitle(*b"AMI\0\0\0\0\x07");
    const OTHER: SystemTitle = SystemTitle(*b"AMI\0\0\0\0\x08");

    #[test]
    fn dates_are_those_of_the_calendar() {
        // 2024-02-29 23:59:59, 2026-01-01, 2049-12-31.
        for (unix, text) in
            [(1_709_251_199, "240229235959Z"), (1_767_225_600, "260101000000Z"), (2_524_521_600, "491231000000Z")]
        {
            assert_eq!(&utc_time(unix)[2..], text.as_bytes());
            assert_eq!(unix_s(text.as_bytes()), Some(unix));
        }
        assert_eq!(unix_s(b"260132000000Z"), None);
        assert_eq!(unix_s(b"2601010000Z"), None);
    }

    #[test]
    fn a_request_becomes_a_certificate_that_only_its_meter_takes() {
        for (suite, about) in [(SecuritySuite::Suite1, 205..=220), (SecuritySuite::Suite2, 265..=290)] {
            let master = KeyMaster::Secret([7; 32]);
            let (key, authority) = (master.pair_key(TITLE, suite, 1).unwrap(), master.authority_key(suite).unwrap());
            let asked = request(suite, TITLE, &key);
            assert!(about.contains(&asked.len()), "{} B", asked.len());
            let coordinates = requested(suite, TITLE, &asked).expect("its own");
            assert_eq!(coordinates, key.public().coordinates());
            assert_eq!(requested(suite, OTHER, &asked), None, "of another meter");
            let terms = Terms { serial: 0x8000_0000_0000_0001, from_unix_s: 1_767_225_600, to_unix_s: 1_775_001_600 };
            let made = certificate(suite, TITLE, &coordinates, terms, &authority);
            assert!((330..=500).contains(&made.len()), "{} B", made.len());
            let certified = |title, bytes: &[u8]| certified(suite, title, &coordinates, bytes, &authority.public());
            assert_eq!(certified(TITLE, &made), Some(terms));
            assert_eq!(certified(OTHER, &made), None);
            let own = certificate(suite, TITLE, &coordinates, terms, &key);
            assert_eq!(certified(TITLE, &own), None, "signed by itself");
            for at in (0..made.len()).step_by(7) {
                let mut bad = made.clone();
                bad[at] ^= 1;
                assert_eq!(certified(TITLE, &bad), None, "byte {at}");
                assert_eq!(certified(TITLE, &made[..at]), None, "cut at {at}");
            }
        }
    }
}
