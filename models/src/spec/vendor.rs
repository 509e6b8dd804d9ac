//! `[[dlms.vendor]]`: how a manufacturer's meters differ from another's.

use super::quantity::{Form, Maybe, Size, form};
use amitwin_dlms::{AnswerForm, OnCounterError, OnSuiteMismatch, PushTo, Vendor};
use dlms_cosem_rs::security::SecuritySuite;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;

/// How a manufacturer's meters differ from another's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VendorSpec {
    /// Name, for `set` ("dlms.vendor.NAME.suite").
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// Three capital letters, as the FLAG association gives them; they open the system title.
    #[serde(default = "flag_default", with = "Flag")]
    #[schemars(length(min = 3, max = 3))]
    pub flag: [u8; 3],
    /// Security suite: 0 (AES-128), 1 (AES-128, P-256) or 2 (AES-256, P-384).
    #[serde(default, with = "Suite")]
    #[schemars(range(min = 0, max = 2))]
    pub suite: SecuritySuite,
    /// Suite that the head-end has on file for these meters, if it is wrong: they answer with an exception or not at all
    /// (`on_suite_mismatch`), and nothing that they say is understood. It matters on the simulated mesh alone.
    #[serde(default, with = "Maybe::<Suite>", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2))]
    pub suite_on_file: Option<SecuritySuite>,
    /// Largest APDU that the meters take and send.
    #[serde(rename = "pdu", default = "pdu_default", with = "Size")]
    #[schemars(extend("x-min" = "128 B", "x-max" = "65535 B"))]
    pub pdu_max: u16,
    /// Form of a ciphered answer.
    #[serde(default)]
    pub answer_form: AnswerForm,
    /// What a replayed or lower invocation counter gets.
    #[serde(default)]
    pub on_counter_error: OnCounterError,
    /// What a request of another security suite gets.
    #[serde(default)]
    pub on_suite_mismatch: OnSuiteMismatch,
    /// A manufacturer object at 0.0.96.1.2.255 resets the meter and reads the relay.
    #[serde(default)]
    pub manual_alias: bool,
    /// Block size of an image transfer.
    #[serde(rename = "image_block", default = "image_block_default", with = "Size")]
    #[schemars(extend("x-min" = "16 B", "x-max" = "1024 B"))]
    pub image_block_bytes: u16,
}

fn flag_default() -> [u8; 3] {
    *b"AMI"
}
fn pdu_default() -> u16 {
    1_024
}
fn image_block_default() -> u16 {
    128
}

impl Default for VendorSpec {
    fn default() -> Self {
        VendorSpec {
            name: String::new(),
            flag: flag_default(),
            suite: SecuritySuite::Suite0,
            suite_on_file: None,
            pdu_max: pdu_default(),
            answer_form: AnswerForm::default(),
            on_counter_error: OnCounterError::default(),
            on_suite_mismatch: OnSuiteMismatch::default(),
            manual_alias: false,
            image_block_bytes: image_block_default(),
        }
    }
}

impl VendorSpec {
    /// The meters of this kind, which send to the head-end.
    pub fn vendor(&self) -> Vendor {
        Vendor {
            flag: self.flag,
            suite: self.suite,
            suite_on_file: self.suite_on_file,
            pdu_max: self.pdu_max,
            answer_form: self.answer_form,
            on_counter_error: self.on_counter_error,
            on_suite_mismatch: self.on_suite_mismatch,
            manual_alias: self.manual_alias,
            image_block_bytes: self.image_block_bytes,
            push_to: PushTo::default(),
        }
    }
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
