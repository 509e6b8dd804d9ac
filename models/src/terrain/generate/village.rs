//! Village: houses on both sides of bending roads, farms beyond, the next village a walk away.

use super::outward::cells_outward;
use super::{Spot, around};
use amitwin_sim_core::rng::Stream;
use libm::{cos, sin};
use std::f64::consts::{FRAC_PI_2, PI, TAU};

const PURPOSE: u32 = 0x5445_0040;
const METERS_MIN: u32 = 30;
const METERS_MAX: u32 = 150;
/// From village to village, in house distances: 1.3 km for 28 m.
const NEXT_VILLAGE: f64 = 1_300.0 / 28.0;
/// Out of 100 houses: how many stand on each road, the main road in both directions first.
const ROAD_PERCENT: [u32; 4] = [36, 36, 17, 11];
const FARM_PERCENT: u32 = 8;
/// From farm to farm, in house distances.
const FARM_DISTANCE: f64 = 4.0;

/// Meters village by village; what fits into one village is one village.
pub(super) fn spots(meters: usize, house_distance_m: f64, seed: u64) -> Vec<Spot> {
    let pitch = NEXT_VILLAGE * house_distance_m;
    let mut spots = Vec::with_capacity(meters);
    for cell in cells_outward(pitch, pitch) {
        let mut stream = cell.stream(seed, PURPOSE);
        let left = meters - spots.len();
        let drawn = (METERS_MIN + stream.below(METERS_MAX - METERS_MIN + 1)) as usize;
        // No hamlet of a few houses at the end.
        let size = if left <= METERS_MAX as usize { left } else { drawn.min(left - METERS_MIN as usize) };
        let x = around(&mut stream, f64::from(cell.column) * pitch, 0.15 * pitch);
        let y = around(&mut stream, f64::from(cell.row) * pitch, 0.15 * pitch);
        village((x, y), size, house_distance_m, &mut stream, &mut spots);
        if spots.len() == meters {
            break;
        }
    }
    spots
}

fn village((x, y): (f64, f64), size: usize, house_distance_m: f64, stream: &mut Stream, spots: &mut Vec<Spot>) {
    let heading = stream.unit() * TAU;
    let branch = around(stream, FRAC_PI_2, 0.35);
    let headings = [heading, heading + PI, heading + branch, heading - branch];
    let mut roads = headings.map(|heading| Road { x, y, heading, left: false });
    // Side roads begin behind the houses of the main road.
    for road in &mut roads[2..] {
        road.walk(1.5 * house_distance_m, 0.0);
    }
    let farms = size * FARM_PERCENT as usize / 100;
    for house in 0..size {
        let mut drawn = stream.below(ROAD_PERCENT.iter().sum());
        let mut which = 0;
        while drawn >= ROAD_PERCENT[which] {
            drawn -= ROAD_PERCENT[which];
            which += 1;
        }
        // Two sides: half the distance of neighbours on one side.
        let step = if house + farms < size { 0.5 } else { FARM_DISTANCE };
        let bend = around(stream, 0.0, 0.08);
        let way = around(stream, step, 0.3 * step) * house_distance_m;
        let setback = around(stream, 0.45, 0.1) * house_distance_m;
        roads[which].walk(way, bend);
        spots.push(roads[which].house(setback));
    }
}

/// A road while it is being built.
struct Road {
    x: f64,
    y: f64,
    heading: f64,
    left: bool,
}

impl Road {
    fn walk(&mut self, way_m: f64, bend_rad: f64) {
        self.heading += bend_rad;
        self.x += way_m * cos(self.heading);
        self.y += way_m * sin(self.heading);
    }

    /// A house beside the road's end, on the two sides in turn.
    fn house(&mut self, setback_m: f64) -> Spot {
        self.left = !self.left;
        let side = if self.left { setback_m } else { -setback_m };
        Spot::low(self.x - side * sin(self.heading), self.y + side * cos(self.heading))
    }
}
