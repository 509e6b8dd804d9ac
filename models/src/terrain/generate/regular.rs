//! Line and grid: layouts whose results can be worked out by hand.

use super::Spot;

/// Meters at `spacing_m`, 2 x `spacing_m`, … east of the origin.
pub(super) fn line(meters: usize, spacing_m: f64) -> Vec<Spot> {
    (1..=meters).map(|i| Spot::low(i as f64 * spacing_m, 0.0)).collect()
}

/// The first points of the smallest square grid that holds them, row by row from the origin to the north-east; the
/// corner at the origin is left to the gateway if there is one.
pub(super) fn grid(meters: usize, spacing_m: f64, gateway_at_corner: bool) -> Vec<Spot> {
    let taken = usize::from(gateway_at_corner);
    let mut side = ((meters + taken) as f64).sqrt() as usize;
    while side * side < meters + taken {
        side += 1;
    }
    (taken..meters + taken).map(|i| Spot::low((i % side) as f64 * spacing_m, (i / side) as f64 * spacing_m)).collect()
}
