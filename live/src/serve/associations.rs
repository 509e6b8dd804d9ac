//! What is agreed with clients over one connection.

use amitwin_dlms::Session;
use std::collections::BTreeMap;

/// What is agreed with a client, and the meter's boots that it belongs to.
pub(super) type Held = (u32, Option<Box<Session>>);

/// Associations over one connection, by meter and client.
#[derive(Default)]
pub struct Associations(pub(super) BTreeMap<(u32, u16), Held>);

impl std::fmt::Debug for Associations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not what they hold: session keys are part of it.
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Associations {
    /// Ends those of a client.
    pub fn end(&mut self, number: u32, client: u16) {
        self.0.remove(&(number, client));
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
