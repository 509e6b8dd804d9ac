//! Which values a site may have, whatever the format, and which are possible and odd.

use super::{Fault, Place, PlacementRecord};

/// Lowest and highest antenna, m.
const HEIGHTS_M: std::ops::RangeInclusive<f64> = -500.0..=9_000.0;
/// Heights over ground that meters and gateways have.
const USUAL_HEIGHTS_M: std::ops::RangeInclusive<f64> = -20.0..=500.0;
/// Gains of antennas, losses of their cables included, dBi: from a broken one to a dish.
const GAINS_DBI: std::ops::RangeInclusive<f64> = -30.0..=30.0;
/// Gains that antennas of this band have, dBi: from a chip in a metal box to a sector antenna.
const USUAL_GAINS_DBI: std::ops::RangeInclusive<f64> = -15.0..=17.0;
/// No town lies nearer to a pole, degrees.
const USUAL_LAT_DEG: f64 = 80.0;
/// Degrees never reach this, nor do the numbers that stand for a missing value; metres of a projected system mostly do.
const PLAINLY_METRES: f64 = 20_000.0;
/// Two degrees never reach this both.
const METRES_BOTH: f64 = 400.0;

/// A fault and the column it is in.
pub(super) type ColumnFault = (Option<&'static str>, Fault);

/// A number of a text field.
pub(super) fn number(text: &str) -> Result<f64, Fault> {
    if text.is_empty() {
        return Err(Fault::MissingValue);
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(Fault::NotFinite { text: text.to_owned() }),
        Err(_) => {
            let comma = text.contains(',') && text.replace(',', ".").parse::<f64>().is_ok();
            let hint = if comma { " (the decimal mark is a point)" } else { "" };
            // A field may be long.
            Err(Fault::NotANumber { text: text.chars().take(40).collect(), hint })
        }
    }
}

/// Whether coordinates that should be degrees are metres.
pub(super) fn are_metres(lat: f64, lon: f64) -> bool {
    let (least, most) = (lat.abs().min(lon.abs()), lat.abs().max(lon.abs()));
    most.is_finite() && (most > PLAINLY_METRES || least > METRES_BOTH)
}

/// The record, if its values are possible ones.
pub(super) fn record(record: PlacementRecord, place: Place) -> Result<PlacementRecord, ColumnFault> {
    let PlacementRecord { lat_deg, lon_deg, height_m, antenna_gain_dbi, .. } = record;
    let numbers = [
        ("lat", Some(lat_deg)),
        ("lon", Some(lon_deg)),
        ("height_m", height_m),
        ("antenna_gain_dbi", antenna_gain_dbi),
    ];
    for (column, value) in numbers {
        if let Some(value) = value.filter(|v| !v.is_finite()) {
            return Err((Some(column), Fault::NotFinite { text: value.to_string() }));
        }
    }
    if lat_deg.abs() > 90.0 {
        let swapped = lon_deg.abs() <= 90.0 && lat_deg.abs() <= 180.0;
        let order = if matches!(place, Place::Feature(_)) { " (GeoJSON has [lon, lat])" } else { "" };
        let fault = if swapped {
            Fault::Swapped { lat_deg, lon_deg, order }
        } else {
            Fault::OutOfRange { value: lat_deg, what: "latitude", limit: 90.0 }
        };
        return Err((Some("lat"), fault));
    }
    if lon_deg.abs() > 180.0 {
        return Err((Some("lon"), Fault::OutOfRange { value: lon_deg, what: "longitude", limit: 180.0 }));
    }
    if let Some(height_m) = height_m.filter(|h| !HEIGHTS_M.contains(h)) {
        return Err((Some("height_m"), Fault::AbsurdHeight { height_m }));
    }
    if let Some(gain_dbi) = antenna_gain_dbi.filter(|gain| !GAINS_DBI.contains(gain)) {
        return Err((Some("antenna_gain_dbi"), Fault::AbsurdGain { gain_dbi }));
    }
    Ok(record)
}

/// What is odd about a site and allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Odd {
    /// At 0 N 0 E, where a missing position lies.
    Nowhere,
    /// Near a pole.
    Polar,
    /// Deep or high.
    Height,
    /// More or less gain than antennas have.
    Gain,
    /// An id that a spreadsheet has rounded.
    Rounded,
}

impl Odd {
    pub const ALL: [Odd; 5] = [Odd::Nowhere, Odd::Polar, Odd::Height, Odd::Gain, Odd::Rounded];

    /// Whether it is true of a site.
    pub fn is(self, site: &PlacementRecord) -> bool {
        match self {
            Odd::Nowhere => site.lat_deg == 0.0 && site.lon_deg == 0.0,
            Odd::Polar => site.lat_deg.abs() > USUAL_LAT_DEG,
            Odd::Height => site.height_m.is_some_and(|height| !USUAL_HEIGHTS_M.contains(&height)),
            Odd::Gain => site.antenna_gain_dbi.is_some_and(|gain| !USUAL_GAINS_DBI.contains(&gain)),
            Odd::Rounded => super::value::is_scientific(&site.name),
        }
    }

    /// What to tell of `count` such sites, of which `first` at `place` is one.
    pub fn tell(self, count: u64, place: Place, first: &PlacementRecord) -> String {
        let sites = if count == 1 { "1 site".to_owned() } else { format!("{count} sites") };
        let name = &first.name;
        match self {
            Odd::Nowhere => format!(
                "{sites} at 0 N 0 E ({name}, {place}), which is where a missing position lies; give the real one"
            ),
            Odd::Polar => format!(
                "{sites} beyond 80 degrees of latitude ({name} at {:.3}, {place}); check the coordinates and their order",
                first.lat_deg
            ),
            Odd::Height => format!(
                "{sites} with a height below -20 m or above 500 m ({name} with {} m, {place}); height_m is metres over \
                 ground, not over the sea",
                first.height_m.unwrap_or_default()
            ),
            Odd::Gain => format!(
                "{sites} with an antenna gain below -15 or above 17 dBi ({name} with {} dBi, {place}); antenna_gain_dbi is the \
                 gain over an isotropic antenna less the loss of the cable, not a power in dBm",
                first.antenna_gain_dbi.unwrap_or_default()
            ),
            Odd::Rounded => format!(
                "{sites} with an id such as {name} ({place}), which a spreadsheet has rounded: its last digits are gone, and \
                 it will not be found elsewhere; export the column as text"
            ),
        }
    }
}
