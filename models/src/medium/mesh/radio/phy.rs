//! Numbers of the physical layer: rates, air time, channel plans, timing.
//!
//! ```
//! use amitwin_models::medium::mesh::radio::phy::Phy;
//! use amitwin_models::spec::PhyMode;
//! let phy = Phy::new(PhyMode::M1b);
//! assert_eq!(phy.airtime(100).nanos(), 18_560_000); // 116 bytes at 50 kb/s
//! ```

use crate::spec::{Channels, MacSpec, PhyMode, RadioSpec, Region};
use amitwin_sim_core::SimTime;

/// Every mode, in the order of the PHY mode ids; O-QPSK last.
pub const MODES: [PhyMode; 9] = [
    PhyMode::M1a,
    PhyMode::M1b,
    PhyMode::M2a,
    PhyMode::M2b,
    PhyMode::M3,
    PhyMode::M4a,
    PhyMode::M4b,
    PhyMode::M5,
    PhyMode::Oqpsk250,
];

/// All numbers of one operating mode, computed once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phy {
    /// The mode.
    pub mode: PhyMode,
    /// Bits of the PSDU a second.
    pub bit_rate_bps: u32,
    /// Frequency deviation x 2 / bit rate of FSK; `None` for O-QPSK.
    pub modulation_index: Option<f64>,
    /// Bytes of preamble.
    pub preamble_bytes: u16,
    /// Bytes of start-of-frame delimiter.
    pub sfd_bytes: u16,
    /// Bytes of PHY header.
    pub phr_bytes: u16,
    /// Bytes of frame check sequence.
    pub fcs_bytes: u16,
    /// Longest PSDU that the PHY header can announce, FCS included, bytes.
    pub psdu_bytes_max: u16,
    /// One symbol, to the nearest nanosecond.
    pub symbol: SimTime,
    /// Preamble alone: as long as it lasts, a stronger frame can still take the receiver over.
    pub preamble: SimTime,
    /// Preamble, SFD and PHY header.
    pub header: SimTime,
    /// Clear channel assessment, 8 symbols.
    pub cca: SimTime,
    /// Switch between receiving and transmitting.
    pub turnaround: SimTime,
    /// Unit of the CSMA backoff.
    pub unit_backoff: SimTime,
}

impl Phy {
    /// 2.4 GHz O-QPSK, which receives as ns-3 has it: error checks where a frame arrives and at the end, no capture.
    pub fn is_oqpsk(&self) -> bool {
        self.modulation_index.is_none()
    }

    /// The numbers of `mode`.
    pub fn new(mode: PhyMode) -> Self {
        let bit_rate_bps = mode.rate_bps();
        let (index, preamble_bytes) = match mode {
            PhyMode::M1a | PhyMode::M2a => (0.5, 8),
            PhyMode::M1b | PhyMode::M2b => (1.0, 8),
            PhyMode::M3 | PhyMode::M4a => (0.5, 12),
            PhyMode::M4b => (1.0, 12),
            PhyMode::M5 => (0.5, 24),
            PhyMode::Oqpsk250 => return Self::oqpsk(),
        };
        let (sfd_bytes, phr_bytes) = (2, 2);
        let turnaround = SimTime::from_millis(1);
        let cca = bits_time(8, bit_rate_bps);
        Phy {
            mode,
            bit_rate_bps,
            modulation_index: Some(index),
            preamble_bytes,
            sfd_bytes,
            phr_bytes,
            fcs_bytes: 4,
            psdu_bytes_max: 2047,
            symbol: bits_time(1, bit_rate_bps),
            preamble: bits_time(8 * u64::from(preamble_bytes), bit_rate_bps),
            header: bits_time(8 * u64::from(preamble_bytes + sfd_bytes + phr_bytes), bit_rate_bps),
            cca,
            turnaround,
            unit_backoff: turnaround + cca,
        }
    }

    /// 2.4 GHz O-QPSK: 62.5 ksymbol/s, 4 bits a symbol.
    fn oqpsk() -> Self {
        let bit_rate_bps = PhyMode::Oqpsk250.rate_bps();
        let symbol = SimTime::from_micros(16);
        Phy {
            mode: PhyMode::Oqpsk250,
            bit_rate_bps,
            modulation_index: None,
            preamble_bytes: 4,
            sfd_bytes: 1,
            phr_bytes: 1,
            fcs_bytes: 2,
            psdu_bytes_max: 127,
            symbol,
            preamble: bits_time(8 * 4, bit_rate_bps),
            header: bits_time(8 * 6, bit_rate_bps),
            cca: symbol * 8,
            turnaround: symbol * 12,
            unit_backoff: symbol * 20,
        }
    }

    /// Time on the air of a frame with `psdu_len_without_fcs` bytes of PSDU before the FCS, to the nearest nanosecond.
    #[inline]
    pub fn airtime(&self, psdu_len_without_fcs: u16) -> SimTime {
        let overhead = self.preamble_bytes + self.sfd_bytes + self.phr_bytes + self.fcs_bytes;
        bits_time(8 * (u64::from(psdu_len_without_fcs) + u64::from(overhead)), self.bit_rate_bps)
    }

    /// Bits that the FCS covers, itself included: the bits that must arrive.
    #[inline]
    pub fn psdu_bits(&self, psdu_len_without_fcs: u16) -> u32 {
        8 * (u32::from(psdu_len_without_fcs) + u32::from(self.fcs_bytes))
    }
}

/// Time on the air of a frame in `mode`; see [`Phy::airtime`].
pub fn airtime(mode: PhyMode, psdu_len_without_fcs: u16) -> SimTime {
    Phy::new(mode).airtime(psdu_len_without_fcs)
}

fn bits_time(bits: u64, rate_bps: u32) -> SimTime {
    let rate = u64::from(rate_bps);
    SimTime::from_nanos((bits * 1_000_000_000 + rate / 2) / rate)
}

/// Centre frequencies at equal spacing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelPlan {
    /// Centre of channel 0, Hz.
    pub first_hz: u32,
    /// Distance between two centres, Hz.
    pub spacing_hz: u32,
    /// Channels in the plan.
    pub count: u16,
    /// Ranges of channels that the region forbids, first and last.
    pub excluded: &'static [(u16, u16)],
}

impl ChannelPlan {
    /// Centre of `channel`, Hz.
    pub fn centre_hz(&self, channel: u16) -> u32 {
        assert!(channel < self.count, "channel {channel} of a plan with {} channels", self.count);
        self.first_hz + self.spacing_hz * u32::from(channel)
    }
    /// Middle of the band, MHz: the frequency of the path loss.
    pub fn middle_mhz(&self) -> f64 {
        (f64::from(self.first_hz) + f64::from(self.spacing_hz) * f64::from(self.count - 1) / 2.0) / 1e6
    }
    /// Whether the region lets `channel` be used.
    pub fn allows(&self, channel: u16) -> bool {
        channel < self.count && !self.excluded.iter().any(|&(first, last)| (first..=last).contains(&channel))
    }
    /// The channels that may be used, ascending.
    pub fn allowed(&self) -> impl Iterator<Item = u16> + '_ {
        (0..self.count).filter(|&c| self.allows(c))
    }
}

/// Channel plan of `mode` in `region`; `None` where no plan of the region carries the mode.
pub fn channel_plan(region: Region, mode: PhyMode) -> Option<ChannelPlan> {
    use PhyMode::*;
    use Region::*;
    let plan = |first_hz, spacing_hz, count, excluded| ChannelPlan { first_hz, spacing_hz, count, excluded };
    Some(match (region, mode) {
        (_, Oqpsk250) => plan(2_405_000_000, 5_000_000, 16, &[]),
        (NorthAmerica, M1b | M2a) => plan(902_200_000, 200_000, 129, &[]),
        (NorthAmerica, M3 | M4a) => plan(902_400_000, 400_000, 64, &[]),
        (NorthAmerica, M5) => plan(902_600_000, 600_000, 42, &[]),
        (Europe, M1a) => plan(863_100_000, 100_000, 69, &[(55, 56), (61, 63), (65, 66)]),
        (Europe, M2a | M3) => plan(863_100_000, 200_000, 35, &[(27, 28), (30, 33)]),
        (NorthAmerica, M1a | M2b | M4b) | (Europe, M1b | M2b | M4a | M4b | M5) => return None,
    })
}

/// Channels of the plan that a world does not hop over: those that the region forbids, and those that its file excludes.
pub fn excluded(radio: &RadioSpec, mac: &MacSpec) -> Channels {
    let forbidden = channel_plan(radio.region, radio.phy).map_or(&[][..], |plan| plan.excluded);
    Channels::of(mac.channels_excluded.runs().iter().chain(forbidden).copied().collect())
}

/// Metering modes that `region` has a channel plan for, to name them in an error.
pub fn modes_of(region: Region) -> impl Iterator<Item = PhyMode> {
    MODES.into_iter().filter(move |&m| m != PhyMode::Oqpsk250 && channel_plan(region, m).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn air_times_are_those_of_the_reference_table() {
        let lengths = [20, 50, 100, 250, 500, 1280, 1576];
        let table = [
            (PhyMode::M1b, [5.76, 10.56, 18.56, 42.56, 82.56, 207.36, 254.72]),
            (PhyMode::M2a, [2.88, 5.28, 9.28, 21.28, 41.28, 103.68, 127.36]),
            (PhyMode::M3, [2.13, 3.73, 6.40, 14.40, 27.73, 69.33, 85.12]),
            (PhyMode::M4a, [1.60, 2.80, 4.80, 10.80, 20.80, 52.00, 63.84]),
            (PhyMode::M5, [1.39, 2.19, 3.52, 7.52, 14.19, 34.99, 42.88]),
        ];
        for (mode, row) in table {
            for (len, expected_ms) in lengths.into_iter().zip(row) {
                let ms = airtime(mode, len).secs_f64() * 1e3;
                assert!((ms - expected_ms).abs() <= 0.005_001, "{mode:?} {len} B: {ms} ms, not {expected_ms}");
            }
        }
    }

    #[test]
    fn air_time_is_rounded_once_and_to_the_nearest_nanosecond() {
        // 1 byte more at 150 kb/s is 53,333 1/3 ns: three bytes must add exactly 160,000.
        assert_eq!(airtime(PhyMode::M3, 103).nanos() - airtime(PhyMode::M3, 100).nanos(), 160_000);
        assert_eq!(airtime(PhyMode::M3, 101).nanos() - airtime(PhyMode::M3, 100).nanos(), 53_333);
        assert_eq!(airtime(PhyMode::M3, 102).nanos() - airtime(PhyMode::M3, 100).nanos(), 106_667);
    }

    #[test]
    fn an_advertisement_sweep_lasts_as_long_as_stated() {
        for (mode, channels, expected_s) in
            [(PhyMode::M1b, 129, 2.39), (PhyMode::M3, 64, 0.41), (PhyMode::M5, 42, 0.15)]
        {
            let plan = channel_plan(Region::NorthAmerica, mode).unwrap();
            assert_eq!(plan.count, channels);
            let phy = Phy::new(mode);
            let on_air_s = (phy.airtime(100) * u64::from(plan.count)).secs_f64();
            assert!((on_air_s - expected_s).abs() <= 0.005, "{mode:?}: {on_air_s} s");
            // The CCA before each frame adds 21 ms at 50 kb/s and less elsewhere.
            let with_cca_s = ((phy.airtime(100) + phy.cca) * u64::from(plan.count)).secs_f64();
            assert!(with_cca_s - on_air_s < 0.021, "{mode:?}: {with_cca_s} s");
        }
    }

    #[test]
    fn timing_of_the_mandatory_mode_and_of_oqpsk() {
        let fsk = Phy::new(PhyMode::M1b);
        assert_eq!((fsk.cca, fsk.turnaround), (SimTime::from_micros(160), SimTime::from_millis(1)));
        assert_eq!(fsk.unit_backoff, SimTime::from_micros(1_160));
        assert_eq!(fsk.header, SimTime::from_micros(12 * 160));

        let oqpsk = Phy::new(PhyMode::Oqpsk250);
        assert_eq!(oqpsk.cca, SimTime::from_micros(128));
        assert_eq!(oqpsk.turnaround, SimTime::from_micros(192));
        assert_eq!(oqpsk.unit_backoff, SimTime::from_micros(320));
        // The longest frame of the standard: 133 bytes, 266 symbols.
        assert_eq!(oqpsk.airtime(125), oqpsk.symbol * 266);
        // An acknowledgement, 5 bytes with FCS: 22 symbols.
        assert_eq!(oqpsk.airtime(3), oqpsk.symbol * 22);
    }

    #[test]
    fn channel_plans_stay_in_their_band() {
        for region in [Region::NorthAmerica, Region::Europe] {
            let band = match region {
                Region::NorthAmerica => 902_000_000..=928_000_000,
                Region::Europe => 863_000_000..=870_000_000,
            };
            for mode in modes_of(region) {
                let plan = channel_plan(region, mode).unwrap();
                let half = plan.spacing_hz / 2;
                assert!(band.contains(&(plan.centre_hz(0) - half)), "{region:?} {mode:?}");
                assert!(band.contains(&(plan.centre_hz(plan.count - 1) + half)), "{region:?} {mode:?}");
                assert!(band.contains(&((plan.middle_mhz() * 1e6) as u32)));
            }
        }
        let europe = channel_plan(Region::Europe, PhyMode::M1a).unwrap();
        assert_eq!(europe.allowed().count(), 62);
        assert_eq!(channel_plan(Region::Europe, PhyMode::M3).unwrap().allowed().count(), 29);
        assert!(!europe.allows(69));
        assert_eq!(channel_plan(Region::Europe, PhyMode::M1b), None);
    }
}
