//! Which meshes share a partition, and whose radios are heard in another one.

use crate::spec::{Coupling, WorldSpec};
use rayon::prelude::*;

/// For each group the radios of other groups that may be heard there.
pub(super) fn foreign(
    spec: &WorldSpec,
    gateways: &[u32],
    members: &[Vec<u32>],
    groups: &[Vec<u32>],
    reach_m: f32,
) -> Vec<Vec<u32>> {
    if spec.coupled() != Coupling::Window || groups.len() < 2 || !spec.medium.is_mesh() {
        return vec![Vec::new(); groups.len()];
    }
    let boxes: Vec<[f32; 4]> =
        groups.iter().map(|g| extent(spec, gateways[g[0] as usize], &members[g[0] as usize])).collect();
    groups
        .par_iter()
        .enumerate()
        .map(|(n, _)| {
            let mut heard = Vec::new();
            for (m, other) in groups.iter().enumerate() {
                if m == n || !near(&boxes[n], &boxes[m], reach_m) {
                    continue;
                }
                for &g in other {
                    heard.extend(members[g as usize].iter().chain([&gateways[g as usize]]).copied().filter(|&id| {
                        let site = &spec.placement.sites[id as usize];
                        near(&[site.x_m, site.y_m, site.x_m, site.y_m], &boxes[n], reach_m)
                    }));
                }
            }
            heard.sort_unstable();
            heard
        })
        .collect()
}

/// Partitions as lists of gateway positions: one each, or merged where meshes hear each other.
pub(super) fn group(spec: &WorldSpec, gateways: &[u32], members: &[Vec<u32>], reach_m: f32) -> Vec<Vec<u32>> {
    let mut group: Vec<u32> = (0..gateways.len() as u32).collect();
    if spec.coupled() == Coupling::Exact && spec.medium.is_mesh() {
        let boxes: Vec<[f32; 4]> = (0..gateways.len()).map(|g| extent(spec, gateways[g], &members[g])).collect();
        fn root(group: &mut [u32], mut n: u32) -> u32 {
            while group[n as usize] != n {
                group[n as usize] = group[group[n as usize] as usize];
                n = group[n as usize];
            }
            n
        }
        for a in 0..gateways.len() {
            for b in a + 1..gateways.len() {
                if near(&boxes[a], &boxes[b], reach_m) {
                    let (x, y) = (root(&mut group, a as u32), root(&mut group, b as u32));
                    group[x.max(y) as usize] = x.min(y);
                }
            }
        }
        for n in 0..group.len() as u32 {
            group[n as usize] = root(&mut group, n);
        }
    }
    let mut parts: Vec<Vec<u32>> = vec![Vec::new(); gateways.len()];
    for (g, &root) in group.iter().enumerate() {
        parts[root as usize].push(g as u32);
    }
    parts.retain(|p| !p.is_empty());
    parts
}

fn extent(spec: &WorldSpec, gateway: u32, members: &[u32]) -> [f32; 4] {
    let mut bounds = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
    for &n in members.iter().chain([&gateway]) {
        let site = &spec.placement.sites[n as usize];
        bounds = [bounds[0].min(site.x_m), bounds[1].min(site.y_m), bounds[2].max(site.x_m), bounds[3].max(site.y_m)];
    }
    bounds
}

fn near(a: &[f32; 4], b: &[f32; 4], reach_m: f32) -> bool {
    let gap = |low_a: f32, high_a: f32, low_b: f32, high_b: f32| (low_b - high_a).max(low_a - high_b).max(0.0);
    let (x, y) = (gap(a[0], a[2], b[0], b[2]), gap(a[1], a[3], b[1], b[3]));
    x * x + y * y <= reach_m * reach_m
}
