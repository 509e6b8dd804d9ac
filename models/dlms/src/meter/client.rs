//! The clients that a meter knows, and where they stand.

use crate::crypto::keys::Owner;

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
    /// Place in [`Rest::received`](crate::Rest::received).
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
