//! Fragments of datagrams that no frame has room for: cut at the sender, put together again at each hop (RFC 4944).
//!
//! A datagram is lost once: by its sender if a fragment of it fails, by its receiver if all arrived but the receiver
//! had no room, was reset, or had given up waiting.

use super::stack::FEW_BUFFERS;
use super::{Packet, Stack};
use crate::books::Loss;
use crate::check::{Bounds, ensure};
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::node::Node;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Receiver, sender, tag.
type Key = (Node, Node, u16);

/// A datagram of which fragments have arrived.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Pending {
    begun: SimTime,
    arrived: u16,
    /// Takes a buffer of the receiver.
    buffered: bool,
    /// The rest will not come.
    ended: bool,
}

/// Datagrams in pieces, of all nodes of a mesh. Empty as long as frames are long enough.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Reassembly {
    pending: BTreeMap<Key, Pending>,
}

impl Reassembly {
    /// Datagrams that receivers hold in pieces.
    pub fn buffered(&self) -> usize {
        self.pending.values().filter(|p| p.buffered).count()
    }

    /// Whether what was saved names radios that are here.
    pub fn check(&self, bounds: &Bounds) -> Result<(), String> {
        let known = self.pending.keys().all(|&(to, from, _)| bounds.is_own_or_none(to) && bounds.is_own(from));
        ensure(known, || "net: a datagram in pieces is of or for a radio that is not here".to_owned())
    }

    /// Lets go of what `node` has waited too long for; returns how many buffers that frees, and how many are in use.
    fn expire(&mut self, node: Node, timeout: SimTime, now: SimTime) -> (u64, usize) {
        let (mut expired, mut used) = (0, 0);
        let mut gone = Vec::new();
        for (&key, pending) in self.pending.range_mut(of(node)) {
            if pending.buffered && pending.begun + timeout <= now {
                pending.buffered = false;
                expired += 1;
                if pending.ended {
                    gone.push(key);
                }
            }
            used += usize::from(pending.buffered);
        }
        for key in gone {
            self.pending.remove(&key);
        }
        (expired, used)
    }

    /// A receiver was reset: its buffers are gone.
    pub fn forget(&mut self, node: Node) {
        for (_, pending) in self.pending.range_mut(of(node)) {
            pending.buffered = false;
        }
        self.pending.retain(|key, p| key.0 != node || !p.ended);
    }

    /// The sender gave a datagram up. Its receiver does not know and goes on waiting.
    pub fn abandon(&mut self, to: Node, from: Node, tag: u16) {
        let key = (to, from, tag);
        if let Some(pending) = self.pending.get_mut(&key) {
            pending.ended = true;
            if !pending.buffered {
                self.pending.remove(&key);
            }
        }
    }
}

/// Keys of a receiver.
fn of(node: Node) -> std::ops::RangeInclusive<Key> {
    (node, Node(0), 0)..=(node, Node(u16::MAX), u16::MAX)
}

/// A fragment arrived at `node`: the datagram, if it was the last that was missing.
pub(super) fn arrived<P: PortUser>(
    stack: &mut Stack<P>,
    ctx: &mut Ctx,
    node: Node,
    from: Node,
    packet: &Packet,
) -> Option<Packet> {
    let now = ctx.now();
    let procedures = &stack.net.procedures;
    let limits = if ctx.facts.is_gateway(node) { FEW_BUFFERS } else { procedures.relaying.buffers };
    let reassembly = &mut stack.net.reassembly;
    let (expired, used) = reassembly.expire(node, limits.timeout, now);
    ctx.books.counters.reassembly_timeouts += expired;
    let to_all = packet.hop_to == Node::EVERYONE;
    let fresh = Pending { begun: now, arrived: 0, buffered: used < limits.datagrams, ended: to_all };
    let key = (node, from, packet.tag);
    let known = reassembly.pending.contains_key(&key);
    if !known && !fresh.buffered {
        ctx.books.counters.reassembly_full += 1;
        if to_all {
            return None;
        }
    }
    let pending = reassembly.pending.entry(key).or_insert(fresh);
    pending.arrived += 1;
    if pending.arrived < u16::from(packet.fragments) {
        return None;
    }
    let whole = pending.buffered;
    reassembly.pending.remove(&key);
    let mut datagram = packet.clone();
    (datagram.fragment, datagram.fragments) = (0, 0);
    if whole {
        return Some(datagram);
    }
    stack.count_lost(ctx, node, &datagram, Loss::Reassembly);
    None
}
