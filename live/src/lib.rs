//! What runs against the real clock.
//!
//! - [`serve`]: the meters of a scenario answer on real sockets.

pub mod serve;
