//! Keys that age: a border router's group keys, the version of its PAN, and nodes that ask for the next key.
//!
//! A border router installs the next group key when `gtk_new_install` of the lifetime has passed, uses it from shortly before the old
//! one expires, and lets that go. With each it raises the version of its PAN and advertises its configuration soon. A node that hears a
//! higher version does so as well; if it lacks the newest key it asks for it: three frames while its keys with the border router
//! are good, five if only what certificates have shown is, the whole exchange otherwise.

use super::auth::Requests;
use super::candidates::seconds;
use super::{Event, Net, Stack, State, Topic, auth, choice, pan, trickle};
use crate::context::{Ctx, Facts};
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::medium::mesh::packet::Depth;
use crate::node::Node;
use crate::purpose::KEY_REQUEST;
use crate::spec::{BorderStack, KeySpec, RouterStack};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
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
    /// wsbrd has a key for nodes of low function as well.
    has_lfn_key: bool,
    /// Least and most of the first interval after which a node asks for a key that it lacks, s.
    request_s: (f64, f64),
}

/// N `ws_pae_timers.c`, W `supplicant.c`: intervals of requests for a key, s, and the part of a lifetime in which keys are revoked.
const REQUEST_S: (f64, f64) = (240.0, 3_840.0);
const REVOCATION: u64 = 30;
/// W `authenticator.c`: moments of the key for nodes of low function, from one to the next: installed at 90 % of 90 d, used half a day before the end.
const LFN_MOMENTS_S: [u64; 3] = [81 * DAY_S, 89 * DAY_S + DAY_S / 2, 90 * DAY_S];
const DAY_S: u64 = 86_400;
/// Requests of a nanostack node before it waits for the answer to the last.
const REQUESTS: usize = 3;

impl Ageing {
    /// As a world says.
    pub fn new(spec: &KeySpec, border: BorderStack) -> Self {
        let seconds = |time: SimTime| time.nanos() / 1_000_000_000;
        let lifetime_s = seconds(spec.gtk_lifetime);
        // N: short-lived keys are asked for as soon as they have to be.
        let activation_s = lifetime_s / u64::from(spec.gtk_new_activation);
        let revoked_s = lifetime_s / REVOCATION;
        let update_s = if revoked_s > activation_s { revoked_s - activation_s } else { revoked_s } as f64;
        let request_s = if update_s < REQUEST_S.1 { (0.25 * update_s, 0.5 * update_s) } else { REQUEST_S };
        Ageing {
            has_lfn_key: border == BorderStack::Wsbrd,
            request_s,
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

    /// The first moment after a time of the run at which it rises, s. The key for nodes of low function has its own, of which routers know nothing else.
    fn next_s(&self, now_s: u64) -> u64 {
        let after = |moments: [u64; 3]| {
            let lifetime_s = moments[2];
            let period_s = (self.age_s + now_s) / lifetime_s * lifetime_s;
            let within_s = self.age_s + now_s - period_s;
            period_s + moments.into_iter().find(|&at| at > within_s).unwrap_or(lifetime_s) - self.age_s
        };
        let next_s = after(self.moments());
        if self.has_lfn_key { next_s.min(after(LFN_MOMENTS_S)) } else { next_s }
    }

    /// Number of the key that is used at a time of the run.
    fn used(&self, now_s: u64) -> u16 {
        let age_s = self.age_s + now_s;
        (age_s / self.lifetime_s) as u16 + u16::from(age_s % self.lifetime_s >= self.activate_s)
    }

    /// Number of the newest key that is installed at a time of the run; the first is 0.
    fn newest(&self, now_s: u64) -> u16 {
        let age_s = self.age_s + now_s;
        (age_s / self.lifetime_s) as u16 + u16::from(age_s % self.lifetime_s >= self.install_s)
    }

    /// When a key expires, s of the run; 0 if it has before the start.
    fn expires_s(&self, number: u16) -> u64 {
        ((u64::from(number) + 1) * self.lifetime_s).saturating_sub(self.age_s)
    }
}

/// What a node, or a border router of its own PAN, knows of the keys.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Renewal {
    /// Version of the PAN.
    version: u16,
    /// Number of the newest group key of which the PAN's configuration tells.
    told: u16,
    /// Number of its newest group key.
    newest: u16,
    /// The keys that it shares with the border router are good until then, s of the run.
    ptk_until_s: u32,
    /// What its certificate has shown is good until then, s of the run.
    pmk_until_s: u32,
    /// It asks for the next key then, s of the run; 0: it does not.
    asks_s: u32,
    /// Since when it lacks it, or has begun to ask anew, s of the run.
    lacks_s: u32,
    /// How often it has asked since.
    asked: u8,
    /// It seals with its newest group key, and not with the one before.
    uses_newest: bool,
}

impl Renewal {
    /// Number of the group key with which it seals.
    fn used(&self) -> u16 {
        self.newest.saturating_sub(u16::from(!self.uses_newest))
    }
}

/// All keys are as old as the settings say.
pub(super) fn start(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let Some(ageing) = net.procedures.pan.ageing else { return };
    let renewal = &mut net.nodes.aside(node).pan.renewal;
    (renewal.newest, renewal.told) = (ageing.newest(0), ageing.newest(0));
    renewal.uses_newest = ageing.used(0) == renewal.newest;
    let left = |of_s: u64| (of_s - ageing.age_s % of_s) as u32;
    (renewal.ptk_until_s, renewal.pmk_until_s) = (left(ageing.ptk_s), left(ageing.pmk_s));
    if ctx.facts.is_gateway(node) {
        ctx.schedule(SimTime::from_secs(ageing.next_s(0)), node, Event::Keys { node });
    }
}

/// A border router has started: it goes on with what is due by now, and says so by a new version.
pub(super) fn restarted(net: &mut Net, ctx: &Ctx, gateway: Node) {
    let ageing = net.procedures.pan.ageing;
    let renewal = &mut net.nodes.aside(gateway).pan.renewal;
    renewal.version = renewal.version.wrapping_add(1);
    let Some(ageing) = ageing else { return };
    renewal.newest = ageing.newest(seconds(ctx));
    (renewal.told, renewal.uses_newest) = (renewal.newest, ageing.used(seconds(ctx)) == renewal.newest);
}

/// The border router has accepted a node's certificate.
pub(super) fn is_accepted(net: &mut Net, ctx: &Ctx, node: Node) {
    let shares = &mut net.nodes[node].pan.keys.shares;
    *shares = (*shares).max(Depth::Pairwise);
    if let Some(ageing) = net.procedures.pan.ageing {
        net.nodes.aside(node).pan.renewal.pmk_until_s = (seconds(ctx) + ageing.pmk_s) as u32;
    }
}

/// A node has got all keys of its PAN.
pub(super) fn installed(net: &mut Net, ctx: &Ctx, node: Node, depth: Depth) {
    let Some(ageing) = net.procedures.pan.ageing else { return };
    let (now_s, gateway) = (seconds(ctx), net.pan_of(node));
    let of_pan = net.nodes[gateway].pan.renewal;
    let renewal = &mut net.nodes.aside(node).pan.renewal;
    (renewal.newest, renewal.uses_newest) = (of_pan.newest, of_pan.uses_newest);
    (renewal.asks_s, renewal.asked) = (0, 0);
    if depth <= Depth::Pairwise {
        renewal.ptk_until_s = (now_s + ageing.ptk_s) as u32;
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
    match (pan.keys.shares, net.procedures.pan.ageing) {
        (Depth::Group, Some(_)) => depth(&pan.renewal, seconds(ctx)),
        (shares, _) => shares,
    }
}

/// Whether a node has keys that still open frames; one that has none any longer looks for its PAN as a new one does.
pub(super) fn are_good(net: &mut Net, ctx: &Ctx, node: Node) -> bool {
    let Some(ageing) = net.procedures.pan.ageing else { return true };
    let pan = &net.nodes[node].pan;
    let is_expired = pan.keys.has && seconds(ctx) >= ageing.expires_s(pan.renewal.newest);
    if is_expired {
        choice::loses_keys(net, node, true);
        let keys = &mut net.nodes[node].pan.keys;
        *keys = keys.expired();
    }
    !is_expired
}

/// When the newest group key ends that there was when a node got its last, s of the run.
pub(super) fn ends_s(net: &Net, node: Node) -> u32 {
    net.procedures.pan.ageing.map_or(u32::MAX, |ageing| ageing.expires_s(net.nodes[node].pan.renewal.newest) as u32)
}

/// Whether a node cannot open what a neighbour seals: it lacks the key.
pub(super) fn is_deaf(net: &Net, node: Node, from: Node) -> bool {
    let renewal = |node: Node| &net.nodes[node].pan.renewal;
    net.procedures.pan.ageing.is_some() && renewal(from).used() > renewal(node).newest
}

/// Whether what a neighbour seals for all is of another PAN, or sealed with a key that a node lacks.
pub(super) fn is_sealed_otherwise(net: &Net, node: Node, from: Node) -> bool {
    net.pan_of(from) != net.pan_of(node) || is_deaf(net, node, from)
}

/// Whether a node can open what a neighbour seals for it. PANs that nodes are assigned are not told apart by their keys.
pub(super) fn opens(net: &Net, node: Node, from: Node) -> bool {
    let is_of_pan = net.pan_of(node) == net.pan_of(from) && !net.is_new(node);
    (is_of_pan || !net.chooses()) && !is_deaf(net, node, from)
}

/// Whether a neighbour tells of another version of the PAN than a node knows.
pub(super) fn differs(net: &Net, node: Node, from: Node) -> bool {
    let version = |node: Node| net.nodes[node].pan.renewal.version;
    version(from) != version(node)
}

/// A member has heard a configuration of its PAN: whether it says what the member knows.
pub(super) fn agrees(net: &mut Net, ctx: &mut Ctx, node: Node, from: Node) -> bool {
    let told = net.nodes[from].pan.renewal;
    let known = &mut net.nodes.aside(node).pan.renewal;
    if ctx.facts.is_gateway(node) {
        return told.version == known.version;
    }
    let ahead = told.version.wrapping_sub(known.version) as i16;
    if ahead < 0 {
        return false;
    }
    // The key with which its configuration is sealed is used.
    known.uses_newest |= told.used() == known.newest;
    if ahead == 0 {
        return true;
    }
    (known.version, known.told) = (told.version, told.told);
    if known.told > known.newest && known.asks_s == 0 {
        lacks(net, ctx, node);
    }
    // A new version shows that the border router lives, nanostack only once it has a route (`ws_bootstrap_6lr.c`).
    if net.procedures.stack == RouterStack::Wsrd || net.nodes[node].state == State::Operational {
        pan::is_alive(net, ctx, node);
    }
    false
}

/// A node begins to ask for a key that it lacks.
fn lacks(net: &mut Net, ctx: &mut Ctx, node: Node) {
    let Some(ageing) = net.procedures.pan.ageing else { return };
    let renewal = &mut net.nodes.aside(node).pan.renewal;
    (renewal.asked, renewal.lacks_s) = (0, seconds(ctx) as u32);
    let wait_s = match net.procedures.stack {
        // W `supplicant.c`: a random part of the time that hashes may differ.
        RouterStack::Wsrd => net.between(ctx.facts, node, (0.0, REQUEST_S.1)),
        RouterStack::Nanostack => requests(net, &ageing, ctx.facts, node)[0],
    };
    ask_in(net, ctx, node, wait_s);
}

/// When a nanostack node that has no answer asks for a key after it has noticed that it lacks it, and when it begins anew, s. N
/// `ws_pae_supp.c`: by a trickle timer whose intervals double, or a retry as for the first keys, whichever comes first.
fn requests(net: &Net, ageing: &Ageing, facts: &Facts, node: Node) -> [f64; REQUESTS + 1] {
    let since = u64::from(net.nodes[node].pan.renewal.lacks_s);
    let of = since << 32 | u64::from(facts.sites[node].0);
    let draws = &mut Stream::new(facts.seed, of, KEY_REQUEST);
    requests_of(ageing.request_s, &net.procedures.authentication.requests, draws)
}

fn requests_of((least_s, most_s): (f64, f64), retries: &Requests, draws: &mut Stream) -> [f64; REQUESTS + 1] {
    let mut between = |low: f64, high: f64| low + (high - low) * draws.unit();
    let (mut interval_s, mut begun_s) = (between(least_s, most_s), 0.0);
    let mut trickle_s = [0.0; REQUESTS];
    for at_s in &mut trickle_s {
        *at_s = begun_s + between(0.5 * interval_s, interval_s);
        begun_s += interval_s;
        interval_s = (2.0 * interval_s).min(most_s);
    }
    let mut at_s = [0.0; REQUESTS + 1];
    at_s[0] = trickle_s[0];
    for request in 1..=REQUESTS {
        let (low_s, high_s) = retries.key_wait_s(request as u8, request == REQUESTS);
        let retry_s = at_s[request - 1] + between(low_s, high_s);
        at_s[request] =
            trickle_s.into_iter().find(|&next_s| next_s > at_s[request - 1]).map_or(retry_s, |t| t.min(retry_s));
    }
    at_s
}

fn ask_in(net: &mut Net, ctx: &mut Ctx, node: Node, wait_s: f64) {
    let at_s = seconds(ctx) + (wait_s as u64).max(1);
    net.nodes.aside(node).pan.renewal.asks_s = at_s as u32;
    ctx.schedule(SimTime::from_secs(at_s), node, Event::Keys { node });
}

/// [`Event::Keys`]: a border router turns to the next moment of its keys, or a node asks for the next key.
pub(super) fn due<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    let (now_s, net) = (seconds(ctx), &mut *stack.net);
    let Some(ageing) = net.procedures.pan.ageing else { return };
    if ctx.facts.is_gateway(node) {
        ctx.schedule(SimTime::from_secs(ageing.next_s(now_s)), node, Event::Keys { node });
        let before = net.nodes_of(node);
        net.gone.forget(node, now_s as u32);
        if net.nodes[node].state == State::Operational {
            restarted(net, ctx, node);
            trickle::reset(net, ctx, node, Topic::Config);
            auth::resized(net, ctx, node, before);
        }
        return;
    }
    if u64::from(net.nodes[node].pan.renewal.asks_s) != now_s {
        return;
    }
    if !are_good(net, ctx, node) {
        net.nodes.aside(node).pan.renewal.asks_s = 0;
        return pan::leave(stack, link, ctx, node, false);
    }
    let joining = &net.nodes[node];
    if joining.state != State::Operational || joining.parent == Node::NONE {
        return ask_in(net, ctx, node, LATER_S);
    }
    let depth = depth(&joining.pan.renewal, now_s);
    let is_nanostack = net.procedures.stack == RouterStack::Nanostack;
    if is_nanostack && usize::from(joining.pan.renewal.asked) >= REQUESTS {
        // Nobody has answered the last: once more from the beginning.
        return lacks(net, ctx, node);
    }
    let renewal = &mut net.nodes.aside(node).pan.renewal;
    renewal.asked = renewal.asked.saturating_add(1);
    let asked = renewal.asked;
    let wait_s = if is_nanostack {
        let at_s = requests(net, &ageing, ctx.facts, node);
        at_s[usize::from(asked)] - at_s[usize::from(asked) - 1]
    } else {
        // W: 300 s doubling to an hour, within 10 %, for as long as it takes.
        let wait_s = (300.0 * f64::from(1u32 << (asked - 1).min(8))).min(3_600.0);
        wait_s * net.between(ctx.facts, node, (0.9, 1.1))
    };
    ask_in(net, ctx, node, wait_s);
    auth::ask_again(stack, link, ctx, node, depth);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::medium::mesh::net::stack::key_requests;
    use crate::spec::SizeProfile;

    #[test]
    fn a_group_key_is_installed_after_24_days_used_an_hour_before_the_thirtieth_and_the_old_one_ends_then() {
        let ageing = Ageing::new(&KeySpec::default(), BorderStack::Nanostack);
        let hours = |s: u64| s as f64 / 3_600.0;
        let first = ageing.next_s(0);
        let second = ageing.next_s(first);
        let third = ageing.next_s(second);
        // 0.8 x 30 d; 30 d - 30 d / 720; 30 d; and 24 d after that.
        assert_eq!([first, second, third, ageing.next_s(third)].map(hours), [576.0, 719.0, 720.0, 1_296.0]);
        assert_eq!([0, first - 1, first, third, third + 24 * DAY_S].map(|at| ageing.newest(at)), [0, 0, 1, 1, 2]);
        assert_eq!([0, 1].map(|n| ageing.expires_s(n) / DAY_S), [30, 60]);
        // A run that begins 23 days later.
        let older =
            Ageing::new(&KeySpec { age: SimTime::from_secs(23 * DAY_S), ..KeySpec::default() }, BorderStack::Nanostack);
        assert_eq!((older.next_s(0), older.newest(0), older.expires_s(0)), (DAY_S, 0, 7 * DAY_S));
    }

    #[test]
    fn a_nanostack_node_without_an_answer_asks_three_times_and_begins_anew() {
        let medium = key_requests(SizeProfile::Medium);
        let all: Vec<_> =
            (0..4_000).map(|node| requests_of(REQUEST_S, &medium, &mut Stream::new(1, node, 1))).collect();
        let mean = |of: fn(&[f64; 4]) -> f64| all.iter().map(of).sum::<f64>() / 4_000.0;
        // First: 3/4 of U[240, 3840] s, 1,530 s in the mean with a standard deviation of 800 s, of the mean of 4,000 13 s; bounds 120 and 3,840 s.
        assert!((mean(|at| at[0]) - 1_530.0).abs() < 45.0, "{} s", mean(|at| at[0]));
        assert!(all.iter().all(|at| (120.0..3_840.0).contains(&at[0])));
        // Then a retry after U[180, 720], and 2 to 4 min for the answer to the last: 450, 450 and 180 s, less where the next interval of the
        // trickle timer, 240 s at least, speaks sooner.
        for (n, (low_s, high_s)) in [(1, (180.0, 720.0)), (2, (180.0, 720.0)), (3, (120.0, 240.0))] {
            let gaps: Vec<f64> = all.iter().map(|at| at[n] - at[n - 1]).collect();
            let retried = gaps.iter().filter(|&&gap| gap >= low_s).count();
            assert!(gaps.iter().all(|&gap| gap > 0.0 && gap <= high_s) && retried > 3_600, "{n}: {retried}");
        }
        // Keys that live for six hours: 1/30 of that less 30 s are 690 s, a quarter and a half of which are the intervals.
        let of = |spec: &KeySpec| Ageing::new(spec, BorderStack::Nanostack);
        let short = KeySpec { gtk_lifetime: SimTime::from_secs(21_600), ..KeySpec::default() };
        assert_eq!((of(&short).request_s, of(&KeySpec::default()).request_s), ((172.5, 345.0), REQUEST_S));
    }

    #[test]
    fn wsbrd_has_a_key_for_nodes_of_low_function_that_lives_for_ninety_days() {
        let of = |border| {
            let ageing = Ageing::new(&KeySpec { age: SimTime::from_secs(78 * DAY_S), ..KeySpec::default() }, border);
            let mut at_s = 0;
            [0; 6].map(|_| {
                at_s = ageing.next_s(at_s);
                at_s / 3_600
            })
        };
        // Keys are 78 d old: group keys have moments after 84 d, 1 h before 90 d, 90 d and 114 d; in hours from there.
        assert_eq!(of(BorderStack::Nanostack)[..4], [144, 287, 288, 864]);
        // The other is installed after 81 d, used 12 h before 90 d, and ends with the third of those.
        assert_eq!(of(BorderStack::Wsbrd), [72, 144, 276, 287, 288, 864]);
    }

    #[test]
    fn a_key_is_used_an_hour_before_the_last_one_ends() {
        let ageing = Ageing::new(&KeySpec::default(), BorderStack::Wsbrd);
        let hour = |h: u64| (ageing.newest(h * 3_600), ageing.used(h * 3_600));
        assert_eq!([0, 575, 576, 718, 719, 720].map(hour), [(0, 0), (0, 0), (1, 0), (1, 0), (1, 1), (1, 1)]);
        let of = |newest, uses_newest| Renewal { newest, uses_newest, ..Renewal::default() }.used();
        assert_eq!((of(1, false), of(1, true)), (0, 1));
        assert_eq!(size_of::<Renewal>(), 24, "as before this was known");
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
