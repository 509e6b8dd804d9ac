#![doc = include_str!("README.md")]

mod ask;
pub mod client;
mod image;
pub mod lengths;
mod service;
mod word;

pub use ask::{Ask, Reading, Said, are, encoded, octets};
pub use image::{Fate, Image, ImageSaid, ImageStep, TEMPORARY_FAILURE};
pub use word::Word;

use crate::node::SiteId;
use crate::spec::{CampaignSpec, DlmsSpec, Payload};
use amitwin_dlms::{Fleet, Meter, Moment};
use amitwin_sim_core::SimTime;
use lengths::Lengths;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Wrapper port of the head-end (the management client) and of every meter (its management logical device).
pub const PORT: u16 = 1;
/// Title of the head-end: manufacturer's letters of the test keys' owner, and a number that no meter has.
pub const HEAD_END_TITLE: [u8; 8] = *b"AMIHES\0\x01";
/// Largest APDU that the head-end takes, bytes: with wrapper, UDP, two IPv6 headers and a source route of 24 places it
/// stays below the 1,576 B of Wi-SUN's link MTU.
pub const HEAD_END_PDU: u16 = 1_024;
/// Seconds between two rows of the load profile.
pub const QUARTER_S: i64 = 900;

/// Consecutive rows of a load profile; the first is named by its end, in quarters of an hour since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// First row.
    pub first: u32,
    /// How many.
    pub count: u16,
}

impl Rows {
    /// End of row `n` of them, seconds since 1970.
    pub fn end_unix_s(self, n: u16) -> i64 {
        (i64::from(self.first) + i64::from(n)) * QUARTER_S
    }
}

/// An APDU on its way. What stands beside the bytes is in them as well, or follows from them; it is there so that a run
/// that only sizes its payloads takes the same decisions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Apdu {
    /// Invocation counter that protects it.
    pub counter: u32,
    /// Bytes of the answer that it asks for, wrapper header included.
    pub answer_bytes: u16,
    /// It is an exception: the meter refuses the request's counter.
    pub refused: bool,
    /// It is an exception: the answer does not fit into the meter's window.
    pub too_long: bool,
    /// It asks for what the metrology board measures; of an exception: the state of its boards keeps the meter from it.
    pub metrology: bool,
    /// It belongs to somebody outside the simulation, who has the bytes: only its way is simulated.
    pub outside: bool,
    /// Rows that it asks for or brings.
    pub rows: Rows,
    /// Generation of the keys that protect it, of requests; 0: as delivered.
    pub generation: u32,
    /// What it says, where neither counters nor lengths tell it.
    pub word: Option<Arc<Word>>,
    /// Wrapper header and APDU; `None` where payloads are only sized.
    pub bytes: Option<Arc<[u8]>>,
}

/// What head-end and meters of a run share.
#[derive(Debug)]
pub struct Cosem {
    /// The meters.
    pub fleet: Fleet,
    /// Whether APDUs are encoded.
    pub payload: Payload,
    /// How long a meter waits with its answer: shortest and longest.
    pub answer_delay: (SimTime, SimTime),
    /// Firmware images, in the order of their campaigns.
    pub images: Vec<Image>,
    /// Lengths by kind of meter.
    lengths: Vec<Lengths>,
}

impl Cosem {
    /// Of a specification; measures what each kind of meter says.
    pub fn new(spec: &DlmsSpec, seed: u64) -> Self {
        let mut challenge_key = [0; 32];
        challenge_key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut fleet = spec.fleet(seed, challenge_key);
        let vendors = fleet.vendors.clone();
        // Lengths are those of meters that are understood; a suite does not change them.
        fleet.vendors.iter_mut().for_each(|vendor| vendor.suite_on_file = None);
        let lengths = (0..fleet.vendors.len()).map(|kind| Lengths::measure(&fleet, kind as u32)).collect();
        fleet.vendors = vendors;
        Cosem { fleet, payload: spec.payload, answer_delay: spec.answer_delay, images: Vec::new(), lengths }
    }

    /// With the images of a run's campaigns, whose jobs have that number and the next ones. They are cut into blocks of one size: the meters' own for as long as it lasts, and their PDUs have
    /// room for one.
    pub fn with_images(mut self, campaigns: &[CampaignSpec], first_job: u16) -> Self {
        let images = Image::all(campaigns, first_job, &self.fleet.keys);
        if let Some(image) = images.first() {
            for vendor in &mut self.fleet.vendors {
                vendor.image_block_bytes = image.block_bytes;
                vendor.pdu_max = vendor.pdu_max.max(image.block_bytes + image::AROUND_BLOCK);
            }
        }
        self.images = images;
        self
    }

    /// A meter by its site.
    pub fn meter(&self, site: SiteId) -> Meter<'_> {
        Meter { fleet: &self.fleet, number: site.0 }
    }

    /// Whether the head-end has another security suite on file for a meter than the one it has.
    pub fn is_mismatched(&self, site: SiteId) -> bool {
        let vendor = self.meter(site).vendor();
        vendor.suite != vendor.on_file()
    }

    /// What a meter's messages measure.
    pub fn lengths(&self, site: SiteId) -> &Lengths {
        &self.lengths[site.at() % self.lengths.len()]
    }

    /// Civil time of a moment of the run.
    pub fn moment(&self, now: SimTime) -> Moment {
        Moment { unix_ms: self.fleet.time.start_unix_s * 1_000 + (now.nanos() / 1_000_000) as i64 }
    }

    /// The newest row that a load profile has at a moment, in quarters of an hour since 1970.
    pub fn newest_row(&self, now: SimTime) -> u32 {
        u32::try_from(self.moment(now).unix_s().div_euclid(QUARTER_S)).unwrap_or(0)
    }
}
