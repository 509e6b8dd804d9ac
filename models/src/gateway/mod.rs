#![doc = include_str!("README.md")]

use crate::event::{Down, Event, Report, ReportKind};
use crate::headend::HEAD_END;
use crate::mac::packet::{Kind, Packet, ROUTE_MAX};
use crate::mesh::{NO_ONE, flood as mesh_flood, submit};
use crate::region::{Ctx, Region};
use amitwin_data::rows::{AirtimeRow, Outcome};
use amitwin_sim_core::SimTime;

/// Load of a border router's radio since the minute began.
#[derive(Clone, Copy, Debug, Default)]
pub struct Load {
    /// Spent transmitting.
    pub tx: SimTime,
    /// Spent locked on frames for it.
    pub rx: SimTime,
    /// Frames sent, acknowledgements included.
    pub frames_sent: u32,
    /// Frames received intact.
    pub frames_received: u32,
    /// Frames for it that were lost to other transmissions.
    pub collisions: u32,
    /// Most frames in its queue.
    pub queue_frames_max: u32,
    /// Frames that its full queue refused.
    pub dropped: u32,
}

/// A datagram for the border router or what lies behind it.
pub fn arrived(region: &mut Region, ctx: &mut Ctx, gateway: u16, packet: &Packet) {
    let origin = packet.origin;
    match packet.kind {
        Kind::Solicit => {
            // The answer goes to the relay, which knows the node; the node itself has no route yet.
            let via = packet.via;
            let mut reply = Packet::new(Kind::Reply, gateway, origin, origin, ctx.now());
            if route_through(region, gateway, origin, via, &mut reply) {
                submit(region, ctx, gateway, reply);
            } else {
                region.counters.dropped += 1;
                region.counters.lost[crate::mac::Loss::NoRoute as usize] += 1;
            }
        }
        Kind::Dao => {
            let sequence = packet.value as u8;
            let (parent, known) = &mut region.announced[origin as usize];
            if (sequence.wrapping_sub(*known) as i8) < 0 {
                // Overtaken on the way by a later announcement.
                return;
            }
            (*parent, *known) = (packet.via, sequence);
            if packet.value >> 8 > 0 {
                let mut sign = packet.clone();
                sign.value = (packet.value >> 8) - 1;
                report(region, ctx, gateway, &sign, ReportKind::Route);
            }
            let mut ack = Packet::new(Kind::DaoAck, gateway, origin, origin, ctx.now());
            ack.value = u32::from(sequence);
            if route_through(region, gateway, origin, packet.via, &mut ack) {
                submit(region, ctx, gateway, ack);
            } else {
                region.counters.dropped += 1;
                region.counters.lost[crate::mac::Loss::NoRoute as usize] += 1;
            }
        }
        Kind::Heartbeat => report(region, ctx, gateway, packet, ReportKind::Heartbeat),
        Kind::Push => {
            report(region, ctx, gateway, packet, ReportKind::Push);
            let latency = region.latency;
            region.push_row(packet, Outcome::Ok, Some(ctx.now() + latency), packet.hops + 1);
        }
        Kind::CommandAck => report(region, ctx, gateway, packet, ReportKind::Acknowledged),
        Kind::Answer if packet.apdu.outside => {
            region.answered_outside.push((packet.value, ctx.now() + region.latency));
        }
        Kind::Answer => report(region, ctx, gateway, packet, ReportKind::Answer),
        _ => {}
    }
}

fn report(region: &mut Region, ctx: &mut Ctx, gateway: u16, packet: &Packet, kind: ReportKind) {
    let report = Report {
        node: region.globals[packet.origin as usize],
        kind,
        planned: packet.planned,
        value: packet.value,
        hops: packet.hops + 1,
        attempts: packet.attempts,
        bytes: packet.payload,
        apdu: packet.apdu.clone(),
    };
    ctx.send(HEAD_END, ctx.now() + region.latency, gateway.into(), Event::Report(Box::new(report)));
}

/// Writes the source route to `dest`, whose parent is `via`, into a packet; `false` if it is unknown or has a loop.
fn route_through(region: &Region, gateway: u16, dest: u16, via: u16, packet: &mut Packet) -> bool {
    let (mut at, mut len) = (via, 0);
    packet.route[len] = dest;
    len += 1;
    while at != gateway {
        if at == NO_ONE || len == ROUTE_MAX {
            return false;
        }
        packet.route[len] = at;
        len += 1;
        at = region.announced[at as usize].0;
    }
    packet.route_len = (len - 1) as u8;
    packet.hop_to = packet.route[len - 1];
    true
}

/// [`Event::Down`]: an APDU came from the head-end.
pub fn down(region: &mut Region, ctx: &mut Ctx, down: Down) {
    if down.kind == Kind::Flood {
        region.floods[down.value as usize] = (down.apdu, down.bytes);
        for gateway in 0..region.gateways {
            mesh_flood::begin(region, ctx, gateway, down.value as u16);
        }
        return;
    }
    let Some(local) = region.local(down.node) else { return };
    let gateway = region.gateway_of(local);
    let via = region.announced[local as usize].0;
    let mut packet = Packet::new(down.kind, gateway, local, local, ctx.now());
    (packet.value, packet.payload, packet.apdu) = (down.value, down.bytes, down.apdu);
    if route_through(region, gateway, local, via, &mut packet) {
        submit(region, ctx, gateway, packet);
    } else {
        region.counters.dropped += 1;
        region.counters.lost[crate::mac::Loss::NoRoute as usize] += 1;
    }
}

/// [`Event::Minute`].
pub fn minute(region: &mut Region, ctx: &mut Ctx) {
    close_minute(region, ctx.now());
    ctx.schedule(ctx.now() + SimTime::from_secs(60), 0, Event::Minute);
}

/// Writes the load of the minute that ends at `now`.
pub fn close_minute(region: &mut Region, now: SimTime) {
    let minute = SimTime::from_secs(60);
    let into = now % minute;
    let length = if into == SimTime::ZERO { minute } else { into };
    let start = now.saturating_sub(length);
    for gateway in 0..region.gateways {
        let load = std::mem::take(&mut region.loads[gateway as usize]);
        region.rows.airtime.push(AirtimeRow {
            time_s: start.secs_f64(),
            gateway: region.globals[gateway as usize],
            tx_s: load.tx.secs_f64() as f32,
            rx_s: load.rx.secs_f64() as f32,
            busy_share: ((load.tx + load.rx).secs_f64() / length.secs_f64()) as f32,
            frames_sent: load.frames_sent,
            frames_received: load.frames_received,
            collisions: load.collisions,
            queue_frames_max: load.queue_frames_max,
            dropped: load.dropped,
        });
    }
}
