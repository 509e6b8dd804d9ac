//! `[radio]`: the air.

use super::fading::FadingSpec;
use super::quantity::{Length, Maybe, Power, Ratio};
use crate::terrain::{AntennaGain, Site, SiteKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Radio and propagation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RadioSpec {
    /// Operating mode of the IEEE 802.15.4 SUN FSK PHY.
    pub phy: PhyMode,
    /// Regulatory region, which sets the channel plan; more power or, in Europe, more time on the air than it allows is a warning.
    pub region: Region,
    /// Transmit power of meters and repeaters.
    #[serde(rename = "tx_power", with = "Power")]
    #[schemars(extend("x-min" = "-30 dBm", "x-max" = "36 dBm"))]
    pub tx_power_dbm: f64,
    /// Transmit power of border routers; as `tx_power` when missing. A path loses the same in both directions, so that this is what
    /// they are better heard by than they hear.
    #[serde(rename = "gateway_tx_power", with = "Maybe::<Power>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "-30 dBm", "x-max" = "50 dBm"))]
    pub gateway_tx_power_dbm: Option<f64>,
    /// Standard deviation of the transmit power of meters and repeaters around `tx_power`, drawn for each: 1.4 times this is how much
    /// the two directions of a link between them differ.
    #[serde(rename = "tx_power_spread", with = "Ratio")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "10 dB"))]
    pub tx_power_spread_db: f64,
    /// Gain of border routers' antennas over an isotropic one, less the loss of the cable, in both directions; a placement's
    /// `antenna_gain_dbi` goes before it.
    #[serde(rename = "gateway_antenna_gain", with = "Ratio")]
    #[schemars(extend("x-min" = "-30 dB", "x-max" = "30 dB"))]
    pub gateway_antenna_gain_db: f64,
    /// The same of repeaters. That of meters is part of `meter_loss`.
    #[serde(rename = "repeater_antenna_gain", with = "Ratio")]
    #[schemars(extend("x-min" = "-30 dB", "x-max" = "30 dB"))]
    pub repeater_antenna_gain_db: f64,
    /// Height of the roofs. Border routers and repeaters whose antennas stand above it reach others over the roofs; when missing,
    /// all paths go through the streets and height counts in distances alone.
    #[serde(rename = "roof_height", with = "Maybe::<Length>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "3 m", "x-max" = "100 m"))]
    pub roof_height_m: Option<f64>,
    /// How level falls with distance.
    pub path_loss: LossModel,
    /// Surroundings, for the street-level loss.
    pub clutter: Clutter,
    /// Loss at 1 m, for the log-distance loss.
    #[serde(rename = "reference_loss", with = "Ratio")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "100 dB"))]
    pub reference_loss_db: f64,
    /// Exponent, for the log-distance loss: 10 times this many dB a decade.
    #[schemars(range(min = 1.5, max = 8.0))]
    pub exponent: f64,
    /// Standard deviation of shadowing; "0 dB" switches it off.
    #[serde(rename = "shadowing", with = "Ratio")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "20 dB"))]
    pub shadowing_sigma_db: f64,
    /// Distance over which shadowing decorrelates to 1/e.
    #[serde(rename = "shadowing_distance", with = "Length")]
    #[schemars(extend("x-min" = "1 m", "x-max" = "10 km"))]
    pub shadowing_distance_m: f64,
    /// Loss of a meter's box and antenna, on each end that is a meter; an `antenna_gain_dbi` of the placement is taken off it.
    #[serde(rename = "meter_loss", with = "Ratio")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "60 dB"))]
    pub meter_loss_db: f64,
    /// Effective noise figure of every receiver.
    #[serde(rename = "noise_figure", with = "Ratio")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "30 dB"))]
    pub noise_figure_db: f64,
    /// How the level of a frame varies around its link's mean.
    pub fading: FadingSpec,
    /// Level above which a channel counts as busy; the lower it is, the fewer hidden nodes there are. When missing, as the stack has it: nanostack listens
    /// for signals as weak as the weakest that a node receives, between -60 and -100 dBm; others for -100 dBm.
    #[serde(rename = "cca_threshold", with = "Maybe::<Power>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "-120 dBm", "x-max" = "-20 dBm"))]
    pub cca_threshold_dbm: Option<f64>,
    /// Weaker signals are left out of the model, as reception and as interference.
    #[serde(rename = "hearing_floor", with = "Power")]
    #[schemars(extend("x-min" = "-130 dBm", "x-max" = "-60 dBm"))]
    pub hearing_floor_dbm: f64,
    /// Strongest neighbours that a radio keeps in its table, at about 3.7 bytes each. Whoever is left out is neither heard nor
    /// disturbs, which makes a dense town look better than it is; a run says how many
    /// that are where it can change a result.
    #[schemars(with = "u32", range(min = 4, max = 4096))]
    pub neighbours_max: usize,
}

impl Default for RadioSpec {
    fn default() -> Self {
        RadioSpec {
            phy: PhyMode::M1b,
            region: Region::NorthAmerica,
            tx_power_dbm: 27.0,
            gateway_tx_power_dbm: None,
            tx_power_spread_db: 0.0,
            gateway_antenna_gain_db: 0.0,
            repeater_antenna_gain_db: 0.0,
            roof_height_m: None,
            path_loss: LossModel::StreetLevel,
            clutter: Clutter::Suburban,
            reference_loss_db: 31.7,
            exponent: 3.0,
            shadowing_sigma_db: 7.0,
            shadowing_distance_m: 50.0,
            meter_loss_db: 8.0,
            noise_figure_db: 10.0,
            fading: FadingSpec::default(),
            cca_threshold_dbm: None,
            hearing_floor_dbm: -110.0,
            neighbours_max: 1_024,
        }
    }
}

impl RadioSpec {
    /// Level from which on a channel is busy where no stack adapts it, dBm.
    pub fn cca_dbm(&self) -> f64 {
        self.cca_threshold_dbm.unwrap_or(-100.0)
    }

    /// Transmit power of border routers, dBm.
    pub fn gateway_power_dbm(&self) -> f64 {
        self.gateway_tx_power_dbm.unwrap_or(self.tx_power_dbm)
    }

    /// What box and antenna at a site lose, dB; negative: a gain.
    pub fn end_loss_db(&self, site: &Site) -> f64 {
        let (box_db, gain_db) = match site.kind {
            SiteKind::Meter => (self.meter_loss_db, 0.0),
            SiteKind::Repeater => (0.0, self.repeater_antenna_gain_db),
            SiteKind::Gateway | SiteKind::Transformer => (0.0, self.gateway_antenna_gain_db),
        };
        box_db - site.antenna_gain.map_or(gain_db, AntennaGain::dbi)
    }

    /// Path loss, with the settings that its model takes.
    pub fn loss(&self) -> PathLoss {
        match self.path_loss {
            LossModel::StreetLevel => PathLoss::StreetLevel(self.clutter),
            LossModel::LogDistance => {
                PathLoss::LogDistance { reference_db: self.reference_loss_db, exponent: self.exponent }
            }
        }
    }
}

/// Operating mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PhyMode {
    /// 50 kb/s, modulation index 0.5.
    #[serde(rename = "1a")]
    M1a,
    /// 50 kb/s, modulation index 1.
    #[serde(rename = "1b")]
    M1b,
    /// 100 kb/s, modulation index 0.5.
    #[serde(rename = "2a")]
    M2a,
    /// 100 kb/s, modulation index 1.
    #[serde(rename = "2b")]
    M2b,
    /// 150 kb/s, modulation index 0.5.
    #[serde(rename = "3")]
    M3,
    /// 200 kb/s, modulation index 0.5.
    #[serde(rename = "4a")]
    M4a,
    /// 200 kb/s, modulation index 1.
    #[serde(rename = "4b")]
    M4b,
    /// 300 kb/s, modulation index 0.5.
    #[serde(rename = "5")]
    M5,
    /// 250 kb/s O-QPSK at 2.4 GHz, for comparison with other simulators; not a metering mode.
    #[serde(rename = "oqpsk-250")]
    Oqpsk250,
}

impl PhyMode {
    /// Data rate, bits a second.
    pub const fn rate_bps(self) -> u32 {
        match self {
            PhyMode::M1a | PhyMode::M1b => 50_000,
            PhyMode::M2a | PhyMode::M2b => 100_000,
            PhyMode::M3 => 150_000,
            PhyMode::M4a | PhyMode::M4b => 200_000,
            PhyMode::M5 => 300_000,
            PhyMode::Oqpsk250 => 250_000,
        }
    }
}

/// Regulatory region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Region {
    /// North America, 902-928 MHz.
    #[serde(rename = "na")]
    NorthAmerica,
    /// Europe, 863-870 MHz.
    #[serde(rename = "eu")]
    Europe,
}

/// Model of path loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LossModel {
    /// Street level of ITU-R P.1411, by `clutter`.
    StreetLevel,
    /// `reference_loss` at 1 m and `exponent`.
    LogDistance,
}

/// Surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Clutter {
    /// Detached houses.
    Suburban,
    /// Closed rows of houses.
    Urban,
    /// High-rise.
    DenseUrban,
}

/// Path loss between two radios near the ground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PathLoss {
    /// ITU-R P.1411 street level, location variability of 7 dB by default.
    StreetLevel(Clutter),
    /// `reference_db` at one metre and `exponent` x 10 dB a decade.
    LogDistance {
        /// Loss at 1 m, dB.
        reference_db: f64,
        /// Exponent.
        exponent: f64,
    },
}
