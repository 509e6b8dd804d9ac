//! What every handler gets: the engine, the books, and the facts of its partition that never change.
//!
//! [`Ctx`] is lent for one event. With it a room schedules, sends and writes down, and looks up who is who; it leads to no
//! other room, so that a function which gets its own room and a `Ctx` can change nothing else.

use crate::books::Books;
use crate::event::Event;
use crate::node::{Node, PerNode, SiteId};
use crate::purpose::BOOT;
use amitwin_sim_core::rng::{Stream, key};
use amitwin_sim_core::{Context, SimTime};

/// Who is who in a partition.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Seed of every keyed stream.
    pub seed: u64,
    /// Sites: border routers, other own radios ascending, then foreign ones ascending.
    pub sites: PerNode<SiteId>,
    /// Border router that a radio was assigned to; in a mesh whose nodes choose their PAN another may serve it.
    pub pan: PerNode<Node>,
    /// Border routers; they have the first numbers.
    pub gateways: u16,
    /// Own radios; numbers from here on are foreign.
    pub own: u16,
}

impl Facts {
    /// Own radios, border routers first.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + use<> {
        (0..self.own).map(Node)
    }
    /// Border routers.
    pub fn routers(&self) -> impl Iterator<Item = Node> + use<> {
        (0..self.gateways).map(Node)
    }
    /// Own radios that are no border routers.
    pub fn members(&self) -> impl Iterator<Item = Node> + use<> {
        (self.gateways..self.own).map(Node)
    }
    /// Whether a radio is a border router.
    #[inline]
    pub fn is_gateway(&self, node: Node) -> bool {
        node.0 < self.gateways
    }
    /// Whether a radio belongs to this partition.
    #[inline]
    pub fn is_own(&self, node: Node) -> bool {
        node.0 < self.own
    }
    /// Border router that a radio was assigned to.
    #[inline]
    pub fn gateway_of(&self, node: Node) -> Node {
        self.pan[node]
    }
    /// An own radio that is no border router, by its site.
    pub fn member(&self, site: SiteId) -> Option<Node> {
        let members = &self.sites.0[usize::from(self.gateways)..usize::from(self.own)];
        members.binary_search(&site).ok().map(|at| Node(at as u16 + self.gateways))
    }
    /// An own radio by its site.
    pub fn own_at(&self, site: SiteId) -> Option<Node> {
        let is_gateway = |n: &u16| self.sites[Node(*n)] == site;
        (0..self.gateways).find(is_gateway).map(Node).or_else(|| self.member(site))
    }
    /// Key of a radio's random stream for a purpose.
    #[inline]
    pub fn stream_key(&self, node: Node, purpose: u32) -> u64 {
        key(self.seed, u64::from(self.sites[node]), purpose)
    }
    /// Time from supply or reset to a running radio, between two limits, drawn anew for each restart.
    pub fn boot_time(&self, node: Node, boots: u16, (low, high): (SimTime, SimTime)) -> SimTime {
        let site = u64::from(self.sites[node]);
        let place = Stream::new(self.seed, site, BOOT ^ (u32::from(boots) << 16)).unit();
        low + SimTime::from_secs_f64((high - low).secs_f64() * place)
    }
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.sites.bytes() + self.pan.bytes()
    }
}

/// What a handler may do besides changing its own room: schedule, send, write down, look up.
pub struct Ctx<'a, 'e> {
    /// Time, queue and messages.
    pub engine: &'a mut Context<'e, Event>,
    /// What is written down.
    pub books: &'a mut Books,
    /// Who is who.
    pub facts: &'a Facts,
}

impl Ctx<'_, '_> {
    /// Time of the event in hand.
    #[inline]
    pub fn now(&self) -> SimTime {
        self.engine.now()
    }
    /// Schedules an event of this partition that `node` causes.
    #[inline]
    pub fn schedule(&mut self, at: SimTime, node: Node, event: impl Into<Event>) {
        self.engine.schedule(at, node.into(), event.into());
    }
    /// Sends an event, caused by `node`, to another partition.
    #[inline]
    pub fn send(&mut self, partition: u32, at: SimTime, node: Node, event: impl Into<Event>) {
        self.engine.send(partition, at, node.into(), event.into());
    }
}
