//! What no request gets past: nesting, lengths that nothing follows, full writers, the cost of rows.

use crate::meter::client::Client;
use crate::meter::rest::Rest;
use crate::objects::tests::{LOAD, fleet, obis, view};
use crate::objects::*;
use crate::vocabulary::effects::Effects;
use dlms_cosem_rs::codec::{CountingWriter, SliceWriter};
use dlms_cosem_rs::cosem::EntryDescriptor;

#[test]
fn values_nested_or_counted_without_end_are_refused() {
    let fleet = fleet(true);
    let master = view(&fleet, Client::Management);
    let mut deep = [1, 1].repeat(30_000);
    deep.push(0);
    let structures = [2, 1].repeat(30_000);
    // 2^32 - 1 elements or octets, of which none follow.
    let endless: [&[u8]; 3] =
        [&[1, 0x84, 255, 255, 255, 255], &[2, 0x84, 255, 255, 255, 255], &[9, 0x84, 255, 255, 255, 255]];
    for value in [&deep[..], &structures[..]].into_iter().chain(endless) {
        assert!(Data::from_bytes(value).is_err(), "no selection can carry it");
        for object in OBJECTS.iter() {
            for index in 1..=object.attributes as i8 {
                let (mut rest, name) = (Rest::default(), AttributeDescriptor::new(object.class, object.name, index));
                let result = set(&master, &mut rest, name, None, value, &mut Effects::default());
                let writable = object.writes_to(Client::Management, index);
                let expected =
                    if writable { DataAccessResult::TypeUnmatched } else { DataAccessResult::ReadWriteDenied };
                assert_eq!((result, rest), (expected, Rest::default()), "{name:?}");
            }
            for index in 1..=object.methods as i8 {
                let (mut rest, name) = (Rest::default(), MethodDescriptor::new(object.class, object.name, index));
                let mut effects = Effects::default();
                let (result, _) = act(&master, &mut rest, name, Some(value), Some(500), &mut effects, &mut Vec::new());
                let callable = object.invokes(Client::Management, index);
                let expected = if callable { ActionResult::TypeUnmatched } else { ActionResult::ReadWriteDenied };
                assert_eq!((result, rest, effects), (expected, Rest::default(), Effects::default()), "{name:?}");
            }
        }
    }
}

/// Every attribute that the management client reads.
fn readable() -> impl Iterator<Item = AttributeDescriptor> {
    let of = |object: &'static Object| {
        let read = (1..=object.attributes as i8).filter(|index| object.reads(Client::Management, *index));
        read.map(|index| AttributeDescriptor::new(object.class, object.name, index))
    };
    OBJECTS.iter().flat_map(of)
}

#[test]
fn a_full_writer_is_an_error_at_every_length_and_one_that_fits_is_none() {
    let fleet = fleet(true);
    let (master, rest) = (view(&fleet, Client::Management), Rest::default());
    for name in readable() {
        let mut whole = Vec::new();
        get(&master, &rest, name, None, &mut whole).unwrap();
        let mut room = vec![0; whole.len()];
        let lengths = (0..whole.len().min(200)).chain([whole.len() - 1]);
        for length in lengths {
            let mut narrow = SliceWriter::new(&mut room[..length]);
            let result = get(&master, &rest, name, None, &mut narrow);
            assert_eq!(result, Err(DataAccessResult::OtherReason), "{name:?} in {length} bytes");
        }
        assert_eq!(get(&master, &rest, name, None, &mut SliceWriter::new(&mut room)), Ok(()));
        assert_eq!(room, whole, "{name:?}");
    }
}

/// Counts the writes, and the bytes of the longest.
#[derive(Default)]
struct Pieces {
    bytes: CountingWriter,
    writes: usize,
    longest: usize,
}

impl Writer for Pieces {
    fn write_bytes(&mut self, bytes: &[u8]) -> dlms_cosem_rs::codec::Result<()> {
        self.writes += 1;
        self.longest = self.longest.max(bytes.len());
        self.bytes.write_bytes(bytes)
    }
    fn written(&self) -> usize {
        self.bytes.written()
    }
}

#[test]
fn rows_are_written_one_by_one_and_only_those_selected() {
    let fleet = fleet(false);
    let (reader, rest) = (view(&fleet, Client::Reader), Rest::default());
    let pieces = |entries: EntryDescriptor| {
        let (mut pieces, mut buffer) = (Pieces::default(), [0; 64]);
        let selection = entries.to_selective_access(&mut buffer).ok();
        get(&reader, &rest, AttributeDescriptor::new(7, obis(LOAD), 2), selection, &mut pieces).unwrap();
        assert!(pieces.longest <= 12, "{} bytes at once: a date-time is the longest piece", pieces.longest);
        (pieces.writes, pieces.written())
    };
    // Up to 127 rows the head is of one length, so that what is left is of the rows.
    let head = pieces(EntryDescriptor::entries(5, 4));
    let one = pieces(EntryDescriptor::entries(3_000, 3_000));
    for rows in [2, 10, 100] {
        let many = pieces(EntryDescriptor::entries(3_001 - rows, 3_000));
        let rows = rows as usize;
        assert_eq!(many, (head.0 + rows * (one.0 - head.0), head.1 + rows * (one.1 - head.1)));
    }
}
