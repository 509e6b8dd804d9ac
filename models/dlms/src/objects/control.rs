//! What moves something: the relay (class 70), the reset scripts (class 9) and the manufacturer's own object.

use crate::meter::event_log::code;
use crate::meter::rest::Rest;
use crate::objects::clock;
use crate::objects::put::{Answer, Put};
use crate::objects::view::View;
use crate::vocabulary::effects::{Effects, ResetTier};
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::xdlms::{ActionResult, DataAccessResult};

/// Control modes in which a remote reconnection closes the contacts without a hand at the meter, and mode 0, in which
/// nothing moves them.
const MODES: [u8; 3] = [0, 2, 4];

/// Reads attributes 2 to 4 of the disconnect control.
pub fn relay(rest: &Rest, index: i8, put: &mut Put<'_>) -> Answer {
    match index {
        2 => put.boolean(rest.connected),
        3 => put.choice(u8::from(rest.connected)),
        _ => put.choice(rest.relay_mode),
    }
}

/// Writes the control mode.
pub fn set_mode(rest: &mut Rest, value: &Data<'_>) -> Answer {
    let Data::Enum(mode) = value else {
        return Err(DataAccessResult::TypeUnmatched);
    };
    if !MODES.contains(mode) {
        return Err(DataAccessResult::OtherReason);
    }
    // Mode 0 means connected for good: it cannot begin while the contacts are open.
    if *mode == 0 && !rest.connected {
        return Err(DataAccessResult::TemporaryFailure);
    }
    rest.relay_mode = *mode;
    Ok(())
}

/// Opens (method 1) or closes (method 2) the contacts; where they are already, nothing moves.
pub fn switch(
    view: &View<'_>,
    rest: &mut Rest,
    index: i8,
    parameter: &Data<'_>,
    effects: &mut Effects,
) -> Result<(), ActionResult> {
    if *parameter != Data::Integer(0) {
        return Err(ActionResult::TypeUnmatched);
    }
    let connect = index == 2;
    if rest.connected == connect {
        return Ok(());
    }
    if rest.relay_mode == 0 {
        return Err(ActionResult::OtherReason);
    }
    rest.connected = connect;
    rest.relay_moves = rest.relay_moves.saturating_add(1);
    rest.note(clock::unix_s(view, rest), if connect { code::RECONNECTED } else { code::DISCONNECTED });
    effects.relay_moved = true;
    effects.rest_changed = true;
    Ok(())
}

/// Scripts of the script table, by identifier from 1.
const TIERS: [ResetTier; 3] = [ResetTier::Soft, ResetTier::Warm, ResetTier::Cold];

/// Attribute 2 of the script table: its scripts act inside the meter, on no listed object.
pub fn scripts(put: &mut Put<'_>) -> Answer {
    put.array(TIERS.len())?;
    for identifier in 1..=TIERS.len() as u16 {
        put.structure(2)?;
        put.u16(identifier)?;
        put.array(0)?;
    }
    Ok(())
}

/// Runs a reset script.
pub fn execute(
    view: &View<'_>,
    rest: &mut Rest,
    parameter: &Data<'_>,
    effects: &mut Effects,
) -> Result<(), ActionResult> {
    let Data::LongUnsigned(identifier) = parameter else {
        return Err(ActionResult::TypeUnmatched);
    };
    let tier = usize::from(*identifier).checked_sub(1).and_then(|place| TIERS.get(place));
    reset(view, rest, *tier.ok_or(ActionResult::ObjectUnavailable)?, effects);
    Ok(())
}

/// Method 1 of the manufacturer's object: a script identifier chooses the reset, 0 or nothing means a warm one.
pub fn manual_reset(
    view: &View<'_>,
    rest: &mut Rest,
    parameter: &Data<'_>,
    effects: &mut Effects,
) -> Result<(), ActionResult> {
    match parameter {
        Data::Null | Data::Integer(0) => {
            reset(view, rest, ResetTier::Warm, effects);
            Ok(())
        }
        chosen => execute(view, rest, chosen, effects),
    }
}

fn reset(view: &View<'_>, rest: &mut Rest, tier: ResetTier, effects: &mut Effects) {
    // After a soft reset nothing was without power.
    if tier != ResetTier::Soft {
        rest.resets = rest.resets.saturating_add(1);
        let unix_s = clock::unix_s(view, rest);
        if tier == ResetTier::Cold {
            rest.note(unix_s, code::POWER_DOWN);
        }
        rest.note(unix_s, code::POWER_UP);
    }
    effects.reset = Some(tier);
    effects.rest_changed = true;
}
