//! What the meters of a run share, and what makes one of them.

use crate::crypto::keys::KeyMaster;
use crate::meter::local_time::LocalTime;
use dlms_cosem_rs::security::{SecuritySuite, SystemTitle};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What all meters of a run share.
#[derive(Debug)]
pub struct Fleet {
    /// Seed of the run: consumption, serial numbers and challenges follow from it.
    pub seed: u64,
    /// When it begins, and what their clocks show.
    pub time: CivilTime,
    /// Kinds of meters; meter `n` is of kind `n % vendors.len()`. Never empty.
    pub vendors: Vec<Vendor>,
    /// Where the meters' keys come from.
    pub keys: KeyMaster,
    /// Key of the challenges that meters send: from the seed in a simulation, from the system's entropy on real sockets.
    pub challenge_key: [u8; 32],
}

/// Civil time of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CivilTime {
    /// At simulated time zero, seconds since 1970, UTC.
    pub start_unix_s: i64,
    /// What the meters' clocks show.
    pub local: LocalTime,
}

impl Default for CivilTime {
    fn default() -> Self {
        CivilTime { start_unix_s: 1_767_225_600, local: LocalTime::fixed(0) }
    }
}

/// How a manufacturer's meters differ from another's.
#[derive(Clone, Debug, PartialEq)]
pub struct Vendor {
    /// Three letters of the FLAG association; they open the system title.
    pub flag: [u8; 3],
    /// Security suite of the meters.
    pub suite: SecuritySuite,
    /// Security suite that the head-end of a simulated mesh has on file for them, if it is another one.
    pub suite_on_file: Option<SecuritySuite>,
    /// Largest APDU that the meters take and send, bytes.
    pub pdu_max: u16,
    /// What the buffer of a simulated meter's radio module holds of an answer, bytes, if that is less than a PDU.
    pub window_bytes: Option<u16>,
    /// What an answer gets that does not fit into it.
    pub on_overflow: OnOverflow,
    /// Form of a ciphered answer.
    pub answer_form: AnswerForm,
    /// What a replayed or lower counter gets.
    pub on_counter_error: OnCounterError,
    /// What a request of another suite gets.
    pub on_suite_mismatch: OnSuiteMismatch,
    /// A manufacturer object at 0.0.96.1.2.255 resets the meter and reads the relay.
    pub manual_alias: bool,
    /// Block size of an image transfer, bytes.
    pub image_block_bytes: u16,
    /// Images that do not end with the maker's signature are not verified.
    pub signed_images: bool,
    /// Where push setups say that they send.
    pub push_to: PushTo,
    /// A head-end gives them certificates: pairs are made, requested and imported by the security setup.
    pub certificates: bool,
}

impl Vendor {
    /// Security suite that the head-end uses towards them.
    pub fn on_file(&self) -> SecuritySuite {
        self.suite_on_file.unwrap_or(self.suite)
    }
}

/// Where meters send what they send on their own: the network decides it, and attribute 3 of the push setups shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushTo {
    /// Over TCP, not UDP.
    pub tcp: bool,
    /// Address and port as text; empty: the head-end, whatever the network calls it.
    pub address: String,
}

impl Default for Vendor {
    fn default() -> Self {
        Vendor {
            flag: *b"AMI",
            suite: SecuritySuite::Suite0,
            suite_on_file: None,
            pdu_max: 1_024,
            window_bytes: None,
            on_overflow: OnOverflow::Refuse,
            answer_form: AnswerForm::AsRequested,
            on_counter_error: OnCounterError::Exception,
            on_suite_mismatch: OnSuiteMismatch::Exception,
            manual_alias: false,
            image_block_bytes: 128,
            signed_images: false,
            push_to: PushTo::default(),
            certificates: false,
        }
    }
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

/// What an answer gets that does not fit into the buffer between meter and radio module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnOverflow {
    /// An exception: the PDU is too long.
    #[default]
    Refuse,
    /// The buffer overflows, and the answer is lost: to a head-end it looks like a time-out.
    Lose,
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

/// One meter of a fleet: derived from its number, not stored.
#[derive(Clone, Copy, Debug)]
pub struct Meter<'a> {
    /// What it shares with the others.
    pub fleet: &'a Fleet,
    /// Its number: the global id of its node.
    pub number: u32,
}

impl<'a> Meter<'a> {
    /// Its manufacturer.
    pub fn vendor(&self) -> &'a Vendor {
        &self.fleet.vendors[self.number as usize % self.fleet.vendors.len()]
    }
    /// Manufacturer and number, as the head-end knows the meter.
    pub fn system_title(&self) -> SystemTitle {
        let [a, b, c] = self.vendor().flag;
        let [w, x, y, z] = self.number.to_be_bytes();
        SystemTitle([a, b, c, 0, w, x, y, z])
    }
}
