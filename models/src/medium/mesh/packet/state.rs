//! Whether saved datagrams are whole: each in one queue or free, and all that they name is there.

use super::{Content, Fifo, NIL, Packet, Packets, ROUTE_MAX};
use crate::check::{Bounds, ensure, same_count};

impl Packets {
    /// Holds them against the queues of all nodes.
    ///
    /// # Errors
    /// A link leads astray, a slot is lost or in two lists, or a datagram names somebody who is not here.
    pub fn check<'a>(&self, queues: impl Iterator<Item = &'a Fifo>, bounds: &Bounds) -> Result<(), String> {
        let mut seen = vec![false; self.slots.len()];
        let mut queued = 0;
        for (n, fifo) in queues.enumerate() {
            let (count, last) = self.walk(fifo.head, &mut seen)?;
            ensure(count == usize::from(fifo.len) && last == fifo.tail, || {
                format!("packets: queue {n} has {count} packets and says {}, or ends elsewhere", fifo.len)
            })?;
            queued += count;
        }
        same_count("packets: held", self.held as usize, queued)?;
        let (free, _) = self.walk(self.free, &mut seen)?;
        same_count("packets: slots", self.slots.len(), queued + free)?;
        match self.slots.iter().position(|packet| !packet.fits(bounds)) {
            Some(slot) => Err(format!("packets: slot {slot} names somebody who is not here")),
            None => Ok(()),
        }
    }

    /// Packets of a list, and the last of them.
    fn walk(&self, head: u32, seen: &mut [bool]) -> Result<(usize, u32), String> {
        let (mut at, mut count, mut last) = (head, 0, NIL);
        while at != NIL {
            let place = seen.get_mut(at as usize).ok_or_else(|| format!("packets: a link leads to slot {at}"))?;
            ensure(!std::mem::replace(place, true), || format!("packets: slot {at} is in two lists"))?;
            (count, last, at) = (count + 1, at, self.slots[at as usize].next);
        }
        Ok((count, last))
    }

    /// Slots, used or free.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }
}

impl Packet {
    /// Whether what was saved names radios that are here.
    pub fn fits(&self, bounds: &Bounds) -> bool {
        let content = match &self.content {
            Content::Message(message) => message.fits(bounds),
            Content::Dao { back, second, .. } => {
                bounds.is_own_or_none(*second) && back.as_ref().is_none_or(|back| bounds.is_job(back.job))
            }
            Content::RouteError { of, .. } | Content::Eapol { of, .. } => bounds.is_own(*of),
            _ => true,
        };
        content
            && bounds.is_own(self.origin)
            && [self.dest, self.hop_to, self.via].into_iter().all(|node| bounds.is_own_or_none(node))
            && usize::from(self.route_len) < ROUTE_MAX
            && self.route.iter().all(|&node| bounds.is_own(node))
    }
}
