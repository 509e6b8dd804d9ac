//! The health of links, hour by hour, by the limits that operators act on.

use crate::rows::LoadRow;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Below it a level is poor, dBm.
pub const POOR_DBM: f32 = -90.0;
/// Below it there is no connection, dBm.
pub const NONE_DBM: f32 = -110.0;
/// Signal to noise that mass commands want, dB.
pub const SNR_DB: f32 = 15.0;
/// Share of lost tries above which operators shorten the way to the border router.
pub const LOSS: f64 = 0.05;
/// With fewer tries a share of lost ones says nothing.
pub const TRIES_MIN: u32 = 20;

/// How the link of a radio to its parent was in an hour, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// None of the others.
    Good,
    /// More than 5 % of tries without acknowledgement.
    Lossy,
    /// Less than 15 dB over the noise.
    LowSnr,
    /// Below -90 dBm.
    Poor,
    /// Below -110 dBm, or no parent at all.
    None,
}

impl Health {
    /// All, the best first.
    pub const ALL: [Health; 5] = [Health::Good, Health::Lossy, Health::LowSnr, Health::Poor, Health::None];

    /// Of an hour that ended with this level and this much over the noise, with what is known of lost tries.
    pub fn of(rssi_dbm: Option<f32>, snr_db: Option<f32>, loss: Option<f64>) -> Health {
        match (rssi_dbm, snr_db) {
            (None, _) | (_, None) => Health::None,
            (Some(rssi_dbm), _) if rssi_dbm < NONE_DBM => Health::None,
            (Some(rssi_dbm), _) if rssi_dbm < POOR_DBM => Health::Poor,
            (_, Some(snr_db)) if snr_db < SNR_DB => Health::LowSnr,
            _ if loss.is_some_and(|loss| loss > LOSS) => Health::Lossy,
            _ => Health::Good,
        }
    }

    /// Its word in a table.
    pub fn word(self) -> &'static str {
        match self {
            Health::Good => "good",
            Health::Lossy => "lossy",
            Health::LowSnr => "low_snr",
            Health::Poor => "poor",
            Health::None => "none",
        }
    }
}

/// Lost tries of a link, hour after hour: hours with few tries are added up until they say something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tries {
    /// Share without an acknowledgement, of the last hours with enough of them.
    loss: Option<f64>,
    /// Tries since then, and those of them without an acknowledgement.
    since: (u32, u32),
}

impl Tries {
    /// Adds an hour; what is known then.
    pub fn add(&mut self, sent: u32, unanswered: u32) -> Option<f64> {
        self.since = (self.since.0.saturating_add(sent), self.since.1.saturating_add(unanswered));
        if self.since.0 >= TRIES_MIN {
            self.loss = Some(f64::from(self.since.1) / f64::from(self.since.0));
            self.since = (0, 0);
        }
        self.loss
    }

    /// Share of lost tries, if anything is known of it.
    pub fn loss(&self) -> Option<f64> {
        self.loss
    }
}

/// Tries of all radios, for whoever goes through rows of the table `load` in the order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AllTries(BTreeMap<u32, Tries>);

impl AllTries {
    /// What is known of the lost tries of a radio after an hour.
    pub fn add(&mut self, node: u32, sent: u32, unanswered: u32) -> Option<f64> {
        self.0.entry(node).or_default().add(sent, unanswered)
    }

    /// The health of a radio's link in an hour.
    pub fn health(&mut self, row: &LoadRow) -> Health {
        let loss = self.add(row.node, row.up_sent, row.up_unanswered);
        Health::of(row.rssi_dbm, row.snr_db, loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_what_the_first_limit_says_that_it_breaks() {
        for (rssi_dbm, snr_db, loss, expected) in [
            (-80.0, 30.0, Some(0.05), Health::Good),
            (-80.0, 30.0, Some(0.06), Health::Lossy),
            (-80.0, 30.0, None, Health::Good),
            (-89.0, 14.9, Some(0.06), Health::LowSnr),
            (-90.1, 20.0, None, Health::Poor),
            (-110.1, 3.0, None, Health::None),
        ] {
            let of = (rssi_dbm, snr_db, loss);
            assert_eq!(Health::of(Some(rssi_dbm), Some(snr_db), loss), expected, "{of:?}");
        }
        assert_eq!(Health::of(None, None, Some(0.0)), Health::None);
    }

    #[test]
    fn few_tries_are_added_up_until_they_say_something() {
        let mut tries = Tries::default();
        assert_eq!(tries.add(15, 3), None);
        // With 5 more 4 of 20 are lost.
        assert_eq!(tries.add(5, 1), Some(0.2));
        // 10 tries without a loss say nothing yet; with 10 more 0 of 20.
        assert_eq!((tries.add(10, 0), tries.add(10, 0)), (Some(0.2), Some(0.0)));
        assert_eq!(tries.loss(), Some(0.0));
    }
}
