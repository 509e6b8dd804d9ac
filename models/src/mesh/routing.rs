//! Parents by expected transmissions (RPL, MRHOF) and forwarding, upwards by parent, downwards by source route.

use super::join;
use super::trickle::{self, Topic};
use super::{CANDIDATES, INFINITE_RANK, Link, Mesh, NO_ONE, State, Step, lost, note, submit};
use crate::mac::Loss;
use crate::mac::packet::{Kind, Packet};
use crate::radio::air::EVERYONE;
use crate::radio::neighbours::code_db;
use crate::region::{Ctx, Region};
use amitwin_data::rows::EventKind;
use amitwin_sim_core::SimTime;

/// Rank of a border router, and the increase for a link of ETX 1.
pub const RANK_STEP: u16 = 128;
/// A link worse than this is not used, in 1/128 transmissions.
pub const ETX_MAX: u16 = 4 * 128;
/// A new parent must be better by this much rank (1.5 ETX).
const SWITCH_THRESHOLD: u16 = 192;
/// How far a node's rank may rise above its lowest before it has to leave the tree and join anew.
const RANK_INCREASE_MAX: u16 = 3 * RANK_STEP;
/// A sample of the expected transmissions takes so many of them and so long (nanostack).
const MEASURED_MIN: u8 = 4;
const MEASURED_EACH: SimTime = SimTime::from_secs(60);
/// Frames to the parent that fail in a row before it is asked whether it is still there. One failure says little: a
/// neighbour in its sweep is deaf for seconds.
const FAILURES_MAX: u8 = 2;
/// A node that comes back says to no one that it has no route before it has asked for one this often.
const SILENT_TRIES: u8 = 2;
/// Datagrams with more hops are in a loop.
const HOPS_MAX: u8 = 32;

/// A neighbour that may be the parent.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Local index, or [`NO_ONE`].
    pub node: u16,
    /// Its rank.
    pub rank: u16,
    /// Expected transmissions, 1/128.
    pub etx: u16,
}

impl Default for Candidate {
    fn default() -> Self {
        Candidate { node: NO_ONE, rank: INFINITE_RANK, etx: ETX_MAX }
    }
}

impl Candidate {
    /// Rank through this parent.
    pub fn cost(&self) -> u32 {
        u32::from(self.rank) + u32::from(self.etx.max(RANK_STEP))
    }
}

/// Whether the link to a neighbour is good enough to be used at all.
pub fn usable(region: &Region, node: u16, neighbour: u16) -> bool {
    region.air.neighbours.code(node, neighbour).is_some_and(|code| region.etx_of_code[code as usize] <= ETX_MAX)
}

/// Sends RPL information to one neighbour or to all.
pub fn send_dio(region: &mut Region, ctx: &mut Ctx, node: u16, to: Option<u16>) {
    let mesh = region.mesh(node);
    if mesh.state != State::Operational {
        return;
    }
    let value = u32::from(mesh.rank) << 8 | u32::from(mesh.hops);
    let to = to.unwrap_or(EVERYONE);
    let mut dio = Packet::new(Kind::Dio, node, to, to, ctx.now());
    dio.value = value;
    submit(region, ctx, node, dio);
}

/// A solicitation for all: those who have a route say so soon.
pub fn solicited_by_all(region: &mut Region, ctx: &mut Ctx, node: u16) {
    if region.mesh(node).state == State::Operational {
        trickle::reset(region, ctx, node, Topic::Dio);
    }
}

/// Tells one neighbour, or all, that there is no route here (a poisoning DIO).
pub fn poison(region: &mut Region, ctx: &mut Ctx, node: u16, to: u16) {
    let mut dio = Packet::new(Kind::Dio, node, to, to, ctx.now());
    dio.value = u32::from(INFINITE_RANK) << 8;
    submit(region, ctx, node, dio);
}

/// RPL information arrived.
pub fn heard_dio(region: &mut Region, ctx: &mut Ctx, node: u16, from: u16, packet: &Packet) {
    if region.is_gateway(node) || region.pan_of(node) != region.pan_of(from) {
        return;
    }
    let (rank, hops) = ((packet.value >> 8) as u16, packet.value as u8);
    let mesh = region.mesh(node);
    if !matches!(mesh.state, State::ConfigureRouting | State::Operational) {
        return;
    }
    let known = mesh.candidates.iter().any(|c| c.node == from);
    if rank == INFINITE_RANK {
        if mesh.parent == from && mesh.step != Step::Discover {
            parent_failed(region, ctx, node);
        } else if known {
            remember(region, node, from, INFINITE_RANK);
        }
        return;
    }
    if packet.dest == EVERYONE {
        trickle::consistent(region, node, Topic::Dio);
    }
    // A registered child is no parent; nor is a node that is as far down as this one.
    let child = region.mesh(from).parent == node;
    let hops_max = region.hops_max;
    let mesh = region.mesh(node);
    if mesh.parent == from && mesh.step != Step::Discover {
        parent_said(region, ctx, node, rank, hops);
        return;
    }
    let below = mesh.state == State::Operational && rank >= mesh.rank;
    if child || below || hops >= hops_max || !(known || usable(region, node, from)) {
        if known {
            remember(region, node, from, INFINITE_RANK);
        }
        return;
    }
    remember(region, node, from, rank);
    let mesh = region.mesh(node);
    if mesh.state == State::ConfigureRouting && mesh.step == Step::Discover {
        let best = mesh.candidates[0];
        if best.node != NO_ONE && best.rank != INFINITE_RANK {
            adopt(region, ctx, node, best.node);
            join::parent_known(region, ctx, node);
        }
    } else if mesh.state == State::Operational && mesh.step == Step::Settled {
        reconsider(region, ctx, node);
    } else if mesh.state == State::ConfigureRouting && matches!(mesh.step, Step::Register | Step::Address) {
        prefer_best(region, ctx, node);
    }
}

/// The parent told its rank. One that has sunk to this node's own rank may hang below it by now: the node follows a
/// little, and then looks for another (RPL's limit on rank increase).
fn parent_said(region: &mut Region, ctx: &mut Ctx, node: u16, rank: u16, hops: u8) {
    let parent = region.mesh_parent(node);
    remember(region, node, parent, rank);
    let hops_max = region.hops_max;
    let mesh = region.mesh(node);
    let Some(parent) = mesh.candidates.iter().find(|c| c.node == mesh.parent) else { return };
    let cost = parent.cost();
    if rank >= mesh.rank && (cost > u32::from(mesh.lowest) + u32::from(RANK_INCREASE_MAX) || hops >= hops_max) {
        parent_failed(region, ctx, node);
        return;
    }
    mesh.hops = hops + 1;
    if rank >= mesh.rank {
        mesh.rank = cost.min(u32::from(INFINITE_RANK) - 1) as u16;
        if mesh.state == State::Operational {
            trickle::reset(region, ctx, node, Topic::Dio);
        }
    } else if mesh.state == State::Operational && mesh.step == Step::Settled {
        reconsider(region, ctx, node);
    }
}

/// Adds a neighbour to the candidates or updates its rank.
pub fn remember(region: &mut Region, node: u16, neighbour: u16, rank: u16) {
    let first_etx = region.etx_between(node, neighbour);
    let mesh = region.mesh(node);
    if let Some(known) = mesh.candidates.iter_mut().find(|c| c.node == neighbour) {
        known.rank = rank;
    } else {
        let new = Candidate { node: neighbour, rank, etx: first_etx };
        let last = &mut mesh.candidates[CANDIDATES - 1];
        if last.node != NO_ONE && (last.cost(), last.etx) <= (new.cost(), new.etx) {
            return;
        }
        if last.node == mesh.parent && last.node != NO_ONE {
            mesh.candidates[CANDIDATES - 2] = new;
        } else {
            *last = new;
        }
    }
    sort(&mut mesh.candidates);
}

fn sort(candidates: &mut [Candidate; CANDIDATES]) {
    candidates.sort_by_key(|c| (c.node == NO_ONE, c.cost(), c.node));
}

/// Makes a candidate the parent.
fn adopt(region: &mut Region, ctx: &Ctx, node: u16, parent: u16) {
    let hops = region.mesh(parent).hops.saturating_add(1);
    let mesh = region.mesh(node);
    let cost = mesh.candidates.iter().find(|c| c.node == parent).map_or(u32::from(INFINITE_RANK), Candidate::cost);
    let changed = mesh.parent != parent || mesh.link.is_none();
    (mesh.parent, mesh.hops, mesh.failures) = (parent, hops, 0);
    if changed {
        (mesh.transmitted, mesh.acknowledged, mesh.measured_at) = (0, 0, ctx.now());
    }
    let detached = mesh.rank == INFINITE_RANK;
    mesh.rank = cost.min(u32::from(INFINITE_RANK) - 1) as u16;
    mesh.lowest = if detached { mesh.rank } else { mesh.lowest.min(mesh.rank) };
    if changed {
        region.set_link(node, Some(parent));
        let global = region.globals[parent as usize];
        note(region, ctx, node, EventKind::ParentChange, global as i32);
    }
}

/// Forgets parent, rank and candidates.
pub fn detach(region: &mut Region, _ctx: &mut Ctx, node: u16) {
    let mesh = region.mesh(node);
    mesh.candidates = Default::default();
    (mesh.parent, mesh.rank, mesh.failures, mesh.hops) = (NO_ONE, INFINITE_RANK, 0, 0);
    region.set_link(node, None);
}

/// Switches to a clearly better parent; never to one that is not nearer to the border router than this node is.
fn reconsider(region: &mut Region, ctx: &mut Ctx, node: u16) {
    let mesh = region.mesh(node);
    let Some(current) = mesh.candidates.iter().find(|c| c.node == mesh.parent) else { return };
    if current.rank == INFINITE_RANK {
        return;
    }
    let Some(best) = mesh.candidates.iter().find(|c| c.node != NO_ONE && c.rank < mesh.rank) else { return };
    if best.node != mesh.parent && best.cost() + u32::from(SWITCH_THRESHOLD) < current.cost() {
        let best = best.node;
        adopt(region, ctx, node, best);
        join::parent_known(region, ctx, node);
    }
}

/// Takes the best candidate as parent while the border router does not know of any: until then a change is free, and
/// later each one costs an announcement.
fn prefer_best(region: &mut Region, ctx: &mut Ctx, node: u16) {
    let mesh = region.mesh(node);
    let best = mesh.candidates[0];
    if best.node == NO_ONE || best.node == mesh.parent || best.rank == INFINITE_RANK {
        return;
    }
    let registering = mesh.step == Step::Register;
    mesh.rank = INFINITE_RANK;
    adopt(region, ctx, node, best.node);
    if registering {
        join::parent_known(region, ctx, node);
    }
}

/// The parent does not work: the next candidate, or look for others.
pub fn parent_failed(region: &mut Region, ctx: &mut Ctx, node: u16) {
    let mesh = region.mesh(node);
    let parent = mesh.parent;
    if let Some(bad) = mesh.candidates.iter_mut().find(|c| c.node == parent) {
        (bad.rank, bad.etx) = (INFINITE_RANK, (bad.etx * 2).min(2 * ETX_MAX));
    }
    sort(&mut mesh.candidates);
    let next = mesh.candidates.iter().find(|c| c.node != NO_ONE && c.rank < mesh.rank).map(|c| c.node);
    if let Some(next) = next {
        adopt(region, ctx, node, next);
        join::parent_known(region, ctx, node);
        return;
    }
    let operational = mesh.state == State::Operational;
    (mesh.parent, mesh.rank, mesh.failures) = (NO_ONE, INFINITE_RANK, 0);
    region.set_link(node, None);
    if operational {
        for topic in [Topic::Advert, Topic::Config, Topic::Dio] {
            trickle::stop(region, node, topic);
        }
        poison(region, ctx, node, EVERYONE);
    }
    join::discover(region, ctx, node);
}

/// Counts a frame to the parent into its expected transmissions: a moving average of what intervals show that are long
/// enough, so that a moment of congestion does not pass for a bad link.
fn measure(mesh: &mut Mesh, now: SimTime, ok: bool, tries: u8) {
    mesh.transmitted = mesh.transmitted.saturating_add(tries);
    mesh.acknowledged = mesh.acknowledged.saturating_add(u8::from(ok));
    if mesh.transmitted < MEASURED_MIN || now < mesh.measured_at + MEASURED_EACH {
        return;
    }
    let (sent, arrived) = (u32::from(mesh.transmitted), u32::from(mesh.acknowledged));
    (mesh.transmitted, mesh.acknowledged, mesh.measured_at) = (0, 0, now);
    // Nothing arrived: as though half of one frame had.
    let sample = (sent * 128).checked_div(arrived).unwrap_or(2 * sent * 128);
    let parent = mesh.parent;
    if let Some(known) = mesh.candidates.iter_mut().find(|c| c.node == parent) {
        known.etx = ((7 * u32::from(known.etx) + sample) / 8).min(u32::from(u16::MAX) / 2) as u16;
        sort(&mut mesh.candidates);
    }
}

/// The link layer is done with a unicast frame after `tries` transmissions.
pub fn link_result(region: &mut Region, ctx: &mut Ctx, node: u16, to: u16, ok: bool, tries: u8) {
    if region.is_gateway(node) || region.probing {
        return;
    }
    let now = ctx.now();
    let mesh = region.mesh(node);
    if to == mesh.parent {
        measure(mesh, now, ok, tries);
    }
    if to != mesh.parent || mesh.state != State::Operational {
        return;
    }
    match (ok, mesh.step) {
        (true, Step::Settled) => {
            mesh.failures = 0;
            reconsider(region, ctx, node);
        }
        (true, Step::Verify) => join::verified(region, ctx, node),
        (false, Step::Settled) => {
            mesh.failures += 1;
            if mesh.failures >= FAILURES_MAX {
                join::verify(region, ctx, node);
            }
        }
        _ => {}
    }
}

/// Passes a datagram on.
pub fn forward(region: &mut Region, ctx: &mut Ctx, node: u16, from: u16, packet: &Packet) {
    let mut next = packet.clone();
    next.hops += 1;
    (next.tries, next.airings, next.delivered, next.not_before) = (0, 0, false, SimTime::ZERO);
    if next.hops > HOPS_MAX {
        lost(region, ctx, &next, Loss::TooFar);
        return;
    }
    if packet.route_len > 0 {
        // Downwards: the next stop stands last.
        next.route_len -= 1;
        next.hop_to = next.route[next.route_len as usize];
    } else {
        let mesh = region.mesh(node);
        if mesh.step == Step::Discover || mesh.parent == NO_ONE || mesh.parent == from {
            // A node that has just restarted does not know that it was a router, and mostly is one again soon.
            let restarted = mesh.returning && (mesh.state == State::AcquireConfig || mesh.tries <= SILENT_TRIES);
            lost(region, ctx, &next, Loss::NoRoute);
            if !restarted {
                poison(region, ctx, node, from);
            }
            return;
        }
        // The sender's rank travels with the packet. A sender that is not below has a wrong idea of this node and is
        // told; a packet that meets this twice is in a loop.
        let rank = mesh.rank;
        if region.mesh(from).rank <= rank {
            if region.mesh(node).state == State::Operational {
                send_dio(region, ctx, node, Some(from));
            } else if next.strayed {
                poison(region, ctx, node, from);
            }
            if next.strayed {
                lost(region, ctx, &next, Loss::TooFar);
                return;
            }
            next.strayed = true;
        }
        let mesh = region.mesh(node);
        next.hop_to = mesh.parent;
    }
    submit(region, ctx, node, next);
}

impl Region {
    /// First estimate of the expected transmissions between two radios, 1/128.
    pub fn etx_between(&self, a: u16, b: u16) -> u16 {
        self.air.neighbours.code(a, b).map_or(u16::MAX / 2, |code| self.etx_of_code[code as usize])
    }

    /// Makes the link entity of `node` point to `parent`, or removes it.
    pub(crate) fn set_link(&mut self, node: u16, parent: Option<u16>) {
        if let Some(link) = self.mesh(node).link.take() {
            self.world.despawn(link);
        }
        if let Some(parent) = parent {
            let code = self.air.neighbours.code(node, parent).unwrap_or(u8::MAX);
            let link = self.world.spawn(Link { child: node, parent, path_loss_db: code_db(code) }).id();
            self.mesh(node).link = Some(link);
        }
    }
}
