//! The wrapper on a stream: the same frames however the stream is cut, and a bounded rest.

use crate::Input;
use amitwin_dlms::link::gateway_form;
use amitwin_dlms::link::wrapper::{HEADER_BYTES, WrapperError, datagram, next, put};

const APDU_MAX: u16 = 1_152;

type Frames = (Vec<(u16, u16, Vec<u8>)>, Option<WrapperError>);

/// All frames of a stream that comes in pieces, up to what is wrong.
fn frames<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Frames {
    let (mut held, mut found) = (Vec::new(), Vec::new());
    for piece in pieces {
        held.extend_from_slice(piece);
        loop {
            match next(&held, APDU_MAX) {
                Ok(Some(frame)) => {
                    assert!(frame.bytes > HEADER_BYTES && frame.bytes <= held.len());
                    found.push((frame.source, frame.destination, held[HEADER_BYTES..frame.bytes].to_vec()));
                    held.drain(..frame.bytes);
                }
                Ok(None) => break,
                Err(error) => return (found, Some(error)),
            }
        }
        assert!(held.len() < HEADER_BYTES + usize::from(APDU_MAX), "an unfinished frame is bounded");
    }
    (found, None)
}

/// One input.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let step = 1 + usize::from(input.byte());
    let stream = input.0;
    let whole = frames([stream].into_iter());
    let cut = frames(stream.chunks(step));
    assert_eq!(whole.0, cut.0, "the same frames");
    assert_eq!(whole.1.is_some(), cut.1.is_some(), "the same end");
    let single = frames(stream.chunks(1));
    assert_eq!((&single.0, single.1.is_some()), (&whole.0, whole.1.is_some()));
    let mut again = Vec::new();
    for (source, destination, apdu) in &whole.0 {
        assert!(put(*source, *destination, apdu, &mut again));
        if let Some(prefix) = gateway_form::request(apdu) {
            let _ = gateway_form::position(prefix.address);
            let mut answer = Vec::new();
            gateway_form::put_response(&prefix, &mut answer);
            assert_eq!(answer.len(), prefix.bytes);
        }
    }
    assert_eq!(again[..], stream[..again.len()], "frames are what was sent");
    assert_eq!(datagram(stream, APDU_MAX).is_ok(), whole.0.len() == 1 && again.len() == stream.len());
}
