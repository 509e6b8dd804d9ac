//! Words that every layer uses: names, times, refusals, and what a request did.

pub mod effects;
pub mod moment;
pub mod obis;
pub mod purpose;
pub mod refusal;
