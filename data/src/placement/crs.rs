//! Coordinate reference systems: degrees as they are, and projected systems that are converted to degrees.

use proj4rs::Proj;
use proj4rs::transform::transform;

const WGS84: &str = "+proj=longlat +datum=WGS84 +no_defs";
/// What a place is rounded to, parts of a degree: a tenth of a millimetre, so that the last bit of a processor's or a
/// library's sine moves no site.
const PARTS_PER_DEGREE: f64 = 1e9;

/// Where coordinates of a file lie on the globe.
pub struct Crs {
    name: String,
    /// From that system to WGS 84; `None` where coordinates are degrees already.
    projected: Option<(Proj, Proj)>,
}

impl std::fmt::Debug for Crs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Crs {
    /// Longitude and latitude in degrees, WGS 84.
    pub fn degrees() -> Crs {
        Crs { name: "EPSG:4326".to_owned(), projected: None }
    }

    /// The system of this name: `EPSG:25832` in any of its spellings, `CRS84`, or a PROJ string.
    ///
    /// # Errors
    /// It is not known; the text says what is.
    pub fn parse(text: &str) -> Result<Crs, String> {
        let text = text.trim();
        if text.contains("+proj=") {
            return Crs::converted(text, text);
        }
        let upper = text.to_uppercase();
        if upper.contains("CRS84") || upper.contains("CRS:84") {
            return Ok(Crs::degrees());
        }
        let unknown = || {
            format!(
                "the coordinate reference system '{text}' is not known; known are EPSG:4326, 3857, 3035, the UTM zones \
                 326xx, 327xx and 258xx, some national grids, and PROJ strings such as \"+proj=utm +zone=32 +ellps=GRS80\""
            )
        };
        let digits = upper.trim_end_matches(|c: char| !c.is_ascii_digit());
        let code = digits.rsplit(|c: char| !c.is_ascii_digit()).next().and_then(|code| code.parse().ok());
        let named = upper.contains("EPSG") || upper.bytes().all(|b| b.is_ascii_digit());
        let code: u32 = code.filter(|_| named).ok_or_else(unknown)?;
        let name = format!("EPSG:{code}");
        match code {
            // Geographic systems of today's continents; ETRS89 and NAD83 are less than 2 m from WGS 84.
            4326 | 4979 | 4258 | 4937 | 4269 => Ok(Crs { name, projected: None }),
            _ => Crs::converted(&name, &definition(code).ok_or_else(unknown)?),
        }
    }

    fn converted(name: &str, definition: &str) -> Result<Crs, String> {
        let proj = |text: &str| {
            Proj::from_proj_string(text).map_err(|error| format!("'{name}' is no coordinate reference system: {error}"))
        };
        let from = proj(definition)?;
        if from.is_latlong() && definition.contains("WGS84") {
            return Ok(Crs { name: name.to_owned(), projected: None });
        }
        if !from.has_inverse() && !from.is_latlong() {
            return Err(format!(
                "'{name}' cannot be converted to degrees; convert the file before, for example with ogr2ogr"
            ));
        }
        Ok(Crs { name: name.to_owned(), projected: Some((from, proj(WGS84)?)) })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether coordinates are metres of a plane.
    pub fn is_projected(&self) -> bool {
        self.projected.as_ref().is_some_and(|(from, _)| !from.is_latlong())
    }

    /// Longitude and latitude of a place, degrees; `None` if the system has no such place.
    pub fn to_degrees(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let Some((from, to)) = &self.projected else { return Some((x, y)) };
        let mut point = if from.is_latlong() { (x.to_radians(), y.to_radians(), 0.0) } else { (x, y, 0.0) };
        transform(from, to, &mut point).ok()?;
        let round = |radians: f64| (radians.to_degrees() * PARTS_PER_DEGREE).round() / PARTS_PER_DEGREE;
        let (lon, lat) = (round(point.0), round(point.1));
        (lon.is_finite() && lat.is_finite()).then_some((lon, lat))
    }
}

/// The PROJ string of a projected system of the EPSG register.
fn definition(code: u32) -> Option<String> {
    let utm = |zone: u32, more: &str| (1..=60).contains(&zone).then(|| format!("+proj=utm +zone={zone} {more}"));
    let gauss_krueger = |zone: u32| {
        format!(
            "+proj=tmerc +lat_0=0 +lon_0={} +k=1 +x_0={} +y_0=0 +ellps=bessel \
             +towgs84=598.1,73.7,418.2,0.202,0.045,-2.455,6.7 +units=m",
            3 * zone,
            zone * 1_000_000 + 500_000
        )
    };
    let text = match code {
        32601..=32660 => return utm(code - 32600, "+datum=WGS84 +units=m"),
        32701..=32760 => return utm(code - 32700, "+south +datum=WGS84 +units=m"),
        25828..=25838 => return utm(code - 25800, "+ellps=GRS80 +units=m"),
        26901..=26923 => return utm(code - 26900, "+ellps=GRS80 +units=m"),
        31466..=31469 => return Some(gauss_krueger(code - 31464)),
        3857 | 3785 | 900_913 | 102_100 => {
            "+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null"
        }
        3035 => "+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 +ellps=GRS80 +units=m",
        2056 => {
            "+proj=somerc +lat_0=46.9524055555556 +lon_0=7.43958333333333 +k_0=1 +x_0=2600000 +y_0=1200000 \
             +ellps=bessel +towgs84=674.374,15.056,405.346,0,0,0,0 +units=m"
        }
        2154 => "+proj=lcc +lat_0=46.5 +lon_0=3 +lat_1=49 +lat_2=44 +x_0=700000 +y_0=6600000 +ellps=GRS80 +units=m",
        2180 => "+proj=tmerc +lat_0=0 +lon_0=19 +k=0.9993 +x_0=500000 +y_0=-5300000 +ellps=GRS80 +units=m",
        3006 => "+proj=utm +zone=33 +ellps=GRS80 +units=m",
        3067 => "+proj=utm +zone=35 +ellps=GRS80 +units=m",
        27700 => {
            "+proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy \
             +towgs84=446.448,-125.157,542.06,0.15,0.247,0.842,-20.489 +units=m"
        }
        28992 => {
            "+proj=sterea +lat_0=52.1561605555556 +lon_0=5.38763888888889 +k=0.9999079 +x_0=155000 +y_0=463000 \
             +ellps=bessel +towgs84=565.4171,50.3319,465.5524,-0.398957,0.343988,-1.877402,4.0725 +units=m"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests;
