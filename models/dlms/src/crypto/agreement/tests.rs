//! Key agreement against the published example, and what parties agree on in both suites.

use super::*;
use crate::crypto::keys::KeyMaster;
use dlms_cosem_rs::security::SystemTitle;

const CLIENT: [u8; 8] = [0x4D, 0x4D, 0x4D, 0, 0, 0xBC, 0x61, 0x4E];
const METER: [u8; 8] = [0x4D, 0x4D, 0x4D, 0, 0, 0, 0, 1];

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn p256(scalar: &str) -> AgreementKey {
    AgreementKey::from_scalar(SecuritySuite::Suite1, &unhex(scalar)).unwrap()
}

/// The one-pass example of the standard's Green Book (Table C.2): what the client makes for the meter.
#[test]
fn the_published_one_pass_key_follows_on_both_sides() {
    let ephemeral = p256("47DAB03842E5B6E74828EF4F449B378D7DD1A5DAE1FFCA5AE0B0BE0AD18EC57E");
    let meter = p256("AAD3FD0732E991CF52A74C66C1F2827DDC53522A2E0A169D7C4FFCC0FB5D6A4D");
    assert_eq!(
        ephemeral.public(),
        unhex(
            "C323C2BD45711DE4688637D919F92E9DB8FB2DFC213A88D21C9DC8DCBA917D8170511DE1BADB360D50058F794B0960AE11FA28D3\
             92CFF907A62D13E3357B1DC0"
        )
    );
    let expected = unhex("59A71FD81C929A86A99438DA17A66C05");
    for (own, theirs) in [(&ephemeral, meter.public()), (&meter, ephemeral.public())] {
        let key = own.derive(&theirs, Purpose::Cipher, &CLIENT, &METER).unwrap();
        assert_eq!(key[..16], expected);
    }
    // What the meter makes for the client.
    let client = p256("A51C16FF5C498FCC89323D4A9267CD71BF81FD6F6A891CD240DA7F3D6F283E65");
    let theirs = unhex(
        "6439724714B47CD9CB988897D8424AB946DCD083D37A954637616011B9C2378773295F0F850D8DAFD1BBE9FE666E53E4F097CD10B38B6962\
         2152724A90987444",
    );
    let key = client.derive(&theirs, Purpose::Cipher, &METER, &CLIENT).unwrap();
    assert_eq!(key[..16], unhex("F0184BDA9466BFA4601A64A7EF46504A"));
}

#[test]
fn parties_agree_in_both_suites_and_a_stranger_does_not() {
    let title = SystemTitle(METER);
    for master in [KeyMaster::Test, KeyMaster::Secret([7; 32])] {
        for suite in [SecuritySuite::Suite1, SecuritySuite::Suite2] {
            let meter = master.agreement_key(Owner::Meter(title), suite).unwrap();
            let client = master.agreement_key(Owner::Client, suite).unwrap();
            assert_eq!(meter.public().len(), public_bytes(suite));
            let transaction = [0, 0, 0, 0, 0, 0, 0, 9];
            let from = [&CLIENT[..], &[8], &transaction].concat();
            let ours = client.derive(&meter.public(), Purpose::Cipher, &from, &METER).unwrap();
            assert_eq!(meter.derive(&client.public(), Purpose::Cipher, &from, &METER), Some(ours));
            let stranger = AgreementKey::ephemeral(suite, &[1; 32]).unwrap();
            assert_ne!(stranger.derive(&meter.public(), Purpose::Cipher, &from, &METER), Some(ours));
            // Another transaction, purpose or receiver is another key.
            assert_ne!(client.derive(&meter.public(), Purpose::Cipher, &CLIENT, &METER), Some(ours));
            assert_ne!(client.derive(&meter.public(), Purpose::Wrap, &from, &METER), Some(ours));
            assert_ne!(client.derive(&meter.public(), Purpose::Cipher, &from, &CLIENT), Some(ours));
            // Signing keys are others.
            assert_ne!(master.public_key(Owner::Client, suite).unwrap().coordinates(), client.public());
        }
        assert!(master.agreement_key(Owner::Client, SecuritySuite::Suite0).is_none());
    }
}

#[test]
fn what_is_no_point_of_the_curve_is_refused() {
    let own = AgreementKey::ephemeral(SecuritySuite::Suite1, &[3; 32]).unwrap();
    let mut theirs = own.public();
    assert!(own.derive(&theirs, Purpose::Cipher, &CLIENT, &METER).is_some());
    for bad in [&theirs[..63], &[], &[0; 64], &[0xFF; 64]] {
        assert_eq!(own.derive(bad, Purpose::Cipher, &CLIENT, &METER), None);
    }
    theirs[63] ^= 1;
    assert_eq!(own.derive(&theirs, Purpose::Cipher, &CLIENT, &METER), None);
    assert_eq!(format!("{own:?}"), "[REDACTED]");
}

/// Table C.1 of the Green Book, a key agreed on for good: what is signed is the key's number and the public key.
#[test]
fn the_published_signature_is_over_number_and_public_key() {
    use p256::ecdsa::signature::Verifier;
    let client = unhex(
        "04BAAFFDE06A8CB1C9DAE8D94023C601DBBB249254BA22EDD827E820BCA2BCC64362FBB83D86A82B87BB8B7161D2AAB5521911A946B97A28\
         4A90F7785CD9047D25",
    );
    let public = unhex(
        "2914D60E10AB705F62ED6CC349D7CB99B9AB3F3978E59278C7AF595B3AF987941372DAB6D5AF1FA867E134167E6F23DE664A6693E05F4341\
         4611058D1B48F894",
    );
    let signature = unhex(
        "06F0607702AA0E2435A183E2F6B1ECD19629712E389A213610C03F77B2590860EA840AF5C3FA1F2BCDF055D4744E9A01CE9A0E55026BCAA4\
         EEBEB764CED64BB3",
    );
    let client = p256::ecdsa::VerifyingKey::from_sec1_bytes(&client).unwrap();
    let signature = p256::ecdsa::Signature::from_slice(&signature).unwrap();
    assert!(client.verify(&[&[0], &public[..]].concat(), &signature).is_ok());
    // In a one-pass agreement it is the public key alone.
    let public = p256("47DAB03842E5B6E74828EF4F449B378D7DD1A5DAE1FFCA5AE0B0BE0AD18EC57E").public();
    let signature = unhex(
        "B51BE089D0B682863B2217201E73A1A9031968A9B4121DCBC3281A69739AF87429F5B3AC5471E7B6A04A2C0F2F8A25FD772A317DF97FC546\
         3FEAC248EB8AB8BE",
    );
    let signature = p256::ecdsa::Signature::from_slice(&signature).unwrap();
    assert!(client.verify(&public, &signature).is_ok());
}
