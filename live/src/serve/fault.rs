//! Answers that leave spoilt on purpose, for whoever tests a head-end.

use amitwin_models::purpose::SPOIL;
use amitwin_scenarios::served::Faults;
use amitwin_sim_core::rng::Stream;

/// What can be wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A bit of the authentication tag is wrong.
    FlippedTag,
    /// The last frame check sequence is wrong (HDLC).
    WrongFcs,
    /// The header names one byte less than follows (wrapper).
    ShortLength,
    /// The last flag is left out (HDLC).
    MissingFlag,
}

/// The fault that befalls the `count`-th answer of a worker, if any does; an answer has one at most.
pub fn draw(faults: &Faults, seed: u64, worker: usize, count: u64, ciphered: bool, hdlc: bool) -> Option<Fault> {
    let mut left = Stream::new(seed, count | (worker as u64) << 48, SPOIL).unit();
    let chances = [
        (Fault::FlippedTag, if ciphered { faults.flipped_tag } else { 0.0 }),
        (Fault::WrongFcs, if hdlc { faults.wrong_fcs } else { 0.0 }),
        (Fault::ShortLength, if hdlc { 0.0 } else { faults.short_length }),
        (Fault::MissingFlag, if hdlc { faults.missing_flag } else { 0.0 }),
    ];
    chances.into_iter().find_map(|(fault, share)| {
        left -= share;
        (left < 0.0).then_some(fault)
    })
}

/// Whether an APDU ends with an authentication tag, or a signature: global and dedicated ciphering, service-specific or general.
pub fn is_ciphered(apdu: &[u8]) -> bool {
    matches!(apdu.first(), Some(0xC8..=0xCF | 0xD0..=0xD7 | 0xDB | 0xDC | 0xDD | 0xDF))
}

impl Fault {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Fault::FlippedTag => "a flipped tag",
            Fault::WrongFcs => "a wrong frame check sequence",
            Fault::ShortLength => "a length that is short",
            Fault::MissingFlag => "a missing flag",
        }
    }

    /// Spoils an APDU.
    pub fn spoil_apdu(self, apdu: &mut [u8]) {
        if let (Fault::FlippedTag, Some(last)) = (self, apdu.last_mut()) {
            *last ^= 1;
        }
    }

    /// Spoils what was framed at the end of `out`, from `from` on.
    pub fn spoil_frame(self, out: &mut Vec<u8>, from: usize) {
        let frame = &mut out[from..];
        match (self, frame) {
            (Fault::WrongFcs, [.., fcs, _flag]) => *fcs ^= 1,
            (Fault::ShortLength, [_, _, _, _, _, _, high, low, _, ..]) => {
                [*high, *low] = (u16::from_be_bytes([*high, *low]) - 1).to_be_bytes();
            }
            (Fault::MissingFlag, [.., 0x7E]) => drop(out.pop()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_changes_what_it_says() {
        let mut apdu = vec![0xCC, 3, 1, 2, 3];
        Fault::FlippedTag.spoil_apdu(&mut apdu);
        assert_eq!(apdu, [0xCC, 3, 1, 2, 2]);
        Fault::WrongFcs.spoil_apdu(&mut apdu);
        assert_eq!(apdu, [0xCC, 3, 1, 2, 2]);
        let spoilt = |fault: Fault, frame: &[u8]| {
            let mut out = [&[0xAA; 3], frame].concat();
            fault.spoil_frame(&mut out, 3);
            out.split_off(3)
        };
        let hdlc = [0x7E, 0xA0, 0x05, 0x11, 0x22, 0x7E];
        assert_eq!(spoilt(Fault::WrongFcs, &hdlc), [0x7E, 0xA0, 0x05, 0x11, 0x23, 0x7E]);
        assert_eq!(spoilt(Fault::MissingFlag, &hdlc), [0x7E, 0xA0, 0x05, 0x11, 0x22]);
        let wrapper = [0, 1, 0, 1, 0, 1, 1, 0, 0xC4];
        assert_eq!(spoilt(Fault::ShortLength, &wrapper), [0, 1, 0, 1, 0, 1, 0, 0xFF, 0xC4]);
        assert_eq!(spoilt(Fault::FlippedTag, &wrapper), wrapper);
        assert!(spoilt(Fault::WrongFcs, &[]).is_empty(), "a link may send nothing now");
    }

    #[test]
    fn shares_are_kept_and_only_what_fits_is_drawn() {
        let faults = Faults { flipped_tag: 0.1, wrong_fcs: 0.2, short_length: 0.3, missing_flag: 0.05 };
        let count = |ciphered, hdlc, fault| {
            (0..20_000).filter(|n| draw(&faults, 7, 1, *n, ciphered, hdlc) == Some(fault)).count() as f64 / 20_000.0
        };
        for (ciphered, hdlc, fault, share) in [
            (true, false, Fault::FlippedTag, 0.1),
            (false, false, Fault::FlippedTag, 0.0),
            (true, true, Fault::WrongFcs, 0.2),
            (true, false, Fault::WrongFcs, 0.0),
            (false, false, Fault::ShortLength, 0.3),
            (false, true, Fault::ShortLength, 0.0),
            (true, true, Fault::MissingFlag, 0.05),
        ] {
            let found = count(ciphered, hdlc, fault);
            assert!((found - share).abs() < 0.01, "{fault:?} {ciphered} {hdlc}: {found}");
        }
        assert!(Faults::default().are_none() && !faults.are_none());
    }
}
