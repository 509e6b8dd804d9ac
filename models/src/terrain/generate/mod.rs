//! Made-up places: what a suburb, an old town, a group of towers, villages look like to a radio.

mod high_rise;
mod old_town;
mod outward;
mod regular;
mod suburb;
mod village;

use super::{EXTENT_MAX_M, LocalPlane, Placement, Site, SiteKind, SiteName, SpatialGrid, TerrainError, siting};
use amitwin_sim_core::rng::Stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most sites of a generated placement.
const SITES_MAX: u32 = 20_000_000;
const SPACING_MIN_M: f64 = 0.5;
const SPACING_MAX_M: f64 = 5_000.0;
/// Beyond it, a degree of longitude shrinks too fast for one plane.
const LATITUDE_MAX_DEG: f64 = 85.0;

/// Shape of a generated town. The files of the shapes say how each is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Generator {
    /// Blocks of detached houses on plots.
    Suburb,
    /// Crooked blocks of adjoining narrow houses around courtyards.
    OldTown,
    /// Towers with meter rooms.
    HighRise,
    /// Villages along bending roads, single farms beyond.
    Village,
    /// Meters on a straight line; a single border router stands at its start.
    Line,
    /// Meters on a square grid; a single border router stands at its corner.
    Grid,
}

impl Generator {
    /// Every generator.
    pub const ALL: [Generator; 6] = [
        Generator::Suburb,
        Generator::OldTown,
        Generator::HighRise,
        Generator::Village,
        Generator::Line,
        Generator::Grid,
    ];

    /// The word of scenario files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Generator::Suburb => "suburb",
            Generator::OldTown => "old-town",
            Generator::HighRise => "high-rise",
            Generator::Village => "village",
            Generator::Line => "line",
            Generator::Grid => "grid",
        }
    }

    /// The generator of a scenario file's word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|g| g.as_str() == name)
    }

    /// Spacing where none is given, m: width of a plot in a suburb, front of a house in an old town, distance of towers,
    /// distance of houses along a village road, distance of meters on a line or grid.
    pub const fn default_spacing_m(self) -> f64 {
        match self {
            Generator::Suburb => 22.0,
            Generator::OldTown => 7.0,
            Generator::HighRise => 70.0,
            Generator::Village => 28.0,
            Generator::Line => 50.0,
            Generator::Grid => 30.0,
        }
    }
}

/// What to generate.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerateSpec {
    /// Meters, at least 1.
    pub meters: u32,
    /// Gateways, at most as many as meters; 0 where they are sited later.
    pub gateways: u32,
    /// See [`Generator::default_spacing_m`]; the rest of the place scales with it.
    pub spacing_m: Option<f64>,
    /// Latitude of the origin, degrees: the middle of the place, the start of the line, the corner of the grid.
    pub lat_deg: f64,
    /// Longitude of the origin, degrees.
    pub lon_deg: f64,
}

impl Default for GenerateSpec {
    /// 100 meters and a gateway, somewhere at 50 N 10 E.
    fn default() -> Self {
        GenerateSpec { meters: 100, gateways: 1, spacing_m: None, lat_deg: 50.0, lon_deg: 10.0 }
    }
}

/// Where a meter hangs, in metres of the local plane and over ground.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spot {
    x: f32,
    y: f32,
    height: f32,
}

impl Spot {
    /// At the height of a meter box.
    fn low(x: f64, y: f64) -> Self {
        Spot { x: x as f32, y: y as f32, height: SiteKind::Meter.default_height_m() }
    }
}

/// Makes a place: meters `M000000`… first, then gateways `G0000`…, each in the middle of an equal share of the meters.
/// The same arguments give the same place on any machine.
pub fn generate(generator: Generator, params: &GenerateSpec, seed: u64) -> Result<Placement, TerrainError> {
    let &GenerateSpec { meters, gateways, lat_deg, lon_deg, .. } = params;
    let spacing_m = params.spacing_m.unwrap_or(generator.default_spacing_m());
    let name = generator.as_str();
    if meters == 0 {
        return Err(TerrainError::NoMeters { generator: name });
    }
    if meters.saturating_add(gateways) > SITES_MAX {
        return Err(TerrainError::TooMany { meters, gateways, max: SITES_MAX });
    }
    if gateways > meters {
        return Err(TerrainError::MoreGatewaysThanMeters { meters, gateways });
    }
    if !(SPACING_MIN_M..=SPACING_MAX_M).contains(&spacing_m) {
        return Err(TerrainError::BadSpacing { spacing_m, min: SPACING_MIN_M, max: SPACING_MAX_M });
    }
    if !(lat_deg.abs() <= LATITUDE_MAX_DEG && lon_deg.abs() <= 180.0) {
        return Err(TerrainError::BadOrigin { lat_deg, lon_deg });
    }
    let count = meters as usize;
    let spots = match generator {
        Generator::Suburb => suburb::spots(count, spacing_m, seed),
        Generator::OldTown => old_town::spots(count, spacing_m, seed),
        Generator::HighRise => high_rise::spots(count, spacing_m, seed),
        Generator::Village => village::spots(count, spacing_m, seed),
        Generator::Line => regular::line(count, spacing_m),
        Generator::Grid => regular::grid(count, spacing_m, gateways == 1),
    };
    let extent_m = extent_m(&spots);
    if extent_m > EXTENT_MAX_M {
        let (extent_km, max_km) = (extent_m / 1e3, EXTENT_MAX_M / 1e3);
        return Err(TerrainError::TooWide { generator: name, meters, extent_km, max_km });
    }
    let gateways = match generator {
        Generator::Line | Generator::Grid if gateways == 1 => vec![(0.0, 0.0)],
        Generator::Line | Generator::Grid => middles(&spots, gateways),
        _ => beside_meters(&spots, middles(&spots, gateways)),
    };
    Ok(placement(&LocalPlane::at(lat_deg, lon_deg), &spots, &gateways))
}

fn placement(plane: &LocalPlane, meters: &[Spot], gateways: &[(f32, f32)]) -> Placement {
    let site = |name, kind, Spot { x, y, height }| {
        let (lat_deg, lon_deg) = plane.to_geographic(x.into(), y.into());
        Site { name, kind, lat_deg, lon_deg, x_m: x, y_m: y, height_m: height, antenna_gain: None }
    };
    let mut sites = Vec::with_capacity(meters.len() + gateways.len());
    for (number, &spot) in (0u32..).zip(meters) {
        sites.push(site(SiteName::numbered('M', number), SiteKind::Meter, spot));
    }
    for (number, &(x, y)) in (0u32..).zip(gateways) {
        let height = SiteKind::Gateway.default_height_m();
        sites.push(site(SiteName::numbered('G', number), SiteKind::Gateway, Spot { x, y, height }));
    }
    Placement { sites, plane: Some(*plane), ..Placement::default() }
}

/// The middles of equal shares of the meters.
fn middles(spots: &[Spot], gateways: u32) -> Vec<(f32, f32)> {
    let mut points: Vec<(f32, f32)> = spots.iter().map(|s| (s.x, s.y)).collect();
    let mut centres = Vec::with_capacity(gateways as usize);
    siting::equal_shares(&mut points, gateways as usize, &mut centres);
    centres
}

/// Moves each gateway onto a pole beside the nearest meter: the middle of a share may be a field between two villages.
fn beside_meters(spots: &[Spot], middles: Vec<(f32, f32)>) -> Vec<(f32, f32)> {
    if middles.is_empty() {
        return middles;
    }
    let points: Vec<(f32, f32)> = spots.iter().map(|s| (s.x, s.y)).collect();
    let index = SpatialGrid::balanced(&points);
    let pole = |(x, y)| index.nearest_by(x, y, |_, d| d).map_or((x, y), |(meter, _)| points[meter as usize]);
    middles.into_iter().map(pole).collect()
}

/// Distance from end to end, m: from the point farthest from the bounding box's middle to the one farthest from that.
fn extent_m(spots: &[Spot]) -> f64 {
    let middle = |coordinate: fn(&Spot) -> f32| {
        let (low, high) = spots.iter().map(coordinate).fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(v), h.max(v)));
        (f64::from(low) + f64::from(high)) / 2.0
    };
    let farthest = |from: (f64, f64)| {
        let away = |s: &Spot| {
            let (dx, dy) = (f64::from(s.x) - from.0, f64::from(s.y) - from.1);
            dx * dx + dy * dy
        };
        let end = spots.iter().reduce(|a, b| if away(b) > away(a) { b } else { a });
        end.map_or((from, 0.0), |s| ((f64::from(s.x), f64::from(s.y)), away(s).sqrt()))
    };
    let (end, _) = farthest((middle(|s| s.x), middle(|s| s.y)));
    farthest(end).1
}

/// Uniform in `middle` ± `half`.
fn around(stream: &mut Stream, middle: f64, half: f64) -> f64 {
    middle + (stream.unit() * 2.0 - 1.0) * half
}

#[cfg(test)]
mod tests;
