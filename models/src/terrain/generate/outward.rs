//! Towns grow outward: the cells of a lattice from the middle to the edge.

use amitwin_sim_core::rng::Stream;

/// A cell of a lattice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// Columns east of the middle.
    pub column: i32,
    /// Rows north of the middle.
    pub row: i32,
}

impl Cell {
    /// The stream that belongs to the cell.
    pub fn stream(self, seed: u64, purpose: u32) -> Stream {
        Stream::new(seed, u64::from(self.column as u32) << 32 | u64::from(self.row as u32), purpose)
    }
}

/// All cells of a lattice of `width` x `height` metres a cell, by distance from the middle; never ends.
pub(super) fn cells_outward(width: f64, height: f64) -> impl Iterator<Item = Cell> {
    let step = 4.0 * width.max(height);
    (0u32..).flat_map(move |ring| {
        let (inner, outer) = (f64::from(ring) * step, f64::from(ring + 1) * step);
        let mut cells = Vec::new();
        let rows = (outer / height) as i32;
        for row in -rows..=rows {
            let y = f64::from(row) * height;
            let columns = ((outer * outer - y * y).max(0.0).sqrt() / width) as i32 + 1;
            for column in -columns..=columns {
                let x = f64::from(column) * width;
                let far = x * x + y * y;
                if (inner * inner..outer * outer).contains(&far) {
                    cells.push((far, Cell { column, row }));
                }
            }
        }
        cells.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1.row, a.1.column).cmp(&(b.1.row, b.1.column))));
        cells.into_iter().map(|(_, cell)| cell)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_nearest_cells_come_first_and_none_is_left_out() {
        let first: Vec<(i32, i32)> = cells_outward(10.0, 10.0).take(9).map(|c| (c.column, c.row)).collect();
        assert_eq!(first, [(0, 0), (0, -1), (-1, 0), (1, 0), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1)]);
        // All cells whose middle lies within 50 cells: as many as there are lattice points in that circle (7,845).
        let in_circle = |c: &Cell| c.column * c.column + c.row * c.row <= 2_500;
        let cells: BTreeSet<(i32, i32)> =
            cells_outward(3.0, 3.0).take_while(in_circle).map(|c| (c.column, c.row)).collect();
        assert_eq!(cells.len(), 7_845);
    }
}
