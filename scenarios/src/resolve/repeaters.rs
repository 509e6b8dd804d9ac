//! `placement.repeaters`: repeaters of a file of their own, added to a placement.

use super::placement::hash;
use amitwin_data::placement::{self, Format, Options, RecordKind};
use amitwin_models::terrain::{AntennaGain, Placement, SiteKind, SiteName};
use std::collections::BTreeSet;
use std::path::Path;

/// The placement with the sites of the file behind its own, on the same plane, and the BLAKE3 of the file.
///
/// # Errors
/// The file cannot be read, or has a site that is no repeater or has a name that is taken.
pub(super) fn added(path: &Path, mut placement: Placement) -> Result<(Placement, String), String> {
    let file = placement::read(path, &Options::default()).map_err(|e| e.to_string())?;
    let taken: BTreeSet<String> = placement.sites.iter().map(|site| site.name.to_string()).collect();
    for record in &file.records {
        let place = Format::of(path).map_or_else(String::new, |format| format!(", {}", format.place(record.line)));
        let what = match record.kind {
            RecordKind::Repeater if taken.contains(&record.name) => {
                "has the name of a site of the placement".to_owned()
            }
            RecordKind::Repeater => continue,
            other => format!("is a {}; only sites of kind repeater can be added", other.as_str()),
        };
        return Err(format!("{}{place}: '{}' {what}", path.display(), record.name));
    }
    for record in file.records {
        let height_m = record.height_m.map_or(SiteKind::Repeater.default_height_m(), |height_m| height_m as f32);
        let name = SiteName::from(record.name);
        let site = placement.site_at(name, SiteKind::Repeater, record.lat_deg, record.lon_deg, height_m);
        let mut site = site.ok_or("the placement has no place on the globe to add repeaters to")?;
        site.antenna_gain = record.antenna_gain_dbi.map(AntennaGain::from_dbi);
        placement.sites.push(site);
    }
    Ok((placement, hash(path)?))
}
