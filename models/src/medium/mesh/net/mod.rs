#![doc = include_str!("README.md")]

pub mod airtime;
mod auth;
mod begins;
mod candidates;
mod children;
pub mod choice;
mod device;
mod discover;
mod etx;
mod flood;
mod forward;
mod gone;
mod heed;
mod host;
mod join;
mod joining;
mod lease;
mod load;
mod lollipop;
mod lost;
mod mrhof;
mod nodes;
mod pan;
mod parents;
mod parts;
mod poison;
mod probes;
mod reassembly;
mod registration;
mod rekey;
mod rests;
mod routes;
mod second;
mod snapshot;
pub mod stack;
mod state;
pub mod tree;
mod trickle;
mod ways;

pub use candidates::{CANDIDATES, Candidate, INFINITE_RANK};
pub use etx::{ETX_LOST, ETX_MAX, ETX_ONE};
pub use joining::State;
pub use parts::Parts;
pub use state::State as NetState;

use super::event::{ALL_TOPICS, Event, Topic};
use super::mac::{Above, Done, LinkLayer, sweep};
use super::mpdu::Sweep;
use super::packet::{Content, Kind, Packet};
use crate::books::Loss;
use crate::context::{Ctx, Facts};
use crate::medium::message::Message;
use crate::medium::{Medium, PortUser, Supply};
use crate::node::{Node, PerNode};
use crate::purpose::{HOP_PHASE, TIMER};
use crate::spec::{BorderStack, Lease, RouterStack};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use auth::authenticator::{self, Authenticators};
use joining::{Joining, Step};
use nodes::Nodes;
use reassembly::Reassembly;
use routes::Routes;
use stack::{Params, Procedures};

/// Where counters of RPL stand that have run for long: anywhere in their circle.
const RUN_FOR_LONG: u8 = 64;

/// Joining, routes, fragments and floods of all nodes of a partition.
pub struct Net {
    nodes: Nodes,
    routes: Routes,
    /// What waits in the hosts of border routers.
    hosts: host::Hosts,
    reassembly: Reassembly,
    authenticators: Authenticators,
    /// By border router: nodes that have the keys of its PAN.
    members: PerNode<u32>,
    /// Who has left and still counts.
    gone: gone::Gone,
    /// By job, and behind those steps with firmware images: what is flooded.
    floods: Vec<Option<flood::Flood>>,
    jobs: u16,
    procedures: Procedures,
    /// By node: the weakest signal that it has ever heard, dBm, where the stack wants to know.
    weakest_dbm: PerNode<i8>,
    hops_max: u8,
    lease: Lease,
    links_every: SimTime,
    load_every: SimTime,
    tells_health: Option<SimTime>,
    /// Nodes at rest say nothing while their links to parents are this far above the noise, dB.
    rests: Option<f32>,
}

/// The network layer with who uses it: what the link layer calls.
pub struct Stack<'a, P> {
    /// The network layer.
    pub net: &'a mut Net,
    /// Meters and gateways.
    pub user: &'a mut P,
}

/// Link and network layer as a medium: what meters and gateways call.
pub struct MeshMut<'a> {
    /// The link layer.
    pub link: &'a mut LinkLayer,
    /// The network layer.
    pub net: &'a mut Net,
}

impl Net {
    /// The weakest signal that each node has ever heard, dBm.
    pub fn weakest_dbm(&self) -> &PerNode<i8> {
        &self.weakest_dbm
    }

    /// Datagrams that receivers hold in pieces.
    pub fn reassembling(&self) -> usize {
        self.reassembly.buffered()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let offers = self.nodes.iter().filter(|joining| joining.pan.heard.is_some()).count();
        offers * std::mem::size_of::<[choice::Offer; choice::PANS]>()
            + self.nodes.bytes()
            + self.routes.bytes()
            + self.weakest_dbm.bytes()
            + self.members.bytes()
    }

    /// Uniform in [0, 1) from the node's timer stream.
    fn draw(&mut self, facts: &Facts, node: Node) -> f64 {
        let joining = self.nodes.aside(node);
        let mut stream = Stream::resume(facts.stream_key(node, TIMER), u64::from(joining.draws));
        joining.draws += 1;
        stream.unit()
    }

    /// Uniform between two limits from the node's timer stream.
    fn between(&mut self, facts: &Facts, node: Node, (low, high): (f64, f64)) -> f64 {
        low + (high - low) * self.draw(facts, node)
    }
}

impl<P: PortUser> Stack<'_, P> {
    /// Hands a datagram to the link layer of `node`.
    fn submit(&mut self, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, packet: Packet) {
        device::submit(self, link, ctx, node, packet);
    }

    /// Counts a datagram as lost at its holder and tells its user.
    fn count_lost(&mut self, ctx: &mut Ctx, holder: Node, packet: &Packet, why: Loss) {
        let Some(carried) = packet.carried() else { return ctx.books.lost_control(holder, why) };
        ctx.books.lost(holder, why);
        self.user.lost(ctx, carried, why);
    }

    /// A datagram reached the node it was for.
    fn arrived(&mut self, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, packet: &Packet) {
        match &packet.content {
            Content::Reply => lease::given(self.net, ctx, node),
            Content::DaoAck { sequence } => join::route_known(self, link, ctx, node, *sequence),
            &Content::Eapol { step, of, depth, .. } if ctx.facts.is_gateway(node) => {
                authenticator::heard(self, link, ctx, node, (of, packet.via), (step, depth));
            }
            // The border router of a PAN that it no longer wants may go on asking.
            &Content::Eapol { step, depth, .. } if packet.origin == self.net.pan_of(node) => {
                auth::heard(self, link, ctx, node, (step, depth));
            }
            Content::Solicit if ctx.facts.is_gateway(node) => routes::solicited(self, link, ctx, node, packet),
            Content::Dao { .. } if ctx.facts.is_gateway(node) => {
                routes::announced(self, link, ctx, node, packet);
            }
            &Content::RouteError { of, .. } if ctx.facts.is_gateway(node) => {
                routes::failed(self.net, of, packet.origin);
            }
            Content::Message(_) => self.deliver(link, ctx, node, packet),
            _ => {}
        }
    }

    /// Hands a message up.
    fn deliver(&mut self, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, packet: &Packet) {
        if let Some(carried) = packet.carried() {
            self.user.delivered(&mut MeshMut { link, net: self.net }, ctx, node, carried);
        }
    }
}

impl<P: PortUser> Stack<'_, P> {
    /// A burst has sagged the supply of a node.
    pub fn browns_out(&mut self, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
        self.user.browns_out(&mut MeshMut { link, net: self.net }, ctx, node);
    }
}

impl<P: PortUser> Above for Stack<'_, P> {
    fn heeds_sweep(&self, facts: &Facts, of: (Node, Node), sweep: Sweep, before: SimTime) -> bool {
        heed::heeds_sweep(self.net, facts, of, sweep, before)
    }

    #[inline]
    fn heeds(&mut self, facts: &Facts, at: (SimTime, Node), from: Node, packet: &Packet, level_dbm: f32) -> bool {
        heed::heeds(self.net, facts, at, from, packet, level_dbm)
    }

    fn receive(&mut self, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, from: Node, packet: &Packet) {
        if packet.fragments > 0 {
            if let Some(whole) = reassembly::arrived(self, ctx, node, from, packet) {
                self.receive(link, ctx, node, from, &whole);
            }
            return;
        }
        // What is for all is of a PAN, and sealed with its keys.
        if packet.hop_to == Node::EVERYONE && rekey::is_sealed_otherwise(self.net, node, from) {
            return;
        }
        // Who relays for a node that joins is still in the PAN that it was asked for.
        if packet.is_bare_eapol()
            && packet.hop_to == node
            && packet.dest != node
            && packet.dest != self.net.pan_of(node)
        {
            return;
        }
        if !ctx.facts.is_gateway(node) {
            pan::heard(self.net, ctx, node, packet);
        }
        match packet.kind() {
            // The acknowledgement of the link layer is the answer.
            Kind::Nud | Kind::Probe => {}
            Kind::Ns => children::registers(self, link, ctx, node, (from, packet)),
            Kind::Na if packet.dest == Node::EVERYONE => children::is_asked(self.net, ctx, node, from),
            Kind::Na => children::refused(self, link, ctx, node, (from, packet)),
            // Without keys it cannot be opened.
            _ if self.net.is_new(node) && packet.kind() != Kind::Eapol => {}
            Kind::Flood => flood::heard(self, link, ctx, node, packet),
            Kind::Dio => parents::heard_dio(self, link, ctx, node, from, packet),
            Kind::Dis if packet.dest == node => parents::send_dio(self, link, ctx, node, Some(from)),
            Kind::Dis => parents::solicited_by_all(self.net, ctx, node, from),
            _ if packet.dest == node => self.arrived(link, ctx, node, packet),
            _ => forward::forward(self, link, ctx, node, from, packet),
        }
    }

    fn heard_sweep(&mut self, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, from: Node, sweep: Sweep) {
        discover::heard_sweep(self, link, ctx, node, from, sweep);
    }

    fn link_result(&mut self, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, done: Done) {
        if self.net.nodes[node].parent == done.to {
            ctx.books.sent_up(node, done.tries, done.ok);
        }
        self.net.counts_down(ctx, node, &done);
        parents::link_result(self, link, ctx, node, done);
        match (done.kind, done.ok) {
            (Kind::Ns, true) => join::registration_done(self.net, ctx, node, done.to),
            (Kind::Ns, false) => join::registration_failed(self, link, ctx, node, &done),
            _ => {}
        }
        if !done.ok && done.kind == Kind::Eapol {
            auth::relay_failed(self.net, node, done.to);
        }
        self.has_room(link, ctx, node);
    }

    fn has_room(&mut self, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
        host::read(self, link, ctx, node);
    }

    fn lost(&mut self, ctx: &mut Ctx, holder: Node, packet: &Packet, why: Loss) {
        if packet.fragments > 0 {
            self.net.reassembly.abandon(packet.hop_to, holder, packet.tag);
        }
        // Of what a radio has given up wsrd is told (`link_result`).
        let is_told = why == Loss::TooOld && self.net.procedures.stack == RouterStack::Wsrd;
        if packet.content == Content::Nud && matches!(why, Loss::QueueFull | Loss::TooOld) && !is_told {
            probes::dropped(self.net, ctx, holder, packet.hop_to);
        }
        self.count_lost(ctx, holder, packet, why);
    }

    fn rank(&self, node: Node) -> u16 {
        self.net.nodes[node].rank
    }

    fn slots(&self, node: Node) -> Option<u8> {
        self.net.nodes[node].rpl.slots
    }

    fn opens(&self, node: Node, from: Node, packet: &Packet) -> bool {
        packet.is_bare_eapol() || rekey::opens(self.net, node, from)
    }

    fn pan(&self, _facts: &Facts, node: Node) -> (Node, u32) {
        let pan = self.net.pan_of(node);
        (pan, self.net.nodes_of(pan))
    }
}

impl Medium for MeshMut<'_> {
    fn send<P: PortUser>(&mut self, user: &mut P, ctx: &mut Ctx, node: Node, message: Message) {
        let stack = &mut Stack { net: self.net, user };
        if ctx.facts.is_gateway(node) {
            return routes::send_down(stack, self.link, ctx, node, message);
        }
        let Joining { parent, hops, .. } = stack.net.nodes[node];
        let distance = if parent.is_some() { hops } else { 0 };
        let to = stack.net.pan_of(node);
        let packet = Packet::new(Content::Message(Message { distance, to, ..message }), node, to, parent);
        if parent.is_some() {
            stack.submit(self.link, ctx, node, packet);
        } else {
            stack.count_lost(ctx, node, &packet, Loss::NoRoute);
        }
    }

    fn power<P: PortUser>(&mut self, user: &mut P, ctx: &mut Ctx, node: Node, supply: Supply) {
        match supply {
            Supply::Off => {
                ctx.books.powers(node, ctx.now(), false);
                self.link.air.power(node, false);
                self.net.reassembly.forget(node);
                authenticator::forget(&mut self.net.authenticators, node);
                super::mac::clear(self.link, &mut Stack { net: self.net, user }, ctx, node);
                host::clear(&mut Stack { net: self.net, user }, ctx, node);
                join::stop(self.net, node, ctx.now());
                // wsbrd stores its neighbours.
                if !ctx.facts.is_gateway(node) || self.net.procedures.border == BorderStack::Nanostack {
                    self.net.forget_children(self.link, ctx.facts, node);
                }
            }
            Supply::On { boots } => {
                let purpose = HOP_PHASE ^ (u32::from(boots) << 16);
                let phase = Stream::new(ctx.facts.seed, u64::from(ctx.facts.sites[node]), purpose).below(1 << 20);
                self.link.air.radios[node].phase_ms = phase;
                self.link.air.power(node, true);
                self.link.listens_anew(ctx.facts, node, !ctx.facts.is_gateway(node));
                self.link.has_restarted(ctx.facts, node);
                ctx.books.powers(node, ctx.now(), true);
            }
        }
    }

    fn sent_us(&self, node: Node) -> u32 {
        self.link.sent_us(node)
    }

    fn wake<P: PortUser>(&mut self, user: &mut P, ctx: &mut Ctx, node: Node) {
        if ctx.facts.is_gateway(node) {
            join::start_router(self.net, ctx, node);
            match self.net.procedures.border {
                BorderStack::Wsbrd => {
                    sweep::ask(self.link, ctx, node, Sweep::Advert);
                    if children::are_stored(self.net, ctx, node) {
                        sweep::ask(self.link, ctx, node, Sweep::ConfigSolicit);
                    }
                }
                BorderStack::Nanostack => {
                    pan::renumber(self.net, node);
                    routes::forget(self.net, node);
                }
            }
        } else {
            discover::restart(&mut Stack { net: self.net, user }, self.link, ctx, node);
        }
    }
}

/// Schedules what happens by itself: the settled nodes' timers. Returns whether the node is settled.
pub fn start(net: &mut Net, ctx: &mut Ctx, node: Node) -> bool {
    let settled = net.is_operational(node);
    if settled {
        join::settle(net, ctx, node);
    }
    settled
}

/// Carries out an event of the network layer.
#[inline]
pub fn handle<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, event: Event) {
    match event {
        Event::Trickle { node, topic, epoch } => trickle::due(stack, link, ctx, node, topic, epoch),
        Event::Join { node, epoch } => join::due(stack, link, ctx, node, epoch),
        Event::Eapol { gateway, node } => authenticator::due(stack, link, ctx, gateway, node),
        Event::Lease { node } => lease::due(stack, link, ctx, node),
        Event::Ask { node } => probes::due(stack, link, ctx, node),
        Event::Pan { node } => pan::due(stack, link, ctx, node),
        Event::Keys { node } => rekey::due(stack, link, ctx, node),
        Event::Version { gateway } => parents::version_due(stack.net, ctx, gateway),
        Event::Children { node, again } => children::ask(stack, link, ctx, node, again),
        Event::Flood { node, job, epoch } => flood::due(stack, link, ctx, (node, job), epoch),
        Event::Snapshot => snapshot::due(stack.net, link, ctx),
        Event::Load => load::due(stack.net, link, ctx),
        _ => unreachable!("{event:?} belongs to the link layer"),
    }
}
