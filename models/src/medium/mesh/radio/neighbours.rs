//! Who can hear whom: the packed neighbour table of one partition.
//!
//! Two bytes a neighbour: how far its local index lies behind that of the one before it, and the path loss in half decibels. The relation
//! is symmetric. It is the largest thing in memory and never queried by component, so it is not made of entities.

use super::power::tx_power_dbm;
use super::propagation::{LossCurve, loss_db, range_m};
use super::rooftops::Rooftops;
use super::shadowing::{End, Field, LinkShadow};
use crate::node::Node;
use crate::spec::{PathLoss, RadioSpec};
use crate::terrain::{Site, SiteKind, SpatialGrid};

/// Loss of code 0, dB.
const FIRST_DB: f32 = 20.0;
/// Step between two codes, dB.
const STEP_DB: f32 = 0.5;

/// Path losses between the radios of a partition, both directions of each pair.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    /// Where the row of each radio begins, and the last one's end.
    first: Vec<u32>,
    /// Rows one behind the other.
    entries: Vec<Entry>,
    /// For each [`BLOCK`] entries the index that the first of them counts from.
    blocks: Vec<u16>,
    left_out: (u64, u8),
}

/// How far the index lies behind the one before, 1 to [`FARTHEST`], and the loss code; behind a [`BRIDGE`] how often it is [`FARTHEST`] more.
type Entry = [u8; 2];
/// The farthest that one entry takes an index.
const FARTHEST: u16 = 255;
/// In the place of a distance: an entry that is no neighbour.
const BRIDGE: u8 = 0;
/// What the first entry of a row counts from: 1 more is radio 0.
const START: u16 = u16::MAX;
/// Entries that a search goes through one by one.
const BLOCK: usize = 8;

/// The dB that a loss code stands for.
#[inline]
pub fn code_db(code: u8) -> f32 {
    FIRST_DB + STEP_DB * f32::from(code)
}

fn code_of(db: f32) -> u8 {
    ((db - FIRST_DB) / STEP_DB + 0.5).clamp(0.0, 255.0) as u8
}

/// Which pairs a table keeps: those where the one with more power is heard at the other so well.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Between two own radios, dBm.
    pub own_dbm: f64,
    /// Between an own and a foreign radio, dBm.
    pub foreign_dbm: f64,
    /// Strongest neighbours that an own radio keeps.
    pub strongest: usize,
}

/// The best that radios of a placement have, of its meters or of its others.
#[derive(Clone, Copy, Debug)]
struct Best {
    power_dbm: f64,
    /// Loss of box and antenna, dB; negative: a gain.
    end_db: f64,
    height_m: f64,
}

/// What is needed to work out a loss between any two sites of a run, and what each sends with.
pub struct LossMap {
    curve: LossCurve,
    model: PathLoss,
    frequency_mhz: f64,
    rooftops: Option<Rooftops>,
    field: Field,
    shadow: LinkShadow,
    spec: RadioSpec,
    seed: u64,
    meters: Best,
    others: Best,
}

impl LossMap {
    /// The map of a run over its sites.
    pub fn new(spec: &RadioSpec, frequency_mhz: f64, seed: u64, sites: &[Site]) -> Self {
        let nobody = |end_db: f64| Best { power_dbm: spec.tx_power_dbm, end_db, height_m: 0.0 };
        let mut map = LossMap {
            curve: LossCurve::new(&spec.loss(), frequency_mhz),
            model: spec.loss(),
            frequency_mhz,
            rooftops: spec.roof_height_m.map(|height_m| Rooftops { height_m, frequency_mhz }),
            field: Field::new(seed, spec.shadowing_distance_m),
            shadow: LinkShadow::new(seed, spec.shadowing_sigma_db),
            spec: spec.clone(),
            seed,
            meters: nobody(spec.meter_loss_db),
            others: nobody(0.0),
        };
        for (n, site) in (0u32..).zip(sites).filter(|(_, site)| site.kind.has_radio()) {
            let power_dbm = map.power_dbm(n, site);
            let end_db = spec.end_loss_db(site);
            let best = if site.kind == SiteKind::Meter { &mut map.meters } else { &mut map.others };
            best.power_dbm = best.power_dbm.max(power_dbm);
            best.end_db = best.end_db.min(end_db);
            best.height_m = best.height_m.max(f64::from(site.height_m));
        }
        map
    }

    /// Transmit power of the radio at a site, dBm.
    pub fn power_dbm(&self, node: u32, site: &Site) -> f64 {
        tx_power_dbm(&self.spec, self.seed, node, site.kind)
    }

    /// The most that a radio sends with, dBm.
    pub fn strongest_dbm(&self) -> f64 {
        self.meters.power_dbm.max(self.others.power_dbm)
    }

    /// Distance beyond which no pair with `boxes` meters in it is looked at: the median level is 1.5 standard deviations
    /// of shadowing under the floor there.
    pub fn reach_m(&self, floor_dbm: f64, boxes: u32) -> f32 {
        let plain = |d: f64| loss_db(&self.model, self.frequency_mhz, d);
        let near = range_m(plain, self.median_db(floor_dbm, boxes)) as f32;
        near.max(self.reach_over_roofs_m(floor_dbm, boxes))
    }

    /// The same of pairs with an end above the roofs; 0 if there are none.
    pub fn reach_over_roofs_m(&self, floor_dbm: f64, boxes: u32) -> f32 {
        let highest = self.others.height_m;
        let other = if boxes > 0 { self.meters.height_m.min(highest) } else { highest };
        let Some(roofs) = self.rooftops.filter(|roofs| boxes < 2 && highest > roofs.height_m) else { return 0.0 };
        // Whoever stands above the roofs has a path over them.
        range_m(|d| roofs.loss_db(d, [highest, other]).unwrap_or(f64::INFINITY), self.median_db(floor_dbm, boxes))
            as f32
    }

    /// Median loss at which the best of such a pair is heard at `floor_dbm` with 1.5 standard deviations of luck.
    fn median_db(&self, floor_dbm: f64, boxes: u32) -> f64 {
        let (power, ends) = match boxes {
            0 => (self.others.power_dbm, 2.0 * self.others.end_db),
            1 => (self.strongest_dbm(), self.meters.end_db + self.others.end_db),
            _ => (self.meters.power_dbm, 2.0 * self.meters.end_db),
        };
        power - floor_dbm + 1.5 * self.spec.shadowing_sigma_db - ends
    }

    /// Median loss of the path, dB: through the streets, or over the roofs if an end stands above them and that is better.
    fn median_between_db(&self, sites: [&Site; 2], squared_m2: f32) -> f32 {
        let streets = self.curve.at(squared_m2);
        let Some(roofs) = self.rooftops else { return streets };
        let is_elevated = |site: &&Site| site.kind != SiteKind::Meter && f64::from(site.height_m) > roofs.height_m;
        if !sites.iter().any(is_elevated) {
            return streets;
        }
        // A meter in a high-rise is in its house, not above the roofs.
        let height = |site: &Site| match site.kind {
            SiteKind::Meter => f64::from(site.height_m).min(roofs.height_m),
            _ => f64::from(site.height_m),
        };
        let over = roofs.loss_db(f64::from(squared_m2).sqrt(), sites.map(height));
        over.map_or(streets, |over| streets.min(over as f32))
    }

    /// One end of a link.
    pub fn end(&self, node: u32, site: &Site) -> End {
        let field = if self.spec.shadowing_sigma_db > 0.0 {
            self.field.at(f64::from(site.x_m), f64::from(site.y_m))
        } else {
            0.0
        };
        End { node, field }
    }

    /// Loss from a place that is none of the placement, under a number of its own, to the radio at a site, dB.
    pub fn loss_from_db(&self, (number, place): (u32, &Site), (node, site): (u32, &Site)) -> f64 {
        let squared_m2 = place.distance_squared(site).max(1.0) as f32;
        let loss_db = self.loss_db((self.end(number, place), place), (self.end(node, site), site), squared_m2);
        f64::from(loss_db)
    }

    /// Loss from box to box, dB.
    fn loss_db(&self, (a, site_a): (End, &Site), (b, site_b): (End, &Site), squared_m2: f32) -> f32 {
        let correlation =
            if self.spec.shadowing_sigma_db > 0.0 { self.field.correlation(f64::from(squared_m2).sqrt()) } else { 1.0 };
        let ends = self.spec.end_loss_db(site_a) + self.spec.end_loss_db(site_b);
        self.median_between_db([site_a, site_b], squared_m2) + (self.shadow.db(a, b, correlation) + ends) as f32
    }
}

impl Neighbours {
    /// The table of the radios `nodes` (global ids into `sites`), local index = position in `nodes`. The first `own` are
    /// the partition's; those behind are foreign and only heard, so no pair of two foreign ones is kept.
    ///
    /// Pairs that hear each other less than the limit do not exist. A pair is kept when it is among the strongest of either own end;
    /// what was left out is in [`Neighbours::left_out`]. Pairs beyond [`LossMap::reach_m`] are not looked at. Foreign
    /// radios that nobody hears are left out of the table; the second result says who stays.
    pub fn build(map: &LossMap, sites: &[Site], nodes: &[u32], own: usize, limits: Limits) -> (Self, Vec<bool>) {
        let site = |n: usize| &sites[nodes[n] as usize];
        let is_meter = |n: usize| site(n).kind == SiteKind::Meter;
        let points: Vec<(f32, f32)> = (0..nodes.len()).map(|n| (site(n).x_m, site(n).y_m)).collect();
        let powers: Vec<f64> = (0..nodes.len()).map(|n| map.power_dbm(nodes[n], site(n))).collect();
        let ends: Vec<End> = (0..nodes.len()).map(|n| map.end(nodes[n], site(n))).collect();
        // Meters lose something in their boxes at both ends and hear each other less far; the few others are looked
        // for one by one.
        let [far_m, between_m, near_m] = [0, 1, 2].map(|boxes| map.reach_m(limits.own_dbm, boxes));
        let far_m = far_m.max(between_m);
        let others: Vec<usize> = (0..nodes.len()).filter(|&n| !is_meter(n)).collect();
        let grid = SpatialGrid::new(&points, (near_m / 2.0).max(10.0));
        let mut pairs: Vec<(u16, u16, u8)> = Vec::new();
        let mut row: Vec<(u8, u16)> = Vec::new();
        // The two least codes at which a radio stops.
        let (mut left_out, mut least) = (0, [u8::MAX; 2]);
        for a in 0..own {
            row.clear();
            let mut look = |b: usize| {
                let squared = site(a).distance_squared(site(b)) as f32;
                if b == a || squared > far_m * far_m {
                    return;
                }
                let loss = map.loss_db((ends[a], site(a)), (ends[b], site(b)), squared);
                let power_dbm = powers[a].max(powers[b]);
                if f64::from(loss) <= power_dbm - if b < own { limits.own_dbm } else { limits.foreign_dbm } {
                    row.push((code_of(loss), b as u16));
                }
            };
            if is_meter(a) {
                grid.for_each_within(points[a].0, points[a].1, near_m, |b| {
                    if is_meter(b as usize) {
                        look(b as usize);
                    }
                });
                others.iter().for_each(|&b| look(b));
            } else {
                grid.for_each_within(points[a].0, points[a].1, far_m, |b| look(b as usize));
            }
            if row.len() > limits.strongest {
                row.select_nth_unstable(limits.strongest);
                left_out += (row.len() - limits.strongest) as u64;
                let code = row[limits.strongest].0;
                least = [least[0].min(code), least[1].min(least[0].max(code))];
                row.truncate(limits.strongest);
            }
            // A pair is stored by the end that keeps it; the other end may keep it as well.
            pairs.extend(row.iter().map(|&(code, b)| (a as u16, b, code)));
        }
        let mut heard = vec![false; nodes.len()];
        heard[..own].fill(true);
        pairs.iter().for_each(|p| heard[p.1 as usize] = true);
        let mut index = vec![0u16; nodes.len()];
        let mut count = 0u16;
        for n in 0..nodes.len() {
            index[n] = count;
            count += u16::from(heard[n]);
        }
        pairs.iter_mut().for_each(|p| p.1 = index[p.1 as usize]);
        (Self::from_pairs(count as usize, pairs, (left_out, least[1])), heard)
    }

    /// A table from (a, b, loss code), each pair in one or both directions.
    fn from_pairs(count: usize, pairs: Vec<(u16, u16, u8)>, left_out: (u64, u8)) -> Self {
        let mut first = vec![0u32; count + 2];
        for &(a, b, _) in &pairs {
            first[a as usize + 2] += 1;
            first[b as usize + 2] += 1;
        }
        for n in 1..first.len() {
            first[n] += first[n - 1];
        }
        let mut both = vec![(0u16, 0u8); 2 * pairs.len()];
        for &(a, b, code) in &pairs {
            for (from, to) in [(a, b), (b, a)] {
                let at = &mut first[from as usize + 1];
                both[*at as usize] = (to, code);
                *at += 1;
            }
        }
        drop(pairs);
        let mut table = Neighbours { first: Vec::with_capacity(count + 1), left_out, ..Neighbours::default() };
        table.first.push(0);
        for n in 0..count {
            let row = &mut both[first[n] as usize..first[n + 1] as usize];
            row.sort_unstable();
            let mut last = START;
            for &(id, code) in row.iter() {
                if last == START || id > last {
                    table.push(&mut last, id, code);
                }
            }
            table.first.push(table.entries.len() as u32);
        }
        table.entries.shrink_to_fit();
        table.blocks.shrink_to_fit();
        table
    }

    /// Adds a neighbour to the last row, behind the one before.
    fn push(&mut self, last: &mut u16, id: u16, code: u8) {
        let mut distance = id.wrapping_sub(*last);
        while distance > FARTHEST {
            let times = ((distance - 1) / FARTHEST).min(u16::from(u8::MAX));
            self.push_entry(*last, [BRIDGE, times as u8]);
            *last = last.wrapping_add(times * FARTHEST);
            distance -= times * FARTHEST;
        }
        self.push_entry(*last, [distance as u8, code]);
        *last = id;
    }

    fn push_entry(&mut self, last: u16, entry: Entry) {
        if self.entries.len().is_multiple_of(BLOCK) {
            self.blocks.push(last);
        }
        self.entries.push(entry);
    }

    /// A table from losses in dB, for tests and hand-made layouts.
    pub fn from_losses(count: usize, losses: &[(u16, u16, f32)]) -> Self {
        Self::from_pairs(count, losses.iter().map(|&(a, b, db)| (a, b, code_of(db))).collect(), (0, u8::MAX))
    }

    /// Neighbours of `node` in ascending order, each with its loss code.
    #[inline]
    pub fn of(&self, node: Node) -> Row<'_> {
        let [first, end] = self.range(node);
        Row { entries: self.entries[first..end].iter(), last: START }
    }

    #[inline]
    fn range(&self, node: Node) -> [usize; 2] {
        [self.first[node.at()] as usize, self.first[node.at() + 1] as usize]
    }

    /// Loss code between two radios, if they hear each other at all.
    #[inline]
    pub fn code(&self, a: Node, b: Node) -> Option<u8> {
        let [first, end] = self.range(a);
        // Blocks that begin within the row, behind its first entry.
        let to = end.div_ceil(BLOCK);
        let from = (first / BLOCK + 1).min(to);
        let blocks = &self.blocks[from..to];
        let (at, last) = match blocks.partition_point(|&last| last < b.0) {
            0 => (first, START),
            n => ((from + n - 1) * BLOCK, blocks[n - 1]),
        };
        let mut row = Row { entries: self.entries[at..end].iter(), last };
        row.find(|&(id, _)| id >= b).filter(|&(id, _)| id == b).map(|(_, code)| code)
    }

    /// Radios in the table.
    pub fn len(&self) -> usize {
        self.first.len().saturating_sub(1)
    }

    /// Whether the table is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How often a radio leaves out an audible neighbour because it has enough stronger ones, and the least loss code that pairs
    /// can have whose both ends do so: only these do not exist.
    pub fn left_out(&self) -> (u64, u8) {
        self.left_out
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.first.capacity() * 4 + self.entries.capacity() * size_of::<Entry>() + self.blocks.capacity() * 2
    }
}

/// The neighbours of one radio, each with its loss code.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    entries: std::slice::Iter<'a, Entry>,
    last: u16,
}

impl Iterator for Row<'_> {
    type Item = (Node, u8);

    #[inline]
    fn next(&mut self) -> Option<(Node, u8)> {
        loop {
            let &[distance, code] = self.entries.next()?;
            if distance != BRIDGE {
                self.last = self.last.wrapping_add(u16::from(distance));
                return Some((Node(self.last), code));
            }
            self.last = self.last.wrapping_add(u16::from(code) * FARTHEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_three_is_symmetric_and_sorted() {
        let table = Neighbours::from_losses(3, &[(0, 2, 90.0), (2, 0, 90.0), (1, 2, 100.2)]);
        assert_eq!(table.of(Node(2)).collect::<Vec<_>>(), [(Node(0), 140), (Node(1), 160)]);
        assert_eq!(table.code(Node(0), Node(2)), Some(140));
        assert_eq!(table.code(Node(0), Node(1)), None);
        assert_eq!(code_db(140), 90.0);
        assert_eq!(code_db(160), 100.0);
        // One that hears nobody, behind a full block and at the end of the table.
        let pairs: Vec<_> = (1..9).map(|n| (0, n, 60.0)).collect();
        let table = Neighbours::from_losses(10, &pairs);
        assert_eq!(
            (table.of(Node(9)).next(), table.code(Node(9), Node(0)), table.code(Node(0), Node(9))),
            (None, None, None)
        );
    }

    #[test]
    fn near_and_far_neighbours_are_found_and_no_others() {
        // Radio 7 hears 0 to 99, each 254th, 255th and 256th from there on, and the last two; distances of 255 need one entry, of 256 two.
        let far = [254, 255, 256].into_iter().flat_map(|step| (1..20).map(move |n| 99 + n * step));
        let mut heard: Vec<u16> = (0..100).filter(|&n| n != 7).chain(far).chain([65_533, 65_534]).collect();
        heard.sort_unstable();
        heard.dedup();
        let losses: Vec<_> = heard.iter().map(|&n| (7, n, 40.0 + f32::from(n % 60))).collect();
        let table = Neighbours::from_losses(65_535, &losses);
        let expected: Vec<_> = heard.iter().map(|&n| (Node(n), (2 * (20 + n % 60)) as u8)).collect();
        assert_eq!(table.of(Node(7)).collect::<Vec<_>>(), expected);
        for n in 0..65_535 {
            let code = expected.iter().find(|e| e.0 == Node(n)).map(|e| e.1);
            assert_eq!(table.code(Node(7), Node(n)), code, "{n}");
            assert_eq!(table.code(Node(n), Node(7)), code, "the other way round, {n}");
        }
    }
}
