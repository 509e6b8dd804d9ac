//! Where gateways go: at transformers, at the middles of k-means clusters, at the middles of equal shares.

use super::plane::wrap_deg;
use super::{Placement, Site, SiteKind, SiteName, SpatialGrid, TerrainError};
use amitwin_sim_core::rng::Stream;
use std::collections::BTreeSet;

/// Rounds of Lloyd's algorithm; the gain beyond is a few metres.
const ROUNDS_MAX: usize = 50;
const PURPOSE_KMEANS: u32 = 0x5445_0001;

/// The placement with a gateway at each of its transformers, at the transformer's antenna height. The new sites come
/// last, so that node ids keep their meaning.
pub fn at_transformers(placement: &Placement) -> Result<Placement, TerrainError> {
    let transformers = placement.of_kind(SiteKind::Transformer).map(|id| placement.sites[id as usize].clone());
    let gateways: Vec<Site> = transformers.map(|site| Site { kind: SiteKind::Gateway, ..site }).collect();
    if gateways.is_empty() {
        return Err(TerrainError::NoTransformer);
    }
    Ok(with_gateways(placement, gateways))
}

/// The placement with one more gateway for each `meters_per_gateway` meters (rounded up), at the centres that k-means
/// finds for the meters: Lloyd's algorithm from a k-means++ start keyed by `seed`. Clusters follow density; their sizes
/// are equal only in the mean. The new sites come last, so that node ids keep their meaning.
pub fn k_means(placement: &Placement, meters_per_gateway: u32, seed: u64) -> Result<Placement, TerrainError> {
    if meters_per_gateway == 0 {
        return Err(TerrainError::ZeroMetersPerGateway);
    }
    let meters = placement.count(SiteKind::Meter);
    at_centres(placement, meters.div_ceil(meters_per_gateway as usize), seed)
}

/// As [`k_means`], with the number of gateways given: at most one for each meter.
pub fn k_means_count(placement: &Placement, gateways: u32, seed: u64) -> Result<Placement, TerrainError> {
    let meters = placement.count(SiteKind::Meter) as u32;
    if gateways > meters && meters > 0 {
        return Err(TerrainError::MoreGatewaysThanMeters { meters, gateways });
    }
    if gateways == 0 {
        return Ok(placement.clone());
    }
    at_centres(placement, gateways as usize, seed)
}

fn at_centres(placement: &Placement, clusters: usize, seed: u64) -> Result<Placement, TerrainError> {
    let meters: Vec<&Site> = placement.sites.iter().filter(|s| s.kind == SiteKind::Meter).collect();
    if meters.is_empty() {
        return Err(TerrainError::NothingToServe);
    }
    let points: Vec<(f32, f32)> = meters.iter().map(|s| (s.x_m, s.y_m)).collect();
    let start = plus_plus(&points, clusters, Stream::new(seed, 0, PURPOSE_KMEANS));
    let (centres, cluster_of) = lloyd(&points, start);
    let mut shares: Vec<Mean> = vec![Mean::default(); clusters];
    for (meter, &cluster) in meters.iter().zip(&cluster_of) {
        shares[cluster as usize].add(meter, meters[0]);
    }
    let gateways = centres.iter().zip(&shares).map(|(&(x, y), share)| match share.site(meters[0]) {
        Some(site) => site,
        // Only where several gateways share one spot, so that some of them are nobody's nearest.
        None => {
            let twin = meters[nearest_point(&points, x, y)];
            let height_m = SiteKind::Gateway.default_height_m();
            Site { kind: SiteKind::Gateway, height_m, antenna_gain: None, ..twin.clone() }
        }
    });
    Ok(with_gateways(placement, gateways.collect()))
}

/// Positions of `count` gateways, each in the middle of an equal share of the points: the points are halved across
/// their longer extent, in proportion, until each part has one gateway. Reorders the points.
pub(super) fn equal_shares(points: &mut [(f32, f32)], count: usize, centres: &mut Vec<(f32, f32)>) {
    if count == 0 || points.is_empty() {
        return;
    }
    if count == 1 {
        let (x, y) = points.iter().fold((0.0f64, 0.0f64), |sum, p| (sum.0 + f64::from(p.0), sum.1 + f64::from(p.1)));
        let n = points.len() as f64;
        centres.push(((x / n) as f32, (y / n) as f32));
        return;
    }
    let extent = |coordinate: fn(&(f32, f32)) -> f32| {
        let (low, high) = points.iter().map(coordinate).fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(v), h.max(v)));
        high - low
    };
    let wide = extent(|p| p.0) >= extent(|p| p.1);
    let first = count / 2;
    let cut = (points.len() as u64 * first as u64 / count as u64) as usize;
    // Both coordinates decide, so that the parts do not depend on how the sort breaks ties.
    points.select_nth_unstable_by(cut, |a, b| {
        let (a, b) = if wide { (*a, *b) } else { ((a.1, a.0), (b.1, b.0)) };
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    let (left, right) = points.split_at_mut(cut);
    equal_shares(left, first, centres);
    equal_shares(right, count - first, centres);
}

/// Start centres: each next one a point drawn with probability in proportion to its squared distance from the centres
/// so far.
fn plus_plus(points: &[(f32, f32)], clusters: usize, mut stream: Stream) -> Vec<(f32, f32)> {
    let mut centres = Vec::with_capacity(clusters);
    centres.push(points[stream.below(points.len() as u32) as usize]);
    let mut distances = vec![f32::MAX; points.len()];
    while centres.len() < clusters {
        let (cx, cy) = centres[centres.len() - 1];
        let mut total = 0.0f64;
        for (held, &(x, y)) in distances.iter_mut().zip(points) {
            let (dx, dy) = (x - cx, y - cy);
            *held = held.min(dx * dx + dy * dy);
            total += f64::from(*held);
        }
        let mut left = stream.unit() * total;
        let drawn = distances.iter().position(|&d| {
            left -= f64::from(d);
            left < 0.0
        });
        // Nothing is drawn where all points have a centre already; then any spot is as good.
        centres.push(points[drawn.unwrap_or(points.len() - 1)]);
    }
    centres
}

/// Moves centres to the middle of the points nearest to them until nothing changes.
fn lloyd(points: &[(f32, f32)], mut centres: Vec<(f32, f32)>) -> (Vec<(f32, f32)>, Vec<u32>) {
    let mut cluster_of = vec![u32::MAX; points.len()];
    for _ in 0..ROUNDS_MAX {
        let index = SpatialGrid::balanced(&centres);
        let mut sums = vec![(0.0f64, 0.0f64, 0u32); centres.len()];
        let mut moved = false;
        for (&(x, y), held) in points.iter().zip(&mut cluster_of) {
            let Some((cluster, _)) = index.nearest_by(x, y, |_, d| d) else { continue };
            moved |= cluster != *held;
            *held = cluster;
            let sum = &mut sums[cluster as usize];
            *sum = (sum.0 + f64::from(x), sum.1 + f64::from(y), sum.2 + 1);
        }
        if !moved {
            break;
        }
        for (centre, (x, y, n)) in centres.iter_mut().zip(sums) {
            if n > 0 {
                *centre = ((x / f64::from(n)) as f32, (y / f64::from(n)) as f32);
            }
        }
    }
    (centres, cluster_of)
}

fn nearest_point(points: &[(f32, f32)], x: f32, y: f32) -> usize {
    let far = |i: usize| {
        let (dx, dy) = (f64::from(points[i].0 - x), f64::from(points[i].1 - y));
        dx * dx + dy * dy
    };
    (0..points.len()).reduce(|a, b| if far(b) < far(a) { b } else { a }).unwrap_or(0)
}

/// The middle of sites. The local plane is linear in latitude and longitude, so both have the same middle.
#[derive(Clone, Default)]
struct Mean {
    x: f64,
    y: f64,
    lat: f64,
    lon: f64,
    count: f64,
}

impl Mean {
    fn add(&mut self, site: &Site, anchor: &Site) {
        self.x += f64::from(site.x_m);
        self.y += f64::from(site.y_m);
        self.lat += site.lat_deg - anchor.lat_deg;
        self.lon += wrap_deg(site.lon_deg - anchor.lon_deg);
        self.count += 1.0;
    }

    fn site(&self, anchor: &Site) -> Option<Site> {
        (self.count > 0.0).then(|| Site {
            name: SiteName::numbered('G', 0),
            kind: SiteKind::Gateway,
            lat_deg: anchor.lat_deg + self.lat / self.count,
            lon_deg: wrap_deg(anchor.lon_deg + self.lon / self.count),
            x_m: (self.x / self.count) as f32,
            y_m: (self.y / self.count) as f32,
            height_m: SiteKind::Gateway.default_height_m(),
            antenna_gain: None,
        })
    }
}

/// Appends gateways under the first free generated names.
fn with_gateways(placement: &Placement, gateways: Vec<Site>) -> Placement {
    let taken: BTreeSet<String> =
        placement.sites.iter().map(|s| s.name.to_string()).filter(|name| name.starts_with('G')).collect();
    let names =
        (0u32..).map(|number| SiteName::numbered('G', number)).filter(|name| !taken.contains(&name.to_string()));
    let mut sites = placement.sites.clone();
    sites.extend(gateways.into_iter().zip(names).map(|(site, name)| Site { name, ..site }));
    Placement { sites, ..placement.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terrain::{GenerateSpec, Generator, assign, generate};

    /// Groups of `each` meters within 10 m of the given points.
    fn groups(centres: &[(f64, f64)], each: u32) -> Placement {
        let mut stream = Stream::new(3, 3, 3);
        let plane = crate::terrain::LocalPlane::at(48.0, 11.0);
        let mut sites = Vec::new();
        for (number, &(x, y)) in (0..each).flat_map(|_| centres).enumerate() {
            let (x, y) = (x + stream.unit() * 20.0 - 10.0, y + stream.unit() * 20.0 - 10.0);
            let (lat, lon) = plane.to_geographic(x, y);
            sites.push((SiteName::numbered('M', number as u32), SiteKind::Meter, lat, lon, None));
        }
        Placement::from_geographic(sites).unwrap()
    }

    #[test]
    fn a_gateway_stands_at_each_transformer_and_takes_a_free_name() {
        let placement = Placement::from_geographic([
            ("G0000", SiteKind::Gateway, 50.0, 8.0, None),
            ("station 1", SiteKind::Transformer, 50.001, 8.0, None),
            ("house", SiteKind::Meter, 50.002, 8.0, None),
            ("station 2", SiteKind::Transformer, 50.003, 8.001, Some(4.0)),
        ])
        .unwrap();
        let sited = at_transformers(&placement).unwrap();
        assert_eq!(sited.sites[..4], placement.sites);
        let added: Vec<(String, f32, f64)> =
            sited.sites[4..].iter().map(|s| (s.name.to_string(), s.height_m, s.lat_deg)).collect();
        assert_eq!(added, [("G0001".into(), 10.0, 50.001), ("G0002".into(), 4.0, 50.003)]);
        assert!(sited.sites[4..].iter().all(|s| s.kind == SiteKind::Gateway));
        assert_eq!(sited.sites[5].x_m, placement.sites[3].x_m);
    }

    #[test]
    fn k_means_finds_groups_that_are_far_apart() {
        let centres = [(0.0, 0.0), (3_000.0, 0.0), (0.0, 3_000.0), (3_000.0, 3_000.0), (9_000.0, 1_500.0)];
        let placement = groups(&centres, 40);
        for seed in 0..20 {
            let sited = k_means(&placement, 40, seed).unwrap();
            assert_eq!(sited.sites[..200], placement.sites);
            assert_eq!(assign(&sited).radios(), [40; 5], "seed {seed}");
            for gateway in &sited.sites[200..] {
                let near = sited.sites[..200].iter().filter(|m| m.distance_m(gateway) < 25.0).count();
                assert_eq!(near, 40);
            }
        }
    }

    #[test]
    fn a_sited_gateway_is_on_the_same_plane_as_the_meters() {
        let sited = k_means(&groups(&[(0.0, 0.0), (700.0, 200.0)], 30), 60, 1).unwrap();
        let plane =
            crate::terrain::LocalPlane::around(sited.sites[..60].iter().map(|s| (s.lat_deg, s.lon_deg))).unwrap();
        let gateway = &sited.sites[60];
        let (x, y) = plane.to_local(gateway.lat_deg, gateway.lon_deg);
        assert!(
            (x - f64::from(gateway.x_m)).abs() < 0.01 && (y - f64::from(gateway.y_m)).abs() < 0.01,
            "{x} {y} {gateway:?}"
        );
    }

    #[test]
    fn k_means_is_repeatable_and_rounds_up() {
        let town =
            generate(Generator::OldTown, &GenerateSpec { meters: 2_001, gateways: 0, ..GenerateSpec::default() }, 1)
                .unwrap();
        let sited = k_means(&town, 500, 9).unwrap();
        assert_eq!(sited.count(SiteKind::Gateway), 5);
        assert_eq!(sited, k_means(&town, 500, 9).unwrap());
        assert_ne!(sited, k_means(&town, 500, 10).unwrap());
        assert!(assign(&sited).radios().iter().all(|&n| n > 150), "{:?}", assign(&sited).radios());
    }

    #[test]
    fn a_number_of_gateways_is_met_exactly() {
        let town = groups(&[(0.0, 0.0), (500.0, 0.0)], 5);
        for count in 0..=10 {
            assert_eq!(k_means_count(&town, count, 1).unwrap().count(SiteKind::Gateway), count as usize);
        }
        let error = TerrainError::MoreGatewaysThanMeters { meters: 10, gateways: 11 };
        assert_eq!(k_means_count(&town, 11, 1), Err(error));
    }

    #[test]
    fn meters_at_one_spot_get_their_gateways_there() {
        let room =
            Placement::from_geographic((0..10).map(|i| (format!("m{i}"), SiteKind::Meter, 50.0, 8.0, None))).unwrap();
        let sited = k_means(&room, 4, 1).unwrap();
        assert_eq!(sited.count(SiteKind::Gateway), 3);
        assert!(sited.sites[10..].iter().all(|s| (s.lat_deg, s.lon_deg, s.x_m, s.y_m) == (50.0, 8.0, 0.0, 0.0)));
    }

    #[test]
    fn a_hundred_thousand_meters_get_a_hundred_gateways() {
        let spec = GenerateSpec { meters: 100_000, gateways: 0, ..GenerateSpec::default() };
        let town = generate(Generator::Suburb, &spec, 1).unwrap();
        let sited = k_means(&town, 1_000, 1).unwrap();
        let radios = assign(&sited).radios();
        assert_eq!((radios.len(), radios.iter().sum::<usize>()), (100, 100_000));
        assert!(radios.iter().all(|n| (200..2_500).contains(n)), "{radios:?}");
    }

    #[test]
    fn what_cannot_be_sited_is_refused() {
        let none = Placement::default();
        assert_eq!(at_transformers(&none), Err(TerrainError::NoTransformer));
        assert_eq!(k_means(&none, 10, 1), Err(TerrainError::NothingToServe));
        assert_eq!(k_means(&groups(&[(0.0, 0.0)], 1), 0, 1), Err(TerrainError::ZeroMetersPerGateway));
    }
}
