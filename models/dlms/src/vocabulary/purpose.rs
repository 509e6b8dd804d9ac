//! Purposes of the keyed random streams of this crate. Their numbers are shared with `amitwin_models::purpose`: one is
//! never used for two things.

/// What a meter measures (entity: meter).
pub const CONSUMPTION: u32 = 120;
/// Weather of a day (entity: none).
pub const WEATHER: u32 = 121;
