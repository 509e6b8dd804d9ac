//! `[dlms]`: what the meters of the scenario are as DLMS/COSEM devices.

use super::quantity::{Size, Time, TimeRange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The meters as DLMS/COSEM devices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DlmsSection {
    /// "real": head-end and meters encode, cipher and check every APDU. "sized": they do not, but everything has the same
    /// length, so that the network does the same with less work.
    pub payload: Payload,
    /// "test": every meter has the published keys of the field's examples, which protect nothing; everything that is
    /// printed says so. Otherwise a file of mode 0600 with a secret of 64 hexadecimal digits, from which the keys of
    /// each meter are derived.
    #[schemars(length(min = 1, max = 4096))]
    pub keys: String,
    /// Civil time at simulated time zero, UTC, such as "2026-01-01T00:00:00Z". A served meter has the time of the host.
    #[schemars(length(min = 20, max = 20))]
    pub start: String,
    /// Local time of the meters' clocks minus UTC, in whole minutes.
    #[schemars(extend("x-min" = "-14h", "x-max" = "14h"))]
    pub utc_offset: Time,
    /// How long a meter waits with its answer to a request over the mesh: a random time in this range, so that answers do
    /// not meet. A served meter does not wait.
    pub answer_delay: TimeRange,
    /// Kinds of meters; the n-th site of the placement is of the n-th kind, beginning anew after the last. Without any,
    /// all meters are of one kind with the defaults.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub vendor: Vec<VendorSection>,
}

impl Default for DlmsSection {
    fn default() -> Self {
        DlmsSection {
            payload: Payload::Real,
            keys: "test".to_owned(),
            start: "2026-01-01T00:00:00Z".to_owned(),
            utc_offset: Time(0.0),
            answer_delay: TimeRange(Time(0.0), Time(1e9)),
            vendor: Vec::new(),
        }
    }
}

/// Whether APDUs are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Payload {
    /// Encoded, ciphered and checked.
    Real,
    /// Only as long as they would be.
    Sized,
}

/// How a manufacturer's meters differ from another's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VendorSection {
    /// Name, for `set` ("dlms.vendor.NAME.suite").
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// Three capital letters, as the FLAG association gives them; they open the system title.
    #[serde(default = "flag_default")]
    #[schemars(length(min = 3, max = 3))]
    pub flag: String,
    /// Security suite: 0 (AES-128), 1 (AES-128, P-256) or 2 (AES-256, P-384).
    #[serde(default)]
    #[schemars(range(min = 0, max = 2))]
    pub suite: u8,
    /// Suite that the head-end has on file for these meters, if it is wrong: they answer with an exception or not at all
    /// (`on_suite_mismatch`), and nothing that they say is understood. It matters on the simulated mesh alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2))]
    pub suite_on_file: Option<u8>,
    /// Largest APDU that the meters take and send.
    #[serde(default = "pdu_default")]
    #[schemars(extend("x-min" = "128 B", "x-max" = "65535 B"))]
    pub pdu: Size,
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
    #[serde(default = "image_block_default")]
    #[schemars(extend("x-min" = "16 B", "x-max" = "1024 B"))]
    pub image_block: Size,
}

fn flag_default() -> String {
    "AMI".to_owned()
}
fn pdu_default() -> Size {
    Size(1_024.0)
}
fn image_block_default() -> Size {
    Size(128.0)
}

/// Form of a ciphered answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerForm {
    /// General in, general out; service-specific in, service-specific out.
    #[default]
    AsRequested,
    /// Service-specific always.
    ServiceSpecific,
}

/// What a replayed or lower invocation counter gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnCounterError {
    /// An exception that names the counter expected.
    #[default]
    Exception,
    /// The connection is closed without a word.
    Close,
}

/// What a request of another security suite gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnSuiteMismatch {
    /// An exception: deciphering error.
    #[default]
    Exception,
    /// Nothing: to a head-end it looks like a time-out.
    Silent,
}
