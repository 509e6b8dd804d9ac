//! What the meter says about itself: associations (class 15) and SAP assignment (class 17).

use crate::meter::client::Client;
use crate::objects::put::{Answer, Put};
use crate::objects::table::{OBJECTS, Object};
use crate::objects::view::View;
use crate::session::OFFERED;
use crate::vocabulary::obis::SECURITY_SETUP;
use dlms_cosem_rs::xdlms::DLMS_VERSION;

/// Address of the meter's only logical device.
const SERVER_SAP: u16 = 1;

/// Object identifier 2.16.756.5.8, under which contexts (1) and mechanisms (2) are.
const DLMS_ARC: [u8; 5] = [0x60, 0x85, 0x74, 0x05, 0x08];

/// Reads attributes 2 to 9 of the association of one client, whoever asks. It is open if the request came through it; of
/// another connection this one knows nothing.
pub fn association_of(view: &View<'_>, client: Client, index: i8, put: &mut Put<'_>) -> Answer {
    if client == view.client {
        return association(view, index, put);
    }
    match index {
        // Not associated.
        8 => put.choice(0),
        _ => association(&View { client, session: None, ..*view }, index, put),
    }
}

/// Reads attributes 2 to 9 of the current association.
pub fn association(view: &View<'_>, index: i8, put: &mut Put<'_>) -> Answer {
    // Without an association: none, low-level, GMAC and SHA-256.
    let (sap, usual) = match view.client {
        Client::Public => (0x10, 0),
        Client::Reader => (0x11, 1),
        Client::Management => (0x01, 5),
        Client::Operator => (0x20, 6),
    };
    let ciphered = view.session.map_or(view.client == Client::Management, |session| session.ciphered);
    let pdu_max = view.meter.vendor().pdu_max;
    let [a, b, c, d, e] = DLMS_ARC;
    match index {
        2 => object_list(view, put),
        3 => {
            put.structure(2)?;
            put.i8(sap)?;
            put.u16(SERVER_SAP)
        }
        // Logical names, plain or ciphered.
        4 => put.octets(&[a, b, c, d, e, 1, if ciphered { 3 } else { 1 }]),
        5 => {
            put.structure(6)?;
            put.bit_string(24)?;
            put.raw(&view.session.map_or(OFFERED, |session| session.conformance).to_bytes())?;
            put.u16(pdu_max)?;
            let sent = view.session.map_or(usize::from(pdu_max), |session| session.client_pdu);
            put.u16(u16::try_from(sent).unwrap_or(u16::MAX))?;
            put.u8(DLMS_VERSION)?;
            put.i8(0)?;
            put.octets(&[])
        }
        6 => put.octets(&[a, b, c, d, e, 2, view.session.map_or(usual, |session| session.mechanism as u8)]),
        8 => put.choice(2),
        _ => put.name(SECURITY_SETUP),
    }
}

fn object_list(view: &View<'_>, put: &mut Put<'_>) -> Answer {
    let vendor = view.meter.vendor();
    let listed = || OBJECTS.iter().filter(|object| object.exists(vendor) && object.visible(view.client));
    put.array(listed().count())?;
    listed().try_for_each(|object| element(view.client, object, put))
}

/// One element of the object list, in the form of version 1 of the class: rights as enumerations.
fn element(client: Client, object: &Object, put: &mut Put<'_>) -> Answer {
    put.structure(4)?;
    put.u16(object.class)?;
    put.u8(object.version)?;
    put.name(object.name)?;
    put.structure(2)?;
    put.array(usize::from(object.attributes))?;
    for attribute in 1..=object.attributes as i8 {
        put.structure(3)?;
        put.i8(attribute)?;
        put.choice(u8::from(object.reads(client, attribute)) + 2 * u8::from(object.writes_to(client, attribute)))?;
        if object.selects(attribute) {
            put.array(2)?;
            put.i8(1)?;
            put.i8(2)?;
        } else {
            put.null()?;
        }
    }
    put.array(usize::from(object.methods))?;
    for method in 1..=object.methods as i8 {
        put.structure(2)?;
        put.i8(method)?;
        put.choice(u8::from(object.invokes(client, method)))?;
    }
    Ok(())
}

/// Attribute 2 of the SAP assignment: one logical device.
pub fn devices(view: &View<'_>, put: &mut Put<'_>) -> Answer {
    put.array(1)?;
    put.structure(2)?;
    put.u16(SERVER_SAP)?;
    put.octets(view.device_name().as_bytes())
}
