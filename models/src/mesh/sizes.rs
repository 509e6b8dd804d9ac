//! Bytes above UDP of the messages that have no encoding of their own yet. What lies below is encoded: `wire`.

/// A command: application header and authentication.
pub const COMMAND_PAYLOAD: u16 = 36;
/// Its acknowledgement.
pub const COMMAND_ACK_PAYLOAD: u16 = 24;
/// Confirmation of a heartbeat: the header of an empty CoAP acknowledgement.
pub const CONFIRM_PAYLOAD: u16 = 4;
/// A heartbeat: identity, time of restart, cause, authentication.
pub const HEARTBEAT_PAYLOAD: u16 = 48;
