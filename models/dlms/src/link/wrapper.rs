//! The wrapper: version, source, destination, length, each of two bytes, then the APDU.

use dlms_cosem_rs::transport::wrapper::{Header, VERSION};
use thiserror::Error;

/// Bytes in front of the APDU.
pub const HEADER_BYTES: usize = Header::LEN;

/// A frame at the start of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Who sent it: the client's address in a request.
    pub source: u16,
    /// Whom it is for: the logical device in a request.
    pub destination: u16,
    /// Bytes of the whole frame; the APDU begins after [`HEADER_BYTES`].
    pub bytes: usize,
}

/// Why a stream cannot go on, or a datagram is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WrapperError {
    /// Not version 1.
    #[error("wrapper version {0:#06x} instead of 0x0001")]
    Version(u16),
    /// More than is taken.
    #[error("a wrapper frame of {bytes} B, of which at most {max} B are taken")]
    Oversize {
        /// As announced.
        bytes: u16,
        /// Limit.
        max: u16,
    },
    /// A frame without an APDU.
    #[error("a wrapper frame without an APDU")]
    Empty,
    /// A datagram that is not exactly one frame.
    #[error("a datagram of {0} B that is not one wrapper frame")]
    NotOne(usize),
}

/// The frame at the start of a stream; `None` while it has not arrived in full.
///
/// # Errors
/// As soon as the header shows it; the stream has no place to go on from then.
pub fn next(stream: &[u8], apdu_max: u16) -> Result<Option<Frame>, WrapperError> {
    let word = |at: usize| Some(u16::from_be_bytes([*stream.get(at)?, *stream.get(at + 1)?]));
    match (word(0), stream.first()) {
        (Some(version), _) if version != VERSION => return Err(WrapperError::Version(version)),
        (None, Some(first)) if *first != 0 => return Err(WrapperError::Version(u16::from(*first) << 8)),
        _ => {}
    }
    let (Some(source), Some(destination), Some(bytes)) = (word(2), word(4), word(6)) else { return Ok(None) };
    match bytes {
        0 => Err(WrapperError::Empty),
        _ if bytes > apdu_max => Err(WrapperError::Oversize { bytes, max: apdu_max }),
        _ => {
            let frame = Frame { source, destination, bytes: HEADER_BYTES + usize::from(bytes) };
            Ok((stream.len() >= frame.bytes).then_some(frame))
        }
    }
}

/// The frame that is a datagram.
///
/// # Errors
/// As [`next()`], and when the datagram holds less or more than one frame.
pub fn datagram(bytes: &[u8], apdu_max: u16) -> Result<Frame, WrapperError> {
    match next(bytes, apdu_max)? {
        Some(frame) if frame.bytes == bytes.len() => Ok(frame),
        _ => Err(WrapperError::NotOne(bytes.len())),
    }
}

/// Appends a frame; what does not fit into 16 bits of length is left out, and `false` says so.
pub fn put(source: u16, destination: u16, apdu: &[u8], out: &mut Vec<u8>) -> bool {
    let Ok(length) = u16::try_from(apdu.len()) else { return false };
    for word in [VERSION, source, destination, length] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    out.extend_from_slice(apdu);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_frame_is_eight_bytes_and_the_apdu() {
        let mut out = Vec::new();
        assert!(put(0x10, 1, &[0xC0, 0x01, 0x81], &mut out));
        assert_eq!(out, [0, 1, 0, 0x10, 0, 1, 0, 3, 0xC0, 0x01, 0x81]);
        let frame = Frame { source: 0x10, destination: 1, bytes: 11 };
        assert_eq!(next(&out, 3), Ok(Some(frame)));
        assert_eq!(datagram(&out, 3), Ok(frame));
        assert!(!put(1, 1, &[0; 65_536], &mut out));
    }

    #[test]
    fn what_is_wrong_shows_before_it_is_kept() {
        assert_eq!(next(&[0, 2], 100), Err(WrapperError::Version(2)));
        assert_eq!(next(&[0x7E], 100), Err(WrapperError::Version(0x7E00)));
        assert_eq!(
            next(&[0, 1, 0, 16, 0, 1, 0xFF, 0xFF], 100),
            Err(WrapperError::Oversize { bytes: 65_535, max: 100 })
        );
        assert_eq!(next(&[0, 1, 0, 16, 0, 1, 0, 0], 100), Err(WrapperError::Empty));
        assert_eq!(datagram(&[0, 1, 0, 16, 0, 1, 0, 2, 9], 100), Err(WrapperError::NotOne(9)));
        assert_eq!(datagram(&[0, 1, 0, 16, 0, 1, 0, 1, 9, 9], 100), Err(WrapperError::NotOne(10)));
    }

    proptest! {
        /// However a stream of frames is cut, the same frames come out of it.
        #[test]
        fn split_and_merged_segments_are_put_together(
            apdus in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..60), 1..8),
            cuts in proptest::collection::vec(1usize..40, 1..60),
        ) {
            let mut stream = Vec::new();
            for (n, apdu) in apdus.iter().enumerate() {
                put(n as u16, 1, apdu, &mut stream);
            }
            let (mut held, mut found, mut at) = (Vec::new(), Vec::new(), 0);
            for cut in cuts.iter().cycle() {
                if at == stream.len() {
                    break;
                }
                let end = stream.len().min(at + cut);
                held.extend_from_slice(&stream[at..end]);
                at = end;
                while let Some(frame) = next(&held, 60).expect("no error") {
                    prop_assert_eq!(usize::from(frame.source), found.len());
                    found.push(held[HEADER_BYTES..frame.bytes].to_vec());
                    held.drain(..frame.bytes);
                }
                prop_assert!(held.len() < HEADER_BYTES + 60);
            }
            prop_assert_eq!(found, apdus);
            prop_assert!(held.is_empty());
        }

        #[test]
        fn garbage_never_panics_and_never_asks_for_more_than_the_limit(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(None) = next(&bytes, 100) {
                prop_assert!(bytes.len() < HEADER_BYTES + 100);
            }
            let _ = datagram(&bytes, 100);
        }
    }
}
