//! The gateway form: `E6 | network | length | address | APDU` to a meter behind a gateway, `E7` in front of its answer.

/// First byte of a request through a gateway.
pub const REQUEST: u8 = 0xE6;
/// First byte of the answer.
pub const RESPONSE: u8 = 0xE7;

/// What stands in front of the APDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix<'a> {
    /// Network that the meter is in.
    pub network: u8,
    /// Its address there.
    pub address: &'a [u8],
    /// Bytes in front of the APDU.
    pub bytes: usize,
}

/// The prefix of a request; `None` if it has none, or one that is cut short.
pub fn request(bytes: &[u8]) -> Option<Prefix<'_>> {
    let [REQUEST, network, length, rest @ ..] = bytes else { return None };
    let address = rest.get(..usize::from(*length))?;
    Some(Prefix { network: *network, address, bytes: 3 + address.len() })
}

/// Appends the prefix of the answer to a request with this prefix.
pub fn put_response(prefix: &Prefix<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(&[RESPONSE, prefix.network, prefix.address.len() as u8]);
    out.extend_from_slice(prefix.address);
}

/// Meter that an address of one to four bytes counts to, from 1.
pub fn position(address: &[u8]) -> Option<u32> {
    if address.is_empty() || address.len() > 4 {
        return None;
    }
    Some(address.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_prefix_is_read_and_answered() {
        let bytes = [0xE6, 7, 2, 0x01, 0x02, 0xC0, 0x01];
        let prefix = request(&bytes).expect("a prefix");
        assert_eq!(prefix, Prefix { network: 7, address: &[1, 2], bytes: 5 });
        assert_eq!(position(prefix.address), Some(258));
        let mut out = Vec::new();
        put_response(&prefix, &mut out);
        assert_eq!(out, [0xE7, 7, 2, 1, 2]);
    }

    #[test]
    fn what_is_cut_short_has_no_prefix() {
        for bytes in [&[0xE6, 0, 3, 1, 2][..], &[0xE6, 0], &[0xC0, 1, 2, 3], &[]] {
            assert_eq!(request(bytes), None);
        }
        assert_eq!(position(&[]), None);
        assert_eq!(position(&[0; 5]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some(prefix) = request(&bytes) {
                prop_assert!(prefix.bytes <= bytes.len() && prefix.address.len() <= 255);
            }
        }
    }
}
