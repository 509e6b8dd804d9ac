#![doc = include_str!("../README.md")]

// The layers from top to bottom: each imports from those below it alone (tests/tidy.rs).

pub mod link;

mod server;

mod service;

pub mod objects;

mod protection;

mod session;

mod meter;

mod crypto;

mod vocabulary;

#[cfg(test)]
mod tests;

pub use crypto::keys::KeyMaster;
pub use crypto::{agreement, cipher, keys, pairs, x509};
pub use meter::client::Client;
pub use meter::clock_settings::ClockSettings;
pub use meter::fleet::{
    AnswerForm, CivilTime, Fleet, Meter, OnCounterError, OnOverflow, OnSuiteMismatch, PushTo, Vendor,
};
pub use meter::local_time::{Local, LocalTime, Turn};
pub use meter::prices::Prices;
pub use meter::rest::{Changed, Rest, keys_of};
pub use meter::{consumption, event_log, image, security};
pub use protection::exchange::{Call, Scratch};
pub use server::{Reaction, answer, answer_in_blocks, broadcast, push};
pub use session::{Session, hls};
pub use vocabulary::effects::{Denied, Effects, ResetTier};
pub use vocabulary::moment::Moment;
pub use vocabulary::purpose;
