//! What the head-end asks of a meter and what meters say, as plain APDUs.
//!
//! A further question is a variant of [`Ask`], its place in [`Ask::FIXED`] if its answer has always the same length, its
//! APDU in `plain`, and what its answer says in `understood`.

use super::image::{self, ImageSaid};
use super::{QUARTER_S, Rows};
use crate::spec::ResetTier;
use amitwin_dlms::objects::{civil_time, energy_wh, unix_time};
use amitwin_dlms::{Fleet, Meter, push};
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
}

impl Ask {
    /// Questions whose answers have always the same length, each once.
    pub const FIXED: [Ask; 3] = [Ask::Reset(ResetTier::Warm), Ask::Registers, Ask::Clock];

    /// Whether it is about what the metrology board measures.
    pub const fn is_of_metrology(self) -> bool {
        matches!(self, Ask::Registers | Ask::Rows(_))
    }

    /// Its place among those; `None` for rows, of which there may be some or many.
    pub const fn fixed(self) -> Option<usize> {
        match self {
            Ask::Reset(_) => Some(0),
            Ask::Registers => Some(1),
            Ask::Clock => Some(2),
            Ask::Rows(_) => None,
        }
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
    /// Whether it is what the registers of a meter show at that moment.
    pub fn is_right(&self, meter: Meter<'_>) -> bool {
        energy_wh(meter, self.unix_s) == (self.import_wh, self.export_wh)
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
pub(super) fn plain(fleet: &Fleet, ask: Ask, invoke: u8) -> Vec<u8> {
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
        Ask::Clock => {
            out.extend_from_slice(&[0xC0, 1, invoke]);
            attribute(&mut out, 8, CLOCK);
            out.push(0);
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
            let time = |n| civil_time(rows.end_unix_s(n), &fleet.time.local);
            let range = RangeDescriptor::by_clock(time(0), time(rows.count.saturating_sub(1)));
            let mut buffer = [0; 64];
            let access = range.to_selective_access(&mut buffer).expect("a range over the clock takes 48 B");
            access.encode(&mut out).expect("a vector takes a short range");
        }
    }
    out
}

/// What a plain APDU of a meter says; `None` if it is not understood.
pub(super) fn understood(plain: &[u8]) -> Option<Said> {
    match plain {
        // Result success, no data.
        [0xC7, 1, _, 0, 0] => Some(Said::Done),
        // An octet string of 12 bytes: a date and time.
        [0xC4, 1, _, 0, 9, 12, time @ ..] => unix_time(&DateTime::from_bytes(time.try_into().ok()?)).map(Said::Clock),
        [0xC7, 1, ..] | [0xC4, 1, _, 0, 4 | 9, ..] => image::understood(plain).map(Said::Image),
        [0xC4, 1, _, 0, data @ ..] => rows(data).map(Said::Rows),
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

/// Whether an answer's rows are those that were asked for.
pub fn are(rows: &[Reading], asked: Rows) -> bool {
    rows.len() == usize::from(asked.count)
        && rows.iter().zip(0..).all(|(row, n)| row.unix_s == asked.end_unix_s(n) && row.unix_s % QUARTER_S == 0)
}
