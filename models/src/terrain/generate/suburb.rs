//! Suburb: blocks of plots between streets.

use super::outward::{Cell, cells_outward};
use super::{Spot, around};
use libm::sin;

const PURPOSE: u32 = 0x5445_0010;
const PURPOSE_BEND: u32 = 0x5445_0011;
/// Plots along a block.
const PLOTS: u32 = 10;
/// Depth of a plot in plot widths: 30 m for 22 m.
const DEPTH: f64 = 30.0 / 22.0;
/// Street from fence to fence, in plot widths: 12 m for 22 m.
const STREET: f64 = 12.0 / 22.0;
const PARK_PERCENT: u32 = 6;
const EMPTY_PLOT_PERCENT: u32 = 5;
/// Bend of the streets: sideways swing in plot widths, and the way in plot widths from swing to swing.
const SWING: f64 = 0.4;
const SWING_LENGTH: f64 = 40.0;

/// Meters at the fronts of the houses, block by block.
pub(super) fn spots(meters: usize, plot_m: f64, seed: u64) -> Vec<Spot> {
    let width = (f64::from(PLOTS) + STREET) * plot_m;
    let height = (2.0 * DEPTH + STREET) * plot_m;
    let bend = Bend::new(plot_m, seed);
    let mut spots = Vec::with_capacity(meters + 2 * PLOTS as usize);
    for cell in cells_outward(width, height) {
        block(cell, (width, height), plot_m, seed, &bend, &mut spots);
        if spots.len() >= meters {
            break;
        }
    }
    spots.truncate(meters);
    spots
}

fn block(cell: Cell, (width, height): (f64, f64), plot_m: f64, seed: u64, bend: &Bend, spots: &mut Vec<Spot>) {
    let mut stream = cell.stream(seed, PURPOSE);
    if stream.below(100) < PARK_PERCENT {
        return;
    }
    let (west, middle) = (f64::from(cell.column) * width - width / 2.0, f64::from(cell.row) * height);
    for side in [-1.0, 1.0] {
        for plot in 0..PLOTS {
            if stream.below(100) < EMPTY_PLOT_PERCENT {
                continue;
            }
            let along = around(&mut stream, f64::from(plot) + 0.5, 0.12) * plot_m;
            // The house front stands 4 to 8 m behind the fence of a 30 m deep plot.
            let back = around(&mut stream, DEPTH * 0.8, DEPTH * 0.07) * plot_m;
            let (x, y) = bend.apply(west + STREET / 2.0 * plot_m + along, middle + side * back);
            spots.push(Spot::low(x, y));
        }
    }
}

/// Streets are not straight: the whole plane swings a little, without tearing plots apart.
struct Bend {
    phases: (f64, f64),
    swing_m: f64,
    per_metre: f64,
}

impl Bend {
    fn new(plot_m: f64, seed: u64) -> Self {
        let mut stream = amitwin_sim_core::rng::Stream::new(seed, 0, PURPOSE_BEND);
        let turn = std::f64::consts::TAU;
        Bend {
            phases: (stream.unit() * turn, stream.unit() * turn),
            swing_m: SWING * plot_m,
            per_metre: turn / (SWING_LENGTH * plot_m),
        }
    }

    fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        let swing = |at: f64, phase: f64| self.swing_m * sin(at * self.per_metre + phase);
        (x + swing(y, self.phases.0), y + swing(x, self.phases.1))
    }
}
