//! From a specification to partitions that can run.

use crate::apdu::Cosem;
use crate::apdu::meters::Meters;
use crate::device::{Device, Probes};
use crate::event::HEAD_END;
use crate::headend::jobs::reset::schedule::{self, Population};
use crate::headend::talk::Talk;
use crate::headend::{Duties, HeadEnd, Network};
use crate::mac::Mac;
use crate::mac::frame::MacTimes;
use crate::mesh::fragments::Fragments;
use crate::mesh::reconnect::reconnect_airtime;
use crate::mesh::routing::Candidate;
use crate::mesh::tree::{self, Tree};
use crate::mesh::trickle::Timers;
use crate::mesh::{CANDIDATES, Mesh, NO_ONE, State};
use crate::part::Part;
use crate::plan::Plan;
use crate::purpose;
use crate::radio::air::Air;
use crate::radio::error::ErrorModel;
use crate::radio::neighbours::{Limits, LossMap, Neighbours, code_db};
use crate::radio::phy::{Phy, channel_plan};
use crate::region::{Counters, Region};
use crate::spec::{Coupling, PhyMode, PushContent, RadioSpec, WorldSpec};
use crate::terrain::{SiteKind, assign};
use crate::wire::frame;
use crate::wire::lengths::Lengths;
use amitwin_data::rows::Rows;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use bevy_ecs::prelude::World as Ecs;
use rayon::prelude::*;
use std::sync::Arc;

/// A world ready for the engine.
pub struct Built {
    /// Meshes and the head-end.
    pub parts: Vec<Part>,
    /// Smallest delay between two of them.
    pub lookahead: SimTime,
    /// Reset jobs with the planned time of every meter.
    pub plan: Arc<Plan>,
    /// Meters.
    pub meters: u32,
    /// Border routers.
    pub gateways: u32,
    /// Meters and repeaters without a route at the start.
    pub unreachable: Vec<u32>,
    /// Audible neighbours that the tables had no room for.
    pub neighbours_cut: u64,
}

/// A specification that cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The region has no channels for the operating mode.
    #[error(
        "region {region:?} has no channel plan for operating mode {phy:?}; choose another radio.phy or radio.region"
    )]
    NoChannels {
        /// Mode.
        phy: PhyMode,
        /// Region.
        region: crate::spec::Region,
    },
    /// More radios than a local index can number.
    #[error(
        "{radios} radios share one partition around border router {gateway}, at most 65,000 can; \
         set coupling.meshes = \"window\" instead of \"exact\", or site more gateways farther apart"
    )]
    TooMany {
        /// Radios.
        radios: usize,
        /// Name of the border router.
        gateway: String,
    },
    /// No border router.
    #[error("there is no gateway, so no meter can report; add one to the placement or set placement.gateways")]
    NoGateway,
}

/// A foreign signal counts as interference from this far above the hearing floor on: a neighbouring mesh has thousands
/// of radios that are barely audible, and what they add lies below what its nearest ones do.
const FOREIGN_MARGIN_DB: f64 = 10.0;

/// Middle of the band, MHz.
pub fn frequency_mhz(radio: &RadioSpec) -> f64 {
    match (radio.phy, channel_plan(radio.region, radio.phy)) {
        (PhyMode::Oqpsk250, _) => 2_450.0,
        (_, Some(plan)) => plan.middle_mhz(),
        (_, None) => 915.0,
    }
}

/// Expected transmissions over each loss code, in 1/128, for a data frame of 150 bytes and its acknowledgement.
fn etx_table(model: &ErrorModel, times: &MacTimes, tx_power_dbm: f64) -> Vec<u16> {
    let data = model.mean_loss_table(150);
    let ack = model.mean_loss_table(times.ack_bytes);
    (0..=255u8)
        .map(|code| {
            let rssi = tx_power_dbm - f64::from(code_db(code));
            let both = (1.0 - data.at(rssi)) * (1.0 - ack.at(rssi));
            (128.0 / both.max(1e-3)).min(f64::from(u16::MAX / 2)) as u16
        })
        .collect()
}

/// Partitions as lists of gateway positions: one each, or merged where meshes hear each other.
fn group(spec: &WorldSpec, gateways: &[u32], members: &[Vec<u32>], reach_m: f32) -> Vec<Vec<u32>> {
    let mut group: Vec<u32> = (0..gateways.len() as u32).collect();
    if spec.coupling == Coupling::Exact {
        let boxes: Vec<[f32; 4]> = (0..gateways.len()).map(|g| extent(spec, gateways[g], &members[g])).collect();
        fn root(group: &mut [u32], mut n: u32) -> u32 {
            while group[n as usize] != n {
                group[n as usize] = group[group[n as usize] as usize];
                n = group[n as usize];
            }
            n
        }
        for a in 0..gateways.len() {
            for b in a + 1..gateways.len() {
                if near(&boxes[a], &boxes[b], reach_m) {
                    let (x, y) = (root(&mut group, a as u32), root(&mut group, b as u32));
                    group[x.max(y) as usize] = x.min(y);
                }
            }
        }
        for n in 0..group.len() as u32 {
            group[n as usize] = root(&mut group, n);
        }
    }
    let mut parts: Vec<Vec<u32>> = vec![Vec::new(); gateways.len()];
    for (g, &root) in group.iter().enumerate() {
        parts[root as usize].push(g as u32);
    }
    parts.retain(|p| !p.is_empty());
    parts
}

fn extent(spec: &WorldSpec, gateway: u32, members: &[u32]) -> [f32; 4] {
    let mut bounds = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
    for &n in members.iter().chain([&gateway]) {
        let site = &spec.placement.sites[n as usize];
        bounds = [bounds[0].min(site.x_m), bounds[1].min(site.y_m), bounds[2].max(site.x_m), bounds[3].max(site.y_m)];
    }
    bounds
}

fn near(a: &[f32; 4], b: &[f32; 4], reach_m: f32) -> bool {
    let gap = |low_a: f32, high_a: f32, low_b: f32, high_b: f32| (low_b - high_a).max(low_a - high_b).max(0.0);
    let (x, y) = (gap(a[0], a[2], b[0], b[2]), gap(a[1], a[3], b[1], b[3]));
    x * x + y * y <= reach_m * reach_m
}

/// Builds the world.
///
/// # Errors
/// See [`BuildError`].
pub fn build(spec: &WorldSpec) -> Result<Built, BuildError> {
    let radio = &spec.radio;
    let phy = Phy::new(radio.phy);
    let plan = channel_plan(radio.region, radio.phy);
    if plan.is_none() && radio.phy != PhyMode::Oqpsk250 {
        return Err(BuildError::NoChannels { phy: radio.phy, region: radio.region });
    }
    // 2.4 GHz has 16 channels in every region.
    let channels = if spec.mac.hopping { plan.map_or(16, |p| p.count) } else { 0 };
    let assignment = assign(&spec.placement);
    if assignment.gateways.is_empty() {
        return Err(BuildError::NoGateway);
    }
    let members = assignment.members();
    let network = frame::Network::new(spec);
    let times = match radio.phy {
        PhyMode::Oqpsk250 => MacTimes::plain(&phy, &network),
        _ => MacTimes::wisun(&phy, &network),
    };
    let model = ErrorModel::new(radio.phy, radio.noise_figure_db, radio.frame_spread_db);
    let strongest = radio.tx_power_dbm.max(radio.gateway_tx_power_dbm);
    let loss_max = strongest - radio.hearing_floor_dbm;
    let map = LossMap::new(radio, frequency_mhz(radio), spec.seed);
    let reach_m = map.reach_m(loss_max, 0);
    let foreign_m = map.reach_m(loss_max - FOREIGN_MARGIN_DB, 1);

    let cosem = Arc::new(Cosem::new(&spec.dlms, spec.seed));
    let meters: Vec<u32> = spec.placement.of_kind(SiteKind::Meter).collect();
    let per_router = members.iter().map(Vec::len).max().unwrap_or(0);
    let resets = spec.campaigns.iter().enumerate().map(|(job, reset)| {
        let (said, back) = (cosem.lengths(0), schedule::back_sign(reset));
        let reconnect_airtime = reconnect_airtime(&phy, &times, said, reset.tier, back, spec.mesh.lease);
        schedule::plan(reset, job as u16, &Population { meters: &meters, per_router, reconnect_airtime }, spec.seed)
    });
    let plan = Arc::new(Plan { resets: resets.collect() });

    let groups = group(spec, &assignment.gateways, &members, reach_m);
    let kit = Kit {
        spec,
        phy,
        times: &times,
        model: &model,
        map: &map,
        loss_max,
        channels,
        etx_of_code: etx_table(&model, &times, radio.tx_power_dbm),
        plan: &plan,
        cosem: &cosem,
        gateways: &assignment.gateways,
        members: &members,
        foreign: foreign(spec, &assignment.gateways, &members, &groups, foreign_m),
    };
    let regions: Vec<Region> =
        groups.par_iter().enumerate().map(|(n, group)| kit.region(n, group)).collect::<Result<_, _>>()?;
    Ok(assemble(spec, regions, plan, cosem, &meters))
}

/// Whether head-end and meters say anything to each other.
fn is_spoken(spec: &WorldSpec) -> bool {
    let pushed = spec.push.as_ref().is_some_and(|push| push.content == PushContent::Readings);
    pushed || !spec.campaigns.is_empty() || !spec.polls.is_empty()
}

/// For each group the radios of other groups that may be heard there.
fn foreign(
    spec: &WorldSpec,
    gateways: &[u32],
    members: &[Vec<u32>],
    groups: &[Vec<u32>],
    reach_m: f32,
) -> Vec<Vec<u32>> {
    if spec.coupling != Coupling::Window || groups.len() < 2 {
        return vec![Vec::new(); groups.len()];
    }
    let boxes: Vec<[f32; 4]> =
        groups.iter().map(|g| extent(spec, gateways[g[0] as usize], &members[g[0] as usize])).collect();
    groups
        .par_iter()
        .enumerate()
        .map(|(n, _)| {
            let mut heard = Vec::new();
            for (m, other) in groups.iter().enumerate() {
                if m == n || !near(&boxes[n], &boxes[m], reach_m) {
                    continue;
                }
                for &g in other {
                    heard.extend(members[g as usize].iter().chain([&gateways[g as usize]]).copied().filter(|&id| {
                        let site = &spec.placement.sites[id as usize];
                        near(&[site.x_m, site.y_m, site.x_m, site.y_m], &boxes[n], reach_m)
                    }));
                }
            }
            heard.sort_unstable();
            heard
        })
        .collect()
}

struct Kit<'a> {
    spec: &'a WorldSpec,
    phy: Phy,
    times: &'a MacTimes,
    model: &'a ErrorModel,
    map: &'a LossMap,
    loss_max: f64,
    channels: u16,
    etx_of_code: Vec<u16>,
    plan: &'a Arc<Plan>,
    cosem: &'a Arc<Cosem>,
    gateways: &'a [u32],
    members: &'a [Vec<u32>],
    foreign: Vec<Vec<u32>>,
}

impl Kit<'_> {
    fn region(&self, ordinal: usize, group: &[u32]) -> Result<Region, BuildError> {
        let spec = self.spec;
        let sites = &spec.placement.sites;
        let mut globals: Vec<u32> = group.iter().map(|&g| self.gateways[g as usize]).collect();
        let gateways = globals.len() as u16;
        let mut own: Vec<(u32, u16)> = Vec::new();
        for (at, &g) in group.iter().enumerate() {
            own.extend(self.members[g as usize].iter().map(|&n| (n, at as u16)));
        }
        own.sort_unstable();
        let mut pan: Vec<u16> = (0..gateways).collect();
        pan.extend(own.iter().map(|o| o.1));
        globals.extend(own.iter().map(|o| o.0));
        let count = globals.len();
        globals.extend(&self.foreign[ordinal]);
        if globals.len() > crate::terrain::RADIOS_PER_GATEWAY_MAX {
            let gateway = sites[globals[0] as usize].name.to_string();
            return Err(BuildError::TooMany { radios: globals.len(), gateway });
        }
        let strongest = spec.radio.neighbours_max;
        let limits = Limits { own: self.loss_max, foreign: self.loss_max - FOREIGN_MARGIN_DB, strongest };
        let (neighbours, heard) = Neighbours::build(self.map, sites, &globals, count, limits);
        let mut index = 0;
        globals.retain(|_| {
            index += 1;
            heard[index - 1]
        });
        let power = |n: u32| {
            let gateway = sites[n as usize].kind == SiteKind::Gateway;
            if gateway { spec.radio.gateway_tx_power_dbm } else { spec.radio.tx_power_dbm }
        };
        let tree = tree::shortest(&neighbours, &self.etx_of_code, gateways, &pan, count as u16, spec.mesh.hops_max);
        let air = Air::new(
            neighbours,
            self.model.clone(),
            self.phy,
            spec.radio.cca_threshold_dbm,
            globals.iter().map(|&n| (n, power(n))),
            count as u16,
            self.channels,
            spec.seed,
        );
        let mut region = Region {
            id: ordinal as u32,
            world: Ecs::new(),
            entities: Vec::new(),
            macs: Ecs::new().query(),
            meshes: Ecs::new().query(),
            devices: Ecs::new().query(),
            links: Ecs::new().query(),
            air,
            packets: Default::default(),
            globals,
            gateways,
            own: count as u16,
            pan,
            seed: spec.seed,
            channels: self.channels,
            times: self.times.clone(),
            lengths: Lengths::new(),
            fragments: Fragments::default(),
            frame_bytes_max: spec.mesh.frame_bytes_max.min(self.phy.psdu_bytes_max),
            capture: None,
            timers: Timers::of(spec.mesh.profile),
            mac_spec: spec.mac.clone(),
            record: spec.record.clone(),
            etx_of_code: self.etx_of_code.clone(),
            hops_max: spec.mesh.hops_max,
            lease: spec.mesh.lease,
            tx_power_dbm: spec.radio.tx_power_dbm as f32,
            boot: spec.device.boot,
            latency: spec.backhaul.latency,
            push: spec.push.clone(),
            meters: is_spoken(spec).then(|| Box::new(Meters::new(self.cosem.clone(), count))),
            resets: Vec::new(),
            answered_outside: Vec::new(),
            floods: vec![Default::default(); self.plan.resets.len()],
            plan: self.plan.clone(),
            announced: tree.parent.iter().map(|&parent| (parent, 0)).collect(),
            abroad: Vec::new(),
            loads: vec![Default::default(); gateways as usize],
            counters: Counters::default(),
            rows: Rows::default(),
            frames_seen: 0,
            heard: Vec::new(),
            hearers: Vec::new(),
            pieces: Vec::new(),
            spare_pieces: Vec::new(),
            probing: false,
            probes: Probes::default(),
        };
        populate(&mut region, spec, &tree);
        Ok(region)
    }
}

/// Spawns the entities of a region and settles its mesh.
fn populate(region: &mut Region, spec: &WorldSpec, tree: &Tree) {
    let sites = &spec.placement.sites;
    let mut components = Vec::with_capacity(region.own as usize);
    for node in 0..region.own {
        let at = node as usize;
        let global = region.globals[at];
        let kind = sites[global as usize].kind;
        let phase = Stream::new(spec.seed, u64::from(global), purpose::HOP_PHASE).below(1 << 20);
        region.air.radios[at].phase_ms = phase;
        let mut mesh = Mesh::default();
        let settled = region.is_gateway(node) || tree.parent[at] != NO_ONE;
        if settled {
            mesh.state = State::Operational;
            (mesh.rank, mesh.hops, mesh.parent) = (tree.rank[at], tree.hops[at], tree.parent[at]);
            mesh.lowest = mesh.rank;
            if !region.is_gateway(node) {
                mesh.candidates = candidates(region, tree, node);
            }
        } else {
            // It reaches nobody: reported in the results, silent on the air.
            region.air.power(node, false);
        }
        let device = Device { is_meter: kind == SiteKind::Meter, ..Device::default() };
        components.push((Mac::default(), mesh, device));
    }
    region.entities = region.world.spawn_batch(components).collect();
    region.macs = region.world.query();
    region.meshes = region.world.query();
    region.devices = region.world.query();
    region.links = region.world.query();
    let parents = &tree.parent;
    let links: Vec<(u16, crate::mesh::Link)> = (0..region.own)
        .filter(|&n| parents[n as usize] != NO_ONE)
        .map(|child| {
            let parent = parents[child as usize];
            let code = region.air.neighbours.code(child, parent).unwrap_or(u8::MAX);
            (child, crate::mesh::Link { child, parent, path_loss_db: code_db(code) })
        })
        .collect();
    let spawned: Vec<_> = region.world.spawn_batch(links.iter().map(|l| l.1).collect::<Vec<_>>()).collect();
    for ((child, _), link) in links.iter().zip(spawned) {
        region.mesh(*child).link = Some(link);
    }
}

/// The best candidate parents of a settled node; none of them is below it in the tree.
fn candidates(region: &Region, tree: &Tree, node: u16) -> [Candidate; CANDIDATES] {
    let mut best = [Candidate::default(); CANDIDATES];
    let (ids, codes) = region.air.neighbours.of(node);
    let mut all: Vec<Candidate> = ids
        .iter()
        .zip(codes)
        .filter(|&(&n, _)| {
            n < region.own
                && region.pan[n as usize] == region.pan[node as usize]
                && tree.rank[n as usize] < tree.rank[node as usize]
        })
        .map(|(&n, &code)| Candidate { node: n, rank: tree.rank[n as usize], etx: region.etx_of_code[code as usize] })
        .filter(|c| c.etx <= crate::mesh::routing::ETX_MAX)
        .collect();
    let parent = tree.parent[node as usize];
    all.sort_by_key(|c| (c.node != parent, c.cost(), c.node));
    for (slot, candidate) in best.iter_mut().zip(all) {
        *slot = candidate;
    }
    best.sort_by_key(|c| (c.node == NO_ONE, c.cost(), c.node));
    best
}

fn assemble(spec: &WorldSpec, mut regions: Vec<Region>, plan: Arc<Plan>, cosem: Arc<Cosem>, meters: &[u32]) -> Built {
    let count = spec.placement.sites.len();
    let (mut partition, mut gateway, mut reachable) = (vec![HEAD_END; count], vec![0u32; count], vec![false; count]);
    let mut unreachable = Vec::new();
    for region in &mut regions {
        for node in 0..region.own {
            let global = region.globals[node as usize];
            partition[global as usize] = region.id;
            gateway[global as usize] = region.globals[region.pan[node as usize] as usize];
            reachable[global as usize] = region.mesh(node).state == State::Operational;
            if !reachable[global as usize] {
                unreachable.push(global);
            }
        }
    }
    // Who is heard abroad: the foreign radios that got a neighbour.
    let mut abroad: Vec<Vec<(u16, u32)>> = vec![Vec::new(); regions.len()];
    for region in &regions {
        for at in region.own as usize..region.globals.len() {
            if region.air.neighbours.of(at as u16).0.iter().any(|&n| n < region.own) {
                let global = region.globals[at];
                let home = partition[global as usize] as usize;
                let local = regions[home].globals[..regions[home].own as usize].iter().position(|&g| g == global);
                abroad[home].extend(local.map(|l| (l as u16, region.id)));
            }
        }
    }
    for (region, mut list) in regions.iter_mut().zip(abroad) {
        list.sort_unstable();
        region.abroad = list;
    }
    unreachable.sort_unstable();
    let gateways = regions.iter().map(|r| u32::from(r.gateways)).sum();
    let neighbours_cut = regions.iter().map(|r| r.air.neighbours.cut()).sum();
    let ids = regions.iter().map(|r| r.id).collect();
    let network = Network {
        partition: Arc::new(partition),
        gateway: Arc::new(gateway),
        reachable: Arc::new(reachable),
        meshes: ids,
        latency: spec.backhaul.latency,
    };
    let talk = Talk::new(cosem, if is_spoken(spec) { count } else { 0 });
    let (resets, reads) = (&spec.campaigns, &spec.polls);
    let duties = Duties { resets, plan: &plan, reads, meters, duration: spec.duration };
    let head_end = HeadEnd::new(&duties, network, talk);
    let mut parts: Vec<Part> = regions.into_iter().map(|r| Part::Mesh(Box::new(r))).collect();
    parts.push(Part::HeadEnd(Box::new(head_end)));
    Built {
        parts,
        lookahead: spec.backhaul.latency,
        plan,
        meters: meters.len() as u32,
        gateways,
        unreachable,
        neighbours_cut,
    }
}
