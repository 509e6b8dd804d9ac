//! What the head-end asks of a meter and what meters say, as plain APDUs.
//!
//! A further question is a variant of [`Ask`] and what of the meter's objects it is for, in [`Ask::service`]; one that is asked often and whose answer
//! has always the same length has a place in [`Ask::FIXED`] as well. What its answer says stands in `understood`.

use super::image::{self, ImageSaid, ImageStep};
use super::service::Service;
use super::{QUARTER_S, Rows};
use crate::spec::{ResetTier, Setting};
use amitwin_dlms::objects::{civil_time, energy_wh, unit_charge, unix_time};
use amitwin_dlms::{Meter, push, security, x509};
use dlms_cosem_rs::axdr::{Data, DateTime};
use dlms_cosem_rs::codec::{Decode, Encode, Reader};
use dlms_cosem_rs::cosem::RangeDescriptor;
use dlms_cosem_rs::obis::Obis;
use serde::{Deserialize, Serialize};

const CLOCK: Obis = Obis::new(0, 0, 1, 0, 0, 255);
const IMPORT: Obis = Obis::new(1, 0, 1, 8, 0, 255);
const EXPORT: Obis = Obis::new(1, 0, 2, 8, 0, 255);
const LOAD_PROFILE: Obis = Obis::new(1, 0, 99, 1, 0, 255);
const SCRIPTS: Obis = Obis::new(0, 0, 10, 0, 0, 255);
const RELAY: Obis = Obis::new(0, 0, 96, 3, 10, 255);
const CHARGE: Obis = Obis::new(0, 0, 19, 20, 0, 255);
const SECURITY_SETUP: Obis = Obis::new(0, 0, 43, 0, 0, 255);
/// Invoke ids: high priority, and whether an answer is wanted.
pub(super) const CONFIRMED: u8 = 0xC1;
pub(super) const UNCONFIRMED: u8 = 0x81;

/// What the head-end wants of a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// Run the script of a reset.
    Reset(ResetTier),
    /// The clock.
    Clock,
    /// Clock and energy registers at this moment.
    Registers,
    /// Rows of the load profile.
    Rows(Rows),
    /// The clock is to show this second since 1970, UTC.
    SetClock(i64),
    /// Are the contacts of the relay closed?
    RelayState,
    /// The relay is to close its contacts, or to open them.
    Relay {
        /// To close them.
        connect: bool,
    },
    /// What is set?
    Setting(Setting),
    /// That is to be set.
    Set(Setting, i32),
    /// The price that is set is to hold.
    ActivatePrice,
    /// Which price holds?
    PriceInForce,
    /// A step with an image of the run.
    Image {
        /// Which image.
        image: u16,
        /// Which step.
        step: ImageStep,
    },
    /// The unicast and the authentication key are to be those of this generation, and the master key if that is another in it.
    Keys {
        /// Which.
        generation: u32,
        /// The one that the meter has: its master key wraps the new ones.
        under: u32,
        /// Generation of the broadcast key, if that is changed as well.
        broadcast: u16,
    },
    /// Make a pair of keys for signatures.
    MakePair,
    /// Request a certificate for that.
    RequestCertificate,
    /// This is the certificate.
    Import {
        /// The meter's pair that it is for.
        pair: u16,
        /// How long it is valid, s.
        valid_s: u32,
        /// From this second since 1970, UTC.
        from_unix_s: i64,
    },
}

impl Ask {
    /// Questions whose answers have always the same length, each once.
    pub const FIXED: [Ask; 3] = [Ask::Reset(ResetTier::Warm), Ask::Registers, Ask::Clock];

    /// Whether it is about what the metrology board measures.
    pub const fn is_of_metrology(self) -> bool {
        matches!(self, Ask::Registers | Ask::Rows(_))
    }

    /// Its place among those; `None` for rows, of which there may be some or many, and for what is asked seldom.
    pub const fn fixed(self) -> Option<usize> {
        match self {
            Ask::Reset(_) => Some(0),
            Ask::Registers => Some(1),
            Ask::Clock => Some(2),
            _ => None,
        }
    }

    /// What it asks of one object of a meter; `None` if it asks several, or is a selection or a script.
    pub(super) fn service(self, meter: Meter<'_>) -> Option<Service> {
        let fleet = meter.fleet;
        Some(match self {
            Ask::Reset(_) | Ask::Registers | Ask::Rows(_) | Ask::Image { .. } => return None,
            Ask::Clock => Service::get(8, CLOCK, 2),
            Ask::SetClock(unix_s) => {
                let mut value = vec![9, 12];
                value.extend(civil_time(unix_s, &fleet.time.local).to_bytes());
                Service::set(8, CLOCK, 2, value)
            }
            Ask::RelayState => Service::get(70, RELAY, 2),
            // Method 1 opens, method 2 closes; integer 0.
            Ask::Relay { connect } => Service::act(70, RELAY, 1 + i8::from(connect), vec![15, 0]),
            Ask::Setting(setting) => {
                let (class, name, attribute) = place(setting);
                Service::get(class, name, attribute)
            }
            Ask::Set(setting, value) => {
                let (class, name, attribute) = place(setting);
                Service::set(class, name, attribute, encoded(setting, value))
            }
            // Method 2 activates the passive price; integer 0.
            Ask::ActivatePrice => Service::act(113, CHARGE, 2, vec![15, 0]),
            Ask::PriceInForce => Service::get(113, CHARGE, 5),
            Ask::Keys { generation, under, broadcast } => {
                let (title, suite) = (meter.system_title(), meter.vendor().suite);
                let keys = fleet.keys.of_generation(title, suite, generation);
                let former = fleet.keys.of_generation(title, suite, under).master;
                let mut all = vec![(0, keys.unicast), (2, keys.authentication)];
                if broadcast > 0 {
                    all.push((1, fleet.keys.of_broadcast(suite, broadcast)));
                }
                if keys.master != former {
                    all.push((3, keys.master));
                }
                // An array: number of each key, and the key under the master key.
                let mut list = vec![1, all.len() as u8];
                for (number, key) in &all {
                    let (number, wrapped) = (*number, security::wrap_key(suite, &former, key));
                    list.extend([2, 2, 0x16, number, 9, wrapped.len() as u8]);
                    list.extend(wrapped);
                }
                Service::act(64, SECURITY_SETUP, 2, list)
            }
            // An enumeration: digital signature.
            Ask::MakePair => Service::act(64, SECURITY_SETUP, 4, vec![0x16, 0]),
            Ask::RequestCertificate => Service::act(64, SECURITY_SETUP, 5, vec![0x16, 0]),
            Ask::Import { pair, valid_s, from_unix_s } => {
                let certificate = certificate(meter, pair, (from_unix_s, valid_s)).unwrap_or_default();
                let mut value = vec![9];
                image::put_octets(&mut value, &certificate);
                Service::act(64, SECURITY_SETUP, 6, value)
            }
        })
    }
}

/// A certificate for a pair of a meter; none in suite 0.
fn certificate(meter: Meter<'_>, pair: u16, (from_unix_s, valid_s): (i64, u32)) -> Option<Vec<u8>> {
    let (suite, title, keys) = (meter.vendor().suite, meter.system_title(), &meter.fleet.keys);
    let coordinates = keys.pair_key(title, suite, pair)?.public().coordinates();
    let serial = u64::from(meter.number) << 16 | u64::from(pair);
    let terms = x509::Terms { serial, from_unix_s, to_unix_s: from_unix_s + i64::from(valid_s) };
    Some(x509::certificate(suite, title, &coordinates, terms, &keys.authority_key(suite)?))
}

/// Class, name and attribute of a setting.
fn place(setting: Setting) -> (u8, Obis, i8) {
    match setting {
        Setting::PushSpread => (40, push::READINGS, 5),
        Setting::PushRetries => (40, push::READINGS, 6),
        Setting::PushPause => (40, push::READINGS, 7),
        Setting::RelayMode => (70, RELAY, 4),
        Setting::Price => (113, CHARGE, 6),
    }
}

/// The value of a setting as its attribute has it.
pub fn encoded(setting: Setting, value: i32) -> Vec<u8> {
    let [.., high, low] = value.to_be_bytes();
    match setting {
        Setting::PushSpread | Setting::PushPause => vec![0x12, high, low],
        Setting::PushRetries => vec![0x11, low],
        Setting::RelayMode => vec![0x16, low],
        Setting::Price => unit_charge(i16::from_be_bytes([high, low])),
    }
}

/// Energy registers at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Seconds since 1970, UTC.
    pub unix_s: i64,
    /// Imported energy, Wh.
    pub import_wh: u32,
    /// Exported energy, Wh.
    pub export_wh: u32,
}

impl Reading {
    /// How many of its two energies are not what the registers of a meter show at that moment.
    pub fn wrong(&self, meter: Meter<'_>) -> u64 {
        let (import_wh, export_wh) = energy_wh(meter, self.unix_s);
        u64::from(self.import_wh != import_wh) + u64::from(self.export_wh != export_wh)
    }
}

/// What a meter said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The method has been invoked.
    Done,
    /// The request's counter is refused.
    Refused,
    /// The request cannot be deciphered: the meter's security suite is another than the one on file.
    Undeciphered,
    /// It denies what it was asked, with this result of a method or of an access.
    Denied(u8),
    /// The value of an attribute, encoded.
    Value(Vec<u8>),
    /// The answer does not fit into the meter's window.
    TooLong,
    /// The state of its boards keeps the meter from it.
    NotServed,
    /// Its clock, seconds since 1970, UTC.
    Clock(i64),
    /// Registers at one moment, asked for or pushed.
    Registers(Reading),
    /// Rows of the load profile, oldest first.
    Rows(Vec<Reading>),
    /// A notification without registers, by its push setup.
    Notified(Obis),
    /// Something of firmware images.
    Image(ImageSaid),
}

/// The plain APDU of a question.
pub(super) fn plain(meter: Meter<'_>, ask: Ask, invoke: u8) -> Vec<u8> {
    if let Some(service) = ask.service(meter) {
        return service.plain(invoke);
    }
    let mut out = Vec::with_capacity(96);
    let attribute = |out: &mut Vec<u8>, class: u8, name: Obis| {
        out.extend_from_slice(&[0, class]);
        out.extend_from_slice(&name.0);
        out.push(2);
    };
    match ask {
        Ask::Reset(tier) => {
            let script = match tier {
                ResetTier::Soft => 1,
                ResetTier::Warm => 2,
                ResetTier::Cold => 3,
            };
            out.extend_from_slice(&[0xC3, 1, invoke, 0, 9]);
            out.extend_from_slice(&SCRIPTS.0);
            // Method 1 with a parameter, the script's identifier.
            out.extend_from_slice(&[1, 1, 0x12, 0, script]);
        }
        Ask::Registers => {
            out.extend_from_slice(&[0xC0, 3, invoke, 3]);
            for (class, name) in [(8, CLOCK), (3, IMPORT), (3, EXPORT)] {
                attribute(&mut out, class, name);
                out.push(0);
            }
        }
        Ask::Rows(rows) => {
            out.extend_from_slice(&[0xC0, 1, invoke]);
            attribute(&mut out, 7, LOAD_PROFILE);
            // With selective access.
            out.push(1);
            let time = |n| civil_time(rows.end_unix_s(n), &meter.fleet.time.local);
            let range = RangeDescriptor::by_clock(time(0), time(rows.count.saturating_sub(1)));
            let mut buffer = [0; 64];
            let access = range.to_selective_access(&mut buffer).expect("a range over the clock takes 48 B");
            access.encode(&mut out).expect("a vector takes a short range");
        }
        ask => unreachable!("{ask:?} is for one object"),
    }
    out
}

/// What a plain APDU of a meter says; `None` if it is not understood.
pub(super) fn understood(plain: &[u8]) -> Option<Said> {
    match plain {
        // Result success, no data.
        [0xC7, 1, _, 0, 0] | [0xC5, 1, _, 0] => Some(Said::Done),
        // With what the method returns.
        [0xC7, 1, _, 0, 1, 0, data @ ..] => Some(Said::Value(data.to_vec())),
        [0xC7, 1, _, why, 0] | [0xC5, 1, _, why] | [0xC4, 1, _, 1, why] => Some(Said::Denied(*why)),
        // An octet string of 12 bytes: a date and time.
        [0xC4, 1, _, 0, 9, 12, time @ ..] => unix_time(&DateTime::from_bytes(time.try_into().ok()?)).map(Said::Clock),
        [0xC4, 1, _, 0, 4 | 9, ..] => image::understood(plain).map(Said::Image),
        [0xC4, 1, _, 0, data @ ..] if data.first() == Some(&1) => rows(data).map(Said::Rows),
        [0xC4, 1, _, 0, data @ ..] => Some(Said::Value(data.to_vec())),
        [0xC4, 3, _, 3, items @ ..] => {
            let mut reader = Reader::new(items);
            let mut next = || (reader.u8().ok()? == 0).then(|| Data::decode(&mut reader).ok())?;
            let reading = reading(next()?, next()?, next()?)?;
            reader.is_empty().then_some(Said::Registers(reading))
        }
        [0x0F, rest @ ..] => notification(rest),
        _ => None,
    }
}

fn reading(time: Data<'_>, import: Data<'_>, export: Data<'_>) -> Option<Reading> {
    let (Data::OctetString(time), Data::DoubleLongUnsigned(import_wh), Data::DoubleLongUnsigned(export_wh)) =
        (time, import, export)
    else {
        return None;
    };
    let time = DateTime::from_bytes(time.try_into().ok()?);
    let unix_s = unix_time(&time)?;
    Some(Reading { unix_s, import_wh, export_wh })
}

/// A profile's buffer: clock, status, import, export in each row.
fn rows(data: &[u8]) -> Option<Vec<Reading>> {
    let Data::Array(rows) = Data::from_bytes(data).ok()? else { return None };
    let row = |row: Data<'_>| {
        let Data::Structure(columns) = row else { return None };
        let mut columns = columns.iter();
        let mut next = || columns.next()?.ok();
        let (time, _status, import, export) = (next()?, next()?, next()?, next()?);
        reading(time, import, export)
    };
    rows.iter().map(|r| row(r.ok()?)).collect()
}

/// Behind the tag: invoke id, time, and a structure that begins with the setup's object list.
fn notification(rest: &[u8]) -> Option<Said> {
    let mut reader = Reader::new(rest);
    reader.skip(4).ok()?;
    reader.length_prefixed().ok()?;
    let Data::Structure(body) = Data::decode(&mut reader).ok()? else { return None };
    let mut items = body.iter();
    let mut next = || items.next()?.ok();
    let (setup, _name, time) = (next()?, next()?, next()?);
    let Data::OctetString(setup) = setup else { return None };
    let setup = Obis(setup.try_into().ok()?);
    match (setup == push::READINGS, next()) {
        (true, Some(import)) => Some(Said::Registers(reading(time, import, next()?)?)),
        (true, None) => None,
        (false, _) => Some(Said::Notified(setup)),
    }
}

/// The bytes of an encoded octet string.
pub fn octets(value: &[u8]) -> Option<&[u8]> {
    let (length, bytes) = image::length(value.strip_prefix(&[9])?)?;
    (bytes.len() == length).then_some(bytes)
}

/// Whether an answer's rows are those that were asked for.
pub fn are(rows: &[Reading], asked: Rows) -> bool {
    rows.len() == usize::from(asked.count)
        && rows.iter().zip(0..).all(|(row, n)| row.unix_s == asked.end_unix_s(n) && row.unix_s % QUARTER_S == 0)
}

#[cfg(test)]
mod tests {
    use super::super::Cosem;
    use super::*;
    use crate::node::SiteId;
    use crate::spec::DlmsSpec;

    #[test]
    fn each_energy_of_a_reading_is_right_or_wrong_by_itself() {
        let cosem = Cosem::new(&DlmsSpec::default(), 1);
        let unix_s = DlmsSpec::default().start_unix_s + 12 * 3_600;
        let meter = cosem.meter(SiteId(7));
        let (import_wh, export_wh) = energy_wh(meter, unix_s);
        let wrong = |import: u32, export: u32| {
            Reading { unix_s, import_wh: import_wh + import, export_wh: export_wh + export }.wrong(meter)
        };
        assert_eq!([wrong(0, 0), wrong(1, 0), wrong(0, 1), wrong(1, 1)], [0, 1, 1, 2]);
    }
}
