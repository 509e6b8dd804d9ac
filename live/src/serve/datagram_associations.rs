//! Associations over UDP, where nothing tells of a client's end.
//!
//! One client of one host has one association with a meter: a new one takes the place of the old, whatever its port. Those whose
//! proof is still due have places of their own, and so has the public client, so that whoever holds no secret can end nobody's
//! association but theirs. A public client whose place is gone is answered all the same: it has a pre-established association
//! with the smallest APDU, which is kept only as long as a long answer is under way.

use super::associations::{Associations, Held};
use amitwin_dlms::Client;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Associations whose proof of high-level security is still due.
pub const PENDING_MAX: usize = 4_096;
/// Associations of the public client.
pub const PUBLIC_MAX: usize = 1_024;

/// Host, meter and client.
type Key = (IpAddr, u32, u16);
/// Port of the host, and what is agreed.
type Peered = (u16, Held);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Proven,
    Pending,
    Public,
}

/// All of them.
#[derive(Debug)]
pub struct DatagramAssociations {
    proven: Associations<Key, Peered>,
    pending: Associations<Key, Peered>,
    public: Associations<Key, Peered>,
}

impl DatagramAssociations {
    /// With so many places for those that are proven.
    pub fn new(most: usize) -> DatagramAssociations {
        DatagramAssociations {
            proven: Associations::new(most),
            pending: Associations::new(PENDING_MAX),
            public: Associations::new(PUBLIC_MAX),
        }
    }

    /// Lets `work` use what a client has with a meter, or a new one, and keeps what it leaves open. Also whether another gave
    /// way for it.
    pub fn exchange<T>(
        &mut self,
        peer: SocketAddr,
        (number, client): (u32, u16),
        now: Instant,
        work: impl FnOnce(&mut Held) -> T,
    ) -> (T, bool) {
        let key = (peer.ip(), number, client);
        let is_public = Client::of_address(client) == Some(Client::Public);
        let classes = if is_public { &[Class::Public][..] } else { &[Class::Proven, Class::Pending] };
        let known =
            classes.iter().copied().find(|class| self.table(*class).peek(key).is_some_and(|p| p.0 == peer.port()));
        let class_of = |held: &Held| {
            let session = held.session.as_deref()?;
            Some(match (is_public, session.is_proven()) {
                (true, _) => Class::Public,
                (false, true) => Class::Proven,
                (false, false) => Class::Pending,
            })
        };
        if let Some(class) = known
            && let Some((_, held)) = self.table(class).get_mut(key, now)
        {
            let done = work(held);
            let then = class_of(held);
            if then == Some(class) {
                return (done, false);
            }
            let kept = self.table(class).remove(key);
            let gave_way = match (then, kept) {
                (Some(then), Some(kept)) => self.table(then).insert(key, kept, now),
                _ => false,
            };
            return (done, gave_way);
        }
        // What another port has is not this client's until it has opened one of its own.
        let mut held = Held::default();
        let done = work(&mut held);
        let Some(then) = class_of(&held) else { return (done, false) };
        (done, self.table(then).insert(key, (peer.port(), held), now))
    }

    /// Ends those that were not used for longer than `idle`; how many there were.
    pub fn end_idle(&mut self, now: Instant, idle: Duration) -> usize {
        [&mut self.proven, &mut self.pending, &mut self.public].into_iter().map(|table| table.end_idle(now, idle)).sum()
    }

    fn table(&mut self, class: Class) -> &mut Associations<Key, Peered> {
        match class {
            Class::Proven => &mut self.proven,
            Class::Pending => &mut self.pending,
            Class::Public => &mut self.public,
        }
    }
}
