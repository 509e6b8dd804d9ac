//! The frames by which a node without keys gets them: EAPOL with EAP-TLS and the four-way handshake (IEEE 802.1X, RFC 5216,
//! IEEE 802.11), between neighbours on its own, further on in UDP between the neighbour and the border router.
//!
//! Headers are real; what TLS and keys are inside is filler of the right length, because nobody here computes it.

use super::address;
use crate::medium::mesh::packet::Depth;
use crate::node::SiteId;
use crate::purpose::EAPOL;
use crate::spec::RouterStack;
use amitwin_sim_core::rng::Stream;

/// UDP ports of the relay and of the authenticator.
pub const PORTS: (u16, u16) = (10_253, 10_254);
/// What a relayed frame starts with: whom it is of or for, and which protocol.
pub const RELAY_BYTES: usize = 9;
const PROTOCOL_8021X: u8 = 1;
const PROTOCOL_4WH: u8 = 6;
const PROTOCOL_GROUP: u8 = 7;

/// Frames of an exchange: key request, identity asked and told, TLS, success, four-way handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// A request that names so many keys which the node has.
    KeyRequest {
        known: u16,
    },
    Identity {
        is_answer: bool,
    },
    /// EAP-TLS with so many bytes of TLS, and of a flight in pieces the length of the whole.
    Tls {
        bytes: u16,
        whole: Option<u32>,
    },
    Success,
    /// A message of the handshake with so many bytes of key data.
    Key {
        data: u16,
    },
    /// A message of the group handshake with so many bytes of key data.
    Group {
        data: u16,
    },
}

/// A frame of the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// From the border router to the node.
    pub is_down: bool,
    what: What,
}

const fn up(what: What) -> Step {
    Step { is_down: false, what }
}
const fn down(what: What) -> Step {
    Step { is_down: true, what }
}
const fn tls(bytes: u16) -> What {
    What::Tls { bytes, whole: None }
}
/// Flights with certificates of 460 bytes: client hello, server, client, finish.
const FLIGHTS: [u16; 4] = [86, 794, 678, 43];
/// Nanostack cuts TLS at this.
const PIECE: u16 = 600;
/// Key data: PMK id; that and what a group key needs, encrypted.
const PMKID: u16 = 22;
const GROUP_KEY: u16 = 56;
/// Node role and which group keys the node has.
const REQUEST: u16 = 14;

const WSRD: [Step; 14] = [
    up(What::KeyRequest { known: 0 }),
    down(What::Identity { is_answer: false }),
    up(What::Identity { is_answer: true }),
    down(tls(0)),
    up(tls(FLIGHTS[0])),
    down(tls(FLIGHTS[1])),
    up(tls(FLIGHTS[2])),
    down(tls(FLIGHTS[3])),
    up(tls(0)),
    down(What::Success),
    down(What::Key { data: PMKID }),
    up(What::Key { data: PMKID }),
    down(What::Key { data: GROUP_KEY }),
    up(What::Key { data: 0 }),
];

const fn first(flight: u16) -> What {
    What::Tls { bytes: PIECE, whole: Some(flight as u32) }
}
const NANOSTACK: [Step; 18] = [
    up(What::KeyRequest { known: 0 }),
    down(What::Identity { is_answer: false }),
    up(What::Identity { is_answer: true }),
    down(tls(0)),
    up(tls(FLIGHTS[0])),
    down(first(FLIGHTS[1])),
    up(tls(0)),
    down(tls(FLIGHTS[1] - PIECE)),
    up(first(FLIGHTS[2])),
    down(tls(0)),
    up(tls(FLIGHTS[2] - PIECE)),
    down(tls(FLIGHTS[3])),
    up(tls(0)),
    down(What::Success),
    down(What::Key { data: PMKID }),
    up(What::Key { data: PMKID }),
    down(What::Key { data: GROUP_KEY }),
    up(What::Key { data: 0 }),
];

const PAIRWISE: [Step; 5] = [
    up(What::KeyRequest { known: 1 }),
    down(What::Key { data: PMKID }),
    up(What::Key { data: PMKID }),
    down(What::Key { data: GROUP_KEY }),
    up(What::Key { data: 0 }),
];
const GROUP: [Step; 3] =
    [up(What::KeyRequest { known: 2 }), down(What::Group { data: GROUP_KEY }), up(What::Group { data: 0 })];

/// What of the exchange of a stack it takes, in order.
pub const fn frames(stack: RouterStack, depth: Depth) -> &'static [Step] {
    match depth {
        Depth::Full => exchange(stack),
        Depth::Pairwise => &PAIRWISE,
        Depth::Group => &GROUP,
    }
}

/// The exchange of a stack, in order. Each frame is the answer to the one before, but a success, which the next follows by itself.
pub const fn exchange(stack: RouterStack) -> &'static [Step] {
    match stack {
        RouterStack::Nanostack => &NANOSTACK,
        RouterStack::Wsrd => &WSRD,
    }
}

impl Step {
    /// Bytes of the EAPOL frame.
    pub fn bytes(&self) -> u16 {
        match self.what {
            What::KeyRequest { known } => 99 + REQUEST + known * PMKID,
            What::Identity { is_answer } => 9 + if is_answer { IDENTITY.len() as u16 } else { 0 },
            What::Tls { bytes, whole } => 10 + bytes + if whole.is_some() { 4 } else { 0 },
            What::Success => 8,
            What::Key { data } | What::Group { data } => 99 + data,
        }
    }

    /// The EAPOL frame; `id` counts EAP requests.
    pub fn encode(&self, node: SiteId, id: u8) -> Vec<u8> {
        const VERSION: u8 = 3;
        let (packet_type, body) = match self.what {
            What::KeyRequest { known } => (3, self.key(node, REQUEST + known * PMKID)),
            What::Key { data } | What::Group { data } => (3, self.key(node, data)),
            What::Identity { .. } => (0, self.eap(id, &[&[1], self.identity()].concat())),
            What::Tls { bytes, whole } => {
                let start = self.is_down && bytes == 0 && id < 3;
                let flags = (u8::from(whole.is_some()) * 0xc0) | (u8::from(start) * 0x20);
                let length = whole.map(u32::to_be_bytes);
                let mut data = vec![13, flags];
                data.extend(length.iter().flatten());
                data.extend(filler(node, id, bytes));
                (0, self.eap(id, &data))
            }
            What::Success => (0, vec![3, id, 0, 4]),
        };
        let mut out = vec![VERSION, packet_type];
        out.extend((body.len() as u16).to_be_bytes());
        out.extend(body);
        out
    }

    fn identity(&self) -> &'static [u8] {
        if matches!(self.what, What::Identity { is_answer: true }) { IDENTITY } else { &[] }
    }

    /// An EAP request or response.
    fn eap(&self, id: u8, data: &[u8]) -> Vec<u8> {
        let mut out = vec![if self.is_down { 1 } else { 2 }, id];
        out.extend((data.len() as u16 + 4).to_be_bytes());
        out.extend_from_slice(data);
        out
    }

    /// A key frame: descriptor, what it is, length of a key, replay counter, nonce, vector, counter, reserved, MIC, data.
    fn key(&self, node: SiteId, data: u16) -> Vec<u8> {
        const RSN: u8 = 2;
        let (pairwise, ack, mic, secure, request) = (1 << 3, 1 << 7, 1 << 8, 1 << 9, 1 << 11);
        let info: u16 = match self.what {
            What::KeyRequest { .. } => request,
            What::Group { .. } if self.is_down => ack | mic | secure,
            What::Group { .. } => mic | secure,
            What::Key { data: GROUP_KEY } => pairwise | ack | mic | secure,
            What::Key { .. } if self.is_down => pairwise | ack,
            _ => pairwise | mic,
        };
        let mut out = vec![RSN];
        out.extend(info.to_be_bytes());
        out.extend([0; 2 + 8]);
        out.extend(filler(node, 0, 32));
        out.extend([0; 16 + 8 + 8 + 16]);
        out.extend(data.to_be_bytes());
        out.extend(filler(node, 1, data));
        out
    }

    /// The frame as the relay and the border router send it to each other.
    pub fn relayed(&self, node: SiteId, id: u8) -> Vec<u8> {
        let protocol = match self.what {
            What::Key { .. } => PROTOCOL_4WH,
            What::Group { .. } => PROTOCOL_GROUP,
            _ => PROTOCOL_8021X,
        };
        let mut out = Vec::with_capacity(RELAY_BYTES + usize::from(self.bytes()));
        out.extend(address::eui64(node));
        out.push(protocol);
        out.extend(self.encode(node, id));
        out
    }

    /// The frame as neighbours send it to each other, behind the number of its protocol.
    pub fn direct(&self, node: SiteId, id: u8) -> Vec<u8> {
        self.relayed(node, id).split_off(RELAY_BYTES - 1)
    }
}

const IDENTITY: &[u8] = b"Anonymous";

fn filler(node: SiteId, purpose: u8, bytes: u16) -> Vec<u8> {
    let mut stream = Stream::new(u64::from(purpose), u64::from(node.0), EAPOL);
    (0..bytes).map(|_| stream.below(256) as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_as_long_as_is_charged_for_it() {
        use Depth::{Full, Group, Pairwise};
        use RouterStack::{Nanostack, Wsrd};
        for (stack, depth) in [(Nanostack, Full), (Wsrd, Full), (Wsrd, Pairwise), (Wsrd, Group)] {
            for (id, step) in (0..).zip(frames(stack, depth)) {
                let bytes = usize::from(step.bytes());
                assert_eq!(step.encode(SiteId(7), id).len(), bytes, "{step:?}");
                assert_eq!(step.relayed(SiteId(7), id).len(), bytes + 9);
                assert_eq!(step.direct(SiteId(7), id).len(), bytes + 1);
            }
        }
    }

    #[test]
    fn an_exchange_is_of_as_many_frames_and_bytes_as_was_counted() {
        let bytes = |stack| exchange(stack).iter().map(|step| u32::from(step.bytes())).sum::<u32>();
        // TLS 1,601, six EAP-TLS headers of 10, identities 9 + 18, success 8, key frames 5 x 99 + 14 + 22 + 22 + 56.
        assert_eq!(bytes(RouterStack::Wsrd), 1_601 + 6 * 10 + 27 + 8 + 495 + 114);
        // Two flights in two pieces: two more frames each, and the length of the whole.
        assert_eq!(bytes(RouterStack::Nanostack), bytes(RouterStack::Wsrd) + 4 * 10 + 2 * 4);
        let downs = |stack| exchange(stack).iter().filter(|step| step.is_down).count();
        assert_eq!((downs(RouterStack::Wsrd), downs(RouterStack::Nanostack)), (7, 9));
        // A node that has keys names them, 22 bytes each: 113 + 44, 155, 99; and 113 + 22, two of 121, 155, 99.
        let of = |depth| frames(RouterStack::Wsrd, depth).iter().map(Step::bytes).collect::<Vec<_>>();
        assert_eq!(of(Depth::Group), [157, 155, 99]);
        assert_eq!(of(Depth::Pairwise), [135, 121, 121, 155, 99]);
    }

    #[test]
    fn a_key_request_field_by_field() {
        let frame = exchange(RouterStack::Wsrd)[0].encode(SiteId(7), 0);
        // 802.1X version 3, key, 109 bytes; RSN descriptor, request; no key, counter 0.
        assert_eq!(frame[..15], [3, 3, 0, 109, 2, 0x08, 0x00, 0, 0, 0, 0, 0, 0, 0, 0]);
        // 14 bytes of data behind nonce, vector, counter, reserved, MIC.
        assert_eq!(frame[97..99], [0, 14]);
    }
}
