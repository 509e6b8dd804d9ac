//! From a specification to partitions that can run.

mod coupling;
mod tree;

use crate::apdu::Cosem;
use crate::backhaul::HEAD_END;
use crate::books::Books;
use crate::cell::{AnyMedium, Cell, Part};
use crate::climate::overheating::Hours;
use crate::context::Facts;
use crate::fleet::{Fleet, Kind};
use crate::gateway::Gateways;
use crate::headend::jobs::reset::schedule::{self, Population};
use crate::headend::jobs::technicians::Field;
use crate::headend::jobs::{self, floods};
use crate::headend::talk::Talk;
use crate::headend::{self, Duties, Failure, HeadEnd, Network};
use crate::medium::ideal::Ideal;
use crate::medium::mesh::hopping::HopSet;
use crate::medium::mesh::mac::times::MacTimes;
use crate::medium::mesh::mac::{self, HeardAbroad, LinkLayer, RulesByRole};
use crate::medium::mesh::net::airtime::reconnect_airtime;
use crate::medium::mesh::net::stack::{self, Procedures};
use crate::medium::mesh::net::{self, Net};
use crate::medium::mesh::radio::ageing::Ageing;
use crate::medium::mesh::radio::air::{self, Air};
use crate::medium::mesh::radio::error::ErrorModel;
use crate::medium::mesh::radio::fading::Fading;
use crate::medium::mesh::radio::heat::Heat;
use crate::medium::mesh::radio::interference::Interference;
use crate::medium::mesh::radio::limits;
use crate::medium::mesh::radio::neighbours::{Limits, LossMap, Neighbours};
use crate::medium::mesh::radio::obstacles::Obstacles;
use crate::medium::mesh::radio::phy::{Phy, channel_plan, excluded};
use crate::medium::mesh::wire::frame;
use crate::medium::mesh::{LeftOut, Mesh};
use crate::meter::{self, Boards, Clocks, Meters, Reserves, Servers, Watches};
use crate::node::{Node, PerNode, SiteId};
use crate::plan::Plan;
use crate::purpose;
use crate::spec::{IdleTraffic, MediumKind, PhyMode, PushContent, RadioSpec, SupplySpec, Version, WorldSpec};
use crate::terrain::{SiteKind, assign_within};
use crate::timeline::Timeline;
use crate::weather::Weather;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use coupling::{foreign, group};
use rayon::prelude::*;
use std::sync::Arc;
use tree::{hops_mean, hops_of_sites};

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
    /// Audible neighbours that the tables had no room for, if there are some.
    pub left_out: Option<LeftOut>,
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
    /// Nothing is left to hop over.
    #[error(
        "mac.channels_excluded excludes every channel of the plan that the region allows; leave some of them in, or set mac.hopping = false"
    )]
    AllExcluded,
    /// More radios than a local index can number.
    #[error(
        "{radios} radios share one partition around border router {gateway}, at most 65,000 can; \
         set coupling.meshes = \"window\" instead of \"exact\" and leave mesh.pan out, or site more gateways farther apart"
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

fn fleet_kind(kind: SiteKind) -> Kind {
    match kind {
        SiteKind::Gateway => Kind::Gateway,
        SiteKind::Repeater => Kind::Repeater,
        SiteKind::Meter => Kind::Meter,
        SiteKind::Transformer => unreachable!("a transformer has no radio and is no node"),
    }
}

/// Middle of the band, MHz.
pub fn frequency_mhz(radio: &RadioSpec) -> f64 {
    match (radio.phy, channel_plan(radio.region, radio.phy)) {
        (PhyMode::Oqpsk250, _) => 2_450.0,
        (_, Some(plan)) => plan.middle_mhz(),
        (_, None) => 915.0,
    }
}

/// Time between two looks at what waiting meters are like, where nothing is recorded of links.
const LOOKS_EVERY: SimTime = SimTime::from_secs(3_600);

/// Bytes of a usual data frame, by which links are judged.
const DATA_BYTES: u16 = 150;
/// A radio still hears signals of which so many frames are lost, of so many bytes.
const FAINTEST_LOSS: f64 = 0.95;
const FAINTEST_BYTES: u16 = 50;

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
    let hops = HopSet::of(spec.mac.hopping, plan.as_ref().map_or(16, |plan| plan.count), &excluded(radio, &spec.mac));
    if spec.mac.hopping && hops.is_empty() {
        return Err(BuildError::AllExcluded);
    }
    let assignment = assign_within(&spec.placement, spec.mesh.assigned_max());
    if assignment.gateways.is_empty() {
        return Err(BuildError::NoGateway);
    }
    let members = assignment.members();
    let network = frame::Network::new(spec, stack::dodag(spec));
    let times = match radio.phy {
        PhyMode::Oqpsk250 => MacTimes::plain(&phy, &network),
        _ => MacTimes::wisun(&phy, &network),
    };
    let is_plain = radio.phy == PhyMode::Oqpsk250;
    let (router, border) = (spec.mesh.stack, spec.mesh.border_stack());
    let rules = RulesByRole::new(&spec.mac, router, border, radio.phy.rate_bps(), is_plain);
    let model = ErrorModel::new(radio.phy, radio.noise_figure_db, radio.fading.spread_db());
    let map = LossMap::new(radio, frequency_mhz(radio), spec.seed, &spec.placement.sites);
    let (floor_dbm, foreign_dbm) = (radio.hearing_floor_dbm, radio.hearing_floor_dbm + FOREIGN_MARGIN_DB);
    let reach_m = map.reach_m(floor_dbm, 0).max(map.reach_m(floor_dbm, 1));
    let foreign_m = map.reach_m(foreign_dbm, 1).max(map.reach_over_roofs_m(foreign_dbm, 0));

    let first_job = jobs::before_firmware(&spec.campaigns, &spec.polls);
    let cosem = Arc::new(Cosem::new(&spec.dlms, spec.seed).with_images(&spec.campaigns, first_job));
    let meters: Vec<SiteId> = spec.placement.of_kind(SiteKind::Meter).map(SiteId).collect();
    let groups = group(spec, &assignment.gateways, &members, reach_m);
    let kit = Kit {
        spec,
        phy,
        times: &times,
        rules,
        model: &model,
        map: &map,
        hops,
        cosem: &cosem,
        gateways: &assignment.gateways,
        members: &members,
        foreign: foreign(spec, &assignment.gateways, &members, &groups, foreign_m),
        heat: Hours::of(spec),
    };
    let meshes: Vec<(Facts, AnyMedium)> =
        groups.par_iter().enumerate().map(|(n, group)| kit.medium(n, group)).collect::<Result<_, _>>()?;
    let hops_mean = hops_mean(&meshes);
    let hops = libm::round(hops_mean) as u8;
    let hops_of_sites = Arc::new(hops_of_sites(spec.placement.sites.len(), &meshes));
    let (alone, between) = returns(spec, &kit, hops_mean);
    let resets = spec.campaigns.iter().filter_map(|campaign| Some((campaign, campaign.job.reset()?)));
    let resets = resets.enumerate().map(|(job, (campaign, reset))| {
        let meant: Vec<SiteId> = meters.iter().filter(|meter| reset.target.means(meter.0)).copied().collect();
        let share = meant.len() as f64 / meters.len().max(1) as f64;
        let behind = |all: &Vec<u32>| all.iter().filter(|&&site| reset.target.means(site)).count();
        let per_router = members.iter().map(behind).max().unwrap_or(0);
        let (said, back) = (cosem.lengths(SiteId(0)), schedule::back_sign(reset));
        let reconnect_airtime = reconnect_airtime(&phy, &times, said, reset.tier, back, spec.mesh.lease, hops);
        let population =
            Population { meters: &meant, per_router, hops: &hops_of_sites, share, reconnect_airtime, alone, between };
        schedule::plan(&campaign.name, reset, job as u16, &population, spec.seed)
    });
    let plan = Arc::new(Plan { resets: resets.collect() });

    let cells: Vec<Cell> = meshes.into_par_iter().enumerate().map(|(n, mesh)| kit.cell(n, mesh, &plan)).collect();
    let meshes = cells.iter().filter_map(|cell| Some((&cell.facts, cell.mesh()?)));
    let left_out = LeftOut::of(meshes, (radio.tx_power_dbm, map.strongest_dbm()), model.capture_threshold_db());
    Ok(Built { left_out, ..assemble(spec, cells, (plan, cosem, hops_of_sites), &meters) })
}

/// How long a meter that restarts alone is away, which boots and finds its way back into the mesh; and how many are between a meter and its
/// border router in the tree that comes back.
fn returns(spec: &WorldSpec, kit: &Kit<'_>, hops_mean: f64) -> (SimTime, f64) {
    let boot_s = 0.5 * (spec.device.boot.0 + spec.device.boot.1).secs_f64();
    let procedures = || Procedures::new(spec, kit.hops.len(), kit.model);
    let mesh = (spec.medium == MediumKind::Mesh).then(procedures);
    let joins_s = mesh.as_ref().map_or(0.0, |procedures| procedures.alone_s(spec.mesh.lease));
    let between = (hops_mean - 1.0).max(0.0);
    let deeper = mesh.map_or(0.0, |procedures| procedures.deeper_hops(spec.nodes_per_gateway()));
    (SimTime::from_secs_f64(boot_s + joins_s), between + deeper)
}

/// Whether head-end and meters say anything to each other.
fn is_spoken(spec: &WorldSpec) -> bool {
    let pushed = spec.traffic.push().is_some_and(|push| push.content == PushContent::Readings);
    let tells = spec.traffic.health.is_some() || spec.traffic.keep_alive.is_some();
    pushed
        || tells
        || !spec.campaigns.is_empty()
        || !spec.polls.is_empty()
        || spec.device.last_gasp.is_some()
        || spec.device.clock.is_some()
}

struct Kit<'a> {
    spec: &'a WorldSpec,
    phy: Phy,
    times: &'a MacTimes,
    rules: RulesByRole,
    model: &'a ErrorModel,
    map: &'a LossMap,
    hops: HopSet,
    cosem: &'a Arc<Cosem>,
    gateways: &'a [u32],
    members: &'a [Vec<u32>],
    foreign: Vec<Vec<u32>>,
    heat: Option<Hours>,
}

impl Kit<'_> {
    /// The radios of a partition and the medium between them.
    fn medium(&self, ordinal: usize, group: &[u32]) -> Result<(Facts, AnyMedium), BuildError> {
        let spec = self.spec;
        let sites = &spec.placement.sites;
        let mut globals: Vec<u32> = group.iter().map(|&g| self.gateways[g as usize]).collect();
        let gateways = globals.len() as u16;
        let mut own: Vec<(u32, u16)> = Vec::new();
        for (at, &g) in group.iter().enumerate() {
            own.extend(self.members[g as usize].iter().map(|&n| (n, at as u16)));
        }
        own.sort_unstable();
        let mut pan: Vec<Node> = (0..gateways).map(Node).collect();
        pan.extend(own.iter().map(|o| Node(o.1)));
        globals.extend(own.iter().map(|o| o.0));
        let count = globals.len();
        globals.extend(&self.foreign[ordinal]);
        if globals.len() > crate::terrain::RADIOS_PER_GATEWAY_MAX {
            let gateway = sites[globals[0] as usize].name.to_string();
            return Err(BuildError::TooMany { radios: globals.len(), gateway });
        }
        let facts = |globals: Vec<u32>| Facts {
            seed: spec.seed,
            sites: globals.into_iter().map(SiteId).collect(),
            pan: PerNode(pan),
            gateways,
            own: count as u16,
        };
        Ok(match spec.medium {
            MediumKind::Mesh => {
                let own_dbm = spec.radio.hearing_floor_dbm;
                let strongest = spec.radio.neighbours_max;
                let limits = Limits { own_dbm, foreign_dbm: own_dbm + FOREIGN_MARGIN_DB, strongest };
                let (neighbours, heard) = Neighbours::build(self.map, sites, &globals, count, limits);
                let mut heard = heard.into_iter();
                globals.retain(|_| heard.next() == Some(true));
                let facts = facts(globals);
                let mesh = self.mesh(neighbours, &facts);
                (facts, AnyMedium::Mesh(Box::new(mesh)))
            }
            MediumKind::Ideal => {
                let facts = facts(globals);
                let ideal = Ideal::new(&facts, spec.ideal.latency, spec.ideal.loss);
                (facts, AnyMedium::Ideal(Box::new(ideal)))
            }
        })
    }

    /// A partition with its meters and border routers.
    fn cell(&self, ordinal: usize, (facts, medium): (Facts, AnyMedium), plan: &Arc<Plan>) -> Cell {
        let spec = self.spec;
        let (sites, count, gateways) = (&spec.placement.sites, usize::from(facts.own), facts.gateways);
        let is_limited = spec.medium == MediumKind::Mesh && limits::air(&spec.radio).is_some();
        let own = facts.sites.0.iter().take(count).copied();
        let clocks = spec.device.clock.as_ref().map(|clock| Clocks::new(clock, spec.seed, own));
        let servers = is_spoken(spec).then(|| Box::new(Servers::new(self.cosem.clone(), count).with_clocks(clocks)));
        let reserves = spec.device.last_gasp.as_ref().map(|spec| Box::new(Reserves::new(spec, count)));
        let (plan, push, boot) = (plan.clone(), spec.traffic.push(), spec.device.boot);
        let (keep_alive, hang) = (spec.traffic.keep_alive.clone(), spec.device.hang.clone());
        let watches = spec.traffic.health.as_ref().map(|health| Watches::new(health, count));
        let supply = spec.device.supply.clone();
        let boards = spec.device.boards.as_ref().map(|boards| Boards::new(boards, &spec.dlms));
        let parts = meter::Parts { servers, reserves, plan, push, keep_alive, watches, hang, supply, boot, boards };
        let kind = |node: Node| sites[facts.sites[node].at()].kind;
        let mut books = Books::new(gateways, if is_limited { count as u16 } else { 0 }, spec.record.frames_every);
        if spec.medium == MediumKind::Mesh && spec.record.load_every > SimTime::ZERO {
            books.count_loads(facts.own);
            if let Some(battery) = &spec.device.battery {
                let is_on = |node| medium.mesh().is_some_and(|mesh| mesh.net.is_operational(node));
                books.count_charge(battery, facts.nodes().map(|node| (kind(node) == SiteKind::Meter, is_on(node))));
            }
        }
        let served_by = |node: Node| match medium.mesh() {
            Some(mesh) if mesh.net.is_new(node) => Node::NONE,
            Some(mesh) => mesh.net.pan_of(node),
            None => facts.gateway_of(node),
        };
        let serves: PerNode<Node> = facts.nodes().map(served_by).collect();
        if spec.mesh.chooses_pan() && spec.medium == MediumKind::Mesh {
            let known = |node: Node| if serves[node].is_some() { serves[node] } else { facts.gateway_of(node) };
            books.follow(facts.nodes().map(known).collect());
        }
        let end = |node: Node| Some((node, self.heat.as_ref()?.end(spec, facts.sites[node].0, kind(node))?));
        let ends = facts.nodes().filter_map(end);
        Cell {
            id: ordinal as u32,
            books,
            medium,
            meters: Meters::new(parts, facts.nodes().map(|node| kind(node) == SiteKind::Meter)),
            gateways: Gateways::new(&facts, serves, &spec.backhaul, spec.device.boot),
            fleet: Fleet::new(facts.nodes().map(|node| fleet_kind(kind(node))), spec.record.census_every),
            timeline: Timeline::new(&spec.events, &facts, ends),
            // One sky: the first partition writes it down.
            weather: if ordinal == 0 { Weather::of(spec) } else { None },
            facts,
        }
    }

    /// Longest burst that the supply of a radio bears, us; `u32::MAX`: any, as those of border routers do.
    fn bears_us(&self, supply: &SupplySpec, facts: &Facts, node: Node) -> u32 {
        let site = facts.sites[node];
        let power_dbm = self.map.power_dbm(site.0, &self.spec.placement.sites[site.at()]);
        let weak = meter::is_weak(supply, self.spec.seed, site);
        let burst = supply.bears(power_dbm, weak).filter(|_| !facts.is_gateway(node));
        burst.map_or(u32::MAX, |burst| u32::try_from(burst.nanos() / 1_000).unwrap_or(u32::MAX))
    }

    /// The layers of a mesh, settled as though it had run for long.
    fn mesh(&self, neighbours: Neighbours, facts: &Facts) -> Mesh {
        let (spec, own) = (self.spec, &facts.sites.0[..usize::from(facts.own)]);
        let parts = air::Parts {
            neighbours,
            model: self.model.clone(),
            fading: Fading::new(&spec.radio.fading, spec.seed).among(own.len()),
            heat: self.heat.as_ref().and_then(|hours| Heat::of(spec, hours, &facts.sites, frequency_mhz(&spec.radio))),
            interference: Interference::of(spec, self.map, own, self.model.noise_dbm()),
            phy: self.phy,
            cca_threshold_dbm: spec.radio.cca_dbm(),
            own: facts.own,
            hops: self.hops.clone(),
            seed: spec.seed,
        };
        let power_dbm = |site: SiteId| self.map.power_dbm(site.0, &spec.placement.sites[site.at()]);
        let obstacles = Obstacles::of(spec, frequency_mhz(&spec.radio), &facts.sites, &parts.neighbours);
        let mut air = Air::new(parts, facts.sites.0.iter().map(|&site| (site, power_dbm(site))));
        for node in facts.nodes() {
            let site = u64::from(facts.sites[node]);
            air.radios[node].phase_ms = Stream::new(spec.seed, site, purpose::HOP_PHASE).below(1 << 20);
        }
        let parts = mac::Parts {
            air,
            times: self.times.clone(),
            rules: self.rules.clone(),
            frame_bytes_max: spec.mesh.frame_bytes_max.min(self.phy.psdu_bytes_max),
        };
        let mut link = LinkLayer::new(parts, facts.own);
        link.air.measure(spec.record.frames_every > 0);
        if spec.device.last_gasp.is_some() {
            link.count_sent();
        }
        if let Some(supply) = &spec.device.supply {
            link.set_supplies(facts.nodes().map(|node| self.bears_us(supply, facts, node)).collect());
        }
        link.set_slow(obstacles, Ageing::of(spec, &facts.sites), &facts.sites);
        let parts = net::Parts {
            procedures: Procedures::new(spec, self.hops.len(), self.model),
            faintest_dbm: self.model.sensitivity_dbm(FAINTEST_LOSS, FAINTEST_BYTES) as f32,
            data_loss: self.model.mean_loss_table(DATA_BYTES),
            ack_loss: self.model.mean_loss_table(self.times.ack_bytes),
            hops_max: spec.mesh.hops_max,
            lease: spec.mesh.lease,
            start: spec.mesh.start,
            links_every: spec.record.links_every,
            load_every: spec.record.load_every,
            rests: (spec.mesh.idle_traffic == IdleTraffic::None).then(|| self.model.noise_dbm()),
            tells_health: headend::ask_of_links(&spec.campaigns, &spec.polls).then_some(spec.backhaul.latency),
            jobs: spec.campaigns.iter().filter(|campaign| campaign.job.reset().is_some()).count() as u16,
            spreads: floods::places(&spec.campaigns),
        };
        let net = Net::new(parts, &link, facts);
        link.follow_weakest(facts, net.weakest_dbm(), &spec.radio);
        for node in facts.nodes().filter(|&node| !net.is_operational(node)) {
            // It reaches nobody: reported in the results, silent on the air.
            link.air.power(node, false);
        }
        Mesh { link, net, probes: None }
    }
}

type Shared = (Arc<Plan>, Arc<Cosem>, Arc<Vec<u8>>);

fn assemble(spec: &WorldSpec, mut cells: Vec<Cell>, (plan, cosem, hops): Shared, meters: &[SiteId]) -> Built {
    let count = spec.placement.sites.len();
    let (mut partition, mut gateway, mut reachable) =
        (vec![HEAD_END; count], vec![SiteId(0); count], vec![false; count]);
    let mut unreachable = Vec::new();
    for cell in &cells {
        let facts = &cell.facts;
        for node in facts.nodes() {
            let site = facts.sites[node];
            partition[site.at()] = cell.id;
            gateway[site.at()] = facts.sites[cell.gateway_of(node)];
            reachable[site.at()] = cell.is_in_reach(node);
            if !reachable[site.at()] {
                unreachable.push(site.0);
            }
        }
    }
    // Who is heard abroad: the foreign radios that got a neighbour.
    let mut abroad: Vec<Vec<HeardAbroad>> = vec![Vec::new(); cells.len()];
    for cell in &cells {
        let foreign = (cell.facts.own..cell.facts.sites.len() as u16).map(Node);
        let Some(mesh) = cell.mesh() else { continue };
        for node in foreign.filter(|&n| mesh.link.air.neighbours.of(n).any(|(n, _)| cell.facts.is_own(n))) {
            let site = cell.facts.sites[node];
            let home = partition[site.at()] as usize;
            let local = cells[home].facts.own_at(site);
            abroad[home].extend(local.map(|local| HeardAbroad { node: local, partition: cell.id, there: node }));
        }
    }
    for (cell, abroad) in cells.iter_mut().zip(abroad) {
        cell.set_abroad(abroad);
    }
    unreachable.sort_unstable();
    let gateways = cells.iter().map(|cell| u32::from(cell.facts.gateways)).sum();
    let network = Network {
        partition: Arc::new(partition),
        gateway: Arc::new(gateway),
        reachable: Arc::new(reachable),
        hops,
        meshes: cells.iter().map(|cell| cell.id).collect(),
        latency: spec.backhaul.latency,
        health_every: if spec.record.load_every > SimTime::ZERO { spec.record.load_every } else { LOOKS_EVERY },
    };
    let talk = Talk::new(cosem, if is_spoken(spec) { count } else { 0 })
        .with_certificates(spec.dlms.certificates.as_ref(), (count, spec.seed));
    let (campaigns, reads) = (&spec.campaigns, &spec.polls);
    let field = Field::of(spec);
    let boards = spec.device.boards.clone().unwrap_or_default().of_kinds(&spec.dlms);
    let delivered: Vec<Version> = boards.into_iter().map(|(_, communication)| communication).collect();
    let duties = Duties {
        campaigns,
        plan: &plan,
        reads,
        meters,
        delivered: &delivered,
        keep_alive: spec.traffic.keep_alive.as_ref(),
        duration: spec.duration,
        limits: spec.head_end.as_ref(),
        failures: &Failure::of(&spec.events),
        begins_of_day: spec.dlms.begins_of_day(),
        technicians: field.as_ref(),
        seed: spec.seed,
    };
    let head_end = HeadEnd::new(&duties, network, talk);
    let mut parts: Vec<Part> = cells.into_iter().map(|cell| Part::Mesh(Box::new(cell))).collect();
    parts.push(Part::HeadEnd(Box::new(head_end)));
    Built {
        parts,
        lookahead: spec.backhaul.latency,
        plan,
        meters: meters.len() as u32,
        gateways,
        unreachable,
        left_out: None,
    }
}
