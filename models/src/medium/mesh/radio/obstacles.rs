//! Obstacles: which links pass through trees and buildings, and what that costs them at a moment.
//!
//! Which links do is worked out once, from outlines and heights. What they lose is a function of the moment, looked at when an obstacle
//! comes or goes, and each day while trees have leaves to get or lose.

use super::foliage::{Leaves, in_leaf_db};
use super::neighbours::Neighbours;
use crate::climate::Sky;
use crate::climate::process::nearly_normal;
use crate::node::{Node, PerNode, SiteId};
use crate::purpose;
use crate::spec::{ObstacleKind, ObstacleSpec, WorldSpec};
use crate::terrain::Site;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::{Stream, key};

const DAY_S: u64 = 86_400;
/// Leaves are wet for so many hours after rain of so much (assumptions).
const WET_H: u32 = 3;
const WET_MM: f64 = 0.2;
const HOUR_S: u64 = 3_600;
const CENTI: f64 = 100.0;
const BUILDING_DB: f64 = 15.0;
const BUILDING_SPREAD_DB: f64 = 3.5;

/// A link through an obstacle.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Crossing {
    a: Node,
    b: Node,
    /// What it takes, with all leaves out, hundredths of a decibel.
    loss_cdb: u16,
}

// Trees may stand in millions of links.
const _: () = assert!(size_of::<Crossing>() == 6, "a Crossing has 6 bytes");

/// The obstacles of a partition's links.
#[derive(Clone, Debug)]
pub struct Obstacles {
    specs: Vec<ObstacleSpec>,
    /// Of trees that lose their leaves, by place in the file.
    leaves: Vec<Option<Leaves>>,
    /// By place of the obstacle in the file, and by link.
    crossings: Vec<Crossing>,
    /// Where the links of each obstacle end.
    ends: Vec<usize>,
    start_unix_s: i64,
    /// Hours with rain, if leaves get wet.
    rain: Option<Sky>,
}

impl Obstacles {
    /// Those of a run between the radios at these sites that hear each other; `None` if no link passes through any.
    pub fn of(
        run: &WorldSpec,
        frequency_mhz: f64,
        sites: &PerNode<SiteId>,
        neighbours: &Neighbours,
    ) -> Option<Obstacles> {
        let specs = &run.surroundings.obstacles;
        if specs.is_empty() {
            return None;
        }
        let south = run.placement.plane.is_some_and(|plane| plane.origin().0 < 0.0);
        let mut crossings: Vec<Crossing> = Vec::new();
        let mut ends = Vec::new();
        for (obstacle, spec) in (0u64..).zip(specs) {
            for (n, &site) in (0..).zip(&sites.0) {
                let a = Node(n);
                for (b, _) in neighbours.of(a).filter(|&(b, _)| b > a) {
                    let loss_db = loss_db(run, spec, frequency_mhz, obstacle, (site, sites[b]));
                    let loss_cdb = (CENTI * loss_db + 0.5) as u16;
                    if loss_cdb > 0 {
                        crossings.push(Crossing { a, b, loss_cdb });
                    }
                }
            }
            ends.push(crossings.len());
        }
        crossings.shrink_to_fit();
        let leaves = specs.iter().map(|spec| leaves(spec, south)).collect();
        let start_unix_s = run.dlms.start_unix_s;
        let sky = run.weather.as_ref().and_then(|weather| Sky::of(weather, run.seed));
        let gets_wet = specs.iter().any(|spec| spec.wet_leaves_db.is_some());
        let rain = sky.filter(|sky| gets_wet && sky.rained_mm(start_unix_s as f64, 1).is_some());
        (!crossings.is_empty()).then(|| Obstacles { specs: specs.clone(), leaves, crossings, ends, start_unix_s, rain })
    }

    /// What links lose at a moment, each once, those that lose nothing left out.
    pub fn losses(&self, now: SimTime) -> Vec<(Node, Node, f32)> {
        let day = self.day_of_year(now);
        let of = |spec: &ObstacleSpec, leaves: &Option<Leaves>| match (spec.stands(now), leaves) {
            (false, _) => 0.0,
            (true, None) => 1.0,
            (true, Some(leaves)) => leaves.share(day) as f32,
        };
        let is_wet = self.is_wet(now);
        let mut losses: Vec<(Node, Node, f32)> = Vec::new();
        let mut begin = 0;
        for ((spec, leaves), &end) in self.specs.iter().zip(&self.leaves).zip(&self.ends) {
            let share = of(spec, leaves);
            let wet_db = spec.wet_leaves_db.filter(|_| is_wet).unwrap_or(0.0) as f32;
            if share > 0.0 {
                let loss_db = |link: &Crossing| (f32::from(link.loss_cdb) / CENTI as f32 + wet_db) * share;
                losses.extend(self.crossings[begin..end].iter().map(|link| (link.a, link.b, loss_db(link))));
            }
            begin = end;
        }
        // Stable: what several obstacles take from a link is added up in the order of the file.
        losses.sort_by_key(|link| (link.0, link.1));
        losses.dedup_by(|next, kept| {
            let same = (next.0, next.1) == (kept.0, kept.1);
            kept.2 += if same { next.2 } else { 0.0 };
            same
        });
        losses
    }

    /// When losses are to be looked at after a moment, if ever.
    pub fn next(&self, now: SimTime) -> Option<SimTime> {
        let ends = self.specs.iter().flat_map(|spec| [spec.at, spec.until]).flatten();
        let tomorrow = SimTime::from_secs((now.nanos() / 1_000_000_000 / DAY_S + 1) * DAY_S);
        let day = self.leaves.iter().any(Option::is_some).then_some(tomorrow);
        let next_hour = || SimTime::from_secs((now.nanos() / 1_000_000_000 / HOUR_S + 1) * HOUR_S);
        let hour = self.rain.as_ref().map(|_| next_hour());
        ends.chain(day).chain(hour).filter(|&at| at > now).min()
    }

    /// Whether leaves are wet.
    /// How many links of each of the first `own` radios an obstacle that comes at this moment takes something from, or, below zero, one that goes no longer
    /// does; an entry for each such obstacle, in the order of the file.
    pub fn come_and_go(&self, now: SimTime, own: u16) -> Vec<Vec<(Node, i32)>> {
        let mut begin = 0;
        let mut changes = Vec::new();
        for (spec, &end) in self.specs.iter().zip(&self.ends) {
            let links = &self.crossings[begin..end];
            begin = end;
            let step = i32::from(spec.at == Some(now)) - i32::from(spec.until == Some(now));
            if step == 0 {
                continue;
            }
            let mut by_radio = vec![0; usize::from(own)];
            for end in links.iter().flat_map(|link| [link.a, link.b]).filter(|end| end.0 < own) {
                by_radio[end.at()] += step;
            }
            changes.push((0..).map(Node).zip(by_radio).filter(|(_, links)| *links != 0).collect());
        }
        changes
    }

    fn is_wet(&self, now: SimTime) -> bool {
        let unix_s = self.start_unix_s as f64 + now.secs_f64();
        let rained_mm = self.rain.as_ref().and_then(|sky| sky.rained_mm(unix_s, WET_H));
        rained_mm.is_some_and(|mm| mm >= WET_MM)
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.crossings.capacity() * size_of::<Crossing>() + self.ends.capacity() * size_of::<usize>()
    }

    /// Day of the year, 1 to 367.
    fn day_of_year(&self, now: SimTime) -> f64 {
        const YEAR_S: f64 = 365.2425 * DAY_S as f64;
        // 1970 began with a year.
        (self.start_unix_s as f64 + now.secs_f64()).rem_euclid(YEAR_S) / DAY_S as f64 + 1.0
    }
}

/// When trees get and lose their leaves, if they do.
fn leaves(spec: &ObstacleSpec, south: bool) -> Option<Leaves> {
    let (out_day, fall_day) = if south { (298, 117) } else { (115, 300) };
    (spec.kind == ObstacleKind::Trees && !spec.evergreen).then(|| Leaves {
        out_day: spec.leaves_out_day.unwrap_or(out_day),
        fall_day: spec.leaves_fall_day.unwrap_or(fall_day),
    })
}

/// What an obstacle takes from the link between two sites, with all leaves out, dB.
fn loss_db(run: &WorldSpec, spec: &ObstacleSpec, frequency_mhz: f64, number: u64, ends: (SiteId, SiteId)) -> f64 {
    let site = |id: SiteId| &run.placement.sites[id.at()];
    let (low, high) = (u64::from(ends.0.min(ends.1)), u64::from(ends.0.max(ends.1)));
    // Of the link and of the obstacle alone.
    let mut draws = Stream::resume(key(run.seed, (low << 32) | high, purpose::OBSTACLE), 2 * number);
    match spec.kind {
        ObstacleKind::Trees => match (spec.share, spec.depth_m) {
            (Some(share), Some(depth_m)) if draws.unit() < share => in_leaf_db(depth_m, frequency_mhz),
            (Some(_), _) => 0.0,
            (None, _) => in_leaf_db(way_m(spec, site(ends.0), site(ends.1)), frequency_mhz),
        },
        ObstacleKind::Building if way_m(spec, site(ends.0), site(ends.1)) > 0.0 => {
            let (mean, spread) =
                (spec.loss_db.unwrap_or(BUILDING_DB), spec.loss_spread_db.unwrap_or(BUILDING_SPREAD_DB));
            (mean + spread * nearly_normal(draws.bits())).max(0.0)
        }
        ObstacleKind::Building => 0.0,
    }
}

/// How far the straight line between two antennas passes through an obstacle: within its outline and below its height, m.
fn way_m(spec: &ObstacleSpec, a: &Site, b: &Site) -> f64 {
    let (from, to) = ((f64::from(a.x_m), f64::from(a.y_m)), (f64::from(b.x_m), f64::from(b.y_m)));
    let along = (to.0 - from.0, to.1 - from.1);
    let length_m = libm::hypot(along.0, along.1);
    let Some((first, last)) = below(spec.height_m, f64::from(a.height_m), f64::from(b.height_m)) else { return 0.0 };
    let corners = &spec.outline_m;
    if length_m == 0.0 || corners.len() < 3 || is_beside(corners, from, to) {
        return 0.0;
    }
    let mut cuts = vec![first, last];
    let side = |corner: (f64, f64)| along.0 * (corner.1 - from.1) - along.1 * (corner.0 - from.0);
    for (n, &corner) in corners.iter().enumerate() {
        let next = corners[(n + 1) % corners.len()];
        let (here, there) = (side(corner), side(next));
        if (here > 0.0) != (there > 0.0) {
            let part = here / (here - there);
            let cut = (corner.0 + part * (next.0 - corner.0), corner.1 + part * (next.1 - corner.1));
            let at = ((cut.0 - from.0) * along.0 + (cut.1 - from.1) * along.1) / (length_m * length_m);
            if at > first && at < last {
                cuts.push(at);
            }
        }
    }
    cuts.sort_unstable_by(f64::total_cmp);
    let inside = |part: f64| is_inside(corners, (from.0 + part * along.0, from.1 + part * along.1));
    cuts.windows(2).filter(|cut| inside((cut[0] + cut[1]) / 2.0)).map(|cut| (cut[1] - cut[0]) * length_m).sum()
}

/// Which part of a line between two heights is below a height, from 0 to 1.
fn below(height_m: f64, from_m: f64, to_m: f64) -> Option<(f64, f64)> {
    match (from_m < height_m, to_m < height_m) {
        (true, true) => Some((0.0, 1.0)),
        (false, false) => None,
        (true, false) => Some((0.0, (height_m - from_m) / (to_m - from_m))),
        (false, true) => Some(((from_m - height_m) / (from_m - to_m), 1.0)),
    }
}

/// Whether all corners are on one side of the box around a line.
fn is_beside(corners: &[(f64, f64)], from: (f64, f64), to: (f64, f64)) -> bool {
    corners.iter().all(|corner| corner.0 < from.0.min(to.0))
        || corners.iter().all(|corner| corner.0 > from.0.max(to.0))
        || corners.iter().all(|corner| corner.1 < from.1.min(to.1))
        || corners.iter().all(|corner| corner.1 > from.1.max(to.1))
}

/// Even-odd rule.
fn is_inside(corners: &[(f64, f64)], place: (f64, f64)) -> bool {
    let mut inside = false;
    for (n, &(x, y)) in corners.iter().enumerate() {
        let (next_x, next_y) = corners[(n + 1) % corners.len()];
        if (y > place.1) != (next_y > place.1) && place.0 < x + (place.1 - y) / (next_y - y) * (next_x - x) {
            inside = !inside;
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terrain::{SiteKind, SiteName};

    fn site(x_m: f32, y_m: f32, height_m: f32) -> Site {
        let name = SiteName::numbered('N', 0);
        Site { name, kind: SiteKind::Meter, lat_deg: 0.0, lon_deg: 0.0, x_m, y_m, height_m, antenna_gain: None }
    }

    /// A square of 20 m, 10 m high, with its middle at (50, 0).
    fn square() -> ObstacleSpec {
        ObstacleSpec::plain(
            "square",
            ObstacleKind::Trees,
            vec![(40.0, -10.0), (60.0, -10.0), (60.0, 10.0), (40.0, 10.0)],
        )
    }

    fn way(a: Site, b: Site) -> f64 {
        let way = way_m(&square(), &a, &b);
        assert!((way - way_m(&square(), &b, &a)).abs() < 1e-9, "the same both ways");
        way
    }

    #[test]
    fn the_way_through_an_outline_is_that_of_the_line_below_its_height() {
        let close = |is: f64, expected: f64| assert!((is - expected).abs() < 1e-6, "{is} instead of {expected}");
        close(way(site(0.0, 0.0, 1.5), site(100.0, 0.0, 1.5)), 20.0);
        close(way(site(0.0, 11.0, 1.5), site(100.0, 11.0, 1.5)), 0.0);
        // From within it: the half of it that is left.
        close(way(site(50.0, 0.0, 1.5), site(100.0, 0.0, 1.5)), 10.0);
        close(way(site(45.0, 0.0, 1.5), site(55.0, 0.0, 1.5)), 10.0);
        // Over a corner: on y = x - 31 from (40, 9) to (41, 10).
        close(way(site(36.0, 5.0, 1.5), site(46.0, 15.0, 1.5)), libm::sqrt(2.0));
        // From 2 m up to 18 m over 100 m: below 10 m up to the middle.
        close(way(site(0.0, 0.0, 2.0), site(100.0, 0.0, 18.0)), 10.0);
        close(way(site(0.0, 0.0, 12.0), site(100.0, 0.0, 18.0)), 0.0);
    }

    #[test]
    fn an_outline_may_be_hollow() {
        let u = [(40., -10.), (60., -10.), (60., 10.), (55., 10.), (55., -5.), (45., -5.), (45., 10.), (40., 10.)];
        let spec = ObstacleSpec { outline_m: u.to_vec(), ..square() };
        assert!((way_m(&spec, &site(0.0, 0.0, 1.5), &site(100.0, 0.0, 1.5)) - 10.0).abs() < 1e-6);
    }
}
