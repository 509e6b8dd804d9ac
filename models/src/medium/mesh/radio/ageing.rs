//! What years do to the ends of links: oxide on antennas, moisture behind gaskets.
//!
//! A loss of each radio in both directions, as a function of (seed, site, time). It is looked at each day and written into the overlay of the air, a byte
//! a radio.

use crate::node::{Node, PerNode, SiteId};
use crate::purpose;
use crate::spec::{AgeingSpec, WorldSpec};
use crate::terrain::SiteKind;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::{Stream, key};

const DAY_S: u64 = 86_400;
const YEAR_S: f64 = 365.25 * DAY_S as f64;
/// Gaskets fail more and more as they get older: Weibull with this shape.
const GASKET_SHAPE: f64 = 3.0;

/// The ageing of a run's radios.
#[derive(Clone, Debug)]
pub struct Ageing {
    spec: AgeingSpec,
    seed: u64,
    /// Border routers and repeaters, in ascending order.
    others: Vec<Node>,
}

impl Ageing {
    /// That of the radios at these sites of a run; `None` if nothing ages.
    pub fn of(run: &WorldSpec, sites: &PerNode<SiteId>) -> Option<Ageing> {
        let is_other = |site: SiteId| run.placement.sites[site.at()].kind != SiteKind::Meter;
        let others = (0..).map(Node).zip(&sites.0).filter(|&(_, &site)| is_other(site)).map(|(node, _)| node);
        (!run.surroundings.ageing.is_off()).then(|| Ageing {
            spec: run.surroundings.ageing.clone(),
            seed: run.seed,
            others: others.collect(),
        })
    }

    /// What a radio loses at a moment, dB.
    pub fn loss_db(&self, site: SiteId, is_meter: bool, now: SimTime) -> f64 {
        let spec = &self.spec;
        let mut draws = Stream::resume(key(self.seed, u64::from(site), purpose::AGEING), 0);
        let (oxide, leaks) = (draws.unit(), draws.unit());
        let age_years = (spec.age.secs_f64() + now.secs_f64()) / YEAR_S;
        2.0 * oxide * spec.oxide_db * age_years + if self.is_wet(leaks, is_meter, now) { spec.wet_loss_db } else { 0.0 }
    }

    /// Whether moisture is behind a gasket that bears so much, at a moment.
    fn is_wet(&self, leaks: f64, is_meter: bool, now: SimTime) -> bool {
        let spec = &self.spec;
        is_meter
            && match spec.gasket_life {
                // Half of them at the life: share = 1 - 2^-(age / life)^shape.
                Some(life) => {
                    let part = (spec.age.secs_f64() + now.secs_f64()) / life.secs_f64();
                    leaks < 1.0 - libm::exp2(-libm::pow(part, GASKET_SHAPE))
                }
                None => now >= spec.wet_at && leaks < spec.wet,
            }
    }

    /// Which of the first `own` radios moisture has reached at this moment, or by age on the day that ends with it, and what it takes from them, dB.
    pub fn gets_wet(&self, sites: &PerNode<SiteId>, own: u16, now: SimTime) -> Vec<(Node, f32)> {
        let day = SimTime::from_secs(DAY_S);
        let last = match self.spec.gasket_life {
            Some(_) if now % day == SimTime::ZERO => now.saturating_sub(day),
            None if now == self.spec.wet_at => SimTime::from_nanos(now.nanos().saturating_sub(1)),
            _ => return Vec::new(),
        };
        let is_new = |&(node, &site): &(Node, &SiteId)| {
            let mut draws = Stream::resume(key(self.seed, u64::from(site), purpose::AGEING), 0);
            let (_, leaks) = (draws.unit(), draws.unit());
            let is_meter = self.others.binary_search(&node).is_err();
            self.is_wet(leaks, is_meter, now) && !self.is_wet(leaks, is_meter, last)
        };
        let own = (0..own).map(Node).zip(&sites.0);
        own.filter(is_new).map(|(node, _)| (node, self.spec.wet_loss_db as f32)).collect()
    }

    /// What the radios lose at a moment, dB, by the same sites.
    pub fn losses(&self, sites: &PerNode<SiteId>, now: SimTime) -> Vec<f32> {
        let mut others = self.others.iter().peekable();
        let each = (0..).map(Node).zip(&sites.0);
        each.map(|(node, &site)| self.loss_db(site, others.next_if_eq(&&node).is_none(), now) as f32).collect()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        size_of::<Ageing>() + self.others.capacity() * size_of::<Node>()
    }

    /// When losses are to be looked at after a moment.
    pub fn next(&self, now: SimTime) -> SimTime {
        let tomorrow = SimTime::from_secs((now.nanos() / 1_000_000_000 / DAY_S + 1) * DAY_S);
        if self.spec.gasket_life.is_none() && self.spec.wet > 0.0 && self.spec.wet_at > now {
            tomorrow.min(self.spec.wet_at)
        } else {
            tomorrow
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Surroundings;

    fn ageing(spec: AgeingSpec) -> Ageing {
        Ageing::of(
            &WorldSpec { surroundings: Surroundings { ageing: spec, ..Surroundings::default() }, ..WorldSpec::plain() },
            &PerNode(Vec::new()),
        )
        .expect("something ages")
    }

    fn years(years: f64) -> SimTime {
        SimTime::from_secs_f64(years * YEAR_S)
    }

    fn mean_db(ageing: &Ageing, is_meter: bool, now: SimTime) -> f64 {
        (0..10_000).map(|site| ageing.loss_db(SiteId(site), is_meter, now)).sum::<f64>() / 1e4
    }

    #[test]
    fn oxide_grows_with_the_years_of_every_radio() {
        let ageing = ageing(AgeingSpec { age: years(10.0), oxide_db: 0.15, ..AgeingSpec::default() });
        // 0.15 dB a year, evenly from none to twice that: a mean of 1.5 dB after ten years, to 0.01 (four standard errors of 0.87 / 100).
        for is_meter in [true, false] {
            assert!((mean_db(&ageing, is_meter, SimTime::ZERO) - 1.5).abs() < 0.035);
            assert!((mean_db(&ageing, is_meter, years(1.0)) - 1.65).abs() < 0.04);
        }
        let most = (0..10_000).map(|site| ageing.loss_db(SiteId(site), true, SimTime::ZERO));
        assert!(most.fold(0.0, f64::max) <= 3.0);
    }

    #[test]
    fn moisture_is_behind_a_share_of_the_gaskets_of_meters_from_a_date_on() {
        let wet_at = SimTime::from_secs(40_000);
        let ageing = ageing(AgeingSpec { wet: 0.2, wet_at, ..AgeingSpec::default() });
        let before = SimTime::from_secs(39_999);
        assert_eq!(mean_db(&ageing, true, before), 0.0);
        // 3 dB for a fifth of them; a standard error of 0.012.
        assert!((mean_db(&ageing, true, wet_at) - 0.6).abs() < 0.05);
        assert_eq!(mean_db(&ageing, false, wet_at), 0.0);
        assert_eq!((ageing.next(before), ageing.next(wet_at)), (wet_at, SimTime::from_secs(86_400)));
    }

    #[test]
    fn half_of_the_gaskets_have_failed_at_their_life() {
        let share = |age: f64| {
            let spec = AgeingSpec { age: years(age), gasket_life: Some(years(16.0)), ..AgeingSpec::default() };
            mean_db(&ageing(spec), true, SimTime::ZERO) / 3.0
        };
        // 1 - 2^-(age / 16)^3: 8.3 % at 8 years, 50 % at 16, 90.4 % at 24.
        for (age, expected) in [(8.0, 0.083), (16.0, 0.5), (24.0, 0.904)] {
            assert!((share(age) - expected).abs() < 0.02, "{age} years: {}", share(age));
        }
        assert!(Ageing::of(&WorldSpec::plain(), &PerNode(Vec::new())).is_none());
    }
}
