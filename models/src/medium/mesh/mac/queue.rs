//! Queues: what a node holds, whole or in fragments, and which of it may go next.

use super::{Above, Job, LinkLayer, next_job};
use crate::books::Loss;
use crate::context::Ctx;
use crate::medium::mesh::packet::Packet;
use crate::node::Node;
use amitwin_sim_core::SimTime;

/// Puts a packet into the queue of `node`, cut into fragments if no frame has room for it; a full queue refuses it.
pub fn enqueue<U: Above>(link: &mut LinkLayer, above: &mut U, ctx: &mut Ctx, node: Node, mut packet: Packet) {
    let is_gateway = ctx.facts.is_gateway(node);
    let limit = if is_gateway { link.spec.gateway_queue_frames_max } else { link.spec.queue_frames_max };
    let broadcast = packet.hop_to == Node::EVERYONE && link.hopping();
    let (extent, room) = (link.lengths.extent(&packet), link.frame_room(packet.hop_to));
    let frames = if extent.whole() <= room { 1 } else { extent.fragments(room) };
    let mac = &mut link.macs[node];
    let fifo = if broadcast { &mut mac.broadcasts } else { &mut mac.queue };
    if fifo.len().saturating_add(frames) > limit {
        above.lost(ctx, node, &packet, Loss::QueueFull);
        if let Some(load) = ctx.books.load(node) {
            load.dropped += 1;
        }
        return;
    }
    if frames == 1 {
        packet.bytes = extent.whole();
        let at = link.packets.add(packet);
        link.packets.push(fifo, at);
    } else {
        link.newest_tag = link.newest_tag.wrapping_add(1);
        (packet.tag, packet.fragments) = (link.newest_tag, frames as u8);
        ctx.books.counters.cut += 1;
        for index in 0..frames {
            let bytes = extent.fragment(room, index).unwrap_or(0);
            let at = link.packets.add(Packet { fragment: index as u8, bytes, ..packet.clone() });
            link.packets.push(fifo, at);
        }
    }
    let (waiting, len) = (matches!(mac.job, Job::WaitSlot | Job::WaitSweep), fifo.len());
    if waiting {
        mac.epoch = mac.epoch.wrapping_add(1);
        mac.job = Job::Idle;
    }
    let idle = mac.job == Job::Idle;
    if let Some(load) = ctx.books.load(node) {
        load.queue_frames_max = load.queue_frames_max.max(u32::from(len));
    }
    if idle {
        next_job(link, ctx, node);
    }
}

/// Drops everything a node holds: it is being reset or switched off.
pub fn clear<U: Above>(link: &mut LinkLayer, above: &mut U, ctx: &mut Ctx, node: Node) {
    link.finish_job(node);
    let mac = &mut link.macs[node];
    (mac.acknowledging, mac.sweeps, mac.sweep_channel) = (false, 0, 0);
    while let Some(packet) = link.take_any(node) {
        if !packet.delivered {
            link.drop_rest(node, &packet);
            above.lost(ctx, node, &packet, Loss::Reset);
        }
    }
}

impl LinkLayer {
    /// Takes a packet out of a node's queues, unicast first.
    pub fn take_any(&mut self, node: Node) -> Option<Packet> {
        let mac = &mut self.macs[node];
        let at = self.packets.pop(&mut mac.queue).or_else(|| self.packets.pop(&mut mac.broadcasts))?;
        let packet = self.packets.get(at).clone();
        self.packets.release(at);
        Some(packet)
    }

    /// Takes a packet off the head of the queue that it leads.
    pub(super) fn take_current(&mut self, node: Node, at: u32) -> Packet {
        let mac = &mut self.macs[node];
        let fifo = if mac.broadcasts.head() == at { &mut mac.broadcasts } else { &mut mac.queue };
        assert_eq!(fifo.head(), at, "the frame in hand leads its queue");
        self.packets.pop(fifo);
        let packet = self.packets.get(at).clone();
        self.packets.release(at);
        packet
    }

    /// Drops the other fragments of a datagram of which one has failed.
    pub(super) fn drop_rest(&mut self, node: Node, failed: &Packet) {
        if failed.fragments == 0 {
            return;
        }
        let mac = &mut self.macs[node];
        for fifo in [&mut mac.queue, &mut mac.broadcasts] {
            for _ in 0..fifo.len() {
                let Some(at) = self.packets.pop(fifo) else { break };
                let packet = self.packets.get(at);
                if packet.fragments > 0 && packet.tag == failed.tag {
                    self.packets.release(at);
                } else {
                    self.packets.push(fifo, at);
                }
            }
        }
    }

    /// Brings a packet that may be sent now to the head of the queue, so that a frame that waits for its repetition does
    /// not hold up those for others; returns when the head may be sent.
    pub(super) fn first_ready(&mut self, node: Node, now: SimTime) -> SimTime {
        let mac = &mut self.macs[node];
        let (to, until, packets) = (mac.blocked_to, mac.blocked_until, &mut self.packets);
        let ready =
            |packet: &Packet| if packet.hop_to == to { packet.not_before.max(until) } else { packet.not_before };
        let mut earliest = SimTime::MAX;
        for _ in 0..mac.queue.len() {
            let at = ready(packets.get(mac.queue.head()));
            if at <= now {
                return now;
            }
            earliest = earliest.min(at);
            packets.rotate(&mut mac.queue);
        }
        while ready(packets.get(mac.queue.head())) > earliest {
            packets.rotate(&mut mac.queue);
        }
        earliest
    }
}
