//! Weather by the hour, as it was read from a file.

/// Hours of air and sun, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Hours {
    /// Where they lie in time.
    pub when: When,
    /// Temperature of the air at each, C.
    pub air_c: Vec<f32>,
    /// Sun on level ground at each, W/m2.
    pub sun_w_m2: Vec<f32>,
    /// Rain in the hour that ends at each, mm; empty if the file has none.
    pub rain_mm: Vec<f32>,
    /// Latitude and longitude where they were recorded, degrees, if the file says so.
    pub place_deg: Option<(f64, f64)>,
}

/// Where hours lie in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// The first is at this moment, seconds since 1970.
    From(i64),
    /// The hours of any year of 365 days in a zone so many hours ahead of UTC: air at the end of each, sun over it.
    Yearly(f64),
}
