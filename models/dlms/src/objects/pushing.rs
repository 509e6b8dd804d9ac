//! Push setups (class 40): what a meter sends on its own, and how.

use crate::meter::rest::{Rest, set_timing, timing};
use crate::objects::put::{Answer, Put};
use crate::objects::view::View;
use crate::vocabulary::effects::Effects;
use crate::vocabulary::obis;
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::cosem::CaptureObject;
use dlms_cosem_rs::obis::Obis;
use dlms_cosem_rs::xdlms::{ActionResult, DataAccessResult};

const NAME: CaptureObject = CaptureObject::new(1, obis::DEVICE_NAME, 2, 0);

/// What a setup sends, in this order.
pub fn contents(setup: Obis) -> Option<&'static [CaptureObject]> {
    match setup {
        obis::READINGS => Some(
            const {
                &[
                    CaptureObject::new(40, obis::READINGS, 1, 0),
                    NAME,
                    CaptureObject::clock(),
                    CaptureObject::new(3, obis::IMPORT, 2, 0),
                    CaptureObject::new(3, obis::EXPORT, 2, 0),
                ]
            },
        ),
        obis::LAST_GASP => {
            Some(const { &[CaptureObject::new(40, obis::LAST_GASP, 1, 0), NAME, CaptureObject::clock()] })
        }
        obis::ALARM => Some(
            const {
                &[
                    CaptureObject::new(40, obis::ALARM, 1, 0),
                    NAME,
                    CaptureObject::clock(),
                    CaptureObject::new(1, obis::ALARMS, 2, 0),
                ]
            },
        ),
        _ => None,
    }
}

/// Reads attributes 2 to 7.
pub fn get(view: &View<'_>, rest: &Rest, setup: Obis, index: i8, put: &mut Put<'_>) -> Answer {
    let timing = timing(rest, setup).ok_or(DataAccessResult::ObjectUndefined)?;
    match index {
        2 => {
            let contents = contents(setup).unwrap_or_default();
            put.array(contents.len())?;
            contents.iter().try_for_each(|object| put.captured(object))
        }
        3 => {
            let to = &view.meter.vendor().push_to;
            put.structure(3)?;
            // Transport TCP or UDP, the head-end, A-XDR.
            put.choice(u8::from(!to.tcp))?;
            put.octets(to.address.as_bytes())?;
            put.choice(0)
        }
        // No windows: any time.
        4 => put.array(0),
        5 => put.u16(timing.spread_s),
        6 => put.u8(timing.retries),
        _ => put.u16(timing.pause_s),
    }
}

/// Writes attributes 5 to 7.
pub fn set(rest: &mut Rest, setup: Obis, index: i8, value: &Data<'_>) -> Answer {
    let mut timing = timing(rest, setup).ok_or(DataAccessResult::ObjectUndefined)?;
    match (index, value) {
        (5, Data::LongUnsigned(seconds)) => timing.spread_s = *seconds,
        (6, Data::Unsigned(retries)) => timing.retries = *retries,
        (7, Data::LongUnsigned(seconds)) => timing.pause_s = *seconds,
        (5..=7, _) => return Err(DataAccessResult::TypeUnmatched),
        _ => return Err(DataAccessResult::ReadWriteDenied),
    }
    set_timing(rest, setup, timing);
    Ok(())
}

/// Method 1: send now.
pub fn act(setup: Obis, parameter: &Data<'_>, effects: &mut Effects) -> Result<(), ActionResult> {
    if *parameter != Data::Integer(0) {
        return Err(ActionResult::TypeUnmatched);
    }
    effects.push = Some(setup);
    Ok(())
}
