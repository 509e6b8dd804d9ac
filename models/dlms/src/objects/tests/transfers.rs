//! Image transfers, pushes, and whatever bytes a client may send.

use crate::meter::client::Client;
use crate::meter::rest::Rest;
use crate::objects::tests::{NOW_S, ZERO, call, fleet, obis, read, view};
use crate::objects::*;
use crate::server::push;
use crate::vocabulary::effects::Effects;
use dlms_cosem_rs::xdlms::Apdu;
use proptest::prelude::*;

const IMAGE: &str = "0-0:44.0.0*255";
const BLOCK: usize = 128;

fn initiate(bytes: u32) -> Vec<u8> {
    initiate_as("fw-2", bytes)
}

fn initiate_as(identifier: &str, bytes: u32) -> Vec<u8> {
    let mut parameter = vec![2, 2, 9, identifier.len() as u8];
    parameter.extend(identifier.bytes());
    parameter.push(6);
    parameter.extend(bytes.to_be_bytes());
    parameter
}

fn block(image: &[u8], number: usize) -> Vec<u8> {
    let content = image.chunks(BLOCK).nth(number).unwrap();
    let mut parameter = vec![2, 2, 6];
    parameter.extend((number as u32).to_be_bytes());
    parameter.push(9);
    parameter.write_length_prefixed(content).unwrap();
    parameter
}

fn image() -> Vec<u8> {
    (0..70 * BLOCK + 5).map(|at| ((at * 31) >> 3) as u8).collect()
}

/// Transfers and activates an image, its blocks in this order; whether flash was written.
fn install(rest: &mut Rest, image: &[u8], order: impl Iterator<Item = usize>) -> bool {
    let fleet = fleet(false);
    let master = view(&fleet, Client::Management);
    let mut act = |method, parameter: &[u8]| call(&master, rest, 18, IMAGE, method, parameter);
    assert_eq!(act(1, &initiate(image.len() as u32)).0, ActionResult::Success);
    for number in order {
        assert_eq!(act(2, &block(image, number)).0, ActionResult::Success);
    }
    assert_eq!(act(3, ZERO).0, ActionResult::Success);
    let (result, effects) = act(4, ZERO);
    assert_eq!(result, ActionResult::Success);
    effects.image_activated
}

#[test]
fn the_active_image_again_writes_no_flash() {
    let (mut rest, image) = (Rest::default(), image());
    assert!(install(&mut rest, &image, 0..71));
    let active = rest.image();
    assert_eq!(rest.flash_writes, 1);
    assert_eq!(rest.log.as_ref().map(|log| log.total()), Some(1), "an event");
    // Backwards, some blocks twice: the same image.
    assert!(!install(&mut rest, &image, (0..71).rev().chain([3, 3, 70])));
    assert_eq!((rest.flash_writes, rest.image()), (1, active));
    let mut other = image.clone();
    other[5_000] ^= 1;
    assert!(install(&mut rest, &other, 0..71));
    assert_eq!(rest.flash_writes, 2);
    assert_ne!(rest.image(), active);
    // Two blocks changed places: another image.
    let mut swapped = image;
    swapped[..2 * BLOCK].rotate_left(BLOCK);
    assert!(install(&mut rest, &swapped, 0..71));
    assert_ne!(rest.image(), active);
}

#[test]
fn a_transfer_shows_its_gaps_and_waits_for_them() {
    let (fleet, image) = (fleet(false), image());
    let master = view(&fleet, Client::Management);
    let mut rest = Rest::default();
    assert_eq!(read(&master, &rest, 18, IMAGE, 2, None).unwrap(), [6, 0, 0, 0, 128]);
    let identifier = |rest: &Rest| read(&master, rest, 1, "1-0:0.2.0*255", 2, None).unwrap();
    assert_eq!(identifier(&rest), b"\x09\x051.0.0", "as delivered");
    assert_eq!(call(&master, &mut rest, 18, IMAGE, 2, &block(&image, 0)).0, ActionResult::TemporaryFailure);
    assert_eq!(call(&master, &mut rest, 18, IMAGE, 4, ZERO).0, ActionResult::TemporaryFailure);
    call(&master, &mut rest, 18, IMAGE, 1, &initiate(image.len() as u32));
    for number in (0..71).filter(|number| *number != 65 && *number != 68) {
        assert_eq!(call(&master, &mut rest, 18, IMAGE, 2, &block(&image, number)).0, ActionResult::Success);
    }
    let status = read(&master, &rest, 18, IMAGE, 3, None).unwrap();
    let Data::BitString(bits) = Data::from_bytes(&status).unwrap() else { panic!("a bit string") };
    assert_eq!(bits.len(), 71);
    assert!((0..71).all(|number| bits.bit(number) == (number != 65 && number != 68)));
    assert_eq!(read(&master, &rest, 18, IMAGE, 4, None).unwrap(), [6, 0, 0, 0, 65]);
    assert_eq!(read(&master, &rest, 18, IMAGE, 6, None).unwrap(), [22, 1]);
    for method in [3, 4] {
        assert_eq!(call(&master, &mut rest, 18, IMAGE, method, ZERO).0, ActionResult::TemporaryFailure);
    }
    for number in [65, 68] {
        call(&master, &mut rest, 18, IMAGE, 2, &block(&image, number));
    }
    assert_eq!(read(&master, &rest, 18, IMAGE, 4, None).unwrap(), [6, 0, 0, 0, 71]);
    assert_eq!(call(&master, &mut rest, 18, IMAGE, 3, ZERO).0, ActionResult::Success);
    let info = read(&master, &rest, 18, IMAGE, 7, None).unwrap();
    let info = Data::from_bytes(&info).unwrap().as_array().unwrap().get(0).unwrap();
    assert_eq!(info.field(0).unwrap(), Data::DoubleLongUnsigned(image.len() as u32));
    assert_eq!(info.field(1).unwrap().as_bytes(), Some(&b"fw-2"[..]));
    assert_eq!(identifier(&rest), b"\x09\x051.0.0", "not before it is active");
    assert_eq!(call(&master, &mut rest, 18, IMAGE, 4, ZERO).0, ActionResult::Success);
    assert_eq!(call(&master, &mut rest, 18, IMAGE, 4, ZERO).0, ActionResult::Success, "it is active");
    assert_eq!(identifier(&rest), b"\x09\x04fw-2");
    assert_eq!((rest.flash_writes, rest.transfer.is_none()), (1, true));
    assert_eq!(read(&master, &rest, 1, "1-0:0.2.8*255", 2, None).unwrap()[2..], rest.image().to_be_bytes());
}

#[test]
fn a_long_image_keeps_the_meter_busy_while_it_is_verified() {
    let fleet = fleet(false);
    let mut master = view(&fleet, Client::Management);
    let image: Vec<u8> = (0..(3 << 16) + 100).map(|at: u32| (at >> 4) as u8).collect();
    let mut rest = Rest::default();
    let act =
        |view: &View<'_>, rest: &mut Rest, method, parameter: &[u8]| call(view, rest, 18, IMAGE, method, parameter).0;
    assert_eq!(act(&master, &mut rest, 1, &initiate(image.len() as u32)), ActionResult::Success);
    for number in 0..image.len().div_ceil(BLOCK) {
        assert_eq!(act(&master, &mut rest, 2, &block(&image, number)), ActionResult::Success);
    }
    let status = |view: &View<'_>, rest: &Rest| read(view, rest, 18, IMAGE, 6, None).unwrap()[1];
    assert_eq!(status(&master, &rest), 1);
    assert_eq!(act(&master, &mut rest, 3, ZERO), ActionResult::TemporaryFailure);
    // Three seconds for three times 64 KiB; until then nothing else is done with images.
    master.now.unix_ms += 2_999;
    assert_eq!(status(&master, &rest), 2);
    let again = initiate(image.len() as u32);
    for (method, parameter) in [(1, &again[..]), (2, &block(&image, 0)), (3, ZERO), (4, ZERO)] {
        assert_eq!(act(&master, &mut rest, method, parameter), ActionResult::TemporaryFailure, "method {method}");
    }
    master.now.unix_ms += 1;
    assert_eq!(status(&master, &rest), 3);
    assert_eq!(act(&master, &mut rest, 3, ZERO), ActionResult::Success);
    assert_eq!(act(&master, &mut rest, 4, ZERO), ActionResult::Success);
    assert_eq!((status(&master, &rest), rest.flash_writes), (6, 1));
}

#[test]
fn an_image_that_is_not_the_one_promised_never_becomes_active() {
    let (fleet, image) = (fleet(false), image());
    let master = view(&fleet, Client::Management);
    let name = format!("fw-3#{:016x}", crate::image::digest(&image, BLOCK as u32));
    let mut flipped = image.clone();
    flipped[300] ^= 0x10;
    let mut rest = Rest::default();
    let act = |rest: &mut Rest, method, parameter: &[u8]| call(&master, rest, 18, IMAGE, method, parameter);
    for (content, result, status) in [(&flipped, ActionResult::OtherReason, 4), (&image, ActionResult::Success, 3)] {
        let before = (rest.image(), rest.flash_writes);
        assert_eq!(act(&mut rest, 1, &initiate_as(&name, image.len() as u32)).0, ActionResult::Success);
        for number in 0..71 {
            assert_eq!(act(&mut rest, 2, &block(content, number)).0, ActionResult::Success);
        }
        assert_eq!(act(&mut rest, 3, ZERO).0, result);
        assert_eq!(read(&master, &rest, 18, IMAGE, 6, None).unwrap(), [22, status]);
        let listed = read(&master, &rest, 18, IMAGE, 7, None).unwrap();
        assert_eq!(listed == [1, 0], status == 4, "a bad image is not offered for activation");
        let (activated, effects) = act(&mut rest, 4, ZERO);
        assert_eq!((activated, effects.image_activated), (result, status == 3));
        assert_eq!((rest.image(), rest.flash_writes) == before, status == 4);
    }
    // It runs: neither it nor something else under its name is taken again.
    assert_eq!(act(&mut rest, 1, &initiate_as(&name, image.len() as u32)).0, ActionResult::OtherReason);
    assert_eq!(rest.flash_writes, 1);
}

#[test]
fn an_image_that_runs_and_says_so_is_refused_as_it_is_offered() {
    let (fleet, image) = (fleet(false), image());
    let master = view(&fleet, Client::Management);
    let name = format!("fw-4#{:016x}", crate::image::digest(&image, BLOCK as u32));
    let mut rest = Rest::default();
    let mut effects = Effects::default();
    let begin = ImageStep::Initiate { identifier: name.as_bytes(), bytes: image.len() as u32 };
    // By the typed steps, which are what the methods do.
    let mut step = |rest: &mut Rest, step| take_image_step(&master, rest, step, &mut effects);
    assert_eq!(step(&mut rest, begin), Ok(()));
    for number in (0..71).rev() {
        let content = image.chunks(BLOCK).nth(number as usize).unwrap();
        assert_eq!(step(&mut rest, ImageStep::Block { number, content }), Ok(()));
    }
    assert_eq!([ImageStep::Verify, ImageStep::Activate].map(|next| step(&mut rest, next)), [Ok(()), Ok(())]);
    assert!(runs_image(&rest, name.as_bytes()) && !runs_image(&rest, b"fw-4"));
    let before = rest.clone();
    assert_eq!(step(&mut rest, begin), Err(ActionResult::OtherReason));
    assert_eq!(
        call(&master, &mut rest, 18, IMAGE, 1, &initiate_as(&name, image.len() as u32)).0,
        ActionResult::OtherReason
    );
    assert_eq!(rest, before, "no transfer begins and no flash is written");
    // Another one may come.
    assert_eq!(call(&master, &mut rest, 18, IMAGE, 1, &initiate(200)).0, ActionResult::Success);
}

#[test]
fn sizes_out_of_bounds_are_refused() {
    let fleet = fleet(false);
    let master = view(&fleet, Client::Management);
    let mut rest = Rest::default();
    for bytes in [0, (4 << 20) + 1, u32::MAX] {
        assert_eq!(call(&master, &mut rest, 18, IMAGE, 1, &initiate(bytes)).0, ActionResult::OtherReason);
        assert!(rest.transfer.is_none());
    }
    call(&master, &mut rest, 18, IMAGE, 1, &initiate(200));
    let image = image();
    assert_eq!(call(&master, &mut rest, 18, IMAGE, 2, &block(&image, 2)).0, ActionResult::OtherReason, "no such block");
    assert_eq!(call(&master, &mut rest, 18, IMAGE, 2, &block(&image, 1)).0, ActionResult::OtherReason, "too long");
    assert_eq!(call(&master, &mut rest, 18, IMAGE, 2, &block(&image[..200], 1)).0, ActionResult::Success);
}

#[test]
fn a_push_carries_what_its_setup_lists() {
    let fleet = fleet(false);
    let public = view(&fleet, Client::Public);
    let rest = Rest { connected: false, ..Rest::default() };
    for (setup, name, fields) in [
        (push::READINGS, "0-0:25.9.0*255", 5),
        (push::LAST_GASP, "0-1:25.9.0*255", 3),
        (push::ALARM, "0-2:25.9.0*255", 4),
    ] {
        assert_eq!(setup, obis(name));
        let mut out = Vec::new();
        push::notification(&public, &rest, setup, 0xFF00_0007, &mut out).unwrap();
        let Ok(Apdu::DataNotification(notification)) = Apdu::from_bytes(&out) else { panic!("a DataNotification") };
        assert_eq!(notification.long_invoke_id.id(), 7);
        assert_eq!(notification.date_time.0.unwrap().to_unix_seconds(), Some(NOW_S));
        let body = notification.body.as_structure().unwrap();
        assert_eq!(body.get(0).unwrap().as_obis(), Some(setup));
        assert_eq!(body.get(1).unwrap().as_bytes(), Some(&b"AMI42"[..]));
        let master = view(&fleet, Client::Management);
        let listed = read(&master, &rest, 40, name, 2, None).unwrap();
        assert_eq!((body.len(), Data::from_bytes(&listed).unwrap().as_array().unwrap().len()), (fields, fields));
        let (result, effects) = call(&master, &mut rest.clone(), 40, name, 1, ZERO);
        assert_eq!((result, effects.push), (ActionResult::Success, Some(setup)));
    }
    let mut out = Vec::new();
    push::notification(&public, &rest, push::ALARM, 1, &mut out).unwrap();
    assert_eq!(out[out.len() - 5..], [6, 0, 0, 0, 2], "contacts open");
    let unknown = push::notification(&public, &rest, obis("0-3:25.9.0*255"), 1, &mut out);
    assert_eq!(unknown, Err(DataAccessResult::ObjectUndefined));
}

/// Well-formed or not: a few values nested, or plain bytes.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..24),
        any::<u32>().prop_map(|value| [&[6][..], &value.to_be_bytes()].concat()),
        any::<u16>().prop_map(|value| [&[18][..], &value.to_be_bytes()].concat()),
        prop::array::uniform12(any::<u8>()).prop_map(|value| [&[9, 12][..], &value].concat()),
        prop::collection::vec(any::<u8>(), 0..200).prop_map(|value| {
            let mut encoded = vec![9];
            encoded.write_length_prefixed(&value).unwrap();
            encoded
        }),
        Just(vec![2, 4, 18, 0, 8, 9, 6, 0, 0, 1, 0, 0, 255, 15, 2, 18, 0, 0]),
        Just(vec![15, 0]),
        Just(vec![1, 0]),
    ];
    leaf.prop_recursive(2, 16, 4, |inner| {
        (prop_oneof![Just(1u8), Just(2)], prop::collection::vec(inner, 0..5))
            .prop_map(|(tag, items)| [&[tag, items.len() as u8][..], &items.concat()].concat())
    })
}

proptest! {
    #[test]
    fn no_bytes_make_a_meter_fall(
        requests in prop::collection::vec((0..OBJECTS.len(), -1_i8..12, 0..3_u8, bytes(), any::<u8>()), 1..40)
    ) {
        let fleet = fleet(true);
        let master = view(&fleet, Client::Management);
        let (mut rest, mut effects) = (Rest::default(), Effects::default());
        for (place, index, service, bytes, selector) in requests {
            let Object { class, name, .. } = OBJECTS[place];
            let mut out = Vec::new();
            let attribute = AttributeDescriptor::new(class, name, index);
            match service {
                0 => {
                    let parameters = Data::from_bytes(&bytes).ok();
                    let selection = parameters.map(|p| SelectiveAccess { selector: selector % 4, parameters: p });
                    if get(&master, &rest, attribute, selection, &mut out).is_ok() {
                        prop_assert!(Data::from_bytes(&out).is_ok(), "{:?}: {:?}", attribute, out);
                    }
                }
                1 => {
                    set(&master, &mut rest, attribute, None, &bytes, &mut effects);
                }
                _ => {
                    let method = MethodDescriptor::new(class, name, index);
                    let (_, returns) = act(&master, &mut rest, method, Some(&bytes), Some(500), &mut effects, &mut out);
                    prop_assert!(!returns);
                }
            }
        }
    }
}
