//! Neighbour solicitations that ask whether a candidate is there (unreachability detection), and count its ETX.
//!
//! Neither stack asks because a frame failed: timers of their neighbour caches do. wsrd asks a candidate whose ETX nobody has counted for
//! half an hour until it has a sample of four frames; nanostack one that has acknowledged no solicitation for 1,100 s. Three that fail, and
//! the candidate is forgotten until it says its rank again. wsrd asks its parents by its registration.

use super::candidates::{CANDIDATES, Candidate, INFINITE_RANK, deny, minute, seconds};
use super::{Content, Event, Net, Packet, Stack, State, Step, join, lost, parents};
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::mac::{Done, LinkLayer};
use crate::medium::mesh::packet::Kind;
use crate::node::Node;
use crate::spec::RouterStack;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// Solicitations that fail in a row before a neighbour is forgotten (MAX_UNICAST_SOLICIT).
const TRIES: u8 = 3;
/// N `ws_bootstrap.c`: so many are asked at a time; others wait for a second.
const AT_ONCE: usize = 3;
/// W `ws.h`: an ETX is outdated after so long, s.
const OUTDATED_S: u16 = 1_800;

/// When a stack asks, all in s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probing {
    /// When a candidate is asked that was all right.
    pub idle: Wait,
    /// From one solicitation to the next of those that a candidate needs before its ETX is known, or known again.
    pub next: Next,
    /// From a solicitation that failed to the next.
    pub failed_s: (f64, f64),
}

/// Time from one solicitation to the next while a sample is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Next {
    /// Uniform between two limits, s.
    Uniform(f64, f64),
    /// After 2^n s, where n have been counted: each second one in half of the most, which is this times 2^n s.
    Doubling(u16),
}

/// A wait that ends in each second with the same chance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wait {
    /// From a time on uniform in what follows, s.
    Uniform(f64, f64),
    /// From a time on each second one in so many, at a time at the latest, s.
    Chance {
        /// From here on.
        after_s: u16,
        /// One in so many.
        one_in: u16,
        /// At the latest.
        most_s: u16,
    },
}

impl Wait {
    /// Its length for a uniform number, s.
    pub(super) fn of(&self, unit: f64) -> f64 {
        match *self {
            Wait::Uniform(after_s, span_s) => after_s + span_s * unit,
            Wait::Chance { after_s, one_in, most_s } => {
                let seconds = if one_in > 1 { libm::log1p(-unit) / libm::log1p(-1.0 / f64::from(one_in)) } else { 0.0 };
                (f64::from(after_s) + 1.0 + libm::floor(seconds)).min(f64::from(most_s))
            }
        }
    }
}

impl Next {
    fn wait(self, counted: u8) -> Wait {
        match self {
            Next::Uniform(low, high) => Wait::Uniform(low, high - low),
            Next::Doubling(base) => {
                let (after_s, most_s) = (1u16 << counted.min(8), base << counted.min(8));
                Wait::Chance { after_s, one_in: most_s / 2, most_s }
            }
        }
    }
}

/// How a candidate is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Probe {
    /// When it is asked next, s of the run, modulo 2^16.
    due_s: u16,
    /// It is to be asked then.
    is_due: bool,
    /// Solicitations that failed in a row; with one that is on its way, [`IN_FLIGHT`] more, and [`ADVERTISED`] and [`REFUSED`] where that is so.
    tries: u8,
}

/// A solicitation is with the link layer.
const IN_FLIGHT: u8 = 0x80;
/// An advertisement of the candidate has been heard, which is no matter of solicitations, but has its bit here.
const ADVERTISED: u8 = 0x40;
/// Nor is it that the candidate has refused this node as its child.
const REFUSED: u8 = 0x20;
/// What outlasts solicitations.
const KEPT: u8 = ADVERTISED | REFUSED;

impl Probe {
    /// Whether a solicitation is with the link layer.
    pub(super) fn is_in_flight(self) -> bool {
        self.tries & IN_FLIGHT != 0
    }

    fn failed(self) -> u8 {
        self.tries & !(IN_FLIGHT | KEPT)
    }

    /// Whether an advertisement of the candidate has been heard, where the stack cares.
    pub(super) fn has_advertised(self) -> bool {
        self.tries & ADVERTISED != 0
    }

    /// One has been heard.
    pub(super) fn advertises(&mut self) {
        self.tries |= ADVERTISED;
    }

    /// The candidate refuses this node as its child; whether it has done so before.
    pub(super) fn is_refused(&mut self) -> bool {
        let before = self.tries & REFUSED != 0;
        self.tries |= REFUSED;
        before
    }

    /// No solicitation is under way or due any longer.
    pub(super) fn ends(&mut self) {
        *self = Probe { tries: self.tries & KEPT, ..Probe::default() };
    }
}

/// So many seconds until a time modulo 2^16, none if it has passed.
fn left_s(due_s: u16, now_s: u64) -> u16 {
    (due_s.wrapping_sub(now_s as u16) as i16).max(0) as u16
}

/// A candidate is to be asked in so many seconds, by chance.
fn ask_in(net: &mut Net, ctx: &mut Ctx, node: Node, of: Node, wait: Wait) {
    let wait_s = wait.of(net.draw(ctx.facts, node));
    let due_s = (seconds(ctx) + wait_s as u64) as u16;
    if let Some(candidate) = net.nodes.aside(node).candidates.iter_mut().find(|c| c.node == of) {
        (candidate.probe.due_s, candidate.probe.is_due) = (due_s, true);
        arm(net, ctx, node);
    }
}

/// Candidates that a node asks when their time comes: of those that it considers and that have a rank; nanostack registers with its
/// parents often enough.
fn asked(net: &Net, node: Node, minute: u16) -> impl Iterator<Item = &Candidate> {
    let (parents, of) = (net.parents(node), net.procedures.stack);
    let considered = net.considered(node, minute).filter(|c| c.rank != INFINITE_RANK && c.probe.is_due);
    considered.filter(move |c| of == RouterStack::Wsrd || !parents.contains(&c.node) || c.etx.value().is_none())
}

/// Schedules [`Event::Ask`] for the candidate that is due first, unless it comes as soon anyway.
fn arm(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let (now_s, minute) = (seconds(ctx), minute(ctx));
    let asks_s = asked(net, node, minute).map(|c| left_s(c.probe.due_s, now_s)).min();
    let Some(wait_s) = asks_s.into_iter().chain(sample_ends_s(net, node, now_s)).min() else { return };
    let watch = &net.nodes[node].watch;
    if watch.asks && left_s(watch.asks_s, now_s) <= wait_s {
        return;
    }
    // Not all at the beginning of a second.
    let at = ctx.now() + SimTime::from_secs_f64(f64::from(wait_s) + net.draw(ctx.facts, node));
    let watch = &mut net.nodes.aside(node).watch;
    (watch.asks, watch.asks_s) = (true, (at.nanos() / 1_000_000_000) as u16);
    ctx.schedule(at, node, Event::Ask { node });
}

/// Samples of ETX end by the clock: so many seconds until the first of those that have frames enough. N `etx.c`, W `ws_etx.c`.
fn sample_ends_s(net: &Net, node: Node, now_s: u64) -> Option<u16> {
    let counting = &net.procedures.parents.counting;
    let full = net.nodes[node].candidates.iter().filter(|c| c.node.is_some() && c.etx.is_full(counting));
    full.map(|c| counting.seconds.saturating_sub(c.etx.age_s(now_s))).min()
}

/// The sample of a candidate has frames enough and waits for its time.
pub(super) fn sample_is_full(net: &mut Net, ctx: &mut Ctx, node: Node) {
    arm(net, ctx, node);
}

/// [`Event::Ask`]: candidates whose time has come are asked, and samples end.
pub(super) fn due<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let now_s = seconds(ctx);
    let watch = &mut stack.net.nodes.aside(node).watch;
    if watch.asks && left_s(watch.asks_s, now_s) > 0 {
        // It was put forward, and is done.
        return;
    }
    watch.asks = false;
    if !matches!(stack.net.nodes[node].state, State::ConfigureRouting | State::Operational) {
        return;
    }
    parents::end_samples(stack, link, ctx, node);
    let mut those = [Node::NONE; CANDIDATES];
    let time_has_come = asked(stack.net, node, minute(ctx)).filter(|c| left_s(c.probe.due_s, now_s) == 0);
    those.iter_mut().zip(time_has_come).for_each(|(place, c)| *place = c.node);
    let room = match stack.net.procedures.stack {
        RouterStack::Nanostack => {
            let waits = |c: &&Candidate| c.node.is_some() && c.probe.is_in_flight();
            AT_ONCE.saturating_sub(stack.net.nodes[node].candidates.iter().filter(waits).count())
        }
        RouterStack::Wsrd => CANDIDATES,
    };
    for to in those.into_iter().filter(|to| to.is_some()).take(room) {
        ask(stack, link, ctx, node, to);
    }
    arm(stack.net, ctx, node);
}

/// Asks a candidate; wsrd registers with its parents instead.
pub(super) fn ask<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, to: Node) {
    let (which, step) = (stack.net.which_parent(node, to), stack.net.nodes[node].step);
    let is_joining = matches!(step, Step::Discover | Step::Choose);
    let Some(candidate) = stack.net.nodes.aside(node).candidates.iter_mut().find(|c| c.node == to) else { return };
    candidate.probe.is_due = false;
    if candidate.probe.failed() >= TRIES {
        candidate.probe.ends();
        return gone(stack, link, ctx, node, to);
    }
    if let Some(which) = which.filter(|_| !is_joining) {
        match step {
            Step::Settled => join::renew(stack.net, ctx, node, which, (0.0, 0.0)),
            // What it is about counts as well.
            _ => again(stack.net, ctx, node, to),
        }
        return;
    }
    if !candidate.probe.is_in_flight() {
        candidate.probe.tries |= IN_FLIGHT;
        stack.submit(link, ctx, node, Packet::new(Content::Nud, node, to, to));
    }
}

/// The next solicitation of those that a sample takes.
fn again(net: &mut Net, ctx: &mut Ctx, node: Node, of: Node) {
    let counted = net.candidate(node, of).map_or(0, |c| c.etx.counted());
    let wait = net.procedures.parents.probing.next.wait(counted);
    ask_in(net, ctx, node, of, wait);
}

/// A candidate is all right for now.
pub(super) fn is_well(net: &mut Net, ctx: &mut Ctx, node: Node, of: Node) {
    if net.rests.is_none() {
        let wait = net.procedures.parents.probing.idle;
        ask_in(net, ctx, node, of, wait);
    }
}

/// Candidates whose ETX is not known are asked: by wsrd at once, by nanostack after some seconds.
pub(super) fn ask_unknown<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let of = stack.net.procedures.stack;
    // wsrd asks for information alone while it joins: the acknowledgement of a DIS counts as well.
    if of == RouterStack::Wsrd && stack.net.nodes[node].step == Step::Discover {
        return;
    }
    let mut unknown = [Node::NONE; CANDIDATES];
    let considered = stack.net.considered(node, minute(ctx));
    let those = considered
        .filter(|c| c.rank != INFINITE_RANK && c.etx.value().is_none() && !c.probe.is_in_flight() && !c.probe.is_due);
    unknown.iter_mut().zip(those).for_each(|(place, c)| *place = c.node);
    for to in unknown.into_iter().filter(|to| to.is_some()) {
        match of {
            RouterStack::Wsrd => ask(stack, link, ctx, node, to),
            RouterStack::Nanostack => again(stack.net, ctx, node, to),
        }
    }
}

/// The link layer is done with a frame to a candidate; `is_new`: it has a new ETX, `at_once`: each frame is a sample.
pub(super) fn counted<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    done: Done,
    (is_new, at_once): (bool, bool),
) {
    let is_parent = stack.net.which_parent(node, done.to).is_some();
    let now_s = seconds(ctx);
    let of = stack.net.procedures.stack;
    let Some(candidate) = stack.net.nodes.aside(node).candidates.iter_mut().find(|c| c.node == done.to) else { return };
    let has_value = candidate.etx.value().is_some();
    let is_solicitation = matches!(done.kind, Kind::Nud | Kind::Ns);
    if done.kind == Kind::Nud {
        candidate.probe.tries &= !IN_FLIGHT;
    }
    if is_solicitation && done.ok {
        candidate.probe.tries &= KEPT;
    }
    let failed = candidate.probe.failed();
    let is_asked_by_registration = is_parent && done.kind == Kind::Ns;
    if done.kind == Kind::Nud && !done.ok && (of == RouterStack::Wsrd || has_value) {
        candidate.probe.tries += 1;
        // wsrd waits for the answer to the last as for the others.
        if failed + 1 >= TRIES && of == RouterStack::Nanostack {
            candidate.probe.ends();
            return gone(stack, link, ctx, node, done.to);
        }
        let (low, high) = stack.net.procedures.parents.probing.failed_s;
        return ask_in(stack.net, ctx, node, done.to, Wait::Uniform(low, high - low));
    }
    if failed > 0 || (is_asked_by_registration && !done.ok) {
        return;
    }
    let is_outdated = candidate.etx.age_s(now_s) >= OUTDATED_S;
    match of {
        RouterStack::Wsrd if is_new && !at_once => is_well(stack.net, ctx, node, done.to),
        // W `join_state.c`: while a parent is looked for, what was counted is outdated at once.
        RouterStack::Wsrd if is_new || (is_solicitation && is_outdated) => again(stack.net, ctx, node, done.to),
        RouterStack::Wsrd => {}
        RouterStack::Nanostack if !has_value => again(stack.net, ctx, node, done.to),
        RouterStack::Nanostack if is_solicitation && done.ok => is_well(stack.net, ctx, node, done.to),
        RouterStack::Nanostack => {}
    }
}

/// A candidate is not there: it is none until it says its rank again.
fn gone<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, of: Node) {
    let is_joining = matches!(stack.net.nodes[node].step, Step::Discover | Step::Choose);
    if let Some(which) = stack.net.which_parent(node, of).filter(|_| !is_joining) {
        return lost::give_up(stack, link, ctx, node, which, 0);
    }
    deny(stack.net, ctx, node, of, 0);
}

/// A mesh that has run for long: candidates are at random places of their timers.
pub(super) fn settle(net: &mut Net, ctx: &mut Ctx, node: Node) {
    if net.rests.is_some() {
        return;
    }
    let (idle, now_s) = (net.procedures.parents.probing.idle, seconds(ctx));
    for n in 0..CANDIDATES {
        let of = net.nodes[node].candidates[n].node;
        if of.is_some() {
            let whole_s = idle.of(net.draw(ctx.facts, node));
            let wait_s = libm::floor(whole_s * net.draw(ctx.facts, node));
            // By then its ETX is as old as it has to be.
            net.nodes[node].candidates[n].etx.is_from(now_s, libm::ceil(whole_s - wait_s) as u16);
            ask_in(net, ctx, node, of, Wait::Uniform(wait_s, 0.0));
        }
    }
}

/// A solicitation was dropped before it was sent: it is tried again as if it had failed, but counts for wsrd alone (`ndp.c`).
pub(super) fn dropped(net: &mut Net, ctx: &mut Ctx, node: Node, of: Node) {
    let counts = u8::from(net.procedures.stack == RouterStack::Wsrd);
    if let Some(candidate) = net.nodes.aside(node).candidates.iter_mut().find(|c| c.node == of) {
        candidate.probe.tries = (candidate.probe.tries & !IN_FLIGHT) + counts;
        let (low, high) = net.procedures.parents.probing.failed_s;
        ask_in(net, ctx, node, of, Wait::Uniform(low, high - low));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_uniform_or_end_in_each_second_with_the_same_chance() {
        let wsrd = Wait::Uniform(1_800.0, 60.0);
        assert_eq!([0.0, 0.5].map(|unit| wsrd.of(unit)), [1_800.0, 1_830.0]);
        // One in 110 from 1,101 s on: half of them within ln 2 / -ln(1 - 1/110) = 75.9 s, so in the 76th second; 0.7 % last 550 s.
        let nanostack = Wait::Chance { after_s: 1_100, one_in: 110, most_s: 1_650 };
        assert_eq!([0.0, 0.5, 0.999].map(|unit| nanostack.of(unit)), [1_101.0, 1_176.0, 1_650.0]);
    }

    #[test]
    fn the_first_solicitations_of_nanostack_come_at_twice_the_distance_each_time() {
        // Small profile: from 1 s on one in two, 4 s at the latest; from 4 s on one in 8, 16 s at the latest.
        let of = |counted, unit| Next::Doubling(4).wait(counted).of(unit);
        assert_eq!([of(0, 0.0), of(0, 0.6), of(0, 0.99)], [2.0, 3.0, 4.0]);
        // ln 0.5 / ln(7/8) = 5.2: the sixth second after 4 s.
        assert_eq!([of(2, 0.0), of(2, 0.5), of(2, 0.999)], [5.0, 10.0, 16.0]);
    }

    #[test]
    fn what_was_heard_of_a_candidate_outlasts_its_solicitations() {
        let mut probe = Probe { due_s: 7, is_due: true, tries: IN_FLIGHT + 2 };
        probe.advertises();
        assert!(probe.has_advertised() && probe.is_in_flight() && probe.failed() == 2);
        probe.ends();
        assert!(probe.has_advertised() && probe == Probe { tries: ADVERTISED, ..Probe::default() });
        assert!(!probe.is_refused() && probe.is_refused() && probe.failed() == 0);
    }

    #[test]
    fn seconds_go_round() {
        assert_eq!((left_s(10, 65_530), left_s(65_530, 65_540), left_s(5, 65_541)), (16, 0, 0));
    }
}
