//! The area that some places take up.

/// Area of the convex hull of some points; 0 of fewer than three, or of those on a line.
pub(super) fn area(mut points: Vec<(f64, f64)>) -> f64 {
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let lower = chain(points.iter().copied());
    let upper = chain(points.iter().rev().copied());
    // Each chain ends where the other begins.
    let hull: Vec<(f64, f64)> = lower.into_iter().chain(upper).collect();
    let next = hull.iter().cycle().skip(1);
    hull.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>() / 2.0
}

/// Corners that turn left, from the first point to the last.
fn chain(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut corners: Vec<(f64, f64)> = Vec::new();
    for point in points {
        while let [.., a, b] = corners[..] {
            let turn = (b.0 - a.0) * (point.1 - a.1) - (b.1 - a.1) * (point.0 - a.0);
            if turn > 0.0 {
                break;
            }
            corners.pop();
        }
        corners.push(point);
    }
    corners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hull_of_some_places() {
        // A rectangle of 40 by 30 with points inside of it and on its edges, in any order.
        let mut points =
            vec![(40.0, 30.0), (0.0, 0.0), (20.0, 15.0), (0.0, 30.0), (20.0, 0.0), (40.0, 0.0), (5.0, 29.0)];
        assert_eq!(area(points.clone()), 1_200.0);
        points.reverse();
        assert_eq!(area(points), 1_200.0);
        // A triangle of base 6 and height 4; a line and a point have none.
        assert_eq!(area(vec![(1.0, 1.0), (7.0, 1.0), (3.0, 5.0)]), 12.0);
        assert_eq!(
            (area(vec![(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]), area(vec![(1.0, 1.0)]), area(Vec::new())),
            (0.0, 0.0, 0.0)
        );
    }
}
