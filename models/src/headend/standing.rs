//! What the head-end knows of meters, beside their links: which firmware each runs, when it was heard, and whether it has told of an outage or missed its keep-alives.

use super::links::Lack;
use crate::backhaul::Alarm;
use crate::check::{ensure, same_count};
use crate::node::SiteId;
use crate::spec::{CampaignSpec, Condition, Firmware, Limit, Version};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is known of a meter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Standing {
    /// When it was heard last; the start of the run if it never was.
    heard: SimTime,
    /// Firmware of its communication board.
    version: [u16; 3],
    /// Which image of the run it runs, if it is one.
    image: Option<u16>,
    /// It has told that its supply fails, and not that it is back.
    dark: bool,
    /// It has missed its keep-alives.
    silent: bool,
    /// It has reported that its voltage has left its band, and not that it is back.
    strained: bool,
}

/// An image of the run: the name of its campaign, and the version that a board has which runs it.
type Image = (Arc<str>, Option<Version>);

/// What is known of all meters, by site; empty if nobody asks.
#[derive(Clone, Debug, Default)]
pub struct Standings {
    of: Vec<Standing>,
    /// Firmware that kinds of meters come with.
    delivered: Vec<Version>,
    images: Vec<Image>,
}

/// What of it changes in a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State(Vec<Standing>);

impl Standings {
    /// Of so many sites, whose kinds of meters were delivered with these versions.
    pub fn new(sites: usize, delivered: &[Version], campaigns: &[CampaignSpec]) -> Standings {
        let image = |campaign: &CampaignSpec| Some((Arc::from(&*campaign.name), campaign.job.firmware()?.is.version));
        let images = campaigns.iter().filter_map(image).collect();
        let new = Standings { of: Vec::new(), delivered: delivered.to_vec(), images };
        let of = (0..sites).map(|site| Standing { version: new.delivered(site), ..Standing::default() }).collect();
        Standings { of, ..new }
    }

    /// What the meter at a site comes with.
    fn delivered(&self, site: usize) -> [u16; 3] {
        self.delivered.get(site % self.delivered.len().max(1)).map_or([0; 3], |version| version.0)
    }

    /// Whether anybody asks.
    pub fn are_wanted(&self) -> bool {
        !self.of.is_empty()
    }

    fn change(&mut self, meter: SiteId, change: impl FnOnce(&mut Standing)) {
        if let Some(standing) = self.of.get_mut(meter.at()) {
            change(standing);
        }
    }

    /// A meter has been heard.
    pub fn hear(&mut self, meter: SiteId, now: SimTime) {
        self.change(meter, |standing| standing.heard = now);
    }

    /// A meter has told of its supply.
    pub fn alarm(&mut self, meter: SiteId, alarm: Alarm) {
        self.change(meter, |standing| standing.dark = alarm == Alarm::LastGasp);
    }

    /// Keep-alives tell whether a meter is silent.
    pub fn silent(&mut self, meter: SiteId, silent: bool) {
        self.change(meter, |standing| standing.silent = silent);
    }

    /// A meter has told of its voltage: whether it has left its band.
    pub fn strained(&mut self, meter: SiteId, strained: bool) {
        self.change(meter, |standing| standing.strained = strained);
    }

    /// A crew has brought a meter the image that it came with.
    pub fn is_as_delivered(&mut self, meter: SiteId) {
        let version = self.delivered(meter.at());
        self.change(meter, |standing| (standing.image, standing.version) = (None, version));
    }

    /// A meter has said that it runs an image of the run.
    pub fn runs(&mut self, meter: SiteId, image: u16) {
        let version = self.images.get(usize::from(image)).and_then(|image| image.1);
        self.change(meter, |standing| {
            standing.image = Some(image);
            standing.version = version.map_or(standing.version, |version| version.0);
        });
    }

    /// What of a condition a meter does not meet; `None` if it meets all that is said of meters.
    pub fn holds_back(&self, condition: &Condition, meter: SiteId, now: SimTime) -> Option<Lack> {
        let standing = self.of.get(meter.at()).copied().unwrap_or_default();
        let against = |limit: &Limit| match limit {
            Limit::Link { .. } => None,
            Limit::Firmware { is, with: Firmware::Version(with) } => {
                (!is.holds(&standing.version, &with.0)).then_some(Lack::Firmware)
            }
            Limit::Firmware { is, with: Firmware::Image(name) } => {
                let runs = standing.image.and_then(|image| self.images.get(usize::from(image)));
                (!is.holds(&runs.is_some_and(|image| *image.0 == **name), &true)).then_some(Lack::Firmware)
            }
            Limit::Heard(within) => (now > standing.heard + *within).then_some(Lack::NotHeard),
            Limit::Healthy if standing.dark => Some(Lack::Dark),
            Limit::Healthy if standing.silent => Some(Lack::Silent),
            Limit::Healthy => standing.strained.then_some(Lack::Voltage),
        };
        condition.0.iter().find_map(against)
    }

    /// What changes in a run.
    pub fn save(&self) -> State {
        State(self.of.clone())
    }

    /// Goes on from what was saved.
    ///
    /// # Errors
    /// It is of other sites or images.
    pub fn restore(&mut self, state: State) -> Result<(), String> {
        same_count("head-end: meters that are known", state.0.len(), self.of.len())?;
        let images = self.images.len();
        let known = state.0.iter().flat_map(|standing| standing.image).all(|image| usize::from(image) < images);
        ensure(known, || "head-end: a meter runs an image that there is not".to_owned())?;
        self.of = state.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{FirmwareSpec, ImageTraits};

    #[test]
    fn meters_are_held_back_by_what_is_known_of_them() {
        let s = SimTime::from_secs;
        let version = Some(Version([3, 0, 0]));
        let spec = FirmwareSpec::new(s(0), 100);
        let numbered = FirmwareSpec { is: ImageTraits { version, ..ImageTraits::default() }, ..spec.clone() };
        let campaigns = [CampaignSpec::firmware("plain", spec), CampaignSpec::firmware("third", numbered)];
        // Kinds take turns: meters 0 and 2 come with 2.0.0, meter 1 with 2.1.0.
        let mut standings = Standings::new(3, &[Version([2, 0, 0]), Version([2, 1, 0])], &campaigns);
        let by = |standings: &Standings, text: &str| {
            let condition = Condition::parse(text).expect("a condition");
            [0, 1, 2].map(|meter| standings.holds_back(&condition, SiteId(meter), s(1_000)))
        };
        let (firmware, not_heard) = (Some(Lack::Firmware), Some(Lack::NotHeard));
        assert_eq!(by(&standings, "firmware >= 2.1.0"), [firmware, None, firmware]);
        standings.runs(SiteId(0), 1);
        standings.runs(SiteId(1), 0);
        assert_eq!(by(&standings, "firmware >= 2.1.0"), [None, None, firmware]);
        assert_eq!(by(&standings, "firmware = third"), [None, firmware, firmware]);
        assert_eq!(by(&standings, "firmware != plain and firmware < 3.0.0"), [firmware, firmware, None]);
        standings.hear(SiteId(2), s(900));
        assert_eq!(by(&standings, "heard within 100s"), [not_heard, not_heard, None]);
        standings.alarm(SiteId(0), Alarm::LastGasp);
        standings.silent(SiteId(1), true);
        assert_eq!(by(&standings, "healthy"), [Some(Lack::Dark), Some(Lack::Silent), None]);
        standings.alarm(SiteId(0), Alarm::PowerUp);
        standings.silent(SiteId(1), false);
        assert_eq!(by(&standings, "healthy"), [None; 3]);
        standings.strained(SiteId(2), true);
        assert_eq!(by(&standings, "healthy"), [None, None, Some(Lack::Voltage)]);
        standings.strained(SiteId(2), false);
        assert_eq!(by(&standings, "healthy"), [None; 3]);
        // A crew brings the images that they came with.
        standings.is_as_delivered(SiteId(0));
        standings.is_as_delivered(SiteId(1));
        assert_eq!(by(&standings, "firmware = third"), [firmware; 3]);
        assert_eq!(by(&standings, "firmware = 2.0.0"), [None, firmware, None]);
    }
}
