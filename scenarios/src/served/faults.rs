//! What goes wrong with answers on purpose, and how often.

/// Share of the answers that each fault befalls.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// Of ciphered answers.
    pub flipped_tag: f64,
    /// Of answers over HDLC.
    pub wrong_fcs: f64,
    /// Of answers in a wrapper.
    pub short_length: f64,
    /// Of answers over HDLC.
    pub missing_flag: f64,
}

impl Faults {
    /// None ever happens.
    pub fn are_none(&self) -> bool {
        *self == Faults::default()
    }
}
