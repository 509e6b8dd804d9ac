//! What a request did to the meter besides its answer.

use dlms_cosem_rs::obis::Obis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Depth of a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResetTier {
    /// Clears the application's buffers; the radio stays up.
    Soft,
    /// Restarts the communication module; PAN id and keys are kept.
    Warm,
    /// Cycles the supply; a longer boot.
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
    /// The meter is to send what this push setup lists ([`push::notification`](crate::push::notification)).
    pub push: Option<Obis>,
    /// The answer needed an invocation counter and no more are reserved ([`Rest::counter_reserved`](crate::Rest::counter_reserved)); reserve more and
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
