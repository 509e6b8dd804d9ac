//! What the first tree is like, as jobs of the head-end want to know it.

use crate::cell::AnyMedium;
use crate::context::Facts;
use crate::headend::jobs::order::NO_WAY;

/// Mean hops of all meters and repeaters with a way to their border router; 1 without a mesh.
pub(super) fn hops_mean(meshes: &[(Facts, AnyMedium)]) -> f64 {
    let meshes = meshes.iter().filter_map(|(facts, medium)| Some((facts, medium.mesh()?)));
    let ways = meshes.flat_map(|(facts, mesh)| facts.members().map(|node| mesh.net.way(node)));
    let (sum, count) =
        ways.filter(|way| way.0.is_some()).fold((0, 0u32), |(sum, n), way| (sum + u32::from(way.1), n + 1));
    if count == 0 { 1.0 } else { f64::from(sum) / f64::from(count) }
}

/// Hops of each site to its border router as the run begins; one of all without a mesh.
pub(super) fn hops_of_sites(count: usize, meshes: &[(Facts, AnyMedium)]) -> Vec<u8> {
    let mut hops = vec![NO_WAY; count];
    for (facts, medium) in meshes {
        for node in facts.members() {
            hops[facts.sites[node].at()] = match medium.mesh() {
                None => 1,
                Some(mesh) => match mesh.net.way(node) {
                    (Some(_), hops) => hops,
                    (None, _) => NO_WAY,
                },
            };
        }
    }
    hops
}
