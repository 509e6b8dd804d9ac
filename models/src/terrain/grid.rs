//! A uniform spatial index over points of the local plane: who is within a radius, who is nearest.
//!
//! The points are sorted by cell (counting sort), so a query walks a few runs of consecutive memory and visits the
//! points in one fixed order: cell rows from south to north, cells from west to east, indices ascending in a cell.
//!
//! ```
//! use amitwin_models::terrain::SpatialGrid;
//! let grid = SpatialGrid::new(&[(0.0, 0.0), (30.0, 0.0), (90.0, 0.0)], 50.0);
//! let mut near = Vec::new();
//! grid.for_each_within(10.0, 0.0, 40.0, |index| near.push(index));
//! assert_eq!(near, [0, 1]);
//! ```

/// Cells are enlarged until there are at most this many per point, so that a stray point cannot exhaust memory.
const CELLS_PER_POINT_MAX: f64 = 4.0;

/// Points of the plane in square cells.
#[derive(Clone, Debug)]
pub struct SpatialGrid {
    min_x: f64,
    min_y: f64,
    cell_m: f64,
    columns: i64,
    rows: i64,
    /// First entry of each cell in `order`; one more than there are cells.
    starts: Vec<u32>,
    /// Point indices, by cell.
    order: Vec<u32>,
    /// Positions in the sequence of `order`.
    positions: Vec<(f32, f32)>,
}

impl SpatialGrid {
    /// Indexes `points` (x, y in metres) in cells of `cell_m`. Queries are fastest when the cell is about the usual
    /// radius. Where that would make far more cells than points, the cells become larger; results do not change.
    ///
    /// # Panics
    /// If a coordinate or the cell is not finite, if the cell is not positive, or at 2^32 points.
    pub fn new(points: &[(f32, f32)], cell_m: f32) -> Self {
        assert!(cell_m.is_finite() && cell_m > 0.0, "cell of {cell_m} m");
        assert!(points.len() < u32::MAX as usize, "too many points for 32-bit indices");
        let bounds = Bounds::of(points);
        let mut cell_m = f64::from(cell_m);
        let cells_max = CELLS_PER_POINT_MAX * points.len() as f64 + 16.0;
        while (bounds.width() / cell_m + 1.0) * (bounds.height() / cell_m + 1.0) > cells_max {
            cell_m *= 1.5;
        }
        let columns = (bounds.width() / cell_m) as i64 + 1;
        let rows = (bounds.height() / cell_m) as i64 + 1;
        let mut grid = SpatialGrid {
            min_x: bounds.min_x,
            min_y: bounds.min_y,
            cell_m,
            columns,
            rows,
            starts: vec![0; (columns * rows) as usize + 1],
            order: vec![0; points.len()],
            positions: vec![(0.0, 0.0); points.len()],
        };
        grid.fill(points);
        grid
    }

    /// Indexes `points` in cells that hold about two points each: for [`nearest_by`](Self::nearest_by).
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub fn balanced(points: &[(f32, f32)]) -> Self {
        let bounds = Bounds::of(points);
        let cells = (points.len() as f64 / 2.0).max(1.0);
        // The second term serves points along a line, whose bounding box has no area.
        let cell_m = (bounds.width() * bounds.height() / cells).sqrt().max(bounds.width().max(bounds.height()) / cells);
        Self::new(points, (cell_m as f32).max(1e-3))
    }

    fn fill(&mut self, points: &[(f32, f32)]) {
        let cell_of =
            |grid: &Self, x: f32, y: f32| (grid.row(f64::from(y)) * grid.columns + grid.column(f64::from(x))) as usize;
        for &(x, y) in points {
            let cell = cell_of(self, x, y);
            self.starts[cell + 1] += 1;
        }
        for cell in 1..self.starts.len() {
            self.starts[cell] += self.starts[cell - 1];
        }
        let mut next = self.starts.clone();
        for (index, &(x, y)) in points.iter().enumerate() {
            let cell = cell_of(self, x, y);
            let slot = next[cell] as usize;
            next[cell] += 1;
            self.order[slot] = index as u32;
            self.positions[slot] = (x, y);
        }
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are no points.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Side of a cell, m: the one asked for, or larger.
    pub fn cell_m(&self) -> f64 {
        self.cell_m
    }

    fn column_unclamped(&self, x: f64) -> i64 {
        ((x - self.min_x) / self.cell_m).floor() as i64
    }

    fn row_unclamped(&self, y: f64) -> i64 {
        ((y - self.min_y) / self.cell_m).floor() as i64
    }

    fn column(&self, x: f64) -> i64 {
        self.column_unclamped(x).clamp(0, self.columns - 1)
    }

    fn row(&self, y: f64) -> i64 {
        self.row_unclamped(y).clamp(0, self.rows - 1)
    }

    /// Calls `visit` with the index of every point whose distance from (x, y) is at most `radius_m`, the point at
    /// (x, y) itself included. The order depends on the points and the cell only.
    #[inline]
    pub fn for_each_within(&self, x: f32, y: f32, radius_m: f32, mut visit: impl FnMut(u32)) {
        if self.is_empty() || radius_m.is_nan() || radius_m < 0.0 {
            return;
        }
        let (x, y, radius) = (f64::from(x), f64::from(y), f64::from(radius_m));
        let limit = radius * radius;
        // A hair wider than the radius: rounding of the squares must not lose a point on the rim.
        let reach = radius * (1.0 + 1e-9);
        let (west, east) = (self.column(x - reach), self.column(x + reach));
        for row in self.row(y - reach)..=self.row(y + reach) {
            let first = self.starts[(row * self.columns + west) as usize] as usize;
            let last = self.starts[(row * self.columns + east) as usize + 1] as usize;
            for (&index, &(px, py)) in self.order[first..last].iter().zip(&self.positions[first..last]) {
                if squared(f64::from(px) - x, f64::from(py) - y) <= limit {
                    visit(index);
                }
            }
        }
    }

    /// The point with the smallest `cost`, and that cost; on a tie the smallest index. `cost` gets the index and the
    /// squared horizontal distance in m², and must not return less than that distance (it may add a height term).
    pub fn nearest_by(&self, x: f32, y: f32, cost: impl Fn(u32, f64) -> f64) -> Option<(u32, f64)> {
        if self.is_empty() {
            return None;
        }
        let (x, y) = (f64::from(x), f64::from(y));
        let (column, row) = (self.column_unclamped(x), self.row_unclamped(y));
        let outside = |at: i64, count: i64| (-at).max(at - (count - 1)).max(0);
        let first_ring = outside(column, self.columns).max(outside(row, self.rows));
        let last_ring =
            [column, self.columns - 1 - column, row, self.rows - 1 - row].map(i64::abs).into_iter().max()?;
        let mut best: Option<(u32, f64)> = None;
        for ring in first_ring..=last_ring.max(first_ring) {
            // Everything in this ring is at least so far away.
            let closest = (ring - 1).max(0) as f64 * self.cell_m * (1.0 - 1e-9);
            if best.is_some_and(|(_, cost)| closest * closest > cost) {
                break;
            }
            for r in (row - ring).max(0)..=(row + ring).min(self.rows - 1) {
                let whole_row = (r - row).abs() == ring;
                let step = if whole_row || ring == 0 { 1 } else { 2 * ring };
                let mut c = column - ring;
                while c <= column + ring {
                    if (0..self.columns).contains(&c) {
                        self.best_in_cell((r * self.columns + c) as usize, (x, y), &cost, &mut best);
                    } else if whole_row && c < 0 {
                        c = -1;
                    } else if c >= self.columns {
                        break;
                    }
                    c += step;
                }
            }
        }
        best
    }

    #[inline]
    fn best_in_cell(
        &self,
        cell: usize,
        (x, y): (f64, f64),
        cost: &impl Fn(u32, f64) -> f64,
        best: &mut Option<(u32, f64)>,
    ) {
        for slot in self.starts[cell] as usize..self.starts[cell + 1] as usize {
            let (px, py) = self.positions[slot];
            let index = self.order[slot];
            let candidate = cost(index, squared(f64::from(px) - x, f64::from(py) - y));
            let better = match *best {
                None => true,
                Some((held, held_cost)) => candidate < held_cost || (candidate == held_cost && index < held),
            };
            if better {
                *best = Some((index, candidate));
            }
        }
    }
}

#[inline]
fn squared(dx: f64, dy: f64) -> f64 {
    dx * dx + dy * dy
}

/// Bounding box, m.
struct Bounds {
    min_x: f64,
    min_y: f64,
    max_x: f64,
    max_y: f64,
}

impl Bounds {
    fn of(points: &[(f32, f32)]) -> Self {
        let Some(&(x, y)) = points.first() else {
            return Bounds { min_x: 0.0, min_y: 0.0, max_x: 0.0, max_y: 0.0 };
        };
        let (mut min, mut max) = ((x, y), (x, y));
        for &(x, y) in points {
            assert!(x.is_finite() && y.is_finite(), "position ({x}, {y}) is not finite");
            min = (min.0.min(x), min.1.min(y));
            max = (max.0.max(x), max.1.max(y));
        }
        Bounds { min_x: min.0.into(), min_y: min.1.into(), max_x: max.0.into(), max_y: max.1.into() }
    }
    fn width(&self) -> f64 {
        self.max_x - self.min_x
    }
    fn height(&self) -> f64 {
        self.max_y - self.min_y
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn brute_within(points: &[(f32, f32)], x: f32, y: f32, radius: f32) -> Vec<u32> {
        let far = |p: &(f32, f32)| squared(f64::from(p.0) - f64::from(x), f64::from(p.1) - f64::from(y));
        let limit = f64::from(radius) * f64::from(radius);
        (0..points.len() as u32).filter(|&i| far(&points[i as usize]) <= limit).collect()
    }

    fn within(grid: &SpatialGrid, x: f32, y: f32, radius: f32) -> Vec<u32> {
        let mut found = Vec::new();
        grid.for_each_within(x, y, radius, |i| found.push(i));
        found
    }

    proptest! {
        #[test]
        fn within_finds_what_brute_force_finds(
            points in prop::collection::vec((-500.0f32..500.0, -500.0f32..500.0), 0..200),
            (x, y) in (-700.0f32..700.0, -700.0f32..700.0),
            radius in 0.0f32..400.0,
            cell in 0.5f32..300.0,
        ) {
            let grid = SpatialGrid::new(&points, cell);
            let mut found = within(&grid, x, y, radius);
            found.sort_unstable();
            prop_assert_eq!(found, brute_within(&points, x, y, radius));
        }

        #[test]
        fn nearest_is_the_smallest_cost_and_the_smallest_index(
            // Whole tens of metres make ties frequent.
            points in prop::collection::vec((-20i32..20, -20i32..20, 0i32..3), 1..80),
            (x, y) in (-40i32..40, -40i32..40),
            cell in 1.0f32..200.0,
        ) {
            let flat: Vec<(f32, f32)> = points.iter().map(|p| (p.0 as f32 * 10.0, p.1 as f32 * 10.0)).collect();
            let (x, y) = (x as f32 * 10.0, y as f32 * 10.0);
            let cost = |i: u32, d2: f64| d2 + 100.0 * f64::from(points[i as usize].2 * points[i as usize].2);
            let brute = (0..flat.len() as u32)
                .map(|i| {
                    let p = flat[i as usize];
                    (i, cost(i, squared(f64::from(p.0 - x), f64::from(p.1 - y))))
                })
                .reduce(|a, b| if b.1 < a.1 { b } else { a });
            prop_assert_eq!(SpatialGrid::new(&flat, cell).nearest_by(x, y, cost), brute);
            prop_assert_eq!(SpatialGrid::balanced(&flat).nearest_by(x, y, cost), brute);
        }
    }

    #[test]
    fn points_on_the_rim_and_on_cell_edges_are_within() {
        let points: Vec<(f32, f32)> =
            (0..5).flat_map(|j| (0..5).map(move |i| (i as f32 * 30.0, j as f32 * 30.0))).collect();
        let grid = SpatialGrid::new(&points, 30.0);
        assert_eq!(within(&grid, 60.0, 60.0, 30.0), [7, 11, 12, 13, 17]);
        assert_eq!(within(&grid, 60.0, 60.0, 29.999), [12]);
        assert_eq!(within(&grid, 0.0, 0.0, 0.0), [0]);
    }

    #[test]
    fn a_stray_point_does_not_cost_memory() {
        let mut points = vec![(0.0f32, 0.0f32); 1_000];
        points.push((4.0e6, 9.0e6));
        let grid = SpatialGrid::new(&points, 1.0);
        assert!(grid.starts.len() <= 4 * 1_001 + 17, "{} cells", grid.starts.len());
        assert_eq!(within(&grid, 4.0e6, 9.0e6, 5.0), [1_000]);
        assert_eq!(within(&grid, 0.0, 0.0, 5.0).len(), 1_000);
    }

    #[test]
    fn an_empty_grid_answers() {
        let grid = SpatialGrid::new(&[], 10.0);
        assert!(grid.is_empty());
        assert_eq!(within(&grid, 0.0, 0.0, 1e9), [] as [u32; 0]);
        assert_eq!(grid.nearest_by(0.0, 0.0, |_, d| d), None);
        assert_eq!(SpatialGrid::balanced(&[]).len(), 0);
    }
}
