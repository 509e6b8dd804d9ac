//! Datagrams in fragments, as the queues see them.

use super::packet::Packet;
use crate::region::Region;

/// Drops the other fragments of a datagram of which one has failed.
pub(super) fn drop_rest(region: &mut Region, node: u16, failed: &Packet) {
    if failed.fragments == 0 {
        return;
    }
    region.fragments.abandon(failed.hop_to, node, failed.tag);
    let mac = region
        .macs
        .get_mut(&mut region.world, region.entities[node as usize])
        .expect("every node has a link layer")
        .into_inner();
    for fifo in [&mut mac.queue, &mut mac.broadcasts] {
        for _ in 0..fifo.len() {
            let Some(at) = region.packets.pop(fifo) else { break };
            let packet = region.packets.get(at);
            if packet.fragments > 0 && packet.tag == failed.tag {
                region.packets.release(at);
            } else {
                region.packets.push(fifo, at);
            }
        }
    }
}

impl Region {
    /// Bytes that a data frame to `to` has room for above the link layer.
    pub(crate) fn frame_room(&self, to: u16) -> u16 {
        self.frame_bytes_max.saturating_sub(self.air.phy.fcs_bytes + self.times.overhead(to))
    }
}
