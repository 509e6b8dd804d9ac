//! The objects of a meter: what GET, SET and ACTION find behind a logical name.

mod certificates;
mod charge;
pub mod civil;
mod clock;
mod control;
mod events;
mod firmware;
mod listing;
mod local;
mod measures;
mod profile;
mod pushing;
mod put;
mod security;
mod selection;
mod summer;
mod table;
pub(crate) mod view;

pub use charge::encoded as unit_charge;
pub use clock::time;
pub use firmware::{Step as ImageStep, identifier as firmware_identifier, runs as runs_image, take as take_image_step};
pub use measures::Quantity;
pub use profile::Profile;
pub use pushing::contents as push_contents;
pub use table::{Kind, OBJECTS, Object};
pub use view::View;

use crate::meter::consumption::Direction;
use crate::meter::fleet::{Meter, Vendor};
use crate::meter::local_time::LocalTime;
use crate::meter::rest::Rest;
use crate::vocabulary::effects::Effects;
use dlms_cosem_rs::axdr::{Data, DateTime};
use dlms_cosem_rs::codec::{Decode, Writer};
use dlms_cosem_rs::obis::Obis;
use dlms_cosem_rs::xdlms::{ActionResult, AttributeDescriptor, DataAccessResult, MethodDescriptor, SelectiveAccess};
use put::{Put, Text};

/// The date-time of a second since 1970 (UTC), as a clock in this zone shows it.
pub fn civil_time(unix_s: i64, time: &LocalTime) -> DateTime {
    civil::at(unix_s, time.at(unix_s))
}

/// The second since 1970 (UTC) of a date-time that names its offset and leaves nothing open.
pub fn unix_time(time: &DateTime) -> Option<i64> {
    let whole = |unspecified| civil::local_s(time, unspecified);
    let offset_min = time.utc_offset_minutes()?;
    let (first, last) = (whole(civil::Unspecified::Smallest)?, whole(civil::Unspecified::Largest)?);
    (first == last).then(|| first - i64::from(offset_min) * 60)
}

/// The energy registers of a meter at a second since 1970 (UTC): imported and exported, Wh.
pub fn energy_wh(meter: Meter<'_>, unix_s: i64) -> (u32, u32) {
    let register = |direction| measures::energy_wh(meter, direction, unix_s);
    (register(Direction::Import), register(Direction::Export))
}

/// The object behind a name and a class, or why there is none.
fn find(vendor: &Vendor, class: u16, name: Obis) -> Result<&'static Object, DataAccessResult> {
    let found = OBJECTS.iter().find(|object| object.name == name && object.exists(vendor));
    match found {
        None => Err(DataAccessResult::ObjectUndefined),
        Some(object) if !object.is_class(class) => Err(DataAccessResult::ObjectClassInconsistent),
        Some(object) => Ok(object),
    }
}

/// Writes the value of an attribute as one A-XDR Data. After an error, what was written does not count.
pub fn get(
    view: &View<'_>,
    rest: &Rest,
    attribute: AttributeDescriptor,
    selection: Option<SelectiveAccess<'_>>,
    out: &mut dyn Writer,
) -> Result<(), DataAccessResult> {
    let object = find(view.meter.vendor(), attribute.class_id, attribute.instance_id)?;
    let index = attribute.attribute_id;
    if !object.has_attribute(index) {
        return Err(DataAccessResult::ObjectUndefined);
    }
    if !object.reads(view.client, index) {
        return Err(DataAccessResult::ReadWriteDenied);
    }
    if selection.is_some() && !object.selects(index) {
        return Err(DataAccessResult::ScopeOfAccessViolated);
    }
    let mut put = Put(out);
    if index == 1 {
        return put.name(object.name);
    }
    match object.kind {
        Kind::DeviceName => put.octets(view.device_name().as_bytes()),
        Kind::DeviceId => put.octets(Text::number(view.meter.number).as_bytes()),
        Kind::Clock => clock::get(view, rest, index, &mut put),
        // The highest one received: a client goes on from it.
        Kind::InvocationCounter => put.u32(rest.received[1..].iter().max().map_or(0, |next| next.saturating_sub(1))),
        Kind::FirmwareIdentifier => put.octets(firmware::identifier(rest)),
        Kind::FirmwareSignature => put.octets(&rest.image().to_be_bytes()),
        Kind::Relay => control::relay(rest, index, &mut put),
        Kind::Scripts => control::scripts(&mut put),
        Kind::Manual => put.boolean(rest.connected),
        Kind::Image => firmware::get(view, rest, index, &mut put),
        Kind::Association => listing::association(view, index, &mut put),
        Kind::AssociationOf(client) => listing::association_of(view, client, index, &mut put),
        Kind::Devices => listing::devices(view, &mut put),
        Kind::Security => security::get(view, rest, index, &mut put),
        Kind::Register(quantity) => quantity.get(view, rest, index, &mut put),
        Kind::Profile(profile) => profile.get(view, rest, index, selection, &mut put),
        Kind::Status => put.u8(0),
        Kind::EventCode => put.u8(events::last_code(rest)),
        Kind::EventCount => put.u32(events::total(rest)),
        Kind::Alarms => put.u32(events::alarms(rest)),
        Kind::Push => pushing::get(view, rest, object.name, index, &mut put),
        Kind::Charge => charge::get(rest, index, &mut put),
    }
}

/// Writes an attribute; `value` is one encoded Data.
pub fn set(
    view: &View<'_>,
    rest: &mut Rest,
    attribute: AttributeDescriptor,
    selection: Option<SelectiveAccess<'_>>,
    value: &[u8],
    effects: &mut Effects,
) -> DataAccessResult {
    let object = match find(view.meter.vendor(), attribute.class_id, attribute.instance_id) {
        Ok(object) => object,
        Err(why) => return why,
    };
    let index = attribute.attribute_id;
    if !object.has_attribute(index) {
        return DataAccessResult::ObjectUndefined;
    }
    if !object.writes_to(view.client, index) {
        return DataAccessResult::ReadWriteDenied;
    }
    if selection.is_some() {
        return DataAccessResult::ScopeOfAccessViolated;
    }
    let Ok(value) = Data::from_bytes(value) else {
        return DataAccessResult::TypeUnmatched;
    };
    let outcome = match object.kind {
        Kind::Clock => clock::set(view, rest, index, &value),
        Kind::Relay => control::set_mode(rest, &value),
        Kind::Push => pushing::set(rest, object.name, index, &value),
        Kind::Charge => charge::set(rest, &value),
        _ => Err(DataAccessResult::ReadWriteDenied),
    };
    effects.rest_changed |= outcome.is_ok();
    outcome.err().unwrap_or(DataAccessResult::Success)
}

/// Invokes a method; the second value says whether `out` holds return data. `room` is how many bytes it may return, `None` if
/// nobody is answered.
pub fn act(
    view: &View<'_>,
    rest: &mut Rest,
    method: MethodDescriptor,
    parameter: Option<&[u8]>,
    room: Option<usize>,
    effects: &mut Effects,
    out: &mut dyn Writer,
) -> (ActionResult, bool) {
    let object = match find(view.meter.vendor(), method.class_id, method.instance_id) {
        Ok(object) => object,
        Err(why) => return (ActionResult::from_u8(why.as_u8()), false),
    };
    let index = method.method_id;
    if !object.has_method(index) {
        return (ActionResult::ObjectUndefined, false);
    }
    if !object.invokes(view.client, index) && !security::certifies(view, object.kind, index) {
        return (ActionResult::ReadWriteDenied, false);
    }
    let Ok(parameter) = parameter.map_or(Ok(Data::Null), Data::from_bytes) else {
        return (ActionResult::TypeUnmatched, false);
    };
    let outcome = match object.kind {
        Kind::Clock => clock::act(view, rest, index, &parameter, effects),
        Kind::Relay => control::switch(view, rest, index, &parameter, effects),
        Kind::Scripts => control::execute(view, rest, &parameter, effects),
        Kind::Manual => control::manual_reset(view, rest, &parameter, effects),
        Kind::Image => firmware::act(view, rest, index, &parameter, effects),
        Kind::Push => pushing::act(object.name, &parameter, effects),
        Kind::Charge => charge::act(rest, index, &parameter, effects),
        Kind::Security => {
            return match security::act(view, rest, index, &parameter, room, effects, out) {
                Ok(returns) => (ActionResult::Success, returns),
                Err(why) => (why, false),
            };
        }
        // The proof of high-level security belongs to the opening of an association, which is over.
        Kind::Association => Err(ActionResult::OtherReason),
        _ => Err(ActionResult::ReadWriteDenied),
    };
    (outcome.err().unwrap_or(ActionResult::Success), false)
}

#[cfg(test)]
mod tests;
