//! `[dlms]`: what the meters are as DLMS/COSEM devices.

use super::certificates::CertificatesSpec;
use super::civil::Utc;
use super::quantity::TimeRange;
use super::utc_offset::{OffsetOrZone, UtcOffset};
use super::vendor::VendorSpec;
use amitwin_dlms::{CivilTime, Fleet, KeyMaster, Vendor};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The meters as DLMS/COSEM devices.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DlmsSpec {
    /// "real": head-end and meters encode, cipher and check every APDU. "sized": they do not, but everything has the same
    /// length, so that the network does the same with less work.
    pub payload: Payload,
    /// "test": every meter has the published keys of the field's examples, which protect nothing; everything that is
    /// printed says so. Otherwise a file of mode 0600 with a secret of 64 hexadecimal digits, from which the keys of
    /// each meter are derived.
    #[serde(rename = "keys")]
    #[schemars(length(min = 1, max = 4096))]
    pub keys_from: Keys,
    /// Civil time at simulated time zero, in UTC (2026-01-01T00:00:00Z) or with an offset from it (2026-01-01 01:00:00+01:00), in
    /// quotes or without; the resolved scenario has it in UTC. A time that names neither is refused: it could be that of the
    /// meters, of the head-end or UTC. A served meter has the time of the host.
    #[serde(rename = "start", with = "Utc")]
    pub start_unix_s: i64,
    /// Local time of the meters' clocks minus UTC: in whole minutes ("60min"), or what it is in a zone of the IANA data base
    /// ("Europe/Berlin"), with summer time. The turns of zones come with the program, whatever the machine has, and end with 2099:
    /// served meters then stay in the time of that winter, and no run of a zone goes on beyond it.
    #[serde(with = "OffsetOrZone")]
    #[schemars(extend("x-min" = "-14h", "x-max" = "14h"))]
    pub utc_offset: UtcOffset,
    /// How long a meter waits with its answer to a request over the mesh: a random time in this range, so that answers do
    /// not meet. A served meter does not wait.
    #[serde(with = "TimeRange")]
    pub answer_delay: (SimTime, SimTime),
    /// Kinds of meters; the n-th site of the placement is of the n-th kind, beginning anew after the last. Without any,
    /// all meters are of one kind with the defaults.
    #[serde(rename = "vendor", skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub vendors: Vec<VendorSpec>,
    /// Certificates of the meters, without which no session is opened; none when missing. They matter on the simulated mesh alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates: Option<CertificatesSpec>,
    /// The keys themselves: the test keys until somebody has read the file.
    #[serde(skip)]
    pub keys: KeyMaster,
}

impl Default for DlmsSpec {
    fn default() -> Self {
        DlmsSpec {
            payload: Payload::Real,
            keys_from: Keys::Test,
            start_unix_s: CivilTime::default().start_unix_s,
            utc_offset: UtcOffset::Fixed(0),
            answer_delay: (SimTime::ZERO, SimTime::from_secs(1)),
            vendors: Vec::new(),
            certificates: None,
            keys: KeyMaster::Test,
        }
    }
}

impl DlmsSpec {
    /// What meters' clocks show as the run begins, since midnight.
    pub fn begins_of_day(&self) -> SimTime {
        let local_s = self.start_unix_s + self.utc_offset.local_time().at(self.start_unix_s).offset_s();
        SimTime::from_secs(local_s.rem_euclid(86_400) as u64)
    }

    /// The same since midnight before Monday.
    pub fn begins_of_week(&self) -> SimTime {
        let local_s = self.start_unix_s + self.utc_offset.local_time().at(self.start_unix_s).offset_s();
        // 1970 began on a Thursday.
        SimTime::from_secs((local_s + 3 * 86_400).rem_euclid(7 * 86_400) as u64)
    }

    /// Kinds of meters; site `n` is of kind `n % vendors.len()`. Never empty.
    pub fn vendors(&self) -> Vec<Vendor> {
        let mut vendors = match &self.vendors[..] {
            [] => vec![Vendor::default()],
            some => some.iter().map(|kind| kind.vendor.clone()).collect(),
        };
        vendors.iter_mut().for_each(|vendor| vendor.certificates = self.certificates.is_some());
        vendors
    }

    /// What the meters share.
    pub fn fleet(&self, seed: u64, challenge_key: [u8; 32]) -> Fleet {
        let time = CivilTime { start_unix_s: self.start_unix_s, local: self.utc_offset.local_time() };
        Fleet { seed, time, vendors: self.vendors(), keys: self.keys.clone(), challenge_key }
    }
}

/// Whether APDUs are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Payload {
    /// Encoded, ciphered and checked.
    Real,
    /// Only as long as they would be.
    Sized,
}

/// Where keys come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Keys {
    /// The published ones.
    Test,
    /// A file with a secret.
    File(PathBuf),
}

impl Keys {
    /// The word that stands for the published ones.
    pub const TEST: &str = "test";
}

impl From<String> for Keys {
    fn from(text: String) -> Keys {
        if text == Keys::TEST { Keys::Test } else { Keys::File(text.into()) }
    }
}

impl From<Keys> for String {
    fn from(keys: Keys) -> String {
        match keys {
            Keys::Test => Keys::TEST.to_owned(),
            Keys::File(path) => path.to_string_lossy().into_owned(),
        }
    }
}
