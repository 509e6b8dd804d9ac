//! `[[dlms.vendor]]`: how a manufacturer's meters differ from another's.

use super::quantity::{Form, Maybe, Size, form};
use amitwin_dlms::{AnswerForm, OnCounterError, OnOverflow, OnSuiteMismatch, PushTo, Vendor};
use dlms_cosem_rs::security::SecuritySuite;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;

/// How a manufacturer's meters differ from another's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VendorSpec {
    /// Name, for `set` ("dlms.vendor.NAME.suite").
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// How its meters differ.
    #[serde(flatten, with = "VendorForm")]
    pub vendor: Vendor,
}

impl From<Vendor> for VendorSpec {
    fn from(vendor: Vendor) -> VendorSpec {
        VendorSpec { name: String::new(), vendor }
    }
}

/// How a vendor stands in a file: the forms and ranges of its fields, without push target, which the network decides.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Vendor", default = "Vendor::default")]
struct VendorForm {
    /// Three capital letters, as the FLAG association gives them; they open the system title.
    #[serde(with = "Flag")]
    #[schemars(length(min = 3, max = 3))]
    flag: [u8; 3],
    /// Security suite: 0 (AES-128), 1 (AES-128, P-256) or 2 (AES-256, P-384).
    #[serde(with = "Suite")]
    #[schemars(range(min = 0, max = 2))]
    suite: SecuritySuite,
    /// Suite that the head-end has on file for these meters, if it is wrong: they answer with an exception or not at all
    /// (`on_suite_mismatch`), and nothing that they say is understood. It matters on the simulated mesh alone.
    #[serde(with = "Maybe::<Suite>", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2))]
    suite_on_file: Option<SecuritySuite>,
    /// Largest APDU that the meters take and send.
    #[serde(rename = "pdu", with = "Size")]
    #[schemars(extend("x-min" = "128 B", "x-max" = "65535 B"))]
    pdu_max: u16,
    /// What the buffer between meter and radio module holds of an answer, if that is less than a PDU: who asks for more gets `on_overflow`. It matters on the
    /// simulated mesh alone.
    #[serde(rename = "window", with = "Maybe::<Size>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "64 B", "x-max" = "65535 B"))]
    window_bytes: Option<u16>,
    /// What an answer gets that does not fit into the window: "refuse" or "lose".
    on_overflow: OnOverflow,
    /// Form of a ciphered answer.
    answer_form: AnswerForm,
    /// What a replayed or lower invocation counter gets.
    on_counter_error: OnCounterError,
    /// What a request of another security suite gets.
    on_suite_mismatch: OnSuiteMismatch,
    /// A manufacturer object at 0.0.96.1.2.255 resets the meter and reads the relay.
    manual_alias: bool,
    /// Block size of an image transfer.
    #[serde(rename = "image_block", with = "Size")]
    #[schemars(extend("x-min" = "16 B", "x-max" = "1024 B"))]
    image_block_bytes: u16,
    /// Images that do not end with the maker's signature (ECDSA over P-256) are not verified.
    signed_images: bool,
    #[serde(skip)]
    push_to: PushTo,
    #[serde(skip)]
    certificates: bool,
}

form!(
    /// Three capital letters.
    Flag,
    [u8; 3],
    json_schema!({"type": "string"})
);

impl Flag {
    /// The letters of a text that has three and nothing else.
    pub fn parse(text: &str) -> Option<[u8; 3]> {
        let letters: [u8; 3] = text.as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_uppercase).then_some(letters)
    }
}

impl Form for Flag {
    type Value = [u8; 3];
    fn write<S: Serializer>(value: &[u8; 3], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&String::from_utf8_lossy(value))
    }
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<[u8; 3], D::Error> {
        let text = String::deserialize(d)?;
        Flag::parse(&text).ok_or_else(|| de::Error::custom(format!("not three capital letters: \"{text}\"")))
    }
}

form!(
    /// Number of a security suite.
    Suite,
    SecuritySuite,
    json_schema!({"type": "integer", "format": "uint8", "minimum": 0, "maximum": 255})
);

impl Form for Suite {
    type Value = SecuritySuite;
    fn write<S: Serializer>(value: &SecuritySuite, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u8(value.id())
    }
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<SecuritySuite, D::Error> {
        let number = u8::deserialize(d)?;
        SecuritySuite::from_id(number).map_err(|_| de::Error::custom(format!("no security suite: {number}")))
    }
}
