#![doc = include_str!("README.md")]

pub mod fleet;
pub mod hls;
pub mod image;
pub mod keys;
pub mod link;
pub mod objects;

pub use fleet::{AnswerForm, Client, Effects, Fleet, Meter, Moment, OnCounterError, OnSuiteMismatch, Rest, Vendor};
pub use keys::KeyMaster;
