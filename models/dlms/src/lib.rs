#![doc = include_str!("../README.md")]

pub mod agreement;
mod association;
pub mod blocks;
#[cfg(test)]
mod bound_tests;
pub mod broadcast;
pub mod cipher;
pub mod consumption;
pub mod fleet;
mod general;
#[cfg(test)]
mod general_tests;
#[cfg(test)]
mod golden_tests;
pub mod hls;
pub mod image;
pub mod keys;
pub mod link;
pub mod objects;
pub mod pairs;
#[cfg(test)]
mod peer_tests;
pub mod purpose;
pub mod push;
#[cfg(test)]
mod push_tests;
#[cfg(test)]
mod random_tests;
pub mod security;
pub mod server;
#[cfg(test)]
mod server_tests;
mod service;
pub mod session;
mod shapes;
mod signing;
#[cfg(test)]
mod test_client;

pub use fleet::{
    AnswerForm, Changed, Client, Denied, Effects, Fleet, Meter, Moment, OnCounterError, OnSuiteMismatch, PushTo,
    ResetTier, Rest, Vendor,
};
pub use keys::KeyMaster;
pub use server::{Reaction, Scratch, answer};
pub use session::Session;
