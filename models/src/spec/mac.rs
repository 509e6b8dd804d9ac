//! `[mac]`: the rules for using the air.

use super::channels::{ChannelList, Channels};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Link layer: unslotted CSMA/CA with acknowledgements. What is missing is as `mesh.stack` has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MacSpec {
    /// Smallest backoff exponent; when missing, 3 under wsrd and 1 under nanostack, or `max_be` if that is less.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 8))]
    pub min_be: Option<u8>,
    /// Largest backoff exponent, at least `min_be`; when missing, 5 under wsrd and `min_be` under nanostack.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 8))]
    pub max_be: Option<u8>,
    /// Further tries to find the channel clear after the first; when missing, 8 under wsrd and 9 under nanostack.
    #[serde(rename = "csma_backoffs", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 20))]
    pub csma_backoffs_max: Option<u8>,
    /// Retransmissions of a frame that is not acknowledged; when missing, 7 under wsrd and 19 under nanostack.
    #[serde(rename = "frame_retries", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 30))]
    pub frame_retries_max: Option<u8>,
    /// Frames that can wait at a meter or repeater; when missing, under wsrd 16, with its radio and sweeps among them, and under nanostack, beside those that its radio has been given, as
    /// many of 500 bytes as pass in a minute at a fifth of the data rate, at least 20 and at most 170.
    #[serde(rename = "queue", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4096))]
    pub queue_frames_max: Option<u16>,
    /// Frames that can wait at a border router, beside those that its radio has been given; when missing, as `queue` under nanostack, at least 170 and at most 1,200.
    #[serde(rename = "gateway_queue", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65_535))]
    pub gateway_queue_frames_max: Option<u16>,
    /// Hop over the channel plan; otherwise everyone shares one channel.
    pub hopping: bool,
    /// Channels of the plan that are left out when hopping, numbers and ranges such as "0-9,20": neither listened on nor swept, and
    /// schedules say so.
    #[serde(with = "ChannelList", skip_serializing_if = "Channels::is_empty")]
    pub channels_excluded: Channels,
}

impl Default for MacSpec {
    fn default() -> Self {
        MacSpec {
            min_be: None,
            max_be: None,
            csma_backoffs_max: None,
            frame_retries_max: None,
            queue_frames_max: None,
            gateway_queue_frames_max: None,
            hopping: true,
            channels_excluded: Channels::default(),
        }
    }
}
