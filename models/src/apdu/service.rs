//! One service on one attribute or method of a meter: as a plain APDU, and carried out by a meter whose payloads are sized.

use super::PORT;
use amitwin_dlms::objects::{self, View};
use amitwin_dlms::{Client, Effects, Meter, Moment, Rest, Session};
use dlms_cosem_rs::obis::Obis;
use dlms_cosem_rs::xdlms::{AttributeDescriptor, MethodDescriptor};

/// A service, and on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    verb: Verb,
    class: u8,
    name: Obis,
    /// Number of the attribute or of the method.
    index: i8,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verb {
    Get,
    /// With the value, encoded.
    Set(Vec<u8>),
    /// With the parameter, encoded.
    Act(Vec<u8>),
}

impl Service {
    /// An attribute is read.
    pub fn get(class: u8, name: Obis, index: i8) -> Service {
        Service { verb: Verb::Get, class, name, index }
    }

    /// An attribute is written.
    pub fn set(class: u8, name: Obis, index: i8, value: Vec<u8>) -> Service {
        Service { verb: Verb::Set(value), class, name, index }
    }

    /// A method is invoked.
    pub fn act(class: u8, name: Obis, index: i8, parameter: Vec<u8>) -> Service {
        Service { verb: Verb::Act(parameter), class, name, index }
    }

    /// The plain APDU of the request.
    pub fn plain(&self, invoke: u8) -> Vec<u8> {
        let (tag, option, value) = match &self.verb {
            // No selection.
            Verb::Get => (0xC0, &[0][..], &[][..]),
            Verb::Set(value) => (0xC1, &[0][..], &value[..]),
            // With a parameter.
            Verb::Act(parameter) => (0xC3, &[1][..], &parameter[..]),
        };
        let mut out = Vec::with_capacity(16 + value.len());
        out.extend_from_slice(&[tag, 1, invoke, 0, self.class]);
        out.extend_from_slice(&self.name.0);
        out.push(self.index as u8);
        out.extend_from_slice(option);
        out.extend_from_slice(value);
        out
    }

    /// What a meter answers to that, plain, when it has carried it out.
    pub fn carried_out(&self, meter: Meter<'_>, rest: &mut Rest, now: Moment, invoke: u8) -> Vec<u8> {
        let (class, name, index) = (u16::from(self.class), self.name, self.index);
        let session =
            Session::pre_established(meter, rest, Client::Management, super::HEAD_END_TITLE, super::HEAD_END_PDU);
        let view = View { meter, now, client: Client::Management, session: Some(&session) };
        let (mut effects, mut value) = (Effects::default(), Vec::new());
        match &self.verb {
            Verb::Get => {
                match objects::get(&view, rest, AttributeDescriptor::new(class, name, index), None, &mut value) {
                    Ok(()) => [&[0xC4, 1, invoke, 0][..], &value].concat(),
                    Err(why) => vec![0xC4, 1, invoke, 1, why.as_u8()],
                }
            }
            Verb::Set(written) => {
                let attribute = AttributeDescriptor::new(class, name, index);
                let result = objects::set(&view, rest, attribute, None, written, &mut effects);
                vec![0xC5, 1, invoke, result.as_u8()]
            }
            Verb::Act(parameter) => {
                let (method, room) =
                    (MethodDescriptor::new(class, name, index), Some(usize::from(super::HEAD_END_PDU)));
                let (result, returns) =
                    objects::act(&view, rest, method, Some(parameter), room, &mut effects, &mut value);
                let mut out = vec![0xC7, 1, invoke, result.as_u8(), u8::from(returns)];
                if returns {
                    // Data, and then their value.
                    out.push(0);
                    out.extend_from_slice(&value);
                }
                out
            }
        }
    }
}

const _: () = assert!(PORT == 1, "requests are those of the management client");
