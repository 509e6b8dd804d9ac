//! What a meter sends on its own: the DataNotification of a push setup.

pub use crate::meter::push_timing::{PushTiming, PushTimings, SETUPS};
pub use crate::meter::rest::timing;
pub use crate::vocabulary::obis::{ALARM, LAST_GASP, READINGS};

use crate::crypto::cipher::{self, Aead, Form, Lock, Sealing};
use crate::meter::client::Client;
use crate::meter::rest::{Rest, keys_of};
use crate::objects;
use crate::objects::view::View;
use crate::protection::counters;
use crate::vocabulary::effects::Effects;
use dlms_cosem_rs::codec::Writer;
use dlms_cosem_rs::obis::Obis;
use dlms_cosem_rs::xdlms::{ApduTag, AttributeDescriptor, DataAccessResult, LongInvokeId, Protection, SecurityControl};

/// Writes the plain DataNotification of a setup: what its object list names, read at the view's time whoever the view is
/// for. The low 24 bits of `invoke_id` count. `Err` if there is no such setup or the writer is full; then what was
/// written does not count.
pub fn notification(
    view: &View<'_>,
    rest: &Rest,
    setup: Obis,
    invoke_id: u32,
    out: &mut dyn Writer,
) -> Result<(), DataAccessResult> {
    let contents = objects::push_contents(setup).ok_or(DataAccessResult::ObjectUndefined)?;
    let full = |_| DataAccessResult::OtherReason;
    out.write_u8(ApduTag::DataNotification.as_u8()).map_err(full)?;
    out.write_u32(LongInvokeId::new(invoke_id).0).map_err(full)?;
    out.write_length_prefixed(&objects::time(view, rest).to_bytes()).map_err(full)?;
    // The body: a structure of the values.
    out.write_bytes(&[2, contents.len() as u8]).map_err(full)?;
    let own = View { client: Client::Management, ..*view };
    for object in contents {
        let attribute = AttributeDescriptor::new(object.class_id, object.logical_name, object.attribute_index);
        objects::get(&own, rest, attribute, None, out)?;
    }
    Ok(())
}

/// A notification authenticated and encrypted under the meter's global unicast key, in the general form with its title and
/// its next counter. `Err` as [`notification`]'s, and when no counter is reserved, which `effects` says then.
pub fn sealed_notification(
    view: &View<'_>,
    rest: &mut Rest,
    setup: Obis,
    invoke_id: u32,
    effects: &mut Effects,
) -> Result<Vec<u8>, DataAccessResult> {
    let mut plain = Vec::new();
    notification(view, rest, setup, invoke_id, &mut plain)?;
    let (meter, suite) = (view.meter, view.meter.vendor().suite);
    let title = meter.system_title();
    let keys = keys_of(meter, rest);
    let aead = Aead::new(suite, &keys.unicast);
    let lock = Lock { aead: &aead, authentication: &keys.authentication[..suite.key_len()] };
    let control = SecurityControl(0x30 | suite.id());
    let counter = counters::next(rest, effects).ok_or(DataAccessResult::TemporaryFailure)?;
    let (mut out, mut scratch) = (Vec::new(), Vec::new());
    let form = Form::General(Protection::Global);
    let sealing = Sealing { form, control, title: title.as_bytes(), counter };
    cipher::seal(lock, &sealing, &plain, &mut out, &mut scratch).ok_or(DataAccessResult::OtherReason)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::KeyMaster;
    use crate::meter::fleet::{CivilTime, Fleet, Meter, Vendor};
    use crate::meter::local_time::LocalTime;
    use crate::vocabulary::moment::Moment;
    use dlms_cosem_rs::security::SecuritySuite;

    #[test]
    fn a_sealed_notification_is_the_plain_one_under_the_next_counter() {
        for suite in [SecuritySuite::Suite0, SecuritySuite::Suite1, SecuritySuite::Suite2] {
            let fleet = Fleet {
                seed: 1,
                time: CivilTime { start_unix_s: 0, local: LocalTime::fixed(0) },
                vendors: vec![Vendor { suite, ..Vendor::default() }],
                keys: KeyMaster::Test,
                challenge_key: [0; 32],
            };
            let now = Moment { unix_ms: 1_800_000_000_000 };
            let view =
                View { meter: Meter { fleet: &fleet, number: 3 }, now, client: Client::Management, session: None };
            let (mut rest, mut effects) = (Rest { counter: 9, ..Rest::default() }, Effects::default());
            let mut plain = Vec::new();
            notification(&view, &rest, READINGS, 5, &mut plain).unwrap();
            let mut sealed = sealed_notification(&view, &mut rest, READINGS, 5, &mut effects).unwrap();
            assert_eq!((rest.counter, effects.rest_changed), (10, true));
            let envelope = cipher::envelope(&sealed).unwrap();
            let title = view.meter.system_title().0;
            assert_eq!((envelope.counter, envelope.title), (9, Some(title)));
            let keys = fleet.keys.of_meter(view.meter.system_title(), suite);
            let aead = Aead::new(suite, &keys.unicast);
            let lock = Lock { aead: &aead, authentication: &keys.authentication[..suite.key_len()] };
            let payload = &mut sealed[envelope.at..];
            let length = cipher::open(lock, envelope.control, &title, 9, payload, &mut Vec::new()).unwrap();
            assert_eq!(payload[..length], plain[..]);
            rest.counter_reserved = 10;
            let none = sealed_notification(&view, &mut rest, READINGS, 5, &mut effects);
            assert_eq!((none, effects.counter_exhausted), (Err(DataAccessResult::TemporaryFailure), true));
        }
    }
}
