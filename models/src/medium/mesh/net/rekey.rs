//! Keys that age: a border router's group keys, the version of its PAN, and nodes that ask for the next key.
//!
//! A border router installs the next group key when `gtk_new_install` of the lifetime has passed, uses it from shortly before the old
//! one expires, and lets that go. With each it raises the version of its PAN and advertises its configuration soon. A node that hears a
//! higher version does so as well; if it lacks the newest key it asks for it: three frames while its keys with the border router
//! are good, five if only what certificates have shown is, the whole exchange otherwise.

use super::candidates::seconds;
use super::{Event, Net, Stack, State, Topic, auth, choice, pan, trickle};
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::medium::mesh::packet::Depth;
use crate::node::Node;
use crate::spec::{KeySpec, RouterStack};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// A node that cannot ask now, because it has no parent, tries again after so long, s.
const LATER_S: f64 = 60.0;

/// How keys age.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ageing {
    /// Of a group key, s.
    lifetime_s: u64,
    /// From one period's start to the installation of the next key, s.
    install_s: u64,
    /// From one period's start to the use of the next key, s.
    activate_s: u64,
    /// Of the keys between node and border router, s.
    ptk_s: u64,
    /// Of what certificates have shown, s.
    pmk_s: u64,
    /// Age at the start, s.
    age_s: u64,
}

impl Ageing {
    /// As a world says.
    pub fn new(spec: &KeySpec) -> Self {
        let seconds = |time: SimTime| time.nanos() / 1_000_000_000;
        let lifetime_s = seconds(spec.gtk_lifetime);
        Ageing {
            lifetime_s,
            install_s: (lifetime_s as f64 * spec.gtk_new_install) as u64,
            activate_s: lifetime_s - lifetime_s / u64::from(spec.gtk_new_activation),
            ptk_s: seconds(spec.ptk_lifetime),
            pmk_s: seconds(spec.pmk_lifetime),
            age_s: seconds(spec.age),
        }
    }

    /// Moments of a period at which the version of a PAN rises: the next key is installed, is used, and the old one expires.
    fn moments(&self) -> [u64; 3] {
        [self.install_s, self.activate_s, self.lifetime_s]
    }

    /// The first such moment after a time of the run, s.
    fn next_s(&self, now_s: u64) -> u64 {
        let period_s = (self.age_s + now_s) / self.lifetime_s * self.lifetime_s;
        let within_s = self.age_s + now_s - period_s;
        let next_s = self.moments().into_iter().find(|&at| at > within_s).unwrap_or(self.lifetime_s);
        period_s + next_s - self.age_s
    }

    /// Number of the newest key that is installed at a time of the run; the first is 0.
    fn newest(&self, now_s: u64) -> u32 {
        let age_s = self.age_s + now_s;
        (age_s / self.lifetime_s) as u32 + u32::from(age_s % self.lifetime_s >= self.install_s)
    }

    /// When a key expires, s of the run; 0 if it has before the start.
    fn expires_s(&self, number: u32) -> u64 {
        ((u64::from(number) + 1) * self.lifetime_s).saturating_sub(self.age_s)
    }
}

/// What a node, or a border router of its own PAN, knows of the keys.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Renewal {
    /// Version of the PAN.
    version: u16,
    /// Number of the newest group key of which the PAN's configuration tells.
    told: u32,
    /// Number of its newest group key.
    newest: u32,
    /// The keys that it shares with the border router are good until then, s of the run.
    ptk_until_s: u32,
    /// What its certificate has shown is good until then, s of the run.
    pmk_until_s: u32,
    /// It asks for the next key then, s of the run; 0: it does not.
    asks_s: u32,
    /// How often it has.
    asked: u8,
}

/// All keys are as old as the settings say.
pub(super) fn start(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let Some(ageing) = net.procedures.pan.ageing else { return };
    let renewal = &mut net.nodes[node].pan.renewal;
    (renewal.newest, renewal.told) = (ageing.newest(0), ageing.newest(0));
    let left = |of_s: u64| (of_s - ageing.age_s % of_s) as u32;
    (renewal.ptk_until_s, renewal.pmk_until_s) = (left(ageing.ptk_s), left(ageing.pmk_s));
    if ctx.facts.is_gateway(node) {
        ctx.schedule(SimTime::from_secs(ageing.next_s(0)), node, Event::Keys { node });
    }
}

/// A border router has started: it goes on with what is due by now, and says so by a new version.
pub(super) fn restarted(net: &mut Net, ctx: &Ctx, gateway: Node) {
    let Some(ageing) = net.procedures.pan.ageing else { return };
    let renewal = &mut net.nodes[gateway].pan.renewal;
    renewal.version = renewal.version.wrapping_add(1);
    renewal.newest = ageing.newest(seconds(ctx));
    renewal.told = renewal.newest;
}

/// A node has got all keys of its PAN.
pub(super) fn installed(net: &mut Net, ctx: &Ctx, node: Node, depth: Depth) {
    let Some(ageing) = net.procedures.pan.ageing else { return };
    let (now_s, gateway) = (seconds(ctx), net.pan_of(node));
    let newest = net.nodes[gateway].pan.renewal.newest;
    let renewal = &mut net.nodes[node].pan.renewal;
    (renewal.newest, renewal.asks_s, renewal.asked) = (newest, 0, 0);
    if depth <= Depth::Pairwise {
        renewal.ptk_until_s = (now_s + ageing.ptk_s) as u32;
    }
    if depth == Depth::Full {
        renewal.pmk_until_s = (now_s + ageing.pmk_s) as u32;
    }
}

/// How much of the exchange it takes to get the next key.
fn depth(renewal: &Renewal, now_s: u64) -> Depth {
    match now_s {
        now if now >= u64::from(renewal.pmk_until_s) => Depth::Full,
        now if now >= u64::from(renewal.ptk_until_s) => Depth::Pairwise,
        _ => Depth::Group,
    }
}

/// How much of the exchange a node needs that has no group keys.
pub(super) fn depth_to_join(net: &Net, ctx: &Ctx, node: Node) -> Depth {
    let pan = &net.nodes[node].pan;
    match (pan.keys.pairwise, net.procedures.pan.ageing) {
        (false, _) => Depth::Full,
        (true, None) => Depth::Group,
        (true, Some(_)) => depth(&pan.renewal, seconds(ctx)),
    }
}

/// Whether a node has keys that still open frames; one that has none any longer looks for its PAN as a new one does.
pub(super) fn are_good(net: &mut Net, ctx: &Ctx, node: Node) -> bool {
    let Some(ageing) = net.procedures.pan.ageing else { return true };
    let pan = &net.nodes[node].pan;
    let is_expired = pan.keys.has && seconds(ctx) >= ageing.expires_s(pan.renewal.newest);
    if is_expired {
        choice::loses_keys(net, node);
        let keys = &mut net.nodes[node].pan.keys;
        *keys = keys.expired();
    }
    !is_expired
}

/// Whether a neighbour tells of another version of the PAN than a node knows.
pub(super) fn differs(net: &Net, node: Node, from: Node) -> bool {
    let version = |node: Node| net.nodes[node].pan.renewal.version;
    net.procedures.pan.ageing.is_some() && version(from) != version(node)
}

/// A member has heard a configuration of its PAN: whether it says what the member knows.
pub(super) fn agrees(net: &mut Net, ctx: &mut Ctx, node: Node, from: Node) -> bool {
    if net.procedures.pan.ageing.is_none() {
        return true;
    }
    let told = net.nodes[from].pan.renewal;
    let known = &mut net.nodes[node].pan.renewal;
    if ctx.facts.is_gateway(node) {
        return told.version == known.version;
    }
    let ahead = told.version.wrapping_sub(known.version) as i16;
    if ahead <= 0 {
        return ahead == 0;
    }
    (known.version, known.told) = (told.version, told.told);
    let lacks = known.told > known.newest && known.asks_s == 0;
    if lacks {
        known.asked = 0;
        let wait_s = match net.procedures.stack {
            // W `supplicant.c`: a random part of the time that hashes may differ.
            RouterStack::Wsrd => net.between(ctx.facts, node, (0.0, 3_840.0)),
            // N `ws_cfg_settings.c`: a trickle timer with an interval of 4 to 64 min.
            RouterStack::Nanostack => {
                net.between(ctx.facts, node, (240.0, 3_840.0)) * (0.5 + 0.5 * net.draw(ctx.facts, node))
            }
        };
        ask_in(net, ctx, node, wait_s);
    }
    // W: a new version shows that the border router lives.
    if net.procedures.stack == RouterStack::Wsrd {
        pan::is_alive(net, ctx, node);
    }
    false
}

fn ask_in(net: &mut Net, ctx: &mut Ctx, node: Node, wait_s: f64) {
    let at_s = seconds(ctx) + (wait_s as u64).max(1);
    net.nodes[node].pan.renewal.asks_s = at_s as u32;
    ctx.schedule(SimTime::from_secs(at_s), node, Event::Keys { node });
}

/// [`Event::Keys`]: a border router turns to the next moment of its keys, or a node asks for the next key.
pub(super) fn due<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let (now_s, net) = (seconds(ctx), &mut *stack.net);
    let Some(ageing) = net.procedures.pan.ageing else { return };
    if ctx.facts.is_gateway(node) {
        ctx.schedule(SimTime::from_secs(ageing.next_s(now_s)), node, Event::Keys { node });
        if net.nodes[node].state == State::Operational {
            restarted(net, ctx, node);
            trickle::reset(net, ctx, node, Topic::Config);
        }
        return;
    }
    if u64::from(net.nodes[node].pan.renewal.asks_s) != now_s {
        return;
    }
    if !are_good(net, ctx, node) {
        net.nodes[node].pan.renewal.asks_s = 0;
        return pan::leave(stack, link, ctx, node);
    }
    let joining = &net.nodes[node];
    if joining.state != State::Operational || joining.parent == Node::NONE {
        return ask_in(net, ctx, node, LATER_S);
    }
    let depth = depth(&joining.pan.renewal, now_s);
    let renewal = &mut net.nodes[node].pan.renewal;
    renewal.asked = renewal.asked.saturating_add(1);
    let asked = renewal.asked;
    match net.procedures.stack {
        // W: 300 s doubling to an hour, within 10 %, for as long as it takes.
        RouterStack::Wsrd => {
            let wait_s = (300.0 * f64::from(1u32 << (asked - 1).min(8))).min(3_600.0);
            let spread = net.between(ctx.facts, node, (0.9, 1.1));
            ask_in(net, ctx, node, wait_s * spread);
        }
        // N: three times.
        RouterStack::Nanostack if asked < 3 => {
            let wait_s = net.between(ctx.facts, node, (240.0, 3_840.0));
            ask_in(net, ctx, node, wait_s);
        }
        // Then only the end of its last key calls for another.
        RouterStack::Nanostack => {
            let left_s = ageing.expires_s(net.nodes[node].pan.renewal.newest).saturating_sub(now_s);
            net.nodes[node].pan.renewal.asked = 2;
            ask_in(net, ctx, node, left_s as f64 + 1.0);
        }
    }
    auth::ask_again(stack, link, ctx, node, depth);
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_S: u64 = 86_400;

    #[test]
    fn a_group_key_is_installed_after_24_days_used_an_hour_before_the_thirtieth_and_the_old_one_ends_then() {
        let ageing = Ageing::new(&KeySpec::default());
        let hours = |s: u64| s as f64 / 3_600.0;
        let first = ageing.next_s(0);
        let second = ageing.next_s(first);
        let third = ageing.next_s(second);
        // 0.8 x 30 d; 30 d - 30 d / 720; 30 d; and 24 d after that.
        assert_eq!([first, second, third, ageing.next_s(third)].map(hours), [576.0, 719.0, 720.0, 1_296.0]);
        assert_eq!([0, first - 1, first, third, third + 24 * DAY_S].map(|at| ageing.newest(at)), [0, 0, 1, 1, 2]);
        assert_eq!([0, 1].map(|n| ageing.expires_s(n) / DAY_S), [30, 60]);
        // A run that begins 23 days later.
        let older = Ageing::new(&KeySpec { age: SimTime::from_secs(23 * DAY_S), ..KeySpec::default() });
        assert_eq!((older.next_s(0), older.newest(0), older.expires_s(0)), (DAY_S, 0, 7 * DAY_S));
    }

    #[test]
    fn what_is_still_good_shortens_the_exchange() {
        let renewal = Renewal { ptk_until_s: 100, pmk_until_s: 200, ..Renewal::default() };
        assert_eq!(
            [99, 100, 199, 200].map(|now| depth(&renewal, now)),
            [Depth::Group, Depth::Pairwise, Depth::Pairwise, Depth::Full]
        );
    }
}
