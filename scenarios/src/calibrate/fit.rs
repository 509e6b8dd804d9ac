//! Losses of links as a line over the distance, with what is common to the links of a node: a mixed model, fitted by generalised
//! least squares.
//!
//! `loss = a + b x + u(one end) + u(other end) + e`, with `x = 10 log10(distance)`, `u` of each node with the variance of nodes and
//! `e` of each link with that of links. Links that share a node are not independent: a fit that takes them for it gives errors
//! that are too small. The variances come from moments of the residuals of ordinary least squares, then `V^-1` is applied by
//! conjugate gradients (Searle, Casella, McCulloch: Variance Components, 1992, chapters 5 and 7).

/// A link: its two nodes, `x`, and its loss, dB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// Numbers of its nodes.
    pub nodes: [usize; 2],
    /// 10 log10 of its length in metres.
    pub x: f64,
    /// Loss, dB.
    pub loss_db: f64,
}

/// A number and its standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
}

/// What links say.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Loss at 1 m, dB.
    pub reference_db: Estimate,
    /// Exponent.
    pub exponent: Estimate,
    /// Loss in the middle of the links' `x`, where it is known best, dB.
    pub middle_db: Estimate,
    /// Where that is, m.
    pub middle_m: f64,
    /// Standard deviation of what is common to a node's links, dB.
    pub node_sigma_db: f64,
    /// Standard deviation of what is a link's own, dB.
    pub link_sigma_db: f64,
    /// What is common to the links of each node: more loss than others, dB. Empty if nothing is.
    pub nodes_db: Vec<Estimate>,
}

/// Rounds of conjugate gradients; that many suffice for well-posed systems of any survey.
const ROUNDS_MAX: usize = 1_000;
/// Share of the first residual at which they end.
const PRECISION: f64 = 1e-10;

/// Fits links between `nodes` nodes; `None` if they are too few or all of one length.
pub fn fit(links: &[Link], nodes: usize) -> Option<Fit> {
    let n = links.len() as f64;
    let mean_x = links.iter().map(|l| l.x).sum::<f64>() / n;
    let spread = links.iter().map(|l| (l.x - mean_x).powi(2)).sum::<f64>();
    if links.len() < 3 || spread < 1e-6 {
        return None;
    }
    // Around the middle, where level and slope hardly depend on each other.
    let x: Vec<f64> = links.iter().map(|l| l.x - mean_x).collect();
    let y: Vec<f64> = links.iter().map(|l| l.loss_db).collect();
    let ones = vec![1.0; links.len()];
    let slope = dot(&x, &y) / spread;
    let level = y.iter().sum::<f64>() / n;
    let residuals: Vec<f64> = y.iter().zip(&x).map(|(y, x)| y - level - slope * x).collect();
    let (node_variance, link_variance) = variances(links, &residuals, nodes);
    let v = Covariance { links, nodes, node_variance, link_variance };
    let (v_ones, v_x) = (v.solve(&ones), v.solve(&x));
    // The information about level and slope, and its inverse.
    let [a, b, c] = [dot(&ones, &v_ones), dot(&ones, &v_x), dot(&x, &v_x)];
    let det = a * c - b * b;
    let (ty, tx) = (dot(&v_ones, &y), dot(&v_x, &y));
    let (level, slope) = ((c * ty - b * tx) / det, (a * tx - b * ty) / det);
    let (var_level, cov, var_slope) = (c / det, -b / det, a / det);
    let at_1_m = Estimate {
        value: level - slope * mean_x,
        standard_error: (var_level + mean_x * mean_x * var_slope - 2.0 * mean_x * cov).max(0.0).sqrt(),
    };
    let rest: Vec<f64> = y.iter().zip(&x).map(|(y, x)| y - level - slope * x).collect();
    Some(Fit {
        reference_db: at_1_m,
        exponent: Estimate { value: slope, standard_error: var_slope.sqrt() },
        middle_db: Estimate { value: level, standard_error: var_level.sqrt() },
        middle_m: 10f64.powf(mean_x / 10.0),
        node_sigma_db: node_variance.sqrt(),
        link_sigma_db: link_variance.sqrt(),
        nodes_db: if node_variance > 0.0 { v.common(&rest) } else { Vec::new() },
    })
}

/// Variances of nodes and of links: products of residuals of links that share a node have the former for their mean, squares
/// twice the former and the latter.
fn variances(links: &[Link], residuals: &[f64], nodes: usize) -> (f64, f64) {
    let mut sums = vec![(0.0, 0.0, 0.0); nodes];
    for (link, r) in links.iter().zip(residuals) {
        for node in link.nodes {
            let (count, sum, squares) = &mut sums[node];
            (*count, *sum, *squares) = (*count + 1.0, *sum + r, *squares + r * r);
        }
    }
    let products: f64 = sums.iter().map(|(_, sum, squares)| (sum * sum - squares) / 2.0).sum();
    let pairs: f64 = sums.iter().map(|(count, ..)| count * (count - 1.0) / 2.0).sum();
    // Level and slope took two degrees of freedom.
    let square = dot(residuals, residuals) / (residuals.len() as f64 - 2.0);
    let of_nodes = if pairs > 0.0 { (products / pairs).clamp(0.0, 0.5 * square) } else { 0.0 };
    (of_nodes, (square - 2.0 * of_nodes).max(1e-6))
}

/// Covariance of the links' losses.
struct Covariance<'a> {
    links: &'a [Link],
    nodes: usize,
    node_variance: f64,
    link_variance: f64,
}

impl Covariance<'_> {
    fn sums(&self, of: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.nodes];
        for (link, value) in self.links.iter().zip(of) {
            link.nodes.iter().for_each(|node| sums[*node] += value);
        }
        sums
    }

    fn times(&self, of: &[f64]) -> Vec<f64> {
        let sums = self.sums(of);
        let common = |link: &Link| link.nodes.iter().map(|node| sums[*node]).sum::<f64>();
        let each = |(link, value)| self.link_variance * value + self.node_variance * common(link);
        self.links.iter().zip(of).map(each).collect()
    }

    /// `V^-1` times this.
    fn solve(&self, right: &[f64]) -> Vec<f64> {
        let (mut found, mut rest) = (vec![0.0; right.len()], right.to_vec());
        let mut step = rest.clone();
        let mut square = dot(&rest, &rest);
        let enough = square * PRECISION * PRECISION;
        for _ in 0..ROUNDS_MAX {
            if square <= enough {
                break;
            }
            let turned = self.times(&step);
            let length = square / dot(&step, &turned);
            for i in 0..found.len() {
                found[i] += length * step[i];
                rest[i] -= length * turned[i];
            }
            let before = std::mem::replace(&mut square, dot(&rest, &rest));
            step.iter_mut().zip(&rest).for_each(|(step, rest)| *step = rest + square / before * *step);
        }
        found
    }

    /// The best prediction of what is common to each node's links, and its error as if the other ends were known.
    fn common(&self, residuals: &[f64]) -> Vec<Estimate> {
        let sums = self.sums(&self.solve(residuals));
        let counts = self.sums(&vec![1.0; residuals.len()]);
        let each = |(sum, count): (&f64, &f64)| Estimate {
            value: self.node_variance * sum,
            standard_error: (1.0 / (1.0 / self.node_variance + count / self.link_variance)).sqrt(),
        };
        sums.iter().zip(&counts).map(each).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::tests::normal;
    use amitwin_sim_core::rng::Stream;

    /// Links between nodes thrown into a square, with a line of 30 + 3.4 x, 3 dB of nodes and 5 dB of links.
    fn survey(seed: u64, nodes: usize, range_m: f64) -> (Vec<Link>, Vec<f64>) {
        let mut draw = Stream::new(seed, 0, 0);
        let places: Vec<[f64; 2]> = (0..nodes).map(|_| [draw.unit() * 400.0, draw.unit() * 400.0]).collect();
        let own: Vec<f64> = (0..nodes).map(|_| 3.0 * normal(&mut draw)).collect();
        let mut links = Vec::new();
        for a in 0..nodes {
            for b in a + 1..nodes {
                let [dx, dy] = [places[a][0] - places[b][0], places[a][1] - places[b][1]];
                let x = 10.0 * dx.hypot(dy).max(1.0).log10();
                if dx.hypot(dy) < range_m {
                    links.push(Link {
                        nodes: [a, b],
                        x,
                        loss_db: 30.0 + 3.4 * x + own[a] + own[b] + 5.0 * normal(&mut draw),
                    });
                }
            }
        }
        (links, own)
    }

    #[test]
    fn a_line_without_scatter_is_found_exactly() {
        let link = |a: usize, b: usize, x: f64| Link { nodes: [a, b], x, loss_db: 40.0 + 2.5 * x };
        let links = [link(0, 1, 10.0), link(1, 2, 20.0), link(0, 2, 23.0), link(2, 3, 17.0)];
        let fit = fit(&links, 4).expect("enough");
        assert!((fit.reference_db.value - 40.0).abs() < 1e-6 && (fit.exponent.value - 2.5).abs() < 1e-6, "{fit:?}");
        assert_eq!(super::fit(&links[..2], 4), None, "two links have no scatter");
        assert_eq!(super::fit(&[link(0, 1, 10.0); 5], 2), None, "links of one length have no slope");
    }

    #[test]
    fn what_surveys_were_made_with_lies_within_their_errors_as_often_as_it_should() {
        let (mut exponent, mut middle, surveys) = (0, 0, 300);
        let (mut of_nodes, mut of_links) = (0.0, 0.0);
        for seed in 0..surveys {
            let (links, _) = survey(seed, 60, 150.0);
            let fit = fit(&links, 60).expect("enough");
            let truth = 30.0 + 3.4 * 10.0 * fit.middle_m.log10();
            exponent += u32::from((fit.exponent.value - 3.4).abs() < 1.96 * fit.exponent.standard_error);
            middle += u32::from((fit.middle_db.value - truth).abs() < 1.96 * fit.middle_db.standard_error);
            of_nodes += fit.node_sigma_db.powi(2) / surveys as f64;
            of_links += fit.link_sigma_db.powi(2) / surveys as f64;
        }
        // 95 % of 300 are 285, give or take 11 (three standard deviations); the variances are estimated too, which costs a little.
        assert!((270..=297).contains(&exponent), "exponent: {exponent} of {surveys}");
        assert!((265..=297).contains(&middle), "level: {middle} of {surveys}");
        assert!((of_nodes.sqrt() - 3.0).abs() < 0.15 && (of_links.sqrt() - 5.0).abs() < 0.1, "{of_nodes} {of_links}");
    }

    #[test]
    fn a_node_that_is_worse_than_others_shows() {
        let (mut links, own) = survey(5, 60, 150.0);
        let of = |node: usize| links.iter().filter(|link| link.nodes.contains(&node)).count();
        let bad = (0..60).max_by_key(|node| of(*node)).expect("sixty");
        let count = of(bad) as f64;
        links.iter_mut().filter(|link| link.nodes.contains(&bad)).for_each(|link| link.loss_db += 15.0);
        let fit = fit(&links, 60).expect("enough");
        let worst = (0..60).max_by(|a, b| fit.nodes_db[*a].value.total_cmp(&fit.nodes_db[*b].value));
        assert_eq!(worst, Some(bad));
        // A prediction is drawn towards 0, the less the more links there are.
        let drawn = 1.0 - 1.0 / (1.0 + count * (fit.node_sigma_db / fit.link_sigma_db).powi(2));
        let off = fit.nodes_db[bad].value - drawn * (own[bad] + 15.0);
        assert!(off.abs() < 3.0 * fit.nodes_db[bad].standard_error, "{off} dB of {count} links: {fit:?}");
    }
}
