//! Sites and placements: what stands where.

use super::{LocalPlane, SiteName, TerrainError};
use amitwin_data::attributes::Attributes;
use amitwin_data::rows::NodeKind;
use std::fmt;
use std::num::NonZeroI16;
use std::sync::Arc;

/// What stands at a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SiteKind {
    /// An electricity meter with a radio.
    Meter,
    /// A border router.
    Gateway,
    /// A range extender: routes, has no meter.
    Repeater,
    /// A transformer station: no radio; a gateway may be sited there.
    Transformer,
}

impl SiteKind {
    /// Every kind, in order.
    pub const ALL: [SiteKind; 4] = [SiteKind::Meter, SiteKind::Gateway, SiteKind::Repeater, SiteKind::Transformer];

    /// The word of input files and tables.
    pub const fn as_str(self) -> &'static str {
        self.in_tables().as_str()
    }

    /// Its kind in the `nodes` table.
    pub const fn in_tables(self) -> NodeKind {
        match self {
            SiteKind::Meter => NodeKind::Meter,
            SiteKind::Gateway => NodeKind::Gateway,
            SiteKind::Repeater => NodeKind::Repeater,
            SiteKind::Transformer => NodeKind::Transformer,
        }
    }

    /// Antenna height over ground where none is given, m: a meter box at 1.5, a gateway on a pole at 10, a repeater on
    /// a street light at 6; for a transformer, where a gateway's antenna would stand.
    pub const fn default_height_m(self) -> f32 {
        match self {
            SiteKind::Meter => 1.5,
            SiteKind::Gateway | SiteKind::Transformer => 10.0,
            SiteKind::Repeater => 6.0,
        }
    }

    /// Whether it takes part in the mesh.
    pub const fn has_radio(self) -> bool {
        !matches!(self, SiteKind::Transformer)
    }
}

impl fmt::Display for SiteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Gain of an antenna over an isotropic one, in hundredths of a decibel: two bytes, with none as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AntennaGain(NonZeroI16);

impl AntennaGain {
    /// More than any gain takes off, so that none is stored as 0.
    const ABOVE: i16 = 20_000;

    /// So many dBi, from -100 to 100.
    pub fn from_dbi(dbi: f64) -> Self {
        let hundredths = (100.0 * dbi.clamp(-100.0, 100.0)).round() as i16;
        AntennaGain(NonZeroI16::new(hundredths + Self::ABOVE).unwrap_or(NonZeroI16::MAX))
    }

    /// In dBi.
    pub fn dbi(self) -> f64 {
        f64::from(self.0.get() - Self::ABOVE) / 100.0
    }
}

/// One place of the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Name from the input, or generated (`M000000`, `G0000`).
    pub name: SiteName,
    /// What stands there.
    pub kind: SiteKind,
    /// Latitude, degrees, WGS 84.
    pub lat_deg: f64,
    /// Longitude, degrees, WGS 84.
    pub lon_deg: f64,
    /// Metres east of the placement's origin (local plane).
    pub x_m: f32,
    /// Metres north of the placement's origin (local plane).
    pub y_m: f32,
    /// Antenna height over ground, m.
    pub height_m: f32,
    /// Antenna gain, where it is not that of its kind.
    pub antenna_gain: Option<AntennaGain>,
}

impl Site {
    /// Squared distance to another site in three dimensions, m².
    pub fn distance_squared(&self, other: &Site) -> f64 {
        let dx = f64::from(self.x_m) - f64::from(other.x_m);
        let dy = f64::from(self.y_m) - f64::from(other.y_m);
        let dz = f64::from(self.height_m) - f64::from(other.height_m);
        dx * dx + dy * dy + dz * dz
    }

    /// Distance to another site in three dimensions, m.
    pub fn distance_m(&self, other: &Site) -> f64 {
        self.distance_squared(other).sqrt()
    }
}

/// All sites of a run; the index in `sites` is the node id everywhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placement {
    /// Meters, gateways, repeaters (and transformers, which have no radio), in id order.
    pub sites: Vec<Site>,
    /// Columns of the input that are the user's own, by the index of the site; sites beyond those of the input have none.
    pub attributes: Arc<Attributes>,
    /// The plane of the sites' coordinates in metres; `None` for sites that were given in metres alone.
    pub plane: Option<LocalPlane>,
}

impl Placement {
    /// Sites from (name, kind, latitude, longitude, height over ground in m or `None` for the kind's default), in this
    /// order. The local plane's origin is the middle of the bounding box.
    pub fn from_geographic<N: Into<SiteName>>(
        sites: impl IntoIterator<Item = (N, SiteKind, f64, f64, Option<f64>)>,
    ) -> Result<Self, TerrainError> {
        let mut sites = sites
            .into_iter()
            .map(|(name, kind, lat_deg, lon_deg, height)| {
                let name = name.into();
                let height_m = height.map_or(kind.default_height_m(), |h| h as f32);
                // Written so that NaN fails too.
                if !(lat_deg.abs() <= 90.0 && lon_deg.abs() <= 180.0 && height_m.is_finite()) {
                    return Err(TerrainError::BadPosition { name, lat_deg, lon_deg, height_m });
                }
                Ok(Site { name, kind, lat_deg, lon_deg, x_m: 0.0, y_m: 0.0, height_m, antenna_gain: None })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let plane = LocalPlane::around(sites.iter().map(|s| (s.lat_deg, s.lon_deg)));
        if let Some(plane) = &plane {
            for site in &mut sites {
                let (x, y) = plane.to_local(site.lat_deg, site.lon_deg);
                (site.x_m, site.y_m) = (x as f32, y as f32);
            }
        }
        Ok(Placement { sites, plane, ..Placement::default() })
    }

    /// A site on the plane of this placement, by latitude and longitude; `None` if the placement has no plane.
    pub fn site_at(&self, name: SiteName, kind: SiteKind, lat_deg: f64, lon_deg: f64, height_m: f32) -> Option<Site> {
        let (x, y) = self.plane?.to_local(lat_deg, lon_deg);
        Some(Site { name, kind, lat_deg, lon_deg, x_m: x as f32, y_m: y as f32, height_m, antenna_gain: None })
    }

    /// Node ids of all sites of one kind, ascending.
    pub fn of_kind(&self, kind: SiteKind) -> impl Iterator<Item = u32> + '_ {
        (0u32..).zip(&self.sites).filter(move |(_, s)| s.kind == kind).map(|(id, _)| id)
    }

    /// Number of sites of one kind.
    pub fn count(&self, kind: SiteKind) -> usize {
        self.sites.iter().filter(|s| s.kind == kind).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_sites_take_48_megabytes() {
        assert!(size_of::<Site>() <= 48, "{} bytes", size_of::<Site>());
    }

    #[test]
    fn gains_are_kept_to_a_hundredth() {
        for dbi in [-30.0, -0.01, 0.0, 2.15, 5.15, 30.0] {
            assert_eq!(AntennaGain::from_dbi(dbi).dbi(), dbi);
        }
        assert_eq!(AntennaGain::from_dbi(1e9).dbi(), 100.0);
    }

    #[test]
    fn from_geographic_centres_the_plane_and_fills_in_heights() {
        // 0.002 degrees of latitude on both sides of 45 N: 111,132 m a degree, hence 222.26 m.
        let placement = Placement::from_geographic([
            ("south", SiteKind::Meter, 44.999, 7.0, None),
            ("north", SiteKind::Gateway, 45.001, 7.0, None),
            ("middle", SiteKind::Repeater, 45.0, 7.0, Some(4.0)),
        ])
        .unwrap();
        let y: Vec<f32> = placement.sites.iter().map(|s| s.y_m).collect();
        assert!((y[0] + 111.13).abs() < 0.01 && (y[1] - 111.13).abs() < 0.01 && y[2].abs() < 0.001, "{y:?}");
        assert!(placement.sites.iter().all(|s| s.x_m == 0.0));
        let heights: Vec<f32> = placement.sites.iter().map(|s| s.height_m).collect();
        assert_eq!(heights, [1.5, 10.0, 4.0]);
        assert_eq!(placement.of_kind(SiteKind::Gateway).collect::<Vec<_>>(), [1]);
        assert_eq!(placement.count(SiteKind::Transformer), 0);
    }

    #[test]
    fn from_geographic_refuses_what_is_nowhere() {
        for (lat, lon, height) in
            [(91.0, 0.0, None), (0.0, 180.5, None), (f64::NAN, 0.0, None), (0.0, 0.0, Some(f64::INFINITY))]
        {
            let error = Placement::from_geographic([("X7", SiteKind::Meter, lat, lon, height)]).unwrap_err();
            assert!(error.to_string().starts_with("site X7: "), "{error}");
        }
    }

    #[test]
    fn an_empty_placement_is_a_placement() {
        let none: [(&str, SiteKind, f64, f64, Option<f64>); 0] = [];
        assert_eq!(Placement::from_geographic(none).unwrap(), Placement::default());
    }
}
