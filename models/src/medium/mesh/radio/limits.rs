//! What regions allow a radio: transmit power, and how long it may transmit in an hour. Settings are warned of and not refused: a
//! study may ask what more power would bring.

use super::phy::{ChannelPlan, channel_plan};
use crate::spec::{MacSpec, PhyMode, RadioSpec, Region};
use amitwin_sim_core::SimTime;

/// The most power that a region allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerLimit {
    /// At an antenna of 0 dBi, dBm.
    pub dbm: f64,
    /// Gain up to which an antenna does not count, dBi; `None` where all of it does.
    pub free_gain_dbi: Option<f64>,
    /// As the rule says it.
    pub rule: &'static str,
}

impl PowerLimit {
    /// At an antenna of another gain, dBm.
    pub fn dbm_at(&self, gain_dbi: f64) -> f64 {
        self.dbm - self.free_gain_dbi.map_or(gain_dbi, |free| (gain_dbi - free).max(0.0))
    }
}

/// How long a radio may transmit in an hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AirLimit {
    /// Without listening before it talks and moving to a free frequency.
    pub plain: SimTime,
    /// Otherwise, in each [`AirLimit::slice_hz`].
    pub polite: SimTime,
    /// Width of spectrum that the second limit is of, Hz.
    pub slice_hz: u32,
    /// As the rules say it.
    pub rule: &'static str,
}

/// Systems that do nothing but hop need so many channels for full power in North America.
const FULL_POWER_CHANNELS: u16 = 50;

/// The most power that the region allows a mode.
pub fn power(radio: &RadioSpec, mac: &MacSpec) -> PowerLimit {
    let limit = |dbm, rule| PowerLimit { dbm, free_gain_dbi: None, rule };
    // 47 CFR 15.247(b)(4).
    let conducted = |dbm, rule| PowerLimit { free_gain_dbi: Some(6.0), ..limit(dbm, rule) };
    let plan = channel_plan(radio.region, radio.phy).filter(|_| mac.hopping);
    let channels = plan.map_or(0, |plan| channels_used(&plan, mac));
    match (radio.region, radio.phy) {
        (Region::Europe, PhyMode::Oqpsk250) => limit(20.0, "100 mW e.i.r.p. at 2.4 GHz, EN 300 328"),
        // A half-wave dipole, which e.r.p. is told for, has 2.15 dBi.
        (Region::Europe, _) => limit(14.0 + 2.15, "25 mW e.r.p. at 863-870 MHz, EN 300 220-2 annex B"),
        (Region::NorthAmerica, PhyMode::Oqpsk250) => conducted(30.0, "1 W conducted at 2.4 GHz, 47 CFR 15.247(b)(3)"),
        (Region::NorthAmerica, _) if channels >= usize::from(FULL_POWER_CHANNELS) => {
            conducted(30.0, "1 W conducted at 902-928 MHz with 50 hopping channels or more, 47 CFR 15.247(b)(2)")
        }
        // Hopping alone would have 250 mW with 25 to 49 channels; these are wide enough for the density of hybrid systems.
        (Region::NorthAmerica, _) if channels > 0 => {
            conducted(30.0, "1 W conducted at 902-928 MHz as a hybrid system, 47 CFR 15.247(b)(3) and (f)")
        }
        // (50 mV/m x 3 m)^2 / 30 ohm is 0.75 mW.
        (Region::NorthAmerica, _) => limit(-1.25, "50 mV/m at 3 m at 902-928 MHz without hopping, 47 CFR 15.249(a)"),
    }
}

/// How long the region lets a radio transmit; `None` where it does not limit that.
pub fn air(radio: &RadioSpec) -> Option<AirLimit> {
    match (radio.region, radio.phy) {
        (_, PhyMode::Oqpsk250) | (Region::NorthAmerica, _) => None,
        // 863-865 MHz and 868.7-869.2 MHz have the least of what the channel plan covers.
        (Region::Europe, _) => Some(AirLimit {
            plain: SimTime::from_millis(3_600),
            polite: SimTime::from_secs(100),
            slice_hz: 200_000,
            rule: "EN 300 220-2 annex B, 863-865 MHz",
        }),
    }
}

fn channels_used(plan: &ChannelPlan, mac: &MacSpec) -> usize {
    plan.allowed().filter(|&channel| !mac.channels_excluded.contains(channel)).count()
}

/// How many slices of spectrum a radio uses: those of the plan that it hops over, evenly.
pub fn slices(plan: &ChannelPlan, limit: &AirLimit, mac: &MacSpec) -> f64 {
    let hz = f64::from(plan.spacing_hz) * channels_used(plan, mac) as f64;
    if mac.hopping { (hz / f64::from(limit.slice_hz)).max(1.0) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Channels;

    fn mac(hopping: bool, excluded: &str) -> MacSpec {
        let channels_excluded = Channels::parse(excluded).expect("channels");
        MacSpec { hopping, channels_excluded, ..MacSpec::default() }
    }

    fn radio(region: Region, phy: PhyMode) -> RadioSpec {
        RadioSpec { region, phy, ..RadioSpec::default() }
    }

    #[test]
    fn power_is_limited_by_region_and_channels() {
        let dbm = |region, phy, hopping| power(&radio(region, phy), &mac(hopping, "")).dbm;
        // 129 and 64 channels, then 42, then one.
        assert_eq!(dbm(Region::NorthAmerica, PhyMode::M1b, true), 30.0);
        assert_eq!(dbm(Region::NorthAmerica, PhyMode::M3, true), 30.0);
        assert_eq!(dbm(Region::NorthAmerica, PhyMode::M5, true), 30.0);
        assert_eq!(dbm(Region::NorthAmerica, PhyMode::M1b, false), -1.25);
        // With 49 channels left it takes another rule for full power.
        let rule = |excluded| power(&radio(Region::NorthAmerica, PhyMode::M1b), &mac(true, excluded)).rule;
        assert!(rule("0-78").contains("50 hopping channels") && rule("0-79").contains("hybrid"));
        // 10 lg 25 is 13.98, and a dipole has 2.15 dBi.
        assert!((dbm(Region::Europe, PhyMode::M1a, true) - 13.98 - 2.15).abs() < 0.03);
    }

    #[test]
    fn an_antenna_counts_as_the_rule_says() {
        let at = |region, gain_dbi| {
            let phy = if region == Region::Europe { PhyMode::M1a } else { PhyMode::M1b };
            power(&radio(region, phy), &mac(true, "")).dbm_at(gain_dbi)
        };
        assert_eq!([0.0, 6.0, 8.5, -3.0].map(|gain| at(Region::NorthAmerica, gain)), [30.0, 30.0, 27.5, 30.0]);
        // 16.15 dBm e.i.r.p.
        let of_europe = [5.0, -3.0].map(|gain| at(Region::Europe, gain));
        assert!((of_europe[0] - 11.15).abs() < 1e-9 && (of_europe[1] - 19.15).abs() < 1e-9, "{of_europe:?}");
    }

    #[test]
    fn air_time_is_limited_in_europe() {
        assert_eq!(air(&radio(Region::NorthAmerica, PhyMode::M1b)), None);
        let limit = air(&radio(Region::Europe, PhyMode::M1a)).expect("a limit");
        // 0.1 % of an hour; 100 s are 2.8 %.
        assert_eq!((limit.plain, limit.polite), (SimTime::from_millis(3_600), SimTime::from_secs(100)));
        // 62 channels of 100 kHz: 69 less the seven that the plan excludes.
        let plan = channel_plan(Region::Europe, PhyMode::M1a).expect("a plan");
        assert_eq!((slices(&plan, &limit, &mac(true, "")), slices(&plan, &limit, &mac(false, ""))), (31.0, 1.0));
        // 53 of them.
        assert_eq!(slices(&plan, &limit, &mac(true, "0-8")), 26.5);
    }
}
