//! What the head-end knows of the links of meters to their parents: as border routers told it last, which campaigns may wait for.

use crate::backhaul::{Health, LinkState};
use crate::check::same_count;
use crate::node::SiteId;
use crate::spec::{Condition, Limit, LinkQuantity as Quantity};
use amitwin_data::link_health::Tries;
use amitwin_data::rows::HeldBy;
use serde::{Deserialize, Serialize};

/// What of a condition a link or a meter does not meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lack {
    /// Level over the noise.
    Snr,
    /// Level.
    Rssi,
    /// Share of lost tries.
    Loss,
    /// Nothing is known of it.
    Unknown,
    /// Another firmware.
    Firmware,
    /// Not heard for too long.
    NotHeard,
    /// Keep-alives.
    Silent,
    /// A supply that has failed.
    Dark,
    /// A voltage that has left its band.
    Voltage,
}

impl Lack {
    /// Its word in tables.
    pub fn in_tables(self) -> HeldBy {
        match self {
            Lack::Snr => HeldBy::Snr,
            Lack::Rssi => HeldBy::Rssi,
            Lack::Loss => HeldBy::Loss,
            Lack::Unknown => HeldBy::Unknown,
            Lack::Firmware => HeldBy::Firmware,
            Lack::NotHeard => HeldBy::NotHeard,
            Lack::Silent => HeldBy::Silent,
            Lack::Dark => HeldBy::Dark,
            Lack::Voltage => HeldBy::Voltage,
        }
    }
}

/// What is known of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// Level and level over the noise in the weaker direction, dBm and dB, of the last hour; `None` if its meter had no way then.
    levels: Option<(f32, f32)>,
    tries: Tries,
}

/// What is known of all links, by site; empty if nobody asks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Links(Vec<Known>);

impl Links {
    /// Of so many sites, of which nothing is known.
    pub fn new(sites: usize) -> Links {
        Links(vec![Known::default(); sites])
    }

    /// Takes what a border router tells; sites that are not here are left out.
    pub fn hear(&mut self, health: &Health) {
        for &LinkState { meter, levels, sent, unanswered } in &health.links {
            let Some(known) = self.0.get_mut(meter.at()) else { continue };
            known.levels = levels;
            known.tries.add(sent, unanswered);
        }
    }

    /// What of a condition a meter's link does not meet; `None` if it meets all that is said of links.
    pub fn holds_back(&self, condition: &Condition, meter: SiteId) -> Option<Lack> {
        let known = self.0.get(meter.at()).copied().unwrap_or_default();
        let against = |limit: &Limit| {
            let &Limit::Link { of, limit } = limit else { return None };
            let (value, by) = match of {
                Quantity::Snr => (known.levels.map(|(_, snr_db)| snr_db), Lack::Snr),
                Quantity::Rssi => (known.levels.map(|(rssi_dbm, _)| rssi_dbm), Lack::Rssi),
                Quantity::Loss => (known.tries.loss().map(|loss| -loss as f32), Lack::Loss),
            };
            let limit = if of == Quantity::Loss { -limit } else { limit };
            match value {
                None => Some(Lack::Unknown),
                Some(value) => (value < limit as f32).then_some(by),
            }
        };
        condition.0.iter().find_map(against)
    }

    /// Goes on from what was saved.
    ///
    /// # Errors
    /// It is of other sites.
    pub fn restore(&mut self, state: Links) -> Result<(), String> {
        same_count("head-end: links", state.0.len(), self.0.len())?;
        *self = state;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_held_back_by_what_it_does_not_meet_and_by_what_is_not_known() {
        let mut links = Links::new(3);
        let state = |meter, levels, sent, unanswered| LinkState { meter: SiteId(meter), levels, sent, unanswered };
        links.hear(&Health {
            links: vec![
                state(0, Some((-80.0, 20.0)), 100, 5),
                state(1, Some((-95.0, 12.0)), 15, 3),
                state(9, None, 0, 0),
            ],
        });
        let by = |links: &Links, text: &str| {
            let condition = Condition::parse(text).expect("a condition");
            [0, 1, 2].map(|meter| links.holds_back(&condition, SiteId(meter)))
        };
        let (snr, unknown) = (Some(Lack::Snr), Some(Lack::Unknown));
        assert_eq!(by(&links, "snr >= 15 dB"), [None, snr, unknown]);
        assert_eq!(by(&links, "rssi >= -80 dBm"), [None, Some(Lack::Rssi), unknown]);
        // 5 of 100 are 5 %; 15 tries are too few to say.
        assert_eq!(by(&links, "loss <= 5 %"), [None, unknown, unknown]);
        assert_eq!(by(&links, "loss <= 4 % and snr >= 15 dB"), [Some(Lack::Loss), unknown, unknown]);
        // With 5 more 4 of 20 are known to be lost; meter 0 has lost its way.
        links.hear(&Health { links: vec![state(0, None, 0, 0), state(1, Some((-90.0, 16.0)), 5, 1)] });
        assert_eq!(by(&links, "snr >= 15 dB"), [unknown, None, unknown]);
        assert_eq!(by(&links, "loss <= 5 %"), [None, Some(Lack::Loss), unknown]);
    }
}
