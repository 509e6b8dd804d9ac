//! High-rise: towers whose meters hang in rooms, one room for every few floors.

use super::outward::cells_outward;
use super::{Spot, around};

const PURPOSE: u32 = 0x5445_0030;
const FLOORS_MIN: u32 = 8;
const FLOORS_MAX: u32 = 20;
const FLATS_A_FLOOR: u32 = 4;
const FLOORS_A_ROOM: u32 = 4;
pub(super) const STOREY_M: f64 = 3.0;
/// Meters side by side on a room's board, and their pitch in m.
const BOARD_COLUMNS: u32 = 8;
const BOARD_PITCH_M: f64 = 0.25;

/// Meters tower by tower, room by room from the ground up.
pub(super) fn spots(meters: usize, tower_distance_m: f64, seed: u64) -> Vec<Spot> {
    let mut spots = Vec::with_capacity(meters + (FLOORS_MAX * FLATS_A_FLOOR) as usize);
    for cell in cells_outward(tower_distance_m, tower_distance_m) {
        let mut stream = cell.stream(seed, PURPOSE);
        let x = around(&mut stream, f64::from(cell.column) * tower_distance_m, 0.15 * tower_distance_m);
        let y = around(&mut stream, f64::from(cell.row) * tower_distance_m, 0.15 * tower_distance_m);
        let floors = FLOORS_MIN + stream.below(FLOORS_MAX - FLOORS_MIN + 1);
        for flat in 0..floors * FLATS_A_FLOOR {
            let room = flat / (FLATS_A_FLOOR * FLOORS_A_ROOM);
            let place = flat % (FLATS_A_FLOOR * FLOORS_A_ROOM);
            let across = f64::from(place % BOARD_COLUMNS) * BOARD_PITCH_M;
            let up = f64::from(place / BOARD_COLUMNS) * 2.0 * BOARD_PITCH_M;
            let height = 1.25 + f64::from(room * FLOORS_A_ROOM) * STOREY_M + up;
            spots.push(Spot { height: height as f32, ..Spot::low(x + across, y) });
        }
        if spots.len() >= meters {
            break;
        }
    }
    spots.truncate(meters);
    spots
}
