//! `[placement]`: where meters and border routers stand.

use super::quantity::{Angle, Length, Maybe};
use amitwin_data::placement::ColumnNames;
use amitwin_models::terrain::Generator;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where meters and border routers stand: a file, or a generated town.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlacementSection {
    /// CSV, GeoJSON or Parquet with `id`, `lat`, `lon` and optionally `kind` (meter; gateway, a border router; repeater, a
    /// radio that only relays; transformer), `height_m` (of the antenna over ground) and `antenna_gain_dbi`; usual names of these are
    /// understood. The path is relative to the scenario file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub file: Option<String>,
    /// What the columns of the file are called, where their names are not the usual ones, such as { id = "Zaehler" }.
    #[serde(skip_serializing_if = "ColumnNames::is_default")]
    pub columns: ColumnNames,
    /// Coordinate reference system of the file, such as "EPSG:25832" or a PROJ string; degrees (WGS 84) when missing, or
    /// what a GeoJSON file says itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1_000))]
    pub crs: Option<String>,
    /// Shape of a generated town.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator: Option<Generator>,
    /// Meters to generate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2_000_000))]
    pub meters: Option<u32>,
    /// Number of border routers, spread evenly over the meters. A file that names its own (kind gateway) needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub gateways: Option<u32>,
    /// Rule that places the border routers, instead of a number of `gateways`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub siting: Option<Siting>,
    /// Meters that one border router should serve, for `siting = "k-means"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub meters_per_gateway: Option<u32>,
    /// Repeaters to add: a file as `file` is, in degrees, of sites of kind repeater, such as `amitwin site` writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub repeaters: Option<String>,
    /// Height over ground of the antennas of border routers that have none of their own in the file; 10 m when missing, or the
    /// transformer's with `siting = "transformers"`.
    #[serde(rename = "gateway_height", with = "Maybe::<Length>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "0.5 m", "x-max" = "500 m"))]
    pub gateway_height_m: Option<f64>,
    /// Distance between neighbours of a generated town; the rest of the town scales with it. When missing: suburb 22 m,
    /// old-town 7 m, high-rise 70 m, village 28 m, line 50 m, grid 30 m.
    #[serde(rename = "spacing", with = "Maybe::<Length>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "0.5 m", "x-max" = "5 km"))]
    pub spacing_m: Option<f64>,
    /// Where on the globe the generated town lies; 50 deg north, 10 deg east when missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// Rule that places border routers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Siting {
    /// At every transformer station of the file.
    Transformers,
    /// In the middle of clusters of about `meters_per_gateway` meters.
    KMeans,
}

/// A point on the globe.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Latitude, WGS 84, such as "51.5 deg".
    #[serde(rename = "lat", with = "Angle")]
    #[schemars(extend("x-min" = "-85 deg", "x-max" = "85 deg"))]
    pub lat_deg: f64,
    /// Longitude, WGS 84, such as "-0.12 deg".
    #[serde(rename = "lon", with = "Angle")]
    #[schemars(extend("x-min" = "-180 deg", "x-max" = "180 deg"))]
    pub lon_deg: f64,
}
