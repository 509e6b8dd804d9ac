//! `[mac]`: the rules for using the air.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Link layer: unslotted CSMA/CA with acknowledgements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MacSpec {
    /// Smallest backoff exponent.
    #[schemars(range(min = 0, max = 8))]
    pub min_be: u8,
    /// Largest backoff exponent; at least `min_be`.
    #[schemars(range(min = 3, max = 8))]
    pub max_be: u8,
    /// Further tries to find the channel clear after the first.
    #[serde(rename = "csma_backoffs")]
    #[schemars(range(min = 0, max = 20))]
    pub csma_backoffs_max: u8,
    /// Retransmissions of a frame that is not acknowledged.
    #[serde(rename = "frame_retries")]
    #[schemars(range(min = 0, max = 30))]
    pub frame_retries_max: u8,
    /// Frames that a meter or repeater can hold.
    #[serde(rename = "queue")]
    #[schemars(range(min = 1, max = 4096))]
    pub queue_frames_max: u16,
    /// Frames that a border router can hold.
    #[serde(rename = "gateway_queue")]
    #[schemars(range(min = 1, max = 65_535))]
    pub gateway_queue_frames_max: u16,
    /// Hop over the channel plan; otherwise everyone shares one channel.
    pub hopping: bool,
}

impl Default for MacSpec {
    fn default() -> Self {
        MacSpec {
            min_be: 3,
            max_be: 5,
            csma_backoffs_max: 8,
            frame_retries_max: 7,
            queue_frames_max: 32,
            gateway_queue_frames_max: 256,
            hopping: true,
        }
    }
}
