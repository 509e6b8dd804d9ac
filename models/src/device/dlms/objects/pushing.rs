//! Push setups (class 40): what a meter sends on its own, and how.

use super::super::fleet::Effects;
use super::super::push;
use super::profile::captured;
use super::put::Put;
use super::{Answer, table};
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::cosem::CaptureObject;
use dlms_cosem_rs::obis::Obis;
use dlms_cosem_rs::xdlms::ActionResult;

const NAME: CaptureObject = CaptureObject::new(1, table::DEVICE_NAME, 2, 0);

/// What a setup sends, in this order.
pub fn contents(setup: Obis) -> Option<&'static [CaptureObject]> {
    match setup {
        push::READINGS => Some(
            const {
                &[
                    CaptureObject::new(40, push::READINGS, 1, 0),
                    NAME,
                    CaptureObject::clock(),
                    CaptureObject::new(3, table::IMPORT, 2, 0),
                    CaptureObject::new(3, table::EXPORT, 2, 0),
                ]
            },
        ),
        push::LAST_GASP => {
            Some(const { &[CaptureObject::new(40, push::LAST_GASP, 1, 0), NAME, CaptureObject::clock()] })
        }
        push::ALARM => Some(
            const {
                &[
                    CaptureObject::new(40, push::ALARM, 1, 0),
                    NAME,
                    CaptureObject::clock(),
                    CaptureObject::new(1, table::ALARMS, 2, 0),
                ]
            },
        ),
        _ => None,
    }
}

/// Start spread, repetitions and pause between them: a last gasp has no energy for a second attempt.
const fn habit(setup: Obis) -> (u16, u8, u16) {
    match setup {
        push::READINGS => (300, 3, 60),
        push::LAST_GASP => (0, 0, 0),
        _ => (10, 3, 30),
    }
}

/// Reads attributes 2 to 7.
pub fn get(setup: Obis, index: i8, put: &mut Put<'_>) -> Answer {
    let (spread_s, retries, pause_s) = habit(setup);
    match index {
        2 => {
            let contents = contents(setup).unwrap_or_default();
            put.array(contents.len())?;
            contents.iter().try_for_each(|object| captured(object, put))
        }
        3 => {
            put.structure(3)?;
            // Transport UDP, the head-end that the network names, A-XDR.
            put.choice(1)?;
            put.octets(&[])?;
            put.choice(0)
        }
        // No windows: any time.
        4 => put.array(0),
        5 => put.u16(spread_s),
        6 => put.u8(retries),
        _ => put.u16(pause_s),
    }
}

/// Method 1: send now.
pub fn act(setup: Obis, parameter: &Data<'_>, effects: &mut Effects) -> Result<(), ActionResult> {
    if *parameter != Data::Integer(0) {
        return Err(ActionResult::TypeUnmatched);
    }
    effects.push = Some(setup);
    Ok(())
}
