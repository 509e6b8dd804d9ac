//! Where a repeater could stand: at places that a file names, or on a grid over whoever needs one.

use super::SiteError;
use super::outlook::Town;
use super::rank::Need;
use crate::sections::units::{self, Kind};
use amitwin_data::placement::{self, Options};
use amitwin_models::spec::WorldSpec;
use amitwin_models::terrain::{Placement, Site, SiteKind, SiteName};
use std::collections::BTreeSet;
use std::path::Path;
use std::str::FromStr;

/// Points of the grid, at most.
const POINTS_MAX: usize = 4_000;
/// The finest grid, m.
const STEP_MIN_M: f64 = 10.0;
/// Lines of the grid within the longest link in use.
const LINES_PER_LINK: f64 = 5.0;
/// Digits of latitude and longitude in a file; the seventh is a centimetre.
const PER_DEGREE: f64 = 1e7;

/// Height of an antenna over ground, m.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Height(pub f32);

impl FromStr for Height {
    type Err = String;

    fn from_str(text: &str) -> Result<Height, String> {
        let height_m = units::parse(Kind::Length, text).ok().filter(|height_m| (0.5..=500.0).contains(height_m));
        height_m
            .map(|m| Height(m as f32))
            .ok_or_else(|| format!("`{text}` is not a height from 0.5 m to 500 m, such as 6 m"))
    }
}

/// Where to look.
#[derive(Clone, Debug, PartialEq)]
pub enum Places {
    /// Anywhere within a link of those who need a repeater, with an antenna so high over ground, m.
    Anywhere {
        /// Height.
        height_m: f32,
    },
    /// At these places alone.
    Given(Vec<Given>),
}

/// A place of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    name: String,
    lat_deg: f64,
    lon_deg: f64,
    height_m: f32,
}

impl Places {
    /// The places of a file, such as poles; of the same form as a placement file. Those without a height get `height_m`.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(path: &Path, height_m: f32) -> Result<Places, SiteError> {
        let file = placement::read(path, &Options::default()).map_err(|e| SiteError::Place(e.to_string()))?;
        let given = file.records.into_iter().map(|record| Given {
            name: record.name,
            lat_deg: rounded(record.lat_deg),
            lon_deg: rounded(record.lon_deg),
            height_m: record.height_m.map_or(height_m, |height_m| height_m as f32),
        });
        Ok(Places::Given(given.collect()))
    }

    /// Whether they are named one by one.
    pub(super) fn are_given(&self) -> bool {
        matches!(self, Places::Given(_))
    }

    /// Sites at the places.
    pub(super) fn near(&self, spec: &WorldSpec, town: &Town) -> Result<Vec<Site>, SiteError> {
        let placement = &spec.placement;
        let site = |name: SiteName, lat_deg: f64, lon_deg: f64, height_m: f32| {
            placement.site_at(name, SiteKind::Repeater, rounded(lat_deg), rounded(lon_deg), height_m)
        };
        match self {
            Places::Given(given) => {
                let taken: BTreeSet<String> = placement.sites.iter().map(|site| site.name.to_string()).collect();
                if let Some(twice) = given.iter().find(|place| taken.contains(&place.name)) {
                    let name = &twice.name;
                    let text = format!("the place '{name}' has the name of a site of the placement; give it another");
                    return Err(SiteError::Place(text));
                }
                let site = |place: &Given| {
                    site(SiteName::from(place.name.clone()), place.lat_deg, place.lon_deg, place.height_m)
                };
                Ok(given.iter().filter_map(site).collect())
            }
            Places::Anywhere { height_m } => {
                let Some(plane) = placement.plane else { return Ok(Vec::new()) };
                let points = grid(town).into_iter().map(|(x, y)| plane.to_geographic(x, y));
                Ok(points
                    .zip(free_names(placement))
                    .filter_map(|((lat, lon), name)| site(name, lat, lon, *height_m))
                    .collect())
            }
        }
    }
}

/// `R0000` and so on, but for those that are taken.
pub(super) fn free_names(placement: &Placement) -> impl Iterator<Item = SiteName> + use<> {
    let names = placement.sites.iter().map(|site| site.name.to_string());
    let taken: BTreeSet<String> = names.filter(|name| name.starts_with('R')).collect();
    (0u32..).map(|n| SiteName::numbered('R', n)).filter(move |name| !taken.contains(&name.to_string()))
}

fn rounded(deg: f64) -> f64 {
    (deg * PER_DEGREE).round() / PER_DEGREE
}

/// Points within the longest link of somebody who needs a repeater, as many as are worth looking at.
fn grid(town: &Town) -> Vec<(f64, f64)> {
    let reach_m = town.longest_m.max(STEP_MIN_M);
    let needing: Vec<(f64, f64)> =
        Need::all(town).map(|(node, _)| (f64::from(node.x_m), f64::from(node.y_m))).collect();
    let mut step_m = (reach_m / LINES_PER_LINK).max(STEP_MIN_M);
    loop {
        let reach = (reach_m / step_m).ceil() as i64;
        let cells: BTreeSet<(i64, i64)> =
            needing.iter().map(|(x, y)| ((x / step_m).round() as i64, (y / step_m).round() as i64)).collect();
        let mut points = BTreeSet::new();
        for &(x, y) in &cells {
            for dx in -reach..=reach {
                for dy in -reach..=reach {
                    if dx * dx + dy * dy <= reach * reach {
                        points.insert((x + dx, y + dy));
                    }
                }
            }
        }
        if points.len() <= POINTS_MAX {
            return points.into_iter().map(|(x, y)| (x as f64 * step_m, y as f64 * step_m)).collect();
        }
        step_m *= 1.25;
    }
}
