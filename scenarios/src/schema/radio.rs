//! `[radio]` and `[mac]`: the air and the rules for using it.

use super::quantity::{Length, Power, Ratio};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Radio and propagation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RadioSection {
    /// Operating mode of the IEEE 802.15.4 SUN FSK PHY.
    pub phy: Phy,
    /// Regulatory region, which sets the channel plan.
    pub region: Region,
    /// Transmit power of meters and repeaters.
    #[schemars(extend("x-min" = "-30 dBm", "x-max" = "36 dBm"))]
    pub tx_power: Power,
    /// Transmit power of border routers; as `tx_power` when missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "-30 dBm", "x-max" = "36 dBm"))]
    pub gateway_tx_power: Option<Power>,
    /// How level falls with distance.
    pub path_loss: PathLoss,
    /// Surroundings, for the street-level loss.
    pub clutter: Clutter,
    /// Loss at 1 m, for the log-distance loss.
    #[schemars(extend("x-min" = "0 dB", "x-max" = "100 dB"))]
    pub reference_loss: Ratio,
    /// Exponent, for the log-distance loss: 10 times this many dB a decade.
    #[schemars(range(min = 1.5, max = 8.0))]
    pub exponent: f64,
    /// Standard deviation of shadowing; "0 dB" switches it off.
    #[schemars(extend("x-min" = "0 dB", "x-max" = "20 dB"))]
    pub shadowing: Ratio,
    /// Distance over which shadowing decorrelates to 1/e.
    #[schemars(extend("x-min" = "1 m", "x-max" = "10 km"))]
    pub shadowing_distance: Length,
    /// Loss of a meter's box and antenna, on each end that is a meter.
    #[schemars(extend("x-min" = "0 dB", "x-max" = "60 dB"))]
    pub meter_loss: Ratio,
    /// Effective noise figure of every receiver.
    #[schemars(extend("x-min" = "0 dB", "x-max" = "30 dB"))]
    pub noise_figure: Ratio,
    /// Standard deviation of a single frame's level around its link's.
    #[schemars(extend("x-min" = "0 dB", "x-max" = "15 dB"))]
    pub frame_spread: Ratio,
    /// Level above which a channel counts as busy. Stacks adapt it between about -60 and -100 dBm; the lower it is, the
    /// fewer hidden nodes there are.
    #[schemars(extend("x-min" = "-120 dBm", "x-max" = "-20 dBm"))]
    pub cca_threshold: Power,
    /// Weaker signals are left out of the model, as reception and as interference.
    #[schemars(extend("x-min" = "-130 dBm", "x-max" = "-60 dBm"))]
    pub hearing_floor: Power,
    /// Strongest neighbours that a radio keeps in its table, at about 3.7 bytes each. Whoever is left out is neither heard nor
    /// disturbs, which makes a dense town look better than it is; a run says how many that are.
    #[schemars(range(min = 4, max = 4096))]
    pub neighbours_max: u32,
}

impl Default for RadioSection {
    fn default() -> Self {
        RadioSection {
            phy: Phy::M1b,
            region: Region::Na,
            tx_power: Power(27.0),
            gateway_tx_power: None,
            path_loss: PathLoss::StreetLevel,
            clutter: Clutter::Suburban,
            reference_loss: Ratio(31.7),
            exponent: 3.0,
            shadowing: Ratio(7.0),
            shadowing_distance: Length(50.0),
            meter_loss: Ratio(8.0),
            noise_figure: Ratio(10.0),
            frame_spread: Ratio(3.0),
            cca_threshold: Power(-100.0),
            hearing_floor: Power(-110.0),
            neighbours_max: 1_024,
        }
    }
}

/// Operating mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Phy {
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

/// Regulatory region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Region {
    /// North America, 902-928 MHz.
    Na,
    /// Europe, 863-870 MHz.
    Eu,
}

/// Model of path loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PathLoss {
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

/// Link layer: unslotted CSMA/CA with acknowledgements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MacSection {
    /// Smallest backoff exponent.
    #[schemars(range(min = 0, max = 8))]
    pub min_be: u8,
    /// Largest backoff exponent; at least `min_be`.
    #[schemars(range(min = 3, max = 8))]
    pub max_be: u8,
    /// Further tries to find the channel clear after the first.
    #[schemars(range(min = 0, max = 20))]
    pub csma_backoffs: u8,
    /// Retransmissions of a frame that is not acknowledged.
    #[schemars(range(min = 0, max = 30))]
    pub frame_retries: u8,
    /// Frames that a meter or repeater can hold.
    #[schemars(range(min = 1, max = 4096))]
    pub queue: u16,
    /// Frames that a border router can hold.
    #[schemars(range(min = 1, max = 65_535))]
    pub gateway_queue: u16,
    /// Hop over the channel plan; otherwise everyone shares one channel.
    pub hopping: bool,
}

impl Default for MacSection {
    fn default() -> Self {
        MacSection {
            min_be: 3,
            max_be: 5,
            csma_backoffs: 8,
            frame_retries: 7,
            queue: 32,
            gateway_queue: 256,
            hopping: true,
        }
    }
}
