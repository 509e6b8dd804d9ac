//! The one table of objects: from it come the answers' rights and the object list of the associations.

use crate::meter::client::Client;
use crate::meter::fleet::Vendor;
use crate::objects::measures::Quantity;
use crate::objects::profile::Profile;
use crate::vocabulary::obis::{
    ALARM, ALARMS, CHARGE, DEVICE_NAME, EVENT_CODE, EVENT_COUNT, EXPORT, IMPORT, LAST_GASP, READINGS, SECURITY_SETUP,
    STATUS,
};
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
    /// Highest invocation counter that the meter has received.
    InvocationCounter,
    /// Identifier of the active firmware image.
    FirmwareIdentifier,
    /// What tells the active firmware image from others.
    FirmwareSignature,
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
    /// The association that one client can have, open or not.
    AssociationOf(Client),
    /// Logical devices of the meter.
    Devices,
    /// Policy, suite and titles.
    Security,
    /// What is measured now.
    Register(Quantity),
    /// Stored rows.
    Profile(Profile),
    /// Status of the rows of the load profile.
    Status,
    /// Code of the last event.
    EventCode,
    /// Events so far.
    EventCount,
    /// Alarm register.
    Alarms,
    /// What the meter sends on its own.
    Push,
    /// What energy costs.
    Charge,
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
    /// The client that only resets has it too.
    pub operator: bool,
    /// Attributes that nobody reads, bit 0 for attribute 1.
    hidden: u16,
    /// Attributes that the management client writes, bit 0 for attribute 1.
    writes: u16,
    /// Methods that the management client invokes, bit 0 for method 1.
    calls: u8,
}

const fn obis(a: u8, b: u8, c: u8, d: u8, e: u8) -> Obis {
    Obis::new(a, b, c, d, e, 255)
}

const fn object(kind: Kind, class: u16, version: u8, name: Obis, attributes: u8, methods: u8) -> Object {
    Object {
        kind,
        class,
        version,
        name,
        attributes,
        methods,
        public: false,
        operator: false,
        hidden: 0,
        writes: 0,
        calls: 0,
    }
}

impl Object {
    const fn public(self) -> Self {
        Object { public: true, ..self }
    }
    const fn operator(self) -> Self {
        Object { operator: true, ..self }
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
        match client {
            Client::Public => self.public,
            Client::Operator => self.public || self.operator,
            Client::Reader | Client::Management => true,
        }
    }
    /// An attribute takes a selection of rows.
    pub fn selects(&self, attribute: i8) -> bool {
        self.class == 7 && attribute == 2
    }
    /// A client may read an attribute.
    pub fn reads(&self, client: Client, attribute: i8) -> bool {
        self.has_attribute(attribute) && self.hidden >> (attribute - 1) & 1 == 0 && self.visible(client)
    }
    /// A client may write an attribute.
    pub fn writes_to(&self, client: Client, attribute: i8) -> bool {
        client == Client::Management && self.has_attribute(attribute) && self.writes >> (attribute - 1) & 1 == 1
    }
    /// A client may invoke a method.
    pub fn invokes(&self, client: Client, method: i8) -> bool {
        let may = client == Client::Management || (client == Client::Operator && self.operator);
        may && self.has_method(method) && self.calls >> (method - 1) & 1 == 1
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

/// Every object of a meter, those asked for most often first: they are looked for in this order.
pub static OBJECTS: &[Object] = &[
    object(Kind::Clock, 8, 0, obis(0, 0, 1, 0, 0), 9, 6).public().writes(0b1111_0110).calls(0b10_0111),
    object(Kind::Register(Quantity::Import), 3, 0, IMPORT, 3, 1),
    object(Kind::Register(Quantity::Export), 3, 0, EXPORT, 3, 1),
    object(Kind::Register(Quantity::Power), 3, 0, obis(1, 0, 1, 7, 0), 3, 1),
    object(Kind::Register(Quantity::Current), 3, 0, obis(1, 0, 31, 7, 0), 3, 1),
    object(Kind::Register(Quantity::Voltage), 3, 0, obis(1, 0, 32, 7, 0), 3, 1),
    object(Kind::DeviceName, 1, 0, DEVICE_NAME, 2, 0).public(),
    object(Kind::DeviceId, 1, 0, obis(0, 0, 96, 1, 0), 2, 0).public(),
    object(Kind::InvocationCounter, 1, 0, obis(0, 0, 43, 1, 0), 2, 0).public(),
    object(Kind::FirmwareIdentifier, 1, 0, obis(1, 0, 0, 2, 0), 2, 0),
    object(Kind::FirmwareSignature, 1, 0, obis(1, 0, 0, 2, 8), 2, 0),
    object(Kind::Relay, 70, 0, obis(0, 0, 96, 3, 10), 4, 2).writes(0b1000).calls(0b11),
    object(Kind::Scripts, 9, 0, obis(0, 0, 10, 0, 0), 2, 1).operator().calls(1),
    object(Kind::Manual, 8_192, 0, obis(0, 0, 96, 1, 2), 2, 1).operator().calls(1),
    object(Kind::Image, 18, 0, obis(0, 0, 44, 0, 0), 7, 4).calls(0b1111),
    // The secret is never told; method 1 is the proof of high-level security, which the association takes itself.
    object(Kind::Association, 15, 1, obis(0, 0, 40, 0, 0), 9, 4).public().hidden(0b100_0000).calls(1),
    object(Kind::AssociationOf(Client::Public), 15, 1, obis(0, 0, 40, 0, 1), 9, 4).public().hidden(0b100_0000),
    object(Kind::AssociationOf(Client::Reader), 15, 1, obis(0, 0, 40, 0, 2), 9, 4).hidden(0b100_0000),
    object(Kind::AssociationOf(Client::Management), 15, 1, obis(0, 0, 40, 0, 3), 9, 4).hidden(0b100_0000),
    object(Kind::AssociationOf(Client::Operator), 15, 1, obis(0, 0, 40, 0, 4), 9, 4).operator().hidden(0b100_0000),
    object(Kind::Devices, 17, 0, obis(0, 0, 41, 0, 0), 2, 1),
    object(Kind::Security, 64, 1, SECURITY_SETUP, 6, 8).calls(0b111),
    object(Kind::Profile(Profile::Load), 7, 1, obis(1, 0, 99, 1, 0), 8, 2),
    object(Kind::Profile(Profile::Billing), 7, 1, obis(0, 0, 98, 1, 0), 8, 2),
    object(Kind::Profile(Profile::Events), 7, 1, obis(0, 0, 99, 98, 0), 8, 2).operator(),
    object(Kind::Status, 1, 0, STATUS, 2, 0),
    object(Kind::EventCode, 1, 0, EVENT_CODE, 2, 0),
    object(Kind::EventCount, 1, 0, EVENT_COUNT, 2, 0),
    object(Kind::Alarms, 1, 0, ALARMS, 2, 0),
    object(Kind::Push, 40, 0, READINGS, 7, 1).writes(0b111_0000).calls(1),
    object(Kind::Push, 40, 0, LAST_GASP, 7, 1).writes(0b111_0000).calls(1),
    object(Kind::Push, 40, 0, ALARM, 7, 1).writes(0b111_0000).calls(1),
    object(Kind::Charge, 113, 0, CHARGE, 13, 5).writes(0b10_0000).calls(0b10),
];
