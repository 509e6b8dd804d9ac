//! A meter and what a client sends it: associations, services in the clear and ciphered with right and wrong counters, whole and
//! in general blocks.

use crate::Input;
use amitwin_dlms::cipher::{self, Aead, Form, Lock, Sealing};
use amitwin_dlms::{
    Call, CivilTime, Client, Effects, Fleet, KeyMaster, LocalTime, Meter, Moment, Reaction, Rest, Scratch, Session,
    Vendor, answer_in_blocks,
};
use dlms_cosem_rs::security::SecuritySuite;
use dlms_cosem_rs::xdlms::{Protection, SecurityControl};
use std::sync::LazyLock;

const TITLE: [u8; 8] = *b"HES\0\0\0\0\x01";
const READER: u16 = 0x11;
/// Largest APDU of the associations that are opened here, bytes.
const PDU: usize = 512;

static FLEET: LazyLock<Fleet> = LazyLock::new(|| Fleet {
    seed: 1,
    time: CivilTime { start_unix_s: 1_767_225_600, local: LocalTime::fixed(60) },
    vendors: vec![Vendor { manual_alias: true, suite: SecuritySuite::Suite1, ..Vendor::default() }],
    keys: KeyMaster::Test,
    challenge_key: [1; 32],
});

/// An initiate request of all services that takes 512 bytes.
const INITIATE: [u8; 14] = [1, 0, 0, 0, 6, 0x5F, 0x1F, 4, 0, 0xFF, 0xFF, 0xFF, 2, 0];
/// The same without blocks of a service, so that general ones are left.
const GENERAL_BLOCKS: [u8; 14] = [1, 0, 0, 0, 6, 0x5F, 0x1F, 4, 0, 0x60, 0x02, 0x5D, 2, 0];

struct Place {
    rest: Rest,
    session: Option<Box<Session>>,
    client: u16,
    counter: u32,
    /// General blocks sent, and those of the meter that have come.
    blocks: (u16, u16),
    now: Moment,
    /// Largest answer, bytes.
    most: usize,
    scratch: Scratch,
    out: Vec<u8>,
}

/// One input: a run of requests to one meter.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let mut place = Place {
        rest: Rest::default(),
        session: None,
        client: READER,
        counter: 1,
        blocks: (0, 0),
        now: Moment { unix_ms: FLEET.time.start_unix_s * 1_000 },
        most: usize::MAX,
        scratch: Scratch::default(),
        out: Vec::new(),
    };
    while !input.0.is_empty() {
        match input.byte() & 15 {
            0 => {
                let mut request = input.piece(1_152).to_vec();
                if request.first() == Some(&0x60) {
                    place.most = usize::MAX;
                }
                place.ask(&mut request);
            }
            1 => place.open(false, &INITIATE),
            2 => place.open(true, &INITIATE),
            3 => place.sealed(Form::Service(Protection::Global), 0x31, input.piece(1_024), 1),
            4 => place.sealed(Form::General(Protection::Global), 0x31, input.piece(1_024), 1),
            5 => {
                let control = input.byte();
                let step = u32::from(input.byte());
                place.sealed(Form::Service(Protection::Global), control, input.piece(1_024), step);
            }
            6 => {
                let meter = Meter { fleet: &FLEET, number: 7 };
                place.client = 1;
                place.most = usize::from(meter.vendor().pdu_max);
                place.session = Some(Session::pre_established(meter, &place.rest, Client::Management, TITLE, u16::MAX));
            }
            8 => place.open(false, &GENERAL_BLOCKS),
            9 => place.open(true, &GENERAL_BLOCKS),
            10 => {
                // A block near the one that is due.
                let [control, number, ack] = [input.byte(), input.byte(), input.byte()];
                let number = place.blocks.0.wrapping_add(1).wrapping_add_signed(i16::from(number as i8));
                let ack = place.blocks.1.wrapping_add_signed(i16::from(ack as i8));
                place.block(control, number, ack, input.piece(1_024));
            }
            11 => {
                // A whole request in blocks, and its answer to the end.
                let (ciphered, window, bytes) = (input.byte() & 1 != 0, input.byte() & 63, input.byte().max(1));
                place.in_blocks(ciphered, window, bytes.into(), input.piece(1_024));
            }
            _ => {
                place.now.unix_ms += i64::from(input.byte()) * 450_000;
                place.client = [0x10, READER, 1, 0x20][usize::from(input.byte() & 3)];
                place.session = None;
            }
        }
    }
}

fn seal(form: Form, control: u8, counter: u32, plain: &[u8]) -> Option<Vec<u8>> {
    let meter = Meter { fleet: &FLEET, number: 7 };
    let keys = FLEET.keys.of_meter(meter.system_title(), SecuritySuite::Suite1);
    let aead = Aead::new(SecuritySuite::Suite1, &keys.unicast);
    let lock = Lock { aead: &aead, authentication: &keys.authentication[..16] };
    let (mut out, mut scratch) = (Vec::new(), Vec::new());
    let sealing = Sealing { form, control: SecurityControl(control), title: &TITLE, counter };
    cipher::seal(lock, &sealing, plain, &mut out, &mut scratch)?;
    Some(out)
}

impl Place {
    fn open(&mut self, ciphered: bool, initiate: &[u8]) {
        self.client = READER;
        let context = if ciphered { 3 } else { 1 };
        let mut body = vec![0xA1, 9, 6, 7, 0x60, 0x85, 0x74, 5, 8, 1, context];
        let mut information = initiate.to_vec();
        if ciphered {
            body.extend_from_slice(&[0xA6, 10, 4, 8]);
            body.extend_from_slice(&TITLE);
            let counter = self.next(1);
            information = seal(Form::Service(Protection::Global), 0x31, counter, initiate).expect("short");
        }
        body.extend_from_slice(&[0x8A, 2, 7, 0x80, 0x8B, 7, 0x60, 0x85, 0x74, 5, 8, 2, 1, 0xAC, 10, 0x80, 8]);
        body.extend_from_slice(b"12345678");
        body.extend_from_slice(&[0xBE, information.len() as u8 + 2, 4, information.len() as u8]);
        body.extend_from_slice(&information);
        let mut request = [&[0x60, body.len() as u8], &body[..]].concat();
        self.most = usize::MAX;
        self.ask(&mut request);
        assert!(self.session.is_some(), "an honest association is refused: {:02X?}", self.out);
        self.most = PDU;
    }

    /// The next counter of the client, or one that was used where `step` is 0.
    fn next(&mut self, step: u32) -> u32 {
        let expected = self.rest.received.into_iter().max().unwrap_or(0);
        self.counter = self.counter.max(expected).saturating_add(step).min(u32::MAX - 1);
        self.counter
    }

    fn sealed(&mut self, form: Form, control: u8, plain: &[u8], step: u32) {
        let counter = if step == 0 { self.counter } else { self.next(step) };
        if let Some(mut request) = seal(form, control, counter, plain) {
            self.ask(&mut request);
        }
    }

    fn block(&mut self, control: u8, number: u16, ack: u16, data: &[u8]) {
        let [a, b] = number.to_be_bytes();
        let [c, d] = ack.to_be_bytes();
        let length = (data.len() as u16).to_be_bytes();
        let mut request = [&[0xE0, control, a, b, c, d, 0x82], &length[..], data].concat();
        self.blocks.0 = number;
        self.ask(&mut request);
    }

    fn in_blocks(&mut self, ciphered: bool, window: u8, bytes: usize, plain: &[u8]) {
        let request = if ciphered {
            let counter = self.next(1);
            let Some(sealed) = seal(Form::General(Protection::Global), 0x31, counter, plain) else { return };
            sealed
        } else {
            plain.to_vec()
        };
        self.blocks = (0, 0);
        let pieces = request.chunks(bytes).count();
        for (n, piece) in request.chunks(bytes).enumerate() {
            let last = if n + 1 == pieces { 0x80 } else { 0x40 };
            self.block(last | window, n as u16 + 1, 0, piece);
        }
        // An answer has at most 256 KiB, in blocks of some 500 bytes.
        for _ in 0..1_000 {
            if !matches!(self.out[..], [0xE0, control, ..] if control & 0x80 == 0) {
                break;
            }
            self.block(0x80 | window.max(1), self.blocks.0.saturating_add(1), self.blocks.1, &[]);
        }
    }

    fn ask(&mut self, request: &mut [u8]) {
        let meter = Meter { fleet: &FLEET, number: 7 };
        let (tag, before, open) = (request.first().copied(), self.rest.clone(), self.session.is_some());
        let mut effects = Effects::default();
        let Place { rest, session, scratch, out, .. } = self;
        let mut more = Vec::new();
        let mut call = Call { meter, rest, now: self.now, scratch, effects: &mut effects };
        let reaction = answer_in_blocks(&mut call, session, self.client, request, out, &mut more);
        assert_eq!(reaction == Reaction::Reply, !out.is_empty() && reaction == Reaction::Reply);
        for apdu in std::iter::once(&*out).chain(&more) {
            assert!(apdu.len() <= self.most, "{} bytes to a client that takes {}", apdu.len(), self.most);
            if let [0xE0, _, high, low, ..] = apdu[..] {
                self.blocks.1 = u16::from_be_bytes([high, low]);
            }
        }
        assert!(more.len() < 8 && (more.is_empty() || tag == Some(0xE0)), "{} more APDUs", more.len());
        assert!(rest.counter >= before.counter, "a counter goes back");
        for (after, before) in rest.received.iter().zip(before.received) {
            assert!(*after >= before, "a counter that was seen is forgotten");
        }
        assert!(effects.rest_changed || rest.counter == before.counter, "a counter is used and not kept");
        if !open && !matches!(tag, Some(0x60 | 0x62)) {
            let refused = reaction != Reaction::Reply || out.first() == Some(&0xD8);
            assert!(refused, "answered without an association: {out:02X?}");
            assert_eq!(*rest, before, "changed without an association");
        }
    }
}
