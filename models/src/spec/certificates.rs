//! `[dlms.certificates]` and `kind = "certificates"`: certificates of meters that run out, and a campaign that renews them.

use super::command::PaceSpec;
use super::quantity::{Time, TimeRange};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Every meter has a certificate of its signing key, without which the head-end opens no session with it. Needs security suite 1 or 2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CertificatesSpec {
    /// How long a certificate is valid.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1h", "x-max" = "366d"))]
    pub valid: SimTime,
    /// How old the certificates are at simulated time zero: a random time in this range for each meter. Those older than `valid` have run out.
    #[serde(with = "TimeRange")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub age: (SimTime, SimTime),
}

const DAY_S: u64 = 86_400;

impl Default for CertificatesSpec {
    fn default() -> Self {
        let valid = SimTime::from_secs(90 * DAY_S);
        CertificatesSpec { valid, age: (SimTime::ZERO, valid) }
    }
}

/// Every meter gets a new certificate before its own runs out: it makes a pair of keys, requests a certificate and gets it, and so again each time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RenewalSpec {
    /// How it gets around. Turns come when certificates run out; those of meters whose time has come when it starts are spread over `window`.
    #[serde(flatten)]
    pub pace: PaceSpec,
    /// How long before its certificate runs out a meter has its turn.
    #[serde(default = "renew_before_default", with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub renew_before: SimTime,
    /// After this time a meter has its turn again whose renewal has failed.
    #[serde(default = "again_after_default", with = "Time")]
    #[schemars(extend("x-min" = "1min", "x-max" = "366d"))]
    pub again_after: SimTime,
}

fn renew_before_default() -> SimTime {
    SimTime::from_secs(14 * DAY_S)
}
fn again_after_default() -> SimTime {
    SimTime::from_secs(DAY_S)
}
