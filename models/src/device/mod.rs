#![doc = include_str!("README.md")]

use crate::apdu::meters::Message;
use crate::event::Event;
use crate::mac;
use crate::mac::packet::{Kind, Packet};
use crate::mesh::{self, NO_ONE, State, Step, note, submit};
use crate::purpose;
use crate::region::{Ctx, Region};
use crate::spec::{BackSign, Lease, PushContent, ResetTier};
use amitwin_data::rows::TransactionRow;
use amitwin_dlms::push::{ALARM, READINGS};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use bevy_ecs::prelude::Component;
use dlms_cosem_rs::obis::Obis;
use hdrhistogram::Histogram;
use std::sync::Arc;

/// A cold reset keeps the supply off this long, for its capacitors.
const SUPPLY_OFF: SimTime = SimTime::from_secs(10);
/// From a command to the reset at the earliest, so that frame and command are acknowledged first.
const ANSWER: SimTime = SimTime::from_secs(2);
/// A heartbeat that the head-end has not confirmed is repeated after this time.
const HEARTBEAT_AGAIN: SimTime = SimTime::from_secs(300);
/// Heartbeats after a reset at the most.
const HEARTBEATS: u8 = 10;

/// Power and reporting state of a meter.
#[derive(Component, Clone, Debug, Default)]
pub struct Device {
    /// When it last reset.
    pub reset_at: SimTime,
    /// Reports made.
    pub pushes: u32,
    /// Resets so far.
    pub boots: u16,
    /// It measures energy (a repeater does not).
    pub is_meter: bool,
}

/// First events of a node.
pub fn start(region: &mut Region, ctx: &mut Ctx, node: u16) {
    let Some(push) = &region.push else { return };
    let period = push.period;
    if region.device(node).is_meter && region.mesh(node).state != State::Off {
        let phase = Stream::new(region.seed, u64::from(region.globals[node as usize]), purpose::PUSH_PHASE).unit();
        ctx.schedule(SimTime::from_secs_f64(period.secs_f64() * phase), node.into(), Event::Push { node });
    }
}

/// A reset for all was heard: it is carried out at the time planned for this meter, at once if that has passed.
pub fn told_with_all(region: &mut Region, ctx: &mut Ctx, node: u16, packet: &Packet) {
    let (campaign, global) = (packet.value as u16, region.globals[node as usize]);
    let tier = region.plan.campaigns[usize::from(campaign)].tier;
    let Some(at) = region.plan.reset_time(campaign, global) else { return };
    let now = ctx.now();
    if region.meters.as_mut().is_some_and(|meters| meters.hear(node, global, now, &packet.apdu, tier)) {
        ctx.schedule(at.max(ctx.now()), node.into(), Event::Reset { node, campaign });
    }
}

/// A command for this meter alone: answer, then as planned. The head-end repeats a command whose answer it misses; a
/// meter that has reset since its planned time has carried it out.
pub fn command(region: &mut Region, ctx: &mut Ctx, node: u16, packet: &Packet) {
    let campaign = packet.value as u16;
    let tier = region.plan.campaigns[usize::from(campaign)].tier;
    if !answer(region, ctx, node, packet, Kind::CommandAck, Some(tier)) {
        return;
    }
    let Some(at) = region.plan.reset_time(campaign, region.globals[node as usize]) else { return };
    let answered = ctx.now() + answer_delay(region, node, packet);
    let device = region.device(node);
    if device.boots == 0 || device.reset_at < at {
        ctx.schedule(at.max(answered + ANSWER), node.into(), Event::Reset { node, campaign });
    }
}

/// The head-end reads this meter, or somebody outside does, whose answer is as long as the request says.
pub fn request(region: &mut Region, ctx: &mut Ctx, node: u16, packet: &Packet) {
    if packet.apdu.outside {
        let said = (packet.apdu.clone(), packet.apdu.answer_bytes);
        return delay_answer(region, ctx, node, packet, Kind::Answer, said);
    }
    answer(region, ctx, node, packet, Kind::Answer, None);
}

/// Makes what the meter answers; returns whether it runs a reset of `tier`.
fn answer(region: &mut Region, ctx: &mut Ctx, node: u16, packet: &Packet, kind: Kind, tier: Option<ResetTier>) -> bool {
    let global = region.globals[node as usize];
    let Some(meters) = &mut region.meters else { return false };
    let (said, obeyed) = meters.answer(node, global, ctx.now(), &packet.apdu, tier);
    if let Some(said) = said {
        delay_answer(region, ctx, node, packet, kind, said);
    }
    obeyed
}

/// Random time between a request and its answer.
fn answer_delay(region: &Region, node: u16, request: &Packet) -> SimTime {
    let (low, high) = region.meters.as_ref().map_or_else(Default::default, |meters| meters.cosem().answer_delay);
    let entity = u64::from(region.globals[node as usize]) | u64::from(request.value) << 32;
    let place = Stream::new(region.seed, entity, purpose::ANSWER ^ (request.apdu.counter << 8)).unit();
    low + SimTime::from_secs_f64((high - low).secs_f64() * place)
}

fn delay_answer(region: &mut Region, ctx: &mut Ctx, node: u16, request: &Packet, kind: Kind, (apdu, bytes): Message) {
    let due = ctx.now() + answer_delay(region, node, request);
    let mut answer = Packet::new(kind, node, region.gateway_of(node), NO_ONE, due);
    (answer.value, answer.apdu, answer.payload) = (request.value, apdu, bytes);
    let (boots, packet) = (region.device(node).boots, Box::new(answer));
    ctx.schedule(due, node.into(), Event::Answer { node, boots, packet });
}

/// [`Event::Answer`].
pub fn send_answer(region: &mut Region, ctx: &mut Ctx, node: u16, boots: u16, mut answer: Packet) {
    if region.device(node).boots != boots {
        return;
    }
    answer.hop_to = region.mesh(node).parent;
    if answer.hop_to == NO_ONE {
        mesh::lost(region, ctx, &answer, mac::Loss::NoRoute);
    } else {
        submit(region, ctx, node, answer);
    }
}

fn upward(region: &mut Region, ctx: &Ctx, node: u16, kind: Kind, payload: u16) -> Packet {
    let parent = region.mesh(node).parent;
    let gateway = region.gateway_of(node);
    let mut packet = Packet::new(kind, node, gateway, parent, ctx.now());
    packet.payload = payload;
    packet
}

/// What a push setup of the meter sends now, on its way up.
fn notification(region: &mut Region, ctx: &Ctx, node: u16, kind: Kind, setup: Obis, number: u32) -> Packet {
    let global = region.globals[node as usize];
    let said = region.meters.as_mut().map(|meters| meters.notification(node, global, ctx.now(), setup, number));
    let (apdu, bytes) = said.unwrap_or_default();
    Packet { apdu, ..upward(region, ctx, node, kind, bytes) }
}

/// [`Event::Reset`].
pub fn reset(region: &mut Region, ctx: &mut Ctx, node: u16, campaign: u16) {
    let now = ctx.now();
    let tier = region.plan.campaigns[campaign as usize].tier;
    let device = region.device(node);
    device.boots += 1;
    device.reset_at = now;
    let boots = device.boots;
    region.resets.push((campaign, region.globals[node as usize], now));
    region.mesh(node).heartbeat_due = campaign + 1;
    region.mesh(node).heartbeats = 0;
    note(region, ctx, node, "reset", tier as i32);
    if tier == ResetTier::Soft {
        // The application starts again; radio and routes stay.
        if region.mesh(node).state == State::Operational {
            back(region, ctx, node);
        }
        return;
    }
    note(region, ctx, node, "power_down", i32::from(boots));
    region.air.power(node, false);
    mac::clear(region, ctx, node);
    let kept = region.lease == Lease::Kept;
    let mesh = region.mesh(node);
    (mesh.state, mesh.step, mesh.returning) = (State::Off, Step::Settled, true);
    mesh.addressed &= kept;
    mesh.epoch = mesh.epoch.wrapping_add(1);
    for topic in mesh::trickle::ALL {
        mesh::trickle::stop(region, node, topic);
    }
    mesh::routing::detach(region, ctx, node);
    let (low, high) = region.boot;
    let global = u64::from(region.globals[node as usize]);
    let place = Stream::new(region.seed, global, purpose::BOOT ^ (u32::from(boots) << 16)).unit();
    let mut at = now + low + SimTime::from_secs_f64((high - low).secs_f64() * place);
    if tier == ResetTier::Cold {
        at += SUPPLY_OFF;
    }
    ctx.schedule(at, node.into(), Event::Booted { node, boots });
}

/// [`Event::Booted`]: the radio runs, joining starts.
pub fn booted(region: &mut Region, ctx: &mut Ctx, node: u16, boots: u16) {
    if region.device(node).boots != boots {
        return;
    }
    note(region, ctx, node, "boot", i32::from(boots));
    let global = u64::from(region.globals[node as usize]);
    let phase = Stream::new(region.seed, global, purpose::HOP_PHASE ^ (u32::from(boots) << 16)).below(1 << 20);
    region.air.radios[node as usize].phase_ms = phase;
    region.air.power(node, true);
    mesh::join::restart(region, ctx, node);
}

/// The node is part of the mesh again.
pub fn back(region: &mut Region, ctx: &mut Ctx, node: u16) {
    if sign_in_route(region, node).is_some() {
        // The answer to its route says that the head-end knows.
        region.mesh(node).heartbeat_due = 0;
    } else if region.mesh(node).heartbeat_due > 0 {
        let boots = region.device(node).boots;
        heartbeat(region, ctx, node, boots);
    }
}

/// Campaign (+1) and time of the reset that the next route announcement tells of, if that is how the head-end learns of
/// it. On the air it is the path sequence, which starts in the linear region after a restart (RFC 6550, 7.2).
pub fn sign_in_route(region: &mut Region, node: u16) -> Option<(u16, SimTime)> {
    let due = region.mesh(node).heartbeat_due;
    let by_route = due > 0 && region.plan.campaigns[due as usize - 1].back == BackSign::Route;
    by_route.then(|| (due, region.device(node).reset_at))
}

/// The head-end has confirmed a heartbeat.
pub fn confirmed(region: &mut Region, node: u16, packet: &Packet) {
    let global = region.globals[node as usize];
    let genuine = region.meters.as_mut().is_some_and(|meters| meters.confirmed(node, global, &packet.apdu));
    if genuine {
        region.mesh(node).heartbeat_due = 0;
    }
}

/// Tells the head-end that the meter is back, until it confirms.
pub fn heartbeat(region: &mut Region, ctx: &mut Ctx, node: u16, boots: u16) {
    let reset_at = region.device(node).reset_at;
    let mesh = region.mesh(node);
    let operational = mesh.state == State::Operational && mesh.heartbeat_due > 0;
    if region.device(node).boots != boots || !operational {
        return;
    }
    let mut packet = notification(region, ctx, node, Kind::Heartbeat, ALARM, u32::from(boots));
    let mesh = region.mesh(node);
    mesh.heartbeats += 1;
    packet.value = u32::from(mesh.heartbeat_due - 1);
    (packet.planned, packet.attempts) = (reset_at, mesh.heartbeats);
    if mesh.heartbeats < HEARTBEATS {
        ctx.schedule(ctx.now() + HEARTBEAT_AGAIN, node.into(), Event::Heartbeat { node, boots });
    }
    submit(region, ctx, node, packet);
}

/// [`Event::Push`]: a regular report.
pub fn push(region: &mut Region, ctx: &mut Ctx, node: u16) {
    let Some(spec) = region.push.clone() else { return };
    ctx.schedule(ctx.now() + spec.period, node.into(), Event::Push { node });
    let device = region.device(node);
    device.pushes += 1;
    let number = device.pushes;
    let mut packet = match spec.content {
        PushContent::Readings => notification(region, ctx, node, Kind::Push, READINGS, number),
        PushContent::Opaque(bytes) => upward(region, ctx, node, Kind::Push, bytes),
    };
    packet.value = number;
    if packet.hop_to == NO_ONE || region.mesh(node).state != State::Operational {
        packet.attempts = 0;
        region.counters.dropped += 1;
        region.counters.lost[mac::Loss::NoRoute as usize] += 1;
        region.push_row(&packet, "failed", None, 0);
        return;
    }
    submit(region, ctx, node, packet);
}

/// The `transactions` row of a report.
pub(crate) fn push_row(
    globals: &[u32],
    pan: &[u16],
    packet: &Packet,
    outcome: &'static str,
    answered: Option<SimTime>,
    hops: u8,
) -> TransactionRow {
    let node = globals[packet.origin as usize];
    TransactionRow {
        transaction: (u64::from(node) << 32) | u64::from(packet.value),
        kind: "push",
        campaign: Arc::from(""),
        node,
        gateway: globals[pan[packet.origin as usize] as usize],
        planned_s: packet.planned.secs_f64(),
        sent_s: (packet.attempts > 0).then(|| packet.planned.secs_f64()),
        reset_s: None,
        acknowledged: None,
        answered_s: answered.map(SimTime::secs_f64),
        outcome,
        attempts: u16::from(packet.attempts),
        hops,
        bytes: u32::from(packet.payload),
    }
}

impl Region {
    pub(crate) fn push_row(&mut self, packet: &Packet, outcome: &'static str, answered: Option<SimTime>, hops: u8) {
        let row = push_row(&self.globals, &self.pan, packet, outcome, answered, hops);
        self.rows.transactions.push(row);
    }
}

/// Traffic and results of the link-layer bench.
#[derive(Debug)]
pub struct Probes {
    /// Time between two frames of a node.
    pub period: SimTime,
    /// Bytes above the link layer.
    pub bytes: u16,
    /// Addressee of each node; [`NO_ONE`]: does not send.
    pub target: Vec<u16>,
    /// Frames asked for.
    pub asked: u64,
    /// Frames that arrived.
    pub arrived: u64,
    /// Frames given up.
    pub lost: u64,
    /// Sum of delays from request to arrival.
    pub delay_sum: SimTime,
    /// Delays, us.
    pub delay_us: Option<Histogram<u64>>,
}

impl Default for Probes {
    fn default() -> Self {
        Probes {
            period: SimTime::MAX,
            bytes: 0,
            target: Vec::new(),
            asked: 0,
            arrived: 0,
            lost: 0,
            delay_sum: SimTime::ZERO,
            delay_us: None,
        }
    }
}

/// First frames of the link-layer bench, at a random phase.
pub fn start_probes(region: &mut Region, ctx: &mut Ctx) {
    for node in 0..region.own {
        if region.probes.target[node as usize] != NO_ONE {
            let phase = Stream::new(region.seed, u64::from(region.globals[node as usize]), purpose::PUSH_PHASE).unit();
            let at = SimTime::from_secs_f64(region.probes.period.secs_f64() * phase);
            ctx.schedule(at, node.into(), Event::Probe { node });
        }
    }
}

/// [`Event::Probe`].
pub fn probe(region: &mut Region, ctx: &mut Ctx, node: u16) {
    ctx.schedule(ctx.now() + region.probes.period, node.into(), Event::Probe { node });
    let to = region.probes.target[node as usize];
    region.probes.asked += 1;
    let mut packet = Packet::new(Kind::Probe, node, to, to, ctx.now());
    packet.payload = region.probes.bytes;
    submit(region, ctx, node, packet);
}

/// A probe arrived.
pub fn probe_arrived(region: &mut Region, ctx: &mut Ctx, packet: &Packet) {
    let delay = ctx.now() - packet.planned;
    region.probes.arrived += 1;
    region.probes.delay_sum += delay;
    if let Some(histogram) = &mut region.probes.delay_us {
        histogram.saturating_record(delay.nanos() / 1_000);
    }
}
