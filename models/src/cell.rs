//! A partition: its rooms side by side, and the one `match` that hands an event to a room.

mod part;
mod state;

pub use part::Part;
pub use state::PartState;

use crate::backhaul::{HEAD_END, Visit};
use crate::books::{Books, Happened, Loss, OwnReport};
use crate::context::{Ctx, Facts};
use crate::event::Event;
use crate::fleet::{Change, Fleet};
use crate::gateway::Gateways;
use crate::medium::ideal::Ideal;
use crate::medium::mesh::mac::HeardAbroad;
use crate::medium::mesh::radio::neighbours::code_db;
use crate::medium::mesh::wire::capture::{Capture, Captured};
use crate::medium::mesh::wire::frame::Network;
use crate::medium::mesh::{Mesh, Probes};
use crate::medium::message::{Carried, Return};
use crate::medium::{Medium, PortUser};
use crate::meter::Meters;
use crate::node::{Node, SiteId};
use crate::spec::{Act, ResetTier};
use crate::terrain::Site;
use crate::timeline::{self, Timeline};
use crate::weather::Weather;
use amitwin_data::rows::{Added, NodeRow, Outcome};
use amitwin_sim_core::{Context, SimTime};

/// The radios of one border router, or of several that hear each other, and everything they need to run alone.
pub struct Cell {
    /// Partition id: the ordinal of its first border router.
    pub id: u32,
    /// Who is who.
    pub facts: Facts,
    /// What is written down.
    pub books: Books,
    /// How meters reach their gateway.
    pub medium: AnyMedium,
    /// The meters.
    pub meters: Meters,
    /// The border routers.
    pub gateways: Gateways,
    /// What slowly changes about all of them.
    pub fleet: Fleet,
    /// What happens to them from outside.
    pub timeline: Timeline,
    /// The weather, where it is written down.
    pub weather: Option<Weather>,
}

/// The media that there are.
pub enum AnyMedium {
    /// The RF mesh.
    Mesh(Box<Mesh>),
    /// A latency and a loss.
    Ideal(Box<Ideal>),
}

impl AnyMedium {
    /// The mesh, if it is one.
    pub fn mesh(&self) -> Option<&Mesh> {
        match self {
            AnyMedium::Mesh(mesh) => Some(mesh),
            AnyMedium::Ideal(_) => None,
        }
    }
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

    fn browns_out<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node) {
        self.meters.browns_out(medium, ctx, node);
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

    fn routed(&mut self, ctx: &mut Ctx, gateway: Node, node: Node) {
        self.gateways.routed(ctx, gateway, node);
    }

    fn returned(&mut self, ctx: &mut Ctx, gateway: Node, node: Node, hops: u8, back: Return) {
        self.gateways.returned(ctx, gateway, node, hops, back);
    }
}

impl Users<'_> {
    fn supply<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, on: bool) {
        if ctx.facts.is_gateway(node) {
            self.gateways.supply(medium, ctx, node, on);
        } else {
            self.meters.supply(medium, ctx, node, on);
        }
    }
}

/// An entry of the timeline is due: the fleet gets or loses its components, and its systems say what that changes.
/// Also says what it does at once.
fn happen(fleet: &mut Fleet, timeline: &Timeline, ctx: &mut Ctx, event: timeline::Event) -> (AtOnce, Vec<Change>) {
    let (happening, begins) = timeline.due(ctx, event);
    let (number, act) = (happening.number, &happening.act);
    if let Some(end) = happening.overheated {
        ctx.note(happening.nodes[0], Happened::Overheated { board_c: end.board_c });
    }
    if begins {
        fleet.put(number, act, &happening.nodes, &happening.edges);
    } else {
        fleet.take(number, &happening.nodes, &happening.edges);
    }
    let at_once = match (act, happening.overheated) {
        (_, Some(_)) => AtOnce::Destroyed(happening.nodes[0]),
        (Act::Restart(restart), None) if begins => AtOnce::Restart(restart.tier, happening.nodes.clone()),
        (Act::Hang(_), None) if begins => AtOnce::Hang(happening.nodes.clone()),
        _ => AtOnce::Nothing,
    };
    (at_once, fleet.tick())
}

/// What an entry of the timeline does at once, and leaves nothing on anybody.
enum AtOnce {
    Nothing,
    /// This radio is destroyed.
    Destroyed(Node),
    /// These restart.
    Restart(ResetTier, Vec<Node>),
    /// The applications of these hang.
    Hang(Vec<Node>),
}

impl Cell {
    /// Schedules what happens by itself.
    fn start(&mut self, engine: &mut Context<'_, Event>) {
        let ctx = &mut Ctx { engine, books: &mut self.books, facts: &self.facts };
        if let AnyMedium::Mesh(mesh) = &self.medium
            && let Some(probes) = &mesh.probes
        {
            return probes.start(ctx);
        }
        for node in self.facts.nodes() {
            let attached = match &mut self.medium {
                AnyMedium::Mesh(mesh) => mesh.start(ctx, node),
                AnyMedium::Ideal(ideal) => ideal.is_attached(node),
            };
            self.meters.start(ctx, node, attached);
            if self.medium.mesh().is_some_and(|mesh| mesh.net.is_new(node)) {
                self.meters.install(ctx, node);
            }
        }
        self.gateways.start(ctx);
        if let AnyMedium::Mesh(mesh) = &self.medium {
            mesh.net.start_snapshots(ctx);
            mesh.net.start_loads(ctx);
            mesh.link.start_obstacles(ctx);
        }
        self.fleet.start(ctx);
        self.timeline.start(ctx);
        if let Some(weather) = &self.weather {
            weather.start(ctx);
        }
    }

    /// Carries out one event.
    #[inline]
    fn handle(&mut self, event: Event, engine: &mut Context<'_, Event>) {
        let Cell { facts, books, medium, meters, gateways, .. } = self;
        let ctx = &mut Ctx { engine, books, facts };
        match medium {
            AnyMedium::Mesh(mesh) => match event {
                Event::Mesh(inner) => {
                    // What is copied is dropped as well, and most events are these.
                    std::mem::forget(event);
                    mesh.handle(&mut Users { meters, gateways }, ctx, inner);
                }
                event => self.handle_above(event, engine),
            },
            AnyMedium::Ideal(ideal) => match event {
                Event::Ideal(event) => ideal.handle(&mut Users { meters, gateways }, ctx, event),
                event => self.handle_above(event, engine),
            },
        }
    }

    /// Carries out an event of a room above the medium.
    fn handle_above(&mut self, event: Event, engine: &mut Context<'_, Event>) {
        let Cell { facts, books, medium, meters, gateways, fleet, timeline, weather, .. } = self;
        let ctx = &mut Ctx { engine, books, facts };
        match (event, medium) {
            (Event::Meter(event), AnyMedium::Mesh(mesh)) => meters.handle(&mut mesh.port(), ctx, event),
            (Event::Meter(event), AnyMedium::Ideal(ideal)) => meters.handle(&mut **ideal, ctx, event),
            (Event::Gateway(event), AnyMedium::Mesh(mesh)) => gateways.handle(&mut mesh.port(), ctx, event),
            (Event::Gateway(event), AnyMedium::Ideal(ideal)) => gateways.handle(&mut **ideal, ctx, event),
            (Event::Down(down), AnyMedium::Mesh(mesh)) => gateways.down(&mut mesh.port(), ctx, *down),
            (Event::Down(down), AnyMedium::Ideal(ideal)) => gateways.down(&mut **ideal, ctx, *down),
            (Event::Visit(visit), medium) => {
                let Some(node) = ctx.facts.member(visit.meter) else { return };
                let found = match medium {
                    AnyMedium::Mesh(mesh) => meters.visit(&mut mesh.port(), ctx, node, visit.job),
                    AnyMedium::Ideal(ideal) => meters.visit(&mut **ideal, ctx, node, visit.job),
                };
                let told = visit.done.max(ctx.now() + ctx.engine.lookahead());
                ctx.send(HEAD_END, told, node, Event::Visit(Box::new(Visit { found: Some(found), ..*visit })));
            }
            (Event::Fleet(event), _) => fleet.handle(ctx, event),
            (Event::Weather(event), _) => {
                if let Some(weather) = weather {
                    weather.handle(ctx, event);
                }
            }
            (Event::Timeline(event), medium) => {
                let (at_once, changes) = happen(fleet, timeline, ctx, event);
                match at_once {
                    AtOnce::Nothing => {}
                    AtOnce::Destroyed(node) => meters.lose_capacitor(node),
                    AtOnce::Hang(nodes) => nodes.into_iter().for_each(|node| meters.hang(ctx, node)),
                    AtOnce::Restart(tier, nodes) => {
                        for node in nodes.into_iter().filter(|&node| !ctx.facts.is_gateway(node)) {
                            match &mut *medium {
                                AnyMedium::Mesh(mesh) => meters.restart_by_itself(&mut mesh.port(), ctx, node, tier),
                                AnyMedium::Ideal(ideal) => meters.restart_by_itself(&mut **ideal, ctx, node, tier),
                            }
                        }
                    }
                }
                for change in changes {
                    match (change, &mut *medium) {
                        (Change::Supply { node, on }, AnyMedium::Mesh(mesh)) => {
                            Users { meters, gateways }.supply(&mut mesh.port(), ctx, node, on);
                        }
                        (Change::Supply { node, on }, AnyMedium::Ideal(ideal)) => {
                            Users { meters, gateways }.supply(&mut **ideal, ctx, node, on);
                        }
                        (Change::Voltage { node, level }, _) => {
                            ctx.note(node, Happened::Voltage { level });
                            meters.set_voltage(node, level);
                        }
                        (Change::Backhaul { gateway, backhaul }, _) => gateways.set_backhaul(ctx, gateway, backhaul),
                        (Change::NodeLoss { node, loss_db }, AnyMedium::Mesh(mesh)) => {
                            if mesh.link.air.node_overlay(node).loss_db != loss_db {
                                ctx.note(node, Happened::ExtraLoss { loss_db });
                                mesh.link.overlay_node(ctx, node, |overlay| overlay.loss_db = loss_db);
                            }
                        }
                        (Change::EdgeLoss { edge, loss_db }, AnyMedium::Mesh(mesh)) => {
                            for end in [edge.0, edge.1] {
                                ctx.note(end, Happened::LinkLoss { loss_db });
                            }
                            mesh.link.overlay_edge(edge, loss_db);
                        }
                        // There is no air whose losses could change.
                        (Change::NodeLoss { .. } | Change::EdgeLoss { .. }, AnyMedium::Ideal(_)) => {}
                    }
                }
            }
            (other, _) => unreachable!("{other:?} belongs to the head-end or to another medium"),
        }
    }

    /// Turns this mesh into a bench of the link layer: nothing but a frame of `bytes` above the link layer from each
    /// node to its `target` (both by site) every `period`.
    pub fn probe(&mut self, period: SimTime, bytes: u16, target: impl Fn(u32) -> Option<u32>) {
        let facts = &self.facts;
        let AnyMedium::Mesh(mesh) = &mut self.medium else { return };
        mesh.probes = Some(Box::new(Probes::new(facts, period, bytes, target)));
        for node in facts.nodes() {
            mesh.link.air.power(node, true);
        }
    }

    /// Rows of the nodes and their links as the run starts. Kept out of building, so that a large world holds the rows
    /// of one partition at a time.
    pub fn describe(&mut self, sites: &[Site]) {
        let facts = &self.facts;
        let cut_off_by = self.mesh().map(|mesh| mesh.net.cut_off_by(&mesh.link, facts));
        for node in facts.nodes() {
            let global = facts.sites[node];
            let site = &sites[global.at()];
            let (parent, hops, reachable, path_loss_db, neighbours) = match &self.medium {
                AnyMedium::Mesh(mesh) => {
                    let (parent, hops) = mesh.net.way(node);
                    let table = &mesh.link.air.neighbours;
                    let loss = parent.and_then(|parent| table.code(node, parent)).map(code_db);
                    (parent, hops, mesh.net.is_in_reach(node), loss, table.of(node).count() as u32)
                }
                AnyMedium::Ideal(_) => (None, u8::from(!facts.is_gateway(node)), true, None, 0),
            };
            let board = self.mesh().and_then(|mesh| mesh.link.air.over_run(node));
            self.books.rows.nodes.push(NodeRow {
                node: global.0,
                name: site.name.to_string(),
                kind: site.kind.in_tables(),
                lat_deg: site.lat_deg,
                lon_deg: site.lon_deg,
                x_m: site.x_m,
                y_m: site.y_m,
                height_m: site.height_m,
                antenna_gain_dbi: site.antenna_gain.map(|gain| gain.dbi() as f32),
                tx_power_dbm: self.mesh().map(|mesh| mesh.link.air.tx_power_dbm(node)),
                gateway: Some(facts.sites[self.gateway_of(node)].0),
                parent: parent.map(|parent| facts.sites[parent].0),
                hops: self.is_attached(node).then_some(hops),
                path_loss_db,
                neighbours,
                reachable,
                cut_off_by: cut_off_by.as_ref().and_then(|by| by[node].is_some().then(|| facts.sites[by[node]].0)),
                board_max_c: Added(board.map(|board| board.max_c)),
                above_60c_h: Added(board.map(|board| board.above_60c_h)),
                above_85c_h: Added(board.map(|board| board.above_85c_h)),
            });
        }
        if let AnyMedium::Mesh(mesh) = &self.medium {
            mesh.snapshot(&self.facts, &mut self.books, SimTime::ZERO);
        }
    }

    /// The end of the run: last snapshot, the started minute, what is still on its way.
    fn finish(&mut self, now: SimTime) {
        let Cell { facts, books, medium, meters, .. } = self;
        if let AnyMedium::Mesh(mesh) = medium {
            if mesh.probes.is_some() {
                return;
            }
            mesh.snapshot(facts, books, now);
            mesh.net.close_loads(&mesh.link, facts, books, now);
        }
        books.close_minute(facts, now);
        for report in meters.kept_reports(facts, now) {
            books.report(facts, &report, Outcome::Pending, None);
        }
        let pending = |carried: Carried| {
            for report in OwnReport::of(carried) {
                books.report(facts, &report, Outcome::Pending, None);
            }
        };
        match medium {
            AnyMedium::Mesh(mesh) => mesh.drain(facts, pending),
            AnyMedium::Ideal(ideal) => ideal.drain(pending),
        }
    }

    /// The mesh, if that is the medium.
    pub fn mesh(&self) -> Option<&Mesh> {
        self.medium.mesh()
    }

    /// How long each own radio has transmitted in its busiest hour; of none where the region does not limit that.
    pub fn busiest_hours(&self) -> impl Iterator<Item = (SiteId, SimTime)> {
        self.books.busiest_hours().map(|(node, most)| (self.facts.sites[node], most))
    }

    /// Times that meters have written firmware images to flash, summed.
    pub fn flash_writes(&self) -> u64 {
        self.facts.nodes().map(|node| u64::from(self.meters.flash_writes(node))).sum()
    }

    /// Relays with open contacts, and how often relays have moved, summed.
    pub fn relays(&self) -> (u64, u64) {
        let relays = self.facts.nodes().map(|node| self.meters.relay(node));
        relays.fold((0, 0), |(open, moves), (is_open, moved)| (open + u64::from(is_open), moves + u64::from(moved)))
    }

    /// Border router that serves a node, or did last.
    pub fn gateway_of(&self, node: Node) -> Node {
        self.mesh().map_or(self.facts.gateway_of(node), |mesh| mesh.net.pan_of(node))
    }

    /// Whether a node has a way to its gateway now.
    pub fn is_attached(&self, node: Node) -> bool {
        match &self.medium {
            AnyMedium::Mesh(mesh) => mesh.net.is_operational(node),
            AnyMedium::Ideal(ideal) => ideal.is_attached(node),
        }
    }

    /// Whether a way to its gateway leads from a node, which it may not have found yet.
    pub fn is_in_reach(&self, node: Node) -> bool {
        match &self.medium {
            AnyMedium::Mesh(mesh) => mesh.net.is_in_reach(node),
            AnyMedium::Ideal(ideal) => ideal.is_attached(node),
        }
    }

    /// Captures what is sent from now on: by or to the radios at these sites, or by all.
    pub fn start_capture(&mut self, network: Network, nodes: Option<&[u32]>) {
        if let AnyMedium::Mesh(mesh) = &mut self.medium {
            mesh.link.start_capture(Capture::new(network, &self.facts, nodes));
        }
    }

    /// From now on it is worked out for each hearer of a frame what becomes of it there, whether or not he has a use for it: slower, and
    /// the same but for what is counted of receptions.
    pub fn work_out_all(&mut self) {
        if let AnyMedium::Mesh(mesh) = &mut self.medium {
            mesh.link.works_out_all = true;
            mesh.link.air.lone.is_spread = true;
            mesh.link.sends_no_trains = true;
        }
    }

    /// From now on each frame of a sweep is an event, also where nobody listens: slower.
    pub fn send_no_trains(&mut self) {
        if let AnyMedium::Mesh(mesh) = &mut self.medium {
            mesh.link.sends_no_trains = true;
        }
    }

    /// Frames since they were last taken, in the order of their first bits but for those of trains, which come when their train ends.
    pub fn take_captured(&mut self) -> Vec<Captured> {
        let AnyMedium::Mesh(mesh) = &mut self.medium else { return Vec::new() };
        mesh.link.capture_mut().map(Capture::take).unwrap_or_default()
    }

    /// Channels that the mesh hops over; 0 if it does not.
    pub fn channels(&self) -> u16 {
        self.mesh().map_or(0, |mesh| mesh.link.channels())
    }

    /// Results of the bench of the link layer.
    ///
    /// # Panics
    /// This mesh has not been turned into one.
    pub fn probes(&self) -> &Probes {
        self.mesh().and_then(|mesh| mesh.probes.as_deref()).expect("a bench of the link layer")
    }

    /// Answers for somebody outside the simulation since they were last taken: number of the request, and when each
    /// reaches the head-end.
    pub fn take_answered_outside(&mut self) -> Vec<(u32, SimTime)> {
        self.gateways.take_answered_outside()
    }

    /// Datagrams held by nodes now.
    pub fn packets_held(&self) -> u32 {
        self.mesh().map_or(0, |mesh| mesh.link.packets.held())
    }

    /// Who is heard abroad.
    pub fn set_abroad(&mut self, heard: Vec<HeardAbroad>) {
        if let AnyMedium::Mesh(mesh) = &mut self.medium {
            mesh.link.set_abroad(heard);
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let medium = match &self.medium {
            AnyMedium::Mesh(mesh) => mesh.bytes(),
            AnyMedium::Ideal(ideal) => ideal.bytes(),
        };
        medium + self.meters.bytes() + self.facts.bytes() + self.books.bytes()
    }
}
