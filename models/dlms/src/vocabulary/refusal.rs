//! Why a request is not answered as asked.

use dlms_cosem_rs::xdlms::{ServiceError, StateError};

/// Why a request is not answered as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Exception-response; with the expected counter, if that is the matter.
    Exception(StateError, ServiceError, Option<u32>),
    /// Nothing is said.
    Silent,
    /// The connection is closed.
    Close,
}

impl Refusal {
    /// Not known or not readable.
    pub const UNSUPPORTED: Refusal =
        Refusal::Exception(StateError::ServiceUnknown, ServiceError::ServiceNotSupported, None);
    /// Known, but not now.
    pub const NOT_ALLOWED: Refusal =
        Refusal::Exception(StateError::ServiceNotAllowed, ServiceError::OperationNotPossible, None);
    /// Longer than an answer can be.
    pub const TOO_LONG: Refusal = Refusal::Exception(StateError::ServiceNotAllowed, ServiceError::PduTooLong, None);
    /// Cannot be deciphered.
    pub const DECIPHERING: Refusal =
        Refusal::Exception(StateError::ServiceNotAllowed, ServiceError::DecipheringError, None);
}
