//! The one table of objects: from it come the answers' rights and the object list of the associations.

use super::super::fleet::{Client, Vendor};
use dlms_cosem_rs::obis::Obis;

/// What answers for an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Name of the logical device.
    DeviceName,
    /// Serial number.
    DeviceId,
    /// The clock.
    Clock,
    /// Next invocation counter of what the meter sends.
    InvocationCounter,
    /// Identity of the active image.
    ActiveImage,
    /// The relay.
    Relay,
    /// The reset scripts.
    Scripts,
    /// The manufacturer's own object for resets and the relay.
    Manual,
    /// Firmware on its way in.
    Image,
    /// The association that the request came through.
    Association,
    /// Logical devices of the meter.
    Devices,
    /// Policy, suite and titles.
    Security,
}

/// An object and who may do what with it.
#[derive(Clone, Copy, Debug)]
pub struct Object {
    /// What answers for it.
    pub kind: Kind,
    /// Interface class.
    pub class: u16,
    /// Version of the interface class.
    pub version: u8,
    /// Logical name.
    pub name: Obis,
    /// Attributes that the class has: 1 to this.
    pub attributes: u8,
    /// Methods that the class has: 1 to this.
    pub methods: u8,
    /// The public client reads it too.
    pub public: bool,
    /// Attributes that nobody reads, bit 0 for attribute 1.
    hidden: u16,
    /// Attributes that the management client writes, bit 0 for attribute 1.
    writes: u16,
    /// Methods that the management client invokes, bit 0 for method 1.
    calls: u8,
}

/// The security setup of every association.
pub const SECURITY_SETUP: Obis = Obis::new(0, 0, 43, 0, 0, 255);

const fn object(kind: Kind, class: u16, version: u8, name: [u8; 5], attributes: u8, methods: u8) -> Object {
    let [a, b, c, d, e] = name;
    let name = Obis::new(a, b, c, d, e, 255);
    Object { kind, class, version, name, attributes, methods, public: false, hidden: 0, writes: 0, calls: 0 }
}

impl Object {
    const fn public(self) -> Self {
        Object { public: true, ..self }
    }
    const fn hidden(self, hidden: u16) -> Self {
        Object { hidden, ..self }
    }
    const fn writes(self, writes: u16) -> Self {
        Object { writes, ..self }
    }
    const fn calls(self, calls: u8) -> Self {
        Object { calls, ..self }
    }
    /// A manufacturer's meters have it.
    pub fn exists(&self, vendor: &Vendor) -> bool {
        self.kind != Kind::Manual || vendor.manual_alias
    }
    /// Requests name it with this class. The manuals do not say which class their own object is of: any will do.
    pub fn is_class(&self, class: u16) -> bool {
        self.class == class || self.kind == Kind::Manual
    }
    /// A client's object list has it, if the meter has it.
    pub fn visible(&self, client: Client) -> bool {
        self.public || client != Client::Public
    }
    /// An attribute takes a selection of rows.
    pub fn selects(&self, attribute: i8) -> bool {
        self.class == 7 && attribute == 2
    }
    /// A client may read an attribute.
    pub fn reads(&self, client: Client, attribute: i8) -> bool {
        self.has_attribute(attribute)
            && self.hidden >> (attribute - 1) & 1 == 0
            && (self.public || client != Client::Public)
    }
    /// A client may write an attribute.
    pub fn writes_to(&self, client: Client, attribute: i8) -> bool {
        client == Client::Management && self.has_attribute(attribute) && self.writes >> (attribute - 1) & 1 == 1
    }
    /// A client may invoke a method.
    pub fn invokes(&self, client: Client, method: i8) -> bool {
        client == Client::Management && self.has_method(method) && self.calls >> (method - 1) & 1 == 1
    }
    /// The class has the attribute.
    pub fn has_attribute(&self, attribute: i8) -> bool {
        (1..=self.attributes as i8).contains(&attribute)
    }
    /// The class has the method.
    pub fn has_method(&self, method: i8) -> bool {
        (1..=self.methods as i8).contains(&method)
    }
}

/// Every object of a meter.
pub static OBJECTS: &[Object] = &[
    object(Kind::Clock, 8, 0, [0, 0, 1, 0, 0], 9, 6).public().writes(0b10).calls(0b10_0111),
    object(Kind::DeviceName, 1, 0, [0, 0, 42, 0, 0], 2, 0).public(),
    object(Kind::DeviceId, 1, 0, [0, 0, 96, 1, 0], 2, 0).public(),
    object(Kind::InvocationCounter, 1, 0, [0, 0, 43, 1, 0], 2, 0).public(),
    object(Kind::ActiveImage, 1, 0, [1, 0, 0, 2, 8], 2, 0),
    object(Kind::Relay, 70, 0, [0, 0, 96, 3, 10], 4, 2).writes(0b1000).calls(0b11),
    object(Kind::Scripts, 9, 0, [0, 0, 10, 0, 0], 2, 1).calls(1),
    object(Kind::Manual, 8_192, 0, [0, 0, 96, 1, 2], 2, 1).calls(1),
    object(Kind::Image, 18, 0, [0, 0, 44, 0, 0], 7, 4).calls(0b1111),
    // The secret is never told; method 1 is the proof of high-level security, which the association takes itself.
    object(Kind::Association, 15, 1, [0, 0, 40, 0, 0], 9, 4).public().hidden(0b100_0000).calls(1),
    object(Kind::Devices, 17, 0, [0, 0, 41, 0, 0], 2, 1),
    object(Kind::Security, 64, 1, [0, 0, 43, 0, 0], 6, 8),
];
