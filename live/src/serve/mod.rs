//! The meters of a scenario on real sockets.
//!
//! ```text
//! acceptor -> worker (event loop) -> connection (wrapper, HDLC), datagrams -> responder -> amitwin_dlms
//! responder -> network (which meter is meant), registry and state (counters before answers), outbox (pushes)
//! ```
//!
//! One listener takes connections for all meters; the first worker distributes them. A worker serves whose turn it is, fairly
//! over hosts, their meters and their connections (`fair_queue`), for half a millisecond; it computes the answers, writes
//! down what they changed, and only then sends them: an invocation counter is on the disk before a byte that was ciphered with
//! it leaves, and so are changed keys, wrapped, before the answer that confirms them. The meters' time never goes back,
//! whatever the host's clock does (`served_clock`). What a meter keeps is held for those only that were talked to, and an
//! association as long as it is open and no newer one needs its place (`associations`; over UDP `datagram_associations`).
//!
//! Meters are told apart by the local address of a connection, and on the one UDP socket by packet info. What a turn changed is
//! appended to the state file in one write, with one fsync if counters were reserved or something lasting changed, while the
//! file is held: two workers cannot write an older record after a newer. `mio` has the event queue, `socket2` the options of
//! sockets, `nix` the packet info, so that nothing here is `unsafe`. A wildcard listener that is meant for loopback is tied to
//! that device (`SO_BINDTODEVICE`); where the system does not do that, each connection is looked at instead.

mod addresses;
mod admission;
mod associations;
mod capture;
mod codes;
mod connection;
mod counters;
mod datagram_associations;
mod datagrams;
mod disk;
mod error;
mod fair_queue;
mod fault;
mod host_share;
mod listen;
mod mesh_delay;
mod network;
mod outbox;
mod push_connections;
mod registry;
mod responder;
mod schedule;
mod served_clock;
mod server;
mod state;
mod worker;

pub use counters::{ByReason, Counters, Refused};
pub use error::ServeError;
pub use responder::Log;
pub use server::{Options, Server};

// What a fuzz target reads and writes by itself.
#[cfg(fuzzing)]
pub use {
    disk::Disk,
    state::{Record, StateFile},
};
