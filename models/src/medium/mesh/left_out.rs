//! What tables of neighbours had no room for, and what that can change: who is left out disturbs nobody in the model.

use super::Mesh;
use super::radio::neighbours::code_db;
use crate::context::Facts;

/// Audible neighbours that are left out, and the bound of their effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeftOut {
    /// How many at most, each counted at the radio that hears it.
    pub neighbours: u64,
    /// Level of the strongest of them where it would be heard, at most, dBm.
    pub strongest_dbm: f64,
    /// Frames that are as strong as this stand out from the strongest of them, dBm.
    pub undisturbed_dbm: f64,
    /// Links to a parent that are weaker than that as the run starts.
    pub weak_links: u64,
    /// All links to a parent.
    pub links: u64,
}

impl LeftOut {
    /// In these meshes, of radios that send with `tx_power_dbm`, `strongest_power_dbm` at most, and whose receivers hold on to a
    /// frame that is `capture_db` above another; `None` if nothing is left out.
    pub fn of<'a>(
        meshes: impl Iterator<Item = (&'a Facts, &'a Mesh)>,
        (tx_power_dbm, strongest_power_dbm): (f64, f64),
        capture_db: f64,
    ) -> Option<LeftOut> {
        let meshes: Vec<_> = meshes.collect();
        let tables = || meshes.iter().map(|(_, mesh)| &mesh.link.air.neighbours);
        let least = tables().map(|table| table.left_out().1).min().filter(|code| *code < u8::MAX)?;
        let strongest_dbm = strongest_power_dbm - f64::from(code_db(least));
        let undisturbed_dbm = strongest_dbm + capture_db;
        let (mut weak_links, mut links) = (0, 0);
        for (facts, mesh) in &meshes {
            for node in facts.nodes() {
                let table = &mesh.link.air.neighbours;
                let Some(code) = mesh.net.way(node).0.and_then(|parent| table.code(node, parent)) else { continue };
                links += 1;
                weak_links += u64::from(tx_power_dbm - f64::from(code_db(code)) < undisturbed_dbm);
            }
        }
        let neighbours = tables().map(|table| table.left_out().0).sum();
        Some(LeftOut { neighbours, strongest_dbm, undisturbed_dbm, weak_links, links })
    }
}
