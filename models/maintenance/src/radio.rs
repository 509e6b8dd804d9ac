//! Whether meters that work are heard: read success of a mesh by extra loss and share of meters that are off, as a table of runs.

use crate::climate::{Climate, YEAR_D};
use std::sync::Arc;

/// Days of the year on which trees have leaves, in the north.
const LEAVES_D: (f64, f64) = (115.0, 300.0);

/// What years and seasons do to the radio of a plan's meters. Losses are those of a meter's signals, each way: a link between two
/// such meters loses them at both its ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Radio {
    /// Read success of meters that run.
    pub table: Arc<Table>,
    /// Lost by a meter with water in its case, dB.
    pub wet_db: f64,
    /// Lost with each year of a meter's age, dB.
    pub ageing_db_y: f64,
    /// Lost while trees have leaves, dB.
    pub leaf_on_db: f64,
    /// Lost in the warmest month, dB; nothing in the coldest, and in between by the temperature.
    pub hot_db: f64,
    /// Days of a year with storm.
    pub storm_d: f64,
    /// Lost on those, dB.
    pub storm_db: f64,
}

impl Radio {
    /// What the season takes on a day of the year, dB.
    pub fn season_db(&self, climate: &Climate, day: f64) -> f64 {
        let of_year = if climate.lat_deg < 0.0 { day + YEAR_D / 2.0 } else { day }.rem_euclid(YEAR_D);
        let leaves = if (LEAVES_D.0..LEAVES_D.1).contains(&of_year) { self.leaf_on_db } else { 0.0 };
        let days = (0..37).map(|tenth| climate.day_c(10.0 * f64::from(tenth)));
        let (low, high) = days.fold((f64::MAX, f64::MIN), |(low, high), c| (low.min(c), high.max(c)));
        let warm = if high > low { ((climate.day_c(day) - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
        leaves + warm * self.hot_db
    }

    /// Read success of meters that run, over calm days and storms.
    pub fn success(&self, loss_db: f64, off_share: f64) -> f64 {
        let storm = self.storm_d / YEAR_D;
        (1.0 - storm) * self.table.at(loss_db, off_share) + storm * self.table.at(loss_db + self.storm_db, off_share)
    }
}

/// Read success at each pair of an extra loss and a share of meters that are off.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    loss_db: Vec<f64>,
    off_share: Vec<f64>,
    /// For each loss, each share.
    success: Vec<f64>,
}

/// Why points make no table.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TableError {
    /// Not a loss, a share or a success.
    #[error(
        "the point {0} dB, {1} off, success {2} cannot be: losses are 0 dB and more, shares and successes lie between 0 and 1"
    )]
    Value(f64, f64, f64),
    /// Too few to interpolate.
    #[error("{0} losses and {1} shares are no table: there must be two of each at least")]
    Few(usize, usize),
    /// Not each pair once.
    #[error("{0} dB with {1} off is there {2} times: each loss needs each share once")]
    Pairs(f64, f64, usize),
}

/// How well points that are left out follow from their neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeftOut {
    /// How many inner points there are.
    pub points: usize,
    /// Mean distance of read success.
    pub mean: f64,
    /// Largest distance.
    pub max: f64,
    /// Where that is: loss, dB, and share.
    pub at: (f64, f64),
}

impl Table {
    /// From points of loss, dB, share off and read success, in any order.
    ///
    /// # Errors
    /// What is not a grid of at least two by two.
    pub fn new(points: &[(f64, f64, f64)]) -> Result<Table, TableError> {
        let share = 0.0..=1.0;
        let odd = points.iter().find(|(loss, off, success)| {
            !loss.is_finite() || *loss < 0.0 || !share.contains(off) || !share.contains(success)
        });
        if let Some((loss, off, success)) = odd {
            return Err(TableError::Value(*loss, *off, *success));
        }
        let axis = |of: fn(&(f64, f64, f64)) -> f64| {
            let mut axis: Vec<f64> = points.iter().map(of).collect();
            axis.sort_by(f64::total_cmp);
            axis.dedup();
            axis
        };
        let (loss_db, off_share) = (axis(|p| p.0), axis(|p| p.1));
        if loss_db.len() < 2 || off_share.len() < 2 {
            return Err(TableError::Few(loss_db.len(), off_share.len()));
        }
        let mut success = Vec::with_capacity(loss_db.len() * off_share.len());
        for &loss in &loss_db {
            for &off in &off_share {
                let mut there = points.iter().filter(|p| p.0 == loss && p.1 == off);
                match (there.next(), there.count()) {
                    (Some(point), 0) => success.push(point.2),
                    (found, more) => return Err(TableError::Pairs(loss, off, usize::from(found.is_some()) + more)),
                }
            }
        }
        Ok(Table { loss_db, off_share, success })
    }

    /// Losses and shares of the points.
    pub fn axes(&self) -> (&[f64], &[f64]) {
        (&self.loss_db, &self.off_share)
    }

    fn point(&self, loss: usize, off: usize) -> f64 {
        self.success[loss * self.off_share.len() + off]
    }

    /// Read success between the points, by bilinear interpolation; outside of them that of the nearest edge.
    pub fn at(&self, loss_db: f64, off_share: f64) -> f64 {
        let ((loss, x), (off, y)) = (between(&self.loss_db, loss_db), between(&self.off_share, off_share));
        let along = |loss: usize| (1.0 - y) * self.point(loss, off) + y * self.point(loss, off + 1);
        (1.0 - x) * along(loss) + x * along(loss + 1)
    }

    /// Whether a point lies within the table.
    pub fn covers(&self, loss_db: f64, off_share: f64) -> bool {
        let within = |axis: &[f64], value: f64| axis.first() <= Some(&value) && Some(&value) <= axis.last();
        within(&self.loss_db, loss_db) && within(&self.off_share, off_share)
    }

    /// Each inner point beside what its neighbours say: the mean of the lines between those of more and less loss, and between those of
    /// more and less off. As these are twice as far apart as points are, it says more than the error between points. `None` without any.
    pub fn left_out(&self) -> Option<LeftOut> {
        let line = |axis: &[f64], at: usize, low: f64, high: f64| {
            let share = (axis[at] - axis[at - 1]) / (axis[at + 1] - axis[at - 1]);
            (1.0 - share) * low + share * high
        };
        let (mut found, mut sum) = (LeftOut { points: 0, mean: 0.0, max: 0.0, at: (0.0, 0.0) }, 0.0);
        for loss in 1..self.loss_db.len() - 1 {
            for off in 1..self.off_share.len() - 1 {
                let by_loss = line(&self.loss_db, loss, self.point(loss - 1, off), self.point(loss + 1, off));
                let by_off = line(&self.off_share, off, self.point(loss, off - 1), self.point(loss, off + 1));
                let distance = ((by_loss + by_off) / 2.0 - self.point(loss, off)).abs();
                found.points += 1;
                sum += distance;
                if distance >= found.max {
                    (found.max, found.at) = (distance, (self.loss_db[loss], self.off_share[off]));
                }
            }
        }
        found.mean = sum / found.points.max(1) as f64;
        (found.points > 0).then_some(found)
    }
}

/// The stretch of an axis in which a value lies, and how far into it, from 0 to 1.
fn between(axis: &[f64], value: f64) -> (usize, f64) {
    let at = axis.partition_point(|mark| *mark <= value).clamp(1, axis.len() - 1) - 1;
    (at, ((value - axis[at]) / (axis[at + 1] - axis[at])).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(of: impl Fn(f64, f64) -> f64) -> Vec<(f64, f64, f64)> {
        let axes = [0.0, 3.0, 6.0].iter().flat_map(|loss| [0.0, 0.1, 0.3].map(|off| (*loss, off)));
        axes.map(|(loss, off)| (loss, off, of(loss, off))).collect()
    }

    #[test]
    fn planes_are_met_everywhere_and_edges_hold_outside() {
        // 1 - loss/10 - off is a plane, so lines meet it.
        let table = Table::new(&points(|loss, off| 1.0 - loss / 20.0 - off)).expect("a table");
        assert!((table.at(4.5, 0.2) - (1.0 - 0.225 - 0.2)).abs() < 1e-12);
        assert!((table.at(3.0, 0.1) - 0.75).abs() < 1e-12);
        assert!((table.at(99.0, 0.9) - (1.0 - 0.3 - 0.3)).abs() < 1e-12);
        assert!(table.covers(6.0, 0.3) && !table.covers(6.1, 0.1) && !table.covers(1.0, 0.31));
        let left_out = table.left_out().expect("an inner point");
        assert!(left_out.points == 1 && left_out.max < 1e-12);
    }

    #[test]
    fn a_bend_is_told() {
        // Flat at 1 but for 0.8 in the middle: its neighbours say 1.
        let table =
            Table::new(&points(|loss, off| if loss == 3.0 && off == 0.1 { 0.8 } else { 1.0 })).expect("a table");
        let left_out = table.left_out().expect("an inner point");
        assert!((left_out.max - 0.2).abs() < 1e-12 && left_out.at == (3.0, 0.1));
    }

    #[test]
    fn what_is_no_grid_is_refused() {
        let mut all = points(|_, _| 1.0);
        all.pop();
        assert_eq!(Table::new(&all), Err(TableError::Pairs(6.0, 0.3, 0)));
        assert_eq!(Table::new(&[(0.0, 0.0, 1.0), (1.0, 0.0, 1.0)]), Err(TableError::Few(2, 1)));
        assert_eq!(Table::new(&[(-1.0, 0.0, 1.0)]), Err(TableError::Value(-1.0, 0.0, 1.0)));
    }

    #[test]
    fn seasons_are_those_of_the_hemisphere() {
        let table = Arc::new(Table::new(&points(|loss, _| 1.0 - loss / 10.0)).expect("a table"));
        let radio = Radio {
            table,
            wet_db: 3.0,
            ageing_db_y: 0.15,
            leaf_on_db: 2.0,
            hot_db: 1.0,
            storm_d: 36.525,
            storm_db: 3.0,
        };
        let of = |lat_deg: f64, d0_d: f64, day: f64| {
            radio.season_db(&Climate { lat_deg, a_k: 6.0, d0_d, ..Climate::constant(12.0) }, day)
        };
        // In the north warmest on day 205 and coldest half a year away, in the south on day 20 and 202.
        assert!((of(51.5, 205.0, 205.0) - 3.0).abs() < 0.01 && of(51.5, 205.0, 22.0) < 0.01);
        assert!((of(-33.9, 20.0, 20.0) - 3.0).abs() < 0.01 && of(-33.9, 20.0, 202.0) < 0.01);
        // A tenth of the days with 3 dB more: 0.9 * 0.9 + 0.1 * 0.6.
        assert!((radio.success(1.0, 0.0) - 0.87).abs() < 1e-9);
    }
}
