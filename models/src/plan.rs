//! Who resets when.

pub use crate::campaign::*;
