//! Logical names that more than one object or service uses.

use dlms_cosem_rs::obis::Obis;

/// A meter's own name.
pub const DEVICE_NAME: Obis = Obis::new(0, 0, 42, 0, 0, 255);
/// The security setup of every association.
pub const SECURITY_SETUP: Obis = Obis::new(0, 0, 43, 0, 0, 255);
/// Energy taken.
pub const IMPORT: Obis = Obis::new(1, 0, 1, 8, 0, 255);
/// Energy given.
pub const EXPORT: Obis = Obis::new(1, 0, 2, 8, 0, 255);
/// Status column of the load profile.
pub const STATUS: Obis = Obis::new(0, 0, 96, 10, 1, 255);
/// Code column of the event log.
pub const EVENT_CODE: Obis = Obis::new(0, 0, 96, 11, 0, 255);
/// Count column of the event log.
pub const EVENT_COUNT: Obis = Obis::new(0, 0, 96, 15, 0, 255);
/// Alarm register.
pub const ALARMS: Obis = Obis::new(0, 0, 97, 98, 0, 255);
/// Price of the energy taken.
pub const CHARGE: Obis = Obis::new(0, 0, 19, 20, 0, 255);
/// Push setup of the daily readings.
pub const READINGS: Obis = Obis::new(0, 0, 25, 9, 0, 255);
/// Push setup of the last gasp: the supply has failed.
pub const LAST_GASP: Obis = Obis::new(0, 1, 25, 9, 0, 255);
/// Push setup of alarms.
pub const ALARM: Obis = Obis::new(0, 2, 25, 9, 0, 255);
