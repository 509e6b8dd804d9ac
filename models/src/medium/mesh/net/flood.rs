//! Flooding of commands (MPL, RFC 7731): everyone who hears one repeats it under a trickle timer.

use super::submit;
use crate::device;
use crate::event::Event;
use crate::medium::mesh::mac::packet::{Kind, Packet};
use crate::medium::mesh::radio::air::EVERYONE;
use crate::region::{Ctx, Region};
use amitwin_sim_core::SimTime;

/// Intervals after which a node stops repeating.
const ROUNDS: u8 = 3;

/// A flood that a node takes part in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flood {
    /// Number of the newest campaign heard, plus one; 0: none yet.
    seen: u16,
    heard: u8,
    round: u8,
    epoch: u8,
}

/// Starts a flood at a border router.
pub fn begin(region: &mut Region, ctx: &mut Ctx, gateway: u16, campaign: u16) {
    take_up(region, ctx, gateway, campaign);
}

fn take_up(region: &mut Region, ctx: &mut Ctx, node: u16, campaign: u16) {
    let flood = &mut region.mesh(node).flood;
    *flood = Flood { seen: campaign + 1, heard: 0, round: 0, epoch: flood.epoch.wrapping_add(1) };
    arm(region, ctx, node);
}

fn arm(region: &mut Region, ctx: &mut Ctx, node: u16) {
    let (smallest, largest) = region.timers.flood;
    let place = 0.5 + 0.5 * region.draw(node);
    let flood = &mut region.mesh(node).flood;
    flood.heard = 0;
    let interval = (smallest * (1 << flood.round)).min(largest);
    let epoch = flood.epoch;
    let at = ctx.now() + SimTime::from_secs_f64(interval.secs_f64() * place);
    ctx.schedule(at, node.into(), Event::Flood { node, epoch });
}

/// [`Event::Flood`]: repeat unless enough others did.
pub fn due(region: &mut Region, ctx: &mut Ctx, node: u16, epoch: u8) {
    let k = region.timers.flood_k;
    let running = region.air.radios[node as usize].is_on();
    let flood = &mut region.mesh(node).flood;
    if flood.epoch != epoch || !running {
        return;
    }
    let (speak, campaign) = (flood.heard < k, flood.seen - 1);
    flood.round += 1;
    let again = flood.round < ROUNDS;
    if speak {
        let mut packet = Packet::new(Kind::Flood, node, EVERYONE, EVERYONE, ctx.now());
        let (apdu, bytes) = region.floods[usize::from(campaign)].clone();
        (packet.value, packet.apdu, packet.payload) = (u32::from(campaign), apdu, bytes);
        submit(region, ctx, node, packet);
    }
    if again {
        arm(region, ctx, node);
    }
}

/// A flooded command was heard.
pub fn heard(region: &mut Region, ctx: &mut Ctx, node: u16, packet: &Packet) {
    let campaign = packet.value as u16;
    let flood = &mut region.mesh(node).flood;
    if flood.seen > campaign {
        flood.heard = flood.heard.saturating_add(1);
        return;
    }
    take_up(region, ctx, node, campaign);
    if !region.is_gateway(node) {
        device::told_with_all(region, ctx, node, packet);
    }
}
