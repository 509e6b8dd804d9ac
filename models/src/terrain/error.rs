//! What can be wrong with a request for a placement.

use super::SiteName;

/// Why no placement could be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TerrainError {
    /// A site that is nowhere on earth.
    #[error(
        "site {name}: latitude {lat_deg}, longitude {lon_deg}, height {height_m} m is no place on earth; latitude goes \
         from -90 to 90, longitude from -180 to 180 degrees, and all three must be finite"
    )]
    BadPosition {
        /// Which site.
        name: SiteName,
        /// Degrees.
        lat_deg: f64,
        /// Degrees.
        lon_deg: f64,
        /// Metres.
        height_m: f32,
    },
    /// A generator was asked for nothing.
    #[error("the generator {generator} was asked for 0 meters; ask for at least 1")]
    NoMeters {
        /// Which generator.
        generator: &'static str,
    },
    /// Ids are 32 bits wide, and memory is finite.
    #[error("{meters} meters and {gateways} gateways are more than the {max} sites that a placement may have")]
    TooMany {
        /// Asked for.
        meters: u32,
        /// Asked for.
        gateways: u32,
        /// Most that are possible.
        max: u32,
    },
    /// More gateways than meters.
    #[error("{gateways} gateways for {meters} meters; ask for at most one gateway a meter")]
    MoreGatewaysThanMeters {
        /// Asked for.
        meters: u32,
        /// Asked for.
        gateways: u32,
    },
    /// A spacing that no place has.
    #[error(
        "a spacing of {spacing_m} m is not possible; give one from {min} to {max} m, or leave it out for the generator's own"
    )]
    BadSpacing {
        /// Asked for, m.
        spacing_m: f64,
        /// Smallest, m.
        min: f64,
        /// Largest, m.
        max: f64,
    },
    /// An origin where the local plane makes no sense.
    #[error(
        "an origin at latitude {lat_deg}, longitude {lon_deg} is not possible; latitude goes from -85 to 85 and \
         longitude from -180 to 180 degrees"
    )]
    BadOrigin {
        /// Degrees.
        lat_deg: f64,
        /// Degrees.
        lon_deg: f64,
    },
    /// The local plane would end.
    #[error(
        "the generator {generator} would spread {meters} meters over {extent_km:.0} km, and a placement may be \
         {max_km:.0} km wide; ask for fewer meters or a smaller spacing"
    )]
    TooWide {
        /// Which generator.
        generator: &'static str,
        /// Asked for.
        meters: u32,
        /// Width, km.
        extent_km: f64,
        /// Widest allowed, km.
        max_km: f64,
    },
    /// Gateways were to be sited at transformers.
    #[error(
        "no gateway can be sited at a transformer, because the placement has none; give sites of kind transformer, or \
         site gateways by number of meters"
    )]
    NoTransformer,
    /// Gateways were to be sited among meters.
    #[error("no gateway can be sited by number of meters, because the placement has no meter")]
    NothingToServe,
    /// A gateway for no meter.
    #[error("gateways for 0 meters each were asked for; ask for at least 1 meter a gateway")]
    ZeroMetersPerGateway,
}
