//! A mesh partition: the radios of one border router (or of several that hear each other), and what happens to them.

use crate::apdu::meters::{Message, Meters};
use crate::campaign::Plan;
use crate::device::Device;
use crate::event::Event;
use crate::mac::frame::MacTimes;
use crate::mac::packet::Packets;
use crate::mac::{self, Mac, hopping, sweep};
use crate::mesh::fragments::Fragments;
use crate::mesh::{self, Link, Mesh, trickle::Timers};
use crate::radio::air::{Air, COMMON, Fate};
use crate::radio::neighbours::code_db;
use crate::spec::{Lease, MacSpec, PushSpec, RecordSpec};
use crate::terrain::Site;
use crate::wire::capture::Capture;
use crate::wire::lengths::Lengths;
use crate::{device, gateway};
use amitwin_data::rows::{LinkRow, NodeRow, Outcome, Rows};
use amitwin_sim_core::rng::{Stream, key};
use amitwin_sim_core::{Context, SimTime};
use bevy_ecs::prelude::{Entity, QueryState, World};
use std::sync::Arc;

/// What a handler gets from the engine.
pub type Ctx<'a> = Context<'a, Event>;

/// A mesh and everything it needs to run alone.
pub struct Region {
    /// Partition id: the ordinal of its first border router.
    pub id: u32,
    pub(crate) world: World,
    pub(crate) entities: Vec<Entity>,
    pub(crate) macs: QueryState<&'static mut Mac>,
    pub(crate) meshes: QueryState<&'static mut Mesh>,
    pub(crate) devices: QueryState<&'static mut Device>,
    pub(crate) links: QueryState<&'static Link>,
    /// The medium.
    pub air: Air,
    pub(crate) packets: Packets,
    /// Global ids by local index: border routers, other own radios ascending, then foreign ones ascending.
    pub globals: Vec<u32>,
    /// Border routers; they have the first local indices.
    pub gateways: u16,
    /// Own radios; local indices from here on are foreign.
    pub own: u16,
    /// Local index of the border router that serves a radio.
    pub(crate) pan: Vec<u16>,
    pub(crate) seed: u64,
    pub(crate) channels: u16,
    pub(crate) times: MacTimes,
    pub(crate) lengths: Lengths,
    /// Datagrams in pieces.
    pub(crate) fragments: Fragments,
    /// Longest frame, check sequence included, bytes.
    pub(crate) frame_bytes_max: u16,
    /// Frames as bytes, if they are captured.
    pub(crate) capture: Option<Box<Capture>>,
    pub(crate) timers: Timers,
    pub(crate) mac_spec: MacSpec,
    pub(crate) record: RecordSpec,
    pub(crate) etx_of_code: Vec<u16>,
    pub(crate) hops_max: u8,
    pub(crate) lease: Lease,
    pub(crate) tx_power_dbm: f32,
    pub(crate) boot: (SimTime, SimTime),
    pub(crate) latency: SimTime,
    pub(crate) push: Option<PushSpec>,
    /// The meters as DLMS servers, if anything is said to or by them.
    pub(crate) meters: Option<Box<Meters>>,
    /// Resets carried out: campaign, global id, when.
    pub(crate) resets: Vec<(u16, u32, SimTime)>,
    /// Answers for somebody outside the simulation: number of the request, and when they are there.
    pub(crate) answered_outside: Vec<(u32, SimTime)>,
    /// By campaign: what is flooded, and its payload in bytes.
    pub(crate) floods: Vec<Message>,
    pub(crate) plan: Arc<Plan>,
    /// What the border routers know of routes: the parent that each radio announced, and the number of the announcement.
    pub(crate) announced: Vec<(u16, u8)>,
    /// Partitions that hear an own radio, as (local index, partition), sorted.
    pub(crate) abroad: Vec<(u16, u32)>,
    /// Load of each border router in the current minute.
    pub loads: Vec<gateway::Load>,
    /// Sums over the run.
    pub counters: Counters,
    /// Rows since the driver last took them.
    pub rows: Rows,
    pub(crate) frames_seen: u64,
    pub(crate) heard: Vec<(u16, Fate, f32)>,
    pub(crate) hearers: Vec<u16>,
    pub(crate) pieces: Vec<sweep::Piece>,
    pub(crate) spare_pieces: Vec<sweep::Piece>,
    /// Link-layer bench: no protocol above the link layer.
    pub(crate) probing: bool,
    /// Link-layer bench: traffic and results.
    pub probes: device::Probes,
}

/// Sums over the run, for the results table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Data, broadcast and sweep frames sent.
    pub frames: u64,
    /// Of them repetitions of unacknowledged ones.
    pub retries: u64,
    /// Acknowledgements sent.
    pub acks: u64,
    /// Sweeps asked for.
    pub sweeps: u64,
    /// Frames of sweeps sent.
    pub sweep_frames: u64,
    /// Receptions that succeeded.
    pub received: u64,
    /// Receptions lost to other transmissions.
    pub collided: u64,
    /// Receptions lost to noise.
    pub noise: u64,
    /// Frames whose addressee was off, sending or busy with another frame.
    pub deaf: u64,
    /// Copies recognised as such.
    pub duplicates: u64,
    /// Attempts that found no free channel.
    pub access_failures: u64,
    /// Datagrams that were cut into fragments for a hop.
    pub cut: u64,
    /// Incomplete datagrams that a receiver gave up waiting for.
    pub reassembly_timeouts: u64,
    /// Datagrams that a receiver had no room to put together.
    pub reassembly_full: u64,
    /// Datagrams lost.
    pub dropped: u64,
    /// The same by [`mac::Loss`].
    pub lost: [u64; 6],
}

impl Counters {
    /// Adds another partition's sums.
    pub fn add(&mut self, other: &Counters) {
        self.frames += other.frames;
        self.retries += other.retries;
        self.acks += other.acks;
        self.sweeps += other.sweeps;
        self.sweep_frames += other.sweep_frames;
        self.received += other.received;
        self.collided += other.collided;
        self.noise += other.noise;
        self.deaf += other.deaf;
        self.duplicates += other.duplicates;
        self.access_failures += other.access_failures;
        self.cut += other.cut;
        self.reassembly_timeouts += other.reassembly_timeouts;
        self.reassembly_full += other.reassembly_full;
        self.dropped += other.dropped;
        for (a, b) in self.lost.iter_mut().zip(other.lost) {
            *a += b;
        }
    }
}

/// Tag of a foreign frame.
const FOREIGN_TAG: u32 = 1 << 29;

impl Region {
    #[inline]
    pub(crate) fn mac(&mut self, node: u16) -> &mut Mac {
        let entity = self.entities[node as usize];
        self.macs.get_mut(&mut self.world, entity).expect("every radio has a link layer").into_inner()
    }
    #[inline]
    pub(crate) fn mesh(&mut self, node: u16) -> &mut Mesh {
        let entity = self.entities[node as usize];
        self.meshes.get_mut(&mut self.world, entity).expect("every radio has a mesh state").into_inner()
    }
    pub(crate) fn mesh_parent(&mut self, node: u16) -> u16 {
        self.mesh(node).parent
    }
    #[inline]
    pub(crate) fn device(&mut self, node: u16) -> &mut Device {
        let entity = self.entities[node as usize];
        self.devices.get_mut(&mut self.world, entity).expect("every radio has a device").into_inner()
    }
    /// Channels that it hops over; 0 if it does not.
    pub fn channels(&self) -> u16 {
        self.channels
    }
    /// Whether a radio is a border router.
    #[inline]
    pub fn is_gateway(&self, node: u16) -> bool {
        node < self.gateways
    }
    pub(crate) fn gateway_of(&self, node: u16) -> u16 {
        self.pan[node as usize]
    }
    pub(crate) fn pan_of(&self, node: u16) -> u16 {
        self.pan[node as usize]
    }
    #[inline]
    pub(crate) fn hopping(&self) -> bool {
        self.channels > 0
    }
    pub(crate) fn channel_of(&self, node: u16, at: SimTime) -> u16 {
        let slot = hopping::slot(self.air.radios[node as usize].phase_ms, at);
        hopping::channel(self.globals[node as usize], slot, self.channels)
    }
    #[inline]
    pub(crate) fn stream_key(&self, node: u16, purpose: u32) -> u64 {
        key(self.seed, u64::from(self.globals[node as usize]), purpose)
    }
    /// Uniform in [0, 1) from the node's timer stream.
    pub(crate) fn draw(&mut self, node: u16) -> f64 {
        let key = self.stream_key(node, crate::purpose::TIMER);
        let mesh = self.mesh(node);
        let mut stream = Stream::resume(key, u64::from(mesh.draws));
        mesh.draws += 1;
        stream.unit()
    }
    /// Local index of an own radio.
    pub(crate) fn local(&self, global: u32) -> Option<u16> {
        let own = &self.globals[self.gateways as usize..self.own as usize];
        own.binary_search(&global).ok().map(|at| at as u16 + self.gateways)
    }

    /// Charges a frame to its sender and tells the partitions that hear it.
    pub(crate) fn note_sent(&mut self, ctx: &mut Ctx, node: u16, channel: u16, bytes: u16) {
        if self.is_gateway(node) {
            let load = &mut self.loads[node as usize];
            load.tx += self.air.phy.airtime(bytes);
            load.frames_sent += 1;
        }
        if self.abroad.is_empty() || (channel == COMMON && self.hopping()) {
            return;
        }
        let first = self.abroad.partition_point(|a| a.0 < node);
        for n in first..self.abroad.len() {
            let (who, partition) = self.abroad[n];
            if who != node {
                break;
            }
            let from = self.globals[node as usize];
            ctx.send(partition, ctx.now() + ctx.lookahead(), node.into(), Event::Foreign { from, channel, bytes });
        }
    }

    fn foreign(&mut self, ctx: &mut Ctx, from: u32, channel: u16, bytes: u16) {
        let Ok(at) = self.globals[self.own as usize..].binary_search(&from) else { return };
        let node = self.own + at as u16;
        if self.air.is_sending(node, ctx.now()) {
            return;
        }
        let to = crate::radio::air::EVERYONE;
        let frame = self.air.begin(ctx.now(), node, to, channel, bytes, FOREIGN_TAG, &[]);
        // Scheduled under the first own radio: a foreign one causes no events here.
        ctx.schedule(self.air.transmission(frame).end, 0, Event::Ended { frame });
    }

    /// Turns this mesh into a bench of the link layer: nothing but a frame of `bytes` above the link layer from each
    /// node to its `target` (both global ids) every `period`.
    pub fn probe(&mut self, period: SimTime, bytes: u16, target: impl Fn(u32) -> Option<u32>) {
        self.probing = true;
        self.probes.period = period;
        self.probes.bytes = bytes;
        let local = |global: u32| {
            let at = self.globals[..self.own as usize].iter().position(|&g| g == global);
            at.map_or(mesh::NO_ONE, |at| at as u16)
        };
        let sorted = self.globals[..self.own as usize].is_sorted();
        let fast = |global: u32| match self.globals[..self.own as usize].binary_search(&global) {
            Ok(at) => at as u16,
            Err(_) => mesh::NO_ONE,
        };
        let find = |global| if sorted { fast(global) } else { local(global) };
        let targets = self.globals[..self.own as usize].iter().map(|&g| target(g).map_or(mesh::NO_ONE, find)).collect();
        self.probes.target = targets;
        self.probes.delay_us = hdrhistogram::Histogram::new_with_bounds(1, 600_000_000, 3).ok();
        for node in 0..self.own {
            self.air.power(node, true);
        }
    }

    /// Schedules what happens by itself.
    pub(crate) fn start(&mut self, ctx: &mut Ctx) {
        if self.probing {
            device::start_probes(self, ctx);
            return;
        }
        for node in 0..self.own {
            if self.mesh(node).state == mesh::State::Operational {
                mesh::join::settle(self, ctx, node);
            }
            device::start(self, ctx, node);
        }
        ctx.schedule(SimTime::from_secs(60), 0, Event::Minute);
        if self.record.links_every > SimTime::ZERO {
            ctx.schedule(self.record.links_every, 0, Event::Snapshot);
        }
    }

    /// Carries out one event.
    #[inline]
    pub(crate) fn handle(&mut self, event: Event, ctx: &mut Ctx) {
        match event {
            Event::Attempt { node, epoch } => mac::attempt(self, ctx, node, epoch),
            Event::Send { node, epoch } => mac::send(self, ctx, node, epoch),
            Event::Ended { frame } if self.air.transmission(frame).tag == FOREIGN_TAG => {
                self.air.finish(frame, |_, _, _| {});
            }
            Event::Ended { frame } => mac::ended(self, ctx, frame),
            Event::Acknowledge { node, to, channel, epoch } => mac::acknowledge(self, ctx, node, to, channel, epoch),
            Event::Unacknowledged { node, epoch } => mac::unacknowledged(self, ctx, node, epoch),
            Event::Resume { node } => mac::resume(self, ctx, node),
            Event::Sweep { node, epoch, channel } => sweep::step(self, ctx, node, epoch, channel),
            Event::Trickle { node, topic, epoch } => mesh::trickle::due(self, ctx, node, topic, epoch),
            Event::Join { node, epoch } => mesh::join::due(self, ctx, node, epoch),
            Event::Flood { node, epoch } => mesh::flood::due(self, ctx, node, epoch),
            Event::Reset { node, campaign } => device::reset(self, ctx, node, campaign),
            Event::Booted { node, boots } => device::booted(self, ctx, node, boots),
            Event::Heartbeat { node, boots } => device::heartbeat(self, ctx, node, boots),
            Event::Answer { node, boots, packet } => device::send_answer(self, ctx, node, boots, *packet),
            Event::Push { node } => device::push(self, ctx, node),
            Event::Probe { node } => device::probe(self, ctx, node),
            Event::Minute => gateway::minute(self, ctx),
            Event::Snapshot => {
                self.snapshot(ctx.now());
                ctx.schedule(ctx.now() + self.record.links_every, 0, Event::Snapshot);
            }
            Event::Down(down) => gateway::down(self, ctx, *down),
            Event::Foreign { from, channel, bytes } => self.foreign(ctx, from, channel, bytes),
            Event::Campaign { .. }
            | Event::Dispatch { .. }
            | Event::Poll { .. }
            | Event::PollTimeout { .. }
            | Event::Report(_) => unreachable!("{event:?} belongs to the head-end"),
        }
    }

    /// Rows of the nodes and their links as the run starts. Kept out of building, so that a large world holds the rows
    /// of one partition at a time.
    pub fn describe(&mut self, sites: &[Site]) {
        for node in 0..self.own {
            let global = self.globals[node as usize];
            let site = &sites[global as usize];
            let mesh = self.mesh(node);
            let (parent, hops, reachable) = (mesh.parent, mesh.hops, mesh.state == mesh::State::Operational);
            let has_parent = parent != mesh::NO_ONE;
            let loss = has_parent.then(|| self.air.neighbours.code(node, parent)).flatten().map(code_db);
            self.rows.nodes.push(NodeRow {
                node: global,
                name: site.name.to_string(),
                kind: site.kind.in_tables(),
                lat_deg: site.lat_deg,
                lon_deg: site.lon_deg,
                x_m: site.x_m,
                y_m: site.y_m,
                height_m: site.height_m,
                gateway: Some(self.globals[self.pan[node as usize] as usize]),
                parent: has_parent.then(|| self.globals[parent as usize]),
                hops: reachable.then_some(hops),
                path_loss_db: loss,
                neighbours: self.air.neighbours.of(node).0.len() as u32,
                reachable,
            });
        }
        self.snapshot(SimTime::ZERO);
    }

    /// Rows of the links in use.
    pub(crate) fn snapshot(&mut self, now: SimTime) {
        let mut rows = Vec::new();
        for node in self.gateways..self.own {
            let mesh = self.mesh(node);
            let (link, rank, hops, parent) = (mesh.link, mesh.rank, mesh.hops, mesh.parent);
            let etx = mesh.candidates.iter().find(|c| c.node == parent).map(|c| c.etx);
            let Some(link) = link.and_then(|l| self.links.get(&self.world, l).ok()).copied() else { continue };
            let etx = etx.unwrap_or_else(|| self.etx_between(node, link.parent));
            rows.push(LinkRow {
                time_s: now.secs_f64(),
                node: self.globals[node as usize],
                parent: self.globals[link.parent as usize],
                rank,
                hops,
                path_loss_db: link.path_loss_db,
                extra_loss_db: 0.0,
                etx: f32::from(etx) / 128.0,
                rssi_dbm: self.tx_power_dbm - link.path_loss_db,
            });
        }
        self.rows.links.append(&mut rows);
    }

    /// The end of the run: last snapshot, the started minute, what is still on its way.
    pub fn finish(&mut self, now: SimTime) {
        if self.probing {
            return;
        }
        self.snapshot(now);
        gateway::close_minute(self, now);
        for node in 0..self.own {
            let entity = self.entities[node as usize];
            let mac = self.macs.get_mut(&mut self.world, entity).expect("every radio has a link layer").into_inner();
            let mut last = (mesh::NO_ONE, 0);
            for fifo in [&mut mac.queue, &mut mac.broadcasts] {
                while let Some(at) = self.packets.pop(fifo) {
                    let packet = self.packets.get(at).clone();
                    self.packets.release(at);
                    // Of a datagram in pieces the first that has not arrived stands for all.
                    let told = packet.fragments > 0 && last == (packet.origin, packet.tag);
                    if packet.kind == mac::packet::Kind::Push && !packet.delivered && !told {
                        last = (packet.origin, packet.tag);
                        let row =
                            device::push_row(&self.globals, &self.pan, &packet, Outcome::Pending, None, packet.hops);
                        self.rows.transactions.push(row);
                    }
                }
            }
        }
    }

    /// Answers for somebody outside the simulation since they were last taken: number of the request, and when each reaches
    /// the head-end.
    pub fn take_answered_outside(&mut self) -> Vec<(u32, SimTime)> {
        std::mem::take(&mut self.answered_outside)
    }

    /// Datagrams held by nodes now.
    pub fn packets_held(&self) -> u32 {
        self.packets.held()
    }

    /// Bytes held by medium and packets; components are the World's.
    pub fn bytes(&self) -> usize {
        self.air.bytes() + self.packets.bytes() + self.globals.capacity() * 4 + self.pan.capacity() * 4
    }
}
