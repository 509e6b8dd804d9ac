//! The little that a meter keeps while nobody talks to it.

use crate::crypto::keys::MeterKeys;
use crate::meter::certificate::Certificate;
use crate::meter::client::Client;
use crate::meter::clock_settings::ClockSettings;
use crate::meter::event_log::{Event, EventLog};
use crate::meter::fleet::Meter;
use crate::meter::image::{Firmware, Transfer};
use crate::meter::prices::Prices;
use crate::meter::push_timing::{PushTiming, PushTimings, SETUPS};
use crate::meter::security::{Security, keys_with};
use dlms_cosem_rs::obis::Obis;
use serde::{Deserialize, Serialize};

/// What a meter keeps while nobody talks to it. All zero for a meter fresh from the factory, except that counters of
/// what it sends start at 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rest {
    /// Next invocation counter of what the meter sends under its own keys; never used twice.
    pub counter: u32,
    /// Counters below this may be used without asking for more: the state file has reserved them.
    pub counter_reserved: u32,
    /// Highest invocation counter received from each client (see [`Client::slot`]), plus one; 0: none yet. The public
    /// client ciphers nothing: its place counts what came under the broadcast key. They begin anew with a new key.
    pub received: [u32; 4],
    /// Clock minus true time, s.
    pub clock_offset_s: i32,
    /// Warm and cold resets carried out.
    pub resets: u16,
    /// Relay operations that moved the contacts.
    pub relay_moves: u16,
    /// The supply is on (class 70, attribute 2).
    pub connected: bool,
    /// Class 70, attribute 4.
    pub relay_mode: u8,
    /// Times that a firmware image was written to flash.
    pub flash_writes: u16,
    /// A transfer under way.
    pub transfer: Option<Box<Transfer>>,
    /// What a client has set otherwise than it was delivered.
    pub changed: Option<Box<Changed>>,
    /// What has happened, if anything has.
    pub log: Option<Box<EventLog>>,
}

/// What a client has set; most meters have it all as they were delivered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    /// How push setups send.
    pub timings: Option<PushTimings>,
    /// Policy and keys.
    pub security: Security,
    /// The active firmware image.
    pub firmware: Option<Firmware>,
    /// What the clock has in place of the zone of all meters.
    pub clock: Option<Box<ClockSettings>>,
    /// The certificate of its signing key.
    pub certificate: Option<Certificate>,
    /// What energy costs.
    pub prices: Option<Prices>,
}

const _: () = assert!(size_of::<Rest>() <= 64);

impl Default for Rest {
    fn default() -> Self {
        Rest {
            counter: 1,
            counter_reserved: u32::MAX,
            received: [0; 4],
            clock_offset_s: 0,
            resets: 0,
            relay_moves: 0,
            connected: true,
            relay_mode: 4,
            flash_writes: 0,
            transfer: None,
            changed: None,
            log: None,
        }
    }
}

impl Rest {
    /// Writes down what has happened when the meter's clock showed this second since 1970, UTC.
    pub fn note(&mut self, unix_s: i64, code: u8) {
        self.log.get_or_insert_default().push(Event { unix_s, code });
    }

    /// The active firmware image; `None`: as delivered.
    pub fn firmware(&self) -> Option<&Firmware> {
        self.changed.as_ref().and_then(|changed| changed.firmware.as_ref())
    }

    /// Identity of the active image; 0: as delivered.
    pub fn image(&self) -> u64 {
        self.firmware().map_or(0, |firmware| firmware.identity)
    }

    /// What the clock has in place of the zone of all meters, if a client has written any of it.
    pub fn clock_settings(&self) -> Option<&ClockSettings> {
        self.changed.as_ref().and_then(|changed| changed.clock.as_deref())
    }

    /// What energy costs; nothing as delivered.
    pub fn prices(&self) -> Prices {
        self.changed.as_ref().and_then(|changed| changed.prices).unwrap_or_default()
    }

    /// What was changed, if anything was.
    pub fn security(&self) -> Option<&Security> {
        self.changed.as_ref().map(|changed| &changed.security)
    }

    /// What was changed, to change more.
    pub fn security_mut(&mut self) -> &mut Security {
        &mut self.changed.get_or_insert_default().security
    }

    /// The policy that binds a client; none binds the public one.
    pub fn policy_for(&self, client: Client) -> u8 {
        if client == Client::Public { 0 } else { self.policy() }
    }

    /// The policy in force.
    pub fn policy(&self) -> u8 {
        self.security().map_or(0, |security| security.policy)
    }

    /// Changes of keys so far.
    pub fn generation(&self) -> u32 {
        self.security().map_or(0, |security| security.generation)
    }
}

/// The keys of a meter as they are now.
pub fn keys_of(meter: Meter<'_>, rest: &Rest) -> MeterKeys {
    keys_with(&meter.fleet.keys, meter.system_title(), meter.vendor().suite, rest.security())
}

/// How a setup of a meter sends; `None` if there is no such setup.
pub fn timing(rest: &Rest, setup: Obis) -> Option<PushTiming> {
    let place = SETUPS.iter().position(|known| *known == setup)?;
    let timings = rest.changed.as_ref().and_then(|changed| changed.timings).unwrap_or_default();
    timings.0.get(place).copied()
}

/// Writes how a setup sends; from then on the meter keeps its own timings.
pub(crate) fn set_timing(rest: &mut Rest, setup: Obis, timing: PushTiming) {
    let timings = rest.changed.get_or_insert_default().timings.get_or_insert_default();
    let places = SETUPS.iter().zip(&mut timings.0);
    places.filter(|(known, _)| **known == setup).for_each(|(_, place)| *place = timing);
}
