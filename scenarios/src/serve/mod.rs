//! The meters of a scenario on real sockets.

mod disk;
mod error;
mod keys_file;
mod registry;
pub mod settings;
mod state;

pub use error::ServeError;
