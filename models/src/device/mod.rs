//! The meter's protocol.

pub mod dlms;
