//! A partition: its rooms side by side, and the one `match` that hands an event to a room.

use crate::backhaul::{HEAD_END, Resets};
use crate::books::{Books, Loss, PushReport};
use crate::context::{Ctx, Facts};
use crate::event::Event;
use crate::gateway::Gateways;
use crate::headend::HeadEnd;
use crate::medium::mesh::radio::neighbours::code_db;
use crate::medium::mesh::wire::capture::{Capture, Captured};
use crate::medium::mesh::wire::frame::Network;
use crate::medium::mesh::{Mesh, Probes};
use crate::medium::message::{Carried, Return};
use crate::medium::{Medium, PortUser};
use crate::meter::Meters;
use crate::node::Node;
use crate::terrain::Site;
use amitwin_data::rows::{NodeRow, Outcome, Rows};
use amitwin_sim_core::{Context, FinishContext, Partition, SimTime};

/// The radios of one border router, or of several that hear each other, and everything they need to run alone.
pub struct Cell {
    /// Partition id: the ordinal of its first border router.
    pub id: u32,
    /// Who is who.
    pub facts: Facts,
    /// What is written down.
    pub books: Books,
    /// How meters reach their gateway.
    pub mesh: Mesh,
    /// The meters.
    pub meters: Meters,
    /// The border routers.
    pub gateways: Gateways,
}

/// Meters and border routers as the users of a medium: a message is for one of the two.
struct Users<'a> {
    meters: &'a mut Meters,
    gateways: &'a mut Gateways,
}

impl PortUser for Users<'_> {
    fn attached<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node) {
        self.meters.attached(medium, ctx, node);
    }

    fn detached(&mut self, ctx: &mut Ctx, node: Node) {
        self.meters.detached(ctx, node);
    }

    fn delivered<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, carried: Carried) {
        if ctx.facts.is_gateway(node) {
            self.gateways.delivered(medium, ctx, node, carried);
        } else {
            self.meters.delivered(medium, ctx, node, carried);
        }
    }

    fn lost(&mut self, ctx: &mut Ctx, carried: Carried, why: Loss) {
        self.meters.lost(ctx, carried, why);
    }

    fn returning(&self, node: Node) -> Option<Return> {
        self.meters.returning(node)
    }

    fn returned(&mut self, ctx: &mut Ctx, gateway: Node, node: Node, hops: u8, back: Return) {
        self.gateways.returned(ctx, gateway, node, hops, back);
    }
}

impl Cell {
    /// Schedules what happens by itself.
    fn start(&mut self, engine: &mut Context<'_, Event>) {
        let ctx = &mut Ctx { engine, books: &mut self.books, facts: &self.facts };
        if let Some(probes) = &self.mesh.probes {
            return probes.start(ctx);
        }
        for node in self.facts.nodes() {
            let attached = self.mesh.start(ctx, node);
            self.meters.start(ctx, node, attached);
        }
        self.gateways.start(ctx);
        self.mesh.net.start_snapshots(ctx);
    }

    /// Carries out one event.
    #[inline]
    fn handle(&mut self, event: Event, engine: &mut Context<'_, Event>) {
        let Cell { facts, books, mesh, meters, gateways, .. } = self;
        let ctx = &mut Ctx { engine, books, facts };
        match event {
            Event::Mesh(event) => mesh.handle(&mut Users { meters, gateways }, ctx, event),
            Event::Meter(event) => meters.handle(&mut mesh.port(), ctx, event),
            Event::Gateway(event) => gateways.handle(&mut mesh.port(), ctx, event),
            other => unreachable!("{other:?} belongs to the head-end"),
        }
    }

    /// Turns this mesh into a bench of the link layer: nothing but a frame of `bytes` above the link layer from each
    /// node to its `target` (both global ids) every `period`.
    pub fn probe(&mut self, period: SimTime, bytes: u16, target: impl Fn(u32) -> Option<u32>) {
        self.mesh.probes = Some(Box::new(Probes::new(&self.facts, period, bytes, target)));
        for node in self.facts.nodes() {
            self.mesh.link.air.power(node, true);
        }
    }

    /// Rows of the nodes and their links as the run starts. Kept out of building, so that a large world holds the rows
    /// of one partition at a time.
    pub fn describe(&mut self, sites: &[Site]) {
        let facts = &self.facts;
        for node in facts.nodes() {
            let global = facts.globals[node];
            let site = &sites[global as usize];
            let (parent, hops) = self.mesh.net.way(node);
            let reachable = self.mesh.net.is_operational(node);
            let neighbours = &self.mesh.link.air.neighbours;
            self.books.rows.nodes.push(NodeRow {
                node: global,
                name: site.name.to_string(),
                kind: site.kind.in_tables(),
                lat_deg: site.lat_deg,
                lon_deg: site.lon_deg,
                x_m: site.x_m,
                y_m: site.y_m,
                height_m: site.height_m,
                gateway: Some(facts.globals[facts.gateway_of(node)]),
                parent: parent.map(|parent| facts.globals[parent]),
                hops: reachable.then_some(hops),
                path_loss_db: parent.and_then(|parent| neighbours.code(node, parent)).map(code_db),
                neighbours: neighbours.of(node).0.len() as u32,
                reachable,
            });
        }
        self.mesh.snapshot(&self.facts, &mut self.books, SimTime::ZERO);
    }

    /// The end of the run: last snapshot, the started minute, what is still on its way.
    fn finish(&mut self, now: SimTime) {
        if self.mesh.probes.is_some() {
            return;
        }
        self.mesh.snapshot(&self.facts, &mut self.books, now);
        self.books.close_minute(&self.facts, now);
        let Cell { facts, books, mesh, .. } = self;
        mesh.drain(facts, |carried| {
            if let Some(report) = PushReport::of(carried) {
                books.report(facts, &report, Outcome::Pending, None);
            }
        });
    }

    /// Captures what is sent from now on: by or to the radios with these global ids, or by all.
    pub fn start_capture(&mut self, network: Network, nodes: Option<&[u32]>) {
        self.mesh.link.start_capture(Capture::new(network, &self.facts, nodes));
    }

    /// Frames since they were last taken, in the order of their first bits.
    pub fn take_captured(&mut self) -> Vec<Captured> {
        self.mesh.link.capture_mut().map(Capture::take).unwrap_or_default()
    }

    /// Channels that the mesh hops over; 0 if it does not.
    pub fn channels(&self) -> u16 {
        self.mesh.link.channels()
    }

    /// Results of the bench of the link layer.
    ///
    /// # Panics
    /// This mesh has not been turned into one.
    pub fn probes(&self) -> &Probes {
        self.mesh.probes.as_ref().expect("a bench of the link layer")
    }

    /// Answers for somebody outside the simulation since they were last taken: number of the request, and when each
    /// reaches the head-end.
    pub fn take_answered_outside(&mut self) -> Vec<(u32, SimTime)> {
        self.gateways.take_answered_outside()
    }

    /// Datagrams held by nodes now.
    pub fn packets_held(&self) -> u32 {
        self.mesh.link.packets.held()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.mesh.bytes() + self.meters.bytes() + self.facts.bytes()
    }
}

/// A partition of the world.
pub enum Part {
    /// A mesh.
    Mesh(Box<Cell>),
    /// The head-end.
    HeadEnd(Box<HeadEnd>),
}

impl Part {
    /// What was recorded since it was last taken.
    pub fn rows(&mut self) -> &mut Rows {
        match self {
            Part::Mesh(cell) => &mut cell.books.rows,
            Part::HeadEnd(head_end) => &mut head_end.rows,
        }
    }

    /// Records what there is when the run starts.
    pub fn describe(&mut self, sites: &[Site]) {
        if let Part::Mesh(cell) = self {
            cell.describe(sites);
        }
    }

    /// The mesh, if it is one.
    pub fn mesh(&self) -> Option<&Cell> {
        match self {
            Part::Mesh(cell) => Some(cell),
            Part::HeadEnd(_) => None,
        }
    }

    /// The head-end, if it is it.
    pub fn head_end(&self) -> Option<&HeadEnd> {
        match self {
            Part::Mesh(_) => None,
            Part::HeadEnd(head_end) => Some(head_end),
        }
    }
}

impl Partition for Part {
    type Event = Event;

    fn id(&self) -> u32 {
        match self {
            Part::Mesh(cell) => cell.id,
            Part::HeadEnd(_) => HEAD_END,
        }
    }

    fn sources(&self) -> Vec<u32> {
        match self {
            Part::Mesh(cell) => cell.facts.globals.0[..usize::from(cell.facts.own)].to_vec(),
            Part::HeadEnd(_) => vec![u32::MAX],
        }
    }

    fn start(&mut self, context: &mut Context<'_, Event>) {
        match self {
            Part::Mesh(cell) => cell.start(context),
            Part::HeadEnd(head_end) => head_end.start(context),
        }
    }

    #[inline]
    fn handle(&mut self, event: Event, context: &mut Context<'_, Event>) {
        match self {
            Part::Mesh(cell) => cell.handle(event, context),
            Part::HeadEnd(head_end) => head_end.handle(event, context),
        }
    }

    /// Records what is only known at the end of the run: what is still on its way. The head-end is told of all resets.
    fn finish(&mut self, context: &mut FinishContext<'_, Event>) {
        if let Part::Mesh(cell) = self {
            cell.finish(context.now());
            let all = cell.meters.take_resets();
            if !all.is_empty() {
                context.send(HEAD_END, 0, Event::Resets(Box::new(Resets { all })));
            }
        }
    }

    /// Records what became of each command, with the resets that the head-end has not heard of.
    fn conclude(&mut self, now: SimTime, messages: Vec<amitwin_sim_core::Event<Event>>) {
        let Part::HeadEnd(head_end) = self else {
            assert!(messages.is_empty(), "only the head-end is told something at the end");
            return;
        };
        let mut resets = Vec::new();
        for message in messages {
            match message.what {
                Event::Resets(of_mesh) => resets.extend(of_mesh.all),
                other => unreachable!("{other:?} does not end a run"),
            }
        }
        head_end.finish(now, &resets);
    }
}
