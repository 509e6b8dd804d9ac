#![doc = include_str!("README.md")]

pub mod flood;
pub mod fragments;
pub mod join;
pub mod routing;
pub mod tree;
pub mod trickle;

use crate::device;
use crate::gateway;
use crate::mac::packet::{Kind, Packet};
use crate::mac::{self, Loss};
use crate::region::{Ctx, Region};
use amitwin_data::rows::{EventKind, EventRow, Outcome};
use amitwin_sim_core::SimTime;
use bevy_ecs::prelude::{Component, Entity};
use routing::Candidate;
use trickle::{TOPICS, Trickle};

/// Nobody.
pub const NO_ONE: u16 = u16::MAX;
/// Rank of a node without a route.
pub const INFINITE_RANK: u16 = u16::MAX;
/// Candidate parents that a node keeps.
pub const CANDIDATES: usize = 5;

/// Where a node stands in joining; the numbers are those of Wi-SUN FAN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Not running.
    #[default]
    Off = 0,
    /// Looking for the PAN's configuration.
    AcquireConfig = 3,
    /// Getting neighbours, address and route.
    ConfigureRouting = 4,
    /// Part of the mesh.
    Operational = 5,
}

/// Step within [`State::ConfigureRouting`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Step {
    /// Waiting for RPL information.
    #[default]
    Discover,
    /// Waiting for the parent to register the address.
    Register,
    /// Waiting for an address.
    Address,
    /// Waiting for the border router to know the route.
    Announce,
    /// Waiting for a sign of life of a parent that did not acknowledge.
    Verify,
    /// Nothing under way.
    Settled,
}

/// Mesh state of a node.
#[derive(Component, Clone, Debug)]
pub struct Mesh {
    /// Candidate parents, best first; unused ones have no node.
    pub candidates: [Candidate; CANDIDATES],
    /// Timers by [`trickle::Topic`].
    pub trickles: [Trickle; TOPICS],
    /// The entity of the link to the parent.
    pub link: Option<Entity>,
    /// Flood under way.
    pub flood: flood::Flood,
    /// Random numbers used for timers.
    pub draws: u32,
    /// Current time-out of the joining procedure, s.
    pub wait_s: u16,
    /// Counts the join timer.
    pub epoch: u16,
    /// RPL rank.
    pub rank: u16,
    /// Lowest rank since the node joined.
    pub lowest: u16,
    /// Next hop towards the border router.
    pub parent: u16,
    /// Hops to the border router.
    pub hops: u8,
    /// Tries of the current step.
    pub tries: u8,
    /// Frames to the parent that failed in a row.
    pub failures: u8,
    /// Joining state.
    pub state: State,
    /// Joining step.
    pub step: Step,
    /// A heartbeat is owed for this campaign (+1; 0: none).
    pub heartbeat_due: u16,
    /// Heartbeats sent for it.
    pub heartbeats: u8,
    /// It has an address.
    pub addressed: bool,
    /// Number of its last route announcement; kept over a reset, as stacks do.
    pub path_sequence: u8,
    /// It has not been part of the mesh since it was reset.
    pub returning: bool,
    /// Frames to the parent since its expected transmissions were last measured, repetitions included.
    pub transmitted: u8,
    /// Of them acknowledged.
    pub acknowledged: u8,
    /// When they were last measured.
    pub measured_at: SimTime,
}

impl Default for Mesh {
    fn default() -> Self {
        Mesh {
            candidates: [Candidate::default(); CANDIDATES],
            trickles: [Trickle::default(); TOPICS],
            link: None,
            flood: flood::Flood::default(),
            draws: 0,
            wait_s: 0,
            epoch: 0,
            rank: INFINITE_RANK,
            lowest: INFINITE_RANK,
            parent: NO_ONE,
            hops: 0,
            tries: 0,
            failures: 0,
            state: State::Off,
            step: Step::Settled,
            heartbeat_due: 0,
            heartbeats: 0,
            addressed: false,
            path_sequence: 0,
            returning: false,
            transmitted: 0,
            acknowledged: 0,
            measured_at: SimTime::ZERO,
        }
    }
}

/// The link of a node to its parent, an entity of its own so that faults can be put on it.
#[derive(Component, Clone, Copy, Debug)]
pub struct Link {
    /// Lower end, local.
    pub child: u16,
    /// Upper end, local.
    pub parent: u16,
    /// Path loss with shadowing, dB.
    pub path_loss_db: f32,
}

/// A datagram arrived at `node` over the air from `from`.
pub fn receive(region: &mut Region, ctx: &mut Ctx, node: u16, from: u16, packet: &Packet) {
    if packet.fragments > 0 {
        if let Some(whole) = fragments::arrived(region, ctx, node, from, packet) {
            receive(region, ctx, node, from, &whole);
        }
        return;
    }
    match packet.kind {
        Kind::Probe => device::probe_arrived(region, ctx, packet),
        Kind::Flood => flood::heard(region, ctx, node, packet),
        Kind::Dio => routing::heard_dio(region, ctx, node, from, packet),
        Kind::Dis if packet.dest == node => routing::send_dio(region, ctx, node, Some(from)),
        Kind::Dis => routing::solicited_by_all(region, ctx, node),
        // The acknowledgement of the link layer is the answer.
        Kind::Ns => {}
        _ if packet.dest == node && region.is_gateway(node) => gateway::arrived(region, ctx, node, packet),
        _ if packet.dest == node => arrived(region, ctx, node, packet),
        _ => routing::forward(region, ctx, node, from, packet),
    }
}

/// A datagram reached the node it was for.
fn arrived(region: &mut Region, ctx: &mut Ctx, node: u16, packet: &Packet) {
    match packet.kind {
        Kind::Reply => join::address_given(region, ctx, node),
        Kind::DaoAck => join::route_known(region, ctx, node, packet.value as u8),
        Kind::Command => device::command(region, ctx, node, packet),
        Kind::Request => device::request(region, ctx, node, packet),
        Kind::Confirm => device::confirmed(region, node, packet),
        _ => {}
    }
}

/// A datagram was lost at its holder.
pub fn lost(region: &mut Region, _ctx: &mut Ctx, packet: &Packet, why: Loss) {
    region.counters.dropped += 1;
    region.counters.lost[why as usize] += 1;
    if packet.kind == Kind::Push {
        region.push_row(packet, Outcome::Failed, None, packet.hops);
    }
    if packet.kind == Kind::Probe {
        region.probes.lost += 1;
    }
}

/// The link layer is done with a unicast frame that carried `kind`.
pub fn link_result(region: &mut Region, ctx: &mut Ctx, node: u16, to: u16, kind: Kind, ok: bool, tries: u8) {
    routing::link_result(region, ctx, node, to, ok, tries);
    if ok && kind == Kind::Ns {
        join::registration_done(region, ctx, node, to);
    }
}

/// Hands a datagram to the link layer of `node`.
pub fn submit(region: &mut Region, ctx: &mut Ctx, node: u16, packet: Packet) {
    mac::enqueue(region, ctx, node, packet);
}

/// Notes a node's event for the table.
pub fn note(region: &mut Region, ctx: &Ctx, node: u16, kind: EventKind, value: i32) {
    let node = region.globals[node as usize];
    region.rows.events.push(EventRow { time_s: ctx.now().secs_f64(), node, kind, value });
}
