//! What `[serve]` says, with its addresses and paths resolved: plain settings, without a socket.

mod keys_file;
mod range;

pub use keys_file::{KeysError, load as load_keys};
pub use range::Range;

pub use crate::sections::serve::{Addressing, Delay, Faults, PushTransport, ServeSection, Transport};
pub use amitwin_models::spec::Keys;

use amitwin_sim_core::SimTime;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The meters on real sockets.
#[derive(Clone, Debug)]
pub struct Serve {
    /// What the section says. Texts of addresses and paths are as written there; what they mean follows.
    pub section: ServeSection,
    /// Where they answer.
    pub listen: Range,
    /// Hosts that are served; all that can reach the meters if there is none.
    pub head_ends: Vec<Range>,
    /// Where meters send what they send on their own.
    pub push_to: Option<SocketAddr>,
    /// State file of the scenario.
    pub state: Option<PathBuf>,
    /// How long a meter is away after a warm or cold reset: shortest and longest.
    pub boot: (Duration, Duration),
}

impl Serve {
    /// Whether this way to talk to a meter is offered.
    pub fn speaks(&self, transport: Transport) -> bool {
        self.section.transports.contains(&transport)
    }

    /// Time between a request and its answer; none where these take the simulated way of their meter.
    pub fn delay(&self) -> Duration {
        if let Delay::Time(time) = self.section.delay { wall(time) } else { Duration::ZERO }
    }

    /// Requests and answers take the simulated way of their meter.
    pub fn is_by_mesh(&self) -> bool {
        self.section.delay == Delay::Mesh
    }

    /// What meters send on their own goes over TCP, not UDP.
    pub fn pushes_by_tcp(&self) -> bool {
        self.section.push_transport == PushTransport::Tcp
    }
}

/// A time of the scenario on the clock.
pub fn wall(time: SimTime) -> Duration {
    Duration::from_nanos(time.nanos())
}
