//! The frames by which a node without keys gets them: EAPOL with EAP-TLS and the four-way handshake (IEEE 802.1X, RFC 5216,
//! IEEE 802.11), between neighbours on its own, further on in UDP between the neighbour and the border router.
//!
//! Headers are real; what TLS and keys are inside is filler of the right length, because nobody here computes it.

use super::address;
use crate::medium::mesh::packet::Depth;
use crate::node::SiteId;
use crate::purpose::EAPOL;
use crate::spec::{BorderStack, CertificateChain, MeshSpec, RouterStack};
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
    /// EAP-TLS with so many bytes of TLS; of a flight in pieces the first has the length of the whole, and all but the last say that there are more.
    Tls {
        bytes: u16,
        whole: Option<u32>,
        more: bool,
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

/// What an exchange is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Stack of the node, which cuts what it sends.
    pub router: RouterStack,
    /// Stack of the border router, likewise.
    pub border: BorderStack,
    /// Which certificates both show.
    pub chain: CertificateChain,
}

/// Bytes of TLS of each flight: client hello, server, client, finish. Certificates have 460 bytes, with that of their authority twice as many.
const fn flights(chain: CertificateChain) -> [u16; 4] {
    match chain {
        CertificateChain::Own => [86, 794, 678, 43],
        CertificateChain::WithAuthority => [86, 1_219, 1_103, 43],
    }
}

/// TLS is cut at this: N `EAP_TLS_FRAGMENT_LEN_VALUE`, W `WS_MTU_BYTES`.
const NANOSTACK_PIECE: u16 = 600;
const WISUN_PIECE: u16 = 1_576;
/// Key data: PMK id; that and what a group key needs, encrypted.
const PMKID: u16 = 22;
const GROUP_KEY: u16 = 56;
/// Node role and which group keys the node has.
const REQUEST: u16 = 14;

const fn step(is_down: bool, what: What) -> Step {
    Step { is_down, what }
}

const PAIRWISE: [Step; 4] = [
    step(true, What::Key { data: PMKID }),
    step(false, What::Key { data: PMKID }),
    step(true, What::Key { data: GROUP_KEY }),
    step(false, What::Key { data: 0 }),
];
const GROUP: [Step; 2] = [step(true, What::Group { data: GROUP_KEY }), step(false, What::Group { data: 0 })];

/// A message of TLS from one to the other, in as many pieces as it takes, of which each but the last is acknowledged.
fn flight(is_down: bool, bytes: u16, piece: u16, steps: &mut Vec<Step>) {
    let mut left = bytes;
    while left > piece {
        let whole = (left == bytes).then_some(u32::from(bytes));
        steps.push(step(is_down, What::Tls { bytes: piece, whole, more: true }));
        steps.push(step(!is_down, EMPTY));
        left -= piece;
    }
    steps.push(step(is_down, What::Tls { bytes: left, whole: None, more: false }));
}

const EMPTY: What = What::Tls { bytes: 0, whole: None, more: false };

impl Exchange {
    /// That of a mesh.
    pub fn of(spec: &MeshSpec) -> Self {
        Exchange { router: spec.stack, border: spec.border_stack(), chain: spec.certificate_chain }
    }

    /// Its frames, or what of them a part of it takes, in order. Each is the answer to the one before, but a success and the confirmation of a group key,
    /// which the border router's next follows by itself.
    pub fn frames(&self, depth: Depth) -> Vec<Step> {
        let known = match depth {
            Depth::Full => 0,
            Depth::Pairwise => 1,
            Depth::Group => 2,
        };
        let mut steps = vec![step(false, What::KeyRequest { known })];
        match depth {
            Depth::Full => {
                steps.push(step(true, What::Identity { is_answer: false }));
                steps.push(step(false, What::Identity { is_answer: true }));
                steps.push(step(true, EMPTY));
                for (n, bytes) in flights(self.chain).into_iter().enumerate() {
                    let is_down = n % 2 == 1;
                    let is_nanostack = match is_down {
                        true => self.border == BorderStack::Nanostack,
                        false => self.router == RouterStack::Nanostack,
                    };
                    flight(is_down, bytes, if is_nanostack { NANOSTACK_PIECE } else { WISUN_PIECE }, &mut steps);
                }
                steps.extend([step(false, EMPTY), step(true, What::Success)]);
                steps.extend(PAIRWISE);
                if self.has_lfn_key() {
                    steps.extend(GROUP);
                }
            }
            Depth::Pairwise => steps.extend(PAIRWISE),
            Depth::Group => steps.extend(GROUP),
        }
        steps
    }

    /// Number of the frame by which the node confirms the group key.
    pub fn confirms(&self, depth: Depth) -> usize {
        let behind = if depth == Depth::Full && self.has_lfn_key() { GROUP.len() } else { 0 };
        self.frames(depth).len() - 1 - behind
    }

    /// Whether a router gets the key of nodes of low function as well. W `authenticator_key.c`: those that say that they are routers of FAN 1.1 do.
    fn has_lfn_key(&self) -> bool {
        self.router == RouterStack::Wsrd && self.border == BorderStack::Wsbrd
    }
}

impl Step {
    /// Bytes of the EAPOL frame.
    pub fn bytes(&self) -> u16 {
        match self.what {
            What::KeyRequest { known } => 99 + REQUEST + known * PMKID,
            What::Identity { is_answer } => 9 + if is_answer { IDENTITY.len() as u16 } else { 0 },
            What::Tls { bytes, whole, .. } => 10 + bytes + if whole.is_some() { 4 } else { 0 },
            What::Success => 8,
            What::Key { data } | What::Group { data } => 99 + data,
        }
    }

    /// Whether it tells a node that its certificate is accepted.
    pub fn is_success(&self) -> bool {
        self.what == What::Success
    }

    /// The EAPOL frame; `id` counts EAP requests.
    pub fn encode(&self, node: SiteId, id: u8) -> Vec<u8> {
        const VERSION: u8 = 3;
        let (packet_type, body) = match self.what {
            What::KeyRequest { known } => (3, self.key(node, REQUEST + known * PMKID)),
            What::Key { data } | What::Group { data } => (3, self.key(node, data)),
            What::Identity { .. } => (0, self.eap(id, &[&[1], self.identity()].concat())),
            What::Tls { bytes, whole, more } => {
                let start = self.is_down && bytes == 0 && id < 3;
                let flags = (u8::from(whole.is_some()) * 0x80) | (u8::from(more) * 0x40) | (u8::from(start) * 0x20);
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

    const WISUN: Exchange =
        Exchange { router: RouterStack::Wsrd, border: BorderStack::Wsbrd, chain: CertificateChain::Own };
    const NANOSTACK: Exchange = Exchange { router: RouterStack::Nanostack, border: BorderStack::Nanostack, ..WISUN };

    fn with_authority(exchange: Exchange) -> Exchange {
        Exchange { chain: CertificateChain::WithAuthority, ..exchange }
    }

    #[test]
    fn every_frame_is_as_long_as_is_charged_for_it() {
        use Depth::{Full, Group, Pairwise};
        let all = [(WISUN, Full), (NANOSTACK, Full), (WISUN, Pairwise), (WISUN, Group)];
        for (exchange, depth) in all.into_iter().chain([(with_authority(NANOSTACK), Full)]) {
            for (id, step) in (0..).zip(exchange.frames(depth)) {
                let bytes = usize::from(step.bytes());
                assert_eq!(step.encode(SiteId(7), id).len(), bytes, "{step:?}");
                assert_eq!(step.relayed(SiteId(7), id).len(), bytes + 9);
                assert_eq!(step.direct(SiteId(7), id).len(), bytes + 1);
            }
        }
    }

    #[test]
    fn an_exchange_is_of_as_many_frames_and_bytes_as_was_counted() {
        let bytes = |exchange: Exchange| exchange.frames(Depth::Full).iter().map(|s| u32::from(s.bytes())).sum::<u32>();
        // TLS 1,601, six EAP-TLS headers of 10, identities 9 + 18, success 8, key frames 5 x 99 + 14 + 22 + 22 + 56: 14 frames.
        let own = 1_601 + 6 * 10 + 27 + 8 + 495 + 114;
        // Under wsbrd a router gets the key of nodes of low function behind: 99 + 56 and 99.
        assert_eq!(bytes(WISUN), own + 155 + 99);
        assert_eq!(bytes(Exchange { border: BorderStack::Nanostack, ..WISUN }), own + 2 * 10 + 4);
        // Two flights in two pieces: two more frames each, and the length of the whole.
        assert_eq!(bytes(NANOSTACK), own + 4 * 10 + 2 * 4);
        // The certificate of the authority twice, 425 bytes each; 1,219 bytes are three pieces, one more with its acknowledgement.
        assert_eq!(bytes(with_authority(WISUN)), bytes(WISUN) + 850);
        assert_eq!(bytes(with_authority(NANOSTACK)), bytes(NANOSTACK) + 850 + 2 * 10);
        let frames = |exchange: Exchange| exchange.frames(Depth::Full).len();
        assert_eq!([WISUN, NANOSTACK, with_authority(WISUN), with_authority(NANOSTACK)].map(frames), [16, 18, 16, 20]);
        // A node that has keys names them, 22 bytes each: 113 + 44, 155, 99; and 113 + 22, two of 121, 155, 99.
        let of = |depth| WISUN.frames(depth).iter().map(Step::bytes).collect::<Vec<_>>();
        assert_eq!(of(Depth::Group), [157, 155, 99]);
        assert_eq!(of(Depth::Pairwise), [135, 121, 121, 155, 99]);
        // The group key is confirmed by the last but two of the whole, and the last of the others.
        assert_eq!([Depth::Full, Depth::Pairwise, Depth::Group].map(|depth| WISUN.confirms(depth)), [13, 4, 2]);
        assert_eq!(NANOSTACK.confirms(Depth::Full), 17);
    }

    #[test]
    fn a_flight_in_three_pieces_says_how_long_it_is_and_where_it_ends() {
        let steps = with_authority(NANOSTACK).frames(Depth::Full);
        // Behind request, identities, start and hello: 600, 600 and 19 bytes with an empty frame after each but the last.
        let flags = |n: usize| (steps[n].bytes(), steps[n].encode(SiteId(7), 3)[9], steps[n].is_down);
        assert_eq!([5, 6, 7, 8, 9].map(flags).map(|f| f.0), [614, 10, 610, 10, 29]);
        // EAP-TLS flags stand behind the headers of EAPOL (4) and EAP (5): length and more, more, neither.
        assert_eq!([5, 7, 9].map(flags).map(|f| (f.1, f.2)), [(0xc0, true), (0x40, true), (0, true)]);
    }

    #[test]
    fn a_key_request_field_by_field() {
        let frame = WISUN.frames(Depth::Full)[0].encode(SiteId(7), 0);
        // 802.1X version 3, key, 109 bytes; RSN descriptor, request; no key, counter 0.
        assert_eq!(frame[..15], [3, 3, 0, 109, 2, 0x08, 0x00, 0, 0, 0, 0, 0, 0, 0, 0]);
        // 14 bytes of data behind nonce, vector, counter, reserved, MIC.
        assert_eq!(frame[97..99], [0, 14]);
    }
}
