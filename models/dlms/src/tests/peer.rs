//! The protocol crate's own client against the server, in one process: what it understands, and how long answers are.

use crate::crypto::keys::KeyMaster;
use crate::meter::fleet::{Fleet, Vendor};
use crate::server::Reaction;
use crate::session::hls::Mechanism;
use crate::tests::client::{TestClient, fleet};
use dlms_cosem_rs::Obis;
use dlms_cosem_rs::acse::AuthMechanism;
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::client::{AssociationStep, BlockCollector, BlockSender, ClientConfig, ClientSession, Response};
use dlms_cosem_rs::codec::{Decode, Encode, Writer};
use dlms_cosem_rs::cosem::EntryDescriptor;
use dlms_cosem_rs::security::{
    Key, KeyRing, RandomSource, RustCryptoProvider, Secret, SecurityPolicy, SecuritySuite, SystemTitle,
};
use dlms_cosem_rs::xdlms::{
    ActionResult, AttributeDescriptor, AttributeDescriptorWithSelection, DataAccessResult, GetDataResult, List,
    MethodDescriptor, SelectiveAccess, ServiceError,
};

const ENERGY: AttributeDescriptor = AttributeDescriptor::new(3, Obis::new(1, 0, 1, 8, 0, 255), 2);
const LIST: AttributeDescriptor = AttributeDescriptor::new(15, Obis::new(0, 0, 40, 0, 0, 255), 2);
const LOAD: AttributeDescriptor = AttributeDescriptor::new(7, Obis::new(1, 0, 99, 1, 0, 255), 2);
const MODE: AttributeDescriptor = AttributeDescriptor::new(70, Obis::new(0, 0, 96, 3, 10, 255), 4);
const RELAY: Obis = Obis::new(0, 0, 96, 3, 10, 255);
const IMAGE: Obis = Obis::new(0, 0, 44, 0, 0, 255);
const UNKNOWN: AttributeDescriptor = AttributeDescriptor::new(3, Obis::new(1, 0, 77, 8, 0, 255), 2);

struct Constant;

impl RandomSource for Constant {
    fn fill(&self, out: &mut [u8]) -> dlms_cosem_rs::codec::Result<()> {
        out.fill(0xA5);
        Ok(())
    }
}

/// How the client protects what it sends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Keys {
    Plain,
    Global,
    Dedicated,
}

struct Peer<'a> {
    client: ClientSession<RustCryptoProvider<Constant>, 4096>,
    line: TestClient<'a>,
    /// Longest answer that the client said it takes.
    pdu: usize,
    last: Vec<u8>,
}

impl<'a> Peer<'a> {
    fn open(fleet: &'a Fleet, mechanism: Mechanism, keys: Keys, pdu: u16) -> Self {
        let address = match mechanism {
            Mechanism::None => 0x10,
            Mechanism::Low => 0x11,
            _ => 0x01,
        };
        let line = TestClient::new(fleet, address);
        let suite = fleet.vendors[0].suite;
        let own = fleet.keys.of_meter(line.meter.system_title(), suite);
        let short = |key: &[u8; 32]| std::array::from_fn(|n| key[n]);
        let mut ring = match suite {
            SecuritySuite::Suite2 => KeyRing::new_256(own.unicast, own.authentication),
            _ => KeyRing::new(short(&own.unicast), short(&own.authentication)),
        };
        ring.set_dedicated(if suite == SecuritySuite::Suite2 { Key::new_256([7; 32]) } else { Key::new([7; 16]) });
        let policy = SecurityPolicy::authenticated_encrypted(suite).with_dedicated(keys == Keys::Dedicated);
        let config = ClientConfig {
            client_sap: address as u8,
            system_title: Some(SystemTitle(line.title)),
            mechanism: AuthMechanism::from_arc(mechanism.arc()),
            password: (mechanism == Mechanism::Low).then(|| Secret::new(&own.password).unwrap()),
            security: if keys == Keys::Plain { SecurityPolicy::NONE } else { policy },
            max_pdu_size: pdu,
            ..ClientConfig::default()
        };
        let client = ClientSession::new(config, RustCryptoProvider::with_rng(ring, Constant));
        let mut peer = Peer { client, line, pdu: usize::from(pdu), last: Vec::new() };
        let mut buffer = [0; 2_048];
        let length = peer.client.associate_request(&mut buffer).unwrap();
        let reply = peer.send(&buffer[..length]);
        let mut step = peer.client.handle_associate_response(&reply).unwrap();
        assert_eq!(step == AssociationStep::HlsReplyRequired, mechanism.is_high());
        if mechanism.is_high() {
            let length = peer.client.hls_reply_request(&mut buffer).unwrap();
            let reply = peer.send(&buffer[..length]);
            step = peer.client.handle_hls_reply_response(&reply).unwrap();
        }
        assert_eq!(step, AssociationStep::Established, "{mechanism:?} {keys:?}");
        peer
    }

    fn send(&mut self, request: &[u8]) -> Vec<u8> {
        self.last = request.to_vec();
        let (reaction, reply) = self.line.ask(request);
        assert_eq!(reaction, Reaction::Reply);
        reply
    }

    /// Sends what `build` writes; the answer is as the client reads it, and as long as agreed.
    fn ask<T>(
        &mut self,
        build: impl FnOnce(&mut ClientSession<RustCryptoProvider<Constant>, 4096>, &mut [u8]) -> usize,
        read: impl FnOnce(Response<'_>) -> T,
    ) -> T {
        let mut buffer = vec![0; 70_000];
        let length = build(&mut self.client, &mut buffer);
        let reply = self.send(&buffer[..length]);
        assert!(reply.len() <= self.pdu, "{} bytes to a client that takes {}", reply.len(), self.pdu);
        read(self.client.handle_response(&reply, &mut buffer).unwrap())
    }

    fn get(&mut self, what: AttributeDescriptor) -> Result<Vec<u8>, DataAccessResult> {
        self.get_some(what, None)
    }

    /// The encoded value of an attribute, its blocks put together by the client.
    fn get_some(
        &mut self,
        what: AttributeDescriptor,
        rows: Option<SelectiveAccess<'_>>,
    ) -> Result<Vec<u8>, DataAccessResult> {
        self.whole(|client, buffer| client.get_request(what, rows, buffer).unwrap())
    }

    fn whole(
        &mut self,
        build: impl FnOnce(&mut ClientSession<RustCryptoProvider<Constant>, 4096>, &mut [u8]) -> usize,
    ) -> Result<Vec<u8>, DataAccessResult> {
        let mut store = vec![0; 200_000];
        let mut collector = BlockCollector::new(&mut store);
        let mut push = |response: Response<'_>| match response {
            Response::Data(data) => {
                let mut whole = Vec::new();
                data.encode(&mut whole).unwrap();
                Some(Ok(whole))
            }
            Response::Block { last, number, data } => {
                collector.push(number, data).unwrap();
                last.then(|| Ok(collector.bytes().to_vec()))
            }
            Response::DataError(error) => Some(Err(error)),
            other => panic!("{other:?}"),
        };
        let mut done = self.ask(build, &mut push);
        let mut block = 1;
        while done.is_none() {
            let next = |client: &mut ClientSession<_, 4096>, buffer: &mut [u8]| {
                client.get_next_block_request(block, buffer).unwrap()
            };
            done = self.ask(next, &mut push);
            block += 1;
        }
        done.unwrap()
    }

    /// Sends a long request to its end; the client reads the last answer.
    fn upload<T>(&mut self, mut sender: BlockSender<'_>, mut read: impl FnMut(Response<'_>) -> T) -> (usize, T) {
        let most = usize::from(self.line.meter.vendor().pdu_max);
        loop {
            let block = sender.block() + 1;
            let step = |client: &mut ClientSession<_, 4096>, buffer: &mut [u8]| {
                client.next_block_request(&mut sender, buffer).unwrap()
            };
            let done = self.ask(step, |response| match response {
                Response::BlockAccepted { number } => {
                    assert_eq!(number, block);
                    None
                }
                other => Some(read(other)),
            });
            assert!(self.last.len() <= most);
            if let Some(done) = done {
                assert!(sender.is_done());
                return (block as usize, done);
            }
        }
    }
}

fn suite(suite: SecuritySuite) -> Fleet {
    fleet(Vendor { suite, ..Vendor::default() })
}

#[test]
fn the_client_reads_through_every_association_that_it_can_open() {
    use SecuritySuite::{Suite0, Suite1, Suite2};
    for (in_suite, mechanism, keys) in [
        (Suite0, Mechanism::None, Keys::Plain),
        (Suite0, Mechanism::Low, Keys::Plain),
        (Suite0, Mechanism::Low, Keys::Global),
        (Suite0, Mechanism::Gmac, Keys::Plain),
        (Suite0, Mechanism::Gmac, Keys::Global),
        (Suite0, Mechanism::Gmac, Keys::Dedicated),
        (Suite1, Mechanism::Gmac, Keys::Global),
        (Suite2, Mechanism::Gmac, Keys::Global),
        (Suite2, Mechanism::Gmac, Keys::Dedicated),
    ] {
        let fleet = suite(in_suite);
        let mut peer = Peer::open(&fleet, mechanism, keys, 1_024);
        let expected = if mechanism == Mechanism::None { Err(DataAccessResult::ReadWriteDenied) } else { Ok(()) };
        assert_eq!(peer.get(ENERGY).map(|_| ()), expected, "{in_suite:?} {mechanism:?} {keys:?}");
        assert_eq!(peer.get(UNKNOWN), Err(DataAccessResult::ObjectUndefined));
        let first = match keys {
            Keys::Plain => 0xC0,
            Keys::Global => 0xC8,
            Keys::Dedicated => 0xD0,
        };
        assert_eq!(peer.last[0], first);
        let released = peer.ask(|client, out| client.release_request(out).unwrap(), |r| r == Response::Released);
        assert!(released && peer.line.session.is_none());
    }
}

#[test]
fn derived_keys_serve_as_the_test_keys_do() {
    let fleet = Fleet { keys: KeyMaster::Secret([0x31; 32]), ..fleet(Vendor::default()) };
    let mut peer = Peer::open(&fleet, Mechanism::Gmac, Keys::Global, 1_024);
    assert!(peer.get(ENERGY).is_ok());
}

#[test]
fn long_values_come_in_blocks_that_fit_and_are_the_same_whatever_the_size() {
    let fleet = fleet(Vendor { pdu_max: u16::MAX, ..Vendor::default() });
    let mut rows = [0; 64];
    let rows = EntryDescriptor::entries(1, 400).to_selective_access(&mut rows).unwrap();
    for (what, rows) in [(LIST, None), (LOAD, Some(rows)), (LOAD, None)] {
        let mut whole = None;
        for keys in [Keys::Plain, Keys::Global, Keys::Dedicated] {
            for pdu in [128, 512, u16::MAX] {
                let mut peer = Peer::open(&fleet, Mechanism::Gmac, keys, pdu);
                let value = peer.get_some(what, rows).unwrap();
                assert!(value.len() > 1_500, "{what:?}: {} bytes", value.len());
                let data = Data::from_bytes(&value).unwrap();
                assert!(data.as_array().is_some_and(|array| array.len() > 20));
                // The attribute that tells sizes is not in these, so that all associations see the same.
                let first = whole.get_or_insert_with(|| value.clone());
                assert!(*first == value, "{what:?} {keys:?} {pdu}");
                assert!(peer.line.session.as_ref().unwrap().download.is_none());
            }
        }
    }
}

#[test]
fn a_list_of_attributes_answers_each_and_comes_in_blocks_too() {
    let fleet = fleet(Vendor::default());
    let items =
        [ENERGY, UNKNOWN, LIST, MODE].map(|descriptor| AttributeDescriptorWithSelection { descriptor, access: None });
    for pdu in [128, 512] {
        for keys in [Keys::Plain, Keys::Global] {
            let mut peer = Peer::open(&fleet, Mechanism::Gmac, keys, pdu);
            let list = peer.whole(|client, out| client.get_request_with_list(&items, out).unwrap()).unwrap();
            let list = List::<GetDataResult<'_>>::from_bytes(&list).unwrap();
            let values: Vec<_> = list.iter().map(|item| item.unwrap().value()).collect();
            assert!(matches!(values[0], Ok(Data::DoubleLongUnsigned(_) | Data::Long64Unsigned(_))), "{:?}", values[0]);
            assert_eq!(values[1], Err(DataAccessResult::ObjectUndefined));
            assert!(values[2].as_ref().unwrap().as_array().is_some());
            assert_eq!(values[3], Ok(Data::Enum(4)));
        }
    }
    // Without blocks: one answer.
    let mut peer = Peer::open(&fleet, Mechanism::Gmac, Keys::Global, 1_024);
    let short = [items[0], items[1]];
    let count = peer.ask(
        |client, out| client.get_request_with_list(&short, out).unwrap(),
        |response| match response {
            Response::DataList(list) => list.len(),
            other => panic!("{other:?}"),
        },
    );
    assert_eq!(count, 2);
}

#[test]
fn the_client_writes_and_invokes_one_and_several() {
    let fleet = fleet(Vendor::default());
    for keys in [Keys::Plain, Keys::Global, Keys::Dedicated] {
        let mut peer = Peer::open(&fleet, Mechanism::Gmac, keys, 512);
        let set = |mode| {
            move |client: &mut ClientSession<_, 4096>, out: &mut [u8]| {
                client.set_request(MODE, None, Data::Enum(mode), out).unwrap()
            }
        };
        assert!(peer.ask(set(2), |r| r == Response::Ok));
        assert_eq!(peer.line.rest.relay_mode, 2);
        assert!(peer.ask(set(99), |r| r == Response::DataError(DataAccessResult::OtherReason)));
        let items = [MODE, ENERGY].map(|descriptor| AttributeDescriptorWithSelection { descriptor, access: None });
        let results = peer.ask(
            |client, out| client.set_request_with_list(&items, &[Data::Enum(4), Data::Enum(4)], out).unwrap(),
            |response| match response {
                Response::ResultList(list) => list.iter().map(Result::unwrap).collect::<Vec<_>>(),
                other => panic!("{other:?}"),
            },
        );
        assert_eq!(results, [DataAccessResult::Success, DataAccessResult::ReadWriteDenied]);
        assert_eq!(peer.line.rest.relay_mode, 4);
        let methods = [1, 2, 9].map(|method| MethodDescriptor::new(70, RELAY, method));
        let zero = Some(Data::Integer(0));
        let results = peer.ask(
            |client, out| client.action_request_with_list(&methods, &[zero, zero, zero], out).unwrap(),
            |response| match response {
                Response::ActionResults(list) => list.iter().map(|item| item.unwrap().result).collect::<Vec<_>>(),
                other => panic!("{other:?}"),
            },
        );
        assert_eq!(results, [ActionResult::Success, ActionResult::Success, ActionResult::ObjectUndefined]);
        assert_eq!((peer.line.rest.connected, peer.line.rest.relay_moves), (true, 2));
    }
}

#[test]
fn long_requests_arrive_whole() {
    let fleet = fleet(Vendor { pdu_max: 128, image_block_bytes: 1_000, ..Vendor::default() });
    let mut content = vec![2, 2, 6, 0, 0, 0, 0, 9];
    content.write_length_prefixed(&[0x5A; 1_000]).unwrap();
    let mut start = vec![2, 2, 9, 4];
    start.extend_from_slice(b"fw-9");
    start.extend_from_slice(&[6, 0, 0, 4, 0]);
    for keys in [Keys::Plain, Keys::Global] {
        let mut peer = Peer::open(&fleet, Mechanism::Gmac, keys, 128);
        let success = |response: Response<'_>| match response {
            Response::ActionResult { result, .. } => result,
            other => panic!("{other:?}"),
        };
        let method = MethodDescriptor::new(18, IMAGE, 1);
        let sender = peer.client.action_transfer(method, &start).unwrap();
        assert_eq!(peer.upload(sender, success).1, ActionResult::Success);
        let sender = peer.client.action_transfer(MethodDescriptor::new(18, IMAGE, 2), &content).unwrap();
        let (blocks, result) = peer.upload(sender, success);
        assert!(blocks > 8, "{blocks} blocks");
        assert_eq!(result, ActionResult::Success);
        assert!(peer.line.rest.transfer.as_ref().unwrap().has(0));
        // SET of one attribute and of several, the value of each in blocks of its own making.
        let sender = peer.client.set_transfer(MODE, None, &[22, 2]).unwrap();
        assert!(peer.upload(sender, |response| response == Response::Ok).1);
        assert_eq!(peer.line.rest.relay_mode, 2);
        let items = [MODE, MODE].map(|descriptor| AttributeDescriptorWithSelection { descriptor, access: None });
        let mut scratch = [0; 64];
        let values = [2, 22, 0, 22, 4];
        let sender = peer.client.set_transfer_with_list(&items, &values, &mut scratch).unwrap();
        let results = peer.upload(sender, |response| match response {
            Response::ResultList(list) => list.iter().map(Result::unwrap).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        });
        assert_eq!(results.1, [DataAccessResult::Success, DataAccessResult::Success]);
        assert_eq!(peer.line.rest.relay_mode, 4);
    }
}

#[test]
fn a_recorded_message_moves_nothing_and_the_client_is_told_why() {
    let fleet = fleet(Vendor::default());
    for keys in [Keys::Global, Keys::Dedicated] {
        let mut peer = Peer::open(&fleet, Mechanism::Gmac, keys, 512);
        let act = |method| {
            move |client: &mut ClientSession<_, 4096>, out: &mut [u8]| {
                client.action_request(MethodDescriptor::new(70, RELAY, method), Some(Data::Integer(0)), out).unwrap()
            }
        };
        peer.ask(act(1), |_| ());
        let recorded = peer.last.clone();
        peer.ask(act(2), |_| ());
        let reply = peer.send(&recorded);
        let mut buffer = [0; 512];
        let Response::Exception(exception) = peer.client.handle_response(&reply, &mut buffer).unwrap() else {
            panic!("not refused")
        };
        assert_eq!(exception.service_error, ServiceError::InvocationCounterError);
        assert_eq!(exception.expected_invocation_counter, Some(peer.client.invocation_counter() + 1));
        assert!(peer.line.rest.connected);
        assert!(peer.get(ENERGY).is_ok());
    }
}
