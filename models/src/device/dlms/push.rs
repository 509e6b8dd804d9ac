//! What a meter sends on its own: the DataNotification of a push setup.

use super::fleet::{Client, Rest};
use super::objects::{self, View};
use dlms_cosem_rs::codec::Writer;
use dlms_cosem_rs::obis::Obis;
use dlms_cosem_rs::xdlms::{ApduTag, AttributeDescriptor, DataAccessResult, LongInvokeId};

/// Push setup of the daily readings.
pub const READINGS: Obis = Obis::new(0, 0, 25, 9, 0, 255);
/// Push setup of the last gasp: the supply has failed.
pub const LAST_GASP: Obis = Obis::new(0, 1, 25, 9, 0, 255);
/// Push setup of alarms.
pub const ALARM: Obis = Obis::new(0, 2, 25, 9, 0, 255);

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
