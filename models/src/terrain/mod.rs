//! Where radios stand: placements, generators, siting of gateways.

mod grid;

pub use grid::SpatialGrid;

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

/// One place of the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Name from the input, or generated (`M000001`, `G0001`).
    pub name: String,
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
}

/// All sites of a run; the index in `sites` is the node id everywhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placement {
    /// Meters, gateways, repeaters (and transformers, which have no radio), in id order.
    pub sites: Vec<Site>,
}
