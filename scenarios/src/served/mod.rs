//! What `[serve]` says, resolved: plain settings, without a socket.

mod faults;
mod keys_file;
mod range;

pub use faults::Faults;
pub use keys_file::{KeysError, load as load_keys};
pub use range::Range;

pub use amitwin_models::spec::Keys;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The meters on real sockets.
#[derive(Clone, Debug)]
pub struct Serve {
    /// How meters are told apart.
    pub addressing: Addressing,
    /// Where they answer.
    pub listen: Range,
    /// The scenario allows addresses that other hosts can reach.
    pub remote: bool,
    /// Port; 0: any that is free.
    pub port: u16,
    /// Wrapper over TCP.
    pub tcp_wrapper: bool,
    /// HDLC over TCP.
    pub tcp_hdlc: bool,
    /// Wrapper over UDP.
    pub udp_wrapper: bool,
    /// Time between a request and its answer.
    pub delay: Duration,
    /// Instead, requests and answers take the simulated way of their meter.
    pub mesh: bool,
    /// What goes wrong with answers.
    pub faults: Faults,
    /// Most TCP connections at one time.
    pub connections: usize,
    /// Most TCP connections at one time to one meter's address.
    pub connections_per_meter: usize,
    /// Most associations over one connection.
    pub associations: usize,
    /// How long a connection may be without a whole request.
    pub idle: Duration,
    /// How long a request may take to arrive, and an answer to be taken.
    pub frame_time: Duration,
    /// Hosts that are served; all that can reach the meters if there is none.
    pub head_ends: Vec<Range>,
    /// Where meters send what they send on their own.
    pub push_to: Option<SocketAddr>,
    /// Over TCP, not UDP.
    pub push_tcp: bool,
    /// How often each meter pushes its readings by the clock.
    pub push_every: Option<Duration>,
    /// That is ciphered.
    pub push_ciphered: bool,
    /// State file of the scenario.
    pub state: Option<PathBuf>,
    /// How long a meter is away after a warm or cold reset: shortest and longest.
    pub boot: (Duration, Duration),
}

/// How meters are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addressing {
    /// By local address.
    Address,
    /// By destination port of the wrapper.
    Port,
    /// By the gateway form.
    Gateway,
}
