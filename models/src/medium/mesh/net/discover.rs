//! From a running radio to a parent: the PAN, its configuration, RPL information.
//!
//! A reset keeps PAN id and keys. Nanostack looks for its PAN all the same (state 1) and then for the configuration (state 3);
//! wsrd asks for both at once, in state 3. Then both ask their neighbours for RPL information (state 4) and choose a parent.

use super::candidates::{CONSIDERED, has_advertised, minute, remember};
use super::choice::{self, Offer};
use super::join::{self, arm, route_by, set_state};
use super::stack::{Repeats, WSBRD_STEP};
use super::{
    Content, INFINITE_RANK, Net, Packet, Stack, State, Step, Sweep, Topic, auth, lease, pan, parents, poison, probes,
    rekey, trickle,
};
use crate::context::{Ctx, Facts};
use crate::medium::PortUser;
use crate::medium::mesh::mac::{LinkLayer, sweep};
use crate::node::Node;
use crate::spec::{BorderStack, Lease, RouterStack};
use amitwin_sim_core::SimTime;

/// Timers of a node that is part of the mesh.
pub(super) const OF_MEMBERS: [Topic; 3] = [Topic::Advert, Topic::Config, Topic::Dio];

/// Configuration solicits of a node that has chosen its PAN (PCS_MAX), before it looks for it anew.
const CHOSEN_SOLICITS_MAX: u8 = 5;

/// W `join_state.c`: who gives its PAN up takes this long for what it has to say, s.
const LEAVES_S: f64 = 2.0;

/// Begins to look for the PAN, which it has given up; wsrd when all have been told, or for ranks alone if it knows another neighbour that may be its parent.
pub(super) fn leave<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    knows_another: bool,
) {
    let joining = &stack.net.nodes[node];
    let is_looking = joining.state < State::ConfigureRouting || matches!(joining.step, Step::Discover | Step::Choose);
    if is_looking || stack.net.procedures.stack == RouterStack::Nanostack {
        return restart(stack, link, ctx, node);
    }
    set_state(stack, ctx, node, State::ConfigureRouting);
    for topic in OF_MEMBERS {
        trickle::stop(stack.net, node, topic);
    }
    let joining = &mut stack.net.nodes[node];
    (joining.step, joining.parent, joining.rank) = (Step::Leave, Node::NONE, INFINITE_RANK);
    (joining.rpl.second, joining.search.lost) = (Node::NONE, knows_another);
    arm(stack.net, ctx, node, LEAVES_S);
}

/// N `ws_bootstrap.c`: nanostack that leaves its PAN begins to look for one so long after it has said so, or after that if its DIO does not go out, s.
const LEFT_S: f64 = 8.0;
const LEAVES_MOST_S: f64 = 600.0;

/// Nanostack leaves its PAN: at once because the border router is silent, otherwise when its next DIO has said so.
pub(super) fn leave_softly<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    at_once: bool,
) {
    let joining = &mut stack.net.nodes[node];
    if joining.state != State::Operational {
        if joining.step != Step::Leave {
            restart(stack, link, ctx, node);
        }
        return;
    }
    (joining.step, joining.parent, joining.rank) = (Step::Leave, Node::NONE, INFINITE_RANK);
    joining.rpl.second = Node::NONE;
    for topic in [Topic::Advert, Topic::Config] {
        trickle::stop(stack.net, node, topic);
    }
    if at_once {
        trickle::stop(stack.net, node, Topic::Dio);
        poison::poison(stack, link, ctx, node);
    } else {
        poison::poison_soon(stack.net, ctx, node, poison::POISONS_LEAVING);
    }
    arm(stack.net, ctx, node, if at_once { LEFT_S } else { LEAVES_MOST_S });
    set_state(stack, ctx, node, State::ConfigureRouting);
}

/// It has said so.
pub(super) fn leaves_in(net: &mut Net, ctx: &mut Ctx, node: Node) {
    arm(net, ctx, node, LEFT_S);
}

/// wsrd has told all that it has no parent.
pub(super) fn has_left<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let joining = &mut stack.net.nodes[node];
    if !joining.search.lost {
        return restart(stack, link, ctx, node);
    }
    // W `join_state.c`, `rpl.c`: it has its neighbours still, their ranks, and its children, but neither address nor a rank of its own.
    joining.addressed &= stack.net.lease == Lease::Kept && !lease::has_run_out(joining, ctx);
    joining.rpl.advertised = INFINITE_RANK;
    let known = joining.candidates.iter().filter(|c| c.node.is_some() && !c.is_denied(minute(ctx))).count();
    (joining.search.many, joining.search.crowded) = (joining.search.crowded || known > CONSIDERED, false);
    find_parent(stack, ctx, node, true);
}

/// Begins to look for the PAN.
pub(super) fn restart<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let known = stack.net.nodes[node].candidates;
    parents::detach(stack.net, node);
    choice::look(stack.net, node);
    for topic in OF_MEMBERS {
        trickle::stop(stack.net, node, topic);
    }
    let joining = &mut stack.net.nodes[node];
    (joining.step, joining.tries, joining.search.lost) = (Step::Settled, 0, false);
    // N `ws_bootstrap_6lr.c`, W `join_state.c`: who looks for its PAN has no address.
    joining.addressed &= stack.net.lease == Lease::Kept && !lease::has_run_out(joining, ctx);
    let has_keys = rekey::are_good(stack.net, ctx, node) && stack.net.nodes[node].pan.keys.has;
    match stack.net.procedures.stack {
        RouterStack::Nanostack => {
            let is_soon = matches!(stack.net.nodes[node].state, State::Authenticate | State::AcquireConfig);
            set_state(stack, ctx, node, State::SelectPan);
            // N `ws_bootstrap.c`: who has found no keys or no configuration asks in the smallest interval.
            let asks_in = match is_soon {
                true => trickle::start_soon(stack.net, ctx, node, Topic::AdvertSolicit),
                false => trickle::start(stack.net, ctx, node, Topic::AdvertSolicit),
            };
            choose_after(stack.net, ctx, node, asks_in);
        }
        RouterStack::Wsrd if !has_keys => {
            stack.net.nodes.aside(node).pan.asks_children = false;
            set_state(stack, ctx, node, State::SelectPan);
            trickle::start(stack.net, ctx, node, Topic::AdvertSolicit);
            choose_behind_interval(stack.net, ctx, node);
        }
        RouterStack::Wsrd => {
            // W `join_state.c`: whatever brought it here, it has forgotten its children, but for a reset not whom it hears.
            stack.net.forget_children(link, ctx.facts, node);
            let now = ctx.now();
            let heard = known.into_iter().filter(|of| of.node.is_some() && !stack.net.is_forgotten(of.node, now));
            let heard: Vec<_> = heard.map(|of| (of.node, of.rsl_dbm, of.probe.has_advertised())).collect();
            for (candidate, (of, rsl_dbm, has_advertised)) in stack.net.nodes[node].candidates.iter_mut().zip(heard) {
                (candidate.node, candidate.rsl_dbm) = (of, rsl_dbm);
                if has_advertised {
                    candidate.probe.advertises();
                }
            }
            stack.net.nodes.aside(node).pan.asks_children = true;
            set_state(stack, ctx, node, State::AcquireConfig);
            for (topic, kind) in
                [(Topic::AdvertSolicit, Sweep::AdvertSolicit), (Topic::ConfigSolicit, Sweep::ConfigSolicit)]
            {
                trickle::start(stack.net, ctx, node, topic);
                sweep::ask(link, ctx, node, kind);
            }
            if stack.net.chooses() {
                choose_behind_interval(stack.net, ctx, node);
            }
        }
    }
}

/// Puts the choice of a PAN off: Imin and a random part of it after `delay`.
fn choose_after(net: &mut Net, ctx: &mut Ctx, node: Node, delay: SimTime) {
    let imin_s = net.procedures.discovery.imin_s();
    let wait_s = delay.secs_f64() + net.between(ctx.facts, node, (imin_s, 2.0 * imin_s));
    net.nodes.aside(node).deadline = ctx.now() + SimTime::from_secs_f64(wait_s);
    arm(net, ctx, node, wait_s);
}

/// wsrd chooses Imin after the interval of its solicit.
fn choose_behind_interval(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let left_s = trickle::left(net, ctx, node, Topic::AdvertSolicit).secs_f64();
    arm(net, ctx, node, left_s + net.procedures.discovery.imin_s());
}

/// The time to choose a PAN has come.
pub(super) fn choose_pan<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    if let Some(offer) = stack.net.best_pan(node) {
        return join_pan(stack, link, ctx, node, &offer);
    }
    if !stack.net.chooses() && stack.net.has_heard(node) {
        auth::use_kept(stack.net, node);
    }
    let is_new = !stack.net.nodes[node].pan.keys.has;
    let is_chosen = match is_new {
        _ if stack.net.chooses() => false,
        true => auth::begin(stack, ctx, node),
        false => stack.net.has_heard(node),
    };
    if !is_chosen {
        match stack.net.procedures.stack {
            RouterStack::Nanostack => choose_after(stack.net, ctx, node, SimTime::ZERO),
            RouterStack::Wsrd => choose_behind_interval(stack.net, ctx, node),
        }
        return;
    }
    link.listens_anew(ctx.facts, node, false);
    if is_new {
        return;
    }
    trickle::stop(stack.net, node, Topic::AdvertSolicit);
    set_state(stack, ctx, node, State::AcquireConfig);
    stack.net.nodes.aside(node).tries = 0;
    trickle::start_soon(stack.net, ctx, node, Topic::ConfigSolicit);
}

/// A PAN is chosen among those that were heard: its configuration is looked for, or its keys are asked for.
fn join_pan<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, offer: &Offer) {
    for topic in [Topic::AdvertSolicit, Topic::ConfigSolicit] {
        trickle::stop(stack.net, node, topic);
    }
    link.listens_anew(ctx.facts, node, false);
    let pan = &mut stack.net.nodes[node].pan;
    pan.is_chosen = true;
    let is_same = offer.pan == pan.of;
    if is_same {
        auth::use_kept(stack.net, node);
    }
    if is_same && stack.net.nodes[node].pan.keys.has {
        set_state(stack, ctx, node, State::AcquireConfig);
        stack.net.nodes.aside(node).tries = 0;
        match stack.net.procedures.stack {
            RouterStack::Nanostack => _ = trickle::start_soon(stack.net, ctx, node, Topic::ConfigSolicit),
            RouterStack::Wsrd => _ = trickle::start(stack.net, ctx, node, Topic::ConfigSolicit),
        }
        return;
    }
    if !is_same {
        choice::change(stack.net, node, offer.pan);
    }
    remember(stack.net, link, ctx, node, offer.via, None);
    has_advertised(stack.net, node, offer.via);
    if !auth::begin(stack, ctx, node) {
        restart(stack, link, ctx, node);
    }
}

/// A configuration solicit is due.
pub(super) fn solicit_config<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    // W `ws.c`, `join_state.c`: five of a PAN that was chosen, or whose keys have just come; who has reconnected asks for as long as it takes.
    let has_chosen = stack.net.nodes[node].pan.is_chosen;
    let most = if has_chosen { CHOSEN_SOLICITS_MAX } else { stack.net.procedures.config_solicits_max };
    let are_good = rekey::are_good(stack.net, ctx, node);
    let joining = &mut stack.net.nodes[node];
    if !are_good || joining.tries >= most && most < u8::MAX {
        trickle::stop(stack.net, node, Topic::ConfigSolicit);
        restart(stack, link, ctx, node);
        return;
    }
    joining.tries = joining.tries.saturating_add(1);
    sweep::ask(link, ctx, node, Sweep::ConfigSolicit);
}

/// A node that chooses among PANs has heard an advertisement; whether it has taken that PAN at once, because it is so near.
fn advertised<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, from: Node) -> bool {
    let Some(offer) = choice::heard(stack.net, link, node, from) else { return false };
    let near_dbm = stack.net.procedures.authentication.near_dbm.map_or(f32::INFINITY, f32::from);
    let is_near = link.air.link_dbm(from, node).is_some_and(|dbm| dbm > near_dbm);
    if is_near {
        join_pan(stack, link, ctx, node, &offer);
    }
    is_near
}

/// Whether the advertisement of another member makes a node's own needless. N `ws_bootstrap.c`: it names the same number of nodes.
/// W `ws.c`: its way costs no less.
pub(super) fn advertises_for(net: &Net, facts: &Facts, node: Node, from: Node) -> bool {
    // W `ws_mngt.c`: of a border router's anyone's that tells of the same size.
    let step = |node| net.told_size(facts, node) / WSBRD_STEP;
    match net.procedures.stack {
        _ if facts.is_gateway(node) && net.procedures.border == BorderStack::Wsbrd => step(node) == step(from),
        RouterStack::Nanostack => net.told_size(facts, node) == net.told_size(facts, from),
        RouterStack::Wsrd => net.nodes[from].rank >= net.nodes[node].rank,
    }
}

/// A sweep's frame was received.
pub(super) fn heard_sweep<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    from: Node,
    sweep: Sweep,
) {
    let is_foreign = stack.net.pan_of(node) != stack.net.pan_of(from);
    if stack.net.chooses() {
        if sweep == Sweep::Advert && stack.net.is_looking(node) && advertised(stack, link, ctx, node, from) {
            return;
        }
        // Who asks for advertisements names a network, which all PANs share.
        if is_foreign && sweep != Sweep::AdvertSolicit {
            return;
        }
    } else if is_foreign {
        return;
    }
    if sweep == Sweep::Config && rekey::is_deaf(stack.net, node, from) {
        return;
    }
    if sweep == Sweep::Config && ctx.facts.is_gateway(node) {
        pan::keeps_time(stack, link, ctx, node);
    }
    let is_member = stack.net.nodes[node].state >= State::ConfigureRouting;
    if sweep == Sweep::Config && is_member && pan::has_restarted(stack, link, ctx, node, from) {
        return;
    }
    if sweep == Sweep::Config && is_member && !rekey::agrees(stack.net, ctx, node, from) {
        if stack.net.nodes[node].state == State::Operational {
            trickle::reset(stack.net, ctx, node, Topic::Config);
        }
        return;
    }
    let net = &mut *stack.net;
    match (net.nodes[node].state, sweep) {
        (State::Operational, Sweep::Advert) => {
            if advertises_for(net, ctx.facts, node, from) {
                trickle::consistent(net, node, Topic::Advert);
            }
            pan::learn_size(net, ctx, node, from);
        }
        (State::Operational, Sweep::Config) => trickle::consistent(net, node, Topic::Config),
        (State::Operational, Sweep::AdvertSolicit | Sweep::ConfigSolicit) => {
            let answer = if sweep == Sweep::AdvertSolicit { Topic::Advert } else { Topic::Config };
            trickle::reset(net, ctx, node, answer);
            if net.nodes[node].parent == from {
                join::confirms(net, ctx, node);
            }
        }
        (State::SelectPan, Sweep::AdvertSolicit) => {
            trickle::consistent(net, node, Topic::AdvertSolicit);
            // Its answers serve this node as well.
            let soon = SimTime::from_secs_f64(2.0 * net.procedures.discovery.imin_s());
            if net.procedures.chooses_with_others && net.nodes[node].deadline > ctx.now() + soon {
                choose_after(net, ctx, node, SimTime::ZERO);
            }
        }
        (State::AcquireConfig, Sweep::AdvertSolicit | Sweep::ConfigSolicit) => {
            let of = if sweep == Sweep::AdvertSolicit { Topic::AdvertSolicit } else { Topic::ConfigSolicit };
            trickle::consistent(net, node, of);
            may_be_asked(net, link, ctx, node, from);
        }
        (State::ConfigureRouting, Sweep::AdvertSolicit | Sweep::ConfigSolicit)
            if matches!(net.nodes[node].step, Step::Discover | Step::Choose) =>
        {
            may_be_asked(net, link, ctx, node, from);
        }
        (State::AcquireConfig, Sweep::Config) if pan::is_blocked(net, ctx, node, from) => {}
        (State::AcquireConfig, Sweep::Config) => {
            pan::follow_schedule(net, node, from);
            net.nodes[node].pan.is_chosen = true;
            remember(net, link, ctx, node, from, None);
            trickle::stop(net, node, Topic::AdvertSolicit);
            trickle::stop(net, node, Topic::ConfigSolicit);
            rekey::agrees(net, ctx, node, from);
            pan::is_alive(net, ctx, node);
            find_parent(stack, ctx, node, false);
        }
        (State::SelectPan | State::Authenticate | State::AcquireConfig, Sweep::Advert) => {
            let is_candidate = remember(net, link, ctx, node, from, None);
            let near_dbm = net.procedures.authentication.near_dbm.map_or(f32::INFINITY, f32::from);
            let level_dbm = link.air.link_dbm(from, node).unwrap_or(f32::NEG_INFINITY);
            let joining = &net.nodes[node];
            let is_looking = joining.state == State::SelectPan && !joining.pan.keys.has && !net.chooses();
            if is_candidate && is_looking && level_dbm > near_dbm {
                auth::begin(stack, ctx, node);
            }
        }
        (State::ConfigureRouting, Sweep::Config | Sweep::Advert)
            if matches!(net.nodes[node].step, Step::Discover | Step::Choose) =>
        {
            remember(net, link, ctx, node, from, None);
        }
        _ => {}
    }
    if sweep == Sweep::Advert {
        has_advertised(stack.net, node, from);
    }
}

/// W `ws.c`: who solicits is a neighbour as well that may be asked for RPL information, whether it has any or not.
fn may_be_asked(net: &mut Net, link: &LinkLayer, ctx: &Ctx, node: Node, from: Node) {
    if net.procedures.stack == RouterStack::Wsrd {
        remember(net, link, ctx, node, from, None);
    }
}

/// Starts to look for RPL information, on the way into the mesh or after the loss of the last parent.
pub(super) fn find_parent<P: PortUser>(stack: &mut Stack<P>, ctx: &mut Ctx, node: Node, lost: bool) {
    set_state(stack, ctx, node, State::ConfigureRouting);
    let net = &mut *stack.net;
    let Repeats { delay_s, more_s, .. } = if lost { net.procedures.lost_dis } else { net.procedures.dis };
    let joining = &mut net.nodes[node];
    (joining.step, joining.tries, joining.search.lost) = (Step::Discover, 0, lost);
    let delay = net.between(ctx.facts, node, delay_s);
    let more = if more_s.1 > 0.0 { net.between(ctx.facts, node, more_s) } else { 0.0 };
    arm(net, ctx, node, delay + more);
}

/// A DIS is due.
pub(super) fn ask<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let joining = &mut stack.net.nodes[node];
    let repeats = if joining.search.lost { &stack.net.procedures.lost_dis } else { &stack.net.procedures.dis };
    let is_over = repeats.is_over(joining.tries);
    if is_over && !stack.net.procedures.asks_on() {
        // Somebody may still say a rank, until the PAN times out.
        return;
    }
    let is_repeated = joining.tries > 0;
    if is_repeated && stack.net.procedures.stack == RouterStack::Wsrd && adopt_best(stack.net, ctx, node) {
        return;
    }
    let joining = &mut stack.net.nodes[node];
    let is_lost = joining.search.lost && !is_over;
    let repeats = if is_lost { &stack.net.procedures.lost_dis } else { &stack.net.procedures.dis };
    joining.tries = joining.tries.saturating_add(1);
    let (wait_s, spread) = (repeats.wait_s(joining.tries), repeats.spread);
    let many = joining.search.many;
    let known = stack.net.strongest(node, ctx.now());
    let of = stack.net.procedures.stack;
    let mut send = |to: Node| stack.submit(link, ctx, node, Packet::new(Content::Dis, node, to, to));
    match of {
        RouterStack::Nanostack => send(Node::EVERYONE),
        RouterStack::Wsrd => {
            known.into_iter().filter(|c| c.is_some()).for_each(&mut send);
            if many || known[0] == Node::NONE {
                send(Node::EVERYONE);
            }
        }
    }
    let wait_s = wait_s * stack.net.between(ctx.facts, node, spread);
    match of {
        RouterStack::Nanostack => arm(stack.net, ctx, node, wait_s),
        // A parent is looked for before the next DIS, and 10 s after this one.
        RouterStack::Wsrd => {
            stack.net.nodes[node].step = Step::Choose;
            let choice_s = stack.net.procedures.choice_s.0;
            arm(stack.net, ctx, node, wait_s.min(choice_s));
        }
    }
}

/// RPL information came while it was waited for.
pub(super) fn heard_dio(net: &mut Net, ctx: &mut Ctx, node: Node) {
    if net.procedures.stack == RouterStack::Nanostack && net.nodes[node].step == Step::Discover {
        net.nodes[node].step = Step::Choose;
        let delay = net.between(ctx.facts, node, net.procedures.choice_s);
        arm(net, ctx, node, delay);
    }
}

/// Takes the best candidate for its parent, if there is one.
fn adopt_best(net: &mut Net, ctx: &mut Ctx, node: Node) -> bool {
    let Some(best) = net.best(node, minute(ctx), u32::from(INFINITE_RANK)).map(|c| c.node) else { return false };
    parents::adopt(net, ctx, node, best);
    route_by(net, ctx, node, [Node::NONE; 2]);
    true
}

/// The time to choose a parent has come.
pub(super) fn choose_parent<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    if adopt_best(stack.net, ctx, node) {
        return;
    }
    probes::ask_unknown(stack, link, ctx, node);
    let net = &mut *stack.net;
    let joining = &mut net.nodes[node];
    joining.step = Step::Discover;
    let repeats = if joining.search.lost { &net.procedures.lost_dis } else { &net.procedures.dis };
    let (wait_s, spread) = (repeats.wait_s(joining.tries), repeats.spread);
    let left_s = wait_s * net.between(ctx.facts, node, spread) - net.procedures.choice_s.0;
    match net.procedures.stack {
        RouterStack::Wsrd if left_s > 0.0 => arm(net, ctx, node, left_s),
        _ => ask(stack, link, ctx, node),
    }
}
