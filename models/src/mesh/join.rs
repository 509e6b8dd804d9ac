//! Joining: from a running radio to a meter that the head-end hears again.
//!
//! A reset keeps PAN id and keys, so a node starts at state 3: it solicits the PAN's configuration by trickled sweeps
//! and waits for one from a neighbour that is part of the mesh. Then: RPL information from that neighbour, address
//! registration with the parent, an address by DHCPv6 through the parent, and the route at the border router.

use super::routing::{self, usable};
use super::trickle::{self, Topic};
use super::{INFINITE_RANK, NO_ONE, State, Step, note, submit};
use crate::device;
use crate::event::Event;
use crate::mac::packet::{Kind, Packet};
use crate::mac::sweep::Sweep;
use crate::radio::air::EVERYONE;
use crate::region::{Ctx, Region};
use amitwin_data::rows::EventKind;
use amitwin_sim_core::SimTime;

/// DHCPv6: longest delay of the first solicit, first and longest time-out, s (nanostack; wsrd goes up to an hour).
const SOLICIT_DELAY_S: f64 = 60.0;
const SOLICIT_TIMEOUT_S: u16 = 60;
const SOLICIT_TIMEOUT_MAX_S: u16 = 900;
/// RPL solicitation: first and longest time-out, s.
const DIS_TIMEOUT_S: u16 = 5;
const DIS_TIMEOUT_MAX_S: u16 = 180;
/// First question: smallest and largest delay, s. Questions before starting again.
const DIS_DELAY_S: (f64, f64) = (4.0, 9.0);
const DIS_TRIES: u8 = 12;
/// Route announcement: first time-out, which doubles, and tries before the parent is given up (nanostack's values; three
/// tries 3 s apart, as in another stack, are over before a congested border router has answered the first).
const DAO_TIMEOUT_S: u16 = 40;
const DAO_TRIES: u8 = 4;
/// Neighbour solicitation: time-out and tries.
const NS_TIMEOUT_S: u16 = 5;
const NS_TRIES: u8 = 3;
/// Check of a silent parent: time between two solicitations, s, and their number; together a minute.
const VERIFY_S: f64 = 15.0;
const VERIFY_TRIES: u8 = 4;
/// Time in which a node that was told of one parent waits for a better one, s (nanostack).
const SELECTION_DELAY_S: f64 = 15.0;
/// Longest delay before the first, s.
const REGISTER_DELAY_S: f64 = 10.0;
/// Address registration is renewed this often, s (lifetime 2,200 s).
const REFRESH_S: f64 = 1_800.0;
/// Renewals of the registration for one of the route.
const ROUTE_REFRESH_EVERY: u8 = 8;

/// Enters state 3.
pub fn restart(region: &mut Region, ctx: &mut Ctx, node: u16) {
    routing::detach(region, ctx, node);
    set_state(region, ctx, node, State::AcquireConfig);
    region.mesh(node).step = Step::Settled;
    for topic in [Topic::Advert, Topic::Config, Topic::Dio] {
        trickle::stop(region, node, topic);
    }
    trickle::start_soon(region, ctx, node, Topic::Solicit);
}

/// Enters a joining state.
pub fn set_state(region: &mut Region, ctx: &Ctx, node: u16, state: State) {
    let mesh = region.mesh(node);
    if mesh.state != state {
        mesh.state = state;
        note(region, ctx, node, EventKind::JoinState, state as i32);
    }
}

/// A sweep's frame was received.
pub fn heard_sweep(region: &mut Region, ctx: &mut Ctx, node: u16, from: u16, sweep: Sweep) {
    if region.pan_of(node) != region.pan_of(from) {
        return;
    }
    match (region.mesh(node).state, sweep) {
        (State::Operational, Sweep::Advert) => trickle::consistent(region, node, Topic::Advert),
        (State::Operational, Sweep::Config) => trickle::consistent(region, node, Topic::Config),
        (State::Operational, Sweep::Solicit) => trickle::reset(region, ctx, node, Topic::Config),
        (State::AcquireConfig, Sweep::Solicit) => trickle::consistent(region, node, Topic::Solicit),
        (State::AcquireConfig, Sweep::Config) if usable(region, node, from) => {
            trickle::stop(region, node, Topic::Solicit);
            routing::remember(region, node, from, INFINITE_RANK);
            discover(region, ctx, node);
        }
        (State::AcquireConfig, Sweep::Advert) if usable(region, node, from) => {
            routing::remember(region, node, from, INFINITE_RANK);
        }
        (State::ConfigureRouting, Sweep::Config | Sweep::Advert)
            if region.mesh(node).step == Step::Discover && usable(region, node, from) =>
        {
            routing::remember(region, node, from, INFINITE_RANK);
        }
        _ => {}
    }
}

/// Starts to look for RPL information. The first question waits a moment: the neighbour that was heard is still in its
/// sweep, and everyone who heard it would ask at once.
pub fn discover(region: &mut Region, ctx: &mut Ctx, node: u16) {
    set_state(region, ctx, node, State::ConfigureRouting);
    let mesh = region.mesh(node);
    (mesh.step, mesh.tries, mesh.wait_s) = (Step::Discover, 0, DIS_TIMEOUT_S);
    let delay = DIS_DELAY_S.0 + (DIS_DELAY_S.1 - DIS_DELAY_S.0) * region.draw(node);
    arm(region, ctx, node, delay);
}

/// Asks each known neighbour, or all who hear it if none is known.
fn ask(region: &mut Region, ctx: &mut Ctx, node: u16) {
    let mesh = region.mesh(node);
    let candidates = mesh.candidates.map(|c| c.node);
    // Those who are known may have lost their way as well: every other time all are asked.
    let all = mesh.tries % 2 == 1 || candidates.iter().all(|&c| c == NO_ONE);
    mesh.tries += 1;
    let wait_s = mesh.wait_s;
    mesh.wait_s = (wait_s * 2).min(DIS_TIMEOUT_MAX_S);
    let mut send = |to: u16| submit(region, ctx, node, Packet::new(Kind::Dis, node, to, to, ctx.now()));
    if all {
        send(EVERYONE);
    } else {
        candidates.into_iter().filter(|&c| c != NO_ONE).for_each(&mut send);
    }
    let spread = 1.0 + 0.5 * region.draw(node);
    arm(region, ctx, node, f64::from(wait_s) * spread);
}

/// RPL information came while it was waited for: a parent is chosen, register with it.
pub fn parent_known(region: &mut Region, ctx: &mut Ctx, node: u16) {
    let mesh = region.mesh(node);
    (mesh.step, mesh.tries) = (Step::Register, 0);
    // What made this node choose was heard by its neighbours as well.
    let delay = SELECTION_DELAY_S + REGISTER_DELAY_S * region.draw(node);
    arm(region, ctx, node, delay);
}

fn register(region: &mut Region, ctx: &mut Ctx, node: u16) {
    region.mesh(node).tries += 1;
    solicit_parent(region, ctx, node);
    let spread = 1.0 + 0.5 * region.draw(node);
    arm(region, ctx, node, f64::from(NS_TIMEOUT_S) * spread);
}

/// Sends a neighbour solicitation to the parent.
fn solicit_parent(region: &mut Region, ctx: &mut Ctx, node: u16) {
    let mesh = region.mesh(node);
    let (parent, renewal) = (mesh.parent, mesh.addressed);
    let mut ns = Packet::new(Kind::Ns, node, parent, parent, ctx.now());
    // Until it is part of the mesh a node has a link-local address only.
    ns.value = u32::from(renewal);
    submit(region, ctx, node, ns);
}

/// The parent has acknowledged a solicitation: Wi-SUN sends an advertisement only to refuse a registration.
pub fn registration_done(region: &mut Region, ctx: &mut Ctx, node: u16, from: u16) {
    let mesh = region.mesh(node);
    if mesh.step != Step::Register || mesh.parent != from {
        return;
    }
    if mesh.addressed {
        // A new parent: the route follows.
        announce(region, ctx, node);
        return;
    }
    (mesh.step, mesh.tries, mesh.wait_s) = (Step::Address, 0, SOLICIT_TIMEOUT_S);
    let delay = region.draw(node) * SOLICIT_DELAY_S;
    arm(region, ctx, node, delay);
}

fn solicit(region: &mut Region, ctx: &mut Ctx, node: u16) {
    let mesh = region.mesh(node);
    mesh.tries = mesh.tries.saturating_add(1);
    let (parent, wait_s) = (mesh.parent, mesh.wait_s);
    mesh.wait_s = (wait_s * 2).min(SOLICIT_TIMEOUT_MAX_S);
    let gateway = region.gateway_of(node);
    let mut packet = Packet::new(Kind::Solicit, node, gateway, parent, ctx.now());
    packet.via = parent;
    submit(region, ctx, node, packet);
    let spread = 0.9 + 0.2 * region.draw(node);
    arm(region, ctx, node, f64::from(wait_s) * spread);
}

/// A DHCPv6 reply came.
pub fn address_given(region: &mut Region, ctx: &mut Ctx, node: u16) {
    if region.mesh(node).step == Step::Address {
        region.mesh(node).addressed = true;
        announce(region, ctx, node);
    }
}

/// Tells the border router the route.
pub fn announce(region: &mut Region, ctx: &mut Ctx, node: u16) {
    let mesh = region.mesh(node);
    (mesh.step, mesh.tries) = (Step::Announce, 0);
    mesh.path_sequence = mesh.path_sequence.wrapping_add(1);
    send_dao(region, ctx, node);
}

fn send_dao(region: &mut Region, ctx: &mut Ctx, node: u16) {
    let mesh = region.mesh(node);
    let wait_s = DAO_TIMEOUT_S << mesh.tries;
    mesh.tries += 1;
    let parent = mesh.parent;
    let gateway = region.gateway_of(node);
    let mut packet = Packet::new(Kind::Dao, node, gateway, parent, ctx.now());
    packet.via = parent;
    packet.value = u32::from(region.mesh(node).path_sequence);
    if let Some((campaign, reset_at)) = device::sign_in_route(region, node) {
        packet.value |= u32::from(campaign) << 8;
        packet.planned = reset_at;
    }
    submit(region, ctx, node, packet);
    let spread = 1.0 + 0.5 * region.draw(node);
    arm(region, ctx, node, f64::from(wait_s) * spread);
}

/// The border router knows the route announced with `sequence`: part of the mesh.
pub fn route_known(region: &mut Region, ctx: &mut Ctx, node: u16, sequence: u8) {
    let mesh = region.mesh(node);
    if mesh.step != Step::Announce || mesh.path_sequence != sequence {
        return;
    }
    (mesh.step, mesh.tries, mesh.failures, mesh.returning) = (Step::Settled, 0, 0, false);
    if mesh.state != State::Operational {
        set_state(region, ctx, node, State::Operational);
        let parent = region.mesh(node).parent;
        let global = region.globals[parent as usize];
        note(region, ctx, node, EventKind::Operational, global as i32);
        for topic in [Topic::Advert, Topic::Config, Topic::Dio] {
            trickle::start(region, ctx, node, topic);
        }
        device::back(region, ctx, node);
    }
    let wait = REFRESH_S * (0.9 + 0.2 * region.draw(node));
    arm(region, ctx, node, wait);
}

/// Puts a node that was part of the mesh from the start on its renewal timer, at a random place of the period.
pub fn settle(region: &mut Region, ctx: &mut Ctx, node: u16) {
    let mesh = region.mesh(node);
    (mesh.state, mesh.step, mesh.addressed) = (State::Operational, Step::Settled, true);
    for topic in [Topic::Advert, Topic::Config, Topic::Dio] {
        trickle::start(region, ctx, node, topic);
    }
    if !region.is_gateway(node) {
        let wait = REFRESH_S * region.draw(node);
        arm(region, ctx, node, wait);
    }
}

/// Asks whether the parent is still there, by neighbour solicitations over a minute.
pub fn verify(region: &mut Region, ctx: &mut Ctx, node: u16) {
    let mesh = region.mesh(node);
    (mesh.step, mesh.tries) = (Step::Verify, 0);
    let delay = VERIFY_S * region.draw(node);
    arm(region, ctx, node, delay);
}

/// The parent is still there.
pub fn verified(region: &mut Region, ctx: &mut Ctx, node: u16) {
    let mesh = region.mesh(node);
    (mesh.step, mesh.tries, mesh.failures) = (Step::Settled, 0, 0);
    let wait = REFRESH_S * (0.9 + 0.2 * region.draw(node));
    arm(region, ctx, node, wait);
}

/// Sets the join timer.
pub fn arm(region: &mut Region, ctx: &mut Ctx, node: u16, seconds: f64) {
    let mesh = region.mesh(node);
    mesh.epoch = mesh.epoch.wrapping_add(1);
    let epoch = mesh.epoch;
    ctx.schedule(ctx.now() + SimTime::from_secs_f64(seconds), node.into(), Event::Join { node, epoch });
}

/// [`Event::Join`]: what was waited for has not come, or a renewal is due.
pub fn due(region: &mut Region, ctx: &mut Ctx, node: u16, epoch: u16) {
    let mesh = region.mesh(node);
    if mesh.epoch != epoch || !matches!(mesh.state, State::ConfigureRouting | State::Operational) {
        return;
    }
    match mesh.step {
        Step::Discover if mesh.tries >= DIS_TRIES => restart(region, ctx, node),
        Step::Discover => ask(region, ctx, node),
        Step::Register if mesh.tries >= NS_TRIES => routing::parent_failed(region, ctx, node),
        Step::Register => register(region, ctx, node),
        Step::Address => solicit(region, ctx, node),
        Step::Announce if mesh.tries >= DAO_TRIES => routing::parent_failed(region, ctx, node),
        Step::Announce => send_dao(region, ctx, node),
        Step::Verify if mesh.tries >= VERIFY_TRIES => routing::parent_failed(region, ctx, node),
        Step::Verify => {
            mesh.tries += 1;
            solicit_parent(region, ctx, node);
            let wait = VERIFY_S * (0.75 + 0.5 * region.draw(node));
            arm(region, ctx, node, wait);
        }
        Step::Settled => {
            mesh.tries = mesh.tries.wrapping_add(1);
            if mesh.tries.is_multiple_of(ROUTE_REFRESH_EVERY) {
                announce(region, ctx, node);
            } else {
                refresh(region, ctx, node);
            }
        }
    }
}

/// Renews the registration; the acknowledgement of the link layer is answer enough.
fn refresh(region: &mut Region, ctx: &mut Ctx, node: u16) {
    solicit_parent(region, ctx, node);
    let wait = REFRESH_S * (0.9 + 0.2 * region.draw(node));
    arm(region, ctx, node, wait);
}
