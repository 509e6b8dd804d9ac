//! Objects as a client decodes them.

mod limits;
mod rows;
mod transfers;
mod zones;

use super::*;
use crate::crypto::keys::KeyMaster;
use crate::meter::client::Client;
use crate::meter::fleet::{CivilTime, Fleet, Meter, Vendor};
use crate::meter::local_time::LocalTime;
use crate::meter::rest::Rest;
use crate::session::Session;
use crate::vocabulary::effects::Effects;
use crate::vocabulary::effects::ResetTier;
use crate::vocabulary::moment::Moment;
use dlms_cosem_rs::axdr::DateTime;
use dlms_cosem_rs::cosem::{AssociationVersion, ObjectListEntry};

/// 2026-03-10 10:20:30 UTC.
pub(super) const NOW_S: i64 = 1_773_138_030;

pub(super) fn fleet(manual_alias: bool) -> Fleet {
    Fleet {
        seed: 7,
        time: CivilTime { start_unix_s: NOW_S, local: LocalTime::fixed(60) },
        vendors: vec![Vendor { manual_alias, ..Vendor::default() }],
        keys: KeyMaster::Test,
        challenge_key: [0; 32],
    }
}

pub(super) fn view(fleet: &Fleet, client: Client) -> View<'_> {
    View { meter: Meter { fleet, number: 42 }, now: Moment { unix_ms: NOW_S * 1_000 + 400 }, client, session: None }
}

pub(super) fn obis(text: &str) -> Obis {
    text.parse().expect("a logical name")
}

pub(super) fn read(
    view: &View<'_>,
    rest: &Rest,
    class: u16,
    name: &str,
    index: i8,
    selection: Option<SelectiveAccess<'_>>,
) -> Result<Vec<u8>, DataAccessResult> {
    let mut out = Vec::new();
    get(view, rest, AttributeDescriptor::new(class, obis(name), index), selection, &mut out)?;
    Data::from_bytes(&out).expect("one whole Data");
    Ok(out)
}

fn write(view: &View<'_>, rest: &mut Rest, class: u16, name: &str, index: i8, value: &[u8]) -> DataAccessResult {
    let attribute = AttributeDescriptor::new(class, obis(name), index);
    set(view, rest, attribute, None, value, &mut Effects::default())
}

pub(super) fn call(
    view: &View<'_>,
    rest: &mut Rest,
    class: u16,
    name: &str,
    index: i8,
    parameter: &[u8],
) -> (ActionResult, Effects) {
    let (mut effects, mut out) = (Effects::default(), Vec::new());
    let method = MethodDescriptor::new(class, obis(name), index);
    let (result, returns) = act(view, rest, method, Some(parameter), Some(500), &mut effects, &mut out);
    assert!(!returns && out.is_empty(), "no method of these meters returns data");
    (result, effects)
}

const CLOCK: &str = "0-0:1.0.0*255";
const RELAY: &str = "0-0:96.3.10*255";
pub(super) const LOAD: &str = "1-0:99.1.0*255";
const MANUAL: &str = "0-0:96.1.2*255";
pub(super) const ZERO: &[u8] = &[15, 0];

#[test]
fn names_clock_and_counter_are_public() {
    let fleet = fleet(false);
    let public = view(&fleet, Client::Public);
    let rest = Rest { received: [0, 7, 78, 0], ..Rest::default() };
    assert_eq!(read(&public, &rest, 1, "0-0:42.0.0*255", 2, None).unwrap(), b"\x09\x05AMI42");
    assert_eq!(read(&public, &rest, 1, "0-0:96.1.0*255", 2, None).unwrap(), b"\x09\x0242");
    assert_eq!(read(&public, &rest, 1, "0-0:43.1.0*255", 2, None).unwrap(), [6, 0, 0, 0, 77]);
    let time = read(&public, &rest, 8, CLOCK, 2, None).unwrap();
    let time = DateTime::from_bytes(time[2..].try_into().unwrap());
    assert_eq!(time.to_unix_seconds(), Some(NOW_S));
    assert_eq!((time.hour, time.day_of_week), (11, 2), "local time, a Tuesday");
    assert_eq!(read(&public, &rest, 3, "1-0:1.8.0*255", 2, None), Err(DataAccessResult::ReadWriteDenied));
}

#[test]
fn a_clock_that_is_set_shows_the_new_time_from_then_on() {
    let fleet = fleet(false);
    let master = view(&fleet, Client::Management);
    let mut rest = Rest::default();
    let mut value = vec![9, 12];
    value.extend(DateTime::from_civil(2026, 3, 10, 11, 22, 0, 60).to_bytes());
    assert_eq!(write(&master, &mut rest, 8, CLOCK, 2, &value), DataAccessResult::Success);
    assert_eq!(rest.clock_offset_s, 90);
    // Nothing but wildcards is no time; a single field is.
    value.splice(2.., DateTime::WILDCARD.to_bytes());
    assert_eq!(write(&master, &mut rest, 8, CLOCK, 2, &value), DataAccessResult::OtherReason);
    assert_eq!(rest.clock_offset_s, 90);
    // The same moment told in another zone.
    value.splice(2.., DateTime::from_civil(2026, 3, 10, 10, 22, 0, 0).to_bytes());
    assert_eq!(write(&master, &mut rest, 8, CLOCK, 2, &value), DataAccessResult::Success);
    assert_eq!(rest.clock_offset_s, 90);
    assert_eq!(call(&master, &mut rest, 8, CLOCK, 6, &[16, 0xFF, 0xA6]).0, ActionResult::Success);
    assert_eq!(rest.clock_offset_s, 0, "shifted by -90 s");
    assert_eq!(call(&master, &mut rest, 8, CLOCK, 1, ZERO).0, ActionResult::Success);
    assert_eq!((NOW_S + i64::from(rest.clock_offset_s)) % 900, 0);
    value[4] = 13;
    assert_eq!(write(&master, &mut rest, 8, CLOCK, 2, &value), DataAccessResult::OtherReason, "month 13");
    assert_eq!(write(&master, &mut rest, 8, CLOCK, 2, &[17, 1]), DataAccessResult::TypeUnmatched);
    assert_eq!(write(&master, &mut rest, 8, CLOCK, 4, &[17, 0]), DataAccessResult::ReadWriteDenied);
    let reader = view(&fleet, Client::Reader);
    assert_eq!(write(&reader, &mut rest, 8, CLOCK, 2, &value), DataAccessResult::ReadWriteDenied);
}

#[test]
fn wrong_requests_get_the_result_that_says_why() {
    let fleet = fleet(false);
    let master = view(&fleet, Client::Management);
    let rest = Rest::default();
    let result = |class, name, index| read(&master, &rest, class, name, index, None).unwrap_err();
    assert_eq!(result(1, "1-0:9.9.9*255", 2), DataAccessResult::ObjectUndefined);
    assert_eq!(result(3, CLOCK, 2), DataAccessResult::ObjectClassInconsistent);
    assert_eq!(result(8, CLOCK, 10), DataAccessResult::ObjectUndefined);
    assert_eq!(result(8, CLOCK, 0), DataAccessResult::ObjectUndefined);
    assert_eq!(result(8, CLOCK, -128), DataAccessResult::ObjectUndefined);
    assert_eq!(result(15, "0-0:40.0.0*255", 7), DataAccessResult::ReadWriteDenied);
    assert_eq!(result(1, MANUAL, 2), DataAccessResult::ObjectUndefined);
    let selection = SelectiveAccess { selector: 1, parameters: Data::Null };
    assert_eq!(read(&master, &rest, 8, CLOCK, 2, Some(selection)), Err(DataAccessResult::ScopeOfAccessViolated));
    assert_eq!(read(&master, &rest, 7, LOAD, 2, Some(selection)), Err(DataAccessResult::TypeUnmatched));
}

#[test]
fn the_object_list_says_what_answers() {
    for alias in [false, true] {
        let fleet = fleet(alias);
        for client in [Client::Public, Client::Reader, Client::Management] {
            let view = view(&fleet, client);
            let rest = Rest::default();
            let list = read(&view, &rest, 15, "0-0:40.0.0*255", 2, None).unwrap();
            let list = Data::from_bytes(&list).unwrap().as_array().unwrap();
            let mut listed = Vec::new();
            for entry in &list {
                let entry = ObjectListEntry::from_data(&entry.unwrap()).unwrap();
                let described = dlms_cosem_rs::cosem::describe(entry.class_id, entry.version);
                listed.push(entry.logical_name);
                let mut attributes = 0;
                entry
                    .for_each_attribute_right(AssociationVersion::Legacy, |right| {
                        attributes += 1;
                        let name = AttributeDescriptor::new(entry.class_id, entry.logical_name, right.attribute_id);
                        let answer = get(&view, &rest, name, None, &mut Vec::new());
                        assert_eq!(answer.is_ok(), right.access.can_read(), "{name:?}");
                        let mut scratch = rest.clone();
                        let refused = set(&view, &mut scratch, name, None, &[0], &mut Effects::default());
                        let allowed = refused != DataAccessResult::ReadWriteDenied;
                        assert_eq!(allowed, right.access.can_write(), "{name:?}");
                        Ok(())
                    })
                    .unwrap();
                let beyond = AttributeDescriptor::new(entry.class_id, entry.logical_name, attributes + 1);
                assert_eq!(get(&view, &rest, beyond, None, &mut Vec::new()), Err(DataAccessResult::ObjectUndefined));
                let methods = entry.access_rights.unwrap().field(1).unwrap().as_array().unwrap();
                for method in &methods {
                    let method = method.unwrap();
                    let index = method.field(0).unwrap().as_i64().unwrap() as i8;
                    let name = MethodDescriptor::new(entry.class_id, entry.logical_name, index);
                    let (mut scratch, mut effects) = (rest.clone(), Effects::default());
                    let result = act(&view, &mut scratch, name, Some(ZERO), Some(500), &mut effects, &mut Vec::new()).0;
                    let allowed = method.field(1).unwrap().as_u64() == Some(1);
                    assert_eq!(result != ActionResult::ReadWriteDenied, allowed, "{name:?}");
                }
                // Of some classes the crate knows the name alone.
                let described =
                    described.filter(|class| class.version == entry.version && !class.attributes.is_empty());
                if let Some(class) = described {
                    assert_eq!(class.attributes.len(), attributes as usize, "{}", class.name);
                    assert_eq!(class.methods.len(), methods.len(), "{}", class.name);
                }
            }
            assert_eq!(listed.contains(&obis(MANUAL)), alias && client != Client::Public);
            assert_eq!(listed.len(), if client == Client::Public { 6 } else { OBJECTS.len() - usize::from(!alias) });
            listed.sort();
            listed.dedup();
            assert_eq!(listed.len(), list.len(), "every name once");
        }
    }
}

#[test]
fn disconnecting_twice_moves_the_contacts_once() {
    let fleet = fleet(false);
    let master = view(&fleet, Client::Management);
    let mut rest = Rest::default();
    let (result, effects) = call(&master, &mut rest, 70, RELAY, 1, ZERO);
    assert!(result.is_success() && effects.relay_moved && effects.rest_changed);
    let (result, effects) = call(&master, &mut rest, 70, RELAY, 1, ZERO);
    assert!(result.is_success() && !effects.relay_moved && !effects.rest_changed);
    assert_eq!((rest.relay_moves, rest.connected), (1, false));
    assert_eq!(read(&master, &rest, 70, RELAY, 2, None).unwrap(), [3, 0]);
    assert_eq!(read(&master, &rest, 3, "1-0:1.7.0*255", 2, None).unwrap(), [6, 0, 0, 0, 0], "nothing flows");
    assert_eq!(call(&master, &mut rest, 70, RELAY, 2, ZERO).0, ActionResult::Success);
    assert_eq!((rest.relay_moves, rest.connected), (2, true));
    assert_eq!(call(&master, &mut rest, 70, RELAY, 2, &[17, 0]).0, ActionResult::TypeUnmatched);
    assert_eq!(call(&master, &mut rest, 70, RELAY, 3, ZERO).0, ActionResult::ObjectUndefined);
    let reader = view(&fleet, Client::Reader);
    assert_eq!(call(&reader, &mut rest, 70, RELAY, 1, ZERO).0, ActionResult::ReadWriteDenied);
    assert_eq!(write(&master, &mut rest, 70, RELAY, 4, &[22, 0]), DataAccessResult::Success);
    assert_eq!(call(&master, &mut rest, 70, RELAY, 1, ZERO).0, ActionResult::OtherReason, "mode 0 never opens");
    assert_eq!(write(&master, &mut rest, 70, RELAY, 4, &[22, 1]), DataAccessResult::OtherReason);
    assert_eq!(rest.relay_moves, 2);
}

#[test]
fn scripts_and_the_manuals_object_reset() {
    let fleet = fleet(true);
    let master = view(&fleet, Client::Management);
    let mut rest = Rest::default();
    for (script, tier) in [(1, ResetTier::Soft), (2, ResetTier::Warm), (3, ResetTier::Cold)] {
        for (class, name) in [(9, "0-0:10.0.0*255"), (1, MANUAL)] {
            let (result, effects) = call(&master, &mut rest, class, name, 1, &[18, 0, script]);
            assert_eq!((result, effects.reset), (ActionResult::Success, Some(tier)));
        }
    }
    assert_eq!(rest.resets, 4, "after a soft one nothing was without power");
    for wrong in [0, 4] {
        let (result, effects) = call(&master, &mut rest, 9, "0-0:10.0.0*255", 1, &[18, 0, wrong]);
        assert_eq!((result, effects), (ActionResult::ObjectUnavailable, Effects::default()));
    }
    assert_eq!(call(&master, &mut rest, 1, MANUAL, 1, ZERO).1.reset, Some(ResetTier::Warm));
    assert_eq!(read(&master, &rest, 1, MANUAL, 2, None).unwrap(), [3, 1]);
    assert_eq!(rest.resets, 5);
}

#[test]
fn the_current_association_is_the_one_that_is_open() {
    let fleet = fleet(false);
    let mut master = view(&fleet, Client::Management);
    let rest = Rest::default();
    let association = |view: &View<'_>, index| read(view, &rest, 15, "0-0:40.0.0*255", index, None).unwrap();
    assert_eq!(association(&master, 3), [2, 2, 15, 1, 18, 0, 1]);
    assert_eq!(association(&master, 4), [9, 7, 0x60, 0x85, 0x74, 5, 8, 1, 3]);
    assert_eq!(association(&master, 6), [9, 7, 0x60, 0x85, 0x74, 5, 8, 2, 5]);
    // The association of each client tells whose it is, and lists what that client may do.
    let other = |name, index| read(&master, &rest, 15, name, index, None).unwrap();
    for (name, client, sap) in [
        ("0-0:40.0.1*255", Client::Public, 0x10),
        ("0-0:40.0.2*255", Client::Reader, 0x11),
        ("0-0:40.0.3*255", Client::Management, 0x01),
    ] {
        assert_eq!(other(name, 3), [2, 2, 15, sap, 18, 0, 1]);
        assert_eq!(other(name, 8), [22, if client == Client::Management { 2 } else { 0 }]);
        assert_eq!(other(name, 2), association(&view(&fleet, client), 2));
        assert_eq!(read(&master, &rest, 15, name, 7, None), Err(DataAccessResult::ReadWriteDenied), "a secret");
    }
    let public = view(&fleet, Client::Public);
    assert_eq!(read(&public, &rest, 15, "0-0:40.0.3*255", 2, None), Err(DataAccessResult::ReadWriteDenied));
    let session = Session::pre_established(master.meter, &rest, Client::Management, *b"HEADEND1", u16::MAX);
    master.session = Some(&session);
    assert_eq!(association(&master, 6)[8], 0, "nothing was proved");
    let context = association(&master, 5);
    let context = Data::from_bytes(&context).unwrap();
    assert!(matches!(context.field(0), Ok(Data::BitString(bits)) if bits.len() == 24));
    assert_eq!(context.field(1).unwrap(), Data::LongUnsigned(1_024));
    let title = read(&master, &rest, 64, "0-0:43.0.0*255", 4, None).unwrap();
    assert_eq!(title, b"\x09\x08HEADEND1");
    let own = read(&master, &rest, 64, "0-0:43.0.0*255", 5, None).unwrap();
    assert_eq!(own, b"\x09\x08AMI\0\0\0\0\x2A");
    let names = read(&master, &rest, 17, "0-0:41.0.0*255", 2, None).unwrap();
    assert_eq!(names, b"\x01\x01\x02\x02\x12\0\x01\x09\x05AMI42");
}
