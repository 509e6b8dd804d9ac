//! What the meters of a run share, what makes one of them, and the little that each keeps at rest.

use super::keys::{KeyMaster, Owner};
use super::push::Habits;
use super::security::Security;
use dlms_cosem_rs::obis::Obis;
use dlms_cosem_rs::security::{SecuritySuite, SystemTitle};

/// What all meters of a run share.
#[derive(Debug)]
pub struct Fleet {
    /// Seed of the run: consumption, serial numbers and challenges follow from it.
    pub seed: u64,
    /// Civil time at simulated time zero, seconds since 1970, UTC.
    pub start_unix_s: i64,
    /// Local time of the meters' clocks minus UTC, minutes.
    pub utc_offset_min: i16,
    /// Kinds of meters; meter `n` is of kind `n % vendors.len()`. Never empty.
    pub vendors: Vec<Vendor>,
    /// Where the meters' keys come from.
    pub keys: KeyMaster,
    /// Key of the challenges that meters send: from the seed in a simulation, from the system's entropy on real sockets.
    pub challenge_key: [u8; 32],
}

/// How a manufacturer's meters differ from another's.
#[derive(Clone, Debug)]
pub struct Vendor {
    /// Three letters of the FLAG association; they open the system title.
    pub flag: [u8; 3],
    /// Security suite of the meters.
    pub suite: SecuritySuite,
    /// Security suite that the head-end of a simulated mesh has on file for them, if it is another one.
    pub suite_on_file: Option<SecuritySuite>,
    /// Largest APDU that the meters take and send, bytes.
    pub pdu_max: u16,
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
    /// Where push setups say that they send.
    pub push_to: PushTo,
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
            answer_form: AnswerForm::AsRequested,
            on_counter_error: OnCounterError::Exception,
            on_suite_mismatch: OnSuiteMismatch::Exception,
            manual_alias: false,
            image_block_bytes: 128,
            push_to: PushTo::default(),
        }
    }
}

/// Form of a ciphered answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerForm {
    /// General in, general out; service-specific in, service-specific out.
    AsRequested,
    /// Service-specific always.
    ServiceSpecific,
}

/// What a replayed or lower invocation counter gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCounterError {
    /// Exception-response with the expected counter.
    Exception,
    /// The connection is closed without a word.
    Close,
}

/// What a request of another security suite gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnSuiteMismatch {
    /// Exception-response, deciphering error.
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

/// What a meter keeps while nobody talks to it. All zero for a meter fresh from the factory, except that counters of
/// what it sends start at 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Rest {
    /// Next invocation counter of what the meter sends under its own keys; never used twice.
    pub counter: u32,
    /// Counters below this may be used without asking for more: the state file has reserved them.
    pub counter_reserved: u32,
    /// Highest invocation counter received from each client (see [`Client::slot`]), plus one; 0: none yet. The public
    /// client ciphers nothing: its place counts what came under the broadcast key. They begin anew with a new key.
    pub received: [u32; 4],
    /// Clock minus true time, s.
    pub clock_offset_s: i32,
    /// Warm and cold resets carried out.
    pub resets: u16,
    /// Cold ones among them.
    pub cold_resets: u16,
    /// Relay operations that moved the contacts.
    pub relay_moves: u16,
    /// The supply is on (class 70, attribute 2).
    pub connected: bool,
    /// Class 70, attribute 4.
    pub relay_mode: u8,
    /// Times that a firmware image was written to flash.
    pub flash_writes: u16,
    /// Identity of the active image; 0: as delivered.
    pub image: u64,
    /// A transfer under way.
    pub transfer: Option<Box<super::image::Transfer>>,
    /// What a client has set otherwise than it was delivered.
    pub changed: Option<Box<Changed>>,
}

/// What a client has set; most meters have it all as they were delivered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changed {
    /// How push setups send.
    pub habits: Option<Habits>,
    /// Policy and keys.
    pub security: Security,
}

const _: () = assert!(size_of::<Rest>() <= 64);

impl Default for Rest {
    fn default() -> Self {
        Rest {
            counter: 1,
            counter_reserved: u32::MAX,
            received: [0; 4],
            clock_offset_s: 0,
            resets: 0,
            cold_resets: 0,
            relay_moves: 0,
            connected: true,
            relay_mode: 4,
            flash_writes: 0,
            image: 0,
            transfer: None,
            changed: None,
        }
    }
}

/// Who asks: decides what may be read, written and invoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// Wrapper port 0x10: reads clock, names and the invocation counter.
    Public,
    /// Wrapper port 0x11, low-level security: reads.
    Reader,
    /// Wrapper port 0x01, high-level security: everything.
    Management,
    /// Wrapper port 0x20, high-level security with a secret and key pairs of its own: resets meters, and reads what shows
    /// that they did.
    Operator,
}

impl Client {
    /// The client behind a wrapper port or HDLC client address.
    pub fn of_address(address: u16) -> Option<Self> {
        match address {
            0x10 => Some(Client::Public),
            0x11 => Some(Client::Reader),
            0x01 => Some(Client::Management),
            0x20 => Some(Client::Operator),
            _ => None,
        }
    }
    /// Place in [`Rest::received`].
    pub fn slot(self) -> usize {
        match self {
            Client::Public => 0,
            Client::Reader => 1,
            Client::Management => 2,
            Client::Operator => 3,
        }
    }
    /// Whose key pairs it proves itself with.
    pub fn owner(self) -> Owner {
        if self == Client::Operator { Owner::Operator } else { Owner::Client }
    }
}

/// Depth of a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetTier {
    /// Clears the application's buffers; the radio stays up.
    Soft,
    /// Restarts the communication module's operating system; PAN id and keys are kept.
    Warm,
    /// Cycles the supply: a longer boot; PAN id and keys are kept in flash.
    Cold,
}

/// What a request did to the meter besides its answer, for the world around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// The meter is to reset after it has answered.
    pub reset: Option<ResetTier>,
    /// The relay's contacts moved.
    pub relay_moved: bool,
    /// A new image became active.
    pub image_activated: bool,
    /// The meter is to send what this push setup lists ([`push::notification`](super::push::notification)).
    pub push: Option<Obis>,
    /// The answer needed an invocation counter and no more are reserved ([`Rest::counter_reserved`]); reserve more and
    /// ask again.
    pub counter_exhausted: bool,
    /// Keys changed: associations under the former ones are over, but for the one that asked.
    pub keys_changed: bool,
    /// Something that survives a restart changed.
    pub rest_changed: bool,
    /// What the answer denies, the first thing of several.
    pub denied: Option<Denied>,
}

/// What an answer says instead of what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No association: an AARE with this diagnostic of the user, 1 with an initiate error.
    Association(u8),
    /// The client's proof of high-level security does not hold; the association is gone.
    Proof,
    /// The first data-access-result or action-result that is not success.
    Result(u8),
    /// An exception-response with this service error.
    Exception(u8),
    /// The request is of another security suite: an exception or silence, as the vendor does it.
    Suite,
    /// There is no such client.
    Client,
}

/// Civil time of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Milliseconds since 1970, UTC.
    pub unix_ms: i64,
}

impl Moment {
    /// Whole seconds since 1970, UTC.
    pub fn unix_s(self) -> i64 {
        self.unix_ms.div_euclid(1_000)
    }
}
