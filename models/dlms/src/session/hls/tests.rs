//! Proofs against the published example and against values computed with other implementations.

use super::*;

const CLIENT: SystemTitle = SystemTitle([0x4D, 0x4D, 0x4D, 0, 0, 0, 0, 1]);
const METER: SystemTitle = SystemTitle([0x4D, 0x4D, 0x4D, 0, 0, 0xBC, 0x61, 0x4E]);
const HIGH: [Mechanism; 5] = [Mechanism::Md5, Mechanism::Sha1, Mechanism::Gmac, Mechanism::Sha256, Mechanism::Ecdsa];

fn facts(suite: SecuritySuite) -> Facts<'static> {
    Facts {
        keys: &KeyMaster::Test,
        client: Client::Management,
        changed: None,
        suite,
        client_title: CLIENT,
        server_title: METER,
        client_challenge: b"K56iVagY",
        server_challenge: b"P6wRJ21F",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02X}")).collect()
}

/// The worked example of the standard's Green Book.
#[test]
fn gmac_is_as_the_published_example_shows() {
    let facts = facts(SecuritySuite::Suite0);
    let client = client_proof(Mechanism::Gmac, &facts, 1).unwrap();
    assert_eq!(hex(client.bytes()), "10000000011A52FE7DD3E72748973C1E28");
    let server = server_proof(Mechanism::Gmac, &facts, 0x0123_4567).unwrap();
    assert_eq!(hex(server.bytes()), "1001234567FE1466AFB3DBCD4F9389E2B7");
    assert_eq!(verify_client(Mechanism::Gmac, &facts, client.bytes()), Ok(Some(1)));
    assert_eq!(verify_server(Mechanism::Gmac, &facts, server.bytes()), Ok(Some(0x0123_4567)));
}

/// Digests by Python's hashlib; signatures by OpenSSL 3 with the nonce of RFC 6979; test keys.
#[test]
fn other_proofs_are_as_other_implementations_compute_them() {
    const SIGNED_256: (&str, &str) = (
        "5E6EE32FB5EB67F09BC29CB95D205062E0617A569A208F54EE03EC089F92FD5598C274D2A906B9292DD97CF427B100678DD83D208B894B79E3FC175B935DA39D",
        "E7C75CEBD94FB5A28A92EEC4D96744C34801621FDC86111BEAA28E9EEE15180A46B9C60723439C5E3B3A905AFC71A2C398D9EB0BBD1CA2DBD895CB3B62B8BF41",
    );
    const SIGNED_384: (&str, &str) = (
        "570546FD75A00429F6A095F14AD1CA952FABFAAB68924E15FBBE0FF4F5081E32FBB78CDE36C28502FE08E312097BABD9B95E35E1088F2D5758FE938D94D0FD924B6BB3C61ADCA6FE7F44D61C29343A20B6C51C2A480DAB624675394B4C9ECA2C",
        "0B257764A67290D977C5B26672CE9AB205EBDD5F844AE14E9B349D9D7CA457B62B114CD1D00061C03704BA5B8B78BE662119AFC6E83E4FF3BEE2995B1F337680C22F7CD654A73593E28A39D2F65F82655FE672081D7A92F92C16E928A9004DAF",
    );
    for (mechanism, suite, (client, server)) in [
        (
            Mechanism::Md5,
            SecuritySuite::Suite0,
            ("2F5C33606BF5E7F508F8D979E90BCB1E", "7A62C016551E77F72C26B5701228EAD3"),
        ),
        (
            Mechanism::Sha1,
            SecuritySuite::Suite0,
            ("2154BCE7F48B1CCF67FAE87FDA97F29E6CC448A7", "2E3A706BFFEAD931DDA57169BC1BF6B797DEEA64"),
        ),
        (
            Mechanism::Sha256,
            SecuritySuite::Suite0,
            (
                "B9B7F09234AFA7EC87EB4EC2FC44A7B6F3388CC185DEEA6CF18CB4282E69F283",
                "A6DA230D7E3A22BAF987B021E1947E1411CC966F7E3E6AA60C64135C5CDDDBE2",
            ),
        ),
        (Mechanism::Ecdsa, SecuritySuite::Suite1, SIGNED_256),
        (Mechanism::Ecdsa, SecuritySuite::Suite2, SIGNED_384),
    ] {
        let facts = facts(suite);
        assert_eq!(hex(client_proof(mechanism, &facts, 1).unwrap().bytes()), client, "{mechanism:?} client");
        assert_eq!(hex(server_proof(mechanism, &facts, 1).unwrap().bytes()), server, "{mechanism:?} server");
    }
}

#[test]
fn a_proof_holds_for_its_side_bytes_and_facts_only() {
    let secret = KeyMaster::Secret([7; 32]);
    for mechanism in HIGH {
        for suite in [SecuritySuite::Suite0, SecuritySuite::Suite1, SecuritySuite::Suite2] {
            let facts = facts(suite);
            if mechanism == Mechanism::Ecdsa && suite == SecuritySuite::Suite0 {
                assert_eq!(client_proof(mechanism, &facts, 1).unwrap_err(), HlsError::Suite);
                assert_eq!(verify_client(mechanism, &facts, &[0; 64]), Err(HlsError::Suite));
                continue;
            }
            let proof = client_proof(mechanism, &facts, 9).unwrap();
            let counter = (mechanism == Mechanism::Gmac).then_some(9);
            assert_eq!(verify_client(mechanism, &facts, proof.bytes()), Ok(counter), "{mechanism:?} {suite:?}");
            assert_eq!(verify_server(mechanism, &facts, proof.bytes()), Err(HlsError::Refused));
            for at in 0..proof.bytes().len() {
                let mut bad = proof;
                bad.bytes[at] ^= 0x20;
                assert_eq!(verify_client(mechanism, &facts, bad.bytes()), Err(HlsError::Refused), "{mechanism:?} {at}");
                assert_eq!(verify_client(mechanism, &facts, &proof.bytes()[..at]), Err(HlsError::Refused));
            }
            for other in [Facts { server_challenge: b"P6wRJ21G", ..facts }, Facts { keys: &secret, ..facts }] {
                assert_eq!(verify_client(mechanism, &other, proof.bytes()), Err(HlsError::Refused), "{mechanism:?}");
            }
            let other_client = Facts { client_title: SystemTitle(*b"OTHER\0\0\0"), ..facts };
            assert_eq!(verify_client(mechanism, &other_client, proof.bytes()).is_err(), mechanism.needs_titles());
        }
    }
}

#[test]
fn copied_or_odd_challenges_and_titles_are_refused() {
    let whole = facts(SecuritySuite::Suite1);
    let long = [1; 65];
    for mechanism in HIGH {
        for odd in [&b"P6wRJ21F"[..], b"K56iVag", b"", &long] {
            let facts = Facts { client_challenge: odd, ..whole };
            assert_eq!(server_proof(mechanism, &facts, 1).unwrap_err(), HlsError::Challenge);
            assert_eq!(verify_client(mechanism, &facts, &[0; 17]), Err(HlsError::Challenge));
        }
        let longest = Facts { client_challenge: &long[..64], server_challenge: &[2; 64], ..whole };
        let proof = client_proof(mechanism, &longest, 1).unwrap();
        assert!(verify_client(mechanism, &longest, proof.bytes()).is_ok());
        let same = client_proof(mechanism, &Facts { client_title: METER, ..whole }, 1);
        assert_eq!(same.is_err(), mechanism.needs_titles());
    }
    assert_eq!(client_proof(Mechanism::Low, &whole, 1).unwrap_err(), HlsError::NotHigh);
    assert_eq!(verify_client(Mechanism::None, &whole, b""), Err(HlsError::NotHigh));
}

#[test]
fn arcs_are_those_of_the_mechanisms() {
    let known: Vec<u8> = (0..=255).filter_map(Mechanism::from_arc).map(Mechanism::arc).collect();
    assert_eq!(known, [0, 1, 3, 4, 5, 6, 7]);
}

#[test]
fn only_the_meters_password_holds() {
    let keys = KeyMaster::Test.of_meter(METER, SecuritySuite::Suite0);
    assert!(password_holds(&keys, b"12345678"));
    for wrong in [&b"12345679"[..], b"1234567", b"123456789", b""] {
        assert!(!password_holds(&keys, wrong));
    }
}
