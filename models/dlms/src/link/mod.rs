//! Links: how an APDU is framed on a stream or in a datagram.
//!
//! - [`wrapper`]: eight bytes in front of the APDU, on TCP and UDP.
//! - [`hdlc`]: frames of type 3 on a stream, with their own connection, windows and segments.
//! - [`gateway_form`]: the prefix that names one of many meters behind one address.
//!
//! All of them take bytes and give bytes: no socket, no clock. What they hold is bounded by what they are told at the
//! start, whatever a peer sends.

pub mod gateway_form;
pub mod hdlc;
pub mod wrapper;

#[cfg(test)]
mod tests;
