//! The meters of a scenario on real sockets.
//!
//! ```text
//! worker (event loop) -> connection (wrapper, HDLC), datagrams -> desk -> street (who is meant) -> amitwin_dlms
//!                                                                  desk -> registry, state (counters before answers)
//! ```
//!
//! One listener takes connections for all meters; the first worker hands them round. A turn of a worker reads every
//! connection that has something, a bounded piece each, computes the answers, writes down what they changed, and only
//! then sends them: an invocation counter is on the disk before a byte that was ciphered with it leaves. What a meter
//! keeps is held for those only that were talked to, and an association as long as it is open.

mod air;
mod associations;
mod calls;
mod capture;
mod connection;
mod counters;
mod datagrams;
mod desk;
mod disk;
mod error;
mod listen;
mod outbox;
mod registry;
mod schedule;
mod server;
mod spoil;
mod state;
mod street;
mod words;
mod worker;

pub use counters::{ByReason, Counters, Refused};
pub use error::ServeError;
pub use server::{Options, Server};
