//! Old town: crooked blocks of adjoining houses around courtyards.

use super::outward::{Cell, cells_outward};
use super::{Spot, around};

const PURPOSE_CORNER: u32 = 0x5445_0020;
const PURPOSE_HOUSES: u32 = 0x5445_0021;
/// Side of a block with half of the lanes around it, in house fronts: 58 m for 7 m.
const BLOCK: f64 = 58.0 / 7.0;
/// How far a crossing of lanes lies from its place in a regular lattice, in house fronts: 10 m for 7 m.
const CROOKED: f64 = 10.0 / 7.0;
/// Half of a lane's width, in house fronts: 3 m for 7 m.
const HALF_LANE: f64 = 3.0 / 7.0;
const SQUARE_PERCENT: u32 = 4;
/// Distance of two meters in one house's cupboard, m.
const CUPBOARD_M: f64 = 0.3;

/// Meters behind the house doors, block by block.
pub(super) fn spots(meters: usize, front_m: f64, seed: u64) -> Vec<Spot> {
    let side = BLOCK * front_m;
    let mut spots = Vec::with_capacity(meters + 256);
    for cell in cells_outward(side, side) {
        block(cell, front_m, seed, &mut spots);
        if spots.len() >= meters {
            break;
        }
    }
    spots.truncate(meters);
    spots
}

/// Where lanes cross at the cell's south-west corner; shared by the four blocks around it.
fn crossing(cell: Cell, front_m: f64, seed: u64) -> (f64, f64) {
    let mut stream = cell.stream(seed, PURPOSE_CORNER);
    let side = BLOCK * front_m;
    let x = (f64::from(cell.column) - 0.5) * side;
    let y = (f64::from(cell.row) - 0.5) * side;
    (around(&mut stream, x, CROOKED * front_m), around(&mut stream, y, CROOKED * front_m))
}

fn block(cell: Cell, front_m: f64, seed: u64, spots: &mut Vec<Spot>) {
    let mut stream = cell.stream(seed, PURPOSE_HOUSES);
    if stream.below(100) < SQUARE_PERCENT {
        return;
    }
    let corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
        .map(|(dx, dy)| crossing(Cell { column: cell.column + dx, row: cell.row + dy }, front_m, seed));
    let middle = corners.iter().fold((0.0, 0.0), |m, c| (m.0 + c.0 / 4.0, m.1 + c.1 / 4.0));
    // House fronts stand half a lane inside the block's edge: each corner moves that far in along both edges.
    let corners = corners.map(|(x, y)| {
        let (dx, dy) = (middle.0 - x, middle.1 - y);
        let share = HALF_LANE * front_m * std::f64::consts::SQRT_2 / (dx * dx + dy * dy).sqrt();
        (x + dx * share, y + dy * share)
    });
    for (from, to) in (0..4).map(|i| (corners[i], corners[(i + 1) % 4])) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = (dx * dx + dy * dy).sqrt();
        let (ux, uy) = (dx / length, dy / length);
        let mut at = 0.0;
        loop {
            let front = around(&mut stream, front_m, 0.3 * front_m);
            if at + front > length {
                break;
            }
            // Behind the door: half a metre towards the courtyard, which lies to the left of the way around.
            let dwellings = 1 + stream.below(3);
            for meter in 0..dwellings {
                let along = at + front / 2.0 + f64::from(meter) * CUPBOARD_M;
                spots.push(Spot::low(from.0 + ux * along - uy * 0.5, from.1 + uy * along + ux * 0.5));
            }
            at += front;
        }
    }
}
